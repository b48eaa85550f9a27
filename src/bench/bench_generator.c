/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_generator.c: callers that ask again as soon as they are answered.
 *
 *	warming ──► window ──► ebbing: what was begun is waited for
 *
 * What ends within the window is counted; at its edges whoever asked is told,
 * so that what processes use is read for the same span of time.
 */
#include "bench_priv.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

/* Longer than the engine lets a caller wait. */
#define EBB_MS 40000
/* After so many there is something wrong, and no figure to be had. */
#define FAILURES_MAX 100

enum phase { PHASE_WARMING, PHASE_WINDOW, PHASE_EBBING };

struct caller {
	struct generator *generator;
	struct wire *wire;
	struct operation operation;
	bool is_busy;
};
struct generator {
	const struct generator_options *options;
	struct generated *generated;
	struct caller *callers;
	size_t busy;
	enum phase phase;
	int64_t window_us; /* when it began */
	struct event *edge;
	struct buf request; /* the one being written */
};

/* ---- one operation after another ---- */

static void
rest(struct caller *caller)
{
	struct generator *generator = caller->generator;

	must(caller->is_busy && generator->busy > 0);
	caller->is_busy = false;
	if (--generator->busy == 0)
		event_base_loopbreak(generator->options->base);
}

static void
fail(struct caller *caller, const struct wire_message *answer)
{
	struct generated *generated = caller->generator->generated;

	if (generated->failed++ == 0 && answer != NULL)
		snprintf(generated->failure, sizeof(generated->failure),
		    "%.*s: %.*s", STR_ARG(answer->start),
		    STR_ARG(answer->body));
	else if (generated->failure[0] == '\0')
		snprintf(generated->failure, sizeof(generated->failure),
		    "the engine hung up");
}

/* Asks what the operation's step asks. */
static bool
ask(struct caller *caller)
{
	struct generator *generator = caller->generator;

	buf_clear(&generator->request);
	generator->options->script->ask(
	    &caller->operation, &generator->request);
	return wire_send(caller->wire, buf_str(&generator->request));
}

static void
begin(struct caller *caller)
{
	struct generator *generator = caller->generator;

	if (generator->phase == PHASE_EBBING ||
	    generator->generated->failed >= FAILURES_MAX) {
		rest(caller);
		return;
	}
	caller->operation = (struct operation){
	    .number = ++generator->generated->begun,
	    .begun_us = bench_clock_us(),
	};
	if (!ask(caller)) {
		fail(caller, NULL);
		rest(caller);
	}
}

static void
count(struct caller *caller)
{
	struct generator *generator = caller->generator;
	struct generated *generated = generator->generated;

	generated->ended++;
	if (generator->phase != PHASE_WINDOW)
		return;
	generated->counted++;
	histogram_add(&generated->latency_us,
	    bench_clock_us() - caller->operation.begun_us);
}

static void
heard_cb(struct wire *wire, const struct wire_message *answer, void *arg)
{
	struct caller *caller = arg;
	const struct script *script = caller->generator->options->script;

	must(wire == caller->wire);
	if (!caller->is_busy)
		return;
	switch (script->hear(&caller->operation, answer)) {
	case OPERATION_GOES_ON:
		caller->operation.step++;
		if (ask(caller))
			return;
		fail(caller, NULL);
		rest(caller);
		return;
	case OPERATION_ENDED:
		count(caller);
		break;
	case OPERATION_FAILED:
		fail(caller, answer);
		break;
	}
	begin(caller);
}

static void
lost_cb(struct wire *wire, void *arg)
{
	struct caller *caller = arg;

	must(wire == caller->wire);
	wire_free(&caller->wire);
	if (caller->is_busy) {
		fail(caller, NULL);
		rest(caller);
	}
}

/* ---- the window ---- */

static void
arm_edge(struct generator *generator, int64_t ms)
{
	const struct timeval span = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	must(event_add(generator->edge, &span) == 0);
}

static void
edge_cb(evutil_socket_t fd, short what, void *arg)
{
	struct generator *generator = arg;
	const struct generator_options *options = generator->options;

	(void)fd;
	(void)what;
	switch (generator->phase) {
	case PHASE_WARMING:
		generator->phase = PHASE_WINDOW;
		if (options->edge != NULL)
			options->edge(options->arg, false);
		generator->window_us = bench_clock_us();
		arm_edge(generator, options->ms);
		return;
	case PHASE_WINDOW:
		generator->phase = PHASE_EBBING;
		generator->generated->counted_us =
		    bench_clock_us() - generator->window_us;
		if (options->edge != NULL)
			options->edge(options->arg, true);
		arm_edge(generator, EBB_MS);
		return;
	case PHASE_EBBING:
		event_base_loopbreak(options->base);
		return;
	}
	unreachable("all phases are there");
}

static bool
connect_callers(struct generator *generator)
{
	const struct generator_options *options = generator->options;

	generator->callers =
	    calloc(options->callers, sizeof(*generator->callers));
	must(generator->callers != NULL);
	for (size_t i = 0; i < options->callers; i++) {
		struct caller *caller = &generator->callers[i];
		int fd = wire_connect(options->port);

		if (fd < 0)
			return false;
		caller->generator = generator;
		caller->wire = wire_new(
		    options->base, fd, heard_cb, lost_cb, caller);
	}
	return true;
}

static void
run(struct generator *generator)
{
	const struct generator_options *options = generator->options;

	generator->edge = event_new(options->base, -1, 0, edge_cb, generator);
	must(generator->edge != NULL);
	arm_edge(generator, options->warm_ms);
	for (size_t i = 0; i < options->callers; i++) {
		generator->callers[i].is_busy = true;
		generator->busy++;
		begin(&generator->callers[i]);
	}
	if (generator->busy > 0)
		event_base_dispatch(options->base);
	/* Where it came to a stop too early there is no window's end. */
	if (generator->phase != PHASE_EBBING && options->edge != NULL)
		options->edge(options->arg, true);
	event_free(generator->edge);
}

bool
generator_run(
    const struct generator_options *options, struct generated *generated)
{
	struct generator generator = {
	    .options = options, .generated = generated};
	bool is_connected;

	must(options->callers > 0);
	*generated = (struct generated){0};
	is_connected = connect_callers(&generator);
	if (is_connected)
		run(&generator);
	for (size_t i = 0; i < options->callers; i++)
		wire_free(&generator.callers[i].wire);
	free(generator.callers);
	buf_fini(&generator.request);
	return is_connected;
}
