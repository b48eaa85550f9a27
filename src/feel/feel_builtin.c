/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_builtin.c: the table of the built-in functions (DMN 1.5, section
 * 10.3.4).
 *
 * A row is one way to call a function: its parameters with their names, for
 * calls by name, and their kinds.  Rows of one name follow one another, and
 * the first that takes the arguments is meant.  A new function is a row here
 * and a feel_builtin_fn.
 */
#include "feel_builtin.h"

#include "feel_parser.h"

#define P(name, kind) {STR_INIT(name), FEEL_KIND_##kind, false}
/* May be null. */
#define N(name, kind) {STR_INIT(name), FEEL_KIND_##kind, true}

#define ROW(title, function, least, most, ...)                                 \
	{.name = STR_INIT(title), .fn = function, .needed = least,             \
	    .count = most, .params = {__VA_ARGS__}}
/* Gives another answer each time. */
#define VARYING(title, function)                                               \
	{.name = STR_INIT(title), .fn = function, .varies = true}
#define PREPARED(title, function, preparer, least, most, ...)                  \
	{.name = STR_INIT(title), .fn = function, .prepare = preparer,         \
	    .needed = least, .count = most, .params = {__VA_ARGS__}}
/* A call by name may leave any out. */
#define LENIENT(title, function, least, most, ...)                             \
	{.name = STR_INIT(title), .fn = function, .needed = least,             \
	    .count = most, .lenient = true, .params = {__VA_ARGS__}}
/* The last parameter takes one argument or more. */
#define MANY(title, function, least, most, ...)                                \
	{.name = STR_INIT(title), .fn = function, .needed = least,             \
	    .count = most, .variadic = true, .params = {__VA_ARGS__}}
/* One list, or its items as arguments. */
#define AGGREGATE(title, function)                                             \
	ROW(title, function, 1, 1, P("list", LIST)),                           \
	MANY(title, function, 2, 1, P("", ANY))
/* Two ranges, or a point where the function takes one. */
#define RANGES(title, function)                                                \
	ROW(title, function, 2, 2, P("range1", ANY), P("range2", ANY))
#define POINTS(title, function)                                                \
	ROW(title, function, 2, 2, P("point1", ANY), P("point2", ANY))
#define POINT_RANGE(title, function)                                           \
	ROW(title, function, 2, 2, P("point", ANY), P("range", ANY))
#define RANGE_POINT(title, function)                                           \
	ROW(title, function, 2, 2, P("range", ANY), P("point", ANY))

