/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_snapshot_strand.c: strands as bytes and back, and whether what was
 * read is an instance at all.
 */
#include "chart_snapshot_priv.h"

/* ---- the parts ---- */

static void
visit_taken(struct snapshot *s, struct taken *taken)
{
	const struct definition *definition = s->definition;

	chart_snapshot_index(
	    s, &taken->transition, definition->transition_count);
	chart_snapshot_index(s, &taken->state, definition->state_count);
	if (taken->state != SIZE_MAX)
		chart_snapshot_index(s, &taken->escalation,
		    definition->states[taken->state]->escalation_count);
	chart_snapshot_index(s, &taken->scope, definition->state_count);
	chart_snapshot_bool(s, &taken->leaves);
	chart_snapshot_bool(s, &taken->undoes);
	if (taken->escalation == SIZE_MAX ||
	    (taken->state != SIZE_MAX &&
		definition->states[taken->state]
			->escalations[taken->escalation]
			.target == NULL))
		s->damaged = true;
}

static size_t
bound_of(const struct snapshot *s, enum plan_kind kind)
{
	return kind == PLAN_DO ? s->definition->transition_count
			       : s->definition->state_count;
}

static void
visit_item(struct snapshot *s, struct plan_item *item)
{
	VISIT_ENUM(s, item->kind, PLAN_CANCEL);
	chart_snapshot_index(s, &item->index, bound_of(s, item->kind));
	switch (item->kind) {
	case PLAN_EXIT:
	case PLAN_DO:
	case PLAN_ENTRY:
	case PLAN_FORK:
	case PLAN_SETTLE:
		if (item->index == SIZE_MAX)
			s->damaged = true;
		return;
	case PLAN_CLAIM:
	case PLAN_SWITCH:
	case PLAN_CHECK:
	case PLAN_COMPENSATE:
	case PLAN_CANCEL:
		return;
	}
}

static void
visit_later(struct snapshot *s, struct outcome_of_item *item)
{
	chart_snapshot_u64(s, &item->position);
	chart_snapshot_str(s, &item->packed);
}

/* So many values, and nothing else. */
static bool
has_values(struct str bytes, uint64_t count)
{
	struct arena *arena = arena_new();
	bool all = true;

	for (uint64_t i = 0; i < count && all; i++)
		all = value_unpack(arena, &bytes) != NULL;
	arena_free(&arena);
	return all && bytes.bytes == 0;
}

static bool
loop_is_sound(const struct loop *loop)
{
	if (loop->begun > loop->count || loop->result_count > loop->begun ||
	    !has_values(loop->items, loop->count - loop->begun) ||
	    !has_values(loop->results, loop->result_count))
		return false;
	for (const struct outcome_of_item *item = loop->later; item != NULL;
	     item = item->next)
		if (item->position > loop->begun ||
		    item->position <= loop->result_count ||
		    !has_values(item->packed, 1))
			return false;
	return true;
}

static void
visit_loop(struct snapshot *s, struct loop **loop)
{
	bool there = *loop != NULL;

	chart_snapshot_bool(s, &there);
	if (!there)
		return;
	if (s->out == NULL)
		*loop = ARENA_NEW(s->arena, struct loop);
	chart_snapshot_str(s, &(*loop)->items);
	chart_snapshot_u64(s, &(*loop)->begun);
	chart_snapshot_u64(s, &(*loop)->count);
	chart_snapshot_str(s, &(*loop)->results);
	chart_snapshot_u64(s, &(*loop)->result_count);
	VISIT_LIST(s, (*loop)->later, visit_later);
	chart_snapshot_value(s, &(*loop)->error);
	if (s->out == NULL && !loop_is_sound(*loop))
		s->damaged = true;
}

