/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_path.c: shortest ways through the flow, and how people read them.
 *
 * A way is told by the states that are entered on it, and what led from one
 * to the next: "checking -> submitting -(error)-> on-hold".  What follows by
 * itself has a bare arrow.
 */
#include "prove_priv.h"

/* States of a very long way that are shown at its begin and at its end. */
#define SHOWN_FIRST 4
#define SHOWN_LAST 8

/* Points that all searches together may look at: of a definition with very
 * many findings, the later ones are told without their paths. */
#define POINTS_MAX 3000000

/* ---- finding ---- */

struct search {
	uint32_t *by; /* the edge that led to a point, plus 1; else 0 */
	uint32_t *queue;
	size_t head;
	size_t tail;
	size_t spent;
};

struct search *
flow_path_search_new(struct arena *arena, size_t point_count)
{
	struct search *search = ARENA_NEW(arena, struct search);

	search->by = ARENA_ARRAY(arena, point_count, uint32_t);
	search->queue = ARENA_ARRAY(arena, point_count + 1, uint32_t);
	return search;
}

static struct flow_way
way_back(const struct flow *flow, uint32_t from, uint32_t to)
{
	const uint32_t *by = flow->search->by;
	struct flow_way way = {.from = from, .to = to, .found = true};
	uint32_t *edges;
	uint32_t at = to;

	do {
		way.count++;
		at = flow->edges[by[at] - 1].from;
	} while (at != from);
	edges = ARENA_ARRAY(flow->arena, way.count, uint32_t);
	at = to;
	for (size_t i = way.count; i-- > 0;) {
		edges[i] = by[at] - 1;
		at = flow->edges[edges[i]].from;
	}
	way.edges = edges;
	return way;
}

/* Forgets what was looked at, for the next search. */
static void
search_end(struct search *search)
{
	search->spent += search->tail;
	for (size_t i = 0; i < search->tail; i++)
		search->by[search->queue[i]] = 0;
}

static void
search_begin(struct search *search, uint32_t from)
{
	search->head = 0;
	search->tail = 0;
	search->queue[search->tail++] = from;
}

/*
 * The start itself is no goal unless the way comes back to it: a circle is a
 * way as well.
 */
struct flow_way
flow_path_find(const struct flow *flow, uint32_t from, unsigned uses,
    flow_edge_fn *allow, flow_goal_fn *goal, void *arg)
{
	struct search *search = flow->search;
	struct flow_way way = {.from = from};

	must(from < flow->point_count && uses != 0);
	if (search->spent > POINTS_MAX)
		return way;
	search_begin(search, from);
	while (search->head < search->tail && !way.found) {
		uint32_t point = search->queue[search->head++];

		for (uint32_t i = flow->first_out[point];
		     i < flow->first_out[point + 1] && !way.found; i++) {
			const struct flow_edge *edge =
			    &flow->edges[flow->out[i]];

			if (!(edge->uses & uses) ||
			    search->by[edge->to] != 0 ||
			    !flow->reached[edge->to] ||
			    (allow && !allow(flow, edge, arg)))
				continue;
			search->by[edge->to] = flow->out[i] + 1;
			must(search->tail <= flow->point_count);
			search->queue[search->tail++] = edge->to;
			if (goal(flow, edge->to, arg))
				way = way_back(flow, from, edge->to);
		}
	}
	search_end(search);
	return way;
}

static bool
is_point(const struct flow *flow, uint32_t point, void *arg)
{
	const uint32_t *wanted = arg;

	(void)flow;
	return point == *wanted;
}

struct flow_way
flow_path_to(
    const struct flow *flow, uint32_t from, uint32_t to, unsigned uses)
{
	if (from == to)
		return (struct flow_way){.from = from, .to = to, .found = true};
	return flow_path_find(flow, from, uses, NULL, is_point, &to);
}

/* ---- telling ---- */

struct told {
	const struct def_state *state;
	const struct flow_point *by; /* what led to it; NULL: it follows */
};

struct telling {
	const struct flow *flow;
	struct told first[SHOWN_FIRST];
	struct told last[SHOWN_LAST]; /* a ring */
	size_t count;
	const struct flow_point *taken; /* since the last state */
	const struct def_state *at;
};

static void
tell_state(struct telling *telling, const struct def_state *state)
{
	struct told told = {state, telling->taken};

	if (telling->count < SHOWN_FIRST)
		telling->first[telling->count] = told;
	else
		telling->last[(telling->count - SHOWN_FIRST) % SHOWN_LAST] =
		    told;
	telling->count++;
	telling->taken = NULL;
	telling->at = state;
}

