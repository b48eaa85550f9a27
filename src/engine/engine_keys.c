/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_keys.c: the public keys that others publish (a JWK set): endpoints,
 * by which their webhooks are verified, and an OpenID provider, by which its
 * access tokens are.
 *
 * They are fetched when they are first wanted, by one exchange however many
 * want them, and again when they are old, or when somebody doubts that they
 * are the newest; doubt counts but from time to time, since whoever sends a
 * forgery could sow it.  What was fetched serves while its owner is away.
 *
 * A provider is asked where its keys are first.  Nobody waits for keys of its
 * that are only old: people are at the door.
 */
#include "engine_priv.h"

#include <stdlib.h>

#define OLD_MS (60 * 60 * 1000)
#define DOUBT_MS (30 * 1000)
#define ISSUER_DOUBT_MS (60 * 1000)
/* A provider whose keys were never had. */
#define ISSUER_RETRY_MS (5 * 1000)

struct waiter {
	struct waiter *next;
	engine_keys_fn *fn;
	void *arg;
};

struct keys {
	struct engine *engine;
	const struct def_connection *connection; /* or NULL */
	const struct issuer *issuer;		 /* or NULL */
	char *text; /* NULL: none */
	int64_t tried_ms;
	int64_t doubted_ms; /* when somebody's doubt last had them fetched */
	bool is_fetching;
	struct arena *arena; /* of the fetching */
	struct waiter *waiters;
};

static struct keys *
keys_of(struct engine *engine, struct str name)
{
	struct keys *keys = map_find(engine->keys, name);

	if (keys == NULL) {
		keys = calloc(1, sizeof(*keys));
		must(keys != NULL);
		keys->engine = engine;
		map_put(engine->keys, arena_str(engine->arena, name), keys);
	}
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
give_up(struct keys *keys, struct str why)
{
	bool is_issuer = keys->issuer != NULL;
	struct str name =
	    is_issuer ? keys->issuer->url : keys->connection->name;

	log_warning("keys not fetched", "%s=%.*s %.*s: %s",
	    is_issuer ? "issuer" : "connection", STR_ARG(name), STR_ARG(why),
	    keys->text != NULL ? "those of before serve" : "there are none");
	keys->is_fetching = false;
	arena_free(&keys->arena);
	tell(keys);
}

static void
keys_cb(const struct message_response *response, void *arg)
{
	struct keys *keys = arg;
	struct outcome failure;
	struct str text;

	if (!connector_keys_interpret(
		keys->arena, response, &text, &failure)) {
		give_up(keys, failure.message);
		return;
	}
	free(keys->text);
	keys->text = strndup(text.at, text.bytes);
	must(keys->text != NULL);
	keys->is_fetching = false;
	arena_free(&keys->arena);
	tell(keys);
}

static void
discovered_cb(const struct message_response *response, void *arg)
{
	struct keys *keys = arg;
	struct message_request request;
	struct outcome failure;
	struct str url;

	if (!issuer_discovery_interpret(
		keys->arena, keys->issuer, response, &url, &failure)) {
		give_up(keys, failure.message);
		return;
	}
	issuer_keys_prepare(keys->arena, keys->issuer, url, &request);
	http_send(keys->engine->options.http, &request, keys_cb, keys);
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
	keys->is_fetching = true;
	if (keys->issuer != NULL) {
		issuer_discovery_prepare(keys->arena, keys->issuer, &request);
		http_send(
		    engine->options.http, &request, discovered_cb, keys);
		return;
	}
	context = engine_connector_context(engine, keys->arena);
	if (connector_keys_prepare(
		keys->connection, &context, &request, &failure))
		http_send(engine->options.http, &request, keys_cb, keys);
	else
		give_up(keys, failure.message);
}

/* A provider that rotates its keys is believed at once, and then not again for
 * a minute. */
static bool
is_wanted(const struct keys *keys, bool is_doubted)
{
	bool is_of_issuer = keys->issuer != NULL;
	bool is_asked_again =
	    is_of_issuer && is_doubted && keys->text != NULL;
	int64_t last_ms = is_asked_again ? keys->doubted_ms : keys->tried_ms;
	int64_t age_ms = engine_now_ms(keys->engine) - last_ms;

	if (last_ms == 0 || age_ms < 0)
		return true;
	if (is_asked_again)
		return age_ms >= ISSUER_DOUBT_MS;
	if (keys->text == NULL || is_doubted)
		return age_ms >= (is_of_issuer ? ISSUER_RETRY_MS : DOUBT_MS);
	return age_ms >= OLD_MS;
}

static void
want(struct keys *keys, bool is_doubted, engine_keys_fn *fn, void *arg)
{
	bool is_wanted_now =
	    !keys->is_fetching && is_wanted(keys, is_doubted);
	bool serves =
	    keys->issuer != NULL && keys->text != NULL && !is_doubted;
	struct waiter *waiter;

	if (serves || (!keys->is_fetching && !is_wanted_now)) {
		fn(str_of(keys->text), arg);
	} else {
		waiter = calloc(1, sizeof(*waiter));
		must(waiter != NULL);
		*waiter = (struct waiter){keys->waiters, fn, arg};
		keys->waiters = waiter;
	}
	if (is_wanted_now && is_doubted)
		keys->doubted_ms = engine_now_ms(keys->engine);
	if (is_wanted_now)
		fetch(keys);
}

void
engine_keys(struct engine *engine, const struct def_connection *connection,
    bool is_doubted, engine_keys_fn *fn, void *arg)
{
	struct keys *keys = keys_of(engine, connection->name);

	keys->connection = connection;
	want(keys, is_doubted, fn, arg);
}

void
engine_issuer_keys(struct engine *engine, const struct issuer *issuer,
    bool is_doubted, engine_keys_fn *fn, void *arg)
{
	/* No connection is called like that. */
	struct keys *keys = keys_of(engine, issuer->url);

	keys->issuer = issuer;
	want(keys, is_doubted, fn, arg);
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
