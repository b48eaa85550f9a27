/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_decision_vectors.c: decision tables of the DMN conformance suite.
 *
 * One JSON object a line: {id, table, context, expected}.  The file lies
 * beside the project's tree on machines that have it; without it the test is
 * skipped.
 */
#include "stated/decision.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define VECTORS "../shared/vectors/feel/tables-open.jsonl"

static bool same(const struct value *a, const struct value *b);

/* As the suite's own runners compare: many expected numbers are rounded. */
static bool
same_number(struct number a, struct number b)
{
	struct number difference;
	struct number tolerance;

	assert_int_equal(number_parse(STR("1E-8"), &tolerance), NUMBER_OK);
	return number_subtract(a, b, &difference) == NUMBER_OK &&
	    number_compare(number_abs(difference), tolerance) < 0;
}

static bool
same_list(const struct value *a, const struct value *b)
{
	if (a->as.list.count != b->as.list.count)
		return false;
	for (size_t i = 0; i < a->as.list.count; i++) {
		if (!same(a->as.list.items[i], b->as.list.items[i]))
			return false;
	}
	return true;
}

static bool
same_context(const struct value *a, const struct value *b)
{
	if (a->as.context.count != b->as.context.count)
		return false;
	for (size_t i = 0; i < a->as.context.count; i++) {
		const struct value_field *field = &a->as.context.fields[i];
		const struct value *other = value_get(b, field->key);

		if (other == NULL || !same(field->value, other))
			return false;
	}
	return true;
}

static bool
same(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NUMBER:
		return same_number(a->as.number, b->as.number);
	case VALUE_LIST:
		return same_list(a, b);
	case VALUE_CONTEXT:
		return same_context(a, b);
	default:
		return value_equal(a, b);
	}
}

/* The context of a line is an object of typed values. */
static const struct value *
untype_context(struct arena *arena, const struct value *context)
{
	struct value_builder *builder = value_build_context(arena);

	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];

		value_put(builder, field->key,
		    json_untype(arena, field->value));
	}
	return value_built(builder);
}

static const struct value *
lookup(void *arg, struct str name)
{
	return value_get(arg, name);
}

static const struct value *
eval_line(struct arena *arena, const struct value *line)
{
	const struct value *context = untype_context(arena,
	    value_field_or_null(line, "context"));
	struct feel_names *names = feel_names_new(arena);
	struct feel_error error = {0};
	struct feel_env env = {
	    .arena = arena,
	    .lookup = lookup,
	    .arg = (void *)(uintptr_t)context,
	};
	const struct def_decision *decision = NULL;

	feel_names_add_value(names, context);
	decision = decision_of_value(arena,
	    value_field_or_null(line, "table"), names, &error);
	if (decision == NULL) {
		print_error("%s\n", error.message);
		return &value_null;
	}
	return decision_eval(decision, &env).outcome;
}

static bool
line_holds(struct arena *arena, struct str text)
{
	struct json_error error;
	const struct value *line = json_read(arena, text, &error);
	const struct value *expected = NULL;
	const struct value *actual = NULL;
	struct buf out = {0};

	assert_non_null(line);
	expected = json_untype(arena, value_field_or_null(line, "expected"));
	actual = eval_line(arena, line);
	if (same(expected, actual))
		return true;
	json_write(actual, JSON_TYPED, &out);
	print_error("%.*s\n    gives %s\n",
	    STR_ARG(value_str(value_field_or_null(line, "id"))),
	    buf_cstr(&out));
	buf_fini(&out);
	return false;
}

static FILE *
open_vectors(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/" VECTORS,
	    srcdir != NULL ? srcdir : ".");
	return fopen(path, "r");
}

static void
test_tables_of_the_conformance_suite_give_what_it_expects(void **state)
{
	FILE *file = open_vectors();
	struct arena *arena = arena_new();
	char *line = NULL;
	size_t size = 0;
	ssize_t bytes = 0;
	size_t failed = 0;

	(void)state;
	if (file == NULL) {
		arena_free(&arena);
		skip();
	}
	while ((bytes = getline(&line, &size, file)) > 0) {
		if (!line_holds(arena, (struct str){line, (size_t)bytes}))
			failed++;
		arena_reset(arena);
	}
	free(line);
	fclose(file);
	arena_free(&arena);
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_tables_of_the_conformance_suite_give_what_it_expects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
