/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_limits.c: what somebody's token is limited to, in what is kept of
 * what they did: events that are held, and roles that they have delegated.
 */
#include "engine_priv.h"

#include <stdlib.h>

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

const struct chart_limits *
limits_read(const struct value *value, struct arena *arena)
{
	struct chart_limits limits;

	if (value->type != VALUE_CONTEXT)
		return NULL;
	limits.workflows = value_strs(arena,
	    value_get_cstr(value, "workflows"), &limits.workflow_count);
	limits.entities = value_strs(arena,
	    value_get_cstr(value, "entities"), &limits.entity_count);
	return limits_copy(&limits, arena);
}

const struct chart_limits *
limits_copy(const struct chart_limits *limits, struct arena *arena)
{
	struct chart_limits *copy;

	if (limits == NULL)
		return NULL;
	copy = ARENA_NEW(arena, struct chart_limits);
	*copy = (struct chart_limits){
	    .workflows =
		arena_strs(arena, limits->workflows, limits->workflow_count),
	    .workflow_count = limits->workflow_count,
	    .entities =
		arena_strs(arena, limits->entities, limits->entity_count),
	    .entity_count = limits->entity_count,
	};
	return copy;
}

/* ---- in one order ---- */

static int
by_text(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static const struct str *
sorted(const struct str *texts, size_t *count, struct arena *arena)
{
	struct str *all = arena_strs(arena, texts, *count);
	size_t kept = 0;

	if (*count > 0)
		qsort(all, *count, sizeof(*all), by_text);
	for (size_t i = 0; i < *count; i++)
		if (kept == 0 || !str_equal(all[kept - 1], all[i]))
			all[kept++] = all[i];
	*count = kept;
	return all;
}

const struct chart_limits *
limits_sorted(const struct chart_limits *limits, struct arena *arena)
{
	struct chart_limits *copy;

	if (limits == NULL)
		return NULL;
	copy = ARENA_NEW(arena, struct chart_limits);
	*copy = *limits;
	copy->workflows =
	    sorted(limits->workflows, &copy->workflow_count, arena);
	copy->entities = sorted(limits->entities, &copy->entity_count, arena);
	return copy;
}

/* ---- what they leave ---- */

static bool
are_in(const struct str *texts, size_t count, const struct str *all,
    size_t all_count)
{
	for (size_t i = 0; i < count; i++)
		if (!str_is_among(texts[i], all, all_count))
			return false;
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
