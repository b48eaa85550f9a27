/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_engine_race.c: things that happen at the same time, in either order.
 *
 * What is asked for between two runs of the loop is one turn and one commit.
 */
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOUR ((int64_t)3600000)

static void
assert_state(struct house *house, uint64_t number, const char *state)
{
	house_look(house, number);
	assert_string_equal(house->state, state);
	assert_true(house_chain_is_sound(house, number));
}

/* Asked for, not run yet. */
static void
ask_event(
    struct house *house, const char *type, const char *subject, const char *id)
{
	struct chart_event event = {
	    .type = str_of(type),
	    .subject = str_of(subject),
	    .id = str_of(id),
	    .source = STR("/test"),
	};

	engine_event(house->engine, &event, house_reply_cb, house);
}

static void
ask_cancel(struct house *house, uint64_t number)
{
	struct chart_event event = {
	    .kind = EV_CANCELLED,
	    .actor = {.name = STR("oscar")},
	};

	engine_act(house->engine, number, &event, house_reply_cb, house);
}

/* ---- regions ---- */

static const char regions[] =
    "workflow: pair\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "data: {a: null, b: null}\n"
    "events: {left: {}, right: {}}\n"
    "initial: both\n"
    "states:\n"
    "  both:\n"
    "    type: parallel\n"
    "    on: {done: joined}\n"
    "    states:\n"
    "      one:\n"
    "        initial: one-waits\n"
    "        states:\n"
    "          one-waits: {on: {left: one-calls}}\n"
    "          one-calls:\n"
    "            entry: [{call: stub.put, with: {n: 1}, output: {a: = "
    "response.ok}}]\n"
    "            on: {done: one-done}\n"
    "          one-done: {type: final}\n"
    "      two:\n"
    "        initial: two-waits\n"
    "        states:\n"
    "          two-waits: {on: {right: two-calls}}\n"
    "          two-calls:\n"
    "            entry: [{call: stub.put, with: {n: 2}, output: {b: = "
    "response.ok}}]\n"
    "            on: {done: two-done}\n"
    "          two-done: {type: final}\n"
    "  joined: {type: final, outcome: success}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: http://stub.invalid\n"
    "operations:\n"
    "  put: {request: {post: /put, body: {n: = n}}, idempotent: true}\n";

static void
test_regions_that_finish_in_the_same_turn_are_joined_once(void **state)
{
	struct house *house = house_new(regions, house_answer_ok);
	uint64_t commits;

	(void)state;
	house_start(house, "pair", "{\"key\": \"P\"}");
	ask_event(house, "right", "P", "e1");
	ask_event(house, "left", "P", "e2");
	house_run(house);
	assert_int_equal(house->sent, 2);
	assert_state(house, 1, "joined");
	assert_int_equal(house_count(house, 1, "ended"), 1);
	assert_int_equal(house_count(house, 1, "call-sent"), 2);

	/* The same, each in a turn of its own. */
	house_start(house, "pair", "{\"key\": \"Q\"}");
	commits = engine_health(house->engine).commits;
	house_event(house, "left", "Q", "e3");
	house_event(house, "right", "Q", "e4");
	assert_true(engine_health(house->engine).commits >= commits + 4);
	assert_state(house, 2, "joined");
	house_free(&house);
}

static void
test_regions_go_on_after_a_crash_each_where_it_was(void **state)
{
	struct house *house = house_new(regions, house_answer_ok);

	(void)state;
	house_start(house, "pair", "{\"key\": \"P\"}");
	house_event(house, "left", "P", "e1");
	house_crash(house);
	house_run(house);
	assert_state(house, 1, "one-done two-waits");
	house_event(house, "right", "P", "e2");
	house_crash(house);
	house_run(house);
	assert_state(house, 1, "joined");
	assert_int_equal(house_count(house, 1, "call-sent"), 2);
	house_free(&house);
}

