/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_select.c: which transitions an event, or the want of one, enables.
 *
 * SCXML's selectTransitions: for each leaf in document order the innermost
 * state that has one, then conflicts are resolved (removeConflicting-
 * Transitions).  What is new is that a region may be busy: its steps run, and
 * it takes nothing.  An event that it could take waits for it, guards not
 * looked at, since its steps may change what they read.
 */
#include "chart_priv.h"

static const struct def_state *
state_of(const struct chart *chart, size_t index)
{
	return index == SIZE_MAX ? NULL : chart->definition->states[index];
}

/* ---- what leaving would meet ---- */

static bool
leaves_leaf(const struct chart *chart, const struct taken *taken,
    const struct def_state *leaf)
{
	return taken->leaves &&
	       (taken->scope == SIZE_MAX ||
		   def_state_contains(state_of(chart, taken->scope), leaf));
}

static bool
leaves_busy(const struct chart *chart, const struct taken *taken)
{
	const struct active *leaf;
	size_t at = 0;

	if (chart->strands == NULL || !taken->leaves)
		return false;
	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *state = state_of(chart, leaf->state);

		if (leaves_leaf(chart, taken, state) &&
		    chart_strand_is_busy(chart, state))
			return true;
	}
	return false;
}

static bool
interrupts(const struct chart *chart, const struct taken *taken)
{
	return taken->transition != SIZE_MAX &&
	       chart->definition->transitions[taken->transition]->interrupt;
}

/* Whether no busy region hinders them. */
static bool
is_open(const struct chart *chart, const struct chosen *chosen)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (!interrupts(chart, &chosen->items[i]) &&
		    leaves_busy(chart, &chosen->items[i]))
			return false;
	return true;
}

/* ---- the microstep's transitions ---- */

static const struct def_state *
source_of(const struct chart *chart, const struct taken *taken)
{
	return taken->transition != SIZE_MAX
		   ? chart->definition->transitions[taken->transition]->source
		   : state_of(chart, taken->state);
}

static void
add(struct run *run, struct chosen *chosen, struct taken taken)
{
	chosen->items = arena_grow(run->context->arena, chosen->items,
	    chosen->count, &chosen->capacity, sizeof(*chosen->items));
	chosen->items[chosen->count++] = taken;
}

static size_t
index_of(const struct def_state *state)
{
	return state != NULL ? state->index : SIZE_MAX;
}

void
chart_select_this(struct run *run, const struct def_transition *transition,
    struct chosen *chosen)
{
	struct taken taken = {
	    .transition = transition->index,
	    .state = SIZE_MAX,
	    .scope = transition->source->index,
	    .leaves = transition->targets.count > 0,
	};

	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->items[i].transition == transition->index)
			return; /* another leaf has come to it */
	if (taken.leaves)
		taken.scope = index_of(chart_config_domain(run->chart,
		    transition->source, transition->targets,
		    transition->internal, run->context->arena));
	add(run, chosen, taken);
}

void
chart_select_escalation(struct run *run, const struct def_state *source,
    size_t escalation, struct chosen *chosen)
{
	struct taken taken = {
	    .transition = SIZE_MAX,
	    .state = source->index,
	    .escalation = escalation,
	    .leaves = true,
	};

	taken.scope = index_of(chart_config_domain(run->chart, source,
	    chart_taken_targets(run->chart->definition, &taken), false,
	    run->context->arena));
	add(run, chosen, taken);
}

/* Sets to leave meet where one domain is within the other. */
static bool
conflict(
    const struct chart *chart, const struct taken *a, const struct taken *b)
{
	const struct def_state *of_a = state_of(chart, a->scope),
			       *of_b = state_of(chart, b->scope);

	if (!a->leaves || !b->leaves)
		return false;
	return of_a == NULL || of_b == NULL || def_state_contains(of_a, of_b) ||
	       def_state_contains(of_b, of_a);
}

/* The inner of two preempts, else the one whose leaf comes first. */
static void
remove_conflicts(struct run *run, struct chosen *chosen)
{
	struct chart *chart = run->chart;
	size_t count = 0;

	for (size_t i = 0; i < chosen->count; i++) {
		struct taken one = chosen->items[i];
		size_t kept = 0;
		bool preempted = false;

		for (size_t j = 0; j < count && !preempted; j++)
			preempted = conflict(chart, &one, &chosen->items[j]) &&
				    !chart_config_is_within(
					source_of(chart, &one),
					source_of(chart, &chosen->items[j]));
		if (preempted)
			continue;
		for (size_t j = 0; j < count; j++)
			if (!conflict(chart, &one, &chosen->items[j]))
				chosen->items[kept++] = chosen->items[j];
		chosen->items[kept++] = one;
		count = kept;
	}
	chosen->count = count;
}

/* ---- one leaf's ---- */

