/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stated/clock.h"

/* Seconds since 1970 of a text as clock_parse() reads it. */
static int64_t
seconds(const char *text)
{
	int64_t instant_ms;

	assert_true(clock_parse(str_of(text), &instant_ms));
	return instant_ms / 1000;
}

/* A machine without the zone files (package tzdata) has nothing to test. */
static const struct zone *
need(const char *name)
{
	const struct zone *zone = zone_find(str_of(name));

	if (zone == NULL)
		skip();
	return zone;
}

static void
assert_offset(const struct zone *zone, const char *utc, int32_t expected)
{
	assert_int_equal(zone_offset_at(zone, seconds(utc)), expected);
}

static void
assert_utc_of_local(const struct zone *zone, const char *local,
    const char *expected)
{
	assert_int_equal(
	    zone_utc_of_local(zone, seconds(local)), seconds(expected));
}

static void
test_utc_always_works(void **state)
{
	const struct zone *zone = zone_find(STR("UTC"));

	(void)state;
	assert_non_null(zone);
	assert_true(str_equal(zone_name(zone), STR("UTC")));
	assert_int_equal(zone_offset_at(zone, 0), 0);
	assert_int_equal(zone_offset_at(zone, INT64_MAX), 0);
	assert_int_equal(zone_utc_of_local(zone, 12345), 12345);
}

