/* SPDX-License-Identifier: Apache-2.0 */
/* engine_watch.c: callers that wait until an instance rests. */
#include "engine_priv.h"

#include <stdlib.h>

static bool
is_at_rest(const struct engine *engine, const struct instance *instance)
{
	return chart_status(instance->chart) != CHART_RUNNING &&
	       !instance_is_dirty(engine, instance);
}

static void
call_back(const struct instance *instance, engine_reply_fn *fn, void *arg)
{
	struct arena *arena = arena_new();
	struct engine_reply reply = {
	    .status = ENGINE_OK,
	    .instance = instance->number,
	    .view = chart_describe(instance->chart, arena),
	};

	fn(&reply, arg);
	arena_free(&arena);
}

uint64_t
engine_watch(
    struct engine *engine, uint64_t number, engine_reply_fn *fn, void *arg)
{
	struct instance *instance = instance_find(engine, number);
	struct engine_reply absent = {
	    .status = ENGINE_UNKNOWN_INSTANCE,
	    .detail = STR("there is no such instance"),
	};
	struct watch *watch;

	if (instance == NULL) {
		if (engine->unread != STORE_OK)
			absent = (struct engine_reply){
			    .status = ENGINE_UNAVAILABLE,
			    .detail = store_error_text(engine->unread),
			};
		fn(&absent, arg);
		return 0;
	}
	if (is_at_rest(engine, instance)) {
		call_back(instance, fn, arg);
		return 0;
	}
	watch = calloc(1, sizeof(*watch));
	must(watch != NULL);
	watch->handle = ++engine->watch_last;
	watch->number = number;
	watch->reply = fn;
	watch->arg = arg;
	watch->next = engine->watches;
	engine->watches = watch;
	return watch->handle;
}

void
engine_unwatch(struct engine *engine, uint64_t handle)
{
	for (struct watch **link = &engine->watches; *link;
	     link = &(*link)->next) {
		struct watch *watch = *link;

		if (watch->handle != handle)
			continue;
		*link = watch->next;
		free(watch);
		return;
	}
}

/* A callback may watch and unwatch: one is taken out before it is called, and
 * the list is gone through from its beginning again. */
static struct watch *
take_ready(struct engine *engine, const struct turn *turn)
{
	for (struct watch **link = &engine->watches; *link;
	     link = &(*link)->next) {
		struct watch *watch = *link;
		struct instance *instance;

		if (turn != NULL && map_find(turn->touched,
					MAP_KEY_OF(&watch->number)) == NULL)
			continue;
		instance = instance_find(engine, watch->number);
		if (instance == NULL || !is_at_rest(engine, instance))
			continue;
		*link = watch->next;
		return watch;
	}
	return NULL;
}

void
watch_fire(struct engine *engine, const struct turn *turn)
{
	struct watch *watch;

	while ((watch = take_ready(engine, turn)) != NULL) {
		call_back(instance_find(engine, watch->number), watch->reply,
		    watch->arg);
		free(watch);
	}
}

void
watch_free_all(struct engine *engine)
{
	while (engine->watches != NULL) {
		struct watch *next = engine->watches->next;

		free(engine->watches);
		engine->watches = next;
	}
}
