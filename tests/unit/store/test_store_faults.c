/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation on a file fails once, and then from some point on all of
 * them: what was told to be durable is there afterwards, and no batch is
 * there by half.
 *
 * A file system is put between SQLite and the real one.  It counts reads,
 * writes, syncs, truncations and openings, and lets the n-th fail; each test
 * tries n = 1, 2, 3, … until nothing fails any more.
 */
#include "stated/store_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "test_store_help.h"

#define NEVER (1L << 40)

/* ------------------------------------------------- the failing file system */

static atomic_long operations_left = NEVER;
static atomic_bool is_for_good;
static atomic_int failures;

static void
arm(long operations, bool for_good)
{
	is_for_good = for_good;
	failures = 0;
	operations_left = operations;
}

static bool
must_fail(void)
{
	long left = atomic_fetch_sub(&operations_left, 1);

	if (left != 1 && (left > 1 || !is_for_good))
		return false;
	failures++;
	return true;
}

struct file {
	sqlite3_file base;
	sqlite3_file *real; /* follows in memory */
};

static sqlite3_file *
real_of(sqlite3_file *file)
{
	return ((struct file *)(void *)file)->real;
}

static int
fault_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int
fault_read(sqlite3_file *file, void *out, int bytes, sqlite3_int64 at)
{
	if (must_fail())
		return SQLITE_IOERR_READ;
	return real_of(file)->pMethods->xRead(real_of(file), out, bytes, at);
}

/* Half of what a failing write has to write gets there. */
static int
fault_write(sqlite3_file *file, const void *from, int bytes, sqlite3_int64 at)
{
	if (must_fail()) {
		(void)real_of(file)->pMethods->xWrite(real_of(file), from,
		    bytes / 2, at);
		return bytes > 1000 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	}
	return real_of(file)->pMethods->xWrite(real_of(file), from, bytes, at);
}

static int
fault_truncate(sqlite3_file *file, sqlite3_int64 bytes)
{
	if (must_fail())
		return SQLITE_IOERR_TRUNCATE;
	return real_of(file)->pMethods->xTruncate(real_of(file), bytes);
}

static int
fault_sync(sqlite3_file *file, int flags)
{
	if (must_fail())
		return SQLITE_IOERR_FSYNC;
	return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int
fault_size(sqlite3_file *file, sqlite3_int64 *bytes)
{
	if (must_fail())
		return SQLITE_IOERR_FSTAT;
	return real_of(file)->pMethods->xFileSize(real_of(file), bytes);
}

static int
fault_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int
fault_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int
fault_check_lock(sqlite3_file *file, int *is_locked)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file),
	    is_locked);
}

static int
fault_control(sqlite3_file *file, int operation, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), operation,
	    arg);
}

static int
fault_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
fault_traits(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int
fault_shm_map(sqlite3_file *file, int page, int bytes, int extend,
    void volatile **out)
{
	if (must_fail())
		return SQLITE_IOERR_SHMMAP;
	return real_of(file)->pMethods->xShmMap(real_of(file), page, bytes,
	    extend, out);
}

static int
fault_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, count,
	    flags);
}

static void
fault_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int
fault_shm_unmap(sqlite3_file *file, int is_last)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), is_last);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = fault_close,
	.xRead = fault_read,
	.xWrite = fault_write,
	.xTruncate = fault_truncate,
	.xSync = fault_sync,
	.xFileSize = fault_size,
	.xLock = fault_lock,
	.xUnlock = fault_unlock,
	.xCheckReservedLock = fault_check_lock,
	.xFileControl = fault_control,
	.xSectorSize = fault_sector,
	.xDeviceCharacteristics = fault_traits,
	.xShmMap = fault_shm_map,
	.xShmLock = fault_shm_lock,
	.xShmBarrier = fault_shm_barrier,
	.xShmUnmap = fault_shm_unmap,
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs fault_vfs;

static int
fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *opened, int flags,
    int *flags_out)
{
	struct file *file = (struct file *)(void *)opened;
	(void)vfs;

	file->base.pMethods = NULL;
	file->real = (sqlite3_file *)(void *)(file + 1);
	if (must_fail())
		return SQLITE_CANTOPEN;
	int code = real_vfs->xOpen(real_vfs, name, file->real, flags,
	    flags_out);
	if (file->real->pMethods != NULL)
		file->base.pMethods = &methods;
	return code;
}

