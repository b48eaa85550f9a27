/* SPDX-License-Identifier: Apache-2.0 */
#include "order_night.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#define TRIES 8
#define PATIENCE 40
#define HOUR_MS (3600 * 1000LL)

const char night_definitions[] =
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
    "      - {emit: order.sending, with: {subject: = input.k, data: 1}}\n"
    "      - {call: desk.send, with: {k: = input.k}, retry: {limit: 9, "
    "delay: 1s}}\n"
    "      - {emit: order.sent, with: {subject: = input.k, data: 2}}\n"
    "    on: {done: resting, error: failed}\n"
    "  resting: {after: {1h: ended}}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "connection: broker\n"
    "kind: amqp\n"
    "url: amqp://broker.invalid\n"
    "auth: {basic: {user: us, password: {secret: broker}}}\n"
    "publishes: [{events: order.*, exchange: orders}]\n"
    "---\n"
    "connection: desk\n"
    "kind: http\n"
    "url: http://desk.invalid\n"
    "operations:\n"
    "  book: {request: {post: /book, body: {k: = k, key: = idempotency_key}}, "
    "idempotent: true}\n"
    "  send: {request: {post: /send, body: {k: = k, key: = idempotency_key}}, "
    "idempotent: true}\n";

static struct night *tonight;

void
night_set(struct night *night)
{
	tonight = night;
}

/* ---- the endpoint ---- */

static const struct message_header headers[] = {
    {.name = STR_INIT("content-type"), .value = STR_INIT("application/json")},
};

/* The second never comes before the first. */
static void
take_event(struct str body)
{
	int number = str_equal(body, STR("1")) ? 0 : 1;

	must(number == 0 || tonight->published[0] > 0);
	tonight->published[number]++;
}

/* The first time it is busy, and has done nothing. */
bool
night_answer_cb(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	bool books = str_find(request->url, STR("/book")) != SIZE_MAX;
	enum night_op op = books ? NIGHT_BOOK : NIGHT_SEND;
	char body[sizeof(tonight->bodies[0])];

	must(house == tonight->house);
	if (request->broker != NULL) {
		take_event(request->body);
		response->status = 200;
		return true;
	}
	tonight->requests++;
	if (tonight->requests == 1) {
		response->status = 503;
		return true;
	}
	snprintf(body, sizeof(body), "%.*s", STR_ARG(request->body));
	if (strcmp(body, tonight->bodies[op]) != 0)
		tonight->effects[op]++;
	strcpy(tonight->bodies[op], body);
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
		snprintf(n->state, sizeof(n->state), "%.*s",
		    STR_ARG(value_field_str(reply->view, "state")));
	if (reply->instance != 0)
		n->instance = reply->instance;
}

/* Until nothing is under way. */
void
night_settle(struct night *n)
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
	night_settle(n);
	for (int i = 0; n->goes_on && i < PATIENCE; i++) {
		if (engine_health(n->house->engine).writable)
			break;
		house_run_ms(n->house, 5);
		night_settle(n);
	}
	return engine_health(n->house->engine).writable;
}

static void
advance(struct night *n, int64_t ms)
{
	n->house->clock.now_ms += ms;
	engine_look(n->house->engine, 0, reply_cb, n);
	night_settle(n);
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

void
night_start(struct night *n)
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
	night_settle(n);
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
	night_settle(n);
	n->is_event_taken |= n->status == ENGINE_ACCEPTED;
	if (n->status != ENGINE_ACCEPTED)
		assert_int_equal(n->status, ENGINE_UNAVAILABLE);
}

static bool
is_in(struct night *n, const char *state)
{
	n->state[0] = '\0';
	engine_look(n->house->engine, n->instance, reply_cb, n);
	night_settle(n);
	return strcmp(n->state, state) == 0;
}

/* false where the disk won't have it. */
bool
night_work(struct night *n)
{
	for (int i = 0; i < TRIES && is_writable(n) && !n->is_started; i++)
		night_start(n);
	for (int i = 0; i < TRIES && is_writable(n) && n->effects[0] == 0;
	     i++)
		advance(n, 1000);
	for (int i = 0; i < TRIES && is_writable(n) && !n->is_event_taken; i++)
		send_event(n);
	for (int i = 0; i < TRIES && is_writable(n) && !is_in(n, "ended"); i++)
		advance(n, HOUR_MS);
	return is_writable(n) && is_in(n, "ended");
}

/* Nothing waits for the broker any more. */
static void
waiting_cb(struct str connection, size_t count, void *arg)
{
	(void)connection, (void)count, (void)arg;
	fail_msg("events are left in the outbox");
}

void
night_audit(struct night *n)
{
	struct house *house = n->house;

	for (int op = 0; op < NIGHT_OP_COUNT; op++)
		assert_int_equal(n->effects[op], 1);
	assert_int_equal(house_count(house, n->instance, "started"), 1);
	assert_int_equal(house_count(house, n->instance, "event-received"), 1);
	assert_int_equal(house_count(house, n->instance, "ended"), 1);
	assert_true(house_count(house, n->instance, "call-sent") >=
	    n->requests);
	assert_true(house_chain_is_sound(house, n->instance));
	assert_int_equal(store_last_number(house->store), 1);
	assert_true(n->published[0] >= 1 && n->published[1] >= 1);
	assert_int_equal(store_count_posts(house->store, waiting_cb, NULL),
	    STORE_OK);
}