static void
test_what_is_no_zone_is_not_found(void **state)
{
	static const char *const names[] = {"", "/", "Europe", "Europe/",
	    "Europe/Nowhere", "../../../etc/passwd", "/etc/passwd",
	    "Europe/../UTC", "Europe//Berlin", "zone.tab", "tzdata.zi",
	    "right/UTC"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (zone_find(str_of(names[i])) != NULL)
			fail_msg("%s was found", names[i]);
	assert_null(zone_find((struct str){NULL, 0}));
	assert_null(zone_find((struct str){"Etc/UTC\0", 8}));
}

static void
test_a_zone_is_loaded_once(void **state)
{
	const struct zone *zone = need("Europe/Berlin");

	(void)state;
	assert_ptr_equal(zone_find(STR("Europe/Berlin")), zone);
	assert_true(str_equal(zone_name(zone), STR("Europe/Berlin")));
}

static void
test_berlin_has_summer_and_local_mean_time(void **state)
{
	const struct zone *berlin = need("Europe/Berlin");

	(void)state;
	assert_offset(berlin, "2026-01-15T00:00:00Z", 3600);
	assert_offset(berlin, "2026-07-15T00:00:00Z", 7200);
	assert_offset(berlin, "2026-03-29T00:59:59Z", 3600);
	assert_offset(berlin, "2026-03-29T01:00:00Z", 7200);
	assert_offset(berlin, "2026-10-25T00:59:59Z", 7200);
	assert_offset(berlin, "2026-10-25T01:00:00Z", 3600);
	assert_offset(berlin, "1880-01-01T00:00:00Z", 3208);
	assert_offset(berlin, "1945-06-15T00:00:00Z", 10800);
}

static void
test_the_rule_holds_after_the_last_transition(void **state)
{
	const struct zone *berlin = need("Europe/Berlin");
	const struct zone *sydney = need("Australia/Sydney");

	(void)state;
	assert_offset(berlin, "2300-07-15T00:00:00Z", 7200);
	assert_offset(berlin, "2300-12-31T23:59:59Z", 3600);
	assert_offset(berlin, "2050-03-27T00:59:59Z", 3600);
	assert_offset(berlin, "2050-03-27T01:00:00Z", 7200);
	assert_offset(sydney, "2300-01-15T00:00:00Z", 39600);
	assert_offset(sydney, "2300-07-15T00:00:00Z", 36000);
}

static void
test_a_zone_with_half_hours_and_no_summer(void **state)
{
	const struct zone *kolkata = need("Asia/Kolkata");

	(void)state;
	assert_offset(kolkata, "2026-07-15T00:00:00Z", 19800);
	assert_offset(kolkata, "2200-07-15T00:00:00Z", 19800);
	assert_utc_of_local(kolkata, "2026-07-15T05:30:00Z",
	    "2026-07-15T00:00:00Z");
}

static void
test_in_a_gap_the_clock_is_taken_as_if_it_had_not_jumped(void **state)
{
	const struct zone *berlin = need("Europe/Berlin");

	(void)state;
	assert_utc_of_local(berlin, "2026-03-29T01:59:59Z",
	    "2026-03-29T00:59:59Z");
	assert_utc_of_local(berlin, "2026-03-29T02:00:00Z",
	    "2026-03-29T01:00:00Z");
	assert_utc_of_local(berlin, "2026-03-29T02:30:00Z",
	    "2026-03-29T01:30:00Z");
	assert_utc_of_local(berlin, "2026-03-29T03:00:00Z",
	    "2026-03-29T01:00:00Z");
	assert_utc_of_local(berlin, "2050-03-27T02:30:00Z",
	    "2050-03-27T01:30:00Z");
}

static void
test_in_an_overlap_the_earlier_instant_is_taken(void **state)
{
	const struct zone *berlin = need("Europe/Berlin");

	(void)state;
	assert_utc_of_local(berlin, "2026-10-25T01:59:59Z",
	    "2026-10-24T23:59:59Z");
	assert_utc_of_local(berlin, "2026-10-25T02:30:00Z",
	    "2026-10-25T00:30:00Z");
	assert_utc_of_local(berlin, "2026-10-25T03:00:00Z",
	    "2026-10-25T02:00:00Z");
	assert_utc_of_local(berlin, "2050-10-30T02:30:00Z",
	    "2050-10-30T00:30:00Z");
}

static void
test_a_day_that_was_skipped_is_a_gap(void **state)
{
	const struct zone *apia = need("Pacific/Apia");

	(void)state;
	/* Samoa went to the other side of the date line. */
	assert_utc_of_local(apia, "2011-12-30T12:00:00Z",
	    "2011-12-30T22:00:00Z");
	assert_utc_of_local(apia, "2011-12-29T12:00:00Z",
	    "2011-12-29T22:00:00Z");
	assert_utc_of_local(apia, "2011-12-31T12:00:00Z",
	    "2011-12-30T22:00:00Z");
}

static void
test_local_time_comes_back_in_every_hour_of_many_years(void **state)
{
	static const char *const names[] = {"Europe/Berlin", "Europe/Dublin",
	    "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
	    "America/Nuuk", "Pacific/Apia"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct zone *zone = need(names[i]);
		for (int64_t utc = -3000000000; utc < 6000000000;
		     utc += 21599) {
			int64_t local = utc + zone_offset_at(zone, utc);
			int64_t back = zone_utc_of_local(zone, local);
			if (back > utc ||
			    back + zone_offset_at(zone, back) != local)
				fail_msg("%s %lld", names[i], (long long)utc);
		}
	}
}

static void
test_steady_is_what_has_one_offset_all_the_year(void **state)
{
	static const char *const steady[] = {
	    "UTC", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo"};
	static const char *const others[] = {
	    "Europe/London", "Europe/Berlin", "Australia/Sydney"};
	int32_t offset;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(steady); i++)
		assert_true(
		    zone_is_steady(zone_find(str_of(steady[i])), &offset));
	assert_int_equal(offset, 9 * 3600);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_false(
		    zone_is_steady(zone_find(str_of(others[i])), &offset));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_utc_always_works),
	    cmocka_unit_test(test_what_is_no_zone_is_not_found),
	    cmocka_unit_test(test_a_zone_is_loaded_once),
	    cmocka_unit_test(test_berlin_has_summer_and_local_mean_time),
	    cmocka_unit_test(test_the_rule_holds_after_the_last_transition),
	    cmocka_unit_test(test_a_zone_with_half_hours_and_no_summer),
	    cmocka_unit_test(
		test_in_a_gap_the_clock_is_taken_as_if_it_had_not_jumped),
	    cmocka_unit_test(test_in_an_overlap_the_earlier_instant_is_taken),
	    cmocka_unit_test(test_a_day_that_was_skipped_is_a_gap),
	    cmocka_unit_test(test_steady_is_what_has_one_offset_all_the_year),
	    cmocka_unit_test(
		test_local_time_comes_back_in_every_hour_of_many_years),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
