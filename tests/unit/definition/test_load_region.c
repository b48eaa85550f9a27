/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_load_region.c: what a definition holds where states are active
 * together, come back, and where steps lie within steps.
 */
#include "written_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct library *library;
	const struct definition *definition;
};

static const char text[] =
    "workflow: w\n"
    "version: 1\n"
    "initial: [b2, a1]\n"
    "data: {sum: 0}\n"
    "states:\n"
    "  p:\n"
    "    type: parallel\n"
    "    initial: a2\n"
    "    states:\n"
    "      a:\n"
    "        initial: ah\n"
    "        states:\n"
    "          ah: {type: history, target: a1}\n"
    "          a1: {on: {done: a2}}\n"
    "          a2:\n"
    "            on:\n"
    "              done: {target: [a1, b2], compensate: to b}\n"
    "              error: {target: [pd]}\n"
    "      ps: {type: history}\n"
    "      b:\n"
    "        initial: b1\n"
    "        states:\n"
    "          b1: {}\n"
    "          b2: {on: {'*': {target: b1}}}\n"
    "          bh: {type: history}\n"
    "      pd: {type: history, history: deep, target: [a1, b1]}\n"
    "    on: {done: steps}\n"
    "  steps:\n"
    "    entry:\n"
    "      - {set: {sum: 1}}\n"
    "      - do:\n"
    "          - {set: {x: = item1}}\n"
    "          - for: {each: y, at: n, in: [1]}\n"
    "            id: inner\n"
    "            do: [{notify: desk, message: = n * y}, {run: w}]\n"
    "          - {attest: = x}\n"
    "        for: {each: item1, in: '= [1, 2]'}\n"
    "        parallel: 3\n"
    "        on-error: continue\n"
    "      - {wait: false, run: w, priority: high}\n"
    "    on: {done: end}\n"
    "  end: {type: final, compensate: to a1}\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: info}]\n";

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct buf told = {0};

	assert_non_null(fixture);
	fixture->library = written_library_told(text, &told);
	assert_string_equal(buf_cstr(&told), "");
	buf_fini(&told);
	fixture->definition = library_workflow_at(fixture->library, 0);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	library_free(&fixture->library);
	free(fixture);
	return 0;
}

static const struct def_state *
state_of(void **state, const char *name)
{
	struct fixture *fixture = *state;
	const struct def_state *found =
	    definition_find_state(fixture->definition, str_of(name));

	assert_non_null(found);
	return found;
}

static const struct def_step *
step_of(void **state, const char *id)
{
	struct fixture *fixture = *state;
	const struct def_step *found =
	    definition_find_step(fixture->definition, str_of(id));

	if (!found)
		fail_msg("no step %s", id);
	return found;
}

/* "a b": the targets' names. */
static void
assert_targets(struct def_targets targets, const char *expected)
{
	struct buf names = {0};

	for (size_t i = 0; i < targets.count; i++) {
		buf_addf(&names, "%s%.*s", i == 0 ? "" : " ",
		    STR_ARG(targets.items[i]->name));
	}
	assert_string_equal(buf_cstr(&names), expected);
	buf_fini(&names);
}

static void
test_states_know_their_children_in_order(void **state)
{
	const struct def_state *p = state_of(state, "p");

	assert_int_equal(p->kind, STATE_PARALLEL);
	assert_int_equal(p->child_count, 4);
	assert_ptr_equal(p->children[0], state_of(state, "a"));
	assert_ptr_equal(p->children[1], state_of(state, "ps"));
	assert_ptr_equal(p->children[3], state_of(state, "pd"));
	assert_int_equal(state_of(state, "a")->child_count, 3);
	assert_ptr_equal(state_of(state, "bh")->parent, state_of(state, "b"));
	assert_int_equal(state_of(state, "steps")->child_count, 0);
}

static void
test_targets_of_several_regions_are_kept_in_order(void **state)
{
	struct fixture *fixture = *state;
	const struct def_state *a2 = state_of(state, "a2");

	assert_targets(fixture->definition->initial, "b2 a1");
	assert_targets(state_of(state, "p")->initial, "a2");
	assert_targets(a2->on.items[0]->targets, "a1 b2");
	assert_int_equal(a2->on.items[0]->compensate, COMPENSATE_TO);
	assert_ptr_equal(a2->on.items[0]->compensate_to, state_of(state, "b"));
	assert_targets(a2->on.items[1]->targets, "pd");
	assert_int_equal(a2->on.items[1]->compensate, COMPENSATE_NONE);
	assert_null(a2->on.items[1]->compensate_to);
	assert_ptr_equal(state_of(state, "end")->compensate_to,
	    state_of(state, "a1"));
}

