/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_publish.c: sends workflows to an engine, all or none of them.
 *
 * Of folders, only the files that have a workflow in them are sent: what else
 * there is has no version and can't be published.  What a person names is
 * sent as it is, so that nothing is left out behind their back.
 */
#include "cli_priv.h"

#include "stated/library.h"
#include "stated/map.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FOLDERS_DEEP_MAX 8

struct parcel {
	struct cli *cli;
	struct value_builder *items;
	struct map *files; /* those in it, by identity */
	size_t count;
	bool is_broken; /* a file could not be read; told */
};

static void
add_file(struct parcel *parcel, const char *path, struct str text)
{
	struct value_builder *file = value_build_context(parcel->cli->arena);

	value_put_str(file, "name", str_of(path));
	value_put_str(file, "text", text);
	value_append(parcel->items, value_built(file));
	parcel->count++;
}

/* A line that begins a workflow; what is in it is for the server to judge. */
static bool
has_workflow(struct str text)
{
	while (text.bytes > 0)
		if (str_has_prefix(
			str_split(text, '\n', &text), STR("workflow:")))
			return true;
	return false;
}

/* A file may be named beside the folder that it is in. */
static bool
is_in(struct parcel *parcel, const struct stat *status)
{
	struct str identity = arena_strf(parcel->cli->arena, "%llu:%llu",
	    (unsigned long long)status->st_dev,
	    (unsigned long long)status->st_ino);

	return S_ISREG(status->st_mode) &&
	       map_put(parcel->files, identity, parcel) != NULL;
}

static void add_folder(struct parcel *parcel, const char *path, int depth);

static void
add_path(struct parcel *parcel, const char *path, int depth)
{
	struct stat status = {0};
	struct str text;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		if (depth < FOLDERS_DEEP_MAX)
			add_folder(parcel, path, depth + 1);
		return;
	}
	if (depth > 0 && !library_is_document(str_of(path)))
		return;
	if (depth > 0 && status.st_mode != 0 && !S_ISREG(status.st_mode)) {
		cli_fail(parcel->cli, "%s: it is no file", path);
		parcel->is_broken = true;
	} else if (!cli_value_file(parcel->cli, path, &text)) {
		parcel->is_broken = true;
	} else if ((depth == 0 || has_workflow(text)) &&
		   !is_in(parcel, &status)) {
		add_file(parcel, path, text);
	}
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
add_folder(struct parcel *parcel, const char *path, int depth)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_visible, alphasort);

	if (count < 0) {
		cli_fail(parcel->cli, "%s: %s", path, strerror(errno));
		parcel->is_broken = true;
	}
	for (int i = 0; i < count; i++) {
		add_path(parcel,
		    arena_strf(
			parcel->cli->arena, "%s/%s", path, entries[i]->d_name)
			.at,
		    depth);
		free(entries[i]);
	}
	free(entries);
}

static void
print_item(struct cli *cli, const struct value *item, bool dry_run)
{
	bool is_new = value_is_true(value_get_cstr(item, "new"));
	bool is_newest = value_is_true(value_get_cstr(item, "newest"));

	fprintf(cli->out, "%.*s %.*s: %s%s\n",
	    STR_ARG(cli_text_of(cli->arena, value_get_cstr(item, "name"))),
	    STR_ARG(cli_text_of(cli->arena, value_get_cstr(item, "version"))),
	    !is_new   ? "is published already"
	    : dry_run ? "would be published"
		      : "published",
	    is_newest ? "" : "; a higher version is used for new starts");
}

static enum cli_status
print_published(struct cli *cli, const struct cli_reply *reply)
{
	const struct value *items = value_get_cstr(reply->body, "items");
	bool dry_run =
	    value_is_true(value_field_or_null(reply->body, "dry_run"));

	if (cli->is_json) {
		cli_value_print(cli, reply->body);
		return CLI_OK;
	}
	if (cli_show_proposed(cli, reply))
		return CLI_OK;
	for (size_t i = 0; items != NULL && items->type == VALUE_LIST &&
			   i < items->as.list.count;
	     i++)
		print_item(cli, items->as.list.items[i], dry_run);
	return CLI_OK;
}

static enum cli_status
run(struct cli *cli)
{
	struct parcel parcel = {.cli = cli,
	    .items = value_build_list(cli->arena), .files = map_new()};
	struct value_builder *body = value_build_context(cli->arena);
	bool dry_run = cli_option(cli, "dry-run") != NULL;
	struct cli_reply reply;
	enum cli_status status;

	for (size_t i = 0; i < cli->argument_count; i++)
		add_path(&parcel, cli->arguments[i], 0);
	map_free(&parcel.files);
	if (parcel.is_broken)
		return CLI_FAILED;
	if (parcel.count == 0)
		return cli_fail(cli, "there is no workflow to publish");
	value_put(body, STR("files"), value_built(parcel.items));
	status = cli_client_post(cli,
	    arena_strf(cli->arena, "/v1/%s%s",
		cli_option(cli, "propose") != NULL ? "proposals"
						   : "definitions",
		dry_run ? "?dry_run=true" : ""),
	    value_built(body), &reply);
	return status == CLI_OK ? print_published(cli, &reply) : status;
}

static const struct cmd_option options[] = {
    {"dry-run", NULL, "only tell whether it would be done"},
    {"propose", NULL, "let another person confirm it, who may publish"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_publish = {
    .name = "publish",
    .arguments = "PATH...",
    .summary = "Publish workflows: new starts use them at once",
    .details =
	"All or none.  Instances that run stay on the version they began "
	"with.  A PATH is a\nfile, or a folder, of which the files with a "
	"workflow in them are sent.  What these\nlean on (connections, "
	"decisions, calendars, contacts) must be among the server's\nfiles.",
    .least = 1,
    .most = SIZE_MAX,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .options = options,
    .run = run,
};
