/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chart_migrate.c: an instance moves from version 1 to version 2.
 *
 * Each test has both texts, lets an instance come to rest on the first, moves
 * it and looks at what became of its parts.
 */
#include "src/chart/chart_priv.h"

#include "stated/json.h"
#include "stated/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795165200000)
#define HOUR_MS INT64_C(3600000)

#define REST                                                 \
	"---\n"                                              \
	"contact: desk\n"                                    \
	"notify: [{log: warning}]\n"                         \
	"---\n"                                              \
	"contact: boss\n"                                    \
	"notify: [{log: warning}]\n"                         \
	"---\n"                                              \
	"connection: bank\n"                                 \
	"kind: http\n"                                       \
	"url: http://bank.invalid\n"                         \
	"operations:\n"                                      \
	"  pay: {request: {post: /pay}, idempotent: true}\n" \
	"  unpay: {request: {post: /unpay}, idempotent: true}\n" \
	"  find: {request: {get: '= \"/find/\" + id'}}\n"          \
	"  look-up: {request: {get: '= \"/look-up/\" + id'}}\n"

/* A head of either version; what differs is its states. */
#define HEAD(version)                             \
	"workflow: order\nversion: " version "\n" \
	"business-key: = input.key\n"             \
	"events: {go: {}, stop: {}}\n"            \
	"owner: desk\n"

struct tale {
	struct arena *arena;
	struct library *library;
	struct rng_seeded rng;
	struct chart_context context;
	struct chart *chart;
	struct chart_effects effects; /* of the last step */
	const struct value *history[64];
	size_t history_count;
	struct chart_rename renames[4];
	size_t rename_count;
};

static struct library *
load(const char *one, const char *two)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	struct buf out = {0};

	library_add_text(library, STR("one.yaml"), str_of(one), diags);
	library_add_text(library, STR("two.yaml"), str_of(two), diags);
	library_add_text(library, STR("rest.yaml"), STR(REST), diags);
	if (!library_link(library, diags)) {
		diag_format(diags, &out, false);
		print_message("%s\n", buf_cstr(&out));
		fail();
	}
	diag_list_free(&diags);
	return library;
}

static void
step(struct tale *tale, struct chart_event event)
{
	tale->effects = (struct chart_effects){0};
	chart_step(tale->chart, &event, &tale->context, &tale->effects);
	for (size_t i = 0; i < tale->effects.record_count; i++) {
		must(tale->history_count < 64);
		tale->history[tale->history_count++] =
		    tale->effects.records[i];
	}
}

static void
begin(struct tale *tale, const char *one, const char *two)
{
	struct value_builder *input;
	struct chart_start start;

	*tale = (struct tale){.arena = arena_new(), .library = load(one, two)};
	rng_seeded_init(&tale->rng, 1);
	tale->context = (struct chart_context){
	    .now_ms = NOW_MS,
	    .arena = tale->arena,
	    .rng = &tale->rng.rng,
	    .settings = value_built(value_build_context(tale->arena)),
	    .environment = STR("test"),
	};
	input = value_build_context(tale->arena);
	value_put_str(input, "key", STR("A"));
	start = (struct chart_start){
	    .definition = library_find_workflow(tale->library, STR("order"), 1),
	    .identity = {.number = 7},
	    .input = value_built(input),
	    .business_key = STR("A"),
	};
	tale->chart = chart_new(&start);
	step(tale, (struct chart_event){.kind = EV_STARTED});
}

static void
end(struct tale *tale)
{
	chart_free(&tale->chart);
	library_free(&tale->library);
	arena_free(&tale->arena);
}

static void
pass(struct tale *tale, int64_t ms)
{
	tale->context.now_ms += ms;
	step(tale, (struct chart_event){.kind = EV_TIME_PASSED});
}

static void
send(struct tale *tale, const char *type)
{
	step(tale, (struct chart_event){
		       .kind = EV_EVENT_RECEIVED,
		       .type = str_of(type),
		       .subject = STR("A"),
		       .id = str_of(type),
		       .source = STR("/test"),
		       .data = &value_null,
		       .received_ms = tale->context.now_ms,
		   });
}

/* The calls that the last step asked for are done. */
static void
reply(struct tale *tale)
{
	struct chart_effects effects = tale->effects;
	const struct outcome done = {
	    .kind = OUTCOME_DONE, .response = &value_null};

	for (size_t i = 0; i < effects.count; i++) {
		if (effects.items[i].kind != DO_CALL)
			continue;
		chart_call_sent(tale->chart, effects.items[i].serial, NULL,
		    &tale->context, &effects);
		step(tale, (struct chart_event){
			       .kind = EV_REPLY_ARRIVED,
			       .serial = effects.items[i].serial,
			       .outcome = &done,
			   });
	}
}

static void
rename_state(struct tale *tale, const char *from, const char *to)
{
	tale->renames[tale->rename_count++] =
	    (struct chart_rename){str_of(from), str_of(to)};
}

