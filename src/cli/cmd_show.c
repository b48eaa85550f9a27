/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_show.c: where an instance stands. */
#include "cli_priv.h"

static enum cli_status
run(struct cli *cli)
{
	struct cli_reply reply;
	enum cli_status status = cli_client_get(cli,
	    cli_client_instance(cli,
		cli_option(cli, "sensitive") != NULL ? "/sensitive" : ""),
	    &reply);

	return status == CLI_OK ? cli_show_reply(cli, &reply) : status;
}

static const struct cmd_option options[] = {
    CLI_OF_WORKFLOW,
    {"sensitive", NULL, "with what is sensitive, for auditors; it is "
			"recorded who asked"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_show = {
    .name = "show",
    .arguments = "ID|KEY",
    .summary = "Show where an instance stands",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
