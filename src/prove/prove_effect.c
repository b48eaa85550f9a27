/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_effect.c: nothing is done twice, and what may have to be undone can
 * be, or is known not to be.
 *
 * What may have been done before a point is one bit for each effect; it is
 * taken away where the effect is undone, and where what it reads changes:
 * with other arguments it is another one.  For `compensate: to` there is one
 * more set of bits for each such state: what had been done when it was last
 * entered, or, as long as it has not been, all that is done: nothing of that
 * is undone then.  One bit for each says that it may not have been.
 *
 * Where a step gives its own idempotency key, the endpoint does it once, as
 * long as the key is the same and lives.  So there is a last set of bits: what
 * was done under a key that may be another one, or dead, by now.  How long ago
 * that can be is found out last (effect_age.c): a key lives from the first time
 * on, and what is done again under it begins nothing anew.  The same bits serve
 * what a deadline does: it comes once each time that its state is entered, so
 * there they say that the state has been entered again.
 */
#include "prove_effect.h"

#include "stated/map.h"

/* Points that may be looked at to tell where a key dies on the way, in all. */
#define LOOKED_MAX 3000000

struct effect_proof {
	struct proof *proof;
	struct effects effects;
	struct map *readers;     /* name -> struct readers */
	size_t *plane_of;        /* by state: of its bits; 0: none */
	size_t plane_count;
	const struct effect **keyed; /* with keys of their own */
	size_t keyed_count;
	const struct effect **timed; /* of deadlines */
	size_t timed_count;
	struct facts done;
	/* while a path is looked for */
	const struct effect *looking;
	uint32_t goal;
	uint64_t *scratch;
	/* only under a key that doesn't hold any more, or by a deadline that
	 * has begun again */
	bool is_stale;
	bool is_dead;  /* which has died */
	bool dies_there; /* at the goal, before the last attempt */
	const bool *leads; /* by point: to the goal; NULL: any may */
	size_t looked_back; /* points, for all such */
	struct effect_ages *ages;
	bool *keeps;   /* by edge: the one that is aged is done after it */
	uint64_t *kept; /* by edge: of all effects */
	size_t kept_words;
};

struct readers {
	size_t *effects;
	size_t count;
	size_t capacity;
};

/* ---- what it is about ---- */

static const struct effect *
effect_of(const struct effect_proof *self, const struct def_step *step)
{
	size_t index = step ? self->effects.of_step[step->index] : SIZE_MAX;

	return index == SIZE_MAX ? NULL : &self->effects.items[index];
}

static size_t
bit_of(const struct effect_proof *self, size_t plane, size_t effect)
{
	return plane * self->effects.count + effect;
}

static void
add_reader(struct effect_proof *self, struct str name, size_t effect)
{
	struct readers *readers = map_find(self->readers, name);

	if (!readers) {
		readers = ARENA_NEW(self->proof->arena, struct readers);
		(void)map_put(self->readers, name, readers);
	}
	readers->effects = arena_grow(self->proof->arena, readers->effects,
	    readers->count, &readers->capacity, sizeof(*readers->effects));
	readers->effects[readers->count++] = effect;
}

static void
add_readers(struct effect_proof *self)
{
	self->keyed = ARENA_ARRAY(self->proof->arena, self->effects.count,
	    const struct effect *);
	self->timed = ARENA_ARRAY(self->proof->arena, self->effects.count,
	    const struct effect *);
	for (size_t i = 0; i < self->effects.count; i++) {
		const struct effect *effect = &self->effects.items[i];

		for (size_t k = 0; k < effect->reads.count; k++)
			add_reader(self, effect->reads.names[k], i);
		if (effect->has_key)
			self->keyed[self->keyed_count++] = effect;
		if (effect->once_in)
			self->timed[self->timed_count++] = effect;
	}
}

static void
add_plane(struct effect_proof *self, const struct def_state *state)
{
	if (state && self->plane_of[state->index] == 0)
		self->plane_of[state->index] = self->plane_count++;
}

static void
add_planes(struct effect_proof *self)
{
	const struct definition *definition = self->proof->definition;

	self->plane_count = 1;
	self->plane_of =
	    ARENA_ARRAY(self->proof->arena, definition->state_count, size_t);
	for (size_t i = 0; i < definition->state_count; i++)
		add_plane(self, definition->states[i]->compensate_to);
	for (size_t i = 0; i < definition->transition_count; i++)
		add_plane(self, definition->transitions[i]->compensate_to);
}

