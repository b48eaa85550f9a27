/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_store.c: what `stated serve` finds when it starts.
 *
 * It says plainly what is wrong, leaves with 1, and what it can't use stays
 * byte for byte as it was.
 */
#include "house.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/store/test_store_old.h"

#define DATABASE "disk/stated.db"

static const struct house_options quiet = {.quiet_bank = true};

/* ---- files ---- */

struct bytes {
	char *at;
	size_t count;
};

static struct bytes
bytes_of(const struct house *house, const char *name)
{
	int fd = open(house_path(house, name), O_RDONLY | O_CLOEXEC);
	struct stat about;
	struct bytes bytes;

	assert_true(fd >= 0 && fstat(fd, &about) == 0);
	bytes.count = (size_t)about.st_size;
	bytes.at = calloc(1, bytes.count + 1);
	assert_non_null(bytes.at);
	assert_int_equal(
	    read(fd, bytes.at, bytes.count), (ssize_t)bytes.count);
	close(fd);
	return bytes;
}

static bool
is_there(const struct house *house, const char *name)
{
	return access(house_path(house, name), F_OK) == 0;
}

/* One with some payments in it. */
static struct house *
fill(struct house *house)
{
	for (int i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "S-%d", i);
		payment_start(house, name, "250", "ACME");
	}
	program_stop(&house->engine);
	return house;
}

static struct house *
house_with_database(void)
{
	return fill(house_open(&quiet));
}

/* Programs before salts wrote no digests that want one. */
static struct house *
house_with_nothing_sensitive(void)
{
	struct house *house = house_build(&quiet);

	house_edit(house, "workflows/payment.yaml", "sensitive:",
	    "# sensitive:");
	house_start_engine(house);
	return fill(house);
}

/* ---- serving ---- */

/* As nobody where root runs the tests: root may do anything. */
static struct run
try_serve_as(const struct house *house, bool as_nobody)
{
	const char *all[] = {"/usr/bin/setpriv", "--reuid=65534",
	    "--regid=65534", "--clear-groups", house_program(), "serve",
	    "--config", house_path(house, "stated.yaml"), "--listen",
	    "127.0.0.1:0", NULL};
	bool drops = as_nobody && geteuid() == 0;

	return program_run(
	    house->directory, NULL, drops ? all : all + 4, NULL);
}

/* It refuses, says so, and leaves the file as it is, also a second time. */
static void
assert_refused(const struct house *house, const char *name, const char *text)
{
	struct bytes before = bytes_of(house, name), after;

	for (int i = 0; i < 2; i++) {
		assert_run(try_serve_as(house, false), 1, text);
		after = bytes_of(house, name);
		assert_int_equal(after.count, before.count);
		assert_memory_equal(after.at, before.at, before.count);
		free(after.at);
	}
	free(before.at);
	assert_false(is_there(house, "disk/stated.db-lock"));
}

/* ---- none, and none of ours ---- */

