/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_lex.c: FEEL's characters: white space, comments, names, numbers and
 * strings (DMN 1.5, grammar rules 27-37 and 61-64).
 *
 * Everything works on offsets into a text that is known to be UTF-8, and
 * answers with the offset where the thing read ends.
 */
#include "feel_parser.h"

#include <string.h>

struct codepoints {
	uint32_t first;
	uint32_t last;
};

static const struct codepoints spaces[] = {
	{0x09, 0x0d}, {0x20, 0x20}, {0x85, 0x85}, {0xa0, 0xa0},
	{0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200b},
	{0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f},
	{0x3000, 0x3000}, {0xfeff, 0xfeff},
};

/* Rule 28, name start char. */
static const struct codepoints name_starts[] = {
	{'?', '?'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0xc0, 0xd6},
	{0xd8, 0xf6}, {0xf8, 0x2ff}, {0x370, 0x37d}, {0x37f, 0x1fff},
	{0x200c, 0x200d}, {0x2070, 0x218f}, {0x2c00, 0x2fef},
	{0x3001, 0xd7ff}, {0xf900, 0xfdcf}, {0xfdf0, 0xfffd},
	{0x10000, 0xeffff},
};

/* Rule 29, name part char, beyond the above. */
static const struct codepoints name_parts[] = {
	{'0', '9'}, {0xb7, 0xb7}, {0x300, 0x36f}, {0x203f, 0x2040},
};

static const char *const keywords[] = {
	"and", "between", "else", "every", "false", "for", "function", "if",
	"in", "instance", "null", "or", "return", "satisfies", "some", "then",
	"true",
};

static bool
is_among(const struct codepoints *ranges, size_t count, uint32_t codepoint)
{
	for (size_t i = 0; i < count && codepoint >= ranges[i].first; i++) {
		if (codepoint <= ranges[i].last)
			return true;
	}
	return false;
}

static bool
is_space(uint32_t codepoint)
{
	return is_among(spaces, COUNT_OF(spaces), codepoint);
}

static bool
is_name_start(uint32_t codepoint)
{
	if (codepoint < 0x80)
		return (codepoint | 32) - 'a' < 26 || codepoint == '_' ||
		    codepoint == '?';
	return !is_space(codepoint) &&
	    is_among(name_starts, COUNT_OF(name_starts), codepoint);
}

static bool
is_name_part(uint32_t codepoint)
{
	return is_name_start(codepoint) ||
	    is_among(name_parts, COUNT_OF(name_parts), codepoint);
}

/* Rule 30, additional name symbols: only in names that are known. */
static bool
is_name_symbol(uint32_t codepoint)
{
	return codepoint < 0x80 && codepoint != 0 &&
	    strchr("./-'+*", (int)codepoint) != NULL;
}

/* The end of a comment at `at`; `at` where none begins or it has no end. */
static size_t
skip_comment(struct str text, size_t at)
{
	struct str rest = str_slice(text, at, SIZE_MAX);
	bool is_line = str_has_prefix(rest, STR("//"));
	size_t end;

	if (!is_line && !str_has_prefix(rest, STR("/*")))
		return at;
	end = str_find(str_slice(rest, 2, SIZE_MAX),
	    is_line ? STR("\n") : STR("*/"));
	if (end == SIZE_MAX)
		return is_line ? text.bytes : at;
	return at + 2 + end + (is_line ? 1 : 2);
}

size_t
feel_lex_space(struct str text, size_t at)
{
	must(at <= text.bytes);
	while (at < text.bytes) {
		size_t next = at;

		if (text.at[at] == '/') {
			next = skip_comment(text, at);
			if (next == at)
				return at;
		} else if (!is_space(str_next_codepoint(text, &next))) {
			return at;
		}
		at = next;
	}
	return at;
}

size_t
feel_lex_identifier(struct str text, size_t at)
{
	size_t next = at;

	if (at >= text.bytes ||
	    !is_name_start(str_next_codepoint(text, &next)))
		return at;
	at = next;
	while (at < text.bytes &&
	    is_name_part(str_next_codepoint(text, &next)))
		at = next;
	return at;
}

