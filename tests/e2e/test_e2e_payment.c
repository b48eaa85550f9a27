/* SPDX-License-Identifier: Apache-2.0 */
/* test_e2e_payment.c: payments of the shipped workflow, from start to end. */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

static const struct house_options brisk = {
    .sandbox = {"--delay-accepted", "20", "--delay-settling", "40",
	"--delay-settled", "60", "--delay-matched", "120"},
};
/* Four hours are two seconds. */
static const struct house_options hasty = {
    .clock = "7200x",
    .sandbox = {"--delay-accepted", "20", "--delay-settling", "40",
	"--delay-settled", "60", "--delay-matched", "120"},
};

/* The outcome of each call of an operation, in their order. */
static size_t
count_calls(json_t *history, const char *operation)
{
	size_t i, count = 0;
	json_t *record;

	json_array_foreach(history, i, record)
		if (strcmp(text_at(record, "kind"), "call-sent") == 0 &&
		    strcmp(text_at(record, "operation"), operation) == 0)
			count++;
	return count;
}

/* ---- straight through ---- */

static void
test_payment_runs_straight_to_reconciled(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *payment, *ledger, *history;

	(void)state;
	payment_start(house, "P-1", "250", "ACME");
	payment = payment_await(house, "P-1", "reconciled");
	assert_string_equal(text_at(payment, "status"), "completed");
	assert_string_equal(text_at(payment, "outcome"), "success");
	assert_string_equal(text_at(payment, "data.payment_id"), "bp_1");
	ledger = payment_ledger(house, "P-1");
	assert_int_equal(json_array_size(json_at(ledger, "orders")), 1);
	assert_string_equal(text_at(ledger, "orders.0.status"), "matched");
	assert_int_equal(json_array_size(json_object_get(
			     json_at(ledger, "odoo"), "account.payment")),
	    1);
	history = payment_history(house, "P-1");
	assert_string_equal(text_at(history, "0.kind"), "started");
	assert_int_equal(json_count_with(history, "kind", "ended"), 1);
	assert_int_equal(count_calls(history, "bank.submit-payment"), 1);
	house_verify(house);
	house_close(&house);
}

static void
test_amount_reaches_the_bank_digit_for_digit(void **state)
{
	struct house *house = house_open(&brisk);
	char *file;

	(void)state;
	payment_start(house, "P-1", "734.10", "ACME");
	payment_start(house, "P-2", "0.30", "ACME");
	payment_start(house, "P-3", "999.00", "ACME");
	payment_await(house, "P-1", "reconciled");
	assert_non_null(
	    strstr(house->replies->body, "\"amount\":734.10,"));
	payment_await(house, "P-2", "reconciled");
	payment_await(house, "P-3", "reconciled");
	assert_string_equal(
	    text_at(payment_ledger(house, "P-1"), "orders.0.amount"),
	    "734.10");
	assert_string_equal(
	    text_at(payment_ledger(house, "P-2"), "orders.0.amount"), "0.30");
	assert_string_equal(
	    text_at(payment_ledger(house, "P-3"), "orders.0.amount"),
	    "999.00");
	/* And in the books. */
	file = house_read(house_path(house, "ledger.jsonl"));
	assert_non_null(strstr(file, "734.10"));
	free(file);
	house_close(&house);
}

static void
approve(struct house *house, const char *reference, const char *who)
{
	char path[256];

	snprintf(path, sizeof(path), "/v1/tasks/%s/decide",
	    payment_task(house, reference));
	assert_status(house_post_as(house, who, path,
			  "{\"choice\":\"approved\",\"comment\":\"checked\"}"),
	    200);
}

static void
test_amounts_beyond_a_double_survive(void **state)
{
	struct house *house = house_open(&brisk);

	(void)state;
	payment_start(house, "P-1", "1234.10", "ACME");
	payment_start(house, "P-2", "99999999999999999999.99", "ACME");
	payment_await(house, "P-1", "awaiting-approval");
	payment_await(house, "P-2", "awaiting-approval");
	approve(house, "P-1", "anna");
	approve(house, "P-2", "anna");
	approve(house, "P-2", "bert");
	payment_await(house, "P-1", "reconciled");
	payment_await(house, "P-2", "reconciled");
	assert_non_null(strstr(
	    house->replies->body, "\"amount\":99999999999999999999.99,"));
	assert_string_equal(
	    text_at(payment_ledger(house, "P-1"), "orders.0.amount"),
	    "1234.10");
	assert_string_equal(
	    text_at(payment_ledger(house, "P-2"), "orders.0.amount"),
	    "99999999999999999999.99");
	house_close(&house);
}

