/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.h: IEEE 754-2008 decimal128 numbers, exact to 34 digits.
 *
 * A number keeps its digits as they were written: 1234.10 stays 1234.10.
 * Equality and order are by value (1.0 = 1.00).  Infinities, NaN and negative
 * zero never appear in a struct number: an operation that would give one of
 * the former fails, and -0.00 becomes 0.00.
 * Rounding is half even unless said otherwise.
 */
#ifndef STATED_NUMBER_H
#define STATED_NUMBER_H

#include "stated/buf.h"

struct number {
	uint64_t words[2]; /* BID encoding, low word first */
};

enum number_error {
	NUMBER_OK,
	NUMBER_SYNTAX,    /* not a number */
	NUMBER_INEXACT,   /* more than 34 significant digits */
	NUMBER_RANGE,     /* beyond 10^6144, or not finite */
	NUMBER_UNDEFINED, /* x/0, root of a negative number, … */
};

/* [-+]?digits[.digits][(e|E)[-+]?digits], also ".5"; never rounds:
 * what doesn't fit in 34 digits is NUMBER_INEXACT. */
MUST_USE enum number_error number_parse(struct str text, struct number *out);
/* The same, and of what number_format_plain() writes: zeros that follow 34
 * digits. */
MUST_USE enum number_error number_parse_plain(
    struct str text, struct number *out);
/* JSON's grammar (RFC 8259 section 6) exactly. */
MUST_USE enum number_error number_parse_json(
    struct str text, struct number *out);
struct number number_of_int(int64_t n);
/* true where it is an integer in the range of int64_t. */
MUST_USE bool number_to_int(struct number n, int64_t *out);

/* Digit for digit, as a JSON number: "1234.10", "1E+30" only where the
 * exponent is positive or the number is tiny (IEEE to-scientific-string). */
#define NUMBER_TEXT_BYTES 48
struct str number_format(struct number n, char out[NUMBER_TEXT_BYTES]);
/* FEEL's string(): never an exponent, no trailing zeros added or removed. */
void number_format_plain(struct number n, struct buf *out);
/* For keys: equal numbers give the same text.  7, 7.0 and 0.7E+1 are "7"; an
 * exponent only where there would be more than 34 places without it. */
void number_format_key(struct number n, struct buf *out);
/* Whether RFC 8785 would print the same text, having read it as a binary
 * double: at most 15 digits, no trailing zeros after the point, no exponent. */
bool number_is_jcs_exact(struct number n);

int number_compare(struct number a, struct number b);
bool number_equal(struct number a, struct number b);
bool number_is_zero(struct number n);
bool number_is_negative(struct number n);
bool number_is_integer(struct number n);
/* At most 19 digits: what the operations below have to round is longer. */
bool number_is_short(struct number n);

MUST_USE enum number_error number_add(
    struct number a, struct number b, struct number *out);
MUST_USE enum number_error number_subtract(
    struct number a, struct number b, struct number *out);
MUST_USE enum number_error number_multiply(
    struct number a, struct number b, struct number *out);
MUST_USE enum number_error number_divide(
    struct number a, struct number b, struct number *out);
MUST_USE enum number_error number_power(
    struct number a, struct number b, struct number *out);
/* a - b * floor(a / b): the sign of b (FEEL modulo). */
MUST_USE enum number_error number_modulo(
    struct number a, struct number b, struct number *out);
MUST_USE enum number_error number_sqrt(struct number a, struct number *out);
MUST_USE enum number_error number_exp(struct number a, struct number *out);
/* natural */
MUST_USE enum number_error number_log(struct number a, struct number *out);
struct number number_negate(struct number n);
struct number number_abs(struct number n);

enum number_rounding {
	NUMBER_HALF_EVEN,
	NUMBER_HALF_UP,   /* away from zero */
	NUMBER_HALF_DOWN, /* towards zero */
	NUMBER_UP,        /* away from zero */
	NUMBER_DOWN,      /* towards zero */
	NUMBER_FLOOR,
	NUMBER_CEILING,
};
/* To `scale` digits after the point (may be negative: tens, hundreds), with
 * zeros added where they fit in 34 digits: 1.5 to scale 2 is 1.50. */
MUST_USE enum number_error number_round(struct number n, int scale,
    enum number_rounding rounding, struct number *out);
/* Whether the words, from outside, are what this header promises. */
bool number_is_valid(struct number n);
/* The one number of its value: without trailing zeros, 1.10 as 1.1 and 100 as
 * 1E+2.  Equal numbers give equal words. */
struct number number_reduce(struct number n);

#endif