static void
save(const struct tale *tale, struct buf *out)
{
	buf_clear(out);
	chart_save(tale->chart, out);
}

/* Moves it; first the same as a dry run, which must not change anything. */
static void
move_by(struct tale *tale, const char *person)
{
	const struct chart_migration migration = {
	    .to = library_find_workflow(tale->library, STR("order"), 2),
	    .renames = tale->renames,
	    .rename_count = tale->rename_count,
	};
	const struct chart_event event = {
	    .kind = EV_MIGRATED,
	    .actor = {.name = person ? str_of(person) : (struct str){NULL, 0}},
	    .migration = &migration};
	struct buf before = {0}, after = {0};
	struct str why;
	bool can;

	save(tale, &before);
	can = chart_can_migrate(tale->chart, &event, &tale->context, &why);
	save(tale, &after);
	assert_true(str_equal(buf_str(&before), buf_str(&after)));
	step(tale, event);
	assert_int_equal(can, tale->effects.refusal == REFUSED_NOT);
	if (!can) {
		assert_true(str_equal(why, tale->effects.refusal_detail));
		save(tale, &after);
		assert_true(str_equal(buf_str(&before), buf_str(&after)));
	}
	buf_fini(&before);
	buf_fini(&after);
}

static void
move(struct tale *tale)
{
	move_by(tale, NULL);
}

static void
assert_moved(struct tale *tale, const char *states)
{
	if (tale->effects.refusal != REFUSED_NOT) {
		print_message("%.*s\n", STR_ARG(tale->effects.refusal_detail));
		fail();
	}
	assert_int_equal(chart_definition(tale->chart)->version, 2);
	assert_string_equal(arena_cstr(tale->arena,
				chart_state_names(tale->chart, tale->arena)),
	    states);
}

static void
assert_stranded(struct tale *tale, const char *why)
{
	assert_int_equal(tale->effects.refusal, REFUSED_STRANDED);
	assert_string_equal(
	    arena_cstr(tale->arena, tale->effects.refusal_detail), why);
	assert_int_equal(chart_definition(tale->chart)->version, 1);
}

static void
assert_loads(const struct tale *tale)
{
	struct buf bytes = {0};
	struct chart *loaded;

	save(tale, &bytes);
	loaded = chart_load(chart_definition(tale->chart),
	    (struct chart_identity){.number = 7}, buf_str(&bytes));
	assert_non_null(loaded);
	chart_free(&loaded);
	buf_fini(&bytes);
}

static size_t
count_records(const struct tale *tale, const char *kind)
{
	size_t count = 0;

	for (size_t i = 0; i < tale->effects.record_count; i++)
		count += str_equal(
		    value_field_str(tale->effects.records[i], "kind"),
		    str_of(kind));
	return count;
}

/* ---- time ---- */

