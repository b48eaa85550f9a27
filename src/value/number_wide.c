/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_wide.c: powers, exp and log, rounded correctly.
 *
 * A wide number has ten limbs of nine digits, 82 digits at least.  What is
 * cut off is remembered, so that a result whose further digits look like
 * exactly a half is still rounded the right way.  A result that lies closer
 * to a half than some 60 digits can tell is beyond what anybody will meet.
 */
#include "number_wide.h"

#include "number_priv.h"

#define LIMBS 10
#define LIMB 1000000000u
#define LIMB_DIGITS 9
/* exp() of what is 2^24 times smaller is multiplied by itself 24 times. */
#define HALVINGS 24
/* Of the logarithm of a number that there is. */
#define LOG_MAX 14200
#define TERMS_MAX 100

/* The limbs, the highest first, follow a point that is moved by `exponent`
 * limbs to the right; the first of them is not 0 but in zero. */
struct wide {
	uint32_t limbs[LIMBS];
	int64_t exponent;
	bool negative;
	bool is_cut; /* there were more digits */
};

/* Without leading zeros, and cut to what there is room for. */
static struct wide
settle(const uint32_t *limbs, size_t count, int64_t exponent)
{
	struct wide wide = {.exponent = exponent};
	size_t first = 0;

	while (first < count && limbs[first] == 0)
		first++;
	wide.exponent -= (int64_t)first;
	for (size_t i = first; i < count; i++) {
		if (i - first < LIMBS)
			wide.limbs[i - first] = limbs[i];
		else
			wide.is_cut |= limbs[i] != 0;
	}
	return wide;
}

static bool
is_zero(const struct wide *wide)
{
	return wide->limbs[0] == 0;
}

static struct wide
of_parts(struct number_parts parts)
{
	uint32_t limbs[6];
	uint64_t carry = 0;
	int places = ((parts.exponent % LIMB_DIGITS) + LIMB_DIGITS) %
	    LIMB_DIGITS;
	uint64_t factor = (uint64_t)number_power_of_ten(places);
	struct wide wide;

	for (size_t i = 6; i-- > 0;) {
		carry += (uint64_t)(parts.coefficient % LIMB) * factor;
		limbs[i] = (uint32_t)(carry % LIMB);
		carry /= LIMB;
		parts.coefficient /= LIMB;
	}
	must(carry == 0 && parts.coefficient == 0);
	wide = settle(limbs, 6, (parts.exponent - places) / LIMB_DIGITS + 6);
	wide.negative = parts.negative;
	return wide;
}

static struct wide
of_number(struct number n)
{
	return of_parts(number_split(n));
}

/* -------------------------------------------------------------- arithmetic */

static struct wide
multiply(const struct wide *a, const struct wide *b)
{
	uint64_t sums[2 * LIMBS] = {0};
	uint32_t limbs[2 * LIMBS];
	uint64_t carry = 0;
	struct wide wide;

	/* Ten products of two limbs fit. */
	for (size_t i = 0; i < LIMBS; i++)
		for (size_t k = 0; k < LIMBS; k++)
			sums[i + k + 1] +=
			    (uint64_t)a->limbs[i] * b->limbs[k];
	for (size_t i = 2 * LIMBS; i-- > 0;) {
		carry += sums[i];
		limbs[i] = (uint32_t)(carry % LIMB);
		carry /= LIMB;
	}
	must(carry == 0);
	wide = settle(limbs, 2 * LIMBS, a->exponent + b->exponent);
	wide.negative = a->negative != b->negative;
	wide.is_cut |= a->is_cut || b->is_cut;
	return wide;
}

/* <0, 0, >0 without the signs. */
static int
compare_sizes(const struct wide *a, const struct wide *b)
{
	if (is_zero(a) || is_zero(b))
		return !is_zero(a) - !is_zero(b);
	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	for (size_t i = 0; i < LIMBS; i++)
		if (a->limbs[i] != b->limbs[i])
			return a->limbs[i] < b->limbs[i] ? -1 : 1;
	return 0;
}

