/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_scarce.c: the system gives no more descriptors.
 *
 * Callers wait or are answered, calls wait and use up none of their attempts,
 * nobody spins, nothing is lost, and when there are some again work goes on by
 * itself.
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAYMENTS 8
#define CROWD 200
#define SCARCE_MS 1500

/* Webhooks come while there are no descriptors for them. */
static const struct house_options usual = {
    .sandbox = {"--delay-accepted", "300", "--delay-settling", "500",
	"--delay-settled", "700", "--delay-matched", "900"},
};

/* A third of the time, where it spun it would be all of it. */
static void
assert_rests(struct house *house, int milliseconds)
{
	int64_t before_ms = program_usage(&house->engine).cpu_ms;

	time_sleep(milliseconds);
	assert_true(program_is_alive(&house->engine));
	assert_in_range(program_usage(&house->engine).cpu_ms - before_ms, 0,
	    (unsigned)milliseconds / 3);
}

static void
name_payment(int number, char out[32])
{
	snprintf(out, 32, "F-%03d", number);
}

/* None failed, none was tried a second time. */
static void
assert_paid_at_the_first_attempt(struct house *house, const char *name)
{
	json_t *records, *record;
	size_t i;

	payment_await(house, name, "reconciled");
	records = payment_history(house, name);
	json_array_foreach(records, i, record) {
		assert_true(json_at(record, "outcome.class") == NULL ||
			    strcmp(text_at(record, "outcome.class"), "done") ==
				0);
		assert_string_not_equal(
		    text_at(record, "kind"), "incident-opened");
	}
	assert_int_equal(json_array_size(
			     json_at(payment_ledger(house, name), "orders")),
	    1);
}

