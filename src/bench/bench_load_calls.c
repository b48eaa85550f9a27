/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load_calls.c: three-calls, the load by which engines are compared:
 * three calls one after another, each durable before the next; and fan-out,
 * a hundred calls of one instance, sixteen at a time.
 */
#include "bench_priv.h"

#define STUB                                                                   \
	"---\n"                                                                \
	"connection: stub\n"                                                   \
	"kind: http\n"                                                         \
	"url: = settings.stub.url\n"                                           \
	"limits: {concurrency: 250}\n"                                         \
	"operations:\n"                                                        \
	"  call:\n"                                                            \
	"    request: {post: /call, body: = order}\n"                          \
	"    idempotent: true\n"

static const char three_calls[] =
    "workflow: three-calls\n"
    "version: 1\n"
    "input:\n"
    "  type: object\n"
    "  required: [reference, amount]\n"
    "  properties:\n"
    "    reference: {type: string}\n"
    "    amount: {type: number}\n"
    "data: {first: null, second: null, third: null}\n"
    "initial: first\n"
    "states:\n"
    "  first:\n"
    "    entry:\n"
    "      - {call: stub.call, with: {order: = input},\n"
    "         output: {first: = response.transactionId}}\n"
    "    on: {done: second, error: failed}\n"
    "  second:\n"
    "    entry:\n"
    "      - {call: stub.call, with: {order: = input},\n"
    "         output: {second: = response.transactionId}}\n"
    "    on: {done: third, error: failed}\n"
    "  third:\n"
    "    entry:\n"
    "      - {call: stub.call, with: {order: = input},\n"
    "         output: {third: = response.transactionId}}\n"
    "    on: {done: completed, error: failed}\n"
    "  completed: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n" STUB;

/* A payment of some 400 bytes. */
static void
ask_three_calls(const struct operation *operation, struct buf *out)
{
	char body[640];
	int bytes = snprintf(body, sizeof(body),
	    "{\"input\":{\"reference\":\"B%012llu\",\"amount\":1250.75,"
	    "\"currency\":\"EUR\",\"creditor\":{\"name\":\"Hansa Papier "
	    "GmbH\",\"iban\":\"DE02120300000000202051\",\"bic\":"
	    "\"BYLADEM1001\",\"address\":\"Am Speicher 4, 20457 "
	    "Hamburg\"},\"debtor\":{\"name\":\"Atelier du Port SARL\","
	    "\"iban\":\"FR7630006000011234567890189\",\"bic\":"
	    "\"AGRIFRPPXXX\"},\"remittance\":\"Invoice 2026-0815, "
	    "delivery note 4711\",\"execution_date\":\"2026-11-23\"}}",
	    (unsigned long long)operation->number);

	must(bytes > 0 && (size_t)bytes < sizeof(body));
	wire_put_post(out, "/v1/workflows/three-calls/instances?wait=30s",
	    (struct str){body, (size_t)bytes});
}

/* The start is answered when the instance has ended. */
static enum verdict
hear_end(struct operation *operation, const struct wire_message *answer)
{
	(void)operation;
	if (answer->status != 201 ||
	    str_find(answer->body, STR("\"outcome\":\"success\"")) == SIZE_MAX)
		return OPERATION_FAILED;
	return OPERATION_ENDED;
}

const struct load load_three_calls = {
    .name = "three-calls",
    .summary = "start, three calls one after another, end",
    .documents = three_calls,
    /* A turn for the start, one for each call's reply. */
    .floor = {.requests = 1, .calls = 3, .turns = 4},
    .script = {.ask = ask_three_calls, .hear = hear_end},
};