static void
test_deadline_of_both_versions_runs_on_and_a_new_one_begins(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {after: {1d: over, 2d: over}, on: {go: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open: {after: {30h: late, 2d: over}, on: {go: over}}\n"
		      "  late: {type: final}\n"
		      "  over: {type: final}\n");
	assert_int_equal(chart_due_ms(tale.chart), NOW_MS + 24 * HOUR_MS);
	pass(&tale, 10 * HOUR_MS);
	move(&tale);
	assert_moved(&tale, "open");
	assert_int_equal(chart_due_ms(tale.chart), NOW_MS + 40 * HOUR_MS);
	assert_int_equal(count_records(&tale, "deadline-set"), 1);
	assert_int_equal(count_records(&tale, "migrated"), 1);
	pass(&tale, 30 * HOUR_MS);
	assert_moved(&tale, "late");
	end(&tale);
}

static void
test_list_under_a_deadline_runs_on_as_one(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {after: {1d: over}, on: {go: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open:\n"
		      "    after: {1d: [{if: = input.key = \"B\", target: over},"
		      " late]}\n"
		      "    on: {go: over}\n"
		      "  late: {on: {go: over}}\n"
		      "  over: {type: final}\n");
	pass(&tale, 10 * HOUR_MS);
	move(&tale);
	assert_moved(&tale, "open");
	assert_int_equal(chart_due_ms(tale.chart), NOW_MS + 24 * HOUR_MS);
	assert_int_equal(count_records(&tale, "deadline-set"), 0);
	pass(&tale, 14 * HOUR_MS);
	assert_moved(&tale, "late");
	end(&tale);
}

static void
test_escalations_are_known_by_when_and_to_whom(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open:\n"
		      "    on: {go: over}\n"
		      "    escalate: [{after: 1h, to: desk}, {after: 2h, to: "
		      "desk}, {after: 9h, to: boss}]\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open:\n"
		      "    on: {go: over}\n"
		      "    escalate: [{after: 3h, to: boss}, {after: 1h, to: "
		      "desk}, {after: 9h, to: boss}]\n"
		      "  over: {type: final}\n");
	pass(&tale, 1 * HOUR_MS);
	pass(&tale, 1 * HOUR_MS);
	move(&tale);
	assert_moved(&tale, "open");
	/* The one after two hours has no place any more. */
	assert_int_equal(count_records(&tale, "escalation-closed"), 1);
	assert_int_equal(chart_due_ms(tale.chart), NOW_MS + 5 * HOUR_MS);
	pass(&tale, 3 * HOUR_MS);
	assert_int_equal(count_records(&tale, "escalated"), 1);
	assert_int_equal(chart_due_ms(tale.chart), NOW_MS + 9 * HOUR_MS);
	send(&tale, "go");
	assert_int_equal(count_records(&tale, "escalation-closed"), 2);
	end(&tale);
}

/* What lists show is renewed. */
static void
test_escalation_that_has_fired_is_shown_in_its_new_place(void **state)
{
	struct tale tale;
	const struct chart_effect *shown;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {on: {go: over}, escalate: [{after: 1h, to: "
		      "desk}]}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: late\nstates:\n"
		      "  late: {on: {go: over}, escalate: [{after: 5m, to: "
		      "boss}, {after: 1h, to: desk}]}\n"
		      "  over: {type: final}\n");
	pass(&tale, 1 * HOUR_MS);
	rename_state(&tale, "open", "late");
	move(&tale);
	assert_moved(&tale, "late");
	assert_int_equal(tale.effects.count, 1);
	shown = &tale.effects.items[0];
	assert_int_equal(shown->kind, DO_PUT_ITEM);
	assert_true(shown->item == CHART_ESCALATION && shown->open);
	assert_true(str_equal(shown->owner, STR("desk")));
	assert_string_equal(value_field_str(shown->body, "state").at, "late");
	assert_true(value_equal(value_get_cstr(shown->body, "level"),
	    value_of_int(tale.arena, 2)));
	end(&tale);
}

/* ---- states ---- */

static void
test_state_moves_into_a_group_whose_deadline_begins(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {on: {go: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: group\nstates:\n"
		      "  group:\n"
		      "    initial: first\n"
		      "    after: {1h: over}\n"
		      "    states:\n"
		      "      first: {on: {go: second}}\n"
		      "      second: {on: {stop: over}}\n"
		      "  over: {type: final}\n");
	rename_state(&tale, "open", "second");
	move(&tale);
	assert_moved(&tale, "second");
	assert_int_equal(chart_due_ms(tale.chart), NOW_MS + HOUR_MS);
	send(&tale, "stop");
	assert_moved(&tale, "over");
	end(&tale);
}

#define REGIONS(version, third)                                          \
	HEAD(version)                                                    \
	"initial: work\nstates:\n"                                       \
	"  work:\n"                                                      \
	"    type: parallel\n"                                           \
	"    on: {done: over}\n"                                         \
	"    states:\n"                                                  \
	"      left:\n"                                                  \
	"        initial: a\n"                                           \
	"        states: {a: {on: {go: a-end}}, a-end: {type: final}}\n" \
	"      right:\n"                                                 \
	"        initial: b\n"                                           \
	"        states: {b: {on: {stop: b-end}}, b-end: {type: "        \
	"final}}\n" third "  over: {type: final}\n"

static void
test_regions_move_together_and_go_on(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, REGIONS("1", ""), REGIONS("2", ""));
	send(&tale, "go");
	move(&tale);
	assert_moved(&tale, "a-end b");
	send(&tale, "stop");
	assert_moved(&tale, "over");
	end(&tale);
}

static void
test_region_that_nobody_is_in_strands(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, REGIONS("1", ""),
	    REGIONS("2", "      third:\n"
			 "        initial: c\n"
			 "        states: {c: {on: {go: c-end}}, c-end: {type: "
			 "final}}\n"));
	move(&tale);
	assert_stranded(&tale,
	    "its states can't be active together in version 2: map them");
	end(&tale);
}

static void
test_state_that_is_gone_or_another_type_strands(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {on: {go: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: begun\nstates:\n"
		      "  begun: {on: {go: over}}\n"
		      "  over: {type: final}\n");
	move(&tale);
	assert_stranded(&tale, "version 2 has no state `open`: map it");
	rename_state(&tale, "open", "over");
	move(&tale);
	assert_stranded(&tale,
	    "`open` can't become `over`, which is a state of another type");
	end(&tale);
}

static void
test_history_is_carried_over(void **state)
{
	static const char body[] =
	    "initial: group\nstates:\n"
	    "  group:\n"
	    "    initial: first\n"
	    "    on: {stop: pause}\n"
	    "    states:\n"
	    "      first: {on: {go: second}}\n"
	    "      second: {on: {go: first}}\n"
	    "      back: {type: history, target: first}\n"
	    "  pause: {on: {go: back}}\n";
	char one[600], two[600];
	struct tale tale;

	(void)state;
	snprintf(one, sizeof(one), "%s%s", HEAD("1"), body);
	snprintf(
	    two, sizeof(two), "%s%s  more: {type: final}\n", HEAD("2"), body);
	begin(&tale, one, two);
	send(&tale, "go");
	send(&tale, "stop");
	move(&tale);
	assert_moved(&tale, "pause");
	send(&tale, "go");
	assert_moved(&tale, "second");
	end(&tale);
}

#define REMEMBERED(version, work)                                       \
	HEAD(version)                                                   \
	"initial: work\nstates:\n"                                      \
	"  work:\n" work "  pause: {on: {go: back}}\n"                  \
	"  over: {type: final}\n"

/* Both leaves are within one region there, which has one active. */
static void
test_history_that_would_fill_a_region_twice_is_forgotten(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    REMEMBERED("1",
		"    type: parallel\n"
		"    on: {stop: pause, done: over}\n"
		"    states:\n"
		"      r1: {initial: x0, states: {x0: {on: {go: x1}}, x1: {}}}\n"
		"      r2: {initial: y0, states: {y0: {on: {go: y1}}, y1: {}}}\n"
		"      back: {type: history, history: deep}\n"),
	    REMEMBERED("2",
		"    type: parallel\n"
		"    on: {stop: pause, done: over}\n"
		"    states:\n"
		"      r1:\n"
		"        initial: x0\n"
		"        states: {x0: {on: {go: x1}}, x1: {}, y1: {}}\n"
		"      r2: {initial: z0, states: {z0: {}}}\n"
		"      back: {type: history, history: deep}\n"));
	send(&tale, "go");
	send(&tale, "stop");
	move(&tale);
	assert_moved(&tale, "pause");
	send(&tale, "go");
	assert_moved(&tale, "x0 z0");
	assert_loads(&tale);
	end(&tale);
}

/* It would lead to itself for ever. */
static void
test_history_of_what_is_a_history_is_forgotten(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    REMEMBERED("1",
		"    initial: first\n"
		"    on: {stop: pause}\n"
		"    states:\n"
		"      first: {on: {go: second}}\n"
		"      second: {on: {go: first}}\n"
		"      back: {type: history, target: first}\n"),
	    REMEMBERED("2",
		"    initial: first\n"
		"    on: {stop: pause}\n"
		"    states:\n"
		"      first: {on: {go: over}}\n"
		"      back: {type: history, target: first}\n"));
	send(&tale, "go");
	send(&tale, "stop");
	rename_state(&tale, "second", "back");
	move(&tale);
	assert_moved(&tale, "pause");
	send(&tale, "go");
	assert_moved(&tale, "first");
	assert_loads(&tale);
	end(&tale);
}

/* ---- steps, calls, undoing ---- */

#define PAID(version, paying, entry, more)                                 \
	HEAD(version)                                                      \
	"initial: " paying "\nstates:\n"                                   \
	"  " paying ":\n"                                                  \
	"    entry:\n" entry "    on: {done: resting}\n"                   \
	"  resting:\n"                                                     \
	"    on: {go: over, stop: {target: back, compensate: all}}\n" more \
	"  over: {type: final}\n"                                          \
	"  back: {type: final, outcome: failure}\n"
#define PAY "      - {call: bank.pay, compensate: {call: bank.unpay}}\n"

static void
test_instance_with_a_call_under_way_is_stranded(void **state)
{
	struct tale tale;
	struct chart_effects sent;

	(void)state;
	begin(
	    &tale, PAID("1", "paying", PAY, ""), PAID("2", "paying", PAY, ""));
	sent = tale.effects;
	move(&tale);
	assert_stranded(&tale, "steps are under way");
	tale.effects = sent;
	reply(&tale);
	move(&tale);
	assert_moved(&tale, "resting");
	end(&tale);
}

static struct str
key_of_call(struct tale *tale)
{
	assert_int_equal(tale->effects.count, 1);
	assert_int_equal(tale->effects.items[0].kind, DO_CALL);
	return arena_str(tale->arena, tale->effects.items[0].key);
}

/* The exit's step stands where the entry's stood. */
static void
test_another_step_in_the_same_place_has_another_key(void **state)
{
	struct tale tale;
	struct str before;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open:\n"
		      "    entry: [{call: bank.pay}]\n"
		      "    exit: [{call: bank.pay}]\n"
		      "    on: {go: over}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open:\n"
		      "    exit: [{call: bank.pay}]\n"
		      "    on: {go: over}\n"
		      "  over: {type: final}\n");
	before = key_of_call(&tale);
	reply(&tale);
	move(&tale);
	assert_moved(&tale, "open");
	send(&tale, "go");
	assert_false(str_equal(key_of_call(&tale), before));
	end(&tale);
}