/* ---- along an edge ---- */

struct along {
	const struct effect_proof *self;
	uint64_t *bits;
};

static size_t
stale_bit(const struct effect_proof *self, const struct effect *effect)
{
	return bit_of(self, self->plane_count, effect->index);
}

static size_t
not_entered_bit(const struct effect_proof *self, size_t plane)
{
	return bit_of(self, self->plane_count + 1, 0) + plane;
}

/* Whoever reads the name does something else from now on; whose key reads it
 * has another key. */
static void
changed_cb(struct str name, void *arg)
{
	struct along *along = arg;
	const struct effect_proof *self = along->self;
	const struct readers *readers = map_find(self->readers, name);

	for (size_t i = 0; i < self->keyed_count; i++)
		if (facts_has(along->bits,
		    bit_of(self, 0, self->keyed[i]->index)) &&
		    name_table_find(&self->keyed[i]->key_reads, name) !=
			SIZE_MAX)
			facts_add(along->bits,
			    stale_bit(self, self->keyed[i]));
	for (size_t i = 0; readers && i < readers->count; i++)
		for (size_t k = 0; k < self->plane_count; k++)
			facts_remove(along->bits,
			    bit_of(self, k, readers->effects[i]));
}

/* All that a step may assign: what is left open makes another effect too. */
static void
change_assigned(struct along *along, const struct def_step *step)
{
	const struct def_verify *verify =
	    step->call ? step->call->verify : NULL;

	for (size_t i = 0; i < step->set.count; i++)
		changed_cb(step->set.items[i].name, along);
	for (size_t i = 0; i < step->output.count; i++)
		changed_cb(step->output.items[i].name, along);
	for (size_t i = 0; verify && i < verify->output.count; i++)
		changed_cb(verify->output.items[i].name, along);
	if (step->kind == STEP_DECIDE)
		changed_cb(STR("decision"), along);
}

static void
add_done(const struct effect_proof *self, const struct effect *effect,
    uint64_t *bits)
{
	facts_add(bits, bit_of(self, 0, effect->index));
	for (size_t k = 1; k < self->plane_count; k++)
		if (facts_has(bits, not_entered_bit(self, k)))
			facts_add(bits, bit_of(self, k, effect->index));
}

static void
undo(const struct effect_proof *self, const struct def_state *to,
    uint64_t *bits)
{
	size_t plane = to ? self->plane_of[to->index] : 0;

	for (size_t i = 0; i < self->effects.count; i++) {
		if (!self->effects.items[i].can_be_undone)
			continue;
		if (to && facts_has(bits, bit_of(self, plane, i)))
			continue;
		facts_remove(bits, bit_of(self, 0, i));
		for (size_t k = 1; !to && k < self->plane_count; k++)
			facts_remove(bits, bit_of(self, k, i));
	}
}

static void
enter(const struct effect_proof *self, const struct def_state *state,
    uint64_t *bits)
{
	size_t plane = self->plane_of[state->index];

	if (plane != 0)
		facts_remove(bits, not_entered_bit(self, plane));
	for (size_t i = 0; plane != 0 && i < self->effects.count; i++) {
		if (facts_has(bits, bit_of(self, 0, i)))
			facts_add(bits, bit_of(self, plane, i));
		else
			facts_remove(bits, bit_of(self, plane, i));
	}
	for (size_t i = 0; i < self->timed_count; i++)
		if (self->timed[i]->once_in == state)
			facts_add(bits, stale_bit(self, self->timed[i]));
}

/* Another item: what is done for each of them is done for another one. */
static void
next_item(const struct effect_proof *self, const struct def_step *loop,
    uint64_t *bits)
{
	for (size_t i = 0; i < self->effects.count; i++)
		if (self->effects.items[i].step->around == loop &&
		    self->effects.items[i].varies)
			facts_remove(bits, bit_of(self, 0, i));
}

static void
forget_undone(const struct effect_proof *self,
    const struct effect *const *effects, size_t count, uint64_t *bits)
{
	for (size_t i = 0; i < count; i++)
		if (!facts_has(bits, bit_of(self, 0, effects[i]->index)))
			facts_remove(bits, stale_bit(self, effects[i]));
}

