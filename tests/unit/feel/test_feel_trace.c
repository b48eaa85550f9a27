/* SPDX-License-Identifier: Apache-2.0 */
/* test_feel_trace.c: what is told about the parts of an expression. */
#include "stated/feel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
	struct arena *arena;
	struct feel_env env;
	struct str text;
	const struct value *value;
};

static int
set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.arena = arena_new()};
	fixture.env.arena = fixture.arena;
	fixture.env.trace = feel_trace_new(fixture.arena);
	*state = &fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	arena_free(&fixture->arena);
	return 0;
}

static const struct feel_part *
trace(struct fixture *fixture, const char *text)
{
	struct feel_error error;
	const struct feel *feel =
	    feel_parse_parts(fixture->arena, str_of(text), NULL, &error);

	assert_non_null(feel);
	fixture->text = str_of(text);
	fixture->value = feel_eval(feel, &fixture->env);
	return feel_trace_root(fixture->env.trace);
}

/* "text=value(its parts)", one after another */
static void
add_parts(struct fixture *fixture, const struct feel_part *part,
    struct buf *out)
{
	for (; part != NULL; part = part->next) {
		struct str value = feel_text(fixture->arena, part->value, 40);

		buf_addf(out, "%.*s=%.*s", STR_ARG(str_slice(fixture->text,
		    part->offset, part->bytes)), STR_ARG(value));
		if (part->first == NULL) {
			buf_add_cstr(out, part->next != NULL ? "; " : "");
			continue;
		}
		buf_add_char(out, '(');
		add_parts(fixture, part->first, out);
		buf_add_char(out, ')');
	}
}

static void
assert_parts(struct fixture *fixture, const char *text, const char *parts)
{
	const struct feel_part *root = trace(fixture, text);
	struct buf out = {0};

	add_parts(fixture, root, &out);
	assert_string_equal(buf_cstr(&out), parts);
	assert_ptr_equal(root->value, fixture->value);
	buf_fini(&out);
}

static void
test_every_part_but_literals_is_told(void **state)
{
	assert_parts(*state, "(1 + 2) * 3", "(1 + 2) * 3=9((1 + 2)=3)");
	assert_parts(*state, "if 1 < 2 then \"a\" else 1 / 0",
	    "if 1 < 2 then \"a\" else 1 / 0=\"a\"(1 < 2=true)");
	assert_parts(*state, "5 in [1..1 + 8]",
	    "5 in [1..1 + 8]=true([1..1 + 8]=true(1 + 8=9))");
}

static void
test_a_literal_has_no_parts(void **state)
{
	assert_null(trace(*state, "5"));
}

static void
test_what_a_path_goes_through_is_told_where_it_is_null(void **state)
{
	assert_parts(*state, "{a: {b: 1}, c: a.b}.c",
	    "{a: {b: 1}, c: a.b}.c=1({a: {b: 1}, c: a.b}="
	    "{a: {b: 1}, c: 1}({b: 1}={b: 1}; a.b=1))");
	assert_parts(*state, "{a: null, c: a.b.d}.c",
	    "{a: null, c: a.b.d}.c=null({a: null, c: a.b.d}="
	    "{a: null, c: null}(a.b.d=null(a.b=null(a=null))))");
}

static void
test_later_turns_are_counted_and_not_kept(void **state)
{
	struct fixture *fixture = *state;
	const struct feel_part *part =
	    trace(fixture, "for i in 1..100000 return i * 2");
	size_t turns = 0;

	assert_int_equal(fixture->value->as.list.count, 100000);
	assert_int_equal(part->left_out, 100000 - FEEL_TURNS_MAX);
	for (part = part->first; part != NULL; part = part->next)
		assert_int_equal(part->turn, ++turns);
	assert_int_equal(turns, FEEL_TURNS_MAX);
}

static void
test_no_more_parts_are_kept_than_the_bound(void **state)
{
	struct fixture *fixture = *state;
	struct buf text = {0};
	size_t count = 0;

	for (int i = 0; i < 3 * FEEL_PARTS_MAX; i++)
		buf_addf(&text, "%s%d + 1", i == 0 ? "[" : ", ", i);
	buf_add_char(&text, ']');
	const struct feel_part *root = trace(fixture, buf_cstr(&text));

	for (const struct feel_part *part = root->first; part != NULL;
	     part = part->next)
		count++;
	assert_int_equal(count, FEEL_PARTS_MAX - 1);
	assert_int_equal(root->left_out, 2 * FEEL_PARTS_MAX + 1);
	buf_fini(&text);
}

static void
add_note(const struct feel_part *part, void *arg)
{
	buf_addf(arg, "%zu+%zu %.*s\n", part->note_offset, part->note_bytes,
	    STR_ARG(part->note));
}

static void
assert_notes(struct fixture *fixture, const char *text, const char *notes)
{
	struct buf out = {0};

	(void)trace(fixture, text);
	feel_trace_each_note(fixture->env.trace, add_note, &out);
	assert_string_equal(buf_cstr(&out), notes);
	buf_fini(&out);
}

static void
test_causes_are_told_and_not_their_consequences(void **state)
{
	assert_notes(*state, "(1 + \"a\") * 2 - 3",
	    "0+9 `number` and `string` cannot be added\n");
	assert_notes(*state, "[1 / 0, abs(\"x\")]",
	    "1+5 division by zero\n"
	    "8+8 `string` has no absolute value\n");
	assert_notes(*state, "count([1 / 0]) + \"a\"",
	    "7+5 division by zero\n"
	    "0+20 `number` and `string` cannot be added\n");
}

static void
test_a_turn_that_is_not_kept_still_says_what_went_wrong(void **state)
{
	assert_notes(*state, "for i in 1..50 return 1 / (40 - i)",
	    "22+12 division by zero\n");
}

static void
test_values_are_written_as_feel_reads_them_and_cut(void **state)
{
	struct fixture *fixture = *state;
	struct arena *arena = fixture->arena;

	assert_true(str_equal(feel_text(arena,
	    value_of_str(arena, STR("a\"b")), 40), STR("\"a\\\"b\"")));
	assert_true(str_equal(feel_text(arena,
	    value_of_str(arena, STR("äöüäöü")), 6), STR("\"äö…")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_every_part_but_literals_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_a_literal_has_no_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_what_a_path_goes_through_is_told_where_it_is_null,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_later_turns_are_counted_and_not_kept,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_no_more_parts_are_kept_than_the_bound,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_causes_are_told_and_not_their_consequences,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_a_turn_that_is_not_kept_still_says_what_went_wrong,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_values_are_written_as_feel_reads_them_and_cut,
		    set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
