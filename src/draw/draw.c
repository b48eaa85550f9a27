/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw.c: the picture: which boxes there are, and which arrows.
 *
 * The boxes of states come first, under the states' own numbers; dots at
 * which groups begin, and other helpers, follow.
 */
#include "draw_priv.h"

#include <stdlib.h>

#define BOX_PADDING (10 * DRAW_POINT)
#define DOT_SIZE (12 * DRAW_POINT)
#define HISTORY_SIZE (26 * DRAW_POINT)
#define FORK_WIDTH (60 * DRAW_POINT)
#define FORK_HEIGHT (5 * DRAW_POINT)
/* Placed within seconds even where every state leads everywhere. */
#define STATES_MAX 120
#define TRANSITIONS_MAX 300
#define LABEL_PADDING (3 * DRAW_POINT)

/* ---- boxes ---- */

static size_t
add_box(struct draw *draw, struct draw_box box)
{
	draw->boxes = arena_grow(draw->arena, draw->boxes, draw->box_count,
	    &draw->box_capacity, sizeof(*draw->boxes));
	draw->boxes[draw->box_count] = box;
	return draw->box_count++;
}

static enum draw_shape
shape_of(const struct def_state *state)
{
	switch (state->kind) {
	case STATE_ATOMIC:
		return DRAW_BOX;
	case STATE_COMPOUND:
	case STATE_PARALLEL:
		return DRAW_GROUP;
	case STATE_FINAL:
		return DRAW_FINAL;
	case STATE_HISTORY:
		return DRAW_HISTORY;
	}
	unreachable("every kind of state is above");
}

static void
add_state(struct draw *draw, const struct def_state *state)
{
	struct draw_box box = {
	    .shape = shape_of(state),
	    .state = state,
	    .parent = state->parent ? state->parent->index : DRAW_NOWHERE,
	};

	if (box.shape == DRAW_HISTORY) {
		box.area.width = box.area.height = HISTORY_SIZE;
	} else {
		draw_label_state(draw, &box);
		box.area = draw_text_extent(&box.lines);
		box.area.width += 2 * BOX_PADDING;
		box.area.height += 2 * BOX_PADDING;
	}
	must(add_box(draw, box) == state->index);
}

/* A helper of that shape in the group, made where there is none. */
static size_t
helper_of(struct draw *draw, enum draw_shape shape, size_t group)
{
	struct draw_box box = {.shape = shape, .parent = group};

	for (size_t i = draw->definition->state_count; i < draw->box_count; i++)
		if (draw->boxes[i].shape == shape &&
		    draw->boxes[i].parent == group)
			return i;
	box.area.width = box.area.height = DOT_SIZE;
	if (shape == DRAW_WITHIN)
		draw_label_within(draw, &box);
	return add_box(draw, box);
}

static size_t
add_fork(struct draw *draw, size_t parent)
{
	struct draw_box box = {
	    .shape = DRAW_FORK,
	    .parent = parent,
	    .area = {.width = FORK_WIDTH, .height = FORK_HEIGHT},
	};

	return add_box(draw, box);
}

/* ---- arrows ---- */

/* The arrow of that kind between the two, so that one line of many words
 * stands for several lines beside one another. */
static struct draw_arrow *
arrow_between(
    struct draw *draw, enum draw_arrow_kind kind, size_t from, size_t to)
{
	for (size_t i = 0; i < draw->arrow_count; i++) {
		struct draw_arrow *arrow = &draw->arrows[i];

		if (arrow->kind == kind && arrow->from == from &&
		    arrow->to == to)
			return arrow;
	}
	draw->arrows = arena_grow(draw->arena, draw->arrows, draw->arrow_count,
	    &draw->arrow_capacity, sizeof(*draw->arrows));
	draw->arrows[draw->arrow_count] =
	    (struct draw_arrow){.kind = kind, .from = from, .to = to};
	return &draw->arrows[draw->arrow_count++];
}

/* A group that contains the other end can't be met from its outside: there
 * its begin, or "any of these", stands for it. */
static size_t
end_of(struct draw *draw, const struct def_state *state,
    const struct def_state *other, enum draw_shape within)
{
	if (state->child_count > 0 && def_state_contains(state, other) &&
	    state != other)
		return helper_of(draw, within, state->index);
	return state->index;
}

/* Arrows that part later begin as one, whose words they share. */
static struct draw_arrow *
arrow_to(struct draw *draw, enum draw_arrow_kind kind,
    const struct def_state *source, const struct def_targets *targets)
{
	const struct def_state *first = targets->items[0];
	size_t from = end_of(draw, source, first, DRAW_WITHIN);
	size_t fork;

	if (targets->count == 1)
		return arrow_between(
		    draw, kind, from, end_of(draw, first, source, DRAW_START));
	fork = add_fork(draw, draw->boxes[from].parent);
	for (size_t i = 0; i < targets->count; i++)
		(void)arrow_between(draw, kind, fork, targets->items[i]->index);
	return arrow_between(draw, kind, from, fork);
}

