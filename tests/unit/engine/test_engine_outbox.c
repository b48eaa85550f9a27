/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_engine_outbox.c: emitted events on their way to a broker that is away,
 * refuses and forgets to answer, over crashes.
 */
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char definitions[] =
    "connection: broker\n"
    "kind: amqp\n"
    "url: amqp://broker.example\n"
    "auth: {basic: {user: us, password: {secret: broker}}}\n"
    "publishes: [{events: order.*, exchange: orders,\n"
    "             if: = event.data.skip = null}]\n"
    "---\n"
    "workflow: order\n"
    "version: 1\n"
    "owner: desk\n"
    "sensitive: [input.ref]\n"
    "input: {type: object, properties: {ref: {type: string}}}\n"
    "initial: going\n"
    "states:\n"
    "  going:\n"
    "    entry:\n"
    "      - {emit: order.begun, with: {subject: = input.ref,\n"
    "                                   data: {n: 1}}}\n"
    "      - {emit: other.thing, with: {subject: = input.ref}}\n"
    "      - {emit: order.silent, with: {subject: = input.ref,\n"
    "                                    data: {skip: true}}}\n"
    "      - {emit: order.ended, with: {subject: = input.ref,\n"
    "                                   data: {n: 2}}}\n"
    "    on: {done: ended}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: info}]\n";

static bool
answer_confirmed(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	(void)house, (void)request;
	response->status = 200;
	return true;
}

static bool
answer_away(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	(void)house, (void)request;
	response->failure = MESSAGE_UNREACHABLE;
	return true;
}

static bool
answer_not_found(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	(void)house, (void)request;
	response->status = 404;
	response->body = STR("no exchange");
	return true;
}

static void
look_cb(const struct engine_connection *connection, void *arg)
{
	*(struct engine_connection *)arg = *connection;
}

static struct engine_connection
look(struct house *house)
{
	struct engine_connection found = {0};

	engine_each_connection(house->engine, STR("broker"), look_cb, &found);
	return found;
}

/* Each confirmation is a commit, and lets the next one go. */
static void
settle(struct house *house)
{
	for (int i = 0; i < 6; i++)
		house_run(house);
}

static void
test_events_go_out_in_order_and_their_rows_go(void **state)
{
	struct house *house = house_new(definitions, answer_confirmed);

	(void)state;
	house_start(house, "order", "{\"ref\":\"a\"}");
	settle(house);
	assert_string_equal(house->state_status, "completed");
	assert_int_equal(house->sent, 2);
	assert_string_equal(house->bodies[0], "{\"n\":1}");
	assert_string_equal(house->bodies[1], "{\"n\":2}");
	assert_int_equal(look(house).posts, 0);
	assert_int_equal(look(house).published, 2);
	house_crash(house);
	settle(house);
	assert_int_equal(house->sent, 2);
	house_free(&house);
}

static void
test_a_broker_that_is_away_loses_nothing(void **state)
{
	struct house *house = house_new(definitions, answer_away);
	struct engine_connection found;

	(void)state;
	house_start(house, "order", "{\"ref\":\"a\"}");
	house_start(house, "order", "{\"ref\":\"b\"}");
	settle(house);
	found = look(house);
	assert_int_equal(found.posts, 6);
	assert_int_not_equal(found.posts_since_ms, 0);
	assert_true(str_has_prefix(found.trouble, STR("amqp.unreachable")));
	house->answer = answer_confirmed;
	house->sent = 0;
	/* It is not asked again at once. */
	settle(house);
	assert_int_equal(house->sent, 0);
	house_advance(house, 2000);
	settle(house);
	assert_int_equal(house->sent, 4);
	assert_int_equal(look(house).posts, 0);
	house_free(&house);
}

/* Two seconds are two seconds, whatever the clock says. */
static void
test_a_clock_that_is_set_back_makes_no_event_wait(void **state)
{
	static house_answer_fn *const troubles[] = {
	    answer_away, answer_not_found};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(troubles); i++) {
		struct house *house = house_new(definitions, troubles[i]);

		house_start(house, "order", "{\"ref\":\"a\"}");
		settle(house);
		house->answer = answer_confirmed;
		house->sent = 0;
		house_advance(house, -2 * 3600 * 1000);
		settle(house);
		assert_int_equal(house->sent, 2);
		assert_int_equal(look(house).posts, 0);
		house_free(&house);
	}
}

static void
test_how_long_an_event_waits_is_told_although_the_clock_is_set_back(
    void **state)
{
	struct house *house = house_new(definitions, answer_away);

	(void)state;
	house_start(house, "order", "{\"ref\":\"a\"}");
	settle(house);
	house_advance(house, -2 * 3600 * 1000);
	assert_int_equal(look(house).posts_since_ms, house->clock.now_ms);
	house_advance(house, 60 * 1000);
	assert_int_equal(
	    look(house).posts_since_ms, house->clock.now_ms - 60 * 1000);
	house_advance(house, 2 * 3600 * 1000);
	assert_int_equal(
	    look(house).posts_since_ms, house->clock.now_ms - 60 * 1000);
	house_free(&house);
}

static void
test_what_was_not_confirmed_goes_again_after_a_crash(void **state)
{
	struct house *house = house_new(definitions, house_answer_nothing);

	(void)state;
	house_start(house, "order", "{\"ref\":\"a\"}");
	settle(house);
	/* The second waits for the first. */
	assert_int_equal(house->sent, 1);
	house->answer = answer_confirmed;
	house_crash(house);
	settle(house);
	assert_int_equal(house->sent, 3);
	assert_string_equal(house->bodies[0], house->bodies[1]);
	assert_string_equal(house->bodies[2], "{\"n\":2}");
	assert_int_equal(look(house).posts, 0);
	house_free(&house);
}

