/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_arith.c: + - * / ** over numbers, text, dates, times and durations
 * (DMN 1.5, tables 52-54).
 *
 * What two types give together is a row of a table; what has no row is null.
 * A date counts as midnight in UTC where it meets a duration of seconds or a
 * date and time.
 */
#include "feel_priv.h"

#define DAY_SECONDS 86400
#define NANOSECONDS 1000000000

/* What they cost beside a sum, measured. */
#define DIVIDE_STEPS 2
#define POWER_STEPS_WHOLE 120
#define POWER_STEPS 500
#define ZONE_STEPS 8

struct operands {
	struct feel_run *run;
	const struct feel_node *node;
	const struct value *left;
	const struct value *right;
	int sign; /* -1: the right one is subtracted */
};

typedef const struct value *arith_fn(const struct operands *o);

static const struct value *
fail_range(const struct operands *o)
{
	return feel_null(o->run, o->node, "the result is out of range");
}

/* -------------------------------------------------------------------- text */

static const struct value *
join_strings(const struct operands *o)
{
	struct str left = o->left->as.string;
	struct str right = o->right->as.string;
	char *bytes;

	if (!feel_afford(o->run, left.bytes + right.bytes))
		return &value_null;
	bytes = arena_alloc(o->run->arena, left.bytes + right.bytes + 1);
	if (left.bytes > 0)
		memcpy(bytes, left.at, left.bytes);
	if (right.bytes > 0)
		memcpy(bytes + left.bytes, right.at, right.bytes);
	return value_of_str(o->run->arena,
	    (struct str){bytes, left.bytes + right.bytes});
}

/* --------------------------------------------------------------- durations */

static const struct value *
make_duration(const struct operands *o, int64_t seconds, int64_t nanoseconds)
{
	struct duration duration;

	if (nanoseconds <= -NANOSECONDS || nanoseconds >= NANOSECONDS) {
		if (__builtin_add_overflow(seconds, nanoseconds / NANOSECONDS,
		    &seconds))
			return fail_range(o);
		nanoseconds %= NANOSECONDS;
	}
	/* Both of one sign. */
	if (seconds > 0 && nanoseconds < 0) {
		seconds--;
		nanoseconds += NANOSECONDS;
	} else if (seconds < 0 && nanoseconds > 0) {
		seconds++;
		nanoseconds -= NANOSECONDS;
	}
	if (seconds == INT64_MIN)
		return fail_range(o);
	duration.seconds = seconds;
	duration.nanoseconds = (int32_t)nanoseconds;
	return value_of_duration(o->run->arena, duration);
}

static const struct value *
add_durations(const struct operands *o)
{
	struct duration a = o->left->as.duration;
	struct duration b = o->right->as.duration;
	int64_t seconds;

	if (__builtin_add_overflow(a.seconds, o->sign * b.seconds, &seconds))
		return fail_range(o);
	return make_duration(o, seconds,
	    (int64_t)a.nanoseconds + o->sign * b.nanoseconds);
}

static const struct value *
make_months(const struct operands *o, int64_t months)
{
	if (months == INT64_MIN)
		return fail_range(o);
	return value_of_months(o->run->arena, months);
}

static const struct value *
add_months(const struct operands *o)
{
	int64_t months;

	if (__builtin_add_overflow(o->left->as.months,
	    o->sign * o->right->as.months, &months))
		return fail_range(o);
	return make_months(o, months);
}

/* Seconds with their fraction, exactly. */
static enum number_error
number_of_duration(struct duration duration, struct number *out)
{
	struct number billion = number_of_int(NANOSECONDS);
	struct number fraction;
	enum number_error error;

	error = number_divide(number_of_int(duration.nanoseconds), billion,
	    &fraction);
	if (error != NUMBER_OK)
		return error;
	return number_add(number_of_int(duration.seconds), fraction, out);
}

