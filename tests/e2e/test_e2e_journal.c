/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_journal.c: what happens to the installation is recorded, and
 * checkpoints leave it that an auditor checks with nothing but the key.
 */
#include "house.h"
#include "shim_call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define TOKEN_BYTES 128
static const struct house_options guarded = {
    .config = "auth: {required: true}\n"
	      "checkpoints: {key: {secret: seal}, every: off}\n",
};

static void
give_first(const struct house *house, char token[TOKEN_BYTES])
{
	char path[HOUSE_PATH_BYTES];
	const char *const arguments[] = {house_program(), "token", "create",
	    "--store", path, "--name", "root", "--role", "admin", NULL};
	const char *at;

	snprintf(path, sizeof(path), "%s", house_path(house, "disk/stated.db"));
	struct run run =
	    program_run(house->directory, NULL, arguments, NULL);
	assert_int_equal(run.status, 0);
	at = strstr(run.text, "stated_");
	assert_non_null(at);
	snprintf(token, TOKEN_BYTES, "%.*s", (int)strcspn(at, "\n"), at);
	run_fini(&run);
}

static struct house *
open_guarded(char token[TOKEN_BYTES])
{
	struct house *house = house_build(&guarded);

	give_first(house, token);
	house_start_engine(house);
	return house;
}

/* What the program says, as somebody; it must go well. */
static struct run
run_as(const struct house *house, const char *token, int status,
    const char *const *arguments)
{
	char url[128], shown[TOKEN_BYTES + 16];
	const char *const environment[] = {url, shown, NULL};
	const char *words[16] = {house_program()};

	snprintf(url, sizeof(url), "STATED_URL=%s", house->url);
	snprintf(shown, sizeof(shown), "STATED_TOKEN=%s", token);
	for (size_t i = 0; i < 14 && arguments[i] != NULL; i++)
		words[i + 1] = arguments[i];
	struct run run =
	    program_run(house->directory, environment, words, NULL);
	if (run.status != status)
		print_error("%s\n", run.text);
	assert_int_equal(run.status, status);
	return run;
}

static void
do_as(const struct house *house, const char *token,
    const char *const *arguments)
{
	struct run run = run_as(house, token, 0, arguments);

	run_fini(&run);
}

static void
save_as(const struct house *house, const char *token, const char *name,
    const char *const *arguments)
{
	struct run run = run_as(house, token, 0, arguments);

	house_write(house, name, run.text);
	run_fini(&run);
}

static struct reply *
ask_as(struct house *house, const char *token, const char *method,
    const char *path)
{
	char header[TOKEN_BYTES + 32];

	snprintf(header, sizeof(header), "authorization: Bearer %s", token);
	return house_ask(house, &(struct ask){.method = method, .path = path,
	    .body = strcmp(method, "POST") == 0 ? "{}" : NULL,
	    .headers = {header, "content-type: application/json"}});
}

/* All of the journal. */
static json_t *
journal(struct house *house, const char *token)
{
	struct reply *reply =
	    ask_as(house, token, "GET", "/v1/journal?limit=1000");

	assert_status(reply, 200);
	return json_at(reply->json, "items");
}

/* The journal, once it has so many of a kind: refusals and starts are told to
 * it, and nobody waits for that. */
static json_t *
await(struct house *house, const char *token, const char *kind, size_t count)
{
	json_t *records = journal(house, token);

	for (int i = 0; i < 100; i++) {
		if (json_count_with(records, "kind", kind) >= count)
			break;
		time_sleep(20);
		records = journal(house, token);
	}
	assert_int_equal(json_count_with(records, "kind", kind), count);
	return records;
}

static void
start_payment(struct house *house, const char *token, const char *reference)
{
	char header[TOKEN_BYTES + 32];

	snprintf(header, sizeof(header), "authorization: Bearer %s", token);
	assert_status(house_ask(house, &(struct ask){
	    .path = "/v1/workflows/payment/instances",
	    .body = payment_body(reference, "12.50", "Acme"),
	    .headers = {header, "content-type: application/json"}}), 201);
}

