/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_for.c: a run of 10,000 payments in one instance, 16 at once, that
 * is killed in the middle, several times, and goes on: every line is at the
 * bank once, and the results stand in the order of the lines.
 *
 * The same where each line is an instance of its own.
 *
 * STATED_LINES says how many lines (10,000; 2,000 instances), STATED_KILLS how
 * often (4; 3).
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SETTLE_MS 180000

static const struct house_options quiet = {
    .config = "log: {level: warning}\n",
    .quiet_bank = true,
};

#define RUN_OF_MANY(steps)                                             \
	"workflow: many\n"                                             \
	"version: 1\n"                                                 \
	"business-key: = input.run\n"                                  \
	"data: {references: null, ids: null}\n"                        \
	"initial: paying\n"                                            \
	"states:\n"                                                    \
	"  paying:\n"                                                  \
	"    entry:\n"                                                 \
	"      - for:\n"                                               \
	"          each: line\n"                                       \
	"          in: '= for i in 1..input.lines return {reference: " \
	"input.run + "                                                 \
	"\"-\" + string(i), amount: i}'\n"                             \
	"        parallel: 16\n"                                       \
	"        do:\n" steps                                          \
	"        output: {references: = results.reference, ids: = "    \
	"results.id}\n"                                                \
	"    on: {done: paid}\n"                                       \
	"  paid: {type: final, outcome: success}\n"

static const char calls[] = RUN_OF_MANY(
    "          - call: teller.pay\n"
    "            with: {reference: = line.reference, amount: = line.amount}\n"
    "            output: {reference: = line.reference, id: = response.id}\n"
    "            retry: {limit: 100, delay: 50ms, max-delay: 200ms}\n");

static const char children[] =
    RUN_OF_MANY("          - run: one\n"
		"            with: = line\n"
		"            output: {reference: = line.reference, id: = "
		"response.output.id}\n");

/* What a line is where it is an instance of its own. */
static const char child[] =
    "workflow: one\n"
    "version: 1\n"
    "business-key: = input.reference\n"
    "data: {id: null}\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry:\n"
    "      - call: teller.pay\n"
    "        with: {reference: = input.reference, amount: = input.amount}\n"
    "        output: {id: = response.id}\n"
    "        retry: {limit: 100, delay: 50ms, max-delay: 200ms}\n"
    "    on: {done: paid}\n"
    "  paid: {type: final, outcome: success, output: {id: = id}}\n"
    "---\n"
    "connection: teller\n"
    "kind: http\n"
    "url: = settings.bank.url\n"
    "auth: {bearer: {secret: bank_token}}\n"
    "limits: {concurrency: 16}\n"
    "operations:\n"
    "  pay:\n"
    "    request:\n"
    "      post: /domestic-payments\n"
    "      headers: {x-idempotency-key: = idempotency_key}\n"
    "      body:\n"
    "        Data:\n"
    "          Initiation:\n"
    "            InstructionIdentification: = reference\n"
    "            EndToEndIdentification: = reference\n"
    "            InstructedAmount: {Amount: = string(amount), Currency: EUR}\n"
    "            CreditorAccount: {SchemeName: UK.OBIE.IBAN, Identification: "
    "DE89370400440532013000, Name: ACME}\n"
    "            RemittanceInformation: {Reference: = reference}\n"
    "    idempotent: true\n"
    "    success: = status in (200, 201)\n"
    "    output: {id: = body.Data.DomesticPaymentId}\n";

static int
count_from(const char *name, int otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? atoi(text) : otherwise;
}

/* Until so many lines have begun; the others have not. */
static void
await_begun(struct house *house, int count)
{
	int64_t until_ms = time_ms() + SETTLE_MS;
	json_t *instance;

	do {
		assert_true(time_ms() < until_ms);
		time_sleep(20);
		instance = house_get(house, "/v1/instances/RUN")->json;
		assert_string_not_equal(
		    text_at(instance, "status"), "completed");
	} while (integer_at(instance, "loops.0.begun") < count);
}

static json_t *
await_end(struct house *house)
{
	int64_t until_ms = time_ms() + SETTLE_MS;

	for (;;) {
		struct reply *reply = house_get(house, "/v1/instances/RUN");

		if (reply->status == 200 &&
		    strcmp(text_at(reply->json, "status"), "completed") == 0)
			return reply->json;
		assert_true(time_ms() < until_ms);
		time_sleep(100);
	}
}

/* The n-th result is the n-th line's, and the bank has it under that id. */
static void
check_results(struct house *house, json_t *instance, size_t lines)
{
	json_t *references = json_at(instance, "data.references");
	json_t *ids = json_at(instance, "data.ids");
	json_t *orders = json_at(payment_ledger(house, NULL), "orders");
	json_t *by_reference = json_object(), *order;
	size_t i;

	assert_int_equal(json_array_size(orders), lines);
	assert_int_equal(json_array_size(references), lines);
	assert_int_equal(json_array_size(ids), lines);
	json_array_foreach(orders, i, order)
	{
		const char *reference = text_at(order, "reference");

		assert_null(json_object_get(by_reference, reference));
		json_object_set(by_reference, reference, order);
	}
	for (i = 0; i < lines; i++) {
		char reference[32], amount[16];

		snprintf(reference, sizeof(reference), "RUN-%zu", i + 1);
		snprintf(amount, sizeof(amount), "%zu", i + 1);
		assert_string_equal(
		    json_string_value(json_array_get(references, i)),
		    reference);
		order = json_object_get(by_reference, reference);
		assert_non_null(order);
		assert_string_equal(text_at(order, "amount"), amount);
		assert_string_equal(text_at(order, "id"),
		    json_string_value(json_array_get(ids, i)));
	}
	json_decref(by_reference);
}

static void
run_and_kill(const char *workflow, int lines, int kills)
{
	struct house *house = house_build(&quiet);
	int64_t begun_ms;
	struct stat file;

	house_write(house, "workflows/many.yaml", workflow);
	house_write(house, "workflows/one.yaml", child);
	house_start_engine(house);
	begun_ms = time_ms();
	assert_status(
	    house_post(house, "/v1/workflows/many/instances",
		"{\"input\": {\"run\": \"RUN\", \"lines\": %d}}", lines),
	    201);
	for (int i = 1; i <= kills; i++) {
		await_begun(house, lines * i / (kills + 2));
		program_kill(&house->engine);
		house_start_engine(house);
	}
	check_results(house, await_end(house), (size_t)lines);
	program_stop(&house->engine);
	assert_int_equal(stat(house_path(house, "disk/stated.db"), &file), 0);
	print_message("%d lines, %d kills: %lld ms, %lld KiB\n", lines, kills,
	    (long long)(time_ms() - begun_ms),
	    (long long)(file.st_size / 1024));
	house_verify(house);
	house_close(&house);
}

static void
test_a_run_that_is_killed_in_the_middle_pays_every_line_once(void **state)
{
	(void)state;
	run_and_kill(calls, count_from("STATED_LINES", 10000),
	    count_from("STATED_KILLS", 4));
}

static void
test_a_run_of_instances_that_is_killed_pays_every_line_once(void **state)
{
	(void)state;
	run_and_kill(children, count_from("STATED_LINES", 2000),
	    count_from("STATED_KILLS", 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(
		test_a_run_that_is_killed_in_the_middle_pays_every_line_once),
	    HOUSE_TEST(
		test_a_run_of_instances_that_is_killed_pays_every_line_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
