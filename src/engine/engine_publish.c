/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_publish.c: definitions become part of the store.
 *
 * A published text never changes: its version goes up instead.  The store
 * keeps every text that an instance was started with, so that the instance
 * can run on it for as long as it lives.
 *
 * What is published while the engine runs is linked as a library of its own
 * over the one there is, and adopted by it.  From the batch that stores it on,
 * starts use it: they stand or fall with that batch.
 */
#include "engine_priv.h"

#include "stated/json.h"
#include "stated/prove.h"

#include <stdlib.h>

/* Lives as long as the engine: instances may run on what is in it. */
struct addition {
	struct addition *older;
	struct library *library;
	uint64_t turn; /* in whose batch it is or was */
};

struct published {
	struct digest digest;
	uint64_t turn; /* in whose batch it is or was; 0: stored */
};

/* What the store has of a document, last. */
struct kept_document {
	struct digest digest; /* zeros: nothing */
	uint64_t turn; /* in whose batch it is or was; 0: stored */
};

struct publishing {
	struct engine *engine;
	struct library *library;
	struct lost lost;
	struct buf *detail; /* why it is refused */
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

/* NULL where it is lost. */
static const struct definition *
load_stored(struct publishing *publishing, const struct store_definition *row)
{
	struct diag_list *diags = diag_list_new();
	const struct definition *definition = library_add_version(
	    publishing->library,
	    arena_strf(publishing->engine->arena, "%.*s version %lld (stored)",
		STR_ARG(row->name), (long long)row->version),
	    row->source, diags);

	if (definition != NULL &&
	    !digest_equal(definition->digest, row->digest)) {
		library_abandon(publishing->library, definition);
		definition = NULL;
	}
	if (definition == NULL)
		lost_add(&publishing->lost, publishing->engine, row, diags);
	diag_list_free(&diags);
	return definition;
}

/* Why a text can't be published under that version: another has been. */
static void
tell_changed(struct buf *detail, const struct definition *definition)
{
	buf_addf(detail,
	    "%sworkflow `%.*s` version %lld has been published with ",
	    detail->bytes ? "; " : "", STR_ARG(definition->name),
	    (long long)definition->version);
}

/* Whether the text says something else than the one that is published, though
 * it has its digest; *detail then says where. */
static bool
is_reordered(const struct definition *definition, struct str published,
    struct buf *detail)
{
	struct buf where = {0};
	bool is = library_is_reordered(published, definition->source, &where);

	if (is) {
		tell_changed(detail, definition);
		buf_addf(detail,
		    "the keys of `%.*s` in another order, which means "
		    "something there: put them back into that order, or ",
		    STR_ARG(buf_str(&where)));
	}
	buf_fini(&where);
	return is;
}

/*
 * The text that is stored runs, and none of a file that says the same with
 * other comments or its states in another order: instances as they are stored
 * count states, transitions and steps as they come in it.
 */
static void
take(struct publishing *publishing, const struct store_definition *row)
{
	struct library *library = publishing->library;
	const struct definition *stored;
	const struct definition *same =
	    library_find_workflow(library, row->name, row->version);

	if (same != NULL && !digest_equal(same->digest, row->digest)) {
		tell_changed(publishing->detail, same);
		buf_add_cstr(publishing->detail,
		    "another text, or other shared definitions: give what has "
		    "changed a higher version");
		return;
	}
	if (same != NULL && str_equal(same->source, row->source))
		return;
	stored = load_stored(publishing, row);
	if (stored == NULL || same == NULL)
		return;
	library_abandon(library, same);
	library_adopt(library, stored);
	if (is_reordered(same, stored->source, publishing->detail))
		buf_add_cstr(publishing->detail,
		    "give what has changed a higher version");
}

static void
stored_cb(const struct store_definition *row, void *arg)
{
	struct publishing *publishing = arg;

	note(publishing->engine, row->digest, 0);
	take(publishing, row);
}

/* What a batch under way will have stored holds against files, too. */
static void
take_under_way(struct publishing *publishing)
{
	const struct engine *engine = publishing->engine;
	const struct definition *definition;

	for (size_t i = 0;
	     engine->library != NULL &&
	     (definition = library_workflow_at(engine->library, i));
	     i++) {
		const struct published *published = map_find(
		    engine->published, MAP_KEY_OF(&definition->digest));

		if (published == NULL ||
		    turn_is_durable(engine, published->turn) ||
		    library_find_workflow(publishing->library,
			definition->name, definition->version) == NULL)
			continue;
		take(publishing, &(struct store_definition){
				     .digest = definition->digest,
				     .name = definition->name,
				     .version = definition->version,
				     .source = definition->source,
				 });
	}
}

static void
tell_journal(struct engine *engine, const struct definition *definition,
    struct str by)
{
	struct value_builder *record = journal_begin(engine, engine->building,
	    JOURNAL_DEFINITION_PUBLISHED, by);
	char hex[DIGEST_HEX_BYTES];

