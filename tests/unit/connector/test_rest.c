/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char bank[] =
    "connection: bank\n"
    "kind: http\n"
    "url: = settings.url + \"/v1/\"\n"
    "auth: {bearer: {secret: token}}\n"
    "headers: {x-client: stated, x-null: = null}\n"
    "timeout: 15s\n"
    "limits: {answer: 64MiB}\n"
    "errors:\n"
    "  - {if: '= status = 409 and body.code = \"dup\"', code: bank.duplicate,\n"
    "     outcome: done-with-error, message: '= \"known as \" + body.id'}\n"
    "operations:\n"
    "  pay:\n"
    "    input: {type: object, required: [reference, amount]}\n"
    "    request:\n"
    "      post: /payments\n"
    "      headers: {x-idempotency-key: = idempotency_key, x-note: = note}\n"
    "      body: {ref: = reference, amount: = amount, list: [1, = amount]}\n"
    "    timeout: 7s\n"
    "    output: {id: = body.id}\n"
    "    errors:\n"
    "      - {if: '= status = 400 and body.code = \"poor\"',\n"
    "         code: bank.insufficient-funds}\n"
    "      - {if: '= status = 418', code: bank.busy, transient: true}\n"
    "  keyed:\n"
    "    request: {post: /keyed, body: {a: = a}}\n"
    "    idempotent: true\n"
    "  note:\n"
    "    request: {post: /note}\n"
    "  bare:\n"
    "    request: {post: '= \"\"'}\n"
    "  root:\n"
    "    request: {post: /}\n"
    "  search:\n"
    "    request: {get: '= \"?q=1\"'}\n"
    "  moved:\n"
    "    request: {post: /moved}\n"
    "    output: {where: = headers.location}\n"
    "  find:\n"
    "    request: {get: /payments, query: {reference: = reference, day: = day,\n"
    "      tag: = tags, exact: true}}\n"
    "    output: {found: '= count(body.items) > 0'}\n"
    "  show:\n"
    "    request: {get: '= \"/payments/\" + id'}\n"
    "  gone:\n"
    "    request: {delete: '= \"/payments/\" + id'}\n"
    "    success: = status in (200, 204, 404)\n"
    "  checked:\n"
    "    request: {post: /checked}\n"
    "    success: '= body.ok = true'\n"
    "  text:\n"
    "    request: {post: /text, body: = text,\n"
    "      headers: {content-type: text/csv, accept: text/csv}}\n"
    "    output: {answer: = body}\n"
    "  form:\n"
    "    request: {post: /form, headers: {content-type: application/x-www-form-urlencoded},\n"
    "      body: {amount: 12.50, to: {iban: DE1 2}, tags: [a, 'b&c'], no: = null}}\n"
    "  login:\n"
    "    request: {post: /login, query: {key: {secret: key}},\n"
    "      headers: {x-key: {secret: key}}, body: {user: me, pin: {secret: pin}}}\n"
    "  lost:\n"
    "    request: {post: /lost, body: {pin: {secret: unknown}}}\n";

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

#define ARGS "{\"reference\":\"P-1\",\"amount\":1234.10}"

/* ----------------------------------------------------------------- requests */

static void
test_request_is_built_from_the_arguments(void **state)
{
	struct desk *desk = *state;

	desk->context.traceparent =
	    STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	assert_true(desk_prepare(desk, "pay", ARGS));
	assert_string_equal(desk_str(desk, desk->request.method), "POST");
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/v1/payments");
	assert_string_equal(desk_str(desk, desk->request.body),
	    "{\"ref\":\"P-1\",\"amount\":1234.10,\"list\":[1,1234.10]}");
	assert_string_equal(desk_header(desk, "content-type"),
	    "application/json");
	assert_string_equal(desk_header(desk, "accept"), "application/json");
	assert_string_equal(desk_header(desk, "x-client"), "stated");
	assert_string_equal(desk_header(desk, "x-idempotency-key"), "key-1");
	assert_string_equal(desk_header(desk, "authorization"),
	    "Bearer secret of token");
	assert_string_equal(desk_header(desk, "traceparent"),
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	assert_string_equal(desk_header(desk, "x-null"), "(absent)");
	assert_string_equal(desk_header(desk, "x-note"), "(absent)");
	assert_int_equal(desk->request.timeout_ms, 7000);
}

static void
test_connection_says_how_long_an_answer_may_be(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "note", "{}"));
	assert_int_equal(desk->request.response_bytes_max, 64 * 1024 * 1024);
}

