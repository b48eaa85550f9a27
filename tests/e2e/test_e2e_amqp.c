/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_amqp.c: messages and events by way of a real RabbitMQ, which is
 * killed, and so is the engine: nothing is lost, and an instance sees nothing
 * twice.
 */
#include "house.h"

#include "rabbit.h"

#include <stdio.h>
#include <stdlib.h>

#define ORDERS 300
#define COUNTERS 10
#define TICKS 5000
#define BROKEN 5
/* Longer than all that a client of the broker puts between two attempts. */
#define PATIENCE_MS 150000

static const struct house_options plain = {.quiet_bank = true};

static const char definitions[] =
    "connection: broker\n"
    "kind: amqp\n"
    "url: = settings.broker.url\n"
    "auth: {basic: {user: guest, password: {secret: broker_password}}}\n"
    "timeout: 5s\n"
    "operations:\n"
    "  announce:\n"
    "    request:\n"
    "      publish: ''\n"
    "      routing-key: = queue\n"
    "      headers: {x-kind: order}\n"
    "      body: {reference: = reference, amount: = amount}\n"
    "    idempotent: true\n"
    "  misdirect:\n"
    "    request: {publish: no-such-exchange, body: {a: 1}}\n"
    "publishes:\n"
    "  - {events: [order.begun, order.ended], exchange: '',\n"
    "     routing-key: events}\n"
    "  - {events: order.missing, exchange: no-such-exchange}\n"
    "consumes:\n"
    "  - queue: ticks\n"
    "    prefetch: 50\n"
    "    events:\n"
    "      - {type: counter.tick, subject: = body.counter,\n"
    "         data: {n: = body.n}}\n"
    "  - queue: clouds\n";

/* An order outlasts the broker's start, which takes long on a busy machine. */
static const char workflows[] =
    "workflow: order\n"
    "version: 1\n"
    "owner: treasury-desk\n"
    "business-key: = input.reference\n"
    "input: {type: object, required: [reference, queue],\n"
    "        properties: {reference: {type: string}}}\n"
    "data: {code: null, id: null}\n"
    "initial: sending\n"
    "states:\n"
    "  sending:\n"
    "    entry:\n"
    "      - emit: order.begun\n"
    "        with: {subject: = input.reference, data: {amount: 1.10}}\n"
    "      - call: broker.announce\n"
    "        irreversible: it is told\n"
    "        retry: {limit: 200, delay: 1s, backoff: constant}\n"
    "        with: {reference: = input.reference, queue: = input.queue,\n"
    "               amount: 12.50}\n"
    "        output: {id: = response.message_id}\n"
    "      - emit: order.ended\n"
    "        with: {subject: = input.reference}\n"
    "    on:\n"
    "      done: ended\n"
    "      error: {target: failed, do: [{set: {code: = error.code}}]}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: astray\n"
    "version: 1\n"
    "owner: treasury-desk\n"
    "data: {code: null}\n"
    "initial: sending\n"
    "states:\n"
    "  sending:\n"
    "    entry: [{call: broker.misdirect, irreversible: it is told}]\n"
    "    on:\n"
    "      done: ended\n"
    "      error: {target: failed, do: [{set: {code: = error.code}}]}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: counter\n"
    "version: 1\n"
    "owner: treasury-desk\n"
    "business-key: = input.name\n"
    "input: {type: object, required: [name],\n"
    "        properties: {name: {type: string}}}\n"
    "events: {counter.tick: {}, counter.stop: {}}\n"
    "data: {n: 0, sum: 0}\n"
    "initial: counting\n"
    "states:\n"
    "  counting:\n"
    "    on:\n"
    "      counter.tick:\n"
    "        do: [{set: {n: = n + 1, sum: = sum + event.data.n}}]\n"
    "      counter.stop: ended\n"
    "  ended: {type: final, outcome: success}\n";

static struct rabbit rabbit;

static struct house *
open_house(void)
{
	struct house *house = house_build(&plain);
	char settings[128];

	snprintf(settings, sizeof(settings),
	    "settings:\n  broker: {url: 'amqp://127.0.0.1:%s'}\n",
	    rabbit.ports[RABBIT_PORT]);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	house_write(house, "workflows/broker.yaml", definitions);
	house_write(house, "workflows/order.yaml", workflows);
	setenv("STATED_SECRET_BROKER_PASSWORD", "guest", 1);
	house_start_engine(house);
	return house;
}