	value_put_str(record, "name", definition->name);
	value_put_int(record, "version", definition->version);
	value_put_str(record, "digest", digest_hex(definition->digest, hex));
	journal_add(engine, record);
}

static void
put(struct engine *engine, const struct definition *definition, struct str by)
{
	struct store_definition row = {
	    .digest = definition->digest,
	    .name = definition->name,
	    .version = definition->version,
	    .source = definition->source,
	    .published_ms = engine_now_ms(engine),
	    .published_by = by,
	};

	store_put_definition(store_batch(engine->store), &row);
	tell_journal(engine, definition, by);
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
		put(engine, definition, STR(CHART_ENGINE));
		note(engine, definition->digest, engine->building->serial);
	}
}

/* ---- what workflows lean on ---- */

/* What is known of it; a new one has no turn and zeros for a digest. */
static struct kept_document *
find_kept(struct engine *engine, struct str kind, struct str name)
{
	struct buf key = {0};
	struct kept_document *kept;

	buf_addf(&key, "%.*s %.*s", STR_ARG(kind), STR_ARG(name));
	kept = map_find(engine->documents, buf_str(&key));
	if (kept == NULL) {
		kept = calloc(1, sizeof(*kept));
		must(kept != NULL);
		map_put(engine->documents, buf_str(&key), kept);
	}
	buf_fini(&key);
	return kept;
}

static void
stored_document_cb(const struct store_document *row, void *arg)
{
	find_kept(arg, row->kind, row->name)->digest = row->digest;
}

/* Puts those that say something else than before.  One that is taken away
 * isn't told of: nothing leans on it any more. */
static void
keep_documents(struct engine *engine, uint64_t turn)
{
	struct library_document document;

	for (size_t i = 0;
	     library_document_at(engine->library, i, &document); i++) {
		struct kept_document *kept =
		    find_kept(engine, document.kind, document.name);

		if (digest_equal(kept->digest, document.digest))
			continue;
		store_add_document(store_batch(engine->store),
		    &(struct store_document){
			.kind = document.kind,
			.name = document.name,
			.digest = document.digest,
			.source = document.source,
			.since_ms = engine_now_ms(engine),
		    });
		kept->digest = document.digest;
		kept->turn = turn;
	}
	engine->documents_are_kept = true;
}

/* They are put again by the next start. */
static void
revoke_documents(struct engine *engine)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	while (map_next(engine->documents, &cursor, &key, &value)) {
		struct kept_document *kept = value;

		if (turn_is_durable(engine, kept->turn))
			continue;
		kept->digest = (struct digest){0};
		kept->turn = 0;
		engine->documents_are_kept = false;
	}
}

/* ---- proofs ---- */

static bool
is_published(const struct engine *engine, const struct definition *definition)
{
	return map_find(engine->published, MAP_KEY_OF(&definition->digest)) !=
	       NULL;
}

/* Whether all that is new in `own` is proved, where that is required. */
static bool
is_proved(struct engine *engine, const struct library *own,
    struct diag_list *diags)
{
	const struct definition *definition;
	bool proved = true;

	for (size_t i = 0; engine->options.proofs_required &&
			   (definition = library_workflow_at(own, i));
	     i++)
		if (!is_published(engine, definition) &&
		    !prove_is_proved(definition, own, diags))
			proved = false;
	return proved;
}

static bool
is_library_proved(
    struct engine *engine, const struct library *library, struct buf *detail)
{
	struct diag_list *diags = diag_list_new();
	bool proved = is_proved(engine, library, diags);

	if (!proved) {
		buf_add_cstr(detail, "proofs are required here, and these "
				     "workflows are not proved:\n");
		diag_format(diags, detail, false);
	}
	diag_list_free(&diags);
	return proved;
}

/* ---- a library of files ---- */

/* What is stored, but in a batch that is still under way. */
static void
adopt_additions(struct engine *engine, struct library *library)
{
	const struct definition *definition;

	for (struct addition *addition = engine->additions; addition != NULL;
	     addition = addition->older)
		for (size_t i = 0; (definition = library_workflow_at(
					addition->library, i));
		     i++)
			if (is_published(engine, definition) &&
			    library_find_workflow(library, definition->name,
				definition->version) == NULL)
				library_adopt(library, definition);
}

/* Versions that are stored become part of the library; false with *detail
 * where that can't be. */
