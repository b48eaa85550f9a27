/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/decision.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int
set_up(void **state)
{
	*state = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	struct arena *arena = *state;

	arena_free(&arena);
	return 0;
}

/* JSON with ' for ", which C would have to escape. */
static const struct value *
json(struct arena *arena, const char *text)
{
	char *copy = (char *)arena_alloc(arena, strlen(text) + 1);
	struct json_error error;
	const struct value *value = NULL;

	for (size_t i = 0; text[i] != '\0'; i++)
		copy[i] = text[i] == '\'' ? '"' : text[i];
	value = json_read(arena, str_of(copy), &error);
	if (value == NULL)
		fail_msg("%s: %s", error.message, copy);
	return value;
}

static const struct value *
lookup(void *arg, struct str name)
{
	return value_get(arg, name);
}

static const struct def_decision *
table_of(struct arena *arena, const char *table, const struct value *context)
{
	struct feel_names *names = feel_names_new(arena);
	struct feel_error error = {0};
	const struct def_decision *decision = NULL;

	feel_names_add_value(names, context);
	decision = decision_of_value(arena, json(arena, table), names, &error);
	if (decision == NULL)
		fail_msg("%s", error.message);
	return decision;
}

static struct decision_result
eval(struct arena *arena, const char *table, const char *context)
{
	const struct value *names = json(arena, context);
	struct feel_env env = {
	    .arena = arena,
	    .lookup = lookup,
	    .arg = (void *)(uintptr_t)names,
	};

	return decision_eval(table_of(arena, table, names), &env);
}

static void
assert_value(const struct value *value, const char *expected)
{
	struct buf out = {0};

	json_write(value, JSON_PLAIN, &out);
	for (size_t i = 0; i < out.bytes; i++) {
		if (out.at[i] == '"')
			out.at[i] = '\'';
	}
	assert_string_equal(buf_cstr(&out), expected);
	buf_fini(&out);
}

static void
assert_outcome(struct decision_result result, const char *expected)
{
	if (result.failure.at != NULL)
		fail_msg("%.*s", STR_ARG(result.failure));
	assert_value(result.outcome, expected);
}

static void
assert_failure(struct decision_result result, const char *why)
{
	assert_true(value_is_null(result.outcome));
	if (!str_equal(result.failure, str_of(why)))
		fail_msg("%.*s", STR_ARG(result.failure));
}

/* One input `n`; the rules are for "< 10", "< 100" and "-". */
#define STEPS(policy, outputs, first, second, third)                           \
	"{'hitPolicy': '" policy "', 'inputs': [{'expr': 'n'}],"               \
	" 'outputs': [" outputs "], 'rules': ["                                \
	"{'when': ['< 10'], 'then': [" first "]},"                             \
	"{'when': ['< 100'], 'then': [" second "]},"                           \
	"{'when': ['-'], 'then': [" third "]}]}"

static void
test_first_takes_the_first_rule_that_matches(void **state)
{
	const char *table = STEPS("FIRST", "{}", "'1'", "'2'", "'3'");

	assert_outcome(eval(*state, table, "{'n': 5}"), "1");
	assert_outcome(eval(*state, table, "{'n': 50}"), "2");
	assert_outcome(eval(*state, table, "{'n': 500}"), "3");
}

static void
test_the_rule_that_matched_and_the_inputs_are_told(void **state)
{
	const char *table = STEPS("FIRST", "{}", "'1'", "'2'", "'3'");
	struct decision_result result = eval(*state, table, "{'n': 50.0}");

	assert_int_equal(result.matched_count, 1);
	assert_int_equal(result.matched[0], 2);
	assert_value(result.inputs, "[50.0]");
}

static void
test_unique_fails_where_two_rules_match(void **state)
{
	const char *table = STEPS("UNIQUE", "{}", "'1'", "'2'", "'3'");

	assert_outcome(eval(*state, table, "{'n': 500}"), "3");
	assert_failure(eval(*state, table, "{'n': 50}"),
	    "rules 2 and 3 both match, and only one may");
}

static void
test_any_fails_where_outputs_differ(void **state)
{
	const char *table = STEPS("ANY", "{}", "'1'", "'2'", "'2.0'");

	assert_outcome(eval(*state, table, "{'n': 50}"), "2");
	assert_failure(eval(*state, table, "{'n': 5}"),
	    "rules 1 and 2 both match and differ");
}

static void
test_priority_goes_by_the_order_of_the_values(void **state)
{
	const char *table = STEPS("PRIORITY", "{'values': '3, 1, 2'}",
	    "'1'", "'2'", "'3'");

	assert_outcome(eval(*state, table, "{'n': 5}"), "3");
	assert_outcome(eval(*state, table, "{'n': 500}"), "3");
}