/* ---- the journal ---- */

static void
test_acts_on_the_installation_are_recorded(void **state)
{
	char root[TOKEN_BYTES];
	struct house *house = open_guarded(root);
	json_t *records;
	const char *id;

	(void)state;
	assert_status(
	    ask_as(house, root, "POST", "/v1/connections/bank/pause"), 200);
	assert_status(
	    ask_as(house, root, "POST", "/v1/connections/bank/resume"), 200);
	do_as(house, root,
	    (const char *[]){"token", "create", "--name", "ines", "--role",
		"auditor", NULL});
	records = journal(house, root);
	id = text_at(json_with(records, "name", "ines"), "token");
	do_as(house, root,
	    (const char *[]){"token", "revoke", id, NULL});
	program_stop(&house->engine);
	house_start_engine(house);
	records = await(house, root, "engine-started", 2);
	assert_int_equal(json_count_with(records, "kind", "token-given"), 2);
	assert_int_equal(json_count_with(records, "kind", "token-revoked"), 1);
	assert_int_equal(
	    json_count_with(records, "kind", "connection-paused"), 1);
	assert_int_equal(
	    json_count_with(records, "kind", "connection-resumed"), 1);
	assert_int_equal(json_count_with(records, "kind", "engine-stopped"), 1);
	assert_true(
	    json_count_with(records, "kind", "definition-published") > 0);
	assert_string_equal(
	    text_at(json_with(records, "kind", "token-revoked"), "actor"),
	    "root");
	house_verify(house);
	house_close(&house);
}

static void
test_export_is_recorded_before_it_leaves_and_holds_its_record(void **state)
{
	char root[TOKEN_BYTES];
	struct house *house = open_guarded(root);
	struct reply *reply;

	(void)state;
	start_payment(house, root, "E-1");
	reply = ask_as(house, root, "GET", "/v1/export");
	assert_status(reply, 200);
	assert_non_null(strstr(reply->body, "\"kind\":\"export-begun\""));
	/* Who chose an instance gets nothing of the installation. */
	reply = ask_as(house, root, "GET", "/v1/export?instance=E-1");
	assert_status(reply, 200);
	assert_null(strstr(reply->body, "\"kind\":\"engine-started\""));
	(void)await(house, root, "export-begun", 2);
	/* The journal is no instance. */
	reply = ask_as(house, root, "GET", "/v1/population");
	assert_int_equal(integer_at(reply->json, "numbers.present"), 1);
	house_close(&house);
}

static void
test_flood_of_refusals_is_counted_and_not_told_one_by_one(void **state)
{
	char root[TOKEN_BYTES], path[64];
	struct house *house = house_build(&guarded);
	json_t *records;

	(void)state;
	/* Or else the address is shut out, which is another test. */
	house_edit(house, "stated.yaml", "environment: test\n",
	    "environment: test\nlimits: {sign-ins: 1000}\n");
	give_first(house, root);
	house_start_engine(house);
	for (int i = 0; i < 200; i++)
		assert_status(
		    ask_as(house, "stated_0", "GET", "/v1/instances"), 401);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/v1/tasks/%d/decide", i);
		assert_status(ask_as(house, "stated_0", "POST", path), 401);
	}
	(void)await(house, root, "sign-in-failed", 2);
	program_stop(&house->engine);
	house_start_engine(house);
	records = await(house, root, "sign-in-failed", 4);
	assert_true(json_array_size(records) < 100);
	house_verify(house);
	house_close(&house);
}