static void
test_new_database_is_made_once_and_told(void **state)
{
	struct house *house = house_open(&quiet);
	struct stat about;

	(void)state;
	assert_int_equal(house_logged(house, "new database"), 1);
	assert_int_equal(stat(house_path(house, DATABASE), &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	program_stop(&house->engine);
	house_start_engine(house);
	assert_int_equal(house_logged(house, "new database"), 1);
	assert_int_equal(house_logged(house, "read by others"), 0);
	house_close(&house);
}

static void
test_folder_that_is_not_there_is_told(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	assert_int_equal(rmdir(house_path(house, "disk")), 0);
	assert_run(try_serve_as(house, false), 1, "No such file or directory");
	house_close(&house);
}

static void
test_foreign_file_is_left_as_it_is(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	house_write(house, DATABASE, "Dear Sir or Madam, no database.");
	assert_refused(house, DATABASE, "not a database of stated");
	unlink(house_path(house, DATABASE));
	house_sql(house, "CREATE TABLE instance (number INTEGER)");
	assert_refused(house, DATABASE, "not a database of stated");
	unlink(house_path(house, DATABASE));
	assert_int_equal(mkdir(house_path(house, DATABASE), 0700), 0);
	assert_run(try_serve_as(house, false), 1, "Is a directory");
	house_close(&house);
}

/* ---- damage ---- */

static void
cut(const struct house *house, off_t bytes)
{
	assert_int_equal(truncate(house_path(house, DATABASE), bytes), 0);
}

static void
test_truncated_database_is_told_and_kept(void **state)
{
	struct house *house = house_with_database();
	struct stat about;

	(void)state;
	assert_int_equal(stat(house_path(house, DATABASE), &about), 0);
	cut(house, about.st_size - 4096);
	assert_refused(house, DATABASE, "damaged");
	cut(house, 5000);
	assert_refused(house, DATABASE, "damaged");
	cut(house, 7);
	assert_refused(house, DATABASE, "not a database of stated");
	house_close(&house);
}

static void
test_damaged_database_is_told_and_kept(void **state)
{
	struct house *house = house_with_database();
	char junk[3996];
	int fd = open(house_path(house, DATABASE), O_WRONLY | O_CLOEXEC);

	(void)state;
	memset(junk, 0xee, sizeof(junk));
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 100), sizeof(junk));
	close(fd);
	assert_refused(house, DATABASE, "damaged");
	house_close(&house);
}

