/* SPDX-License-Identifier: Apache-2.0 */
/* test_e2e_api.c: what systems may rely on over HTTP. */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

#define STARTS "/v1/workflows/payment/instances"

static const struct house_options quiet = {.quiet_bank = true};

static struct reply *
start_with_key(struct house *house, const char *key, const char *body)
{
	char header[128];

	snprintf(header, sizeof(header), "Idempotency-Key: %s", key);
	return house_ask(house,
	    &(struct ask){.path = STARTS, .body = body, .headers = {header}});
}

static size_t
count_instances(struct house *house)
{
	struct reply *reply = house_get(house, "/v1/instances?limit=1000");

	assert_status(reply, 200);
	return json_array_size(json_at(reply->json, "items"));
}

/* ---- starting once ---- */

static void
test_idempotency_key_gives_the_same_answer_for_the_same_request(void **state)
{
	struct house *house = house_open(&quiet);
	struct reply *first, *again;

	(void)state;
	first = start_with_key(
	    house, "k-1", payment_body("P-1", "60000", "ACME"));
	assert_status(first, 201);
	again = start_with_key(
	    house, "k-1", payment_body("P-1", "60000", "ACME"));
	assert_status(again, 201);
	assert_string_equal(
	    text_at(again->json, "id"), text_at(first->json, "id"));
	assert_problem(start_with_key(house, "k-1",
			   payment_body("P-2", "60000", "ACME")),
	    422, "idempotency-key-reused");
	/* The engine remembers it beyond its own life. */
	program_kill(&house->engine);
	house_start_engine(house);
	again = start_with_key(
	    house, "k-1", payment_body("P-1", "60000", "ACME"));
	assert_status(again, 201);
	assert_string_equal(
	    text_at(again->json, "id"), text_at(first->json, "id"));
	assert_int_equal(count_instances(house), 1);
	house_close(&house);
}

static void
test_business_key_belongs_to_one_input(void **state)
{
	struct house *house = house_open(&quiet);
	struct reply *reply;
	const char *id;

	(void)state;
	id = payment_start(house, "P-1", "60000", "ACME");
	reply = house_post(
	    house, STARTS, "%s", payment_body("P-1", "60000", "ACME"));
	assert_status(reply, 200);
	assert_string_equal(text_at(reply->json, "id"), id);
	reply = house_post(
	    house, STARTS, "%s", payment_body("P-1", "60001", "ACME"));
	assert_problem(reply, 409, "business-key-taken");
	/* Not even after its end. */
	reply = house_ask(house,
	    &(struct ask){
		.path = "/v1/instances/P-1/cancel",
		.body = "{}",
		.headers = {"X-Stated-Actor: olga"},
	    });
	assert_status(reply, 200);
	reply = house_post(
	    house, STARTS, "%s", payment_body("P-1", "60001", "ACME"));
	assert_problem(reply, 409, "business-key-taken");
	assert_int_equal(count_instances(house), 1);
	house_close(&house);
}

static void
test_start_says_where_the_instance_is(void **state)
{
	struct house *house = house_open(&quiet);
	struct reply *reply = house_ask(house,
	    &(struct ask){
		.path = STARTS,
		.body = payment_body("P-1", "60000", "ACME"),
		.headers = {"X-Request-Id: my-own-1"},
	    });
	char location[128];

	(void)state;
	assert_status(reply, 201);
	assert_string_equal(reply_header(reply, "X-Request-Id"), "my-own-1");
	snprintf(location, sizeof(location), "/v1/instances/%s",
	    text_at(reply->json, "id"));
	assert_non_null(strstr(reply_header(reply, "Location"), location));
	reply = house_get(house, "%s", location);
	assert_status(reply, 200);
	assert_string_equal(text_at(reply->json, "business_key"), "P-1");
	house_close(&house);
}

