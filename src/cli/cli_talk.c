/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_talk.c: a simulation on a terminal.
 *
 * Shows where the instance stands and offers what may happen next, by
 * number.  Words and lines of JSON are taken as well: whatever is offered is
 * one line of the same protocol, and is shown, so that it can be learnt.
 */
#include "cli_priv.h"

#include "stated/clock.h"
#include "stated/sim.h"

#include <stdlib.h>

struct offer {
	struct str label;
	struct str before; /* of the line of JSON */
	const char *asks;  /* what to ask for; NULL: nothing */
	bool asks_json;	   /* else a text */
	struct str after;
};

struct talk {
	struct cli *cli;
	struct sim *sim;
	struct arena *arena; /* of one round */
	struct offer *offers;
	size_t count;
	size_t capacity;
};

static void
offer(struct talk *talk, struct offer what)
{
	talk->offers = arena_grow(talk->arena, talk->offers, talk->count,
	    &talk->capacity, sizeof(*talk->offers));
	talk->offers[talk->count++] = what;
}

static struct str
quoted(struct talk *talk, struct str text)
{
	struct buf out = {0};
	struct str result;

	buf_add_json_string(&out, text);
	result = arena_str(talk->arena, buf_str(&out));
	buf_fini(&out);
	return result;
}

/* ---- what may happen next ---- */

static void
offer_replies(struct talk *talk, const struct value *report)
{
	const struct value *calls = value_field_or_null(report, "calls");

	for (size_t i = 0;
	     calls->type == VALUE_LIST && i < calls->as.list.count; i++) {
		struct str operation = value_str(calls->as.list.items[i]);
		struct str before = arena_strf(talk->arena,
		    "{\"reply\": {%.*s: ", STR_ARG(quoted(talk, operation)));

		offer(talk, (struct offer){
				.label = arena_strf(talk->arena, "%.*s answers",
				    STR_ARG(operation)),
				.before = before,
				.asks = "the answer, as JSON",
				.asks_json = true,
				.after = STR("}}"),
			    });
		offer(talk,
		    (struct offer){
			.label = arena_strf(talk->arena,
			    "%.*s does not answer in time", STR_ARG(operation)),
			.before = before,
			.after = STR("{\"error\": {\"outcome\": \"unknown\", "
				     "\"code\": \"http.timeout\"}}}}"),
		    });
	}
}

static void
offer_task(struct talk *talk, const struct value *task)
{
	const struct value *choices = value_field_or_null(task, "choices");

	for (size_t i = 0;
	     choices->type == VALUE_LIST && i < choices->as.list.count; i++) {
		struct str choice = value_str(choices->as.list.items[i]);

		offer(talk,
		    (struct offer){
			.label = arena_strf(talk->arena, "decide %.*s: %.*s",
			    STR_ARG(choice),
			    STR_ARG(
				value_str(value_field_or_null(task, "title")))),
			.before = arena_strf(talk->arena,
			    "{\"decide\": {\"choice\": %.*s, \"actor\": ",
			    STR_ARG(quoted(talk, choice))),
			.asks = "who decides",
			.after = STR("}}"),
		    });
	}
}

static void
offer_tasks(struct talk *talk, const struct value *report)
{
	const struct value *tasks = value_field_or_null(report, "tasks");

	for (size_t i = 0;
	     tasks->type == VALUE_LIST && i < tasks->as.list.count; i++)
		offer_task(talk, tasks->as.list.items[i]);
}

static bool
is_awaited(const struct def_state *state, struct str type)
{
	for (; state != NULL; state = state->parent)
		for (size_t i = 0; i < state->on.count; i++)
			if (def_event_matches(state->on.items[i]->event, type))
				return true;
	return false;
}

static void
offer_events(struct talk *talk, const struct value *report)
{
	const struct definition *definition =
	    chart_definition(sim_chart(talk->sim));
	const struct value *states = value_field_or_null(report, "states");
	const struct def_state *state =
	    states->as.list.count == 0
		? NULL
		: definition_find_state(
		      definition, value_str(states->as.list.items[0]));

	for (size_t i = 0; i < definition->event_count; i++) {
		struct str type = definition->events[i].type;
		struct str subject = sim_subject(talk->sim, type, talk->arena);

		if (!is_awaited(state, type) || subject.at == NULL)
			continue;
		offer(talk,
		    (struct offer){
			.label = arena_strf(
			    talk->arena, "%.*s comes in", STR_ARG(type)),
			.before = arena_strf(talk->arena,
			    "{\"event\": {\"type\": %.*s, \"subject\": %.*s, "
			    "\"data\": ",
			    STR_ARG(quoted(talk, type)),
			    STR_ARG(quoted(talk, subject))),
			.asks = "what it carries, as JSON",
			.asks_json = true,
			.after = STR("}}"),
		    });
	}
}

