/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
test_items_are_counted(void **state)
{
	(void)state;
	assert_valid("{\"maxItems\":2}", "[1,2]");
	assert_finding("{\"maxItems\":2}", "[1,2,3]", "", "maxItems",
	    "at most 2 items");
	assert_valid("{\"minItems\":1}", "[1]");
	assert_invalid("{\"minItems\":1}", "[]");
	assert_valid("{\"minItems\":1}", "\"\"");
}

static void
test_unique_items_compares_deeply(void **state)
{
	(void)state;
	assert_valid("{\"uniqueItems\":true}", "[1,\"1\",true,[1],{\"1\":1}]");
	assert_valid("{\"uniqueItems\":true}", "[[1,2],[2,1],[12]]");
	assert_valid("{\"uniqueItems\":true}", "[0,false,null,\"\",[],{}]");
	assert_valid("{\"uniqueItems\":true}",
	    "[{\"a\":{\"b\":1}},{\"a\":1,\"b\":1}]");
	assert_valid("{\"uniqueItems\":false}", "[1,1]");
	assert_finding("{\"uniqueItems\":true}", "[1,2,1.00]", "",
	    "uniqueItems", "the items 0 and 2 are the same");
	assert_invalid("{\"uniqueItems\":true}", "[100,1E2]");
	assert_invalid("{\"uniqueItems\":true}",
	    "[{\"a\":1,\"b\":[2]},{\"b\":[2.0],\"a\":1}]");
}

static void
test_unique_items_of_a_long_list_takes_no_time(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	const struct schema *schema =
	    schema_of(arena, "{\"uniqueItems\":true}");
	struct value_builder *list = value_build_list(arena);
	for (int64_t i = 0; i < 100000; i++)
		value_append(list, value_of_int(arena, i));
	assert_true(schema_validate(schema, value_built(list), &errors));
	arena_free(&arena);
}

static void
test_prefix_items_then_items(void **state)
{
	static const char schema[] =
	    "{\"prefixItems\":[{\"type\":\"string\"},{\"type\":\"number\"}],"
	    "\"items\":{\"type\":\"boolean\"}}";
	(void)state;
	assert_valid(schema, "[\"a\",1,true,false]");
	assert_valid(schema, "[\"a\"]");
	assert_valid(schema, "[]");
	assert_valid(schema, "{\"0\":1}");
	assert_finding(schema, "[\"a\",\"b\"]", "/1", "type", NULL);
	assert_finding(schema, "[\"a\",1,0]", "/2", "type", NULL);
	assert_invalid("{\"prefixItems\":[{}],\"items\":false}", "[1,2]");
}

static void
test_contains_counts_what_matches(void **state)
{
	(void)state;
	assert_valid("{\"contains\":{\"minimum\":5}}", "[1,5]");
	assert_invalid("{\"contains\":{\"minimum\":5}}", "[1,2]");
	assert_invalid("{\"contains\":true}", "[]");
	assert_valid("{\"contains\":true}", "{}");
	assert_valid("{\"contains\":{\"const\":1},\"minContains\":2}",
	    "[1,2,1]");
	assert_finding("{\"contains\":{\"const\":1},\"minContains\":2}",
	    "[1,2]", "", "minContains", "1 items match");
	assert_valid("{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,2]");
	assert_finding("{\"contains\":{\"const\":1},\"maxContains\":1}",
	    "[1,1]", "", "maxContains", "2 items match");
	assert_valid("{\"contains\":{\"const\":1},\"minContains\":0}", "[]");
}

static void
test_unevaluated_items_are_those_no_keyword_saw(void **state)
{
	(void)state;
	assert_valid("{\"unevaluatedItems\":false}", "[]");
	assert_invalid("{\"unevaluatedItems\":false}", "[1]");
	assert_valid("{\"items\":{},\"unevaluatedItems\":false}", "[1]");
	assert_valid("{\"prefixItems\":[{}],\"unevaluatedItems\":"
		     "{\"type\":\"string\"}}",
	    "[1,\"a\"]");
	assert_finding("{\"prefixItems\":[{}],\"unevaluatedItems\":"
		       "{\"type\":\"string\"}}",
	    "[1,2]", "/1", "type", NULL);
	assert_valid("{\"allOf\":[{\"prefixItems\":[{},{}]}],"
		     "\"unevaluatedItems\":false}",
	    "[1,2]");
	assert_invalid("{\"allOf\":[{\"prefixItems\":[{},{}]}],"
		       "\"unevaluatedItems\":false}",
	    "[1,2,3]");
	assert_valid("{\"contains\":{\"const\":1},\"unevaluatedItems\":"
		     "{\"const\":2}}",
	    "[1,2,1]");
	assert_invalid("{\"anyOf\":[{\"prefixItems\":[{\"const\":1},{}]},"
		       "{\"prefixItems\":[{}]}],\"unevaluatedItems\":false}",
	    "[2,3]");
	assert_valid("{\"anyOf\":[{\"prefixItems\":[{}]},"
		     "{\"prefixItems\":[{\"const\":1},{}]}],"
		     "\"unevaluatedItems\":false}",
	    "[1,3]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_items_are_counted),
	    cmocka_unit_test(test_unique_items_compares_deeply),
	    cmocka_unit_test(test_unique_items_of_a_long_list_takes_no_time),
	    cmocka_unit_test(test_prefix_items_then_items),
	    cmocka_unit_test(test_contains_counts_what_matches),
	    cmocka_unit_test(test_unevaluated_items_are_those_no_keyword_saw),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
