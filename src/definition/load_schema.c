/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_schema.c: JSON Schemas, and what several documents share.
 *
 * A document `schema: NAME` holds definitions that others refer to as
 * "NAME#/$defs/x".  What a schema refers to is bundled with it, as a compound
 * document (JSON Schema 2020-12, section 9.3): under its own `$defs`, with
 * NAME as `$id`.  A workflow's source and digest take in all that it refers
 * to, and nothing else, so that the version that an instance runs on stays
 * what it was when the shared document changes.
 */
#include "load_priv.h"

#include <stdlib.h>

/* So many nodes of shared definitions are brought into one document: each of
 * its schemas has what it refers to for itself. */
#define SHARED_NODES_MAX 1000000

/* Definitions of one shared document that are referred to. */
struct bundle_entry {
	struct str name;
	const struct yaml_node *defs; /* NODE_MAP */
	bool *used;                   /* by their place in it */
};

struct load_bundle {
	struct bundle_entry *entries;
	size_t count;
	size_t capacity;
};

/* Where references are looked for, and what becomes of those found. */
struct bundle_walk {
	struct load *load;
	struct load_bundle *bundle;
	struct str within; /* the shared document; absent: the user's own */
	bool is_told;      /* mistakes of it are told where it is loaded */
};

static void walk_schema(const struct bundle_walk *walk,
    const struct yaml_node *node);

/* ---- shared documents ---- */

/* Of a stored version those that are stored with it. */
static const struct yaml_node *
find_shared(const struct load *load, struct str name)
{
	for (size_t i = 0; i < load->stored_count; i++) {
		const struct yaml_node *root = load->stored[i]->root;

		if (str_equal(root->pairs[0].value->text, name))
			return root;
	}
	return load->stored_count > 0 ? NULL :
	    library_find_document(load->library, DOCUMENT_SCHEMA, name);
}

static const struct yaml_node *
find_defs(const struct load *load, struct str name)
{
	const struct yaml_node *root = find_shared(load, name);
	const struct yaml_node *defs =
	    root ? yaml_tree_find(root, "$defs") : NULL;

	return defs && defs->kind == NODE_MAP ? defs : NULL;
}

/* false with an error, which is told once. */
static bool
is_affordable(struct load *load, size_t nodes)
{
	if (load->shared_nodes > SHARED_NODES_MAX)
		return false;
	load->shared_nodes += nodes;
	if (load->shared_nodes <= SHARED_NODES_MAX)
		return true;
	load_error(load, LOAD_TOO_MUCH, load->document->root->span,
	    "the schemas of this document bring in more than %d nodes of "
	    "shared definitions", SHARED_NODES_MAX);
	return false;
}

static struct bundle_entry *
entry_of(struct load *load, struct load_bundle *bundle, struct str name)
{
	const struct yaml_node *defs;

	for (size_t i = 0; i < bundle->count; i++) {
		if (str_equal(bundle->entries[i].name, name))
			return &bundle->entries[i];
	}
	defs = find_defs(load, name);
	if (!defs || !is_affordable(load, defs->count))
		return NULL;
	bundle->entries = arena_grow(load->arena, bundle->entries,
	    bundle->count, &bundle->capacity, sizeof(*bundle->entries));
	bundle->entries[bundle->count] = (struct bundle_entry){
		.name = name, .defs = defs,
		.used = ARENA_ARRAY(load->arena, defs->count, bool),
	};
	return &bundle->entries[bundle->count++];
}

/* ---- references ---- */

/* "NAME#/$defs/x/…": what NAME and x are.  false for anything else. */
static bool
split_reference(struct str text, struct str *name, struct str *def)
{
	struct str pointer = {0};
	struct str rest = {0};

	*name = str_split(text, '#', &pointer);
	if (!pointer.at || !str_has_prefix(pointer, STR("/$defs/")))
		return false;
	*def = str_split(str_slice(pointer, strlen("/$defs/"), SIZE_MAX), '/',
	    &rest);
	return def->bytes > 0;
}

static void
report_unknown_schema(const struct bundle_walk *walk,
    const struct yaml_node *node, struct str name)
{
	struct load *load = walk->load;
	size_t count;
	const struct str *names =
	    library_names(load->library, DOCUMENT_SCHEMA, &count);

	if (walk->is_told || library_is_unread(load->library, DOCUMENT_SCHEMA,
	    name) || find_shared(load, name))
		return;
	load_error(load, LOAD_UNKNOWN_SCHEMA, yaml_locate_span(
	    load->document->source, node, 0, name.bytes), "no schema `%.*s`",
	    STR_ARG(name));
	load_suggest(load, name, names, count);
}

