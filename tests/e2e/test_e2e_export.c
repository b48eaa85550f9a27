/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_export.c: taking away more than fits into memory, over connections
 * that break, while histories are purged.
 */
#include "house.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATABASE "disk/stated.db"
#define PATIENCE_MS 20000
/* Of one answer, before the connection breaks. */
#define CUT_BYTES 100000

static const char workflow[] =
    "workflow: wire\n"
    "version: 1\n"
    "retention: 1s\n"
    "business-key: = input.key\n"
    "events: {go: {correlate: = input.key}}\n"
    "initial: open\n"
    "states:\n"
    "  open: {on: {go: wired}, after: {10000d: wired}}\n"
    "  wired: {type: final, outcome: success}\n";

static const struct house_options plain = {.quiet_bank = true};
static const struct house_options sealed = {
    .quiet_bank = true,
    .config = "checkpoints: {key: {secret: seal}, every: off}\n",
};

static struct house *
open_house(const struct house_options *options)
{
	return house_open_with(options, "workflows/wire.yaml", workflow);
}

/* Some kilobytes of history each. */
static void
start(struct house *house, const char *prefix, int count)
{
	char note[3000];

	memset(note, 'n', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	for (int i = 0; i < count; i++)
		assert_status(house_post(house, "/v1/workflows/wire/instances",
		    "{\"input\":{\"key\":\"%s-%d\",\"note\":\"%s\"}}",
		    prefix, i, note), 201);
}

static void
await_purged(struct house *house, const char *key)
{
	int64_t until_ms = time_ms() + PATIENCE_MS;
	struct reply *reply = house_get(house, "/v1/instances/%s", key);

	while (strcmp(text_at(reply->json, "status"), "purged") != 0) {
		if (time_ms() > until_ms)
			fail_msg("%s is %s", key,
			    text_at(reply->json, "status"));
		time_sleep(100);
		reply = house_get(house, "/v1/instances/%s", key);
	}
}

/* ---- programs ---- */

#define SAYS(house, text, status, ...)                                         \
	assert_run(house_run(house, (const char *[]){__VA_ARGS__, NULL}),      \
	    status, text)

/* `stated export …` by a shell, which may limit it. */
static struct run
export_limited(
    const struct house *house, const char *limit, const char *arguments)
{
	char command[4 * HOUSE_PATH_BYTES], url[96];
	const char *const shell[] = {"/bin/sh", "-c", command, NULL};
	const char *environment[] = {url, "NO_COLOR=1", NULL};

	snprintf(url, sizeof(url), "STATED_URL=%s", house->url);
	snprintf(command, sizeof(command), "%s; %s export %s", limit,
	    house_program(), arguments);
	return program_run(house->directory, environment, shell, NULL);
}

/* Into part.jsonl, of which only so much is written. */
static void
break_off(const struct house *house, const char *from)
{
	char arguments[HOUSE_PATH_BYTES];
	struct run run;

	snprintf(
	    arguments, sizeof(arguments), "%s --output part.jsonl", from);
	run = export_limited(house, "ulimit -f 64; trap '' XFSZ", arguments);
	assert_int_equal(run.status, 1);
	if (strstr(run.text, "--resume goes on") == NULL ||
	    strstr(run.text, "can't write the export") == NULL)
		fail_msg("%s", run.text);
	run_fini(&run);
	assert_int_equal(
	    access(house_path(house, "part.jsonl.partial"), F_OK), 0);
}

static void
assert_same_files(
    const struct house *house, const char *one, const char *other)
{
	char *texts[2] = {house_read(house_path(house, one)),
	    house_read(house_path(house, other))};

	assert_true(strlen(texts[0]) > 0);
	assert_string_equal(texts[0], texts[1]);
	free(texts[0]);
	free(texts[1]);
}

/* ---- broken connections ---- */

/* Hands a request on to an engine, and of its answer only the beginning. */
static void
cut_off(int fd, const char *request, void *arg)
{
	const struct house *house = arg;
	int engine = house_connect(house);
	char bytes[4096];
	size_t passed = 0;
	ssize_t got;

	endpoint_say(engine, request, strlen(request));
	while (passed < CUT_BYTES &&
	       (got = recv(engine, bytes, sizeof(bytes), 0)) > 0) {
		endpoint_say(fd, bytes, (size_t)got);
		passed += (size_t)got;
	}
	close(engine);
	shutdown(fd, SHUT_RDWR);
}

static struct run
export_through(const struct house *house, const char *url, bool resumes)
{
	char environment_url[96];
	const char *environment[] = {environment_url, "NO_COLOR=1", NULL};
	const char *const arguments[] = {house_program(), "export", "--output",
	    "part.jsonl", resumes ? "--resume" : NULL, NULL};

	snprintf(
	    environment_url, sizeof(environment_url), "STATED_URL=%s", url);
	return program_run(house->directory, environment, arguments, NULL);
}

static void
assert_verified(const struct house *house, const char *file)
{
	SAYS(house, "sound", 0, "verify", house_path(house, file));
}

/* The bytes of the whole, asked for at the place that the answer names. */
static void
test_broken_connection_loses_nothing(void **state)
{
	struct house *house = open_house(&plain);
	struct endpoint endpoint;
	struct reply *whole;
	char *note, *part;
	struct run run;

	(void)state;
	start(house, "W", 100);
	endpoint_open(&endpoint, cut_off, house);
	run = export_through(house, endpoint.url, false);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.text, "the answer broke off"));
	assert_non_null(strstr(run.text, "--resume goes on"));
	run_fini(&run);
	note = house_read(house_path(house, "part.jsonl.resume"));

	/* What happens meanwhile is no part of it. */
	start(house, "V", 10);
	run = export_through(house, endpoint.url, true);
	assert_int_equal(run.status, 1);
	run_fini(&run);
	endpoint_close(&endpoint);
	run = export_through(house, house->url, true);
	if (run.status != 0)
		print_error("%s\n", run.text);
	assert_int_equal(run.status, 0);
	run_fini(&run);
	assert_verified(house, "part.jsonl");
	assert_int_not_equal(
	    access(house_path(house, "part.jsonl.resume"), F_OK), 0);

	*strchr(strstr(note, "/v1/export?"), '"') = '\0';
	whole = house_get(house, "%s", strstr(note, "/v1/export?"));
	assert_status(whole, 200);
	part = house_read(house_path(house, "part.jsonl"));
	assert_true(strlen(part) > 3 * CUT_BYTES);
	assert_string_equal(whole->body, part);
	assert_string_equal(reply_header(whole, "Content-Location"),
	    strstr(note, "/v1/export?"));
	whole = house_get(house, "%s&skip=%zu", strstr(note, "/v1/export?"),
	    strlen(part) - 100);
	assert_status(whole, 200);
	assert_string_equal(whole->body, part + strlen(part) - 100);
	whole = house_get(
	    house, "%s&skip=%zu", strstr(note, "/v1/export?"), strlen(part));
	assert_status(whole, 200);
	assert_string_equal(whole->body, "");
	whole = house_get(house, "%s&skip=%zu", strstr(note, "/v1/export?"),
	    strlen(part) + 1);
	assert_problem(whole, 410, "moment-gone");
	free(note);
	free(part);
	house_close(&house);
}

