/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mint.h: access tokens for tests, good ones and all kinds of bad ones: the
 * header and the claims are written as they are told.
 */
#ifndef STATED_TEST_MINT_H
#define STATED_TEST_MINT_H

#include "key_pair.h"

/* Signed by the private key; NONE: without a signature.  HMACs take `private`
 * as their secret, whatever it is. */
struct str mint_token(struct arena *arena, struct str private,
    enum signature_algorithm algorithm, struct str header, struct str claims);
/* A JWK set with that key, under that id; `more` follows it: members of the
 * key, each with a comma before. */
struct str mint_keys(struct arena *arena, const struct key_pair *pair,
    const char *id, const char *more);

#endif
