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

static void print_text(struct cli *cli, const struct cli_report *report);
static void print_tap(struct cli *cli, const struct cli_report *report);
static void print_junit(struct cli *cli, const struct cli_report *report);

static const struct format formats[] = {
    [REPORT_TEXT] = {"text", print_text},
    [REPORT_TAP] = {"tap", print_tap},
    [REPORT_JUNIT] = {"junit", print_junit},
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

static size_t
count_failed(const struct cli_report *report)
{
	size_t failed = 0;

	for (size_t i = 0; i < report->count; i++)
		failed += !report->results[i].outcome.is_passed;
	return failed;
}

static size_t
count_unreadable(const struct cli_report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->count; i++)
		count += is_unreadable(&report->results[i]);
	return count;
}

struct reach {
	size_t states;
	size_t states_reached;
	size_t transitions;
	size_t transitions_reached;
};

static struct reach
reach_of(const struct scenario_coverage *coverage)
{
	const struct definition *definition =
	    scenario_coverage_definition(coverage);
	struct reach reach = {.states = definition->state_count,
	    .transitions = definition->transition_count};

	for (size_t i = 0; i < reach.states; i++)
		reach.states_reached +=
		    scenario_coverage_state(coverage, i) > 0;
	for (size_t i = 0; i < reach.transitions; i++)
		reach.transitions_reached +=
		    scenario_coverage_transition(coverage, i) > 0;
	return reach;
}

static bool
is_whole(const struct scenario_coverage *coverage)
{
	struct reach reach = reach_of(coverage);

	return reach.states == reach.states_reached &&
	       reach.transitions == reach.transitions_reached;
}

/* How many are not whole, where that is asked for. */
static size_t
count_uncovered(const struct cli_report *report)
{
	size_t count = 0;

	for (size_t i = 0; report->is_strict && i < report->coverage_count; i++)
		count += !is_whole(report->coverages[i]);
	return count;
}

bool
cli_report_print(struct cli *cli, const struct cli_report *report)
{
	bool is_passed = count_failed(report) == 0 &&
			 count_uncovered(report) == 0 && !report->is_broken;

	formats[report->format].print(cli, report);
	if (report->count == 0 && !report->is_broken) {
		cli_fail(cli, "there are no scenarios to play");
		return false;
	}
	return is_passed && fflush(cli->out) == 0;
}

/* ---- one failure in words, the same in all formats ---- */

static void
tell_lines(struct buf *out, const char *indent, struct str text)
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
		    STR_ARG(
			cli_story_tell(cli, records->as.list.items[i])));
}

static void
tell_failure(struct cli *cli, struct buf *out, const struct cli_result *result,
    bool colours)
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

