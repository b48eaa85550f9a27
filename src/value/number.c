/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c: what a number is: its parts, its order and its rounding.
 *
 * Rounding is done on the coefficient as an integer: it is exact, has all
 * the modes that finance asks for (half down is in no IEEE standard), and
 * there is nothing to get wrong in a division by a power of ten.
 */
#include "stated/number.h"

#include "number_priv.h"

/* 10^19 is the last power that a word holds. */
#define WORD_EXPONENT_MAX 19

number_coefficient
number_power_of_ten(int exponent)
{
	static const uint64_t powers[WORD_EXPONENT_MAX + 1] = {
	    1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u,
	    100000000u, 1000000000u, 10000000000u, 100000000000u,
	    1000000000000u, 10000000000000u, 100000000000000u,
	    1000000000000000u, 10000000000000000u, 100000000000000000u,
	    1000000000000000000u, 10000000000000000000u};

	must(exponent >= 0 && exponent <= 2 * WORD_EXPONENT_MAX);
	if (exponent <= WORD_EXPONENT_MAX)
		return powers[exponent];
	return (number_coefficient)powers[WORD_EXPONENT_MAX] *
	    powers[exponent - WORD_EXPONENT_MAX];
}

int
number_count_digits(number_coefficient coefficient)
{
	int digits = 1;
	/* Two words are divided by a routine; one, by an instruction. */
	for (; coefficient > UINT64_MAX; digits++)
		coefficient /= 10;
	for (uint64_t word = (uint64_t)coefficient; word >= 10; digits++)
		word /= 10;
	return digits;
}

struct number
number_of_int(int64_t n)
{
	uint64_t magnitude = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	return number_join((struct number_parts){
	    .coefficient = magnitude, .negative = n < 0});
}

/* Without trailing zeros in the coefficient, so that equal numbers have equal
 * parts; zero has exponent 0. */
static struct number_parts
reduce(struct number_parts parts)
{
	if (parts.coefficient == 0)
		return (struct number_parts){0};
	while (parts.coefficient > UINT64_MAX && parts.coefficient % 10 == 0 &&
	    parts.exponent < NUMBER_EXPONENT_MAX) {
		parts.coefficient /= 10;
		parts.exponent++;
	}
	if (parts.coefficient > UINT64_MAX)
		return parts;
	uint64_t word = (uint64_t)parts.coefficient;
	for (; word % 10 == 0 && parts.exponent < NUMBER_EXPONENT_MAX;
	     parts.exponent++)
		word /= 10;
	parts.coefficient = word;
	return parts;
}

struct number
number_reduce(struct number n)
{
	return number_join(reduce(number_split(n)));
}

bool
number_to_int(struct number n, int64_t *out)
{
	struct number_parts parts = reduce(number_split(n));
	if (parts.exponent < 0 || parts.exponent > 18)
		return false;
	if (parts.coefficient > (uint64_t)INT64_MAX + 1)
		return false;
	number_coefficient magnitude =
	    parts.coefficient * number_power_of_ten(parts.exponent);
	if (magnitude > (uint64_t)INT64_MAX + (parts.negative ? 1 : 0))
		return false;
	uint64_t bits = (uint64_t)magnitude;
	*out = (int64_t)(parts.negative ? 0 - bits : bits);
	return true;
}

bool
number_is_valid(struct number n)
{
	if ((n.words[1] & NUMBER_SPECIAL_BITS) == NUMBER_SPECIAL_BITS)
		return false;
	struct number_parts parts = number_split(n);
	return parts.coefficient < NUMBER_COEFFICIENT_END &&
	    !(parts.negative && parts.coefficient == 0);
}

bool
number_is_zero(struct number n)
{
	return number_split(n).coefficient == 0;
}

bool
number_is_negative(struct number n)
{
	struct number_parts parts = number_split(n);
	return parts.negative && parts.coefficient != 0;
}

bool
number_is_short(struct number n)
{
	return number_split(n).coefficient <= UINT64_MAX;
}

bool
number_is_integer(struct number n)
{
	return reduce(number_split(n)).exponent >= 0;
}

bool
number_scale_small(struct number_parts parts, int exponent,
    number_coefficient *out)
{
	int digits = parts.exponent - exponent;

	must(digits >= 0);
	if (parts.coefficient > UINT64_MAX || digits > WORD_EXPONENT_MAX)
		return false;
	*out = parts.coefficient * number_power_of_ten(digits);
	return true;
}

static int
compare_coefficients(number_coefficient a, number_coefficient b)
{
	return (a > b) - (a < b);
}