static void
test_calls_and_callers_wait_for_descriptors(void **state)
{
	struct house *house = house_open(&usual);
	struct reply *reply;
	char name[32];

	(void)state;
	for (int i = 0; i < PAYMENTS; i++) {
		name_payment(i, name);
		payment_start(house, name, "250", "ACME");
	}
	program_limit_descriptors(&house->engine,
	    program_usage(&house->engine).descriptors);
	reply = house_ask(house, &(struct ask){.path = "/healthz",
				     .timeout_ms = 200});
	assert_true(reply->status == 0 || reply->status == 200);
	assert_rests(house, SCARCE_MS);
	program_limit_descriptors(&house->engine, 0);
	assert_status(house_get(house, "/readyz"), 200);
	for (int i = 0; i < PAYMENTS; i++) {
		name_payment(i, name);
		assert_paid_at_the_first_attempt(house, name);
	}
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

/* ---- calls that find none ---- */

static const char asking[] =
    "workflow: asking\n"
    "version: 1\n"
    "input: {type: object, required: [name], properties: {name: {type: "
    "string}}}\n"
    "business-key: = input.name\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry: [{call: peer.ask, timeout: 2s, retry: {limit: 1}}]\n"
    "    on: {done: answered, error: failed}\n"
    "  answered: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: cancelled}\n"
    "---\n"
    "connection: peer\n"
    "kind: http\n"
    "url: = settings.peer.url\n"
    "limits: {concurrency: 16}\n"
    "operations: {ask: {request: {post: /ask, body: {}}}}\n";

static void
answer_cb(int fd, const char *request, void *arg)
{
	(void)request, (void)arg;
	time_sleep(100); /* so that one connection isn't enough for all */
	endpoint_say_ok(fd);
}

/* Over a connection that was open before. */
static void
start_over(int fd, const char *name)
{
	char text[512], body[64];
	ssize_t got;

	snprintf(body, sizeof(body), "{\"input\":{\"name\":\"%s\"}}", name);
	snprintf(text, sizeof(text),
	    "POST /v1/workflows/asking/instances HTTP/1.1\r\nHost: x\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(body), body);
	assert_int_equal(
	    write(fd, text, strlen(text)), (ssize_t)strlen(text));
	got = read(fd, text, sizeof(text) - 1);
	assert_true(got > 0);
	text[got] = '\0';
	assert_non_null(strstr(text, "HTTP/1.1 201"));
	/* The rest of it, so that the next answer begins with its status. */
	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
		continue;
}

static void
test_calls_that_find_no_descriptor_have_not_failed(void **state)
{
	struct house *house = house_build(&usual);
	struct endpoint peer;
	char name[32], settings[128];
	int fd;

	(void)state;
	endpoint_open(&peer, answer_cb, NULL);
	house_write(house, "workflows/asking.yaml", asking);
	snprintf(settings, sizeof(settings),
	    "settings:\n  peer: {url: '%s'}\n", peer.url);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	house_start_engine(house);
	fd = house_connect(house);
	start_over(fd, "F-0"); /* so that all is loaded and open */
	payment_await(house, "F-0", "answered");
	program_limit_descriptors(&house->engine, 8);
	for (int i = 1; i <= PAYMENTS; i++) {
		name_payment(i, name);
		start_over(fd, name);
	}
	assert_rests(house, 700);
	assert_true(house_logged(house, "no descriptors") > 0);
	program_limit_descriptors(&house->engine, 0);
	for (int i = 1; i <= PAYMENTS; i++) {
		name_payment(i, name);
		payment_await(house, name, "answered");
	}
	assert_int_equal(peer.requests, PAYMENTS + 1);
	close(fd);
	house_close(&house);
	endpoint_close(&peer);
}

/* ---- callers ---- */

/* The engine keeps what it needs itself, and lets in fewer. */
static void
test_callers_do_not_take_the_last_descriptors(void **state)
{
	struct house *house = house_open(&usual);
	struct rlimit few = {.rlim_cur = 100, .rlim_max = 100};
	int fds[CROWD];

	(void)state;
	program_stop(&house->engine);
	house_spawn_engine(house);
	assert_int_equal(
	    prlimit(house->engine.pid, RLIMIT_NOFILE, &few, NULL), 0);
	house_await_engine(house);
	payment_start(house, "F-crowd", "250", "ACME");
	for (int i = 0; i < CROWD; i++)
		fds[i] = house_connect(house);
	assert_rests(house, 500);
	assert_in_range(program_usage(&house->engine).descriptors, 1, 90);
	for (int i = 0; i < CROWD; i++)
		close(fds[i]);
	payment_await(house, "F-crowd", "reconciled");
	house_close(&house);
}

/* ---- starts ---- */

/* It serves, and is stopped after a moment, or it has said what it lacks. */
static bool
serves_with(const struct house *house, int descriptors)
{
	char command[4 * HOUSE_PATH_BYTES];
	const char *const shell[] = {"/bin/sh", "-c", command, NULL};
	struct run run;
	bool serves;

	snprintf(command, sizeof(command),
	    "ulimit -n %d; exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; "
	    "timeout -s TERM 2 %s serve --config stated.yaml --listen "
	    "127.0.0.1:0", descriptors, house_program());
	run = program_run(house->directory, NULL, shell, NULL);
	serves = strstr(run.text, " serving: ") != NULL;
	if (!serves && (run.status != 1 ||
	    (strstr(run.text, "no more descriptors") == NULL &&
		strstr(run.text, "Too many open files") == NULL) ||
	    strstr(run.text, "file system failed") != NULL ||
	    strstr(run.text, "[err]") != NULL))
		fail_msg("with %d it ended with %d: %s", descriptors,
		    run.status, run.text);
	run_fini(&run);
	return serves;
}

static void
test_start_without_enough_descriptors_is_refused(void **state)
{
	struct house *house = house_build(&usual);
	int descriptors = 4; /* with fewer its libraries aren't found */

	(void)state;
	while (!serves_with(house, descriptors))
		descriptors++;
	assert_in_range(descriptors, 8, 40);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_calls_and_callers_wait_for_descriptors),
	    HOUSE_TEST(test_calls_that_find_no_descriptor_have_not_failed),
	    HOUSE_TEST(test_callers_do_not_take_the_last_descriptors),
	    HOUSE_TEST(test_start_without_enough_descriptors_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
