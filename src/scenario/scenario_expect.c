/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_expect.c: what is expected.
 *
 * What an instance lets out meets one expectation each: two calls take two
 * `expect-call`s, and `expect-no-call` speaks of those that nothing expected
 * so far.  Where a number of `times` is given, all count.
 */
#include "scenario_priv.h"

/* ---- where the instance stands ---- */

static bool
is_within(const struct play *play, struct str leaf, struct str name)
{
	const struct definition *definition = play->file->definition;
	const struct def_state *inner = definition_find_state(definition, leaf);
	const struct def_state *outer = definition_find_state(definition, name);

	return inner != NULL && outer != NULL &&
	       def_state_contains(outer, inner);
}

static bool
is_active(const struct play *play, struct str name)
{
	const struct value *states = value_field_or_null(play->view, "states");

	for (size_t i = 0;
	     states->type == VALUE_LIST && i < states->as.list.count; i++)
		if (is_within(play, value_str(states->as.list.items[i]), name))
			return true;
	return false;
}

static struct str
active_names(struct play *play)
{
	const struct value *states = value_field_or_null(play->view, "states");
	struct buf text = {0};
	struct str names;

	for (size_t i = 0;
	     states->type == VALUE_LIST && i < states->as.list.count; i++)
		buf_addf(&text, "%s%.*s", i > 0 ? ", " : "",
		    STR_ARG(value_str(states->as.list.items[i])));
	names = text.bytes > 0 ? arena_str(play->arena, buf_str(&text))
			       : STR("none");
	buf_fini(&text);
	return names;
}

/* A state's name as the scenario gives it, or works it out. */
static struct str
name_of(struct play *play, const struct template *template)
{
	return value_str(template_eval(template, &play->env, NULL, NULL));
}

static bool
match_state(struct play *play, const struct template *expected)
{
	struct str name = name_of(play, expected);

	if (is_active(play, name))
		return true;
	scenario_match_tell(&play->match, "state: expected %.*s, is %.*s",
	    STR_ARG(name), STR_ARG(active_names(play)));
	return false;
}

/* Each of them is active, and nothing beside them. */
static bool
match_states(struct play *play, const struct template *expected)
{
	const struct value *states = value_field_or_null(play->view, "states");
	bool is_same = true;

	if (expected->kind != TEMPLATE_LIST)
		return match_state(play, expected);
	for (size_t i = 0; i < expected->count; i++)
		is_same &= match_state(play, expected->items[i]);
	for (size_t i = 0;
	     states->type == VALUE_LIST && i < states->as.list.count; i++) {
		struct str leaf = value_str(states->as.list.items[i]);
		bool is_named = false;

		for (size_t j = 0; j < expected->count; j++)
			is_named |= is_within(
			    play, leaf, name_of(play, expected->items[j]));
		if (!is_named)
			scenario_match_tell(&play->match,
			    "state: %.*s is active beside them", STR_ARG(leaf));
		is_same &= is_named;
	}
	return is_same;
}

static bool
match_condition(struct play *play, const struct template *condition)
{
	play->env.note[0] = '\0';
	if (condition->kind == TEMPLATE_FEEL &&
	    value_is_true(feel_test(condition->feel, &value_true, &play->env)))
		return true;
	scenario_match_tell(&play->match, "that: expected%s%.*s to hold",
	    condition->text.bytes > 0 && condition->text.at[0] == ' ' ? ""
								      : " ",
	    STR_ARG(condition->text));
	if (play->env.note[0] != '\0')
		scenario_match_tell(&play->match, "  (%s)", play->env.note);
	return false;
}

static bool
match_field(struct play *play, const struct template_field *field)
{
	if (str_equal(field->key, STR("state")))
		return match_state(play, field->value);
	if (str_equal(field->key, STR("states")))
		return match_states(play, field->value);
	if (str_equal(field->key, STR("that")))
		return match_condition(play, field->value);
	return scenario_match(&play->match, field->key, field->value,
	    value_get(play->view, field->key));
}

/* What stands in the way of an instance is worth a line of its own. */
static void
tell_incidents(struct play *play)
{
	const struct value *list = value_field_or_null(play->view, "incidents");

	for (size_t i = 0; list->type == VALUE_LIST && i < list->as.list.count;
	     i++)
		scenario_match_tell(&play->match, "it stands still: %.*s",
		    STR_ARG(value_field_str(
			list->as.list.items[i], "message")));
}

bool
scenario_expect_instance(struct play *play, const struct scenario_step *step)
{
	const struct template *expected = step->what;
	bool is_same = true;

	if (expected->kind == TEMPLATE_LIST)
		is_same = match_states(play, expected);
	else if (expected->kind != TEMPLATE_CONTEXT)
		is_same = match_state(play, expected);
	else
		for (size_t i = 0; i < expected->count; i++)
			is_same &= match_field(play, &expected->fields[i]);
	if (is_same)
		return true;
	tell_incidents(play);
	return scenario_play_fail(
	    play, step->span, "the instance is not as expected");
}