static json_t *
await(struct house *house, const char *workflow, const char *key)
{
	int64_t until_ms = time_ms() + PATIENCE_MS;

	for (;;) {
		json_t *list = house_get(house,
		    "/v1/instances?workflow=%s&business_key=%s", workflow,
		    key)->json;
		const char *status = text_at(list, "items.0.status");

		if (strcmp(status, "completed") == 0 ||
		    strcmp(status, "faulted") == 0)
			return house_get(house, "/v1/instances/%s",
			    text_at(list, "items.0.id"))->json;
		if (time_ms() > until_ms)
			fail_msg("%s %s is %s", workflow, key, status);
		time_sleep(50);
	}
}

static json_t *
connection_of(struct house *house)
{
	return house_get(house, "/v1/connections/broker")->json;
}

static void
await_number(struct house *house, const char *name, long long number)
{
	int64_t until_ms = time_ms() + PATIENCE_MS;

	while (integer_at(connection_of(house), name) != number) {
		if (time_ms() > until_ms)
			fail_msg("%s is %lld", name,
			    integer_at(connection_of(house), name));
		time_sleep(50);
	}
}

static void
start_order(struct house *house, const char *reference, const char *queue)
{
	struct reply *reply = house_post(house,
	    "/v1/workflows/order/instances",
	    "{\"input\":{\"reference\":\"%s\",\"queue\":\"%s\"}}", reference,
	    queue);

	assert_true(reply->status == 201 || reply->status == 200);
}

/* ---- one at a time ---- */

static void
take_one_cb(const struct rabbit_message *message, void *arg)
{
	*(struct rabbit_message *)arg = *message;
}

static void
test_a_message_is_confirmed(void **state)
{
	struct house *house = open_house();
	struct rabbit_message message;
	json_t *shown;

	(void)state;
	start_order(house, "A-1", "orders");
	shown = await(house, "order", "A-1");
	assert_string_equal(text_at(shown, "state"), "ended");
	assert_int_equal(
	    rabbit_take(&rabbit, "orders", take_one_cb, &message), 1);
	assert_string_equal(
	    message.text, "{\"reference\":\"A-1\",\"amount\":12.50}");
	assert_string_equal(message.type, "application/json");
	assert_string_equal(message.id, text_at(shown, "data.id"));
	await_number(house, "to_publish", 0);
	assert_int_equal(
	    rabbit_take(&rabbit, "events", take_one_cb, &message), 2);
	assert_string_equal(message.event, "order.ended");
	assert_string_equal(message.subject, "A-1");
	house_close(&house);
}

static void
test_a_message_that_no_queue_gets_is_an_error(void **state)
{
	struct house *house = open_house();
	struct reply *reply;
	int64_t until_ms = time_ms() + PATIENCE_MS;
	json_t *shown;

	(void)state;
	start_order(house, "A-2", "no-such-queue");
	shown = await(house, "order", "A-2");
	assert_string_equal(text_at(shown, "state"), "failed");
	assert_string_equal(text_at(shown, "data.code"), "amqp.no-route");
	reply = house_post(
	    house, "/v1/workflows/astray/instances", "{\"input\":{}}");
	do
		shown = house_get(house, "/v1/instances/%s",
		    text_at(reply->json, "id"))->json;
	while (strcmp(text_at(shown, "status"), "faulted") != 0 &&
	    strcmp(text_at(shown, "status"), "completed") != 0 &&
	    time_ms() < until_ms);
	assert_string_equal(text_at(shown, "data.code"), "amqp.not-found");
	/* What the broker refused costs others nothing. */
	start_order(house, "A-3", "orders");
	shown = await(house, "order", "A-3");
	assert_string_equal(text_at(shown, "state"), "ended");
	house_close(&house);
	(void)rabbit_take(
	    &rabbit, "orders", take_one_cb, &(struct rabbit_message){0});
	(void)rabbit_take(
	    &rabbit, "events", take_one_cb, &(struct rabbit_message){0});
}

