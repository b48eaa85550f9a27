/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_write.c: a value as a document of XML 1.0, in UTF-8.
 *
 * A context's keys are elements, in their order; "_name" is an attribute and
 * "_" the text beside it; "_xmlns" and "_xmlns:p" declare namespaces.  A
 * list is its element once an item.  What is null is left out, and so is an
 * element all of whose parts are: an empty group is an error to most readers.
 * "" and {} write an empty element.
 *
 * Nothing is repaired.  A name that is none, a prefix that nobody declared, a
 * character that XML can't hold: the document is refused, and not one byte of
 * it goes out.
 */
#include "connector_priv.h"

#include "stated/xml.h"

#define DEPTH_MAX 64

/* Prefixes in scope, innermost first. */
struct xml_prefix {
	const struct xml_prefix *outer;
	struct str name;
};

struct xml_writer {
	struct arena *arena;
	struct buf *out;
	struct str why;
	size_t depth;
};

static bool write_element(struct xml_writer *writer, struct str name,
    const struct value *value, const struct xml_prefix *prefixes);

static bool
refuse(struct xml_writer *writer, struct str name, const char *why)
{
	writer->why = arena_strf(writer->arena, "`%.*s` %s", STR_ARG(name),
	    why);
	return false;
}

/* -------------------------------------------------------------------- names */

/* XML 1.0, fifth edition, production 4; without the colon. */
static bool
begins_name(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0xc0, 0xd6},
		{0xd8, 0xf6}, {0xf8, 0x2ff}, {0x370, 0x37d},
		{0x37f, 0x1fff}, {0x200c, 0x200d}, {0x2070, 0x218f},
		{0x2c00, 0x2fef}, {0x3001, 0xd7ff}, {0xf900, 0xfdcf},
		{0xfdf0, 0xfffd}, {0x10000, 0xeffff},
	};

	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}

static bool
continues_name(uint32_t c)
{
	return begins_name(c) || c == '-' || c == '.' ||
	    (c >= '0' && c <= '9') || c == 0xb7 || (c >= 0x300 && c <= 0x36f) ||
	    c == 0x203f || c == 0x2040;
}

static bool
is_name(struct str text)
{
	size_t at = 0;

	if (text.bytes == 0 || !begins_name(str_next_codepoint(text, &at)))
		return false;
	while (at < text.bytes)
		if (!continues_name(str_next_codepoint(text, &at)))
			return false;
	return true;
}

static bool
is_declared(const struct xml_prefix *prefixes, struct str name)
{
	for (; prefixes != NULL; prefixes = prefixes->outer)
		if (str_equal(prefixes->name, name))
			return true;
	return str_equal(name, STR("xml"));
}

/* "name" or "prefix:name". */
static bool
check_name(struct xml_writer *writer, struct str name,
    const struct xml_prefix *prefixes)
{
	struct str local;
	struct str prefix = str_split(name, ':', &local);

	if (local.at == NULL)
		return is_name(name) || refuse(writer, name, "is no name");
	if (!is_name(prefix) || !is_name(local))
		return refuse(writer, name, "is no name");
	return is_declared(prefixes, prefix) ||
	    refuse(writer, name, "has a prefix that is not declared");
}

/* --------------------------------------------------------------------- text */

/* In attributes readers make blanks of line ends, and quotes end them. */
static const char *
entity_of(uint32_t c, bool is_attribute)
{
	if (!is_attribute && c != '&' && c != '<' && c != '>' && c != '\r')
		return NULL;
	return xml_entity(c);
}

static bool
write_text(struct xml_writer *writer, struct str name, struct str text,
    bool is_attribute)
{
	size_t at = 0;

	while (at < text.bytes) {
		size_t from = at;
		uint32_t c = str_next_codepoint(text, &at);
		const char *entity = entity_of(c, is_attribute);

		if (!xml_is_character(c))
			return refuse(writer, name,
			    "has a character that XML can't hold");
		if (entity != NULL)
			buf_add_cstr(writer->out, entity);
		else
			buf_add(writer->out, text.at + from, at - from);
	}
	return true;
}

