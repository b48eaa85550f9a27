/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_backup.c: taking the database away and putting it back.
 *
 * A backup is whole or it isn't there, an engine that runs goes on meanwhile,
 * and a restored one goes on from where the backup stands, with calls that
 * were under way unknown and no number given twice.
 */
#include "house.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/store/test_store_old.h"

#define DATABASE "disk/stated.db"
#define PATIENCE_MS 20000

static const struct house_options quiet = {.quiet_bank = true};
static const struct house_options usual = {0};

/* ---- helpers ---- */

static bool
is_there(const struct house *house, const char *name)
{
	return access(house_path(house, name), F_OK) == 0;
}

/* So large that copying it takes a while. */
static void
add_bulk(const struct house *house, int events, int bytes)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
	    "	SELECT i + 1 FROM n WHERE i < %d)"
	    " INSERT INTO event (source, event_id, status, received_ms,"
	    "	expires_ms, body)"
	    " SELECT 'bulk', i, 0, 1e15, 0, randomblob(%d) FROM n",
	    events, bytes);
	house_sql(house, sql);
}

static struct run
back_up(const struct house *house, const char *more)
{
	return house_run(house,
	    (const char *[]){"backup", "backup.db", "--store",
		house_path(house, DATABASE), more, NULL});
}

static struct run
restore(const struct house *house, const char *more)
{
	return house_run(house,
	    (const char *[]){"restore", "backup.db", "--store",
		house_path(house, DATABASE), more, NULL});
}

static void
verify(const struct house *house, const char *name)
{
	assert_run(house_run(house,
		       (const char *[]){
			   "verify", house_path(house, name), NULL}),
	    0, "sound");
}

/* A backup that goes on while the test does. */
static void
begin_backup(struct house *house, struct program *program)
{
	const char *arguments[] = {house_program(), "backup",
	    house_path(house, "backup.db"), "--store",
	    house_path(house, DATABASE), "--force", NULL};

	snprintf(program->log, HOUSE_PATH_BYTES, "%s",
	    house_path(house, "backup.log"));
	program_start(program, arguments);
}

static int
end_backup(struct program *program)
{
	int status = -1;

	assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
	program->pid = 0;
	return status;
}

/* Until the copy has grown by a piece. */
static void
await_part(struct house *house, struct program *program)
{
	const char *path = house_path(house, "backup.db.part");
	int64_t until_ms = time_ms() + PATIENCE_MS;
	struct stat about = {.st_size = 0};

	while (stat(path, &about) != 0 || about.st_size < 1 << 20) {
		assert_true(program_is_alive(program));
		assert_true(time_ms() < until_ms);
		time_sleep(1);
	}
}

static void
name_payment(char name[32], int number)
{
	snprintf(name, 32, "B-%d", number);
}

/* ---- while the engine runs ---- */