/* ---- what it let out ---- */

/* The expectation as a mapping without `times`: a text alone means the main
 * field. */
static const struct template *
pattern_of(struct play *play, const struct template *what, const char *main)
{
	struct template *pattern = ARENA_NEW(play->arena, struct template);
	struct template_field *fields = ARENA_ARRAY(play->arena,
	    what->kind == TEMPLATE_CONTEXT ? what->count : 1,
	    struct template_field);

	pattern->kind = TEMPLATE_CONTEXT;
	pattern->span = what->span;
	pattern->fields = fields;
	if (what->kind != TEMPLATE_CONTEXT) {
		bool is_any = what->kind == TEMPLATE_LITERAL &&
			      what->literal->type != VALUE_STRING;

		fields[0] =
		    (struct template_field){.key = str_of(main), .value = what};
		pattern->count = is_any ? 0 : 1;
		return pattern;
	}
	for (size_t i = 0; i < what->count; i++)
		if (!str_equal(what->fields[i].key, STR("times")))
			fields[pattern->count++] = what->fields[i];
	return pattern;
}

/* Quietly: whether it is what is meant. */
static bool
is_like(struct play *play, const struct template *pattern,
    const struct value *value)
{
	struct match match = {.arena = play->arena, .env = &play->env};

	return scenario_match(&match, STR(""), pattern, value);
}

static bool
is_of(const struct happening *happening, const struct step_row *row)
{
	return str_equal(happening->kind, row->kind);
}

/* "call bank.submit-payment": the row's kind and the main field. */
static struct str
title_of(struct play *play, const struct step_row *row,
    const struct template *pattern)
{
	const struct template *main = form_field(pattern, row->main);
	struct str text = form_text(main);

	return text.at == NULL ? row->kind
			       : arena_strf(play->arena, "%.*s `%.*s`",
				     STR_ARG(row->kind), STR_ARG(text));
}

/* How far it is from what is meant: another main field is another thing. */
static size_t
distance(struct play *play, const struct step_row *row,
    const struct template *pattern, const struct value *value)
{
	const struct template *main = form_field(pattern, row->main);
	struct match match = {.arena = play->arena, .env = &play->env};

	(void)scenario_match(&match, STR(""), pattern, value);
	if (main != NULL &&
	    !is_like(play, main, value_get_cstr(value, row->main)))
		match.count += 100;
	return match.count;
}

/* Of those that nothing has expected the nearest, the latest of equals. */
static const struct happening *
nearest(struct play *play, const struct step_row *row,
    const struct template *pattern)
{
	const struct happening *found = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < play->happening_count; i++) {
		const struct happening *here = &play->happenings[i];
		size_t far;

		if (!is_of(here, row) || here->is_expected)
			continue;
		far = distance(play, row, pattern, here->value);
		if (far <= least) {
			least = far;
			found = here;
		}
	}
	return found;
}

static size_t
count_of(const struct play *play, const struct step_row *row)
{
	size_t count = 0;

	for (size_t i = 0; i < play->happening_count; i++)
		count += is_of(&play->happenings[i], row);
	return count;
}

static bool
fail_absent(struct play *play, const struct scenario_step *step,
    const struct template *pattern)
{
	const struct step_row *row = step->row;
	const struct happening *near = nearest(play, row, pattern);
	size_t count = count_of(play, row);

	if (near != NULL)
		(void)scenario_match(
		    &play->match, STR(""), pattern, near->value);
	else if (count > 0)
		scenario_match_tell(&play->match,
		    "there %s %zu, which earlier steps have expected",
		    count == 1 ? "is" : "are", count);
	else
		scenario_match_tell(&play->match, "there is none at all");
	return scenario_play_fail(play, step->span, "no %.*s as expected",
	    STR_ARG(title_of(play, row, pattern)));
}

static bool
match_times(struct play *play, const struct scenario_step *step,
    const struct template *pattern, const struct template *times)
{
	int64_t count = 0;

	for (size_t i = 0; i < play->happening_count; i++) {
		struct happening *here = &play->happenings[i];

		if (!is_of(here, step->row) ||
		    !is_like(play, pattern, here->value))
			continue;
		here->is_expected = true;
		count++;
	}
	if (scenario_match(&play->match, STR("times"), times,
		value_of_int(play->arena, count)))
		return true;
	return scenario_play_fail(play, times->span,
	    "%.*s not as often as expected",
	    STR_ARG(title_of(play, step->row, pattern)));
}

bool
scenario_expect_happening(struct play *play, const struct scenario_step *step)
{
	const struct template *pattern =
	    pattern_of(play, step->what, step->row->main);
	const struct template *times = form_field(step->what, "times");

	if (times != NULL)
		return match_times(play, step, pattern, times);
	for (size_t i = 0; i < play->happening_count; i++) {
		struct happening *here = &play->happenings[i];

		if (!is_of(here, step->row) || here->is_expected ||
		    !is_like(play, pattern, here->value))
			continue;
		here->is_expected = true;
		return true;
	}
	return fail_absent(play, step, pattern);
}

