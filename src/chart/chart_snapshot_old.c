/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_snapshot_old.c: snapshots of version 1: one leaf and one plan.
 *
 * An instance that was saved before there were regions goes on where it was:
 * its leaf and what is around it become the active states, its plan becomes a
 * strand.  The keys of what it has still to do come out the same.
 */
#include "chart_snapshot_priv.h"

/* What kinds of items were called by then, by their numbers. */
#define OLD_SWITCH 2
#define OLD_GOTO 3
static const enum plan_kind kinds[] = {
    PLAN_EXIT,
    PLAN_DO,
    [OLD_SWITCH] = PLAN_SWITCH,
    [OLD_GOTO] = PLAN_SWITCH,
    PLAN_CHECK,
    PLAN_COMPENSATE,
    PLAN_ENTRY,
    PLAN_SETTLE,
    PLAN_CANCEL,
};
#define KIND_COUNT (sizeof(kinds) / sizeof(*kinds))

struct old_item {
	uint64_t kind;
	size_t index;
	size_t detail;
};
struct old_plan {
	struct old_item *items;
	size_t count;
	uint64_t next;
	uint64_t pc;
	uint64_t serial;
	int64_t wait_due_ms;
	bool held;
	uint64_t call;
	struct str cause;
};

static size_t
bound_of(const struct snapshot *s, uint64_t kind)
{
	switch (kinds[kind]) {
	case PLAN_DO:
		return s->definition->transition_count;
	case PLAN_SWITCH:
		return kind == OLD_GOTO ? s->definition->state_count
					: s->definition->transition_count;
	case PLAN_CHECK:
	case PLAN_COMPENSATE:
	case PLAN_CANCEL:
		return 2;
	default:
		return s->definition->state_count;
	}
}

static void
read_item(struct snapshot *s, struct old_item *item)
{
	chart_snapshot_u64(s, &item->kind);
	if (item->kind >= KIND_COUNT) {
		s->damaged = true;
		return;
	}
	chart_snapshot_index(s, &item->index, bound_of(s, item->kind));
	if (item->index == SIZE_MAX && item->kind != OLD_SWITCH) {
		s->damaged = true;
		return;
	}
	if (item->kind != OLD_GOTO)
		return;
	chart_snapshot_index(s, &item->detail,
	    s->definition->states[item->index]->escalation_count);
	if (item->detail == SIZE_MAX || s->definition->states[item->index]
						->escalations[item->detail]
						.target == NULL)
		s->damaged = true;
}

static void
read_plan(struct snapshot *s, struct old_plan *plan)
{
	chart_snapshot_str(s, &plan->cause);
	chart_snapshot_count(s, &plan->count);
	chart_snapshot_u64(s, &plan->next);
	chart_snapshot_u64(s, &plan->pc);
	if (plan->next > plan->count || plan->pc > s->definition->step_count) {
		s->damaged = true;
		return;
	}
	plan->items = ARENA_ARRAY(s->arena, plan->count, struct old_item);
	for (size_t i = 0; i < plan->count && !s->damaged; i++)
		read_item(s, &plan->items[i]);
	chart_snapshot_u64(s, &plan->serial);
	chart_snapshot_i64(s, &plan->wait_due_ms);
	chart_snapshot_bool(s, &plan->held);
	chart_snapshot_u64(s, &plan->call);
}

/* ---- the leaf ---- */

/* All were entered with it, for all that was known. */
static void
activate(struct snapshot *s, struct chart *chart, size_t leaf)
{
	const struct def_state *state = s->definition->states[leaf];

	if (!chart_config_is_leaf(state)) {
		s->damaged = true;
		return;
	}
	chart->active_count = state->depth + 1;
	chart->active_capacity = chart->active_count;
	chart->active =
	    ARENA_ARRAY(s->arena, chart->active_count, struct active);
	for (; state != NULL; state = state->parent)
		chart->active[state->depth] = (struct active){
		    .state = state->index, .entry = chart->entries};
}

/* ---- the plan ---- */

/* Where the switch is that is still to come; the count: there is none. */
static size_t
find_switch(const struct old_plan *plan)
{
	size_t i = (size_t)plan->next;

	while (i < plan->count && kinds[plan->items[i].kind] != PLAN_SWITCH)
		i++;
	return i;
}

static const struct def_state *
source_of(const struct definition *definition, const struct taken *taken)
{
	if (taken->transition != SIZE_MAX)
		return definition->transitions[taken->transition]->source;
	return taken->state != SIZE_MAX ? definition->states[taken->state]
					: NULL;
}

/* What was taken is known by the switch; a cancel's undoing, by what was
 * planned behind it. */
static struct taken *
taken_of(struct snapshot *s, const struct chart *chart,
    const struct old_plan *plan, size_t at)
{
	const struct definition *definition = s->definition;
	const struct old_item *item = &plan->items[at];
	struct taken *taken = ARENA_NEW(s->arena, struct taken);
	const struct def_state *source, *scope = NULL;

	taken->transition = item->kind == OLD_GOTO ? SIZE_MAX : item->index;
	taken->state = item->kind == OLD_GOTO ? item->index : SIZE_MAX;
	taken->escalation = item->detail;
	taken->leaves = true;
	source = source_of(definition, taken);
	if (source != NULL)
		scope = chart_config_domain(chart, source,
		    chart_taken_targets(definition, taken),
		    taken->transition != SIZE_MAX &&
			definition->transitions[taken->transition]->internal,
		    s->arena);
	taken->scope = scope != NULL ? scope->index : SIZE_MAX;
	for (size_t i = at; i < plan->count; i++)
		if (kinds[plan->items[i].kind] == PLAN_COMPENSATE)
			taken->undoes = true;
	return taken;
}

