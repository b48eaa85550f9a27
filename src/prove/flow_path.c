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

/* ---- finding ---- */

struct search {
	const struct flow *flow;
	uint32_t *by; /* the edge that led to a point, plus 1 */
	uint32_t *queue;
	size_t head;
	size_t tail;
};

static struct flow_way
way_back(const struct search *search, uint32_t from, uint32_t to)
{
	const struct flow *flow = search->flow;
	struct flow_way way = {.from = from, .to = to, .found = true};
	uint32_t *edges;

	for (uint32_t at = to; at != from || way.count == 0;) {
		if (search->by[at] == 0)
			break;
		way.count++;
		at = flow->edges[search->by[at] - 1].from;
		if (at == from)
			break;
	}
	edges = ARENA_ARRAY(flow->arena, way.count, uint32_t);
	for (size_t i = way.count, at = to; i-- > 0;) {
		edges[i] = search->by[at] - 1;
		at = flow->edges[edges[i]].from;
	}
	way.edges = edges;
	return way;
}

static struct search
search_new(const struct flow *flow, uint32_t from)
{
	struct search search = {.flow = flow};

	search.by = ARENA_ARRAY(flow->arena, flow->point_count, uint32_t);
	search.queue =
	    ARENA_ARRAY(flow->arena, flow->point_count + 1, uint32_t);
	search.queue[search.tail++] = from;
	return search;
}

/*
 * The start itself is no goal unless the way comes back to it: a circle is a
 * way as well.
 */
struct flow_way
flow_path_find(const struct flow *flow, uint32_t from, unsigned uses,
    flow_edge_fn *allow, flow_goal_fn *goal, void *arg)
{
	struct search search = search_new(flow, from);

	while (search.head < search.tail) {
		uint32_t point = search.queue[search.head++];

		for (uint32_t i = flow->first_out[point];
		     i < flow->first_out[point + 1]; i++) {
			const struct flow_edge *edge =
			    &flow->edges[flow->out[i]];

			if (!(edge->uses & uses) || search.by[edge->to] != 0 ||
			    !flow->reached[edge->to] ||
			    (allow && !allow(flow, edge, arg)))
				continue;
			search.by[edge->to] = flow->out[i] + 1;
			if (goal(flow, edge->to, arg))
				return way_back(&search, from, edge->to);
			must(search.tail <= flow->point_count);
			search.queue[search.tail++] = edge->to;
		}
	}
	return (struct flow_way){.from = from};
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

struct telling {
	const struct flow *flow;
	struct str *steps; /* " -(error)-> failed" */
	size_t count;
	size_t capacity;
	struct str label; /* of what was taken since the last state */
	const struct def_state *last;
};

static struct str
label_of(const struct telling *telling, const struct flow_point *point)
{
	const struct flow_move *move = point->move;

	if (!move)
		return point->state->name; /* a way back by a history */
	if (move->escalation)
		return STR("escalation");
	if (move->transition->after.kind != SPAN_NONE)
		return arena_strf(telling->flow->arena, "after %.*s",
		    STR_ARG(move->transition->after.text));
	if (str_equal(move->transition->event, STR("done")))
		return (struct str){NULL, 0};
	return move->transition->event;
}

static void
tell_state(struct telling *telling, const struct def_state *state)
{
	struct arena *arena = telling->flow->arena;
	struct str step = state->name;

	if (telling->label.at)
		step = arena_strf(arena, "%s-(%.*s)-> %.*s",
		    telling->count > 0 ? " " : "", STR_ARG(telling->label),
		    STR_ARG(state->name));
	else if (telling->count > 0)
		step = arena_strf(arena, " -> %.*s", STR_ARG(state->name));
	telling->steps = arena_grow(arena, telling->steps, telling->count,
	    &telling->capacity, sizeof(*telling->steps));
	telling->steps[telling->count++] = step;
	telling->label = (struct str){NULL, 0};
	telling->last = state;
}

static bool
is_told(const struct telling *telling, const struct flow_point *point)
{
	if (point->kind != POINT_STATE || point->state->child_count > 0)
		return false;
	if (point->place == AT_ENTRY)
		return true;
	return point->place == AT_REST &&
	    (telling->label.at || telling->last != point->state);
}

static void
tell_point(struct telling *telling, uint32_t at)
{
	const struct flow_point *point = &telling->flow->points[at];

	if (point->kind == POINT_TAKE) {
		if (telling->count == 0)
			tell_state(telling, point->state);
		telling->label = label_of(telling, point);
	} else if (is_told(telling, point)) {
		tell_state(telling, point->state);
	}
}

static struct str
join(const struct telling *telling)
{
	struct buf text = {0};
	struct str joined;

	for (size_t i = 0; i < telling->count; i++) {
		if (i == SHOWN_FIRST &&
		    telling->count > SHOWN_FIRST + SHOWN_LAST) {
			buf_add_cstr(&text, " -> \xe2\x80\xa6");
			i = telling->count - SHOWN_LAST;
		}
		buf_add_str(&text, telling->steps[i]);
	}
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
	tell_point(&telling, ways[0].from);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < ways[i].count; k++)
			tell_point(&telling,
			    flow->edges[ways[i].edges[k]].to);
	end = flow->points[ways[count - 1].to].state;
	if (end && end != telling.last && (telling.label.at ||
	    !telling.last || !def_state_contains(end, telling.last)))
		tell_state(&telling, end);
	return join(&telling);
}

struct str
flow_path_from_start(const struct flow *flow, uint32_t to)
{
	struct flow_way way = flow_path_to(flow, FLOW_START, to, USE_REACH);

	return flow_path_text(flow, &way, 1);
}
