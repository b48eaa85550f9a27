/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_recover.c: what was under way when the last engine stopped.
 *
 * There may be a million such instances, and others want to be served at
 * once: so they are recovered a few a turn, in order of their numbers, beside
 * other work.  What else happens to one of them finds it recovered: that is
 * done before, in the same turn.  New ones have higher numbers than any that
 * is looked for.
 */
#include "engine_priv.h"

#include <stdlib.h>

/* Read at a time. */
#define NUMBERS_MAX 1000

static void
busy_cb(uint64_t number, void *arg)
{
	struct recovery *recovery = arg;

	must(recovery->count < NUMBERS_MAX);
	if (number <= recovery->last)
		recovery->numbers[recovery->count++] = number;
}

static MUST_USE enum store_error
read_numbers(struct engine *engine)
{
	struct recovery *recovery = &engine->recovery;

	recovery->first = recovery->count = 0;
	return store_each_busy(engine->store, recovery->done, NUMBERS_MAX,
	    busy_cb, recovery);
}

/* All up to that number are recovered, if the turn becomes durable. */
static void
note_done(struct engine *engine, struct turn *turn, uint64_t number)
{
	must(number > engine->recovery.done);
	must(number <= engine->recovery.last);
	engine->recovery.done = number;
	turn->recovered = number;
}

/* ---- life ---- */

enum store_error
recover_init(struct engine *engine)
{
	struct recovery *recovery = &engine->recovery;
	enum store_error error;

	recovery->last = engine->number_last;
	recovery->ahead = map_new();
	recovery->numbers = calloc(NUMBERS_MAX, sizeof(*recovery->numbers));
	must(recovery->numbers != NULL);
	error = read_numbers(engine);
	if (error == STORE_OK && recovery->count > 0)
		log_info("recovering",
		    "what was under way when the engine stopped");
	else if (error == STORE_OK)
		recovery->done = recovery->durable = recovery->last;
	return error;
}

void
recover_fini(struct engine *engine)
{
	map_free(&engine->recovery.ahead);
	free(engine->recovery.numbers);
}

bool
recover_is_over(const struct engine *engine)
{
	return engine->recovery.done == engine->recovery.last;
}

/* ---- one after another ---- */

struct request *
recover_take(struct engine *engine)
{
	struct recovery *recovery = &engine->recovery;
	struct request *request;

	if (recover_is_over(engine))
		return NULL;
	if (recovery->first == recovery->count &&
	    !engine_found(engine, read_numbers(engine)))
		return NULL;
	if (recovery->count == 0) {
		note_done(engine, engine->building, recovery->last);
		return NULL;
	}
	request = request_new(REQUEST_RECOVER);
	request->number = recovery->numbers[recovery->first++];
	return request;
}

static bool
was_ahead(const struct recovery *recovery, uint64_t number)
{
	return map_find(recovery->ahead, MAP_KEY_OF(&number)) != NULL;
}

static void
recover(struct engine *engine, struct turn *turn, struct instance *instance)
{
	const struct chart_event recovered = {.kind = EV_RECOVERED};
	struct chart_effects effects = {0};

	if (chart_is_busy(instance->chart))
		instance_step(engine, turn, instance, &recovered, &effects);
}

void
recover_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	struct instance *instance;

	note_done(engine, turn, request->number);
	if (was_ahead(&engine->recovery, request->number))
		return;
	instance = instance_find(engine, request->number);
	if (instance != NULL) /* else logged where it could not be loaded */
		recover(engine, turn, instance);
}

void
recover_ahead(
    struct engine *engine, struct turn *turn, struct instance *instance)
{
	struct recovery *recovery = &engine->recovery;
	uint64_t number = instance->number;

	if (number <= recovery->done || number > recovery->last ||
	    was_ahead(recovery, number))
		return;
	map_put(recovery->ahead, MAP_KEY_OF(&number),
	    (void *)(uintptr_t)turn->serial);
	recover(engine, turn, instance);
}

/* ---- what became of turns ---- */

void
recover_note(struct engine *engine, const struct turn *turn)
{
	struct recovery *recovery = &engine->recovery;

	if (turn->recovered == 0)
		return;
	must(turn->recovered > recovery->durable);
	recovery->durable = turn->recovered;
	if (recovery->durable < recovery->last)
		return;
	map_free(&recovery->ahead);
	recovery->ahead = map_new();
	log_info("recovered", "all that was under way");
}

void
recover_revoke(struct engine *engine)
{
	struct recovery *recovery = &engine->recovery;
	size_t cursor = 0;
	struct str key;
	void *serial;

	recovery->done = recovery->durable;
	recovery->first = recovery->count = 0;
	while (map_next(recovery->ahead, &cursor, &key, &serial))
		if (!turn_is_durable(engine, (uint64_t)(uintptr_t)serial))
			map_remove(recovery->ahead, key);
}