static void
test_journal_is_for_those_who_may_and_tells_who_may_not(void **state)
{
	char root[TOKEN_BYTES], ines[TOKEN_BYTES];
	struct house *house = open_guarded(root);
	struct run run = run_as(house, root, 0,
	    (const char *[]){"token", "create", "--name", "ines", "--role",
		"initiator", NULL});
	json_t *refused;

	(void)state;
	snprintf(ines, sizeof(ines), "%.*s",
	    (int)strcspn(strstr(run.text, "stated_"), "\n"),
	    strstr(run.text, "stated_"));
	run_fini(&run);
	assert_problem(
	    ask_as(house, ines, "GET", "/v1/journal"), 403, "forbidden");
	refused = json_with(
	    await(house, root, "access-refused", 1), "kind", "access-refused");
	assert_string_equal(text_at(refused, "actor"), "ines");
	assert_string_equal(text_at(refused, "route"), "GET /v1/journal");
	house_close(&house);
}

/* ---- checkpoints ---- */

static void
test_auditor_checks_all_of_it_offline(void **state)
{
	char root[TOKEN_BYTES], database[HOUSE_PATH_BYTES];
	struct house *house = open_guarded(root);
	struct run run;

	(void)state;
	start_payment(house, root, "C-1");
	save_as(house, root, "one.json",
	    (const char *[]){"checkpoint", "make", NULL});
	start_payment(house, root, "C-2");
	save_as(house, root, "two.json",
	    (const char *[]){"checkpoint", "make", NULL});
	save_as(house, root, "key.pem",
	    (const char *[]){"checkpoint", "key", NULL});
	save_as(house, root, "proof.json",
	    (const char *[]){"checkpoint", "prove", "C-1", NULL});
	save_as(house, root, "consistency.json",
	    (const char *[]){"checkpoint", "consistency", "1", "2", NULL});
	save_as(house, root, "export.jsonl",
	    (const char *[]){"export", "--instance", "C-1", NULL});
	snprintf(database, sizeof(database), "%s",
	    house_path(house, "disk/stated.db"));
	const char *const files[] = {"one.json", "proof.json",
	    "consistency.json", "export.jsonl", database};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		run = run_as(house, "none", 0,
		    (const char *[]){"verify", files[i], "--public-key",
			"key.pem", NULL});
		assert_non_null(strstr(run.text, "signed by the key"));
		run_fini(&run);
	}
	run = run_as(house, "none", 0,
	    (const char *[]){"verify", database, "--public-key", "key.pem",
		"--checkpoint", "one.json", "--checkpoint", "two.json", NULL});
	run_fini(&run);
	house_close(&house);
}

/* As docs/audit.md tells: no program of ours. */
static void
test_signature_is_checked_by_openssl_alone(void **state)
{
	static const char script[] =
	    "sed 's/^{\"checkpoint\":\\(.*\\),\"key\":\"[^\"]*\","
	    "\"signature\":\"[^\"]*\"}$/\\1/' one.json | tr -d '\\n' > text\n"
	    "sed 's/.*\"signature\":\"\\([^\"]*\\)\"}$/\\1/' one.json |"
	    " base64 -d > signature\n"
	    "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text"
	    " -sigfile signature\n";
	const char *const which[] = {"/usr/bin/env", "openssl", "version",
	    NULL};
	const char *const arguments[] = {"/bin/sh", "-ec", script, NULL};
	char root[TOKEN_BYTES];
	struct house *house = open_guarded(root);
	struct run run = program_run(house->directory, NULL, which, NULL);
	bool has_openssl = run.status == 0;

	(void)state;
	run_fini(&run);
	save_as(house, root, "one.json",
	    (const char *[]){"checkpoint", "make", NULL});
	save_as(house, root, "key.pem",
	    (const char *[]){"checkpoint", "key", NULL});
	if (has_openssl) {
		run = program_run(house->directory, NULL, arguments, NULL);
		assert_int_equal(run.status, 0);
		assert_non_null(
		    strstr(run.text, "Signature Verified Successfully"));
		run_fini(&run);
	}
	house_close(&house);
	if (!has_openssl)
		skip();
}

