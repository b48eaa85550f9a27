/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_expressions_page.c: every example of docs/expressions.md is tried.
 *
 *	```json    what the names of the examples stand for, from here on
 *	```feel    expressions, an empty line between them, each followed by
 *	           its answer: "// 5", "// null: why" or "// error: the repair"
 *	```yaml    a decision table; or a part of a state, or of a step, which
 *	           has to load
 *	```decide  what the last table is asked, and its answers, as above
 *
 * Console sessions are walked through by tests/docs/walk.sh.  A block of any
 * other kind has to be written as one of these: no example is only to look at.
 */
#include "stated/feel.h"
#include "stated/json.h"
#include "stated/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* 2026-11-22T09:30:00Z, a Sunday, as the page says. */
#define NOW_MS 1795339800000

struct page {
	struct arena *arena;
	struct str text;
	const struct value *data;
	struct library *library; /* of the last table */
	const struct def_decision *table;
	struct buf tried; /* all expressions, one after another */
	unsigned examples;
	unsigned failed;
};

static struct str
read_page(struct arena *arena)
{
	const char *srcdir = getenv("srcdir");
	struct buf text = {0};
	struct str whole;
	FILE *file = fopen(arena_cstr(arena, arena_strf(arena,
	    "%s/docs/expressions.md", srcdir != NULL ? srcdir : ".")), "re");

	assert_non_null(file);
	assert_true(buf_add_file(&text, file, 1024 * 1024));
	(void)fclose(file);
	whole = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return whole;
}

static void PRINTF_LIKE(2, 3)
complain(struct page *page, const char *format, ...)
{
	va_list args;

	page->failed++;
	va_start(args, format);
	vprint_error(format, args);
	va_end(args);
}

/* -------------------------------------------------------------- expressions */

static const struct value *
lookup_cb(void *arg, struct str name)
{
	return value_get(arg, name);
}

static struct feel_env
env_of(struct page *page, const struct value *data)
{
	return (struct feel_env){
		.arena = page->arena,
		.lookup = lookup_cb,
		.arg = (void *)(uintptr_t)data,
		.now_ms = NOW_MS,
	};
}

static const struct feel *
parse(struct page *page, struct str text, struct feel_error *error)
{
	struct feel_names *names = feel_names_new(page->arena);

	feel_names_add_value(names, page->data);
	return feel_parse(page->arena, text, names, error);
}

static struct str
typed(struct page *page, const struct value *value)
{
	struct buf out = buf_in(page->arena);

	json_write(value, JSON_TYPED, &out);
	return buf_keep(&out);
}

/* Whether the answer, an expression too, is the value to the last digit. */
static void
compare(struct page *page, struct str text, const struct value *value,
    struct str answer)
{
	struct feel_env env = env_of(page, page->data);
	struct feel_error error;
	const struct feel *feel = parse(page, answer, &error);
	const struct value *expected =
	    feel != NULL ? feel_eval(feel, &env) : NULL;

	if (expected == NULL ||
	    !str_equal(typed(page, expected), typed(page, value)))
		complain(page, "%.*s\n    gives %.*s and not %.*s\n",
		    STR_ARG(text), STR_ARG(feel_text(page->arena, value, 200)),
		    STR_ARG(answer));
}

static void
try_expression(struct page *page, struct str text, struct str answer)
{
	struct feel_env env = env_of(page, page->data);
	struct feel_error error;
	const struct feel *feel = parse(page, text, &error);
	const struct value *value;

	buf_add_str(&page->tried, text);
	buf_add_char(&page->tried, '\n');
	if (str_has_prefix(answer, STR("error: "))) {
		answer = str_slice(answer, 7, SIZE_MAX);
		if (feel != NULL || !str_equal(answer, str_of(error.repair)))
			complain(page, "%.*s\n    repair: %s\n", STR_ARG(text),
			    feel != NULL ? "none" : error.repair);
		return;
	}
	if (feel == NULL) {
		complain(page, "%.*s\n    error: %s\n", STR_ARG(text),
		    error.message);
		return;
	}
	value = feel_eval(feel, &env);
	if (!str_has_prefix(answer, STR("null: "))) {
		compare(page, text, value, answer);
		return;
	}
	if (!value_is_null(value) ||
	    !str_equal(str_slice(answer, 6, SIZE_MAX), str_of(env.note)))
		complain(page, "%.*s\n    note: %s\n", STR_ARG(text), env.note);
}

/* ---------------------------------------------------------------- documents */

static const char around[] =
    "calendar: office\n"
    "timezone: UTC\n"
    "---\n"
    "contact: treasury-desk\n"
    "notify: [{log: warning}]\n"
    "---\n"
    "workflow: example\n"
    "version: 1\n"
    "calendar: office\n"
    "data: {gross: null}\n"
    "initial: working\n"
    "states:\n"
    "  overdue: {type: final}\n"
    "  working:\n";

