/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_engine_child.c: instances that run others: one commit holds both sides,
 * whatever happens to it.
 */
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A parent for each key of input.key; the child is asked for by input.child,
 * and what it gives or how it fails is in the parent's data. */
#define PARENT                                                                 \
	"workflow: parent\n"                                                   \
	"version: 1\n"                                                         \
	"business-key: = input.key\n"                                          \
	"data: {got: null, failed: null}\n"                                    \
	"events: {stop: {}}\n"                                                 \
	"initial: running\n"                                                   \
	"states:\n"                                                            \
	"  running:\n"                                                         \
	"    entry:\n"                                                         \
	"      - {run: child, with: = input.child, output: {got: = "           \
	"response.output}}\n"                                                  \
	"    on:\n"                                                            \
	"      done: ended\n"                                                  \
	"      error: {target: failed, do: [{set: {failed: = error.code}}]}\n" \
	"  ended: {type: final, outcome: success, output: {got: = got}}\n"     \
	"  failed: {type: final, outcome: failure, output: {failed: = "        \
	"failed}}\n"

static const char waiting_child[] = PARENT
    "---\n"
    "workflow: child\n"
    "version: 1\n"
    "input: {type: object, required: [key], properties: {key: {type: string}, "
    "n: {type: number}}, unevaluatedProperties: false}\n"
    "business-key: = input.key\n"
    "events: {good: {}, bad: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    on: {good: right, bad: wrong}\n"
    "    after: {100d: wrong}\n"
    "  right: {type: final, outcome: success, output: {n: = input.n}}\n"
    "  wrong: {type: final, outcome: failure}\n";

static const char quick_child[] =
    PARENT "---\n"
	   "workflow: child\n"
	   "version: 1\n"
	   "initial: right\n"
	   "states:\n"
	   "  right: {type: final, outcome: success, output: {n: = input.n}}\n";

static bool
no_answer(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	(void)house;
	(void)request;
	(void)response;
	return false;
}

static size_t
count_instances(struct house *house)
{
	return (size_t)store_last_number(house->store);
}

static void
assert_state(struct house *house, uint64_t number, const char *state)
{
	house_look(house, number);
	assert_string_equal(house->state, state);
}

struct search {
	const char *text;
	bool found;
};

static bool
search_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct search *search = arg;

	(void)instance;
	if (str_find(record->canonical, str_of(search->text)) != SIZE_MAX)
		search->found = true;
	return true;
}

/* The history of one names the other, and the other way round. */
static void
assert_know_each_other(struct house *house, uint64_t parent, uint64_t child)
{
	uint64_t numbers[] = {parent, child};
	const char *names[] = {"child", "parent"};

	for (int i = 0; i < 2; i++) {
		char id[CHART_ID_BYTES], text[80];
		struct search search = {.text = text};

		snprintf(text, sizeof(text), "\"%s\":\"%.*s\"", names[i],
		    STR_ARG(
			engine_id_format(house->engine, numbers[1 - i], id)));
		assert_int_equal(store_each_record(house->store, numbers[i], 1,
				     search_cb, &search),
		    STORE_OK);
		assert_true(search.found);
	}
}

static void
assert_sound(struct house *house)
{
	for (uint64_t i = 1; i <= store_last_number(house->store); i++)
		assert_true(house_chain_is_sound(house, i));
}

static void
test_a_child_that_ends_at_once_ends_its_parent_in_the_same_commit(void **state)
{
	struct house *house = house_new(quick_child, no_answer);
	uint64_t commits = engine_health(house->engine).commits;

	(void)state;
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"n\": 1.10}}");
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_int_equal(engine_health(house->engine).commits, commits + 1);
	assert_state(house, 1, "ended");
	assert_state(house, 2, "right");
	assert_int_equal(house_count(house, 1, "ended"), 1);
	assert_sound(house);
	house_free(&house);
}

static void
test_a_parent_waits_for_its_child_over_crashes(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_start(house, "parent",
	    "{\"key\": \"P\", \"child\": {\"key\": \"C\", \"n\": 1.10}}");
	house_crash(house);
	house_run(house);
	assert_int_equal(count_instances(house), 2);
	assert_state(house, 1, "running");
	assert_state(house, 2, "waiting");
	assert_know_each_other(house, 1, 2);
	house_event(house, "good", "C", "e1");
	house_crash(house);
	house_run(house);
	assert_state(house, 2, "right");
	assert_state(house, 1, "ended");
	assert_int_equal(count_instances(house), 2);
	assert_int_equal(house_count(house, 1, "ended"), 1);
	assert_sound(house);
	house_free(&house);
}

