/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_odoo.c: the two envelopes, JSON-RPC and JSON-2.
 *
 * JSON-RPC answers nearly everything with a 200; JSON-2 has real statuses and
 * bare values.  Both run the same methods on the same records.
 */
#include "sandbox_odoo_priv.h"

#include "sandbox_json.h"
#include "sandbox_reply.h"

#include <stdio.h>
#include <stdlib.h>

#define DATABASE "demo"
#define LOGIN "admin"
#define KEY "admin"
#define USER_ID "2"

static void
tables_init(struct sandbox_odoo *odoo)
{
	for (size_t i = 0; odoo_models[i] != NULL; i++) {
		must(i < ODOO_MODELS_MAX);
		odoo->tables[i] = (struct odoo_table){
		    .model = odoo_models[i],
		    .records = json_object(),
		    .last_id = odoo_models[i]->first_id - 1,
		};
		odoo->table_count = i + 1;
	}
	odoo->last_line_id = 0;
	odoo_record_seed(odoo);
}

static void
tables_fini(struct sandbox_odoo *odoo)
{
	for (size_t i = 0; i < odoo->table_count; i++)
		json_decref(odoo->tables[i].records);
}

struct sandbox_odoo *
sandbox_odoo_new(struct sandbox_ledger *ledger, int64_t bills)
{
	struct sandbox_odoo *odoo = calloc(1, sizeof(*odoo));

	must(odoo != NULL);
	odoo->ledger = ledger;
	odoo->bills = bills;
	tables_init(odoo);
	return odoo;
}

void
sandbox_odoo_free(struct sandbox_odoo **odoo)
{
	if (*odoo == NULL)
		return;
	tables_fini(*odoo);
	free(*odoo);
	*odoo = NULL;
}

void
sandbox_odoo_reset(struct sandbox_odoo *odoo)
{
	tables_fini(odoo);
	tables_init(odoo);
}

static json_t *
list_table(const struct odoo_table *table, const char *reference)
{
	json_t *list = json_array();
	const char *id;
	json_t *record;

	json_object_foreach (table->records, id, record) {
		const char *own =
		    sandbox_json_text(record, table->model->reference);
		int64_t n;

		if (str_parse_int(str_of(id), 0, INT64_MAX, &n) &&
		    n > table->last_seeded_id &&
		    (reference[0] == '\0' || strcmp(reference, own) == 0))
			json_array_append(list, record);
	}
	return list;
}

json_t *
sandbox_odoo_list(const struct sandbox_odoo *odoo, const char *reference)
{
	json_t *models = json_object();

	for (size_t i = 0; i < odoo->table_count; i++)
		json_object_set_new(models, odoo->tables[i].model->name,
		    list_table(&odoo->tables[i], reference));
	return models;
}

/* ------------------------------------------------------------------ errors */

/* odoo.exceptions.X keeps its full name in a traceback, a builtin does not. */
static const char *
traceback_name(const char *error)
{
	return strncmp(error, "builtins.", 9) == 0 ? error + 9 : error;
}

static json_t *
error_data(const char *error, const char *message)
{
	struct buf debug = {0};
	json_t *data;

	buf_addf(&debug, "Traceback (most recent call last):\n"
	    "  File \"odoo/http.py\", line 1789, in _serve_db\n%s: %s\n",
	    traceback_name(error), message);
	data = json_pack("{s:s,s:s,s:s,s:[s],s:{}}", "name", error,
	    "debug", buf_cstr(&debug), "message", message,
	    "arguments", message, "context");
	must(data != NULL);
	buf_fini(&debug);
	return data;
}

static void
reply_python(struct sandbox_reply *reply, int status, const json_t *value)
{
	reply->status = status;
	reply->content_type = "application/json; charset=utf-8";
	buf_clear(&reply->body);
	sandbox_json_write(value, SANDBOX_JSON_PYTHON, &reply->body);
}

/* A result of NULL is None: then the key is absent. */
static void
reply_rpc(struct sandbox_reply *reply, json_t *id, const struct odoo_call *call)
{
	json_t *envelope = json_pack("{s:s,s:O}", "jsonrpc", "2.0", "id", id);

	if (call->error != NULL)
		json_object_set_new(envelope, "error",
		    json_pack("{s:i,s:s,s:o}", "code", 200,
			"message", "Odoo Server Error",
			"data", error_data(call->error, call->message)));
	else if (call->result != NULL)
		json_object_set(envelope, "result", call->result);
	reply_python(reply, 200, envelope);
	json_decref(envelope);
}

void
sandbox_odoo_error_inside(const struct sandbox_request *request,
    struct sandbox_reply *reply)
{
	json_t *body = sandbox_json_read(request->body);
	json_t *id = json_object_get(body, "id");
	struct odoo_call call = {0};

