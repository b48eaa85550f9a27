/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest_form.c: values as the fields of a form (WHATWG URL, section 5.2), as
 * bodies have them and queries.
 *
 * What has parts is told by brackets, "a[0][b]", as processors of payments
 * read them.  What is null is left out and takes no number in a list; an empty
 * text stays, for it is how a field is unset.
 */
#include "connector_priv.h"

static bool
add_scalar(struct arena *arena, struct str name, const struct value *value,
    struct buf *out)
{
	struct str text;

	if (value->type == VALUE_NULL)
		return true;
	if (!value_sent_text(arena, value, &text))
		return false;
	if (out->bytes > 0)
		buf_add_char(out, '&');
	message_encode(name, out);
	buf_add_char(out, '=');
	message_encode(text, out);
	return true;
}

static bool
add_list(struct arena *arena, struct str name, const struct value *list,
    struct buf *out)
{
	size_t index = 0;

	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];
		if (item->type == VALUE_NULL)
			continue;
		if (!rest_form_add(arena,
			arena_strf(arena, "%.*s[%zu]", STR_ARG(name), index++),
			item, out))
			return false;
	}
	return true;
}

static bool
add_context(struct arena *arena, struct str name, const struct value *context,
    struct buf *out)
{
	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];
		if (!rest_form_add(arena,
			arena_strf(arena, "%.*s[%.*s]", STR_ARG(name),
			    STR_ARG(field->key)),
			field->value, out))
			return false;
	}
	return true;
}

bool
rest_form_add(struct arena *arena, struct str name, const struct value *value,
    struct buf *out)
{
	if (value->type == VALUE_LIST)
		return add_list(arena, name, value, out);
	if (value->type == VALUE_CONTEXT)
		return add_context(arena, name, value, out);
	return add_scalar(arena, name, value, out);
}

bool
rest_form(struct arena *arena, const struct value *value, struct buf *out)
{
	must(value->type == VALUE_CONTEXT);
	for (size_t i = 0; i < value->as.context.count; i++)
		if (!rest_form_add(arena, value->as.context.fields[i].key,
			value->as.context.fields[i].value, out))
			return false;
	return true;
}
