/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_talk.c: a simulation on a terminal.
 *
 * Shows where the instance stands and offers what may happen next, by number.
 * Durations, a few words and lines of JSON are taken as well: whatever is
 * offered is one line of the same protocol, and is shown, so that it can be
 * learnt.  What was done can be kept as a scenario.
 */
#include "cli_talk.h"

#include <stdlib.h>

/* ---- words ---- */

static void
say_history(struct talk *talk)
{
	cli_story_print(talk->cli, sim_history(talk->sim, talk->arena));
}

static void say_help(struct talk *talk);

struct word {
	const char *name;
	const char *help;
	void (*say)(struct talk *talk); /* NULL: the session ends */
};

static const struct word words[] = {
    {"help", "this list", say_help},
    {"data", "all variables", cli_talk_show_data},
    {"history", "what has happened so far", say_history},
    {"scenario", "what was done as a file for `stated test`",
	cli_talk_show_scenario},
    {"quit", "ends the session, as Ctrl-D does", NULL},
};

static void
say_help(struct talk *talk)
{
	FILE *out = talk->cli->out;

	fputs("  a number     does what is offered\n"
	      "  31m, 4h, 2d  lets time pass; 3 business days, too\n"
	      "  {…}          one act as a line of JSON, as in\n"
	      "               {\"event\": {\"type\": …, \"subject\": …}}\n",
	    out);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fprintf(out, "  %-11s  %s\n", words[i].name, words[i].help);
}

static const struct word *
find_word(struct str text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(str_of(words[i].name), text))
			return &words[i];
	return NULL;
}

/* ---- taking ---- */

static void
remember_who(
    struct talk *talk, const struct talk_offer *offered, struct str answer)
{
	if (offered->is_who)
		talk->who = arena_str(talk->memory, answer);
}

static bool
ask(struct talk *talk, const struct talk_offer *offered, struct buf *json)
{
	struct buf line = {0};
	struct str text;

	fprintf(talk->cli->out, "%s [%.*s]> ", offered->question,
	    STR_ARG(offered->fallback));
	fflush(talk->cli->out);
	if (!cli_value_line(talk->cli->in, &line)) {
		buf_fini(&line);
		return false;
	}
	text = line.bytes > 0 ? str_trim(buf_str(&line)) : STR("");
	if (text.bytes == 0)
		text = offered->fallback;
	remember_who(talk, offered, text);
	if (offered->is_json)
		buf_add_str(json, text);
	else
		buf_add_json_string(json, text);
	buf_fini(&line);
	return true;
}

static bool
take_offer(
    struct talk *talk, const struct talk_offer *offered, struct buf *json)
{
	buf_add_str(json, offered->before);
	if (offered->question != NULL && !ask(talk, offered, json))
		return false;
	buf_add_str(json, offered->after);
	fprintf(talk->cli->out, "%s\n", buf_cstr(json));
	return true;
}

/* The line of JSON that was meant, none where a word was said; false where
 * the session ends. */
static bool
understand(struct talk *talk, struct str text, struct buf *json)
{
	const struct word *word = find_word(text);
	int64_t number;
	struct def_span span;

	if (word != NULL) {
		if (word->say != NULL)
			word->say(talk);
		return word->say != NULL;
	}
	if (talk->count > 0 &&
	    str_parse_int(text, 1, (int64_t)talk->count, &number))
		return take_offer(talk, &talk->offers[number - 1], json);
	if (def_span_parse(text, &span)) {
		buf_add_cstr(json, "{\"advance\": ");
		buf_add_json_string(json, text);
		buf_add_char(json, '}');
	} else {
		buf_add_str(json, text);
	}
	return true;
}

/* ---- doing ---- */

static void
remember(struct talk *talk, const struct value *line)
{
	const struct chart *chart = sim_chart(talk->sim);

	talk->acts = arena_grow(talk->memory, talk->acts, talk->act_count,
	    &talk->act_capacity, sizeof(*talk->acts));
	talk->states = arena_grow(talk->memory, talk->states, talk->act_count,
	    &talk->state_capacity, sizeof(*talk->states));
	talk->acts[talk->act_count] = value_copy(talk->memory, line);
	talk->states[talk->act_count++] =
	    chart == NULL ? STR("")
			  : arena_str(talk->memory,
				chart_state_names(chart, talk->arena));
}

static void
act(struct talk *talk, struct str json)
{
	struct json_error malformed;
	const struct value *line = json_read(talk->arena, json, &malformed);
	struct buf why = {0};

	if (line == NULL && json.at[0] != '{')
		cli_fail(talk->cli,
		    "a number, a duration, a line of JSON, or a word: `help` "
		    "lists them");
	else if (line == NULL)
		cli_fail(talk->cli, "column %u: %s", malformed.column,
		    malformed.message);
	else if (!sim_act(talk->sim, line, &why))
		cli_fail(talk->cli, "%s", buf_cstr(&why));
	else
		remember(talk, line);
	buf_fini(&why);
}

static bool
round_of(struct talk *talk)
{
	const struct value *report = sim_report(talk->sim, talk->arena);
	struct buf line = {0}, json = {0};
	bool goes_on;

	talk->offers = NULL;
	talk->count = talk->capacity = 0;
	cli_talk_show(talk, report);
	cli_talk_offer_all(talk, report);
	cli_talk_show_offers(talk);
	goes_on = cli_value_line(talk->cli->in, &line);
	if (goes_on && line.bytes > 0)
		goes_on = understand(talk, str_trim(buf_str(&line)), &json);
	if (goes_on && json.bytes > 0)
		act(talk, buf_str(&json));
	buf_fini(&line);
	buf_fini(&json);
	return goes_on;
}

enum cli_status
cli_talk(struct cli *cli, struct sim *sim)
{
	struct talk talk = {
	    .cli = cli,
	    .sim = sim,
	    .memory = arena_new(),
	    .arena = arena_new(),
	    .who = STR("somebody"),
	    .data = &value_null,
	};

	cli_talk_show_title(&talk);
	while (round_of(&talk))
		arena_reset(talk.arena);
	fputc('\n', cli->out);
	arena_free(&talk.arena);
	arena_free(&talk.memory);
	return CLI_OK;
}
