/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_pair.h: private keys and certificates that live as long as a test: none
 * is ever written down.
 */
#ifndef STATED_TEST_KEY_PAIR_H
#define STATED_TEST_KEY_PAIR_H

#include "stated/signature.h"

/* All in PEM. */
struct key_pair {
	struct str private;
	struct str public;
	struct str certificate; /* signed by itself; none of Ed25519 */
	struct str jwk;         /* the public key's */
};

enum key_pair_kind { PAIR_RSA, PAIR_RSA_WEAK, PAIR_P256, PAIR_P384,
	PAIR_ED25519 };

struct key_pair key_pair_new(struct arena *arena, enum key_pair_kind kind);

#endif
