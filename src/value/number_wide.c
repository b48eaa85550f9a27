/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_wide.c: powers, exp and log, rounded correctly.
 *
 * MPFR calculates with 512 bits, 154 digits, of which 34 are taken.  Where a
 * result lies exactly half way between two numbers it is one that 512 bits
 * hold, so that it is rounded to the even one: only a whole power can, and it
 * has 35 digits then, or is a power of two.
 */
#include "number_wide.h"

#include "number_priv.h"

#include "stated/memory.h"

#include <mpfr.h>
#include <pthread.h>
#include <stdlib.h>

#define BITS 512
_Static_assert(sizeof(unsigned long) == sizeof(uint64_t),
    "MPFR takes a word of a coefficient at once");

/* ------------------------------------------------------------- in and out */

static void *
resize(void *before, size_t bytes_before, size_t bytes)
{
	(void)bytes_before;
	return memory_resize(before, bytes);
}

static void
give_back(void *at, size_t bytes)
{
	(void)bytes;
	free(at);
}

static void
prepare(void)
{
	mp_set_memory_functions(memory_get, resize, give_back);
}

static void
init_wide(mpfr_t wide)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, prepare);
	mpfr_init2(wide, BITS);
}

/* Digits without a place are two words, which need no text. */
static bool
set_whole(mpfr_t wide, struct number_parts parts)
{
	if (parts.exponent != 0)
		return false;
	mpfr_set_uj(wide, (uintmax_t)(parts.coefficient >> 64), MPFR_RNDN);
	mpfr_mul_2ui(wide, wide, 64, MPFR_RNDN);
	mpfr_add_ui(wide, wide, (uint64_t)parts.coefficient, MPFR_RNDN);
	if (parts.negative)
		mpfr_neg(wide, wide, MPFR_RNDN);
	return true;
}

static void
init_number(mpfr_t wide, struct number n)
{
	char text[NUMBER_TEXT_BYTES];
	int failed;

	init_wide(wide);
	if (set_whole(wide, number_split(n)))
		return;
	(void)number_format(n, text);
	failed = mpfr_set_str(wide, text, 10, MPFR_RNDN);
	must(failed == 0);
}

/* The digits of a number, and where their point stands. */
static bool
of_digits(const char *digits, int64_t exponent, struct number *out)
{
	struct number_parts parts = {.negative = *digits == '-'};

	for (digits += parts.negative; *digits != '\0'; digits++, exponent--)
		parts.coefficient = parts.coefficient * 10 +
		    (number_coefficient)(*digits - '0');
	/* Without zeros that nobody wrote behind the point. */
	while (parts.coefficient % 10 == 0 && exponent < 0) {
		parts.coefficient /= 10;
		exponent++;
	}
	if (exponent < NUMBER_EXPONENT_MIN || exponent > NUMBER_EXPONENT_MAX)
		return false;
	parts.exponent = (int)exponent;
	*out = number_join(parts);
	return true;
}

/* The result times 10^scale; clears it. */
static bool
take_number(mpfr_t wide, int64_t scale, struct number *out)
{
	mpfr_exp_t exponent;
	char digits[NUMBER_DIGITS_MAX + 2]; /* a sign, and a zero byte */
	bool is_number = false;

	if (mpfr_regular_p(wide)) {
		(void)mpfr_get_str(digits, &exponent, 10, NUMBER_DIGITS_MAX,
		    wide, MPFR_RNDN);
		is_number = of_digits(digits, exponent + scale, out);
	}
	mpfr_clear(wide);
	return is_number;
}

/* --------------------------------------------------------------- functions */

bool
number_wide_exp(struct number a, struct number *out)
{
	mpfr_t wide;

	init_number(wide, a);
	mpfr_exp(wide, wide, MPFR_RNDN);
	return take_number(wide, 0, out);
}

bool
number_wide_log(struct number a, struct number *out)
{
	mpfr_t wide;

	init_number(wide, a);
	mpfr_log(wide, wide, MPFR_RNDN);
	return take_number(wide, 0, out);
}

bool
number_wide_power(struct number a, struct number b, struct number *out)
{
	mpfr_t wide, exponent;

	init_number(wide, a);
	init_number(exponent, b);
	mpfr_pow(wide, wide, exponent, MPFR_RNDN);
	mpfr_clear(exponent);
	return take_number(wide, 0, out);
}

/* Of the digits alone, which 512 bits hold, and of their place apart. */
bool
number_wide_power_whole(struct number a, int64_t exponent, struct number *out)
{
	struct number_parts parts = number_split(a);
	int place = parts.exponent;
	int64_t scale;
	mpfr_t wide;

	must(parts.coefficient != 0);
	if (__builtin_mul_overflow(place, exponent, &scale))
		return false;
	parts.exponent = 0;
	init_number(wide, number_join(parts));
	mpfr_pow_si(wide, wide, exponent, MPFR_RNDN);
	return take_number(wide, scale, out);
}
