/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OPERATIONS                                                             \
	"operations:\n"                                                        \
	"  find-partner:\n"                                                    \
	"    model: res.partner\n"                                             \
	"    method: search_read\n"                                            \
	"    args: [[[ref, '= \"=\"', = reference]]]\n"                              \
	"    kwargs: {fields: [id], limit: 2}\n"                               \
	"    output: {id: '= result[1].id'}\n"                                 \
	"    errors:\n"                                                        \
	"      - {if: '= count(body) > 1', code: odoo.ambiguous,\n"            \
	"         outcome: unknown}\n"                                         \
	"  create-partner:\n"                                                  \
	"    model: res.partner\n"                                             \
	"    method: create\n"                                                 \
	"    args: [{name: = name, credit: = credit}]\n"                       \
	"    kwargs: {context: {lang: de_DE, tz: UTC}}\n"                      \
	"  write-partner:\n"                                                   \
	"    model: res.partner\n"                                             \
	"    method: write\n"                                                  \
	"    args: [[= id], {name: = name, pin: {secret: pin}}]\n"             \
	"  post-invoice:\n"                                                    \
	"    model: account.move\n"                                            \
	"    method: action_post\n"                                            \
	"    args: [[= id]]\n"                                                 \
	"    errors:\n"                                                        \
	"      - {if: '= contains(body.message, \"in draft\")',\n"  \
	"         code: odoo.not-draft, outcome: done-with-error}\n"           \
	"  confirm-order:\n"                                                   \
	"    model: purchase.order\n"                                          \
	"    method: button_confirm\n"                                         \
	"    args: [[= id]]\n"                                                 \
	"    success: '= result = true'\n"                                     \
	"  create-partners:\n"                                                 \
	"    model: res.partner\n"                                             \
	"    method: create\n"                                                 \
	"    args: ['= list']\n"                                               \
	"  remove-line:\n"                                                     \
	"    model: account.bank.statement.line\n"                             \
	"    method: unlink\n"                                                 \
	"    args: [[= id]]\n"                                                 \
	"    success: '= body = true or body.name = \"odoo.exceptions.Missing" \
	"Error\"'\n"                                                           \
	"  load-partners:\n"                                                   \
	"    model: res.partner\n"                                             \
	"    method: load\n"                                                   \
	"    args: [[id, name], = rows]\n"                                     \
	"  load-lines:\n"                                                     \
	"    model: account.bank.statement.line\n"                            \
	"    method: load\n"                                                  \
	"    args:\n"                                                         \
	"      - [id, date, amount, checked, note]\n"                         \
	"      - [[x.a, '= date(\"2026-11-22\")', '= amount', true, '= null']]\n" \
	"  meet:\n"                                                           \
	"    model: calendar.event\n"                                         \
	"    method: create\n"                                                \
	"    args:\n"                                                         \
	"      - {start: '= date and time(start)', day: '= date(\"2026-11-22\")'}\n" \
	"  show-partner:\n"                                                    \
	"    model: res.partner\n"                                             \
	"    method: read\n"                                                   \
	"    args: [[= id]]\n"                                                 \
	"    output: {id: '= body[1].id'}\n"                                   \
	"  odd-call:\n"                                                        \
	"    model: res.partner\n"                                             \
	"    method: message_post\n"                                           \
	"    args: [[1], two]\n"

static const char json_rpc[] =
    "connection: odoo\n"
    "kind: odoo\n"
    "url: = settings.url\n"
    "auth: {odoo: {database: prod, login: bot@x, password: {secret: key}}}\n"
    OPERATIONS;

static const char json_2[] =
    "connection: odoo\n"
    "kind: odoo\n"
    "url: = settings.url\n"
    "auth: {bearer: {secret: key}}\n"
    OPERATIONS;

static struct desk the_desk;

static int
set_up(void **state)
{
	desk_open(&the_desk, json_rpc);
	the_desk.token = STR("7");
	*state = &the_desk;
	return 0;
}

