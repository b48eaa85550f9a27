/* SPDX-License-Identifier: Apache-2.0 */
/*
 * date.c: days of the proleptic Gregorian calendar.
 *
 * Days are counted in years that begin on the first of March, so that the
 * leap day is the last of its year and months before it are never shifted.
 */
#include "stated/temporal.h"

#include "temporal_priv.h"

#define YEAR_MAX 999999999
#define DAYS_OF_YEAR 365
#define DAYS_OF_4_YEARS (4 * 365 + 1)
#define DAYS_OF_100_YEARS (25 * DAYS_OF_4_YEARS - 1)
#define DAYS_OF_400_YEARS (4 * DAYS_OF_100_YEARS + 1)
/* From 0000-03-01 to 1970-01-01. */
#define DAYS_TO_1970 719468

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint8_t
days_of_month(int64_t year, int64_t month)
{
	static const uint8_t days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	must(month >= 1 && month <= 12);
	return (uint8_t)(days[month - 1] + (month == 2 && is_leap(year)));
}

bool
date_is_valid(int64_t year, int64_t month, int64_t day)
{
	return year >= -YEAR_MAX && year <= YEAR_MAX && month >= 1 &&
	    month <= 12 && day >= 1 && day <= days_of_month(year, month);
}

/* Days before a month in a year from March on: 0 is March.  The months have
 * 31, 30, 31, 30, 31 days, over and over. */
static int64_t
days_before_month(int64_t month_from_march)
{
	return (153 * month_from_march + 2) / 5;
}

int64_t
date_to_days(struct date date)
{
	must(date_is_valid(date.year, date.month, date.day));
	int64_t year = date.month > 2 ? date.year : (int64_t)date.year - 1;
	int64_t month = (date.month + 9) % 12;
	int64_t year_of_400;
	int64_t cycles = temporal_divide(year, 400, &year_of_400);
	return cycles * DAYS_OF_400_YEARS + year_of_400 * DAYS_OF_YEAR +
	    year_of_400 / 4 - year_of_400 / 100 + days_before_month(month) +
	    date.day - 1 - DAYS_TO_1970;
}

static int64_t
min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct date
date_of_days(int64_t days)
{
	must(days >= DATE_DAYS_MIN && days <= DATE_DAYS_MAX);
	int64_t rest;
	int64_t cycles =
	    temporal_divide(days + DAYS_TO_1970, DAYS_OF_400_YEARS, &rest);
	/* The last day of 400 and of 4 years belongs to the last part. */
	int64_t centuries = min(rest / DAYS_OF_100_YEARS, 3);
	rest -= centuries * DAYS_OF_100_YEARS;
	int64_t year = 400 * cycles + 100 * centuries +
	    4 * (rest / DAYS_OF_4_YEARS);
	rest %= DAYS_OF_4_YEARS;
	int64_t years = min(rest / DAYS_OF_YEAR, 3);
	rest -= years * DAYS_OF_YEAR;
	int64_t month = (5 * rest + 2) / 153; /* from March */
	struct date date = {
	    .month = (uint8_t)((month + 2) % 12 + 1),
	    .day = (uint8_t)(rest - days_before_month(month) + 1),
	};
	date.year = (int32_t)(year + years + (date.month <= 2));
	return date;
}

int
date_weekday(struct date date)
{
	/* 1970-01-01 was a Thursday. */
	int64_t weekday;
	(void)temporal_divide(date_to_days(date) + 3, 7, &weekday);
	return (int)weekday + 1;
}

bool
date_add_months(struct date date, int64_t months, struct date *out)
{
	int64_t total;
	if (__builtin_add_overflow((int64_t)date.year * 12 + date.month - 1,
		months, &total))
		return false;
	int64_t month;
	int64_t year = temporal_divide(total, 12, &month);
	if (year < -YEAR_MAX || year > YEAR_MAX)
		return false;
	uint8_t last = days_of_month(year, month + 1);
	*out = (struct date){
	    .year = (int32_t)year,
	    .month = (uint8_t)(month + 1),
	    .day = date.day < last ? date.day : last,
	};
	return true;
}

/* Four digits, or five to nine without a leading zero. */
static bool
take_year(struct str *in, int64_t *year)
{
	bool negative = temporal_take_char(in, '-');
	struct str digits = *in;
	if (!temporal_take_number(in, year))
		return false;
	size_t count = digits.bytes - in->bytes;
	if (count < 4 || count > 9 || (count > 4 && digits.at[0] == '0'))
		return false;
	if (negative)
		*year = -*year;
	return true;
}

bool
date_parse(struct str text, struct date *out)
{
	int64_t year;
	uint8_t month;
	uint8_t day;
	if (!take_year(&text, &year) || !temporal_take_char(&text, '-') ||
	    !temporal_take_pair(&text, 12, &month) ||
	    !temporal_take_char(&text, '-') ||
	    !temporal_take_pair(&text, 31, &day) || text.bytes > 0)
		return false;
	if (!date_is_valid(year, month, day))
		return false;
	*out = (struct date){(int32_t)year, month, day};
	return true;
}

void
date_format(struct date date, struct buf *out)
{
	buf_addf(out, "%s%04d-%02d-%02d", date.year < 0 ? "-" : "",
	    date.year < 0 ? -date.year : date.year, date.month, date.day);
}
