/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_mask.c: what the definition calls sensitive, and texts without it.
 *
 * An instance may have tens of thousands of such values, a batch of salaries
 * say, and history a record for each: they are gathered once and looked up by
 * their lengths, and gathered anew only when a variable has got another value.
 *
 * What a path leads to is masked there, whatever it is; wherever else it may
 * stand it is found by its text, if that is long enough not to be anything.
 */
#include "chart_priv.h"

#include "stated/json.h"
#include "stated/map.h"

#include <stdlib.h>
#include <string.h>

/* Shorter values would mask half of every record by chance. */
#define SENSITIVE_BYTES_MIN 4
#define STARTS 65536 /* of the first two bytes */

struct mask {
	/* What each of the definition's paths began with, when the values were
	 * gathered. */
	const struct value **roots;
	struct map *secrets;
	size_t *lengths; /* that secrets have, the longest first */
	size_t length_count;
	size_t length_capacity;
	bool has_digests;
	uint8_t starts[STARTS / 8];
	uint8_t salt[CHART_SALT_BYTES];
	bool is_salted;
};

bool
chart_mask_is_in(struct str text)
{
	/* With which the word of a salted one ends, too. */
	const struct str word = STR(CHART_UNSALTED);
	size_t at = str_find(text, word);
	struct digest digest;

	return at != SIZE_MAX &&
	       digest_parse_hex(str_slice(text, at + word.bytes,
				    DIGEST_HEX_BYTES - 1),
		   &digest);
}

/* A range has no text but in JSON, whose quotes and escapes are all to lose. */
static struct str
range_text(struct arena *arena, const struct value *range)
{
	struct buf json = buf_in(arena);
	struct json_error error;
	const struct value *read;
	struct str text;

	json_write(range, JSON_PLAIN, &json);
	text = buf_keep(&json);
	read = json_read(arena, text, &error);
	return read != NULL ? value_str(read) : text;
}

bool
chart_sensitive_text(
    struct arena *arena, const struct value *value, struct str *text)
{
	char number[NUMBER_TEXT_BYTES];

	switch (value->type) {
	case VALUE_NUMBER:
		*text = arena_str(
		    arena, number_format(value->as.number, number));
		return true;
	case VALUE_RANGE:
		*text = range_text(arena, value);
		return true;
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_STRING:
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATE_TIME:
	case VALUE_DURATION:
	case VALUE_MONTHS:
	case VALUE_LIST:
	case VALUE_CONTEXT:
	case VALUE_FUNCTION:
		return value_text(arena, value, text);
	}
	unreachable("every type of value is listed");
}

/* ---- gathering ---- */

static const struct value *
root_of(const struct chart *chart, struct str path, struct str *rest)
{
	struct str name = str_split(path, '.', rest);

	return str_equal(name, STR("input")) ? chart->input
					     : value_get(chart->data, name);
}

static size_t
start_of(struct str text)
{
	return (size_t)(uint8_t)text.at[0] << 8 | (uint8_t)text.at[1];
}

static void
add_length(struct mask *mask, size_t length)
{
	size_t at = 0;

	while (at < mask->length_count && mask->lengths[at] > length)
		at++;
	if (at < mask->length_count && mask->lengths[at] == length)
		return;
	if (mask->length_count == mask->length_capacity) {
		mask->length_capacity = 2 * mask->length_capacity + 16;
		mask->lengths = realloc(mask->lengths,
		    mask->length_capacity * sizeof(*mask->lengths));
		must(mask->lengths != NULL);
	}
	memmove(&mask->lengths[at + 1], &mask->lengths[at],
	    (mask->length_count - at) * sizeof(*mask->lengths));
	mask->lengths[at] = length;
	mask->length_count++;
}

static void
add_text(struct mask *mask, struct str text)
{
	size_t start;

	if (text.bytes < SENSITIVE_BYTES_MIN ||
	    (mask->has_digests && chart_mask_is_in(text)))
		return;
	start = start_of(text);
	mask->starts[start / 8] |= (uint8_t)(1u << start % 8);
	add_length(mask, text.bytes);
	(void)map_put(mask->secrets, text, mask);
}

/* Every text, number, time and range in it, at any depth.  That something is
 * true is said everywhere, and of whatever. */
static void
add_value(struct mask *mask, const struct value *value)
{
	char number[NUMBER_TEXT_BYTES];
	struct buf key = {0};
	struct arena *arena;
	struct str text;

	switch (value->type) {
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_FUNCTION:
		break;
	case VALUE_STRING:
		add_text(mask, value->as.string);
		break;
	case VALUE_NUMBER:
		add_text(mask, number_format(value->as.number, number));
		number_format_key(value->as.number, &key);
		add_text(mask, buf_str(&key));
		buf_fini(&key);
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			add_value(mask, value->as.list.items[i]);
		break;
	case VALUE_CONTEXT:
		for (size_t i = 0; i < value->as.context.count; i++)
			add_value(mask, value->as.context.fields[i].value);
		break;
	default:
		arena = arena_new();
		if (chart_sensitive_text(arena, value, &text))
			add_text(mask, text);
		arena_free(&arena);
		break;
	}
}

