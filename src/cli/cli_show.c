/* SPDX-License-Identifier: Apache-2.0 */
/* cli_show.c: what an engine answers, for people who operate it. */
#include "cli_priv.h"

#define COLUMNS_MAX 12

/* ---- lists ---- */

/* "approved, rejected": a list of words needs no brackets. */
static struct str
words_of(struct cli *cli, const struct value *list)
{
	struct buf text = {0};
	struct str words;

	for (size_t i = 0; i < list->as.list.count; i++) {
		buf_add_cstr(&text, i > 0 ? ", " : "");
		buf_add_str(
		    &text, cli_text_of(cli->arena, list->as.list.items[i]));
	}
	words = text.bytes > 0 ? arena_str(cli->arena, buf_str(&text))
			       : STR("");
	buf_fini(&text);
	return words;
}

static struct str
cell_of(struct cli *cli, const struct value *item, const char *key)
{
	struct str how;
	struct str name = str_split(str_of(key), ':', &how);
	const struct value *value = item;

	while (value != NULL && name.at != NULL)
		value = value_get(value, str_split(name, '.', &name));
	if (value == NULL)
		return STR("");
	if (str_equal(how, STR("age")))
		return cli_text_age(cli->arena, value_str(value));
	if (str_equal(how, STR("time")) && value_str(value).at != NULL)
		return cli_text_time(cli->arena, value_str(value));
	if (value->type == VALUE_LIST)
		return words_of(cli, value);
	return cli_text_of(cli->arena, value);
}

void
cli_show_list(struct cli *cli, const struct value *items,
    const struct cli_column *columns)
{
	const char *headings[COLUMNS_MAX + 1] = {NULL};
	struct cli_table *table;
	size_t count = 0;

	for (; columns[count].heading != NULL; count++) {
		must(count < COLUMNS_MAX);
		headings[count] = columns[count].heading;
	}
	table = cli_table_new(cli->arena, headings);
	for (size_t i = 0; i < items->as.list.count; i++)
		for (size_t j = 0; j < count; j++) {
			struct str cell = cell_of(
			    cli, items->as.list.items[i], columns[j].key);

			cli_table_add(table, cell);
			if (strcmp(columns[j].key, "status") == 0)
				cli_table_paint(table, cli_text_status(cell));
		}
	if (items->as.list.count > 0)
		cli_table_print(table, cli->out, cli->colours_out);
}

void
cli_show_item(struct cli *cli, const struct value *item,
    const struct cli_column *columns)
{
	if (cli->is_json)
		cli_value_print(cli, item);
	else
		cli_show_list(
		    cli, value_of_list(cli->arena, &item, 1), columns);
}

void
cli_show_page(struct cli *cli, const char *kind, const struct value *items,
    const struct cli_column *columns, struct str next)
{
	if (cli->is_json) {
		struct value_builder *page = value_build_context(cli->arena);

		value_put(page, STR("items"), items);
		value_put_str(page, "next", next);
		cli_value_print(cli, value_built(page));
		return;
	}
	cli_show_list(cli, items, columns);
	if (items->as.list.count == 0)
		fprintf(cli->err, "no %s\n", kind);
	if (next.at != NULL)
		fprintf(cli->err, "there are more: --cursor %.*s, or --all\n",
		    STR_ARG(cli_text_clean(cli->arena, next)));
}

/* ---- an instance ---- */

static void
show_field(struct cli *cli, const char *name, struct str text)
{
	if (text.bytes == 0)
		return;
	fprintf(cli->out, "  %-14s%.*s\n", name, STR_ARG(text));
}

static void
show_time(struct cli *cli, const char *name, const struct value *view,
    const char *key)
{
	struct str instant = value_field_str(view, key);

	if (instant.at == NULL)
		return;
	show_field(cli, name,
	    arena_strf(cli->arena, "%.*s (%.*s)",
		STR_ARG(cli_text_time(cli->arena, instant)),
		STR_ARG(cli_text_age(cli->arena, instant))));
}

static void
show_heading(struct cli *cli, const struct value *view)
{
	struct str status = value_field_str(view, "status");
	struct str key =
	    cli_text_of(cli->arena, value_get_cstr(view, "business_key"));

	cli_text_paint(cli->out, cli->colours_out, COLOUR_BOLD,
	    cli_text_of(cli->arena, value_get_cstr(view, "workflow")));
	fprintf(cli->out, "%s%.*s  ", key.bytes > 0 ? " " : "", STR_ARG(key));
	cli_text_paint(
	    cli->out, cli->colours_out, cli_text_status(status), status);
	if (value_get_cstr(view, "ended_as") != NULL)
		fprintf(cli->out, ", it ended %.*s\n",
		    STR_ARG(cli_text_of(
			cli->arena, value_get_cstr(view, "ended_as"))));
	else
		fprintf(cli->out, " in %.*s\n",
		    STR_ARG(cli_text_of(
			cli->arena, value_get_cstr(view, "state"))));
}

static void
show_fields(struct cli *cli, const char *title, const struct value *context)
{
	if (context->type != VALUE_CONTEXT || context->as.context.count == 0)
		return;
	fprintf(cli->out, "\n%s\n", title);
	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];

		fprintf(cli->out, "  %-14.*s%.*s\n",
		    STR_ARG(cli_text_clean(cli->arena, field->key)),
		    STR_ARG(cli_text_of(cli->arena, field->value)));
	}
}

