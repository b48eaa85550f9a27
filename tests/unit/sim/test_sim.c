/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sim.c: a simulation does what the engine does, when it is told to.
 */
#include "sim_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char documents[] =
    "workflow: order\n"
    "version: 1\n"
    "owner: desk\n"
    "input:\n"
    "  type: object\n"
    "  required: [key]\n"
    "business-key: = input.key\n"
    "data: {paid: null, by: null}\n"
    "events: {order.paid: {}, order.seen: {keep: false}}\n"
    "incident: {owner: desk, max-age: 1d}\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry:\n"
    "      - call: shop.reserve\n"
    "        with: {key: = input.key}\n"
    "        retry: {limit: 1, delay: 10s, backoff: constant, jitter: 0%}\n"
    "        output: {paid: = response.price}\n"
    "    on:\n"
    "      done: waiting\n"
    "      error: {target: deciding, do: [{set: {by: = error.code}}]}\n"
    "  waiting:\n"
    "    on: {order.paid: done}\n"
    "    after: {1h: late}\n"
    "    escalate: [{after: 30m, to: desk}]\n"
    "  late:\n"
    "    entry:\n"
    "      - wait: 10m\n"
    "      - emit: order.late\n"
    "        with: {subject: = input.key, data: {n: 1}}\n"
    "    on: {done: deciding}\n"
    "  deciding:\n"
    "    user-task: {title: What now, choices: [go, stop], exclude: [initiator]}\n"
    "    on: {go: done, stop: stopped}\n"
    "    escalate: [{after: 1d, to: desk}]\n"
    "  done: {type: final, outcome: success}\n"
    "  stopped: {type: final, outcome: cancelled}\n"
    "---\n"
    "connection: shop\n"
    "kind: http\n"
    "url: http://127.0.0.1:1\n"
    "operations:\n"
    "  reserve:\n"
    "    input: {type: object, properties: {key: {type: [string, number]}}}\n"
    "    request: {post: /reserve}\n"
    "    idempotent: true\n"
    "    output: {price: = body.price}\n"
    "---\n"
    "contact: desk\n"
    "notify:\n"
    "  - {log: warning}\n";

static int
set_up(void **state)
{
	return sim_fixture_set_up(state, documents);
}

static const char *
part(struct fixture *f, const struct value *report, const char *key)
{
	return text_of(f, value_field_or_null(report, key));
}

static const struct value *
report(struct fixture *f)
{
	return sim_report(f->sim, f->arena);
}

static void
stands(struct fixture *f, const char *states, const char *status)
{
	const struct value *now = report(f);

	assert_string_equal(part(f, now, "states"), states);
	assert_string_equal(part(f, now, "status"), status);
}

static bool
told(struct fixture *f, const struct value *now, const char *what)
{
	return strstr(part(f, now, "effects"), what) != NULL;
}

static bool
told_once(struct fixture *f, const struct value *now, const char *what)
{
	const char *first = strstr(part(f, now, "effects"), what);

	return first != NULL && strstr(first + 1, what) == NULL;
}

static void
test_before_the_start_there_is_no_state(void **state)
{
	struct fixture *f = *state;

	assert_null(sim_chart(f->sim));
	stands(f, "[]", "null");
	refuses(f, "{\"decide\": {\"choice\": \"go\"}}", "start the instance");
	refuses(f, "{\"start\": {}}", "not valid");
	assert_null(sim_chart(f->sim));
}

static void
test_call_waits_for_its_reply(void **state)
{
	struct fixture *f = *state;
	const struct value *now;

	does(f, "{\"start\": {\"key\": \"A\"}}");
	now = report(f);
	assert_true(told(f, now, "{\"call\":\"shop.reserve\",\"args\":"
				 "{\"key\":\"A\"}"));
	assert_string_equal(part(f, now, "calls"), "[\"shop.reserve\"]");
	assert_string_equal(part(f, now, "status"), "\"running\"");
	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 12.50}}}");
	now = report(f);
	assert_string_equal(part(f, now, "states"), "[\"waiting\"]");
	assert_string_equal(
	    part(f, now, "data"), "{\"paid\":12.50,\"by\":null}");
}

static void
test_reply_waits_for_its_call(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 1}}}");
	does(f, "{\"start\": {\"key\": \"A\"}}");
	stands(f, "[\"waiting\"]", "\"waiting\"");
}

