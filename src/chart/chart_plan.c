/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_plan.c: microsteps: from one configuration to the next.
 *
 * The transitions of a microstep become one strand: steps of the exits
 * (innermost first), steps of the transitions, the switch.  The switch
 * changes the configuration at once, so that an instance is in a legal one at
 * every commit, whatever its steps wait for.  What follows, undoing where it
 * is asked for, steps of the entries (outermost first), settling, is a strand
 * for every region that was entered.
 *
 * A state within others begins later (chart_begin.c).
 */
#include "chart_priv.h"

#include <string.h>

static const struct def_state *
state_of(const struct chart *chart, size_t index)
{
	return index == SIZE_MAX ? NULL : chart->definition->states[index];
}

static const struct def_transition *
transition_of(const struct chart *chart, const struct taken *taken)
{
	return taken->transition == SIZE_MAX
		   ? NULL
		   : chart->definition->transitions[taken->transition];
}

/* ---- undoing ---- */

/* Once is enough, and undoing all covers the rest. */
static void
plan_undoing(struct chart *chart, struct strand *strand,
    enum def_compensate compensate, const struct def_state *to)
{
	size_t back_to = compensate == COMPENSATE_TO ? to->index : SIZE_MAX;

	if (compensate == COMPENSATE_NONE)
		return;
	for (size_t i = 0; i < strand->plan_count; i++) {
		struct plan_item *item = &strand->plan[i];

		if (item->kind != PLAN_COMPENSATE)
			continue;
		if (back_to == SIZE_MAX)
			item->index = SIZE_MAX;
		if (item->index == SIZE_MAX || item->index == back_to)
			return;
	}
	chart_strand_plan(chart, strand, PLAN_COMPENSATE, back_to);
}

static bool
asks_for_undoing(struct chart *chart, enum def_compensate compensate,
    const struct def_state *to)
{
	return compensate == COMPENSATE_ALL ||
	       (compensate == COMPENSATE_TO &&
		   chart_undo_was_entered(chart, to->index));
}

bool
chart_plan_undoes(struct run *run, const struct chosen *chosen)
{
	struct chart *chart = run->chart;
	struct state_set entered = {.arena = run->context->arena};

	for (size_t i = 0; i < chosen->count; i++) {
		const struct def_transition *transition =
		    transition_of(chart, &chosen->items[i]);

		if (chosen->items[i].undoes ||
		    (transition != NULL &&
			asks_for_undoing(chart, transition->compensate,
			    transition->compensate_to)))
			return true;
	}
	chart_config_foresee(chart, chosen->items, chosen->count, &entered);
	for (size_t i = 0; i < entered.count; i++)
		if (asks_for_undoing(chart, entered.items[i]->compensate,
			entered.items[i]->compensate_to))
			return true;
	return false;
}

/* ---- up to the switch ---- */

static bool
is_left(const struct chart *chart, const struct strand *strand,
    const struct def_state *state)
{
	return chart_config_is_left(
	    chart, strand->taken, strand->taken_count, state);
}

static void
plan_exits(struct chart *chart, struct strand *strand)
{
	for (size_t i = chart->active_count; i-- > 0;) {
		const struct def_state *state =
		    state_of(chart, chart->active[i].state);

		if (state->exit.count > 0 && !chart->active[i].pending &&
		    is_left(chart, strand, state))
			chart_strand_plan(
			    chart, strand, PLAN_EXIT, state->index);
	}
}

static void
plan_undoing_of(
    struct chart *chart, struct strand *strand, const struct taken *taken)
{
	const struct def_transition *transition = transition_of(chart, taken);

	if (taken->undoes)
		plan_undoing(chart, strand, COMPENSATE_ALL, NULL);
	else if (transition != NULL)
		plan_undoing(chart, strand, transition->compensate,
		    transition->compensate_to);
}

/* What a transition that leaves nothing does besides its steps. */
static void
plan_staying(
    struct chart *chart, struct strand *strand, const struct taken *taken)
{
	const struct def_transition *transition = transition_of(chart, taken);