static void
test_what_is_refused_waits_and_is_told(void **state)
{
	struct house *house = house_new(definitions, answer_not_found);

	(void)state;
	house_start(house, "order", "{\"ref\":\"a\"}");
	settle(house);
	assert_int_equal(house->sent, 1);
	assert_int_equal(look(house).posts, 3);
	house_advance(house, 60000);
	settle(house);
	assert_int_equal(house->sent, 2);
	house->answer = answer_confirmed;
	house_advance(house, 60000);
	settle(house);
	assert_int_equal(look(house).posts, 0);
	house_free(&house);
}

static void
test_a_pause_holds_events(void **state)
{
	struct house *house = house_new(definitions, answer_confirmed);
	struct engine_switch act = {
	    .connection = STR("broker"), .pauses = true};

	(void)state;
	engine_switch(house->engine, &act, house_reply_cb, house);
	house_run(house);
	house_start(house, "order", "{\"ref\":\"a\"}");
	settle(house);
	assert_int_equal(house->sent, 0);
	assert_int_equal(look(house).posts, 3);
	act.pauses = false;
	engine_switch(house->engine, &act, house_reply_cb, house);
	settle(house);
	assert_int_equal(house->sent, 2);
	assert_int_equal(look(house).posts, 0);
	house_free(&house);
}

static void
erase(struct house *house, uint64_t instance)
{
	house->instance = instance;
	house_act(house, &(struct chart_event){
	    .kind = EV_ERASED,
	    .actor = {.name = STR("ann")},
	    .comment = STR("the law"),
	});
}

/* Its events hold what would be erased. */
static void
test_what_waits_to_be_published_is_not_erased(void **state)
{
	struct house *house = house_new(definitions, answer_away);
	uint64_t instance;

	(void)state;
	house_start(house, "order", "{\"ref\":\"a\"}");
	instance = house->instance;
	settle(house);
	erase(house, instance);
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_non_null(strstr(house->detail, "waits to be published"));
	assert_int_equal(house_count(house, instance, "erased"), 0);
	house->answer = answer_confirmed;
	house_advance(house, 60000);
	settle(house);
	assert_int_equal(look(house).posts, 0);
	erase(house, instance);
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(house_count(house, instance, "erased"), 1);
	house_free(&house);
}

static void
test_many_go_by_windows(void **state)
{
	struct house *house = house_new(definitions, answer_away);

	(void)state;
	for (int i = 0; i < 400; i++)
		house_start(house, "order", "{\"ref\":\"a\"}");
	settle(house);
	assert_int_equal(look(house).posts, 1200);
	house->answer = answer_confirmed;
	house->sent = 0;
	house_advance(house, 40000);
	for (int i = 0; i < 200 && look(house).posts > 0; i++)
		house_run(house);
	assert_int_equal(look(house).posts, 0);
	assert_int_equal(house->sent, 800);
	house_free(&house);
}

static void
test_too_many_that_wait_hold_new_starts(void **state)
{
	struct house *house = house_new(definitions, answer_away);

	(void)state;
	house->limits.posts_max = 3;
	house_crash(house);
	house_start(house, "order", "{\"ref\":\"a\"}");
	settle(house);
	house_start(house, "order", "{\"ref\":\"b\"}");
	assert_int_equal(house->status, ENGINE_OVERLOADED);
	house->answer = answer_confirmed;
	house_advance(house, 60000);
	settle(house);
	house_start(house, "order", "{\"ref\":\"b\"}");
	assert_int_equal(house->status, ENGINE_CREATED);
	house_free(&house);
}

/* ---- and the way in ---- */

static const char consuming[] =
    "connection: broker\n"
    "kind: amqp\n"
    "url: amqp://broker.example\n"
    "auth: {basic: {user: us, password: {secret: broker}}}\n"
    "consumes: [{queue: = settings.queue}]\n"; /* which there is not */

static struct http_source *
listen_cb(struct http_port *port, const struct message_request *request,
    const struct http_listener *listener)
{
	(void)port, (void)request, (void)listener;
	unreachable("the queue has no name");
}

static void
test_a_clock_that_is_set_back_makes_no_queue_wait(void **state)
{
	struct house *house = house_new(consuming, answer_confirmed);
	int64_t tried_ms;

	(void)state;
	house->port.listen = listen_cb;
	house_reload(house, consuming);
	tried_ms = look(house).trouble_ms;
	assert_int_equal(tried_ms, house->clock.now_ms);
	house_advance(house, 1000);
	assert_int_equal(look(house).trouble_ms, tried_ms);
	house_advance(house, -2 * 3600 * 1000);
	assert_int_equal(look(house).trouble_ms, house->clock.now_ms);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_events_go_out_in_order_and_their_rows_go),
	    cmocka_unit_test(test_a_broker_that_is_away_loses_nothing),
	    cmocka_unit_test(
		test_a_clock_that_is_set_back_makes_no_event_wait),
	    cmocka_unit_test(
		test_how_long_an_event_waits_is_told_although_the_clock_is_set_back),
	    cmocka_unit_test(
		test_what_was_not_confirmed_goes_again_after_a_crash),
	    cmocka_unit_test(test_what_is_refused_waits_and_is_told),
	    cmocka_unit_test(test_a_pause_holds_events),
	    cmocka_unit_test(test_what_waits_to_be_published_is_not_erased),
	    cmocka_unit_test(test_many_go_by_windows),
	    cmocka_unit_test(test_too_many_that_wait_hold_new_starts),
	    cmocka_unit_test(
		test_a_clock_that_is_set_back_makes_no_queue_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
