/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_decimal.h: a little exact arithmetic, six places, no exponents.
 *
 * Enough for an invoice's total and a domain's comparison; the amounts that
 * pass through are kept as text and never come here.
 */
#ifndef SANDBOX_DECIMAL_H
#define SANDBOX_DECIMAL_H

#include "stated/must.h"

#include <stdbool.h>
#include <stddef.h>

struct sandbox_decimal {
	__int128 millionths;
};

#define SANDBOX_DECIMAL_BYTES 48

/* At most 24 digits before the point and 6 after it, else false. */
MUST_USE bool sandbox_decimal_parse(const char *text,
    struct sandbox_decimal *out);
/* <0, 0 or >0. */
int sandbox_decimal_compare(struct sandbox_decimal a, struct sandbox_decimal b);
struct sandbox_decimal sandbox_decimal_add(struct sandbox_decimal a,
    struct sandbox_decimal b);
/* Rounded to `places` (0 to 6), half away from zero. */
struct sandbox_decimal sandbox_decimal_round(struct sandbox_decimal a,
    int places);
struct sandbox_decimal sandbox_decimal_multiply(struct sandbox_decimal a,
    struct sandbox_decimal b);
/* As Python prints a float: 100.0, 0.5, 1234.1. */
const char *sandbox_decimal_format(struct sandbox_decimal a,
    char out[SANDBOX_DECIMAL_BYTES]);

#endif
