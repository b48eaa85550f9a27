/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an instance leaves on disk: a payment of three calls, with its whole
 * history, in less than 3 KiB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "engine_house.h"

#define INSTANCES_BEFORE 10
#define INSTANCES 80
#define BYTES_AN_INSTANCE_MAX 3072

static const char payment[] =
    "workflow: payment\n"
    "version: 1\n"
    "input: {type: object, required: [reference], properties: {reference: "
    "{type: string}}}\n"
    "data: {first: null, second: null, third: null}\n"
    "initial: first\n"
    "states:\n"
    "  first:\n"
    "    entry:\n"
    "      - {call: stub.call, with: {order: = input}, output: {first: = "
    "response.transactionId}}\n"
    "    on: {done: second}\n"
    "  second:\n"
    "    entry:\n"
    "      - {call: stub.call, with: {order: = input}, output: {second: = "
    "response.transactionId}}\n"
    "    on: {done: third}\n"
    "  third:\n"
    "    entry:\n"
    "      - {call: stub.call, with: {order: = input}, output: {third: = "
    "response.transactionId}}\n"
    "    on: {done: completed}\n"
    "  completed: {type: final, outcome: success}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: http://stub.invalid\n"
    "operations:\n"
    "  call: {request: {post: /call, body: = order}, idempotent: true}\n";

static const struct message_header json_headers[] = {
    {.name = STR_INIT("content-length"), .value = STR_INIT("66")},
    {.name = STR_INIT("content-type"), .value = STR_INIT("application/json")},
};

static bool
answer_accepted(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	(void)request;
	response->headers = json_headers;
	response->header_count = 2;
	response->body = arena_strf(house->arena,
	    "{\"status\":\"ACCEPTED\",\"transactionId\":\"TX-%010d\","
	    "\"fee\":\"0.00\"}", house->sent);
	return true;
}

/* Some 400 bytes, of which no two have the same names and numbers. */
static void
pay(struct house *house, unsigned n)
{
	unsigned mixed = n * 2654435761u;
	char input[640];

	snprintf(input, sizeof(input),
	    "{\"reference\":\"B%012u\",\"amount\":%u.75,\"currency\":\"EUR\","
	    "\"creditor\":{\"name\":\"Papier %u GmbH\",\"iban\":"
	    "\"DE0212030000000%010u\",\"bic\":\"BYLADEM1001\",\"address\":"
	    "\"Am Speicher %u, %05u Hamburg\"},\"debtor\":{\"name\":"
	    "\"Atelier %u SARL\",\"iban\":\"FR763000600001123%010u\",\"bic\":"
	    "\"AGRIFRPPXXX\"},\"remittance\":\"Invoice 2026-%u, delivery "
	    "note %u\",\"execution_date\":\"2026-11-%02u\"}", n,
	    mixed % 100000, mixed, mixed, mixed % 100, mixed % 99999, ~mixed,
	    ~mixed, mixed % 10000, mixed % 77777, mixed % 28 + 1);
	house_start(house, "payment", input);
	house_look(house, house->instance);
	assert_string_equal(house->state, "completed");
}

/* Pages that are in use, of the database with its log. */
static int64_t
bytes_used(const struct house *house)
{
	static const char sql[] =
	    "SELECT (page_count - freelist_count) * page_size"
	    "	FROM pragma_page_count(), pragma_freelist_count(),"
	    "	pragma_page_size()";
	sqlite3 *database;
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_open(house->path, &database), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(database, sql, -1, &statement, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t bytes = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return bytes;
}

static void
test_finished_payment_takes_less_than_three_kilobytes(void **state)
{
	struct house *house = house_new(payment, answer_accepted);
	unsigned n = 0;

	(void)state;
	while (n < INSTANCES_BEFORE)
		pay(house, ++n);
	int64_t before = bytes_used(house);
	while (n < INSTANCES_BEFORE + INSTANCES)
		pay(house, ++n);
	int64_t each = (bytes_used(house) - before) / INSTANCES;
	print_message("%lld bytes an instance\n", (long long)each);
	assert_true(each > 100);
	assert_true(each <= BYTES_AN_INSTANCE_MAX);
	assert_true(house_chain_is_sound(house, 1));
	assert_true(house_chain_is_sound(house, n));
	assert_int_equal(house_count(house, n, "call-replied"), 3);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_finished_payment_takes_less_than_three_kilobytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
