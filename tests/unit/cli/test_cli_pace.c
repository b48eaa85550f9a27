/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_pace.c: work that gives way. */
#include "../../../src/cli/cli_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define NOW_NS (1000 * MS)

static void
test_nobody_rests_alone(void **state)
{
	struct cli_pace pace = {.fd = -1};

	(void)state;
	assert_int_equal(cli_pace_owed(&pace, NOW_NS, 5 * MS, 0), 0);
	/* A moment in line is no company. */
	assert_int_equal(cli_pace_owed(&pace, NOW_NS, 5 * MS, MS / 10), 0);
}

static void
test_who_stood_in_line_takes_a_fifth_of_the_time(void **state)
{
	struct cli_pace pace = {.fd = -1};

	(void)state;
	/* The line was rest, too. */
	assert_int_equal(
	    cli_pace_owed(&pace, NOW_NS, 5 * MS, 2 * MS), 18 * MS);
	assert_int_equal(cli_pace_owed(&pace, NOW_NS, 5 * MS, 50 * MS), 0);
}

static void
test_company_is_remembered_for_a_while(void **state)
{
	struct cli_pace pace = {.fd = -1};

	(void)state;
	(void)cli_pace_owed(&pace, NOW_NS, 5 * MS, 5 * MS);
	assert_int_equal(
	    cli_pace_owed(&pace, NOW_NS + 499 * MS, 5 * MS, 0), 20 * MS);
	assert_int_equal(
	    cli_pace_owed(&pace, NOW_NS + 500 * MS, 5 * MS, 0), 0);
}

static void
test_pace_begins_and_ends_anywhere(void **state)
{
	struct cli_pace pace;

	(void)state;
	cli_pace_begin(&pace);
	cli_pace_rest(&pace);
	cli_pace_end(&pace);
	assert_int_equal(pace.fd, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nobody_rests_alone),
	    cmocka_unit_test(test_who_stood_in_line_takes_a_fifth_of_the_time),
	    cmocka_unit_test(test_company_is_remembered_for_a_while),
	    cmocka_unit_test(test_pace_begins_and_ends_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
