/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_proposal.c: what waits for a second person, and what was done without.
 */
#include "cli_priv.h"

static const struct cli_column columns[] = {
    {"ID", "id"},
    {"ACT", "act"},
    {"STATUS", "status"},
    {"WHAT", "what"},
    {"KEY", "business_key"},
    {"STEP", "step"},
    {"BY", "proposed_by"},
    {"AGE", "created:age"},
    {"COMMENT", "comment"},
    {NULL, NULL},
};

static enum cli_status
run_list(struct cli *cli)
{
	return cli_item_list(cli, "proposals", columns);
}

/* The texts that would be published stand under it, one after another. */
static void
show_files(struct cli *cli, const struct value *files)
{
	for (size_t i = 0;
	     files->type == VALUE_LIST && i < files->as.list.count; i++) {
		const struct value *file = files->as.list.items[i];
		struct str rest =
		    value_field_str(file, "text");

		fprintf(cli->out, "\n--- %.*s\n",
		    STR_ARG(cli_text_of(
			cli->arena, value_get_cstr(file, "name"))));
		while (rest.at != NULL) {
			struct str line = cli_text_clean(
			    cli->arena, str_split(rest, '\n', &rest));

			fprintf(cli->out, "%.*s\n", STR_ARG(line));
		}
	}
}

static enum cli_status
run_show(struct cli *cli)
{
	struct cli_reply reply;
	enum cli_status status = cli_client_get(cli,
	    cli_client_path(cli, "/v1/proposals/", cli_argument(cli, 0), ""),
	    &reply);

	if (status != CLI_OK)
		return status;
	cli_show_item(cli, reply.body, columns);
	if (!cli->is_json)
		show_files(cli, value_field_or_null(reply.body, "files"));
	return CLI_OK;
}

/* The command's own name is the act.  What comes back is the instance, or a
 * proposal that concerned none. */
static enum cli_status
run_act(struct cli *cli)
{
	struct cli_reply reply;
	enum cli_status status = cli_client_post(cli,
	    cli_client_path(cli, "/v1/proposals/", cli_argument(cli, 0),
		arena_strf(cli->arena, "/%s", cli->cmd->name).at),
	    cli_item_body(cli, NULL, NULL), &reply);

	if (status != CLI_OK)
		return status;
	if (value_get_cstr(reply.body, "act") == NULL)
		return cli_show_reply(cli, &reply);
	cli_show_item(cli, reply.body, columns);
	return CLI_OK;
}

/* ---- commands ---- */

static const struct cmd proposal_list = {
    .name = "list",
    .arguments = "",
    .summary = "List what waits for a second person, or was done without",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = cli_item_options,
    .run = run_list,
};

static const struct cmd proposal_show = {
    .name = "show",
    .arguments = "ID",
    .summary = "Look at a proposal, with the texts it would publish",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .run = run_show,
};

static const struct cmd_option act_options[] = {
    CLI_COMMENT,
    {NULL, NULL, NULL},
};

#define ACT(word, tells, more)                         \
	static const struct cmd proposal_##word = {    \
	    .name = #word,                             \
	    .arguments = "ID",                         \
	    .summary = tells,                          \
	    .details = more,                           \
	    .least = 1,                                \
	    .most = 1,                                 \
	    .shares = CMD_FORMAT | CMD_CLIENT,         \
	    .options = act_options,                    \
	    .run = run_act,                            \
	}

ACT(confirm, "Have it done, now",
    "Another person than the one who proposed it has to do that.");
ACT(reject, "Reject it, or take one's own back", NULL);
ACT(acknowledge, "Say that one has looked at what another did alone",
    "What was done with --break-glass stands in the list until then.");

static const struct cmd *const commands[] = {
    &proposal_list,
    &proposal_show,
    &proposal_confirm,
    &proposal_reject,
    &proposal_acknowledge,
    NULL,
};

const struct cmd cmd_proposal = {
    .name = "proposal",
    .arguments = "list|show|confirm|reject|acknowledge",
    .summary = "See what waits for a second person, and confirm it",
    .commands = commands,
};
