/* SPDX-License-Identifier: Apache-2.0 */
/* Starting instances: once a key, whole or not at all, waited for or not. */
#include "api_server.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PAYMENTS "/v1/workflows/payment/instances"
#define INPUT(reference, amount) \
	"{\"input\":{\"reference\":\"" reference "\",\"amount\":" amount "}}"

static void
test_start_is_201_with_its_place(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_post(server, PAYMENTS, INPUT("r-1", "10.50"));
	struct str place, id;

	answer_must_be(&answer, 201);
	id = answer_text(&answer, "id");
	place = answer_header(&answer, "Location");
	assert_true(str_has_prefix(place, STR("/v1/instances/")));
	assert_true(str_has_suffix(place, id));
	assert_true(
	    str_equal(answer_text(&answer, "initiator"), STR("anonymous")));
	answer = api_server_get(server, place.at);
	answer_must_be(&answer, 200);
	assert_true(str_equal(answer_text(&answer, "id"), id));
	assert_true(
	    str_equal(answer_text(&answer, "business_key"), STR("r-1")));
}

static void
test_amounts_keep_their_digits(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_post(
	    server, PAYMENTS, INPUT("r-1", "12345678901234567.10"));

	answer_must_be(&answer, 201);
	assert_true(
	    str_find(answer.body, STR("12345678901234567.10")) != SIZE_MAX);
}

static void
test_same_key_and_input_is_the_same_instance(void **state)
{
	struct api_server *server = *state;
	struct answer first =
	    api_server_post(server, PAYMENTS, INPUT("r-1", "10.50"));
	struct answer second =
	    api_server_post(server, PAYMENTS, INPUT("r-1", "10.5"));

	answer_must_be(&first, 201);
	answer_must_be(&second, 200);
	assert_true(
	    str_equal(answer_text(&first, "id"), answer_text(&second, "id")));
}

static void
test_same_key_and_other_input_is_a_conflict(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_post(server, PAYMENTS, INPUT("r-1", "10.50"));
	struct str id = answer_text(&answer, "id");

	answer = api_server_post(server, PAYMENTS, INPUT("r-1", "11.00"));
	answer_must_be_problem(&answer, 409, "business-key-taken");
	assert_true(str_has_suffix(answer_header(&answer, "Location"), id));
}

static void
test_input_that_does_not_fit_starts_nothing(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_post(
	    server, PAYMENTS, "{\"input\":{\"reference\":5,\"extra\":1}}");

	answer_must_be_problem(&answer, 422, "invalid-input");
	assert_true(answer_member(&answer, "errors.0")->type == VALUE_CONTEXT);
	assert_true(answer_text(&answer, "errors.0.message").bytes > 0);
	answer = api_server_get(server, "/v1/instances");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
}

static void
test_idempotency_key_gets_the_same_answer(void **state)
{
	struct api_server *server = *state;
	const char *headers = "Content-Type: application/json\n"
			      "Idempotency-Key: \"k-1\"";
	struct answer first = api_server_ask(server, "POST",
	    "/v1/workflows/late/instances", headers, "{\"input\":{}}");
	struct answer second = api_server_ask(server, "POST",
	    "/v1/workflows/late/instances", headers, "{ \"input\": {} }");
	struct answer third = api_server_ask(server, "POST",
	    "/v1/workflows/late/instances", headers, "{\"input\":{\"a\":1}}");

	answer_must_be(&first, 201);
	answer_must_be(&second, 201);
	assert_true(
	    str_equal(answer_text(&first, "id"), answer_text(&second, "id")));
	answer_must_be_problem(&third, 422, "idempotency-key-reused");
}

static void
test_idempotency_keys_of_two_callers_differ(void **state)
{
	struct api_server *server = *state;
	const char *headers = "Content-Type: application/json\n"
			      "Idempotency-Key: k-1";
	struct answer first, second;

	server->actor = "alice";
	first = api_server_ask(server, "POST", "/v1/workflows/late/instances",
	    headers, "{\"input\":{}}");
	server->actor = "bob";
	second = api_server_ask(server, "POST", "/v1/workflows/late/instances",
	    headers, "{\"input\":{}}");
	answer_must_be(&second, 201);
	assert_false(
	    str_equal(answer_text(&first, "id"), answer_text(&second, "id")));
}

/* One key may name an order in several workflows. */
static void
test_idempotency_keys_of_two_workflows_differ(void **state)
{
	struct api_server *server = *state;
	const char *headers = "Content-Type: application/json\n"
			      "Idempotency-Key: order-4711";
	struct answer first = api_server_ask(server, "POST",
	    "/v1/workflows/late/instances", headers, "{\"input\":{}}");
	struct answer second = api_server_ask(server, "POST",
	    "/v1/workflows/slow/instances", headers, "{\"input\":{}}");
	struct answer third = api_server_ask(server, "POST",
	    "/v1/workflows/none/instances", headers, "{\"input\":{}}");

	answer_must_be(&first, 201);
	answer_must_be(&second, 201);
	assert_true(
	    str_equal(answer_text(&first, "workflow"), STR("late")));
	assert_true(
	    str_equal(answer_text(&second, "workflow"), STR("slow")));
	answer_must_be_problem(&third, 404, "unknown-workflow");
}

