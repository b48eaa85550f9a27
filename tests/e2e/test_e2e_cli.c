/* SPDX-License-Identifier: Apache-2.0 */
/* test_e2e_cli.c: the command line, with and without an engine. */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

static const struct house_options quiet = {.quiet_bank = true};

/* Runs it, and wants this status and this text in what it says. */
#define SAYS(house, status, text, ...)                                         \
	assert_run(house_run(house, (const char *[]){__VA_ARGS__, NULL}),      \
	    status, text)

/* What it says as JSON; to be freed. */
static json_t *
json_of(struct house *house, const char *const *arguments)
{
	struct run run = house_run(house, arguments);
	json_t *json = json_loads(run.text, JSON_DECODE_ANY, NULL);

	if (run.status != 0 || json == NULL)
		print_error("status %d: %s\n", run.status, run.text);
	assert_int_equal(run.status, 0);
	assert_non_null(json);
	run_fini(&run);
	return json;
}
#define JSON_OF(house, ...) json_of(house, (const char *[]){__VA_ARGS__, NULL})

/* ---- writing a workflow ---- */

static const char twelve_mistakes[] =
    "workflow: order\n"
    "version: 1\n"
    "owner: nobody-known\n"			      /*  1 */
    "calendar: lunar\n"				      /*  2 */
    "business-key: = input.id\n"
    "input: {type: objct}\n"			      /*  3 */
    "data: {total: null}\n"
    "events:\n"
    "  order.paid: {corelate: = total}\n"	      /*  4 */
    "initial: nwe\n"				      /*  5 */
    "incident: {owner: treasury, max-age: 4 hous}\n"  /*  6 */
    "states:\n"
    "  new:\n"
    "    entry:\n"
    "      - call: bank.submit-paymnt\n"	      /*  7 */
    "        with: {reference: = total}\n"
    "      - set: {total: = 1 +}\n"		      /*  8 */
    "      - decide: no-such-table\n"		      /*  9 */
    "    on:\n"
    "      done: waiting\n"			      /* 10 */
    "  waitin:\n"
    "    on:\n"
    "      order.payed: paid\n"			      /* 11 */
    "      order.paid: paid\n"
    "  paid: {type: finl}\n";			      /* 12 */

static void
test_check_tells_twelve_mistakes_in_one_run(void **state)
{
	struct house *house = house_build(&quiet);
	json_t *diagnostics, *diagnostic;
	struct run run;
	json_t *found;
	size_t i;
	long long line = 0;

	(void)state;
	house_write(house, "workflows/order.yaml", twelve_mistakes);
	SAYS(house, 1, "did you mean `submit-payment`?", "check",
	    "workflows/order.yaml");
	run = house_run(house,
	    (const char *[]){
		"check", "--format", "json", "workflows/order.yaml", NULL});
	assert_int_equal(run.status, 1);
	found = json_loads(run.text, 0, NULL);
	assert_non_null(found);
	diagnostics = json_at(found, "diagnostics");
	if (json_array_size(diagnostics) != 12)
		print_error("%s\n", run.text);
	assert_int_equal(json_array_size(diagnostics), 12);
	assert_int_equal(integer_at(found, "errors"), 11);
	assert_int_equal(integer_at(found, "warnings"), 1); /* the 11th */
	/* Each on a line of its own, in their order. */
	json_array_foreach(diagnostics, i, diagnostic)
	{
		assert_true(integer_at(diagnostic, "line") > line);
		assert_true(integer_at(diagnostic, "column") > 0);
		line = integer_at(diagnostic, "line");
	}
	json_decref(found);
	run_fini(&run);
	house_close(&house);
}

/* One mistake in a file beside it, and another file that leans on that one. */
static void
test_check_of_one_file_tells_what_is_wrong_beside_it(void **state)
{
	static const char mistake[] =
	    "common.yaml:2:1: unknown key `foo` in a contact [D101]";
	struct house *house = house_build(&quiet);

	(void)state;
	house_write(house, "common.yaml",
	    "contact: clerks # or two\nfoo: 1\nnotify: [{log: warning}]\n");
	house_write(house, "audited.yaml",
	    "workflow: audited\nversion: 1\n"
	    "incident: {owner: clerks, max-age: 1h}\n"
	    "initial: b\nstates: {b: {type: final}}\n");
	house_write(house, "one-payment.yaml",
	    "workflow: one-payment\nversion: 1\n"
	    "incident: {owner: clerks, max-age: 1h}\n"
	    "initial: a\nstates:\n"
	    "  a: {entry: [{run: audited}], on: {done: b, error: b}}\n"
	    "  b: {type: final}\n");
	SAYS(house, 1, "no contact `clerks`", "check", "one-payment.yaml");
	SAYS(house, 1, mistake, "check", "one-payment.yaml");
	SAYS(house, 1, "2 errors", "check", "one-payment.yaml");
	SAYS(house, 1, mistake, "draw", "one-payment.yaml");
	/* What is nowhere is nowhere. */
	house_write(house, "one-payment.yaml",
	    "workflow: one-payment\nversion: 1\n"
	    "incident: {owner: clarks, max-age: 1h}\n"
	    "initial: b\nstates: {b: {type: final}}\n");
	SAYS(house, 1, "expected one of: ", "check",
	    "one-payment.yaml");
	house_close(&house);
}

