/* SPDX-License-Identifier: Apache-2.0 */
/* test_e2e_serve.c: the life of the engine: signals, reloads, refusals. */
#include "house.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define STARTS "/v1/workflows/payment/instances"

static const struct house_options quiet = {.quiet_bank = true};
static const struct house_options slow = {
    .sandbox = {"--delay-accepted", "300", "--delay-settling", "400",
	"--delay-settled", "500", "--delay-matched", "600"},
};

/* ---- stopping ---- */

static void
test_sigterm_drains_and_the_next_start_goes_on(void **state)
{
	struct house *house = house_open(&slow);

	(void)state;
	/* A call is under way when the signal comes. */
	house_control(house, "/control/faults",
	    "{\"fault\":\"delay\",\"path\":\"/bank\",\"seconds\":1,"
	    "\"method\":\"POST\",\"times\":1}");
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "submitting");
	payment_start(house, "P-2", "60000", "ACME");
	payment_await(house, "P-2", "awaiting-approval");
	program_stop(&house->engine);
	house_verify(house);
	house_start_engine(house);
	payment_await(house, "P-1", "reconciled");
	payment_stays(house, "P-2", "awaiting-approval", 50);
	assert_int_equal(json_array_size(json_at(
			     payment_ledger(house, "P-1"), "orders")),
	    1);
	house_close(&house);
}

static void
test_sigterm_takes_no_more_work(void **state)
{
	struct house *house = house_open(&quiet);
	int64_t began_ms = time_ms();
	int64_t until_ms = began_ms + 5000;

	(void)state;
	house_control(house, "/control/faults",
	    "{\"fault\":\"timeout\",\"path\":\"/compliance\","
	    "\"milliseconds\":1500}");
	payment_start(house, "P-1", "250", "ACME");
	kill(house->engine.pid, SIGTERM);
	/* It takes no more work from here on. */
	while (house_post(house, STARTS, "%s",
		   payment_body("P-2", "250", "ACME"))
		   ->status == 201 &&
	       time_ms() < until_ms)
		time_sleep(10);
	assert_true(time_ms() < until_ms);
	program_stop(&house->engine);
	house_close(&house);
}

/* The bank takes so long, and the workflow waits for it. */
static struct house *
open_slow_bank(int seconds)
{
	struct house *house = house_build(&slow);

	house_edit(
	    house, "workflows/payment.yaml", "timeout: 10s", "timeout: 40s");
	house_start_engine(house);
	house_control(house, "/control/faults",
	    "{\"fault\":\"delay\",\"path\":\"/bank\",\"seconds\":%d,"
	    "\"method\":\"POST\",\"times\":1}",
	    seconds);
	payment_start(house, "P-1", "250", "ACME");
	payment_await(house, "P-1", "submitting");
	time_sleep(300);
	return house;
}

static void
test_sigterm_waits_for_a_call_as_long_as_its_timeout_allows(void **state)
{
	struct house *house = open_slow_bank(12);

	(void)state;
	program_stop(&house->engine);
	assert_int_equal(house_logged(house, "a call is left under way"), 0);
	house_start_engine(house);
	payment_await(house, "P-1", "reconciled");
	assert_null(strstr(
	    house_get(house, "/v1/instances/P-1/history")->body,
	    "engine.crashed"));
	assert_int_equal(json_array_size(json_at(
			     payment_ledger(house, "P-1"), "orders")),
	    1);
	house_close(&house);
}

/* Probes open a connection each time. */
static void
test_sigterm_is_told_to_those_who_ask_anew(void **state)
{
	struct house *house = open_slow_bank(3);
	struct reply *reply;

	(void)state;
	kill(house->engine.pid, SIGTERM);
	while (house_logged(house, "stopping: signal=15 calls=1") == 0)
		time_sleep(10);
	assert_status(house_get(house, "/healthz"), 200);
	assert_status(house_get(house, "/metrics"), 200);
	reply = house_get(house, "/readyz");
	assert_problem(reply, 503, "unavailable");
	assert_string_equal(
	    text_at(reply->json, "detail"), "The server stops.");
	reply = house_post(
	    house, STARTS, "%s", payment_body("P-2", "250", "ACME"));
	assert_problem(reply, 503, "unavailable");
	assert_true(atoi(reply_header(reply, "Retry-After")) > 0);
	program_stop(&house->engine);
	house_start_engine(house);
	payment_await(house, "P-1", "reconciled");
	house_close(&house);
}

