/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.c: string views: cutting, searching, UTF-8 and the nearest word.
 *
 * Nothing here allocates, and every index is checked against the view, since
 * most views show bytes that somebody outside has sent.
 */
#include "stated/str.h"

#include "stated/must.h"

#include <stdio.h>

/* Longer words have no near candidate: nobody mistypes them by accident, and
 * the bound keeps the rows of the edit distance on the stack. */
#define STR_NEAREST_BYTES_MAX 64

int
str_compare(struct str a, struct str b)
{
	size_t common = a.bytes < b.bytes ? a.bytes : b.bytes;
	int order = common > 0 ? memcmp(a.at, b.at, common) : 0;

	if (order != 0)
		return order;
	return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

bool
str_has_prefix(struct str s, struct str prefix)
{
	if (prefix.bytes > s.bytes)
		return false;
	return prefix.bytes == 0 || memcmp(s.at, prefix.at, prefix.bytes) == 0;
}

bool
str_has_suffix(struct str s, struct str suffix)
{
	if (suffix.bytes > s.bytes)
		return false;
	return suffix.bytes == 0 ||
	    memcmp(s.at + s.bytes - suffix.bytes, suffix.at, suffix.bytes) == 0;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
	while (s.bytes > 0 && is_space(s.at[0])) {
		s.at++;
		s.bytes--;
	}
	while (s.bytes > 0 && is_space(s.at[s.bytes - 1]))
		s.bytes--;
	return s;
}

struct str
str_split(struct str s, char separator, struct str *rest)
{
	const char *found = NULL;

	if (s.bytes > 0)
		found = memchr(s.at, separator, s.bytes);
	if (found == NULL) {
		*rest = (struct str){NULL, 0};
		return s;
	}
	size_t bytes = (size_t)(found - s.at);
	*rest = (struct str){found + 1, s.bytes - bytes - 1};
	return (struct str){s.at, bytes};
}

struct str
str_slice(struct str s, size_t from, size_t bytes)
{
	if (s.at == NULL)
		return s;
	if (from > s.bytes)
		from = s.bytes;
	if (bytes > s.bytes - from)
		bytes = s.bytes - from;
	return (struct str){s.at + from, bytes};
}

size_t
str_find(struct str s, struct str needle)
{
	if (needle.bytes == 0)
		return 0;
	if (needle.bytes > s.bytes)
		return SIZE_MAX;
	const char *found = memmem(s.at, s.bytes, needle.at, needle.bytes);
	return found != NULL ? (size_t)(found - s.at) : SIZE_MAX;
}

/* Reads digits as a negative number, since INT64_MIN has no positive twin. */
static bool
parse_negated_digits(struct str digits, int64_t *out)
{
	int64_t n = 0;

	if (digits.bytes == 0)
		return false;
	for (size_t i = 0; i < digits.bytes; i++) {
		char c = digits.at[i];
		if (c < '0' || c > '9')
			return false;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, c - '0', &n))
			return false;
	}
	*out = n;
	return true;
}