static void
test_moments_are_for_what_stays_as_it_is(void **state)
{
	struct house *house = open_house(&plain);
	static const char *const wrong[] = {"moment=1",
	    "moment=1-2-3-4", "skip=5", "moment=1-0-0-"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "&skip=-1",
	    "format=csv&moment=1-0-0-"
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "status=open&moment=1-0-0-"
	    "0000000000000000000000000000000000000000000000000000000000000000"};
	struct reply *reply;

	(void)state;
	start(house, "W", 2);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_problem(house_get(house, "/v1/export?%s", wrong[i]),
		    400, "invalid-parameter");
	/* Of another database, or of one that had more in it. */
	reply = house_get(house, "/v1/export?moment=1-1-0-"
	    "0000000000000000000000000000000000000000000000000000000000000000");
	assert_problem(reply, 410, "moment-gone");
	assert_non_null(strstr(reply->body, "other histories"));
	reply = house_get(house, "/v1/export?moment=1-99999-0-"
	    "0000000000000000000000000000000000000000000000000000000000000000");
	assert_problem(reply, 410, "moment-gone");
	assert_non_null(strstr(reply->body, "holds less"));
	reply = house_get(house, "/v1/export?format=csv");
	assert_status(reply, 200);
	assert_string_equal(reply_header(reply, "Content-Location"), "");
	SAYS(house, "--resume goes on with a file", 2, "export", "--resume");
	SAYS(house, "there is no export to go on with", 1, "export",
	    "--output", "none.jsonl", "--resume");
	house_close(&house);
}

/* ---- purges in between ---- */

