/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_show.c: where an instance stands. */
#include "cli_priv.h"

static enum cli_status
run(struct cli *cli)
{
	struct buf path = {0};
	struct cli_reply reply;
	enum cli_status status;

	buf_add_str(&path,
	    cli_client_path(cli, "/v1/instances/", cli_argument(cli, 0),
		cli_option(cli, "sensitive") != NULL ? "/sensitive" : ""));
	cli_client_query(&path, "workflow", cli_option_str(cli, "workflow"));
	status =
	    cli_client_get(cli, arena_str(cli->arena, buf_str(&path)), &reply);
	buf_fini(&path);
	return status == CLI_OK ? cli_show_reply(cli, &reply) : status;
}

static const struct cmd_option options[] = {
    {"workflow", "NAME", "where several have that business key"},
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
