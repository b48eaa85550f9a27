/* SPDX-License-Identifier: Apache-2.0 */
#include "../../../src/base/zone_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stated/clock.h"

static struct zone_rule
rule_of(const char *text)
{
	struct zone_rule rule;

	if (!zone_rule_parse(str_of(text), &rule))
		fail_msg("%s was rejected", text);
	return rule;
}

static int32_t
offset_at(const char *rule_text, const char *utc)
{
	struct zone_rule rule = rule_of(rule_text);
	int64_t instant_ms;

	assert_true(clock_parse(str_of(utc), &instant_ms));
	return zone_rule_offset_at(&rule, instant_ms / 1000);
}

static void
assert_switch(const char *rule_text, const char *first_utc, int32_t before,
    int32_t after)
{
	struct zone_rule rule = rule_of(rule_text);
	int64_t instant_ms, next;

	assert_true(clock_parse(str_of(first_utc), &instant_ms));
	int64_t utc = instant_ms / 1000;
	assert_int_equal(zone_rule_offset_at(&rule, utc - 1), before);
	assert_int_equal(zone_rule_offset_at(&rule, utc), after);
	assert_true(zone_rule_next(&rule, utc - 1, &next));
	assert_int_equal(next, utc);
}

static void
test_a_rule_without_summer_is_one_offset(void **state)
{
	struct zone_rule rule = rule_of("<+0545>-5:45");
	int64_t next;

	(void)state;
	assert_int_equal(zone_rule_offset_at(&rule, 0), 20700);
	assert_int_equal(offset_at("EST5", "2026-07-01T00:00:00Z"), -18000);
	assert_int_equal(offset_at("UTC0", "2026-07-01T00:00:00Z"), 0);
	assert_int_equal(offset_at("<-03>3", "1026-07-01T00:00:00Z"), -10800);
	assert_false(zone_rule_next(&rule, 0, &next));
}

static void
test_the_last_sunday_of_a_month(void **state)
{
	static const char rule[] = "CET-1CEST,M3.5.0,M10.5.0/3";

	(void)state;
	assert_switch(rule, "2026-03-29T01:00:00Z", 3600, 7200);
	assert_switch(rule, "2026-10-25T01:00:00Z", 7200, 3600);
	assert_switch(rule, "2027-03-28T01:00:00Z", 3600, 7200);
	assert_switch(rule, "2400-03-26T01:00:00Z", 3600, 7200);
	assert_switch(rule, "1900-03-25T01:00:00Z", 3600, 7200);
}

static void
test_the_second_sunday_of_a_month(void **state)
{
	static const char rule[] = "EST5EDT,M3.2.0,M11.1.0";

	(void)state;
	assert_switch(rule, "2026-03-08T07:00:00Z", -18000, -14400);
	assert_switch(rule, "2026-11-01T06:00:00Z", -14400, -18000);
}

static void
test_summer_over_the_turn_of_the_year(void **state)
{
	static const char rule[] = "AEST-10AEDT,M10.1.0,M4.1.0/3";

	(void)state;
	assert_switch(rule, "2026-04-04T16:00:00Z", 39600, 36000);
	assert_switch(rule, "2026-10-03T16:00:00Z", 36000, 39600);
	assert_int_equal(offset_at(rule, "2026-01-01T00:00:00Z"), 39600);
	assert_int_equal(offset_at(rule, "2025-12-31T23:59:59Z"), 39600);
}

static void
test_a_summer_that_is_behind_the_winter(void **state)
{
	/* Irish law calls the summer standard. */
	static const char rule[] = "IST-1GMT0,M10.5.0,M3.5.0/1";

	(void)state;
	assert_switch(rule, "2026-03-29T01:00:00Z", 0, 3600);
	assert_switch(rule, "2026-10-25T01:00:00Z", 3600, 0);
}

static void
test_hours_before_and_far_after_midnight(void **state)
{
	(void)state;
	assert_switch("<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
	    "2026-03-29T01:00:00Z", -7200, -3600);
	assert_switch("IST-2IDT,M3.4.4/26,M10.5.0",
	    "2026-03-27T00:00:00Z", 7200, 10800);
}

static void
test_days_of_the_year_with_and_without_the_leap_day(void **state)
{
	(void)state;
	assert_switch("AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00Z", 0, 3600);
	assert_switch("AAA0BBB,J60/0,J300/0", "2026-03-01T00:00:00Z", 0, 3600);
	assert_switch("AAA0BBB,59/0,300/0", "2024-02-29T00:00:00Z", 0, 3600);
	assert_switch("AAA0BBB,59/0,300/0", "2026-03-01T00:00:00Z", 0, 3600);
	assert_switch("AAA0BBB,J59/0,J300/0", "2024-02-28T00:00:00Z", 0, 3600);
}

static void
test_a_summer_that_never_ends(void **state)
{
	static const char rule[] = "EST5EDT,0/0,J365/25";

	(void)state;
	assert_int_equal(offset_at(rule, "2025-12-31T23:59:59Z"), -14400);
	assert_int_equal(offset_at(rule, "2026-01-01T05:00:00Z"), -14400);
	assert_int_equal(offset_at(rule, "2026-01-01T04:59:59Z"), -14400);
	assert_int_equal(offset_at(rule, "2026-07-01T00:00:00Z"), -14400);
}

static void
test_what_is_no_rule_is_rejected(void **state)
{
	static const char *const texts[] = {"", "CET", "C1", "1", "CET-25",
	    "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0",
	    "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
	    "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1",
	    "CET-1CEST,366,1", "CET-1CEST,M3.5.0,M10.5.0/168",
	    "CET-1CEST,M3.5.0,M10.5.0x", "<CET-1", "<+01>", "CET-1:60",
	    "CET-1CEST,M3.5.0/,M10.5.0"};
	struct zone_rule rule;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (zone_rule_parse(str_of(texts[i]), &rule))
			fail_msg("%s was accepted", texts[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_rule_without_summer_is_one_offset),
	    cmocka_unit_test(test_the_last_sunday_of_a_month),
	    cmocka_unit_test(test_the_second_sunday_of_a_month),
	    cmocka_unit_test(test_summer_over_the_turn_of_the_year),
	    cmocka_unit_test(test_a_summer_that_is_behind_the_winter),
	    cmocka_unit_test(test_hours_before_and_far_after_midnight),
	    cmocka_unit_test(
		test_days_of_the_year_with_and_without_the_leap_day),
	    cmocka_unit_test(test_a_summer_that_never_ends),
	    cmocka_unit_test(test_what_is_no_rule_is_rejected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
