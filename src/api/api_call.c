/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_call.c: the life of a request that is being answered.
 *
 * evhttp owns the request; it stays valid until it is answered, even when the
 * caller has hung up (its connection is NULL then).  While a request is being
 * answered evhttp does not read from the connection, so that a caller who has
 * gone is noticed only by those who look: api_call_wait() does.
 */
#include "api_priv.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sys/socket.h>

#define CALL_MAGIC 0x7d1fa8c3u
#define REQUEST_ID_BYTES_MAX 128
/* Bodies above this are counted: read, each may take many times its size. */
#define LARGE_BYTES_MIN ((size_t)16 * 1024)

struct api_call *
api_call_of(void *arg)
{
	struct api_call *call = arg;

	must(call != NULL);
	must(call->magic == CALL_MAGIC);
	return call;
}

int64_t
api_now_ms(const struct api_call *call)
{
	return clock_now_ms(call->api->options.clock);
}

int64_t
api_outer_now_ms(const struct api_call *call)
{
	return clock_now_ms(call->api->options.outer_clock);
}

struct str
api_call_header(const struct api_call *call, const char *name)
{
	must(call->request != NULL);
	return str_of(evhttp_find_header(
	    evhttp_request_get_input_headers(call->request), name));
}

struct str
api_call_address(const struct api_call *call)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(call->request);
	char *address = NULL;
	ev_uint16_t port;

	if (connection != NULL)
		evhttp_connection_get_peer(connection, &address, &port);
	return arena_str(call->arena, str_of(address));
}

static struct str
method_name(const struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
		return STR("GET");
	case EVHTTP_REQ_POST:
		return STR("POST");
	case EVHTTP_REQ_HEAD:
		return STR("HEAD");
	case EVHTTP_REQ_PUT:
		return STR("PUT");
	case EVHTTP_REQ_DELETE:
		return STR("DELETE");
	case EVHTTP_REQ_OPTIONS:
		return STR("OPTIONS");
	case EVHTTP_REQ_TRACE:
		return STR("TRACE");
	case EVHTTP_REQ_CONNECT:
		return STR("CONNECT");
	case EVHTTP_REQ_PATCH:
		return STR("PATCH");
	}
	unreachable("evhttp answers methods that it does not know itself");
}

/* What can be put into a log or another request without a second thought. */
static bool
is_sane_id(struct str id)
{
	if (id.bytes == 0 || id.bytes > REQUEST_ID_BYTES_MAX)
		return false;
	for (size_t i = 0; i < id.bytes; i++) {
		char c = id.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z') || strchr("-_.:/+=", c)))
			return false;
	}
	return true;
}

/* A traceparent of the W3C's Trace Context: VERSION-TRACE-SPAN-FLAGS, of 2, 32,
 * 16 and 2 hexadecimal digits. */
#define TRACE_BYTES 55

static bool
is_trace(struct str text)
{
	static const char form[] =
	    "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

	_Static_assert(sizeof(form) == TRACE_BYTES + 1, "its length");
	for (size_t i = 0; i < TRACE_BYTES; i++) {
		char c = text.at[i];
		bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

		if (form[i] == 'x' ? !hex : c != form[i])
			return false;
	}
	return !str_equal(str_slice(text, 0, 2), STR("ff")) &&
	       !str_equal(str_slice(text, 3, 32),
		   STR("00000000000000000000000000000000")) &&
	       !str_equal(str_slice(text, 36, 16), STR("0000000000000000"));
}

/* As version 00 has it, which is what we hand on; absent where it is none.  Of
 * a later version what stands behind isn't known, nor any flag but one. */
static struct str
read_trace(struct arena *arena, struct str text)
{
	bool is_ours = str_has_prefix(text, STR("00"));

	if (text.bytes < TRACE_BYTES || !is_trace(text) ||
	    (text.bytes > TRACE_BYTES &&
		(is_ours || text.at[TRACE_BYTES] != '-')))
		return (struct str){NULL, 0};
	if (is_ours)
		return arena_str(arena, text);
	return arena_strf(arena, "00%.*s0%c",
	    STR_ARG(str_slice(text, 2, TRACE_BYTES - 4)),
	    strchr("13579bdf", text.at[TRACE_BYTES - 1]) != NULL ? '1' : '0');
}

/* No secret, and never the same: counted on from a random number. */
static struct str
new_id(struct api_call *call)
{
	uint64_t *last = call->api->last_id;
	size_t bytes = sizeof(call->api->last_id);

	last[1]++;
	return digest_format_hex((struct str){(const char *)last, bytes},
	    arena_alloc(call->arena, 2 * bytes + 1));
}

/* Of two that only say where the request came by, neither counts. */
static struct str
single_header(const struct api_call *call, const char *name)
{
	const struct evkeyvalq *headers =
	    evhttp_request_get_input_headers(call->request);
	const struct evkeyval *header;
	size_t count = 0;

	for (header = headers->tqh_first; header != NULL;
	     header = header->next.tqe_next)
		count += message_name_equal(str_of(header->key), str_of(name));
	return count == 1 ? api_call_header(call, name)
			  : (struct str){NULL, 0};
}

static struct str
request_id(struct api_call *call)
{
	struct str given = single_header(call, "X-Request-Id");

	return is_sane_id(given) ? arena_str(call->arena, given)
				 : new_id(call);
}

/* As RFC 3986 wants it: what callers should have encoded is encoded here, so
 * that the path may stand in an answer, a header and the log. */
