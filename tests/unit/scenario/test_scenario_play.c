/* SPDX-License-Identifier: Apache-2.0 */
/* test_scenario_play.c: acts go to the instance as they are told. */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define RESERVED "- reply: {shop.reserve: {price: 12.50, lines: [1, 2]}}\n"

static void
test_instance_is_started_before_the_first_step(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, "- expect: {state: asking, status: running, "
			    "initiator: alice, labels: {shop: north}}\n");
}

static void
test_reply_may_come_before_its_call_or_after(void **state)
{
	struct stage *stage = *state;
	const struct scenario_file *file = stage_read(stage,
	    "test: order\nreplies: {shop.reserve: {price: 3}}\n"
	    "start: {key: A}\nscenarios:\n"
	    "  - {name: before, steps: [expect: {state: waiting, data: {price: "
	    "3}}]}\n"
	    "  - name: nearer ones win\n"
	    "    replies: {shop.reserve: {price: 4}}\n"
	    "    steps: [expect: {data: {price: 4}}]\n");
	struct scenario_outcome outcome;

	assert_non_null(file);
	for (size_t i = 0; i < 2; i++) {
		scenario_run(file, i, NULL, stage->arena, &outcome);
		assert_true(outcome.is_passed);
	}
	stage_passes(stage, RESERVED "- expect: {data: {price: 12.5}}\n");
}

static void
test_scenario_is_laid_over_the_file(void **state)
{
	struct stage *stage = *state;
	const struct scenario_file *file = stage_read(stage,
	    "test: order\nstart: {key: A, shop: north, deep: {a: 1, b: 2}}\n"
	    "actor: alice\nnow: 2026-03-02T09:00:00+01:00\n"
	    "settings: {x: 1, y: 2}\n"
	    "scenarios:\n"
	    "  - name: it\n"
	    "    start: {shop: south, deep: {b: 3}}\n"
	    "    actor: {name: bob, roles: [buyer]}\n"
	    "    settings: {y: 3}\n"
	    "    priority: high\n"
	    "    steps:\n"
	    "      - expect: {initiator: bob, priority: high, labels: {shop: "
	    "south}}\n"
	    "      - expect: {that: '= input.deep.a = 1 and input.deep.b = "
	    "3'}\n"
	    "      - expect: {that: '= settings.x = 1 and settings.y = 3'}\n"
	    "      - expect: {that: '= today() = date(\"2026-03-02\")'}\n");
	struct scenario_outcome outcome;

	assert_non_null(file);
	scenario_run(file, 0, NULL, stage->arena, &outcome);
	assert_true(outcome.is_passed);
}

static void
test_faults_are_told_by_a_word(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage,
	    "- reply: {shop.reserve: timeout}\n"
	    "- advance: 1h\n"
	    "- expect-call: {call: shop.reserve, attempt: 2}\n");
	stage_passes(stage,
	    "- reply: {shop.reserve: {error: {code: shop.sold-out, outcome: "
	    "done-with-error}}}\n"
	    "- expect: {state: stopped, error: {code: shop.sold-out}}\n");
}

static void
test_reply_may_come_several_times(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, "- {reply: {shop.reserve: reset}, times: 2}\n"
			    "- advance: 1h\n"
			    "- expect-call: {call: shop.reserve, times: 3}\n");
	stage_passes(stage,
	    "- {reply: {shop.reserve: unreachable}, always: true}\n"
	    "- advance: 1d\n"
	    "- expect-call: {call: shop.reserve, times: = > 3}\n");
}

static void
test_event_finds_its_subject(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, RESERVED "- event: order.cut\n"
				     "- expect: {data: {n: 2}}\n");
	stage_passes(stage, RESERVED "- event: {type: order.cut, subject: 1}\n"
				     "- expect: {data: {n: 2}}\n");
	stage_passes(stage,
	    RESERVED "- event: {type: order.paid, subject: = input.key}\n"
		     "- expect: deciding\n");
	stage_fails(stage, RESERVED "- event: {type: order.paid, subject: B}\n",
	    "is not what this instance waits for", NULL);
}

static void
test_fate_of_an_event_is_told(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage,
	    RESERVED "- {event: {type: order.seen, id: e1}, fate: kept}\n"
		     "- {event: {type: order.seen, id: e1}, fate: duplicate}\n"
		     "- {event: order.paid, fate: taken}\n"
		     "- expect: {data: {n: 7}}\n");
	stage_fails(stage, RESERVED "- {event: order.paid, fate: kept}\n",
	    "fares otherwise", "fate: expected \"kept\", is \"taken\"");
}

static void
test_time_passes_by_spans_and_up_to_instants(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, RESERVED "- advance: 59m\n"
				     "- expect-no-escalation: true\n"
				     "- advance: 1m\n"
				     "- expect-escalation: desk\n");
	stage_passes(stage, RESERVED "- advance: 1 business day\n"
				     "- expect: stopped\n");
	stage_passes(stage,
	    RESERVED "- advance: {to: 2026-11-23T12:00:00+01:00}\n"
		     "- expect-escalation: {to: boss}\n");
	stage_passes(stage,
	    RESERVED "- advance: {to: = now() + duration(\"PT1H\")}\n"
		     "- expect-escalation: desk\n");
	stage_fails(stage, "- advance: {to: 2020-01-01T00:00:00Z}\n",
	    "is past: it is 2026-11-23T09:00:00.000Z", NULL);
}

