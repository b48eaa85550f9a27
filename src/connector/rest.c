/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.c: connections of kind http: an operation as a request, and what a
 * whole answer means.
 */
#include "connector_priv.h"

/* ---------------------------------------------------------------- request */

static bool
refuse_header(struct call_scope *scope, struct str name,
    struct outcome *failure)
{
	return verdict_refuse(failure, "connector.header", false,
	    arena_strf(scope->arena, "the header `%.*s` has a value that can't "
				     "stand in a header", STR_ARG(name)));
}

static bool
set_header(struct call_scope *scope, struct header_list *headers,
    struct str name, const struct value *value, bool is_secret,
    struct outcome *failure)
{
	struct message_header header = {.name = name, .secret = is_secret};

	if (value->type == VALUE_NULL)
		return true;
	if (!value_sent_text(scope->arena, value, &header.value) ||
	    !header_list_set(headers, header))
		return refuse_header(scope, name, failure);
	return true;
}

/* The fields one by one, to know which of them holds a secret. */
static bool
set_templated(struct call_scope *scope, struct header_list *headers,
    const struct template *template, struct outcome *failure)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct template_field *field = &template->fields[i];
		if (!set_header(scope, headers, field->key,
			call_scope_eval(scope, field->value),
			template_has_secret(field->value), failure))
			return false;
	}
	return true;
}

bool
rest_headers(struct call_scope *scope, struct header_list *headers,
    const struct template *template, struct outcome *failure)
{
	const struct value *all;

	if (template == NULL)
		return true;
	if (template->kind == TEMPLATE_CONTEXT)
		return set_templated(scope, headers, template, failure);
	all = call_scope_eval(scope, template);
	if (all->type != VALUE_CONTEXT)
		return verdict_refuse(failure, "connector.header", false,
		    STR("the headers are not a context"));
	for (size_t i = 0; i < all->as.context.count; i++)
		if (!set_header(scope, headers, all->as.context.fields[i].key,
			all->as.context.fields[i].value, false, failure))
			return false;
	return true;
}

static bool
has_secret_url(const struct def_operation *operation)
{
	return operation->connection->auth.kind == AUTH_QUERY ||
	    template_has_secret(operation->connection->url) ||
	    template_has_secret(operation->path) ||
	    template_has_secret(operation->query);
}

static bool
set_url(struct call_scope *scope, const struct def_operation *operation,
    struct message_request *request, struct outcome *failure)
{

	if (!rest_url(scope, operation, &request->url, failure))
		return false;
	if (!has_secret_url(operation))
		return true;
	scope->is_masked = true;
	/* Where the whole address is secret, nothing is left to show. */
	if (!rest_url(scope, operation, &request->url_shown, failure))
		request->url_shown = STR("***");
	scope->is_masked = false;
	return true;
}

bool
rest_make_body(struct call_scope *scope, const struct template *template,
    struct rest_body *body, struct outcome *failure)
{
	const struct value *value = call_scope_eval(scope, template);

	if (value->type == VALUE_NULL || rest_body(scope->arena, value, body))
		return true;
	return verdict_refuse(failure, "connector.body", false, body->why);
}

bool
rest_show_body(struct call_scope *scope, const struct template *template,
    struct str content_type, struct message_request *request,
    struct outcome *failure)
{
	struct rest_body shown = {.content_type = content_type};
	bool is_shown;

	if (!template_has_secret(template))
		return true;
	scope->is_masked = true;
	is_shown = rest_make_body(scope, template, &shown, failure);
	scope->is_masked = false;
	request->body_shown = shown.bytes;
	return is_shown;
}

static bool
set_body(struct call_scope *scope, const struct template *template,
    struct header_list *headers, struct message_request *request,
    struct outcome *failure)
{
	struct str type = header_list_find(headers, STR("content-type"));
	struct rest_body body = {.content_type = type};

	if (template == NULL)
		return true;
	if (type.at == NULL)
		body.content_type = STR("application/json");
	if (!rest_make_body(scope, template, &body, failure))
		return false;
	request->body = body.bytes;
	if (!str_equal(body.content_type, type))
		must(header_list_set(headers, (struct message_header){
		    .name = STR("content-type"), .value = body.content_type}));
	return rest_show_body(scope, template, body.content_type, request,
	    failure);
}

static bool
authorize_basic(struct call_scope *scope, const struct def_auth *auth,
    struct str *value)
{
	struct str user, password;

