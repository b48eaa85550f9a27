/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail.c: a message as it is written down (RFC 5322, MIME).
 *
 * Whatever a text holds, it stays text: in headers what isn't plain becomes
 * encoded words (RFC 2047), the body goes as quoted-printable UTF-8, and no
 * line is longer than it may be.
 */
#include "connector_priv.h"

#define ENCODED_WORD_BYTES 42 /* 56 of Base64, and 12 around them */
#define LINE_BYTES_MAX 76
#define HEADER_BYTES_MAX 900 /* of a header that isn't folded */

/* -------------------------------------------------------------- addresses */

static bool
is_address(struct str text)
{
	size_t at = str_find(text, STR("@"));

	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' ||
		    memchr("<>(),;:\"[]\\", text.at[i], 11) != NULL)
			return false;
	return at != SIZE_MAX && at > 0 && at + 1 < text.bytes &&
	    str_find(str_slice(text, at + 1, SIZE_MAX), STR("@")) == SIZE_MAX;
}

bool
mail_address_parse(struct str text, struct mail_address *out)
{
	struct str rest;
	struct str name = str_split(text, '<', &rest);

	*out = (struct mail_address){.address = str_trim(text)};
	if (rest.at != NULL) {
		out->name = str_trim(name);
		out->address = str_trim(str_split(rest, '>', &rest));
		if (rest.at == NULL || str_trim(rest).bytes > 0)
			return false;
	}
	if (out->name.bytes >= 2 && str_has_prefix(out->name, STR("\"")) &&
	    str_has_suffix(out->name, STR("\"")))
		out->name = str_slice(out->name, 1, out->name.bytes - 2);
	return is_address(out->address);
}

/* ---------------------------------------------------------------- headers */

static bool
is_plain(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] < ' ' || text.at[i] > '~')
			return false;
	return text.bytes <= HEADER_BYTES_MAX &&
	    str_find(text, STR("=?")) == SIZE_MAX;
}

/* As many bytes as fit, but no part of a character. */
static size_t
word_bytes(struct str text)
{
	size_t bytes = ENCODED_WORD_BYTES;

	if (text.bytes <= bytes)
		return text.bytes;
	while (bytes > 1 && ((unsigned char)text.at[bytes] & 0xc0) == 0x80)
		bytes--;
	return bytes;
}

static void
add_words(struct arena *arena, struct buf *out, struct str text)
{
	bool is_first = true;

	while (text.bytes > 0) {
		size_t bytes = word_bytes(text);
		struct str word = digest_base64(arena,
		    str_slice(text, 0, bytes));

		buf_addf(out, "%s=?utf-8?B?%.*s?=", is_first ? "" : "\r\n ",
		    STR_ARG(word));
		text = str_slice(text, bytes, SIZE_MAX);
		is_first = false;
	}
}

static void
add_text(struct arena *arena, struct buf *out, struct str text)
{
	if (is_plain(text))
		buf_add_str(out, text);
	else
		add_words(arena, out, text);
}

/* A quoted string, or encoded words. */
static void
add_name(struct arena *arena, struct buf *out, struct str name)
{
	if (!is_plain(name)) {
		add_words(arena, out, name);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < name.bytes; i++) {
		if (name.at[i] == '"' || name.at[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, name.at[i]);
	}
	buf_add_char(out, '"');
}

static void
add_addresses(struct arena *arena, struct buf *out, const char *header,
    const struct mail_address *addresses, size_t count)
{
	if (count == 0)
		return;
	buf_addf(out, "%s: ", header);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_cstr(out, ",\r\n ");
		if (addresses[i].name.bytes > 0) {
			add_name(arena, out, addresses[i].name);
			buf_add_char(out, ' ');
		}
		buf_addf(out, "<%.*s>", STR_ARG(addresses[i].address));
	}
	buf_add_cstr(out, "\r\n");
}

struct str
mail_date(struct arena *arena, int64_t now_ms)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date_time now = date_time_of_instant(now_ms);
	int weekday = date_weekday(now.date);

	must(weekday >= 1 && weekday <= 7);
	must(now.date.month >= 1 && now.date.month <= 12);
	return arena_strf(arena, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
	    days + 3 * (weekday - 1), (int)now.date.day,
	    months + 3 * (now.date.month - 1), (int)now.date.year,
	    (int)now.time.hour, (int)now.time.minute, (int)now.time.second);
}

static bool
is_word(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (!((text.at[i] >= '0' && text.at[i] <= '9') ||
			((text.at[i] | 0x20) >= 'a' &&
			    (text.at[i] | 0x20) <= 'z') ||
			text.at[i] == '-' || text.at[i] == '_'))
			return false;
	return text.bytes > 0 && text.bytes <= 64;
}

/* The same for each attempt, so that who keeps an eye on it sees a mail that
 * came twice as one. */
struct str
mail_id(struct arena *arena, struct str key, struct str from)
{
	char hex[DIGEST_HEX_BYTES];
	struct str domain;

	(void)str_split(from, '@', &domain);
	return arena_strf(arena, "<%.*s@%.*s>",
	    STR_ARG(is_word(key) ? key : digest_hex(digest_sha256(key), hex)),
	    STR_ARG(domain));
}

/* ------------------------------------------------------------------- body */

/* What stands at the end of a line must not be a blank. */
static bool
is_literal(struct str text, size_t at)
{
	char c = text.at[at];
	bool is_last = at + 1 == text.bytes || text.at[at + 1] == '\n' ||
	    text.at[at + 1] == '\r';

	if (c == ' ' || c == '\t')
		return !is_last;
	return c > ' ' && c <= '~' && c != '=';
}

static void
add_quoted(struct buf *out, struct str text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.at[i];
		bool plain = is_literal(text, i);

		if (c == '\r' && i + 1 < text.bytes && text.at[i + 1] == '\n')
			continue;
		if (c == '\n') {
			buf_add_cstr(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + (plain ? 1 : 3) >= LINE_BYTES_MAX) {
			buf_add_cstr(out, "=\r\n");
			column = 0;
		}
		if (plain)
			buf_add_char(out, c);
		else
			buf_addf(out, "=%02X", (unsigned)(unsigned char)c);
		column += plain ? 1 : 3;
	}
	if (column > 0)
		buf_add_cstr(out, "\r\n");
}

struct str
mail_write(struct arena *arena, const struct mail *mail)
{
	struct buf out = buf_in(arena);

	buf_addf(&out, "Date: %.*s\r\n", STR_ARG(mail->date));
	add_addresses(arena, &out, "From", &mail->from, 1);
	add_addresses(arena, &out, "Reply-To", mail->reply_to.items,
	    mail->reply_to.count);
	add_addresses(arena, &out, "To", mail->to.items, mail->to.count);
	add_addresses(arena, &out, "Cc", mail->cc.items, mail->cc.count);
	buf_addf(&out, "Message-ID: %.*s\r\n", STR_ARG(mail->id));
	buf_add_cstr(&out, "Subject: ");
	add_text(arena, &out, mail->subject);
	buf_add_cstr(&out, "\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	add_quoted(&out, mail->text);
	return buf_keep(&out);
}
