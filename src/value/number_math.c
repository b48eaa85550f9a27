/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_math.c: arithmetic, by Intel's decimal library.
 *
 * The library is called by value with the rounding mode and the flags passed
 * at each call, so it keeps no state (configure sets that up).  No other file
 * sees its headers.  A result that is infinite or not a number never leaves
 * this one.
 *
 * The library rounds sums, products, quotients and roots correctly.  Its
 * exp, log and powers are good to about 33 digits: number_wide.c finds them
 * all, and the library is asked where it finds no number of the usual kind.
 * Whole powers that fit in 34 digits are exact, with the digits that
 * multiplying gives.
 */
#include "stated/number.h"

#include <bid_conf.h>
#include <bid_functions.h>

#include "number_priv.h"
#include "number_wide.h"

#define NEAREST_EVEN 0u

static BID_UINT128
to_bid(struct number n)
{
	return (BID_UINT128){{n.words[0], n.words[1]}};
}

/* A negative zero becomes zero. */
static struct number
of_bid(BID_UINT128 bid)
{
	struct number n = {{bid.w[0], bid.w[1]}};
	return number_join(number_split(n));
}

/* The result of an operation that raised `flags`. */
static enum number_error
finish(BID_UINT128 bid, unsigned flags, struct number *out)
{
	if (flags & (BID_INVALID_EXCEPTION | BID_ZERO_DIVIDE_EXCEPTION))
		return NUMBER_UNDEFINED;
	if (!bid128_isFinite(bid))
		return NUMBER_RANGE;
	*out = of_bid(bid);
	return NUMBER_OK;
}

/* The same for functions that fill up their result with zeros: 4 ** 0.5 is 2,
 * not 2.000…. */
static enum number_error
finish_trimmed(BID_UINT128 bid, unsigned flags, struct number *out)
{
	struct number n;
	enum number_error error = finish(bid, flags, &n);
	if (error)
		return error;
	struct number_parts parts = number_split(n);
	while (parts.exponent < 0 && parts.coefficient % 10 == 0) {
		parts.coefficient /= 10;
		parts.exponent++;
	}
	*out = number_join(parts);
	return NUMBER_OK;
}

/* The exact sum at the lower exponent, where that is plain to see: most
 * amounts have few digits, and the library is made for all. */
static bool
add_small(struct number_parts a, struct number_parts b, struct number *out)
{
	number_coefficient high, low;

	if (a.exponent < b.exponent) {
		struct number_parts swapped = a;

		a = b;
		b = swapped;
	}
	if (!number_scale_small(a, b.exponent, &high))
		return false;
	low = b.coefficient;
	if (a.negative == b.negative) {
		high += low;
	} else if (high >= low) {
		high -= low;
	} else {
		high = low - high;
		a.negative = b.negative;
	}
	if (high >= NUMBER_COEFFICIENT_END)
		return false;
	a.coefficient = high;
	a.exponent = b.exponent;
	*out = number_join(a);
	return true;
}

enum number_error
number_add(struct number a, struct number b, struct number *out)
{
	unsigned flags = 0;

	if (add_small(number_split(a), number_split(b), out))
		return NUMBER_OK;
	BID_UINT128 sum =
	    bid128_add(to_bid(a), to_bid(b), NEAREST_EVEN, &flags);
	return finish(sum, flags, out);
}

enum number_error
number_subtract(struct number a, struct number b, struct number *out)
{
	unsigned flags = 0;
	struct number_parts subtracted = number_split(b);

	subtracted.negative = !subtracted.negative;
	if (add_small(number_split(a), subtracted, out))
		return NUMBER_OK;
	BID_UINT128 difference =
	    bid128_sub(to_bid(a), to_bid(b), NEAREST_EVEN, &flags);
	return finish(difference, flags, out);
}

/* The same of a product. */
static bool
multiply_small(struct number_parts a, struct number_parts b, struct number *out)
{
	if (a.coefficient > UINT64_MAX || b.coefficient > UINT64_MAX)
		return false;
	a.coefficient *= b.coefficient;
	a.exponent += b.exponent;
	a.negative ^= b.negative;
	if (a.coefficient >= NUMBER_COEFFICIENT_END ||
	    a.exponent < NUMBER_EXPONENT_MIN ||
	    a.exponent > NUMBER_EXPONENT_MAX)
		return false;
	*out = number_join(a);
	return true;
}

