/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections on a clock that is set by hand: each with its own way out, in
 * the order of deadlines, by and by, and only while nobody holds it.
 */
#include "engine_house.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char definitions[] =
    "workflow: ask\n"
    "version: 1\n"
    "priority: = input.priority\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry:\n"
    "      - call: stub.ask\n"
    "        with: {n: = input.n}\n"
    "        retry: {limit: 1, delay: 1s, jitter: 0%}\n"
    "    after: {'= duration(input.patience)': late}\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final}\n"
    "  late: {type: final}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: greet\n"
    "version: 1\n"
    "initial: asking\n"
    "states:\n"
    "  asking: {entry: [{call: other.ask}], on: {done: ended}}\n"
    "  ended: {type: final}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: http://stub.invalid\n"
    "limits: {concurrency: 8}\n"
    "breaker: {failures: 2, within: 30s, open: 10s}\n"
    "operations:\n"
    "  ask: {request: {post: /ask, body: = n}, idempotent: true}\n"
    "---\n"
    "connection: other\n"
    "kind: http\n"
    "url: http://other.invalid\n"
    "operations:\n"
    "  ask: {request: {get: /ask}}\n";

static bool
answer_nothing(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	(void)house;
	(void)response;
	/* other.invalid works, whatever becomes of the stub */
	return str_find(request->url, STR("other")) != SIZE_MAX;
}

static bool
answer_refused(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	if (!answer_nothing(house, request, response))
		response->failure = MESSAGE_UNREACHABLE;
	return true;
}

static bool
answer_wait(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	static const struct message_header later[] = {
	    {STR_INIT("retry-after"), STR_INIT("60"), false}};

	if (answer_nothing(house, request, response))
		return true;
	response->status = 429;
	response->headers = later;
	response->header_count = 1;
	return true;
}

static void
ask_with(
    struct house *house, int n, const char *priority, const char *patience)
{
	char input[128];

	snprintf(input, sizeof(input),
	    "{\"n\": %d, \"priority\": \"%s\", \"patience\": \"%s\"}", n,
	    priority, patience);
	house_start(house, "ask", input);
}

static void
ask(struct house *house, int count)
{
	for (int i = 0; i < count; i++)
		ask_with(house, i, "normal", "PT8H");
}

static void
view_cb(const struct engine_connection *connection, void *arg)
{
	*(struct engine_connection *)arg = *connection;
}

static struct engine_connection
look(struct house *house)
{
	struct engine_connection view = {0};

	engine_each_connection(house->engine, STR("stub"), view_cb, &view);
	assert_non_null(view.connection);
	return view;
}

static void
assert_all_ended(struct house *house, int count)
{
	for (int i = 1; i <= count; i++) {
		house_look(house, (uint64_t)i);
		assert_string_equal(house->state, "ended");
	}
}

static void
pass_step(struct house *house)
{
	for (int i = 0; i < 50; i++)
		house_advance(house, THROTTLE_STEP_MS / 50);
}

/* Two failures open the breaker; those two try again, and wait. */
static struct house *
house_with_outage(int count)
{
	struct house *house = house_new(definitions, answer_refused);

	ask(house, count);
	house_advance(house, 1000);
	assert_int_equal(house->sent, 2);
	assert_int_equal(look(house).queued, count);
	assert_int_equal(look(house).view.state, THROTTLE_OPEN);
	return house;
}

/* ---- an endpoint that is gone ---- */

static void
test_the_most_urgent_call_is_not_used_up_by_an_outage(void **state)
{
	struct house *house = house_with_outage(5);

	(void)state;
	for (int i = 0; i < 20; i++)
		house_advance(house, 11000);
	house_advance(house, 1000); /* until the last one waits again */
	assert_in_range(house->sent, 15, 22);
	assert_int_equal(look(house).queued, 5);
	house->answer = house_answer_ok;
	for (int i = 0; i < 20; i++)
		house_advance(house, 1000);
	assert_all_ended(house, 5);
	house_free(&house);
}

static void
test_a_call_that_is_alone_has_its_attempts_and_no_more(void **state)
{
	struct house *house = house_new(definitions, answer_refused);

	(void)state;
	ask(house, 1);
	house_advance(house, 1000);
	house_advance(house, 11000);
	house_look(house, 1);
	assert_string_equal(house->state, "failed");
	assert_int_equal(house->sent, 2);
	house_free(&house);
}

