/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
assert_easter(int32_t year, int month, int day)
{
	struct date easter = calendar_easter(year);

	assert_int_equal(easter.year, year);
	assert_int_equal(easter.month, month);
	assert_int_equal(easter.day, day);
}

/* Another formula for the same thing (Meeus, Jones and Butcher). */
static struct date
easter_by_meeus(int32_t year)
{
	int32_t a = year % 19, b = year / 100, c = year % 100;
	int32_t d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
	int32_t h = (19 * a + b - d - g + 15) % 30;
	int32_t i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
	int32_t m = (a + 11 * h + 22 * l) / 451;
	int32_t n = h + l - 7 * m + 114;

	return (struct date){year, (uint8_t)(n / 31), (uint8_t)(n % 31 + 1)};
}

static void
test_easter_of_years_that_people_know(void **state)
{
	(void)state;
	assert_easter(2000, 4, 23);
	assert_easter(2024, 3, 31);
	assert_easter(2025, 4, 20);
	assert_easter(2026, 4, 5);
	assert_easter(2027, 3, 28);
}

static void
test_easter_at_its_earliest_and_latest(void **state)
{
	(void)state;
	assert_easter(1818, 3, 22);
	assert_easter(2285, 3, 22);
	assert_easter(1943, 4, 25);
	assert_easter(2038, 4, 25);
}

static void
test_easter_in_the_years_of_the_two_exceptions(void **state)
{
	(void)state;
	assert_easter(1954, 4, 18);
	assert_easter(1981, 4, 19);
	assert_easter(2049, 4, 18);
	assert_easter(2076, 4, 19);
}

static void
test_easter_agrees_with_another_formula(void **state)
{
	(void)state;
	for (int32_t year = 1583; year < 10000; year++) {
		struct date expected = easter_by_meeus(year);

		assert_easter(year, expected.month, expected.day);
	}
}

static void
test_easter_is_a_spring_sunday_in_any_year(void **state)
{
	static const int32_t years[] = {
	    -999999998, -5700000, -1, 0, 1, 5700000, 999999998};

	(void)state;
	for (size_t i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
		struct date easter = calendar_easter(years[i]);

		assert_int_equal(easter.year, years[i]);
		assert_int_equal(date_weekday(easter), 7);
		assert_in_range(easter.month * 31 + easter.day,
		    3 * 31 + 22, 4 * 31 + 25);
	}
}

static void
test_every_feast_named_in_messages_can_be_written(void **state)
{
	size_t count = 0;
	const struct str *names = calendar_feasts(&count);

	(void)state;
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		struct closed_day closed = {0};

		assert_true(calendar_parse_closed(names[i], &closed));
		assert_int_equal(closed.kind, CLOSED_FEAST);
	}
}

static void
test_no_two_feasts_have_one_name(void **state)
{
	size_t count = 0;
	const struct str *names = calendar_feasts(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++)
			assert_false(str_equal(names[i], names[j]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_easter_of_years_that_people_know),
	    cmocka_unit_test(test_easter_at_its_earliest_and_latest),
	    cmocka_unit_test(test_easter_in_the_years_of_the_two_exceptions),
	    cmocka_unit_test(test_easter_agrees_with_another_formula),
	    cmocka_unit_test(test_easter_is_a_spring_sunday_in_any_year),
	    cmocka_unit_test(test_every_feast_named_in_messages_can_be_written),
	    cmocka_unit_test(test_no_two_feasts_have_one_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
