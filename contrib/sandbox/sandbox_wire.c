/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_wire.c: connections that end badly.
 *
 * A held connection is ended by the peer, by a timer, or when its last byte is
 * written.  It is never freed inside of the request's own callback, where
 * libevent still stands on it.
 */
#include "sandbox_wire.h"

#include "sandbox_reply.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#define DRIP_MS 100
#define DELAY_MS 1000
#define FLOOD_HEADERS 20000

struct held {
	LIST_ENTRY(held) link;
	struct evhttp_connection *connection;
	struct bufferevent *bytes;
	struct evbuffer *rest; /* not yet written */
	struct event *timer;
	struct timeval pause; /* between two bytes of a drip */
	bool drips;
};

struct sandbox_wire {
	struct event_base *base;
	LIST_HEAD(, held) held;
};

struct sandbox_wire *
sandbox_wire_new(struct event_base *base)
{
	struct sandbox_wire *wire = calloc(1, sizeof(*wire));

	must(wire != NULL);
	wire->base = base;
	LIST_INIT(&wire->held);
	return wire;
}

static void
held_end(struct held *held)
{
	LIST_REMOVE(held, link);
	event_free(held->timer);
	evbuffer_free(held->rest);
	evhttp_connection_free(held->connection);
	free(held);
}

void
sandbox_wire_free(struct sandbox_wire **wire)
{
	if (*wire == NULL)
		return;
	while (!LIST_EMPTY(&(*wire)->held))
		held_end(LIST_FIRST(&(*wire)->held));
	free(*wire);
	*wire = NULL;
}

/* ------------------------------------------------------------- holding */

static void
read_cb(struct bufferevent *bytes, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bytes);

	(void)arg;
	evbuffer_drain(input, evbuffer_get_length(input));
}

static void
written_cb(struct bufferevent *bytes, void *arg)
{
	struct held *held = arg;

	(void)bytes;
	if (!held->drips)
		held_end(held);
}

static void
event_cb(struct bufferevent *bytes, short what, void *arg)
{
	(void)bytes;
	(void)what;
	held_end(arg);
}

static void
arm(struct held *held, int64_t ms)
{
	int failed;

	held->pause = (struct timeval){ms / 1000, (ms % 1000) * 1000};
	failed = evtimer_add(held->timer, &held->pause);
	must(failed == 0);
}

/* Takes the request's connection away from the HTTP server. */
static struct held *
hold(struct sandbox_wire *wire, struct evhttp_request *request,
    event_callback_fn timer_cb)
{
	struct held *held = calloc(1, sizeof(*held));

	must(held != NULL);
	held->connection = evhttp_request_get_connection(request);
	held->bytes = evhttp_connection_get_bufferevent(held->connection);
	held->rest = evbuffer_new();
	held->timer = evtimer_new(wire->base, timer_cb, held);
	must(held->rest != NULL && held->timer != NULL);
	LIST_INSERT_HEAD(&wire->held, held, link);
	bufferevent_setcb(held->bytes, read_cb, NULL, event_cb, held);
	bufferevent_set_timeouts(held->bytes, NULL, NULL);
	bufferevent_enable(held->bytes, EV_READ | EV_WRITE);
	return held;
}

static void
end_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	held_end(arg);
}

/* Writes what is left and closes after its last byte. */
static void
write_rest(struct held *held)
{
	bufferevent_setcb(held->bytes, read_cb, written_cb, event_cb, held);
	bufferevent_write_buffer(held->bytes, held->rest);
}

static void
write_late_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	write_rest(arg);
}

static void
drip_cb(evutil_socket_t fd, short what, void *arg)
{
	struct held *held = arg;
	char byte;

	(void)fd;
	(void)what;
	if (evbuffer_remove(held->rest, &byte, 1) != 1) {
		held_end(held);
		return;
	}
	bufferevent_write(held->bytes, &byte, 1);
	evtimer_add(held->timer, &held->pause);
}

