/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retry_after.c: how long an endpoint asks us to wait.
 *
 * A date is compared with the answer's own `Date`, since the endpoint's clock
 * may be wrong by minutes and what it means is a distance.  Three forms of
 * dates are about (RFC 9110 section 5.6.7); cut at spaces, commas and hyphens
 * they differ in the order of their words only:
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT
 *     Sunday, 06-Nov-94 08:49:37 GMT
 *     Sun Nov  6 08:49:37 1994
 */
#include "connector_priv.h"

#define WORDS_MAX 6
#define DELAY_SECONDS_MAX (10 * 366 * 86400)

static size_t
cut_words(struct str text, struct str words[WORDS_MAX])
{
	size_t count = 0;
	size_t from = 0;

	for (size_t i = 0; i <= text.bytes; i++) {
		bool is_end = i == text.bytes ||
		    memchr(" ,-", text.at[i], 3) != NULL;
		if (!is_end)
			continue;
		if (i > from && count < WORDS_MAX)
			words[count++] = str_slice(text, from, i - from);
		else if (i > from)
			return 0; /* too many words for a date */
		from = i + 1;
	}
	return count;
}

static bool
parse_month(struct str text, uint8_t *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	size_t at = text.bytes == 3 ? str_find(STR(names), text) : SIZE_MAX;

	if (at == SIZE_MAX || at % 3 != 0)
		return false;
	*month = (uint8_t)(at / 3 + 1);
	return true;
}

/* Two digits mean the century that is within 50 years of now. */
static bool
parse_year(struct str text, int64_t now_ms, int64_t *year)
{
	int64_t this_year = date_of_days(now_ms / 86400000).year;

	if (!str_parse_int(text, 0, 9999, year))
		return false;
	if (text.bytes != 2)
		return text.bytes == 4;
	*year += this_year - this_year % 100;
	if (*year > this_year + 50)
		*year -= 100;
	return true;
}

static bool
parse_clock(struct str text, int64_t *seconds)
{
	int64_t hour, minute, second;

	if (text.bytes != 8 || text.at[2] != ':' || text.at[5] != ':')
		return false;
	if (!str_parse_int(str_slice(text, 0, 2), 0, 23, &hour) ||
	    !str_parse_int(str_slice(text, 3, 2), 0, 59, &minute) ||
	    !str_parse_int(str_slice(text, 6, 2), 0, 60, &second))
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	return true;
}

static bool
parse_date(struct str text, int64_t now_ms, int64_t *instant_ms)
{
	struct str words[WORDS_MAX];
	size_t count = cut_words(text, words);
	bool is_asctime = count == 5;
	int64_t year, day, seconds;
	uint8_t month;

	if (count != 6 && !is_asctime)
		return false;
	if (!parse_month(words[is_asctime ? 1 : 2], &month) ||
	    !str_parse_int(words[is_asctime ? 2 : 1], 1, 31, &day) ||
	    !parse_clock(words[is_asctime ? 3 : 4], &seconds) ||
	    !parse_year(words[is_asctime ? 4 : 3], now_ms, &year) ||
	    !date_is_valid(year, month, day))
		return false;
	struct date date = {(int32_t)year, month, (uint8_t)day};
	*instant_ms = (date_to_days(date) * 86400 + seconds) * 1000;
	return true;
}

/* Who asks for more years than we can count asks for many. */
static bool
parse_seconds(struct str text, int64_t *seconds)
{
	*seconds = DELAY_SECONDS_MAX;
	if (str_parse_int(text, 0, DELAY_SECONDS_MAX, seconds))
		return true;
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	return text.bytes > 0;
}

bool
retry_after_parse(struct str text, struct str date, int64_t now_ms,
    int64_t *delay_ms)
{
	int64_t seconds, until_ms, from_ms;

	if (parse_seconds(text, &seconds)) {
		*delay_ms = seconds * 1000;
		return true;
	}
	if (!parse_date(text, now_ms, &until_ms))
		return false;
	if (date.at == NULL || !parse_date(date, now_ms, &from_ms))
		from_ms = now_ms;
	*delay_ms = until_ms > from_ms ? until_ms - from_ms : 0;
	return true;
}
