/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rng.c: randomness from the kernel, and a sequence that a seed decides.
 *
 * The seeded one is xoshiro256** (Blackman and Vigna, 2018), its state filled
 * by splitmix64 as its authors advise: fast, well spread and never for keys.
 */
#include "stated/rng.h"

#include "stated/must.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static void
system_fill(struct rng *rng, void *out, size_t bytes)
{
	unsigned char *at = out;

	(void)rng;
	while (bytes > 0) {
		ssize_t got = getrandom(at, bytes, 0);
		must(got > 0 || errno == EINTR);
		if (got > 0) {
			at += got;
			bytes -= (size_t)got;
		}
	}
}

struct rng *
rng_system(void)
{
	/* Holds no state: fill() is all there is to it. */
	static struct rng system = {system_fill};

	return &system;
}

static uint64_t
splitmix_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t
rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t
xoshiro_next(uint64_t s[4])
{
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

/* Bytes are taken little-endian, so that a seed means the same everywhere. */
static void
seeded_fill(struct rng *rng, void *out, size_t bytes)
{
	struct rng_seeded *seeded = (struct rng_seeded *)rng;
	unsigned char *at = out;
	uint64_t word = 0;

	for (size_t i = 0; i < bytes; i++) {
		if (i % 8 == 0)
			word = xoshiro_next(seeded->state);
		at[i] = (unsigned char)(word >> (8 * (i % 8)));
	}
}

void
rng_seeded_init(struct rng_seeded *seeded, uint64_t seed)
{
	seeded->rng.fill = seeded_fill;
	for (int i = 0; i < 4; i++)
		seeded->state[i] = splitmix_next(&seed);
}

static uint64_t
next_word(struct rng *rng)
{
	unsigned char bytes[8];
	uint64_t word = 0;

	rng->fill(rng, bytes, sizeof(bytes));
	for (int i = 0; i < 8; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

uint64_t
rng_below(struct rng *rng, uint64_t bound)
{
	must(bound > 0);
	/* 2^64 modulo bound: as many words are thrown away, so that what is
	 * left divides evenly. */
	uint64_t excess = (UINT64_MAX - bound + 1) % bound;
	uint64_t word;

	do
		word = next_word(rng);
	while (word < excess);
	return word % bound;
}
