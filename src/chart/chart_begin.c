/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_begin.c: states begin.
 *
 * The switch makes all states active at once that it enters.  One within
 * another begins when the entry steps of those around it are through, as in
 * SCXML, where it is entered only then: up to there it is pending, has no
 * deadlines and no escalations, and takes nothing.
 */
#include "chart_priv.h"

static const struct def_state *
state_of(const struct chart *chart, size_t index)
{
	return chart->definition->states[index];
}

/* ---- deadlines ---- */

static void
record_deadline(
    struct run *run, const struct def_transition *transition, int64_t due_ms)
{
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_DEADLINE_SET);

	chart_record_state(run, record, "state", transition->source->index);
	value_put_str(record, "after", transition->after.text);
	value_put_instant(record, "due", due_ms);
	chart_record_calendar(run, record);
	chart_record_end(run, record);
}

bool
chart_begin_deadline(struct run *run, const struct def_transition *transition)
{
	int64_t due_ms;

	if (!chart_env_due(run, &transition->after, run->context->now_ms,
		&due_ms))
		return false;
	chart_timer_add(run->chart, TIMER_AFTER, transition->index, 0, due_ms);
	record_deadline(run, transition, due_ms);
	return true;
}

/* Deadlines are fixed when the state begins. */
static void
arm_deadlines(struct run *run, const struct def_state *state)
{
	for (size_t i = 0; i < state->after.count; i++)
		if (chart_time_first_of_key(state, state->after.items[i]) ==
			state->after.items[i] &&
		    !chart_begin_deadline(run, state->after.items[i]))
			chart_incident_open(run, INCIDENT_DEFINITION, SIZE_MAX,
			    0, NULL,
			    "the deadline `%.*s` of state `%.*s` gives no time "
			    "and is left out",
			    STR_ARG(state->after.items[i]->after.text),
			    STR_ARG(state->name));
}

static void
begin(struct run *run, const struct def_state *state)
{
	arm_deadlines(run, state);
	chart_escalation_arm(run, state);
}

/* ---- by the switch ---- */

/* Among those that the switch has just entered. */
static bool
has_entry_steps_around(
    const struct chart *chart, const struct def_state *state)
{
	const struct active *around;

	for (state = state->parent; state != NULL; state = state->parent) {
		around = chart_config_find(chart, state);
		must(around != NULL);
		if (around->entry != chart->entries)
			return false;
		if (state->entry.count > 0)
			return true;
	}
	return false;
}

void
chart_begin_entered(struct run *run, const struct def_state *state)
{
	struct chart *chart = run->chart;

	if (has_entry_steps_around(chart, state))
		chart_config_find(chart, state)->pending = true;
	else
		begin(run, state);
}

/* ---- later ---- */

/* Regions plan their entry steps when they begin. */
static bool
has_entry_steps_between(
    const struct def_state *outer, const struct def_state *inner)
{
	for (inner = inner->parent; inner != outer; inner = inner->parent)
		if (inner->entry.count > 0)
			return true;
	return false;
}

static bool
comes_before(const struct chart *chart, const struct strand *strand,
    const struct def_state *state)
{
	for (size_t i = strand->plan_next; i < strand->plan_count; i++) {
		const struct plan_item *item = &strand->plan[i];
		const struct def_state *outer;

		if (item->kind != PLAN_ENTRY && item->kind != PLAN_FORK)
			continue;
		outer = state_of(chart, item->index);
		if (chart_config_is_within(state, outer) &&
		    (item->kind == PLAN_ENTRY ||
			has_entry_steps_between(outer, state)))
			return true;
	}
	return false;
}

static bool
has_to_wait(const struct chart *chart, const struct def_state *state)
{
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (comes_before(chart, strand, state))
			return true;
	return chart_plan_leaves(chart, state);
}

bool
chart_begin_pending(struct run *run)
{
	struct chart *chart = run->chart;
	bool any = false;

	if (chart->ended || chart->cancelling)
		return false;
	for (size_t i = 0; i < chart->active_count; i++) {
		struct active *active = &chart->active[i];
		const struct def_state *state = state_of(chart, active->state);

		if (!active->pending || has_to_wait(chart, state))
			continue;
		active->pending = false;
		chart_undo_mark(chart, state);
		/* What can't be reckoned is held against somebody. */
		if (run->strand == NULL || run->strand->gone)
			run->strand = chart_strand_add(chart, NULL);
		begin(run, state);
		any = true;
	}
	return any;
}

bool
chart_begin_is_awaited(const struct chart *chart, const struct strand *strand)
{
	for (size_t i = 0; i < chart->active_count; i++) {
		const struct def_state *state =
		    state_of(chart, chart->active[i].state);

		if (chart->active[i].pending && chart_config_is_leaf(state) &&
		    chart_strand_covers(chart, strand, state))
			return true;
	}
	return false;
}