	if (transition->steps.count > 0 &&
	    chart->definition->invariant_count > 0)
		chart_strand_plan(chart, strand, PLAN_CHECK, SIZE_MAX);
	plan_undoing_of(chart, strand, taken);
}

static void
plan_taken(struct chart *chart, struct strand *strand)
{
	bool leaves = false;

	plan_exits(chart, strand);
	for (size_t i = 0; i < strand->taken_count; i++) {
		const struct def_transition *transition =
		    transition_of(chart, &strand->taken[i]);

		if (transition != NULL && transition->steps.count > 0)
			chart_strand_plan(
			    chart, strand, PLAN_DO, transition->index);
	}
	for (size_t i = 0; i < strand->taken_count; i++) {
		leaves = leaves || strand->taken[i].leaves;
		if (!strand->taken[i].leaves)
			plan_staying(chart, strand, &strand->taken[i]);
	}
	if (leaves)
		chart_strand_plan(chart, strand, PLAN_SWITCH, SIZE_MAX);
}

static void
tell_taken(struct run *run, const struct chosen *chosen)
{
	for (size_t i = 0; i < chosen->count; i++) {
		const struct def_transition *transition =
		    transition_of(run->chart, &chosen->items[i]);

		if (transition != NULL && run->context->took != NULL)
			run->context->took(run->context->took_arg, transition);
	}
}

static struct strand *
begin(struct run *run, const struct chosen *chosen, struct str cause,
    const struct value *event)
{
	struct chart *chart = run->chart;
	struct strand *strand = chart_strand_add(chart, NULL);

	run->microsteps++;
	strand->taking = ++chart->taking;
	strand->taken = ARENA_ARRAY(chart->arena, chosen->count, struct taken);
	strand->taken_count = chosen->count;
	memcpy(strand->taken, chosen->items,
	    chosen->count * sizeof(*strand->taken));
	strand->cause = cause;
	strand->event = event;
	chart->event = event;
	return strand;
}

static struct chosen
those_that_leave(const struct chosen *chosen, struct arena *arena)
{
	struct chosen leaving = {
	    .items = ARENA_ARRAY(arena, chosen->count, struct taken)};

	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->items[i].leaves)
			leaving.items[leaving.count++] = chosen->items[i];
	return leaving;
}

bool
chart_plan_leaves(const struct chart *chart, const struct def_state *state)
{
	const struct strand *strand = chart->strands;

	while (strand != NULL &&
	       (strand->stopping || !is_left(chart, strand, state)))
		strand = strand->next;
	return strand != NULL;
}

/* Where a state stays after all, its steps of `exit` are done when it is left
 * the next time. */
static void
forget_exits(struct chart *chart)
{
	for (size_t i = 0; i < chart->active_count; i++) {
		struct active *active = &chart->active[i];

		if (active->exited == 0 ||
		    chart_plan_leaves(chart, state_of(chart, active->state)))
			continue;
		active->exited = 0;
		active->stayed = chart->taking;
	}
}

void
chart_plan_take(struct run *run, const struct chosen *chosen,
    struct strand *instead, struct str cause, const struct value *event)
{
	struct chart *chart = run->chart;
	const struct chosen leaving =
	    those_that_leave(chosen, run->context->arena);
	struct strand *strand;

	must(chosen->count > 0);
	tell_taken(run, chosen);
	if (leaving.count > 0)
		chart_concern_spare(run, &leaving);
	strand = begin(run, chosen, cause, event);
	run->undoes = chart->children != NULL && chart_plan_undoes(run, chosen);
	if (instead != NULL && chosen->count == 1) {
		strand->error = instead->error;
		strand->decision = instead->decision;
	}
	if (instead != NULL) {
		if (!instead->gone && leaving.count > 0 &&
		    chart_concern(chart, &leaving, instead) !=
			CONCERNS_NOTHING &&
		    !chart_strand_stop(run, instead, STOP_LEFT))
			chart_strand_plan(chart, strand, PLAN_CLAIM, SIZE_MAX);
	}
	if (!chart_strand_stop_others(run, strand, STOP_LEFT) &&
	    strand->plan_count == 0)
		chart_strand_plan(chart, strand, PLAN_CLAIM, SIZE_MAX);
	run->undoes = false;
	plan_taken(chart, strand);
	forget_exits(chart);
	if (strand->plan_count == 0)
		chart_strand_end(run, strand);
}

