/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_record.c: what history is told, and the list of effects.
 *
 * Every record carries its kind, its time, the instance and, where a person
 * or a system acted, who.  Values that the definition calls sensitive never
 * get into a record: wherever one stands, alone or inside a longer text, its
 * digest stands instead.
 */
#include "chart_priv.h"

#include <string.h>

/* Shorter values would mask half of every record by chance. */
#define SENSITIVE_BYTES_MIN 4

struct mask {
	struct arena *arena;
	struct str *secrets;
	size_t count;
	size_t capacity;
};

struct value_builder *
chart_record_begin(struct run *run, enum audit_kind kind)
{
	struct arena *arena = run->context->arena;
	struct value_builder *record = value_build_context(arena);
	char text[CLOCK_TEXT_BYTES];

	value_put_str(record, "kind", audit_kind_name(kind));
	value_put_str(record, "time", clock_format(run->context->now_ms, text));
	value_put_str(record, "instance", str_of(run->chart->id));
	if (run->actor != NULL && run->actor->name.at != NULL)
		value_put_str(record, "actor", run->actor->name);
	return record;
}

void
chart_record_value(
    struct value_builder *record, const char *key, const struct value *value)
{
	if (value != NULL && !value_is_null(value))
		value_put(record, str_of(key), value);
}

void
chart_record_state(struct run *run, struct value_builder *record,
    const char *key, size_t state)
{
	if (state != SIZE_MAX)
		value_put_str(
		    record, key, run->chart->definition->states[state]->name);
}

/* Which item of a `for` the step was for: a number, "2.5" in nested ones. */
static void
put_item(struct run *run, struct value_builder *record)
{
	const struct strand *strand = run->strand;
	struct str path;

	if (strand == NULL || strand->parent == 0)
		return;
	path = arena_strf(run->context->arena, "%llu",
	    (unsigned long long)strand->position);
	strand = chart_strand_find(run->chart, strand->parent);
	if (strand->parent == 0) {
		value_put_int(
		    record, "item", (int64_t)run->strand->position);
		return;
	}
	for (; strand->parent != 0;
	     strand = chart_strand_find(run->chart, strand->parent))
		path = arena_strf(run->context->arena, "%llu.%.*s",
		    (unsigned long long)strand->position, STR_ARG(path));
	value_put_str(record, "item", path);
}

void
chart_record_step(struct run *run, struct value_builder *record, size_t step)
{
	if (step == SIZE_MAX)
		return;
	value_put_str(
	    record, "step", run->chart->definition->steps[step]->id);
	put_item(run, record);
}

void
chart_record_instant(
    struct run *run, struct value_builder *record, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_BYTES];

	(void)run;
	if (ms != 0)
		value_put_str(record, key, clock_format(ms, text));
}

/* ---- sensitive values ---- */

static const struct value *
value_at_path(const struct chart *chart, struct str path)
{
	struct str rest, name = str_split(path, '.', &rest);
	const struct value *value = str_equal(name, STR("input"))
					? chart->input
					: value_get(chart->data, name);

	while (value != NULL && rest.at != NULL) {
		name = str_split(rest, '.', &rest);
		value = value_get(value, name);
	}
	return value;
}

static void
mask_add_text(struct mask *mask, struct str text)
{
	if (text.bytes < SENSITIVE_BYTES_MIN)
		return;
	mask->secrets = arena_grow(mask->arena, mask->secrets, mask->count,
	    &mask->capacity, sizeof(*mask->secrets));
	mask->secrets[mask->count++] = text;
}

/* Every text and number in it, at any depth. */
static void
mask_add(struct mask *mask, const struct value *value)
{
	char number[NUMBER_TEXT_BYTES];

	switch (value->type) {
	case VALUE_STRING:
		mask_add_text(mask, value->as.string);
		break;
	case VALUE_NUMBER:
		mask_add_text(
		    mask, arena_str(mask->arena,
			      number_format(value->as.number, number)));
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			mask_add(mask, value->as.list.items[i]);
		break;
	case VALUE_CONTEXT:
		for (size_t i = 0; i < value->as.context.count; i++)
			mask_add(mask, value->as.context.fields[i].value);
		break;
	default:
		break;
	}
}

/* The longest secret that begins at the front of the text, or the absent
 * string: one may be the beginning of another. */
static struct str
secret_at(const struct mask *mask, struct str text)
{
	struct str longest = {NULL, 0};

	for (size_t i = 0; i < mask->count; i++)
		if (mask->secrets[i].bytes > longest.bytes &&
		    str_has_prefix(text, mask->secrets[i]))
			longest = mask->secrets[i];
	return longest;
}

