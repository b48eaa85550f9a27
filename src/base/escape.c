/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape.c: a text as it is meant where parts of it are escaped.
 *
 * Requests carry values in addresses, forms, JSON, XML and mails, and
 * endpoints repeat them in forms of their own: "M\u00fcller", "M%C3%BCller",
 * "M&#252;ller".  Forms are undone without asking whether the whole is well
 * formed; what only looks like an escape stays as it is.
 */
#include "stated/escape.h"

#include "stated/must.h"

#include <stdlib.h>
#include <string.h>

#define CODEPOINT_MAX 0x10ffff

/* What an escape stands for. */
struct unit {
	char bytes[4];
	size_t count;
};

/* Bytes of the escape that the text begins with; 0: it is none. */
typedef size_t escape_fn(struct str text, struct unit *unit);

static void
put_byte(struct unit *unit, char byte)
{
	unit->bytes[0] = byte;
	unit->count = 1;
}

static bool
is_surrogate(int64_t codepoint)
{
	return codepoint >= 0xd800 && codepoint < 0xe000;
}

/* false where that is no character. */
static bool
put_character(struct unit *unit, int64_t codepoint)
{
	if (codepoint < 0 || codepoint > CODEPOINT_MAX || is_surrogate(codepoint))
		return false;
	unit->count = str_put_codepoint(unit->bytes, (uint32_t)codepoint);
	return true;
}

/* ---- JSON (RFC 8259, 7) ---- */

/* Of "\u00fc"; -1: there is none. */
static int64_t
json_code(struct str text)
{
	int high, low;

	if (!str_has_prefix(text, STR("\\u")))
		return -1;
	high = str_hex_byte(text, 2);
	low = str_hex_byte(text, 4);
	return high < 0 || low < 0 ? -1 : (int64_t)high << 8 | low;
}

static size_t
json_code_unit(struct str text, struct unit *unit)
{
	int64_t code = json_code(text), second;

	if (put_character(unit, code))
		return 6;
	second = json_code(str_slice(text, 6, 6));
	if (code < 0xd800 || code >= 0xdc00 || second < 0xdc00 ||
	    second >= 0xe000)
		return 0;
	(void)put_character(
	    unit, 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00));
	return 12;
}

static size_t
json_unit(struct str text, struct unit *unit)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (text.bytes < 2 || text.at[0] != '\\')
		return 0;
	if (text.at[1] == 'u')
		return json_code_unit(text, unit);
	letter = memchr(letters, text.at[1], sizeof(letters) - 1);
	if (letter == NULL)
		return 0;
	put_byte(unit, meant[letter - letters]);
	return 2;
}

/* ---- addresses, forms and mails ---- */

/* "%2F", "=2F" */
static size_t
hex_unit(struct str text, char mark, struct unit *unit)
{
	int byte;

	if (text.at[0] != mark)
		return 0;
	byte = str_hex_byte(text, 1);
	if (byte < 0)
		return 0;
	put_byte(unit, (char)byte);
	return 3;
}

static size_t
percent_unit(struct str text, struct unit *unit)
{
	return hex_unit(text, '%', unit);
}

/* As addresses have it, but for the blank. */
static size_t
form_unit(struct str text, struct unit *unit)
{
	if (text.at[0] != '+')
		return percent_unit(text, unit);
	put_byte(unit, ' ');
	return 1;
}

/* Quoted-printable (RFC 2045, 6.7): a line that goes on ends with "=". */
static size_t
mail_unit(struct str text, struct unit *unit)
{
	char next = text.bytes > 1 ? text.at[1] : '\0';

	if (next != '\r' && next != '\n')
		return hex_unit(text, '=', unit);
	unit->count = 0;
	if (next == '\n')
		return 2;
	return str_has_prefix(text, STR("=\r\n")) ? 3 : 0;
}

/* ---- XML ---- */

static const struct {
	struct str name;
	char meant;
} entities[] = {
    {STR_INIT("&amp;"), '&'},
    {STR_INIT("&lt;"), '<'},
    {STR_INIT("&gt;"), '>'},
    {STR_INIT("&quot;"), '"'},
    {STR_INIT("&apos;"), '\''},
};

/* "&#252;", "&#xFC;", with any number of zeros before it. */
static size_t
reference_unit(struct str text, struct unit *unit)
{
	bool is_hex = text.bytes > 2 && (text.at[2] | 0x20) == 'x';
	size_t first = is_hex ? 3 : 2, at = first;
	int64_t codepoint = 0;

	for (; at < text.bytes; at++) {
		int digit = str_hex_digit(text.at[at]);

		if (digit < 0 || (!is_hex && digit > 9))
			break;
		if (codepoint <= CODEPOINT_MAX)
			codepoint = codepoint * (is_hex ? 16 : 10) + digit;
	}
	return at > first && at < text.bytes && text.at[at] == ';' &&
		       put_character(unit, codepoint)
		   ? at + 1
		   : 0;
}

static size_t
xml_unit(struct str text, struct unit *unit)
{
	char next = text.bytes > 1 ? text.at[1] : '\0';

	if (text.at[0] != '&')
		return 0;
	if (next == '#')
		return reference_unit(text, unit);
	for (size_t i = 0; i < COUNT_OF(entities); i++) {
		if (next != entities[i].name.at[1] ||
		    !str_has_prefix(text, entities[i].name))
			continue;
		put_byte(unit, entities[i].meant);
		return entities[i].name.bytes;
	}
	return 0;
}

/* ---- any of them ---- */

