/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_talk_show.c: where the instance stands, what came of the last act, and
 * what has changed since.
 */
#include "cli_talk.h"

#include "stated/clock.h"

#define VALUE_COLUMNS_MAX 100

/* What the instance let out, by the first key of the effect. */
struct sentence {
	const char *kind;
	const char *text;
};

static const struct sentence sentences[] = {
    {"call", "calls {call} {args}"},
    {"run", "runs {run} {input}"},
    {"cancel-run", "cancels {cancel-run}"},
    {"notice", "tells {to} by {by}: {message}"},
    {"event", "publishes {type}[ for {subject}] {data}"},
    {"escalation", "escalates to {to}, level {level}: {message}"},
};

/* Timers, by their kind. */
static const struct sentence timers[] = {
    {"deadline", "deadline {due}: {state} ends[ in {target}]"},
    {"escalation", "escalation {due}: {state} to {to}, level {level}"},
    {"wait", "waits until {due}"},
    {"call", "{operation} waits until {due}"},
};

static const char *
find(const struct sentence *rows, size_t count, struct str kind)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(str_of(rows[i].kind), kind))
			return rows[i].text;
	return NULL;
}
#define FIND(rows, kind) find(rows, sizeof(rows) / sizeof((rows)[0]), kind)

static struct str
shortened(struct talk *talk, struct str text)
{
	size_t at = 0;

	for (size_t n = 0; n < VALUE_COLUMNS_MAX && at < text.bytes; n++)
		(void)str_next_codepoint(text, &at);
	return at == text.bytes
		   ? text
		   : arena_strf(talk->arena, "%.*s…", (int)at, text.at);
}

/* ---- effects ---- */

static struct str
text_of_effect(struct talk *talk, const struct value *effect)
{
	const struct value_field *first = &effect->as.context.fields[0];
	const struct value *fields =
	    first->value->type == VALUE_CONTEXT ? first->value : effect;
	const char *text = FIND(sentences, first->key);

	if (text == NULL)
		text = FIND(
		    timers, value_field_str(fields, "kind"));
	return text != NULL ? cli_story_fill(talk->cli, fields, str_of(text))
			    : cli_text_of(talk->arena, effect);
}

static void
show_effects(struct talk *talk, const struct value *effects)
{
	for (size_t i = 0; i < effects->as.list.count; i++) {
		const struct value *effect = effects->as.list.items[i];

		fputs("  -> ", talk->cli->out);
		cli_text_paint(talk->cli->out, talk->cli->colours_out,
		    value_get_cstr(effect, "timer") != NULL ? COLOUR_DIM
							    : COLOUR_NONE,
		    text_of_effect(talk, effect));
		fputc('\n', talk->cli->out);
	}
}

/* ---- variables ---- */

static struct str
text_of_value(struct talk *talk, const struct value *value)
{
	struct buf json = {0};
	struct str text;

	if (value == NULL)
		return STR("nothing");
	json_write(value, JSON_PLAIN, &json);
	text = shortened(talk, arena_str(talk->arena, buf_str(&json)));
	buf_fini(&json);
	return cli_text_clean(talk->arena, text);
}

static void
show_changes(struct talk *talk, const struct value *data)
{
	for (size_t i = 0; i < data->as.context.count; i++) {
		const struct value_field *field = &data->as.context.fields[i];
		const struct value *before = value_get(talk->data, field->key);

		if (before != NULL && value_equal(before, field->value))
			continue;
		fprintf(talk->cli->out, "     %.*s: ",
		    STR_ARG(cli_text_clean(talk->arena, field->key)));
		if (before != NULL)
			fprintf(talk->cli->out, "%.*s -> ",
			    STR_ARG(text_of_value(talk, before)));
		fprintf(talk->cli->out, "%.*s\n",
		    STR_ARG(text_of_value(talk, field->value)));
	}
	talk->data = value_copy(talk->memory, data);
}

void
cli_talk_show_data(struct talk *talk)
{
	if (sim_chart(talk->sim) != NULL)
		cli_value_print(talk->cli, chart_data(sim_chart(talk->sim)));
}

/* ---- where it stands ---- */

static void
show_states(struct talk *talk, const struct value *report)
{
	const struct value *states = value_field_or_null(report, "states");
	struct str status = value_field_str(report, "status");
	struct cli *cli = talk->cli;

	fprintf(cli->out, "%.*s  ",
	    STR_ARG(cli_text_time(
		talk->arena, value_field_str(report, "now"))));
	for (size_t i = 0; i < states->as.list.count; i++) {
		if (i > 0)
			fputs(", ", cli->out);
		cli_text_paint(cli->out, cli->colours_out, COLOUR_BOLD,
		    value_str(states->as.list.items[i]));
	}
	fputs(" (", cli->out);
	cli_text_paint(
	    cli->out, cli->colours_out, cli_text_status(status), status);
	fputs(")\n", cli->out);
}