static const struct {
	const char *key;
	const char *title;
	struct cli_column columns[8];
} parts[] = {
    {"tasks", "waits for a person",
	{{"ID", "id"}, {"TITLE", "title"}, {"ROLE", "role"},
	    {"CHOICES", "choices"}, {"AGE", "created:age"}, {NULL, NULL}}},
    {"incidents", "stands still",
	{{"ID", "id"}, {"KIND", "kind"}, {"STEP", "step"}, {"ITEM", "item"},
	    {"OWNER", "owner"}, {"AGE", "created:age"}, {"MESSAGE", "message"},
	    {NULL, NULL}}},
    {"escalations", "escalated",
	{{"ID", "id"}, {"LEVEL", "level"}, {"TO", "to"},
	    {"ACKNOWLEDGED", "acknowledged"}, {"AGE", "created:age"},
	    {"MESSAGE", "message"}, {NULL, NULL}}},
    {"deadlines", "deadlines",
	{{"DUE", "due:time"}, {"KIND", "kind"}, {"STATE", "state"},
	    {"TARGET", "target"}, {"TO", "to"}, {NULL, NULL}}},
    {"calls", "calls under way",
	{{"OPERATION", "operation"}, {"STEP", "step"}, {"STATE", "state"},
	    {"ATTEMPT", "attempt"}, {"DUE", "due:time"}, {NULL, NULL}}},
    {"children", "runs",
	{{"ID", "id"}, {"WORKFLOW", "workflow"}, {"STEP", "step"},
	    {NULL, NULL}}},
    {"proposals", "wants a second person",
	{{"ID", "id"}, {"ACT", "act"}, {"STATUS", "status"},
	    {"BY", "proposed_by"}, {"AGE", "created:age"},
	    {"COMMENT", "comment"}, {NULL, NULL}}},
    {"loops", "loops under way",
	{{"STEP", "step"}, {"ITEMS", "items"}, {"BEGUN", "begun"},
	    {NULL, NULL}}},
};

/* An instance: where it stands and what it waits for. */
static void
show_instance(struct cli *cli, const struct value *view)
{
	struct arena *arena = cli->arena;

	show_heading(cli, view);
	show_field(cli, "id", cli_text_of(arena, value_get_cstr(view, "id")));
	show_field(cli, "version",
	    cli_text_of(arena, value_get_cstr(view, "version")));
	show_field(cli, "priority",
	    cli_text_of(arena, value_get_cstr(view, "priority")));
	show_field(cli, "initiator",
	    cli_text_of(arena, value_get_cstr(view, "initiator")));
	show_field(cli, "awaited by",
	    cli_text_of(arena, value_get_cstr(view, "awaited_by")));
	show_time(cli, "started", view, "started_at");
	show_time(cli, "ended", view, "ended_at");
	show_time(cli, "purged", view, "purged_at");
	show_field(cli, "records",
	    cli_text_of(arena, value_get_cstr(view, "records")));
	show_field(cli, "hash",
	    cli_text_of(arena, value_get_cstr(view, "hash")));
	show_field(cli, "certificate",
	    cli_text_of(arena, value_get_cstr(view, "certificate")));
	show_field(cli, "outcome",
	    cli_text_of(arena, value_get_cstr(view, "outcome")));
	if (value_get_cstr(view, "unloaded") != NULL)
		show_field(cli, "not loaded",
		    STR("its version can't be any more: `stated history` "
			"tells the rest"));
	show_fields(cli, "labels", value_field_or_null(view, "labels"));
	show_fields(cli, "input", value_field_or_null(view, "input"));
	show_fields(cli, "data", value_field_or_null(view, "data"));
	show_fields(cli, "output", value_field_or_null(view, "output"));
	show_fields(cli, "error", value_field_or_null(view, "error"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct value *list =
		    value_field_or_null(view, parts[i].key);

		if (list->type != VALUE_LIST || list->as.list.count == 0)
			continue;
		fprintf(cli->out, "\n%s\n", parts[i].title);
		cli_show_list(cli, list, parts[i].columns);
	}
}

/* What its digests stand for, for who may see it. */
static void
show_sensitive(struct cli *cli, const struct value *view)
{
	static const struct cli_column columns[] = {
	    {"PATH", "path"}, {"VALUE", "value"}, {"DIGEST", "digest"},
	    {NULL, NULL}};
	const struct value *sensitive = value_field_or_null(view, "sensitive");
	const struct value *values;

	if (sensitive->type != VALUE_CONTEXT)
		return;
	values = value_field_or_null(sensitive, "values");
	fprintf(cli->out, "\nsensitive\n");
	show_field(cli, "salt",
	    cli_text_of(cli->arena, value_get_cstr(sensitive, "salt")));
	if (values->type == VALUE_LIST && values->as.list.count > 0)
		cli_show_list(cli, values, columns);
}

/* What was asked for last, of an instance or of none. */
static struct str
proposal_of(struct cli *cli, const struct value *body)
{
	const struct value *list = value_field_or_null(body, "proposals");

	if (list->type == VALUE_LIST && list->as.list.count > 0)
		body = list->as.list.items[list->as.list.count - 1];
	return cli_text_of(cli->arena, value_get_cstr(body, "id"));
}

bool
cli_show_proposed(struct cli *cli, const struct cli_reply *reply)
{
	if (reply->status != 202)
		return false;
	fprintf(cli->err,
	    "This waits for another person: stated proposal confirm %.*s\n",
	    STR_ARG(proposal_of(cli, reply->body)));
	return true;
}

enum cli_status
cli_show_reply(struct cli *cli, const struct cli_reply *reply)
{
	if (cli->is_json) {
		cli_value_print(cli, reply->body);
		return CLI_OK;
	}
	show_instance(cli, reply->body);
	show_sensitive(cli, reply->body);
	(void)cli_show_proposed(cli, reply);
	return CLI_OK;
}
