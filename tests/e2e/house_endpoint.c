/* SPDX-License-Identifier: Apache-2.0 */
/*
 * house_endpoint.c: an endpoint that says, byte by byte, what a test tells it.
 *
 * A thread takes connections, and each has a thread of its own: answers may
 * take their time.
 */
#include "house.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLERS_MAX 256
#define REQUEST_BYTES_MAX 65536

struct caller {
	struct endpoint *endpoint;
	pthread_t thread;
	int fd;
};

struct endpoint_inside {
	int listener;
	pthread_t thread; /* its alone, until it has ended: */
	struct caller callers[CALLERS_MAX];
	size_t count;
};

void
endpoint_say(int fd, const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t said = send(fd, text, bytes, MSG_NOSIGNAL);

		if (said <= 0)
			return; /* the caller has gone */
		text += said;
		bytes -= (size_t)said;
	}
}

void
endpoint_say_ok(int fd)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Type: application/json\r\n"
				   "Content-Length: 2\r\n\r\n{}";

	endpoint_say(fd, text, sizeof(text) - 1);
}

/* The bytes of the first request in the buffer; 0: not whole yet. */
static size_t
whole(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\ncontent-length:");
	size_t body = 0;

	if (end == NULL)
		return 0;
	if (length != NULL && length < end)
		body = strtoul(length + 17, NULL, 10);
	return strlen(end + 4) >= body ? (size_t)(end + 4 - text) + body : 0;
}

static void *
serve(void *arg)
{
	struct caller *caller = arg;
	char *text = calloc(1, REQUEST_BYTES_MAX + 1);
	size_t bytes = 0, taken;
	ssize_t got;

	while (text != NULL &&
	       (got = recv(caller->fd, text + bytes, REQUEST_BYTES_MAX - bytes,
		    0)) > 0) {
		bytes += (size_t)got;
		text[bytes] = '\0';
		while ((taken = whole(text)) > 0) {
			atomic_fetch_add(&caller->endpoint->requests, 1);
			caller->endpoint->answer(caller->fd, text,
			    caller->endpoint->arg);
			memmove(text, text + taken, bytes - taken + 1);
			bytes -= taken;
		}
	}
	free(text);
	shutdown(caller->fd, SHUT_RDWR);
	return NULL;
}

static void *
take_in(void *arg)
{
	struct endpoint *endpoint = arg;
	struct endpoint_inside *inside = endpoint->inside;
	int fd;

	while ((fd = accept(inside->listener, NULL, NULL)) >= 0) {
		struct caller *caller;

		if (inside->count == CALLERS_MAX)
			abort(); /* a test that asks for too much */
		caller = &inside->callers[inside->count++];
		*caller = (struct caller){.endpoint = endpoint, .fd = fd};
		pthread_create(&caller->thread, NULL, serve, caller);
	}
	return NULL;
}

void
endpoint_open(struct endpoint *endpoint, endpoint_fn *answer, void *arg)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct endpoint_inside *inside = calloc(1, sizeof(*inside));
	socklen_t bytes = sizeof(at);

	assert_non_null(inside);
	*endpoint = (struct endpoint){
	    .answer = answer, .arg = arg, .inside = inside};
	inside->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(inside->listener >= 0);
	assert_int_equal(
	    bind(inside->listener, (struct sockaddr *)&at, bytes), 0);
	assert_int_equal(listen(inside->listener, 128), 0);
	assert_int_equal(
	    getsockname(inside->listener, (struct sockaddr *)&at, &bytes), 0);
	snprintf(endpoint->url, sizeof(endpoint->url), "http://127.0.0.1:%d",
	    ntohs(at.sin_port));
	assert_int_equal(
	    pthread_create(&inside->thread, NULL, take_in, endpoint), 0);
}

void
endpoint_close(struct endpoint *endpoint)
{
	struct endpoint_inside *inside = endpoint->inside;

	shutdown(inside->listener, SHUT_RDWR);
	pthread_join(inside->thread, NULL);
	for (size_t i = 0; i < inside->count; i++)
		shutdown(inside->callers[i].fd, SHUT_RDWR);
	for (size_t i = 0; i < inside->count; i++) {
		pthread_join(inside->callers[i].thread, NULL);
		close(inside->callers[i].fd);
	}
	close(inside->listener);
	free(inside);
	endpoint->inside = NULL;
}