static void
test_backup_under_load_is_whole_and_nobody_waits(void **state)
{
	struct house *house = house_open(&quiet);
	struct program program = {0};
	int started = 0, meanwhile;
	char name[32];

	(void)state;
	add_bulk(house, 1000, 60000);
	for (; started < 10; started++) {
		name_payment(name, started);
		payment_start(house, name, "250", "ACME");
	}
	begin_backup(house, &program);
	for (meanwhile = 0; program_is_alive(&program); meanwhile++) {
		int64_t began_ms = time_ms();

		name_payment(name, started++);
		payment_start(house, name, "250", "ACME");
		assert_true(time_ms() - began_ms < 5000);
	}
	assert_int_equal(end_backup(&program), 0);
	assert_true(meanwhile > 0);
	assert_false(is_there(house, "backup.db.part"));
	/* One file that needs no other. */
	verify(house, "backup.db");
	assert_false(is_there(house, "backup.db-wal"));
	assert_false(is_there(house, "backup.db-shm"));
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

static void
test_killed_backup_harms_neither_engine_nor_the_next_one(void **state)
{
	struct house *house = house_open(&quiet);
	struct program program = {0};

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	assert_run(back_up(house, NULL), 0, "1 instance,");
	add_bulk(house, 1500, 60000);
	for (int i = 0; i < 2; i++) {
		begin_backup(house, &program);
		await_part(house, &program);
		program_kill(&program);
		assert_true(is_there(house, "backup.db.part"));
		/* The earlier one is still there, and whole. */
		verify(house, "backup.db");
		payment_start(house, i ? "B-3" : "B-2", "250", "ACME");
	}
	assert_run(back_up(house, "--force"), 0, "3 instances,");
	assert_false(is_there(house, "backup.db.part"));
	verify(house, "backup.db");
	house_close(&house);
}

static void
test_interrupted_backup_leaves_nothing_behind(void **state)
{
	struct house *house = house_open(&quiet);
	struct program program = {0};
	int status;

	(void)state;
	add_bulk(house, 1500, 60000);
	begin_backup(house, &program);
	await_part(house, &program);
	/* Not SIGINT: who runs in the background may have to ignore that. */
	kill(program.pid, SIGTERM);
	status = end_backup(&program);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_false(is_there(house, "backup.db.part"));
	assert_false(is_there(house, "backup.db"));
	house_close(&house);
}

static void
test_backup_tells_programs_what_it_holds(void **state)
{
	struct house *house = house_open(&quiet);
	struct run run;
	json_t *json;

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	payment_start(house, "B-2", "250", "ACME");
	run = back_up(house, "--format=json");
	json = json_loads(run.text, 0, NULL);
	assert_non_null(json);
	assert_int_equal(integer_at(json, "instances"), 2);
	assert_true(integer_at(json, "records") > 4);
	assert_true(integer_at(json, "bytes") > 4096);
	assert_true(json_is_number(json_at(json, "seconds")));
	assert_string_equal(text_at(json, "file"), "backup.db");
	json_decref(json);
	run_fini(&run);
	house_close(&house);
}

/* ---- what is refused ---- */

static void
test_backup_replaces_nothing_unless_told(void **state)
{
	struct house *house = house_open(&quiet);
	const char *database = house_path(house, DATABASE);
	char *text;

	(void)state;
	house_write(house, "backup.db", "something else");
	assert_run(back_up(house, NULL), 1, "there is a file of that name");
	text = house_read(house_path(house, "backup.db"));
	assert_string_equal(text, "something else");
	free(text);
	assert_run(house_run(house,
		       (const char *[]){"backup", database, "--store",
			   database, "--force", NULL}),
	    1, "it is the database itself");
	assert_run(house_run(house,
		       (const char *[]){"backup", "nowhere/backup.db",
			   "--store", database, NULL}),
	    1, "its folder isn't there");
	assert_run(house_run(house,
		       (const char *[]){
			   "backup", "b.db", "--store", "nothing", NULL}),
	    1, "nothing: ");
	assert_run(back_up(house, "--force"), 0, "verified");
	house_close(&house);
}

/* What was acknowledged is in the engine's log for a while. */
static void
test_copy_takes_no_name_of_a_database_s_part(void **state)
{
	static const char *const parts[] = {DATABASE "-wal", DATABASE "-shm",
	    DATABASE "-journal", DATABASE "-lock", DATABASE ".part",
	    DATABASE ".restoring", DATABASE ".rekeying"};
	struct house *house = house_open(&quiet);
	const char *database = house_path(house, DATABASE);

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	assert_run(back_up(house, NULL), 0, "1 instance,");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *part = house_path(house, parts[i]);

		assert_run(house_run(house, (const char *[]){"backup", part,
				   "--force", "--store", database, NULL}),
		    1, "belongs to the database beside it");
		assert_run(house_run(house, (const char *[]){"restore",
				   "backup.db", "--force", "--store", part,
				   NULL}),
		    1, "belongs to the database beside it");
	}
	program_kill(&house->engine);
	house_verify(house);
	assert_run(back_up(house, "--force"), 0, "1 instance,");
	house_close(&house);
}

/* The log of what is replaced would be read as the backup's. */
static void
test_backup_replaces_no_database_that_has_a_log(void **state)
{
	struct house *house = house_open(&quiet);
	const char *database = house_path(house, DATABASE);

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	assert_run(back_up(house, NULL), 0, "1 instance,");
	assert_run(house_run(house, (const char *[]){"backup", database,
			   "--force", "--store", "backup.db", NULL}),
	    1, "a database with a log");
	payment_start(house, "B-2", "250", "ACME");
	program_kill(&house->engine);
	assert_run(back_up(house, "--force"), 0, "2 instances,");
	house_close(&house);
}

static void
test_damage_is_found_and_not_backed_up(void **state)
{
	struct house *house = house_open(&quiet);
	struct stat about;
	char junk[4096];
	int fd;

	(void)state;
	for (int i = 0; i < 30; i++) {
		char name[32];

		name_payment(name, i);
		payment_start(house, name, "250", "ACME");
	}
	program_stop(&house->engine);
	memset(junk, 0xee, sizeof(junk));
	fd = open(house_path(house, DATABASE), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &about) == 0);
	assert_int_equal(
	    pwrite(fd, junk, sizeof(junk), about.st_size / 8192 * 4096),
	    sizeof(junk));
	close(fd);
	assert_run(back_up(house, NULL), 1, "damaged");
	assert_false(is_there(house, "backup.db"));
	assert_false(is_there(house, "backup.db.part"));
	house_close(&house);
}

