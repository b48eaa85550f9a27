/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of a database: of one moment, checked, and never half there.
 */
#include "stated/store_copy.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "test_store_help.h"

#define NOW_MS 1795339800000 /* 2026-11-22T09:30:00Z */

struct copying {
	struct store_copy *copy;
	struct store_copy_target target;
	char to[128];
	struct buf aside;
};

/* --------------------------------------------------------------- utilities */

static void
put(struct help_fixture *f, uint64_t first, uint64_t last)
{
	for (uint64_t n = first; n <= last; n++) {
		struct store_instance row = help_instance(n);

		store_put_instance(store_batch(f->store), &row);
	}
	help_commit(f);
}

static void
aim(struct help_fixture *f, struct copying *copying, const char *name,
    enum store_copy_kind kind)
{
	snprintf(copying->to, sizeof(copying->to), "%s/%s", f->dir.path, name);
	copying->target = (struct store_copy_target){
		.to = str_of(copying->to), .kind = kind, .now_ms = NOW_MS};
}

static enum store_error
begin(const char *from, struct copying *copying)
{
	enum store_error error =
	    store_copy_open(str_of(from), help_keys(), &copying->copy, NULL);

	if (error == STORE_OK)
		error = store_copy_begin(
		    copying->copy, &copying->target, NULL);
	return error;
}

static bool
go_on_cb(void *arg)
{
	(void)arg;
	return true;
}

static enum store_error
finish(struct copying *copying)
{
	struct store_copy_progress at = {0, 1};
	enum store_error error = STORE_OK;

	while (error == STORE_OK && at.bytes < at.bytes_all)
		error = store_copy_step(copying->copy, &at, NULL);
	if (error == STORE_OK)
		error = store_copy_check(copying->copy, go_on_cb, NULL, NULL);
	if (error == STORE_OK)
		error = store_copy_keep(copying->copy, &copying->aside, NULL);
	store_copy_close(&copying->copy);
	return error;
}

static void
copy_whole(const char *from, struct copying *copying)
{
	assert_int_equal(begin(from, copying), STORE_OK);
	assert_int_equal(finish(copying), STORE_OK);
}

static uint64_t
last_number_of(const char *path)
{
	struct store *store = NULL;
	uint64_t last;

	assert_int_equal(store_open((struct store_options){
	    .path = str_of(path), .read_only = true, .keys = help_keys()},
	    &store, NULL), STORE_OK);
	last = store_last_number(store);
	store_close(&store);
	return last;
}

static bool
is_there(const char *path, const char *suffix)
{
	char name[160];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return access(name, F_OK) == 0;
}

/* ------------------------------------------------------------------ backup */

static void
test_copy_is_of_the_moment_in_which_it_was_opened(void **state)
{
	struct help_fixture *f = *state;
	struct copying copying = {0};
	struct store_copy_progress at;

	put(f, 1, 40000);
	aim(f, &copying, "copy.db", COPY_BACKUP);
	assert_int_equal(begin(f->dir.database, &copying), STORE_OK);
	assert_int_equal(store_copy_step(copying.copy, &at, NULL), STORE_OK);
	assert_true(at.bytes > 0 && at.bytes < at.bytes_all);
	put(f, 40001, 40100);
	assert_int_equal(finish(&copying), STORE_OK);
	assert_int_equal(last_number_of(copying.to), 40000);
	assert_false(is_there(copying.to, ".part"));
	/* It has no log and needs none. */
	assert_false(is_there(copying.to, "-wal"));
	assert_false(is_there(copying.to, "-shm"));
}

static void
test_copy_that_is_given_up_is_removed(void **state)
{
	struct help_fixture *f = *state;
	struct copying copying = {0};

	put(f, 1, 10);
	aim(f, &copying, "copy.db", COPY_BACKUP);
	assert_int_equal(begin(f->dir.database, &copying), STORE_OK);
	assert_true(is_there(copying.to, ".part"));
	store_copy_close(&copying.copy);
	assert_false(is_there(copying.to, ".part"));
	assert_false(is_there(copying.to, ""));
}

