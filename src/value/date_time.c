/* SPDX-License-Identifier: Apache-2.0 */
/*
 * date_time.c: a date with a time, and the instant that both name.
 *
 * Leap seconds don't exist here, as in POSIX and in FEEL.
 */
#include "stated/temporal.h"

#include "temporal_priv.h"

bool
date_time_parse(struct str text, struct date_time *out)
{
	size_t date_bytes = str_find(text, STR("T"));
	if (date_bytes == SIZE_MAX)
		return false;
	struct str rest = str_slice(text, date_bytes + 1, text.bytes);
	struct date_time parsed;
	bool next_day;
	if (!date_parse(str_slice(text, 0, date_bytes), &parsed.date) ||
	    !temporal_take_time(&rest, &parsed.time, &next_day) ||
	    rest.bytes > 0)
		return false;
	if (next_day) {
		int64_t days = date_to_days(parsed.date) + 1;
		if (days > DATE_DAYS_MAX)
			return false;
		parsed.date = date_of_days(days);
	}
	*out = parsed;
	return true;
}

void
date_time_format(const struct date_time *date_time, struct buf *out)
{
	date_format(date_time->date, out);
	buf_add_char(out, 'T');
	time_format(&date_time->time, out);
}

void
date_time_to_utc(const struct date_time *date_time, int64_t *seconds,
    uint32_t *nanoseconds)
{
	const struct time_of_day *time = &date_time->time;
	int64_t local = date_to_days(date_time->date) * TEMPORAL_DAY_SECONDS +
	    time->hour * 3600 + time->minute * 60 + time->second;
	*nanoseconds = time->nanosecond;
	switch (time->offset_kind) {
	case OFFSET_NONE:
		*seconds = local;
		return;
	case OFFSET_SECONDS:
		*seconds = local - time->offset_seconds;
		return;
	case OFFSET_ZONE:
		*seconds = zone_utc_of_local(time->zone, local);
		return;
	}
	unreachable("all kinds are listed");
}

void
date_time_format_offset(const struct date_time *date_time, struct buf *out)
{
	struct date_time shown = *date_time;
	int64_t seconds;
	uint32_t nanoseconds;

	if (date_time->time.offset_kind == OFFSET_ZONE) {
		struct time_of_day like = {.offset_kind = OFFSET_SECONDS};

		date_time_to_utc(date_time, &seconds, &nanoseconds);
		like.offset_seconds =
		    zone_offset_at(date_time->time.zone, seconds);
		/* Not the fields as they are: a clock that is put forward
		 * never shows some of them. */
		if (!date_time_of_utc(seconds, nanoseconds, &like, &shown))
			shown = *date_time;
	}
	date_time_format(&shown, out);
}

/* Seconds east of UTC that clocks like `like` show at an instant. */
static int32_t
offset_at(const struct time_of_day *like, int64_t seconds)
{
	switch (like->offset_kind) {
	case OFFSET_NONE:
		return 0;
	case OFFSET_SECONDS:
		return like->offset_seconds;
	case OFFSET_ZONE:
		return zone_offset_at(like->zone, seconds);
	}
	unreachable("all kinds are listed");
}

bool
date_time_of_utc(int64_t seconds, uint32_t nanoseconds,
    const struct time_of_day *like, struct date_time *out)
{
	must(nanoseconds < TEMPORAL_NANOSECONDS);
	int64_t local;
	int32_t offset = offset_at(like, seconds);
	if (__builtin_add_overflow(seconds, offset, &local))
		return false;
	int64_t second;
	int64_t days = temporal_divide(local, TEMPORAL_DAY_SECONDS, &second);
	if (days < DATE_DAYS_MIN || days > DATE_DAYS_MAX)
		return false;
	out->date = date_of_days(days);
	out->time = *like;
	out->time.hour = (uint8_t)(second / 3600);
	out->time.minute = (uint8_t)(second / 60 % 60);
	out->time.second = (uint8_t)(second % 60);
	out->time.nanosecond = nanoseconds;
	/* What a clock shows the second time names the first in its zone. */
	if (like->offset_kind == OFFSET_ZONE &&
	    zone_utc_of_local(like->zone, local) != seconds) {
		out->time.offset_kind = OFFSET_SECONDS;
		out->time.offset_seconds = offset;
		out->time.zone = NULL;
	}
	return true;
}

bool
date_time_to_instant(const struct date_time *date_time, int64_t *instant_ms)
{
	int64_t seconds;
	uint32_t nanoseconds;
	date_time_to_utc(date_time, &seconds, &nanoseconds);
	return !__builtin_mul_overflow(seconds, 1000, instant_ms) &&
	    !__builtin_add_overflow(*instant_ms, nanoseconds / 1000000,
		instant_ms);
}

struct date_time
date_time_of_instant(int64_t instant_ms)
{
	static const struct time_of_day utc = {.offset_kind = OFFSET_SECONDS};
	struct date_time date_time;
	int64_t milliseconds;
	int64_t seconds = temporal_divide(instant_ms, 1000, &milliseconds);
	/* 64 bits of milliseconds are less than 300 million years. */
	must(date_time_of_utc(seconds, (uint32_t)milliseconds * 1000000, &utc,
	    &date_time));
	return date_time;
}