	odoo_fail(&call, "psycopg2.errors.SerializationFailure",
	    "could not serialize access due to concurrent update\n");
	reply_rpc(reply, id ? id : json_null(), &call);
	json_decref(body);
}

/* ---------------------------------------------------------------- JSON-RPC */

static const char *
arg_text(const json_t *args, size_t index)
{
	const char *text = json_string_value(json_array_get(args, index));

	return text != NULL ? text : "";
}

static bool
check_database(struct odoo_call *call, const char *database)
{
	if (strcmp(database, DATABASE) == 0)
		return true;
	return odoo_fail(call, "psycopg2.OperationalError",
	    "connection to server on socket \"/var/run/postgresql/"
	    ".s.PGSQL.5432\" failed: FATAL:  database \"%s\" does not exist\n",
	    database);
}

static bool
authenticate(struct odoo_call *call, const json_t *args, size_t wanted)
{
	bool known = strcmp(arg_text(args, 1), LOGIN) == 0 &&
	    strcmp(arg_text(args, 2), KEY) == 0;

	if (json_array_size(args) < wanted)
		return odoo_fail(call, "builtins.TypeError",
		    "exp_%s() missing 1 required positional argument: '%s'",
		    call->method, wanted == 4 ? "user_agent_env" : "password");
	if (!check_database(call, arg_text(args, 0)))
		return false;
	call->result = known ? sandbox_json_number(USER_ID) : json_false();
	return true;
}

static bool
run_common(struct odoo_call *call, const json_t *args)
{
	if (strcmp(call->method, "version") == 0) {
		call->result = json_pack("{s:s,s:[i,i,i,s,i,s],s:s,s:i}",
		    "server_version", "18.0",
		    "server_version_info", 18, 0, 0, "final", 0, "",
		    "server_serie", "18.0", "protocol_version", 1);
		return true;
	}
	if (strcmp(call->method, "authenticate") == 0)
		return authenticate(call, args, 4);
	if (strcmp(call->method, "login") == 0)
		return authenticate(call, args, 3);
	return odoo_fail(call, "builtins.Exception", "Method not found: %s",
	    call->method);
}

static bool
check_user(struct odoo_call *call, const json_t *args)
{
	const json_t *user = json_array_get(args, 1);
	const char *id = json_string_value(user);

	if (!sandbox_json_is_number(user))
		return odoo_fail(call, "builtins.ValueError",
		    "invalid literal for int() with base 10: '%s'",
		    id ? id : "");
	if (strcmp(id + 1, USER_ID) != 0)
		return odoo_fail(call, "odoo.exceptions.MissingError",
		    "Record does not exist or has been deleted.\n"
		    "(Record: res.users(%s,), User: %s)", id + 1, id + 1);
	if (strcmp(arg_text(args, 2), KEY) != 0)
		return odoo_fail(call, "odoo.exceptions.AccessDenied",
		    "Access Denied");
	return true;
}

/* execute_kw(database, uid, key, model, method, args[, kwargs]) */
static bool
run_object(struct odoo_call *call, const json_t *args)
{
	const json_t *named = json_array_get(args, 6);
	const char *model = arg_text(args, 3);

	if (strcmp(call->method, "execute_kw") != 0)
		return odoo_fail(call, "builtins.NameError",
		    "Method not available %s", call->method);
	if (json_array_size(args) < 6)
		return odoo_fail(call, "builtins.TypeError", "execute_kw() "
		    "missing 1 required positional argument: 'args'");
	if (!check_database(call, arg_text(args, 0)) || !check_user(call, args))
		return false;
	call->method = arg_text(args, 4);
	call->table = odoo_table_find(call->odoo, model);
	if (call->table == NULL)
		return odoo_fail(call, "odoo.exceptions.UserError",
		    "Object %s doesn't exist", model);
	return odoo_method_bind(call, json_array_get(args, 5), named) &&
	    odoo_method_run(call);
}

static void
run_rpc(struct odoo_call *call, const json_t *params)
{
	const char *service = sandbox_json_text(params, "service");
	const json_t *args = json_object_get(params, "args");
	bool ok;

	call->method = sandbox_json_text(params, "method");
	if (service[0] == '\0' || call->method[0] == '\0' || args == NULL)
		ok = odoo_fail(call, "builtins.TypeError",
		    "RPC.jsonrpc() missing 3 required positional arguments: "
		    "'service', 'method', and 'args'");
	else if (strcmp(service, "common") == 0)
		ok = run_common(call, args);
	else if (strcmp(service, "object") == 0)
		ok = run_object(call, args);
	else
		ok = odoo_fail(call, "builtins.KeyError", "%s", service);
	must(ok == (call->error == NULL));
}

