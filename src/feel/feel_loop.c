/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_loop.c: for, some and every.
 *
 * All three walk the same nest of iterators; what differs is what is done
 * with the value of the body at each turn.
 */
#include "feel_priv.h"

struct walk;
/* Takes the body's value; false ends the walk. */
typedef bool turn_fn(struct walk *walk, const struct value *value);

struct walk {
	struct feel_run *run;
	const struct feel_node *node;
	turn_fn *turn;
	struct feel_items results;   /* for */
	bool decisive;               /* some: true, every: false */
	const struct value *verdict; /* some, every */
	bool is_null;                /* an iterator had nothing to iterate */
};

/* ------------------------------------------------------------------- steps */

/* Counts for iteration: numbers or dates from one to the other. */
struct steps {
	const struct value *from;
	int64_t count;
	int64_t step; /* 1 or -1 */
};

static bool
count_steps(struct steps *steps, int64_t from, int64_t to)
{
	int64_t distance;

	if (__builtin_sub_overflow(to, from, &distance) ||
	    distance == INT64_MAX || distance <= -INT64_MAX)
		return false;
	steps->step = distance < 0 ? -1 : 1;
	steps->count = distance * steps->step + 1;
	return true;
}

/* Numbers count by one, dates by a day. */
static bool
steps_init(struct steps *steps, const struct value *from,
    const struct value *to)
{
	int64_t first;
	int64_t last;

	steps->from = from;
	if (from->type == VALUE_NUMBER && to->type == VALUE_NUMBER)
		return number_to_int(from->as.number, &first) &&
		    number_to_int(to->as.number, &last) &&
		    count_steps(steps, first, last);
	if (from->type == VALUE_DATE && to->type == VALUE_DATE)
		return count_steps(steps, date_to_days(from->as.date),
		    date_to_days(to->as.date));
	return false;
}

static const struct value *
steps_at(struct feel_run *run, const struct steps *steps,
    int64_t index)
{
	int64_t first;

	must(index >= 0 && index < steps->count);
	if (steps->from->type == VALUE_DATE)
		return value_of_date(run->arena, date_of_days(
		    date_to_days(steps->from->as.date) + index * steps->step));
	must(number_to_int(steps->from->as.number, &first));
	return value_of_int(run->arena, first + index * steps->step);
}

/* A range that is iterated runs upwards; its open ends are left out. */
static bool
steps_of_range(struct steps *steps, const struct value_range *range)
{
	if (range->low == NULL || range->high == NULL ||
	    !steps_init(steps, range->low, range->high) ||
	    steps->step < 0)
		return false;
	return true;
}

/* ------------------------------------------------------------------- walks */

static bool walk_level(struct walk *walk, uint32_t level);

static bool
visit(struct walk *walk, uint32_t level, const struct value *item)
{
	const struct feel_iterator *iterator =
	    &walk->node->as.loop.iterators[level];

	if (!feel_spend(walk->run, 1))
		return false;
	walk->run->slots[iterator->slot] = item;
	return walk_level(walk, level + 1);
}

static bool
walk_steps(struct walk *walk, uint32_t level, const struct steps *steps,
    int64_t from, int64_t to)
{
	for (int64_t i = from; i < to; i++) {
		if (!visit(walk, level, steps_at(walk->run, steps, i)))
			return false;
	}
	return true;
}

static bool
stop_null(struct walk *walk, const char *why)
{
	walk->is_null = true;
	(void)feel_null(walk->run, walk->node, "%s", why);
	return false;
}

static bool
walk_value(struct walk *walk, uint32_t level, const struct value *value)
{
	struct steps steps;
	const struct value_range *range;

	switch (value->type) {
	case VALUE_NULL:
		return stop_null(walk, "there is nothing to iterate over");
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++) {
			if (!visit(walk, level, value->as.list.items[i]))
				return false;
		}
		return true;
	case VALUE_RANGE:
		range = value->as.range;
		if (!steps_of_range(&steps, range))
			return stop_null(walk, "the range cannot be iterated");
		return walk_steps(walk, level, &steps,
		    range->low_closed ? 0 : 1,
		    steps.count - (range->high_closed ? 0 : 1));
	default:
		return visit(walk, level, value);
	}
}

static bool
walk_level(struct walk *walk, uint32_t level)
{
	const struct feel_node *node = walk->node;
	const struct feel_iterator *iterator;
	const struct value *from;
	struct steps steps;

	if (level == node->as.loop.count)
		return walk->turn(walk,
		    feel_eval_node(walk->run, node->as.loop.body));
	iterator = &node->as.loop.iterators[level];
	from = feel_eval_node(walk->run, iterator->from);
	if (iterator->to == NULL)
		return walk_value(walk, level, from);
	if (!steps_init(&steps, from,
	    feel_eval_node(walk->run, iterator->to)))
		return stop_null(walk,
		    "only whole numbers and dates can be counted");
	return walk_steps(walk, level, &steps, 0, steps.count);
}

/* --------------------------------------------------------------------- for */

/* `partial` is the list of what came so far; the array behind it only grows,
 * so that the list can look at its beginning. */
static void
set_partial(struct walk *walk)
{
	if (walk->node->as.loop.uses_partial)
		walk->run->slots[walk->node->as.loop.partial_slot] =
		    feel_items_list(walk->run, &walk->results);
}

static bool
turn_for(struct walk *walk, const struct value *value)
{
	feel_items_add(walk->run, &walk->results, value);
	set_partial(walk);
	return true;
}

const struct value *
feel_loop_for(struct feel_run *run, const struct feel_node *node)
{
	struct walk walk = {.run = run, .node = node, .turn = turn_for};

	set_partial(&walk);
	(void)walk_level(&walk, 0);
	if (walk.is_null)
		return &value_null;
	return feel_items_list(run, &walk.results);
}

/* ------------------------------------------------------------- some, every */

static bool
turn_quantified(struct walk *walk, const struct value *value)
{
	feel_look(walk->run, (struct str){NULL, 0}, value);
	if (value->type != VALUE_BOOLEAN) {
		walk->verdict = feel_null(walk->run, walk->node->as.loop.body,
		    "a `%.*s` satisfies nothing",
		    STR_ARG(value_type_name(value->type)));
		return true;
	}
	if (value->as.boolean != walk->decisive)
		return true;
	walk->verdict = value;
	return false;
}

static const struct value *
quantify(struct feel_run *run, const struct feel_node *node, bool decisive)
{
	struct walk walk = {.run = run, .node = node, .turn = turn_quantified};

	walk.decisive = decisive;
	walk.verdict = value_of_boolean(!decisive);
	(void)walk_level(&walk, 0);
	return walk.is_null ? &value_null : walk.verdict;
}

const struct value *
feel_loop_some(struct feel_run *run, const struct feel_node *node)
{
	return quantify(run, node, true);
}

const struct value *
feel_loop_every(struct feel_run *run, const struct feel_node *node)
{
	return quantify(run, node, false);
}