static void
test_restored_backup_is_told_from_what_was_lost(void **state)
{
	char root[TOKEN_BYTES], database[HOUSE_PATH_BYTES];
	struct house *house = open_guarded(root);
	json_t *records;
	struct run run;

	(void)state;
	snprintf(database, sizeof(database), "%s",
	    house_path(house, "disk/stated.db"));
	start_payment(house, root, "R-1");
	do_as(house, root,
	    (const char *[]){"backup", "backup.db", "--store", database,
		NULL});
	start_payment(house, root, "R-2");
	save_as(house, root, "one.json",
	    (const char *[]){"checkpoint", "make", NULL});
	save_as(house, root, "key.pem",
	    (const char *[]){"checkpoint", "key", NULL});
	program_stop(&house->engine);
	do_as(house, root,
	    (const char *[]){"restore", "backup.db", "--store", database,
		"--force", NULL});
	house_start_engine(house);
	records = await(house, root, "engine-started", 2);
	assert_non_null(json_at(json_array_get(records,
	    json_array_size(records) - 1), "restored_at"));
	house_verify(house);
	run = run_as(house, root, 1,
	    (const char *[]){"verify", database, "--public-key", "key.pem",
		"--checkpoint", "one.json", NULL});
	run_fini(&run);
	house_close(&house);
}

/* ---- by the clock ---- */

static void
take_cb(int fd, const char *request, void *arg)
{
	char *kept = arg;
	const char *body = strstr(request, "\r\n\r\n");

	if (body != NULL && kept[0] == '\0')
		snprintf(kept, 4096, "%s", body + 4);
	endpoint_say_ok(fd);
}

static void
test_checkpoint_is_made_by_the_clock_and_sent_away(void **state)
{
	static char taken[4096];
	char config[512], file[64], *lines;
	struct house_options options = {.config = config};
	struct endpoint endpoint;
	struct house *house;
	struct run run;

	(void)state;
	snprintf(file, sizeof(file), "/tmp/stated-sealed-%d.jsonl",
	    (int)getpid());
	endpoint_open(&endpoint, take_cb, taken);
	snprintf(config, sizeof(config),
	    "checkpoints: {key: {secret: seal}, every: 1s, webhook: '%s',\n"
	    "  file: '%s'}\n", endpoint.url, file);
	house = house_build(&options);
	house_start_engine(house);
	for (int i = 0; i < 100 && atomic_load(&endpoint.requests) == 0; i++)
		time_sleep(100);
	assert_true(atomic_load(&endpoint.requests) > 0);
	time_sleep(100);
	house_write(house, "taken.json", taken);
	run = house_run(house, (const char *[]){"verify",
				   house_path(house, "taken.json"), NULL});
	assert_int_equal(run.status, 0);
	run_fini(&run);
	assert_true(house_logged(house, "checkpoint: {") > 0);
	lines = house_read(file);
	assert_memory_equal(lines, taken, strlen(taken));
	free(lines);
	assert_int_equal(unlink(file), 0);
	house_close(&house);
	endpoint_close(&endpoint);
}

/* ---- what is in the way ---- */

struct taker {
	struct endpoint endpoint;
	atomic_bool is_down;
	char config[512];
	struct house_options options;
	struct house *house;
};

static void
receive_cb(int fd, const char *request, void *arg)
{
	static const char down[] = "HTTP/1.1 500 Down\r\n"
				   "Content-Length: 0\r\n\r\n";
	struct taker *taker = arg;

	(void)request;
	if (atomic_load(&taker->is_down))
		endpoint_say(fd, down, sizeof(down) - 1);
	else
		endpoint_say_ok(fd);
}