/* What follows a switch is planned when it is reached, and what is done is
 * needed for nothing but to know that something is. */
static void
copy_items(struct chart *chart, struct strand *strand,
    const struct old_plan *plan, size_t end)
{
	for (size_t i = 0; i < end; i++) {
		const struct old_item *item = &plan->items[i];
		enum plan_kind kind = kinds[item->kind];
		bool indexed = kind == PLAN_EXIT || kind == PLAN_DO ||
			       kind == PLAN_ENTRY || kind == PLAN_SETTLE;

		chart_strand_plan(
		    chart, strand, kind, indexed ? item->index : SIZE_MAX);
	}
	strand->plan_next = (size_t)plan->next;
}

static void
begin_strand(
    struct snapshot *s, struct chart *chart, const struct old_plan *plan)
{
	struct strand *strand = chart_strand_add(chart, NULL);
	size_t at = find_switch(plan);

	strand->taking = plan->serial;
	strand->pc = (size_t)plan->pc;
	strand->cause = plan->cause;
	strand->event = chart->event;
	strand->wait_due_ms = plan->wait_due_ms;
	strand->awaits = plan->call;
	strand->held = plan->held;
	strand->stopping = chart->cancelling;
	if (at < plan->count) {
		strand->taken = taken_of(s, chart, plan, at);
		strand->taken_count = 1;
		at++;
	}
	copy_items(chart, strand, plan, at);
}

void
chart_snapshot_old_plan(struct snapshot *s, struct chart *chart)
{
	struct old_plan plan = {0};
	size_t leaf = SIZE_MAX;

	chart_snapshot_index(s, &leaf, s->definition->state_count);
	read_plan(s, &plan);
	if (s->damaged)
		return;
	chart->taking = plan.serial;
	if (leaf != SIZE_MAX)
		activate(s, chart, leaf);
	if (plan.held || plan.next < plan.count)
		begin_strand(s, chart, &plan);
}

/* ---- the rest ---- */

void
chart_snapshot_old_signal(struct snapshot *s, struct signal *signal)
{
	signal->from = SIZE_MAX;
	chart_snapshot_str(s, &signal->name);
	chart_snapshot_index(s, &signal->only, s->definition->state_count);
	chart_snapshot_value(s, &signal->event);
	chart_snapshot_u64(s, &signal->entry);
}

static void
number_undos(struct chart *chart)
{
	uint64_t count = 0;

	for (struct undo *undo = chart->undos; undo != NULL; undo = undo->next)
		count++;
	chart->undo_last = count;
	for (struct undo *undo = chart->undos; undo != NULL; undo = undo->next)
		undo->serial = count--;
}

/* Nobody noted before version 5 what was done: it is taken for done where the
 * workflow has such a step.  Nor which states were not entered.  Nor what a
 * child was told: it is taken for what the cancel under way asks for. */
void
chart_snapshot_old_rest(struct snapshot *s, struct chart *chart)
{
	const struct definition *definition = chart->definition;

	if (s->damaged)
		return;
	for (size_t i = 0; i < definition->step_count; i++)
		if (chart_run_leaves(definition->steps[i]))
			chart->stands = true;
	for (size_t i = 0; i < definition->state_count && !chart->ended; i++)
		chart_undo_mark_unknown(chart, definition->states[i]);
	for (struct child *child = chart->children; child; child = child->next)
		child->undoes = child->cancelled && chart->cancel_compensates;
}

/* How far states have been left was not noted before version 6: whoever leaves
 * one has done the steps before where it stands. */
void
chart_snapshot_old_exits(struct chart *chart)
{
	const struct definition *definition = chart->definition;

	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		for (size_t i = 0;
		     i <= strand->plan_next && i < strand->plan_count; i++) {
			const struct def_state *state;
			struct active *active;

			if (strand->plan[i].kind != PLAN_EXIT)
				continue;
			state = definition->states[strand->plan[i].index];
			active = chart_config_find(chart, state);
			if (active != NULL && strand->taken_count > 0)
				active->exited = i < strand->plan_next
						     ? state->exit.count
						     : strand->pc;
		}
}

void
chart_snapshot_old_settle(struct chart *chart)
{
	struct internal *raised = chart->internals;
	uint64_t top;

	number_undos(chart);
	top = chart->undo_last; /* what was being undone */
	for (struct call *call = chart->calls; call; call = call->next) {
		call->undo = call->purpose == FOR_UNDO ? top : 0;
		call->given_up = chart->cancelling && call->purpose == FOR_STEP;
	}
	for (struct incident *incident = chart->incidents; incident;
	     incident = incident->next) {
		incident->strand = chart->strand_last;
		incident->undo = incident->kind == INCIDENT_UNDO ? top : 0;
	}
	/* What held until something was entered is of the leaf. */
	for (; raised != NULL; raised = raised->next)
		if (raised->signal.entry != 0 && chart->active_count > 0)
			raised->signal.from =
			    chart->active[chart->active_count - 1].state;
}
