/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h: plays a script: the real engine and the real SQLite, on a clock
 * that stands still unless told, a disk that forgets, a network that lies,
 * and people who do what they are asked, or not.
 *
 * When the script is over the world grows honest: every call is answered,
 * every person acts, time goes on to whatever is due.  Then all that was ever
 * begun must come to its end.
 */
#ifndef WORLD_H
#define WORLD_H

#include "script.h"
#include "stated/digest.h"

/* What a play came to.  Has no pointers: it may be shared by processes. */
struct world_result {
	char check[48]; /* what did not hold; empty: all did */
	char text[1024];
	struct digest digest; /* of all that could be seen */
	int64_t instances;
	int64_t lived_ms; /* the sum of their lives */
	int64_t commits;
	int64_t crashes;
	int64_t calls;
	bool is_invalid; /* the definitions can't be loaded: nothing happened */
};

/* Once a process, before the first play. */
void world_init(void);
void world_fini(void);
/* Where a check fails `failed` is called, with *result filled in, and must not
 * return: what the play holds can't be let go in the midst of the engine.
 * trace: what happens is told on the standard output. */
void world_play(const struct script *script, bool traces,
    void (*failed)(void), struct world_result *result);

#endif
