/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_front.c: handshakes, and bytes from one side to the other.
 *
 *     greeting ──hello──► waiting ──timer──► greeting ──finished──► open
 *         └──failed──► leaving
 *
 * greeting  the handshake is under way
 * waiting   a slow one: the answer to the hello is held back
 * open      bytes go from side to side
 * leaving   nothing more is said; the caller has time to hear the last of it
 *
 * What goes wrong is chosen by the name that the hello asks for, before any
 * answer to it: no request has been seen then, nor ever will be.
 */
#include "sandbox_front.h"

#include "sandbox_fault.h"
#include "sandbox_identity.h"
#include "sandbox_ledger.h"
#include "sandbox_listen.h"
#include "sandbox_reply.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>

#include <openssl/err.h>

#define SLOW_MS 5000
#define LEAVING_MS 1000
#define NAME_BYTES 256

enum link_state { LINK_GREETING, LINK_WAITING, LINK_OPEN, LINK_LEAVING };

/* One connection of a caller. */
struct link {
	LIST_ENTRY(link) link;
	struct sandbox_front *front;
	enum link_state state;
	evutil_socket_t fd;
	SSL *ssl; /* the outside's, from `open` on */
	struct event *ready; /* until it is open, and when it leaves */
	struct event *timer;
	struct bufferevent *outside;
	struct bufferevent *inside;
	struct sandbox_fault fault;
	bool is_chosen; /* the fault */
	bool is_over; /* inside has said all that it says */
};

struct sandbox_front {
	struct sandbox *sandbox;
	struct sandbox_identities *identities;
	SSL_CTX *context;
	struct evconnlistener *listener;
	struct sockaddr_storage behind;
	socklen_t behind_bytes;
	uint16_t port;
	LIST_HEAD(, link) links;
};

/* ---- the end of a connection ---- */

/* Whatever was not said before stays unsaid, the goodbye of TLS too. */
static void
link_end(struct link *link)
{
	LIST_REMOVE(link, link);
	event_free(link->ready);
	event_free(link->timer);
	if (link->inside != NULL)
		bufferevent_free(link->inside);
	if (link->outside != NULL) {
		bufferevent_free(link->outside); /* SSL and descriptor too */
	} else {
		SSL_free(link->ssl);
		close(link->fd);
	}
	free(link);
}

static void
link_reset(struct link *link)
{
	struct linger none = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(
	    link->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	link_end(link);
}

static void
arm(struct link *link, int64_t ms)
{
	struct timeval pause = {ms / 1000, (ms % 1000) * 1000};

	must(evtimer_add(link->timer, &pause) == 0);
}

static void
await(struct link *link, short what)
{
	event_callback_fn callback = event_get_callback(link->ready);

	must(event_assign(link->ready, link->front->sandbox->base, link->fd,
		 what, callback, link) == 0);
	must(event_add(link->ready, NULL) == 0);
}

/* To close while there is something unread is to send an RST, which may
 * overtake the alert: the caller hears that first, and then the end. */
static void
link_leave(struct link *link)
{
	must(link->outside == NULL);
	link->state = LINK_LEAVING;
	(void)shutdown(link->fd, SHUT_WR);
	await(link, EV_READ);
	arm(link, LEAVING_MS);
}

/* ---- from side to side ---- */

static void
outside_read_cb(struct bufferevent *stream, void *arg)
{
	struct link *link = arg;

	bufferevent_write_buffer(
	    link->inside, bufferevent_get_input(stream));
}

/* All but the last byte, and no goodbye: whoever takes the end of the
 * connection for the end of the answer takes half of it for all. */
static void
cut(struct link *link)
{
	struct evbuffer *input = bufferevent_get_input(link->inside);
	size_t bytes = evbuffer_get_length(input);

	bufferevent_disable(link->inside, EV_READ);
	link->is_over = true;
	must(evbuffer_remove_buffer(input,
		 bufferevent_get_output(link->outside), bytes - 1) >= 0);
}

static void
inside_read_cb(struct bufferevent *stream, void *arg)
{
	struct link *link = arg;

	if (link->fault.front == SANDBOX_FRONT_CUT)
		cut(link);
	else
		bufferevent_write_buffer(
		    link->outside, bufferevent_get_input(stream));
}

static void
finish(struct link *link)
{
	if (link->fault.front != SANDBOX_FRONT_CUT)
		(void)SSL_shutdown(link->ssl);
	ERR_clear_error();
	link_end(link);
}

static void
outside_written_cb(struct bufferevent *stream, void *arg)
{
	struct link *link = arg;

	(void)stream;
	if (link->is_over)
		finish(link);
}

static void
outside_event_cb(struct bufferevent *stream, short what, void *arg)
{
	(void)stream;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		link_end(arg);
}

/* An RST behind is one in front. */
static void
inside_event_cb(struct bufferevent *stream, short what, void *arg)
{
	struct link *link = arg;
	struct evbuffer *unsent = bufferevent_get_output(link->outside);

	(void)stream;
	if (what & BEV_EVENT_ERROR) {
		link_reset(link);
	} else if (what & BEV_EVENT_EOF) {
		link->is_over = true;
		if (evbuffer_get_length(unsent) == 0)
			finish(link);
	}
}

static void
link_open(struct link *link)
{
	struct sandbox_front *front = link->front;
	struct event_base *base = front->sandbox->base;

	link->state = LINK_OPEN;
	link->outside = bufferevent_openssl_socket_new(base, link->fd,
	    link->ssl, BUFFEREVENT_SSL_OPEN, BEV_OPT_CLOSE_ON_FREE);
	link->inside =
	    bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	must(link->outside != NULL && link->inside != NULL);
	bufferevent_openssl_set_allow_dirty_shutdown(link->outside, 1);
	bufferevent_setcb(link->outside, outside_read_cb, outside_written_cb,
	    outside_event_cb, link);
	bufferevent_setcb(
	    link->inside, inside_read_cb, NULL, inside_event_cb, link);
	bufferevent_enable(link->outside, EV_READ | EV_WRITE);
	bufferevent_enable(link->inside, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(link->inside,
		(struct sockaddr *)&front->behind,
		(int)front->behind_bytes) != 0)
		link_reset(link);
}

/* ---- the handshake ---- */

/* RFC 6066, section 3: a list of names, of which the first is a host's. */
static void
read_name(SSL *ssl, char name[NAME_BYTES])
{
	const unsigned char *at;
	size_t bytes, name_bytes;

	name[0] = '\0';
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &at,
		&bytes) != 1 || bytes < 5 || at[2] != TLSEXT_NAMETYPE_host_name)
		return;
	name_bytes = (size_t)at[3] << 8 | at[4];
	if (name_bytes > bytes - 5 || name_bytes >= NAME_BYTES ||
	    !str_is_utf8((struct str){(const char *)at + 5, name_bytes}))
		return;
	memcpy(name, at + 5, name_bytes);
	name[name_bytes] = '\0';
}

