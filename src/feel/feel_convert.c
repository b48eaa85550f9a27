/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_convert.c: conversions between types (DMN 1.5, table 72), not() and
 * is().
 */
#include "feel_builtin.h"

#include "feel_parser.h"

#define OFFSET_SECONDS_MAX (18 * 3600)
#define NANOSECONDS 1000000000
#define ZONE_STEPS 200

#define SHOWN_BYTES_MAX 40

/* null, with what can't be converted: `what` names what it is none of. */
static const struct value *
fail(struct feel_call *call, const char *what)
{
	const struct value *from = feel_builtin_unwrap(call->args[0]);

	if (!feel_is_told(call->run))
		return &value_null;
	if (from->type != VALUE_STRING)
		return feel_builtin_null(call, "a `%.*s` is %s",
		    STR_ARG(value_type_name(from->type)), what);
	return feel_builtin_null(call, "%.*s is %s", STR_ARG(feel_text(
	    call->run->arena, from, SHOWN_BYTES_MAX)), what);
}

/* ------------------------------------------------------------------- dates */

const struct value *
feel_convert_date(struct feel_call *call)
{
	const struct value *from = feel_builtin_unwrap(call->args[0]);
	struct date date;

	if (from->type == VALUE_DATE)
		return from;
	if (from->type == VALUE_DATE_TIME)
		return value_of_date(call->run->arena,
		    from->as.date_time->date);
	if (from->type != VALUE_STRING || !date_parse(from->as.string, &date))
		return fail(call, "no date");
	return value_of_date(call->run->arena, date);
}

static bool
take_int(const struct feel_call *call, size_t index, int64_t *out)
{
	return number_to_int(feel_builtin_number(call, index), out);
}

const struct value *
feel_convert_date_of_parts(struct feel_call *call)
{
	int64_t year;
	int64_t month;
	int64_t day;

	if (!take_int(call, 0, &year) || !take_int(call, 1, &month) ||
	    !take_int(call, 2, &day) || !date_is_valid(year, month, day))
		return feel_builtin_null(call, "there is no such day");
	return value_of_date(call->run->arena, (struct date){
		(int32_t)year, (uint8_t)month, (uint8_t)day});
}

/* ------------------------------------------------------------------- times */

/* A zone that is not known yet is looked for among files. */
static bool
pay_zone(struct feel_call *call, struct str text)
{
	return str_find(text, STR("@")) == SIZE_MAX ||
	    feel_spend(call->run, ZONE_STEPS);
}

static const struct time_of_day midnight_utc = {
	.offset_kind = OFFSET_SECONDS,
};

const struct value *
feel_convert_time(struct feel_call *call)
{
	const struct value *from = feel_builtin_unwrap(call->args[0]);
	struct time_of_day time;

	if (from->type == VALUE_TIME)
		return from;
	if (from->type == VALUE_DATE_TIME)
		return value_of_time(call->run->arena,
		    from->as.date_time->time);
	if (from->type == VALUE_DATE)
		return value_of_time(call->run->arena, midnight_utc);
	if (from->type != VALUE_STRING || !pay_zone(call, from->as.string) ||
	    !time_parse(from->as.string, &time))
		return fail(call, "no time");
	return value_of_time(call->run->arena, time);
}

/* 59.25 as 59 and 250000000 */
static bool
take_seconds(const struct feel_call *call, size_t index, int64_t *seconds,
    int64_t *nanoseconds)
{
	struct number n = feel_builtin_number(call, index);
	struct number rest;

	if (number_round(n, 0, NUMBER_FLOOR, &rest) != NUMBER_OK ||
	    !number_to_int(rest, seconds))
		return false;
	return number_subtract(n, rest, &rest) == NUMBER_OK &&
	    number_multiply(rest, number_of_int(NANOSECONDS), &rest) ==
	    NUMBER_OK && number_round(rest, 0, NUMBER_DOWN, &rest) ==
	    NUMBER_OK && number_to_int(rest, nanoseconds);
}

static bool
take_offset(const struct feel_call *call, struct time_of_day *time)
{
	const struct value *offset;

	if (!feel_builtin_has(call, 3))
		return true;
	offset = feel_builtin_unwrap(call->args[3]);
	if (offset->type != VALUE_DURATION ||
	    offset->as.duration.nanoseconds != 0 ||
	    offset->as.duration.seconds > OFFSET_SECONDS_MAX ||
	    offset->as.duration.seconds < -OFFSET_SECONDS_MAX)
		return false;
	time->offset_kind = OFFSET_SECONDS;
	time->offset_seconds = (int32_t)offset->as.duration.seconds;
	return true;
}

