/* SPDX-License-Identifier: Apache-2.0 */
/* test_scenario.c: files of scenarios are read, and their mistakes told. */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ONE "test: order\nscenarios:\n  - name: it\n    steps:\n"

static void
test_only_test_files_tell_scenarios(void **state)
{
	(void)state;
	assert_true(scenario_is_file(STR("workflows/payment.test.yaml")));
	assert_true(scenario_is_file(STR("payment.test.yml")));
	assert_false(scenario_is_file(STR("payment.yaml")));
	assert_false(scenario_is_file(STR("test.yaml")));
}

static void
test_newest_version_is_meant_unless_told(void **state)
{
	struct stage *stage = *state;
	const struct scenario_file *file = stage_read(stage, ONE "      []\n");

	assert_non_null(file);
	assert_int_equal(scenario_definition(file)->version, 2);
	file = stage_read(stage, "test: order\nversion: 1\nscenarios: []\n");
	assert_non_null(file);
	assert_int_equal(scenario_definition(file)->version, 1);
	assert_int_equal(scenario_count(file), 0);
}

static void
test_scenarios_have_names(void **state)
{
	struct stage *stage = *state;
	const struct scenario_file *file =
	    stage_read(stage, "test: order\nscenarios:\n"
			      "  - {name: one, steps: []}\n"
			      "  - {name: two, steps: []}\n");

	assert_non_null(file);
	assert_int_equal(scenario_count(file), 2);
	assert_true(str_equal(scenario_name(file, 1), STR("two")));
	stage_refuses(stage,
	    "test: order\nscenarios: [{name: a, steps: []}, {name: a, steps: "
	    "[]}]\n",
	    "the first stands at line 2");
	stage_refuses(stage, "test: order\nscenarios: [{steps: []}]\n",
	    "2:13: error: a scenario needs `name`");
}

static void
test_file_that_is_none_is_told(void **state)
{
	struct stage *stage = *state;

	stage_refuses(stage, "", "begins with `test: WORKFLOW`");
	stage_refuses(stage, "[]", "is a mapping that begins");
	stage_refuses(stage, "test: [order]\n", "takes the name of a workflow");
	stage_refuses(stage, "test: oder\n", "did you mean `order`?");
	stage_refuses(stage, "test: order\nversion: 9\nscenarios: []\n",
	    "no version 9 of workflow `order`");
	stage_refuses(stage, "test: order\nversion: 1.5\nscenarios: []\n",
	    "no version -1");
	stage_refuses(stage, "test: order\n", "needs `scenarios`");
	stage_refuses(stage, "test: order\ntest: order\n", "D005");
}

static void
test_every_value_is_held_against_its_kind(void **state)
{
	struct stage *stage = *state;

	stage_refuses(stage, "test: order\nstart: 1\nscenarios: []\n",
	    "2:8: error: `start` takes a mapping, not a number");
	stage_refuses(stage, "test: order\nnow: noon\nscenarios: []\n",
	    "`noon` is no instant");
	stage_refuses(stage, "test: order\nactor: {nam: x}\nscenarios: []\n",
	    "did you mean `name`?");
	stage_refuses(stage, "test: order\npriority: hihg\nscenarios: []\n",
	    "did you mean `high`?");
	stage_refuses(stage, "test: order\nscenarios: [1]\n",
	    "takes a mapping, not a number");
	stage_refuses(stage, ONE "      - 1\n", "not a number");
	stage_refuses(stage, ONE "      - reply: x\n",
	    "`reply` takes a mapping, not a text");
	stage_refuses(stage,
	    ONE "      - reply: {shop.reserve: {error: {outcome: unknwon}}}\n",
	    "5:49: error: no outcome of an error `unknwon`");
	stage_refuses(stage,
	    ONE "      - reply: {shop.reserve: {error: {cod: x}}}\n",
	    "did you mean `code`?");
	stage_refuses(stage,
	    "test: order\nreplies: {shop.reserve: {error: {transient: 1}}}\n"
	    "scenarios: []\n",
	    "not a number");
	stage_refuses(stage, ONE "      - {reply: {}, times: often}\n",
	    "`times` takes a number, not a text");
}