static void
test_what_was_done_is_undone_by_the_new_version(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, PAID("1", "paying", PAY, ""),
	    PAID("2", "sending", "      - {set: {x: 1}}\n" PAY, ""));
	reply(&tale);
	rename_state(&tale, "paying", "sending");
	move(&tale);
	assert_moved(&tale, "resting");
	send(&tale, "stop");
	assert_int_equal(tale.effects.count, 1);
	assert_true(
	    str_equal(tale.effects.items[0].call->target, STR("bank.unpay")));
	reply(&tale);
	assert_moved(&tale, "back");
	end(&tale);
}

static void
test_undo_that_is_gone_or_not_the_only_one_strands(void **state)
{
	static const char why[] =
	    "what step `paying.entry.1` did (bank.pay) can't be undone by a "
	    "step of version 2";
	struct tale tale;

	(void)state;
	begin(&tale, PAID("1", "paying", PAY, ""),
	    PAID("2", "paying",
		"      - {call: bank.pay, irreversible: never}\n", ""));
	reply(&tale);
	move(&tale);
	assert_stranded(&tale, why);
	end(&tale);
	begin(&tale, PAID("1", "paying", PAY, ""),
	    PAID("2", "sending", "      - {set: {x: 1}}\n" PAY PAY, ""));
	reply(&tale);
	move(&tale);
	assert_stranded(&tale, why);
	end(&tale);
}

