/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effect_age.c: the longest that it can be since an effect was done.
 *
 * An instance stands still where it rests, as long as the deadlines around
 * let it, where one region is through before others or waits for their steps
 * to leave them, and in steps that take their time.  The longest time at a
 * point is the longest along any edge into it; a circle adds to it round by
 * round, up to the life of the key: beyond that nothing differs.  Within a
 * state that has a deadline no more can pass than from its entry to there,
 * however often it goes round inside.
 */
#include "prove_effect.h"

/* Visits of points, in all and for each point of one effect, after which what
 * still grows is taken to grow to the end: it is in a circle that is very short
 * against the life of the key. */
#define VISITS_MAX 1000000
#define VISITS_OF_POINT 16

/* How long a step takes at the longest, before it is done or has failed. */
struct step_time {
	int64_t all;
	int64_t closed;   /* of that before its only attempt */
	int64_t attempts; /* until its last attempt */
};

/* When a state is surely left at the latest, counted from its entry. */
struct deadline {
	int64_t ms; /* INT64_MAX: never */
	const struct def_state *domain; /* what stays entered then */
};

struct effect_ages {
	const struct flow *flow;
	struct step_time *times; /* by step */
	int64_t undoing;    /* all there is to undo */
	const struct def_step **loops; /* by point: an item of it is through */
	int64_t *pauses;    /* by edge: how long it can stand still there */
	/* Edges that have a pause by the state they are in, one after
	 * another; their numbers are from 1, 0 is the end. */
	uint32_t *first_waiting; /* by state */
	uint32_t *next_waiting;  /* by edge */
	struct deadline *deadlines; /* by state */
	int64_t *steps;     /* by state: the pauses of all steps inside */
	int64_t *beside;    /* by region: those of the regions beside it */
	int64_t *through;   /* by parallel state: from the entry of its regions
			     * until the last of them is through */
	/* of one effect */
	const struct def_step *step;
	const bool *keeps;
	int64_t lives_ms;
	int64_t *ages;      /* by point; -1: it isn't done */
	int64_t *entered;   /* by state: at its entry */
	uint32_t *queue;    /* a ring of points to visit */
	bool *is_queued;
	size_t head;
	size_t queued;
	size_t visits;
	size_t visits_left; /* of VISITS_MAX */
};

