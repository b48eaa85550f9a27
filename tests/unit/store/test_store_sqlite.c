/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may happen to a store that is a file: locks, full disks, foreign,
 * newer and damaged files, and kill -9 at any instant.
 */
#include "stated/rng.h"
#include "stated/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "test_store_help.h"
#include "test_store_old.h"

/* The tests open their stores themselves. */
static int
set_up(void **state)
{
	struct help_fixture *f = test_calloc(1, sizeof(*f));

	help_dir_make(&f->dir);
	f->arena = arena_new();
	*state = f;
	return 0;
}

/* --------------------------------------------------------------- utilities */

static enum store_error
try_open(struct help_fixture *f, bool read_only, bool create)
{
	struct buf detail = {0};
	enum store_error error = store_open((struct store_options){
	    .path = str_of(f->dir.database),
	    .read_only = read_only,
	    .create = create,
	}, &f->store, &detail);

	assert_true((error == STORE_OK) == (f->store != NULL));
	buf_fini(&detail);
	return error;
}

static void
put(struct help_fixture *f, uint64_t number)
{
	struct store_instance row = help_instance(number);

	store_put_instance(store_batch(f->store), &row);
}

static bool
has(struct help_fixture *f, uint64_t number)
{
	struct store_instance found;
	enum store_error error = store_find_instance(f->store, f->arena,
	    number, &found);

	assert_true(error == STORE_OK || error == STORE_ABSENT);
	return error == STORE_OK;
}

static void
make_database(struct help_fixture *f, uint64_t instances)
{
	f->store = help_open(&f->dir);
	for (uint64_t n = 1; n <= instances; n++)
		put(f, n);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	store_close(&f->store);
}

