/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cron.c: when schedules come, over the switches of 2026.
 *
 * In Berlin the clocks jump from 02:00 to 03:00 on Sunday 29 March (01:00Z)
 * and go back from 03:00 to 02:00 on Sunday 25 October (01:00Z); in New York
 * on 8 March (07:00Z) and 1 November (06:00Z).
 */
#include "stated/clock.h"
#include "stated/cron.h"
#include "stated/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int64_t
at(const char *text)
{
	int64_t instant_ms = 0;

	assert_true(clock_parse(str_of(text), &instant_ms));
	return instant_ms;
}

static const struct cron *
cron_of(struct arena *arena, const char *text)
{
	const struct cron *cron = NULL;
	struct str why = {0};

	if (!cron_parse(arena, str_of(text), &cron, &why))
		fail_msg("%s: %.*s", text, STR_ARG(why));
	return cron;
}

/* All of `expected` (ends with NULL), one after another. */
static void
assert_comes_on(const char *text, const char *zone,
    const struct calendar *calendar, const char *after,
    const char *const *expected)
{
	struct arena *arena = arena_new();
	const struct cron *cron = cron_of(arena, text);
	int64_t now = at(after);

	for (; *expected != NULL; expected++) {
		char shown[CLOCK_TEXT_BYTES];
		char wanted[CLOCK_TEXT_BYTES];

		now = cron_next(cron, zone_find(str_of(zone)), calendar, now);
		assert_true(now != CRON_NEVER);
		if (now != at(*expected))
			fail_msg("%s comes at %.*s, not at %.*s", text,
			    STR_ARG(clock_format(now, shown)),
			    STR_ARG(clock_format(at(*expected), wanted)));
	}
	arena_free(&arena);
}

#define assert_comes(text, zone, after, ...)                                   \
	assert_comes_on(text, zone, NULL, after,                               \
	    (const char *const[]){__VA_ARGS__, NULL})

static void
test_fields_are_met_together(void **state)
{
	(void)state;
	assert_comes("0 7 * * 1-5", "UTC", "2026-11-20T06:59:59.999Z",
	    "2026-11-20T07:00:00Z", "2026-11-23T07:00:00Z",
	    "2026-11-24T07:00:00Z");
	assert_comes("15,45 8-18/5 * * *", "UTC", "2026-11-20T08:15:00Z",
	    "2026-11-20T08:45:00Z", "2026-11-20T13:15:00Z",
	    "2026-11-20T13:45:00Z", "2026-11-20T18:15:00Z",
	    "2026-11-20T18:45:00Z", "2026-11-21T08:15:00Z");
	assert_comes("0 0 1 jan *", "UTC", "2026-01-01T00:00:00Z",
	    "2027-01-01T00:00:00Z");
	assert_comes("0 12 * * sun", "UTC", "2026-11-20T00:00:00Z",
	    "2026-11-22T12:00:00Z", "2026-11-29T12:00:00Z");
	assert_comes("0 12 * * 7", "UTC", "2026-11-20T00:00:00Z",
	    "2026-11-22T12:00:00Z");
	assert_comes("0 12 * * sat-sun", "UTC", "2026-11-22T13:00:00Z",
	    "2026-11-28T12:00:00Z", "2026-11-29T12:00:00Z");
}

static void
test_an_instant_is_never_its_own_next(void **state)
{
	(void)state;
	assert_comes("*/5 * * * *", "UTC", "2026-11-20T07:00:00Z",
	    "2026-11-20T07:05:00Z");
	assert_comes("*/5 * * * *", "UTC", "2026-11-20T06:59:59.999Z",
	    "2026-11-20T07:00:00Z");
	assert_comes("*/5 * * * *", "UTC", "2026-11-20T07:00:00.001Z",
	    "2026-11-20T07:05:00Z");
	assert_comes("@hourly", "UTC", "1969-12-31T22:30:00Z",
	    "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z");
}

static void
test_days_of_month_and_week_are_either_where_both_are_restricted(void **state)
{
	(void)state;
	assert_comes("0 0 13 * fri", "UTC", "2026-11-06T00:00:00Z",
	    "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z",
	    "2026-11-27T00:00:00Z", "2026-12-04T00:00:00Z",
	    "2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z");
	/* A field that begins with a star restricts together with the other. */
	assert_comes("0 0 */2 * fri", "UTC", "2026-11-06T00:00:00Z",
	    "2026-11-13T00:00:00Z", "2026-11-27T00:00:00Z");
}

static void
test_the_last_day_of_the_month(void **state)
{
	(void)state;
	assert_comes("0 18 L * *", "UTC", "2026-01-31T18:00:00Z",
	    "2026-02-28T18:00:00Z", "2026-03-31T18:00:00Z",
	    "2026-04-30T18:00:00Z");
	assert_comes("0 18 15,L feb *", "UTC", "2028-02-01T00:00:00Z",
	    "2028-02-15T18:00:00Z", "2028-02-29T18:00:00Z");
}

static void
test_the_words_stand_for_what_they_say(void **state)
{
	(void)state;
	assert_comes("@daily", "UTC", "2026-11-20T07:00:00Z",
	    "2026-11-21T00:00:00Z");
	assert_comes("@weekly", "UTC", "2026-11-20T07:00:00Z",
	    "2026-11-22T00:00:00Z");
	assert_comes("@monthly", "UTC", "2026-11-20T07:00:00Z",
	    "2026-12-01T00:00:00Z");
	assert_comes("@yearly", "UTC", "2026-11-20T07:00:00Z",
	    "2027-01-01T00:00:00Z");
}