static void
report_unknown_def(const struct bundle_walk *walk,
    const struct yaml_node *node, const struct bundle_entry *entry,
    struct str def)
{
	struct load *load = walk->load;
	size_t count = entry->defs->count;
	struct str *names;

	if (walk->is_told)
		return;
	names = load_candidates(load, &count);
	for (size_t i = 0; i < count; i++)
		names[i] = entry->defs->pairs[i].key->text;
	load_error(load, LOAD_UNKNOWN_SCHEMA, yaml_locate_span(
	    load->document->source, node, (size_t)(def.at - node->text.at),
	    def.bytes), "schema `%.*s` has no definition `%.*s`",
	    STR_ARG(entry->name), STR_ARG(def));
	load_suggest(load, def, names, count);
}

/* Marks the definition, and what that one refers to. */
static void
use_def(const struct bundle_walk *walk, const struct yaml_node *node,
    struct str name, struct str def)
{
	struct bundle_entry *entry = entry_of(walk->load, walk->bundle, name);
	struct bundle_walk deeper = {
		.load = walk->load, .bundle = walk->bundle, .within = name,
		.is_told = true,
	};

	if (!entry) {
		report_unknown_schema(walk, node, name);
		return;
	}
	for (size_t i = 0; i < entry->defs->count; i++) {
		if (!str_equal(entry->defs->pairs[i].key->text, def))
			continue;
		if (!entry->used[i] && is_affordable(walk->load,
		    entry->defs->pairs[i].value->weight)) {
			entry->used[i] = true;
			walk_schema(&deeper, entry->defs->pairs[i].value);
		}
		return;
	}
	report_unknown_def(walk, node, entry, def);
}

static void
follow_reference(const struct bundle_walk *walk, const struct yaml_node *node)
{
	struct str name;
	struct str def;

	if (!split_reference(node->text, &name, &def))
		return;
	if (name.bytes == 0)
		name = walk->within;
	/* Its own document's, or an address, which its compiler judges. */
	if (name.bytes == 0 || str_find(name, STR(":")) != SIZE_MAX)
		return;
	use_def(walk, node, name, def);
}

/* Below these stand values, in which nothing refers to anything. */
static bool
is_value(struct str keyword)
{
	return str_equal(keyword, STR("const")) ||
	    str_equal(keyword, STR("enum")) ||
	    str_equal(keyword, STR("default")) ||
	    str_equal(keyword, STR("examples"));
}

static void
walk_schema(const struct bundle_walk *walk, const struct yaml_node *node)
{
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		walk_schema(walk, node->items[i]);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		struct str key = node->pairs[i].key->text;
		const struct yaml_node *value = node->pairs[i].value;

		if (str_equal(key, STR("$ref")) && value->kind == NODE_TEXT)
			follow_reference(walk, value);
		else if (!is_value(key))
			walk_schema(walk, value);
	}
}

/* ---- compound documents ---- */

/* Mistakes of the definitions are told where they stand. */
static const struct value *
used_defs(struct load *load, const struct bundle_entry *entry)
{
	struct diag_list *unheard = diag_list_new();
	struct value_builder *defs = value_build_context(load->arena);

	for (size_t i = 0; i < entry->defs->count; i++) {
		if (entry->used[i])
			value_put(defs, entry->defs->pairs[i].key->text,
			    yaml_scalar_value(load->arena,
			    entry->defs->pairs[i].value, unheard));
	}
	diag_list_free(&unheard);
	return value_built(defs);
}

/* A key that the schema's own definitions have not taken. */
static struct str
free_key(struct load *load, const struct value *own, struct str name)
{
	while (own && value_get(own, name))
		name = arena_strf(load->arena, "%.*s-shared", STR_ARG(name));
	return name;
}

static const struct value *
bundle_into(struct load *load, const struct value *document,
    const struct load_bundle *bundle)
{
	struct value_builder *whole = value_build_context(load->arena);
	struct value_builder *defs = value_build_context(load->arena);
	const struct value *own = value_get(document, STR("$defs"));

	if (own && own->type != VALUE_CONTEXT)
		return document;
	for (size_t i = 0; own && i < own->as.context.count; i++)
		value_put(defs, own->as.context.fields[i].key,
		    own->as.context.fields[i].value);
	for (size_t i = 0; i < bundle->count; i++) {
		const struct bundle_entry *entry = &bundle->entries[i];
		struct value_builder *shared = value_build_context(load->arena);

		value_put_str(shared, "$id", entry->name);
		value_put(shared, STR("$defs"), used_defs(load, entry));
		value_put(defs, free_key(load, own, entry->name),
		    value_built(shared));
	}
	for (size_t i = 0; i < document->as.context.count; i++) {
		const struct value_field *field =
		    &document->as.context.fields[i];

		if (!str_equal(field->key, STR("$defs")))
			value_put(whole, field->key, field->value);
	}
	value_put(whole, STR("$defs"), value_built(defs));
	return value_built(whole);
}

