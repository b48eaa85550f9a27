/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_restore.c: a backup becomes the database that an engine works on. */
#include "cli_priv.h"

#include "stated/clock.h"
#include "stated/export.h"
#include "stated/store_copy.h"

static void
print(struct cli *cli, const struct cli_copy *copy)
{
	FILE *out = cli->out;
	struct str to = copy->target->to;

	fprintf(out, "%.*s: %.*s, verified and restored\n", STR_ARG(to),
	    STR_ARG(cli_copy_text(cli, copy)));
	if (copy->aside.bytes > 0)
		fprintf(out, "what was there is kept as %.*s\n",
		    STR_ARG(copy->aside));
	fprintf(out,
	    "\nStarts, events and decisions that were acknowledged after the "
	    "backup was taken\nare gone: ask who sent them, and look at what "
	    "endpoints did since then.  Calls\nthat were under way are of "
	    "unknown outcome; the engine does with them as their\nworkflows "
	    "say when it starts.  New instances get numbers that were never\n"
	    "given, so that no key is used twice.\n\nGo on with: stated serve "
	    "--store %.*s\n",
	    STR_ARG(to));
}

/* New numbers are made of it. */
static enum cli_status
check_clock(struct cli *cli, int64_t now_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (now_ms > 0 && now_ms < STORE_COPY_MS_END)
		return CLI_OK;
	return cli_fail(cli,
	    "the machine's clock says %.*s: set it right; instances that come "
	    "after a restore get their numbers by it\nnothing was restored",
	    STR_ARG(clock_format(now_ms, text)));
}

static enum cli_status
run(struct cli *cli)
{
	struct store_copy_target target = {
	    .to = cli_copy_store(cli),
	    .kind = COPY_RESTORE,
	    .replaces = cli_option(cli, "force") != NULL,
	    .now_ms = clock_now_ms(clock_system()),
	};
	struct export_report report = {0};
	struct cli_copy copy = {
	    .from = cli->arguments[0],
	    .keys = cli->keys,
	    .target = &target,
	    .refused = "a database, or a part of one, is there; --force keeps "
		       "it under another name and restores",
	    .report = &report,
	};

	if (target.to.bytes == 0)
		return cli_usage(
		    cli, "--store says which database is restored");
	if (check_clock(cli, target.now_ms) != CLI_OK ||
	    cli_copy_run(cli, &copy) != CLI_OK)
		return CLI_FAILED;
	if (cli->is_json) {
		struct value_builder *built = cli_copy_value(cli, &copy);

		if (copy.aside.bytes > 0)
			value_put_str(built, "kept", copy.aside);
		cli_value_print(cli, value_built(built));
	} else {
		print(cli, &copy);
	}
	return CLI_OK;
}

static const struct cmd_option options[] = {
    {"store", "PATH", "the database that FILE is to become"},
    {"force", NULL, "keep what is there under another name"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_restore = {
    .name = "restore",
    .arguments = "FILE",
    .summary = "Put a backup in the place of the database",
    .details =
	"FILE is copied, and the copy verified, before anything is "
	"changed.  An engine that\nholds the database has to be stopped "
	"first.  What was acknowledged after the backup\nwas taken is "
	"gone; calls that were under way then are of unknown outcome.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_DATABASE,
    .options = options,
    .run = run,
};
