/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.c: an answer's body as a value, and its headers as a context.
 *
 * What says that it is JSON and is none is kept apart from honest text: the
 * one can't be trusted, the other may be what was asked for.
 */
#include "connector_priv.h"

#include "stated/map.h"

#define MESSAGE_BYTES_MAX 500

static bool
looks_like_json(struct str body)
{
	struct str text = str_trim(body);

	return text.bytes > 0 && (text.at[0] == '{' || text.at[0] == '[');
}

/* A page of HTML looks the same from its first byte. */
static bool
looks_like_xml(struct str body, struct str type)
{
	struct str text = str_trim(body);

	return text.bytes > 0 && text.at[0] == '<' &&
	    !message_name_equal(rest_media_type(type), STR("text/html"));
}

/* Bytes before `<` would be a byte order mark, or another encoding. */
static bool
read_xml(struct reply *reply, struct arena *arena, struct str type,
    const struct def_xml *xml)
{
	struct str body = reply->response->body;
	const struct value *document;
	const char *why;

	if (xml == NULL || !(xml_is_type(type) || looks_like_xml(body, type)))
		return false;
	document = xml_read(arena, body, xml, &why);
	if (document == NULL)
		return false;
	reply->body = document;
	reply->kind = REPLY_XML;
	return true;
}

bool
reply_is_text(struct str body)
{
	return str_is_utf8(body) && memchr(body.at, '\0', body.bytes) == NULL;
}

static void
read_text(struct reply *reply, struct arena *arena, struct str body)
{
	bool is_text = reply_is_text(body);

	reply->kind = is_text ? REPLY_TEXT : REPLY_BINARY;
	reply->body = is_text ? value_copy_str(arena, body) : &value_null;
}

struct reply
reply_read(struct arena *arena, const struct message_response *response,
    const struct def_xml *xml)
{
	struct reply reply = {.response = response, .body = &value_null};
	struct str type = message_find_header(response->headers,
	    response->header_count, STR("content-type"));
	bool is_json = rest_is_json(type);
	struct json_error error;

	must(response->failure == MESSAGE_OK);
	if (response->body.bytes == 0)
		return reply; /* REPLY_EMPTY */
	if (read_xml(&reply, arena, type, xml))
		return reply;
	/* Endpoints that forget the type or say "text/plain" are common. */
	if (is_json || looks_like_json(response->body)) {
		reply.body = json_read(arena, response->body, &error);
		reply.kind = REPLY_JSON;
	}
	if (reply.kind == REPLY_JSON && reply.body != NULL)
		return reply;
	read_text(&reply, arena, response->body);
	if (is_json || (xml != NULL && xml_is_type(type)))
		reply.kind = REPLY_BROKEN;
	return reply;
}

/* Headers of one name, as they come together. */
struct joined {
	struct joined *next;
	struct str name;
	struct buf value;
};

/* Joined by commas (RFC 9110 section 5.3), each looked at once: an endpoint
 * may send very many. */
static struct joined *
join_headers(struct arena *arena, const struct message_response *response)
{
	struct map *names = map_new();
	struct joined *first = NULL, **link = &first;

	for (size_t i = 0; i < response->header_count; i++) {
		const struct message_header *header = &response->headers[i];
		struct str name = message_name_lower(arena, header->name);
		struct joined *joined = map_find(names, name);

		if (!str_is_utf8(name) || !str_is_utf8(header->value))
			continue;
		if (joined != NULL) {
			buf_add_cstr(&joined->value, ", ");
		} else {
			joined = *link = ARENA_NEW(arena, struct joined);
			joined->name = name;
			link = &joined->next;
			map_put(names, name, joined);
		}
		buf_add_str(&joined->value, header->value);
	}
	map_free(&names);
	return first;
}

const struct value *
reply_headers(struct arena *arena, struct reply *reply)
{
	struct value_builder *context;
	struct joined *joined;

	if (reply->headers != NULL)
		return reply->headers;
	context = value_build_context(arena);
	for (joined = join_headers(arena, reply->response); joined != NULL;
	     joined = joined->next) {
		value_put(context, joined->name,
		    value_copy_str(arena, buf_str(&joined->value)));
		buf_fini(&joined->value);
	}
	reply->headers = value_built(context);
	return reply->headers;
}

struct str
reply_header(const struct reply *reply, struct str name)
{
	return message_find_header(reply->response->headers,
	    reply->response->header_count, name);
}

struct str
reply_reference(const struct message_response *response)
{
	static const struct str names[] = {
		STR_INIT("request-id"),
		STR_INIT("x-request-id"),
		STR_INIT("x-fapi-interaction-id"),
		STR_INIT("x-correlation-id"),
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct str found = message_find_header(response->headers,
		    response->header_count, names[i]);
		if (found.bytes > 0 && str_is_utf8(found))
			return found;
	}
	return (struct str){NULL, 0};
}

/* What people read has an end, even where the endpoint's doesn't. */
static struct str
clip(struct str text)
{
	size_t bytes = text.bytes < MESSAGE_BYTES_MAX ? text.bytes
						      : MESSAGE_BYTES_MAX;

	while (bytes < text.bytes && bytes > 0 &&
	    ((unsigned char)text.at[bytes] & 0xc0) == 0x80)
		bytes--; /* not inside a character */
	return str_slice(text, 0, bytes);
}

/* Problem details (RFC 9457), OAuth2's errors, and what others made up. */
struct str
reply_message(const struct reply *reply)
{
	static const char *const keys[] = {
		"detail", "title", "error_description", "message", "Message",
		"error",
	};
	const struct value *inner = value_field_or_null(reply->body, "error");

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct str text =
		    value_field_str(reply->body, keys[i]);
		if (text.bytes > 0)
			return clip(text);
	}
	return clip(value_field_str(inner, "message"));
}
