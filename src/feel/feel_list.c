/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_list.c: functions of lists (DMN 1.5, table 75).
 *
 * Lists are immutable: each function makes a new one, and pays a step for
 * each item that it looks at or copies.
 */
#include "feel_builtin.h"

struct items {
	const struct value *const *at;
	size_t count;
};

static struct items
items_of(const struct feel_call *call, size_t index)
{
	const struct value *list = call->args[index];

	must(list->type == VALUE_LIST);
	return (struct items){list->as.list.items, list->as.list.count};
}

static void
copy_items(const struct value **to, const struct value *const *from,
    size_t count)
{
	if (count > 0)
		memcpy(to, from, count * sizeof(*to));
}

/* An index from 1, or from -1 at the end, as one from 0. */
static bool
find_position(int64_t position, size_t count, size_t *index)
{
	if (position == 0 || position > (int64_t)count ||
	    position < -(int64_t)count)
		return false;
	*index = (size_t)(position > 0 ? position - 1 :
	    (int64_t)count + position);
	return true;
}

/* The same of an argument, with a note where there is none. */
static bool
take_position(struct feel_call *call, size_t argument, size_t count,
    size_t *index)
{
	int64_t position;

	if (feel_builtin_int(call, argument, &position) &&
	    find_position(position, count, index))
		return true;
	(void)feel_builtin_null(call, "the list has no such position");
	return false;
}

static bool
has_item(struct feel_call *call, const struct value *const *items,
    size_t count, const struct value *wanted)
{
	for (size_t i = 0; i < count && feel_spend(call->run, 1); i++) {
		if (value_is_true(feel_equal_run(call->run, items[i],
		    wanted)))
			return true;
	}
	return false;
}

const struct value *
feel_list_contains(struct feel_call *call)
{
	struct items list = items_of(call, 0);

	return value_of_boolean(
	    has_item(call, list.at, list.count, call->args[1]));
}

const struct value *
feel_list_count(struct feel_call *call)
{
	return value_of_int(call->run->arena,
	    (int64_t)items_of(call, 0).count);
}

/* ----------------------------------------------------------------- joining */

const struct value *
feel_list_append(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	struct items more = items_of(call, 1);
	const struct value **out =
	    feel_items_new(call->run, list.count + more.count);

	if (out == NULL)
		return &value_null;
	copy_items(out, list.at, list.count);
	copy_items(out + list.count, more.at, more.count);
	return feel_list_take(call->run, out, list.count + more.count);
}

/* The items of all arguments; an argument that is no list is its own item.
 * NULL where one is null. */
static const struct value *
concatenate(struct feel_call *call, struct items lists)
{
	struct feel_items out = {NULL, 0, 0};

	for (size_t i = 0; i < lists.count; i++) {
		const struct value *list = lists.at[i];

		if (value_is_null(list))
			return NULL;
		if (list->type != VALUE_LIST) {
			feel_items_add(call->run, &out, list);
			continue;
		}
		if (!feel_spend(call->run, list->as.list.count))
			return NULL;
		for (size_t j = 0; j < list->as.list.count; j++)
			feel_items_add(call->run, &out,
			    list->as.list.items[j]);
	}
	return feel_items_list(call->run, &out);
}

const struct value *
feel_list_concatenate(struct feel_call *call)
{
	const struct value *all = concatenate(call, items_of(call, 0));

	return all != NULL ? all : feel_builtin_null(call, "null is no list");
}

const struct value *
feel_list_distinct(struct feel_call *call)
{
	return feel_distinct(call->run, call->args[0]);
}

const struct value *
feel_list_union(struct feel_call *call)
{
	const struct value *all = concatenate(call, items_of(call, 0));

	return all != NULL ? feel_distinct(call->run, all) :
	    feel_builtin_null(call, "null is no list");
}

static bool
flatten(struct feel_call *call, const struct value *list,
    struct feel_items *out, unsigned depth)
{
	if (depth == 0 || !feel_spend(call->run, 1 + list->as.list.count))
		return false;
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];

		if (item->type != VALUE_LIST)
			feel_items_add(call->run, out, item);
		else if (!flatten(call, item, out, depth - 1))
			return false;
	}
	return true;
}

const struct value *
feel_list_flatten(struct feel_call *call)
{
	struct feel_items out = {NULL, 0, 0};

	if (!flatten(call, call->args[0], &out, FEEL_VALUE_DEPTH_MAX))
		return feel_builtin_null(call, "nested too deep");
	return feel_items_list(call->run, &out);
}

/* ---------------------------------------------------------------- changing */

const struct value *
feel_list_insert(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	const struct value **out;
	size_t index;

	if (!take_position(call, 1, list.count, &index))
		return &value_null;
	out = feel_items_new(call->run, list.count + 1);
	if (out == NULL)
		return &value_null;
	copy_items(out, list.at, index);
	out[index] = call->args[2];
	copy_items(out + index + 1, list.at + index, list.count - index);
	return feel_list_take(call->run, out, list.count + 1);
}

const struct value *
feel_list_remove(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	const struct value **out;
	size_t index;

	if (!take_position(call, 1, list.count, &index))
		return &value_null;
	out = feel_items_new(call->run, list.count - 1);
	if (out == NULL)
		return &value_null;
	copy_items(out, list.at, index);
	copy_items(out + index, list.at + index + 1, list.count - index - 1);
	return feel_list_take(call->run, out, list.count - 1);
}

