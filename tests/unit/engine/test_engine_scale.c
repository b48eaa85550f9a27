/* SPDX-License-Identifier: Apache-2.0 */
/* Many at once: bounded memory, each of them once, and nobody in the way. */
#include "chaos_gate.h"
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

static const char definitions[] =
    "workflow: sleeper\n"
    "version: 1\n"
    "input: {type: object, required: [wait],\n"
    "  properties: {wait: {type: string}}}\n"
    "initial: sleeping\n"
    "states:\n"
    "  sleeping: {after: {'= duration(input.wait)': woken}}\n"
    "  woken:\n"
    "    entry: [{call: stub.put, with: {n: 1}}]\n"
    "    on: {done: ended}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: caller\n"
    "version: 1\n"
    "events: {go: {}}\n"
    "initial: calling\n"
    "states:\n"
    "  calling:\n"
    "    entry: [{call: stub.put, with: {n: 2}}]\n"
    "    on: {done: resting}\n"
    "  resting: {on: {go: ended}}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: http://stub.invalid\n"
    "limits: {concurrency: 1000}\n"
    "operations:\n"
    "  put:\n"
    "    request: {post: /put, body: {n: = n}}\n"
    "    idempotent: true\n";

/* Answered when the house runs. */
static void
start(struct house *house, const char *workflow, unsigned wait_s)
{
	char wait[32];
	struct value_builder *input = value_build_context(house->arena);
	struct engine_start wish = {.workflow = str_of(workflow)};

	snprintf(wait, sizeof(wait), "PT%uS", wait_s);
	value_put_str(input, "wait", str_of(wait));
	wish.input = value_built(input);
	engine_start(house->engine, &wish, house_reply_cb, house);
}

static struct house *
house_with(struct engine_limits limits, house_answer_fn *answer)
{
	struct house *house = house_new(definitions, answer);

	house_close_engine(house);
	limits.probe_ms = house->limits.probe_ms;
	house->limits = limits;
	house_open_engine(house);
	return house;
}

static void
assert_each_fired_once(struct house *house, uint64_t first, uint64_t last)
{
	for (uint64_t number = first; number <= last; number++) {
		house_look(house, number);
		assert_string_equal(house->state, "ended");
		assert_int_equal(
		    house_count(house, number, "deadline-reached"), 1);
		assert_true(house_chain_is_sound(house, number));
	}
}

/* ---- deadlines ---- */

static void
test_deadlines_in_memory_are_bounded_and_each_fires_once(void **state)
{
	const struct engine_limits limits = {.window_max = 4, .bulk_max = 3};
	struct house *house = house_with(limits, house_answer_ok);

	(void)state;
	/* From the last to the first, so that each goes before the others;
	 * and half of them at the same instant. */
	for (unsigned i = 0; i < 60; i++)
		start(house, "sleeper", i % 2 == 0 ? 90 : 160 - i);
	house_run(house);
	assert_true(engine_health(house->engine).deadlines <= 8);
	for (unsigned i = 0; i < 16; i++) {
		house_advance(house, 10000);
		assert_true(engine_health(house->engine).deadlines <= 8);
	}
	assert_int_equal(house->sent, 60);
	assert_each_fired_once(house, 1, 60);
	house_free(&house);
}

static void
test_deadlines_that_are_over_when_the_engine_starts_fire_once(void **state)
{
	const struct engine_limits limits = {.window_max = 5, .bulk_max = 2};
	struct house *house = house_with(limits, house_answer_ok);

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		start(house, "sleeper", 60 + i / 8);
	house_run(house);
	house_close_engine(house);
	house->clock.now_ms += 3600000;
	house_open_engine(house);
	house_run(house);
	assert_int_equal(house->sent, 40);
	assert_each_fired_once(house, 1, 40);
	house_free(&house);
}

struct overtaking {
	struct house *house;
	int sent_before;
};

static void
started_cb(const struct engine_reply *reply, void *arg)
{
	struct overtaking *overtaking = arg;

	assert_int_equal(reply->status, ENGINE_CREATED);
	overtaking->sent_before = overtaking->house->sent;
}

