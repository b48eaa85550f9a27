/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_library.c: documents that a person names.
 *
 * A workflow leans on connections, decisions, calendars and contacts that
 * stand in other files.  Where what is named leans on what was not, the
 * documents beside it help out: those of the folder `workflows` that it lies
 * in, or else those of a file's own folder.  What is wrong with the helpers is
 * not the user's question and is left out, and so is a helper that has errors
 * of its own: whoever misses what stands in it is told of the first of them.
 */
#include "cli_priv.h"

#include "stated/library.h"
#include "stated/map.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#define HELPERS_MAX 2000
#define FOLDERS_DEEP_MAX 8

/* A document of a helper that was left out. */
struct missed {
	struct str message; /* of whoever misses it */
	size_t helper;
};

struct helpers {
	struct arena *arena;
	struct map *named; /* files that the user named, by identity */
	struct str *paths;
	struct str *error; /* it is left out for this one; absent: it is in */
	size_t count;
	size_t capacity;
	struct missed *missed;
	size_t missed_count;
	size_t missed_capacity;
};

/* ---- finding what is beside ---- */

static bool
identity(struct arena *arena, const char *path, struct str *out)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return false;
	*out = arena_strf(arena, "%llu:%llu", (unsigned long long)status.st_dev,
	    (unsigned long long)status.st_ino);
	return true;
}

static bool
is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A pipe that happens to lie there may be silent for ever. */
static bool
is_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The folder named `workflows` above the file, or the one it lies in. */
static struct str
folder_of(struct arena *arena, const char *path)
{
	char *real = realpath(path, NULL);
	struct str whole = real != NULL ? arena_str(arena, str_of(real))
					: STR("/nowhere/at-all");
	struct str above = whole, own = {NULL, 0};

	free(real);
	while (above.bytes > 0) {
		while (above.bytes > 0 && above.at[above.bytes - 1] != '/')
			above.bytes--;
		if (above.bytes > 0)
			above.bytes--;
		if (own.at == NULL)
			own = above;
		if (str_has_suffix(above, STR("/workflows")))
			return above;
	}
	return own;
}

/* Only what begins like one of ours: there may be any other YAML around. */
static bool
is_document(const char *path)
{
	static const char *const keys[] = {
	    "workflow:", "connection:", "decision:", "calendar:", "contact:",
	    "schema:"};
	FILE *file = fopen(path, "re");
	struct buf line = {0};
	bool is_ours = false, is_comment = true;

	while (file != NULL && is_comment && cli_value_line(file, &line)) {
		struct str text = buf_str(&line);

		is_comment = str_trim(text).bytes == 0 || text.at[0] == '#' ||
			     str_has_prefix(text, STR("---")) ||
			     text.at[0] == '%';
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			is_ours |= str_has_prefix(text, str_of(keys[i]));
	}
	if (file != NULL)
		fclose(file);
	buf_fini(&line);
	return is_ours;
}

