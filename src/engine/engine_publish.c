/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_publish.c: definitions become part of the store.
 *
 * A published text never changes: its version goes up instead.  The store
 * keeps every text that an instance was started with, so that the instance
 * can run on it for as long as it lives.
 */
#include "engine_priv.h"

#include <stdlib.h>

struct published {
	struct digest digest;
	uint64_t turn; /* in whose batch it is or was; 0: stored */
};

struct publishing {
	struct engine *engine;
	struct library *library;
	struct diag_list *diags;
	struct buf *detail;
	bool refused;
};

static void
note(struct engine *engine, struct digest digest, uint64_t turn)
{
	struct published *published =
	    map_find(engine->published, MAP_KEY_OF(&digest));

	if (published == NULL) {
		published = calloc(1, sizeof(*published));
		must(published != NULL);
		published->digest = digest;
		map_put(engine->published, MAP_KEY_OF(&published->digest),
		    published);
	}
	published->turn = turn;
}

static void
stored_cb(const struct store_definition *row, void *arg)
{
	struct publishing *publishing = arg;
	const struct definition *same =
	    library_find_workflow(publishing->library, row->name, row->version);

	note(publishing->engine, row->digest, 0);
	if (same != NULL && !digest_equal(same->digest, row->digest)) {
		publishing->refused = true;
		buf_addf(publishing->detail,
		    "%sworkflow `%.*s` version %lld has "
		    "been published with another text: give the changed text a "
		    "higher version",
		    publishing->detail->bytes ? "; " : "", STR_ARG(row->name),
		    (long long)row->version);
		return;
	}
	if (same == NULL &&
	    library_add_version(publishing->library,
		arena_strf(publishing->engine->arena,
		    "%.*s version %lld (stored)", STR_ARG(row->name),
		    (long long)row->version),
		row->source, publishing->diags) == NULL)
		log_warning("a stored version can't be loaded",
		    "workflow=%.*s version=%lld: instances on it stand still",
		    STR_ARG(row->name), (long long)row->version);
}

static void
put(struct engine *engine, const struct definition *definition)
{
	struct store_definition row = {
	    .digest = definition->digest,
	    .name = definition->name,
	    .version = definition->version,
	    .source = definition->source,
	    .published_ms = engine_now_ms(engine),
	    .published_by = STR("engine"),
	};

	store_put_definition(store_batch(engine->store), &row);
}

static void
put_new(struct engine *engine, const struct library *library)
{
	const struct definition *definition;

	for (size_t i = 0; (definition = library_workflow_at(library, i));
	     i++) {
		if (map_find(
			engine->published, MAP_KEY_OF(&definition->digest)))
			continue;
		put(engine, definition);
		note(engine, definition->digest, engine->building->serial);
	}
}

bool
publish_library(
    struct engine *engine, struct library *library, struct buf *detail)
{
	struct publishing publishing = {
	    .engine = engine,
	    .library = library,
	    .diags = diag_list_new(),
	    .detail = detail,
	};
	enum store_error error =
	    store_each_definition(engine->store, stored_cb, &publishing);

	diag_list_free(&publishing.diags);
	if (error != STORE_OK) {
		buf_add_str(detail, store_error_text(error));
		return false;
	}
	if (publishing.refused)
		return false;
	put_new(engine, library);
	engine->library = library;
	return true;
}

void
publish_definition(struct engine *engine, struct turn *turn,
    const struct definition *definition)
{
	if (map_find(engine->published, MAP_KEY_OF(&definition->digest)))
		return;
	put(engine, definition);
	note(engine, definition->digest, turn->serial);
}

void
publish_revoke(struct engine *engine)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	while (map_next(engine->published, &cursor, &key, &value)) {
		struct published *published = value;

		if (turn_is_durable(engine, published->turn))
			continue;
		map_remove(
		    engine->published, MAP_KEY_OF(&published->digest));
		free(published);
	}
}

void
publish_fini(struct engine *engine)
{
	size_t cursor = 0;
	struct str key;
	void *published;

	while (map_next(engine->published, &cursor, &key, &published))
		free(published);
	map_free(&engine->published);
}
