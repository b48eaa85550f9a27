/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_checkpoint.c: make checkpoints, see them, prove by them.
 *
 * Documents go to standard output as the engine gives them: what was signed
 * is their very bytes.
 */
#include "cli_priv.h"

static const struct cli_column columns[] = {
    {"NUMBER", "number"},
    {"MADE", "time:age"},
    {"TURNS", "size"},
    {"INSTANCES", "instances"},
    {"ROOT", "root"},
    {NULL, NULL},
};

static enum cli_status
print_document(struct cli *cli, enum cli_status status,
    const struct cli_reply *reply)
{
	if (status == CLI_OK)
		fwrite(reply->text.at, 1, reply->text.bytes, cli->out);
	return status;
}

static enum cli_status
run_make(struct cli *cli)
{
	struct cli_reply reply;
	enum cli_status status = cli_client_post(cli, STR("/v1/checkpoints"),
	    value_built(value_build_context(cli->arena)), &reply);

	return print_document(cli, status, &reply);
}

static enum cli_status
run_list(struct cli *cli)
{
	struct value_builder *inner = value_build_list(cli->arena);
	const struct value *items;
	enum cli_status status = cli_client_pages(
	    cli, STR("/v1/checkpoints"), "after", &items, NULL);

	if (status != CLI_OK)
		return status;
	if (cli->is_json) {
		cli_value_print(cli, items);
		return CLI_OK;
	}
	for (size_t i = 0; i < items->as.list.count; i++)
		value_append(inner, value_field_or_null(
		    items->as.list.items[i], "checkpoint"));
	cli_show_list(cli, value_built(inner), columns);
	return CLI_OK;
}

/* The number, or the newest one. */
static struct str
number_of(struct str given)
{
	return given.at != NULL ? given : STR("newest");
}

static enum cli_status
get(struct cli *cli, struct str path)
{
	struct cli_reply reply;
	enum cli_status status = cli_client_get(cli, path, &reply);

	return print_document(cli, status, &reply);
}

static enum cli_status
run_show(struct cli *cli)
{
	return get(cli, cli_client_path(cli, "/v1/checkpoints/",
			    number_of(cli_argument(cli, 0)), ""));
}

static enum cli_status
run_prove(struct cli *cli)
{
	struct str path = cli_client_path(cli, "/v1/checkpoints/",
	    number_of(cli_option_str(cli, "checkpoint")), "/instances/");

	path = cli_client_path(
	    cli, arena_cstr(cli->arena, path), cli_argument(cli, 0), "");
	return get(cli, path);
}

static enum cli_status
run_consistency(struct cli *cli)
{
	struct str path = cli_client_path(
	    cli, "/v1/checkpoints/", cli_argument(cli, 1), "/since/");

	path = cli_client_path(
	    cli, arena_cstr(cli->arena, path), cli_argument(cli, 0), "");
	return get(cli, path);
}

static enum cli_status
run_key(struct cli *cli)
{
	struct cli_request request = {
	    .method = "GET",
	    .path = STR("/v1/checkpoint-key"),
	    .wants_text = true,
	};
	struct cli_reply reply;
	enum cli_status status = cli_client_send(cli, &request, &reply);

	return print_document(cli, status, &reply);
}

/* ---- commands ---- */

static const struct cmd checkpoint_make = {
    .name = "make",
    .arguments = "",
    .summary = "Make a checkpoint now, and print it",
    .shares = CMD_CLIENT,
    .run = run_make,
};
static const struct cmd checkpoint_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the checkpoints that were made",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .run = run_list,
};
static const struct cmd checkpoint_show = {
    .name = "show",
    .arguments = "[NUMBER]",
    .summary = "Print a checkpoint; the newest unless told",
    .most = 1,
    .shares = CMD_CLIENT,
    .run = run_show,
};
static const struct cmd_option prove_options[] = {
    {"checkpoint", "NUMBER", "against that one; the newest unless told"},
    {NULL, NULL, NULL},
};
static const struct cmd checkpoint_prove = {
    .name = "prove",
    .arguments = "ID|KEY",
    .summary = "Prove that a checkpoint saw an instance's history",
    .details = "The proof is a document that `stated verify` checks with "
	       "nothing but the public\nkey.",
    .least = 1,
    .most = 1,
    .shares = CMD_CLIENT,
    .options = prove_options,
    .run = run_prove,
};
static const struct cmd checkpoint_consistency = {
    .name = "consistency",
    .arguments = "FIRST SECOND",
    .summary = "Prove that nothing was changed from one to another",
    .details = "That all that checkpoint FIRST saw stands unchanged under "
	       "checkpoint SECOND.\n`stated verify` checks the proof with "
	       "nothing but the public key.",
    .least = 2,
    .most = 2,
    .shares = CMD_CLIENT,
    .run = run_consistency,
};
static const struct cmd checkpoint_key = {
    .name = "key",
    .arguments = "",
    .summary = "Print the public key that checkpoints are checked with",
    .shares = CMD_CLIENT,
    .run = run_key,
};

static const struct cmd *const commands[] = {
    &checkpoint_make,
    &checkpoint_list,
    &checkpoint_show,
    &checkpoint_prove,
    &checkpoint_consistency,
    &checkpoint_key,
    NULL,
};

const struct cmd cmd_checkpoint = {
    .name = "checkpoint",
    .arguments = "make|list|show|prove|consistency|key",
    .summary = "Seal all histories by signed checkpoints",
    .commands = commands,
};
