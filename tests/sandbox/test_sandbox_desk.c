/* SPDX-License-Identifier: Apache-2.0 */
/* The small endpoints: screening, deals, tax, chat, the stub, and control. */
#include "sandbox_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COMPANIES "/crm/v3/objects/companies"
#define DEALS "/crm/v3/objects/deals"
#define TAX "/tax/transactions"

static struct client desk;

static int
start(void **state)
{
	static const char *const none[] = {NULL};

	(void)state;
	client_start(&desk, none);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	client_stop(&desk);
	return 0;
}

static const char *
call(const char *method, const char *path, int status, const char *body)
{
	return client_text(&desk, status,
	    &(struct call){method, path, {NULL}, body});
}

static void
test_a_sanctioned_name_is_a_hit(void **state)
{
	(void)state;
	assert_true(text_has(call("POST", "/compliance/screen", 200,
	    "{\"name\":\"ACME\"}"), "\"result\":\"clear\",\"score\":0.0,"));
	assert_true(text_has(call("POST", "/compliance/screen", 200,
	    "{\"name\":\"Sanctioned GmbH\"}"),
	    "\"result\":\"hit\",\"score\":0.97,"));
	call("POST", "/compliance/screen", 400, "{}");
	assert_true(text_has(call("POST", "/compliance/match/default", 200,
	    "{\"queries\":{\"q1\":{\"properties\":{\"name\":[\"A\"]}},"
	    "\"q2\":{\"properties\":{\"name\":[\"SANCTIONED\"]}}}}"),
	    "\"responses\":{\"q1\":{\"status\":200,\"results\":[],"));
}

static void
test_a_name_says_whose_account_it_is(void **state)
{
	(void)state;
	assert_true(text_has(call("POST", "/bank/payee-verifications", 200,
	    "{\"Name\":\"ACME\",\"Identification\":\"DE1\"}"),
	    "\"Match\":\"full\""));
	assert_true(text_has(call("POST", "/bank/payee-verifications", 200,
	    "{\"Name\":\"Nobody\",\"Identification\":\"DE1\"}"),
	    "\"Match\":\"none\""));
	call("POST", "/bank/payee-verifications", 400, "{\"Name\":\"ACME\"}");
}

static void
test_a_company_changes_over_the_version_that_was_read(void **state)
{
	static const char over_one[] = "If-Match: \"1\"";

	(void)state;
	call("GET", COMPANIES "/C-1", 404, NULL);
	call("PUT", COMPANIES "/C-1", 201,
	    "{\"properties\":{\"name\":\"ACME\",\"city\":\"Bonn\"}}");
	client_text(&desk, 200, &(struct call){"PATCH", COMPANIES "/C-1",
	    {over_one}, "{\"properties\":{\"name\":\"ACME SE\"}}"});
	client_text(&desk, 412, &(struct call){"PATCH", COMPANIES "/C-1",
	    {over_one}, "{\"properties\":{\"name\":\"Other\"}}"});
	assert_true(text_has(call("GET", COMPANIES "/C-1", 200, NULL),
	    "\"name\":\"ACME SE\",\"city\":\"Bonn\""));
	call("PATCH", COMPANIES "/C-1", 400, "{}");
	call("PUT", COMPANIES "/C-1", 200, "{\"properties\":{}}");
}

static void
test_a_deal_is_created_only_once_under_its_key(void **state)
{
	(void)state;
	assert_true(text_has(call("POST", DEALS, 201,
	    "{\"properties\":{\"dealname\":\"x\",\"amount\":\"1500.00\","
	    "\"engine_key\":\"K1\"}}"), "\"amount\":\"1500.00\""));
	assert_true(text_has(call("POST", DEALS, 409,
	    "{\"properties\":{\"engine_key\":\"K1\"}}"), "CONFLICT"));
	client_text(&desk, 412, &(struct call){"PUT", DEALS "/K1",
	    {"If-None-Match: *"}, "{\"properties\":{}}"});
	client_text(&desk, 201, &(struct call){"PUT", DEALS "/K2",
	    {"If-None-Match: *"}, "{\"properties\":{\"dealname\":\"y\"}}"});
	assert_true(text_has(call("PATCH", DEALS "/K1?idProperty=engine_key",
	    200, "{\"properties\":{\"dealstage\":\"won\"}}"),
	    "\"dealstage\":\"won\""));
	call("DELETE", DEALS "/K1?idProperty=engine_key", 204, NULL);
	call("GET", DEALS "/K1?idProperty=engine_key", 404, NULL);
	assert_int_equal(count_of(call("GET", DEALS, 200, NULL),
	    "\"createdAt\""), 1);
}

