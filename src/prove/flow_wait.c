/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_wait.c: what comes to states that wait, from outside, from time, from
 * other regions, and the ways back that histories keep.
 */
#include "flow_build.h"

/* ---- what comes while a state waits ---- */

/* Whether all that `later` takes is taken by `earlier`. */
static bool
covers(const struct def_transition *earlier, const struct def_transition *later)
{
	struct str wide = earlier->event;
	struct str narrow = later->event;

	if (later->interrupt && !earlier->interrupt)
		return false;
	if (!wide.at || !narrow.at)
		return false;
	if (str_has_suffix(narrow, STR(".*")))
		narrow = str_slice(narrow, 0, narrow.bytes - 2);
	else if (str_equal(narrow, STR("*")) && !str_equal(wide, narrow))
		return false;
	if (narrow.bytes < later->event.bytes &&
	    !str_has_suffix(wide, STR("*")))
		return false;
	return def_event_matches(wide, narrow);
}

static bool
is_covered_in(const struct flow *flow, const struct def_state *state,
    size_t end, const struct flow_move *move)
{
	for (size_t i = flow->moves_of[state->index]; i < end; i++) {
		const struct flow_move *earlier = &flow->moves[i];

		if (earlier->transition && earlier != move &&
		    flow_guard_always(earlier->guard) &&
		    covers(earlier->transition, move->transition))
			return true;
	}
	return false;
}

static bool
is_covered_below(const struct flow *flow, const struct def_state *state,
    const struct flow_move *move)
{
	for (size_t i = 0; i < state->child_count; i++) {
		const struct def_state *child = state->children[i];

		if (is_covered_in(flow, child,
		    flow->moves_of[child->index + 1], move) ||
		    is_covered_below(flow, child, move))
			return true;
	}
	return false;
}

static bool
is_declared(const struct build *build, const struct flow_move *move)
{
	const struct definition *definition = build->flow->definition;

	for (size_t i = 0; i < definition->event_count; i++)
		if (flow_move_takes(move, definition->events[i].type))
			return true;
	return build->flow->is_raised[move->index];
}

static bool
is_choice_of(const struct def_state *leaf, const struct flow_move *move)
{
	for (size_t i = 0; leaf->task && i < leaf->task->choice_count; i++)
		if (flow_move_takes(move, leaf->task->choices[i]))
			return true;
	return false;
}

/* Way by way, for the states below that the move can be taken in. */
static void
emit_by_leaf(struct build *build, const struct def_state *state,
    const struct flow_move *move, bool is_everywhere)
{
	struct flow *flow = build->flow;

	if (state != move->source && move->transition &&
	    is_covered_in(flow, state, flow->moves_of[state->index + 1], move))
		return;
	for (size_t i = 0; i < state->child_count; i++)
		emit_by_leaf(build, state->children[i], move, is_everywhere);
	if ((state->kind == STATE_ATOMIC || state->kind == STATE_FINAL) &&
	    (is_everywhere || is_choice_of(state, move)))
		flow_build_move(
		    build, flow_at(state, AT_REST), state, move, false);
}

static void
emit_interrupting(struct build *build, const struct flow_move *move)
{
	bool stays = move->domain == move->source;
	uint32_t from = flow_at(move->source, stays ? AT_MIDST : AT_CUT);

	if (!flow_move_leaves(move)) {
		flow_build_move(build, flow_at(move->source, AT_MIDST),
		    move->source, move, false);
		return;
	}
	if (flow_move_takes(move, STR("compensated")))
		from = flow_build_undo(build, from, COMPENSATE_ALL, NULL);
	if (!stays)
		from = flow_build_exits(
		    build, from, move->source->parent, move->domain);
	flow_build_taking(build, from, move);
}

bool
flow_wait_interrupts(const struct flow_move *move)
{
	return move->transition && (move->transition->interrupt ||
	    flow_move_takes(move, STR("cancel")) ||
	    flow_move_takes(move, STR("compensated")));
}

void
flow_wait_build(struct build *build, const struct flow_move *move)
{
	struct flow *flow = build->flow;
	const struct def_state *source = move->source;
	bool is_event = move->transition && move->transition->event.at;
	bool is_everywhere = !is_event || is_declared(build, move);
	uint32_t from;

	if (flow_guard_never(move->guard) ||
	    (move->transition && !is_event &&
		move->transition->after.kind == SPAN_NONE) ||
	    (is_event && is_covered_in(flow, source, move->index, move)))
		return;
	if (flow_wait_interrupts(move))
		emit_interrupting(build, move);
	if (!flow_move_leaves(move) || !is_everywhere ||
	    (is_event && is_covered_below(flow, source, move))) {
		emit_by_leaf(build, source, move, is_everywhere);
		return;
	}
	from = move->domain == source ? flow_at(source, AT_LEAVING) :
	    flow_build_exits(build, flow_at(source, AT_LEFT), source->parent,
		move->domain);
	flow_build_taking(build, from, move);
}

/* ---- regions ---- */

/* From the regions that are left beside those between the two states. */
static void
emit_others(struct build *build, const struct def_state *inner,
    const struct def_state *outer, uint32_t to)
{
	for (; inner != outer; inner = inner->parent) {
		const struct def_state *parallel = inner->parent;

		if (!flow_is_region(inner))
			continue;
		for (size_t i = 0; i < parallel->child_count; i++) {
			const struct def_state *other = parallel->children[i];

			if (other != inner && other->kind != STATE_HISTORY)
				flow_edge_add(build->flow,
				    flow_at(other, AT_LEFT), to,
				    ACT_NONE)->uses = USE_MAY;
		}
	}
}

void
flow_wait_build_regions(struct build *build, const struct flow_move *move)
{
	must(!move->domain || move->domain->kind == STATE_COMPOUND);
	emit_others(build, move->source, move->domain, move->take);
}

