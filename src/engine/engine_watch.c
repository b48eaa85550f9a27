/* SPDX-License-Identifier: Apache-2.0 */
/* engine_watch.c: callers that wait until an instance rests. */
#include "engine_priv.h"

#include <stdlib.h>

/* So many instances are looked at to tell whether one rests: beyond them it is
 * taken to do so, rather than that all others wait for the answer. */
#define LOOKED_AT_MAX 64

/* Who waits for another one to end rests when that one does. */
static bool
rests(struct engine *engine, const struct instance *instance, size_t *left)
{
	enum chart_status status = chart_status(instance->chart);
	const void *cursor = NULL;
	uint64_t number;

	if (status == CHART_RUNNING || !instance_has_begun(instance) ||
	    instance_is_dirty(engine, instance))
		return false;
	if (status != CHART_WAITING)
		return true;
	while (*left > 0 &&
	       chart_awaited_next(instance->chart, &cursor, &number)) {
		const struct instance *child = instance_find(engine, number);

		--*left;
		if (child != NULL && !rests(engine, child, left))
			return false;
	}
	return true;
}

static bool
is_at_rest(struct engine *engine, const struct instance *instance)
{
	size_t left = LOOKED_AT_MAX;

	return rests(engine, instance, &left);
}

static void
call_back(struct engine *engine, struct instance *instance,
    engine_reply_fn *fn, void *arg)
{
	struct arena *arena = arena_new_in(engine->arenas);
	struct engine_reply reply = {
	    .status = ENGINE_OK,
	    .instance = instance->number,
	    .view = chart_describe_masked_lent(instance->chart, arena),
	};

	fn(&reply, arg);
	arena_free(&arena);
}

uint64_t
engine_watch(
    struct engine *engine, uint64_t number, engine_reply_fn *fn, void *arg)
{
	struct instance *instance = instance_find(engine, number);
	struct watch *watch;

	/* Purged, or without its version: what is left tells how it is. */
	if (instance == NULL) {
		engine_look(engine, number, fn, arg);
		return 0;
	}
	if (is_at_rest(engine, instance)) {
		call_back(engine, instance, fn, arg);
		return 0;
	}
	watch = calloc(1, sizeof(*watch));
	must(watch != NULL);
	watch->handle = ++engine->watch_last;
	watch->reply = fn;
	watch->arg = arg;
	watch->next = map_find(engine->watches, MAP_KEY_OF(&number));
	(void)map_put(engine->watches, MAP_KEY_OF(&number), watch);
	return watch->handle;
}

/* What is left of those that wait for that instance. */
static void
put_back(struct engine *engine, struct str key, struct watch *first)
{
	if (first != NULL)
		(void)map_put(engine->watches, key, first);
	else
		(void)map_remove(engine->watches, key);
}

void
engine_unwatch(struct engine *engine, uint64_t number, uint64_t handle)
{
	struct watch *first = map_find(engine->watches, MAP_KEY_OF(&number));

	for (struct watch **link = &first; *link != NULL;
	     link = &(*link)->next) {
		struct watch *watch = *link;

		if (watch->handle != handle)
			continue;
		*link = watch->next;
		put_back(engine, MAP_KEY_OF(&number), first);
		free(watch);
		return;
	}
}

/* A callback may watch and unwatch: one at a time is taken out, called, and
 * then looked for again. */
static void
fire(struct engine *engine, uint64_t number)
{
	struct watch *watch;

	while ((watch = map_find(engine->watches, MAP_KEY_OF(&number)))) {
		struct instance *instance = instance_find(engine, number);

		if (instance == NULL || !is_at_rest(engine, instance))
			return;
		put_back(engine, MAP_KEY_OF(&number), watch->next);
		call_back(engine, instance, watch->reply, watch->arg);
		free(watch);
	}
}

/* Those who wait for what a turn has touched, and for those, and so on: each
 * once. */
struct stirred {
	struct arena *arena;
	struct map *seen;
	uint64_t *numbers;
	size_t count;
	size_t capacity;
};

static void
stir(struct stirred *stirred, uint64_t number)
{
	if (map_find(stirred->seen, MAP_KEY_OF(&number)) != NULL)
		return;
	(void)map_put(stirred->seen, MAP_KEY_OF(&number), stirred);
	stirred->numbers = arena_grow(stirred->arena, stirred->numbers,
	    stirred->count, &stirred->capacity, sizeof(number));
	stirred->numbers[stirred->count++] = number;
}

static void
stir_waiters(
    struct engine *engine, struct stirred *stirred, uint64_t number)
{
	const struct instance *instance = instance_find(engine, number);
	const void *cursor = NULL;
	uint64_t waiter;

	while (instance != NULL &&
	       chart_awaiter_next(instance->chart, &cursor, &waiter))
		stir(stirred, waiter);
}

static void
fire_touched(struct engine *engine, const struct turn *turn)
{
	struct stirred stirred = {
	    .arena = arena_new_in(engine->arenas), .seen = map_new()};

	for (size_t i = 0; i < turn->touched_count; i++) {
		fire(engine, turn->touched[i].number);
		stir_waiters(engine, &stirred, turn->touched[i].number);
	}
	for (size_t i = 0; i < stirred.count; i++) {
		fire(engine, stirred.numbers[i]);
		stir_waiters(engine, &stirred, stirred.numbers[i]);
	}
	map_free(&stirred.seen);
	arena_free(&stirred.arena);
}

/* Their numbers first: callbacks change the map. */
static void
fire_all(struct engine *engine)
{
	const struct map *numbers = engine->watches;
	size_t count = 0, cursor = 0;
	uint64_t *copies = calloc(map_count(numbers) + 1, sizeof(*copies));
	struct str key;
	void *value;

	must(copies != NULL);
	while (map_next(numbers, &cursor, &key, &value))
		memcpy(&copies[count++], key.at, sizeof(*copies));
	for (size_t i = 0; i < count; i++)
		fire(engine, copies[i]);
	free(copies);
}

void
watch_fire(struct engine *engine, const struct turn *turn)
{
	if (turn == NULL)
		fire_all(engine);
	else if (map_count(engine->watches) > 0)
		fire_touched(engine, turn);
}

void
watch_free_all(struct engine *engine)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	while (map_next(engine->watches, &cursor, &key, &value))
		for (struct watch *watch = value, *next; watch != NULL;
		     watch = next) {
			next = watch->next;
			free(watch);
		}
	map_free(&engine->watches);
}