/* ---- what goes on where one of them has failed, or is cancelled ---- */

/* A strand for what follows, with what its microstep was taken for. */
static struct strand *
branch(struct chart *chart, const struct strand *from, struct strand *after,
    size_t scope)
{
	struct strand *strand = chart_strand_add(chart, after);

	strand->taking = from->taking;
	strand->cause = from->cause;
	strand->event = from->event;
	strand->error = from->error;
	strand->decision = from->decision;
	strand->scope = scope;
	return strand;
}

static bool
is_nested(const struct chart *chart, size_t a, size_t b)
{
	return a == SIZE_MAX || b == SIZE_MAX ||
	       def_state_contains(state_of(chart, a), state_of(chart, b)) ||
	       def_state_contains(state_of(chart, b), state_of(chart, a));
}

/* Neither leaves what the other is about. */
static bool
is_clear_of(const struct chart *chart, const struct taken *taken,
    const struct chosen *chosen)
{
	for (size_t i = 0; i < chosen->count; i++)
		if ((taken->leaves || chosen->items[i].leaves) &&
		    is_nested(chart, taken->scope, chosen->items[i].scope))
			return false;
	return true;
}

/* Whether the list of steps that the strand is at is done for it. */
static bool
is_under_way(const struct chart *chart, const struct strand *strand,
    const struct taken *taken)
{
	const struct plan_item *item = &strand->plan[strand->plan_next];

	return item->kind == PLAN_DO
		   ? taken->transition == item->index
		   : chart_config_is_left(
			 chart, taken, 1, state_of(chart, item->index));
}

static bool
is_behind(const struct strand *strand, const struct plan_item *item)
{
	for (size_t i = 0; i < strand->plan_next; i++)
		if (strand->plan[i].kind == item->kind &&
		    strand->plan[i].index == item->index)
			return true;
	return false;
}

/* What is left to do of the transitions that it has now. */
static void
replan(
    struct run *run, struct strand *strand, const struct strand *before)
{
	struct chart *chart = run->chart;

	strand->plan = NULL;
	strand->plan_count = strand->plan_capacity = strand->plan_next = 0;
	if (before->plan[before->plan_next].kind == PLAN_CLAIM)
		chart_strand_plan(chart, strand, PLAN_CLAIM, SIZE_MAX);
	plan_taken(chart, strand);
	while (strand->plan_next < strand->plan_count &&
	       is_behind(before, &strand->plan[strand->plan_next]))
		strand->plan_next++;
	if (strand->plan_next == strand->plan_count)
		chart_strand_end(run, strand);
}

/* Some of the strand's transitions become a strand of their own, behind it.
 * What they have done already is not done again. */
static void
divide(struct run *run, struct strand *strand, const bool *goes)
{
	struct chart *chart = run->chart;
	const struct strand before = *strand;
	struct strand *rest = branch(chart, strand, strand, SIZE_MAX);
	size_t left = 0;

	rest->error = NULL; /* that of the steps under way */
	rest->decision = NULL;
	rest->stopping = strand->stopping;
	rest->taken =
	    ARENA_ARRAY(chart->arena, before.taken_count, struct taken);
	for (size_t i = 0; i < before.taken_count; i++)
		if (goes[i])
			rest->taken[rest->taken_count++] = before.taken[i];
		else
			strand->taken[left++] = before.taken[i];
	strand->taken_count = left;
	must(rest->taken_count > 0 && left > 0);
	replan(run, rest, &before);
	replan(run, strand, &before);
}

/* The event was theirs too: what another region makes of its failed step is
 * nothing to them. */
void
chart_plan_part(struct run *run, struct strand *strand,
    const struct chosen *instead)
{
	struct chart *chart = run->chart;
	bool *goes =
	    ARENA_ARRAY(run->context->arena, strand->taken_count, bool);
	bool any = false;

	for (size_t i = 0; i < strand->taken_count; i++) {
		const struct taken *taken = &strand->taken[i];

		goes[i] = !is_under_way(chart, strand, taken) &&
			  is_clear_of(chart, taken, instead);
		any = any || goes[i];
	}
	if (any)
		divide(run, strand, goes);
}

