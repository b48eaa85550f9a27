/* SPDX-License-Identifier: Apache-2.0 */
/* What the sandbox's bank does with orders, keys and questions. */
#include "sandbox_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define PAYMENTS "/bank/domestic-payments"

static struct client bank;

static int
start(void **state)
{
	static const char *const arguments[] = {"--delay-accepted", "100",
	    "--delay-settling", "200", "--delay-settled", "300",
	    "--delay-matched", "400", NULL};

	(void)state;
	client_start(&bank, arguments);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	client_stop(&bank);
	return 0;
}

/* The ids begin anew only with the process, so tests don't rely on them. */
static int
reset(void **state)
{
	(void)state;
	client_text(&bank, 200, &(struct call){"POST", "/control/reset"});
	return 0;
}

static const char *
order(const char *reference, const char *amount, const char *creditor)
{
	static char body[512];

	snprintf(body, sizeof(body),
	    "{\"Data\":{\"Initiation\":{\"InstructionIdentification\":\"%s\","
	    "\"InstructedAmount\":{\"Amount\":%s,\"Currency\":\"EUR\"},"
	    "\"CreditorAccount\":{\"Name\":\"%s\"}}}}",
	    reference, amount, creditor);
	return body;
}

static const char *
post(int status, const char *key, const char *body)
{
	return client_text(&bank, status,
	    &(struct call){"POST", PAYMENTS, {key}, body});
}

static const char *
ledger(void)
{
	return client_text(
	    &bank, 200, &(struct call){"GET", "/control/ledger"});
}

/* {"…":"VALUE"} of the first such name. */
static void
copy_value(const char *text, const char *name, char out[64])
{
	char part[64];
	const char *at;

	snprintf(part, sizeof(part), "\"%s\":\"", name);
	at = strstr(text, part);
	assert_non_null(at);
	assert_int_equal(sscanf(at + strlen(part), "%63[^\"]", out), 1);
}

static void
path_of(const char *answer, char out[160])
{
	char id[64];

	copy_value(answer, "DomesticPaymentId", id);
	snprintf(out, 160, PAYMENTS "/%s", id);
}

static void
wait_for_status(const char *path, const char *status)
{
	const char *text = "";

	for (int i = 0; i < 100; i++) {
		text = client_text(&bank, 200, &(struct call){"GET", path});
		if (strstr(text, status) != NULL)
			return;
		usleep(20000);
	}
	assert_true(text_has(text, status));
}

static void
test_the_same_key_gives_the_same_payment(void **state)
{
	char first[64];
	char second[64];

	(void)state;
	copy_value(post(201, "x-idempotency-key: k-1",
		       order("P-1", "\"250.00\"", "ACME")),
	    "DomesticPaymentId", first);
	copy_value(post(201, "x-idempotency-key: k-1",
		       order("P-1", "\"250.00\"", "ACME")),
	    "DomesticPaymentId", second);
	assert_string_equal(first, second);
	assert_int_equal(count_of(ledger(), "\"reference\":\"P-1\""), 1);
	assert_true(text_has(ledger(), "\"posts\":2"));
}

static void
test_the_same_key_with_another_body_is_refused(void **state)
{
	(void)state;
	post(201, "x-idempotency-key: k-2", order("P-2", "\"250\"", "ACME"));
	assert_true(text_has(post(400, "x-idempotency-key: k-2",
				 order("P-2", "\"251\"", "ACME")),
	    "UK.OBIE.Resource.ConsentMismatch"));
	assert_int_equal(count_of(ledger(), "\"key\":\"k-2\""), 1);
}

static void
test_without_a_key_every_post_is_a_new_payment(void **state)
{
	(void)state;
	post(201, NULL, order("P-3", "\"1\"", "ACME"));
	post(201, NULL, order("P-3", "\"1\"", "ACME"));
	assert_int_equal(count_of(ledger(), "\"reference\":\"P-3\""), 2);
	assert_int_equal(count_of(client_text(&bank, 200,
	    &(struct call){"GET", PAYMENTS "?reference=P-3"}),
	    "DomesticPaymentId"), 2);
	assert_true(text_has(client_text(&bank, 200,
	    &(struct call){"GET", PAYMENTS "?reference=P-none"}),
	    "{\"Data\":{\"Payment\":[]}}"));
}

static void
test_amounts_keep_every_digit_as_text_and_as_number(void **state)
{
	(void)state;
	assert_true(text_has(post(201, NULL, order("P-4", "\"1234.10\"", "A")),
	    "\"Amount\":\"1234.10\""));
	assert_true(text_has(post(201, NULL, order("P-5", "90071992547.409930",
	    "A")), "\"Amount\":90071992547.409930,"));
	assert_true(text_has(ledger(), "\"amount\":\"1234.10\""));
	assert_true(text_has(ledger(), "\"amount\":\"90071992547.409930\""));
}