static void
test_calls_come_back_by_and_by(void **state)
{
	static const int begun[] = {1, 2, 4, 8, 10, 12, 14};
	struct house *house = house_with_outage(60);
	int sent;

	(void)state;
	house->answer = house_answer_ok;
	house_advance(house, 9000);
	sent = house->sent - 1; /* the first is on its way already */
	for (size_t i = 0; i < sizeof(begun) / sizeof(*begun); i++) {
		pass_step(house);
		assert_in_range(house->sent - sent, begun[i], begun[i] + 1);
		sent += begun[i];
	}
	for (int i = 0; i < 4; i++)
		pass_step(house);
	assert_all_ended(house, 60);
	house_free(&house);
}

static void
test_the_earliest_deadline_goes_first(void **state)
{
	static const char *const patience[] = {"PT4H", "PT2H", "PT3H", "PT1H"};
	struct house *house = house_new(definitions, answer_refused);
	int sent;

	(void)state;
	ask(house, 2); /* which open the breaker */
	for (int i = 0; i < 4; i++)
		ask_with(house, 10 + i, "normal", patience[i]);
	sent = house->sent;
	house->answer = house_answer_ok;
	for (int i = 0; i < 14; i++)
		house_advance(house, 1000);
	assert_int_equal(house->sent, sent + 6);
	assert_string_equal(house->bodies[sent], "13");
	assert_string_equal(house->bodies[sent + 1], "11");
	assert_string_equal(house->bodies[sent + 2], "12");
	assert_string_equal(house->bodies[sent + 3], "10");
	house_free(&house);
}

static void
test_who_says_when_to_come_again_is_left_alone_by_all(void **state)
{
	struct house *house = house_new(definitions, answer_wait);

	(void)state;
	ask(house, 5);
	house->answer = house_answer_ok;
	house_advance(house, 59000);
	assert_int_equal(house->sent, 1);
	assert_int_equal(look(house).view.bar, THROTTLE_BAR_WAIT);
	house_advance(house, 1000);
	for (int i = 0; i < 4; i++)
		pass_step(house);
	assert_all_ended(house, 5);
	house_free(&house);
}

/* ---- who shares the network ---- */

static void
test_an_endpoint_that_is_dead_leaves_places_to_others(void **state)
{
	struct house *house = house_new(definitions, answer_nothing);

	(void)state;
	house_close_engine(house);
	house->limits.calls_max = 8;
	house_open_engine(house);
	ask(house, 20);
	assert_int_equal(look(house).view.active, 4); /* half of them */
	for (int i = 0; i < 20; i++)
		house_start(house, "greet", "{}");
	house_look(house, 40);
	assert_string_equal(house->state, "ended");
	assert_int_equal(look(house).queued, 16);
	house_free(&house);
}

/* ---- pauses ---- */

static void
switch_to(struct house *house, bool pauses)
{
	const struct engine_switch act = {
	    .connection = STR("stub"),
	    .pauses = pauses,
	    .actor = {.name = STR("olga")},
	    .reason = STR("they move"),
	};

	engine_switch(house->engine, &act, house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->status, ENGINE_OK);
}

static void
test_a_pause_holds_calls_and_not_instances(void **state)
{
	struct house *house = house_new(definitions, house_answer_ok);

	(void)state;
	switch_to(house, true);
	ask(house, 3);
	house_start(house, "greet", "{}");
	house_look(house, 4);
	assert_string_equal(house->state, "ended");
	assert_int_equal(house->sent, 1);
	house_crash(house);
	house_run(house);
	house_advance(house, 3600 * 1000);
	assert_int_equal(house->sent, 1);
	assert_true(look(house).view.is_paused);
	assert_true(str_equal(look(house).reason, STR("they move")));
	switch_to(house, false);
	for (int i = 0; i < 4; i++)
		house_advance(house, 1000);
	assert_all_ended(house, 3);
	house_free(&house);
}

static void
test_nobody_pauses_what_is_not_there(void **state)
{
	struct house *house = house_new(definitions, house_answer_ok);
	const struct engine_switch act = {
	    .connection = STR("nobody"), .pauses = true};

	(void)state;
	engine_switch(house->engine, &act, house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->status, ENGINE_UNKNOWN_CONNECTION);
	house_free(&house);
}

