/* SPDX-License-Identifier: Apache-2.0 */
/*
 * axis.c: what an input of a decision can be, cut into regions.
 *
 * A cell of simple tests changes its mind only at the constants that it
 * names.  So the constants of all cells cut an input's values into regions,
 * points and what lies between them, and one value of a region stands for
 * all of it: whether a cell takes it is what evaluation says.  A region that
 * no allowed value lies in is left out.
 */
#include "prove_table.h"

#include <stdlib.h>

#define DAYS_FIRST INT64_C(-3650000)
#define DAYS_LAST INT64_C(3650000)

/* ---- constants ---- */

static void
add_constant(struct axis *axis, const struct value *value)
{
	for (size_t i = 0; i < axis->constant_count; i++)
		if (value_equal(axis->constants[i], value))
			return;
	axis->constants = arena_grow(axis->arena, axis->constants,
	    axis->constant_count, &axis->constant_capacity,
	    sizeof(*axis->constants));
	axis->constants[axis->constant_count++] = value;
}

/* Takes the constants that a value is made of; false where its kind can't be
 * cut into regions. */
static bool
add_value(struct axis *axis, const struct value *value)
{
	const struct value *ends[2];

	switch (value->type) {
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_DATE:
		add_constant(axis, value);
		return true;
	case VALUE_RANGE:
		ends[0] = value->as.range->low;
		ends[1] = value->as.range->high;
		for (int i = 0; i < 2; i++)
			if (ends[i] && (ends[i]->type == VALUE_STRING ||
			    !add_value(axis, ends[i])))
				return false;
		return true;
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			if (!add_value(axis, value->as.list.items[i]))
				return false;
		return true;
	default:
		return false;
	}
}

/* A comparison by order must be of what has one here. */
static bool
add_operand(struct axis *axis, const struct feel_shape *shape, bool is_ordered)
{
	return shape && shape->kind == SHAPE_CONSTANT &&
	    (!is_ordered || shape->constant->type != VALUE_STRING) &&
	    add_value(axis, shape->constant);
}

static bool
add_comparison(
    struct axis *axis, const struct feel_shape *shape, bool is_ordered)
{
	if (shape->parts[0]->kind == SHAPE_INPUT)
		return add_operand(axis, shape->parts[1], is_ordered);
	return shape->parts[1]->kind == SHAPE_INPUT &&
	    add_operand(axis, shape->parts[0], is_ordered);
}

static bool
add_shape(struct axis *axis, const struct feel_shape *shape)
{
	switch (shape->kind) {
	case SHAPE_CONSTANT:
		return add_value(axis, shape->constant);
	case SHAPE_ANY:
		return true;
	case SHAPE_AND:
	case SHAPE_OR:
	case SHAPE_NOT:
	case SHAPE_TESTS:
		for (size_t i = 0; i < shape->count; i++)
			if (!add_shape(axis, shape->parts[i]))
				return false;
		return true;
	case SHAPE_RANGE:
		return (!shape->parts[0] ||
		    add_operand(axis, shape->parts[0], true)) &&
		    (!shape->parts[1] ||
			add_operand(axis, shape->parts[1], true));
	case SHAPE_TEST_EQUAL:
	case SHAPE_TEST_UNEQUAL:
		return add_operand(axis, shape->parts[0], false);
	case SHAPE_TEST_ORDERED:
		return add_operand(axis, shape->parts[0], true);
	case SHAPE_EQUAL:
	case SHAPE_UNEQUAL:
		return add_comparison(axis, shape, false);
	case SHAPE_ORDERED:
		return add_comparison(axis, shape, true);
	case SHAPE_IN:
		return shape->parts[0]->kind == SHAPE_INPUT &&
		    add_shape(axis, shape->parts[1]);
	case SHAPE_OTHER:
	case SHAPE_PATH:
	case SHAPE_INPUT:
		return false;
	}
	unreachable("every kind of shape is listed");
}

bool
axis_add_tests(struct axis *axis, const struct feel *tests)
{
	return !tests || add_shape(axis, feel_shape(tests, axis->arena));
}

/* ---- a schema's bounds ---- */

static void
add_member(struct axis *axis, const struct value *schema, const char *key)
{
	const struct value *value = value_get_cstr(schema, key);

	if (value && value->type == VALUE_NUMBER)
		add_constant(axis, value);
}

static void
add_step(struct axis *axis, const struct value *schema)
{
	const struct value *step = value_get_cstr(schema, "multipleOf");

	if (step && step->type == VALUE_NUMBER)
		axis->step = step;
	else if (str_equal(value_field_str(schema, "type"),
	    STR("integer")))
		axis->step = value_of_int(axis->arena, 1);
}