static void
add_helper(struct helpers *helpers, struct str path)
{
	const char *name = arena_cstr(helpers->arena, path);
	struct str id;

	if (helpers->count >= HELPERS_MAX || !library_is_document(path) ||
	    !identity(helpers->arena, name, &id) ||
	    map_find(helpers->named, id) != NULL || !is_file(name) ||
	    !is_document(name))
		return;
	helpers->paths = arena_grow(helpers->arena, helpers->paths,
	    helpers->count, &helpers->capacity, sizeof(*helpers->paths));
	helpers->paths[helpers->count++] = path;
	map_put(helpers->named, id, helpers);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
add_folder(struct helpers *helpers, struct str folder, int depth)
{
	struct dirent **entries = NULL;
	int count = scandir(arena_cstr(helpers->arena, folder), &entries,
	    is_visible, alphasort);

	for (int i = 0; i < count; i++) {
		struct str path = arena_strf(helpers->arena, "%.*s/%s",
		    STR_ARG(folder), entries[i]->d_name);

		if (!is_folder(path.at))
			add_helper(helpers, path);
		else if (depth < FOLDERS_DEEP_MAX)
			add_folder(helpers, path, depth + 1);
		free(entries[i]);
	}
	free(entries);
}

/* ---- loading ---- */

static struct library *
load(struct cli *cli, const char *const *paths, size_t count,
    const struct helpers *helpers, struct diag_list *diags)
{
	struct library *library = library_new();

	(void)cli;
	for (size_t i = 0; i < count; i++)
		library_add_path(library, str_of(paths[i]), diags);
	for (size_t i = 0; helpers != NULL && i < helpers->count; i++)
		if (helpers->error[i].at == NULL)
			library_add_path(library, helpers->paths[i], diags);
	if (!library_link(library, diags))
		must(diag_count(diags, DIAG_ERROR) > 0);
	return library;
}

static bool
is_of(const struct diag *diag, struct str path)
{
	return diag->span.source != NULL &&
	       str_equal(diag->span.source->file, path);
}

/* "contact: desk" at the beginning of a line, as is_document() reads it; what
 * lacks it is told that there is no such thing: "no contact `desk`". */
static void
add_missed(struct helpers *helpers, size_t helper, struct str line)
{
	static const struct str kinds[] = {STR_INIT("workflow"),
	    STR_INIT("connection"), STR_INIT("decision"),
	    STR_INIT("calendar"), STR_INIT("contact"), STR_INIT("schema")};
	struct str name, comment, kind = str_split(line, ':', &name);

	if (name.at == NULL || !str_is_among(kind, kinds, COUNT_OF(kinds)))
		return;
	name = str_trim(str_split(name, '#', &comment));
	helpers->missed = arena_grow(helpers->arena, helpers->missed,
	    helpers->missed_count, &helpers->missed_capacity,
	    sizeof(*helpers->missed));
	helpers->missed[helpers->missed_count++] = (struct missed){
	    .message = arena_strf(helpers->arena, "no %.*s `%.*s`",
		STR_ARG(kind), STR_ARG(name)),
	    .helper = helper,
	};
}

/* What is missed of a helper that was left out; NULL: something else. */
static const struct missed *
find_missed(const struct helpers *helpers, const struct diag *diag)
{
	for (size_t i = 0; i < helpers->missed_count; i++)
		if (str_has_prefix(
		    diag->message, helpers->missed[i].message))
			return &helpers->missed[i];
	return NULL;
}

/* One that only misses what stands in another is left out for the other's
 * error. */
static void
leave_out_helper(struct helpers *helpers, size_t helper,
    const struct diag *diag)
{
	const struct missed *missed = find_missed(helpers, diag);
	struct str rest = diag->span.source->text;

	helpers->error[helper] = missed != NULL
		? helpers->error[missed->helper]
		: arena_strf(helpers->arena, "%.*s:%u:%u: %.*s [%s]",
		      STR_ARG(helpers->paths[helper]), diag->span.line,
		      diag->span.column, STR_ARG(diag->message), diag->code);
	while (rest.at != NULL) {
		struct str line = str_split(rest, '\n', &rest);

		add_missed(helpers, helper, line);
	}
}

/* Marks the helpers that have errors; how many there are anew. */
static size_t
leave_out(struct helpers *helpers, struct diag_list *diags)
{
	size_t count, marked = 0;
	const struct diag *sorted = diag_sorted(diags, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < helpers->count; j++)
			if (sorted[i].level == DIAG_ERROR &&
			    helpers->error[j].at == NULL &&
			    is_of(&sorted[i], helpers->paths[j])) {
				leave_out_helper(helpers, j, &sorted[i]);
				marked++;
			}
	return marked;
}

static bool
is_helper(const struct helpers *helpers, const struct diag *diag)
{
	for (size_t i = 0; i < helpers->count; i++)
		if (is_of(diag, helpers->paths[i]))
			return true;
	return false;
}

/* Of what stands in a helper that was left out, the helper is to be mended. */
static void
copy_repair(const struct helpers *helpers, const struct diag *diag,
    struct diag_list *to)
{
	const struct missed *missed = find_missed(helpers, diag);

	if (missed != NULL)
		diag_repair(to,
		    "it stands in a file beside this one, which is left out "
		    "until this is mended: %.*s",
		    STR_ARG(helpers->error[missed->helper]));
	else if (diag->repair.at != NULL)
		diag_repair(to, "%.*s", STR_ARG(diag->repair));
}

static void
copy_diags(
    const struct helpers *helpers, struct diag_list *from, struct diag_list *to)
{
	size_t count;
	const struct diag *sorted = diag_sorted(from, &count);

	for (size_t i = 0; i < count; i++) {
		const struct diag *diag = &sorted[i];

		if (is_helper(helpers, diag))
			continue;
		diag_add(to, diag->level, diag->code, diag->span, "%.*s",
		    STR_ARG(diag->message));
		copy_repair(helpers, diag, to);
	}
}

/* Again and again without the helpers that turned out to be wrong. */
static struct library *
load_helped(struct cli *cli, const char *const *paths, size_t count,
    struct helpers *helpers, struct diag_list *diags)
{
	for (;;) {
		struct diag_list *all = diag_list_new();
		struct library *library = load(cli, paths, count, helpers, all);

		if (leave_out(helpers, all) == 0) {
			copy_diags(helpers, all, diags);
			diag_list_free(&all);
			return library;
		}
		library_free(&library);
		diag_list_free(&all);
	}
}

/* What is beside a path: of a folder only where it lies in `workflows`, for
 * else it speaks for itself. */
static void
add_beside(struct helpers *helpers, const char *path)
{
	struct str folder = folder_of(helpers->arena, path);

	if (!is_folder(path) || str_has_suffix(folder, STR("/workflows")))
		add_folder(helpers, folder, 0);
}

static bool
find_helpers(struct helpers *helpers, const char *const *paths, size_t count)
{
	struct str id;

	for (size_t i = 0; i < count; i++)
		if (identity(helpers->arena, paths[i], &id))
			map_put(helpers->named, id, helpers);
	for (size_t i = 0; i < count; i++)
		if (identity(helpers->arena, paths[i], &id))
			add_beside(helpers, paths[i]);
	helpers->error =
	    ARENA_ARRAY(helpers->arena, helpers->count, struct str);
	return helpers->count > 0;
}

struct library *
cli_library_load(struct cli *cli, const char *const *paths, size_t count,
    struct diag_list *diags)
{
	struct diag_list *alone = diag_list_new();
	struct library *library = load(cli, paths, count, NULL, alone);
	struct helpers helpers = {.arena = cli->arena, .named = map_new()};

	if (diag_count(alone, DIAG_ERROR) > 0 &&
	    find_helpers(&helpers, paths, count)) {
		library_free(&library);
		library = load_helped(cli, paths, count, &helpers, diags);
	} else {
		copy_diags(&helpers, alone, diags);
	}
	map_free(&helpers.named);
	diag_list_free(&alone);
	return library;
}

bool
cli_library_is_named(const struct cli *cli, struct str file)
{
	for (size_t i = 0; i < cli->argument_count; i++) {
		struct str path = str_of(cli->arguments[i]);

		if (str_equal(file, path) ||
		    (str_has_prefix(file, path) &&
			(file.at[path.bytes] == '/' ||
			    str_has_suffix(path, STR("/")))))
			return true;
	}
	return false;
}

void
cli_library_report(struct cli *cli, struct diag_list *diags, FILE *out)
{
	struct buf text = {0};

	diag_format(diags, &text,
	    out == cli->err ? cli->colours_err : cli->colours_out);
	fprintf(out, "%s", buf_cstr(&text));
	buf_fini(&text);
}

static bool
is_wanted(const struct cli *cli, size_t index,
    const struct definition *definition)
{
	struct str name = cli_option_str(cli, "workflow");

	return str_equal(definition->file, cli_argument(cli, index)) &&
	       (name.at == NULL || str_equal(definition->name, name));
}

static size_t
add_newest(const struct definition **found, size_t count,
    const struct definition *definition)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(found[i]->name, definition->name)) {
			if (definition->version > found[i]->version)
				found[i] = definition;
			return count;
		}
	found[count] = definition;
	return count + 1;
}