static void
test_a_tax_document_is_committed_once(void **state)
{
	static const char body[] =
	    "{\"type\":\"SalesInvoice\",\"code\":\"I-1\","
	    "\"commit\":true,\"lines\":[{\"amount\":100.00},{\"amount\":0.05}]}";

	(void)state;
	assert_true(text_has(call("POST", TAX "/create", 201, body),
	    "\"status\":\"Committed\",\"type\":\"SalesInvoice\","
	    "\"currencyCode\":\"\",\"totalAmount\":100.05,\"totalTax\":10.01"));
	assert_true(text_has(call("POST", TAX "/create", 400, body),
	    "DocumentCodeConflict"));
	call("GET", TAX "/I-1", 200, NULL);
	call("POST", TAX "/I-1/void", 200, "{\"code\":\"DocVoided\"}");
	assert_true(text_has(call("POST", TAX "/I-1/void", 400, "{}"),
	    "\"number\":198"));
	call("GET", TAX "/I-2", 404, NULL);
}

static void
test_an_estimate_is_not_kept(void **state)
{
	(void)state;
	assert_true(text_has(call("POST", TAX "/create", 201,
	    "{\"code\":\"E-1\",\"lines\":[{\"amount\":1}]}"), "Temporary"));
	call("GET", TAX "/E-1", 404, NULL);
}

static void
test_an_outage_of_the_vat_check_is_a_200(void **state)
{
	(void)state;
	assert_true(text_has(call("POST", "/tax/check-vat-number", 200,
	    "{\"countryCode\":\"DE\",\"vatNumber\":\"136695976\"}"),
	    "\"valid\":true"));
	assert_true(text_has(call("POST", "/tax/check-vat-number", 200,
	    "{\"countryCode\":\"DE\",\"vatNumber\":\"301\"}"),
	    "{\"actionSucceed\":false,\"errorWrappers\":"
	    "[{\"error\":\"MS_UNAVAILABLE\"}]}"));
}

static void
test_chat_is_collected_and_written_to_the_ledger(void **state)
{
	char *lines;

	(void)state;
	call("POST", "/chat/post", 200,
	    "{\"channel\":\"#treasury\",\"text\":\"held\"}");
	assert_true(text_has(call("GET", "/control/ledger", 200, NULL),
	    "\"chat\":[{\"channel\":\"#treasury\",\"text\":\"held\"}]"));
	lines = read_file(desk.ledger);
	assert_true(text_has(lines, "\"done\":\"chat\",\"channel\":"));
	free(lines);
}

static void
test_a_position_is_kept_and_marked_as_stale(void **state)
{
	(void)state;
	call("GET", "/treasury/positions/A1", 404, NULL);
	call("PUT", "/treasury/positions/A1", 200,
	    "{\"balance\":\"10.00\",\"stale\":false}");
	call("PUT", "/treasury/positions/A1/stale", 200,
	    "{\"since\":\"2026-11-20\"}");
	assert_true(text_has(call("GET", "/treasury/positions/A1", 200, NULL),
	    "{\"balance\":\"10.00\",\"stale\":true,"
	    "\"since\":\"2026-11-20\"}"));
	call("PUT", "/treasury/positions/A2/stale", 200, "{}");
}

static const char *
refund(int status, const char *key, const char *form)
{
	return client_text(&desk, status, &(struct call){"POST",
	    "/stripe/v1/refunds", {key}, form});
}

static void
test_a_key_refunds_once(void **state)
{
	static const char form[] = "payment_intent=pi_1&amount=100&"
	    "metadata%5Breference%5D=R-1";
	char *first;

	(void)state;
	first = strdup(refund(200, "idempotency-key: k1", form));
	assert_true(text_has(first, "\"metadata\":{\"reference\":\"R-1\"}"));
	assert_string_equal(refund(200, "idempotency-key: k1", form), first);
	free(first);
	assert_true(text_has(refund(400, "idempotency-key: k1",
	    "payment_intent=pi_1&amount=99"), "idempotency_error"));
	assert_int_equal(count_of(call("GET",
	    "/stripe/v1/refunds?payment_intent=pi_1", 200, NULL),
	    "\"re_"), 1);
	assert_true(text_has(call("GET", "/stripe/v1/payment_intents/pi_1",
	    200, NULL), "\"amount_refunded\":100"));
}

static void
test_more_than_was_received_is_not_refunded(void **state)
{
	(void)state;
	assert_true(text_has(refund(400, "idempotency-key: k2",
	    "payment_intent=pi_2&amount=100001"), "charge_already_refunded"));
	assert_true(text_has(refund(400, NULL,
	    "payment_intent=pi_DISPUTED&amount=1"), "charge_disputed"));
	refund(400, NULL, "payment_intent=pi_2&amount=1.5");
	refund(400, NULL, "");
}

