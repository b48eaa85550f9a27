/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
test_a_key_put_twice_is_replaced_in_its_place(void **state)
{
	struct arena *arena = arena_new();
	struct value_builder *builder = value_build_context(arena);
	(void)state;
	value_put_int(builder, "a", 1);
	value_put_int(builder, "b", 2);
	value_put_str(builder, "a", STR("x"));
	value_put_str(builder, "c", (struct str){0});
	assert_json(value_built(builder), JSON_PLAIN,
	    "{\"a\":\"x\",\"b\":2,\"c\":null}");
	arena_free(&arena);
}

static void
test_an_instant_is_put_unless_there_is_none(void **state)
{
	struct arena *arena = arena_new();
	struct value_builder *builder = value_build_context(arena);
	(void)state;
	value_put_instant(builder, "begun", 1);
	value_put_instant(builder, "ended", 0);
	assert_json(value_built(builder), JSON_PLAIN,
	    "{\"begun\":\"1970-01-01T00:00:00.001Z\"}");
	arena_free(&arena);
}

static void
test_nothing_built_is_empty(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	assert_json(value_built(value_build_context(arena)), JSON_PLAIN, "{}");
	assert_json(value_built(value_build_list(arena)), JSON_PLAIN, "[]");
	assert_json(value_of_list(arena, NULL, 0), JSON_PLAIN, "[]");
	arena_free(&arena);
}

static void
test_keys_are_copied(void **state)
{
	struct arena *arena = arena_new();
	struct value_builder *builder = value_build_context(arena);
	char key[] = "before";
	(void)state;
	value_put(builder, str_of(key), &value_null);
	memcpy(key, "after!", 6);
	assert_json(value_built(builder), JSON_PLAIN, "{\"before\":null}");
	arena_free(&arena);
}

/* Sizes around the runs of the index, keys in several orders. */
static void
test_every_key_is_found_while_building_and_after(void **state)
{
	static const int strides[] = {1, 7919, 104729};
	char key[20];
	(void)state;
	for (int size = 0; size < 200; size++)
		for (int s = 0; s < 3; s++) {
			struct arena *arena = arena_new();
			struct value_builder *builder =
			    value_build_context(arena);
			for (int i = 0; i < size; i++) {
				(void)snprintf(key, sizeof(key), "%d",
				    i * strides[s] % 1009);
				assert_false(value_has(builder, str_of(key)));
				value_put(builder, str_of(key),
				    value_of_int(arena, i));
				assert_true(value_has(builder, str_of(key)));
			}
			const struct value *built = value_built(builder);
			assert_int_equal(built->as.context.count, size);
			for (int i = 0; i < size; i++) {
				(void)snprintf(key, sizeof(key), "%d",
				    i * strides[s] % 1009);
				assert_non_null(value_get_cstr(built, key));
			}
			arena_free(&arena);
		}
}

static void
test_a_hundred_thousand_keys_are_no_burden(void **state)
{
	struct arena *arena = arena_new();
	struct value_builder *builder = value_build_context(arena);
	char key[20];
	(void)state;
	for (int i = 0; i < 100000; i++) {
		(void)snprintf(key, sizeof(key), "k%d", 100000 - i);
		value_put(builder, str_of(key), &value_null);
	}
	const struct value *built = value_built(builder);
	assert_int_equal(built->as.context.count, 100000);
	assert_non_null(value_get_cstr(built, "k1"));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_key_put_twice_is_replaced_in_its_place),
	    cmocka_unit_test(test_an_instant_is_put_unless_there_is_none),
	    cmocka_unit_test(test_nothing_built_is_empty),
	    cmocka_unit_test(test_keys_are_copied),
	    cmocka_unit_test(test_every_key_is_found_while_building_and_after),
	    cmocka_unit_test(test_a_hundred_thousand_keys_are_no_burden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
