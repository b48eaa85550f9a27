/* SPDX-License-Identifier: Apache-2.0 */
/* cli_report_tap.c: for test harnesses: TAP version 14. */
#include "cli_priv.h"

#include "cli_report.h"

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
	cli_report_tell_failure(cli, &failure, result, false);
	buf_add_cstr(&text, "  ---\n  message: |\n");
	cli_report_tell_lines(&text, "    ", buf_str(&failure));
	fprintf(cli->out, "%s  ...\n", buf_cstr(&text));
	buf_fini(&failure);
	buf_fini(&text);
}

/* Coverage is a test where it is asked for strictly, else a remark. */
static void
print_tap_coverage(struct cli *cli, const struct scenario_coverage *coverage,
    bool is_strict, size_t number)
{
	bool whole = cli_report_is_whole(coverage);
	struct buf unreached = {0}, text = {0};

	if (is_strict)
		fprintf(cli->out, "%s %zu - %.*s: coverage\n",
		    whole ? "ok" : "not ok", number,
		    STR_ARG(scenario_coverage_definition(coverage)->name));
	cli_report_tell_unreached(&unreached, coverage);
	cli_report_tell_lines(
	    &text, is_strict ? "    " : "# ", buf_str(&unreached));
	if (is_strict && !whole)
		fprintf(cli->out, "  ---\n  message: |\n%s  ...\n",
		    buf_cstr(&text));
	else
		fputs(buf_cstr(&text), cli->out);
	buf_fini(&unreached);
	buf_fini(&text);
}

void
cli_report_print_tap(struct cli *cli, const struct cli_report *report)
{
	size_t number = 0;

	fprintf(cli->out, "TAP version 14\n1..%zu\n",
	    report->count + (report->is_strict ? report->coverage_count : 0));
	for (size_t i = 0; i < report->count; i++)
		print_tap_result(cli, &report->results[i], ++number);
	for (size_t i = 0; i < report->coverage_count; i++)
		print_tap_coverage(
		    cli, report->coverages[i], report->is_strict, ++number);
}