static bool
take_definitions(struct publishing *publishing)
{
	struct engine *engine = publishing->engine;
	struct buf *detail = publishing->detail;
	enum store_error error =
	    store_each_definition(engine->store, stored_cb, publishing);

	if (error == STORE_OK)
		take_under_way(publishing);
	if (error == STORE_OK)
		error = lost_check(&publishing->lost, engine, detail);
	if (error != STORE_OK)
		buf_add_str(detail, store_error_text(error));
	return error == STORE_OK && detail->bytes == 0;
}

/* The same of all that is stored. */
static bool
take_stored(
    struct engine *engine, struct library *library, struct buf *detail)
{
	struct publishing publishing = {
	    .engine = engine,
	    .library = library,
	    .detail = detail,
	};
	enum store_error error = STORE_OK;
	bool is_taken = false;

	if (map_count(engine->documents) == 0)
		error = store_each_document(
		    engine->store, stored_document_cb, engine);
	lost_init(&publishing.lost);
	if (error != STORE_OK)
		buf_add_str(detail, store_error_text(error));
	else
		is_taken = take_definitions(&publishing);
	if (is_taken)
		lost_tell(&publishing.lost);
	lost_fini(&publishing.lost);
	return is_taken;
}

/* As far as it is asked for definitions: nothing runs in it. */
static struct engine *
begin_asking(const struct engine_options *options)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	must(engine != NULL);
	engine->options = *options;
	engine->store = options->store;
	engine->arena = arena_new();
	engine->instances = map_new();
	engine->published = map_new();
	engine->documents = map_new();
	return engine;
}

static void
end_asking(struct engine *engine)
{
	publish_fini(engine);
	map_free(&engine->instances);
	arena_free(&engine->arena);
	free(engine);
}

bool
engine_can_serve(const struct engine_options *options, struct buf *detail)
{
	struct publishing publishing = {
	    .engine = begin_asking(options),
	    .library = options->library,
	    .detail = detail,
	};
	bool can;

	lost_init(&publishing.lost);
	can = take_definitions(&publishing) &&
	      is_library_proved(
		  publishing.engine, publishing.library, detail);
	lost_fini(&publishing.lost);
	end_asking(publishing.engine);
	return can;
}

bool
publish_library(
    struct engine *engine, struct library *library, struct buf *detail)
{
	if (!take_stored(engine, library, detail) ||
	    !is_library_proved(engine, library, detail))
		return false;
	adopt_additions(engine, library);
	put_new(engine, library);
	engine->library = library;
	keep_documents(engine, engine->building->serial);
	return true;
}

void
publish_definition(struct engine *engine, struct turn *turn,
    const struct definition *definition)
{
	if (!engine->documents_are_kept)
		keep_documents(engine, turn->serial);
	if (map_find(engine->published, MAP_KEY_OF(&definition->digest)))
		return;
	put(engine, definition, STR(CHART_ENGINE));
	note(engine, definition->digest, turn->serial);
}

/* ---- published while the engine runs ---- */

static const struct value *
findings(struct arena *arena, struct diag_list *diags)
{
	struct buf text = {0};
	struct json_error error;
	const struct value *value;

	diag_format_json(diags, &text);
	value = json_read(arena, buf_str(&text), &error);
	buf_fini(&text);
	must(value != NULL);
	return value;
}

static void
refuse(struct turn *turn, const struct request *request,
    enum engine_status status, struct diag_list *diags, struct str detail)
{
	struct engine_reply *reply = turn_reply(turn, request, status);

	if (reply == NULL)
		return;
	reply->detail = detail;
	reply->view = findings(turn->arena, diags);
}

/* Another text under a version that is taken, whoever has taken it. */
static bool
is_another(const struct definition *published,
    const struct definition *definition, struct buf *detail)
{
	if (digest_equal(published->digest, definition->digest))
		return is_reordered(definition, published->source, detail);
	tell_changed(detail, definition);
	buf_add_cstr(detail, "another text: ");
	return true;
}

static bool
is_changed(struct engine *engine, const struct library *own,
    struct turn *turn, struct str *detail)
{
	const struct definition *definition, *same;
	struct buf text = buf_in(turn->arena);

	for (size_t i = 0; (definition = library_workflow_at(own, i)); i++) {
		same = library_find_workflow(
		    engine->library, definition->name, definition->version);
		if (same == NULL || !is_another(same, definition, &text))
			continue;
		buf_addf(&text, "give the changed text the version %lld",
		    (long long)library_find_workflow(
			engine->library, definition->name, 0)
			    ->version +
			1);
		*detail = buf_keep(&text);
		return true;
	}
	return false;
}

/* Whether it may be published; else the request is answered. */
static bool
is_accepted(struct engine *engine, struct turn *turn, struct request *request,
    struct library *own, struct diag_list *diags)
{
	const struct engine_publish *publish = &request->publish;
	struct str detail;