/* Order of magnitudes; neither is zero. */
static int
compare_magnitudes(struct number_parts a, struct number_parts b)
{
	number_coefficient scaled;

	if (a.exponent >= b.exponent &&
	    number_scale_small(a, b.exponent, &scaled))
		return compare_coefficients(scaled, b.coefficient);
	if (a.exponent < b.exponent &&
	    number_scale_small(b, a.exponent, &scaled))
		return compare_coefficients(a.coefficient, scaled);
	int a_top = a.exponent + number_count_digits(a.coefficient);
	int b_top = b.exponent + number_count_digits(b.coefficient);
	if (a_top != b_top)
		return a_top < b_top ? -1 : 1;
	/* The tops agree, so the exponents differ by at most 33 and the
	 * scaled coefficient has at most 34 digits. */
	if (a.exponent > b.exponent)
		a.coefficient *= number_power_of_ten(a.exponent - b.exponent);
	else
		b.coefficient *= number_power_of_ten(b.exponent - a.exponent);
	return compare_coefficients(a.coefficient, b.coefficient);
}

/* -1, 0 or 1. */
static int
sign_of(struct number_parts parts)
{
	if (parts.coefficient == 0)
		return 0;
	return parts.negative ? -1 : 1;
}

int
number_compare(struct number a, struct number b)
{
	struct number_parts a_parts = number_split(a);
	struct number_parts b_parts = number_split(b);
	int a_sign = sign_of(a_parts);
	int b_sign = sign_of(b_parts);
	if (a_sign != b_sign)
		return a_sign < b_sign ? -1 : 1;
	if (a_sign == 0)
		return 0;
	return a_sign * compare_magnitudes(a_parts, b_parts);
}

bool
number_equal(struct number a, struct number b)
{
	return number_compare(a, b) == 0;
}

struct number
number_negate(struct number n)
{
	struct number_parts parts = number_split(n);
	parts.negative = !parts.negative;
	return number_join(parts);
}

struct number
number_abs(struct number n)
{
	struct number_parts parts = number_split(n);
	parts.negative = false;
	return number_join(parts);
}

/* Whether to go one up from `quotient` in magnitude, where `rest` out of
 * `divisor` is cut off. */
static bool
rounds_up(struct number_parts cut, number_coefficient rest,
    number_coefficient divisor, enum number_rounding rounding)
{
	if (rest == 0)
		return false;
	bool over_half = rest > divisor - rest;
	bool half = rest == divisor - rest;
	switch (rounding) {
	case NUMBER_HALF_EVEN:
		return over_half || (half && (cut.coefficient & 1));
	case NUMBER_HALF_UP:
		return over_half || half;
	case NUMBER_HALF_DOWN:
		return over_half;
	case NUMBER_UP:
		return true;
	case NUMBER_DOWN:
		return false;
	case NUMBER_FLOOR:
		return cut.negative;
	case NUMBER_CEILING:
		return !cut.negative;
	}
	unreachable("all ways of rounding are listed");
}

/* Cuts `dropped` digits (at least 1) off the coefficient. */
static struct number_parts
cut_digits(struct number_parts parts, int dropped,
    enum number_rounding rounding)
{
	/* One digit more than there can be gives less than a tenth: the same
	 * answer as any number of digits beyond. */
	int shift = dropped;
	if (shift > NUMBER_DIGITS_MAX)
		shift = NUMBER_DIGITS_MAX + 1;
	number_coefficient divisor = number_power_of_ten(shift);
	number_coefficient rest = parts.coefficient % divisor;
	parts.coefficient /= divisor;
	parts.exponent += dropped;
	if (rounds_up(parts, rest, divisor, rounding))
		parts.coefficient++;
	return parts;
}

/* With the exponent lowered to `exponent`, or the number unchanged where the
 * zeros don't fit in 34 digits. */
static struct number_parts
pad_digits(struct number_parts parts, int exponent)
{
	int added = parts.exponent - exponent;
	must(added >= 0);
	if (parts.coefficient == 0 || added == 0) {
		parts.exponent = exponent;
		return parts;
	}
	int digits = number_count_digits(parts.coefficient);
	if (added > NUMBER_DIGITS_MAX - digits)
		return parts;
	parts.coefficient *= number_power_of_ten(added);
	parts.exponent = exponent;
	return parts;
}

enum number_error
number_round(struct number n, int scale, enum number_rounding rounding,
    struct number *out)
{
	if (scale < -NUMBER_EXPONENT_MAX || scale > -NUMBER_EXPONENT_MIN)
		return NUMBER_RANGE;
	struct number_parts parts = number_split(n);
	int exponent = -scale;
	if (parts.exponent < exponent)
		parts = cut_digits(parts, exponent - parts.exponent, rounding);
	else
		parts = pad_digits(parts, exponent);
	/* Hundreds are written 1200, not 12E+2, where that fits. */
	if (parts.exponent > 0)
		parts = pad_digits(parts, 0);
	if (parts.coefficient >= NUMBER_COEFFICIENT_END)
		return NUMBER_RANGE;
	*out = number_join(parts);
	return NUMBER_OK;
}
