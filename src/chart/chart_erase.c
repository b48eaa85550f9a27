/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_erase.c: what is sensitive, shown to who may see it, and erased.
 *
 * History has digests only, so it stays as it is, and its chain whole.  What
 * goes are the values, the salt that the digests were made with, and all that
 * an instance which has ended needs no more and that may repeat a value: what
 * it called, undid, kept and asked; and, outside of it, events that came for it
 * and that it never took.
 */
#include "chart_priv.h"

/* ---- erasing ---- */

static void
record_erasure(struct run *run, const struct chart_event *event)
{
	const struct definition *definition = run->chart->definition;
	struct value_builder *record = chart_record_begin(run, AUDIT_ERASED);

	value_put(record, STR("fields"),
	    value_of_strs(run->context->arena, definition->sensitive,
		definition->sensitive_count));
	if (event->comment.at != NULL)
		value_put_str(record, "reason", event->comment);
	chart_record_end(run, record);
}

static void
replace(struct chart *chart, const struct value **value,
    const struct value *masked)
{
	*value = value_copy(chart->arena, masked);
}

static void
replace_some(struct run *run, const struct mask *mask,
    const struct value **value)
{
	if (*value != NULL)
		replace(run->chart, value,
		    chart_mask_value(mask, run->context->arena, *value));
}

static void
replace_key(struct run *run, const struct mask *mask, struct str recorded)
{
	struct chart *chart = run->chart;

	if (chart->business_key.at == NULL)
		return;
	if (recorded.at == NULL)
		recorded = chart_mask_text(
		    mask, run->context->arena, chart->business_key);
	chart->business_key = arena_str(chart->arena, recorded);
}

static void
replace_values(struct run *run, const struct mask *mask)
{
	struct chart *chart = run->chart;
	struct arena *arena = run->context->arena;
	const struct value *input = chart_mask_root(
	    chart, mask, arena, STR("input"), chart->input);
	const struct value *data = chart_mask_root(
	    chart, mask, arena, (struct str){NULL, 0}, chart->data);

	replace_some(run, mask, &chart->labels);
	replace_some(run, mask, &chart->output);
	replace_some(run, mask, &chart->error);
	/* Last: the mask is gathered from these. */
	replace(chart, &chart->input, input);
	replace(chart, &chart->data, data);
}

/* Of no use any more once an instance has ended. */
static void
forget_work(struct chart *chart)
{
	chart->event = NULL;
	chart->decision = NULL;
	for (size_t i = 0; i < chart->active_count; i++) {
		chart->active[i].event = NULL;
		chart->active[i].error = NULL;
		chart->active[i].decision = NULL;
	}
	chart->strands = NULL;
	chart->calls = NULL;
	chart->lost = NULL;
	chart->keys = NULL;
	chart->timers = NULL;
	chart->tasks = NULL;
	chart->incidents = NULL;
	chart->escalations = NULL;
	chart->kept = NULL;
	chart->passed = NULL;
	chart->undos = NULL;
	chart->marks = NULL;
	chart->internals = NULL;
}

/* Under the values that they were last matched by. */
static void
forget_events(struct run *run)
{
	struct arena *arena = run->context->arena;
	struct str *subjects;
	size_t count = chart_subjects(run->chart, run->context, &subjects);

	for (size_t i = 0; i < count; i++) {
		const struct definition *definition = run->chart->definition;
		struct chart_effect *effect;

		if (subjects[i].bytes == 0)
			continue;
		effect = chart_effect_add(run, DO_FORGET);
		effect->type =
		    definition->events[i % definition->event_count].type;
		effect->subject = arena_str(arena, subjects[i]);
	}
}

void
chart_erase(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	const struct mask *mask = chart_mask_of(chart, false);

	if (!chart->ended) {
		chart_step_refuse(run, REFUSED_STATE,
		    "the instance has not ended, and needs what would be "
		    "erased: cancel it first, or wait for its end");
		return;
	}
	if (mask == NULL) {
		chart_step_refuse(run, REFUSED_STATE,
		    "the workflow calls nothing sensitive: there is nothing "
		    "that could be erased");
		return;
	}
	if (event->held.at != NULL) {
		chart_step_refuse(
		    run, REFUSED_STATE, "%.*s", STR_ARG(event->held));
		return;
	}
	record_erasure(run, event);
	forget_events(run);
	replace_key(run, mask, event->key);
	replace_values(run, mask);
	chart_proposal_erase(run, mask);
	forget_work(chart);
	chart_set_salt(chart, (struct str){NULL, 0});
}

/* ---- showing ---- */

const struct value *
chart_masked(
    struct chart *chart, struct arena *arena, const struct value *value)
{
	const struct mask *mask = chart_mask_of(chart, false);

	return mask != NULL ? chart_mask_value(mask, arena, value) : value;
}

const struct value *
chart_masked_again(
    struct chart *chart, struct arena *arena, const struct value *value)
{
	const struct mask *mask = chart_mask_of(chart, true);

	return mask != NULL ? chart_mask_value(mask, arena, value) : value;
}

/* The engine's and the definition's own words, by which it is found and
 * decided. */
static bool
is_plain_in_item(struct str key)
{
	static const struct str plain[] = {STR_INIT("act"),
	    STR_INIT("choices"), STR_INIT("created"), STR_INIT("fired"),
	    STR_INIT("id"), STR_INIT("incident"), STR_INIT("instance"),
	    STR_INIT("item"), STR_INIT("kind"), STR_INIT("level"),
	    STR_INIT("owner"), STR_INIT("runbook"), STR_INIT("severity"),
	    STR_INIT("state"), STR_INIT("status"), STR_INIT("step"),
	    STR_INIT("to"), STR_INIT("what"), STR_INIT("workflow")};

	return str_is_among(key, plain, COUNT_OF(plain));
}

