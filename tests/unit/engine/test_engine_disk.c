/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One order from its start to its end while the disk fails at each of its
 * operations in turn, or the power goes there: whatever was acknowledged is
 * there afterwards, what was refused has not happened, nothing that went out
 * is unknown, and no effect is doubled.
 *
 * Where the disk works again the engine goes on by itself; where it doesn't,
 * or has lost its power, another engine goes on with what the disk kept
 * (tests/sim/disk.h), and callers repeat what was not acknowledged.
 *
 *	STATED_FAULTS=all    every moment, not one in many
 *	STATED_FAULTS_SEED=n the disk keeps something else
 */
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "sim/disk.h"

#define STRIDE 17
#define TRIES 8
#define PATIENCE 40
#define HOUR_MS (3600 * 1000LL)

static const char definitions[] =
    "workflow: order\n"
    "version: 1\n"
    "business-key: = input.k\n"
    "data: {booked: null}\n"
    "events:\n"
    "  go: {}\n"
    "initial: booking\n"
    "states:\n"
    "  booking:\n"
    "    entry:\n"
    "      - {call: desk.book, with: {k: = input.k}, output: {booked: = "
    "response.ok}, retry: {limit: 9, delay: 1s}}\n"
    "    on: {done: waiting, error: failed}\n"
    "  waiting:\n"
    "    on: {go: sending}\n"
    "  sending:\n"
    "    entry:\n"
    "      - {call: desk.send, with: {k: = input.k}, retry: {limit: 9, "
    "delay: 1s}}\n"
    "    on: {done: resting, error: failed}\n"
    "  resting: {after: {1h: ended}}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "connection: desk\n"
    "kind: http\n"
    "url: http://desk.invalid\n"
    "operations:\n"
    "  book: {request: {post: /book, body: {k: = k, key: = idempotency_key}}, "
    "idempotent: true}\n"
    "  send: {request: {post: /send, body: {k: = k, key: = idempotency_key}}, "
    "idempotent: true}\n";

enum op { OP_BOOK, OP_SEND, OP_COUNT };

/* What happens to one order, and what really happened. */
struct night {
	struct house *house;
	struct disk *disk;
	struct rng_seeded rng;
	bool goes_on; /* a fault passes: nothing else is needed */
	enum engine_status status; /* of the last reply; -1: none */
	uint64_t instance;
	bool is_started, is_event_taken; /* acknowledged */
	char state[32];
	int requests;
	char bodies[OP_COUNT][96]; /* with the key */
	int effects[OP_COUNT];
};

static struct night *night; /* callbacks of the network find it here */

/* ---- the endpoint ---- */

static const struct message_header headers[] = {
    {.name = STR_INIT("content-type"), .value = STR_INIT("application/json")},
};

/* The first time it is busy, and has done nothing. */
static bool
answer_cb(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	bool books = str_find(request->url, STR("/book")) != SIZE_MAX;
	enum op op = books ? OP_BOOK : OP_SEND;
	char body[sizeof(night->bodies[0])];

	must(house == night->house);
	night->requests++;
	if (night->requests == 1) {
		response->status = 503;
		return true;
	}
	snprintf(body, sizeof(body), "%.*s", STR_ARG(request->body));
	if (strcmp(body, night->bodies[op]) != 0)
		night->effects[op]++;
	strcpy(night->bodies[op], body);
	response->headers = headers;
	response->header_count = 1;
	response->body = STR("{\"ok\": true}");
	return true;
}

/* ---- the loop ---- */

static void
reply_cb(const struct engine_reply *reply, void *arg)
{
	struct night *n = arg;

	n->status = reply->status;
	if (reply->view != NULL)
		snprintf(n->state, sizeof(n->state), "%.*s", STR_ARG(value_str(
		    value_field_or_null(reply->view, "state"))));
	if (reply->instance != 0)
		n->instance = reply->instance;
}

/* Until nothing is under way. */
static void
settle(struct night *n)
{
	for (int quiet = 0; quiet < 3; quiet++) {
		struct engine_health health;

		event_base_loop(n->house->base, EVLOOP_NONBLOCK);
		if (store_is_committing(n->house->store)) {
			event_base_loop(n->house->base, EVLOOP_ONCE);
			quiet = -1;
		}
		health = engine_health(n->house->engine);
		if (health.writable && health.inbox > 0)
			quiet = -1;
	}
}

