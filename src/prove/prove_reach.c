/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_reach.c: every state is reached, and every state leads to an end.
 */
#include "prove_priv.h"

/* ---- P101 ---- */

/* The first state that leads to this one, or to one within it. */
static const struct def_state *
find_leading(const struct flow *flow, const struct def_state *state)
{
	for (size_t i = 0; i < flow->move_count; i++) {
		const struct flow_move *move = &flow->moves[i];

		for (size_t k = 0; k < move->targets.count; k++)
			if (def_state_contains(state, move->targets.items[k]) &&
			    !def_state_contains(state, move->source))
				return move->source;
	}
	return NULL;
}

static void
tell_unreachable(struct proof *proof, const struct def_state *state)
{
	const struct def_state *leading = find_leading(proof->flow, state);

	diag_add(proof->diags, DIAG_WARNING, PROVE_UNREACHABLE, state->span,
	    "`%.*s` can't be reached", STR_ARG(state->name));
	if (!leading)
		diag_repair(proof->diags,
		    "no transition leads to it: name it as a target, or take "
		    "it out");
	else if (!flow_enters(proof->flow, leading))
		diag_repair(proof->diags,
		    "`%.*s` leads to it, and can't be reached itself",
		    STR_ARG(leading->name));
	else
		diag_repair(proof->diags,
		    "what leads to it from `%.*s` is never taken",
		    STR_ARG(leading->name));
}

static void
prove_reached(struct proof *proof)
{
	const struct definition *definition = proof->definition;

	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		/* What lies in an unreached state is not told as well. */
		if (!flow_enters(proof->flow, state) &&
		    (!state->parent ||
			flow_enters(proof->flow, state->parent)))
			tell_unreachable(proof, state);
	}
}

/* ---- P102 ---- */

static bool
is_end(const struct flow *flow, uint32_t point, void *arg)
{
	const struct flow_point *at = &flow->points[point];

	(void)arg;
	return at->kind == POINT_STATE && at->place == AT_SETTLED &&
	    at->state->kind == STATE_FINAL && !at->state->parent;
}

/* From its entry on nothing leads to an end. */
static bool
is_stranded(const struct flow *flow, const bool *ends,
    const struct def_state *state)
{
	return state->child_count == 0 &&
	    flow_reaches(flow, state, AT_ENTRY) &&
	    !ends[flow_at(state, AT_ENTRY)];
}

/* ---- which of them is to be mended ---- */

struct marking {
	const struct flow *flow;
	bool *marked; /* by point */
	uint32_t *todo;
	size_t count;
};

static void
mark(struct marking *marking, uint32_t point)
{
	if (marking->marked[point] || !marking->flow->reached[point])
		return;
	marking->marked[point] = true;
	marking->todo[marking->count++] = point;
}

static struct marking
marking_new(const struct flow *flow)
{
	return (struct marking){
	    .flow = flow,
	    .marked = ARENA_ARRAY(flow->arena, flow->point_count, bool),
	    .todo = ARENA_ARRAY(flow->arena, flow->point_count, uint32_t),
	};
}

/* Marks all from which what is marked newly is reached. */
static void
mark_before(struct marking *marking)
{
	const struct flow *flow = marking->flow;

	while (marking->count > 0) {
		uint32_t point = marking->todo[--marking->count];

		for (uint32_t i = flow->first_in[point];
		     i < flow->first_in[point + 1]; i++)
			mark(marking, flow->edges[flow->in[i]].from);
	}
}

/* Points from which some state is entered. */
static const bool *
find_onward(const struct flow *flow)
{
	struct marking marking = marking_new(flow);

	for (size_t i = 0; i < flow->edge_count; i++) {
		const struct flow_point *to =
		    &flow->points[flow->edges[i].to];

		if (to->kind == POINT_STATE && to->place == AT_ENTRY)
			mark(&marking, flow->edges[i].from);
	}
	mark_before(&marking);
	return marking.marked;
}

static bool
is_same(const struct flow *flow, uint32_t point, void *arg)
{
	const uint32_t *wanted = arg;

	(void)flow;
	return point == *wanted;
}

static bool
comes_back(const struct flow *flow, uint32_t point)
{
	return flow_path_find(flow, point, USE_REACH, NULL, is_same, &point)
	    .found;
}

static void
tell_stranded(struct proof *proof, const struct def_state *state)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_NO_END, state->span,
	    "from `%.*s` no final state is reached", STR_ARG(state->name));
	diag_path(proof->diags, flow_path_from_start(proof->flow,
	    flow_at(state, AT_ENTRY)));
	diag_repair(proof->diags,
	    "add a transition that leads to a state of `type: final`");
}

/*
 * First those that nothing leads out of, then one of each circle that nothing
 * leads out of; what leads to them is in order as soon as they are.
 */
static void
prove_ended(struct proof *proof)
{
	const struct flow *flow = proof->flow;
	const struct definition *definition = proof->definition;
	const bool *ends = flow_leading_to(flow, is_end, NULL);
	const bool *onward = find_onward(flow);
	struct marking told = marking_new(flow);

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < definition->state_count; i++) {
			const struct def_state *state = definition->states[i];
			uint32_t entry = flow_at(state, AT_ENTRY);

			if (!is_stranded(flow, ends, state) ||
			    told.marked[entry] || (round == 0 ? onward[entry] :
				!comes_back(flow, entry)))
				continue;
			tell_stranded(proof, state);
			mark(&told, entry);
			mark_before(&told);
		}
}

void
prove_reach(struct proof *proof)
{
	prove_reached(proof);
	prove_ended(proof);
}