static void
test_a_wrong_field_is_named(void **state)
{
	(void)state;
	assert_true(text_has(post(400, NULL, order("P-6", "\"0\"", "A")),
	    "\"Path\":\"Data.Initiation.InstructedAmount.Amount\""));
	assert_true(text_has(post(400, NULL, order("", "\"1\"", "A")),
	    "UK.OBIE.Field.Missing"));
	assert_true(text_has(post(400, NULL, "{\"Data\":"),
	    "UK.OBIE.Resource.InvalidFormat"));
	assert_true(text_has(post(400, NULL, "{\"a\":1,\"a\":2}"),
	    "UK.OBIE.Resource.InvalidFormat"));
	assert_true(text_has(post(400,
	    "x-idempotency-key: 12345678901234567890123456789012345678901",
	    order("P-6", "\"1\"", "A")), "UK.OBIE.Header.Invalid"));
	assert_int_equal(count_of(ledger(), "\"id\":\"bp_"), 0);
}

static void
test_insufficient_funds_leave_no_order(void **state)
{
	(void)state;
	assert_true(text_has(post(400, NULL,
	    order("P-7", "\"1\"", "INSUFFICIENT LTD")),
	    "\"Code\":\"insufficient\""));
	assert_int_equal(count_of(ledger(), "\"reference\":\"P-7\""), 0);
}

static void
test_a_payment_settles_and_is_on_the_statement(void **state)
{
	char path[160];

	(void)state;
	path_of(post(201, NULL, order("P-8", "\"12.50\"", "ACME")), path);
	wait_for_status(path, "AcceptedCreditSettlementCompleted");
	assert_true(text_has(client_text(&bank, 200,
	    &(struct call){"GET", "/bank/statement"}),
	    "\"TransactionReference\":\"P-8\",\"CreditDebitIndicator\":\"Debit\","
	    "\"Amount\":{\"Amount\":\"12.50\",\"Currency\":\"EUR\"}"));
}

static void
test_a_returned_payment_is_credited_again(void **state)
{
	char path[160];

	(void)state;
	path_of(post(201, NULL, order("P-9", "\"5\"", "RETURN LTD")), path);
	wait_for_status(path, "\"Status\":\"Rejected\"");
	assert_int_equal(count_of(client_text(&bank, 200,
	    &(struct call){"GET", "/bank/statement"}), "\"P-9\""), 2);
}

static void
test_a_payment_is_cancelled_before_it_settles(void **state)
{
	char path[160];

	(void)state;
	path_of(post(201, NULL, order("P-10", "\"5\"", "ACME")), path);
	for (int i = 0; i < 2; i++)
		assert_true(text_has(client_text(&bank, 200,
		    &(struct call){"DELETE", path}),
		    "\"Status\":\"Cancelled\""));
	usleep(500000);
	assert_true(text_has(ledger(), "\"status\":\"cancelled\""));
	assert_int_equal(count_of(client_text(&bank, 200,
	    &(struct call){"GET", "/bank/statement"}), "\"P-10\""), 0);
}

static void
test_a_settled_payment_is_not_cancelled(void **state)
{
	char path[160];

	(void)state;
	path_of(post(201, NULL, order("P-11", "\"5\"", "ACME")), path);
	wait_for_status(path, "AcceptedSettlementCompleted");
	assert_true(text_has(client_text(&bank, 409,
	    &(struct call){"DELETE", path}), "\"Code\":\"settled\""));
}

static void
test_what_was_returned_or_rejected_says_so_when_cancelled(void **state)
{
	char path[160];

	(void)state;
	path_of(post(201, NULL, order("P-12 RETURN", "\"5\"", "ACME")), path);
	wait_for_status(path, "Rejected");
	assert_true(text_has(client_text(&bank, 409,
	    &(struct call){"DELETE", path}), "\"Code\":\"returned\""));
	path_of(post(201, NULL, order("P-13 REJECT-LATER", "\"5\"", "ACME")),
	    path);
	wait_for_status(path, "Rejected");
	assert_true(text_has(client_text(&bank, 409,
	    &(struct call){"DELETE", path}), "\"Code\":\"rejected\""));
}

static void
test_an_unknown_payment_is_a_400_and_not_a_404(void **state)
{
	(void)state;
	assert_true(text_has(client_text(&bank, 400,
	    &(struct call){"GET", PAYMENTS "/bp_none"}),
	    "UK.OBIE.Resource.NotFound"));
}

static void
test_the_interaction_id_is_played_back(void **state)
{
	struct answer answer = client_call(&bank, &(struct call){"GET",
	    PAYMENTS, {"x-fapi-interaction-id: 93bac548"}});

	(void)state;
	assert_string_equal(answer.echo, "93bac548");
	answer_fini(&answer);
}