static enum draw_arrow_kind
kind_of(const struct def_transition *transition)
{
	if (transition->after.kind != SPAN_NONE)
		return DRAW_DEADLINE;
	if (str_equal(transition->event, STR("error")))
		return DRAW_ERROR;
	return DRAW_EVENT;
}

static void
add_transitions(struct draw *draw, const struct def_transitions *transitions)
{
	for (size_t i = 0; i < transitions->count; i++) {
		const struct def_transition *transition = transitions->items[i];
		const struct def_state *source = transition->source;

		if (draw_label_is_inside(transition))
			continue;
		draw_label_transition(draw,
		    &arrow_to(
			draw, kind_of(transition), source, &transition->targets)
			 ->lines,
		    transition);
	}
}

static void
add_escalations(struct draw *draw, const struct def_state *state)
{
	for (size_t i = 0; i < state->escalation_count; i++) {
		const struct def_escalation *escalation =
		    &state->escalations[i];
		struct def_targets targets = {&escalation->target, 1};

		if (escalation->target != NULL)
			draw_label_escalation(draw,
			    &arrow_to(draw, DRAW_ALARM, state, &targets)->lines,
			    escalation);
	}
}

static void
add_begin(struct draw *draw, size_t from, const struct def_targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		(void)arrow_between(
		    draw, DRAW_BEGIN, from, targets->items[i]->index);
}

/* A group that begins everywhere (a parallel one) needs no dot. */
static void
add_begins(struct draw *draw)
{
	const struct definition *definition = draw->definition;

	add_begin(draw, helper_of(draw, DRAW_START, DRAW_NOWHERE),
	    &definition->initial);
	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		if (state->initial.count == 0)
			continue;
		if (state->kind == STATE_HISTORY)
			add_begin(draw, i, &state->initial);
		else
			add_begin(draw, helper_of(draw, DRAW_START, i),
			    &state->initial);
	}
}

static void
measure_arrows(struct draw *draw)
{
	for (size_t i = 0; i < draw->arrow_count; i++) {
		struct draw_arrow *arrow = &draw->arrows[i];

		if (arrow->lines.count == 0)
			continue;
		arrow->label = draw_text_extent(&arrow->lines);
		arrow->label.width += 2 * LABEL_PADDING;
		arrow->label.height += 2 * LABEL_PADDING;
	}
}

bool
draw_is_within(const struct draw *draw, size_t box, size_t group)
{
	for (; box != DRAW_NOWHERE; box = draw->boxes[box].parent)
		if (box == group)
			return true;
	return false;
}

/* Arrows of Graphviz go from node to node and are cut at the group's edge:
 * into a group to where it begins, out of it from what stands last in it. */
static size_t
node_within(const struct draw *draw, size_t group, bool is_last)
{
	size_t found = group;

	for (size_t i = 0; i < draw->definition->state_count; i++) {
		enum draw_shape shape = draw->boxes[i].shape;

		if ((shape != DRAW_BOX && shape != DRAW_FINAL) ||
		    !draw_is_within(draw, i, group))
			continue;
		found = i;
		if (!is_last)
			break;
	}
	must(found != group);
	return found;
}

size_t
draw_node_for(const struct draw *draw, size_t group, bool is_last)
{
	if (draw->boxes[group].shape != DRAW_GROUP)
		return group;
	for (size_t i = draw->definition->state_count;
	     !is_last && i < draw->box_count; i++)
		if (draw->boxes[i].shape == DRAW_START &&
		    draw_is_within(draw, i, group))
			return i;
	return node_within(draw, group, is_last);
}

struct draw *
draw_new(const struct definition *definition)
{
	struct arena *arena = arena_new();
	struct draw *draw = ARENA_NEW(arena, struct draw);

	must(definition != NULL);
	draw->arena = arena;
	draw->definition = definition;
	for (size_t i = 0; i < definition->state_count; i++)
		add_state(draw, definition->states[i]);
	add_begins(draw);
	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		add_transitions(draw, &state->on);
		add_transitions(draw, &state->always);
		add_transitions(draw, &state->after);
		add_escalations(draw, state);
	}
	measure_arrows(draw);
	draw_order_find(draw);
	return draw;
}

void
draw_free(struct draw **draw)
{
	struct arena *arena;

	if (*draw == NULL)
		return;
	arena = (*draw)->arena;
	arena_free(&arena);
	*draw = NULL;
}

bool
draw_is_large(const struct definition *definition)
{
	return definition->state_count > STATES_MAX ||
	       definition->transition_count > TRANSITIONS_MAX;
}

bool
draw_place(struct draw *draw, struct buf *why)
{
	if (!draw->is_placed)
		draw->is_placed = draw_layout(draw, why);
	return draw->is_placed;
}