static void
test_call_may_have_a_timeout_of_its_own(void **state)
{
	struct desk *desk = *state;
	struct connector_call call = desk_call(desk, "pay", ARGS);

	call.timeout_ms = 3;
	assert_true(connector_prepare(&call, &desk->context, &desk->request,
	    &desk->outcome));
	assert_int_equal(desk->request.timeout_ms, 3);
	assert_true(desk_prepare(desk, "note", "{}"));
	assert_int_equal(desk->request.timeout_ms, 15000);
}

static void
test_arguments_against_the_schema_are_refused(void **state)
{
	struct desk *desk = *state;

	assert_false(desk_prepare(desk, "pay", "{\"reference\":\"P-1\"}"));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.arguments", false);
}

static void
test_query_is_encoded_and_lists_repeat_their_key(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "find",
	    "{\"reference\":\"a&b=c d\",\"tags\":[\"x\",2.50],\"day\":null}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/v1/payments?reference=a%26b%3Dc%20d"
	    "&tag=x&tag=2.50&exact=true");
	assert_null(desk->request.body.at);
	assert_string_equal(desk_header(desk, "content-type"), "(absent)");
}

static void
test_query_that_is_no_context_is_refused(void **state)
{
	static const char *const others[] = {"\"a=1\"", "7", "[{\"a\":1}]"};
	char args[64];
	struct desk desk;

	(void)state;
	desk_open(&desk, "connection: bank\nkind: http\n"
			 "url: = settings.url\noperations:\n"
			 "  find: {request: {get: /a, query: = filter}}\n");
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		(void)snprintf(args, sizeof(args), "{\"filter\":%s}", others[i]);
		assert_false(desk_prepare(&desk, "find", args));
		desk_assert_outcome(&desk.outcome, OUTCOME_NOT_DONE,
		    "connector.url", false);
	}
	assert_true(desk_prepare(&desk, "find", "{\"filter\":null}"));
	assert_true(desk_prepare(&desk, "find", "{\"filter\":{\"a\":1}}"));
	assert_string_equal(desk_str(&desk, desk.request.url),
	    "https://api.example/a?a=1");
	desk_close(&desk);
}

/* A slash at the address's end is its own: it parts it from a path, and stays
 * where none comes. */
static void
test_address_is_used_as_it_is_given(void **state)
{
	static const char *const urls[][2] = {
	    {"bare", "https://api.example/v1/"},
	    {"root", "https://api.example/v1/"},
	    {"note", "https://api.example/v1/note"},
	    {"search", "https://api.example/v1/?q=1"},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		assert_true(desk_prepare(desk, urls[i][0], "{}"));
		assert_string_equal(
		    desk_str(desk, desk->request.url), urls[i][1]);
	}
}

static void
test_path_encodes_what_is_illegal(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "show",
	    "{\"id\":\"a b#c\xc3\xa9%41%zz@evil\"}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/v1/payments/a%20b%23c%C3%A9%41%25zz@evil");
}

static void
test_path_that_leads_elsewhere_is_refused(void **state)
{
	static const char *const args[] = {
		"{\"id\":\"../admin\"}", "{\"id\":\"..\"}",
		"{\"id\":\"x/%2e%2E/y\"}", "{\"id\":\".\"}",
		"{\"id\":\"a\\r\\nHost: evil\"}", "{\"id\":\"a\\u0000b\"}",
		"{\"id\":null}",
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		assert_false(desk_prepare(desk, "show", args[i]));
		desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
		    "connector.path", false);
	}
	assert_true(desk_prepare(desk, "show", "{\"id\":\"..a.b\"}"));
}

static void
test_header_cannot_be_split(void **state)
{
	struct desk *desk = *state;

	assert_false(desk_prepare(desk, "pay",
	    "{\"reference\":\"P\",\"amount\":1,\"note\":\"a\\r\\nX-Evil: 1\"}"));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.header", false);
}

static void
test_text_body_goes_as_it_is(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "text", "{\"text\":\"a;b\\n1;2\\n\"}"));
	assert_string_equal(desk_str(desk, desk->request.body), "a;b\n1;2\n");
	assert_string_equal(desk_header(desk, "accept"), "text/csv");
	assert_false(desk_prepare(desk, "text", "{\"text\":[1]}"));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE, "connector.body",
	    false);
}