/* SQL behind the store's back. */
static void
run_sql(struct help_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->dir.database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
write_file(struct help_fixture *f, const char *text)
{
	FILE *file = fopen(f->dir.database, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct digest
digest_of_file(struct help_fixture *f)
{
	struct digest_stream *stream = digest_stream_new();
	FILE *file = fopen(f->dir.database, "r");
	char block[4096];
	size_t bytes;

	assert_non_null(file);
	while ((bytes = fread(block, 1, sizeof(block), file)) > 0)
		digest_stream_add(stream, (struct str){block, bytes});
	fclose(file);
	return digest_stream_end(&stream);
}

/* Opening for writing must fail so, and must not change a byte. */
static void
assert_refused(struct help_fixture *f, enum store_error expected)
{
	struct digest before = digest_of_file(f);

	assert_int_equal(try_open(f, false, true), expected);
	assert_true(digest_equal(before, digest_of_file(f)));
	assert_int_equal(try_open(f, false, false), expected);
	assert_true(digest_equal(before, digest_of_file(f)));
	assert_int_equal(try_open(f, true, false), expected);
	assert_true(digest_equal(before, digest_of_file(f)));
}

/* ----------------------------------------------------------------- opening */

static void
test_missing_file_is_made_only_if_wanted(void **state)
{
	struct help_fixture *f = *state;
	struct stat status;

	assert_int_equal(try_open(f, false, false), STORE_ABSENT);
	assert_int_equal(try_open(f, true, false), STORE_ABSENT);
	assert_int_not_equal(stat(f->dir.database, &status), 0);
	assert_int_equal(try_open(f, false, true), STORE_OK);
	assert_int_equal(stat(f->dir.database, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void
test_missing_directory_is_an_error_with_a_reason(void **state)
{
	struct help_fixture *f = *state;
	struct buf detail = {0};

	assert_int_equal(store_open((struct store_options){
	    .path = STR("/nonexistent/stated.db"), .create = true},
	    &f->store, &detail), STORE_ABSENT);
	assert_true(str_find(buf_str(&detail), STR("/nonexistent")) !=
	    SIZE_MAX);
	buf_fini(&detail);
}

static void
test_empty_file_is_taken_only_to_create(void **state)
{
	struct help_fixture *f = *state;

	write_file(f, "");
	assert_int_equal(try_open(f, false, false), STORE_FOREIGN);
	assert_int_equal(try_open(f, true, false), STORE_FOREIGN);
	assert_int_equal(try_open(f, false, true), STORE_OK);
}

static void
test_file_of_another_kind_is_refused(void **state)
{
	struct help_fixture *f = *state;

	write_file(f, "Dear Sir or Madam, this is not a database at all.");
	assert_refused(f, STORE_FOREIGN);
	write_file(f, "short");
	assert_refused(f, STORE_FOREIGN);
}

/* What SQLite's journal says of a database that had no page before. */
static void
write_journal_of_new_database(struct help_fixture *f)
{
	static const unsigned char header[512] = {
		0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7,
		0, 0, 0, 0,    /* records */
		1, 2, 3, 4,    /* a nonce */
		0, 0, 0, 0,    /* pages of the database */
		0, 0, 2, 0,    /* bytes of a sector */
		0, 0, 0x10, 0, /* bytes of a page */
	};
	char path[sizeof(f->dir.database) + 16];

	snprintf(path, sizeof(path), "%s-journal", f->dir.database);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(header, 1, sizeof(header), file),
	    sizeof(header));
	assert_int_equal(fclose(file), 0);
}

static void
test_first_page_torn_by_a_power_cut_is_made_anew(void **state)
{
	struct help_fixture *f = *state;

	write_file(f, "");
	assert_int_equal(truncate(f->dir.database, 2048), 0);
	assert_refused(f, STORE_FOREIGN);
	write_journal_of_new_database(f);
	assert_int_equal(try_open(f, false, true), STORE_OK);
}

static void
test_database_of_another_program_is_refused(void **state)
{
	struct help_fixture *f = *state;

	run_sql(f, "CREATE TABLE instance (number INTEGER)");
	assert_refused(f, STORE_FOREIGN);
	run_sql(f, "PRAGMA application_id = 1234");
	assert_refused(f, STORE_FOREIGN);
}

/* An index that is damaged has what our rows never have, as this one that
 * somebody added. */
static void
test_constraint_that_fails_is_damage(void **state)
{
	struct help_fixture *f = *state;
	struct buf detail = {0};

	make_database(f, 1);
	run_sql(f, "CREATE UNIQUE INDEX one ON instance (workflow)");
	f->store = help_open(&f->dir);
	put(f, 2);
	assert_int_equal(store_commit_now(f->store, &detail), STORE_CORRUPT);
	assert_true(str_find(buf_str(&detail), STR("UNIQUE")) != SIZE_MAX);
	buf_fini(&detail);
	assert_false(has(f, 2));
}

static void
test_newer_database_is_refused(void **state)
{
	struct help_fixture *f = *state;

	make_database(f, 1);
	run_sql(f, "PRAGMA user_version = 1000");
	assert_refused(f, STORE_NEWER);
}

static void
test_older_database_is_not_migrated_for_reading(void **state)
{
	struct help_fixture *f = *state;

	make_database(f, 1);
	run_sql(f, "PRAGMA user_version = 0");
	struct digest before = digest_of_file(f);
	assert_int_equal(try_open(f, true, false), STORE_OLDER);
	assert_true(digest_equal(before, digest_of_file(f)));
}

/* The first version had no schedules, and no snapshots in pieces. */
static void
test_database_of_the_first_version_is_brought_up_to_date(void **state)
{
	struct help_fixture *f = *state;
	struct store_schedule row = {
		.workflow = STR("sweep"), .rule = STR("@daily")};
	struct store_instance found;
	struct arena *arena = arena_new();
	struct store *store;

	make_database(f, 1);
	old_write_schema(f->dir.database, 1);
	assert_int_equal(try_open(f, true, false), STORE_OLDER);
	store = help_open(&f->dir);
	assert_int_equal(
	    store_find_instance(store, arena, 1, &found), STORE_OK);
	store_put_schedule(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	assert_int_equal(try_open(f, true, false), STORE_OK);
	arena_free(&arena);
}

static void
put_all_kinds(struct help_fixture *f, struct audit_head *head)
{
	struct store_instance row = help_instance(1);
	struct store_batch *batch;

	f->store = help_open(&f->dir);
	batch = store_batch(f->store);
	row.head = (struct audit_head){0};
	help_add_turn(batch, f->arena, 1, &row.head, 3);
	help_add_turn(batch, f->arena, 1, &row.head, 2);
	store_put_instance(batch, &row);
	store_put_salt(batch, 1, STR("0123456789abcdef"));
	store_add_checkpoint(batch, &(struct store_checkpoint){.number = 1,
	    .size = 1, .at_ms = 1, .document = STR("{}")});
	store_add_document(batch, &(struct store_document){
	    .kind = STR("decision"), .name = STR("limit"),
	    .source = STR("{}"), .since_ms = 1});
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	store_close(&f->store);
	*head = row.head;
}

static bool
chain_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct audit_head *head = arg;

	assert_int_equal(instance, 1);
	assert_int_equal(record->seq, head->seq + 1);
	assert_true(digest_equal(record->prev, head->hash));
	assert_true(record->canonical.bytes > 0);
	*head = (struct audit_head){record->seq, record->hash};
	return true;
}

static bool
checkpoint_cb(const struct store_checkpoint *row, void *arg)
{
	*(size_t *)arg += row->number;
	return true;
}

static void
document_cb(const struct store_document *row, void *arg)
{
	assert_true(str_equal(row->name, STR("limit")));
	++*(size_t *)arg;
}

/* The tables that its schema has, no less and no more. */
static void
assert_reads_all_of(struct help_fixture *f, size_t schema,
    const struct audit_head *known)
{
	struct audit_head head = {0};
	struct store_instance found;
	struct str salt;
	size_t checkpoints = 0, documents = 0;

	assert_int_equal(store_open((struct store_options){
	    .path = str_of(f->dir.database), .read_only = true,
	    .older = true}, &f->store, NULL), STORE_OK);
	assert_int_equal(store_each_record(f->store, 1, 0, chain_cb, &head),
	    STORE_OK);
	assert_int_equal(head.seq, known->seq);
	assert_true(digest_equal(head.hash, known->hash));
	assert_int_equal(store_each_checkpoint(f->store, 0, SIZE_MAX,
	    checkpoint_cb, &checkpoints), STORE_OK);
	assert_int_equal(checkpoints, schema >= 6);
	assert_int_equal(store_find_salt(f->store, f->arena, 1, &salt),
	    schema >= 8 ? STORE_OK : STORE_ABSENT);
	assert_int_equal(store_each_document(f->store, document_cb,
	    &documents), STORE_OK);
	assert_int_equal(documents, schema >= 9);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    schema >= 4 ? STORE_OK : STORE_OLDER);
	store_close(&f->store);
}

static void
test_every_older_database_is_read_as_it_is(void **state)
{
	struct help_fixture *f = *state;
	struct audit_head head;

	for (size_t schema = 1; schema <= OLD_SCHEMAS + 1; schema++) {
		put_all_kinds(f, &head);
		if (schema <= OLD_SCHEMAS)
			old_write_schema(f->dir.database, schema);
		assert_reads_all_of(f, schema, &head);
		assert_int_equal(unlink(f->dir.database), 0);
	}
}

static void
number_cb(uint64_t number, void *arg)
{
	uint64_t *numbers = arg;

	*numbers = 10 * *numbers + number;
}

/* The digits of those that it finds. */
static uint64_t
find_subscribers(struct store *store, const char *correlation)
{
	uint64_t numbers = 0;

	assert_int_equal(store_each_subscriber(store, str_of(correlation),
	    number_cb, &numbers), STORE_OK);
	return numbers;
}

/* They are what they wait for in their one form from now on. */
static void
test_numbers_that_were_stored_as_written_are_found(void **state)
{
	static const char *const written[] = {
		"7.0", "7.10", "7E+1", "7", "1.2.0", "007", "A", ""};
	struct help_fixture *f = *state;
	struct store *store = help_open(&f->dir);

	for (size_t i = 0; i < COUNT_OF(written); i++)
		store_add_subscription(
		    store_batch(store), str_of(written[i]), i + 1);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	run_sql(f, "PRAGMA user_version = 9");
	store = help_open(&f->dir);
	assert_int_equal(find_subscribers(store, "7"), 14);
	assert_int_equal(find_subscribers(store, "7.0"), 1);
	assert_int_equal(find_subscribers(store, "7.1"), 2);
	assert_int_equal(find_subscribers(store, "7.10"), 2);
	assert_int_equal(find_subscribers(store, "70"), 3);
	assert_int_equal(find_subscribers(store, "1.2"), 0);
	assert_int_equal(find_subscribers(store, "007"), 6);
	store_close(&store);
}

static void
test_truncated_file_is_refused(void **state)
{
	struct help_fixture *f = *state;

	make_database(f, 200);
	assert_int_equal(truncate(f->dir.database, 20 * 1024), 0);
	assert_refused(f, STORE_CORRUPT);
	assert_int_equal(truncate(f->dir.database, 100), 0);
	assert_refused(f, STORE_CORRUPT);
	assert_int_equal(truncate(f->dir.database, 7), 0);
	assert_refused(f, STORE_FOREIGN);
}

static void
overwrite(struct help_fixture *f, off_t offset, size_t bytes)
{
	char junk[4096];
	int fd = open(f->dir.database, O_WRONLY);

	memset(junk, 0xee, sizeof(junk));
	assert_true(fd >= 0 && bytes <= sizeof(junk));
	assert_int_equal(pwrite(fd, junk, bytes, offset), (ssize_t)bytes);
	close(fd);
}

static void
test_damaged_header_or_schema_is_refused(void **state)
{
	struct help_fixture *f = *state;

	make_database(f, 1);
	overwrite(f, 100, 4096 - 100);
	assert_refused(f, STORE_CORRUPT);
	overwrite(f, 0, 16);
	assert_refused(f, STORE_FOREIGN);
}

static void
test_damage_found_later_is_told_as_such(void **state)
{
	struct help_fixture *f = *state;
	struct stat status;
	struct store_instance found;
	size_t damaged = 0;

	make_database(f, 1500);
	assert_int_equal(stat(f->dir.database, &status), 0);
	/* Whatever lies in the second half but for the last pages, which are
	 * looked at when it is opened. */
	for (off_t at = status.st_size / 8192 * 4096;
	     at + 4096 <= status.st_size - 4096; at += 4096)
		overwrite(f, at, 4096);
	assert_int_equal(try_open(f, false, false), STORE_OK);
	for (uint64_t n = 1; n <= 1500; n++) {
		enum store_error error = store_find_instance(f->store,
		    f->arena, n, &found);
		assert_true(error == STORE_OK || error == STORE_CORRUPT);
		damaged += error == STORE_CORRUPT;
	}
	assert_true(damaged > 0);
}

static void
test_second_engine_is_kept_out(void **state)
{
	struct help_fixture *f = *state;
	struct store *second = NULL;
	struct buf detail = {0};
	struct store_options options = {.path = str_of(f->dir.database)};
	char pid[32];

	f->store = help_open(&f->dir);
	assert_int_equal(store_open(options, &second, &detail), STORE_LOCKED);
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_true(str_find(buf_str(&detail), str_of(pid)) != SIZE_MAX);
	store_close(&f->store);
	assert_int_equal(store_open(options, &second, NULL), STORE_OK);
	store_close(&second);
	buf_fini(&detail);
}

static void
test_lock_file_left_behind_does_no_harm(void **state)
{
	struct help_fixture *f = *state;
	char path[128];

	make_database(f, 1);
	snprintf(path, sizeof(path), "%s-lock", f->dir.database);
	assert_int_not_equal(access(path, F_OK), 0);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(try_open(f, false, false), STORE_OK);
	store_close(&f->store);
	assert_int_not_equal(access(path, F_OK), 0);
}

/* Opens by the name it had before, and by another one. */
static void
expect_locked_as(struct help_fixture *f, const char *name)
{
	struct help_dir other = f->dir;
	struct buf detail = {0};
	struct store *second = NULL;

	snprintf(other.database, sizeof(other.database), "%s/%s",
	    f->dir.path, name);
	assert_int_equal(store_open((struct store_options){
	    .path = str_of(other.database), .keys = help_keys()}, &second,
	    &detail), STORE_LOCKED);
	assert_true(detail.bytes > 0);
	buf_fini(&detail);
}

static void
test_database_with_two_names_is_locked_by_both(void **state)
{
	struct help_fixture *f = *state;
	char symbolic[128], hard[128];

	make_database(f, 1);
	snprintf(symbolic, sizeof(symbolic), "%s/symbolic.db", f->dir.path);
	snprintf(hard, sizeof(hard), "%s/hard.db", f->dir.path);
	assert_int_equal(symlink("stated.db", symbolic), 0);
	assert_int_equal(link(f->dir.database, hard), 0);
	assert_int_equal(try_open(f, false, false), STORE_OK);
	expect_locked_as(f, "symbolic.db");
	expect_locked_as(f, "hard.db");
	/* Who was refused leaves nothing, and takes nothing away. */
	snprintf(hard, sizeof(hard), "%s/hard.db-lock", f->dir.path);
	assert_int_not_equal(access(hard, F_OK), 0);
	expect_locked_as(f, "stated.db");
	put(f, 2);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	store_close(&f->store);
	/* By a link it is the same, with its log beside the file. */
	struct store *store = NULL;
	assert_int_equal(store_open((struct store_options){
	    .path = str_of(symbolic), .keys = help_keys()}, &store, NULL),
	    STORE_OK);
	expect_locked_as(f, "stated.db");
	store_close(&store);
}

static void
test_lock_file_that_is_removed_lets_no_second_engine_in(void **state)
{
	struct help_fixture *f = *state;
	char path[128];

	make_database(f, 1);
	snprintf(path, sizeof(path), "%s-lock", f->dir.database);
	assert_int_equal(try_open(f, false, false), STORE_OK);
	assert_int_equal(unlink(path), 0);
	expect_locked_as(f, "stated.db");
	put(f, 2);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
}

static void
test_path_may_hold_any_character(void **state)
{
	struct help_fixture *f = *state;

	snprintf(f->dir.database, sizeof(f->dir.database),
	    "%s/a b?c#d%%41.db", f->dir.path);
	make_database(f, 1);
	assert_int_equal(access(f->dir.database, F_OK), 0);
	assert_int_equal(try_open(f, true, false), STORE_OK);
	assert_true(has(f, 1));
}

/* ----------------------------------------------------------------- reading */

static void
test_auditor_reads_beside_the_engine(void **state)
{
	struct help_fixture *f = *state;
	struct store *engine = help_open(&f->dir);
	struct store_instance row = help_instance(1);

	assert_int_equal(try_open(f, true, false), STORE_OK);
	assert_false(has(f, 1));
	store_put_instance(store_batch(engine), &row);
	assert_int_equal(store_commit_now(engine, NULL), STORE_OK);
	assert_true(has(f, 1));
	assert_int_equal(store_freeze(f->store), STORE_OK);
	row.number = 2;
	store_put_instance(store_batch(engine), &row);
	assert_int_equal(store_commit_now(engine, NULL), STORE_OK);
	assert_false(has(f, 2));
	store_thaw(f->store);
	assert_true(has(f, 2));
	store_close(&engine);
}

static void
test_database_on_read_only_medium_can_be_read(void **state)
{
	struct help_fixture *f = *state;

	if (geteuid() == 0)
		skip(); /* nothing is read-only to root */
	make_database(f, 1);
	assert_int_equal(chmod(f->dir.database, 0400), 0);
	assert_int_equal(chmod(f->dir.path, 0500), 0);
	enum store_error error = try_open(f, true, false);
	bool is_found = error == STORE_OK && has(f, 1);
	assert_int_equal(chmod(f->dir.path, 0700), 0);
	assert_int_equal(error, STORE_OK);
	assert_true(is_found);
	store_close(&f->store);
	assert_int_equal(try_open(f, false, false), STORE_READONLY);
}

/* What stands in a log can't be found without an index of it. */
static void
test_log_that_can_t_be_read_is_told(void **state)
{
	struct help_fixture *f = *state;
	struct store *store = NULL;
	struct buf detail = {0};
	char index[128];
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		make_database(f, 1);
		f->store = help_open(&f->dir);
		put(f, 2);
		_exit(store_commit_now(f->store, NULL) != STORE_OK);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	snprintf(index, sizeof(index), "%s-shm", f->dir.database);
	(void)unlink(index);
	/* Nobody can make it there, be he root. */
	assert_int_equal(symlink("nowhere/index", index), 0);
	assert_int_equal(store_open((struct store_options){
	    .path = str_of(f->dir.database), .read_only = true}, &store,
	    &detail), STORE_READONLY);
	assert_true(str_find(buf_str(&detail), STR("stated.db-wal)")) !=
	    SIZE_MAX);
	buf_fini(&detail);
	assert_int_equal(unlink(index), 0);
	assert_int_equal(try_open(f, true, false), STORE_OK);
	assert_true(has(f, 2));
}

/* A bit that the disk has turned may unpack to another account's number. */
static void
test_snapshot_that_is_not_what_was_written_is_left_out(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance found;

	make_database(f, 2);
	run_sql(f, "UPDATE instance SET snapshot = CAST(replace(snapshot,"
	    " 'snapshot', 'snapshat') AS BLOB) WHERE number = 2");
	assert_int_equal(try_open(f, true, false), STORE_OK);
	assert_int_equal(
	    store_find_instance(f->store, f->arena, 1, &found), STORE_OK);
	assert_true(str_equal(found.snapshot, STR("snapshot")));
	assert_int_equal(
	    store_find_instance(f->store, f->arena, 2, &found), STORE_OK);
	assert_null(found.snapshot.at);
}

/* ----------------------------------------------------------------- failing */

static void
test_locked_database_drops_both_batches_and_recovers(void **state)
{
	struct help_fixture *f = *state;
	sqlite3 *other = NULL;
	enum store_error error = STORE_OK;
	struct buf detail = {0};

	f->store = help_open(&f->dir);
	put(f, 1);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	assert_int_equal(sqlite3_open(f->dir.database, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL,
	    NULL), SQLITE_OK);
	put(f, 2);
	store_submit(f->store);
	put(f, 3);
	assert_true(has(f, 2) && has(f, 3));
	help_wait(f->store);
	assert_true(has(f, 2) && has(f, 3));
	assert_true(store_finished(f->store, &error, &detail));
	assert_int_equal(error, STORE_LOCKED);
	assert_true(buf_str(&detail).bytes > 0);
	buf_fini(&detail);
	assert_false(store_is_committing(f->store));
	assert_true(store_batch_is_empty(store_batch(f->store)));
	assert_true(has(f, 1) && !has(f, 2) && !has(f, 3));
	assert_int_equal(store_last_number(f->store), 1);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	put(f, 2);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	assert_true(has(f, 2));
}

static void
expect_gone(struct help_fixture *f, const char *suffix)
{
	char path[128], away[160];

	snprintf(path, sizeof(path), "%s%s", f->dir.database, suffix);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	put(f, 2);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_MOVED);
	assert_false(has(f, 2));
	/* Another one in its place makes it no better. */
	fclose(fopen(path, "w"));
	put(f, 2);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_MOVED);
	assert_int_equal(rename(away, path), 0);
}

static void
test_nothing_is_committed_to_files_that_were_moved_away(void **state)
{
	struct help_fixture *f = *state;

	f->store = help_open(&f->dir);
	put(f, 1);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	expect_gone(f, "");
	expect_gone(f, "-wal");
	put(f, 2);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	assert_true(has(f, 1) && has(f, 2));
}

/* A limit on the size of files stands for a disk that is full. */
/* Bytes that no two parts of are alike. */
static void
fill(char *out, size_t bytes, uint64_t seed)
{
	struct rng_seeded rng;

	rng_seeded_init(&rng, seed);
	rng.rng.fill(&rng.rng, out, bytes);
}

static void
test_full_disk_fails_the_batch_whole_and_recovers(void **state)
{
	struct help_fixture *f = *state;
	struct rlimit before, little;
	struct store_instance row = help_instance(2);
	char *large = test_calloc(1, 4 << 20);

	f->store = help_open(&f->dir);
	put(f, 1);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = (struct rlimit){1 << 20, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	put(f, 3);
	fill(large, 4 << 20, 1);
	row.snapshot = (struct str){large, 4 << 20};
	store_put_instance(store_batch(f->store), &row);
	struct buf detail = {0};
	enum store_error error = store_commit_now(f->store, &detail);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(error, STORE_FULL);
	assert_true(str_find(buf_str(&detail), STR("too large")) != SIZE_MAX);
	buf_fini(&detail);
	assert_true(has(f, 1) && !has(f, 2) && !has(f, 3));
	store_add_probe(store_batch(f->store));
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	store_put_instance(store_batch(f->store), &row);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	assert_true(has(f, 2));
	test_free(large);
}

static void
test_number_of_a_removed_instance_is_not_given_again(void **state)
{
	struct help_fixture *f = *state;

	make_database(f, 3);
	run_sql(f, "DELETE FROM instance WHERE number = 3");
	assert_int_equal(try_open(f, false, false), STORE_OK);
	assert_int_equal(store_last_number(f->store), 3);
}

static int64_t
count_pieces(struct help_fixture *f)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t count;

	assert_int_equal(sqlite3_open(f->dir.database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM piece",
	    -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	count = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return count;
}

static void
put_large(struct help_fixture *f, const char *large, size_t bytes)
{
	struct store_instance row = help_instance(1);

	row.snapshot = (struct str){large, bytes};
	store_put_instance(store_batch(f->store), &row);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &row),
	    STORE_OK);
	assert_int_equal(row.snapshot.bytes, bytes);
	assert_memory_equal(row.snapshot.at, large, bytes);
}

static void
test_a_long_snapshot_is_rewritten_where_it_changed(void **state)
{
	struct help_fixture *f = *state;
	size_t bytes = 2 << 20;
	char *large = test_calloc(1, bytes + 4096);
	char path[128];
	struct stat before, after;

	f->store = help_open(&f->dir);
	snprintf(path, sizeof(path), "%s-wal", f->dir.database);
	fill(large, bytes, 7);
	put_large(f, large, bytes);
	assert_true(count_pieces(f) > 100);
	assert_int_equal(stat(path, &before), 0);
	/* Each turn takes something from the front, changes the middle and adds
	 * to the end. */
	for (int i = 0; i < 20; i++) {
		memmove(large, large + 61, bytes - 61);
		bytes += 20;
		fill(large + bytes - 200, 200, (uint64_t)i);
		large[bytes / 2]++;
		put_large(f, large, bytes);
	}
	assert_int_equal(stat(path, &after), 0);
	assert_true(after.st_size - before.st_size < 6 << 20);
	/* The pieces that were given up are gone. */
	assert_true(count_pieces(f) < 400);
	put_large(f, large, 1000);
	assert_int_equal(count_pieces(f), 0);
	/* All alike, and long again. */
	memset(large, 0, bytes);
	put_large(f, large, bytes);
	assert_true(count_pieces(f) < 10);
	put_large(f, large, bytes / 2);
	store_close(&f->store);
	f->store = help_open(&f->dir);
	put_large(f, large, bytes / 2);
	test_free(large);
}

static void
test_a_piece_that_is_missing_is_damage(void **state)
{
	struct help_fixture *f = *state;
	char *large = test_calloc(1, 1 << 20);
	struct store_instance row;

	f->store = help_open(&f->dir);
	fill(large, 1 << 20, 3);
	put_large(f, large, 1 << 20);
	run_sql(f, "DELETE FROM piece WHERE id = 17");
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &row),
	    STORE_CORRUPT);
	test_free(large);
}

