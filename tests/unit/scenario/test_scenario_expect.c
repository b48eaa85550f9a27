/* SPDX-License-Identifier: Apache-2.0 */
/* test_scenario_expect.c: what is expected is there, or what is is told. */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define RESERVED "- reply: {shop.reserve: {price: 12.50, lines: [1, 2]}}\n"
#define PAID RESERVED "- event: order.paid\n"

static void
test_state_is_active_by_itself_or_within(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, "- expect: asking\n- expect: work\n");
	stage_passes(stage, "- expect: [work]\n- expect: {states: [asking]}\n");
	stage_fails(stage, "- expect: done\n", "not as expected",
	    "state: expected done, is asking");
	stage_fails(stage, "- expect: [asking, waiting]\n", "not as expected",
	    "state: expected waiting, is asking");
	stage_fails(stage, "- expect: []\n", "not as expected",
	    "asking is active beside them");
}

static void
test_differences_name_their_place(void **state)
{
	struct stage *stage = *state;

	stage_fails(stage, RESERVED "- expect: {data: {price: 12.51}}\n",
	    "not as expected", "data.price: expected 12.51, is 12.50");
	stage_fails(stage, RESERVED "- expect: {data: {lines: [1, 3]}}\n",
	    "not as expected", "data.lines[2]: expected 3, is 2");
	stage_fails(stage, RESERVED "- expect: {data: {lines: [1]}}\n",
	    "not as expected", "data.lines: expected 1 item, is [1,2]");
	stage_fails(stage, RESERVED "- expect: {data: {lines: {a: 1}}}\n",
	    "not as expected", "data.lines: expected a mapping, is [1,2]");
	stage_fails(stage, RESERVED "- expect: {data: {other: 1}}\n",
	    "not as expected", "data.other: expected 1, is absent");
	stage_fails(stage, RESERVED "- expect: {status: wating}\n",
	    "not as expected", "status: expected \"wating\", is \"waiting\"");
}

static void
test_values_are_compared_exactly_and_by_value(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, RESERVED "- expect: {data: {price: 12.5000}}\n");
	stage_passes(stage, "- expect: {data: {price: null, nothing: null}}\n");
	stage_fails(stage, RESERVED "- expect: {data: {price: '12.50'}}\n",
	    "not as expected", "expected \"12.50\", is 12.50");
}

static void
test_dates_are_compared_by_their_texts(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, PAID "- decide: {choice: go, actor: bob}\n"
				 "- expect: {output: {on: 2026-11-23, price: "
				 "= > 12}, outcome: success}\n");
}

static void
test_expressions_are_tests_of_what_is(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage,
	    RESERVED "- expect: {data: {price: = > 12, n: '= 1, 2'}}\n"
		     "- expect: {data: {lines: = count(?) = 2}}\n"
		     "- expect: {that: = data.price * 2 = 25}\n");
	stage_fails(stage, RESERVED "- expect: {data: {price: = > 13}}\n",
	    "not as expected", "data.price: expected = > 13, is 12.50");
	stage_fails(stage, RESERVED "- expect: {that: = data.n > 1}\n",
	    "not as expected", "that: expected data.n > 1 to hold");
}

static void
test_each_call_meets_one_expectation(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage,
	    "- expect-call: {call: shop.reserve, with: {key: A, lines: [{sku: "
	    "a}]}, attempt: 1}\n"
	    "- expect-no-call: shop.reserve\n"
	    "- expect-call: {call: shop.reserve, times: 1}\n");
	stage_fails(stage,
	    "- expect-call: shop.reserve\n- expect-call: shop.reserve\n",
	    "no call `shop.reserve` as expected",
	    "there is 1, which earlier steps have expected");
	stage_fails(stage, "- expect-call: shop.release\n",
	    "no call `shop.release` as expected",
	    "call: expected \"shop.release\", is \"shop.reserve\"");
	stage_fails(stage,
	    "- expect-call: {call: shop.reserve, with: {key: B}}\n",
	    "no call `shop.reserve`", "with.key: expected \"B\", is \"A\"");
	stage_fails(stage, "- expect-call: {call: shop.reserve, times: 2}\n",
	    "not as often", "times: expected 2, is 1");
}

static void
test_what_must_not_happen_is_shown(void **state)
{
	struct stage *stage = *state;

	stage_fails(stage, "- expect-no-call: [shop.release, shop.reserve]\n",
	    "call `shop.reserve` was not expected", "there is: {\"call\"");
	stage_fails(stage, "- expect-no-call: true\n", "was not expected",
	    "there is: ");
	stage_passes(
	    stage, "- expect-no-call: {call: shop.reserve, with: {key: B}}\n");
	stage_fails(stage, PAID "- expect-no-event: order.due\n",
	    "event `order.due` was not expected", "there is: ");
}