/* A path through a list leads into each of its items. */
static void
add_path(struct mask *mask, const struct value *value, struct str path)
{
	struct str rest, name;

	if (value == NULL)
		return;
	if (path.at == NULL) {
		add_value(mask, value);
		return;
	}
	if (value->type == VALUE_LIST) {
		for (size_t i = 0; i < value->as.list.count; i++)
			add_path(mask, value->as.list.items[i], path);
		return;
	}
	name = str_split(path, '.', &rest);
	add_path(mask, value_get(value, name), rest);
}

static struct mask *
gather(const struct chart *chart, bool has_digests)
{
	const struct definition *definition = chart->definition;
	struct mask *mask = calloc(1, sizeof(*mask));

	must(mask != NULL);
	mask->has_digests = has_digests;
	mask->secrets = map_new();
	mask->is_salted = chart->is_salted;
	memcpy(mask->salt, chart->salt, sizeof(mask->salt));
	mask->roots = calloc(definition->sensitive_count, sizeof(*mask->roots));
	must(mask->roots != NULL);
	for (size_t i = 0; i < definition->sensitive_count; i++) {
		struct str rest;

		mask->roots[i] =
		    root_of(chart, definition->sensitive[i], &rest);
		add_path(mask, mask->roots[i], rest);
	}
	return mask;
}

static bool
is_current(const struct mask *mask, const struct chart *chart)
{
	struct str rest;

	for (size_t i = 0; i < chart->definition->sensitive_count; i++)
		if (mask->roots[i] !=
		    root_of(chart, chart->definition->sensitive[i], &rest))
			return false;
	return true;
}

void
chart_mask_free(struct mask **mask)
{
	if (*mask == NULL)
		return;
	map_free(&(*mask)->secrets);
	free((*mask)->lengths);
	free((*mask)->roots);
	free(*mask);
	*mask = NULL;
}

const struct mask *
chart_mask_of(struct chart *chart, bool has_digests)
{
	if (chart->definition->sensitive_count == 0)
		return NULL;
	if (chart->mask != NULL && !is_current(chart->mask, chart))
		chart_mask_free(&chart->mask);
	if (chart->mask == NULL)
		chart->mask = gather(chart, has_digests);
	return chart->mask;
}

/* ---- masking ---- */

void
chart_sensitive_digest(struct str salt, struct str text, struct buf *out)
{
	char hex[DIGEST_HEX_BYTES];

	must(salt.at == NULL || salt.bytes == CHART_SALT_BYTES);
	if (salt.at != NULL)
		buf_addf(out, CHART_SALTED "%s",
		    digest_hex(digest_hmac_sha256(salt, text), hex).at);
	else
		buf_addf(out, CHART_UNSALTED "%s",
		    digest_hex(digest_sha256(text), hex).at);
}

static void
add_digest(const struct mask *mask, struct buf *out, struct str text)
{
	struct str salt = {(const char *)mask->salt, sizeof(mask->salt)};

	if (!mask->is_salted)
		salt = (struct str){NULL, 0};
	chart_sensitive_digest(salt, text, out);
}

struct str
chart_mask_digest(
    const struct mask *mask, struct arena *arena, struct str text)
{
	struct buf digest = buf_in(arena);

	add_digest(mask, &digest, text);
	return buf_keep(&digest);
}

/* The longest secret that begins at the front of the text, or the absent
 * string: one may be the beginning of another. */
static struct str
secret_at(const struct mask *mask, struct str text)
{
	size_t start;

	if (text.bytes < SENSITIVE_BYTES_MIN)
		return (struct str){NULL, 0};
	start = start_of(text);
	if (!(mask->starts[start / 8] & 1u << start % 8))
		return (struct str){NULL, 0};
	for (size_t i = 0; i < mask->length_count; i++) {
		struct str front = str_slice(text, 0, mask->lengths[i]);

		if (front.bytes == mask->lengths[i] &&
		    map_find(mask->secrets, front))
			return front;
	}
	return (struct str){NULL, 0};
}

/* From left to right and never over what was put in: a digest may hold the
 * secret's own letters by chance. */
struct str
chart_mask_text(const struct mask *mask, struct arena *arena, struct str text)
{
	struct buf masked = {0};
	struct str result;

	if (mask->length_count == 0)
		return text;
	for (size_t at = 0; at < text.bytes;) {
		struct str secret =
		    secret_at(mask, str_slice(text, at, text.bytes - at));

		if (secret.at == NULL) {
			buf_add_char(&masked, text.at[at++]);
			continue;
		}
		add_digest(mask, &masked, secret);
		at += secret.bytes;
	}
	result = arena_str(arena, buf_str(&masked));
	buf_fini(&masked);
	return result;
}