static void
test_start_with_wait_answers_when_somebody_is_waited_for(void **state)
{
	struct house *house = house_open(&quiet);
	struct reply *reply;
	int64_t began_ms = time_ms();

	(void)state;
	reply = house_post(house, STARTS "?wait=8s", "%s",
	    payment_body("P-1", "60000", "ACME"));
	assert_status(reply, 201);
	assert_string_equal(
	    text_at(reply->json, "state"), "awaiting-approval");
	reply = house_post(house, STARTS "?wait=8s", "%s",
	    payment_body("P-2", "250", "ACME"));
	assert_status(reply, 201);
	assert_string_equal(text_at(reply->json, "state"), "submitted");
	assert_true(time_ms() - began_ms < 7000);
	/* Or when the time is over. */
	house_control(house, "/control/faults",
	    "{\"fault\":\"timeout\",\"path\":\"/compliance\","
	    "\"milliseconds\":1500}");
	began_ms = time_ms();
	reply = house_post(house, STARTS "?wait=300ms", "%s",
	    payment_body("P-3", "250", "ACME"));
	assert_status(reply, 201);
	assert_string_equal(text_at(reply->json, "state"), "checking");
	assert_true(time_ms() - began_ms >= 290);
	assert_problem(house_post(house, STARTS "?wait=soon", "%s",
			   payment_body("P-4", "250", "ACME")),
	    400, "invalid-parameter");
	house_close(&house);
}

/* ---- lists ---- */

/* The path of Link rel="next", or "". */
static const char *
next_of(const struct reply *reply)
{
	static char path[512];
	const char *link = reply_header(reply, "Link");

	path[0] = '\0';
	if (strstr(link, "rel=\"next\"") != NULL)
		assert_int_equal(sscanf(link, "<%511[^>]>", path), 1);
	return path;
}

static void
test_lists_are_paged_by_link(void **state)
{
	struct house *house = house_open(&quiet);
	json_t *seen = json_object(), *row;
	char path[512] = "/v1/instances?limit=10&workflow=payment";
	size_t i, pages = 0;

	(void)state;
	for (int n = 0; n < 25; n++) {
		char name[16];

		snprintf(name, sizeof(name), "P-%d", n);
		payment_start(house, name, "60000", "ACME");
	}
	while (path[0] != '\0') {
		struct reply *reply = house_get(house, "%s", path);

		assert_status(reply, 200);
		json_array_foreach(json_at(reply->json, "items"), i, row)
		{
			const char *key = text_at(row, "business_key");

			assert_null(json_object_get(seen, key));
			json_object_set_new(seen, key, json_true());
		}
		snprintf(path, sizeof(path), "%s", next_of(reply));
		pages++;
	}
	assert_int_equal(pages, 3);
	assert_int_equal(json_object_size(seen), 25);
	json_decref(seen);
	house_close(&house);
}

static void
test_lists_are_filtered(void **state)
{
	struct house *house = house_open(&quiet);
	static const struct {
		const char *query;
		size_t count;
	} rows[] = {
	    {"state=awaiting-approval", 2},
	    {"state=submitted", 1},
	    {"status=waiting", 3},
	    {"status=completed", 0},
	    {"business_key=P-2", 1},
	    {"label.entity=DE01", 3},
	    {"entity=FR01", 0},
	    {"has_incident=true", 0},
	    {"from=2001-01-01", 3},
	    {"to=2001-01-01", 0},
	    {"workflow=order", 0},
	};

	(void)state;
	payment_start(house, "P-1", "60000", "ACME");
	payment_start(house, "P-2", "60000", "ACME");
	payment_start(house, "P-3", "250", "ACME");
	payment_await(house, "P-1", "awaiting-approval");
	payment_await(house, "P-2", "awaiting-approval");
	payment_await(house, "P-3", "submitted");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply *reply =
		    house_get(house, "/v1/instances?%s", rows[i].query);

		assert_status(reply, 200);
		if (json_array_size(json_at(reply->json, "items")) !=
		    rows[i].count)
			print_error("%s\n", rows[i].query);
		assert_int_equal(json_array_size(json_at(reply->json, "items")),
		    rows[i].count);
	}
	assert_problem(house_get(house, "/v1/instances?sate=submitted"), 400,
	    "invalid-parameter");
	house_close(&house);
}

/* ---- problems ---- */

