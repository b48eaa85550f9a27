/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chart_loop.c: `for` over thousands of items: how many at once, in which
 * order, and that an instance can be saved and loaded anywhere on the way.
 */
#include "stated/chart.h"
#include "../definition/written_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ITEMS 10000
#define AT_ONCE 16
#define LOAD_EVERY 97 /* turns */

static const char definitions[] =
    "connection: desk\n"
    "kind: http\n"
    "url: http://desk.invalid\n"
    "operations:\n"
    "  pay:\n"
    "    request: {post: /pay, body: {amount: = amount}}\n"
    "    idempotent: true\n"
    "---\n"
    "workflow: lines\n"
    "version: 1\n"
    "initial: working\n"
    "states:\n"
    "  working:\n"
    "    entry:\n"
    "      - for: {each: line, in: = input}\n"
    "        parallel: 16\n"
    "        do: [{call: desk.pay, with: {amount: = line},\n"
    "              output: {id: = response.id}}]\n"
    "        output: {ids: = results.id}\n"
    "    on: {done: over}\n"
    "  over: {type: final, outcome: success, output: {ids: = ids}}\n";

/* Keys are long; whether the endpoint forgets them is what differs. */
#define DEFINITIONS_OF_KEYS(idempotent) \
    "connection: desk\n" \
    "kind: http\n" \
    "url: http://desk.invalid\n" \
    "operations:\n" \
    "  pay:\n" \
    "    request: {post: /pay, body: {amount: = amount},\n" \
    "      headers: {idempotency-key: = idempotency_key}}\n" \
    "    idempotent: " idempotent "\n" \
    "---\n" \
    "workflow: lines\n" \
    "version: 1\n" \
    "initial: working\n" \
    "states:\n" \
    "  working:\n" \
    "    entry:\n" \
    "      - for: {each: line, in: = input}\n" \
    "        parallel: 16\n" \
    "        do: [{call: desk.pay, with: {amount: = line},\n" \
    "              idempotency-key: '= \"the order of the company that pays, " \
    "line \" + string(line)'}]\n" \
    "    on: {done: resting}\n" \
    "  resting: {after: {1d: over}}\n" \
    "  over: {type: final, outcome: success}\n"

struct loops {
	struct arena *arena; /* of all turns */
	struct library *library;
	const struct definition *definition;
	struct rng_seeded rng;
	struct chart_context context;
	struct chart *chart;
	uint64_t waiting[AT_ONCE + 1]; /* calls, oldest first */
	int64_t amounts[AT_ONCE + 1];
	size_t count;
};

static int
open_with(const char *text, void **state)
{
	struct loops *loops = calloc(1, sizeof(*loops));

	loops->arena = arena_new();
	loops->library = written_library(text);
	loops->definition = library_workflow_at(loops->library, 0);
	rng_seeded_init(&loops->rng, 1);
	loops->context = (struct chart_context){
	    .now_ms = INT64_C(1795165200000),
	    .arena = loops->arena,
	    .rng = &loops->rng.rng,
	    .settings = &value_null,
	    .environment = STR("test"),
	};
	*state = loops;
	return 0;
}

static int
open_loops(void **state)
{
	return open_with(definitions, state);
}

static int
close_loops(void **state)
{
	struct loops *loops = *state;

	chart_free(&loops->chart);
	library_free(&loops->library);
	arena_free(&loops->arena);
	free(loops);
	return 0;
}

static void
note_call(struct loops *loops, const struct chart_effect *effect)
{
	const struct value *amount = value_get_cstr(effect->args, "amount");
	struct chart_effects sent = {0};

	assert_true(loops->count < AT_ONCE);
	loops->waiting[loops->count] = effect->serial;
	assert_true(
	    number_to_int(amount->as.number, &loops->amounts[loops->count]));
	loops->count++;
	chart_call_sent(
	    loops->chart, effect->serial, NULL, &loops->context, &sent);
}

