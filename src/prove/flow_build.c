/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_build.c: the points and edges of a definition, as chart runs it.
 *
 * What many ways have in common they share: whoever leaves a state passes its
 * AT_LEFT, whoever takes a move its POINT_TAKE, whoever enters a state its
 * AT_ENTRY.  A way of its own is made only where sharing would join what
 * can't follow one another: a state that takes an event itself doesn't leave
 * by the transition that the state around it has for the event.
 */
#include "flow_build.h"

/* Where a list of steps runs. */
struct lane {
	const struct def_state *state; /* whose steps they are */
	const struct def_state *leaf;  /* errors are taken from here up */
	bool is_entry;                 /* nothing within has begun */
	const struct def_state *cut;   /* can be interrupted; NULL: can't */
	uint32_t caught_at;            /* errors end here; 0: they don't */
	unsigned uses;                 /* of the errors' edges */
	bool is_plain;                 /* what an error leads to is not left */
	uint32_t iterated;             /* an iteration is over; 0: no loop */
	const struct lane *around;     /* of the loop */
};

static uint32_t emit_steps(struct build *build, uint32_t from,
    struct def_steps steps, const struct lane *lane);

uint32_t
flow_build_point(struct build *build, const struct def_state *state)
{
	return flow_point_add(build->flow,
	    (struct flow_point){.kind = POINT_BARE, .state = state});
}

/* ---- leaving ---- */

uint32_t
flow_build_exits(struct build *build, uint32_t from,
    const struct def_state *state, const struct def_state *domain)
{
	for (; state != domain; state = state->parent) {
		struct lane lane = {.state = state, .leaf = state,
		    .uses = USE_ALL, .is_plain = true};

		must(state); /* what is left lies in what stays entered */
		from = emit_steps(build, from, state->exit, &lane);
	}
	return from;
}

uint32_t
flow_build_undo(struct build *build, uint32_t from,
    enum def_compensate compensate, const struct def_state *to)
{
	uint32_t undone;

	if (compensate == COMPENSATE_NONE)
		return from;
	undone = flow_build_point(build, build->flow->points[from].state);
	flow_edge_add(build->flow, from, undone, ACT_UNDO)->state =
	    compensate == COMPENSATE_TO ? to : NULL;
	return undone;
}

void
flow_build_taking(
    struct build *build, uint32_t from, const struct flow_move *move)
{
	flow_edge_add(build->flow, from, move->gate ? move->gate : move->take,
	    ACT_MOVE)->move = move;
}

/* A move without target: what it does is done, and the state goes on. */
static void
emit_staying(struct build *build, uint32_t from, const struct def_state *leaf,
    const struct flow_move *move, bool is_plain)
{
	struct lane lane = {.state = leaf, .leaf = leaf, .uses = USE_ALL,
	    .is_plain = true};
	uint32_t take = flow_point_add(build->flow, (struct flow_point){
	    .kind = POINT_TAKE, .state = leaf, .move = move});
	uint32_t end = take;

	flow_edge_add(build->flow, from, take, ACT_MOVE)->move = move;
	if (!is_plain && move->transition)
		end = emit_steps(build, take, move->transition->steps, &lane);
	if (move->transition)
		end = flow_build_undo(build, end, move->transition->compensate,
		    move->transition->compensate_to);
	if (leaf->kind == STATE_ATOMIC || leaf->kind == STATE_FINAL)
		flow_edge_add(
		    build->flow, end, flow_at(leaf, AT_REST), ACT_NONE);
}

void
flow_build_move(struct build *build, uint32_t from,
    const struct def_state *leaf, const struct flow_move *move, bool is_plain)
{
	if (!flow_move_leaves(move)) {
		emit_staying(build, from, leaf, move, is_plain);
		return;
	}
	from = flow_wait_build_meeting(build, from, leaf, move);
	if (!is_plain)
		from = flow_build_exits(build, from, leaf, move->domain);
	flow_build_taking(build, from, move);
}

/* ---- steps ---- */

/* What the iterations before did has happened, although the step failed. */
static void
emit_earlier(struct build *build, uint32_t failed, const struct def_step *step,
    const struct flow_move *move, const struct lane *lane)
{
	for (; lane && lane->iterated != lane->caught_at; lane = lane->around) {
		struct flow_edge *edge = flow_edge_add(build->flow,
		    lane->iterated, failed, ACT_STEP_FAILED);

		edge->step = step;
		edge->move = move;
		edge->uses = USE_MAY;
	}
}