static void
show_incidents(struct talk *talk, const struct value *report)
{
	const struct value *list = value_field_or_null(report, "incidents");

	for (size_t i = 0; list->type == VALUE_LIST && i < list->as.list.count;
	     i++) {
		fputs("     stands still: ", talk->cli->out);
		cli_text_paint(talk->cli->out, talk->cli->colours_out,
		    COLOUR_RED,
		    cli_text_clean(
			talk->arena, value_field_str(
					 list->as.list.items[i], "message")));
		fputc('\n', talk->cli->out);
	}
}

void
cli_talk_show(struct talk *talk, const struct value *report)
{
	struct str fate = value_field_str(report, "fate");

	if (sim_chart(talk->sim) == NULL)
		return;
	if (fate.at != NULL)
		fprintf(
		    talk->cli->out, "  -> the event is %.*s\n", STR_ARG(fate));
	show_effects(talk, value_field_or_null(report, "effects"));
	show_states(talk, report);
	show_changes(talk, value_field_or_null(report, "data"));
	show_incidents(talk, report);
}

void
cli_talk_show_title(const struct talk *talk)
{
	const struct definition *definition = sim_definition(talk->sim);

	cli_text_paint(talk->cli->out, talk->cli->colours_out, COLOUR_BOLD,
	    definition->name);
	fprintf(talk->cli->out, " %lld%s%.*s.  Nothing is sent anywhere.\n",
	    (long long)definition->version,
	    definition->title.at != NULL ? ", " : "",
	    STR_ARG(cli_text_clean(talk->arena, definition->title)));
}

void
cli_talk_show_offers(const struct talk *talk)
{
	for (size_t i = 0; i < talk->count; i++)
		fprintf(talk->cli->out, "  %zu  %.*s\n", i + 1,
		    STR_ARG(
			cli_text_clean(talk->arena, talk->offers[i].label)));
	fprintf(talk->cli->out, "a number, a duration, or help> ");
	fflush(talk->cli->out);
}

/* ---- as a scenario ---- */

static void
print_fields(struct talk *talk, const struct value *line)
{
	struct cli *cli = talk->cli;

	for (size_t i = 0; i < line->as.context.count; i++) {
		const struct value_field *field = &line->as.context.fields[i];
		struct buf json = {0};

		json_write(field->value, JSON_PLAIN, &json);
		fprintf(cli->out, "      %s %.*s: %s\n", i == 0 ? "-" : " ",
		    STR_ARG(field->key), buf_cstr(&json));
		buf_fini(&json);
	}
}

/* One state by its name, several as a list. */
static void
print_expectation(struct talk *talk, struct str states)
{
	bool are_several = str_find(states, STR(" ")) != SIZE_MAX;
	struct str rest = states, name;
	const char *before = are_several ? "[" : "";

	if (states.bytes == 0)
		return;
	fputs("      - expect: ", talk->cli->out);
	while (rest.at != NULL) {
		name = str_split(rest, ' ', &rest);
		fprintf(talk->cli->out, "%s%.*s", before, STR_ARG(name));
		before = ", ";
	}
	fprintf(talk->cli->out, "%s\n", are_several ? "]" : "");
}

/* Replies that were told before the start are so afterwards, too. */
static void
print_start(struct talk *talk)
{
	char now[CLOCK_TEXT_BYTES];

	if (sim_chart(talk->sim) != NULL)
		fprintf(talk->cli->out, "    now: %.*s\n",
		    STR_ARG(clock_format(
			chart_started_ms(sim_chart(talk->sim)), now)));
	for (size_t i = 0; i < talk->act_count; i++) {
		const struct value *input =
		    value_get_cstr(talk->acts[i], "start");
		struct buf json = {0};

		if (input == NULL)
			continue;
		json_write(input, JSON_PLAIN, &json);
		fprintf(talk->cli->out, "    start: %s\n", buf_cstr(&json));
		buf_fini(&json);
	}
}

void
cli_talk_show_scenario(struct talk *talk)
{
	struct str before = STR("");

	fprintf(talk->cli->out, "test: %.*s\nscenarios:\n  - name: a session\n",
	    STR_ARG(sim_definition(talk->sim)->name));
	print_start(talk);
	fputs("    steps:\n", talk->cli->out);
	for (size_t i = 0; i < talk->act_count; i++) {
		if (value_get_cstr(talk->acts[i], "start") == NULL)
			print_fields(talk, talk->acts[i]);
		if (!str_equal(talk->states[i], before))
			print_expectation(talk, talk->states[i]);
		before = talk->states[i];
	}
}
