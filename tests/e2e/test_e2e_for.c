/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_for.c: a run of 10,000 payments in one instance, 16 at once, that
 * is killed in the middle, several times, and goes on: every line is at the
 * bank once, and the results stand in the order of the lines.
 *
 * STATED_LINES says how many lines (10,000), STATED_KILLS how often (4).
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

/* %d: how many lines. */
static const char run_of_many[] =
    "workflow: many\n"
    "version: 1\n"
    "business-key: = input.run\n"
    "data: {references: null, ids: null}\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry:\n"
    "      - for:\n"
    "          each: line\n"
    "          in: '= for i in 1..%d return {reference: input.run + \"-\" + "
    "string(i), amount: i}'\n"
    "        parallel: 16\n"
    "        do:\n"
    "          - call: teller.pay\n"
    "            with: {reference: = line.reference, amount: = line.amount}\n"
    "            output: {reference: = line.reference, id: = response.id}\n"
    "            retry: {limit: 100, delay: 50ms, max-delay: 200ms}\n"
    "        output: {references: = results.reference, ids: = results.id}\n"
    "    on: {done: paid}\n"
    "  paid: {type: final, outcome: success}\n"
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

static size_t
count_orders(struct house *house)
{
	return json_array_size(json_at(payment_ledger(house, NULL), "orders"));
}

/* Until the bank has so many of them, or all. */
static void
await_orders(struct house *house, size_t count)
{
	int64_t until_ms = time_ms() + SETTLE_MS;

	while (count_orders(house) < count) {
		assert_true(time_ms() < until_ms);
		time_sleep(50);
	}
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
	json_array_foreach(orders, i, order) {
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
write_workflow(struct house *house, int lines)
{
	char text[sizeof(run_of_many) + 16];

	snprintf(text, sizeof(text), run_of_many, lines);
	house_write(house, "workflows/many.yaml", text);
}

static void
test_a_run_that_is_killed_in_the_middle_pays_every_line_once(void **state)
{
	int lines = count_from("STATED_LINES", 10000);
	int kills = count_from("STATED_KILLS", 4);
	struct house *house = house_build(&quiet);
	int64_t begun_ms;
	struct stat file;

	(void)state;
	write_workflow(house, lines);
	house_start_engine(house);
	begun_ms = time_ms();
	assert_status(house_post(house, "/v1/workflows/many/instances",
			  "{\"input\": {\"run\": \"RUN\"}}"),
	    201);
	for (int i = 1; i <= kills; i++) {
		await_orders(
		    house, (size_t)lines * (size_t)i / (size_t)(kills + 2));
		program_kill(&house->engine);
		house_start_engine(house);
	}
	check_results(house, await_end(house), (size_t)lines);
	assert_int_equal(
	    stat(house_path(house, "disk/stated.db"), &file), 0);
	print_message("%d lines, %d kills: %lld ms, %lld KiB\n", lines, kills,
	    (long long)(time_ms() - begun_ms),
	    (long long)(file.st_size / 1024));
	house_verify(house);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(
		test_a_run_that_is_killed_in_the_middle_pays_every_line_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
