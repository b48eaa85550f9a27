/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_read.c: exact JSON (RFC 8259) to values.
 *
 * Recursive descent, one function for each production of the RFC.  It never
 * goes deeper than it was told to, and the time it takes grows with the text
 * and hardly more: duplicate keys are found by the builder's own index.
 * What is wrong is noted once, at the innermost place; NULL or false does
 * the rest.
 */
#include "stated/json.h"

#include <stdarg.h>
#include <stdio.h>

#include "json_priv.h"

struct reader {
	struct arena *arena;
	struct str text;
	size_t at; /* offset of the next byte */
	int depth;
	int depth_max;
	struct buf scratch; /* a string with escapes */
	struct json_error *error;
};

static const struct value *read_value(struct reader *reader);

/* -------------------------------------------------------------- errors */

static void
locate(struct str text, struct json_error *error)
{
	error->line = 1;
	error->column = 1;
	for (size_t i = 0; i < error->offset; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c == '\n') {
			error->line++;
			error->column = 1;
		} else if ((c & 0xc0) != 0x80) {
			error->column++;
		}
	}
}

static void PRINTF_LIKE(3, 4)
fail(struct reader *reader, size_t offset, const char *format, ...)
{
	must(offset <= reader->text.bytes);
	struct json_error *error = reader->error;
	error->offset = offset;
	locate(reader->text, error);
	va_list args;
	va_start(args, format);
	str_vwrite(error->message, sizeof(error->message), format, args);
	va_end(args);
}

static bool
at_end(const struct reader *reader)
{
	return reader->at == reader->text.bytes;
}

/* The next byte; 0 at the end, which no production takes either. */
static char
peek(const struct reader *reader)
{
	return at_end(reader) ? '\0' : reader->text.at[reader->at];
}

static void
fail_expected(struct reader *reader, const char *what)
{
	unsigned char c = (unsigned char)peek(reader);
	if (at_end(reader))
		fail(reader, reader->at, "the text ends where %s should be",
		    what);
	else if (c > 0x20 && c < 0x7f)
		fail(reader, reader->at, "expected %s, found '%c'", what, c);
	else
		fail(reader, reader->at, "expected %s, found byte 0x%02x", what,
		    c);
}

static void
skip_space(struct reader *reader)
{
	while (peek(reader) == ' ' || peek(reader) == '\t' ||
	    peek(reader) == '\n' || peek(reader) == '\r')
		reader->at++;
}

/* ------------------------------------------------------------- scalars */

static const struct value *
read_literal(struct reader *reader, struct str literal,
    const struct value *value)
{
	size_t from = reader->at;
	struct str found = str_slice(reader->text, from, literal.bytes);
	if (!str_equal(found, literal)) {
		fail(reader, from, "expected a value; literals are true, "
		    "false and null");
		return NULL;
	}
	reader->at += literal.bytes;
	return value;
}

static bool
is_number_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	    c == 'e' || c == 'E';
}

static void
fail_number(struct reader *reader, size_t from, enum number_error error)
{
	int bytes = (int)(reader->at - from > 50 ? 50 : reader->at - from);
	const char *text = reader->text.at + from;
	switch (error) {
	case NUMBER_INEXACT:
		fail(reader, from, "more than 34 digits in the number %.*s",
		    bytes, text);
		return;
	case NUMBER_RANGE:
		fail(reader, from, "the number %.*s is out of range", bytes,
		    text);
		return;
	default:
		fail(reader, from, "%.*s is not a number as JSON writes them",
		    bytes, text);
	}
}

static const struct value *
read_number(struct reader *reader)
{
	size_t from = reader->at;
	while (is_number_byte(peek(reader)))
		reader->at++;
	struct number number;
	enum number_error error = number_parse_json(
	    str_slice(reader->text, from, reader->at - from), &number);
	if (error) {
		fail_number(reader, from, error);
		return NULL;
	}
	return value_of_number(reader->arena, number);
}

/* ------------------------------------------------------------- strings */

