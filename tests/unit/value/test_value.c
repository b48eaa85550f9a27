/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static bool
are_equal(const char *a, const char *b)
{
	struct arena *arena = arena_new();
	bool equal = value_equal(value_of(arena, a), value_of(arena, b));
	arena_free(&arena);
	return equal;
}

static void
test_equality_is_deep_and_by_value(void **state)
{
	(void)state;
	assert_true(are_equal("1.0", "1.00"));
	assert_true(are_equal("{\"a\":[1,{\"b\":null}],\"c\":\"x\"}",
	    "{\"c\":\"x\",\"a\":[1.0,{\"b\":null}]}"));
	assert_false(are_equal("{\"a\":1}", "{\"a\":1,\"b\":2}"));
	assert_false(are_equal("{\"a\":1}", "{\"b\":1}"));
	assert_false(are_equal("[1,2]", "[2,1]"));
	assert_false(are_equal("[1]", "[1,1]"));
	assert_false(are_equal("null", "false"));
	assert_false(are_equal("1", "\"1\""));
	assert_false(are_equal("\"a\"", "\"A\""));
}

static void
test_fields_are_found_in_small_and_large_contexts(void **state)
{
	struct arena *arena = arena_new();
	struct value_builder *builder = value_build_context(arena);
	char key[20];
	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "key%d", i * 7919 % 1000);
		value_put(builder, str_of(key), value_of_int(arena, i));
	}
	const struct value *large = value_built(builder);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "key%d", i * 7919 % 1000);
		assert_true(number_equal(value_get_cstr(large, key)->as.number,
		    number_of_int(i)));
	}
	assert_null(value_get_cstr(large, "key1000"));
	assert_null(value_get_cstr(large, ""));
	const struct value *small = value_of(arena, "{\"a\":1,\"\":2}");
	assert_non_null(value_get(small, STR("")));
	assert_null(value_get_cstr(small, "b"));
	arena_free(&arena);
}

static void
test_looking_into_what_is_no_context_gives_nothing(void **state)
{
	(void)state;
	assert_null(value_get_cstr(&value_null, "a"));
	assert_ptr_equal(value_field_or_null(&value_true, "a"), &value_null);
	assert_null(value_str(&value_true).at);
	assert_true(value_is_null(&value_null));
	assert_true(value_is_true(&value_true));
	assert_false(value_is_true(&value_false));
	assert_false(value_is_true(&value_null));
}

static void
test_with_leaves_the_original_alone(void **state)
{
	struct arena *arena = arena_new();
	const struct value *before = value_of(arena, "{\"a\":1,\"b\":2}");
	const struct value *changed =
	    value_with(arena, before, STR("a"), &value_true);
	const struct value *grown =
	    value_with(arena, before, STR("c"), &value_true);
	(void)state;
	assert_json(before, JSON_PLAIN, "{\"a\":1,\"b\":2}");
	assert_json(changed, JSON_PLAIN, "{\"a\":true,\"b\":2}");
	assert_json(grown, JSON_PLAIN, "{\"a\":1,\"b\":2,\"c\":true}");
	arena_free(&arena);
}

static void
test_with_keeps_a_large_context_indexed(void **state)
{
	struct arena *arena = arena_new();
	const struct value *context = value_of(arena, "{}");
	char key[20];
	(void)state;
	for (int i = 0; i < 40; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		context = value_with(arena, context, str_of(key), &value_true);
	}
	context = value_with(arena, context, STR("k7"), &value_false);
	assert_ptr_equal(value_get_cstr(context, "k7"), &value_false);
	assert_ptr_equal(value_get_cstr(context, "k39"), &value_true);
	assert_int_equal(context->as.context.count, 40);
	arena_free(&arena);
}

/* The copy must live on when the first arena is gone. */
static void
test_a_copy_needs_nothing_of_the_original(void **state)
{
	struct arena *from = arena_new();
	struct arena *to = arena_new();
	char key[20];
	struct value_builder *builder = value_build_context(from);
	(void)state;
	for (int i = 0; i < 20; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		value_put(builder, str_of(key),
		    value_of(from, "[1,\"text\",{\"a\":null}]"));
	}
	const struct value *copy = value_copy(to, value_built(builder));
	arena_free(&from);
	assert_json(value_get_cstr(copy, "k13"), JSON_PLAIN,
	    "[1,\"text\",{\"a\":null}]");
	arena_free(&to);
}

/* What was kept before is shared, however deep it stands; all else lives on
 * when the first arena is gone. */