static const struct def_transition *
first_of(struct run *run, const struct def_state *state, struct str name,
    bool interrupting)
{
	const struct def_transition *found = NULL;

	run->guarded = state;
	for (size_t i = 0; i < state->on.count && found == NULL; i++) {
		const struct def_transition *transition = state->on.items[i];

		if ((!interrupting || transition->interrupt) &&
		    def_event_matches(transition->event, name) &&
		    chart_env_holds(run, transition->guard))
			found = transition;
	}
	run->guarded = NULL;
	return found;
}

static const struct def_transition *
first_upwards(struct run *run, const struct def_state *state, struct str name,
    bool interrupting)
{
	const struct def_transition *transition = NULL;

	for (; state != NULL && transition == NULL; state = state->parent)
		if (!chart_config_is_pending(run->chart, state))
			transition = first_of(run, state, name, interrupting);
	return transition;
}

static bool
names(const struct def_state *state, struct str name)
{
	for (size_t i = 0; i < state->on.count; i++)
		if (def_event_matches(state->on.items[i]->event, name))
			return true;
	return false;
}

bool
chart_select_is_named(const struct chart *chart, struct str name)
{
	for (size_t i = 0; i < chart->active_count; i++)
		if (!chart->active[i].pending &&
		    names(state_of(chart, chart->active[i].state), name))
			return true;
	return false;
}

/* ---- selecting ---- */

/* What was said of a state holds while it stays entered. */
static bool
is_void(const struct chart *chart, const struct signal *signal)
{
	const struct def_state *state = state_of(
	    chart, signal->only != SIZE_MAX ? signal->only : signal->from);
	const struct active *active;

	if (state == NULL)
		return false;
	active = chart_config_find(chart, state);
	return active == NULL ||
	       (signal->entry != 0 && signal->entry != active->entry);
}

/* Some leaf within the state is busy. */
static bool
is_partly_busy(const struct chart *chart, const struct def_state *state)
{
	const struct active *leaf;
	size_t at = 0;

	if (chart->strands == NULL)
		return false;
	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *inner = state_of(chart, leaf->state);

		if (def_state_contains(state, inner) &&
		    chart_strand_is_busy(chart, inner))
			return true;
	}
	return false;
}

static bool
is_wholly_busy(const struct chart *chart, const struct def_state *state)
{
	const struct active *leaf;
	size_t at = 0;

	if (chart->strands == NULL)
		return false;
	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *inner = state_of(chart, leaf->state);

		if ((state == NULL || def_state_contains(state, inner)) &&
		    !chart_strand_is_busy(chart, inner))
			return false;
	}
	return true;
}

/* Whether the busy leaf's region has a transition of that name, at any depth.
 * What is around a region is asked for it too as long as nothing in there is
 * free to. */
static bool
could_take(const struct chart *chart, const struct def_state *state,
    struct str name)
{
	for (; state != NULL; state = state->parent) {
		if (names(state, name))
			return true;
		if (state->parent != NULL &&
		    state->parent->kind == STATE_PARALLEL &&
		    !is_wholly_busy(chart, state->parent))
			return false;
	}
	return false;
}

bool
chart_select_is_busy(const struct chart *chart)
{
	return chart->strands != NULL && is_wholly_busy(chart, NULL);
}

/* `done` and the like are one state's.  That of a parallel state waits, even
 * where it interrupts, until nothing runs in there, and is void where that has
 * led away from one of the final states. */
static enum selected
select_only(struct run *run, const struct signal *signal, enum select_mode mode,
    struct chosen *chosen)
{
	const struct def_state *state = state_of(run->chart, signal->only);
	const struct def_transition *transition;
	bool is_whole = state->kind == STATE_PARALLEL;

	if (is_whole && !chart_config_is_through(run->chart, state))
		return SELECTED_NONE;
	if ((mode == SELECT_FREE || is_whole) &&
	    is_partly_busy(run->chart, state))
		return names(state, signal->name) ? SELECTED_LATER
						  : SELECTED_NONE;
	transition =
	    first_of(run, state, signal->name, mode == SELECT_INTERRUPTING);
	if (transition == NULL)
		return SELECTED_NONE;
	chart_select_this(run, transition, chosen);
	return SELECTED_NOW;
}

/* Adds what the leaf enables; false where it is busy and the event waits. */
static bool
select_for_leaf(struct run *run, const struct active *leaf,
    const struct signal *signal, enum select_mode mode, struct chosen *chosen)
{
	const struct def_state *state = state_of(run->chart, leaf->state);
	bool busy =
	    mode != SELECT_ALL && chart_strand_is_busy(run->chart, state);
	const struct def_transition *transition;

	if (busy && mode == SELECT_FREE)
		return !could_take(run->chart, state, signal->name);
	transition = first_upwards(run, state, signal->name, busy);
	if (transition != NULL)
		chart_select_this(run, transition, chosen);
	return true;
}

