/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_snapshot_whole.c: whether what was read from a snapshot is an
 * instance at all: what the rest of src/chart relies on without looking.
 *
 * Indices were checked as they were read; here is what parts say of one
 * another.
 */
#include "chart_snapshot_priv.h"

/* ---- values ---- */

static bool
is_context(const struct value *value)
{
	return value != NULL && value->type == VALUE_CONTEXT;
}

static bool
is_context_or_none(const struct value *value)
{
	return value == NULL || value->type == VALUE_CONTEXT;
}

/* ---- states ---- */

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
	if (chart->active_count == 0 || chart->entries == 0)
		return false;
	for (size_t i = 0; i < chart->active_count; i++) {
		if (i > 0 &&
		    chart->active[i].state <= chart->active[i - 1].state)
			return false;
		if (!has_its_family(chart, state_at(chart, i)) ||
		    chart->active[i].exited >
			state_at(chart, i)->exit.count ||
		    chart->active[i].stayed > chart->taking)
			return false;
	}
	return count_children(chart, NULL) == 1;
}

/* ---- strands ---- */

/* No other iteration is or was about the same item. */
static bool
is_once(const struct chart *chart, const struct strand *strand,
    const struct loop *loop)
{
	for (const struct strand *one = chart->strands; one; one = one->next)
		if (one != strand && one->parent == strand->parent &&
		    one->position == strand->position)
			return false;
	for (const struct outcome_of_item *item = loop->later; item != NULL;
	     item = item->next)
		if (item->position == strand->position)
			return false;
	return true;
}

static bool
iteration_is_whole(const struct chart *chart, const struct strand *strand)
{
	const struct strand *above = chart_strand_find(chart, strand->parent);
	const struct def_step *step;

	/* Those above come first, so that there is no circle. */
	if (above == NULL || above->serial >= strand->serial ||
	    above->loop == NULL || !is_context(strand->vars) ||
	    (strand->stopping && !above->stopping))
		return false;
	step = chart_run_current(chart, above);
	return step != NULL && step->index == strand->loop_step &&
	       strand->position > above->loop->result_count &&
	       strand->position <= above->loop->begun &&
	       is_once(chart, strand, above->loop);
}

/* Nothing that has begun is lost: it is under way, or has left a result.  One
 * that stops, or has failed, is not waited for. */
static bool
loop_is_whole(const struct chart *chart, const struct strand *strand)
{
	const struct loop *loop = strand->loop;
	uint64_t count = loop->result_count;

	if (strand->stopping || loop->error != NULL)
		return true;
	for (const struct strand *one = chart->strands; one; one = one->next)
		if (one->parent == strand->serial)
			count++;
	for (const struct outcome_of_item *item = loop->later; item != NULL;
	     item = item->next)
		count++;
	return count == loop->begun;
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
	if (chart_strand_awaiting(chart, strand->awaits) != strand)
		return false;
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
		if (item->kind == PLAN_CLAIM && i > 0)
			return false;
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
	if (strand->loop != NULL && (step == NULL || step->kind != STEP_FOR ||
					!loop_is_whole(chart, strand)))
		return false;
	if (strand->parent != 0 && !iteration_is_whole(chart, strand))
		return false;
	return strand->serial != 0 && strand->serial <= chart->strand_last &&
	       chart_strand_find(chart, strand->serial) == strand &&
	       plan_is_whole(chart, strand) &&
	       awaits_what_is_there(chart, strand);
}

/* ---- calls ---- */

/* More often than this nothing is tried. */
#define TRIES_MAX INT32_MAX

static bool
counts_are_sound(const struct call *call)
{
	return call->tries >= 0 && call->tries <= call->attempt &&
	       call->attempt <= TRIES_MAX && call->asked >= 0 &&
	       call->asked <= TRIES_MAX && (call->tries > 0 || !call->unknown);
}

/* See the states' table in chart_call.c. */
static bool
is_where_it_can_be(const struct call *call)
{
	bool waits = call->due_ms != 0;

	switch (call->state) {
	case CALL_WINDOW:
	case CALL_DELAYED:
		return waits;
	case CALL_QUEUED:
		return call->tries > (call->unknown ? 1 : 0);
	case CALL_SENT:
		return call->tries > 0 && !waits;
	case CALL_ASKING_LATER:
		return call->tries > 0 && call->error != NULL && waits;
	case CALL_ASKING:
	case CALL_ASKED:
		return call->tries > 0 && call->error != NULL && !waits &&
		       call->asked > 0;
	case CALL_STUCK:
		return call->error != NULL && !waits;
	}
	unreachable("every state is listed");
}

