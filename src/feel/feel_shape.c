/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_shape.c: an expression as who judges it without evaluating sees it.
 *
 * Only what such a judge can reason about is told apart.  The height of a
 * tree is bounded when it is parsed, so that recursion is safe.
 */
#include "feel_priv.h"

static const struct feel_shape *shape_of(
    const struct feel_node *node, struct arena *arena);

static struct feel_shape *
make(struct arena *arena, enum feel_shape_kind kind)
{
	struct feel_shape *shape = ARENA_NEW(arena, struct feel_shape);

	shape->kind = kind;
	return shape;
}

static const struct feel_shape *
make_over(struct arena *arena, enum feel_shape_kind kind,
    const struct feel_node *const *nodes, size_t count)
{
	struct feel_shape *shape = make(arena, kind);
	const struct feel_shape **parts =
	    ARENA_ARRAY(arena, count, const struct feel_shape *);

	for (size_t i = 0; i < count; i++)
		parts[i] = nodes[i] != NULL ? shape_of(nodes[i], arena) : NULL;
	shape->parts = parts;
	shape->count = count;
	return shape;
}

static const struct feel_shape *
make_binary(struct arena *arena, enum feel_shape_kind kind,
    const struct feel_node *left, const struct feel_node *right)
{
	const struct feel_node *nodes[] = {left, right};

	return make_over(arena, kind, nodes, right != NULL ? 2 : 1);
}

static const struct feel_shape *
make_path(const struct feel_node *node, struct arena *arena)
{
	const struct feel_shape *object =
	    shape_of(node->as.path.object, arena);
	struct feel_shape *shape;

	if (object->kind != SHAPE_PATH)
		return make_over(
		    arena, SHAPE_OTHER, &node->as.path.object, 1);
	shape = make(arena, SHAPE_PATH);
	shape->path = arena_strf(arena, "%.*s.%.*s", STR_ARG(object->path),
	    STR_ARG(node->as.path.name));
	return shape;
}

static enum feel_shape_kind
kind_of_test(enum feel_op op)
{
	return op == FEEL_EQUAL ? SHAPE_TEST_EQUAL :
	    op == FEEL_UNEQUAL ? SHAPE_TEST_UNEQUAL : SHAPE_TEST_ORDERED;
}

static const struct feel_shape *
shape_of_builtin(const struct feel_node *node, struct arena *arena)
{
	if (!str_equal(node->as.builtin.builtin->name, STR("not")) ||
	    node->as.builtin.count != 1 || node->as.builtin.args[0] == NULL)
		return make_over(arena, SHAPE_OTHER, node->as.builtin.args,
		    node->as.builtin.count);
	return make_over(arena, SHAPE_NOT, node->as.builtin.args, 1);
}

static const struct feel_shape *
shape_of_range(const struct feel_node *node, struct arena *arena)
{
	const struct feel_node *ends[] = {
		node->as.range.low, node->as.range.high};

	return make_over(arena, SHAPE_RANGE, ends, 2);
}

static const struct feel_shape *
shape_of_three(const struct feel_node *node, struct arena *arena)
{
	const struct feel_node *nodes[] = {
		node->as.of.left, node->as.of.right, node->as.of.third};

	return make_over(arena, SHAPE_OTHER, nodes, 3);
}

static const struct feel_shape *
shape_of_leaf(const struct feel_node *node, struct arena *arena)
{
	struct feel_shape *shape;

	switch (node->op) {
	case FEEL_CONSTANT:
		shape = make(arena, SHAPE_CONSTANT);
		shape->constant = node->as.constant;
		return shape;
	case FEEL_FREE:
		shape = make(arena, SHAPE_PATH);
		shape->path = node->as.free.name;
		return shape;
	case FEEL_INPUT:
		return make(arena, SHAPE_INPUT);
	case FEEL_ANY_TEST:
		return make(arena, SHAPE_ANY);
	default:
		return make(arena, SHAPE_OTHER);
	}
}

static const struct feel_shape *
shape_of(const struct feel_node *node, struct arena *arena)
{
	switch (node->op) {
	case FEEL_PATH:
		return make_path(node, arena);
	case FEEL_AND:
		return make_binary(arena, SHAPE_AND, node->as.of.left,
		    node->as.of.right);
	case FEEL_OR:
		return make_binary(arena, SHAPE_OR, node->as.of.left,
		    node->as.of.right);
	case FEEL_EQUAL:
	case FEEL_UNEQUAL:
		return make_binary(arena, node->op == FEEL_EQUAL ?
		    SHAPE_EQUAL : SHAPE_UNEQUAL, node->as.of.left,
		    node->as.of.right);
	case FEEL_LESS:
	case FEEL_AT_MOST:
	case FEEL_GREATER:
	case FEEL_AT_LEAST:
		return make_binary(arena, SHAPE_ORDERED, node->as.of.left,
		    node->as.of.right);
	case FEEL_ADD:
	case FEEL_SUBTRACT:
	case FEEL_MULTIPLY:
	case FEEL_DIVIDE:
	case FEEL_POWER:
		return make_binary(arena, SHAPE_OTHER, node->as.of.left,
		    node->as.of.right);
	case FEEL_IF:
	case FEEL_BETWEEN:
		return shape_of_three(node, arena);
	case FEEL_LIST:
		return make_over(arena, SHAPE_OTHER, node->as.list.items,
		    node->as.list.count);
	case FEEL_NOT_TEST:
		return make_binary(arena, SHAPE_NOT, node->as.of.left, NULL);
	case FEEL_CALL_BUILTIN:
		return shape_of_builtin(node, arena);
	case FEEL_IN:
		return make_binary(arena, SHAPE_IN, node->as.in.value,
		    node->as.in.test);
	case FEEL_RANGE:
		return shape_of_range(node, arena);
	case FEEL_TEST:
		return make_over(arena, SHAPE_TESTS, node->as.list.items,
		    node->as.list.count);
	case FEEL_COMPARE_TEST:
		return make_over(arena, kind_of_test(node->as.compare.op),
		    &node->as.compare.operand, 1);
	default:
		return shape_of_leaf(node, arena);
	}
}

const struct feel_shape *
feel_shape(const struct feel *feel, struct arena *arena)
{
	must(feel != NULL && feel->root != NULL);
	return shape_of(feel->root, arena);
}
