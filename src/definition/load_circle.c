/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_circle.c: transitions without event that lead in a circle.
 *
 * Only what is certain is told: states without entry steps, left by a
 * transition that has no condition and stands first, and, within a parallel
 * state, no other region that could end the circle by a transition of its
 * own.  All other circles are stopped at run time.
 *
 * What surely follows is walked as a graph, depth first: a state with states
 * leads to those that it begins with, one without to where it is left for.
 * A way back to a state that the walk has come through is a circle.
 */
#include "load_priv.h"

enum walk_mark { WALK_NEW, WALK_OPEN, WALK_OVER };

struct walk_state {
	enum walk_mark mark;
	size_t next;   /* the way out to take next */
	size_t always; /* transitions without event, in it and below */
};
struct walk {
	struct load *load;
	const struct definition *definition;
	struct walk_state *states;      /* by their index */
	const struct def_state **trail; /* those that are open, in order */
	size_t depth;
};

/* Whether a state that is active beside this one may take both elsewhere. */
static bool
has_rival(const struct walk *walk, const struct def_state *state)
{
	for (; state->parent; state = state->parent) {
		const struct def_state *parent = state->parent;

		if (parent->kind == STATE_PARALLEL &&
		    walk->states[parent->index].always >
		    parent->always.count + walk->states[state->index].always)
			return true;
	}
	return false;
}

/* The transition that surely leaves the state at once, or NULL. */
static const struct def_transition *
certain_exit(const struct walk *walk, const struct def_state *state)
{
	if (state->entry.count > 0 || has_rival(walk, state))
		return NULL;
	for (; state; state = state->parent) {
		const struct def_transition *first = state->always.count > 0 ?
		    state->always.items[0] : NULL;

		if (first)
			return first->guard || first->targets.count == 0 ||
			    first->steps.count > 0 ? NULL : first;
	}
	return NULL;
}

/* The state that surely follows, or NULL where there is no further one. */
static const struct def_state *
way_out(const struct walk *walk, const struct def_state *state, size_t nth)
{
	const struct def_transition *exit;

	switch (state->kind) {
	case STATE_COMPOUND:
		return nth < state->initial.count ?
		    state->initial.items[nth] : NULL;
	case STATE_PARALLEL:
		/* Where `initial` leads elsewhere is not looked at. */
		return nth < state->child_count && state->initial.count == 0 ?
		    state->children[nth] : NULL;
	case STATE_ATOMIC:
		exit = certain_exit(walk, state);
		return exit && nth < exit->targets.count ?
		    exit->targets.items[nth] : NULL;
	case STATE_FINAL:
	case STATE_HISTORY: /* where it leads is known at run time only */
		return NULL;
	}
	unreachable("all kinds of states are handled");
}

/* The circle ends the trail; it is told at the first of its states. */
static void
report_circle(const struct walk *walk, const struct def_state *from)
{
	const struct def_state *first = NULL;

	for (size_t i = walk->depth; i-- > 0;) {
		const struct def_state *state = walk->trail[i];

		if (state->kind == STATE_ATOMIC &&
		    (!first || state->index < first->index))
			first = state;
		if (state == from)
			break;
	}
	must(first);
	load_error(walk->load, LOAD_CIRCLE, certain_exit(walk, first)->span,
	    "from `%.*s`, `always` leads back to it without end",
	    STR_ARG(first->name));
	load_repair(walk->load, "give one of the transitions an `if`");
}

static void
open_state(struct walk *walk, const struct def_state *state)
{
	must(walk->depth < walk->definition->state_count);
	walk->states[state->index].mark = WALK_OPEN;
	walk->trail[walk->depth++] = state;
}

static void
walk_from(struct walk *walk, const struct def_state *start)
{
	open_state(walk, start);
	while (walk->depth > 0) {
		const struct def_state *last = walk->trail[walk->depth - 1];
		struct walk_state *at = &walk->states[last->index];
		const struct def_state *next = way_out(walk, last, at->next++);

		if (!next) {
			at->mark = WALK_OVER;
			walk->depth--;
		} else if (walk->states[next->index].mark == WALK_OPEN) {
			report_circle(walk, next);
		} else if (walk->states[next->index].mark == WALK_NEW) {
			open_state(walk, next);
		}
	}
}

void
load_check_circles(struct load *load)
{
	const struct definition *definition = load->build->definition;
	size_t count = definition->state_count;
	struct walk walk = {
		.load = load,
		.definition = definition,
		.states = ARENA_ARRAY(load->arena, count, struct walk_state),
		.trail = ARENA_ARRAY(load->arena, count,
		    const struct def_state *),
	};

	/* Children come after their parents, so sums are made from the end. */
	for (size_t i = count; i-- > 0;) {
		const struct def_state *state = definition->states[i];

		walk.states[i].always += state->always.count;
		if (state->parent)
			walk.states[state->parent->index].always +=
			    walk.states[i].always;
	}
	for (size_t i = 0; i < count; i++) {
		if (walk.states[i].mark == WALK_NEW)
			walk_from(&walk, definition->states[i]);
	}
}