static void
test_changed_history_is_found_and_not_backed_up(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	program_stop(&house->engine);
	house_sql(house,
	    "UPDATE history SET packed ="
	    "	CAST(replace(packed, 'ACME', 'EMCA') AS BLOB)");
	assert_run(back_up(house, NULL), 1, "a history is broken");
	assert_false(is_there(house, "backup.db"));
	house_close(&house);
}

/* It would go on from what nobody has recorded. */
static void
test_changed_snapshot_is_found_and_not_backed_up(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	program_stop(&house->engine);
	house_sql(house,
	    "UPDATE instance SET snapshot ="
	    "	CAST(replace(snapshot, 'ACME', 'EMCA') AS BLOB)");
	assert_run(back_up(house, NULL), 1, "snapshot");
	assert_run(house_run(house, (const char *[]){"verify",
			   house_path(house, DATABASE), NULL}),
	    1, "snapshot");
	house_close(&house);
}

static void
test_full_disk_leaves_no_half_backup(void **state)
{
	static const struct house_options small = {
	    .small_disk = true, .quiet_bank = true};
	struct house *house = house_open(&small);

	(void)state;
	if (house == NULL) {
		print_message("only root may mount a small disk\n");
		skip();
	}
	payment_start(house, "B-1", "250", "ACME");
	program_stop(&house->engine);
	add_bulk(house, 30, 100000);
	assert_run(house_run(house,
		       (const char *[]){"backup", "disk/backup.db", "--store",
			   house_path(house, DATABASE), NULL}),
	    0, "verified");
	assert_run(house_run(house,
		       (const char *[]){"backup", "disk/second.db", "--store",
			   house_path(house, DATABASE), NULL}),
	    1, "no space is left for the copy");
	assert_false(is_there(house, "disk/second.db"));
	assert_false(is_there(house, "disk/second.db.part"));
	house_close(&house);
}

/* ---- restoring ---- */

