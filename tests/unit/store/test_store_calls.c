/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the system fail while a database is opened that was left by an
 * engine which was killed: any two that open, cut or sync a file, and any at
 * all by chance, with deaths in between.  An opening may be refused, and a
 * commit; but what was acknowledged is there for the next one that nothing
 * happens to.
 *
 * What SQLite asks the system for comes here first: this program has functions
 * of those names, which the linker finds before the C library's.  Each opening
 * is a process of its own, so that its death leaves what a death leaves.
 */
#include "stated/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test_store_help.h"

#define NEVER INT64_MAX
#define ROWS 3 /* in the log that is left */
#define ACKED_MAX 2000
#define SEEDS 200
#define STAGES 6 /* openings of a database, one after the other */

/* ------------------------------------------------------ calls of the system */

enum call { CALL_OPEN, CALL_READ, CALL_WRITE, CALL_TRUNCATE, CALL_SYNC };

/* Of the process at hand. */
static struct {
	int64_t calls;
	int64_t fails_at[2]; /* from 1 */
	/* By chance: the next so many of one kind, one in so many. */
	struct rng *rng;
	enum call kind;
	int64_t left;
	uint64_t one_in;
	uint64_t dies_one_in; /* 0: lives */
} plan = {.fails_at = {NEVER, NEVER}};

static bool
fails_by_chance(enum call call)
{
	if (plan.dies_one_in > 0 &&
	    rng_below(plan.rng, plan.dies_one_in) == 0)
		_exit(0);
	if (plan.left == 0 || plan.kind != call ||
	    rng_below(plan.rng, plan.one_in) != 0)
		return false;
	plan.left--;
	return true;
}

static bool
fails(enum call call, int error)
{
	bool fails = plan.rng != NULL && fails_by_chance(call);

	/* So many are reads and writes that chance has to do for them. */
	if (call != CALL_READ && call != CALL_WRITE) {
		plan.calls++;
		fails = fails || plan.calls == plan.fails_at[0] ||
		    plan.calls == plan.fails_at[1];
	}
	if (fails)
		errno = error;
	return fails;
}

int
open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (fails(CALL_OPEN, EMFILE))
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t
pread64(int fd, void *to, size_t bytes, off64_t at)
{
	if (fails(CALL_READ, EIO))
		return -1;
	return syscall(SYS_pread64, fd, to, bytes, at);
}

/* Half of it may have got there. */
ssize_t
pwrite64(int fd, const void *from, size_t bytes, off64_t at)
{
	if (fails(CALL_WRITE, ENOSPC)) {
		(void)syscall(SYS_pwrite64, fd, from, bytes / 2, at);
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, from, bytes, at);
}

int
ftruncate64(int fd, off64_t bytes)
{
	if (fails(CALL_TRUNCATE, EIO))
		return -1;
	return (int)syscall(SYS_ftruncate, fd, bytes);
}

/* The machine doesn't die here, so that syncs may cost nothing. */
static int
seem_to_sync(int fd)
{
	if (fails(CALL_SYNC, EIO))
		return -1;
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

int
fsync(int fd)
{
	return seem_to_sync(fd);
}

int
fdatasync(int fd)
{
	return seem_to_sync(fd);
}

/* ------------------------------------------------------------------- commits */

/* What a process that may die has to tell. */
struct told {
	int64_t calls;
	int next; /* the row that is tried next */
	int count;
	int acked[ACKED_MAX];
};

static struct told *
told_new(void)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(told != MAP_FAILED);
	return told;
}

static void
name_row(int row, char out[16])
{
	snprintf(out, 16, "row %d", row);
}

static void
commit_row(struct store *store, struct told *told)
{
	struct store_idempotency row = help_idempotency("");
	int number = told->next++;
	char name[16];

	name_row(number, name);
	row.key = str_of(name);
	store_put_idempotency(store_batch(store), &row);
	if (store_commit_now(store, NULL) == STORE_OK)
		told->acked[told->count++] = number;
	else
		store_drop(store);
}

/* Of a process that was not killed. */
static void
end(struct told *told)
{
	told->calls = plan.calls;
	_exit(0);
}

static struct store *
open_or_end(const struct help_dir *dir, struct told *told)
{
	struct store *store;
	enum store_error error = store_open((struct store_options){
	    .path = str_of(dir->database), .create = true,
	    .keys = help_keys()}, &store, NULL);

	if (error != STORE_OK)
		end(told);
	return store;
}

/* Runs it in a process of its own. */
static void
run(void (*part)(const struct help_dir *dir, struct told *told, void *arg),
    const struct help_dir *dir, struct told *told, void *arg)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		plan.calls = 0;
		part(dir, told, arg);
		end(told);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
check(const struct help_dir *dir, const struct told *told, const char *what)
{
	struct store *store = help_open(dir);
	struct arena *arena = arena_new();

	for (int i = 0; i < told->count; i++) {
		struct store_idempotency row;
		char name[16];

		name_row(told->acked[i], name);
		if (store_find_idempotency(
			store, arena, str_of(name), &row) != STORE_OK)
			fail_msg("%s: %s is lost", what, name);
	}
	store_close(&store);
	arena_free(&arena);
}

/* ------------------------------------------------------------- any two calls */

#define FILES 3

struct left {
	struct {
		char path[120];
		char *bytes; /* NULL: there is none */
		size_t count;
	} files[FILES];
};

