/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_outage.c: endpoints that go away and come back, and connections
 * that operators pause.
 *
 * The sandbox's ledger says what was really done: each thing once, in the
 * order of deadlines, and not all at once.  STATED_OUTAGE says for how many
 * seconds the endpoint is gone, with 1,000 calls waiting (1, and 200).
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CALLS_MAX 1000
#define CALLS 200
#define PLACES 8
/* Of a call, how far from its place in the order it may come: others are under
 * way beside it. */
#define DISORDER 16
/* Those that were tried while there was nobody come when their retry does. */
#define OUTLIERS 5

static const char definitions[] =
    "workflow: till-pay\n"
    "version: 1\n"
    "business-key: = input.reference\n"
    "initial: paying\n"
    "events: {withdrawn: {correlate: = input.reference}}\n"
    "states:\n"
    "  paying:\n"
    "    entry:\n"
    "      - call: till.pay\n"
    "        with: {reference: = input.reference}\n"
    "        retry: {limit: 2, delay: 300ms, backoff: constant}\n"
    "    after: {'= duration(input.patience)': late}\n"
    "    on:\n"
    "      done: paid\n"
    "      withdrawn: {target: late, interrupt: true}\n"
    "  paid: {type: final, outcome: success}\n"
    "  late: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: bystander\n"
    "version: 1\n"
    "business-key: = input.reference\n"
    "initial: asking\n"
    "states:\n"
    "  asking: {entry: [{call: other.ask}], on: {done: told}}\n"
    "  told: {type: final, outcome: success}\n"
    "---\n"
    "connection: till\n"
    "kind: http\n"
    "url: = settings.bank.url\n"
    "limits: {concurrency: 8}\n"
    "breaker: {failures: 3, within: 30s, open: 1s}\n"
    "operations:\n"
    "  pay:\n"
    "    request:\n"
    "      post: /domestic-payments\n"
    "      headers: {x-idempotency-key: = idempotency_key}\n"
    "      body:\n"
    "        Data:\n"
    "          Initiation:\n"
    "            InstructionIdentification: = reference\n"
    "            InstructedAmount: {Amount: '1.00', Currency: EUR}\n"
    "            CreditorAccount: {Name: ACME}\n"
    "    idempotent: true\n"
    "---\n"
    "connection: other\n"
    "kind: http\n"
    "url: = settings.other.url\n"
    "operations:\n"
    "  ask: {request: {get: /}}\n"
    "---\n"
    "connection: post\n"
    "kind: smtp\n"
    "url: = settings.post.url\n"
    "from: us@example.com\n";

static const struct house_options options = {.quiet_bank = true};

static void
answer_cb(int fd, const char *request, void *arg)
{
	(void)request;
	(void)arg;
	endpoint_say_ok(fd);
}

/* With an endpoint beside the sandbox; may be NULL. */
static struct house *
open_house(const struct endpoint *other)
{
	struct house *house = house_build(&options);
	struct reply *mail = house_ask(house,
	    &(struct ask){
		.url = house->sandbox_url, .path = "/control/mail"});
	char setting[192];

	snprintf(setting, sizeof(setting),
	    "settings:\n"
	    "  other: {url: '%s'}\n"
	    "  post: {url: 'smtp://127.0.0.1:%lld'}\n",
	    other != NULL ? other->url : "http://127.0.0.1:9",
	    integer_at(mail->json, "port"));
	house_edit(house, "stated.yaml", "settings:\n", setting);
	house_write(house, "workflows/outage.yaml", definitions);
	house_start_engine(house);
	return house;
}

/* ---- payments ---- */

/* The order in which they are of no more use is not that of their numbers. */
static int
rank_of(int number, int count)
{
	return number * 37 % count;
}

static void
pay(struct house *house, int number, int rank)
{
	assert_status(house_post(house, "/v1/workflows/till-pay/instances",
			  "{\"input\":{\"reference\":\"T-%04d\","
			  "\"patience\":\"PT%dM\"}}",
			  number, 60 + rank),
	    201);
}

static json_t *
till(struct house *house)
{
	struct reply *reply = house_get(house, "/v1/connections/till");

	assert_status(reply, 200);
	return reply->json;
}

static void
await_at_till(struct house *house, const char *what, long long least)
{
	int64_t until_ms = time_ms() + 60000;

	while (integer_at(till(house), what) < least) {
		assert_true(time_ms() < until_ms);
		time_sleep(50);
	}
}

/* ---- the ledger ---- */

struct order {
	int number;
	int64_t at_ms;
};

