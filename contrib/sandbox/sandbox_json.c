/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_json.c: numbers pass through the parser disguised as strings.
 *
 * jansson reads a fraction into a double and loses digits.  Before it parses,
 * every number outside of strings is rewritten as a string that begins with
 * U+0001; a text that holds such a string of its own is refused, so that the
 * disguise is never mistaken.
 */
#include "sandbox_json.h"

#include <ctype.h>
#include <stdio.h>

#define MARK '\x01'
#define MARK_ESCAPED "\\u0001"
#define NAME_BYTES 64 /* of one part of a path; paths are ours */

static size_t
skip_digits(struct str s, size_t at)
{
	while (at < s.bytes && isdigit((unsigned char)s.at[at]))
		at++;
	return at;
}

static size_t
skip_one_of(struct str s, size_t at, const char *set)
{
	return at < s.bytes && strchr(set, s.at[at]) != NULL ? at + 1 : at;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool
is_number_token(struct str token)
{
	size_t from = skip_one_of(token, 0, "-");
	size_t at = skip_digits(token, from);

	if (at == from || (token.at[from] == '0' && at > from + 1))
		return false;
	from = skip_one_of(token, at, ".");
	if (from > at) {
		at = skip_digits(token, from);
		if (at == from)
			return false;
	}
	from = skip_one_of(token, at, "eE");
	if (from > at) {
		from = skip_one_of(token, from, "+-");
		at = skip_digits(token, from);
		if (at == from)
			return false;
	}
	return at == token.bytes;
}

/* The string that begins at text.at[at], with its quotes; to the end of the
 * text where it is not closed. */
static struct str
string_token(struct str text, size_t at)
{
	size_t end = at + 1;

	while (end < text.bytes && text.at[end] != '"')
		end += text.at[end] == '\\' ? 2 : 1;
	return str_slice(text, at, end + 1 - at);
}

static bool
is_key_separator_next(struct str text, size_t at)
{
	while (at < text.bytes && isspace((unsigned char)text.at[at]))
		at++;
	return at < text.bytes && text.at[at] == ':';
}

static bool
add_number(struct str text, size_t *at, struct buf *out)
{
	size_t end = *at;
	struct str token;

	while (end < text.bytes && text.at[end] != '\0' &&
	    strchr("0123456789+-.eE", text.at[end]) != NULL)
		end++;
	token = str_slice(text, *at, end - *at);
	if (!is_number_token(token) || is_key_separator_next(text, end))
		return false;
	buf_add_cstr(out, "\"" MARK_ESCAPED);
	buf_add_str(out, token);
	buf_add_char(out, '"');
	*at = end;
	return true;
}

static bool
disguise_numbers(struct str text, struct buf *out)
{
	size_t at = 0;

	while (at < text.bytes) {
		char c = text.at[at];

		if (c == '"') {
			struct str token = string_token(text, at);
			if (str_has_prefix(token, STR("\"" MARK_ESCAPED)))
				return false;
			buf_add_str(out, token);
			at += token.bytes;
		} else if (c == '-' || isdigit((unsigned char)c)) {
			if (!add_number(text, &at, out))
				return false;
		} else {
			buf_add_char(out, c);
			at++;
		}
	}
	return true;
}

json_t *
sandbox_json_read(struct str text)
{
	struct buf disguised = {0};
	json_t *value = NULL;

	if (disguise_numbers(text, &disguised)) {
		struct str all = buf_str(&disguised);
		value = json_loadb(all.at ? all.at : "", all.bytes,
		    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	}
	buf_fini(&disguised);
	return value;
}

json_t *
sandbox_json_number(const char *digits)
{
	must(is_number_token(str_of(digits)));
	return json_sprintf("%c%s", MARK, digits);
}

bool
sandbox_json_is_number(const json_t *value)
{
	return json_is_integer(value) ||
	    (json_is_string(value) && json_string_value(value)[0] == MARK);
}

json_t *
sandbox_json_at(const json_t *value, const char *path)
{
	struct str rest = str_of(path);
	const json_t *at = value;

	while (at != NULL && rest.at != NULL) {
		struct str part = str_split(rest, '.', &rest);
		char name[NAME_BYTES];

		must(part.bytes < sizeof(name));
		snprintf(name, sizeof(name), "%.*s", STR_ARG(part));
		at = json_object_get(at, name);
	}
	return (json_t *)(uintptr_t)at;
}

const char *
sandbox_json_text(const json_t *value, const char *path)
{
	const char *text = json_string_value(sandbox_json_at(value, path));

	if (text == NULL)
		return "";
	return text[0] == MARK ? text + 1 : text;
}

int64_t
sandbox_json_int(const json_t *value, const char *path, int64_t max,
    int64_t otherwise)
{
	const char *text = sandbox_json_text(value, path);
	int64_t n;

	return str_parse_int(str_of(text), 0, max, &n) ? n : otherwise;
}

static void
write_string(const char *text, size_t bytes, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < bytes; i++) {
		static const char escaped[] = "\b\f\n\r\t\"\\";
		static const char letters[] = "bfnrt\"\\";
		unsigned char c = (unsigned char)text[i];
		const char *found = c ? strchr(escaped, c) : NULL;

		if (found != NULL) {
			buf_add_char(out, '\\');
			buf_add_char(out, letters[found - escaped]);
		} else if (c < 0x20) {
			buf_addf(out, "\\u%04x", c);
		} else {
			buf_add_char(out, (char)c);
		}
	}
	buf_add_char(out, '"');
}

static void
write_object(const json_t *value, enum sandbox_json_style style,
    struct buf *out)
{
	const char *separator = "";
	const char *key;
	json_t *item;

	buf_add_char(out, '{');
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		buf_add_cstr(out, separator);
		write_string(key, strlen(key), out);
		buf_add_cstr(out, style == SANDBOX_JSON_PYTHON ? ": " : ":");
		sandbox_json_write(item, style, out);
		separator = style == SANDBOX_JSON_PYTHON ? ", " : ",";
	}
	buf_add_char(out, '}');
}

static void
write_array(const json_t *value, enum sandbox_json_style style,
    struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i > 0)
			buf_add_cstr(out,
			    style == SANDBOX_JSON_PYTHON ? ", " : ",");
		sandbox_json_write(json_array_get(value, i), style, out);
	}
	buf_add_char(out, ']');
}

void
sandbox_json_write(const json_t *value, enum sandbox_json_style style,
    struct buf *out)
{
	const char *text = json_string_value(value);

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(value, style, out);
		return;
	case JSON_ARRAY:
		write_array(value, style, out);
		return;
	case JSON_STRING:
		if (text[0] == MARK)
			buf_add_cstr(out, text + 1);
		else
			write_string(text, json_string_length(value), out);
		return;
	case JSON_INTEGER:
		buf_addf(
		    out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	case JSON_TRUE:
		buf_add_cstr(out, "true");
		return;
	case JSON_FALSE:
		buf_add_cstr(out, "false");
		return;
	case JSON_NULL:
		buf_add_cstr(out, "null");
		return;
	case JSON_REAL:
		break;
	}
	unreachable("no value is made from a double");
}
