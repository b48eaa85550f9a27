/* SPDX-License-Identifier: Apache-2.0 */
/* test_feel_shape.c: what a judge of expressions sees of them. */
#include "stated/feel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int
setup(void **state)
{
	*state = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	struct arena *arena = *state;

	arena_free(&arena);
	return 0;
}

static const struct feel_shape *
shape_of(struct arena *arena, const char *text)
{
	struct feel_error error;
	const struct feel *feel =
	    feel_parse(arena, str_of(text), NULL, &error);

	assert_non_null(feel);
	return feel_shape(feel, arena);
}

static const struct feel_shape *
shape_of_tests(struct arena *arena, const char *text)
{
	struct feel_error error;
	const struct feel *feel =
	    feel_parse_unary_tests(arena, str_of(text), NULL, &error);

	assert_non_null(feel);
	return feel_shape(feel, arena);
}

static void
assert_path(const struct feel_shape *shape, const char *path)
{
	assert_int_equal(shape->kind, SHAPE_PATH);
	assert_true(str_equal(shape->path, str_of(path)));
}

static void
test_path_has_all_its_names(void **state)
{
	assert_path(shape_of(*state, "a"), "a");
	assert_path(shape_of(*state, "a.b.c"), "a.b.c");
}

static void
test_conjunction_has_both_sides(void **state)
{
	const struct feel_shape *shape =
	    shape_of(*state, "error.code = \"x\" and not(b != null)");

	assert_int_equal(shape->kind, SHAPE_AND);
	assert_int_equal(shape->parts[0]->kind, SHAPE_EQUAL);
	assert_path(shape->parts[0]->parts[0], "error.code");
	assert_int_equal(shape->parts[0]->parts[1]->kind, SHAPE_CONSTANT);
	assert_int_equal(shape->parts[1]->kind, SHAPE_NOT);
	assert_int_equal(
	    shape->parts[1]->parts[0]->kind, SHAPE_UNEQUAL);
}

static void
test_membership_is_a_value_in_tests(void **state)
{
	const struct feel_shape *shape = shape_of(*state, "a in (1, [5..b])");

	assert_int_equal(shape->kind, SHAPE_IN);
	assert_path(shape->parts[0], "a");
	assert_int_equal(shape->parts[1]->kind, SHAPE_TESTS);
	assert_int_equal(shape->parts[1]->count, 2);
	assert_int_equal(shape->parts[1]->parts[1]->kind, SHAPE_RANGE);
	assert_path(shape->parts[1]->parts[1]->parts[1], "b");
}

static void
test_cell_is_made_of_tests(void **state)
{
	const struct feel_shape *shape = shape_of_tests(*state, "< 5, = x");

	assert_int_equal(shape->kind, SHAPE_TESTS);
	assert_int_equal(shape->parts[0]->kind, SHAPE_TEST_ORDERED);
	assert_int_equal(shape->parts[1]->kind, SHAPE_TEST_EQUAL);
	assert_int_equal(
	    shape_of_tests(*state, "not(\"a\")")->kind, SHAPE_NOT);
	assert_int_equal(shape_of_tests(*state, "-")->kind, SHAPE_ANY);
	assert_int_equal(
	    shape_of_tests(*state, "? > 1")->parts[0]->parts[0]->kind,
	    SHAPE_INPUT);
}

static void
test_other_shows_what_it_is_made_of(void **state)
{
	const struct feel_shape *shape =
	    shape_of(*state, "if a = null then 0 else a + 1");

	assert_int_equal(shape->kind, SHAPE_OTHER);
	assert_int_equal(shape->count, 3);
	assert_int_equal(shape->parts[0]->kind, SHAPE_EQUAL);
	assert_path(shape->parts[2]->parts[0], "a");
	assert_int_equal(shape_of(*state, "a[1].b")->kind, SHAPE_OTHER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_path_has_all_its_names, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_conjunction_has_both_sides, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_membership_is_a_value_in_tests, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_cell_is_made_of_tests, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_other_shows_what_it_is_made_of, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