static int64_t
instant_of(const char *text)
{
	struct tm tm = {0};
	int ms = 0;

	assert_int_equal(sscanf(text, "%d-%d-%dT%d:%d:%d.%dZ", &tm.tm_year,
			     &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
			     &tm.tm_sec, &ms),
	    7);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) * 1000 + ms;
}

static bool
read_order(const char *line, struct order *order)
{
	json_t *json = json_loads(line, 0, NULL);
	bool is_ours = json != NULL &&
		       strcmp(text_at(json, "done"), "order") == 0 &&
		       sscanf(text_at(json, "reference"), "T-%d",
			   &order->number) == 1;

	if (is_ours)
		order->at_ms = instant_of(text_at(json, "at"));
	json_decref(json);
	return is_ours;
}

static int
read_ledger(const struct house *house, struct order *orders, int most)
{
	char *text = house_read(house_path(house, "ledger.jsonl")), *rest;
	int count = 0;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		assert_true(count < most);
		count += read_order(line, &orders[count]);
	}
	free(text);
	return count;
}

static void
assert_each_once(const struct order *orders, int count)
{
	bool *is_done = calloc((size_t)count, sizeof(*is_done));

	assert_non_null(is_done);
	for (int i = 0; i < count; i++) {
		assert_in_range(orders[i].number, 0, count - 1);
		assert_false(is_done[orders[i].number]);
		is_done[orders[i].number] = true;
	}
	free(is_done);
}

static void
assert_in_order(const struct order *orders, int count)
{
	int outliers = 0;

	for (int i = 0; i < count; i++)
		if (abs(rank_of(orders[i].number, count) - i) > DISORDER)
			outliers++;
	assert_in_range(outliers, 0, OUTLIERS);
}

/* One goes to see, and then each half second twice as many. */
static void
assert_by_and_by(const struct order *orders, int count)
{
	int early = 0;

	for (int i = 0; i < count; i++)
		early += orders[i].at_ms < orders[0].at_ms + 900;
	assert_in_range(early, 1, 2 * PLACES);
}

/* ---- an endpoint that goes away ---- */

static void
assert_bystanders_are_served(struct house *house, const char *prefix)
{
	for (int i = 0; i < 20; i++) {
		struct reply *reply = house_post(house,
		    "/v1/workflows/bystander/instances?wait=10s",
		    "{\"input\":{\"reference\":\"%s-%d\"}}", prefix, i);

		assert_status(reply, 201);
		assert_string_equal(
		    text_at(reply->json, "status"), "completed");
	}
}

static void
wait_out(struct house *house, int seconds)
{
	assert_bystanders_are_served(house, "before");
	time_sleep(seconds * 500);
	program_kill(&house->engine); /* what it knows of the till is lost */
	house_start_engine(house);
	assert_bystanders_are_served(house, "after");
	time_sleep(seconds * 500);
}

static void
test_calls_survive_an_outage_and_come_back_by_and_by(void **state)
{
	static struct order orders[CALLS_MAX + 1];
	const char *text = getenv("STATED_OUTAGE");
	int count = text != NULL ? CALLS_MAX : CALLS;
	struct endpoint other;
	struct house *house;

	(void)state;
	endpoint_open(&other, answer_cb, NULL);
	house = open_house(&other);
	program_kill(&house->sandbox);
	for (int i = 0; i < count; i++)
		pay(house, i, rank_of(i, count));
	await_at_till(house, "queued", count - 2 * OUTLIERS);
	wait_out(house, text != NULL ? atoi(text) : 1);
	await_at_till(house, "queued", count - 2 * OUTLIERS);
	assert_string_not_equal(text_at(till(house), "state"), "closed");
	house_start_sandbox(house);
	await_at_till(house, "done", count);
	assert_int_equal(
	    read_ledger(house, orders, CALLS_MAX + 1), count);
	assert_each_once(orders, count);
	assert_in_order(orders, count);
	assert_by_and_by(orders, count);
	assert_string_equal(text_at(till(house), "state"), "closed");
	house_close(&house);
	endpoint_close(&other);
}

