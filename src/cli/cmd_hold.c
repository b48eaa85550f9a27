/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_hold.c: legal holds: what must be neither purged nor erased. */
#include "cli_priv.h"

static const struct cli_column columns[] = {
    {"HOLD", "id"},
    {"STATUS", "status"},
    {"OVER", "scope"},
    {"LABEL", "label"},
    {"VALUE", "value"},
    {"SET", "set_at:age"},
    {"BY", "set_by"},
    {"REASON", "reason"},
    {"RELEASED", "released_at:age"},
    {"BY", "released_by"},
    {NULL, NULL},
};

static enum cli_status
run_list(struct cli *cli)
{
	return cli_item_list(cli, "holds", columns);
}

/* Why is asked for in either direction. */
static enum cli_status
post(struct cli *cli, struct str path, struct value_builder *body)
{
	struct cli_reply reply;
	enum cli_status status = cli_item_reason(cli, body);

	if (status == CLI_OK)
		status = cli_client_post(cli, path, value_built(body), &reply);
	if (status == CLI_OK)
		cli_show_item(cli, reply.body, columns);
	return status;
}

static enum cli_status
run_set(struct cli *cli)
{
	static const char *const scopes[] = {"instance", "key", "workflow"};
	struct value_builder *body = value_build_context(cli->arena);
	struct str label = cli_option_str(cli, "label"), value;
	size_t count = label.at != NULL;

	for (size_t i = 0; i < COUNT_OF(scopes); i++) {
		struct str given = cli_option_str(cli, scopes[i]);

		if (given.at == NULL)
			continue;
		count++;
		value_put(body, str_of(scopes[i]),
		    value_of_str(cli->arena, given));
	}
	if (label.at != NULL) {
		struct value_builder *one = value_build_context(cli->arena);
		struct str name = str_split(label, '=', &value);

		if (name.bytes == 0 || value.at == NULL)
			return cli_usage(cli, "--label takes NAME=VALUE");
		value_put(one, name, value_of_str(cli->arena, value));
		value_put(body, STR("label"), value_built(one));
	}
	if (count != 1)
		return cli_usage(cli, "one of --instance, --key, --workflow "
				      "and --label says what is held");
	return post(cli, STR("/v1/holds"), body);
}

static enum cli_status
run_release(struct cli *cli)
{
	return post(cli,
	    cli_client_path(
		cli, "/v1/holds/", cli_argument(cli, 0), "/release"),
	    value_build_context(cli->arena));
}

/* ---- commands ---- */

static const struct cmd_option set_options[] = {
    {"instance", "ID", "this instance"},
    {"key", "KEY", "whatever has this business key"},
    {"workflow", "NAME", "all instances of this workflow"},
    {"label", "NAME=VALUE", "all that have this label, as entity=DE01"},
    CLI_REASON,
    {NULL, NULL, NULL},
};
static const struct cmd_option release_options[] = {
    CLI_REASON,
    {NULL, NULL, NULL},
};

static const struct cmd hold_set = {
    .name = "set",
    .arguments = "--instance ID|--key KEY|--workflow NAME|--label NAME=VALUE "
		 "--reason TEXT",
    .summary = "Hold instances: nothing of them is purged or erased",
    .details = "Also those that start later, where they are what is held.",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = set_options,
    .run = run_set,
};
static const struct cmd hold_release = {
    .name = "release",
    .arguments = "HOLD --reason TEXT",
    .summary = "Release what is held",
    .details = "What another hold is over as well stays held.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = release_options,
    .run = run_release,
};
static const struct cmd hold_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the holds that were set, and released",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .run = run_list,
};

static const struct cmd *const commands[] = {
    &hold_set,
    &hold_release,
    &hold_list,
    NULL,
};

const struct cmd cmd_hold = {
    .name = "hold",
    .arguments = "set|release|list",
    .summary = "Legal holds: what must be neither purged nor erased",
    .commands = commands,
};
