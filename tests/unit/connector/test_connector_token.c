/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char bank[] =
    "connection: bank\n"
    "kind: http\n"
    "url: = settings.url\n"
    "auth: {oauth2: {token-url: '= settings.url + \"/token\"',\n"
    "  client: {secret: oauth}, scope: payments read}}\n"
    "tls: {client-certificate: {secret: pem}}\n"
    "operations:\n"
    "  pay: {request: {post: /pay, body: {a: 1}}}\n";

static int
set_up(void **state)
{
	static struct desk desk;

	desk_open(&desk, bank);
	*state = &desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

static bool
interpret(struct desk *desk, int status, const char *body,
    struct connector_token *token)
{
	const struct message_response response = {
		.status = status,
		.body = str_of(body),
	};

	*token = (struct connector_token){0};
	return connector_token_interpret(desk->connection, &response,
	    &desk->context, token, &desk->outcome);
}

static void
assert_refused(struct desk *desk, int status, const char *body,
    const char *code, bool transient)
{
	struct connector_token token;

	assert_false(interpret(desk, status, body, &token));
	assert_int_equal(desk->outcome.kind, OUTCOME_NOT_DONE);
	assert_string_equal(desk->outcome.code.at, code);
	assert_int_equal(desk->outcome.transient, transient);
}

static void
test_client_credentials_are_asked_by_basic(void **state)
{
	struct desk *desk = *state;

	assert_true(connector_needs_token(desk->connection));
	assert_true(connector_token_prepare(desk->connection, &desk->context,
	    &desk->request, &desk->outcome));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/token");
	assert_string_equal(desk_str(desk, desk->request.body),
	    "grant_type=client_credentials&scope=payments%20read");
	/* "my%20id:my%2Fsecret" */
	assert_string_equal(desk_header(desk, "authorization"),
	    "Basic bXklMjBpZDpteSUyRnNlY3JldA==");
	assert_string_equal(desk_header(desk, "content-type"),
	    "application/x-www-form-urlencoded");
	assert_string_equal(desk_str(desk, desk->request.client_certificate),
	    "secret of pem");
}

static void
test_token_goes_with_the_call(void **state)
{
	struct desk *desk = *state;

	desk->token = STR("abc");
	assert_true(desk_prepare(desk, "pay", "{}"));
	assert_string_equal(desk_header(desk, "authorization"), "Bearer abc");
	desk->token = (struct str){NULL, 0};
	assert_false(desk_prepare(desk, "pay", "{}"));
	assert_string_equal(desk->outcome.code.at, "connector.auth");
}

static void
test_token_and_its_life_are_read(void **state)
{
	struct desk *desk = *state;
	struct connector_token token;

	assert_true(interpret(desk, 200, "{\"access_token\":\"abc\","
	    "\"token_type\":\"bearer\",\"expires_in\":3600}", &token));
	assert_string_equal(desk_str(desk, token.token), "abc");
	assert_int_equal(token.expires_in_ms, 3600000);
	assert_true(interpret(desk, 200, "{\"access_token\":\"abc\","
	    "\"expires_in\":\"60\"}", &token));
	assert_int_equal(token.expires_in_ms, 60000);
	assert_true(interpret(desk, 200, "{\"access_token\":\"abc\"}", &token));
	assert_int_equal(token.expires_in_ms, 0);
}

static void
test_refusals_are_permanent_and_troubles_are_not(void **state)
{
	struct desk *desk = *state;

	assert_refused(desk, 401, "{\"error\":\"invalid_client\"}",
	    "oauth2.invalid_client", false);
	assert_refused(desk, 400, "{\"error\":\"invalid_scope\"}",
	    "oauth2.invalid_scope", false);
	assert_refused(desk, 503, "", "oauth2.no-token", true);
	assert_refused(desk, 429, "", "oauth2.no-token", true);
	assert_refused(desk, 404, "<html>", "oauth2.no-token", false);
	assert_refused(desk, 200, "{\"access_token\":\"x\","
	    "\"token_type\":\"mac\"}", "oauth2.token-type", false);
}

static void
test_failed_exchange_may_be_repeated(void **state)
{
	struct desk *desk = *state;
	struct message_response response = {.failure = MESSAGE_TIMEOUT};
	struct connector_token token;

	assert_false(connector_token_interpret(desk->connection, &response,
	    &desk->context, &token, &desk->outcome));
	assert_int_equal(desk->outcome.kind, OUTCOME_NOT_DONE);
	assert_true(desk->outcome.transient);
	response.failure = MESSAGE_CERTIFICATE;
	assert_false(connector_token_interpret(desk->connection, &response,
	    &desk->context, &token, &desk->outcome));
	assert_false(desk->outcome.transient);
}

static void
test_refused_token_is_worth_another(void **state)
{
	struct outcome *outcome = desk_answer(*state, "pay", "{}", 401, NULL,
	    "{}");

	assert_string_equal(outcome->code.at, "http.401");
	assert_int_equal(outcome->kind, OUTCOME_NOT_DONE);
	assert_true(outcome->transient);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_client_credentials_are_asked_by_basic),
		CASE(test_token_goes_with_the_call),
		CASE(test_token_and_its_life_are_read),
		CASE(test_refusals_are_permanent_and_troubles_are_not),
		CASE(test_failed_exchange_may_be_repeated),
		CASE(test_refused_token_is_worth_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
