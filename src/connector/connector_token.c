/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_token.c: fetching what calls are shown with.
 *
 * Asking for a token changes nothing, so that no outcome is ever unknown
 * here: what failed on the way may be asked again.
 */
#include "connector_priv.h"

#define TIMEOUT_MS 30000

bool
connector_needs_token(const struct def_connection *connection)
{
	must(connection != NULL);
	return connection->auth.kind == AUTH_OAUTH2 ||
	    (connection->auth.kind == AUTH_ODOO &&
		connection->kind == CONNECTION_ODOO);
}

/* ---------------------------------------------------------------- request */

/* "id:secret", or {id, secret}. */
static bool
read_client(struct call_scope *scope, const struct template *template,
    struct str *id, struct str *secret)
{
	const struct value *client;

	if (template == NULL)
		return false;
	client = call_scope_eval(scope, template);
	if (client->type == VALUE_STRING) {
		*id = str_split(client->as.string, ':', secret);
		return id->bytes > 0 && secret->at != NULL;
	}
	*id = value_str(value_field_or_null(client, "id"));
	*secret = value_str(value_field_or_null(client, "secret"));
	return id->bytes > 0 && secret->at != NULL;
}

/* RFC 6749 section 2.3.1: both are form-encoded, then Basic. */
static struct str
client_credentials(struct arena *arena, struct str id, struct str secret)
{
	struct buf both = {0};
	struct str text;

	message_encode(id, &both);
	buf_add_char(&both, ':');
	message_encode(secret, &both);
	text = digest_base64(arena, buf_str(&both));
	buf_fini(&both);
	return arena_strf(arena, "Basic %.*s", STR_ARG(text));
}

static bool
token_body(struct call_scope *scope, const struct template *template,
    struct str *body)
{
	struct value_builder *form = value_build_context(scope->arena);
	struct buf out = buf_in(scope->arena);
	struct str text;

	value_put_str(form, "grant_type", STR("client_credentials"));
	if (template != NULL) {
		if (!call_scope_text(scope, template, &text))
			return false;
		value_put_str(form, "scope", text);
	}
	if (!rest_form(scope->arena, value_built(form), &out))
		return false;
	*body = buf_keep(&out);
	return true;
}

static bool
oauth2_prepare(const struct def_connection *connection,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure)
{
	const struct def_auth *auth = &connection->auth;
	struct header_list headers = {.arena = scope->arena};
	struct str id, secret;

	if (!read_client(scope, auth->client, &id, &secret))
		return verdict_refuse(failure, "connector.auth", true,
		    STR("the OAuth2 client is not at hand; write it as "
			"\"id:secret\" or {id, secret}"));
	if (!token_body(scope, auth->scope, &request->body))
		return verdict_refuse(failure, "connector.auth", false,
		    STR("the OAuth2 scope is not a string"));
	must(header_list_set(&headers, (struct message_header){
	    .name = STR("authorization"),
	    .value = client_credentials(scope->arena, id, secret),
	    .secret = true}));
	must(header_list_set(&headers, (struct message_header){
	    .name = STR("content-type"),
	    .value = STR("application/x-www-form-urlencoded")}));
	request->method = STR("POST");
	return rest_base_url(scope, auth->token_url, &request->url, failure) &&
	    rest_finish(scope, connection, &headers, request, failure);
}

bool
connector_token_prepare(const struct def_connection *connection,
    const struct connector_context *context, struct message_request *request,
    struct outcome *failure)
{
	struct call_scope scope;
	bool is_ready;

	must(connector_needs_token(connection));
	call_scope_init(&scope, context, NULL);
	*request = (struct message_request){
		.timeout_ms = connection->timeout_ms > 0
		    ? connection->timeout_ms
		    : TIMEOUT_MS,
	};
	is_ready = connection->auth.kind == AUTH_ODOO
	    ? odoo_login_prepare(connection, &scope, request, failure)
	    : oauth2_prepare(connection, &scope, request, failure);
	if (scope.missing_secret.at != NULL)
		return verdict_refuse(failure, "connector.secret", true,
		    arena_strf(context->arena, "there is no secret named %.*s",
			STR_ARG(scope.missing_secret)));
	return is_ready;
}

/* ----------------------------------------------------------------- answer */

/* Seconds, as a number or, against the standard, as its text. */
static int64_t
expires_in_ms(struct arena *arena, const struct value *body)
{
	const struct value *field = value_field_or_null(body, "expires_in");
	struct str text;
	int64_t seconds;

	if (!value_text(arena, field, &text) ||
	    !str_parse_int(text, 0, INT32_MAX, &seconds))
		return 0;
	return seconds * 1000;
}

static bool
oauth2_error(const struct reply *reply, struct arena *arena,
    struct outcome *failure)
{
	int status = reply->response->status;
	struct str error = value_str(value_field_or_null(reply->body, "error"));
	struct str message = reply_message(reply);
	bool is_transient = status == 408 || status == 429 || status >= 500;

	if (message.at == NULL)
		message = STR("the token endpoint gave no token");
	if (error.bytes > 0 && error.bytes <= 64 && !is_transient)
		return verdict_refuse(failure,
		    arena_cstr(arena, arena_strf(arena, "oauth2.%.*s",
				   STR_ARG(error))),
		    false, message);
	return verdict_refuse(failure, "oauth2.no-token", is_transient,
	    message);
}

static bool
oauth2_interpret(const struct reply *reply, struct arena *arena,
    struct connector_token *token, struct outcome *failure)
{
	int status = reply->response->status;
	struct str text =
	    value_str(value_field_or_null(reply->body, "access_token"));
	struct str type =
	    value_str(value_field_or_null(reply->body, "token_type"));

	if (status < 200 || status > 299 || text.bytes == 0)
		return oauth2_error(reply, arena, failure);
	if (type.bytes > 0 && !message_name_equal(type, STR("bearer")))
		return verdict_refuse(failure, "oauth2.token-type", false,
		    STR("the token is not a bearer token"));
	token->token = text;
	token->expires_in_ms = expires_in_ms(arena, reply->body);
	return true;
}

bool
connector_token_interpret(const struct def_connection *connection,
    const struct message_response *response,
    const struct connector_context *context, struct connector_token *token,
    struct outcome *failure)
{
	struct reply reply;
	bool is_given;

	must(connector_needs_token(connection));
	if (response->failure != MESSAGE_OK) {
		*failure = verdict_of_failure(context->arena, response);
		failure->transient = response->failure != MESSAGE_CERTIFICATE;
		failure->kind = OUTCOME_NOT_DONE;
		failure->body = &value_null;
		return false;
	}
	reply = reply_read(context->arena, response, NULL);
	is_given = connection->auth.kind == AUTH_ODOO
	    ? odoo_login_interpret(&reply, context->arena, token, failure)
	    : oauth2_interpret(&reply, context->arena, token, failure);
	if (is_given)
		return true;
	if (failure->kind == OUTCOME_UNKNOWN)
		failure->transient = true;
	failure->kind = OUTCOME_NOT_DONE;
	failure->status = response->status;
	failure->body = &value_null; /* it may hold a token */
	return false;
}
