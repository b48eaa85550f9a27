/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int things[3000];

static void
test_put_answers_what_was_there_before(void **state)
{
	struct map *map = map_new();

	(void)state;
	assert_null(map_find(map, STR("a")));
	assert_null(map_put(map, STR("a"), &things[0]));
	assert_ptr_equal(map_put(map, STR("a"), &things[1]), &things[0]);
	assert_ptr_equal(map_find(map, STR("a")), &things[1]);
	assert_int_equal(map_count(map), 1);
	map_free(&map);
	assert_null(map);
}

static void
test_keys_are_copied_and_may_hold_any_byte(void **state)
{
	struct map *map = map_new();
	char key[] = "a\0b";

	(void)state;
	map_put(map, (struct str){key, 3}, &things[0]);
	memset(key, 'x', sizeof(key));
	assert_ptr_equal(map_find(map, (struct str){"a\0b", 3}), &things[0]);
	assert_null(map_find(map, STR("a")));
	map_put(map, STR(""), &things[1]);
	assert_ptr_equal(map_find(map, (struct str){NULL, 0}), &things[1]);
	map_free(&map);
}

static void
test_many_keys_are_found_and_visited_in_order(void **state)
{
	struct map *map = map_new();
	size_t cursor = 0;
	struct str key;
	void *value;

	(void)state;
	for (int i = 0; i < 3000; i++)
		assert_null(map_put(map, MAP_KEY_OF(&i), &things[i]));
	for (int i = 0; i < 3000; i++)
		assert_ptr_equal(map_find(map, MAP_KEY_OF(&i)), &things[i]);
	for (int i = 0; i < 3000; i++) {
		assert_true(map_next(map, &cursor, &key, &value));
		assert_memory_equal(key.at, &i, sizeof(i));
		assert_ptr_equal(value, &things[i]);
	}
	assert_false(map_next(map, &cursor, &key, &value));
	map_free(&map);
}

static void
test_what_was_just_seen_may_be_removed(void **state)
{
	struct map *map = map_new();
	size_t cursor = 0;
	struct str key;
	int seen = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		map_put(map, MAP_KEY_OF(&i), &things[i]);
	while (map_next(map, &cursor, &key, NULL)) {
		if (seen % 2 == 0)
			assert_ptr_equal(map_remove(map, key), &things[seen]);
		seen++;
	}
	assert_int_equal(seen, 100);
	assert_int_equal(map_count(map), 50);
	cursor = 0;
	for (int i = 1; i < 100; i += 2) {
		void *value;
		assert_true(map_next(map, &cursor, NULL, &value));
		assert_ptr_equal(value, &things[i]);
	}
	map_free(&map);
}

static void
test_removed_keys_are_gone_and_may_come_back_last(void **state)
{
	struct map *map = map_new();
	size_t cursor = 0;
	struct str key;

	(void)state;
	map_put(map, STR("a"), &things[0]);
	map_put(map, STR("b"), &things[1]);
	assert_ptr_equal(map_remove(map, STR("a")), &things[0]);
	assert_null(map_remove(map, STR("a")));
	assert_null(map_find(map, STR("a")));
	map_put(map, STR("a"), &things[2]);
	assert_true(map_next(map, &cursor, &key, NULL));
	assert_true(str_equal(key, STR("b")));
	assert_true(map_next(map, &cursor, &key, NULL));
	assert_true(str_equal(key, STR("a")));
	map_free(&map);
}

static void
test_coming_and_going_does_not_grow_the_map(void **state)
{
	struct map *map = map_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int old = i - 10;
		assert_null(map_put(map, MAP_KEY_OF(&i), &things[i % 3000]));
		if (old >= 0)
			assert_non_null(map_remove(map, MAP_KEY_OF(&old)));
		assert_true(map_count(map) <= 11);
	}
	assert_int_equal(map_count(map), 10);
	map_free(&map);
}

static void
test_an_empty_map_is_walked_at_once(void **state)
{
	struct map *map = map_new();
	size_t cursor = 0;

	(void)state;
	assert_false(map_next(map, &cursor, NULL, NULL));
	assert_null(map_remove(map, STR("a")));
	assert_int_equal(map_count(map), 0);
	map_free(&map);
	map_free(&map);
}

static void
test_a_cleared_map_is_empty_and_takes_the_same_keys_again(void **state)
{
	struct map *map = map_new();
	char text[32];

	(void)state;
	for (uint64_t round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 1000; i++) {
			snprintf(text, sizeof(text), "a longer key, %d",
			    (int)i);
			assert_null(map_put(map, MAP_KEY_OF(&i), text));
			assert_null(map_put(map, str_of(text), text));
		}
		assert_int_equal(map_count(map), 2000);
		map_clear(map);
		assert_int_equal(map_count(map), 0);
		assert_null(map_find(map, MAP_KEY_OF(&round)));
	}
	map_free(&map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_a_cleared_map_is_empty_and_takes_the_same_keys_again),
	    cmocka_unit_test(test_put_answers_what_was_there_before),
	    cmocka_unit_test(test_keys_are_copied_and_may_hold_any_byte),
	    cmocka_unit_test(test_many_keys_are_found_and_visited_in_order),
	    cmocka_unit_test(test_what_was_just_seen_may_be_removed),
	    cmocka_unit_test(test_removed_keys_are_gone_and_may_come_back_last),
	    cmocka_unit_test(test_coming_and_going_does_not_grow_the_map),
	    cmocka_unit_test(test_an_empty_map_is_walked_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
