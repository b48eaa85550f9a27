/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
test_type_names_one_or_several(void **state)
{
	(void)state;
	assert_valid("{\"type\":\"null\"}", "null");
	assert_valid("{\"type\":\"boolean\"}", "false");
	assert_valid("{\"type\":\"number\"}", "1.5");
	assert_valid("{\"type\":\"string\"}", "\"\"");
	assert_valid("{\"type\":\"array\"}", "[]");
	assert_valid("{\"type\":\"object\"}", "{}");
	assert_valid("{\"type\":[\"string\",\"null\"]}", "null");
	assert_invalid("{\"type\":\"null\"}", "0");
	assert_invalid("{\"type\":\"boolean\"}", "\"true\"");
	assert_invalid("{\"type\":\"number\"}", "\"1\"");
	assert_invalid("{\"type\":\"array\"}", "{}");
	assert_finding("{\"type\":[\"string\",\"null\",\"boolean\"]}", "[]", "",
	    "type", "must be of type null, boolean or string, not array");
	assert_finding("{\"type\":\"string\"}", "7", "", "type",
	    "not number");
}

static void
test_an_integer_is_a_number_without_fraction(void **state)
{
	(void)state;
	assert_valid("{\"type\":\"integer\"}", "7");
	assert_valid("{\"type\":\"integer\"}", "7.00");
	assert_valid("{\"type\":\"integer\"}", "1E30");
	assert_valid("{\"type\":\"number\"}", "7");
	assert_finding("{\"type\":\"integer\"}", "7.5", "", "type",
	    "must be of type integer, not number");
}

static void
test_enum_and_const_compare_by_value(void **state)
{
	(void)state;
	assert_valid("{\"enum\":[\"EUR\",1.0,{\"a\":[1,2]}]}", "1");
	assert_valid("{\"enum\":[\"EUR\",1.0,{\"a\":[1,2],\"b\":0}]}",
	    "{\"b\":0.0,\"a\":[1.0,2]}");
	assert_finding("{\"enum\":[\"EUR\",\"GBP\"]}", "\"USD\"", "", "enum",
	    "must be one of [\"EUR\",\"GBP\"]");
	assert_valid("{\"const\":{\"a\":1,\"b\":2}}", "{\"b\":2,\"a\":1}");
	assert_valid("{\"const\":null}", "null");
	assert_invalid("{\"const\":[1,2]}", "[2,1]");
	assert_invalid("{\"const\":false}", "0");
	assert_finding("{\"const\":1.50}", "2", "", "const", "must be 1.50");
}

static void
test_multiple_of_is_exact(void **state)
{
	(void)state;
	assert_valid("{\"multipleOf\":0.01}", "1234.10");
	assert_valid("{\"multipleOf\":0.01}", "0.07");
	assert_valid("{\"multipleOf\":0.01}", "99999999999999999999.99");
	assert_valid("{\"multipleOf\":0.0001}", "0.0075");
	assert_valid("{\"multipleOf\":2}", "-4");
	assert_valid("{\"multipleOf\":3}", "0");
	assert_valid("{\"multipleOf\":0.123456789}", "\"no number\"");
	assert_valid("{\"multipleOf\":1e-8}", "12391239123");
	assert_invalid("{\"multipleOf\":0.01}", "1234.105");
	assert_invalid("{\"multipleOf\":0.0001}", "0.00751");
	assert_finding("{\"multipleOf\":0.01}", "0.001", "", "multipleOf",
	    "must be a multiple of 0.01");
	assert_invalid("{\"multipleOf\":7}", "1E6000");
}

static void
test_bounds_take_in_their_ends_unless_exclusive(void **state)
{
	(void)state;
	assert_valid("{\"maximum\":3.0}", "3");
	assert_invalid(
	    "{\"maximum\":3.0}", "3.0000000000000000000000000000001");
	assert_valid("{\"exclusiveMaximum\":3}", "2.99");
	assert_finding("{\"exclusiveMaximum\":3}", "3.00", "",
	    "exclusiveMaximum", "must be less than 3");
	assert_valid("{\"minimum\":-2}", "-2.0");
	assert_finding("{\"minimum\":-2}", "-2.0001", "", "minimum",
	    "must be at least -2");
	assert_valid("{\"exclusiveMinimum\":0}", "1E-30");
	assert_invalid("{\"exclusiveMinimum\":0}", "-0.0");
	assert_valid("{\"minimum\":5,\"maximum\":1}", "\"3\"");
}

static void
test_length_is_counted_in_code_points(void **state)
{
	(void)state;
	assert_valid("{\"maxLength\":2}", "\"\xf0\x9f\x92\xa9\xc3\xa9\"");
	assert_finding("{\"maxLength\":2}", "\"abc\"", "", "maxLength",
	    "at most 2 characters");
	assert_valid("{\"minLength\":2.0}", "\"\xf0\x9f\x92\xa9\xc3\xa9\"");
	assert_invalid("{\"minLength\":2}", "\"\xf0\x9f\x92\xa9\"");
	assert_valid("{\"minLength\":2}", "1");
}

static void
test_pattern_may_match_anywhere(void **state)
{
	(void)state;
	assert_valid("{\"pattern\":\"a+\"}", "\"xxaayy\"");
	assert_finding("{\"pattern\":\"^a*$\"}", "\"abc\"", "", "pattern",
	    "must match the pattern ^a*$");
	assert_valid("{\"pattern\":\"^a*$\"}", "17");
}

static void
test_format_is_asserted(void **state)
{
	(void)state;
	assert_valid("{\"format\":\"date\"}", "\"2026-11-22\"");
	assert_valid("{\"format\":\"date\"}", "20261122");
	assert_finding("{\"format\":\"date\"}", "\"22.11.2026\"", "", "format",
	    "must have the format date");
}

static void
test_values_that_json_lacks_are_checked_as_its_strings(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	const struct schema *schema = schema_of(arena,
	    "{\"properties\":{\"due\":{\"type\":\"string\","
	    "\"format\":\"date\"}}}");
	struct value_builder *context = value_build_context(arena);
	struct date date = {2026, 11, 22};
	value_put(context, STR("due"), value_of_date(arena, date));
	assert_true(schema_validate(schema, value_built(context), &errors));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_type_names_one_or_several),
	    cmocka_unit_test(test_an_integer_is_a_number_without_fraction),
	    cmocka_unit_test(test_enum_and_const_compare_by_value),
	    cmocka_unit_test(test_multiple_of_is_exact),
	    cmocka_unit_test(test_bounds_take_in_their_ends_unless_exclusive),
	    cmocka_unit_test(test_length_is_counted_in_code_points),
	    cmocka_unit_test(test_pattern_may_match_anywhere),
	    cmocka_unit_test(test_format_is_asserted),
	    cmocka_unit_test(
		test_values_that_json_lacks_are_checked_as_its_strings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
