/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h: what workflows carry: the values of FEEL (DMN 1.5, table 40).
 *
 * Values are immutable and live in the arena that they were made in; lists
 * and contexts share their items.  value_copy() moves one to another arena.
 * Contexts keep their keys in order of insertion and hold no key twice.
 */
#ifndef STATED_VALUE_H
#define STATED_VALUE_H

#include "stated/arena.h"
#include "stated/number.h"
#include "stated/temporal.h"

enum value_type {
	VALUE_NULL,
	VALUE_BOOLEAN,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_DATE,
	VALUE_TIME,
	VALUE_DATE_TIME,
	VALUE_DURATION, /* days and time */
	VALUE_MONTHS,   /* years and months */
	VALUE_LIST,
	VALUE_CONTEXT,
	VALUE_RANGE,
	VALUE_FUNCTION,
};

struct value;

struct value_field {
	struct str key;
	const struct value *value;
};

/* An end that is NULL is open: "< 5" has no low end. */
struct value_range {
	const struct value *low;
	const struct value *high;
	bool low_closed;
	bool high_closed;
};

struct value_function; /* known to feel only */

struct value {
	enum value_type type;
	union {
		bool boolean;
		struct number number;
		struct str string; /* UTF-8 */
		struct date date;
		struct time_of_day time;
		const struct date_time *date_time;
		struct duration duration;
		int64_t months;
		struct {
			const struct value *const *items;
			size_t count;
		} list;
		struct {
			const struct value_field *fields;
			size_t count;
			/* by key; NULL where count is small */
			const uint32_t *sorted;
		} context;
		const struct value_range *range;
		const struct value_function *function;
	} as;
};

extern const struct value value_null;
extern const struct value value_true;
extern const struct value value_false;

const struct value *value_of_boolean(bool boolean);
const struct value *value_of_number(struct arena *arena, struct number number);
const struct value *value_of_int(struct arena *arena, int64_t n);
/* The bytes are borrowed: they must live as long as the arena. */
const struct value *value_of_str(struct arena *arena, struct str string);
const struct value *value_copy_str(struct arena *arena, struct str string);
const struct value *value_of_date(struct arena *arena, struct date date);
const struct value *value_of_time(struct arena *arena, struct time_of_day time);
const struct value *value_of_date_time(
    struct arena *arena, struct date_time date_time);
const struct value *value_of_duration(
    struct arena *arena, struct duration duration);
const struct value *value_of_months(struct arena *arena, int64_t months);
/* date and time in UTC. */
const struct value *value_of_instant(struct arena *arena, int64_t instant_ms);
const struct value *value_of_range(
    struct arena *arena, struct value_range range);
/* Whether a value from outside may be an end of a range: it holds no range
 * but of scalars.  A text has both ends, in quotes of their own, so that each
 * level more would make it four times as long. */
bool value_may_end_range(const struct value *value);
const struct value *value_of_list(struct arena *arena,
    const struct value *const *items, size_t count); /* copies the pointers */
/* A list of strings, whose bytes are borrowed as value_of_str() does. */
const struct value *value_of_strs(
    struct arena *arena, const struct str *strings, size_t count);

/* A context that takes over the fields, whose keys all differ and live as long
 * as the arena. */
const struct value *value_of_fields(struct arena *arena,
    const struct value_field *fields, size_t count);

/* Building contexts and lists by appending; a key put twice is replaced.
 * Keys are copied; a builder that is given up costs only arena. */
struct value_builder;
struct value_builder *value_build_context(struct arena *arena);
struct value_builder *value_build_list(struct arena *arena);
void value_put(
    struct value_builder *context, struct str key, const struct value *value);
/* The key is borrowed: it must live as long as the arena. */
void value_put_kept(
    struct value_builder *context, struct str key, const struct value *value);
/* Under a key that must be a literal, which is not copied; the string is
 * copied, absent is null. */
#define value_put_str(context, key, ...)                                       \
	value_put_kept_str((context), STR("" key ""), __VA_ARGS__)
#define value_put_int(context, key, ...)                                       \
	value_put_kept_int((context), STR("" key ""), __VA_ARGS__)
/* An instant's text; nothing where it is 0. */
#define value_put_instant(context, key, ...)                                   \
	value_put_kept_instant((context), STR("" key ""), __VA_ARGS__)
void value_put_kept_str(
    struct value_builder *context, struct str key, struct str string);
void value_put_kept_int(
    struct value_builder *context, struct str key, int64_t n);
void value_put_kept_instant(
    struct value_builder *context, struct str key, int64_t instant_ms);
bool value_has(const struct value_builder *context, struct str key);
void value_append(struct value_builder *list, const struct value *value);
const struct value *value_built(struct value_builder *builder);

/* The field, or NULL where value is NULL or no context, or has no such key:
 * so that look-ups can be chained. */
const struct value *value_get(const struct value *value, struct str key);
const struct value *value_get_cstr(const struct value *value, const char *key);
/* Like value_get, but &value_null for absent. */
const struct value *value_field_or_null(
    const struct value *value, const char *key);
/* The string, or the absent string where it is none, or NULL. */
struct str value_str(const struct value *value);
/* The same of a field. */
struct str value_field_str(const struct value *value, const char *key);
/* The strings of a list, absent where an item is none; *count is 0 where it is
 * no list, or NULL.  Their bytes are the value's. */
const struct str *value_strs(
    struct arena *arena, const struct value *list, size_t *count);
/* false where it is no whole number of that range, or NULL. */
MUST_USE bool value_to_int(const struct value *value, int64_t *out);
/* Of a field; 0 where it is none. */
int64_t value_field_int(const struct value *value, const char *key);
bool value_is_null(const struct value *value);
bool value_is_true(const struct value *value);
/* The context with one field added or replaced; the rest is shared. */
const struct value *value_with(struct arena *arena, const struct value *context,
    struct str key, const struct value *value);

/* Deep, and by value: 1.0 equals 1.00; contexts in any order of keys; values
 * of different types are never equal.  Used for JSON Schema and comparison of
 * inputs; FEEL's own "=" is in feel. */
bool value_equal(const struct value *a, const struct value *b);
/* Deep copy, strings too.  Functions are not copied: they become null. */
const struct value *value_copy(struct arena *arena, const struct value *value);
/* The same, but for what stands in the arena already: that is shared.  So
 * nothing in the arena may refer to what goes before it does. */
const struct value *value_keep(struct arena *arena, const struct value *value);
/* "number", "string", "date and time", …: FEEL's names of types. */
struct str value_type_name(enum value_type type);

/* A compact form for snapshots: exact, with types; functions become null. */
void value_pack(const struct value *value, struct buf *out);
/* NULL where the bytes are damaged.  Strings are copied into the arena. */
MUST_USE const struct value *value_unpack(struct arena *arena, struct str *in);

/* Strings as they are, numbers without exponent, dates by ISO 8601; false of
 * what is no scalar. */
MUST_USE bool value_text(
    struct arena *arena, const struct value *value, struct str *out);
/* The same for another system: as JSON_SENT writes it. */
MUST_USE bool value_sent_text(
    struct arena *arena, const struct value *value, struct str *out);
/* The same as a key, that others are found by: equal numbers give the same
 * text. */
MUST_USE bool value_key_text(
    struct arena *arena, const struct value *value, struct str *out);

#endif
