/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_prove.c: definitions in, findings out.
 *
 * tests/cases/prove holds pairs of files: NAME.yaml and, in NAME.expected,
 * word for word what is found; where all is in order, that file is empty.
 * common.yaml is loaded with each: connections, contacts and a calendar.
 */
#include "stated/prove.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct proved {
	struct library *library;
	struct diag_list *diags; /* of loading */
	struct diag_list *findings;
};

static const char *
source_path(const char *below, char out[512])
{
	const char *srcdir = getenv("srcdir");

	(void)snprintf(out, 512, "%s/%s", srcdir ? srcdir : ".", below);
	return out;
}

static void
proved_init(struct proved *proved)
{
	proved->library = library_new();
	proved->diags = diag_list_new();
	proved->findings = diag_list_new();
}

static void
proved_fini(struct proved *proved)
{
	diag_list_free(&proved->findings);
	diag_list_free(&proved->diags);
	library_free(&proved->library);
}

static void
fail_for(const char *name, const char *what, struct diag_list *diags)
{
	struct buf text = {0};

	diag_format(diags, &text, false);
	fail_msg("%s %s\n%s", name, what, buf_cstr(&text));
}

static void
prove_loaded(struct proved *proved, const char *name)
{
	if (!library_link(proved->library, proved->diags) ||
	    diag_count(proved->diags, DIAG_ERROR) > 0)
		fail_for(name, "doesn't load", proved->diags);
	prove_library(proved->library, proved->findings);
}

/* ---- cases ---- */

static void
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");

	if (!file || !buf_add_file(out, file, 1024 * 1024))
		fail_msg("can't read %s", path);
	(void)fclose(file);
}

static void
add_file(struct proved *proved, const char *folder, const char *name)
{
	struct buf text = {0};
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	read_file(path, &text);
	library_add_text(
	    proved->library, str_of(name), buf_str(&text), proved->diags);
	buf_fini(&text);
}

static void
check_case(const char *folder, const char *name)
{
	struct proved proved;
	struct buf expected = {0};
	struct buf actual = {0};
	char path[1024];

	proved_init(&proved);
	add_file(&proved, folder, "common.yaml");
	add_file(&proved, folder, name);
	prove_loaded(&proved, name);
	diag_format(proved.findings, &actual, false);
	(void)snprintf(path, sizeof(path), "%s/%.*s.expected", folder,
	    (int)strlen(name) - 5, name);
	read_file(path, &expected);
	if (!str_equal(buf_str(&actual), buf_str(&expected)))
		fail_for(name, "gives", proved.findings);
	assert_int_equal(diag_count(proved.findings, DIAG_ERROR), 0);
	proved_fini(&proved);
	buf_fini(&expected);
	buf_fini(&actual);
}

static int
is_case(const struct dirent *entry)
{
	struct str name = str_of(entry->d_name);

	return str_has_suffix(name, STR(".yaml")) &&
	    !str_equal(name, STR("common.yaml"));
}