static bool
is_digit(struct str text, size_t at)
{
	return at < text.bytes && text.at[at] >= '0' && text.at[at] <= '9';
}

static size_t
skip_digits(struct str text, size_t at)
{
	while (is_digit(text, at))
		at++;
	return at;
}

/* Rule 37: numeric literal = (digits ["." digits] | "." digits)
 * [("e"|"E") ["+"|"-"] digits].  The dot of "1..2" is not its own. */
size_t
feel_lex_number(struct str text, size_t at)
{
	size_t end = skip_digits(text, at);
	size_t exponent;

	if (end < text.bytes && text.at[end] == '.' && is_digit(text, end + 1))
		end = skip_digits(text, end + 1);
	if (end == at || end >= text.bytes || (text.at[end] | 32) != 'e')
		return end;
	exponent = end + 1;
	if (exponent < text.bytes &&
	    (text.at[exponent] == '+' || text.at[exponent] == '-'))
		exponent++;
	return is_digit(text, exponent) ? skip_digits(text, exponent) : end;
}

size_t
feel_lex_string(struct str text, size_t at)
{
	must(at < text.bytes && text.at[at] == '"');
	for (at++; at < text.bytes; at++) {
		if (text.at[at] == '"')
			return at + 1;
		if (text.at[at] == '\\')
			at++;
	}
	return SIZE_MAX;
}

