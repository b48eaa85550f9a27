/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_event.c: what comes is awaited, and what is awaited can come.
 */
#include "prove_priv.h"

/* ---- P110 ---- */

static bool
is_awaited(const struct flow *flow, struct str event)
{
	for (size_t i = 0; i < flow->move_count; i++)
		if (flow_move_takes(&flow->moves[i], event))
			return true;
	return false;
}

static void
prove_awaited(struct proof *proof)
{
	const struct definition *definition = proof->definition;

	for (size_t i = 0; i < definition->event_count; i++) {
		const struct def_event *event = &definition->events[i];

		if (is_awaited(proof->flow, event->type))
			continue;
		diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_AWAITED,
		    event->span, "no state takes the event `%.*s`",
		    STR_ARG(event->type));
		diag_repair(proof->diags,
		    "take it by a transition, or take it out of `events:`");
	}
	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_step *step = definition->steps[i];

		if (step->kind != STEP_RAISE ||
		    is_awaited(proof->flow, step->event))
			continue;
		diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_AWAITED,
		    step->span, "no state takes the event `%.*s`",
		    STR_ARG(step->event));
		diag_repair(proof->diags,
		    "take it by a transition, or take the step out");
	}
}

/* ---- P115 ---- */

enum answer { ANSWER_NONE, ANSWER_MAYBE, ANSWER_SURE };

static bool
raises(const struct def_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		if (steps->items[i]->kind == STEP_RAISE)
			return true;
	return false;
}

/* Something follows: another state, what is raised, or an undoing. */
static bool
leads_on(const struct flow_move *move)
{
	return flow_move_leaves(move) || raises(&move->transition->steps) ||
	    move->transition->compensate != COMPENSATE_NONE;
}

static enum answer
answer_to(const struct flow *flow, const struct def_state *state,
    struct str choice)
{
	enum answer answer = ANSWER_NONE;

	for (; state; state = state->parent)
		for (size_t i = flow->moves_of[state->index];
		     i < flow->moves_of[state->index + 1]; i++) {
			const struct flow_move *move = &flow->moves[i];

			if (!flow_move_takes(move, choice) ||
			    flow_guard_never(move->guard))
				continue;
			answer = ANSWER_MAYBE;
			if (flow_guard_always(move->guard))
				return leads_on(move) ? ANSWER_SURE :
				    ANSWER_MAYBE;
		}
	return answer;
}

static bool
is_declared(const struct definition *definition, struct str pattern)
{
	for (size_t i = 0; i < definition->event_count; i++)
		if (def_event_matches(pattern, definition->events[i].type))
			return true;
	return false;
}

/* What leads away although the task is closed: a deadline, an escalation, or
 * an event from outside. */
static bool
is_other_way_out(const struct definition *definition,
    const struct flow_move *move)
{
	if (!flow_move_leaves(move) || flow_guard_never(move->guard))
		return false;
	if (!move->transition || move->transition->after.kind != SPAN_NONE)
		return flow_guard_always(move->guard);
	return move->transition->event.at &&
	    is_declared(definition, move->transition->event);
}

static bool
has_other_way_out(const struct flow *flow, const struct def_state *state)
{
	for (; state; state = state->parent)
		for (size_t i = flow->moves_of[state->index];
		     i < flow->moves_of[state->index + 1]; i++)
			if (is_other_way_out(flow->definition, &flow->moves[i]))
				return true;
	return false;
}

static void
tell_unanswered(struct proof *proof, const struct def_state *state,
    struct str choice, enum answer answer)
{
	if (answer == ANSWER_NONE)
		diag_add(proof->diags, DIAG_WARNING, PROVE_NO_ANSWER,
		    state->task->span,
		    "whoever decides `%.*s` in `%.*s` gets nowhere: no "
		    "transition takes it", STR_ARG(choice),
		    STR_ARG(state->name));
	else
		diag_add(proof->diags, DIAG_WARNING, PROVE_NO_ANSWER,
		    state->task->span,
		    "whoever decides `%.*s` in `%.*s` may get nowhere: the "
		    "task is closed, and the state may stay",
		    STR_ARG(choice), STR_ARG(state->name));
	if (flow_reaches(proof->flow, state, AT_ENTRY))
		diag_path(proof->diags, flow_path_from_start(
		    proof->flow, flow_at(state, AT_ENTRY)));
	if (answer == ANSWER_NONE)
		diag_repair(proof->diags,
		    "add `%.*s: STATE` under `on:`, or take the choice out",
		    STR_ARG(choice));
	else
		diag_repair(proof->diags,
		    "let the last transition of `%.*s` have a target and no "
		    "`if`; `%.*s` itself asks anew",
		    STR_ARG(choice), STR_ARG(state->name));
}

static void
prove_answered(struct proof *proof, const struct def_state *state)
{
	const struct def_task *task = state->task;
	bool has_way_out = task && has_other_way_out(proof->flow, state);

	for (size_t i = 0; task && i < task->choice_count; i++) {
		enum answer answer =
		    answer_to(proof->flow, state, task->choices[i]);

		if (answer == ANSWER_NONE ||
		    (answer == ANSWER_MAYBE && !has_way_out))
			tell_unanswered(proof, state, task->choices[i], answer);
	}
}

/* ---- P114 ---- */