const struct value *
feel_convert_time_of_parts(struct feel_call *call)
{
	struct time_of_day time = {.offset_kind = OFFSET_NONE};
	int64_t hour;
	int64_t minute;
	int64_t second;
	int64_t nanosecond;

	if (!take_int(call, 0, &hour) || !take_int(call, 1, &minute) ||
	    !take_seconds(call, 2, &second, &nanosecond) ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 59 || !take_offset(call, &time))
		return feel_builtin_null(call, "there is no such time");
	time.hour = (uint8_t)hour;
	time.minute = (uint8_t)minute;
	time.second = (uint8_t)second;
	time.nanosecond = (uint32_t)nanosecond;
	return value_of_time(call->run->arena, time);
}

/* --------------------------------------------------------- dates and times */

const struct value *
feel_convert_date_time(struct feel_call *call)
{
	const struct value *from = feel_builtin_unwrap(call->args[0]);
	struct date_time date_time = {.time = {.offset_kind = OFFSET_NONE}};

	if (from->type == VALUE_DATE_TIME)
		return from;
	if (from->type == VALUE_DATE) {
		date_time.date = from->as.date;
		date_time.time = midnight_utc;
		return value_of_date_time(call->run->arena, date_time);
	}
	if (from->type != VALUE_STRING || !pay_zone(call, from->as.string) ||
	    (!date_time_parse(from->as.string, &date_time) &&
	    !date_parse(from->as.string, &date_time.date)))
		return fail(call, "no date and time");
	return value_of_date_time(call->run->arena, date_time);
}

const struct value *
feel_convert_date_time_of_parts(struct feel_call *call)
{
	const struct value *time = feel_builtin_unwrap(call->args[1]);
	struct date_time date_time = {.date = call->args[0]->as.date};

	if (time->type != VALUE_TIME)
		return feel_builtin_null(call, "the second is not a time");
	date_time.time = time->as.time;
	return value_of_date_time(call->run->arena, date_time);
}

/* --------------------------------------------------------------- durations */

const struct value *
feel_convert_duration(struct feel_call *call)
{
	const struct value *from = feel_builtin_unwrap(call->args[0]);
	struct duration duration;
	int64_t months;

	if (from->type == VALUE_DURATION || from->type == VALUE_MONTHS)
		return from;
	if (from->type != VALUE_STRING)
		return fail(call, "no duration");
	if (months_parse(from->as.string, &months))
		return value_of_months(call->run->arena, months);
	if (duration_parse(from->as.string, &duration))
		return value_of_duration(call->run->arena, duration);
	return fail(call, "no duration");
}

/* Whole months: the last one counts once its day has come. */
const struct value *
feel_convert_months_between(struct feel_call *call)
{
	struct date from = call->args[0]->as.date;
	struct date to = call->args[1]->as.date;
	int64_t months = ((int64_t)to.year - from.year) * 12 + to.month -
	    from.month;

	if (months > 0 && to.day < from.day)
		months--;
	else if (months < 0 && to.day > from.day)
		months++;
	return value_of_months(call->run->arena, months);
}

/* ----------------------------------------------------------------- numbers */

/* One of the characters that may separate, or '\0' for none. */
static bool
take_separator(const struct feel_call *call, size_t index, const char *allowed,
    char *out)
{
	struct str separator;

	*out = '\0';
	if (index >= call->builtin->count || !feel_builtin_has(call, index))
		return true;
	separator = feel_builtin_str(call, index);
	if (separator.bytes != 1 || separator.at[0] == '\0' ||
	    strchr(allowed, separator.at[0]) == NULL)
		return false;
	*out = separator.at[0];
	return true;
}

const struct value *
feel_convert_number(struct feel_call *call)
{
	struct str from = feel_builtin_str(call, 0);
	struct number number;
	char grouping;
	char point;
	char *plain;
	size_t count = 0;

	if (!take_separator(call, 1, " ,.", &grouping) ||
	    !take_separator(call, 2, ",.", &point) ||
	    (grouping != '\0' && grouping == point))
		return feel_builtin_null(call, "these cannot separate");
	if (!feel_spend_bytes(call->run, from.bytes) ||
	    !feel_afford(call->run, from.bytes))
		return &value_null;
	plain = arena_alloc(call->run->arena, from.bytes + 1);
	for (size_t i = 0; i < from.bytes; i++) {
		if (grouping != '\0' && from.at[i] == grouping)
			continue;
		if (point == ',' && from.at[i] == '.')
			return fail(call, "no number");
		plain[count++] = point == ',' && from.at[i] == ',' ? '.' :
		    from.at[i];
	}
	if (number_parse((struct str){plain, count}, &number) != NUMBER_OK)
		return fail(call, "no number");
	return value_of_number(call->run->arena, number);
}

const struct value *
feel_convert_string(struct feel_call *call)
{
	const struct value *string;

	if (value_is_null(call->args[0]))
		return feel_builtin_null(call, "null has no text");
	string = feel_text_of(call->run, call->args[0]);
	if (string == NULL)
		return feel_builtin_null(call, "the text would be too large");
	return string;
}

/* ------------------------------------------------------------------ ranges */

/* "[" endpoint ".." endpoint "]", where an endpoint is a literal: number,
 * string, @"…", or a conversion of a string. */
