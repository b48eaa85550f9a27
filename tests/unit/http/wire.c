/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include "stated/must.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire_peer {
	struct wire *wire;
	struct bufferevent *stream;
	struct wire_peer *next;
	bool is_hanging_up;
};

static void
drop(struct wire_peer *peer)
{
	struct wire_peer **at = &peer->wire->peers;

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	peer->wire->open_count--;
	bufferevent_free(peer->stream);
	free(peer);
}

/* The bytes of the whole request at the front, or 0. */
static size_t
request_bytes(struct evbuffer *in)
{
	struct evbuffer_ptr end =
	    evbuffer_search(in, "\r\n\r\n", 4, NULL);
	struct evbuffer_ptr field;
	char digits[16] = "";

	if (end.pos < 0)
		return 0;
	field = evbuffer_search(in, "Content-Length: ", 16, NULL);
	if (field.pos >= 0 && field.pos < end.pos) {
		evbuffer_ptr_set(in, &field, 16, EVBUFFER_PTR_ADD);
		evbuffer_copyout_from(in, &field, digits, 15);
	}
	size_t whole = (size_t)end.pos + 4 + (size_t)strtoul(digits, NULL, 10);
	return evbuffer_get_length(in) >= whole ? whole : 0;
}

static void
wire_read_cb(struct bufferevent *stream, void *arg)
{
	struct wire_peer *peer = arg;
	struct wire *wire = peer->wire;
	struct evbuffer *in = bufferevent_get_input(stream);
	size_t whole = request_bytes(in);

	if (whole == 0)
		return;
	buf_clear(&wire->last);
	buf_add(&wire->last, evbuffer_pullup(in, (ssize_t)whole), whole);
	evbuffer_drain(in, whole);
	wire->request_count++;
	wire->answer(peer, wire);
}

static void
wire_written_cb(struct bufferevent *stream, void *arg)
{
	struct wire_peer *peer = arg;

	(void)stream;
	if (!peer->is_hanging_up)
		return;
	if (peer->wire->says_goodbye)
		SSL_shutdown(bufferevent_openssl_get_ssl(peer->stream));
	drop(peer);
}

static void
wire_event_cb(struct bufferevent *stream, short what, void *arg)
{
	(void)stream;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		drop(arg);
}

static void
wire_accept_cb(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int bytes, void *arg)
{
	struct wire *wire = arg;
	struct wire_peer *peer = calloc(1, sizeof(*peer));

	(void)listener, (void)address, (void)bytes;
	must(peer != NULL);
	peer->wire = wire;
	peer->next = wire->peers;
	wire->peers = peer;
	wire->connection_count++;
	wire->open_count++;
	peer->stream = wire->tls != NULL
	    ? bufferevent_openssl_socket_new(wire->base, fd, SSL_new(wire->tls),
		  BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
	    : bufferevent_socket_new(wire->base, fd, BEV_OPT_CLOSE_ON_FREE);
	must(peer->stream != NULL);
	bufferevent_setcb(peer->stream, wire_read_cb, wire_written_cb,
	    wire_event_cb, peer);
	bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
}

void
wire_open_on(struct wire *wire, struct event_base *base, wire_fn *answer,
    const char *host)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&address;
	int bytes = sizeof(address);
	socklen_t length;

	*wire = (struct wire){.base = base, .answer = answer, .host = host};
	must(evutil_parse_sockaddr_port(host, (struct sockaddr *)&address,
		 &bytes) == 0);
	wire->listener = evconnlistener_new_bind(base, wire_accept_cb, wire,
	    LEV_OPT_CLOSE_ON_FREE, 64, (struct sockaddr *)&address, bytes);
	must(wire->listener != NULL);
	length = (socklen_t)bytes;
	must(getsockname(evconnlistener_get_fd(wire->listener),
		 (struct sockaddr *)&address, &length) == 0);
	wire->port = ntohs(address.ss_family == AF_INET6 ? ipv6->sin6_port
							 : ipv4->sin_port);
}

void
wire_open(struct wire *wire, struct event_base *base, wire_fn *answer)
{
	wire_open_on(wire, base, answer, "127.0.0.1");
}

void
wire_close(struct wire *wire)
{
	while (wire->peers != NULL)
		drop(wire->peers);
	evconnlistener_free(wire->listener);
	buf_fini(&wire->last);
}

const char *
wire_url(const struct wire *wire, const char *path)
{
	static char url[256];

	snprintf(url, sizeof(url),
	    strchr(wire->host, ':') != NULL ? "%s://[%s]:%u%s" : "%s://%s:%u%s",
	    wire->tls != NULL ? "https" : "http", wire->host, wire->port, path);
	return url;
}

void
wire_say(struct wire_peer *peer, const char *text)
{
	bufferevent_write(peer->stream, text, strlen(text));
}

void
wire_say_bytes(struct wire_peer *peer, struct str bytes)
{
	bufferevent_write(peer->stream, bytes.at, bytes.bytes);
}

void
wire_hang_up(struct wire_peer *peer)
{
	struct evbuffer *out = bufferevent_get_output(peer->stream);

	if (evbuffer_get_length(out) == 0)
		drop(peer);
	else
		peer->is_hanging_up = true;
}

void
wire_reset(struct wire_peer *peer)
{
	struct linger none = {.l_onoff = 1, .l_linger = 0};

	must(setsockopt(bufferevent_getfd(peer->stream), SOL_SOCKET, SO_LINGER,
		 &none, sizeof(none)) == 0);
	drop(peer);
}

void
wire_answer_ok(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	wire_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

void
wire_answer_text(struct wire_peer *peer, struct wire *wire)
{
	wire_say(peer, wire->text);
}

void
wire_answer_text_and_hang_up(struct wire_peer *peer, struct wire *wire)
{
	wire_say(peer, wire->text);
	wire_hang_up(peer);
}

void
wire_answer_nothing(struct wire_peer *peer, struct wire *wire)
{
	(void)peer, (void)wire;
}

void
wire_answer_first_then_hang_up(struct wire_peer *peer, struct wire *wire)
{
	if (wire->request_count == 1)
		wire_answer_ok(peer, wire);
	else
		wire_hang_up(peer);
}
