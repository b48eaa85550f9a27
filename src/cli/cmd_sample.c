/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_sample.c: a sample that can be drawn again. */
#include "cli_priv.h"

#include "stated/population.h"

static enum cli_status
read_options(struct cli *cli, struct sample_options *options)
{
	struct str told = cli_option_str(cli, "size");
	int64_t size = SAMPLE_SIZE_USUAL;

	*options = (struct sample_options){
	    .path = cli_option_str(cli, "database"),
	    .keys = cli->keys,
	    .workflow = cli_option_str(cli, "workflow"),
	    .seed = cli_option_str(cli, "seed"),
	};
	if (told.at != NULL && !str_parse_int(told, 1, SAMPLE_SIZE_MAX, &size))
		return cli_usage(
		    cli, "--size is a number from 1 to %d", SAMPLE_SIZE_MAX);
	options->size = (size_t)size;
	return cli_export_status(cli, &options->status) &&
		cli_export_period(cli, cli_option_str(cli, "to"),
		   &options->from_ms, &options->to_ms)
	    ? CLI_OK
	    : CLI_USAGE;
}

static enum store_error
draw(struct cli *cli, struct sample *sample)
{
	struct cli_progress progress = {0};
	enum store_error error = STORE_OK;
	bool is_end = false;

	cli_progress_begin(&progress, cli, "drawing");
	while (error == STORE_OK && !is_end) {
		error = sample_step(sample, &is_end);
		cli_progress_count(
		    &progress, sample_looked(sample), "instances");
	}
	cli_progress_end(&progress);
	return error;
}

static void
print(struct cli *cli, const struct value *report)
{
	static const struct cli_column columns[] = {
	    {"INSTANCE", "instance"},
	    {"WORKFLOW", "workflow"},
	    {"KEY", "business_key"},
	    {"STATUS", "status"},
	    {"STARTED", "started_at:time"},
	    {NULL, NULL},
	};

	if (cli->is_json) {
		cli_value_print(cli, report);
		return;
	}
	cli_show_list(cli, value_get_cstr(report, "items"), columns);
}

static enum cli_status
read_database(struct cli *cli, const struct value **report)
{
	struct sample_options options;
	struct sample *sample = NULL;
	struct buf detail = {0};
	enum cli_status status = read_options(cli, &options);
	enum store_error error;

	if (status != CLI_OK)
		return status;
	error = sample_open(&options, &sample, &detail);
	if (error == STORE_OK)
		error = draw(cli, sample);
	if (error == STORE_OK)
		*report = value_copy(
		    cli->arena, sample_report(sample, cli->arena));
	else
		status = cli_export_fail(
		    cli, options.path.at, error, &detail);
	sample_close(&sample);
	buf_fini(&detail);
	return status;
}

static enum cli_status
run(struct cli *cli)
{
	static const char *const queries[] = {
	    "size", "seed", "workflow", "status", "from", "to", NULL};
	const struct value *report = NULL;
	enum cli_status status;

	if (cli_option_str(cli, "seed").bytes == 0)
		return cli_usage(cli, "--seed says which sample it is");
	status = cli_option(cli, "database") != NULL
		? read_database(cli, &report)
		: cli_client_report(cli, "/v1/sample", queries, &report);
	if (status == CLI_OK)
		print(cli, report);
	return status;
}

static const struct cmd_option options[] = {
    {"size", "COUNT", "so many instances; 25 unless told"},
    {"seed", "TEXT", "the same seed gives the same sample"},
    {"workflow", "NAME", "of that workflow"},
    {"status", "STATUS", "with that status now"},
    {"from", "INSTANT", "started then or later"},
    {"to", "INSTANT", "started before then"},
    {"database", "FILE", "read a database instead of asking an engine"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_sample = {
    .name = "sample",
    .arguments = "--seed TEXT",
    .summary = "Draw a sample that anybody can draw again",
    .details = "Of all instances that fit, those with the smallest SHA-256 of "
	       "the seed, a colon\nand their identifier, in that order.",
    .shares = CMD_FORMAT | CMD_CLIENT | CMD_DATABASE,
    .options = options,
    .run = run,
};