static bool
is_told(const struct telling *telling, const struct flow_point *point)
{
	if (point->kind != POINT_STATE || point->state->child_count > 0)
		return false;
	if (point->place == AT_ENTRY)
		return true;
	return point->place == AT_REST &&
	    (telling->taken || telling->at != point->state);
}

static bool
is_silent(const struct flow_move *move)
{
	return move && move->transition && (move->transition->event.at ?
	    str_equal(move->transition->event, STR("done")) :
	    move->transition->after.kind == SPAN_NONE);
}

static void
tell_point(struct telling *telling, uint32_t at)
{
	const struct flow_point *point = &telling->flow->points[at];

	if (point->kind == POINT_TAKE) {
		if (telling->count == 0)
			tell_state(telling, point->state);
		telling->taken = is_silent(point->move) ? NULL : point;
	} else if (is_told(telling, point)) {
		tell_state(telling, point->state);
	}
}

static void
add_label(struct buf *text, const struct flow_point *by)
{
	const struct flow_move *move = by->move;

	if (!move) /* a way back by a history */
		buf_add_str(text, by->state->name);
	else if (move->escalation)
		buf_add_cstr(text, "escalation");
	else if (move->transition->event.at)
		buf_add_str(text, move->transition->event);
	else
		buf_addf(text, "after %.*s",
		    STR_ARG(move->transition->after.text));
}

static void
add_told(struct buf *text, const struct told *told)
{
	if (told->by) {
		buf_add_cstr(text, text->bytes > 0 ? " -(" : "-(");
		add_label(text, told->by);
		buf_add_cstr(text, ")-> ");
	} else if (text->bytes > 0) {
		buf_add_cstr(text, " -> ");
	}
	buf_add_str(text, told->state->name);
}

static struct str
join(const struct telling *telling)
{
	struct buf text = {0};
	struct str joined;
	size_t i = 0;

	for (; i < telling->count && i < SHOWN_FIRST; i++)
		add_told(&text, &telling->first[i]);
	if (telling->count > SHOWN_FIRST + SHOWN_LAST) {
		buf_add_cstr(&text, " -> \xe2\x80\xa6");
		i = telling->count - SHOWN_LAST;
	}
	for (; i < telling->count; i++)
		add_told(&text,
		    &telling->last[(i - SHOWN_FIRST) % SHOWN_LAST]);
	joined = arena_str(telling->flow->arena, buf_str(&text));
	buf_fini(&text);
	return joined;
}

struct str
flow_path_text(
    const struct flow *flow, const struct flow_way *ways, size_t count)
{
	struct telling telling = {.flow = flow};
	const struct def_state *end;

	must(count > 0);
	for (size_t i = 0; i < count; i++)
		if (!ways[i].found)
			return (struct str){NULL, 0};
	tell_point(&telling, ways[0].from);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < ways[i].count; k++)
			tell_point(&telling,
			    flow->edges[ways[i].edges[k]].to);
	end = flow->points[ways[count - 1].to].state;
	if (end && end != telling.at && (telling.taken || !telling.at ||
	    !def_state_contains(end, telling.at)))
		tell_state(&telling, end);
	return join(&telling);
}

struct str
flow_path_from_start(const struct flow *flow, uint32_t to)
{
	struct flow_way way = flow_path_to(flow, FLOW_START, to, USE_REACH);

	return flow_path_text(flow, &way, 1);
}

const bool *
flow_leading_to(const struct flow *flow, flow_goal_fn *goal, void *arg)
{
	bool *leads = ARENA_ARRAY(flow->arena, flow->point_count, bool);
	uint32_t *todo = ARENA_ARRAY(flow->arena, flow->point_count, uint32_t);
	size_t count = 0;

	for (uint32_t i = 0; i < flow->point_count; i++)
		if (flow->reached[i] && goal(flow, i, arg)) {
			leads[i] = true;
			todo[count++] = i;
		}
	while (count > 0) {
		uint32_t point = todo[--count];

		for (uint32_t i = flow->first_in[point];
		     i < flow->first_in[point + 1]; i++) {
			uint32_t from = flow->edges[flow->in[i]].from;

			if (!flow->reached[from] || leads[from])
				continue;
			leads[from] = true;
			todo[count++] = from;
		}
	}
	return leads;
}
