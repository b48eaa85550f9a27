/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct closed_day
closed_of(const char *text)
{
	struct closed_day closed = {0};

	assert_true(calendar_parse_closed(str_of(text), &closed));
	return closed;
}

static void
test_closed_day_of_every_year(void **state)
{
	struct closed_day closed = closed_of("12-25");

	(void)state;
	assert_int_equal(closed.kind, CLOSED_YEARLY);
	assert_int_equal(closed.month, 12);
	assert_int_equal(closed.day, 25);
	assert_int_equal(closed_of("02-29").day, 29);
}

static void
test_closed_day_of_one_year(void **state)
{
	struct closed_day closed = closed_of("2026-05-25");

	(void)state;
	assert_int_equal(closed.kind, CLOSED_DATE);
	assert_int_equal(closed.date.year, 2026);
	assert_int_equal(closed.date.month, 5);
	assert_int_equal(closed.date.day, 25);
}

static void
test_closed_day_by_the_name_of_its_feast(void **state)
{
	(void)state;
	assert_int_equal(closed_of("good-friday").easter_offset, -2);
	assert_int_equal(closed_of("easter-sunday").easter_offset, 0);
	assert_int_equal(closed_of("easter-monday").easter_offset, 1);
	assert_int_equal(closed_of("ascension").easter_offset, 39);
	assert_int_equal(closed_of("whit-monday").easter_offset, 50);
	assert_int_equal(closed_of("corpus-christi").easter_offset, 60);
	assert_int_equal(closed_of("ash-wednesday").easter_offset, -46);
}

static void
test_what_is_no_closed_day_is_refused(void **state)
{
	static const char *const texts[] = {"", "02-30", "13-01", "00-10",
	    "1-5", "12-25 ", "2026-02-29", "good friday", "12/25", "12-2a"};
	struct closed_day closed = {.kind = CLOSED_DATE, .month = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(calendar_parse_closed(str_of(texts[i]), &closed));
	assert_int_equal(closed.month, 77);
}

static void
test_time_of_day_up_to_midnight(void **state)
{
	int32_t seconds = 0;

	(void)state;
	assert_true(calendar_parse_time(STR("16:00"), &seconds));
	assert_int_equal(seconds, 57600);
	assert_true(calendar_parse_time(STR("00:00"), &seconds));
	assert_int_equal(seconds, 0);
	assert_true(calendar_parse_time(STR("24:00"), &seconds));
	assert_int_equal(seconds, 86400);
}

static void
test_what_is_no_time_of_day_is_refused(void **state)
{
	static const char *const texts[] = {"", "7:00", "24:01", "12:60",
	    "25:00", "12:00:00", "12.00", "-1:00", " 12:00", "noon"};
	int32_t seconds = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(calendar_parse_time(str_of(texts[i]), &seconds));
}

static void
test_hours_have_no_cut_off_of_their_own(void **state)
{
	struct calendar_hours hours = {0};

	(void)state;
	assert_true(calendar_parse_hours(STR("07:00-18:00"), &hours));
	assert_int_equal(hours.opens, 7 * 3600);
	assert_int_equal(hours.closes, 18 * 3600);
	assert_int_equal(hours.cut_off, hours.closes);
	assert_true(calendar_parse_hours(STR("00:00 - 24:00"), &hours));
	assert_int_equal(hours.closes, 86400);
}

static void
test_hours_that_end_before_they_begin_are_refused(void **state)
{
	static const char *const texts[] = {"18:00-07:00", "07:00-07:00",
	    "07:00", "07:00-", "-18:00", "07:00-18:00-19:00", ""};
	struct calendar_hours hours = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(calendar_parse_hours(str_of(texts[i]), &hours));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_closed_day_of_every_year),
	    cmocka_unit_test(test_closed_day_of_one_year),
	    cmocka_unit_test(test_closed_day_by_the_name_of_its_feast),
	    cmocka_unit_test(test_what_is_no_closed_day_is_refused),
	    cmocka_unit_test(test_time_of_day_up_to_midnight),
	    cmocka_unit_test(test_what_is_no_time_of_day_is_refused),
	    cmocka_unit_test(test_hours_have_no_cut_off_of_their_own),
	    cmocka_unit_test(test_hours_that_end_before_they_begin_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