static void
emit_failure(struct build *build, uint32_t from, const struct def_step *step,
    const struct flow_move *move, const struct lane *lane)
{
	uint32_t failed = flow_build_point(build, lane->state);
	struct flow_edge *edge =
	    flow_edge_add(build->flow, from, failed, ACT_STEP_FAILED);

	edge->step = step;
	edge->move = move;
	edge->uses = lane->uses;
	emit_earlier(build, failed, step, move, lane);
	flow_build_move(build, failed, lane->leaf, move, lane->is_plain);
}

/* Where the state has states, one of theirs may take the error as well. */
static void
emit_inner_failures(struct build *build, uint32_t from,
    const struct def_state *around)
{
	struct flow *flow = build->flow;

	for (size_t i = 0; i < around->child_count; i++) {
		const struct def_state *child = around->children[i];

		for (size_t k = flow->moves_of[child->index];
		     k < flow->moves_of[child->index + 1]; k++)
			if (flow_move_takes(&flow->moves[k], STR("error")))
				flow_edge_add(flow, from, flow->moves[k].take,
				    ACT_NONE)->uses = USE_REACH;
		emit_inner_failures(build, from, child);
	}
}

static void
emit_failures(struct build *build, uint32_t from, const struct def_step *step,
    const struct lane *lane)
{
	struct flow *flow = build->flow;

	if (lane->caught_at) {
		struct flow_edge *edge = flow_edge_add(
		    flow, from, lane->caught_at, ACT_STEP_FAILED);

		edge->step = step;
		edge->uses = USE_MAY;
		emit_earlier(build, lane->caught_at, step, NULL, lane);
		return;
	}
	if (!lane->is_entry)
		emit_inner_failures(build, from, lane->leaf);
	for (const struct def_state *at = lane->leaf; at; at = at->parent) {
		for (size_t i = flow->moves_of[at->index];
		     i < flow->moves_of[at->index + 1]; i++) {
			const struct flow_move *move = &flow->moves[i];

			if (!flow_move_takes(move, STR("error")) ||
			    flow_guard_never(move->guard))
				continue;
			emit_failure(build, from, step, move, lane);
			if (flow_guard_always(move->guard))
				return;
		}
	}
}

/* What an iteration does may have happened when the next one begins and
 * when the step is over; what it assigns is its own. */
static void
emit_loop(struct build *build, uint32_t from, uint32_t next,
    const struct def_step *step, const struct lane *lane)
{
	struct flow *flow = build->flow;
	struct lane inner = *lane;
	uint32_t first = flow_build_point(build, lane->state);
	uint32_t last = flow_build_point(build, lane->state);
	uint32_t end;
	struct flow_edge *edge;

	inner.caught_at = step->goes_on ? last : lane->caught_at;
	inner.uses = lane->uses & ~(unsigned)USE_SURE;
	inner.iterated = last;
	inner.around = lane;
	flow_edge_add(flow, from, first, ACT_EACH)->step = step;
	end = emit_steps(build, first, step->body, &inner);
	flow_edge_add(flow, end, last, ACT_NONE);
	edge = flow_edge_add(flow, last, first, ACT_NEXT);
	edge->step = step;
	edge->uses = USE_MAY;
	flow_edge_add(flow, last, next, ACT_NONE)->uses = USE_MAY;
	flow_edge_add(flow, from, next, ACT_STEP_DONE)->step = step;
}

static void
emit_step(struct build *build, uint32_t from, uint32_t next,
    const struct def_step *step, const struct lane *lane)
{
	struct flow *flow = build->flow;

	if (lane->cut)
		flow_edge_add(
		    flow, from, flow_at(lane->cut, AT_MIDST), ACT_NONE);
	if (!flow_guard_always(step->guard))
		flow_edge_add(flow, from, next, ACT_STEP_SKIPPED)->step = step;
	if (flow_guard_never(step->guard))
		return;
	if (step->kind == STEP_FOR)
		emit_loop(build, from, next, step, lane);
	else if (step->kind != STEP_FAIL)
		flow_edge_add(flow, from, next, ACT_STEP_DONE)->step = step;
	if (flow_step_can_fail(step))
		emit_failures(build, from, step, lane);
}

