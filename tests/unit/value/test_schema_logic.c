/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
test_all_of_tells_what_each_part_misses(void **state)
{
	(void)state;
	assert_valid("{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "2");
	assert_finding("{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "4", "",
	    "maximum", NULL);
	assert_invalid("{\"allOf\":[true,false]}", "1");
}

static void
test_any_of_needs_one(void **state)
{
	static const char schema[] =
	    "{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]}";
	(void)state;
	assert_valid(schema, "\"a\"");
	assert_valid(schema, "6");
	assert_finding(schema, "4", "", "anyOf",
	    "matches none of the 2 alternatives");
	/* The only alternative speaks for itself. */
	assert_finding("{\"anyOf\":[{\"minimum\":5}]}", "4", "", "minimum",
	    NULL);
}

static void
test_one_of_needs_exactly_one(void **state)
{
	static const char schema[] =
	    "{\"oneOf\":[{\"multipleOf\":2},{\"multipleOf\":3}]}";
	(void)state;
	assert_valid(schema, "4");
	assert_valid(schema, "9");
	assert_finding(schema, "6", "", "oneOf", "more than one");
	assert_finding(schema, "7", "", "oneOf", "none");
}

static void
test_not_turns_the_answer_round(void **state)
{
	(void)state;
	assert_valid("{\"not\":{\"type\":\"integer\"}}", "1.5");
	assert_finding("{\"not\":{\"type\":\"integer\"}}", "1", "", "not",
	    NULL);
	assert_valid("{\"not\":{\"not\":{}}}", "1");
	assert_invalid("{\"not\":true}", "1");
}

static void
test_if_chooses_then_or_else(void **state)
{
	static const char schema[] =
	    "{\"if\":{\"properties\":{\"c\":{\"const\":\"EUR\"}},"
	    "\"required\":[\"c\"]},\"then\":{\"required\":[\"iban\"]},"
	    "\"else\":{\"required\":[\"bic\"]}}";
	(void)state;
	assert_valid(schema, "{\"c\":\"EUR\",\"iban\":1}");
	assert_valid(schema, "{\"c\":\"GBP\",\"bic\":1}");
	assert_finding(schema, "{\"c\":\"EUR\",\"bic\":1}", "", "required",
	    "iban");
	assert_finding(schema, "{\"iban\":1}", "", "required", "bic");
	assert_valid("{\"if\":{\"minimum\":1},\"then\":{\"maximum\":2}}",
	    "-5");
	assert_valid("{\"if\":false}", "1");
}

static void
test_dependent_schemas_apply_beside_their_field(void **state)
{
	static const char schema[] =
	    "{\"dependentSchemas\":{\"a\":{\"minProperties\":2}}}";
	(void)state;
	assert_valid(schema, "{\"b\":1}");
	assert_valid(schema, "{\"a\":1,\"b\":2}");
	assert_valid(schema, "\"a\"");
	assert_invalid(schema, "{\"a\":1}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_of_tells_what_each_part_misses),
	    cmocka_unit_test(test_any_of_needs_one),
	    cmocka_unit_test(test_one_of_needs_exactly_one),
	    cmocka_unit_test(test_not_turns_the_answer_round),
	    cmocka_unit_test(test_if_chooses_then_or_else),
	    cmocka_unit_test(test_dependent_schemas_apply_beside_their_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