static void
test_a_connection_is_tried(void **state)
{
	static const char *const arguments[] = {
	    "connection", "test", "broker", NULL};
	struct house *house = open_house();
	struct run run = house_run(house, arguments);

	(void)state;
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.text, "it is there and lets us in"));
	run_fini(&run);
	setenv("STATED_SECRET_BROKER_PASSWORD", "wrong", 1);
	program_stop(&house->engine);
	house_start_engine(house);
	run = house_run(house, arguments);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.text, "user and password"));
	run_fini(&run);
	assert_int_equal(
	    integer_at(connection_of(house), "queues_consumed"), 0);
	house_close(&house);
}

static bool
cloud_cb(struct rabbit_message *message, size_t index, void *arg)
{
	(void)arg;
	strcpy(message->type, "application/cloudevents+json");
	snprintf(message->text, sizeof(message->text),
	    "{\"specversion\":\"1.0\",\"id\":\"stop\",\"source\":\"/t\","
	    "\"type\":\"counter.stop\",\"subject\":\"c\"}");
	return index < 2;
}

static void
test_a_pause_holds_what_comes_and_what_goes(void **state)
{
	struct house *house = open_house();

	(void)state;
	assert_status(house_post(house, "/v1/workflows/counter/instances",
			  "{\"input\":{\"name\":\"c\"}}"),
	    201);
	await_number(house, "queues_consumed", 2);
	assert_status(
	    house_post(house, "/v1/connections/broker/pause", "{}"), 200);
	await_number(house, "queues_consumed", 0);
	start_order(house, "P-1", "orders");
	/* It is its call that waits, and the event before it is not lost. */
	await_number(house, "queued", 1);
	assert_int_equal(integer_at(connection_of(house), "to_publish"), 1);
	rabbit_send(&rabbit, "clouds", cloud_cb, NULL);
	time_sleep(300);
	assert_int_equal(rabbit_count(&rabbit, "events"), 0);
	assert_status(
	    house_post(house, "/v1/connections/broker/resume", "{}"), 200);
	await(house, "order", "P-1");
	await_number(house, "to_publish", 0);
	await(house, "counter", "c");
	assert_int_equal(rabbit_take(&rabbit, "events", take_one_cb,
			     &(struct rabbit_message){0}), 2);
	assert_int_equal(rabbit_take(&rabbit, "orders", take_one_cb,
			     &(struct rabbit_message){0}), 1);
	house_close(&house);
}

/* ---- many, and both sides are killed ---- */

struct seen {
	int begun[ORDERS];
	int ended[ORDERS];
	int too_early; /* ended before it began */
};

static void
see_cb(const struct rabbit_message *message, void *arg)
{
	struct seen *seen = arg;
	int number = atoi(message->subject + 2);

	assert_in_range(number, 0, ORDERS - 1);
	if (strcmp(message->event, "order.begun") == 0) {
		seen->begun[number]++;
		return;
	}
	assert_string_equal(message->event, "order.ended");
	if (seen->ended[number]++ == 0 && seen->begun[number] == 0)
		seen->too_early++;
}

static void
start_orders(struct house *house, int from, int to)
{
	char reference[16];

	for (int i = from; i < to; i++) {
		snprintf(reference, sizeof(reference), "O-%d", i);
		start_order(house, reference, "orders");
	}
}

static void
test_what_is_published_is_never_lost(void **state)
{
	struct house *house = open_house();
	struct seen seen = {0};
	char last[16];

	(void)state;
	start_orders(house, 0, ORDERS / 3);
	rabbit_kill(&rabbit);
	start_orders(house, ORDERS / 3, ORDERS * 2 / 3);
	assert_true(integer_at(connection_of(house), "to_publish") > 0);
	program_kill(&house->engine);
	house_start_engine(house);
	rabbit_start(&rabbit);
	start_orders(house, ORDERS * 2 / 3, ORDERS);
	program_kill(&house->engine);
	house_start_engine(house);
	for (int i = 0; i < ORDERS; i++) {
		snprintf(last, sizeof(last), "O-%d", i);
		assert_string_equal(
		    text_at(await(house, "order", last), "state"), "ended");
	}
	await_number(house, "to_publish", 0);
	(void)rabbit_take(&rabbit, "events", see_cb, &seen);
	for (int i = 0; i < ORDERS; i++) {
		assert_true(seen.begun[i] >= 1);
		assert_true(seen.ended[i] >= 1);
	}
	assert_int_equal(seen.too_early, 0);
	house_verify(house);
	house_close(&house);
	(void)rabbit_take(
	    &rabbit, "orders", take_one_cb, &(struct rabbit_message){0});
}