static void
flip_byte(const struct house *house, const char *name, off_t at)
{
	int fd = open(house_path(house, name), O_RDWR | O_CLOEXEC);
	char byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (char)~byte;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* All of a young database is in its log, and where nothing of that can be read
 * it looks like a new one. */
static void
test_young_database_with_a_damaged_log_is_told_and_kept(void **state)
{
	/* In the head: page size, salt, sum; of the first commit: salt, page. */
	static const off_t places[] = {10, 20, 27, 44, 1000};
	struct house *house = house_open(&quiet);

	(void)state;
	payment_start(house, "S-1", "250", "ACME");
	program_kill(&house->engine);
	unlink(house_path(house, "disk/stated.db-lock"));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		flip_byte(house, DATABASE "-wal", places[i]);
		assert_refused(house, DATABASE "-wal", "damaged");
		assert_run(house_run(house, (const char *[]){"verify",
			       house_path(house, DATABASE), NULL}),
		    1, "damaged");
		flip_byte(house, DATABASE "-wal", places[i]);
	}
	house_start_engine(house);
	payment_start(house, "S-2", "250", "ACME");
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

/* Who was killed while making it has acknowledged nothing. */
static void
test_database_that_was_killed_in_its_making_is_made_anew(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	program_kill(&house->engine);
	assert_int_equal(
	    truncate(house_path(house, DATABASE "-wal"), 10000), 0);
	unlink(house_path(house, DATABASE "-shm"));
	house_start_engine(house);
	payment_start(house, "S-1", "250", "ACME");
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

/* What was acknowledged may stand in the log alone. */
static void
test_log_without_its_database_is_not_hidden_by_a_new_one(void **state)
{
	struct house *house = house_open(&quiet);

	(void)state;
	payment_start(house, "S-1", "250", "ACME");
	program_kill(&house->engine);
	assert_true(is_there(house, "disk/stated.db-wal"));
	unlink(house_path(house, "disk/stated.db-lock"));
	assert_int_equal(rename(house_path(house, DATABASE),
			     house_path(house, "disk/elsewhere")),
	    0);
	assert_refused(house, "disk/stated.db-wal", "without its database");
	assert_false(is_there(house, DATABASE));
	assert_int_equal(rename(house_path(house, "disk/elsewhere"),
			     house_path(house, DATABASE)),
	    0);
	house_start_engine(house);
	payment_await(house, "S-1", "submitted");
	house_close(&house);
}

static void
test_restore_that_was_cut_short_is_told(void **state)
{
	struct house *house = house_build(&quiet);

	(void)state;
	house_write(house, "disk/stated.db.restoring", "whatever it is");
	assert_refused(house, "disk/stated.db.restoring", "cut short");
	assert_false(is_there(house, DATABASE));
	house_close(&house);
}

/* ---- other versions ---- */

static void
test_newer_database_is_refused(void **state)
{
	struct house *house = house_with_database();

	(void)state;
	house_sql(house, "PRAGMA user_version = 99");
	assert_refused(house, DATABASE, "newer program");
	house_close(&house);
}

static void
test_every_older_database_is_brought_up_to_date(void **state)
{
	(void)state;
	for (size_t version = 1; version <= OLD_SCHEMAS; version++) {
		struct house *house = house_with_nothing_sensitive();
		char told[64];

		old_write_schema(house_path(house, DATABASE), version);
		house_verify_chains(house);
		house_start_engine(house);
		snprintf(told, sizeof(told), "schema=%zu was=%zu",
		    OLD_SCHEMAS + 1, version);
		assert_int_equal(house_logged(house, told), 1);
		payment_await(house, "S-19", "submitted");
		payment_start(house, "S-after", "250", "ACME");
		payment_await(house, "S-after", "submitted");
		program_stop(&house->engine);
		house_start_engine(house);
		assert_int_equal(house_logged(house, "was="), 1);
		program_stop(&house->engine);
		house_verify(house);
		house_close(&house);
	}
}

#define ASKING(version, operation)                                      \
	"workflow: asking\nversion: " version "\ninitial: first\n"       \
	"input: {type: object}\nbusiness-key: = input.key\n"             \
	"events: {go: {}}\nstates:\n  first: {on: {go: second}}\n"       \
	"  second: {entry: [{call: stub." operation "}],"                \
	" on: {done: end}}\n  end: {type: final}\n---\n"                 \
	"connection: stub\nkind: http\nurl: http://127.0.0.1:9\n"       \
	"operations:\n  " operation ": {request: {get: /ask}}\n"

/* The older program can be used again. */
static void
test_older_database_that_is_not_served_is_not_brought_up_to_date(void **state)
{
	struct house *house =
	    house_open_with(&quiet, "workflows/wire.yaml",
		ASKING("1", "ask"));

	(void)state;
	assert_status(
	    house_post_as(house, "ida", "/v1/workflows/asking/instances",
		"{\"input\": {\"key\": \"A-1\"}}"),
	    201);
	program_stop(&house->engine);
	old_write_schema(house_path(house, DATABASE), OLD_SCHEMAS);
	house_write(house, "workflows/wire.yaml", ASKING("2", "tell"));
	assert_refused(house, DATABASE,
	    "1 open instance runs on workflow `asking` version 1");
	assert_refused(house, DATABASE, "was not brought up to date");
	house_write(house, "workflows/wire.yaml",
	    ASKING("2", "tell") "  ask: {request: {get: /ask}}\n");
	house_start_engine(house);
	assert_int_equal(house_logged(house, "brought up to date"), 1);
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

/* Nor by one that nobody could reach. */
static void
assert_unreachable(const struct house *house, const char *config,
    const char *option, const char *value, const char *text)
{
	struct bytes before = bytes_of(house, DATABASE), after;
	char store[2 * HOUSE_PATH_BYTES];

	snprintf(store, sizeof(store), "%s", house_path(house, DATABASE));
	assert_run(house_run(house, (const char *[]){"serve", "--config",
		       house_path(house, config), "--store", store, option,
		       value, NULL}),
	    1, text);
	after = bytes_of(house, DATABASE);
	assert_int_equal(after.count, before.count);
	assert_memory_equal(after.at, before.at, before.count);
	free(after.at);
	free(before.at);
}

static void
test_older_database_that_nobody_could_reach_is_not_brought_up_to_date(
    void **state)
{
	struct house *house = house_with_database();
	char address[64], told[64];

	(void)state;
	old_write_schema(house_path(house, DATABASE), OLD_SCHEMAS);
	snprintf(address, sizeof(address), "127.0.0.1:%d",
	    house->sandbox_port);
	assert_unreachable(house, "stated.yaml", "--listen", address,
	    "another program listens there");
	assert_unreachable(house, "stated.yaml", "--port-file",
	    "/nowhere/port", "/nowhere/port: No such file");
	house_write(house, "tls.yaml",
	    "workflows: [workflows]\n"
	    "tls: {certificate: none.pem, key: none.pem}\n");
	assert_unreachable(
	    house, "tls.yaml", "--listen", "127.0.0.1:0", "none.pem");
	house_start_engine(house);
	snprintf(told, sizeof(told), "schema=%zu was=%zu",
	    OLD_SCHEMAS + 1, OLD_SCHEMAS);
	assert_int_equal(house_logged(house, told), 1);
	house_close(&house);
}

/* ---- permissions ---- */

static struct run
run_tool(const char *tool, const char *what, const char *path)
{
	return program_run("/", NULL,
	    (const char *[]){tool, "-R", what, path, NULL}, NULL);
}

static void
test_files_that_may_not_be_written_are_told(void **state)
{
	struct house *house = house_with_database();
	char database[2 * HOUSE_PATH_BYTES], disk[2 * HOUSE_PATH_BYTES];
	struct run run = run_tool("/bin/chmod", "a+rX", house->directory);

	(void)state;
	snprintf(database, sizeof(database), "%s/%s", house->directory,
	    DATABASE);
	snprintf(disk, sizeof(disk), "%s/disk", house->directory);
	run_fini(&run);
	if (geteuid() == 0 && access("/usr/bin/setpriv", X_OK) != 0)
		skip();
	assert_int_equal(chmod(disk, 0777), 0);
	assert_int_equal(chmod(database, 0444), 0);
	assert_run(try_serve_as(house, true), 1,
	    "can be read, but not written (it belongs to user");
	assert_int_equal(chmod(database, 0000), 0);
	assert_run(try_serve_as(house, true), 1,
	    "Permission denied (it belongs to user");
	assert_int_equal(chmod(database, 0666), 0);
	assert_int_equal(chmod(disk, 0555), 0);
	assert_run(try_serve_as(house, true), 1,
	    "stated.db-lock: Permission denied");
	assert_int_equal(unlink(database) == 0, geteuid() == 0);
	assert_run(try_serve_as(house, true), 1, "can't be written");
	assert_int_equal(chmod(disk, 0700), 0);
	house_close(&house);
}

static void
test_database_that_others_may_read_is_told(void **state)
{
	struct house *house = house_with_database();

	(void)state;
	assert_int_equal(chmod(house_path(house, DATABASE), 0640), 0);
	house_start_engine(house);
	assert_int_equal(house_logged(house, "mode=640"), 1);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_new_database_is_made_once_and_told),
	    HOUSE_TEST(test_folder_that_is_not_there_is_told),
	    HOUSE_TEST(test_foreign_file_is_left_as_it_is),
	    HOUSE_TEST(test_truncated_database_is_told_and_kept),
	    HOUSE_TEST(test_damaged_database_is_told_and_kept),
	    HOUSE_TEST(
		test_young_database_with_a_damaged_log_is_told_and_kept),
	    HOUSE_TEST(
		test_database_that_was_killed_in_its_making_is_made_anew),
	    HOUSE_TEST(
		test_log_without_its_database_is_not_hidden_by_a_new_one),
	    HOUSE_TEST(test_restore_that_was_cut_short_is_told),
	    HOUSE_TEST(test_newer_database_is_refused),
	    HOUSE_TEST(test_every_older_database_is_brought_up_to_date),
	    HOUSE_TEST(
		test_older_database_that_is_not_served_is_not_brought_up_to_date),
	    HOUSE_TEST(
		test_older_database_that_nobody_could_reach_is_not_brought_up_to_date),
	    HOUSE_TEST(test_files_that_may_not_be_written_are_told),
	    HOUSE_TEST(test_database_that_others_may_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
