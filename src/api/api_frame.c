/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_frame.c: where a request ends and the next one begins, read strictly
 * (RFC 9112).
 *
 * evhttp forgives much: a bare LF, a line that goes on in the next, two
 * lengths, a length beside chunks, a body where it expects none.  A proxy in
 * front that forgives something else would see other requests than we do, and
 * somebody could hide one in another's.  So the bytes are looked at before
 * evhttp has them, and what could be read in two ways isn't read at all.
 *
 *	METHOD ─► TARGET ─► VERSION ─► NAME ◄─► VALUE      each line ends in
 *	   ▲                            │                  CR LF, over LF
 *	   │          (empty line)      ▼
 *	   ├──────◄── nothing ──── what follows?
 *	   ├──────◄── BODY ◄──── Content-Length
 *	   └──◄── LAST ◄── CHUNK_SIZE ◄─► CHUNK_DATA ─► CHUNK_END
 *
 * Whatever is not drawn is FAULTY, and stays so.
 */
#include "api_priv.h"

#define LENGTH_DIGITS_MAX 18
#define CHUNK_DIGITS_MAX 8

/* Headers of which two would leave it open which one counts. */
#define SINGLES(X)                                                         \
	X(LENGTH, "content-length")                                        \
	X(ENCODING, "transfer-encoding")                                   \
	X(HOST, "host")                                                    \
	X(AUTHORIZATION, "authorization")                                  \
	X(TYPE, "content-type")                                            \
	X(ACTOR, "x-stated-actor")                                         \
	X(KEY, "idempotency-key")                                          \
	X(EVENT_VERSION, "ce-specversion")                                 \
	X(EVENT_ID, "ce-id")                                               \
	X(EVENT_SOURCE, "ce-source")                                       \
	X(EVENT_TYPE, "ce-type")                                           \
	X(EVENT_SUBJECT, "ce-subject")                                     \
	X(EVENT_TIME, "ce-time")

enum single {
#define X(symbol, name) SINGLE_##symbol,
	SINGLES(X)
#undef X
	SINGLE_COUNT
};

static const struct str single_names[SINGLE_COUNT] = {
#define X(symbol, name) [SINGLE_##symbol] = STR_INIT(name),
    SINGLES(X)
#undef X
};

static bool
has(const struct api_frame *frame, enum single single)
{
	return (frame->singles & 1u << single) != 0;
}