static void
test_name_that_is_taken_is_left_alone(void **state)
{
	struct help_fixture *f = *state;
	struct copying copying = {0}, other = {0};

	put(f, 1, 10);
	aim(f, &copying, "copy.db", COPY_BACKUP);
	aim(f, &other, "copy.db", COPY_BACKUP);
	assert_int_equal(begin(f->dir.database, &copying), STORE_OK);
	assert_int_equal(begin(f->dir.database, &other), STORE_LOCKED);
	store_copy_close(&other.copy);
	/* Somebody else makes it while we copy. */
	int fd = open(copying.to, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(finish(&copying), STORE_TAKEN);
	assert_int_equal(begin(f->dir.database, &copying), STORE_TAKEN);
	store_copy_close(&copying.copy);
	copying.target.replaces = true;
	copy_whole(f->dir.database, &copying);
	assert_int_equal(last_number_of(copying.to), 10);
	copying.target.to = str_of(f->dir.database);
	assert_int_equal(begin(f->dir.database, &copying), STORE_TAKEN);
	store_copy_close(&copying.copy);
}

static void
test_source_with_the_name_of_a_part_is_left_alone(void **state)
{
	static const struct {
		const char *from;
		enum store_copy_kind kind;
	} cases[] = {
	    {"copy.db.part", COPY_BACKUP},
	    {"copy.db.part", COPY_RESTORE},
	    {"copy.db.restoring", COPY_RESTORE},
	    {"copy.db-lock", COPY_RESTORE},
	    {"copy.db-shm", COPY_RESTORE},
	};
	struct help_fixture *f = *state;
	struct copying copying = {0};

	put(f, 1, 10);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct copying source = {0};

		aim(f, &source, cases[i].from, COPY_BACKUP);
		source.target.replaces = true;
		copy_whole(f->dir.database, &source);
		aim(f, &copying, "copy.db", cases[i].kind);
		copying.target.replaces = true;
		assert_int_equal(begin(source.to, &copying), STORE_TAKEN);
		store_copy_close(&copying.copy);
		assert_int_equal(last_number_of(source.to), 10);
		assert_int_equal(unlink(source.to), 0);
	}
}

