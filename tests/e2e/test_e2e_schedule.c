/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_schedule.c: instances that are started by time, on a clock that
 * passes 600 times faster: a minute is a tenth of a second.  The engine is
 * killed again and again meanwhile, and each planned minute must have been
 * started, once.
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define KILLS 6
#define RUN_MS 700

static const struct house_options hasty = {
    .clock = "600x",
    .config = "log: {level: warning}\n",
};

/* No business key, which would hide what is started twice. */
static const char sweep[] = "workflow: sweep\n"
			    "version: 1\n"
			    "labels: {minute: = input.minute}\n"
			    "schedule:\n"
			    "  cron: '* * * * *'\n"
			    "  input: {minute: = string(at)}\n"
			    "  overlap: allow\n"
			    "  catch-up: all\n"
			    "initial: swept\n"
			    "states:\n"
			    "  swept: {type: final, outcome: success}\n";

static long long
minute_of(json_t *instance)
{
	const char *text = text_at(instance, "labels.minute");
	int year, month, day, hour, minute;

	assert_int_equal(sscanf(text, "%d-%d-%dT%d:%d:00Z", &year, &month, &day,
			     &hour, &minute),
	    5);
	/* Days of months don't matter but at a month's end, where the test
	 * may see a gap: so it counts from the day's beginning. */
	return hour * 60 + minute;
}

static int
by_minute(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* All there are: how many, their minutes in order. */
static size_t
list_minutes(struct house *house, long long *minutes, size_t max)
{
	json_t *page =
	    house_get(house, "/v1/instances?workflow=sweep&limit=1000")->json;
	json_t *items = json_at(page, "items"), *item;
	size_t i;

	assert_non_null(items);
	assert_true(json_array_size(items) < max);
	json_array_foreach(items, i, item) minutes[i] = minute_of(item);
	qsort(minutes, json_array_size(items), sizeof(*minutes), by_minute);
	return json_array_size(items);
}

static void
test_each_minute_is_started_once_however_often_the_engine_dies(void **state)
{
	struct house *house = house_build(&hasty);
	long long minutes[1000];
	size_t count;

	(void)state;
	house_write(house, "workflows/sweep.yaml", sweep);
	house_start_engine(house);
	for (int i = 0; i < KILLS; i++) {
		time_sleep(RUN_MS);
		program_kill(&house->engine);
		time_sleep(100);
		house_start_engine(house);
	}
	time_sleep(RUN_MS);
	count = list_minutes(house, minutes, 1000);
	/* Seven times 0.7 s are 49 minutes and more. */
	assert_true(count >= 45);
	for (size_t i = 1; i < count; i++) {
		long long gap = minutes[i] - minutes[i - 1];

		/* Midnight may lie between, anywhere. */
		if (gap < 12 * 60)
			assert_int_equal(gap, 1);
	}
	house_verify(house);
	house_close(&house);
}

static size_t
count_started(struct house *house)
{
	long long minutes[1002];

	return list_minutes(house, minutes, 1002);
}

static void
test_what_is_not_made_up_for_is_told(void **state)
{
	struct house *house = house_build(&(struct house_options){
	    .config = "log: {level: warning}\n"});
	int64_t until_ms = time_ms() + 20000;
	int64_t *offset_ms;

	(void)state;
	house->shim = "tests/e2e/shim_clock.so";
	offset_ms =
	    house_share(house, "STATED_TEST_CLOCK", sizeof(*offset_ms));
	house_write(house, "workflows/sweep.yaml", sweep);
	house_start_engine(house);
	*offset_ms = 24 * 3600 * 1000LL;
	while (house_logged(house, "with all before") == 0) {
		assert_true(time_ms() < until_ms);
		time_sleep(50);
	}
	while (count_started(house) < 1000) {
		assert_true(time_ms() < until_ms);
		time_sleep(50);
	}
	house_close(&house);
	munmap(offset_ms, sizeof(*offset_ms));
}

static void
test_schedules_are_listed_to_people_too(void **state)
{
	struct house *house = house_build(&hasty);
	struct run run;

	(void)state;
	house_write(house, "workflows/sweep.yaml", sweep);
	house_start_engine(house);
	run = house_run(house, (const char *[]){"schedule", "list", NULL});
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.text, "sweep"));
	assert_non_null(strstr(run.text, "* * * * *"));
	run_fini(&run);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(
		test_each_minute_is_started_once_however_often_the_engine_dies),
	    HOUSE_TEST(test_what_is_not_made_up_for_is_told),
	    HOUSE_TEST(test_schedules_are_listed_to_people_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
