/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/key_pair.h"
#include "connector_priv.h"
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

/* ------------------------------------------------- the other ways to ask */

#define OAUTH2(fields)                                                         \
	"connection: bank\n"                                                   \
	"kind: http\n"                                                         \
	"url: https://api.example\n"                                           \
	"auth: {oauth2: {token-url: https://id.example/token, " fields "}}\n"  \
	"operations: {pay: {request: {post: /pay}}}\n"

static struct desk *
ask(const char *yaml)
{
	static struct desk desk;

	desk_open(&desk, yaml);
	desk_give(&desk, "key", key_pair_new(desk.arena, PAIR_RSA).private);
	return &desk;
}

static bool
is_asked(struct desk *desk)
{
	return connector_token_prepare(desk->connection, &desk->context,
	    &desk->request, &desk->outcome);
}

static struct str
field_of(struct desk *desk, const char *name)
{
	struct str rest = desk->request.body;

	while (rest.at != NULL) {
		struct str value;
		struct str pair = str_split(rest, '&', &rest);

		if (str_equal(str_split(pair, '=', &value), str_of(name)))
			return value;
	}
	return (struct str){NULL, 0};
}

static void
test_secret_may_go_in_the_form(void **state)
{
	struct desk *desk = ask(OAUTH2("client: {secret: oauth}, "
	    "client-auth: client-secret-post, "
	    "parameters: {resource: 'https://r.example', n: 1}"));

	(void)state;
	assert_true(is_asked(desk));
	assert_string_equal(desk_str(desk, desk->request.body),
	    "grant_type=client_credentials&resource=https%3A%2F%2Fr.example&"
	    "n=1&client_id=my%20id&client_secret=my%2Fsecret");
	assert_string_equal(desk_header(desk, "authorization"), "(absent)");
	desk_close(desk);
}

static void
test_certificate_proves_who_we_are(void **state)
{
	struct desk *desk = ask(OAUTH2("client: {id: us}, "
	    "client-auth: tls-client-auth"));

	(void)state;
	assert_true(is_asked(desk));
	assert_string_equal(desk_str(desk, desk->request.body),
	    "grant_type=client_credentials&client_id=us");
	desk_close(desk);
}

/* Genuine by that key, and made for this exchange alone. */
static const struct value *
read_jwt(struct desk *desk, struct str jwt, struct str private,
    enum signature_algorithm algorithm)
{
	struct jws_keys keys = {.count = 1};
	struct json_error error;
	const struct value *claims;
	struct str payload;
	struct jws jws;

	keys.items[0].key = signature_key_read(private);
	assert_true(jws_parse(desk->arena, jwt, &jws));
	assert_int_equal(jws.algorithm, algorithm);
	assert_true(jws_is_genuine(desk->arena, &jws, STR(""), &keys, 0));
	assert_true(jws_payload(desk->arena, &jws, &payload));
	jws_keys_fini(&keys);
	claims = json_read(desk->arena, payload, &error);
	assert_non_null(claims);
	assert_string_equal(desk_text(desk, value_get_cstr(claims, "iat")),
	    "1699999995");
	assert_string_equal(desk_text(desk, value_get_cstr(claims, "exp")),
	    "1700000180");
	assert_int_equal(value_field_str(claims, "jti").bytes, 36);
	return claims;
}

static const char *
claim(struct desk *desk, const struct value *claims, const char *name)
{
	return desk_str(desk, value_field_str(claims, name));
}

static void
test_client_proves_itself_by_a_jwt(void **state)
{
	static const struct {
		enum key_pair_kind kind;
		const char *algorithm;
		enum signature_algorithm wanted;
	} cases[] = {
		{PAIR_RSA, "", SIGNATURE_PS256},
		{PAIR_RSA, ", algorithm: RS256", SIGNATURE_RS256},
		{PAIR_P256, "", SIGNATURE_ES256},
		{PAIR_ED25519, ", algorithm: EdDSA", SIGNATURE_EDDSA},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char yaml[512];
		snprintf(yaml, sizeof(yaml), OAUTH2("client: {id: us}, "
		    "client-auth: private-key-jwt, key: {secret: key}%s"),
		    cases[i].algorithm);
		struct desk *desk = ask(yaml);
		struct key_pair pair =
		    key_pair_new(desk->arena, cases[i].kind);
		const struct value *claims, *again;

		desk_give(desk, "key", pair.private);
		assert_true(is_asked(desk));
		assert_string_equal(desk_str(desk,
		    field_of(desk, "client_assertion_type")),
		    "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A"
		    "jwt-bearer");
		assert_string_equal(
		    desk_str(desk, field_of(desk, "client_id")), "us");
		claims = read_jwt(desk, field_of(desk, "client_assertion"),
		    pair.private, cases[i].wanted);
		assert_string_equal(claim(desk, claims, "iss"), "us");
		assert_string_equal(claim(desk, claims, "sub"), "us");
		assert_string_equal(claim(desk, claims, "aud"),
		    "https://id.example/token");
		assert_true(is_asked(desk));
		again = read_jwt(desk, field_of(desk, "client_assertion"),
		    pair.private, cases[i].wanted);
		assert_string_not_equal(claim(desk, again, "jti"),
		    claim(desk, claims, "jti"));
		desk_close(desk);
	}
}