/* Checkpoints go to an endpoint, and to `kept.jsonl`. */
static void
taker_build(struct taker *taker, const char *every)
{
	char more[HOUSE_PATH_BYTES + 64];

	*taker = (struct taker){.options = {.config = taker->config}};
	endpoint_open(&taker->endpoint, receive_cb, taker);
	snprintf(taker->config, sizeof(taker->config),
	    "checkpoints: {key: {secret: seal}, every: %s, webhook: '%s',\n"
	    "  file: FILE}\n", every, taker->endpoint.url);
	taker->house = house_build(&taker->options);
	snprintf(more, sizeof(more), "file: '%s'",
	    house_path(taker->house, "kept.jsonl"));
	house_edit(taker->house, "stated.yaml", "file: FILE", more);
}

static void
taker_close(struct taker *taker)
{
	house_close(&taker->house);
	endpoint_close(&taker->endpoint);
}

static void
make_checkpoint(struct taker *taker)
{
	assert_status(house_post(taker->house, "/v1/checkpoints", "{}"), 201);
}

static void
await_requests(struct taker *taker, int count)
{
	for (int i = 0; i < 100; i++) {
		if (atomic_load(&taker->endpoint.requests) >= count)
			return;
		time_sleep(100);
	}
	fail_msg("no request %d has come", count);
}

static size_t
count_lines(const struct house *house)
{
	char *text = house_read(house_path(house, "kept.jsonl"));
	size_t count = 0;

	for (const char *at = text; *at != '\0'; at++)
		if (*at == '\n')
			count++;
	free(text);
	return count;
}

/* As if it had been killed before the checkpoint left. */
static void
test_newest_checkpoint_goes_out_once_more_when_the_engine_starts(void **state)
{
	struct taker taker;
	int asked;

	(void)state;
	taker_build(&taker, "off");
	atomic_store(&taker.is_down, true);
	house_start_engine(taker.house);
	make_checkpoint(&taker);
	await_requests(&taker, 1);
	program_kill(&taker.house->engine);
	atomic_store(&taker.is_down, false);
	asked = atomic_load(&taker.endpoint.requests);
	house_write(taker.house, "kept.jsonl", "");
	house_start_engine(taker.house);
	await_requests(&taker, asked + 1);
	assert_int_equal(count_lines(taker.house), 1);
	/* It is there now. */
	program_stop(&taker.house->engine);
	house_start_engine(taker.house);
	await_requests(&taker, asked + 2);
	assert_int_equal(count_lines(taker.house), 1);
	make_checkpoint(&taker);
	assert_int_equal(count_lines(taker.house), 2);
	assert_run(house_run(taker.house,
		       (const char *[]){"verify",
			   house_path(taker.house, "kept.jsonl"), NULL}),
	    0, "2 checkpoints");
	taker_close(&taker);
}

static void
test_line_that_was_cut_takes_nothing_from_the_others(void **state)
{
	char database[HOUSE_PATH_BYTES];
	struct taker taker;

	(void)state;
	taker_build(&taker, "off");
	house_write(taker.house, "kept.jsonl", "{\"checkpoint\":{\"inst");
	house_start_engine(taker.house);
	make_checkpoint(&taker);
	make_checkpoint(&taker);
	assert_int_equal(count_lines(taker.house), 3);
	snprintf(database, sizeof(database), "%s",
	    house_path(taker.house, "disk/stated.db"));
	assert_run(house_run(taker.house,
		       (const char *[]){"verify", database, "--checkpoint",
			   "kept.jsonl", NULL}),
	    0, "kept.jsonl:1: warning: a checkpoint was cut here");
	assert_run(house_run(taker.house,
		       (const char *[]){"verify", "kept.jsonl", NULL}),
	    0, "1 checkpoint was cut, in line 1");
	house_write(taker.house, "other.jsonl", "{\"records\":[]}\n");
	assert_run(house_run(taker.house,
		       (const char *[]){"verify", database, "--checkpoint",
			   "other.jsonl", NULL}),
	    1, "other.jsonl:1 is no checkpoint");
	taker_close(&taker);
}