	if (!call_scope_text(scope, auth->user, &user) ||
	    !call_scope_text(scope, auth->password, &password))
		return false;
	*value = arena_strf(scope->arena, "%.*s:%.*s", STR_ARG(user),
	    STR_ARG(password));
	*value = digest_base64(scope->arena, *value);
	*value = arena_strf(scope->arena, "Basic %.*s", STR_ARG(*value));
	return true;
}

static bool
authorize_bearer(struct call_scope *scope, struct str token, struct str *value)
{
	*value = arena_strf(scope->arena, "Bearer %.*s", STR_ARG(token));
	return token.bytes > 0;
}

/* false where what the scheme needs isn't there. */
static bool
authorization(struct call_scope *scope, const struct def_auth *auth,
    struct str token, struct message_header *header)
{
	switch (auth->kind) {
	case AUTH_BASIC:
		return authorize_basic(scope, auth, &header->value);
	case AUTH_BEARER:
		return call_scope_text(scope, auth->password, &token) &&
		    authorize_bearer(scope, token, &header->value);
	case AUTH_OAUTH2:
		return authorize_bearer(scope, token, &header->value);
	case AUTH_HEADER:
		header->name = auth->header;
		return call_scope_text(scope, auth->password, &header->value);
	case AUTH_NONE:
	case AUTH_QUERY:
	case AUTH_ODOO:
	case AUTH_KEY:
	case AUTH_EXTERNAL:
		break;
	}
	unreachable("schemes without a header are left out before");
}

bool
rest_authorize(struct call_scope *scope,
    const struct def_connection *connection, struct str token,
    struct header_list *headers, struct outcome *failure)
{
	const struct def_auth *auth = &connection->auth;
	struct message_header header = {
		.name = STR("authorization"),
		.secret = true,
	};

	if (auth->kind == AUTH_NONE || auth->kind == AUTH_QUERY ||
	    auth->kind == AUTH_ODOO)
		return true;
	if (!authorization(scope, auth, token, &header))
		return verdict_refuse(failure, "connector.auth", true,
		    STR("there is no credential to call with"));
	if (!header_list_set(headers, header))
		return verdict_refuse(failure, "connector.auth", false,
		    STR("the credential can't stand in a header"));
	return true;
}

static bool
set_pem(struct call_scope *scope, const struct template *template,
    struct str *pem, struct outcome *failure)
{
	if (template == NULL)
		return true;
	if (!call_scope_text(scope, template, pem))
		return verdict_refuse(failure, "connector.tls", true,
		    STR("a certificate of the connection is not at hand"));
	return true;
}

bool
rest_has_authority(struct call_scope *scope, const struct template *template)
{
	return template != NULL &&
	    call_scope_eval(scope, template)->type != VALUE_NULL;
}

bool
rest_is_authority(struct str ca)
{
	return str_has_prefix(ca, STR("/")) ||
	    str_find(ca, STR("-----BEGIN ")) != SIZE_MAX;
}

bool
rest_certificates(struct call_scope *scope,
    const struct def_connection *connection, struct message_request *request,
    struct outcome *failure)
{
	struct str key = {NULL, 0};

	if (!set_pem(scope, connection->client_certificate,
		&request->client_certificate, failure) ||
	    !set_pem(scope, connection->client_key, &key, failure))
		return false;
	if (key.at != NULL)
		request->client_certificate =
		    arena_strf(scope->arena, "%.*s\n%.*s",
			STR_ARG(request->client_certificate), STR_ARG(key));
	if (!rest_has_authority(scope, connection->ca))
		return true;
	if (!set_pem(scope, connection->ca, &request->ca, failure))
		return false;
	if (!rest_is_authority(request->ca))
		return verdict_refuse(failure, "connector.tls", false,
		    STR("`tls.ca` is neither a certificate in PEM nor an "
			"absolute path"));
	return true;
}

static bool
are_same(const struct header_list *headers,
    const struct message_request *request)
{
	if (headers->count != request->header_count)
		return false;
	for (size_t i = 0; i < headers->count; i++)
		if (!str_equal(headers->items[i].value,
			request->headers[i].value))
			return false;
	return true;
}

bool
rest_renew(struct call_scope *scope, const struct def_connection *connection,
    struct str token, struct message_request *request)
{
	struct header_list headers = {.arena = scope->arena};
	struct message_request renewed = *request;
	struct outcome failure;

