/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_feel.c: the contract of feel.h beyond what an expression means, which
 * the cases of tests/cases/feel tell.
 */
#include "stated/feel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct arena *arena;
	struct feel_env env;
	unsigned lookups;
	const struct value *context;
};

static const struct value *
lookup(void *arg, struct str name)
{
	struct fixture *fixture = arg;

	fixture->lookups++;
	return value_get(fixture->context, name);
}

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct value_builder *context;

	fixture->arena = arena_new();
	context = value_build_context(fixture->arena);
	value_put_int(context, "amount", 250);
	fixture->context = value_built(context);
	fixture->env = (struct feel_env){
		.arena = fixture->arena,
		.lookup = lookup,
		.arg = fixture,
	};
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

static const struct feel *
parse(struct fixture *fixture, const char *text)
{
	struct feel_error error;
	const struct feel *feel =
	    feel_parse(fixture->arena, str_of(text), NULL, &error);

	if (feel == NULL)
		fail_msg("%s: %s", text, error.message);
	return feel;
}

static const struct value *
evaluate(struct fixture *fixture, const char *text)
{
	return feel_eval(parse(fixture, text), &fixture->env);
}

static void
assert_int_value(const struct value *value, int64_t expected)
{
	int64_t n = 0;

	assert_int_equal(value->type, VALUE_NUMBER);
	assert_true(number_to_int(value->as.number, &n));
	assert_int_equal(n, expected);
}

/* ------------------------------------------------------------------ tests */

static void
test_an_expression_is_parsed_once_and_evaluated_often(void **state)
{
	struct fixture *fixture = *state;
	const struct feel *feel = parse(fixture, "amount * 2");

	assert_int_value(feel_eval(feel, &fixture->env), 500);
	assert_int_value(feel_eval(feel, &fixture->env), 500);
}

static void
test_the_text_need_not_outlive_parsing(void **state)
{
	struct fixture *fixture = *state;
	char text[] = "{total: amount}.total";
	const struct feel *feel = parse(fixture, text);

	memset(text, 'x', sizeof(text) - 1);
	assert_int_value(feel_eval(feel, &fixture->env), 250);
}

static void
test_a_name_is_looked_up_once_in_an_evaluation(void **state)
{
	struct fixture *fixture = *state;

	assert_int_value(evaluate(fixture,
	    "sum(for i in 1..10 return amount)"), 2500);
	assert_int_equal(fixture->lookups, 1);
}

static void
test_constants_are_known_while_parsing(void **state)
{
	struct fixture *fixture = *state;

	assert_int_value(feel_constant(parse(fixture, "1 + 2 * 3")), 7);
	assert_int_equal(
	    feel_constant(parse(fixture, "date(\"2026-11-22\")"))->type,
	    VALUE_DATE);
	assert_int_equal(feel_constant(parse(fixture, "null"))->type,
	    VALUE_NULL);
	assert_null(feel_constant(parse(fixture, "amount")));
	assert_null(feel_constant(parse(fixture, "now()")));
}

static void
collect_name(struct str name, size_t offset, void *arg)
{
	char *out = arg;

	(void)sprintf(out + strlen(out), "%.*s@%zu ", STR_ARG(name), offset);
}

static void
test_free_names_are_what_an_expression_reads(void **state)
{
	struct fixture *fixture = *state;
	struct feel_names *names = feel_names_new(fixture->arena);
	struct feel_error error;
	const struct feel *feel;
	char found[200] = "";

	feel_each_free_name(parse(fixture,
	    "for x in lines return x * rate + rate + count([y])"),
	    collect_name, found);
	assert_string_equal(found, "lines@9 rate@26 y@47 ");
	/* In a filter a name may be a field of the item; it is sure only
	 * where the surroundings have it. */
	found[0] = '\0';
	feel_names_add(names, STR("limit"));
	feel = feel_parse(fixture->arena, STR("lines[qty > limit]"), names,
	    &error);
	assert_non_null(feel);
	feel_each_free_name(feel, collect_name, found);
	assert_string_equal(found, "lines@0 limit@12 ");
}

