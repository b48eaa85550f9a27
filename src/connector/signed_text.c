/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed_text.c: the bytes that an HMAC is over, as `content` puts them
 * together.
 */
#include "connector_priv.h"

/* From the first "/" after the authority; without a fragment. */
static struct str
target_of(struct str url)
{
	size_t scheme = str_find(url, STR("://"));
	struct str rest;

	if (scheme == SIZE_MAX)
		return STR("/");
	url = str_slice(url, scheme + 3, url.bytes);
	url = str_split(url, '#', &rest);
	for (size_t i = 0; i < url.bytes; i++)
		if (url.at[i] == '/' || url.at[i] == '?')
			return str_slice(url, i, url.bytes);
	return STR("/");
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
	struct str path = str_split(target_of(message->url), '?', &query);

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
