/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

#include "stated/temporal.h"

static void
assert_date(struct date date, const char *expected)
{
	struct buf out = {0};
	date_format(date, &out);
	assert_text(buf_str(&out), expected);
	buf_fini(&out);
}

static void
test_dates_are_written_as_they_are_read(void **state)
{
	static const char *const texts[] = {"2026-11-22", "0000-01-01",
	    "-0044-03-15", "99999-12-31", "999999999-12-31", "-999999999-01-01",
	    "2000-02-29"};
	struct date date;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(date_parse(str_of(texts[i]), &date));
		assert_date(date, texts[i]);
	}
}

static void
test_what_is_no_date_is_refused(void **state)
{
	static const char *const texts[] = {"", "2012/12/25", "0000-12-25T",
	    "9999999999-12-25", "2017-13-10", "2017-12-32", "2017-02-29",
	    "1900-02-29", "01211-12-31", "211-12-31", "+2017-01-01",
	    "2017-1-01", "2017-01-1", "2017-00-01", "2017-01-00", "2017-01",
	    "2017-01-01 ", " 2017-01-01", "--2017-01-01",
	    "2012T-12-2511:00:00Z", "2017-01-01Z"};
	struct date date;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (date_parse(str_of(texts[i]), &date))
			fail_msg("%s was taken", texts[i]);
	assert_false(date_parse((struct str){0}, &date));
}

static void
test_days_are_counted_from_1970(void **state)
{
	static const struct {
		struct date date;
		int64_t days;
	} rows[] = {
	    {{1970, 1, 1}, 0},
	    {{1969, 12, 31}, -1},
	    {{2000, 3, 1}, 11017},
	    {{0, 3, 1}, -719468},
	    {{999999999, 12, 31}, DATE_DAYS_MAX},
	    {{-999999999, 1, 1}, DATE_DAYS_MIN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(date_to_days(rows[i].date) == rows[i].days);
		struct date date = date_of_days(rows[i].days);
		assert_int_equal(date.year, rows[i].date.year);
		assert_int_equal(date.month, rows[i].date.month);
		assert_int_equal(date.day, rows[i].date.day);
	}
}

/* Each day of 2000 years follows the one before it. */
static void
test_the_calendar_goes_on_day_by_day(void **state)
{
	struct date before = date_of_days(-800000);
	(void)state;
	for (int64_t day = -799999; day < 50000; day++) {
		struct date date = date_of_days(day);
		assert_true(date_to_days(date) == day);
		assert_true(date_is_valid(date.year, date.month, date.day));
		if (date.day == 1)
			assert_false(date_is_valid(before.year, before.month,
			    before.day + 1));
		else
			assert_int_equal(date.day, before.day + 1);
		before = date;
	}
}

static void
test_weekdays_begin_with_monday(void **state)
{
	(void)state;
	assert_int_equal(date_weekday((struct date){2026, 11, 23}), 1);
	assert_int_equal(date_weekday((struct date){2026, 11, 22}), 7);
	assert_int_equal(date_weekday((struct date){1970, 1, 1}), 4);
	assert_int_equal(date_weekday((struct date){-1, 12, 31}), 5);
}

static void
test_adding_months_cuts_the_day(void **state)
{
	struct date date;
	(void)state;
	assert_true(date_add_months((struct date){2026, 1, 31}, 1, &date));
	assert_date(date, "2026-02-28");
	assert_true(date_add_months((struct date){2024, 2, 29}, 12, &date));
	assert_date(date, "2025-02-28");
	assert_true(date_add_months((struct date){2026, 1, 31}, -1, &date));
	assert_date(date, "2025-12-31");
	assert_true(date_add_months((struct date){1, 1, 15}, -25, &date));
	assert_date(date, "-0002-12-15");
	assert_false(
	    date_add_months((struct date){999999999, 12, 1}, 1, &date));
	assert_false(
	    date_add_months((struct date){2026, 1, 1}, INT64_MAX, &date));
	assert_false(
	    date_add_months((struct date){-2026, 1, 1}, INT64_MIN, &date));
}

static void
test_leap_years_are_gregorian(void **state)
{
	(void)state;
	assert_true(date_is_valid(2000, 2, 29));
	assert_true(date_is_valid(0, 2, 29));
	assert_true(date_is_valid(-4, 2, 29));
	assert_false(date_is_valid(1900, 2, 29));
	assert_false(date_is_valid(-100, 2, 29));
	assert_false(date_is_valid(1000000000, 1, 1));
	assert_false(date_is_valid(2026, 0, 1));
	assert_false(date_is_valid(2026, 4, 31));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dates_are_written_as_they_are_read),
	    cmocka_unit_test(test_what_is_no_date_is_refused),
	    cmocka_unit_test(test_days_are_counted_from_1970),
	    cmocka_unit_test(test_the_calendar_goes_on_day_by_day),
	    cmocka_unit_test(test_weekdays_begin_with_monday),
	    cmocka_unit_test(test_adding_months_cuts_the_day),
	    cmocka_unit_test(test_leap_years_are_gregorian),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
