/* SPDX-License-Identifier: Apache-2.0 */
/* cli_report.h: private to src/cli: what came of scenarios. */
#ifndef STATED_CLI_REPORT_H
#define STATED_CLI_REPORT_H

#include "stated/scenario.h"

enum cli_report_format { REPORT_TEXT, REPORT_TAP, REPORT_JUNIT };
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

#endif
