/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.h: a string view, bytes that somebody else owns.
 *
 * A view is valid as long as its owner keeps the bytes; it is not terminated
 * by a zero byte and may hold any byte.  The absent string is {NULL, 0}; the
 * empty string has a non-null `at`.
 */
#ifndef STATED_STR_H
#define STATED_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *at;
	size_t bytes;
};

/* For printf: printf("%.*s", STR_ARG(name)).  `s` is evaluated more than once:
 * it must not change anything. */
#define STR_ARG(s) ((int)(s).bytes), ((s).at ? (s).at : "")

/* A view of a string literal, usable in static initialisers as STR_INIT. */
#define STR_INIT(literal) {(literal), sizeof(literal) - 1}
#define STR(literal) ((struct str)STR_INIT(literal))

static inline struct str
str_of(const char *text)
{
	return (struct str){text, text ? strlen(text) : 0};
}

static inline bool
str_equal(struct str a, struct str b)
{
	if (a.bytes != b.bytes || a.bytes == 0)
		return a.bytes == b.bytes;
	/* Most that are as long differ at once: without a call. */
	return a.at[0] == b.at[0] && memcmp(a.at, b.at, a.bytes) == 0;
}

/* Bytewise order, shorter first where one begins the other: <0, 0 or >0. */
int str_compare(struct str a, struct str b);
bool str_is_among(struct str s, const struct str *all, size_t count);
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);
/* The part before the first `separator`; *rest gets what follows it, or the
 * absent string where there is no separator. */
struct str str_split(struct str s, char separator, struct str *rest);
/* Bytes [from, from + bytes), cut to what there is. */
struct str str_slice(struct str s, size_t from, size_t bytes);
/* Index of the first `needle`, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle);
/* 0 to 15 of a hexadecimal digit in either case; -1 of anything else. */
int str_hex_digit(char c);
/* 0 to 255 of the two such digits that stand at that place; -1 of others. */
int str_hex_byte(struct str s, size_t at);
/* A plain decimal integer in [min, max] with nothing around it; min must not
 * be above max. */
bool str_parse_int(struct str s, int64_t min, int64_t max, int64_t *out);

/* UTF-8 (RFC 3629): whole and without surrogates or overlong forms. */
bool str_is_utf8(struct str s);
/* The code point at *offset, which moves past it; s must be UTF-8. */
uint32_t str_next_codepoint(struct str s, size_t *offset);
size_t str_count_codepoints(struct str s);
/* The bytes of the code point that begins at `offset`, or none where the bytes
 * there are no UTF-8: for text that may be broken. */
struct str str_codepoint_at(struct str s, size_t offset);
/* Writes 1 to 4 bytes and returns how many. */
size_t str_put_codepoint(char out[4], uint32_t codepoint);

/*
 * As snprintf() writes it, into out[bytes]; what doesn't fit is cut off, but
 * not within a character: what is shown of a text in UTF-8 is UTF-8.
 */
void str_write(char *out, size_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void str_vwrite(char *out, size_t bytes, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/*
 * The candidate nearest to `word` for "did you mean": the least edits
 * (insert, delete, change, swap of neighbours), at most half of the word's
 * length rounded up.  The absent string where none is near.
 */
struct str str_nearest(struct str word, const struct str *candidates,
    size_t count);

#endif
