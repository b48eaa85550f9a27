/* SPDX-License-Identifier: Apache-2.0 */
/* rng.h: the seam of randomness. */
#ifndef STATED_RNG_H
#define STATED_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	void (*fill)(struct rng *rng, void *out, size_t bytes);
};

/* The kernel's randomness (getrandom), for keys and identifiers. */
struct rng *rng_system(void);

/* The same sequence for the same seed (xoshiro256**): for simulation. */
struct rng_seeded {
	struct rng rng;
	uint64_t state[4];
};
void rng_seeded_init(struct rng_seeded *seeded, uint64_t seed);

/* Uniform in [0, bound); bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

#endif
