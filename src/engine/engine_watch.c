/* SPDX-License-Identifier: Apache-2.0 */
/* engine_watch.c: callers that wait until an instance rests. */
#include "engine_priv.h"

#include <stdlib.h>

/* Deeper no process is meant to be nested. */
#define NESTED_MAX 64

/* Who waits for another one to end rests when that one does. */
static bool
rests(struct engine *engine, const struct instance *instance, int nested)
{
	enum chart_status status = chart_status(instance->chart);
	uint64_t number;

	if (status == CHART_RUNNING || !instance_has_begun(instance) ||
	    instance_is_dirty(engine, instance))
		return false;
	if (status != CHART_WAITING || nested == NESTED_MAX)
		return true;
	for (size_t i = 0; chart_awaited_at(instance->chart, i, &number); i++) {
		const struct instance *child = instance_find(engine, number);

		if (child != NULL && !rests(engine, child, nested + 1))
			return false;
	}
	return true;
}

static bool
is_at_rest(struct engine *engine, const struct instance *instance)
{
	return rests(engine, instance, 0);
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

/* Those who wait for it may rest now, too. */
static void
fire_with_waiters(struct engine *engine, uint64_t number, int nested)
{
	const struct instance *instance;
	struct chart_awaiter awaiter;

	fire(engine, number);
	if (nested == NESTED_MAX)
		return;
	for (size_t i = 0;
	     map_count(engine->watches) > 0 &&
	     (instance = instance_find(engine, number)) != NULL &&
	     chart_awaiter_at(instance->chart, i, &awaiter);
	     i++)
		fire_with_waiters(engine, awaiter.number, nested + 1);
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
		for (size_t i = 0; i < turn->touched_count; i++)
			fire_with_waiters(
			    engine, turn->touched[i].number, 0);
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