static void
test_log_stays_bounded_however_much_is_written(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = help_instance(1);
	size_t bytes = 1 << 20, most = 0;
	char *large = test_calloc(1, bytes);
	char path[128];
	struct stat status;

	f->store = help_open(&f->dir);
	snprintf(path, sizeof(path), "%s-wal", f->dir.database);
	row.snapshot = (struct str){large, bytes};
	for (int i = 0; i < 120; i++) {
		row.changed_ms++;
		fill(large, bytes, (uint64_t)i);
		store_put_instance(store_batch(f->store), &row);
		assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
		assert_int_equal(stat(path, &status), 0);
		if ((size_t)status.st_size > most)
			most = (size_t)status.st_size;
	}
	assert_true(most < 48u << 20);
	test_free(large);
}

/* ----------------------------------------------------------------- kill -9 */

/* Commits batches of three instances with history and tells each durable
 * number over the pipe, until it is killed. */
_Noreturn static void
be_killed(struct help_fixture *f, int pipe_fd)
{
	struct store *store = help_open(&f->dir);

	for (uint64_t n = store_last_number(store) + 1;; n += 3) {
		for (uint64_t i = n; i < n + 3; i++) {
			struct store_instance row = help_instance(i);
			row.head = (struct audit_head){0};
			help_add_turn(store_batch(store), f->arena, i,
			    &row.head, 2);
			store_put_instance(store_batch(store), &row);
		}
		arena_reset(f->arena);
		if (store_commit_now(store, NULL) != STORE_OK)
			_exit(1);
		uint64_t durable = n + 2;
		if (write(pipe_fd, &durable, sizeof(durable)) !=
		    sizeof(durable))
			_exit(1);
	}
}

