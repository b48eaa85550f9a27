/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_test.c: unary tests against an input, and `in` (DMN 1.5, table 55).
 *
 * What a test evaluates to decides what it asks: a range, whether the input
 * lies in it; a list, whether one of its items fits; where `?` is used, or
 * where it is a condition of other names, the answer itself; and otherwise
 * whether the input equals it.
 */
#include "feel_priv.h"

static const struct value *
test_list(struct feel_run *run, const struct value *input,
    const struct value *list)
{
	if (input->type == VALUE_LIST &&
	    value_is_true(feel_equal_run(run, input, list)))
		return &value_true;
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];

		if (!feel_spend(run, 1))
			return &value_null;
		if (item->type == VALUE_RANGE && value_is_true(
		    feel_range_has(run, item->as.range, input)))
			return &value_true;
		if (value_is_true(feel_equal_run(run, input, item)))
			return &value_true;
	}
	return &value_false;
}

/* The input against what a test evaluated to. */
static const struct value *
test_value(struct feel_run *run, const struct value *input,
    const struct value *tested)
{
	if (tested->type == VALUE_RANGE && input->type != VALUE_RANGE)
		return feel_range_has(run, tested->as.range, input);
	if (tested->type == VALUE_LIST)
		return test_list(run, input, tested);
	return feel_equal_run(run, input, tested);
}

/* `true` and `member` are values that the input may equal; `contains(name,
 * "x")` says by itself whether it holds, unless the input is a boolean. */
static bool
is_condition(const struct feel_node *node)
{
	switch (node->op == FEEL_CONSTANT ? node->from : node->op) {
	case FEEL_CONSTANT:
	case FEEL_INPUT:
	case FEEL_SLOT:
	case FEEL_FREE:
	case FEEL_DYNAMIC:
	case FEEL_PATH:
	case FEEL_FILTER:
		return false;
	default:
		return true;
	}
}

/* A null input is no mistake, and what a test is null for. */
static const struct value *
tell(struct feel_run *run, const struct feel_node *node,
    const struct value *verdict, const struct value *tested)
{
	const struct value_range *range;

	if (!value_is_null(verdict) || value_is_null(run->input) ||
	    value_is_null(tested))
		return verdict;
	if (tested->type == VALUE_RANGE && run->input->type != VALUE_RANGE) {
		range = tested->as.range;
		tested = range->low != NULL ? range->low : range->high;
	}
	return feel_compare_fail(run, node, run->input, tested);
}

static const struct value *
test_one(struct feel_run *run, const struct feel_node *node)
{
	const struct value *value = feel_eval_node(run, node);

	if (node->op == FEEL_COMPARE_TEST)
		return value;
	if (value->type == VALUE_BOOLEAN && (node->has_input ||
	    (is_condition(node) && run->input->type != VALUE_BOOLEAN)))
		return value;
	/* What can't be told is no null that a null input would equal. */
	if (value_is_null(value) && is_condition(node))
		return value;
	return tell(run, node, test_value(run, run->input, value), value);
}

const struct value *
feel_test_positive(struct feel_run *run, const struct feel_node *node)
{
	const struct value *verdict = &value_false;

	must(node->op == FEEL_TEST);
	if (run->input == NULL)
		return &value_null;
	for (size_t i = 0; i < node->as.list.count && feel_spend(run, 2);
	     i++) {
		const struct value *one = test_one(run, node->as.list.items[i]);

		if (value_is_true(one))
			return one;
		if (one->type != VALUE_BOOLEAN)
			verdict = &value_null;
	}
	return verdict;
}

const struct value *
feel_test_negated(struct feel_run *run, const struct feel_node *node)
{
	const struct value *verdict = feel_eval_node(run, node->as.of.left);

	if (verdict->type != VALUE_BOOLEAN)
		return &value_null;
	return value_of_boolean(!verdict->as.boolean);
}

const struct value *
feel_test_compare(struct feel_run *run, const struct feel_node *node)
{
	const struct value *operand =
	    feel_eval_node(run, node->as.compare.operand);

	if (run->input == NULL)
		return &value_null;
	return tell(run, node, feel_compare_apply(run, node->as.compare.op,
	    run->input, operand), operand);
}

const struct value *
feel_test_any(struct feel_run *run, const struct feel_node *node)
{
	(void)run;
	(void)node;
	return &value_true;
}

const struct value *
feel_test_in(struct feel_run *run, const struct feel_node *node)
{
	const struct value *input = feel_eval_node(run, node->as.in.value);
	const struct value *around = run->input;
	const struct value *verdict;

	run->input = input;
	verdict = feel_eval_node(run, node->as.in.test);
	run->input = around;
	return verdict;
}
