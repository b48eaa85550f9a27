/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_disclosed.c: what digests stand for, where that may be known.
 *
 * Whoever discloses says what the instance has, and the salt.  Each of its
 * values is looked for by the digest that it has under that salt, so nothing
 * that is disclosed has to be believed: another value has another digest, and
 * stands for nothing that history has.
 */
#include "reperform_priv.h"

#include "stated/map.h"

/* Deeper than any input is let in. */
#define DEPTH_MAX 256

struct disclosed {
	struct map *values; /* by digest, as records have it */
	struct arena *arena;
	struct str salt; /* absent: digests are bare */
};

struct disclosed *
disclosed_new(struct arena *arena, struct str salt)
{
	struct disclosed *disclosed = arena_alloc(arena, sizeof(*disclosed));

	*disclosed = (struct disclosed){
	    .values = map_new(), .arena = arena, .salt = salt};
	return disclosed;
}

void
disclosed_free(struct disclosed **disclosed)
{
	if (*disclosed != NULL)
		map_free(&(*disclosed)->values);
	*disclosed = NULL;
}

static void
add_leaf(struct disclosed *disclosed, const struct value *value)
{
	struct buf digest = buf_in(disclosed->arena);
	struct str text;

	if (!chart_sensitive_text(disclosed->arena, value, &text))
		return;
	chart_sensitive_digest(disclosed->salt, text, &digest);
	(void)map_put(disclosed->values, buf_keep(&digest),
	    (void *)(uintptr_t)value);
}

void
disclosed_add(struct disclosed *disclosed, const struct value *value)
{
	if (value == NULL)
		return;
	switch (value->type) {
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			disclosed_add(disclosed, value->as.list.items[i]);
		return;
	case VALUE_CONTEXT:
		for (size_t i = 0; i < value->as.context.count; i++)
			disclosed_add(
			    disclosed, value->as.context.fields[i].value);
		return;
	default:
		add_leaf(disclosed, value);
	}
}

/* Elsewhere a number may stand as a text, which has the same digest. */
const struct value *
disclosed_values(struct arena *arena, const struct value *instance)
{
	struct value_builder *list = value_build_list(arena);

	value_append(list, value_field_or_null(instance, "input"));
	value_append(list, value_field_or_null(instance, "data"));
	return value_built(list);
}

/* ---- records with it ---- */

static const struct value *
value_of(const struct disclosed *disclosed, struct str digest)
{
	return map_find(disclosed->values, digest);
}

/* A text that is a digest is the value; one that has digests in it has the
 * values' texts there. */
static const struct value *
with_text(const struct disclosed *disclosed, const struct value *value)
{
	struct str rest = value->as.string, digest;
	const struct value *whole = value_of(disclosed, rest);
	struct buf text = buf_in(disclosed->arena);
	bool is_changed = false;

	if (whole != NULL)
		return whole;
	while (rest.bytes > 0) {
		struct str before = masked_before_digest(rest, &digest), stood;
		const struct value *there =
		    digest.at != NULL ? value_of(disclosed, digest) : NULL;

		buf_add_str(&text, before);
		if (there != NULL &&
		    chart_sensitive_text(disclosed->arena, there, &stood)) {
			buf_add_str(&text, stood);
			is_changed = true;
		} else if (digest.at != NULL) {
			buf_add_str(&text, digest);
		}
		rest = str_slice(rest, before.bytes + digest.bytes, SIZE_MAX);
	}
	return is_changed ? value_of_str(disclosed->arena, buf_keep(&text))
			  : value;
}

static const struct value *with(const struct disclosed *disclosed,
    const struct value *value, unsigned depth);

static const struct value *
with_list(const struct disclosed *disclosed, const struct value *list,
    unsigned depth)
{
	struct value_builder *built = value_build_list(disclosed->arena);
	bool is_changed = false;

	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item =
		    with(disclosed, list->as.list.items[i], depth);

		is_changed = is_changed || item != list->as.list.items[i];
		value_append(built, item);
	}
	return is_changed ? value_built(built) : list;
}

static const struct value *
with_context(const struct disclosed *disclosed, const struct value *context,
    unsigned depth)
{
	struct value_builder *built = value_build_context(disclosed->arena);
	bool is_changed = false;

	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];
		const struct value *value =
		    with(disclosed, field->value, depth);

		is_changed = is_changed || value != field->value;
		value_put(built, field->key, value);
	}
	return is_changed ? value_built(built) : context;
}

static const struct value *
with(const struct disclosed *disclosed, const struct value *value,
    unsigned depth)
{
	if (depth == 0)
		return value;
	switch (value->type) {
	case VALUE_STRING:
		return with_text(disclosed, value);
	case VALUE_LIST:
		return with_list(disclosed, value, depth - 1);
	case VALUE_CONTEXT:
		return with_context(disclosed, value, depth - 1);
	default:
		return value;
	}
}

const struct value *
disclosed_record(
    const struct disclosed *disclosed, const struct value *record)
{
	return with(disclosed, record, DEPTH_MAX);
}
