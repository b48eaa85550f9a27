/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_config.c: which states are active, and how that changes.
 *
 * The sets to leave and to enter are SCXML's (appendix D: computeExitSet,
 * computeEntrySet).  The active states stand in document order; since a
 * state's index counts in that order, parents first, what is within a state
 * stands right behind it, and nothing here looks at states that are neither
 * active nor about to be.
 */
#include "chart_priv.h"

#include <string.h>

bool
chart_config_is_leaf(const struct def_state *state)
{
	return state->kind == STATE_ATOMIC || state->kind == STATE_FINAL;
}

/* Position of the first active state with that index or a higher one. */
static size_t
position_of(const struct chart *chart, size_t index)
{
	size_t low = 0, high = chart->active_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (chart->active[middle].state < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct active *
chart_config_find(const struct chart *chart, const struct def_state *state)
{
	size_t at = position_of(chart, state->index);

	return at < chart->active_count &&
		       chart->active[at].state == state->index
		   ? &chart->active[at]
		   : NULL;
}

bool
chart_config_is_active(const struct chart *chart, const struct def_state *state)
{
	return chart_config_find(chart, state) != NULL;
}

bool
chart_config_is_pending(
    const struct chart *chart, const struct def_state *state)
{
	const struct active *active = chart_config_find(chart, state);

	return active != NULL && active->pending;
}

static const struct def_state *
state_at(const struct chart *chart, size_t position)
{
	return chart->definition->states[chart->active[position].state];
}

const struct active *
chart_config_next_leaf(const struct chart *chart, size_t *at)
{
	while (*at < chart->active_count) {
		size_t position = (*at)++;

		if (chart_config_is_leaf(state_at(chart, position)))
			return &chart->active[position];
	}
	return NULL;
}

/* One leaf's ancestors are all the others. */
bool
chart_config_has_one_leaf(const struct chart *chart)
{
	size_t last = chart->active_count - 1;

	return chart->active_count > 0 && state_at(chart, last)->depth == last;
}

const struct def_state *
chart_config_region(const struct def_state *state)
{
	while (state != NULL && (state->parent == NULL ||
				    state->parent->kind != STATE_PARALLEL))
		state = state->parent;
	return state;
}

const struct def_state *
chart_config_child(const struct chart *chart, const struct def_state *state)
{
	size_t at = state != NULL ? position_of(chart, state->index) + 1 : 0;
	const struct def_state *child;

	if (at >= chart->active_count)
		return NULL;
	child = state_at(chart, at);
	return child->parent == state ? child : NULL;
}

const struct def_state *
chart_config_trunk(const struct chart *chart, const struct def_state *state)
{
	const struct def_state *next = state;

	if (state != NULL && !chart_config_is_active(chart, state))
		return state;
	do {
		state = next;
		next = chart_config_child(chart, state);
	} while (
	    next != NULL && (state == NULL || state->kind != STATE_PARALLEL));
	return state;
}

struct str
chart_config_names(const struct chart *chart, struct arena *arena)
{
	const struct active *leaf;
	struct str names = STR("");
	size_t at = 0;

	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		struct str name = chart->definition->states[leaf->state]->name;

		names = names.bytes == 0 ? name
					 : arena_strf(arena, "%.*s %.*s",
					       STR_ARG(names), STR_ARG(name));
	}
	return names;
}

/* SCXML's isInFinalState, where what was entered for it is through. */
bool
chart_config_is_through(
    const struct chart *chart, const struct def_state *state)
{
	const struct def_state *child;

	if (!chart_config_is_active(chart, state))
		return false;
	switch (state->kind) {
	case STATE_FINAL:
		return !chart_strand_is_arriving(chart, state);
	case STATE_COMPOUND:
		child = chart_config_child(chart, state);
		return child != NULL && child->kind == STATE_FINAL &&
		       chart_config_is_through(chart, child);
	case STATE_PARALLEL:
		for (size_t i = 0; i < state->child_count; i++) {
			child = state->children[i];
			if (child->kind != STATE_HISTORY &&
			    !chart_config_is_through(chart, child))
				return false;
		}
		return true;
	case STATE_ATOMIC:
	case STATE_HISTORY:
		return false;
	}
	unreachable("every kind of state is listed");
}

/* ---- histories ---- */

static struct memory *
find_memory(const struct chart *chart, const struct def_state *history)
{
	struct memory *memory = chart->memories;

	while (memory != NULL && memory->history != history->index)
		memory = memory->next;
	return memory;
}

/* What the history means: shallow, the active children of its parent; deep,
 * the leaves within it. */
static bool
is_remembered(const struct def_state *history, const struct def_state *state)
{
	return history->deep ? chart_config_is_leaf(state) &&
				   def_state_contains(history->parent, state)
			     : state->parent == history->parent;
}

static void
remember(struct chart *chart, const struct def_state *history)
{
	struct memory *memory = find_memory(chart, history);
	size_t first = position_of(chart, history->parent->index);

	if (memory == NULL) {
		memory = ARENA_NEW(chart->arena, struct memory);
		memory->history = history->index;
		LIST_APPEND(chart->memories, memory);
	}
	memory->states =
	    ARENA_ARRAY(chart->arena, chart->active_count - first, size_t);
	memory->count = 0;
	for (size_t i = first; i < chart->active_count; i++)
		if (is_remembered(history, state_at(chart, i)))
			memory->states[memory->count++] =
			    chart->active[i].state;
}

static void
remember_all(struct chart *chart, const struct def_state *left)
{
	for (size_t i = 0; i < left->child_count; i++)
		if (left->children[i]->kind == STATE_HISTORY)
			remember(chart, left->children[i]);
}

/* ---- sets of states ---- */

static size_t
set_position(const struct state_set *set, size_t index)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->items[middle]->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
set_append(struct state_set *set, const struct def_state *state)
{
	set->items = arena_grow(set->arena, set->items, set->count,
	    &set->capacity, sizeof(*set->items));
	set->items[set->count++] = state;
}

static void
set_add(struct state_set *set, const struct def_state *state)
{
	size_t at = set_position(set, state->index);

	if (at < set->count && set->items[at] == state)
		return;
	set_append(set, state);
	memmove(&set->items[at + 1], &set->items[at],
	    (set->count - 1 - at) * sizeof(*set->items));
	set->items[at] = state;
}

/* Whether something within the state is in the set. */
static bool
set_has_within(const struct state_set *set, const struct def_state *state)
{
	size_t at = set_position(set, state->index + 1);

	return at < set->count && def_state_contains(state, set->items[at]);
}

/* ---- the domain ---- */

/* History stands for what it remembers, or for where it leads at first. */
static void
add_effective(const struct chart *chart, struct state_set *set,
    const struct def_state *target)
{
	const struct memory *memory;

	if (target->kind != STATE_HISTORY) {
		set_add(set, target);
		return;
	}
	memory = find_memory(chart, target);
	for (size_t i = 0; memory != NULL && i < memory->count; i++)
		set_add(set, chart->definition->states[memory->states[i]]);
	for (size_t i = 0; memory == NULL && i < target->initial.count; i++)
		add_effective(chart, set, target->initial.items[i]);
}

static struct state_set
effective_of(
    const struct chart *chart, struct def_targets targets, struct arena *arena)
{
	struct state_set set = {.arena = arena};

	for (size_t i = 0; i < targets.count; i++)
		add_effective(chart, &set, targets.items[i]);
	return set;
}

/* Strictly: a state is not within itself. */
static bool
holds_all(const struct def_state *outer, const struct state_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i] == outer ||
		    !def_state_contains(outer, set->items[i]))
			return false;
	return true;
}