static void
test_who_says_when_to_come_again_is_left_alone(void **state)
{
	struct order orders[8];
	struct house *house = open_house(NULL);
	int64_t since_ms;

	(void)state;
	house_control(house, "/control/faults",
	    "{\"fault\":\"429\",\"path\":\"/bank\",\"times\":1,"
	    "\"retry_after\":\"2\"}");
	pay(house, 0, 0);
	await_at_till(house, "not_done", 1);
	since_ms = time_ms();
	assert_string_equal(text_at(till(house), "waits_for"), "wait");
	for (int i = 1; i < 6; i++)
		pay(house, i, i);
	await_at_till(house, "done", 6);
	assert_int_equal(read_ledger(house, orders, 8), 6);
	assert_each_once(orders, 6);
	/* The other five, too: they had not been refused themselves. */
	assert_true(time_ms() - since_ms >= 1500);
	for (int i = 0; i < 6; i++)
		assert_true(orders[i].at_ms - since_ms >= 1500);
	house_close(&house);
}

/* ---- pauses ---- */

static void
run_connection(struct house *house, const char *act, const char *reason)
{
	struct run run = house_run(house,
	    (const char *[]){"connection", act, "till", "--as", "olga",
		"--reason", reason, NULL});

	assert_int_equal(run.status, 0);
	run_fini(&run);
}

static void
test_pause_holds_calls_over_a_crash_until_it_is_ended(void **state)
{
	struct order orders[21];
	struct endpoint other;
	struct house *house;
	json_t *view;

	(void)state;
	endpoint_open(&other, answer_cb, NULL);
	house = open_house(&other);
	run_connection(house, "pause", "they move");
	for (int i = 0; i < 20; i++)
		pay(house, i, i);
	assert_bystanders_are_served(house, "paused");
	assert_int_equal(integer_at(till(house), "queued"), 20);
	program_kill(&house->engine);
	house_start_engine(house);
	await_at_till(house, "queued", 20);
	view = till(house);
	assert_true(json_is_true(json_at(view, "paused")));
	assert_string_equal(text_at(view, "switched_by"), "olga");
	assert_string_equal(text_at(view, "reason"), "they move");
	assert_int_equal(read_ledger(house, orders, 21), 0);
	run_connection(house, "resume", "they are there");
	await_at_till(house, "done", 20);
	assert_int_equal(read_ledger(house, orders, 21), 20);
	assert_each_once(orders, 20);
	view = till(house);
	assert_string_equal(text_at(view, "switches.0.act"), "resume");
	assert_string_equal(text_at(view, "switches.1.reason"), "they move");
	house_close(&house);
	endpoint_close(&other);
}

static void
test_who_is_withdrawn_in_a_pause_is_not_paid_after_it(void **state)
{
	struct house *house = open_house(NULL);
	struct order orders[3];

	(void)state;
	run_connection(house, "pause", "they move");
	pay(house, 1, 1);
	pay(house, 2, 2);
	await_at_till(house, "queued", 2);
	assert_status(house_post(house, "/v1/events",
			  "{\"specversion\":\"1.0\",\"id\":\"e-1\","
			  "\"source\":\"/desk\",\"type\":\"withdrawn\","
			  "\"subject\":\"T-0001\"}"),
	    202);
	payment_await(house, "T-0001", "late");
	run_connection(house, "resume", "they are there");
	await_at_till(house, "done", 1);
	payment_await(house, "T-0002", "paid");
	assert_int_equal(read_ledger(house, orders, 3), 1);
	house_verify(house);
	house_close(&house);
}

/* ---- trials ---- */

static int
try_connection(struct house *house, const char *name, const char *says)
{
	struct run run = house_run(
	    house, (const char *[]){"connection", "test", name, NULL});
	int status = run.status;

	if (strstr(run.text, says) == NULL)
		fail_msg("%s", run.text);
	run_fini(&run);
	return status;
}

static void
test_trial_says_what_is_wrong(void **state)
{
	struct house *house = open_house(NULL);

	(void)state;
	assert_int_equal(try_connection(house, "till", "lets us in"), 0);
	assert_int_equal(try_connection(house, "odoo", "lets us in"), 0);
	assert_int_equal(try_connection(house, "post", "lets us in"), 0);
	assert_int_equal(
	    try_connection(house, "other", "takes no connection"), 1);
	program_stop(&house->engine);
	setenv("STATED_SECRET_ODOO_PASSWORD", "wrong", 1);
	house_start_engine(house);
	assert_int_equal(try_connection(house, "odoo", "API key"), 1);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_calls_survive_an_outage_and_come_back_by_and_by),
	    HOUSE_TEST(test_who_says_when_to_come_again_is_left_alone),
	    HOUSE_TEST(test_pause_holds_calls_over_a_crash_until_it_is_ended),
	    HOUSE_TEST(test_who_is_withdrawn_in_a_pause_is_not_paid_after_it),
	    HOUSE_TEST(test_trial_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
