/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_decision_vectors.c: decision tables of the DMN conformance suite.
 *
 * One JSON object a line: {id, table, context, expected}.  The file lies
 * beside the project's tree on machines that have it; without it the test is
 * skipped.
 */
#include "../feel/feel_vector.h"

#include "stated/decision.h"
#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define VECTORS "../shared/vectors/feel/tables-open.jsonl"

static const struct value *
eval_line(struct arena *arena, const struct value *line)
{
	const struct value *context = feel_vector_context(arena,
	    value_field_or_null(line, "context"));
	struct feel_names *names = feel_names_new(arena);
	struct feel_error error = {0};
	struct feel_env env = {
	    .arena = arena,
	    .lookup = feel_vector_lookup_cb,
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
	if (feel_vector_same(expected, actual))
		return true;
	json_write(actual, JSON_TYPED, &out);
	print_error("%.*s\n    gives %s\n",
	    STR_ARG(value_field_str(line, "id")),
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
