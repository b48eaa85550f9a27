/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.c: documents gathered, then loaded in the order in which they lean
 * on one another: schemas, calendars, connections, decisions, contacts,
 * workflows.
 *
 * So a name is looked up where it is used, while its place in the text is
 * still known, and a loaded document never changes again.
 */
#include "stated/library.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "load_priv.h"

#define FOLDER_DEPTH_MAX 32

/* Names of documents, "decision limits", that another one leans on. */
struct leaning {
	struct str *names;
	size_t count;
	size_t capacity;
};

struct entry {
	const struct yaml_document *document;
	struct str name; /* "payment"; of workflows "payment 3" too */
	void *loaded;    /* NULL before library_link() */
	struct digest digest; /* not of workflows */
	struct leaning leaning;
};

struct shelf {
	struct entry *entries;
	size_t count;
	size_t capacity;
	struct map *loaded; /* name -> what is loaded */
	struct map *unread; /* names of documents whose form is wrong */
	struct str *names;
	size_t name_count;
	size_t name_capacity;
};

struct library {
	struct arena *arena;
	const struct library *base; /* NULL: it stands by itself */
	struct str alarm; /* a contact's name; empty: none */
	struct map *files; /* that were read, by identity */
	struct shelf shelves[DOCUMENT_KINDS];
	/* All versions, those of library_add_version() too. */
	const struct definition **definitions;
	size_t definition_count;
	size_t definition_capacity;
	/* Of the document that is being loaded; NULL: none is. */
	struct leaning *leaning;
	bool is_linked;
};

static const struct load_case document_cases[DOCUMENT_KINDS] = {
	[DOCUMENT_SCHEMA] = {"schema", NULL, 0, &load_shared_table},
	[DOCUMENT_CALENDAR] = {"calendar", NULL, 0, &load_calendar_table},
	[DOCUMENT_CONNECTION] = {"connection", NULL, 0,
	    &load_connection_cases_table},
	[DOCUMENT_DECISION] = {"decision", NULL, 0, &load_decision_table},
	[DOCUMENT_CONTACT] = {"contact", NULL, 0, &load_contact_table},
	[DOCUMENT_WORKFLOW] = {"workflow", NULL, 0, &load_workflow_table},
};
const struct load_table load_document_table =
    LOAD_CASES("a document", document_cases);

struct library *
library_new(void)
{
	struct library *library = calloc(1, sizeof(*library));

	must(library);
	library->arena = arena_new();
	library->files = map_new();
	for (size_t i = 0; i < DOCUMENT_KINDS; i++)
		library->shelves[i].loaded = map_new();
	for (size_t i = 0; i < DOCUMENT_KINDS; i++)
		library->shelves[i].unread = map_new();
	return library;
}

void
library_free(struct library **library)
{
	if (!*library)
		return;
	for (size_t i = 0; i < DOCUMENT_KINDS; i++)
		map_free(&(*library)->shelves[i].loaded);
	for (size_t i = 0; i < DOCUMENT_KINDS; i++)
		map_free(&(*library)->shelves[i].unread);
	map_free(&(*library)->files);
	arena_free(&(*library)->arena);
	free(*library);
	*library = NULL;
}

const struct str *
library_names(struct library *library, enum load_document kind, size_t *count)
{
	*count = library->shelves[kind].name_count;
	return library->shelves[kind].names;
}

bool
library_is_unread(const struct library *library, enum load_document kind,
    struct str name)
{
	return map_find(library->shelves[kind].unread, name) != NULL ||
	    (library->base && library_is_unread(library->base, kind, name));
}

/* Whatever is looked up while a document is loaded, it leans on. */
static void
note_leaning(const struct library *library, enum load_document kind,
    struct str name)
{
	struct leaning *leaning = library->leaning;
	struct str noted;

	if (!leaning)
		return;
	noted = arena_strf(library->arena, "%s %.*s",
	    document_cases[kind].key, STR_ARG(name));
	if (str_is_among(noted, leaning->names, leaning->count))
		return;
	leaning->names = arena_grow(library->arena, leaning->names,
	    leaning->count, &leaning->capacity, sizeof(struct str));
	leaning->names[leaning->count++] = noted;
}

