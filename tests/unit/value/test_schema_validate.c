/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
test_true_takes_all_and_false_nothing(void **state)
{
	(void)state;
	assert_valid("true", "1");
	assert_valid("{}", "[1]");
	assert_finding("false", "1", "", "", "nothing is allowed");
	assert_valid("{\"properties\":{\"a\":true}}", "{\"a\":1}");
}

static void
test_all_findings_come_in_one_run(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	(void)state;
	assert_false(schema_validate(
	    schema_of(arena, "{\"required\":[\"x\"],\"properties\":{\"a\":"
			     "{\"type\":\"string\",\"minimum\":5},"
			     "\"b\":{\"maxLength\":1}}}"),
	    value_of(arena, "{\"a\":1,\"b\":\"xx\"}"), &errors));
	assert_int_equal(errors.count, 4);
	arena_free(&arena);
}

static void
test_findings_stop_at_a_hundred(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	const struct schema *schema =
	    schema_of(arena, "{\"items\":{\"type\":\"string\"}}");
	struct value_builder *list = value_build_list(arena);
	(void)state;
	for (int i = 0; i < 1000; i++)
		value_append(list, &value_null);
	assert_false(schema_validate(schema, value_built(list), &errors));
	assert_int_equal(errors.count, 100);
	arena_free(&arena);
}

/* Every level asks the next one twice: 2^40 steps, if nothing stops it. */
static void
test_alternatives_within_alternatives_are_bounded(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	struct value_builder *levels = value_build_context(arena);
	(void)state;
	for (int i = 0; i < 40; i++) {
		char text[100];
		(void)snprintf(text, sizeof(text),
		    i < 39 ? "{\"allOf\":[{\"$ref\":\"#/$defs/l%d\"},"
			     "{\"$ref\":\"#/$defs/l%d\"}]}"
			   : "{\"minimum\":%d,\"maximum\":%d}",
		    i + 1, i + 1);
		value_put(levels, arena_strf(arena, "l%d", i),
		    value_of(arena, text));
	}
	struct value_builder *root = value_build_context(arena);
	value_put(root, STR("$defs"), value_built(levels));
	value_put_str(root, "$ref", STR("#/$defs/l0"));
	const struct schema *schema =
	    schema_compile(arena, value_built(root), &errors);
	assert_non_null(schema);
	assert_false(schema_validate(schema, value_of_int(arena, 40), &errors));
	assert_int_equal(errors.count, 1);
	assert_text(errors.items[0].message,
	    "too many alternatives to be checked");
	arena_free(&arena);
}

static void
test_a_value_nested_too_deeply_is_invalid(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	const struct schema *schema =
	    schema_of(arena, "{\"items\":{\"$ref\":\"#\"}}");
	const struct value *value = &value_true;
	(void)state;
	for (int i = 0; i < 5000; i++)
		value = value_of_list(arena, &value, 1);
	assert_false(schema_validate(schema, value, &errors));
	assert_int_equal(errors.count, 1);
	arena_free(&arena);
}

static void
test_a_long_message_is_cut_between_code_points(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	struct value_builder *names = value_build_list(arena);
	struct buf name = {0};
	(void)state;
	for (int i = 0; i < 300; i++)
		buf_add_cstr(&name, "\xe2\x82\xac");
	value_append(names, value_copy_str(arena, buf_str(&name)));
	struct value_builder *root = value_build_context(arena);
	value_put(root, STR("required"), value_built(names));
	const struct schema *schema =
	    schema_compile(arena, value_built(root), &errors);
	assert_non_null(schema);
	assert_false(schema_validate(schema, value_of(arena, "{}"), &errors));
	assert_true(str_is_utf8(errors.items[0].message));
	buf_fini(&name);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_true_takes_all_and_false_nothing),
	    cmocka_unit_test(test_all_findings_come_in_one_run),
	    cmocka_unit_test(test_findings_stop_at_a_hundred),
	    cmocka_unit_test(test_alternatives_within_alternatives_are_bounded),
	    cmocka_unit_test(test_a_value_nested_too_deeply_is_invalid),
	    cmocka_unit_test(test_a_long_message_is_cut_between_code_points),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
