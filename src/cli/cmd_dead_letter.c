/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_dead_letter.c: events that found no instance. */
#include "cli_priv.h"

static enum cli_status
run_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
	    {"ID", "id"},
	    {"STATUS", "status"},
	    {"TYPE", "type"},
	    {"SUBJECT", "subject"},
	    {"SOURCE", "source"},
	    {"RECEIVED", "received_at:time"},
	    {"EXPIRES", "expires_at:time"},
	    {NULL, NULL},
	};

	return cli_item_list(cli, "dead-letters", columns);
}

static enum cli_status
run_replay(struct cli *cli)
{
	struct cli_reply reply;
	enum cli_status status = cli_client_post(cli,
	    cli_client_path(
		cli, "/v1/dead-letters/", cli_argument(cli, 0), "/replay"),
	    cli_item_alone(cli, value_built(value_build_context(cli->arena))),
	    &reply);

	if (status != CLI_OK)
		return status;
	if (cli->is_json)
		cli_value_print(cli, reply.body);
	else if (!cli_show_proposed(cli, &reply))
		fprintf(cli->out, "%.*s\n",
		    STR_ARG(cli_text_of(
			cli->arena, value_get_cstr(reply.body, "status"))));
	return CLI_OK;
}

static const struct cmd_option list_options[] = {
    {"status", "STATUS", "dead (unless told), held or replayed"},
    {"limit", "COUNT", "so many; 50 unless told"},
    {"cursor", "CURSOR", "go on where a page ended"},
    {"all", NULL, "every page"},
    {NULL, NULL, NULL},
};

static const struct cmd_option replay_options[] = {
    CLI_BREAK_GLASS,
    {NULL, NULL, NULL},
};

static const struct cmd letter_list = {
    .name = "list",
    .arguments = "",
    .summary = "List events that found no instance",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = list_options,
    .run = run_list,
};

static const struct cmd letter_replay = {
    .name = "replay",
    .arguments = "ID",
    .summary = "Deliver one again",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = replay_options,
    .run = run_replay,
};

static const struct cmd *const commands[] = {
    &letter_list, &letter_replay, NULL};

const struct cmd cmd_dead_letter = {
    .name = "dead-letter",
    .arguments = "list|replay",
    .summary = "See events that found no instance, and deliver them again",
    .commands = commands,
};
