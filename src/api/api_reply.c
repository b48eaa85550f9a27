/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_reply.c: answers, each sent exactly once.
 *
 * What is common to all of them stands here: who asked, that nothing may be
 * stored or guessed by browsers and proxies, and the count for /metrics.
 */
#include "api_priv.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>

const struct api_reply_header api_reply_always[API_REPLY_ALWAYS] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
};

void
api_reply_header(struct api_call *call, const char *name, struct str value)
{
	must(call->request != NULL);
	/* evhttp refuses what would break the header apart: none of ours. */
	evhttp_add_header(evhttp_request_get_output_headers(call->request),
	    name, arena_cstr(call->arena, value));
}

/* 503 is the answer to everybody while the store can't write: its cause is
 * logged once where it is found, and a full disk is not filled further. */
static enum log_level
level_of(int status)
{
	if (status == 503)
		return LOG_DEBUG;
	if (status >= 500)
		return LOG_WARNING;
	return status == 401 ? LOG_INFO : LOG_DEBUG;
}

/* A name with spaces could go on as if the log did: "eve status=200". */
static bool
is_one_word(struct str name)
{
	return name.at == NULL ||
	       (memchr(name.at, ' ', name.bytes) == NULL &&
		   memchr(name.at, '"', name.bytes) == NULL &&
		   memchr(name.at, '=', name.bytes) == NULL);
}

static void
log_answer(const struct api_call *call, int status)
{
	struct buf actor = {0};

	if (is_one_word(call->actor.name))
		buf_add_str(&actor, call->actor.name);
	else
		buf_add_json_string(&actor, call->actor.name);
	log_write(level_of(status), "request",
	    "method=%.*s path=%.*s status=%d actor=%.*s id=%.*s",
	    STR_ARG(call->method), STR_ARG(call->path), status,
	    STR_ARG(buf_str(&actor)), STR_ARG(call->request_id));
	buf_fini(&actor);
}

static void
count_answer(const struct api_call *call, int status)
{
	int class = status / 100;

	must(class > 0 && class < API_STATUS_CLASSES);
	call->api->answered[api_route_place(call)][class]++;
}

/* A picture has its looks within itself; nothing else is needed to show it. */
static struct str
policy_for(const char *type)
{
	if (type != NULL && strcmp(type, "image/svg+xml") == 0)
		return STR("default-src 'none'; style-src 'unsafe-inline'; "
			   "frame-ancestors 'none'");
	return STR(API_REPLY_POLICY);
}

void
api_reply_begin(struct api_call *call, int status, const char *type)
{
	count_answer(call, status);
	log_answer(call, status);
	if (type != NULL)
		api_reply_header(call, "Content-Type", str_of(type));
	api_reply_header(call, "X-Request-Id", call->request_id);
	for (size_t i = 0; i < COUNT_OF(api_reply_always); i++)
		api_reply_header(call, api_reply_always[i].name,
		    str_of(api_reply_always[i].value));
	api_reply_header(call, "Content-Security-Policy", policy_for(type));
	if (call->api->options.tls_certificate.at != NULL)
		api_reply_header(
		    call, "Strict-Transport-Security", STR("max-age=31536000"));
	if (call->api->draining)
		api_reply_header(call, "Connection", STR("close"));
}

/* Phrases that evhttp does not know; NULL: it does. */
static const char *
phrase_of(int status)
{
	switch (status) {
	case 409:
		return "Conflict";
	case 415:
		return "Unsupported Media Type";
	case 422:
		return "Unprocessable Content";
	case 429:
		return "Too Many Requests";
	default:
		return NULL;
	}
}

/* ---- until it has left ---- */

struct sending {
	struct api *api;
	struct evhttp_connection *connection;
};

static void
end_sending(struct sending *sending)
{
	must(sending->api->sending_count > 0);
	sending->api->sending_count--;
	free(sending);
}

static void
closed_cb(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	end_sending(arg);
}

static void
sent_cb(struct evhttp_request *request, void *arg)
{
	struct sending *sending = arg;

	api_call_left(request, sending->api);
	evhttp_connection_set_closecb(sending->connection, NULL, NULL);
	end_sending(sending);
}

/* Counts the answer among those being sent until it has left. */
static void
watch(struct api_call *call)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(call->request);
	struct sending *sending;

	if (connection == NULL)
		return; /* nothing will be sent */
	sending = calloc(1, sizeof(*sending));
	must(sending != NULL);
	sending->api = call->api;
	sending->connection = connection;
	call->api->sending_count++;
	evhttp_connection_set_closecb(connection, closed_cb, sending);
	evhttp_request_set_on_complete_cb(call->request, sent_cb, sending);
}

/* evhttp would write once the loop has found that the socket has room, which
 * it nearly always has: tried at once, the answer is a trip round the loop and
 * two changes of what is polled earlier there.  What does not fit is left to
 * evhttp; so is a failure, which it will meet again. */
static bool
write_at_once(struct bufferevent *stream)
{
	struct evbuffer *out = bufferevent_get_output(stream);

	evbuffer_unfreeze(out, 1);
	(void)evbuffer_write(out, bufferevent_getfd(stream));
	evbuffer_freeze(out, 1);
	if (evbuffer_get_length(out) > 0)
		return false;
	bufferevent_disable(stream, EV_WRITE);
	/* It has left, says evhttp's callback; not from inside of evhttp. */
	bufferevent_trigger(stream, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
	return true;
}

static void
send_reply(struct api_call *call, int status, struct evbuffer *out)
{
	struct evhttp_request *request = call->request;
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(request);
	bool is_plain = call->api->options.tls_certificate.at == NULL;

	api_call_ref(call);
	api_call_settle(call);
	evhttp_send_reply(request, status, phrase_of(status), out);
	/* Else nothing will be sent, and the request is gone. */
	if (connection != NULL && (!is_plain ||
		!write_at_once(evhttp_connection_get_bufferevent(connection))))
		watch(call);
	call->request = NULL; /* evhttp's from here on */
	api_call_unref(call);
}

void
api_reply_head(struct api_call *call, int status)
{
	must(str_equal(call->method, STR("HEAD")));
	send_reply(call, status, NULL);
}

void
api_reply_bytes(
    struct api_call *call, int status, const char *type, struct str body)
{
	struct evbuffer *out = evbuffer_new();
	char length[24];

	must(out != NULL);
	must(call->request != NULL);
	api_reply_begin(call, status, type);
	if (str_equal(call->method, STR("HEAD"))) {
		snprintf(length, sizeof(length), "%zu", body.bytes);
		api_reply_header(call, "Content-Length", str_of(length));
	} else {
		must(evbuffer_add(out, body.at, body.bytes) == 0);
	}
	send_reply(call, status, out);
	evbuffer_free(out);
}

void
api_reply_value(struct api_call *call, int status, const struct value *value)
{
	struct buf out = {0};

	must(value != NULL);
	json_write(value, JSON_PLAIN, &out);
	buf_add_char(&out, '\n');
	api_reply_bytes(call, status, "application/json", buf_str(&out));
	buf_fini(&out);
}

const struct value *
api_reply_stored(struct api_call *call, struct str json)
{
	struct json_error error;
	const struct value *value =
	    json.at ? json_read_written(call->arena, json, &error) : NULL;

	return value ? value : &value_null;
}

void
api_reply_instant(
    struct value_builder *built, const char *name, int64_t instant_ms)
{
	if (instant_ms == 0)
		value_put(built, str_of(name), &value_null);
	else
		value_put_kept_instant(built, str_of(name), instant_ms);
}