static void
test_shipped_workflows_are_sound_to_the_letter(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	SAYS(house, 0, "0 errors, 0 warnings", "check", "--strict",
	    "workflows");
	SAYS(house, 0, "", "check", "--workflow", "payment", "--input",
	    "{\"reference\":\"P-1\",\"entity\":\"DE01\",\"invoice_id\":7,"
	    "\"amount\":1234.10,\"currency\":\"EUR\","
	    "\"creditor\":{\"name\":\"ACME\",\"iban\":\"DE89370400440532013000\"}}",
	    "workflows");
	SAYS(house, 1, "amount", "check", "--workflow", "payment", "--input",
	    "{\"reference\":\"P-1\",\"entity\":\"DE01\",\"invoice_id\":7,"
	    "\"amount\":1234.105,\"currency\":\"EUR\","
	    "\"creditor\":{\"name\":\"ACME\",\"iban\":\"DE89370400440532013000\"}}",
	    "workflows");
	house_close(&house);
}

static void
test_eval_reckons_in_decimals(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	SAYS(house, 0, "true\n", "eval", "0.1 + 0.2 = 0.3");
	SAYS(house, 0, "0.3\n", "eval", "0.1 + 0.2");
	SAYS(house, 0, "1234.10\n", "eval", "amount", "--data",
	    "{\"amount\": 1234.10}");
	SAYS(house, 0, "99999999999999999999.99\n", "eval", "amount",
	    "--data", "{\"amount\": 99999999999999999999.99}");
	SAYS(house, 1, "expected a value", "eval", "1 +");
	house_write(house, "one.yaml", "decision: one\nhit-policy: unique\n"
	    "inputs: [= a]\noutputs: [b]\nrules: [['> 1', 1], ['> 2', 2]]\n");
	SAYS(house, 1, "rules 1 and 2", "eval", "--decision", "one.yaml",
	    "--data", "{\"a\": 3}");
	SAYS(house, 1, "rules 1 and 2", "eval", "--decision", "one.yaml",
	    "--data", "{\"a\": 3}", "--explain");
	house_close(&house);
}

static void
test_wrong_usage_is_status_two_and_says_what_was_meant(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	SAYS(house, 2, "start", "strat", "payment");
	SAYS(house, 2, "--input", "start", "payment", "--inptu", "{}");
	SAYS(house, 0, "usage: stated start", "start", "--help");
	/* Nobody is there. */
	SAYS(house, 1, "stated serve", "list");
	SAYS(house, 2, "--as has a control character", "start", "payment",
	    "--input", "{}", "--as", "a\r\nX: 1");
	SAYS(house, 2, "write HOST:PORT", "serve", "--listen",
	    "127.0.0.1:99999");
	SAYS(house, 2, "write HOST:PORT", "serve", "--listen", "127.0.0.1");
	SAYS(house, 2, "[HOST]:PORT", "serve", "--listen", "::1:0");
	house_close(&house);
}

/* ---- using an engine ---- */

/* The API's detail says the first one already. */
static void
test_wrong_parameter_is_told_once(void **state)
{
	static const char *const said[] = {
	    "  from: must not be after `to`\n", "  status: "};
	struct house *house = house_open(&quiet);
	struct run run = house_run(house,
	    (const char *[]){"list", "--from", "2026-02-01", "--to",
		"2026-01-01", "--status", "gone", NULL});

	(void)state;
	assert_int_equal(run.status, 2);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const char *at = strstr(run.text, said[i]);

		assert_non_null(at);
		assert_null(strstr(at + 1, said[i]));
	}
	assert_null(strstr(run.text, "(the whole)"));
	run_fini(&run);
	house_close(&house);
}

/* It makes no difference who finds out: the program, or the engine. */
static void
test_option_that_the_engine_can_not_take_is_status_two(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	SAYS(house, 2, "limit: must be", "list", "--limit", "x");
	SAYS(house, 2, "status: must be", "export", "--status", "gone");
	SAYS(house, 2, "from: must be", "population", "--from", "x");
	SAYS(house, 2, "size: must be", "sample", "--seed", "s", "--size", "x");
	SAYS(house, 2, "/expires: ", "token", "create", "--name", "a", "--role",
	    "auditor", "--expires", "x");
	SAYS(house, 2, "Idempotency-Key must", "start", "payment",
	    "--idempotency-key", "a b");
	SAYS(house, 2, "X-Stated-Actor is", "list", "--as", "engine");
	SAYS(house, 2, "/priority: must be", "start", "payment", "--priority",
	    "urgent");
	SAYS(house, 1, "amount", "start", "payment", "--input", "{}");
	SAYS(house, 1, "no such workflow", "start", "paymnt");
	house_close(&house);
}