static const char later[] =
    "workflow: later\n"
    "version: 1\n"
    "initial: resting\n"
    "states:\n"
    "  resting: {after: {1h: asking}}\n"
    "  asking: {entry: [{call: stub.ask}], on: {done: ended}}\n"
    "  ended: {type: final}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: http://stub.invalid\n"
    "operations: {ask: {request: {get: /ask}}}\n";

static void
drained_cb(void *arg)
{
	(void)arg;
}

static void
test_an_engine_that_stops_leaves_calls_to_the_next_one(void **state)
{
	struct house *house = house_new(later, house_answer_ok);

	(void)state;
	house_start(house, "later", "{}");
	engine_drain(house->engine, 1000, drained_cb, NULL);
	house_advance(house, INT64_C(3600000));
	house_look(house, 1);
	assert_string_equal(house->state, "asking");
	assert_int_equal(house->sent, 0);
	house_crash(house);
	house_run(house);
	house_look(house, 1);
	assert_string_equal(house->state, "ended");
	assert_int_equal(house->sent, 1);
	house_free(&house);
}

static const char at_once[] =
    "workflow: now\n"
    "version: 1\n"
    "initial: asking\n"
    "states:\n"
    "  asking: {entry: [{call: stub.ask}], on: {done: ended}}\n"
    "  ended: {type: final}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: http://stub.invalid\n"
    "operations: {ask: {request: {get: /ask}}}\n";

static void
set_cb(void *arg)
{
	*(bool *)arg = true;
}

/* Of a time in which it could not look it loses a second at most. */
static void
test_an_engine_that_stops_is_as_patient_after_a_standstill(void **state)
{
	struct house *house = house_new(at_once, house_answer_nothing);
	bool is_drained = false;

	(void)state;
	house_start(house, "now", "{}");
	assert_int_equal(house->sent, 1);
	engine_drain(house->engine, 1500, set_cb, &is_drained);
	house_run(house);
	(void)poll(NULL, 0, 2000);
	house_run_ms(house, 100);
	assert_false(is_drained);
	house_run_ms(house, 800);
	assert_true(is_drained);
	house_free(&house);
}

/* ---- what waits when definitions are given anew ---- */

#define PAYING(pay, find, hours)                                       \
	"workflow: pay\nversion: 1\ncalendar: days\n"                  \
	"incident: {owner: desk, max-age: 4h}\ninitial: paying\n"       \
	"states:\n"                                                    \
	"  paying:\n"                                                  \
	"    entry:\n"                                                 \
	"      - call: stub.pay\n"                                     \
	"        window: open\n"                                       \
	"        retry: {limit: 1, delay: 1s, jitter: 0%}\n"           \
	"    on: {done: ended}\n"                                      \
	"  ended: {type: final}\n"                                     \
	"---\n"                                                        \
	"workflow: check\nversion: 1\n"                                \
	"incident: {owner: desk, max-age: 4h}\ninitial: paying\n"       \
	"states:\n"                                                    \
	"  paying:\n"                                                  \
	"    entry:\n"                                                 \
	"      - call: stub.order\n"                                   \
	"        verify:\n"                                            \
	"          call: stub.find\n"                                  \
	"          after: 1s\n"                                        \
	"          happened: = response.there\n"                       \
	"    on: {done: ended}\n"                                      \
	"  ended: {type: final}\n"                                     \
	"---\n"                                                        \
	"calendar: days\ntimezone: UTC\nweekend: []\n"                 \
	"windows: {open: {hours: " hours "}}\n"                        \
	"---\n"                                                        \
	"contact: desk\nnotify: [{log: warning}]\n"                    \
	"---\n"                                                        \
	"connection: stub\nkind: http\nurl: http://stub.invalid\n"     \
	"operations:\n"                                                \
	"  pay: {request: {post: /pay}" pay "}\n"                      \
	"  order: {request: {post: /order}}\n"                         \
	"  find: {request: {get: " find "}, output: {there: = true}}\n"
#define ALL_DAY "00:00-24:00"
#define LIMITED "limits: {rate: 1/m}\n"
#define PAYING_AT_FIRST PAYING(", idempotent: true", "/none", ALL_DAY)