uint32_t
flow_wait_build_meeting(struct build *build, uint32_t from,
    const struct def_state *leaf, const struct flow_move *move)
{
	uint32_t met;

	must(def_state_contains(move->source, leaf));
	if (leaf == move->source)
		return from;
	met = flow_build_point(build, leaf);
	flow_edge_add(build->flow, from, met, ACT_NONE);
	emit_others(build, leaf, move->source, met);
	return met;
}

/* ---- raised events ---- */

void
flow_wait_find_raised(struct build *build)
{
	const struct definition *definition = build->flow->definition;
	struct str *names = ARENA_ARRAY(
	    build->flow->arena, definition->step_count, struct str);

	for (size_t i = 0; i < definition->step_count; i++)
		if (definition->steps[i]->kind == STEP_RAISE)
			names[build->raised_count++] =
			    definition->steps[i]->event;
	build->raised = names;
	for (size_t i = 0; i < build->flow->move_count; i++)
		for (size_t k = 0; k < build->raised_count; k++)
			build->flow->is_raised[i] |= flow_move_takes(
			    &build->flow->moves[i], build->raised[k]);
}

/* Whether nothing but a step of this instance can bring it. */
static bool
is_only_raised(const struct build *build, const struct flow_move *move)
{
	const struct definition *definition = build->flow->definition;

	if (!build->flow->is_raised[move->index] || !flow_move_leaves(move) ||
	    str_has_suffix(move->transition->event, STR("*")))
		return false;
	for (size_t i = 0; i < definition->event_count; i++)
		if (flow_move_takes(move, definition->events[i].type))
			return false;
	for (size_t i = 0; i < definition->state_count; i++)
		if (is_choice_of(definition->states[i], move))
			return false;
	return true;
}

/*
 * Who takes what only a step raises comes after that step, wherever it is:
 * what surely holds there holds here as well.
 */
static void
emit_gate(struct build *build, struct flow_move *move)
{
	struct flow *flow = build->flow;
	uint32_t raised = flow_build_point(build, NULL);
	uint32_t united = flow_build_point(build, move->source);

	move->gate = flow_build_point(build, move->source);
	flow->points[united].unites = true;
	flow_edge_add(flow, move->gate, united, ACT_NONE);
	flow_edge_add(flow, raised, united, ACT_NONE)->uses = USE_SURE;
	flow_edge_add(flow, united, move->take, ACT_NONE);
	move->raised = raised;
}

void
flow_wait_build_gates(struct build *build)
{
	for (size_t i = 0; i < build->flow->move_count; i++)
		if (is_only_raised(build, &build->flow->moves[i]))
			emit_gate(build, &build->flow->moves[i]);
}

static void
emit_raising(struct build *build, uint32_t point)
{
	struct flow *flow = build->flow;
	struct str event = flow->points[point].step->event;

	for (size_t i = 0; i < flow->move_count; i++)
		if (flow->moves[i].gate &&
		    flow_move_takes(&flow->moves[i], event))
			flow_edge_add(flow, point, flow->moves[i].raised,
			    ACT_NONE)->uses = USE_REACH | USE_SURE;
}

void
flow_wait_build_raising(struct build *build)
{
	struct flow *flow = build->flow;

	for (uint32_t i = 0; i < flow->point_count; i++)
		if (flow->points[i].kind == POINT_STEP &&
		    flow->points[i].step->kind == STEP_RAISE)
			emit_raising(build, i);
}

/* ---- histories ---- */

/* Whether something leads out of `state` while what is inside `child` is
 * active. */
static bool
can_be_left_in(const struct flow *flow, const struct def_state *state,
    const struct def_state *child)
{
	for (size_t i = 0; i < flow->move_count; i++) {
		const struct flow_move *move = &flow->moves[i];

		if (flow->reached[move->take] && flow_move_leaves(move) &&
		    (def_state_contains(child, move->source) ||
			def_state_contains(move->source, child)) &&
		    (!move->domain ||
			(move->domain != state &&
			    def_state_contains(move->domain, state))))
			return true;
	}
	return false;
}

static void
emit_way_back(struct build *build, const struct def_state *history,
    const struct def_state *child)
{
	struct flow *flow = build->flow;
	struct def_targets targets = {&child, 1};
	struct entering entering = {targets, false};
	static const enum flow_place places[] = {AT_LEFT, AT_CUT};

	if (!can_be_left_in(flow, history->parent, child))
		return;
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		uint32_t back;

		if (!flow_reaches(flow, child, places[i]))
			continue;
		back = flow_point_add(flow, (struct flow_point){
		    .kind = POINT_TAKE, .state = history});
		flow_edge_add(flow, flow_at(child, places[i]), back,
		    ACT_NONE)->uses = USE_REACH | USE_MAY;
		flow_build_inside(build, back, history->parent, &entering);
	}
}

static void
emit_ways_back(struct build *build, const struct def_state *history,
    const struct def_state *state)
{
	for (size_t i = 0; i < state->child_count; i++) {
		const struct def_state *child = state->children[i];
		bool is_leaf = child->child_count == 0;

		if (child->kind == STATE_HISTORY)
			continue;
		if (history->deep && !is_leaf)
			emit_ways_back(build, history, child);
		else
			emit_way_back(build, history, child);
	}
}

void
flow_build_histories(struct flow *flow)
{
	const struct definition *definition = flow->definition;
	struct build build = {.flow = flow};

	build.wants_cut =
	    ARENA_ARRAY(flow->arena, definition->state_count, bool);
	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		if (state->kind == STATE_HISTORY &&
		    flow_reaches(flow, state, AT_ENTRY))
			emit_ways_back(&build, state, state->parent);
	}
}