static int
set_up_json_2(void **state)
{
	desk_open(&the_desk, json_2);
	*state = &the_desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

static struct outcome *
answer(struct desk *desk, const char *operation, const char *body)
{
	return desk_answer(desk, operation, "{\"id\":5,\"reference\":\"x\","
	    "\"name\":\"y\",\"credit\":0,\"rows\":[]}", 200, NULL, body);
}

/* An answer that holds an error of that class. */
static struct outcome *
answer_error(struct desk *desk, const char *operation, const char *name,
    const char *message)
{
	char body[1024];

	snprintf(body, sizeof(body),
	    "{\"jsonrpc\": \"2.0\", \"id\": 1, \"error\": {\"code\": 200, "
	    "\"message\": \"Odoo Server Error\", \"data\": {\"name\": \"%s\", "
	    "\"debug\": \"Traceback\", \"message\": \"%s\", "
	    "\"arguments\": [], \"context\": {}}}}", name, message);
	return answer(desk, operation, body);
}

/* ----------------------------------------------------------------- requests */

static void
test_call_is_execute_kw(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "create-partner",
	    "{\"name\":\"ACME \\\"x\\\"\",\"credit\":1234.10}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/jsonrpc");
	assert_string_equal(desk_str(desk, desk->request.method), "POST");
	assert_string_equal(desk_header(desk, "content-type"),
	    "application/json");
	assert_string_equal(desk_header(desk, "authorization"), "(absent)");
	assert_string_equal(desk_str(desk, desk->request.body),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"call\",\"id\":1,\"params\":"
	    "{\"service\":\"object\",\"method\":\"execute_kw\",\"args\":["
	    "\"prod\",7,\"secret of key\",\"res.partner\",\"create\","
	    "[{\"name\":\"ACME \\\"x\\\"\",\"credit\":1234.10}],"
	    "{\"context\":{\"lang\":\"de_DE\",\"tz\":\"UTC\"}}]}}");
}

/* ISO 8601 in a datetime field is a ValueError to Odoo. */
static void
test_instants_are_written_as_odoo_takes_them(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(
	    desk, "meet", "{\"start\":\"2026-11-22T23:30:10.5-02:00\"}"));
	assert_non_null(strstr(desk_str(desk, desk->request.body),
	    "[{\"start\":\"2026-11-23 01:30:10\",\"day\":\"2026-11-22\"}]"));
}

static void
test_cells_of_load_are_texts(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "load-lines", "{\"amount\":1234.10}"));
	assert_non_null(strstr(desk_str(desk, desk->request.body),
	    "[[\"x.a\",\"2026-11-22\",\"1234.10\",\"true\",\"\"]]"));
}

static void
test_english_is_asked_for_unless_told(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "find-partner",
	    "{\"reference\":\"C-1\"}"));
	assert_non_null(strstr(desk_str(desk, desk->request.body),
	    "[[[\"ref\",\"=\",\"C-1\"]]],{\"fields\":[\"id\"],\"limit\":2,"
	    "\"context\":{\"lang\":\"en_US\"}}"));
}

static void
test_password_is_not_in_history(void **state)
{
	struct desk *desk = *state;
	const char *shown;

	assert_true(desk_prepare(desk, "write-partner",
	    "{\"id\":5,\"name\":\"x\"}"));
	assert_non_null(strstr(desk_str(desk, desk->request.body),
	    "\"secret of key\""));
	assert_non_null(strstr(desk_str(desk, desk->request.body),
	    "\"secret of pin\""));
	shown = desk_text(desk,
	    connector_describe_request(desk->arena, &desk->request));
	assert_null(strstr(shown, "secret of"));
	assert_non_null(strstr(shown, "\\\"***\\\",\\\"res.partner\\\""));
	assert_non_null(strstr(shown, "\\\"pin\\\":\\\"***\\\""));
}

static void
test_call_without_user_number_asks_for_a_login(void **state)
{
	struct desk *desk = *state;

	assert_true(connector_needs_token(desk->connection));
	desk->token = (struct str){NULL, 0};
	assert_false(desk_prepare(desk, "post-invoice", "{\"id\":5}"));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
	    "odoo.session-expired", true);
	desk->token = STR("7,\"x\"");
	assert_false(desk_prepare(desk, "post-invoice", "{\"id\":5}"));
}

/* ------------------------------------------------------------------ answers */

