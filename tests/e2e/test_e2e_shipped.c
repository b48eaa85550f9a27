/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_shipped.c: shipped workflows other than the payment, against the
 * sandbox's Odoo, CRM, tax service and bank.
 *
 * Their stories are told by scenarios; here it is shown that what they send
 * is what the endpoints take, and that each thing is really done once.
 */
#include "house.h"

#include <stdio.h>

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

/* ---- quote-to-invoice ---- */

#define DEAL                                                                   \
	"\"revision\":1,\"entity\":\"DE01\","                                  \
	"\"amount\":900.00,\"discount_percent\":5,\"collect\":true,"           \
	"\"customer\":{\"key\":\"C-1\",\"name\":\"ACME\","                     \
	"\"iban\":\"DE89370400440532013000\"},"                                \
	"\"lines\":[{\"product\":11,\"description\":\"Licence\","              \
	"\"quantity\":2,\"price\":300.00},{\"product\":12,"                    \
	"\"description\":\"Training\",\"quantity\":1.5,\"price\":200.00}]"

static void
start_deal(struct house *house, const char *deal, const char *currency)
{
	assert_status(house_post_as(house, "sam",
			  "/v1/workflows/quote-to-invoice/instances",
			  "{\"input\":{\"deal\":\"%s\","
			  "\"currency\":\"%s\"," DEAL "}}",
			  deal, currency),
	    201);
}

static void
win_deal(struct house *house, const char *deal)
{
	assert_status(house_ask(house, &(struct ask){
			  .url = house->sandbox_url,
			  .path = "/crm/v3/objects/deals",
			  .headers = {"content-type: application/json"},
			  .body = "{\"properties\":{\"engine_key\":\"D-1\"}}"}),
	    201);
	start_deal(house, deal, "EUR");
}

static json_t *
odoo_records(json_t *ledger, const char *model)
{
	return json_object_get(json_object_get(ledger, "odoo"), model);
}

static void
test_won_deal_becomes_money(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *ledger, *moves, *payments;

	(void)state;
	win_deal(house, "D-1");
	payment_await_end(house, "D-1-1", "paid");
	ledger = payment_ledger(house, NULL);
	moves = odoo_records(ledger, "account.move");
	assert_int_equal(json_array_size(moves), 1);
	assert_string_equal(text_at(moves, "0.move_type"), "out_invoice");
	assert_string_equal(text_at(moves, "0.state"), "posted");
	assert_string_equal(text_at(moves, "0.invoice_origin"), "D-1");
	payments = odoo_records(ledger, "account.payment");
	assert_int_equal(json_array_size(payments), 1);
	assert_string_equal(text_at(payments, "0.payment_type"), "inbound");
	assert_string_equal(text_at(payments, "0.memo"), "D-1-1-1");
	/* 900 and a tenth of tax, with the digits that a bank expects. */
	assert_int_equal(json_array_size(json_at(ledger, "orders")), 1);
	assert_string_equal(text_at(ledger, "orders.0.amount"), "990.00");
	assert_string_equal(text_at(ledger, "tax.0.status"), "Committed");
	assert_string_equal(
	    text_at(ledger, "deals.0.properties.dealstage"), "invoiced");
	assert_string_equal(text_at(ledger, "deals.0.properties.invoice"),
	    text_at(moves, "0.name"));
	house_verify(house);
	house_close(&house);
}

static void
test_invoice_whose_answer_is_lost_is_made_once(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *moves;

	(void)state;
	assert_status(house_control(house, "/control/faults", "%s",
			  "{\"fault\":\"reset-after-commit\",\"times\":1,"
			  "\"path\":\"/odoo\",\"match\":\"out_invoice\","
			  "\"method\":\"POST\"}"),
	    200);
	win_deal(house, "D-1");
	payment_await_end(house, "D-1-1", "paid");
	moves = odoo_records(payment_ledger(house, NULL), "account.move");
	assert_int_equal(json_array_size(moves), 1);
	house_close(&house);
}

/* It is asked only once what had to be undone has been. */
static void
await_task(struct house *house, const char *key)
{
	int64_t until_ms = time_ms() + 10000;

	while (json_array_size(json_at(
		   house_get(house, "/v1/tasks?instance=%s", key)->json,
		   "items")) == 0) {
		assert_true(time_ms() < until_ms);
		time_sleep(10);
	}
}

static void
decide(struct house *house, const char *key, const char *who,
    const char *choice)
{
	char path[256];

	await_task(house, key);
	snprintf(path, sizeof(path), "/v1/tasks/%s/decide",
	    payment_task(house, key));
	assert_status(house_post_as(house, who, path,
			  "{\"choice\":\"%s\"}", choice),
	    200);
}