static bool
is_literal_end(struct str text)
{
	static const char *const names[] = {
		"date", "time", "date and time", "duration",
	};
	struct str rest = text;
	size_t at;

	if (text.bytes == 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		at = feel_lex_match_name(text, 0, str_of(names[i]));
		if (at == 0)
			continue;
		rest = str_trim(str_slice(text, at, SIZE_MAX));
		if (rest.bytes > 2 && rest.at[0] == '(' &&
		    rest.at[rest.bytes - 1] == ')')
			rest = str_trim(str_slice(rest, 1, rest.bytes - 2));
	}
	if (rest.bytes > 1 && rest.at[0] == '@' && rest.at == text.at)
		rest = str_slice(rest, 1, SIZE_MAX);
	if (rest.bytes > 0 && rest.at[0] == '"')
		return feel_lex_string(rest, 0) == rest.bytes;
	if (rest.at == text.at && rest.bytes > 0) {
		at = rest.at[0] == '-' ? 1 : 0;
		return feel_lex_number(rest, at) == rest.bytes;
	}
	return false;
}

static const struct value *
read_end(struct feel_call *call, struct str text)
{
	struct feel_error error;
	const struct feel *feel;

	text = str_trim(text);
	if (!is_literal_end(text))
		return NULL;
	feel = feel_parse(call->run->arena, text, NULL, &error);
	return feel != NULL ? feel_constant(feel) : NULL;
}

/* Where ".." stands outside of strings, or SIZE_MAX. */
static size_t
find_dots(struct str text)
{
	for (size_t at = 0; at + 1 < text.bytes; at++) {
		if (text.at[at] == '"') {
			at = feel_lex_string(text, at);
			if (at == SIZE_MAX)
				return SIZE_MAX;
			at--;
		} else if (text.at[at] == '.' && text.at[at + 1] == '.') {
			return at;
		}
	}
	return SIZE_MAX;
}

static bool
read_brackets(struct str text, struct value_range *range)
{
	char first = text.at[0];
	char last = text.at[text.bytes - 1];

	range->low_closed = first == '[';
	range->high_closed = last == ']';
	return strchr("[](", first) != NULL && strchr("])[", last) != NULL;
}

const struct value *
feel_convert_range(struct feel_call *call)
{
	struct str text = str_trim(feel_builtin_str(call, 0));
	struct value_range range = {NULL};
	struct str inside;
	size_t dots;
	int order;

	if (!feel_spend(call->run, text.bytes))
		return &value_null;
	if (text.bytes < 4 || memchr(text.at, '\0', text.bytes) != NULL ||
	    !read_brackets(text, &range))
		return fail(call, "no range");
	inside = str_slice(text, 1, text.bytes - 2);
	dots = find_dots(inside);
	if (dots == SIZE_MAX)
		return fail(call, "no range");
	range.low = read_end(call, str_slice(inside, 0, dots));
	range.high = read_end(call, str_slice(inside, dots + 2, SIZE_MAX));
	if (range.low == NULL || range.high == NULL ||
	    !feel_order(call->run, range.low, range.high, &order) || order > 0)
		return feel_builtin_null(call, "not a range of literals");
	return value_of_range(call->run->arena, range);
}

/* --------------------------------------------------------------- not, is */

const struct value *
feel_convert_not(struct feel_call *call)
{
	const struct value *negand = feel_builtin_unwrap(call->args[0]);

	if (negand->type != VALUE_BOOLEAN)
		return feel_builtin_null(call, "`%.*s` has no negation",
		    STR_ARG(value_type_name(negand->type)));
	return value_of_boolean(!negand->as.boolean);
}

static bool
is_same_time(const struct time_of_day *a, const struct time_of_day *b)
{
	return a->hour == b->hour && a->minute == b->minute &&
	    a->second == b->second && a->nanosecond == b->nanosecond &&
	    a->offset_kind == b->offset_kind &&
	    (a->offset_kind != OFFSET_SECONDS ||
	    a->offset_seconds == b->offset_seconds) &&
	    (a->offset_kind != OFFSET_ZONE || a->zone == b->zone);
}

static const struct value *
given_or_null(const struct feel_call *call, size_t index)
{
	return call->args[index] != NULL ? call->args[index] : &value_null;
}

/* The same element of the same domain: 10:00Z is not 11:00+01:00. */
const struct value *
feel_convert_is(struct feel_call *call)
{
	const struct value *a = given_or_null(call, 0);
	const struct value *b = given_or_null(call, 1);

	if (a->type != b->type)
		return &value_false;
	if (a->type == VALUE_TIME)
		return value_of_boolean(is_same_time(&a->as.time,
		    &b->as.time));
	if (a->type == VALUE_DATE_TIME)
		return value_of_boolean(is_same_time(&a->as.date_time->time,
		    &b->as.date_time->time) &&
		    date_to_days(a->as.date_time->date) ==
		    date_to_days(b->as.date_time->date));
	return value_of_boolean(
	    value_is_true(feel_equal_run(call->run, a, b)));
}
