/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_compare.c: equality, order and ranges (DMN 1.5, tables 42 and 43).
 *
 * Values of different types are neither equal nor unequal: null.  A local
 * time has no order with one that has an offset.  Equality of times looks at
 * whole seconds, as the DMN kit's tests have it; order looks at all digits.
 */
#include "feel_priv.h"

enum verdict { NO, YES, UNKNOWN };

static const struct value *
value_of_verdict(enum verdict verdict)
{
	if (verdict == UNKNOWN)
		return &value_null;
	return value_of_boolean(verdict == YES);
}

static int
compare_ints(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* ------------------------------------------------------------------- times */

/* A point in time, where both are of the same kind. */
struct point {
	bool is_local;
	const struct zone *zone; /* whose local time it is; NULL for nobody's */
	int64_t seconds;
	uint32_t nanoseconds;
};

static struct point
point_of(const struct value *value)
{
	struct date_time date_time = {.date = {1970, 1, 1}};
	struct point point = {.zone = NULL};

	if (value->type == VALUE_DATE_TIME) {
		date_time = *value->as.date_time;
	} else {
		date_time.time = time_without_date(&value->as.time);
		if (date_time.time.offset_kind == OFFSET_ZONE) {
			point.zone = date_time.time.zone;
			date_time.time.offset_kind = OFFSET_NONE;
		}
	}
	point.is_local = date_time.time.offset_kind == OFFSET_NONE;
	date_time_to_utc(&date_time, &point.seconds, &point.nanoseconds);
	return point;
}

static bool
is_same_kind(const struct point *a, const struct point *b)
{
	return a->is_local == b->is_local && a->zone == b->zone;
}

static bool
order_points(const struct value *a, const struct value *b, int *order)
{
	struct point left = point_of(a);
	struct point right = point_of(b);

	if (!is_same_kind(&left, &right))
		return false;
	*order = compare_ints(left.seconds, right.seconds);
	if (*order == 0)
		*order = compare_ints(left.nanoseconds, right.nanoseconds);
	return true;
}

static enum verdict
equal_points(const struct value *a, const struct value *b)
{
	struct point left = point_of(a);
	struct point right = point_of(b);

	return is_same_kind(&left, &right) && left.seconds == right.seconds;
}

/* ------------------------------------------------------------------- order */

static int
order_durations(struct duration a, struct duration b)
{
	int order = compare_ints(a.seconds, b.seconds);

	return order != 0 ? order : compare_ints(a.nanoseconds, b.nanoseconds);
}

static bool
order_strings(struct feel_run *run, struct str a, struct str b, int *order)
{
	size_t common = a.bytes < b.bytes ? a.bytes : b.bytes;

	if (run != NULL && !feel_spend_bytes(run, common))
		return false;
	*order = str_compare(a, b);
	return true;
}

/* Whether there is something is known without looking into it. */
static void
look_at_both(
    struct feel_run *run, const struct value *a, const struct value *b)
{
	if (run == NULL || value_is_null(a) || value_is_null(b))
		return;
	feel_look(run, (struct str){NULL, 0}, a);
	feel_look(run, (struct str){NULL, 0}, b);
}

bool
feel_order(struct feel_run *run, const struct value *a, const struct value *b,
    int *order)
{
	look_at_both(run, a, b);
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NUMBER:
		*order = number_compare(a->as.number, b->as.number);
		return true;
	case VALUE_STRING:
		return order_strings(run, a->as.string, b->as.string, order);
	case VALUE_DATE:
		*order = compare_ints(date_to_days(a->as.date),
		    date_to_days(b->as.date));
		return true;
	case VALUE_TIME:
	case VALUE_DATE_TIME:
		return order_points(a, b, order);
	case VALUE_DURATION:
		*order = order_durations(a->as.duration, b->as.duration);
		return true;
	case VALUE_MONTHS:
		*order = compare_ints(a->as.months, b->as.months);
		return true;
	default:
		return false;
	}
}

