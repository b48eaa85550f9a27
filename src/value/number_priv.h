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

struct number_parts number_split(struct number n);
/* The parts must be in range.  A negative zero becomes zero. */
struct number number_join(struct number_parts parts);
/* 10^exponent for 0 <= exponent <= 38. */
number_coefficient number_power_of_ten(int exponent);
/* The coefficient at a lower exponent, where it has one word and becomes two
 * at most; false otherwise. */
bool number_scale_small(struct number_parts parts, int exponent,
    number_coefficient *out);
/* 1 for zero. */
int number_count_digits(number_coefficient coefficient);

#endif
