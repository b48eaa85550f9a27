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

const char load_calls_documents[] =
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
void
load_calls_ask(const struct operation *operation, struct buf *out)
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
enum verdict
load_calls_hear(struct operation *operation, const struct wire_message *answer)
{
	(void)operation;
	if (answer->status != 201 ||
	    str_find(answer->body, STR("\"outcome\":\"success\"")) == SIZE_MAX)
		return OPERATION_FAILED;
	return OPERATION_ENDED;
}

static const char fan_out[] =
    "workflow: fan-out\n"
    "version: 1\n"
    "input:\n"
    "  type: object\n"
    "  required: [parts]\n"
    "  properties: {parts: {type: array, items: {type: integer}}}\n"
    "initial: calling\n"
    "states:\n"
    "  calling:\n"
    "    entry:\n"
    "      - for: {each: part, in: = input.parts}\n"
    "        parallel: 16\n"
    "        do: [{call: stub.call, with: {order: = part}}]\n"
    "    on: {done: completed, error: failed}\n"
    "  completed: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n" STUB;

#define PARTS 100
#define PARALLEL 16

static void
ask_fan_out(const struct operation *operation, struct buf *out)
{
	struct buf body = {0};

	buf_add_cstr(&body, "{\"input\":{\"parts\":[");
	for (unsigned i = 0; i < PARTS; i++)
		buf_addf(&body, "%s%llu", i > 0 ? "," : "",
		    (unsigned long long)operation->number * PARTS + i);
	buf_add_cstr(&body, "]}}");
	wire_put_post(out, "/v1/workflows/fan-out/instances?wait=30s",
	    buf_str(&body));
	buf_fini(&body);
}

const struct load load_three_calls = {
    .name = "three-calls",
    .summary = "start, three calls one after another, end",
    .documents = load_calls_documents,
    /* A turn for the start, one for each call's reply. */
    .floor = {.requests = 1, .calls = 3, .turns = 4},
    .script = {.ask = load_calls_ask, .hear = load_calls_hear},
};

const struct load load_fan_out = {
    .name = "fan-out",
    .summary = "start, a loop of 100 calls, 16 at a time, end",
    .documents = fan_out,
    /* The replies of sixteen that run side by side may share a turn. */
    .floor = {.requests = 1,
	.calls = PARTS,
	.turns = 1 + (PARTS + PARALLEL - 1) / PARALLEL},
    .script = {.ask = ask_fan_out, .hear = load_calls_hear},
    .callers_max = 16,
};