static void
test_priority_of_the_first_output_counts_before_the_second(void **state)
{
	const char *table = STEPS("PRIORITY",
	    "{'name': 'a', 'values': '1, 2'}, {'name': 'b', 'values': '7, 8'}",
	    "'2', '7'", "'1', '8'", "'1', '7'");

	assert_outcome(eval(*state, table, "{'n': 5}"), "{'a':1,'b':7}");
}

static void
test_output_order_sorts_and_keeps_equals_in_rule_order(void **state)
{
	const char *table = STEPS("OUTPUT ORDER",
	    "{'name': 'a', 'values': '1, 2'}, {'name': 'b'}",
	    "'2', '7'", "'1', '8'", "'1', '6'");

	assert_outcome(eval(*state, table, "{'n': 5}"),
	    "[{'a':1,'b':8},{'a':1,'b':6},{'a':2,'b':7}]");
}

static void
test_rule_order_and_collect_give_all_in_order(void **state)
{
	assert_outcome(eval(*state, STEPS("RULE ORDER", "{}", "'3'", "'1'",
	    "'2'"), "{'n': 5}"), "[3,1,2]");
	assert_outcome(eval(*state, STEPS("COLLECT", "{}", "'3'", "'1'",
	    "'2'"), "{'n': 50}"), "[1,2]");
}

#define COLLECT(aggregation)                                                   \
	"{'hitPolicy': 'COLLECT', 'aggregation': '" aggregation "',"           \
	" 'inputs': [{'expr': 'n'}], 'outputs': [{}], 'rules': ["              \
	"{'when': ['< 10'], 'then': ['0.10']},"                                \
	"{'when': ['< 100'], 'then': ['0.20']},"                               \
	"{'when': ['< 100'], 'then': ['0.20']}]}"

static void
test_collected_numbers_are_put_together_exactly(void **state)
{
	assert_outcome(eval(*state, COLLECT("SUM"), "{'n': 5}"), "0.50");
	assert_outcome(eval(*state, COLLECT("MIN"), "{'n': 5}"), "0.10");
	assert_outcome(eval(*state, COLLECT("MAX"), "{'n': 5}"), "0.20");
	assert_outcome(eval(*state, COLLECT("COUNT"), "{'n': 5}"), "3");
	assert_outcome(eval(*state, COLLECT("COUNT"), "{'n': 500}"), "0");
	assert_outcome(eval(*state, COLLECT("SUM"), "{'n': 500}"), "null");
}

static void
test_what_can_not_be_summed_fails(void **state)
{
	const char *table =
	    "{'hitPolicy': 'COLLECT', 'aggregation': 'SUM', 'inputs': [],"
	    " 'outputs': [{}], 'rules': [{'when': [], 'then': ['true']}]}";

	assert_failure(eval(*state, table, "{}"),
	    "the outputs can't be put together: an item is no number");
}

#define NARROW(outputs, then)                                                  \
	"{'hitPolicy': 'UNIQUE', 'inputs': [{'expr': 'n', 'allowed': '[0..9]'}]," \
	" 'outputs': [" outputs "],"                                           \
	" 'rules': [{'when': ['> 5'], 'then': [" then "]}]}"

static void
test_no_rule_gives_null_or_the_defaults(void **state)
{
	struct decision_result result =
	    eval(*state, NARROW("{}", "'1'"), "{'n': 5}");

	assert_outcome(result, "null");
	assert_int_equal(result.matched_count, 0);
	assert_outcome(eval(*state, NARROW("{'default': '7'}", "'1'"),
	    "{'n': 5}"), "7");
	assert_outcome(eval(*state,
	    NARROW("{'name': 'a', 'default': 'n + 1'}, {'name': 'b'}",
	    "'1', '2'"), "{'n': 5}"), "{'a':6,'b':null}");
}

static void
test_input_that_is_not_allowed_fails(void **state)
{
	assert_failure(eval(*state, NARROW("{}", "'1'"), "{'n': 10}"),
	    "input `n` is not among its allowed values");
	assert_failure(eval(*state, NARROW("{}", "'1'"), "{'n': null}"),
	    "input `n` is not among its allowed values");
}

static void
test_null_input_matches_only_what_takes_null(void **state)
{
	const char *table =
	    "{'hitPolicy': 'COLLECT', 'inputs': [{'expr': 'n'}],"
	    " 'outputs': [{}], 'rules': ["
	    "{'when': ['< 10'], 'then': ['1']},"
	    "{'when': ['>= 10'], 'then': ['2']},"
	    "{'when': ['null'], 'then': ['3']},"
	    "{'when': ['-'], 'then': ['4']},"
	    "{'when': ['? < 10'], 'then': ['5']},"
	    "{'when': ['true'], 'then': ['6']}]}";

	assert_outcome(eval(*state, table, "{'n': null}"), "[3,4]");
	assert_outcome(eval(*state, table, "{'n': 5}"), "[1,4,5]");
	assert_outcome(eval(*state, table, "{'n': true}"), "[4,6]");
}

