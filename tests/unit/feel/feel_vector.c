/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_vector.c: what is compared and how follows the kit's own runners:
 * numbers to 10^-8, times by their fields and offset.
 */
#include "feel_vector.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool
same_numbers(struct number a, struct number b)
{
	struct number tolerance;
	struct number gap;

	assert_int_equal(number_parse(STR("1e-8"), &tolerance), NUMBER_OK);
	return number_subtract(a, b, &gap) == NUMBER_OK &&
	    number_compare(number_abs(gap), tolerance) < 0;
}

static bool
same_times(const struct time_of_day *a, const struct time_of_day *b)
{
	if (a->hour != b->hour || a->minute != b->minute ||
	    a->second != b->second || a->nanosecond != b->nanosecond ||
	    a->offset_kind != b->offset_kind)
		return false;
	if (a->offset_kind == OFFSET_SECONDS)
		return a->offset_seconds == b->offset_seconds;
	return a->offset_kind == OFFSET_NONE || a->zone == b->zone;
}

static bool
same_lists(const struct value *a, const struct value *b)
{
	if (a->as.list.count != b->as.list.count)
		return false;
	for (size_t i = 0; i < a->as.list.count; i++) {
		if (!feel_vector_same(a->as.list.items[i], b->as.list.items[i]))
			return false;
	}
	return true;
}

static bool
same_contexts(const struct value *a, const struct value *b)
{
	if (a->as.context.count != b->as.context.count)
		return false;
	for (size_t i = 0; i < a->as.context.count; i++) {
		const struct value *other =
		    value_get(b, a->as.context.fields[i].key);

		if (other == NULL ||
		    !feel_vector_same(a->as.context.fields[i].value, other))
			return false;
	}
	return true;
}

bool
feel_vector_same(const struct value *expected, const struct value *got)
{
	if (expected->type != got->type)
		return false;
	switch (expected->type) {
	case VALUE_NUMBER:
		return same_numbers(expected->as.number, got->as.number);
	case VALUE_LIST:
		return same_lists(expected, got);
	case VALUE_CONTEXT:
		return same_contexts(expected, got);
	case VALUE_TIME:
		return same_times(&expected->as.time, &got->as.time);
	case VALUE_DATE_TIME:
		return same_times(&expected->as.date_time->time,
		    &got->as.date_time->time) &&
		    date_to_days(expected->as.date_time->date) ==
		    date_to_days(got->as.date_time->date);
	default:
		return value_equal(expected, got);
	}
}

const struct value *
feel_vector_lookup_cb(void *arg, struct str name)
{
	return value_get(arg, name);
}

const struct value *
feel_vector_context(struct arena *arena, const struct value *typed)
{
	struct value_builder *context = value_build_context(arena);

	for (size_t i = 0; i < typed->as.context.count; i++) {
		const struct value_field *field = &typed->as.context.fields[i];
		const struct value *value = json_untype(arena, field->value);

		if (value != NULL)
			value_put(context, field->key, value);
	}
	return value_built(context);
}
