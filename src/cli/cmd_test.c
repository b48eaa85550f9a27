/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_test.c: plays the scenarios that stand beside workflows.
 *
 * A file that can't be read counts as one that failed, and the others are
 * played all the same.
 */
#include "cli_priv.h"

#include "cli_report.h"
#include "stated/clock.h"
#include "stated/library.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_DEEP_MAX 32

struct testing {
	struct cli *cli;
	struct cli_report report;
	const char *filter; /* NULL: all scenarios */
	bool is_covered;    /* coverage is counted */
	struct library **libraries;
	size_t library_count;
	size_t library_capacity;
};

/* ---- coverage ---- */

static struct scenario_coverage *
coverage_of(struct testing *testing, const struct definition *definition)
{
	struct cli_report *report = &testing->report;

	if (!testing->is_covered)
		return NULL;
	for (size_t i = 0; i < report->coverage_count; i++)
		if (scenario_coverage_definition(report->coverages[i]) ==
		    definition)
			return report->coverages[i];
	report->coverages = arena_grow(testing->cli->arena, report->coverages,
	    report->coverage_count, &report->coverage_capacity,
	    sizeof(struct scenario_coverage *));
	report->coverages[report->coverage_count] =
	    scenario_coverage_new(definition);
	return report->coverages[report->coverage_count++];
}

/* A workflow of the folder that no scenario plays is wholly uncovered; of
 * several versions, the newest counts. */
static void
cover_folder(
    struct testing *testing, const struct library *library, struct str folder)
{
	const struct definition *definition;

	for (size_t i = 0; (definition = library_workflow_at(library, i)); i++)
		if (str_has_prefix(definition->file, folder) &&
		    library_find_workflow(library, definition->name, 0) ==
			definition)
			(void)coverage_of(testing, definition);
}

/* ---- one file ---- */

static struct cli_result *
add_result(struct testing *testing, struct str file, struct str name)
{
	struct cli_report *report = &testing->report;
	struct cli_result *result;

	report->results = arena_grow(testing->cli->arena, report->results,
	    report->count, &report->capacity, sizeof(*report->results));
	result = &report->results[report->count++];
	*result = (struct cli_result){.file = file, .name = name};
	return result;
}

static void
add_unreadable(
    struct testing *testing, struct str file, struct diag_list *diags)
{
	struct cli_result *result =
	    add_result(testing, file, STR("can't be read"));
	struct buf text = {0};

	diag_format(diags, &text, false);
	result->outcome.message =
	    STR("the file, or what it leans on, is wrong");
	result->trouble = arena_str(testing->cli->arena, buf_str(&text));
	buf_fini(&text);
}

static void
play(struct testing *testing, struct str path, const struct scenario_file *file)
{
	struct scenario_coverage *coverage =
	    coverage_of(testing, scenario_definition(file));

	for (size_t i = 0; i < scenario_count(file); i++) {
		struct str name = scenario_name(file, i);
		struct cli_result *result;
		int64_t begin_ms;

		if (testing->filter != NULL &&
		    str_find(name, str_of(testing->filter)) == SIZE_MAX)
			continue;
		result = add_result(testing, path, name);
		result->workflow = scenario_definition(file)->name;
		begin_ms = clock_now_ms(clock_system());
		scenario_run(
		    file, i, coverage, testing->cli->arena, &result->outcome);
		result->took_ms = clock_now_ms(clock_system()) - begin_ms;
	}
}

static void
test_file(
    struct testing *testing, const struct library *library, struct str path)
{
	struct diag_list *diags = diag_list_new();
	const struct scenario_file *file = NULL;
	struct str text;

	if (!cli_value_file(
		testing->cli, arena_cstr(testing->cli->arena, path), &text)) {
		diag_list_free(&diags);
		testing->report.is_broken = true;
		return;
	}
	file = scenario_read(testing->cli->arena, library, path, text, diags);
	if (file == NULL)
		add_unreadable(testing, path, diags);
	else
		play(testing, path, file);
	diag_list_free(&diags);
}

/* ---- paths ---- */

