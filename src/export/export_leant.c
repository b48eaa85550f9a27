/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_leant.c: the documents that workflows lean on.
 *
 * Which those are is what loading finds out: the definitions are loaded
 * against the latest version of every document.  Where that fails (somebody
 * took away what instances ran on) all documents count, since nobody can say
 * which are not needed.
 */
#include "export_priv.h"

#include "stated/library.h"

struct leant {
	struct library *library;
	struct diag_list *unheard;
	const struct map *named;
	struct arena *arena;
	struct map *latest; /* "decision limits" -> its text, char * */
	struct map *wanted; /* the same names -> anything */
	bool wants_all;
	store_document_fn *fn;
	void *arg;
};

static struct str
name_of(struct arena *arena, struct str kind, struct str name)
{
	return arena_strf(
	    arena, "%.*s %.*s", STR_ARG(kind), STR_ARG(name));
}

static void
note_latest_cb(const struct store_document *row, void *arg)
{
	struct leant *leant = arg;
	struct str name = name_of(leant->arena, row->kind, row->name);

	map_put(leant->latest, name,
	    (void *)(uintptr_t)arena_str(leant->arena, row->source).at);
}

static void
load_latest(struct leant *leant)
{
	size_t cursor = 0;
	struct str name;
	void *source;

	while (map_next(leant->latest, &cursor, &name, &source))
		library_add_text(
		    leant->library, name, str_of(source), leant->unheard);
	leant->wants_all = !library_link(leant->library, leant->unheard);
}

static void
want_cb(const struct library_document *document, void *arg)
{
	struct leant *leant = arg;

	(void)map_put(leant->wanted,
	    name_of(leant->arena, document->kind, document->name), leant);
}

static void
look_at_definition_cb(const struct store_definition *row, void *arg)
{
	struct leant *leant = arg;
	const struct definition *definition;
	char hex[DIGEST_HEX_BYTES];

	if (map_find(leant->named, digest_hex(row->digest, hex)) == NULL)
		return;
	definition = library_add_version(
	    leant->library, row->name, row->source, leant->unheard);
	if (definition == NULL)
		leant->wants_all = true;
	else
		library_each_leant(
		    leant->library, definition, want_cb, leant);
}

/* Who was told of what was done alone is in no definition. */
static void
look_at_contacts(struct leant *leant)
{
	size_t cursor = 0;
	struct str name;
	void *value;

	while (map_next(leant->named, &cursor, &name, &value))
		if (str_has_prefix(name, STR(EXPORT_CONTACT)))
			library_each_leant_by(
			    leant->library, name, want_cb, leant);
}

static void
tell_cb(const struct store_document *row, void *arg)
{
	const struct leant *leant = arg;

	if (leant->wants_all ||
	    map_find(leant->wanted,
		name_of(leant->arena, row->kind, row->name)) != NULL)
		leant->fn(row, leant->arg);
}

enum store_error
export_leant_each(struct store *store, const struct map *named,
    store_document_fn *fn, void *arg)
{
	struct leant leant = {
	    .library = library_new(),
	    .unheard = diag_list_new(),
	    .named = named,
	    .arena = arena_new(),
	    .latest = map_new(),
	    .wanted = map_new(),
	    .fn = fn,
	    .arg = arg,
	};
	enum store_error error =
	    store_each_document(store, note_latest_cb, &leant);

	if (error == STORE_OK) {
		load_latest(&leant);
		look_at_contacts(&leant);
		error = store_each_definition(
		    store, look_at_definition_cb, &leant);
	}
	if (error == STORE_OK)
		error = store_each_document(store, tell_cb, &leant);
	map_free(&leant.wanted);
	map_free(&leant.latest);
	arena_free(&leant.arena);
	diag_list_free(&leant.unheard);
	library_free(&leant.library);
	return error;
}
