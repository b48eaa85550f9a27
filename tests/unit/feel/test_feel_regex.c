/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_feel_regex.c: XPath's regular expressions, where they differ from
 * PCRE2's, and what only one of the two knows.
 */
#include "feel_regex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum feel_found
find(const char *pattern, const char *flags, const char *subject)
{
	struct arena *arena = arena_new();
	struct feel_env env = {.arena = arena};
	struct feel_run run = {
		.env = &env,
		.arena = arena,
		.steps = 10000,
		.bytes_max = 1 << 20,
	};
	const struct feel_regex *regex =
	    feel_regex_new(arena, str_of(pattern), str_of(flags));
	enum feel_found found = FEEL_GAVE_UP;
	struct feel_match match;

	if (regex != NULL)
		found = feel_regex_find(&run, regex, str_of(subject), 0,
		    &match);
	arena_free(&arena);
	return found;
}

static void
assert_finds(const char *pattern, const char *flags, const char *subject)
{
	if (find(pattern, flags, subject) != FEEL_FOUND)
		fail_msg("/%s/%s does not match \"%s\"", pattern, flags,
		    subject);
}

static void
assert_misses(const char *pattern, const char *flags, const char *subject)
{
	if (find(pattern, flags, subject) != FEEL_NOT_FOUND)
		fail_msg("/%s/%s should not match \"%s\"", pattern, flags,
		    subject);
}

static void
test_a_class_can_take_away_another(void **state)
{
	(void)state;
	assert_finds("^[A-Z-[OI]]+$", "", "ABC");
	assert_misses("^[A-Z-[OI]]+$", "", "ABO");
	assert_finds("^[a-z-[aeiou-[e]]]+$", "", "bed");
	assert_misses("^[a-z-[aeiou-[e]]]+$", "", "bad");
	assert_finds("^[^a-c-[x]]$", "", "d");
	assert_misses("^[^a-c-[x]]$", "", "x");
	assert_finds("^[a-]$", "", "-");
}

static void
test_flags_are_xpaths(void **state)
{
	(void)state;
	assert_finds("A b", "ix", "aB");
	assert_finds("[ ]", "x", " ");
	assert_finds("a.b", "s", "a\nb");
	assert_misses("a.b", "", "a\nb");
	assert_misses("a.b", "", "a\rb");
	assert_finds("^b$", "m", "a\nb\nc");
	assert_misses("^b$", "", "a\nb\nc");
	assert_misses("a$", "", "a\n");
	assert_finds("a.b", "q", "xa.by");
	assert_misses("a.b", "q", "axb");
	assert_finds("A.B", "qi", "a.b");
	assert_int_equal(find("a", "g", "a"), FEEL_GAVE_UP);
}

static void
test_sets_of_characters_are_unicodes(void **state)
{
	(void)state;
	assert_finds("^\\d+$", "", "٣4");
	assert_finds("^\\w+$", "", "Grün€");
	assert_misses("\\w", "", ".,-!");
	assert_finds("^\\i\\c*$", "", "_name-1.2");
	assert_misses("^\\i", "", "1");
	assert_finds("^\\I\\C$", "", "1 ");
	assert_finds("^[\\s\\d]+$", "", "1 2\t3");
	assert_misses("\\S", "", " \t\n\r");
	assert_finds("^\\p{Lu}\\p{Ll}+$", "", "Éa");
	assert_finds("^\\P{L}$", "", "1");
	assert_finds("^\\p{IsBasicLatin}+$", "", "abc");
	assert_misses("\\p{IsGreek}", "", "abc");
	assert_finds("^\\P{IsGreek}+$", "", "abc");
	assert_finds("^[\\p{IsGreek}x]+$", "", "αxβ");
}

static void
test_what_only_pcre_knows_is_no_pattern(void **state)
{
	static const char *const patterns[] = {
		"(?=a)", "(?!a)", "(?<=a)", "(?i)a", "a++", "a*+", "\\b",
		"\\A", "\\Q", "\\x41", "[[:alpha:]]", "\\K", "(?<n>a)",
		"(*ACCEPT)",
		"\\p{Greek}", "\\p{L", "\\pL", "a{,3}", "a{3,2}", "a{99999}",
		"x{2", "*a", "+", "(", ")", "[", "]", "[]", "[a", "{", "}",
		"a**", "(a)\\2", "(\\1)", "\\1(a)", "[\\1]", "\\0", "\\",
		"[\\d-z]",
		"[a-\\d]", "a|*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (find(patterns[i], "", "a") != FEEL_GAVE_UP)
			fail_msg("%s is taken", patterns[i]);
	}
}

static void
test_references_go_back_to_closed_groups(void **state)
{
	(void)state;
	assert_finds("^(a|b)\\1$", "", "bb");
	assert_misses("^(a|b)\\1$", "", "ab");
	/* One group: \11 is the group and a digit. */
	assert_finds("^(a)\\11$", "", "aa1");
	/* A group that took no part is nothing. */
	assert_finds("^(a)?b\\1$", "", "b");
}

static void
test_quantifiers_repeat(void **state)
{
	(void)state;
	assert_finds("^a{2}b{1,}c{0,1}$", "", "aabbb");
	assert_misses("^a{2}$", "", "aaa");
	assert_finds("^(?:ab)+?$", "", "abab");
	assert_finds("^a { 2 } $", "x", "aa");
	assert_finds("^(|a)$", "", "");
}

static void
test_a_pattern_that_tries_for_ever_is_stopped(void **state)
{
	(void)state;
	assert_int_equal(find("(a+)+$", "",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
	    FEEL_GAVE_UP);
	assert_int_equal(find("(a|a?)+$", "",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
	    FEEL_GAVE_UP);
}

static void
test_nesting_and_size_are_bounded(void **state)
{
	char pattern[12001];

	(void)state;
	memset(pattern, '(', 200);
	memset(pattern + 200, ')', 200);
	pattern[400] = '\0';
	assert_int_equal(find(pattern, "", ""), FEEL_GAVE_UP);
	memset(pattern, 'a', sizeof(pattern) - 1);
	pattern[sizeof(pattern) - 1] = '\0';
	assert_int_equal(find(pattern, "", "a"), FEEL_GAVE_UP);
	assert_int_equal(find("((((a{1000}){1000}){1000}){1000})", "", "a"),
	    FEEL_GAVE_UP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_class_can_take_away_another),
		cmocka_unit_test(test_flags_are_xpaths),
		cmocka_unit_test(test_sets_of_characters_are_unicodes),
		cmocka_unit_test(test_what_only_pcre_knows_is_no_pattern),
		cmocka_unit_test(test_references_go_back_to_closed_groups),
		cmocka_unit_test(test_quantifiers_repeat),
		cmocka_unit_test(test_a_pattern_that_tries_for_ever_is_stopped),
		cmocka_unit_test(test_nesting_and_size_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
