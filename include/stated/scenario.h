/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario.h: how a process owner tests a workflow.
 *
 * A file NAME.test.yaml tells scenarios: what the instance is started with,
 * what happens to it, and what is expected of it.  Each is played on a virtual
 * clock against scripted replies, by the engine's own interpreter.
 *
 * A file is read against the library that its workflow stands in: a state, an
 * operation or an event that is not there is told with its place, before
 * anything is played.
 */
#ifndef STATED_SCENARIO_H
#define STATED_SCENARIO_H

#include "stated/library.h"

struct scenario_file;

/* Whether a file of that name tells scenarios: *.test.yaml, *.test.yml. */
bool scenario_is_file(struct str path);
/* NULL with diags.  All is made in the arena; the library must live as long. */
MUST_USE const struct scenario_file *scenario_read(struct arena *arena,
    const struct library *library, struct str file, struct str text,
    struct diag_list *diags);
const struct definition *scenario_definition(const struct scenario_file *file);
size_t scenario_count(const struct scenario_file *file);
struct str scenario_name(const struct scenario_file *file, size_t index);

/* ---- what was reached ---- */

struct scenario_coverage;
struct scenario_coverage *scenario_coverage_new(
    const struct definition *definition);
void scenario_coverage_free(struct scenario_coverage **coverage);
const struct definition *scenario_coverage_definition(
    const struct scenario_coverage *coverage);
/* How often, by the definition's index.  A history is no state of its own:
 * it counts as reached. */
size_t scenario_coverage_state(
    const struct scenario_coverage *coverage, size_t index);
size_t scenario_coverage_transition(
    const struct scenario_coverage *coverage, size_t index);

/* ---- playing ---- */

struct scenario_outcome {
	bool is_passed;
	const struct value *history; /* all of its records, oldest first */
	/* the rest is of one that failed */
	struct diag_span span; /* of the step, or of what is wrong in it */
	struct str message;    /* one sentence, no full stop */
	const struct str *differences; /* one line each */
	size_t difference_count;
	const struct value *records; /* history's last ones, oldest first */
};
/* coverage may be NULL; else it is added to.  The outcome is made in the
 * arena. */
void scenario_run(const struct scenario_file *file, size_t index,
    struct scenario_coverage *coverage, struct arena *arena,
    struct scenario_outcome *outcome);

#endif