static const struct value *
mask_context(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	struct value_builder *built = value_build_context(arena);

	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];

		value_put(built, field->key,
		    chart_mask_value(mask, arena, field->value));
	}
	return value_built(built);
}

static const struct value *
mask_list(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	struct value_builder *built = value_build_list(arena);

	for (size_t i = 0; i < value->as.list.count; i++)
		value_append(built,
		    chart_mask_value(mask, arena, value->as.list.items[i]));
	return value_built(built);
}

static const struct value *
mask_number(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	char text[NUMBER_TEXT_BYTES];
	struct str plain = number_format(value->as.number, text);

	return map_find(mask->secrets, plain)
		   ? value_of_str(arena, chart_mask_digest(mask, arena, plain))
		   : value;
}

/* A range is sensitive where one of its ends is. */
static const struct value *
mask_scalar(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	struct str text, masked;

	if (!chart_sensitive_text(arena, value, &text))
		return value;
	if (map_find(mask->secrets, text))
		return value_of_str(
		    arena, chart_mask_digest(mask, arena, text));
	if (value->type != VALUE_RANGE)
		return value;
	masked = chart_mask_text(mask, arena, text);
	return str_equal(masked, text) ? value : value_of_str(arena, masked);
}

const struct value *
chart_mask_value(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_FUNCTION:
		return value;
	case VALUE_STRING:
		return value_of_str(
		    arena, chart_mask_text(mask, arena, value->as.string));
	case VALUE_NUMBER:
		return mask_number(mask, arena, value);
	case VALUE_CONTEXT:
		return mask_context(mask, arena, value);
	case VALUE_LIST:
		return mask_list(mask, arena, value);
	default:
		return mask_scalar(mask, arena, value);
	}
}

/* ---- masking by paths ---- */

/* What is left of the paths that lead here or further. */
struct paths {
	const struct str *items; /* absent: the value itself is sensitive */
	size_t count;
};

static const struct value *mask_paths(const struct mask *mask,
    struct arena *arena, const struct value *value, struct paths paths);

/* Every value in it, at any depth.  null stays: it says that there is none. */
static const struct value *
mask_leaves(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	static const struct str whole = {NULL, 0};
	struct str text;

	if (value->type == VALUE_LIST || value->type == VALUE_CONTEXT)
		return mask_paths(
		    mask, arena, value, (struct paths){&whole, 1});
	if (!chart_sensitive_text(arena, value, &text) ||
	    (mask->has_digests && value->type == VALUE_STRING &&
		chart_mask_is_in(text)))
		return value;
	return value_of_str(arena, chart_mask_digest(mask, arena, text));
}

static struct paths
paths_below(struct arena *arena, struct paths paths, struct str key)
{
	struct str *items = ARENA_ARRAY(arena, paths.count, struct str);
	size_t count = 0;

	for (size_t i = 0; i < paths.count; i++) {
		struct str rest;

		if (paths.items[i].at == NULL)
			items[count++] = paths.items[i];
		else if (str_equal(str_split(paths.items[i], '.', &rest), key))
			items[count++] = rest;
	}
	return (struct paths){items, count};
}

static bool
leads_here(struct paths paths)
{
	for (size_t i = 0; i < paths.count; i++)
		if (paths.items[i].at == NULL)
			return true;
	return false;
}

static const struct value *
mask_paths(const struct mask *mask, struct arena *arena,
    const struct value *value, struct paths paths)
{
	struct value_builder *built;

	if (paths.count == 0)
		return chart_mask_value(mask, arena, value);
	if (value->type == VALUE_LIST) {
		built = value_build_list(arena);
		for (size_t i = 0; i < value->as.list.count; i++)
			value_append(built, mask_paths(mask, arena,
			    value->as.list.items[i], paths));
		return value_built(built);
	}
	if (value->type != VALUE_CONTEXT)
		return leads_here(paths)
		    ? mask_leaves(mask, arena, value)
		    : chart_mask_value(mask, arena, value);
	built = value_build_context(arena);
	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];

		value_put(built, field->key,
		    mask_paths(mask, arena, field->value,
			paths_below(arena, paths, field->key)));
	}
	return value_built(built);
}

const struct value *
chart_mask_root(const struct chart *chart, const struct mask *mask,
    struct arena *arena, struct str root, const struct value *value)
{
	const struct definition *definition = chart->definition;
	struct str *items =
	    ARENA_ARRAY(arena, definition->sensitive_count, struct str);
	struct paths paths = {.items = items};

	for (size_t i = 0; i < definition->sensitive_count; i++) {
		struct str path = definition->sensitive[i], rest;
		bool is_input =
		    str_equal(str_split(path, '.', &rest), STR("input"));

		if (is_input == (root.at != NULL))
			items[paths.count++] = is_input ? rest : path;
	}
	return mask_paths(mask, arena, value, paths);
}