/* The point at which all of them are through. */
static uint32_t
emit_steps(struct build *build, uint32_t from, struct def_steps steps,
    const struct lane *lane)
{
	for (size_t i = 0; i < steps.count; i++) {
		uint32_t point = flow_point_add(build->flow,
		    (struct flow_point){.kind = POINT_STEP,
			.state = lane->state, .step = steps.items[i]});
		uint32_t next = flow_build_point(build, lane->state);

		flow_edge_add(build->flow, from, point, ACT_NONE);
		emit_step(build, point, next, steps.items[i], lane);
		from = next;
	}
	return from;
}

static struct lane
entry_lane(const struct build *build, const struct def_state *state)
{
	return (struct lane){
	    .state = state,
	    .leaf = state,
	    .is_entry = true,
	    .cut = build->wants_cut[state->index] ? state : NULL,
	    .uses = USE_ALL,
	};
}

/* ---- entering ---- */

/* The first target that is the state or within it; NULL: none. */
static const struct def_state *
find_target(const struct def_state *state, struct def_targets targets)
{
	for (size_t i = 0; i < targets.count; i++)
		if (!state || def_state_contains(state, targets.items[i]))
			return targets.items[i];
	return NULL;
}

static bool
has_target(const struct def_state *state, struct def_targets targets)
{
	return find_target(state, targets) != NULL;
}

static bool
is_target(const struct def_state *state, struct def_targets targets)
{
	for (size_t i = 0; i < targets.count; i++)
		if (targets.items[i] == state)
			return true;
	return false;
}

static void
emit_entered(struct build *build, uint32_t from, uint32_t to,
    const struct def_state *state)
{
	flow_edge_add(build->flow, from, to, ACT_ENTERED)->state = state;
}

/* States that are entered with this one are undone for as well. */
static void
mark_undoing(struct build *build, const struct def_state *state)
{
	build->flow->is_undoing[state->index] = true;
	for (size_t i = 0; i < state->initial.count; i++)
		mark_undoing(build, state->initial.items[i]);
	for (size_t i = 0;
	     state->kind == STATE_PARALLEL && i < state->child_count; i++)
		mark_undoing(build, state->children[i]);
}

static void
emit_state(struct build *build, uint32_t from, const struct def_state *state,
    const struct entering *entering)
{
	struct lane lane;
	uint32_t entered;

	if (!has_target(state, entering->targets) ||
	    is_target(state, entering->targets)) {
		emit_entered(build, from, flow_at(state, AT_ENTRY), state);
		if (entering->is_undoing)
			mark_undoing(build, state);
		return;
	}
	lane = entry_lane(build, state);
	entered = flow_build_point(build, state);
	emit_entered(build, from, entered, state);
	flow_build_inside(build,
	    emit_steps(build, entered, state->entry, &lane), state, entering);
}

void
flow_build_inside(struct build *build, uint32_t from,
    const struct def_state *around, const struct entering *entering)
{
	const struct def_state *state;

	/* The history of all regions leads to each of them. */
	for (size_t i = 0; around && i < entering->targets.count; i++) {
		state = entering->targets.items[i];
		if (state->kind == STATE_HISTORY && state->parent == around) {
			emit_state(build, from, state, entering);
			return;
		}
	}
	if (around && around->kind == STATE_PARALLEL) {
		for (size_t i = 0; i < around->child_count; i++)
			if (around->children[i]->kind != STATE_HISTORY ||
			    is_target(around->children[i], entering->targets))
				emit_state(build, from, around->children[i],
				    entering);
		return;
	}
	state = find_target(around, entering->targets);
	if (state == NULL)
		return;
	while (state->parent != around)
		state = state->parent;
	emit_state(build, from, state, entering);
}

/* Whether a state that is entered with this one asks for undoing. */
static const struct def_state *
find_undoing(const struct def_state *state, struct def_targets targets)
{
	const struct def_state *found = NULL;

	if (state->compensate != COMPENSATE_NONE)
		return state;
	if (!has_target(state, targets) || is_target(state, targets))
		targets = state->initial;
	if (state->kind == STATE_HISTORY)
		return NULL;
	for (size_t i = 0; !found && i < state->child_count; i++)
		if (state->children[i]->kind != STATE_HISTORY &&
		    (state->kind == STATE_PARALLEL ||
			has_target(state->children[i], targets)))
			found = find_undoing(state->children[i], targets);
	return found;
}