static size_t
choose_all(struct cli *cli, size_t index, const struct library *library,
    const struct definition ***found)
{
	const struct definition *definition;
	size_t count = 0;

	while (library_workflow_at(library, count) != NULL)
		count++;
	*found = ARENA_ARRAY(cli->arena, count + 1, const struct definition *);
	count = 0;
	for (size_t i = 0; (definition = library_workflow_at(library, i));
	     i++)
		if (is_wanted(cli, index, definition))
			count = add_newest(*found, count, definition);
	return count;
}

size_t
cli_library_choose_all(struct cli *cli, size_t index,
    const struct library *library, struct diag_list *diags,
    const struct definition ***found)
{
	struct str name = cli_option_str(cli, "workflow");
	size_t count;

	cli_library_report(cli, diags, cli->err);
	if (diag_count(diags, DIAG_ERROR) > 0)
		return 0;
	count = choose_all(cli, index, library, found);
	if (count == 0 && name.at != NULL &&
	    !is_folder(cli->arguments[index]))
		cli_fail(cli, "%s: no workflow `%.*s` in it",
		    cli->arguments[index], STR_ARG(name));
	else if (count == 0 && is_folder(cli->arguments[index]))
		cli_fail(cli, "%s: is a folder; name a file with a workflow",
		    cli->arguments[index]);
	else if (count == 0)
		cli_fail(cli, "%s: no workflow in it", cli->arguments[index]);
	return count;
}

const struct definition *
cli_library_choose(struct cli *cli, size_t index,
    const struct library *library, struct diag_list *diags)
{
	const struct definition **found, *newest = NULL;
	size_t count =
	    cli_library_choose_all(cli, index, library, diags, &found);

	for (size_t i = 0; i < count; i++)
		if (newest == NULL || found[i]->version > newest->version)
			newest = found[i];
	return newest;
}