	for (size_t i = 0; i < request->header_count; i++)
		must(header_list_set(&headers, request->headers[i]));
	/* A token may be bound to the certificate that it was asked with. */
	if (!rest_authorize(scope, connection, token, &headers, &failure) ||
	    !rest_certificates(scope, connection, &renewed, &failure))
		return false;
	if (are_same(&headers, request) &&
	    str_equal(renewed.client_certificate, request->client_certificate))
		return false;
	renewed.headers = headers.items;
	renewed.header_count = headers.count;
	if (!sign_request(scope, &connection->sign, &renewed, &failure))
		return false;
	*request = renewed;
	return true;
}

bool
rest_finish(struct call_scope *scope, const struct def_connection *connection,
    struct header_list *headers, struct message_request *request,
    struct outcome *failure)
{
	struct message_header trace = {
		.name = STR("traceparent"),
		.value = scope->context->traceparent,
	};
	struct message_header accept = {
		.name = STR("accept"),
		.value = STR("application/json"),
	};

	if (header_list_find(headers, accept.name).at == NULL)
		must(header_list_set(headers, accept));
	if (trace.value.bytes > 0 && !header_list_set(headers, trace))
		return refuse_header(scope, trace.name, failure);
	if (!rest_certificates(scope, connection, request, failure) ||
	    !rest_proxy(scope, connection, request, failure))
		return false;
	request->headers = headers->items;
	request->header_count = headers->count;
	return true;
}

/* Where the definition has none of its own, which comes after. */
static void
accept_xml(struct header_list *headers, const struct def_operation *operation)
{
	if (operation->xml != NULL)
		must(header_list_set(headers, (struct message_header){
		    .name = STR("accept"), .value = STR("application/xml")}));
}

bool
rest_prepare(const struct connector_call *call, struct call_scope *scope,
    struct message_request *request, struct outcome *failure)
{
	const struct def_operation *operation = call->operation;
	const struct def_connection *connection = operation->connection;
	struct header_list headers = {.arena = scope->arena};

	request->method = def_method_name(operation->method);
	accept_xml(&headers, operation);
	return set_url(scope, operation, request, failure) &&
	    rest_headers(scope, &headers, connection->headers, failure) &&
	    rest_headers(scope, &headers, operation->headers, failure) &&
	    set_body(scope, operation->body, &headers, request, failure) &&
	    rest_authorize(scope, connection, call->token, &headers, failure) &&
	    rest_finish(scope, connection, &headers, request, failure) &&
	    sign_request(scope, &connection->sign, request, failure);
}

/* ----------------------------------------------------------------- answer */

/* NULL where it isn't written. */
static const struct value *
find_field(struct call_scope *scope, const struct template *template,
    struct str name)
{
	const struct value *all = &value_null;

	if (template != NULL && template->kind == TEMPLATE_LITERAL)
		all = template->literal;
	for (size_t i = 0; all->type == VALUE_CONTEXT &&
	     i < all->as.context.count; i++)
		if (message_name_equal(all->as.context.fields[i].key, name))
			return all->as.context.fields[i].value;
	for (size_t i = 0; template != NULL &&
	     template->kind == TEMPLATE_CONTEXT && i < template->count; i++)
		if (message_name_equal(template->fields[i].key, name))
			return call_scope_eval(
			    scope, template->fields[i].value);
	return NULL;
}

/* The definition's own; absent where it has none. */
static struct str
accept_of(struct call_scope *scope, const struct def_operation *operation)
{
	const struct template *const both[] = {
		operation->headers, operation->connection->headers};
	struct str accept = {NULL, 0};

	for (size_t i = 0; i < COUNT_OF(both); i++) {
		const struct value *value =
		    find_field(scope, both[i], STR("accept"));

		if (value != NULL && value->type != VALUE_NULL &&
		    value_sent_text(scope->arena, value, &accept))
			return accept;
	}
	return (struct str){NULL, 0};
}

/* Asked for where the definition names nothing, or nothing else. */
static bool
expects_json(const struct def_operation *operation, struct str accept)
{
	if (operation->xml != NULL)
		return false;
	while (accept.at != NULL)
		if (!rest_is_json(str_split(accept, ',', &accept)))
			return false;
	return true;
}

bool
rest_reads_body(const struct def_operation *operation)
{
	if (template_reads(operation->success, STR("body")))
		return true;
	for (size_t i = 0; i < operation->output.count; i++)
		if (template_reads(operation->output.items[i].value,
			STR("body")))
			return true;
	return false;
}

