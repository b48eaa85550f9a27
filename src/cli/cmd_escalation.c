/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_escalation.c: who has been told, and who looks after it. */
#include "cli_priv.h"

static enum cli_status
run_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
	    {"ID", "id"},
	    {"WORKFLOW", "workflow"},
	    {"KEY", "business_key"},
	    {"STATE", "state"},
	    {"LEVEL", "level"},
	    {"TO", "to"},
	    {"ACKNOWLEDGED", "acknowledged"},
	    {"AGE", "created:age"},
	    {"MESSAGE", "message"},
	    {NULL, NULL},
	};

	return cli_item_list(cli, "escalations", columns);
}

static enum cli_status
run_acknowledge(struct cli *cli)
{
	const struct value *body = cli_item_body(cli, NULL, NULL);

	must(body != NULL);
	return cli_item_act(cli, "escalations", "acknowledge", body);
}

static const struct cmd escalation_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the escalations that are open",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = cli_item_options,
    .run = run_list,
};

static const struct cmd_option acknowledge_options[] = {
    {"comment", "TEXT", "what is done about it; it stands in history"},
    {NULL, NULL, NULL},
};

static const struct cmd escalation_acknowledge = {
    .name = "acknowledge",
    .arguments = "ID",
    .summary = "Say that somebody looks after it",
    .details = "The levels above are not told then.  ID is the "
	       "escalation's, or the instance's\nidentifier or business key "
	       "where it has one escalation.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = acknowledge_options,
    .run = run_acknowledge,
};

static const struct cmd *const commands[] = {
    &escalation_list, &escalation_acknowledge, NULL};

const struct cmd cmd_escalation = {
    .name = "escalation",
    .arguments = "list|acknowledge",
    .summary = "See who has been told, and look after it",
    .commands = commands,
};
