/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What is wrong with the text, or the absent string. */
static struct str
why_not(struct arena *arena, const char *text)
{
	const struct cron *cron = NULL;
	struct str why = {0};
	bool right = cron_parse(arena, str_of(text), &cron, &why);

	assert_true(right == (cron != NULL));
	assert_true(right == (why.at == NULL));
	return why;
}

static void
test_what_cron_takes_is_taken(void **state)
{
	static const char *const texts[] = {"* * * * *", "0 7 * * 1-5",
	    "0,30 7-18/2 1,15,L jan-mar,DEC mon-fri", "5/15 0 1 1 0",
	    "00 07 * * 7", "  0\t7  *  *   sat-sun ", "@hourly", "@daily",
	    "@weekly", "@monthly", "@yearly", "0 0 29 2 *", "59 23 31 12 6",
	    "0 0 30 feb,apr *", "0 0 30 2 mon", "*/59 */23 */31 */12 */7"};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str why = why_not(arena, texts[i]);

		if (why.at != NULL)
			fail_msg("%s: %.*s", texts[i], STR_ARG(why));
	}
	arena_free(&arena);
}

static void
test_what_is_wrong_is_said_with_its_place(void **state)
{
	static const char *const cases[][2] = {
	    {"", "five fields are expected (minute hour day-of-month month "
		 "day-of-week), there are 0"},
	    {"0 7 * *", "five fields are expected (minute hour day-of-month "
			"month day-of-week), there are 4"},
	    {"0 0 7 * * *", "five fields are expected (minute hour "
			    "day-of-month month day-of-week), there are 6"},
	    {"60 7 * * *", "minute: `60` is not within 0 to 59"},
	    {"0 24 * * *", "hour: `24` is not within 0 to 23"},
	    {"0 7 0 * *", "day of the month: `0` is not within 1 to 31"},
	    {"0 7 * 13 *", "month: `13` is not within 1 to 12, and no name"},
	    {"0 7 * * mo",
		"day of the week: `mo` is not within 0 to 7, and no name"},
	    {"0 7 * * 8",
		"day of the week: `8` is not within 0 to 7, and no name"},
	    {"-5 7 * * *", "minute: `` is not within 0 to 59"},
	    {"0 18-7 * * *", "hour: `18-7` runs backwards"},
	    {"0 7 * * fri-mon", "day of the week: `fri-mon` runs backwards"},
	    {"*/0 * * * *", "minute: `0` is no step that this field has"},
	    {"*/60 * * * *", "minute: `60` is no step that this field has"},
	    {"*/ * * * *", "minute: `` is no step that this field has"},
	    {"0 7, * * *", "hour: `` is empty"},
	    {"L 7 * * *", "minute: `L` is not within 0 to 59"},
	    {"0 7 ? * *", "day of the month: `?` is not within 1 to 31"},
	    {"0 0 30 2 *", "day of the month: no month that is meant has such "
			   "a day"},
	    {"0 0 31 feb,apr,jun *", "day of the month: no month that is "
				     "meant has such a day"},
	    {"@never", "`@never` is none of @hourly, @daily, @weekly, "
		       "@monthly and @yearly"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str why = why_not(arena, cases[i][0]);

		assert_string_equal(arena_cstr(arena, why), cases[i][1]);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_cron_takes_is_taken),
	    cmocka_unit_test(test_what_is_wrong_is_said_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