static const struct value *
duration_of_number(const struct operands *o, struct number n)
{
	struct number whole;
	struct number rest;
	int64_t seconds;
	int64_t nanoseconds;

	if (number_round(n, 0, NUMBER_DOWN, &whole) != NUMBER_OK ||
	    !number_to_int(whole, &seconds) ||
	    number_subtract(n, whole, &rest) != NUMBER_OK ||
	    number_multiply(rest, number_of_int(NANOSECONDS), &rest) !=
	    NUMBER_OK ||
	    number_round(rest, 0, NUMBER_DOWN, &rest) != NUMBER_OK ||
	    !number_to_int(rest, &nanoseconds))
		return fail_range(o);
	return make_duration(o, seconds, nanoseconds);
}

/* Whole months; what is left over is cut. */
static const struct value *
months_of_number(const struct operands *o, struct number n)
{
	int64_t months;

	if (number_round(n, 0, NUMBER_DOWN, &n) != NUMBER_OK ||
	    !number_to_int(n, &months))
		return fail_range(o);
	return make_months(o, months);
}

static const struct value *
scale_duration(const struct operands *o)
{
	struct number n;

	if (number_of_duration(o->left->as.duration, &n) != NUMBER_OK ||
	    number_multiply(n, o->right->as.number, &n) != NUMBER_OK)
		return fail_range(o);
	return duration_of_number(o, n);
}

static const struct value *
scale_months(const struct operands *o)
{
	struct number n;

	if (number_multiply(number_of_int(o->left->as.months),
	    o->right->as.number, &n) != NUMBER_OK)
		return fail_range(o);
	return months_of_number(o, n);
}

static const struct value *
divide_duration(const struct operands *o)
{
	struct number n;

	if (number_of_duration(o->left->as.duration, &n) != NUMBER_OK ||
	    number_divide(n, o->right->as.number, &n) != NUMBER_OK)
		return feel_null(o->run, o->node, "division by zero");
	return duration_of_number(o, n);
}

static const struct value *
divide_months(const struct operands *o)
{
	struct number n;

	if (number_divide(number_of_int(o->left->as.months),
	    o->right->as.number, &n) != NUMBER_OK)
		return feel_null(o->run, o->node, "division by zero");
	return months_of_number(o, n);
}

static const struct value *
divide_durations(const struct operands *o)
{
	struct number a;
	struct number b;
	enum number_error error;

	error = number_of_duration(o->left->as.duration, &a);
	if (error == NUMBER_OK)
		error = number_of_duration(o->right->as.duration, &b);
	if (error == NUMBER_OK)
		error = number_divide(a, b, &a);
	return feel_number_or_null(o->run, o->node, error, a);
}

static const struct value *
divide_month_counts(const struct operands *o)
{
	struct number n = number_of_int(0);
	enum number_error error;

	error = number_divide(number_of_int(o->left->as.months),
	    number_of_int(o->right->as.months), &n);
	return feel_number_or_null(o->run, o->node, error, n);
}

/* --------------------------------------------------------- dates and times */

static const struct value *
date_plus_months(const struct operands *o)
{
	struct date date;

	if (o->right->as.months == INT64_MIN || !date_add_months(
	    o->left->as.date, o->sign * o->right->as.months, &date))
		return fail_range(o);
	return value_of_date(o->run->arena, date);
}

static const struct value *
date_time_plus_months(const struct operands *o)
{
	struct date_time sum = *o->left->as.date_time;

	if (!date_add_months(sum.date, o->sign * o->right->as.months,
	    &sum.date))
		return fail_range(o);
	return value_of_date_time(o->run->arena, sum);
}

/* seconds + nanoseconds/10^9 moved by the duration, nanoseconds >= 0. */
static bool
move_seconds(const struct operands *o, int64_t *seconds, int64_t *nanoseconds)
{
	struct duration by = o->right->as.duration;

	if (__builtin_add_overflow(*seconds, o->sign * by.seconds, seconds))
		return false;
	*nanoseconds += o->sign * by.nanoseconds;
	if (*nanoseconds >= NANOSECONDS) {
		*nanoseconds -= NANOSECONDS;
		return !__builtin_add_overflow(*seconds, 1, seconds);
	}
	if (*nanoseconds < 0) {
		*nanoseconds += NANOSECONDS;
		return !__builtin_sub_overflow(*seconds, 1, seconds);
	}
	return true;
}