static bool
parse_hex(struct str text, size_t at, size_t digits, uint32_t *out)
{
	uint32_t n = 0;

	if (at > text.bytes || text.bytes - at < digits)
		return false;
	for (size_t i = at; i < at + digits; i++) {
		char c = text.at[i];

		if (c >= '0' && c <= '9')
			n = n * 16 + (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			n = n * 16 + (uint32_t)((c | 32) - 'a' + 10);
		else
			return false;
	}
	*out = n;
	return true;
}

/* The escape \uXXXX (twice for a surrogate pair) or \UXXXXXX at `at`; its
 * length, or 0 where it is none. */
static size_t
read_unicode_escape(struct str s, size_t at, uint32_t *codepoint)
{
	uint32_t low;

	if (s.at[at + 1] == 'U')
		return parse_hex(s, at + 2, 6, codepoint) &&
			*codepoint <= 0x10ffff &&
			(*codepoint & 0x1ff800) != 0xd800 ? 8 : 0;
	if (!parse_hex(s, at + 2, 4, codepoint))
		return 0;
	if ((*codepoint & 0xf800) != 0xd800)
		return 6;
	if (*codepoint >= 0xdc00 || at + 7 >= s.bytes ||
	    s.at[at + 6] != '\\' || s.at[at + 7] != 'u' ||
	    !parse_hex(s, at + 8, 4, &low) || (low & 0xfc00) != 0xdc00)
		return 0;
	*codepoint = 0x10000 + ((*codepoint - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

/* Rule 64.  What is no escape keeps its backslash: patterns are full of
 * them ("\d+"). */
static size_t
unescape_one(struct str s, size_t at, char *out, size_t *written)
{
	static const char from[] = "\"\\'nrt";
	static const char to[] = "\"\\'\n\r\t";
	const char *found;
	uint32_t codepoint;
	size_t length;

	must(s.at[at] == '\\' && at + 1 < s.bytes);
	if (s.at[at + 1] == 'u' || s.at[at + 1] == 'U') {
		length = read_unicode_escape(s, at, &codepoint);
		if (length > 0)
			*written = str_put_codepoint(out, codepoint);
		return length;
	}
	found = s.at[at + 1] ? strchr(from, s.at[at + 1]) : NULL;
	if (found == NULL) {
		out[0] = '\\';
		*written = 1;
		return 1;
	}
	out[0] = to[found - from];
	*written = 1;
	return 2;
}

bool
feel_lex_unescape(struct arena *arena, struct str literal, struct str *out,
    size_t *bad_at, size_t *bad_bytes)
{
	struct str s = str_slice(literal, 1, literal.bytes - 2);
	char *bytes;
	size_t count = 0;
	size_t written;

	must(literal.bytes >= 2);
	/* No escape is shorter than what it stands for. */
	bytes = arena_alloc(arena, s.bytes + 1);
	for (size_t at = 0; at < s.bytes;) {
		size_t length = 1;

		written = 1;
		if (s.at[at] == '\\')
			length = unescape_one(s, at, bytes + count, &written);
		else
			bytes[count] = s.at[at];
		if (length == 0) {
			*bad_at = at + 1;
			*bad_bytes = 2;
			return false;
		}
		at += length;
		count += written;
	}
	*out = (struct str){bytes, count};
	return true;
}

bool
feel_lex_is_keyword(struct str word)
{
	for (size_t i = 0; i < COUNT_OF(keywords); i++) {
		if (str_equal(word, str_of(keywords[i])))
			return true;
	}
	return false;
}

struct str
feel_lex_normal_name(struct arena *arena, struct str name)
{
	char *bytes = arena_alloc(arena, name.bytes + 1);
	size_t count = 0;
	bool is_gap = false;

	for (size_t at = 0; at < name.bytes;) {
		size_t next = at;

		if (is_space(str_next_codepoint(name, &next))) {
			is_gap = count > 0;
			at = next;
			continue;
		}
		if (is_gap)
			bytes[count++] = ' ';
		is_gap = false;
		while (at < next)
			bytes[count++] = name.at[at++];
	}
	return (struct str){bytes, count};
}

/* Whether `at` is no place in the middle of a word. */
static bool
is_word_end(struct str text, size_t at)
{
	size_t next = at;

	return at >= text.bytes ||
	    !is_name_part(str_next_codepoint(text, &next));
}

static size_t
skip_spaces(struct str text, size_t at)
{
	size_t next = at;

	while (at < text.bytes && is_space(str_next_codepoint(text, &next)))
		at = next;
	return at;
}

size_t
feel_lex_match_name(struct str text, size_t at, struct str name)
{
	size_t last = name.bytes;
	size_t end;

	if (name.bytes == 0 || at >= text.bytes || text.at[at] != name.at[0])
		return 0;
	for (size_t i = 0; i < name.bytes; i++) {
		if (name.at[i] == ' ') {
			end = skip_spaces(text, at);
			if (end == at)
				return 0;
			at = end;
		} else if (at >= text.bytes || text.at[at++] != name.at[i]) {
			return 0;
		}
	}
	/* A name that ends in a sign ends there; others end with a word. */
	while (last > 0 && ((unsigned char)name.at[last - 1] & 0xc0) == 0x80)
		last--;
	must(last > 0);
	last--;
	if (!is_name_part(str_next_codepoint(name, &last)))
		return at;
	return is_word_end(text, at) ? at : 0;
}

bool
feel_lex_is_composite(struct str name)
{
	return feel_lex_identifier(name, 0) != name.bytes;
}

/* Takes one letter or sign of a name at *at, or what may stand between its
 * words; *end moves behind the former.  False where a name can't go on. */
static bool
take_name_part(struct str text, size_t *at, size_t *end)
{
	size_t next = *at;
	uint32_t codepoint = str_next_codepoint(text, &next);
	size_t blank = skip_comment(text, *at);

	if (blank == *at)
		blank = skip_spaces(text, *at);
	if (blank > *at)
		next = blank;
	else if (is_name_part(codepoint) || is_name_symbol(codepoint))
		*end = next;
	else
		return false;
	*at = next;
	return true;
}

size_t
feel_lex_key(struct str text, size_t at)
{
	size_t end = at;

	if (feel_lex_identifier(text, at) == at)
		return 0;
	while (at < text.bytes && take_name_part(text, &at, &end)) {
		if (at < text.bytes && text.at[at] == ':')
			return end;
	}
	return 0;
}

/* Whether the word `in` stands at `at`. */
static bool
is_in(struct str text, size_t at)
{
	return feel_lex_match_name(text, at, STR("in")) > 0;
}

size_t
feel_lex_iterator(struct str text, size_t at)
{
	size_t end = at;

	if (feel_lex_identifier(text, at) == at)
		return 0;
	while (at < text.bytes && take_name_part(text, &at, &end)) {
		if (at > end && is_in(text, at))
			return end;
	}
	return 0;
}