#define PAY_ASKING(verify)                                          \
	"      - call: bank.pay\n"                                   \
	"        compensate:\n"                                      \
	"          call: bank.unpay\n"                               \
	"          verify: " verify "\n"

/* The question was put together when the step was done, for the old `call` and
 * the old `happened`: the answer to another one would lead astray. */
static void
test_undo_that_is_asked_about_otherwise_strands(void **state)
{
	static const char one[] = PAID("1", "paying",
	    PAY_ASKING("{call: bank.find, with: {id: = input.key},"
		       " happened: = response.found}"), "");
	static const char *const others[] = {
	    PAID("2", "paying",
		PAY_ASKING("{call: bank.look-up, with: {id: = input.key},"
			   " happened: = response.found}"), ""),
	    PAID("2", "paying",
		PAY_ASKING("{call: bank.find, with: {id: = input.key},"
			   " happened: '= response.key = input.key'}"), ""),
	    PAID("2", "paying",
		PAY_ASKING("{call: bank.find, with: {id: = input.key},"
			   " happened: true}"), ""),
	    PAID("2", "paying", PAY, ""),
	};
	struct tale tale;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		begin(&tale, one, others[i]);
		reply(&tale);
		move(&tale);
		assert_stranded(&tale,
		    "what step `paying.entry.1` did (bank.pay) can't be undone "
		    "by a step of version 2, which asks otherwise whether it "
		    "was: keep `call` and `happened` of its `verify`");
		end(&tale);
	}
	/* What else it says of the same question may change. */
	begin(&tale, one,
	    PAID("2", "paying",
		PAY_ASKING("{call: bank.find, after: 1h, with: {id: \"B\"},"
			   " happened: =  response.found}"), ""));
	reply(&tale);
	move(&tale);
	assert_moved(&tale, "resting");
	end(&tale);
}

static void
test_undoing_back_to_where_nobody_has_noted_strands(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, PAID("1", "paying", PAY, ""),
	    PAID("2", "paying", PAY,
		"    after: {1d: {target: over, compensate: to resting}}\n"));
	reply(&tale);
	move(&tale);
	assert_stranded(&tale,
	    "version 2 undoes back to `resting`, and nobody has noted what "
	    "was done since");
	end(&tale);
}

#define UNDONE_BACK(version)                                           \
	HEAD(version)                                                  \
	"initial: resting\n"                                           \
	"states:\n"                                                    \
	"  resting: {on: {go: paying}, after: {1d: over}}\n"           \
	"  paying:\n"                                                  \
	"    entry:\n" PAY                                             \
	"    on:\n"                                                    \
	"      stop: {target: over, compensate: to resting}\n"         \
	"  over: {type: final}\n"

static void
test_undoing_back_knows_where_the_instance_was_before_the_move(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, UNDONE_BACK("1"), UNDONE_BACK("2"));
	move(&tale);
	assert_moved(&tale, "resting");
	send(&tale, "go");
	reply(&tale);
	send(&tale, "stop");
	assert_int_equal(count_records(&tale, "compensating"), 1);
	end(&tale);
}

#define BACK_TO_NEW(version)                                           \
	HEAD(version)                                                  \
	"initial: resting\n"                                           \
	"states:\n"                                                    \
	"  resting: {on: {go: paying}, after: {1d: over}}\n"           \
	"  fresh: {on: {go: over}, after: {1d: over}}\n"               \
	"  paying:\n"                                                  \
	"    entry:\n" PAY                                             \
	"    on: {stop: {target: fresh, compensate: to fresh}}\n"      \
	"  over: {type: final}\n"

static void
test_nothing_is_undone_back_to_a_state_that_is_new(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, UNDONE_BACK("1"), BACK_TO_NEW("2"));
	move(&tale);
	assert_moved(&tale, "resting");
	send(&tale, "go");
	reply(&tale);
	send(&tale, "stop");
	assert_moved(&tale, "fresh");
	assert_int_equal(count_records(&tale, "compensating"), 0);
	end(&tale);
}