static bool
is_token(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* ---- words ---- */

static struct str
word_of(const struct api_frame *frame)
{
	return (struct str){frame->word, frame->word_bytes};
}

/* As much of it as can matter. */
static void
add_to_word(struct api_frame *frame, char c)
{
	if (frame->word_bytes < sizeof(frame->word))
		frame->word[frame->word_bytes] = c;
	if (frame->word_bytes <= sizeof(frame->word))
		frame->word_bytes++;
}

static bool
is_word(const struct api_frame *frame, struct str wanted)
{
	return frame->word_bytes <= sizeof(frame->word) &&
	       message_name_equal(word_of(frame), wanted);
}

static void
begin(struct api_frame *frame, enum api_frame_state state)
{
	frame->state = state;
	frame->word_bytes = 0;
}

/* The line ends with the LF that has to follow. */
static void
end_line(struct api_frame *frame, enum api_frame_state next)
{
	frame->state = FRAME_LF;
	frame->next = next;
}

/* ---- the head ---- */

static bool
end_method(struct api_frame *frame)
{
	if (frame->word_bytes == 0)
		return false;
	frame->has_body = is_word(frame, STR("POST")) ||
			  is_word(frame, STR("PUT")) ||
			  is_word(frame, STR("PATCH"));
	frame->singles = 0;
	frame->left = 0;
	begin(frame, FRAME_TARGET);
	return true;
}

/* "//host/path" would be another path to whoever takes host for a name. */
static bool
take_target(struct api_frame *frame, unsigned char c)
{
	if (c == ' ') {
		if (frame->word_bytes == 0)
			return false;
		begin(frame, FRAME_VERSION);
		return true;
	}
	if (c < 0x21 || c == 0x7f || c == '#' || c == '\\')
		return false;
	add_to_word(frame, (char)c);
	return c != '/' || frame->word_bytes != 2 || frame->word[0] != '/';
}

static bool
take_version(struct api_frame *frame, unsigned char c)
{
	if (c != '\r') {
		add_to_word(frame, (char)c);
		return c > 0x20 && c < 0x7f;
	}
	frame->is_older = str_equal(word_of(frame), STR("HTTP/1.0"));
	if (!frame->is_older && !str_equal(word_of(frame), STR("HTTP/1.1")))
		return false;
	end_line(frame, FRAME_NAME);
	return true;
}

static bool
end_name(struct api_frame *frame)
{
	if (frame->word_bytes == 0)
		return false;
	frame->single = SINGLE_COUNT;
	for (unsigned i = 0; i < SINGLE_COUNT; i++)
		if (is_word(frame, single_names[i]))
			frame->single = i;
	if (frame->single < SINGLE_COUNT && has(frame, frame->single))
		return false;
	begin(frame, FRAME_VALUE);
	return true;
}

static bool
take_name(struct api_frame *frame, unsigned char c)
{
	if (c == '\r' && frame->word_bytes == 0) {
		end_line(frame, FRAME_BODY);
		return true;
	}
	if (c == ':')
		return end_name(frame);
	add_to_word(frame, (char)c);
	return is_token(c);
}

static bool
read_length(struct api_frame *frame, struct str text)
{
	frame->left = 0;
	if (text.bytes == 0 || text.bytes > LENGTH_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.bytes; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		frame->left = 10 * frame->left + (uint64_t)(text.at[i] - '0');
	}
	return true;
}

static bool
end_value(struct api_frame *frame)
{
	bool is_whole = frame->word_bytes <= sizeof(frame->word);
	struct str value = word_of(frame);

	if (frame->single < SINGLE_COUNT)
		frame->singles |= 1u << frame->single;
	end_line(frame, FRAME_NAME);
	if (frame->single != SINGLE_LENGTH && frame->single != SINGLE_ENCODING)
		return true;
	if (!is_whole)
		return false;
	value = str_trim(value);
	return frame->single == SINGLE_LENGTH
	    ? read_length(frame, value)
	    : message_name_equal(value, STR("chunked"));
}

static bool
take_value(struct api_frame *frame, unsigned char c)
{
	if (c == '\r')
		return end_value(frame);
	add_to_word(frame, (char)c);
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* ---- what follows it ---- */

static bool
end_head(struct api_frame *frame)
{
	bool is_chunked = has(frame, SINGLE_ENCODING);

	if (!frame->is_older && !has(frame, SINGLE_HOST))
		return false;
	if (is_chunked && (frame->is_older || has(frame, SINGLE_LENGTH)))
		return false;
	if (!frame->has_body && (is_chunked || frame->left > 0))
		return false;
	begin(frame, is_chunked	      ? FRAME_CHUNK_SIZE
		     : frame->left > 0 ? FRAME_BODY
				       : FRAME_METHOD);
	return true;
}

static bool
take_lf(struct api_frame *frame, unsigned char c)
{
	if (c != '\n')
		return false;
	if (frame->next == FRAME_BODY)
		return end_head(frame);
	if (frame->next == FRAME_CHUNK_DATA && frame->left == 0)
		frame->next = FRAME_LAST;
	begin(frame, frame->next);
	return true;
}

static bool
take_chunk_size(struct api_frame *frame, unsigned char c)
{
	unsigned digit;

	if (c == '\r' && frame->word_bytes > 0) {
		end_line(frame, FRAME_CHUNK_DATA);
		return true;
	}
	if (c >= '0' && c <= '9')
		digit = c - '0';
	else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		digit = (c | 0x20u) - 'a' + 10u;
	else
		return false;
	if (frame->word_bytes == 0)
		frame->left = 0;
	frame->left = 16 * frame->left + digit;
	return ++frame->word_bytes <= CHUNK_DIGITS_MAX;
}

/* CR LF alone; `next` is what comes after. */
static bool
take_end(struct api_frame *frame, unsigned char c, enum api_frame_state next)
{
	end_line(frame, next);
	return c == '\r';
}

/* ---- all of it ---- */

static bool
take(struct api_frame *frame, unsigned char c)
{
	switch (frame->state) {
	case FRAME_METHOD:
		if (c == ' ')
			return end_method(frame);
		add_to_word(frame, (char)c);
		return is_token(c);
	case FRAME_TARGET:
		return take_target(frame, c);
	case FRAME_VERSION:
		return take_version(frame, c);
	case FRAME_NAME:
		return take_name(frame, c);
	case FRAME_VALUE:
		return take_value(frame, c);
	case FRAME_LF:
		return take_lf(frame, c);
	case FRAME_CHUNK_SIZE:
		return take_chunk_size(frame, c);
	case FRAME_CHUNK_END:
		return take_end(frame, c, FRAME_CHUNK_SIZE);
	case FRAME_LAST:
		return take_end(frame, c, FRAME_METHOD);
	case FRAME_BODY:
	case FRAME_CHUNK_DATA:
	case FRAME_FAULTY:
		break;
	}
	unreachable("bodies are skipped, and faults are final");
}

static size_t
skip(struct api_frame *frame, size_t bytes)
{
	size_t skipped = bytes < frame->left ? bytes : (size_t)frame->left;

	frame->left -= skipped;
	if (frame->left == 0)
		begin(frame, frame->state == FRAME_BODY ? FRAME_METHOD
							: FRAME_CHUNK_END);
	return skipped;
}

bool
api_frame_take(struct api_frame *frame, struct str bytes, size_t *good)
{
	must(frame->state != FRAME_FAULTY);
	*good = 0;
	while (*good < bytes.bytes) {
		if (frame->state == FRAME_BODY ||
		    frame->state == FRAME_CHUNK_DATA) {
			*good += skip(frame, bytes.bytes - *good);
			continue;
		}
		/* Where a line has begun, what replaces the rest ends it; but
		 * the beginning of a chunk's size would be a size. */
		frame->is_in_line = frame->state != FRAME_CHUNK_SIZE &&
		    (frame->word_bytes > 0 || frame->state == FRAME_TARGET ||
			frame->state == FRAME_VERSION ||
			frame->state == FRAME_VALUE);
		if (frame->state == FRAME_LF)
			frame->is_in_line = frame->next != FRAME_BODY;
		if (!take(frame, (unsigned char)bytes.at[*good])) {
			frame->state = FRAME_FAULTY;
			return false;
		}
		++*good;
	}
	return true;
}