/* One type of several. */
static bool
has_type(const struct value *schema, struct str type)
{
	const struct value *types = value_get_cstr(schema, "type");

	if (!types || types->type != VALUE_LIST)
		return false;
	for (size_t i = 0; i < types->as.list.count; i++)
		if (str_equal(value_str(types->as.list.items[i]), type))
			return true;
	return false;
}

void
axis_add_schema(struct axis *axis, const struct value *schema)
{
	static const char *const bounds[] = {"minimum", "maximum",
	    "exclusiveMinimum", "exclusiveMaximum", "const"};
	const struct value *listed = value_get_cstr(schema, "enum");
	struct schema_errors errors = {.arena = axis->arena};
	struct str type = value_field_str(schema, "type");

	axis->schema = schema_compile(axis->arena, schema, &errors);
	if (!axis->schema)
		return;
	for (size_t i = 0; i < COUNT_OF(bounds); i++)
		add_member(axis, schema, bounds[i]);
	if (listed && listed->type == VALUE_LIST)
		(void)add_value(axis, listed);
	if (str_equal(type, STR("boolean")))
		add_constant(axis, &value_true);
	if (has_type(schema, STR("null")))
		add_constant(axis, &value_null);
	add_step(axis, schema);
}

bool
axis_has_null(const struct axis *axis)
{
	for (size_t i = 0; i < axis->constant_count; i++)
		if (value_is_null(axis->constants[i]))
			return true;
	return false;
}

/* ---- order ---- */

static int
compare(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	switch (a->type) {
	case VALUE_NUMBER:
		return number_compare(a->as.number, b->as.number);
	case VALUE_DATE:
		return (date_to_days(a->as.date) > date_to_days(b->as.date)) -
		    (date_to_days(a->as.date) < date_to_days(b->as.date));
	case VALUE_STRING:
		return str_compare(a->as.string, b->as.string);
	case VALUE_BOOLEAN:
		return a->as.boolean - b->as.boolean;
	default:
		return 0;
	}
}

static int
compare_cb(const void *a, const void *b)
{
	return compare(*(const struct value *const *)a,
	    *(const struct value *const *)b);
}

/* ---- a value between ---- */

/* The least multiple of the step above a number. */
static bool
next_multiple(struct number step, struct number low, struct number *out)
{
	struct number quotient;
	struct number whole;
	struct number up;

	return number_divide(low, step, &quotient) == NUMBER_OK &&
	    number_round(quotient, 0, NUMBER_FLOOR, &whole) == NUMBER_OK &&
	    number_add(whole, number_of_int(1), &up) == NUMBER_OK &&
	    number_multiply(up, step, out) == NUMBER_OK;
}

/* Above low, by the step where there is one; else by 1 if that is below high,
 * else half-way. */
static bool
number_above(const struct axis *axis, struct number low,
    const struct value *high, struct number *out)
{
	struct number two = number_of_int(2);
	struct number sum;

	if (axis->step)
		return next_multiple(axis->step->as.number, low, out) &&
		    (!high || number_compare(*out, high->as.number) < 0);
	if (number_add(low, number_of_int(1), out) != NUMBER_OK)
		return false;
	if (!high || number_compare(*out, high->as.number) < 0)
		return true;
	return number_add(low, high->as.number, &sum) == NUMBER_OK &&
	    number_divide(sum, two, out) == NUMBER_OK &&
	    number_compare(*out, low) > 0 &&
	    number_compare(*out, high->as.number) < 0;
}

static const struct value *
number_between(const struct axis *axis, const struct value *low,
    const struct value *high)
{
	struct number found;
	struct number below;

	if (low)
		return number_above(axis, low->as.number, high, &found) ?
		    value_of_number(axis->arena, found) : NULL;
	must(high);
	if (number_subtract(high->as.number, number_of_int(1), &below) !=
	    NUMBER_OK)
		return NULL;
	if (!axis->step)
		return value_of_number(axis->arena, below);
	/* From two steps below on, the next multiple lies below as well. */
	if (number_subtract(high->as.number, axis->step->as.number, &below) !=
	    NUMBER_OK || number_subtract(below, axis->step->as.number,
	    &below) != NUMBER_OK ||
	    !next_multiple(axis->step->as.number, below, &found))
		return NULL;
	return value_of_number(axis->arena, found);
}