const struct yaml_node *
library_find_document(const struct library *library, enum load_document kind,
    struct str name)
{
	const struct shelf *shelf = &library->shelves[kind];

	note_leaning(library, kind, name);
	for (size_t i = 0; i < shelf->count; i++) {
		if (str_equal(shelf->entries[i].name, name))
			return shelf->entries[i].document->root;
	}
	return library->base ? library_find_document(library->base, kind,
	    name) : NULL;
}

bool
library_has_unread(const struct library *library, enum load_document kind)
{
	return map_count(library->shelves[kind].unread) > 0 ||
	    (library->base && library_has_unread(library->base, kind));
}

/* ---- gathering ---- */

static enum load_document
find_kind(struct str key)
{
	enum load_document kind = DOCUMENT_SCHEMA;

	while (kind < DOCUMENT_KINDS &&
	    !str_equal(str_of(document_cases[kind].key), key))
		kind++;
	return kind;
}

bool
library_is_kind(struct str key)
{
	return find_kind(key) != DOCUMENT_KINDS;
}

static void
report_what(struct diag_list *diags, const struct yaml_node *root)
{
	struct str legal[DOCUMENT_KINDS];
	struct str nearest;
	struct str key;

	/* Keys that are no words were told while reading. */
	if (root->kind == NODE_MAP && root->count == 0 && root->weight > 1)
		return;
	if (root->kind != NODE_MAP || root->count == 0) {
		diag_add(diags, DIAG_ERROR, LOAD_WHAT, root->span,
		    "a document is a mapping that begins with what it is");
		diag_repair(diags,
		    "begin with workflow, connection, decision, calendar, "
		    "contact or schema");
		return;
	}
	for (size_t i = 0; i < DOCUMENT_KINDS; i++)
		legal[i] = str_of(document_cases[i].key);
	key = root->pairs[0].key->text;
	nearest = str_nearest(key, legal, DOCUMENT_KINDS);
	diag_add(diags, DIAG_ERROR, LOAD_WHAT, root->pairs[0].key->span,
	    "the first key says what a document is, and `%.*s` is none of "
	    "these",
	    STR_ARG(yaml_short(key)));
	if (nearest.at)
		diag_repair(diags, "did you mean `%.*s`?", STR_ARG(nearest));
	else if (str_equal(key, STR("test")))
		diag_repair(diags,
		    "scenarios stand in files named *.test.yaml, "
		    "which `stated test` plays");
	else
		diag_repair(diags,
		    "begin with workflow, connection, decision, calendar, "
		    "contact or schema");
}

/* Only what has versions can come later: everything else would change under
 * the instances that run. */
static void
report_unversioned(struct diag_list *diags, const struct yaml_node *root,
    enum load_document kind)
{
	diag_add(diags, DIAG_ERROR, LOAD_UNVERSIONED, root->span,
	    "only workflows are published: a %s has no version",
	    document_cases[kind].key);
	diag_repair(diags,
	    "put it among the files that the server reads, and reload them");
}

/* Workflows have one name per version. */
static struct str
entry_name(struct arena *arena, enum load_document kind,
    const struct yaml_node *root)
{
	const struct yaml_node *version = yaml_tree_find(root, "version");
	struct str name = root->pairs[0].value->text;

	if (kind != DOCUMENT_WORKFLOW || !version || version->kind != NODE_TEXT)
		return name;
	return arena_strf(arena, "%.*s %.*s", STR_ARG(name),
	    STR_ARG(version->text));
}

static bool
is_new_entry(const struct shelf *shelf, const struct yaml_node *root,
    struct str name, const char *kind, struct diag_list *diags)
{
	for (size_t i = 0; i < shelf->count; i++) {
		struct diag_span first =
		    shelf->entries[i].document->root->pairs[0].value->span;

		if (!str_equal(shelf->entries[i].name, name))
			continue;
		diag_add(diags, DIAG_ERROR, LOAD_DUPLICATE_DOCUMENT,
		    root->pairs[0].value->span,
		    "the %s `%.*s` is defined twice", kind, STR_ARG(name));
		diag_repair(diags, "the first stands at %.*s:%u",
		    STR_ARG(first.source->file), first.line);
		return false;
	}
	return true;
}

