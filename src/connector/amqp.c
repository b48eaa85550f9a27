/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amqp.c: connections of kind amqp: messages for a broker, and what its answer
 * means.
 *
 * The status of an answer is the protocol's own reply code, of which many are
 * HTTP's; 200 is a confirmation.
 */
#include "connector_priv.h"

#define PORT "5672"
#define TLS_PORT "5671"
/* AMQP 0-9-1, section 4.2.5.3: a short string. */
#define NAME_BYTES_MAX 255
/* All headers have to fit into one frame, of 128 KiB at most. */
#define HEADERS_BYTES_MAX (64 * 1024)

/* ----------------------------------------------------------- which broker */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3986, section 2.1.  The whole path after the first "/" is one name. */
static bool
read_vhost(struct arena *arena, struct str path, struct str *vhost)
{
	struct buf out = buf_in(arena);

	*vhost = STR("/");
	if (path.bytes == 0)
		return true;
	for (size_t i = 0; i < path.bytes; i++) {
		bool is_escape = path.at[i] == '%';
		int high, low;

		if (!is_escape) {
			buf_add_char(&out, path.at[i]);
			continue;
		}
		if (i + 2 >= path.bytes)
			return false;
		high = hex_digit(path.at[++i]);
		low = hex_digit(path.at[++i]);
		if (high < 0 || low < 0)
			return false;
		buf_add_char(&out, (char)(high * 16 + low));
	}
	*vhost = buf_keep(&out);
	return vhost->bytes <= NAME_BYTES_MAX && str_is_utf8(*vhost) &&
	    str_find(path, STR("/")) == SIZE_MAX;
}

static bool
split_url(struct arena *arena, struct str url, struct message_broker *broker)
{
	struct str tls = STR("amqps://"), plain = STR("amqp://");
	struct str authority, path = {NULL, 0};

	broker->is_tls = str_has_prefix(url, tls);
	if (!broker->is_tls && !str_has_prefix(url, plain))
		return false;
	authority = str_slice(url, broker->is_tls ? tls.bytes : plain.bytes,
	    SIZE_MAX);
	authority = str_split(authority, '/', &path);
	broker->port = broker->is_tls ? STR(TLS_PORT) : STR(PORT);
	return rest_split_host(authority, &broker->host, &broker->port) &&
	    read_vhost(arena, path, &broker->vhost);
}

static bool
read_url(struct call_scope *scope, const struct def_connection *connection,
    struct message_broker *broker, struct str *url, struct outcome *failure)
{
	if (!call_scope_text(scope, connection->url, url))
		return verdict_refuse(failure, "connector.url", false,
		    STR("the connection's url gives no text: is what it reads "
			"from `settings` in the configuration?"));
	if (!split_url(scope->arena, *url, broker))
		return verdict_refuse(failure, "connector.url", false,
		    STR("the connection's url is amqp://HOST:PORT/VHOST or "
			"amqps://HOST:PORT/VHOST, the virtual host "
			"percent-encoded"));
	return true;
}

static bool
read_login(struct call_scope *scope, const struct def_auth *auth,
    struct message_broker *broker, struct outcome *failure)
{
	if (auth->kind == AUTH_EXTERNAL)
		return broker->is_tls ||
		    verdict_refuse(failure, "connector.url", false,
			STR("our certificate, by which `auth` proves us, can "
			    "be shown only over amqps://"));
	must(auth->kind == AUTH_BASIC);
	if (call_scope_text(scope, auth->user, &broker->user) &&
	    call_scope_text(scope, auth->password, &broker->password))
		return true;
	return verdict_refuse(failure, "connector.auth", true,
	    STR("there is no credential to call with"));
}

/* The broker, and what proves us to it. */
static bool
read_broker(struct call_scope *scope, const struct def_connection *connection,
    struct message_request *request, struct outcome *failure)
{
	struct message_broker *broker =
	    ARENA_NEW(scope->arena, struct message_broker);

	request->broker = broker;
	broker->heartbeat_ms = connection->heartbeat_ms;
	return read_url(scope, connection, broker, &request->url, failure) &&
	    read_login(scope, &connection->auth, broker, failure) &&
	    rest_certificates(scope, connection, request, failure);
}

/* ---------------------------------------------------------------- request */