/* As an older program has left it, which noted no state that was not entered. */
static void
forget(struct tale *tale)
{
	struct buf bytes = {0};
	struct str not_entered =
	    STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	struct chart *open;
	size_t at;

	save(tale, &bytes);
	at = str_find(buf_str(&bytes), not_entered);
	assert_int_not_equal(at, SIZE_MAX);
	bytes.at[at] = '\xfe';
	open = chart_load(chart_definition(tale->chart),
	    (struct chart_identity){.number = 7}, buf_str(&bytes));
	buf_fini(&bytes);
	assert_non_null(open);
	assert_true(chart_lacks_past(open));
	chart_free(&tale->chart);
	tale->chart = open;
}

static const struct definition *
definition_cb(struct digest digest, void *arg)
{
	const struct tale *tale = arg;

	return library_find_digest(tale->library, digest);
}

static bool
tell_past(struct tale *tale)
{
	return chart_tell_past(tale->chart, tale->history,
	    tale->history_count, definition_cb, tale);
}

static void
test_what_was_left_open_is_read_from_before_the_move(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, UNDONE_BACK("1"), BACK_TO_NEW("2"));
	move(&tale);
	assert_moved(&tale, "resting");
	send(&tale, "go");
	reply(&tale);
	forget(&tale);
	assert_true(tell_past(&tale));
	send(&tale, "stop");
	assert_moved(&tale, "fresh");
	assert_int_equal(count_records(&tale, "compensating"), 0);
	end(&tale);

	/* The state that it is called after now was entered. */
	begin(&tale, UNDONE_BACK("1"), BACK_TO_NEW("2"));
	move(&tale);
	send(&tale, "go");
	reply(&tale);
	forget(&tale);
	for (size_t i = 0; i < tale.history_count; i++)
		if (str_equal(value_field_str(tale.history[i], "kind"),
			STR("migrated")))
			tale.history[i] = value_with(tale.arena,
			    tale.history[i], STR("to"),
			    value_of_str(tale.arena, STR("fresh")));
	assert_true(tell_past(&tale));
	send(&tale, "stop");
	assert_int_equal(count_records(&tale, "compensating"), 1);
	end(&tale);
}

static void
test_a_history_of_another_version_tells_nothing(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, UNDONE_BACK("1"), BACK_TO_NEW("2"));
	move(&tale);
	forget(&tale);
	tale.history_count = 1; /* without the move */
	assert_false(tell_past(&tale));
	tale.history_count = 0;
	assert_false(tell_past(&tale));
	end(&tale);
}

/* ---- what else it holds ---- */

static void
test_input_and_invariants_have_to_hold(void **state)
{
	static const char states[] = "initial: open\nstates:\n"
				     "  open: {on: {go: over}}\n"
				     "  over: {type: final}\n";
	char one[600], two[600];
	struct tale tale;

	(void)state;
	snprintf(one, sizeof(one), "%s%s", HEAD("1"), states);
	snprintf(two, sizeof(two),
	    "%sinput: {type: object, required: [amount]}\n%s", HEAD("2"),
	    states);
	begin(&tale, one, two);
	move(&tale);
	assert_int_equal(tale.effects.refusal, REFUSED_STRANDED);
	assert_true(str_has_prefix(tale.effects.refusal_detail,
	    STR("its input doesn't fit version 2:")));
	end(&tale);
	snprintf(two, sizeof(two),
	    "%sdata: {sum: 5}\ninvariants: [{name: much, that: = sum > 9}]\n%s",
	    HEAD("2"), states);
	begin(&tale, one, two);
	move(&tale);
	assert_stranded(&tale, "an invariant would not hold: `much`");
	end(&tale);
}

static void
test_new_variables_begin_and_old_ones_stay(void **state)
{
	struct tale tale;
	struct buf data = {0};

	(void)state;
	begin(&tale,
	    HEAD("1") "data: {a: 1}\ninitial: open\nstates:\n"
		      "  open: {on: {go: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "data: {a: 7, b: = input.key}\ninitial: open\nstates:\n"
		      "  open: {on: {go: over}}\n"
		      "  over: {type: final}\n");
	move(&tale);
	assert_moved(&tale, "open");
	json_write(chart_data(tale.chart), JSON_PLAIN, &data);
	assert_string_equal(buf_cstr(&data), "{\"a\":1,\"b\":\"A\"}");
	buf_fini(&data);
	end(&tale);
}

static void
test_kept_event_is_taken_by_the_new_version_or_strands(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {on: {go: over}}\n"
		      "  late: {on: {stop: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open: {on: {go: over, stop: halt}}\n"
		      "  halt: {on: {go: over}}\n"
		      "  over: {type: final}\n");
	send(&tale, "stop");
	move(&tale);
	assert_moved(&tale, "halt");
	end(&tale);
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {on: {go: over}}\n"
		      "  late: {on: {stop: over}}\n"
		      "  over: {type: final}\n",
	    "workflow: order\nversion: 2\nbusiness-key: = input.key\n"
	    "events: {go: {}}\ninitial: open\nstates:\n"
	    "  open: {on: {go: over}}\n"
	    "  over: {type: final}\n");
	send(&tale, "stop");
	move(&tale);
	assert_stranded(
	    &tale, "the event `stop` is kept, which version 2 doesn't declare");
	end(&tale);
}

