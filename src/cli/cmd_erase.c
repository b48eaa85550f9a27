/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_erase.c: take away what is sensitive, as a law may demand. */
#include "cli_priv.h"

static enum cli_status
run(struct cli *cli)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct cli_reply reply;
	enum cli_status status = cli_item_reason(cli, body);

	if (status == CLI_OK)
		status = cli_client_post(cli,
		    cli_client_instance(cli, "/erase"), value_built(body),
		    &reply);
	return status == CLI_OK ? cli_show_reply(cli, &reply) : status;
}

static const struct cmd_option options[] = {
    CLI_REASON,
    CLI_OF_WORKFLOW,
    {NULL, NULL, NULL},
};

const struct cmd cmd_erase = {
    .name = "erase",
    .arguments = "ID|KEY --reason TEXT",
    .summary = "Erase what is sensitive in an instance that has ended",
    .details =
	"What the workflow calls `sensitive` goes from the database and its "
	"log, for good,\nand so does what the digests in its history were made "
	"with.  The history stays\nwhole, and a record says what was erased.  "
	"Backups and exports that were taken\nbefore are not touched.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