static void
test_input_without_a_key_is_told(void **state)
{
	struct house *house = house_open_with(&quiet, "workflows/note.yaml",
	    "workflow: note\n"
	    "version: 1\n"
	    "business-key: = input.number\n"
	    "initial: there\n"
	    "states: {there: {type: final, outcome: success}}\n");
	struct reply *reply = house_post(
	    house, "/v1/workflows/note/instances", "{\"input\":{}}");

	(void)state;
	assert_problem(reply, 422, "invalid-input");
	assert_int_equal(json_array_size(json_at(reply->json, "errors")), 1);
	assert_string_equal(
	    text_at(reply->json, "errors.0.keyword"), "business-key");
	assert_string_equal(text_at(reply->json, "errors.0.pointer"), "");
	house_close(&house);
}

static void
test_errors_are_problems_that_say_what_to_do(void **state)
{
	struct house *house = house_open(&quiet);
	struct reply *reply;

	(void)state;
	assert_problem(
	    house_get(house, "/v1/instances/P-1"), 404, "unknown-instance");
	assert_problem(house_post(house, "/v1/workflows/paymet/instances",
			   "{\"input\":{}}"),
	    404, "unknown-workflow");
	assert_problem(house_get(house, "/v1/nothing"), 404, "not-found");
	reply = house_ask(
	    house, &(struct ask){.method = "DELETE", .path = "/v1/instances"});
	assert_problem(reply, 405, "method-not-allowed");
	assert_non_null(strstr(reply_header(reply, "Allow"), "GET"));
	reply = house_post(
	    house, STARTS, "{\"input\":{\"reference\":\"P-1\"}}");
	assert_problem(reply, 422, "invalid-input");
	assert_true(json_array_size(json_at(reply->json, "errors")) > 0);
	assert_string_equal(
	    text_at(reply->json, "errors.0.keyword"), "required");
	reply = house_ask(
	    house, &(struct ask){.method = "HEAD", .path = "/v1/instances"});
	assert_status(reply, 200);
	assert_int_equal(strlen(reply->body), 0);
	assert_status(house_get(house, "/openapi.json"), 200);
	assert_int_equal(count_instances(house), 0);
	house_close(&house);
}

static void
test_history_is_a_chain_and_comes_in_pages(void **state)
{
	struct house *house = house_open(&quiet);
	json_t *history, *record;
	const char *prev = "";
	struct reply *reply;
	size_t i;

	(void)state;
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "submitted");
	history = payment_history(house, "P-1");
	json_array_foreach(history, i, record)
	{
		assert_int_equal(integer_at(record, "seq"), (long long)i + 1);
		if (i > 0)
			assert_string_equal(text_at(record, "prev"), prev);
		prev = text_at(record, "hash");
	}
	assert_true(json_array_size(history) > 5);
	/* Sensitive fields are digests. */
	assert_null(strstr(house->replies->body, "DE89370400440532013000"));
	reply = house_get(house, "/v1/instances/P-1/history?after=2&limit=2");
	assert_status(reply, 200);
	assert_int_equal(integer_at(reply->json, "items.0.seq"), 3);
	assert_int_equal(json_array_size(json_at(reply->json, "items")), 2);
	assert_true(strlen(next_of(reply)) > 0);
	house_close(&house);
}

/* ---- who may what ---- */

static const struct house_options guarded = {
    .quiet_bank = true,
    .config =
	"auth:\n"
	"  required: true\n"
	"  tokens:\n"
	"    - {name: ida, token: {secret: ida}, roles: [initiator]}\n"
	"    - {name: tess, token: {secret: tess}, "
	"roles: ['approver:treasurer']}\n"
	"    - {name: anna, token: {secret: anna}, roles: ['approver:cfo']}\n"
	"    - {name: bert, token: {secret: bert}, "
	"roles: ['approver:cfo', initiator]}\n"
	"    - {name: otto, token: {secret: otto}, roles: [operator]}\n"
	"    - {name: aude, token: {secret: aude}, roles: [auditor]}\n"
	"    - {name: old, token: {secret: old}, roles: [admin], "
	"expires: 2020-01-01T00:00:00Z}\n",
};

static struct reply *
as(struct house *house, const char *who, const char *method, const char *path,
    const char *body)
{
	char header[128];

	snprintf(header, sizeof(header), "Authorization: Bearer token-of-%s",
	    who);
	return house_ask(house,
	    &(struct ask){
		.method = method,
		.path = path,
		.body = body,
		.headers = {header},
	    });
}

