/* SPDX-License-Identifier: Apache-2.0 */
/* api_door.c: where the server listens, with TLS or without. */
#include "api_priv.h"
#include "stated/descriptor.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define TELL_AGAIN_US (60 * 1000000)

struct api_door {
	struct api *api;
	struct api_census *census;
	struct evhttp_bound_socket **sockets; /* evhttp frees them */
	uint16_t *ports;
	size_t count;
	struct api_tls *tls; /* NULL: none */
	bool is_inherited; /* somebody else has opened them, and keeps them */
	bool is_shut;
	int64_t told_us; /* when it was last said that there is no room */
};

/* ---- addresses ---- */

/* "[::1]:8380" into "::1" and "8380". */
static bool
split_address(struct arena *arena, struct str address, const char **host,
    const char **port)
{
	size_t colon = address.bytes;
	struct str name;

	while (colon > 0 && address.at[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	*port = arena_str(arena, str_slice(address, colon, address.bytes)).at;
	name = str_slice(address, 0, colon - 1);
	if (name.bytes >= 2 && name.at[0] == '[' &&
	    name.at[name.bytes - 1] == ']')
		name = str_slice(name, 1, name.bytes - 2);
	*host = arena_str(arena, name).at;
	return name.bytes > 0 && **port != '\0';
}

/* getaddrinfo() takes what is left of a larger number in sixteen bits. */
static bool
is_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	return text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
	       port <= UINT16_MAX;
}

static int
listen_on(const struct addrinfo *address)
{
	int on = 1;
	int fd = socket(
	    address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
listen_at(struct arena *arena, struct str text, struct buf *detail)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	struct addrinfo *found;
	const char *host, *port;
	int fd, error;

	if (!split_address(arena, text, &host, &port)) {
		buf_addf(detail, "%.*s is no address: write HOST:PORT",
		    STR_ARG(text));
		return -1;
	}
	if (!is_port(port)) {
		buf_addf(detail, "%.*s is no address: write HOST:PORT, PORT "
		    "up to %d", STR_ARG(text), UINT16_MAX);
		return -1;
	}
	error = getaddrinfo(host, port, &hints, &found);
	if (error != 0) {
		buf_addf(detail, "%.*s is no address: %s", STR_ARG(text),
		    gai_strerror(error));
		return -1;
	}
	fd = listen_on(found);
	if (fd < 0)
		buf_addf(detail, "can't listen on %.*s: %s%s", STR_ARG(text),
		    strerror(errno),
		    errno == EADDRINUSE
			? " (another program listens there; stop it, or "
			  "choose another port)"
			: "");
	freeaddrinfo(found);
	return fd;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0)
		return 0;
	if (address.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&address)->sin_port);
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return 0;
}

/* Left alone the listener would try again at once, and without end: whoever
 * has come stays with the kernel, until the next tick finds a descriptor.
 * (The argument is evhttp's.) */
static void
accept_error_cb(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	evconnlistener_disable(listener);
}

static bool
add_listener(struct api_door *door, int fd, struct buf *detail)
{
	struct evhttp_bound_socket *socket = NULL;
	struct evconnlistener *listener;
	int on = 1;

	/* Accepted sockets inherit it. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	evutil_make_socket_nonblocking(fd);
	listener = evconnlistener_new(door->api->options.base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (listener != NULL)
		socket = evhttp_bind_listener(door->api->http, listener);
	if (socket == NULL) {
		buf_addf(detail, "the socket can't be listened on");
		if (listener != NULL)
			evconnlistener_free(listener);
		return false;
	}
	/* After evhttp has set its own. */
	evconnlistener_set_error_cb(listener, accept_error_cb);
	door->sockets[door->count] = socket;
	door->ports[door->count++] = port_of(fd);
	return true;
}

static bool
open_all(struct api_door *door, struct buf *detail)
{
	const struct api_options *options = &door->api->options;
	struct arena *arena = arena_new();
	bool ok = true;

	for (size_t i = 0; ok && i < options->listener_count; i++) {
		const struct api_listener *wanted = &options->listeners[i];
		int fd = wanted->address.at != NULL
			     ? listen_at(arena, wanted->address, detail)
			     : wanted->fd;

		ok = fd >= 0 && add_listener(door, fd, detail);
	}
	arena_free(&arena);
	return ok;
}

/* ---- streams ---- */

/* Many times a second, perhaps: it is told once a minute. */
static void
tell(struct api_door *door, const char *what)
{
	int64_t now_us = clock_monotonic_us();

	if (door->told_us != 0 && now_us - door->told_us < TELL_AGAIN_US)
		return;
	door->told_us = now_us;
	log_warning("connections",
	    "%s: no more are taken in until one ends", what);
}