static bool
make_utc(int64_t seconds, struct date_time *out)
{
	struct time_of_day utc = {.offset_kind = OFFSET_SECONDS};

	return date_time_of_utc(seconds, 0, &utc, out);
}

static const struct value *
date_plus_duration(const struct operands *o)
{
	int64_t seconds = date_to_days(o->left->as.date) * DAY_SECONDS;
	int64_t nanoseconds = 0;
	struct date_time sum;

	if (!move_seconds(o, &seconds, &nanoseconds) ||
	    !make_utc(seconds, &sum))
		return fail_range(o);
	return value_of_date(o->run->arena, sum.date);
}

static const struct value *
date_time_plus_duration(const struct operands *o)
{
	const struct date_time *from = o->left->as.date_time;
	struct date_time sum;
	int64_t seconds;
	int64_t nanoseconds;
	uint32_t fraction;

	if (!feel_spend(o->run, ZONE_STEPS))
		return &value_null;
	date_time_to_utc(from, &seconds, &fraction);
	nanoseconds = fraction;
	if (!move_seconds(o, &seconds, &nanoseconds) || !date_time_of_utc(
	    seconds, (uint32_t)nanoseconds, &from->time, &sum))
		return fail_range(o);
	return value_of_date_time(o->run->arena, sum);
}