static void
test_a_history_leads_where_its_parent_begins_unless_told(void **state)
{
	const struct def_state *deep = state_of(state, "pd");

	assert_int_equal(deep->kind, STATE_HISTORY);
	assert_true(deep->deep);
	assert_targets(deep->initial, "a1 b1");
	assert_false(state_of(state, "ps")->deep);
	assert_targets(state_of(state, "ps")->initial, "a b");
	assert_targets(state_of(state, "bh")->initial, "b1");
	assert_targets(state_of(state, "ah")->initial, "a1");
	assert_targets(state_of(state, "a")->initial, "ah");
}

static void
test_steps_within_a_loop_come_after_it(void **state)
{
	struct fixture *fixture = *state;
	const struct def_step *outer = step_of(state, "steps.entry.2");
	const struct def_step *inner = step_of(state, "inner");
	const struct def_step *last = step_of(state, "steps.entry.3");

	assert_int_equal(outer->kind, STEP_FOR);
	assert_null(outer->around);
	assert_int_equal(outer->body.count, 3);
	assert_ptr_equal(outer->body.items[1], inner);
	assert_ptr_equal(inner->around, outer);
	assert_ptr_equal(step_of(state, "inner.2")->around, inner);
	assert_ptr_equal(outer->body.items[2],
	    step_of(state, "steps.entry.2.3"));
	assert_true(outer->index < inner->index);
	assert_true(inner->index < step_of(state, "inner.1")->index);
	assert_int_equal(state_of(state, "steps")->entry.count, 3);
	assert_ptr_equal(state_of(state, "steps")->entry.items[2], last);
	for (size_t i = 0; i < fixture->definition->step_count; i++)
		assert_int_equal(fixture->definition->steps[i]->index, i);
}

static void
test_a_loop_has_its_names_and_bounds(void **state)
{
	const struct def_step *outer = step_of(state, "steps.entry.2");
	const struct def_step *inner = step_of(state, "inner");

	assert_true(str_equal(outer->each, STR("item1")));
	assert_int_equal(outer->at.bytes, 0);
	assert_int_equal(outer->parallel, 3);
	assert_true(outer->goes_on);
	assert_int_equal(outer->in->kind, TEMPLATE_FEEL);
	assert_true(str_equal(inner->at, STR("n")));
	assert_int_equal(inner->parallel, 1);
	assert_false(inner->goes_on);
	assert_int_equal(inner->in->kind, TEMPLATE_LITERAL);
}

static void
test_steps_for_others_have_their_defaults(void **state)
{
	const struct def_step *notify = step_of(state, "inner.1");
	const struct def_step *waiting = step_of(state, "inner.2");
	const struct def_step *going = step_of(state, "steps.entry.3");
	const struct def_step *attest = step_of(state, "steps.entry.2.3");

	assert_int_equal(notify->kind, STEP_NOTIFY);
	assert_true(str_equal(notify->contact->name, STR("desk")));
	assert_true(str_equal(notify->severity, STR("normal")));
	assert_int_equal(waiting->kind, STEP_RUN);
	assert_true(str_equal(waiting->workflow, STR("w")));
	assert_true(waiting->waits);
	assert_int_equal(waiting->with->kind, TEMPLATE_LITERAL);
	assert_int_equal(waiting->with->literal->type, VALUE_CONTEXT);
	assert_null(waiting->priority);
	assert_int_equal(going->kind, STEP_RUN);
	assert_false(going->waits);
	assert_non_null(going->priority);
	assert_int_equal(attest->kind, STEP_ATTEST);
	assert_non_null(attest->message);
	assert_null(attest->with);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_know_their_children_in_order),
		cmocka_unit_test(
		    test_targets_of_several_regions_are_kept_in_order),
		cmocka_unit_test(
		    test_a_history_leads_where_its_parent_begins_unless_told),
		cmocka_unit_test(test_steps_within_a_loop_come_after_it),
		cmocka_unit_test(test_a_loop_has_its_names_and_bounds),
		cmocka_unit_test(test_steps_for_others_have_their_defaults),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
