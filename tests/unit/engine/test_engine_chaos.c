/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine against a world that lies: calls that time out after they were
 * done, or before; answers 500 after all; commits that fail; crashes between
 * any two commits; events early, late and twice; people who decide meanwhile.
 *
 * A seed decides everything, and is printed when a check fails.
 *
 *	STATED_SEED=17    only that one
 *	STATED_SEEDS=500  so many instead of 30
 *
 * The engine and SQLite are the real ones; the clock, the network and the
 * moment at which a batch becomes durable (chaos_gate.h) are the test's.  In
 * the end the world grows honest, people do what is asked of them, and the
 * auditor compares what the store tells with what really happened
 * (chaos_ledger.h).
 */
#include "chaos_batch.h"
#include "chaos_gate.h"
#include "chaos_ledger.h"
#include "engine_house.h"

#include "stated/json.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#define SEEDS 30
#define ORDERS 120
#define TICKS 160
#define CALM_ROUNDS_MAX 400
#define LOOKS_MAX 20000
#define ROWS_MAX 100000
#define HOURS_MAX 1000
#define HOUR_MS (3600 * 1000LL)

static const char definitions[] =
    "workflow: order\n"
    "version: 1\n"
    "business-key: = input.k\n"
    "data: {booked: null}\n"
    "events:\n"
    "  accepted: {}\n"
    "  settled: {supersedes: [accepted]}\n"
    "initial: ordering\n"
    "states:\n"
    "  ordering:\n"
    "    entry:\n"
    "      - call: desk.book\n"
    "        id: book\n"
    "        with: {k: = input.k}\n"
    "        output: {booked: = response.ok}\n"
    "        retry: {limit: 4, delay: 1s}\n"
    "        compensate: {call: desk.unbook, with: {k: = input.k}}\n"
    "      - call: desk.pay\n"
    "        id: pay\n"
    "        with: {k: = input.k}\n"
    "        retry: {limit: 3, delay: 1s}\n"
    "        verify:\n"
    "          call: desk.find\n"
    "          after: 1m\n"
    "          with: {k: = input.k}\n"
    "          happened: = response.found\n"
    "        compensate: {call: desk.unpay, with: {k: = input.k}}\n"
    "    on:\n"
    "      done: approving\n"
    "      error: {target: undone, compensate: all}\n"
    "  approving:\n"
    "    user-task: {title: Approve, role: boss}\n"
    "    on:\n"
    "      approved: sending\n"
    "      rejected: {target: undone, compensate: all}\n"
    "    after: {1d: {target: undone, compensate: all}}\n"
    "  sending:\n"
    "    entry: [{call: desk.send, id: send, with: {k: = input.k}}]\n"
    "    on:\n"
    "      done: waiting\n"
    "      error: {target: undone, compensate: all}\n"
    "  waiting:\n"
    "    on: {accepted: half, settled: ended}\n"
    "    after: {2d: {target: undone, compensate: all}}\n"
    "  half:\n"
    "    on: {settled: ended}\n"
    "    after: {2d: {target: undone, compensate: all}}\n"
    "  ended: {type: final, outcome: success}\n"
    "  undone: {type: final, outcome: failure}\n"
    "---\n"
    "connection: desk\n"
    "kind: http\n"
    "url: http://desk.invalid\n"
    "auth: {oauth2: {token-url: http://desk.invalid/token, client: {secret: "
    "desk}}}\n"
    "limits: {concurrency: 12, rate: 40/s}\n"
    "breaker: {failures: 8, within: 10s, open: 5s}\n"
    "operations:\n"
    "  book: {request: {post: /book, body: {k: = k, key: = "
    "idempotency_key}}, idempotent: true}\n"
    "  unbook: {request: {post: /unbook, body: {k: = k, key: = "
    "idempotency_key}}, idempotent: true}\n"
    "  pay: {request: {post: /pay, body: {k: = k}}}\n"
    "  unpay: {request: {post: /unpay, body: {k: = k, key: = "
    "idempotency_key}}, idempotent: true}\n"
    "  send: {request: {post: /send, body: {k: = k}}}\n"
    "  find: {request: {post: /find, body: {k: = k}}, safe: true}\n"
    "  note: {request: {post: /note, body: {k: = k, n: = n, key: = "
    "idempotency_key}}, idempotent: true}\n"
    "---\n"
    /* Started by time; no business key, which would hide what is doubled. */
    "workflow: sweep\n"
    "version: 1\n"
    "labels: {hour: = input.hour}\n"
    "schedule: {cron: '@hourly', overlap: allow, catch-up: all, input: {hour: "
    "= string(at)}}\n"
    "initial: swept\n"
    "states: {swept: {type: final, outcome: success}}\n"
    "---\n";

