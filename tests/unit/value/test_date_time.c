/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

#include "stated/temporal.h"

static struct date_time
date_time_of(const char *text)
{
	struct date_time date_time;
	if (!date_time_parse(str_of(text), &date_time))
		fail_msg("%s is no date and time", text);
	return date_time;
}

static void
assert_date_time(const struct date_time *date_time, const char *expected)
{
	struct buf out = {0};
	date_time_format(date_time, &out);
	assert_text(buf_str(&out), expected);
	buf_fini(&out);
}

static void
test_both_parts_are_read_and_written(void **state)
{
	static const char *const texts[] = {"2017-12-31T11:22:33",
	    "-2017-12-31T11:22:33", "99999-12-31T11:22:33",
	    "2017-12-31T11:22:33.123456789Z", "2017-12-31T11:22:33.456+01:35",
	    "2011-12-31T10:15:30.123456789@Europe/Paris"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct date_time date_time = date_time_of(texts[i]);
		assert_date_time(&date_time, texts[i]);
	}
}

static void
test_midnight_at_24_is_the_next_day(void **state)
{
	struct date_time date_time = date_time_of("2021-12-31T24:00:00");
	(void)state;
	assert_date_time(&date_time, "2022-01-01T00:00:00");
	assert_false(
	    date_time_parse(STR("999999999-12-31T24:00:00"), &date_time));
}

static void
test_what_is_no_date_and_time_is_refused(void **state)
{
	static const char *const texts[] = {"", "T", "11:00:00", "2012-12-24",
	    "2017-13-32T11:22:33", "01211-12-31T11:22:33",
	    "2017-12-31T24:01:00", "2017-12-31T25:00:00", "2017-12-31T00:60:00",
	    "2017-12-31T07:1:00", "2017-12-31T13:20:00-19:00", "2017-12-31T",
	    "2017-12-31 11:22:33", "2017-12-31T11:22:33T"};
	struct date_time date_time;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (date_time_parse(str_of(texts[i]), &date_time))
			fail_msg("%s was taken", texts[i]);
}

static void
assert_utc(const char *text, int64_t expected)
{
	struct date_time date_time = date_time_of(text);
	int64_t seconds;
	uint32_t nanoseconds;
	date_time_to_utc(&date_time, &seconds, &nanoseconds);
	assert_true(seconds == expected);
}

static void
test_offsets_and_zones_lead_to_utc(void **state)
{
	(void)state;
	assert_utc("1970-01-01T00:00:00", 0);
	assert_utc("1970-01-01T01:00:00+01:00", 0);
	assert_utc("1969-12-31T23:59:59Z", -1);
	assert_utc("2026-07-01T12:00:00@Europe/Berlin", 1782900000);
	assert_utc("2026-01-01T12:00:00@Europe/Berlin", 1767265200);
	/* In the gap of spring the clock has jumped already. */
	assert_utc("2026-03-29T02:30:00@Europe/Berlin", 1774747800);
}

static void
test_an_instant_is_seen_as_another_clock_shows_it(void **state)
{
	struct date_time like =
	    date_time_of("2000-01-01T00:00:00@Europe/Berlin");
	struct date_time seen;
	(void)state;
	assert_true(date_time_of_utc(1782900000, 5, &like.time, &seen));
	assert_date_time(&seen, "2026-07-01T12:00:00.000000005@Europe/Berlin");
	/* The hour that comes twice. */
	assert_true(date_time_of_utc(1635640200, 0, &like.time, &seen));
	assert_date_time(&seen, "2021-10-31T02:30:00@Europe/Berlin");
	assert_true(date_time_of_utc(1635643800, 0, &like.time, &seen));
	assert_date_time(&seen, "2021-10-31T02:30:00+01:00");
	assert_true(date_time_of_utc(1635645600, 0, &like.time, &seen));
	assert_date_time(&seen, "2021-10-31T03:00:00@Europe/Berlin");
	like = date_time_of("2000-01-01T00:00:00-01:30");
	assert_true(date_time_of_utc(0, 0, &like.time, &seen));
	assert_date_time(&seen, "1969-12-31T22:30:00-01:30");
	like = date_time_of("2000-01-01T00:00:00");
	assert_true(date_time_of_utc(-1, 0, &like.time, &seen));
	assert_date_time(&seen, "1969-12-31T23:59:59");
	assert_false(date_time_of_utc(INT64_MAX, 0, &like.time, &seen));
	assert_false(date_time_of_utc(INT64_MIN, 0, &like.time, &seen));
}

static void
test_instants_are_milliseconds(void **state)
{
	struct date_time date_time = date_time_of("1969-12-31T23:59:59.9985Z");
	int64_t instant;
	(void)state;
	assert_true(date_time_to_instant(&date_time, &instant));
	assert_true(instant == -2);
	date_time = date_time_of_instant(-2);
	assert_date_time(&date_time, "1969-12-31T23:59:59.998Z");
	date_time = date_time_of_instant(INT64_MAX);
	assert_true(date_time_to_instant(&date_time, &instant));
	assert_true(instant == INT64_MAX);
	date_time = date_time_of("999999999-01-01T00:00:00");
	assert_false(date_time_to_instant(&date_time, &instant));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_parts_are_read_and_written),
	    cmocka_unit_test(test_midnight_at_24_is_the_next_day),
	    cmocka_unit_test(test_what_is_no_date_and_time_is_refused),
	    cmocka_unit_test(test_offsets_and_zones_lead_to_utc),
	    cmocka_unit_test(test_an_instant_is_seen_as_another_clock_shows_it),
	    cmocka_unit_test(test_instants_are_milliseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