static struct house *
open_guarded(void)
{
	static const char *const names[] = {
	    "ida", "tess", "anna", "bert", "otto", "aude", "old"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char variable[64], token[64];

		snprintf(
		    variable, sizeof(variable), "STATED_SECRET_%s", names[i]);
		for (char *c = variable; *c != '\0'; c++)
			*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
		snprintf(token, sizeof(token), "token-of-%s", names[i]);
		setenv(variable, token, 1);
	}
	return house_open(&guarded);
}

static void
test_without_a_good_token_nobody_gets_in(void **state)
{
	struct house *house = open_guarded();
	struct reply *reply = house_get(house, "/v1/instances");

	(void)state;
	assert_problem(reply, 401, "unauthenticated");
	assert_non_null(
	    strstr(reply_header(reply, "WWW-Authenticate"), "Bearer"));
	assert_problem(as(house, "nobody", "GET", "/v1/instances", NULL), 401,
	    "unauthenticated");
	assert_problem(as(house, "old", "GET", "/v1/instances", NULL), 401,
	    "unauthenticated");
	/* A name alone is no proof. */
	assert_problem(house_post_as(house, "ida", STARTS, "%s",
			   payment_body("P-1", "250", "ACME")),
	    401, "unauthenticated");
	/* Health is everybody's; webhooks prove themselves. */
	assert_status(house_get(house, "/healthz"), 200);
	assert_int_equal(payment_webhook(house, "e1", "payment.settled", "bp_1",
			     "P-1")
			     ->status,
	    202);
	house_close(&house);
}

static void
test_roles_say_who_may_start_decide_and_look(void **state)
{
	struct house *house = open_guarded();
	const char *body = payment_body("P-1", "60000", "ACME");
	char path[128], decide[256];
	struct reply *reply;

	(void)state;
	assert_problem(
	    as(house, "aude", "POST", STARTS, body), 403, "forbidden");
	assert_problem(
	    as(house, "tess", "POST", STARTS, body), 403, "forbidden");
	/* bert may approve as well, but not what he began. */
	assert_status(
	    as(house, "bert", "POST", STARTS "?wait=5s", body), 201);
	reply = as(house, "aude", "GET", "/v1/tasks", NULL);
	assert_status(reply, 200);
	snprintf(decide, sizeof(decide), "/v1/tasks/%s/decide",
	    text_at(reply->json, "items.0.id"));
	body = "{\"choice\":\"approved\"}";
	assert_problem(as(house, "bert", "POST", decide, body), 403,
	    "four-eyes");
	assert_problem(as(house, "tess", "POST", decide, body), 403,
	    "role-required");
	assert_problem(
	    as(house, "aude", "POST", decide, body), 403, "forbidden");
	assert_status(as(house, "anna", "POST", decide, body), 200);
	snprintf(path, sizeof(path), "/v1/instances/P-1/cancel");
	assert_problem(
	    as(house, "aude", "POST", path, "{}"), 403, "forbidden");
	assert_status(as(house, "otto", "POST", path, "{}"), 200);
	reply = as(house, "aude", "GET", "/v1/instances/P-1/history", NULL);
	assert_status(reply, 200);
	assert_int_equal(json_count_with(
			     json_at(reply->json, "items"), "kind", "refused"),
	    2);
	assert_non_null(
	    json_with(json_at(reply->json, "items"), "actor", "tess"));
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(
		test_idempotency_key_gives_the_same_answer_for_the_same_request),
	    HOUSE_TEST(test_business_key_belongs_to_one_input),
	    HOUSE_TEST(test_start_says_where_the_instance_is),
	    HOUSE_TEST(
		test_start_with_wait_answers_when_somebody_is_waited_for),
	    HOUSE_TEST(test_lists_are_paged_by_link),
	    HOUSE_TEST(test_lists_are_filtered),
	    HOUSE_TEST(test_input_without_a_key_is_told),
	    HOUSE_TEST(test_errors_are_problems_that_say_what_to_do),
	    HOUSE_TEST(test_history_is_a_chain_and_comes_in_pages),
	    HOUSE_TEST(test_without_a_good_token_nobody_gets_in),
	    HOUSE_TEST(test_roles_say_who_may_start_decide_and_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