#define INPUT(reference, amount)                                              \
	"{\"reference\":\"" reference "\",\"entity\":\"DE01\","               \
	"\"invoice_id\":7,\"amount\":" amount ",\"currency\":\"EUR\","        \
	"\"creditor\":{\"name\":\"ACME\",\"iban\":\"DE89370400440532013000\"}}"

static void
test_payment_goes_its_way_by_the_command_line(void **state)
{
	struct house *house = house_open(&quiet);
	json_t *json;

	(void)state;
	json = JSON_OF(house, "start", "payment", "--input",
	    INPUT("P-1", "1234.10"), "--wait", "8s", "--as", "ida", "--format",
	    "json");
	assert_string_equal(text_at(json, "state"), "awaiting-approval");
	json_decref(json);
	SAYS(house, 0, "P-1", "list");
	SAYS(house, 0, "1234.10", "show", "P-1");
	SAYS(house, 0, "Pay ACME", "task", "list");
	SAYS(house, 1, "Another person", "task", "decide", "P-1", "approved",
	    "--as", "ida");
	SAYS(house, 1, "choice", "task", "decide", "P-1", "aproved", "--as",
	    "anna");
	SAYS(house, 0, "P-1", "task", "decide", "P-1", "approved", "--as",
	    "anna", "--comment", "seen");
	payment_await(house, "P-1", "submitted");
	SAYS(house, 0, "matched", "event", "bank.payment.settled", "--subject",
	    "bp_1", "--id", "e1");
	SAYS(house, 0, "duplicate", "event", "bank.payment.settled",
	    "--subject", "bp_1", "--id", "e1");
	SAYS(house, 0, "held", "event", "bank.payment.settled", "--subject",
	    "bp_77");
	payment_await(house, "P-1", "settled");
	SAYS(house, 0, "matched", "event", "bank.statement.matched",
	    "--subject", "P-1", "--data", "{\"line\": 7}");
	payment_await(house, "P-1", "reconciled");
	SAYS(house, 0, "anna", "history", "P-1");
	json = JSON_OF(house, "show", "P-1", "--format", "json");
	assert_string_equal(text_at(json, "outcome"), "success");
	json_decref(json);
	house_close(&house);
}

static void
test_operators_keep_instances_moving_by_the_command_line(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	SAYS(house, 0, "P-1", "start", "payment", "--input",
	    INPUT("P-1", "60000"), "--wait", "8s");
	SAYS(house, 0, "suspended", "suspend", "P-1", "--as", "otto");
	SAYS(house, 1, "", "suspend", "P-1", "--as", "otto");
	SAYS(house, 0, "waiting", "resume", "P-1", "--as", "otto");
	SAYS(house, 0, "cancelled", "cancel", "P-1", "--as", "otto",
	    "--comment", "not ours");
	SAYS(house, 1, "over", "cancel", "P-1", "--as", "otto");
	SAYS(house, 1, "no such", "show", "P-9");
	SAYS(house, 0, "", "incident", "list");
	SAYS(house, 0, "", "escalation", "list");
	SAYS(house, 0, "", "dead-letter", "list");
	SAYS(house, 1, "/amount", "start", "payment", "--input",
	    INPUT("P-2", "-1"));
	house_close(&house);
}

