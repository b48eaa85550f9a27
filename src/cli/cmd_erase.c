/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_erase.c: take away what is sensitive, as a law may demand. */
#include "cli_priv.h"

static enum cli_status
run(struct cli *cli)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct str reason = cli_option_str(cli, "reason");
	struct buf path = {0};
	struct cli_reply reply;
	enum cli_status status;

	if (reason.bytes == 0)
		return cli_usage(cli, "--reason says why: it is recorded with "
				      "who did it");
	value_put_str(body, "reason", reason);
	buf_add_str(&path, cli_client_path(cli, "/v1/instances/",
			       cli_argument(cli, 0), "/erase"));
	cli_client_query(&path, "workflow", cli_option_str(cli, "workflow"));
	status = cli_client_post(cli, arena_str(cli->arena, buf_str(&path)),
	    value_built(body), &reply);
	buf_fini(&path);
	return status == CLI_OK ? cli_show_reply(cli, &reply) : status;
}

static const struct cmd_option options[] = {
    {"reason", "TEXT", "why; it is recorded with who did it"},
    {"workflow", "NAME", "where several have that business key"},
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
