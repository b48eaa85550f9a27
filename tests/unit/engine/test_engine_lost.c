/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_lost.c: definitions that what runs can't do without. */
#include "../definition/written_library.h"
#include "engine_house.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#define CALLER(version, operation)                                  \
	"workflow: caller\nversion: " version "\ninitial: first\n"   \
	"input: {type: object}\nbusiness-key: = input.key\n"         \
	"events: {go: {correlate: = input.key}}\nstates:\n"          \
	"  first: {on: {go: second}}\n"                              \
	"  second: {entry: [{call: stub." operation "}],"            \
	" on: {done: end}}\n"                                        \
	"  end: {type: final}\n---\n"                                \
	"connection: stub\nkind: http\nurl: http://one.invalid\n"    \
	"operations:\n  " operation ": {request: {get: /ask}}\n"
/* What version 2 needs, and not what version 1 does. */
#define ONE CALLER("1", "ask")
#define TWO CALLER("2", "tell")
#define BOTH TWO "  ask: {request: {get: /ask}}\n"

static void
start(struct house *house, const char *key)
{
	char input[64];

	(void)snprintf(input, sizeof(input), "{\"key\": \"%s\"}", key);
	house_start(house, "caller", input);
	assert_int_equal(house->status, ENGINE_CREATED);
}

static void
assert_told(const struct house *house, const char *instances)
{
	assert_non_null(strstr(house->detail, instances));
	assert_non_null(strstr(house->detail, "`caller` version 1"));
	assert_non_null(strstr(
	    house->detail, "connection `stub` has no operation `ask`"));
	assert_non_null(strstr(
	    house->detail, "`stated migrate caller --from 1 --to VERSION`"));
}

static void
assert_reload_refused(struct house *house, const char *instances)
{
	assert_false(house_try_replace(house, TWO));
	assert_told(house, instances);
}

static void
assert_state(struct house *house, uint64_t instance, const char *state)
{
	house_look(house, instance);
	assert_int_equal(house->status, ENGINE_OK);
	assert_string_equal(house->state, state);
}

/* ---- reloads ---- */

static void
test_reload_that_would_strand_open_instances_is_refused(void **state)
{
	struct house *house = house_new(ONE, house_answer_ok);

	(void)state;
	start(house, "A");
	start(house, "B");
	assert_reload_refused(house, "2 open instances run on");
	/* All goes on as if nothing had been tried. */
	house_event(house, "go", "A", "e-1");
	assert_string_equal(house->fate, "matched");
	assert_state(house, 1, "end");
	start(house, "C");
	assert_reload_refused(house, "2 open instances run on");
	/* What they need is there again. */
	house_reload(house, BOTH);
	start(house, "D");
	house_event(house, "go", "B", "e-2");
	house_event(house, "go", "C", "e-3");
	assert_state(house, 3, "end");
	house_event(house, "go", "D", "e-4");
	assert_state(house, 4, "end");
	house_reload(house, TWO);
	house_free(&house);
}

static void
test_version_lost_before_is_not_told_of_again(void **state)
{
	struct house *house = house_new(ONE, house_answer_ok);

	(void)state;
	house_reload(house, TWO);
	start(house, "A");
	house_reload(house, TWO);
	assert_false(house_try_replace(house, CALLER("3", "shout")));
	assert_non_null(
	    strstr(house->detail, "1 open instance runs on workflow `caller` "
				  "version 2"));
	assert_null(strstr(house->detail, "version 1"));
	house_free(&house);
}

static void
unlock(struct house *house)
{
	house_unlock(house);
	house_run_ms(house, 1500);
}

static void
test_instance_counts_before_its_start_is_durable(void **state)
{
	struct house *house = house_new(ONE, house_answer_ok);
	struct json_error error;
	struct engine_start wish = {
	    .workflow = STR("caller"),
	    .input = json_read(house->arena, STR("{\"key\": \"A\"}"), &error),
	};

	(void)state;
	house_lock(house);
	engine_start(house->engine, &wish, house_reply_cb, house);
	house_run_ms(house, 50);
	assert_int_equal(house->replies, 0);
	assert_reload_refused(house, "1 open instance runs on");
	unlock(house);
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_state(house, 1, "first");
	house_free(&house);
}

