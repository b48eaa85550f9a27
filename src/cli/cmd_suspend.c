/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_suspend.c: an operator's acts on an instance: suspend, resume, cancel. */
#include "cli_priv.h"

/* The command's own name is the act. */
static enum cli_status
run(struct cli *cli)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct str comment = cli_option_str(cli, "comment");
	struct buf path = {0};
	struct cli_reply reply;
	enum cli_status status;

	if (comment.at != NULL)
		value_put_str(body, "comment", comment);
	if (cli_option(cli, "compensate") != NULL)
		value_put(body, STR("compensate"), &value_true);
	buf_add_str(
	    &path, cli_client_path(cli, "/v1/instances/", cli_argument(cli, 0),
		       arena_strf(cli->arena, "/%s", cli->cmd->name).at));
	cli_client_query(&path, "workflow", cli_option_str(cli, "workflow"));
	status = cli_client_post(cli, arena_str(cli->arena, buf_str(&path)),
	    cli_item_alone(cli, value_built(body)), &reply);
	buf_fini(&path);
	return status == CLI_OK ? cli_show_reply(cli, &reply) : status;
}

static const struct cmd_option options[] = {
    {"comment", "TEXT", "why; it stands in history"},
    {"workflow", "NAME", "where several have that business key"},
    {NULL, NULL, NULL},
};

static const struct cmd_option cancel_options[] = {
    {"compensate", NULL, "undo first what was done"},
    {"comment", "TEXT", "why; it stands in history"},
    CLI_BREAK_GLASS,
    {"workflow", "NAME", "where several have that business key"},
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