static void
offer_time(struct talk *talk)
{
	int64_t due_ms = chart_due_ms(sim_chart(talk->sim));
	int64_t wait_ms = due_ms - sim_now_ms(talk->sim);
	char text[CLOCK_TEXT_BYTES];

	if (due_ms == 0)
		return;
	offer(
	    talk, (struct offer){
		      .label = arena_strf(talk->arena, "time passes until %.*s",
			  STR_ARG(clock_format(due_ms, text))),
		      .before = arena_strf(talk->arena,
			  "{\"advance\": \"%lldms\"", (long long)wait_ms),
		      .after = STR("}"),
		  });
}

static void
offer_all(struct talk *talk, const struct value *report)
{
	if (sim_chart(talk->sim) == NULL) {
		offer(talk, (struct offer){
				.label = STR("start"),
				.before = STR("{\"start\": "),
				.asks = "the input, as JSON",
				.asks_json = true,
				.after = STR("}"),
			    });
		return;
	}
	offer_replies(talk, report);
	offer_tasks(talk, report);
	offer_events(talk, report);
	offer_time(talk);
}

/* ---- showing ---- */

static void
show_effects(struct talk *talk, const struct value *effects)
{
	struct cli *cli = talk->cli;

	for (size_t i = 0; i < effects->as.list.count; i++)
		fprintf(cli->out, "  -> %.*s\n",
		    STR_ARG(
			cli_text_of(talk->arena, effects->as.list.items[i])));
}

static void
show(struct talk *talk, const struct value *report)
{
	struct cli *cli = talk->cli;
	const struct value *states = value_field_or_null(report, "states");

	if (sim_chart(talk->sim) == NULL)
		return;
	show_effects(talk, value_field_or_null(report, "effects"));
	fprintf(cli->out, "%.*s  ",
	    STR_ARG(value_str(value_field_or_null(report, "now"))));
	for (size_t i = 0; i < states->as.list.count; i++)
		cli_text_paint(cli->out, cli->colours_out, COLOUR_BOLD,
		    value_str(states->as.list.items[i]));
	fprintf(cli->out, " (%.*s)  %.*s\n",
	    STR_ARG(value_str(value_field_or_null(report, "status"))),
	    STR_ARG(
		cli_text_of(talk->arena, value_field_or_null(report, "data"))));
}

static void
show_offers(const struct talk *talk)
{
	for (size_t i = 0; i < talk->count; i++)
		fprintf(talk->cli->out, "  %zu  %.*s\n", i + 1,
		    STR_ARG(
			cli_text_clean(talk->arena, talk->offers[i].label)));
	fprintf(talk->cli->out, "a number, a line of JSON, a duration to let "
				"pass, or Ctrl-D> ");
	fflush(talk->cli->out);
}

/* ---- taking ---- */

static bool
ask(struct talk *talk, const struct offer *offered, struct buf *json)
{
	struct buf line = {0};
	struct str text;

	fprintf(talk->cli->out, "%s%s> ", offered->asks,
	    offered->asks_json ? " (Enter: {})" : "");
	fflush(talk->cli->out);
	if (!cli_value_line(talk->cli->in, &line)) {
		buf_fini(&line);
		return false;
	}
	text = line.bytes > 0 ? str_trim(buf_str(&line)) : STR("");
	if (!offered->asks_json)
		buf_add_json_string(json, text);
	else
		buf_add_str(json, text.bytes > 0 ? text : STR("{}"));
	buf_fini(&line);
	return true;
}

/* The line of JSON that was meant; false where the input ended. */
static bool
understand(struct talk *talk, struct str text, struct buf *json)
{
	const struct offer *offered;
	int64_t number;
	struct def_span span;

	if (def_span_parse(text, &span)) {
		buf_addf(
		    json, "{\"advance\": %.*s}", STR_ARG(quoted(talk, text)));
		return true;
	}
	if (talk->count == 0 ||
	    !str_parse_int(text, 1, (int64_t)talk->count, &number)) {
		buf_add_str(json, text);
		return true;
	}
	offered = &talk->offers[number - 1];
	buf_add_str(json, offered->before);
	if (offered->asks != NULL && !ask(talk, offered, json))
		return false;
	buf_add_str(json, offered->after);
	fprintf(talk->cli->out, "%s\n", buf_cstr(json));
	return true;
}

static void
act(struct talk *talk, struct str json)
{
	struct json_error malformed;
	const struct value *line = json_read(talk->arena, json, &malformed);
	struct buf why = {0};

	if (line == NULL)
		cli_fail(talk->cli, "column %u: %s", malformed.column,
		    malformed.message);
	else if (!sim_act(talk->sim, line, &why))
		cli_fail(talk->cli, "%s", buf_cstr(&why));
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
	show(talk, report);
	offer_all(talk, report);
	show_offers(talk);
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
	struct talk talk = {.cli = cli, .sim = sim, .arena = arena_new()};

	while (round_of(&talk))
		arena_reset(talk.arena);
	fputc('\n', cli->out);
	arena_free(&talk.arena);
	return CLI_OK;
}
