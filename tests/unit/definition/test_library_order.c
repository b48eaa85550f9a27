/* SPDX-License-Identifier: Apache-2.0 */
/* test_library_order.c: where the order of keys means something. */
#include "stated/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Where the two texts say something else, or "" where they don't. */
static void
assert_differ_at(const char *where, const char *one, const char *other)
{
	struct buf found = {0};
	bool is_reordered =
	    library_is_reordered(str_of(one), str_of(other), &found);

	if (!str_equal(buf_str(&found), str_of(where)))
		fail_msg("differs at `%.*s`, not at `%s`",
		    STR_ARG(buf_str(&found)), where);
	assert_int_equal(is_reordered, *where != '\0');
	buf_fini(&found);
}

/* Within one state. */
static void
assert_state_differs_at(const char *where, const char *one, const char *other)
{
	char texts[2][1024];
	char place[256] = "";

	(void)snprintf(texts[0], sizeof(texts[0]),
	    "workflow: w\nversion: 1\nstates: {a: {%s}}\n", one);
	(void)snprintf(texts[1], sizeof(texts[1]),
	    "workflow: w\nversion: 1\nstates: {a: {%s}}\n", other);
	if (*where)
		(void)snprintf(place, sizeof(place), "states.a.%s", where);
	assert_differ_at(place, texts[0], texts[1]);
	assert_differ_at(place, texts[1], texts[0]);
}

static void
test_patterns_that_take_one_event_have_an_order(void **state)
{
	(void)state;
	assert_state_differs_at("on", "on: {bank.paid: b, bank.*: c}",
	    "on: {bank.*: c, bank.paid: b}");
	assert_state_differs_at("on", "on: {x: b, bank.a.*: b, bank.*: c}",
	    "on: {bank.*: c, bank.a.*: b, x: b}");
	assert_state_differs_at("on", "on: {bank: b, bank.*: c}",
	    "on: {bank.*: c, bank: b}");
	assert_state_differs_at("on", "on: {a: b, '*': c}",
	    "on: {'*': c, a: b}");
}

static void
test_other_events_have_none(void **state)
{
	(void)state;
	assert_state_differs_at("", "on: {done: b, error: c}",
	    "on: {error: c, done: b}");
	assert_state_differs_at("", "on: {bank.*: b, bankrupt: c, shop.*: d}",
	    "on: {shop.*: d, bankrupt: c, bank.*: b}");
}

static void
test_deadlines_have_an_order(void **state)
{
	(void)state;
	assert_state_differs_at("after", "after: {60m: b, 1h: c}",
	    "after: {1h: c, 60m: b}");
}

static void
test_what_is_set_one_after_another_has_an_order(void **state)
{
	(void)state;
	assert_state_differs_at("entry[2].set",
	    "entry: [{raise: x}, {set: {a: 0, b: = a}}]",
	    "entry: [{raise: x}, {set: {b: = a, a: 0}}]");
	assert_state_differs_at("exit[1].output",
	    "exit: [{call: c.o, output: {a: = response, b: = a}}]",
	    "exit: [{call: c.o, output: {b: = a, a: = response}}]");
	assert_state_differs_at("on.x[2].do[1].for.in[1]",
	    "on: {x: [b, {do: [{for: {each: e, in: [{p: 1, q: 2}]}}]}]}",
	    "on: {x: [b, {do: [{for: {each: e, in: [{q: 2, p: 1}]}}]}]}");
	assert_state_differs_at("after.1h.do[1].do[1].verify.output",
	    "after: {1h: {do: [{do: [{verify: {output: {a: 1, b: 2}}}]}]}}",
	    "after: {1h: {do: [{do: [{verify: {output: {b: 2, a: 1}}}]}]}}");
	assert_state_differs_at("always.do[1].compensate.verify.output",
	    "always: {do: [{compensate: {verify: {output: {a: 1, b: 2}}}}]}",
	    "always: {do: [{compensate: {verify: {output: {b: 2, a: 1}}}}]}");
	assert_state_differs_at("output", "type: final, output: {a: 1, b: 2}",
	    "type: final, output: {b: 2, a: 1}");
	assert_differ_at("data", "workflow: w\ndata: {a: 1, b: = a}\n",
	    "data: {b: = a, a: 1}\nworkflow: w\n");
}

static void
test_values_have_an_order_and_arguments_none(void **state)
{
	(void)state;
	assert_state_differs_at("", "entry: [{call: c.o, with: {a: 1, b: 2}}]",
	    "entry: [{with: {b: 2, a: 1}, call: c.o}]");
	assert_state_differs_at("entry[1].with.body",
	    "entry: [{call: c.o, with: {body: {a: 1, b: 2}}}]",
	    "entry: [{call: c.o, with: {body: {b: 2, a: 1}}}]");
	assert_state_differs_at("entry[1].decide.rules[1][2]",
	    "entry: [{decide: {rules: [['-', {a: 1, b: 2}]]}}]",
	    "entry: [{decide: {rules: [['-', {b: 2, a: 1}]]}}]");
}

