/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
assert_rounds(const char *text, int scale, enum number_rounding rounding,
    const char *expected)
{
	struct number n;
	assert_int_equal(number_round(number_of(text), scale, rounding, &n),
	    NUMBER_OK);
	assert_number(n, expected);
}

static void
test_order_is_by_value(void **state)
{
	static const char *const ascending[] = {"-1E6144", "-1.1", "-1", "-0.1",
	    "-1E-6176", "0", "1E-6176", "0.09", "0.1", "0.11", "1", "9", "10",
	    "10.5", "9999999999999999999999999999999999", "1E34", "1E6144"};
	size_t count = sizeof(ascending) / sizeof(ascending[0]);
	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			int order = number_compare(number_of(ascending[i]),
			    number_of(ascending[j]));
			assert_int_equal(order, (i > j) - (i < j));
		}
}

static void
test_equal_numbers_reduce_alike(void **state)
{
	static const char *const same[] = {
	    "100", "1E2", "100.00", "0.1E3", "1000000000000000000000000000E-25"};
	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct number n = number_of(same[i]);
		assert_true(number_equal(n, number_of("100")));
		assert_number(number_reduce(n), "1E+2");
	}
	assert_number(number_reduce(number_of("0E5")), "0");
	assert_number(number_reduce(number_of("-1.50")), "-1.5");
}

static void
test_negative_zero_is_zero(void **state)
{
	(void)state;
	assert_number(number_of("-0.00"), "0.00");
	assert_number(number_negate(number_of("0")), "0");
	assert_false(number_is_negative(number_of("-0")));
	assert_rounds("-0.4", 0, NUMBER_HALF_UP, "0");
	assert_rounds("-0.4", 0, NUMBER_CEILING, "0");
}

static void
test_integers_survive_both_ways(void **state)
{
	static const int64_t numbers[] = {
	    0, 1, -1, 1000000, INT64_MAX, INT64_MIN};
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t n;
		assert_true(number_to_int(number_of_int(numbers[i]), &n));
		assert_true(n == numbers[i]);
	}
	int64_t n;
	assert_true(number_to_int(number_of("1.20E3"), &n) && n == 1200);
	assert_false(number_to_int(number_of("0.5"), &n));
	assert_false(number_to_int(number_of("9223372036854775808"), &n));
	assert_false(number_to_int(number_of("-9223372036854775809"), &n));
	assert_false(number_to_int(number_of("1E19"), &n));
	assert_false(number_to_int(number_of("1E6000"), &n));
}

static void
test_integer_and_sign_are_told_by_value(void **state)
{
	(void)state;
	assert_true(number_is_integer(number_of("7.000")));
	assert_true(number_is_integer(number_of("1E30")));
	assert_true(number_is_integer(number_of("0.0")));
	assert_false(number_is_integer(number_of("7.001")));
	assert_true(number_is_zero(number_of("0E-20")));
	assert_number(number_abs(number_of("-1.50")), "1.50");
	assert_number(number_negate(number_of("1.50")), "-1.50");
}

/* Rows: the number, then what each way of rounding makes of it. */
static void
test_each_way_of_rounding_treats_halves_its_own_way(void **state)
{
	static const struct {
		const char *text;
		const char *by[7];
	} rows[] = {
	    {"5.5", {"6", "6", "5", "6", "5", "5", "6"}},
	    {"2.5", {"2", "3", "2", "3", "2", "2", "3"}},
	    {"1.6", {"2", "2", "2", "2", "1", "1", "2"}},
	    {"1.1", {"1", "1", "1", "2", "1", "1", "2"}},
	    {"1.0", {"1", "1", "1", "1", "1", "1", "1"}},
	    {"-1.1", {"-1", "-1", "-1", "-2", "-1", "-2", "-1"}},
	    {"-1.6", {"-2", "-2", "-2", "-2", "-1", "-2", "-1"}},
	    {"-2.5", {"-2", "-3", "-2", "-3", "-2", "-3", "-2"}},
	    {"-5.5", {"-6", "-6", "-5", "-6", "-5", "-6", "-5"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int way = 0; way < 7; way++)
			assert_rounds(rows[i].text, 0,
			    (enum number_rounding)way, rows[i].by[way]);
}

static void
test_rounding_keeps_and_adds_digits_as_asked(void **state)
{
	(void)state;
	assert_rounds("1.005", 2, NUMBER_HALF_UP, "1.01");
	assert_rounds("1.005", 2, NUMBER_HALF_EVEN, "1.00");
	assert_rounds("1234.1", 2, NUMBER_HALF_EVEN, "1234.10");
	assert_rounds("1234.5", -2, NUMBER_HALF_UP, "1200");
	assert_rounds("1250", -2, NUMBER_HALF_EVEN, "1200");
	assert_rounds("99.99", 1, NUMBER_HALF_UP, "100.0");
	assert_rounds("0.05", -3, NUMBER_UP, "1000");
	assert_rounds("0.05", -3, NUMBER_HALF_UP, "0");
	assert_rounds("1E-6176", 10, NUMBER_UP, "1E-10");
	assert_rounds("9999999999999999999999999999999999", -1, NUMBER_UP,
	    "1.000000000000000000000000000000000E+34");
	/* No room for the zeros: the number stays as it is. */
	assert_rounds("1234567890123456789012345678901234", 2, NUMBER_DOWN,
	    "1234567890123456789012345678901234");
}

static void
test_rounding_beyond_all_digits_is_refused(void **state)
{
	struct number n;
	(void)state;
	assert_int_equal(number_round(number_of("1"), 7000, NUMBER_UP, &n),
	    NUMBER_RANGE);
	assert_int_equal(number_round(number_of("1"), -7000, NUMBER_UP, &n),
	    NUMBER_RANGE);
}

static void
test_words_from_outside_are_checked(void **state)
{
	(void)state;
	assert_true(number_is_valid(number_of("-12.50")));
	/* Infinity, NaN, a coefficient of 35 digits, and -0. */
	assert_false(number_is_valid((struct number){{0, 0xfULL << 59}}));
	assert_false(number_is_valid((struct number){{0, 0x1fULL << 58}}));
	assert_false(
	    number_is_valid((struct number){{UINT64_MAX, 0x1ffffffffffffULL}}));
	struct number zero = number_of_int(0);
	zero.words[1] |= 1ULL << 63;
	assert_false(number_is_valid(zero));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_is_by_value),
	    cmocka_unit_test(
		test_equal_numbers_reduce_alike),
	    cmocka_unit_test(test_negative_zero_is_zero),
	    cmocka_unit_test(test_integers_survive_both_ways),
	    cmocka_unit_test(test_integer_and_sign_are_told_by_value),
	    cmocka_unit_test(
		test_each_way_of_rounding_treats_halves_its_own_way),
	    cmocka_unit_test(test_rounding_keeps_and_adds_digits_as_asked),
	    cmocka_unit_test(test_rounding_beyond_all_digits_is_refused),
	    cmocka_unit_test(test_words_from_outside_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