	for (size_t i = 0; i < publish->count; i++)
		library_add_text(own, publish->documents[i].file,
		    publish->documents[i].text, diags);
	if (!library_link(own, diags)) {
		refuse(turn, request, ENGINE_FAULTY, diags,
		    STR("nothing was published: mend what is named, and try "
			"again"));
		return false;
	}
	if (is_changed(engine, own, turn, &detail)) {
		refuse(turn, request, ENGINE_CHANGED, diags, detail);
		return false;
	}
	if (is_proved(engine, own, diags))
		return true;
	refuse(turn, request, ENGINE_UNPROVED, diags,
	    STR("nothing was published: mend what is named, and try again"));
	return false;
}

/* The items of the answer; *fresh: whether one of them is new. */
static const struct value *
items_of(struct engine *engine, struct turn *turn, const struct library *own,
    bool *fresh)
{
	struct value_builder *items = value_build_list(turn->arena);
	const struct definition *definition;
	char hex[DIGEST_HEX_BYTES];

	*fresh = false;
	for (size_t i = 0; (definition = library_workflow_at(own, i)); i++) {
		struct value_builder *item = value_build_context(turn->arena);
		bool is_new = !is_published(engine, definition);

		value_put_str(item, "name", definition->name);
		value_put_int(item, "version", definition->version);
		value_put_str(
		    item, "digest", digest_hex(definition->digest, hex));
		value_put(item, STR("new"), value_of_boolean(is_new));
		value_put(item, STR("newest"),
		    value_of_boolean(
			library_find_workflow(own, definition->name, 0)
			    ->version == definition->version));
		value_append(items, value_built(item));
		*fresh |= is_new;
	}
	return value_built(items);
}

static void
add(struct engine *engine, struct turn *turn, struct library *own,
    struct str actor)
{
	struct addition *addition = calloc(1, sizeof(*addition));
	const struct definition *definition;

	must(addition != NULL);
	*addition = (struct addition){engine->additions, own, turn->serial};
	engine->additions = addition;
	for (size_t i = 0; (definition = library_workflow_at(own, i)); i++) {
		if (is_published(engine, definition))
			continue;
		put(engine, definition,
		    actor.bytes > 0 ? actor : STR(CHART_ENGINE));
		note(engine, definition->digest, turn->serial);
		library_adopt(engine->library, definition);
	}
	schedule_reload(engine);
}

static void
reply_items(struct turn *turn, const struct request *request,
    const struct value *items, bool fresh)
{
	struct value_builder *view = value_build_context(turn->arena);
	struct engine_reply *reply =
	    turn_reply(turn, request, fresh ? ENGINE_CREATED : ENGINE_OK);

	if (reply == NULL)
		return;
	value_put(view, STR("items"), items);
	value_put(view, STR("dry_run"),
	    value_of_boolean(request->publish.dry_run));
	reply->view = value_built(view);
}

void
publish_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_publish *publish = &request->publish;
	struct library *own = library_new_over(engine->library);
	struct diag_list *diags = diag_list_new();

	if (is_accepted(engine, turn, request, own, diags)) {
		bool fresh;
		const struct value *items =
		    items_of(engine, turn, own, &fresh);

		fresh &= !publish->dry_run;
		if (fresh && (publish->proposes ||
				 engine->options.publishing_needs_two)) {
			proposal_publish(engine, turn, request, items);
		} else {
			reply_items(turn, request, items, fresh);
			if (fresh) {
				add(engine, turn, own, publish->actor.name);
				own = NULL;
			}
		}
	}
	diag_list_free(&diags);
	library_free(&own);
}

bool
publish_confirmed(
    struct engine *engine, struct turn *turn, struct request *request)
{
	struct library *own = library_new_over(engine->library);
	struct diag_list *diags = diag_list_new();
	bool is_done = is_accepted(engine, turn, request, own, diags);

	if (is_done) {
		add(engine, turn, own, request->publish.actor.name);
		own = NULL;
	}
	diag_list_free(&diags);
	library_free(&own);
	return is_done;
}

/* Starts can't use it any more. */
static void
abandon(struct engine *engine, const struct addition *addition)
{
	const struct definition *definition;

	for (size_t i = 0;
	     (definition = library_workflow_at(addition->library, i)); i++)
		library_abandon(engine->library, definition);
}

void
publish_revoke(struct engine *engine)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	for (struct addition *addition = engine->additions; addition != NULL;
	     addition = addition->older)
		if (!turn_is_durable(engine, addition->turn))
			abandon(engine, addition);

	revoke_documents(engine);
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
	cursor = 0;
	while (map_next(engine->documents, &cursor, &key, &published))
		free(published);
	map_free(&engine->documents);
	while (engine->additions != NULL) {
		struct addition *addition = engine->additions;

		engine->additions = addition->older;
		abandon(engine, addition); /* the library is the caller's */
		library_free(&addition->library);
		free(addition);
	}
}
