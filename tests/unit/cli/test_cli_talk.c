/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_talk.c: a simulation by numbers, as on a terminal. */
#include "../../../src/cli/cli_priv.h"

#include "../definition/written_library.h"
#include "stated/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char documents[] =
    "workflow: order\n"
    "version: 1\n"
    "title: An order\n"
    "owner: desk\n"
    "input:\n"
    "  type: object\n"
    "  required: [key, amount, kind, lines, on, more, to]\n"
    "  properties:\n"
    "    key: {type: string}\n"
    "    amount: {type: number, minimum: 2}\n"
    "    kind: {enum: [big, small]}\n"
    "    lines: {type: array, items: {type: integer}}\n"
    "    on: {type: string, format: date}\n"
    "    more: {type: object, required: [yes], properties: {yes: {type: "
    "boolean}}}\n"
    "    to: {$ref: 'parties#/$defs/party', required: [city]}\n"
    "business-key: = input.key\n"
    "data: {price: null}\n"
    "events: {order.paid: {}}\n"
    "incident: {owner: desk, max-age: 1d}\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry: [{call: shop.reserve, output: {price: = response.price}}]\n"
    "    on: {done: waiting}\n"
    "  waiting:\n"
    "    on: {order.paid: deciding}\n"
    "    after: {1h: stopped}\n"
    "    escalate: [{after: 30m, to: desk}]\n"
    "  deciding:\n"
    "    user-task: {title: Go?, choices: [go, stop]}\n"
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
    "    request: {post: /reserve}\n"
    "    output: {price: = body.price}\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: warning}]\n"
    "---\n"
    "schema: parties\n"
    "$defs:\n"
    "  city: {type: string, examples: [Bonn]}\n"
    "  party:\n"
    "    type: object\n"
    "    required: [name]\n"
    "    properties: {name: {type: string}, city: {$ref: '#/$defs/city'}}\n";

/* Started, and reserved at a price. */
#define RESERVED "1\n\n1\n{\"price\": 2.50}\n"

/* Two regions, in one of which a child runs. */
static const char regions[] =
    "workflow: batch\n"
    "version: 1\n"
    "business-key: = \"B\"\n"
    "events: {batch.checked: {}}\n"
    "owner: desk\n"
    "incident: {owner: desk, max-age: 1d}\n"
    "initial: work\n"
    "states:\n"
    "  work:\n"
    "    type: parallel\n"
    "    on: {done: end}\n"
    "    states:\n"
    "      check:\n"
    "        initial: checking\n"
    "        states:\n"
    "          checking: {on: {batch.checked: checked}}\n"
    "          checked: {type: final}\n"
    "      pay:\n"
    "        initial: paying\n"
    "        states:\n"
    "          paying: {entry: [{run: part}], on: {done: paid}}\n"
    "          paid: {type: final}\n"
    "  end: {type: final, outcome: success}\n"
    "---\n"
    "workflow: part\n"
    "version: 1\n"
    "initial: end\n"
    "states: {end: {type: final, outcome: success}}\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: warning}]\n";

/* What the session prints; to be freed. */
static char *
talk_about(const char *text_of_documents, const char *typed)
{
	struct library *library = written_library(text_of_documents);
	struct sim_options options = {0};
	struct sim *sim;
	struct cli cli = {.arena = arena_new()};
	char *text = NULL;
	size_t bytes;

	options.definition = library_workflow_at(library, 0);
	sim = sim_new(&options);
	cli.in = fmemopen((char *)(uintptr_t)typed, strlen(typed), "r");
	cli.out = cli.err = open_memstream(&text, &bytes);
	assert_int_equal(cli_talk(&cli, sim), CLI_OK);
	fclose(cli.in);
	fclose(cli.out);
	sim_free(&sim);
	library_free(&library);
	arena_free(&cli.arena);
	return text;
}

static void
shows_about(const char *about, const char *typed, const char *expected)
{
	char *text = talk_about(about, typed);

	if (strstr(text, expected) == NULL)
		fail_msg("%s", text);
	free(text);
}

static void
shows(const char *typed, const char *expected)
{
	shows_about(documents, typed, expected);
}

static void
test_start_is_offered_with_an_example_of_the_input(void **state)
{
	(void)state;
	shows(
	    "", "order 1, An order.  Nothing is sent anywhere.\n  1  start\n");
	shows("1\n\n",
	    "{\"start\": {\"key\":\"key\",\"amount\":2,\"kind\":\"big\","
	    "\"lines\":[1],\"on\":\"2026-11-23\",\"more\":{\"yes\":true},"
	    "\"to\":{\"name\":\"name\",\"city\":\"Bonn\"}}}");
	shows("1\n\n", "asking (running)");
}

static void
test_what_may_happen_next_is_offered(void **state)
{
	(void)state;
	shows("1\n\n", "  -> calls shop.reserve {}\n"
		       "2026-11-23 09:00:00  asking (running)\n"
		       "     price: null\n"
		       "  1  shop.reserve answers\n"
		       "  2  shop.reserve refuses\n"
		       "  3  shop.reserve does not answer in time\n"
		       "  4  cancel, and undo what was done\n");
	shows(RESERVED,
	    "     price: null -> 2.50\n"
	    "  1  order.paid comes in for key\n"
	    "  2  time passes, 30m, until 2026-11-23 09:30:00: escalation of "
	    "waiting to desk\n");
}

static void
test_answer_has_the_names_of_the_output(void **state)
{
	(void)state;
	shows("1\n\n1\n\n", "the answer, as JSON [{\"price\":\"price\"}]> ");
	shows("1\n\n1\n\n", "price: null -> \"price\"");
}

