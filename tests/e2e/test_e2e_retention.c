/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_retention.c: what is kept for a time, held, erased and purged, as
 * an auditor and whoever answers for data sees it.
 */
#include "house.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define DATABASE "disk/stated.db"
/* In no definition, as an example. */
#define IBAN "XK051212012345678906"
#define PATIENCE_MS 20000

/* An hour and a half of these is two seconds and a half. */
static const struct house_options fast = {
    .quiet_bank = true, .clock = "2000x"};
static const struct house_options plain = {.quiet_bank = true};

static const char workflow[] =
    "workflow: wire\n"
    "version: 1\n"
    "retention: 90m\n"
    "sensitive: [input.iban, account, pin]\n"
    "business-key: = input.key\n"
    "labels: {entity: = input.entity}\n"
    "data: {account: null, pin: null}\n"
    "events: {go: {correlate: = input.key}}\n"
    "initial: open\n"
    "states:\n"
    "  open:\n"
    "    entry: [{set: {account: = input.iban, pin: '= 123'}}]\n"
    "    user-task: {title: '= \"Wire to \" + input.iban'}\n"
    "    on: {go: wired, approved: wired, rejected: wired}\n"
    "    after: {10000d: wired}\n"
    "  wired: {type: final, outcome: success}\n";

static struct house *
open_house(const struct house_options *options)
{
	return house_open_with(options, "workflows/wire.yaml", workflow);
}

static struct reply *
start_by(struct house *house, const char *path, const char *key,
    const char *entity)
{
	const struct ask ask = {
	    .path = path,
	    .headers = {"Content-Type: application/json", NULL},
	};
	struct ask mine = ask;
	char body[256], header[80];

	snprintf(body, sizeof(body), "{\"input\":{\"key\":\"%s\",\"entity\":"
	    "\"%s\",\"iban\":\"" IBAN "\",\"amount\":12.5,"
	    "\"currency\":\"EUR\"}}", key, entity);
	snprintf(header, sizeof(header), "Idempotency-Key: \"%s\"", key);
	mine.body = body;
	mine.headers[1] = header;
	return house_ask(house, &mine);
}

static void
start(struct house *house, const char *key, const char *entity)
{
	assert_status(start_by(
	    house, "/v1/workflows/wire/instances", key, entity), 201);
}

/* It was started, whatever is left of it. */
static void
start_again_and_wait(
    struct house *house, const char *key, const char *entity)
{
	struct reply *reply = start_by(
	    house, "/v1/workflows/wire/instances?wait=1s", key, entity);

	assert_status(reply, 201);
	assert_string_equal(text_at(reply->json, "status"), "purged");
	assert_string_equal(text_at(reply->json, "business_key"), key);
}

static const char *
status_of(struct house *house, const char *key)
{
	struct reply *reply = house_get(house, "/v1/instances/%s", key);

	assert_status(reply, 200);
	return text_at(reply->json, "status");
}

static void
await_status(struct house *house, const char *key, const char *status)
{
	int64_t until_ms = time_ms() + PATIENCE_MS;

	while (strcmp(status_of(house, key), status) != 0) {
		if (time_ms() > until_ms)
			fail_msg("%s is %s", key, status_of(house, key));
		time_sleep(50);
	}
}

/* ---- programs ---- */

#define SAYS(house, text, status, ...)                                         \
	assert_says(house, text, status, (const char *[]){__VA_ARGS__, NULL})

static void
assert_says(const struct house *house, const char *text, int status,
    const char *const *arguments)
{
	struct run run = house_run(house, arguments);

	assert_null(strstr(run.text, IBAN));
	assert_run(run, status, text);
}

/* ---- purging ---- */

/* Everything that counts instances still counts them, and whoever asks for
 * one is told in so many words. */