const struct def_state *
chart_config_domain(const struct chart *chart, const struct def_state *source,
    struct def_targets targets, bool internal, struct arena *arena)
{
	struct state_set set = effective_of(chart, targets, arena);
	const struct def_state *domain;

	if (internal && source->kind == STATE_COMPOUND &&
	    holds_all(source, &set))
		return source;
	for (domain = source->parent; domain != NULL; domain = domain->parent)
		if (domain->kind == STATE_COMPOUND && holds_all(domain, &set))
			break;
	return domain;
}

/* ---- leaving ---- */

bool
chart_config_is_within(
    const struct def_state *inner, const struct def_state *outer)
{
	return inner != outer && def_state_contains(outer, inner);
}

bool
chart_config_is_left(const struct chart *chart, const struct taken *taken,
    size_t taken_count, const struct def_state *state)
{
	const struct def_state *scope;

	for (size_t i = 0; i < taken_count; i++) {
		if (!taken[i].leaves)
			continue;
		if (taken[i].scope == SIZE_MAX)
			return true;
		scope = chart->definition->states[taken[i].scope];
		if (chart_config_is_within(state, scope))
			return true;
	}
	return false;
}

void
chart_config_leave(struct chart *chart, const struct taken *taken,
    size_t taken_count, struct state_set *left)
{
	size_t kept = 0;

	for (size_t i = chart->active_count; i-- > 0;)
		if (chart_config_is_left(
			chart, taken, taken_count, state_at(chart, i)))
			set_append(left, state_at(chart, i));
	for (size_t i = 0; i < left->count; i++)
		remember_all(chart, left->items[i]);
	for (size_t i = 0; i < chart->active_count; i++)
		if (!chart_config_is_left(
			chart, taken, taken_count, state_at(chart, i)))
			chart->active[kept++] = chart->active[i];
	chart->active_count = kept;
}

