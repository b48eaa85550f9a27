/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_delegate.c: people who act in another's role for a time. */
#include "cli_priv.h"

#include "stated/must.h"

static const struct cli_column columns[] = {
    {"ID", "id"},
    {"ROLE", "role"},
    {"FROM", "from"},
    {"TO", "to"},
    {"WORKFLOW", "workflow"},
    {"STATUS", "status"},
    {"UNTIL", "until:time"},
    {NULL, NULL},
};

static enum cli_status
run_create(struct cli *cli)
{
	static const char *const needed[] = {"role", "to", "until"};
	static const char *const options[] = {
	    "role", "from", "to", "until", "workflow"};
	struct value_builder *body = value_build_context(cli->arena);
	struct cli_reply reply;
	enum cli_status status;

	for (size_t i = 0; i < COUNT_OF(needed); i++)
		if (cli_option(cli, needed[i]) == NULL)
			return cli_usage(cli, "--%s is missing: --role "
			    "approver:ROLE --to WHO --until 2026-12-24",
			    needed[i]);
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (cli_option(cli, options[i]) != NULL)
			value_put_kept_str(body, str_of(options[i]),
			    cli_option_str(cli, options[i]));
	status = cli_client_post(
	    cli, STR("/v1/delegations"), value_built(body), &reply);
	if (status == CLI_OK)
		cli_show_item(cli, reply.body, columns);
	return status;
}

static enum cli_status
run_list(struct cli *cli)
{
	return cli_item_list(cli, "delegations", columns);
}

static enum cli_status
run_revoke(struct cli *cli)
{
	struct cli_reply reply;
	enum cli_status status = cli_client_post(cli,
	    cli_client_path(
		cli, "/v1/delegations/", cli_argument(cli, 0), "/revoke"),
	    value_built(value_build_context(cli->arena)), &reply);

	if (status == CLI_OK)
		cli_show_item(cli, reply.body, columns);
	return status;
}

/* ---- commands ---- */

static const struct cmd_option create_options[] = {
    {"role", "approver:ROLE", "which of one's roles"},
    {"to", "WHO", "whom it lets act in it"},
    {"until", "DAY|INSTANT|SPAN", "2026-12-24 with all of that day, or 14d; "
				  "a year at most"},
    {"workflow", "NAME", "in this workflow only"},
    {"from", "WHO", "whose role it is, where an admin acts for them"},
    {NULL, NULL, NULL},
};

static const struct cmd delegate_create = {
    .name = "create",
    .arguments =
	"--role approver:ROLE --to WHO --until DAY|INSTANT|SPAN",
    .summary = "Let another person act in one's role for a time",
    .details =
	"Decisions name both: the one who decided, and for whom.  Where "
	"either of them may not\ndecide a task, the other may not by this "
	"delegation.  What was delegated can't be\ndelegated further.",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = create_options,
    .run = run_create,
};

static const struct cmd_option list_options[] = {
    {"closed", NULL, "those that are over"},
    {"limit", "COUNT", "so many; 50 unless told"},
    {"cursor", "CURSOR", "go on where a page ended"},
    {"all", NULL, "every page"},
    {NULL, NULL, NULL},
};

static const struct cmd delegate_list = {
    .name = "list",
    .arguments = "",
    .summary = "List who may act in whose role, and how long",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = list_options,
    .run = run_list,
};

static const struct cmd delegate_revoke = {
    .name = "revoke",
    .arguments = "ID",
    .summary = "End a delegation at once",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .run = run_revoke,
};

static const struct cmd *const commands[] = {
    &delegate_create, &delegate_list, &delegate_revoke, NULL};

const struct cmd cmd_delegate = {
    .name = "delegate",
    .arguments = "create|list|revoke",
    .summary = "Let others act in one's role for a time",
    .commands = commands,
};
