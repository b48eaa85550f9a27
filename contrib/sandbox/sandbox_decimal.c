/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_decimal.c: fixed-point numbers, see sandbox_decimal.h. */
#include "sandbox_decimal.h"

#include <ctype.h>
#include <stdio.h>

#define PLACES 6
#define ONE 1000000
#define HIGHEST ((__int128)1000000000000 * 1000000000000 * ONE)
/* More than a double holds, and a sum of them still fits. */
#define INTEGER_DIGITS_MAX 24

static bool
take_digits(const char **text, int digits_max, __int128 *n)
{
	const char *at = *text;
	int count = 0;

	for (; isdigit((unsigned char)at[count]); count++) {
		if (count == digits_max)
			return false;
		*n = *n * 10 + (at[count] - '0');
	}
	for (int i = count; digits_max == PLACES && i < PLACES; i++)
		*n *= 10;
	*text = at + count;
	return count > 0;
}

bool
sandbox_decimal_parse(const char *text, struct sandbox_decimal *out)
{
	bool negative = text[0] == '-';
	__int128 whole = 0;
	__int128 fraction = 0;

	if (negative)
		text++;
	if (!take_digits(&text, INTEGER_DIGITS_MAX, &whole))
		return false;
	if (text[0] == '.') {
		text++;
		if (!take_digits(&text, PLACES, &fraction))
			return false;
	}
	if (text[0] != '\0')
		return false;
	out->millionths = whole * ONE + fraction;
	if (negative)
		out->millionths = -out->millionths;
	return true;
}

int
sandbox_decimal_compare(struct sandbox_decimal a, struct sandbox_decimal b)
{
	return (a.millionths > b.millionths) - (a.millionths < b.millionths);
}

struct sandbox_decimal
sandbox_decimal_add(struct sandbox_decimal a, struct sandbox_decimal b)
{
	return (struct sandbox_decimal){a.millionths + b.millionths};
}

static __int128
divide_half_up(__int128 n, __int128 by)
{
	return n >= 0 ? (n + by / 2) / by : -((-n + by / 2) / by);
}

struct sandbox_decimal
sandbox_decimal_round(struct sandbox_decimal a, int places)
{
	__int128 unit = 1;

	must(places >= 0 && places <= PLACES);
	for (int i = places; i < PLACES; i++)
		unit *= 10;
	return (struct sandbox_decimal){
	    divide_half_up(a.millionths, unit) * unit};
}

struct sandbox_decimal
sandbox_decimal_multiply(struct sandbox_decimal a, struct sandbox_decimal b)
{
	__int128 product;

	/* No price is that high: whoever asks gets the highest there is. */
	if (__builtin_mul_overflow(a.millionths, b.millionths, &product))
		product = ONE * HIGHEST;
	return (struct sandbox_decimal){divide_half_up(product, ONE)};
}

/* printf() knows no numbers of that size. */
static int
format_whole(unsigned __int128 n, char *out)
{
	char digits[40];
	int count = 0;

	do
		digits[count++] = (char)('0' + (int)(n % 10));
	while ((n /= 10) != 0);
	for (int i = 0; i < count; i++)
		out[i] = digits[count - 1 - i];
	return count;
}

const char *
sandbox_decimal_format(
    struct sandbox_decimal a, char out[SANDBOX_DECIMAL_BYTES])
{
	bool negative = a.millionths < 0;
	unsigned __int128 n = negative ? -(unsigned __int128)a.millionths
				       : (unsigned __int128)a.millionths;
	int bytes = 0;

	if (negative)
		out[bytes++] = '-';
	bytes += format_whole(n / ONE, out + bytes);
	bytes += snprintf(out + bytes, SANDBOX_DECIMAL_BYTES - (size_t)bytes,
	    ".%06u", (unsigned)(n % ONE));
	must(bytes > 0 && bytes < SANDBOX_DECIMAL_BYTES);
	while (out[bytes - 1] == '0' && out[bytes - 2] != '.')
		out[--bytes] = '\0';
	return out;
}