/* ---- an event and a deadline ---- */

static const char deadline[] =
    "workflow: race\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {go: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {go: in-time}, after: {1h: late}}\n"
    "  in-time: {type: final, outcome: success}\n"
    "  late: {type: final, outcome: failure}\n";

static void
test_an_event_and_a_deadline_are_taken_in_the_order_of_their_times(void **state)
{
	struct house *house = house_new(deadline, house_answer_ok);

	(void)state;
	/* The event comes a moment before, and is looked at after. */
	house_start(house, "race", "{\"key\": \"A\"}");
	house->clock.now_ms += HOUR - 1;
	ask_event(house, "go", "A", "e1");
	house->clock.now_ms += 2;
	house_run(house);
	assert_state(house, 1, "in-time");
	/* A moment after: the deadline was first, though nobody was there. */
	house_start(house, "race", "{\"key\": \"B\"}");
	house->clock.now_ms += HOUR + 1;
	ask_event(house, "go", "B", "e2");
	house_run(house);
	assert_state(house, 2, "late");
	house_free(&house);
}

static void
test_an_event_and_a_deadline_at_the_same_instant_take_one_transition(
    void **state)
{
	struct house *house = house_new(deadline, house_answer_ok);
	char first[64];

	(void)state;
	for (int i = 0; i < 4; i++) {
		char key[8], id[8], input[32];

		snprintf(key, sizeof(key), "K%d", i);
		snprintf(id, sizeof(id), "i%d", i);
		snprintf(input, sizeof(input), "{\"key\": \"%s\"}", key);
		house_start(house, "race", input);
		if (i == 2)
			house_crash(house);
		house->clock.now_ms += HOUR;
		/* The timer's request comes before the event's or after. */
		if (i % 2 == 1)
			house_run(house);
		ask_event(house, "go", key, id);
		house_run(house);
		house_look(house, (uint64_t)i + 1);
		/* Always the same one, whichever was looked at first. */
		if (i == 0)
			strcpy(first, house->state);
		assert_string_equal(house->state, first);
		assert_int_equal(
		    house_count(house, (uint64_t)i + 1, "ended"), 1);
		assert_true(house_chain_is_sound(house, (uint64_t)i + 1));
	}
	house_free(&house);
}

/* ---- a child that fails, a parent that is cancelled ---- */

static const char family[] =
    "workflow: parent\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {tick: {}}\n"
    "initial: running\n"
    "states:\n"
    "  running:\n"
    "    entry: [{run: child, with: {key: = input.key}}]\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: child\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {bad: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {bad: wrong}, after: {10d: wrong}}\n"
    "  wrong: {type: final, outcome: failure}\n";

static void
test_a_child_fails_while_its_parent_is_cancelled(void **state)
{
	struct house *house = house_new(family, house_answer_ok);

	(void)state;
	/* The cancel is first: the child is cancelled, and its event finds
	 * nobody any more. */
	house_start(house, "parent", "{\"key\": \"A\"}");
	ask_cancel(house, 1);
	ask_event(house, "bad", "A", "e1");
	house_run(house);
	house_look(house, 1);
	assert_string_equal(house->state_status, "cancelled");
	house_look(house, 2);
	assert_string_equal(house->state_status, "cancelled");
	/* The failure is first: the parent has ended when it is cancelled. */
	house_start(house, "parent", "{\"key\": \"B\"}");
	ask_event(house, "bad", "B", "e2");
	ask_cancel(house, 3);
	house_run(house);
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_int_equal(house->refusal, REFUSED_ENDED);
	assert_state(house, 3, "failed");
	assert_state(house, 4, "wrong");
	for (uint64_t i = 1; i <= 4; i++) {
		assert_int_equal(house_count(house, i, "ended"), 1);
		assert_true(house_chain_is_sound(house, i));
	}
	/* And over a crash between the two. */
	house_start(house, "parent", "{\"key\": \"C\"}");
	ask_cancel(house, 5);
	house_run(house);
	house_crash(house);
	house_event(house, "bad", "C", "e3");
	house_look(house, 5);
	assert_string_equal(house->state_status, "cancelled");
	assert_int_equal(house_count(house, 5, "ended"), 1);
	assert_int_equal(house_count(house, 6, "ended"), 1);
	house_free(&house);
}

