/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_explain.h: private to src/cli: where an expression went wrong, and why
 * it gave what it gave.
 */
#ifndef STATED_CLI_EXPLAIN_H
#define STATED_CLI_EXPLAIN_H

#include "cli_priv.h"

#include "stated/feel.h"

#define CLI_NOTES_MAX 20

/* An expression that was typed, for messages about it. */
struct cli_expression {
	struct cli *cli;
	struct diag_source source;
	const struct value *context; /* what its names are looked up in */
	struct diag_list *diags;
	const struct feel_part *told[CLI_NOTES_MAX];
	size_t told_count;
};

struct cli_expression cli_explain_begin(
    struct cli *cli, struct str text, const struct value *context);
/* Shows what was told, on standard error, and frees it. */
void cli_explain_end(struct cli_expression *expression);

/* Tells why the text can't be parsed. */
void cli_explain_error(struct cli_expression *expression,
    const struct feel_error *error);
/* Tells what gave null on the way, part by part. */
void cli_explain_notes(
    struct cli_expression *expression, const struct feel_trace *trace);
/* Prints the value of every part, as text or as JSON. */
void cli_explain_print(struct cli_expression *expression,
    const struct value *value, const struct feel_trace *trace);

/* Prints what a table's inputs are, which rules hold for them and why the
 * others don't, and what follows, as text or as JSON.  env is as it was when
 * the table was evaluated. */
struct def_decision;
struct decision_result;
void cli_explain_table(struct cli *cli, const struct def_decision *decision,
    const struct decision_result *result, struct feel_env env);
/* Tells what gave null on the way; `context` is what env looks names up in. */
void cli_explain_table_notes(struct cli *cli,
    const struct def_decision *decision,
    const struct decision_result *result, struct feel_env env,
    const struct value *context);

#endif
