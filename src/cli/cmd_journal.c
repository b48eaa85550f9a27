/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_journal.c: what happened to the installation, record by record. */
#include "cli_priv.h"

#define LIMIT_MAX 1000

static enum cli_status
run(struct cli *cli)
{
	bool takes_all = cli_option(cli, "all") != NULL;
	struct str after = cli_option_str(cli, "after");
	struct str limit = cli_option_str(cli, "limit");
	struct buf path = {0};
	const struct value *records;
	struct str next = {NULL, 0};
	enum cli_status status;
	int64_t count;

	/* An engine may know it by another name. */
	if (limit.at != NULL && !str_parse_int(limit, 1, LIMIT_MAX, &count))
		return cli_usage(
		    cli, "--limit is a number from 1 to %d", LIMIT_MAX);
	buf_add_cstr(&path, "/v1/journal");
	if (takes_all || after.at != NULL)
		cli_client_query(&path, "limit",
		    limit.at != NULL ? limit : STR("1000"));
	else
		cli_client_query(
		    &path, "tail", limit.at != NULL ? limit : STR("50"));
	status = cli_client_pages(cli, arena_str(cli->arena, buf_str(&path)),
	    "after", &records, takes_all ? NULL : &next);
	buf_fini(&path);
	if (status != CLI_OK)
		return status;
	if (cli->is_json)
		cli_value_print(cli, records);
	else
		cli_story_print(cli, records);
	if (after.at != NULL && next.at != NULL)
		fprintf(cli->err, "there are more: --after %.*s, or --all\n",
		    STR_ARG(cli_text_clean(cli->arena, next)));
	return CLI_OK;
}

static const struct cmd_option options[] = {
    {"limit", "COUNT", "the last so many; 50 unless told"},
    {"after", "SEQ", "those that follow that one"},
    {"all", NULL, "from the first to the last"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_journal = {
    .name = "journal",
    .arguments = "",
    .summary = "Tell what happened to the installation",
    .details = "Engines that began and ended, definitions, tokens and "
	       "connections, exports, and who\nwas refused: a chain of records "
	       "like an instance's history.  `stated export` takes\nit away, "
	       "and `stated verify` checks it.",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
