/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine promises, on a real loop and a real SQLite file. */
#include "chaos_gate.h"
#include "engine_house.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <event2/event.h>
#include <sqlite3.h>

static const char three_calls[] =
    "workflow: three\n"
    "version: 1\n"
    "business-key: = input.reference\n"
    "input: {type: object, required: [reference], properties: {reference: "
    "{type: string}}}\n"
    "data: {a: null, b: null, c: null}\n"
    "events:\n"
    "  go: {}\n"
    "initial: one\n"
    "states:\n"
    "  one:\n"
    "    entry:\n"
    "      - {call: stub.put, with: {n: 1}, output: {a: = response.ok}, retry: "
    "{limit: 2, delay: 1s, jitter: 0%}}\n"
    "    on: {done: two, error: failed}\n"
    "  two:\n"
    "    entry:\n"
    "      - {call: stub.put, with: {n: 2}, output: {b: = response.ok}}\n"
    "    on: {done: three}\n"
    "  three:\n"
    "    entry:\n"
    "      - {call: stub.put, with: {n: 3}, output: {c: = response.ok}}\n"
    "    on: {done: resting}\n"
    "  resting:\n"
    "    on: {go: ended}\n"
    "    after: {2h: failed}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: http://stub.invalid\n"
    "operations:\n"
    "  put:\n"
    "    request: {post: /put, body: {n: = n}}\n"
    "    idempotent: true\n";

/* The same operation where the endpoint honours no key. */
static const char unsafe_call[] =
    "workflow: pay\n"
    "version: 1\n"
    "data: {done: null}\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry:\n"
    "      - call: bank.pay\n"
    "        output: {done: = response.ok}\n"
    "        verify: {call: bank.find, after: 1m, happened: = response.found}\n"
    "    on: {done: paid}\n"
    "  paid: {type: final, outcome: success}\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "limits: {concurrency: 1}\n"
    "operations:\n"
    "  pay: {request: {post: /pay}}\n"
    "  find: {request: {get: /find}}\n";

static void
test_instance_runs_through_its_calls_and_ends(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	uint64_t instance;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	assert_int_equal(house->status, ENGINE_CREATED);
	instance = house->instance;
	assert_int_equal(house->sent, 3);
	assert_string_equal(house->bodies[0], "{\"n\":1}");
	house_look(house, instance);
	assert_string_equal(house->state, "resting");
	assert_string_equal(house->state_status, "waiting");
	house_event(house, "go", "A", "e-1");
	assert_string_equal(house->fate, "matched");
	house_look(house, instance);
	assert_string_equal(house->state_status, "completed");
	assert_true(house_chain_is_sound(house, instance));
	assert_int_equal(house_count(house, instance, "call-sent"), 3);
	assert_int_equal(house_count(house, instance, "ended"), 1);
	house_free(&house);
}

static void
test_same_business_key_finds_the_instance_that_is_there(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	uint64_t first;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	first = house->instance;
	house_start(house, "three", "{\"reference\": \"A\"}");
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(house->instance, first);
	house_start(house, "three", "{\"reference\": \"A\", \"more\": 1}");
	assert_int_equal(house->status, ENGINE_CONFLICT);
	assert_int_equal(house->sent, 3);
	house_free(&house);
}

static const char numbered[] =
    "workflow: invoice\n"
    "version: 1\n"
    "business-key: = input.n\n"
    "data: {order: = input.n + 0.10}\n"
    "events: {go: {correlate: = order}}\n"
    "initial: resting\n"
    "states:\n"
    "  resting: {on: {go: ended}}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: sender\n"
    "version: 1\n"
    "initial: sending\n"
    "states:\n"
    "  sending:\n"
    "    entry: [{emit: go, with: {subject: = input.n}}]\n"
    "    on: {done: sent}\n"
    "  sent: {type: final, outcome: success}\n";

static void
test_a_number_is_one_business_key_however_it_is_written(void **state)
{
	struct house *house = house_new(numbered, house_answer_nothing);

	(void)state;
	house_start(house, "invoice", "{\"n\": 7}");
	assert_int_equal(house->status, ENGINE_CREATED);
	house_start(house, "invoice", "{\"n\": 7.0}");
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(house->instance, 1);
	house_start(house, "invoice", "{\"n\": 0.7E+1}");
	assert_int_equal(house->status, ENGINE_OK);
	house_start(house, "invoice", "{\"n\": 7.00, \"more\": 1}");
	assert_int_equal(house->status, ENGINE_CONFLICT);
	/* A text stays as it is. */
	house_start(house, "invoice", "{\"n\": \"7.0\"}");
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_int_equal(store_last_number(house->store), 2);
	house_free(&house);
}

