/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor_evhttp.c: a request answered by bare evhttp, in a child that
 * does nothing else, asked by the same generator as the engine.
 */
#include "bench_priv.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CALLERS 16

struct serving {
	int fd;
};

static void
answer_cb(struct evhttp_request *request, void *arg)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	struct evbuffer *out = evbuffer_new();

	(void)arg;
	must(out != NULL);
	/* Whole, as a reader of JSON wants it. */
	(void)evbuffer_pullup(in, -1);
	(void)evbuffer_add(out, "{\"status\": \"completed\"}", 23);
	(void)evhttp_add_header(evhttp_request_get_output_headers(request),
	    "Content-Type", "application/json");
	evhttp_send_reply(request, 201, "Created", out);
	evbuffer_free(out);
}

static void
serve(void *arg)
{
	const struct serving *serving = arg;
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);

	(void)prctl(PR_SET_NAME, "stated-evhttp");
	must(base != NULL && http != NULL);
	must(evutil_make_socket_nonblocking(serving->fd) == 0);
	evhttp_set_gencb(http, answer_cb, NULL);
	must(evhttp_accept_socket(http, serving->fd) == 0);
	event_base_dispatch(base);
}

static void
ask(const struct operation *operation, struct buf *out)
{
	char body[512];
	int bytes = snprintf(body, sizeof(body),
	    "{\"input\": {\"reference\": \"B%llu\", \"text\": \"%0380d\"}}",
	    (unsigned long long)operation->number, 0);

	wire_put_post(out, "/v1/workflows/bare/instances",
	    (struct str){body, (size_t)bytes});
}

struct span {
	pid_t pid;
	struct usage usage[2];
};

static void
edge(void *arg, bool is_end)
{
	struct span *span = arg;

	usage_read(&span->usage[is_end], span->pid);
}

int64_t
floor_evhttp(struct event_base *base, int64_t ms)
{
	static const struct script script = {
	    .ask = ask, .hear = operation_hear_created};
	struct span span = {0};
	struct generator_options options = {.base = base,
	    .callers = CALLERS,
	    .warm_ms = ms / 8,
	    .ms = ms,
	    .script = &script,
	    .edge = edge,
	    .arg = &span};
	struct generated generated;
	struct serving serving;
	int64_t cpu_ns = 0;

	serving.fd = wire_listen(&options.port);
	span.pid = child_fork(serve, &serving);
	close(serving.fd);
	if (generator_run(&options, &generated) && generated.counted > 0 &&
	    generated.failed == 0)
		cpu_ns = (span.usage[1].cpu_us - span.usage[0].cpu_us) * 1000 /
			 (int64_t)generated.counted;
	child_stop(&span.pid);
	return cpu_ns;
}
