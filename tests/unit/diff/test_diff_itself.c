/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_diff_itself.c: whatever a definition says, it compares equal with
 * itself.
 *
 * Over the shipped workflows and every definition among the test cases that
 * loads.  Two facts told by one name would be found here: one of them hides
 * the other.
 */
#include "stated/diff.h"
#include "stated/library.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PATH_SIZE 1024

static void
source_path(const char *below, char out[PATH_SIZE])
{
	const char *srcdir = getenv("srcdir");

	(void)snprintf(
	    out, PATH_SIZE, "%s/%s", srcdir != NULL ? srcdir : ".", below);
}

/* ---- one library ---- */

static void
compare(const struct definition *definition)
{
	struct diff *diff = diff_new(definition, definition);
	const struct diff_change *change = diff_at(diff, 0);

	if (change != NULL)
		fail_msg("%.*s: state %.*s, %.*s, %.*s: %.*s, and %.*s",
		    STR_ARG(definition->file), STR_ARG(change->state),
		    STR_ARG(change->item), STR_ARG(change->aspect),
		    STR_ARG(change->before), STR_ARG(change->after));
	assert_true(diff_is_empty(diff));
	diff_free(&diff);
}

/* Of all that it has; what doesn't load has nothing to compare.  Consumes the
 * library. */
static size_t
compare_all(struct library *library, struct diag_list *diags)
{
	const struct definition *definition;
	size_t count = 0;

	if (library_link(library, diags))
		while ((definition = library_workflow_at(library, count))) {
			compare(definition);
			count++;
		}
	diag_list_free(&diags);
	library_free(&library);
	return count;
}

static size_t
compare_text(const char *common, const char *file, struct str text)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();

	library_add_path(library, str_of(common), diags);
	library_add_text(library, str_of(file), text, diags);
	return compare_all(library, diags);
}

/* ---- files ---- */

/* What a chart's case runs stands between two lines: "<<<", ">>>". */
static size_t
compare_case(const char *common, const char *file, const char *text)
{
	size_t count = 0;
	const char *begin, *end;

	while ((begin = strstr(text, "\n<<<\n")) != NULL &&
	       (end = strstr(begin, "\n>>>\n")) != NULL) {
		begin += 5;
		count += compare_text(common, file,
		    (struct str){begin, (size_t)(end + 1 - begin)});
		text = end;
	}
	return count;
}

static size_t
compare_file(const char *common, const char *path)
{
	struct buf text = {0};
	FILE *file = fopen(path, "re");
	size_t count;

	assert_non_null(file);
	assert_true(buf_add_file(&text, file, 1024 * 1024));
	(void)fclose(file);
	if (str_has_suffix(str_of(path), STR(".case")))
		count = compare_case(common, path, buf_cstr(&text));
	else
		count = compare_text(common, path, buf_str(&text));
	buf_fini(&text);
	return count;
}

static size_t
compare_folder(const char *below, const char *ending, const char *common_below)
{
	char folder[PATH_SIZE], common[PATH_SIZE];
	const struct dirent *entry;
	size_t count = 0;
	DIR *files;

	source_path(below, folder);
	source_path(common_below, common);
	files = opendir(folder);
	assert_non_null(files);
	while ((entry = readdir(files)) != NULL) {
		char path[2 * PATH_SIZE];

		if (!str_has_suffix(str_of(entry->d_name), str_of(ending)))
			continue;
		(void)snprintf(
		    path, sizeof(path), "%s/%s", folder, entry->d_name);
		count += compare_file(common, path);
	}
	(void)closedir(files);
	return count;
}

/* ---- sweeps ---- */

static void
test_shipped_workflow_equals_itself(void **state)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	char path[PATH_SIZE];

	(void)state;
	source_path("workflows", path);
	library_add_path(library, str_of(path), diags);
	assert_in_range(compare_all(library, diags), 14, 1000);
}

static void
test_definition_of_a_test_case_equals_itself(void **state)
{
	(void)state;
	assert_in_range(compare_folder("tests/cases/prove", ".yaml",
			    "tests/cases/prove/common.yaml"),
	    100, 1000);
	assert_in_range(compare_folder("tests/cases/definition", ".yaml",
			    "tests/cases/prove/common.yaml"),
	    4, 1000);
	assert_in_range(compare_folder("tests/cases/chart", ".case",
			    "tests/cases/chart/common.yaml"),
	    100, 1000);
	assert_in_range(compare_folder("tests/cases/chart/scxml", ".case",
			    "tests/cases/chart/common.yaml"),
	    10, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shipped_workflow_equals_itself),
	    cmocka_unit_test(test_definition_of_a_test_case_equals_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
