/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_history.c: what became of an instance, record by record. */
#include "cli_priv.h"

static enum cli_status
run(struct cli *cli)
{
	struct buf path = {0};
	const struct value *records;
	enum cli_status status;

	buf_add_str(&path, cli_client_instance(cli, "/history"));
	cli_client_query(&path, "limit", STR("1000"));
	status = cli_client_pages(cli, arena_str(cli->arena, buf_str(&path)),
	    "after", &records, NULL);
	buf_fini(&path);
	if (status != CLI_OK)
		return status;
	if (cli->is_json)
		cli_value_print(cli, records);
	else
		cli_story_print(cli, records);
	return CLI_OK;
}

static const struct cmd_option options[] = {
    CLI_OF_WORKFLOW,
    {NULL, NULL, NULL},
};

const struct cmd cmd_history = {
    .name = "history",
    .arguments = "ID|KEY",
    .summary = "Tell what became of an instance",
    .details = "Text is for people; --format json gives the records as they "
	       "are, and\n`stated export` those that can be verified.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