static void
choose_fault(struct link *link)
{
	struct sandbox *sandbox = link->front->sandbox;
	char name[NAME_BYTES];

	link->is_chosen = true;
	read_name(link->ssl, name);
	sandbox_fault_pick_front(sandbox->faults, name, &link->fault);
	sandbox_ledger_add_take(sandbox->journal, "handshake",
	    json_pack("{s:s,s:s}", "server", name, "fault",
		link->fault.name ? link->fault.name : ""));
}

static int
refuse_cb(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
	return 0;
}

static void
show(struct link *link, enum sandbox_identity_kind kind)
{
	sandbox_identities_show(link->front->identities, link->ssl, kind);
}

static void
require_client(struct link *link, SSL_verify_cb verify_cb)
{
	SSL_set_verify(link->ssl,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verify_cb);
}

/* As a server of 2010. */
static void
grow_old(SSL *ssl)
{
	SSL_set_security_level(ssl, 0);
	must(SSL_set_min_proto_version(ssl, TLS1_VERSION) == 1);
	must(SSL_set_max_proto_version(ssl, TLS1_1_VERSION) == 1);
}

static int
hello_cb(SSL *ssl, int *alert, void *arg)
{
	struct link *link = SSL_get_app_data(ssl);
	bool is_second = link->is_chosen;

	(void)arg;
	if (!is_second)
		choose_fault(link);
	switch (link->fault.front) {
	case SANDBOX_FRONT_NONE:
	case SANDBOX_FRONT_CUT:
		break;
	case SANDBOX_FRONT_REFUSED:
		*alert = SSL_AD_HANDSHAKE_FAILURE;
		return SSL_CLIENT_HELLO_ERROR;
	case SANDBOX_FRONT_CLOSED:
	case SANDBOX_FRONT_RESET:
		return SSL_CLIENT_HELLO_RETRY;
	case SANDBOX_FRONT_SLOW:
		return is_second ? SSL_CLIENT_HELLO_SUCCESS
				 : SSL_CLIENT_HELLO_RETRY;
	case SANDBOX_FRONT_OLD:
		grow_old(ssl);
		break;
	case SANDBOX_FRONT_EXPIRED:
		show(link, SANDBOX_IDENTITY_EXPIRED);
		break;
	case SANDBOX_FRONT_EARLY:
		show(link, SANDBOX_IDENTITY_EARLY);
		break;
	case SANDBOX_FRONT_OTHER_NAME:
		show(link, SANDBOX_IDENTITY_OTHER_NAME);
		break;
	case SANDBOX_FRONT_SELF_SIGNED:
		show(link, SANDBOX_IDENTITY_SELF_SIGNED);
		break;
	case SANDBOX_FRONT_UNKNOWN_AUTHORITY:
		show(link, SANDBOX_IDENTITY_UNKNOWN);
		break;
	case SANDBOX_FRONT_CLIENT_WANTED:
		require_client(link, NULL);
		break;
	case SANDBOX_FRONT_CLIENT_REFUSED:
		require_client(link, refuse_cb);
		break;
	}
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* The hello was heard, and isn't answered now. */
static void
hold_back(struct link *link)
{
	int64_t ms = link->fault.duration_ms;

	if (link->fault.front == SANDBOX_FRONT_CLOSED) {
		link_end(link);
	} else if (link->fault.front == SANDBOX_FRONT_RESET) {
		link_reset(link);
	} else {
		link->state = LINK_WAITING;
		arm(link, ms > 0 ? ms : SLOW_MS);
	}
}

static void
greet(struct link *link)
{
	int result = SSL_accept(link->ssl);
	int why = SSL_get_error(link->ssl, result);

	ERR_clear_error();
	if (result == 1)
		link_open(link);
	else if (why == SSL_ERROR_WANT_READ)
		await(link, EV_READ);
	else if (why == SSL_ERROR_WANT_WRITE)
		await(link, EV_WRITE);
	else if (why == SSL_ERROR_WANT_CLIENT_HELLO_CB)
		hold_back(link);
	else
		link_leave(link);
}

/* What it still says is of no more use; its own end is awaited. */
static void
drain(struct link *link)
{
	char rest[4096];
	ssize_t got = recv(link->fd, rest, sizeof(rest), 0);

	if (got > 0 || (got < 0 && errno == EAGAIN))
		must(event_add(link->ready, NULL) == 0);
	else
		link_end(link);
}

static void
ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct link *link = arg;

	(void)fd;
	(void)what;
	if (link->state == LINK_LEAVING)
		drain(link);
	else
		greet(link);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct link *link = arg;

	(void)fd;
	(void)what;
	if (link->state == LINK_LEAVING) {
		link_end(link);
		return;
	}
	must(link->state == LINK_WAITING);
	link->state = LINK_GREETING;
	greet(link);
}

