/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_start.c: starts an instance. */
#include "cli_priv.h"

#include "stated/definition.h"

/* What an answer may take on top of the waiting. */
#define PATIENCE_MS 30000

static enum cli_status
parse_wait(struct cli *cli, int64_t *wait_ms)
{
	struct str text = cli_option_str(cli, "wait");
	struct def_span span;

	*wait_ms = 0;
	if (text.at == NULL)
		return CLI_OK;
	if (!def_span_parse(text, &span) || span.kind != SPAN_FIXED)
		return cli_usage(
		    cli, "--wait takes a duration such as 30s or 5m");
	*wait_ms = span.fixed_ms;
	return CLI_OK;
}

static const struct value *
body_of(struct cli *cli, const struct value *input)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct str priority = cli_option_str(cli, "priority");

	value_put(body, STR("input"), input);
	if (priority.at != NULL)
		value_put_str(body, "priority", priority);
	return value_built(body);
}

static enum cli_status
run(struct cli *cli)
{
	const char *text = cli_option(cli, "input");
	struct str path = cli_client_path(
	    cli, "/v1/workflows/", cli_argument(cli, 0), "/instances");
	struct cli_request request = {
	    .method = "POST",
	    .idempotency_key = cli_option_str(cli, "idempotency-key"),
	};
	const struct value *input = NULL;
	struct cli_reply reply;
	enum cli_status status;
	int64_t wait_ms;

	status = parse_wait(cli, &wait_ms);
	if (status != CLI_OK)
		return status;
	input = text != NULL ? cli_value_of(cli, "--input", text)
			     : value_built(value_build_context(cli->arena));
	if (input == NULL)
		return CLI_FAILED;
	request.body = body_of(cli, input);
	request.path = path;
	if (wait_ms > 0)
		request.path = arena_strf(cli->arena, "%.*s?wait=%lldms",
		    STR_ARG(path), (long long)wait_ms);
	request.patience_ms = wait_ms + PATIENCE_MS;
	status = cli_client_send(cli, &request, &reply);
	if (status != CLI_OK)
		return status;
	if (reply.status == 200 && !cli->is_json)
		fprintf(cli->err, "it was started before:\n");
	return cli_show_reply(cli, &reply);
}

static const struct cmd_option options[] = {
    {"input", "JSON|@FILE|-", "what it is started with; {} where left out"},
    {"wait", "DURATION", "answer when it has ended or waits for someone"},
    {"priority", "PRIORITY", "low, normal, high or critical"},
    {"idempotency-key", "KEY", "a repetition gets the same answer"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_start = {
    .name = "start",
    .arguments = "WORKFLOW",
    .summary = "Start an instance",
    .details =
	"The same business key with the same input gives the instance that "
	"there is.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
