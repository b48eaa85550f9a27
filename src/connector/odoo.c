/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odoo.c: connections of kind odoo, in the two dialects that Odoo speaks.
 *
 * With a login (auth: odoo) a call is JSON-RPC's execute_kw, which all
 * versions know.  It needs the user's number, which `authenticate` gives once
 * and the engine keeps like a token; the password goes into every body, so
 * that each request brings a masked one for history.  With an API key as
 * bearer it is JSON-2 (Odoo 19 on), whose arguments are named; those that a
 * method of the ORM takes by position are given their names here.
 *
 * English is asked for unless the call names another language: messages that
 * people compare should not change with a user's settings.
 */
#include "connector_priv.h"

struct odoo_call {
	struct str model;
	struct str method;
	const struct value *args;   /* a list */
	const struct value *kwargs; /* a context, with context.lang */
};

static bool
is_json_rpc(const struct def_connection *connection)
{
	return connection->auth.kind == AUTH_ODOO;
}

/* ---------------------------------------------------------------- request */

static const struct value *
with_language(struct arena *arena, const struct value *kwargs)
{
	const struct value *context = value_field_or_null(kwargs, "context");

	if (context->type != VALUE_CONTEXT)
		context = value_built(value_build_context(arena));
	if (value_get_cstr(context, "lang") == NULL)
		context = value_with(arena, context, STR("lang"),
		    value_of_str(arena, STR("en_US")));
	return value_with(arena, kwargs, STR("context"), context);
}

/* The rows of `load` are its second argument, or named. */
static void
use_forms_of_load(struct arena *arena, struct odoo_call *call)
{
	const struct value *args = call->args;
	const struct value *data = value_get_cstr(call->kwargs, "data");

	if (data != NULL)
		call->kwargs = value_with(arena, call->kwargs, STR("data"),
		    odoo_rows(arena, data));
	if (args->as.list.count == 2)
		call->args = value_of_list(arena,
		    (const struct value *const[]){args->as.list.items[0],
			odoo_rows(arena, args->as.list.items[1])}, 2);
}

static void
use_forms(struct arena *arena, struct odoo_call *call)
{
	call->args = odoo_value(arena, call->args);
	call->kwargs = odoo_value(arena, call->kwargs);
	if (str_equal(call->method, STR("load")))
		use_forms_of_load(arena, call);
}

static bool
read_call(struct call_scope *scope, const struct def_operation *operation,
    struct odoo_call *call, struct outcome *failure)
{
	struct arena *arena = scope->arena;

	call->args = value_of_list(arena, NULL, 0);
	call->kwargs = value_built(value_build_context(arena));
	if (operation->model == NULL || operation->odoo_method == NULL ||
	    !call_scope_text(scope, operation->model, &call->model) ||
	    !call_scope_text(scope, operation->odoo_method, &call->method))
		return verdict_refuse(failure, "connector.arguments", false,
		    STR("model and method must be strings"));
	if (operation->args != NULL)
		call->args = call_scope_eval(scope, operation->args);
	if (operation->kwargs != NULL)
		call->kwargs = call_scope_eval(scope, operation->kwargs);
	if (call->args->type != VALUE_LIST ||
	    call->kwargs->type != VALUE_CONTEXT)
		return verdict_refuse(failure, "connector.arguments", false,
		    STR("args must be a list and kwargs a context"));
	use_forms(arena, call);
	call->kwargs = with_language(arena, call->kwargs);
	return true;
}

/* The call as history shows it. */
static bool
read_shown_call(struct call_scope *scope, const struct def_operation *operation,
    const struct odoo_call *call, struct odoo_call *shown,
    struct outcome *failure)
{
	bool is_read;

	*shown = *call;
	if (!template_has_secret(operation->args) &&
	    !template_has_secret(operation->kwargs))
		return true;
	scope->is_masked = true;
	is_read = read_call(scope, operation, shown, failure);
	scope->is_masked = false;
	return is_read;
}

