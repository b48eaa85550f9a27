/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_task.c: what waits for a person's decision. */
#include "cli_priv.h"

static enum cli_status
run_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
	    {"ID", "id"},
	    {"WORKFLOW", "workflow"},
	    {"KEY", "business_key"},
	    {"TITLE", "title"},
	    {"ROLE", "role"},
	    {"CHOICES", "choices"},
	    {"AGE", "created:age"},
	    {"DUE", "due:time"},
	    {NULL, NULL},
	};

	return cli_item_list(cli, "tasks", columns);
}

static enum cli_status
run_decide(struct cli *cli)
{
	const struct value *body = cli_item_body(cli, "data", "data");

	if (body == NULL)
		return CLI_FAILED;
	body = value_with(cli->arena, body, STR("choice"),
	    value_of_str(cli->arena, cli_argument(cli, 1)));
	return cli_item_act(cli, "tasks", "decide", body);
}

static const struct cmd task_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the tasks that are open",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = cli_item_options,
    .run = run_list,
};

static const struct cmd_option decide_options[] = {
    CLI_COMMENT,
    {"data", "JSON|@FILE|-", "what the task's form asks for"},
    {NULL, NULL, NULL},
};

static const struct cmd task_decide = {
    .name = "decide",
    .arguments = "ID CHOICE",
    .summary = "Decide a task",
    .details = "ID is the task's, or the instance's identifier or business "
	       "key where it has one task.",
    .least = 2,
    .most = 2,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = decide_options,
    .run = run_decide,
};

static const struct cmd *const commands[] = {&task_list, &task_decide, NULL};

const struct cmd cmd_task = {
    .name = "task",
    .arguments = "list|decide",
    .summary = "See what waits for a person, and decide it",
    .commands = commands,
};