enum route {
	ROUTE_BOOK,
	ROUTE_PAY,
	ROUTE_SEND,
	ROUTE_UNBOOK,
	ROUTE_UNPAY,
	ROUTE_FIND,
	ROUTE_NOTE,
	ROUTE_TOKEN,
	ROUTE_COUNT
};
static const char *const paths[ROUTE_COUNT] = {
    "/book", "/pay", "/send", "/unbook", "/unpay", "/find", "/note",
    "/token"};
static const char *const op_names[OP_COUNT] = {"book", "pay", "send"};

/* A request that has left the engine and has no answer yet. */
struct waiting {
	enum route route;
	int order; /* of ROUTE_NOTE: the batch */
	int line;
	char key[40];
	http_done_fn *done;
	void *arg;
};

struct world {
	struct house *house;
	struct rng_seeded rng;
	struct ledger *ledger;
	struct batches *batches;
	struct waiting waiting[4096];
	size_t waiting_count;
	bool is_honest;
	bool reading_fails; /* for the engine, not for the test */
	int people;
	uint64_t seed;
};

static struct world *world; /* callbacks of the network find it here */

/* What a caller asked for, until the engine answers. */
struct ask {
	enum { ASK_START, ASK_BATCH, ASK_EVENT, ASK_DECISION, ASK_OTHER } kind;
	int order;
	int number;
};

#define CHECK(holds, order, what)                                              \
	do {                                                                   \
		if (!(holds))                                                  \
			give_up(order, what);                                  \
	} while (0)

static void
give_up(int order, const char *what)
{
	fail_msg("STATED_SEED=%llu: order K%d: %s",
	    (unsigned long long)world->seed, order, what);
}

static bool
chance(int percent)
{
	return rng_below(&world->rng.rng, 100) < (uint64_t)percent;
}

static int
below(int bound)
{
	return (int)rng_below(&world->rng.rng, (uint64_t)bound);
}

/* ---- what is durable ---- */

struct finding {
	const char *kind;
	const char *text; /* NULL: any */
	int count;
};

static bool
finding_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct finding *finding = arg;
	char kind[64];

	(void)instance;
	snprintf(kind, sizeof(kind), "\"kind\":\"%s\"", finding->kind);
	if (str_find(record->canonical, str_of(kind)) != SIZE_MAX &&
	    (finding->text == NULL ||
		str_find(record->canonical, str_of(finding->text)) != SIZE_MAX))
		finding->count++;
	return true;
}

static void
read_for_sure(void)
{
	gate_fail_reading(false);
}

static void
read_as_it_comes(void)
{
	gate_fail_reading(world->reading_fails);
}

static int
count_records(uint64_t instance, const char *kind, const char *text)
{
	struct finding finding = {.kind = kind, .text = text};

	read_for_sure();
	must(store_each_record(world->house->store, instance, 1, finding_cb,
		 &finding) == STORE_OK);
	read_as_it_comes();
	return finding.count;
}

static uint64_t
find(const char *workflow, char letter, int number_of_key)
{
	uint64_t number = 0;
	char key[16];

	snprintf(key, sizeof(key), "%c%d", letter, number_of_key);
	read_for_sure();
	if (store_find_key(world->house->store, str_of(workflow), str_of(key),
		&number) != STORE_OK)
		number = 0;
	read_as_it_comes();
	return number;
}

static uint64_t
find_order(int order)
{
	return find("order", 'K', order);
}

static uint64_t
find_batch(int batch)
{
	return find("batch", 'B', batch);
}

static void
event_id(char out[32], int order, int number)
{
	snprintf(out, 32, "e-%d-%d.", order, number);
}

/* ---- the endpoints ---- */