static void
test_a_pending_refund_arrives_once_it_was_asked_about(void **state)
{
	const char *at;
	char path[64];

	(void)state;
	at = strstr(refund(200, NULL, "payment_intent=pi_PENDING&amount=5"),
	    "\"re_");
	assert_non_null(at);
	assert_true(snprintf(path, sizeof(path), "/stripe/v1/refunds/%.*s",
	    (int)strcspn(at + 1, "\""), at + 1) > 0);
	assert_true(text_has(call("GET", path, 200, NULL), "\"pending\""));
	assert_true(text_has(call("GET", path, 200, NULL), "\"succeeded\""));
	call("GET", "/stripe/v1/refunds/re_none", 404, NULL);
}

static void
test_a_dispute_takes_one_answer(void **state)
{
	(void)state;
	call("POST", "/stripe/v1/disputes/dp_WON", 200, "submit=true");
	call("POST", "/stripe/v1/disputes/dp_WON", 400, "submit=true");
	assert_true(text_has(call("GET", "/stripe/v1/disputes/dp_WON", 200,
	    NULL), "\"status\":\"won\""));
	call("POST", "/stripe/v1/disputes/dp_2/close", 200, "");
	assert_true(text_has(call("GET", "/stripe/v1/disputes/dp_2", 200,
	    NULL), "\"status\":\"lost\""));
}

static void
test_a_letter_leaves_once(void **state)
{
	(void)state;
	call("PUT", "/letters/L-1", 201, "{\"template\":\"reminder\"}");
	call("PUT", "/letters/L-1", 200, "{\"template\":\"another\"}");
	assert_true(text_has(call("GET", "/control/ledger", 200, NULL),
	    "\"letters\":{\"L-1\":{\"template\":\"reminder\"}}"));
}

static void
test_a_case_is_placed_and_called_back(void **state)
{
	(void)state;
	call("PUT", "/agency/cases/C-1", 201, "{\"amount\":\"10.00\"}");
	assert_true(text_has(call("PUT", "/agency/cases/C-1", 200, "{}"),
	    "\"case\":\"C-1\""));
	call("DELETE", "/agency/cases/C-1", 200, NULL);
	call("DELETE", "/agency/cases/C-1", 404, NULL);
}

static void
test_calls_are_counted_by_route(void **state)
{
	(void)state;
	call("POST", "/control/reset", 200, NULL);
	for (int i = 0; i < 3; i++)
		assert_string_equal(call("POST", "/stub/call/7", 200, "{}"),
		    "{\"ok\":true}");
	assert_true(text_has(call("GET", "/control/ledger", 200, NULL),
	    "\"calls\":{\"* /stub/call/{n}\":3,"));
}

static void
test_what_is_not_there_is_a_404_or_405(void **state)
{
	(void)state;
	call("GET", "/nosuch", 404, NULL);
	call("GET", "/", 404, NULL);
	call("PUT", "/chat/post", 405, "{}");
	call("GET", "/bank/domestic-payments?reference=%ff", 400, NULL);
	call("GET", "/crm/v3/objects/deals/%00", 400, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_sanctioned_name_is_a_hit),
	    cmocka_unit_test(test_a_name_says_whose_account_it_is),
	    cmocka_unit_test(
		test_a_company_changes_over_the_version_that_was_read),
	    cmocka_unit_test(test_a_deal_is_created_only_once_under_its_key),
	    cmocka_unit_test(test_a_tax_document_is_committed_once),
	    cmocka_unit_test(test_an_estimate_is_not_kept),
	    cmocka_unit_test(test_an_outage_of_the_vat_check_is_a_200),
	    cmocka_unit_test(test_chat_is_collected_and_written_to_the_ledger),
	    cmocka_unit_test(test_a_position_is_kept_and_marked_as_stale),
	    cmocka_unit_test(test_a_key_refunds_once),
	    cmocka_unit_test(test_more_than_was_received_is_not_refunded),
	    cmocka_unit_test(
		test_a_pending_refund_arrives_once_it_was_asked_about),
	    cmocka_unit_test(test_a_dispute_takes_one_answer),
	    cmocka_unit_test(test_a_letter_leaves_once),
	    cmocka_unit_test(test_a_case_is_placed_and_called_back),
	    cmocka_unit_test(test_calls_are_counted_by_route),
	    cmocka_unit_test(test_what_is_not_there_is_a_404_or_405),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
