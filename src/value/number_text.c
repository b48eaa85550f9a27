/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_text.c: numbers from text and to text, digit for digit.
 *
 * Text becomes a coefficient and an exponent without any arithmetic that
 * could round: what doesn't fit is refused.  A minus before zero is dropped,
 * since an amount of "-0" means nothing to anybody.
 */
#include "stated/number.h"

#include <stdio.h>

#include "number_priv.h"

/* Beyond this no exponent can be mended by shifting digits. */
#define EXPONENT_CAP 100000

struct scan {
	const char *at;
	const char *end;
	struct number_parts parts;
	int significant; /* digits taken, leading zeros left out */
	bool takes_zeros; /* after as many as there can be */
	int zeros; /* so taken */
	bool inexact;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
scan_char(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static void
take_digit(struct scan *scan, char c)
{
	if (scan->significant > 0 || c != '0')
		scan->significant++;
	if (scan->significant > NUMBER_DIGITS_MAX) {
		if (scan->takes_zeros && c == '0' &&
		    scan->zeros < EXPONENT_CAP)
			scan->zeros++;
		else
			scan->inexact = true;
		return;
	}
	scan->parts.coefficient =
	    scan->parts.coefficient * 10 + (unsigned char)(c - '0');
}

/* Returns how many digits there were. */
static size_t
scan_digits(struct scan *scan)
{
	const char *from = scan->at;
	for (; scan->at < scan->end && is_digit(*scan->at); scan->at++)
		take_digit(scan, *scan->at);
	return (size_t)(scan->at - from);
}

static bool
scan_fraction(struct scan *scan)
{
	if (!scan_char(scan, '.'))
		return true;
	size_t digits = scan_digits(scan);
	if (digits == 0)
		return false;
	scan->parts.exponent =
	    digits > EXPONENT_CAP ? -EXPONENT_CAP : -(int)digits;
	return true;
}

static bool
scan_exponent(struct scan *scan)
{
	if (!scan_char(scan, 'e') && !scan_char(scan, 'E'))
		return true;
	bool negative = scan_char(scan, '-');
	if (!negative)
		(void)scan_char(scan, '+');
	if (scan->at == scan->end)
		return false;
	int exponent = 0;
	for (; scan->at < scan->end && is_digit(*scan->at); scan->at++)
		if (exponent < EXPONENT_CAP)
			exponent = exponent * 10 + (*scan->at - '0');
	scan->parts.exponent += negative ? -exponent : exponent;
	return is_digit(scan->at[-1]);
}

/* Moves zeros between coefficient and exponent until the latter is in
 * range; false where that can't be. */
static bool
fit_exponent(struct number_parts *parts)
{
	if (parts->coefficient == 0) {
		if (parts->exponent > NUMBER_EXPONENT_MAX)
			parts->exponent = NUMBER_EXPONENT_MAX;
		if (parts->exponent < NUMBER_EXPONENT_MIN)
			parts->exponent = NUMBER_EXPONENT_MIN;
		return true;
	}
	while (parts->exponent < NUMBER_EXPONENT_MIN &&
	    parts->coefficient % 10 == 0) {
		parts->coefficient /= 10;
		parts->exponent++;
	}
	number_coefficient limit = number_power_of_ten(NUMBER_DIGITS_MAX - 1);
	while (parts->exponent > NUMBER_EXPONENT_MAX &&
	    parts->coefficient < limit) {
		parts->coefficient *= 10;
		parts->exponent--;
	}
	return parts->exponent >= NUMBER_EXPONENT_MIN &&
	    parts->exponent <= NUMBER_EXPONENT_MAX;
}

/* What comes after the integer digits, and the verdict. */
static enum number_error
scan_rest(struct scan *scan, struct number *out)
{
	if (!scan_fraction(scan) || !scan_exponent(scan))
		return NUMBER_SYNTAX;
	if (scan->at != scan->end)
		return NUMBER_SYNTAX;
	if (scan->inexact)
		return NUMBER_INEXACT;
	scan->parts.exponent += scan->zeros;
	if (!fit_exponent(&scan->parts))
		return NUMBER_RANGE;
	*out = number_join(scan->parts);
	return NUMBER_OK;
}

static enum number_error
parse(struct str text, bool takes_zeros, struct number *out)
{
	if (text.bytes == 0)
		return NUMBER_SYNTAX;
	struct scan scan = {.at = text.at, .end = text.at + text.bytes,
	    .takes_zeros = takes_zeros};
	scan.parts.negative = scan_char(&scan, '-');
	if (!scan.parts.negative)
		(void)scan_char(&scan, '+');
	if (scan_digits(&scan) == 0 && (scan.at == scan.end || *scan.at != '.'))
		return NUMBER_SYNTAX;
	return scan_rest(&scan, out);
}

enum number_error
number_parse(struct str text, struct number *out)
{
	return parse(text, false, out);
}

enum number_error
number_parse_plain(struct str text, struct number *out)
{
	return parse(text, true, out);
}

enum number_error
number_parse_json(struct str text, struct number *out)
{
	if (text.bytes == 0)
		return NUMBER_SYNTAX;
	struct scan scan = {.at = text.at, .end = text.at + text.bytes};
	scan.parts.negative = scan_char(&scan, '-');
	bool zero_first = scan.at < scan.end && *scan.at == '0';
	size_t digits = scan_digits(&scan);
	if (digits == 0 || (zero_first && digits > 1))
		return NUMBER_SYNTAX;
	return scan_rest(&scan, out);
}

/* At most 34 digits; returns how many. */
static int
write_digits(number_coefficient coefficient, char *out)
{
	int count = number_count_digits(coefficient);
	must(count <= NUMBER_DIGITS_MAX);
	int i = count - 1;
	for (; coefficient > UINT64_MAX; i--) {
		out[i] = (char)('0' + (int)(coefficient % 10));
		coefficient /= 10;
	}
	for (uint64_t word = (uint64_t)coefficient; i >= 0; i--) {
		out[i] = (char)('0' + (int)(word % 10));
		word /= 10;
	}
	return count;
}

/* d.dddE+dd */
static struct str
format_scientific(struct number_parts parts, char out[NUMBER_TEXT_BYTES])
{
	char digits[NUMBER_DIGITS_MAX];
	int count = write_digits(parts.coefficient, digits);
	int length = snprintf(out, NUMBER_TEXT_BYTES, "%s%c%s%.*sE%+d",
	    parts.negative ? "-" : "", digits[0], count > 1 ? "." : "",
	    count - 1, digits + 1, parts.exponent + count - 1);
	must(length > 0 && length < NUMBER_TEXT_BYTES);
	return (struct str){out, (size_t)length};
}

/* Where IEEE 754's to-scientific-string uses no exponent. */
static bool
is_plain(struct number_parts parts)
{
	if (parts.exponent > 0)
		return false;
	/* There is a digit at least. */
	return parts.exponent >= -6 ||
	    parts.exponent + number_count_digits(parts.coefficient) > -6;
}

/* The digits with the point among them and zeros before them: 0.05. */
static struct str
format_short(struct number_parts parts, char out[NUMBER_TEXT_BYTES])
{
	must(is_plain(parts));
	char digits[NUMBER_DIGITS_MAX];
	int count = write_digits(parts.coefficient, digits);
	int whole = count + parts.exponent; /* digits before the point */
	int zeros = whole > 0 ? 0 : 1 - whole;
	int point = whole > 0 ? whole : 1;
	char *at = out;
	if (parts.negative)
		*at++ = '-';
	for (int i = 0; i < zeros + count; i++) {
		if (i == point)
			*at++ = '.';
		*at++ = i < zeros ? '0' : digits[i - zeros];
	}
	must(at - out < NUMBER_TEXT_BYTES);
	*at = '\0';
	return (struct str){out, (size_t)(at - out)};
}

struct str
number_format(struct number n, char out[NUMBER_TEXT_BYTES])
{
	struct number_parts parts = number_split(n);
	return is_plain(parts) ? format_short(parts, out)
			       : format_scientific(parts, out);
}

static void
add_zeros(struct buf *out, int count)
{
	static const char zeros[] = "00000000000000000000000000000000";
	const int most = sizeof(zeros) - 1;

	for (; count > 0; count -= most)
		buf_add(out, zeros, (size_t)(count < most ? count : most));
}

void
number_format_plain(struct number n, struct buf *out)
{
	struct number_parts parts = number_split(n);
	/* 0E+3 is 0, not 0000. */
	if (parts.coefficient == 0 && parts.exponent > 0)
		parts.exponent = 0;
	char text[NUMBER_TEXT_BYTES];
	if (is_plain(parts)) {
		buf_add_str(out, format_short(parts, text));
		return;
	}
	int count = write_digits(parts.coefficient, text);
	if (parts.negative)
		buf_add_char(out, '-');
	if (parts.exponent < 0) {
		buf_add_cstr(out, "0.");
		add_zeros(out, -parts.exponent - count);
	}
	buf_add(out, text, (size_t)count);
	add_zeros(out, parts.exponent);
}

void
number_format_key(struct number n, struct buf *out)
{
	struct number reduced = number_reduce(n);
	struct number_parts parts = number_split(reduced);
	char text[NUMBER_TEXT_BYTES];
	int whole =
	    number_count_digits(parts.coefficient) + parts.exponent;

	if (whole <= NUMBER_DIGITS_MAX && parts.exponent >= -NUMBER_DIGITS_MAX)
		number_format_plain(reduced, out);
	else
		buf_add_str(out, number_format(reduced, text));
}

bool
number_is_jcs_exact(struct number n)
{
	struct number_parts parts = number_split(n);
	if (!is_plain(parts) || parts.coefficient >= number_power_of_ten(15))
		return false;
	return parts.exponent == 0 || parts.coefficient % 10 != 0;
}
