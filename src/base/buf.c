/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c: a byte buffer whose first failure sticks.
 *
 * Once something did not fit, nothing more is added: a text with a hole in it
 * would look whole.  One byte beyond what is asked for is always kept, so
 * that buf_cstr() can end the text even in a full buffer.
 */
#include "stated/buf.h"

#include "stated/arena.h"

#include <stdlib.h>

#define BUF_BYTES_FIRST 128
#define CHUNK_BYTES ((size_t)16 * 1024)
#define VARINT_BYTES_MAX 10

void
buf_init(struct buf *buf, size_t bytes_max)
{
	*buf = (struct buf){.bytes_max = bytes_max};
}

struct buf
buf_in(struct arena *arena)
{
	must(arena != NULL);
	return (struct buf){.arena = arena};
}

struct str
buf_keep(struct buf *buf)
{
	must(buf->arena != NULL && !buf->over);
	struct str kept = {buf_cstr(buf), buf->bytes};
	size_t bytes = buf->bytes + 1;

	must(arena_resize(buf->arena, buf->at, buf->capacity, bytes) ==
	    kept.at);
	*buf = buf_in(buf->arena);
	return kept;
}

void
buf_fini(struct buf *buf)
{
	size_t bytes_max = buf->bytes_max;

	if (buf->arena == NULL)
		free(buf->at);
	buf_init(buf, bytes_max);
}

void
buf_clear(struct buf *buf)
{
	buf->bytes = 0;
	buf->over = false;
}

void
buf_grow(struct buf *buf, size_t bytes)
{
	must(bytes < SIZE_MAX / 4 && buf->bytes < SIZE_MAX / 4);
	size_t needed = buf->bytes + bytes + 1;

	if (needed <= buf->capacity)
		return;
	size_t capacity = buf->capacity > 0 ? buf->capacity : BUF_BYTES_FIRST;
	while (capacity < needed)
		capacity *= 2;
	char *at = buf->arena != NULL
	    ? arena_resize(buf->arena, buf->at, buf->capacity, capacity)
	    : realloc(buf->at, capacity);
	must(at != NULL);
	buf->at = at;
	buf->capacity = capacity;
}

/* Makes room, or marks the buffer as over and answers false. */
static bool
make_room(struct buf *buf, size_t bytes)
{
	must(buf->bytes_max == 0 || buf->bytes <= buf->bytes_max);
	if (buf->over)
		return false;
	if (buf->bytes_max > 0 && bytes > buf->bytes_max - buf->bytes) {
		buf->over = true;
		return false;
	}
	buf_grow(buf, bytes);
	return true;
}

void
buf_add_slowly(struct buf *buf, const void *at, size_t bytes)
{
	if (bytes == 0 || !make_room(buf, bytes))
		return;
	memcpy(buf->at + buf->bytes, at, bytes);
	buf->bytes += bytes;
}

void
buf_addv(struct buf *buf, const char *format, va_list arguments)
{
	va_list again;

	va_copy(again, arguments);
	/* Most texts fit into what is there already. */
	size_t room = buf->bytes_max == 0 ? buf->capacity - buf->bytes : 0;
	int bytes = vsnprintf(room > 0 ? buf->at + buf->bytes : NULL, room,
	    format, arguments);
	must(bytes >= 0);
	if ((size_t)bytes < room) {
		buf->bytes += (size_t)bytes;
	} else if (make_room(buf, (size_t)bytes)) {
		int written = vsnprintf(buf->at + buf->bytes, (size_t)bytes + 1,
		    format, again);
		must(written == bytes);
		buf->bytes += (size_t)bytes;
	}
	va_end(again);
}

void
buf_addf(struct buf *buf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buf_addv(buf, format, arguments);
	va_end(arguments);
}

static void
add_json_char(struct buf *buf, char c)
{
	switch (c) {
	case '"':
		buf_add_cstr(buf, "\\\"");
		return;
	case '\\':
		buf_add_cstr(buf, "\\\\");
		return;
	case '\n':
		buf_add_cstr(buf, "\\n");
		return;
	case '\t':
		buf_add_cstr(buf, "\\t");
		return;
	default:
		if ((unsigned char)c < 0x20 || c == 0x7f)
			buf_addf(buf, "\\u%04x", (unsigned)c);
		else
			buf_add_char(buf, c);
	}
}

void
buf_add_json_string(struct buf *buf, struct str s)
{
	buf_add_char(buf, '"');
	for (size_t i = 0; i < s.bytes;) {
		struct str whole = str_codepoint_at(s, i);
		if (whole.bytes == 0) {
			buf_add_cstr(buf, "\xef\xbf\xbd");
			i++;
		} else if (whole.bytes == 1) {
			add_json_char(buf, s.at[i++]);
		} else {
			buf_add_str(buf, whole);
			i += whole.bytes;
		}
	}
	buf_add_char(buf, '"');
}

bool
buf_add_file(struct buf *buf, FILE *file, size_t bytes_max)
{
	char chunk[CHUNK_BYTES];
	size_t got;

	must(file != NULL);
	while (buf->bytes <= bytes_max &&
	    (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(buf, chunk, got);
	/* A directory opens but does not read. */
	return ferror(file) == 0;
}

void
buf_add_long_varint(struct buf *buf, uint64_t n)
{
	unsigned char out[VARINT_BYTES_MAX];
	size_t bytes = 0;

	while (n >= 0x80) {
		out[bytes++] = (unsigned char)(n | 0x80);
		n >>= 7;
	}
	out[bytes++] = (unsigned char)n;
	buf_add(buf, out, bytes);
}

bool
buf_take_varint(struct str *in, uint64_t *n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < in->bytes && i < VARINT_BYTES_MAX; i++) {
		uint64_t byte = (unsigned char)in->at[i];
		/* The tenth byte has room for the 64th bit only. */
		if (i == VARINT_BYTES_MAX - 1 && byte > 1)
			return false;
		sum |= (byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*in = str_slice(*in, i + 1, in->bytes);
			*n = sum;
			return true;
		}
	}
	return false;
}

bool
buf_take_bytes(struct str *in, size_t bytes, struct str *out)
{
	if (in->bytes < bytes)
		return false;
	*out = (struct str){in->at != NULL ? in->at : "", bytes};
	*in = str_slice(*in, bytes, in->bytes);
	return true;
}

bool
buf_is_over(const struct buf *buf)
{
	return buf->over;
}

struct str
buf_str(const struct buf *buf)
{
	return (struct str){buf->at != NULL ? buf->at : "", buf->bytes};
}

const char *
buf_cstr(struct buf *buf)
{
	buf_grow(buf, 0);
	buf->at[buf->bytes] = '\0';
	return buf->at;
}
