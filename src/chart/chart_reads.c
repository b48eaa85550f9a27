/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_reads.c: what expressions have read of the environment's settings.
 *
 * Settings may be others tomorrow, and who goes through the history again has
 * none: what was read of them gets into history.  An expression is asked for
 * the paths that it reads, so that the rest of them stays where it is.
 */
#include "chart_priv.h"

struct reading {
	struct run *run;
	bool told;	/* of a setting, or of its absence */
	struct str whole; /* a path to several of them; absent: none */
};

static const struct value *
with_path(struct arena *arena, const struct value *context, struct str path,
    const struct value *value)
{
	struct str rest, name = str_split(path, '.', &rest);

	if (context == NULL || context->type != VALUE_CONTEXT)
		context = value_built(value_build_context(arena));
	if (rest.at != NULL)
		value = with_path(
		    arena, value_get(context, name), rest, value);
	return value_with(arena, context, name, value);
}

static const struct value *
follow(const struct value *value, struct str path)
{
	struct str rest = path;

	while (value != NULL && rest.at != NULL) {
		struct str name = str_split(rest, '.', &rest);

		value = value_get(value, name);
	}
	return value;
}

static void
note(struct reading *reading, struct str path, const struct value *value)
{
	struct run *run = reading->run;

	run->settings =
	    with_path(run->context->arena, run->settings, path, value);
	reading->told = true;
}

/* A path is asked for from its beginning on; only its end counts. */
static unsigned
types_cb(struct str path, void *arg)
{
	struct reading *reading = arg;
	struct run *run = reading->run;
	struct str rest, name = str_split(path, '.', &rest);
	const struct value *value;

	if (!str_equal(name, STR("settings")))
		return FEEL_TYPES_ANY;
	value = follow(run->context->settings, rest);
	if (value == NULL) {
		reading->told = true;
		return FEEL_TYPES_ANY;
	}
	if (rest.at != NULL && value->type == VALUE_CONTEXT)
		reading->whole = arena_str(run->context->arena, rest);
	else if (rest.at != NULL)
		note(reading, rest, value);
	return FEEL_TYPE_BIT(value->type);
}

static void
read_template(struct reading *reading, const struct template *template)
{
	struct feel_inference inference = {
	    .arena = reading->run->context->arena,
	    .types = types_cb,
	    .arg = reading,
	};

	if (template->kind == TEMPLATE_FEEL)
		(void)feel_infer(template->feel, &inference);
	else if (template->kind == TEMPLATE_LIST)
		for (size_t i = 0; i < template->count; i++)
			read_template(reading, template->items[i]);
	else if (template->kind == TEMPLATE_CONTEXT)
		for (size_t i = 0; i < template->count; i++)
			read_template(reading, template->fields[i].value);
}

void
chart_reads_note_all(struct run *run)
{
	run->settings = run->context->settings;
	run->reads_settings = false;
}

/* All of them where nobody can tell which. */
void
chart_reads_note(struct run *run, const struct template *template)
{
	struct reading reading = {.run = run};

	run->reads_settings = false;
	read_template(&reading, template);
	if (!reading.told && reading.whole.at != NULL)
		note(&reading, reading.whole,
		    follow(run->context->settings, reading.whole));
	else if (!reading.told)
		chart_reads_note_all(run);
}
