/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_identity.h: the keys and certificates of TLS, good ones and bad
 * ones, made anew at each start: nothing of them is ever trusted elsewhere.
 */
#ifndef SANDBOX_IDENTITY_H
#define SANDBOX_IDENTITY_H

#include "stated/buf.h"

#include <openssl/ssl.h>

enum sandbox_identity_kind {
	SANDBOX_IDENTITY_AUTHORITY, /* signs what callers shall trust */
	SANDBOX_IDENTITY_STRANGER, /* an authority that nobody knows */
	SANDBOX_IDENTITY_SERVER,
	SANDBOX_IDENTITY_EXPIRED,
	SANDBOX_IDENTITY_EARLY, /* not valid yet */
	SANDBOX_IDENTITY_OTHER_NAME,
	SANDBOX_IDENTITY_SELF_SIGNED,
	SANDBOX_IDENTITY_UNKNOWN, /* signed by the stranger */
	SANDBOX_IDENTITY_CLIENT,
	SANDBOX_IDENTITY_COUNT
};

struct sandbox_identities;

struct sandbox_identities *sandbox_identities_new(void);
void sandbox_identities_free(struct sandbox_identities **identities);

/* The server shows this one, with the key to it. */
void sandbox_identities_show(const struct sandbox_identities *identities,
    SSL *ssl, enum sandbox_identity_kind kind);
/* Client certificates that the authority signed will do. */
void sandbox_identities_trust(const struct sandbox_identities *identities,
    SSL_CTX *context);

/* In PEM, appended. */
void sandbox_identities_add_certificate(
    const struct sandbox_identities *identities,
    enum sandbox_identity_kind kind, struct buf *out);
void sandbox_identities_add_key(const struct sandbox_identities *identities,
    enum sandbox_identity_kind kind, struct buf *out);

#endif