static void
visit_plan(struct snapshot *s, struct strand *strand)
{
	uint64_t next = strand->plan_next, pc = strand->pc;

	VISIT_ARRAY(s, strand->plan, strand->plan_count, visit_item);
	chart_snapshot_u64(s, &next);
	chart_snapshot_u64(s, &pc);
	if (next > strand->plan_count || pc > s->definition->step_count) {
		s->damaged = true;
		return;
	}
	strand->plan_next = (size_t)next;
	strand->pc = (size_t)pc;
	if (s->out == NULL)
		strand->plan_capacity = strand->plan_count;
}

static void
visit_iteration(struct snapshot *s, struct strand *strand)
{
	chart_snapshot_index(s, &strand->loop_step, s->definition->step_count);
	chart_snapshot_u64(s, &strand->position);
	chart_snapshot_bool(s, &strand->failed);
	chart_snapshot_value(s, &strand->item);
	chart_snapshot_value(s, &strand->vars);
	if (strand->loop_step == SIZE_MAX || strand->item == NULL ||
	    strand->vars == NULL ||
	    s->definition->steps[strand->loop_step]->kind != STEP_FOR)
		s->damaged = true;
}

void
chart_snapshot_strand(struct snapshot *s, struct strand *strand)
{
	chart_snapshot_u64(s, &strand->serial);
	chart_snapshot_u64(s, &strand->taking);
	VISIT_ARRAY(s, strand->taken, strand->taken_count, visit_taken);
	chart_snapshot_index(s, &strand->scope, s->definition->state_count);
	visit_plan(s, strand);
	chart_snapshot_str(s, &strand->cause);
	chart_snapshot_value(s, &strand->event);
	chart_snapshot_value(s, &strand->error);
	chart_snapshot_value(s, &strand->decision);
	chart_snapshot_i64(s, &strand->wait_due_ms);
	chart_snapshot_u64(s, &strand->awaits);
	chart_snapshot_bool(s, &strand->held);
	chart_snapshot_bool(s, &strand->stopping);
	visit_loop(s, &strand->loop);
	chart_snapshot_u64(s, &strand->parent);
	if (s->out == NULL)
		strand->loop_step = SIZE_MAX;
	if (strand->parent != 0)
		visit_iteration(s, strand);
}

/* ---- whether it is an instance ---- */

static const struct def_state *
state_at(const struct chart *chart, size_t position)
{
	return chart->definition->states[chart->active[position].state];
}

static size_t
count_children(const struct chart *chart, const struct def_state *parent)
{
	size_t count = 0;

	for (size_t i = 0; i < chart->active_count; i++)
		if (state_at(chart, i)->parent == parent)
			count++;
	return count;
}

static size_t
count_regions(const struct def_state *parallel)
{
	size_t count = 0;

	for (size_t i = 0; i < parallel->child_count; i++)
		if (parallel->children[i]->kind != STATE_HISTORY)
			count++;
	return count;
}

/* Ancestors, one child of a compound, every child of a parallel. */
static bool
has_its_family(const struct chart *chart, const struct def_state *state)
{
	if (state->parent != NULL &&
	    !chart_config_is_active(chart, state->parent))
		return false;
	switch (state->kind) {
	case STATE_COMPOUND:
		return count_children(chart, state) == 1;
	case STATE_PARALLEL:
		return count_children(chart, state) == count_regions(state);
	case STATE_HISTORY:
		return false;
	case STATE_ATOMIC:
	case STATE_FINAL:
		return true;
	}
	unreachable("every kind of state is listed");
}

static bool
is_configuration(const struct chart *chart)
{
	if (chart->active_count == 0)
		return chart->entries == 0;
	for (size_t i = 0; i < chart->active_count; i++) {
		if (i > 0 &&
		    chart->active[i].state <= chart->active[i - 1].state)
			return false;
		if (!has_its_family(chart, state_at(chart, i)))
			return false;
	}
	return count_children(chart, NULL) == 1;
}

static bool
iteration_is_whole(const struct chart *chart, const struct strand *strand)
{
	const struct strand *above = chart_strand_find(chart, strand->parent);
	const struct def_step *step;

	/* Those above come first, so that there is no circle. */
	if (above == NULL || above->serial >= strand->serial ||
	    above->loop == NULL)
		return false;
	step = chart_run_current(chart, above);
	return step != NULL && step->index == strand->loop_step &&
	       strand->position > above->loop->result_count &&
	       strand->position <= above->loop->begun;
}