/* From left to right and never over what was put in: a digest may hold the
 * secret's own letters by chance. */
static struct str
mask_text(const struct mask *mask, struct str text)
{
	struct buf masked = {0};
	struct str result;

	for (size_t at = 0; at < text.bytes;) {
		struct str secret =
		    secret_at(mask, str_slice(text, at, text.bytes - at));
		char hex[DIGEST_HEX_BYTES];

		if (secret.at == NULL) {
			buf_add_char(&masked, text.at[at++]);
			continue;
		}
		digest_hex(digest_sha256(secret), hex);
		buf_addf(&masked, "sha256:%s", hex);
		at += secret.bytes;
	}
	result = arena_str(mask->arena, buf_str(&masked));
	buf_fini(&masked);
	return result;
}

static const struct value *mask_value(
    const struct mask *mask, const struct value *value);

static const struct value *
mask_context(const struct mask *mask, const struct value *value)
{
	struct value_builder *built = value_build_context(mask->arena);

	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];

		value_put(built, field->key, mask_value(mask, field->value));
	}
	return value_built(built);
}

static const struct value *
mask_list(const struct mask *mask, const struct value *value)
{
	struct value_builder *built = value_build_list(mask->arena);

	for (size_t i = 0; i < value->as.list.count; i++)
		value_append(built, mask_value(mask, value->as.list.items[i]));
	return value_built(built);
}

static const struct value *
mask_number(const struct mask *mask, const struct value *value)
{
	char text[NUMBER_TEXT_BYTES];
	struct str plain = number_format(value->as.number, text);

	for (size_t i = 0; i < mask->count; i++)
		if (str_equal(plain, mask->secrets[i]))
			return value_of_str(mask->arena,
			    mask_text(mask, arena_str(mask->arena, plain)));
	return value;
}

static const struct value *
mask_value(const struct mask *mask, const struct value *value)
{
	switch (value->type) {
	case VALUE_STRING:
		return value_of_str(
		    mask->arena, mask_text(mask, value->as.string));
	case VALUE_NUMBER:
		return mask_number(mask, value);
	case VALUE_CONTEXT:
		return mask_context(mask, value);
	case VALUE_LIST:
		return mask_list(mask, value);
	default:
		return value;
	}
}

static struct mask
mask_of(struct run *run)
{
	const struct definition *definition = run->chart->definition;
	struct mask mask = {.arena = run->context->arena};

	for (size_t i = 0; i < definition->sensitive_count; i++) {
		const struct value *value =
		    value_at_path(run->chart, definition->sensitive[i]);

		if (value != NULL)
			mask_add(&mask, value);
	}
	return mask;
}

struct str
chart_record_mask(struct run *run, struct str text)
{
	struct mask mask = mask_of(run);

	return mask.count == 0 ? text : mask_text(&mask, text);
}

/* What makes a record a record is never masked. */
static bool
is_envelope(struct str key)
{
	return str_equal(key, STR("kind")) || str_equal(key, STR("time")) ||
	       str_equal(key, STR("instance"));
}

static const struct value *
mask_record(struct run *run, const struct value *record)
{
	struct mask mask = mask_of(run);
	struct value_builder *built;

	if (mask.count == 0)
		return record;
	built = value_build_context(mask.arena);
	for (size_t i = 0; i < record->as.context.count; i++) {
		const struct value_field *field = &record->as.context.fields[i];

		value_put(built, field->key,
		    is_envelope(field->key) ? field->value
					    : mask_value(&mask, field->value));
	}
	return value_built(built);
}

void
chart_record_end(struct run *run, struct value_builder *record)
{
	struct chart_effects *effects = run->effects;

	effects->records = arena_grow(run->context->arena, effects->records,
	    effects->record_count, &effects->record_capacity,
	    sizeof(*effects->records));
	effects->records[effects->record_count++] =
	    mask_record(run, value_built(record));
}

struct chart_effect *
chart_effect_add(struct run *run, enum chart_effect_kind kind)
{
	struct chart_effects *effects = run->effects;
	struct chart_effect *effect;

	effects->items = arena_grow(run->context->arena, effects->items,
	    effects->count, &effects->capacity, sizeof(*effects->items));
	effect = &effects->items[effects->count++];
	*effect = (struct chart_effect){.kind = kind};
	return effect;
}

void
chart_effect_remove(struct run *run, size_t index)
{
	struct chart_effects *effects = run->effects;

	must(index < effects->count);
	effects->count--;
	memmove(&effects->items[index], &effects->items[index + 1],
	    (effects->count - index) * sizeof(*effects->items));
}