static const struct feel *
parse_among(struct fixture *fixture, const char *text,
    const struct feel_names *names)
{
	struct feel_error error;
	const struct feel *feel =
	    feel_parse(fixture->arena, str_of(text), names, &error);

	if (feel == NULL)
		fail_msg("%s: %s", text, error.message);
	return feel;
}

/* Where the names around aren't known: what is given hides what is built in,
 * unless that is called. */
static void
test_names_of_functions_are_free_where_names_are_not_known(void **state)
{
	static const char *const texts[][2] = {
		{"date + 1", "date@0 "},
		{"date(\"2026-11-22\") + days", "days@21 "},
		{"date and time(\"2026-11-22\", time(x))", "x@33 "},
		{"date due > number of days", "date due@0 number of days@11 "},
		{"day of week limit + day of week", "day of week limit@0 "
		    "day of week@20 "},
		{"max amount - max(3, min)", "max amount@0 min@20 "},
		{"for sum in [1] return sum + count", "count@28 "},
		{"xs[date > max]", "xs@0 "},
	};
	struct fixture *fixture = *state;
	struct feel_names *names = feel_names_new(fixture->arena);
	struct feel_error error;

	feel_names_open(names);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char found[200] = "";

		feel_each_free_name(parse_among(fixture, texts[i][0], names),
		    collect_name, found);
		assert_string_equal(found, texts[i][1]);
	}
	assert_null(feel_parse(
	    fixture->arena, STR("not paid"), names, &error));
	assert_string_equal(error.repair, "negation is `not(…)`");
}

static void
test_built_in_function_is_what_nothing_given_hides(void **state)
{
	struct fixture *fixture = *state;
	struct feel_names *names = feel_names_new(fixture->arena);
	struct value_builder *context = value_build_context(fixture->arena);

	feel_names_open(names);
	value_put_int(context, "count", 7);
	fixture->context = value_built(context);
	assert_int_value(feel_eval(parse_among(fixture,
	    "count + count([count, 2])", names), &fixture->env), 9);
	assert_int_value(feel_eval(parse_among(fixture,
	    "(function(f) f([1, 2]))(sum)", names), &fixture->env), 3);
	assert_int_value(feel_eval(parse_among(fixture,
	    "[{count: 1}, {n: 2}][count > 5][1].n", names), &fixture->env), 2);
}

static void
test_names_within_others_are_known_with_them(void **state)
{
	struct fixture *fixture = *state;
	struct feel_names *outer = feel_names_new(fixture->arena);
	struct feel_names *inner = feel_names_within(outer);
	char found[200] = "";

	feel_names_add(outer, STR("date due"));
	feel_names_add(inner, STR("sum"));
	feel_each_free_name(parse_among(fixture, "[date due, sum, max]",
	    inner), collect_name, found);
	assert_string_equal(found, "date due@1 sum@11 ");
	found[0] = '\0';
	feel_each_free_name(parse_among(fixture, "[date due, sum, max]",
	    outer), collect_name, found);
	assert_string_equal(found, "date due@1 ");
}

static void
collect_doubt(const struct feel_error *doubt, void *arg)
{
	char *out = arg;

	(void)sprintf(out + strlen(out), "%zu+%zu %s|%s\n", doubt->offset,
	    doubt->bytes, doubt->message, doubt->repair);
}

static void
test_what_is_surely_null_is_doubted_while_parsing(void **state)
{
	struct fixture *fixture = *state;
	struct feel_names *names = feel_names_new(fixture->arena);
	struct feel_error error;
	const struct feel *feel;
	char found[1000] = "";

	feel_names_add(names, STR("active"));
	feel = feel_parse(fixture->arena,
	    STR("[active(\"x\"), cuont([1]), abs(1, 2), date(\"x\")]"), names,
	    &error);
	assert_non_null(feel);
	feel_each_doubt(feel, collect_doubt, found);
	assert_string_equal(found,
	    "14+5 there is no function `cuont`|did you mean `count`?\n"
	    "26+3 abs() does not take these arguments|it is abs(n)\n"
	    "37+9 always null: \"x\" is no date|\n");
}