static void
do_it(const struct waiting *waiting)
{
	struct ledger *ledger = world->ledger;
	int order = waiting->order;

	switch (waiting->route) {
	case ROUTE_BOOK:
		ledger_do(ledger, order, OP_BOOK, waiting->key);
		break;
	case ROUTE_PAY:
		ledger_do(ledger, order, OP_PAY, NULL);
		break;
	case ROUTE_SEND:
		ledger_do(ledger, order, OP_SEND, NULL);
		break;
	case ROUTE_UNBOOK:
		ledger_undo(ledger, order, OP_BOOK, waiting->key);
		break;
	case ROUTE_UNPAY:
		ledger_undo(ledger, order, OP_PAY, waiting->key);
		break;
	case ROUTE_NOTE:
		batch_note(world->batches, order, waiting->line, waiting->key);
		break;
	case ROUTE_FIND:
	case ROUTE_TOKEN:
	case ROUTE_COUNT:
		break;
	}
}

static const struct message_header headers[] = {
    {.name = STR_INIT("content-type"), .value = STR_INIT("application/json")},
    {.name = STR_INIT("retry-after"), .value = STR_INIT("3")},
};

/* How an exchange ends; the first ones have an effect. */
enum lie {
	LIE_NONE,
	LIE_DONE_AND_TIMEOUT,
	LIE_DONE_AND_500,
	LIE_DONE_AND_TRUNCATED,
	LIE_TIMEOUT,
	LIE_UNREACHABLE,
	LIE_BUSY,
	LIE_AWAY,
	LIE_UNAUTHORIZED,
	LIE_REJECTED,
};

static enum lie
choose_lie(enum route route)
{
	static const enum lie lies[] = {LIE_DONE_AND_TIMEOUT,
	    LIE_DONE_AND_500, LIE_DONE_AND_TRUNCATED, LIE_TIMEOUT,
	    LIE_TIMEOUT, LIE_UNREACHABLE, LIE_BUSY, LIE_AWAY,
	    LIE_UNAUTHORIZED, LIE_REJECTED};
	enum lie lie = lies[below(10)];

	if (world->is_honest || !chance(35))
		return LIE_NONE;
	/* An undo is never refused for good. */
	if (lie == LIE_REJECTED && route != ROUTE_PAY && route != ROUTE_SEND)
		return LIE_BUSY;
	return lie == LIE_REJECTED && chance(70) ? LIE_AWAY : lie;
}

static struct str
honest_body(const struct waiting *waiting)
{
	if (waiting->route == ROUTE_TOKEN)
		return STR("{\"access_token\": \"t\", \"expires_in\": 20}");
	if (waiting->route == ROUTE_FIND)
		return ledger_has(world->ledger, waiting->order, OP_PAY)
			   ? STR("{\"found\": true}")
			   : STR("{\"found\": false}");
	return STR("{\"ok\": true}");
}

static void
respond(const struct waiting *waiting, enum lie lie)
{
	struct message_response response = {
	    .headers = headers,
	    .header_count = 1,
	};

	switch (lie) {
	case LIE_NONE:
		response.status = 200;
		response.body = honest_body(waiting);
		break;
	case LIE_DONE_AND_TIMEOUT:
	case LIE_TIMEOUT:
		response.failure = MESSAGE_TIMEOUT;
		break;
	case LIE_DONE_AND_500:
		response.status = 500;
		break;
	case LIE_DONE_AND_TRUNCATED:
		response.failure = MESSAGE_TRUNCATED;
		break;
	case LIE_UNREACHABLE:
		response.failure = MESSAGE_UNREACHABLE;
		break;
	case LIE_BUSY:
		response.status = 429;
		response.header_count = 2;
		break;
	case LIE_AWAY:
		response.status = 503;
		response.header_count = 2;
		break;
	case LIE_UNAUTHORIZED:
		response.status = 401;
		break;
	case LIE_REJECTED:
		response.status = 400;
		break;
	}
	waiting->done(&response, waiting->arg);
}

/* The same lie is an effect, or not, wherever it is told. */
static void
answer_one(void)
{
	int at = below((int)world->waiting_count);
	struct waiting waiting = world->waiting[at];
	enum lie lie = choose_lie(waiting.route);

	world->waiting[at] = world->waiting[--world->waiting_count];
	if (lie <= LIE_DONE_AND_TRUNCATED)
		do_it(&waiting);
	respond(&waiting, lie);
}

static const struct value *
read_body(struct arena *arena, struct str text)
{
	struct json_error error;
	const struct value *body = json_read(arena, text, &error);

	must(body != NULL);
	return body;
}