/* The envelope of JSON-RPC around a service's arguments, written already. */
static struct str
envelope(struct arena *arena, const char *service, const char *method,
    const struct buf *args)
{
	struct buf out = buf_in(arena);

	buf_addf(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"call\",\"id\":1,"
		       "\"params\":{\"service\":\"%s\",\"method\":\"%s\","
		       "\"args\":[", service, method);
	buf_add_str(&out, buf_str(args));
	buf_add_cstr(&out, "]}}");
	return buf_keep(&out);
}

static struct str
execute_kw(struct arena *arena, struct str database, struct str user,
    struct str password, const struct odoo_call *call)
{
	struct buf args = buf_in(arena);

	json_write_string(&args, database);
	buf_addf(&args, ",%.*s,", STR_ARG(user));
	json_write_string(&args, password);
	buf_add_char(&args, ',');
	json_write_string(&args, call->model);
	buf_add_char(&args, ',');
	json_write_string(&args, call->method);
	buf_add_char(&args, ',');
	json_write(call->args, JSON_PLAIN, &args);
	buf_add_char(&args, ',');
	json_write(call->kwargs, JSON_PLAIN, &args);
	return envelope(arena, "object", "execute_kw", &args);
}

static struct str
authenticate(struct arena *arena, struct str database, struct str login,
    struct str password)
{
	struct buf args = buf_in(arena);

	json_write_string(&args, database);
	buf_add_char(&args, ',');
	json_write_string(&args, login);
	buf_add_char(&args, ',');
	json_write_string(&args, password);
	buf_add_cstr(&args, ",{}");
	return envelope(arena, "common", "authenticate", &args);
}

static bool
set_url(struct call_scope *scope, const struct def_connection *connection,
    struct str path, struct message_request *request, struct outcome *failure)
{
	struct str base;

	if (!rest_base_url(scope, connection->url, &base, failure))
		return false;
	base = rest_before_path(base, path);
	request->url = arena_strf(scope->arena, "%.*s%.*s", STR_ARG(base),
	    STR_ARG(path));
	return true;
}

static bool
finish(struct call_scope *scope, const struct def_connection *connection,
    struct header_list *headers, struct message_request *request,
    struct outcome *failure)
{
	request->method = STR("POST");
	must(header_list_set(headers, (struct message_header){
	    .name = STR("content-type"), .value = STR("application/json")}));
	return rest_finish(scope, connection, headers, request, failure);
}

static bool
read_credentials(struct call_scope *scope, const struct def_auth *auth,
    struct str *database, struct str *password, struct outcome *failure)
{
	if (auth->database == NULL || auth->password == NULL ||
	    !call_scope_text(scope, auth->database, database) ||
	    !call_scope_text(scope, auth->password, password))
		return verdict_refuse(failure, "connector.auth", true,
		    STR("database or password is not at hand"));
	return true;
}

static bool
is_number(struct str text)
{
	int64_t n;

	return str_parse_int(text, 1, INT64_MAX, &n);
}

static bool
prepare_json_rpc(const struct connector_call *call, struct call_scope *scope,
    struct message_request *request, struct outcome *failure)
{
	const struct def_operation *operation = call->operation;
	const struct def_connection *connection = operation->connection;
	struct header_list headers = {.arena = scope->arena};
	struct odoo_call odoo, shown;
	struct str database, password;

	if (!is_number(call->token))
		return verdict_refuse(failure, "odoo.session-expired", true,
		    STR("the user's number is not known yet"));
	if (!read_credentials(scope, &connection->auth, &database, &password,
		failure) ||
	    !read_call(scope, operation, &odoo, failure) ||
	    !read_shown_call(scope, operation, &odoo, &shown, failure))
		return false;
	request->body = execute_kw(scope->arena, database, call->token,
	    password, &odoo);
	request->body_shown = execute_kw(scope->arena, database, call->token,
	    STR("***"), &shown);
	return set_url(scope, connection, STR("/jsonrpc"), request, failure) &&
	    finish(scope, connection, &headers, request, failure);
}

/* ----------------------------------------------------------------- JSON-2 */

#define NAMES_MAX 5

struct method_names {
	struct str method;
	const char *names[NAMES_MAX];
};

