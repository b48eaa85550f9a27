/* SPDX-License-Identifier: Apache-2.0 */
/* chart_snapshot_strand.c: strands as bytes and back. */
#include "chart_snapshot_priv.h"

/* ---- the parts ---- */

static void
visit_taken(struct snapshot *s, struct taken *taken)
{
	const struct definition *definition = s->definition;

	chart_snapshot_index(
	    s, &taken->transition, definition->transition_count);
	chart_snapshot_index(s, &taken->state, definition->state_count);
	if (taken->state != SIZE_MAX)
		chart_snapshot_index(s, &taken->escalation,
		    definition->states[taken->state]->escalation_count);
	chart_snapshot_index(s, &taken->scope, definition->state_count);
	chart_snapshot_bool(s, &taken->leaves);
	chart_snapshot_bool(s, &taken->undoes);
	if (taken->escalation == SIZE_MAX ||
	    (taken->state != SIZE_MAX &&
		definition->states[taken->state]
			->escalations[taken->escalation]
			.target == NULL))
		s->damaged = true;
}

static size_t
bound_of(const struct snapshot *s, enum plan_kind kind)
{
	return kind == PLAN_DO ? s->definition->transition_count
			       : s->definition->state_count;
}

static void
visit_item(struct snapshot *s, struct plan_item *item)
{
	VISIT_ENUM(s, item->kind, PLAN_CANCEL);
	chart_snapshot_index(s, &item->index, bound_of(s, item->kind));
	switch (item->kind) {
	case PLAN_EXIT:
	case PLAN_DO:
	case PLAN_ENTRY:
	case PLAN_FORK:
	case PLAN_SETTLE:
		if (item->index == SIZE_MAX)
			s->damaged = true;
		return;
	case PLAN_CLAIM:
	case PLAN_SWITCH:
	case PLAN_CHECK:
	case PLAN_COMPENSATE:
	case PLAN_CANCEL:
		return;
	}
}

static void
visit_later(struct snapshot *s, struct outcome_of_item *item)
{
	chart_snapshot_u64(s, &item->position);
	chart_snapshot_bytes(s, &item->packed);
}

/* So many values, and nothing else. */
static bool
has_values(struct str bytes, uint64_t count)
{
	struct arena *arena = arena_new();
	bool all = true;

	for (uint64_t i = 0; i < count && all; i++)
		all = value_unpack(arena, &bytes) != NULL;
	arena_free(&arena);
	return all && bytes.bytes == 0;
}

static bool
loop_is_sound(const struct loop *loop)
{
	if (loop->begun > loop->count || loop->result_count > loop->begun ||
	    !has_values(loop->items, loop->count - loop->begun) ||
	    !has_values(loop->results, loop->result_count))
		return false;
	for (const struct outcome_of_item *item = loop->later; item != NULL;
	     item = item->next)
		if (item->position > loop->begun ||
		    item->position <= loop->result_count ||
		    (item->next != NULL &&
			item->next->position <= item->position) ||
		    !has_values(item->packed, 1))
			return false;
	return true;
}

static void
visit_loop(struct snapshot *s, struct loop **loop)
{
	bool there = *loop != NULL;

	chart_snapshot_bool(s, &there);
	if (!there)
		return;
	if (s->out == NULL)
		*loop = ARENA_NEW(s->arena, struct loop);
	chart_snapshot_bytes(s, &(*loop)->items);
	chart_snapshot_u64(s, &(*loop)->begun);
	chart_snapshot_u64(s, &(*loop)->count);
	chart_snapshot_bytes(s, &(*loop)->results);
	chart_snapshot_u64(s, &(*loop)->result_count);
	VISIT_LIST(s, (*loop)->later, visit_later);
	chart_snapshot_value(s, &(*loop)->error);
	if (s->out == NULL && !loop_is_sound(*loop))
		s->damaged = true;
}

static void
visit_plan(struct snapshot *s, struct strand *strand)
{
	uint64_t next = strand->plan_next, pc = strand->pc;

	VISIT_ARRAY(s, strand->plan, strand->plan_count, visit_item);
	chart_snapshot_u64(s, &next);
	chart_snapshot_u64(s, &pc);
	if (next > strand->plan_count || pc > s->definition->step_count) {
		s->damaged = true;
		return;
	}
	strand->plan_next = (size_t)next;
	strand->pc = (size_t)pc;
	if (s->out == NULL)
		strand->plan_capacity = strand->plan_count;
}

static void
visit_iteration(struct snapshot *s, struct strand *strand)
{
	chart_snapshot_index(s, &strand->loop_step, s->definition->step_count);
	chart_snapshot_u64(s, &strand->position);
	chart_snapshot_bool(s, &strand->failed);
	chart_snapshot_value(s, &strand->item);
	chart_snapshot_value(s, &strand->vars);
	if (strand->loop_step == SIZE_MAX || strand->item == NULL ||
	    strand->vars == NULL ||
	    s->definition->steps[strand->loop_step]->kind != STEP_FOR)
		s->damaged = true;
}

void
chart_snapshot_strand(struct snapshot *s, struct strand *strand)
{
	chart_snapshot_u64(s, &strand->serial);
	chart_snapshot_u64(s, &strand->taking);
	VISIT_ARRAY(s, strand->taken, strand->taken_count, visit_taken);
	chart_snapshot_index(s, &strand->scope, s->definition->state_count);
	visit_plan(s, strand);
	chart_snapshot_str(s, &strand->cause);
	chart_snapshot_value(s, &strand->event);
	chart_snapshot_value(s, &strand->error);
	chart_snapshot_value(s, &strand->decision);
	chart_snapshot_i64(s, &strand->wait_due_ms);
	chart_snapshot_u64(s, &strand->awaits);
	if (s->version > 4)
		chart_snapshot_u64(s, &strand->undoes);
	chart_snapshot_bool(s, &strand->held);
	chart_snapshot_bool(s, &strand->stopping);
	visit_loop(s, &strand->loop);
	chart_snapshot_u64(s, &strand->parent);
	if (s->out == NULL)
		strand->loop_step = SIZE_MAX;
	if (strand->parent != 0)
		visit_iteration(s, strand);
}
