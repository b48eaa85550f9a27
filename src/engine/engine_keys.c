/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_keys.c: the public keys that endpoints publish (a JWK set), by which
 * their webhooks are verified.
 *
 * They are fetched when they are first wanted, by one exchange however many
 * want them, and again when they are old, or when somebody doubts that they
 * are the newest; doubt counts but from time to time, since whoever sends a
 * forgery could sow it.  What was fetched serves while the endpoint is away.
 */
#include "engine_priv.h"

#include <stdlib.h>

#define OLD_MS (60 * 60 * 1000)
#define DOUBT_MS (30 * 1000)

struct waiter {
	struct waiter *next;
	engine_keys_fn *fn;
	void *arg;
};

struct keys {
	struct engine *engine;
	const struct def_connection *connection;
	char *text; /* NULL: none */
	int64_t tried_ms;
	bool is_fetching;
	struct arena *arena; /* of the fetching */
	struct waiter *waiters;
};

static struct keys *
keys_of(struct engine *engine, const struct def_connection *connection)
{
	struct keys *keys = map_find(engine->keys, connection->name);

	if (keys == NULL) {
		keys = calloc(1, sizeof(*keys));
		must(keys != NULL);
		keys->engine = engine;
		map_put(engine->keys,
		    arena_str(engine->arena, connection->name), keys);
	}
	keys->connection = connection;
	return keys;
}

static void
tell(struct keys *keys)
{
	struct waiter *waiter = keys->waiters;

	keys->waiters = NULL;
	while (waiter != NULL) {
		struct waiter *next = waiter->next;

		waiter->fn(str_of(keys->text), waiter->arg);
		free(waiter);
		waiter = next;
	}
}

static void
fail(struct keys *keys, struct str why)
{
	log_warning("keys not fetched", "connection=%.*s %.*s: %s",
	    STR_ARG(keys->connection->name), STR_ARG(why),
	    keys->text != NULL ? "those of before serve" : "there are none");
}

static void
keys_cb(const struct message_response *response, void *arg)
{
	struct keys *keys = arg;
	struct outcome failure;
	struct str text;

	keys->is_fetching = false;
	if (connector_keys_interpret(
		keys->arena, response, &text, &failure)) {
		free(keys->text);
		keys->text = strndup(text.at, text.bytes);
		must(keys->text != NULL);
	} else {
		fail(keys, failure.message);
	}
	arena_free(&keys->arena);
	tell(keys);
}

static void
fetch(struct keys *keys)
{
	struct engine *engine = keys->engine;
	struct connector_context context;
	struct message_request request;
	struct outcome failure;

	keys->tried_ms = engine_now_ms(engine);
	keys->arena = arena_new();
	context = engine_connector_context(engine, keys->arena);
	if (connector_keys_prepare(
		keys->connection, &context, &request, &failure)) {
		keys->is_fetching = true;
		http_send(engine->options.http, &request, keys_cb, keys);
		return;
	}
	fail(keys, failure.message);
	arena_free(&keys->arena);
	tell(keys);
}

static bool
is_wanted(const struct keys *keys, bool is_doubted)
{
	int64_t age_ms = engine_now_ms(keys->engine) - keys->tried_ms;

	if (keys->tried_ms == 0 || age_ms < 0)
		return true;
	if (keys->text == NULL || is_doubted)
		return age_ms >= DOUBT_MS;
	return age_ms >= OLD_MS;
}

void
engine_keys(struct engine *engine, const struct def_connection *connection,
    bool is_doubted, engine_keys_fn *fn, void *arg)
{
	struct keys *keys = keys_of(engine, connection);
	struct waiter *waiter;

	if (!keys->is_fetching && !is_wanted(keys, is_doubted)) {
		fn(str_of(keys->text), arg);
		return;
	}
	waiter = calloc(1, sizeof(*waiter));
	must(waiter != NULL);
	*waiter = (struct waiter){keys->waiters, fn, arg};
	keys->waiters = waiter;
	if (!keys->is_fetching)
		fetch(keys);
}

void
keys_init(struct engine *engine)
{
	engine->keys = map_new();
}

void
keys_fini(struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *value;

	while (map_next(engine->keys, &cursor, &name, &value)) {
		struct keys *keys = value;

		while (keys->waiters != NULL) {
			struct waiter *next = keys->waiters->next;

			free(keys->waiters);
			keys->waiters = next;
		}
		arena_free(&keys->arena);
		free(keys->text);
		free(keys);
	}
	map_free(&engine->keys);
}