/* A first order has no trustworthy answer. */
static bool
answer_in_doubt(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	if (str_find(request->url, STR("/found")) != SIZE_MAX)
		return house_answer_ok(house, request, response);
	response->status = 500;
	return true;
}

/* What was sent has failed, and what comes next stands in the queue. */
static struct house *
with_one_in_the_queue(const char *workflow)
{
	struct house *house = house_new(PAYING_AT_FIRST, answer_in_doubt);

	house_start(house, workflow, "{}");
	assert_int_equal(house->sent, 1);
	switch_to(house, true);
	house_advance(house, 1000);
	assert_int_equal(look(house).queued, 1);
	return house;
}

static void
resume(struct house *house)
{
	switch_to(house, false);
	house_advance(house, 1000);
	house_advance(house, 1000);
}

static void
test_what_is_not_idempotent_any_more_is_not_repeated(void **state)
{
	static const char *const others[] = {
	    PAYING("", "/none", ALL_DAY),
	    PAYING(", idempotent: {lifetime: 500ms}", "/none", ALL_DAY),
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct house *house = with_one_in_the_queue("pay");

		house_reload(house, others[i]);
		house_look(house, 1);
		assert_string_equal(house->state_status, "waiting");
		assert_int_equal(
		    house_count(house, 1, "incident-opened"), 1);
		resume(house);
		assert_int_equal(house->sent, 1);
		assert_true(house_chain_is_sound(house, 1));
		house_free(&house);
	}
}

/* There is no time to look before that. */
static void
test_what_gets_its_place_at_once_is_looked_at_anew(void **state)
{
	struct house *house =
	    house_new(PAYING_AT_FIRST LIMITED, answer_in_doubt);

	(void)state;
	house_start(house, "pay", "{}");
	house_advance(house, 1000);
	assert_int_equal(look(house).queued, 1);
	house_replace(house, PAYING("", "/none", ALL_DAY) LIMITED);
	house_advance(house, 60000);
	assert_int_equal(house_count(house, 1, "incident-opened"), 1);
	assert_int_equal(house->sent, 1);
	house_free(&house);
}

static void
test_window_that_is_another_now_is_waited_for(void **state)
{
	struct house *house = house_new(PAYING_AT_FIRST, house_answer_ok);

	(void)state;
	switch_to(house, true);
	house_start(house, "pay", "{}");
	assert_int_equal(look(house).queued, 1);
	house_reload(house,
	    PAYING(", idempotent: true", "/none", "23:58-23:59"));
	assert_int_equal(house_count(house, 1, "call-waiting"), 1);
	resume(house);
	assert_int_equal(house->sent, 0);
	house_reload(house, PAYING_AT_FIRST);
	house_advance(house, INT64_C(24) * 3600 * 1000);
	house_look(house, 1);
	assert_string_equal(house->state, "ended");
	assert_int_equal(house->sent, 1);
	house_free(&house);
}

static void
test_question_is_asked_by_the_connection_of_now(void **state)
{
	struct house *house = with_one_in_the_queue("check");

	(void)state;
	house_reload(
	    house, PAYING(", idempotent: true", "/found", ALL_DAY));
	resume(house);
	house_look(house, 1);
	assert_string_equal(house->state, "ended");
	assert_int_equal(house->sent, 2);
	house_free(&house);
}

/* ---- notices whose contact is another ---- */

#define TELLING(channels)                                            \
	"workflow: tell\nversion: 1\ninitial: telling\n"             \
	"events: {go: {correlate: = \"A\"}}\nstates:\n"             \
	"  telling:\n"                                               \
	"    entry: [{notify: desk, message: hello}]\n"              \
	"    on: {go: ended}\n"                                      \
	"  ended: {type: final}\n"                                   \
	"---\n"                                                      \
	"contact: desk\nnotify: [" channels "]\n"                    \
	"---\n"                                                      \
	"connection: stub\nkind: http\nurl: http://stub.invalid\n"   \
	"operations:\n"                                              \
	"  tell: {request: {post: /tell, body: = message}}\n"        \
	"  say: {request: {post: /say, body: = message + room}}\n"
#define BY_TELL "{log: info}, {call: stub.tell}"

