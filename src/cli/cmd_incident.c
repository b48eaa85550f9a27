/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_incident.c: what stands still, and how a person settles it. */
#include "cli_priv.h"

static enum cli_status
run_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
	    {"ID", "id"},
	    {"WORKFLOW", "workflow"},
	    {"KEY", "business_key"},
	    {"KIND", "kind"},
	    {"STEP", "step"},
	    {"ITEM", "item"},
	    {"OWNER", "owner"},
	    {"AGE", "created:age"},
	    {"PROPOSED", "proposal.act"},
	    {"BY", "proposal.proposed_by"},
	    {"MESSAGE", "message"},
	    {NULL, NULL},
	};

	return cli_item_list(cli, "incidents", columns);
}

/* The command's own name says how. */
static enum cli_status
run_settle(struct cli *cli)
{
	bool is_supply = strcmp(cli->cmd->name, "supply") == 0;
	const struct value *body =
	    cli_item_body(cli, is_supply ? "result" : NULL, "result");

	if (is_supply && cli_option(cli, "result") == NULL)
		return cli_usage(cli, "--result is missing: what the step "
				      "would have given");
	if (body == NULL)
		return CLI_FAILED;
	body = cli_item_alone(cli, body);
	return cli_item_act(cli, "incidents", cli->cmd->name, body);
}

static const struct cmd_option settle_options[] = {
    CLI_COMMENT,
    CLI_BREAK_GLASS,
    {NULL, NULL, NULL},
};

static const struct cmd_option supply_options[] = {
    {"result", "JSON|@FILE|-", "what the step would have given"},
    CLI_COMMENT,
    CLI_BREAK_GLASS,
    {NULL, NULL, NULL},
};

#define SETTLE(word, takes, tells)                                       \
	static const struct cmd incident_##word = {                      \
	    .name = #word,                                               \
	    .arguments = "ID",                                           \
	    .summary = tells,                                            \
	    .details =                                                   \
		"ID is the incident's, or the instance's identifier or " \
		"business key where it\nhas one incident.",              \
	    .least = 1,                                                  \
	    .most = 1,                                                   \
	    .shares = CMD_FORMAT | CMD_CLIENT,                           \
	    .options = takes,                                            \
	    .run = run_settle,                                           \
	}

static const struct cmd incident_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the incidents that are open",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = cli_item_options,
    .run = run_list,
};
SETTLE(retry, settle_options, "Try the step again");
SETTLE(supply, supply_options, "Give the step's result by hand");
SETTLE(skip, settle_options, "Go on without the step");
SETTLE(compensate, settle_options, "Undo what was done, and end");
SETTLE(cancel, settle_options, "Cancel the instance");

static const struct cmd *const commands[] = {
    &incident_list,
    &incident_retry,
    &incident_supply,
    &incident_skip,
    &incident_compensate,
    &incident_cancel,
    NULL,
};

const struct cmd cmd_incident = {
    .name = "incident",
    .arguments = "list|retry|supply|skip|compensate|cancel",
    .summary = "See what stands still, and settle it",
    .commands = commands,
};