static void
test_charge_that_is_rejected_is_credited(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *ledger, *moves;

	(void)state;
	win_deal(house, "REJECT-LATER");
	payment_await(house, "REJECT-LATER-1", "in-review");
	decide(house, "REJECT-LATER-1", "bill", "reverse");
	payment_await_end(house, "REJECT-LATER-1", "reversed");
	ledger = payment_ledger(house, NULL);
	moves = odoo_records(ledger, "account.move");
	assert_int_equal(json_array_size(moves), 2);
	assert_string_equal(text_at(moves, "1.move_type"), "out_refund");
	assert_string_equal(text_at(moves, "1.state"), "posted");
	assert_string_equal(text_at(ledger, "tax.0.status"), "Cancelled");
	assert_string_equal(
	    text_at(odoo_records(ledger, "sale.order"), "0.state"), "cancel");
	assert_int_equal(json_array_size(json_at(ledger, "orders")), 1);
	house_verify(house);
	house_close(&house);
}

static void
assert_currency(json_t *ledger, const char *model, const char *at, int id)
{
	char path[64];

	snprintf(path, sizeof(path), "%s.currency_id", at);
	assert_int_equal(
	    json_integer_value(json_at(odoo_records(ledger, model), path)), id);
}

/* Odoo's number of the pound is 143 here, 1 is the company's own currency. */
static void
test_pounds_are_booked_as_pounds(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *ledger;

	(void)state;
	start_deal(house, "D-1", "GBP");
	payment_await_end(house, "D-1-1", "paid");
	start_deal(house, "REJECT-LATER", "GBP");
	payment_await(house, "REJECT-LATER-1", "in-review");
	decide(house, "REJECT-LATER-1", "bill", "reverse");
	payment_await_end(house, "REJECT-LATER-1", "reversed");
	ledger = payment_ledger(house, NULL);
	assert_currency(ledger, "sale.order", "0", 143);
	assert_currency(ledger, "account.payment", "0", 143);
	assert_currency(ledger, "account.move", "0", 143);
	assert_string_equal(text_at(odoo_records(ledger, "account.move"),
				"2.move_type"),
	    "out_refund");
	assert_currency(ledger, "account.move", "2", 143);
	house_close(&house);
}

/* ---- payment ---- */

/* A record of Odoo's, as its users make them; gives nothing but that. */
static void
odoo_make(struct house *house, const char *call)
{
	char body[1024];
	struct reply *reply;

	snprintf(body, sizeof(body),
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"call\",\"params\":"
	    "{\"service\":\"object\",\"method\":\"execute_kw\",\"args\":"
	    "[\"demo\",2,\"admin\",%s]}}",
	    call);
	reply = house_ask(house, &(struct ask){.url = house->sandbox_url,
				     .path = "/odoo/jsonrpc",
				     .headers = {"content-type: application/json"},
				     .body = body});
	assert_status(reply, 200);
	assert_non_null(json_at(reply->json, "result"));
}

static void
pay_pounds(struct house *house, const char *reference)
{
	assert_status(house_post_as(house, "ida",
			  "/v1/workflows/payment/instances",
			  "{\"input\":{\"reference\":\"%s\","
			  "\"entity\":\"DE01\",\"invoice_id\":7,"
			  "\"amount\":250.10,\"currency\":\"GBP\","
			  "\"creditor\":{\"name\":\"ACME\","
			  "\"iban\":\"DE89370400440532013000\"}}}",
			  reference),
	    201);
}

static void
lose_registration(struct house *house, const char *fault)
{
	assert_status(house_control(house, "/control/faults",
			  "{\"fault\":\"%s\",\"times\":1,"
			  "\"path\":\"/odoo\",\"match\":\"outbound\"}",
			  fault),
	    200);
}

static void
test_registered_payment_is_known_by_all_of_it(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *ledger;

	(void)state;
	lose_registration(house, "reset-after-commit");
	pay_pounds(house, "P-1");
	payment_await_end(house, "P-1", "reconciled");
	ledger = payment_ledger(house, NULL);
	assert_int_equal(
	    json_array_size(odoo_records(ledger, "account.payment")), 1);
	assert_currency(ledger, "account.payment", "0", 143);
	house_close(&house);
}

static void
await_incident(struct house *house, const char *key)
{
	int64_t until_ms = time_ms() + 10000;

	while (json_array_size(json_at(
		   payment_show(house, key), "incidents")) == 0) {
		assert_true(time_ms() < until_ms);
		time_sleep(10);
	}
}

