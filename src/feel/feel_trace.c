/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_trace.c: what became of each part of an expression.
 *
 * A traced evaluation goes by a table of evaluators of its own, all of which
 * are the one below, so that any other evaluation pays nothing for it.  What
 * is noted down is bounded, however long the evaluation goes on: later turns
 * of a loop and what is beyond the bound are evaluated and only counted.
 */
#include "feel_priv.h"

/* The first member is what others see. */
struct part {
	struct feel_part seen;
	const struct feel_node *node;
	struct part *parent;
	struct part *first;
	struct part *last;
	struct part *next;
};

struct feel_trace {
	struct arena *arena;
	const struct feel *feel; /* whose parts these are */
	struct part *root;
	struct part *open; /* the innermost one being evaluated */
	size_t count;
	unsigned muted; /* nested parts that are not kept */
};

static feel_eval_fn eval_traced;

feel_eval_fn *const feel_trace_evaluators[FEEL_OP_COUNT] = {
#define FEEL_OP_ROW(name, function) [FEEL_##name] = eval_traced,
	FEEL_OPS(FEEL_OP_ROW)
#undef FEEL_OP_ROW
};

struct feel_trace *
feel_trace_new(struct arena *arena)
{
	struct feel_trace *trace = ARENA_NEW(arena, struct feel_trace);

	trace->arena = arena;
	return trace;
}

void
feel_trace_begin(struct feel_trace *trace, const struct feel *feel)
{
	*trace = (struct feel_trace){.arena = trace->arena, .feel = feel};
}

const struct feel_part *
feel_trace_root(const struct feel_trace *trace)
{
	return trace->root != NULL ? &trace->root->seen : NULL;
}

/* ------------------------------------------------------------------- parts */

/* How often the node was evaluated for the part that is open. */
static size_t
count_turns(const struct feel_trace *trace, const struct feel_node *node)
{
	size_t turns = 0;

	if (trace->open == NULL)
		return 0;
	for (struct part *part = trace->open->first; part != NULL;
	     part = part->next) {
		if (part->node != node)
			continue;
		turns++;
		part->seen.turn = turns;
	}
	return turns;
}

static struct part *
open_part(struct feel_trace *trace, const struct feel_node *node, size_t turns)
{
	struct part *part = ARENA_NEW(trace->arena, struct part);

	part->seen.offset = node->offset;
	part->seen.bytes = node->bytes;
	part->seen.turn = turns > 0 ? turns + 1 : 0;
	part->node = node;
	part->parent = trace->open;
	trace->open = part;
	trace->count++;
	return part;
}

static bool
is_name(const struct part *part)
{
	switch (part->node->op) {
	case FEEL_FREE:
	case FEEL_SLOT:
	case FEEL_DYNAMIC:
	case FEEL_PATH:
		return true;
	default:
		return false;
	}
}

static void
append(struct part *parent, struct part *part)
{
	if (parent->last != NULL) {
		parent->last->next = part;
		parent->last->seen.next = &part->seen;
	} else {
		parent->first = part;
		parent->seen.first = &part->seen;
	}
	parent->last = part;
}

/* A node around another one of the same text is one part with it. */
static void
merge(struct part *parent, struct part *part)
{
	struct part *next;

	for (struct part *child = part->first; child != NULL; child = next) {
		next = child->next;
		child->next = NULL;
		child->seen.next = NULL;
		child->parent = parent;
		append(parent, child);
	}
	parent->seen.left_out += part->seen.left_out;
	if (parent->seen.note.at != NULL)
		return;
	parent->seen.note = part->seen.note;
	parent->seen.note_offset = part->seen.note_offset;
	parent->seen.note_bytes = part->seen.note_bytes;
}

static void
close_part(struct feel_trace *trace, struct part *part,
    const struct value *value)
{
	struct part *parent = part->parent;

	must(trace->open == part);
	trace->open = parent;
	part->seen.value = value;
	/* What a path goes through says nothing where it gets through. */
	if (part->node->op == FEEL_PATH && part->first != NULL &&
	    is_name(part->first) && !value_is_null(part->first->seen.value)) {
		part->first = NULL;
		part->last = NULL;
		part->seen.first = NULL;
	}
	if (parent == NULL)
		trace->root = part;
	else if (parent->seen.offset == part->seen.offset &&
	    parent->seen.bytes == part->seen.bytes)
		merge(parent, part);
	else
		append(parent, part);
}

static const struct value *
eval_muted(struct feel_run *run, const struct feel_node *node)
{
	struct feel_trace *trace = run->env->trace;
	const struct value *value;

	if (trace->muted == 0 && trace->open != NULL)
		trace->open->seen.left_out++;
	trace->muted++;
	value = feel_evaluators[node->op](run, node);
	trace->muted--;
	return value;
}

static const struct value *
eval_traced(struct feel_run *run, const struct feel_node *node)
{
	struct feel_trace *trace = run->env->trace;
	const struct value *value;
	struct part *part;
	size_t turns;

	/* What a function does is told where it is called. */
	if (trace->muted > 0 || node->op == FEEL_FUNCTION)
		return feel_evaluators[node->op](run, node);
	turns = count_turns(trace, node);
	if (turns >= FEEL_TURNS_MAX || trace->count >= FEEL_PARTS_MAX ||
	    run->home != trace->feel)
		return eval_muted(run, node);
	part = open_part(trace, node, turns);
	value = feel_evaluators[node->op](run, node);
	close_part(trace, part, value);
	return value;
}

/* ------------------------------------------------------------------- notes */

void
feel_trace_note(struct feel_trace *trace, const struct feel_node *node,
    struct str text)
{
	struct part *part = trace->open != NULL ? trace->open : trace->root;

	if (part == NULL || part->seen.note.at != NULL)
		return;
	if (node == NULL)
		node = part->node;
	part->seen.note = arena_str(trace->arena, text);
	part->seen.note_offset = node->offset;
	part->seen.note_bytes = node->bytes;
}

static bool
has_note(const struct feel_part *part)
{
	if (part->note.at != NULL)
		return true;
	for (part = part->first; part != NULL; part = part->next) {
		if (has_note(part))
			return true;
	}
	return false;
}

/* What failed with a null that had failed before it. */
static bool
is_consequence(const struct feel_part *part)
{
	for (part = part->first; part != NULL; part = part->next) {
		if (value_is_null(part->value) && has_note(part))
			return true;
	}
	return false;
}

static void
each_note(const struct feel_part *part, feel_part_fn *fn, void *arg)
{
	for (const struct feel_part *child = part->first; child != NULL;
	     child = child->next)
		each_note(child, fn, arg);
	if (part->note.at != NULL && !is_consequence(part))
		fn(part, arg);
}

void
feel_trace_each_note(
    const struct feel_trace *trace, feel_part_fn *fn, void *arg)
{
	if (trace->root != NULL)
		each_note(&trace->root->seen, fn, arg);
}