/* Nothing leaves before its intent is durable. */
static void
check_intent(const struct waiting *waiting)
{
	bool notes = waiting->route == ROUTE_NOTE;
	uint64_t number = notes ? find_batch(waiting->order)
				: find_order(waiting->order);
	int sent = notes ? ++world->batches->items[waiting->order].sent
			 : ++world->ledger->orders[waiting->order].sent;

	CHECK(number != 0, waiting->order, "a call of no instance went out");
	CHECK(count_records(number, "call-sent", NULL) >= sent,
	    waiting->order, "a call went out before it was durable");
}

static int
line_of(const struct value *body)
{
	struct buf text = {0};
	int64_t line = 0;

	json_write(value_field_or_null(body, "n"), JSON_PLAIN, &text);
	must(str_parse_int(buf_str(&text), 1, BATCH_LINES, &line));
	buf_fini(&text);
	return (int)line - 1;
}

static void
send_cb(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	struct waiting waiting = {.done = done, .arg = arg};
	struct arena *arena = arena_new();
	const struct value *body;
	const char *path = request->url.at + strlen("http://desk.invalid");

	(void)port;
	while (strncmp(path, paths[waiting.route],
		   strlen(paths[waiting.route])) != 0)
		must(++waiting.route < ROUTE_COUNT);
	if (waiting.route != ROUTE_TOKEN) {
		body = read_body(arena, request->body);
		waiting.order =
		    atoi(value_str(value_field_or_null(body, "k")).at + 1);
		if (waiting.route == ROUTE_NOTE)
			waiting.line = line_of(body);
		snprintf(waiting.key, sizeof(waiting.key), "%.*s",
		    STR_ARG(value_str(value_field_or_null(body, "key"))));
		check_intent(&waiting);
	}
	arena_free(&arena);
	must(world->waiting_count < 4096);
	world->waiting[world->waiting_count++] = waiting;
}

/* ---- callers ---- */

static void
note_start(struct ledger_order *row, int order, const struct engine_reply *reply)
{
	if (reply->status != ENGINE_CREATED && reply->status != ENGINE_OK)
		return;
	CHECK(!row->is_started || row->instance == reply->instance, order,
	    "the same key was given two instances");
	CHECK(reply->status == ENGINE_OK || !row->is_started, order,
	    "it was started twice");
	CHECK(count_records(reply->instance, "started", NULL) == 1, order,
	    "a start was acknowledged before it was durable");
	row->is_started = true;
	row->instance = reply->instance;
}

static void
note_batch(struct batch *row, int batch, const struct engine_reply *reply)
{
	if (reply->status != ENGINE_CREATED && reply->status != ENGINE_OK)
		return;
	CHECK(!row->is_started || row->instance == reply->instance, batch,
	    "the same batch was given two instances");
	CHECK(count_records(reply->instance, "started", NULL) == 1, batch,
	    "a batch was acknowledged before it was durable");
	row->is_started = true;
	row->instance = reply->instance;
}

static void
note_event(
    struct ledger_order *row, const struct ask *ask,
    const struct engine_reply *reply)
{
	struct store_event event;
	char id[32];

	if (reply->status != ENGINE_ACCEPTED)
		return;
	event_id(id, ask->order, ask->number);
	read_for_sure();
	CHECK(store_find_event(world->house->store, world->house->arena,
		  STR("/chaos"), str_of(id), &event) == STORE_OK,
	    ask->order, "an event was acknowledged and is not there");
	read_as_it_comes();
	row->event_acknowledged[ask->number] = true;
	if (str_equal(reply->fate, STR("matched")))
		CHECK(count_records(find_order(ask->order), "event-received",
			  id) == 1,
		    ask->order, "an event was acknowledged before durable");
}

static void
reply_cb(const struct engine_reply *reply, void *arg)
{
	const struct ask *ask = arg;
	struct ledger_order *row = &world->ledger->orders[ask->order];

	switch (ask->kind) {
	case ASK_START:
		note_start(row, ask->order, reply);
		break;
	case ASK_BATCH:
		note_batch(&world->batches->items[ask->order], ask->order,
		    reply);
		break;
	case ASK_EVENT:
		note_event(row, ask, reply);
		break;
	case ASK_DECISION:
		if (reply->status == ENGINE_OK) {
			row->decisions_acknowledged++;
			CHECK(count_records(reply->instance, "task-decided",
				  NULL) == row->decisions_acknowledged,
			    ask->order, "a decision was not durable");
		}
		break;
	case ASK_OTHER:
		break;
	}
}

