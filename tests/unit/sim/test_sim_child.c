/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sim_child.c: children run in the script: they begin when the instance
 * starts them, and end as they are told to.
 */
#include "sim_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char documents[] =
    "workflow: batch\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "data: {one: null, many: null, code: null}\n"
    "owner: desk\n"
    "incident: {owner: desk, max-age: 1d}\n"
    "initial: first\n"
    "states:\n"
    "  first:\n"
    "    entry:\n"
    "      - run: pay\n"
    "        with: {sum: = input.sum}\n"
    "        output: {one: = response.output}\n"
    "    on:\n"
    "      done: all\n"
    "      error: {target: failed, do: [{set: {code: = error.code}}]}\n"
    "  all:\n"
    "    entry:\n"
    "      - for: {each: line, in: '= [1, 2, 3]'}\n"
    "        parallel: 2\n"
    "        do:\n"
    "          - run: pay\n"
    "            with: {sum: = line}\n"
    "            output: {ref: = response.output.ref}\n"
    "        output: {many: = results.ref}\n"
    "    on: {done: told, error: failed}\n"
    "  told:\n"
    "    entry: [{run: pay, with: {sum: 9}, wait: false}]\n"
    "    on: {done: ended}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: pay\n"
    "version: 1\n"
    "input: {type: object, properties: {sum: {type: number, maximum: 99}}}\n"
    "initial: ended\n"
    "states: {ended: {type: final, outcome: success}}\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: warning}]\n";

static int
set_up(void **state)
{
	return sim_fixture_set_up(state, documents);
}

/* The report has that text in it. */
static void
tells(struct fixture *f, const char *text)
{
	const char *report = text_of(f, sim_report(f->sim, f->arena));

	if (strstr(report, text) == NULL)
		fail_msg("%s", report);
}

static const char *
history(struct fixture *f)
{
	return text_of(f, sim_history(f->sim, f->arena));
}

static void
test_child_is_told_as_an_effect_and_waited_for(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1.10}}");
	tells(f, "{\"run\":\"pay\",\"input\":{\"sum\":1.10},\"priority\":"
		 "\"normal\"}");
	does(f, "{\"advance\": \"1h\"}");
	tells(f, "\"children\":[\"pay\"]");
}

static void
test_child_ends_with_its_output(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1}}");
	does(f, "{\"child\": {\"pay\": {\"outcome\": \"success\", \"state\": "
		"\"ended\", \"output\": {\"ref\": \"x\"}}}}");
	tells(f, "\"data\":{\"one\":{\"ref\":\"x\"}");
}

static void
test_end_may_be_told_before_the_child_begins(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"child\": {\"pay\": {\"outcome\": \"failure\"}}}");
	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1}}");
	tells(f, "\"code\":\"run.failed\"");
}

static void
test_cancelled_child_is_an_error_of_its_own(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1}}");
	does(f, "{\"child\": {\"pay\": {\"outcome\": \"cancelled\"}}}");
	tells(f, "\"code\":\"run.cancelled\"");
	assert_non_null(strstr(
	    history(f), "\"outcome\":\"cancelled\",\"state\":\"its last"));
}

static void
test_input_that_the_child_does_not_take_is_refused(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 100}}");
	tells(f, "\"code\":\"run.refused\"");
}

static void
test_script_may_refuse_a_child(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1}}");
	does(f, "{\"child\": {\"pay\": {\"refused\": \"no such supplier\"}}}");
	tells(f, "\"code\":\"run.refused\"");
}

static void
test_script_may_refuse_a_child_that_nobody_waits_for(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"child\": {\"pay\": {\"outcome\": \"success\"}}, "
		"\"times\": 4}");
	does(f, "{\"child\": {\"pay\": {\"refused\": \"the key is taken\"}}}");
	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1}}");
	tells(f, "\"code\":\"run.refused\",\"message\":\"the key is taken\"");
}

static void
test_children_of_a_loop_end_in_the_order_of_their_ends(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"child\": {\"pay\": {\"outcome\": \"success\", \"output\": "
		"{\"ref\": \"x\"}}}}");
	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1}}");
	tells(f, "\"children\":[\"pay\",\"pay\"]");
	does(f, "{\"child\": {\"pay\": {\"outcome\": \"success\", \"output\": "
		"{\"ref\": \"a\"}}}}");
	tells(f, "\"children\":[\"pay\",\"pay\"]");
	does(f, "{\"child\": {\"pay\": {\"outcome\": \"success\", \"output\": "
		"{\"ref\": \"b\"}}}, \"times\": 2}");
	tells(f, "\"many\":[\"a\",\"b\",\"b\"]");
}

static void
test_child_that_is_not_waited_for_does_not_hold(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"child\": {\"pay\": {\"outcome\": \"success\"}}, "
		"\"always\": true}");
	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1}}");
	assert_non_null(
	    strstr(history(f), "\"outcome\":\"success\",\"state\":\"ended\""));
	tells(f, "\"states\":[\"ended\"]");
}

static void
test_cancel_takes_the_children_along(void **state)
{
	struct fixture *f = *state;

	does(f, "{\"start\": {\"key\": \"A\", \"sum\": 1}}");
	does(f, "{\"cancel\": {\"compensate\": true}}");
	tells(f, "{\"cancel-run\":\"pay\",\"compensate\":true}");
	assert_true(chart_status(sim_chart(f->sim)) == CHART_CANCELLED);
}

static void
test_ends_that_are_none_are_told(void **state)
{
	struct fixture *f = *state;

	refuses(f, "{\"child\": {\"buy\": {\"outcome\": \"success\"}}}",
	    "the workflow never runs `buy`");
	refuses(f, "{\"child\": {\"pay\": {\"outcome\": \"fine\"}}}",
	    "success, failure or cancelled");
	refuses(f, "{\"child\": {\"pay\": 1}}", "ends with an `outcome`");
}

int
main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, set_up, sim_fixture_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_child_is_told_as_an_effect_and_waited_for),
	    TEST(test_child_ends_with_its_output),
	    TEST(test_end_may_be_told_before_the_child_begins),
	    TEST(test_cancelled_child_is_an_error_of_its_own),
	    TEST(test_input_that_the_child_does_not_take_is_refused),
	    TEST(test_script_may_refuse_a_child),
	    TEST(test_script_may_refuse_a_child_that_nobody_waits_for),
	    TEST(test_children_of_a_loop_end_in_the_order_of_their_ends),
	    TEST(test_child_that_is_not_waited_for_does_not_hold),
	    TEST(test_cancel_takes_the_children_along),
	    TEST(test_ends_that_are_none_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