/* --------------------------------------------------------------- attributes */

static bool
is_text_key(struct str key)
{
	return str_equal(key, STR("_"));
}

static bool
is_attribute_key(struct str key)
{
	return str_has_prefix(key, STR("_")) && !is_text_key(key);
}

static bool
is_namespace(struct str attribute)
{
	return str_equal(attribute, STR("xmlns")) ||
	    str_has_prefix(attribute, STR("xmlns:"));
}

/* The prefix that is declared, or the absent string. */
static struct str
declared_prefix(const struct value_field *field)
{
	struct str head = STR("_xmlns:");

	if (!str_has_prefix(field->key, head) ||
	    field->value->type == VALUE_NULL)
		return (struct str){NULL, 0};
	return str_slice(field->key, head.bytes, SIZE_MAX);
}

static const struct xml_prefix *
read_prefixes(struct xml_writer *writer, const struct value *context,
    const struct xml_prefix *prefixes)
{
	for (size_t i = 0; i < context->as.context.count; i++) {
		struct str name =
		    declared_prefix(&context->as.context.fields[i]);
		struct xml_prefix *more;

		if (name.at == NULL)
			continue;
		more = ARENA_NEW(writer->arena, struct xml_prefix);
		*more = (struct xml_prefix){prefixes, name};
		prefixes = more;
	}
	return prefixes;
}

static bool
check_namespace(struct xml_writer *writer, const struct value_field *field,
    struct str uri)
{
	struct str prefix = declared_prefix(field);

	if (prefix.at == NULL)
		return true; /* "_xmlns" */
	if (!is_name(prefix))
		return refuse(writer, field->key, "declares what is no name");
	return uri.bytes > 0 ||
	    refuse(writer, field->key, "declares no namespace");
}

static bool
write_attribute(struct xml_writer *writer, const struct value_field *field,
    const struct xml_prefix *prefixes)
{
	struct str name = str_slice(field->key, 1, SIZE_MAX);
	struct str text;

	if (field->value->type == VALUE_NULL)
		return true;
	if (!value_sent_text(writer->arena, field->value, &text))
		return refuse(
		    writer, field->key, "is an attribute and no text");
	if (!(is_namespace(name) ? check_namespace(writer, field, text)
				 : check_name(writer, name, prefixes)))
		return false;
	buf_addf(writer->out, " %.*s=\"", STR_ARG(name));
	if (!write_text(writer, name, text, true))
		return false;
	buf_add_char(writer->out, '"');
	return true;
}

static bool
write_attributes(struct xml_writer *writer, const struct value *context,
    const struct xml_prefix *prefixes)
{
	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];
		if (is_attribute_key(field->key) &&
		    !write_attribute(writer, field, prefixes))
			return false;
	}
	return true;
}

/* ----------------------------------------------------------------- elements */

/* Whether nothing but attributes would be left of it; what had no parts to
 * begin with is meant to be empty. */
static bool
is_left_out(const struct value *value, size_t depth)
{
	size_t parts = 0;

	if (value->type == VALUE_NULL)
		return true;
	if (depth > DEPTH_MAX)
		return false; /* is refused when it is written */
	for (size_t i = 0; value->type == VALUE_LIST &&
	     i < value->as.list.count; i++)
		if (!is_left_out(value->as.list.items[i], depth + 1))
			return false;
	if (value->type == VALUE_LIST)
		return true;
	for (size_t i = 0; value->type == VALUE_CONTEXT &&
	     i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];
		if (is_attribute_key(field->key))
			continue;
		if (!is_left_out(field->value, depth + 1))
			return false;
		parts++;
	}
	return parts > 0;
}

static bool
has_parts(const struct value *context)
{
	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];
		bool is_empty_text = is_text_key(field->key) &&
		    field->value->type == VALUE_STRING &&
		    field->value->as.string.bytes == 0;
		if (!is_attribute_key(field->key) && !is_empty_text &&
		    !is_left_out(field->value, 0))
			return true;
	}
	return false;
}