static void
test_effects_are_told_once(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\"}}");
	assert_true(told(f, report(f), "shop.reserve"));
	assert_string_equal(part(f, report(f), "effects"), "[]");
}

static void
test_transient_error_is_tried_again_when_its_time_has_come(void **state)
{
	struct fixture *f = *state;
	const struct value *now;

	does(f, "{\"start\": {\"key\": \"A\"}}");
	(void)report(f);
	does(f, "{\"reply\": {\"shop.reserve\": {\"error\": "
		"{\"transient\": true}}}}");
	now = report(f);
	assert_true(told(f, now, "\"kind\":\"call\""));
	does(f, "{\"advance\": \"9s\"}");
	assert_false(told(f, report(f), "shop.reserve"));
	does(f, "{\"advance\": \"1s\"}");
	assert_true(told(f, report(f), "\"attempt\":2"));
}

static void
test_error_takes_its_transition_with_its_code(void **state)
{
	struct fixture *f = *state;
	const struct value *now;

	does(f, "{\"reply\": {\"shop.reserve\": {\"error\": {\"code\": "
		"\"shop.sold-out\", \"outcome\": \"done-with-error\"}}}}");
	does(f, "{\"start\": {\"key\": \"A\"}}");
	now = report(f);
	assert_string_equal(part(f, now, "states"), "[\"deciding\"]");
	assert_string_equal(
	    part(f, now, "data"), "{\"paid\":null,\"by\":\"shop.sold-out\"}");
}

static void
test_unknown_outcome_is_retried_with_the_same_key(void **state)
{
	struct fixture *f = *state;
	const struct value *history;
	struct str keys[2] = {{NULL, 0}};
	size_t count = 0;

	does(f, "{\"start\": {\"key\": \"A\"}}");
	does(f, "{\"reply\": {\"shop.reserve\": {\"error\": {\"outcome\": "
		"\"unknown\"}}}}");
	does(f, "{\"advance\": \"1m\"}");
	history = sim_history(f->sim, f->arena);
	for (size_t i = 0; i < history->as.list.count; i++) {
		const struct value *record = history->as.list.items[i];

		if (str_equal(value_field_str(record, "kind"),
			STR("call-sent")) &&
		    count < 2)
			keys[count++] =
			    value_field_str(record, "key");
	}
	assert_int_equal(count, 2);
	assert_true(str_equal(keys[0], keys[1]));
}

static void
reach_waiting(struct fixture *f)
{
	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 1}}}");
	does(f, "{\"start\": {\"key\": \"A\"}, \"actor\": \"alice\"}");
	stands(f, "[\"waiting\"]", "\"waiting\"");
}

static void
test_time_passes_deadline_by_deadline(void **state)
{
	struct fixture *f = *state;
	const struct value *now;

	reach_waiting(f);
	does(f, "{\"advance\": \"31m\"}");
	now = report(f);
	assert_true(told(f, now, "{\"escalation\":{\"to\":\"desk\","
				 "\"level\":1"));
	assert_true(
	    told(f, now, "{\"notice\":{\"to\":\"desk\",\"by\":\"log\""));
	does(f, "{\"advance\": \"1h\"}");
	now = report(f);
	assert_string_equal(part(f, now, "states"), "[\"deciding\"]");
	assert_true(told_once(f, now, "\"kind\":\"wait\""));
	assert_true(told(f, now, "{\"event\":{\"type\":\"order.late\","
				 "\"subject\":\"A\""));
	assert_string_equal(
	    part(f, now, "now"), "\"2026-11-23T10:31:00.000Z\"");
}

static void
test_event_is_for_the_instance_that_its_subject_names(void **state)
{
	struct fixture *f = *state;

	reach_waiting(f);
	refuses(f, "{\"event\": {\"type\": \"order.paid\", \"subject\": "
		   "\"B\"}}",
	    "another one");
	refuses(f, "{\"event\": {\"type\": \"order.gone\", \"subject\": "
		   "\"A\"}}",
	    "declares no event");
	stands(f, "[\"waiting\"]", "\"waiting\"");
	assert_true(str_equal(
	    sim_subject(f->sim, STR("order.paid"), f->arena), STR("A")));
	does(f, "{\"event\": {\"type\": \"order.paid\"}}");
	stands(f, "[\"done\"]", "\"completed\"");
	refuses(f, "{\"event\": {\"type\": \"order.paid\", \"subject\": "
		   "\"A\"}}",
	    "over");
}