static void
test_second_sigterm_stops_at_once_and_names_what_is_left(void **state)
{
	struct house *house = open_slow_bank(20);
	int64_t began_ms = time_ms();

	(void)state;
	kill(house->engine.pid, SIGTERM);
	while (house_logged(house, "stopping: signal=15 calls=1") == 0 &&
	       time_ms() - began_ms < 5000)
		time_sleep(10);
	program_stop(&house->engine);
	assert_true(time_ms() - began_ms < 10000);
	assert_int_equal(house_logged(house, "a call is left under way"), 1);
	assert_int_equal(
	    house_logged(house, "operation=bank.submit-payment"), 1);
	house_close(&house);
}

/* Answers that have gone out just now hold on to their connections: a program
 * that looks for memory it has lost finds none. */
static void
test_sigterm_amid_requests_leaves_nothing_behind(void **state)
{
	enum { GUESTS = 200 };
	static const char ask[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	struct house *house = house_open(&quiet);
	int guests[GUESTS];

	(void)state;
	for (int i = 0; i < GUESTS; i++)
		guests[i] = house_connect(house);
	assert_status(house_get(house, "/healthz"), 200);
	kill(house->engine.pid, SIGTERM);
	for (int i = 0; i < GUESTS; i++)
		(void)!send(guests[i], ask, strlen(ask), MSG_NOSIGNAL);
	program_stop(&house->engine);
	for (int i = 0; i < GUESTS; i++)
		close(guests[i]);
	house_close(&house);
}

/* ---- reloading ---- */

static void
reload(struct house *house, const char *says)
{
	size_t before = house_logged(house, says);
	int64_t until_ms = time_ms() + 5000;

	kill(house->engine.pid, SIGHUP);
	while (house_logged(house, says) == before) {
		if (time_ms() > until_ms) {
			char *log = house_read(house->engine.log);

			print_error("%s\n", log);
			free(log);
			fail_msg("the log does not say: %s", says);
		}
		time_sleep(10);
	}
}

/* A change that can be seen: every payment is held. */
static void
tighten(struct house *house)
{
	house_edit(house, "workflows/payment.yaml",
	    "{if: = approval.approvers > 0, target: awaiting-approval}",
	    "{if: = input.amount > 0, target: on-hold}");
}

static void
test_sighup_serves_a_new_version_to_new_instances(void **state)
{
	struct house *house = house_open(&quiet);
	json_t *payment;

	(void)state;
	payment_start(house, "P-1", "60000", "ACME");
	payment_await(house, "P-1", "awaiting-approval");
	tighten(house);
	house_edit(house, "workflows/payment.yaml", "version: 3", "version: 4");
	reload(house, "reloaded");
	payment_start(house, "P-2", "60000", "ACME");
	payment = payment_await(house, "P-2", "on-hold");
	assert_int_equal(integer_at(payment, "version"), 4);
	payment = payment_show(house, "P-1");
	assert_int_equal(integer_at(payment, "version"), 3);
	assert_string_equal(text_at(payment, "state"), "awaiting-approval");
	/* Over a restart as well, though version 3 is in no file any more. */
	program_stop(&house->engine);
	house_start_engine(house);
	assert_int_equal(integer_at(payment_show(house, "P-1"), "version"), 3);
	assert_status(house_post_as(house, "anna", "/v1/instances/P-1/cancel",
			  "{}"),
	    200);
	house_close(&house);
}

static void
test_changed_text_under_an_old_version_is_refused(void **state)
{
	struct house *house = house_open(&quiet);
	struct run run;

	(void)state;
	payment_start(house, "P-1", "60000", "ACME");
	payment_await(house, "P-1", "awaiting-approval");
	tighten(house);
	reload(house, "not reloaded");
	payment_start(house, "P-2", "60000", "ACME");
	payment_await(house, "P-2", "awaiting-approval");
	/* At a start too. */
	program_stop(&house->engine);
	run = house_run(house,
	    (const char *[]){"serve", "--config",
		house_path(house, "stated.yaml"), "--listen", "127.0.0.1:0",
		NULL});
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.text, "version"));
	run_fini(&run);
	house_close(&house);
}

static void
test_bad_definitions_leave_the_old_ones_in_place(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	house_edit(house, "workflows/payment.yaml", "initial: checking",
	    "initial: cheking");
	house_edit(house, "workflows/payment.yaml", "version: 3", "version: 4");
	reload(house, "not reloaded");
	assert_true(house_logged(house, "did you mean") > 0);
	payment_start(house, "P-1", "60000", "ACME");
	assert_int_equal(
	    integer_at(payment_await(house, "P-1", "awaiting-approval"),
		"version"),
	    3);
	/* Mended, it is taken. */
	house_edit(house, "workflows/payment.yaml", "initial: cheking",
	    "initial: checking");
	reload(house, "reloaded");
	payment_start(house, "P-2", "60000", "ACME");
	assert_int_equal(
	    integer_at(payment_await(house, "P-2", "awaiting-approval"),
		"version"),
	    4);
	house_close(&house);
}

