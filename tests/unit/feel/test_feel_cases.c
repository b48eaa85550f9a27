/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_feel_cases.c: runs the readable cases of tests/cases/feel.
 *
 *	# a comment
 *	with {amount: 1234.10}          what is in scope from here on
 *	amount * 2                      an expression
 *	    => 2468.20                  its value, written by string()
 *	5 | < 10, [20..30]              an input and unary tests
 *	    => true
 *	["a"] as string                 a value, converted to a type
 *	    => "a"
 *	1 / 0
 *	    => null: division by zero   with the note of why
 *	a == b
 *	    error 2+2: the message (the repair)
 *
 * All that differs is shown, as it should stand in the file.
 */
#include "stated/feel.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct script {
	struct arena *arena;
	const struct value *context;
	struct feel_names *names;
	unsigned count;
	unsigned failed;
};

static const struct value *
lookup(void *arg, struct str name)
{
	const struct script *script = arg;

	return value_get(script->context, name);
}

/* The host's function active(name) is true for "submitted". */
static const struct value *
host(void *arg, struct str function, const struct value *const *args,
    size_t count)
{
	(void)arg;
	if (!str_equal(function, STR("active")) || count != 1)
		return NULL;
	return value_of_boolean(
	    str_equal(value_str(args[0]), STR("submitted")));
}

static struct feel_env
new_env(struct script *script)
{
	return (struct feel_env){
		.arena = script->arena,
		.lookup = lookup,
		.host = host,
		.arg = script,
		.now_ms = 1700000000000,
	};
}

static const struct value *
lookup_value(void *arg, struct str name)
{
	(void)name;
	return arg;
}

/* string([value]) without the brackets, so that text keeps its quotes. */
static struct str
text_of(struct script *script, const struct value *value)
{
	struct feel_error error;
	const struct feel *feel =
	    feel_parse(script->arena, STR("string([v])"), NULL, &error);
	struct feel_env env = {
		.arena = script->arena,
		.lookup = lookup_value,
		.arg = (void *)(uintptr_t)value,
	};
	struct str text;

	assert_non_null(feel);
	text = value_str(feel_eval(feel, &env));
	assert_true(text.bytes >= 2);
	return str_slice(text, 1, text.bytes - 2);
}

static struct str
describe_error(struct script *script, const struct feel_error *error)
{
	if (error->repair[0] == '\0')
		return arena_strf(script->arena, "error %zu+%zu: %s",
		    error->offset, error->bytes, error->message);
	return arena_strf(script->arena, "error %zu+%zu: %s (%s)",
	    error->offset, error->bytes, error->message, error->repair);
}

static struct str
describe_value(struct script *script, const struct value *value,
    const struct feel_env *env)
{
	struct str text = text_of(script, value);

	if (value_is_null(value) && env->note[0] != '\0')
		return arena_strf(script->arena, "=> null: %s", env->note);
	return arena_strf(script->arena, "=> %.*s", STR_ARG(text));
}

static const struct value *
evaluate(struct script *script, struct str text, struct feel_env *env,
    struct feel_error *error)
{
	const struct feel *feel =
	    feel_parse(script->arena, text, script->names, error);

	return feel == NULL ? NULL : feel_eval(feel, env);
}

static struct str
run_conversion(struct script *script, const struct value *value,
    struct str text, const struct feel_env *env)
{
	struct feel_error error;
	const struct feel_type *type =
	    feel_type_parse(script->arena, text, &error);

	if (type == NULL)
		return describe_error(script, &error);
	return describe_value(script,
	    feel_type_convert(type, value, script->arena), env);
}

/* What the file should say under the line. */
static struct str
run_line(struct script *script, struct str line)
{
	struct feel_env env = new_env(script);
	const struct value *value;
	const struct feel *tests;
	struct feel_error error;
	size_t bar = str_find(line, STR(" | "));
	size_t as = str_find(line, STR(" as "));

	value = evaluate(script, str_slice(line, 0, bar < as ? bar : as), &env,
	    &error);
	if (value == NULL)
		return describe_error(script, &error);
	if (as != SIZE_MAX)
		return run_conversion(script, value,
		    str_slice(line, as + 4, SIZE_MAX), &env);
	if (bar == SIZE_MAX)
		return describe_value(script, value, &env);
	tests = feel_parse_unary_tests(script->arena,
	    str_slice(line, bar + 3, SIZE_MAX), script->names, &error);
	if (tests == NULL)
		return describe_error(script, &error);
	return describe_value(script, feel_test(tests, value, &env), &env);
}

static void
set_context(struct script *script, struct str text)
{
	struct feel_env env = new_env(script);
	struct feel_error error;

	script->context = evaluate(script, text, &env, &error);
	assert_non_null(script->context);
	assert_int_equal(script->context->type, VALUE_CONTEXT);
	script->names = feel_names_new(script->arena);
	feel_names_add_value(script->names, script->context);
	feel_names_add(script->names, STR("active"));
}

static void
check(struct script *script, const char *path, struct str line,
    struct str expected)
{
	struct str got = run_line(script, line);

	script->count++;
	if (str_equal(got, expected))
		return;
	script->failed++;
	print_error("%s:\n%.*s\n    %.*s\n  and not:\n    %.*s\n", path,
	    STR_ARG(line), STR_ARG(got), STR_ARG(expected));
}

static void
run_file(struct script *script, const char *path)
{
	FILE *file = fopen(path, "r");
	struct str pending = {NULL, 0};
	size_t capacity = 0;
	char *line = NULL;
	ssize_t bytes;

	assert_non_null(file);
	set_context(script, STR("{}"));
	while ((bytes = getline(&line, &capacity, file)) > 0) {
		struct str whole = arena_str(script->arena,
		    (struct str){line, (size_t)bytes});
		struct str text = str_trim(whole);

		if (text.bytes == 0 || text.at[0] == '#')
			continue;
		if (str_has_prefix(whole, STR("with "))) {
			set_context(script, str_slice(text, 5, SIZE_MAX));
		} else if (str_has_prefix(whole, STR("    "))) {
			assert_non_null(pending.at);
			check(script, path, pending, text);
			pending = (struct str){NULL, 0};
		} else {
			assert_null(pending.at);
			pending = text;
		}
	}
	assert_null(pending.at);
	free(line);
	(void)fclose(file);
}

static void
test_every_case_gives_what_its_file_says(void **state)
{
	const char *srcdir = getenv("srcdir");
	struct script script = {.arena = arena_new()};
	struct str directory = arena_strf(script.arena, "%s/tests/cases/feel",
	    srcdir != NULL ? srcdir : ".");
	DIR *opened = opendir(directory.at);
	struct dirent *entry;

	(void)state;
	assert_non_null(opened);
	while ((entry = readdir(opened)) != NULL) {
		if (str_has_suffix(str_of(entry->d_name), STR(".txt")))
			run_file(&script, arena_strf(script.arena, "%s/%s",
			    directory.at, entry->d_name).at);
	}
	(void)closedir(opened);
	print_message("%u cases\n", script.count);
	assert_true(script.count > 0);
	assert_int_equal(script.failed, 0);
	arena_free(&script.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case_gives_what_its_file_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
