/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_backup.c: a whole copy of the database, while the engine runs or not. */
#include "cli_priv.h"

#include "stated/clock.h"
#include "stated/export.h"
#include "stated/store_copy.h"

static enum cli_status
run(struct cli *cli)
{
	struct str store = cli_copy_store(cli);
	struct store_copy_target target = {
	    .to = cli_argument(cli, 0),
	    .kind = COPY_BACKUP,
	    .replaces = cli_option(cli, "force") != NULL,
	    .now_ms = clock_now_ms(clock_system()),
	};
	struct export_report report = {0};
	struct cli_copy copy = {
	    .from = store.at != NULL ? arena_cstr(cli->arena, store)
				     : "stated.db",
	    .keys = cli->keys,
	    .target = &target,
	    .refused = "there is a file of that name; --force replaces it "
		       "once the new one is whole",
	    .report = &report,
	};

	if (target.to.bytes == 0 || (store.at != NULL && store.bytes == 0))
		return cli_usage(cli, "a file needs a name");
	if (cli_copy_run(cli, &copy) != CLI_OK)
		return CLI_FAILED;
	if (cli->is_json)
		cli_value_print(
		    cli, value_built(cli_copy_value(cli, &copy)));
	else
		fprintf(cli->out, "%.*s: %.*s, verified\n",
		    STR_ARG(target.to), STR_ARG(cli_copy_text(cli, &copy)));
	return CLI_OK;
}

static const struct cmd_option options[] = {
    {"store", "PATH", "the database; ./stated.db unless told"},
    {"force", NULL, "replace FILE where it is there"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_backup = {
    .name = "backup",
    .arguments = "FILE",
    .summary = "Copy the database, while the engine runs or not",
    .details =
	"FILE gets its name when it is whole, on the disk and verified: its "
	"pages, its\nindexes and every chain of records.  Until then it is "
	"FILE.part.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_DATABASE,
    .options = options,
    .run = run,
};