static void
test_export_goes_on_past_a_purge_or_says_why_not(void **state)
{
	struct house *house = open_house(&plain);
	const char *database = house_path(house, DATABASE);
	char from[HOUSE_PATH_BYTES];

	(void)state;
	snprintf(from, sizeof(from), "--database %s", database);
	start(house, "W", 60);
	house_post_event(house, "go", "W-5");
	await_purged(house, "W-5");

	/* What was purged before, and what the file has already. */
	SAYS(house, "1 more that fit were purged", 0, "export", "--database",
	    database, "--output", "whole.jsonl");
	break_off(house, from);
	house_post_event(house, "go", "W-1");
	await_purged(house, "W-1");
	SAYS(house, "1 more that fit were purged", 0, "export", "--database",
	    database, "--output", "part.jsonl", "--resume");
	assert_same_files(house, "whole.jsonl", "part.jsonl");
	assert_verified(house, "part.jsonl");

	/* What it had yet to tell is gone. */
	break_off(house, from);
	house_post_event(house, "go", "W-55");
	await_purged(house, "W-55");
	SAYS(house, "had yet to tell were purged", 1, "export", "--database",
	    database, "--output", "part.jsonl", "--resume");
	house_close(&house);
}

/* An engine makes all of it anew: whatever was purged since is missed. */
static void
test_engine_goes_on_unless_something_was_purged(void **state)
{
	struct house *house = open_house(&plain);

	(void)state;
	start(house, "W", 60);
	house_post_event(house, "go", "W-5");
	await_purged(house, "W-5");
	break_off(house, "");
	SAYS(house, "", 0, "export", "--output", "part.jsonl", "--resume");
	assert_verified(house, "part.jsonl");
	break_off(house, "");
	house_post_event(house, "go", "W-1");
	await_purged(house, "W-1");
	SAYS(house, "were purged since", 1, "export", "--output",
	    "part.jsonl", "--resume");
	/* What was asked for then is not what is asked for now. */
	SAYS(house, "asked for other records", 1, "export", "--output",
	    "part.jsonl", "--resume", "--workflow", "wire");
	house_close(&house);
}

/* Of one instance it is no matter what became of the others. */
static void
test_one_instance_is_told_whatever_else_is_purged(void **state)
{
	struct house *house = open_house(&plain);
	const char *database = house_path(house, DATABASE);
	char from[HOUSE_PATH_BYTES];
	struct reply *reply;

	(void)state;
	start(house, "W", 3);
	for (int i = 0; i < 200; i++)
		assert_status(house_post(house,
		    i % 2 == 0 ? "/v1/instances/W-1/suspend"
			       : "/v1/instances/W-1/resume",
		    "{}"), 200);
	SAYS(house, "records of 1 instances", 0, "export", "--database",
	    database, "--instance", "W-1", "--output", "whole.jsonl");
	snprintf(
	    from, sizeof(from), "--instance W-1 --database %s", database);
	break_off(house, from);
	house_post_event(house, "go", "W-0");
	house_post_event(house, "go", "W-2");
	await_purged(house, "W-0");
	await_purged(house, "W-2");
	SAYS(house, "records of 1 instances", 0, "export", "--database",
	    database, "--instance", "W-1", "--output", "part.jsonl",
	    "--resume");
	assert_same_files(house, "whole.jsonl", "part.jsonl");
	reply = house_get(house, "/v1/instances/W-1");
	assert_status(reply, 200);
	house_close(&house);
}

/* ---- checkpoints ---- */

static void
keep(const struct house *house, const char *name, const char *const *arguments)
{
	struct run run = house_run(house, arguments);

	assert_int_equal(run.status, 0);
	house_write(house, name, run.text);
	run_fini(&run);
}

static void
assert_proved(const struct house *house, const char *file)
{
	SAYS(house, "signed by the key that was given", 0, "verify",
	    house_path(house, file), "--public-key",
	    house_path(house, "key.pem"), "--checkpoint",
	    house_path(house, "kept.jsonl"));
}

static void
test_exports_around_a_purge_are_proved_by_the_same_checkpoint(void **state)
{
	struct house *house = open_house(&sealed);
	const char *database = house_path(house, DATABASE);

	(void)state;
	start(house, "W", 20);
	house_post_event(house, "go", "W-3");
	keep(house, "key.pem", (const char *[]){"checkpoint", "key", NULL});
	keep(house, "kept.jsonl", (const char *[]){"checkpoint", "make", NULL});
	SAYS(house, "records", 0, "export", "--database", database,
	    "--output", "before.jsonl");
	await_purged(house, "W-3");
	SAYS(house, "1 more that fit were purged", 0, "export", "--database",
	    database, "--output", "after.jsonl");
	SAYS(house, "", 0, "checkpoint", "make");
	SAYS(house, "1 more that fit were purged", 0, "export", "--database",
	    database, "--output", "sealed.jsonl");
	assert_proved(house, "before.jsonl");
	assert_proved(house, "after.jsonl");
	assert_proved(house, DATABASE);
	/* Its own checkpoint is a later one than the one that was kept. */
	SAYS(house, "signed by the key that was given", 0, "verify",
	    house_path(house, "sealed.jsonl"), "--public-key",
	    house_path(house, "key.pem"));
	house_close(&house);
}

