/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.c: the graph of points that the proofs look at, and what is reached.
 *
 * The graph is built once (flow_build.c) and then only read.  Its size is
 * that of the definition, so that each proof is a walk or two over it.
 */
#include "prove_priv.h"

/* ---- points and edges ---- */

uint32_t
flow_at(const struct def_state *state, enum flow_place place)
{
	must(place < FLOW_PLACES);
	return (uint32_t)(1 + state->index * FLOW_PLACES + place);
}

uint32_t
flow_point_add(struct flow *flow, struct flow_point point)
{
	flow->points = arena_grow(flow->arena, flow->points, flow->point_count,
	    &flow->point_capacity, sizeof(*flow->points));
	flow->points[flow->point_count] = point;
	return (uint32_t)flow->point_count++;
}

struct flow_edge *
flow_edge_add(struct flow *flow, uint32_t from, uint32_t to, enum flow_act act)
{
	struct flow_edge *edge;

	must(from < flow->point_count && to < flow->point_count);
	flow->edges = arena_grow(flow->arena, flow->edges, flow->edge_count,
	    &flow->edge_capacity, sizeof(*flow->edges));
	edge = &flow->edges[flow->edge_count++];
	*edge = (struct flow_edge){
	    .from = from, .to = to, .act = act, .uses = USE_ALL};
	return edge;
}

static void
add_places(struct flow *flow)
{
	const struct definition *definition = flow->definition;

	flow_point_add(flow, (struct flow_point){.kind = POINT_START});
	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		for (int place = 0; place < FLOW_PLACES; place++)
			flow_point_add(flow, (struct flow_point){
			    .kind = POINT_STATE,
			    .place = (enum flow_place)place,
			    .needs_all = place == AT_DONE &&
				state->kind == STATE_PARALLEL,
			    .unites = state->kind == STATE_PARALLEL &&
				(place == AT_DONE || place == AT_LEAVING),
			    .state = state,
			});
	}
}

/* ---- moves ---- */

static const struct def_state *
domain_of(const struct def_state *source, struct def_targets targets,
    bool internal)
{
	const struct def_state *domain = source->parent;

	if (internal && source->kind == STATE_COMPOUND)
		domain = source;
	for (; domain; domain = domain->parent) {
		bool holds = domain->kind == STATE_COMPOUND;

		for (size_t i = 0; holds && i < targets.count; i++)
			holds = domain != targets.items[i] &&
			    def_state_contains(domain, targets.items[i]);
		if (holds)
			break;
	}
	return domain;
}

static void
add_move(struct flow *flow, struct flow_move move)
{
	struct flow_move *added = &flow->moves[flow->move_count];

	must(!move.transition != !move.escalation);
	*added = move;
	added->index = flow->move_count++;
	added->domain = domain_of(move.source, move.targets,
	    move.transition && move.transition->internal);
	added->take = flow_point_add(flow, (struct flow_point){
	    .kind = POINT_TAKE, .state = move.source, .move = added});
}

static void
add_transitions(struct flow *flow, const struct def_state *state,
    struct def_transitions transitions)
{
	for (size_t i = 0; i < transitions.count; i++)
		add_move(flow, (struct flow_move){
		    .source = state,
		    .transition = transitions.items[i],
		    .guard = transitions.items[i]->guard,
		    .targets = transitions.items[i]->targets,
		});
}

static void
add_escalations(struct flow *flow, const struct def_state *state)
{
	for (size_t i = 0; i < state->escalation_count; i++)
		if (state->escalations[i].target)
			add_move(flow, (struct flow_move){
			    .source = state,
			    .escalation = &state->escalations[i],
			    .guard = state->escalations[i].guard,
			    .targets = {&state->escalations[i].target, 1},
			});
}

static size_t
count_moves(const struct definition *definition)
{
	size_t count = definition->transition_count;

	for (size_t i = 0; i < definition->state_count; i++)
		count += definition->states[i]->escalation_count;
	return count;
}

static void
add_moves(struct flow *flow)
{
	const struct definition *definition = flow->definition;

	flow->moves = ARENA_ARRAY(
	    flow->arena, count_moves(definition), struct flow_move);
	flow->moves_of =
	    ARENA_ARRAY(flow->arena, definition->state_count + 1, size_t);
	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		add_transitions(flow, state, state->on);
		add_transitions(flow, state, state->always);
		add_transitions(flow, state, state->after);
		add_escalations(flow, state);
		flow->moves_of[i + 1] = flow->move_count;
	}
}

/* ---- what is reached ---- */