/* Each number once, and every tenth a second time; between them what nobody
 * can read. */
static bool
tick_cb(struct rabbit_message *message, size_t index, void *arg)
{
	size_t number = index % TICKS;

	(void)arg;
	if (index >= TICKS + TICKS / 10 + BROKEN)
		return false;
	if (index >= TICKS + TICKS / 10) {
		strcpy(message->type, "application/json");
		strcpy(message->text, "{\"counter\":");
		return true;
	}
	if (index >= TICKS)
		number *= 10;
	snprintf(message->id, sizeof(message->id), "tick-%zu", number);
	snprintf(message->text, sizeof(message->text),
	    "{\"counter\":\"C-%zu\",\"n\":%zu}", number % COUNTERS, number);
	return true;
}

static long long
sum_of(struct house *house, const char *path)
{
	long long sum = 0;

	for (int i = 0; i < COUNTERS; i++) {
		json_t *list = house_get(house,
		    "/v1/instances?workflow=counter&business_key=C-%d", i)
				   ->json;

		sum += integer_at(house_get(house, "/v1/instances/%s",
				      text_at(list, "items.0.id"))->json,
		    path);
	}
	return sum;
}

static void
await_sum(struct house *house, long long least)
{
	int64_t until_ms = time_ms() + PATIENCE_MS;

	while (sum_of(house, "data.n") < least) {
		if (time_ms() > until_ms)
			fail_msg("%lld of %lld", sum_of(house, "data.n"),
			    least);
		time_sleep(20);
	}
}

static void
test_what_is_consumed_is_seen_once(void **state)
{
	struct house *house = open_house();

	(void)state;
	for (int i = 0; i < COUNTERS; i++)
		assert_status(
		    house_post(house, "/v1/workflows/counter/instances",
			"{\"input\":{\"name\":\"C-%d\"}}", i),
		    201);
	program_stop(&house->engine);
	rabbit_send(&rabbit, "ticks", tick_cb, NULL);
	house_start_engine(house);
	for (int i = 1; i <= 3; i++) {
		await_sum(house, i * TICKS / 8);
		program_kill(&house->engine);
		house_start_engine(house);
	}
	await_sum(house, TICKS / 2);
	rabbit_kill(&rabbit);
	rabbit_start(&rabbit);
	await_sum(house, TICKS);
	/* All of it is settled: then nothing comes any more. */
	for (int64_t until_ms = time_ms() + PATIENCE_MS;
	     rabbit_count(&rabbit, "dead") < BROKEN ||
	     rabbit_count(&rabbit, "ticks") > 0;
	     time_sleep(100))
		assert_true(time_ms() < until_ms);
	time_sleep(300);
	assert_int_equal(sum_of(house, "data.n"), TICKS);
	assert_int_equal(sum_of(house, "data.sum"),
	    (long long)TICKS * (TICKS - 1) / 2);
	assert_int_equal(rabbit_count(&rabbit, "dead"), BROKEN);
	house_verify(house);
	house_close(&house);
}

static int
set_up(void **state)
{
	(void)state;
	rabbit_open(&rabbit, NULL);
	rabbit_declare(&rabbit, "orders", NULL);
	rabbit_declare(&rabbit, "events", NULL);
	rabbit_declare(&rabbit, "clouds", NULL);
	rabbit_declare(&rabbit, "dead", NULL);
	rabbit_declare(&rabbit, "ticks", "dead");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rabbit_close(&rabbit);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_a_message_is_confirmed),
	    HOUSE_TEST(test_a_message_that_no_queue_gets_is_an_error),
	    HOUSE_TEST(test_a_connection_is_tried),
	    HOUSE_TEST(test_a_pause_holds_what_comes_and_what_goes),
	    HOUSE_TEST(test_what_is_published_is_never_lost),
	    HOUSE_TEST(test_what_is_consumed_is_seen_once),
	};

	if (!rabbit_is_there()) {
		printf("no broker: apt-get install rabbitmq-server "
		       "(contrib/install-packages.sh --tests installs it)\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