static enum selected
select_all(struct run *run, const struct signal *signal, enum select_mode mode,
    struct chosen *chosen)
{
	const struct chart *chart = run->chart;
	const struct def_state *from = state_of(chart, signal->from);
	const struct active *leaf;
	bool waits = false;
	size_t at = 0;

	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL)
		if ((from == NULL || def_state_contains(
					 from, state_of(chart, leaf->state))) &&
		    !select_for_leaf(run, leaf, signal, mode, chosen))
			waits = true;
	if (waits || (mode == SELECT_FREE && is_wholly_busy(chart, from)))
		return SELECTED_LATER;
	remove_conflicts(run, chosen);
	if (chosen->count == 0)
		return SELECTED_NONE;
	if (mode == SELECT_FREE && !is_open(chart, chosen))
		return SELECTED_LATER;
	return SELECTED_NOW;
}

static bool
has_interrupting(const struct chart *chart, const struct chosen *chosen)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (interrupts(chart, &chosen->items[i]))
			return true;
	return false;
}

enum selected
chart_select(struct run *run, const struct signal *signal,
    enum select_mode mode, struct chosen *chosen)
{
	enum selected selected;

	*chosen = (struct chosen){0};
	if (is_void(run->chart, signal))
		return SELECTED_NONE;
	run->signal = signal;
	selected = signal->only != SIZE_MAX
		       ? select_only(run, signal, mode, chosen)
		       : select_all(run, signal, mode, chosen);
	run->signal = NULL;
	/* Whatever was chosen may be wrong: it waits until that is settled. */
	if (run->given_up.at != NULL) {
		chosen->count = 0;
		return SELECTED_LATER;
	}
	if (mode == SELECT_INTERRUPTING &&
	    !has_interrupting(run->chart, chosen))
		return SELECTED_NONE;
	return selected;
}

bool
chart_select_error(
    struct run *run, const struct def_state *from, struct chosen *chosen)
{
	const struct signal signal = {.event = NULL};
	const struct def_transition *transition;

	*chosen = (struct chosen){0};
	run->signal = &signal;
	transition = first_upwards(run, from, STR("error"), false);
	run->signal = NULL;
	if (transition == NULL)
		return false;
	chart_select_this(run, transition, chosen);
	return true;
}

static const struct def_transition *
first_eventless(struct run *run, const struct def_state *state)
{
	const struct def_transition *found = NULL;

	for (; state != NULL && found == NULL; state = state->parent) {
		run->guarded = state;
		for (size_t i = 0; i < state->always.count && found == NULL;
		     i++)
			if (chart_env_holds(run, state->always.items[i]->guard))
				found = state->always.items[i];
	}
	run->guarded = NULL;
	return found;
}

/* One that a busy region hinders is looked at again when that is through. */
static void
drop_hindered(struct run *run, struct chosen *chosen)
{
	size_t count = 0;

	for (size_t i = 0; i < chosen->count; i++) {
		struct taken one = chosen->items[i];

		if (interrupts(run->chart, &one) ||
		    !leaves_busy(run->chart, &one))
			chosen->items[count++] = one;
	}
	chosen->count = count;
}

bool
chart_select_eventless(struct run *run, struct chosen *chosen)
{
	const struct chart *chart = run->chart;
	const struct active *leaf;
	size_t at = 0;

	*chosen = (struct chosen){0};
	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *state = state_of(chart, leaf->state);
		const struct def_transition *transition;

		if (chart_strand_is_busy(chart, state))
			continue;
		run->leaf = leaf;
		transition = first_eventless(run, state);
		run->leaf = NULL;
		if (transition == NULL)
			continue;
		if (chosen->count == 0)
			chosen->event =
			    leaf->event != NULL ? leaf->event : chart->event;
		chart_select_this(run, transition, chosen);
	}
	remove_conflicts(run, chosen);
	drop_hindered(run, chosen);
	return chosen->count > 0 && run->given_up.at == NULL;
}

/* A deadline is its state's: it waits while nothing of that is free. */
bool
chart_select_timer_is_open(const struct chart *chart, const struct timer *timer)
{
	const struct definition *definition = chart->definition;
	const struct def_state *source;
	struct chart_context context;
	struct chosen chosen = {0};
	struct run run = {.context = &context};
	bool open;

	if (chart->strands == NULL)
		return true;
	source = timer->kind == TIMER_AFTER
		     ? definition->transitions[timer->index]->source
		     : definition->states[timer->index];
	if (is_wholly_busy(chart, source))
		return false;
	run.chart = (struct chart *)(uintptr_t)chart;
	context = (struct chart_context){.arena = arena_new()};
	if (timer->kind == TIMER_AFTER)
		chart_select_this(
		    &run, definition->transitions[timer->index], &chosen);
	else
		chart_select_escalation(
		    &run, source, (size_t)timer->detail, &chosen);
	open = is_open(chart, &chosen);
	arena_free(&context.arena);
	return open;
}

bool
chart_select_may_cut_in(
    const struct chart *chart, const struct def_transition *transition)
{
	struct chart_context context = {.arena = arena_new()};
	struct run run = {.context = &context,
	    .chart = (struct chart *)(uintptr_t)chart};
	struct chosen chosen = {0};
	bool may;

	chart_select_this(&run, transition, &chosen);
	may = chart_concern_may_cut_in(chart, &chosen);
	arena_free(&context.arena);
	return may;
}
