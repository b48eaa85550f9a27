/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_publish.c: workflows published while the engine runs. */
#include "../definition/written_library.h"
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ONE                                                          \
	"workflow: one\nversion: 1\ninitial: first\nstates:\n"       \
	"  first: {user-task: {title: Look}, on: {approved: end}}\n" \
	"  end: {type: final}\n"
#define TWO                                                           \
	"workflow: one\nversion: 2\ninitial: second\nstates:\n"       \
	"  second: {user-task: {title: Look}, on: {approved: end}}\n" \
	"  end: {type: final}\n"

static void
publish(struct house *house, const char *text)
{
	struct engine_document document = {STR("sent.yaml"), str_of(text)};
	struct engine_publish request = {.documents = &document, .count = 1};

	engine_publish(house->engine, &request, house_reply_cb, house);
}

static void
assert_next_start(struct house *house, const char *state)
{
	house_start(house, "one", "{}");
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_string_equal(house->state, state);
}

static void
test_start_after_publication_in_the_same_turn_uses_it(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	assert_next_start(house, "first");
	publish(house, TWO);
	assert_next_start(house, "second");
	house_look(house, 1);
	assert_string_equal(house->state, "first");
	house_free(&house);
}

static void
test_publication_outlives_a_crash_and_a_reload(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	publish(house, TWO);
	house_run(house);
	assert_int_equal(house->status, ENGINE_CREATED);
	house_crash(house);
	assert_next_start(house, "second");
	house_reload(house, ONE);
	assert_next_start(house, "second");
	house_free(&house);
}

static void
test_publication_that_is_not_committed_did_not_happen(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	house_lock(house);
	publish(house, TWO);
	house_run_ms(house, 1500);
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	house_unlock(house);
	house_run_ms(house, 3500);
	assert_next_start(house, "first");
	publish(house, TWO);
	house_run(house);
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_next_start(house, "second");
	house_free(&house);
}

static void
test_version_that_is_taken_keeps_its_text(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	publish(house, "workflow: one\nversion: 1\ninitial: end\nstates:\n"
		       "  end: {type: final}\n");
	house_run(house);
	assert_int_equal(house->status, ENGINE_CHANGED);
	assert_non_null(strstr(house->detail, "the version 2"));
	assert_next_start(house, "first");
	house_free(&house);
}

/* ---- the order of keys ---- */

#define ORDERED(events, more)                                              \
	"workflow: one\nversion: 1\ninitial: first\n"                     \
	"events: {bank.paid: {correlate: = \"A\"}}\nstates:\n" more        \
	"  first: {on: {" events "}}\n"                                    \
	"  paid: {type: final}\n"                                          \
	"  failed: {type: final, outcome: failure}\n"
#define PAID_FIRST ORDERED("bank.paid: paid, bank.*: failed", "")
#define PAID_LAST ORDERED("bank.*: failed, bank.paid: paid", "")

static void
assert_told_of_order(struct house *house, const char *repair)
{
	assert_non_null(strstr(house->detail,
	    "workflow `one` version 1 has been published with the keys of "
	    "`states.first.on` in another order"));
	assert_non_null(strstr(house->detail, "put them back"));
	assert_non_null(strstr(house->detail, repair));
}

static void
test_version_keeps_the_order_that_means_something(void **state)
{
	struct house *house = house_new(PAID_FIRST, NULL);

	(void)state;
	house_start(house, "one", "{}");
	publish(house, PAID_LAST);
	house_run(house);
	assert_int_equal(house->status, ENGINE_CHANGED);
	assert_told_of_order(house, "the version 2");
	assert_false(house_try_replace(house, PAID_LAST));
	assert_told_of_order(house, "a higher version");
	assert_false(house_try_start(house, PAID_LAST));
	assert_told_of_order(house, "a higher version");
	house_open_engine(house);
	house_event(house, "bank.paid", "A", "e-1");
	house_look(house, 1);
	assert_string_equal(house->state, "paid");
	house_free(&house);
}