static int
install(void **state)
{
	(void)state;
	real_vfs = sqlite3_vfs_find(NULL);
	assert_non_null(real_vfs);
	fault_vfs = *real_vfs;
	fault_vfs.zName = "fault";
	fault_vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	fault_vfs.xOpen = fault_open;
	return sqlite3_vfs_register(&fault_vfs, 1);
}

/* ------------------------------------------------------------ the scenario */

#define BATCHES 3
#define BATCH_INSTANCES 3
#define SNAPSHOT                                                               \
	"what every snapshot has, and what is long enough to be packed, which " \
	"a word or two is not"

struct scenario {
	struct help_dir dir;
	struct store *store;
	struct arena *arena;
	bool is_durable[BATCHES]; /* as the store told */
	bool is_backup; /* to be read, and no more */
};

static bool
try_open(struct scenario *s)
{
	struct buf detail = {0};
	enum store_error error = store_open((struct store_options){
	    .path = str_of(s->dir.database), .create = !s->is_backup,
	    .read_only = s->is_backup, .keys = help_keys()}, &s->store,
	    &detail);

	assert_true(error == STORE_OK || s->store == NULL);
	buf_fini(&detail);
	return error == STORE_OK;
}

static uint64_t
number_of(int batch, int i)
{
	return (uint64_t)(batch * BATCH_INSTANCES + i + 1);
}

/* Each batch has a definition of its own, which has what its rows have, in
 * another place: what a batch that failed knew of its must not outlive it. */
static struct store_definition
definition_of(int batch)
{
	static const char source[] = SNAPSHOT " and then something else";
	struct store_definition row = {
		.name = STR("payment"),
		.version = batch + 1,
		.source = str_slice(str_of(source), 0,
		    strlen(SNAPSHOT) + 8 * (size_t)batch),
		.published_ms = 1,
		.published_by = STR("alice"),
	};

	row.digest = digest_sha256(row.source);
	return row;
}

static void
put_definitions(struct scenario *s)
{
	for (int batch = 0; batch < BATCHES; batch++) {
		struct store_definition row = definition_of(batch);

		store_put_definition(store_batch(s->store), &row);
	}
}

static void
put_batch(struct scenario *s, int batch)
{
	for (int i = 0; i < BATCH_INSTANCES; i++) {
		struct store_instance row = help_instance(number_of(batch, i));
		char key[32];
		snprintf(key, sizeof(key), "K-%d-%d", batch, i);
		row.business_key = str_of(key);
		row.definition = definition_of(batch).digest;
		row.snapshot = STR(SNAPSHOT);
		row.head = (struct audit_head){0};
		help_add_turn(store_batch(s->store), s->arena, row.number,
		    &row.head, 2);
		store_put_instance(store_batch(s->store), &row);
	}
}

/* Whatever reading says, it must not be wrong. */
static void
look(struct scenario *s)
{
	struct store_instance row;

	for (int batch = 0; batch < BATCHES; batch++) {
		enum store_error error = store_find_instance(s->store,
		    s->arena, number_of(batch, 0), &row);
		if (s->is_durable[batch])
			assert_int_not_equal(error, STORE_ABSENT);
		if (error == STORE_OK)
			assert_int_equal(row.number, number_of(batch, 0));
	}
}

static void
work(struct scenario *s)
{
	struct buf detail = {0};

	put_definitions(s);
	(void)!store_commit_now(s->store, &detail);
	for (int batch = 0; batch < BATCHES; batch++) {
		put_batch(s, batch);
		s->is_durable[batch] =
		    store_commit_now(s->store, &detail) == STORE_OK;
		look(s);
	}
	buf_fini(&detail);
}

static bool
is_there(struct scenario *s, uint64_t number)
{
	struct store_instance row;
	struct audit_head head = help_history(s->store, number);
	enum store_error error = store_find_instance(s->store, s->arena,
	    number, &row);

	assert_true(error == STORE_OK || error == STORE_ABSENT);
	assert_int_equal(head.seq, error == STORE_OK ? 2 : 0);
	if (error == STORE_OK) {
		assert_true(digest_equal(head.hash, row.head.hash));
		assert_true(str_equal(row.snapshot, STR(SNAPSHOT)));
	}
	return error == STORE_OK;
}

