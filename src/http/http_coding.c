/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_coding.c: bodies that come compressed (RFC 9110, section 8.4).
 *
 * curl would unpack them as well, and takes a stream that stops early for one
 * that is over, when the length that was told, or the chunks, are as they have
 * to be: whoever compressed a cut file, or cut a compressed one, gave us half
 * a statement for a whole one.  So we unpack for ourselves: whole is what came
 * to the end that the stream itself has, with the checksum that stands there.
 */
#include "http_priv.h"

#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#define PIECE_BYTES (16 * 1024)
#define WINDOW_GZIP (MAX_WBITS + 16)
#define WINDOW_ZLIB MAX_WBITS
#define WINDOW_RAW (-MAX_WBITS)

struct http_coding {
	z_stream stream;
	bool is_known;
	bool is_gzip; /* else deflate */
	bool is_begun;
	bool is_whole;
	bool is_broken;
};

/* Of the one coding that is more than "identity"; absent where there is none;
 * several are no coding that we know. */
static void
read_names(struct str list, struct str *name)
{
	while (list.bytes > 0) {
		struct str one = str_trim(str_split(list, ',', &list));

		if (one.bytes == 0 || message_name_equal(one, STR("identity")))
			continue;
		*name = name->at == NULL ? one : STR("several");
	}
}

/* Of one line or several, which are the same list (RFC 9110, section 5.3). */
static struct str
coding_name(struct str head)
{
	struct str name = {0};

	while (head.bytes > 0) {
		struct str value;
		struct str line = str_split(head, '\n', &head);

		if (message_name_equal(str_split(line, ':', &value),
			STR("content-encoding")))
			read_names(value, &name);
	}
	return name;
}

struct http_coding *
http_coding_new(struct str head)
{
	struct str name = coding_name(head);
	struct http_coding *coding;

	if (name.at == NULL)
		return NULL;
	coding = calloc(1, sizeof(*coding));
	must(coding != NULL);
	coding->is_gzip = message_name_equal(name, STR("gzip")) ||
	    message_name_equal(name, STR("x-gzip"));
	coding->is_known =
	    coding->is_gzip || message_name_equal(name, STR("deflate"));
	return coding;
}

void
http_coding_free(struct http_coding **coding_take)
{
	struct http_coding *coding = *coding_take;

	if (coding == NULL)
		return;
	if (coding->is_begun)
		inflateEnd(&coding->stream);
	free(coding);
	*coding_take = NULL;
}

/* "deflate" means zlib's form, and some send the bare stream.  That begins
 * with the type of a block, which never looks like zlib's method, 8. */
static int
window_of(const struct http_coding *coding, unsigned char first)
{
	if (coding->is_gzip)
		return WINDOW_GZIP;
	return (first & 0x0f) == Z_DEFLATED ? WINDOW_ZLIB : WINDOW_RAW;
}

static bool
begin(struct http_coding *coding, struct str in)
{
	int window;

	if (coding->is_begun || !coding->is_known)
		return coding->is_known;
	window = window_of(coding, (unsigned char)in.at[0]);
	must(inflateInit2(&coding->stream, window) == Z_OK);
	coding->is_begun = true;
	return true;
}

/* What follows the end: of gzip another file, which is one with the first (RFC
 * 1952, section 2.2); of deflate what some servers leave there by mistake. */
static bool
is_over(struct http_coding *coding)
{
	if (!coding->is_whole)
		return false;
	if (!coding->is_gzip)
		return true;
	must(inflateReset(&coding->stream) == Z_OK);
	coding->is_whole = false;
	return false;
}

static struct str
unpack_piece(struct http_coding *coding, unsigned char *piece)
{
	z_stream *stream = &coding->stream;
	int result;

	stream->next_out = piece;
	stream->avail_out = PIECE_BYTES;
	result = inflate(stream, Z_NO_FLUSH);
	must(result != Z_MEM_ERROR && result != Z_STREAM_ERROR);
	coding->is_whole = result == Z_STREAM_END;
	/* Z_BUF_ERROR: it was at its end already. */
	coding->is_broken =
	    !coding->is_whole && result != Z_OK && result != Z_BUF_ERROR;
	return (struct str){(char *)piece, PIECE_BYTES - stream->avail_out};
}

bool
http_coding_unpack(struct http_coding *coding, struct str in,
    http_piece_fn *take, void *arg)
{
	unsigned char piece[PIECE_BYTES];
	z_stream *stream = &coding->stream;

	if (in.bytes == 0)
		return true;
	if (!begin(coding, in))
		return false;
	stream->next_in = (const unsigned char *)in.at;
	stream->avail_in = (unsigned)in.bytes;
	do {
		struct str out;

		if (is_over(coding))
			return true;
		out = unpack_piece(coding, piece);
		if (coding->is_broken ||
		    (out.bytes > 0 && !take(out, arg)))
			return false;
	} while (stream->avail_in > 0 ||
	    (stream->avail_out == 0 && !coding->is_whole));
	return true;
}

bool
http_coding_is_cut(const struct http_coding *coding)
{
	return coding != NULL && !coding->is_whole;
}

struct str
http_coding_detail(const struct http_coding *coding)
{
	if (coding == NULL)
		return (struct str){0};
	if (!coding->is_known)
		return STR("the answer's Content-Encoding is neither gzip nor "
			   "deflate, which were asked for");
	if (coding->is_broken)
		return STR("the answer's body isn't what its Content-Encoding "
			   "says");
	return (struct str){0};
}