/* ---- a parent that is cancelled, and a payment that may have happened ---- */

static const char doubtful[] =
    "workflow: parent\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "initial: running\n"
    "states:\n"
    "  running:\n"
    "    entry: [{run: child, with: {key: = input.key}}]\n"
    "    on: {done: ended}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: child\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry: [{call: bank.pay, compensate: {call: bank.unpay}}]\n"
    "    on: {done: paid}\n"
    "  paid: {type: final, outcome: success}\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "operations:\n"
    "  pay: {request: {post: /pay, body: pay}}\n"
    "  unpay: {request: {post: /unpay, body: unpay}, idempotent: true}\n";

static bool
answer_timeout(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	if (str_find(request->url, STR("unpay")) != SIZE_MAX)
		return house_answer_ok(house, request, response);
	response->failure = MESSAGE_TIMEOUT;
	return true;
}

static bool
incident_cb(const struct store_item *row, void *arg)
{
	*(struct store_item *)arg = *row;
	return false;
}

static void
supply(struct house *house, uint64_t number)
{
	struct store_item_filter filter = {
	    .kind = ITEM_INCIDENT, .open = 1, .instance = number, .limit = 1};
	struct store_item item = {.serial = 0};
	struct chart_event event = {
	    .kind = EV_INCIDENT_SETTLED,
	    .actor = {.name = STR("oscar")},
	    .settlement = SETTLE_SUPPLY,
	    .data = value_built(value_build_context(house->arena)),
	};

	assert_int_equal(
	    store_list_items(house->store, &filter, incident_cb, &item),
	    STORE_OK);
	assert_true(item.serial != 0);
	event.serial = item.serial;
	house->instance = number;
	house_act(house, &event);
	assert_int_equal(house->status, ENGINE_OK);
}

static void
test_what_may_have_been_paid_waits_for_a_person_before_its_parent_ends(
    void **state)
{
	struct house *house = house_new(doubtful, answer_timeout);
	struct chart_event event = {
	    .kind = EV_CANCELLED,
	    .actor = {.name = STR("oscar")},
	    .compensate = true,
	};

	(void)state;
	house_start(house, "parent", "{\"key\": \"A\"}");
	assert_int_equal(house_count(house, 2, "incident-opened"), 1);
	house->instance = 1;
	house_act(house, &event);
	house_look(house, 2);
	assert_string_not_equal(house->state_status, "cancelled");
	house_look(house, 1);
	assert_string_not_equal(house->state_status, "cancelled");
	/* The bank's statement says that it was paid: it is undone. */
	supply(house, 2);
	house_run(house);
	assert_string_equal(house->bodies[house->sent - 1], "\"unpay\"");
	house_look(house, 2);
	assert_string_equal(house->state_status, "cancelled");
	house_look(house, 1);
	assert_string_equal(house->state_status, "cancelled");
	assert_true(house_chain_is_sound(house, 2));
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_regions_that_finish_in_the_same_turn_are_joined_once),
	    cmocka_unit_test(
		test_regions_go_on_after_a_crash_each_where_it_was),
	    cmocka_unit_test(
		test_an_event_and_a_deadline_are_taken_in_the_order_of_their_times),
	    cmocka_unit_test(
		test_an_event_and_a_deadline_at_the_same_instant_take_one_transition),
	    cmocka_unit_test(test_a_child_fails_while_its_parent_is_cancelled),
	    cmocka_unit_test(
		test_what_may_have_been_paid_waits_for_a_person_before_its_parent_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
