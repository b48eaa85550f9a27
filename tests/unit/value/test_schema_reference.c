/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
test_pointers_lead_anywhere_in_the_document(void **state)
{
	(void)state;
	assert_invalid("{\"$ref\":\"#/$defs/n\",\"$defs\":{\"n\":"
		       "{\"type\":\"number\"}}}",
	    "\"x\"");
	assert_valid("{\"properties\":{\"a\":{\"type\":\"number\"},"
		     "\"b\":{\"$ref\":\"#/properties/a\"}}}",
	    "{\"b\":1}");
	assert_finding("{\"properties\":{\"a\":{\"type\":\"number\"},"
		       "\"b\":{\"$ref\":\"#/properties/a\"}}}",
	    "{\"b\":\"\"}", "/b", "type", NULL);
	assert_invalid("{\"allOf\":[{\"maximum\":1}],\"properties\":"
		       "{\"a\":{\"$ref\":\"#/allOf/0\"}}}",
	    "{\"a\":2}");
}

static void
test_pointers_are_unescaped(void **state)
{
	static const char schema[] =
	    "{\"$defs\":{\"a/b\":{\"type\":\"null\"},\"c~d\":{\"type\":"
	    "\"null\"},\"e%f\":{\"type\":\"null\"},\"g\\\"h\":{\"type\":"
	    "\"null\"}},\"prefixItems\":[{\"$ref\":\"#/$defs/a~1b\"},"
	    "{\"$ref\":\"#/$defs/c~0d\"},{\"$ref\":\"#/$defs/e%25f\"},"
	    "{\"$ref\":\"#/$defs/g%22h\"}]}";
	(void)state;
	assert_valid(schema, "[null,null,null,null]");
	assert_invalid(schema, "[1]");
	assert_invalid(schema, "[null,1]");
	assert_invalid(schema, "[null,null,1]");
	assert_invalid(schema, "[null,null,null,1]");
}

static void
test_anchors_and_ids_are_found(void **state)
{
	static const char schema[] =
	    "{\"$id\":\"https://example.com/payment\",\"$defs\":{"
	    "\"a\":{\"$anchor\":\"amount\",\"type\":\"number\"},"
	    "\"p\":{\"$id\":\"https://example.com/party\",\"type\":\"string\","
	    "\"$defs\":{\"q\":{\"type\":\"null\"}},"
	    "\"anyOf\":[true,{\"$ref\":\"#/$defs/q\"}]}},"
	    "\"prefixItems\":[{\"$ref\":\"#amount\"},"
	    "{\"$ref\":\"https://example.com/party\"},"
	    "{\"$ref\":\"https://example.com/payment#amount\"},"
	    "{\"$ref\":\"https://example.com/party#/$defs/q\"}]}";
	(void)state;
	assert_valid(schema, "[1,\"a\",2,null]");
	assert_invalid(schema, "[\"1\"]");
	assert_invalid(schema, "[1,2]");
	assert_invalid(schema, "[1,\"a\",\"b\"]");
	assert_invalid(schema, "[1,\"a\",2,3]");
}

static void
test_recursion_that_goes_into_the_value_is_fine(void **state)
{
	static const char schema[] =
	    "{\"properties\":{\"value\":{\"type\":\"number\"},\"children\":"
	    "{\"items\":{\"$ref\":\"#\"}}},\"additionalProperties\":false}";
	(void)state;
	assert_valid(schema,
	    "{\"value\":1,\"children\":[{\"value\":2,\"children\":[{}]}]}");
	assert_finding(schema,
	    "{\"children\":[{},{\"children\":[{\"value\":\"x\"}]}]}",
	    "/children/1/children/0/value", "type", NULL);
}

static void
test_recursion_that_stands_still_is_refused(void **state)
{
	(void)state;
	assert_refused("{\"$ref\":\"#\"}", "", "$ref", "for ever");
	assert_refused("{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}"
		       "]},\"b\":{\"not\":{\"$ref\":\"#/$defs/a\"}}}}",
	    "/$defs/a/allOf/0", "$ref", "for ever");
}

static void
test_references_out_of_the_document_are_refused(void **state)
{
	(void)state;
	assert_refused("{\"$ref\":\"https://example.com/other\"}", "", "$ref",
	    "leads nowhere");
	assert_refused("{\"items\":{\"$ref\":\"#/$defs/x\"}}", "/items", "$ref",
	    "leads nowhere");
	assert_refused("{\"$ref\":\"#nobody\"}", "", "$ref", "leads nowhere");
	assert_refused("{\"prefixItems\":[{\"$ref\":\"#/prefixItems/1\"}]}",
	    "/prefixItems/0", "$ref", "leads nowhere");
}

static void
test_a_name_given_twice_is_refused(void **state)
{
	(void)state;
	assert_refused("{\"$defs\":{\"a\":{\"$anchor\":\"x\"},"
		       "\"b\":{\"$anchor\":\"x\"}}}",
	    "/$defs/b", "$anchor", "is there twice");
	assert_refused("{\"$defs\":{\"a\":{\"$id\":\"urn:x\"},"
		       "\"b\":{\"$id\":\"urn:x\"}}}",
	    "/$defs/b", "$id", "is there twice");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pointers_lead_anywhere_in_the_document),
	    cmocka_unit_test(test_pointers_are_unescaped),
	    cmocka_unit_test(test_anchors_and_ids_are_found),
	    cmocka_unit_test(test_recursion_that_goes_into_the_value_is_fine),
	    cmocka_unit_test(test_recursion_that_stands_still_is_refused),
	    cmocka_unit_test(test_references_out_of_the_document_are_refused),
	    cmocka_unit_test(test_a_name_given_twice_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