static uint64_t
run_and_kill(struct help_fixture *f, useconds_t lifetime_us)
{
	int ends[2];
	uint64_t told = 0, last = 0;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		be_killed(f, ends[1]);
	close(ends[1]);
	usleep(lifetime_us);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	while (read(ends[0], &told, sizeof(told)) == sizeof(told))
		last = told;
	close(ends[0]);
	return last;
}

static void
assert_whole(struct help_fixture *f)
{
	uint64_t last = store_last_number(f->store);

	assert_int_equal(last % 3, 0);
	for (uint64_t n = 1; n <= last; n++) {
		struct store_instance row;
		struct audit_head head = help_history(f->store, n);
		assert_int_equal(store_find_instance(f->store, f->arena, n,
		    &row), STORE_OK);
		assert_int_equal(head.seq, 2);
		assert_true(digest_equal(head.hash, row.head.hash));
	}
}

static void
test_what_was_told_durable_survives_kill_9(void **state)
{
	struct help_fixture *f = *state;
	uint64_t told = 0;

	for (int i = 0; i < 6; i++) {
		uint64_t latest = run_and_kill(f,
		    20000 + (useconds_t)(rand() % 80000));
		if (latest > told)
			told = latest;
		/* It may have been killed before there was a database. */
		f->store = help_open(&f->dir);
		assert_true(store_last_number(f->store) >= told);
		assert_whole(f);
		store_close(&f->store);
		arena_reset(f->arena);
	}
	assert_true(told > 0);
}