/* ---- entering ---- */

static void add_ancestors(const struct chart *chart, struct state_set *set,
    const struct def_state *state, const struct def_state *up_to);

/* What a state leads to is entered with all that lies between. */
static void add_down(const struct chart *chart, struct state_set *set,
    const struct def_state *state);

static void
add_targets(const struct chart *chart, struct state_set *set,
    struct def_targets targets, const struct def_state *up_to)
{
	struct state_set effective;

	for (size_t i = 0; i < targets.count; i++)
		add_down(chart, set, targets.items[i]);
	effective = effective_of(chart, targets, set->arena);
	for (size_t i = 0; i < effective.count; i++)
		add_ancestors(chart, set, effective.items[i], up_to);
}

static void
add_regions(const struct chart *chart, struct state_set *set,
    const struct def_state *parallel)
{
	for (size_t i = 0; i < parallel->child_count; i++) {
		const struct def_state *child = parallel->children[i];

		if (child->kind != STATE_HISTORY && !set_has_within(set, child))
			add_down(chart, set, child);
	}
}

/* addDescendantStatesToEnter. */
static void
add_down(const struct chart *chart, struct state_set *set,
    const struct def_state *state)
{
	if (state->kind == STATE_HISTORY) {
		struct state_set effective = effective_of(chart,
		    (struct def_targets){.items = &state, .count = 1},
		    set->arena);

		for (size_t i = 0; i < effective.count; i++)
			add_down(chart, set, effective.items[i]);
		for (size_t i = 0; i < effective.count; i++)
			add_ancestors(
			    chart, set, effective.items[i], state->parent);
		return;
	}
	set_add(set, state);
	if (state->kind == STATE_COMPOUND || state->kind == STATE_PARALLEL)
		add_targets(chart, set, state->initial, state);
	if (state->kind == STATE_PARALLEL)
		add_regions(chart, set, state);
}

/* addAncestorStatesToEnter; but what has stayed active is not entered anew,
 * where a history leads from within its parent back into it. */
static void
add_ancestors(const struct chart *chart, struct state_set *set,
    const struct def_state *state, const struct def_state *up_to)
{
	for (state = state->parent; state != NULL && state != up_to &&
				    !chart_config_is_active(chart, state);
	     state = state->parent) {
		set_add(set, state);
		if (state->kind == STATE_PARALLEL)
			add_regions(chart, set, state);
	}
}

struct def_targets
chart_taken_targets(
    const struct definition *definition, const struct taken *taken)
{
	if (taken->transition != SIZE_MAX)
		return definition->transitions[taken->transition]->targets;
	if (taken->state != SIZE_MAX)
		return (struct def_targets){
		    .items = &definition->states[taken->state]
				  ->escalations[taken->escalation]
				  .target,
		    .count = 1};
	return definition->initial;
}

static void
activate(struct chart *chart, const struct def_state *state)
{
	size_t at = position_of(chart, state->index);

	chart->active =
	    arena_grow(chart->arena, chart->active, chart->active_count,
		&chart->active_capacity, sizeof(*chart->active));
	memmove(&chart->active[at + 1], &chart->active[at],
	    (chart->active_count - at) * sizeof(*chart->active));
	chart->active[at] =
	    (struct active){.state = state->index, .entry = chart->entries};
	chart->active_count++;
}

void
chart_config_enter(struct chart *chart, const struct taken *taken,
    size_t taken_count, struct state_set *entered)
{
	for (size_t i = 0; i < taken_count; i++)
		if (taken[i].leaves)
			add_targets(chart, entered,
			    chart_taken_targets(chart->definition, &taken[i]),
			    taken[i].scope == SIZE_MAX
				? NULL
				: chart->definition->states[taken[i].scope]);
	for (size_t i = 0; i < entered->count; i++)
		activate(chart, entered->items[i]);
}

/* Without what histories would remember of what is left now. */
void
chart_config_foresee(const struct chart *chart, const struct taken *taken,
    size_t taken_count, struct state_set *entered)
{
	struct chart copy = *chart;

	copy.arena = entered->arena;
	copy.active = ARENA_ARRAY(
	    entered->arena, chart->active_count, struct active);
	copy.active_capacity = chart->active_count;
	copy.active_count = 0;
	for (size_t i = 0; i < chart->active_count; i++)
		if (!chart_config_is_left(
			chart, taken, taken_count, state_at(chart, i)))
			copy.active[copy.active_count++] = chart->active[i];
	chart_config_enter(&copy, taken, taken_count, entered);
}