/* ---------------------------------------------------------------- equality */

static enum verdict equal(struct feel_run *run, const struct value *a,
    const struct value *b, unsigned depth);

static enum verdict
equal_lists(struct feel_run *run, const struct value *a, const struct value *b,
    unsigned depth)
{
	if (a->as.list.count != b->as.list.count)
		return NO;
	for (size_t i = 0; i < a->as.list.count; i++) {
		if (equal(run, a->as.list.items[i], b->as.list.items[i],
		    depth) != YES)
			return NO;
	}
	return YES;
}

static enum verdict
equal_contexts(struct feel_run *run, const struct value *a,
    const struct value *b, unsigned depth)
{
	if (a->as.context.count != b->as.context.count)
		return NO;
	for (size_t i = 0; i < a->as.context.count; i++) {
		const struct value_field *field = &a->as.context.fields[i];
		const struct value *other = value_get(b, field->key);

		if (other == NULL ||
		    equal(run, field->value, other, depth) != YES)
			return NO;
	}
	return YES;
}

static bool
equal_ends(struct feel_run *run, const struct value *a, const struct value *b,
    unsigned depth)
{
	if (a == NULL || b == NULL)
		return a == b;
	return equal(run, a, b, depth) == YES;
}

/* "= 10" is one value seen from both sides, and not the range [10..10]. */
static bool
is_point(const struct value_range *range)
{
	return range->low != NULL && range->low == range->high;
}

static enum verdict
equal_ranges(struct feel_run *run, const struct value_range *a,
    const struct value_range *b, unsigned depth)
{
	return is_point(a) == is_point(b) &&
	    a->low_closed == b->low_closed &&
	    a->high_closed == b->high_closed &&
	    equal_ends(run, a->low, b->low, depth) &&
	    equal_ends(run, a->high, b->high, depth);
}

/* What two functions do is not compared. */
static bool
is_same_function(const struct value_function *a,
    const struct value_function *b)
{
	return a == b || (a->builtin != NULL && a->builtin == b->builtin);
}

static enum verdict
equal_same_type(struct feel_run *run, const struct value *a,
    const struct value *b, unsigned depth)
{
	int order = 1;

	switch (a->type) {
	case VALUE_NULL:
		return YES;
	case VALUE_BOOLEAN:
		return a->as.boolean == b->as.boolean;
	case VALUE_TIME:
	case VALUE_DATE_TIME:
		return equal_points(a, b);
	case VALUE_LIST:
		return equal_lists(run, a, b, depth);
	case VALUE_CONTEXT:
		return equal_contexts(run, a, b, depth);
	case VALUE_RANGE:
		return equal_ranges(run, a->as.range, b->as.range, depth);
	case VALUE_FUNCTION:
		return is_same_function(a->as.function, b->as.function) ?
		    YES : UNKNOWN;
	case VALUE_STRING:
		if (a->as.string.bytes != b->as.string.bytes)
			return NO;
		return feel_order(run, a, b, &order) && order == 0;
	default:
		return feel_order(run, a, b, &order) && order == 0;
	}
}

static enum verdict
equal(struct feel_run *run, const struct value *a, const struct value *b,
    unsigned depth)
{
	if (depth == 0 || (run != NULL && !feel_spend(run, 1)))
		return UNKNOWN;
	look_at_both(run, a, b);
	if (a->type == b->type)
		return equal_same_type(run, a, b, depth - 1);
	return a->type == VALUE_NULL || b->type == VALUE_NULL ? NO : UNKNOWN;
}

const struct value *
feel_equal(const struct value *a, const struct value *b)
{
	return value_of_verdict(equal(NULL, a, b, FEEL_VALUE_DEPTH_MAX));
}

const struct value *
feel_equal_run(struct feel_run *run, const struct value *a,
    const struct value *b)
{
	return value_of_verdict(equal(run, a, b, FEEL_VALUE_DEPTH_MAX));
}