static void
test_number_is_one_key_however_it_is_written(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 1}}}");
	does(f, "{\"start\": {\"key\": 7.0}, \"actor\": \"alice\"}");
	refuses(f, "{\"event\": {\"type\": \"order.paid\", \"subject\": "
		   "\"7.00\"}}",
	    "another one");
	does(f, "{\"event\": {\"type\": \"order.paid\", \"subject\": 7.00}}");
	stands(f, "[\"done\"]", "\"completed\"");
}

static void
test_event_without_a_subject_is_for_this_instance(void **state)
{
	struct fixture *f = *state;

	reach_waiting(f);
	does(f, "{\"event\": {\"type\": \"order.paid\"}}");
	stands(f, "[\"done\"]", "\"completed\"");
}

static void
test_fate_of_an_event_is_told(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\"}}");
	does(f, "{\"event\": {\"type\": \"order.paid\", \"subject\": \"A\", "
		"\"id\": \"e1\"}}");
	assert_string_equal(part(f, report(f), "fate"), "\"kept\"");
	does(f, "{\"event\": {\"type\": \"order.paid\", \"subject\": \"A\", "
		"\"id\": \"e1\"}}");
	assert_string_equal(part(f, report(f), "fate"), "\"duplicate\"");
	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 1}}}");
	stands(f, "[\"done\"]", "\"completed\"");
}

static void
reach_deciding(struct fixture *f)
{
	reach_waiting(f);
	does(f, "{\"advance\": \"2h\"}");
	stands(f, "[\"deciding\"]", "\"waiting\"");
}

static void
test_four_eyes_hold_in_a_simulation(void **state)
{
	struct fixture *f = *state;

	reach_deciding(f);
	refuses(f, "{\"decide\": {\"choice\": \"go\", \"actor\": \"alice\"}}",
	    "refused (excluded)");
	refuses(f, "{\"decide\": {\"choice\": \"maybe\", \"actor\": \"bob\"}}",
	    "go, stop");
	does(f, "{\"decide\": {\"choice\": \"go\", \"actor\": \"bob\"}}");
	stands(f, "[\"done\"]", "\"completed\"");
}

static void
test_operator_acts_are_taken(void **state)
{
	struct fixture *f = *state;

	reach_deciding(f);
	does(f, "{\"suspend\": {\"actor\": \"olga\"}}");
	stands(f, "[\"deciding\"]", "\"suspended\"");
	refuses(f, "{\"suspend\": {}}", "refused (state)");
	does(f, "{\"resume\": {}}");
	does(f, "{\"advance\": \"1d\"}");
	does(f, "{\"acknowledge\": {\"actor\": \"olga\"}}");
	refuses(f, "{\"acknowledge\": {\"actor\": \"olga\"}}", "refused");
	does(f, "{\"cancel\": {\"actor\": \"olga\"}}");
	assert_string_equal(part(f, report(f), "status"), "\"cancelled\"");
}

static void
test_reply_may_be_told_for_several_calls(void **state)
{
	struct fixture *f = *state;

	does(f,
	    "{\"reply\": {\"shop.reserve\": \"unreachable\"}, \"times\": 2}");
	does(f, "{\"start\": {\"key\": \"A\"}}");
	does(f, "{\"advance\": \"1h\"}");
	stands(f, "[\"deciding\"]", "\"waiting\"");
	refuses(f, "{\"reply\": {\"shop.reserve\": {}}, \"times\": 0}",
	    "a number from 1");
	refuses(f, "{\"reply\": {\"shop.reserve\": {}}, \"times\": 1.5}",
	    "a number from 1");
}

static void
test_standing_reply_comes_after_those_told_once(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 1}}, \"always\": "
		"true}");
	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 2}}, \"always\": "
		"true}");
	does(f, "{\"reply\": {\"shop.reserve\": \"unreachable\"}}");
	does(f, "{\"start\": {\"key\": \"A\"}}");
	stands(f, "[\"asking\"]", "\"running\"");
	does(f, "{\"advance\": \"10s\"}");
	assert_string_equal(
	    part(f, report(f), "data"), "{\"paid\":2,\"by\":null}");
}

