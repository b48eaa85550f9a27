/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_wide.h: functions of numbers with four times the digits, so that what
 * is rounded to 34 at the end is right; for number_math.c alone.
 *
 * Each is false, and leaves *out alone, where the result is too large or too
 * small to have 34 digits.
 */
#ifndef STATED_NUMBER_WIDE_H
#define STATED_NUMBER_WIDE_H

#include "stated/number.h"

MUST_USE bool number_wide_exp(struct number a, struct number *out);
/* a > 0, here and, where b is not whole, in the next */
MUST_USE bool number_wide_log(struct number a, struct number *out);
MUST_USE bool number_wide_power(
    struct number a, struct number b, struct number *out);
/* a != 0 */
MUST_USE bool number_wide_power_whole(
    struct number a, int64_t exponent, struct number *out);

#endif