/* What is not done any more has no key, and no deadline that did it. */
static void
forget_keys(const struct effect_proof *self, uint64_t *bits)
{
	forget_undone(self, self->keyed, self->keyed_count, bits);
	forget_undone(self, self->timed, self->timed_count, bits);
}

/* Where the edge leads nowhere nothing has been done. */
static void
nothing(const struct effect_proof *self, uint64_t *bits)
{
	memset(bits, 0, self->done.words * sizeof(*bits));
}

static void
act(const struct effect_proof *self, const struct flow_edge *edge,
    uint64_t *bits)
{
	const struct effect *effect = effect_of(self, edge->step);
	struct along along = {self, bits};

	switch (edge->act) {
	case ACT_STEP_DONE:
		if (effect)
			add_done(self, effect, bits);
		change_assigned(&along, edge->step);
		return;
	case ACT_STEP_FAILED:
		if (edge->move && !effect_takes_error_of(
		    self->proof->flow, edge->move, edge->step)) {
			nothing(self, bits);
			return;
		}
		if (effect && effect_may_be_done(
		    effect, self->proof->flow, edge->move))
			add_done(self, effect, bits);
		changed_cb(STR("error"), &along);
		return;
	case ACT_MOVE:
		if (edge->move->transition && edge->move->transition->event.at)
			changed_cb(STR("event"), &along);
		return;
	case ACT_UNDO:
		undo(self, edge->state, bits);
		return;
	case ACT_ENTERED:
		enter(self, edge->state, bits);
		return;
	case ACT_NEXT:
		next_item(self, edge->step, bits);
		return;
	default:
		return;
	}
}

static void
transfer(void *arg, const struct flow_edge *edge, uint64_t *bits)
{
	const struct effect_proof *self = arg;

	act(self, edge, bits);
	forget_keys(self, bits);
}

/* ---- how long a key lives ---- */

/* Which effects are done after each edge. */
static void
fill_kept(struct effect_proof *self)
{
	const struct flow *flow = self->proof->flow;
	size_t words = (self->effects.count + FACTS_WORD_BITS - 1) /
	    FACTS_WORD_BITS;

	self->kept_words = words;
	self->kept = ARENA_ARRAY(
	    self->proof->arena, flow->edge_count * words, uint64_t);
	for (size_t i = 0; i < flow->edge_count; i++) {
		const struct flow_edge *edge = &flow->edges[i];

		if (!(edge->uses & USE_MAY) || !flow->reached[edge->from])
			continue;
		memcpy(self->scratch, facts_at(&self->done, edge->from),
		    self->done.words * sizeof(uint64_t));
		transfer(self, edge, self->scratch);
		memcpy(&self->kept[i * words], self->scratch,
		    words * sizeof(uint64_t));
	}
}

static int64_t
longest_life(const struct effect_proof *self)
{
	int64_t longest_ms = 0;

	for (size_t i = 0; i < self->keyed_count; i++)
		if (self->keyed[i]->key_lives_ms > longest_ms)
			longest_ms = self->keyed[i]->key_lives_ms;
	return longest_ms;
}

static const int64_t *
solve_ages(struct effect_proof *self, const struct effect *effect)
{
	const struct flow *flow = self->proof->flow;

	if (!self->ages) {
		self->ages = effect_ages_new(flow, longest_life(self));
		self->keeps =
		    ARENA_ARRAY(self->proof->arena, flow->edge_count, bool);
		fill_kept(self);
	}
	for (size_t i = 0; i < flow->edge_count; i++)
		self->keeps[i] = facts_has(&self->kept[i * self->kept_words],
		    bit_of(self, 0, effect->index));
	return effect_ages_solve(self->ages, effect, self->keeps);
}

static bool
is_known_by_key(const struct effect *effect, const struct effect *before)
{
	return effect->has_key && before->has_key &&
	    effect->key_kind == before->key_kind;
}

/* Nothing but its deadline does it, and that comes once. */
static bool
is_once(const struct effect *effect, const struct effect *before)
{
	return effect == before && effect->once_in;
}