static struct house *
with_a_notice_in_the_queue(void)
{
	struct house *house = house_new(TELLING(BY_TELL), house_answer_ok);

	switch_to(house, true);
	house_start(house, "tell", "{}");
	assert_int_equal(look(house).queued, 1);
	assert_int_equal(house_count(house, 1, "notified"), 1);
	return house;
}

static void
test_notice_goes_by_what_its_contact_has_now(void **state)
{
	static const char *const others[] = {
	    TELLING("{call: stub.say, with: {room: ' all'}}"),
	    TELLING("{log: info}, {call: stub.say, with: {room: ' all'}}"),
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct house *house = with_a_notice_in_the_queue();

		house_reload(house, others[i]);
		resume(house);
		assert_int_equal(house->sent, 1);
		assert_string_equal(house->bodies[0], "\"hello all\"");
		/* that it went by `log`, not by tell, and by say; and where
		 * there is still one, by `log` again */
		assert_int_equal(
		    house_count(house, 1, "notified"), i == 0 ? 3 : 4);
		assert_true(house_chain_is_sound(house, 1));
		house_free(&house);
	}
}

static void
test_notice_that_nothing_sends_any_more_is_told_of(void **state)
{
	struct house *house = with_a_notice_in_the_queue();

	(void)state;
	house_reload(house, TELLING("{log: info}"));
	assert_int_equal(house_count(house, 1, "notified"), 3);
	resume(house);
	house_crash(house);
	house_run(house);
	assert_int_equal(house_count(house, 1, "notified"), 3);
	assert_int_equal(house->sent, 0);
	house_free(&house);
}

static void
test_notice_whose_channel_stands_elsewhere_goes_by_it(void **state)
{
	struct house *house = with_a_notice_in_the_queue();

	(void)state;
	house_reload(house, TELLING("{call: stub.tell}, {log: info}"));
	house_crash(house);
	resume(house);
	assert_int_equal(house->sent, 1);
	assert_int_equal(house_count(house, 1, "notified"), 2);
	house_free(&house);
}

/* Whether it was delivered nobody knows: it is not sent by another. */
static void
test_notice_that_was_sent_is_not_sent_by_another(void **state)
{
	struct house *house =
	    house_new(TELLING(BY_TELL), house_answer_nothing);

	(void)state;
	house_start(house, "tell", "{}");
	assert_int_equal(house->sent, 1);
	house_reload(house, TELLING("{call: stub.say, with: {room: ' all'}}"));
	house_crash(house);
	house_run(house);
	assert_int_equal(house->sent, 1);
	assert_int_equal(house_count(house, 1, "notified"), 2);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_the_most_urgent_call_is_not_used_up_by_an_outage),
	    cmocka_unit_test(
		test_a_call_that_is_alone_has_its_attempts_and_no_more),
	    cmocka_unit_test(test_calls_come_back_by_and_by),
	    cmocka_unit_test(test_the_earliest_deadline_goes_first),
	    cmocka_unit_test(
		test_who_says_when_to_come_again_is_left_alone_by_all),
	    cmocka_unit_test(
		test_an_endpoint_that_is_dead_leaves_places_to_others),
	    cmocka_unit_test(test_a_pause_holds_calls_and_not_instances),
	    cmocka_unit_test(test_nobody_pauses_what_is_not_there),
	    cmocka_unit_test(
		test_an_engine_that_stops_leaves_calls_to_the_next_one),
	    cmocka_unit_test(
		test_an_engine_that_stops_is_as_patient_after_a_standstill),
	    cmocka_unit_test(
		test_what_is_not_idempotent_any_more_is_not_repeated),
	    cmocka_unit_test(
		test_what_gets_its_place_at_once_is_looked_at_anew),
	    cmocka_unit_test(test_window_that_is_another_now_is_waited_for),
	    cmocka_unit_test(test_question_is_asked_by_the_connection_of_now),
	    cmocka_unit_test(test_notice_goes_by_what_its_contact_has_now),
	    cmocka_unit_test(
		test_notice_that_nothing_sends_any_more_is_told_of),
	    cmocka_unit_test(
		test_notice_whose_channel_stands_elsewhere_goes_by_it),
	    cmocka_unit_test(
		test_notice_that_was_sent_is_not_sent_by_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
