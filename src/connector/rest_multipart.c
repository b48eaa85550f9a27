/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest_multipart.c: values as multipart/form-data (RFC 7578).
 *
 * A scalar is a field, a list is a field several times, and a context is a
 * file: {filename, content-type, content}, or `base64` in place of `content`.
 * The boundary is made of what it parts, so that a request that is sent again
 * has the same bytes, and it is one that occurs in none of the parts.
 */
#include "connector_priv.h"

#define BOUNDARY_HEX 32

struct part {
	struct str head;
	struct str content;
};

struct multipart {
	struct arena *arena;
	struct part *parts;
	size_t count;
	size_t capacity;
	struct str why; /* it can't be written */
};

static bool
refuse(struct multipart *multipart, struct str name, const char *why)
{
	multipart->why = arena_strf(multipart->arena, "the field `%.*s` %s",
	    STR_ARG(name), why);
	return false;
}

/* As the WHATWG has it: a name's quotes and line ends are percent-encoded. */
static void
add_quoted(struct buf *out, struct str text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.at[i];
		if (c == '"' || c == '\r' || c == '\n')
			message_encode(str_slice(text, i, 1), out);
		else
			buf_add_char(out, c);
	}
	buf_add_char(out, '"');
}

static void
add_part(struct multipart *multipart, struct str name, struct str filename,
    struct str content_type, struct str content)
{
	struct buf head = buf_in(multipart->arena);

	buf_add_cstr(&head, "Content-Disposition: form-data; name=");
	add_quoted(&head, name);
	if (filename.at != NULL) {
		buf_add_cstr(&head, "; filename=");
		add_quoted(&head, filename);
	}
	buf_add_cstr(&head, "\r\n");
	if (content_type.at != NULL)
		buf_addf(&head, "Content-Type: %.*s\r\n",
		    STR_ARG(content_type));
	multipart->parts = arena_grow(multipart->arena, multipart->parts,
	    multipart->count, &multipart->capacity, sizeof(struct part));
	multipart->parts[multipart->count++] =
	    (struct part){buf_keep(&head), content};
}

static bool
read_content(struct multipart *multipart, struct str name,
    const struct value *file, struct rest_body *body)
{
	const struct value *content = value_get_cstr(file, "content");
	struct str base64 = value_field_str(file, "base64");

	if ((content != NULL) == (base64.at != NULL))
		return refuse(multipart, name,
		    "is a file, which has either `content` or `base64`");
	if (base64.at != NULL)
		return digest_parse_base64(multipart->arena, base64,
			   &body->bytes) ||
		    refuse(multipart, name, "has a `base64` that is none");
	if (str_has_prefix(body->content_type, STR("multipart/")) ||
	    !rest_body(multipart->arena, content, body))
		return refuse(multipart, name,
		    "has a `content` that its content-type has no form for");
	return true;
}

static bool
has_file_keys_only(const struct value *file)
{
	static const char *const keys[] = {
		"filename", "content-type", "content", "base64",
	};
	size_t known = 0;

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		known += value_get_cstr(file, keys[i]) != NULL;
	return known == file->as.context.count;
}

/* No value that comes from outside ends its line. */
static bool
is_line(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
			return false;
	return text.bytes > 0;
}

static bool
add_file(struct multipart *multipart, struct str name,
    const struct value *file)
{
	struct str filename = value_field_str(file, "filename");
	struct rest_body body = {
		.content_type = value_field_str(file, "content-type"),
	};

	if (!has_file_keys_only(file) || filename.at == NULL)
		return refuse(multipart, name, "is no file: those have "
		    "`filename`, `content-type`, and `content` or `base64`");
	if (body.content_type.at == NULL)
		body.content_type = STR("application/octet-stream");
	if (!is_line(body.content_type))
		return refuse(multipart, name,
		    "has a content-type that can't stand in a header");
	if (!read_content(multipart, name, file, &body))
		return false;
	add_part(multipart, name, filename, body.content_type, body.bytes);
	return true;
}

static bool
add_field(struct multipart *multipart, struct str name,
    const struct value *value)
{
	const struct str absent = {NULL, 0};
	struct str text;

	if (value->type == VALUE_NULL)
		return true;
	if (value->type == VALUE_CONTEXT)
		return add_file(multipart, name, value);
	if (!value_sent_text(multipart->arena, value, &text))
		return refuse(multipart, name, "is no text and no file");
	add_part(multipart, name, absent, absent, text);
	return true;
}

static bool
add_fields(struct multipart *multipart, const struct value_field *field)
{
	const struct value *value = field->value;

	if (value->type != VALUE_LIST)
		return add_field(multipart, field->key, value);
	for (size_t i = 0; i < value->as.list.count; i++)
		if (!add_field(multipart, field->key, value->as.list.items[i]))
			return false;
	return true;
}

/* ------------------------------------------------------------- the boundary */

static bool
occurs(const struct multipart *multipart, struct str boundary)
{
	for (size_t i = 0; i < multipart->count; i++)
		if (str_find(multipart->parts[i].head, boundary) != SIZE_MAX ||
		    str_find(multipart->parts[i].content, boundary) != SIZE_MAX)
			return true;
	return false;
}

static struct str
boundary_of(const struct multipart *multipart)
{
	struct digest_stream *stream = digest_stream_new();
	struct digest digest;
	struct str boundary;
	char hex[DIGEST_HEX_BYTES];

	for (size_t i = 0; i < multipart->count; i++) {
		digest_stream_add(stream, multipart->parts[i].head);
		digest_stream_add(stream, multipart->parts[i].content);
	}
	digest = digest_stream_end(&stream);
	do {
		boundary = arena_strf(multipart->arena, "stated-%.*s",
		    BOUNDARY_HEX, digest_hex(digest, hex).at);
		digest = digest_sha256(boundary);
	} while (occurs(multipart, boundary));
	return boundary;
}

bool
rest_multipart(struct arena *arena, const struct value *value,
    struct rest_body *body)
{
	struct multipart multipart = {.arena = arena};
	struct buf out = buf_in(arena);
	struct str boundary;

	must(value->type == VALUE_CONTEXT);
	for (size_t i = 0; i < value->as.context.count; i++)
		if (!add_fields(&multipart, &value->as.context.fields[i])) {
			body->why = multipart.why;
			return false;
		}
	boundary = boundary_of(&multipart);
	for (size_t i = 0; i < multipart.count; i++) {
		const struct part *part = &multipart.parts[i];
		buf_addf(&out, "--%.*s\r\n", STR_ARG(boundary));
		buf_add_str(&out, part->head);
		buf_add_cstr(&out, "\r\n");
		buf_add_str(&out, part->content);
		buf_add_cstr(&out, "\r\n");
	}
	buf_addf(&out, "--%.*s--\r\n", STR_ARG(boundary));
	body->content_type = arena_strf(arena,
	    "multipart/form-data; boundary=%.*s", STR_ARG(boundary));
	body->bytes = buf_keep(&out);
	return true;
}
