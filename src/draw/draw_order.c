/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_order.c: which arrows go on and which go back.
 *
 * A picture is read from above, so what leads back to where a process has
 * been must not decide where things stand.  It is found out group by group,
 * among what stands side by side in one: from where the group begins, depth
 * first, an arrow to what is being walked through goes back.
 */
#include "draw_priv.h"

enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE };

struct walk {
	struct draw *draw;
	enum visit *visits; /* of boxes */
};

/* The box, or the one around it, that stands in the group itself;
 * DRAW_NOWHERE: it is not in the group. */
static size_t
lift(const struct draw *draw, size_t box, size_t group)
{
	while (box != DRAW_NOWHERE && draw->boxes[box].parent != group)
		box = draw->boxes[box].parent;
	return box;
}

static void
visit(struct walk *walk, size_t group, size_t box)
{
	struct draw *draw = walk->draw;

	walk->visits[box] = VISIT_OPEN;
	for (size_t i = 0; i < draw->arrow_count; i++) {
		struct draw_arrow *arrow = &draw->arrows[i];
		size_t to;

		if (lift(draw, arrow->from, group) != box)
			continue;
		to = lift(draw, arrow->to, group);
		if (to == DRAW_NOWHERE || to == box)
			continue; /* of another group */
		if (walk->visits[to] == VISIT_OPEN)
			arrow->goes_back = true;
		else if (walk->visits[to] == VISIT_NEW)
			visit(walk, group, to);
	}
	walk->visits[box] = VISIT_DONE;
}

/* From where it begins, then from what is not reached from there. */
static void
walk_group(struct walk *walk, size_t group)
{
	const struct draw *draw = walk->draw;

	for (size_t i = 0; i < draw->box_count; i++)
		if (draw->boxes[i].parent == group &&
		    draw->boxes[i].shape == DRAW_START)
			visit(walk, group, i);
	for (size_t i = 0; i < draw->box_count; i++)
		if (draw->boxes[i].parent == group &&
		    walk->visits[i] == VISIT_NEW)
			visit(walk, group, i);
}

void
draw_order_find(struct draw *draw)
{
	struct walk walk = {
	    .draw = draw,
	    .visits = ARENA_ARRAY(draw->arena, draw->box_count, enum visit),
	};

	walk_group(&walk, DRAW_NOWHERE);
	for (size_t i = 0; i < draw->definition->state_count; i++)
		if (draw->boxes[i].shape == DRAW_GROUP)
			walk_group(&walk, i);
}
