/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_money.c: the shipped workflows that move or book money, against
 * the sandbox's bank, card processor and Odoo.
 *
 * Their stories are told by scenarios; here it is shown that what they send
 * is what the endpoints take, and that each thing is really done once, also
 * where the engine is killed in the middle of it.
 */
#include "house.h"

#include <stdio.h>
#include <time.h>

#define LINES 40

/* Half a minute, which a question waits, is 50 ms; a business day is long. */
static const struct house_options hasty = {
    .clock = "600x",
    .sandbox = {"--delay-accepted", "20", "--delay-settling", "40",
	"--delay-settled", "60", "--delay-matched", "120"},
};

static void
start(struct house *house, const char *workflow, const char *input)
{
	char path[128];

	snprintf(path, sizeof(path), "/v1/workflows/%s/instances", workflow);
	assert_status(
	    house_post_as(house, "ines", path, "{\"input\":%s}", input), 201);
}

static void
decide(struct house *house, const char *key, const char *who,
    const char *choice, const char *data)
{
	char path[256];

	snprintf(path, sizeof(path), "/v1/tasks/%s/decide",
	    payment_task(house, key));
	assert_status(house_post_as(house, who, path,
			  "{\"choice\":\"%s\",\"data\":%s}", choice, data),
	    200);
}

static void
send_event(struct house *house, const char *type, const char *subject,
    const char *data)
{
	assert_status(house_post(house, "/v1/events",
			  "{\"specversion\":\"1.0\",\"id\":\"%s-%s\","
			  "\"source\":\"/e2e\",\"type\":\"%s\","
			  "\"subject\":\"%s\",\"data\":%s}",
			  type, subject, type, subject, data),
	    202);
}

static json_t *
odoo_records(json_t *ledger, const char *model)
{
	return json_object_get(json_object_get(ledger, "odoo"), model);
}

static void
make_partner(struct house *house)
{
	assert_status(house_ask(house, &(struct ask){
			  .url = house->sandbox_url,
			  .path = "/odoo/json/2/res.partner/create",
			  .headers = {"content-type: application/json",
			      "authorization: bearer admin"},
			  .body = "{\"vals_list\":[{\"name\":\"Erika\"}]}"}),
	    200);
}

/* ---- payment-run, then bank-statement-import ---- */

/* One of the lines is rejected by the bank after it was accepted. */
static const char *
batch(void)
{
	static char text[LINES * 256];
	size_t at = (size_t)snprintf(text, sizeof(text),
	    "{\"run\":\"RUN-1\",\"entity\":\"DE01\",\"account\":\"A1\","
	    "\"kind\":\"payroll\",\"totals\":[{\"currency\":\"EUR\","
	    "\"count\":%d,\"amount\":%d.40}],\"lines\":[",
	    LINES, LINES * 250);

	for (int i = 0; i < LINES; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
		    "%s{\"reference\":\"PAY-%02d\",\"invoice_id\":%d,"
		    "\"amount\":250.01,\"currency\":\"EUR\",\"creditor\":"
		    "{\"name\":\"%s %d\",\"iban\":\"DE893704004405320130%02d\"}}",
		    i ? "," : "", i, i + 1, i == 3 ? "REJECT-LATER" : "Person",
		    i, i);
	snprintf(text + at, sizeof(text) - at, "]}");
	return text;
}

/* Nobody is paid twice, and nobody who is paid is missing in the books. */
static void
check_payments(struct house *house)
{
	json_t *ledger = payment_ledger(house, NULL);
	json_t *orders = json_at(ledger, "orders");
	char reference[16];

	assert_int_equal(json_array_size(orders), LINES - 1);
	for (int i = 0; i < LINES; i++) {
		snprintf(reference, sizeof(reference), "PAY-%02d", i);
		assert_int_equal(
		    json_count_with(orders, "reference", reference),
		    i == 7 ? 0 : 1);
	}
	assert_int_equal(
	    json_array_size(odoo_records(ledger, "account.payment")),
	    LINES - 2);
}

/* While children are under way: lines are done, and lines are to come. */
static void
kill_in_the_middle(struct house *house)
{
	int64_t until_ms = time_ms() + 20000;
	size_t orders;

	do {
		assert_true(time_ms() < until_ms);
		orders = json_array_size(
		    json_at(payment_ledger(house, NULL), "orders"));
	} while (orders < LINES / 4);
	assert_true(orders < LINES - 1);
	program_kill(&house->engine);
	house_start_engine(house);
}

static struct tm
today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	assert_non_null(gmtime_r(&now, &tm));
	return tm;
}

static void
import_statement(struct house *house)
{
	char day[16], input[128], key[64];
	const struct tm tm = today();

	strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	snprintf(input, sizeof(input),
	    "{\"account\":\"A1\",\"entity\":\"DE01\",\"day\":\"%s\"}", day);
	snprintf(key, sizeof(key), "A1%%2F%s", day);
	start(house, "bank-statement-import", input);
	payment_await_end(house, key, "imported");
}

