/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time.c: times of day, with an offset, a zone or neither.
 *
 * The text is that of XML Schema, plus "@" and the name of a zone.  Offsets
 * go up to 18 hours, as in the test kit of the standard.
 */
#include "stated/temporal.h"

#include "temporal_priv.h"

#define OFFSET_MAX (18 * 3600)

/* +02:00 or -02:45:55 */
static bool
take_numeric_offset(struct str *in, struct time_of_day *time)
{
	bool negative = temporal_take_char(in, '-');
	uint8_t hours;
	uint8_t minutes;
	uint8_t seconds = 0;
	if (!negative && !temporal_take_char(in, '+'))
		return false;
	if (!temporal_take_pair(in, 18, &hours) ||
	    !temporal_take_char(in, ':') ||
	    !temporal_take_pair(in, 59, &minutes))
		return false;
	if (temporal_take_char(in, ':') &&
	    !temporal_take_pair(in, 59, &seconds))
		return false;
	int32_t offset = hours * 3600 + minutes * 60 + seconds;
	time->offset_kind = OFFSET_SECONDS;
	time->offset_seconds = negative ? -offset : offset;
	return offset <= OFFSET_MAX;
}

static bool
take_offset(struct str *in, struct time_of_day *time)
{
	if (in->bytes == 0)
		return true;
	if (temporal_take_char(in, 'Z')) {
		time->offset_kind = OFFSET_SECONDS;
		return true;
	}
	if (!temporal_take_char(in, '@'))
		return take_numeric_offset(in, time);
	time->offset_kind = OFFSET_ZONE;
	time->zone = zone_find(*in);
	in->bytes = 0;
	return time->zone != NULL;
}

bool
temporal_take_time(struct str *in, struct time_of_day *out, bool *next_day)
{
	struct time_of_day time = {0};
	if (!temporal_take_pair(in, 24, &time.hour) ||
	    !temporal_take_char(in, ':') ||
	    !temporal_take_pair(in, 59, &time.minute) ||
	    !temporal_take_char(in, ':') ||
	    !temporal_take_pair(in, 59, &time.second) ||
	    !temporal_take_fraction(in, &time.nanosecond) ||
	    !take_offset(in, &time))
		return false;
	*next_day = time.hour == 24;
	if (*next_day) {
		if (time.minute || time.second || time.nanosecond)
			return false;
		time.hour = 0;
	}
	*out = time;
	return true;
}

bool
time_parse(struct str text, struct time_of_day *out)
{
	bool next_day;
	struct time_of_day time;
	if (!temporal_take_time(&text, &time, &next_day) || text.bytes > 0)
		return false;
	*out = time;
	return true;
}

static void
format_offset(int32_t seconds, struct buf *out)
{
	if (seconds == 0) {
		buf_add_char(out, 'Z');
		return;
	}
	int32_t offset = seconds < 0 ? -seconds : seconds;
	buf_addf(out, "%c%02d:%02d", seconds < 0 ? '-' : '+', offset / 3600,
	    offset / 60 % 60);
	if (offset % 60)
		buf_addf(out, ":%02d", offset % 60);
}

void
time_format(const struct time_of_day *time, struct buf *out)
{
	must(time);
	buf_addf(out, "%02d:%02d:%02d", time->hour, time->minute, time->second);
	temporal_add_fraction(out, time->nanosecond);
	if (time->offset_kind == OFFSET_SECONDS)
		format_offset(time->offset_seconds, out);
	if (time->offset_kind == OFFSET_ZONE) {
		buf_add_char(out, '@');
		buf_add_str(out, zone_name(time->zone));
	}
}

struct time_of_day
time_without_date(const struct time_of_day *time)
{
	struct time_of_day settled = *time;
	int32_t offset;

	if (time->offset_kind == OFFSET_ZONE &&
	    zone_is_steady(time->zone, &offset)) {
		settled.offset_kind = OFFSET_SECONDS;
		settled.offset_seconds = offset;
		settled.zone = NULL;
	}
	return settled;
}
