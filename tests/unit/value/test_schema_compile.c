/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
test_an_unknown_keyword_is_refused_with_the_nearest(void **state)
{
	(void)state;
	assert_refused("{\"properties\":{\"a\":{\"maxLenght\":5}}}",
	    "/properties/a", "maxLenght", "did you mean \"maxLength\"?");
	assert_refused("{\"zzzzzz\":5}", "", "zzzzzz",
	    "unknown keyword \"zzzzzz\"");
}

static void
test_words_of_other_drafts_are_explained(void **state)
{
	(void)state;
	assert_refused("{\"definitions\":{}}", "", "definitions", "$defs");
	assert_refused("{\"dependencies\":{}}", "", "dependencies",
	    "dependentRequired");
	assert_refused("{\"$dynamicRef\":\"#a\"}", "", "$dynamicRef", "$ref");
	assert_refused("{\"$schema\":\"http://json-schema.org/draft-07/"
		       "schema#\"}",
	    "", "$schema", "2020-12");
	assert_valid("{\"$schema\":\"https://json-schema.org/draft/2020-12/"
		     "schema\"}",
	    "1");
}

static void
test_all_errors_come_in_one_run(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	(void)state;
	assert_null(schema_compile(arena,
	    value_of(arena, "{\"type\":\"strin\",\"minimum\":\"1\","
			    "\"items\":{\"required\":\"a\"},\"minItems\":-1}"),
	    &errors));
	assert_int_equal(errors.count, 4);
	arena_free(&arena);
}

static void
test_a_keyword_of_the_wrong_kind_is_refused(void **state)
{
	static const struct {
		const char *schema;
		const char *keyword;
	} rows[] = {
	    {"{\"type\":\"int\"}", "type"},
	    {"{\"type\":[]}", "type"},
	    {"{\"type\":[\"null\",\"null\"]}", "type"},
	    {"{\"enum\":1}", "enum"},
	    {"{\"multipleOf\":0}", "multipleOf"},
	    {"{\"multipleOf\":-1}", "multipleOf"},
	    {"{\"maximum\":\"1\"}", "maximum"},
	    {"{\"exclusiveMinimum\":true}", "exclusiveMinimum"},
	    {"{\"maxLength\":1.5}", "maxLength"},
	    {"{\"minItems\":-1}", "minItems"},
	    {"{\"maxProperties\":null}", "maxProperties"},
	    {"{\"pattern\":1}", "pattern"},
	    {"{\"pattern\":\"(\"}", "pattern"},
	    {"{\"format\":\"dat\"}", "format"},
	    {"{\"format\":1}", "format"},
	    {"{\"uniqueItems\":1}", "uniqueItems"},
	    {"{\"required\":\"a\"}", "required"},
	    {"{\"required\":[1]}", "required"},
	    {"{\"required\":[\"a\",\"a\"]}", "required"},
	    {"{\"dependentRequired\":[]}", "dependentRequired"},
	    {"{\"dependentRequired\":{\"a\":1}}", "dependentRequired"},
	    {"{\"properties\":[]}", "properties"},
	    {"{\"patternProperties\":{\"[\":{}}}", "patternProperties"},
	    {"{\"allOf\":[]}", "allOf"},
	    {"{\"anyOf\":{}}", "anyOf"},
	    {"{\"prefixItems\":{}}", "prefixItems"},
	    {"{\"$ref\":1}", "$ref"},
	    {"{\"$id\":1}", "$id"},
	    {"{\"$anchor\":1}", "$anchor"},
	    {"{\"title\":1}", "title"},
	    {"{\"deprecated\":\"yes\"}", "deprecated"},
	    {"{\"examples\":1}", "examples"},
	    {"{\"then\":{}}", "then"},
	    {"{\"maxContains\":1}", "maxContains"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_refused(rows[i].schema, "", rows[i].keyword, "");
	assert_refused("{\"items\":[]}", "/items", "", "a schema is");
	assert_refused("{\"not\":1}", "/not", "", "a schema is");
	assert_refused("1", "", "", "a schema is");
}

static void
test_annotations_are_accepted_and_check_nothing(void **state)
{
	(void)state;
	assert_valid("{\"title\":\"t\",\"description\":\"d\",\"default\":1,"
		     "\"examples\":[1],\"deprecated\":true,\"readOnly\":true,"
		     "\"writeOnly\":false,\"$comment\":\"c\"}",
	    "\"anything\"");
}

static void
test_a_schema_nested_too_deeply_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	const struct value *schema = &value_true;
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct value_builder *outer = value_build_context(arena);
		value_put(outer, STR("not"), schema);
		schema = value_built(outer);
	}
	assert_null(schema_compile(arena, schema, &errors));
	assert_int_equal(errors.count, 1);
	arena_free(&arena);
}

static void
test_errors_are_kept_up_to_a_hundred(void **state)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	struct value_builder *schema = value_build_context(arena);
	(void)state;
	for (int i = 0; i < 500; i++)
		value_put(schema, arena_strf(arena, "unknown%d", i),
		    &value_true);
	assert_null(schema_compile(arena, value_built(schema), &errors));
	assert_int_equal(errors.count, 100);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_an_unknown_keyword_is_refused_with_the_nearest),
	    cmocka_unit_test(test_words_of_other_drafts_are_explained),
	    cmocka_unit_test(test_all_errors_come_in_one_run),
	    cmocka_unit_test(test_a_keyword_of_the_wrong_kind_is_refused),
	    cmocka_unit_test(test_annotations_are_accepted_and_check_nothing),
	    cmocka_unit_test(test_a_schema_nested_too_deeply_is_refused),
	    cmocka_unit_test(test_errors_are_kept_up_to_a_hundred),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
