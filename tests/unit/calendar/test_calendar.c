/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_calendar.c: business time in Europe/Berlin.
 *
 * In 2026 Easter is 5 April; the clocks jump from 02:00 to 03:00 on Sunday
 * 29 March and go back from 03:00 to 02:00 on Sunday 25 October.
 */
#include "stated/calendar.h"
#include "stated/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOUR 3600
#define WEEKEND 0x60 /* Saturday and Sunday */

static const struct closed_day bank_closed[] = {
    {.kind = CLOSED_YEARLY, .month = 1, .day = 1},
    {.kind = CLOSED_FEAST, .easter_offset = -2},
    {.kind = CLOSED_FEAST, .easter_offset = 1},
    {.kind = CLOSED_YEARLY, .month = 5, .day = 1},
    {.kind = CLOSED_YEARLY, .month = 12, .day = 25},
    {.kind = CLOSED_YEARLY, .month = 12, .day = 26},
    {.kind = CLOSED_DATE, .date = {2026, 6, 10}},
};

static const struct calendar_window bank_windows[] = {
    {STR_INIT("bank-hours"), {7 * HOUR, 17 * HOUR, 16 * HOUR}},
    {STR_INIT("night-run"), {0, 2 * HOUR, 2 * HOUR}},
};

static struct calendar
bank(void)
{
	return (struct calendar){
	    .name = STR("bank"),
	    .version = 1,
	    .zone = zone_find(STR("Europe/Berlin")),
	    .weekend = WEEKEND,
	    .closed = bank_closed,
	    .closed_count = sizeof(bank_closed) / sizeof(bank_closed[0]),
	    .hours = {7 * HOUR, 18 * HOUR, 18 * HOUR},
	    .windows = bank_windows,
	    .window_count = 2,
	};
}

/* Open at any hour of any day. */
static struct calendar
always(void)
{
	return (struct calendar){
	    .name = STR("always"),
	    .version = 1,
	    .zone = zone_find(STR("Europe/Berlin")),
	    .hours = {0, 86400, 86400},
	};
}

static int64_t
at(const char *text)
{
	int64_t instant_ms = 0;

	assert_true(clock_parse(str_of(text), &instant_ms));
	return instant_ms;
}

static void
assert_instant(int64_t actual_ms, const char *expected)
{
	char text[CLOCK_TEXT_BYTES];
	char expected_text[CLOCK_TEXT_BYTES];
	struct str shown = clock_format(actual_ms, text);
	struct str wanted = clock_format(at(expected), expected_text);

	if (!str_equal(shown, wanted))
		fail_msg("%.*s is not %.*s", STR_ARG(shown), STR_ARG(wanted));
}

static void
assert_added(const char *from, int64_t days, const char *expected)
{
	struct calendar calendar = bank();

	assert_instant(calendar_add_business_days(&calendar, at(from), days),
	    expected);
}

static void
assert_opens(const char *window, const char *now, const char *expected)
{
	struct calendar calendar = bank();
	const struct calendar_window *found =
	    calendar_find_window(&calendar, str_of(window));

	assert_non_null(found);
	assert_instant(calendar_next_open(&calendar, &found->hours, at(now)),
	    expected);
}

static void
assert_cuts_off(const char *window, const char *now, const char *expected)
{
	struct calendar calendar = bank();
	const struct calendar_window *found =
	    calendar_find_window(&calendar, str_of(window));

	assert_non_null(found);
	assert_instant(calendar_cut_off(&calendar, &found->hours, at(now)),
	    expected);
}

static void
test_weekends_and_closed_days_are_no_business_days(void **state)
{
	static const struct date closed[] = {{2026, 4, 3}, {2026, 4, 4},
	    {2026, 4, 5}, {2026, 4, 6}, {2026, 5, 1}, {2026, 12, 25},
	    {2026, 6, 10}, {2027, 3, 26}};
	static const struct date open[] = {{2026, 4, 2}, {2026, 4, 7},
	    {2027, 6, 10}, {2026, 12, 24}, {2027, 4, 5}};
	struct calendar calendar = bank();

	(void)state;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		assert_false(calendar_is_business_day(&calendar, closed[i]));
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		assert_true(calendar_is_business_day(&calendar, open[i]));
}