static void
step(struct loops *loops, const struct chart_event *event)
{
	struct chart_effects effects = {0};

	chart_step(loops->chart, event, &loops->context, &effects);
	for (size_t i = 0; i < effects.count; i++)
		if (effects.items[i].kind == DO_CALL)
			note_call(loops, &effects.items[i]);
}

/* The id is the amount over again. */
static void
answer(struct loops *loops, size_t which)
{
	struct value_builder *response = value_build_context(loops->arena);
	struct outcome outcome = {.kind = OUTCOME_DONE};
	struct chart_event event = {
	    .kind = EV_REPLY_ARRIVED,
	    .serial = loops->waiting[which],
	    .outcome = &outcome,
	};

	value_put_int(response, "id", loops->amounts[which]);
	outcome.response = value_built(response);
	loops->count--;
	loops->waiting[which] = loops->waiting[loops->count];
	loops->amounts[which] = loops->amounts[loops->count];
	step(loops, &event);
}

static void
load_again(struct loops *loops)
{
	struct buf bytes = {0};

	chart_save(loops->chart, &bytes);
	chart_free(&loops->chart);
	loops->chart = chart_load(loops->definition,
	    (struct chart_identity){.number = 1}, buf_str(&bytes));
	assert_non_null(loops->chart);
	buf_fini(&bytes);
}

static void
start(struct loops *loops)
{
	struct value_builder *lines = value_build_list(loops->arena);
	struct chart_event event = {.kind = EV_STARTED};
	struct chart_start begin = {
	    .definition = loops->definition,
	    .identity = {.number = 1},
	};

	for (int64_t i = 0; i < ITEMS; i++)
		value_append(lines, value_of_int(loops->arena, i));
	begin.input = value_built(lines);
	loops->chart = chart_new(&begin);
	step(loops, &event);
}

static void
test_results_of_thousands_stand_in_order_however_they_come(void **state)
{
	struct loops *loops = *state;
	const struct value *view, *ids;
	int64_t id;

	start(loops);
	assert_int_equal(loops->count, AT_ONCE);
	for (int turn = 0; loops->count > 0; turn++) {
		answer(loops, (size_t)rng_below(&loops->rng.rng, loops->count));
		if (turn % LOAD_EVERY == 0)
			load_again(loops);
	}
	assert_int_equal(chart_status(loops->chart), CHART_COMPLETED);
	view = chart_describe(loops->chart, loops->arena);
	ids = value_get_cstr(value_get_cstr(view, "output"), "ids");
	assert_int_equal(ids->as.list.count, ITEMS);
	for (size_t i = 0; i < ITEMS; i++) {
		assert_true(
		    number_to_int(ids->as.list.items[i]->as.number, &id));
		assert_int_equal(id, i);
	}
}

static size_t
saved_bytes(const struct loops *loops)
{
	struct buf bytes = {0};
	size_t count;

	chart_save(loops->chart, &bytes);
	count = bytes.bytes;
	buf_fini(&bytes);
	return count;
}

static size_t
bytes_after(const char *text, int turns)
{
	void *state;
	struct loops *loops;
	size_t bytes;

	open_with(text, &state);
	loops = state;
	start(loops);
	for (int turn = 0; turn < turns; turn++)
		answer(loops, 0);
	bytes = saved_bytes(loops);
	load_again(loops);
	assert_int_equal(saved_bytes(loops), bytes);
	close_loops(&state);
	return bytes;
}

/* Each turn writes all of them. */
static void
test_keys_that_outlive_their_calls_take_little(void **state)
{
	const int turns = ITEMS / 2;

	(void)state;
	assert_in_range(
	    bytes_after(DEFINITIONS_OF_KEYS("{lifetime: 24h}"), turns) -
		bytes_after(DEFINITIONS_OF_KEYS("true"), turns),
	    16 * turns, 24 * turns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_results_of_thousands_stand_in_order_however_they_come,
		open_loops, close_loops),
	    cmocka_unit_test(test_keys_that_outlive_their_calls_take_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