static void
test_purged_instances_are_told_of_everywhere(void **state)
{
	struct house *house = open_house(&fast);
	char database[HOUSE_PATH_BYTES], file[HOUSE_PATH_BYTES];
	struct reply *reply;
	const char *hold;

	(void)state;
	strcpy(database, house_path(house, DATABASE));
	strcpy(file, house_path(house, "all.jsonl"));
	start(house, "W-1", "DE01");
	start(house, "W-2", "AT01");
	start(house, "W-3", "DE01");
	reply = house_post_as(house, "ann", "/v1/holds",
	    "{\"label\":{\"entity\":\"AT01\"},\"reason\":\"a case\"}");
	assert_status(reply, 201);
	assert_string_equal(text_at(reply->json, "set_by"), "ann");
	hold = text_at(reply->json, "id");
	house_post_event(house, "go", "W-1");
	house_post_event(house, "go", "W-2");
	await_status(house, "W-1", "purged");
	time_sleep(500);
	assert_string_equal(status_of(house, "W-2"), "completed");
	SAYS(house, "W-2", 0, "purge", "--dry-run", "--until", "2100-01-01");
	SAYS(house, hold, 0, "purge", "--dry-run", "--until", "2100-01-01");
	SAYS(house, "legal hold", 1, "erase", "W-2", "--reason", "law");

	reply = house_get(house, "/v1/instances/W-1");
	assert_string_equal(text_at(reply->json, "ended_as"), "completed");
	assert_true(integer_at(reply->json, "certificate") > 0);
	assert_string_equal(text_at(json_object_get(reply->json, "labels"),
	    "entity"), "DE01");
	start_again_and_wait(house, "W-1", "DE01");
	assert_problem(
	    house_get(house, "/v1/instances/W-1/history"), 410, "purged");
	assert_problem(house_post(house, "/v1/instances/W-1/cancel", "{}"),
	    409,
	    "instance-ended");
	SAYS(house, "purged", 0, "list");
	SAYS(house, "purged, it ended completed", 0, "show", "W-1");
	SAYS(house, "was purged on", 1, "history", "W-1");
	SAYS(house, "\"rule\": \"retention\"", 0, "purge", "--certificate",
	    "W-1");
	SAYS(house, "was not purged", 1, "purge", "--certificate", "W-3");
	SAYS(house, "1 of them were purged", 0, "population", "--workflow",
	    "wire", "--to", "2100-01-01");
	SAYS(house, "are ended and open", 0, "population", "--to",
	    "2100-01-01");
	SAYS(house, "purged", 0, "sample", "--size", "3", "--seed", "x",
	    "--database", database);
	SAYS(house, "W-1", 0, "as-at", "2100-01-01", "--database", database);
	SAYS(house, "1 instance was purged", 0, "verify", database);
	SAYS(house, "its history was purged", 0, "reperform", database);
	SAYS(house, "0 differ, 1 could not", 0, "reperform", "--instance",
	    "W-1", database);
	SAYS(house, "1 more that fit were purged", 0, "export", "--database",
	    database, "--output", file);
	SAYS(house, "sound", 0, "verify", file);

	SAYS(house, "released", 0, "hold", "release", hold, "--reason", "over");
	await_status(house, "W-2", "purged");
	assert_string_equal(status_of(house, "W-3"), "waiting");
	program_stop(&house->engine);
	house_start_engine(house);
	assert_string_equal(status_of(house, "W-1"), "purged");
	program_stop(&house->engine);
	SAYS(house, "2 instances were purged", 0, "verify", database);
	house_close(&house);
}

/* As docs/audit.md tells: no program of ours, and the purged ones as well. */
static void
test_sample_is_drawn_from_an_export_by_hand(void **state)
{
	static const char script[] =
	    "import hashlib, json\n"
	    "population = set()\n"
	    "for line in open('all.jsonl', 'rb'):\n"
	    "    record = json.loads(line)\n"
	    "    if record.get('kind') == 'started':\n"
	    "        population.add((record['workflow'], record['time'],\n"
	    "            record['instance']))\n"
	    "    elif record.get('kind') == 'purged':\n"
	    "        for gone in record['instances']:\n"
	    "            population.add((gone['workflow'],\n"
	    "                gone['started_at'], gone['instance']))\n"
	    "lots = sorted(\n"
	    "    (hashlib.sha256(('x:' + instance).encode()).hexdigest(),\n"
	    "        instance)\n"
	    "    for workflow, started, instance in population\n"
	    "    if workflow == 'wire' and '2000' <= started < '2100')\n"
	    "drawn = json.load(open('drawn.json'))['items']\n"
	    "assert len(drawn) == 3\n"
	    "assert lots == [(i['lot'], i['instance']) for i in drawn]\n";
	const char *const which[] = {
	    "/usr/bin/env", "python3", "--version", NULL};
	const char *const arguments[] = {
	    "/usr/bin/env", "python3", "-c", script, NULL};
	struct house *house = open_house(&fast);
	char database[HOUSE_PATH_BYTES], file[HOUSE_PATH_BYTES];
	struct run run = program_run(house->directory, NULL, which, NULL);
	bool has_python = run.status == 0;
	FILE *drawn = fopen(house_path(house, "drawn.json"), "w");

	(void)state;
	run_fini(&run);
	strcpy(database, house_path(house, DATABASE));
	strcpy(file, house_path(house, "all.jsonl"));
	start(house, "W-1", "DE01");
	start(house, "W-2", "AT01");
	start(house, "W-3", "DE01");
	house_post_event(house, "go", "W-1");
	await_status(house, "W-1", "purged");
	program_stop(&house->engine);
	SAYS(house, "1 more that fit", 0, "export", "--database", database,
	    "--output", file);
	run = house_run(house, (const char *[]){"sample", "--size", "9",
	    "--seed", "x", "--workflow", "wire", "--database", database,
	    "--format", "json", NULL});
	assert_int_equal(run.status, 0);
	assert_non_null(drawn);
	assert_true(fputs(run.text, drawn) >= 0);
	assert_int_equal(fclose(drawn), 0);
	run_fini(&run);
	if (has_python) {
		run = program_run(house->directory, NULL, arguments, NULL);
		assert_run(run, 0, "");
	}
	house_close(&house);
}

