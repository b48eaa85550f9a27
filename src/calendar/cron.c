/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron.c: when a schedule comes next.
 *
 * The search goes day by day by the local date and looks into the days that
 * match only.  Within a day a schedule of fixed times goes by the local clock:
 * each of its times is turned into one instant, so that none is lost or comes
 * twice when the clock is put forward or back.  One of every hour goes by the
 * minutes that pass.
 */
#include "cron_priv.h"

#include "stated/zone.h"

#define DAY_SECONDS 86400
#define DAY_MINUTES 1440
/* 29 February on a business day may be twelve years away, over a century that
 * has none; forty leave no doubt. */
#define SEARCH_DAYS (40 * 366)
/* What date_of_days() surely takes: some 200,000 years from 1970. */
#define INSTANT_MAX_MS ((int64_t)6400000000000000)

static int64_t
floor_divide(int64_t n, int64_t by)
{
	int64_t quotient = n / by;

	return n % by < 0 ? quotient - 1 : quotient;
}

static bool
has_bit(uint64_t set, int n)
{
	must(n >= 0 && n < 64);
	return (set >> n & 1) != 0;
}

static int
last_day_of(struct date date)
{
	int day = 28;

	while (date_is_valid(date.year, date.month, day + 1))
		day++;
	return day;
}

static bool
is_day_of_month(const struct cron *cron, struct date date)
{
	return has_bit(cron->days, date.day) ||
	       (cron->last_day && date.day == last_day_of(date));
}

static bool
is_day(
    const struct cron *cron, const struct calendar *calendar, struct date date)
{
	/* 1 is Monday and 7 is Sunday; cron's Sunday is kept as 0. */
	bool weekday = has_bit(cron->weekdays, date_weekday(date) % 7);
	bool day = is_day_of_month(cron, date);
	bool either = !cron->days_starred && !cron->weekdays_starred;

	if (!has_bit(cron->months, date.month))
		return false;
	if (either ? !day && !weekday : !day || !weekday)
		return false;
	return calendar == NULL || calendar_is_business_day(calendar, date);
}

static bool
is_minute(const struct cron *cron, int minute_of_day)
{
	must(minute_of_day >= 0 && minute_of_day < DAY_MINUTES);
	return has_bit(cron->hours, minute_of_day / 60) &&
	       has_bit(cron->minutes, minute_of_day % 60);
}

static int64_t
local_of(const struct zone *zone, int64_t utc)
{
	return utc + zone_offset_at(zone, utc);
}

/* The instant at which the clock jumped over what would have been `utc`, had
 * it not; `skipped` is how far it jumped. */
static int64_t
jump_before(const struct zone *zone, int64_t utc, int64_t skipped)
{
	int64_t before = utc - skipped;
	int64_t after = utc;
	int32_t old = zone_offset_at(zone, before);

	must(skipped > 0);
	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;

		if (zone_offset_at(zone, middle) == old)
			before = middle;
		else
			after = middle;
	}
	return after;
}

/* The one instant of a local time. */
static int64_t
instant_of(const struct zone *zone, int64_t local)
{
	int64_t utc = zone_utc_of_local(zone, local);
	int64_t skipped = local_of(zone, utc) - local;

	return skipped > 0 ? jump_before(zone, utc, skipped) : utc;
}

/* By the local clock: what it showed up to `after` has come already, the
 * first time that it was shown. */
static int64_t
next_of_day_by_clock(const struct cron *cron, const struct zone *zone,
    int64_t day, int64_t after)
{
	int64_t shown = local_of(zone, after);

	for (int minute = 0; minute < DAY_MINUTES; minute++) {
		int64_t local = day * DAY_SECONDS + minute * 60;

		if (local <= shown || !is_minute(cron, minute))
			continue;
		int64_t utc = instant_of(zone, local);
		if (utc > after)
			return utc;
	}
	return CRON_NEVER;
}

/* By the minutes that pass from one midnight to the next. */
static int64_t
next_of_day_by_pace(const struct cron *cron, const struct zone *zone,
    int64_t day, int64_t after)
{
	int64_t begin = instant_of(zone, day * DAY_SECONDS);
	int64_t end = instant_of(zone, (day + 1) * DAY_SECONDS);
	int64_t utc = (floor_divide(after, 60) + 1) * 60;

	for (utc = utc > begin ? utc : begin; utc < end; utc += 60) {
		int64_t local = local_of(zone, utc);
		int64_t second =
		    local - floor_divide(local, DAY_SECONDS) * DAY_SECONDS;

		if (is_minute(cron, (int)(second / 60)))
			return utc;
	}
	return CRON_NEVER;
}

static int64_t
next_of_day(const struct cron *cron, const struct zone *zone, int64_t day,
    int64_t after)
{
	if (cron->hours == CRON_EVERY_HOUR)
		return next_of_day_by_pace(cron, zone, day, after);
	return next_of_day_by_clock(cron, zone, day, after);
}

int64_t
cron_next(const struct cron *cron, const struct zone *zone,
    const struct calendar *calendar, int64_t after_ms)
{
	int64_t after = floor_divide(after_ms, 1000);

	must(cron != NULL && zone != NULL);
	if (after_ms < -INSTANT_MAX_MS || after_ms > INSTANT_MAX_MS)
		return CRON_NEVER;
	int64_t today = floor_divide(local_of(zone, after), DAY_SECONDS);
	for (int64_t day = today; day < today + SEARCH_DAYS; day++) {
		int64_t next = CRON_NEVER;

		if (is_day(cron, calendar, date_of_days(day)))
			next = next_of_day(cron, zone, day, after);
		if (next != CRON_NEVER)
			return next * 1000;
	}
	return CRON_NEVER;
}
