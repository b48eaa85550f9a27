/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_node.c: making the nodes of the tree.
 *
 * A node knows how high the tree below it is, so that a long chain of
 * operators, which nests nothing in the text, cannot exhaust the stack when
 * it is evaluated.
 */
#include "feel_parser.h"

#include <stdio.h>

struct feel_node *
feel_node_new(struct feel_parser *p, enum feel_op op, size_t offset)
{
	struct feel_node *node = ARENA_NEW(p->arena, struct feel_node);

	must(op < FEEL_OP_COUNT && offset <= p->text.bytes);
	node->op = op;
	node->height = 1;
	node->offset = (uint32_t)offset;
	node->bytes = 1;
	return node;
}

void
feel_node_over(struct feel_node *node, const struct feel_node *child)
{
	if (child == NULL)
		return;
	must(child->height <= FEEL_HEIGHT_MAX);
	if (node->height <= child->height)
		node->height = (uint16_t)(child->height + 1);
	node->has_input |= child->has_input;
	node->varies |= child->op != FEEL_CONSTANT;
}

static bool
is_foldable(const struct feel_node *node)
{
	switch (node->op) {
	case FEEL_LIST:
	case FEEL_RANGE:
	case FEEL_ADD:
	case FEEL_SUBTRACT:
	case FEEL_MULTIPLY:
	case FEEL_DIVIDE:
	case FEEL_POWER:
	case FEEL_NEGATE:
	case FEEL_EQUAL:
	case FEEL_UNEQUAL:
	case FEEL_LESS:
	case FEEL_AT_MOST:
	case FEEL_GREATER:
	case FEEL_AT_LEAST:
	case FEEL_BETWEEN:
	case FEEL_AND:
	case FEEL_OR:
	case FEEL_INSTANCE:
	case FEEL_PATH:
		return !node->varies;
	case FEEL_CALL_BUILTIN:
		return !node->varies && !node->as.builtin.builtin->varies;
	default:
		return false;
	}
}

static void
doubt_constant(struct feel_parser *p, const struct feel_node *node,
    const char *note)
{
	struct feel_error *doubt = feel_token_doubt(p, node->offset,
	    node->bytes);

	if (doubt != NULL)
		str_write(doubt->message, sizeof(doubt->message),
		    "always null: %s", note);
}

/* What gives null keeps its node, which can say why; what is beyond a text's
 * share of work is left to evaluation, and its budget. */
static void
fold(struct feel_parser *p, struct feel_node *node)
{
	struct feel_env env = {
		.arena = p->arena,
		.steps = p->fold_steps,
	};
	size_t before = arena_footprint(p->arena);
	const struct value *value;
	size_t taken;

	if (p->fold_steps <= 0)
		return;
	env.bytes_max = before + p->fold_bytes;
	value = feel_fold(&env, node);
	p->fold_steps = env.steps;
	taken = arena_footprint(p->arena) - before;
	p->fold_bytes -= taken < p->fold_bytes ? taken : p->fold_bytes;
	if (value == NULL) {
		if (env.note[0] != '\0' && !env.exhausted)
			doubt_constant(p, node, env.note);
		return;
	}
	node->from = node->op;
	node->op = FEEL_CONSTANT;
	node->height = 1;
	node->as.constant = value;
}

struct feel_node *
feel_node_done(struct feel_parser *p, struct feel_node *node)
{
	if (p->failed)
		return NULL;
	if (node->height > FEEL_HEIGHT_MAX)
		return feel_token_fail(p, node->offset, 1,
		    "more than %d operators deep", FEEL_HEIGHT_MAX);
	if (p->end > node->offset)
		node->bytes = (uint32_t)(p->end - node->offset);
	if (!p->keeps_parts && is_foldable(node))
		fold(p, node);
	return node;
}

struct feel_node *
feel_node_constant(struct feel_parser *p, const struct value *value,
    size_t offset)
{
	struct feel_node *node = feel_node_new(p, FEEL_CONSTANT, offset);

	must(value != NULL);
	node->as.constant = value;
	return feel_node_done(p, node);
}

struct feel_node *
feel_node_never(struct feel_parser *p, size_t offset, const char *why)
{
	struct feel_node *node = feel_node_new(p, FEEL_NEVER, offset);

	node->as.why = why;
	return feel_node_done(p, node);
}

struct feel_node *
feel_node_binary(struct feel_parser *p, enum feel_op op,
    const struct feel_node *left, const struct feel_node *right)
{
	struct feel_node *node;

	if (left == NULL || right == NULL)
		return NULL;
	node = feel_node_new(p, op, left->offset);
	node->as.of.left = left;
	node->as.of.right = right;
	feel_node_over(node, left);
	feel_node_over(node, right);
	return feel_node_done(p, node);
}