bool
chart_plan_may_replace(const struct chart *chart, const struct strand *strand,
    const struct chosen *instead)
{
	enum plan_kind kind = strand->plan[strand->plan_next].kind;

	/* Nothing would be left, and nothing begin. */
	if (!instead->items[0].leaves && chart_begin_is_awaited(chart, strand))
		return false;
	if (kind != PLAN_EXIT && kind != PLAN_DO)
		return true;
	for (size_t i = 0; i < strand->taken_count; i++)
		if (is_under_way(chart, strand, &strand->taken[i]) &&
		    chart_concern_strands(chart, instead, &strand->taken[i]))
			return false;
	return true;
}

void
chart_plan_divide(struct run *run, struct strand *strand, bool *goes)
{
	enum plan_kind kind = strand->plan[strand->plan_next].kind;
	bool turns = false;

	must(kind != PLAN_CHECK && kind != PLAN_COMPENSATE);
	/* What is under way stays where it is. */
	for (size_t i = 0; i < strand->taken_count; i++)
		if ((kind == PLAN_EXIT || kind == PLAN_DO) && goes[i] &&
		    is_under_way(run->chart, strand, &strand->taken[i]))
			turns = true;
	for (size_t i = 0; i < strand->taken_count; i++)
		goes[i] = goes[i] != turns;
	divide(run, strand, goes);
}

void
chart_plan_start(struct run *run)
{
	struct chart *chart = run->chart;
	struct taken whole = {.transition = SIZE_MAX,
	    .state = SIZE_MAX,
	    .scope = SIZE_MAX,
	    .leaves = true};
	struct chosen chosen = {.items = &whole, .count = 1};

	must(chart->active_count == 0);
	for (size_t i = 0; i < chart->definition->state_count; i++)
		chart_undo_mark_not_entered(chart, state_of(chart, i));
	chart_plan_take(run, &chosen, NULL, (struct str){NULL, 0}, NULL);
}

/* ---- after the switch ---- */

static void
plan_undoing_on_entry(
    struct chart *chart, struct strand *strand, const struct def_state *first)
{
	const struct def_state *state = first;

	while (state != NULL) {
		plan_undoing(
		    chart, strand, state->compensate, state->compensate_to);
		state = state->kind == STATE_PARALLEL
			    ? NULL
			    : chart_config_child(chart, state);
	}
}

/* Down from the first state to the leaf, or to where regions begin. */
static void
plan_arrival(
    struct chart *chart, struct strand *strand, const struct def_state *first)
{
	const struct def_state *state = first, *last = first;
	bool enters = false;

	plan_undoing_on_entry(chart, strand, first);
	for (; state != NULL; state = state->kind == STATE_PARALLEL
					  ? NULL
					  : chart_config_child(chart, state)) {
		last = state;
		if (state->entry.count == 0)
			continue;
		chart_strand_plan(chart, strand, PLAN_ENTRY, state->index);
		enters = true;
	}
	/* Entry steps may break what held before them. */
	if (enters && chart->definition->invariant_count > 0)
		chart_strand_plan(chart, strand, PLAN_CHECK, SIZE_MAX);
	chart_strand_plan(chart, strand,
	    last->kind == STATE_PARALLEL ? PLAN_FORK : PLAN_SETTLE,
	    last->index);
}

static bool
is_first_of_scope(const struct strand *strand, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strand->taken[j].leaves &&
		    strand->taken[j].scope == strand->taken[i].scope)
			return false;
	return strand->taken[i].leaves;
}

/* Each region that was entered goes on by itself; invariants and undoing,
 * which concern all, are the first one's. */
