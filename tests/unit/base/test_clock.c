/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
assert_format(int64_t instant_ms, const char *expected)
{
	char out[CLOCK_TEXT_BYTES];
	struct str text = clock_format(instant_ms, out);

	assert_string_equal(out, expected);
	assert_int_equal(text.bytes, strlen(expected));
}

static void
assert_parse(const char *text, const char *expected)
{
	int64_t instant_ms;

	assert_true(clock_parse(str_of(text), &instant_ms));
	assert_format(instant_ms, expected);
}

static void
assert_rejected(const char *text)
{
	int64_t instant_ms = 42;

	if (clock_parse(str_of(text), &instant_ms))
		fail_msg("%s was accepted", text);
	assert_int_equal(instant_ms, 42);
}

static void
test_the_system_clock_goes_forward(void **state)
{
	int64_t now_ms = clock_now_ms(clock_system());

	(void)state;
	/* 2020-01-01: whoever runs this lives later. */
	assert_true(now_ms > INT64_C(1577836800000));
	assert_true(clock_now_ms(clock_system()) >= now_ms);
	assert_int_equal(clock_sleep_ms(clock_system(), now_ms - 1), 0);
	assert_true(clock_sleep_ms(clock_system(), now_ms + 60000) <= 60000);
	assert_true(clock_sleep_ms(clock_system(), now_ms + 60000) > 1000);
}

static void
test_the_steady_clock_counts_what_was_slept(void **state)
{
	int64_t before_ms = clock_now_ms(clock_steady());

	(void)state;
	(void)poll(NULL, 0, 20);
	assert_true(clock_now_ms(clock_steady()) - before_ms >= 19);
	assert_int_equal(clock_sleep_ms(clock_steady(), before_ms), 0);
	assert_true(clock_sleep_ms(clock_steady(), before_ms + 60000) > 1000);
}

static void
test_the_monotonic_clock_counts_what_was_slept(void **state)
{
	int64_t before_us = clock_monotonic_us();
	int64_t taken_us;

	(void)state;
	poll(NULL, 0, 2);
	taken_us = clock_monotonic_us() - before_us;
	assert_true(taken_us >= 2000);
	assert_true(taken_us < INT64_C(600000000));
}

static void
test_a_virtual_clock_stands_until_it_is_set(void **state)
{
	struct clock_virtual virtual_clock;

	(void)state;
	clock_virtual_init(&virtual_clock, 1000);
	assert_int_equal(clock_now_ms(&virtual_clock.clock), 1000);
	assert_int_equal(clock_now_ms(&virtual_clock.clock), 1000);
	assert_int_equal(clock_sleep_ms(&virtual_clock.clock, 1500), 500);
	virtual_clock.now_ms = 2000;
	assert_int_equal(clock_now_ms(&virtual_clock.clock), 2000);
	assert_int_equal(clock_sleep_ms(&virtual_clock.clock, 1500), 0);
}

static void
test_a_scaled_clock_wakes_late_rather_than_early(void **state)
{
	struct clock_scaled scaled;

	(void)state;
	clock_scaled_init(&scaled, 1000, 0);
	int64_t now_ms = clock_now_ms(&scaled.clock);
	assert_true(now_ms >= scaled.origin_ms);
	int64_t sleep_ms = clock_sleep_ms(&scaled.clock, now_ms + 60000001);
	assert_true(sleep_ms <= 60001);
	assert_true(sleep_ms > 50000);
	assert_int_equal(clock_sleep_ms(&scaled.clock, scaled.origin_ms), 0);
}

static void
test_a_scaled_clock_goes_on_from_where_it_was_ahead(void **state)
{
	int64_t now_ms = clock_now_ms(clock_system());
	struct clock_scaled scaled;

	(void)state;
	clock_scaled_init(&scaled, 10, now_ms + 3600000);
	int64_t shown_ms = clock_now_ms(&scaled.clock);
	assert_true(shown_ms >= now_ms + 3600000);
	assert_true(shown_ms < now_ms + 3600000 + 600000);
	assert_int_equal(
	    clock_sleep_ms(&scaled.clock, now_ms + 3600000), 0);
	clock_scaled_init(&scaled, 10, now_ms - 3600000);
	assert_true(clock_now_ms(&scaled.clock) >= now_ms);
}