static void
test_faults_have_the_codes_of_the_engine(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"reply\": {\"shop.reserve\": \"reset\"}}");
	does(f, "{\"reply\": {\"shop.reserve\": \"timeout\"}}");
	does(f, "{\"start\": {\"key\": \"A\"}}");
	does(f, "{\"advance\": \"1h\"}");
	assert_non_null(
	    strstr(part(f, report(f), "incidents"), "http.timeout"));
}

static void
test_time_passes_up_to_an_instant(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"advance\": {\"to\": \"2026-11-23T12:00:00+01:00\"}}");
	assert_true(sim_now_ms(f->sim) == SIM_NOW_MS + 2 * 3600000);
	does(f,
	    "{\"advance\": {\"to\": \"2026-11-23T13:00:00@Europe/Berlin\"}}");
	assert_true(sim_now_ms(f->sim) == SIM_NOW_MS + 3 * 3600000);
	refuses(f, "{\"advance\": {\"to\": \"2026-11-23T09:00:00Z\"}}",
	    "is past: it is 2026-11-23T12:00:00.000Z");
	refuses(f, "{\"advance\": {\"to\": \"2026-11-24T09:00:00\"}}",
	    "no instant");
}

static void
test_actor_may_hold_certain_roles_only(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 1}}}");
	does(f, "{\"start\": {\"key\": \"A\"}, \"actor\": {\"name\": \"eve\", "
		"\"roles\": [\"initiator\"]}}");
	assert_true(
	    str_equal(chart_initiator(sim_chart(f->sim)), STR("eve")));
	does(f, "{\"advance\": \"2h\"}");
	stands(f, "[\"deciding\"]", "\"waiting\"");
	refuses(f, "{\"decide\": {\"choice\": \"go\", \"actor\": {\"name\": "
		   "\"eve\"}}}",
	    "refused (excluded)");
	does(f, "{\"decide\": {\"choice\": \"go\", \"actor\": {\"name\": "
		"\"bob\", \"roles\": [\"clerk\"]}}}");
}

static void
test_item_of_a_state_is_meant_where_it_is_named(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"reply\": {\"shop.reserve\": {\"price\": 1}}}");
	does(f, "{\"start\": {\"key\": \"A\"}}");
	does(f, "{\"advance\": \"30m\"}");
	refuses(f, "{\"acknowledge\": {\"state\": \"late\"}}",
	    "refused (absent)");
	does(f, "{\"acknowledge\": {\"state\": \"waiting\"}}");
	refuses(f, "{\"acknowledge\": {}}", "refused (absent)");
	does(f, "{\"advance\": \"1h\"}");
	refuses(f, "{\"decide\": {\"choice\": \"go\", \"state\": \"waiting\"}}",
	    "refused (absent)");
	does(f, "{\"decide\": {\"choice\": \"go\", \"state\": \"deciding\", "
		"\"actor\": \"bob\"}}");
}

static void
test_operations_and_contacts_of_a_workflow_are_known(void **state)
{
	struct fixture *f = *state;
	size_t count;
	const struct str *names = sim_operations(
	    sim_definition(f->sim), f->arena, &count);

	assert_int_equal(count, 1);
	assert_true(str_equal(names[0], STR("shop.reserve")));
	names = sim_contacts(sim_definition(f->sim), f->arena, &count);
	assert_int_equal(count, 1);
	assert_true(str_equal(names[0], STR("desk")));
}

static void
test_acts_that_are_none_are_told(void **state)
{
	struct fixture *f = *state;

	refuses(f, "[]", "one of start");
	refuses(f, "{}", "one of start");
	refuses(f, "{\"strat\": {}}", "did you mean `start`");
	refuses(f, "{\"start\": 1}", "takes an object");
	refuses(f, "{\"advance\": 1}", "takes a duration");
	refuses(f, "{\"advance\": {}}", "no instant");
	refuses(f, "{\"advance\": \"1 business day\"}", "calendar");
	refuses(f, "{\"start\": {}, \"advance\": \"1s\"}", "one act a line");
	refuses(f, "{\"reply\": {\"shop.sell\": {}}}", "never calls");
	does(f, "{\"start\": {\"key\": \"A\"}}");
	refuses(f, "{\"start\": {\"key\": \"A\"}}", "already");
	refuses(f, "{\"settle\": {\"how\": \"retry\"}}", "refused (absent)");
	refuses(f, "{\"settle\": {\"how\": \"magic\"}}", "retry, supply");
}

