/* SPDX-License-Identifier: Apache-2.0 */
/* test_e2e_event.c: webhooks and events: twice, late, early, forged. */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

#define BRISK                                                         \
	{                                                             \
		"--delay-accepted", "50", "--delay-settling", "100",  \
		    "--delay-settled", "150", "--delay-matched", "250" \
	}
static const struct house_options brisk = {.sandbox = BRISK};
/* The tests are the bank's voice. */
static const struct house_options quiet = {
    .quiet_bank = true, .sandbox = BRISK};

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

static void
assert_fate(const struct reply *reply, const char *fate)
{
	assert_status(reply, 202);
	assert_string_equal(text_at(reply->json, "status"), fate);
}

/* ---- the bank's own webhooks ---- */

static void
test_webhooks_that_come_twice_count_once(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *hooks, *hook, *history;
	size_t i;

	(void)state;
	house_control(house, "/control/faults",
	    "{\"fault\":\"duplicate-webhook\",\"path\":\"/bank\"}");
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "reconciled");
	time_sleep(300);
	history = payment_history(house, "P-1");
	hooks = json_at(payment_ledger(house, "P-1"), "webhooks");
	assert_int_equal(json_array_size(hooks), 4);
	json_array_foreach(hooks, i, hook)
	{
		assert_int_equal(integer_at(hook, "deliveries"), 2);
		assert_int_equal(
		    count_received(history, text_at(hook, "id")), 1);
	}
	house_close(&house);
}

static void
test_webhooks_out_of_order_move_nothing_back(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *history, *record;
	bool settled = false;
	size_t i;

	(void)state;
	house_control(house, "/control/faults",
	    "{\"fault\":\"out-of-order-webhook\",\"path\":\"/bank\"}");
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "reconciled");
	history = payment_history(house, "P-1");
	json_array_foreach(history, i, record)
	{
		const char *to = text_at(record, "to");

		settled = settled || strcmp(to, "settled") == 0;
		if (settled)
			assert_string_not_equal(to, "accepted");
	}
	assert_true(settled);
	house_close(&house);
}

static void
test_forged_webhooks_are_refused_and_never_processed(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *hooks, *hook;
	struct reply *reply;
	size_t i;

	(void)state;
	house_control(house, "/control/faults",
	    "{\"fault\":\"forged-webhook\",\"path\":\"/bank\"}");
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "reconciled");
	hooks = json_at(payment_ledger(house, "P-1"), "webhooks");
	json_array_foreach(hooks, i, hook)
		assert_int_equal(integer_at(hook, "forgeries_taken"), 0);
	reply = house_ask(house,
	    &(struct ask){
		.path = "/hooks/bank",
		.body = "{\"id\":\"evt_x\",\"type\":\"payment.settled\","
			"\"payment\":{\"id\":\"bp_1\"}}",
		.headers = {"x-bank-signature: 00ff"},
	    });
	assert_problem(reply, 401, "bad-signature");
	reply = house_post(house, "/hooks/bank", "{\"id\":\"evt_x\"}");
	assert_problem(reply, 401, "bad-signature");
	reply = house_post(house, "/hooks/nobody", "{}");
	assert_int_equal(reply->status, 404);
	/* Counted. */
	reply = house_get(house, "/metrics");
	assert_status(reply, 200);
	assert_non_null(strstr(reply->body, "forged"));
	house_close(&house);
}

/* ---- the tests' own ---- */

static void
test_late_webhooks_are_set_aside(void **state)
{
	struct house *house = house_open(&quiet);
	json_t *history;

	(void)state;
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "submitted");
	assert_fate(payment_webhook(house, "e1", "payment.settled", "bp_1",
			"P-1"),
	    "matched");
	payment_await(house, "P-1", "settled");
	/* What happened before it comes now. */
	assert_status(payment_webhook(house, "e2", "payment.accepted", "bp_1",
			  "P-1"),
	    202);
	assert_status(payment_webhook(house, "e3", "payment.settling", "bp_1",
			  "P-1"),
	    202);
	assert_fate(payment_webhook(house, "e1", "payment.settled", "bp_1",
			"P-1"),
	    "duplicate");
	payment_stays(house, "P-1", "settled", 100);
	assert_fate(payment_webhook(house, "e4", "statement.matched", "bp_1",
			"P-1"),
	    "matched");
	payment_await(house, "P-1", "reconciled");
	history = payment_history(house, "P-1");
	assert_int_equal(count_received(history, "e1"), 1);
	/* The same after its end. */
	assert_status(payment_webhook(house, "e5", "payment.rejected", "bp_1",
			  "P-1"),
	    202);
	payment_stays(house, "P-1", "reconciled", 100);
	house_close(&house);
}