/* What leads nowhere was told by name already. */
static bool
is_told(const struct load *load, size_t errors_before,
    const struct schema_error *error)
{
	return str_equal(error->keyword, STR("$ref")) &&
	    diag_count(load->diags, DIAG_ERROR) > errors_before;
}

static void
report_schema(struct load *load, const struct yaml_node *node,
    const struct schema_error *error)
{
	const struct yaml_node *at = yaml_tree_follow(node, error->pointer);
	const struct yaml_node *keyword = yaml_tree_find(at,
	    arena_cstr(load->arena, error->keyword));

	load_error(load, LOAD_BAD_SCHEMA, keyword ? keyword->span : at->span,
	    "JSON Schema: %.*s", STR_ARG(error->message));
}

/* Whether the place is in what was bundled. */
static bool
is_bundled(const struct load_bundle *bundle, struct str pointer)
{
	for (size_t i = 0; i < bundle->count; i++) {
		struct str rest = str_slice(pointer, strlen("/$defs/"),
		    SIZE_MAX);

		if (str_has_prefix(pointer, STR("/$defs/")) &&
		    str_has_prefix(rest, bundle->entries[i].name) &&
		    str_has_prefix(str_slice(rest,
		    bundle->entries[i].name.bytes, SIZE_MAX), STR("/$defs/")))
			return true;
	}
	return false;
}

/* The workflow's own bundle gathers what all its schemas refer to. */
static void
keep_for_workflow(struct load *load, const struct yaml_node *node)
{
	struct bundle_walk walk = {.load = load, .is_told = true};

	if (!load->build)
		return;
	if (!load->build->bundle)
		load->build->bundle =
		    ARENA_NEW(load->arena, struct load_bundle);
	walk.bundle = load->build->bundle;
	walk_schema(&walk, node);
}

const struct schema *
load_schema(struct load *load, const struct yaml_node *node,
    const struct value **document)
{
	struct schema_errors errors = {.arena = load->arena};
	struct load_bundle bundle = {0};
	struct bundle_walk walk = {.load = load, .bundle = &bundle};
	size_t before = diag_count(load->diags, DIAG_ERROR);
	const struct schema *schema;

	*document = yaml_scalar_value(load->arena, node, load->diags);
	walk_schema(&walk, node);
	keep_for_workflow(load, node);
	if (bundle.count > 0)
		*document = bundle_into(load, *document, &bundle);
	if (load->shared_nodes > SHARED_NODES_MAX)
		return NULL;
	schema = schema_compile(load->arena, *document, &errors);
	for (size_t i = 0; !schema && i < errors.count; i++) {
		if (!is_bundled(&bundle, errors.items[i].pointer) &&
		    !is_told(load, before, &errors.items[i]))
			report_schema(load, node, &errors.items[i]);
	}
	return schema;
}

void
load_schema_reach(struct load *load, const struct yaml_node *schema,
    load_part_fn *fn, void *arg)
{
	struct load_bundle bundle = {0};
	struct bundle_walk walk = {
		.load = load, .bundle = &bundle, .is_told = true,
	};

	fn(schema, arg);
	walk_schema(&walk, schema);
	for (size_t i = 0; i < bundle.count; i++) {
		const struct bundle_entry *entry = &bundle.entries[i];

		for (size_t k = 0; k < entry->defs->count; k++) {
			if (entry->used[k])
				fn(entry->defs->pairs[k].value, arg);
		}
	}
}

void
load_schema_parts(struct load *load, const struct yaml_node *schema,
    load_part_fn *fn, void *arg)
{
	const struct yaml_node *ref = yaml_tree_find(schema, "$ref");
	const struct yaml_node *all = yaml_tree_find(schema, "allOf");
	const struct yaml_node *defs;
	struct str name;
	struct str def;

	fn(schema, arg);
	for (size_t i = 0; all && all->kind == NODE_LIST && i < all->count; i++)
		load_schema_parts(load, all->items[i], fn, arg);
	if (!ref || ref->kind != NODE_TEXT ||
	    !split_reference(ref->text, &name, &def) || name.bytes == 0)
		return;
	defs = find_defs(load, name);
	/* No farther: a definition may refer to itself. */
	for (size_t i = 0; defs && i < defs->count; i++) {
		if (str_equal(defs->pairs[i].key->text, def))
			fn(defs->pairs[i].value, arg);
	}
}

