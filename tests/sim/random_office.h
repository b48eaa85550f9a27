/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_office.h: what happens to the installation: what is kept, held and
 * erased, who may call, new versions.  With dice of its own, so that what the
 * other dice say is the same in each seed, whether somebody is in or not.
 */
#ifndef RANDOM_OFFICE_H
#define RANDOM_OFFICE_H

#include "script.h"
#include "stated/rng.h"

struct random_office {
	struct rng_seeded rng;
	int workflows;
	int zeal; /* percent of ticks */
};

/* true where somebody is in; then the workflows, w1 and so on, are amended. */
MUST_USE bool random_office_init(struct random_office *office, uint64_t seed,
    int workflows, struct buf *definitions);
/* A happening or two, or none. */
void random_office_tick(struct random_office *office, struct script *script);

#endif
