/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_rule.c: the rule in the footer of a TZif file, POSIX's TZ string with
 * the hours from -167 to 167 that RFC 8536 allows: CET-1CEST,M3.5.0,M10.5.0/3
 *
 * The signs of POSIX are the other way round than everybody else's: CET-1 is
 * one hour east.  They are turned when they are read.
 */
#include "zone_priv.h"

#include "stated/must.h"

#define SECONDS_PER_DAY 86400
#define SWITCH_SECOND_DEFAULT (2 * 3600)
/* Two a year, for a year and its neighbours. */
#define SWITCHES_LOOKED_AT 6

/* ---------------------------------------------------------------- parsing */

static bool
take_char(struct str *text, char c)
{
	if (text->bytes == 0 || text->at[0] != c)
		return false;
	*text = str_slice(*text, 1, text->bytes);
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
take_number(struct str *text, int32_t min, int32_t max, int32_t *out)
{
	size_t digits = 0;
	int64_t n;

	while (digits < text->bytes && is_digit(text->at[digits]))
		digits++;
	if (!str_parse_int(str_slice(*text, 0, digits), min, max, &n))
		return false;
	*out = (int32_t)n;
	*text = str_slice(*text, digits, text->bytes);
	return true;
}

/* name: three or more letters, or <anything of letters, digits, + and ->.
 * What a zone is called in speech is of no use here. */
static bool
take_name(struct str *text)
{
	size_t bytes = 0;
	bool is_quoted = take_char(text, '<');

	while (bytes < text->bytes && (is_letter(text->at[bytes]) ||
	    (is_quoted && (is_digit(text->at[bytes]) ||
	    text->at[bytes] == '+' || text->at[bytes] == '-'))))
		bytes++;
	*text = str_slice(*text, bytes, text->bytes);
	return bytes >= 3 && (!is_quoted || take_char(text, '>'));
}

/* [+-]hh[:mm[:ss]] as seconds. */
static bool
take_time(struct str *text, int32_t hour_max, int32_t *seconds)
{
	bool is_negative = take_char(text, '-');
	int32_t hour, minute = 0, second = 0;

	if (!is_negative)
		(void)take_char(text, '+');
	if (!take_number(text, 0, hour_max, &hour))
		return false;
	if (take_char(text, ':') && !take_number(text, 0, 59, &minute))
		return false;
	if (take_char(text, ':') && !take_number(text, 0, 59, &second))
		return false;
	*seconds = (hour * 60 + minute) * 60 + second;
	if (is_negative)
		*seconds = -*seconds;
	return true;
}

static bool
take_offset(struct str *text, int32_t *offset)
{
	if (!take_time(text, 24, offset))
		return false;
	*offset = -*offset;
	return true;
}

static bool
take_day(struct str *text, struct zone_switch *day)
{
	if (take_char(text, 'J')) {
		day->kind = ZONE_DAY_JULIAN;
		return take_number(text, 1, 365, &day->day);
	}
	if (take_char(text, 'M')) {
		day->kind = ZONE_DAY_WEEKDAY;
		return take_number(text, 1, 12, &day->month) &&
		    take_char(text, '.') &&
		    take_number(text, 1, 5, &day->week) &&
		    take_char(text, '.') && take_number(text, 0, 6, &day->day);
	}
	day->kind = ZONE_DAY_ORDINAL;
	return take_number(text, 0, 365, &day->day);
}

/* ,date[/time] */
static bool
take_switch(struct str *text, struct zone_switch *day)
{
	day->second = SWITCH_SECOND_DEFAULT;
	if (!take_char(text, ',') || !take_day(text, day))
		return false;
	return !take_char(text, '/') || take_time(text, 167, &day->second);
}

bool
zone_rule_parse(struct str text, struct zone_rule *rule)
{
	*rule = (struct zone_rule){0};
	if (!take_name(&text) || !take_offset(&text, &rule->standard_offset))
		return false;
	if (text.bytes == 0)
		return true;
	rule->has_summer = true;
	if (!take_name(&text))
		return false;
	rule->summer_offset = rule->standard_offset + 3600;
	if (text.bytes > 0 && text.at[0] != ',' &&
	    !take_offset(&text, &rule->summer_offset))
		return false;
	return take_switch(&text, &rule->to_summer) &&
	    take_switch(&text, &rule->to_standard) && text.bytes == 0;
}

/* -------------------------------------------------------------- following */

static bool
is_leap_year(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t
floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Days from 1970-01-01 to the first of January. */
static int64_t
days_of_year(int64_t year)
{
	int64_t before = year - 1;

	return 365 * (year - 1970) + (floor_divide(before, 4) - 492) -
	    (floor_divide(before, 100) - 19) + (floor_divide(before, 400) - 4);
}

static int64_t
year_of_day(int64_t day)
{
	/* 400 years have 146097 days; the guess is never too late. */
	int64_t year = 1969 + floor_divide(day * 400, 146097);

	while (days_of_year(year + 1) <= day)
		year++;
	must(days_of_year(year) <= day);
	return year;
}

/* Days of the year before a month; month 13 gives the days of the year. */
static int32_t
days_before_month(int32_t month, bool is_leap)
{
	static const int32_t before[] = {
	    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

	must(month >= 1 && month <= 13);
	return before[month - 1] + (is_leap && month > 2);
}

/* Day of the year, from 0, of the w-th weekday of a month. */
static int64_t
weekday_in_month(const struct zone_switch *day, int64_t year)
{
	bool is_leap = is_leap_year(year);
	int64_t first = days_before_month(day->month, is_leap);
	int64_t next = days_before_month(day->month + 1, is_leap);
	/* 1970-01-01 was a Thursday. */
	int64_t weekday = (days_of_year(year) + first + 4) % 7;
	if (weekday < 0)
		weekday += 7;
	int64_t found = first + (day->day - weekday + 7) % 7 +
	    (day->week - 1) * 7;

	return found < next ? found : found - 7;
}

/* When a switch comes in a year, in UTC, the clock having shown `offset`. */
static int64_t
switch_in_year(const struct zone_switch *day, int64_t year, int32_t offset)
{
	int64_t day_of_year = day->day;

	if (day->kind == ZONE_DAY_WEEKDAY)
		day_of_year = weekday_in_month(day, year);
	else if (day->kind == ZONE_DAY_JULIAN)
		day_of_year += (day->day > 59 && is_leap_year(year)) - 1;
	return (days_of_year(year) + day_of_year) * SECONDS_PER_DAY +
	    day->second - offset;
}

static bool
is_after(struct zone_transition a, struct zone_transition b, int32_t summer)
{
	if (a.at != b.at)
		return a.at > b.at;
	return a.offset == summer && b.offset != summer;
}

/*
 * The switches of the year of `utc` and of its neighbours, in order.  Where
 * two fall on one instant the switch to summer comes last: that is how a rule
 * says that summer never ends.
 */
static void
switches_around(const struct zone_rule *rule, int64_t utc,
    struct zone_transition switches[SWITCHES_LOOKED_AT])
{
	int64_t year = year_of_day(floor_divide(utc, SECONDS_PER_DAY)) - 1;

	for (int i = 0; i < SWITCHES_LOOKED_AT; i += 2, year++) {
		switches[i] = (struct zone_transition){
		    switch_in_year(&rule->to_summer, year,
			rule->standard_offset),
		    rule->summer_offset};
		switches[i + 1] = (struct zone_transition){
		    switch_in_year(&rule->to_standard, year,
			rule->summer_offset),
		    rule->standard_offset};
	}
	for (int i = 1; i < SWITCHES_LOOKED_AT; i++) {
		struct zone_transition moved = switches[i];
		int j = i;
		for (; j > 0 && is_after(switches[j - 1], moved,
		    rule->summer_offset); j--)
			switches[j] = switches[j - 1];
		switches[j] = moved;
	}
}

int32_t
zone_rule_offset_at(const struct zone_rule *rule, int64_t utc)
{
	struct zone_transition switches[SWITCHES_LOOKED_AT];

	if (!rule->has_summer)
		return rule->standard_offset;
	switches_around(rule, utc, switches);
	int32_t offset = switches[0].offset;
	for (int i = 0; i < SWITCHES_LOOKED_AT && switches[i].at <= utc; i++)
		offset = switches[i].offset;
	return offset;
}

bool
zone_rule_next(const struct zone_rule *rule, int64_t utc, int64_t *next)
{
	struct zone_transition switches[SWITCHES_LOOKED_AT];

	if (!rule->has_summer)
		return false;
	switches_around(rule, utc, switches);
	for (int i = 0; i < SWITCHES_LOOKED_AT; i++) {
		if (switches[i].at > utc) {
			*next = switches[i].at;
			return true;
		}
	}
	return false;
}