/* A part of a state; or of a step, which is the only one of the state. */
static struct str
wrap(struct page *page, struct str block)
{
	bool is_step = str_has_prefix(block, STR("set:"));
	struct buf out = buf_in(page->arena);

	buf_add_cstr(&out, around);
	if (is_step)
		buf_add_cstr(&out, "    entry:\n    -\n");
	while (block.at != NULL && block.bytes > 0) {
		struct str line = str_split(block, '\n', &block);

		buf_addf(&out, "%s%.*s\n", is_step ? "        " : "    ",
		    STR_ARG(line));
	}
	return buf_keep(&out);
}

static void
load_document(struct page *page, struct str block)
{
	struct diag_list *diags = diag_list_new();
	bool is_table = str_has_prefix(block, STR("decision:"));
	struct buf out = {0};

	if (page->library != NULL)
		library_free(&page->library);
	page->library = library_new();
	library_add_text(page->library, STR("example.yaml"),
	    is_table ? block : wrap(page, block), diags);
	if (!library_link(page->library, diags)) {
		diag_format(diags, &out, false);
		complain(page, "%s", buf_cstr(&out));
	}
	page->table = is_table ? library_decision_at(page->library, 0) : NULL;
	page->examples++;
	buf_fini(&out);
	diag_list_free(&diags);
}

static void
try_table(struct page *page, struct str text, struct str answer)
{
	struct feel_error error;
	struct feel_env env = env_of(page, page->data);
	const struct feel *feel = parse(page, text, &error);

	if (feel == NULL || page->table == NULL) {
		complain(page, "%.*s\n    can't be asked\n", STR_ARG(text));
		return;
	}
	env = env_of(page, feel_eval(feel, &env));
	compare(page, text, decision_eval(page->table, &env).outcome, answer);
}

/* ------------------------------------------------------------------- blocks */

typedef void try_fn(struct page *page, struct str text, struct str answer);

static void
try_one(struct page *page, struct str example, try_fn *try)
{
	struct str text = str_trim(example);
	size_t at = text.bytes;

	page->examples++;
	while (at > 0 && text.at[at - 1] != '\n')
		at--;
	if (!str_has_prefix(str_slice(text, at, SIZE_MAX), STR("// "))) {
		complain(page, "%.*s\n    has no answer\n", STR_ARG(text));
		return;
	}
	try(page, str_trim(str_slice(text, 0, at)),
	    str_slice(text, at + 3, SIZE_MAX));
}

static void
try_all(struct page *page, struct str block, try_fn *try)
{
	size_t end;

	while ((end = str_find(block, STR("\n\n"))) != SIZE_MAX) {
		try_one(page, str_slice(block, 0, end), try);
		block = str_slice(block, end + 2, SIZE_MAX);
	}
	try_one(page, block, try);
}

static void
set_data(struct page *page, struct str block)
{
	struct json_error error;

	page->data = json_read(page->arena, block, &error);
	assert_non_null(page->data);
}

static void
take_block(struct page *page, struct str language, struct str block)
{
	if (str_equal(language, STR("json")))
		set_data(page, block);
	else if (str_equal(language, STR("feel")))
		try_all(page, block, try_expression);
	else if (str_equal(language, STR("decide")))
		try_all(page, block, try_table);
	else if (str_equal(language, STR("yaml")))
		load_document(page, block);
	else if (!str_equal(language, STR("console")))
		complain(page, "nobody tries a block of `%.*s`\n",
		    STR_ARG(language));
}

static void
take_blocks(struct page *page)
{
	struct str rest = page->text;
	struct str block;
	size_t at;

	while ((at = str_find(rest, STR("\n```"))) != SIZE_MAX) {
		struct str language;

		rest = str_slice(rest, at + 4, SIZE_MAX);
		language = str_split(rest, '\n', &block);
		at = str_find(block, STR("```"));
		assert_int_not_equal(at, SIZE_MAX);
		take_block(page, language, str_slice(block, 0, at));
		rest = str_slice(block, at + 3, SIZE_MAX);
	}
}

static void
expect_function_cb(struct str name, struct str takes, void *arg)
{
	struct page *page = arg;
	/* At the beginning of a line: "before(" is in others, too. */
	struct str call = arena_strf(page->arena, "\n%.*s(", STR_ARG(name));

	if (str_find(buf_str(&page->tried), call) == SIZE_MAX)
		complain(page, "no example of %.*s\n", STR_ARG(takes));
}

static void
test_every_example_gives_what_the_page_says(void **state)
{
	struct page page = {.arena = arena_new()};

	(void)state;
	page.text = read_page(page.arena);
	buf_add_char(&page.tried, '\n');
	page.data = value_built(value_build_context(page.arena));
	take_blocks(&page);
	feel_each_function(page.arena, expect_function_cb, &page);
	print_message("%u examples\n", page.examples);
	assert_true(page.examples > 200);
	assert_int_equal(page.failed, 0);
	if (page.library != NULL)
		library_free(&page.library);
	buf_fini(&page.tried);
	arena_free(&page.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_example_gives_what_the_page_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