static void
branch_arrivals(struct run *run, struct strand *strand)
{
	struct chart *chart = run->chart;
	struct strand *last = strand;

	for (size_t i = 0; i < strand->taken_count; i++) {
		const struct def_state *first;
		struct strand *next;

		if (!is_first_of_scope(strand, i))
			continue;
		next = branch(chart, strand, last, strand->taken[i].scope);
		if (last == strand) {
			if (chart->definition->invariant_count > 0)
				chart_strand_plan(
				    chart, next, PLAN_CHECK, SIZE_MAX);
			for (size_t j = 0; j < strand->taken_count; j++)
				if (strand->taken[j].leaves)
					plan_undoing_of(
					    chart, next, &strand->taken[j]);
			if (strand->held) /* by a deadline without a time */
				chart_incident_move(
				    chart, strand->serial, next);
		}
		first = chart_config_child(
		    chart, state_of(chart, strand->taken[i].scope));
		must(first != NULL);
		plan_arrival(chart, next, first);
		last = next;
	}
	chart_strand_end(run, strand);
}

/* ---- the switch ---- */

static void
leave(struct run *run, const struct def_state *state)
{
	for (size_t i = 0; i < state->after.count; i++)
		chart_timer_remove(
		    run->chart, TIMER_AFTER, state->after.items[i]->index, 0);
	chart_escalation_disarm(run, state);
	if (state->task != NULL)
		chart_task_close(run, state->index);
}

/* The leaves' names in document order, separated by blanks; absent: none. */
static struct str
names_of(const struct state_set *set, bool reversed, struct arena *arena)
{
	struct str names = {NULL, 0};

	for (size_t i = 0; i < set->count; i++) {
		const struct def_state *state =
		    set->items[reversed ? set->count - 1 - i : i];

		if (!chart_config_is_leaf(state))
			continue;
		names = names.at == NULL
			    ? state->name
			    : arena_strf(arena, "%.*s %.*s", STR_ARG(names),
				  STR_ARG(state->name));
	}
	return names;
}

static void
record_entered(struct run *run, const struct strand *strand,
    const struct state_set *left, const struct state_set *entered)
{
	struct arena *arena = run->context->arena;
	struct value_builder *record = chart_record_begin(run, AUDIT_ENTERED);

	if (left->count > 0)
		value_put_str(record, "from", names_of(left, true, arena));
	value_put_str(record, "to", names_of(entered, false, arena));
	if (strand->cause.at != NULL)
		value_put_str(record, "event", strand->cause);
	if (strand->event != NULL)
		chart_record_value(
		    record, "event_id", value_get_cstr(strand->event, "id"));
	chart_record_end(run, record);
}

/* A leaf that is not alone keeps the event that it was entered for. */
static void
note_event(struct chart *chart, const struct strand *strand)
{
	if (chart_config_has_one_leaf(chart))
		return;
	for (size_t i = 0; i < chart->active_count; i++)
		if (chart->active[i].entry == chart->entries)
			chart->active[i].event = strand->event;
}

/* Whether the microstep's undoing goes back to the state. */
static bool
is_gone_back_to(
    const struct chart *chart, uint64_t taking, const struct def_state *state)
{
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		for (size_t i = 0;
		     strand->taking == taking && i < strand->plan_count; i++)
			if (strand->plan[i].kind == PLAN_COMPENSATE &&
			    strand->plan[i].index == state->index)
				return true;
	return false;
}

/*
 * Where the undoing goes back to a state that is entered by it, back to is
 * where that was entered before; so the mark of then stands, and is right
 * once more when all that came since is undone.
 */
static void
mark_entered(
    struct chart *chart, uint64_t taking, const struct state_set *entered)
{
	for (size_t i = 0; i < entered->count; i++) {
		const struct def_state *state = entered->items[i];

		if (chart_config_find(chart, state)->pending)
			continue;
		if (!chart_undo_was_entered(chart, state->index) ||
		    !is_gone_back_to(chart, taking, state))
			chart_undo_mark(chart, state);
	}
}