static void
test_result_is_the_response(void **state)
{
	struct outcome *outcome = answer(*state, "create-partner",
	    "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": 42}");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_string_equal(desk_text(*state, outcome->response), "42");
	outcome = answer(*state, "find-partner",
	    "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": [{\"id\": 42}]}");
	assert_string_equal(desk_text(*state, outcome->response),
	    "{\"id\":42}");
}

static void
test_answer_without_result_is_success_with_null(void **state)
{
	struct outcome *outcome = answer(*state, "post-invoice",
	    "{\"jsonrpc\": \"2.0\", \"id\": 1}");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_int_equal(outcome->response->type, VALUE_NULL);
}

static void
test_success_may_need_a_certain_result(void **state)
{
	desk_assert_outcome(answer(*state, "confirm-order",
			   "{\"jsonrpc\":\"2.0\",\"result\":false}"),
	    OUTCOME_DONE_WITH_ERROR, "odoo.unsuccessful", false);
	assert_int_equal(answer(*state, "confirm-order",
			     "{\"jsonrpc\":\"2.0\",\"result\":true}")->kind,
	    OUTCOME_DONE);
}

/* What is gone is gone, whoever removed it. */
static void
test_success_may_be_an_exception(void **state)
{
	struct desk *desk = *state;
	struct outcome *outcome = answer_error(desk, "remove-line",
	    "odoo.exceptions.MissingError", "Record does not exist.");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_int_equal(outcome->response->type, VALUE_NULL);
	desk_assert_outcome(answer_error(desk, "remove-line",
			   "odoo.exceptions.UserError", "It is reconciled."),
	    OUTCOME_DONE_WITH_ERROR, "odoo.user-error", false);
	desk_assert_outcome(answer_error(desk, "remove-line",
			   "psycopg2.errors.SerializationFailure", "no"),
	    OUTCOME_NOT_DONE, "odoo.concurrency", true);
	desk_assert_outcome(desk_answer(desk, "remove-line", "{\"id\":5}", 502,
			   "Content-Type: text/html", "<html>"),
	    OUTCOME_UNKNOWN, "http.502", false);
}

static void
test_exceptions_mean_what_their_class_says(void **state)
{
	static const struct {
		const char *name;
		enum outcome_kind kind;
		const char *code;
		bool transient;
	} rows[] = {
		{"odoo.exceptions.UserError", OUTCOME_DONE_WITH_ERROR,
		    "odoo.user-error", false},
		{"odoo.exceptions.ValidationError", OUTCOME_DONE_WITH_ERROR,
		    "odoo.validation-error", false},
		{"odoo.exceptions.AccessError", OUTCOME_DONE_WITH_ERROR,
		    "odoo.access-error", false},
		{"odoo.exceptions.MissingError", OUTCOME_DONE_WITH_ERROR,
		    "odoo.missing-error", false},
		{"odoo.exceptions.AccessDenied", OUTCOME_NOT_DONE,
		    "odoo.access-denied", false},
		{"odoo.http.SessionExpiredException", OUTCOME_NOT_DONE,
		    "odoo.session-expired", true},
		{"odoo.exceptions.LockError", OUTCOME_NOT_DONE, "odoo.locked",
		    true},
		{"psycopg2.errors.SerializationFailure", OUTCOME_NOT_DONE,
		    "odoo.concurrency", true},
		{"psycopg2.errors.DeadlockDetected", OUTCOME_NOT_DONE,
		    "odoo.concurrency", true},
		{"psycopg2.errors.LockNotAvailable", OUTCOME_NOT_DONE,
		    "odoo.locked", true},
		{"psycopg2.errors.NumericValueOutOfRange",
		    OUTCOME_DONE_WITH_ERROR, "odoo.database-error", false},
		{"psycopg2.errors.AdminShutdown", OUTCOME_UNKNOWN,
		    "odoo.database-unavailable", false},
		{"psycopg2.OperationalError", OUTCOME_UNKNOWN,
		    "odoo.database-unavailable", false},
		{"psycopg2.InterfaceError", OUTCOME_UNKNOWN,
		    "odoo.database-unavailable", false},
		{"psycopg2.pool.PoolError", OUTCOME_UNKNOWN,
		    "odoo.database-unavailable", false},
		{"werkzeug.exceptions.ClientDisconnected", OUTCOME_NOT_DONE,
		    "odoo.client-disconnected", true},
		{"werkzeug.exceptions.NotFound", OUTCOME_NOT_DONE,
		    "odoo.not-found", false},
		{"builtins.ValueError", OUTCOME_DONE_WITH_ERROR, "odoo.error",
		    false},
		{"custom.module.Odd", OUTCOME_DONE_WITH_ERROR, "odoo.error",
		    false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		desk_assert_outcome(answer_error(*state, "create-partner",
				   rows[i].name, "no"),
		    rows[i].kind, rows[i].code, rows[i].transient);
}

/* As recorded of two that confirm one order at once. */
static void
test_loser_of_a_race_may_try_again(void **state)
{
	struct outcome *outcome = answer_error(*state, "confirm-order",
	    "odoo.exceptions.ValidationError",
	    "The operation cannot be completed: Error, a partner cannot "
	    "follow twice the same object.");

	desk_assert_outcome(
	    outcome, OUTCOME_NOT_DONE, "odoo.concurrency", true);
}

static void
test_expired_session_is_told_by_its_code(void **state)
{
	desk_assert_outcome(answer(*state, "create-partner",
			   "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":100,"
			   "\"message\":\"Odoo Session Expired\","
			   "\"data\":{\"name\":\"odoo.Other\"}}}"),
	    OUTCOME_NOT_DONE, "odoo.session-expired", true);
}

static void
test_unknown_of_a_reading_method_may_be_asked_again(void **state)
{
	desk_assert_outcome(answer_error(*state, "find-partner",
			   "psycopg2.InterfaceError", "closed"),
	    OUTCOME_NOT_DONE, "odoo.database-unavailable", true);
}

static void
test_error_rules_come_before_the_table(void **state)
{
	struct outcome *outcome = answer_error(*state, "post-invoice",
	    "odoo.exceptions.UserError",
	    "The entry INV/1 (id 5) must be in draft.");

	desk_assert_outcome(outcome, OUTCOME_DONE_WITH_ERROR, "odoo.not-draft",
	    false);
}

static void
test_body_is_the_same_in_both_dialects(void **state)
{
	struct desk *desk = *state;
	struct outcome *outcome = answer(desk, "show-partner",
	    connector_needs_token(desk->connection)
		? "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[{\"id\":4}]}"
		: "[{\"id\":4}]");

	assert_string_equal(desk_text(desk, outcome->response), "{\"id\":4}");
}

static void
test_error_body_is_the_exception(void **state)
{
	struct outcome *outcome = answer_error(*state, "create-partner",
	    "odoo.exceptions.UserError", "no");

	assert_string_equal(
	    desk_text(*state, value_get_cstr(outcome->body, "name")),
	    "\"odoo.exceptions.UserError\"");
}

static void
test_rule_may_call_for_a_person_where_reading_is_safe(void **state)
{
	struct outcome *outcome = answer(*state, "find-partner",
	    "{\"jsonrpc\":\"2.0\",\"result\":[{\"id\":1},{\"id\":2}]}");

	desk_assert_outcome(outcome, OUTCOME_UNKNOWN, "odoo.ambiguous", false);
}

static void
test_none_that_cannot_be_written_was_done(void **state)
{
	struct outcome *outcome = answer_error(*state, "create-partner",
	    "builtins.TypeError",
	    "cannot marshal None unless allow_none is enabled");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_int_equal(outcome->response->type, VALUE_NULL);
}

static void
test_redirect_warning_says_its_first_argument(void **state)
{
	struct outcome *outcome = answer(*state, "create-partner",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":200,\"data\":{"
	    "\"name\":\"odoo.exceptions.RedirectWarning\","
	    "\"message\":\"('Set it', {'x': 1})\","
	    "\"arguments\":[\"Set it\",{\"x\":1}]}}}");

	assert_string_equal(desk_str(*state, outcome->message), "Set it");
}

static void
test_load_tells_errors_inside_success(void **state)
{
	struct outcome *outcome = answer(*state, "load-partners",
	    "{\"jsonrpc\":\"2.0\",\"result\":{\"ids\":false,\"messages\":["
	    "{\"type\":\"error\",\"message\":\"No such tax\"}]}}");

	desk_assert_outcome(
	    outcome, OUTCOME_DONE_WITH_ERROR, "odoo.load-refused", false);
	assert_string_equal(desk_str(*state, outcome->message), "No such tax");
	outcome = answer(*state, "load-partners",
	    "{\"jsonrpc\":\"2.0\",\"result\":{\"ids\":false,\"messages\":["
	    "{\"message\":\"could not serialize access due to x\"}]}}");
	desk_assert_outcome(
	    outcome, OUTCOME_NOT_DONE, "odoo.concurrency", true);
	outcome = answer(*state, "load-partners",
	    "{\"jsonrpc\":\"2.0\",\"result\":{\"ids\":[1],\"messages\":[]}}");
	assert_int_equal(outcome->kind, OUTCOME_DONE);
}

static void
test_load_is_refused_by_its_errors_whatever_it_warns_of(void **state)
{
	struct outcome *outcome = answer(*state, "load-partners",
	    "{\"jsonrpc\":\"2.0\",\"result\":{\"ids\":false,\"messages\":["
	    "{\"type\":\"warning\",\"message\":\"Odd\"},"
	    "{\"type\":\"error\",\"message\":\"No such tax\"}]}}");

	desk_assert_outcome(
	    outcome, OUTCOME_DONE_WITH_ERROR, "odoo.load-refused", false);
	assert_string_equal(desk_str(*state, outcome->message), "No such tax");
	outcome = answer(*state, "load-partners",
	    "{\"jsonrpc\":\"2.0\",\"result\":{\"ids\":false,\"messages\":["
	    "{\"type\":\"warning\",\"message\":\"Odd\"},"
	    "{\"type\":\"error\",\"message\":\"No such tax\"},"
	    "{\"type\":\"error\",\"message\":\"could not serialize access "
	    "due to concurrent update\"}]}}");
	desk_assert_outcome(
	    outcome, OUTCOME_NOT_DONE, "odoo.concurrency", true);
	outcome = answer(*state, "load-partners",
	    "{\"jsonrpc\":\"2.0\",\"result\":{\"ids\":false,\"messages\":["
	    "{\"type\":\"warning\",\"message\":\"Odd\"}]}}");
	assert_string_equal(desk_str(*state, outcome->message), "Odd");
	outcome = answer(*state, "load-partners",
	    "{\"jsonrpc\":\"2.0\",\"result\":{\"ids\":false}}");
	desk_assert_outcome(
	    outcome, OUTCOME_DONE_WITH_ERROR, "odoo.load-refused", false);
	assert_string_equal(
	    desk_str(*state, outcome->message), "load was refused");
}

static void
test_what_is_not_odoo_is_garbled(void **state)
{
	struct desk *desk = *state;

	desk_assert_outcome(
	    answer(desk, "create-partner", "{\"status\":\"ok\"}"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(answer(desk, "create-partner", "[1]"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(answer(desk, "create-partner", "{\"jsonrpc\":"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(desk_answer(desk, "post-invoice", "{\"id\":5}", 200,
			   "Content-Type: text/html", "<html>"),
	    OUTCOME_UNKNOWN, "http.garbled", false);
	desk_assert_outcome(desk_answer(desk, "post-invoice", "{\"id\":5}", 500,
			   "Content-Type: text/html", "<html>"),
	    OUTCOME_UNKNOWN, "http.500", false);
	desk_assert_outcome(desk_answer(desk, "post-invoice", "{\"id\":5}", 400,
			   "Content-Type: text/html", "Invalid JSON data"),
	    OUTCOME_NOT_DONE, "http.400", false);
}

static void
test_error_that_is_no_object_is_garbled(void **state)
{
	static const char *const errors[] = {"\"boom\"", "[\"boom\"]", "true",
	    "false", "0"};
	struct desk *desk = *state;

	for (size_t i = 0; i < COUNT_OF(errors); i++)
		desk_assert_outcome(answer(desk, "create-partner",
				   desk_str(desk, arena_strf(desk->arena,
				       "{\"jsonrpc\":\"2.0\",\"id\":1,"
				       "\"error\":%s,\"result\":5}",
				       errors[i]))),
		    OUTCOME_UNKNOWN, "http.garbled", false);
	assert_int_equal(answer(desk, "create-partner",
			     "{\"jsonrpc\":\"2.0\",\"error\":null,"
			     "\"result\":5}")->kind,
	    OUTCOME_DONE);
}

/* ------------------------------------------------------------------- login */

static bool
interpret_login(struct desk *desk, const char *body,
    struct connector_token *token)
{
	const struct message_response response = {
		.status = 200,
		.body = str_of(body),
	};

	return connector_token_interpret(desk->connection, &response,
	    &desk->context, token, &desk->outcome);
}

static void
test_login_gives_the_user_number(void **state)
{
	struct desk *desk = *state;
	struct connector_token token = {0};

	assert_true(connector_token_prepare(desk->connection, &desk->context,
	    &desk->request, &desk->outcome));
	assert_string_equal(desk_str(desk, desk->request.body),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"call\",\"id\":1,\"params\":"
	    "{\"service\":\"common\",\"method\":\"authenticate\",\"args\":["
	    "\"prod\",\"bot@x\",\"secret of key\",{}]}}");
	assert_null(strstr(desk_text(desk,
	    connector_describe_request(desk->arena, &desk->request)),
	    "secret of"));
	assert_true(interpret_login(desk,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":7}", &token));
	assert_string_equal(desk_str(desk, token.token), "7");
}

static void
test_login_that_is_false_is_denied(void **state)
{
	struct desk *desk = *state;
	struct connector_token token = {0};

	assert_false(interpret_login(desk,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":false}", &token));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "odoo.access-denied", false);
}

static void
test_login_may_be_tried_again_when_the_database_is_down(void **state)
{
	struct desk *desk = *state;
	struct connector_token token = {0};

	assert_false(interpret_login(desk,
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":200,\"data\":{"
	    "\"name\":\"psycopg2.OperationalError\"}}}", &token));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
	    "odoo.database-unavailable", true);
}

/* ------------------------------------------------------------------ JSON-2 */

static void
test_json_2_names_the_arguments(void **state)
{
	struct desk *desk = *state;

	assert_false(connector_needs_token(desk->connection));
	assert_true(desk_prepare(desk, "write-partner",
	    "{\"id\":5,\"name\":\"x\"}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/json/2/res.partner/write");
	assert_string_equal(desk_header(desk, "authorization"),
	    "Bearer secret of key");
	assert_string_equal(desk_str(desk, desk->request.body),
	    "{\"context\":{\"lang\":\"en_US\"},\"ids\":[5],"
	    "\"vals\":{\"name\":\"x\",\"pin\":\"secret of pin\"}}");
	assert_null(strstr(desk_text(desk,
	    connector_describe_request(desk->arena, &desk->request)),
	    "secret of"));
}

static void
test_json_2_goes_again_by_the_new_key(void **state)
{
	struct desk *desk = *state;
	struct connector_call call = desk_call(desk, "write-partner",
	    "{\"id\":5,\"name\":\"x\"}");

	assert_true(connector_prepare(&call, &desk->context, &desk->request,
	    &desk->outcome));
	assert_false(connector_renew(&call, &desk->context, &desk->request));
	desk_give(desk, "key", STR("another key"));
	assert_true(connector_renew(&call, &desk->context, &desk->request));
	assert_string_equal(
	    desk_header(desk, "authorization"), "Bearer another key");
}

static void
test_json_2_has_no_name_for_further_arguments(void **state)
{
	struct desk *desk = *state;

	assert_false(desk_prepare(desk, "odd-call", "{}"));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.arguments", false);
}

static void
test_json_2_answers_with_the_bare_value(void **state)
{
	struct outcome *outcome = answer(*state, "find-partner",
	    "[{\"id\": 42}]");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_string_equal(desk_text(*state, outcome->response),
	    "{\"id\":42}");
	outcome = answer(*state, "post-invoice", "null");
	assert_int_equal(outcome->kind, OUTCOME_DONE);
}

static void
test_json_2_creates_one_where_one_is_given(void **state)
{
	static const struct {
		const char *operation;
		const char *args;
		const char *body;
		const char *response;
	} rows[] = {
		{"create-partner", "{\"name\":\"y\",\"credit\":0}", "[912]",
		    "912"},
		{"create-partners", "{\"list\":{\"name\":\"y\"}}", "[912]",
		    "912"},
		{"create-partners", "{\"list\":[{\"name\":\"y\"}]}", "[912]",
		    "[912]"},
		{"create-partners", "{\"list\":{\"name\":\"y\"}}",
		    "[912,913]", "[912,913]"},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(desk_text(desk,
		    desk_answer(desk, rows[i].operation, rows[i].args, 200,
			NULL, rows[i].body)->response), rows[i].response);
	assert_true(connector_reads_arguments(
	    def_connection_find(desk->connection, STR("create-partner"))));
}

static void
test_json_2_errors_are_told_by_their_name(void **state)
{
	struct desk *desk = *state;

	desk_assert_outcome(desk_answer(desk, "create-partner",
			   "{\"name\":\"y\",\"credit\":0}", 422, NULL,
			   "{\"name\":\"odoo.exceptions.UserError\","
			   "\"message\":\"no\",\"arguments\":[\"no\"]}"),
	    OUTCOME_DONE_WITH_ERROR, "odoo.user-error", false);
	desk_assert_outcome(desk_answer(desk, "create-partner",
			   "{\"name\":\"y\",\"credit\":0}", 409, NULL,
			   "{\"name\":\"odoo.exceptions.LockError\"}"),
	    OUTCOME_NOT_DONE, "odoo.locked", true);
	assert_int_equal(desk_answer(desk, "remove-line", "{\"id\":5}", 404,
			     NULL,
			     "{\"name\":\"odoo.exceptions.MissingError\"}")
			     ->kind,
	    OUTCOME_DONE);
	desk_assert_outcome(desk_answer(desk, "remove-line", "{\"id\":5}", 404,
			   "Content-Type: text/html", "<html>"),
	    OUTCOME_NOT_DONE, "http.404", false);
	desk_assert_outcome(desk_answer(desk, "create-partner",
			   "{\"name\":\"y\",\"credit\":0}", 502,
			   "Content-Type: text/html", "<html>"),
	    OUTCOME_UNKNOWN, "http.502", false);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define CASE_JSON_2(test)                                                      \
	cmocka_unit_test_setup_teardown(test, set_up_json_2, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_call_is_execute_kw),
		CASE(test_instants_are_written_as_odoo_takes_them),
		CASE(test_cells_of_load_are_texts),
		CASE(test_english_is_asked_for_unless_told),
		CASE(test_password_is_not_in_history),
		CASE(test_call_without_user_number_asks_for_a_login),
		CASE(test_result_is_the_response),
		CASE(test_answer_without_result_is_success_with_null),
		CASE(test_success_may_need_a_certain_result),
		CASE(test_success_may_be_an_exception),
		CASE(test_exceptions_mean_what_their_class_says),
		CASE(test_loser_of_a_race_may_try_again),
		CASE(test_expired_session_is_told_by_its_code),
		CASE(test_unknown_of_a_reading_method_may_be_asked_again),
		CASE(test_error_rules_come_before_the_table),
		CASE(test_body_is_the_same_in_both_dialects),
		CASE_JSON_2(test_body_is_the_same_in_both_dialects),
		CASE(test_error_body_is_the_exception),
		CASE(test_rule_may_call_for_a_person_where_reading_is_safe),
		CASE(test_none_that_cannot_be_written_was_done),
		CASE(test_redirect_warning_says_its_first_argument),
		CASE(test_load_tells_errors_inside_success),
		CASE(test_load_is_refused_by_its_errors_whatever_it_warns_of),
		CASE(test_what_is_not_odoo_is_garbled),
		CASE(test_error_that_is_no_object_is_garbled),
		CASE(test_login_gives_the_user_number),
		CASE(test_login_that_is_false_is_denied),
		CASE(test_login_may_be_tried_again_when_the_database_is_down),
		CASE_JSON_2(test_json_2_names_the_arguments),
		CASE_JSON_2(test_json_2_goes_again_by_the_new_key),
		CASE_JSON_2(test_json_2_has_no_name_for_further_arguments),
		CASE_JSON_2(test_json_2_answers_with_the_bare_value),
		CASE_JSON_2(test_json_2_creates_one_where_one_is_given),
		CASE_JSON_2(test_json_2_errors_are_told_by_their_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