static void
test_the_ledger_file_has_every_order_at_once(void **state)
{
	char *lines;

	(void)state;
	post(201, "x-idempotency-key: k-12", order("P-12", "\"7.70\"", "A"));
	lines = read_file(bank.ledger);
	assert_true(
	    text_has(lines, "\"reference\":\"P-12\",\"amount\":\"7.70\","
			    "\"currency\":\"EUR\",\"key\":\"k-12\""));
	free(lines);
}

static void
test_a_key_is_forgotten_after_its_lifetime(void **state)
{
	static const char *const arguments[] = {"--key-lifetime", "0", NULL};
	struct client short_lived;
	const struct call call = {"POST", PAYMENTS,
	    {"x-idempotency-key: k-13"}, order("P-13", "\"1\"", "A")};

	(void)state;
	client_start(&short_lived, arguments);
	client_text(&short_lived, 201, &call);
	client_text(&short_lived, 201, &call);
	assert_int_equal(count_of(client_text(&short_lived, 200,
	    &(struct call){"GET", "/control/ledger"}), "\"key\":\"k-13\""), 2);
	client_stop(&short_lived);
}

static const char *
account(const char *path)
{
	char whole[160];

	snprintf(whole, sizeof(whole), "/bank/accounts/%s", path);
	return client_text(&bank, 200, &(struct call){"GET", whole});
}

static void
test_a_statement_leads_from_balance_to_balance(void **state)
{
	char path[160];
	char day[64];

	(void)state;
	path_of(post(201, "x-idempotency-key: a-1",
		    order("P-ACC", "\"250.10\"", "ACME")), path);
	wait_for_status(path, "SettlementCompleted");
	copy_value(client_text(&bank, 200, &(struct call){"GET", path}),
	    "StatusUpdateDateTime", day);
	snprintf(path, sizeof(path), "A1/statements?fromStatementDateTime=%s",
	    day);
	assert_true(text_has(account(path), "\"1000000.0\""));
	assert_true(text_has(account(path), "\"999749.9\""));
	snprintf(path, sizeof(path), "A1/statements/A1-%.10s/transactions",
	    day);
	assert_true(text_has(account(path), "\"250.10\""));
	assert_true(text_has(account("A1/balances"), "\"999749.9\""));
	assert_true(
	    text_has(account("A1/statements/A1-2020-01-01/transactions"),
		"\"Transaction\":[]"));
}

static void
test_accounts_may_be_late_or_empty(void **state)
{
	(void)state;
	assert_true(text_has(account("LATE/statements?fromStatementDateTime="
	    "2026-11-20"), "\"Statement\":[]"));
	assert_true(text_has(account("EMPTY/balances"), "\"0.0\""));
}

static void
test_statements_are_numbered_over_weekends(void **state)
{
	char friday[64];
	char monday[64];

	(void)state;
	copy_value(account("A1/statements?fromStatementDateTime=2026-11-20"),
	    "StatementReference", friday);
	copy_value(account("A1/statements?fromStatementDateTime=2026-11-23"),
	    "StatementReference", monday);
	assert_int_equal(atoi(friday) + 1, atoi(monday));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_the_same_key_gives_the_same_payment,
		reset),
	    cmocka_unit_test_setup(
		test_the_same_key_with_another_body_is_refused, reset),
	    cmocka_unit_test_setup(
		test_without_a_key_every_post_is_a_new_payment, reset),
	    cmocka_unit_test_setup(
		test_amounts_keep_every_digit_as_text_and_as_number, reset),
	    cmocka_unit_test_setup(test_a_wrong_field_is_named, reset),
	    cmocka_unit_test_setup(test_insufficient_funds_leave_no_order,
		reset),
	    cmocka_unit_test_setup(
		test_a_payment_settles_and_is_on_the_statement, reset),
	    cmocka_unit_test_setup(test_a_returned_payment_is_credited_again,
		reset),
	    cmocka_unit_test_setup(
		test_a_payment_is_cancelled_before_it_settles, reset),
	    cmocka_unit_test_setup(test_a_settled_payment_is_not_cancelled,
		reset),
	    cmocka_unit_test_setup(
		test_what_was_returned_or_rejected_says_so_when_cancelled,
		reset),
	    cmocka_unit_test_setup(
		test_an_unknown_payment_is_a_400_and_not_a_404, reset),
	    cmocka_unit_test_setup(test_the_interaction_id_is_played_back,
		reset),
	    cmocka_unit_test_setup(
		test_the_ledger_file_has_every_order_at_once, reset),
	    cmocka_unit_test(test_a_key_is_forgotten_after_its_lifetime),
	    cmocka_unit_test_setup(
		test_a_statement_leads_from_balance_to_balance, reset),
	    cmocka_unit_test_setup(test_accounts_may_be_late_or_empty, reset),
	    cmocka_unit_test(test_statements_are_numbered_over_weekends),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