static void
test_jwt_may_be_the_grant(void **state)
{
	struct desk *desk = ask(OAUTH2("grant: jwt-bearer, issuer: consumer, "
	    "subject: robot@example.com, audience: https://login.example, "
	    "key: {secret: key}, key-id: k1, algorithm: RS256"));
	struct str pem = value_field_str(desk->secrets, "key");
	const struct value *claims;

	(void)state;
	assert_true(is_asked(desk));
	assert_string_equal(desk_str(desk, field_of(desk, "grant_type")),
	    "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer");
	assert_null(field_of(desk, "client_id").at);
	claims = read_jwt(desk, field_of(desk, "assertion"), pem,
	    SIGNATURE_RS256);
	assert_string_equal(claim(desk, claims, "iss"), "consumer");
	assert_string_equal(claim(desk, claims, "sub"), "robot@example.com");
	assert_string_equal(claim(desk, claims, "aud"),
	    "https://login.example");
	desk_close(desk);
}

static void
test_key_that_can_not_sign_is_refused(void **state)
{
	struct desk *desk = ask(OAUTH2("client: {id: us}, algorithm: ES256, "
	    "client-auth: private-key-jwt, key: {secret: key}"));

	(void)state;
	assert_false(is_asked(desk));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE, "connector.auth",
	    false);
	desk_give(desk, "key", STR("no key at all"));
	assert_false(is_asked(desk));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE, "connector.auth",
	    false);
	desk_close(desk);
}

static void
test_token_endpoint_is_asked_at_its_very_address(void **state)
{
	struct desk own, *desk = &own;

	(void)state;
	desk_open(desk, "connection: bank\n"
	    "kind: http\n"
	    "url: https://api.example\n"
	    "auth: {oauth2: {token-url: https://id.example/o/token/,\n"
	    "  client: {secret: oauth}}}\n"
	    "operations: {pay: {request: {post: /pay}}}\n");
	assert_true(connector_token_prepare(desk->connection, &desk->context,
	    &desk->request, &desk->outcome));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://id.example/o/token/");
	desk_close(desk);
}

static void
test_refusal_tells_when_to_come_again(void **state)
{
	struct desk *desk = *state;
	struct message_response response = {.status = 503};
	struct connector_token token;

	response.headers = desk_headers(desk, "Retry-After: 7",
	    &response.header_count);
	assert_false(connector_token_interpret(desk->connection, &response,
	    &desk->context, &token, &desk->outcome));
	assert_int_equal(desk->outcome.retry_after_ms, 7000);
	response.headers = desk_headers(desk, "Retry-After: 2147483647",
	    &response.header_count);
	assert_false(connector_token_interpret(desk->connection, &response,
	    &desk->context, &token, &desk->outcome));
	assert_int_equal(desk->outcome.retry_after_ms, THROTTLE_WAIT_MS_MAX);
}

static void
test_refusal_repeats_no_secret_and_a_token_is_whole(void **state)
{
	struct desk *desk = *state;
	struct message_response response = {
		.status = 400,
		.body = STR("{\"error\":\"my/secret\","
		    "\"error_description\":\"who is my%2Fsecret?\"}"),
	};
	const struct connector_token_answer answer = {
		.connection = desk->connection,
		.request = &desk->request,
		.response = &response,
	};
	struct connector_token token;

	assert_true(connector_token_prepare(desk->connection, &desk->context,
	    &desk->request, &desk->outcome));
	assert_false(connector_token_receive(&answer, &desk->context, &token,
	    &desk->outcome));
	assert_string_equal(desk_str(desk, desk->outcome.code), "oauth2.***");
	assert_string_equal(desk_str(desk, desk->outcome.message),
	    "the token endpoint answered 400: who is ***?");
	response.status = 200;
	response.body = STR("{\"access_token\":\"my/secret.eyJ\"}");
	assert_true(connector_token_receive(&answer, &desk->context, &token,
	    &desk->outcome));
	assert_string_equal(desk_str(desk, token.token), "my/secret.eyJ");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_refusal_repeats_no_secret_and_a_token_is_whole),
		CASE(test_client_credentials_are_asked_by_basic),
		CASE(test_token_goes_with_the_call),
		CASE(test_token_and_its_life_are_read),
		CASE(test_refusals_are_permanent_and_troubles_are_not),
		CASE(test_failed_exchange_may_be_repeated),
		CASE(test_refused_token_is_worth_another),
		cmocka_unit_test(test_token_endpoint_is_asked_at_its_very_address),
		CASE(test_refusal_tells_when_to_come_again),
		cmocka_unit_test(test_secret_may_go_in_the_form),
		cmocka_unit_test(test_certificate_proves_who_we_are),
		cmocka_unit_test(test_client_proves_itself_by_a_jwt),
		cmocka_unit_test(test_jwt_may_be_the_grant),
		cmocka_unit_test(test_key_that_can_not_sign_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
