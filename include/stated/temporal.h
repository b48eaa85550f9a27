/* SPDX-License-Identifier: Apache-2.0 */
/*
 * temporal.h: FEEL's dates, times and durations (DMN 1.5, section 10.3.2.3).
 */
#ifndef STATED_TEMPORAL_H
#define STATED_TEMPORAL_H

#include "stated/buf.h"
#include "stated/zone.h"

struct date {
	int32_t year; /* -999999999 to 999999999 */
	uint8_t month;
	uint8_t day;
};

enum offset_kind { OFFSET_NONE, OFFSET_SECONDS, OFFSET_ZONE };

struct time_of_day {
	uint8_t hour; /* 0 to 23 */
	uint8_t minute;
	uint8_t second;
	uint32_t nanosecond;
	enum offset_kind offset_kind;
	int32_t offset_seconds;  /* OFFSET_SECONDS */
	const struct zone *zone; /* OFFSET_ZONE */
};

struct date_time {
	struct date date;
	struct time_of_day time;
};

/* Days and time: seconds and nanoseconds have the same sign. */
struct duration {
	int64_t seconds;
	int32_t nanoseconds;
};

/* "2026-11-22"; "10:20:00.5+02:00", "10:20:00@Europe/Berlin"; both by "T".
 * 24:00:00 is the next day's 00:00:00.  At most nine digits of a second. */
MUST_USE bool date_parse(struct str text, struct date *out);
MUST_USE bool time_parse(struct str text, struct time_of_day *out);
MUST_USE bool date_time_parse(struct str text, struct date_time *out);
/* ISO 8601: "P1DT2H", "-PT0.5S"; months: "P1Y2M". */
MUST_USE bool duration_parse(struct str text, struct duration *out);
MUST_USE bool months_parse(struct str text, int64_t *months);
void date_format(struct date date, struct buf *out);
void time_format(const struct time_of_day *time, struct buf *out);
void date_time_format(const struct date_time *date_time, struct buf *out);
/*
 * A time of day as it compares with others: with an offset, or with none, or
 * with a zone whose offset only a date would tell.  A zone that has the same
 * offset all the year gives way to that.
 */
struct time_of_day time_without_date(const struct time_of_day *time);
/* For those who know no names of zones (RFC 3339): a zone as the offset that
 * its clock has then. */
void date_time_format_offset(
    const struct date_time *date_time, struct buf *out);
void duration_format(struct duration duration, struct buf *out);
void months_format(int64_t months, struct buf *out);

bool date_is_valid(int64_t year, int64_t month, int64_t day);
/* Days since 1970-01-01 in the proleptic Gregorian calendar, and back.
 * date_of_days() takes what lies between the first and the last day. */
#define DATE_DAYS_MIN INT64_C(-365243219162)
#define DATE_DAYS_MAX INT64_C(365241780471)
int64_t date_to_days(struct date date);
struct date date_of_days(int64_t days);
/* 1 is Monday (ISO 8601). */
int date_weekday(struct date date);
/* The day is cut to the month's last where needed. */
MUST_USE bool date_add_months(
    struct date date, int64_t months, struct date *out);

/* Nanosecond-exact instant in UTC; a local time (OFFSET_NONE) counts as UTC. */
void date_time_to_utc(const struct date_time *date_time, int64_t *seconds,
    uint32_t *nanoseconds);
/* The same instant's fields as seen with `like`'s offset or zone; with the
 * zone's offset where its clock, set back, shows them for the second time. */
MUST_USE bool date_time_of_utc(int64_t seconds, uint32_t nanoseconds,
    const struct time_of_day *like, struct date_time *out);
/* Engine instants (milliseconds, see clock.h); local time counts as UTC. */
MUST_USE bool date_time_to_instant(
    const struct date_time *date_time, int64_t *instant_ms);
struct date_time date_time_of_instant(int64_t instant_ms); /* in UTC, "Z" */

#endif
