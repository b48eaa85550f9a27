/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

#include <stdlib.h>

/* {"pattern": …} and "text", escaped as JSON. */
static bool
matches(const char *expression, const char *text)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	struct value_builder *document = value_build_context(arena);
	value_put_str(document, "pattern", str_of(expression));
	const struct schema *schema =
	    schema_compile(arena, value_built(document), &errors);
	if (!schema)
		fail_msg("%s: %.*s", expression,
		    STR_ARG(errors.items[0].message));
	bool valid = schema_validate(schema,
	    value_copy_str(arena, str_of(text)), &errors);
	arena_free(&arena);
	return valid;
}

static bool
compiles(const char *expression)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	struct value_builder *document = value_build_context(arena);
	value_put_str(document, "pattern", str_of(expression));
	bool compiled =
	    schema_compile(arena, value_built(document), &errors) != NULL;
	arena_free(&arena);
	return compiled;
}

static void
test_patterns_of_everyday_use(void **state)
{
	(void)state;
	assert_true(matches("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$",
	    "DE89370400440532013000"));
	assert_false(matches("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$",
	    "DE89 3704 0044 0532 0130 00"));
	assert_true(matches("^\\d{4}-\\d{2}$", "2026-11"));
	assert_true(matches("a|b", "xbx"));
	assert_true(matches("^(?:a|b)+?c$", "abac"));
	assert_true(matches("^(?<year>\\d+)-\\k<year>$", "26-26"));
	assert_true(matches("(?<=EUR )\\d", "EUR 5"));
	assert_true(matches("", "anything"));
}

static void
test_the_end_is_the_very_end(void **state)
{
	(void)state;
	assert_true(matches("^abc$", "abc"));
	assert_false(matches("^abc$", "abc\n"));
}

static void
test_digits_and_words_are_ascii(void **state)
{
	(void)state;
	assert_false(matches("^\\d$", "\xe0\xa7\xaa"));
	assert_true(matches("^\\D$", "\xe0\xa7\xaa"));
	assert_false(matches("^\\w$", "\xc3\xa9"));
	assert_true(matches("^\\W$", "\xc3\xa9"));
}

static void
test_white_space_is_unicode(void **state)
{
	(void)state;
	assert_true(matches("^\\s$", " "));
	assert_true(matches("^\\s$", "\xc2\xa0"));
	assert_true(matches("^[\\s]$", "\xef\xbb\xbf"));
	assert_false(matches("^\\S$", "\xe2\x80\x83"));
	assert_true(matches("^\\S$", "x"));
}

static void
test_a_dot_is_a_code_point(void **state)
{
	(void)state;
	assert_true(matches("^.$", "\xf0\x9f\x92\xa9"));
	assert_false(matches("^.$", "\n"));
	assert_false(matches("^.$", "\r"));
}

static void
test_escapes_of_ecma_262(void **state)
{
	(void)state;
	assert_true(matches("^\\u0041\\x42\\u{1f4a9}$", "AB\xf0\x9f\x92\xa9"));
	assert_true(matches("^\\t\\n\\v\\f\\r\\cA$", "\t\n\v\f\r\x01"));
	assert_true(matches("^\\/\\.\\-$", "/.-"));
	assert_true(matches("^\\p{Lu}\\P{Lu}$", "\xc3\x89\xc3\xa9"));
	assert_true(matches("^[[a]+$", "[a"));
	assert_true(matches("^[[:a]+$", "[:a"));
	assert_false(matches("[]", "x"));
	assert_true(matches("^[^]$", "x"));
}

static void
test_what_only_pcre_has_is_refused(void **state)
{
	static const char *const expressions[] = {"a++", "a*+", "a?+", "a{2}+",
	    "(?>a)", "(?i)a", "(?R)", "(?1)", "(?#x)", "(?P<a>b)", "(?|a)",
	    "(*UTF)a", "(*LIMIT_MATCH=9)", "(?C1)", "\\Aa", "a\\z", "a\\Z",
	    "\\Qa\\E", "\\R", "\\X", "\\h", "\\K", "\\G", "\\C", "\\a", "\\e",
	    "\\g1", "\\N", "\\L", "\\01", "(", ")", "[", "a**", "\\"};
	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]);
	     i++)
		if (compiles(expressions[i]))
			fail_msg("%s compiles", expressions[i]);
}

static void
test_an_expression_that_explodes_is_stopped(void **state)
{
	(void)state;
	assert_false(matches("^(a+)+$",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"));
	assert_finding("{\"not\":{\"pattern\":\"^(a|a)*[bc]$\"}}",
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
	    "", "pattern", "takes too long");
}

static void
test_a_long_text_is_no_problem(void **state)
{
	size_t bytes = 1000000;
	char *text = malloc(bytes + 1);
	(void)state;
	assert_non_null(text);
	memset(text, 'a', bytes);
	text[bytes] = '\0';
	assert_true(matches("^[a-z]*$", text));
	text[20000] = '\0';
	assert_true(matches("^(?:[a-z]{2})*$", text));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_patterns_of_everyday_use),
	    cmocka_unit_test(test_the_end_is_the_very_end),
	    cmocka_unit_test(test_digits_and_words_are_ascii),
	    cmocka_unit_test(test_white_space_is_unicode),
	    cmocka_unit_test(test_a_dot_is_a_code_point),
	    cmocka_unit_test(test_escapes_of_ecma_262),
	    cmocka_unit_test(test_what_only_pcre_has_is_refused),
	    cmocka_unit_test(test_an_expression_that_explodes_is_stopped),
	    cmocka_unit_test(test_a_long_text_is_no_problem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
