/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h: exact JSON (RFC 8259) in and out.
 *
 * Numbers are decimals from the text to the text.  A duplicate key, bad
 * UTF-8, a lone surrogate, a number of over 34 digits and anything after the
 * document are errors, never repaired.
 */
#ifndef STATED_JSON_H
#define STATED_JSON_H

#include "stated/value.h"

struct json_error {
	size_t offset; /* byte in the text */
	uint32_t line;
	uint32_t column; /* in code points */
	char message[160];
};

/* What others may send. */
#define JSON_DEPTH_MAX 64
/*
 * What we write ourselves, and must be able to read again for ever: a value
 * of an expression (FEEL_VALUE_DEPTH_MAX, 100) at the bottom of what YAML says
 * around it (YAML_DEPTH_MAX, 64), each level of it two where a form wraps it
 * ({"c": {…}}), within a record's own few.
 */
#define JSON_WRITTEN_DEPTH_MAX 512

/* NULL with *error filled in.  Strings are copied into the arena. */
MUST_USE const struct value *json_read(struct arena *arena, struct str text,
    struct json_error *error);
/* The same of what json_write() made, in whichever form: records of history,
 * what the store keeps, replies of the engine to its own client. */
MUST_USE const struct value *json_read_written(struct arena *arena,
    struct str text, struct json_error *error);

enum json_form {
	/* What people and clients get: numbers digit for digit; dates, times,
	 * durations as ISO strings; ranges as strings; functions as null. */
	JSON_PLAIN,
	/* What is sent to another system: the same, but a date and time with a
	 * zone has the zone's offset, since RFC 3339 knows no zones. */
	JSON_SENT,
	/* Every number as {"n": "1.10"}, context as {"c": {…}}, date as
	 * {"d": …}, time {"t"}, date and time {"dt"}, duration {"dur"}: types
	 * survive. */
	JSON_TYPED,
	/*
	 * RFC 8785 canonical: keys sorted by UTF-16 units, no spaces.  A scalar
	 * that RFC 8785 would change or JSON doesn't have (1234.10, dates) is
	 * written in its typed form; so is a context that could be mistaken for
	 * one ({"c": {…}}).  Two equal texts mean the same values, and any
	 * RFC 8785 library prints the same bytes.
	 */
	JSON_CANONICAL,
};
void json_write(
    const struct value *value, enum json_form form, struct buf *out);
/* The canonical form of what a context would be with more fields, whose keys
 * it has not: two or more in all. */
void json_write_canonical_with(const struct value *context,
    const struct value_field *more, size_t count, struct buf *out);
/* Indented by two spaces, for people. */
void json_write_pretty(const struct value *value, struct buf *out);
/* The typed form's inverse, on a value that json_read() gave; also takes
 * plain JSON inside, as JSON_CANONICAL writes it.  NULL where malformed. */
MUST_USE const struct value *json_untype(
    struct arena *arena, const struct value *typed);
/* Reads what json_write() made in the typed or canonical form:
 * json_read_written() and json_untype(). */
MUST_USE const struct value *json_read_typed(struct arena *arena,
    struct str text, struct json_error *error);

/* Writing JSON by hand: quotes and escapes. */
void json_write_string(struct buf *out, struct str string);

#endif