static void
test_names_are_held_against_the_workflow(void **state)
{
	struct stage *stage = *state;

	stage_refuses(stage,
	    "test: order\nreplies: {shop.resrve: {}}\nscenarios: []\n",
	    "2:11: error: the workflow never calls `shop.resrve`");
	stage_refuses(stage, ONE "      - expect: [asking, dcided]\n",
	    "no state `dcided`");
	stage_refuses(stage, ONE "      - expect: {state: wating}\n",
	    "did you mean `waiting`?");
	stage_refuses(stage, ONE "      - event: {type: order.payed}\n",
	    "did you mean `order.paid`?");
	stage_refuses(stage,
	    ONE "      - expect-no-call: [shop.release, x.y]\n",
	    "the workflow never calls `x.y`");
	stage_refuses(stage, ONE "      - expect-escalation: {to: bos}\n",
	    "did you mean `boss`?");
	stage_refuses(stage, ONE "      - expect-compensation: [shop.relase]\n",
	    "did you mean `shop.release`?");
	stage_refuses(stage, ONE "      - expect-run: order\n",
	    "the workflow never runs `order`");
	stage_refuses(stage, ONE "      - child: {order: {outcome: success}}\n",
	    "the workflow never runs `order`");
	stage_refuses(stage, ONE "      - expect-history: [startd]\n",
	    "did you mean `started`?");
}

static void
test_step_is_one_thing(void **state)
{
	struct stage *stage = *state;

	stage_refuses(stage, ONE "      - {advance: 1s, expect: asking}\n",
	    "`advance` and `expect` are two steps");
	stage_refuses(stage, ONE "      - {}\n", "a step that says nothing");
	stage_refuses(
	    stage, ONE "      - advanse: 1s\n", "did you mean `advance`?");
	stage_refuses(stage, ONE "      - {advance: 1s, fate: kept}\n",
	    "`fate` says nothing beside `advance`");
	stage_refuses(stage,
	    ONE "      - event: {type: order.paid, data: {}, fate: kept}\n",
	    "`fate` stands beside `event`, not in it [S101]");
	stage_refuses(stage, ONE "      - {event: {type: order.paid, fate: x}}\n",
	    "write {event: {…}, fate: …}");
	stage_refuses(stage, ONE "      - {advance: 1s, tims: 2}\n",
	    "did you mean `times`?");
	stage_refuses(stage, ONE "      - advance: soon\n", "no duration");
	stage_refuses(stage, ONE "      - advance: {to: soon}\n", "no instant");
	stage_refuses(stage, ONE "      - expect: {that: data.n > 1}\n",
	    "write '= data.n > 1'");
	stage_refuses(stage, ONE "      - settle: {how: rety}\n",
	    "did you mean `retry`?");
}

static void
test_expressions_are_parsed_when_the_file_is_read(void **state)
{
	struct stage *stage = *state;

	stage_refuses(
	    stage, ONE "      - expect: {data: {n: = 1 +}}\n", "S201");
	stage_refuses(stage,
	    ONE "      - event: {type: order.paid, data: = (}\n", "S201");
	assert_non_null(
	    stage_read(stage, ONE "      - expect: {data: {n: = > 5}}\n"));
}

static void
test_mistake_in_an_expression_is_shown_where_it_stands(void **state)
{
	struct stage *stage = *state;
	const struct diag *diags;
	size_t count;

	stage_refuses(stage, ONE "      - expect:\n"
	    "          data:\n"
	    "            n: >-\n"
	    "              = 1\n"
	    "              + 1 == 2\n", "S201");
	diags = diag_sorted(stage->diags, &count);
	assert_int_equal(count, 1);
	assert_int_equal(diags[0].span.column, 19);
	assert_int_equal(diags[0].span.columns, 2);
}

static void
test_all_mistakes_come_in_one_run(void **state)
{
	struct stage *stage = *state;

	assert_null(stage_read(stage,
	    "test: order\nx: 1\nscenarios:\n  - {nam: a, steps: [{expect: b}, "
	    "{advance: c}]}\n"));
	assert_int_equal(diag_count(stage->diags, DIAG_ERROR), 5);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_only_test_files_tell_scenarios),
	    TEST(test_newest_version_is_meant_unless_told),
	    TEST(test_scenarios_have_names),
	    TEST(test_file_that_is_none_is_told),
	    TEST(test_every_value_is_held_against_its_kind),
	    TEST(test_names_are_held_against_the_workflow),
	    TEST(test_step_is_one_thing),
	    TEST(test_expressions_are_parsed_when_the_file_is_read),
	    TEST(test_mistake_in_an_expression_is_shown_where_it_stands),
	    TEST(test_all_mistakes_come_in_one_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
