/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
assert_str(struct str actual, const char *expected)
{
	assert_int_equal(actual.bytes, strlen(expected));
	assert_memory_equal(actual.at, expected, actual.bytes);
}

static void
test_compare_orders_by_bytes_and_shorter_first(void **state)
{
	(void)state;
	assert_true(str_compare(STR("a"), STR("b")) < 0);
	assert_true(str_compare(STR("ab"), STR("a")) > 0);
	assert_true(str_compare(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_compare(STR("a"), STR("a")), 0);
	assert_int_equal(str_compare((struct str){NULL, 0}, STR("")), 0);
}

static void
test_one_is_among_others(void **state)
{
	const struct str words[] = {STR_INIT("paid"), STR_INIT("held")};

	(void)state;
	assert_true(str_is_among(STR("held"), words, 2));
	assert_false(str_is_among(STR("held"), words, 1));
	assert_false(str_is_among(STR("hel"), words, 2));
	assert_false(str_is_among(STR("paid"), NULL, 0));
}

static void
test_prefix_and_suffix_of_the_empty_string(void **state)
{
	(void)state;
	assert_true(str_has_prefix((struct str){NULL, 0}, STR("")));
	assert_false(str_has_prefix(STR(""), STR("a")));
	assert_true(str_has_prefix(STR("payment"), STR("pay")));
	assert_true(str_has_suffix(STR("payment"), STR("ment")));
	assert_false(str_has_suffix(STR("ent"), STR("ment")));
	assert_true(str_has_suffix(STR("x"), (struct str){NULL, 0}));
}

static void
test_trim_takes_white_space_at_both_ends(void **state)
{
	(void)state;
	assert_str(str_trim(STR(" \t a b\r\n")), "a b");
	assert_str(str_trim(STR(" \v\f ")), "");
	assert_null(str_trim((struct str){NULL, 0}).at);
}

static void
test_split_tells_an_empty_rest_from_none(void **state)
{
	struct str rest;

	(void)state;
	assert_str(str_split(STR("a,b,c"), ',', &rest), "a");
	assert_str(rest, "b,c");
	assert_str(str_split(STR("a,"), ',', &rest), "a");
	assert_non_null(rest.at);
	assert_str(rest, "");
	assert_str(str_split(STR("a"), ',', &rest), "a");
	assert_null(rest.at);
}

static void
test_slice_is_cut_to_what_there_is(void **state)
{
	(void)state;
	assert_str(str_slice(STR("payment"), 3, 2), "me");
	assert_str(str_slice(STR("payment"), 3, SIZE_MAX), "ment");
	assert_str(str_slice(STR("payment"), SIZE_MAX, SIZE_MAX), "");
	assert_null(str_slice((struct str){NULL, 0}, 1, 1).at);
}

static void
test_find_gives_the_first_index(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("banana"), STR("an")), 1);
	assert_int_equal(str_find(STR("banana"), STR("")), 0);
	assert_true(str_find(STR("banana"), STR("x")) == SIZE_MAX);
	assert_true(str_find(STR(""), STR("x")) == SIZE_MAX);
}

static void
test_parse_int_takes_digits_only_and_keeps_the_bounds(void **state)
{
	int64_t n = 7;

	(void)state;
	assert_true(str_parse_int(STR("0042"), 0, 42, &n));
	assert_int_equal(n, 42);
	assert_true(str_parse_int(STR("-1"), -1, 1, &n));
	assert_int_equal(n, -1);
	assert_false(str_parse_int(STR(""), 0, 1, &n));
	assert_false(str_parse_int(STR("-"), -1, 1, &n));
	assert_false(str_parse_int(STR("+1"), 0, 1, &n));
	assert_false(str_parse_int(STR(" 1"), 0, 1, &n));
	assert_false(str_parse_int(STR("1x"), 0, 1, &n));
	assert_false(str_parse_int(STR("2"), 0, 1, &n));
	assert_int_equal(n, -1);
}

static void
test_parse_int_reaches_both_ends_and_no_further(void **state)
{
	int64_t n = 0;

	(void)state;
	assert_true(str_parse_int(
	    STR("-9223372036854775808"), INT64_MIN, INT64_MAX, &n));
	assert_true(n == INT64_MIN);
	assert_true(str_parse_int(
	    STR("9223372036854775807"), INT64_MIN, INT64_MAX, &n));
	assert_true(n == INT64_MAX);
	assert_false(str_parse_int(
	    STR("9223372036854775808"), INT64_MIN, INT64_MAX, &n));
	assert_false(str_parse_int(
	    STR("-9223372036854775809"), INT64_MIN, INT64_MAX, &n));
}

static void
test_utf8_rejects_overlong_surrogate_cut_and_too_high(void **state)
{
	(void)state;
	assert_true(str_is_utf8(STR("")));
	assert_true(str_is_utf8(STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xb6")));
	assert_true(str_is_utf8(STR("\xf4\x8f\xbf\xbf\xed\x9f\xbf")));
	assert_false(str_is_utf8(STR("\xc0\x80")));
	assert_false(str_is_utf8(STR("\xc1\xbf")));
	assert_false(str_is_utf8(STR("\xe0\x9f\xbf")));
	assert_false(str_is_utf8(STR("\xf0\x8f\xbf\xbf")));
	assert_false(str_is_utf8(STR("\xed\xa0\x80")));
	assert_false(str_is_utf8(STR("\xf4\x90\x80\x80")));
	assert_false(str_is_utf8(STR("\xe2\x82")));
	assert_false(str_is_utf8(STR("\xe2\x82x")));
	assert_false(str_is_utf8(STR("\x80")));
	assert_false(str_is_utf8(STR("\xff")));
}

static void
test_every_code_point_survives_put_and_next(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		char out[4];
		size_t offset = 0;

		if (cp == 0xd800)
			cp = 0xe000;
		struct str s = {out, str_put_codepoint(out, cp)};
		if (str_next_codepoint(s, &offset) != cp || offset != s.bytes)
			fail_msg("U+%04X", cp);
	}
}

static void
test_code_points_are_counted_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(str_count_codepoints(STR("5 \xe2\x82\xac")), 3);
	assert_int_equal(str_count_codepoints(STR("")), 0);
}