static void
test_a_time_that_is_skipped_comes_once_at_the_jump(void **state)
{
	(void)state;
	assert_comes("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
	    "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z",
	    "2026-03-30T00:30:00Z");
	assert_comes("0,15,30,45 2 * * *", "Europe/Berlin",
	    "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z",
	    "2026-03-30T00:00:00Z");
	/* 02:30 is skipped and comes when the clock shows 03:00, as 3:00
	 * itself does: once for both. */
	assert_comes("0,30 2,3 * * *", "America/New_York",
	    "2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z",
	    "2026-03-08T07:30:00Z", "2026-03-09T06:00:00Z");
}

static void
test_a_time_that_comes_twice_is_taken_once(void **state)
{
	(void)state;
	assert_comes("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
	    "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
	assert_comes("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
	    "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z");
	/* Asked within the hour that is shown again. */
	assert_comes("0,30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z",
	    "2026-10-26T01:00:00Z");
	assert_comes("0 2,3 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z",
	    "2026-10-25T02:00:00Z", "2026-10-26T01:00:00Z");
}

static void
test_every_hour_keeps_its_pace_through_both_switches(void **state)
{
	(void)state;
	assert_comes("30 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z",
	    "2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z",
	    "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z");
	assert_comes("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
	    "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z",
	    "2026-03-29T01:30:00Z");
	/* The day has 23 and 25 hours, and its last one is not lost. */
	assert_comes("0 * 29 3 *", "Europe/Berlin", "2026-03-29T20:00:00Z",
	    "2026-03-29T21:00:00Z", "2027-03-28T22:00:00Z");
}

static void
test_midnight_itself_may_be_skipped(void **state)
{
	(void)state;
	/* Cairo's clocks jump from 00:00 to 01:00 on Friday 24 April 2026. */
	assert_comes("@daily", "Africa/Cairo", "2026-04-23T00:00:00Z",
	    "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z");
}

static const struct closed_day closed[] = {
    {.kind = CLOSED_FEAST, .easter_offset = -2},
    {.kind = CLOSED_FEAST, .easter_offset = 1},
};

static void
test_only_business_days_count_where_a_calendar_is_given(void **state)
{
	struct calendar target = {
	    .name = STR("target2"),
	    .version = 1,
	    .zone = zone_find(STR("Europe/Berlin")),
	    .weekend = 0x60,
	    .closed = closed,
	    .closed_count = 2,
	};

	(void)state;
	/* Over Easter of 2026: 5 April. */
	assert_comes_on("0 7 * * *", "Europe/Berlin", &target,
	    "2026-04-02T12:00:00Z",
	    (const char *const[]){
		"2026-04-07T05:00:00Z", "2026-04-08T05:00:00Z", NULL});
}

static void
test_what_never_comes_is_said_at_once(void **state)
{
	struct calendar weekdays = {
	    .version = 1, .zone = zone_find(STR("UTC")), .weekend = 0x60};
	struct arena *arena = arena_new();
	const struct cron *cron = cron_of(arena, "0 7 * * sat");
	const struct zone *utc = zone_find(STR("UTC"));

	(void)state;
	assert_true(cron_next(cron, utc, &weekdays,
			at("2026-01-01T00:00:00Z")) == CRON_NEVER);
	assert_true(cron_next(cron, utc, NULL, INT64_MAX) == CRON_NEVER);
	assert_true(cron_next(cron, utc, NULL, INT64_MIN) == CRON_NEVER);
	/* 30 February of "the 30th or any Monday in February". */
	assert_comes("0 0 30 2 mon", "UTC", "2026-02-23T00:00:00Z",
	    "2027-02-01T00:00:00Z");
	assert_comes("0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z",
	    "2104-02-29T00:00:00Z");
	arena_free(&arena);
}

/* Any minute of the two days around each switch, both kinds of schedule. */
static void
test_next_lies_after_and_nothing_between_is_passed_over(void **state)
{
	static const char *const texts[] = {"17 * * * *", "*/20 1-3 * * *"};
	static const char *const days[] = {
	    "2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"};
	const struct zone *zone = zone_find(STR("Europe/Berlin"));
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct cron *cron = cron_of(arena, texts[i % 2]);
		int64_t begin = at(days[i / 2]);
		int64_t next = cron_next(cron, zone, NULL, begin);

		for (int64_t now = begin; now < begin + 86400000;
		     now += 60000) {
			if (now == next)
				next = cron_next(cron, zone, NULL, now);
			assert_true(next > now);
			assert_int_equal(
			    cron_next(cron, zone, NULL, now), next);
		}
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields_are_met_together),
	    cmocka_unit_test(test_an_instant_is_never_its_own_next),
	    cmocka_unit_test(
		test_days_of_month_and_week_are_either_where_both_are_restricted),
	    cmocka_unit_test(test_the_last_day_of_the_month),
	    cmocka_unit_test(test_the_words_stand_for_what_they_say),
	    cmocka_unit_test(
		test_a_time_that_is_skipped_comes_once_at_the_jump),
	    cmocka_unit_test(test_a_time_that_comes_twice_is_taken_once),
	    cmocka_unit_test(
		test_every_hour_keeps_its_pace_through_both_switches),
	    cmocka_unit_test(test_midnight_itself_may_be_skipped),
	    cmocka_unit_test(
		test_only_business_days_count_where_a_calendar_is_given),
	    cmocka_unit_test(test_what_never_comes_is_said_at_once),
	    cmocka_unit_test(
		test_next_lies_after_and_nothing_between_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