static const char calling_child[] = PARENT
    "---\n"
    "workflow: child\n"
    "version: 1\n"
    "initial: calling\n"
    "states:\n"
    "  calling:\n"
    "    entry: [{call: desk.say, with: {}}]\n"
    "    on: {done: right, error: right}\n"
    "  right: {type: final, outcome: success}\n"
    "---\n"
    "connection: desk\n"
    "kind: http\n"
    "url: http://desk.invalid\n"
    "operations: {say: {request: {post: /say}, idempotent: true}}\n";

static void
test_who_waits_for_a_child_rests_when_that_does(void **state)
{
	struct house *house = house_new(calling_child, house_answer_nothing);
	const struct chart_event suspended = {.kind = EV_SUSPENDED};
	int replies;

	(void)state;
	house_start(house, "parent", "{\"key\": \"P\", \"child\": {}}");
	replies = house->replies;
	assert_int_not_equal(
	    engine_watch(house->engine, 1, house_reply_cb, house), 0);
	assert_int_equal(house->replies, replies);
	engine_act(house->engine, 2, &suspended, house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->replies, replies + 2);
	assert_string_equal(house->state, "running");
	assert_string_equal(house->state_status, "waiting");
	house_free(&house);
}

static void
test_a_childs_failure_is_its_parents_error(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"key\": \"C\"}}");
	house_event(house, "bad", "C", "e1");
	assert_state(house, 1, "failed");
	assert_sound(house);
	house_free(&house);
}

static void
test_an_input_that_does_not_fit_starts_no_child(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"key\": 7}}");
	assert_int_equal(count_instances(house), 1);
	assert_state(house, 1, "failed");
	assert_sound(house);
	house_free(&house);
}

static void
test_parents_of_the_same_key_and_input_share_the_child(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_start(house, "parent",
	    "{\"key\": \"P\", \"child\": {\"key\": \"C\", \"n\": 1}}");
	house_start(house, "parent",
	    "{\"key\": \"Q\", \"child\": {\"key\": \"C\", \"n\": 1}}");
	assert_int_equal(count_instances(house), 3);
	assert_state(house, 3, "running");
	house_crash(house);
	house_event(house, "good", "C", "e1");
	assert_state(house, 1, "ended");
	assert_state(house, 3, "ended");
	/* It has ended: another one is told at once. */
	house_start(house, "parent",
	    "{\"key\": \"R\", \"child\": {\"key\": \"C\", \"n\": 1}}");
	assert_state(house, 4, "ended");
	/* The key is taken by another input. */
	house_start(house, "parent",
	    "{\"key\": \"S\", \"child\": {\"key\": \"C\", \"n\": 2}}");
	assert_state(house, 5, "failed");
	assert_int_equal(count_instances(house), 5);
	assert_sound(house);
	house_free(&house);
}

static void
cancel(struct house *house, uint64_t number)
{
	struct chart_event event = {
	    .kind = EV_CANCELLED,
	    .actor = {.name = STR("oscar")},
	};

	house->instance = number;
	house_act(house, &event);
}

static void
test_a_parent_that_is_cancelled_takes_its_child_along(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"key\": \"C\"}}");
	cancel(house, 1);
	house_look(house, 2);
	assert_string_equal(house->state_status, "cancelled");
	house_look(house, 1);
	assert_string_equal(house->state_status, "cancelled");
	assert_sound(house);
	house_free(&house);
}

static void
test_a_parent_that_is_cancelled_leaves_a_child_of_another_alone(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"key\": \"C\"}}");
	house_start(
	    house, "parent", "{\"key\": \"Q\", \"child\": {\"key\": \"C\"}}");
	assert_int_equal(count_instances(house), 3);
	house_crash(house);
	cancel(house, 3);
	house_look(house, 3);
	assert_string_equal(house->state_status, "cancelled");
	assert_state(house, 2, "waiting");
	assert_int_equal(house_count(house, 3, "child-left"), 1);
	house_event(house, "good", "C", "e1");
	assert_state(house, 1, "ended");
	assert_sound(house);
	house_free(&house);
}

static void
test_a_child_that_is_cancelled_fails_its_parents_step(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"key\": \"C\"}}");
	cancel(house, 2);
	assert_state(house, 1, "failed");
	assert_sound(house);
	house_free(&house);
}

/* ---- without end ---- */

static const char endless[] = "workflow: russian-doll\n"
			      "version: 1\n"
			      "initial: opening\n"
			      "states:\n"
			      "  opening:\n"
			      "    entry: [{run: russian-doll, with: {}}]\n"
			      "    on: {done: opened}\n"
			      "  opened: {type: final, outcome: success}\n";