static bool
is_writable(struct night *n)
{
	settle(n);
	for (int i = 0; n->goes_on && i < PATIENCE; i++) {
		if (engine_health(n->house->engine).writable)
			break;
		house_run_ms(n->house, 5);
		settle(n);
	}
	return engine_health(n->house->engine).writable;
}

static void
advance(struct night *n, int64_t ms)
{
	n->house->clock.now_ms += ms;
	engine_look(n->house->engine, 0, reply_cb, n);
	settle(n);
}

/* ---- callers, who repeat what was not acknowledged ---- */

/* What was refused is not there; while nothing can be read nobody knows. */
static void
check_refused(struct night *n)
{
	uint64_t number;
	enum store_error error = store_find_key(n->house->store, STR("order"),
	    STR("K"), &number);

	assert_int_equal(n->status, ENGINE_UNAVAILABLE);
	assert_int_not_equal(error, STORE_OK);
}

static void
start(struct night *n)
{
	struct value_builder *input = value_build_context(n->house->arena);
	struct engine_start asked = {
	    .workflow = STR("order"),
	    .actor = {.name = STR("alice")},
	    .idempotency_key = STR("start-1"),
	    .request_digest = digest_sha256(STR("start")),
	};
	bool is_repeated = n->is_started;
	uint64_t before = n->instance;

	value_put_str(input, "k", STR("K"));
	asked.input = value_built(input);
	engine_start(n->house->engine, &asked, reply_cb, n);
	settle(n);
	if (n->status != ENGINE_CREATED && n->status != ENGINE_OK) {
		check_refused(n);
		return;
	}
	n->is_started = true;
	if (is_repeated)
		assert_int_equal(n->instance, before);
}

static void
send_event(struct night *n)
{
	struct chart_event event = {.type = STR("go"), .subject = STR("K"),
	    .id = STR("e-1"), .source = STR("/test")};

	engine_event(n->house->engine, &event, reply_cb, n);
	settle(n);
	n->is_event_taken |= n->status == ENGINE_ACCEPTED;
	if (n->status != ENGINE_ACCEPTED)
		assert_int_equal(n->status, ENGINE_UNAVAILABLE);
}

static bool
is_in(struct night *n, const char *state)
{
	n->state[0] = '\0';
	engine_look(n->house->engine, n->instance, reply_cb, n);
	settle(n);
	return strcmp(n->state, state) == 0;
}

/* false where the disk won't have it. */
static bool
work(struct night *n)
{
	for (int i = 0; i < TRIES && is_writable(n) && !n->is_started; i++)
		start(n);
	for (int i = 0; i < TRIES && is_writable(n) && n->effects[0] == 0;
	     i++)
		advance(n, 1000);
	for (int i = 0; i < TRIES && is_writable(n) && !n->is_event_taken; i++)
		send_event(n);
	for (int i = 0; i < TRIES && is_writable(n) && !is_in(n, "ended"); i++)
		advance(n, HOUR_MS);
	return is_writable(n) && is_in(n, "ended");
}

/* ---- nights ---- */

static void
crash_cb(struct house *house)
{
	must(house == night->house);
	disk_crash(night->disk, &night->rng.rng);
}

static void
begin(struct night *n, uint64_t seed)
{
	*n = (struct night){0};
	rng_seeded_init(&n->rng, seed);
	n->disk = disk_new(seed);
	night = n;
	n->house = house_new(definitions, answer_cb);
	n->house->crash = crash_cb;
}

static void
end(struct night *n)
{
	house_free(&n->house);
	disk_free(&n->disk);
}

static void
cut_power(struct night *n)
{
	disk_cut(n->disk);
	house_crash(n->house);
	n->goes_on = true;
}

static void
audit(struct night *n)
{
	struct house *house = n->house;

	for (int op = 0; op < OP_COUNT; op++)
		assert_int_equal(n->effects[op], 1);
	assert_int_equal(house_count(house, n->instance, "started"), 1);
	assert_int_equal(house_count(house, n->instance, "event-received"), 1);
	assert_int_equal(house_count(house, n->instance, "ended"), 1);
	assert_true(house_count(house, n->instance, "call-sent") >=
	    n->requests);
	assert_true(house_chain_is_sound(house, n->instance));
	assert_int_equal(store_last_number(house->store), 1);
}