static const struct method_names method_names[] = {
	{STR_INIT("create"), {"vals_list"}},
	{STR_INIT("write"), {"ids", "vals"}},
	{STR_INIT("read"), {"ids", "fields", "load"}},
	{STR_INIT("copy"), {"ids", "default"}},
	{STR_INIT("load"), {"fields", "data"}},
	{STR_INIT("search"), {"domain", "offset", "limit", "order"}},
	{STR_INIT("search_count"), {"domain", "limit"}},
	{STR_INIT("search_read"),
	    {"domain", "fields", "offset", "limit", "order"}},
	{STR_INIT("fields_get"), {"allfields", "attributes"}},
};
/* Any other is taken for a method of records. */
static const char *const record_names[NAMES_MAX] = {"ids"};

static const char *const *
names_of(struct str method)
{
	for (size_t i = 0; i < COUNT_OF(method_names); i++)
		if (str_equal(method_names[i].method, method))
			return method_names[i].names;
	return record_names;
}

static bool
named_arguments(struct call_scope *scope, const struct odoo_call *call,
    const struct value **out, struct outcome *failure)
{
	const char *const *names = names_of(call->method);
	const struct value *all = call->kwargs;

	for (size_t i = 0; i < call->args->as.list.count; i++) {
		if (i >= NAMES_MAX || names[i] == NULL)
			return verdict_refuse(failure, "connector.arguments",
			    false, STR("JSON-2 takes arguments by name: write "
				       "them under kwargs"));
		all = value_with(scope->arena, all, str_of(names[i]),
		    call->args->as.list.items[i]);
	}
	*out = all;
	return true;
}

static bool
named_body(struct call_scope *scope, const struct odoo_call *call,
    struct str *body, struct outcome *failure)
{
	const struct value *arguments = NULL;
	struct buf json = buf_in(scope->arena);

	if (!named_arguments(scope, call, &arguments, failure))
		return false;
	json_write(arguments, JSON_PLAIN, &json);
	*body = buf_keep(&json);
	return true;
}

static struct str
json_2_path(struct arena *arena, const struct odoo_call *call)
{
	struct buf path = buf_in(arena);

	buf_add_cstr(&path, "/json/2/");
	message_encode(call->model, &path);
	buf_add_char(&path, '/');
	message_encode(call->method, &path);
	return buf_keep(&path);
}

static bool
set_database(struct call_scope *scope, const struct def_auth *auth,
    struct header_list *headers, struct outcome *failure)
{
	struct message_header header = {.name = STR("x-odoo-database")};

	if (auth->database == NULL)
		return true;
	if (!call_scope_text(scope, auth->database, &header.value) ||
	    !header_list_set(headers, header))
		return verdict_refuse(failure, "connector.auth", false,
		    STR("the database's name is no string"));
	return true;
}

static bool
prepare_json_2(const struct connector_call *call, struct call_scope *scope,
    struct message_request *request, struct outcome *failure)
{
	const struct def_operation *operation = call->operation;
	const struct def_connection *connection = operation->connection;
	struct header_list headers = {.arena = scope->arena};
	struct odoo_call odoo, shown;

	return read_call(scope, operation, &odoo, failure) &&
	    read_shown_call(scope, operation, &odoo, &shown, failure) &&
	    named_body(scope, &odoo, &request->body, failure) &&
	    named_body(scope, &shown, &request->body_shown, failure) &&
	    set_url(scope, connection, json_2_path(scope->arena, &odoo),
		request, failure) &&
	    set_database(scope, &connection->auth, &headers, failure) &&
	    rest_authorize(scope, connection, call->token, &headers, failure) &&
	    finish(scope, connection, &headers, request, failure);
}

bool
odoo_prepare(const struct connector_call *call, struct call_scope *scope,
    struct message_request *request, struct outcome *failure)
{
	return is_json_rpc(call->operation->connection)
	    ? prepare_json_rpc(call, scope, request, failure)
	    : prepare_json_2(call, scope, request, failure);
}

/* ----------------------------------------------------------------- answer */

static bool
mentions(struct str text, const char *part)
{
	return str_find(text, str_of(part)) != SIZE_MAX;
}

