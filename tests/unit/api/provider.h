/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h: an OpenID provider for tests, on a thread and a port of its own:
 * its description, its keys, and tokens that it signs.
 */
#ifndef STATED_TEST_PROVIDER_H
#define STATED_TEST_PROVIDER_H

#include "../base/mint.h"

#include <pthread.h>
#include <stdatomic.h>

struct provider {
	struct arena *arena;
	struct key_pair pair;
	const char *id; /* of the key that signs */
	int listener;
	pthread_t thread;
	char url[64];
	/* What it calls itself in its description; NULL: as it is. */
	const char *alias;
	_Atomic(const char *) keys; /* what it publishes */
	atomic_bool is_away;	    /* answers 503 */
	atomic_int asked;	    /* for its keys */
};

struct provider *provider_open(void);
void provider_close(struct provider **provider);
/* From now on another key signs, and is published alone. */
void provider_rotate(struct provider *provider, const char *id);
/* claims: what follows iss, aud and exp, with a comma before. */
const char *provider_token(struct provider *provider, const char *claims);

#endif