static const struct feel_builtin table[] = {
	/* Conversion (table 72) */
	ROW("date", feel_convert_date, 1, 1, P("from", ANY)),
	ROW("date", feel_convert_date_of_parts, 3, 3, P("year", NUMBER),
	    P("month", NUMBER), P("day", NUMBER)),
	ROW("time", feel_convert_time, 1, 1, P("from", ANY)),
	ROW("time", feel_convert_time_of_parts, 3, 4, P("hour", NUMBER),
	    P("minute", NUMBER), P("second", NUMBER), N("offset", ANY)),
	ROW("date and time", feel_convert_date_time, 1, 1, P("from", ANY)),
	ROW("date and time", feel_convert_date_time_of_parts, 2, 2,
	    P("date", DATE), P("time", ANY)),
	ROW("duration", feel_convert_duration, 1, 1, P("from", ANY)),
	ROW("years and months duration", feel_convert_months_between, 2, 2,
	    P("from", DATE), P("to", DATE)),
	ROW("number", feel_convert_number, 1, 1, P("from", STRING)),
	ROW("number", feel_convert_number, 3, 3, P("from", STRING),
	    N("grouping separator", STRING), N("decimal separator", STRING)),
	ROW("string", feel_convert_string, 1, 1, P("from", ANY)),
	ROW("range", feel_convert_range, 1, 1, P("from", STRING)),

	/* Boolean (table 73) and comparison */
	ROW("not", feel_convert_not, 1, 1, P("negand", ANY)),
	LENIENT("is", feel_convert_is, 2, 2, P("value1", ANY),
	    P("value2", ANY)),

	/* String (table 74) */
	ROW("substring", feel_string_substring, 2, 3, P("string", STRING),
	    P("start position", NUMBER), N("length", NUMBER)),
	ROW("string length", feel_string_length, 1, 1, P("string", STRING)),
	ROW("upper case", feel_string_upper, 1, 1, P("string", STRING)),
	ROW("lower case", feel_string_lower, 1, 1, P("string", STRING)),
	ROW("substring before", feel_string_before, 2, 2, P("string", STRING),
	    P("match", STRING)),
	ROW("substring after", feel_string_after, 2, 2, P("string", STRING),
	    P("match", STRING)),
	ROW("contains", feel_string_contains, 2, 2, P("string", STRING),
	    P("match", STRING)),
	ROW("starts with", feel_string_starts, 2, 2, P("string", STRING),
	    P("match", STRING)),
	ROW("ends with", feel_string_ends, 2, 2, P("string", STRING),
	    P("match", STRING)),
	ROW("string join", feel_string_join, 1, 2, P("list", LIST),
	    N("delimiter", STRING)),
	PREPARED("matches", feel_pattern_matches, feel_pattern_prepare_matches,
	    2, 3, P("input", STRING), P("pattern", STRING),
	    N("flags", STRING)),
	PREPARED("replace", feel_pattern_replace, feel_pattern_prepare_replace,
	    3, 4, P("input", STRING), P("pattern", STRING),
	    P("replacement", STRING), N("flags", STRING)),
	PREPARED("split", feel_pattern_split, feel_pattern_prepare_split, 2, 2,
	    P("string", STRING), P("delimiter", STRING)),

	/* List (table 75) */
	ROW("list contains", feel_list_contains, 2, 2, P("list", LIST),
	    P("element", ANY)),
	ROW("count", feel_list_count, 1, 1, P("list", LIST)),
	MANY("count", feel_list_count, 2, 1, P("", ANY)),
	AGGREGATE("min", feel_aggregate_min),
	AGGREGATE("max", feel_aggregate_max),
	AGGREGATE("sum", feel_aggregate_sum),
	AGGREGATE("mean", feel_aggregate_mean),
	AGGREGATE("all", feel_aggregate_all),
	AGGREGATE("any", feel_aggregate_any),
	AGGREGATE("product", feel_aggregate_product),
	AGGREGATE("median", feel_aggregate_median),
	AGGREGATE("stddev", feel_aggregate_stddev),
	AGGREGATE("mode", feel_aggregate_mode),
	ROW("sublist", feel_list_sublist, 2, 3, P("list", LIST),
	    P("start position", NUMBER), N("length", NUMBER)),
	MANY("append", feel_list_append, 2, 2, P("list", LIST),
	    P("item", ANY)),
	MANY("concatenate", feel_list_concatenate, 1, 1, P("list", ANY)),
	ROW("insert before", feel_list_insert, 3, 3, P("list", LIST),
	    P("position", NUMBER), P("newItem", ANY)),
	ROW("remove", feel_list_remove, 2, 2, P("list", LIST),
	    P("position", NUMBER)),
	ROW("list replace", feel_list_replace_at, 3, 3, P("list", LIST),
	    P("position", ANY), P("newItem", ANY)),
	ROW("list replace", feel_list_replace_where, 3, 3, P("list", LIST),
	    P("match", FUNCTION), P("newItem", ANY)),
	ROW("reverse", feel_list_reverse, 1, 1, P("list", LIST)),
	ROW("index of", feel_list_index_of, 2, 2, P("list", LIST),
	    P("match", ANY)),
	MANY("union", feel_list_union, 1, 1, P("list", ANY)),
	ROW("distinct values", feel_list_distinct, 1, 1, P("list", LIST)),
	ROW("flatten", feel_list_flatten, 1, 1, P("list", LIST)),
	ROW("sort", feel_list_sort, 1, 2, P("list", LIST),
	    P("precedes", FUNCTION)),

	/* Numeric (table 76) */
	ROW("decimal", feel_numeric_decimal, 2, 2, P("n", NUMBER),
	    P("scale", NUMBER)),
	ROW("floor", feel_numeric_floor, 1, 2, P("n", NUMBER),
	    P("scale", NUMBER)),
	ROW("ceiling", feel_numeric_ceiling, 1, 2, P("n", NUMBER),
	    P("scale", NUMBER)),
	ROW("round up", feel_numeric_up, 2, 2, P("n", NUMBER),
	    P("scale", NUMBER)),
	ROW("round down", feel_numeric_down, 2, 2, P("n", NUMBER),
	    P("scale", NUMBER)),
	ROW("round half up", feel_numeric_half_up, 2, 2, P("n", NUMBER),
	    P("scale", NUMBER)),
	ROW("round half down", feel_numeric_half_down, 2, 2, P("n", NUMBER),
	    P("scale", NUMBER)),
	ROW("abs", feel_numeric_abs, 1, 1, P("n", ANY)),
	ROW("modulo", feel_numeric_modulo, 2, 2, P("dividend", NUMBER),
	    P("divisor", NUMBER)),
	ROW("sqrt", feel_numeric_sqrt, 1, 1, P("number", NUMBER)),
	ROW("log", feel_numeric_log, 1, 1, P("number", NUMBER)),
	ROW("exp", feel_numeric_exp, 1, 1, P("number", NUMBER)),
	ROW("odd", feel_numeric_odd, 1, 1, P("number", NUMBER)),
	ROW("even", feel_numeric_even, 1, 1, P("number", NUMBER)),

	/* Date and time (tables 77 and 80) */
	VARYING("now", feel_day_now),
	VARYING("today", feel_day_today),
	ROW("day of year", feel_day_of_year, 1, 1, P("date", DATE)),
	ROW("day of week", feel_day_of_week, 1, 1, P("date", DATE)),
	ROW("month of year", feel_day_month_of_year, 1, 1, P("date", DATE)),
	ROW("week of year", feel_day_week_of_year, 1, 1, P("date", DATE)),

	/* Range (table 78) */
	POINTS("before", feel_interval_before),
	POINT_RANGE("before", feel_interval_before),
	RANGE_POINT("before", feel_interval_before),
	RANGES("before", feel_interval_before),
	POINTS("after", feel_interval_after),
	POINT_RANGE("after", feel_interval_after),
	RANGE_POINT("after", feel_interval_after),
	RANGES("after", feel_interval_after),
	RANGES("meets", feel_interval_meets),
	RANGES("met by", feel_interval_met_by),
	RANGES("overlaps", feel_interval_overlaps),
	RANGES("overlaps before", feel_interval_overlaps_before),
	RANGES("overlaps after", feel_interval_overlaps_after),
	POINT_RANGE("finishes", feel_interval_finishes),
	RANGES("finishes", feel_interval_finishes),
	RANGE_POINT("finished by", feel_interval_finished_by),
	RANGES("finished by", feel_interval_finished_by),
	RANGE_POINT("includes", feel_interval_includes),
	RANGES("includes", feel_interval_includes),
	POINT_RANGE("during", feel_interval_during),
	RANGES("during", feel_interval_during),
	POINT_RANGE("starts", feel_interval_starts),
	RANGES("starts", feel_interval_starts),
	RANGE_POINT("started by", feel_interval_started_by),
	RANGES("started by", feel_interval_started_by),
	POINTS("coincides", feel_interval_coincides),
	RANGES("coincides", feel_interval_coincides),

	/* Context (table 81) */
	ROW("get value", feel_context_get, 2, 2, P("m", CONTEXT),
	    P("key", ANY)),
	ROW("get entries", feel_context_entries, 1, 1, P("m", CONTEXT)),
	ROW("context", feel_context_make, 1, 1, P("entries", LIST)),
	ROW("context put", feel_context_put, 3, 3, P("context", CONTEXT),
	    P("key", ANY), P("value", ANY)),
	ROW("context put", feel_context_put, 3, 3, P("context", CONTEXT),
	    P("keys", ANY), P("value", ANY)),
	ROW("context merge", feel_context_merge, 1, 1, P("contexts", LIST)),
};

