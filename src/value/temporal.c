/* SPDX-License-Identifier: Apache-2.0 */
/* temporal.c: small steps of parsing, for dates, times and durations. */
#include "stated/temporal.h"

#include "temporal_priv.h"

static bool
take_digit(struct str *in, int *digit)
{
	if (in->bytes == 0 || in->at[0] < '0' || in->at[0] > '9')
		return false;
	*digit = in->at[0] - '0';
	in->at++;
	in->bytes--;
	return true;
}

bool
temporal_take_char(struct str *in, char c)
{
	if (in->bytes == 0 || in->at[0] != c)
		return false;
	in->at++;
	in->bytes--;
	return true;
}

bool
temporal_take_pair(struct str *in, int max, uint8_t *out)
{
	must(max <= 99);
	int tens;
	int ones;
	if (!take_digit(in, &tens) || !take_digit(in, &ones))
		return false;
	*out = (uint8_t)(tens * 10 + ones);
	return *out <= max;
}

bool
temporal_take_number(struct str *in, int64_t *out)
{
	int digit;
	if (!take_digit(in, &digit))
		return false;
	*out = digit;
	while (take_digit(in, &digit))
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, digit, out))
			return false;
	return true;
}

bool
temporal_take_fraction(struct str *in, uint32_t *nanoseconds)
{
	*nanoseconds = 0;
	if (!temporal_take_char(in, '.'))
		return true;
	uint32_t unit = TEMPORAL_NANOSECONDS;
	int digit;
	while (take_digit(in, &digit)) {
		if (unit == 1)
			return false;
		unit /= 10;
		*nanoseconds += (uint32_t)digit * unit;
	}
	return unit != TEMPORAL_NANOSECONDS;
}

void
temporal_add_fraction(struct buf *out, uint32_t nanoseconds)
{
	must(nanoseconds < TEMPORAL_NANOSECONDS);
	if (nanoseconds == 0)
		return;
	int digits = 9;
	while (nanoseconds % 10 == 0) {
		nanoseconds /= 10;
		digits--;
	}
	buf_addf(out, ".%0*u", digits, (unsigned)nanoseconds);
}

int64_t
temporal_divide(int64_t a, int64_t b, int64_t *rest)
{
	must(b > 0);
	int64_t quotient = a / b;
	*rest = a % b;
	if (*rest < 0) {
		*rest += b;
		quotient--;
	}
	return quotient;
}