int
str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
str_hex_byte(struct str s, size_t at)
{
	int high, low;

	if (s.bytes < 2 || at > s.bytes - 2)
		return -1;
	high = str_hex_digit(s.at[at]);
	low = str_hex_digit(s.at[at + 1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool
str_parse_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
	must(min <= max);
	bool is_negative = s.bytes > 0 && s.at[0] == '-';
	struct str digits = is_negative ? str_slice(s, 1, s.bytes - 1) : s;
	int64_t n;

	if (!parse_negated_digits(digits, &n))
		return false;
	if (!is_negative && __builtin_sub_overflow(0, n, &n))
		return false;
	if (n < min || n > max)
		return false;
	*out = n;
	return true;
}

/* ------------------------------------------------------------------ UTF-8 */

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/*
 * The length of the code point that begins s, or 0 where none does (RFC 3629
 * section 4).  The second byte's range rules out overlong forms, surrogates
 * and what lies above U+10FFFF; later bytes are plain continuations.
 */
static size_t
codepoint_bytes(struct str s)
{
	unsigned char lead = (unsigned char)s.at[0];
	unsigned char least = 0x80, most = 0xbf;
	size_t bytes;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (s.bytes < bytes)
		return 0;
	if (lead == 0xe0)
		least = 0xa0;
	else if (lead == 0xed)
		most = 0x9f;
	else if (lead == 0xf0)
		least = 0x90;
	else if (lead == 0xf4)
		most = 0x8f;
	unsigned char second = (unsigned char)s.at[1];
	if (second < least || second > most)
		return 0;
	for (size_t i = 2; i < bytes; i++)
		if (!is_continuation(s.at[i]))
			return 0;
	return bytes;
}

/* How many bytes at the front are ASCII: eight at a time, then one by one. */
static size_t
count_ascii(struct str s)
{
	size_t bytes = 0;
	uint64_t eight;

	for (; s.bytes - bytes >= sizeof(eight); bytes += sizeof(eight)) {
		memcpy(&eight, s.at + bytes, sizeof(eight));
		if ((eight & 0x8080808080808080) != 0)
			break;
	}
	while (bytes < s.bytes && (unsigned char)s.at[bytes] < 0x80)
		bytes++;
	return bytes;
}

bool
str_is_utf8(struct str s)
{
	while (s.bytes > 0) {
		size_t bytes = count_ascii(s);
		if (bytes == 0)
			bytes = codepoint_bytes(s);
		if (bytes == 0)
			return false;
		s.at += bytes;
		s.bytes -= bytes;
	}
	return true;
}

uint32_t
str_next_codepoint(struct str s, size_t *offset)
{
	static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

	must(*offset < s.bytes);
	struct str left = {s.at + *offset, s.bytes - *offset};
	size_t bytes = codepoint_bytes(left);
	must(bytes > 0);
	uint32_t codepoint = (unsigned char)left.at[0] & lead_mask[bytes];
	for (size_t i = 1; i < bytes; i++)
		codepoint = codepoint << 6 | ((unsigned char)left.at[i] & 0x3f);
	*offset += bytes;
	return codepoint;
}

size_t
str_count_codepoints(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.bytes; i++)
		if (!is_continuation(s.at[i]))
			count++;
	return count;
}

struct str
str_codepoint_at(struct str s, size_t offset)
{
	struct str left = str_slice(s, offset, s.bytes);

	return str_slice(left, 0, left.bytes > 0 ? codepoint_bytes(left) : 0);
}

size_t
str_put_codepoint(char out[4], uint32_t codepoint)
{
	must(codepoint <= 0x10ffff);
	must(codepoint < 0xd800 || codepoint > 0xdfff);

	if (codepoint < 0x80) {
		out[0] = (char)codepoint;
		return 1;
	}
	size_t bytes = codepoint < 0x800 ? 2 : codepoint < 0x10000 ? 3 : 4;
	for (size_t i = bytes - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (codepoint & 0x3f));
		codepoint >>= 6;
	}
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	out[0] = (char)(lead[bytes] | codepoint);
	return bytes;
}

void
str_vwrite(char *out, size_t bytes, const char *format, va_list args)
{
	int length = vsnprintf(out, bytes, format, args);
	size_t end = bytes - 1;

	must(length >= 0);
	if ((size_t)length < bytes)
		return;
	/* Back to where the last character begins, which may be whole. */
	while (end > 0 && end + 4 > bytes &&
	       ((unsigned char)out[end - 1] & 0xc0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)out[end - 1] >= 0xc0 &&
	    !str_is_utf8(str_of(out + end - 1)))
		out[end - 1] = '\0';
}

void
str_write(char *out, size_t bytes, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_vwrite(out, bytes, format, args);
	va_end(args);
}

/* ----------------------------------------------------------- nearest word */

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/*
 * Edits from a to b by insert, delete, change and swap of neighbours, each
 * counted once ("optimal string alignment").  Row i holds the distances from
 * a's first i bytes to all beginnings of b; a swap looks two rows back.
 */
static size_t
edit_distance(struct str a, struct str b)
{
	size_t rows[3][STR_NEAREST_BYTES_MAX + 1];

	must(a.bytes <= STR_NEAREST_BYTES_MAX);
	must(b.bytes <= STR_NEAREST_BYTES_MAX);
	for (size_t j = 0; j <= b.bytes; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.bytes; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3];
		const size_t *two_above = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b.bytes; j++) {
			char x = a.at[i - 1], y = b.at[j - 1];
			row[j] = min3(row[j - 1] + 1, above[j] + 1,
			    above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == b.at[j - 2] &&
			    a.at[i - 2] == y && two_above[j - 2] + 1 < row[j])
				row[j] = two_above[j - 2] + 1;
		}
	}
	return rows[a.bytes % 3][b.bytes];
}

bool
str_is_among(struct str s, const struct str *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(all[i], s))
			return true;
	return false;
}

struct str
str_nearest(struct str word, const struct str *candidates, size_t count)
{
	struct str nearest = {NULL, 0};
	size_t edits_max = (word.bytes + 1) / 2;

	if (word.bytes > STR_NEAREST_BYTES_MAX)
		return nearest;
	for (size_t i = 0; i < count; i++) {
		if (candidates[i].bytes > STR_NEAREST_BYTES_MAX)
			continue;
		size_t edits = edit_distance(word, candidates[i]);
		if (edits < edits_max ||
		    (edits == edits_max && nearest.at == NULL)) {
			nearest = candidates[i];
			edits_max = edits;
		}
	}
	return nearest;
}
