/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h: a growable byte buffer.
 *
 * Initialise with {0} or buf_init(); free with buf_fini().  A buffer may have
 * a bound (`bytes_max` > 0): what does not fit is dropped whole, with all that
 * follows it, and the error sticks, so that a writer tests buf_is_over() once,
 * at its end.
 *
 * A buffer in an arena (buf_in()) grows there and needs no buf_fini(): a text
 * that is to live as long as the arena is written where it stays.
 */
#ifndef STATED_BUF_H
#define STATED_BUF_H

#include "stated/must.h"
#include "stated/str.h"

#include <stdarg.h>
#include <stdio.h>

struct arena;

struct buf {
	char *at;
	size_t bytes;
	size_t capacity;
	size_t bytes_max; /* 0: no bound */
	bool over;
	struct arena *arena; /* which the bytes are in; NULL: on the heap */
};

void buf_init(struct buf *buf, size_t bytes_max);
struct buf buf_in(struct arena *arena);
/* What was written, for as long as the arena lives, and followed by a zero
 * byte; gives back what was reserved for more.  Nothing is added any more. */
struct str buf_keep(struct buf *buf);
void buf_fini(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory; clears the error */
static inline void buf_add(struct buf *buf, const void *at, size_t bytes);
static inline void buf_add_str(struct buf *buf, struct str s);
static inline void buf_add_cstr(struct buf *buf, const char *text);
static inline void buf_add_char(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_addv(struct buf *buf, const char *format, va_list arguments)
    PRINTF_LIKE(2, 0);
/* In quotes and escaped as JSON wants it; what is not UTF-8 becomes U+FFFD. */
void buf_add_json_string(struct buf *buf, struct str s);
/* What is left of a file.  Reading stops once more than bytes_max bytes stand
 * in the buffer: enough for the caller to see that it is too large.  false
 * where the file can't be read: errno tells. */
MUST_USE bool buf_add_file(struct buf *buf, FILE *file, size_t bytes_max);
/* Little-endian base 128, 1 to 10 bytes: for packed forms. */
static inline void buf_add_varint(struct buf *buf, uint64_t n);
/* Takes a varint from the front of *in; false where it is cut or too long. */
MUST_USE bool buf_take_varint(struct str *in, uint64_t *n);
/* Takes `bytes` bytes from the front of *in; false where there are fewer. */
MUST_USE bool buf_take_bytes(struct str *in, size_t bytes, struct str *out);
bool buf_is_over(const struct buf *buf);
/* Room for so many bytes after those that there are, so that what is added
 * piece by piece grows the memory once.  Who writes there adds to buf->bytes
 * what was written.  Only where there is no bound. */
static inline char *buf_reserve(struct buf *buf, size_t bytes);
/* Valid until the buffer changes. */
struct str buf_str(const struct buf *buf);
/* The same followed by a zero byte. */
const char *buf_cstr(struct buf *buf);

/* Adding is what most of a turn consists of: where there is room and no
 * bound, it is done without a call. */
void buf_add_slowly(struct buf *buf, const void *at, size_t bytes);
void buf_grow(struct buf *buf, size_t bytes);

static inline char *
buf_reserve(struct buf *buf, size_t bytes)
{
	must(buf->bytes_max == 0);
	if (bytes >= buf->capacity - buf->bytes)
		buf_grow(buf, bytes);
	return buf->at + buf->bytes;
}

static inline void
buf_add(struct buf *buf, const void *at, size_t bytes)
{
	if (buf->bytes_max == 0 && bytes < buf->capacity - buf->bytes) {
		memcpy(buf->at + buf->bytes, at, bytes);
		buf->bytes += bytes;
		return;
	}
	buf_add_slowly(buf, at, bytes);
}

static inline void
buf_add_str(struct buf *buf, struct str s)
{
	if (s.bytes > 0)
		buf_add(buf, s.at, s.bytes);
}

static inline void
buf_add_cstr(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

static inline void
buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_add_long_varint(struct buf *buf, uint64_t n);

static inline void
buf_add_varint(struct buf *buf, uint64_t n)
{
	if (n < 0x80)
		buf_add_char(buf, (char)n);
	else
		buf_add_long_varint(buf, n);
}

#endif