/* The clock goes round: 23:00 and two hours are 01:00. */
static const struct value *
time_plus_duration(const struct operands *o)
{
	struct time_of_day time = o->left->as.time;
	int64_t seconds = time.hour * 3600 + time.minute * 60 + time.second;
	int64_t nanoseconds = time.nanosecond;

	if (!move_seconds(o, &seconds, &nanoseconds))
		return fail_range(o);
	seconds = (seconds % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS;
	time.hour = (uint8_t)(seconds / 3600);
	time.minute = (uint8_t)(seconds / 60 % 60);
	time.second = (uint8_t)(seconds % 60);
	time.nanosecond = (uint32_t)nanoseconds;
	return value_of_time(o->run->arena, time);
}

/* What two values subtract as: a point in time, local or not; *zone: whose
 * local time of day it is, NULL for nobody's. */
static struct date_time
point_of(const struct value *value, const struct zone **zone)
{
	struct date_time point = {.date = {1970, 1, 1}};

	*zone = NULL;
	if (value->type == VALUE_DATE_TIME)
		return *value->as.date_time;
	if (value->type == VALUE_TIME) {
		point.time = time_without_date(&value->as.time);
		if (point.time.offset_kind == OFFSET_ZONE) {
			*zone = point.time.zone;
			point.time.offset_kind = OFFSET_NONE;
		}
		return point;
	}
	must(value->type == VALUE_DATE);
	point.date = value->as.date;
	point.time.offset_kind = OFFSET_SECONDS;
	return point;
}

static const struct value *
subtract_points(const struct operands *o)
{
	const struct zone *zones[2];
	struct date_time a = point_of(o->left, &zones[0]);
	struct date_time b = point_of(o->right, &zones[1]);
	int64_t seconds[2];
	uint32_t nanoseconds[2];

	if (zones[0] != zones[1])
		return feel_null(o->run, o->node,
		    "a time of a zone has no offset without a date");
	if ((a.time.offset_kind == OFFSET_NONE) !=
	    (b.time.offset_kind == OFFSET_NONE))
		return feel_null(o->run, o->node,
		    "one of the times has an offset and the other has none");
	date_time_to_utc(&a, &seconds[0], &nanoseconds[0]);
	date_time_to_utc(&b, &seconds[1], &nanoseconds[1]);
	if (__builtin_sub_overflow(seconds[0], seconds[1], &seconds[0]))
		return fail_range(o);
	return make_duration(o, seconds[0],
	    (int64_t)nanoseconds[0] - nanoseconds[1]);
}

/* ------------------------------------------------------------------ tables */

struct row {
	enum feel_op op;
	enum value_type left;
	enum value_type right;
	arith_fn *fn;
	bool swaps; /* the function takes them the other way round */
};

static const struct row rows[] = {
	{FEEL_ADD, VALUE_STRING, VALUE_STRING, join_strings},
	{FEEL_ADD, VALUE_DURATION, VALUE_DURATION, add_durations},
	{FEEL_ADD, VALUE_MONTHS, VALUE_MONTHS, add_months},
	{FEEL_ADD, VALUE_DATE, VALUE_MONTHS, date_plus_months},
	{FEEL_ADD, VALUE_MONTHS, VALUE_DATE, date_plus_months, true},
	{FEEL_ADD, VALUE_DATE, VALUE_DURATION, date_plus_duration},
	{FEEL_ADD, VALUE_DURATION, VALUE_DATE, date_plus_duration, true},
	{FEEL_ADD, VALUE_DATE_TIME, VALUE_MONTHS, date_time_plus_months},
	{FEEL_ADD, VALUE_MONTHS, VALUE_DATE_TIME, date_time_plus_months, true},
	{FEEL_ADD, VALUE_DATE_TIME, VALUE_DURATION, date_time_plus_duration},
	{FEEL_ADD, VALUE_DURATION, VALUE_DATE_TIME, date_time_plus_duration,
	    true},
	{FEEL_ADD, VALUE_TIME, VALUE_DURATION, time_plus_duration},
	{FEEL_ADD, VALUE_DURATION, VALUE_TIME, time_plus_duration, true},
	{FEEL_SUBTRACT, VALUE_DURATION, VALUE_DURATION, add_durations},
	{FEEL_SUBTRACT, VALUE_MONTHS, VALUE_MONTHS, add_months},
	{FEEL_SUBTRACT, VALUE_DATE, VALUE_MONTHS, date_plus_months},
	{FEEL_SUBTRACT, VALUE_DATE, VALUE_DURATION, date_plus_duration},
	{FEEL_SUBTRACT, VALUE_DATE_TIME, VALUE_MONTHS, date_time_plus_months},
	{FEEL_SUBTRACT, VALUE_DATE_TIME, VALUE_DURATION,
	    date_time_plus_duration},
	{FEEL_SUBTRACT, VALUE_TIME, VALUE_DURATION, time_plus_duration},
	{FEEL_SUBTRACT, VALUE_DATE, VALUE_DATE, subtract_points},
	{FEEL_SUBTRACT, VALUE_DATE, VALUE_DATE_TIME, subtract_points},
	{FEEL_SUBTRACT, VALUE_DATE_TIME, VALUE_DATE, subtract_points},
	{FEEL_SUBTRACT, VALUE_DATE_TIME, VALUE_DATE_TIME, subtract_points},
	{FEEL_SUBTRACT, VALUE_TIME, VALUE_TIME, subtract_points},
	{FEEL_MULTIPLY, VALUE_DURATION, VALUE_NUMBER, scale_duration},
	{FEEL_MULTIPLY, VALUE_NUMBER, VALUE_DURATION, scale_duration, true},
	{FEEL_MULTIPLY, VALUE_MONTHS, VALUE_NUMBER, scale_months},
	{FEEL_MULTIPLY, VALUE_NUMBER, VALUE_MONTHS, scale_months, true},
	{FEEL_DIVIDE, VALUE_DURATION, VALUE_NUMBER, divide_duration},
	{FEEL_DIVIDE, VALUE_DURATION, VALUE_DURATION, divide_durations},
	{FEEL_DIVIDE, VALUE_MONTHS, VALUE_NUMBER, divide_months},
	{FEEL_DIVIDE, VALUE_MONTHS, VALUE_MONTHS, divide_month_counts},
};

typedef enum number_error number_fn(struct number a, struct number b,
    struct number *out);

struct number_row {
	const char *name;
	number_fn *fn;
};

static const struct number_row number_rows[] = {
	[FEEL_ADD - FEEL_ADD] = {"added", number_add},
	[FEEL_SUBTRACT - FEEL_ADD] = {"subtracted", number_subtract},
	[FEEL_MULTIPLY - FEEL_ADD] = {"multiplied", number_multiply},
	[FEEL_DIVIDE - FEEL_ADD] = {"divided", number_divide},
	[FEEL_POWER - FEEL_ADD] = {"raised to a power", number_power},
};

static const struct row *
find_row(enum feel_op op, enum value_type left, enum value_type right)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].op == op && rows[i].left == left &&
		    rows[i].right == right)
			return &rows[i];
	}
	return NULL;
}

