/* SPDX-License-Identifier: Apache-2.0 */
/* house_payment.c: what the tests do with payments. */
#include "house.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

#define AWAIT_MS 10000

const char *
payment_body(const char *reference, const char *amount, const char *name)
{
	static __thread char body[1024];

	snprintf(body, sizeof(body),
	    "{\"input\":{\"reference\":\"%s\",\"entity\":\"DE01\","
	    "\"invoice_id\":7,\"amount\":%s,\"currency\":\"EUR\","
	    "\"creditor\":{\"name\":\"%s\","
	    "\"iban\":\"DE89370400440532013000\"}}}",
	    reference, amount, name);
	return body;
}

const char *
payment_start(struct house *house, const char *reference, const char *amount,
    const char *name)
{
	struct reply *reply =
	    house_post_as(house, "ida", "/v1/workflows/payment/instances",
		"%s", payment_body(reference, amount, name));

	assert_status(reply, 201);
	assert_true(strlen(text_at(reply->json, "id")) == 36);
	return text_at(reply->json, "id");
}

json_t *
payment_show(struct house *house, const char *reference)
{
	struct reply *reply = house_get(house, "/v1/instances/%s", reference);

	assert_status(reply, 200);
	return reply->json;
}

json_t *
payment_history(struct house *house, const char *reference)
{
	struct reply *reply =
	    house_get(house, "/v1/instances/%s/history?limit=1000", reference);

	assert_status(reply, 200);
	return json_at(reply->json, "items");
}

static json_t *
await(struct house *house, const char *reference, const char *state, bool end)
{
	int64_t until_ms = time_ms() + AWAIT_MS;
	json_t *payment = payment_show(house, reference);

	while (strcmp(text_at(payment, "state"), state) != 0 ||
	       (end && json_at(payment, "ended_at") == NULL)) {
		if (time_ms() > until_ms) {
			print_error("%s\n", house->replies->body);
			fail_msg("%s is in %s, not in %s", reference,
			    text_at(payment, "state"), state);
		}
		time_sleep(10);
		payment = payment_show(house, reference);
	}
	return payment;
}

json_t *
payment_await(struct house *house, const char *reference, const char *state)
{
	return await(house, reference, state, false);
}

json_t *
payment_await_end(
    struct house *house, const char *reference, const char *state)
{
	return await(house, reference, state, true);
}

void
payment_stays(struct house *house, const char *reference, const char *state,
    int milliseconds)
{
	int64_t until_ms = time_ms() + milliseconds;

	do {
		assert_string_equal(
		    text_at(payment_show(house, reference), "state"), state);
		time_sleep(20);
	} while (time_ms() < until_ms);
}

json_t *
payment_ledger(struct house *house, const char *reference)
{
	char path[256];
	struct reply *reply;

	snprintf(path, sizeof(path), "/control/ledger%s%s",
	    reference ? "?reference=" : "", reference ? reference : "");
	reply = house_ask(
	    house, &(struct ask){.url = house->sandbox_url, .path = path});
	assert_status(reply, 200);
	return reply->json;
}

const char *
payment_task(struct house *house, const char *reference)
{
	struct reply *reply =
	    house_get(house, "/v1/tasks?instance=%s", reference);

	assert_status(reply, 200);
	assert_int_equal(json_array_size(json_at(reply->json, "items")), 1);
	return text_at(reply->json, "items.0.id");
}

static void
sign(const char *secret, const char *text, char out[65])
{
	unsigned char digest[32];
	unsigned bytes = sizeof(digest);

	HMAC(EVP_sha256(), secret, (int)strlen(secret),
	    (const unsigned char *)text, strlen(text), digest, &bytes);
	for (unsigned i = 0; i < bytes; i++)
		snprintf(out + 2 * (size_t)i, 3, "%02x", digest[i]);
}

struct reply *
payment_webhook(struct house *house, const char *id, const char *type,
    const char *payment_id, const char *reference)
{
	char body[512], header[128], hex[65];

	snprintf(body, sizeof(body),
	    "{\"id\":\"%s\",\"type\":\"%s\",\"created\":"
	    "\"2026-11-22T03:10:48.285Z\",\"payment\":{\"id\":\"%s\","
	    "\"reference\":\"%s\",\"amount\":\"1\",\"currency\":\"EUR\"}}",
	    id, type, payment_id, reference);
	sign("s3cret", body, hex);
	snprintf(header, sizeof(header), "x-bank-signature: %s", hex);
	return house_ask(house,
	    &(struct ask){
		.path = "/hooks/bank",
		.body = body,
		.headers = {header},
	    });
}
