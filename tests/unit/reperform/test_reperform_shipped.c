/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reperform_shipped.c: every scenario of every shipped workflow, gone
 * through again by its history, which is written and read as files have it.
 */
#include "stated/reperform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>

#include "stated/json.h"
#include "stated/library.h"
#include "stated/scenario.h"

struct played {
	struct library *library;
	bool is_older; /* notices have no key but where they are sent */
	size_t keys;   /* that were taken away */
	size_t scenarios;
	size_t agreed;
	size_t could_not;
	size_t decisions;
	size_t transitions;
};

static const struct definition *
find(void *arg, const struct reperform_wanted *wanted, struct arena *arena,
    struct str *why)
{
	const struct definition *definition =
	    library_find_digest(arg, wanted->digest);

	(void)arena;
	if (definition == NULL)
		*why = STR("it is not in the folder");
	return definition;
}

/* As a file has it. */
static const struct value *
read_back(struct arena *arena, const struct value *record)
{
	struct buf text = {0};
	struct json_error error;
	const struct value *read;

	json_write(record, JSON_CANONICAL, &text);
	read = json_read_typed(arena, buf_str(&text), &error);
	assert_non_null(read);
	buf_fini(&text);
	return read;
}

static const struct value *
without_key(struct played *played, struct arena *arena,
    const struct value *record)
{
	struct value_builder *built = value_build_context(arena);

	if (str_equal(value_field_str(record, "kind"), STR("call-sent")) ||
	    value_get_cstr(record, "key") == NULL)
		return record;
	for (size_t i = 0; i < record->as.context.count; i++)
		if (!str_equal(record->as.context.fields[i].key, STR("key")))
			value_put(built, record->as.context.fields[i].key,
			    record->as.context.fields[i].value);
	played->keys++;
	return value_built(built);
}

static void
go_through(struct played *played, struct str name,
    const struct value *history, struct arena *arena)
{
	struct reperform_world world = {.find = find, .arg = played->library};
	struct reperform_finding finding;
	size_t count = history->as.list.count;
	const struct value **records =
	    ARENA_ARRAY(arena, count, const struct value *);

	for (size_t i = 0; i < count; i++) {
		records[i] = read_back(arena, history->as.list.items[i]);
		if (played->is_older)
			records[i] = without_key(played, arena, records[i]);
	}
	reperform_instance(&world, records, count, arena, &finding);
	played->scenarios++;
	played->agreed += finding.result == REPERFORM_AGREES;
	played->could_not += finding.result == REPERFORM_COULD_NOT;
	played->decisions += finding.decisions;
	played->transitions += finding.transitions;
	if (finding.result == REPERFORM_AGREES) {
		assert_int_equal(finding.records, count);
		return;
	}
	print_message("%.*s: %.*s\n  recorded %.*s\n  computed %.*s\n",
	    STR_ARG(name), STR_ARG(finding.explanation),
	    STR_ARG(finding.recorded), STR_ARG(finding.computed));
	assert_int_equal(finding.result, REPERFORM_COULD_NOT);
}

static void
play_file(struct played *played, const char *folder, const char *name)
{
	struct arena *arena = arena_new();
	struct diag_list *diags = diag_list_new();
	struct buf text = {0};
	struct str path = arena_strf(arena, "%s/%s", folder, name);
	FILE *file = fopen(path.at, "re");
	const struct scenario_file *scenarios;

	assert_non_null(file);
	assert_true(buf_add_file(&text, file, 1 << 20));
	fclose(file);
	scenarios = scenario_read(
	    arena, played->library, path, buf_str(&text), diags);
	assert_non_null(scenarios);
	for (size_t i = 0; i < scenario_count(scenarios); i++) {
		struct scenario_outcome outcome;

		scenario_run(scenarios, i, NULL, arena, &outcome);
		assert_true(outcome.is_passed);
		if (outcome.history->as.list.count > 0)
			go_through(played,
			    arena_strf(arena, "%s: %.*s", name,
				STR_ARG(scenario_name(scenarios, i))),
			    outcome.history, arena);
	}
	buf_fini(&text);
	diag_list_free(&diags);
	arena_free(&arena);
}

static void
play_shipped(struct played *played)
{
	const char *srcdir = getenv("srcdir");
	char folder[1024];
	struct diag_list *diags = diag_list_new();
	struct dirent *entry;
	DIR *files;

	played->library = library_new();
	snprintf(folder, sizeof(folder), "%s/workflows", srcdir ? srcdir : ".");
	library_add_path(played->library, str_of(folder), diags);
	assert_true(library_link(played->library, diags));
	files = opendir(folder);
	assert_non_null(files);
	while ((entry = readdir(files)) != NULL)
		if (scenario_is_file(str_of(entry->d_name)))
			play_file(played, folder, entry->d_name);
	closedir(files);
	print_message("%zu scenarios: %zu agree, %zu could not; %zu "
		      "decisions, %zu transitions\n",
	    played->scenarios, played->agreed, played->could_not,
	    played->decisions, played->transitions);
	assert_true(played->scenarios > 100);
	library_free(&played->library);
	diag_list_free(&diags);
}

static void
test_shipped_workflows_are_done_again(void **state)
{
	struct played played = {.is_older = false};

	(void)state;
	play_shipped(&played);
	assert_int_equal(played.keys, 0);
}

static void
test_notices_that_were_not_told_apart_agree(void **state)
{
	struct played played = {.is_older = true};

	(void)state;
	play_shipped(&played);
	assert_true(played.keys > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shipped_workflows_are_done_again),
	    cmocka_unit_test(test_notices_that_were_not_told_apart_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
