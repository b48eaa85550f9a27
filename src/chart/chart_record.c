/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_record.c: what history is told, and the list of effects.
 *
 * Every record carries its kind, its time, the instance and, where a person
 * or a system acted, who.  Values that the definition calls sensitive never
 * get into a record: wherever one stands, alone or inside a longer text, its
 * digest stands instead; but for the engine's and the definition's own words.
 */
#include "chart_priv.h"

#include <string.h>

/* As much of an expression as history repeats. */
#define EXPRESSION_BYTES_MAX 160

static void
make_common(struct run *run)
{
	struct arena *arena = run->context->arena;
	char text[CLOCK_TEXT_BYTES];

	run->time = value_copy_str(
	    arena, clock_format(run->context->now_ms, text));
	run->instance = value_copy_str(arena, str_of(run->chart->id));
}

struct value_builder *
chart_record_begin(struct run *run, enum audit_kind kind)
{
	struct arena *arena = run->context->arena;
	struct value_builder *record = value_build_context(arena);

	if (run->time == NULL)
		make_common(run);
	value_put_kept(record, STR("kind"),
	    value_of_str(arena, audit_kind_name(kind)));
	value_put_kept(record, STR("time"), run->time);
	value_put_kept(record, STR("instance"), run->instance);
	if (run->actor != NULL && run->actor->name.at != NULL)
		value_put_str(record, "actor", run->actor->name);
	if (run->actor != NULL && run->actor->issuer.at != NULL)
		value_put_str(record, "issuer", run->actor->issuer);
	if (run->proposed_by.at != NULL)
		value_put_str(record, "proposed_by", run->proposed_by);
	return record;
}

void
chart_record_value(
    struct value_builder *record, const char *key, const struct value *value)
{
	if (value != NULL && !value_is_null(value))
		value_put_kept(record, str_of(key), value);
}

void
chart_record_state(struct run *run, struct value_builder *record,
    const char *key, size_t state)
{
	if (state != SIZE_MAX)
		value_put_kept_str(record, str_of(key),
		    run->chart->definition->states[state]->name);
}

/* That of the step that it undoes. */
static const struct value *
undone_item(const struct chart *chart, const struct strand *strand)
{
	const struct undo *undo =
	    strand->undoes != 0 ? chart_undo_find(chart, strand->undoes) : NULL;

	return undo != NULL ? undo->item : NULL;
}

/* Which item of a `for` the strand is for: a number, "2.5" in nested ones. */
const struct value *
chart_record_item(const struct chart *chart, const struct strand *strand,
    struct arena *arena)
{
	uint64_t innermost;
	struct str path;

	if (strand == NULL)
		return NULL;
	if (strand->parent == 0)
		return undone_item(chart, strand);
	innermost = strand->position;
	path = arena_strf(arena, "%llu", (unsigned long long)innermost);
	strand = chart_strand_find(chart, strand->parent);
	if (strand->parent == 0)
		return value_of_int(arena, (int64_t)innermost);
	for (; strand->parent != 0;
	     strand = chart_strand_find(chart, strand->parent))
		path = arena_strf(arena, "%llu.%.*s",
		    (unsigned long long)strand->position, STR_ARG(path));
	return value_of_str(arena, path);
}

void
chart_record_calendar(struct run *run, struct value_builder *record)
{
	const struct calendar *calendar = run->chart->definition->calendar;
	char hex[DIGEST_HEX_BYTES];

	if (!run->by_calendar || calendar == NULL)
		return;
	value_put_str(record, "calendar", calendar->name);
	value_put_int(record, "calendar_version", calendar->version);
	value_put_str(
	    record, "calendar_digest", digest_hex(calendar->digest, hex));
}

void
chart_record_step_of(struct run *run, struct value_builder *record, size_t step,
    const struct strand *strand)
{
	if (step == SIZE_MAX)
		return;
	value_put_str(record, "step", run->chart->definition->steps[step]->id);
	chart_record_value(record, "item",
	    chart_record_item(run->chart, strand, run->context->arena));
}

void
chart_record_step(struct run *run, struct value_builder *record, size_t step)
{
	chart_record_step_of(run, record, step, run->strand);
}

/* ---- sensitive values ---- */

static const struct mask *
mask_of(const struct run *run)
{
	return chart_mask_of(run->chart, run->context->replay != NULL);
}

struct str
chart_record_mask(struct run *run, struct str text)
{
	const struct mask *mask = mask_of(run);

	return mask == NULL ? text
			    : chart_mask_text(mask, run->context->arena, text);
}

/*
 * What the engine and definitions say in their own words tells nothing of what
 * is sensitive, also where that happens to be such a word, or digits of a
 * digest; and who reads history goes by it.
 */