/* ------------------------------------------------------------ the shapes */

static void
render_head(const struct sandbox_reply *reply, struct evbuffer *out)
{
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n", reply->status,
	    sandbox_reply_reason(reply->status));
	if (reply->content_type != NULL)
		evbuffer_add_printf(out, "Content-Type: %s\r\n",
		    reply->content_type);
	for (size_t i = 0; i < reply->header_count; i++)
		evbuffer_add_printf(out, "%s: %s\r\n", reply->headers[i].name,
		    reply->headers[i].value);
	evbuffer_add_printf(out, "Connection: close\r\n");
}

/* The head of the reply, telling a length of its own. */
static void
render(const struct sandbox_reply *reply, size_t told_bytes,
    struct evbuffer *out)
{
	render_head(reply, out);
	evbuffer_add_printf(out, "Content-Length: %zu\r\n\r\n", told_bytes);
}

static void
send_part(struct sandbox_wire *wire, struct evhttp_request *request,
    const struct sandbox_reply *reply, bool tells_whole)
{
	struct held *held = hold(wire, request, end_cb);
	size_t bytes = reply->body.bytes / 2;

	render(reply, tells_whole ? reply->body.bytes : bytes, held->rest);
	evbuffer_add(held->rest, reply->body.at, bytes);
	write_rest(held);
}

/* One chunk, and not the last. */
static void
send_chunk(struct sandbox_wire *wire, struct evhttp_request *request,
    const struct sandbox_reply *reply)
{
	struct held *held = hold(wire, request, end_cb);
	size_t bytes = reply->body.bytes / 2;

	render_head(reply, held->rest);
	evbuffer_add_printf(held->rest,
	    "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", bytes);
	evbuffer_add(held->rest, reply->body.at, bytes);
	evbuffer_add_printf(held->rest, "\r\n");
	write_rest(held);
}

/* RFC 9112, section 6.3, case 8: who is cut off there can't tell. */
static void
send_endless(struct sandbox_wire *wire, struct evhttp_request *request,
    const struct sandbox_reply *reply)
{
	struct held *held = hold(wire, request, end_cb);

	render_head(reply, held->rest);
	evbuffer_add_printf(held->rest, "\r\n");
	evbuffer_add(held->rest, reply->body.at, reply->body.bytes);
	write_rest(held);
}

