/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_wire.c: as much of HTTP/1.1 as our three programs speak: bodies with
 * a Content-Length, connections that are kept, one request at a time on each.
 *
 * A message is written with one send(), which takes it whole: it is far
 * smaller than a socket's buffer, and the one before it has been answered.
 */
#include "bench_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define WIRE_MAGIC 0x31b7e5a9u
#define READ_BYTES 65536
#define MESSAGE_BYTES_MAX (4u << 20)
#define BACKLOG 4096

struct wire {
	unsigned magic;
	int fd;
	struct event *readable;
	struct buf in;
	wire_heard_fn *heard;
	wire_lost_fn *lost;
	void *arg;
	bool *freed; /* while a callback runs: whether it freed us */
};

/* ---- messages ---- */

/* The value of Content-Length; 0 where it is not said.  -1: nonsense. */
static int64_t
length_of(struct str head)
{
	static const char name[] = "\ncontent-length:";
	int64_t bytes;

	for (size_t i = 0; i + sizeof(name) < head.bytes; i++) {
		struct str rest, line;

		if (head.at[i] != '\n' ||
		    strncasecmp(&head.at[i], name, sizeof(name) - 1) != 0)
			continue;
		rest = str_slice(head, i + sizeof(name) - 1, head.bytes);
		line = str_trim(str_split(rest, '\r', &rest));
		return str_parse_int(line, 0, MESSAGE_BYTES_MAX, &bytes)
			   ? bytes
			   : -1;
	}
	return 0;
}

/* "HTTP/1.1 201 Created" */
static int
status_of(struct str start)
{
	int64_t status;

	if (!str_has_prefix(start, STR("HTTP/1.")) ||
	    !str_parse_int(str_slice(start, 9, 3), 100, 999, &status))
		return 0;
	return (int)status;
}

/* The message that `bytes` begin with and how long it is; 0: more has to
 * come, -1: this is none that we speak. */
static int64_t
parse(struct str bytes, struct wire_message *message)
{
	size_t head_bytes = str_find(bytes, STR("\r\n\r\n"));
	struct str head;
	int64_t body_bytes;

	if (head_bytes == SIZE_MAX)
		return bytes.bytes > READ_BYTES ? -1 : 0;
	head_bytes += 4;
	head = str_slice(bytes, 0, head_bytes);
	body_bytes = length_of(head);
	if (body_bytes < 0)
		return -1;
	if (bytes.bytes < head_bytes + (size_t)body_bytes)
		return 0;
	message->start = str_split(head, '\r', &head);
	message->status = status_of(message->start);
	message->body = str_slice(bytes, head_bytes, (size_t)body_bytes);
	return (int64_t)head_bytes + body_bytes;
}

void
wire_put_post(struct buf *out, const char *path, struct str body)
{
	buf_addf(out,
	    "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    path, body.bytes);
	buf_add_str(out, body);
}

/* ---- connections ---- */

static void
drop_front(struct buf *buf, size_t bytes)
{
	must(bytes <= buf->bytes);
	memmove(buf->at, buf->at + bytes, buf->bytes - bytes);
	buf->bytes -= bytes;
}

/* Hands on what is whole; false where the wire is gone, or no good. */
static bool
take_messages(struct wire *wire)
{
	bool freed = false;

	wire->freed = &freed;
	while (wire->in.bytes > 0) {
		struct wire_message message;
		int64_t bytes = parse(buf_str(&wire->in), &message);

		if (bytes <= 0) {
			wire->freed = NULL;
			return bytes == 0;
		}
		wire->heard(wire, &message, wire->arg);
		if (freed)
			return true;
		drop_front(&wire->in, (size_t)bytes);
	}
	wire->freed = NULL;
	return true;
}

static void
read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct wire *wire = arg;
	char bytes[READ_BYTES];
	ssize_t got;

	must(wire->magic == WIRE_MAGIC);
	(void)what;
	got = recv(fd, bytes, sizeof(bytes), 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		wire->lost(wire, wire->arg);
		return;
	}
	buf_add(&wire->in, bytes, (size_t)got);
	if (!take_messages(wire))
		wire->lost(wire, wire->arg);
}

struct wire *
wire_new(struct event_base *base, int fd, wire_heard_fn *heard,
    wire_lost_fn *lost, void *arg)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	int one = 1;

	must(wire != NULL);
	must(fd >= 0);
	wire->magic = WIRE_MAGIC;
	wire->fd = fd;
	wire->heard = heard;
	wire->lost = lost;
	wire->arg = arg;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	must(evutil_make_socket_nonblocking(fd) == 0);
	wire->readable =
	    event_new(base, fd, EV_READ | EV_PERSIST, read_cb, wire);
	must(wire->readable != NULL);
	must(event_add(wire->readable, NULL) == 0);
	return wire;
}

void
wire_free(struct wire **freed)
{
	struct wire *wire = *freed;

	if (wire == NULL)
		return;
	must(wire->magic == WIRE_MAGIC);
	if (wire->freed != NULL)
		*wire->freed = true;
	event_free(wire->readable);
	close(wire->fd);
	buf_fini(&wire->in);
	wire->magic = 0;
	free(wire);
	*freed = NULL;
}

bool
wire_send(struct wire *wire, struct str bytes)
{
	must(wire->magic == WIRE_MAGIC);
	return send(wire->fd, bytes.at, bytes.bytes, MSG_NOSIGNAL) ==
	       (ssize_t)bytes.bytes;
}

/* ---- sockets on loopback ---- */

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

int
wire_listen(uint16_t *port)
{
	struct sockaddr_in address = loopback(0);
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	must(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	must(listen(fd, BACKLOG) == 0);
	must(getsockname(fd, (struct sockaddr *)&address, &bytes) == 0);
	*port = ntohs(address.sin_port);
	return fd;
}

int
wire_connect(uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address,
			   sizeof(address)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}