static bool
is_own_word(struct str key)
{
	static const struct str words[] = {
	    STR_INIT("act"),
	    STR_INIT("after"),
	    STR_INIT("age_seconds"),
	    STR_INIT("attempt"),
	    STR_INIT("by"),
	    STR_INIT("calendar"),
	    STR_INIT("calendar_digest"),
	    STR_INIT("calendar_version"),
	    STR_INIT("child"),
	    STR_INIT("choice"),
	    STR_INIT("code"),
	    STR_INIT("contact"),
	    STR_INIT("decision"),
	    STR_INIT("decision_digest"),
	    STR_INIT("definition"),
	    STR_INIT("environment"),
	    STR_INIT("event"),
	    STR_INIT("fields"),
	    STR_INIT("fired"),
	    STR_INIT("for"),
	    STR_INIT("from"),
	    STR_INIT("from_definition"),
	    STR_INIT("from_version"),
	    STR_INIT("how"),
	    STR_INIT("incident"),
	    STR_INIT("instance"),
	    STR_INIT("item"),
	    STR_INIT("kind"),
	    STR_INIT("level"),
	    STR_INIT("map"),
	    STR_INIT("operation"),
	    STR_INIT("parent"),
	    STR_INIT("priority"),
	    STR_INIT("proposal"),
	    STR_INIT("retry_after_ms"),
	    STR_INIT("rules"),
	    STR_INIT("severity"),
	    STR_INIT("state"),
	    STR_INIT("step"),
	    STR_INIT("time"),
	    STR_INIT("to"),
	    STR_INIT("to_definition"),
	    STR_INIT("to_version"),
	    STR_INIT("type"),
	    STR_INIT("version"),
	    STR_INIT("workflow"),
	};

	return str_is_among(key, words, COUNT_OF(words));
}

/* A table's outcome is data, and so is a person's reason. */
static bool
is_own_word_of(struct str kind, struct str key)
{
	static const struct {
		enum audit_kind kind;
		struct str key;
	} words[] = {
	    {AUDIT_CALL_REPLIED, STR_INIT("outcome")},
	    {AUDIT_CHILD_ENDED, STR_INIT("outcome")},
	    {AUDIT_ENDED, STR_INIT("outcome")},
	    {AUDIT_EVENT_IGNORED, STR_INIT("reason")},
	    {AUDIT_EVENT_KEPT, STR_INIT("reason")},
	    {AUDIT_NOTIFIED, STR_INIT("reason")},
	    {AUDIT_REFUSED, STR_INIT("reason")},
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_equal(key, words[i].key) &&
		    str_equal(kind, audit_kind_name(words[i].kind)))
			return true;
	return is_own_word(key);
}

static const struct value *
mask_field(struct run *run, const struct mask *mask, struct str kind,
    const struct value_field *field)
{
	struct arena *arena = run->context->arena;

	if (is_own_word_of(kind, field->key))
		return field->value;
	if (str_equal(field->key, STR("input")) &&
	    field->value == run->chart->input)
		return chart_mask_root(run->chart, mask, arena, STR("input"),
		    field->value);
	if (str_equal(field->key, STR("assigned")))
		return chart_mask_root(run->chart, mask, arena,
		    (struct str){NULL, 0}, field->value);
	return chart_mask_value(mask, arena, field->value);
}

static const struct value *
mask_record(struct run *run, const struct value *record)
{
	struct arena *arena = run->context->arena;
	const struct mask *mask = mask_of(run);
	struct str kind = value_field_str(record, "kind");
	struct value_builder *built;

	if (mask == NULL)
		return record;
	built = value_build_context(arena);
	for (size_t i = 0; i < record->as.context.count; i++) {
		const struct value_field *field = &record->as.context.fields[i];

		value_put(built, field->key,
		    mask_field(run, mask, kind, field));
	}
	return value_built(built);
}

/* ---- nulls ---- */

/* "input.amount": what is read is null, or isn't there, and no mistake. */
static bool
is_plain_read(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.at[i];

		if (c != '.' && c != '_' && (c < '0' || c > '9') &&
		    ((c | 0x20) < 'a' || (c | 0x20) > 'z'))
			return false;
	}
	return true;
}

static void
add_null(struct run *run, const struct template *template, size_t offset,
    struct str reason)
{
	struct arena *arena = run->context->arena;
	struct str before = str_slice(template->text, 0, offset);
	struct value_builder *null;
	char text[EXPRESSION_BYTES_MAX];

	if (run->null_count == CHART_NULLS_MAX)
		return;
	str_write(text, sizeof(text), "%.*s", STR_ARG(template->text));
	if (run->nulls == NULL)
		run->nulls = value_build_list(arena);
	null = value_build_context(arena);
	value_put_str(null, "expression", str_of(text));
	value_put_int(
	    null, "column", (int64_t)str_count_codepoints(before) + 1);
	value_put_str(null, "reason", reason);
	value_append(run->nulls, value_built(null));
	run->null_count++;
}

void
chart_record_null_cb(
    void *arg, const struct template *template, const struct feel_env *env)
{
	struct run *run = arg;

	/* What took too much is told by whoever stops for it; what a digest
	 * gives says nothing. */
	if (env->exhausted || run->looked || is_plain_read(template->text))
		return;
	add_null(run, template, env->note_offset, str_of(env->note));
}

void
chart_record_no_time(struct run *run, const struct template *template,
    const struct value *value)
{
	if (value_is_null(value))
		return;
	add_null(run, template, 0,
	    arena_strf(run->context->arena, "no time can be made of the %.*s",
		STR_ARG(value_type_name(value->type))));
}

static void
put_nulls(struct run *run, struct value_builder *record)
{
	if (run->nulls == NULL)
		return;
	value_put_kept(record, STR("nulls"), value_built(run->nulls));
	run->nulls = NULL;
	run->null_count = 0;
}

void
chart_record_end(struct run *run, struct value_builder *record)
{
	struct chart_effects *effects = run->effects;

	put_nulls(run, record);
	chart_record_value(record, "settings", run->settings);
	run->settings = NULL;
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