static bool
call_is_sound(const struct call *call)
{
	return counts_are_sound(call) && is_where_it_can_be(call) &&
	       is_context(call->args) && is_context_or_none(call->error);
}

/* A serial that was given out, to this call or child alone. */
static bool
is_named(const struct chart *chart, uint64_t serial, const void *what)
{
	const struct call *call = chart_call_find(chart, serial);
	const struct child *child = chart_child_find(chart, serial);

	return serial != 0 && serial <= chart->serial_last &&
	       (call == NULL || call == what) &&
	       (child == NULL || child == what);
}

/* What is not a notice's is awaited by a strand. */
static bool
calls_are_awaited(const struct chart *chart)
{
	for (const struct call *call = chart->calls; call; call = call->next)
		if (!is_named(chart, call->serial, call) ||
		    !call_is_sound(call) ||
		    (call->purpose != FOR_NOTICE &&
			chart_strand_awaiting(chart, call->serial) == NULL))
			return false;
	for (const struct child *child = chart->children; child != NULL;
	     child = child->next)
		if (!is_named(chart, child->serial, child) ||
		    chart_strand_awaiting(chart, child->serial) == NULL)
			return false;
	return true;
}

/* ---- incidents ---- */

static const struct plan_item *
item_at(const struct strand *strand)
{
	return strand->plan_next < strand->plan_count
		   ? &strand->plan[strand->plan_next]
		   : NULL;
}

/* What settling it relies on. */
static bool
incident_is_sound(const struct chart *chart, const struct incident *incident,
    const struct strand *strand)
{
	const struct call *call = chart_call_find(chart, incident->call);

	if ((incident->call != 0) != (incident->kind == INCIDENT_UNKNOWN))
		return false;
	switch (incident->kind) {
	case INCIDENT_UNKNOWN:
		return call != NULL && call->state == CALL_STUCK &&
		       strand->awaits == call->serial;
	case INCIDENT_UNDO:
		return chart_undo_find(chart, incident->undo) != NULL;
	case INCIDENT_TASK:
		return item_at(strand) != NULL &&
		       item_at(strand)->kind == PLAN_SETTLE;
	case INCIDENT_FAILED:
	case INCIDENT_INVARIANT:
		return item_at(strand) != NULL;
	case INCIDENT_DEFINITION:
		return true;
	}
	unreachable("every kind is listed");
}

static bool
incidents_hold(const struct chart *chart)
{
	const struct incident *incident = chart->incidents;

	for (; incident != NULL; incident = incident->next) {
		const struct strand *strand =
		    chart_strand_find(chart, incident->strand);

		if (strand == NULL || !strand->held || incident->serial == 0 ||
		    !incident_is_sound(chart, incident, strand))
			return false;
	}
	return true;
}

/* A person decides about it, so there is somebody who is asked. */
static bool
is_told(const struct chart *chart, const struct call *call)
{
	const struct incident *incident = chart->incidents;

	while (incident != NULL && incident->call != call->serial)
		incident = incident->next;
	return incident != NULL;
}

static bool
stuck_calls_are_told(const struct chart *chart)
{
	for (const struct call *call = chart->calls; call; call = call->next)
		if (call->state == CALL_STUCK && !is_told(chart, call))
			return false;
	return true;
}

/* It was made and has not begun: it stands nowhere and does nothing. */
static bool
is_untouched(const struct chart *chart)
{
	return is_context(chart->data) && chart->active_count == 0 &&
	       chart->entries == 0 && chart->strands == NULL &&
	       chart->calls == NULL && chart->timers == NULL &&
	       chart->tasks == NULL && chart->incidents == NULL;
}

bool
chart_snapshot_is_whole(const struct chart *chart)
{
	if (chart->started_ms == 0)
		return is_untouched(chart);
	if (!is_context(chart->data) || !is_configuration(chart) ||
	    !calls_are_awaited(chart) || !incidents_hold(chart) ||
	    !stuck_calls_are_told(chart))
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