static void
test_broken_text_can_be_walked(void **state)
{
	(void)state;
	assert_str(str_codepoint_at(STR("\xe2\x82\xac"), 0), "\xe2\x82\xac");
	assert_int_equal(str_codepoint_at(STR("\xe2\x82\xac"), 1).bytes, 0);
	assert_int_equal(str_codepoint_at(STR("\xe2\x82"), 0).bytes, 0);
	assert_int_equal(str_codepoint_at(STR(""), 0).bytes, 0);
}

static void
test_nearest_finds_a_mistyped_word(void **state)
{
	static const struct str words[] = {
	    STR_INIT("compensate"), STR_INIT("context"), STR_INIT("on"),
	    STR_INIT("call")};

	(void)state;
	assert_str(str_nearest(STR("compenzaet"), words, 4), "compensate");
	assert_str(str_nearest(STR("cotnext"), words, 4), "context");
	assert_str(str_nearest(STR("no"), words, 4), "on");
	assert_str(str_nearest(STR("cal"), words, 4), "call");
	assert_null(str_nearest(STR("zzzzzz"), words, 4).at);
	assert_null(str_nearest(STR(""), words, 4).at);
	assert_null(str_nearest(STR("x"), NULL, 0).at);
}

static void
test_nearest_of_two_equally_near_is_the_first(void **state)
{
	static const struct str words[] = {STR_INIT("cart"), STR_INIT("card")};

	(void)state;
	assert_str(str_nearest(STR("carx"), words, 2), "cart");
}

static void
test_hexadecimal_digits_have_their_values_in_both_cases(void **state)
{
	(void)state;
	assert_int_equal(str_hex_digit('0'), 0);
	assert_int_equal(str_hex_digit('9'), 9);
	assert_int_equal(str_hex_digit('a'), 10);
	assert_int_equal(str_hex_digit('F'), 15);
	assert_int_equal(str_hex_digit('g'), -1);
	assert_int_equal(str_hex_digit('@'), -1);
	assert_int_equal(str_hex_digit('\0'), -1);
}

static void
test_two_hexadecimal_digits_are_a_byte(void **state)
{
	(void)state;
	assert_int_equal(str_hex_byte(STR("00fF9"), 0), 0);
	assert_int_equal(str_hex_byte(STR("00fF9"), 2), 255);
	assert_int_equal(str_hex_byte(STR("00fF9"), 3), 0xf9);
	assert_int_equal(str_hex_byte(STR("00fF9"), 4), -1);
	assert_int_equal(str_hex_byte(STR("00fF9"), 9), -1);
	assert_int_equal(str_hex_byte(STR("4g"), 0), -1);
	assert_int_equal(str_hex_byte(STR("-4"), 0), -1);
	assert_int_equal(str_hex_byte(STR(""), 0), -1);
}

/* Nine bytes of room: eight, and the closing zero byte. */
static void
assert_written(const char *text, const char *expected)
{
	char out[9];

	str_write(out, sizeof(out), "%s", text);
	assert_string_equal(out, expected);
}

static void
test_what_is_written_is_not_cut_within_a_character(void **state)
{
	char one[1];

	(void)state;
	assert_written("", "");
	assert_written("12345678", "12345678");
	assert_written("123456789", "12345678");
	assert_written("123456ä", "123456ä");
	assert_written("123456ä9", "123456ä");
	assert_written("1234567ä", "1234567");
	assert_written("12345€9", "12345€");
	assert_written("123456€", "123456");
	assert_written("1234567€", "1234567");
	assert_written("1234😀9", "1234😀");
	assert_written("12345😀", "12345");
	assert_written("1234567😀", "1234567");
	str_write(one, sizeof(one), "ä");
	assert_string_equal(one, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_compare_orders_by_bytes_and_shorter_first),
	    cmocka_unit_test(test_one_is_among_others),
	    cmocka_unit_test(test_prefix_and_suffix_of_the_empty_string),
	    cmocka_unit_test(test_trim_takes_white_space_at_both_ends),
	    cmocka_unit_test(test_split_tells_an_empty_rest_from_none),
	    cmocka_unit_test(test_slice_is_cut_to_what_there_is),
	    cmocka_unit_test(test_find_gives_the_first_index),
	    cmocka_unit_test(
		test_parse_int_takes_digits_only_and_keeps_the_bounds),
	    cmocka_unit_test(test_parse_int_reaches_both_ends_and_no_further),
	    cmocka_unit_test(
		test_utf8_rejects_overlong_surrogate_cut_and_too_high),
	    cmocka_unit_test(test_every_code_point_survives_put_and_next),
	    cmocka_unit_test(test_code_points_are_counted_not_bytes),
	    cmocka_unit_test(test_broken_text_can_be_walked),
	    cmocka_unit_test(
		test_hexadecimal_digits_have_their_values_in_both_cases),
	    cmocka_unit_test(test_two_hexadecimal_digits_are_a_byte),
	    cmocka_unit_test(
		test_what_is_written_is_not_cut_within_a_character),
	    cmocka_unit_test(test_nearest_finds_a_mistyped_word),
	    cmocka_unit_test(test_nearest_of_two_equally_near_is_the_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
