/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_kill.c: kill -9 at random instants and at each point that matters,
 * under load.
 *
 * Clients start payments and send events, the bank sends webhooks and fails at
 * random, and the engine is killed again and again, during its start as well.
 * Afterwards everything that was acknowledged must have happened, and nothing
 * twice.  STATED_KILLS says how often (25), STATED_SEED decides chance,
 * STATED_KILL_ROUNDS how often each point is taken (1).
 */
#include "house.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLIENTS 4
#define IN_FLIGHT 200
#define PER_KILL 8
#define PAYMENTS_MAX 100000
#define SETTLE_MS 120000

static const struct house_options failing = {
    .config = "log: {level: warning}\n",
    .sandbox = {"--delay-accepted", "100", "--delay-settling", "200",
	"--delay-settled", "300", "--delay-matched", "500"},
};

/* What a client knows of one payment. */
struct known {
	bool started;      /* 2xx came */
	bool event_taken;  /* 202 came … */
	bool event_matched; /* … and said that the payment has it */
	char id[40];
};

struct load {
	struct house *house;
	atomic_int next;
	atomic_int allowed; /* payments up to this one may be started */
	atomic_bool over;   /* nobody is killed any more */
	struct known known[PAYMENTS_MAX];
};

static void
name_payment(int number, char out[32])
{
	snprintf(out, 32, "K-%06d", number);
}

/* ---- the clients ---- */

/* Every fourth client doesn't ask again: it will never know. */
static bool
gives_up(int number)
{
	return number % 4 == 3;
}

static bool
sends_event(int number)
{
	return number % 3 == 0;
}

static struct reply *
post(struct load *load, const char *path, const char *body)
{
	return ask_once(&(struct ask){
	    .url = load->house->url,
	    .path = path,
	    .body = body,
	    .timeout_ms = 5000,
	});
}

static void
start(struct load *load, int number)
{
	struct known *known = &load->known[number];
	char name[32];

	name_payment(number, name);
	do {
		struct reply *reply =
		    post(load, "/v1/workflows/payment/instances",
			payment_body(name, "250.10", "ACME"));

		known->started = reply->status == 200 || reply->status == 201;
		snprintf(known->id, sizeof(known->id), "%s",
		    text_at(reply->json, "id"));
		reply_free(reply);
		if (!known->started)
			time_sleep(10);
	} while (!known->started && !gives_up(number));
}

/* Early: the payment is not settled yet, so it has to be kept. */
static void
send_event(struct load *load, int number)
{
	struct known *known = &load->known[number];
	char body[512], name[32];

	name_payment(number, name);
	snprintf(body, sizeof(body),
	    "{\"specversion\":\"1.0\",\"id\":\"early-%d\",\"source\":\"/e2e\","
	    "\"type\":\"bank.statement.matched\",\"subject\":\"%s\"}",
	    number, name);
	while (!known->event_taken) {
		struct reply *reply = post(load, "/v1/events", body);

		known->event_taken = reply->status == 202;
		known->event_matched = strcmp(text_at(reply->json,
					   "events.0.status"), "matched") == 0;
		reply_free(reply);
		if (!known->event_taken)
			time_sleep(10);
	}
}

static void *
client(void *arg)
{
	struct load *load = arg;

	for (;;) {
		int number = atomic_fetch_add(&load->next, 1);

		while (number >= load->allowed && !load->over)
			time_sleep(5);
		if (number >= load->allowed)
			return NULL;
		start(load, number);
		if (sends_event(number))
			send_event(load, number);
	}
}

/* ---- faults that a payment survives ---- */

static void
make_trouble(struct house *house, int total)
{
	static const char *const odoo[] = {"timeout-after-commit",
	    "reset-after-commit", "500", "504", "truncated-json", "short-body",
	    "502", "timeout-before-commit", "empty-200"};

	house_control(house, "/control/chaos",
	    "{\"probability_percent\":8,\"path\":\"/bank\",\"faults\":["
	    "{\"fault\":\"timeout-after-commit\",\"milliseconds\":200},"
	    "{\"fault\":\"timeout-before-commit\",\"milliseconds\":200},"
	    "\"reset-after-commit\",\"reset-before-commit\",\"500\",\"502\","
	    "\"504\",\"503\",\"429\",\"truncated-json\",\"short-body\","
	    "\"duplicate-webhook\",\"out-of-order-webhook\"]}");
	for (int i = 5; i < total && i < 1000; i += 10) {
		char name[32];

		name_payment(i, name);
		house_control(house, "/control/faults",
		    "{\"fault\":\"%s\",\"path\":\"/odoo\",\"match\":\"%s\","
		    "\"times\":1,\"milliseconds\":200}",
		    odoo[i / 10 % 9], name);
	}
}