static struct ask *
ask_new(int kind, int order, int number)
{
	struct ask *ask = ARENA_NEW(world->house->arena, struct ask);

	ask->kind = kind;
	ask->order = order;
	ask->number = number;
	return ask;
}

static void
start_order(int order)
{
	struct value_builder *input = value_build_context(world->house->arena);
	struct engine_start start = {.workflow = STR("order")};
	char key[16];

	snprintf(key, sizeof(key), "K%d", order);
	value_put_str(input, "k", str_of(key));
	start.input = value_built(input);
	engine_start(world->house->engine, &start, reply_cb,
	    ask_new(ASK_START, order, 0));
}

static void
start_batch(int batch)
{
	struct arena *arena = world->house->arena;
	struct value_builder *input = value_build_context(arena);
	struct value_builder *ks = value_build_list(arena);
	struct engine_start start = {.workflow = STR("batch")};

	for (int line = 0; line < BATCH_LINES; line++)
		value_append(ks,
		    value_of_str(arena,
			arena_strf(arena, "K%d",
			    batch_order(batch, line, ORDERS))));
	value_put_str(input, "b", arena_strf(arena, "B%d", batch));
	value_put(input, STR("ks"), value_built(ks));
	start.input = value_built(input);
	engine_start(world->house->engine, &start, reply_cb,
	    ask_new(ASK_BATCH, batch, 0));
}

/* Even numbers are "accepted", odd ones "settled". */
static void
send_event(int order, int number)
{
	char id[32], key[16];
	struct chart_event event = {
	    .type = number % 2 == 0 ? STR("accepted") : STR("settled"),
	    .source = STR("/chaos"),
	};

	event_id(id, order, number);
	snprintf(key, sizeof(key), "K%d", order);
	event.id = str_of(id);
	event.subject = str_of(key);
	engine_event(world->house->engine, &event, reply_cb,
	    ask_new(ASK_EVENT, order, number));
}

static void
act(uint64_t instance, int order, int kind, struct chart_event event)
{
	char name[16];

	snprintf(name, sizeof(name), "p%d", ++world->people);
	event.actor.name = str_of(name);
	engine_act(world->house->engine, instance, &event, reply_cb,
	    ask_new(kind, order, 0));
}

/* ---- people ---- */

struct item {
	uint64_t instance;
	uint64_t serial;
	int order;
	enum chart_settlement settlement;
};
struct items {
	struct item items[ORDERS];
	size_t count;
};

/* An honest person looks at what really happened. */
static enum chart_settlement
truth_of(const struct value *body, int order)
{
	const struct ledger_order *row = &world->ledger->orders[order];
	struct str message = value_str(value_field_or_null(body, "message"));
	struct str step = value_str(value_field_or_null(body, "step"));

	if (!str_equal(value_str(value_field_or_null(body, "kind")),
		STR("outcome-unknown")))
		return SETTLE_RETRY;
	for (int op = 0; op < OP_COUNT; op++)
		if (str_equal(step, str_of(op_names[op]))) {
			bool undoing =
			    str_find(message, STR("desk.un")) != SIZE_MAX;

			return (undoing ? row->undone[op] : row->done[op]) > 0
				   ? SETTLE_SUPPLY
				   : SETTLE_RETRY;
		}
	unreachable("an incident is one of a step");
}

static bool
item_cb(const struct store_item *row, void *arg)
{
	struct items *items = arg;
	struct item *item = &items->items[items->count++];
	struct arena *arena = arena_new();
	const struct value *body = read_body(arena, row->body);
	struct str key = value_str(value_field_or_null(body, "business_key"));

	item->instance = row->instance;
	item->serial = row->serial;
	item->order = atoi(key.at + 1);
	/* What a batch does may be done again: it has its key. */
	item->settlement = SETTLE_RETRY;
	if (row->kind == ITEM_INCIDENT && key.at[0] == 'K')
		item->settlement = truth_of(body, item->order);
	arena_free(&arena);
	return items->count < ORDERS;
}