static void
test_form_body_nests_by_brackets(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "form", "{}"));
	assert_string_equal(desk_str(desk, desk->request.body),
	    "amount=12.50&to%5Biban%5D=DE1%202&tags%5B0%5D=a"
	    "&tags%5B1%5D=b%26c");
}

static void
test_secrets_go_out_but_not_into_history(void **state)
{
	struct desk *desk = *state;
	const struct value *shown;

	assert_true(desk_prepare(desk, "login", "{}"));
	assert_string_equal(desk_str(desk, desk->request.body),
	    "{\"user\":\"me\",\"pin\":\"secret of pin\"}");
	assert_string_equal(desk_header(desk, "x-key"), "secret of key");
	shown = connector_describe_request(desk->arena, &desk->request);
	assert_string_equal(desk_text(desk, shown),
	    "{\"method\":\"POST\","
	    "\"url\":\"https://api.example/v1/login?key=%2A%2A%2A\","
	    "\"headers\":{\"x-client\":\"stated\",\"x-key\":\"***\","
	    "\"content-type\":\"application/json\","
	    "\"authorization\":\"***\",\"accept\":\"application/json\"},"
	    "\"body\":\"{\\\"user\\\":\\\"me\\\",\\\"pin\\\":\\\"***\\\"}\"}");
}

static void
test_missing_secret_is_named(void **state)
{
	struct desk *desk = *state;

	assert_false(desk_prepare(desk, "lost", "{}"));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.secret", true);
	assert_non_null(strstr(desk_str(desk, desk->outcome.message),
	    "unknown"));
}

/* ---------------------------------------------------------------- renewals */

/* A secret that is written over by its next value. */
struct rotating {
	char text[16];
	struct value value;
};

static const struct value *
rotating_cb(void *arg, struct str name)
{
	struct rotating *rotating = arg;

	(void)name;
	rotating->value = (struct value){
		.type = VALUE_STRING,
		.as.string = str_of(rotating->text),
	};
	return &rotating->value;
}

static bool
renew(struct desk *desk)
{
	struct connector_call call = desk_call(desk, "go", "{}");

	return connector_renew(&call, &desk->context, &desk->request);
}

/* Of a connection with these lines. */
static void
prepare_rotating(struct desk *desk, struct rotating *rotating,
    const char *lines)
{
	struct buf yaml = {0};

	buf_addf(&yaml, "connection: bank\nkind: http\nurl: = settings.url\n"
			"%s\noperations:\n  go: {request: {post: /a}}\n", lines);
	desk_open(desk, buf_cstr(&yaml));
	buf_fini(&yaml);
	desk->context.secret = rotating_cb;
	desk->context.secret_arg = rotating;
	assert_true(desk_prepare(desk, "go", "{}"));
}

static void
test_request_is_what_it_was_while_its_secret_changes(void **state)
{
	struct rotating rotating = {.text = "old key"};
	struct desk desk;

	(void)state;
	prepare_rotating(&desk, &rotating,
	    "auth: {header: {name: x-key, value: {secret: key}}}");
	assert_false(renew(&desk));
	strcpy(rotating.text, "another");
	assert_string_equal(desk_header(&desk, "x-key"), "old key");
	assert_true(renew(&desk));
	assert_string_equal(desk_header(&desk, "x-key"), "another");
	assert_false(renew(&desk));
	desk_close(&desk);
}

static void
test_request_goes_again_by_the_new_certificate(void **state)
{
	struct rotating rotating = {.text = "old one"};
	struct desk desk;

	(void)state;
	prepare_rotating(&desk, &rotating,
	    "tls: {client-certificate: {secret: certificate}}");
	assert_false(renew(&desk));
	strcpy(rotating.text, "another");
	assert_string_equal(
	    desk_str(&desk, desk.request.client_certificate), "old one");
	assert_true(renew(&desk));
	assert_string_equal(
	    desk_str(&desk, desk.request.client_certificate), "another");
	desk_close(&desk);
}

/* ------------------------------------------------------------------ answers */

static void
test_success_gives_the_output(void **state)
{
	struct outcome *outcome =
	    desk_answer(*state, "pay", ARGS, 201, NULL,
		"{\"id\":\"bp_1\",\"amount\":1234.10}");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_string_equal(desk_text(*state, outcome->response),
	    "{\"id\":\"bp_1\"}");
	assert_int_equal(outcome->status, 201);
}

