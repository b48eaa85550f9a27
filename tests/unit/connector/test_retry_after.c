/* SPDX-License-Identifier: Apache-2.0 */
#include "connector_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define THEN_MS INT64_C(784111777000)

static int64_t
delay(const char *text, const char *date, int64_t now_ms)
{
	int64_t delay_ms;

	return retry_after_parse(str_of(text), str_of(date), now_ms, &delay_ms)
	    ? delay_ms
	    : -1;
}

static void
test_seconds(void **state)
{
	(void)state;
	assert_int_equal(delay("120", NULL, THEN_MS), 120000);
	assert_int_equal(delay("0", NULL, THEN_MS), 0);
}

static void
test_more_than_we_can_count_is_very_long(void **state)
{
	static const char *const texts[] = {"316224001", "2147483647",
	    "315360001000", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(delay(texts[i], NULL, THEN_MS),
		    INT64_C(316224000000));
}

static void
test_dates_in_all_three_forms(void **state)
{
	int64_t now_ms = THEN_MS - 60000;

	(void)state;
	assert_int_equal(
	    delay("Sun, 06 Nov 1994 08:49:37 GMT", NULL, now_ms), 60000);
	assert_int_equal(
	    delay("Sunday, 06-Nov-94 08:49:37 GMT", NULL, now_ms), 60000);
	assert_int_equal(
	    delay("Sun Nov  6 08:49:37 1994", NULL, now_ms), 60000);
}

static void
test_date_counts_from_the_answers_own(void **state)
{
	(void)state;
	assert_int_equal(delay("Sun, 06 Nov 1994 08:49:37 GMT",
			     "Sun, 06 Nov 1994 08:49:07 GMT", 1),
	    30000);
	assert_int_equal(delay("Sun, 06 Nov 1994 08:49:37 GMT", "yesterday",
			     THEN_MS - 1000),
	    1000);
}

static void
test_past_date_is_no_delay(void **state)
{
	(void)state;
	assert_int_equal(
	    delay("Sun, 06 Nov 1994 08:49:37 GMT", NULL, THEN_MS + 1), 0);
}

static void
test_garbage_is_not_understood(void **state)
{
	static const char *const texts[] = {
		"", "soon", "-1", "1.5", "12 seconds",
		"Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
		"Sun, 06 Nvo 1994 08:49:37 GMT", "Sun, 06 ovD 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT and so on", "06 Nov 1994",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(delay(texts[i], NULL, THEN_MS), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_more_than_we_can_count_is_very_long),
		cmocka_unit_test(test_dates_in_all_three_forms),
		cmocka_unit_test(test_date_counts_from_the_answers_own),
		cmocka_unit_test(test_past_date_is_no_delay),
		cmocka_unit_test(test_garbage_is_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
