/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_hook.c: providers' own webhooks.
 *
 * The signature over the raw body is the authentication.  A provider is told
 * 2xx only when its event is durable: until then it sends again.
 */
#include "api_priv.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sys/queue.h>

#define TELL_AGAIN_US (10LL * 1000 * 1000)

static const struct message_header *
copy_headers(struct api_call *call, size_t *count)
{
	struct evkeyvalq *list =
	    evhttp_request_get_input_headers(call->request);
	struct message_header *headers = NULL;
	struct evkeyval *header;
	size_t capacity = 0;

	*count = 0;
	TAILQ_FOREACH(header, list, next)
	{
		headers = arena_grow(
		    call->arena, headers, *count, &capacity, sizeof(*headers));
		headers[(*count)++] = (struct message_header){
		    .name = str_of(header->key),
		    .value = str_of(header->value),
		};
	}
	return headers;
}

static void
reply_fate(struct api_call *call, struct str id, struct str fate)
{
	struct value_builder *built = value_build_context(call->arena);

	value_put_str(built, "id", id);
	value_put_str(built, "status", fate);
	api_reply_value(call, 202, value_built(built));
}

static void
delivered_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);
	const struct str *id = call->state;

	if (call->request != NULL && !api_problem_of_engine(call, reply))
		reply_fate(call, *id, reply->fate);
	api_call_unref(call);
}

static struct chart_event
event_of(struct api_call *call, const struct connector_event *mapped)
{
	struct chart_event event = {
	    .kind = EV_EVENT_RECEIVED,
	    .type = mapped->type,
	    .subject = mapped->subject,
	    .id = mapped->id,
	    .former_id = mapped->former_id,
	    .source = arena_strf(
		call->arena, "/hooks/%.*s", STR_ARG(call->params[0])),
	    .time = mapped->time,
	    .data = mapped->data,
	    .received_ms = api_now_ms(call),
	};

	event.actor.name = event.source;
	return event;
}

static void
deliver_one(struct api_call *call, const struct connector_event *mapped)
{
	struct chart_event event = event_of(call, mapped);
	struct str *id = ARENA_NEW(call->arena, struct str);

	*id = arena_str(call->arena, mapped->id);
	call->state = id;
	api_call_ref(call);
	engine_event(call->api->options.engine, &event, delivered_cb, call);
}

/* Answered when all of them are durable. */
static void
deliver_list(struct api_call *call, const struct connector_events *mapped)
{
	struct chart_event *events =
	    ARENA_ARRAY(call->arena, mapped->count, struct chart_event);

	for (size_t i = 0; i < mapped->count; i++)
		events[i] = event_of(call, &mapped->items[i]);
	if (mapped->malformed > 0)
		log_warning("webhook not understood",
		    "connection=%.*s messages=%zu id=%.*s: signed, but no "
		    "event can be made of them",
		    STR_ARG(call->params[0]), mapped->malformed,
		    STR_ARG(call->request_id));
	api_event_deliver(call, events, mapped->count);
}

static void
deliver(struct api_call *call, const struct connector_events *mapped)
{
	if (mapped->is_list)
		deliver_list(call, mapped);
	else
		deliver_one(call, &mapped->items[0]);
}

static void
refuse_forged(struct api_call *call)
{
	call->api->forged++;
	log_warning("forged webhook", "connection=%.*s id=%.*s",
	    STR_ARG(call->params[0]), STR_ARG(call->request_id));
	api_problem_reply(call, PROBLEM_FORGED,
	    "The signature over the body is missing, wrong or too old: check "
	    "the secret on both sides, and the clocks.");
}

/* It may be genuine, and nobody here can tell: who sent it sends it again.
 * Anybody could fill the log with what is no fault of theirs. */
static void
put_off(struct api_call *call, struct str secret)
{
	struct api *api = call->api;
	int64_t now_us = clock_monotonic_us();

	must(secret.at != NULL);
	if (api->secretless_us == 0 ||
	    now_us - api->secretless_us >= TELL_AGAIN_US) {
		api->secretless_us = now_us;
		log_error("webhook can't be verified",
		    "connection=%.*s secret=%.*s id=%.*s: it is not there, or "
		    "can't be read for the moment",
		    STR_ARG(call->params[0]), STR_ARG(secret),
		    STR_ARG(call->request_id));
	}
	api_reply_header(call, "Retry-After", STR("5"));
	api_problem_reply(call, PROBLEM_UNAVAILABLE,
	    "The secret that this is verified by can't be had: send it "
	    "again.");
}

/* What it is verified by may have been asked for once already. */
struct knock {
	const struct def_connection *connection;
	bool is_doubted;
};

static engine_keys_fn keys_cb;

static void
want_keys(struct api_call *call, const struct def_connection *connection,
    bool is_doubted)
{
	struct knock *knock = ARENA_NEW(call->arena, struct knock);

	*knock = (struct knock){connection, is_doubted};
	call->state = knock;
	api_call_ref(call);
	engine_keys(call->api->options.engine, connection, is_doubted, keys_cb,
	    call);
}

/* Keys that are not the newest may be why it isn't genuine. */
static void
take(struct api_call *call, const struct def_connection *connection,
    struct str keys, bool may_doubt)
{
	const struct api_options *options = &call->api->options;
	struct connector_context context = {
	    .arena = call->arena,
	    .now_ms = api_outer_now_ms(call),
	    .settings = options->settings ? options->settings : &value_null,
	    .secret = options->secret,
	    .secret_arg = options->secret_arg,
	    .keys = keys,
	};
	struct connector_events events;
	size_t count;
	const struct message_header *headers = copy_headers(call, &count);

	switch (connector_webhook(
	    connection, headers, count, call->body, &context, &events)) {
	case WEBHOOK_ACCEPTED:
		deliver(call, &events);
		return;
	case WEBHOOK_IGNORED:
		reply_fate(call, (struct str){NULL, 0}, STR("ignored"));
		return;
	case WEBHOOK_FORGED:
		if (may_doubt)
			want_keys(call, connection, true);
		else
			refuse_forged(call);
		return;
	case WEBHOOK_SECRETLESS:
		put_off(call, events.missing_secret);
		return;
	case WEBHOOK_MALFORMED:
		api_problem_reply(call, PROBLEM_INVALID_BODY,
		    "The message is signed, but no event can be made of it: "
		    "compare it with `webhooks` of the connection.");
		return;
	}
}

static void
keys_cb(struct str keys, void *arg)
{
	struct api_call *call = api_call_of(arg);
	const struct knock *knock = call->state;

	if (call->request != NULL && keys.at == NULL) {
		api_reply_header(call, "Retry-After", STR("5"));
		api_problem_reply(call, PROBLEM_UNAVAILABLE,
		    "The keys that this is verified by can't be had: send it "
		    "again.");
	} else if (call->request != NULL) {
		take(call, knock->connection, keys, !knock->is_doubted);
	}
	api_call_unref(call);
}

void
api_hook_post(struct api_call *call)
{
	const struct def_connection *connection = library_find_connection(
	    engine_library(call->api->options.engine), call->params[0]);

	if (connection == NULL || connection->webhook_event_count == 0)
		api_problem_reply(call, PROBLEM_NOT_FOUND,
		    "No connection %.*s with `webhooks` is served here.",
		    STR_ARG(call->params[0]));
	else if (connection->webhook_signature.keys_url != NULL)
		want_keys(call, connection, false);
	else
		take(call, connection, (struct str){NULL, 0}, false);
}