static struct str
encoded_path(struct arena *arena, struct str path)
{
	struct buf out = buf_in(arena);

	for (size_t i = 0; i < path.bytes; i++) {
		unsigned char c = (unsigned char)path.at[i];

		if (c > 0x20 && c < 0x7f)
			buf_add_char(&out, (char)c);
		else
			buf_addf(&out, "%%%02X", c);
	}
	return buf_keep(&out);
}

static void
read_request(struct api_call *call)
{
	struct evhttp_request *request = call->request;
	const char *path =
	    evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	size_t bytes = evbuffer_get_length(input);

	call->method = method_name(request);
	call->path =
	    encoded_path(call->arena, path ? str_of(path) : STR("/"));
	call->request_id = request_id(call);
	call->trace =
	    read_trace(call->arena, single_header(call, "traceparent"));
	/* One that is too large is refused: no need to look at it. */
	if (bytes <= call->api->limits.body_bytes_max)
		call->body = (struct str){
		    (const char *)evbuffer_pullup(input, -1), bytes};
	if (call->body.at == NULL)
		call->body = STR("");
	if (call->body.bytes > LARGE_BYTES_MIN)
		call->large_bytes = call->body.bytes;
	call->api->large_bytes += call->large_bytes;
}

struct api_call *
api_call_new(struct api *api, struct evhttp_request *request)
{
	struct arena *arena = arena_new();
	struct api_call *call = ARENA_NEW(arena, struct api_call);

	*call = (struct api_call){
	    .magic = CALL_MAGIC,
	    .refs = 1,
	    .api = api,
	    .arena = arena,
	    .request = request,
	    .newer = api->calls,
	    .link = &api->calls,
	    .faults = {.arena = arena},
	};
	if (api->calls != NULL)
		api->calls->link = &call->newer;
	api->calls = call;
	api->call_count++;
	read_request(call);
	return call;
}

void
api_call_ref(struct api_call *call)
{
	must(call->refs > 0);
	call->refs++;
}

void
api_call_unref(struct api_call *call)
{
	struct arena *arena = call->arena;

	must(call->refs > 0);
	if (--call->refs > 0)
		return;
	must(call->request == NULL); /* else nobody could answer it any more */
	call->magic = 0;
	arena_free(&arena); /* the call itself lives there */
}

static void
free_event(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

void
api_call_settle(struct api_call *call)
{
	free_event(&call->timer);
	free_event(&call->hangup);
	if (call->watch != 0) {
		engine_unwatch(call->api->options.engine, call->watched,
		    call->watch);
		call->watch = 0;
		api_call_unref(call); /* the watch's: it won't call back */
	}
	if (call->link == NULL)
		return;
	*call->link = call->newer;
	if (call->newer != NULL)
		call->newer->link = call->link;
	call->link = NULL;
	call->api->call_count--;
	must(call->api->large_bytes >= call->large_bytes);
	call->api->large_bytes -= call->large_bytes;
}

void
api_call_drop(struct api_call *call)
{
	struct arena *arena = call->arena;

	api_call_ref(call); /* or settling may free it */
	api_call_settle(call);
	call->magic = 0;
	arena_free(&arena);
}

/* ---- waiting ---- */

static void
ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct api_call *call = api_call_of(arg);

	(void)fd, (void)what;
	free_event(&call->timer);
	free_event(&call->hangup);
	call->ready(call);
}

/* What arrives meanwhile is either the end, or a request sent ahead, which
 * only says that the caller is there: it is not looked at again then.  (An
 * event for EV_CLOSED alone would not see a reset.)  Before the call waits
 * there is nothing to be done about it: it will be seen again. */
static void
hangup_cb(evutil_socket_t fd, short what, void *arg)
{
	struct api_call *call = api_call_of(arg);

	(void)fd, (void)what;
	free_event(&call->hangup);
	if (call->timer != NULL && api_call_is_gone(call))
		ready_cb(-1, 0, call);
}

static evutil_socket_t
socket_of(struct evhttp_request *request)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(request);
	struct bufferevent *stream;

	if (connection == NULL)
		return -1;
	stream = evhttp_connection_get_bufferevent(connection);
	return stream ? bufferevent_getfd(stream) : -1;
}

evutil_socket_t
api_call_socket(const struct api_call *call)
{
	return socket_of(call->request);
}

void
api_call_left(struct evhttp_request *request, void *arg)
{
	struct api *api = arg;

	api_door_answered(api->door, socket_of(request));
}

bool
api_call_is_gone(const struct api_call *call)
{
	evutil_socket_t fd = api_call_socket(call);
	char byte;
	ssize_t bytes;

	if (fd < 0)
		return true;
	bytes = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return bytes == 0 ||
	       (bytes < 0 && errno != EAGAIN && errno != EINTR);
}

void
api_call_mind_hangup(struct api_call *call)
{
	evutil_socket_t fd = api_call_socket(call);

	if (fd < 0 || call->hangup != NULL)
		return;
	call->hangup = event_new(
	    call->api->options.base, fd, EV_READ, hangup_cb, call);
	if (call->hangup != NULL && event_add(call->hangup, NULL) != 0)
		free_event(&call->hangup);
}

void
api_call_wait(
    struct api_call *call, int64_t ms, void (*ready)(struct api_call *))
{
	struct timeval delay = {
	    .tv_sec = (time_t)(ms / 1000),
	    .tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};

	must(call->timer == NULL);
	call->ready = ready;
	call->timer = evtimer_new(call->api->options.base, ready_cb, call);
	must(call->timer != NULL);
	evtimer_add(call->timer, &delay);
	api_call_mind_hangup(call);
}
