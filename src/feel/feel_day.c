/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_day.c: now() and today(), and what day it is (DMN 1.5, tables 77, 80).
 *
 * The present is given from outside, so that evaluating again gives the same.
 */
#include "feel_builtin.h"

static bool
get_now(const struct feel_call *call, struct date_time *now)
{
	const struct feel_env *env = call->run->env;
	struct time_of_day like = {.offset_kind = OFFSET_SECONDS};
	int64_t seconds;
	int64_t rest;

	seconds = env->now_ms / 1000;
	rest = env->now_ms % 1000;
	if (rest < 0) {
		seconds--;
		rest += 1000;
	}
	if (env->zone != NULL) {
		like.offset_kind = OFFSET_ZONE;
		like.zone = env->zone;
	}
	return date_time_of_utc(seconds, (uint32_t)rest * 1000000, &like, now);
}

const struct value *
feel_day_now(struct feel_call *call)
{
	struct date_time now;

	if (!get_now(call, &now))
		return feel_builtin_null(call, "nobody knows what time it is");
	return value_of_date_time(call->run->arena, now);
}

const struct value *
feel_day_today(struct feel_call *call)
{
	struct date_time now;

	if (!get_now(call, &now))
		return feel_builtin_null(call, "nobody knows what time it is");
	return value_of_date(call->run->arena, now.date);
}

static struct date
date_of(const struct feel_call *call)
{
	must(call->args[0]->type == VALUE_DATE);
	return call->args[0]->as.date;
}

static int64_t
day_of_year(struct date date)
{
	struct date first = {date.year, 1, 1};

	return date_to_days(date) - date_to_days(first) + 1;
}

const struct value *
feel_day_of_year(struct feel_call *call)
{
	return value_of_int(call->run->arena, day_of_year(date_of(call)));
}

const struct value *
feel_day_of_week(struct feel_call *call)
{
	static const struct str names[] = {
		STR_INIT("Monday"), STR_INIT("Tuesday"), STR_INIT("Wednesday"),
		STR_INIT("Thursday"), STR_INIT("Friday"), STR_INIT("Saturday"),
		STR_INIT("Sunday"),
	};

	return value_of_str(call->run->arena,
	    names[date_weekday(date_of(call)) - 1]);
}

const struct value *
feel_day_month_of_year(struct feel_call *call)
{
	static const struct str names[] = {
		STR_INIT("January"), STR_INIT("February"), STR_INIT("March"),
		STR_INIT("April"), STR_INIT("May"), STR_INIT("June"),
		STR_INIT("July"), STR_INIT("August"), STR_INIT("September"),
		STR_INIT("October"), STR_INIT("November"),
		STR_INIT("December"),
	};

	return value_of_str(call->run->arena, names[date_of(call).month - 1]);
}

/* ISO 8601: the week belongs to the year that its Thursday is in. */
const struct value *
feel_day_week_of_year(struct feel_call *call)
{
	struct date date = date_of(call);
	struct date thursday =
	    date_of_days(date_to_days(date) + 4 - date_weekday(date));

	return value_of_int(call->run->arena,
	    (day_of_year(thursday) - 1) / 7 + 1);
}