static void
test_a_leap_day_may_be_closed_every_year(void **state)
{
	static const struct closed_day leap[] = {
	    {.kind = CLOSED_YEARLY, .month = 2, .day = 29}};
	struct calendar calendar = always();

	(void)state;
	calendar.closed = leap;
	calendar.closed_count = 1;
	assert_false(calendar_is_business_day(&calendar,
	    (struct date){2028, 2, 29}));
	assert_true(calendar_is_business_day(&calendar,
	    (struct date){2027, 2, 28}));
	assert_true(calendar_is_business_day(&calendar,
	    (struct date){2027, 3, 1}));
}

static void
test_business_days_keep_the_local_time(void **state)
{
	(void)state;
	assert_added("2026-03-17T10:15:30.25+01:00", 1,
	    "2026-03-18T10:15:30.25+01:00");
	assert_added(
	    "2026-03-20T10:15:00+01:00", 1, "2026-03-23T10:15:00+01:00");
	assert_added(
	    "2026-03-17T10:15:00+01:00", 0, "2026-03-17T10:15:00+01:00");
}

static void
test_business_days_pass_over_easter(void **state)
{
	(void)state;
	assert_added(
	    "2026-04-02T11:00:00+02:00", 1, "2026-04-07T11:00:00+02:00");
	assert_added(
	    "2026-04-02T11:00:00+02:00", 3, "2026-04-09T11:00:00+02:00");
}

static void
test_business_days_pass_over_the_turn_of_the_year(void **state)
{
	(void)state;
	assert_added(
	    "2026-12-24T11:00:00+01:00", 1, "2026-12-28T11:00:00+01:00");
	assert_added(
	    "2026-12-31T11:00:00+01:00", 1, "2027-01-04T11:00:00+01:00");
}

static void
test_counting_begins_at_the_next_opening(void **state)
{
	(void)state;
	/* before opening, after closing, on a Saturday, at the closing */
	assert_added(
	    "2026-03-17T05:00:00+01:00", 1, "2026-03-18T07:00:00+01:00");
	assert_added(
	    "2026-03-17T19:00:00+01:00", 1, "2026-03-19T07:00:00+01:00");
	assert_added(
	    "2026-03-21T12:00:00+01:00", 1, "2026-03-24T07:00:00+01:00");
	assert_added(
	    "2026-03-17T18:00:00+01:00", 1, "2026-03-19T07:00:00+01:00");
	assert_added(
	    "2026-03-17T19:00:00+01:00", 0, "2026-03-18T07:00:00+01:00");
}

static void
test_business_days_keep_the_local_time_over_both_switches(void **state)
{
	(void)state;
	assert_added(
	    "2026-03-27T16:00:00+01:00", 1, "2026-03-30T16:00:00+02:00");
	assert_added(
	    "2026-10-23T16:00:00+02:00", 1, "2026-10-26T16:00:00+01:00");
}

static void
test_a_day_that_ends_in_the_hour_that_is_missing(void **state)
{
	struct calendar calendar = always();

	(void)state;
	assert_instant(calendar_add_business_days(&calendar,
	    at("2026-03-28T02:30:00+01:00"), 1), "2026-03-29T03:30:00+02:00");
}

static void
test_a_day_that_ends_in_the_hour_that_comes_twice(void **state)
{
	struct calendar calendar = always();

	(void)state;
	assert_instant(calendar_add_business_days(&calendar,
	    at("2026-10-24T02:30:00+02:00"), 1), "2026-10-25T02:30:00+02:00");
	/* from the second of the two to the same time next day */
	assert_instant(calendar_add_business_days(&calendar,
	    at("2026-10-25T02:30:00+01:00"), 1), "2026-10-26T02:30:00+01:00");
	/* no days are no change, also there */
	assert_instant(calendar_add_business_days(&calendar,
	    at("2026-10-25T02:30:00+01:00"), 0), "2026-10-25T02:30:00+01:00");
}

