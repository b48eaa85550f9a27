/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest_body.c: a value as the body of a request, in the form that the content
 * type names.
 */
#include "connector_priv.h"

static bool
has_type(struct str content_type, struct str name)
{
	struct str parameters;
	struct str type = str_trim(str_split(content_type, ';', &parameters));

	return message_name_equal(type, name);
}

static bool
is_json(struct str content_type)
{
	struct str parameters;
	struct str type = str_trim(str_split(content_type, ';', &parameters));

	return has_type(content_type, STR("application/json")) ||
	    str_has_suffix(type, STR("+json"));
}

/* One field of a form; lists and contexts inside by brackets, "a[0][b]", as
 * processors of payments have it. */
static void
add_field(struct str name, const struct value *value, struct arena *arena,
    struct buf *out)
{
	struct str text;

	if (value->type == VALUE_LIST) {
		for (size_t i = 0; i < value->as.list.count; i++)
			add_field(arena_strf(arena, "%.*s[%zu]",
				      STR_ARG(name), i),
			    value->as.list.items[i], arena, out);
		return;
	}
	if (value->type == VALUE_CONTEXT) {
		for (size_t i = 0; i < value->as.context.count; i++)
			add_field(arena_strf(arena, "%.*s[%.*s]", STR_ARG(name),
				      STR_ARG(value->as.context.fields[i].key)),
			    value->as.context.fields[i].value, arena, out);
		return;
	}
	if (!value_text(arena, value, &text))
		return; /* null is left out */
	if (out->bytes > 0)
		buf_add_char(out, '&');
	message_encode(name, out);
	buf_add_char(out, '=');
	message_encode(text, out);
}

void
rest_form(struct arena *arena, const struct value *value, struct buf *out)
{
	must(value->type == VALUE_CONTEXT);
	for (size_t i = 0; i < value->as.context.count; i++)
		add_field(value->as.context.fields[i].key,
		    value->as.context.fields[i].value, arena, out);
}

bool
rest_body(struct arena *arena, const struct value *value,
    struct str content_type, struct str *body)
{
	struct buf out = buf_in(arena);

	if (is_json(content_type))
		json_write(value, JSON_PLAIN, &out);
	else if (value->type == VALUE_STRING)
		buf_add_str(&out, value->as.string);
	else if (value->type == VALUE_CONTEXT &&
	    has_type(content_type, STR("application/x-www-form-urlencoded")))
		rest_form(arena, value, &out);
	else
		return false;
	*body = buf_keep(&out);
	return true;
}
