/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_event.c: sends a CloudEvent. */
#include "cli_priv.h"

#include "stated/digest.h"
#include "stated/rng.h"

/* 128 random bits: nobody sends the same identity by chance. */
static struct str
new_id(struct arena *arena)
{
	char bytes[16];

	rng_system()->fill(rng_system(), bytes, sizeof(bytes));
	return digest_format_hex((struct str){bytes, sizeof(bytes)},
	    arena_alloc(arena, 2 * sizeof(bytes) + 1));
}

static const struct value *
event_of(struct cli *cli, const struct value *data)
{
	struct value_builder *event = value_build_context(cli->arena);
	struct str id = cli_option_str(cli, "id");
	struct str source = cli_option_str(cli, "source");
	struct str subject = cli_option_str(cli, "subject");

	value_put_str(event, "specversion", STR("1.0"));
	value_put_str(event, "type", cli_argument(cli, 0));
	value_put_str(
	    event, "source", source.at != NULL ? source : STR("stated-cli"));
	value_put_str(event, "id", id.at != NULL ? id : new_id(cli->arena));
	if (subject.at != NULL)
		value_put_str(event, "subject", subject);
	if (data != NULL)
		value_put(event, STR("data"), data);
	return value_built(event);
}

static void
print(struct cli *cli, const struct value *body)
{
	static const struct cli_column columns[] = {
	    {"STATUS", "status"}, {"ID", "id"}, {NULL, NULL}};
	const struct value *events = value_field_or_null(body, "events");

	if (cli->is_json || events->type != VALUE_LIST)
		cli_value_print(cli, body);
	else
		cli_show_list(cli, events, columns);
}

static enum cli_status
run(struct cli *cli)
{
	const char *text = cli_option(cli, "data");
	const struct value *data = NULL;
	struct cli_request request = {
	    .method = "POST",
	    .path = STR("/v1/events"),
	    .content_type = STR("application/cloudevents+json"),
	};
	struct cli_reply reply;
	enum cli_status status;

	if (text != NULL) {
		data = cli_value_of(cli, "--data", text);
		if (data == NULL)
			return CLI_FAILED;
	}
	request.body = event_of(cli, data);
	status = cli_client_send(cli, &request, &reply);
	if (status == CLI_OK)
		print(cli, reply.body);
	return status;
}

static const struct cmd_option options[] = {
    {"subject", "SUBJECT", "which instance it is for: what it waits for"},
    {"data", "JSON|@FILE|-", "what it carries"},
    {"id", "ID", "its identity with the source; a random one unless told"},
    {"source", "SOURCE", "who sends it; stated-cli unless told"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_event = {
    .name = "event",
    .arguments = "TYPE",
    .summary = "Send an event",
    .details = "Tells what became of it: matched, held until an instance "
	       "waits for it, ignored,\nor duplicate.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