/* Whether nothing but the key's life speaks for another one of its kind. */
static bool
leans_on_key(const struct effect_proof *self, const struct effect *effect)
{
	const struct flow *flow = self->proof->flow;
	const struct effect *other = effect;

	do {
		uint32_t point = flow->first_of_step[other->step->index];

		for (; point != 0; point = flow->next_of_step[point])
			if (is_known_by_key(other, effect) &&
			    facts_has(facts_at(&self->done, point),
				bit_of(self, 0, effect->index)))
				return true;
		other = other->next_of_kind;
	} while (other != effect);
	return false;
}

/* Nor may it die while another one, or the same again, waits to be sent. */
static void
age_attempts(struct effect_proof *self, const struct effect *effect)
{
	const struct flow *flow = self->proof->flow;
	const struct effect *other = effect;

	do {
		uint32_t point = flow->first_of_step[other->step->index];

		for (; point != 0; point = flow->next_of_step[point])
			if (is_known_by_key(other, effect) &&
			    effect_ages_at_attempt(self->ages, point,
				other->step) >= effect->key_lives_ms)
				facts_add(facts_at(&self->done, point),
				    stale_bit(self, effect));
		other = other->next_of_kind;
	} while (other != effect);
}

/* Marks the points where the key may be dead. */
static void
age_keys(struct effect_proof *self)
{
	for (size_t i = 0; i < self->keyed_count; i++) {
		const struct effect *effect = self->keyed[i];
		const int64_t *ages;

		if (effect->key_lives_ms <= 0 || !leans_on_key(self, effect))
			continue;
		ages = solve_ages(self, effect);
		for (uint32_t k = 0; k < self->proof->flow->point_count; k++)
			if (ages[k] >= effect->key_lives_ms)
				facts_add(facts_at(&self->done, k),
				    stale_bit(self, effect));
		age_attempts(self, effect);
	}
}

/* ---- P107: paths ---- */

/* Whether the effect that is looked for is still done, and the same, after
 * the edge; what begins it, begins it. */
static bool
allow_done(const struct flow *flow, const struct flow_edge *edge, void *arg)
{
	struct effect_proof *self = arg;
	size_t index = self->looking->index;

	(void)flow;
	memset(self->scratch, 0, self->done.words * sizeof(uint64_t));
	facts_add(self->scratch, bit_of(self, 0, index));
	for (size_t k = 1; k < self->plane_count; k++)
		if (facts_has(facts_at(&self->done, edge->from),
		    bit_of(self, k, index)))
			facts_add(self->scratch, bit_of(self, k, index));
	transfer(self, edge, self->scratch);
	return facts_has(self->scratch, bit_of(self, 0, index));
}

static bool
is_goal(const struct flow *flow, uint32_t point, void *arg)
{
	const struct effect_proof *self = arg;

	(void)flow;
	return point == self->goal;
}

/* A point where the key has become another one. */
static bool
is_losing(const struct flow *flow, uint32_t point, void *arg)
{
	struct effect_proof *self = arg;
	const struct effect *effect = self->looking;
	bool is_lost = false;

	for (uint32_t i = flow->first_in[point];
	     i < flow->first_in[point + 1]; i++) {
		const struct flow_edge *edge = &flow->edges[flow->in[i]];
		const uint64_t *before = facts_at(&self->done, edge->from);

		if (!facts_has(before, bit_of(self, 0, effect->index)))
			continue;
		memcpy(self->scratch, before,
		    self->done.words * sizeof(uint64_t));
		facts_remove(self->scratch, stale_bit(self, effect));
		transfer(self, edge, self->scratch);
		is_lost |=
		    facts_has(self->scratch, stale_bit(self, effect));
	}
	return is_lost;
}

/* A point where the key has died. */
static bool
is_dying(const struct flow *flow, uint32_t point, void *arg)
{
	const struct effect_proof *self = arg;

	if (self->leads && !self->leads[point])
		return false;
	for (uint32_t i = flow->first_in[point];
	     i < flow->first_in[point + 1]; i++)
		if (self->keeps[flow->in[i]] &&
		    effect_ages_is_dying(self->ages, flow->in[i]))
			return true;
	return false;
}

/* Whether it stays done, and no other way is a longer one. */
static bool
allow_longest(const struct flow *flow, const struct flow_edge *edge, void *arg)
{
	const struct effect_proof *self = arg;

	return allow_done(flow, edge, arg) && effect_ages_is_longest(
	    self->ages, (uint32_t)(edge - flow->edges));
}

