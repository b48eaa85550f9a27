/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_interval.c: how ranges and points lie to each other (DMN 1.5, table
 * 78, after Allen's algebra).
 *
 * A point is the closed range from itself to itself, so that one formula
 * serves both; a function that takes ranges only refuses points.
 */
#include "feel_builtin.h"

struct pair {
	struct feel_run *run;
	struct value_range a;
	struct value_range b;
	bool is_unordered; /* an end is open, null or of another type */
};

/* <0, 0 or >0 */
static int
order(struct pair *pair, const struct value *x, const struct value *y)
{
	int result = 0;

	if (x == NULL || y == NULL || !feel_order(pair->run, x, y, &result))
		pair->is_unordered = true;
	return result;
}

static struct value_range
range_of(const struct value *value)
{
	if (value->type == VALUE_RANGE)
		return *value->as.range;
	return (struct value_range){value, value, true, true};
}

typedef bool relation_fn(struct pair *pair);

static const struct value *
relate(struct feel_call *call, const struct value *a, const struct value *b,
    relation_fn *relation)
{
	struct pair pair = {call->run, range_of(a), range_of(b), false};
	bool holds = relation(&pair);

	if (pair.is_unordered)
		return feel_builtin_null(call, "the values have no order");
	return value_of_boolean(holds);
}

static const struct value *
relate_args(struct feel_call *call, relation_fn *relation)
{
	return relate(call, call->args[0], call->args[1], relation);
}

/* The same with the arguments the other way round. */
static const struct value *
relate_swapped(struct feel_call *call, relation_fn *relation)
{
	return relate(call, call->args[1], call->args[0], relation);
}

static bool
are_ranges(struct feel_call *call, bool first, bool second)
{
	if ((!first || call->args[0]->type == VALUE_RANGE) &&
	    (!second || call->args[1]->type == VALUE_RANGE))
		return true;
	(void)feel_builtin_null(call, "a point is no range");
	return false;
}

/* --------------------------------------------------------------- relations */

static bool
is_before(struct pair *pair)
{
	int gap = order(pair, pair->a.high, pair->b.low);

	return gap < 0 || (gap == 0 &&
	    !(pair->a.high_closed && pair->b.low_closed));
}

static bool
meets(struct pair *pair)
{
	return order(pair, pair->a.high, pair->b.low) == 0 &&
	    pair->a.high_closed && pair->b.low_closed;
}

/* Whether a reaches into b from below: a's end is not before b's start. */
static bool
reaches(struct pair *pair, const struct value_range *a,
    const struct value_range *b)
{
	int gap = order(pair, a->high, b->low);

	return gap > 0 || (gap == 0 && a->high_closed && b->low_closed);
}

static bool
overlaps(struct pair *pair)
{
	return reaches(pair, &pair->a, &pair->b) &&
	    reaches(pair, &pair->b, &pair->a);
}

static bool
overlaps_before(struct pair *pair)
{
	int low = order(pair, pair->a.low, pair->b.low);
	int high = order(pair, pair->a.high, pair->b.high);

	return (low < 0 || (low == 0 && pair->a.low_closed &&
	    !pair->b.low_closed)) &&
	    reaches(pair, &pair->a, &pair->b) &&
	    (high < 0 || (high == 0 &&
	    (!pair->a.high_closed || pair->b.high_closed)));
}

static bool
finishes(struct pair *pair)
{
	int low = order(pair, pair->a.low, pair->b.low);

	return order(pair, pair->a.high, pair->b.high) == 0 &&
	    pair->a.high_closed == pair->b.high_closed &&
	    (low > 0 || (low == 0 &&
	    (!pair->a.low_closed || pair->b.low_closed)));
}

static bool
starts(struct pair *pair)
{
	int high = order(pair, pair->a.high, pair->b.high);

	return order(pair, pair->a.low, pair->b.low) == 0 &&
	    pair->a.low_closed == pair->b.low_closed &&
	    (high < 0 || (high == 0 &&
	    (!pair->a.high_closed || pair->b.high_closed)));
}

static bool
includes(struct pair *pair)
{
	int low = order(pair, pair->a.low, pair->b.low);
	int high = order(pair, pair->a.high, pair->b.high);

	return (low < 0 || (low == 0 &&
	    (pair->a.low_closed || !pair->b.low_closed))) &&
	    (high > 0 || (high == 0 &&
	    (pair->a.high_closed || !pair->b.high_closed)));
}

static bool
coincides(struct pair *pair)
{
	return order(pair, pair->a.low, pair->b.low) == 0 &&
	    order(pair, pair->a.high, pair->b.high) == 0 &&
	    pair->a.low_closed == pair->b.low_closed &&
	    pair->a.high_closed == pair->b.high_closed;
}

/* --------------------------------------------------------------- functions */

const struct value *
feel_interval_before(struct feel_call *call)
{
	return relate_args(call, is_before);
}

const struct value *
feel_interval_after(struct feel_call *call)
{
	return relate_swapped(call, is_before);
}

const struct value *
feel_interval_meets(struct feel_call *call)
{
	return are_ranges(call, true, true) ? relate_args(call, meets) :
	    &value_null;
}

const struct value *
feel_interval_met_by(struct feel_call *call)
{
	return are_ranges(call, true, true) ? relate_swapped(call, meets) :
	    &value_null;
}

const struct value *
feel_interval_overlaps(struct feel_call *call)
{
	return are_ranges(call, true, true) ? relate_args(call, overlaps) :
	    &value_null;
}

const struct value *
feel_interval_overlaps_before(struct feel_call *call)
{
	return are_ranges(call, true, true) ?
	    relate_args(call, overlaps_before) : &value_null;
}

const struct value *
feel_interval_overlaps_after(struct feel_call *call)
{
	return are_ranges(call, true, true) ?
	    relate_swapped(call, overlaps_before) : &value_null;
}

const struct value *
feel_interval_finishes(struct feel_call *call)
{
	return are_ranges(call, false, true) ? relate_args(call, finishes) :
	    &value_null;
}

const struct value *
feel_interval_finished_by(struct feel_call *call)
{
	return are_ranges(call, true, false) ?
	    relate_swapped(call, finishes) : &value_null;
}

const struct value *
feel_interval_includes(struct feel_call *call)
{
	return are_ranges(call, true, false) ? relate_args(call, includes) :
	    &value_null;
}

const struct value *
feel_interval_during(struct feel_call *call)
{
	return are_ranges(call, false, true) ?
	    relate_swapped(call, includes) : &value_null;
}

const struct value *
feel_interval_starts(struct feel_call *call)
{
	return are_ranges(call, false, true) ? relate_args(call, starts) :
	    &value_null;
}

const struct value *
feel_interval_started_by(struct feel_call *call)
{
	return are_ranges(call, true, false) ? relate_swapped(call, starts) :
	    &value_null;
}

const struct value *
feel_interval_coincides(struct feel_call *call)
{
	if (call->args[0]->type != call->args[1]->type)
		return feel_builtin_null(call, "a point is no range");
	return relate_args(call, coincides);
}