static const struct value *
host(void *arg, struct str function, const struct value *const *args,
    size_t count)
{
	struct fixture *fixture = arg;

	if (!str_equal(function, STR("twice")) || count != 1)
		return NULL;
	return value_of_str(fixture->arena, arena_strf(fixture->arena,
	    "%.*s%.*s", STR_ARG(value_str(args[0])),
	    STR_ARG(value_str(args[0]))));
}

static void
test_functions_of_the_host_are_called_by_name(void **state)
{
	struct fixture *fixture = *state;

	fixture->env.host = host;
	assert_true(str_equal(value_str(evaluate(fixture, "twice(\"ab\")")),
	    STR("abab")));
	assert_true(value_is_null(evaluate(fixture, "quadruplicate(\"ab\")")));
	assert_string_equal(fixture->env.note,
	    "there is no function `quadruplicate`");
}

static void
test_null_comes_with_a_note_and_its_place(void **state)
{
	struct fixture *fixture = *state;

	assert_true(value_is_null(evaluate(fixture, "1 + (amount - \"x\")")));
	assert_string_equal(fixture->env.note,
	    "`number` and `string` cannot be subtracted");
	assert_int_equal(fixture->env.note_offset, 4);
	/* The next evaluation begins without it. */
	assert_false(value_is_null(evaluate(fixture, "amount")));
	assert_string_equal(fixture->env.note, "");
}

static void
test_several_evaluations_can_share_a_budget(void **state)
{
	struct fixture *fixture = *state;
	const struct feel *feel =
	    parse(fixture, "count(for i in 1..100 return i + amount)");
	unsigned done = 0;

	fixture->env.steps = 1000;
	while (!value_is_null(feel_eval(feel, &fixture->env)))
		done++;
	assert_true(done >= 1 && done < 10);
	assert_true(fixture->env.exhausted);
	assert_int_equal(fixture->env.steps, -1);
	assert_true(value_is_null(feel_eval(feel, &fixture->env)));
}

static void
test_a_budget_of_zero_is_new_each_time(void **state)
{
	struct fixture *fixture = *state;
	const struct feel *feel =
	    parse(fixture, "count(for i in 1..200000 return i)");

	for (unsigned i = 0; i < 5; i++)
		assert_int_value(feel_eval(feel, &fixture->env), 200000);
	assert_int_equal(fixture->env.steps, 0);
	assert_false(fixture->env.exhausted);
}

static void
test_unary_tests_answer_true_false_or_null(void **state)
{
	struct fixture *fixture = *state;
	struct feel_error error;
	const struct feel *tests = feel_parse_unary_tests(fixture->arena,
	    STR("< amount, 1000"), NULL, &error);
	struct arena *arena = fixture->arena;

	assert_non_null(tests);
	assert_ptr_equal(feel_test(tests, value_of_int(arena, 1),
	    &fixture->env), &value_true);
	assert_ptr_equal(feel_test(tests, value_of_int(arena, 1000),
	    &fixture->env), &value_true);
	assert_ptr_equal(feel_test(tests, value_of_int(arena, 300),
	    &fixture->env), &value_false);
	assert_ptr_equal(feel_test(tests, value_of_str(arena, STR("x")),
	    &fixture->env), &value_null);
}

static void
test_equality_outside_has_three_answers(void **state)
{
	struct fixture *fixture = *state;
	const struct value *one = value_of_int(fixture->arena, 1);

	assert_ptr_equal(feel_equal(one, evaluate(fixture, "1.00")),
	    &value_true);
	assert_ptr_equal(feel_equal(one, evaluate(fixture, "2")),
	    &value_false);
	assert_ptr_equal(feel_equal(one, evaluate(fixture, "\"1\"")),
	    &value_null);
	assert_ptr_equal(feel_equal(one, &value_null), &value_false);
}