unsigned
feel_arith_types(enum feel_op op, enum value_type left, enum value_type right)
{
	if (left == VALUE_NUMBER && right == VALUE_NUMBER)
		return FEEL_TYPE_BIT(VALUE_NUMBER);
	if (find_row(op, left, right) == NULL)
		return 0;
	return left == VALUE_STRING ? FEEL_TYPE_BIT(VALUE_STRING) :
	    FEEL_TYPES_ANY;
}

static const struct value *
apply_numbers(struct feel_run *run, const struct feel_node *node,
    enum feel_op op, struct number a, struct number b)
{
	struct number result = number_of_int(0);
	enum number_error error;

	if (op >= FEEL_DIVIDE && !feel_spend(run, DIVIDE_STEPS))
		return &value_null;
	if (op == FEEL_DIVIDE && number_is_zero(b))
		return feel_null(run, node, "division by zero");
	error = number_rows[op - FEEL_ADD].fn(a, b, &result);
	/* What has an exact result is found by multiplying. */
	if (op == FEEL_POWER &&
	    (error != NUMBER_OK || !number_is_short(result)) &&
	    !feel_spend(run, number_is_integer(b) ? POWER_STEPS_WHOLE :
	    POWER_STEPS))
		return &value_null;
	return feel_number_or_null(run, node, error, result);
}

const struct value *
feel_arith_apply(struct feel_run *run, const struct feel_node *node,
    enum feel_op op, const struct value *left, const struct value *right)
{
	struct operands o = {run, node, left, right, 1};
	const struct row *row;

	must(op >= FEEL_ADD && op <= FEEL_POWER);
	if (left->type == VALUE_NUMBER && right->type == VALUE_NUMBER)
		return apply_numbers(run, node, op, left->as.number,
		    right->as.number);
	/* Texts are joined without being read. */
	if (op != FEEL_ADD) {
		feel_look(run, (struct str){NULL, 0}, left);
		feel_look(run, (struct str){NULL, 0}, right);
	}
	row = find_row(op, left->type, right->type);
	if (row == NULL)
		return feel_null(run, node, "`%.*s` and `%.*s` cannot be %s",
		    STR_ARG(value_type_name(left->type)),
		    STR_ARG(value_type_name(right->type)),
		    number_rows[op - FEEL_ADD].name);
	if (op == FEEL_SUBTRACT)
		o.sign = -1;
	if (row->swaps) {
		o.left = right;
		o.right = left;
	}
	return row->fn(&o);
}

/* ------------------------------------------------------------------- nodes */

const struct value *
feel_arith_binary(struct feel_run *run, const struct feel_node *node)
{
	const struct value *left = feel_eval_node(run, node->as.of.left);
	const struct value *right = feel_eval_node(run, node->as.of.right);

	return feel_arith_apply(run, node, node->op, left, right);
}

const struct value *
feel_arith_negate(struct feel_run *run, const struct feel_node *node)
{
	const struct value *value = feel_eval_node(run, node->as.of.left);
	struct duration duration;

	switch (value->type) {
	case VALUE_NUMBER:
		return value_of_number(run->arena,
		    number_negate(value->as.number));
	case VALUE_MONTHS:
		return value_of_months(run->arena, -value->as.months);
	case VALUE_DURATION:
		duration.seconds = -value->as.duration.seconds;
		duration.nanoseconds = -value->as.duration.nanoseconds;
		return value_of_duration(run->arena, duration);
	default:
		return feel_null(run, node, "`%.*s` has no negative",
		    STR_ARG(value_type_name(value->type)));
	}
}