/* The transition before it in its state that takes all that it would take. */
static const struct def_transition *
find_before(const struct flow *flow, const struct flow_move *move)
{
	for (size_t i = flow->moves_of[move->source->index]; i < move->index;
	     i++) {
		const struct def_transition *before =
		    flow->moves[i].transition;

		if (before && flow_guard_always(before->guard) &&
		    before->after.kind == SPAN_NONE &&
		    move->transition->after.kind == SPAN_NONE &&
		    !before->event.at == !move->transition->event.at &&
		    (!before->event.at || def_event_matches(before->event,
			move->transition->event)))
			return before;
	}
	return NULL;
}

/* The deadline of its state that surely comes first. */
static const struct def_transition *
find_deadline_before(const struct flow_move *move)
{
	const struct def_transition *late = move->transition;
	const struct def_state *state = move->source;

	/* One that interrupts may be taken while an earlier one has steps. */
	if (late->after.kind != SPAN_FIXED || late->interrupt)
		return NULL;
	for (size_t i = 0; i < state->after.count; i++) {
		const struct def_transition *early = state->after.items[i];

		if (early != late && early->after.kind == SPAN_FIXED &&
		    early->targets.count > 0 && !early->internal &&
		    flow_guard_always(early->guard) &&
		    (early->after.fixed_ms < late->after.fixed_ms ||
			(early->after.fixed_ms == late->after.fixed_ms &&
			    early->index < late->index)))
			return early;
	}
	return NULL;
}

static bool
is_undone_somewhere(const struct definition *definition)
{
	for (size_t i = 0; i < definition->call_count; i++)
		if (definition->calls[i]->compensate)
			return true;
	return false;
}

static bool
has_fallible(const struct def_state *state)
{
	for (size_t i = 0; i < state->entry.count; i++)
		if (flow_step_can_fail(state->entry.items[i]))
			return true;
	for (size_t i = 0; i < state->child_count; i++)
		if (has_fallible(state->children[i]))
			return true;
	return false;
}

/* Handlers that stand ready for what may be added later do no harm. */
static bool
is_precaution(const struct proof *proof, const struct flow_move *move)
{
	if (flow_move_takes(move, STR("error")))
		return has_fallible(move->source) ||
		    move->source->child_count > 0;
	if (flow_move_takes(move, STR("compensated")))
		return is_undone_somewhere(proof->definition);
	return flow_move_takes(move, STR("cancel"));
}

static void
tell_why(struct proof *proof, const struct flow_move *move)
{
	const struct def_transition *transition = move->transition;
	const struct def_transition *before =
	    transition ? find_before(proof->flow, move) : NULL;
	const struct flow_move *exit = move->source->kind == STATE_ATOMIC ?
	    flow_sure_exit(proof->flow, move->source) : NULL;

	if (flow_guard_never(move->guard))
		diag_repair(proof->diags, "its `if` is never true");
	else if (before)
		diag_repair(proof->diags,
		    "the one in line %u comes first and has no `if`",
		    before->span.line);
	else if (exit && exit != move)
		diag_repair(proof->diags,
		    "`%.*s` is left as soon as its steps are through, by line "
		    "%u; what shall come before that needs `interrupt: true`",
		    STR_ARG(move->source->name), exit->transition->span.line);
	else if (flow_move_takes(move, STR("done")))
		diag_repair(proof->diags, move->source->child_count > 0 ?
		    "`done` comes when a final state inside is reached, and "
		    "none is" : "the state is left before it is done");
	else if (flow_move_takes(move, STR("error")))
		diag_repair(proof->diags, "no step of `%.*s` can fail",
		    STR_ARG(move->source->name));
	else if (transition && transition->event.at &&
	    is_declared(proof->definition, transition->event))
		diag_repair(proof->diags,
		    "no state of `%.*s` waits; what shall be taken while "
		    "steps run needs `interrupt: true`",
		    STR_ARG(move->source->name));
	else if (transition && transition->event.at)
		diag_repair(proof->diags,
		    "`%.*s` can't come while `%.*s` is active",
		    STR_ARG(transition->event), STR_ARG(move->source->name));
	else
		diag_repair(proof->diags, "`%.*s` never waits so long",
		    STR_ARG(move->source->name));
}

static struct diag_span
span_of(const struct flow_move *move)
{
	return move->transition ? move->transition->span :
	    move->escalation->span;
}

static void
prove_taken(struct proof *proof, const struct flow_move *move)
{
	const struct def_transition *early =
	    move->transition ? find_deadline_before(move) : NULL;

	if ((move->is_taken && !early) ||
	    !flow_enters(proof->flow, move->source) ||
	    (!flow_guard_never(move->guard) && is_precaution(proof, move)))
		return;
	diag_add(proof->diags, DIAG_WARNING, PROVE_NEVER_TAKEN, span_of(move),
	    "this %s is never taken",
	    move->escalation ? "escalation's `target`" :
	    move->transition->after.kind != SPAN_NONE ? "deadline" :
	    "transition");
	if (early)
		diag_repair(proof->diags,
		    "the state is left before, after %.*s",
		    STR_ARG(early->after.text));
	else
		tell_why(proof, move);
}

void
prove_event(struct proof *proof)
{
	const struct definition *definition = proof->definition;

	prove_awaited(proof);
	for (size_t i = 0; i < definition->state_count; i++)
		prove_answered(proof, definition->states[i]);
	for (size_t i = 0; i < proof->flow->move_count; i++)
		prove_taken(proof, &proof->flow->moves[i]);
}
