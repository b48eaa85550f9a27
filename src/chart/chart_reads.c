/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_reads.c: what an expression has read that is of interest to whoever
 * goes through the history again.
 *
 * Settings are the environment's and may be others tomorrow: what was read of
 * them gets into history.  Of a sensitive value history has the digest only;
 * an expression that does more with it than hand it on can't be evaluated
 * again, and that has to be said rather than its result be believed.
 *
 * Expressions are asked for the paths that they read, without being evaluated
 * once more.
 */
#include "chart_priv.h"

struct reading {
	struct run *run;
	struct str text; /* of the expression */
	bool decides;
	bool told;   /* of a setting */
	bool masked; /* something that is read has a digest in it */
};

/* ---- paths ---- */

/* The first item stands for all: lists hold things of one kind. */
static const struct value *
first_item(const struct value *value)
{
	if (value->type != VALUE_LIST || value->as.list.count == 0)
		return NULL;
	return value->as.list.items[0];
}

/* "input.lines[].net" */
static const struct value *
follow(struct run *run, struct str path)
{
	struct str rest, name = str_split(path, '.', &rest);
	bool is_item = str_has_suffix(name, STR("[]"));
	const struct value *value;

	if (is_item)
		name.bytes -= 2;
	value = chart_env_lookup(run, name);
	while (value != NULL) {
		if (is_item)
			value = first_item(value);
		if (value == NULL || rest.at == NULL)
			break;
		name = str_split(rest, '.', &rest);
		is_item = str_has_suffix(name, STR("[]"));
		if (is_item)
			name.bytes -= 2;
		value = value_get(value, name);
	}
	return value;
}

/* ---- settings ---- */

static const struct value *
with_path(struct arena *arena, const struct value *context, struct str path,
    const struct value *value)
{
	struct str rest, name = str_split(path, '.', &rest);
	const struct value *inner;

	if (context == NULL || context->type != VALUE_CONTEXT)
		context = value_built(value_build_context(arena));
	if (rest.at != NULL) {
		inner = value_get(context, name);
		value = with_path(arena, inner, rest, value);
	}
	return value_with(arena, context, name, value);
}

static void
note_setting(struct reading *reading, struct str path,
    const struct value *value)
{
	struct run *run = reading->run;
	struct str head = STR("settings.");

	if (value == NULL || value->type == VALUE_CONTEXT ||
	    !str_has_prefix(path, head) || str_has_suffix(path, STR("[]")))
		return;
	run->settings = with_path(run->context->arena, run->settings,
	    str_slice(path, head.bytes, path.bytes), value);
	reading->told = true;
}

/* ---- digests ---- */

static bool
is_masked(const struct value *value)
{
	const struct str head = STR("sha256:");

	switch (value->type) {
	case VALUE_STRING:
		return str_find(value->as.string, head) != SIZE_MAX;
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			if (is_masked(value->as.list.items[i]))
				return true;
		return false;
	case VALUE_CONTEXT:
		for (size_t i = 0; i < value->as.context.count; i++)
			if (is_masked(value->as.context.fields[i].value))
				return true;
		return false;
	default:
		return false;
	}
}

/* ---- expressions ---- */

static unsigned
types_cb(struct str path, void *arg)
{
	struct reading *reading = arg;
	const struct value *value = follow(reading->run, path);

	if (value == NULL)
		return FEEL_TYPES_ANY;
	note_setting(reading, path, value);
	/* What a path leads through is asked for, too: only its end counts. */
	if (value->type != VALUE_CONTEXT && value->type != VALUE_LIST &&
	    is_masked(value))
		reading->masked = true;
	return FEEL_TYPE_BIT(value->type);
}

/* A list that is read as a whole, or a context, is found by its name. */
static void
look_at_whole_cb(const struct feel_shape *shape, struct reading *reading)
{
	const struct value *value;

	if (shape->kind == SHAPE_PATH) {
		value = follow(reading->run, shape->path);
		reading->masked |= value != NULL && is_masked(value);
	}
	for (size_t i = 0; i < shape->count; i++)
		if (shape->parts[i] != NULL)
			look_at_whole_cb(shape->parts[i], reading);
}

/* Whether something is there is known of a digest, too. */
static bool
asks_for_null(const struct feel_shape *shape)
{
	if (shape->kind != SHAPE_EQUAL && shape->kind != SHAPE_UNEQUAL)
		return false;
	for (size_t i = 0; i < shape->count; i++)
		if (shape->parts[i]->kind == SHAPE_CONSTANT &&
		    value_is_null(shape->parts[i]->constant))
			return true;
	return false;
}

static void
read_feel(struct reading *reading, const struct feel *feel)
{
	struct run *run = reading->run;
	const struct chart_replay *replay = run->context->replay;
	const struct feel_shape *shape =
	    feel_shape(feel, run->context->arena);
	struct feel_inference inference = {
	    .arena = run->context->arena,
	    .types = types_cb,
	    .arg = reading,
	};

	reading->masked = false;
	(void)feel_infer(feel, &inference);
	if (replay == NULL || shape->kind == SHAPE_PATH ||
	    asks_for_null(shape))
		return;
	look_at_whole_cb(shape, reading);
	if (reading->masked)
		replay->doubt(
		    replay->arg, feel_source(feel), reading->decides);
}

static void
read_template(struct reading *reading, const struct template *template)
{
	if (template->kind == TEMPLATE_FEEL)
		read_feel(reading, template->feel);
	else if (template->kind == TEMPLATE_LIST)
		for (size_t i = 0; i < template->count; i++)
			read_template(reading, template->items[i]);
	else if (template->kind == TEMPLATE_CONTEXT)
		for (size_t i = 0; i < template->count; i++)
			read_template(reading, template->fields[i].value);
}

/* All of them where nobody can tell which. */
static void
finish(struct reading *reading, bool reads_settings)
{
	struct run *run = reading->run;

	if (reads_settings && !reading->told)
		run->settings = run->context->settings;
	run->reads_settings = false;
}

void
chart_reads_note(
    struct run *run, const struct template *template, bool decides)
{
	struct reading reading = {.run = run, .decides = decides};
	bool reads_settings = run->reads_settings;

	read_template(&reading, template);
	finish(&reading, reads_settings);
}

void
chart_reads_note_decision(
    struct run *run, const struct def_decision *decision)
{
	struct reading reading = {.run = run, .decides = true};
	bool reads_settings = run->reads_settings;

	for (size_t i = 0; i < decision->input_count; i++)
		read_feel(&reading, decision->inputs[i].feel);
	finish(&reading, reads_settings);
}