/* `a` is not the smaller one in size. */
static struct wide
add_smaller(const struct wide *a, const struct wide *b)
{
	uint32_t limbs[2 * LIMBS + 1] = {0};
	int64_t gap = a->exponent - b->exponent;
	int64_t carry = 0;
	struct wide wide = *a;

	if (is_zero(b) || gap > LIMBS) {
		wide.is_cut |= b->is_cut || !is_zero(b);
		return wide;
	}
	must(gap >= 0);
	for (size_t i = 2 * LIMBS + 1; i-- > 0;) {
		size_t of_a = i - 1, of_b = i - 1 - (size_t)gap;

		if (i >= 1 && of_a < LIMBS)
			carry += a->limbs[of_a];
		if (i >= 1 + (size_t)gap && of_b < LIMBS)
			carry += a->negative == b->negative ?
			    (int64_t)b->limbs[of_b] :
			    -(int64_t)b->limbs[of_b];
		limbs[i] = (uint32_t)((carry + LIMB) % LIMB);
		carry = (carry - (int64_t)limbs[i]) / (int64_t)LIMB;
	}
	must(carry == 0);
	wide = settle(limbs, 2 * LIMBS + 1, a->exponent + 1);
	wide.negative = a->negative;
	wide.is_cut |= a->is_cut || b->is_cut;
	return wide;
}

static struct wide
add(const struct wide *a, const struct wide *b)
{
	return compare_sizes(a, b) >= 0 ? add_smaller(a, b) :
	    add_smaller(b, a);
}

static struct wide
subtract(const struct wide *a, const struct wide *b)
{
	struct wide negated = *b;

	negated.negative = !b->negative;
	return add(a, &negated);
}

static struct wide
divide_small(const struct wide *a, uint32_t divisor)
{
	uint32_t limbs[LIMBS + 1];
	uint64_t rest = 0;
	struct wide wide;

	must(divisor > 0 && divisor < LIMB);
	for (size_t i = 0; i <= LIMBS; i++) {
		rest = rest * LIMB + (i < LIMBS ? a->limbs[i] : 0);
		limbs[i] = (uint32_t)(rest / divisor);
		rest %= divisor;
	}
	wide = settle(limbs, LIMBS + 1, a->exponent);
	wide.negative = a->negative;
	wide.is_cut |= a->is_cut || rest != 0;
	return wide;
}

/* 1 / n, digit by digit. */
static struct wide
reciprocal(struct number n)
{
	struct number_parts parts = number_split(n);
	uint32_t limbs[LIMBS + 5]; /* up to four are zeros in front */
	number_coefficient rest = 1;
	struct wide inverse, scale = of_parts((struct number_parts){
	    1, -parts.exponent, parts.negative});

	must(parts.coefficient > 0);
	/* The only inverse that has a digit before its point. */
	if (parts.coefficient == 1)
		return scale;
	for (size_t i = 0; i < LIMBS + 5; i++) {
		limbs[i] = 0;
		for (int k = 0; k < LIMB_DIGITS; k++) {
			rest *= 10;
			limbs[i] = limbs[i] * 10 +
			    (uint32_t)(rest / parts.coefficient);
			rest %= parts.coefficient;
		}
	}
	inverse = settle(limbs, LIMBS + 5, 0);
	inverse.is_cut |= rest != 0;
	return multiply(&inverse, &scale);
}

/* ---------------------------------------------------------------- rounding */

static void
write_digits(const struct wide *wide, char digits[LIMBS * LIMB_DIGITS])
{
	for (size_t i = 0; i < LIMBS; i++) {
		uint32_t limb = wide->limbs[i];

		for (size_t k = LIMB_DIGITS; k-- > 0; limb /= 10)
			digits[i * LIMB_DIGITS + k] = (char)(limb % 10);
	}
}

/* Whether what follows the 34 digits makes the last of them one more. */
static bool
rounds_up(const char *rest, size_t count, bool is_cut, bool is_odd)
{
	bool is_more = is_cut;

	for (size_t i = 1; i < count; i++)
		is_more |= rest[i] != 0;
	return rest[0] > 5 || (rest[0] == 5 && (is_more || is_odd));
}