static void
add_name(struct library *library, struct shelf *shelf, struct str name)
{
	if (name.bytes == 0 ||
	    str_is_among(name, shelf->names, shelf->name_count))
		return;
	shelf->names = arena_grow(library->arena, shelf->names,
	    shelf->name_count, &shelf->name_capacity, sizeof(struct str));
	shelf->names[shelf->name_count++] = name;
}

static void
add_document(struct library *library, const struct yaml_document *document,
    struct diag_list *diags)
{
	const struct yaml_node *root = document->root;
	enum load_document kind = DOCUMENT_KINDS;
	struct shelf *shelf;
	struct str name;

	if (root->kind == NODE_MAP && root->count > 0)
		kind = find_kind(root->pairs[0].key->text);
	if (kind == DOCUMENT_KINDS) {
		report_what(diags, root);
		return;
	}
	if (library->base && kind != DOCUMENT_WORKFLOW) {
		report_unversioned(diags, root, kind);
		return;
	}
	shelf = &library->shelves[kind];
	name = entry_name(library->arena, kind, root);
	if (name.bytes > 0 && !is_new_entry(shelf, root, name,
	    document_cases[kind].key, diags))
		return;
	shelf->entries = arena_grow(library->arena, shelf->entries,
	    shelf->count, &shelf->capacity, sizeof(struct entry));
	shelf->entries[shelf->count++] =
	    (struct entry){.document = document, .name = name};
	add_name(library, shelf, root->pairs[0].value->text);
}

/* A document that can't be read has a name all the same, which others may
 * lean on: that it is missing would be no help to say. */
static void
note_unread(struct library *library, struct str text)
{
	struct str line = {0};
	struct str value;
	enum load_document kind;

	while (text.at && (line.bytes == 0 || line.at[0] == '#' ||
	    str_has_prefix(line, STR("---"))))
		line = str_trim(str_split(text, '\n', &text));
	kind = find_kind(str_trim(str_split(line, ':', &value)));
	if (kind == DOCUMENT_KINDS || !value.at)
		return;
	value = str_trim(str_split(str_trim(value), ' ', &line));
	(void)map_put(library->shelves[kind].unread, value, library);
}

void
library_add_text(struct library *library, struct str file, struct str text,
    struct diag_list *diags)
{
	struct yaml_source *source =
	    ARENA_NEW(library->arena, struct yaml_source);
	struct str part;
	size_t offset = 0;

	must(!library->is_linked);
	if (!yaml_source_init(source, library->arena, file, text, diags))
		return;
	while (yaml_source_next(source, &offset, &part)) {
		const struct yaml_document *document = yaml_tree_read(
		    library->arena, source, part, diags);

		if (document)
			add_document(library, document, diags);
		else
			note_unread(library, part);
	}
}

/* ---- files ---- */

static void
report_file(struct library *library, struct str path, const char *why,
    struct diag_list *diags)
{
	struct diag_source *source =
	    ARENA_NEW(library->arena, struct diag_source);

	source->file = arena_str(library->arena, path);
	source->text = STR("");
	diag_add(diags, DIAG_ERROR, LOAD_UNREADABLE,
	    (struct diag_span){.source = source}, "can't be read: %s", why);
}

