/* SPDX-License-Identifier: Apache-2.0 */
/* cli_report_text.c: what came of scenarios, for people. */
#include "cli_priv.h"

#include "cli_report.h"

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
		cli_report_tell_failure(
		    cli, &failure, result, cli->colours_out);
		cli_report_tell_lines(&text, "        ", buf_str(&failure));
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
		struct cli_reach reach =
		    cli_report_reach_of(report->coverages[i]);

		cli_table_add(table, arena_strf(cli->arena, "%.*s %lld",
					 STR_ARG(definition->name),
					 (long long)definition->version));
		cli_table_add(table, arena_strf(cli->arena, "%zu of %zu",
					 reach.states_reached, reach.states));
		cli_table_add(
		    table, arena_strf(cli->arena, "%zu of %zu",
			       reach.transitions_reached, reach.transitions));
		cli_report_tell_unreached(&text, report->coverages[i]);
	}
	fputc('\n', cli->out);
	cli_table_print(table, cli->out, cli->colours_out);
	fputs(buf_cstr(&text), cli->out);
	buf_fini(&text);
}

static void
print_summary(struct cli *cli, const struct cli_report *report)
{
	size_t unreadable = cli_report_count_unreadable(report);
	size_t played = report->count - unreadable;
	size_t failed = cli_report_count_failed(report) - unreadable;
	size_t uncovered = cli_report_count_uncovered(report);

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

void
cli_report_print_text(struct cli *cli, const struct cli_report *report)
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