/* ---- approval ---- */

static struct reply *
decide(struct house *house, const char *who, const char *task,
    const char *choice)
{
	char path[256];

	snprintf(path, sizeof(path), "/v1/tasks/%s/decide", task);
	return house_post_as(
	    house, who, path, "{\"choice\":\"%s\"}", choice);
}

static void
test_large_payment_waits_for_two_approvers(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *payment, *history;
	const char *task;

	(void)state;
	payment_start(house, "P-1", "50000", "ACME");
	payment = payment_await(house, "P-1", "awaiting-approval");
	assert_string_equal(text_at(payment, "tasks.0.role"), "cfo");
	assert_int_equal(integer_at(payment, "tasks.0.approvals"), 2);
	task = payment_task(house, "P-1");
	/* Four eyes, and four different ones. */
	assert_problem(
	    decide(house, "ida", task, "approved"), 403, "four-eyes");
	assert_status(decide(house, "anna", task, "approved"), 200);
	assert_problem(decide(house, "anna", task, "approved"), 409,
	    "already-decided");
	assert_problem(
	    decide(house, "bert", task, "perhaps"), 422, "invalid-choice");
	payment_stays(house, "P-1", "awaiting-approval", 100);
	assert_int_equal(json_array_size(json_at(
			     payment_ledger(house, "P-1"), "orders")),
	    0);
	assert_status(decide(house, "bert", task, "approved"), 200);
	payment_await(house, "P-1", "reconciled");
	assert_problem(
	    decide(house, "carl", task, "approved"), 409, "instance-ended");
	history = payment_history(house, "P-1");
	/* ida's, anna's second, bert's word that is none, carl's. */
	assert_true(json_count_with(history, "kind", "refused") >= 3);
	assert_non_null(json_with(history, "actor", "ida"));
	assert_int_equal(json_count_with(history, "kind", "task-decided"), 2);
	house_verify(house);
	house_close(&house);
}

static void
test_rejected_approval_ends_the_payment_unsent(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *payment;

	(void)state;
	payment_start(house, "P-1", "70000", "ACME");
	payment_await(house, "P-1", "awaiting-approval");
	assert_status(decide(house, "anna", payment_task(house, "P-1"),
			  "rejected"),
	    200);
	payment = payment_await(house, "P-1", "cancelled");
	assert_string_equal(text_at(payment, "status"), "cancelled");
	assert_int_equal(json_array_size(json_at(
			     payment_ledger(house, "P-1"), "orders")),
	    0);
	house_close(&house);
}

static json_t *
await_escalation(struct house *house)
{
	int64_t until_ms = time_ms() + 10000;
	struct reply *reply;

	do {
		reply = house_get(house, "/v1/escalations");
		assert_status(reply, 200);
		if (json_array_size(json_at(reply->json, "items")) > 0)
			return json_at(reply->json, "items.0");
		time_sleep(50);
	} while (time_ms() < until_ms);
	fail_msg("nobody was told");
	return NULL;
}

static void
test_approval_escalates_is_given_and_the_payment_goes_on(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *escalation, *ledger;
	char path[128];

	(void)state;
	payment_start(house, "P-1", "50000", "ACME");
	payment_await(house, "P-1", "awaiting-approval");
	escalation = await_escalation(house);
	assert_string_equal(text_at(escalation, "to"), "treasury-desk");
	assert_string_equal(text_at(escalation, "state"), "awaiting-approval");
	snprintf(path, sizeof(path), "/v1/escalations/%s/acknowledge",
	    text_at(escalation, "id"));
	assert_status(
	    house_post_as(house, "tess", path, "{\"comment\":\"on it\"}"), 200);
	payment_show(house, "P-1");
	approve(house, "P-1", "anna");
	approve(house, "P-1", "bert");
	payment_await(house, "P-1", "reconciled");
	ledger = payment_ledger(house, NULL);
	assert_string_equal(text_at(ledger, "chat.0.channel"), "#treasury");
	assert_int_equal(
	    json_count_with(payment_history(house, "P-1"), "kind",
		"escalation-acknowledged"),
	    1);
	house_close(&house);
}

static void
test_sanctioned_creditor_is_held_until_released(void **state)
{
	struct house *house = house_open(&brisk);

	(void)state;
	payment_start(house, "P-1", "250", "SANCTIONED Ltd");
	payment_await(house, "P-1", "on-hold");
	assert_status(
	    decide(house, "tess", payment_task(house, "P-1"), "release"), 200);
	payment_await(house, "P-1", "reconciled");
	payment_start(house, "P-2", "250", "INSUFFICIENT");
	payment_await(house, "P-2", "on-hold");
	assert_status(
	    decide(house, "tess", payment_task(house, "P-2"), "cancel"), 200);
	payment_await(house, "P-2", "cancelled");
	house_close(&house);
}