static bool
call_is_whole(const struct chart *chart, const struct strand *strand,
    const struct call *call)
{
	const struct def_step *step = chart_run_current(chart, strand);

	switch (call->purpose) {
	case FOR_STEP:
		return step != NULL && step->index == call->step;
	case FOR_UNDO:
		return chart_undo_find(chart, call->undo) != NULL &&
		       chart_undo_find(chart, call->undo)->step == call->step;
	case FOR_NOTICE:
		return false;
	}
	unreachable("every purpose is listed");
}

static bool
awaits_what_is_there(const struct chart *chart, const struct strand *strand)
{
	const struct call *call = chart_call_find(chart, strand->awaits);
	const struct child *child = chart_child_find(chart, strand->awaits);
	const struct def_step *step = chart_run_current(chart, strand);

	if (strand->awaits == 0)
		return true;
	if (call != NULL)
		return call_is_whole(chart, strand, call);
	return child != NULL && step != NULL && step->index == child->step;
}

/* Every item's state or transition is where the item can be done. */
static bool
plan_is_whole(const struct chart *chart, const struct strand *strand)
{
	bool switches = false;

	for (size_t i = strand->plan_next; i < strand->plan_count; i++) {
		const struct plan_item *item = &strand->plan[i];

		if (item->kind == PLAN_SWITCH)
			switches = true;
		if ((item->kind == PLAN_EXIT || item->kind == PLAN_ENTRY ||
			item->kind == PLAN_FORK || item->kind == PLAN_SETTLE) &&
		    !chart_config_is_active(
			chart, chart->definition->states[item->index]))
			return false;
	}
	return !switches || strand->taken_count > 0;
}

static bool
strand_is_whole(const struct chart *chart, const struct strand *strand)
{
	const struct def_step *step = chart_run_current(chart, strand);

	if (strand->wait_due_ms != 0 &&
	    (step == NULL || step->kind != STEP_WAIT))
		return false;
	if (strand->loop != NULL && (step == NULL || step->kind != STEP_FOR))
		return false;
	if (strand->parent != 0 && !iteration_is_whole(chart, strand))
		return false;
	return strand->serial != 0 && strand->serial <= chart->strand_last &&
	       chart_strand_find(chart, strand->serial) == strand &&
	       plan_is_whole(chart, strand) &&
	       awaits_what_is_there(chart, strand);
}

/* What is not a notice's is awaited by a strand. */
static bool
calls_are_awaited(const struct chart *chart)
{
	for (const struct call *call = chart->calls; call; call = call->next)
		if (call->purpose != FOR_NOTICE &&
		    (call->serial == 0 ||
			chart_strand_awaiting(chart, call->serial) == NULL))
			return false;
	for (const struct child *child = chart->children; child != NULL;
	     child = child->next)
		if (child->serial == 0 ||
		    chart_strand_awaiting(chart, child->serial) == NULL)
			return false;
	return true;
}

static bool
incidents_hold(const struct chart *chart)
{
	const struct incident *incident = chart->incidents;

	for (; incident != NULL; incident = incident->next) {
		const struct strand *strand =
		    chart_strand_find(chart, incident->strand);

		if (strand == NULL || !strand->held ||
		    (incident->kind == INCIDENT_UNDO &&
			chart_undo_find(chart, incident->undo) == NULL))
			return false;
	}
	return true;
}

bool
chart_snapshot_is_whole(const struct chart *chart)
{
	if (!is_configuration(chart) || !calls_are_awaited(chart) ||
	    !incidents_hold(chart))
		return false;
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next) {
		const struct incident *incident = chart->incidents;

		while (incident != NULL && incident->strand != strand->serial)
			incident = incident->next;
		if (strand->held != (incident != NULL) ||
		    !strand_is_whole(chart, strand))
			return false;
	}
	return true;
}
