/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
assert_plain(const char *text, const char *expected)
{
	struct buf out = {0};
	number_format_plain(number_of(text), &out);
	assert_text(buf_str(&out), expected);
	buf_fini(&out);
}

static void
test_number_keeps_its_digits(void **state)
{
	static const char *const texts[] = {"0", "0.00", "1", "-1", "1234.10",
	    "0.1", "-0.001", "0.000001", "99999999999999999999.99",
	    "9999999999999999999999999999999999",
	    "-0.9999999999999999999999999999999999", "1E+2", "1.0E+3", "1E-7",
	    "1.23E-10", "9.999999999999999999999999999999999E+6144",
	    "1E-6176", "0E+3", "0E-7"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_number(number_of(texts[i]), texts[i]);
}

static void
test_text_is_read_leniently_but_exactly(void **state)
{
	(void)state;
	assert_number(number_of("+1.50"), "1.50");
	assert_number(number_of(".5"), "0.5");
	assert_number(number_of("-.5"), "-0.5");
	assert_number(number_of("007"), "7");
	assert_number(number_of("1e2"), "1E+2");
	assert_number(number_of("12.5E-1"), "1.25");
	assert_number(number_of("0.00000000000000000000000000000000000000001"),
	    "1E-41");
}

static void
test_what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = {"", "-", "+", ".", "5.", "1.e5",
	    "1e", "1e+", "--1", "1..2", "1,5", " 1", "1 ", "0x10", "NaN", "inf",
	    "1e5.0", "1-", "\xd9\xa1"};
	struct number n;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(number_parse(str_of(texts[i]), &n),
		    NUMBER_SYNTAX);
	assert_int_equal(number_parse((struct str){0}, &n), NUMBER_SYNTAX);
}

