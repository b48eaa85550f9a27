/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_diff.c: two texts in, what tells them apart out.
 *
 * A change is shown as "kind state | item | aspect: before > after".
 */
#include "stated/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../definition/written_library.h"

#define REST                                                 \
	"---\n"                                              \
	"contact: desk\n"                                    \
	"notify: [{log: warning}]\n"                         \
	"---\n"                                              \
	"connection: bank\n"                                 \
	"kind: http\n"                                       \
	"url: http://127.0.0.1/\n"                           \
	"operations:\n"                                      \
	"  pay: {request: {post: /pay}, idempotent: true}\n" \
	"  find: {request: {get: /pay}}\n"

#define ORDER                                                           \
	"workflow: order\n"                                             \
	"version: 1\n"                                                  \
	"input: {type: object, properties: {amount: {type: number}}}\n" \
	"initial: paying\n"                                             \
	"states:\n"                                                     \
	"  paying:\n"                                                   \
	"    entry:\n"                                                  \
	"      - {call: bank.pay, retry: {limit: 3, delay: 1s}}\n"      \
	"    on: {done: asking, error: asking}\n"                       \
	"  asking:\n"                                                   \
	"    user-task: {title: Look, role: clerk}\n"                   \
	"    on: {approved: paid, rejected: lost}\n"                    \
	"    after: {2d: lost}\n"                                       \
	"    escalate: [{after: 4h, to: desk}]\n"                       \
	"  paid: {type: final, outcome: success}\n"                     \
	"  lost: {type: final, outcome: failure}\n"

/* The text with one part replaced. */
static char *
with(const char *text, const char *part, const char *by)
{
	const char *at = strstr(text, part);
	struct buf out = {0};
	char *result;

	assert_non_null(at);
	buf_add(&out, text, (size_t)(at - text));
	buf_add_cstr(&out, by);
	buf_add_cstr(&out, at + strlen(part));
	result = strdup(buf_cstr(&out));
	assert_non_null(result);
	buf_fini(&out);
	return result;
}

static void
write_change(const struct diff_change *change, struct buf *out)
{
	buf_addf(out, "%.*s %.*s|%.*s|%.*s",
	    STR_ARG(diff_kind_name(change->kind)), STR_ARG(change->state),
	    STR_ARG(change->item), STR_ARG(change->aspect));
	if (change->before.at != NULL || change->after.at != NULL)
		buf_addf(out, ": %.*s > %.*s", STR_ARG(change->before),
		    STR_ARG(change->after));
	buf_add_char(out, '\n');
}

static void
assert_diff(const char *before, const char *after, const char *expected)
{
	struct library *old = written_library(before);
	struct library *new = written_library(after);
	struct diff *diff =
	    diff_new(library_workflow_at(old, 0), library_workflow_at(new, 0));
	struct buf out = {0};
	const struct diff_change *change;

	for (size_t i = 0; (change = diff_at(diff, i)); i++)
		write_change(change, &out);
	assert_string_equal(buf_cstr(&out), expected);
	assert_int_equal(diff_is_empty(diff), expected[0] == '\0');
	buf_fini(&out);
	diff_free(&diff);
	library_free(&old);
	library_free(&new);
}

static void
assert_edit(const char *part, const char *by, const char *expected)
{
	char *after = with(ORDER REST, part, by);

	assert_diff(ORDER REST, after, expected);
	free(after);
}

static void
test_way_of_writing_makes_no_difference(void **state)
{
	(void)state;
	assert_edit("version: 1\n", "version: 2 # newer\n", "");
	assert_edit("{after: 4h, to: desk}", "{to: desk, after: 240m}", "");
	assert_edit("after: {2d: lost}", "after: {48h: {target: lost}}", "");
}

static void
test_guards_and_targets_are_told_with_their_event(void **state)
{
	(void)state;
	assert_edit("approved: paid",
	    "approved: [{if: = input.amount > 5, target: lost}, paid]",
	    "changed asking|on approved|: → paid > "
	    "if = input.amount > 5 → lost; → paid\n");
	assert_edit(
	    ", error: asking", "", "removed paying|on error|: → asking > \n");
}

/* What steps do is told with the transition that does it. */
static void
test_steps_of_one_event_are_told_apart_by_their_transition(void **state)
{
	static const char two[] =
	    "approved: [{if: = input.amount > 5, target: lost, do: "
	    "[{call: bank.pay, timeout: 1s}]}, {target: paid, do: "
	    "[{call: bank.pay, timeout: 2s}]}]";
	char *before = with(ORDER REST, "approved: paid", two);
	char *after = with(before, "timeout: 1s", "timeout: 9s");

	(void)state;
	assert_diff(before, before, "");
	assert_diff(before, after,
	    "changed asking|on approved: call bank.pay|"
	    "timeout: 1s > 9s\n");
	free(after);
	after = with(before, ", do: [{call: bank.pay, timeout: 1s}]", "");
	assert_diff(before, after,
	    "removed asking|on approved: call bank.pay|:  > \n");
	assert_diff(after, before,
	    "added asking|on approved: call bank.pay|:  > \n");
	free(after);
	after = with(before, ", do: [{call: bank.pay, timeout: 2s}]", "");
	assert_diff(before, after,
	    "removed asking|on approved (2): call bank.pay|:  > \n");
	free(after);
	free(before);
}

