/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_talk.c: a simulation by numbers, as on a terminal. */
#include "../../../src/cli/cli_priv.h"

#include "stated/library.h"
#include "stated/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char documents[] =
    "workflow: order\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {order.paid: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    on: {order.paid: deciding}\n"
    "    after: {1h: stopped}\n"
    "  deciding:\n"
    "    user-task: {title: Go?, choices: [go, stop]}\n"
    "    on: {go: done, stop: stopped}\n"
    "  done: {type: final, outcome: success}\n"
    "  stopped: {type: final, outcome: cancelled}\n";

/* What the session prints; to be freed. */
static char *
talk(const char *typed)
{
	struct diag_list *diags = diag_list_new();
	struct library *library = library_new();
	struct sim_options options = {0};
	struct sim *sim;
	struct cli cli = {.arena = arena_new()};
	char *text = NULL;
	size_t bytes;

	library_add_text(library, STR("order.yaml"), str_of(documents), diags);
	assert_true(library_link(library, diags));
	options.definition = library_workflow_at(library, 0);
	sim = sim_new(&options);
	cli.in = fmemopen((char *)(uintptr_t)typed, strlen(typed), "r");
	cli.out = cli.err = open_memstream(&text, &bytes);
	assert_int_equal(cli_talk(&cli, sim), CLI_OK);
	fclose(cli.in);
	fclose(cli.out);
	sim_free(&sim);
	library_free(&library);
	diag_list_free(&diags);
	arena_free(&cli.arena);
	return text;
}

static void
shows(const char *typed, const char *expected)
{
	char *text = talk(typed);

	if (strstr(text, expected) == NULL)
		fail_msg("%s", text);
	free(text);
}

static void
test_what_may_happen_next_is_offered(void **state)
{
	(void)state;
	shows("1\n{\"key\": \"A\"}\n", "  1  order.paid comes in\n"
				       "  2  time passes until 2026-11-23T10:");
}

static void
test_offers_lead_to_the_end(void **state)
{
	(void)state;
	shows("1\n{\"key\": \"A\"}\n1\n\n1\nbob\n", "done (completed)");
}

static void
test_line_that_an_offer_stands_for_is_shown(void **state)
{
	(void)state;
	shows("1\n{\"key\": \"A\"}\n1\n\n1\nbob\n",
	    "{\"decide\": {\"choice\": \"go\", \"actor\": \"bob\"}}");
}

static void
test_duration_lets_time_pass(void **state)
{
	(void)state;
	shows("{\"start\": {\"key\": \"A\"}}\n1h\n", "stopped (cancelled)");
}

static void
test_mistake_is_told_and_the_session_goes_on(void **state)
{
	(void)state;
	shows("nonsense\n99\n{\"start\": {}}\n{\"start\": {\"key\": \"A\"}}\n",
	    "waiting (waiting)");
	shows("nonsense\n", "stated: column 1");
}

static void
test_after_the_end_nothing_is_offered_and_words_are_still_answered(void **state)
{
	(void)state;
	shows("{\"start\": {\"key\": \"A\"}}\n1h\n1\nnonsense\n",
	    "stated: column 1");
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
	    cmocka_unit_test(test_what_may_happen_next_is_offered),
	    cmocka_unit_test(test_offers_lead_to_the_end),
	    cmocka_unit_test(test_line_that_an_offer_stands_for_is_shown),
	    cmocka_unit_test(test_duration_lets_time_pass),
	    cmocka_unit_test(test_mistake_is_told_and_the_session_goes_on),
	    cmocka_unit_test(
		test_after_the_end_nothing_is_offered_and_words_are_still_answered),
	    cmocka_unit_test(
		test_end_of_input_in_the_middle_of_an_answer_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