static const struct {
	escape_fn *read;
	char mark; /* without which there is none */
	char other_mark; /* the same where there is one mark only */
} forms[ESCAPES] = {
    [ESCAPE_JSON] = {json_unit, '\\', '\\'},
    [ESCAPE_PERCENT] = {percent_unit, '%', '%'},
    [ESCAPE_FORM] = {form_unit, '+', '%'},
    [ESCAPE_XML] = {xml_unit, '&', '&'},
    [ESCAPE_MAIL] = {mail_unit, '=', '='},
};

static size_t
find_byte(struct str text, size_t at, char byte)
{
	const char *found =
	    at < text.bytes ? memchr(text.at + at, byte, text.bytes - at)
			    : NULL;

	return found != NULL ? (size_t)(found - text.at) : text.bytes;
}

/* Where an escape may begin next, or the text's end. */
static size_t
next_mark(struct str text, enum escape form, size_t at)
{
	char mark = forms[form].mark, other = forms[form].other_mark;

	if (mark == other)
		return find_byte(text, at, mark);
	while (at < text.bytes && text.at[at] != mark && text.at[at] != other)
		at++;
	return at;
}

/* Where the next one begins, and what it is; or the text's end. */
static size_t
next_escape(struct str text, enum escape form, size_t at, struct unit *unit,
    size_t *bytes)
{
	for (;; at++) {
		at = next_mark(text, form, at);
		if (at == text.bytes)
			return at;
		*bytes = forms[form].read(
		    (struct str){text.at + at, text.bytes - at}, unit);
		if (*bytes > 0)
			return at;
	}
}

static void
add_shift(struct meant *meant, size_t at, size_t from)
{
	if (meant->shift_count == meant->shift_capacity) {
		meant->shift_capacity = 2 * meant->shift_capacity + 16;
		meant->shifts = realloc(meant->shifts,
		    meant->shift_capacity * sizeof(*meant->shifts));
		must(meant->shifts != NULL);
	}
	meant->shifts[meant->shift_count++] =
	    (struct escape_shift){.at = at, .from = from};
}

/* No escape is shorter than what it stands for. */
static void
undo(struct str text, enum escape form, struct meant *meant)
{
	char *to = malloc(text.bytes);
	size_t count = 0;

	must(to != NULL);
	for (size_t done = 0; done < text.bytes;) {
		struct unit unit = {.count = 0};
		size_t bytes = 0;
		size_t at = next_escape(text, form, done, &unit, &bytes);

		memcpy(to + count, text.at + done, at - done);
		count += at - done;
		must(unit.count <= bytes);
		for (size_t i = 0; i < unit.count; i++)
			to[count++] = unit.bytes[i];
		done = at + bytes;
		if (bytes > unit.count) /* a blank of a form is as long */
			add_shift(meant, count, done);
	}
	meant->text = (struct str){to, count};
}

/* What stands for nothing may stand within anything. */
static bool
is_wanted(const struct unit *unit, const struct escape_bytes *wanted)
{
	if (wanted == NULL)
		return true;
	for (size_t i = 0; i < unit->count; i++)
		if (!wanted->has[(uint8_t)unit->bytes[i]])
			return false;
	return true;
}

static bool
has_wanted(
    struct str text, enum escape form, const struct escape_bytes *wanted)
{
	struct unit unit;
	size_t bytes = 0;

	if (find_byte(text, 0, forms[form].mark) == text.bytes)
		return false;
	for (size_t at = 0;; at += bytes) {
		at = next_escape(text, form, at, &unit, &bytes);
		if (at == text.bytes || is_wanted(&unit, wanted))
			return at < text.bytes;
	}
}

bool
escape_undo(const struct meant *of, enum escape form,
    const struct escape_bytes *wanted, struct meant *meant)
{
	must(form < ESCAPES);
	if (!has_wanted(of->text, form, wanted))
		return false;
	*meant = (struct meant){.of = of};
	undo(of->text, form, meant);
	return true;
}

void
escape_free(struct meant *meant)
{
	must(meant->of != NULL);
	free((char *)(uintptr_t)meant->text.at);
	free(meant->shifts);
	*meant = (struct meant){.of = NULL};
}

/* Where in what it is of that byte comes from, or its end.  Behind an escape
 * it is behind all of it, also where that stands for nothing. */
static size_t
place_of(const struct meant *meant, size_t at)
{
	size_t first = 0, last = meant->shift_count;

	while (first < last) {
		size_t middle = first + (last - first) / 2;

		if (meant->shifts[middle].at <= at)
			first = middle + 1;
		else
			last = middle;
	}
	if (first == 0)
		return at;
	return meant->shifts[first - 1].from +
	       (at - meant->shifts[first - 1].at);
}

static struct str
written(const struct meant *meant, size_t at, size_t bytes)
{
	size_t begin = place_of(meant, at);

	must(at + bytes <= meant->text.bytes);
	return str_slice(meant->of->text, begin,
	    place_of(meant, at + bytes) - begin);
}

bool
escape_is_in(const struct meant *meant, size_t at, size_t bytes)
{
	return meant->of != NULL &&
	       !str_equal(written(meant, at, bytes),
		   str_slice(meant->text, at, bytes));
}

struct str
escape_source(const struct meant *meant, size_t at, size_t bytes)
{
	must(at + bytes <= meant->text.bytes);
	for (; meant->of != NULL; meant = meant->of) {
		struct str source = written(meant, at, bytes);

		at = (size_t)(source.at - meant->of->text.at);
		bytes = source.bytes;
	}
	return str_slice(meant->text, at, bytes);
}