static void
test_task_asks_as_the_new_version_says(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look, approvals: 2}, on: "
		      "{approved: over, rejected: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look twice, role: clerk, "
		      "approvals: 3}, on: {approved: over, rejected: over}}\n"
		      "  over: {type: final}\n");
	step(&tale, (struct chart_event){.kind = EV_TASK_DECIDED,
			.serial = 1,
			.actor = {.name = STR("ann")},
			.choice = STR("approved")});
	assert_int_equal(tale.effects.refusal, REFUSED_NOT);
	move(&tale);
	assert_moved(&tale, "open");
	assert_int_equal(tale.effects.count, 1);
	assert_true(str_equal(tale.effects.items[0].owner, STR("clerk")));
	assert_string_equal(
	    value_field_str(tale.effects.items[0].body, "title").at,
	    "Look twice");
	step(&tale, (struct chart_event){.kind = EV_TASK_DECIDED,
			.serial = 1,
			.actor = {.name = STR("bob")},
			.choice = STR("approved")});
	assert_moved(&tale, "open");
	step(&tale, (struct chart_event){.kind = EV_TASK_DECIDED,
			.serial = 1,
			.actor = {.name = STR("cid")},
			.choice = STR("approved")});
	assert_moved(&tale, "over");
	end(&tale);
}

static void
decide(struct tale *tale, uint64_t serial, const char *person,
    const char *choice)
{
	step(tale, (struct chart_event){.kind = EV_TASK_DECIDED,
		       .serial = serial,
		       .actor = {.name = str_of(person)},
		       .choice = str_of(choice)});
}

/* Two who disagree have decided nothing. */
static void
test_task_that_two_disagree_about_moves(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look, approvals: 2, choices:"
		      " [free, keep]}, on: {free: over, keep: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look, approvals: 2, choices:"
		      " [free, keep]}, on: {free: over, keep: late}}\n"
		      "  late: {type: final}\n"
		      "  over: {type: final}\n");
	decide(&tale, 1, "ann", "free");
	decide(&tale, 1, "bob", "keep");
	move(&tale);
	assert_moved(&tale, "open");
	decide(&tale, 1, "cid", "keep");
	assert_moved(&tale, "late");
	end(&tale);
}

/* Counted from when it was opened. */
static void
test_open_task_is_due_as_the_new_version_says(void **state)
{
	struct tale tale;
	struct value_builder *built;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look}, on: {approved: over,"
		      " rejected: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look, due: 2d}, on:"
		      " {approved: over, rejected: over}}\n"
		      "  over: {type: final}\n");
	pass(&tale, 5 * HOUR_MS);
	move(&tale);
	assert_moved(&tale, "open");
	built = value_build_context(tale.arena);
	value_put_instant(built, "due", NOW_MS + 48 * HOUR_MS);
	assert_true(value_equal(
	    value_get_cstr(tale.effects.items[0].body, "due"),
	    value_get_cstr(value_built(built), "due")));
	end(&tale);
}

#define CHAIN(version, sets, one, two, three)                        \
	HEAD(version) sets "initial: " one "\nstates:\n"             \
	"  " one ": {user-task: {title: A}, on: {approved: " two     \
	", rejected: over}}\n"                                       \
	"  " two ": {user-task: {title: B}, on: {approved: " three   \
	", rejected: over}}\n"                                       \
	"  " three ": {user-task: {title: C}, on: {approved: over, " \
	"rejected: over}}\n"                                         \
	"  over: {type: final}\n"

/* A new name may be what another task was called before. */
static void
test_names_that_are_shifted_give_nobody_a_part_they_never_held(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, CHAIN("1", "", "first", "second", "third"),
	    CHAIN("2", "separate: [[third, last], [second, last]]\n", "second",
		"third", "last"));
	decide(&tale, 1, "ann", "approved");
	decide(&tale, 2, "bob", "approved");
	rename_state(&tale, "first", "second");
	rename_state(&tale, "second", "third");
	rename_state(&tale, "third", "last");
	move(&tale);
	assert_moved(&tale, "last");
	assert_string_equal(tale.chart->parts->actor.at, "ann");
	assert_string_equal(tale.chart->parts->names->name.at, "second");
	assert_string_equal(tale.chart->parts->names->next->name.at, "first");
	assert_null(tale.chart->parts->names->next->next);
	assert_string_equal(
	    tale.chart->parts->next->names->name.at, "third");
	assert_null(tale.chart->parts->next->names->next);
	decide(&tale, 3, "bob", "approved");
	assert_int_equal(tale.effects.refusal, REFUSED_EXCLUDED);
	decide(&tale, 3, "cid", "approved");
	assert_moved(&tale, "over");
	end(&tale);
}