static void
test_webhook_before_its_state_is_kept_for_it(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "submitted");
	assert_fate(payment_webhook(house, "e1", "statement.matched", "bp_1",
			"P-1"),
	    "matched");
	payment_stays(house, "P-1", "submitted", 100);
	assert_fate(payment_webhook(house, "e2", "payment.settled", "bp_1",
			"P-1"),
	    "matched");
	payment_await(house, "P-1", "reconciled");
	house_close(&house);
}

static void
test_webhook_before_its_instance_is_held_and_delivered(void **state)
{
	struct house *house = house_open(&quiet);
	struct reply *reply;

	(void)state;
	assert_fate(
	    payment_webhook(house, "e1", "payment.settled", "bp_1", "P-1"),
	    "held");
	reply = house_get(house, "/v1/dead-letters?status=held");
	assert_status(reply, 200);
	assert_string_equal(
	    text_at(reply->json, "items.0.event_id"), "e1");
	/* Held over a restart as well. */
	program_kill(&house->engine);
	house_start_engine(house);
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "settled");
	assert_int_equal(
	    count_received(payment_history(house, "P-1"), "e1"), 1);
	reply = house_get(house, "/v1/dead-letters?status=held");
	assert_int_equal(
	    json_array_size(json_at(reply->json, "items")), 0);
	assert_fate(
	    payment_webhook(house, "e1", "payment.settled", "bp_1", "P-1"),
	    "duplicate");
	house_close(&house);
}

/* ---- CloudEvents in their three forms ---- */

static void
test_cloudevents_come_binary_structured_and_in_batches(void **state)
{
	struct house *house = house_open(&quiet);
	struct reply *reply;

	(void)state;
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "submitted");
	reply = house_ask(house,
	    &(struct ask){
		.path = "/v1/events",
		.body = "{\"amount\":250.10}",
		.headers = {"ce-specversion: 1.0", "ce-id: 1",
		    "ce-source: /bank", "ce-type: bank.payment.accepted",
		    "ce-subject: bp_1"},
	    });
	assert_status(reply, 202);
	assert_string_equal(
	    text_at(reply->json, "events.0.status"), "matched");
	payment_await(house, "P-1", "accepted");
	reply = house_ask(house,
	    &(struct ask){
		.path = "/v1/events",
		.body = "{\"specversion\":\"1.0\",\"id\":\"2\","
			"\"source\":\"/bank\",\"type\":"
			"\"bank.payment.settling\",\"subject\":\"bp_1\"}",
		.headers = {"Content-Type: application/cloudevents+json"},
	    });
	assert_status(reply, 202);
	payment_await(house, "P-1", "pending-settlement");
	reply = house_ask(house,
	    &(struct ask){
		.path = "/v1/events",
		.body = "[{\"specversion\":\"1.0\",\"id\":\"2\","
			"\"source\":\"/bank\",\"type\":"
			"\"bank.payment.settling\",\"subject\":\"bp_1\"},"
			"{\"specversion\":\"1.0\",\"id\":\"3\","
			"\"source\":\"/bank\",\"type\":"
			"\"bank.payment.settled\",\"subject\":\"bp_1\"},"
			"{\"specversion\":\"1.0\",\"id\":\"4\","
			"\"source\":\"/bank\",\"type\":"
			"\"bank.payment.settled\",\"subject\":\"bp_99\"}]",
		.headers =
		    {"Content-Type: application/cloudevents-batch+json"},
	    });
	assert_status(reply, 202);
	assert_string_equal(
	    text_at(reply->json, "events.0.status"), "duplicate");
	assert_string_equal(
	    text_at(reply->json, "events.1.status"), "matched");
	assert_string_equal(text_at(reply->json, "events.2.status"), "held");
	payment_await(house, "P-1", "settled");
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_webhooks_that_come_twice_count_once),
	    HOUSE_TEST(test_webhooks_out_of_order_move_nothing_back),
	    HOUSE_TEST(test_forged_webhooks_are_refused_and_never_processed),
	    HOUSE_TEST(test_late_webhooks_are_set_aside),
	    HOUSE_TEST(test_webhook_before_its_state_is_kept_for_it),
	    HOUSE_TEST(test_webhook_before_its_instance_is_held_and_delivered),
	    HOUSE_TEST(test_cloudevents_come_binary_structured_and_in_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
