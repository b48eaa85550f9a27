/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

#include "stated/temporal.h"

static void
assert_duration(const char *text, const char *expected)
{
	struct duration duration;
	struct buf out = {0};
	if (!duration_parse(str_of(text), &duration))
		fail_msg("%s is no duration", text);
	duration_format(duration, &out);
	assert_text(buf_str(&out), expected);
	buf_fini(&out);
}

static void
assert_months(const char *text, const char *expected)
{
	int64_t months;
	struct buf out = {0};
	if (!months_parse(str_of(text), &months))
		fail_msg("%s is no duration of months", text);
	months_format(months, &out);
	assert_text(buf_str(&out), expected);
	buf_fini(&out);
}

static void
test_durations_are_written_in_their_largest_units(void **state)
{
	(void)state;
	assert_duration("P1D", "P1D");
	assert_duration("PT4S", "PT4S");
	assert_duration("PT0.999S", "PT0.999S");
	assert_duration("P1DT2H3M4.123456789S", "P1DT2H3M4.123456789S");
	assert_duration("PT0.000S", "PT0S");
	assert_duration("P0D", "PT0S");
	assert_duration("-PT0S", "PT0S");
	assert_duration("PT1000M0.999999999S", "PT16H40M0.999999999S");
	assert_duration("PT240H", "P10D");
	assert_duration("P2DT274M", "P2DT4H34M");
	assert_duration("-PT0.5S", "-PT0.5S");
	assert_duration("-P1DT1S", "-P1DT1S");
	assert_duration("PT36H", "P1DT12H");
}

static void
test_months_are_written_as_years_and_months(void **state)
{
	(void)state;
	assert_months("P1Y2M", "P1Y2M");
	assert_months("P0Y", "P0M");
	assert_months("-P1Y", "-P1Y");
	assert_months("P1Y27M", "P3Y3M");
	assert_months("-P999999999M", "-P83333333Y3M");
	assert_months("P11M", "P11M");
}

static void
test_the_two_kinds_exclude_each_other(void **state)
{
	static const char *const neither[] = {"", "P", "PT", "P0", "1Y", "P1H",
	    "P1S", "P1Y1D", "P1M1DT1H", "P1YT1H", "P1W", "+P1D", "P-1D",
	    "P1.5D", "PT1.5H", "P1D ", "P1DT", "PT1S1M", "PT.5S", "PT1.S",
	    "P1M1Y", "--P1D", "p1d", "PT0.1234567891S",
	    "P99999999999999999999D", "P9223372036854775807D",
	    "P9223372036854775807Y", "PT9223372036854775807H1S"};
	struct duration duration;
	int64_t months;
	(void)state;
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++) {
		if (duration_parse(str_of(neither[i]), &duration))
			fail_msg("%s is taken as days", neither[i]);
		if (months_parse(str_of(neither[i]), &months))
			fail_msg("%s is taken as months", neither[i]);
	}
	assert_false(duration_parse(STR("P1Y"), &duration));
	assert_false(months_parse(STR("P1D"), &months));
	assert_false(duration_parse(STR("P1M"), &duration));
	assert_true(duration_parse(STR("PT1M"), &duration));
}

static void
test_the_longest_durations_are_written(void **state)
{
	struct buf out = {0};
	(void)state;
	duration_format((struct duration){INT64_MIN, -999999999}, &out);
	assert_text(buf_str(&out), "-P106751991167300DT15H30M8.999999999S");
	buf_clear(&out);
	months_format(INT64_MIN, &out);
	assert_text(buf_str(&out), "-P768614336404564650Y8M");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_durations_are_written_in_their_largest_units),
	    cmocka_unit_test(test_months_are_written_as_years_and_months),
	    cmocka_unit_test(test_the_two_kinds_exclude_each_other),
	    cmocka_unit_test(test_the_longest_durations_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