static void
test_steps_of_one_deadline_are_told_apart_by_their_transition(void **state)
{
	char *before = with(ORDER REST, "after: {2d: lost}",
	    "after: {2d: [{if: = input.amount > 5, target: lost, do: "
	    "[{emit: a}]}, {target: paid, do: [{emit: a}]}]}");
	char *after = with(before, "paid, do: [{emit: a}]", "paid");

	(void)state;
	assert_diff(before, before, "");
	assert_diff(before, after,
	    "removed asking|after 2d (2): emit a|:  > \n");
	free(after);
	free(before);
}

static void
test_deadlines_and_escalations_are_told(void **state)
{
	(void)state;
	assert_edit("after: {2d: lost}", "after: {3d: lost}",
	    "removed asking|after 2d|: → lost > \n"
	    "added asking|after 3d|:  > → lost\n");
	assert_edit("{after: 4h, to: desk}", "{after: 4h, to: desk, every: 1h}",
	    "added asking|escalation 1|every:  > 1h\n");
}

static void
test_calls_are_told_by_what_changed_in_them(void **state)
{
	(void)state;
	assert_edit("limit: 3", "limit: 4",
	    "changed paying|entry: call bank.pay|retry: "
	    "3, first after 1s, exponential, at most 1m, jitter 20% > "
	    "4, first after 1s, exponential, at most 1m, jitter 20%\n");
	assert_edit("retry: {limit: 3, delay: 1s}}",
	    "retry: {limit: 3, delay: 1s}, verify: {call: bank.find, "
	    "happened: = true}, irreversible: final}",
	    "added paying|entry: call bank.pay|irreversible:  > final\n"
	    "added paying|entry: call bank.pay: verify|:  > bank.find\n");
	assert_edit("delay: 1s}}", "delay: 1s}, id: order}",
	    "added paying|entry: call bank.pay|id:  > order\n");
}

static void
test_second_question_is_told(void **state)
{
	char *before = with(ORDER REST, "delay: 1s}}",
	    "delay: 1s}, verify: {call: bank.find, happened: = true, "
	    "confirm: 2m}}");
	char *after = with(before, ", confirm: 2m", "");

	(void)state;
	assert_diff(before, after,
	    "removed paying|entry: call bank.pay: verify|confirm: 2m > \n");
	free(after);
	free(before);
}

static void
test_calendar_of_a_schedule_is_told(void **state)
{
	char *before = with(ORDER REST "---\ncalendar: days\n", "initial:",
	    "schedule: {cron: 0 7 * * *, calendar: days}\ninitial:");
	char *after = with(before, ", calendar: days", "");

	(void)state;
	assert_diff(before, after,
	    "removed |schedule 1|calendar: days > \n");
	free(after);
	free(before);
}

static void
test_step_before_another_leaves_that_one_alone(void **state)
{
	(void)state;
	assert_edit("    entry:\n", "    entry:\n      - {call: bank.find}\n",
	    "added paying|entry: call bank.find|:  > \n");
}

static void
test_tables_are_told_by_their_rules(void **state)
{
	char *before = with(ORDER REST, "    entry:\n",
	    "    entry:\n"
	    "      - id: way\n"
	    "        decide:\n"
	    "          inputs: [= input.amount]\n"
	    "          outputs: [way]\n"
	    "          rules:\n"
	    "            - ['< 5', 1]\n"
	    "            - ['>= 5', 2]\n");
	char *changed = with(before, "['< 5', 1]", "['< 5', 3]");
	char *after = with(changed, "limit: 3, ", "limit: 3,  ");

	(void)state;
	assert_diff(before, after,
	    "removed |decision way|< 5 → 1: < 5 → 1 > \n"
	    "added |decision way|< 5 → 3:  > < 5 → 3\n");
	free(after);
	after = with(before, "            - ['< 5', 1]\n"
	    "            - ['>= 5', 2]\n",
	    "            - ['>= 5', 2] # the larger\n\n"
	    "            - [ '< 5',  1 ]\n");
	assert_diff(before, after,
	    "changed |decision way|order: < 5 → 1 > >= 5 → 2\n");
	free(after);
	after = with(before, "            - ['>= 5', 2]\n",
	    "            - ['>= 5', 2]\n            - ['>= 5', 2]\n");
	assert_diff(before, after,
	    "added |decision way|>= 5 → 2 (2):  > >= 5 → 2 (2)\n");
	free(before);
	free(changed);
	free(after);
}