static void
emit_entering(struct build *build, uint32_t from,
    const struct def_state *domain, struct def_targets targets, bool is_undoing)
{
	struct entering entering = {targets, is_undoing};
	const struct def_state *outermost = targets.items[0];
	const struct def_state *undoing;

	must(!domain || def_state_contains(domain, outermost));
	while (outermost->parent != domain)
		outermost = outermost->parent;
	undoing = find_undoing(outermost, targets);
	if (undoing) {
		entering.is_undoing = true;
		from = flow_build_undo(build, from, undoing->compensate,
		    undoing->compensate_to);
	}
	flow_build_inside(build, from, domain, &entering);
}

static void
emit_taken(struct build *build, const struct flow_move *move)
{
	const struct def_transition *transition = move->transition;
	struct lane lane = {.state = move->source, .leaf = move->source,
	    .uses = USE_ALL, .is_plain = true};
	uint32_t from = move->take;
	bool is_undoing = false;

	if (!flow_move_leaves(move))
		return;
	if (transition) {
		from = emit_steps(build, from, transition->steps, &lane);
		from = flow_build_undo(build, from, transition->compensate,
		    transition->compensate_to);
		is_undoing = transition->compensate != COMPENSATE_NONE;
	}
	emit_entering(build, from, move->domain, move->targets, is_undoing);
}

/* ---- a state's own points ---- */

static void
emit_entry(struct build *build, const struct def_state *state)
{
	struct lane lane = entry_lane(build, state);
	struct entering inside = {.targets = state->initial};
	uint32_t through = emit_steps(
	    build, flow_at(state, AT_ENTRY), state->entry, &lane);

	switch (state->kind) {
	case STATE_ATOMIC:
	case STATE_FINAL:
		flow_edge_add(build->flow, through,
		    flow_at(state, AT_SETTLED), ACT_NONE);
		return;
	case STATE_COMPOUND:
	case STATE_PARALLEL:
		flow_build_inside(build, through, state, &inside);
		return;
	case STATE_HISTORY:
		if (state->initial.count > 0)
			flow_build_inside(
			    build, through, state->parent, &inside);
		return;
	}
	unreachable("every kind of state is listed");
}

static void
emit_exit(struct build *build, const struct def_state *state)
{
	struct flow *flow = build->flow;
	uint32_t left = flow_build_exits(
	    build, flow_at(state, AT_LEAVING), state, state->parent);

	flow_edge_add(flow, left, flow_at(state, AT_LEFT), ACT_NONE);
	if (state->parent)
		flow_edge_add(flow, flow_at(state, AT_LEFT),
		    flow_at(state->parent, AT_LEAVING), ACT_NONE);
	if (!build->wants_cut[state->index])
		return;
	left = flow_build_exits(
	    build, flow_at(state, AT_MIDST), state, state->parent);
	flow_edge_add(flow, left, flow_at(state, AT_CUT), ACT_NONE);
	if (state->parent && build->wants_cut[state->parent->index])
		flow_edge_add(flow, flow_at(state, AT_CUT),
		    flow_at(state->parent, AT_MIDST), ACT_NONE);
}

/* Whether the move takes the event; an absent name stands for `always`. */
static bool
is_about(const struct flow_move *move, struct str event)
{
	const struct def_transition *transition = move->transition;

	if (!transition || flow_guard_never(move->guard))
		return false;
	return event.at ? flow_move_takes(move, event) :
	    !transition->event.at && transition->after.kind == SPAN_NONE;
}

/*
 * The moves of `state` that take that event, up to the first that surely
 * does, and those after it that interrupt where it doesn't.  True where there
 * is such a one, and it needn't wait for other regions.
 */
static bool
emit_moves(struct build *build, uint32_t from, const struct def_state *leaf,
    const struct def_state *state, struct str event)
{
	struct flow *flow = build->flow;
	const struct flow_move *sure = NULL;

	for (size_t i = flow->moves_of[state->index];
	     i < flow->moves_of[state->index + 1]; i++) {
		const struct flow_move *move = &flow->moves[i];

		if (!is_about(move, event) ||
		    (sure && (sure->transition->interrupt ||
			!move->transition->interrupt)))
			continue;
		flow_build_move(build, from, leaf, move, false);
		if (!sure && flow_guard_always(move->guard))
			sure = move;
	}
	return sure && !flow_move_crosses(sure, leaf);
}

static bool
emit_moves_up(struct build *build, uint32_t from, const struct def_state *leaf,
    struct str event)
{
	for (const struct def_state *at = leaf; at; at = at->parent)
		if (emit_moves(build, from, leaf, at, event))
			return true;
	return false;
}