int
main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, set_up, help_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_missing_file_is_made_only_if_wanted),
		TEST(test_missing_directory_is_an_error_with_a_reason),
		TEST(test_empty_file_is_taken_only_to_create),
		TEST(test_file_of_another_kind_is_refused),
		TEST(test_first_page_torn_by_a_power_cut_is_made_anew),
		TEST(test_database_of_another_program_is_refused),
		TEST(test_constraint_that_fails_is_damage),
		TEST(test_newer_database_is_refused),
		TEST(test_older_database_is_not_migrated_for_reading),
		TEST(test_database_of_the_first_version_is_brought_up_to_date),
		TEST(test_every_older_database_is_read_as_it_is),
		TEST(test_truncated_file_is_refused),
		TEST(test_damaged_header_or_schema_is_refused),
		TEST(test_numbers_that_were_stored_as_written_are_found),
		TEST(test_damage_found_later_is_told_as_such),
		TEST(test_second_engine_is_kept_out),
		TEST(test_lock_file_left_behind_does_no_harm),
		TEST(test_database_with_two_names_is_locked_by_both),
		TEST(test_lock_file_that_is_removed_lets_no_second_engine_in),
		TEST(test_path_may_hold_any_character),
		TEST(test_auditor_reads_beside_the_engine),
		TEST(test_database_on_read_only_medium_can_be_read),
		TEST(test_log_that_can_t_be_read_is_told),
		TEST(test_snapshot_that_is_not_what_was_written_is_left_out),
		TEST(test_locked_database_drops_both_batches_and_recovers),
		TEST(test_nothing_is_committed_to_files_that_were_moved_away),
		TEST(test_full_disk_fails_the_batch_whole_and_recovers),
		TEST(test_number_of_a_removed_instance_is_not_given_again),
		TEST(test_a_long_snapshot_is_rewritten_where_it_changed),
		TEST(test_a_piece_that_is_missing_is_damage),
		TEST(test_log_stays_bounded_however_much_is_written),
		TEST(test_what_was_told_durable_survives_kill_9),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