enum number_error
number_multiply(struct number a, struct number b, struct number *out)
{
	unsigned flags = 0;

	if (multiply_small(number_split(a), number_split(b), out))
		return NUMBER_OK;
	BID_UINT128 product =
	    bid128_mul(to_bid(a), to_bid(b), NEAREST_EVEN, &flags);
	return finish(product, flags, out);
}

enum number_error
number_divide(struct number a, struct number b, struct number *out)
{
	unsigned flags = 0;
	BID_UINT128 quotient =
	    bid128_div(to_bid(a), to_bid(b), NEAREST_EVEN, &flags);
	return finish(quotient, flags, out);
}

enum number_error
number_modulo(struct number a, struct number b, struct number *out)
{
	unsigned flags = 0;
	/* Exact; it has the sign of a. */
	BID_UINT128 rest = bid128_fmod(to_bid(a), to_bid(b), &flags);
	struct number remainder;
	enum number_error error = finish(rest, flags, &remainder);
	if (error)
		return error;
	bool other_side = !number_is_zero(remainder) &&
	    number_is_negative(remainder) != number_is_negative(b);
	if (other_side)
		return number_add(remainder, b, out);
	*out = remainder;
	return NUMBER_OK;
}

enum number_error
number_sqrt(struct number a, struct number *out)
{
	unsigned flags = 0;
	BID_UINT128 root = bid128_sqrt(to_bid(a), NEAREST_EVEN, &flags);
	return finish(root, flags, out);
}

enum number_error
number_exp(struct number a, struct number *out)
{
	if (number_is_zero(a)) {
		*out = number_of_int(1);
		return NUMBER_OK;
	}
	if (number_wide_exp(a, out))
		return NUMBER_OK;
	unsigned flags = 0;
	BID_UINT128 power = bid128_exp(to_bid(a), NEAREST_EVEN, &flags);
	return finish_trimmed(power, flags, out);
}

static enum number_error
log_by_library(struct number a, struct number *out)
{
	unsigned flags = 0;
	BID_UINT128 logarithm = bid128_log(to_bid(a), NEAREST_EVEN, &flags);
	return finish_trimmed(logarithm, flags, out);
}

enum number_error
number_log(struct number a, struct number *out)
{
	if (number_is_zero(a) || number_is_negative(a))
		return NUMBER_UNDEFINED;
	return number_wide_log(a, out) ? NUMBER_OK : log_by_library(a, out);
}

/* base^exponent by squaring; false where a digit got lost on the way. */
static bool
power_exactly(struct number base, uint64_t exponent, struct number *out)
{
	unsigned flags = 0;
	BID_UINT128 square = to_bid(base);
	BID_UINT128 product = to_bid(number_of_int(1));
	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			product =
			    bid128_mul(product, square, NEAREST_EVEN, &flags);
		if (exponent > 1)
			square =
			    bid128_mul(square, square, NEAREST_EVEN, &flags);
		if (flags)
			return false;
	}
	*out = of_bid(product);
	return true;
}

static enum number_error
power_by_library(struct number a, struct number b, struct number *out)
{
	unsigned flags = 0;
	BID_UINT128 power =
	    bid128_pow(to_bid(a), to_bid(b), NEAREST_EVEN, &flags);
	return finish_trimmed(power, flags, out);
}

/* What neither is exact nor has few digits.  Of a whole power from about 10^7
 * on, the digits without their point can be too large on the way. */
static enum number_error
power_nearly(struct number a, struct number b, const int64_t *exponent,
    struct number *out)
{
	bool is_found =
	    (exponent && number_wide_power_whole(a, *exponent, out)) ||
	    number_wide_power(a, b, out);
	return is_found ? NUMBER_OK : power_by_library(a, b, out);
}

enum number_error
number_power(struct number a, struct number b, struct number *out)
{
	int64_t exponent;
	if (number_is_zero(a) && number_is_negative(b))
		return NUMBER_UNDEFINED;
	if (!number_to_int(b, &exponent) || exponent == INT64_MIN)
		return power_nearly(a, b, NULL, out);
	struct number power;
	uint64_t times = (uint64_t)(exponent < 0 ? -exponent : exponent);
	if (!power_exactly(a, times, &power))
		return power_nearly(a, b, &exponent, out);
	if (exponent < 0)
		return number_divide(number_of_int(1), power, out);
	*out = power;
	return NUMBER_OK;
}