static bool
is_collision(const struct value *message)
{
	return mentions(value_field_str(message, "message"),
	    "could not serialize access");
}

/* Warnings are there beside what refused it.  A collision has undone all of
 * it, and what else is wrong is told the next time. */
static const struct value *
why_refused(const struct value *messages)
{
	const struct value *why = NULL;

	if (messages->type != VALUE_LIST)
		return &value_null;
	for (size_t i = 0; i < messages->as.list.count; i++) {
		const struct value *message = messages->as.list.items[i];
		struct str type = value_field_str(message, "type");

		if (is_collision(message))
			return message;
		if (why == NULL && !str_equal(type, STR("warning")))
			why = message;
	}
	if (why == NULL && messages->as.list.count > 0)
		why = messages->as.list.items[0];
	return why != NULL ? why : &value_null;
}

/*
 * `load` reports errors inside a success: ids is false and messages say why.
 * One of them is transient, although the server doesn't repeat it: the loser
 * of two that load the same external id.
 */
static bool
is_load_refused(const struct def_operation *operation,
    const struct value *result, struct outcome *outcome)
{
	const struct value *ids = value_field_or_null(result, "ids");
	const struct value *why;
	struct str message;
	bool is_transient;

	if (operation->odoo_method == NULL ||
	    operation->odoo_method->kind != TEMPLATE_LITERAL ||
	    !str_equal(value_str(operation->odoo_method->literal),
		STR("load")) ||
	    ids->type != VALUE_BOOLEAN || ids->as.boolean)
		return false;
	why = why_refused(value_field_or_null(result, "messages"));
	message = value_field_str(why, "message");
	is_transient = is_collision(why);
	*outcome = (struct outcome){
		.kind = is_transient ? OUTCOME_NOT_DONE
				     : OUTCOME_DONE_WITH_ERROR,
		.transient = is_transient,
		.code = is_transient ? STR("odoo.concurrency")
				     : STR("odoo.load-refused"),
		.message = message.bytes > 0 ? message
					     : STR("load was refused"),
	};
	return true;
}

/* The error object of an answer, or NULL. */
static const struct value *
find_error(const struct def_connection *connection, const struct reply *reply)
{
	const struct value *envelope = reply->envelope;
	const struct value *error = value_field_or_null(envelope, "error");

	if (is_json_rpc(connection))
		return error->type == VALUE_CONTEXT ? error : NULL;
	/* A JSON-2 error is told by its status. */
	return reply->response->status >= 400 &&
		value_get_cstr(envelope, "name") != NULL
	    ? envelope
	    : NULL;
}

/* A method that returns None has no `result`; the envelope shows that it is
 * Odoo that answers.  An error that is no object is none that Odoo writes, and
 * nothing that could be called an answer. */
static bool
is_answer(const struct def_connection *connection, const struct reply *reply)
{
	if (reply->kind != REPLY_JSON)
		return false;
	return !is_json_rpc(connection) ||
	    (value_get_cstr(reply->envelope, "jsonrpc") != NULL &&
		value_field_or_null(reply->envelope, "error")->type ==
		    VALUE_NULL);
}

/* JSON-2 answers `create` with a list of ids in every case, other than
 * execute_kw, which gives one where one was asked for. */
static bool
creates_one(const struct connector_call *call,
    const struct connector_context *context)
{
	struct call_scope scope;
	struct odoo_call odoo;
	const struct value *arguments;
	struct outcome ignored;

	call_scope_init(&scope, context, call->args);
	scope.idempotency_key = call->idempotency_key;
	scope.is_masked = true;
	return read_call(&scope, call->operation, &odoo, &ignored) &&
	    str_equal(odoo.method, STR("create")) &&
	    named_arguments(&scope, &odoo, &arguments, &ignored) &&
	    value_field_or_null(arguments, "vals_list")->type == VALUE_CONTEXT;
}

static const struct value *
named_result(const struct connector_call *call,
    const struct connector_context *context, const struct value *body)
{
	bool is_list_of_one =
	    body->type == VALUE_LIST && body->as.list.count == 1;

	return is_list_of_one && creates_one(call, context)
	    ? body->as.list.items[0]
	    : body;
}