/* Every item for which match(item, newItem) is true. */
const struct value *
feel_list_replace_where(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	const struct value **out = feel_items_new(call->run, list.count);

	if (out == NULL)
		return &value_null;
	for (size_t i = 0; i < list.count; i++) {
		const struct value *args[] = {list.at[i], call->args[2]};
		const struct value *verdict = feel_call_function(call->run,
		    call->node, call->args[1], args, 2);

		if (verdict->type != VALUE_BOOLEAN)
			return feel_builtin_null(call,
			    "the function says neither true nor false");
		out[i] = verdict->as.boolean ? call->args[2] : list.at[i];
	}
	return feel_list_take(call->run, out, list.count);
}

const struct value *
feel_list_replace_at(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	const struct value **out;
	size_t index;

	call->args[1] = feel_builtin_unwrap(call->args[1]);
	if (call->args[1]->type == VALUE_FUNCTION)
		return feel_list_replace_where(call);
	if (call->args[1]->type != VALUE_NUMBER)
		return feel_builtin_null(call, "the position is no number");
	if (!take_position(call, 1, list.count, &index))
		return &value_null;
	out = feel_items_new(call->run, list.count);
	if (out == NULL)
		return &value_null;
	copy_items(out, list.at, list.count);
	out[index] = call->args[2];
	return feel_list_take(call->run, out, list.count);
}

const struct value *
feel_list_reverse(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	const struct value **out = feel_items_new(call->run, list.count);

	if (out == NULL)
		return &value_null;
	for (size_t i = 0; i < list.count; i++)
		out[i] = list.at[list.count - 1 - i];
	return feel_list_take(call->run, out, list.count);
}

/* --------------------------------------------------------------- searching */

const struct value *
feel_list_index_of(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	struct feel_items out = {NULL, 0, 0};

	for (size_t i = 0; i < list.count && feel_spend(call->run, 1); i++) {
		if (value_is_true(feel_equal_run(call->run, list.at[i],
		    call->args[1])))
			feel_items_add(call->run, &out, value_of_int(
			    call->run->arena, (int64_t)i + 1));
	}
	return feel_items_list(call->run, &out);
}

const struct value *
feel_list_sublist(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	const struct value **out;
	int64_t length;
	size_t start;

	if (!take_position(call, 1, list.count, &start))
		return &value_null;
	length = (int64_t)(list.count - start);
	if (feel_builtin_has(call, 2) &&
	    (!feel_builtin_int(call, 2, &length) || length < 0 ||
	    length > (int64_t)(list.count - start)))
		return feel_builtin_null(call,
		    "the list has not so many items");
	out = feel_items_new(call->run, (size_t)length);
	if (out == NULL)
		return &value_null;
	copy_items(out, list.at + start, (size_t)length);
	return feel_list_take(call->run, out, (size_t)length);
}

/* ----------------------------------------------------------------- sorting */

struct sort {
	struct feel_call *call;
	bool failed;
};

/* Whether b has to stand before a. */
static bool
must_swap(struct sort *sort, const struct value *a, const struct value *b)
{
	const struct value *args[] = {b, a};
	const struct value *verdict;
	int order;

	if (sort->call->args[1] == NULL) {
		if (!feel_order(sort->call->run, a, b, &order))
			sort->failed = true;
		else
			return order > 0;
		return false;
	}
	verdict = feel_call_function(sort->call->run, sort->call->node,
	    sort->call->args[1], args, 2);
	if (verdict->type != VALUE_BOOLEAN)
		sort->failed = true;
	return value_is_true(verdict);
}

/* Merges from[low, middle) and from[middle, high) into `to`. */
static void
merge(struct sort *sort, const struct value **from, const struct value **to,
    size_t low, size_t middle, size_t high)
{
	size_t left = low;
	size_t right = middle;

	for (size_t i = low; i < high && !sort->failed; i++) {
		if (!feel_spend(sort->call->run, 1))
			sort->failed = true;
		else if (right == high || (left < middle &&
		    !must_swap(sort, from[left], from[right])))
			to[i] = from[left++];
		else
			to[i] = from[right++];
	}
}

/* A merge sort from the bottom, stable, whatever the function answers. */
const struct value *
feel_list_sort(struct feel_call *call)
{
	struct items list = items_of(call, 0);
	const struct value **from = feel_items_new(call->run, list.count);
	const struct value **to = feel_items_new(call->run, list.count);
	struct sort sort = {call, false};

	if (from == NULL || to == NULL)
		return &value_null;
	copy_items(from, list.at, list.count);
	for (size_t width = 1; width < list.count && !sort.failed; width *= 2) {
		const struct value **swapped = from;

		for (size_t low = 0; low < list.count; low += 2 * width) {
			size_t rest = list.count - low;

			merge(&sort, from, to, low,
			    low + (rest < width ? rest : width),
			    low + (rest < 2 * width ? rest : 2 * width));
		}
		from = to;
		to = swapped;
	}
	if (sort.failed)
		return feel_builtin_null(call, "the items have no order");
	return feel_list_take(call->run, from, list.count);
}