static void
test_json_numbers_follow_its_grammar(void **state)
{
	static const char *const good[] = {
	    "0", "-0", "10", "1.0", "1e5", "1E+5", "1e-05", "-1.5e3", "0.00"};
	static const char *const bad[] = {"", "-", "01", "-01", "00", "+1",
	    ".5", "1.", "1.e1", "1e", "0x1", "1e1.5", "-.5"};
	struct number n;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(number_parse_json(str_of(good[i]), &n),
		    NUMBER_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(number_parse_json(str_of(bad[i]), &n),
		    NUMBER_SYNTAX);
}

static void
test_digits_that_do_not_fit_are_refused_not_rounded(void **state)
{
	struct number n;
	(void)state;
	assert_int_equal(
	    number_parse(STR("12345678901234567890123456789012345"), &n),
	    NUMBER_INEXACT);
	assert_int_equal(
	    number_parse(STR("0.12345678901234567890123456789012340"), &n),
	    NUMBER_INEXACT);
	assert_number(number_of("000000001234567890123456789012345678901234"),
	    "1234567890123456789012345678901234");
}

/* As number_format_plain() writes them. */
static void
test_zeros_that_do_not_fit_are_the_exponents(void **state)
{
	struct number n;
	(void)state;
	assert_int_equal(number_parse_plain(
	    STR("1250000000000000000000000000000000000"), &n), NUMBER_OK);
	assert_true(number_equal(n, number_of("1.25E+36")));
	assert_int_equal(number_parse_plain(
	    STR("-7000000000000000000000000000000000000.00E+2"), &n),
	    NUMBER_OK);
	assert_true(number_equal(n, number_of("-7E+38")));
	assert_int_equal(number_parse_plain(
	    STR("1250000000000000000000000000000000001"), &n),
	    NUMBER_INEXACT);
	assert_int_equal(number_parse(
	    STR("1250000000000000000000000000000000000"), &n),
	    NUMBER_INEXACT);
	assert_int_equal(number_parse_plain(STR("7.10"), &n), NUMBER_OK);
	assert_number(n, "7.10");
}

static void
test_exponents_are_shifted_into_range_or_refused(void **state)
{
	struct number n;
	(void)state;
	assert_number(number_of("1E6144"),
	    "1.000000000000000000000000000000000E+6144");
	assert_number(number_of("10E-6177"), "1E-6176");
	assert_number(number_of("0E99999999999999999999"), "0E+6111");
	assert_number(number_of("0E-99999999999999999999"), "0E-6176");
	assert_int_equal(number_parse(STR("1E6145"), &n), NUMBER_RANGE);
	assert_int_equal(number_parse(STR("1E-6177"), &n), NUMBER_RANGE);
	assert_int_equal(number_parse(STR("1E99999999999999999999"), &n),
	    NUMBER_RANGE);
	assert_int_equal(number_parse(STR("1E-99999999999999999999"), &n),
	    NUMBER_RANGE);
}

static void
test_plain_text_never_has_an_exponent(void **state)
{
	(void)state;
	assert_plain("1E2", "100");
	assert_plain("1.50E3", "1500"); /* 1.50E3 is the integer 150E1 */
	assert_plain("1E-9", "0.000000001");
	assert_plain("-12E-10", "-0.0000000012");
	assert_plain("0E3", "0");
	assert_plain("0E-9", "0.000000000");
	assert_plain("1234.10", "1234.10");
	assert_plain("1E30", "1000000000000000000000000000000");
}

static void
test_plain_text_of_the_largest_number(void **state)
{
	struct buf out = {0};
	(void)state;
	number_format_plain(number_of("1E6144"), &out);
	assert_int_equal(out.bytes, 6145);
	buf_clear(&out);
	number_format_plain(number_of("-1E-6176"), &out);
	assert_int_equal(out.bytes, 6179);
	buf_fini(&out);
}

static void
assert_key(const char *text, const char *expected)
{
	struct buf out = {0};

	number_format_key(number_of(text), &out);
	assert_text(buf_str(&out), expected);
	buf_fini(&out);
}

static void
test_equal_numbers_are_one_key(void **state)
{
	(void)state;
	assert_key("7", "7");
	assert_key("7.0", "7");
	assert_key("0.70E+1", "7");
	assert_key("1E+3", "1000");
	assert_key("1000", "1000");
	assert_key("-7.10", "-7.1");
	assert_key("0", "0");
	assert_key("-0.00", "0");
	assert_key("0E+9", "0");
	assert_key("1.0E-9", "0.000000001");
	assert_key("1E+33", "1000000000000000000000000000000000");
	assert_key("10E+33", "1E+34");
	assert_key("1.50E+6000", "1.5E+6000");
	assert_key("1E-34", "0.0000000000000000000000000000000001");
	assert_key("1.0E-35", "1E-35");
	assert_key("9999999999999999999999999999999999",
	    "9999999999999999999999999999999999");
}

static void
test_jcs_prints_only_some_numbers_as_we_do(void **state)
{
	static const char *const exact[] = {"0", "1", "-1", "100", "0.5",
	    "123456789012345", "0.000001", "-1234.1", "999999999999.999"};
	static const char *const changed[] = {"1.0", "0.00", "1234.10", "1E+2",
	    "1234567890123456", "0.1234567890123456", "1E-7", "0E+1",
	    "0.10"};
	(void)state;
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
		assert_true(number_is_jcs_exact(number_of(exact[i])));
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		assert_false(number_is_jcs_exact(number_of(changed[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_number_keeps_its_digits),
	    cmocka_unit_test(test_text_is_read_leniently_but_exactly),
	    cmocka_unit_test(test_what_is_no_number_is_refused),
	    cmocka_unit_test(test_json_numbers_follow_its_grammar),
	    cmocka_unit_test(
		test_digits_that_do_not_fit_are_refused_not_rounded),
	    cmocka_unit_test(test_zeros_that_do_not_fit_are_the_exponents),
	    cmocka_unit_test(test_exponents_are_shifted_into_range_or_refused),
	    cmocka_unit_test(test_plain_text_never_has_an_exponent),
	    cmocka_unit_test(test_plain_text_of_the_largest_number),
	    cmocka_unit_test(test_equal_numbers_are_one_key),
	    cmocka_unit_test(test_jcs_prints_only_some_numbers_as_we_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