const struct value *
chart_masked_item(
    struct chart *chart, struct arena *arena, const struct value *body)
{
	const struct mask *mask = chart_mask_of(chart, false);
	struct value_builder *built;

	if (mask == NULL)
		return body;
	built = value_build_context(arena);
	for (size_t i = 0; i < body->as.context.count; i++) {
		const struct value_field *field = &body->as.context.fields[i];
		const struct value *shown = field->value;

		if (str_equal(field->key, STR("proposal")))
			shown = chart_masked_item(chart, arena, shown);
		else if (!is_plain_in_item(field->key))
			shown = chart_mask_value(mask, arena, shown);
		value_put(built, field->key, shown);
	}
	return value_built(built);
}

/* What tells what the instance is, and where it stands. */
static bool
is_plain(struct str key)
{
	static const struct str plain[] = {STR_INIT("id"),
	    STR_INIT("workflow"), STR_INIT("version"), STR_INIT("definition"),
	    STR_INIT("status"), STR_INIT("state"), STR_INIT("states"),
	    STR_INIT("outcome"), STR_INIT("priority"), STR_INIT("started_at"),
	    STR_INIT("ended_at"), STR_INIT("children"), STR_INIT("loops"),
	    STR_INIT("awaited_by")};

	return str_is_among(key, plain, COUNT_OF(plain));
}

static const struct value *
mask_whole(
    struct chart *chart, struct arena *arena, const struct value *whole)
{
	const struct mask *mask = chart_mask_of(chart, false);
	struct value_builder *built;

	if (mask == NULL)
		return whole;
	built = value_build_context(arena);
	for (size_t i = 0; i < whole->as.context.count; i++) {
		const struct value_field *field = &whole->as.context.fields[i];
		const struct value *shown = field->value;

		if (str_equal(field->key, STR("input")))
			shown = chart_mask_root(
			    chart, mask, arena, STR("input"), shown);
		else if (str_equal(field->key, STR("data")))
			shown = chart_mask_root(chart, mask, arena,
			    (struct str){NULL, 0}, shown);
		else if (!is_plain(field->key))
			shown = chart_mask_value(mask, arena, shown);
		value_put(built, field->key, shown);
	}
	return value_built(built);
}

const struct value *
chart_describe_masked(struct chart *chart, struct arena *arena)
{
	return mask_whole(chart, arena, chart_describe(chart, arena));
}

const struct value *
chart_describe_masked_lent(struct chart *chart, struct arena *arena)
{
	return mask_whole(chart, arena, chart_describe_lent(chart, arena));
}

struct disclosing {
	const struct mask *mask;
	struct arena *arena;
	struct value_builder *list;
};

/* Of what was erased the digest is all that there is. */
static void
disclose_text(
    struct disclosing *disclosing, struct str path, struct str text)
{
	struct value_builder *built = value_build_context(disclosing->arena);

	value_put_str(built, "path", path);
	value_put_str(built, "value", text);
	value_put_str(built, "digest",
	    chart_mask_digest(disclosing->mask, disclosing->arena, text));
	value_append(disclosing->list, value_built(built));
}

/* path: how it was reached; rest: how it goes on from there, or absent. */
static void
disclose(struct disclosing *disclosing, struct str path,
    const struct value *value, struct str rest)
{
	struct arena *arena = disclosing->arena;
	struct str name, text;

	if (value->type == VALUE_LIST) {
		for (size_t i = 0; i < value->as.list.count; i++)
			disclose(disclosing,
			    arena_strf(arena, "%.*s[%zu]", STR_ARG(path),
				i + 1),
			    value->as.list.items[i], rest);
	} else if (value->type == VALUE_CONTEXT && rest.at != NULL) {
		name = str_split(rest, '.', &rest);
		value = value_get(value, name);
		if (value != NULL)
			disclose(disclosing,
			    arena_strf(arena, "%.*s.%.*s", STR_ARG(path),
				STR_ARG(name)),
			    value, rest);
	} else if (value->type == VALUE_CONTEXT) {
		for (size_t i = 0; i < value->as.context.count; i++)
			disclose(disclosing,
			    arena_strf(arena, "%.*s.%.*s", STR_ARG(path),
				STR_ARG(value->as.context.fields[i].key)),
			    value->as.context.fields[i].value, rest);
	} else if (rest.at == NULL &&
	    chart_sensitive_text(arena, value, &text)) {
		disclose_text(disclosing, path, text);
	}
}

const struct value *
chart_disclose(struct chart *chart, struct arena *arena)
{
	const struct definition *definition = chart->definition;
	struct disclosing disclosing = {
	    .mask = chart_mask_of(chart, false),
	    .arena = arena,
	    .list = value_build_list(arena),
	};
	struct value_builder *built = value_build_context(arena);
	char hex[2 * CHART_SALT_BYTES + 1];

	for (size_t i = 0; i < definition->sensitive_count; i++) {
		struct str rest,
		    name = str_split(definition->sensitive[i], '.', &rest);
		const struct value *root = str_equal(name, STR("input"))
		    ? chart->input
		    : value_get(chart->data, name);

		if (root != NULL)
			disclose(&disclosing, name, root, rest);
	}
	if (chart->is_salted)
		value_put_str(
		    built, "salt", digest_format_hex(chart_salt(chart), hex));
	value_put(built, STR("values"), value_built(disclosing.list));
	return value_built(built);
}