/* ---- what a workflow keeps of them ---- */

static int
compare_entries(const void *a, const void *b)
{
	const struct bundle_entry *one = a;
	const struct bundle_entry *other = b;

	return str_compare(one->name, other->name);
}

/* In order of name, whatever was referred to first. */
static struct load_bundle *
bundle_of(struct load *load)
{
	struct load_bundle *bundle = load->build->bundle;

	if (!bundle || bundle->count == 0)
		return NULL;
	qsort(bundle->entries, bundle->count, sizeof(*bundle->entries),
	    compare_entries);
	return bundle;
}

struct str
load_schema_source(struct load *load)
{
	const struct load_bundle *bundle = bundle_of(load);
	struct buf text = {0};
	struct str source;

	if (!bundle)
		return load->document->text;
	buf_add_str(&text, load->document->text);
	for (size_t i = 0; i < bundle->count; i++) {
		buf_addf(&text, "%s---\nschema: %.*s\n$defs: ",
		    str_has_suffix(buf_str(&text), STR("\n")) ? "" : "\n",
		    STR_ARG(bundle->entries[i].name));
		json_write(used_defs(load, &bundle->entries[i]), JSON_PLAIN,
		    &text);
		buf_add_char(&text, '\n');
	}
	source = arena_str(load->arena, buf_str(&text));
	buf_fini(&text);
	return source;
}

const struct value *
load_schema_identity(struct load *load, const struct value *document)
{
	const struct load_bundle *bundle = bundle_of(load);
	struct value_builder *whole;
	struct value_builder *schemas;

	if (!bundle)
		return document;
	whole = value_build_list(load->arena);
	schemas = value_build_context(load->arena);
	for (size_t i = 0; i < bundle->count; i++)
		value_put(schemas, bundle->entries[i].name,
		    used_defs(load, &bundle->entries[i]));
	value_append(whole, document);
	value_append(whole, value_built(schemas));
	return value_built(whole);
}

/* ---- the document itself ---- */

struct load_shared {
	struct str name;
	struct str description;
};

static void
compile_defs(struct load *load, const struct yaml_node *defs,
    const struct load_bundle *bundle, size_t before)
{
	struct schema_errors errors = {.arena = load->arena};
	struct str name = load->document->root->pairs[0].value->text;
	struct str own = arena_strf(load->arena, "/$defs/%.*s/$defs",
	    STR_ARG(name));
	const struct value *whole = bundle_into(load,
	    value_built(value_build_context(load->arena)), bundle);

	if (schema_compile(load->arena, whole, &errors))
		return;
	for (size_t i = 0; i < errors.count; i++) {
		struct schema_error error = errors.items[i];

		if (!str_has_prefix(error.pointer, own) ||
		    is_told(load, before, &error))
			continue;
		error.pointer = str_slice(error.pointer, own.bytes, SIZE_MAX);
		report_schema(load, defs, &error);
	}
}

static void
load_defs(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_bundle bundle = {0};
	struct bundle_walk walk = {
		.load = load, .bundle = &bundle,
		.within = load->document->root->pairs[0].value->text,
	};
	size_t before = diag_count(load->diags, DIAG_ERROR);
	struct bundle_entry *own;

	(void)into;
	(void)yaml_scalar_value(load->arena, node, load->diags);
	own = entry_of(load, &bundle, walk.within);
	for (size_t i = 0; own && i < node->count; i++)
		own->used[i] = true;
	walk_schema(&walk, node);
	if (own)
		compile_defs(load, node, &bundle, before);
}

static const struct load_table defs_form = LOAD_NAMED(&load_form_schema);
static const struct load_key shared_keys[] = {
	{"schema", KIND_NAME, LOAD_MUST, offsetof(struct load_shared, name),
	    NULL, NULL, "the name under which others refer to it"},
	{"description", KIND_TEXT, LOAD_MAY,
	    offsetof(struct load_shared, description), NULL, NULL,
	    "what its definitions are about"},
	{"$defs", KIND_MAP, LOAD_MUST, 0, load_defs, &defs_form,
	    "definitions by name, each a JSON Schema; used as "
	    "$ref: 'NAME#/$defs/x'"},
};
const struct load_table load_shared_table = LOAD_TABLE("a schema", shared_keys);

struct load_shared *
load_shared(struct load *load)
{
	struct load_shared *shared = ARENA_NEW(load->arena, struct load_shared);

	load_map(load, load->document->root, &load_shared_table, shared);
	return shared;
}