/* Four hexadecimal digits after \u. */
static bool
read_unit(struct reader *reader, uint32_t *unit)
{
	*unit = 0;
	for (int i = 0; i < 4; i++) {
		int digit = str_hex_digit(peek(reader));
		if (digit < 0) {
			fail_expected(reader, "a hexadecimal digit of \\u");
			return false;
		}
		*unit = *unit << 4 | (uint32_t)digit;
		reader->at++;
	}
	return true;
}

/* What follows \u: a code point in one unit or in two surrogates. */
static bool
read_unicode_escape(struct reader *reader)
{
	size_t from = reader->at - 2;
	uint32_t unit;
	if (!read_unit(reader, &unit))
		return false;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		uint32_t low = 0;
		if (str_equal(str_slice(reader->text, reader->at, 2),
			STR("\\u"))) {
			reader->at += 2;
			if (!read_unit(reader, &low))
				return false;
		}
		if (low >= 0xdc00 && low <= 0xdfff)
			unit = 0x10000 + ((unit - 0xd800) << 10) +
			    (low - 0xdc00);
	}
	if (unit >= 0xd800 && unit <= 0xdfff) {
		fail(reader, from, "\\u%04x is half of a surrogate pair",
		    (unsigned)unit);
		return false;
	}
	char utf8[4];
	buf_add(&reader->scratch, utf8, str_put_codepoint(utf8, unit));
	return true;
}