static void
test_what_is_kept_is_copied_once(void **state)
{
	struct arena *from = arena_new();
	struct arena *to = arena_new();
	const struct value *order =
	    value_keep(to, value_of(from, "{\"lines\":[1,\"text\"]}"));
	struct value_builder *list = value_build_list(from);
	struct value_builder *builder = value_build_context(from);
	(void)state;
	value_append(list, value_of(from, "\"new\""));
	value_append(list, value_get_cstr(order, "lines"));
	value_put(builder, STR("order"), order);
	value_put(builder, STR("list"), value_built(list));
	const struct value *kept = value_keep(to, value_built(builder));
	arena_free(&from);
	assert_ptr_equal(value_keep(to, kept), kept);
	assert_ptr_equal(value_get_cstr(kept, "order"), order);
	assert_ptr_equal(value_get_cstr(kept, "list")->as.list.items[1],
	    value_get_cstr(order, "lines"));
	assert_json(kept, JSON_PLAIN,
	    "{\"order\":{\"lines\":[1,\"text\"]},"
	    "\"list\":[\"new\",[1,\"text\"]]}");
	arena_free(&to);
}

static void
test_temporal_values_and_ranges_are_copied_and_compared(void **state)
{
	struct arena *from = arena_new();
	struct arena *to = arena_new();
	struct value_range range = {.low = value_of_int(from, 1),
	    .high = value_of_months(from, 5),
	    .low_closed = true};
	const struct value *items[] = {value_of_instant(from, 1234567890123),
	    value_of_date(from, (struct date){2026, 11, 22}),
	    value_of_duration(from, (struct duration){-5, -1}),
	    value_of_range(from, range)};
	const struct value *list = value_of_list(from, items, 4);
	const struct value *copy = value_copy(to, list);
	(void)state;
	assert_true(value_equal(list, copy));
	arena_free(&from);
	assert_json(copy, JSON_PLAIN,
	    "[\"2009-02-13T23:31:30.123Z\",\"2026-11-22\","
	    "\"-PT5.000000001S\",\"[1..@\\\"P5M\\\")\"]");
	arena_free(&to);
}

static void
test_strings_make_a_list(void **state)
{
	const struct str strings[] = {STR("a"), STR("b")};
	struct arena *arena = arena_new();
	(void)state;
	assert_json(
	    value_of_strs(arena, strings, 2), JSON_PLAIN, "[\"a\",\"b\"]");
	assert_json(value_of_strs(arena, NULL, 0), JSON_PLAIN, "[]");
	arena_free(&arena);
}

static void
test_a_list_gives_its_strings(void **state)
{
	struct arena *arena = arena_new();
	const struct value *items[] = {value_of_str(arena, STR("a")),
	    value_of_int(arena, 1), value_of_str(arena, STR("b"))};
	size_t count;
	const struct str *strings =
	    value_strs(arena, value_of_list(arena, items, 3), &count);
	(void)state;
	assert_int_equal(count, 3);
	assert_true(str_equal(strings[0], STR("a")));
	assert_true(str_equal(strings[1], (struct str){NULL, 0}));
	assert_true(str_equal(strings[2], STR("b")));
	value_strs(arena, items[0], &count);
	assert_int_equal(count, 0);
	value_strs(arena, NULL, &count);
	assert_int_equal(count, 0);
	arena_free(&arena);
}

static void
test_ranges_differ_by_their_ends(void **state)
{
	struct arena *arena = arena_new();
	const struct value *one = value_of_int(arena, 1);
	struct value_range range = {.low = one, .low_closed = true};
	const struct value *a = value_of_range(arena, range);
	(void)state;
	range.low_closed = false;
	assert_false(value_equal(a, value_of_range(arena, range)));
	range.low_closed = true;
	range.high = one;
	assert_false(value_equal(a, value_of_range(arena, range)));
	range.high = NULL;
	assert_true(value_equal(a, value_of_range(arena, range)));
	arena_free(&arena);
}

static void
test_types_have_the_names_of_feel(void **state)
{
	(void)state;
	assert_text(value_type_name(VALUE_DATE_TIME), "date and time");
	assert_text(value_type_name(VALUE_MONTHS), "years and months duration");
	assert_text(value_type_name(VALUE_FUNCTION), "function");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_equality_is_deep_and_by_value),
	    cmocka_unit_test(test_fields_are_found_in_small_and_large_contexts),
	    cmocka_unit_test(
		test_looking_into_what_is_no_context_gives_nothing),
	    cmocka_unit_test(test_with_leaves_the_original_alone),
	    cmocka_unit_test(test_with_keeps_a_large_context_indexed),
	    cmocka_unit_test(test_a_copy_needs_nothing_of_the_original),
	    cmocka_unit_test(test_what_is_kept_is_copied_once),
	    cmocka_unit_test(
		test_temporal_values_and_ranges_are_copied_and_compared),
	    cmocka_unit_test(test_strings_make_a_list),
	    cmocka_unit_test(test_a_list_gives_its_strings),
	    cmocka_unit_test(test_ranges_differ_by_their_ends),
	    cmocka_unit_test(test_types_have_the_names_of_feel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