static void
tell_unreached(struct buf *out, const struct scenario_coverage *coverage)
{
	const struct definition *definition =
	    scenario_coverage_definition(coverage);

	if (reach_of(coverage).states_reached == 0) {
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

/* ---- text ---- */

static void
print_result(struct cli *cli, const struct cli_result *result)
{
	bool is_passed = result->outcome.is_passed;
	struct buf failure = {0}, text = {0};

	fputs("  ", cli->out);
	cli_text_paint(cli->out, cli->colours_out,
	    is_passed ? COLOUR_GREEN : COLOUR_RED,
	    is_passed ? STR("ok  ") : STR("FAIL"));
	fprintf(cli->out, "  %.*s\n",
	    STR_ARG(cli_text_clean(cli->arena, result->name)));
	if (!is_passed) {
		tell_failure(cli, &failure, result, cli->colours_out);
		tell_lines(&text, "        ", buf_str(&failure));
		fputs(buf_cstr(&text), cli->out);
	}
	buf_fini(&failure);
	buf_fini(&text);
}

static void
print_coverage(struct cli *cli, const struct cli_report *report)
{
	static const char *const headings[] = {
	    "WORKFLOW", "STATES", "TRANSITIONS", NULL};
	struct cli_table *table = cli_table_new(cli->arena, headings);
	struct buf text = {0};

	if (report->coverage_count == 0)
		return;
	for (size_t i = 0; i < report->coverage_count; i++) {
		const struct definition *definition =
		    scenario_coverage_definition(report->coverages[i]);
		struct reach reach = reach_of(report->coverages[i]);

		cli_table_add(
		    table, arena_strf(cli->arena, "%.*s %lld",
			       STR_ARG(definition->name),
			       (long long)definition->version));
		cli_table_add(table, arena_strf(cli->arena, "%zu of %zu",
					 reach.states_reached, reach.states));
		cli_table_add(table,
		    arena_strf(cli->arena, "%zu of %zu",
			reach.transitions_reached, reach.transitions));
		tell_unreached(&text, report->coverages[i]);
	}
	fputc('\n', cli->out);
	cli_table_print(table, cli->out, cli->colours_out);
	fputs(buf_cstr(&text), cli->out);
	buf_fini(&text);
}

static void
print_summary(struct cli *cli, const struct cli_report *report)
{
	size_t unreadable = count_unreadable(report);
	size_t played = report->count - unreadable;
	size_t failed = count_failed(report) - unreadable;
	size_t uncovered = count_uncovered(report);

	fprintf(cli->out, "%s%zu scenario%s, %zu passed, ",
	    report->coverage_count > 0 ? "\n" : "", played,
	    played == 1 ? "" : "s", played - failed);
	cli_text_paint(cli->out, cli->colours_out,
	    failed > 0 ? COLOUR_RED : COLOUR_NONE,
	    arena_strf(cli->arena, "%zu failed", failed));
	if (unreadable > 0)
		fprintf(cli->out, ", %zu file%s can't be read", unreadable,
		    unreadable == 1 ? "" : "s");
	if (uncovered > 0)
		fprintf(cli->out, ", %zu workflow%s not wholly reached",
		    uncovered, uncovered == 1 ? "" : "s");
	fputc('\n', cli->out);
}

static void
print_text(struct cli *cli, const struct cli_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct cli_result *result = &report->results[i];

		if (i == 0 ||
		    !str_equal(result->file, report->results[i - 1].file))
			fprintf(cli->out, "%.*s\n", STR_ARG(result->file));
		print_result(cli, result);
	}
	print_coverage(cli, report);
	if (report->count > 0)
		print_summary(cli, report);
}

/* ---- TAP ---- */

/* A description may hold no "#", and a line is a line. */
static struct str
tap_text(struct arena *arena, struct str text)
{
	struct buf clean = {0};
	struct str result;

	text = cli_text_clean(arena, text);
	for (size_t i = 0; i < text.bytes; i++) {
		if (text.at[i] == '#' || text.at[i] == '\\')
			buf_add_char(&clean, '\\');
		buf_add_char(&clean, text.at[i]);
	}
	result = arena_str(arena, buf_str(&clean));
	buf_fini(&clean);
	return result;
}

static void
print_tap_result(
    struct cli *cli, const struct cli_result *result, size_t number)
{
	struct buf failure = {0}, text = {0};

	fprintf(cli->out, "%s %zu - %.*s: %.*s\n",
	    result->outcome.is_passed ? "ok" : "not ok", number,
	    STR_ARG(tap_text(cli->arena, result->file)),
	    STR_ARG(tap_text(cli->arena, result->name)));
	if (result->outcome.is_passed)
		return;
	tell_failure(cli, &failure, result, false);
	buf_add_cstr(&text, "  ---\n  message: |\n");
	tell_lines(&text, "    ", buf_str(&failure));
	fprintf(cli->out, "%s  ...\n", buf_cstr(&text));
	buf_fini(&failure);
	buf_fini(&text);
}

/* Coverage is a test where it is asked for strictly, else a remark. */
static void
print_tap_coverage(struct cli *cli, const struct scenario_coverage *coverage,
    bool is_strict, size_t number)
{
	bool whole = is_whole(coverage);
	struct buf unreached = {0}, text = {0};

	if (is_strict)
		fprintf(cli->out, "%s %zu - %.*s: coverage\n",
		    whole ? "ok" : "not ok", number,
		    STR_ARG(scenario_coverage_definition(coverage)->name));
	tell_unreached(&unreached, coverage);
	tell_lines(&text, is_strict ? "    " : "# ", buf_str(&unreached));
	if (is_strict && !whole)
		fprintf(cli->out, "  ---\n  message: |\n%s  ...\n",
		    buf_cstr(&text));
	else
		fputs(buf_cstr(&text), cli->out);
	buf_fini(&unreached);
	buf_fini(&text);
}

static void
print_tap(struct cli *cli, const struct cli_report *report)
{
	size_t number = 0;

	fprintf(cli->out, "TAP version 14\n1..%zu\n",
	    report->count + (report->is_strict ? report->coverage_count : 0));
	for (size_t i = 0; i < report->count; i++)
		print_tap_result(cli, &report->results[i], ++number);
	for (size_t i = 0; i < report->coverage_count; i++)
		print_tap_coverage(cli, report->coverages[i],
		    report->is_strict, ++number);
}

/* ---- JUnit ---- */

/* What XML 1.0 can't hold is replaced. */
static void
add_xml(struct buf *out, struct str text)
{
	for (size_t at = 0; at < text.bytes;) {
		struct str c = str_codepoint_at(text, at);
		unsigned char first = (unsigned char)text.at[at];

		at += c.bytes > 0 ? c.bytes : 1;
		if (c.bytes == 0 || (first < 0x20 && first != '\n' &&
				    first != '\t') ||
		    str_equal(c, STR("\xef\xbf\xbe")) ||
		    str_equal(c, STR("\xef\xbf\xbf")))
			buf_add_cstr(out, "\xef\xbf\xbd");
		else if (first == '&')
			buf_add_cstr(out, "&amp;");
		else if (first == '<')
			buf_add_cstr(out, "&lt;");
		else if (first == '>')
			buf_add_cstr(out, "&gt;");
		else if (first == '"')
			buf_add_cstr(out, "&quot;");
		else
			buf_add_str(out, c);
	}
}

static void
add_attribute(struct buf *out, const char *name, struct str value)
{
	buf_addf(out, " %s=\"", name);
	add_xml(out, value);
	buf_add_char(out, '"');
}

static void
add_seconds(struct buf *out, int64_t ms)
{
	buf_addf(out, " time=\"%lld.%03lld\"", (long long)(ms / 1000),
	    (long long)(ms % 1000));
}

static void
add_case(struct cli *cli, struct buf *out, const struct cli_result *result)
{
	struct buf failure = {0};

	buf_add_cstr(out, "    <testcase");
	add_attribute(out, "classname",
	    result->workflow.at != NULL ? result->workflow : result->file);
	add_attribute(out, "name", result->name);
	add_attribute(out, "file", result->file);
	add_seconds(out, result->took_ms);
	if (result->outcome.is_passed) {
		buf_add_cstr(out, "/>\n");
		return;
	}
	tell_failure(cli, &failure, result, false);
	buf_add_cstr(out, ">\n      <failure");
	add_attribute(out, "message", result->outcome.message);
	buf_add_char(out, '>');
	add_xml(out, buf_str(&failure));
	buf_add_cstr(out, "</failure>\n    </testcase>\n");
	buf_fini(&failure);
}

/* The results from `first` on that are of the same file. */
static size_t
add_suite(struct cli *cli, struct buf *out, const struct cli_report *report,
    size_t first)
{
	struct str file = report->results[first].file;
	size_t end = first, failed = 0;
	int64_t took_ms = 0;

	for (; end < report->count && str_equal(report->results[end].file, file);
	     end++) {
		failed += !report->results[end].outcome.is_passed;
		took_ms += report->results[end].took_ms;
	}
	buf_add_cstr(out, "  <testsuite");
	add_attribute(out, "name", file);
	buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"",
	    end - first, failed);
	add_seconds(out, took_ms);
	buf_add_cstr(out, ">\n");
	for (size_t i = first; i < end; i++)
		add_case(cli, out, &report->results[i]);
	buf_add_cstr(out, "  </testsuite>\n");
	return end;
}

