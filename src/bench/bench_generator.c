/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_generator.c: callers that ask again as soon as they are answered, or
 * at a rate: then an operation has its time at which it should begin, and its
 * latency counts from there, whether a caller was free or not.
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
/* Until it is looked again who should begin. */
#define BUSY_US 1000
#define IDLE_US 100000

enum phase { PHASE_WARMING, PHASE_WINDOW, PHASE_EBBING };

struct caller {
	struct generator *generator;
	struct wire *wire;
	struct operation operation;
	bool is_busy;
	struct caller *next_idle;
};
struct generator {
	const struct generator_options *options;
	struct generated *generated;
	struct caller *callers;
	size_t busy;
	enum phase phase;
	int64_t window_us; /* when it began */
	int64_t began_us;
	struct event *edge;
	struct event *tick;    /* at a rate: looks who should begin */
	struct caller *idle;
	struct buf request; /* the one being written */
};

static bool connect_caller(struct caller *caller);

enum verdict
operation_hear_created(
    struct operation *operation, const struct wire_message *answer)
{
	(void)operation;
	return answer->status == 201 ? OPERATION_ENDED : OPERATION_FAILED;
}

/* ---- one operation after another ---- */

/* Nothing more will be begun. */
static bool
is_over(const struct generator *generator)
{
	return generator->phase == PHASE_EBBING ||
	       generator->generated->failed >= FAILURES_MAX ||
	       (generator->busy == 0 && generator->idle == NULL);
}

static void
rest(struct caller *caller)
{
	struct generator *generator = caller->generator;

	must(caller->is_busy && generator->busy > 0);
	caller->is_busy = false;
	generator->busy--;
	if (caller->wire != NULL) {
		caller->next_idle = generator->idle;
		generator->idle = caller;
	}
	if (generator->busy == 0 &&
	    (generator->tick == NULL || is_over(generator)))
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

/* Its connection is no good any more. */
static void
give_up(struct caller *caller)
{
	wire_free(&caller->wire);
	fail(caller, NULL);
	rest(caller);
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

/* When the next one should begin; INT64_MAX: no more of them. */
static int64_t
next_us(const struct generator *generator)
{
	int64_t rate = generator->options->rate;

	if (is_over(generator))
		return INT64_MAX;
	return rate == 0 ? clock_monotonic_us()
			 : generator->began_us +
			       (int64_t)generator->generated->begun *
				   1000000 / rate;
}

static void
begin(struct caller *caller)
{
	struct generator *generator = caller->generator;
	int64_t at_us = next_us(generator);

	if (at_us > clock_monotonic_us()) {
		rest(caller);
		return;
	}
	caller->operation = (struct operation){
	    .number = ++generator->generated->begun,
	    .begun_us = at_us,
	    .age_us = at_us - generator->began_us,
	    .first_ms = generator->options->first_ms,
	};
	if ((caller->wire == NULL && !connect_caller(caller)) || !ask(caller))
		give_up(caller);
}

/* Rings when the next one is due; where all are busy, a moment later. */
static void
arm_tick(struct generator *generator)
{
	int64_t wait_us = next_us(generator) - clock_monotonic_us();
	struct timeval span;

	if (wait_us < 0 || generator->idle == NULL)
		wait_us = BUSY_US;
	if (wait_us > IDLE_US)
		wait_us = IDLE_US;
	span = (struct timeval){
	    .tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000};
	must(event_add(generator->tick, &span) == 0);
}

/* Callers that are idle begin what is due. */
static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct generator *generator = arg;

	(void)fd;
	(void)what;
	while (generator->idle != NULL &&
	       next_us(generator) <= clock_monotonic_us()) {
		struct caller *caller = generator->idle;

		generator->idle = caller->next_idle;
		caller->is_busy = true;
		generator->busy++;
		begin(caller);
	}
	if (generator->busy == 0 && is_over(generator))
		event_base_loopbreak(generator->options->base);
	else
		arm_tick(generator);
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
	    clock_monotonic_us() - caller->operation.begun_us);
}

static void
heard_cb(struct wire *wire, const struct wire_message *answer, void *arg)
{
	struct caller *caller = arg;
	const struct script *script = caller->generator->options->script;

	must(wire == caller->wire);
	if (!caller->is_busy)
		return;
	if (caller->operation.step == 0 &&
	    caller->generator->phase == PHASE_WINDOW)
		histogram_add(&caller->generator->generated->first_us,
		    clock_monotonic_us() - caller->operation.begun_us);
	switch (script->hear(&caller->operation, answer)) {
	case OPERATION_GOES_ON:
		caller->operation.step++;
		if (!ask(caller))
			give_up(caller);
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

/* One that had nothing to ask for long connects anew when it has. */
static void
lost_cb(struct wire *wire, void *arg)
{
	struct caller *caller = arg;

	must(wire == caller->wire);
	if (caller->is_busy)
		give_up(caller);
	else
		wire_free(&caller->wire);
}

static bool
connect_caller(struct caller *caller)
{
	const struct generator_options *options = caller->generator->options;
	int fd = wire_connect(options->port);

	if (fd >= 0)
		caller->wire = wire_new(
		    options->base, fd, heard_cb, lost_cb, caller);
	return caller->wire != NULL;
}

/* ---- the window ---- */

static void
arm_edge(struct generator *generator, int64_t ms)
{
	const struct timeval span = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	must(event_add(generator->edge, &span) == 0);
}

/* In its time, or where everything came to a stop before. */
static void
end_window(struct generator *generator)
{
	const struct generator_options *options = generator->options;

	must(generator->phase != PHASE_EBBING);
	if (generator->phase == PHASE_WINDOW)
		generator->generated->counted_us =
		    clock_monotonic_us() - generator->window_us;
	generator->phase = PHASE_EBBING;
	if (options->edge != NULL)
		options->edge(options->arg, true);
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
		generator->window_us = clock_monotonic_us();
		arm_edge(generator, options->ms);
		return;
	case PHASE_WINDOW:
		end_window(generator);
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

		caller->generator = generator;
		if (!connect_caller(caller))
			return false;
	}
	return true;
}

static void
start_ticking(struct generator *generator)
{
	const struct generator_options *options = generator->options;

	if (options->rate == 0)
		return;
	generator->tick = event_new(options->base, -1, 0, tick_cb, generator);
	must(generator->tick != NULL);
	arm_tick(generator);
}

static void
run(struct generator *generator)
{
	const struct generator_options *options = generator->options;

	generator->edge = event_new(options->base, -1, 0, edge_cb, generator);
	must(generator->edge != NULL);
	arm_edge(generator, options->warm_ms);
	generator->began_us = clock_monotonic_us();
	start_ticking(generator);
	for (size_t i = 0; i < options->callers; i++) {
		generator->callers[i].is_busy = true;
		generator->busy++;
		begin(&generator->callers[i]);
	}
	if (generator->busy > 0 || generator->tick != NULL)
		event_base_dispatch(options->base);
	if (generator->phase != PHASE_EBBING)
		end_window(generator);
	event_free(generator->edge);
	if (generator->tick != NULL)
		event_free(generator->tick);
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
	if (is_connected) {
		int policy = child_give_way();
		run(&generator);
		child_give_way_no_more(policy);
	}
	for (size_t i = 0; i < options->callers; i++)
		wire_free(&generator.callers[i].wire);
	free(generator.callers);
	buf_fini(&generator.request);
	return is_connected;
}
