/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_priv.h: a number taken apart; for the files of number alone.
 *
 * The BID encoding of decimal128 is a sign, a biased exponent of 14 bits and
 * a binary coefficient of 113 bits.  Reading and writing text works on these
 * parts; arithmetic hands the encoding to Intel's library.
 */
#ifndef STATED_NUMBER_PRIV_H
#define STATED_NUMBER_PRIV_H

#include "stated/number.h"

__extension__ typedef unsigned __int128 number_coefficient;

#define NUMBER_DIGITS_MAX 34
#define NUMBER_EXPONENT_MIN (-6176)
#define NUMBER_EXPONENT_MAX 6111

/* coefficient * 10^exponent; the coefficient has at most 34 digits. */
struct number_parts {
	number_coefficient coefficient;
	int exponent;
	bool negative;
};

#define NUMBER_EXPONENT_BIAS 6176
#define NUMBER_EXPONENT_SHIFT 49
#define NUMBER_SIGN_BIT (UINT64_C(1) << 63)
/* Set in infinities, NaNs and coefficients too large to be canonical. */
#define NUMBER_SPECIAL_BITS (UINT64_C(3) << 61)
/* 10^34, which no coefficient reaches. */
#define NUMBER_COEFFICIENT_END                                                 \
	((number_coefficient)UINT64_C(100000000000000000) *                    \
	    UINT64_C(100000000000000000))

/* These two are most of what a comparison or a short sum does. */
static inline struct number_parts
number_split(struct number n)
{
	must((n.words[1] & NUMBER_SPECIAL_BITS) != NUMBER_SPECIAL_BITS);
	uint64_t high = n.words[1] &
	    ((UINT64_C(1) << NUMBER_EXPONENT_SHIFT) - 1);
	uint64_t biased = (n.words[1] & ~NUMBER_SIGN_BIT) >>
	    NUMBER_EXPONENT_SHIFT;
	return (struct number_parts){
	    .coefficient = (number_coefficient)high << 64 | n.words[0],
	    .exponent = (int)biased - NUMBER_EXPONENT_BIAS,
	    .negative = (n.words[1] & NUMBER_SIGN_BIT) != 0,
	};
}

/* The parts must be in range.  A negative zero becomes zero. */
static inline struct number
number_join(struct number_parts parts)
{
	must(parts.exponent >= NUMBER_EXPONENT_MIN);
	must(parts.exponent <= NUMBER_EXPONENT_MAX);
	must(parts.coefficient < NUMBER_COEFFICIENT_END);
	uint64_t biased = (uint64_t)(parts.exponent + NUMBER_EXPONENT_BIAS);
	uint64_t high = (uint64_t)(parts.coefficient >> 64);
	bool negative = parts.negative && parts.coefficient != 0;
	return (struct number){{
	    (uint64_t)parts.coefficient,
	    high | biased << NUMBER_EXPONENT_SHIFT |
		(negative ? NUMBER_SIGN_BIT : 0),
	}};
}

/* 10^exponent for 0 <= exponent <= 38. */
number_coefficient number_power_of_ten(int exponent);
/* The coefficient at a lower exponent, where it has one word and becomes two
 * at most; false otherwise. */
bool number_scale_small(struct number_parts parts, int exponent,
    number_coefficient *out);
/* 1 for zero. */
int number_count_digits(number_coefficient coefficient);

#endif