/* The body's first character, behind blanks and a byte order mark. */
static char
first_of(struct str body)
{
	static const struct str mark = STR_INIT("\xef\xbb\xbf");

	if (str_has_prefix(body, mark))
		body = str_slice(body, mark.bytes, body.bytes);
	body = str_trim(body);
	return body.bytes > 0 ? body.at[0] : '\0';
}

static bool
is_html(struct str type)
{
	return rest_is_media_type(type, STR("text/html"), STR("/xhtml+xml"));
}

/* RFC 9110 section 12.5.1; of HTML and of XML there are several names. */
static bool
is_in_range(struct str type, struct str range)
{
	struct str below, under, kind = str_split(range, '/', &below);

	if (message_name_equal(range, type) || str_equal(range, STR("*/*")) ||
	    (str_equal(below, STR("*")) &&
		message_name_equal(str_split(type, '/', &under), kind)))
		return true;
	return is_html(range) ? is_html(type)
			      : xml_is_type(range) && !is_html(type);
}

/* Whether the answer is of a type that the definition asks for by name. */
static bool
is_asked_for(const struct reply *reply, struct str accept)
{
	struct str type =
	    rest_media_type(reply_header(reply, STR("content-type")));

	while (accept.at != NULL)
		if (is_in_range(type,
			rest_media_type(str_split(accept, ',', &accept))))
			return true;
	return false;
}

/*
 * HTML, by its type or its first byte.  A bare word under that type is what
 * some endpoints answer ("ok").  XML that nobody asked for is as foreign, but
 * for an operation that says itself what success is.
 */
static bool
is_page(const struct def_operation *operation, const struct reply *reply)
{
	struct str body = reply->response->body;
	struct str type = reply_header(reply, STR("content-type"));
	bool is_told = operation->output.count > 0 ||
	    operation->success != NULL;

	if (reply->kind != REPLY_TEXT && reply->kind != REPLY_BINARY)
		return false;
	if (is_html(type))
		return reply->kind == REPLY_BINARY ||
		    memchr(body.at, '<', body.bytes) != NULL;
	return first_of(body) == '<' && !(is_told && xml_is_type(type));
}

/* A document of JSON under another type, or under none. */
static bool
is_cut(const struct reply *reply)
{
	char first = first_of(reply->response->body);

	return reply->kind != REPLY_JSON && (first == '{' || first == '[');
}

/*
 * Whether the body is what the operation can go by.  Where an expression
 * reads it, it must be there and be what was asked for.  Where none does, a
 * cut document or the page of a login under 2xx still shows that somebody
 * else, or somebody half-way, has answered.
 */
static bool
is_trustworthy(struct call_scope *scope,
    const struct def_operation *operation, bool is_2xx)
{
	const struct reply *reply = scope->reply;
	struct str accept = accept_of(scope, operation);
	bool is_json = expects_json(operation, accept);
	bool is_foreign = is_page(operation, reply) &&
	    !is_asked_for(reply, accept);

	if (operation->method == METHOD_HEAD)
		return true;
	if (rest_reads_body(operation) && operation->xml != NULL)
		return reply->kind == REPLY_XML;
	if (rest_reads_body(operation))
		return reply->kind == REPLY_JSON ||
		    (!is_json && reply->kind == REPLY_TEXT && !is_foreign);
	if (!is_2xx)
		return true;
	if (operation->xml == NULL && !is_json)
		return reply->kind != REPLY_BROKEN && !is_foreign;
	return reply->kind != REPLY_BROKEN && !is_cut(reply) && !is_foreign;
}

struct outcome
rest_judge(const struct connector_call *call, struct call_scope *scope)
{
	const struct def_operation *operation = call->operation;
	const struct reply *reply = scope->reply;
	int status = reply->response->status;
	bool is_2xx = status >= 200 && status <= 299;
	bool is_success = operation->success != NULL
	    ? call_scope_is_true(scope, operation->success)
	    : is_2xx;

	if ((is_2xx || is_success) &&
	    !is_trustworthy(scope, operation, is_2xx))
		return verdict_unknown("http.garbled",
		    STR("the answer's body is not what the operation needs"));
	if (is_success)
		return connector_done(call, scope, reply->body);
	if (is_2xx)
		return verdict_unsuccessful("http.unsuccessful");
	return verdict_of_status(scope->arena, operation, reply,
	    scope->context->now_ms);
}
