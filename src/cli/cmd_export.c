/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_export.c: takes histories away. */
#include "cli_priv.h"

static enum cli_status
run(struct cli *cli)
{
	const struct cli_export what = {
	    .format = cli_option_str(cli, "format"),
	    .to = cli_option_str(cli, "to"),
	};

	return cli_export_run(cli, &what);
}

static const struct cmd_option cmd_options[] = {
    {"format", "FORMAT", "jsonl or bundle (which can be verified), csv, "
	"xes, ocel, ocel-xml"},
    {"workflow", "NAME", "instances of that workflow"},
    {"instance", "ID|KEY", "one instance"},
    {"status", "STATUS", "instances with that status now"},
    {"state", "STATE", "instances in that state now"},
    {"from", "INSTANT", "records of then or later"},
    {"to", "INSTANT", "records before then"},
    {"output", "FILE", "write there; standard output unless told"},
    {"database", "FILE", "read a database instead of asking an engine"},
    {"resume", NULL, "go on with an export that was broken off"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_export = {
    .name = "export",
    .arguments = "",
    .summary = "Take histories away",
    .details =
	"`stated verify` checks what is written as JSON lines or as a bundle.  "
	"A large export\nis best read from the database; it may be open "
	"meanwhile.  What is broken off is kept\nas FILE.partial; the same "
	"command with --resume goes on.",
    .shares = CMD_CLIENT | CMD_DATABASE,
    .options = cmd_options,
    .run = run,
};
