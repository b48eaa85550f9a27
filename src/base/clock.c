/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c: the clocks, and instants as text.
 *
 * Days are counted in eras of 400 years that begin on the first of March,
 * since the calendar repeats itself after 146 097 days and a leap day at the
 * end of the year disturbs no month.
 */
#include "stated/clock.h"

#include "stated/must.h"

#include <stdio.h>
#include <time.h>

#define MS_PER_SECOND 1000
#define SECONDS_PER_DAY 86400
#define MS_PER_DAY ((int64_t)SECONDS_PER_DAY * MS_PER_SECOND)
#define DAYS_PER_ERA 146097
/* From the first of March of the year 0 to 1970-01-01. */
#define DAYS_TO_1970 719468

/* ----------------------------------------------------------------- clocks */

static int64_t
now_ms_by(clockid_t id)
{
	struct timespec now;

	must(clock_gettime(id, &now) == 0);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

static int64_t
system_now_ms(const struct clock *clock)
{
	(void)clock;
	return now_ms_by(CLOCK_REALTIME);
}

static int64_t
system_sleep_ms(const struct clock *clock, int64_t until_ms)
{
	int64_t now_ms = clock_now_ms(clock);

	return until_ms > now_ms ? until_ms - now_ms : 0;
}

const struct clock *
clock_system(void)
{
	static const struct clock system = {system_now_ms, system_sleep_ms};

	return &system;
}

static int64_t
steady_now_ms(const struct clock *clock)
{
	(void)clock;
	return now_ms_by(CLOCK_BOOTTIME);
}

const struct clock *
clock_steady(void)
{
	static const struct clock steady = {steady_now_ms, system_sleep_ms};

	return &steady;
}

int64_t
clock_monotonic_us(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
scaled_now_ms(const struct clock *clock)
{
	const struct clock_scaled *scaled = (const struct clock_scaled *)clock;
	int64_t passed_ms = clock_now_ms(clock_system()) - scaled->origin_ms;

	return scaled->shown_ms + passed_ms * scaled->factor;
}

static int64_t
scaled_sleep_ms(const struct clock *clock, int64_t until_ms)
{
	const struct clock_scaled *scaled = (const struct clock_scaled *)clock;
	int64_t now_ms = scaled_now_ms(clock);

	if (until_ms <= now_ms)
		return 0;
	/* Rounded up: who wakes early finds nothing due and sleeps for 0 ms. */
	return (until_ms - now_ms - 1) / scaled->factor + 1;
}

void
clock_scaled_init(
    struct clock_scaled *scaled, int64_t factor, int64_t not_before_ms)
{
	int64_t now_ms = clock_now_ms(clock_system());

	must(factor > 0);
	*scaled = (struct clock_scaled){
	    .clock = {scaled_now_ms, scaled_sleep_ms},
	    .origin_ms = now_ms,
	    .shown_ms = now_ms > not_before_ms ? now_ms : not_before_ms,
	    .factor = factor,
	};
}

static int64_t
virtual_now_ms(const struct clock *clock)
{
	return ((const struct clock_virtual *)clock)->now_ms;
}

void
clock_virtual_init(struct clock_virtual *virtual_clock, int64_t now_ms)
{
	*virtual_clock = (struct clock_virtual){
	    .clock = {virtual_now_ms, system_sleep_ms},
	    .now_ms = now_ms,
	};
}

/* ------------------------------------------------------------ as a text */

struct date {
	int64_t year;
	int64_t month; /* 1 to 12 */
	int64_t day;   /* 1 to 31 */
};

static int64_t
floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
days_of_date(struct date date)
{
	/* January and February close the year before. */
	int64_t year = date.month <= 2 ? date.year - 1 : date.year;
	int64_t month = date.month <= 2 ? date.month + 9 : date.month - 3;
	int64_t era = floor_divide(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static struct date
date_of_days(int64_t days)
{
	int64_t era = floor_divide(days + DAYS_TO_1970, DAYS_PER_ERA);
	int64_t day_of_era = days + DAYS_TO_1970 - era * DAYS_PER_ERA;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 +
	    day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era -
	    (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	struct date date = {
	    .year = era * 400 + year_of_era,
	    .month = month < 10 ? month + 3 : month - 9,
	    .day = day_of_year - (153 * month + 2) / 5 + 1,
	};

	if (date.month <= 2)
		date.year++;
	return date;
}

/* Exactly so many digits, and what stands after them. */
static char *
put_digits(char *at, int64_t n, int digits, char after)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + n % 10);
		n /= 10;
	}
	at[digits] = after;
	return at + digits + 1;
}

/* A year that has four digits: each record of history has an instant or two,
 * and printf() takes longer for it than for all else in a record. */
static struct str
format_common(struct date date, int ms, char out[CLOCK_TEXT_BYTES])
{
	char *at = put_digits(out, date.year, 4, '-');

	at = put_digits(at, date.month, 2, '-');
	at = put_digits(at, date.day, 2, 'T');
	at = put_digits(at, ms / 3600000, 2, ':');
	at = put_digits(at, ms / 60000 % 60, 2, ':');
	at = put_digits(at, ms / 1000 % 60, 2, '.');
	at = put_digits(at, ms % 1000, 3, 'Z');
	*at = '\0';
	return (struct str){out, (size_t)(at - out)};
}

struct str
clock_format(int64_t instant_ms, char out[CLOCK_TEXT_BYTES])
{
	int64_t days = floor_divide(instant_ms, MS_PER_DAY);
	int ms = (int)((instant_ms % MS_PER_DAY + MS_PER_DAY) % MS_PER_DAY);
	struct date date = date_of_days(days);

	if (date.year >= 0 && date.year <= 9999)
		return format_common(date, ms, out);
	int bytes = snprintf(out, CLOCK_TEXT_BYTES,
	    "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", (long long)date.year,
	    (int)date.month, (int)date.day, ms / 3600000, ms / 60000 % 60,
	    ms / 1000 % 60, ms % 1000);

	must(bytes > 0 && bytes < CLOCK_TEXT_BYTES);
	return (struct str){out, (size_t)bytes};
}

/* Takes exactly `digits` digits from the front of *text. */
static bool
take_number(struct str *text, size_t digits, int64_t max, int64_t *out)
{
	if (text->bytes < digits || text->at[0] == '-')
		return false;
	if (!str_parse_int(str_slice(*text, 0, digits), 0, max, out))
		return false;
	*text = str_slice(*text, digits, text->bytes);
	return true;
}

/* Takes one of the given characters from the front of *text. */
static bool
take_char(struct str *text, const char *any_of)
{
	if (text->bytes == 0 || text->at[0] == '\0' ||
	    strchr(any_of, text->at[0]) == NULL)
		return false;
	*text = str_slice(*text, 1, text->bytes);
	return true;
}

static bool
is_in_calendar(struct date date)
{
	/* A day that the month does not have comes back as another date. */
	struct date back = date_of_days(days_of_date(date));

	return date.month >= 1 && date.day >= 1 && back.year == date.year &&
	    back.month == date.month && back.day == date.day;
}

/* full-date of RFC 3339, as days since 1970. */
static bool
take_date(struct str *text, int64_t *days)
{
	struct date date;

	if (!take_number(text, 4, 9999, &date.year) || !take_char(text, "-") ||
	    !take_number(text, 2, 12, &date.month) || !take_char(text, "-") ||
	    !take_number(text, 2, 31, &date.day) || !is_in_calendar(date))
		return false;
	*days = days_of_date(date);
	return true;
}

/* partial-time, as milliseconds since midnight; the 60th second, which a leap
 * second has, is let through here. */
static bool
take_time(struct str *text, int64_t *ms)
{
	int64_t hour, minute, second;

	if (!take_number(text, 2, 23, &hour) || !take_char(text, ":") ||
	    !take_number(text, 2, 59, &minute) || !take_char(text, ":") ||
	    !take_number(text, 2, 60, &second))
		return false;
	*ms = ((hour * 60 + minute) * 60 + second) * MS_PER_SECOND;
	if (!take_char(text, "."))
		return true;
	int64_t weight = 100;
	int64_t digit;
	if (!take_number(text, 1, 9, &digit))
		return false;
	do {
		*ms += digit * weight;
		weight /= 10;
	} while (take_number(text, 1, 9, &digit));
	return true;
}

/* time-offset, as milliseconds east of UTC. */
static bool
take_offset(struct str *text, int64_t *ms)
{
	int64_t hours, minutes;

	*ms = 0;
	if (take_char(text, "Zz"))
		return true;
	bool is_west = text->bytes > 0 && text->at[0] == '-';
	if (!take_char(text, "+-") || !take_number(text, 2, 23, &hours) ||
	    !take_char(text, ":") || !take_number(text, 2, 59, &minutes))
		return false;
	*ms = (hours * 60 + minutes) * 60 * MS_PER_SECOND;
	if (is_west)
		*ms = -*ms;
	return true;
}

bool
clock_parse(struct str text, int64_t *instant_ms)
{
	int64_t days, time_ms, offset_ms;

	if (!take_date(&text, &days) || !take_char(&text, "Tt"))
		return false;
	bool is_leap = text.bytes >= 8 && text.at[6] == '6';
	if (!take_time(&text, &time_ms) || !take_offset(&text, &offset_ms) ||
	    text.bytes > 0)
		return false;
	int64_t instant = days * MS_PER_DAY + time_ms - offset_ms;
	int64_t second_of_day =
	    floor_divide(instant, MS_PER_SECOND) % SECONDS_PER_DAY;
	/* POSIX has no leap seconds: one counts as the second after it, and
	 * there are none but at the end of a day in UTC. */
	if (is_leap && second_of_day != 0)
		return false;
	/* In UTC it may lie in a year that has no four digits. */
	int64_t year =
	    date_of_days(floor_divide(instant, MS_PER_DAY)).year;
	if (year < 0 || year > 9999)
		return false;
	*instant_ms = instant;
	return true;
}