static void
call_fini(struct odoo_call *call)
{
	json_decref(call->args);
	json_decref(call->result);
}

static bool
is_json_type(const struct sandbox_request *request)
{
	struct str type =
	    str_of(sandbox_request_header(request, "Content-Type"));
	struct str rest;

	type = str_trim(str_split(type, ';', &rest));
	return str_equal(type, STR("application/json")) ||
	    str_equal(type, STR("application/json-rpc"));
}

void
sandbox_odoo_jsonrpc(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct odoo_call call = {.odoo = sandbox->odoo,
	    .stale_ms = request->stale_ms};
	json_t *body;
	json_t *id;

	if (!is_json_type(request)) {
		sandbox_reply_text(reply, 400, "text/html; charset=utf-8",
		    "<!doctype html>\n<html lang=en>\n"
		    "<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n"
		    "<p>Request inferred type is compatible with "
		    "[&#39;http&#39;] but &#39;/jsonrpc&#39; is "
		    "type=&#39;json&#39;.</p>\n");
		return;
	}
	body = sandbox_json_read(request->body);
	if (!json_is_object(body)) {
		sandbox_reply_text(reply, 400, "text/html; charset=utf-8",
		    body ? "Invalid JSON-RPC data" : "Invalid JSON data");
		json_decref(body);
		return;
	}
	run_rpc(&call, json_object_get(body, "params"));
	id = json_object_get(body, "id");
	reply_rpc(reply, id ? id : json_null(), &call);
	call_fini(&call);
	json_decref(body);
}

/* ------------------------------------------------------------------ JSON-2 */

static int
status_of(const char *error)
{
	static const struct {
		const char *error;
		int status;
	} statuses[] = {
	    {"werkzeug.exceptions.BadRequest", 400},
	    {"werkzeug.exceptions.Unauthorized", 401},
	    {"odoo.exceptions.AccessError", 403},
	    {"odoo.exceptions.AccessDenied", 403},
	    {"odoo.exceptions.MissingError", 404},
	    {"werkzeug.exceptions.NotFound", 404},
	    {"builtins.AttributeError", 404},
	    {"odoo.exceptions.UserError", 422},
	    {"odoo.exceptions.ValidationError", 422},
	    {"builtins.TypeError", 422},
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (strcmp(statuses[i].error, error) == 0)
			return statuses[i].status;
	}
	return 500;
}

static bool
run_json2(struct odoo_call *call, const struct sandbox_request *request,
    const json_t *body)
{
	const char *bearer = sandbox_request_header(request, "Authorization");

	if (strncasecmp(bearer, "bearer ", 7) != 0 ||
	    strcmp(bearer + 7, KEY) != 0)
		return odoo_fail(call, "werkzeug.exceptions.Unauthorized",
		    "Invalid apikey");
	if (!json_is_object(body))
		return odoo_fail(call, "werkzeug.exceptions.BadRequest",
		    "could not parse the body as json");
	call->table = odoo_table_find(call->odoo, request->params[0]);
	if (call->table == NULL)
		return odoo_fail(call, "werkzeug.exceptions.NotFound",
		    "the model '%s' does not exist", request->params[0]);
	return odoo_method_bind(call, NULL, body) && odoo_method_run(call);
}

/* The order of keys is another one than in JSON-RPC. */
static json_t *
json2_error(const struct odoo_call *call)
{
	json_t *data = error_data(call->error, call->message);
	json_t *error = json_pack("{s:O,s:O,s:O,s:O,s:O}",
	    "name", json_object_get(data, "name"),
	    "message", json_object_get(data, "message"),
	    "arguments", json_object_get(data, "arguments"),
	    "context", json_object_get(data, "context"),
	    "debug", json_object_get(data, "debug"));

	json_decref(data);
	return error;
}

/* A list comes for what are records, even for one. */
static json_t *
json2_result(const struct odoo_call *call)
{
	if (call->result == NULL)
		return json_null();
	if (strcmp(call->method, "create") == 0 && !json_is_array(call->result))
		return json_pack("[O]", call->result);
	return json_incref(call->result);
}

void
sandbox_odoo_json2(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct odoo_call call = {.odoo = sandbox->odoo,
	    .method = request->params[1],
	    .stale_ms = request->stale_ms};
	json_t *body = sandbox_json_read(request->body);
	bool ok = run_json2(&call, request, body);
	json_t *value = ok ? json2_result(&call) : json2_error(&call);

	reply_python(reply, ok ? 200 : status_of(call.error), value);
	if (!ok && status_of(call.error) == 401)
		sandbox_reply_header(reply, "WWW-Authenticate", "bearer");
	json_decref(value);
	json_decref(body);
	call_fini(&call);
}
