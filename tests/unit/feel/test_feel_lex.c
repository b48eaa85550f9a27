/* SPDX-License-Identifier: Apache-2.0 */
/* test_feel_lex.c: characters, white space, names, numbers, strings. */
#include "feel_parser.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static size_t
space_end(const char *text)
{
	return feel_lex_space(str_of(text), 0);
}

static void
test_white_space_and_comments_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(space_end("  \t\n\rx"), 5);
	assert_int_equal(space_end("\u00a0\u3000x"), 5);
	assert_int_equal(space_end("// to the end\nx"), 14);
	assert_int_equal(space_end("// to the end"), 13);
	assert_int_equal(space_end("/* a */ /* b */x"), 15);
	assert_int_equal(space_end("/x"), 0);
}

static void
test_a_comment_without_end_is_not_skipped(void **state)
{
	(void)state;
	assert_int_equal(space_end(" /* a"), 1);
	assert_int_equal(space_end("/*/"), 0);
}

static size_t
name_end(const char *text)
{
	return feel_lex_identifier(str_of(text), 0);
}

static void
test_names_begin_with_a_letter(void **state)
{
	(void)state;
	assert_int_equal(name_end("abc1_ d"), 5);
	assert_int_equal(name_end("_a"), 2);
	assert_int_equal(name_end("Größe+"), 7);
	assert_int_equal(name_end("🐎:"), 4);
	assert_int_equal(name_end("?"), 1);
	assert_int_equal(name_end("1a"), 0);
	assert_int_equal(name_end(""), 0);
}

static size_t
number_end(const char *text)
{
	return feel_lex_number(str_of(text), 0);
}

static void
test_the_dots_of_a_range_belong_to_no_number(void **state)
{
	(void)state;
	assert_int_equal(number_end("12"), 2);
	assert_int_equal(number_end("1.25)"), 4);
	assert_int_equal(number_end(".5"), 2);
	assert_int_equal(number_end("1..2"), 1);
	assert_int_equal(number_end("1."), 1);
	assert_int_equal(number_end("1.5e+3x"), 6);
	assert_int_equal(number_end("1e"), 1);
	assert_int_equal(number_end("1e+"), 1);
	assert_int_equal(number_end("."), 0);
}

static void
test_a_string_ends_at_its_quote(void **state)
{
	(void)state;
	assert_int_equal(feel_lex_string(STR("\"a\" b"), 0), 3);
	assert_int_equal(feel_lex_string(STR("\"a\\\"b\""), 0), 6);
	assert_int_equal(feel_lex_string(STR("\"a"), 0), SIZE_MAX);
	assert_int_equal(feel_lex_string(STR("\"a\\"), 0), SIZE_MAX);
}

static void
assert_unescaped(const char *literal, const char *expected)
{
	struct arena *arena = arena_new();
	struct str out = {NULL, 0};
	size_t at;
	size_t bytes;
	bool ok = feel_lex_unescape(arena, str_of(literal), &out, &at, &bytes);

	if (expected == NULL)
		assert_false(ok);
	else
		assert_true(ok && str_equal(out, str_of(expected)));
	arena_free(&arena);
}

static void
test_escapes_stand_for_characters(void **state)
{
	(void)state;
	assert_unescaped("\"a\\n\\t\\\"\\\\\\'\"", "a\n\t\"\\'");
	assert_unescaped("\"\\u20ac\"", "€");
	assert_unescaped("\"\\uD83D\\uDC0E\"", "🐎");
	assert_unescaped("\"\\U01F40E\"", "🐎");
	/* What is no escape stays: patterns have many. */
	assert_unescaped("\"\\d\\p{L}\"", "\\d\\p{L}");
	assert_unescaped("\"\\u12\"", NULL);
	assert_unescaped("\"\\ud83d\"", NULL);
	assert_unescaped("\"\\ud83d\\u0041\"", NULL);
	assert_unescaped("\"\\udc0e\"", NULL);
	assert_unescaped("\"\\U00d800\"", NULL);
	assert_unescaped("\"\\U110000\"", NULL);
}

static size_t
match(const char *text, const char *name)
{
	return feel_lex_match_name(str_of(text), 0, str_of(name));
}

static void
test_a_known_name_is_matched_whole(void **state)
{
	(void)state;
	assert_int_equal(match("date and time(", "date and time"), 13);
	assert_int_equal(match("date  and\n time(", "date and time"), 15);
	assert_int_equal(match("date and timer", "date and time"), 0);
	assert_int_equal(match("a-b", "a-b"), 3);
	assert_int_equal(match("a - b", "a-b"), 0);
	assert_int_equal(match("ab", "a"), 0);
	assert_int_equal(match("a+b", "a"), 1);
	assert_int_equal(match("a*b", "a*"), 2);
	assert_int_equal(match("é", "é"), 2);
	assert_int_equal(match("dateandtime", "date and time"), 0);
}

static void
test_a_key_ends_before_its_colon(void **state)
{
	(void)state;
	assert_int_equal(feel_lex_key(STR("a b : 1"), 0), 3);
	assert_int_equal(feel_lex_key(STR("foo+bar: 1"), 0), 7);
	assert_int_equal(feel_lex_key(STR("a"), 0), 0);
	assert_int_equal(feel_lex_key(STR("a(b: 1"), 0), 0);
	assert_int_equal(feel_lex_key(STR("1a: 1"), 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_white_space_and_comments_are_skipped),
		cmocka_unit_test(test_a_comment_without_end_is_not_skipped),
		cmocka_unit_test(test_names_begin_with_a_letter),
		cmocka_unit_test(test_the_dots_of_a_range_belong_to_no_number),
		cmocka_unit_test(test_a_string_ends_at_its_quote),
		cmocka_unit_test(test_escapes_stand_for_characters),
		cmocka_unit_test(test_a_known_name_is_matched_whole),
		cmocka_unit_test(test_a_key_ends_before_its_colon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
