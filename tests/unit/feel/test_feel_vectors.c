/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_feel_vectors.c: the public test cases of the DMN Technology
 * Compatibility Kit, where they are at hand beside the source tree.
 *
 * A line is {"id", "expr", "context", "expected", "as"}; values are written
 * with their types.
 */
#include "feel_vector.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Of 1000 cases. */
#define PASSING_MIN 1000

static const struct value *
evaluate(struct arena *arena, struct str text, const struct value *context)
{
	struct feel_names *names = feel_names_new(arena);
	struct feel_error error;
	const struct feel *feel;
	struct feel_env env = {
		.arena = arena,
		.lookup = feel_vector_lookup_cb,
		.arg = (void *)(uintptr_t)context,
		.now_ms = 1700000000000,
	};

	feel_names_add_value(names, context);
	feel = feel_parse(arena, text, names, &error);
	if (feel == NULL)
		return &value_null;
	return feel_eval(feel, &env);
}

static const struct value *
convert(struct arena *arena, const struct value *value, struct str type)
{
	struct feel_error error;
	const struct feel_type *parsed = feel_type_parse(arena, type, &error);

	assert_non_null(parsed);
	return feel_type_convert(parsed, value, arena);
}

static bool
passes(struct arena *arena, struct str line, char note[512])
{
	struct json_error error;
	const struct value *vector = json_read(arena, line, &error);
	struct str text;
	struct str type;
	const struct value *context;
	const struct value *expected;
	const struct value *got;
	struct buf out = {0};
	bool ok;

	assert_non_null(vector);
	text = value_field_str(vector, "expr");
	type = value_field_str(vector, "as");
	context = feel_vector_context(arena, value_get_cstr(vector, "context"));
	expected = json_untype(arena, value_get_cstr(vector, "expected"));
	assert_non_null(expected);
	got = evaluate(arena, text, context);
	if (type.at != NULL)
		got = convert(arena, got, type);
	ok = feel_vector_same(expected, got);
	json_write(got, JSON_TYPED, &out);
	(void)snprintf(note, 512, "%.300s  gives  %.150s", arena_cstr(arena,
	    text), buf_cstr(&out));
	buf_fini(&out);
	return ok;
}

static void
test_feel_passes_the_public_vectors(void **state)
{
	const char *srcdir = getenv("srcdir");
	struct arena *arena = arena_new();
	unsigned passed = 0;
	unsigned count = 0;
	size_t capacity = 0;
	char *line = NULL;
	char note[512];
	FILE *file;
	ssize_t bytes;

	(void)state;
	file = fopen(arena_strf(arena,
	    "%s/../shared/vectors/feel/vectors-open.jsonl",
	    srcdir ? srcdir : ".").at, "r");
	if (file == NULL) {
		arena_free(&arena);
		skip();
	}
	while ((bytes = getline(&line, &capacity, file)) > 0) {
		arena_reset(arena);
		count++;
		if (passes(arena, str_trim((struct str){line, (size_t)bytes}),
		    note))
			passed++;
		else
			print_message("%s\n", note);
	}
	print_message("%u of %u vectors pass\n", passed, count);
	free(line);
	(void)fclose(file);
	arena_free(&arena);
	assert_true(passed * 1000 >= count * PASSING_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_feel_passes_the_public_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
