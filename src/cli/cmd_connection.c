/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_connection.c: see how connections stand, try, pause and resume them. */
#include "cli_priv.h"

static const struct cli_column columns[] = {
    {"CONNECTION", "name"},
    {"STATE", "state"},
    {"PAUSED", "paused"},
    {"WAITS FOR", "waits_for"},
    {"QUEUED", "queued"},
    {"ACTIVE", "active"},
    {"PLACES", "places"},
    {"RATE", "rate"},
    {"OLDEST", "oldest_at:age"},
    {"TO PUBLISH", "to_publish"},
    {"ERROR", "error_at:age"},
    {"WHAT", "error"},
    {NULL, NULL},
};

static enum cli_status
run_list(struct cli *cli)
{
	return cli_item_list(cli, "connections", columns);
}

/* The command's own name is the act. */
static struct str
path_of(struct cli *cli)
{
	return cli_client_path(cli, "/v1/connections/",
	    cli_argument(cli, 0),
	    arena_strf(cli->arena, "/%s", cli->cmd->name).at);
}

/* ---- pause and resume ---- */

static enum cli_status
run_switch(struct cli *cli)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct str reason = cli_option_str(cli, "reason");
	struct cli_reply reply;
	enum cli_status status;

	if (reason.at != NULL)
		value_put_str(body, "reason", reason);
	status = cli_client_post(
	    cli, path_of(cli), value_built(body), &reply);
	if (status == CLI_OK)
		cli_show_item(cli, reply.body, columns);
	return status;
}

/* ---- test ---- */

static void
show_tried(struct cli *cli, const struct value *tried)
{
	struct str did = value_field_str(tried, "did");

	fprintf(cli->out, "%.*s: %.*s\n",
	    STR_ARG(value_field_str(tried, "connection")),
	    STR_ARG(value_field_str(tried, "message")));
	if (did.at != NULL)
		fprintf(cli->out, "  %.*s (%.*s ms)\n", STR_ARG(did),
		    STR_ARG(cli_text_of(cli->arena,
			value_field_or_null(tried, "took_ms"))));
}

static enum cli_status
run_test(struct cli *cli)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct str operation = cli_option_str(cli, "operation");
	const char *with = cli_option(cli, "with");
	struct cli_reply reply;
	enum cli_status status;

	if (operation.at != NULL)
		value_put_str(body, "operation", operation);
	if (with != NULL) {
		const struct value *arguments =
		    cli_value_of(cli, "--with", with);

		if (arguments == NULL)
			return CLI_FAILED;
		value_put(body, STR("with"), arguments);
	}
	status = cli_client_post(
	    cli, path_of(cli), value_built(body), &reply);
	if (status != CLI_OK)
		return status;
	if (cli->is_json)
		cli_value_print(cli, reply.body);
	else
		show_tried(cli, reply.body);
	return value_is_true(value_field_or_null(reply.body, "ok"))
		   ? CLI_OK
		   : CLI_FAILED;
}

/* ---- commands ---- */

static const struct cmd_option reason_options[] = {
    {"reason", "TEXT", "why; it is kept with who did it"},
    {NULL, NULL, NULL},
};

static const struct cmd_option test_options[] = {
    {"operation", "NAME", "try this one, which has to be safe"},
    {"with", "JSON|@FILE|-", "its arguments"},
    {NULL, NULL, NULL},
};

static const struct cmd connection_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the connections and how they stand",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .run = run_list,
};
static const struct cmd connection_test = {
    .name = "test",
    .arguments = "NAME",
    .summary = "Find out whether a connection works, changing nothing",
    .details = "The engine asks for a token, where the connection has one, "
	       "and greets the\nendpoint. Exit status 1 says that it does not "
	       "work; the message says what to\nlook at.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = test_options,
    .run = run_test,
};
static const struct cmd connection_pause = {
    .name = "pause",
    .arguments = "NAME",
    .summary = "Hold a connection's calls, over restarts too",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = reason_options,
    .run = run_switch,
};
static const struct cmd connection_resume = {
    .name = "resume",
    .arguments = "NAME",
    .summary = "Let a connection's calls go again, by and by",
    .details = "Where the breaker is open, or the endpoint has asked us to "
	       "wait, this ends it.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = reason_options,
    .run = run_switch,
};

static const struct cmd *const commands[] = {
    &connection_list,
    &connection_test,
    &connection_pause,
    &connection_resume,
    NULL,
};

const struct cmd cmd_connection = {
    .name = "connection",
    .arguments = "list|test|pause|resume",
    .summary = "See how connections stand; try, pause and resume them",
    .commands = commands,
};