static bool
has_none_like(struct play *play, const struct scenario_step *step,
    const struct template *what)
{
	const struct template *pattern =
	    pattern_of(play, what, step->row->main);

	for (size_t i = 0; i < play->happening_count; i++) {
		const struct happening *here = &play->happenings[i];

		if (!is_of(here, step->row) || here->is_expected ||
		    !is_like(play, pattern, here->value))
			continue;
		scenario_match_tell(&play->match, "there is: %.*s",
		    STR_ARG(scenario_match_text(play->arena, here->value)));
		return scenario_play_fail(play, what->span,
		    "%.*s was not expected",
		    STR_ARG(title_of(play, step->row, pattern)));
	}
	return true;
}

bool
scenario_expect_no_happening(
    struct play *play, const struct scenario_step *step)
{
	if (step->what->kind != TEMPLATE_LIST)
		return has_none_like(play, step, step->what);
	for (size_t i = 0; i < step->what->count; i++)
		if (!has_none_like(play, step, step->what->items[i]))
			return false;
	return true;
}

/* ---- what waits for a person ---- */

bool
scenario_expect_item(struct play *play, const struct scenario_step *step)
{
	const struct template *pattern =
	    pattern_of(play, step->what, step->row->main);
	const struct value *list =
	    value_field_or_null(play->view, step->row->kind.at);
	size_t count = list->type == VALUE_LIST ? list->as.list.count : 0;

	for (size_t i = 0; i < count; i++)
		if (is_like(play, pattern, list->as.list.items[i]))
			return true;
	if (count == 0)
		scenario_match_tell(&play->match, "there are none");
	for (size_t i = 0; i < count; i++)
		(void)scenario_match(
		    &play->match, STR(""), pattern, list->as.list.items[i]);
	return scenario_play_fail(play, step->span,
	    "none of the %.*s is as expected", STR_ARG(step->row->kind));
}

/* What people call such an item by. */
static const char *
name_key(const struct scenario_step *step)
{
	if (str_equal(step->row->kind, STR("tasks")))
		return "title";
	return str_equal(step->row->kind, STR("incidents")) ? "message"
							    : "act";
}

bool
scenario_expect_no_item(struct play *play, const struct scenario_step *step)
{
	const struct template *pattern =
	    pattern_of(play, step->what, step->row->main);
	const struct value *list =
	    value_field_or_null(play->view, step->row->kind.at);
	size_t count = list->type == VALUE_LIST ? list->as.list.count : 0;

	for (size_t i = 0; i < count; i++) {
		const struct value *item = list->as.list.items[i];

		if (!is_like(play, pattern, item))
			continue;
		scenario_match_tell(&play->match, "there is: %.*s",
		    STR_ARG(scenario_match_text(play->arena,
			value_field_or_null(item, name_key(step)))));
		return scenario_play_fail(play, step->span,
		    "one of the %.*s was not expected",
		    STR_ARG(step->row->kind));
	}
	return true;
}

/* ---- history ---- */

static bool
is_kind(const struct value *record, enum audit_kind kind)
{
	return str_equal(value_field_str(record, "kind"),
	    audit_kind_name(kind));
}

/* The operations that undo, in order.  One that is tried again, because it
 * failed at first, is still the same. */
static const struct value *
list_undone(struct play *play)
{
	const struct value *records = sim_history(play->sim, play->arena);
	struct value_builder *undone = value_build_list(play->arena);
	struct str under_way = {NULL, 0};

	for (size_t i = 0; i < records->as.list.count; i++) {
		const struct value *record = records->as.list.items[i];
		struct str step =
		    value_field_str(record, "step");

		if (is_kind(record, AUDIT_COMPENSATED)) {
			under_way = (struct str){NULL, 0};
		} else if (is_kind(record, AUDIT_COMPENSATING) &&
			   !str_equal(step, under_way)) {
			value_append(undone, value_field_or_null(record, "by"));
			under_way = step;
		}
	}
	return value_built(undone);
}

bool
scenario_expect_compensation(
    struct play *play, const struct scenario_step *step)
{
	if (scenario_match(
		&play->match, STR("undone"), step->what, list_undone(play)))
		return true;
	return scenario_play_fail(
	    play, step->span, "it was not undone as expected");
}

bool
scenario_expect_history(struct play *play, const struct scenario_step *step)
{
	const struct value *records = sim_history(play->sim, play->arena);
	size_t next = 0;

	for (size_t i = 0; i < step->what->count; i++) {
		const struct template *pattern =
		    pattern_of(play, step->what->items[i], "kind");
		size_t from = next;

		while (next < records->as.list.count &&
		       !is_like(play, pattern, records->as.list.items[next]))
			next++;
		if (next++ < records->as.list.count)
			continue;
		scenario_match_tell(&play->match,
		    "looked for from record %zu of %zu on", from + 1,
		    records->as.list.count);
		return scenario_play_fail(play, step->what->items[i]->span,
		    "history has no such record there");
	}
	return true;
}
