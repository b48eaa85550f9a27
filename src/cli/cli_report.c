/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_report.c: what came of scenarios, for people (text), for test harnesses
 * (TAP version 14) and for build servers (JUnit's XML).
 */
#include "cli_report.h"

#include "cli_priv.h"

struct format {
	const char *name;
	void (*print)(struct cli *cli, const struct cli_report *report);
};

static const struct format formats[] = {
    [REPORT_TEXT] = {"text", cli_report_print_text},
    [REPORT_TAP] = {"tap", cli_report_print_tap},
    [REPORT_JUNIT] = {"junit", cli_report_print_junit},
    [REPORT_JSON] = {"json", cli_report_print_json},
};

bool
cli_report_format(struct str name, enum cli_report_format *format)
{
	*format = REPORT_TEXT;
	if (name.at == NULL)
		return true;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (str_equal(str_of(formats[i].name), name)) {
			*format = (enum cli_report_format)i;
			return true;
		}
	return false;
}

/* ---- counting ---- */

/* Files that can't be read count as failed, but are no scenarios. */
static bool
is_unreadable(const struct cli_result *result)
{
	return result->workflow.at == NULL;
}

size_t
cli_report_count_failed(const struct cli_report *report)
{
	size_t failed = 0;

	for (size_t i = 0; i < report->count; i++)
		failed += !report->results[i].outcome.is_passed;
	return failed;
}

size_t
cli_report_count_unreadable(const struct cli_report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->count; i++)
		count += is_unreadable(&report->results[i]);
	return count;
}

struct cli_reach
cli_report_reach_of(const struct scenario_coverage *coverage)
{
	const struct definition *definition =
	    scenario_coverage_definition(coverage);
	struct cli_reach reach = {.states = definition->state_count,
	    .transitions = definition->transition_count};

	for (size_t i = 0; i < reach.states; i++)
		reach.states_reached +=
		    scenario_coverage_state(coverage, i) > 0;
	for (size_t i = 0; i < reach.transitions; i++)
		reach.transitions_reached +=
		    scenario_coverage_transition(coverage, i) > 0;
	return reach;
}

bool
cli_report_is_whole(const struct scenario_coverage *coverage)
{
	struct cli_reach reach = cli_report_reach_of(coverage);

	return reach.states == reach.states_reached &&
	       reach.transitions == reach.transitions_reached;
}

/* How many are not whole, where that is asked for. */
size_t
cli_report_count_uncovered(const struct cli_report *report)
{
	size_t count = 0;

	for (size_t i = 0; report->is_strict && i < report->coverage_count; i++)
		count += !cli_report_is_whole(report->coverages[i]);
	return count;
}

bool
cli_report_print(struct cli *cli, const struct cli_report *report)
{
	bool is_passed = cli_report_count_failed(report) == 0 &&
			 cli_report_count_uncovered(report) == 0 &&
			 !report->is_broken;

	formats[report->format].print(cli, report);
	if (report->count == 0 && !report->is_broken) {
		cli_fail(cli, "there are no scenarios to play");
		return false;
	}
	return is_passed && fflush(cli->out) == 0;
}

/* ---- one failure in words, the same in all formats ---- */

void
cli_report_tell_lines(struct buf *out, const char *indent, struct str text)
{
	while (text.at != NULL && text.bytes > 0) {
		struct str line = str_split(text, '\n', &text);

		buf_addf(out, "%s%.*s\n", indent, STR_ARG(line));
	}
}

static void
tell_place(struct buf *out, struct diag_span span)
{
	if (span.source == NULL)
		return;
	buf_addf(out, "%.*s:%u:%u: ", STR_ARG(span.source->file), span.line,
	    span.column);
}

static void
tell_records(struct cli *cli, struct buf *out, const struct value *records)
{
	if (records == NULL || records->as.list.count == 0)
		return;
	buf_add_cstr(out, "the last that happened:\n");
	for (size_t i = 0; i < records->as.list.count; i++)
		buf_addf(out, "  %.*s\n",
		    STR_ARG(cli_story_tell(cli, records->as.list.items[i])));
}

void
cli_report_tell_failure(struct cli *cli, struct buf *out,
    const struct cli_result *result, bool colours)
{
	const struct scenario_outcome *outcome = &result->outcome;

	tell_place(out, outcome->span);
	buf_addf(out, "%.*s\n",
	    STR_ARG(cli_text_clean(cli->arena, outcome->message)));
	diag_excerpt(out, outcome->span, colours);
	for (size_t i = 0; i < outcome->difference_count; i++)
		buf_addf(out, "  %.*s\n",
		    STR_ARG(
			cli_text_clean(cli->arena, outcome->differences[i])));
	tell_records(cli, out, outcome->records);
	buf_add_str(out, result->trouble);
}

/* ---- what was not reached ---- */

static void
tell_transition(struct buf *out, const struct def_transition *transition)
{
	buf_addf(out, "`%.*s`", STR_ARG(transition->source->name));
	if (transition->event.at != NULL)
		buf_addf(out, " on `%.*s`", STR_ARG(transition->event));
	else if (transition->after.kind != SPAN_NONE)
		buf_addf(out, " after %.*s", STR_ARG(transition->after.text));
	else
		buf_add_cstr(out, " always");
	for (size_t i = 0; i < transition->targets.count; i++)
		buf_addf(out, "%s`%.*s`", i == 0 ? " to " : ", ",
		    STR_ARG(transition->targets.items[i]->name));
}

/* A workflow that nothing plays is told by one line. */
static void
tell_unplayed(struct buf *out, const struct definition *definition)
{
	buf_addf(out, "%.*s: no scenario plays `%.*s`\n",
	    STR_ARG(definition->file), STR_ARG(definition->name));
}

void
cli_report_tell_unreached(
    struct buf *out, const struct scenario_coverage *coverage)
{
	const struct definition *definition =
	    scenario_coverage_definition(coverage);

	if (cli_report_reach_of(coverage).states_reached == 0) {
		tell_unplayed(out, definition);
		return;
	}
	for (size_t i = 0; i < definition->state_count; i++) {
		if (scenario_coverage_state(coverage, i) > 0)
			continue;
		tell_place(out, definition->states[i]->span);
		buf_addf(out, "no scenario enters `%.*s`\n",
		    STR_ARG(definition->states[i]->name));
	}
	for (size_t i = 0; i < definition->transition_count; i++) {
		if (scenario_coverage_transition(coverage, i) > 0)
			continue;
		tell_place(out, definition->transitions[i]->span);
		buf_add_cstr(out, "no scenario goes from ");
		tell_transition(out, definition->transitions[i]);
		buf_add_char(out, '\n');
	}
}