/* What is parted otherwise would read the same, put together by blanks. */
static void
test_idempotency_keys_of_two_callers_do_not_meet(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	server->actor = "b c";
	answer = api_server_ask(server, "POST", "/v1/workflows/late/instances",
	    "Content-Type: application/json\nIdempotency-Key: a",
	    "{\"input\":{}}");
	answer_must_be(&answer, 201);
	server->actor = "c";
	answer = api_server_ask(server, "POST",
	    "/v1/workflows/late%20a/instances",
	    "Content-Type: application/json\nIdempotency-Key: b",
	    "{\"input\":{}}");
	answer_must_be_problem(&answer, 404, "unknown-workflow");
	server->actor = NULL;
}

static void
test_wait_answers_when_the_instance_rests(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_post(server, PAYMENTS "?wait=10s", INPUT("r-1", "1"));

	answer_must_be(&answer, 201);
	assert_true(str_equal(answer_text(&answer, "status"), STR("waiting")));
}

static void
test_wait_ends_with_its_time(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_post(server,
	    "/v1/workflows/slow/instances?wait=200ms", "{\"input\":{}}");

	answer_must_be(&answer, 201);
	assert_true(str_equal(answer_text(&answer, "state"), STR("calling")));
}

static void
test_caller_that_hangs_up_does_no_harm(void **state)
{
	struct api_server *server = *state;
	static const char request[] =
	    "POST /v1/workflows/slow/instances?wait=5s HTTP/1.1\r\n"
	    "Host: x\r\nContent-Type: application/json\r\n"
	    "Content-Length: 12\r\n\r\n{\"input\":{}}";
	static const struct linger reset = {.l_onoff = 1};
	struct answer answer;

	for (int i = 0; i < 8; i++) {
		int fd = api_server_connect(server);

		if (i >= 4) /* closing resets the connection */
			setsockopt(
			    fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));

		assert_int_equal(write(fd, request, sizeof(request) - 1),
		    (ssize_t)sizeof(request) - 1);
		if (i % 2)
			usleep(30 * 1000);
		close(fd);
	}
	usleep(100 * 1000);
	answer = api_server_get(server, "/v1/instances?workflow=slow");
	answer_must_be(&answer, 200);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 8);
	answer = api_server_get(server, "/metrics");
	assert_true(str_find(answer.body,
			STR("stated_http_requests_active 1\n")) != SIZE_MAX);
}

static void
test_request_sent_ahead_waits_its_turn(void **state)
{
	struct api_server *server = *state;
	struct str text = api_server_say(server,
	    "POST /v1/workflows/slow/instances?wait=300ms HTTP/1.1\r\n"
	    "Host: x\r\nContent-Type: application/json\r\n"
	    "Content-Length: 12\r\n\r\n{\"input\":{}}"
	    "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

	assert_true(
	    str_find(text, STR("201 Created")) < str_find(text, STR("200 OK")));
}

static void
test_drain_answers_those_who_wait(void **state)
{
	struct api_server *server = *state;
	static const char request[] =
	    "POST /v1/workflows/slow/instances?wait=1m HTTP/1.1\r\n"
	    "Host: x\r\nContent-Type: application/json\r\n"
	    "Content-Length: 12\r\n\r\n{\"input\":{}}";
	int fd = api_server_connect(server);
	char bytes[4096] = "";

	assert_int_equal(write(fd, request, sizeof(request) - 1),
	    (ssize_t)sizeof(request) - 1);
	usleep(100 * 1000);
	api_server_drain(server);
	assert_true(read(fd, bytes, sizeof(bytes) - 1) > 0);
	assert_non_null(strstr(bytes, "201 Created"));
	assert_non_null(strstr(bytes, "Connection: close"));
	close(fd);
}

static void
test_unknown_workflow_is_404(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_post(
	    server, "/v1/workflows/nothing/instances", "{\"input\":{}}");

	answer_must_be_problem(&answer, 404, "unknown-workflow");
}

static void
test_bodies_that_are_wrong_are_told_where(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_post(server, PAYMENTS, "{\"input\": {,}}");

	answer_must_be_problem(&answer, 400, "invalid-json");
	assert_true(answer_member(&answer, "line")->type == VALUE_NUMBER);
	answer = api_server_post(server, PAYMENTS, "{\"inptu\":{}}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	assert_true(
	    str_equal(answer_text(&answer, "errors.0.pointer"), STR("/inptu")));
	assert_true(str_find(answer_text(&answer, "errors.0.message"),
			STR("input")) != SIZE_MAX);
	answer = api_server_post(server, PAYMENTS,
	    "{\"input\":{\"reference\":\"r\",\"amount\":1},"
	    "\"priority\":\"utmost\"}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = api_server_ask(
	    server, "POST", PAYMENTS, "Content-Type: text/xml", "<input/>");
	answer_must_be_problem(&answer, 415, "unsupported-media-type");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(                                       \
	    name, api_server_set_up, api_server_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_start_is_201_with_its_place),
	    TEST(test_amounts_keep_their_digits),
	    TEST(test_same_key_and_input_is_the_same_instance),
	    TEST(test_same_key_and_other_input_is_a_conflict),
	    TEST(test_input_that_does_not_fit_starts_nothing),
	    TEST(test_idempotency_key_gets_the_same_answer),
	    TEST(test_idempotency_keys_of_two_callers_differ),
	    TEST(test_idempotency_keys_of_two_workflows_differ),
	    TEST(test_idempotency_keys_of_two_callers_do_not_meet),
	    TEST(test_wait_answers_when_the_instance_rests),
	    TEST(test_wait_ends_with_its_time),
	    TEST(test_caller_that_hangs_up_does_no_harm),
	    TEST(test_request_sent_ahead_waits_its_turn),
	    TEST(test_drain_answers_those_who_wait),
	    TEST(test_unknown_workflow_is_404),
	    TEST(test_bodies_that_are_wrong_are_told_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