static bool
write_parts(struct xml_writer *writer, const struct value *context,
    const struct xml_prefix *prefixes)
{
	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];
		struct str text;

		if (is_attribute_key(field->key) ||
		    field->value->type == VALUE_NULL)
			continue;
		if (!is_text_key(field->key)) {
			if (!write_element(writer, field->key, field->value,
				prefixes))
				return false;
			continue;
		}
		if (!value_sent_text(writer->arena, field->value, &text))
			return refuse(writer, field->key, "is no text");
		if (!write_text(writer, field->key, text, false))
			return false;
	}
	return true;
}

static bool
write_context(struct xml_writer *writer, struct str name,
    const struct value *context, const struct xml_prefix *outer)
{
	const struct xml_prefix *prefixes =
	    read_prefixes(writer, context, outer);

	if (!check_name(writer, name, prefixes))
		return false;
	buf_addf(writer->out, "<%.*s", STR_ARG(name));
	if (!write_attributes(writer, context, prefixes))
		return false;
	if (!has_parts(context)) {
		buf_add_cstr(writer->out, "/>");
		return true;
	}
	buf_add_char(writer->out, '>');
	if (!write_parts(writer, context, prefixes))
		return false;
	buf_addf(writer->out, "</%.*s>", STR_ARG(name));
	return true;
}

static bool
write_scalar(struct xml_writer *writer, struct str name,
    const struct value *value, const struct xml_prefix *prefixes)
{
	struct str text;

	if (!check_name(writer, name, prefixes))
		return false;
	if (!value_sent_text(writer->arena, value, &text))
		return refuse(writer, name, "is neither text nor elements");
	if (text.bytes == 0) {
		buf_addf(writer->out, "<%.*s/>", STR_ARG(name));
		return true;
	}
	buf_addf(writer->out, "<%.*s>", STR_ARG(name));
	if (!write_text(writer, name, text, false))
		return false;
	buf_addf(writer->out, "</%.*s>", STR_ARG(name));
	return true;
}

static bool
write_list(struct xml_writer *writer, struct str name,
    const struct value *list, const struct xml_prefix *prefixes)
{
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];
		if (item->type == VALUE_LIST)
			return refuse(writer, name, "is a list within a list");
		if (!write_element(writer, name, item, prefixes))
			return false;
	}
	return true;
}

static bool
write_element(struct xml_writer *writer, struct str name,
    const struct value *value, const struct xml_prefix *prefixes)
{
	bool is_written;

	if (is_left_out(value, writer->depth))
		return true;
	if (value->type == VALUE_LIST)
		return write_list(writer, name, value, prefixes);
	if (value->type != VALUE_CONTEXT)
		return write_scalar(writer, name, value, prefixes);
	if (++writer->depth > DEPTH_MAX)
		return refuse(writer, name, "is nested too deep");
	is_written = write_context(writer, name, value, prefixes);
	writer->depth--;
	return is_written;
}

bool
xml_is_type(struct str content_type)
{
	return rest_is_media_type(content_type, STR("application/xml"),
		   STR("+xml")) ||
	    message_name_equal(rest_media_type(content_type), STR("text/xml"));
}

/* The one element that holds all others; NULL where it isn't one. */
static const struct value_field *
find_root(const struct value *value)
{
	const struct value_field *root = NULL;

	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];
		if (is_left_out(field->value, 0))
			continue;
		if (root != NULL || field->value->type == VALUE_LIST)
			return NULL;
		root = field;
	}
	return root;
}

bool
xml_write(struct arena *arena, const struct value *value, struct str *text,
    struct str *why)
{
	struct buf out = buf_in(arena);
	struct xml_writer writer = {.arena = arena, .out = &out};
	const struct value_field *root;

	must(value->type == VALUE_CONTEXT);
	root = find_root(value);
	*why = STR("a document of XML has one element that holds all others");
	if (root == NULL)
		return false;
	buf_add_cstr(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	if (!write_element(&writer, root->key, root->value, NULL)) {
		*why = writer.why;
		return false;
	}
	*text = buf_keep(&out);
	return true;
}
