/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_builtin.h: the built-in functions, inside src/feel only.
 *
 * A function finds its arguments checked: of the kind that its row in the
 * table says, never null where the row doesn't allow it, NULL only where
 * they were left out.
 */
#ifndef STATED_FEEL_BUILTIN_H
#define STATED_FEEL_BUILTIN_H

#include "feel_priv.h"

/* Says why a call is null. */
#define feel_builtin_null(call, ...)                                           \
	feel_null((call)->run, (call)->node, __VA_ARGS__)

static inline struct str
feel_builtin_str(const struct feel_call *call, size_t index)
{
	must(call->args[index]->type == VALUE_STRING);
	return call->args[index]->as.string;
}

static inline struct number
feel_builtin_number(const struct feel_call *call, size_t index)
{
	must(call->args[index]->type == VALUE_NUMBER);
	return call->args[index]->as.number;
}

/* The number without its fraction; false where it is beyond all lists. */
static inline bool
feel_builtin_int(const struct feel_call *call, size_t index, int64_t *out)
{
	struct number whole;

	return number_round(feel_builtin_number(call, index), 0, NUMBER_DOWN,
	    &whole) == NUMBER_OK && number_to_int(whole, out) &&
	    *out > -(INT64_C(1) << 53) && *out < INT64_C(1) << 53;
}

/* Whether an argument was given and is not null. */
static inline bool
feel_builtin_has(const struct feel_call *call, size_t index)
{
	return call->args[index] != NULL && !value_is_null(call->args[index]);
}

/* The only item of a list, or the value itself. */
static inline const struct value *
feel_builtin_unwrap(const struct value *value)
{
	if (value->type == VALUE_LIST && value->as.list.count == 1)
		return value->as.list.items[0];
	return value;
}

/* feel_convert.c */
extern feel_builtin_fn feel_convert_date, feel_convert_date_of_parts,
    feel_convert_time, feel_convert_time_of_parts, feel_convert_date_time,
    feel_convert_date_time_of_parts, feel_convert_duration,
    feel_convert_months_between, feel_convert_number, feel_convert_string,
    feel_convert_range, feel_convert_not, feel_convert_is;
/* feel_string.c */
extern feel_builtin_fn feel_string_substring, feel_string_length,
    feel_string_upper, feel_string_lower, feel_string_before,
    feel_string_after, feel_string_contains, feel_string_starts,
    feel_string_ends, feel_string_join;
/* feel_pattern.c */
extern feel_builtin_fn feel_pattern_matches, feel_pattern_replace,
    feel_pattern_split;
extern feel_prepare_fn feel_pattern_prepare_matches,
    feel_pattern_prepare_replace, feel_pattern_prepare_split;
/* feel_numeric.c */
extern feel_builtin_fn feel_numeric_decimal, feel_numeric_floor,
    feel_numeric_ceiling, feel_numeric_up, feel_numeric_down,
    feel_numeric_half_up, feel_numeric_half_down, feel_numeric_abs,
    feel_numeric_modulo, feel_numeric_sqrt, feel_numeric_log,
    feel_numeric_exp, feel_numeric_odd, feel_numeric_even;
/* feel_distinct.c: what of a list is there for the first time. */
const struct value *feel_distinct(struct feel_run *run,
    const struct value *list);
/* feel_list.c */
extern feel_builtin_fn feel_list_contains, feel_list_count, feel_list_append,
    feel_list_concatenate, feel_list_insert, feel_list_remove,
    feel_list_replace_at, feel_list_replace_where, feel_list_reverse,
    feel_list_index_of, feel_list_union, feel_list_distinct,
    feel_list_flatten, feel_list_sublist, feel_list_sort;
/* feel_aggregate.c */
extern feel_builtin_fn feel_aggregate_min, feel_aggregate_max,
    feel_aggregate_sum, feel_aggregate_mean, feel_aggregate_all,
    feel_aggregate_any, feel_aggregate_product, feel_aggregate_median,
    feel_aggregate_stddev, feel_aggregate_mode;
/* feel_context.c */
extern feel_builtin_fn feel_context_get, feel_context_entries,
    feel_context_make, feel_context_put, feel_context_merge;
/* feel_day.c */
extern feel_builtin_fn feel_day_now, feel_day_today, feel_day_of_year,
    feel_day_of_week, feel_day_month_of_year, feel_day_week_of_year;
/* feel_interval.c */
extern feel_builtin_fn feel_interval_before, feel_interval_after,
    feel_interval_meets, feel_interval_met_by, feel_interval_overlaps,
    feel_interval_overlaps_before, feel_interval_overlaps_after,
    feel_interval_finishes, feel_interval_finished_by,
    feel_interval_includes, feel_interval_during, feel_interval_starts,
    feel_interval_started_by, feel_interval_coincides;

#endif
