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

/* Remembers the earliest instant that is in the heap for an instance, so that
 * it is not entered again and again. */
static void
note_armed(struct timers *timers, uint64_t number, int64_t due_ms)
{
	int64_t *armed = map_find(timers->armed, MAP_KEY_OF(&number));

	if (armed == NULL) {
		armed = malloc(sizeof(*armed));
		must(armed != NULL);
		map_put(timers->armed, MAP_KEY_OF(&number), armed);
	}
	*armed = due_ms;
}

void
timer_arm(struct engine *engine, uint64_t number, int64_t due_ms)
{
	struct timers *timers = &engine->timers;
	const int64_t *armed;

	if (due_ms == 0 || due_ms > timers->window_end_ms)
		return; /* the store has it */
	armed = map_find(timers->armed, MAP_KEY_OF(&number));
	if (armed != NULL && *armed <= due_ms)
		return;
	heap_push(timers, (struct due){.due_ms = due_ms, .number = number});
	note_armed(timers, number, due_ms);
}

static void
due_cb(uint64_t number, int64_t due_ms, void *arg)
{
	struct engine *engine = arg;

	engine->timers.loaded++;
	engine->timers.last_ms = due_ms;
	timer_arm(engine, number, due_ms);
}

/*
 * The next window.  Where it holds more than is taken at a time it ends at the
 * last one taken.  Rows that a turn under way is changing come again with
 * their old instant: harmless, as above.
 */
static void
load_window(struct engine *engine)
{
	struct timers *timers = &engine->timers;
	int64_t end_ms = engine_now_ms(engine) + TIMER_WINDOW_MS;

	timers->loaded_at_commit = engine->commits;
	timers->window_end_ms = end_ms;
	timers->loaded = 0;
	timers->is_cut = false;
	if (store_each_due(engine->store, end_ms, TIMER_WINDOW_COUNT, due_cb,
		engine) != STORE_OK) {
		timers->window_end_ms = engine_now_ms(engine);
		return;
	}
	if (timers->loaded >= TIMER_WINDOW_COUNT) {
		timers->window_end_ms = timers->last_ms;
		timers->is_cut = true;
	}
}

/* The same rows come again until a commit changes them: a window that was cut
 * short is worth another look only then. */
static bool
may_load(const struct engine *engine)
{
	const struct timers *timers = &engine->timers;

	return !timers->is_cut || engine->commits != timers->loaded_at_commit;
}

void
timer_fire(struct engine *engine)
{
	struct timers *timers = &engine->timers;
	int64_t now_ms = engine_now_ms(engine);

	if (now_ms + TIMER_WINDOW_MS / 10 >= timers->window_end_ms &&
	    (timers->count == 0 || timers->heap[0].due_ms > now_ms) &&
	    may_load(engine))
		load_window(engine);
	while (timers->count > 0 && timers->heap[0].due_ms <= now_ms) {
		struct due due = heap_pop(timers);
		int64_t *armed =
		    map_find(timers->armed, MAP_KEY_OF(&due.number));
		struct request *request;

		if (armed == NULL || *armed != due.due_ms)
			continue; /* an earlier one has been here */
		free(map_remove(timers->armed, MAP_KEY_OF(&due.number)));
		request = request_new(REQUEST_DUE);
		request->number = due.number;
		engine_add(engine, request);
	}
}

int64_t
timer_next_ms(const struct engine *engine)
{
	const struct timers *timers = &engine->timers;
	int64_t refill_ms = timers->window_end_ms - TIMER_WINDOW_MS / 10;
	int64_t next_ms = timers->count > 0 ? timers->heap[0].due_ms : 0;

	/* What could not be filled by now waits for a commit, or for the
	 * loop's own look at the clock. */
	if (refill_ms > engine_now_ms(engine) &&
	    (next_ms == 0 || refill_ms < next_ms))
		next_ms = refill_ms;
	return next_ms;
}

void
timer_fini(struct engine *engine)
{
	struct timers *timers = &engine->timers;
	size_t cursor = 0;
	struct str key;
	void *armed;

	while (map_next(timers->armed, &cursor, &key, &armed))
		free(armed);
	map_free(&timers->armed);
	free(timers->heap);
}