static void
check_afterwards(struct scenario *s)
{
	assert_true(try_open(s));
	for (int batch = 0; batch < BATCHES; batch++) {
		bool is_first_there = is_there(s, number_of(batch, 0));
		for (int i = 1; i < BATCH_INSTANCES; i++)
			assert_int_equal(is_there(s, number_of(batch, i)),
			    is_first_there);
		assert_true(is_first_there || !s->is_durable[batch]);
	}
	store_close(&s->store);
}

/* true where something failed, so that there may be more to try. */
static bool
run(long operations, bool for_good)
{
	struct scenario s = {.arena = arena_new()};

	help_dir_make(&s.dir);
	arm(operations, for_good);
	if (try_open(&s))
		work(&s);
	store_close(&s.store);
	bool has_failed = failures > 0;
	arm(NEVER, false);
	check_afterwards(&s);
	help_dir_remove(&s.dir);
	arena_free(&s.arena);
	return has_failed;
}

static void
test_any_operation_may_fail_once(void **state)
{
	long n = 1;
	(void)state;

	while (run(n, false))
		n++;
	assert_true(n > 50);
}

static void
test_disk_may_break_for_good_at_any_operation(void **state)
{
	long n = 1;
	(void)state;

	while (run(n, true))
		n++;
	assert_true(n > 50);
}

/* ------------------------------------------------------------------ copies */

static bool
watch_cb(void *arg)
{
	(void)arg;
	return true;
}

static enum store_error
copy_database(const char *from, const struct store_copy_target *target)
{
	struct store_copy *copy = NULL;
	struct store_copy_progress at = {0, 1};
	struct buf aside = {0}, detail = {0};
	enum store_error error = store_copy_open(
	    str_of(from), help_keys(), &copy, &detail);

	if (error == STORE_OK)
		error = store_copy_begin(copy, target, &detail);
	while (error == STORE_OK && at.bytes < at.bytes_all)
		error = store_copy_step(copy, &at, &detail);
	if (error == STORE_OK)
		error = store_copy_check(copy, watch_cb, NULL, &detail);
	if (error == STORE_OK)
		error = store_copy_keep(copy, &aside, &detail);
	store_copy_close(&copy);
	buf_fini(&aside);
	buf_fini(&detail);
	return error;
}

/* It is whole where it was told to be, and else not there at all. */
static void
check_copy(struct scenario *s, const struct store_copy_target *target,
    bool is_told)
{
	const char *to = target->to.at;
	char part[160];
	struct help_dir dir = s->dir;

	snprintf(part, sizeof(part), "%s.part", to);
	assert_int_not_equal(access(part, F_OK), 0);
	assert_int_equal(access(to, F_OK) == 0, is_told);
	if (!is_told)
		return;
	snprintf(s->dir.database, sizeof(s->dir.database), "%s", to);
	s->is_backup = target->kind == COPY_BACKUP;
	check_afterwards(s);
	s->is_backup = false;
	s->dir = dir;
}

/* A copy of a database in use, whose log holds all that it has. */
static bool
run_copy(long operations, enum store_copy_kind kind)
{
	struct scenario s = {.arena = arena_new()};
	struct store_copy_target target = {.kind = kind, .now_ms = 1};
	char to[80];

	help_dir_make(&s.dir);
	snprintf(to, sizeof(to), "%s/copy.db", s.dir.path);
	target.to = str_of(to);
	assert_true(try_open(&s));
	work(&s);
	arm(operations, false);
	enum store_error error = copy_database(s.dir.database, &target);
	bool has_failed = failures > 0;
	arm(NEVER, false);
	assert_true(error == STORE_OK || has_failed);
	store_close(&s.store);
	check_copy(&s, &target, error == STORE_OK);
	check_afterwards(&s);
	help_dir_remove(&s.dir);
	arena_free(&s.arena);
	return has_failed;
}

static void
test_copy_is_whole_or_absent_whatever_fails(void **state)
{
	long n = 1;
	(void)state;

	while (run_copy(n, COPY_BACKUP))
		n++;
	assert_true(n > 20);
	for (n = 1; run_copy(n, COPY_RESTORE); n++)
		;
	assert_true(n > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_operation_may_fail_once),
		cmocka_unit_test(test_disk_may_break_for_good_at_any_operation),
		cmocka_unit_test(test_copy_is_whole_or_absent_whatever_fails),
	};

	return cmocka_run_group_tests(tests, install, NULL);
}