static void
test_whatever_decides_in_a_table_is_told(void **state)
{
	static const struct {
		const char *old, *new, *told;
	} edits[] = {
	    {"expression: = input.amount,", "expression: = input.amount * 100,",
		"changed |decision way|inputs: money = input.amount | "
		"input.more > money = input.amount * 100 | input.more\n"},
	    {"[low, high]", "[high, low]",
		"changed |decision way|outputs: way of [\"low\",\"high\"] > "
		"way of [\"high\",\"low\"]\n"},
	    {"'1, 2', '3'", "'1', '2, 3'",
		"removed |decision way|1, 2 | 3 → \"low\": "
		"1, 2 | 3 → \"low\" > \n"
		"added |decision way|1 | 2, 3 → \"low\":  > "
		"1 | 2, 3 → \"low\"\n"},
	    {"'-', '-', 7", "'-', '-', '7'",
		"removed |decision way|- | - → 7: - | - → 7 > \n"
		"added |decision way|- | - → \"7\":  > - | - → \"7\"\n"},
	};
	char *before = with(ORDER REST, "    entry:\n",
	    "    entry:\n"
	    "      - id: way\n"
	    "        decide:\n"
	    "          hit-policy: priority\n"
	    "          inputs: [{expression: = input.amount, label: money},"
	    " = input.more]\n"
	    "          outputs: [{name: way, values: [low, high]}]\n"
	    "          rules:\n"
	    "            - ['1, 2', '3', low]\n"
	    "            - ['-', '-', 7]\n");

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		char *after = with(before, edits[i].old, edits[i].new);

		assert_diff(before, after, edits[i].told);
		free(after);
	}
	free(before);
}

static void
test_new_and_old_states_are_told_once(void **state)
{
	(void)state;
	assert_edit("    after: {2d: lost}\n",
	    "    after: {2d: chasing}\n"
	    "  chasing:\n"
	    "    on: {approved: paid}\n",
	    "changed asking|after 2d|: → lost > → chasing\n"
	    "removed asking|escalation 1|: after 4h to desk > \n"
	    "added chasing||\n");
}

static void
test_renamed_state_is_recognised_and_not_told_by_its_neighbours(void **state)
{
	char *once = with(ORDER REST, "  asking:\n", "  reviewing:\n");
	char *twice = with(once, "done: asking", "done: reviewing");
	char *after = with(twice, "error: asking", "error: reviewing");

	(void)state;
	assert_diff(
	    ORDER REST, after, "renamed reviewing||: asking > reviewing\n");
	free(once);
	free(twice);
	free(after);
}

static void
test_schemas_are_told_leaf_by_leaf(void **state)
{
	(void)state;
	assert_edit("{amount: {type: number}}",
	    "{amount: {type: number, minimum: 1}, note: {type: string}}",
	    "added |input|properties.amount.minimum:  > 1\n"
	    "added |input|properties.note.type:  > \"string\"\n");
	assert_edit("{amount: {type: number}}",
	    "{amount: {type: number}, note: {}}",
	    "added |input|properties.note:  > {}\n");
	assert_edit("role: clerk}", "role: clerk, form: {type: object}}",
	    "added asking|user-task|form.type:  > \"object\"\n");
}

static void
test_members_of_one_path_are_told_apart(void **state)
{
	char *before = with(ORDER REST, "{amount: {type: number}}",
	    "{a.properties.b: {minimum: 1}, "
	    "a: {properties: {b: {minimum: 5}}}}");
	char *after = with(before, "minimum: 1", "minimum: 2");

	(void)state;
	assert_diff(before, before, "");
	assert_diff(before, after,
	    "changed |input|properties.a.properties.b.minimum: 1 > 2\n");
	free(after);
	free(before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_way_of_writing_makes_no_difference),
	    cmocka_unit_test(test_guards_and_targets_are_told_with_their_event),
	    cmocka_unit_test(
		test_steps_of_one_event_are_told_apart_by_their_transition),
	    cmocka_unit_test(
		test_steps_of_one_deadline_are_told_apart_by_their_transition),
	    cmocka_unit_test(test_deadlines_and_escalations_are_told),
	    cmocka_unit_test(test_calls_are_told_by_what_changed_in_them),
	    cmocka_unit_test(test_second_question_is_told),
	    cmocka_unit_test(test_calendar_of_a_schedule_is_told),
	    cmocka_unit_test(test_step_before_another_leaves_that_one_alone),
	    cmocka_unit_test(
		test_tables_are_told_by_their_rules),
	    cmocka_unit_test(test_whatever_decides_in_a_table_is_told),
	    cmocka_unit_test(test_new_and_old_states_are_told_once),
	    cmocka_unit_test(
		test_renamed_state_is_recognised_and_not_told_by_its_neighbours),
	    cmocka_unit_test(test_schemas_are_told_leaf_by_leaf),
	    cmocka_unit_test(test_members_of_one_path_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