/* Its memo is ours, its amount in dollars isn't: a person has to look. */
static void
test_payment_of_another_amount_is_not_taken_for_ours(void **state)
{
	struct house *house = house_open(&hasty);

	(void)state;
	odoo_make(house, "\"account.payment\",\"create\",[{\"memo\":\"P-1\","
			 "\"payment_type\":\"inbound\","
			 "\"amount\":250.10}]");
	lose_registration(house, "reset-before-commit");
	pay_pounds(house, "P-1");
	await_incident(house, "P-1");
	assert_string_equal(
	    text_at(payment_show(house, "P-1"), "state"), "settled");
	assert_int_equal(json_array_size(odoo_records(
			     payment_ledger(house, NULL), "account.payment")),
	    1);
	house_close(&house);
}

/* ---- vendor-bill ---- */

/* Ten chairs are ordered of partner 7. */
static void
order_chairs(struct house *house)
{
	odoo_make(house, "\"res.partner\",\"create\",[{\"name\":\"Chairs\","
			 "\"vat\":\"DE811907980\",\"is_company\":true}]");
	odoo_make(house, "\"res.partner.bank\",\"create\",[{\"partner_id\":7,"
			 "\"acc_number\":\"DE02120300000000202051\","
			 "\"allow_out_payment\":true}]");
	odoo_make(house, "\"purchase.order\",\"create\",[{\"partner_id\":7,"
			 "\"currency_id\":2,\"order_line\":[[0,0,{\"product_id\":21,"
			 "\"name\":\"Chair\",\"product_qty\":10,"
			 "\"price_unit\":50}]]}]");
	odoo_make(house, "\"purchase.order\",\"button_confirm\",[[1]]");
}

static void
receive_chairs(struct house *house)
{
	odoo_make(house, "\"purchase.order.line\",\"write\","
			 "[[1],{\"qty_received\":10}]");
}

#define SCAN "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define RESCAN                                                                 \
	"60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
#define BILL                                                                   \
	"{\"supplier_vat\":\"DE811907980\",\"number\":\"R-88\","               \
	"\"date\":\"2026-11-20\",\"due\":\"2026-12-20\","                      \
	"\"currency\":\"EUR\",\"net\":500.00,\"tax\":50.00,"                   \
	"\"total\":550.00,\"iban\":\"DE02120300000000202051\","                \
	"\"order\":\"P00001\",\"lines\":[{\"description\":\"Chair\","          \
	"\"quantity\":10,\"price\":50.00,\"order_line\":1}]}"

/* The reader says nothing, so that a person keys the bill in. */
static void
key_in(struct house *house, const char *scan)
{
	char path[256];

	assert_status(house_post_as(house, "scanner",
			  "/v1/workflows/vendor-bill/instances",
			  "{\"input\":{\"entity\":\"DE01\",\"document\":\"a\","
			  "\"digest\":\"%s\",\"pay\":\"at-once\"}}",
			  scan),
	    201);
	payment_await(house, scan, "keying");
	snprintf(path, sizeof(path), "/v1/tasks/%s/decide",
	    payment_task(house, scan));
	assert_status(house_post_as(house, "kim", path, "%s",
			  "{\"choice\":\"entered\",\"data\":" BILL "}"),
	    200);
}

/* The rest goes by itself, down to the payment, which is an instance of its
 * own. */
static void
test_bill_is_matched_booked_and_paid(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *ledger, *moves;

	(void)state;
	order_chairs(house);
	receive_chairs(house);
	key_in(house, SCAN);
	payment_await_end(house, SCAN, "paid");
	ledger = payment_ledger(house, NULL);
	moves = odoo_records(ledger, "account.move");
	assert_int_equal(json_array_size(moves), 1);
	assert_string_equal(text_at(moves, "0.move_type"), "in_invoice");
	assert_string_equal(text_at(moves, "0.state"), "posted");
	assert_string_equal(text_at(moves, "0.ref"), "R-88");
	assert_int_equal(json_array_size(json_at(ledger, "orders")), 1);
	assert_string_equal(text_at(ledger, "orders.0.amount"), "550.00");
	assert_string_equal(
	    text_at(odoo_records(ledger, "account.payment"), "0.payment_type"),
	    "outbound");
	house_verify(house);
	house_close(&house);
}

/* Else it was found to be a duplicate. */
static bool
is_paid_in_the_end(struct house *house, const char *scan)
{
	int64_t until_ms = time_ms() + 20000;
	const char *state;

	for (;;) {
		state = text_at(payment_show(house, scan), "state");
		if (strcmp(state, "paid") == 0)
			return true;
		if (strcmp(state, "duplicate") == 0)
			return false;
		assert_true(time_ms() < until_ms);
		time_sleep(20);
	}
}

