/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_aggregate.c: one value out of a list (DMN 1.5, table 75).
 *
 * An empty list has no least item, no sum and no mean: null.
 */
#include "feel_builtin.h"

#include <stdlib.h>

static size_t
count_of(const struct feel_call *call)
{
	must(call->args[0]->type == VALUE_LIST);
	return call->args[0]->as.list.count;
}

static const struct value *
item_of(const struct feel_call *call, size_t index)
{
	return call->args[0]->as.list.items[index];
}

/* Whether there are only numbers, at least one; pays for adding them up. */
static bool
has_numbers(struct feel_call *call)
{
	size_t count = count_of(call);

	if (!feel_spend(call->run, 2 * count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (item_of(call, i)->type != VALUE_NUMBER) {
			(void)feel_builtin_null(call, "an item is no number");
			return false;
		}
	}
	if (count == 0)
		(void)feel_builtin_null(call, "the list is empty");
	return count > 0;
}

static const struct value *
finish(struct feel_call *call, enum number_error error, struct number n)
{
	return feel_number_or_null(call->run, call->node, error, n);
}

/* ---------------------------------------------------------------- min, max */

/* The item that no other precedes; sign is 1 for the least. */
static const struct value *
extreme(struct feel_call *call, int sign)
{
	const struct value *best = NULL;
	int order;

	if (!feel_spend(call->run, count_of(call)))
		return &value_null;
	for (size_t i = 0; i < count_of(call); i++) {
		const struct value *item = item_of(call, i);

		if (!feel_order(call->run, item, best != NULL ? best : item,
		    &order))
			return feel_builtin_null(call,
			    "the items have no order");
		if (best == NULL || order * sign < 0)
			best = item;
	}
	return best != NULL ? best : &value_null;
}

const struct value *
feel_aggregate_min(struct feel_call *call)
{
	return extreme(call, 1);
}

const struct value *
feel_aggregate_max(struct feel_call *call)
{
	return extreme(call, -1);
}

/* ----------------------------------------------------------- sum, product */

static enum number_error
add_all(struct feel_call *call, struct number *sum)
{
	enum number_error error = NUMBER_OK;

	*sum = item_of(call, 0)->as.number;
	for (size_t i = 1; i < count_of(call) && error == NUMBER_OK; i++)
		error = number_add(*sum, item_of(call, i)->as.number, sum);
	return error;
}

/* Sums durations too: hours worked are money as well. */
static const struct value *
sum_values(struct feel_call *call)
{
	const struct value *sum = item_of(call, 0);

	if (sum->type != VALUE_DURATION && sum->type != VALUE_MONTHS)
		return feel_builtin_null(call, "an item is no number");
	for (size_t i = 1; i < count_of(call); i++) {
		if (item_of(call, i)->type != sum->type ||
		    !feel_spend(call->run, 1))
			return feel_builtin_null(call,
			    "the items are of different types");
		sum = feel_arith_apply(call->run, call->node, FEEL_ADD, sum,
		    item_of(call, i));
	}
	return sum;
}

const struct value *
feel_aggregate_sum(struct feel_call *call)
{
	struct number sum;
	enum number_error error;

	if (count_of(call) > 0 && item_of(call, 0)->type != VALUE_NUMBER)
		return sum_values(call);
	if (!has_numbers(call))
		return &value_null;
	error = add_all(call, &sum);
	return finish(call, error, sum);
}

const struct value *
feel_aggregate_mean(struct feel_call *call)
{
	enum number_error error;
	struct number n;

	if (!has_numbers(call))
		return &value_null;
	error = add_all(call, &n);
	if (error == NUMBER_OK)
		error = number_divide(n,
		    number_of_int((int64_t)count_of(call)), &n);
	return finish(call, error, n);
}

const struct value *
feel_aggregate_product(struct feel_call *call)
{
	struct number n = number_of_int(1);
	enum number_error error = NUMBER_OK;

	if (!has_numbers(call))
		return &value_null;
	for (size_t i = 0; i < count_of(call) && error == NUMBER_OK; i++)
		error = number_multiply(n, item_of(call, i)->as.number, &n);
	return finish(call, error, n);
}

/* ---------------------------------------------------------------- all, any */

/* One item of the decisive kind decides; otherwise all must be of the
 * other, or nothing is known. */
static const struct value *
decide(struct feel_call *call, bool decisive)
{
	bool is_known = true;

	if (!feel_spend(call->run, count_of(call)))
		return &value_null;
	for (size_t i = 0; i < count_of(call); i++) {
		const struct value *item = item_of(call, i);

		if (item->type != VALUE_BOOLEAN)
			is_known = false;
		else if (item->as.boolean == decisive)
			return value_of_boolean(decisive);
	}
	if (is_known)
		return value_of_boolean(!decisive);
	return feel_builtin_null(call, "an item is neither true nor false");
}

const struct value *
feel_aggregate_all(struct feel_call *call)
{
	return decide(call, false);
}

const struct value *
feel_aggregate_any(struct feel_call *call)
{
	return decide(call, true);
}

/* -------------------------------------------------------------- statistics */

static int
compare_numbers(const void *a, const void *b)
{
	const struct number *left = a;
	const struct number *right = b;

	return number_compare(*left, *right);
}

/* n log n comparisons. */
static size_t
sort_steps(size_t count)
{
	size_t steps = count;

	for (size_t n = count; n > 1; n /= 2)
		steps += count;
	return steps;
}

/* The numbers in order; NULL where there are none, or others. */
static struct number *
sorted_numbers(struct feel_call *call)
{
	size_t count = count_of(call);
	struct number *numbers;

	if (!has_numbers(call) || !feel_spend(call->run, sort_steps(count)) ||
	    !feel_afford(call->run, count * sizeof(*numbers)))
		return NULL;
	numbers = ARENA_ARRAY(call->run->arena, count, struct number);
	for (size_t i = 0; i < count; i++)
		numbers[i] = item_of(call, i)->as.number;
	qsort(numbers, count, sizeof(*numbers), compare_numbers);
	return numbers;
}

const struct value *
feel_aggregate_median(struct feel_call *call)
{
	struct number *numbers = sorted_numbers(call);
	size_t middle = count_of(call) / 2;
	enum number_error error = NUMBER_OK;
	struct number n;

	if (numbers == NULL)
		return &value_null;
	n = numbers[middle];
	if (count_of(call) % 2 == 0)
		error = number_add(n, numbers[middle - 1], &n);
	if (count_of(call) % 2 == 0 && error == NUMBER_OK)
		error = number_divide(n, number_of_int(2), &n);
	return finish(call, error, n);
}

/* (x - mean)^2, summed */
static enum number_error
add_squares(struct feel_call *call, struct number mean, struct number *sum)
{
	enum number_error error = NUMBER_OK;
	struct number n;

	*sum = number_of_int(0);
	for (size_t i = 0; i < count_of(call) && error == NUMBER_OK; i++) {
		error = number_subtract(item_of(call, i)->as.number, mean, &n);
		if (error == NUMBER_OK)
			error = number_multiply(n, n, &n);
		if (error == NUMBER_OK)
			error = number_add(*sum, n, sum);
	}
	return error;
}

/* Of a sample: divided by one less than there are. */
const struct value *
feel_aggregate_stddev(struct feel_call *call)
{
	int64_t count = (int64_t)count_of(call);
	enum number_error error;
	struct number n;

	if (!has_numbers(call) || count < 2)
		return feel_builtin_null(call, "it takes two numbers or more");
	if (!feel_spend(call->run, 4 * (size_t)count))
		return &value_null;
	error = add_all(call, &n);
	if (error == NUMBER_OK)
		error = number_divide(n, number_of_int(count), &n);
	if (error == NUMBER_OK)
		error = add_squares(call, n, &n);
	if (error == NUMBER_OK)
		error = number_divide(n, number_of_int(count - 1), &n);
	if (error == NUMBER_OK)
		error = number_sqrt(n, &n);
	return finish(call, error, n);
}

/* How many equal numbers begin at `at`. */
static size_t
run_length(const struct number *numbers, size_t count, size_t at)
{
	size_t end = at + 1;

	while (end < count && number_equal(numbers[end], numbers[at]))
		end++;
	return end - at;
}

/* All that are there most often, in order. */
const struct value *
feel_aggregate_mode(struct feel_call *call)
{
	struct number *numbers = sorted_numbers(call);
	struct feel_items out = {NULL, 0, 0};
	size_t count = count_of(call);
	size_t longest = 0;

	if (numbers == NULL)
		return count == 0 ? call->args[0] : &value_null;
	for (size_t at = 0; at < count; at += run_length(numbers, count, at)) {
		size_t length = run_length(numbers, count, at);

		if (length < longest)
			continue;
		if (length > longest)
			out.count = 0;
		longest = length;
		feel_items_add(call->run, &out,
		    value_of_number(call->run->arena, numbers[at]));
	}
	return feel_items_list(call->run, &out);
}