/* What the protocol has as a short string; absent where there is none. */
static bool
read_name(struct call_scope *scope, const struct template *template,
    const char *what, struct str *name, struct outcome *failure)
{
	if (template == NULL ||
	    (call_scope_text(scope, template, name) &&
		name->bytes <= NAME_BYTES_MAX))
		return true;
	return verdict_refuse(failure, "connector.name", false,
	    arena_strf(scope->arena,
		"the %s is no text, or longer than %d bytes", what,
		NAME_BYTES_MAX));
}

static bool
read_headers(struct call_scope *scope, const struct template *template,
    struct message_request *request, struct outcome *failure)
{
	struct header_list headers = {.arena = scope->arena};
	struct message_header trace = {
		.name = STR("traceparent"),
		.value = scope->context->traceparent,
	};

	if (!rest_headers(scope, &headers, template, failure))
		return false;
	if (trace.value.bytes > 0)
		must(header_list_set(&headers, trace));
	request->headers = headers.items;
	request->header_count = headers.count;
	return true;
}

static bool
read_body(struct call_scope *scope, const struct def_operation *operation,
    struct message_publish *publish, struct message_request *request,
    struct outcome *failure)
{
	struct rest_body body = {.content_type = operation->content_type};

	if (body.content_type.at == NULL)
		body.content_type = STR("application/json");
	if (!rest_make_body(scope, operation->body, &body, failure))
		return false;
	if (body.bytes.at == NULL)
		return verdict_refuse(failure, "connector.body", false,
		    STR("the body is null: there is nothing to send"));
	publish->content_type = body.content_type;
	request->body = body.bytes;
	return rest_show_body(scope, operation->body, body.content_type,
	    request, failure);
}

/* What history shows as the address. */
static struct str
shown_url(struct arena *arena, const struct message_request *request,
    const struct message_publish *publish)
{
	return arena_strf(arena, "%.*s exchange=%.*s routing-key=%.*s",
	    STR_ARG(request->url), STR_ARG(publish->exchange),
	    STR_ARG(publish->routing_key));
}

static bool
refuse_name(struct call_scope *scope, const char *what,
    struct outcome *failure)
{
	return verdict_refuse(failure, "connector.name", false,
	    arena_strf(scope->arena, "the %s is longer than %d bytes", what,
		NAME_BYTES_MAX));
}

/* Whether the protocol can hold what others than the definition gave. */
static bool
check_lengths(struct call_scope *scope, const struct message_request *request,
    const struct message_publish *publish, struct outcome *failure)
{
	size_t bytes = 0;

	if (publish->message_id.bytes > NAME_BYTES_MAX)
		return refuse_name(scope, "message's id", failure);
	if (publish->content_type.bytes > NAME_BYTES_MAX)
		return refuse_name(scope, "content type", failure);
	if (publish->type.bytes > NAME_BYTES_MAX ||
	    publish->routing_key.bytes > NAME_BYTES_MAX)
		return refuse_name(scope, "event's type", failure);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct message_header *header = &request->headers[i];

		if (header->name.bytes > NAME_BYTES_MAX)
			return refuse_name(scope, "name of a header", failure);
		bytes += header->name.bytes + header->value.bytes;
	}
	return bytes <= HEADERS_BYTES_MAX ||
	    verdict_refuse(failure, "connector.header", false,
		STR("the headers are longer than 64 KiB together: what is "
		    "long belongs into the body"));
}

static bool
prepare_publish(const struct connector_call *call, struct call_scope *scope,
    struct message_publish *publish, struct message_request *request,
    struct outcome *failure)
{
	const struct def_operation *operation = call->operation;

	publish->message_id = call->idempotency_key;
	publish->is_mandatory = operation->is_mandatory;
	publish->at_ms = scope->context->now_ms;
	if (!read_name(scope, operation->exchange, "exchange",
		&publish->exchange, failure) ||
	    !read_name(scope, operation->routing_key, "routing key",
		&publish->routing_key, failure) ||
	    !read_name(scope, operation->message_id, "message's id",
		&publish->message_id, failure) ||
	    !read_headers(scope, operation->headers, request, failure) ||
	    !read_body(scope, operation, publish, request, failure) ||
	    !check_lengths(scope, request, publish, failure))
		return false;
	request->publish = publish;
	request->url_shown =
	    template_has_secret(operation->connection->url) ||
		    template_has_secret(operation->exchange) ||
		    template_has_secret(operation->routing_key)
		? STR("***")
		: shown_url(scope->arena, request, publish);
	return true;
}