static struct flow_way
find_loss(struct effect_proof *self, uint32_t from)
{
	const struct flow *flow = self->proof->flow;
	struct flow_way way;

	if (!self->is_dead)
		return flow_path_find(
		    flow, from, USE_MAY, allow_done, is_losing, self);
	way = flow_path_find(
	    flow, from, USE_MAY, allow_longest, is_dying, self);
	return way.found ? way : flow_path_find(
	    flow, from, USE_MAY, allow_done, is_dying, self);
}

/* Whether the effect may have been done once the edge is gone. */
static bool
is_doing(const struct flow *flow, const struct flow_edge *edge,
    const struct effect *effect)
{
	return edge->step == effect->step && (edge->act == ACT_STEP_DONE ||
	    (edge->act == ACT_STEP_FAILED &&
		effect_may_be_done(effect, flow, edge->move)));
}

/* From the end of an edge to where the key is lost, if it has to be, and on to
 * the goal. */
static void
find_both(struct effect_proof *self, uint32_t from, struct flow_way *first,
    struct flow_way *second)
{
	*first = (struct flow_way){.from = from, .to = from, .found = true};
	*second = (struct flow_way){0};
	if (self->is_stale && !self->dies_there)
		*first = find_loss(self, from);
	if (!first->found)
		return;
	*second = (struct flow_way){
	    .from = first->to, .to = first->to, .found = true};
	if (first->to != self->goal)
		*second = flow_path_find(self->proof->flow, first->to,
		    USE_MAY, allow_done, is_goal, self);
}

/* It may have died first where nothing leads on: whether it is worth looking
 * for another place. */
static bool
find_leading(struct effect_proof *self)
{
	const struct flow *flow = self->proof->flow;

	if (self->leads || !self->is_dead || self->looked_back > LOOKED_MAX)
		return false;
	self->looked_back += flow->point_count;
	self->leads = flow_leading_to(flow, is_goal, self);
	return true;
}

/*
 * A way from the end of that edge to the goal on which what was done stays
 * done, if it is shorter than the one that there is.  Where the key has to be
 * lost on it, the way leads over the place where that happens.
 */
static void
find_shorter(struct effect_proof *self, const struct flow_edge *edge,
    struct flow_way ways[3])
{
	const struct flow *flow = self->proof->flow;
	struct flow_way first, second;

	find_both(self, edge->to, &first, &second);
	if (!second.found && find_leading(self))
		find_both(self, edge->to, &first, &second);
	if (!second.found || (ways[0].found &&
	    first.count + second.count >= ways[1].count + ways[2].count))
		return;
	ways[0] = flow_path_to(
	    flow, FLOW_START, edge->from, USE_REACH | USE_MAY);
	ways[1] = first;
	ways[2] = second;
}

/* The shortest way on which `first` is done and stays so until the goal. */
static void
find_first(struct effect_proof *self, const struct effect *first,
    struct flow_way ways[3])
{
	const struct flow *flow = self->proof->flow;

	self->looking = first;
	self->leads = NULL;
	self->is_dead = self->is_stale && first->key_lives_ms > 0 &&
	    solve_ages(self, first)[self->goal] >= first->key_lives_ms;
	self->dies_there = self->is_stale && !self->is_dead &&
	    first->key_lives_ms > 0 &&
	    effect_ages_at_attempt(self->ages, self->goal,
		flow->points[self->goal].step) >= first->key_lives_ms;
	for (uint32_t point = flow->first_of_step[first->step->index];
	     point != 0; point = flow->next_of_step[point])
		for (uint32_t i = flow->first_out[point];
		     i < flow->first_out[point + 1]; i++) {
			const struct flow_edge *edge =
			    &flow->edges[flow->out[i]];

			if (is_doing(flow, edge, first) &&
			    allow_done(flow, edge, self))
				find_shorter(self, edge, ways);
		}
}

static struct str
what_of(const struct effect *effect)
{
	return effect->step->call ? effect->step->call->target :
	    effect->step->workflow;
}