static void
test_no_business_day_ever_gives_the_end_of_time(void **state)
{
	struct calendar calendar = always();

	(void)state;
	calendar.weekend = 0x7f;
	assert_true(calendar_add_business_days(&calendar,
	    at("2026-03-17T10:00:00+01:00"), 1) == INT64_MAX);
	assert_true(calendar_next_open(&calendar, &calendar.hours,
	    at("2026-03-17T10:00:00+01:00")) == INT64_MAX);
}

static void
test_a_count_beyond_all_reason_gives_the_end_of_time_at_once(void **state)
{
	struct calendar calendar = bank();

	(void)state;
	assert_true(calendar_add_business_days(&calendar,
	    at("2026-03-17T10:00:00+01:00"), INT64_MAX) == INT64_MAX);
}

static void
test_the_end_of_time_stays_the_end_of_time(void **state)
{
	struct calendar calendar = bank();

	(void)state;
	assert_true(calendar_add_business_days(&calendar, INT64_MAX, 1)
	    == INT64_MAX);
	assert_true(calendar_next_open(&calendar, &calendar.hours, INT64_MAX)
	    == INT64_MAX);
}

static void
test_what_is_open_is_open_now(void **state)
{
	(void)state;
	assert_opens("bank-hours", "2026-03-17T07:00:00+01:00",
	    "2026-03-17T07:00:00+01:00");
	assert_opens("bank-hours", "2026-03-17T15:59:59.999+01:00",
	    "2026-03-17T15:59:59.999+01:00");
}

static void
test_what_comes_at_the_cut_off_waits_for_the_next_business_day(void **state)
{
	(void)state;
	assert_opens("bank-hours", "2026-03-17T16:00:00+01:00",
	    "2026-03-18T07:00:00+01:00");
	assert_opens("bank-hours", "2026-03-20T16:30:00+01:00",
	    "2026-03-23T07:00:00+01:00");
	assert_opens("bank-hours", "2026-04-02T17:00:00+02:00",
	    "2026-04-07T07:00:00+02:00");
}

static void
test_a_window_follows_the_local_clock_over_both_switches(void **state)
{
	(void)state;
	assert_opens("bank-hours", "2026-03-27T20:00:00+01:00",
	    "2026-03-30T07:00:00+02:00");
	assert_opens("bank-hours", "2026-10-23T20:00:00+02:00",
	    "2026-10-26T07:00:00+01:00");
	assert_opens("bank-hours", "2026-03-17T03:00:00+01:00",
	    "2026-03-17T07:00:00+01:00");
}

static void
test_hours_that_the_clock_jumps_over_wait_for_the_next_day(void **state)
{
	struct calendar calendar = always();
	struct calendar_hours hours = {2 * HOUR, 3 * HOUR, 3 * HOUR};

	(void)state;
	/* 02:00 becomes 03:00, which is when these hours are over */
	assert_instant(calendar_next_open(&calendar, &hours,
	    at("2026-03-29T00:30:00+01:00")), "2026-03-30T02:00:00+02:00");
}

static void
test_hours_that_come_twice_count_once(void **state)
{
	struct calendar calendar = always();
	struct calendar_hours hours = {
	    2 * HOUR, 2 * HOUR + 1800, 2 * HOUR + 1800};

	(void)state;
	assert_instant(calendar_next_open(&calendar, &hours,
	    at("2026-10-25T02:10:00+02:00")), "2026-10-25T02:10:00+02:00");
	assert_instant(calendar_next_open(&calendar, &hours,
	    at("2026-10-25T02:10:00+01:00")), "2026-10-26T02:00:00+01:00");
}

