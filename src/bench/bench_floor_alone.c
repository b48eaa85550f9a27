/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor_alone.c: how long an instance's requests, calls and turns take
 * one after another, where they are all there is.
 *
 * A child does them by bare libraries, each turn durable before what follows
 * it, and nothing else: no workflow is read, nothing is recorded.  It is asked
 * by the same generator as the engine, at the same rate, so that its caches
 * are as cold and its processors as sleepy as an engine finds them then.
 */
#include "bench_priv.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* More than are ever under way where they are begun at a rate that is light. */
#define CALLERS 16

#define CREATED 201 /* evhttp has a name for 200 only */

/* In the child. */
struct serving {
	struct floor_place place;
	struct floor_parts parts;
	int fd;
	struct bare_calls *calls;
	struct bare_rows *rows;
};

/* One of an instance's requests, and its share of what is to be done. */
struct asked {
	struct serving *serving;
	struct evhttp_request *request;
	uint64_t number;
	unsigned turn; /* the next one */
	unsigned end;  /* the first one that is not its own */
	unsigned calls; /* to be made before that */
	bool is_last;
};

static void
answer(struct asked *asked)
{
	struct evbuffer *out = evbuffer_new();

	must(out != NULL);
	(void)evbuffer_add(out, "{\"status\": \"completed\"}", 23);
	(void)evhttp_add_header(
	    evhttp_request_get_output_headers(asked->request), "Content-Type",
	    "application/json");
	evhttp_send_reply(asked->request,
	    asked->is_last ? CREATED : HTTP_OK, "Done", out);
	evbuffer_free(out);
	free(asked);
}

/* Calls are spread evenly over what lies between the turns. */
static unsigned
calls_after(const struct floor_parts *parts, unsigned turn)
{
	unsigned gaps = parts->turns - 1;

	return turn >= gaps ? 0
			    : parts->calls * (turn + 1) / gaps -
				  parts->calls * turn / gaps;
}

static void called_cb(bool is_done, void *arg);

static void
go_on(struct asked *asked)
{
	struct serving *serving = asked->serving;

	while (asked->calls == 0 && asked->turn < asked->end) {
		must(bare_rows_write(
		    serving->rows, asked->number, 1, asked->turn));
		asked->calls = calls_after(&serving->parts, asked->turn++);
	}
	if (asked->calls > 0)
		bare_calls_make(serving->calls, called_cb, asked);
	else
		answer(asked);
}

static void
called_cb(bool is_done, void *arg)
{
	struct asked *asked = arg;

	must(is_done);
	asked->calls--;
	go_on(asked);
}

/* "/NUMBER/STEP" */
static void
asked_cb(struct evhttp_request *request, void *arg)
{
	struct serving *serving = arg;
	const struct floor_parts *parts = &serving->parts;
	struct asked *asked = calloc(1, sizeof(*asked));
	unsigned long long number;
	unsigned step;

	must(asked != NULL);
	must(sscanf(evhttp_request_get_uri(request), "/%llu/%u", &number,
		 &step) == 2);
	must(step < parts->requests);
	asked->serving = serving;
	asked->request = request;
	asked->number = number;
	asked->turn = parts->turns * step / parts->requests;
	asked->end = parts->turns * (step + 1) / parts->requests;
	asked->is_last = step + 1 == parts->requests;
	go_on(asked);
}

static void
serve(void *arg)
{
	struct serving *serving = arg;
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);

	(void)prctl(PR_SET_NAME, "stated-bare");
	must(base != NULL && http != NULL);
	serving->calls = bare_calls_new(base, serving->place.stub_port);
	serving->rows = bare_rows_open(serving->place.store);
	must(serving->rows != NULL);
	must(evutil_make_socket_nonblocking(serving->fd) == 0);
	evhttp_set_gencb(http, asked_cb, serving);
	must(evhttp_accept_socket(http, serving->fd) == 0);
	event_base_dispatch(base);
}

static void
ask(const struct operation *operation, struct buf *out)
{
	char path[48], body[512];
	int bytes = snprintf(body, sizeof(body),
	    "{\"input\": {\"reference\": \"B%llu\", \"text\": \"%0380d\"}}",
	    (unsigned long long)operation->number, 0);

	snprintf(path, sizeof(path), "/%llu/%u",
	    (unsigned long long)operation->number, operation->step);
	wire_put_post(out, path, (struct str){body, (size_t)bytes});
}

static enum verdict
hear(struct operation *operation, const struct wire_message *answered)
{
	return answered->status == HTTP_OK
		   ? OPERATION_GOES_ON
		   : operation_hear_created(operation, answered);
}

int64_t
floor_alone(struct event_base *base, const struct floor_place *place,
    const struct floor_parts *parts, int64_t rate, int64_t ms)
{
	static const struct script script = {.ask = ask, .hear = hear};
	struct serving serving = {.place = *place, .parts = *parts};
	struct generator_options options = {.base = base,
	    .callers = rate > 0 ? CALLERS : 1,
	    .rate = rate,
	    .warm_ms = ms / 8,
	    .ms = ms,
	    .script = &script};
	struct generated generated;
	bool is_done;
	pid_t pid;

	serving.fd = wire_listen(&options.port);
	pid = child_fork(serve, &serving);
	close(serving.fd);
	is_done = generator_run(&options, &generated) &&
		  generated.counted > 0 && generated.failed == 0;
	child_stop(&pid);
	engine_child_remove(place->store);
	return is_done ? (int64_t)histogram_quantile(
			     &generated.latency_us, 500)
		       : 0;
}