static void
test_a_chain_without_end_is_an_incident_and_no_hang(void **state)
{
	struct house *house = house_new(endless, no_answer);
	struct store_instance row;

	(void)state;
	house_start(house, "russian-doll", "{}");
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_true(count_instances(house) > 10);
	assert_true(count_instances(house) < 1000);
	assert_int_equal(store_find_instance(house->store, house->arena,
			     store_last_number(house->store), &row),
	    STORE_OK);
	assert_int_equal(row.incidents, 1);
	assert_sound(house);
	house_free(&house);
}

static const char narcissus[] = "workflow: narcissus\n"
				"version: 1\n"
				"business-key: = input.key\n"
				"initial: looking\n"
				"states:\n"
				"  looking:\n"
				"    entry: [{run: narcissus, with: = input}]\n"
				"    on: {done: ended, error: failed}\n"
				"  ended: {type: final, outcome: success}\n"
				"  failed: {type: final, outcome: failure}\n";

static void
test_nobody_waits_for_himself(void **state)
{
	struct house *house = house_new(narcissus, no_answer);

	(void)state;
	house_start(house, "narcissus", "{\"key\": \"N\"}");
	assert_state(house, 1, "failed");
	assert_int_equal(count_instances(house), 1);
	house_free(&house);
}

/* The last of more children than are looked through goes home again. */
static const char brood[] =
    "workflow: mother\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    entry:\n"
    "      - for: {each: n, in: = for i in 1..1200 return i}\n"
    "        parallel: 2000\n"
    "        do:\n"
    "          - run: child\n"
    "            with: {n: = n, key: = input.key}\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: child\n"
    "version: 1\n"
    "initial: choosing\n"
    "states:\n"
    "  choosing:\n"
    "    always:\n"
    "      - {if: = input.n = 1200, target: going}\n"
    "      - sleeping\n"
    "  sleeping: {after: {1h: ended}}\n"
    "  going:\n"
    "    entry: [{run: mother, with: {key: = input.key}}]\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n";

static void
test_the_last_of_many_children_does_not_wait_for_its_parent(void **state)
{
	struct house *house = house_new(brood, no_answer);

	(void)state;
	house_start(house, "mother", "{\"key\": \"M\"}");
	assert_state(house, 1201, "failed");
	house_advance(house, 3600 * 1000);
	assert_state(house, 1, "failed");
	assert_int_equal(count_instances(house), 1201);
	house_free(&house);
}

static const char lovers[] =
    "workflow: romeo\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    entry: [{run: friar, with: = input}]\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: friar\n"
    "version: 1\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    entry: [{wait: 1h}, {run: romeo, with: = input}]\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n";

static void
test_two_that_would_wait_for_each_other_are_told(void **state)
{
	struct house *house = house_new(lovers, no_answer);

	(void)state;
	house_start(house, "romeo", "{\"key\": \"R\"}");
	assert_state(house, 1, "waiting");
	house_crash(house);
	house_advance(house, 3600 * 1000);
	assert_state(house, 2, "failed");
	assert_state(house, 1, "failed");
	assert_int_equal(count_instances(house), 2);
	house_free(&house);
}

static const char twins[] =
    "workflow: twin\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "events: {go: {correlate: '= \"all\"'}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {go: asking}}\n"
    "  asking:\n"
    "    entry:\n"
    "      - run: twin\n"
    "        with: {key: '= if input.key = \"A\" then \"B\" else \"A\"'}\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n";

/* Both are stepped before either is told who waits for it. */
static void
test_two_that_one_event_sends_to_each_other_are_told(void **state)
{
	struct house *house = house_new(twins, no_answer);

	(void)state;
	house_start(house, "twin", "{\"key\": \"A\"}");
	house_start(house, "twin", "{\"key\": \"B\"}");
	house_event(house, "go", "all", "e-1");
	assert_state(house, 2, "failed");
	assert_state(house, 1, "failed");
	assert_int_equal(count_instances(house), 2);
	house_free(&house);
}