static void
test_roles_are_held_where_they_are_given(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, RESERVED
	    "- event: order.paid\n"
	    "- {decide: {choice: go, actor: alice}, refused: excluded}\n"
	    "- {decide: {choice: go, actor: {name: eve, roles: []}}, refused: "
	    "role}\n"
	    "- decide: {choice: go, actor: {name: bob, roles: [buyer]}}\n"
	    "- expect: done\n");
}

static void
test_refusals_are_expected_by_their_reason(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, "- {event: {type: order.paid, subject: X}, "
			    "refused: true}\n");
	stage_fails(stage, "- {suspend: {}, refused: true}\n",
	    "`suspend` is not refused", NULL);
	stage_fails(stage, "- {settle: retry, refused: role}\n",
	    "refused for another reason", "it says: refused (absent)");
	stage_fails(stage, "- settle: retry\n", "refused (absent)", NULL);
}

static void
test_operators_act(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, RESERVED "- suspend:\n"
				     "- expect: {status: suspended}\n"
				     "- resume:\n"
				     "- expect: {status: waiting}\n"
				     "- advance: 1h\n"
				     "- acknowledge: {actor: bob}\n"
				     "- expect-history: [escalated, {kind: "
				     "escalation-acknowledged, actor: bob}]\n"
				     "- cancel:\n"
				     "- expect: {status: cancelled}\n");
	stage_passes(stage,
	    "- reply: {shop.reserve: {error: {outcome: done-with-error, code: "
	    "x}}}\n"
	    "- expect: {status: cancelled}\n");
}

static void
test_second_person_confirms(void **state)
{
	struct stage *stage = *state;
	const struct scenario_file *file = stage_read(stage,
	    "test: careful\nstart: {}\nactor: alice\nscenarios:\n"
	    "  - name: it\n"
	    "    steps:\n"
	    "      - settle: {how: skip, actor: bob, comment: so what}\n"
	    "      - expect-proposal: skip\n"
	    "      - expect-proposal: {act: skip, proposed_by: bob, comment: "
	    "so what}\n"
	    "      - {confirm: {actor: BOB}, refused: excluded}\n"
	    "      - reject: {actor: cyd}\n"
	    "      - expect-no-proposal:\n"
	    "      - {confirm: {actor: cyd}, refused: absent}\n"
	    "      - settle: {how: skip, actor: bob}\n"
	    "      - confirm: {actor: cyd, comment: all right}\n"
	    "      - expect: end\n"
	    "      - expect-history: [proposed, {kind: proposal-rejected, "
	    "actor: cyd}, proposed, {kind: confirmed, proposed_by: bob}, "
	    "{kind: incident-resolved, actor: cyd, proposed_by: bob}]\n");
	struct scenario_outcome outcome;

	assert_non_null(file);
	scenario_run(file, 0, NULL, stage->arena, &outcome);
	assert_true(outcome.is_passed);
}

static void
test_failure_tells_the_last_records_without_deadlines(void **state)
{
	struct stage *stage = *state;
	struct scenario_outcome outcome =
	    stage_play(stage, RESERVED "- event: order.paid\n- expect: done\n");

	assert_false(outcome.is_passed);
	assert_int_equal(outcome.span.line, 9);
	assert_int_equal(outcome.records->as.list.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_false(
		    str_equal(value_field_str(
				  outcome.records->as.list.items[i], "kind"),
			STR("deadline-set")));
}

static void
test_start_that_fails_is_told_at_its_place(void **state)
{
	struct stage *stage = *state;
	const struct scenario_file *file = stage_read(stage,
	    "test: order\nscenarios:\n  - name: it\n    start: {kee: 1}\n"
	    "    steps: []\n  - {name: nothing, steps: []}\n");
	struct scenario_outcome outcome;

	assert_non_null(file);
	scenario_run(file, 0, NULL, stage->arena, &outcome);
	assert_false(outcome.is_passed);
	assert_int_equal(outcome.span.line, 4);
	assert_true(
	    str_has_prefix(outcome.message, STR("the input is not valid: ")));
	scenario_run(file, 1, NULL, stage->arena, &outcome);
	assert_false(outcome.is_passed);
	assert_int_equal(outcome.span.line, 6);
}

static void
test_what_an_act_carries_is_plain_json(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage,
	    "- reply: {shop.reserve: {price: = today(), lines: '= [1.10]'}}\n"
	    "- expect: {data: {price: '2026-11-23', lines: [1.1]}}\n"
	    "- expect: {that: = data.price = \"2026-11-23\"}\n");
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_instance_is_started_before_the_first_step),
	    TEST(test_reply_may_come_before_its_call_or_after),
	    TEST(test_scenario_is_laid_over_the_file),
	    TEST(test_faults_are_told_by_a_word),
	    TEST(test_reply_may_come_several_times),
	    TEST(test_event_finds_its_subject),
	    TEST(test_fate_of_an_event_is_told),
	    TEST(test_time_passes_by_spans_and_up_to_instants),
	    TEST(test_roles_are_held_where_they_are_given),
	    TEST(test_refusals_are_expected_by_their_reason),
	    TEST(test_operators_act),
	    TEST(test_second_person_confirms),
	    TEST(test_failure_tells_the_last_records_without_deadlines),
	    TEST(test_start_that_fails_is_told_at_its_place),
	    TEST(test_what_an_act_carries_is_plain_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