bool
amqp_prepare(const struct connector_call *call, struct call_scope *scope,
    struct message_request *request, struct outcome *failure)
{
	const struct def_operation *operation = call->operation;

	request->method = STR("PUBLISH");
	if (!read_broker(scope, operation->connection, request, failure))
		return false;
	if (operation->exchange != NULL)
		return prepare_publish(call, scope,
		    ARENA_NEW(scope->arena, struct message_publish), request,
		    failure);
	request->method = STR("OPEN"); /* a greeting */
	if (template_has_secret(operation->connection->url))
		request->url_shown = STR("***");
	return true;
}

/* ----------------------------------------------------------------- answer */

/* AMQP 0-9-1, section 1.2; 401 and 506 are what our client says of a login
 * that was refused and of a negative acknowledgement. */
static const struct verdict_refusal refusals[] = {
	{311, false, "amqp.too-large"},
	{312, false, "amqp.no-route"},
	{313, true, "amqp.no-consumers"},
	{320, true, "amqp.closed"},
	{401, false, "amqp.access-denied"},
	{402, false, "amqp.no-vhost"},
	{403, false, "amqp.permission-denied"},
	{404, false, "amqp.not-found"},
	{405, true, "amqp.locked"},
	{406, false, "amqp.precondition-failed"},
	{506, true, "amqp.nacked"},
	{530, false, "amqp.not-allowed"},
	{541, true, "amqp.internal-error"},
};

struct outcome
amqp_refusal(struct arena *arena, const struct message_response *response)
{
	struct str code = arena_strf(arena, "amqp.%d", response->status);
	struct str said = response->body.bytes > 0 &&
		str_is_utf8(response->body)
	    ? arena_str(arena, response->body)
	    : STR("the broker said no");

	return verdict_of_refusal(
	    refusals, COUNT_OF(refusals), response->status, code, said);
}

struct outcome
amqp_judge(const struct connector_call *call, struct call_scope *scope)
{
	const struct def_operation *operation = call->operation;
	const struct reply *reply = scope->reply;
	bool is_done = reply->response->status == 200;
	bool is_success = operation->success != NULL
	    ? call_scope_is_true(scope, operation->success)
	    : is_done;

	if (is_success)
		return connector_done(call, scope, reply->body);
	if (is_done)
		return verdict_unsuccessful("amqp.unsuccessful");
	return amqp_refusal(scope->arena, reply->response);
}

/* ------------------------------------------------------------- events out */

static const struct value *
value_of_event(struct arena *arena, const struct connector_event *event)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "type", event->type);
	value_put_str(built, "subject", event->subject);
	value_put_str(built, "id", event->id);
	value_put_str(built, "source", event->source);
	value_put_str(built, "time", event->time);
	value_put(built, STR("data"), event->data);
	return value_built(built);
}

static const struct value *
arguments_of_event(struct arena *arena, const struct connector_event *event)
{
	struct value_builder *built = value_build_context(arena);

	value_put(built, STR("event"), value_of_event(arena, event));
	return value_built(built);
}

static const struct def_publication *
find_publication(struct call_scope *scope,
    const struct def_connection *connection,
    const struct connector_event *event)
{
	for (size_t i = 0; i < connection->publication_count; i++) {
		const struct def_publication *publication =
		    &connection->publications[i];

		if (def_publication_takes(publication, event->type) &&
		    (publication->guard == NULL ||
			call_scope_is_true(scope, publication->guard)))
			return publication;
	}
	return NULL;
}

static bool
address_event(struct call_scope *scope,
    const struct def_publication *publication,
    const struct connector_event *event, struct message_publish *publish,
    struct outcome *failure)
{
	publish->message_id = event->id;
	publish->type = event->type;
	publish->at_ms = scope->context->now_ms;
	publish->routing_key = event->type;
	return read_name(scope, publication->exchange, "exchange",
		   &publish->exchange, failure) &&
	    read_name(scope, publication->routing_key, "routing key",
		&publish->routing_key, failure);
}

