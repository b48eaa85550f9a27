/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_migrate.c: moves instances to another version, page after page. */
#include "cli_priv.h"

struct migrate {
	struct cli *cli;
	struct value_builder *items; /* of all pages */
	size_t moved;
	size_t stranded;
};

static bool
read_version(struct cli *cli, const char *name, int64_t *version)
{
	struct str text = cli_option_str(cli, name);

	if (text.at != NULL && str_parse_int(text, 1, INT64_MAX, version))
		return true;
	cli_usage(cli, "--%s takes the number of a version", name);
	return false;
}

static bool
is_mapped(const struct cli *cli, struct str state, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str to, from =
		    str_split(str_of(cli_option_at(cli, "map", i)), '=', &to);

		if (str_equal(from, state))
			return true;
	}
	return false;
}

/* old=new, old=new, ...; NULL with a message. */
static const struct value *
read_map(struct cli *cli)
{
	struct value_builder *map = value_build_context(cli->arena);
	const char *text;

	for (size_t i = 0; (text = cli_option_at(cli, "map", i)); i++) {
		struct str to, from = str_split(str_of(text), '=', &to);

		if (from.bytes == 0 || to.bytes == 0) {
			cli_usage(cli, "--map takes OLD=NEW, not `%s`", text);
			return NULL;
		}
		if (is_mapped(cli, from, i)) {
			cli_usage(cli, "--map has two names for `%.*s`: it "
			    "goes to one state", STR_ARG(from));
			return NULL;
		}
		value_put(map, from, value_of_str(cli->arena, to));
	}
	return value_built(map);
}

/* Identifiers and keys; NULL where none is named: all. */
static const struct value *
read_names(struct cli *cli)
{
	static const char *const options[] = {"id", "key"};
	struct value_builder *names = value_build_list(cli->arena);
	size_t count = 0;
	const char *name;

	for (size_t option = 0; option < 2; option++)
		for (size_t i = 0;
		     (name = cli_option_at(cli, options[option], i)); i++) {
			value_append(
			    names, value_of_str(cli->arena, str_of(name)));
			count++;
		}
	return count > 0 ? value_built(names) : NULL;
}

static const struct value *
read_body(struct cli *cli)
{
	struct value_builder *body = value_build_context(cli->arena);
	const struct value *map, *names = read_names(cli);
	int64_t from, to;

	if (!read_version(cli, "from", &from) || !read_version(cli, "to", &to))
		return NULL;
	if (from == to) {
		cli_usage(cli, "--from and --to are the same version");
		return NULL;
	}
	map = read_map(cli);
	if (map == NULL)
		return NULL;
	value_put_str(body, "workflow", cli_argument(cli, 0));
	value_put_int(body, "from", from);
	value_put_int(body, "to", to);
	value_put(body, STR("map"), map);
	if (names != NULL)
		value_put(body, STR("instances"), names);
	if (cli_option(cli, "comment") != NULL)
		value_put_str(body, "comment", cli_option_str(cli, "comment"));
	value_put(body, STR("dry_run"),
	    value_of_boolean(cli_option(cli, "dry-run") != NULL));
	return value_built(body);
}

/* ---- what came of it ---- */

static void
print_item(struct cli *cli, const struct value *item)
{
	struct str key = value_field_str(item, "business_key");
	struct str fate = value_field_str(item, "fate");
	bool stranded = str_equal(fate, STR("stranded"));

	if (key.bytes == 0)
		key = value_field_str(item, "instance");
	fprintf(cli->out, "%.*s  ", STR_ARG(cli_text_clean(cli->arena, key)));
	cli_text_paint(cli->out, cli->colours_out,
	    stranded ? COLOUR_RED : COLOUR_GREEN, fate);
	fprintf(cli->out, "%s%.*s\n", stranded ? ": " : "  ",
	    STR_ARG(cli_text_of(cli->arena,
		value_field_or_null(item, stranded ? "detail" : "state"))));
}

static void
take_items(struct migrate *migrate, const struct value *items)
{
	for (size_t i = 0; items != NULL && items->type == VALUE_LIST &&
			   i < items->as.list.count;
	     i++) {
		const struct value *item = items->as.list.items[i];

		if (str_equal(value_field_str(item, "fate"),
			STR("stranded")))
			migrate->stranded++;
		else
			migrate->moved++;
		value_append(migrate->items, item);
		if (!migrate->cli->is_json)
			print_item(migrate->cli, item);
	}
}

static enum cli_status
move_pages(struct migrate *migrate, const struct value *body)
{
	struct cli *cli = migrate->cli;
	const struct value *next = &value_null;
	enum cli_status status;

	do {
		struct cli_reply reply;

		status = cli_client_post(cli, STR("/v1/migrations"),
		    next->type == VALUE_NULL
			? body
			: value_with(cli->arena, body, STR("after"), next),
		    &reply);
		if (status != CLI_OK)
			return status;
		take_items(migrate, value_get_cstr(reply.body, "items"));
		next = value_field_or_null(reply.body, "next");
	} while (next->type != VALUE_NULL);
	return CLI_OK;
}

static enum cli_status
report(struct migrate *migrate)
{
	struct cli *cli = migrate->cli;
	bool dry_run = cli_option(cli, "dry-run") != NULL;

	if (cli->is_json)
		cli_value_print(cli, value_built(migrate->items));
	else
		fprintf(cli->out, "%zu %s, %zu stranded\n", migrate->moved,
		    dry_run ? "would move" : "moved", migrate->stranded);
	return migrate->stranded > 0 ? CLI_FAILED : CLI_OK;
}

static enum cli_status
run(struct cli *cli)
{
	struct migrate migrate = {
	    .cli = cli, .items = value_build_list(cli->arena)};
	const struct value *body = read_body(cli);
	enum cli_status status;

	if (body == NULL)
		return CLI_USAGE;
	status = move_pages(&migrate, body);
	return status == CLI_OK ? report(&migrate) : status;
}

static const struct cmd_option options[] = {
    {"from", "VERSION", "the version that they leave"},
    {"to", "VERSION", "the version that they go to"},
    {"map", "OLD=NEW", "what a state is called there; may be repeated", true},
    {"id", "ID", "only this instance; may be repeated", true},
    {"key", "KEY", "only the one with this business key; may be repeated",
	true},
    {"comment", "TEXT", "why; history keeps it"},
    {"dry-run", NULL, "only tell which would move, and why others can't"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_migrate = {
    .name = "migrate",
    .arguments = "WORKFLOW",
    .summary = "Move instances to another version of their workflow",
    .details =
	"All open instances on that version, unless some are named.  States "
	"keep their names\nbut for those in a --map.  What can't move stays as "
	"it is and is told with the\nreason; the exit status is 1 then.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
