/* SPDX-License-Identifier: Apache-2.0 */
/* value_check.h: what the tests of values and schemas ask again and again. */
#ifndef STATED_VALUE_CHECK_H
#define STATED_VALUE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stated/json.h"
#include "stated/schema.h"

static inline void
assert_text(struct str actual, const char *expected)
{
	if (!str_equal(actual, str_of(expected)))
		fail_msg("\"%.*s\" != \"%s\"", STR_ARG(actual), expected);
}

static inline struct number
number_of(const char *text)
{
	struct number n = number_of_int(0);
	if (number_parse(str_of(text), &n))
		fail_msg("%s is no number", text);
	return n;
}

static inline void
assert_number(struct number n, const char *expected)
{
	char text[NUMBER_TEXT_BYTES];
	assert_text(number_format(n, text), expected);
}

/* JSON that must be sound. */
static inline const struct value *
value_of(struct arena *arena, const char *json)
{
	struct json_error error;
	const struct value *value = json_read(arena, str_of(json), &error);
	if (!value)
		fail_msg("%s: %s", json, error.message);
	return value;
}

static inline void
assert_json(const struct value *value, enum json_form form,
    const char *expected)
{
	struct buf text = {0};
	json_write(value, form, &text);
	assert_text(buf_str(&text), expected);
	buf_fini(&text);
}

static inline const struct schema *
schema_of(struct arena *arena, const char *text)
{
	struct schema_errors errors = {.arena = arena};
	const struct schema *schema =
	    schema_compile(arena, value_of(arena, text), &errors);
	if (!schema)
		fail_msg("%s: %.*s", text, STR_ARG(errors.items[0].message));
	return schema;
}

static inline void
assert_valid(const char *schema, const char *instance)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	if (!schema_validate(schema_of(arena, schema),
		value_of(arena, instance), &errors))
		fail_msg("%s is not valid for %s: %.*s", instance, schema,
		    STR_ARG(errors.items[0].message));
	assert_int_equal(errors.count, 0);
	arena_free(&arena);
}

/* Exactly one finding, with that pointer and keyword, and that text in the
 * message; NULL where it doesn't matter. */
static inline void
assert_finding(const char *schema, const char *instance, const char *pointer,
    const char *keyword, const char *message)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	if (schema_validate(schema_of(arena, schema), value_of(arena, instance),
		&errors))
		fail_msg("%s is valid for %s", instance, schema);
	assert_true(errors.count > 0);
	if (pointer) {
		assert_int_equal(errors.count, 1);
		assert_text(errors.items[0].pointer, pointer);
		assert_text(errors.items[0].keyword, keyword);
	}
	if (message && str_find(errors.items[0].message, str_of(message)) ==
		SIZE_MAX)
		fail_msg("no \"%s\" in \"%.*s\"", message,
		    STR_ARG(errors.items[0].message));
	arena_free(&arena);
}

static inline void
assert_invalid(const char *schema, const char *instance)
{
	assert_finding(schema, instance, NULL, NULL, NULL);
}

/* One refusal when compiling. */
static inline void
assert_refused(const char *text, const char *pointer, const char *keyword,
    const char *message)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	if (schema_compile(arena, value_of(arena, text), &errors))
		fail_msg("%s compiles", text);
	assert_int_equal(errors.count, 1);
	assert_text(errors.items[0].pointer, pointer);
	assert_text(errors.items[0].keyword, keyword);
	if (str_find(errors.items[0].message, str_of(message)) == SIZE_MAX)
		fail_msg("no \"%s\" in \"%.*s\"", message,
		    STR_ARG(errors.items[0].message));
	arena_free(&arena);
}

#endif
