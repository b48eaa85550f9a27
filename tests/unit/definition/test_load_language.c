/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_load_language.c: the schema of the language takes what the loader
 * takes, and tells what editors can tell of what it doesn't.
 */
#include "../../../src/definition/load_priv.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct arena *arena;
	struct diag_list *diags;
	struct buf text;
	const struct value *document;
	const struct schema *schema;
};

static const char *
source_path(const char *below, char out[1024])
{
	const char *srcdir = getenv("srcdir");

	(void)snprintf(out, 1024, "%s/%s", srcdir ? srcdir : ".", below);
	return out;
}

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct schema_errors errors = {0};
	struct json_error error;

	assert_non_null(fixture);
	fixture->arena = errors.arena = arena_new();
	fixture->diags = diag_list_new();
	library_schema(&fixture->text);
	fixture->document =
	    json_read(fixture->arena, buf_str(&fixture->text), &error);
	assert_non_null(fixture->document);
	fixture->schema =
	    schema_compile(fixture->arena, fixture->document, &errors);
	if (!fixture->schema)
		fail_msg("%.*s: %.*s", STR_ARG(errors.items[0].pointer),
		    STR_ARG(errors.items[0].message));
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	diag_list_free(&fixture->diags);
	arena_free(&fixture->arena);
	buf_fini(&fixture->text);
	free(fixture);
	return 0;
}

static void
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");

	if (!file || !buf_add_file(out, file, 1 << 24))
		fail_msg("can't read %s", path);
	(void)fclose(file);
}

/* How many of the text's documents it takes; all of them are counted. */
static size_t
count_taken(struct fixture *fixture, const char *file, struct str text,
    size_t *count)
{
	struct yaml_source *source =
	    ARENA_NEW(fixture->arena, struct yaml_source);
	size_t offset = 0;
	size_t taken = 0;
	struct str part;

	*count = 0;
	if (!yaml_source_init(source, fixture->arena, str_of(file), text,
	    fixture->diags))
		return 0;
	while (yaml_source_next(source, &offset, &part)) {
		const struct yaml_document *document = yaml_tree_read(
		    fixture->arena, source, part, fixture->diags);
		struct schema_errors errors = {.arena = fixture->arena};

		++*count;
		if (!document)
			continue;
		if (schema_validate(fixture->schema, yaml_scalar_value(
		    fixture->arena, document->root, fixture->diags), &errors))
			taken++;
		else
			print_message("%s: %.*s: %.*s\n", file,
			    STR_ARG(errors.items[0].pointer),
			    STR_ARG(errors.items[0].message));
	}
	return taken;
}

static void
assert_takes_file(struct fixture *fixture, const char *path)
{
	struct buf text = {0};
	size_t count;

	read_file(path, &text);
	if (count_taken(fixture, path, buf_str(&text), &count) < count)
		fail_msg("%s is not taken", path);
	assert_true(count > 0);
	buf_fini(&text);
}

static void
assert_takes_folder(struct fixture *fixture, const char *folder)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, NULL, alphasort);

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		char path[1400];

		(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (entries[i]->d_type == DT_DIR && name[0] != '.')
			assert_takes_folder(fixture, path);
		else if (library_is_document(str_of(name)))
			assert_takes_file(fixture, path);
		free(entries[i]);
	}
	free(entries);
}

static void
test_shipped_documents_are_taken(void **state)
{
	char path[1024];

	assert_takes_folder(*state, source_path("workflows", path));
}

/* Whatever loads without an error. */
static void
test_documents_of_the_loaders_tests_are_taken(void **state)
{
	char path[1024];

	assert_takes_file(*state,
	    source_path("tests/cases/definition/fine.yaml", path));
	assert_takes_file(*state,
	    source_path("tests/cases/chart/common.yaml", path));
}