/* -------------------------------------------------------------- comparison */

static bool
holds(enum feel_op op, int order)
{
	switch (op) {
	case FEEL_LESS:
		return order < 0;
	case FEEL_AT_MOST:
		return order <= 0;
	case FEEL_GREATER:
		return order > 0;
	case FEEL_AT_LEAST:
		return order >= 0;
	default:
		unreachable("only orders come here");
	}
}

static enum verdict
compare(struct feel_run *run, enum feel_op op, const struct value *a,
    const struct value *b)
{
	enum verdict verdict;
	int order;

	if (op == FEEL_EQUAL || op == FEEL_UNEQUAL) {
		verdict = equal(run, a, b, FEEL_VALUE_DEPTH_MAX);
		if (op == FEEL_EQUAL || verdict == UNKNOWN)
			return verdict;
		return verdict == NO ? YES : NO;
	}
	if (!feel_order(run, a, b, &order))
		return UNKNOWN;
	return holds(op, order) ? YES : NO;
}

const struct value *
feel_compare_fail(struct feel_run *run, const struct feel_node *node,
    const struct value *a, const struct value *b)
{
	return feel_null(run, node, "`%.*s` and `%.*s` cannot be compared",
	    STR_ARG(value_type_name(a->type)),
	    STR_ARG(value_type_name(b->type)));
}

const struct value *
feel_compare_apply(struct feel_run *run, enum feel_op op,
    const struct value *a, const struct value *b)
{
	return value_of_verdict(compare(run, op, a, b));
}

const struct value *
feel_compare_binary(struct feel_run *run, const struct feel_node *node)
{
	const struct value *left = feel_eval_node(run, node->as.of.left);
	const struct value *right = feel_eval_node(run, node->as.of.right);
	enum verdict verdict = compare(run, node->op, left, right);

	if (verdict != UNKNOWN)
		return value_of_boolean(verdict == YES);
	return feel_compare_fail(run, node, left, right);
}

/* ------------------------------------------------------------------ ranges */

static enum verdict
both(enum verdict a, enum verdict b)
{
	if (a == NO || b == NO)
		return NO;
	return a == YES && b == YES ? YES : UNKNOWN;
}

static enum verdict
range_has(struct feel_run *run, const struct value_range *range,
    const struct value *point)
{
	enum verdict above = YES;
	enum verdict below = YES;

	if (is_point(range))
		return equal(run, range->low, point, FEEL_VALUE_DEPTH_MAX);
	if ((range->low != NULL && value_is_null(range->low)) ||
	    (range->high != NULL && value_is_null(range->high)))
		return UNKNOWN;
	if (range->low != NULL)
		above = compare(run, range->low_closed ?
		    FEEL_AT_LEAST : FEEL_GREATER, point, range->low);
	if (range->high != NULL)
		below = compare(run, range->high_closed ?
		    FEEL_AT_MOST : FEEL_LESS, point, range->high);
	return both(above, below);
}

const struct value *
feel_range_has(struct feel_run *run, const struct value_range *range,
    const struct value *point)
{
	return value_of_verdict(range_has(run, range, point));
}

const struct value *
feel_compare_between(struct feel_run *run, const struct feel_node *node)
{
	const struct value *value = feel_eval_node(run, node->as.of.left);
	const struct value *low = feel_eval_node(run, node->as.of.right);
	const struct value *high = feel_eval_node(run, node->as.of.third);
	enum verdict verdict = both(compare(run, FEEL_AT_LEAST, value, low),
	    compare(run, FEEL_AT_MOST, value, high));

	if (verdict != UNKNOWN)
		return value_of_boolean(verdict == YES);
	if (compare(run, FEEL_AT_LEAST, value, low) == UNKNOWN)
		return feel_compare_fail(run, node, value, low);
	return feel_compare_fail(run, node, value, high);
}