/* ---- the killer ---- */

static void
kill_at_random(struct load *load, int kills, unsigned *seed)
{
	struct house *house = load->house;

	for (int i = 0; i < kills; i++) {
		house_spawn_engine(house);
		load->allowed = IN_FLIGHT + PER_KILL * i;
		usleep((useconds_t)(rand_r(seed) % 400000));
		program_kill(&house->engine);
	}
	house_start_engine(house);
	load->over = true;
}

/* ---- the points ---- */

/* As shim_kill.c names them. */
static const struct point {
	const char *name;
	bool closes; /* it is come by when the engine is stopped */
} points[] = {
    {"log-write-before", false},
    {"log-write-half", false},
    {"log-write-after", false},
    {"log-sync-before", false},
    {"log-sync-after", false},
    {"reply-before", false},
    {"reply-after", false},
    {"call-before", false},
    {"call-after", false},
    {"answer-after", false},
    {"database-write-before", true},
    {"database-write-half", true},
    {"database-sync-before", true},
    {"database-sync-after", true},
    {"log-remove-before", true},
    {"log-remove-after", true},
};
#define POINTS (sizeof(points) / sizeof(points[0]))
#define POINT_MS 20000

static void
spawn_with_shim(struct house *house, const char *point)
{
	setenv("STATED_TEST_KILL", point, 1);
	house->shim = "tests/e2e/shim_kill.so";
	house_spawn_engine(house);
	house->shim = NULL;
}

/* Its life ends at the point, or the test fails. */
static void
live_until(struct load *load, const struct point *point, int nth)
{
	int64_t until_ms = time_ms() + POINT_MS;
	struct program *engine = &load->house->engine;
	char text[64];

	snprintf(text, sizeof(text), "%s %d", point->name, nth);
	spawn_with_shim(load->house, text);
	load->allowed += PER_KILL;
	if (point->closes) {
		house_await_engine(load->house);
		time_sleep(100);
		kill(engine->pid, SIGTERM);
	}
	while (program_is_alive(engine)) {
		if (time_ms() > until_ms)
			fail_msg("it never came to %s", text);
		time_sleep(2);
	}
	program_kill(engine);
}

static void
kill_at_points(struct load *load, int rounds)
{
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < POINTS; i++)
			/* At a start's commits, and in the midst of work. */
			live_until(load, &points[i],
			    points[i].closes ? 1 : 1 + round * 6 + (int)i % 5);
	house_start_engine(load->house);
	load->over = true;
}

static size_t
count_open(struct house *house, const char *status)
{
	struct reply *reply =
	    house_get(house, "/v1/instances?status=%s&limit=1000", status);

	assert_status(reply, 200);
	return json_array_size(json_at(reply->json, "items"));
}

static void
await_ends(struct house *house)
{
	int64_t until_ms = time_ms() + SETTLE_MS;
	struct reply *reply;

	while (count_open(house, "running") + count_open(house, "waiting") > 0) {
		if (time_ms() > until_ms) {
			reply = house_get(house, "/v1/instances?status=waiting");
			print_error("%s\n", reply->body);
			reply = house_get(house, "/v1/incidents");
			print_error("%s\n", reply->body);
			fail_msg("some payments do not end");
		}
		time_sleep(200);
	}
	reply = house_get(house, "/v1/incidents");
	if (json_array_size(json_at(reply->json, "items")) > 0)
		print_error("%s\n", reply->body);
	assert_int_equal(json_array_size(json_at(reply->json, "items")), 0);
}

/* ---- the auditor ---- */

struct books {
	json_t *orders;   /* reference -> how many */
	json_t *payments; /* memo -> how many in Odoo */
	json_t *hooks;    /* reference -> list of webhooks */
};

static void
count_up(json_t *counts, const char *name)
{
	json_t *count = json_object_get(counts, name);

	json_object_set_new(counts, name,
	    json_integer(json_integer_value(count) + 1));
}

static struct books
read_books(json_t *ledger)
{
	struct books books = {json_object(), json_object(), json_object()};
	json_t *row;
	size_t i;

	json_array_foreach(json_at(ledger, "orders"), i, row)
		count_up(books.orders, text_at(row, "reference"));
	json_array_foreach(json_object_get(json_at(ledger, "odoo"),
			       "account.payment"),
	    i, row)
		count_up(books.payments, text_at(row, "memo"));
	json_array_foreach(json_at(ledger, "webhooks"), i, row)
	{
		const char *reference = text_at(row, "reference");

		if (json_object_get(books.hooks, reference) == NULL)
			json_object_set_new(
			    books.hooks, reference, json_array());
		json_array_append(
		    json_object_get(books.hooks, reference), row);
	}
	return books;
}

