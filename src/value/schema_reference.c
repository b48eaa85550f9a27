/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_reference.c: what "$ref" leads to, within the document.
 *
 * Nothing is ever fetched: a reference is "#", "#/a/pointer", "#anchor", or
 * an "$id" of the document, as it is written there, before one of these.
 */
#include "stated/schema.h"

#include "schema_priv.h"

#define REFERENCES_MAX 10000

/* ------------------------------------------------------------ resolving */

void
schema_reference_add(struct schema_compiler *compiler,
    struct schema_check *check, const struct schema_place *place)
{
	must(check->value->type == VALUE_STRING);
	compiler->references = arena_grow(compiler->arena, compiler->references,
	    compiler->reference_count, &compiler->reference_capacity,
	    sizeof(*compiler->references));
	compiler->references[compiler->reference_count++] =
	    (struct schema_reference){
		.check = check,
		.pointer = schema_error_pointer(compiler->arena, place),
		.resource = compiler->resource,
	    };
}

/* An anchor is known by its resource and its name together. */
static struct str
anchor_key(struct schema_compiler *compiler, const struct value *resource,
    struct str name)
{
	return arena_strf(compiler->arena, "%p %.*s", (const void *)resource,
	    STR_ARG(name));
}

bool
schema_reference_add_anchor(struct schema_compiler *compiler,
    const struct value *schema, struct str name)
{
	struct str key = anchor_key(compiler, compiler->resource, name);
	return !map_put(compiler->anchors, key, (void *)(uintptr_t)schema);
}

/* With %41 as A; what is no such triple stays. */
static struct str
decode_percent(struct arena *arena, struct str text)
{
	char *out = arena_alloc(arena, text.bytes + 1);
	size_t bytes = 0;
	for (size_t i = 0; i < text.bytes; i++) {
		int byte =
		    text.at[i] == '%' ? str_hex_byte(text, i + 1) : -1;
		if (byte < 0) {
			out[bytes++] = text.at[i];
			continue;
		}
		out[bytes++] = (char)byte;
		i += 2;
	}
	return (struct str){out, bytes};
}

/* One token of a pointer, with ~1 as / and ~0 as ~. */
static struct str
decode_token(struct arena *arena, struct str token)
{
	char *out = arena_alloc(arena, token.bytes + 1);
	size_t bytes = 0;
	for (size_t i = 0; i < token.bytes; i++) {
		char c = token.at[i];
		char next = i + 1 < token.bytes ? token.at[i + 1] : '\0';
		if (c == '~' && (next == '0' || next == '1')) {
			c = next == '0' ? '~' : '/';
			i++;
		}
		out[bytes++] = c;
	}
	return (struct str){out, bytes};
}

/* The field or item, or NULL. */
static const struct value *
step_into(const struct value *value, struct str token)
{
	int64_t index;
	if (value->type == VALUE_CONTEXT)
		return value_get(value, token);
	if (value->type != VALUE_LIST || value->as.list.count == 0 ||
	    !str_parse_int(token, 0, (int64_t)value->as.list.count - 1, &index))
		return NULL;
	return value->as.list.items[index];
}

/* Follows "/a/b"; passing a schema with an $id changes the resource. */
static const struct value *
follow_pointer(struct schema_compiler *compiler, struct str pointer,
    const struct value **resource)
{
	const struct value *value = *resource;
	struct str rest = str_slice(pointer, 1, pointer.bytes);
	while (rest.at && value) {
		struct str token = str_split(rest, '/', &rest);
		value = step_into(value, decode_token(compiler->arena, token));
		if (value &&
		    value_field_str(value, "$id").at)
			*resource = value;
	}
	return value;
}

/* What the text leads to, or NULL; *resource becomes that of the target. */
static const struct value *
find_target(struct schema_compiler *compiler, struct str text,
    const struct value **resource)
{
	struct str fragment;
	struct str id = str_split(text, '#', &fragment);
	if (id.bytes > 0) {
		*resource = map_find(compiler->resources, id);
		if (!*resource)
			return NULL;
	}
	if (fragment.bytes == 0)
		return *resource;
	fragment = decode_percent(compiler->arena, fragment);
	if (fragment.at[0] == '/')
		return follow_pointer(compiler, fragment, resource);
	return map_find(compiler->anchors,
	    anchor_key(compiler, *resource, fragment));
}

static void
resolve(struct schema_compiler *compiler, struct schema_reference reference)
{
	struct str text = value_str(reference.check->value);
	const struct value *resource = reference.resource;
	const struct value *target = find_target(compiler, text, &resource);
	if (!target) {
		schema_compile_refuse(compiler, reference.pointer, STR("$ref"),
		    "\"%.*s\" leads nowhere in this document", STR_ARG(text));
		return;
	}
	/* Not compiled yet only where no keyword of ours leads there; then
	 * the reference's text says best where it is. */
	struct schema_place place = {.key = text};
	compiler->resource = resource;
	reference.check->schema =
	    schema_compile_at(compiler, target, &place);
}

void
schema_reference_resolve_all(struct schema_compiler *compiler)
{
	/* Compiling a target may add references: the count grows meanwhile. */
	for (size_t i = 0; i < compiler->reference_count; i++) {
		if (i == REFERENCES_MAX) {
			schema_compile_refuse(compiler, STR(""), STR("$ref"),
			    "more than %d references", REFERENCES_MAX);
			return;
		}
		resolve(compiler, compiler->references[i]);
	}
}

/* ---------------------------------------------------------------- loops */

/* Keywords whose schemas look at the same value as their own. */
static const enum schema_keyword in_place[] = {
    SCHEMA_REF, SCHEMA_ALL_OF, SCHEMA_ANY_OF, SCHEMA_ONE_OF, SCHEMA_NOT,
    SCHEMA_IF, SCHEMA_THEN, SCHEMA_ELSE, SCHEMA_DEPENDENT_SCHEMAS};
#define IN_PLACE_COUNT (sizeof(in_place) / sizeof(in_place[0]))

static bool visit(struct schema *schema, int depth);

/* False where a loop leads back to a schema whose visit is open. */
static bool
visit_check(const struct schema_check *check, int depth)
{
	if (check->schema && !visit(check->schema, depth))
		return false;
	for (size_t i = 0; i < check->count; i++)
		if (check->members[i].schema &&
		    !visit(check->members[i].schema, depth))
			return false;
	return true;
}

static bool
visit(struct schema *schema, int depth)
{
	if (schema->visit == SCHEMA_DONE)
		return true;
	if (schema->visit == SCHEMA_OPEN || depth == SCHEMA_DEPTH_MAX)
		return false;
	schema->visit = SCHEMA_OPEN;
	for (size_t i = 0; i < IN_PLACE_COUNT; i++) {
		const struct schema_check *check = schema->checks[in_place[i]];
		if (check && !visit_check(check, depth + 1))
			return false;
	}
	schema->visit = SCHEMA_DONE;
	return true;
}

void
schema_reference_refuse_loops(struct schema_compiler *compiler,
    struct schema *root)
{
	bool sound = visit(root, 0);
	for (size_t i = 0; sound && i < compiler->reference_count; i++) {
		struct schema_reference *reference = &compiler->references[i];
		sound = visit(reference->check->schema, 0);
		if (!sound)
			schema_compile_refuse(compiler, reference->pointer,
			    STR("$ref"), "leads back to itself at the same "
			    "value, for ever");
	}
	if (compiler->error_count == 0 && !sound)
		schema_compile_refuse(compiler, STR(""), STR("$ref"),
		    "leads back to itself at the same value, for ever");
}