static int64_t
min_ms(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
max_ms(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- steps ---- */

static struct step_time
time_of_call(const struct def_call *call, int64_t closed)
{
	return (struct step_time){
	    .all = call_add_ms(closed, call_lasts(call)),
	    .closed = call->retry.limit == 0 ? closed : 0,
	    .attempts = call_add_ms(closed, call_attempts_last(call)),
	};
}

static void
fill_times(struct effect_ages *self)
{
	const struct definition *definition = self->flow->definition;
	const struct calendar_window *window = NULL;
	int64_t closed = 0;

	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_step *step = definition->steps[i];
		const struct def_call *call = step->call;

		if (step->kind == STEP_WAIT)
			self->times[i].all = call_span_ms(&step->wait);
		if (step->kind == STEP_RUN && step->waits)
			self->times[i].all = INT64_MAX;
		if (!call)
			continue;
		/* Most have none, or the one of the call before. */
		if (call->window_hours && call->window_hours != window) {
			window = call->window_hours;
			closed = call_window_closes(definition, call);
		}
		self->times[i] = time_of_call(
		    call, call->window_hours ? closed : 0);
		if (call->compensate)
			self->undoing = call_add_ms(self->undoing,
			    call_add_ms(call_lasts(call->compensate),
				call_window_closes(
				    definition, call->compensate)));
	}
}

static bool
is_wait(const struct def_step *step)
{
	return step->kind == STEP_WAIT ||
	    (step->kind == STEP_RUN && step->waits);
}

static bool
has_wait(struct def_steps steps)
{
	for (size_t i = 0; i < steps.count; i++)
		if (is_wait(steps.items[i]) || has_wait(steps.items[i]->body))
			return true;
	return false;
}

/* How long it is between the two ends of an edge where steps run. */
static int64_t
pause_of_steps(const struct effect_ages *self, const struct flow_edge *edge)
{
	const struct def_step *loop = self->loops[edge->from];

	/* Other items came after the one that was done. */
	if (loop && edge->act != ACT_NEXT && has_wait(loop->body))
		return INT64_MAX;
	switch (edge->act) {
	case ACT_STEP_DONE:
		return self->times[edge->step->index].all;
	case ACT_STEP_FAILED:
		return edge->step->kind == STEP_WAIT ? 0 :
		    self->times[edge->step->index].all;
	case ACT_UNDO:
		return self->undoing;
	default:
		return 0;
	}
}

/* As long as it may be until a deadline that comes meanwhile is taken. */
static void
add_steps(struct effect_ages *self, const struct flow_edge *edge)
{
	const struct def_state *at = self->flow->points[edge->from].state;
	int64_t pause = pause_of_steps(self, edge);

	if (edge->act != ACT_STEP_DONE && edge->act != ACT_UNDO)
		return;
	/* There can be any number of items. */
	if (edge->step && edge->step->around && is_wait(edge->step))
		pause = INT64_MAX;
	for (; at; at = at->parent)
		self->steps[at->index] =
		    call_add_ms(self->steps[at->index], pause);
}

static void
fill_steps(struct effect_ages *self)
{
	const struct flow *flow = self->flow;

	for (size_t i = 0; i < flow->edge_count; i++)
		if (flow->edges[i].act == ACT_NEXT)
			self->loops[flow->edges[i].from] = flow->edges[i].step;
	for (size_t i = 0; i < flow->edge_count; i++)
		add_steps(self, &flow->edges[i]);
}

/* ---- deadlines, and what waits for other regions ---- */

static void
fill_beside(struct effect_ages *self, const struct def_state *parallel)
{
	int64_t before = 0, after = 0;

	for (size_t i = 0; i < parallel->child_count; i++) {
		size_t first = parallel->children[i]->index;
		size_t last = parallel->children[
		    parallel->child_count - 1 - i]->index;

		self->beside[first] =
		    call_add_ms(self->beside[first], before);
		before = call_add_ms(before, self->steps[first]);
		self->beside[last] = call_add_ms(self->beside[last], after);
		after = call_add_ms(after, self->steps[last]);
	}
}

/* What leaves all up to `domain` waits for the steps of regions that it leaves
 * beside its own. */
static int64_t
wait_of_leaving(const struct effect_ages *self, const struct def_state *state,
    const struct def_state *domain)
{
	int64_t wait = 0;

	for (; state != domain; state = state->parent)
		if (flow_is_region(state))
			wait = call_add_ms(wait, self->beside[state->index]);
	return wait;
}

static bool
is_deadline(const struct flow_move *move)
{
	return move->transition &&
	    move->transition->after.kind == SPAN_FIXED &&
	    flow_move_leaves(move) && move->domain != move->source &&
	    flow_guard_always(move->guard);
}

static void
fill_deadline(struct effect_ages *self, const struct def_state *state)
{
	const struct flow *flow = self->flow;
	struct deadline *deadline = &self->deadlines[state->index];

	deadline->ms = INT64_MAX;
	for (size_t i = flow->moves_of[state->index];
	     i < flow->moves_of[state->index + 1]; i++) {
		const struct flow_move *move = &flow->moves[i];

		if (is_deadline(move) &&
		    move->transition->after.fixed_ms < deadline->ms)
			*deadline = (struct deadline){
			    move->transition->after.fixed_ms, move->domain};
	}
}

static bool
is_rest(const struct flow_point *point)
{
	return point->kind == POINT_STATE && point->place == AT_REST;
}

/* All regions are through. */
static bool
is_join(const struct flow_point *point)
{
	return point->kind == POINT_STATE && point->place == AT_DONE &&
	    point->state->kind == STATE_PARALLEL;
}

static int64_t
pause_of_rest(const struct effect_ages *self, const struct def_state *state)
{
	int64_t least = INT64_MAX;

	for (const struct def_state *at = state; at; at = at->parent) {
		const struct deadline *deadline = &self->deadlines[at->index];

		if (deadline->ms < INT64_MAX)
			least = min_ms(least, call_add_ms(deadline->ms,
			    wait_of_leaving(self, state, deadline->domain)));
	}
	return least;
}

/* Of what comes to a state that rests, the rest has the wait already. */
static int64_t
pause_of_move(const struct effect_ages *self, const struct flow_edge *edge)
{
	const struct flow_move *move = edge->move;
	const struct def_transition *transition = move->transition;
	const struct def_state *from = self->flow->points[edge->from].state;
	bool comes_at_once;

	if (!transition || transition->interrupt || !flow_move_leaves(move))
		return 0;
	comes_at_once = transition->event.at ?
	    str_equal(transition->event, STR("done")) ||
		self->flow->is_raised[move->index] :
	    transition->after.kind == SPAN_NONE;
	if (!comes_at_once)
		return 0;
	if (!from || !def_state_contains(move->source, from))
		from = move->source;
	return wait_of_leaving(self, from, move->domain);
}

static int64_t
pause_of(const struct effect_ages *self, const struct flow_edge *edge)
{
	const struct flow_point *to = &self->flow->points[edge->to];

	if (edge->act == ACT_MOVE)
		return pause_of_move(self, edge);
	return is_rest(to) ? pause_of_rest(self, to->state) :
	    pause_of_steps(self, edge);
}

static void
set_pause(struct effect_ages *self, uint32_t index, int64_t pause)
{
	const struct flow *flow = self->flow;
	uint32_t from = flow->edges[index].from;
	const struct def_state *at = flow->points[from].state;

	self->pauses[index] = pause;
	if (!at || pause == 0)
		return;
	self->next_waiting[index] = self->first_waiting[at->index];
	self->first_waiting[at->index] = index + 1;
}

static void
fill_pauses(struct effect_ages *self)
{
	const struct definition *definition = self->flow->definition;

	fill_times(self);
	fill_steps(self);
	for (size_t i = 0; i < definition->state_count; i++) {
		fill_deadline(self, definition->states[i]);
		if (definition->states[i]->kind == STATE_PARALLEL)
			fill_beside(self, definition->states[i]);
	}
	for (uint32_t i = 0; i < self->flow->edge_count; i++)
		set_pause(self, i, pause_of(self, &self->flow->edges[i]));
}

/* ---- along an edge ---- */

/* When the state is left at the latest. */
static int64_t
left_at(const struct effect_ages *self, const struct def_state *state)
{
	const struct deadline *deadline = &self->deadlines[state->index];

	if (deadline->ms == INT64_MAX)
		return INT64_MAX;
	return call_add_ms(max_ms(self->entered[state->index], 0),
	    call_add_ms(call_add_ms(self->steps[state->index], deadline->ms),
		wait_of_leaving(self, state, deadline->domain)));
}

/*
 * What the deadlines around a point let it become.  Where a move leaves
 * several regions, what was done in another is older than what is known of
 * the entry of this one: its steps look at the states around all of them.
 */
static int64_t
latest(const struct effect_ages *self, const struct flow_edge *edge)
{
	const struct flow_point *to = &self->flow->points[edge->to];
	const struct def_state *from = self->flow->points[edge->from].state;
	bool is_one = is_rest(to) || is_join(to);
	int64_t least = INT64_MAX;

	if (is_join(to))
		least = call_add_ms(max_ms(self->entered[from->index], 0),
		    self->through[to->state->index]);
	for (const struct def_state *at = is_one ? to->state : from; at;
	     at = at->parent) {
		least = min_ms(least, left_at(self, at));
		if (!is_one && flow_is_region(at))
			least = INT64_MAX;
	}
	return least;
}

static int64_t
age_along(const struct effect_ages *self, uint32_t index)
{
	const struct flow_edge *edge = &self->flow->edges[index];
	int64_t age = self->ages[edge->from];
	int64_t pause = self->pauses[index];

	if (!self->keeps[index])
		return -1;
	/* Done on this edge, by its first attempt, or not yet visited. */
	if (age < 0) {
		age = 0;
		if (self->step && edge->step == self->step)
			pause -= self->times[edge->step->index].closed;
	}
	if (pause > 0)
		age = min_ms(call_add_ms(age, pause), latest(self, edge));
	return min_ms(age, self->lives_ms);
}

/* ---- all points ---- */

static void
queue_point(struct effect_ages *self, uint32_t point)
{
	size_t count = self->flow->point_count;

	if (self->is_queued[point])
		return;
	must(self->queued < count);
	self->is_queued[point] = true;
	self->queue[(self->head + self->queued++) % count] = point;
}

/* What waits inside may wait longer now. */
static void
queue_inside(struct effect_ages *self, const struct def_state *state)
{
	for (uint32_t i = self->first_waiting[state->index]; i != 0;
	     i = self->next_waiting[i - 1])
		if (self->keeps[i - 1])
			queue_point(self, self->flow->edges[i - 1].to);
	for (size_t i = 0; i < state->child_count; i++)
		queue_inside(self, state->children[i]);
}

static void
enter(struct effect_ages *self, const struct def_state *state, int64_t age)
{
	if (age <= self->entered[state->index])
		return;
	self->entered[state->index] = age;
	if (self->deadlines[state->index].ms < INT64_MAX)
		queue_inside(self, state);
	if (flow_is_region(state))
		queue_point(self, flow_at(state->parent, AT_DONE));
}

static bool
is_circling(const struct effect_ages *self)
{
	return self->visits >
	    VISITS_OF_POINT * self->flow->point_count + self->visits_left;
}

static void
visit(struct effect_ages *self, uint32_t point)
{
	const struct flow *flow = self->flow;
	int64_t longest = -1;

	for (uint32_t i = flow->first_in[point];
	     i < flow->first_in[point + 1]; i++) {
		const struct flow_edge *edge = &flow->edges[flow->in[i]];
		int64_t age = age_along(self, flow->in[i]);

		if (edge->act == ACT_ENTERED)
			enter(self, edge->state, age);
		if (age > longest)
			longest = age;
	}
	if (longest <= self->ages[point])
		return;
	self->ages[point] = is_circling(self) ? self->lives_ms : longest;
	for (uint32_t i = flow->first_out[point];
	     i < flow->first_out[point + 1]; i++)
		if (self->keeps[flow->out[i]])
			queue_point(self, flow->edges[flow->out[i]].to);
}

static void
solve(struct effect_ages *self, const bool *keeps, int64_t lives_ms)
{
	const struct flow *flow = self->flow;

	must(lives_ms > 0);
	self->keeps = keeps;
	self->lives_ms = lives_ms;
	self->visits = 0;
	for (size_t i = 0; i < flow->point_count; i++)
		self->ages[i] = -1;
	for (size_t i = 0; i < flow->definition->state_count; i++)
		self->entered[i] = -1;
	for (size_t i = 0; i < flow->edge_count; i++)
		if (keeps[i])
			queue_point(self, flow->edges[i].to);
	while (self->queued > 0) {
		uint32_t point = self->queue[self->head];

		self->head = (self->head + 1) % flow->point_count;
		self->queued--;
		self->is_queued[point] = false;
		self->visits++;
		visit(self, point);
	}
	self->visits_left -= self->visits < self->visits_left ?
	    self->visits : self->visits_left;
}

const int64_t *
effect_ages_solve(struct effect_ages *self, const struct effect *effect,
    const bool *keeps)
{
	self->step = effect->step;
	solve(self, keeps, effect->key_lives_ms);
	return self->ages;
}

/* ---- regions that wait until others are through ---- */

/* The region that the state is in, of those that lie in so many. */
static const struct def_state *
region_at(const struct def_state *state, size_t depth)
{
	const struct def_state *found = NULL;
	size_t count = 0;

	for (const struct def_state *at = state; at; at = at->parent)
		count += flow_is_region(at);
	for (; state && count >= depth; state = state->parent)
		if (flow_is_region(state) && count-- == depth)
			found = state;
	return found;
}

static size_t
deepest_region(const struct definition *definition)
{
	size_t deepest = 0;

	for (size_t i = 0; i < definition->state_count; i++)
		while (region_at(definition->states[i], deepest + 1))
			deepest++;
	return deepest;
}

/* As if what is looked for were done when the region is entered. */
static void
solve_regions(struct effect_ages *self, size_t depth, int64_t longest_ms,
    bool *keeps)
{
	const struct flow *flow = self->flow;

	for (size_t i = 0; i < flow->edge_count; i++) {
		const struct flow_edge *edge = &flow->edges[i];
		const struct def_state *region =
		    region_at(flow->points[edge->from].state, depth);

		keeps[i] = region && edge->uses & USE_MAY &&
		    flow->reached[edge->from] &&
		    region == region_at(flow->points[edge->to].state, depth);
	}
	self->step = NULL;
	solve(self, keeps, longest_ms);
}

/* What goes on for the longest life of a key is as good as without an end. */
static void
note_through(struct effect_ages *self, uint32_t join, int64_t longest_ms)
{
	const struct flow *flow = self->flow;
	int64_t *through = &self->through[flow->points[join].state->index];

	for (uint32_t i = flow->first_in[join]; i < flow->first_in[join + 1];
	     i++)
		*through = max_ms(*through,
		    self->ages[flow->edges[flow->in[i]].from]);
	if (*through >= longest_ms)
		*through = INT64_MAX;
	for (uint32_t i = flow->first_in[join]; i < flow->first_in[join + 1];
	     i++)
		if (flow->reached[flow->edges[flow->in[i]].from])
			set_pause(self, flow->in[i], *through);
}

/* Those inside others come first. */
static void
fill_through(struct effect_ages *self, int64_t longest_ms)
{
	const struct definition *definition = self->flow->definition;
	bool *keeps =
	    ARENA_ARRAY(self->flow->arena, self->flow->edge_count, bool);

	for (size_t depth = deepest_region(definition); depth > 0; depth--) {
		solve_regions(self, depth, longest_ms, keeps);
		for (size_t i = 0; i < definition->state_count; i++) {
			const struct def_state *state = definition->states[i];

			if (state->kind == STATE_PARALLEL &&
			    state->child_count > 0 &&
			    region_at(state->children[0], depth) ==
				state->children[0])
				note_through(self, flow_at(state, AT_DONE),
				    longest_ms);
		}
	}
}

/* ---- for all effects ---- */

struct effect_ages *
effect_ages_new(const struct flow *flow, int64_t longest_ms)
{
	const struct definition *definition = flow->definition;
	struct arena *arena = flow->arena;
	size_t states = definition->state_count;
	struct effect_ages *self = ARENA_NEW(arena, struct effect_ages);

	*self = (struct effect_ages){
	    .flow = flow,
	    .times = ARENA_ARRAY(
		arena, definition->step_count, struct step_time),
	    .loops = ARENA_ARRAY(
		arena, flow->point_count, const struct def_step *),
	    .pauses = ARENA_ARRAY(arena, flow->edge_count, int64_t),
	    .first_waiting = ARENA_ARRAY(arena, states, uint32_t),
	    .next_waiting = ARENA_ARRAY(arena, flow->edge_count, uint32_t),
	    .deadlines = ARENA_ARRAY(arena, states, struct deadline),
	    .steps = ARENA_ARRAY(arena, states, int64_t),
	    .beside = ARENA_ARRAY(arena, states, int64_t),
	    .through = ARENA_ARRAY(arena, states, int64_t),
	    .ages = ARENA_ARRAY(arena, flow->point_count, int64_t),
	    .entered = ARENA_ARRAY(arena, states, int64_t),
	    .queue = ARENA_ARRAY(arena, flow->point_count, uint32_t),
	    .is_queued = ARENA_ARRAY(arena, flow->point_count, bool),
	    .visits_left = VISITS_MAX,
	};
	fill_pauses(self);
	fill_through(self, longest_ms);
	return self;
}

int64_t
effect_ages_at_attempt(
    const struct effect_ages *self, uint32_t point, const struct def_step *step)
{
	must(point < self->flow->point_count);
	return self->ages[point] < 0 ? -1 : call_add_ms(
	    self->ages[point], self->times[step->index].attempts);
}

bool
effect_ages_is_longest(const struct effect_ages *self, uint32_t edge)
{
	must(edge < self->flow->edge_count);
	return self->keeps[edge] && age_along(self, edge) ==
	    self->ages[self->flow->edges[edge].to];
}

bool
effect_ages_is_dying(const struct effect_ages *self, uint32_t edge)
{
	must(edge < self->flow->edge_count);
	return self->pauses[edge] > 0 &&
	    age_along(self, edge) >= self->lives_ms;
}