static void
full_cb(void *arg)
{
	struct api_door *door = arg;

	if (door->is_shut)
		return;
	tell(door, "as many as may be are open");
	for (size_t i = 0; i < door->count; i++)
		evconnlistener_disable(
		    evhttp_bound_socket_get_listener(door->sockets[i]));
}

static void
room_cb(void *arg)
{
	struct api_door *door = arg;

	if (door->is_shut)
		return;
	for (size_t i = 0; i < door->count; i++)
		evconnlistener_enable(
		    evhttp_bound_socket_get_listener(door->sockets[i]));
}

/* It never became a call: there is no route, and no line in the log. */
static void
refused_cb(void *arg, int status)
{
	struct api_door *door = arg;
	struct api *api = door->api;

	api->answered[api_route_index(NULL)][status / 100]++;
}

static void
tick_cb(void *arg)
{
	struct api_door *door = arg;

	if (door->tls != NULL)
		api_tls_look(door->tls);
	if (door->is_shut || door->count == 0)
		return;
	if (descriptor_is_left()) {
		api_census_look(door->census);
		return;
	}
	tell(door, strerrordesc_np(errno));
	api_census_make_room(door->census);
}

static struct bufferevent *
stream_cb(struct event_base *base, void *arg)
{
	struct api_door *door = arg;
	struct bufferevent *stream = door->tls != NULL
	    ? api_tls_stream(door->tls, base)
	    : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	must(stream != NULL);
	api_census_add(door->census, stream);
	return stream;
}

/* ---- life ---- */

/* All of them at once, as they will be wanted. */
static bool
can_listen(const struct api_options *options, struct buf *detail)
{
	struct arena *arena = arena_new();
	int *fds = ARENA_ARRAY(arena, options->listener_count, int);
	size_t count = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < options->listener_count; i++) {
		struct str address = options->listeners[i].address;

		if (address.at == NULL)
			continue; /* somebody listens there for us */
		fds[count] = listen_at(arena, address, detail);
		ok = fds[count] >= 0;
		count += ok;
	}
	while (count > 0)
		close(fds[--count]);
	arena_free(&arena);
	return ok;
}

bool
api_can_open(const struct api_options *options, struct buf *detail)
{
	return (options->tls_certificate.at == NULL ||
		   api_tls_can_open(options, detail)) &&
	    can_listen(options, detail);
}

struct api_door *
api_door_open(struct api *api, struct buf *detail)
{
	struct api_door *door = calloc(1, sizeof(*door));
	size_t count = api->options.listener_count;
	bool is_open = true;

	must(door != NULL);
	must(count > 0);
	door->api = api;
	door->is_inherited = api->options.listeners[0].address.at == NULL;
	door->sockets = calloc(count, sizeof(struct evhttp_bound_socket *));
	door->ports = calloc(count, sizeof(*door->ports));
	must(door->sockets != NULL);
	must(door->ports != NULL);
	door->census = api_census_new(&(struct api_census_options){
	    .base = api->options.base,
	    .max = api->limits.connections_max,
	    .patience_ms = api->limits.idle_ms,
	    .full = full_cb,
	    .room = room_cb,
	    .tick = tick_cb,
	    .refused = refused_cb,
	    .arg = door,
	});
	evhttp_set_bevcb(api->http, stream_cb, door);
	if (api->options.tls_certificate.at != NULL) {
		door->tls = api_tls_open(&api->options, detail);
		is_open = door->tls != NULL;
	}
	if (!is_open || !open_all(door, detail))
		api_door_close(&door);
	return door;
}

void
api_door_close(struct api_door **door_pointer)
{
	struct api_door *door = *door_pointer;

	if (door == NULL)
		return;
	*door_pointer = NULL;
	api_census_free(&door->census);
	api_tls_close(&door->tls);
	free(door->sockets);
	free(door->ports);
	free(door);
}

/* Those who come are then taken in by the kernel for the next server. */
void
api_door_drain(struct api_door *door)
{
	if (door->is_inherited)
		api_door_shut(door);
}

void
api_door_shut(struct api_door *door)
{
	if (door->is_shut)
		return;
	door->is_shut = true;
	/* Closed, not only left alone: the kernel would go on taking callers in
	 * whom nobody answers. */
	for (size_t i = 0; i < door->count; i++)
		evhttp_del_accept_socket(door->api->http, door->sockets[i]);
}

void
api_door_asked(struct api_door *door, evutil_socket_t fd)
{
	api_census_asked(door->census, fd);
}

void
api_door_answered(struct api_door *door, evutil_socket_t fd)
{
	api_census_answered(door->census, fd);
}

struct api_tls *
api_door_tls(const struct api_door *door)
{
	return door->tls;
}

uint16_t
api_door_port(const struct api_door *door, size_t index)
{
	must(index < door->count);
	return door->ports[index];
}