/* Which reads them as it likes: get entries(input). */
static void
test_the_input_of_another_instance_has_an_order(void **state)
{
	(void)state;
	assert_state_differs_at("entry[1].with",
	    "entry: [{run: kid, with: {a: 1, b: 2}}]",
	    "entry: [{with: {b: 2, a: 1}, run: kid}]");
	assert_state_differs_at("on.x.do[1].do[1].with.a",
	    "on: {x: {do: [{do: [{run: kid, with: {a: {p: 1, q: 2}}}]}]}}",
	    "on: {x: {do: [{do: [{run: kid, with: {a: {q: 2, p: 1}}}]}]}}");
	assert_differ_at("schedule.input",
	    "workflow: w\nschedule: {every: 1d, input: {a: 1, b: 2}}\n",
	    "schedule: {input: {b: 2, a: 1}, every: 1d}\nworkflow: w\n");
	assert_differ_at("schedule[2].input",
	    "schedule: [{every: 1d}, {every: 2d, input: {a: 1, b: 2}}]\n",
	    "schedule: [{every: 1d}, {every: 2d, input: {b: 2, a: 1}}]\n");
}

static void
test_regions_have_an_order_and_other_states_none(void **state)
{
	(void)state;
	assert_differ_at("", "states: {a: {}, b: {states: {c: {}, d: {}}}}\n",
	    "states: {b: {states: {d: {}, c: {}}}, a: {}}\n");
	assert_differ_at("states.p.states",
	    "states: {p: {type: parallel, states: {c: {}, d: {}}}}\n",
	    "states: {p: {states: {d: {}, c: {}}, type: parallel}}\n");
}

static void
test_events_have_an_order(void **state)
{
	(void)state;
	assert_differ_at("events", "workflow: w\nevents: {a: {}, b: {}}\n",
	    "workflow: w\nevents: {b: {}, a: {}}\n");
}

static void
test_the_language_s_own_keys_and_schemas_have_none(void **state)
{
	(void)state;
	assert_state_differs_at("",
	    "on: {x: b}, after: {1h: b}, entry: [{call: c.o, id: i}]",
	    "entry: [{id: i, call: c.o}], after: {1h: b}, on: {x: b}");
	assert_state_differs_at("",
	    "user-task: {title: t, form: {type: object, properties: {}}}",
	    "user-task: {form: {properties: {}, type: object}, title: t}");
	assert_differ_at("",
	    "workflow: w\nversion: 1\nlabels: {a: 1, b: 2}\n"
	    "input: {properties: {data: {}, set: {}}, type: object}\n",
	    "# told otherwise\nversion: 1\nlabels: {b: 2, a: 1}\n"
	    "input: {type: object, properties: {set: {}, data: {}}}\n"
	    "workflow: w\n");
}

static void
test_too_many_patterns_have_one(void **state)
{
	struct buf one = {0}, other = {0};

	(void)state;
	buf_add_cstr(&one, "states: {a: {on: {");
	buf_add_cstr(&other, "states: {a: {on: {");
	for (int i = 0; i <= 1000; i++) {
		buf_addf(&one, "e%d: b, ", i);
		buf_addf(&other, "e%d: b, ", 1000 - i);
	}
	buf_add(&one, "}}}\n", sizeof("}}}\n"));
	buf_add(&other, "}}}\n", sizeof("}}}\n"));
	assert_differ_at("states.a.on", buf_str(&one).at, buf_str(&other).at);
	assert_differ_at("", buf_str(&one).at, buf_str(&one).at);
	buf_fini(&one);
	buf_fini(&other);
}

static void
test_texts_that_are_none_are_not_compared(void **state)
{
	(void)state;
	assert_differ_at("", "workflow: w\ndata: {a: 1, b: 2}\n", "");
	assert_differ_at("", "\x01", "workflow: w\n");
	assert_differ_at("", "data: [1, 2]\n", "data: [2]\n");
	assert_differ_at("", "data: {a: 1, b: 2}\n", "data: {a: 1}\n");
	assert_differ_at("", "workflow: w\n---\ndata: {a: 1, b: 2}\n",
	    "workflow: w\n---\ndata: {b: 2, a: 1}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_patterns_that_take_one_event_have_an_order),
		cmocka_unit_test(test_other_events_have_none),
		cmocka_unit_test(test_deadlines_have_an_order),
		cmocka_unit_test(
		    test_what_is_set_one_after_another_has_an_order),
		cmocka_unit_test(test_values_have_an_order_and_arguments_none),
		cmocka_unit_test(
		    test_the_input_of_another_instance_has_an_order),
		cmocka_unit_test(
		    test_regions_have_an_order_and_other_states_none),
		cmocka_unit_test(test_events_have_an_order),
		cmocka_unit_test(
		    test_the_language_s_own_keys_and_schemas_have_none),
		cmocka_unit_test(test_too_many_patterns_have_one),
		cmocka_unit_test(test_texts_that_are_none_are_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