static void
test_without_output_the_body_is_the_response(void **state)
{
	struct outcome *outcome = desk_answer(*state, "note", "{}", 200, NULL,
	    "{\"amount\":1234.10}");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_string_equal(desk_text(*state, outcome->response),
	    "{\"amount\":1234.10}");
	outcome = desk_answer(*state, "note", "{}", 204, "", "");
	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_int_equal(outcome->response->type, VALUE_NULL);
	outcome = desk_answer(*state, "note", "{}", 200,
	    "Content-Type: text/plain", "ok");
	assert_int_equal(outcome->kind, OUTCOME_DONE);
}

static void
test_headers_are_at_hand(void **state)
{
	struct outcome *outcome = desk_answer(*state, "moved", "{}", 201,
	    "Location: /x/7\nX-Request-Id: r-1", "");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_string_equal(desk_text(*state, outcome->response),
	    "{\"where\":\"/x/7\"}");
	assert_string_equal(desk_str(*state, outcome->reference), "r-1");
}

static void
test_error_rules_come_first(void **state)
{
	struct outcome *outcome = desk_answer(*state, "pay", ARGS, 400, NULL,
	    "{\"code\":\"poor\",\"message\":\"no money\"}");

	desk_assert_outcome(
	    outcome, OUTCOME_NOT_DONE, "bank.insufficient-funds", false);
	assert_string_equal(desk_str(*state, outcome->message), "no money");
	outcome = desk_answer(*state, "pay", ARGS, 418, "Retry-After: 9", "");
	desk_assert_outcome(outcome, OUTCOME_NOT_DONE, "bank.busy", true);
	assert_int_equal(outcome->retry_after_ms, 9000);
}

static void
test_rules_of_the_connection_come_after_the_operations(void **state)
{
	struct outcome *outcome = desk_answer(*state, "keyed", "{\"a\":1}", 409,
	    NULL, "{\"code\":\"dup\",\"id\":\"bp_1\"}");

	desk_assert_outcome(outcome, OUTCOME_DONE_WITH_ERROR, "bank.duplicate",
	    false);
	assert_string_equal(desk_str(*state, outcome->message),
	    "known as bp_1");
}

struct expected {
	int status;
	const char *headers;
	enum outcome_kind kind;
	bool transient;
	int64_t retry_after_ms;
};

static void
assert_statuses(struct desk *desk, const char *operation,
    const struct expected *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char code[16];
		struct outcome *outcome = desk_answer(desk, operation,
		    "{\"a\":1,\"id\":\"x\"}", rows[i].status, rows[i].headers,
		    "<html>");
		snprintf(code, sizeof(code), "http.%d", rows[i].status);
		desk_assert_outcome(
		    outcome, rows[i].kind, code, rows[i].transient);
		assert_int_equal(outcome->retry_after_ms,
		    rows[i].retry_after_ms);
	}
}

