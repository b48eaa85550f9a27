/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_stub.c: the endpoints that workflows call: one answer to everything.
 *
 * A call to /late/INSTANT tells when it should have come, in milliseconds
 * since 1970; how late it is is counted where we can read it.
 */
#include "bench_priv.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY                                                                   \
	"{\"status\":\"ACCEPTED\",\"transactionId\":\"TX-0000000001\"," \
	"\"fee\":\"0.00\"}"
#define ANSWER                                                                 \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"                \
	"Content-Length: 66\r\n\r\n" BODY
_Static_assert(sizeof(BODY) - 1 == 66, "the answer tells its length");

/* In the child. */
struct serving {
	struct event_base *base;
	int fd;
	struct stub_tally *tally;
};

/* "POST /late/1795337106000 HTTP/1.1" */
static void
note_lateness(struct stub_tally *tally, struct str start)
{
	struct str prefix = STR("POST /late/"), rest;
	int64_t due_ms;

	if (!str_has_prefix(start, prefix))
		return;
	start = str_slice(start, prefix.bytes, start.bytes);
	if (str_parse_int(
		str_split(start, ' ', &rest), 0, INT64_MAX / 1000, &due_ms))
		histogram_add(&tally->lateness_us,
		    bench_clock_wall_us() - due_ms * 1000);
}

static void
lost_cb(struct wire *wire, void *arg)
{
	(void)arg;
	wire_free(&wire);
}

static void
heard_cb(struct wire *wire, const struct wire_message *message, void *arg)
{
	struct serving *serving = arg;

	serving->tally->requests++;
	note_lateness(serving->tally, message->start);
	if (!wire_send(wire, STR(ANSWER)))
		wire_free(&wire);
}

static void
accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct serving *serving = arg;
	int accepted;

	(void)what;
	while ((accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		(void)wire_new(
		    serving->base, accepted, heard_cb, lost_cb, serving);
}

static void
serve(void *arg)
{
	struct serving *serving = arg;
	struct event *incoming;

	(void)prctl(PR_SET_NAME, "stated-stub");
	(void)child_give_way();
	serving->base = event_base_new();
	must(serving->base != NULL);
	must(evutil_make_socket_nonblocking(serving->fd) == 0);
	incoming = event_new(serving->base, serving->fd, EV_READ | EV_PERSIST,
	    accept_cb, serving);
	must(incoming != NULL && event_add(incoming, NULL) == 0);
	event_base_dispatch(serving->base);
}

void
stub_start(struct stub *stub)
{
	struct serving serving;

	stub->tally = mmap(NULL, sizeof(*stub->tally), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(stub->tally != MAP_FAILED);
	serving.tally = stub->tally;
	serving.fd = wire_listen(&stub->port);
	stub->pid = child_fork(serve, &serving);
	close(serving.fd);
}

void
stub_stop(struct stub *stub)
{
	child_stop(&stub->pid);
	if (stub->tally != NULL)
		must(munmap(stub->tally, sizeof(*stub->tally)) == 0);
	stub->tally = NULL;
}
