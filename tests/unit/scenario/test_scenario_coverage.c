/* SPDX-License-Identifier: Apache-2.0 */
/* test_scenario_coverage.c: what scenarios reach is counted. */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static size_t
entered(const struct stage *stage, const char *name)
{
	const struct definition *definition =
	    scenario_coverage_definition(stage->coverage);
	const struct def_state *state =
	    definition_find_state(definition, str_of(name));

	assert_non_null(state);
	return scenario_coverage_state(stage->coverage, state->index);
}

static size_t
taken(const struct stage *stage, const char *source, const char *event)
{
	const struct definition *definition =
	    scenario_coverage_definition(stage->coverage);

	for (size_t i = 0; i < definition->transition_count; i++) {
		const struct def_transition *transition =
		    definition->transitions[i];

		if (str_equal(transition->source->name, str_of(source)) &&
		    str_equal(transition->event, str_of(event)))
			return scenario_coverage_transition(stage->coverage, i);
	}
	fail_msg("%s on %s", source, event);
	return 0;
}

static void
test_states_count_with_those_around_them(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, "- expect: asking\n");
	assert_int_equal(entered(stage, "asking"), 1);
	assert_int_equal(entered(stage, "work"), 1);
	assert_int_equal(entered(stage, "waiting"), 0);
}

static void
test_transitions_count_as_they_are_taken(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, "- reply: {shop.reserve: {}}\n- event: order.cut\n"
			    "- event: order.paid\n");
	assert_int_equal(taken(stage, "asking", "done"), 1);
	assert_int_equal(taken(stage, "asking", "error"), 0);
	assert_int_equal(taken(stage, "waiting", "order.cut"), 1);
	assert_int_equal(taken(stage, "waiting", "order.paid"), 1);
	assert_int_equal(taken(stage, "deciding", "go"), 0);
}

static void
test_scenarios_add_up_even_where_they_fail(void **state)
{
	struct stage *stage = *state;

	stage_passes(stage, "- expect: asking\n");
	stage_fails(stage, "- reply: {shop.reserve: {}}\n- expect: done\n",
	    "not as expected", "is waiting");
	assert_int_equal(entered(stage, "asking"), 2);
	assert_int_equal(entered(stage, "waiting"), 1);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_states_count_with_those_around_them),
	    TEST(test_transitions_count_as_they_are_taken),
	    TEST(test_scenarios_add_up_even_where_they_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
