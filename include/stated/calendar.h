/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h: business days, opening hours, windows with cut-offs, in a zone.
 *
 * A business day is a day that is neither of the weekend nor closed.  All
 * results are instants (milliseconds, see clock.h); local times follow the
 * calendar's zone across summer time.
 */
#ifndef STATED_CALENDAR_H
#define STATED_CALENDAR_H

#include "stated/arena.h"
#include "stated/digest.h"
#include "stated/temporal.h"

enum closed_kind {
	CLOSED_YEARLY, /* month and day, every year */
	CLOSED_DATE,   /* one date */
	CLOSED_FEAST,  /* days from Easter Sunday (Gregorian) */
};

struct closed_day {
	enum closed_kind kind;
	uint8_t month;
	uint8_t day;
	struct date date;
	/* -2: Good Friday, 1: Easter Monday, 39: Ascension, … */
	int easter_offset;
};

/* Local time of day in seconds from midnight; open from `opens` to before
 * `closes` (up to 86400); what starts at or after `cut_off` waits for the
 * next business day's opening. */
struct calendar_hours {
	int32_t opens;
	int32_t closes;
	int32_t cut_off; /* after opens; equals closes where there is none */
};

struct calendar_window {
	struct str name;
	struct calendar_hours hours;
};

struct calendar {
	struct str name;
	int64_t version; /* 1 unless told */
	struct digest digest; /* of what its document says */
	const struct zone *zone;
	uint8_t weekend; /* bit 0 is Monday … bit 6 Sunday; not all seven */
	const struct closed_day *closed;
	size_t closed_count;
	struct calendar_hours hours; /* 0 to 86400 unless told */
	const struct calendar_window *windows;
	size_t window_count;
};

/* "12-25", "2026-05-25", "good-friday" and the other feasts; false else. */
MUST_USE bool calendar_parse_closed(struct str text, struct closed_day *out);
/* The feasts' names, for messages. */
const struct str *calendar_feasts(size_t *count);
/* "07:00-18:00" and "16:00". */
MUST_USE bool calendar_parse_hours(struct str text, struct calendar_hours *out);
MUST_USE bool calendar_parse_time(struct str text, int32_t *seconds);
struct date calendar_easter(int32_t year);

bool calendar_is_business_day(
    const struct calendar *calendar, struct date date);
/* More business days than this are a slip of the pen (about 400 years). */
#define CALENDAR_DAYS_MAX 100000
/*
 * The same local time `days` business days later (days >= 0).  Where `from`
 * is no business time (a closed day, before opening, after closing) counting
 * starts at the next opening.  Falls back to the end of time (INT64_MAX) only
 * where ten years hold no business day, or days > CALENDAR_DAYS_MAX.
 */
int64_t calendar_add_business_days(const struct calendar *calendar,
    int64_t from_ms, int64_t days);
/* The window of that name, or NULL. */
const struct calendar_window *calendar_find_window(
    const struct calendar *calendar, struct str name);
/* `now_ms` itself where the hours are open and before the cut-off, else the
 * next instant at which they are; INT64_MAX where ten years hold none.  The
 * cut-off lies after the opening and not after the closing. */
int64_t calendar_next_open(const struct calendar *calendar,
    const struct calendar_hours *hours, int64_t now_ms);
/* Where they are open before the cut-off: when that is; else now_ms. */
int64_t calendar_cut_off(const struct calendar *calendar,
    const struct calendar_hours *hours, int64_t now_ms);

#endif
