/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_decode.c: a document of XML in UTF-8, whatever it came in.
 *
 * Secrets and sensitive values are looked for in what an endpoint answers, and
 * they are in UTF-8.  A parser that decodes after that would bring to light
 * what nobody had recognised, so nothing is decoded but here, first of all.
 * What comes out says of itself that it is UTF-8: it may come here again.
 */
#include "connector_priv.h"

#include <errno.h>
#include <iconv.h>

#define PIECE_BYTES (16 * 1024)

static bool
begins(struct str text, const char *with, size_t bytes)
{
	return text.bytes >= bytes && memcmp(text.at, with, bytes) == 0;
}

/* By their first bytes (XML 1.0, appendix F), from which *mark are no text;
 * NULL: what the document declares, in a coding that has ASCII in it. */
static const char *
wide_coding(struct str text, size_t *mark)
{
	*mark = 2;
	if (begins(text, "\xff\xfe", 2))
		return "UTF-16LE";
	if (begins(text, "\xfe\xff", 2))
		return "UTF-16BE";
	*mark = 0;
	if (begins(text, "<\0", 2))
		return "UTF-16LE";
	return begins(text, "\0<", 2) ? "UTF-16BE" : NULL;
}

static bool
is_coding_name(struct str name)
{
	for (size_t i = 0; i < name.bytes; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "abcdefghijklmnopqrstuvwxyz0123456789._-",
			name.at[i]) == NULL || name.at[i] == '\0')
			return false;
	return name.bytes > 0 && name.bytes < 40;
}

/* The name within the declaration; absent where there is none. */
static struct str
declared_coding(struct str text)
{
	const struct str none = {0};
	struct str rest, name;
	size_t at;

	if (!str_has_prefix(text, STR("<?xml")))
		return none;
	text = str_slice(text, 0, str_find(text, STR("?>")));
	at = str_find(text, STR("encoding"));
	if (at == SIZE_MAX)
		return none;
	(void)str_split(str_slice(text, at, text.bytes), '=', &rest);
	rest = str_trim(rest);
	if (rest.bytes == 0 || (rest.at[0] != '"' && rest.at[0] != '\''))
		return none;
	name = str_split(str_slice(rest, 1, rest.bytes), rest.at[0], &rest);
	return rest.at != NULL && is_coding_name(name) ? name : none;
}

/* false: it isn't in that coding. */
static bool
convert_all(iconv_t converter, struct str text, struct buf *out)
{
	char piece[PIECE_BYTES];
	char *in = (char *)text.at; /* is only read */
	bool is_ending = false;

	for (;;) {
		char *to = piece;
		size_t room = sizeof(piece);
		size_t result = iconv(converter, is_ending ? NULL : &in,
		    &text.bytes, &to, &room);

		buf_add(out, piece, sizeof(piece) - room);
		if (result == (size_t)-1 && errno != E2BIG)
			return false;
		if (result != (size_t)-1 && is_ending)
			return true;
		is_ending = result != (size_t)-1;
	}
}

/* Absent: nobody knows the coding, or the text isn't in it. */
static struct str
convert(struct arena *arena, struct str text, const char *coding)
{
	iconv_t converter = iconv_open("UTF-8", coding);
	struct buf out = buf_in(arena);
	bool is_done;

	if (converter == (iconv_t)-1)
		return (struct str){0};
	is_done = convert_all(converter, text, &out);
	iconv_close(converter);
	return is_done ? buf_keep(&out) : (struct str){0};
}

static struct str
declare_utf8(struct arena *arena, struct str text, struct str coding)
{
	size_t before = (size_t)(coding.at - text.at);
	struct buf out = buf_in(arena);

	buf_add(&out, text.at, before);
	buf_add_cstr(&out, "UTF-8");
	buf_add_str(&out,
	    str_slice(text, before + coding.bytes, text.bytes));
	return buf_keep(&out);
}

static struct str
decode_wide(struct arena *arena, struct str text, const char *coding)
{
	struct str utf8 = convert(arena, text, coding);
	struct str declared = declared_coding(utf8);

	return declared.at != NULL ? declare_utf8(arena, utf8, declared)
				   : utf8;
}

static struct str
decode_declared(struct arena *arena, struct str text, struct str coding)
{
	struct str utf8 = convert(arena, text, arena_cstr(arena, coding));
	struct str declared = declared_coding(utf8);

	if (str_equal(utf8, text))
		return text; /* there is nothing in it but ASCII */
	if (declared.at == NULL)
		return (struct str){0}; /* it was no such text */
	return declare_utf8(arena, utf8, declared);
}

struct str
xml_decode(struct arena *arena, struct str text)
{
	size_t mark;
	const char *wide = wide_coding(text, &mark);
	struct str coding;

	if (wide != NULL)
		return decode_wide(arena,
		    str_slice(text, mark, text.bytes), wide);
	coding = declared_coding(text);
	if (coding.at == NULL || message_name_equal(coding, STR("utf-8")))
		return text;
	return decode_declared(arena, text, coding);
}
