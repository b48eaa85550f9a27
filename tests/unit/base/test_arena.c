/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
test_memory_is_zeroed_and_aligned(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t bytes = 0; bytes < 300; bytes++) {
		unsigned char *at = arena_alloc(arena, bytes);
		assert_int_equal((uintptr_t)at % 16, 0);
		for (size_t i = 0; i < bytes; i++)
			assert_int_equal(at[i], 0);
		memset(at, 0xff, bytes);
	}
	arena_free(&arena);
	assert_null(arena);
}

static void
test_nothing_overlaps(void **state)
{
	struct arena *arena = arena_new();
	uint32_t *items[500];

	(void)state;
	for (uint32_t i = 0; i < 500; i++) {
		items[i] = ARENA_ARRAY(arena, i + 1, uint32_t);
		for (uint32_t j = 0; j <= i; j++)
			items[i][j] = i;
	}
	for (uint32_t i = 0; i < 500; i++)
		for (uint32_t j = 0; j <= i; j++)
			assert_int_equal(items[i][j], i);
	arena_free(&arena);
}

static void
test_large_pieces_get_a_block_of_their_own(void **state)
{
	struct arena *arena = arena_new();
	char *large = arena_alloc(arena, 5 << 20);
	char *small = ARENA_NEW(arena, char);

	(void)state;
	large[(5 << 20) - 1] = 'x';
	*small = 'y';
	assert_int_equal(large[(5 << 20) - 1], 'x');
	assert_int_equal(arena_bytes(arena), (5 << 20) + 1);
	arena_free(&arena);
}

static void
test_reset_forgets_but_zeroes_again(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	arena_reset(arena);
	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 100; i++) {
			unsigned char *at = arena_alloc(arena, 1000);
			assert_int_equal(at[0] | at[999], 0);
			memset(at, 0xff, 1000);
		}
		assert_int_equal(arena_bytes(arena), 100000);
		arena_reset(arena);
		assert_int_equal(arena_bytes(arena), 0);
	}
	arena_free(&arena);
}

static void
test_grow_keeps_what_was_appended(void **state)
{
	struct arena *arena = arena_new();
	size_t capacity = 0;
	int *items = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		items = arena_grow(arena, items, (size_t)i, &capacity,
		    sizeof(items[0]));
		items[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	assert_int_equal(capacity, 1024);
	arena_free(&arena);
}

static void
test_strings_are_copied_and_closed_by_zero(void **state)
{
	struct arena *arena = arena_new();
	char text[] = "owned elsewhere";
	struct str copy = arena_str(arena, str_slice(str_of(text), 0, 5));

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_string_equal(copy.at, "owned");
	assert_int_equal(copy.bytes, 5);
	assert_string_equal(
	    arena_strf(arena, "%s of %d", "one", 42).at, "one of 42");
	arena_free(&arena);
}

static void
test_a_copy_of_the_absent_string_is_absent(void **state)
{
	struct arena *arena = arena_new();
	struct str absent = {NULL, 0};

	(void)state;
	assert_null(arena_str(arena, absent).at);
	assert_non_null(arena_str(arena, STR("")).at);
	assert_string_equal(arena_cstr(arena, absent), "");
	arena_free(&arena);
}

static void
test_freeing_nothing_is_allowed(void **state)
{
	struct arena *arena = NULL;

	(void)state;
	arena_free(&arena);
	assert_null(arena);
}

static void
test_arenas_of_a_pool_begin_empty_each_time(void **state)
{
	struct arena_pool *pool = arena_pool_new();
	const size_t sizes[] = {10, 5000, 100 * 1000, 10};

	(void)state;
	for (size_t round = 0; round < 3; round++) {
		struct arena *arenas[4];

		for (size_t i = 0; i < 4; i++) {
			unsigned char *at;

			arenas[i] = arena_new_in(pool);
			assert_int_equal(arena_bytes(arenas[i]), 0);
			at = arena_alloc(arenas[i], sizes[i]);
			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(at[j], 0);
			memset(at, 'x', sizes[i]);
		}
		for (size_t i = 0; i < 4; i++)
			arena_free(&arenas[i]);
	}
	arena_pool_free(&pool);
	assert_null(pool);
	arena_pool_free(&pool);
}

static void
test_a_footprint_is_never_less_and_soon_not_much_more_than_what_is_used(
    void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		memset(arena_alloc(arena, 100), 'x', 100);
		assert_true(arena_footprint(arena) >= arena_bytes(arena));
		/* A block of 1 KiB, and from then on twice as much. */
		assert_true(arena_footprint(arena) <=
		    2048 + 4 * arena_bytes(arena));
	}
	arena_reset(arena);
	assert_int_equal(arena_bytes(arena), 0);
	assert_true(arena_footprint(arena) < 200 * 1024);
	arena_free(&arena);
}

static void
test_an_arena_knows_what_it_holds(void **state)
{
	struct arena *arena = arena_new();
	struct arena *other = arena_new();
	char *at[3] = {arena_alloc(arena, 10), arena_alloc(arena, 100000),
	    arena_alloc(arena, 10)};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(arena_holds(arena, at[i]));
		assert_false(arena_holds(other, at[i]));
	}
	assert_true(arena_holds(arena, at[1] + 99999));
	assert_false(arena_holds(arena, arena_alloc(other, 10)));
	assert_false(arena_holds(arena, "x"));
	assert_false(arena_holds(arena, NULL));
	arena_free(&arena);
	arena_free(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_a_footprint_is_never_less_and_soon_not_much_more_than_what_is_used),
	    cmocka_unit_test(test_memory_is_zeroed_and_aligned),
	    cmocka_unit_test(test_an_arena_knows_what_it_holds),
	    cmocka_unit_test(test_nothing_overlaps),
	    cmocka_unit_test(test_large_pieces_get_a_block_of_their_own),
	    cmocka_unit_test(test_reset_forgets_but_zeroes_again),
	    cmocka_unit_test(test_grow_keeps_what_was_appended),
	    cmocka_unit_test(test_strings_are_copied_and_closed_by_zero),
	    cmocka_unit_test(test_a_copy_of_the_absent_string_is_absent),
	    cmocka_unit_test(test_freeing_nothing_is_allowed),
	    cmocka_unit_test(test_arenas_of_a_pool_begin_empty_each_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
