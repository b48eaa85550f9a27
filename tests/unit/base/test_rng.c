/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
test_the_same_seed_gives_the_same_sequence(void **state)
{
	struct rng_seeded a, b, c;
	unsigned char first[100], second[100], other[100];

	(void)state;
	rng_seeded_init(&a, 42);
	rng_seeded_init(&b, 42);
	rng_seeded_init(&c, 43);
	a.rng.fill(&a.rng, first, sizeof(first));
	b.rng.fill(&b.rng, second, sizeof(second));
	c.rng.fill(&c.rng, other, sizeof(other));
	assert_memory_equal(first, second, sizeof(first));
	assert_memory_not_equal(first, other, sizeof(first));
}

static void
test_the_sequence_is_the_published_one(void **state)
{
	/* xoshiro256** from the state 1, 2, 3, 4. */
	static const uint64_t expected[] = {
	    11520, 0, 1509978240, 1215971899390074240};
	struct rng_seeded seeded;

	(void)state;
	rng_seeded_init(&seeded, 0);
	for (uint64_t i = 0; i < 4; i++)
		seeded.state[i] = i + 1;
	for (size_t i = 0; i < 4; i++) {
		unsigned char bytes[8];
		uint64_t word = 0;
		seeded.rng.fill(&seeded.rng, bytes, sizeof(bytes));
		for (int j = 7; j >= 0; j--)
			word = word << 8 | bytes[j];
		assert_true(word == expected[i]);
	}
}

static void
test_the_kernel_fills_every_byte(void **state)
{
	unsigned char seen[64] = {0};

	(void)state;
	for (int turn = 0; turn < 20; turn++) {
		unsigned char bytes[64] = {0};
		rng_system()->fill(rng_system(), bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++)
			seen[i] |= bytes[i];
	}
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_int_not_equal(seen[i], 0);
}

static void
test_below_stays_below_and_reaches_everything(void **state)
{
	struct rng_seeded seeded;
	unsigned counts[7] = {0};

	(void)state;
	rng_seeded_init(&seeded, 7);
	for (int i = 0; i < 7000; i++)
		counts[rng_below(&seeded.rng, 7)]++;
	for (size_t i = 0; i < 7; i++) {
		assert_true(counts[i] > 800);
		assert_true(counts[i] < 1200);
	}
}

static void
test_below_takes_the_smallest_and_the_largest_bound(void **state)
{
	struct rng_seeded seeded;

	(void)state;
	rng_seeded_init(&seeded, 7);
	assert_true(rng_below(&seeded.rng, 1) == 0);
	assert_true(rng_below(&seeded.rng, UINT64_MAX) < UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_same_seed_gives_the_same_sequence),
	    cmocka_unit_test(test_the_sequence_is_the_published_one),
	    cmocka_unit_test(test_the_kernel_fills_every_byte),
	    cmocka_unit_test(test_below_stays_below_and_reaches_everything),
	    cmocka_unit_test(
		test_below_takes_the_smallest_and_the_largest_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
