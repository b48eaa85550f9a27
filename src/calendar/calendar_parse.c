/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_parse.c: the words of a calendar document.
 *
 * One way to write each thing: two digits for hours, minutes, months and
 * days, so that "7:00" and "1-5" are refused rather than guessed at.
 */
#include "calendar_priv.h"

/* Two digits at the front of *text, which moves past them. */
static bool
take_two_digits(struct str *text, int *out)
{
	int64_t n = 0;

	if (text->bytes < 2 ||
	    text->at[0] < '0' || text->at[0] > '9' ||
	    text->at[1] < '0' || text->at[1] > '9')
		return false;
	n = (text->at[0] - '0') * 10 + (text->at[1] - '0');
	*text = (struct str){text->at + 2, text->bytes - 2};
	*out = (int)n;
	return true;
}

static bool
take_char(struct str *text, char c)
{
	if (text->bytes == 0 || text->at[0] != c)
		return false;
	*text = (struct str){text->at + 1, text->bytes - 1};
	return true;
}

static bool
parse_yearly(struct str text, struct closed_day *out)
{
	int month = 0;
	int day = 0;

	if (!take_two_digits(&text, &month) || !take_char(&text, '-') ||
	    !take_two_digits(&text, &day) || text.bytes > 0)
		return false;
	/* Of a leap year, so that 02-29 may be closed when there is one. */
	if (!date_is_valid(2000, month, day))
		return false;
	*out = (struct closed_day){
		.kind = CLOSED_YEARLY,
		.month = (uint8_t)month,
		.day = (uint8_t)day,
	};
	return true;
}

bool
calendar_parse_closed(struct str text, struct closed_day *out)
{
	struct closed_day day = {0};

	must(out != NULL);
	if (parse_yearly(text, out))
		return true;
	if (date_parse(text, &day.date)) {
		day.kind = CLOSED_DATE;
	} else if (calendar_feasts_find(text, &day.easter_offset)) {
		day.kind = CLOSED_FEAST;
	} else {
		return false;
	}
	*out = day;
	return true;
}

bool
calendar_parse_time(struct str text, int32_t *seconds)
{
	int hour = 0;
	int minute = 0;

	must(seconds != NULL);
	if (!take_two_digits(&text, &hour) || !take_char(&text, ':') ||
	    !take_two_digits(&text, &minute) || text.bytes > 0)
		return false;
	if (minute > 59 || hour > 24 || (hour == 24 && minute > 0))
		return false;
	*seconds = (hour * 60 + minute) * 60;
	return true;
}

bool
calendar_parse_hours(struct str text, struct calendar_hours *out)
{
	struct calendar_hours hours = {0};
	struct str closes = {0};
	struct str opens = str_split(text, '-', &closes);

	must(out != NULL);
	if (closes.at == NULL ||
	    !calendar_parse_time(str_trim(opens), &hours.opens) ||
	    !calendar_parse_time(str_trim(closes), &hours.closes) ||
	    hours.opens >= hours.closes)
		return false;
	hours.cut_off = hours.closes;
	*out = hours;
	return true;
}
