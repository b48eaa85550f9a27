/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_loop.c: libevent's side of the engine: when a turn is run.
 *
 * Turns run from the loop itself, never from inside a callback that asked for
 * one, so that everything that is ready at the same time shares a commit.
 */
#include "engine_priv.h"

#include <event2/event.h>
#include <stdlib.h>

/* The loop looks at the clock at least this often: it may be set anew. */
#define WAKE_MS_MAX 1000

struct loop {
	struct engine *engine;
	struct event *turn;
	struct event *time;
	struct event *probe;
	struct event *drain;
	struct event *store;
	bool woken;
};

static void
turn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	loop->woken = false;
	engine_turn(loop->engine);
}

static void
store_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	engine_committed(loop->engine);
}

static void
probe_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	engine_probe(loop->engine);
}

static void
drain_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	engine_check_drained(loop->engine);
}

struct loop *
loop_new(struct engine *engine)
{
	struct event_base *base = engine->options.base;
	struct loop *loop = calloc(1, sizeof(*loop));

	must(loop != NULL);
	loop->engine = engine;
	loop->turn = event_new(base, -1, 0, turn_cb, loop);
	loop->time = event_new(base, -1, 0, turn_cb, loop);
	loop->probe = event_new(base, -1, 0, probe_cb, loop);
	loop->drain = event_new(base, -1, 0, drain_cb, loop);
	loop->store = event_new(base, store_fd(engine->store),
	    EV_READ | EV_PERSIST, store_cb, loop);
	must(loop->turn && loop->time && loop->probe && loop->drain &&
	     loop->store);
	must(event_add(loop->store, NULL) == 0);
	return loop;
}

void
loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	event_free((*loop)->turn);
	event_free((*loop)->time);
	event_free((*loop)->probe);
	event_free((*loop)->drain);
	event_free((*loop)->store);
	free(*loop);
	*loop = NULL;
}

static void
add_in(struct event *event, int64_t delay_ms)
{
	struct timeval delay = {
	    .tv_sec = delay_ms / 1000,
	    .tv_usec = delay_ms % 1000 * 1000,
	};

	must(event_add(event, &delay) == 0);
}

void
loop_wake(struct loop *loop)
{
	if (loop->woken)
		return;
	loop->woken = true;
	/* Behind all that is ready already, and not a moment later. */
	event_active(loop->turn, EV_TIMEOUT, 0);
}

void
loop_committed(struct loop *loop)
{
	event_active(loop->store, EV_READ, 0);
}

void
loop_wake_at(struct loop *loop, int64_t instant_ms)
{
	int64_t delay_ms = WAKE_MS_MAX;

	if (instant_ms != 0)
		delay_ms =
		    clock_sleep_ms(loop->engine->options.clock, instant_ms);
	add_in(loop->time, delay_ms < WAKE_MS_MAX ? delay_ms : WAKE_MS_MAX);
}

void
loop_probe_in(struct loop *loop, int64_t delay_ms)
{
	add_in(loop->probe, delay_ms);
}

void
loop_drain_in(struct loop *loop, int64_t delay_ms)
{
	add_in(loop->drain, delay_ms);
}