static const char *const wrong[] = {
	"payment: x\nversion: 1\n",
	"workflow: x\ninitial: a\nstates: {a: {}}\n",
	"workflow: x\nversion: 0\ninitial: a\nstates: {a: {}}\n",
	"workflow: x\nversion: 1\ninitial: a\nstates: {a: {}}\nstats: {}\n",
	"workflow: x\nversion: 1\ninitial: a\nstates: {a: {on: {done: 1}}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {type: final, on: {done: b}}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {type: history, entry: []}}\n",
	"workflow: x\nversion: 1\ninitial: a\nstates: {a: {type: finale}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{call: bank}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{call: b.c, timeout: ten seconds}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{call: b.c, set: {x: 1}}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{if: '= true'}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{require: x > 1}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{run: b, wait: 10m}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{emit: y, with: 7}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{emit: y, with: {subject: true}}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{decide: y, with: [1]}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{call: b.c, with: 5}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {entry: [{for: {each: y}, do: []}]}}\n",
	"workflow: x\nversion: 1\ninitial: a\n"
	"states: {a: {on: {done: {target: b, compensate: some}}}}\n",
	"workflow: x\nversion: 1\ninitial: a\nschedule: {crone: x}\n"
	"states: {a: {}}\n",
	"connection: x\nkind: http\nurl: https://x\n",
	"connection: x\nkind: smtp\nurl: smtp://x\nfrom: a@b\noperations: {}\n",
	"connection: x\nkind: http\nurl: https://x\n"
	"operations: {a: {request: {fetch: /}}}\n",
	"connection: x\nkind: http\nurl: https://x\nlimits: {rate: 5/day}\n"
	"operations: {}\n",
	"contact: x\nnotify: [{pager: 1}]\n",
	"contact: x\nnotify: [{log: loud}]\n",
	"calendar: x\ntimezone: UTC\nweekend: [saturday]\n",
	"decision: x\ninputs: [a]\noutputs: [b]\nrules: []\n",
	"decision: x\ninputs: [{expression: = a, allowed: [1]}]\n"
	"outputs: [b]\nrules: []\n",
	"schema: x\ndefinitions: {}\n",
};

static void
test_documents_that_are_wrong_are_not_taken(void **state)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t count;

		if (count_taken(*state, "wrong", str_of(wrong[i]), &count) > 0)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(count, 1);
	}
}

static void
check_descriptions(const struct value *properties)
{
	for (size_t i = 0; i < properties->as.context.count; i++) {
		const struct value_field *field =
		    &properties->as.context.fields[i];
		struct str text = value_field_str(field->value, "description");

		if (text.bytes < strlen("who it is"))
			fail_msg("%.*s is described by `%.*s`",
			    STR_ARG(field->key), STR_ARG(text));
	}
}

static void
test_every_key_is_described(void **state)
{
	struct fixture *fixture = *state;
	const struct value *defs =
	    value_field_or_null(fixture->document, "$defs");
	size_t count = 0;

	assert_true(defs->as.context.count > 50);
	for (size_t i = 0; i < defs->as.context.count; i++) {
		const struct value *properties = value_get(
		    defs->as.context.fields[i].value, STR("properties"));

		if (!properties)
			continue;
		check_descriptions(properties);
		count += properties->as.context.count;
	}
	assert_true(count > 250);
}

static void
test_words_are_choices(void **state)
{
	struct fixture *fixture = *state;

	assert_non_null(strstr(buf_cstr(&fixture->text),
	    "\"standard-webhooks\""));
	assert_non_null(strstr(buf_cstr(&fixture->text), "\"amqp\""));
	assert_non_null(strstr(buf_cstr(&fixture->text), "\"collect sum\""));
}

static void
test_shipped_copy_is_what_is_printed(void **state)
{
	struct fixture *fixture = *state;
	char path[1024];
	struct buf copy = {0};

	read_file(source_path("docs/stated.schema.json", path), &copy);
	if (!str_equal(buf_str(&copy), buf_str(&fixture->text)))
		fail_msg("run: stated schema >docs/stated.schema.json");
	buf_fini(&copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shipped_documents_are_taken),
	    cmocka_unit_test(test_documents_of_the_loaders_tests_are_taken),
	    cmocka_unit_test(test_documents_that_are_wrong_are_not_taken),
	    cmocka_unit_test(test_every_key_is_described),
	    cmocka_unit_test(test_words_are_choices),
	    cmocka_unit_test(test_shipped_copy_is_what_is_printed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
