/* SPDX-License-Identifier: Apache-2.0 */
/* The door for TLS: who is let in, and how it fails when it is told to. */
#include "sandbox_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <jansson.h>

#define SERVER "till.sandbox.localhost"
#define PAYMENTS "/bank/domestic-payments"

static struct client bank;
static json_t *door; /* what /control/tls says */
static char url[128];

static int
start(void **state)
{
	static const char *const none[] = {NULL};

	(void)state;
	client_start(&bank, none);
	door = json_loads(client_text(&bank, 200,
	    &(struct call){"GET", "/control/tls"}), 0, NULL);
	assert_non_null(door);
	snprintf(url, sizeof(url), "https://" SERVER ":%d",
	    (int)json_integer_value(json_object_get(door, "port")));
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	json_decref(door);
	client_stop(&bank);
	return 0;
}

static int
reset(void **state)
{
	(void)state;
	client_text(&bank, 200, &(struct call){"POST", "/control/reset"});
	return 0;
}

static const char *
pem(const char *name)
{
	return json_string_value(json_object_get(door, name));
}

/* The result and the status of a payment. */
static int
pay(const char *identity, int *status)
{
	struct answer answer = client_call(&bank, &(struct call){
	    .method = "POST",
	    .path = PAYMENTS,
	    .url = url,
	    .ca = pem("ca"),
	    .identity = identity,
	    .timeout_ms = 500,
	    .body = "{\"Data\":{\"Initiation\":{"
		    "\"InstructionIdentification\":\"P-1\","
		    "\"InstructedAmount\":{"
		    "\"Amount\":\"1\",\"Currency\":\"EUR\"}}}}"});
	int result = answer.result;

	*status = answer.status;
	answer_fini(&answer);
	return result;
}

static size_t
orders(void)
{
	return count_of(client_text(&bank, 200,
	    &(struct call){"GET", "/control/ledger"}), "\"id\":\"bp_");
}

static void
add_fault(const char *name, const char *more)
{
	char rule[256];

	snprintf(rule, sizeof(rule), "{\"fault\":\"%s\"%s}", name, more);
	client_text(&bank, 200,
	    &(struct call){"POST", "/control/faults", {NULL}, rule});
}

/* Two requests, for the second of which there is no fault any more. */
static void
test_each_fault_fails_one_handshake_as_it_says(void **state)
{
	static const struct {
		const char *fault;
		CURLcode result;
		size_t orders;
	} cases[] = {
	    {"tls-refused", CURLE_SSL_CONNECT_ERROR, 0},
	    {"tls-closed", CURLE_SSL_CONNECT_ERROR, 0},
	    {"tls-reset", CURLE_SSL_CONNECT_ERROR, 0},
	    {"tls-slow", CURLE_OPERATION_TIMEDOUT, 0},
	    {"tls-old", CURLE_SSL_CONNECT_ERROR, 0},
	    {"tls-expired", CURLE_PEER_FAILED_VERIFICATION, 0},
	    {"tls-early", CURLE_PEER_FAILED_VERIFICATION, 0},
	    {"tls-other-name", CURLE_PEER_FAILED_VERIFICATION, 0},
	    {"tls-self-signed", CURLE_PEER_FAILED_VERIFICATION, 0},
	    {"tls-unknown-authority", CURLE_PEER_FAILED_VERIFICATION, 0},
	    {"tls-client-wanted", CURLE_RECV_ERROR, 0},
	    {"tls-client-refused", CURLE_RECV_ERROR, 0},
	    {"tls-cut", CURLE_PARTIAL_FILE, 1},
	};
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reset(NULL);
		add_fault(cases[i].fault, ",\"times\":1");
		assert_int_equal(pay(NULL, &status), cases[i].result);
		assert_int_equal(orders(), cases[i].orders);
		assert_int_equal(pay(NULL, &status), CURLE_OK);
		assert_int_equal(status, 201);
		assert_int_equal(orders(), cases[i].orders + 1);
	}
}

static void
test_handshake_that_is_slow_goes_on(void **state)
{
	int status;

	(void)state;
	add_fault("tls-slow", ",\"milliseconds\":50");
	assert_int_equal(pay(NULL, &status), CURLE_OK);
	assert_int_equal(status, 201);
}

static void
test_fault_is_of_the_server_that_is_asked_for(void **state)
{
	int status;

	(void)state;
	add_fault("tls-refused", ",\"server\":\"other.sandbox.localhost\"");
	assert_int_equal(pay(NULL, &status), CURLE_OK);
	add_fault("tls-refused", ",\"server\":\"" SERVER "\"");
	assert_int_equal(pay(NULL, &status), CURLE_SSL_CONNECT_ERROR);
}

static void
test_client_that_is_wanted_is_known_by_its_certificate(void **state)
{
	int status;

	(void)state;
	add_fault("tls-client-wanted", "");
	assert_int_equal(pay(pem("client"), &status), CURLE_OK);
	assert_int_equal(status, 201);
	assert_int_equal(pay(NULL, &status), CURLE_RECV_ERROR);
	assert_int_equal(orders(), 1);
}

static void
test_faults_of_requests_are_those_of_tls_too(void **state)
{
	int status;

	(void)state;
	add_fault("reset-after-commit", ",\"times\":1");
	assert_int_equal(pay(NULL, &status), CURLE_RECV_ERROR);
	add_fault("timeout-before-commit", ",\"times\":1");
	assert_int_equal(pay(NULL, &status), CURLE_OPERATION_TIMEDOUT);
	add_fault("no-length", ",\"times\":1");
	assert_int_equal(pay(NULL, &status), CURLE_OK);
	assert_int_equal(orders(), 2);
}

static void
test_header_comes_too_late_for_a_handshake(void **state)
{
	(void)state;
	client_text(&bank, 400, &(struct call){"GET", "/stub/call/1",
	    {"x-sandbox-fault: tls-expired"}});
}

#define CASE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_each_fault_fails_one_handshake_as_it_says),
	    CASE(test_handshake_that_is_slow_goes_on),
	    CASE(test_fault_is_of_the_server_that_is_asked_for),
	    CASE(test_client_that_is_wanted_is_known_by_its_certificate),
	    CASE(test_faults_of_requests_are_those_of_tls_too),
	    CASE(test_header_comes_too_late_for_a_handshake),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