static void
test_a_function_can_be_called_from_another_expression(void **state)
{
	struct fixture *fixture = *state;
	struct value_builder *context = value_build_context(fixture->arena);

	value_put_int(context, "rate", 3);
	value_put(context, STR("f"), evaluate(fixture,
	    "function(x) x * (if rate = null then 1 else rate)"));
	value_put_int(context, "other", 7);
	fixture->context = value_built(context);
	assert_int_value(evaluate(fixture, "{a: other, b: f(a)}.b"), 21);
}

static void
test_a_text_that_is_no_text_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct feel_error error;

	assert_null(feel_parse(fixture->arena, STR("\"\xff\""), NULL, &error));
	assert_string_equal(error.message, "not UTF-8");
	assert_null(feel_parse(fixture->arena, STR(""), NULL, &error));
	assert_string_equal(error.message, "expected a value, found the end");
	assert_int_equal(error.bytes, 1);
	assert_null(feel_parse(fixture->arena, (struct str){NULL, 0}, NULL,
	    &error));
}

/* `count` times the unit, then the rest. */
static struct str
repeat(struct arena *arena, const char *unit, size_t count, const char *rest)
{
	size_t bytes = strlen(unit);
	char *text = arena_alloc(arena, bytes * count + strlen(rest) + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * bytes, unit, bytes);
	memcpy(text + bytes * count, rest, strlen(rest));
	return (struct str){text, bytes * count + strlen(rest)};
}

static void
test_deep_nesting_is_an_error_and_no_crash(void **state)
{
	static const char *const units[] = {
		"(", "[", "{a:", "-", "if ", "not(", "[1[", "1+(", "for x in ",
		"function(x) ", "1 in (", "1 in [", "x[", "x(", "]", "@",
		"some x in ", "x instance of list<", "{\"", "/*", "1..", ".",
		"1 in < ", "1 between ", "1 in 1 in ", "not(1 in (", "a.b[",
	};
	struct fixture *fixture = *state;
	struct feel_error error;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct str text = repeat(fixture->arena, units[i], 30000, "");

		assert_null(feel_parse(fixture->arena, text, NULL, &error));
		assert_true(error.offset <= text.bytes);
		assert_null(feel_parse_unary_tests(fixture->arena, text, NULL,
		    &error));
	}
}

static void
test_a_long_chain_is_an_error_and_no_crash(void **state)
{
	struct fixture *fixture = *state;
	struct feel_error error;

	/* Constants are added up while parsing: no chain is left. */
	assert_non_null(feel_parse(fixture->arena,
	    repeat(fixture->arena, "1 + ", 10000, "x"), NULL, &error));
	assert_non_null(feel_parse(fixture->arena,
	    repeat(fixture->arena, "x + ", 400, "x"), NULL, &error));
	assert_null(feel_parse(fixture->arena,
	    repeat(fixture->arena, "x + ", 600, "x"), NULL, &error));
	assert_string_equal(error.message, "more than 500 operators deep");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_an_expression_is_parsed_once_and_evaluated_often),
		TEST(test_the_text_need_not_outlive_parsing),
		TEST(test_a_name_is_looked_up_once_in_an_evaluation),
		TEST(test_constants_are_known_while_parsing),
		TEST(test_free_names_are_what_an_expression_reads),
		TEST(test_names_of_functions_are_free_where_names_are_not_known),
		TEST(test_built_in_function_is_what_nothing_given_hides),
		TEST(test_names_within_others_are_known_with_them),
		TEST(test_what_is_surely_null_is_doubted_while_parsing),
		TEST(test_functions_of_the_host_are_called_by_name),
		TEST(test_null_comes_with_a_note_and_its_place),
		TEST(test_several_evaluations_can_share_a_budget),
		TEST(test_a_budget_of_zero_is_new_each_time),
		TEST(test_unary_tests_answer_true_false_or_null),
		TEST(test_equality_outside_has_three_answers),
		TEST(test_a_function_can_be_called_from_another_expression),
		TEST(test_a_text_that_is_no_text_is_refused),
		TEST(test_deep_nesting_is_an_error_and_no_crash),
		TEST(test_a_long_chain_is_an_error_and_no_crash),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
