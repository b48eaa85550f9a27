/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_simulate.c: steps one instance by hand.
 *
 * A line of JSON in, a line of JSON out, at once.  On a terminal the same
 * acts can be told in words, and what may happen next is offered.
 */
#include "cli_priv.h"

#include "stated/clock.h"
#include "stated/library.h"
#include "stated/sim.h"

#include <unistd.h>

static const struct value *
with_error(struct arena *arena, const struct value *report, struct str message)
{
	struct value_builder *error = value_build_context(arena);
	struct value_builder *line = value_build_context(arena);

	value_put_str(error, "message", message);
	value_put(line, STR("error"), value_built(error));
	for (size_t i = 0; i < report->as.context.count; i++)
		value_put(line, report->as.context.fields[i].key,
		    report->as.context.fields[i].value);
	return value_built(line);
}

static void
answer_line(struct arena *arena, struct str text, void *arg, struct buf *out)
{
	struct sim *sim = arg;
	struct json_error malformed;
	const struct value *line, *report;
	struct buf why = {0};
	bool is_done = false;

	if (str_trim(text).bytes == 0)
		return;
	line = json_read(arena, text, &malformed);
	if (line == NULL)
		buf_addf(
		    &why, "column %u: %s", malformed.column, malformed.message);
	else
		is_done = sim_act(sim, line, &why);
	report = sim_report(sim, arena);
	if (!is_done)
		report =
		    with_error(arena, report, arena_str(arena, buf_str(&why)));
	buf_fini(&why);
	json_write(report, JSON_PLAIN, out);
}

static enum cli_status
simulate(struct cli *cli, const struct library *library,
    const struct definition *definition)
{
	struct sim_options options = {
	    .definition = definition, .library = library};
	const char *settings = cli_option(cli, "settings");
	struct str at = cli_option_str(cli, "at");
	enum cli_status status;
	struct sim *sim;

	if (settings != NULL) {
		options.settings = cli_value_of(cli, "--settings", settings);
		if (options.settings == NULL)
			return CLI_FAILED;
		if (options.settings->type != VALUE_CONTEXT)
			return cli_usage(cli, "--settings takes a mapping");
	}
	if (at.at != NULL && !clock_parse(at, &options.now_ms))
		return cli_usage(cli, "--at takes an instant such as "
				      "2026-11-23T09:00:00Z");
	sim = sim_new(&options);
	status = isatty(fileno(cli->in)) && isatty(fileno(cli->out))
		     ? cli_talk(cli, sim)
		     : cli_value_lines(cli, answer_line, sim);
	sim_free(&sim);
	return status;
}

static enum cli_status
run(struct cli *cli)
{
	struct diag_list *diags = diag_list_new();
	struct library *library =
	    cli_library_load(cli, cli->arguments, 1, diags);
	const struct definition *definition =
	    cli_library_choose(cli, 0, library, diags);
	enum cli_status status = CLI_FAILED;

	if (definition != NULL)
		status = simulate(cli, library, definition);
	diag_list_free(&diags);
	library_free(&library);
	return status;
}

static const struct cmd_option options[] = {
    {"workflow", "NAME", "which workflow, where FILE has several"},
    {"at", "INSTANT", "when it begins; a Monday, 2026-11-23T09:00:00Z"},
    {"settings", "JSON|@FILE", "what expressions read as `settings`"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_simulate = {
    .name = "simulate",
    .arguments = "FILE",
    .summary = "Step one instance by hand on a virtual clock",
    .details = "Reads lines of JSON and answers each by one:\n"
	       "  {\"start\": {…}}                     the input\n"
	       "  {\"event\": {\"type\": …, \"subject\": …, \"data\": {…}}}\n"
	       "  {\"reply\": {\"bank.submit-payment\": {…}}}, or {…: "
	       "{\"error\": {…}}}\n"
	       "  {\"child\": {\"payment\": {\"outcome\": \"success\", "
	       "\"output\": {…}}}}\n"
	       "  {\"advance\": \"31m\"}\n"
	       "  {\"decide\": {\"choice\": …, \"actor\": …}}\n"
	       "On a terminal it offers what may happen next, and keeps what "
	       "was done as a scenario\nfor `stated test`.",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