static void
test_index_that_lacks_a_row_is_damage(void **state)
{
	struct help_fixture *f = *state;
	struct copying copying = {0};
	sqlite3 *db = NULL;

	/* Nobody else can make such a one of a file that is encrypted. */
	if (help_keys() != NULL)
		skip();
	put(f, 1, 10);
	store_close(&f->store);
	assert_int_equal(sqlite3_open(f->dir.database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA writable_schema = ON;"
	    "UPDATE sqlite_schema SET sql = replace(sql, 'busy = 1',"
	    "	'busy = 0') WHERE name = 'instance_busy'", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	aim(f, &copying, "copy.db", COPY_BACKUP);
	assert_int_equal(begin(f->dir.database, &copying), STORE_OK);
	assert_int_equal(finish(&copying), STORE_CORRUPT);
	assert_false(is_there(copying.to, ""));
	assert_false(is_there(copying.to, ".part"));
}

static bool
stop_cb(void *arg)
{
	(*(int *)arg)++;
	return false;
}

static void
test_check_can_be_stopped(void **state)
{
	struct help_fixture *f = *state;
	struct copying copying = {0};
	struct store_copy_progress at = {0, 1};
	int calls = 0;

	put(f, 1, 40000);
	aim(f, &copying, "copy.db", COPY_BACKUP);
	assert_int_equal(begin(f->dir.database, &copying), STORE_OK);
	while (at.bytes < at.bytes_all)
		assert_int_equal(
		    store_copy_step(copying.copy, &at, NULL), STORE_OK);
	assert_int_equal(store_copy_check(copying.copy, stop_cb, &calls, NULL),
	    STORE_STOPPED);
	assert_int_equal(calls, 1);
	store_copy_close(&copying.copy);
}

/* ----------------------------------------------------------------- restore */

/* The instant, and a second at most beyond it. */
static bool
is_of_now(uint64_t number)
{
	uint64_t first = (uint64_t)NOW_MS << 20;

	return number >= first && number < first + ((uint64_t)1 << 30);
}

static uint64_t
unskipped(struct store *store, uint64_t number)
{
	uint64_t given = 0;

	assert_int_equal(store_unskipped(store, number, &given), STORE_OK);
	return given;
}

static void
test_restored_database_gives_numbers_that_were_never_given(void **state)
{
	struct help_fixture *f = *state;
	struct copying backup = {0}, restored = {0};
	struct store_options options = {.keys = help_keys()};
	struct store *store = NULL;

	put(f, 1, 10);
	assert_int_equal(unskipped(f->store, 11), 11);
	aim(f, &backup, "copy.db", COPY_BACKUP);
	copy_whole(f->dir.database, &backup);
	assert_int_equal(last_number_of(backup.to), 10);
	aim(f, &restored, "restored.db", COPY_RESTORE);
	copy_whole(backup.to, &restored);
	assert_int_equal(restored.aside.bytes, 0);
	uint64_t first = last_number_of(restored.to);
	assert_true(is_of_now(first));
	options.path = str_of(restored.to);
	assert_int_equal(store_open(options, &store, NULL), STORE_OK);
	/* It is the same database, and knows what it left out. */
	struct store_identity ours = store_identity(f->store);
	struct store_identity theirs = store_identity(store);
	assert_memory_equal(&ours, &theirs, sizeof(ours));
	assert_int_equal(unskipped(store, 10), 10);
	assert_int_equal(unskipped(store, 11), first + 1);
	assert_int_equal(unskipped(store, 12), 12);
	store_close(&store);
	/* The clock stands still; all the same. */
	aim(f, &backup, "again.db", COPY_RESTORE);
	copy_whole(restored.to, &backup);
	assert_true(last_number_of(backup.to) > first);
	buf_fini(&backup.aside);
	buf_fini(&restored.aside);
}

/* The last number of what a backup becomes. */
static uint64_t
restore(struct help_fixture *f, const char *from, const char *name,
    int64_t now_ms)
{
	struct copying restored = {0};

	aim(f, &restored, name, COPY_RESTORE);
	restored.target.now_ms = now_ms;
	restored.target.replaces = true;
	copy_whole(from, &restored);
	buf_fini(&restored.aside);
	return last_number_of(restored.to);
}

/* Far more than a test gives. */
#define MANY ((uint64_t)1 << 10)

static bool
are_apart(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) > MANY;
}

static void
test_backup_that_is_restored_twice_gives_others_each_time(void **state)
{
	/* A clock that was set back, and hardly any time. */
	static const int64_t clocks[] = {NOW_MS - 86400000, NOW_MS + 1};
	struct help_fixture *f = *state;
	struct copying backup = {0};
	char ahead[128];

	put(f, 1, 10);
	aim(f, &backup, "copy.db", COPY_BACKUP);
	copy_whole(f->dir.database, &backup);
	assert_true(are_apart(restore(f, backup.to, "a.db", NOW_MS),
	    restore(f, backup.to, "b.db", NOW_MS)));
	snprintf(ahead, sizeof(ahead), "%s/a.db", f->dir.path);
	for (size_t i = 0; i < COUNT_OF(clocks); i++) {
		uint64_t c = restore(f, ahead, "c.db", clocks[i]);
		uint64_t d = restore(f, ahead, "d.db", clocks[i]);

		assert_true(are_apart(c, d));
		assert_true(c > last_number_of(ahead) + MANY);
		assert_true(d > last_number_of(ahead) + MANY);
	}
}

static void
test_numbers_go_on_above_those_of_what_is_replaced(void **state)
{
	struct help_fixture *f = *state;
	struct copying backup = {0};
	uint64_t last = 0;

	put(f, 1, 10);
	aim(f, &backup, "copy.db", COPY_BACKUP);
	copy_whole(f->dir.database, &backup);
	store_close(&f->store);
	/* The clock is set back a day each time. */
	for (int i = 0; i < 4; i++) {
		uint64_t next = restore(f, backup.to, "stated.db",
		    NOW_MS - i * 86400000LL);

		assert_true(next > last + MANY);
		last = next;
	}
}

static void
test_number_that_leaves_no_room_is_damage(void **state)
{
	struct help_fixture *f = *state;
	struct copying restored = {0};
	uint64_t end = (uint64_t)1 << 62;

	put(f, end - 1, end - 1);
	aim(f, &restored, "restored.db", COPY_RESTORE);
	assert_int_equal(begin(f->dir.database, &restored), STORE_OK);
	assert_int_equal(finish(&restored), STORE_CORRUPT);
	assert_false(is_there(restored.to, ""));
}

static void
test_database_in_use_is_not_restored_over(void **state)
{
	struct help_fixture *f = *state;
	struct copying backup = {0}, restored = {0};

	put(f, 1, 10);
	aim(f, &backup, "copy.db", COPY_BACKUP);
	copy_whole(f->dir.database, &backup);
	aim(f, &restored, "stated.db", COPY_RESTORE);
	restored.target.replaces = true;
	assert_int_equal(begin(backup.to, &restored), STORE_LOCKED);
	store_copy_close(&restored.copy);
	put(f, 11, 12);
	store_close(&f->store);
	restored.target.replaces = false;
	assert_int_equal(begin(backup.to, &restored), STORE_TAKEN);
	store_copy_close(&restored.copy);
	restored.target.replaces = true;
	copy_whole(backup.to, &restored);
	assert_true(str_has_suffix(
	    buf_str(&restored.aside), STR("stated.db.20261122T093000Z")));
	assert_int_equal(last_number_of(buf_cstr(&restored.aside)), 12);
	assert_false(is_there(restored.to, "-lock"));
	buf_fini(&restored.aside);
}

static void
test_link_to_a_database_is_what_it_leads_to(void **state)
{
	struct help_fixture *f = *state;
	struct copying backup = {0}, restored = {0};
	struct stat status;

	put(f, 1, 10);
	aim(f, &backup, "copy.db", COPY_BACKUP);
	copy_whole(f->dir.database, &backup);
	aim(f, &restored, "link.db", COPY_RESTORE);
	restored.target.replaces = true;
	assert_int_equal(symlink("stated.db", restored.to), 0);
	assert_int_equal(begin(backup.to, &restored), STORE_LOCKED);
	store_copy_close(&restored.copy);
	store_close(&f->store);
	copy_whole(backup.to, &restored);
	assert_int_equal(lstat(restored.to, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_true(str_has_suffix(
	    buf_str(&restored.aside), STR("stated.db.20261122T093000Z")));
	assert_true(is_of_now(last_number_of(f->dir.database)));
	buf_fini(&restored.aside);
}

static void
test_two_of_one_second_are_both_kept(void **state)
{
	struct help_fixture *f = *state;
	struct copying backup = {0}, first = {0}, second = {0};

	put(f, 1, 10);
	aim(f, &backup, "copy.db", COPY_BACKUP);
	copy_whole(f->dir.database, &backup);
	store_close(&f->store);
	aim(f, &first, "stated.db", COPY_RESTORE);
	first.target.replaces = true;
	copy_whole(backup.to, &first);
	aim(f, &second, "stated.db", COPY_RESTORE);
	second.target.replaces = true;
	copy_whole(backup.to, &second);
	assert_true(str_has_suffix(
	    buf_str(&first.aside), STR("stated.db.20261122T093000Z")));
	assert_true(str_has_suffix(
	    buf_str(&second.aside), STR("stated.db.20261122T093001Z")));
	assert_int_equal(last_number_of(buf_cstr(&first.aside)), 10);
	buf_fini(&first.aside);
	buf_fini(&second.aside);
}

static void
test_folder_that_is_not_there_is_told(void **state)
{
	struct help_fixture *f = *state;
	struct copying backup = {0};
	struct buf detail = {0};

	aim(f, &backup, "nowhere/copy.db", COPY_BACKUP);
	assert_int_equal(store_copy_open(str_of(f->dir.database), help_keys(),
	    &backup.copy, NULL), STORE_OK);
	assert_int_equal(store_copy_begin(
	    backup.copy, &backup.target, &detail), STORE_ABSENT);
	assert_true(
	    str_find(buf_str(&detail), STR("its folder")) != SIZE_MAX);
	store_copy_close(&backup.copy);
	buf_fini(&detail);
}

/* ------------------------------------------------------- what is cut short */

/* What an exchange does before it is done: database, log and journal are
 * moved away, and what is ready is put there. */
#define EXCHANGE_RENAMES 4

static int dies_before; /* which one, in a process of its own; 0: none */

/* In the place of the C library's. */
int
renameat2(int from_fd, const char *from, int to_fd, const char *to,
    unsigned flags)
{
	if (dies_before > 0 && --dies_before == 0)
		kill(getpid(), SIGKILL);
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

static void
await_killed(pid_t pid)
{
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* 10 instances in the database, and 2 that are in its log only. */
static void
leave_log(struct help_fixture *f)
{
	put(f, 1, 10);
	store_close(&f->store);
	pid_t pid = fork();

	if (pid == 0) {
		f->store = help_open(&f->dir);
		put(f, 11, 12);
		kill(getpid(), SIGKILL);
	}
	await_killed(pid);
	assert_true(is_there(f->dir.database, "-wal"));
}

static off_t
log_bytes(const struct help_fixture *f)
{
	char name[160];
	struct stat status;

	snprintf(name, sizeof(name), "%s-wal", f->dir.database);
	assert_int_equal(stat(name, &status), 0);
	return status.st_size;
}

static enum store_error
try_read(struct help_fixture *f)
{
	struct store *store = NULL;
	enum store_error error = store_open((struct store_options){
	    .path = str_of(f->dir.database), .read_only = true, .older = true,
	    .keys = help_keys()}, &store, NULL);

	store_close(&store);
	return error;
}

static void
cut_short(const char *from, struct copying *copying, int nth)
{
	pid_t pid = fork();

	if (pid == 0) {
		dies_before = nth;
		if (begin(from, copying) == STORE_OK)
			(void)finish(copying);
		_exit(1);
	}
	await_killed(pid);
}

static enum store_error
try_serve(const struct help_fixture *f)
{
	struct store *store = NULL;
	enum store_error error = store_open((struct store_options){
	    .path = str_of(f->dir.database), .create = true,
	    .keys = help_keys()}, &store, NULL);

	store_close(&store);
	return error;
}

static void
begin_anew(struct help_fixture *f)
{
	help_dir_remove(&f->dir);
	help_dir_make(&f->dir);
	f->store = help_open(&f->dir);
}

/* SQLite itself removes the log of a database without a page. */
static void
test_log_of_a_database_that_was_emptied_is_left(void **state)
{
	static const off_t left[] = {0, 8, 100, 600, 2100};
	struct help_fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(left); i++) {
		leave_log(f);
		off_t bytes = log_bytes(f);
		assert_true(bytes > 0);
		assert_int_equal(truncate(f->dir.database, left[i]), 0);
		assert_int_not_equal(try_read(f), STORE_OK);
		assert_int_equal(log_bytes(f), bytes);
		enum store_error error = try_serve(f);
		if (left[i] < 512)
			assert_int_equal(error, STORE_PARTED);
		assert_int_not_equal(error, STORE_OK);
		assert_int_equal(log_bytes(f), bytes);
		begin_anew(f);
	}
}

static void
test_restore_that_was_cut_short_keeps_log_and_database(void **state)
{
	struct help_fixture *f = *state;

	for (int nth = 1; nth <= EXCHANGE_RENAMES; nth++) {
		struct copying backup = {0}, restored = {0};

		put(f, 1, 5);
		aim(f, &backup, "copy.db", COPY_BACKUP);
		copy_whole(f->dir.database, &backup);
		leave_log(f);
		aim(f, &restored, "stated.db", COPY_RESTORE);
		restored.target.replaces = true;
		cut_short(backup.to, &restored, nth);
		assert_int_equal(try_serve(f), STORE_PARTED);
		restored.target.now_ms += 5000;
		copy_whole(backup.to, &restored);
		assert_int_equal(
		    last_number_of(buf_cstr(&restored.aside)), 12);
		assert_true(
		    is_there(buf_cstr(&restored.aside), "-wal"));
		assert_int_equal(try_serve(f), STORE_OK);
		assert_true(is_of_now(last_number_of(restored.to) -
		    ((uint64_t)5000 << 20)));
		buf_fini(&restored.aside);
		begin_anew(f);
	}
}

static void
test_rekey_that_was_cut_short_is_gone_on_with(void **state)
{
	struct help_fixture *f = *state;

	for (int nth = 1; nth <= EXCHANGE_RENAMES; nth++) {
		struct copying backup = {0}, restored = {0}, rekeyed = {0};
		struct str path = str_of(f->dir.database);

		put(f, 1, 5);
		aim(f, &backup, "copy.db", COPY_BACKUP);
		copy_whole(f->dir.database, &backup);
		leave_log(f);
		aim(f, &rekeyed, "stated.db", COPY_REKEY);
		rekeyed.target.replaces = true;
		cut_short(f->dir.database, &rekeyed, nth);
		assert_int_equal(try_serve(f), STORE_PARTED);
		/* What was there before would be no gain. */
		aim(f, &restored, "stated.db", COPY_RESTORE);
		restored.target.replaces = true;
		assert_int_equal(begin(backup.to, &restored), STORE_PARTED);
		store_copy_close(&restored.copy);
		if (nth == 1) {
			assert_int_equal(store_copy_finish(path,
			    &rekeyed.aside, NULL), STORE_ABSENT);
			copy_whole(f->dir.database, &rekeyed);
		} else {
			assert_int_equal(store_copy_finish(path,
			    &rekeyed.aside, NULL), STORE_OK);
		}
		assert_int_equal(store_copy_finish(path, &restored.aside,
		    NULL), STORE_ABSENT);
		assert_int_equal(last_number_of(f->dir.database), 12);
		assert_int_equal(
		    last_number_of(buf_cstr(&rekeyed.aside)), 12);
		assert_true(str_has_suffix(buf_str(&rekeyed.aside),
		    STR("stated.db.20261122T093000Z")));
		assert_int_equal(try_serve(f), STORE_OK);
		buf_fini(&rekeyed.aside);
		begin_anew(f);
	}
}

static void
test_part_of_a_database_is_not_restored_over(void **state)
{
	struct help_fixture *f = *state;
	struct copying restored = {0};
	char log[160];

	put(f, 1, 10);
	aim(f, &restored, "restored.db", COPY_RESTORE);
	snprintf(log, sizeof(log), "%s-wal", restored.to);
	int fd = open(log, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(begin(f->dir.database, &restored), STORE_TAKEN);
	store_copy_close(&restored.copy);
	restored.target.replaces = true;
	copy_whole(f->dir.database, &restored);
	assert_false(is_there(restored.to, "-wal"));
	assert_true(is_there(buf_cstr(&restored.aside), "-wal"));
	buf_fini(&restored.aside);
}

int
main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, help_set_up, help_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_copy_is_of_the_moment_in_which_it_was_opened),
		TEST(test_copy_that_is_given_up_is_removed),
		TEST(test_name_that_is_taken_is_left_alone),
		TEST(test_source_with_the_name_of_a_part_is_left_alone),
		TEST(test_index_that_lacks_a_row_is_damage),
		TEST(test_check_can_be_stopped),
		TEST(test_restored_database_gives_numbers_that_were_never_given),
		TEST(test_backup_that_is_restored_twice_gives_others_each_time),
		TEST(test_numbers_go_on_above_those_of_what_is_replaced),
		TEST(test_number_that_leaves_no_room_is_damage),
		TEST(test_database_in_use_is_not_restored_over),
		TEST(test_link_to_a_database_is_what_it_leads_to),
		TEST(test_two_of_one_second_are_both_kept),
		TEST(test_folder_that_is_not_there_is_told),
		TEST(test_log_of_a_database_that_was_emptied_is_left),
		TEST(test_restore_that_was_cut_short_keeps_log_and_database),
		TEST(test_rekey_that_was_cut_short_is_gone_on_with),
		TEST(test_part_of_a_database_is_not_restored_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
