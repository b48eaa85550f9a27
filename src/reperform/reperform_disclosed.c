/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_disclosed.c: what digests stand for, where that may be known.
 *
 * Whoever discloses says what the instance has, and the salt.  Each of its
 * values is looked for by the digest that it has under that salt, so nothing
 * that is disclosed has to be believed: another value has another digest, and
 * stands for nothing that history has.
 */
#include "reperform_priv.h"

#include "stated/json.h"
#include "stated/map.h"
#include "stated/xml.h"

/* Deeper than any input is let in. */
#define DEPTH_MAX 256

struct disclosed {
	struct map *values; /* by digest, as records have it */
	struct arena *arena;
	struct str salt; /* absent: digests are bare */
};

struct disclosed *
disclosed_new(struct arena *arena, struct str salt)
{
	struct disclosed *disclosed = arena_alloc(arena, sizeof(*disclosed));

	*disclosed = (struct disclosed){
	    .values = map_new(), .arena = arena, .salt = salt};
	return disclosed;
}

void
disclosed_free(struct disclosed **disclosed)
{
	if (*disclosed != NULL)
		map_free(&(*disclosed)->values);
	*disclosed = NULL;
}

static void
add_leaf(struct disclosed *disclosed, const struct value *value)
{
	struct buf digest = buf_in(disclosed->arena);
	struct str text;

	if (!chart_sensitive_text(disclosed->arena, value, &text))
		return;
	chart_sensitive_digest(disclosed->salt, text, &digest);
	(void)map_put(disclosed->values, buf_keep(&digest),
	    (void *)(uintptr_t)value);
}

void
disclosed_add(struct disclosed *disclosed, const struct value *value)
{
	if (value == NULL)
		return;
	switch (value->type) {
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			disclosed_add(disclosed, value->as.list.items[i]);
		return;
	case VALUE_CONTEXT:
		for (size_t i = 0; i < value->as.context.count; i++)
			disclosed_add(
			    disclosed, value->as.context.fields[i].value);
		return;
	default:
		add_leaf(disclosed, value);
	}
}

/* Elsewhere a number may stand as a text, which has the same digest. */
const struct value *
disclosed_values(struct arena *arena, const struct value *instance)
{
	struct value_builder *list = value_build_list(arena);

	value_append(list, value_field_or_null(instance, "input"));
	value_append(list, value_field_or_null(instance, "data"));
	return value_built(list);
}

/* ---- records with it ---- */

static const struct value *
value_of(const struct disclosed *disclosed, struct str digest)
{
	return map_find(disclosed->values, digest);
}

/* How a value is written within a text. */
enum writing { AS_IT_IS, IN_JSON, IN_XML };

static struct str
json_escaped(struct arena *arena, struct str text)
{
	struct buf quoted = buf_in(arena);

	buf_add_json_string(&quoted, text);
	return str_slice(buf_str(&quoted), 1, quoted.bytes - 2);
}

static struct str
xml_escaped(struct arena *arena, struct str text)
{
	struct buf escaped = buf_in(arena);

	for (size_t i = 0; i < text.bytes; i++) {
		const char *entity = xml_entity((uint8_t)text.at[i]);

		if (entity != NULL)
			buf_add_cstr(&escaped, entity);
		else
			buf_add_char(&escaped, text.at[i]);
	}
	return buf_keep(&escaped);
}

static struct str
written(struct arena *arena, struct str text, enum writing writing)
{
	switch (writing) {
	case AS_IT_IS:
		return text;
	case IN_JSON:
		return json_escaped(arena, text);
	case IN_XML:
		return xml_escaped(arena, text);
	}
	unreachable("every way of writing is listed");
}

/* The text with what stands for its digests. */
static struct str
filled_in(const struct disclosed *disclosed, struct str rest,
    enum writing writing)
{
	struct arena *arena = disclosed->arena;
	struct buf text = buf_in(arena);

	while (rest.bytes > 0) {
		struct str digest, before = audit_masked_before(rest, &digest);
		struct str stood;
		const struct value *there =
		    digest.at != NULL ? value_of(disclosed, digest) : NULL;

		buf_add_str(&text, before);
		if (there != NULL &&
		    chart_sensitive_text(arena, there, &stood))
			buf_add_str(&text, written(arena, stood, writing));
		else if (digest.at != NULL)
			buf_add_str(&text, digest);
		rest = str_slice(rest, before.bytes + digest.bytes, SIZE_MAX);
	}
	return buf_keep(&text);
}

/* A digest doesn't say how the value was escaped there: so that what was JSON
 * or XML is that again. */
static struct str
filled_in_form(const struct disclosed *disclosed, struct str text)
{
	struct str front = str_trim(text), filled;
	struct json_error error;

	if (str_has_prefix(front, STR("<")))
		return filled_in(disclosed, text, IN_XML);
	if (str_has_prefix(front, STR("{")) ||
	    str_has_prefix(front, STR("["))) {
		filled = filled_in(disclosed, text, IN_JSON);
		if (json_read_written(disclosed->arena, filled, &error) != NULL)
			return filled;
	}
	return filled_in(disclosed, text, AS_IT_IS);
}

/* A text that is a digest is the value; one that has digests in it has the
 * values' texts there. */
static const struct value *
with_text(const struct disclosed *disclosed, const struct value *value)
{
	struct str text = value->as.string, digest;
	const struct value *whole = value_of(disclosed, text);

	if (whole != NULL)
		return whole;
	(void)audit_masked_before(text, &digest);
	return digest.at != NULL
		   ? value_of_str(disclosed->arena,
			 filled_in_form(disclosed, text))
		   : value;
}

static const struct value *with(const struct disclosed *disclosed,
    const struct value *value, unsigned depth);

static const struct value *
with_list(const struct disclosed *disclosed, const struct value *list,
    unsigned depth)
{
	struct value_builder *built = value_build_list(disclosed->arena);
	bool is_changed = false;

	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item =
		    with(disclosed, list->as.list.items[i], depth);

		is_changed = is_changed || item != list->as.list.items[i];
		value_append(built, item);
	}
	return is_changed ? value_built(built) : list;
}

static const struct value *
with_context(const struct disclosed *disclosed, const struct value *context,
    unsigned depth)
{
	struct value_builder *built = value_build_context(disclosed->arena);
	bool is_changed = false;

	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];
		const struct value *value =
		    with(disclosed, field->value, depth);

		is_changed = is_changed || value != field->value;
		value_put(built, field->key, value);
	}
	return is_changed ? value_built(built) : context;
}

static const struct value *
with(const struct disclosed *disclosed, const struct value *value,
    unsigned depth)
{
	if (depth == 0)
		return value;
	switch (value->type) {
	case VALUE_STRING:
		return with_text(disclosed, value);
	case VALUE_LIST:
		return with_list(disclosed, value, depth - 1);
	case VALUE_CONTEXT:
		return with_context(disclosed, value, depth - 1);
	default:
		return value;
	}
}

const struct value *
disclosed_record(
    const struct disclosed *disclosed, const struct value *record)
{
	return with(disclosed, record, DEPTH_MAX);
}