#define ROWS (sizeof(table) / sizeof(table[0]))

const struct feel_builtin *
feel_builtin_find(struct str name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (str_equal(table[i].name, name))
			return &table[i];
	}
	return NULL;
}

static size_t
find_param(const struct feel_builtin *builtin, struct str name)
{
	for (size_t i = 0; i < builtin->count; i++) {
		if (str_equal(builtin->params[i].name, name))
			return i;
	}
	return SIZE_MAX;
}

static bool
takes_named(const struct feel_builtin *builtin, const struct feel_arg *args,
    size_t count, size_t *order)
{
	size_t param;

	if (count > builtin->count)
		return false;
	for (size_t i = 0; i < count; i++) {
		param = find_param(builtin, args[i].name);
		if (param == SIZE_MAX || order[param] != SIZE_MAX)
			return false;
		order[param] = i;
	}
	for (size_t i = 0; i < builtin->needed && !builtin->lenient; i++) {
		if (i < builtin->count && order[i] == SIZE_MAX)
			return false;
	}
	return true;
}

static bool
takes_positional(const struct feel_builtin *builtin, size_t count,
    size_t *order)
{
	if (count < builtin->needed ||
	    (count > builtin->count && !builtin->variadic))
		return false;
	for (size_t i = 0; i < count && i < builtin->count; i++)
		order[i] = i;
	return true;
}

