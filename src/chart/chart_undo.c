/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_undo.c: the stack of what can be undone, latest first.
 *
 * One stack for all regions: it is undone in the reverse of the order in
 * which the steps ended.  While it is, other regions may lay more on it; so
 * what is being undone is known by its number and not by its place.
 */
#include "chart_priv.h"

void
chart_undo_push(struct run *run, const struct def_step *step)
{
	struct chart *chart = run->chart;
	const struct def_call *undo = step->call->compensate;
	struct undo *entry = ARENA_NEW(chart->arena, struct undo);
	const struct value *item =
	    chart_record_item(chart, run->strand, run->context->arena);

	entry->serial = ++chart->undo_last;
	entry->step = step->index;
	entry->args = chart_env_keep(run, chart_env_eval(run, undo->with));
	entry->item = item != NULL ? chart_env_keep(run, item) : NULL;
	entry->question = chart_call_question(run, undo);
	entry->key = chart_call_key(run, FOR_UNDO, undo, step->index);
	if (run->given_up.at != NULL) /* these, or the step's output */
		entry->args = NULL;
	entry->done_ms = run->context->now_ms;
	entry->next = chart->undos;
	chart->undos = entry;
}

struct undo *
chart_undo_find(const struct chart *chart, uint64_t serial)
{
	struct undo *undo = chart->undos;

	while (undo != NULL && undo->serial != serial)
		undo = undo->next;
	return undo;
}

void
chart_undo_drop(struct run *run, uint64_t serial)
{
	struct undo **link = &run->chart->undos;

	while (*link != NULL && (*link)->serial != serial)
		link = &(*link)->next;
	must(*link != NULL);
	LIST_UNLINK(link);
}

/* ---- marks ---- */

static struct mark **
find_mark(struct chart *chart, size_t state)
{
	struct mark **link = &chart->marks;

	while (*link != NULL && (*link)->state != state)
		link = &(*link)->next;
	return link;
}

static void
set_mark(struct chart *chart, size_t state, uint64_t undo)
{
	struct mark **link = find_mark(chart, state);

	if (*link == NULL) {
		*link = ARENA_NEW(chart->arena, struct mark);
		(*link)->state = state;
	}
	(*link)->undo = undo;
}

void
chart_undo_mark_not_entered(struct chart *chart, const struct def_state *state)
{
	if (state->is_undone_to)
		set_mark(chart, state->index, MARK_NOT_ENTERED);
}

/* One that is active has been, while there was nothing to undo. */
void
chart_undo_mark_unknown(struct chart *chart, const struct def_state *state)
{
	if (state->is_undone_to && !chart_config_is_active(chart, state) &&
	    *find_mark(chart, state->index) == NULL)
		set_mark(chart, state->index, MARK_UNKNOWN);
}

void
chart_undo_learn(struct chart *chart, size_t state, bool was_entered)
{
	struct mark **link = find_mark(chart, state);

	if (*link == NULL || (*link)->undo != MARK_UNKNOWN)
		return;
	if (was_entered)
		LIST_UNLINK(link);
	else
		(*link)->undo = MARK_NOT_ENTERED;
}

bool
chart_undo_was_entered(struct chart *chart, size_t state)
{
	const struct mark *mark = *find_mark(chart, state);

	return mark == NULL || mark->undo != MARK_NOT_ENTERED;
}

/* Without a mark everything on the stack has come since. */
void
chart_undo_mark(struct chart *chart, const struct def_state *state)
{
	struct mark **link;

	if (!state->is_undone_to)
		return;
	if (chart->undos != NULL) {
		set_mark(chart, state->index, chart->undos->serial);
		return;
	}
	link = find_mark(chart, state->index);
	if (*link != NULL)
		LIST_UNLINK(link);
}

static bool
is_reached(struct chart *chart, size_t to)
{
	const struct mark *mark;

	if (chart->undos == NULL)
		return true;
	if (to == SIZE_MAX)
		return false;
	mark = *find_mark(chart, to);
	return mark != NULL && chart->undos->serial <= mark->undo;
}

/* ---- undoing ---- */

/* Nobody knows what to undo it with. */
static void
stick(struct run *run, const struct undo *undo)
{
	const struct def_step *step = run->chart->definition->steps[undo->step];

	chart_incident_open(run, INCIDENT_UNDO, undo->step, 0, NULL,
	    "step `%.*s` can't be undone: an expression of its `output` or its "
	    "`compensate` was given up; undo it by hand, and say so by `supply`",
	    STR_ARG(step->id))
	    ->undo = undo->serial;
}

bool
chart_undo_next(struct run *run, size_t to)
{
	struct chart *chart = run->chart;
	struct undo *undo = chart->undos;
	const struct def_step *step;
	struct value_builder *record;
	struct call *call;

	if (is_reached(chart, to))
		return true;
	step = chart->definition->steps[undo->step];
	run->strand->undoes = undo->serial;
	if (undo->args == NULL) {
		stick(run, undo);
		return false;
	}
	record = chart_record_begin(run, AUDIT_COMPENSATING);
	chart_record_step(run, record, step->index);
	value_put_str(record, "by", step->call->compensate->target);
	chart_record_end(run, record);
	call = chart_call_begin(
	    run, FOR_UNDO, step->call->compensate, undo->step, undo->args);
	call->undo = undo->serial;
	call->question = undo->question;
	call->key = undo->key;
	run->strand->awaits = call->serial;
	chart_call_start(run, call);
	return false;
}

void
chart_undo_done(struct run *run, uint64_t serial, struct str by)
{
	const struct undo *undo = chart_undo_find(run->chart, serial);
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_COMPENSATED);

	must(undo != NULL);
	chart_record_step(run, record, undo->step);
	if (by.at != NULL)
		value_put_str(record, "by", by);
	chart_record_end(run, record);
	chart_undo_drop(run, serial);
}