static void
test_batch_survives_a_kill_and_shows_on_the_statement(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *ledger, *lines;

	(void)state;
	start(house, "payment-run", batch());
	payment_await(house, "RUN-1", "awaiting-approval");
	send_event(house, "payment-run.line.held", "RUN-1",
	    "{\"reference\":\"PAY-07\"}");
	decide(house, "RUN-1", "clara", "approved", "null");
	decide(house, "RUN-1", "carl", "approved", "null");
	kill_in_the_middle(house);
	payment_await(house, "RUN-1", "resolving");
	check_payments(house);
	decide(house, "RUN-1", "tina", "close",
	    "{\"explanation\":\"corrected in the next run\"}");
	payment_await_end(house, "RUN-1", "closed");

	/* The first line's answer is lost. */
	assert_status(house_control(house, "/control/faults", "%s",
			  "{\"fault\":\"reset-after-commit\",\"times\":1,"
			  "\"path\":\"/odoo\",\"match\":\"statement.line\"}"),
	    200);
	import_statement(house);
	ledger = payment_ledger(house, NULL);
	lines = odoo_records(ledger, "account.bank.statement.line");
	assert_int_equal(json_array_size(lines), LINES - 2);
	assert_string_equal(text_at(ledger, "positions.A1.balance"),
	    "990499.62");
	house_verify(house);
	house_close(&house);
}

/* ---- refund ---- */

#define REFUND(reference, payment)                                             \
	"{\"reference\":\"" reference "\",\"entity\":\"DE01\","                \
	"\"payment\":\"" payment "\",\"invoice_id\":1,\"partner_id\":7,"       \
	"\"amount\":49.90,\"currency\":\"EUR\","                               \
	"\"reason\":\"requested_by_customer\","                                \
	"\"customer\":{\"name\":\"Erika\"}}"

static void
test_refund_whose_answer_is_lost_is_made_once(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *ledger, *notes;

	(void)state;
	make_partner(house);
	assert_status(house_control(house, "/control/faults", "%s",
			  "[{\"fault\":\"reset-after-commit\",\"times\":1,"
			  "\"path\":\"/stripe/v1/refunds\"},"
			  "{\"fault\":\"reset-after-commit\",\"times\":1,"
			  "\"path\":\"/odoo\",\"match\":\"out_refund\"}]"),
	    200);
	start(house, "refund", REFUND("R-1", "pi_1"));
	payment_await(house, "R-1", "watching");
	ledger = payment_ledger(house, NULL);
	assert_int_equal(json_array_size(json_at(ledger, "refunds")), 1);
	assert_int_equal(integer_at(ledger, "refunds.0.amount"), 4990);
	notes = odoo_records(ledger, "account.move");
	assert_int_equal(json_array_size(notes), 1);
	assert_string_equal(text_at(notes, "0.state"), "posted");
	assert_string_equal(text_at(notes, "0.move_type"), "out_refund");
	house_verify(house);
	house_close(&house);
}

static void
test_refund_that_fails_is_withdrawn_with_its_note(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *ledger;

	(void)state;
	make_partner(house);
	start(house, "refund", REFUND("R-2", "pi_FAILED"));
	payment_await(house, "R-2", "customer-owed");
	decide(house, "R-2", "rosa", "withdrawn",
	    "{\"explanation\":\"exchanged for other goods\"}");
	payment_await_end(house, "R-2", "withdrawn");
	ledger = payment_ledger(house, NULL);
	assert_string_equal(
	    text_at(odoo_records(ledger, "account.move"), "0.state"), "cancel");
	house_close(&house);
}

/* ---- chargeback ---- */

static void
test_dispute_is_answered_once_and_won(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *ledger, *moves;

	(void)state;
	start(house, "chargeback",
	    "{\"dispute\":\"dp_WON\",\"entity\":\"DE01\",\"invoice_id\":1,"
	    "\"partner_id\":7,\"amount\":320.00,\"currency\":\"EUR\","
	    "\"reason\":\"product_not_received\",\"opened\":\"2026-11-20\","
	    "\"due_by\":\"2099-12-04T23:59:59Z\"}");
	payment_await(house, "dp_WON", "deciding");
	decide(house, "dp_WON", "dora", "contest", "null");
	decide(house, "dp_WON", "dora", "ready",
	    "{\"evidence\":{\"product_description\":\"a lamp\"}}");
	decide(house, "dp_WON", "emil", "approved", "null");
	payment_await(house, "dp_WON", "under-review");
	send_event(house, "stripe.dispute.won", "dp_WON", "{}");
	payment_await_end(house, "dp_WON", "won");
	ledger = payment_ledger(house, NULL);
	moves = odoo_records(ledger, "account.move");
	assert_int_equal(json_array_size(moves), 2);
	assert_string_equal(text_at(moves, "0.ref"), "dp_WON");
	assert_string_equal(text_at(moves, "1.ref"), "dp_WON-won");
	assert_string_equal(text_at(moves, "1.state"), "posted");
	house_verify(house);
	house_close(&house);
}