/* Coverage is a suite of its own, where it is asked for strictly. */
static void
add_coverage(struct buf *out, const struct cli_report *report)
{
	if (!report->is_strict)
		return;
	buf_addf(out,
	    "  <testsuite name=\"coverage\" tests=\"%zu\" failures=\"%zu\" "
	    "errors=\"0\" time=\"0.000\">\n",
	    report->coverage_count, count_uncovered(report));
	for (size_t i = 0; i < report->coverage_count; i++) {
		struct buf text = {0};

		buf_add_cstr(out, "    <testcase classname=\"coverage\"");
		add_attribute(out, "name",
		    scenario_coverage_definition(report->coverages[i])->name);
		buf_add_cstr(out, " time=\"0.000\">");
		tell_unreached(&text, report->coverages[i]);
		if (text.bytes > 0) {
			buf_add_cstr(
			    out, "\n      <failure message=\"coverage\">");
			add_xml(out, buf_str(&text));
			buf_add_cstr(out, "</failure>\n    ");
		}
		buf_add_cstr(out, "</testcase>\n");
		buf_fini(&text);
	}
	buf_add_cstr(out, "  </testsuite>\n");
}

static void
print_junit(struct cli *cli, const struct cli_report *report)
{
	struct buf out = {0};

	buf_add_cstr(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buf_addf(&out, "<testsuites tests=\"%zu\" failures=\"%zu\">\n",
	    report->count + (report->is_strict ? report->coverage_count : 0),
	    count_failed(report) + count_uncovered(report));
	for (size_t i = 0; i < report->count;)
		i = add_suite(cli, &out, report, i);
	add_coverage(&out, report);
	buf_add_cstr(&out, "</testsuites>\n");
	fputs(buf_cstr(&out), cli->out);
	buf_fini(&out);
}