static void
test_an_empty_cell_asks_nothing_and_gives_null(void **state)
{
	const char *table =
	    "{'hitPolicy': 'UNIQUE', 'inputs': [{'expr': 'n'}],"
	    " 'outputs': [{'name': 'a'}, {'name': 'b'}],"
	    " 'rules': [{'when': [''], 'then': ['n', ' ']}]}";

	assert_outcome(eval(*state, table, "{'n': 5}"),
	    "{'a':5,'b':null}");
}

static void
test_output_that_is_not_allowed_fails(void **state)
{
	assert_failure(eval(*state,
	    NARROW("{'name': 'limit', 'values': '< 5'}", "'7'"), "{'n': 6}"),
	    "rule 1 gives limit a value that it is not allowed to have");
	assert_outcome(eval(*state,
	    NARROW("{'name': 'limit', 'values': '< 5'}", "'4'"), "{'n': 6}"),
	    "4");
}

static void
test_names_may_hold_spaces(void **state)
{
	const char *table =
	    "{'hitPolicy': 'FIRST', 'inputs': [{'expr': 'Monthly Salary'}],"
	    " 'outputs': [{}], 'rules': ["
	    "{'when': ['> 100'], 'then': ['Monthly Salary * 2']}]}";

	assert_outcome(eval(*state, table, "{'Monthly Salary': 101}"), "202");
}

static void
test_malformed_tables_are_refused_with_a_reason(void **state)
{
	static const char *const tables[] = {
	    "[]", "{}", "{'hitPolicy': 'BEST'}",
	    "{'hitPolicy': 'FIRST', 'aggregation': 'SUM'}",
	    "{'inputs': [], 'outputs': [], 'rules': []}",
	    "{'inputs': [{}], 'outputs': [{}], 'rules': []}",
	    "{'inputs': [{'expr': '1 +'}], 'outputs': [{}], 'rules': []}",
	    "{'inputs': [], 'outputs': [{}, {}], 'rules': []}",
	    "{'inputs': [], 'outputs': [{}], 'rules': [{'when': []}]}",
	    "{'inputs': [], 'outputs': [{}], 'rules': [{'then': ['1']}]}",
	    "{'inputs': [], 'outputs': [{}],"
	    " 'rules': [{'when': ['-'], 'then': ['1']}]}",
	    "{'inputs': [], 'outputs': [{}],"
	    " 'rules': [{'when': [], 'then': [1]}]}",
	};
	struct feel_names *names = feel_names_new(*state);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct feel_error error = {0};

		assert_null(decision_of_value(*state, json(*state, tables[i]),
		    names, &error));
		assert_true(strlen(error.message) > 0);
	}
}

/* Each cell alone would be within the budget. */
static void
test_a_table_has_one_budget_for_all_its_cells(void **state)
{
	const char *table =
	    "{'hitPolicy': 'COLLECT', 'inputs': [{'expr': 'n'}],"
	    " 'outputs': [{}], 'rules': ["
	    "{'when': ['count(for i in 1..m return i) > ?'], 'then': ['1']},"
	    "{'when': ['count(for i in 1..m return i) > ?'], 'then': ['2']},"
	    "{'when': ['count(for i in 1..m return i) > ?'], 'then': ['3']},"
	    "{'when': ['-'], 'then': ['4']}]}";

	assert_outcome(
	    eval(*state, table, "{'n': 1, 'm': 50000}"), "[1,2,3,4]");
	assert_failure(eval(*state, table, "{'n': 1, 'm': 100000}"),
	    "the table takes too many steps or too much memory");
}

#define WITH_ARENA(test)                                                       \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(test_first_takes_the_first_rule_that_matches),
	    WITH_ARENA(test_the_rule_that_matched_and_the_inputs_are_told),
	    WITH_ARENA(test_unique_fails_where_two_rules_match),
	    WITH_ARENA(test_any_fails_where_outputs_differ),
	    WITH_ARENA(test_priority_goes_by_the_order_of_the_values),
	    WITH_ARENA(
		test_priority_of_the_first_output_counts_before_the_second),
	    WITH_ARENA(test_output_order_sorts_and_keeps_equals_in_rule_order),
	    WITH_ARENA(test_rule_order_and_collect_give_all_in_order),
	    WITH_ARENA(test_collected_numbers_are_put_together_exactly),
	    WITH_ARENA(test_what_can_not_be_summed_fails),
	    WITH_ARENA(test_no_rule_gives_null_or_the_defaults),
	    WITH_ARENA(test_input_that_is_not_allowed_fails),
	    WITH_ARENA(test_null_input_matches_only_what_takes_null),
	    WITH_ARENA(test_an_empty_cell_asks_nothing_and_gives_null),
	    WITH_ARENA(test_output_that_is_not_allowed_fails),
	    WITH_ARENA(test_names_may_hold_spaces),
	    WITH_ARENA(test_a_table_has_one_budget_for_all_its_cells),
	    WITH_ARENA(test_malformed_tables_are_refused_with_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
