/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_socket.c: the sockets of curl's that the loop watches.
 *
 * curl stops watching a kept connection when an exchange is over and begins
 * anew with the next one: two calls of the kernel each time.  A socket that
 * we have opened for curl, and so are told when it is closed, stays watched
 * in between: nothing comes on it as a rule, and what does come (the server
 * closes, a session ticket) ends the watching.  Sockets that curl has opened
 * by itself, to be told by its resolver, may be closed unseen: those are
 * watched only as long as curl says so.
 */
#include "http_priv.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#define SOCKETS_MAGIC 0x1f60c8d9u
#define SOCKET_MAGIC 0x51d8f06bu

struct socket {
	uint32_t magic;
	struct http_sockets *all;
	struct event *event;
	short wanted;  /* by curl: EV_READ, EV_WRITE */
	short watched; /* by the loop */
	bool is_kept;  /* until it is closed */
};

struct http_sockets {
	uint32_t magic;
	struct event_base *base;
	http_ready_fn *ready;
	void *arg;
	struct socket **by_fd;
	size_t capacity;
};

static void socket_ready_cb(evutil_socket_t fd, short what, void *arg);

static struct http_sockets *
sockets_of(void *pointer)
{
	struct http_sockets *sockets = pointer;

	must(sockets != NULL);
	must(sockets->magic == SOCKETS_MAGIC);
	return sockets;
}

struct http_sockets *
http_sockets_new(struct event_base *base, http_ready_fn *ready, void *arg)
{
	struct http_sockets *sockets = calloc(1, sizeof(*sockets));

	must(sockets != NULL && ready != NULL);
	sockets->magic = SOCKETS_MAGIC;
	sockets->base = base;
	sockets->ready = ready;
	sockets->arg = arg;
	return sockets;
}

/* NULL where it isn't known. */
static struct socket *
find(struct http_sockets *sockets, curl_socket_t fd)
{
	must(fd >= 0);
	return (size_t)fd < sockets->capacity ? sockets->by_fd[fd] : NULL;
}

static void
drop(struct http_sockets *sockets, curl_socket_t fd)
{
	struct socket *socket = find(sockets, fd);

	if (socket == NULL)
		return;
	must(socket->magic == SOCKET_MAGIC);
	sockets->by_fd[fd] = NULL;
	event_free(socket->event);
	socket->magic = 0;
	free(socket);
}

void
http_sockets_free(struct http_sockets **sockets_take)
{
	struct http_sockets *sockets;

	if (*sockets_take == NULL)
		return;
	sockets = sockets_of(*sockets_take);
	for (size_t i = 0; i < sockets->capacity; i++)
		drop(sockets, (curl_socket_t)i);
	free(sockets->by_fd);
	sockets->magic = 0;
	free(sockets);
	*sockets_take = NULL;
}

static void
make_room(struct http_sockets *sockets, curl_socket_t fd)
{
	size_t capacity = sockets->capacity;

	if ((size_t)fd < capacity)
		return;
	while (capacity <= (size_t)fd)
		capacity = capacity * 2 + 64;
	sockets->by_fd = reallocarray(sockets->by_fd, capacity,
	    sizeof(sockets->by_fd[0]));
	must(sockets->by_fd != NULL);
	memset(sockets->by_fd + sockets->capacity, 0,
	    (capacity - sockets->capacity) * sizeof(sockets->by_fd[0]));
	sockets->capacity = capacity;
}

static struct socket *
add(struct http_sockets *sockets, curl_socket_t fd)
{
	struct socket *socket = calloc(1, sizeof(*socket));

	must(socket != NULL && find(sockets, fd) == NULL);
	make_room(sockets, fd);
	socket->magic = SOCKET_MAGIC;
	socket->all = sockets;
	socket->event = event_new(sockets->base, fd, EV_PERSIST,
	    socket_ready_cb, socket);
	must(socket->event != NULL);
	sockets->by_fd[fd] = socket;
	return socket;
}

static void
watch(struct socket *socket, short events)
{
	evutil_socket_t fd = event_get_fd(socket->event);

	if (socket->watched == events)
		return;
	if (socket->watched != 0)
		must(event_del(socket->event) == 0);
	socket->watched = events;
	if (events == 0)
		return;
	must(event_assign(socket->event, socket->all->base, fd,
		 (short)(events | EV_PERSIST), socket_ready_cb, socket) == 0);
	must(event_add(socket->event, NULL) == 0);
}

void
http_sockets_want(struct http_sockets *sockets, curl_socket_t fd, short events)
{
	struct socket *socket = find(sockets_of(sockets), fd);

	if (events == 0 && (socket == NULL || !socket->is_kept)) {
		drop(sockets, fd);
		return;
	}
	if (socket == NULL)
		socket = add(sockets, fd);
	must(socket->magic == SOCKET_MAGIC);
	socket->wanted = events;
	/* There is always room to write: that would wake us at once. */
	if (events != 0 || (socket->watched & EV_WRITE) != 0)
		watch(socket, events);
}

static void
socket_ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct socket *socket = arg;

	must(socket->magic == SOCKET_MAGIC);
	if (socket->wanted == 0) {
		watch(socket, 0);
		return;
	}
	/* It may be closed meanwhile: it is not used after this. */
	socket->all->ready(fd, what, socket->all->arg);
}

void
http_sockets_opened(struct http_sockets *sockets, curl_socket_t fd)
{
	add(sockets_of(sockets), fd)->is_kept = true;
}

int
http_sockets_close_cb(void *arg, curl_socket_t fd)
{
	drop(sockets_of(arg), fd);
	return close(fd);
}
