/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duration.c: durations of days and time, and of years and months.
 *
 * FEEL keeps the two apart, since a month has no fixed number of days: a text
 * with both is neither.
 */
#include "stated/temporal.h"

#include "temporal_priv.h"

/* Adds n * unit to *total, where the text goes on with n and `letter`;
 * *found is set when it does. */
static bool
take_part(struct str *in, char letter, int64_t unit, int64_t *total,
    bool *found)
{
	struct str ahead = *in;
	int64_t n;
	if (!temporal_take_number(&ahead, &n) ||
	    !temporal_take_char(&ahead, letter))
		return true; /* the next part will see it, or nobody */
	*in = ahead;
	*found = true;
	int64_t added;
	return !__builtin_mul_overflow(n, unit, &added) &&
	    !__builtin_add_overflow(*total, added, total);
}

/* Seconds, which alone may have a fraction. */
static bool
take_seconds(struct str *in, struct duration *total, bool *found)
{
	int64_t n;
	uint32_t nanoseconds;
	if (in->bytes == 0)
		return true;
	if (!temporal_take_number(in, &n) ||
	    !temporal_take_fraction(in, &nanoseconds) ||
	    !temporal_take_char(in, 'S'))
		return false;
	*found = true;
	total->nanoseconds = (int32_t)nanoseconds;
	return !__builtin_add_overflow(total->seconds, n, &total->seconds);
}

/* What follows T: at least one part. */
static bool
take_time_parts(struct str *in, struct duration *total)
{
	bool found = false;
	return take_part(in, 'H', 3600, &total->seconds, &found) &&
	    take_part(in, 'M', 60, &total->seconds, &found) &&
	    take_seconds(in, total, &found) && found;
}

bool
duration_parse(struct str text, struct duration *out)
{
	struct duration total = {0, 0};
	bool found = false;
	bool negative = temporal_take_char(&text, '-');
	if (!temporal_take_char(&text, 'P') ||
	    !take_part(&text, 'D', TEMPORAL_DAY_SECONDS, &total.seconds,
		&found))
		return false;
	if (temporal_take_char(&text, 'T')) {
		if (!take_time_parts(&text, &total))
			return false;
		found = true;
	}
	if (!found || text.bytes > 0)
		return false;
	if (negative)
		total = (struct duration){-total.seconds, -total.nanoseconds};
	*out = total;
	return true;
}

bool
months_parse(struct str text, int64_t *months)
{
	int64_t total = 0;
	bool found = false;
	bool negative = temporal_take_char(&text, '-');
	if (!temporal_take_char(&text, 'P') ||
	    !take_part(&text, 'Y', 12, &total, &found) ||
	    !take_part(&text, 'M', 1, &total, &found) || !found ||
	    text.bytes > 0)
		return false;
	*months = negative ? -total : total;
	return true;
}

/* The absolute value, also of INT64_MIN. */
static uint64_t
magnitude(int64_t n)
{
	return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

static void
add_part(struct buf *out, uint64_t n, char letter)
{
	if (n > 0)
		buf_addf(out, "%llu%c", (unsigned long long)n, letter);
}

void
duration_format(struct duration duration, struct buf *out)
{
	must(duration.seconds <= 0 || duration.nanoseconds >= 0);
	must(duration.seconds >= 0 || duration.nanoseconds <= 0);
	uint64_t seconds = magnitude(duration.seconds);
	uint32_t nanoseconds = (uint32_t)magnitude(duration.nanoseconds);
	if (duration.seconds < 0 || duration.nanoseconds < 0)
		buf_add_char(out, '-');
	buf_add_char(out, 'P');
	add_part(out, seconds / TEMPORAL_DAY_SECONDS, 'D');
	uint64_t of_day = seconds % TEMPORAL_DAY_SECONDS;
	bool has_days = seconds >= TEMPORAL_DAY_SECONDS;
	if (of_day == 0 && nanoseconds == 0) {
		buf_add_cstr(out, has_days ? "" : "T0S");
		return;
	}
	buf_add_char(out, 'T');
	add_part(out, of_day / 3600, 'H');
	add_part(out, of_day / 60 % 60, 'M');
	if (of_day % 60 == 0 && nanoseconds == 0)
		return;
	buf_addf(out, "%u", (unsigned)(of_day % 60));
	temporal_add_fraction(out, nanoseconds);
	buf_add_char(out, 'S');
}

void
months_format(int64_t months, struct buf *out)
{
	uint64_t total = magnitude(months);
	if (months < 0)
		buf_add_char(out, '-');
	buf_add_char(out, 'P');
	add_part(out, total / 12, 'Y');
	add_part(out, total % 12, 'M');
	if (total == 0)
		buf_add_cstr(out, "0M");
}
