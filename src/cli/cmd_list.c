/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_list.c: instances, newest first. */
#include "cli_priv.h"

static const struct cmd_option options[] = {
    {"workflow", "NAME", "of that workflow"},
    {"status", "STATUS",
	"running, waiting, suspended, completed, cancelled, faulted, "
	"purged"},
    {"state", "STATE", "in that state now"},
    {"business-key", "KEY", "with that business key"},
    {"label", "NAME=VALUE", "with that label"},
    {"from", "INSTANT", "started then or later"},
    {"to", "INSTANT", "started before then"},
    {"incident", NULL, "those that stand still"},
    {"oldest", NULL, "the oldest first"},
    {"limit", "COUNT", "so many; 50 unless told"},
    {"cursor", "CURSOR", "go on where a page ended"},
    {"all", NULL, "every page"},
    {NULL, NULL, NULL},
};

static const struct {
	const char *option;
	const char *key;
} filters[] = {
    {"workflow", "workflow"},
    {"status", "status"},
    {"state", "state"},
    {"business-key", "business_key"},
    {"from", "from"},
    {"to", "to"},
    {"limit", "limit"},
};

static const struct cli_column columns[] = {
    {"ID", "id"},
    {"WORKFLOW", "workflow"},
    {"KEY", "business_key"},
    {"STATUS", "status"},
    {"STATE", "state"},
    {"INCIDENTS", "open_incidents"},
    {"STARTED", "started_at:time"},
    {NULL, NULL},
};

static enum cli_status
build_path(struct cli *cli, struct buf *path)
{
	struct str label = cli_option_str(cli, "label");
	struct str value, name = str_split(label, '=', &value);

	buf_add_cstr(path, "/v1/instances");
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		cli_client_query(path, filters[i].key,
		    cli_option_str(cli, filters[i].option));
	if (cli_option(cli, "incident") != NULL)
		cli_client_query(path, "has_incident", STR("true"));
	if (cli_option(cli, "oldest") != NULL)
		cli_client_query(path, "order", STR("oldest"));
	if (label.at != NULL && (value.at == NULL || name.bytes == 0))
		return cli_usage(cli, "--label takes NAME=VALUE");
	if (label.at != NULL)
		cli_client_query(path,
		    arena_cstr(cli->arena,
			arena_strf(cli->arena, "label.%.*s", STR_ARG(name))),
		    value);
	return CLI_OK;
}

static enum cli_status
run(struct cli *cli)
{
	struct buf path = {0};
	const struct value *items;
	struct str next = {NULL, 0};
	enum cli_status status = build_path(cli, &path);

	if (status == CLI_OK)
		status = cli_client_pages(cli,
		    arena_str(cli->arena, buf_str(&path)), "cursor", &items,
		    cli_option(cli, "all") != NULL ? NULL : &next);
	buf_fini(&path);
	if (status == CLI_OK)
		cli_show_page(cli, "instances", items, columns, next);
	return status;
}

const struct cmd cmd_list = {
    .name = "list",
    .arguments = "",
    .summary = "List instances, newest first",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