static void
read_left(struct left *left, const struct help_dir *dir)
{
	static const char *const suffixes[FILES] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < FILES; i++) {
		struct stat status;
		FILE *file;

		snprintf(left->files[i].path, sizeof(left->files[i].path),
		    "%s%s", dir->database, suffixes[i]);
		file = fopen(left->files[i].path, "r");
		assert_non_null(file);
		assert_int_equal(fstat(fileno(file), &status), 0);
		left->files[i].count = (size_t)status.st_size;
		left->files[i].bytes = malloc(left->files[i].count);
		assert_int_equal(fread(left->files[i].bytes, 1,
		    left->files[i].count, file), left->files[i].count);
		fclose(file);
	}
}

static void
put_left(const struct left *left)
{
	for (size_t i = 0; i < FILES; i++) {
		FILE *file = fopen(left->files[i].path, "w");

		assert_non_null(file);
		assert_int_equal(fwrite(left->files[i].bytes, 1,
		    left->files[i].count, file), left->files[i].count);
		assert_int_equal(fclose(file), 0);
	}
}

static void
fill_part(const struct help_dir *dir, struct told *told, void *arg)
{
	struct store *store = open_or_end(dir, told);

	(void)arg;
	for (int i = 0; i < ROWS; i++)
		commit_row(store, told);
}

static void
open_part(const struct help_dir *dir, struct told *told, void *arg)
{
	const int64_t *fails_at = arg;
	struct store *store;

	plan.fails_at[0] = fails_at[0];
	plan.fails_at[1] = fails_at[1];
	store = open_or_end(dir, told);
	commit_row(store, told);
	store_close(&store);
}

/* false: no second call failed, as there were not so many. */
static bool
try(const struct help_dir *dir, const struct left *left, struct told *told,
    int64_t at[2])
{
	char what[64];

	told->count = ROWS;
	put_left(left);
	run(open_part, dir, told, at);
	snprintf(what, sizeof(what), "calls %lld and %lld", (long long)at[0],
	    (long long)at[1]);
	check(dir, told, what);
	return told->calls >= at[1];
}

static void
test_any_two_calls_of_an_opening_may_fail(void **state)
{
	struct told *told = told_new();
	struct help_dir dir;
	struct left left;
	int64_t at[2] = {NEVER, NEVER}, calls, tried = 0;

	(void)state;
	help_dir_make(&dir);
	run(fill_part, &dir, told, NULL);
	assert_int_equal(told->count, ROWS);
	read_left(&left, &dir);
	run(open_part, &dir, told, at);
	calls = told->calls;
	assert_true(calls > 10);
	for (at[0] = 1; at[0] <= calls; at[0]++)
		for (at[1] = at[0] + 1; try(&dir, &left, told, at); at[1]++)
			tried++;
	print_message("%lld pairs of %lld calls\n", (long long)tried,
	    (long long)calls);
	for (size_t i = 0; i < FILES; i++)
		free(left.files[i].bytes);
	help_dir_remove(&dir);
	munmap(told, sizeof(*told));
}

/* ----------------------------------------------------------------- by chance */

static void
choose_faults(struct rng *rng)
{
	static const uint64_t one_in[] = {1, 1, 2, 10, 50};
	static const int64_t left[] = {1, 1, 2, 5, 30};

	plan.kind = (enum call)rng_below(rng, CALL_SYNC + 1);
	plan.one_in = one_in[rng_below(rng, 5)];
	plan.left = rng_below(rng, 3) == 0 ? 0 : left[rng_below(rng, 5)];
	plan.dies_one_in = rng_below(rng, 4) == 0 ? 60 : 0;
}

static void
live_part(const struct help_dir *dir, struct told *told, void *arg)
{
	struct rng *rng = arg;
	struct store *store;
	uint64_t commits;

	plan.rng = rng;
	choose_faults(rng);
	store = open_or_end(dir, told);
	commits = rng_below(rng, rng_below(rng, 4) == 0 ? 60 : 12);
	for (uint64_t i = 0; i < commits; i++) {
		if (rng_below(rng, 3) == 0)
			choose_faults(rng);
		commit_row(store, told);
	}
	if (rng_below(rng, 3) != 0)
		return; /* killed */
	choose_faults(rng);
	store_close(&store);
}

static void
live(uint64_t seed, struct told *told)
{
	struct help_dir dir;

	*told = (struct told){0};
	help_dir_make(&dir);
	for (uint64_t i = 0; i < STAGES; i++) {
		struct rng_seeded seeded;
		char what[64];

		rng_seeded_init(&seeded, seed * STAGES + i);
		run(live_part, &dir, told, &seeded.rng);
		snprintf(what, sizeof(what), "seed %llu, life %llu",
		    (unsigned long long)seed, (unsigned long long)i);
		check(&dir, told, what);
	}
	help_dir_remove(&dir);
}

/* STATED_SEEDS: so many, in place of a few. */
static void
test_what_was_acknowledged_outlives_bad_luck(void **state)
{
	const char *wish = getenv("STATED_SEEDS");
	uint64_t seeds = wish != NULL ? strtoull(wish, NULL, 10) : SEEDS;
	struct told *told = told_new();

	(void)state;
	for (uint64_t seed = 1; seed <= seeds; seed++)
		live(seed, told);
	munmap(told, sizeof(*told));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_two_calls_of_an_opening_may_fail),
		cmocka_unit_test(test_what_was_acknowledged_outlives_bad_luck),
	};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return 77; /* sanitizers have such functions of their own */
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
