/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_timer.c: when instances want to be looked at.
 *
 * A heap holds what is due within the next minutes, filled from the store a
 * window at a time, so that sleeping instances cost no memory.  An entry may
 * be behind its instance (which has moved on since): that is found out when it
 * comes up, and costs one look.
 */
#include "engine_priv.h"

#include <stdlib.h>

static void
swap(struct due *a, struct due *b)
{
	struct due swapped = *a;

	*a = *b;
	*b = swapped;
}

static void
heap_push(struct timers *timers, struct due due)
{
	size_t i = timers->count;

	if (timers->count == timers->capacity) {
		timers->capacity =
		    timers->capacity ? 2 * timers->capacity : 256;
		timers->heap = realloc(
		    timers->heap, timers->capacity * sizeof(*timers->heap));
		must(timers->heap != NULL);
	}
	timers->heap[timers->count++] = due;
	while (i > 0 &&
	       timers->heap[i].due_ms < timers->heap[(i - 1) / 2].due_ms) {
		swap(&timers->heap[i], &timers->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static struct due
heap_pop(struct timers *timers)
{
	struct due first = timers->heap[0];
	size_t i = 0;

	must(timers->count > 0);
	timers->heap[0] = timers->heap[--timers->count];
	for (;;) {
		size_t least = i, left = 2 * i + 1, right = left + 1;

		if (left < timers->count &&
		    timers->heap[left].due_ms < timers->heap[least].due_ms)
			least = left;
		if (right < timers->count &&
		    timers->heap[right].due_ms < timers->heap[least].due_ms)
			least = right;
		if (least == i)
			return first;
		swap(&timers->heap[i], &timers->heap[least]);
		i = least;
	}
}

/* ---- arming ---- */

/* The earliest entry of an instance.  Once that has fired, the REQUEST_DUE
 * which it became counts as the entry until it is performed: no second one is
 * needed meanwhile. */
struct armed {
	int64_t due_ms;
	bool fired;
};

static void
note_armed(struct timers *timers, uint64_t number, int64_t due_ms)
{
	struct armed *armed = map_find(timers->armed, MAP_KEY_OF(&number));

	if (armed == NULL) {
		armed = calloc(1, sizeof(*armed));
		must(armed != NULL);
		map_put(timers->armed, MAP_KEY_OF(&number), armed);
	}
	must(!armed->fired);
	armed->due_ms = due_ms;
}

void
timer_arm(struct engine *engine, uint64_t number, int64_t due_ms)
{
	struct timers *timers = &engine->timers;
	const struct armed *armed;

	if (due_ms == 0 || due_ms > timers->window_end_ms)
		return; /* the store has it */
	armed = map_find(timers->armed, MAP_KEY_OF(&number));
	if (armed != NULL && (armed->fired || armed->due_ms <= due_ms))
		return;
	heap_push(timers, (struct due){.due_ms = due_ms, .number = number});
	note_armed(timers, number, due_ms);
}

/*
 * Armed once they are durable, so that between them the window (which is
 * loaded from durable rows) and this miss none: a row that is not durable yet
 * when its window is loaded comes here later.
 */
void
timer_arm_touched(struct engine *engine, const struct turn *turn)
{
	for (size_t i = 0; i < turn->touched_count; i++) {
		const struct instance *instance = turn->touched[i].instance;

		timer_arm(engine, instance->number,
		    instance_due_ms(engine, instance));
	}
}

void
timer_taken(struct engine *engine, uint64_t number)
{
	free(map_remove(engine->timers.armed, MAP_KEY_OF(&number)));
}

/* ---- the window ---- */

static void
due_cb(uint64_t number, int64_t due_ms, void *arg)
{
	struct engine *engine = arg;

	engine->timers.loaded++;
	engine->timers.last_ms = due_ms;
	engine->timers.last_number = number;
	timer_arm(engine, number, due_ms);
}

/*
 * Where it holds more than is taken at a time it ends at the last one taken,
 * and the next one goes on from there: so those that can't be stepped (their
 * definition is missing) stand in nobody's way.  They come again when all
 * have had their turn.  Rows that a turn under way is changing come again with
 * their old instant: harmless, as above.
 */
static void
load_window(struct engine *engine)
{
	struct timers *timers = &engine->timers;
	int64_t end_ms = engine_now_ms(engine) + TIMER_WINDOW_MS;
	struct store_due_range range = {
	    .after_ms = timers->is_cut_short ? timers->last_ms : 0,
	    .after_number = timers->is_cut_short ? timers->last_number : 0,
	    .until_ms = end_ms,
	    .limit = engine->options.limits.window_max,
	};

	timers->window_end_ms = end_ms;
	timers->is_cut_short = false;
	timers->loaded = 0;
	if (!engine_found(engine,
		store_each_due(engine->store, &range, due_cb, engine))) {
		timers->window_end_ms = 0;
		return;
	}
	timers->is_cut_short =
	    timers->loaded >= engine->options.limits.window_max;
	if (timers->is_cut_short)
		timers->window_end_ms = timers->last_ms;
}

static int
by_instant(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	return (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms);
}

/* The entry is in the store only from now on. */
static void
forget(struct timers *timers, struct due due)
{
	const struct armed *armed =
	    map_find(timers->armed, MAP_KEY_OF(&due.number));

	if (armed != NULL && !armed->fired && armed->due_ms == due.due_ms)
		free(map_remove(timers->armed, MAP_KEY_OF(&due.number)));
}

/*
 * What was started meanwhile may have made it long: its end is brought
 * forward, to before the first instant that does not wholly fit.  What is
 * sorted is a heap, too.
 */
static void
shorten_window(struct engine *engine)
{
	struct timers *timers = &engine->timers;
	size_t kept = engine->options.limits.window_max;
	int64_t first_out_ms;

	if (timers->count <= 2 * kept)
		return;
	qsort(
	    timers->heap, timers->count, sizeof(*timers->heap), by_instant);
	first_out_ms = timers->heap[kept].due_ms;
	while (kept > 0 && timers->heap[kept - 1].due_ms == first_out_ms)
		kept--;
	for (size_t i = kept; i < timers->count; i++)
		forget(timers, timers->heap[i]);
	timers->count = kept;
	timers->window_end_ms = first_out_ms - 1;
	timers->is_cut_short = true;
	timers->last_ms = first_out_ms - 1;
	timers->last_number = INT64_MAX;
}

/* A new window is loaded some time before the old one is over; one that was
 * cut short when all of it has been fired, so that the heap stays small.  What
 * an earlier and longer window left in the heap is none of it. */
static int64_t
refill_ms(const struct engine *engine)
{
	const struct timers *timers = &engine->timers;

	if (timers->is_cut_short)
		return timers->count == 0 ||
			       timers->heap[0].due_ms > timers->window_end_ms
			   ? timers->last_ms
			   : INT64_MAX;
	return timers->window_end_ms - TIMER_WINDOW_MS / 10;
}

static void
fire(struct engine *engine, struct due due)
{
	struct armed *armed =
	    map_find(engine->timers.armed, MAP_KEY_OF(&due.number));
	struct request *request;

	if (armed == NULL || armed->fired || armed->due_ms != due.due_ms)
		return; /* an earlier one has been here */
	armed->fired = true;
	request = request_new(REQUEST_DUE);
	request->number = due.number;
	inbox_add(&engine->timers.fired, request);
}

void
timer_fire(struct engine *engine)
{
	struct timers *timers = &engine->timers;
	int64_t now_ms = engine_now_ms(engine);

	shorten_window(engine);
	if (now_ms >= refill_ms(engine) &&
	    (timers->count == 0 || timers->heap[0].due_ms > now_ms))
		load_window(engine);
	while (timers->count > 0 && timers->heap[0].due_ms <= now_ms &&
	       timers->fired.count < engine->options.limits.bulk_max)
		fire(engine, heap_pop(timers));
}

struct request *
timer_take(struct engine *engine)
{
	return inbox_take(&engine->timers.fired);
}

bool
timer_has_fired(const struct engine *engine)
{
	return engine->timers.fired.count > 0;
}

int64_t
timer_next_ms(const struct engine *engine)
{
	const struct timers *timers = &engine->timers;
	int64_t next_ms = refill_ms(engine);
	int64_t first_ms = timers->count > 0 ? timers->heap[0].due_ms : 0;

	/* As long as some that have fired wait for a turn, one comes by
	 * itself. */
	if (timer_has_fired(engine))
		return 0;
	return first_ms != 0 && first_ms < next_ms ? first_ms : next_ms;
}

void
timer_init(struct engine *engine)
{
	engine->timers.armed = map_new();
	inbox_init(&engine->timers.fired);
}

void
timer_fini(struct engine *engine)
{
	struct timers *timers = &engine->timers;
	size_t cursor = 0;
	struct str key;
	void *armed;

	inbox_free_all(&timers->fired);
	while (map_next(timers->armed, &cursor, &key, &armed))
		free(armed);
	map_free(&timers->armed);
	free(timers->heap);
}