/* ---- the bank fails ---- */

static void
one_order(struct house *house, const char *reference)
{
	json_t *orders = json_at(payment_ledger(house, reference), "orders");

	assert_int_equal(json_array_size(orders), 1);
}

static void
test_timeout_after_the_commit_is_repeated_under_the_same_key(void **state)
{
	struct house *house = house_build(&brisk);
	json_t *history;

	(void)state;
	house_edit(house, "workflows/payment.yaml", "timeout: 10s",
	    "timeout: 500ms");
	house_start_engine(house);
	house_control(house, "/control/faults",
	    "{\"fault\":\"timeout-after-commit\",\"method\":\"POST\","
	    "\"path\":\"/bank/domestic-payments\",\"times\":1}");
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "reconciled");
	one_order(house, "P-1");
	assert_int_equal(
	    integer_at(payment_ledger(house, "P-1"), "orders.0.posts"), 2);
	history = payment_history(house, "P-1");
	assert_int_equal(count_calls(history, "bank.submit-payment"), 2);
	assert_int_equal(count_calls(history, "bank.find-payment"), 0);
	house_verify(house);
	house_close(&house);
}

/* A bank that knows no keys. */
static struct house *
open_keyless(void)
{
	struct house *house = house_build(&brisk);

	house_edit(house, "workflows/connections/bank.yaml",
	    "      headers: {x-idempotency-key: = idempotency_key}\n", "");
	house_edit(house, "workflows/connections/bank.yaml",
	    "    idempotent: {lifetime: 24h}     # the bank honours the key, "
	    "this long\n",
	    "");
	house_edit(house, "workflows/payment.yaml", "timeout: 10s",
	    "timeout: 500ms");
	house_edit(
	    house, "workflows/payment.yaml", "after: 2m ", "after: 200ms ");
	house_start_engine(house);
	return house;
}

static void
test_without_keys_the_bank_is_asked_before_anything_is_repeated(void **state)
{
	struct house *house = open_keyless();
	json_t *history;

	(void)state;
	house_control(house, "/control/faults",
	    "[{\"fault\":\"timeout-after-commit\",\"match\":\"P-1\","
	    "\"path\":\"/bank/domestic-payments\",\"times\":1},"
	    "{\"fault\":\"502\",\"match\":\"P-2\","
	    "\"path\":\"/bank/domestic-payments\",\"times\":1}]");
	payment_start(house, "P-1", "250", "ACME");
	payment_start(house, "P-2", "250", "ACME");
	payment_await(house, "P-1", "reconciled");
	payment_await(house, "P-2", "reconciled");
	one_order(house, "P-1");
	one_order(house, "P-2");
	/* It had happened: not repeated.  It had not: repeated. */
	history = payment_history(house, "P-1");
	assert_int_equal(count_calls(history, "bank.submit-payment"), 1);
	assert_int_equal(count_calls(history, "bank.find-payment"), 1);
	history = payment_history(house, "P-2");
	assert_int_equal(count_calls(history, "bank.submit-payment"), 2);
	assert_int_equal(count_calls(history, "bank.find-payment"), 1);
	house_close(&house);
}

static void
test_without_key_and_question_a_person_is_asked(void **state)
{
	struct house *house = house_build(&brisk);
	struct reply *reply;
	char path[128];

	(void)state;
	house_edit(house, "workflows/connections/bank.yaml",
	    "    idempotent: {lifetime: 24h}     # the bank honours the key, "
	    "this long\n",
	    "");
	house_edit(house, "workflows/payment.yaml",
	    "        verify:                            # asked when nobody "
	    "knows whether the bank has it\n"
	    "          call: bank.find-payment\n"
	    "          after: 2m                        # a bank may answer "
	    "\"not found\" too early\n"
	    "          with: {reference: = input.reference, "
	    "amount: = input.amount, currency: = input.currency}\n"
	    "          happened: = response.found\n"
	    "          output: {payment_id: = response.payment_id}\n",
	    "");
	house_start_engine(house);
	house_control(house, "/control/faults",
	    "{\"fault\":\"reset-after-commit\",\"times\":1,"
	    "\"path\":\"/bank/domestic-payments\"}");
	payment_start(house, "P-1", "250", "ACME");
	do {
		time_sleep(20);
		reply = house_get(house, "/v1/incidents");
	} while (json_array_size(json_at(reply->json, "items")) == 0);
	one_order(house, "P-1");
	snprintf(path, sizeof(path), "/v1/incidents/%s/supply",
	    text_at(reply->json, "items.0.id"));
	assert_status(
	    house_post_as(house, "otto", path,
		"{\"result\":{\"payment_id\":\"bp_1\"},"
		"\"comment\":\"the bank has it\"}"),
	    202);
	/* Money may have moved: that takes two. */
	one_order(house, "P-1");
	reply = house_get(house, "/v1/proposals");
	snprintf(path, sizeof(path), "/v1/proposals/%s/confirm",
	    text_at(reply->json, "items.0.id"));
	assert_problem(
	    house_post_as(house, "Otto", path, "{}"), 403, "four-eyes");
	assert_status(house_post_as(house, "olga", path, "{}"), 200);
	payment_await(house, "P-1", "reconciled");
	one_order(house, "P-1");
	house_close(&house);
}