static void
test_an_open_window_knows_its_cut_off(void **state)
{
	(void)state;
	assert_cuts_off("bank-hours", "2026-03-17T07:00:00+01:00",
	    "2026-03-17T16:00:00+01:00");
	assert_cuts_off("bank-hours", "2026-03-17T15:59:59.999+01:00",
	    "2026-03-17T16:00:00+01:00");
	/* closed: it is over already */
	assert_cuts_off("bank-hours", "2026-03-17T16:00:00+01:00",
	    "2026-03-17T16:00:00+01:00");
	assert_cuts_off("bank-hours", "2026-03-21T12:00:00+01:00",
	    "2026-03-21T12:00:00+01:00");
}

static void
test_hours_up_to_midnight_end_with_the_day(void **state)
{
	struct calendar calendar = bank();
	struct calendar_hours evening = {20 * HOUR, 24 * HOUR, 24 * HOUR};

	(void)state;
	assert_instant(calendar_next_open(&calendar, &evening,
			   at("2026-03-20T23:59:59.999+01:00")),
	    "2026-03-20T23:59:59.999+01:00");
	assert_instant(calendar_next_open(&calendar, &evening,
	    at("2026-03-21T00:00:00+01:00")), "2026-03-23T20:00:00+01:00");
}

static void
test_opening_never_lies_in_the_past(void **state)
{
	struct calendar calendar = bank();
	int64_t from = at("2026-01-01T00:00:00Z");

	(void)state;
	/* every 37 minutes of a year: at or after the question, and stable */
	for (int64_t now = from; now < from + 366LL * 86400000;
	     now += 2220000) {
		int64_t open = calendar_next_open(&calendar,
		    &bank_windows[0].hours, now);

		assert_true(open >= now);
		assert_true(calendar_next_open(&calendar,
		    &bank_windows[0].hours, open) == open);
	}
}

static void
test_a_window_that_nobody_defined_is_not_found(void **state)
{
	struct calendar calendar = bank();

	(void)state;
	assert_null(calendar_find_window(&calendar, STR("bank")));
	assert_non_null(calendar_find_window(&calendar, STR("night-run")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_weekends_and_closed_days_are_no_business_days),
	    cmocka_unit_test(test_a_leap_day_may_be_closed_every_year),
	    cmocka_unit_test(test_business_days_keep_the_local_time),
	    cmocka_unit_test(test_business_days_pass_over_easter),
	    cmocka_unit_test(test_business_days_pass_over_the_turn_of_the_year),
	    cmocka_unit_test(test_counting_begins_at_the_next_opening),
	    cmocka_unit_test(
		test_business_days_keep_the_local_time_over_both_switches),
	    cmocka_unit_test(test_a_day_that_ends_in_the_hour_that_is_missing),
	    cmocka_unit_test(test_a_day_that_ends_in_the_hour_that_comes_twice),
	    cmocka_unit_test(test_no_business_day_ever_gives_the_end_of_time),
	    cmocka_unit_test(
		test_a_count_beyond_all_reason_gives_the_end_of_time_at_once),
	    cmocka_unit_test(test_the_end_of_time_stays_the_end_of_time),
	    cmocka_unit_test(test_what_is_open_is_open_now),
	    cmocka_unit_test(
		test_what_comes_at_the_cut_off_waits_for_the_next_business_day),
	    cmocka_unit_test(
		test_a_window_follows_the_local_clock_over_both_switches),
	    cmocka_unit_test(
		test_hours_that_the_clock_jumps_over_wait_for_the_next_day),
	    cmocka_unit_test(test_hours_that_come_twice_count_once),
	    cmocka_unit_test(test_an_open_window_knows_its_cut_off),
	    cmocka_unit_test(test_hours_up_to_midnight_end_with_the_day),
	    cmocka_unit_test(test_opening_never_lies_in_the_past),
	    cmocka_unit_test(test_a_window_that_nobody_defined_is_not_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
