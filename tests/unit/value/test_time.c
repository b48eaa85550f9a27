/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

#include "stated/temporal.h"

static void
assert_time(const char *text, const char *expected)
{
	struct time_of_day time;
	struct buf out = {0};
	if (!time_parse(str_of(text), &time))
		fail_msg("%s is no time", text);
	time_format(&time, &out);
	assert_text(buf_str(&out), expected);
	buf_fini(&out);
}

static void
test_times_are_written_as_they_are_read(void **state)
{
	static const char *const texts[] = {"00:00:00", "23:59:59",
	    "10:20:00.5", "10:20:00.123456789Z", "13:20:00+02:00",
	    "11:59:45-02:45:55", "12:00:00+18:00", "12:00:00-18:00",
	    "00:01:00@Etc/UTC", "10:20:00.000000001@Europe/Berlin"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_time(texts[i], texts[i]);
}

static void
test_one_time_may_have_several_texts(void **state)
{
	(void)state;
	assert_time("11:22:33-00:00", "11:22:33Z");
	assert_time("11:22:33+00:00", "11:22:33Z");
	assert_time("24:00:00", "00:00:00");
	assert_time("10:20:00.500", "10:20:00.5");
	assert_time("10:20:00.000", "10:20:00");
}

static void
test_what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {"", "23:59:60", "24:00:01",
	    "24:00:00.1", "25:00:00", "00:00:61", "7:00:00", "07:1:00",
	    "07:01:2", "7:20", "10:20", "13:20:00-19:00", "13:20:00+18:01",
	    "13:20:00+5:00", "13:20:00+02:00@Europe/Paris", "13:20:00@",
	    "13:20:00@Nowhere/Land", "13:20:00z", "13:20:00.", "13:20:00.Z",
	    "13:20:00.1234567891", "13:20:00+0200", "13:20:00 Z",
	    "13:20:00+02", "T13:20:00", "13:60:00", "13:20:00+02:60"};
	struct time_of_day time;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (time_parse(str_of(texts[i]), &time))
			fail_msg("%s was taken", texts[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_times_are_written_as_they_are_read),
	    cmocka_unit_test(test_one_time_may_have_several_texts),
	    cmocka_unit_test(test_what_is_no_time_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