static void
list_items(enum store_item_kind kind, struct items *items)
{
	struct store_item_filter filter = {
	    .kind = kind, .open = 1, .limit = ORDERS};

	items->count = 0;
	must(store_list_items(world->house->store, &filter, item_cb, items) ==
	     STORE_OK);
}

static void
decide_tasks(int percent)
{
	struct items tasks;

	list_items(ITEM_TASK, &tasks);
	for (size_t i = 0; i < tasks.count; i++) {
		struct chart_event event = {
		    .kind = EV_TASK_DECIDED,
		    .serial = tasks.items[i].serial,
		    .choice =
			chance(85) ? STR("approved") : STR("rejected"),
		};

		if (chance(percent))
			act(tasks.items[i].instance, tasks.items[i].order,
			    ASK_DECISION, event);
	}
}

static void
settle_incidents(int percent)
{
	struct items incidents;

	list_items(ITEM_INCIDENT, &incidents);
	for (size_t i = 0; i < incidents.count; i++) {
		struct chart_event event = {
		    .kind = EV_INCIDENT_SETTLED,
		    .serial = incidents.items[i].serial,
		    .settlement = incidents.items[i].settlement,
		    .data = value_built(
			value_build_context(world->house->arena)),
		};

		if (chance(percent))
			act(incidents.items[i].instance,
			    incidents.items[i].order, ASK_OTHER, event);
	}
}

static void
operate(void)
{
	int order = below(ORDERS);
	uint64_t instance =
	    chance(10) ? world->batches->items[order % BATCHES].instance
		       : world->ledger->orders[order].instance;
	int choice = below(10);
	struct chart_event event = {.compensate = true};

	if (instance == 0)
		return;
	event.kind = choice == 0  ? EV_CANCELLED
		     : choice < 5 ? EV_SUSPENDED
				  : EV_RESUMED;
	act(instance, order, ASK_OTHER, event);
}

/* ---- time, commits and crashes ---- */

static bool
is_committing(void)
{
	return store_is_committing(world->house->store);
}

static void
loop_once(void)
{
	event_base_loop(world->house->base, EVLOOP_NONBLOCK);
}

/* The batch under way ends, well or not; the engine hears of it. */
static void
end_commit(bool well)
{
	struct pollfd fd = {
	    .fd = store_fd(world->house->store), .events = POLLIN};

	if (well)
		gate_open();
	else
		gate_fail(below(300));
	while (poll(&fd, 1, -1) < 1)
		continue;
	gate_hold();
	loop_once();
}

static void
wait_writable(void)
{
	while (!engine_health(world->house->engine).writable)
		if (is_committing())
			end_commit(true);
		else
			event_base_loop(world->house->base, EVLOOP_ONCE);
}

/* The engine is gone at this instant.  What was on its way arrives, or not;
 * the batch at the gate becomes durable, or not. */
static void
crash(void)
{
	for (size_t i = 0; i < world->waiting_count; i++)
		if (chance(50))
			do_it(&world->waiting[i]);
	world->waiting_count = 0;
	if (is_committing()) {
		if (chance(50))
			gate_fail(0);
		else
			gate_open();
		poll(&(struct pollfd){.fd = store_fd(world->house->store),
			 .events = POLLIN},
		    1, -1);
	}
	gate_open();
	house_crash(world->house);
	world->house->port.send = send_cb;
	gate_hold();
}

static void
pass_time(void)
{
	static const int64_t most_ms[] = {10, 10, 200, 200, 1000, 1000, 5000,
	    30000, 2 * 60 * 1000, 30 * 60 * 1000};
	int64_t *now_ms = &world->house->clock.now_ms;

	*now_ms += (int64_t)rng_below(
	    &world->rng.rng, (uint64_t)most_ms[below(10)]);
	if (chance(1))
		*now_ms += 5 * HOUR_MS;
	if (chance(1))
		*now_ms -= 2 * HOUR_MS;
}