static void
test_escalations_and_notices_are_expected(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, RESERVED
	    "- advance: 2h\n"
	    "- expect-escalation: {to: desk, level: 1, severity: normal}\n"
	    "- expect-escalation: {to: boss, level: 2, severity: high, state: "
	    "waiting, message: '= contains(?, \"2h\")'}\n"
	    "- expect-no-escalation: true\n"
	    "- expect-notice: {to: desk, by: log, level: warning}\n"
	    "- expect-notice: {to: boss, by: log}\n"
	    "- expect-notice: {to: boss, by: email, with: {to: "
	    "[boss@example.com], severity: high}}\n"
	    "- expect-notice: {to: boss, by: webhook}\n"
	    "- expect-no-notice: true\n");
	stage_fails(stage, RESERVED "- expect-escalation: desk\n",
	    "no escalation `desk`", "there is none at all");
}

static void
test_nearest_is_told_where_none_is_as_expected(void **state)
{
	struct stage *stage = *state;

	stage_fails(stage,
	    RESERVED "- advance: 2h\n"
		     "- expect-notice: {to: boss, by: email, with: {to: "
		     "[desk@example.com]}}\n",
	    "no notice `boss`",
	    "with.to[1]: expected \"desk@example.com\", is "
	    "\"boss@example.com\"");
}

static void
test_events_that_it_publishes_are_expected(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, PAID
	    "- expect-event: {type: order.due, subject: A, data: {n: 1}}\n");
	stage_fails(stage,
	    PAID "- expect-event: {type: order.due, data: {n: 2}}\n",
	    "no event `order.due`", "data.n: expected 2, is 1");
}

static void
test_tasks_are_expected(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, "- expect-no-task: true\n");
	stage_passes(stage,
	    PAID "- expect-task: What now\n"
		 "- expect-task: {state: deciding, role: buyer, approvals: 1, "
		 "choices: [go, stop]}\n"
		 "- expect-no-task: Something else\n");
	stage_fails(stage, "- expect-task: What now\n", "none of the tasks",
	    "there are none");
	stage_fails(stage, PAID "- expect-task: {role: boss}\n",
	    "none of the tasks", "role: expected \"boss\", is \"buyer\"");
	stage_fails(stage, PAID "- expect-no-task: true\n",
	    "one of the tasks was not expected", "there is: \"What now\"");
}

static void
test_incidents_are_expected_and_told(void **state)
{
	struct stage *stage = *state;
	static const char stuck[] =
	    RESERVED "- {reply: {shop.release: {error: {code: shop.gone, "
		     "outcome: done-with-error}}}, always: true}\n"
		     "- advance: 1 business day\n";

	stage_passes(
	    stage, arena_strf(stage->arena,
		       "%s- expect-incident: {error: {code: shop.gone}}\n"
		       "- settle: skip\n- expect-no-incident:\n"
		       "- expect: {status: cancelled}\n",
		       stuck)
		       .at);
	stage_fails(stage,
	    arena_strf(stage->arena, "%s- expect: {status: cancelled}\n", stuck)
		.at,
	    "not as expected", "it stands still: ");
	stage_fails(stage,
	    arena_strf(stage->arena, "%s- expect-no-incident: true\n", stuck)
		.at,
	    "one of the incidents was not expected", "there is: ");
}

static void
test_compensation_is_expected_in_order(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, RESERVED "- expect-compensation: []\n"
				     "- {reply: {shop.release: {}}}\n"
				     "- advance: 1 business day\n"
				     "- expect-compensation: [shop.release]\n");
	stage_passes(stage, RESERVED
	    "- reply: {shop.release: {error: {outcome: done-with-error, code: "
	    "x}}}\n"
	    "- advance: 1 business day\n"
	    "- {settle: retry}\n"
	    "- expect-compensation: [shop.release]\n");
	stage_fails(stage, RESERVED "- expect-compensation: [shop.release]\n",
	    "not undone as expected", "undone: expected 1 item, is []");
}

static void
test_history_is_expected_as_a_subsequence(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage,
	    PAID "- expect-history: [started, call-sent, {kind: entered, to: "
		 "deciding, event: order.paid}, task-opened]\n");
	stage_fails(stage, PAID "- expect-history: [task-opened, started]\n",
	    "history has no such record there", "looked for from record");
}

static void
test_many_differences_are_cut_short(void **state)
{
	struct stage *stage = *state;
	struct scenario_outcome outcome = stage_play(stage,
	    "- expect: {data: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1,"
	    " i: 1, j: 1, k: 1, l: 1, m: 1, o: 1, p: 1}}\n");

	assert_false(outcome.is_passed);
	assert_int_equal(outcome.difference_count, 13);
	assert_true(str_equal(outcome.differences[12], STR("and more")));
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_state_is_active_by_itself_or_within),
	    TEST(test_differences_name_their_place),
	    TEST(test_values_are_compared_exactly_and_by_value),
	    TEST(test_dates_are_compared_by_their_texts),
	    TEST(test_expressions_are_tests_of_what_is),
	    TEST(test_each_call_meets_one_expectation),
	    TEST(test_what_must_not_happen_is_shown),
	    TEST(test_escalations_and_notices_are_expected),
	    TEST(test_nearest_is_told_where_none_is_as_expected),
	    TEST(test_events_that_it_publishes_are_expected),
	    TEST(test_tasks_are_expected),
	    TEST(test_incidents_are_expected_and_told),
	    TEST(test_compensation_is_expected_in_order),
	    TEST(test_history_is_expected_as_a_subsequence),
	    TEST(test_many_differences_are_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
