/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_purge.c: what the engine purges, and what proves that it did. */
#include "cli_priv.h"

static const struct cli_column columns[] = {
    {"KEPT UNTIL", "kept_until:time"},
    {"DUE", "due"},
    {"HELD BY", "held_by"},
    {"ID", "id"},
    {"WORKFLOW", "workflow"},
    {"KEY", "business_key"},
    {"STATUS", "status"},
    {"RECORDS", "records"},
    {"ENDED", "ended_at:age"},
    {NULL, NULL},
};

/* ---- what will be purged ---- */

static enum cli_status
show_plan(struct cli *cli)
{
	struct buf path = {0};
	enum cli_status status;

	buf_add_cstr(&path, "/v1/purges");
	cli_client_query(&path, "until", cli_option_str(cli, "until"));
	status = cli_item_pages(cli, &path, "purges", columns);
	buf_fini(&path);
	return status;
}

/* ---- certificates ---- */

/* What an instance says; its own number is one as well. */
static enum cli_status
find_certificate(struct cli *cli, struct str text, int64_t *seq)
{
	struct cli_reply reply;
	const struct value *certificate;
	enum cli_status status;

	if (str_parse_int(text, 1, INT64_MAX, seq))
		return CLI_OK;
	status = cli_client_get(
	    cli, cli_client_path(cli, "/v1/instances/", text, ""), &reply);
	if (status != CLI_OK)
		return status;
	certificate = value_field_or_null(reply.body, "certificate");
	if (!value_to_int(certificate, seq))
		return cli_fail(
		    cli, "%.*s was not purged", STR_ARG(text));
	return CLI_OK;
}

static enum cli_status
show_certificate(struct cli *cli, struct str text)
{
	struct cli_reply reply;
	const struct value *items, *record;
	int64_t seq;
	enum cli_status status = find_certificate(cli, text, &seq);

	if (status != CLI_OK)
		return status;
	status = cli_client_get(cli,
	    arena_strf(cli->arena, "/v1/journal?after=%lld&limit=1",
		(long long)seq - 1),
	    &reply);
	if (status != CLI_OK)
		return status;
	items = value_field_or_null(reply.body, "items");
	record = items->type == VALUE_LIST && items->as.list.count == 1
	    ? items->as.list.items[0]
	    : &value_null;
	if (!str_equal(value_field_str(record, "kind"),
		STR("purged")))
		return cli_fail(cli, "%.*s is the number of no certificate",
		    STR_ARG(text));
	cli_value_print(cli, record);
	return CLI_OK;
}

static enum cli_status
run(struct cli *cli)
{
	struct str certificate = cli_option_str(cli, "certificate");
	bool dry_run = cli_option(cli, "dry-run") != NULL;

	if ((certificate.at != NULL) == dry_run)
		return cli_usage(cli, "--dry-run tells what will go, "
				      "--certificate what has gone: the engine "
				      "purges by itself");
	return dry_run ? show_plan(cli) : show_certificate(cli, certificate);
}

static const struct cmd_option options[] = {
    {"dry-run", NULL, "tell what would go, and what holds it"},
    {"until", "INSTANT", "with --dry-run: by then; now unless told"},
    {"certificate", "ID|KEY|SEQ", "show the record that proves a purge"},
    {"limit", "COUNT", "so many; 100 unless told"},
    {"cursor", "CURSOR", "go on where a page ended"},
    {"all", NULL, "every page"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_purge = {
    .name = "purge",
    .arguments = "--dry-run|--certificate ID|KEY|SEQ",
    .summary = "Tell what the engine purges, and prove what it has purged",
    .details =
	"An instance that has ended longer ago than its workflow's "
	"`retention` says is\npurged by the engine, unless a hold is over it: "
	"its history and values go, its\nnumber, business key, times and "
	"hashes stay.  The certificate is the journal's\nrecord of that, as it "
	"was sealed; `stated verify` holds the database against it.",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