bool
connector_publish(const struct def_connection *connection,
    const struct connector_event *event,
    const struct connector_context *context, struct message_request *request,
    bool *is_wanted, struct outcome *failure)
{
	const struct def_publication *publication;
	struct message_publish *publish =
	    ARENA_NEW(context->arena, struct message_publish);
	struct call_scope scope;
	bool is_ready;

	must(connection->kind == CONNECTION_AMQP);
	call_scope_init(&scope, context,
	    arguments_of_event(context->arena, event));
	*request = (struct message_request){
		.method = STR("PUBLISH"),
		.timeout_ms = connection->timeout_ms,
		.publish = publish,
	};
	publication = find_publication(&scope, connection, event);
	*is_wanted = publication != NULL;
	if (publication == NULL && scope.env.steps >= 0)
		return true;
	is_ready = publication != NULL &&
	    read_broker(&scope, connection, request, failure) &&
	    address_event(&scope, publication, event, publish, failure);
	*is_wanted = true;
	if (is_ready) {
		cloud_event_write(context->arena, event,
		    publication->is_structured, request, publish);
		is_ready = check_lengths(&scope, request, publish, failure);
	}
	return connector_finish(&scope, request, is_ready, failure);
}

/* -------------------------------------------------------------- events in */

bool
connector_subscribe(const struct def_connection *connection,
    const struct def_subscription *subscription,
    const struct connector_context *context, struct message_request *request,
    struct str *queue, struct outcome *failure)
{
	struct call_scope scope;
	bool is_ready;

	must(connection->kind == CONNECTION_AMQP);
	call_scope_init(&scope, context, NULL);
	*request = (struct message_request){
		.method = STR("CONSUME"),
		.timeout_ms = connection->timeout_ms,
		.response_bytes_max = (size_t)connection->answer_bytes_max,
	};
	is_ready = read_broker(&scope, connection, request, failure) &&
	    read_name(&scope, subscription->queue, "queue", queue, failure);
	if (is_ready && queue->bytes == 0)
		is_ready = verdict_refuse(failure, "connector.name", false,
		    STR("the queue has no name"));
	return connector_finish(&scope, request, is_ready, failure);
}

/* By its message-id, else by what it is made of. */
static struct str
default_id(struct arena *arena, const struct message_response *delivery)
{
	struct str id = message_find_header(delivery->headers,
	    delivery->header_count, STR("message_id"));
	char hex[DIGEST_HEX_BYTES];

	if (id.bytes > 0 && str_is_utf8(id))
		return arena_str(arena, id);
	return arena_str(arena,
	    digest_hex(digest_sha256(delivery->body), hex));
}

static enum webhook_result
map_message(struct call_scope *scope,
    const struct def_subscription *subscription, struct connector_event *event)
{
	const struct def_webhook_event *rule = connector_find_event(scope,
	    subscription->events, subscription->event_count);

	if (scope->env.steps < 0)
		return WEBHOOK_MALFORMED;
	/* What is no document can hardly be meant for any rule. */
	if (rule == NULL)
		return scope->reply->kind == REPLY_JSON ? WEBHOOK_IGNORED
							: WEBHOOK_MALFORMED;
	if (!connector_map_event(scope, rule, event))
		return WEBHOOK_MALFORMED;
	if (rule->id == NULL)
		event->id = default_id(scope->arena, scope->reply->response);
	return event->id.bytes == 0 || scope->env.steps < 0
	    ? WEBHOOK_MALFORMED
	    : WEBHOOK_ACCEPTED;
}

enum webhook_result
connector_delivery(const struct def_subscription *subscription,
    const struct message_response *delivery,
    const struct connector_context *context, struct connector_event *event)
{
	struct reply reply = reply_read(context->arena, delivery, NULL);
	struct call_scope scope;

	*event = (struct connector_event){0};
	if (subscription->event_count == 0)
		return cloud_event_read(context->arena, delivery, event)
		    ? WEBHOOK_ACCEPTED
		    : WEBHOOK_MALFORMED;
	if (reply.kind == REPLY_BROKEN)
		return WEBHOOK_MALFORMED;
	call_scope_init(&scope, context, NULL);
	reply.item = reply.body;
	scope.reply = &reply;
	return map_message(&scope, subscription, event);
}