void
odoo_read(const struct connector_call *call, struct call_scope *scope)
{
	const struct def_connection *connection = call->operation->connection;
	struct reply *reply = scope->reply;
	const struct value *error, *data;

	reply->envelope = reply->body;
	reply->result = &value_null;
	error = find_error(connection, reply);
	if (error != NULL) {
		data = value_field_or_null(error, "data");
		reply->body = data->type == VALUE_CONTEXT ? data : error;
		return;
	}
	if (!is_answer(connection, reply))
		return;
	reply->body = is_json_rpc(connection)
	    ? value_field_or_null(reply->envelope, "result")
	    : named_result(call, scope->context, reply->envelope);
	reply->result = reply->body;
}

/* Said after the commit, by the writer of the answer, where it can't write
 * None: the call was done. */
static bool
is_unwritable_none(struct str message)
{
	return mentions(message, "cannot marshal None unless allow_none");
}

static struct outcome
judge_error(const struct connector_call *call, struct call_scope *scope,
    const struct value *error)
{
	struct outcome outcome = odoo_error(error);

	if (!is_unwritable_none(outcome.message))
		return outcome;
	scope->reply->body = &value_null;
	return connector_done(call, scope, &value_null);
}

static bool
shows_success(struct call_scope *scope, const struct def_operation *operation)
{
	return operation->success != NULL &&
	       call_scope_is_true(scope, operation->success);
}

/* `success` comes before the exception, which need not be the end: what was
 * to be removed is gone.  The exception is no result all the same. */
struct outcome
odoo_judge(const struct connector_call *call, struct call_scope *scope)
{
	const struct def_operation *operation = call->operation;
	struct reply *reply = scope->reply;
	int status = reply->response->status;
	const struct value *error = find_error(operation->connection, reply);
	struct outcome outcome;

	if (error != NULL)
		return shows_success(scope, operation)
		    ? connector_done(call, scope, reply->result)
		    : judge_error(call, scope, error);
	if (status < 200 || status > 299)
		return verdict_of_status(scope->arena, operation, reply,
		    scope->context->now_ms);
	if (!is_answer(operation->connection, reply))
		return verdict_unknown("http.garbled",
		    STR("the answer is not one of Odoo's"));
	if (is_load_refused(operation, reply->result, &outcome))
		return outcome;
	if (operation->success != NULL && !shows_success(scope, operation))
		return verdict_unsuccessful("odoo.unsuccessful");
	return connector_done(call, scope, reply->result);
}

/* ------------------------------------------------------------------ login */

bool
odoo_login_prepare(const struct def_connection *connection,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure)
{
	struct header_list headers = {.arena = scope->arena};
	struct str database, password, login;

	if (!read_credentials(scope, &connection->auth, &database, &password,
		failure))
		return false;
	if (!call_scope_text(scope, connection->auth.user, &login))
		return verdict_refuse(failure, "connector.auth", true,
		    STR("the login is not at hand"));
	request->body = authenticate(scope->arena, database, login, password);
	request->body_shown =
	    authenticate(scope->arena, database, login, STR("***"));
	return set_url(scope, connection, STR("/jsonrpc"), request, failure) &&
	    finish(scope, connection, &headers, request, failure);
}

bool
odoo_login_interpret(const struct reply *reply, struct arena *arena,
    struct connector_token *token, struct outcome *failure)
{
	const struct value *result = value_field_or_null(reply->body, "result");
	const struct value *error = value_field_or_null(reply->body, "error");

	if (error->type == VALUE_CONTEXT) {
		*failure = odoo_error(error);
		return false;
	}
	/* Wrong credentials are no error to Odoo: the answer is `false`. */
	if (result->type == VALUE_BOOLEAN)
		return verdict_refuse(failure, "odoo.access-denied", false,
		    STR("Odoo knows no such login and password"));
	if (!value_text(arena, result, &token->token) ||
	    !is_number(token->token))
		return verdict_refuse(failure, "http.garbled", true,
		    STR("the answer is not one of Odoo's"));
	token->expires_in_ms = 0;
	return true;
}
