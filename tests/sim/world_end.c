/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_end.c: the world grows honest, and everything comes to its end.
 */
#include "world_priv.h"

#include "stated/store.h"

#define ROUNDS_BY_ITSELF 40 /* then operators cancel what is left */
#define ROUNDS_MAX 400
#define ROUNDS_OF_CALLS 20 /* with no call gone, when all have ended */
#define ROUNDS_OF_PURGES 8
#define KEPT_MS_MAX (400 * 24 * 3600 * 1000LL)
#define ANSWERS_MAX 4000

/* Until the engine finds nothing more to do: what is due it takes a little at
 * a time. */
static void
rest(struct world *world)
{
	uint64_t commits;

	do {
		commits = engine_health(world->engine).commits;
		world_go_on(world);
	} while (!world_is_quiet(world) ||
		 engine_health(world->engine).commits != commits);
}

/* Until every call is answered and nothing is under way. */
static void
answer_all(struct world *world)
{
	world_go_on(world);
	for (int i = 0; world->waiting_count > 0; i++) {
		if (i == ANSWERS_MAX)
			world_fail(world, "no rest",
			    "the engine goes on calling");
		world_answer_honestly(world);
		if (world->waiting_count == 0)
			world_go_on(world);
	}
	rest(world);
}

static void
due_cb(uint64_t number, int64_t due_ms, void *arg)
{
	(void)number;
	*(int64_t *)arg = due_ms;
}

/* Calls that nobody outside has, and that are not through: they wait for a
 * place, or, refused with 401, for another token. */
static size_t
calls_inside(const struct world *world)
{
	struct engine_health health = engine_health(world->engine);

	return health.calls_queued + health.calls_active;
}

/* On to whatever is due first. */
static void
pass_time(struct world *world)
{
	struct store_due_range range = {
	    .after_ms = world->now_ms,
	    .after_number = UINT64_MAX >> 1,
	    .until_ms = INT64_MAX,
	    .limit = 1,
	};
	int64_t due_ms = 0;

	/* Rates, breakers and tokens take their time. */
	if (calls_inside(world) > 0) {
		world->now_ms += 21 * 1000;
		return;
	}
	if (world->keeps)
		auditor_look(world->auditor);
	must(store_each_due(world->store, &range, due_cb, &due_ms) ==
	     STORE_OK);
	if (due_ms > world->now_ms)
		world->now_ms = due_ms;
	else
		world->now_ms += 1000;
}

/* What an instance asked for before it was cancelled goes when its turn comes,
 * and leaves its place. */
static void
let_calls_go(struct world *world)
{
	size_t inside, fewest = SIZE_MAX;
	int idle = 0; /* rounds in which none has gone */

	while ((inside = calls_inside(world)) > 0) {
		if (inside < fewest) {
			fewest = inside;
			idle = 0;
		}
		if (idle++ == ROUNDS_OF_CALLS)
			world_fail(world, "a call is not through",
			    "all have ended, and it keeps its place");
		pass_time(world);
		answer_all(world);
	}
}

/* Nothing is held, all is over: all that isn't kept for ever goes. */
static void
let_histories_go(struct world *world)
{
	while (world_release_any(world))
		rest(world);
	auditor_look(world->auditor);
	world->now_ms += KEPT_MS_MAX;
	for (int round = 0; round < ROUNDS_OF_PURGES; round++) {
		answer_all(world);
		auditor_look(world->auditor);
		world->now_ms += 1100;
	}
	answer_all(world);
	auditor_check_purged(world->auditor);
}

void
world_grow_honest(struct world *world)
{
	world->held = 0;
	world->fails = false;
	world_tell(world, "honest");
	world_switch(world, false);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		answer_all(world);
		/* Something may have been in the way of it, and is mended. */
		if (world->must_resume)
			world_switch(world, false);
		auditor_check_rest(world->auditor, calls_inside(world) > 0);
		auditor_tidy(world->auditor);
		if (world_count_open(world) == 0)
			break;
		if (round >= ROUNDS_BY_ITSELF && round % 10 == 0)
			world_cancel_all(world);
		if (world_do_all(world) == 0)
			pass_time(world);
	}
	answer_all(world);
	auditor_check_end(world->auditor);
	let_calls_go(world);
	if (world->keeps)
		let_histories_go(world);
}
