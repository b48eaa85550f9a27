/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effect_age.c: the longest that it can be since an effect was done.
 *
 * An instance stands still where it rests, as long as the deadlines around
 * let it, and in steps that wait.  The longest time at a point is the longest
 * along any edge into it; a circle adds to it round by round, up to the life
 * of the key: beyond that nothing differs.  Within a state that has a deadline
 * no more can pass than from its entry to there, however often it goes round
 * inside.
 */
#include "prove_effect.h"

/* Visits of points, in all and for each point of one effect, after which what
 * still grows is taken to grow to the end: it is in a circle that is very short
 * against the life of the key. */
#define VISITS_MAX 1000000
#define VISITS_OF_POINT 16

struct effect_ages {
	const struct flow *flow;
	int64_t *pauses;    /* by edge: how long it can stand still there */
	/* Edges that have a pause by the state they are in, one after
	 * another; their numbers are from 1, 0 is the end. */
	uint32_t *first_waiting; /* by state */
	uint32_t *next_waiting;  /* by edge */
	int64_t *deadlines; /* by state, from its entry; INT64_MAX: none */
	int64_t *steps;     /* by state: the pauses of all steps inside */
	/* of one effect */
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
add_ms(int64_t a, int64_t b)
{
	must(a >= 0 && b >= 0);
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t
min_ms(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- pauses and deadlines ---- */

/* When the state is surely left at the latest, counted from its entry. */
static int64_t
deadline_of(const struct def_state *state)
{
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < state->after.count; i++) {
		const struct def_transition *after = state->after.items[i];

		if (after->after.kind == SPAN_FIXED &&
		    after->targets.count > 0 &&
		    flow_guard_always(after->guard))
			least = min_ms(least, after->after.fixed_ms);
	}
	return least;
}

static int64_t
pause_of_step(const struct def_step *step)
{
	if (step->kind == STEP_WAIT)
		return step->wait.kind == SPAN_FIXED ?
		    step->wait.fixed_ms : INT64_MAX;
	return step->kind == STEP_RUN && step->waits ? INT64_MAX : 0;
}

static bool
is_rest(const struct flow_point *point)
{
	return point->kind == POINT_STATE && point->place == AT_REST;
}

static int64_t
pause_of(const struct effect_ages *self, const struct flow_edge *edge)
{
	const struct flow_point *to = &self->flow->points[edge->to];
	int64_t least = INT64_MAX;

	if (edge->act == ACT_STEP_DONE)
		return pause_of_step(edge->step);
	if (!is_rest(to))
		return 0;
	for (const struct def_state *at = to->state; at; at = at->parent)
		least = min_ms(least, self->deadlines[at->index]);
	return least;
}

static void
fill_edges(struct effect_ages *self)
{
	const struct flow *flow = self->flow;

	for (uint32_t i = 0; i < flow->edge_count; i++) {
		const struct flow_edge *edge = &flow->edges[i];
		const struct def_state *at = flow->points[edge->from].state;

		self->pauses[i] = pause_of(self, edge);
		if (at && self->pauses[i] > 0) {
			self->next_waiting[i] = self->first_waiting[at->index];
			self->first_waiting[at->index] = i + 1;
		}
		for (; edge->act == ACT_STEP_DONE && at; at = at->parent)
			self->steps[at->index] = add_ms(
			    self->steps[at->index], self->pauses[i]);
	}
}

struct effect_ages *
effect_ages_new(const struct flow *flow)
{
	const struct definition *definition = flow->definition;
	struct arena *arena = flow->arena;
	size_t states = definition->state_count;
	struct effect_ages *self = ARENA_NEW(arena, struct effect_ages);

	*self = (struct effect_ages){
	    .flow = flow,
	    .pauses = ARENA_ARRAY(arena, flow->edge_count, int64_t),
	    .first_waiting = ARENA_ARRAY(arena, states, uint32_t),
	    .next_waiting = ARENA_ARRAY(arena, flow->edge_count, uint32_t),
	    .deadlines = ARENA_ARRAY(arena, states, int64_t),
	    .steps = ARENA_ARRAY(arena, states, int64_t),
	    .ages = ARENA_ARRAY(arena, flow->point_count, int64_t),
	    .entered = ARENA_ARRAY(arena, states, int64_t),
	    .queue = ARENA_ARRAY(arena, flow->point_count, uint32_t),
	    .is_queued = ARENA_ARRAY(arena, flow->point_count, bool),
	    .visits_left = VISITS_MAX,
	};
	for (size_t i = 0; i < states; i++)
		self->deadlines[definition->states[i]->index] =
		    deadline_of(definition->states[i]);
	fill_edges(self);
	return self;
}

/* ---- along an edge ---- */

/*
 * What the deadlines around a point let it become.  Where a move leaves
 * several regions, what was done in another is older than what is known of
 * the entry of this one: its steps look at the states around all of them.
 */
static int64_t
latest(const struct effect_ages *self, const struct flow_edge *edge)
{
	const struct flow_point *to = &self->flow->points[edge->to];
	const struct def_state *at = is_rest(to) ?
	    to->state : self->flow->points[edge->from].state;
	int64_t least = INT64_MAX;

	for (; at; at = at->parent) {
		int64_t before = self->entered[at->index];

		least = min_ms(least, add_ms(before > 0 ? before : 0,
		    add_ms(self->steps[at->index],
			self->deadlines[at->index])));
		if (!is_rest(to) && flow_is_region(at))
			least = INT64_MAX;
	}
	return least;
}

static int64_t
age_along(const struct effect_ages *self, uint32_t index)
{
	const struct flow_edge *edge = &self->flow->edges[index];
	int64_t age = self->ages[edge->from];

	if (!self->keeps[index])
		return -1;
	if (age < 0)
		age = 0; /* done on this edge, or not yet visited */
	if (self->pauses[index] > 0)
		age = min_ms(add_ms(age, self->pauses[index]),
		    latest(self, edge));
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
	if (self->deadlines[state->index] < INT64_MAX)
		queue_inside(self, state);
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

const int64_t *
effect_ages_solve(struct effect_ages *self, const struct effect *effect,
    const bool *keeps)
{
	const struct flow *flow = self->flow;

	must(effect->key_lives_ms > 0);
	self->keeps = keeps;
	self->lives_ms = effect->key_lives_ms;
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
	return self->ages;
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