static void
test_status_decides_where_no_rule_does(void **state)
{
	static const struct expected rows[] = {
		{302, "", OUTCOME_NOT_DONE, false, 0},
		{400, "", OUTCOME_NOT_DONE, false, 0},
		{401, "", OUTCOME_NOT_DONE, false, 0},
		{403, "", OUTCOME_NOT_DONE, false, 0},
		{404, "", OUTCOME_NOT_DONE, false, 0},
		{408, "", OUTCOME_NOT_DONE, true, 0},
		{409, "", OUTCOME_NOT_DONE, false, 0},
		{422, "", OUTCOME_NOT_DONE, false, 0},
		{423, "", OUTCOME_NOT_DONE, true, 0},
		{425, "", OUTCOME_NOT_DONE, true, 0},
		{429, "", OUTCOME_NOT_DONE, true, 0},
		{429, "Retry-After: 120", OUTCOME_NOT_DONE, true, 120000},
		{500, "", OUTCOME_UNKNOWN, false, 0},
		{502, "", OUTCOME_UNKNOWN, false, 0},
		{503, "", OUTCOME_UNKNOWN, false, 0},
		{503, "Retry-After: soon", OUTCOME_UNKNOWN, false, 0},
		{503, "Retry-After: 0", OUTCOME_NOT_DONE, true, 0},
		{503, "Retry-After: 2147483647", OUTCOME_NOT_DONE, true,
		    86400000},
		{503, "Retry-After: Tue, 14 Nov 2023 22:13:50 GMT",
		    OUTCOME_NOT_DONE, true, 30000},
		{504, "", OUTCOME_UNKNOWN, false, 0},
		{599, "", OUTCOME_UNKNOWN, false, 0},
	};

	assert_statuses(*state, "note", rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_conflict_under_a_key_may_be_an_earlier_attempt(void **state)
{
	static const struct expected rows[] = {
		{409, "", OUTCOME_UNKNOWN, false, 0},
		{500, "", OUTCOME_UNKNOWN, false, 0},
	};

	assert_statuses(*state, "keyed", rows, 2);
}

static void
test_of_a_safe_operation_nothing_is_unknown(void **state)
{
	static const struct expected rows[] = {
		{500, "", OUTCOME_NOT_DONE, true, 0},
		{503, "", OUTCOME_NOT_DONE, true, 0},
		{404, "", OUTCOME_NOT_DONE, false, 0},
	};
	struct outcome *outcome;

	assert_statuses(*state, "show", rows, 3);
	outcome = desk_fail(*state, "find", MESSAGE_TIMEOUT);
	desk_assert_outcome(outcome, OUTCOME_NOT_DONE, "http.timeout", true);
}

static void
test_failures_tell_what_is_known(void **state)
{
	static const struct {
		enum message_failure failure;
		enum outcome_kind kind;
		const char *code;
		bool transient;
	} rows[] = {
	    {MESSAGE_UNRESOLVED, OUTCOME_NOT_DONE, "http.unresolved", true},
	    {MESSAGE_UNREACHABLE, OUTCOME_NOT_DONE, "http.unreachable", true},
	    {MESSAGE_TLS, OUTCOME_NOT_DONE, "http.tls", true},
	    {MESSAGE_CERTIFICATE, OUTCOME_NOT_DONE, "http.certificate", false},
	    {MESSAGE_UNSENT, OUTCOME_NOT_DONE, "http.unsent", true},
	    {MESSAGE_TIMEOUT, OUTCOME_UNKNOWN, "http.timeout", false},
	    {MESSAGE_RESET, OUTCOME_UNKNOWN, "http.reset", false},
	    {MESSAGE_TRUNCATED, OUTCOME_UNKNOWN, "http.truncated", false},
	    {MESSAGE_TOO_LARGE, OUTCOME_UNKNOWN, "http.too-large", false},
	    {MESSAGE_GARBLED, OUTCOME_UNKNOWN, "http.garbled", false},
	    {MESSAGE_CRASHED, OUTCOME_UNKNOWN, "http.crashed", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		desk_assert_outcome(desk_fail(*state, "note", rows[i].failure),
		    rows[i].kind, rows[i].code, rows[i].transient);
}

static void
test_body_that_the_output_needs_must_be_trustworthy(void **state)
{
	static const char html[] = "Content-Type: text/html";
	struct desk *desk = *state;

	desk_assert_outcome(
	    desk_answer(desk, "pay", ARGS, 200, NULL, "{\"id\":"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(desk_answer(desk, "pay", ARGS, 200, html, "<html>"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(desk_answer(desk, "pay", ARGS, 200, "", ""),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(
	    desk_answer(desk, "pay", ARGS, 200, NULL, "{\"id\":1,\"id\":2}"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(desk_answer(desk, "find", "{\"reference\":\"x\"}",
				200, html, "<html>"),
	    OUTCOME_NOT_DONE, "http.garbled", true);
}

static void
test_page_of_a_login_is_no_success(void **state)
{
	desk_assert_outcome(desk_answer(*state, "note", "{}", 200,
			   "Content-Type: text/html", "<!doctype html>"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(
	    desk_answer(*state, "note", "{}", 200, NULL, "{\"a\":"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
}

/* Wherever it comes from, and whether or not an expression reads it. */
static void
test_page_is_known_by_its_type_and_by_its_first_byte(void **state)
{
	static const char html[] = "Content-Type: text/html; charset=x";
	static const char page[] = "<html>Bitte anmelden</html>";
	static const struct {
		const char *operation;
		const char *headers;
		const char *body;
		enum outcome_kind kind;
	} rows[] = {
	    {"note", html, page, OUTCOME_UNKNOWN},
	    {"note", html, "<html>f\xfcr", OUTCOME_UNKNOWN},
	    {"note", html, "\xef\xbb\xbf<html>", OUTCOME_UNKNOWN},
	    {"note", html, "\xff\xfe<", OUTCOME_UNKNOWN},
	    {"note", html, "&nbsp;<html>", OUTCOME_UNKNOWN},
	    {"note", "", "\xef\xbb\xbf <html>", OUTCOME_UNKNOWN},
	    {"note", "Content-Type: text/xml", "<a/>", OUTCOME_UNKNOWN},
	    {"note", html, "ok", OUTCOME_DONE},
	    {"note", html, "{\"ok\":true}", OUTCOME_DONE},
	    {"note", "Content-Type: text/plain", "{\"id\":\"pay",
		OUTCOME_UNKNOWN},
	    {"note", "", "[{\"id\":\"pay", OUTCOME_UNKNOWN},
	    {"gone", html, page, OUTCOME_UNKNOWN},
	    {"gone", NULL, "{\"id\":\"pay", OUTCOME_UNKNOWN},
	    {"gone", "Content-Type: application/xhtml+xml", page,
		OUTCOME_UNKNOWN},
	    {"gone", "Content-Type: text/xml", "<Ack/>", OUTCOME_DONE},
	    {"gone", "Content-Type: text/plain", "deleted", OUTCOME_DONE},
	    {"gone", "", "", OUTCOME_DONE},
	    {"moved", html, page, OUTCOME_UNKNOWN},
	    {"moved", "", "", OUTCOME_DONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(desk_answer(*state, rows[i].operation,
				     "{\"id\":\"x\"}", 200, rows[i].headers,
				     rows[i].body)->kind,
		    rows[i].kind);
}

/* Asked with that `accept`, the operation's own or the connection's. */
static enum outcome_kind
judge_accepting(const char *accept, bool is_read, bool is_of_connection,
    const char *headers, const char *body)
{
	struct buf yaml = {0};
	struct desk desk;
	enum outcome_kind kind;

	buf_addf(&yaml, "connection: bank\nkind: http\nurl: = settings.url\n");
	if (is_of_connection)
		buf_addf(&yaml, "headers: {accept: '%s'}\n", accept);
	buf_addf(&yaml, "operations:\n  go:\n    request:\n      post: /a\n");
	if (!is_of_connection)
		buf_addf(&yaml, "      headers: {accept: '%s'}\n", accept);
	if (is_read)
		buf_addf(&yaml, "    output: {answer: = body}\n");
	desk_open(&desk, buf_cstr(&yaml));
	buf_fini(&yaml);
	kind = desk_answer(&desk, "go", "{}", 200, headers, body)->kind;
	desk_close(&desk);
	return kind;
}

static void
test_page_is_none_whatever_else_is_accepted(void **state)
{
	static const char html[] = "Content-Type: text/html; charset=utf-8";
	static const char plain[] = "Content-Type: text/plain";
	static const char xml[] = "Content-Type: text/xml";
	static const char page[] = "<!DOCTYPE html><html>log in</html>";
	static const struct {
		const char *accept;
		const char *headers;
		const char *body;
		enum outcome_kind unread;
		enum outcome_kind read;
	} rows[] = {
	    {"application/json", html, page, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
	    {"application/vnd.api+json", html, page, OUTCOME_UNKNOWN,
		OUTCOME_UNKNOWN},
	    {"application/json", plain, "{\"id\":\"pa", OUTCOME_UNKNOWN,
		OUTCOME_UNKNOWN},
	    {"application/json, application/problem+json;q=0.5", plain, "ok",
		OUTCOME_DONE, OUTCOME_UNKNOWN},
	    {"text/csv", html, page, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
	    {"text/csv", "", page, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
	    {"text/csv", "Content-Type: text/csv", "<a>;b", OUTCOME_DONE,
		OUTCOME_DONE},
	    {"application/xml", html, page, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
	    {"application/xml", xml, "<a/>", OUTCOME_DONE, OUTCOME_DONE},
	    {"= \"text/\" + \"csv\"", html, page, OUTCOME_UNKNOWN,
		OUTCOME_UNKNOWN},
	    {"application/json, text/*;q=0.5", html, page, OUTCOME_DONE,
		OUTCOME_DONE},
	    {"application/xhtml+xml", html, page, OUTCOME_DONE, OUTCOME_DONE},
	    {"*/*", html, page, OUTCOME_DONE, OUTCOME_DONE},
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
		bool is_of_connection = i >= COUNT_OF(rows);
		size_t k = i % COUNT_OF(rows);

		assert_int_equal(judge_accepting(rows[k].accept, false,
				     is_of_connection, rows[k].headers,
				     rows[k].body),
		    rows[k].unread);
		assert_int_equal(judge_accepting(rows[k].accept, true,
				     is_of_connection, rows[k].headers,
				     rows[k].body),
		    rows[k].read);
	}
}

static void
test_text_that_was_asked_for_is_a_response(void **state)
{
	struct outcome *outcome = desk_answer(*state, "text",
	    "{\"text\":\"x\"}", 200, "Content-Type: text/csv", "a;b");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_string_equal(desk_text(*state, outcome->response),
	    "{\"answer\":\"a;b\"}");
}

static void
test_success_of_its_own_may_take_any_status(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(desk_answer(desk, "gone", "{\"id\":\"x\"}", 404, "",
			     "<html>")->kind,
	    OUTCOME_DONE);
	assert_int_equal(desk_answer(desk, "gone", "{\"id\":\"x\"}", 500, "",
			     "")->kind,
	    OUTCOME_UNKNOWN);
	desk_assert_outcome(desk_answer(desk, "checked", "{}", 200, NULL,
			   "{\"ok\":false}"),
	    OUTCOME_DONE_WITH_ERROR, "http.unsuccessful", false);
	assert_int_equal(desk_answer(desk, "checked", "{}", 200, NULL,
			     "{\"ok\":true}")->kind,
	    OUTCOME_DONE);
}

static void
test_message_is_what_the_endpoint_says(void **state)
{
	struct outcome *outcome = desk_answer(*state, "note", "{}", 422,
	    "Content-Type: application/problem+json",
	    "{\"title\":\"Invalid\",\"detail\":\"IBAN is wrong\"}");

	assert_string_equal(desk_str(*state, outcome->message),
	    "the endpoint answered 422: IBAN is wrong");
	assert_string_equal(desk_text(*state, outcome->body),
	    "{\"title\":\"Invalid\",\"detail\":\"IBAN is wrong\"}");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void
test_environments_differ_by_their_settings_alone(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "note", "{}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/v1/note");
	desk->context.settings =
	    desk_json(desk, "{\"url\": \"https://test.example/bank\"}");
	assert_true(desk_prepare(desk, "note", "{}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://test.example/bank/v1/note");
	desk->context.settings = desk_json(desk, "{}");
	assert_false(desk_prepare(desk, "note", "{}"));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE, "connector.url",
	    false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_request_is_built_from_the_arguments),
		CASE(test_connection_says_how_long_an_answer_may_be),
		CASE(test_call_may_have_a_timeout_of_its_own),
		CASE(test_arguments_against_the_schema_are_refused),
		CASE(test_query_is_encoded_and_lists_repeat_their_key),
		cmocka_unit_test(test_query_that_is_no_context_is_refused),
		CASE(test_address_is_used_as_it_is_given),
		CASE(test_path_encodes_what_is_illegal),
		CASE(test_path_that_leads_elsewhere_is_refused),
		CASE(test_header_cannot_be_split),
		CASE(test_environments_differ_by_their_settings_alone),
		CASE(test_text_body_goes_as_it_is),
		CASE(test_form_body_nests_by_brackets),
		CASE(test_secrets_go_out_but_not_into_history),
		CASE(test_missing_secret_is_named),
		cmocka_unit_test(
		    test_request_is_what_it_was_while_its_secret_changes),
		cmocka_unit_test(
		    test_request_goes_again_by_the_new_certificate),
		CASE(test_success_gives_the_output),
		CASE(test_without_output_the_body_is_the_response),
		CASE(test_headers_are_at_hand),
		CASE(test_error_rules_come_first),
		CASE(test_rules_of_the_connection_come_after_the_operations),
		CASE(test_status_decides_where_no_rule_does),
		CASE(test_conflict_under_a_key_may_be_an_earlier_attempt),
		CASE(test_of_a_safe_operation_nothing_is_unknown),
		CASE(test_failures_tell_what_is_known),
		CASE(test_body_that_the_output_needs_must_be_trustworthy),
		CASE(test_page_of_a_login_is_no_success),
		CASE(test_page_is_known_by_its_type_and_by_its_first_byte),
		cmocka_unit_test(test_page_is_none_whatever_else_is_accepted),
		CASE(test_text_that_was_asked_for_is_a_response),
		CASE(test_success_of_its_own_may_take_any_status),
		CASE(test_message_is_what_the_endpoint_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