static void
add_file(struct library *library, struct str path, struct diag_list *diags)
{
	const char *name = arena_cstr(library->arena, path);
	FILE *file = fopen(name, "re");
	struct buf text = {0};

	if (!file) {
		report_file(library, path, strerror(errno), diags);
		return;
	}
	/* One byte too many is enough to be refused as too large. */
	if (!buf_add_file(&text, file, YAML_SOURCE_BYTES_MAX))
		report_file(library, path, strerror(errno), diags);
	else
		library_add_text(library, path, buf_str(&text), diags);
	(void)fclose(file);
	buf_fini(&text);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

bool
library_is_document(struct str path)
{
	return (str_has_suffix(path, STR(".yaml")) ||
	    str_has_suffix(path, STR(".yml"))) &&
	    !str_has_suffix(path, STR(".test.yaml")) &&
	    !str_has_suffix(path, STR(".test.yml"));
}

/* Whether it was read before, by this name or another: a file is named beside
 * the folder that it is in, or by a link. */
static bool
is_read(struct library *library, const struct stat *status)
{
	struct str identity = arena_strf(library->arena, "%llu:%llu",
	    (unsigned long long)status->st_dev,
	    (unsigned long long)status->st_ino);

	return map_put(library->files, identity, library) != NULL;
}

/* Who names a pipe has something come through it; one that is found in a folder
 * may be silent for ever. */
static void
add_found(struct library *library, struct str path, unsigned depth,
    const struct stat *status, struct diag_list *diags)
{
	if (depth > 0 && !library_is_document(path))
		return;
	if (depth > 0 && !S_ISREG(status->st_mode))
		report_file(library, path, "it is no file", diags);
	else if (!S_ISREG(status->st_mode) || !is_read(library, status))
		add_file(library, path, diags);
}

static void
add_path(struct library *library, struct str path, unsigned depth,
    struct diag_list *diags)
{
	const char *name = arena_cstr(library->arena, path);
	struct dirent **entries = NULL;
	struct stat status;
	int count;

	if (stat(name, &status) != 0) {
		report_file(library, path, strerror(errno), diags);
		return;
	}
	if (!S_ISDIR(status.st_mode)) {
		add_found(library, path, depth, &status, diags);
		return;
	}
	count = depth < FOLDER_DEPTH_MAX ?
	    scandir(name, &entries, is_visible, alphasort) : -1;
	if (count < 0) {
		report_file(library, path, depth < FOLDER_DEPTH_MAX ?
		    strerror(errno) : "folders nested too deep", diags);
		return;
	}
	for (int i = 0; i < count; i++) {
		add_path(library, arena_strf(library->arena, "%.*s%s%s",
		    STR_ARG(path), str_has_suffix(path, STR("/")) ? "" : "/",
		    entries[i]->d_name), depth + 1, diags);
		free(entries[i]);
	}
	free(entries);
}

void
library_add_path(struct library *library, struct str path,
    struct diag_list *diags)
{
	add_path(library, path, 0, diags);
}

/* ---- loading ---- */

static void
add_definition(struct library *library, const struct definition *definition)
{
	library->definitions = arena_grow(library->arena, library->definitions,
	    library->definition_count, &library->definition_capacity,
	    sizeof(struct definition *));
	library->definitions[library->definition_count++] = definition;
}

struct digest
library_digest_value(const struct value *said)
{
	struct buf canonical = {0};
	struct digest digest;

	json_write(said, JSON_CANONICAL, &canonical);
	digest = digest_sha256(buf_str(&canonical));
	buf_fini(&canonical);
	return digest;
}

static struct digest
digest_of(const struct yaml_document *document, struct arena *arena)
{
	/* What can't be a value is told while loading. */
	struct diag_list *unheard = diag_list_new();
	struct digest digest = library_digest_value(
	    yaml_scalar_value(arena, document->root, unheard));

	diag_list_free(&unheard);
	return digest;
}

static struct definition *
load_leaning(struct load *load, struct leaning *leaning)
{
	struct definition *definition;

	load->library->leaning = leaning;
	definition = load_workflow(load);
	load->library->leaning = NULL;
	definition->leans = leaning->names;
	definition->lean_count = leaning->count;
	return definition;
}

static void *
load_document(struct load *load, enum load_document kind, struct entry *entry)
{
	struct def_decision *decision;
	struct calendar *calendar;

	switch (kind) {
	case DOCUMENT_SCHEMA:
		return load_shared(load);
	case DOCUMENT_CALENDAR:
		calendar = load_calendar(load);
		calendar->digest = entry->digest;
		return calendar;
	case DOCUMENT_CONNECTION:
		return load_connection(load);
	case DOCUMENT_DECISION:
		decision = load_decision(load);
		decision->digest = entry->digest;
		return decision;
	case DOCUMENT_CONTACT:
		return load_contact(load);
	case DOCUMENT_WORKFLOW:
		return load_leaning(load, &entry->leaning);
	case DOCUMENT_KINDS:
		break;
	}
	unreachable("all kinds of documents are handled");
}

static void
link_shelf(struct library *library, enum load_document kind,
    struct diag_list *diags)
{
	struct shelf *shelf = &library->shelves[kind];

	for (size_t i = 0; i < shelf->count; i++) {
		struct entry *entry = &shelf->entries[i];
		struct load load = {
			.library = library, .arena = library->arena,
			.diags = diags, .document = entry->document,
		};

		if (kind != DOCUMENT_WORKFLOW)
			entry->digest =
			    digest_of(entry->document, library->arena);
		library->leaning = &entry->leaning;
		entry->loaded = load_document(&load, kind, entry);
		library->leaning = NULL;
		if (entry->name.bytes > 0)
			(void)map_put(
			    shelf->loaded, entry->name, entry->loaded);
		if (kind == DOCUMENT_WORKFLOW)
			add_definition(library, entry->loaded);
	}
}

void
library_set_alarm(struct library *library, struct str contact)
{
	must(!library->is_linked);
	library->alarm = arena_str(library->arena, contact);
}

const struct def_contact *
library_alarm(const struct library *library)
{
	while (library->base != NULL)
		library = library->base;
	return library->alarm.bytes > 0
		   ? library_find_contact(library, library->alarm)
		   : NULL;
}

struct library *
library_new_over(const struct library *base)
{
	struct library *library = library_new();

	must(base->is_linked);
	library->base = base;
	for (size_t i = 0; i < DOCUMENT_KINDS; i++) {
		const struct shelf *shelf = &base->shelves[i];

		for (size_t j = 0; j < shelf->name_count; j++)
			add_name(
			    library, &library->shelves[i], shelf->names[j]);
	}
	for (size_t i = 0; i < base->definition_count; i++)
		add_name(library, &library->shelves[DOCUMENT_WORKFLOW],
		    base->definitions[i]->name);
	return library;
}

void
library_adopt(struct library *library, const struct definition *definition)
{
	must(library->is_linked);
	add_definition(library, definition);
}

void
library_abandon(struct library *library, const struct definition *definition)
{
	size_t kept = 0;

	for (size_t i = 0; i < library->definition_count; i++)
		if (library->definitions[i] != definition)
			library->definitions[kept++] = library->definitions[i];
	library->definition_count = kept;
}

bool
library_link(struct library *library, struct diag_list *diags)
{
	must(!library->is_linked);
	library->is_linked = true;
	for (enum load_document kind = DOCUMENT_SCHEMA;
	    kind < DOCUMENT_KINDS; kind++)
		link_shelf(library, kind, diags);
	return diag_count(diags, DIAG_ERROR) == 0;
}

/* The documents after the first: definitions that the first refers to. */
static bool
read_stored(struct load *load, const struct yaml_source *source, size_t offset)
{
	struct str part;
	size_t capacity = 0;

	while (yaml_source_next(source, &offset, &part)) {
		const struct yaml_document *document = yaml_tree_read(
		    load->arena, source, part, load->diags);

		if (!document)
			return false;
		if (document->root->kind != NODE_MAP ||
		    !yaml_tree_find(document->root, "schema")) {
			report_what(load->diags, document->root);
			return false;
		}
		load->stored = arena_grow(load->arena, load->stored,
		    load->stored_count, &capacity, sizeof(document));
		load->stored[load->stored_count++] = document;
	}
	return true;
}

/* The workflow in a text that was kept, with whatever errors it has; NULL
 * where there is none. */
static const struct definition *
load_version(struct library *library, struct str file, struct str text,
    struct diag_list *diags)
{
	struct yaml_source *source =
	    ARENA_NEW(library->arena, struct yaml_source);
	struct load load = {
		.library = library, .arena = library->arena, .diags = diags,
		.is_stored = true,
	};
	struct leaning leaning = {0};
	struct str part;
	size_t offset = 0;

	must(library->is_linked);
	if (!yaml_source_init(source, library->arena, file, text, diags))
		return NULL;
	if (!yaml_source_next(source, &offset, &part)) {
		report_file(library, file, "there is no document in it", diags);
		return NULL;
	}
	load.document = yaml_tree_read(library->arena, source, part, diags);
	if (!load.document || !read_stored(&load, source, offset))
		return NULL;
	if (load.document->root->kind != NODE_MAP ||
	    !yaml_tree_find(load.document->root, "workflow")) {
		report_what(diags, load.document->root);
		return NULL;
	}
	return load_leaning(&load, &leaning);
}

const struct definition *
library_add_version(struct library *library, struct str file, struct str text,
    struct diag_list *diags)
{
	size_t errors = diag_count(diags, DIAG_ERROR);
	const struct definition *definition =
	    load_version(library, file, text, diags);

	if (!definition || diag_count(diags, DIAG_ERROR) > errors)
		return NULL;
	if (!library_find_digest(library, definition->digest))
		add_definition(library, definition);
	return definition;
}

static struct library_sensitive
copy_sensitive(const struct definition *definition, struct arena *arena)
{
	size_t count = definition->sensitive_count;
	struct str *paths = ARENA_ARRAY(arena, count, struct str);

	for (size_t i = 0; i < count; i++)
		paths[i] = arena_str(arena, definition->sensitive[i]);
	return (struct library_sensitive){paths, count};
}

bool
library_digest(struct str source, struct digest *digest)
{
	return library_digest_and_sensitive(source, NULL, digest, NULL);
}

bool
library_digest_and_sensitive(struct str source, struct arena *arena,
    struct digest *digest, struct library_sensitive *sensitive)
{
	struct library *library = library_new();
	struct diag_list *unheard = diag_list_new();
	const struct definition *definition = NULL;

	/* What the workflow names is not here: only what it says counts. */
	if (library_link(library, unheard))
		definition =
		    load_version(library, STR("workflow"), source, unheard);
	if (definition)
		*digest = definition->digest;
	if (definition && sensitive)
		*sensitive = copy_sensitive(definition, arena);
	diag_list_free(&unheard);
	library_free(&library);
	return definition != NULL;
}

/* ---- finding ---- */

static const struct definition *
higher(const struct definition *a, const struct definition *b)
{
	return !a || (b && b->version > a->version) ? b : a;
}

const struct definition *
library_find_workflow(const struct library *library, struct str name,
    int64_t version)
{
	const struct definition *found = NULL;

	for (size_t i = 0; i < library->definition_count; i++) {
		const struct definition *definition = library->definitions[i];

		if (!str_equal(definition->name, name))
			continue;
		if (version > 0 && definition->version == version)
			return definition;
		if (version == 0)
			found = higher(found, definition);
	}
	return library->base ? higher(found,
	    library_find_workflow(library->base, name, version)) : found;
}

const struct definition *
library_find_digest(const struct library *library, struct digest digest)
{
	for (size_t i = 0; i < library->definition_count; i++) {
		if (digest_equal(library->definitions[i]->digest, digest))
			return library->definitions[i];
	}
	return library->base ? library_find_digest(library->base, digest) :
	    NULL;
}

static const void *
find_loaded(const struct library *library, enum load_document kind,
    struct str name)
{
	const void *found = map_find(library->shelves[kind].loaded, name);

	note_leaning(library, kind, name);
	return found || !library->base ? found :
	    find_loaded(library->base, kind, name);
}

const struct def_connection *
library_find_connection(const struct library *library, struct str name)
{
	return find_loaded(library, DOCUMENT_CONNECTION, name);
}

const struct def_decision *
library_find_decision(const struct library *library, struct str name)
{
	return find_loaded(library, DOCUMENT_DECISION, name);
}

const struct calendar *
library_find_calendar(const struct library *library, struct str name)
{
	return find_loaded(library, DOCUMENT_CALENDAR, name);
}

const struct def_contact *
library_find_contact(const struct library *library, struct str name)
{
	return find_loaded(library, DOCUMENT_CONTACT, name);
}

const struct definition *
library_workflow_at(const struct library *library, size_t index)
{
	return index < library->definition_count ?
	    library->definitions[index] : NULL;
}

const struct def_connection *
library_connection_at(const struct library *library, size_t index)
{
	const struct shelf *shelf = &library->shelves[DOCUMENT_CONNECTION];

	return index < shelf->count ? shelf->entries[index].loaded : NULL;
}

const struct def_decision *
library_decision_at(const struct library *library, size_t index)
{
	const struct shelf *shelf = &library->shelves[DOCUMENT_DECISION];

	return index < shelf->count ? shelf->entries[index].loaded : NULL;
}

/* ---- documents ---- */

static struct library_document
document_of(enum load_document kind, const struct entry *entry)
{
	return (struct library_document){
		.kind = str_of(document_cases[kind].key),
		.name = entry->name,
		.digest = entry->digest,
		.source = entry->document->text,
	};
}

bool
library_document_at(const struct library *library, size_t index,
    struct library_document *document)
{
	must(library->is_linked);
	for (enum load_document kind = DOCUMENT_SCHEMA;
	    kind < DOCUMENT_WORKFLOW; kind++) {
		const struct shelf *shelf = &library->shelves[kind];

		if (index < shelf->count) {
			*document = document_of(kind, &shelf->entries[index]);
			return true;
		}
		index -= shelf->count;
	}
	return false;
}

/* "decision limits", of this library or of that under it; NULL: none. */
static const struct entry *
find_noted(const struct library *library, struct str noted,
    enum load_document *kind)
{
	struct str name;

	*kind = find_kind(str_split(noted, ' ', &name));
	must(*kind < DOCUMENT_KINDS);
	for (; library; library = library->base) {
		const struct shelf *shelf = &library->shelves[*kind];

		for (size_t i = 0; i < shelf->count; i++)
			if (str_equal(shelf->entries[i].name, name))
				return &shelf->entries[i];
	}
	return NULL;
}

struct visit {
	const struct library *library;
	struct map *seen;
	library_document_fn *fn;
	void *arg;
};

static void
visit_leant(struct visit *visit, const struct str *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum load_document kind;
		const struct entry *entry =
		    find_noted(visit->library, names[i], &kind);
		struct library_document document;

		if (!entry || map_put(visit->seen, names[i], visit))
			continue;
		visit_leant(visit, entry->leaning.names, entry->leaning.count);
		document = document_of(kind, entry);
		visit->fn(&document, visit->arg);
	}
}

void
library_each_leant(const struct library *library,
    const struct definition *definition, library_document_fn *fn, void *arg)
{
	struct visit visit = {library, map_new(), fn, arg};

	visit_leant(&visit, definition->leans, definition->lean_count);
	map_free(&visit.seen);
}

void
library_each_leant_by(const struct library *library, struct str document,
    library_document_fn *fn, void *arg)
{
	struct visit visit = {library, map_new(), fn, arg};

	visit_leant(&visit, &document, 1);
	map_free(&visit.seen);
}

bool
library_document_digest(struct str source, struct digest *digest)
{
	struct library *library = library_new();
	struct diag_list *unheard = diag_list_new();
	const struct entry *entry = NULL;
	size_t count = 0;

	library_add_text(library, STR("document"), source, unheard);
	for (enum load_document kind = DOCUMENT_SCHEMA; kind < DOCUMENT_KINDS;
	    kind++) {
		if (library->shelves[kind].count > 0)
			entry = &library->shelves[kind].entries[0];
		count += library->shelves[kind].count;
	}
	if (count == 1)
		*digest = digest_of(entry->document, library->arena);
	diag_list_free(&unheard);
	library_free(&library);
	return count == 1;
}
