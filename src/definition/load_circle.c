/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_circle.c: transitions without event that lead in a circle.
 *
 * Only what is certain is told: states without entry steps, left by a
 * transition that has no condition and stands first.  All other circles are
 * stopped at run time.
 */
#include "load_priv.h"

/* The state without states that is entered with this one. */
static const struct def_state *
innermost(const struct def_state *state)
{
	while (state && state->kind == STATE_COMPOUND)
		state = state->initial.count > 0 ?
		    state->initial.items[0] : NULL;
	return state;
}

/* The transition that surely leaves the state at once, or NULL. */
static const struct def_transition *
certain_exit(const struct def_state *state)
{
	if (state->entry.count > 0)
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

/* The circle's first transition where it comes back to `start` and `start`
 * is the first of its states in the text, so that a circle is told once. */
static const struct def_transition *
find_circle(const struct def_state *start, size_t state_count)
{
	const struct def_transition *first = certain_exit(start);
	const struct def_transition *exit = first;

	for (size_t i = 0; exit && i < state_count; i++) {
		const struct def_state *next = innermost(exit->targets.items[0]);

		if (next == start)
			return first;
		exit = next && next->index > start->index ?
		    certain_exit(next) : NULL;
	}
	return NULL;
}

void
load_check_circles(struct load *load)
{
	const struct definition *definition = load->build->definition;

	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];
		const struct def_transition *circle;

		if (state->kind != STATE_ATOMIC)
			continue;
		circle = find_circle(state, definition->state_count);
		if (!circle)
			continue;
		load_error(load, LOAD_CIRCLE, circle->span,
		    "from `%.*s`, `always` leads back to it without end",
		    STR_ARG(state->name));
		load_repair(load, "give one of the transitions an `if`");
	}
}