static void
tell_twice(struct effect_proof *self, const struct effect *effect,
    uint32_t point, const struct effect *first)
{
	struct flow_way ways[3] = {{0}};
	struct proof *proof = self->proof;
	bool has_lost_key = is_known_by_key(effect, first);

	self->is_stale = has_lost_key || is_once(effect, first);
	diag_add(proof->diags, DIAG_WARNING, PROVE_TWICE,
	    effect->step->call ? effect->step->call->span : effect->step->span,
	    "`%.*s` can happen twice%s%s", STR_ARG(what_of(effect)),
	    first != effect ? ", the first time by another step" : "",
	    !has_lost_key ? "" : effect->key ?
	    ": its key can have changed or died by then" :
	    ": the endpoint can have forgotten the first time by then");
	self->goal = point;
	find_first(self, first, ways);
	diag_path(proof->diags, flow_path_text(proof->flow, ways, 3));
	diag_repair(proof->diags, !effect->step->call ?
	    "give the child's workflow a `business-key`, so that it is "
	    "started once" : effect->step->around && !effect->varies ?
	    "what it is called with is the same for every item" :
	    has_lost_key && !effect->key ?
	    "undo it before, or let no path that waits longer than the "
	    "operation's `lifetime`, all in all, lead back here; or let its "
	    "request send `idempotency_key`, and give the step one that stays "
	    "the same" :
	    has_lost_key ?
	    "undo it before, or let no path that waits longer than the key "
	    "lives, all in all, or that changes it, lead back here" :
	    "undo it before (`compensate: all`), give it an `idempotency-key` "
	    "that stays the same, or come back only where it surely was not "
	    "done (`if: = error.outcome = \"not-done\"`)");
}

/* Under the same key it is done once, whoever has begun it; by one deadline,
 * each time that its state is entered. */
static bool
counts(const struct effect_proof *self, const struct effect *effect,
    const struct effect *before, const uint64_t *bits)
{
	if (!facts_has(bits, bit_of(self, 0, before->index)))
		return false;
	return (!is_known_by_key(effect, before) && !is_once(effect, before)) ||
	    facts_has(bits, stale_bit(self, before));
}

/* An effect of the same kind that may have been done before the point. */
static const struct effect *
find_done_before(const struct effect_proof *self, const struct effect *effect,
    uint32_t point)
{
	const uint64_t *bits = facts_at(&self->done, point);

	if (counts(self, effect, effect, bits))
		return effect;
	must(effect->next_of_kind);
	for (const struct effect *other = effect->next_of_kind;
	     other != effect; other = other->next_of_kind)
		if (counts(self, effect, other, bits))
			return other;
	return NULL;
}

static void
tell_beside(struct effect_proof *self, const struct effect *effect,
    const struct effect *other)
{
	const struct proof *proof = self->proof;
	const struct flow *flow = proof->flow;
	bool is_call = effect->step->call != NULL;

	diag_add(proof->diags, DIAG_WARNING, PROVE_TWICE,
	    is_call ? effect->step->call->span : effect->step->span,
	    "`%.*s` can happen twice: line %u does the same in another region",
	    STR_ARG(what_of(effect)), is_call ? other->step->call->span.line :
	    other->step->span.line);
	diag_path(proof->diags, flow_path_from_start(
	    flow, flow->first_of_step[effect->step->index]));
	diag_repair(proof->diags, is_call ?
	    "do it in one region only, or before them all, or give both the "
	    "same `idempotency-key`" :
	    "give the child's workflow a `business-key`, so that it is "
	    "started once");
}

static void
prove_once(struct effect_proof *self)
{
	const struct flow *flow = self->proof->flow;

	for (size_t i = 0; i < self->effects.count; i++) {
		const struct effect *effect = &self->effects.items[i];
		const struct effect *first = NULL;
		uint32_t point = flow->first_of_step[effect->step->index];

		if (effect->is_harmless)
			continue;
		while (point != 0 &&
		    !(first = find_done_before(self, effect, point)))
			point = flow->next_of_step[point];
		if (first)
			tell_twice(self, effect, point, first);
		else if ((first = effect_find_beside(&self->effects, effect)))
			tell_beside(self, effect, first);
	}
}

/* ---- P104 ---- */

static bool
is_failing_end(const struct flow *flow, uint32_t point, void *arg)
{
	const struct flow_point *at = &flow->points[point];

	(void)arg;
	return at->kind == POINT_STATE && at->place == AT_SETTLED &&
	    at->state->kind == STATE_FINAL && !at->state->parent &&
	    at->state->outcome != ENDING_SUCCESS;
}