/* Half even, without zeros that nobody wrote behind the point. */
static bool
to_number(const struct wide *wide, struct number *out)
{
	char digits[LIMBS * LIMB_DIGITS];
	struct number_parts parts = {.negative = wide->negative};
	size_t first = 0;
	size_t end;
	int64_t exponent;

	if (is_zero(wide))
		return false;
	write_digits(wide, digits);
	while (digits[first] == 0)
		first++;
	end = first + NUMBER_DIGITS_MAX;
	for (size_t i = first; i < end; i++)
		parts.coefficient = parts.coefficient * 10 +
		    (unsigned char)digits[i];
	if (rounds_up(digits + end, sizeof(digits) - end, wide->is_cut,
		parts.coefficient & 1))
		parts.coefficient++;
	exponent = wide->exponent * LIMB_DIGITS - (int64_t)end;
	while (parts.coefficient % 10 == 0 && (exponent < 0 ||
	    parts.coefficient >= NUMBER_COEFFICIENT_END)) {
		parts.coefficient /= 10;
		exponent++;
	}
	if (exponent < NUMBER_EXPONENT_MIN || exponent > NUMBER_EXPONENT_MAX)
		return false;
	parts.exponent = (int)exponent;
	*out = number_join(parts);
	return true;
}

/* --------------------------------------------------------------- functions */

/* The series of exp(a / 2^24), which gains three digits a term. */
static struct wide
exp_wide(const struct wide *a)
{
	struct wide small = divide_small(a, UINT32_C(1) << HALVINGS);
	struct wide sum = of_number(number_of_int(1));
	struct wide term = sum;

	for (uint32_t n = 1; n < TERMS_MAX; n++) {
		term = multiply(&term, &small);
		term = divide_small(&term, n);
		if (is_zero(&term) || term.exponent < -LIMBS)
			break;
		sum = add(&sum, &term);
	}
	for (int i = 0; i < HALVINGS; i++)
		sum = multiply(&sum, &sum);
	sum.is_cut = true;
	return sum;
}

/* By Halley's method, which makes three times as many digits right:
 * y + 2 (a - exp y) / (a + exp y). */
static bool
log_wide(struct number a, struct number near, struct wide *out)
{
	struct wide wanted = of_number(a);
	struct wide found = of_number(near);
	struct wide raised = exp_wide(&found);
	struct wide gap = subtract(&wanted, &raised);
	struct wide sum = add(&wanted, &raised);
	struct number over, under, step;

	*out = found;
	if (is_zero(&gap))
		return true;
	if (!to_number(&gap, &over) || !to_number(&sum, &under) ||
	    number_add(over, over, &over) != NUMBER_OK ||
	    number_divide(over, under, &step) != NUMBER_OK)
		return false;
	gap = of_number(step);
	*out = add(&found, &gap);
	out->is_cut = true;
	return true;
}

bool
number_wide_exp(struct number a, struct number *out)
{
	struct wide wide = of_number(a);

	if (number_compare(number_abs(a), number_of_int(LOG_MAX)) > 0)
		return false;
	wide = exp_wide(&wide);
	return to_number(&wide, out);
}

bool
number_wide_log(struct number a, struct number near, struct number *out)
{
	struct wide wide;

	return log_wide(a, near, &wide) && to_number(&wide, out);
}

bool
number_wide_power(struct number a, struct number near, struct number b,
    struct number *out)
{
	struct wide wide, limit = of_number(number_of_int(LOG_MAX));
	struct wide factor = of_number(b);

	if (!log_wide(a, near, &wide))
		return false;
	wide = multiply(&wide, &factor);
	if (compare_sizes(&wide, &limit) > 0)
		return false;
	wide = exp_wide(&wide);
	return to_number(&wide, out);
}

bool
number_wide_power_whole(struct number a, int64_t exponent, struct number *out)
{
	struct wide square = exponent < 0 ? reciprocal(a) : of_number(a);
	struct wide product = of_number(number_of_int(1));
	uint64_t times = exponent < 0 ? 0 - (uint64_t)exponent :
	    (uint64_t)exponent;

	for (; times > 0; times >>= 1) {
		if (times & 1)
			product = multiply(&product, &square);
		if (times > 1)
			square = multiply(&square, &square);
	}
	return to_number(&product, out);
}