/* What is raised on the way into a state is taken before it is done. */
static void
emit_raised(struct build *build, const struct def_state *leaf)
{
	struct flow *flow = build->flow;

	for (const struct def_state *at = leaf; at; at = at->parent)
		for (size_t i = flow->moves_of[at->index];
		     i < flow->moves_of[at->index + 1]; i++)
			if (flow->is_raised[i])
				flow_build_move(build,
				    flow_at(leaf, AT_SETTLED), leaf,
				    &flow->moves[i], false);
}

static void
emit_settled(struct build *build, const struct def_state *state)
{
	struct flow *flow = build->flow;
	const struct flow_move *exit;
	uint32_t from = flow_at(state, AT_SETTLED);

	if (build->wants_cut[state->index])
		flow_edge_add(flow, from, flow_at(state, AT_MIDST), ACT_NONE);
	if (state->kind == STATE_FINAL && !state->parent)
		return;
	if (emit_moves_up(build, from, state, (struct str){NULL, 0}))
		return;
	emit_raised(build, state);
	if (flow->is_undoing[state->index])
		(void)emit_moves_up(build, from, state, STR("compensated"));
	if (state->kind == STATE_FINAL)
		flow_edge_add(flow, from, flow_at(state->parent, AT_DONE),
		    ACT_NONE);
	else
		(void)emit_moves(build, from, state, state, STR("done"));
	exit = flow_sure_exit(flow, state);
	if (!exit || flow_move_crosses(exit, state))
		flow_edge_add(flow, from, flow_at(state, AT_REST), ACT_NONE);
	flow_edge_add(flow, flow_at(state, AT_REST), flow_at(state, AT_LEAVING),
	    ACT_NONE);
	if (build->wants_cut[state->index])
		flow_edge_add(flow, flow_at(state, AT_REST),
		    flow_at(state, AT_MIDST), ACT_NONE);
}

static void
emit_done(struct build *build, const struct def_state *state)
{
	uint32_t done = flow_at(state, AT_DONE);

	(void)emit_moves(build, done, state, state, STR("done"));
	if (flow_is_region(state))
		flow_edge_add(build->flow, done,
		    flow_at(state->parent, AT_DONE), ACT_NONE);
}

static void
emit_points_of(struct build *build, const struct def_state *state)
{
	emit_exit(build, state);
	switch (state->kind) {
	case STATE_ATOMIC:
		/* A region without a final state is never through. */
		if (flow_is_region(state))
			flow_edge_add(build->flow, build->never,
			    flow_at(state->parent, AT_DONE), ACT_NONE);
		emit_settled(build, state);
		return;
	case STATE_FINAL:
		emit_settled(build, state);
		return;
	case STATE_COMPOUND:
	case STATE_PARALLEL:
		emit_done(build, state);
		return;
	case STATE_HISTORY:
		return;
	}
	unreachable("every kind of state is listed");
}

/* ---- the whole ---- */

static void
find_cuts(struct build *build)
{
	struct flow *flow = build->flow;
	const struct definition *definition = flow->definition;

	build->wants_cut =
	    ARENA_ARRAY(flow->arena, definition->state_count, bool);
	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		build->wants_cut[i] = state->parent &&
		    build->wants_cut[state->parent->index];
		for (size_t k = flow->moves_of[i]; k < flow->moves_of[i + 1];
		     k++)
			build->wants_cut[i] |=
			    flow_wait_interrupts(&flow->moves[k]);
	}
}

void
flow_build(struct flow *flow)
{
	const struct definition *definition = flow->definition;
	struct build build = {.flow = flow};

	build.never = flow_build_point(&build, NULL);
	flow_wait_find_raised(&build);
	find_cuts(&build);
	flow_wait_build_gates(&build);
	emit_entering(&build, FLOW_START, NULL, definition->initial, false);
	for (size_t i = 0; i < definition->state_count; i++)
		emit_entry(&build, definition->states[i]);
	for (size_t i = 0; i < flow->move_count; i++)
		emit_taken(&build, &flow->moves[i]);
	for (size_t i = 0; i < definition->state_count; i++)
		emit_points_of(&build, definition->states[i]);
	for (size_t i = 0; i < flow->move_count; i++) {
		flow_wait_build(&build, &flow->moves[i]);
		flow_wait_build_regions(&build, &flow->moves[i]);
	}
	flow_wait_build_raising(&build);
}

