/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.c: what holds at the points of a flow: a set of bits at each.
 *
 * Points are visited in an order in which most edges lead on, again and again
 * until nothing changes; a circle of states needs a round or two more.
 */
#include "prove_facts.h"

struct solving {
	struct facts *facts;
	const uint32_t *order;
	size_t count;
	bool *is_dirty;
	bool is_sure;
	unsigned use;
	facts_fn *transfer;
	void *arg;
	uint64_t *fresh;
	uint64_t *along;
};

/* ---- order ---- */

struct visit {
	uint32_t point;
	uint32_t next; /* of flow->out */
};

static size_t
fill_order(const struct flow *flow, uint32_t *order)
{
	struct visit *stack =
	    ARENA_ARRAY(flow->arena, flow->point_count, struct visit);
	bool *seen = ARENA_ARRAY(flow->arena, flow->point_count, bool);
	size_t depth = 0;
	size_t count = 0;

	stack[depth++] = (struct visit){FLOW_START, flow->first_out[0]};
	seen[FLOW_START] = true;
	while (depth > 0) {
		struct visit *top = &stack[depth - 1];
		uint32_t to;

		if (top->next == flow->first_out[top->point + 1]) {
			order[count++] = top->point;
			depth--;
			continue;
		}
		to = flow->edges[flow->out[top->next++]].to;
		if (seen[to] || !flow->reached[to])
			continue;
		seen[to] = true;
		stack[depth++] = (struct visit){to, flow->first_out[to]};
	}
	return count;
}

static const uint32_t *
order_points(const struct flow *flow, size_t *count)
{
	uint32_t *order = ARENA_ARRAY(flow->arena, flow->point_count, uint32_t);

	*count = fill_order(flow, order);
	for (size_t i = 0; i < *count / 2; i++) {
		uint32_t swapped = order[i];

		order[i] = order[*count - 1 - i];
		order[*count - 1 - i] = swapped;
	}
	return order;
}

/* ---- one point ---- */

static void
fill(uint64_t *bits, size_t words, bool is_full)
{
	memset(bits, is_full ? 0xff : 0, words * sizeof(*bits));
}

/* What the point has by its edges: what surely holds, holds along all; where
 * ways unite that were all gone, along any. */
static void
gather(struct solving *solving, uint32_t point)
{
	const struct flow *flow = solving->facts->flow;
	size_t words = solving->facts->words;
	bool meets = solving->is_sure && !flow->points[point].unites;
	bool has_any = false;

	must(flow->reached[point] && point != FLOW_START);
	fill(solving->fresh, words, meets);
	for (uint32_t i = flow->first_in[point];
	     i < flow->first_in[point + 1]; i++) {
		const struct flow_edge *edge = &flow->edges[flow->in[i]];

		if (!(edge->uses & solving->use) || !flow->reached[edge->from])
			continue;
		memcpy(solving->along, facts_at(solving->facts, edge->from),
		    words * sizeof(uint64_t));
		solving->transfer(solving->arg, edge, solving->along);
		for (size_t k = 0; k < words; k++)
			solving->fresh[k] = meets ?
			    solving->fresh[k] & solving->along[k] :
			    solving->fresh[k] | solving->along[k];
		has_any = true;
	}
	if (!has_any)
		fill(solving->fresh, words, solving->is_sure);
}

static bool
visit(struct solving *solving, uint32_t point)
{
	const struct flow *flow = solving->facts->flow;
	uint64_t *bits = facts_at(solving->facts, point);
	size_t bytes = solving->facts->words * sizeof(*bits);

	solving->is_dirty[point] = false;
	if (point == FLOW_START)
		return false; /* what holds there was given */
	gather(solving, point);
	if (memcmp(bits, solving->fresh, bytes) == 0)
		return false;
	memcpy(bits, solving->fresh, bytes);
	for (uint32_t i = flow->first_out[point];
	     i < flow->first_out[point + 1]; i++)
		solving->is_dirty[flow->edges[flow->out[i]].to] = true;
	return true;
}

/* ---- all ---- */

uint64_t *
facts_at(const struct facts *facts, uint32_t point)
{
	must(point < facts->flow->point_count);
	return facts->bits + point * facts->words;
}

struct facts
facts_new(const struct flow *flow, size_t bit_count)
{
	size_t words = (bit_count + FACTS_WORD_BITS - 1) / FACTS_WORD_BITS;

	return (struct facts){
	    .flow = flow,
	    .words = words,
	    .bits = ARENA_ARRAY(
		flow->arena, words * flow->point_count, uint64_t),
	};
}

void
facts_solve(struct facts *facts, bool is_sure, facts_fn *transfer, void *arg)
{
	const struct flow *flow = facts->flow;
	struct solving solving = {
	    .facts = facts,
	    .is_dirty = ARENA_ARRAY(flow->arena, flow->point_count, bool),
	    .is_sure = is_sure,
	    .use = is_sure ? USE_SURE : USE_MAY,
	    .transfer = transfer,
	    .arg = arg,
	    .fresh = ARENA_ARRAY(flow->arena, facts->words, uint64_t),
	    .along = ARENA_ARRAY(flow->arena, facts->words, uint64_t),
	};
	bool changed = facts->words > 0;

	must(flow->reached[FLOW_START]);
	solving.order = order_points(flow, &solving.count);
	for (size_t i = 1; i < flow->point_count; i++)
		fill(facts_at(facts, (uint32_t)i), facts->words, is_sure);
	for (size_t i = 0; i < solving.count; i++)
		solving.is_dirty[solving.order[i]] = true;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < solving.count; i++)
			if (solving.is_dirty[solving.order[i]])
				changed |= visit(&solving, solving.order[i]);
	}
}

/* ---- bits ---- */

bool
facts_has(const uint64_t *bits, size_t bit)
{
	return bits[bit / FACTS_WORD_BITS] >> bit % FACTS_WORD_BITS & 1;
}

void
facts_add(uint64_t *bits, size_t bit)
{
	bits[bit / FACTS_WORD_BITS] |= UINT64_C(1) << bit % FACTS_WORD_BITS;
}

void
facts_remove(uint64_t *bits, size_t bit)
{
	bits[bit / FACTS_WORD_BITS] &= ~(UINT64_C(1) << bit % FACTS_WORD_BITS);
}