static void
change(const struct house *house, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(house->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
test_a_number_that_was_stored_as_written_is_still_found(void **state)
{
	struct house *house = house_new(numbered, house_answer_nothing);

	(void)state;
	house_start(house, "invoice", "{\"n\": 7.0}");
	house_close_engine(house);
	change(house, "UPDATE instance SET business_key = '7.0';"
		      "DELETE FROM subscription WHERE correlation = '7.1'");
	house_open_engine(house);
	house_start(house, "invoice", "{\"n\": 7.0}");
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(house->instance, 1);
	house_event(house, "go", "7.10", "e-1");
	assert_string_equal(house->fate, "matched");
	house_free(&house);
}

/* The former one waits for what numbers were then. */
static void
test_a_number_meets_what_was_stored_as_written(void **state)
{
	struct house *house = house_new(numbered, house_answer_nothing);

	(void)state;
	house_start(house, "invoice", "{\"n\": 7.0}");
	house_close_engine(house);
	change(house, "DELETE FROM subscription WHERE correlation = '7.1';"
		      "PRAGMA user_version = 9");
	house_open_engine(house);
	house_event(house, "go", "7.1", "e-1");
	assert_string_equal(house->fate, "matched");
	house_free(&house);
}

static void
test_a_text_and_a_number_that_is_written_so_are_two_keys(void **state)
{
	struct house *house = house_new(numbered, house_answer_nothing);

	(void)state;
	house_start(house, "invoice", "{\"n\": 7.10}");
	assert_int_equal(house->status, ENGINE_CREATED);
	house_start(house, "invoice", "{\"n\": \"7.10\"}");
	assert_int_equal(house->status, ENGINE_CREATED);
	house_start(house, "invoice", "{\"n\": 7.10}");
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(house->instance, 1);
	house_start(house, "invoice", "{\"n\": \"7.10\"}");
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(house->instance, 2);
	/* Whichever comes first. */
	house_start(house, "invoice", "{\"n\": \"8.0\"}");
	house_start(house, "invoice", "{\"n\": 8.0}");
	assert_int_equal(house->status, ENGINE_CREATED);
	house_free(&house);
}

static void
test_a_number_is_met_in_its_one_form_and_as_it_was_written(void **state)
{
	struct house *house = house_new(numbered, house_answer_nothing);

	(void)state;
	house_start(house, "invoice", "{\"n\": 7.0}");
	house_event(house, "go", "7.1", "e-1");
	assert_string_equal(house->fate, "matched");
	house_start(house, "invoice", "{\"n\": 8.0}");
	house_event(house, "go", "8.10", "e-2");
	assert_string_equal(house->fate, "matched");
	house_start(house, "sender", "{\"n\": 9.100}");
	house_start(house, "invoice", "{\"n\": 9.0}");
	house_look(house, house->instance);
	assert_string_equal(house->state, "ended");
	house_free(&house);
}

static void
test_invalid_input_starts_nothing(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);

	(void)state;
	house_start(house, "three", "{\"reference\": 7}");
	assert_int_equal(house->status, ENGINE_INVALID);
	house_start(house, "four", "{\"reference\": \"A\"}");
	assert_int_equal(house->status, ENGINE_UNKNOWN_WORKFLOW);
	assert_int_equal(store_last_number(house->store), 0);
	house_free(&house);
}

static void
test_deadline_fires_once_its_time_has_come(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	uint64_t instance;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	instance = house->instance;
	house_advance(house, 2 * 3600 * 1000 - 1);
	house_look(house, instance);
	assert_string_equal(house->state, "resting");
	house_advance(house, 1);
	house_look(house, instance);
	assert_string_equal(house->state, "failed");
	assert_string_equal(house->state_status, "faulted");
	house_free(&house);
}

static void
test_deadline_of_an_engine_that_idles_is_not_forgotten(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	uint64_t instance;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	instance = house->instance;
	for (int i = 0; i < 2 * 60; i++)
		house_advance(house, 60 * 1000);
	house_look(house, instance);
	assert_string_equal(house->state, "failed");
	house_free(&house);
}

/* All but one are rows, however few there are: what is large is not kept. */
static void
test_instances_that_take_too_much_memory_are_read_back(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	uint64_t instances[3];

	(void)state;
	house_close_engine(house);
	house->limits.cache_bytes_max = 1;
	house_open_engine(house);
	for (int i = 0; i < 3; i++) {
		char input[40];

		snprintf(input, sizeof(input), "{\"reference\": \"L%d\"}", i);
		house_start(house, "three", input);
		instances[i] = house->instance;
	}
	house_advance(house, 2 * 3600 * 1000);
	for (int i = 0; i < 3; i++) {
		house_look(house, instances[i]);
		assert_string_equal(house->state, "failed");
		assert_true(house_chain_is_sound(house, instances[i]));
	}
	house_free(&house);
}

static void
test_deadline_survives_a_crash(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	uint64_t instance;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	instance = house->instance;
	house_crash(house);
	house_advance(house, 2 * 3600 * 1000);
	house_look(house, instance);
	assert_string_equal(house->state, "failed");
	assert_true(house_chain_is_sound(house, instance));
	house_free(&house);
}

/* Only the clock passes: no request, no commit. */
static void
wait_only(struct house *house, int64_t ms)
{
	house->clock.now_ms += ms;
	house_run_ms(house, 2200);
	house_run(house);
}

static void
test_deadline_beyond_the_window_fires_in_an_idle_engine(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_crash(house);
	house_run_ms(house, 20);
	wait_only(house, 2 * 3600 * 1000);
	house_look(house, 1);
	assert_string_equal(house->state, "failed");
	assert_int_equal(house_count(house, 1, "ended"), 1);
	house_free(&house);
}

static void
test_idle_engine_sleeps(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	clock_t before;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_crash(house);
	house_run_ms(house, 20);
	house->clock.now_ms += 11 * 60 * 1000;
	house_run_ms(house, 1100);
	before = clock();
	house_run_ms(house, 1000);
	assert_true(clock() - before < CLOCKS_PER_SEC / 4);
	house_free(&house);
}

static const char short_rest[] =
    "workflow: rest\n"
    "version: 1\n"
    "initial: resting\n"
    "states:\n"
    "  resting: {after: {2m: ended}}\n"
    "  ended: {type: final}\n";

/* The window is loaded while the commit is under way that makes the deadline
 * durable: it is beyond the old window, and not among the rows of the new. */
static void
test_deadline_committed_while_a_window_is_loaded_is_not_late(void **state)
{
	struct house *house = house_new(short_rest, house_answer_ok);
	struct engine_start start = {.workflow = STR("rest")};

	(void)state;
	start.input = value_built(value_build_context(house->arena));
	house_event(house, "early", "A", "e-1");
	house->clock.now_ms += 9 * 60 * 1000 - 1000;
	engine_start(house->engine, &start, house_reply_cb, house);
	event_base_loop(house->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	house->clock.now_ms += 2000;
	engine_look(house->engine, 1, house_reply_cb, house);
	event_base_loop(house->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	house_run(house);
	house_advance(house, 2 * 60 * 1000);
	house_look(house, 1);
	assert_string_equal(house->state, "ended");
	house_free(&house);
}

static void
test_clock_that_jumps_back_and_forth_loses_no_deadline(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_advance(house, -5 * 3600 * 1000);
	house_start(house, "three", "{\"reference\": \"B\"}");
	house_advance(house, 2 * 3600 * 1000);
	house_look(house, 2);
	assert_string_equal(house->state, "failed");
	house_look(house, 1);
	assert_string_equal(house->state, "resting");
	house_advance(house, 5 * 3600 * 1000);
	house_look(house, 1);
	assert_string_equal(house->state, "failed");
	house_free(&house);
}

static void
test_event_before_its_instance_is_held_and_delivered(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	uint64_t instance;

	(void)state;
	house_event(house, "go", "A", "e-1");
	assert_string_equal(house->fate, "held");
	house_event(house, "go", "A", "e-1");
	assert_string_equal(house->fate, "duplicate");
	house_crash(house);
	house_start(house, "three", "{\"reference\": \"A\"}");
	instance = house->instance;
	house_look(house, instance);
	assert_string_equal(house->state, "ended");
	house_event(house, "go", "A", "e-1");
	assert_string_equal(house->fate, "duplicate");
	house_free(&house);
}

/* What earlier versions called otherwise is known by that name as long as its
 * sender repeats it. */
static void
test_event_is_known_by_its_former_id_for_a_week(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	struct chart_event event = {
	    .type = STR("go"),
	    .subject = STR("A"),
	    .id = STR("delivery-item"),
	    .former_id = STR("item"),
	    .source = STR("/test"),
	};

	(void)state;
	house_event(house, "go", "A", "item");
	assert_string_equal(house->fate, "held");
	engine_event(house->engine, &event, house_reply_cb, house);
	house_run(house);
	assert_string_equal(house->fate, "duplicate");
	house_advance(house, 7LL * 86400 * 1000 + 1);
	engine_event(house->engine, &event, house_reply_cb, house);
	house_run(house);
	assert_string_equal(house->fate, "held");
	house_free(&house);
}

static void
post_limited(struct house *house, const char *id, const char *entities)
{
	struct chart_limits limits = {0};
	struct json_error error;
	struct chart_event event = {
	    .type = STR("go"),
	    .subject = STR("A"),
	    .id = str_of(id),
	    .source = STR("/test"),
	    .actor = {.name = STR("bank"), .limits = &limits},
	};

	limits.entities = value_strs(house->arena,
	    json_read(house->arena, str_of(entities), &error),
	    &limits.entity_count);
	engine_event(house->engine, &event, house_reply_cb, house);
	house_run(house);
}

static void
test_order_of_a_tokens_limits_makes_no_other_event(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	char hex[DIGEST_HEX_BYTES];
	struct chart_event former = {
	    .type = STR("go"),
	    .subject = STR("A"),
	    .id = STR("e-2"),
	};

	(void)state;
	post_limited(house, "e-1", "[\"DE\",\"FR\"]");
	assert_string_equal(house->fate, "held");
	post_limited(house, "e-1", "[\"FR\",\"DE\"]");
	assert_string_equal(house->fate, "duplicate");
	post_limited(house, "e-1", "[\"DE\",\"FR\",\"DE\"]");
	assert_string_equal(house->fate, "duplicate");
	post_limited(house, "e-1", "[\"DE\"]");
	assert_string_equal(house->fate, "held");
	/* As earlier versions kept what came from a token of that order. */
	digest_hex(digest_sha256(STR("{\"entities\":[\"FR\",\"DE\"]}")), hex);
	former.source = arena_strf(
	    house->arena, "/test" ENGINE_LIMITED "%.32s", hex);
	engine_event(house->engine, &former, house_reply_cb, house);
	house_run(house);
	assert_string_equal(house->fate, "held");
	post_limited(house, "e-2", "[\"FR\",\"DE\"]");
	assert_string_equal(house->fate, "duplicate");
	house_free(&house);
}

static void
test_event_that_nobody_came_for_becomes_a_dead_letter(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	struct store_event row;

	(void)state;
	house_event(house, "go", "A", "e-1");
	house_advance(house, 8LL * 86400 * 1000);
	assert_int_equal(store_find_event(house->store, house->arena,
			     STR("/test"), STR("e-1"), &row),
	    STORE_OK);
	assert_int_equal(row.status, EVENT_DEAD);
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_look(house, house->instance);
	assert_string_equal(house->state, "resting");
	engine_replay(house->engine,
	    &(struct engine_replay){.event_id = row.id}, house_reply_cb,
	    house);
	house_run(house);
	assert_string_equal(house->fate, "matched");
	house_look(house, 1);
	assert_string_equal(house->state, "ended");
	house_free(&house);
}

static void
test_a_dead_letter_that_is_replayed_twice_at_once_comes_once(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	struct store_event row;

	(void)state;
	house_event(house, "go", "A", "e-1");
	house_advance(house, 8LL * 86400 * 1000);
	assert_int_equal(store_find_event(house->store, house->arena,
			     STR("/test"), STR("e-1"), &row),
	    STORE_OK);
	house_start(house, "three", "{\"reference\": \"A\"}");
	for (int i = 0; i < 2; i++)
		engine_replay(house->engine,
		    &(struct engine_replay){.event_id = row.id},
		    house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->status, ENGINE_UNKNOWN_INSTANCE);
	assert_int_equal(house_count(house, 1, "event-received"), 1);
	house_free(&house);
}

static void
test_call_under_way_in_a_crash_is_repeated_with_its_key(void **state)
{
	struct house *house = house_new(three_calls, house_answer_nothing);
	uint64_t instance;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	instance = house->instance;
	assert_int_equal(house->sent, 1);
	house->answer = house_answer_ok;
	house_crash(house);
	house_run(house);
	house_advance(house, 2000);
	house_look(house, instance);
	assert_string_equal(house->state, "resting");
	assert_int_equal(house->sent, 4);
	assert_true(house_chain_is_sound(house, instance));
	house_free(&house);
}

static bool
answer_verify(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	if (str_find(request->url, STR("/pay")) != SIZE_MAX)
		return false;
	house_answer_ok(house, request, response);
	response->body = STR("{\"found\": true}");
	return true;
}

static void
test_call_without_a_key_is_verified_after_a_crash_and_not_repeated(void **state)
{
	struct house *house = house_new(unsafe_call, answer_verify);
	uint64_t instance;

	(void)state;
	house_start(house, "pay", "{}");
	instance = house->instance;
	assert_int_equal(house->sent, 1);
	house_crash(house);
	house_run(house);
	house_advance(house, 61000);
	house_look(house, instance);
	assert_string_equal(house->state, "paid");
	assert_int_equal(house->sent, 2);
	house_free(&house);
}

static void
test_call_that_only_waited_for_its_place_is_not_in_doubt(void **state)
{
	struct house *house = house_new(unsafe_call, answer_verify);

	(void)state;
	house_start(house, "pay", "{}"); /* takes the one place */
	house_start(house, "pay", "{}"); /* waits */
	assert_int_equal(house->sent, 1);
	assert_int_equal(house_count(house, 2, "call-sent"), 0);
	house->answer = house_answer_ok;
	house_crash(house);
	house_run(house);
	house_look(house, 2);
	assert_string_equal(house->state, "paid");
	assert_int_equal(house_count(house, 2, "call-sent"), 1);
	house_free(&house);
}

static void
test_locked_store_refuses_work_and_goes_on_by_itself(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_lock(house);
	house_start(house, "three", "{\"reference\": \"B\"}");
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	assert_false(engine_health(house->engine).writable);
	/* An event that is due meanwhile is not lost. */
	house_advance(house, 2 * 3600 * 1000);
	house_look(house, 1);
	assert_string_equal(house->state, "resting");
	house_unlock(house);
	house_run_ms(house, 3500);
	house_run(house);
	assert_true(engine_health(house->engine).writable);
	house_look(house, 1);
	assert_string_equal(house->state, "failed");
	house_start(house, "three", "{\"reference\": \"B\"}");
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_int_equal(house->instance, 2);
	assert_true(house_chain_is_sound(house, 1));
	assert_true(house_chain_is_sound(house, 2));
	house_free(&house);
}

/* Locks the store before the reply comes, so that recording it fails. */
static bool
answer_locked(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	if (house->sent == 1)
		house_lock(house);
	return house_answer_ok(house, request, response);
}

static void
test_reply_that_could_not_be_recorded_is_recorded_later_and_not_asked_again(
    void **state)
{
	struct house *house = house_new(three_calls, answer_locked);

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_run_ms(house, 1500);
	assert_int_equal(house->sent, 1);
	assert_false(engine_health(house->engine).writable);
	house_unlock(house);
	house_run_ms(house, 3500);
	house_run(house);
	house_look(house, 1);
	assert_string_equal(house->state, "resting");
	assert_int_equal(house->sent, 3);
	assert_int_equal(house_count(house, 1, "call-sent"), 3);
	house_free(&house);
}

/* A deadline leads to a call that has to be shown with a token. */
static const char token_call[] =
    "workflow: pay\n"
    "version: 1\n"
    "initial: resting\n"
    "states:\n"
    "  resting: {after: {1m: paying}}\n"
    "  paying:\n"
    "    entry: [{call: bank.pay}]\n"
    "    on: {done: paid, error: failed}\n"
    "  paid: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "auth: {oauth2: {token-url: http://bank.invalid/token, client: {secret: "
    "bank}}}\n"
    "limits: {concurrency: 4, rate: 100/s}\n"
    "operations:\n"
    "  pay: {request: {post: /pay}, idempotent: true}\n";

static int tokens_refused; /* how many are, from now on */

static bool
answer_token(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	house_answer_ok(house, request, response);
	if (str_find(request->url, STR("/token")) == SIZE_MAX)
		return true;
	if (tokens_refused > 0) {
		tokens_refused--;
		response->status = 400;
		response->body = STR("{\"error\": \"invalid_client\"}");
		return true;
	}
	response->body = STR("{\"access_token\": \"t\", \"expires_in\": 600}");
	return true;
}

static void
unlock_store(struct house *house)
{
	house_unlock(house);
	while (!engine_health(house->engine).writable)
		house_run_ms(house, 50);
	house_run(house);
}

/* The call was offered in a turn whose commit failed: what its token's
 * refusal told about it is about a call that there never was. */
static void
test_reply_to_a_call_that_was_never_committed_is_forgotten(void **state)
{
	struct house *house = house_new(token_call, answer_token);

	(void)state;
	house_start(house, "pay", "{}");
	house_lock(house);
	tokens_refused = 1;
	house_advance(house, 61000);
	assert_int_equal(tokens_refused, 0);
	assert_false(engine_health(house->engine).writable);
	unlock_store(house);
	house_advance(house, 1000); /* then a token is asked for again */
	house_look(house, 1);
	assert_string_equal(house->state, "paid");
	assert_int_equal(house_count(house, 1, "call-replied"), 1);
	house_free(&house);
}

/* It waits for what an event brings about, and the event is refused. */
static void
test_watch_is_told_although_the_commit_that_it_waits_for_failed(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	struct chart_event event = {
	    .kind = EV_SUSPENDED,
	    .actor = {.name = STR("bob")},
	};
	uint64_t watch;
	int replies;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_lock(house);
	engine_act(house->engine, 1, &event, house_reply_cb, house);
	event_base_loop(house->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	replies = house->replies;
	watch = engine_watch(house->engine, 1, house_reply_cb, house);
	assert_int_not_equal(watch, 0);
	while (engine_health(house->engine).writable)
		house_run_ms(house, 10);
	assert_int_equal(house->replies, replies + 2);
	assert_string_equal(house->state_status, "waiting");
	unlock_store(house);
	house_free(&house);
}

static void
test_looking_is_answered_while_the_store_is_probed(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	int replies;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_lock(house);
	house_start(house, "three", "{\"reference\": \"B\"}");
	while (!store_is_committing(house->store))
		house_run_ms(house, 10);
	replies = house->replies;
	engine_look(house->engine, 1, house_reply_cb, house);
	house_run_ms(house, 20);
	assert_int_equal(house->replies, replies + 1);
	assert_string_equal(house->state, "resting");
	unlock_store(house);
	house_free(&house);
}

/* The root page of what events are matched by. */
static void
damage_subscriptions(struct house *house)
{
	static const char zeros[512];
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;

	assert_int_equal(sqlite3_open(house->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
	    "SELECT (rootpage - 1) * page_size FROM sqlite_schema,"
	    " pragma_page_size WHERE name = 'subscription'", -1, &row, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	long at = (long)sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	FILE *file = fopen(house->path, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fwrite(zeros, sizeof(zeros), 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

/* A probe that succeeds has only not met it. */
static void
test_damage_that_is_met_again_and_again_ends_all_work(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);

	(void)state;
	house_close_engine(house);
	damage_subscriptions(house);
	house_open_engine(house);
	for (int i = 0; i < 8 && engine_health(house->engine).writable; i++) {
		house_event(house, "go", "7.1", "e-1");
		assert_int_equal(house->status, ENGINE_UNAVAILABLE);
		house_run_ms(house, 100);
	}
	assert_false(engine_health(house->engine).writable);
	house_run_ms(house, 100);
	assert_false(engine_health(house->engine).writable);
	house_free(&house);
}

/* From the second commit on the loop makes them itself, well or not. */
static void
test_calm_engine_commits_on_its_own_thread_and_keeps_its_promises(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);

	(void)state;
	house->limits.calm_min = 1;
	house_crash(house);
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_start(house, "three", "{\"reference\": \"B\"}");
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_int_equal(house->sent, 6);
	house_lock(house);
	house_start(house, "three", "{\"reference\": \"C\"}");
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	assert_int_equal(house->sent, 6);
	unlock_store(house);
	while (!engine_health(house->engine).writable)
		house_run_ms(house, 10);
	house_start(house, "three", "{\"reference\": \"C\"}");
	assert_int_equal(house->status, ENGINE_CREATED);
	house_crash(house);
	for (uint64_t number = 1; number <= 3; number++) {
		house_look(house, number);
		assert_string_equal(house->state, "resting");
	}
	assert_int_equal(house->sent, 9);
	house_free(&house);
}

/* A process that waits for something that is not a time sleeps. */
static void
assert_sleeps(struct house *house)
{
	clock_t before = clock();

	house_run_ms(house, 1000);
	assert_true(clock() - before < CLOCKS_PER_SEC / 4);
}

static const char slow_token[] =
    "workflow: pay\n"
    "version: 1\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry: [{call: bank.pay}]\n"
    "    on: {done: paid}\n"
    "  paid: {type: final}\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "auth: {oauth2: {token-url: http://bank.invalid/token, client: {secret: "
    "bank}}}\n"
    "limits: {rate: 1/s}\n"
    "operations:\n"
    "  pay: {request: {post: /pay}, idempotent: true}\n";

static bool
answer_all_but_token(struct house *house,
    const struct message_request *request, struct message_response *response)
{
	return str_find(request->url, STR("/token")) == SIZE_MAX &&
	       house_answer_ok(house, request, response);
}

static void
test_line_that_waits_for_its_token_sleeps(void **state)
{
	struct house *house = house_new(slow_token, answer_token);

	(void)state;
	house_start(house, "pay", "{}");
	assert_int_equal(house->sent, 2);
	house->answer = answer_all_but_token;
	house->clock.now_ms += 3600 * 1000; /* the token dies */
	house_start(house, "pay", "{}");
	assert_int_equal(house->sent, 3);
	house->clock.now_ms += 10 * 1000;
	assert_sleeps(house);
	house_free(&house);
}

static const char breaker_call[] =
    "workflow: ask\n"
    "version: 1\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry: [{call: stub.ask, retry: {limit: 0}}]\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: http://stub.invalid\n"
    "breaker: {failures: 2, within: 30s, open: 30s}\n"
    "operations:\n"
    "  ask: {request: {get: /ask}}\n";

static bool
answer_busy(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	(void)house;
	(void)request;
	response->status = 429;
	return true;
}

static void
open_breaker(struct house *house)
{
	house->answer = answer_busy;
	house_start(house, "ask", "{}");
	house_start(house, "ask", "{}");
	assert_int_equal(house->sent, 2);
	house_start(house, "ask", "{}");
	house_start(house, "ask", "{}");
	assert_int_equal(house->sent, 2);
	assert_sleeps(house);
}

static void
test_breaker_holds_calls_back_and_lets_one_through_to_see(void **state)
{
	struct house *house = house_new(breaker_call, answer_busy);

	(void)state;
	open_breaker(house);
	house_advance(house, 30000);
	assert_int_equal(house->sent, 3); /* it fails: open again */
	house->answer = house_answer_ok;
	house_advance(house, 29000);
	assert_int_equal(house->sent, 3);
	house_advance(house, 1000);
	assert_int_equal(house->sent, 4);
	house_look(house, 4);
	assert_string_equal(house->state, "ended");
	house_free(&house);
}

static void
test_breaker_closes_although_the_clock_was_set_back(void **state)
{
	struct house *house = house_new(breaker_call, answer_busy);

	(void)state;
	open_breaker(house);
	house->answer = house_answer_ok;
	house_advance(house, -5 * 3600 * 1000);
	house_advance(house, 31000);
	assert_int_equal(house->sent, 4);
	house_free(&house);
}

/* ---- callers who are refused ---- */

static uint64_t
journal_length(struct house *house)
{
	struct audit_head head;

	assert_int_equal(
	    store_find_journal(house->store, &head), STORE_OK);
	return head.seq;
}

static void
refuse_once(struct house *house)
{
	engine_refused(house->engine, &(struct engine_refusal){
	    .kind = JOURNAL_SIGN_IN_FAILED,
	    .address = STR("192.0.2.1"),
	    .route = STR("GET /v1/instances"),
	    .path = STR("/v1/instances"),
	    .problem = STR("unauthorized"),
	});
	house_advance(house, 0);
}

static void
test_refusals_are_told_although_the_clock_was_set_back(void **state)
{
	struct house *house = house_new(breaker_call, house_answer_ok);
	uint64_t before = journal_length(house);

	(void)state;
	for (int i = 0; i < 3; i++)
		refuse_once(house);
	assert_int_equal(journal_length(house), before + 1);
	house_advance(house, -3600 * 1000);
	assert_int_equal(journal_length(house), before + 2);
	house_free(&house);
}

/* ---- events ---- */

static const char urgent[] =
    "workflow: pay\n"
    "version: 1\n"
    "priority: = if input.amount > 1000 then \"critical\" else \"low\"\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry: [{call: bank.pay, with: {amount: = input.amount}}]\n"
    "    on: {done: paid}\n"
    "  paid: {type: final, outcome: success}\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "limits: {concurrency: 1}\n"
    "operations:\n"
    "  pay: {request: {post: /pay, body: = amount}, idempotent: true}\n";

static void
test_calls_wait_in_the_order_of_a_priority_that_the_input_decides(void **state)
{
	static const char *const inputs[] = {"{\"amount\": 1}",
	    "{\"amount\": 2}", "{\"amount\": 3000}", "{\"amount\": 4}",
	    "{\"amount\": 5000}"};
	static const char *const sent[] = {"1", "3000", "5000", "2", "4"};
	struct house *house = house_new(urgent, house_answer_ok);
	struct json_error error;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct engine_start start = {
		    .workflow = STR("pay"),
		    .input = json_read(
			house->arena, str_of(inputs[i]), &error),
		};

		engine_start(house->engine, &start, house_reply_cb, house);
	}
	house_run(house);
	house_run(house);
	assert_int_equal(house->sent, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(house->bodies[i], sent[i]);
	house_free(&house);
}

/* Two workflows know the event; the longer one's patience counts. */
static const char patient[] =
    "workflow: hasty\n"
    "version: 1\n"
    "hold: 10m\n"
    "business-key: = input.key\n"
    "events: {go: {}, rush: {}}\n"
    "initial: resting\n"
    "states: {resting: {on: {go: ended, rush: ended}},\n"
    "  ended: {type: final, outcome: success}}\n"
    "---\n"
    "workflow: patient\n"
    "version: 1\n"
    "hold: 2h\n"
    "business-key: = input.key\n"
    "events: {go: {}}\n"
    "initial: resting\n"
    "states: {resting: {on: {go: ended}},\n"
    "  ended: {type: final, outcome: success}}\n";

static enum store_event_status
status_of_event(struct house *house, const char *id)
{
	struct store_event row;

	assert_int_equal(store_find_event(house->store, house->arena,
			     STR("/test"), str_of(id), &row),
	    STORE_OK);
	return row.status;
}

static void
test_events_are_held_as_long_as_the_workflows_say(void **state)
{
	struct house *house = house_new(patient, house_answer_ok);

	(void)state;
	house_event(house, "rush", "A", "rush");
	house_event(house, "go", "A", "go");
	house_event(house, "unheard-of", "A", "strange");
	house_advance(house, 11 * 60 * 1000);
	house_advance(house, 1);
	assert_int_equal(status_of_event(house, "rush"), EVENT_DEAD);
	assert_int_equal(status_of_event(house, "go"), EVENT_HELD);
	house_advance(house, 2 * 3600 * 1000);
	house_advance(house, 1);
	assert_int_equal(status_of_event(house, "go"), EVENT_DEAD);
	assert_int_equal(status_of_event(house, "strange"), EVENT_HELD);
	house_advance(house, 7 * 86400LL * 1000);
	house_advance(house, 1);
	assert_int_equal(status_of_event(house, "strange"), EVENT_DEAD);
	house_free(&house);
}

/* What is held over a weekend, and what nobody has to wait for. */
static const char working[] =
    "workflow: working\n"
    "version: 1\n"
    "calendar: week\n"
    "hold: 1 business day\n"
    "business-key: = input.key\n"
    "events: {go: {}}\n"
    "initial: resting\n"
    "states: {resting: {on: {go: ended}},\n"
    "  ended: {type: final, outcome: success}}\n"
    "---\n"
    "workflow: impatient\n"
    "version: 1\n"
    "hold: 0s\n"
    "business-key: = input.key\n"
    "events: {rush: {}}\n"
    "initial: resting\n"
    "states: {resting: {on: {rush: ended}},\n"
    "  ended: {type: final, outcome: success}}\n"
    "---\n"
    "calendar: week\n"
    "timezone: UTC\n"
    "weekend: [sat, sun]\n";

static void
test_event_is_held_for_business_days(void **state)
{
	struct house *house = house_new(working, house_answer_ok);

	(void)state;
	house_advance(house, 4 * 86400LL * 1000); /* to the Friday */
	house_event(house, "go", "A", "go");
	house_event(house, "rush", "A", "rush");
	house_advance(house, 1);
	assert_int_equal(status_of_event(house, "rush"), EVENT_DEAD);
	house_advance(house, 71 * 3600 * 1000);
	house_advance(house, 1);
	assert_int_equal(status_of_event(house, "go"), EVENT_HELD);
	house_advance(house, 2 * 3600 * 1000);
	house_advance(house, 1);
	assert_int_equal(status_of_event(house, "go"), EVENT_DEAD);
	house_free(&house);
}

/* Rows that are due for ever, of a definition that nobody has. */
static const char broken_rows[] =
    "WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n"
    "	WHERE n < 8)"
    "INSERT INTO instance SELECT n, workflow, version, zeroblob(32), NULL,"
    "	status, state, initiator, priority, labels, started_ms, changed_ms,"
    "	ended_ms, 1000, busy, incidents, head_seq, head_hash, snapshot, form"
    "	FROM instance, n WHERE number = 1;"
    "UPDATE meta SET value = 8 WHERE name = 'last_number'";

static void
test_instances_that_cannot_be_loaded_stand_in_nobodys_way(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	sqlite3 *database;

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_close_engine(house);
	assert_int_equal(sqlite3_open(house->path, &database), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(database, broken_rows, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
	house->limits.window_max = 3;
	house->clock.now_ms += 3 * 3600 * 1000;
	house_open_engine(house);
	house_run(house);
	house_look(house, 1);
	assert_string_equal(house->state, "failed");
	house_free(&house);
}

static const char undone_back[] =
    "workflow: order\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {go: {}}\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry: [{call: bank.pay, compensate: {call: bank.unpay}}]\n"
    "    on: {done: resting}\n"
    "  resting: {on: {go: {target: over, compensate: to strange}}, after: {1d: "
    "strange}}\n"
    "  strange: {on: {go: over}}\n"
    "  over: {type: final}\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "operations:\n"
    "  pay: {request: {post: /pay}, idempotent: true}\n"
    "  unpay: {request: {post: /unpay}, idempotent: true}\n";

/* As where an older program has saved it: the number of the only mark says
 * that nobody noted whether the state was entered. */
static void
leave_open(struct house *house, uint64_t instance)
{
	static const char not_entered[] =
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
	struct store_instance row;
	size_t at;

	assert_int_equal(store_find_instance(house->store, house->arena,
			     instance, &row),
	    STORE_OK);
	at = str_find(row.snapshot, str_of(not_entered));
	assert_int_not_equal(at, SIZE_MAX);
	((char *)(uintptr_t)row.snapshot.at)[at] = '\xfe';
	store_put_instance(store_batch(house->store), &row);
	assert_int_equal(store_commit_now(house->store, NULL), STORE_OK);
}

static void
test_what_an_older_program_left_open_is_read_from_history(void **state)
{
	struct house *house = house_new(undone_back, house_answer_ok);

	(void)state;
	house_start(house, "order", "{\"key\": \"A\"}");
	house_look(house, 1);
	assert_string_equal(house->state, "resting");
	leave_open(house, 1);
	house_crash(house);
	house_event(house, "go", "A", "e-1");
	assert_string_equal(house->fate, "matched");
	house_look(house, 1);
	assert_string_equal(house->state, "over");
	assert_int_equal(house_count(house, 1, "compensating"), 0);
	assert_int_equal(house->sent, 1);
	house_free(&house);
}

static void
test_what_an_older_program_left_open_waits_for_its_history(void **state)
{
	struct house *house = house_new(undone_back, house_answer_ok);

	(void)state;
	house_start(house, "order", "{\"key\": \"A\"}");
	house_look(house, 1);
	leave_open(house, 1);
	house_close_engine(house);
	change(house, "DELETE FROM history");
	house_open_engine(house);
	house_event(house, "go", "A", "e-1");
	assert_string_not_equal(house->fate, "matched");
	assert_int_equal(house->sent, 1);
	house_free(&house);
}

static const char sleeper[] =
    "workflow: sleeper\n"
    "version: 1\n"
    "initial: sleeping\n"
    "states:\n"
    "  sleeping: {after: {'= duration(input.time)': awake}}\n"
    "  awake: {type: final, outcome: success}\n";

/* A window that held all for ten minutes is followed by one that is cut short:
 * what stands in the heap from the first must not keep back what comes into
 * the second. */
static void
test_deadlines_of_an_earlier_window_keep_no_others_back(void **state)
{
	struct house *house = house_new(sleeper, house_answer_ok);

	(void)state;
	house_close_engine(house);
	house->limits.window_max = 1;
	house_open_engine(house);
	house_run(house);
	house_start(house, "sleeper", "{\"time\": \"PT9M10S\"}");
	house_start(house, "sleeper", "{\"time\": \"PT9M50S\"}");
	house_advance(house, 550 * 1000);
	house_look(house, 1);
	assert_string_equal(house->state, "awake");
	house_start(house, "sleeper", "{\"time\": \"PT5S\"}");
	house_advance(house, 6 * 1000);
	house_look(house, 3);
	assert_string_equal(house->state, "awake");
	house_advance(house, 60 * 1000);
	house_look(house, 2);
	assert_string_equal(house->state, "awake");
	house_free(&house);
}

static const char patient_one[] =
    "workflow: patient\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {go: {}, other: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {go: going}, after: {10d: ended}}\n"
    "  going: {on: {other: ended}}\n"
    "  ended: {type: final, outcome: success}\n";

/* One more than are kept of what nobody takes. */
static void
send_too_many(struct house *house, const char *subject)
{
	char id[16];

	for (int i = 0; i <= 1000; i++) {
		struct chart_event event = {
		    .type = STR("other"),
		    .subject = str_of(subject),
		    .source = STR("/test"),
		};

		snprintf(id, sizeof(id), "e%d", i);
		event.id = str_of(id);
		engine_event(house->engine, &event, house_reply_cb, house);
	}
	house_run(house);
}

static void
test_an_instance_keeps_so_many_events_and_no_more(void **state)
{
	struct house *house = house_new(patient_one, house_answer_ok);

	(void)state;
	house_start(house, "patient", "{\"key\": \"A\"}");
	send_too_many(house, "A");
	assert_string_equal(house->fate, "dead");
	assert_int_equal(status_of_event(house, "e999"), EVENT_MATCHED);
	assert_int_equal(status_of_event(house, "e1000"), EVENT_DEAD);
	/* What a state takes is taken all the same. */
	house_event(house, "go", "A", "go");
	assert_string_equal(house->fate, "matched");
	house_look(house, 1);
	assert_string_equal(house->state, "ended");
	house_free(&house);
}

/* One takes what the other keeps, up to its bound. */
static const char patient_two[] =
    "workflow: patient\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {go: {}, other: {correlate: '= \"all\"'}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {go: going}}\n"
    "  going: {on: {other: {do: [{attest: seen}]}}}\n";

static void
replay_event(struct house *house, const char *id)
{
	struct store_event row;

	assert_int_equal(store_find_event(house->store, house->arena,
			     STR("/test"), str_of(id), &row),
	    STORE_OK);
	engine_replay(house->engine,
	    &(struct engine_replay){.event_id = row.id}, house_reply_cb,
	    house);
	house_run(house);
}

static void
test_what_one_can_not_keep_is_no_dead_letter_for_the_other(void **state)
{
	struct house *house = house_new(patient_two, house_answer_ok);

	(void)state;
	house_start(house, "patient", "{\"key\": \"A\"}");
	house_start(house, "patient", "{\"key\": \"B\"}");
	house_event(house, "go", "B", "go-b");
	send_too_many(house, "all");
	assert_string_equal(house->fate, "dead");
	assert_int_equal(status_of_event(house, "e999"), EVENT_MATCHED);
	assert_int_equal(status_of_event(house, "e1000"), EVENT_DEAD);
	replay_event(house, "e1000");
	assert_int_equal(house->status, ENGINE_REFUSED);
	house_event(house, "go", "A", "go-a");
	replay_event(house, "e1000");
	assert_string_equal(house->fate, "matched");
	assert_int_equal(status_of_event(house, "e1000"), EVENT_REPLAYED);
	assert_int_equal(house_count(house, 1, "event-received"), 1004);
	assert_int_equal(house_count(house, 2, "event-received"), 1002);
	house_free(&house);
}

static const char choosy[] =
    "workflow: choosy\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events:\n"
    "  go: {data: {type: object, required: [a]}}\n"
    "  now: {keep: false}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {go: ended}}\n"
    "  ended: {type: final, outcome: success}\n";

static void
test_event_that_an_instance_can_not_use_is_ignored(void **state)
{
	struct house *house = house_new(choosy, house_answer_ok);

	(void)state;
	house_start(house, "choosy", "{\"key\": \"A\"}");
	house_event(house, "go", "A", "e-1"); /* without data */
	assert_string_equal(house->fate, "ignored");
	house_event(house, "now", "A", "e-2");
	assert_string_equal(house->fate, "ignored");
	assert_int_equal(house_count(house, 1, "event-ignored"), 2);
	house_event(house, "go", "A", "e-1");
	assert_string_equal(house->fate, "duplicate");
	house_free(&house);
}

/* What counts for one only at its moment another keeps. */
static const char momentary[] =
    "workflow: momentary\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {now: {keep: false}, word: {keep: false}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {now: ended, word: ended}}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: lasting\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {word: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {word: ended}}\n"
    "  ended: {type: final, outcome: success}\n";

static void
test_event_that_counts_only_now_is_not_held(void **state)
{
	struct house *house = house_new(momentary, house_answer_ok);

	(void)state;
	house_event(house, "now", "A", "e-1");
	assert_string_equal(house->fate, "ignored");
	house_event(house, "word", "A", "e-2");
	assert_string_equal(house->fate, "held");
	house_start(house, "momentary", "{\"key\": \"A\"}");
	house_look(house, 1);
	assert_string_equal(house->state, "waiting");
	house_start(house, "lasting", "{\"key\": \"A\"}");
	house_look(house, 2);
	assert_string_equal(house->state, "ended");
	house_event(house, "now", "A", "e-1");
	assert_string_equal(house->fate, "duplicate");
	house_event(house, "now", "A", "e-3");
	assert_string_equal(house->fate, "matched");
	house_look(house, 1);
	assert_string_equal(house->state, "ended");
	house_free(&house);
}

static void
test_event_that_is_held_for_a_moment_dies_although_the_clock_jumps(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	struct chart_event event = {
	    .type = STR("go"),
	    .subject = STR("A"),
	    .id = STR("e-1"),
	    .source = STR("/test"),
	};
	struct store_event row;

	(void)state;
	engine_event(house->engine, &event, house_reply_cb, house);
	event_base_loop(house->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	/* Its commit is under way, and it has expired already. */
	house->clock.now_ms += 8LL * 86400 * 1000;
	engine_look(house->engine, 1, house_reply_cb, house);
	house_run(house);
	house_advance(house, 1000);
	house_advance(house, 1000);
	assert_int_equal(store_find_event(house->store, house->arena,
			     STR("/test"), STR("e-1"), &row),
	    STORE_OK);
	assert_int_equal(row.status, EVENT_DEAD);
	house_free(&house);
}

/* Each answers the other's event with its own, for ever. */
static const char storm[] =
    "workflow: ping\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {pong: {}}\n"
    "initial: playing\n"
    "states:\n"
    "  playing:\n"
    "    on: {pong: {do: [{emit: ping, with: {subject: = input.key}}]}}\n"
    "---\n"
    "workflow: pong\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {ping: {}}\n"
    "initial: playing\n"
    "states:\n"
    "  playing:\n"
    "    on: {ping: {do: [{emit: pong, with: {subject: = input.key}}]}}\n";

static void
count_cb(const struct store_event *row, void *arg)
{
	(void)row;
	++*(int *)arg;
}

static void
test_storm_of_events_between_instances_ends_in_a_dead_letter(void **state)
{
	struct house *house = house_new(storm, house_answer_ok);
	int dead = 0;

	(void)state;
	house_start(house, "ping", "{\"key\": \"K\"}");
	house_start(house, "pong", "{\"key\": \"K\"}");
	house_event(house, "ping", "K", "e-1");
	assert_string_equal(house->fate, "matched");
	assert_int_equal(store_list_events(house->store, house->arena,
			     EVENT_DEAD, 0, 100, count_cb, &dead),
	    STORE_OK);
	assert_int_equal(dead, 1);
	assert_true(house_chain_is_sound(house, 1));
	assert_true(house_chain_is_sound(house, 2));
	house_free(&house);
}

/* One tells many, each of which answers and is answered; nobody goes on. */
static const char breadth[] =
    "workflow: herald\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "data: {heard: 0}\n"
    "events: {heard: {}}\n"
    "initial: telling\n"
    "states:\n"
    "  telling:\n"
    "    entry:\n"
    "      - for: {each: i, in: = for n in 1..50 return n}\n"
    "        do: [{emit: news, with: {subject: = string(i)}}]\n"
    "    on:\n"
    "      heard:\n"
    "        do:\n"
    "          - set: {heard: = heard + 1}\n"
    "          - {emit: thanks, with: {subject: = event.data}}\n"
    "---\n"
    "workflow: reader\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {news: {}, thanks: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {news: reading}}\n"
    "  reading:\n"
    "    entry: [{emit: heard, with: {subject: H, data: = input.key}}]\n"
    "    on: {thanks: ended}\n"
    "  ended: {type: final, outcome: success}\n";

static void
test_many_events_of_one_step_are_all_delivered(void **state)
{
	struct house *house = house_new(breadth, house_answer_ok);
	char input[32];
	int dead = 0;

	(void)state;
	house->limits.batch_max = 10;
	house_crash(house);
	for (int i = 1; i <= 50; i++) {
		snprintf(input, sizeof(input), "{\"key\": \"%d\"}", i);
		house_start(house, "reader", input);
	}
	house_start(house, "herald", "{\"key\": \"H\"}");
	for (uint64_t i = 1; i <= 50; i++) {
		house_look(house, i);
		assert_string_equal(house->state, "ended");
	}
	assert_int_equal(store_list_events(house->store, house->arena,
			     EVENT_DEAD, 0, 100, count_cb, &dead),
	    STORE_OK);
	assert_int_equal(dead, 0);
	house_free(&house);
}

/* The bank's identifier turns out to be our own reference, for which the
 * instance has been waiting from its start. */
static const char same_value[] =
    "workflow: pay\n"
    "version: 1\n"
    "business-key: = input.reference\n"
    "data: {payment: null}\n"
    "events:\n"
    "  matched: {}\n"
    "  accepted: {correlate: = payment}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    on:\n"
    "      matched: {target: sent, do: [{set: {payment: = "
    "input.reference}}]}\n"
    "  sent:\n"
    "    on: {accepted: ended}\n"
    "  ended: {type: final}\n";

static void
test_held_event_is_delivered_when_its_value_is_one_waited_for_already(
    void **state)
{
	struct house *house = house_new(same_value, house_answer_ok);

	(void)state;
	house_start(house, "pay", "{\"reference\": \"P-1\"}");
	house_event(house, "accepted", "P-1", "e-1");
	assert_string_equal(house->fate, "held");
	house_event(house, "matched", "P-1", "e-2");
	house_look(house, 1);
	assert_string_equal(house->state, "ended");
	house_free(&house);
}

/* The first held event makes it wait for B; the one held for B makes it wait
 * for A again, while the others held for A are being gone through. */
static const char back_and_forth[] =
    "workflow: swing\n"
    "version: 1\n"
    "data: {value: A, count: 0}\n"
    "events: {turn: {correlate: = value}}\n"
    "initial: swinging\n"
    "states:\n"
    "  swinging:\n"
    "    on:\n"
    "      turn:\n"
    "        do: [{set: {value: '= event.data.to', count: = count + 1}}]\n";

static void
send_turn(
    struct house *house, const char *subject, const char *to, const char *id)
{
	struct value_builder *data = value_build_context(house->arena);
	struct chart_event event = {
	    .type = STR("turn"),
	    .subject = str_of(subject),
	    .id = str_of(id),
	    .source = STR("/test"),
	};

	value_put_str(data, "to", str_of(to));
	event.data = value_built(data);
	engine_event(house->engine, &event, house_reply_cb, house);
	house_run(house);
}

static void
test_held_events_are_delivered_once_where_values_come_back(void **state)
{
	struct house *house = house_new(back_and_forth, house_answer_ok);

	(void)state;
	send_turn(house, "A", "B", "a-1");
	send_turn(house, "A", "A", "a-2");
	send_turn(house, "A", "A", "a-3");
	send_turn(house, "B", "A", "b-1");
	house_start(house, "swing", "{}");
	assert_int_equal(house_count(house, 1, "event-received"), 4);
	assert_true(house_chain_is_sound(house, 1));
	house_free(&house);
}

/* What can't be read is not taken for what is not there. */
static void
test_store_that_cannot_be_read_starts_nothing_twice(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);

	(void)state;
	house_start(house, "three", "{\"reference\": \"A\"}");
	house_event(house, "early", "B", "e-1");
	gate_fail_reading(true);
	house_start(house, "three", "{\"reference\": \"A\"}");
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	house_look(house, 99);
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	gate_fail_reading(false);
	while (!engine_health(house->engine).writable)
		house_run_ms(house, 10);
	gate_fail_reading(true);
	house_event(house, "early", "B", "e-1");
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	gate_fail_reading(false);
	while (!engine_health(house->engine).writable)
		house_run_ms(house, 10);
	house_event(house, "early", "B", "e-1");
	assert_string_equal(house->fate, "duplicate");
	house_start(house, "three", "{\"reference\": \"A\"}");
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(house->instance, 1);
	house_free(&house);
}

static void
test_same_idempotency_key_gets_the_same_answer(void **state)
{
	struct house *house = house_new(unsafe_call, house_answer_ok);
	struct engine_start start = {
	    .workflow = STR("pay"),
	    .idempotency_key = STR("k-1"),
	    .request_digest = digest_sha256(STR("one")),
	};

	(void)state;
	start.input = value_built(value_build_context(house->arena));
	engine_start(house->engine, &start, house_reply_cb, house);
	engine_start(house->engine, &start, house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->replies, 2);
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_int_equal(store_last_number(house->store), 1);
	start.request_digest = digest_sha256(STR("two"));
	engine_start(house->engine, &start, house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->status, ENGINE_KEY_REUSED);
	house_free(&house);
}

static void
test_many_instances_share_commits(void **state)
{
	struct house *house = house_new(three_calls, house_answer_ok);
	struct engine_start start = {.workflow = STR("three")};
	uint64_t before = engine_health(house->engine).commits;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct value_builder *input = value_build_context(house->arena);
		char key[16];

		snprintf(key, sizeof(key), "K%d", i);
		value_put_str(input, "reference", str_of(key));
		start.input = value_built(input);
		engine_start(house->engine, &start, house_reply_cb, house);
	}
	house_run(house);
	house_run(house);
	assert_int_equal(house->replies, 200);
	assert_int_equal(house->sent, 600);
	assert_true(engine_health(house->engine).commits - before < 100);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_instance_runs_through_its_calls_and_ends),
	    cmocka_unit_test(
		test_same_business_key_finds_the_instance_that_is_there),
	    cmocka_unit_test(
		test_a_number_is_one_business_key_however_it_is_written),
	    cmocka_unit_test(
		test_a_number_that_was_stored_as_written_is_still_found),
	    cmocka_unit_test(test_a_number_meets_what_was_stored_as_written),
	    cmocka_unit_test(
		test_a_text_and_a_number_that_is_written_so_are_two_keys),
	    cmocka_unit_test(
		test_a_number_is_met_in_its_one_form_and_as_it_was_written),
	    cmocka_unit_test(test_invalid_input_starts_nothing),
	    cmocka_unit_test(test_deadline_fires_once_its_time_has_come),
	    cmocka_unit_test(
		test_deadline_of_an_engine_that_idles_is_not_forgotten),
	    cmocka_unit_test(
		test_instances_that_take_too_much_memory_are_read_back),
	    cmocka_unit_test(test_deadline_survives_a_crash),
	    cmocka_unit_test(
		test_deadline_beyond_the_window_fires_in_an_idle_engine),
	    cmocka_unit_test(test_idle_engine_sleeps),
	    cmocka_unit_test(
		test_deadline_committed_while_a_window_is_loaded_is_not_late),
	    cmocka_unit_test(
		test_clock_that_jumps_back_and_forth_loses_no_deadline),
	    cmocka_unit_test(
		test_event_before_its_instance_is_held_and_delivered),
	    cmocka_unit_test(test_event_is_known_by_its_former_id_for_a_week),
	    cmocka_unit_test(
		test_order_of_a_tokens_limits_makes_no_other_event),
	    cmocka_unit_test(
		test_event_that_nobody_came_for_becomes_a_dead_letter),
	    cmocka_unit_test(
		test_a_dead_letter_that_is_replayed_twice_at_once_comes_once),
	    cmocka_unit_test(
		test_call_under_way_in_a_crash_is_repeated_with_its_key),
	    cmocka_unit_test(
		test_call_without_a_key_is_verified_after_a_crash_and_not_repeated),
	    cmocka_unit_test(
		test_call_that_only_waited_for_its_place_is_not_in_doubt),
	    cmocka_unit_test(
		test_locked_store_refuses_work_and_goes_on_by_itself),
	    cmocka_unit_test(
		test_reply_that_could_not_be_recorded_is_recorded_later_and_not_asked_again),
	    cmocka_unit_test(
		test_reply_to_a_call_that_was_never_committed_is_forgotten),
	    cmocka_unit_test(
		test_watch_is_told_although_the_commit_that_it_waits_for_failed),
	    cmocka_unit_test(
		test_looking_is_answered_while_the_store_is_probed),
	    cmocka_unit_test(
		test_damage_that_is_met_again_and_again_ends_all_work),
	    cmocka_unit_test(
		test_calm_engine_commits_on_its_own_thread_and_keeps_its_promises),
	    cmocka_unit_test(test_line_that_waits_for_its_token_sleeps),
	    cmocka_unit_test(
		test_breaker_holds_calls_back_and_lets_one_through_to_see),
	    cmocka_unit_test(
		test_breaker_closes_although_the_clock_was_set_back),
	    cmocka_unit_test(
		test_refusals_are_told_although_the_clock_was_set_back),
	    cmocka_unit_test(
		test_calls_wait_in_the_order_of_a_priority_that_the_input_decides),
	    cmocka_unit_test(test_events_are_held_as_long_as_the_workflows_say),
	    cmocka_unit_test(test_event_is_held_for_business_days),
	    cmocka_unit_test(test_an_instance_keeps_so_many_events_and_no_more),
	    cmocka_unit_test(
		test_instances_that_cannot_be_loaded_stand_in_nobodys_way),
	    cmocka_unit_test(
		test_what_an_older_program_left_open_is_read_from_history),
	    cmocka_unit_test(
		test_what_an_older_program_left_open_waits_for_its_history),
	    cmocka_unit_test(
		test_deadlines_of_an_earlier_window_keep_no_others_back),
	    cmocka_unit_test(
		test_event_that_is_held_for_a_moment_dies_although_the_clock_jumps),
	    cmocka_unit_test(
		test_storm_of_events_between_instances_ends_in_a_dead_letter),
	    cmocka_unit_test(test_many_events_of_one_step_are_all_delivered),
	    cmocka_unit_test(
		test_what_one_can_not_keep_is_no_dead_letter_for_the_other),
	    cmocka_unit_test(
		test_event_that_an_instance_can_not_use_is_ignored),
	    cmocka_unit_test(test_event_that_counts_only_now_is_not_held),
	    cmocka_unit_test(
		test_held_event_is_delivered_when_its_value_is_one_waited_for_already),
	    cmocka_unit_test(
		test_held_events_are_delivered_once_where_values_come_back),
	    cmocka_unit_test(
		test_store_that_cannot_be_read_starts_nothing_twice),
	    cmocka_unit_test(test_same_idempotency_key_gets_the_same_answer),
	    cmocka_unit_test(test_many_instances_share_commits),
	};

	gate_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