/* A key that is a number is held, and found again, as it was written. */
static void
test_number_key_is_held_as_it_was_written(void **state)
{
	static const char *const keys[] = {"7.10", "1e2", "8.50"};
	struct house *house = open_house(&fast);
	struct reply *reply;
	char body[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(body, sizeof(body), "{\"input\":{\"key\":%s,"
		    "\"entity\":\"DE01\",\"iban\":\"" IBAN "\"}}", keys[i]);
		assert_status(house_post(house,
		    "/v1/workflows/wire/instances", "%s", body), 201);
	}
	SAYS(house, "held", 0, "hold", "set", "--key", "7.10", "--reason",
	    "a case");
	SAYS(house, "held", 0, "hold", "set", "--key", "1e2", "--reason",
	    "a case");
	for (size_t i = 0; i < 3; i++)
		SAYS(house, "", 0, "task", "decide", keys[i], "approved");
	SAYS(house, "legal hold", 1, "erase", "7.10", "--reason", "law");
	SAYS(house, "legal hold", 1, "erase", "7.1", "--reason", "law");
	await_status(house, "8.50", "purged");
	time_sleep(500);
	assert_string_equal(status_of(house, "7.10"), "completed");
	assert_string_equal(status_of(house, "1e2"), "completed");
	reply = house_get(house, "/v1/purges?until=2100-01-01");
	assert_int_equal(json_array_size(json_object_get(
	    reply->json, "items")), 2);
	for (size_t i = 0; i < 2; i++)
		assert_non_null(json_string_value(json_object_get(
		    json_array_get(json_object_get(reply->json, "items"), i),
		    "held_by")));
	SAYS(house, "\"rule\": \"retention\"", 0, "purge", "--certificate",
	    "8.50");
	program_stop(&house->engine);
	house_start_engine(house);
	time_sleep(500);
	assert_string_equal(status_of(house, "7.10"), "completed");
	house_close(&house);
}

/* Who empties a history by hand can't say that it was purged. */
static void
test_purge_without_a_certificate_is_found(void **state)
{
	static const char *const changes[] = {
	    /* as a purge leaves it, with another's certificate */
	    "UPDATE history SET records = '', packed = x'' WHERE instance ="
	    "	(SELECT number FROM instance WHERE business_key = 'W-3');"
	    "UPDATE instance SET status = 'purged', state = status,"
	    "	snapshot = (SELECT snapshot FROM instance"
	    "	    WHERE business_key = 'W-1') WHERE business_key = 'W-3';",
	    /* without one */
	    "UPDATE instance SET status = 'purged', snapshot = x'7b7d'"
	    "	WHERE business_key = 'W-3';",
	    /* of a purged one, a turn is missing */
	    "DELETE FROM history WHERE first_seq = 1 AND instance ="
	    "	(SELECT number FROM instance WHERE business_key = 'W-1');",
	    /* its end is another */
	    "UPDATE instance SET head_seq = head_seq + 1"
	    "	WHERE business_key = 'W-1';",
	    /* both ends are */
	    "UPDATE instance SET head_hash = zeroblob(32)"
	    "	WHERE business_key = 'W-1';"
	    "UPDATE history SET hashes = zeroblob(32) WHERE instance ="
	    "	(SELECT number FROM instance WHERE business_key = 'W-1')"
	    "	AND first_seq > 1;",
	    /* a history that nobody has purged is empty */
	    "UPDATE history SET records = '', packed = x'' WHERE instance ="
	    "	(SELECT number FROM instance WHERE business_key = 'W-3');",
	};
	struct house *house = open_house(&fast);
	char database[HOUSE_PATH_BYTES];

	(void)state;
	strcpy(database, house_path(house, DATABASE));
	start(house, "W-1", "DE01");
	house_post_event(house, "go", "W-1");
	await_status(house, "W-1", "purged");
	start(house, "W-3", "DE01");
	program_stop(&house->engine);
	SAYS(house, "sound", 0, "verify", database);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char command[3 * HOUSE_PATH_BYTES];

		snprintf(command, sizeof(command), "cp %s %s.kept", database,
		    database);
		assert_int_equal(system(command), 0);
		house_sql(house, changes[i]);
		SAYS(house, "BROKEN", 1, "verify", database);
		snprintf(command, sizeof(command), "mv %s.kept %s", database,
		    database);
		assert_int_equal(system(command), 0);
	}
	SAYS(house, "sound", 0, "verify", database);
	house_close(&house);
}