static bool
takes(const struct feel_builtin *builtin, const struct feel_arg *args,
    size_t count, size_t *order)
{
	for (size_t i = 0; i < FEEL_PARAMS_MAX; i++)
		order[i] = SIZE_MAX;
	if (count > 0 && args[0].name.at != NULL)
		return takes_named(builtin, args, count, order);
	return takes_positional(builtin, count, order);
}

static bool
is_in_order(const size_t *order, size_t count)
{
	for (size_t i = 0; i < count && i < FEEL_PARAMS_MAX; i++) {
		if (order[i] != i)
			return false;
	}
	return true;
}

/* Where names alone leave it open, before(point:, range:) or before(range:,
 * point:), the order in which they are written decides. */
const struct feel_builtin *
feel_builtin_choose(const struct feel_builtin *first,
    const struct feel_arg *args, size_t count, size_t order[FEEL_PARAMS_MAX])
{
	const struct feel_builtin *chosen = NULL;
	size_t tried[FEEL_PARAMS_MAX];

	must(first >= table && first < table + ROWS);
	for (const struct feel_builtin *next = first;
	     next < table + ROWS && str_equal(next->name, first->name);
	     next++) {
		if (!takes(next, args, count, tried) ||
		    (chosen != NULL && !is_in_order(tried, count)))
			continue;
		chosen = next;
		memcpy(order, tried, sizeof(tried));
		if (is_in_order(tried, count))
			break;
	}
	return chosen;
}

bool
feel_builtin_takes(const struct feel_builtin *first, size_t count)
{
	size_t order[FEEL_PARAMS_MAX];

	must(first >= table && first < table + ROWS);
	for (const struct feel_builtin *builtin = first;
	     builtin < table + ROWS && str_equal(builtin->name, first->name);
	     builtin++) {
		if (takes_positional(builtin, count, order))
			return true;
	}
	return false;
}

size_t
feel_builtin_match(struct str text, size_t at,
    const struct feel_builtin **found)
{
	size_t best = 0;

	for (size_t i = 0; i < ROWS; i++) {
		size_t end;

		if (text.at[at] != table[i].name.at[0] ||
		    memchr(table[i].name.at, ' ', table[i].name.bytes) == NULL)
			continue;
		end = feel_lex_match_name(text, at, table[i].name);
		if (end > best) {
			best = end;
			*found = &table[i];
		}
	}
	return best;
}

struct str
feel_builtin_nearest(struct str name)
{
	struct str names[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		names[i] = table[i].name;
	return str_nearest(name, names, ROWS);
}

struct str
feel_builtin_alike(struct str name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (feel_habit_is_like(table[i].name, name))
			return table[i].name;
	}
	return (struct str){NULL, 0};
}

static void
add_row(struct buf *out, const struct feel_builtin *builtin)
{
	buf_addf(out, "%.*s(", STR_ARG(builtin->name));
	for (size_t i = 0; i < builtin->count; i++) {
		struct str name = builtin->params[i].name;

		if (name.bytes == 0)
			name = STR("item");
		buf_addf(out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(name));
		if (i >= builtin->needed)
			buf_add_char(out, '?');
		else if (builtin->variadic && i + 1 == builtin->count)
			buf_add_cstr(out, ", …");
	}
	buf_add_char(out, ')');
}

struct str
feel_builtin_signature(struct arena *arena, const struct feel_builtin *first)
{
	struct buf out = buf_in(arena);

	must(first >= table && first < table + ROWS);
	for (const struct feel_builtin *row = first; row < table + ROWS &&
	     str_equal(row->name, first->name); row++) {
		if (row > first)
			buf_add_cstr(&out, " or ");
		add_row(&out, row);
	}
	return buf_keep(&out);
}

void
feel_each_function(struct arena *arena, feel_function_fn *fn, void *arg)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (i == 0 || !str_equal(table[i].name, table[i - 1].name))
			fn(table[i].name,
			    feel_builtin_signature(arena, &table[i]), arg);
	}
}