static void
tick(int number)
{
	for (int i = below(4); i > 0; i--)
		start_order(below(ORDERS * (number + 20) / TICKS % ORDERS + 1));
	if (chance(20))
		start_batch(below(BATCHES));
	for (int i = below(4); i > 0; i--)
		send_event(below(ORDERS), below(LEDGER_EVENTS_MAX));
	if (chance(20))
		decide_tasks(50);
	if (chance(10))
		settle_incidents(50);
	if (chance(15))
		operate();
	for (int i = below(12); i > 0 && world->waiting_count > 0; i--)
		answer_one();
	pass_time();
	/* A turn looks at the clock. */
	engine_look(world->house->engine, 1, reply_cb,
	    ask_new(ASK_OTHER, 0, 0));
	world->reading_fails = chance(2);
	read_as_it_comes();
	for (int i = 0; i < 3; i++)
		loop_once();
	world->reading_fails = false;
	read_as_it_comes();
	if (is_committing() && chance(75))
		end_commit(!chance(6));
	if (chance(90))
		wait_writable();
	if (chance(2))
		crash();
}

/* ---- the end ---- */

static void
run_until_quiet(void)
{
	int looks = 0;

	for (int quiet = 0; quiet < 3;) {
		CHECK(++looks < LOOKS_MAX, 0, "the engine comes to no rest");
		loop_once();
		wait_writable(); /* a failed look-up may come to light late */
		if (is_committing())
			end_commit(true);
		else if (world->waiting_count > 0)
			answer_one();
		else if (engine_health(world->house->engine).inbox == 0)
			quiet++;
	}
}

static bool
open_cb(const struct store_instance *row, void *arg)
{
	struct chart_event resume = {.kind = EV_RESUMED};

	if (row->ended_ms != 0)
		return true;
	++*(int *)arg;
	if (str_equal(row->status, STR("suspended")))
		act(row->number, 0, ASK_OTHER, resume);
	return true;
}

/* How many have not ended; those that were suspended are resumed. */
static int
count_open(void)
{
	struct store_instance_filter filter = {
	    .has_incident = -1, .limit = ROWS_MAX};
	int open = 0;

	must(store_list_instances(world->house->store, &filter, open_cb,
		 &open) == STORE_OK);
	return open;
}

/* The world grows honest, and everybody does what is asked of them. */
static void
calm_down(void)
{
	world->is_honest = true;
	wait_writable();
	run_until_quiet();
	for (int round = 0; round < CALM_ROUNDS_MAX; round++) {
		if (count_open() == 0)
			return;
		run_until_quiet();
		decide_tasks(100);
		settle_incidents(100);
		/* Half of the orders hear nothing and run into deadlines. */
		for (int order = 0; round == 20 && order < ORDERS; order += 2)
			send_event(order, 1);
		run_until_quiet();
		world->house->clock.now_ms +=
		    round % 10 == 9 ? 3 * HOUR_MS : 20 * 1000;
		engine_look(world->house->engine, 1, reply_cb,
		    ask_new(ASK_OTHER, 0, 0));
		run_until_quiet();
	}
	run_until_quiet();
	for (int order = 0; order < ORDERS; order++) {
		struct store_instance row;

		if (store_find_instance(world->house->store,
			world->house->arena, find_order(order),
			&row) == STORE_OK &&
		    row.ended_ms == 0) {
			fprintf(stderr, "%.*s in %.*s, incidents: %lld\n",
			    STR_ARG(row.status), STR_ARG(row.state),
			    (long long)row.incidents);
			give_up(order, "it reached no end");
		}
	}
}

/* ---- the auditor ---- */

static void
audit_events(const struct ledger_order *row, int order, uint64_t number)
{
	for (int i = 0; i < LEDGER_EVENTS_MAX; i++) {
		struct store_event event;
		bool is_there;
		int received;
		char id[32];

		event_id(id, order, i);
		is_there = store_find_event(world->house->store,
			       world->house->arena, STR("/chaos"), str_of(id),
			       &event) == STORE_OK;
		CHECK(is_there || !row->event_acknowledged[i], order,
		    "an acknowledged event was lost");
		received =
		    number == 0 ? 0
				: count_records(number, "event-received", id);
		CHECK(received == (is_there && event.status == EVENT_MATCHED),
		    order, "an event was not taken exactly once");
	}
}