static const struct value *
date_between(const struct axis *axis, const struct value *low,
    const struct value *high)
{
	int64_t first = low ? date_to_days(low->as.date) + 1 : DAYS_FIRST;
	int64_t last = high ? date_to_days(high->as.date) - 1 : DAYS_LAST;

	if (first > last)
		return NULL;
	return value_of_date(
	    axis->arena, date_of_days(low || !high ? first : last));
}

/* A string that no cell names. */
static const struct value *
other_string(const struct axis *axis)
{
	static const char *const words[] = {"other", "another", "any other"};

	for (size_t i = 0;; i++) {
		const struct value *value = value_of_str(axis->arena,
		    i < COUNT_OF(words) ? str_of(words[i]) :
		    arena_strf(axis->arena, "other %zu", i));
		bool is_named = false;

		for (size_t k = 0; k < axis->constant_count; k++)
			is_named |= value_equal(value, axis->constants[k]);
		if (!is_named)
			return value;
	}
}

/* ---- regions ---- */

static bool
is_allowed(const struct axis *axis, const struct value *value)
{
	struct schema_errors errors = {.arena = axis->arena};
	struct feel_env env = {.arena = axis->arena};

	if (axis->schema && !schema_validate(axis->schema, value, &errors))
		return false;
	return !axis->allowed ||
	    value_is_true(feel_test(axis->allowed, value, &env));
}

/* A property that isn't there is null, whatever its schema says. */
static bool
may_be_null(const struct axis *axis)
{
	struct feel_env env = {.arena = axis->arena};

	if (axis->is_there)
		return is_allowed(axis, &value_null);
	return !axis->allowed ||
	    value_is_true(feel_test(axis->allowed, &value_null, &env));
}

static void
add_region(struct axis *axis, const struct value *value)
{
	if (!value || (value != &value_null && !is_allowed(axis, value)))
		return;
	axis->regions = arena_grow(axis->arena, axis->regions,
	    axis->region_count, &axis->region_capacity, sizeof(*axis->regions));
	axis->regions[axis->region_count++] = value;
}

static const struct value *
between(const struct axis *axis, const struct value *low,
    const struct value *high)
{
	switch ((low ? low : high)->type) {
	case VALUE_NUMBER:
		return number_between(axis, low, high);
	case VALUE_DATE:
		return date_between(axis, low, high);
	default:
		return NULL;
	}
}

/* Where cells ask about null alone, one value stands for all others: of the
 * first kind that may be. */
static const struct value *
other_than_null(const struct axis *axis)
{
	const struct value *const others[] = {other_string(axis),
	    value_of_str(axis->arena, STR("2026-01-01")),
	    value_of_int(axis->arena, 0), &value_true};

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (is_allowed(axis, others[i]))
			return others[i];
	return NULL;
}

/* The regions of the constants of one kind: [first, end). */
static void
add_kind(struct axis *axis, size_t first, size_t end)
{
	const struct value *const *at = axis->constants;

	switch (at[first]->type) {
	case VALUE_BOOLEAN:
		add_region(axis, &value_false);
		add_region(axis, &value_true);
		return;
	case VALUE_NULL: /* its own region comes last */
		if (axis->constant_count == 1)
			add_region(axis, other_than_null(axis));
		return;
	default:
		break;
	}
	for (size_t i = first; i < end; i++)
		add_region(axis, at[i]);
	if (at[first]->type == VALUE_STRING) {
		add_region(axis, other_string(axis));
		return;
	}
	for (size_t i = first; i < end; i++)
		add_region(axis,
		    between(axis, i > first ? at[i - 1] : NULL, at[i]));
	add_region(axis, between(axis, at[end - 1], NULL));
}

/*
 * Null comes last, where there may be one: unless it is expected it is not
 * counted as a gap, but a rule may be there for it, and two may contradict
 * each other over it.
 */
void
axis_cut(struct axis *axis)
{
	size_t first = 0;

	must(axis->region_count == 0);
	if (axis->constant_count > 0)
		qsort(axis->constants, axis->constant_count,
		    sizeof(*axis->constants), compare_cb);
	for (size_t i = 1; i <= axis->constant_count; i++) {
		if (i < axis->constant_count && axis->constants[i]->type ==
		    axis->constants[first]->type)
			continue;
		add_kind(axis, first, i);
		first = i;
	}
	axis->is_anything = axis->region_count == 0;
	if ((!axis->is_anything || axis_has_null(axis)) && may_be_null(axis))
		axis->null_at = axis->region_count + 1;
	if (axis->null_at || axis->is_anything)
		add_region(axis, &value_null);
}