static void
test_instants_are_written_in_utc_with_milliseconds(void **state)
{
	(void)state;
	assert_format(0, "1970-01-01T00:00:00.000Z");
	assert_format(-1, "1969-12-31T23:59:59.999Z");
	assert_format(INT64_C(951782400000), "2000-02-29T00:00:00.000Z");
	assert_format(INT64_C(1795339800123), "2026-11-22T09:30:00.123Z");
	assert_format(INT64_C(253402300799999), "9999-12-31T23:59:59.999Z");
}

static void
test_the_furthest_instants_fit(void **state)
{
	char out[CLOCK_TEXT_BYTES];

	(void)state;
	assert_true(clock_format(INT64_MAX, out).bytes < CLOCK_TEXT_BYTES);
	assert_true(clock_format(INT64_MIN, out).bytes < CLOCK_TEXT_BYTES);
}

static void
test_offsets_and_fractions_are_read(void **state)
{
	(void)state;
	assert_parse("2026-11-22T09:30:00Z", "2026-11-22T09:30:00.000Z");
	assert_parse("2026-11-22t09:30:00z", "2026-11-22T09:30:00.000Z");
	assert_parse("2026-11-22T09:30:00.5+01:00", "2026-11-22T08:30:00.500Z");
	assert_parse("2026-11-22T23:30:00.1239-05:30",
	    "2026-11-23T05:00:00.123Z");
	assert_parse("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00.000Z");
	assert_parse("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z");
}

static void
test_a_leap_second_counts_as_the_next(void **state)
{
	(void)state;
	assert_parse("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z");
	assert_parse("2017-01-01T00:59:60.5+01:00", "2017-01-01T00:00:00.500Z");
	assert_rejected("2016-12-31T12:59:60Z");
}

static void
test_what_is_no_instant_is_rejected(void **state)
{
	static const char *const texts[] = {"", "2026-11-22",
	    "2026-11-22T09:30:00", "2026-11-22 09:30:00Z",
	    "2026-11-22T09:30Z", "2026-11-22T9:30:00Z",
	    "2026-13-22T09:30:00Z", "2026-02-29T09:30:00Z",
	    "2100-02-29T09:30:00Z", "2026-04-31T09:30:00Z",
	    "2026-00-10T09:30:00Z", "2026-01-00T09:30:00Z",
	    "2026-11-22T24:00:00Z", "2026-11-22T09:60:00Z",
	    "2026-11-22T09:30:61Z", "2026-11-22T09:30:00.Z",
	    "2026-11-22T09:30:00,5Z", "2026-11-22T09:30:00+0100",
	    "2026-11-22T09:30:00+24:00", "2026-11-22T09:30:00+01:60",
	    "2026-11-22T09:30:00Zx", "-026-11-22T09:30:00Z",
	    "2026-11-22T09:30:-1Z", "+2026-11-22T09:30:00Z"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_rejected(texts[i]);
}

static void
test_every_day_survives_the_round_trip(void **state)
{
	char out[CLOCK_TEXT_BYTES];
	int64_t back;

	(void)state;
	/* From the year 1 to the year 9999. */
	for (int64_t day = -719162; day <= 2932896; day += 13) {
		int64_t instant_ms = day * INT64_C(86400000) + 45296789;
		if (!clock_parse(clock_format(instant_ms, out), &back) ||
		    back != instant_ms)
			fail_msg("%s", out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_system_clock_goes_forward),
	    cmocka_unit_test(test_the_steady_clock_counts_what_was_slept),
	    cmocka_unit_test(test_the_monotonic_clock_counts_what_was_slept),
	    cmocka_unit_test(test_a_virtual_clock_stands_until_it_is_set),
	    cmocka_unit_test(test_a_scaled_clock_wakes_late_rather_than_early),
	    cmocka_unit_test(
		test_a_scaled_clock_goes_on_from_where_it_was_ahead),
	    cmocka_unit_test(
		test_instants_are_written_in_utc_with_milliseconds),
	    cmocka_unit_test(test_the_furthest_instants_fit),
	    cmocka_unit_test(test_offsets_and_fractions_are_read),
	    cmocka_unit_test(test_a_leap_second_counts_as_the_next),
	    cmocka_unit_test(test_what_is_no_instant_is_rejected),
	    cmocka_unit_test(test_every_day_survives_the_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