static void
assert_counts(sqlite3 *db, const char *sql, int64_t expected)
{
	sqlite3_stmt *statement = NULL;

	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int64(statement, 0), expected);
	sqlite3_finalize(statement);
}

/* Killed at any instant of a purge: each instance is purged once, with one
 * certificate, and nothing of it is left. */
static void
test_kill_in_the_midst_of_a_purge(void **state)
{
	enum { COUNT = 400, KILLS = 12 };
	struct house *house = open_house(&plain);
	char key[16];
	sqlite3 *db = NULL;
	struct reply *reply;
	size_t certified = 0;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		snprintf(key, sizeof(key), "K-%d", i);
		start(house, key, "DE01");
		house_post_event(house, "go", key);
	}
	program_kill(&house->engine);
	/* Their time is over at once. */
	house_sql(house, "UPDATE retention SET until_ms = 1");
	for (int i = 0; i < KILLS; i++) {
		house_spawn_engine(house);
		time_sleep(20 + 17 * i);
		program_kill(&house->engine);
	}
	house_start_engine(house);
	await_status(house, "K-0", "purged");
	for (int i = 0; i < COUNT; i++) {
		snprintf(key, sizeof(key), "K-%d", i);
		await_status(house, key, "purged");
	}
	time_sleep(300);
	program_stop(&house->engine);
	house_verify(house);
	assert_int_equal(
	    sqlite3_open(house_path(house, DATABASE), &db), SQLITE_OK);
	assert_counts(db, "SELECT count(*) FROM retention", 0);
	assert_counts(db, "SELECT count(*) FROM history WHERE instance > 0"
	    "	AND (records <> '' OR length(packed) > 0)", 0);
	assert_counts(db, "SELECT count(*) FROM salt", 0);
	assert_counts(db, "SELECT count(*) FROM item", 0);
	sqlite3_close(db);

	house_start_engine(house);
	reply = house_get(house, "/v1/journal?limit=1000");
	assert_status(reply, 200);
	for (size_t i = 0; i < json_array_size(json_at(reply->json, "items"));
	    i++) {
		json_t *record = json_array_get(json_at(reply->json, "items"), i);

		if (strcmp(text_at(record, "kind"), "purged") == 0)
			certified += (size_t)integer_at(record, "count");
	}
	assert_int_equal(certified, COUNT);
	house_close(&house);
}

/* ---- erasing ---- */

static size_t
count_in_file(const char *path, const char *what)
{
	FILE *file = fopen(path, "rb");
	size_t bytes, found = 0, length = strlen(what);
	char *all;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	bytes = (size_t)ftell(file);
	rewind(file);
	all = malloc(bytes + 1);
	assert_non_null(all);
	assert_int_equal(fread(all, 1, bytes, file), bytes);
	fclose(file);
	for (size_t i = 0; i + length <= bytes; i++)
		found += memcmp(all + i, what, length) == 0;
	free(all);
	return found;
}

static size_t
count_on_disk(const struct house *house, const char *what)
{
	char path[2 * HOUSE_PATH_BYTES], directory[HOUSE_PATH_BYTES];
	const struct dirent *entry;
	size_t found = 0;
	DIR *listed;

	strcpy(directory, house_path(house, "disk"));
	listed = opendir(directory);
	assert_non_null(listed);
	while ((entry = readdir(listed)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory,
		    entry->d_name);
		found += count_in_file(path, what);
	}
	closedir(listed);
	return found;
}

