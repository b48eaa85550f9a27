/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_wait.c: who waits is missed: a deadline or an escalation tells of it,
 * in time, and something comes of it.
 */
#include "prove_priv.h"

/* ---- P103 ---- */

/* One without a condition: with one, it may be just the case in question. */
static bool
has_deadline(const struct def_state *state)
{
	for (size_t i = 0; i < state->after.count; i++)
		if (flow_guard_always(state->after.items[i]->guard))
			return true;
	for (size_t i = 0; i < state->escalation_count; i++)
		if (flow_guard_always(state->escalations[i].guard))
			return true;
	return false;
}

static bool
is_watched(const struct def_state *state)
{
	for (; state; state = state->parent)
		if (has_deadline(state))
			return true;
	return false;
}

/* The point at which the state waits; 0 where it never does. */
static uint32_t
waiting_point(const struct flow *flow, const struct def_state *state)
{
	uint32_t point = flow_at(state, AT_REST);

	if (state->kind == STATE_PARALLEL) {
		/* All regions are through, and nothing takes that. */
		point = flow_at(state, AT_DONE);
		for (size_t i = flow->moves_of[state->index];
		     i < flow->moves_of[state->index + 1]; i++)
			if (flow_move_takes(&flow->moves[i], STR("done")) &&
			    flow_guard_always(flow->moves[i].guard))
				return 0;
		if (flow_is_region(state))
			return 0;
	} else if (state->kind == STATE_FINAL &&
	    (!state->parent || flow_is_region(state->parent))) {
		return 0; /* the end, or the other regions are waited for */
	} else if (state->child_count > 0 || flow_sure_exit(flow, state)) {
		return 0;
	}
	return flow->reached[point] ? point : 0;
}

static void
tell_unwatched(
    struct proof *proof, const struct def_state *state, uint32_t point)
{
	bool has_some = state->after.count + state->escalation_count > 0;

	diag_add(proof->diags, DIAG_WARNING, PROVE_NO_DEADLINE, state->span,
	    "`%.*s` can wait for ever: it has no deadline and no escalation%s",
	    STR_ARG(state->name), has_some ? " without an `if`" : "");
	diag_path(proof->diags, flow_path_from_start(proof->flow, point));
	if (state->kind == STATE_ATOMIC && state->entry.count > 0 &&
	    !state->task)
		diag_repair(proof->diags,
		    "add `escalate:` or `after:`, or let the last `done` have "
		    "no `if`");
	else
		diag_repair(proof->diags,
		    "add `escalate: [{after: 1d, to: CONTACT}]`, or a "
		    "transition under `after:`");
}

static void
prove_watched(struct proof *proof)
{
	const struct definition *definition = proof->definition;

	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];
		uint32_t point = waiting_point(proof->flow, state);

		if (point != 0 && !is_watched(state))
			tell_unwatched(proof, state, point);
	}
}

/* ---- P117, P119 ---- */

/* The first deadline at which the state is surely left; NULL: none is fixed. */
static const struct def_transition *
find_end(const struct def_state *state)
{
	const struct def_transition *first = NULL;

	for (size_t i = 0; i < state->after.count; i++) {
		const struct def_transition *after = state->after.items[i];

		if (after->after.kind == SPAN_FIXED &&
		    after->targets.count > 0 && !after->internal &&
		    flow_guard_always(after->guard) && (!first ||
			after->after.fixed_ms < first->after.fixed_ms))
			first = after;
	}
	return first;
}

static void
tell_late(struct proof *proof, const struct def_escalation *escalation,
    const struct def_transition *end)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_TOO_LATE, escalation->span,
	    "nobody is told after %.*s: the state is left after %.*s",
	    STR_ARG(escalation->after.text), STR_ARG(end->after.text));
	diag_repair(proof->diags,
	    "escalate earlier than the deadline, or move the deadline");
}

/* A level is told before one above it, which comes later in the list. */
static void
prove_order(struct proof *proof, const struct def_state *state)
{
	for (size_t i = 1; i < state->escalation_count; i++) {
		const struct def_escalation *lower = &state->escalations[i - 1];
		const struct def_escalation *upper = &state->escalations[i];
		bool is_early = lower->after.kind == upper->after.kind &&
		    ((lower->after.kind == SPAN_FIXED &&
			upper->after.fixed_ms < lower->after.fixed_ms) ||
			(lower->after.kind == SPAN_BUSINESS_DAYS &&
			    upper->after.business_days <
				lower->after.business_days));

		if (!is_early)
			continue;
		diag_add(proof->diags, DIAG_WARNING, PROVE_TOO_LATE,
		    upper->span,
		    "level %zu comes after %.*s, before level %zu after %.*s",
		    i + 1, STR_ARG(upper->after.text), i,
		    STR_ARG(lower->after.text));
		diag_repair(proof->diags,
		    "put them in the order of their times: who acknowledges "
		    "one stops those below it in the list");
	}
}

static bool
is_in_region(const struct def_state *state)
{
	for (; state; state = state->parent)
		if (flow_is_region(state))
			return true;
	return false;
}

static void
prove_told(struct proof *proof, const struct def_state *state)
{
	const struct def_transition *end = find_end(state);

	/* While steps run, or other regions are not through, it is not left. */
	if (flow_may_be_busy(proof->flow, state) || is_in_region(state))
		end = NULL;
	for (size_t i = 0; end && i < state->escalation_count; i++)
		if (state->escalations[i].after.kind == SPAN_FIXED &&
		    state->escalations[i].after.fixed_ms >=
			end->after.fixed_ms)
			tell_late(proof, &state->escalations[i], end);
	prove_order(proof, state);
}

static void
prove_consequences(struct proof *proof, const struct def_state *state)
{
	for (size_t i = 0; i < state->after.count; i++) {
		const struct def_transition *after = state->after.items[i];

		if (after->targets.count > 0 || after->steps.count > 0 ||
		    after->compensate != COMPENSATE_NONE)
			continue;
		diag_add(proof->diags, DIAG_WARNING, PROVE_NOTHING, after->span,
		    "after %.*s nothing happens", STR_ARG(after->after.text));
		diag_repair(proof->diags,
		    "give the transition a `target` or a `do`");
	}
}

void
prove_wait(struct proof *proof)
{
	const struct definition *definition = proof->definition;

	prove_watched(proof);
	for (size_t i = 0; i < definition->state_count; i++) {
		prove_told(proof, definition->states[i]);
		prove_consequences(proof, definition->states[i]);
	}
}
