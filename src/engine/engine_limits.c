/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_limits.c: what somebody's token is limited to, in what is kept of
 * what they did: events that are held, and roles that they have delegated.
 */
#include "engine_priv.h"

/* ---- as a value ---- */

const struct value *
engine_limits_value(const struct chart_limits *limits, struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);

	if (limits->workflow_count > 0)
		value_put(built, STR("workflows"),
		    value_of_strs(
			arena, limits->workflows, limits->workflow_count));
	if (limits->entity_count > 0)
		value_put(built, STR("entities"),
		    value_of_strs(
			arena, limits->entities, limits->entity_count));
	return value_built(built);
}

static const struct str *
read_texts(const struct value *list, struct arena *arena, size_t *count)
{
	struct str *texts;

	*count = list->type == VALUE_LIST ? list->as.list.count : 0;
	texts = ARENA_ARRAY(arena, *count, struct str);
	for (size_t i = 0; i < *count; i++)
		texts[i] = arena_str(arena, value_str(list->as.list.items[i]));
	return texts;
}

const struct chart_limits *
limits_read(const struct value *value, struct arena *arena)
{
	struct chart_limits *limits;

	if (value->type != VALUE_CONTEXT)
		return NULL;
	limits = ARENA_NEW(arena, struct chart_limits);
	limits->workflows =
	    read_texts(value_field_or_null(value, "workflows"), arena,
		&limits->workflow_count);
	limits->entities = read_texts(value_field_or_null(value, "entities"),
	    arena, &limits->entity_count);
	return limits;
}

const struct chart_limits *
limits_copy(const struct chart_limits *limits, struct arena *arena)
{
	return limits == NULL
		   ? NULL
		   : limits_read(engine_limits_value(limits, arena), arena);
}

/* ---- what they leave ---- */

static bool
are_in(const struct str *texts, size_t count, const struct str *all,
    size_t all_count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < all_count && !str_equal(all[at], texts[i]))
			at++;
		if (at == all_count)
			return false;
	}
	return count > 0;
}

bool
limits_cover(
    const struct chart_limits *limits, const struct chart_limits *inner)
{
	if (limits == NULL)
		return true;
	return (limits->workflow_count == 0 ||
		   are_in(inner->workflows, inner->workflow_count,
		       limits->workflows, limits->workflow_count)) &&
	       (limits->entity_count == 0 ||
		   are_in(inner->entities, inner->entity_count,
		       limits->entities, limits->entity_count));
}