/* By whoever may ask: not in an answer, not in a list, not in the log; and
 * once it is erased, in no file. */
static void
test_sensitive_value_is_masked_and_can_be_erased(void **state)
{
	struct house *house = open_house(&plain);
	struct reply *reply;
	char database[HOUSE_PATH_BYTES], key[16];

	(void)state;
	strcpy(database, house_path(house, DATABASE));
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "E-%d", i);
		start(house, key, "DE01");
	}
	reply = house_get(house, "/v1/instances/E-7");
	assert_null(strstr(reply->body, IBAN));
	assert_non_null(strstr(reply->body, "hmac-sha256:"));
	assert_non_null(strstr(text_at(reply->json, "data.pin"), "hmac"));
	assert_null(strstr(
	    house_get(house, "/v1/tasks?limit=100")->body, IBAN));
	assert_null(strstr(house_get(house, "/v1/instances")->body, IBAN));
	assert_null(strstr(
	    house_get(house, "/v1/instances/E-7/history")->body, IBAN));
	assert_null(strstr(house_get(house, "/v1/export")->body, IBAN));
	assert_int_equal(house_logged(house, IBAN), 0);

	reply = house_get(house, "/v1/instances/E-7/sensitive");
	assert_status(reply, 200);
	assert_string_equal(text_at(reply->json, "input.iban"), IBAN);
	assert_string_equal(
	    text_at(reply->json, "sensitive.values.0.value"), IBAN);
	assert_int_equal(strlen(text_at(reply->json, "sensitive.salt")), 32);
	assert_non_null(strstr(
	    house_get(house, "/v1/journal?limit=1000")->body, "disclosed"));

	assert_problem(house_post(house, "/v1/instances/E-7/erase",
	    "{\"reason\":\"law\"}"), 409, "wrong-state");
	assert_problem(house_post(house, "/v1/instances/E-7/erase", "{}"), 422,
	    "invalid-body");
	assert_true(count_on_disk(house, IBAN) > 0);
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "E-%d", i);
		house_post_event(house, "go", key);
	}
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "E-%d", i);
		SAYS(house, "completed", 0, "erase", key, "--reason", "law");
	}
	assert_int_equal(count_on_disk(house, IBAN), 0);
	reply = house_get(house, "/v1/instances/E-7/sensitive");
	assert_null(strstr(reply->body, IBAN));
	assert_string_equal(text_at(reply->json, "sensitive.salt"), "");
	SAYS(house, "erased", 0, "history", "E-7");
	house_verify(house);
	program_stop(&house->engine);
	assert_int_equal(count_on_disk(house, IBAN), 0);
	SAYS(house, "sound", 0, "verify", database);
	house_close(&house);
}

/* What the definition itself says is sensitive is masked as it was then, and
 * without the salt anything may stand there. */
static void
test_digests_are_made_again_with_the_salt(void **state)
{
	struct house *house = open_house(&plain);
	char database[HOUSE_PATH_BYTES], bundle[HOUSE_PATH_BYTES];

	(void)state;
	strcpy(database, house_path(house, DATABASE));
	strcpy(bundle, house_path(house, "b.tar"));
	start(house, "S-1", "DE01");
	program_stop(&house->engine);
	SAYS(house, "1 agree", 0, "reperform", "--strict", database);
	SAYS(house, "", 0, "export", "--database", database, "--format",
	    "bundle", "--output", bundle);
	SAYS(house, "1 agree", 0, "reperform", "--strict", bundle);
	house_sql(house, "UPDATE salt SET salt = zeroblob(16)");
	SAYS(house, "`assigned` is", 1, "reperform", database);
	house_sql(house, "DELETE FROM salt");
	SAYS(house, "no record says that it was erased", 1, "verify", database);
	SAYS(house, "is missing", 1, "reperform", "--strict", database);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_purged_instances_are_told_of_everywhere),
	    HOUSE_TEST(test_sample_is_drawn_from_an_export_by_hand),
	    HOUSE_TEST(test_number_key_is_held_as_it_was_written),
	    HOUSE_TEST(test_purge_without_a_certificate_is_found),
	    HOUSE_TEST(test_kill_in_the_midst_of_a_purge),
	    HOUSE_TEST(test_sensitive_value_is_masked_and_can_be_erased),
	    HOUSE_TEST(test_digests_are_made_again_with_the_salt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
