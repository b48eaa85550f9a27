/* SPDX-License-Identifier: Apache-2.0 */
/* cli_report.h: private to src/cli: what came of scenarios. */
#ifndef STATED_CLI_REPORT_H
#define STATED_CLI_REPORT_H

#include "stated/scenario.h"

enum cli_report_format { REPORT_TEXT, REPORT_TAP, REPORT_JUNIT, REPORT_JSON };
/* Absent: text.  false where there is no such format. */
MUST_USE bool cli_report_format(
    struct str name, enum cli_report_format *format);

struct cli_result {
	struct str file;
	struct str name;     /* of the scenario */
	struct str workflow; /* absent where the file can't be read */
	struct scenario_outcome outcome;
	struct str trouble; /* diagnostics, where the file can't be read */
	int64_t took_ms;
};

struct cli_report {
	enum cli_report_format format;
	struct cli_result *results; /* those of a file together */
	size_t count;
	size_t capacity;
	struct scenario_coverage **coverages; /* none: they aren't told */
	size_t coverage_count;
	size_t coverage_capacity;
	bool is_strict; /* what was not reached is a failure */
	bool is_broken; /* something has been told on standard error */
};

struct cli;
/* true where nothing failed. */
MUST_USE bool cli_report_print(
    struct cli *cli, const struct cli_report *report);

/* ---- what the formats share ---- */

struct cli_reach {
	size_t states;
	size_t states_reached;
	size_t transitions;
	size_t transitions_reached;
};
struct cli_reach cli_report_reach_of(const struct scenario_coverage *coverage);
bool cli_report_is_whole(const struct scenario_coverage *coverage);
/* Files that can't be read count as failed, but are no scenarios. */
size_t cli_report_count_failed(const struct cli_report *report);
size_t cli_report_count_unreadable(const struct cli_report *report);
/* How many workflows are not wholly reached, where that is asked for. */
size_t cli_report_count_uncovered(const struct cli_report *report);
/* One failure in words, the same in all formats. */
void cli_report_tell_failure(struct cli *cli, struct buf *out,
    const struct cli_result *result, bool colours);
/* A line for each state and transition that was not reached. */
void cli_report_tell_unreached(
    struct buf *out, const struct scenario_coverage *coverage);
/* The text's lines, each after the indent. */
void cli_report_tell_lines(
    struct buf *out, const char *indent, struct str text);

void cli_report_print_text(struct cli *cli, const struct cli_report *report);
void cli_report_print_tap(struct cli *cli, const struct cli_report *report);
void cli_report_print_junit(struct cli *cli, const struct cli_report *report);
void cli_report_print_json(struct cli *cli, const struct cli_report *report);

#endif