/* Whatever the first engine came to, the second brings to its end. */
static void
go_on_after_crash(struct night *n)
{
	bool was_started = n->is_started;
	uint64_t number;

	cut_power(n);
	if (was_started)
		assert_int_equal(store_find_key(n->house->store, STR("order"),
		    STR("K"), &number), STORE_OK);
	start(n);
	assert_true(work(n));
	audit(n);
}

/* Returns whether anything was struck. */
static bool
run(const struct disk_plan *plan, uint64_t seed)
{
	struct night n;

	begin(&n, seed);
	n.goes_on = !plan->for_good && plan->fault != DISK_DIES;
	disk_set_plan(n.disk, *plan);
	bool is_done = work(&n);
	bool is_struck = disk_faults(n.disk) > 0;
	if (n.goes_on || !is_struck)
		assert_true(is_done);
	if (!disk_is_dead(n.disk))
		disk_set_plan(n.disk, (struct disk_plan){0});
	if (is_done)
		audit(&n);
	go_on_after_crash(&n);
	end(&n);
	return is_struck;
}

/* ---- openings ---- */

/* An engine that begins where another was cut off. */
static bool
run_opening(const struct disk_plan *plan, uint64_t seed)
{
	struct night n;

	begin(&n, seed);
	n.goes_on = true;
	start(&n);
	disk_cut(n.disk);
	house_close_engine(n.house);
	disk_crash(n.disk, &n.rng.rng);
	disk_set_plan(n.disk, *plan);
	if (house_try_engine(n.house))
		settle(&n);
	else
		assert_true(n.house->detail[0] != '\0');
	bool is_struck = disk_faults(n.disk) > 0;
	go_on_after_crash(&n);
	end(&n);
	return is_struck;
}

/* ---- the tests ---- */

static uint64_t
number_of(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static long
stride(void)
{
	const char *all = getenv("STATED_FAULTS");

	return all != NULL && strcmp(all, "all") == 0 ? 1 : STRIDE;
}

static void
run_all(struct disk_plan plan,
    bool (*run_one)(const struct disk_plan *plan, uint64_t seed))
{
	uint64_t seed = number_of("STATED_FAULTS_SEED");

	for (plan.nth = 1; run_one(&plan, seed++); plan.nth += stride())
		;
	print_message("%ld moments\n", plan.nth);
	assert_true(plan.nth > 1);
}

static void
test_power_may_go_at_any_operation(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_DIES},
	    run);
}

static void
test_any_operation_may_fail_once(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_FAILS},
	    run);
}

static void
test_disk_may_fail_for_good_from_any_operation_on(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_FAILS,
	    .for_good = true}, run);
}

static void
test_disk_may_be_full_at_any_write(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = 1u << DISK_WRITE,
	    .fault = DISK_IS_FULL}, run);
}

static void
test_opening_may_fail_at_any_operation(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_FAILS},
	    run_opening);
}

static void
test_power_may_go_while_opening(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_DIES},
	    run_opening);
}

/* That the tests above would notice a sync that was left out. */
static void
test_syncs_that_did_nothing_are_noticed(void **state)
{
	struct disk_plan plan = {.operations = 1u << DISK_SYNC, .nth = 1,
	    .for_good = true, .fault = DISK_LIES};
	struct night n;
	int noticed = 0;
	uint64_t number;

	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		begin(&n, seed + number_of("STATED_FAULTS_SEED"));
		disk_set_plan(n.disk, plan);
		start(&n);
		disk_cut(n.disk);
		house_close_engine(n.house);
		disk_crash(n.disk, &n.rng.rng);
		noticed += !house_try_engine(n.house) ||
		    store_find_key(n.house->store, STR("order"), STR("K"),
			&number) != STORE_OK;
		end(&n);
	}
	print_message("noticed in %d of 8\n", noticed);
	assert_true(noticed > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_may_go_at_any_operation),
		cmocka_unit_test(test_any_operation_may_fail_once),
		cmocka_unit_test(
		    test_disk_may_fail_for_good_from_any_operation_on),
		cmocka_unit_test(test_disk_may_be_full_at_any_write),
		cmocka_unit_test(test_opening_may_fail_at_any_operation),
		cmocka_unit_test(test_power_may_go_while_opening),
		cmocka_unit_test(test_syncs_that_did_nothing_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
