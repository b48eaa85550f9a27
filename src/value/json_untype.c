/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_untype.c: from the typed form back to values.
 *
 * A context of one field named "n", "c", "d", "t", "dt", "dur" or "r" is a
 * typed form and nothing else; all others are taken as they are, which is
 * how the canonical form writes them.
 */
#include "stated/json.h"

#include "json_priv.h"

typedef const struct value *untype_fn(struct arena *arena,
    const struct value *content);

/* Inside a string a number needs no JSON grammar: "01.3" is as exact. */
static const struct value *
untype_number(struct arena *arena, const struct value *content)
{
	struct number number;
	struct str text = value_str(content);
	if (!text.at || number_parse(text, &number) != NUMBER_OK)
		return NULL;
	return value_of_number(arena, number);
}

static const struct value *
untype_date(struct arena *arena, const struct value *content)
{
	struct date date;
	if (!date_parse(value_str(content), &date))
		return NULL;
	return value_of_date(arena, date);
}

static const struct value *
untype_time(struct arena *arena, const struct value *content)
{
	struct time_of_day time;
	if (!time_parse(value_str(content), &time))
		return NULL;
	return value_of_time(arena, time);
}

static const struct value *
untype_date_time(struct arena *arena, const struct value *content)
{
	struct date_time date_time;
	if (!date_time_parse(value_str(content), &date_time))
		return NULL;
	return value_of_date_time(arena, date_time);
}

static const struct value *
untype_duration(struct arena *arena, const struct value *content)
{
	int64_t months;
	if (months_parse(value_str(content), &months))
		return value_of_months(arena, months);
	struct duration duration;
	if (!duration_parse(value_str(content), &duration))
		return NULL;
	return value_of_duration(arena, duration);
}

static const struct value *
untype_context(struct arena *arena, const struct value *content)
{
	if (content->type != VALUE_CONTEXT)
		return NULL;
	struct value_builder *context = value_build_context(arena);
	for (size_t i = 0; i < content->as.context.count; i++) {
		const struct value_field *field =
		    &content->as.context.fields[i];
		const struct value *value = json_untype(arena, field->value);
		if (!value)
			return NULL;
		value_put(context, field->key, value);
	}
	return value_built(context);
}

/* Whether the end is `closed` or `open`; false where it is neither. */
static bool
read_bracket(const struct value *text, const char *closed, const char *open,
    bool *is_closed)
{
	struct str bracket = value_str(text);
	*is_closed = str_equal(bracket, str_of(closed));
	return *is_closed || str_equal(bracket, str_of(open));
}

/* *end becomes NULL for null; false where the value is malformed. */
static bool
untype_end(struct arena *arena, const struct value *typed,
    const struct value **end)
{
	const struct value *value = json_untype(arena, typed);
	if (!value || !value_may_end_range(value))
		return false;
	*end = value_is_null(value) ? NULL : value;
	return true;
}

static const struct value *
untype_range(struct arena *arena, const struct value *content)
{
	if (content->type != VALUE_LIST || content->as.list.count != 4)
		return NULL;
	const struct value *const *parts = content->as.list.items;
	struct value_range range;
	if (!read_bracket(parts[0], "[", "(", &range.low_closed) ||
	    !read_bracket(parts[3], "]", ")", &range.high_closed) ||
	    !untype_end(arena, parts[1], &range.low) ||
	    !untype_end(arena, parts[2], &range.high) ||
	    (!range.low && !range.high))
		return NULL;
	return value_of_range(arena, range);
}

static const struct untype_row {
	const char *key;
	untype_fn *untype;
} untype_rows[] = {
    {JSON_KEY_NUMBER, untype_number},
    {JSON_KEY_CONTEXT, untype_context},
    {JSON_KEY_DATE, untype_date},
    {JSON_KEY_TIME, untype_time},
    {JSON_KEY_DATE_TIME, untype_date_time},
    {JSON_KEY_DURATION, untype_duration},
    {JSON_KEY_RANGE, untype_range},
};

/* NULL where the context is an ordinary one. */
static const struct untype_row *
find_row(const struct value *context)
{
	must(context->type == VALUE_CONTEXT);
	if (context->as.context.count != 1)
		return NULL;
	struct str key = context->as.context.fields[0].key;
	size_t count = sizeof(untype_rows) / sizeof(untype_rows[0]);
	for (size_t i = 0; i < count; i++)
		if (str_equal(key, str_of(untype_rows[i].key)))
			return &untype_rows[i];
	return NULL;
}

bool
json_looks_typed(const struct value *context)
{
	return find_row(context) != NULL;
}

static const struct value *
untype_list(struct arena *arena, const struct value *typed)
{
	struct value_builder *list = value_build_list(arena);
	for (size_t i = 0; i < typed->as.list.count; i++) {
		const struct value *item =
		    json_untype(arena, typed->as.list.items[i]);
		if (!item)
			return NULL;
		value_append(list, item);
	}
	return value_built(list);
}

const struct value *
json_untype(struct arena *arena, const struct value *typed)
{
	must(arena);
	must(typed);
	if (typed->type == VALUE_LIST)
		return untype_list(arena, typed);
	if (typed->type != VALUE_CONTEXT)
		return typed;
	const struct untype_row *row = find_row(typed);
	if (!row)
		return untype_context(arena, typed);
	return row->untype(arena, typed->as.context.fields[0].value);
}