/* Round and round, without a moment's pause. */
static const char circles[] =
    "workflow: refused\n"
    "version: 1\n"
    "initial: again\n"
    "states:\n"
    "  again:\n"
    "    entry: [{run: picky, with: {n: = input.n}}]\n"
    "    on: {done: ended, error: again}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: careless\n"
    "version: 1\n"
    "initial: again\n"
    "states:\n"
    "  again:\n"
    "    entry: [{run: quick, with: {}, wait: false}]\n"
    "    on: {done: again}\n"
    "---\n"
    "workflow: tireless\n"
    "version: 1\n"
    "initial: again\n"
    "states:\n"
    "  again:\n"
    "    entry: [{run: quick, with: {}}]\n"
    "    on: {done: again}\n"
    "---\n"
    "workflow: mute\n"
    "version: 1\n"
    "initial: again\n"
    "states:\n"
    "  again:\n"
    "    entry: [{call: desk.say, with: {word: = input.word}}]\n"
    "    on: {done: ended, error: again}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "connection: desk\n"
    "kind: http\n"
    "url: http://desk.invalid\n"
    "operations:\n"
    "  say:\n"
    "    input: {type: object, required: [word], properties: {word: {type: "
    "string}}}\n"
    "    request: {post: /say, body: = word}\n"
    "    idempotent: true\n"
    "---\n"
    "workflow: picky\n"
    "version: 1\n"
    "input: {type: object, properties: {n: {type: string}}}\n"
    "initial: ended\n"
    "states: {ended: {type: final, outcome: success}}\n"
    "---\n"
    "workflow: quick\n"
    "version: 1\n"
    "initial: ended\n"
    "states: {ended: {type: final, outcome: success}}\n";

static void
test_a_circle_within_a_turn_is_an_incident_and_no_hang(void **state)
{
	static const char *const names[] = {
	    "refused", "careless", "tireless", "mute"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct house *house = house_new(circles, no_answer);
		struct store_instance row;

		house_start(house, names[i], "{\"n\": 7}");
		assert_int_equal(house->status, ENGINE_CREATED);
		assert_int_equal(
		    store_find_instance(house->store, house->arena, 1, &row),
		    STORE_OK);
		assert_int_equal(row.incidents, 1);
		assert_true(count_instances(house) < 3000);
		house_free(&house);
	}
}

/* Far more than a turn begins; each child ends at once. */
static const char many[] =
    "workflow: many\n"
    "version: 1\n"
    "data: {total: null}\n"
    "initial: running\n"
    "states:\n"
    "  running:\n"
    "    entry:\n"
    "      - for: {each: n, in: = for i in 1..1000 return i}\n"
    "        parallel: 8\n"
    "        do: [{run: one, with: {n: = n}, output: {m: = "
    "response.output.n}}]\n"
    "        output: {total: = sum(results.m)}\n"
    "    on: {done: ended}\n"
    "  ended: {type: final, outcome: success, output: {total: = total}}\n"
    "---\n"
    "workflow: one\n"
    "version: 1\n"
    "initial: ended\n"
    "states:\n"
    "  ended: {type: final, outcome: success, output: {n: = input.n}}\n";

static void
test_a_thousand_children_are_begun_over_several_turns(void **state)
{
	struct house *house;

	(void)state;
	house = house_new(many, no_answer);
	house->limits.batch_max = 50;
	house_crash(house);
	house_start(house, "many", "{}");
	for (int i = 0; i < 200 && strcmp(house->state, "ended") != 0; i++) {
		house_advance(house, 1);
		house_look(house, 1);
	}
	assert_string_equal(house->state, "ended");
	assert_int_equal(count_instances(house), 1001);
	house_free(&house);
}

/* Far more than a turn begins, and than are kept in memory. */
static const char expectant[] =
    "workflow: maker\n"
    "version: 1\n"
    "initial: running\n"
    "states:\n"
    "  running:\n"
    "    entry:\n"
    "      - for: {each: n, in: = for i in 1..60 return i}\n"
    "        do: [{run: waiter, with: {n: = n}, wait: false}]\n"
    "    on: {done: ended}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: waiter\n"
    "version: 1\n"
    "business-key: = \"W\" + string(input.n)\n"
    "data: {word: null}\n"
    "events: {go: {}, come: {correlate: = word}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    entry: [{set: {word: = \"come \" + string(input.n)}}]\n"
    "    on: {go: gone, come: come}\n"
    "  come: {on: {go: gone}}\n"
    "  gone: {type: final, outcome: success}\n";

static void
test_one_that_begins_after_it_was_forgotten_has_its_events(void **state)
{
	struct house *house = house_new(expectant, no_answer);
	char subject[16], word[16];

	(void)state;
	house->limits.batch_max = 5;
	house->limits.cache_max = 3;
	house_crash(house);
	house_start(house, "maker", "{}");
	for (int i = 0; i < 60; i++)
		house_advance(house, 1);
	for (int i = 1; i <= 60; i++) {
		snprintf(subject, sizeof(subject), "W%d", i);
		snprintf(word, sizeof(word), "come %d", i);
		house_event(house, "come", word, word);
		assert_string_equal(house->fate, "matched");
		house_event(house, "go", subject, subject);
		assert_string_equal(house->fate, "matched");
		assert_state(house, (uint64_t)i + 1, "gone");
	}
	house_free(&house);
}