/* A tree may be made of whatever is there; that one was made before, the
 * journal tells. */
static void
test_checkpoint_that_was_taken_away_is_missed(void **state)
{
	struct house *house = open_house(&sealed);

	(void)state;
	start(house, "W", 2);
	SAYS(house, "", 0, "checkpoint", "make");
	start(house, "X", 2);
	SAYS(house, "", 0, "checkpoint", "make");
	program_stop(&house->engine);
	SAYS(house, "2 checkpoints", 0, "verify", house_path(house, DATABASE));
	house_sql(house, "DELETE FROM checkpoint WHERE number = 2");
	SAYS(house, "the journal tells of checkpoint 2", 1, "verify",
	    house_path(house, DATABASE));
	house_close(&house);
}

/* ---- more than fits into memory ---- */

#define ENDLESS_MIB 600
#define MIB ((size_t)1024 * 1024)

/* An engine that has very much to tell. */
static void
tell_much(int fd, const char *request, void *arg)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Type: application/jsonl\r\n"
				   "Content-Length: 629145600\r\n\r\n";
	char *line = malloc(MIB);

	(void)request, (void)arg;
	assert_int_equal(ENDLESS_MIB * MIB, 629145600);
	assert_non_null(line);
	memset(line, 'x', MIB);
	line[MIB - 1] = '\n';
	endpoint_say(fd, head, sizeof(head) - 1);
	for (int i = 0; i < ENDLESS_MIB; i++)
		endpoint_say(fd, line, MIB);
	free(line);
}