static void
audit_order(int order)
{
	const struct ledger_order *row = &world->ledger->orders[order];
	uint64_t number = find_order(order);
	struct store_instance instance;
	const char *fault;

	CHECK(!row->is_started || number == row->instance, order,
	    "an acknowledged start was lost");
	audit_events(row, order, number);
	if (number == 0) {
		CHECK(row->sent == 0, order, "it was never started, but sent");
		return;
	}
	must(store_find_instance(world->house->store, world->house->arena,
		 number, &instance) == STORE_OK);
	CHECK(house_chain_is_sound(world->house, number), order,
	    "its history is not sound");
	CHECK(count_records(number, "task-decided", NULL) >=
		  row->decisions_acknowledged,
	    order, "an acknowledged decision was lost");
	fault = ledger_fault(world->ledger, order,
	    str_equal(instance.status, STR("completed")));
	CHECK(fault == NULL, order, fault);
}

static void
view_cb(const struct engine_reply *reply, void *arg)
{
	struct engine_reply *copy = arg;

	*copy = *reply;
	if (reply->view != NULL)
		copy->view = value_copy(world->house->arena, reply->view);
}

static const struct value *
view_of(uint64_t number)
{
	struct engine_reply *reply = ARENA_NEW(
	    world->house->arena, struct engine_reply);

	engine_look(world->house->engine, number, view_cb, reply);
	run_until_quiet();
	must(reply->view != NULL);
	return reply->view;
}

static void
audit_batch(int batch)
{
	const struct batch *row = &world->batches->items[batch];
	uint64_t number = find_batch(batch);
	const char *fault;

	CHECK(!row->is_started || number == row->instance, batch,
	    "an acknowledged batch was lost");
	if (number == 0)
		return;
	CHECK(house_chain_is_sound(world->house, number), batch,
	    "a batch's history is not sound");
	CHECK(count_records(number, "ended", NULL) == 1, batch,
	    "a batch has not ended once");
	fault = batch_fault(world->batches, batch, ORDERS, view_of(number));
	CHECK(fault == NULL, batch, fault);
}

struct hours {
	int64_t at[HOURS_MAX]; /* in hours since 1970, in order of their start */
	size_t count;
};

static bool
hour_cb(const struct store_instance *row, void *arg)
{
	struct hours *hours = arg;
	struct str label = row->labels;
	int64_t instant_ms = 0;

	/* {"hour":"2025-11-24T17:00:00Z"} */
	must(label.bytes > 11 && hours->count < HOURS_MAX);
	must(clock_parse(
	    str_slice(label, 9, label.bytes - 11), &instant_ms));
	hours->at[hours->count++] = instant_ms / HOUR_MS;
	return true;
}

/* Every hour since the beginning up to now, once, in their order. */
static void
audit_schedule(void)
{
	struct store_instance_filter filter = {
	    .workflow = STR("sweep"), .has_incident = -1, .limit = ROWS_MAX};
	struct hours hours = {.count = 0};

	must(store_list_instances(
		 world->house->store, &filter, hour_cb, &hours) == STORE_OK);
	CHECK(hours.count > 0 &&
		  hours.at[hours.count - 1] >=
		      world->house->clock.now_ms / HOUR_MS,
	    0, "an hour has come and was not swept");
	for (size_t i = 1; i < hours.count; i++)
		CHECK(hours.at[i] == hours.at[i - 1] + 1, 0,
		    "an hour was not swept exactly once");
}

static void
play(uint64_t seed)
{
	struct ledger ledger = {0};
	struct batches batches = {0};
	struct world mine = {
	    .seed = seed, .ledger = &ledger, .batches = &batches};
	char text[sizeof(definitions) + 4096];

	world = &mine;
	rng_seeded_init(&mine.rng, seed);
	gate_open();
	snprintf(text, sizeof(text), "%s%s", definitions, batch_definition);
	mine.house = house_new(text, NULL);
	mine.house->port.send = send_cb;
	gate_hold();
	for (int i = 0; i < TICKS; i++)
		tick(i);
	calm_down();
	for (int order = 0; order < ORDERS; order++)
		audit_order(order);
	for (int batch = 0; batch < BATCHES; batch++)
		audit_batch(batch);
	audit_schedule();
	gate_open();
	house_free(&mine.house);
}

static uint64_t
from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void
test_whatever_happens_nothing_is_lost_or_doubled(void **state)
{
	uint64_t only = from_environment("STATED_SEED", 0);
	uint64_t seeds = from_environment("STATED_SEEDS", SEEDS);

	(void)state;
	if (only != 0) {
		play(only);
		return;
	}
	for (uint64_t seed = 1; seed <= seeds; seed++)
		play(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whatever_happens_nothing_is_lost_or_doubled),
	};

	gate_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
