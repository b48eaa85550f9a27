/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h: who a server or a client says that it is, made for a test. */
#ifndef STATED_TEST_IDENTITY_H
#define STATED_TEST_IDENTITY_H

#include "stated/buf.h"

#include <openssl/ssl.h>

/* A key and its certificate, signed by itself. */
struct identity {
	EVP_PKEY *key;
	X509 *certificate;
	struct buf certificate_pem;
	struct buf both_pem;
};

/* names: "IP:127.0.0.1", "DNS:host" */
void identity_init(struct identity *identity, const char *names,
    long valid_seconds);
/* Signed by another one, and who it says to be. */
void identity_init_signed(struct identity *identity,
    const struct identity *signer, const char *common_name);
/* Several that somebody trusts at once need names of their own. */
void identity_init_as(struct identity *identity, const char *common_name,
    const char *names, long valid_seconds);
void identity_fini(struct identity *identity);
/* What a server speaks TLS with; NULL: it has no identity at all. */
SSL_CTX *identity_server(const struct identity *identity);

#endif