static void
test_every_case_gives_its_findings(void **state)
{
	char folder[512];
	struct dirent **entries = NULL;
	int count = scandir(source_path("tests/cases/prove", folder), &entries,
	    is_case, alphasort);

	(void)state;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		check_case(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void
test_shipped_workflows_have_no_finding(void **state)
{
	struct proved proved;
	char path[512];

	(void)state;
	proved_init(&proved);
	library_add_path(proved.library,
	    str_of(source_path("workflows", path)), proved.diags);
	prove_loaded(&proved, "workflows");
	if (diag_count(proved.findings, DIAG_WARNING) > 0)
		fail_for("workflows", "gives", proved.findings);
	proved_fini(&proved);
}

/* ---- codes and pages ---- */

static void
read_page(const char *name, struct buf *out)
{
	char below[128];
	char path[512];

	(void)snprintf(below, sizeof(below), "docs/checks/%s.md", name);
	read_file(source_path(below, path), out);
}

static void
test_every_code_has_a_page(void **state)
{
	const struct prove_code *code;
	struct buf index = {0};

	(void)state;
	read_page("README", &index);
	for (size_t i = 0; (code = prove_code_at(i)); i++) {
		struct buf page = {0};
		char row[256];

		(void)snprintf(row, sizeof(row), "| [%s](%s.md) | %s |\n",
		    code->code, code->code, code->meaning);
		if (str_find(buf_str(&index), str_of(row)) == SIZE_MAX)
			fail_msg("docs/checks/README.md lacks %s", row);
		read_page(code->code, &page);
		(void)snprintf(row, sizeof(row), "# %s: %s\n", code->code,
		    code->meaning);
		if (!str_has_prefix(buf_str(&page), str_of(row)))
			fail_msg("docs/checks/%s.md doesn't begin with %s",
			    code->code, row);
		buf_fini(&page);
	}
	buf_fini(&index);
}

static bool
is_code(struct str name)
{
	const struct prove_code *code;

	for (size_t i = 0; (code = prove_code_at(i)); i++)
		if (str_equal(name, str_of(code->code)))
			return true;
	return str_equal(name, STR("README"));
}

static void
test_every_page_has_a_code(void **state)
{
	char folder[512];
	DIR *pages = opendir(source_path("docs/checks", folder));
	const struct dirent *entry;

	(void)state;
	assert_non_null(pages);
	while ((entry = readdir(pages))) {
		struct str name = str_of(entry->d_name);

		if (str_has_suffix(name, STR(".md")) &&
		    !is_code(str_slice(name, 0, name.bytes - 3)))
			fail_msg("no code for docs/checks/%s", entry->d_name);
	}
	(void)closedir(pages);
}

/* Three cases each at least; their names begin with the code. */
static void
test_every_code_has_cases(void **state)
{
	const struct prove_code *code;
	char folder[512];

	(void)state;
	for (size_t i = 0; (code = prove_code_at(i)); i++) {
		DIR *cases = opendir(source_path("tests/cases/prove", folder));
		const struct dirent *entry;
		char prefix[8];
		int count = 0;

		assert_non_null(cases);
		(void)snprintf(prefix, sizeof(prefix), "p%s-", code->code + 1);
		while ((entry = readdir(cases)))
			count += is_case(entry) && str_has_prefix(
			    str_of(entry->d_name), str_of(prefix));
		(void)closedir(cases);
		if (count < 3)
			fail_msg("%s has %d cases", code->code, count);
	}
}

/* ---- proofs: required ---- */

static const struct definition *
load_case(struct proved *proved, const char *name)
{
	char folder[512];

	proved_init(proved);
	(void)source_path("tests/cases/prove", folder);
	add_file(proved, folder, "common.yaml");
	add_file(proved, folder, name);
	assert_true(library_link(proved->library, proved->diags));
	return library_workflow_at(proved->library, 0);
}

static void
test_proved_is_what_has_no_finding(void **state)
{
	struct proved proved;
	const struct definition *definition =
	    load_case(&proved, "fine-tables.yaml");

	(void)state;
	assert_true(
	    prove_is_proved(definition, proved.library, proved.findings));
	assert_int_equal(diag_count(proved.findings, DIAG_ERROR), 0);
	proved_fini(&proved);
}

static void
test_findings_of_what_is_not_proved_are_errors(void **state)
{
	struct proved proved;
	const struct definition *definition =
	    load_case(&proved, "p112-integers-of-a-workflow.yaml");

	(void)state;
	assert_false(
	    prove_is_proved(definition, proved.library, proved.findings));
	assert_int_equal(diag_count(proved.findings, DIAG_ERROR), 1);
	assert_int_equal(diag_count(proved.findings, DIAG_WARNING), 0);
	proved_fini(&proved);
}

/* Only a library knows what other workflows do. */
static void
test_a_workflow_is_proved_without_a_library(void **state)
{
	struct proved proved;
	const struct definition *definition =
	    load_case(&proved, "p101-nothing-leads-there.yaml");
	struct arena *arena = arena_new();

	(void)state;
	prove_definition(definition, NULL, arena, proved.findings);
	assert_int_equal(diag_count(proved.findings, DIAG_WARNING), 1);
	arena_free(&arena);
	proved_fini(&proved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_case_gives_its_findings),
	    cmocka_unit_test(test_shipped_workflows_have_no_finding),
	    cmocka_unit_test(test_every_code_has_a_page),
	    cmocka_unit_test(test_every_page_has_a_code),
	    cmocka_unit_test(test_every_code_has_cases),
	    cmocka_unit_test(test_proved_is_what_has_no_finding),
	    cmocka_unit_test(test_findings_of_what_is_not_proved_are_errors),
	    cmocka_unit_test(test_a_workflow_is_proved_without_a_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
