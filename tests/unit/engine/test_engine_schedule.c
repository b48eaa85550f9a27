/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_engine_schedule.c: instances that are started by time.
 *
 * The house begins on Monday 24 November 2025 at 16:00 UTC, 17:00 in Berlin.
 * A workflow's business key is the planned instant, so the keys in order of
 * their instances tell what was started, and in which order.
 */
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE ((int64_t)60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* An instance waits for `go`. */
#define WAITING(schedule)                                      \
	"workflow: sweep\n"                                    \
	"version: 1\n"                                         \
	"business-key: = input.day\n"                          \
	"schedule: " schedule "\n"                             \
	"events: {go: {correlate: = input.day}}\n"             \
	"initial: resting\n"                                   \
	"states:\n"                                            \
	"  resting: {on: {go: ended}, after: {100d: ended}}\n" \
	"  ended: {type: final, outcome: success}\n"

#define ENDING(schedule)              \
	"workflow: sweep\n"           \
	"version: 1\n"                \
	"business-key: = input.day\n" \
	"schedule: " schedule "\n"    \
	"initial: ended\n"            \
	"states:\n"                   \
	"  ended: {type: final, outcome: success}\n"

#define INPUT "input: {day: = at}"

static bool
no_answer(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	(void)house;
	(void)request;
	(void)response;
	return false;
}

struct started {
	char keys[1024]; /* by commas */
	size_t count;
	char initiator[32];
};

static bool
started_cb(const struct store_instance *row, void *arg)
{
	struct started *started = arg;
	size_t at = strlen(started->keys);

	snprintf(started->keys + at, sizeof(started->keys) - at, "%s%.*s",
	    at ? "," : "", STR_ARG(row->business_key));
	snprintf(started->initiator, sizeof(started->initiator), "%.*s",
	    STR_ARG(row->initiator));
	started->count++;
	return true;
}

static struct started
started(struct house *house)
{
	struct store_instance_filter filter = {
	    .has_incident = -1, .limit = 100000};
	struct started all = {.count = 0};

	assert_int_equal(
	    store_list_instances(house->store, &filter, started_cb, &all),
	    STORE_OK);
	return all;
}

static void
assert_started(struct house *house, const char *keys)
{
	struct started all = started(house);

	assert_string_equal(all.keys, keys);
}

/* The engine is gone for so long. */
static void
stand_still(struct house *house, int64_t ms)
{
	house_close_engine(house);
	house->clock.now_ms += ms;
	house_open_engine(house);
	house_run(house);
}

static struct engine_schedule shown;
static char trouble[256];

static void
shown_cb(const struct engine_schedule *schedule, void *arg)
{
	size_t *count = arg;

	(*count)++;
	shown = *schedule;
	snprintf(trouble, sizeof(trouble), "%.*s", STR_ARG(schedule->trouble));
}

static void
look(struct house *house)
{
	size_t count = 0;

	engine_each_schedule(house->engine, shown_cb, &count);
	assert_int_equal(count, 1);
}

static void
test_an_instance_is_started_at_its_time_with_that_time_as_input(void **state)
{
	struct house *house =
	    house_new(ENDING("{cron: '30 17 * * *', " INPUT "}"), no_answer);

	(void)state;
	assert_started(house, "");
	house_advance(house, 90 * MINUTE - 1);
	assert_started(house, "");
	house_advance(house, 1);
	assert_started(house, "2025-11-24T17:30:00Z");
	assert_string_equal(started(house).initiator, "schedule");
	assert_true(house_chain_is_sound(house, 1));
	house_advance(house, DAY);
	assert_started(house, "2025-11-24T17:30:00Z,2025-11-25T17:30:00Z");
	house_free(&house);
}

static void
test_the_local_clock_and_the_business_days_of_a_calendar_count(void **state)
{
	struct house *house =
	    house_new(ENDING("{cron: '30 0 * * *', calendar: bank, " INPUT
			     "}") "---\n"
				  "calendar: bank\n"
				  "timezone: Europe/Berlin\n"
				  "weekend: [sat, sun]\n"
				  "closed: ['11-26']\n",
		no_answer);

	(void)state;
	for (int i = 0; i < 7; i++)
		house_advance(house, DAY);
	assert_started(house,
	    "2025-11-25T00:30:00+01:00,2025-11-27T00:30:00+01:00,"
	    "2025-11-28T00:30:00+01:00,2025-12-01T00:30:00+01:00");
	look(house);
	assert_true(shown.next_ms == 1764631800000); /* 2 December, 00:30 */
	house_free(&house);
}

static void
test_what_was_planned_before_anybody_knew_is_not_started(void **state)
{
	struct house *house = house_new(
	    ENDING("{cron: '@hourly', catch-up: all, " INPUT "}"), no_answer);

	(void)state;
	house_run(house);
	assert_started(house, "");
	house_advance(house, 1);
	assert_started(house, "");
	house_free(&house);
}

static void
test_an_engine_that_is_killed_starts_each_instant_once(void **state)
{
	struct house *house = house_new(
	    ENDING("{cron: '*/10 * * * *', overlap: allow, " INPUT "}"),
	    no_answer);

	(void)state;
	for (int i = 0; i < 6; i++) {
		house_advance(house, 10 * MINUTE);
		house_crash(house);
		house_run(house);
		house_crash(house);
	}
	assert_int_equal(started(house).count, 6);
	house_free(&house);
}

static void
test_a_clock_that_is_set_back_starts_nothing_twice(void **state)
{
	struct house *house = house_new(
	    ENDING(
		"{cron: '@hourly', overlap: allow, catch-up: all, " INPUT "}"),
	    no_answer);

	(void)state;
	house_advance(house, HOUR);
	house_advance(house, HOUR);
	assert_int_equal(started(house).count, 2);
	house_advance(house, -90 * MINUTE);
	house_advance(house, HOUR);
	stand_still(house, 20 * MINUTE);
	assert_int_equal(started(house).count, 2);
	house_advance(house, HOUR);
	assert_int_equal(started(house).count, 2);
	house_advance(house, HOUR);
	assert_started(house, "2025-11-24T17:00:00Z,2025-11-24T18:00:00Z,"
			      "2025-11-24T19:00:00Z");
	house_free(&house);
}

static void
test_after_a_stop_the_last_one_is_made_up_for(void **state)
{
	struct house *house =
	    house_new(ENDING("{cron: '@hourly', " INPUT "}"), no_answer);

	(void)state;
	stand_still(house, 5 * HOUR + MINUTE);
	assert_started(house, "2025-11-24T21:00:00Z");
	house_advance(house, HOUR);
	assert_started(house, "2025-11-24T21:00:00Z,2025-11-24T22:00:00Z");
	house_free(&house);
}

static void
test_after_a_stop_none_or_all_are_made_up_for_if_told(void **state)
{
	struct house *house = house_new(
	    ENDING("{cron: '@hourly', catch-up: none, " INPUT "}"), no_answer);

	(void)state;
	stand_still(house, 5 * HOUR + MINUTE);
	assert_started(house, "");
	house_advance(house, HOUR);
	assert_started(house, "2025-11-24T22:00:00Z");
	house_free(&house);

	house = house_new(
	    ENDING("{cron: '@hourly', catch-up: all, " INPUT "}"), no_answer);
	stand_still(house, 3 * HOUR + MINUTE);
	assert_started(house, "2025-11-24T17:00:00Z,2025-11-24T18:00:00Z,"
			      "2025-11-24T19:00:00Z");
	house_free(&house);
}

static void
test_years_of_silence_are_made_up_for_within_bounds(void **state)
{
	struct house *house = house_new(
	    ENDING("{cron: '* * * * *', overlap: allow, catch-up: all, " INPUT
		   "}"),
	    no_answer);

	(void)state;
	stand_still(house, 3650 * DAY);
	assert_int_equal(started(house).count, 1000);
	house_free(&house);
}

static void
test_one_that_still_runs_is_not_overtaken(void **state)
{
	struct house *house =
	    house_new(WAITING("{cron: '@hourly', " INPUT "}"), no_answer);

	(void)state;
	house_advance(house, HOUR);
	house_advance(house, HOUR);
	assert_started(house, "2025-11-24T17:00:00Z");
	house_event(house, "go", "2025-11-24T17:00:00Z", "e1");
	assert_started(house, "2025-11-24T17:00:00Z");
	house_advance(house, HOUR);
	assert_started(house, "2025-11-24T17:00:00Z,2025-11-24T19:00:00Z");
	house_free(&house);
}

#define CALLING(version, operation)                                  \
	"workflow: sweep\nversion: " version "\n"                   \
	"business-key: = input.day\n"                              \
	"schedule: {cron: '@hourly', " INPUT "}\n"                 \
	"initial: asking\nstates:\n"                               \
	"  asking: {entry: [{call: stub." operation "}],"          \
	" on: {done: ended}}\n"                                    \
	"  ended: {type: final, outcome: success}\n---\n"          \
	"connection: stub\nkind: http\nurl: http://one.invalid\n"  \
	"operations: {" operation ": {request: {get: /ask}}}\n"

/* Nobody can load what has ended on a version that is lost. */
static void
test_one_that_ended_on_a_lost_version_is_in_nobodys_way(void **state)
{
	struct house *house =
	    house_new(CALLING("1", "ask"), house_answer_ok);

	(void)state;
	house_advance(house, HOUR);
	assert_int_equal(started(house).count, 1);
	house_reload(house, CALLING("2", "tell"));
	house_advance(house, HOUR);
	assert_int_equal(started(house).count, 2);
	house_free(&house);
}

static void
test_those_that_queue_begin_when_the_one_before_has_ended(void **state)
{
	struct house *house = house_new(
	    WAITING("{cron: '@hourly', overlap: queue, " INPUT "}"), no_answer);

	(void)state;
	for (int i = 0; i < 3; i++)
		house_advance(house, HOUR);
	assert_started(house, "2025-11-24T17:00:00Z");
	look(house);
	assert_int_equal(shown.queued, 2);
	house_crash(house);
	house_event(house, "go", "2025-11-24T17:00:00Z", "e1");
	house_run(house);
	assert_started(house, "2025-11-24T17:00:00Z,2025-11-24T18:00:00Z");
	house_event(house, "go", "2025-11-24T18:00:00Z", "e2");
	house_run(house);
	assert_started(house, "2025-11-24T17:00:00Z,2025-11-24T18:00:00Z,"
			      "2025-11-24T19:00:00Z");
	look(house);
	assert_int_equal(shown.queued, 0);
	house_free(&house);
}

static void
test_all_that_are_made_up_for_come_one_after_another(void **state)
{
	struct house *house = house_new(
	    WAITING("{cron: '@hourly', catch-up: all, " INPUT "}"), no_answer);

	(void)state;
	stand_still(house, 2 * HOUR);
	assert_started(house, "2025-11-24T17:00:00Z");
	house_event(house, "go", "2025-11-24T17:00:00Z", "e1");
	house_run(house);
	assert_started(house, "2025-11-24T17:00:00Z,2025-11-24T18:00:00Z");
	house_free(&house);
}

static void
test_those_that_may_overlap_do(void **state)
{
	struct house *house = house_new(
	    WAITING("{cron: '@hourly', overlap: allow, " INPUT "}"), no_answer);

	(void)state;
	house_advance(house, HOUR);
	house_advance(house, HOUR);
	assert_int_equal(started(house).count, 2);
	house_free(&house);
}

static void
test_a_reload_brings_other_times_and_starts_nothing_for_the_past(void **state)
{
	struct house *house =
	    house_new(ENDING("{cron: '0 3 * * *', " INPUT "}"), no_answer);

	(void)state;
	house_advance(house, 2 * HOUR + MINUTE);
	house_reload(house,
	    "workflow: sweep\n"
	    "version: 2\n"
	    "business-key: = input.day\n"
	    "schedule: {cron: '@hourly', catch-up: all, " INPUT "}\n"
	    "initial: ended\n"
	    "states:\n"
	    "  ended: {type: final, outcome: success}\n");
	assert_started(house, "");
	house_advance(house, HOUR);
	assert_started(house, "2025-11-24T19:00:00Z");
	/* Without a schedule nothing is started, and what fell into that time
	 * is not made up for when there is one again. */
	house_reload(house, "workflow: sweep\n"
			    "version: 3\n"
			    "business-key: = input.day\n"
			    "initial: ended\n"
			    "states:\n"
			    "  ended: {type: final, outcome: success}\n");
	house_advance(house, 3 * HOUR);
	house_reload(house,
	    "workflow: sweep\n"
	    "version: 4\n"
	    "business-key: = input.day\n"
	    "schedule: {cron: '@hourly', catch-up: all, " INPUT "}\n"
	    "initial: ended\n"
	    "states:\n"
	    "  ended: {type: final, outcome: success}\n");
	house_advance(house, HOUR);
	assert_started(house, "2025-11-24T19:00:00Z,2025-11-24T23:00:00Z");
	house_free(&house);
}

static void
test_a_store_that_fails_delays_a_start_and_does_not_double_it(void **state)
{
	struct house *house =
	    house_new(ENDING("{cron: '@hourly', " INPUT "}"), no_answer);

	(void)state;
	house_lock(house);
	house_advance(house, HOUR);
	house_run_ms(house, 1200);
	assert_false(engine_health(house->engine).writable);
	assert_started(house, "");
	house_unlock(house);
	house_run_ms(house, 3500);
	house_run(house);
	assert_true(engine_health(house->engine).writable);
	assert_started(house, "2025-11-24T17:00:00Z");
	house_free(&house);
}

static void
test_a_start_that_fails_is_shown_and_the_next_one_is_tried(void **state)
{
	struct house *house = house_new(
	    "workflow: sweep\n"
	    "version: 1\n"
	    "input: {type: object, required: [day], properties: {day: {type: "
	    "string, minLength: 30}}}\n"
	    "schedule: {cron: '@hourly', " INPUT "}\n"
	    "initial: ended\n"
	    "states:\n"
	    "  ended: {type: final, outcome: success}\n",
	    no_answer);

	(void)state;
	house_advance(house, HOUR);
	assert_started(house, "");
	look(house);
	assert_non_null(strstr(trouble, "/day"));
	assert_int_equal(engine_health(house->engine).schedule_failures, 1);
	assert_true(shown.next_ms > house->clock.now_ms);
	house_crash(house);
	look(house);
	assert_non_null(strstr(trouble, "/day"));
	house_advance(house, HOUR);
	assert_int_equal(engine_health(house->engine).schedule_failures, 1);
	house_free(&house);
}

static void
test_several_schedules_of_a_workflow_are_kept_apart(void **state)
{
	struct house *house = house_new(
	    ENDING("[{cron: '0 * * * *', input: {day: = \"a\" + string(at)}}, "
		   "{cron: '30 * * * *', input: {day: = \"b\" + string(at)}}]"),
	    no_answer);

	(void)state;
	house_advance(house, 31 * MINUTE);
	house_advance(house, 31 * MINUTE);
	house_crash(house);
	house_run(house);
	assert_started(house, "b2025-11-24T16:30:00Z,a2025-11-24T17:00:00Z");
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_an_instance_is_started_at_its_time_with_that_time_as_input),
	    cmocka_unit_test(
		test_the_local_clock_and_the_business_days_of_a_calendar_count),
	    cmocka_unit_test(
		test_what_was_planned_before_anybody_knew_is_not_started),
	    cmocka_unit_test(
		test_an_engine_that_is_killed_starts_each_instant_once),
	    cmocka_unit_test(
		test_a_clock_that_is_set_back_starts_nothing_twice),
	    cmocka_unit_test(test_after_a_stop_the_last_one_is_made_up_for),
	    cmocka_unit_test(
		test_after_a_stop_none_or_all_are_made_up_for_if_told),
	    cmocka_unit_test(
		test_years_of_silence_are_made_up_for_within_bounds),
	    cmocka_unit_test(test_one_that_still_runs_is_not_overtaken),
	    cmocka_unit_test(
		test_one_that_ended_on_a_lost_version_is_in_nobodys_way),
	    cmocka_unit_test(
		test_those_that_queue_begin_when_the_one_before_has_ended),
	    cmocka_unit_test(
		test_all_that_are_made_up_for_come_one_after_another),
	    cmocka_unit_test(test_those_that_may_overlap_do),
	    cmocka_unit_test(
		test_a_reload_brings_other_times_and_starts_nothing_for_the_past),
	    cmocka_unit_test(
		test_a_store_that_fails_delays_a_start_and_does_not_double_it),
	    cmocka_unit_test(
		test_a_start_that_fails_is_shown_and_the_next_one_is_tried),
	    cmocka_unit_test(
		test_several_schedules_of_a_workflow_are_kept_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