/* One receipt lets both go on in the same moment. */
static void
test_bill_that_was_scanned_twice_is_paid_once(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *ledger, *moves;
	bool first, second;

	(void)state;
	order_chairs(house);
	key_in(house, SCAN);
	key_in(house, RESCAN);
	payment_await(house, SCAN, "awaiting-receipt");
	payment_await(house, RESCAN, "awaiting-receipt");
	receive_chairs(house);
	house_post_event(house, "odoo.receipt.done", "P00001");
	first = is_paid_in_the_end(house, SCAN);
	second = is_paid_in_the_end(house, RESCAN);
	assert_int_equal(first + second, 1);
	ledger = payment_ledger(house, NULL);
	moves = odoo_records(ledger, "account.move");
	assert_int_equal(json_array_size(moves), 1);
	assert_int_equal(json_array_size(json_at(ledger, "orders")), 1);
	house_verify(house);
	house_close(&house);
}

/* ---- supplier-onboarding ---- */

/* Three questions go out at once; then somebody agrees, and money may flow. */
static void
test_supplier_is_checked_and_trusted(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *ledger, *banks;

	(void)state;
	assert_status(
	    house_post_as(house, "rita",
		"/v1/workflows/supplier-onboarding/instances", "%s",
		"{\"input\":{\"key\":\"S-55\",\"entity\":\"DE01\","
		"\"name\":\"Chairs\",\"vat_country\":\"DE\","
		"\"vat_number\":\"811907980\",\"country\":\"DE\","
		"\"iban\":\"DE02120300000000202051\","
		"\"email\":\"s@chairs.example\",\"yearly_volume\":40000}}"),
	    201);
	payment_await(house, "S-55", "awaiting-approval");
	decide(house, "S-55", "pam", "approved");
	payment_await(house, "S-55", "active");
	ledger = payment_ledger(house, NULL);
	banks = odoo_records(ledger, "res.partner.bank");
	assert_int_equal(json_array_size(banks), 1);
	assert_string_equal(
	    text_at(banks, "0.acc_number"), "DE02120300000000202051");
	assert_true(json_is_true(json_at(banks, "0.allow_out_payment")));
	assert_int_equal(
	    json_array_size(odoo_records(ledger, "res.partner")), 1);
	house_verify(house);
	house_close(&house);
}

/* ---- customer-sync ---- */

static void
test_customer_changes_in_the_crm_as_in_odoo(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *ledger;

	(void)state;
	odoo_make(house, "\"res.partner\",\"create\",[{\"ref\":\"C-1\","
			 "\"name\":\"ACME SE\",\"street\":\"New Street 2\"}]");
	assert_status(house_ask(house, &(struct ask){
			  .url = house->sandbox_url,
			  .method = "PUT",
			  .path = "/crm/v3/objects/companies/C-1",
			  .body = "{\"properties\":{\"name\":\"ACME\","
				  "\"address\":\"Old Street 1\"}}"}),
	    201);
	assert_status(
	    house_post_as(house, "hub",
		"/v1/workflows/customer-sync/instances", "%s",
		"{\"input\":{\"source\":\"odoo\",\"change\":\"m-1\","
		"\"customer\":\"C-1\",\"changed_by\":\"ines\","
		"\"before\":{\"name\":\"ACME\",\"street\":\"Old Street 1\"},"
		"\"after\":{\"name\":\"ACME SE\","
		"\"street\":\"New Street 2\"}}}"),
	    201);
	payment_await_end(house, "odoo-m-1", "in-step-now");
	ledger = payment_ledger(house, NULL);
	assert_string_equal(
	    text_at(ledger, "companies.0.properties.name"), "ACME SE");
	assert_string_equal(text_at(ledger, "companies.0.properties.address"),
	    "New Street 2");
	assert_string_equal(
	    text_at(ledger, "companies.0.properties.sync_change"), "odoo-m-1");
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_won_deal_becomes_money),
	    HOUSE_TEST(test_invoice_whose_answer_is_lost_is_made_once),
	    HOUSE_TEST(test_charge_that_is_rejected_is_credited),
	    HOUSE_TEST(test_pounds_are_booked_as_pounds),
	    HOUSE_TEST(test_registered_payment_is_known_by_all_of_it),
	    HOUSE_TEST(test_payment_of_another_amount_is_not_taken_for_ours),
	    HOUSE_TEST(test_bill_is_matched_booked_and_paid),
	    HOUSE_TEST(test_bill_that_was_scanned_twice_is_paid_once),
	    HOUSE_TEST(test_supplier_is_checked_and_trusted),
	    HOUSE_TEST(test_customer_changes_in_the_crm_as_in_odoo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