/* ---- commits that fail ---- */

static void
test_where_the_commit_fails_neither_parent_nor_child_is_there(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_lock(house);
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"key\": \"C\"}}");
	house_run_ms(house, 1200);
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	assert_int_equal(engine_health(house->engine).cached, 0);
	house_unlock(house);
	house_run_ms(house, 2500);
	house_run(house);
	assert_int_equal(count_instances(house), 0);
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"key\": \"C\"}}");
	assert_int_equal(count_instances(house), 2);
	house_event(house, "good", "C", "e1");
	assert_state(house, 1, "ended");
	assert_sound(house);
	house_free(&house);
}

/* The end of a child and what its parent makes of it. */
static void
test_where_the_commit_of_an_end_fails_the_parent_still_waits(void **state)
{
	struct house *house = house_new(waiting_child, no_answer);

	(void)state;
	house_start(
	    house, "parent", "{\"key\": \"P\", \"child\": {\"key\": \"C\"}}");
	house_lock(house);
	house_event(house, "good", "C", "e1");
	house_run_ms(house, 1200);
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	assert_state(house, 1, "running");
	assert_state(house, 2, "waiting");
	house_unlock(house);
	house_run_ms(house, 2500);
	house_run(house);
	house_event(house, "good", "C", "e1");
	assert_state(house, 1, "ended");
	assert_int_equal(house_count(house, 1, "ended"), 1);
	assert_sound(house);
	house_free(&house);
}

/* A region runs what can't be run, another calls somebody at the same time,
 * and the error leaves both. */
static const char leaving_parent[] =
    "workflow: parent\n"
    "version: 1\n"
    "initial: both\n"
    "states:\n"
    "  both:\n"
    "    type: parallel\n"
    "    on: {error: failed}\n"
    "    states:\n"
    "      running:\n"
    "        initial: r1\n"
    "        states: {r1: {entry: [{run: child, with: {n: 1}}]}}\n"
    "      calling:\n"
    "        initial: c1\n"
    "        states: {c1: {entry: [{call: desk.tell}]}}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: child\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "initial: right\n"
    "states: {right: {type: final, outcome: success}}\n"
    "---\n"
    "connection: desk\n"
    "kind: http\n"
    "url: http://desk.invalid\n"
    "operations: {tell: {request: {post: /tell}}}\n";

static void
test_a_call_that_a_refused_run_withdraws_is_not_made(void **state)
{
	struct house *house = house_new(leaving_parent, no_answer);

	(void)state;
	house_start(house, "parent", "{}");
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_state(house, 1, "failed");
	assert_int_equal(house->sent, 0);
	assert_sound(house);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_a_child_that_ends_at_once_ends_its_parent_in_the_same_commit),
	    cmocka_unit_test(test_a_parent_waits_for_its_child_over_crashes),
	    cmocka_unit_test(test_who_waits_for_a_child_rests_when_that_does),
	    cmocka_unit_test(test_a_childs_failure_is_its_parents_error),
	    cmocka_unit_test(test_an_input_that_does_not_fit_starts_no_child),
	    cmocka_unit_test(
		test_parents_of_the_same_key_and_input_share_the_child),
	    cmocka_unit_test(
		test_a_parent_that_is_cancelled_takes_its_child_along),
	    cmocka_unit_test(
	        test_a_parent_that_is_cancelled_leaves_a_child_of_another_alone),
	    cmocka_unit_test(
		test_a_child_that_is_cancelled_fails_its_parents_step),
	    cmocka_unit_test(
		test_a_chain_without_end_is_an_incident_and_no_hang),
	    cmocka_unit_test(
		test_a_circle_within_a_turn_is_an_incident_and_no_hang),
	    cmocka_unit_test(test_nobody_waits_for_himself),
	    cmocka_unit_test(
		test_the_last_of_many_children_does_not_wait_for_its_parent),
	    cmocka_unit_test(test_two_that_would_wait_for_each_other_are_told),
	    cmocka_unit_test(test_two_that_one_event_sends_to_each_other_are_told),
	    cmocka_unit_test(
		test_a_thousand_children_are_begun_over_several_turns),
	    cmocka_unit_test(
		test_one_that_begins_after_it_was_forgotten_has_its_events),
	    cmocka_unit_test(
		test_where_the_commit_fails_neither_parent_nor_child_is_there),
	    cmocka_unit_test(
		test_where_the_commit_of_an_end_fails_the_parent_still_waits),
	    cmocka_unit_test(
		test_a_call_that_a_refused_run_withdraws_is_not_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