static void
test_proposal_of_another_order_is_refused(void **state)
{
	struct house *house = house_new(PAID_FIRST, NULL);
	struct engine_document document = {
	    STR("sent.yaml"), STR_INIT(PAID_LAST)};
	struct engine_publish request = {
	    .documents = &document, .count = 1, .proposes = true};

	(void)state;
	engine_publish(house->engine, &request, house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->status, ENGINE_CHANGED);
	assert_told_of_order(house, "the version 2");
	house_free(&house);
}

/* Published, but not stored yet. */
static void
test_text_under_way_to_the_store_is_kept_as_well(void **state)
{
	struct house *house = house_new(TWO, NULL);

	(void)state;
	house_lock(house);
	publish(house, PAID_FIRST);
	house_run_ms(house, 50);
	assert_int_equal(house->replies, 0);
	assert_false(house_try_replace(house, PAID_LAST));
	assert_told_of_order(house, "a higher version");
	assert_false(house_try_replace(house, ONE));
	assert_non_null(strstr(house->detail, "another text"));
	house_unlock(house);
	house_run_ms(house, 1500);
	assert_int_equal(house->status, ENGINE_CREATED);
	house_reload(house, PAID_FIRST "# now stored\n");
	house_free(&house);
}

#define EVENTS_APART "bank.paid: paid, shop.*: failed"
#define TIDIED \
	"# tidied up\n" ORDERED("shop.*: failed, bank.paid: paid", \
	    "  spare: {on: {bank.paid: failed}}\n")
#define UNTIDY ORDERED(EVENTS_APART, "") "  spare: {on: {bank.paid: failed}}\n"

/* As it is stored, an instance counts states as they come in the text. */
static void
test_order_without_meaning_changes_nothing(void **state)
{
	struct house *house = house_new(UNTIDY, NULL);

	(void)state;
	house_start(house, "one", "{}");
	publish(house, TIDIED);
	house_run(house);
	assert_int_equal(house->status, ENGINE_OK);
	house_reload(house, TIDIED);
	house_look(house, 1);
	assert_string_equal(house->state, "first");
	assert_true(house_try_start(house, TIDIED));
	house_look(house, 1);
	assert_string_equal(house->state, "first");
	house_event(house, "bank.paid", "A", "e-1");
	house_look(house, 1);
	assert_string_equal(house->state, "paid");
	assert_next_start(house, "first");
	house_free(&house);
}

#define CALLER                                                              \
	"workflow: caller\nversion: 1\ninitial: first\n"                   \
	"events: {go: {correlate: = \"A\"}}\nstates:\n"                    \
	"  first: {on: {go: second}}\n"                                     \
	"  second: {entry: [{call: stub.ask}], on: {done: end}}\n"          \
	"  end: {type: final}\n---\n"                                       \
	"connection: stub\nkind: http\noperations:\n"                       \
	"  ask: {request: {get: /ask}}\n"

static char asked[64]; /* the last address */

static bool
answer_and_note(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	str_write(asked, sizeof(asked), "%.*s", STR_ARG(request->url));
	return house_answer_ok(house, request, response);
}

/* It began under other definitions, and has been in memory ever since. */
static void
test_instance_in_memory_goes_by_the_connection_of_now(void **state)
{
	struct house *house =
	    house_new(CALLER "url: http://one.invalid\n", answer_and_note);

	(void)state;
	house_start(house, "caller", "{}");
	house_reload(house, CALLER "url: http://two.invalid\n");
	house_event(house, "go", "A", "e-1");
	assert_string_equal(asked, "http://two.invalid/ask");
	house_look(house, 1);
	assert_string_equal(house->state, "end");
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_start_after_publication_in_the_same_turn_uses_it),
	    cmocka_unit_test(test_publication_outlives_a_crash_and_a_reload),
	    cmocka_unit_test(
		test_publication_that_is_not_committed_did_not_happen),
	    cmocka_unit_test(test_version_that_is_taken_keeps_its_text),
	    cmocka_unit_test(
		test_instance_in_memory_goes_by_the_connection_of_now),
	    cmocka_unit_test(
		test_version_keeps_the_order_that_means_something),
	    cmocka_unit_test(test_proposal_of_another_order_is_refused),
	    cmocka_unit_test(
		test_text_under_way_to_the_store_is_kept_as_well),
	    cmocka_unit_test(test_order_without_meaning_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
