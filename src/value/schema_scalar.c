/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_scalar.c: keywords about a value's type, number or string.
 *
 * As in all of JSON Schema, a keyword about numbers holds for whatever is no
 * number, and so on: "type" alone asks for a type.
 */
#include "stated/schema.h"

#include "stated/json.h"

#include "schema_priv.h"

/* The bits that a value has: 1 is an integer and a number. */
static unsigned
types_of(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		return SCHEMA_TYPE_NULL;
	case VALUE_BOOLEAN:
		return SCHEMA_TYPE_BOOLEAN;
	case VALUE_NUMBER:
		return SCHEMA_TYPE_NUMBER |
		    (number_is_integer(value->as.number) ? SCHEMA_TYPE_INTEGER
							 : 0U);
	case VALUE_STRING:
		return SCHEMA_TYPE_STRING;
	case VALUE_LIST:
		return SCHEMA_TYPE_ARRAY;
	case VALUE_CONTEXT:
		return SCHEMA_TYPE_OBJECT;
	default:
		unreachable("other values were turned into strings");
	}
}

/* "a" or "a, b or c" */
static void
list_types(unsigned types, struct buf *out)
{
	for (unsigned i = 0; i < SCHEMA_TYPE_COUNT; i++) {
		if (!(types & 1U << i))
			continue;
		if (out->bytes > 0)
			buf_add_cstr(out, types >> (i + 1) ? ", " : " or ");
		buf_add_str(out, schema_type_names[i]);
	}
}

bool
schema_scalar_type(struct schema_at *at, const struct schema_check *check)
{
	unsigned types = types_of(at->value);
	if (types & check->types)
		return true;
	struct buf wanted = {0};
	list_types(check->types, &wanted);
	unsigned found = 0;
	while (!(types >> found & 1))
		found++;
	/* Of a number's two bits the lower one is "integer". */
	if (types & SCHEMA_TYPE_NUMBER)
		found = 3;
	schema_validate_fail(at, check->keyword, at->place,
	    "must be of type %s, not %.*s", buf_cstr(&wanted),
	    STR_ARG(schema_type_names[found]));
	buf_fini(&wanted);
	return false;
}

bool
schema_scalar_enum(struct schema_at *at, const struct schema_check *check)
{
	const struct value *allowed = check->value;
	for (size_t i = 0; i < allowed->as.list.count; i++)
		if (value_equal(at->value, allowed->as.list.items[i]))
			return true;
	struct buf list = {0};
	buf_init(&list, 200);
	json_write(allowed, JSON_PLAIN, &list);
	schema_validate_fail(at, check->keyword, at->place,
	    "must be one of %s", buf_is_over(&list) ? "the values listed"
						    : buf_cstr(&list));
	buf_fini(&list);
	return false;
}

bool
schema_scalar_const(struct schema_at *at, const struct schema_check *check)
{
	if (value_equal(at->value, check->value))
		return true;
	struct buf wanted = {0};
	buf_init(&wanted, 200);
	json_write(check->value, JSON_PLAIN, &wanted);
	schema_validate_fail(at, check->keyword, at->place, "must be %s",
	    buf_is_over(&wanted) ? "the one value given" : buf_cstr(&wanted));
	buf_fini(&wanted);
	return false;
}

/* -------------------------------------------------------------- numbers */

static bool
fail_bound(struct schema_at *at, const struct schema_check *check,
    const char *relation)
{
	char text[NUMBER_TEXT_BYTES];
	return schema_validate_fail(at, check->keyword, at->place,
	    "must be %s %s", relation, number_format(check->number, text).at);
}

static bool
is_number(const struct schema_at *at)
{
	return at->value->type == VALUE_NUMBER;
}

bool
schema_scalar_multiple(struct schema_at *at, const struct schema_check *check)
{
	struct number rest;
	if (!is_number(at))
		return true;
	enum number_error error =
	    number_modulo(at->value->as.number, check->number, &rest);
	if (!error && number_is_zero(rest))
		return true;
	return fail_bound(at, check, "a multiple of");
}

bool
schema_scalar_maximum(struct schema_at *at, const struct schema_check *check)
{
	return !is_number(at) ||
	    number_compare(at->value->as.number, check->number) <= 0 ||
	    fail_bound(at, check, "at most");
}

bool
schema_scalar_below(struct schema_at *at, const struct schema_check *check)
{
	return !is_number(at) ||
	    number_compare(at->value->as.number, check->number) < 0 ||
	    fail_bound(at, check, "less than");
}

bool
schema_scalar_minimum(struct schema_at *at, const struct schema_check *check)
{
	return !is_number(at) ||
	    number_compare(at->value->as.number, check->number) >= 0 ||
	    fail_bound(at, check, "at least");
}

bool
schema_scalar_above(struct schema_at *at, const struct schema_check *check)
{
	return !is_number(at) ||
	    number_compare(at->value->as.number, check->number) > 0 ||
	    fail_bound(at, check, "greater than");
}

/* -------------------------------------------------------------- strings */

bool
schema_scalar_max_length(struct schema_at *at, const struct schema_check *check)
{
	struct str text = value_str(at->value);
	if (!text.at || str_count_codepoints(text) <= check->limit)
		return true;
	return schema_validate_fail(at, check->keyword, at->place,
	    "must have at most %llu characters",
	    (unsigned long long)check->limit);
}

bool
schema_scalar_min_length(struct schema_at *at, const struct schema_check *check)
{
	struct str text = value_str(at->value);
	if (!text.at || str_count_codepoints(text) >= check->limit)
		return true;
	return schema_validate_fail(at, check->keyword, at->place,
	    "must have at least %llu characters",
	    (unsigned long long)check->limit);
}

bool
schema_scalar_pattern(struct schema_at *at, const struct schema_check *check)
{
	struct str text = value_str(at->value);
	if (!text.at)
		return true;
	int matched = schema_pattern_match(check->pattern, text);
	if (matched > 0)
		return true;
	if (matched < 0)
		schema_validate_stop(at->run, at->place, check->keyword,
		    "takes too long to compare with the pattern %.*s",
		    STR_ARG(value_str(check->value)));
	return schema_validate_fail(at, check->keyword, at->place,
	    "must match the pattern %.*s", STR_ARG(value_str(check->value)));
}

bool
schema_scalar_format(struct schema_at *at, const struct schema_check *check)
{
	struct str text = value_str(at->value);
	if (!text.at || check->format(text))
		return true;
	return schema_validate_fail(at, check->keyword, at->place,
	    "must have the format %.*s", STR_ARG(value_str(check->value)));
}
