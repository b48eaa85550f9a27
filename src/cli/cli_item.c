/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_item.c: what waits for a person: tasks, incidents, escalations.
 *
 * An item is named INSTANCE.NUMBER, as lists show it.  Where an instance has
 * just one, the instance names it as well, by its identifier or its business
 * key: that is what a person has in hand.
 */
#include "cli_priv.h"

const struct cmd_option cli_item_options[] = {
    {"role", "ROLE", "for that role or contact"},
    {"instance", "ID|KEY", "of that instance"},
    {"closed", NULL, "those that are over"},
    {"limit", "COUNT", "so many; 50 unless told"},
    {"cursor", "CURSOR", "go on where a page ended"},
    {"all", NULL, "every page"},
    {NULL, NULL, NULL},
};

enum cli_status
cli_item_pages(struct cli *cli, struct buf *path, const char *kind,
    const struct cli_column *columns)
{
	bool takes_all = cli_option(cli, "all") != NULL;
	const struct value *items;
	struct str next = {NULL, 0};
	enum cli_status status;

	cli_client_query(path, "limit", cli_option_str(cli, "limit"));
	status = cli_client_pages(cli, arena_str(cli->arena, buf_str(path)),
	    "cursor", &items, takes_all ? NULL : &next);
	if (status == CLI_OK)
		cli_show_page(cli, kind, items, columns, next);
	return status;
}

enum cli_status
cli_item_list(
    struct cli *cli, const char *kind, const struct cli_column *columns)
{
	struct buf path = {0};
	enum cli_status status;

	buf_addf(&path, "/v1/%s", kind);
	cli_client_query(&path, "role", cli_option_str(cli, "role"));
	cli_client_query(&path, "instance", cli_option_str(cli, "instance"));
	cli_client_query(&path, "status", cli_option_str(cli, "status"));
	if (cli_option(cli, "closed") != NULL)
		cli_client_query(&path, "open", STR("false"));
	status = cli_item_pages(cli, &path, kind, columns);
	buf_fini(&path);
	return status;
}

/* ---- which one is meant ---- */

/* "UUID.7": 36 characters, a point and digits. */
static bool
is_item_id(struct str text)
{
	int64_t n;

	return text.bytes > 37 && text.at[36] == '.' && text.at[8] == '-' &&
	       str_parse_int(str_slice(text, 37, text.bytes), 1, INT64_MAX, &n);
}

static enum cli_status
find_only(
    struct cli *cli, const char *kind, struct str instance, struct str *id)
{
	struct buf path = {0};
	const struct value *items;
	enum cli_status status;

	buf_addf(&path, "/v1/%s", kind);
	cli_client_query(&path, "instance", instance);
	status = cli_client_pages(
	    cli, arena_str(cli->arena, buf_str(&path)), "cursor", &items, NULL);
	buf_fini(&path);
	if (status != CLI_OK)
		return status;
	if (items->as.list.count == 1) {
		*id = value_field_str(items->as.list.items[0], "id");
		return CLI_OK;
	}
	if (items->as.list.count == 0)
		return cli_fail(
		    cli, "%.*s has no open %s", STR_ARG(instance), kind);
	return cli_fail(cli, "%.*s has several %s: name one as `list` shows it",
	    STR_ARG(instance), kind);
}

enum cli_status
cli_item_act(struct cli *cli, const char *kind, const char *act,
    const struct value *body)
{
	struct str id = cli_argument(cli, 0);
	enum cli_status status = CLI_OK;
	struct cli_reply reply;

	if (!is_item_id(id))
		status = find_only(cli, kind, id, &id);
	if (status != CLI_OK)
		return status;
	status = cli_client_post(cli,
	    cli_client_path(cli, arena_strf(cli->arena, "/v1/%s/", kind).at, id,
		arena_strf(cli->arena, "/%s", act).at),
	    body, &reply);
	return status == CLI_OK ? cli_show_reply(cli, &reply) : status;
}

const struct value *
cli_item_body(struct cli *cli, const char *option, const char *key)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct str comment = cli_option_str(cli, "comment");
	const char *text = option != NULL ? cli_option(cli, option) : NULL;
	const struct value *data;

	if (comment.at != NULL)
		value_put_str(body, "comment", comment);
	if (text != NULL) {
		data = cli_value_of(
		    cli, arena_strf(cli->arena, "--%s", option).at, text);
		if (data == NULL)
			return NULL;
		value_put(body, str_of(key), data);
	}
	return value_built(body);
}

enum cli_status
cli_item_reason(struct cli *cli, struct value_builder *body)
{
	struct str reason = cli_option_str(cli, "reason");

	if (reason.bytes == 0)
		return cli_usage(cli, "--reason says why: it is recorded with "
				      "who did it");
	value_put_str(body, "reason", reason);
	return CLI_OK;
}

const struct value *
cli_item_alone(struct cli *cli, const struct value *body)
{
	struct str reason = cli_option_str(cli, "break-glass");

	return reason.at == NULL
		   ? body
		   : value_with(cli->arena, body, STR("break_glass"),
			 value_of_str(cli->arena, reason));
}