static void
send_interim(struct sandbox_wire *wire, struct evhttp_request *request,
    const struct sandbox_reply *reply)
{
	struct held *held = hold(wire, request, end_cb);

	evbuffer_add_printf(held->rest, "HTTP/1.1 100 Continue\r\n\r\n"
	    "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
	render(reply, reply->body.bytes, held->rest);
	evbuffer_add(held->rest, reply->body.at, reply->body.bytes);
	write_rest(held);
}

static void
send_flood(struct sandbox_wire *wire, struct evhttp_request *request,
    const struct sandbox_reply *reply)
{
	struct held *held = hold(wire, request, end_cb);

	render_head(reply, held->rest);
	for (int i = 0; i < FLOOD_HEADERS; i++)
		evbuffer_add_printf(held->rest, "X-Flood-%d: %0100d\r\n", i, i);
	evbuffer_add_printf(held->rest, "Content-Length: %zu\r\n\r\n",
	    reply->body.bytes);
	evbuffer_add(held->rest, reply->body.at, reply->body.bytes);
	write_rest(held);
}

static void
send_late(struct sandbox_wire *wire, struct evhttp_request *request,
    const struct sandbox_reply *reply, int64_t delay_ms)
{
	struct held *held = hold(wire, request, write_late_cb);

	render(reply, reply->body.bytes, held->rest);
	evbuffer_add(held->rest, reply->body.at, reply->body.bytes);
	arm(held, delay_ms > 0 ? delay_ms : DELAY_MS);
}

static void
send_drip(struct sandbox_wire *wire, struct evhttp_request *request,
    const struct sandbox_reply *reply, int64_t pause_ms)
{
	struct held *held = hold(wire, request, drip_cb);

	held->drips = true;
	render(reply, reply->body.bytes, held->rest);
	evbuffer_add(held->rest, reply->body.at, reply->body.bytes);
	arm(held, pause_ms > 0 ? pause_ms : DRIP_MS);
}

static void
hold_silent(struct sandbox_wire *wire, struct evhttp_request *request,
    int64_t duration_ms)
{
	struct held *held = hold(wire, request, end_cb);

	if (duration_ms > 0)
		arm(held, duration_ms);
}

/* Zero linger makes a close an RST.  The FIN that libevent sends before its
 * close would come first, so the association is broken off here already:
 * connecting to AF_UNSPEC does that, with an RST. */
static void
reset(struct sandbox_wire *wire, struct evhttp_request *request)
{
	struct held *held = hold(wire, request, end_cb);
	evutil_socket_t fd = bufferevent_getfd(held->bytes);
	struct linger none = {.l_onoff = 1, .l_linger = 0};
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	(void)connect(fd, &nowhere, sizeof(nowhere));
	arm(held, 0);
}

static void
send_whole(struct evhttp_request *request, const struct sandbox_reply *reply)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evhttp_request_get_output_buffer(request);

	if (reply->content_type != NULL)
		evhttp_add_header(headers, "Content-Type", reply->content_type);
	for (size_t i = 0; i < reply->header_count; i++)
		evhttp_add_header(headers, reply->headers[i].name,
		    reply->headers[i].value);
	evbuffer_add(body, reply->body.at, reply->body.bytes);
	evhttp_send_reply(request, reply->status,
	    sandbox_reply_reason(reply->status), NULL);
}

void
sandbox_wire_send(struct sandbox_wire *wire, struct evhttp_request *request,
    const struct sandbox_reply *reply, const struct sandbox_fault *fault)
{
	switch (fault->shape) {
	case SANDBOX_FAULT_NONE:
	case SANDBOX_FAULT_STATUS:
	case SANDBOX_FAULT_HTML:
	case SANDBOX_FAULT_ERROR_INSIDE:
	case SANDBOX_FAULT_EMPTY:
	case SANDBOX_FAULT_HUGE:
	case SANDBOX_FAULT_DEEP:
	case SANDBOX_FAULT_ODD:
	case SANDBOX_FAULT_ALTERED:
	case SANDBOX_FAULT_CLOCK:
	case SANDBOX_FAULT_CURRENCY:
	case SANDBOX_FAULT_STALE:
	case SANDBOX_FAULT_BOMB:
		send_whole(request, reply);
		return;
	case SANDBOX_FAULT_TIMEOUT:
		hold_silent(wire, request, fault->duration_ms);
		return;
	case SANDBOX_FAULT_DELAY:
		send_late(wire, request, reply, fault->duration_ms);
		return;
	case SANDBOX_FAULT_RESET:
	case SANDBOX_FAULT_LATE:
		reset(wire, request);
		return;
	case SANDBOX_FAULT_DRIP:
		send_drip(wire, request, reply, fault->duration_ms);
		return;
	case SANDBOX_FAULT_TRUNCATED:
		send_part(wire, request, reply, false);
		return;
	case SANDBOX_FAULT_SHORT:
		send_part(wire, request, reply, true);
		return;
	case SANDBOX_FAULT_CHUNKED:
		send_chunk(wire, request, reply);
		return;
	case SANDBOX_FAULT_ENDLESS:
		send_endless(wire, request, reply);
		return;
	case SANDBOX_FAULT_INTERIM:
		send_interim(wire, request, reply);
		return;
	case SANDBOX_FAULT_FLOOD:
		send_flood(wire, request, reply);
		return;
	}
	unreachable("every shape is named");
}
