/* SPDX-License-Identifier: Apache-2.0 */
/* test_load_schedule.c: what a definition holds of its starts by time. */
#include "written_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stated/cron.h"

struct fixture {
	struct library *library;
};

static const char text[] =
    "workflow: listed\n"
    "version: 1\n"
    "calendar: berlin\n"
    "schedule:\n"
    "  - {cron: '30 7 * * *'}\n"
    "  - {cron: '@daily', calendar: zurich, input: {day: = at}}\n"
    "  - {cron: '@hourly', timezone: Asia/Tokyo, calendar: zurich,\n"
    "     overlap: allow, catch-up: none}\n"
    "initial: end\n"
    "states: {end: {type: final}}\n"
    "---\n"
    "workflow: single\n"
    "version: 1\n"
    "schedule: {cron: '@daily', overlap: queue, catch-up: all}\n"
    "initial: end\n"
    "states: {end: {type: final}}\n"
    "---\n"
    "calendar: berlin\n"
    "timezone: Europe/Berlin\n"
    "---\n"
    "calendar: zurich\n"
    "timezone: Europe/Zurich\n";

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct buf told = {0};

	assert_non_null(fixture);
	fixture->library = written_library_told(text, &told);
	assert_string_equal(buf_cstr(&told), "");
	buf_fini(&told);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	library_free(&fixture->library);
	free(fixture);
	return 0;
}

static const struct definition *
workflow_of(void **state, const char *name)
{
	struct fixture *fixture = *state;

	return library_find_workflow(fixture->library, str_of(name), 0);
}

static void
test_schedules_stand_in_their_order(void **state)
{
	const struct definition *listed = workflow_of(state, "listed");

	assert_int_equal(listed->schedule_count, 3);
	assert_true(str_equal(listed->schedules[0].text, STR("30 7 * * *")));
	assert_true(str_equal(listed->schedules[1].text, STR("@daily")));
	assert_non_null(listed->schedules[2].cron);
	assert_int_equal(listed->schedules[2].overlap, OVERLAP_ALLOW);
	assert_int_equal(listed->schedules[2].catch_up, CATCH_UP_NONE);
}

static void
test_one_schedule_needs_no_list(void **state)
{
	const struct definition *single = workflow_of(state, "single");

	assert_int_equal(single->schedule_count, 1);
	assert_int_equal(single->schedules[0].overlap, OVERLAP_QUEUE);
	assert_int_equal(single->schedules[0].catch_up, CATCH_UP_ALL);
	assert_null(single->schedules[0].calendar);
}

static void
test_time_zone_is_said_or_the_calendars_or_utc(void **state)
{
	const struct definition *listed = workflow_of(state, "listed");
	const struct definition *single = workflow_of(state, "single");

	assert_true(str_equal(listed->schedules[0].timezone,
	    STR("Europe/Berlin")));
	assert_true(str_equal(listed->schedules[1].timezone,
	    STR("Europe/Zurich")));
	assert_true(str_equal(listed->schedules[2].timezone,
	    STR("Asia/Tokyo")));
	assert_true(str_equal(single->schedules[0].timezone, STR("UTC")));
}

static void
test_only_a_schedules_own_calendar_leaves_days_out(void **state)
{
	const struct definition *listed = workflow_of(state, "listed");

	assert_null(listed->schedules[0].calendar);
	assert_true(str_equal(listed->schedules[1].calendar->name,
	    STR("zurich")));
}

static void
test_left_out_it_is_skip_last_and_an_empty_input(void **state)
{
	const struct def_schedule *first =
	    &workflow_of(state, "listed")->schedules[0];

	assert_int_equal(first->overlap, OVERLAP_SKIP);
	assert_int_equal(first->catch_up, CATCH_UP_LAST);
	assert_int_equal(first->input->kind, TEMPLATE_LITERAL);
	assert_int_equal(first->input->literal->type, VALUE_CONTEXT);
	assert_int_equal(workflow_of(state, "listed")->schedules[1].input->kind,
	    TEMPLATE_CONTEXT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedules_stand_in_their_order),
		cmocka_unit_test(test_one_schedule_needs_no_list),
		cmocka_unit_test(
		    test_time_zone_is_said_or_the_calendars_or_utc),
		cmocka_unit_test(
		    test_only_a_schedules_own_calendar_leaves_days_out),
		cmocka_unit_test(
		    test_left_out_it_is_skip_last_and_an_empty_input),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
