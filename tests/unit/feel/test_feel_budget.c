/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_feel_budget.c: no expression takes more steps or memory than it may,
 * and one that would says so.
 *
 * Time is not measured here, but by tests/bench/bench_hostile: what a step
 * takes depends on the machine.
 */
#include "feel_hostile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A block of an arena that has just been begun. */
#define SLACK_BYTES (2 * 1024 * 1024)

static const struct value *
lookup(void *arg, struct str name)
{
	return value_get(arg, name);
}

static struct feel_env
env_of(struct arena *arena)
{
	const struct value *context = feel_hostile_context(arena);

	return (struct feel_env){
		.arena = arena,
		.lookup = lookup,
		.arg = (void *)(uintptr_t)context,
	};
}

/* What the text takes to be read: small, whatever it is. */
static const struct feel *
read_text(struct arena *arena, const struct feel_hostile *hostile)
{
	struct str text = feel_hostile_text(hostile, arena);
	size_t before = arena_footprint(arena);
	struct feel_error error;
	const struct feel *feel = feel_parse(arena, text, NULL, &error);

	if (arena_footprint(arena) - before > FEEL_BYTES_MAX + SLACK_BYTES)
		fail_msg("%s: read in %zu bytes", hostile->name,
		    arena_footprint(arena) - before);
	if (feel == NULL && error.message[0] == '\0')
		fail_msg("%s: refused without a word", hostile->name);
	return feel;
}

static void
check_one(const struct feel_hostile *hostile)
{
	struct arena *arena = arena_new();
	struct feel_env env = env_of(arena);
	const struct feel *feel = read_text(arena, hostile);
	const struct value *value;
	size_t before;

	if (feel != NULL) {
		before = arena_footprint(arena);
		value = feel_eval(feel, &env);
		if (arena_footprint(arena) - before >
		    FEEL_BYTES_MAX + SLACK_BYTES)
			fail_msg("%s: %zu bytes", hostile->name,
			    arena_footprint(arena) - before);
		if (env.exhausted == hostile->is_cheap)
			fail_msg("%s: %s", hostile->name,
			    env.exhausted ? env.note : "has an answer");
		if (env.exhausted) {
			assert_true(value_is_null(value));
			assert_string_not_equal(env.note, "");
		}
	}
	arena_free(&arena);
}

static void
test_hostile_expressions_end_within_their_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < feel_hostile_count; i++)
		check_one(&feel_hostile_cases[i]);
}

static const struct feel *
parse(struct arena *arena, const char *text)
{
	struct feel_error error;
	const struct feel *feel =
	    feel_parse(arena, str_of(text), NULL, &error);

	assert_non_null(feel);
	return feel;
}

static void
test_what_shares_a_budget_shares_its_memory(void **state)
{
	struct arena *arena = arena_new();
	struct feel_env env = env_of(arena);
	const struct feel *feel = parse(arena, "[s + s, s + s]");
	size_t before = arena_footprint(arena);
	size_t done = 0;

	(void)state;
	feel_env_share(&env);
	while (!value_is_null(feel_eval(feel, &env)))
		done++;
	assert_in_range(done, 10, FEEL_BYTES_MAX / 400000);
	assert_string_equal(env.note, "the expression took too much memory");
	assert_true(arena_footprint(arena) - before <=
	    FEEL_BYTES_MAX + SLACK_BYTES);
	arena_free(&arena);
}

static void
test_even_a_constant_comes_too_late_for_a_used_up_budget(void **state)
{
	struct arena *arena = arena_new();
	struct feel_env env = env_of(arena);

	(void)state;
	feel_env_share(&env);
	(void)feel_eval(parse(arena, "matches(s + \"b\", \"^(y+)+$\")"), &env);
	assert_true(env.exhausted && env.steps < 0);
	assert_true(value_is_null(feel_eval(parse(arena, "1"), &env)));
	assert_true(env.exhausted);
	/* The note is that of what used the budget up. */
	assert_string_equal(env.note, "the pattern takes too long to match");
	arena_free(&arena);
}

static void
test_equal_evaluations_take_equal_steps(void **state)
{
	struct arena *arena = arena_new();
	struct feel_env env = env_of(arena);
	const struct feel *feel = parse(arena,
	    "sum(for i in l[item > 100] return i * 2) + string length(s)");
	int64_t taken = 0;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		env.steps = FEEL_STEPS;
		assert_false(value_is_null(feel_eval(feel, &env)));
		if (i > 0)
			assert_int_equal(taken, FEEL_STEPS - env.steps);
		taken = FEEL_STEPS - env.steps;
	}
	assert_in_range(taken, 20000, FEEL_STEPS);
	arena_free(&arena);
}

static void
test_folding_does_not_change_what_is_said(void **state)
{
	static const char *const texts[] = {
		"1/0", "date(2026, 2, 30)", "1 + \"a\"", "[3..1]",
		"number(\"x\")", "10**6144 * 10",
	};
	struct arena *arena = arena_new();
	struct feel_env env = env_of(arena);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char note[sizeof(env.note)];
		struct feel_error error;
		const struct feel *parts = feel_parse_parts(
		    arena, str_of(texts[i]), NULL, &error);

		assert_true(value_is_null(
		    feel_eval(parse(arena, texts[i]), &env)));
		assert_string_not_equal(env.note, "");
		memcpy(note, env.note, sizeof(note));
		assert_non_null(parts);
		assert_true(value_is_null(feel_eval(parts, &env)));
		assert_string_equal(env.note, note);
	}
	arena_free(&arena);
}

static void
test_what_is_constant_is_evaluated_while_it_is_read(void **state)
{
	static const char *const constant[] = {
		"1 + 2 * 3", "upper case(\"a\") + \"b\"",
		"date(\"2026-11-22\").year = 2026 and not(false)",
		"substring(replace(\"abc\", \"[a-b]\", \"x\"), 2)",
		"sort([3, 1, 2])", "5 between 1 and 10",
		"[1] instance of list<number>",
	};
	static const char *const varying[] = {
		"now()", "today()", "day of week(today())", "x + 1",
		"string(now())", "matches(\"a\", s)",
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(constant) / sizeof(constant[0]); i++)
		assert_non_null(feel_constant(parse(arena, constant[i])));
	for (size_t i = 0; i < sizeof(varying) / sizeof(varying[0]); i++)
		assert_null(feel_constant(parse(arena, varying[i])));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_hostile_expressions_end_within_their_bounds),
		cmocka_unit_test(test_what_shares_a_budget_shares_its_memory),
		cmocka_unit_test(
		    test_even_a_constant_comes_too_late_for_a_used_up_budget),
		cmocka_unit_test(test_equal_evaluations_take_equal_steps),
		cmocka_unit_test(test_folding_does_not_change_what_is_said),
		cmocka_unit_test(
		    test_what_is_constant_is_evaluated_while_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
