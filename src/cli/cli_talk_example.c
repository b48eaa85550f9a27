/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_talk_example.c: a value that a JSON Schema may take.
 *
 * Where something has to be filled in, Enter alone should lead on.  An example
 * that a schema gives is taken; else one is made of its types.  References
 * are followed, into shared documents too: those are bundled with the schema,
 * under its `$defs` with their name as `$id`.
 */
#include "cli_talk.h"

#define DEPTH_MAX 12
#define REFERENCES_MAX 16

/* Where a schema stands: what its own references begin at. */
struct place {
	struct arena *arena;
	const struct value *root;
	const struct value *resource;
};

static const struct value *example_of(const struct place *place,
    const struct value *schema, struct str name, int depth);

static size_t
count_of(const struct value *list)
{
	return list->type == VALUE_LIST ? list->as.list.count : 0;
}

/* ---- references ---- */

static const struct value *
find_resource(const struct place *place, struct str name)
{
	const struct value *defs = value_field_or_null(place->root, "$defs");

	if (name.bytes == 0)
		return place->resource;
	for (size_t i = 0;
	    defs->type == VALUE_CONTEXT && i < defs->as.context.count; i++) {
		const struct value *def = defs->as.context.fields[i].value;

		if (str_equal(value_field_str(def, "$id"), name))
			return def;
	}
	return NULL;
}

/* By plain keys only: what shared definitions are found by. */
static const struct value *
follow_pointer(const struct value *from, struct str pointer)
{
	struct str key = str_split(pointer, '/', &pointer);

	while (from != NULL && pointer.at != NULL) {
		key = str_split(pointer, '/', &pointer);
		from =
		    from->type == VALUE_CONTEXT ? value_get(from, key) : NULL;
	}
	return from;
}

/* What the schema refers to, with its place; NULL where it leads nowhere. */
static const struct value *
follow(struct place *place, const struct value *schema)
{
	struct str pointer = {0};
	struct str name = str_split(
	    value_field_str(schema, "$ref"), '#', &pointer);
	const struct value *resource = find_resource(place, name);

	if (resource == NULL)
		return NULL;
	place->resource = resource;
	return follow_pointer(resource, pointer);
}

/* ---- values ---- */

static void
put_required(const struct place *place, struct value_builder *example,
    const struct value *schema, const struct value *properties, int depth)
{
	const struct value *required = value_field_or_null(schema, "required");

	for (size_t i = 0; i < count_of(required); i++) {
		struct str name = value_str(required->as.list.items[i]);
		const struct value *inner;

		if (value_has(example, name))
			continue;
		inner = properties->type == VALUE_CONTEXT
			    ? value_get(properties, name)
			    : NULL;
		value_put(example, name,
		    example_of(place, inner != NULL ? inner : &value_null, name,
			depth + 1));
	}
}

/* `more` is what stands beside a reference; it may require more. */
static const struct value *
example_context(const struct place *place, const struct value *schema,
    const struct value *more, int depth)
{
	const struct value *properties =
	    value_field_or_null(schema, "properties");
	struct value_builder *example = value_build_context(place->arena);

	put_required(place, example, schema, properties, depth);
	if (more != NULL)
		put_required(place, example, more, properties, depth);
	return value_built(example);
}

static const struct value *
example_list(const struct place *place, const struct value *schema,
    struct str name, int depth)
{
	struct value_builder *example = value_build_list(place->arena);
	const struct value *items = value_get_cstr(schema, "items");

	if (items != NULL)
		value_append(
		    example, example_of(place, items, name, depth + 1));
	return value_built(example);
}

/* What the schema names itself; NULL where it names nothing. */
static const struct value *
named_example(const struct value *schema)
{
	const struct value *words = value_field_or_null(schema, "enum");
	const struct value *examples = value_field_or_null(schema, "examples");

	if (count_of(examples) > 0)
		return examples->as.list.items[0];
	if (value_get_cstr(schema, "default") != NULL)
		return value_get_cstr(schema, "default");
	if (value_get_cstr(schema, "const") != NULL)
		return value_get_cstr(schema, "const");
	return count_of(words) > 0 ? words->as.list.items[0] : NULL;
}

static const struct value *
example_number(const struct place *place, const struct value *schema)
{
	const struct value *minimum = value_get_cstr(schema, "minimum");

	return minimum != NULL && minimum->type == VALUE_NUMBER
		   ? minimum
		   : value_of_int(place->arena, 1);
}

static const struct value *
example_text(const struct place *place, const struct value *schema,
    struct str name)
{
	struct str format = value_field_str(schema, "format");

	if (str_equal(format, STR("date")))
		return value_of_str(place->arena, STR("2026-11-23"));
	if (str_equal(format, STR("date-time")))
		return value_of_str(place->arena, STR("2026-11-23T09:00:00Z"));
	return value_of_str(place->arena, name);
}

static const struct value *
example_of_type(const struct place *place, const struct value *schema,
    const struct value *more, struct str name, int depth)
{
	struct str type = value_field_str(schema, "type");

	if (str_equal(type, STR("object")) ||
	    value_get_cstr(schema, "properties") != NULL)
		return example_context(place, schema, more, depth);
	if (str_equal(type, STR("array")))
		return example_list(place, schema, name, depth);
	if (str_equal(type, STR("integer")) || str_equal(type, STR("number")))
		return example_number(place, schema);
	if (str_equal(type, STR("boolean")))
		return &value_true;
	return example_text(place, schema, name);
}

static const struct value *
example_of(const struct place *from, const struct value *schema,
    struct str name, int depth)
{
	struct place place = *from;
	const struct value *more = NULL;
	const struct value *named = named_example(schema);

	for (int i = 0; named == NULL && i < REFERENCES_MAX &&
	    value_get_cstr(schema, "$ref") != NULL; i++) {
		const struct value *target = follow(&place, schema);

		if (target == NULL)
			break;
		more = schema;
		schema = target;
		named = named_example(schema);
	}
	if (named != NULL)
		return named;
	if (depth > DEPTH_MAX)
		return &value_null;
	return example_of_type(&place, schema, more, name, depth);
}

const struct value *
talk_example(struct arena *arena, const struct value *schema)
{
	struct place place = {arena, schema, schema};

	return example_of(&place, schema, STR(""), 0);
}