static void
test_line_that_could_not_be_written_is_taken_back(void **state)
{
	struct taker taker;
	struct shim_call *call;

	(void)state;
	taker_build(&taker, "off");
	taker.house->shim = "tests/e2e/shim_call.so";
	call = house_share(taker.house, "STATED_TEST_CALL", sizeof(*call));
	house_start_engine(taker.house);
	make_checkpoint(&taker);
	snprintf(call->name, sizeof(call->name), "fsync");
	call->error = ENOSPC;
	call->of = SHIM_FILE;
	atomic_store(&call->left, 1);
	make_checkpoint(&taker);
	assert_int_equal(atomic_load(&call->left), 0);
	assert_int_equal(count_lines(taker.house), 1);
	assert_int_equal(
	    house_logged(taker.house, "checkpoint not written"), 1);
	make_checkpoint(&taker);
	assert_int_equal(count_lines(taker.house), 2);
	taker_close(&taker);
	munmap(call, sizeof(*call));
}

static void
test_checkpoints_go_on_when_the_clock_was_ahead(void **state)
{
	const int64_t ahead_ms = (int64_t)30 * 86400 * 1000;
	struct taker taker;
	int64_t *offset_ms;

	(void)state;
	taker_build(&taker, "1s");
	taker.house->shim = "tests/e2e/shim_clock.so";
	offset_ms =
	    house_share(taker.house, "STATED_TEST_CLOCK", sizeof(*offset_ms));
	*offset_ms = ahead_ms;
	house_start_engine(taker.house);
	await_requests(&taker, 1);
	*offset_ms = 0;
	payment_start(taker.house, "RE-1", "10.00", "Ada");
	await_requests(&taker, 2);
	*offset_ms = ahead_ms;
	payment_start(taker.house, "RE-2", "10.00", "Ada");
	await_requests(&taker, 3);
	program_stop(&taker.house->engine);
	*offset_ms = 0;
	house_start_engine(taker.house); /* the newest goes out once more */
	payment_start(taker.house, "RE-3", "10.00", "Ada");
	await_requests(&taker, 5);
	taker_close(&taker);
	munmap(offset_ms, sizeof(*offset_ms));
}

static void
test_without_a_key_it_is_said_what_to_do(void **state)
{
	struct house *house = house_open(NULL);
	struct reply *reply = house_post(house, "/v1/checkpoints", "{}");

	(void)state;
	assert_problem(reply, 404, "no-checkpoint-key");
	assert_non_null(strstr(reply->body, "openssl genpkey"));
	assert_problem(house_get(house, "/v1/checkpoints/7"), 404,
	    "unknown-checkpoint");
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_acts_on_the_installation_are_recorded),
	    HOUSE_TEST(
		test_export_is_recorded_before_it_leaves_and_holds_its_record),
	    HOUSE_TEST(
		test_flood_of_refusals_is_counted_and_not_told_one_by_one),
	    HOUSE_TEST(test_journal_is_for_those_who_may_and_tells_who_may_not),
	    HOUSE_TEST(test_auditor_checks_all_of_it_offline),
	    HOUSE_TEST(test_signature_is_checked_by_openssl_alone),
	    HOUSE_TEST(test_restored_backup_is_told_from_what_was_lost),
	    HOUSE_TEST(test_checkpoint_is_made_by_the_clock_and_sent_away),
	    HOUSE_TEST(
		test_newest_checkpoint_goes_out_once_more_when_the_engine_starts),
	    HOUSE_TEST(test_line_that_was_cut_takes_nothing_from_the_others),
	    HOUSE_TEST(test_line_that_could_not_be_written_is_taken_back),
	    HOUSE_TEST(test_checkpoints_go_on_when_the_clock_was_ahead),
	    HOUSE_TEST(test_without_a_key_it_is_said_what_to_do),
	};

	setenv("STATED_SECRET_SEAL", HOUSE_SEAL_PEM, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
