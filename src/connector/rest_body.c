/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest_body.c: a value as the body of a request, in the form that the content
 * type names.
 */
#include "connector_priv.h"

struct str
rest_media_type(struct str content_type)
{
	struct str parameters;

	return str_trim(str_split(content_type, ';', &parameters));
}

bool
rest_is_media_type(struct str content_type, struct str name, struct str suffix)
{
	struct str type = rest_media_type(content_type);

	return message_name_equal(type, name) ||
	    (type.bytes > suffix.bytes &&
		message_name_equal(str_slice(type, type.bytes - suffix.bytes,
				       suffix.bytes),
		    suffix));
}

bool
rest_is_json(struct str content_type)
{
	return rest_is_media_type(content_type, STR("application/json"),
	    STR("+json"));
}

static bool
has_type(const struct rest_body *body, struct str name)
{
	return message_name_equal(rest_media_type(body->content_type), name);
}

static bool
write_fields(struct arena *arena, const struct value *value,
    struct rest_body *body)
{
	struct buf out = buf_in(arena);

	if (xml_is_type(body->content_type))
		return xml_write(arena, value, &body->bytes, &body->why);
	if (has_type(body, STR("multipart/form-data")))
		return rest_multipart(arena, value, body);
	if (!has_type(body, STR("application/x-www-form-urlencoded")) ||
	    !rest_form(arena, value, &out))
		return false;
	body->bytes = buf_keep(&out);
	return true;
}

bool
rest_body(struct arena *arena, const struct value *value,
    struct rest_body *body)
{
	struct buf out = buf_in(arena);

	body->why = arena_strf(arena,
	    "the body is a %.*s, which %.*s has no form for",
	    STR_ARG(value_type_name(value->type)),
	    STR_ARG(body->content_type));
	if (rest_is_json(body->content_type)) {
		json_write(value, JSON_SENT, &out);
		body->bytes = buf_keep(&out);
		return true;
	}
	if (value->type == VALUE_CONTEXT)
		return write_fields(arena, value, body);
	body->bytes = value_str(value);
	return value->type == VALUE_STRING;
}