/* ---- undoing ---- */

/* The ledger file's lines of what was done, "order odoo:create odoo:cancel". */
static size_t
line_of(const char *file, const char *text)
{
	const char *at = strstr(file, text);
	size_t line = 0;

	if (at == NULL) {
		print_error("%s\n", file);
		fail_msg("the ledger does not say: %s", text);
	}
	for (const char *c = file; c < at; c++)
		line += *c == '\n';
	return line;
}

static void
test_payment_rejected_by_the_bank_is_undone_and_failed(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *payment, *history;

	(void)state;
	payment_start(house, "P-1", "250", "REJECT-LATER");
	payment = payment_await_end(house, "P-1", "failed");
	assert_string_equal(text_at(payment, "status"), "faulted");
	assert_string_equal(
	    text_at(payment_ledger(house, "P-1"), "orders.0.status"),
	    "rejected");
	history = payment_history(house, "P-1");
	assert_int_equal(count_calls(history, "bank.cancel-payment"), 1);
	assert_int_equal(count_calls(history, "odoo.register-payment"), 0);
	assert_int_equal(json_count_with(history, "kind", "compensated"), 1);
	house_close(&house);
}

static size_t
index_of_call(json_t *history, const char *operation)
{
	json_t *record;
	size_t i;

	json_array_foreach(history, i, record)
		if (strcmp(text_at(record, "kind"), "call-sent") == 0 &&
		    strcmp(text_at(record, "operation"), operation) == 0)
			return i;
	fail_msg("%s was not called", operation);
	return 0;
}

static void
test_returned_payment_is_undone_latest_step_first(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *payment, *history;
	char *file;

	(void)state;
	payment_start(house, "P-1", "250", "RETURN");
	payment = payment_await_end(house, "P-1", "reversed");
	assert_string_equal(text_at(payment, "status"), "faulted");
	file = house_read(house_path(house, "ledger.jsonl"));
	assert_true(line_of(file, "\"done\":\"order\"") <
		    line_of(file, "\"method\":\"create\""));
	assert_true(line_of(file, "\"method\":\"create\"") <
		    line_of(file, "\"method\":\"action_cancel\""));
	free(file);
	/* The bank was asked to cancel after Odoo had. */
	history = payment_history(house, "P-1");
	assert_true(index_of_call(history, "odoo.cancel-payment") <
		    index_of_call(history, "bank.cancel-payment"));
	assert_int_equal(json_count_with(history, "kind", "compensated"), 2);
	assert_string_equal(
	    text_at(payment_ledger(house, "P-1"), "orders.0.status"),
	    "returned");
	house_verify(house);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_payment_runs_straight_to_reconciled),
	    HOUSE_TEST(test_amount_reaches_the_bank_digit_for_digit),
	    HOUSE_TEST(test_amounts_beyond_a_double_survive),
	    HOUSE_TEST(test_large_payment_waits_for_two_approvers),
	    HOUSE_TEST(test_rejected_approval_ends_the_payment_unsent),
	    HOUSE_TEST(
		test_approval_escalates_is_given_and_the_payment_goes_on),
	    HOUSE_TEST(test_sanctioned_creditor_is_held_until_released),
	    HOUSE_TEST(
		test_timeout_after_the_commit_is_repeated_under_the_same_key),
	    HOUSE_TEST(
		test_without_keys_the_bank_is_asked_before_anything_is_repeated),
	    HOUSE_TEST(test_without_key_and_question_a_person_is_asked),
	    HOUSE_TEST(
		test_payment_rejected_by_the_bank_is_undone_and_failed),
	    HOUSE_TEST(test_returned_payment_is_undone_latest_step_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