static void
test_member_that_says_nothing_is_told(void **state)
{
	struct fixture *f = *state;

	refuses(f, "{\"start\": {\"key\": \"A\"}, \"actr\": \"al\"}",
	    "`actr` says nothing beside `start`, did you mean `actor`?");
	refuses(f, "{\"start\": {\"key\": \"A\"}, \"actor\": 5}",
	    "`actor` is a text or an object");
	refuses(f,
	    "{\"start\": {\"key\": \"A\"}, \"actor\": {\"nam\": \"al\"}}",
	    "`nam` says nothing in `actor`, did you mean `name`?");
	refuses(f,
	    "{\"start\": {\"key\": \"A\"}, \"actor\": {\"roles\": [1]}}",
	    "`roles` is a list of texts");
	refuses(f, "{\"start\": {\"key\": \"A\"}, \"priority\": \"hihg\"}",
	    "`hihg` is no priority");
	refuses(f, "{\"reply\": {\"shop.reserve\": {}}, \"alwys\": true}",
	    "`alwys` says nothing beside `reply`, did you mean `always`?");
	refuses(f, "{\"reply\": {\"shop.reserve\": {}}, \"always\": 1}",
	    "`always` is true or false");
	/* The input's own members are the workflow's to judge. */
	does(f, "{\"start\": {\"key\": \"A\"}, \"actor\": null}");
	refuses(f, "{\"event\": {\"type\": \"order.paid\", \"date\": 1}}",
	    "`date` says nothing in `event`, did you mean `data`?");
	refuses(f, "{\"suspend\": {\"state\": \"a\"}}",
	    "`state` says nothing in `suspend`");
	refuses(f, "{\"advance\": \"1s\", \"times\": 2}",
	    "`times` says nothing beside `advance`");
}

/* What is misspelt isn't simulated as something else. */
static void
test_reply_that_is_misspelt_is_told(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\"}}");
	refuses(f,
	    "{\"reply\": {\"shop.reserve\": "
	    "{\"error\": {\"outcome\": \"unknwon\"}}}}",
	    "`unknwon` is no outcome of an error: not-done, unknown or "
	    "done-with-error");
	refuses(f,
	    "{\"reply\": {\"shop.reserve\": {\"error\": {\"transient\": 5}}}}",
	    "`transient` is true or false");
	refuses(f,
	    "{\"reply\": {\"shop.reserve\": {\"error\": {\"cod\": \"x\"}}}}",
	    "`cod` says nothing in `error`, did you mean `code`?");
	refuses(f, "{\"reply\": {\"shop.reserve\": \"timout\"}}",
	    "did you mean `timeout`?");
	/* Beside other members it is data. */
	does(f,
	    "{\"reply\": {\"shop.reserve\": "
	    "{\"price\": 1, \"error\": {\"outcome\": \"odd\"}}}}");
}

int
main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, set_up, sim_fixture_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_before_the_start_there_is_no_state),
	    TEST(test_call_waits_for_its_reply),
	    TEST(test_reply_waits_for_its_call),
	    TEST(test_effects_are_told_once),
	    TEST(test_transient_error_is_tried_again_when_its_time_has_come),
	    TEST(test_error_takes_its_transition_with_its_code),
	    TEST(test_unknown_outcome_is_retried_with_the_same_key),
	    TEST(test_time_passes_deadline_by_deadline),
	    TEST(test_event_is_for_the_instance_that_its_subject_names),
	    TEST(test_number_is_one_key_however_it_is_written),
	    TEST(test_event_without_a_subject_is_for_this_instance),
	    TEST(test_fate_of_an_event_is_told),
	    TEST(test_four_eyes_hold_in_a_simulation),
	    TEST(test_operator_acts_are_taken),
	    TEST(test_reply_may_be_told_for_several_calls),
	    TEST(test_standing_reply_comes_after_those_told_once),
	    TEST(test_faults_have_the_codes_of_the_engine),
	    TEST(test_time_passes_up_to_an_instant),
	    TEST(test_actor_may_hold_certain_roles_only),
	    TEST(test_item_of_a_state_is_meant_where_it_is_named),
	    TEST(test_operations_and_contacts_of_a_workflow_are_known),
	    TEST(test_acts_that_are_none_are_told),
	    TEST(test_member_that_says_nothing_is_told),
	    TEST(test_reply_that_is_misspelt_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
