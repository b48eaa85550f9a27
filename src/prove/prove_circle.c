/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_circle.c: no circle of states goes round without ever waiting.
 *
 * Only what is certain is told: each state of the circle is left by what has
 * no condition and stands first, and no step of it pauses.  A call that fails
 * may end such a circle, and nothing else does.
 */
#include "prove_priv.h"

static bool
pauses(struct def_steps steps)
{
	for (size_t i = 0; i < steps.count; i++) {
		const struct def_step *step = steps.items[i];

		if (step->kind == STEP_WAIT || step->kind == STEP_FAIL ||
		    (step->kind == STEP_RUN && step->waits) ||
		    pauses(step->body))
			return true;
	}
	return false;
}

/* Whether a transition of the state with a condition may lead elsewhere
 * first, or something may cut its steps short. */
static bool
has_choice(const struct flow *flow, const struct def_state *state,
    const struct flow_move *exit)
{
	for (; state; state = state->parent)
		for (size_t i = flow->moves_of[state->index];
		     i < flow->moves_of[state->index + 1]; i++) {
			const struct flow_move *move = &flow->moves[i];

			if (move == exit)
				break;
			if (!move->transition ||
			    flow_guard_never(move->guard))
				continue;
			if (move->transition->interrupt ||
			    flow->is_raised[i] ||
			    flow_move_takes(move, STR("done")) ||
			    flow_move_takes(move, STR("compensated")) ||
			    (!move->transition->event.at &&
				move->transition->after.kind == SPAN_NONE))
				return true;
		}
	return false;
}

/* Where the state surely leads, at once; NULL: nowhere, or it may pause. */
static const struct def_state *
next_of(const struct flow *flow, const struct def_state *state,
    const struct flow_move **exit)
{
	*exit = NULL;
	if (state->kind != STATE_ATOMIC || pauses(state->entry) ||
	    pauses(state->exit) || flow_is_region(state) ||
	    !flow_reaches(flow, state, AT_ENTRY))
		return NULL;
	*exit = flow_sure_exit(flow, state);
	if (!*exit || (*exit)->targets.count != 1 ||
	    pauses((*exit)->transition->steps) ||
	    has_choice(flow, state, *exit))
		return NULL;
	return flow_first_leaf((*exit)->targets.items[0]);
}

static struct str
text_of(struct proof *proof, const struct def_state *first)
{
	const struct flow_move *exit;
	const struct def_state *state = first;
	struct buf text = {0};
	struct str copy;

	do {
		buf_addf(&text, "%.*s -> ", STR_ARG(state->name));
		state = next_of(proof->flow, state, &exit);
	} while (state != first);
	buf_add_str(&text, first->name);
	copy = arena_str(proof->arena, buf_str(&text));
	buf_fini(&text);
	return copy;
}

static void
tell_circle(struct proof *proof, const struct def_state *first)
{
	const struct flow_move *exit;

	(void)next_of(proof->flow, first, &exit);
	must(exit);
	diag_add(proof->diags, DIAG_WARNING, PROVE_ENDLESS,
	    exit->transition->span,
	    "from `%.*s` it goes round without ever waiting",
	    STR_ARG(first->name));
	diag_path(proof->diags, text_of(proof, first));
	diag_repair(proof->diags,
	    "give one of the transitions an `if`, or pause by `wait:`");
}

/* ---- staying where it is ---- */

/* An `always` without condition and target is taken again and again. */
static void
prove_still(struct proof *proof, const struct def_state *state)
{
	for (size_t i = 0; i < state->always.count; i++) {
		const struct def_transition *always = state->always.items[i];

		if (!flow_guard_always(always->guard))
			continue;
		if (always->targets.count > 0 ||
		    !flow_enters(proof->flow, state))
			return;
		diag_add(proof->diags, DIAG_WARNING, PROVE_ENDLESS,
		    always->span,
		    "in `%.*s` it goes round without ever waiting",
		    STR_ARG(state->name));
		diag_repair(proof->diags,
		    "give the transition a target or an `if`; what is done "
		    "once on the way in belongs under `entry:`");
		return;
	}
}

/* States are numbered by the walk that came to them first: coming to one of
 * the same walk closes a circle. */
void
prove_circle(struct proof *proof)
{
	const struct definition *definition = proof->definition;
	size_t *walk =
	    ARENA_ARRAY(proof->arena, definition->state_count, size_t);
	const struct flow_move *exit;

	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		while (state && walk[state->index] == 0) {
			walk[state->index] = i + 1;
			state = next_of(proof->flow, state, &exit);
		}
		if (state && walk[state->index] == i + 1)
			tell_circle(proof, state);
		prove_still(proof, definition->states[i]);
	}
}