static enum item_result
perform_switch(struct run *run, struct strand *strand)
{
	struct chart *chart = run->chart;
	struct state_set left = {.arena = run->context->arena};
	struct state_set entered = {.arena = run->context->arena};

	chart_config_leave(chart, strand->taken, strand->taken_count, &left);
	for (size_t i = 0; i < left.count; i++)
		leave(run, left.items[i]);
	chart->entries++;
	chart_config_enter(chart, strand->taken, strand->taken_count, &entered);
	note_event(chart, strand);
	record_entered(run, strand, &left, &entered);
	for (size_t i = 0; i < entered.count; i++)
		chart_begin_entered(run, entered.items[i]);
	branch_arrivals(run, strand);
	mark_entered(chart, strand->taking, &entered);
	return ITEM_MOVED;
}

/* ---- regions begin ---- */

static enum item_result
perform_fork(struct run *run, struct strand *strand, size_t index)
{
	struct chart *chart = run->chart;
	const struct def_state *parallel = state_of(chart, index);
	struct strand *last = strand;

	for (size_t i = 0; i < parallel->child_count; i++) {
		const struct def_state *region = parallel->children[i];

		if (region->kind == STATE_HISTORY)
			continue;
		last = branch(chart, strand, last, region->index);
		plan_arrival(chart, last, region);
	}
	chart_strand_end(run, strand);
	return ITEM_MOVED;
}

/* ---- settling ---- */

/* `done` of what the final state is in, and of what is through by that. */
static void
finish(struct run *run, const struct def_state *leaf)
{
	const struct def_state *state = leaf->parent;

	chart_step_done(run, state);
	for (state = state->parent;
	     state != NULL && state->kind == STATE_PARALLEL &&
	     chart_config_is_through(run->chart, state);
	     state = state->parent)
		chart_step_done(run, state);
}

static enum item_result
settle(struct run *run, struct strand *strand, const struct def_state *leaf)
{
	if (leaf->kind == STATE_FINAL && leaf->parent == NULL) {
		chart_step_end(run, leaf->outcome);
		return ITEM_MOVED;
	}
	if (leaf->kind != STATE_FINAL && !chart_task_open(run, leaf))
		return ITEM_BLOCKED;
	chart_strand_end(run, strand);
	if (leaf->kind == STATE_FINAL)
		finish(run, leaf);
	else
		chart_step_done(run, leaf);
	return ITEM_MOVED;
}

/* ---- undoing ---- */

/* It is said of the state that was entered, or of the transition's. */
static void
raise_compensated(struct run *run, const struct strand *strand)
{
	const struct chart *chart = run->chart;
	size_t scope =
	    strand->taken_count > 0 ? strand->taken[0].scope : strand->scope;
	const struct def_state *from =
	    chart_config_trunk(chart, state_of(chart, scope));
	struct signal signal = {
	    .name = STR("compensated"), .only = SIZE_MAX, .from = SIZE_MAX};

	if (from != NULL) {
		signal.from = from->index;
		signal.entry = chart_config_find(chart, from)->entry;
	}
	chart_step_raise(run, signal);
}

/* What it claims has stopped: it begins as one that claimed nothing. */
static enum item_result
begin_claimed(struct strand *strand)
{
	must(strand->plan_next == 0);
	strand->plan_count--;
	memmove(&strand->plan[0], &strand->plan[1],
	    strand->plan_count * sizeof(*strand->plan));
	return ITEM_MOVED;
}

enum item_result
chart_plan_perform(
    struct run *run, struct strand *strand, struct plan_item item)
{
	switch (item.kind) {
	case PLAN_CLAIM:
		return begin_claimed(strand);
	case PLAN_SWITCH:
		return perform_switch(run, strand);
	case PLAN_CHECK:
		return chart_invariant_check(run) ? ITEM_THROUGH : ITEM_BLOCKED;
	case PLAN_COMPENSATE:
		if (!chart_undo_next(run, item.index))
			return ITEM_BLOCKED;
		raise_compensated(run, strand);
		return ITEM_THROUGH;
	case PLAN_FORK:
		return perform_fork(run, strand, item.index);
	case PLAN_SETTLE:
		return settle(run, strand, state_of(run->chart, item.index));
	case PLAN_CANCEL:
		return chart_cancel_finish(run);
	case PLAN_EXIT:
	case PLAN_DO:
	case PLAN_ENTRY:
		break;
	}
	unreachable("lists of steps are run by chart_run.c");
}