static void
accept_cb(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int bytes, void *arg)
{
	struct sandbox_front *front = arg;
	struct link *link = calloc(1, sizeof(*link));

	(void)listener;
	(void)address;
	(void)bytes;
	must(link != NULL);
	link->front = front;
	link->fd = fd;
	link->ssl = SSL_new(front->context);
	link->ready =
	    event_new(front->sandbox->base, fd, EV_READ, ready_cb, link);
	link->timer = evtimer_new(front->sandbox->base, timer_cb, link);
	must(link->ssl != NULL && link->ready != NULL && link->timer != NULL);
	must(SSL_set_fd(link->ssl, fd) == 1);
	must(SSL_set_app_data(link->ssl, link) == 1);
	show(link, SANDBOX_IDENTITY_SERVER);
	LIST_INSERT_HEAD(&front->links, link, link);
	greet(link);
}

/* ---- the door ---- */

static SSL_CTX *
make_context(const struct sandbox_identities *identities)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	must(context != NULL);
	SSL_CTX_set_client_hello_cb(context, hello_cb, NULL);
	/* A handshake that is resumed shows no certificate. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	must(SSL_CTX_set_num_tickets(context, 0) == 1);
	sandbox_identities_trust(identities, context);
	return context;
}

struct sandbox_front *
sandbox_front_open(struct sandbox *sandbox, const char *host,
    int behind)
{
	struct sandbox_front *front = calloc(1, sizeof(*front));

	must(front != NULL);
	front->behind_bytes = sizeof(front->behind);
	must(getsockname(behind, (struct sockaddr *)&front->behind,
		 &front->behind_bytes) == 0);
	LIST_INIT(&front->links);
	front->sandbox = sandbox;
	front->listener = sandbox_listen(sandbox->base, host, accept_cb, front);
	if (front->listener == NULL) {
		free(front);
		return NULL;
	}
	front->port =
	    sandbox_listen_port(evconnlistener_get_fd(front->listener));
	front->identities = sandbox_identities_new();
	front->context = make_context(front->identities);
	return front;
}

void
sandbox_front_close(struct sandbox_front **front_take)
{
	struct sandbox_front *front = *front_take;

	if (front == NULL)
		return;
	while (!LIST_EMPTY(&front->links))
		link_end(LIST_FIRST(&front->links));
	evconnlistener_free(front->listener);
	SSL_CTX_free(front->context);
	sandbox_identities_free(&front->identities);
	free(front);
	*front_take = NULL;
}

uint16_t
sandbox_front_port(const struct sandbox_front *front)
{
	return front->port;
}

void
sandbox_front_control(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const struct sandbox_front *front = sandbox->front;
	struct buf authority = {0};
	struct buf client = {0};

	(void)request;
	sandbox_identities_add_certificate(
	    front->identities, SANDBOX_IDENTITY_AUTHORITY, &authority);
	sandbox_identities_add_certificate(
	    front->identities, SANDBOX_IDENTITY_CLIENT, &client);
	sandbox_identities_add_key(
	    front->identities, SANDBOX_IDENTITY_CLIENT, &client);
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:i,s:s,s:s}", "port", front->port, "ca",
		buf_cstr(&authority), "client", buf_cstr(&client)));
	buf_fini(&authority);
	buf_fini(&client);
}