static void
test_start_does_not_wait_for_all_that_is_due(void **state)
{
	const struct engine_limits limits = {.bulk_max = 2};
	struct house *house = house_with(limits, house_answer_ok);
	struct overtaking overtaking = {.house = house, .sent_before = -1};
	struct engine_start wish = {.workflow = STR("caller")};

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		start(house, "sleeper", 60);
	house_run(house);
	house->clock.now_ms += 120000;
	wish.input = value_built(value_build_context(house->arena));
	engine_start(house->engine, &wish, started_cb, &overtaking);
	house_run(house);
	assert_in_range(overtaking.sent_before, 0, 20);
	assert_int_equal(house->sent, 101);
	house_free(&house);
}

/* ---- recovery ---- */

#define BUSY 1100 /* more than are read at a time */

/* That many calls are under way and an engine's end leaves them there. */
static struct house *
house_left_busy(void)
{
	struct house *house =
	    house_with((struct engine_limits){.calls_max = 2 * BUSY},
		house_answer_nothing);

	for (unsigned i = 0; i < BUSY; i++)
		start(house, "caller", 0);
	while (house->sent < 1000)
		event_base_loop(house->base, EVLOOP_ONCE);
	house->answer = house_answer_ok;
	house->limits.bulk_max = 150;
	return house;
}

/* What is in doubt is sent again after a while. */
static void
settle(struct house *house)
{
	house_run(house);
	for (int i = 0; i < 3; i++)
		house_advance(house, 60000);
}

static void
test_all_that_was_under_way_is_recovered_a_few_a_turn(void **state)
{
	struct house *house = house_left_busy();

	(void)state;
	house_crash(house);
	settle(house);
	for (uint64_t number = 1; number <= BUSY; number++) {
		house_look(house, number);
		assert_string_equal(house->state, "resting");
	}
	/* Each that was sent once more; those that had waited, once. */
	assert_int_equal(house->sent, 1000 + BUSY);
	assert_true(house_chain_is_sound(house, BUSY));
	house_free(&house);
}

static void
test_instance_that_is_told_something_is_recovered_before(void **state)
{
	const struct chart_event suspended = {
	    .kind = EV_SUSPENDED, .actor = {.name = STR("op")}};
	const struct chart_event resumed = {
	    .kind = EV_RESUMED, .actor = {.name = STR("op")}};
	struct house *house = house_left_busy();

	(void)state;
	house_crash(house);
	engine_act(house->engine, 999, &suspended, house_reply_cb, house);
	engine_act(house->engine, 999, &resumed, house_reply_cb, house);
	settle(house);
	house_look(house, 999);
	assert_string_equal(house->state, "resting");
	assert_int_equal(house_count(house, 999, "call-sent"), 2);
	assert_int_equal(house->sent, 1000 + BUSY);
	assert_true(house_chain_is_sound(house, 999));
	house_free(&house);
}

static void
test_recovery_begins_anew_where_its_commit_failed(void **state)
{
	struct house *house = house_left_busy();

	(void)state;
	house_crash(house);
	gate_hold();
	for (int i = 0; i < 3; i++)
		event_base_loop(house->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	gate_fail(1);
	house_run_ms(house, 100);
	settle(house);
	for (uint64_t number = 1; number <= BUSY; number++) {
		house_look(house, number);
		assert_string_equal(house->state, "resting");
	}
	assert_int_equal(house->sent, 1000 + BUSY);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_deadlines_in_memory_are_bounded_and_each_fires_once),
	    cmocka_unit_test(
		test_deadlines_that_are_over_when_the_engine_starts_fire_once),
	    cmocka_unit_test(test_start_does_not_wait_for_all_that_is_due),
	    cmocka_unit_test(
		test_all_that_was_under_way_is_recovered_a_few_a_turn),
	    cmocka_unit_test(
		test_instance_that_is_told_something_is_recovered_before),
	    cmocka_unit_test(test_recovery_begins_anew_where_its_commit_failed),
	};

	gate_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
