/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_suspend.c: an operator's acts on an instance: suspend, resume, cancel. */
#include "cli_priv.h"

/* The command's own name is the act. */
static enum cli_status
run(struct cli *cli)
{
	const struct value *body = cli_item_body(cli, NULL, NULL);
	struct cli_reply reply;
	enum cli_status status;

	if (cli_option(cli, "compensate") != NULL)
		body = value_with(
		    cli->arena, body, STR("compensate"), &value_true);
	status = cli_client_post(cli,
	    cli_client_instance(cli,
		arena_strf(cli->arena, "/%s", cli->cmd->name).at),
	    cli_item_alone(cli, body), &reply);
	return status == CLI_OK ? cli_show_reply(cli, &reply) : status;
}

static const struct cmd_option options[] = {
    CLI_COMMENT,
    CLI_OF_WORKFLOW,
    {NULL, NULL, NULL},
};

static const struct cmd_option cancel_options[] = {
    {"compensate", NULL, "undo first what was done"},
    CLI_COMMENT,
    CLI_BREAK_GLASS,
    CLI_OF_WORKFLOW,
    {NULL, NULL, NULL},
};

const struct cmd cmd_suspend = {
    .name = "suspend",
    .arguments = "ID|KEY",
    .summary = "Stop an instance until it is resumed",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};

const struct cmd cmd_resume = {
    .name = "resume",
    .arguments = "ID|KEY",
    .summary = "Let a suspended instance go on",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};

const struct cmd cmd_cancel = {
    .name = "cancel",
    .arguments = "ID|KEY",
    .summary = "End an instance",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = cancel_options,
    .run = run,
};