static void
test_restored_engine_goes_on_from_the_backup(void **state)
{
	struct house *house = house_open(&usual);
	char before[64], lost[64];

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	payment_await(house, "B-1", "reconciled");
	/* Too much for one person: it waits for another. */
	payment_start(house, "B-2", "25000", "ACME");
	payment_await(house, "B-2", "awaiting-approval");
	assert_run(back_up(house, NULL), 0, "2 instances");
	snprintf(lost, sizeof(lost), "%s",
	    payment_start(house, "B-3", "250", "ACME"));
	payment_await(house, "B-3", "reconciled");
	assert_run(restore(house, "--force"), 1, "an engine");
	program_kill(&house->engine);
	assert_run(restore(house, NULL), 1, "--force");
	assert_run(restore(house, "--force"), 0, "acknowledged after");
	house_start_engine(house);
	assert_int_equal(house_logged(house, "new database"), 1);
	assert_status(house_get(house, "/v1/instances/%s", lost), 404);
	payment_await(house, "B-1", "reconciled");
	/* Whoever sent it sends it again: another instance, another key. */
	snprintf(before, sizeof(before), "%s",
	    payment_start(house, "B-4", "250", "ACME"));
	assert_string_not_equal(before, lost);
	payment_await(house, "B-4", "reconciled");
	assert_int_equal(
	    json_array_size(json_at(payment_ledger(house, "B-4"), "orders")),
	    1);
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

/* A lost database may hold the last word on money: it is kept whole. */
static void
test_what_was_there_is_kept_with_its_log(void **state)
{
	struct house *house = house_open(&quiet);
	struct run run;
	const char *kept;
	char name[HOUSE_PATH_BYTES];

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	assert_run(back_up(house, NULL), 0, "1 instance,");
	payment_start(house, "B-2", "250", "ACME");
	program_kill(&house->engine);
	assert_true(is_there(house, "disk/stated.db-wal"));
	run = restore(house, "--force");
	assert_int_equal(run.status, 0);
	kept = strstr(run.text, "kept as ");
	assert_non_null(kept);
	snprintf(name, sizeof(name), "%.*s",
	    (int)strcspn(kept + 8, "\n"), kept + 8);
	run_fini(&run);
	assert_false(is_there(house, "disk/stated.db-wal"));
	run = house_run(house, (const char *[]){"verify", name, NULL});
	assert_run(run, 0, "2 instances");
	house_verify(house);
	house_start_engine(house);
	assert_status(house_get(house, "/v1/instances/B-2"), 404);
	house_close(&house);
}

static void
test_killed_restore_leaves_the_database_as_it_was(void **state)
{
	struct house *house = house_open(&quiet);
	struct program program = {0};
	const char *part = "disk/stated.db.part";
	int64_t until_ms;

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	add_bulk(house, 1500, 60000);
	assert_run(back_up(house, NULL), 0, "1 instance,");
	payment_start(house, "B-2", "250", "ACME");
	program_stop(&house->engine);
	snprintf(program.log, sizeof(program.log), "%s",
	    house_path(house, "restore.log"));
	program_start(&program,
	    (const char *[]){house_program(), "restore",
		house_path(house, "backup.db"), "--store",
		house_path(house, DATABASE), "--force", NULL});
	until_ms = time_ms() + PATIENCE_MS;
	while (!is_there(house, part) && time_ms() < until_ms)
		time_sleep(1);
	program_kill(&program);
	assert_true(is_there(house, part));
	house_start_engine(house);
	assert_status(house_get(house, "/v1/instances/B-2"), 200);
	program_stop(&house->engine);
	assert_run(restore(house, "--force"), 0, "1 instance,");
	assert_false(is_there(house, part));
	house_close(&house);
}

static void
test_backup_that_is_no_good_is_not_restored(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	assert_run(back_up(house, NULL), 0, "verified");
	program_stop(&house->engine);
	house_sql_of(house, "backup.db",
	    "UPDATE history SET packed ="
	    "	CAST(replace(packed, 'ACME', 'EMCA') AS BLOB)");
	assert_run(restore(house, "--force"), 1, "damaged");
	assert_int_equal(
	    truncate(house_path(house, "backup.db"), 20000), 0);
	assert_run(restore(house, "--force"), 1, "damaged");
	house_write(house, "backup.db", "Dear Sir or Madam,");
	assert_run(restore(house, "--force"), 1, "not a database of stated");
	assert_false(is_there(house, "disk/stated.db.part"));
	assert_false(is_there(house, "disk/stated.db-lock"));
	house_verify(house);
	house_close(&house);
}

static void
test_newer_backup_is_not_restored(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	payment_start(house, "B-1", "250", "ACME");
	assert_run(back_up(house, NULL), 0, "verified");
	program_stop(&house->engine);
	house_sql_of(house, "backup.db", "PRAGMA user_version = 99");
	assert_run(restore(house, "--force"), 1, "newer program");
	house_close(&house);
}

/* It is what one has before the program is changed for a newer one. */
static void
test_database_of_every_older_program_is_backed_up_and_restored(void **state)
{
	/* Programs that old had no salts, and what was sensitive no digests
	 * that want one. */
	static const char plain[] =
	    "workflow: plain\n"
	    "version: 1\n"
	    "business-key: = input.reference\n"
	    "initial: open\n"
	    "states:\n"
	    "  open: {user-task: {title: Look}, on: {approved: over}}\n"
	    "  over: {type: final, outcome: success}\n";
	char was[32];

	(void)state;
	for (size_t schema = 1; schema <= OLD_SCHEMAS; schema++) {
		struct house *house =
		    house_open_with(&quiet, "workflows/plain.yaml", plain);

		assert_status(house_post(house,
		    "/v1/workflows/plain/instances",
		    "{\"input\":{\"reference\":\"B-1\"}}"), 201);
		program_stop(&house->engine);
		old_write_schema(house_path(house, DATABASE), schema);
		verify(house, DATABASE);
		assert_run(back_up(house, NULL), 0, "verified");
		verify(house, "backup.db");
		assert_run(restore(house, "--force"), 0, "restored");
		verify(house, DATABASE);
		house_start_engine(house);
		snprintf(was, sizeof(was), "was=%zu", schema);
		assert_int_equal(house_logged(house, was), 1);
		payment_start(house, "B-2", "250", "ACME");
		program_stop(&house->engine);
		house_verify(house);
		house_close(&house);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_backup_under_load_is_whole_and_nobody_waits),
	    HOUSE_TEST(
		test_killed_backup_harms_neither_engine_nor_the_next_one),
	    HOUSE_TEST(test_interrupted_backup_leaves_nothing_behind),
	    HOUSE_TEST(test_backup_tells_programs_what_it_holds),
	    HOUSE_TEST(test_backup_replaces_nothing_unless_told),
	    HOUSE_TEST(test_copy_takes_no_name_of_a_database_s_part),
	    HOUSE_TEST(test_backup_replaces_no_database_that_has_a_log),
	    HOUSE_TEST(test_damage_is_found_and_not_backed_up),
	    HOUSE_TEST(test_changed_history_is_found_and_not_backed_up),
	    HOUSE_TEST(test_changed_snapshot_is_found_and_not_backed_up),
	    HOUSE_TEST(test_full_disk_leaves_no_half_backup),
	    HOUSE_TEST(test_restored_engine_goes_on_from_the_backup),
	    HOUSE_TEST(test_what_was_there_is_kept_with_its_log),
	    HOUSE_TEST(test_killed_restore_leaves_the_database_as_it_was),
	    HOUSE_TEST(test_backup_that_is_no_good_is_not_restored),
	    HOUSE_TEST(test_newer_backup_is_not_restored),
	    HOUSE_TEST(
		test_database_of_every_older_program_is_backed_up_and_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