/* NULL, with a result that says why, where it has errors. */
static const struct library *
load(struct testing *testing, struct str path)
{
	struct cli *cli = testing->cli;
	const char *name = arena_cstr(cli->arena, path);
	struct diag_list *diags = diag_list_new();
	struct library *library = cli_library_load(cli, &name, 1, diags);
	bool is_sound = diag_count(diags, DIAG_ERROR) == 0;

	testing->libraries =
	    arena_grow(cli->arena, testing->libraries, testing->library_count,
		&testing->library_capacity, sizeof(*testing->libraries));
	testing->libraries[testing->library_count++] = library;
	if (!is_sound)
		add_unreadable(testing, path, diags);
	diag_list_free(&diags);
	return is_sound ? library : NULL;
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool
is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A pipe, say, which may be silent for ever. */
static bool
is_no_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static void
test_folder(struct testing *testing, const struct library *library,
    struct str folder, int depth)
{
	struct arena *arena = testing->cli->arena;
	struct dirent **entries = NULL;
	int count =
	    scandir(arena_cstr(arena, folder), &entries, is_visible, alphasort);

	for (int i = 0; i < count; i++) {
		struct str path = arena_strf(arena, "%.*s%s%s", STR_ARG(folder),
		    str_has_suffix(folder, STR("/")) ? "" : "/",
		    entries[i]->d_name);

		if (!is_folder(path.at)) {
			if (scenario_is_file(path) && !is_no_file(path.at))
				test_file(testing, library, path);
		} else if (depth < FOLDERS_DEEP_MAX) {
			test_folder(testing, library, path, depth + 1);
		}
		free(entries[i]);
	}
	free(entries);
}

/* payment.test.yaml: payment.yaml beside it, or else the whole folder. */
static struct str
library_path(struct testing *testing, struct str path)
{
	struct arena *arena = testing->cli->arena;
	bool is_long = str_has_suffix(path, STR(".yaml"));
	struct str stem = str_slice(path, 0,
	    path.bytes -
		(is_long ? strlen(".test.yaml") : strlen(".test.yml")));
	struct str beside = arena_strf(
	    arena, "%.*s%s", STR_ARG(stem), is_long ? ".yaml" : ".yml");
	size_t slash = path.bytes;

	if (access(beside.at, F_OK) == 0)
		return beside;
	while (slash > 0 && path.at[slash - 1] != '/')
		slash--;
	return slash == 0 ? STR(".")
			  : arena_str(arena, str_slice(path, 0, slash));
}

/* payment.yaml: the scenarios beside it. */
static struct str
scenarios_of(struct testing *testing, struct str path)
{
	bool is_long = str_has_suffix(path, STR(".yaml"));

	if (scenario_is_file(path) || !library_is_document(path))
		return path;
	return arena_strf(testing->cli->arena, "%.*s.test%s",
	    STR_ARG(str_slice(path, 0, path.bytes - (is_long ? 5 : 4))),
	    is_long ? ".yaml" : ".yml");
}

static void
test_path(struct testing *testing, const char *path)
{
	const struct library *library;
	struct str file;

	if (is_folder(path)) {
		library = load(testing, str_of(path));
		if (library == NULL)
			return;
		test_folder(testing, library, str_of(path), 0);
		if (testing->is_covered)
			cover_folder(testing, library, str_of(path));
		return;
	}
	file = scenarios_of(testing, str_of(path));
	if (access(file.at, R_OK) != 0) {
		cli_fail(testing->cli, "%s: %s", file.at, strerror(errno));
		testing->report.is_broken = true;
		return;
	}
	library = load(testing, library_path(testing, file));
	if (library != NULL)
		test_file(testing, library, file);
}

static enum cli_status
finish(struct testing *testing)
{
	struct cli_report *report = &testing->report;
	bool is_passed;

	is_passed = cli_report_print(testing->cli, report);
	for (size_t i = 0; i < report->coverage_count; i++)
		scenario_coverage_free(&report->coverages[i]);
	for (size_t i = 0; i < testing->library_count; i++)
		library_free(&testing->libraries[i]);
	return is_passed ? CLI_OK : CLI_FAILED;
}

static enum cli_status
run(struct cli *cli)
{
	struct testing testing = {
	    .cli = cli,
	    .filter = cli_option(cli, "filter"),
	    .is_covered = cli_option(cli, "coverage") != NULL ||
			  cli_option(cli, "strict") != NULL,
	};

	testing.report.is_strict = cli_option(cli, "strict") != NULL;
	if (!cli_report_format(
		cli_option_str(cli, "format"), &testing.report.format))
		return cli_usage(cli,
		    "--format is text, json, tap or junit, not `%s`",
		    cli_option(cli, "format"));
	for (size_t i = 0; i < cli->argument_count; i++)
		test_path(&testing, cli->arguments[i]);
	return finish(&testing);
}

static const struct cmd_option options[] = {
    {"filter", "TEXT", "only scenarios with that in their names"},
    {"coverage", NULL, "tell which states and transitions were not reached"},
    {"strict", NULL, "fail where some were not"},
    {"format", "text|json|tap|junit", "for people, or for programs"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_test = {
    .name = "test",
    .arguments = "PATH...",
    .summary = "Play scenarios on a virtual clock",
    .details =
	"A PATH is a file NAME.test.yaml, the workflow that it stands beside, "
	"or a folder,\nwhose scenarios are all played.  Nothing is sent "
	"anywhere: calls are answered by\nthe replies that a scenario tells.",
    .least = 1,
    .most = SIZE_MAX,
    .options = options,
    .run = run,
};