/* Edges by the point that one of their ends is at. */
static void
sort_edges(struct flow *flow, bool by_end, uint32_t **first, uint32_t **sorted)
{
	uint32_t *at = ARENA_ARRAY(
	    flow->arena, flow->point_count + 1, uint32_t);

	*sorted = ARENA_ARRAY(flow->arena, flow->edge_count, uint32_t);
	*first = ARENA_ARRAY(flow->arena, flow->point_count + 1, uint32_t);
	for (size_t i = 0; i < flow->edge_count; i++)
		at[1 + (by_end ? flow->edges[i].to : flow->edges[i].from)]++;
	for (size_t i = 0; i < flow->point_count; i++)
		at[i + 1] += at[i];
	memcpy(*first, at, (flow->point_count + 1) * sizeof(**first));
	for (uint32_t i = 0; i < flow->edge_count; i++)
		(*sorted)[at[by_end ? flow->edges[i].to :
		    flow->edges[i].from]++] = i;
}

static bool
all_reached(const struct flow *flow, uint32_t point)
{
	for (uint32_t i = flow->first_in[point];
	     i < flow->first_in[point + 1]; i++) {
		const struct flow_edge *edge = &flow->edges[flow->in[i]];

		if (edge->uses & USE_REACH && !flow->reached[edge->from])
			return false;
	}
	return true;
}

static void
find_reached(struct flow *flow)
{
	uint32_t *todo = ARENA_ARRAY(flow->arena, flow->point_count, uint32_t);
	size_t count = 0;

	flow->reached = ARENA_ARRAY(flow->arena, flow->point_count, bool);
	flow->reached[FLOW_START] = true;
	todo[count++] = FLOW_START;
	while (count > 0) {
		uint32_t point = todo[--count];

		for (uint32_t i = flow->first_out[point];
		     i < flow->first_out[point + 1]; i++) {
			const struct flow_edge *edge =
			    &flow->edges[flow->out[i]];

			if (!(edge->uses & USE_REACH) ||
			    flow->reached[edge->to] ||
			    (flow->points[edge->to].needs_all &&
				!all_reached(flow, edge->to)))
				continue;
			flow->reached[edge->to] = true;
			todo[count++] = edge->to;
		}
	}
}

static void
index_edges(struct flow *flow)
{
	sort_edges(flow, false, &flow->first_out, &flow->out);
	sort_edges(flow, true, &flow->first_in, &flow->in);
	find_reached(flow);
}

bool
flow_reaches(const struct flow *flow, const struct def_state *state,
    enum flow_place place)
{
	return flow->reached[flow_at(state, place)];
}

bool
flow_enters(const struct flow *flow, const struct def_state *state)
{
	if (flow_reaches(flow, state, AT_ENTRY))
		return true;
	for (size_t i = 0; i < state->child_count; i++)
		if (flow_enters(flow, state->children[i]))
			return true;
	return false;
}

static void
find_taken(struct flow *flow)
{
	for (size_t i = 0; i < flow->point_count; i++)
		/* A way back by a history is no move of its own. */
		if (flow->points[i].kind == POINT_TAKE && flow->reached[i] &&
		    flow->points[i].move)
			flow->moves[flow->points[i].move->index].is_taken =
			    true;
}

static void
index_steps(struct flow *flow)
{
	flow->first_of_step = ARENA_ARRAY(
	    flow->arena, flow->definition->step_count, uint32_t);
	flow->next_of_step =
	    ARENA_ARRAY(flow->arena, flow->point_count, uint32_t);
	for (uint32_t i = (uint32_t)flow->point_count; i-- > 0;) {
		const struct flow_point *point = &flow->points[i];
		uint32_t *first;

		if (point->kind != POINT_STEP || !flow->reached[i])
			continue;
		first = &flow->first_of_step[point->step->index];
		flow->next_of_step[i] = *first;
		*first = i;
	}
}

struct flow *
flow_new(const struct definition *definition, struct arena *arena)
{
	struct flow *flow = ARENA_NEW(arena, struct flow);

	must(definition->initial.count > 0);
	must(definition->state_count < UINT32_MAX / (2 * FLOW_PLACES));
	flow->definition = definition;
	flow->arena = arena;
	add_places(flow);
	add_moves(flow);
	flow->is_undoing =
	    ARENA_ARRAY(arena, definition->state_count, bool);
	flow->is_raised = ARENA_ARRAY(arena, flow->move_count, bool);
	flow_build(flow);
	index_edges(flow);
	flow_build_histories(flow);
	index_edges(flow);
	find_taken(flow);
	index_steps(flow);
	flow->search = flow_path_search_new(arena, flow->point_count);
	return flow;
}