static void
test_task_without_the_role_that_is_asked_for_strands(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look}, on: "
		      "{approved: over, rejected: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look, role: = input.role}, "
		      "on: {approved: over, rejected: over}}\n"
		      "  over: {type: final}\n");
	move(&tale);
	assert_stranded(&tale, "the `role` of state `open` gives no role");
	end(&tale);
}

#define SEPARATE(version, set, name)         \
	HEAD(version)                        \
	"separate: [" set "]\n"              \
	"initial: " name "\nstates:\n"       \
	"  " name ": {on: {go: over}}\n"     \
	"  over: {type: final}\n"

static void
test_who_may_not_correct_may_not_move(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, SEPARATE("1", "[initiate, correct]", "open"),
	    SEPARATE("2", "[initiate, correct]", "open"));
	move(&tale);
	assert_int_equal(tale.effects.refusal, REFUSED_EXCLUDED);
	move_by(&tale, "ann");
	assert_moved(&tale, "open");
	end(&tale);
}

static void
test_move_past_a_second_person_strands(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, SEPARATE("1", "[correct, confirm]", "open"),
	    SEPARATE("2", "[correct, confirm]", "late"));
	rename_state(&tale, "open", "late");
	move_by(&tale, "ann");
	assert_stranded(&tale,
	    "a correction wants a second person here, and to map `open`, where "
	    "it stands, would be one: publish a version in which that keeps "
	    "its name");
	end(&tale);
}

static void
test_open_task_without_a_place_strands(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale,
	    HEAD("1") "initial: open\nstates:\n"
		      "  open: {user-task: {title: Look}, on: {approved: over, "
		      "rejected: over}}\n"
		      "  over: {type: final}\n",
	    HEAD("2") "initial: open\nstates:\n"
		      "  open: {on: {go: over}}\n"
		      "  over: {type: final}\n");
	move(&tale);
	assert_stranded(
	    &tale, "a task is open in `open`, which has none in version 2");
	end(&tale);
}

static void
test_moved_instance_survives_being_saved_and_loaded(void **state)
{
	struct tale tale;

	(void)state;
	begin(&tale, REGIONS("1", ""), REGIONS("2", ""));
	move(&tale);
	assert_loads(&tale);
	end(&tale);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_deadline_of_both_versions_runs_on_and_a_new_one_begins),
	    cmocka_unit_test(test_list_under_a_deadline_runs_on_as_one),
	    cmocka_unit_test(test_escalations_are_known_by_when_and_to_whom),
	    cmocka_unit_test(
		test_escalation_that_has_fired_is_shown_in_its_new_place),
	    cmocka_unit_test(
		test_state_moves_into_a_group_whose_deadline_begins),
	    cmocka_unit_test(test_regions_move_together_and_go_on),
	    cmocka_unit_test(test_region_that_nobody_is_in_strands),
	    cmocka_unit_test(test_state_that_is_gone_or_another_type_strands),
	    cmocka_unit_test(test_history_is_carried_over),
	    cmocka_unit_test(
		test_history_that_would_fill_a_region_twice_is_forgotten),
	    cmocka_unit_test(test_history_of_what_is_a_history_is_forgotten),
	    cmocka_unit_test(test_instance_with_a_call_under_way_is_stranded),
	    cmocka_unit_test(
		test_another_step_in_the_same_place_has_another_key),
	    cmocka_unit_test(test_what_was_done_is_undone_by_the_new_version),
	    cmocka_unit_test(
		test_undo_that_is_gone_or_not_the_only_one_strands),
	    cmocka_unit_test(test_undo_that_is_asked_about_otherwise_strands),
	    cmocka_unit_test(
		test_undoing_back_to_where_nobody_has_noted_strands),
	    cmocka_unit_test(
		test_undoing_back_knows_where_the_instance_was_before_the_move),
	    cmocka_unit_test(
		test_nothing_is_undone_back_to_a_state_that_is_new),
	    cmocka_unit_test(
		test_what_was_left_open_is_read_from_before_the_move),
	    cmocka_unit_test(test_a_history_of_another_version_tells_nothing),
	    cmocka_unit_test(test_input_and_invariants_have_to_hold),
	    cmocka_unit_test(test_new_variables_begin_and_old_ones_stay),
	    cmocka_unit_test(
		test_kept_event_is_taken_by_the_new_version_or_strands),
	    cmocka_unit_test(test_task_asks_as_the_new_version_says),
	    cmocka_unit_test(test_task_that_two_disagree_about_moves),
	    cmocka_unit_test(test_open_task_is_due_as_the_new_version_says),
	    cmocka_unit_test(
		test_names_that_are_shifted_give_nobody_a_part_they_never_held),
	    cmocka_unit_test(
		test_task_without_the_role_that_is_asked_for_strands),
	    cmocka_unit_test(test_who_may_not_correct_may_not_move),
	    cmocka_unit_test(test_move_past_a_second_person_strands),
	    cmocka_unit_test(test_open_task_without_a_place_strands),
	    cmocka_unit_test(
		test_moved_instance_survives_being_saved_and_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
