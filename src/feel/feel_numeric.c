/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_numeric.c: functions of numbers (DMN 1.5, table 76).
 */
#include "feel_builtin.h"

#define SCALE_MIN (-6111)
#define SCALE_MAX 6176

/* What they cost beside a sum, measured. */
#define ROUND_STEPS 4
#define MODULO_STEPS 8
#define MODULO_STEPS_LONG 1500
#define ROOT_STEPS 8
#define EXP_STEPS 120
#define LOG_STEPS 300

/* ---------------------------------------------------------------- rounding */

/* To the second argument's digits, or to none where it was left out. */
static const struct value *
round_to(struct feel_call *call, enum number_rounding rounding)
{
	struct number n = feel_builtin_number(call, 0);
	int64_t scale = 0;
	enum number_error error;

	if (!feel_spend(call->run, ROUND_STEPS))
		return &value_null;
	if (call->builtin->count > 1 && call->args[1] != NULL &&
	    (!feel_builtin_int(call, 1, &scale) || scale < SCALE_MIN ||
	    scale > SCALE_MAX))
		return feel_builtin_null(call, "the scale is out of range");
	error = number_round(n, (int)scale, rounding, &n);
	return feel_number_or_null(call->run, call->node, error, n);
}

const struct value *
feel_numeric_decimal(struct feel_call *call)
{
	return round_to(call, NUMBER_HALF_EVEN);
}

const struct value *
feel_numeric_floor(struct feel_call *call)
{
	return round_to(call, NUMBER_FLOOR);
}

const struct value *
feel_numeric_ceiling(struct feel_call *call)
{
	return round_to(call, NUMBER_CEILING);
}

const struct value *
feel_numeric_up(struct feel_call *call)
{
	return round_to(call, NUMBER_UP);
}

const struct value *
feel_numeric_down(struct feel_call *call)
{
	return round_to(call, NUMBER_DOWN);
}

const struct value *
feel_numeric_half_up(struct feel_call *call)
{
	return round_to(call, NUMBER_HALF_UP);
}

const struct value *
feel_numeric_half_down(struct feel_call *call)
{
	return round_to(call, NUMBER_HALF_DOWN);
}

/* -------------------------------------------------------------- arithmetic */

const struct value *
feel_numeric_abs(struct feel_call *call)
{
	const struct value *n = feel_builtin_unwrap(call->args[0]);
	struct duration duration;

	switch (n->type) {
	case VALUE_NUMBER:
		return value_of_number(call->run->arena,
		    number_abs(n->as.number));
	case VALUE_MONTHS:
		return n->as.months >= 0 ? n :
		    value_of_months(call->run->arena, -n->as.months);
	case VALUE_DURATION:
		duration = n->as.duration;
		if (duration.seconds < 0 || duration.nanoseconds < 0) {
			duration.seconds = -duration.seconds;
			duration.nanoseconds = -duration.nanoseconds;
		}
		return value_of_duration(call->run->arena, duration);
	default:
		return feel_builtin_null(call, "`%.*s` has no absolute value",
		    STR_ARG(value_type_name(n->type)));
	}
}

/* A remainder is found digit by digit of the quotient, up to 12,000. */
static bool
pay_modulo(struct feel_call *call, struct number a, struct number b)
{
	struct number quotient;
	bool is_short = number_divide(a, b, &quotient) == NUMBER_OK &&
	    number_compare(number_abs(quotient),
	    number_of_int(INT64_MAX)) < 0;

	return feel_spend(call->run,
	    is_short ? MODULO_STEPS : MODULO_STEPS_LONG);
}

const struct value *
feel_numeric_modulo(struct feel_call *call)
{
	struct number n = feel_builtin_number(call, 0);
	enum number_error error;

	if (!pay_modulo(call, n, feel_builtin_number(call, 1)))
		return &value_null;
	error = number_modulo(n, feel_builtin_number(call, 1), &n);
	return feel_number_or_null(call->run, call->node, error, n);
}

const struct value *
feel_numeric_sqrt(struct feel_call *call)
{
	struct number n = feel_builtin_number(call, 0);
	enum number_error error;

	if (!feel_spend(call->run, ROOT_STEPS))
		return &value_null;
	error = number_sqrt(n, &n);
	return feel_number_or_null(call->run, call->node, error, n);
}

const struct value *
feel_numeric_log(struct feel_call *call)
{
	struct number n = feel_builtin_number(call, 0);
	enum number_error error;

	if (!feel_spend(call->run, LOG_STEPS))
		return &value_null;
	error = number_log(n, &n);
	return feel_number_or_null(call->run, call->node, error, n);
}

const struct value *
feel_numeric_exp(struct feel_call *call)
{
	struct number n = feel_builtin_number(call, 0);
	enum number_error error;

	if (!feel_spend(call->run, EXP_STEPS))
		return &value_null;
	error = number_exp(n, &n);
	return feel_number_or_null(call->run, call->node, error, n);
}

/* Whether the integer's rest by 2 is the wanted one. */
static const struct value *
has_parity(struct feel_call *call, int64_t wanted)
{
	struct number n = feel_builtin_number(call, 0);
	struct number rest;

	if (!number_is_integer(n) ||
	    !pay_modulo(call, n, number_of_int(2)) ||
	    number_modulo(n, number_of_int(2), &rest) != NUMBER_OK)
		return feel_builtin_null(call, "not a whole number");
	return value_of_boolean(number_equal(rest, number_of_int(wanted)));
}

const struct value *
feel_numeric_odd(struct feel_call *call)
{
	return has_parity(call, 1);
}

const struct value *
feel_numeric_even(struct feel_call *call)
{
	return has_parity(call, 0);
}