/* Not even where it is told to: an engine may be working on it. */
static void
test_export_takes_no_database_s_place(void **state)
{
	struct house *house = open_house(&plain);
	const char *database = house_path(house, DATABASE);

	(void)state;
	start(house, "K", 2);
	SAYS(house, "verified", 0, "backup", "copy.partial", "--store",
	    database);
	SAYS(house, "is a database", 1, "export", "--output", database);
	SAYS(house, "is a database", 1, "export", "--database", database,
	    "--output", database);
	SAYS(house, "belongs to the database", 1, "export", "--database",
	    database, "--output", house_path(house, DATABASE "-wal"));
	SAYS(house, "is a database", 1, "as-at", "2027-01-01", "--database",
	    database, "--output", database);
	SAYS(house, "is a database", 1, "export", "--database",
	    "copy.partial", "--output", "copy");
	SAYS(house, "is a database", 1, "export", "--database", database,
	    "--output", "copy.partial");
	SAYS(house, "sound", 0, "verify", "copy.partial");
	start(house, "L", 1);
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

/* Cut at the end of a line, all that is left is as it was. */
static void
test_file_without_its_end_is_told(void **state)
{
	struct house *house = open_house(&plain);
	char *text, *last;

	(void)state;
	start(house, "K", 2);
	SAYS(house, "", 0, "export", "--output", "e.jsonl");
	text = house_read(house_path(house, "e.jsonl"));
	last = strstr(text, "{\"export\":");
	assert_non_null(last);
	*last = '\0';
	house_write(house, "cut.jsonl", text);
	SAYS(house, "there is no closing line", 0, "verify", "cut.jsonl");
	SAYS(house, "\"closed\": false", 0, "verify", "cut.jsonl",
	    "--format", "json");
	SAYS(house, "\"closed\": true", 0, "verify", "e.jsonl", "--format",
	    "json");
	free(text);
	house_close(&house);
}

static void
test_client_writes_as_it_comes(void **state)
{
	struct house *house = house_build(&plain);
	struct endpoint endpoint;
	struct run run;

	(void)state;
	endpoint_open(&endpoint, tell_much, NULL);
	snprintf(house->url, sizeof(house->url), "%s", endpoint.url);
#ifdef __SANITIZE_ADDRESS__
	run = export_limited(house, ":", "| wc -c");
#else
	run = export_limited(house, "ulimit -v 300000", "| wc -c");
#endif
	if (strtoll(run.text, NULL, 10) != (long long)(ENDLESS_MIB * MIB))
		fail_msg("%s", run.text);
	run_fini(&run);
	endpoint_close(&endpoint);
	house_close(&house);
}

/* Thousands of instances, made as fast as they can be. */
static void
make_many(const struct house *house)
{
	struct run run = house_run(house,
	    (const char *[]){"bench", "--load", "three-calls", "--seconds",
		"3", "--store", DATABASE, NULL});

	if (run.status != 0)
		print_error("%s\n", run.text);
	assert_int_equal(run.status, 0);
	run_fini(&run);
}

/* Of everything, which takes long where the program is an instrumented one. */
static struct reply *
get_much(struct house *house, const char *path)
{
	struct reply *reply = house_ask(house, &(struct ask){
	    .path = path, .timeout_ms = 10 * PATIENCE_MS});

	assert_status(reply, 200);
	return reply;
}

/* Callers who go while what they have is made again leave their places. */
static void
hang_up(struct house *house)
{
	struct reply *whole = house_get(house, "/v1/export?workflow=wire");
	struct reply *reply;
	char request[2 * HOUSE_PATH_BYTES];
	int64_t until_ms = time_ms() + PATIENCE_MS;

	assert_status(whole, 200);
	whole = get_much(house, "/v1/export");
	snprintf(request, sizeof(request), "GET %s&skip=%zu HTTP/1.1\r\n"
	    "Host: x\r\n\r\n", reply_header(whole, "Content-Location"),
	    strlen(whole->body) - 1);
	for (int i = 0; i < 12; i++) {
		int fd = house_connect(house);

		endpoint_say(fd, request, strlen(request));
		close(fd);
	}
	do {
		time_sleep(50);
		reply = house_get(house, "/v1/export?workflow=wire");
	} while (reply->status == 429 && time_ms() < until_ms);
	assert_status(reply, 200);
}

/* A sanitizer keeps what is freed for a while: that is not for measuring. */
static void
assert_in_little_memory(int64_t grown_kb, int64_t bytes)
{
#ifndef __SANITIZE_ADDRESS__
	if (bytes / 1024 > 32 * 1024)
		assert_true(grown_kb < 16 * 1024);
#else
	(void)grown_kb, (void)bytes;
#endif
}

/* Whatever takes more than a slice of the engine's time is done in several. */
static void
test_engine_tells_much_in_little_memory(void **state)
{
	struct house *house = house_build(&plain);
	struct reply *reply;
	int64_t before_kb, after_kb, bytes;
	struct run run;
	char *text;

	(void)state;
	make_many(house);
	house_start_engine(house);
	before_kb = program_usage(&house->engine).resident_kb_max;
	run = export_limited(house, ":", "--output whole.jsonl");
	assert_int_equal(run.status, 0);
	run_fini(&run);
	after_kb = program_usage(&house->engine).resident_kb_max;
	assert_verified(house, "whole.jsonl");
	text = house_read(house_path(house, "whole.jsonl"));
	bytes = (int64_t)strlen(text);
	free(text);
	assert_in_little_memory(after_kb - before_kb, bytes);
	break_off(house, "");
	SAYS(house, "", 0, "export", "--output", "part.jsonl", "--resume");
	assert_verified(house, "part.jsonl");
	hang_up(house);
	reply = get_much(
	    house, "/v1/population?from=2020-01-01&to=2100-01-01");
	assert_int_equal(integer_at(reply->json, "started"),
	    integer_at(reply->json, "ended"));
	assert_true(integer_at(reply->json, "ended") > 100);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_file_without_its_end_is_told),
	    HOUSE_TEST(test_broken_connection_loses_nothing),
	    HOUSE_TEST(test_moments_are_for_what_stays_as_it_is),
	    HOUSE_TEST(test_export_goes_on_past_a_purge_or_says_why_not),
	    HOUSE_TEST(test_engine_goes_on_unless_something_was_purged),
	    HOUSE_TEST(test_one_instance_is_told_whatever_else_is_purged),
	    HOUSE_TEST(
		test_exports_around_a_purge_are_proved_by_the_same_checkpoint),
	    HOUSE_TEST(test_checkpoint_that_was_taken_away_is_missed),
	    HOUSE_TEST(test_export_takes_no_database_s_place),
	    HOUSE_TEST(test_client_writes_as_it_comes),
	    HOUSE_TEST(test_engine_tells_much_in_little_memory),
	};

	setenv("STATED_SECRET_SEAL", HOUSE_SEAL_PEM, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