static const char order[] =
    "workflow: order\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "input: {type: object, properties: {amount: {$ref: "
    "'canon#/$defs/amount'}}}\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    user-task:\n"
    "      title: How much?\n"
    "      form: {properties: {amount: {$ref: 'canon#/$defs/amount'}}}\n"
    "    on: {approved: ended, rejected: ended}\n"
    "  ended: {type: final}\n";

static int
start_order(struct house *house, const char *key, int amount)
{
	return house_post(house, "/v1/workflows/order/instances",
	    "{\"input\":{\"key\":\"%s\",\"amount\":%d}}", key, amount)
	    ->status;
}

static int
decide_order(struct house *house, const char *key, int amount)
{
	char path[256];

	snprintf(path, sizeof(path), "/v1/tasks/%s/decide",
	    payment_task(house, key));
	return house_post_as(house, "anna", path,
	    "{\"choice\":\"approved\",\"data\":{\"amount\":%d}}", amount)
	    ->status;
}

static void
test_instances_keep_the_shared_definitions_that_they_began_with(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	house_write(house, "workflows/order.yaml", order);
	house_write(house, "workflows/canon.yaml", "schema: canon\n"
	    "$defs: {amount: {type: number, minimum: 10}}\n");
	house_start_engine(house);
	assert_int_equal(start_order(house, "O-1", 12), 201);
	/* What is shared is part of the version's text. */
	house_edit(house, "workflows/canon.yaml", "minimum: 10", "minimum: 20");
	reload(house, "not reloaded");
	house_edit(house, "workflows/order.yaml", "version: 1", "version: 2");
	reload(house, "reloaded");
	assert_int_equal(start_order(house, "O-2", 12), 422);
	assert_int_equal(start_order(house, "O-2", 25), 201);
	/* Over a restart as well, though the old text is in no file any more. */
	program_stop(&house->engine);
	house_start_engine(house);
	assert_int_equal(decide_order(house, "O-2", 15), 422);
	assert_int_equal(decide_order(house, "O-1", 9), 422);
	assert_int_equal(decide_order(house, "O-1", 15), 200);
	assert_int_equal(integer_at(payment_show(house, "O-1"), "version"), 1);
	house_verify(house);
	house_close(&house);
}

/* What only open instances need any more. */
static void
write_parcels(const struct house *house, int version, const char *operation)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "workflow: parcel\n"
	    "version: %d\n"
	    "business-key: = input.key\n"
	    "input: {type: object}\n"
	    "initial: asking\n"
	    "states:\n"
	    "  asking:\n"
	    "    user-task: {title: Send it?}\n"
	    "    on: {approved: sending, rejected: ended}\n"
	    "  sending:\n"
	    "    entry: [{call: courier.%s}]\n"
	    "    on: {done: ended, error: ended}\n"
	    "  ended: {type: final}\n"
	    "---\n"
	    "connection: courier\n"
	    "kind: http\n"
	    "url: http://127.0.0.1:9\n"
	    "operations: {%s: {request: {post: /parcels}}}\n",
	    version, operation, operation);
	house_write(house, "workflows/parcel.yaml", text);
}

static int
start_parcel(struct house *house, const char *key)
{
	return house_post(house, "/v1/workflows/parcel/instances",
	    "{\"input\":{\"key\":\"%s\"}}", key)
	    ->status;
}

static int
reject_parcel(struct house *house, const char *key)
{
	char path[256];

	snprintf(path, sizeof(path), "/v1/tasks/%s/decide",
	    payment_task(house, key));
	return house_post_as(house, "anna", path, "{\"choice\":\"rejected\"}")
	    ->status;
}

static void
assert_start_refused(struct house *house, const char *says)
{
	assert_run(house_run(house, (const char *[]){"serve", "--config",
		       house_path(house, "stated.yaml"), "--listen",
		       "127.0.0.1:0", NULL}),
	    1, says);
}

static void
test_definitions_that_strand_open_instances_are_refused(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	write_parcels(house, 1, "send");
	house_start_engine(house);
	assert_int_equal(start_parcel(house, "B-1"), 201);
	assert_int_equal(start_parcel(house, "B-2"), 201);
	write_parcels(house, 2, "ship");
	reload(house, "2 open instances run on workflow `parcel` version 1");
	assert_true(
	    house_logged(house, "`courier` has no operation `send`") > 0);
	assert_int_equal(reject_parcel(house, "B-1"), 200);
	/* At a start too: what is acknowledged can be delivered. */
	program_stop(&house->engine);
	assert_start_refused(
	    house, "1 open instance runs on workflow `parcel` version 1");
	write_parcels(house, 1, "send");
	house_start_engine(house);
	assert_int_equal(reject_parcel(house, "B-2"), 200);
	/* What has ended needs none of it. */
	write_parcels(house, 2, "ship");
	reload(house, "reloaded: workflows");
	program_stop(&house->engine);
	house_start_engine(house);
	assert_string_equal(
	    text_at(payment_show(house, "B-1"), "status"), "completed");
	assert_status(house_get(house, "/v1/instances/B-1/history"), 200);
	assert_run(
	    house_run(house, (const char *[]){"show", "B-1", NULL}), 0,
	    "parcel B-1  completed in ended");
	assert_run(house_run(house, (const char *[]){"show", "B-1", NULL}), 0,
	    "not loaded");
	assert_int_equal(start_parcel(house, "B-3"), 201);
	assert_int_equal(integer_at(payment_show(house, "B-3"), "version"), 2);
	house_verify(house);
	house_close(&house);
}

/* ---- refusals at the start ---- */

static void
assert_refused(struct house *house, const char *const *arguments,
    const char *says)
{
	assert_run(house_run(house, arguments), 1, says);
}

static void
test_without_a_configuration_only_loopback_is_served(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	assert_refused(house,
	    (const char *[]){"serve", "--listen", "0.0.0.0:0", NULL},
	    "insecure");
	assert_refused(house,
	    (const char *[]){"serve", "--listen", "[::]:0", NULL}, "insecure");
	house_close(&house);
}

static void
test_a_fast_clock_is_refused_in_production(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	house_edit(house, "stated.yaml", "environment: test",
	    "environment: production");
	assert_refused(house,
	    (const char *[]){"serve", "--config", "stated.yaml", "--listen",
		"127.0.0.1:0", "--clock", "600x", NULL},
	    "production");
	house_close(&house);
}

static void
test_unsound_configurations_are_told_with_their_place(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	house_edit(house, "stated.yaml", "workflows: [", "worflows: [");
	assert_refused(house,
	    (const char *[]){"serve", "--config", "stated.yaml", NULL},
	    "workflows");
	house_close(&house);
}

static void
test_files_that_are_no_database_are_left_alone(void **state)
{
	struct house *house = house_build(&quiet);
	char *text;

	(void)state;
	house_write(house, "disk/stated.db", "my diary, not yours\n");
	assert_refused(house,
	    (const char *[]){"serve", "--config", "stated.yaml", "--listen",
		"127.0.0.1:0", NULL},
	    "stated.db");
	text = house_read(house_path(house, "disk/stated.db"));
	assert_string_equal(text, "my diary, not yours\n");
	free(text);
	house_close(&house);
}

static void
test_a_port_that_is_taken_is_told(void **state)
{
	struct house *house = house_open(&quiet);
	char listen[64];

	(void)state;
	snprintf(listen, sizeof(listen), "127.0.0.1:%d", house->port);
	assert_refused(house,
	    (const char *[]){"serve", "--workflows", "workflows", "--store",
		"other.db", "--listen", listen, NULL},
	    listen);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_sigterm_drains_and_the_next_start_goes_on),
	    HOUSE_TEST(test_sigterm_takes_no_more_work),
	    HOUSE_TEST(
		test_sigterm_waits_for_a_call_as_long_as_its_timeout_allows),
	    HOUSE_TEST(test_sigterm_is_told_to_those_who_ask_anew),
	    HOUSE_TEST(
		test_second_sigterm_stops_at_once_and_names_what_is_left),
	    HOUSE_TEST(test_sigterm_amid_requests_leaves_nothing_behind),
	    HOUSE_TEST(test_sighup_serves_a_new_version_to_new_instances),
	    HOUSE_TEST(test_changed_text_under_an_old_version_is_refused),
	    HOUSE_TEST(test_bad_definitions_leave_the_old_ones_in_place),
	    HOUSE_TEST(
		test_instances_keep_the_shared_definitions_that_they_began_with),
	    HOUSE_TEST(test_definitions_that_strand_open_instances_are_refused),
	    HOUSE_TEST(test_without_a_configuration_only_loopback_is_served),
	    HOUSE_TEST(test_a_fast_clock_is_refused_in_production),
	    HOUSE_TEST(test_unsound_configurations_are_told_with_their_place),
	    HOUSE_TEST(test_files_that_are_no_database_are_left_alone),
	    HOUSE_TEST(test_a_port_that_is_taken_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
