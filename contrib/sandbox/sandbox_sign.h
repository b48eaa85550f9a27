/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_sign.h: webhooks signed as this provider or that one does it. */
#ifndef SANDBOX_SIGN_H
#define SANDBOX_SIGN_H

#include "stated/arena.h"

struct sandbox_sign_header {
	const char *name;
	const char *value;
};
#define SANDBOX_SIGN_HEADERS_MAX 4

struct sandbox_sign_letter {
	const char *secret; /* a private key in PEM for paypal and jws */
	const char *url;    /* as it is called */
	const char *id;
	struct str body;
	int64_t now_ms;
};

/* bank, stripe, github, standard-webhooks, hubspot, paypal or jws. */
bool sandbox_sign_knows(const char *scheme);
/* How many headers it takes. */
size_t sandbox_sign(struct arena *arena, const char *scheme,
    const struct sandbox_sign_letter *letter,
    struct sandbox_sign_header headers[SANDBOX_SIGN_HEADERS_MAX]);

#endif