static size_t
count_received(json_t *history, const char *id)
{
	json_t *record;
	size_t i, count = 0;

	json_array_foreach(history, i, record)
		if (strcmp(text_at(record, "kind"), "event-received") == 0 &&
		    strcmp(text_at(record, "event_id"), id) == 0)
			count++;
	return count;
}

/* What comes after the end finds nobody; all else is taken once. */
static void
audit_webhooks(json_t *history, json_t *hooks, bool event_came)
{
	json_t *hook;
	size_t i;

	json_array_foreach(hooks, i, hook)
	{
		const char *type = text_at(hook, "type");
		size_t count = count_received(history, text_at(hook, "id"));

		assert_true(json_is_true(json_at(hook, "acknowledged")));
		assert_true(count <= 1);
		if (strcmp(type, "payment.settled") == 0 ||
		    (strcmp(type, "statement.matched") == 0 && !event_came))
			assert_int_equal(count, 1);
	}
}

static void
audit_payment(struct load *load, const struct books *books, int number)
{
	struct known *known = &load->known[number];
	json_t *payment, *history;
	struct reply *reply;
	char name[32], early[32];

	name_payment(number, name);
	reply = house_get(load->house, "/v1/instances/%s", name);
	if (!known->started && reply->status == 404) {
		assert_null(json_object_get(books->orders, name));
		return;
	}
	assert_status(reply, 200);
	payment = reply->json;
	if (known->started)
		assert_string_equal(text_at(payment, "id"), known->id);
	assert_string_equal(text_at(payment, "state"), "reconciled");
	assert_int_equal(integer_at(books->orders, name), 1);
	assert_int_equal(integer_at(books->payments, name), 1);
	history = payment_history(load->house, name);
	snprintf(early, sizeof(early), "early-%d", number);
	/* One that came after the payment's end is held for another. */
	assert_in_range(count_received(history, early),
	    known->event_matched ? 1 : 0, known->event_taken ? 1 : 0);
	assert_int_equal(json_count_with(history, "kind", "ended"), 1);
	audit_webhooks(history, json_object_get(books->hooks, name),
	    known->event_taken);
}

/* A payment may end before the last webhook of it has come through. */
static void
await_webhooks(struct house *house)
{
	int64_t until_ms = time_ms() + SETTLE_MS;
	size_t waiting;

	do {
		json_t *hooks = json_at(payment_ledger(house, NULL),
		    "webhooks");
		json_t *hook;
		size_t i;

		waiting = 0;
		json_array_foreach(hooks, i, hook)
			waiting += !json_is_true(json_at(hook, "acknowledged"));
		if (waiting > 0)
			time_sleep(200);
	} while (waiting > 0 && time_ms() < until_ms);
	assert_int_equal(waiting, 0);
}

static void
audit(struct load *load, int total)
{
	json_t *ledger = payment_ledger(load->house, NULL);
	struct books books = read_books(ledger);

	for (int i = 0; i < total; i++)
		audit_payment(load, &books, i);
	json_decref(books.orders);
	json_decref(books.payments);
	json_decref(books.hooks);
}

/* ---- the test ---- */

static int
number_of(const char *name, int otherwise)
{
	const char *text = getenv(name);

	return text != NULL && atoi(text) > 0 ? atoi(text) : otherwise;
}

/* seed is NULL: at each point, so many times. */
static void
go_through(const struct house_options *options, int kills, unsigned *seed)
{
	struct load *load = calloc(1, sizeof(*load));
	struct house *house = house_open(options);
	pthread_t clients[CLIENTS];

	assert_true(load != NULL);
	load->house = house;
	if (seed != NULL)
		make_trouble(house, IN_FLIGHT + PER_KILL * (kills - 1));
	program_kill(&house->engine);
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(
		    pthread_create(&clients[i], NULL, client, load), 0);
	if (seed != NULL)
		kill_at_random(load, kills, seed);
	else
		kill_at_points(load, kills);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	await_ends(house);
	await_webhooks(house);
	assert_true(load->allowed <= PAYMENTS_MAX);
	audit(load, load->allowed);
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
	free(load);
}

static void
test_nothing_acknowledged_is_lost_or_repeated_by_kills(void **state)
{
	int kills = number_of("STATED_KILLS", 25);
	unsigned seed = (unsigned)number_of("STATED_SEED", (int)getpid());

	(void)state;
	print_message("kills=%d seed=%u\n", kills, seed);
	go_through(&failing, kills, &seed);
}

static void
test_nothing_is_lost_or_repeated_wherever_it_is_killed(void **state)
{
	(void)state;
	go_through(&failing, number_of("STATED_KILL_ROUNDS", 1), NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_nothing_acknowledged_is_lost_or_repeated_by_kills),
	    HOUSE_TEST(test_nothing_is_lost_or_repeated_wherever_it_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