/* ---- revenue-schedule ---- */

static void
test_revenue_is_recognised_by_month_and_reversed(void **state)
{
	struct house *house = house_open(&hasty);
	int last_year = today().tm_year + 1899;
	char input[256], first[16];
	json_t *moves;

	(void)state;
	/* A year of its months is over at least, some years are to come. */
	snprintf(input, sizeof(input),
	    "{\"contract\":\"C-1\",\"entity\":\"DE01\",\"company\":1,"
	    "\"customer\":\"Globex\",\"total\":100.00,\"currency\":\"EUR\","
	    "\"starts\":\"%d-01-01\",\"periods\":60}", last_year);
	snprintf(first, sizeof(first), "%d-01-31", last_year);
	start(house, "revenue-schedule", input);
	for (int64_t until_ms = time_ms() + 20000;;) {
		json_t *shown = payment_show(house, "C-1");

		if (integer_at(shown, "data.next") > 2 &&
		    strcmp(text_at(shown, "state"), "scheduled") == 0)
			break;
		assert_true(time_ms() < until_ms);
		time_sleep(20);
	}
	moves = odoo_records(payment_ledger(house, NULL), "account.move");
	assert_true(json_array_size(moves) >= 2);
	assert_string_equal(text_at(moves, "0.ref"), "C-1-1");
	assert_string_equal(text_at(moves, "0.date"), first);
	assert_int_equal(json_count_with(moves, "ref", "C-1-1"), 1);

	send_event(house, "contract.voided", "C-1", "{}");
	payment_await_end(house, "C-1", "voided");
	moves = odoo_records(payment_ledger(house, NULL), "account.move");
	assert_int_equal(json_count_with(moves, "ref", "C-1-1-reversed"), 1);
	assert_int_equal(json_count_with(moves, "ref", "C-1-2-reversed"), 1);
	assert_int_equal(json_array_size(moves) % 2, 0);
	house_verify(house);
	house_close(&house);
}

/* ---- collections ---- */

static void
test_letter_whose_answer_is_lost_leaves_once(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *letters;

	(void)state;
	assert_status(house_control(house, "/control/faults", "%s",
			  "{\"fault\":\"reset-after-commit\",\"times\":1,"
			  "\"path\":\"/letters\"}"),
	    200);
	start(house, "collections",
	    "{\"number\":\"INV-77\",\"entity\":\"DE01\",\"invoice_id\":1,"
	    "\"amount\":1000.00,\"currency\":\"EUR\",\"due\":\"2020-01-31\","
	    "\"customer\":{\"id\":7,\"name\":\"Globex\","
	    "\"email\":\"a@globex.example\"}}");
	payment_await(house, "INV-77", "warned");
	send_event(house, "invoice.paid", "INV-77", "{}");
	payment_await_end(house, "INV-77", "paid");
	letters = json_at(payment_ledger(house, NULL), "desk.letters");
	assert_int_equal(json_object_size(letters), 1);
	assert_string_equal(
	    text_at(letters, "INV-77-warning.template"), "warning");
	assert_string_equal(text_at(letters, "INV-77-warning.to.name"),
	    "Globex");
	house_close(&house);
}

/* ---- reconciliation-exception ---- */

static void
test_write_off_that_odoo_forgets_to_confirm_is_posted_once(void **state)
{
	struct house *house = house_open(&hasty);
	json_t *moves;

	(void)state;
	assert_status(house_control(house, "/control/faults", "%s",
			  "{\"fault\":\"reset-after-commit\",\"times\":1,"
			  "\"path\":\"/odoo\",\"match\":\"action_post\"}"),
	    200);
	start(house, "reconciliation-exception",
	    "{\"reference\":\"ST-1\",\"entity\":\"DE01\",\"account\":\"A1\","
	    "\"kind\":\"unmatched-line\",\"amount\":-3.20,"
	    "\"currency\":\"EUR\",\"dated\":\"2026-11-20\",\"text\":\"FEE\"}");
	payment_await(house, "ST-1", "working");
	decide(house, "ST-1", "anna", "write-off",
	    "{\"explanation\":\"charges of the bank\"}");
	payment_await_end(house, "ST-1", "written-off");
	moves = odoo_records(payment_ledger(house, NULL), "account.move");
	assert_int_equal(json_array_size(moves), 1);
	assert_string_equal(text_at(moves, "0.state"), "posted");
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_batch_survives_a_kill_and_shows_on_the_statement),
	    HOUSE_TEST(test_refund_whose_answer_is_lost_is_made_once),
	    HOUSE_TEST(test_refund_that_fails_is_withdrawn_with_its_note),
	    HOUSE_TEST(test_dispute_is_answered_once_and_won),
	    HOUSE_TEST(test_revenue_is_recognised_by_month_and_reversed),
	    HOUSE_TEST(test_letter_whose_answer_is_lost_leaves_once),
	    HOUSE_TEST(
		test_write_off_that_odoo_forgets_to_confirm_is_posted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
