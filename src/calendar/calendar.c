/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.c: business days, and the hours in which things may happen.
 *
 * Hours are turned into instants before they are compared with anything: a
 * day opens once and closes once, at the instants when the local clock shows
 * its hours (the first time, where the clock shows them twice).  So nothing
 * here has to know when summer time begins, and what opens never lies before
 * the question.
 */
#include "calendar_priv.h"

/* A calendar that has no business day in ten years has none at all. */
#define CALENDAR_SEARCH_DAYS 3653

#define CALENDAR_NEVER INT64_MAX

/* An instant as the local clock shows it. */
struct local_time {
	int64_t days;    /* the date, in days since 1970-01-01 */
	int32_t seconds; /* since the clock showed midnight, 0 to 86399 */
	int32_t millis;
};

static int64_t
floor_divide(int64_t n, int64_t by)
{
	int64_t quotient = n / by;

	return n % by < 0 ? quotient - 1 : quotient;
}

static struct local_time
local_of_instant(const struct zone *zone, int64_t instant_ms)
{
	int64_t utc = floor_divide(instant_ms, 1000);
	int64_t local = utc + zone_offset_at(zone, utc);
	int64_t days = floor_divide(local, 86400);

	return (struct local_time){
		.days = days,
		.seconds = (int32_t)(local - days * 86400),
		.millis = (int32_t)(instant_ms - utc * 1000),
	};
}

/* seconds may be 86400: the midnight that ends the day. */
static int64_t
instant_of_local(const struct zone *zone, struct local_time local)
{
	int64_t utc = zone_utc_of_local(zone,
	    local.days * 86400 + local.seconds);

	must(local.seconds >= 0 && local.seconds <= 86400);
	if (utc >= INT64_MAX / 1000)
		return CALENDAR_NEVER;
	return utc * 1000 + local.millis;
}

static bool
is_closed_on(const struct closed_day *closed, struct date date)
{
	switch (closed->kind) {
	case CLOSED_YEARLY:
		return date.month == closed->month && date.day == closed->day;
	case CLOSED_DATE:
		return date.year == closed->date.year &&
		    date.month == closed->date.month &&
		    date.day == closed->date.day;
	case CLOSED_FEAST:
		return date_to_days(date) ==
		    date_to_days(calendar_easter(date.year)) +
		    closed->easter_offset;
	}
	unreachable("every kind of closed day is listed");
}

bool
calendar_is_business_day(const struct calendar *calendar, struct date date)
{
	unsigned weekday = (unsigned)date_weekday(date);

	must(weekday >= 1 && weekday <= 7);
	if (calendar->weekend >> (weekday - 1) & 1)
		return false;
	for (size_t i = 0; i < calendar->closed_count; i++) {
		if (is_closed_on(&calendar->closed[i], date))
			return false;
	}
	return true;
}

/* The first business day on or after `days`; false: none in ten years. */
static bool
find_business_day(const struct calendar *calendar, int64_t days, int64_t *out)
{
	for (int i = 0; i < CALENDAR_SEARCH_DAYS; i++) {
		if (calendar_is_business_day(
			calendar, date_of_days(days + i))) {
			*out = days + i;
			return true;
		}
	}
	return false;
}

/* The first instant at or after from_ms of a business day's [opens, ends). */
static int64_t
next_between(const struct calendar *calendar, int32_t opens, int32_t ends,
    int64_t from_ms)
{
	int64_t days = local_of_instant(calendar->zone, from_ms).days;
	int64_t last = days + CALENDAR_SEARCH_DAYS;

	/* More than one turn: today is over, or the clock jumped over the
	 * whole of a day's hours. */
	for (; days <= last && find_business_day(calendar, days, &days);
	     days++) {
		int64_t begin = instant_of_local(calendar->zone,
		    (struct local_time){.days = days, .seconds = opens});
		int64_t end = instant_of_local(calendar->zone,
		    (struct local_time){.days = days, .seconds = ends});

		if (begin < end && from_ms < end)
			return from_ms > begin ? from_ms : begin;
	}
	return CALENDAR_NEVER;
}

int64_t
calendar_next_open(const struct calendar *calendar,
    const struct calendar_hours *hours, int64_t now_ms)
{
	must(hours->opens >= 0 && hours->closes <= 86400);
	must(hours->opens < hours->cut_off && hours->cut_off <= hours->closes);
	/* What is not begun before the cut-off is not begun that day. */
	return next_between(calendar, hours->opens, hours->cut_off, now_ms);
}

int64_t
calendar_cut_off(const struct calendar *calendar,
    const struct calendar_hours *hours, int64_t now_ms)
{
	int64_t today = local_of_instant(calendar->zone, now_ms).days;

	if (calendar_next_open(calendar, hours, now_ms) != now_ms)
		return now_ms;
	return instant_of_local(calendar->zone,
	    (struct local_time){.days = today, .seconds = hours->cut_off});
}

int64_t
calendar_add_business_days(const struct calendar *calendar, int64_t from_ms,
    int64_t days)
{
	int64_t start = next_between(calendar, calendar->hours.opens,
	    calendar->hours.closes, from_ms);
	struct local_time local = {0};

	must(days >= 0);
	if (start == CALENDAR_NEVER || days > CALENDAR_DAYS_MAX)
		return CALENDAR_NEVER;
	/* Not by way of the local clock, which may show this time twice. */
	if (days == 0)
		return start;
	local = local_of_instant(calendar->zone, start);
	for (int64_t i = 0; i < days; i++) {
		if (!find_business_day(calendar, local.days + 1, &local.days))
			return CALENDAR_NEVER;
	}
	return instant_of_local(calendar->zone, local);
}

const struct calendar_window *
calendar_find_window(const struct calendar *calendar, struct str name)
{
	for (size_t i = 0; i < calendar->window_count; i++) {
		if (str_equal(calendar->windows[i].name, name))
			return &calendar->windows[i];
	}
	return NULL;
}