static void
test_exports_prove_themselves_and_changes_are_found(void **state)
{
	struct house *house = house_open(&quiet);
	char *text, *digit;

	(void)state;
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "submitted");
	SAYS(house, 0, "", "export", "--output", "all.jsonl");
	SAYS(house, 0, "", "verify", "all.jsonl");
	/* From the database, while it is open. */
	SAYS(house, 0, "", "export", "--database", "disk/stated.db",
	    "--output", "offline.jsonl");
	SAYS(house, 0, "", "verify", "offline.jsonl");
	SAYS(house, 0, "", "verify", "disk/stated.db");
	SAYS(house, 0, "P-1", "export", "--format", "csv");
	SAYS(house, 0, "call bank.submit-payment", "export", "--format", "xes");
	SAYS(house, 0, "person:ida", "export", "--format", "ocel",
	    "--database", "disk/stated.db");
	SAYS(house, 0, "</log>", "export", "--format", "ocel-xml");
	SAYS(house, 0, "", "export", "--format", "bundle", "--instance", "P-1",
	    "--output", "one.tar");
	SAYS(house, 0, "sound", "verify", "one.tar");
	/* What was there, by an engine and without one. */
	SAYS(house, 0, "carried over and started are ended and open",
	    "population");
	SAYS(house, 0, "\"sum\": 250", "population", "--format", "json",
	    "--from", "2026-01-01", "--database", "disk/stated.db");
	SAYS(house, 2, "is after", "population", "--from", "2026-02-01",
	    "--to", "2026-01-01", "--database", "disk/stated.db");
	SAYS(house, 0, "P-1", "as-at", "2100-01-01");
	SAYS(house, 0, "\"status\":\"open\"", "as-at", "2100-01-01",
	    "--format", "json", "--database", "disk/stated.db");
	SAYS(house, 0, "", "as-at", "2100-01-01", "--format", "json",
	    "--output", "stood.jsonl");
	SAYS(house, 1, "has no chain", "verify", "stood.jsonl");
	SAYS(house, 2, "takes a day", "as-at", "yesterday");
	SAYS(house, 0, "P-1", "sample", "--size", "5", "--seed", "7",
	    "--database", "disk/stated.db");
	SAYS(house, 0, "P-1", "sample", "--size", "5", "--seed", "7");
	SAYS(house, 2, "--seed", "sample", "--size", "5");
	SAYS(house, 2, "--size", "sample", "--size", "0", "--seed", "7",
	    "--database", "disk/stated.db");
	SAYS(house, 2, "xes", "export", "--format", "pdf", "--database",
	    "disk/stated.db");
	/* 250 becomes 950. */
	text = house_read(house_path(house, "all.jsonl"));
	digit = strstr(text, "250");
	assert_non_null(digit);
	*digit = '9';
	house_write(house, "all.jsonl", text);
	free(text);
	SAYS(house, 1, "", "verify", "all.jsonl");
	house_close(&house);
}

static void
test_instances_are_called_by_any_key(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	house_write(house, "workflows/any.yaml",
	    "workflow: any\nversion: 1\ninput: {type: object}\n"
	    "business-key: = input.key\ninitial: over\n"
	    "states: {over: {type: final, outcome: success}}\n");
	house_start_engine(house);
	SAYS(house, 0, "", "start", "any", "--input", "{\"key\": \"..\"}");
	SAYS(house, 0, "any", "show", "..");
	SAYS(house, 1, "", "show", ".");
	SAYS(house, 0, "started", "history", "..");
	/* Numbers as they were given; a database is asked in the same way. */
	SAYS(house, 0, "", "start", "any", "--input", "{\"key\": 7.10}");
	SAYS(house, 0, "", "start", "any", "--input", "{\"key\": 1e2}");
	SAYS(house, 0, "", "start", "any", "--input", "{\"key\": \"8.1\"}");
	SAYS(house, 0, "started", "history", "7.10");
	SAYS(house, 0, "started", "history", "1e2");
	SAYS(house, 0, "started", "export", "--database", "disk/stated.db",
	    "--instance", "7.10");
	SAYS(house, 0, "started", "export", "--database", "disk/stated.db",
	    "--instance", "1e2", "--workflow", "any");
	SAYS(house, 1, "no instance has the identifier or business key 8.10",
	    "export", "--database", "disk/stated.db", "--instance", "8.10");
	SAYS(house, 0, "", "reperform", "disk/stated.db", "--instance", "7.10");
	house_close(&house);
}

/* Something else listens there: that is no empty list. */
static void
test_answer_that_is_no_json_is_a_failure(void **state)
{
	struct house *house = house_open(&quiet);
	char url[128];
	const char *environment[] = {url, NULL};
	const char *list[] = {house_program(), "list", NULL};

	(void)state;
	snprintf(url, sizeof(url), "STATED_URL=%s/metrics#", house->url);
	assert_run(program_run(house->directory, environment, list, NULL), 1,
	    "/metrics# is no JSON (1:1: ");
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_instances_are_called_by_any_key),
	    HOUSE_TEST(test_answer_that_is_no_json_is_a_failure),
	    HOUSE_TEST(test_check_tells_twelve_mistakes_in_one_run),
	    HOUSE_TEST(test_check_of_one_file_tells_what_is_wrong_beside_it),
	    HOUSE_TEST(test_shipped_workflows_are_sound_to_the_letter),
	    HOUSE_TEST(test_eval_reckons_in_decimals),
	    HOUSE_TEST(test_wrong_usage_is_status_two_and_says_what_was_meant),
	    HOUSE_TEST(test_wrong_parameter_is_told_once),
	    HOUSE_TEST(test_option_that_the_engine_can_not_take_is_status_two),
	    HOUSE_TEST(test_payment_goes_its_way_by_the_command_line),
	    HOUSE_TEST(
		test_operators_keep_instances_moving_by_the_command_line),
	    HOUSE_TEST(test_exports_prove_themselves_and_changes_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