static void
tell_not_undone(struct effect_proof *self, const struct effect *effect,
    const struct flow_edge *edge)
{
	const struct flow *flow = self->proof->flow;
	struct flow_way ways[] = {
	    flow_path_to(flow, FLOW_START, edge->from, USE_REACH | USE_MAY),
	    flow_path_find(flow, edge->to, USE_REACH | USE_MAY, NULL,
		is_failing_end, NULL),
	};

	diag_add(self->proof->diags, DIAG_WARNING, PROVE_NOT_UNDONE,
	    effect->step->call->span,
	    "`%.*s` can't be undone, and the instance can still fail or be "
	    "cancelled", STR_ARG(what_of(effect)));
	diag_path(self->proof->diags, flow_path_text(flow, ways, 2));
	diag_repair(self->proof->diags,
	    "add `compensate:`, or say by `irreversible: REASON` why there is "
	    "none");
}

static void
prove_undone(struct effect_proof *self)
{
	const struct flow *flow = self->proof->flow;
	/* From where an instance can still fail or be cancelled. */
	const bool *fails =
	    flow_leading_to(flow, is_failing_end, NULL);
	bool *told =
	    ARENA_ARRAY(self->proof->arena, self->effects.count, bool);

	for (size_t i = 0; i < flow->edge_count; i++) {
		const struct flow_edge *edge = &flow->edges[i];
		const struct effect *effect = edge->act == ACT_STEP_DONE ?
		    effect_of(self, edge->step) : NULL;

		if (!effect || !effect->step->call || told[effect->index] ||
		    effect->can_be_undone ||
		    effect->step->call->irreversible.at ||
		    !flow->reached[edge->from] || !fails[edge->to])
			continue;
		told[effect->index] = true;
		tell_not_undone(self, effect, edge);
	}
}

/* ---- P123: what a key keeps from being done ---- */

static void
tell_one_key(const struct effect_proof *self, const struct def_step *step,
    const struct def_call *call, const struct def_step *loop)
{
	const struct flow *flow = self->proof->flow;
	struct str target = call->target;

	diag_add(self->proof->diags, DIAG_WARNING, PROVE_ONE_KEY,
	    call->idempotency_key->span,
	    "all items have one idempotency key: an endpoint that knows it "
	    "does `%.*s` for the first only, and answers the others with that",
	    STR_ARG(target));
	diag_path(self->proof->diags, flow_path_from_start(
	    flow, flow->first_of_step[step->index]));
	diag_repair(self->proof->diags,
	    "let the key read `%.*s` as well, or leave it out: the engine's "
	    "own keys are each item's", STR_ARG(loop->each));
}

static void
prove_one_key(const struct effect_proof *self, const struct def_step *step,
    const struct def_call *call)
{
	const struct def_step *loop =
	    call ? effect_loop_of_one_key(step, call) : NULL;

	if (loop)
		tell_one_key(self, step, call, loop);
}

static void
prove_keys(const struct effect_proof *self)
{
	const struct definition *definition = self->proof->definition;

	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_step *step = definition->steps[i];

		if (!step->call ||
		    self->proof->flow->first_of_step[step->index] == 0)
			continue;
		prove_one_key(self, step, step->call);
		prove_one_key(self, step, step->call->compensate);
	}
}

/* ---- all ---- */

void
prove_effect(struct proof *proof)
{
	struct effect_proof self = {
	    .proof = proof,
	    .effects = effects_new(proof),
	    .readers = map_new(),
	};

	add_readers(&self);
	add_planes(&self);
	self.done = facts_new(proof->flow,
	    not_entered_bit(&self, self.plane_count));
	for (size_t k = 1; k < self.plane_count; k++)
		facts_add(facts_at(&self.done, FLOW_START),
		    not_entered_bit(&self, k));
	self.scratch =
	    ARENA_ARRAY(proof->arena, self.done.words, uint64_t);
	facts_solve(&self.done, false, transfer, &self);
	age_keys(&self);
	prove_undone(&self);
	prove_once(&self);
	prove_keys(&self);
	effects_free(&self.effects);
	map_free(&self.readers);
}
