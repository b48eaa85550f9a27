/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_guard.c: what is said of steps and transitions without looking at an
 * instance: a guard is free unless it is constant.
 */
#include "prove_priv.h"

static const struct value *
constant_of(const struct template *guard)
{
	if (guard->kind == TEMPLATE_LITERAL)
		return guard->literal;
	return guard->kind == TEMPLATE_FEEL ? feel_constant(guard->feel) : NULL;
}

bool
flow_guard_never(const struct template *guard)
{
	const struct value *constant = guard ? constant_of(guard) : NULL;

	return constant && !value_is_true(constant);
}

bool
flow_guard_always(const struct template *guard)
{
	const struct value *constant = guard ? constant_of(guard) : &value_true;

	return constant && value_is_true(constant);
}

bool
flow_is_region(const struct def_state *state)
{
	return state->parent && state->parent->kind == STATE_PARALLEL;
}

const struct def_state *
flow_parallel_of(const struct def_state *a, const struct def_state *b)
{
	for (; a; a = a->parent)
		if (flow_is_region(a) && !def_state_contains(a, b) &&
		    def_state_contains(a->parent, b))
			return a->parent;
	return NULL;
}

const struct def_state *
flow_first_leaf(const struct def_state *state)
{
	for (;;) {
		if (state->initial.count > 0)
			state = state->initial.items[0];
		else if (state->kind == STATE_PARALLEL &&
		    state->child_count > 0)
			state = state->children[0];
		else
			return state;
	}
}

/* A call or a child can fail, and so can what an expression decides. */
bool
flow_step_can_fail(const struct def_step *step)
{
	switch (step->kind) {
	case STEP_CALL:
	case STEP_DECIDE:
	case STEP_FAIL:
	case STEP_FOR:
	case STEP_RUN:
		return true;
	case STEP_REQUIRE:
		return !flow_guard_always(step->that);
	case STEP_WAIT:
		return step->until || step->wait.kind == SPAN_FEEL;
	case STEP_SET:
	case STEP_RAISE:
	case STEP_EMIT:
	case STEP_NOTIFY:
	case STEP_ATTEST:
		return false;
	}
	unreachable("every kind of step is listed");
}

bool
flow_move_takes(const struct flow_move *move, struct str event)
{
	return move->transition && move->transition->event.at &&
	    def_event_matches(move->transition->event, event);
}

bool
flow_move_leaves(const struct flow_move *move)
{
	return move->targets.count > 0;
}

/* The first move of a state that surely takes that event; an absent name
 * stands for `always`. */
static const struct flow_move *
sure_move(const struct flow *flow, const struct def_state *state,
    struct str event)
{
	for (size_t i = flow->moves_of[state->index];
	     i < flow->moves_of[state->index + 1]; i++) {
		const struct flow_move *move = &flow->moves[i];

		if (!move->transition || !flow_guard_always(move->guard))
			continue;
		if (event.at ? flow_move_takes(move, event) :
		    !move->transition->event.at &&
		    move->transition->after.kind == SPAN_NONE)
			return move;
	}
	return NULL;
}

/* What an entry step surely raises is taken before `done`. */
static const struct flow_move *
sure_raised(const struct flow *flow, const struct def_state *state)
{
	for (size_t i = 0; i < state->entry.count; i++) {
		const struct def_step *step = state->entry.items[i];

		if (step->kind != STEP_RAISE || !flow_guard_always(step->guard))
			continue;
		for (const struct def_state *at = state; at; at = at->parent) {
			const struct flow_move *move =
			    sure_move(flow, at, step->event);

			if (move && flow_move_leaves(move))
				return move;
		}
	}
	return NULL;
}

static const struct flow_move *
sure_compensated(const struct flow *flow, const struct def_state *state)
{
	if (state->compensate == COMPENSATE_NONE)
		return NULL;
	for (; state; state = state->parent) {
		const struct flow_move *move =
		    sure_move(flow, state, STR("compensated"));

		if (move)
			return move;
	}
	return NULL;
}

/* A state that is done tells itself, a final state the one around it. */
static const struct flow_move *
sure_done(const struct flow *flow, const struct def_state *state)
{
	must(state->child_count == 0);
	if (state->kind == STATE_FINAL)
		state = state->parent;
	return state ? sure_move(flow, state, STR("done")) : NULL;
}

const struct flow_move *
flow_sure_exit(const struct flow *flow, const struct def_state *state)
{
	const struct flow_move *move = NULL;

	for (const struct def_state *at = state; at && !move; at = at->parent)
		move = sure_move(flow, at, (struct str){NULL, 0});
	if (!move)
		move = sure_raised(flow, state);
	if (!move)
		move = sure_compensated(flow, state);
	if (!move)
		move = sure_done(flow, state);
	return move && flow_move_leaves(move) ? move : NULL;
}

bool
flow_move_crosses(const struct flow_move *move, const struct def_state *leaf)
{
	if (!flow_move_leaves(move))
		return false;
	for (; leaf != move->domain; leaf = leaf->parent)
		if (flow_is_region(leaf) && leaf->parent->child_count > 1)
			return true;
	return false;
}

static bool
take_time(struct def_steps steps)
{
	for (size_t i = 0; i < steps.count; i++) {
		const struct def_step *step = steps.items[i];

		/* What fails may become an incident, which lasts. */
		if (step->kind == STEP_CALL || step->kind == STEP_WAIT ||
		    step->kind == STEP_RUN || flow_step_can_fail(step))
			return true;
	}
	return false;
}

bool
flow_may_be_busy(const struct flow *flow, const struct def_state *state)
{
	if (take_time(state->entry) || take_time(state->exit))
		return true;
	for (size_t i = flow->moves_of[state->index];
	     i < flow->moves_of[state->index + 1]; i++)
		if (flow->moves[i].transition &&
		    take_time(flow->moves[i].transition->steps))
			return true;
	for (size_t i = 0; i < state->child_count; i++)
		if (flow_may_be_busy(flow, state->children[i]))
			return true;
	return false;
}