static void
test_incident_can_be_settled(void **state)
{
	(void)state;
	shows("1\n\n2\nshop.closed\n", "stands still: ");
	shows("1\n\n2\n\n1\nbob\n", "asking (running)");
	shows("1\n\n3\n5\n{\"price\": 1}\n", "price: null -> 1");
}

static void
test_offers_lead_to_the_end(void **state)
{
	(void)state;
	shows(RESERVED "1\n\n1\nbob\n", "done (completed)");
	shows(RESERVED "3\n", "stopped");
}

static void
test_person_is_remembered(void **state)
{
	(void)state;
	shows(RESERVED "2\n2\nbob\n1\n\n1\n\n", "who [bob]> ");
}

static void
test_line_that_an_offer_stands_for_is_shown(void **state)
{
	(void)state;
	shows(RESERVED "1\n\n1\nbob\n",
	    "{\"decide\": {\"choice\": \"go\", \"state\": \"deciding\", "
	    "\"actor\": \"bob\"}}");
	shows(RESERVED "2\n", "{\"advance\": \"30m\"}");
}

static void
test_escalation_is_shown_and_can_be_acknowledged(void **state)
{
	(void)state;
	shows(RESERVED "2\n", "  -> escalates to desk, level 1: ");
	shows(RESERVED "2\n", "  -> tells desk by log: ");
	shows(RESERVED "2\n", "  2  acknowledge the escalation to desk\n");
}

static void
test_duration_lets_time_pass(void **state)
{
	(void)state;
	shows(RESERVED "1h\n", "stopped (cancelled)");
}

static void
test_words_are_answered(void **state)
{
	(void)state;
	shows("help\n", "  scenario     what was done");
	shows(RESERVED "history\n", "started order key");
	shows(RESERVED "data\n", "\"price\": 2.50");
	shows("data\nquit\n1\n", "help> \n");
}

static void
test_session_can_be_kept_as_a_scenario(void **state)
{
	(void)state;
	shows(RESERVED "1\n\n1\nbob\nscenario\n",
	    "test: order\n"
	    "scenarios:\n"
	    "  - name: a session\n"
	    "    now: 2026-11-23T09:00:00.000Z\n"
	    "    start: {\"key\":\"key\",");
	shows(RESERVED "1\n\n1\nbob\nscenario\n",
	    "    steps:\n"
	    "      - expect: asking\n"
	    "      - reply: {\"shop.reserve\":{\"price\":2.50}}\n"
	    "      - expect: waiting\n"
	    "      - event: {\"type\":\"order.paid\",\"subject\":\"key\","
	    "\"data\":{}}\n"
	    "      - expect: deciding\n"
	    "      - decide: {\"choice\":\"go\",\"state\":\"deciding\","
	    "\"actor\":\"bob\"}\n"
	    "      - expect: done\n");
}

static void
test_regions_and_children_are_led_through(void **state)
{
	(void)state;
	shows_about(regions, "1\n\n",
	    "  -> runs part {}\n"
	    "2026-11-23 09:00:00  checking, paying (waiting)\n"
	    "  1  child part succeeds\n"
	    "  2  child part fails\n"
	    "  3  batch.checked comes in for B\n");
	shows_about(regions, "1\n\n1\n\n1\n\n", "end (completed)");
	shows_about(regions, "1\n\n2\n", "stands still: ");
	shows_about(regions, "1\n\n1\n\nscenario\n",
	    "      - expect: [checking, paying]\n"
	    "      - child: "
	    "{\"part\":{\"outcome\":\"success\",\"output\":{}}}\n"
	    "      - expect: [checking, paid]\n");
}

static void
test_mistake_is_told_and_the_session_goes_on(void **state)
{
	(void)state;
	shows("nonsense\n99\n{\"start\": {}}\n1\n\n", "asking (running)");
	shows("nonsense\n", "`help` lists them");
	shows("{\"start\"\n", "stated: column 9");
	shows("{\"start\": {}}\n", "the input is not valid");
}

static void
test_after_the_end_nothing_is_offered_and_words_are_still_answered(void **state)
{
	(void)state;
	shows(RESERVED "1h\n1\nhistory\n", "ended in stopped: cancelled");
	shows(RESERVED "1h\n1\n", "one of start");
}

static void
test_end_of_input_in_the_middle_of_an_answer_ends_it(void **state)
{
	(void)state;
	shows("1\n", "the input, as JSON");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_start_is_offered_with_an_example_of_the_input),
	    cmocka_unit_test(test_what_may_happen_next_is_offered),
	    cmocka_unit_test(test_answer_has_the_names_of_the_output),
	    cmocka_unit_test(test_incident_can_be_settled),
	    cmocka_unit_test(test_offers_lead_to_the_end),
	    cmocka_unit_test(test_person_is_remembered),
	    cmocka_unit_test(test_line_that_an_offer_stands_for_is_shown),
	    cmocka_unit_test(test_escalation_is_shown_and_can_be_acknowledged),
	    cmocka_unit_test(test_duration_lets_time_pass),
	    cmocka_unit_test(test_words_are_answered),
	    cmocka_unit_test(test_session_can_be_kept_as_a_scenario),
	    cmocka_unit_test(test_regions_and_children_are_led_through),
	    cmocka_unit_test(test_mistake_is_told_and_the_session_goes_on),
	    cmocka_unit_test(
		test_after_the_end_nothing_is_offered_and_words_are_still_answered),
	    cmocka_unit_test(
		test_end_of_input_in_the_middle_of_an_answer_ends_it),
	};

	/* Times are shown in the zone of whoever looks. */
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