static void
test_instance_counts_until_its_end_is_durable(void **state)
{
	struct house *house = house_new(ONE, house_answer_ok);
	struct chart_event cancelled = {.kind = EV_CANCELLED};

	(void)state;
	start(house, "A");
	house_lock(house);
	engine_act(house->engine, 1, &cancelled, house_reply_cb, house);
	house_run_ms(house, 50);
	assert_reload_refused(house, "1 open instance runs on");
	unlock(house);
	assert_string_equal(house->state_status, "cancelled");
	house_reload(house, TWO);
	house_free(&house);
}

/* ---- starts ---- */

static void
test_start_that_would_strand_open_instances_is_refused(void **state)
{
	struct house *house = house_new(ONE, house_answer_ok);

	(void)state;
	start(house, "A");
	assert_false(house_try_start(house, TWO));
	assert_told(house, "1 open instance runs on");
	house_open_engine(house);
	house_event(house, "go", "A", "e-1");
	assert_string_equal(house->fate, "matched");
	assert_state(house, 1, "end");
	house_free(&house);
}

/* Files that say what it said are no remedy: their order may be another. */
static void
test_text_that_was_changed_in_the_database_is_told_as_such(void **state)
{
	struct house *house = house_new(ONE, house_answer_ok);
	sqlite3 *db = NULL;

	(void)state;
	start(house, "A");
	house_close_engine(house);
	assert_int_equal(sqlite3_open(house->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
	    "UPDATE definition SET source ="
	    " replace(source, 'on: {go: second}', 'on: {go: end}')",
	    NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_false(house_try_start(house, TWO));
	assert_non_null(strstr(house->detail, "`caller` version 1"));
	assert_non_null(strstr(house->detail, "own text of it was changed"));
	assert_non_null(strstr(house->detail, "restore a backup"));
	house_free(&house);
}

/* ---- what has ended ---- */

static void
assert_looks_ended(struct house *house)
{
	const struct chart_event cancelled = {.kind = EV_CANCELLED};

	assert_state(house, 1, "end");
	assert_string_equal(house->state_status, "completed");
	house_act(house, &cancelled);
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_non_null(strstr(house->detail, "version 1 of `caller`"));
	assert_int_equal(house_count(house, 1, "ended"), 1);
	assert_true(house_chain_is_sound(house, 1));
}

static void
test_instances_that_ended_need_no_definition(void **state)
{
	struct house *house = house_new(ONE, house_answer_ok);

	(void)state;
	start(house, "A");
	house_event(house, "go", "A", "e-1");
	house_reload(house, TWO);
	assert_looks_ended(house);
	assert_true(house_try_start(house, TWO));
	assert_looks_ended(house);
	/* Their keys are taken as before. */
	house_start(house, "caller", "{\"key\": \"A\"}");
	assert_int_equal(house->status, ENGINE_CONFLICT);
	start(house, "B");
	house_reload(house, BOTH);
	house_start(house, "caller", "{\"key\": \"A\"}");
	assert_int_equal(house->status, ENGINE_OK);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_reload_that_would_strand_open_instances_is_refused),
	    cmocka_unit_test(
		test_version_lost_before_is_not_told_of_again),
	    cmocka_unit_test(test_instance_counts_before_its_start_is_durable),
	    cmocka_unit_test(test_instance_counts_until_its_end_is_durable),
	    cmocka_unit_test(
		test_start_that_would_strand_open_instances_is_refused),
	    cmocka_unit_test(
		test_text_that_was_changed_in_the_database_is_told_as_such),
	    cmocka_unit_test(test_instances_that_ended_need_no_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
