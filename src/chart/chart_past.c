/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_past.c: which states an instance has entered, by its history.
 *
 * Snapshots of before version 5 don't tell a state that was entered while
 * there was nothing to undo from one that never was, and `compensate: to` has
 * to: of the first all is undone, of the other nothing.  What is undone or
 * not is money, so that it isn't guessed: the records know.
 */
#include "chart_priv.h"

bool
chart_lacks_past(const struct chart *chart)
{
	const struct mark *mark = chart->marks;

	while (mark != NULL && mark->undo != MARK_UNKNOWN)
		mark = mark->next;
	return mark != NULL;
}

/* ---- from record to record ---- */

struct past {
	const struct definition *definition; /* of then */
	bool *entered;			     /* by the state's index */
	struct arena *arena;
};

/* By the leaves; what is around them was entered with them, or before. */
static void
enter(struct past *past, struct str names)
{
	while (names.at != NULL) {
		struct str name = str_split(names, ' ', &names);
		const struct def_state *state =
		    definition_find_state(past->definition, name);

		for (; state != NULL; state = state->parent)
			past->entered[state->index] = true;
	}
}

static struct str
new_name(const struct value *map, struct str name)
{
	struct str renamed = value_str(value_get(map, name));

	return renamed.at != NULL ? renamed : name;
}

/* As the move itself has it, see move_marks(): nobody noted what was not to
 * be undone to, and that counts as entered. */
static void
move(struct past *past, const struct definition *to, const struct value *record)
{
	const struct definition *from = past->definition;
	const struct value *map = value_get_cstr(record, "map");
	bool *entered = ARENA_ARRAY(past->arena, to->state_count, bool);

	for (size_t i = 0; i < from->state_count; i++) {
		const struct def_state *before = from->states[i];
		const struct def_state *after = definition_find_state(
		    to, new_name(map, before->name));

		if (after != NULL &&
		    (past->entered[i] || !before->is_undone_to))
			entered[after->index] = true;
	}
	past->definition = to;
	past->entered = entered;
	enter(past, value_field_str(record, "to"));
}

static const struct definition *
definition_of(const struct value *record, const char *key,
    chart_definition_fn *find, void *arg)
{
	struct digest digest;

	if (!digest_parse_hex(value_field_str(record, key), &digest))
		return NULL;
	return find(digest, arg);
}

static bool
is_of_kind(const struct value *record, enum audit_kind kind)
{
	return str_equal(
	    value_field_str(record, "kind"), audit_kind_name(kind));
}

/* false: what it says can't be understood. */
static bool
read_record(struct past *past, const struct value *record,
    chart_definition_fn *find, void *arg)
{
	const struct definition *definition = past->definition;

	if (is_of_kind(record, AUDIT_STARTED)) {
		definition = definition_of(record, "definition", find, arg);
		if (definition == NULL)
			return false;
		past->definition = definition;
		past->entered = ARENA_ARRAY(
		    past->arena, definition->state_count, bool);
		return true;
	}
	if (definition == NULL)
		return false;
	if (is_of_kind(record, AUDIT_ENTERED)) {
		enter(past, value_field_str(record, "to"));
	} else if (is_of_kind(record, AUDIT_MIGRATED)) {
		definition = definition_of(record, "to_definition", find, arg);
		if (definition != NULL)
			move(past, definition, record);
	}
	return definition != NULL;
}

/* ---- the whole ---- */

bool
chart_tell_past(struct chart *chart, const struct value *const *records,
    size_t count, chart_definition_fn *find, void *arg)
{
	struct past past = {.arena = arena_new()};
	bool is_known = true;

	must(chart_lacks_past(chart));
	for (size_t i = 0; i < count && is_known; i++)
		is_known = read_record(&past, records[i], find, arg);
	if (past.definition == NULL ||
	    !digest_equal(
		past.definition->digest, chart->definition->digest))
		is_known = false;
	for (size_t i = 0; is_known && i < past.definition->state_count; i++)
		chart_undo_learn(chart, i, past.entered[i]);
	arena_free(&past.arena);
	must(!is_known || !chart_lacks_past(chart));
	return is_known;
}
