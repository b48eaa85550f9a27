/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
test_fields_are_counted(void **state)
{
	(void)state;
	assert_valid("{\"maxProperties\":1}", "{\"a\":1}");
	assert_finding("{\"maxProperties\":1}", "{\"a\":1,\"b\":2}", "",
	    "maxProperties", "at most 1 fields");
	assert_valid("{\"minProperties\":1}", "{\"a\":1}");
	assert_invalid("{\"minProperties\":1}", "{}");
	assert_valid("{\"minProperties\":1}", "[]");
}

static void
test_required_names_each_field_that_is_missing(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	(void)state;
	assert_valid("{\"required\":[\"a\"]}", "{\"a\":null}");
	assert_valid("{\"required\":[\"a\"]}", "[]");
	assert_false(schema_validate(
	    schema_of(arena, "{\"required\":[\"a\",\"b\",\"c\"]}"),
	    value_of(arena, "{\"b\":1}"), &errors));
	assert_int_equal(errors.count, 2);
	assert_text(errors.items[0].message, "the field \"a\" is missing");
	assert_text(errors.items[1].message, "the field \"c\" is missing");
	arena_free(&arena);
}

static void
test_dependent_required_asks_only_beside_its_field(void **state)
{
	static const char schema[] =
	    "{\"dependentRequired\":{\"iban\":[\"bic\",\"name\"]}}";
	(void)state;
	assert_valid(schema, "{}");
	assert_valid(schema, "{\"bic\":1}");
	assert_valid(schema, "{\"iban\":1,\"bic\":1,\"name\":1}");
	assert_finding(schema, "{\"iban\":1,\"name\":1}", "",
	    "dependentRequired", "\"bic\" is missing beside \"iban\"");
}

static void
test_property_names_are_checked_as_strings(void **state)
{
	(void)state;
	assert_valid("{\"propertyNames\":{\"maxLength\":3}}", "{\"abc\":1}");
	assert_finding("{\"propertyNames\":{\"maxLength\":3}}",
	    "{\"abc\":1,\"abcd\":2}", "/abcd", "maxLength", NULL);
	assert_valid("{\"propertyNames\":false}", "{}");
	assert_invalid("{\"propertyNames\":false}", "{\"a\":1}");
}

static void
test_properties_are_found_by_pointer(void **state)
{
	static const char schema[] =
	    "{\"properties\":{\"a/b\":{\"type\":\"number\"},"
	    "\"c\":{\"items\":{\"properties\":{\"~\":{\"maximum\":1}}}}}}";
	(void)state;
	assert_valid(schema, "{\"a/b\":1,\"other\":\"x\"}");
	assert_valid(schema, "{}");
	assert_finding(schema, "{\"a/b\":\"x\"}", "/a~1b", "type", NULL);
	assert_finding(schema, "{\"c\":[{},{\"~\":2}]}", "/c/1/~0", "maximum",
	    NULL);
	assert_invalid("{\"properties\":{\"a\":false}}", "{\"a\":1}");
	assert_valid("{\"properties\":{\"a\":false}}", "{\"b\":1}");
}

static void
test_pattern_properties_take_all_that_match(void **state)
{
	static const char schema[] = "{\"patternProperties\":{\"^x-\":"
				     "{\"type\":\"string\"},\"y$\":"
				     "{\"maxLength\":2}}}";
	(void)state;
	assert_valid(schema, "{\"x-y\":\"ab\",\"z\":1}");
	assert_finding(schema, "{\"x-a\":1}", "/x-a", "type", NULL);
	assert_finding(schema, "{\"x-y\":\"abc\"}", "/x-y", "maxLength", NULL);
}

static void
test_additional_properties_are_those_not_named_beside(void **state)
{
	static const char schema[] =
	    "{\"properties\":{\"currency\":{}},\"patternProperties\":"
	    "{\"^x-\":{}},\"additionalProperties\":false}";
	(void)state;
	assert_valid(schema, "{\"currency\":1,\"x-a\":2}");
	assert_finding(schema, "{\"curency\":1}", "/curency",
	    "additionalProperties", "did you mean \"currency\"?");
	assert_finding(schema, "{\"amount\":1}", "/amount",
	    "additionalProperties", "unknown field \"amount\"");
	assert_valid("{\"additionalProperties\":{\"type\":\"string\"}}",
	    "{\"a\":\"b\"}");
	assert_finding("{\"additionalProperties\":{\"type\":\"string\"}}",
	    "{\"a\":1}", "/a", "type", NULL);
	/* What allOf names doesn't count here. */
	assert_invalid("{\"allOf\":[{\"properties\":{\"a\":{}}}],"
		       "\"additionalProperties\":false}",
	    "{\"a\":1}");
}

static void
test_unevaluated_properties_see_through_alternatives(void **state)
{
	static const char schema[] =
	    "{\"properties\":{\"kind\":{}},\"oneOf\":["
	    "{\"properties\":{\"kind\":{\"const\":\"a\"},\"x\":{}}},"
	    "{\"properties\":{\"kind\":{\"const\":\"b\"},\"y\":{}}}],"
	    "\"unevaluatedProperties\":false}";
	(void)state;
	assert_valid(schema, "{\"kind\":\"a\",\"x\":1}");
	assert_valid(schema, "{\"kind\":\"b\",\"y\":1}");
	assert_finding(schema, "{\"kind\":\"b\",\"x\":1}", "/x",
	    "unevaluatedProperties", "unknown field");
	assert_valid("{\"additionalProperties\":true,"
		     "\"unevaluatedProperties\":false}",
	    "{\"a\":1}");
	assert_valid("{\"if\":{\"required\":[\"a\"],\"properties\":{\"a\":{}}},"
		     "\"else\":{\"properties\":{\"b\":{}}},"
		     "\"unevaluatedProperties\":false}",
	    "{\"a\":1}");
	assert_invalid("{\"if\":{\"required\":[\"a\"],\"properties\":"
		       "{\"a\":{}}},\"else\":{\"properties\":{\"b\":{}}},"
		       "\"unevaluatedProperties\":false}",
	    "{\"a\":1,\"b\":1}");
	assert_valid("{\"$defs\":{\"d\":{\"properties\":{\"a\":{}}}},"
		     "\"$ref\":\"#/$defs/d\",\"unevaluatedProperties\":false}",
	    "{\"a\":1}");
	assert_valid("{\"dependentSchemas\":{\"a\":{\"properties\":{\"b\":{}}}"
		     "},\"properties\":{\"a\":{}},"
		     "\"unevaluatedProperties\":false}",
	    "{\"a\":1,\"b\":1}");
	/* "not" and what a neighbour inside allOf has seen don't count. */
	assert_invalid("{\"not\":{\"not\":{\"properties\":{\"a\":{}}}},"
		       "\"unevaluatedProperties\":false}",
	    "{\"a\":1}");
	assert_invalid("{\"allOf\":[{\"properties\":{\"a\":{}}},"
		       "{\"unevaluatedProperties\":false}]}",
	    "{\"a\":1}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields_are_counted),
	    cmocka_unit_test(test_required_names_each_field_that_is_missing),
	    cmocka_unit_test(
		test_dependent_required_asks_only_beside_its_field),
	    cmocka_unit_test(test_property_names_are_checked_as_strings),
	    cmocka_unit_test(test_properties_are_found_by_pointer),
	    cmocka_unit_test(test_pattern_properties_take_all_that_match),
	    cmocka_unit_test(
		test_additional_properties_are_those_not_named_beside),
	    cmocka_unit_test(
		test_unevaluated_properties_see_through_alternatives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