static bool
read_escape(struct reader *reader)
{
	static const char names[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	reader->at++;
	char c = peek(reader);
	if (c == 'u') {
		reader->at++;
		return read_unicode_escape(reader);
	}
	const char *found = c ? strchr(names, c) : NULL;
	if (!found) {
		fail_expected(reader, "an escape, one of \" \\ / b f n r t u,");
		return false;
	}
	buf_add_char(&reader->scratch, bytes[found - names]);
	reader->at++;
	return true;
}

/* How many bytes at the front are whole, valid code points. */
static size_t
utf8_prefix(struct str s)
{
	size_t good = 0;
	while (good < s.bytes) {
		size_t bytes = 1;
		while (bytes <= 4 &&
		    !str_is_utf8(str_slice(s, good, bytes)))
			bytes++;
		if (bytes > 4 || bytes > s.bytes - good)
			break;
		good += bytes;
	}
	return good;
}

/* Bytes that stand for themselves. */
static bool
read_run(struct reader *reader, struct str *run)
{
	size_t from = reader->at;
	size_t bytes = json_count_plain(reader->text, from);
	*run = (struct str){reader->text.at + from, bytes};
	reader->at += bytes;
	if (!str_is_utf8(*run)) {
		size_t good = utf8_prefix(*run);
		fail(reader, from + good, "this is not UTF-8");
		return false;
	}
	return true;
}

/* The rest of a string that began with `run`, into the scratch buffer. */
static bool
read_escapes(struct reader *reader, struct str run)
{
	buf_clear(&reader->scratch);
	for (;;) {
		buf_add_str(&reader->scratch, run);
		if (peek(reader) == '"')
			return true;
		if (peek(reader) != '\\') {
			fail_expected(reader, "no control character");
			return false;
		}
		if (!read_escape(reader) || !read_run(reader, &run))
			return false;
		if (at_end(reader))
			return true; /* the caller says what is missing */
	}
}

/* Where nothing is escaped it stands in the text as it is. */
static bool
read_string(struct reader *reader, struct str *string)
{
	size_t from = reader->at;
	reader->at++;
	if (!read_run(reader, string))
		return false;
	if (!at_end(reader) && peek(reader) != '"') {
		if (!read_escapes(reader, *string))
			return false;
		*string = buf_str(&reader->scratch);
	}
	if (at_end(reader)) {
		fail(reader, from, "the string is not closed");
		return false;
	}
	reader->at++;
	*string = arena_str(reader->arena, *string);
	return true;
}

/* -------------------------------------------------- lists and contexts */

static bool
enter(struct reader *reader)
{
	if (reader->depth == reader->depth_max) {
		fail(reader, reader->at, "nested deeper than %d levels",
		    reader->depth_max);
		return false;
	}
	reader->depth++;
	reader->at++;
	skip_space(reader);
	return true;
}

/* After an item: a comma, or the end, which sets *done. */
static bool
read_separator(struct reader *reader, char end, bool *done)
{
	skip_space(reader);
	*done = peek(reader) == end;
	if (!*done && peek(reader) != ',') {
		fail_expected(reader, end == ']' ? "',' or ']'" : "',' or '}'");
		return false;
	}
	reader->at++;
	skip_space(reader);
	return true;
}

static const struct value *
read_list(struct reader *reader)
{
	if (!enter(reader))
		return NULL;
	struct value_builder *list = value_build_list(reader->arena);
	bool done = peek(reader) == ']';
	if (done)
		reader->at++;
	while (!done) {
		const struct value *item = read_value(reader);
		if (!item || !read_separator(reader, ']', &done))
			return NULL;
		value_append(list, item);
	}
	reader->depth--;
	return value_built(list);
}

/* A key, which must be new to the context, and its colon. */
static bool
read_key(struct reader *reader, const struct value_builder *context,
    struct str *key)
{
	size_t from = reader->at;
	if (peek(reader) != '"') {
		fail_expected(reader, "a key in quotes");
		return false;
	}
	if (!read_string(reader, key))
		return false;
	if (value_has(context, *key)) {
		struct str shown = str_slice(*key, 0, 80);
		shown.bytes = utf8_prefix(shown);
		fail(reader, from, "the key \"%.*s\" is there twice",
		    STR_ARG(shown));
		return false;
	}
	skip_space(reader);
	if (peek(reader) != ':') {
		fail_expected(reader, "':' after the key");
		return false;
	}
	reader->at++;
	skip_space(reader);
	return true;
}

static const struct value *
read_context(struct reader *reader)
{
	if (!enter(reader))
		return NULL;
	struct value_builder *context = value_build_context(reader->arena);
	bool done = peek(reader) == '}';
	if (done)
		reader->at++;
	while (!done) {
		struct str key;
		if (!read_key(reader, context, &key))
			return NULL;
		const struct value *value = read_value(reader);
		if (!value || !read_separator(reader, '}', &done))
			return NULL;
		value_put_kept(context, key, value);
	}
	reader->depth--;
	return value_built(context);
}

static const struct value *
read_text(struct reader *reader)
{
	struct str string;
	if (!read_string(reader, &string))
		return NULL;
	return value_of_str(reader->arena, string);
}

static const struct value *
read_value(struct reader *reader)
{
	switch (peek(reader)) {
	case '{':
		return read_context(reader);
	case '[':
		return read_list(reader);
	case '"':
		return read_text(reader);
	case 't':
		return read_literal(reader, STR("true"), &value_true);
	case 'f':
		return read_literal(reader, STR("false"), &value_false);
	case 'n':
		return read_literal(reader, STR("null"), &value_null);
	case '-':
	case '0' ... '9':
		return read_number(reader);
	default:
		fail_expected(reader, "a value");
		return NULL;
	}
}

static const struct value *
read_document(struct arena *arena, struct str text, int depth_max,
    struct json_error *error)
{
	must(arena);
	must(error);
	*error = (struct json_error){0};
	struct reader reader = {.arena = arena,
	    .text = text,
	    .depth_max = depth_max,
	    .error = error};
	skip_space(&reader);
	const struct value *value = read_value(&reader);
	if (value) {
		skip_space(&reader);
		if (!at_end(&reader)) {
			fail_expected(&reader, "nothing after the document");
			value = NULL;
		}
	}
	buf_fini(&reader.scratch);
	must((value == NULL) == (error->message[0] != '\0'));
	return value;
}

const struct value *
json_read(struct arena *arena, struct str text, struct json_error *error)
{
	return read_document(arena, text, JSON_DEPTH_MAX, error);
}

const struct value *
json_read_written(struct arena *arena, struct str text,
    struct json_error *error)
{
	return read_document(arena, text, JSON_WRITTEN_DEPTH_MAX, error);
}

const struct value *
json_read_typed(struct arena *arena, struct str text, struct json_error *error)
{
	const struct value *typed = json_read_written(arena, text, error);
	if (!typed)
		return NULL;
	const struct value *value = json_untype(arena, typed);
	if (!value)
		*error = (struct json_error){.line = 1,
		    .column = 1,
		    .message = "a typed form is malformed"};
	return value;
}
