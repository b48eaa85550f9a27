/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed_text.c: the bytes that an HMAC is over, as `content` puts them
 * together.
 */
#include "connector_priv.h"

/* What comes after the scheme, parted where the authority ends. */
static struct str
part(struct str url, struct str *target)
{
	size_t scheme = str_find(url, STR("://"));
	struct str rest;
	size_t end = 0;

	*target = STR("/");
	if (scheme == SIZE_MAX)
		return STR("");
	url = str_slice(url, scheme + 3, url.bytes);
	url = str_split(url, '#', &rest);
	while (end < url.bytes && url.at[end] != '/' && url.at[end] != '?')
		end++;
	if (end < url.bytes)
		*target = str_slice(url, end, url.bytes);
	return str_slice(url, 0, end);
}

struct str
signed_text_target(struct str url)
{
	struct str target;

	(void)part(url, &target);
	return target;
}

struct str
signed_text_authority(struct str url)
{
	bool is_https = str_has_prefix(url, STR("https:"));
	struct str usual = is_https ? STR(":443") : STR(":80");
	struct str target, authority = part(url, &target);

	if (str_has_suffix(authority, usual))
		authority.bytes -= usual.bytes;
	return authority;
}

static void
add_digest(struct buf *text, struct str body)
{
	char hex[DIGEST_HEX_BYTES];

	buf_add_str(text, digest_hex(digest_sha256(body), hex));
}

static void
add_part(struct buf *text, const struct def_signed_part *part,
    const struct signed_message *message)
{
	struct str query;
	struct str path =
	    str_split(signed_text_target(message->url), '?', &query);

	switch (part->kind) {
	case SIGNED_PART_TEXT:
		buf_add_str(text, part->text);
		return;
	case SIGNED_PART_METHOD:
		buf_add_str(text, message->method);
		return;
	case SIGNED_PART_URL:
		buf_add_str(text, message->url);
		return;
	case SIGNED_PART_PATH:
		buf_add_str(text, path.bytes > 0 ? path : STR("/"));
		return;
	case SIGNED_PART_QUERY:
		buf_add_str(text, query);
		return;
	case SIGNED_PART_TIMESTAMP:
		buf_add_str(text, message->timestamp);
		return;
	case SIGNED_PART_BODY:
		buf_add_str(text, message->body);
		return;
	case SIGNED_PART_BODY_SHA256:
		add_digest(text, message->body);
		return;
	case SIGNED_PART_HEADER:
		buf_add_str(text, message_find_header(message->headers,
		    message->header_count, part->text));
		return;
	}
	unreachable("every kind of part is listed");
}

struct str
signed_text_make(struct arena *arena, const struct def_signature *signature,
    const struct signed_message *message)
{
	struct buf text = buf_in(arena);

	for (size_t i = 0; i < signature->part_count; i++)
		add_part(&text, &signature->parts[i], message);
	return buf_keep(&text);
}
