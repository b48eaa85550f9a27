/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_file.c: a file that gets its name when it is whole.
 *
 * It is held by a lock (flock) as long as it is written, so that two writers
 * of one name don't mix, and what a killed one has left is no hindrance.
 * SQLite's own locks are of the other kind (POSIX); they would be dropped if
 * our descriptor were closed while SQLite has the file open, so it is closed
 * last.
 */
#include "part_file.h"
#include "store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stated/clock.h"

#define OPEN_TRIES 100
#define SUFFIXES 3

/* A database and its logs.  Its index of the log (-shm) is made anew. */
static const char *const suffixes[SUFFIXES] = {"", "-wal", "-journal"};

struct part_file {
	int fd;
	struct buf path; /* in the end */
	struct buf part;
	bool is_kept;
};

static enum store_error
fail(const char *path, struct buf *detail)
{
	int code = errno;

	if (detail != NULL)
		buf_addf(detail, "%s: %s", path, strerrordesc_np(code));
	return code == EEXIST ? STORE_TAKEN : store_error_of_errno(code);
}

/* ----------------------------------------------------------------- its life */

/* Whether what we have locked still has the name: who had it before us may
 * have given it the name it was made for. */
static bool
is_current(const struct part_file *part, const char *path)
{
	struct stat ours, named;

	return fstat(part->fd, &ours) == 0 && stat(path, &named) == 0 &&
	    ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* *again where it has to be tried again. */
static enum store_error
try_open(struct part_file *part, bool *again, struct buf *detail)
{
	const char *path = buf_cstr(&part->part);

	*again = false;
	part->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (part->fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		if (detail != NULL)
			buf_add_cstr(detail, "its folder isn't there: make it, "
			    "or give another name");
		return STORE_ABSENT;
	}
	if (part->fd < 0)
		return fail(path, detail);
	if (flock(part->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK && detail != NULL)
			buf_addf(detail, "%s is being written", path);
		return errno == EWOULDBLOCK ? STORE_LOCKED :
		    fail(path, detail);
	}
	*again = !is_current(part, path);
	if (*again)
		return STORE_LOCKED;
	if (ftruncate(part->fd, 0) != 0 || fchmod(part->fd, 0600) != 0)
		return fail(path, detail);
	return STORE_OK;
}

static void
part_file_free(struct part_file *part)
{
	if (part->fd >= 0)
		close(part->fd);
	buf_fini(&part->path);
	buf_fini(&part->part);
	free(part);
}

enum store_error
part_file_open(struct str path, struct part_file **opened, struct buf *detail)
{
	struct part_file *part = calloc(1, sizeof(*part));
	enum store_error error = STORE_LOCKED;
	bool again = true;

	must(part != NULL);
	must(path.bytes > 0);
	part->fd = -1;
	buf_add_str(&part->path, path);
	buf_add_str(&part->part, path);
	buf_add_cstr(&part->part, ".part");
	for (int i = 0; i < OPEN_TRIES && again; i++) {
		if (part->fd >= 0)
			close(part->fd);
		error = try_open(part, &again, detail);
	}
	if (error != STORE_OK) {
		part_file_free(part);
		return error;
	}
	/* Both end with a zero byte from here on. */
	(void)buf_cstr(&part->path);
	(void)buf_cstr(&part->part);
	*opened = part;
	return STORE_OK;
}

void
part_file_close(struct part_file **closed)
{
	struct part_file *part = *closed;

	if (part == NULL)
		return;
	must(part->fd >= 0);
	if (!part->is_kept)
		(void)unlink(part_file_path(part));
	part_file_free(part);
	*closed = NULL;
}

const char *
part_file_path(const struct part_file *part)
{
	must(part->part.bytes > 0);
	return part->part.at;
}

static const char *
path_of(const struct part_file *part)
{
	must(part->path.bytes > 0);
	return part->path.at;
}

/* ----------------------------------------------------------- what is there */

bool
part_file_is_taken(struct str path)
{
	static const char *const names[] = {
	    "", "-wal", "-journal", RESTORING, REKEYING};
	struct buf name = {0};
	struct stat status;
	bool is_taken = false;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		buf_clear(&name);
		buf_add_str(&name, path);
		buf_add_cstr(&name, names[i]);
		is_taken |= lstat(buf_cstr(&name), &status) == 0;
	}
	buf_fini(&name);
	return is_taken;
}

bool
part_file_is_same(struct str a, struct str b)
{
	struct buf names[2] = {{0}, {0}};
	struct stat status[2];

	buf_add_str(&names[0], a);
	buf_add_str(&names[1], b);
	bool is_same = stat(buf_cstr(&names[0]), &status[0]) == 0 &&
	    stat(buf_cstr(&names[1]), &status[1]) == 0 &&
	    status[0].st_ino == status[1].st_ino &&
	    status[0].st_dev == status[1].st_dev;
	buf_fini(&names[0]);
	buf_fini(&names[1]);
	return is_same;
}

/* ------------------------------------------------------------ getting named */

/* A name lasts when its directory is synced.  Some file systems can't do
 * that, and need not. */
static enum store_error
sync_directory(const char *path, struct buf *detail)
{
	const char *slash = strrchr(path, '/');
	struct buf name = {0};

	if (slash == NULL)
		buf_add_char(&name, '.');
	else
		buf_add(&name, path, (size_t)(slash - path) + 1);
	int fd = open(buf_cstr(&name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
	enum store_error error =
	    is_synced ? STORE_OK : fail(buf_cstr(&name), detail);
	if (fd >= 0)
		close(fd);
	buf_fini(&name);
	return error;
}

/* Fails with EEXIST where the name is taken, even since a moment ago. */
static int
rename_new(const char *from, const char *to)
{
	int failed = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	if (failed == 0 || errno != EINVAL)
		return failed;
	/* A file system that can't. */
	if (link(from, to) != 0)
		return -1;
	(void)unlink(from);
	return 0;
}

enum store_error
part_file_keep(struct part_file *part, bool replaces, struct buf *detail)
{
	const char *from = part_file_path(part);
	const char *to = path_of(part);

	must(!part->is_kept);
	if (fsync(part->fd) != 0)
		return fail(from, detail);
	if ((replaces ? rename(from, to) : rename_new(from, to)) != 0)
		return fail(to, detail);
	part->is_kept = true;
	return sync_directory(to, detail);
}

static int
move(const char *from, const char *to, const char *suffix)
{
	struct buf old = {0}, new = {0};

	buf_addf(&old, "%s%s", from, suffix);
	buf_addf(&new, "%s%s", to, suffix);
	int failed = rename_new(buf_cstr(&old), buf_cstr(&new));
	int code = errno;
	buf_fini(&old);
	buf_fini(&new);
	errno = code;
	return failed;
}

/* Puts `ready` where the database at `path` is: all renames or none, as far
 * as we live.  Who is killed in between leaves `ready`, and where that is
 * nothing is served (sqlite_open.c). */
static enum store_error
move_all(const char *ready, const char *path, const char *aside,
    struct buf *detail)
{
	bool is_moved[SUFFIXES] = {false};
	enum store_error error = STORE_OK;

	for (size_t i = 0; i < SUFFIXES && error == STORE_OK; i++) {
		is_moved[i] = move(path, aside, suffixes[i]) == 0;
		if (!is_moved[i] && errno != ENOENT)
			error = fail(path, detail);
	}
	if (error == STORE_OK && rename_new(ready, path) != 0)
		error = fail(path, detail);
	for (size_t i = SUFFIXES; error != STORE_OK && i-- > 0;)
		if (is_moved[i])
			(void)move(aside, path, suffixes[i]);
	return error;
}

static void
remove_index(const char *path)
{
	struct buf name = {0};

	buf_addf(&name, "%s-shm", path);
	(void)unlink(buf_cstr(&name));
	buf_fini(&name);
}

static enum store_error
take_place(const char *ready, const char *path, const char *aside,
    struct buf *detail)
{
	enum store_error error = move_all(ready, path, aside, detail);

	if (error != STORE_OK)
		return error;
	remove_index(path);
	return sync_directory(path, detail);
}

/* Where root restores what belongs to the engine's user; for others it is
 * theirs anyway. */
static void
keep_owner(const struct part_file *part, const char *aside)
{
	struct stat status;

	if ((stat(path_of(part), &status) == 0 ||
		stat(aside, &status) == 0) &&
	    fchown(part->fd, status.st_uid, status.st_gid) != 0)
		must(errno != EBADF);
}

/* ---- what was cut short ---- */

bool
part_file_is_ready(struct str path, const char *ready, struct buf *detail)
{
	struct buf name = {0};
	struct stat status;

	buf_add_str(&name, path);
	buf_add_cstr(&name, ready);
	bool is_ready = lstat(buf_cstr(&name), &status) == 0;
	if (is_ready && detail != NULL)
		buf_addf(detail, strcmp(ready, REKEYING) == 0
			? "%s was left by a rekey that was cut short, and has "
			  "all that the database had: `stated rekey` once "
			  "more puts it in its place"
			: "%s was left by a restore that was cut short: "
			  "restore once more, with --force",
		    buf_cstr(&name));
	buf_fini(&name);
	return is_ready;
}

/* The database is what is moved first.  When that began is the time of the
 * file that is ready (see mark). */
static bool
find_begun(struct str path, const char *ready, int64_t *began_ms)
{
	struct buf name = {0};
	struct stat status;

	buf_add_str(&name, path);
	bool is_moved =
	    lstat(buf_cstr(&name), &status) != 0 && errno == ENOENT;
	buf_add_cstr(&name, ready);
	bool is_begun = is_moved && lstat(buf_cstr(&name), &status) == 0;
	if (is_begun)
		*began_ms = (int64_t)status.st_mtim.tv_sec * 1000;
	buf_fini(&name);
	return is_begun;
}

bool
part_file_is_begun(struct str path, const char *ready)
{
	int64_t began_ms;

	return find_begun(path, ready, &began_ms);
}

/* So that who goes on after us moves a log to where its database is. */
static int
mark(const struct part_file *part, int64_t began_ms)
{
	struct timespec began = {.tv_sec = began_ms / 1000};

	return futimens(part->fd, (struct timespec[]){began, began});
}

/* "<path>.20261122T093000Z" */
static void
name_aside(struct str path, int64_t began_ms, struct buf *aside)
{
	char text[CLOCK_TEXT_BYTES];
	struct str began = clock_format(began_ms, text);

	must(aside->bytes == 0);
	buf_add_str(aside, path);
	buf_add_char(aside, '.');
	for (size_t i = 0; i < began.bytes && began.at[i] != '.'; i++)
		if (began.at[i] != '-' && began.at[i] != ':')
			buf_add_char(aside, began.at[i]);
	buf_add_char(aside, 'Z');
}

static bool
is_any_there(const char *path)
{
	struct buf name = {0};
	struct stat status;
	bool is_there = false;

	for (size_t i = 0; i < SUFFIXES; i++) {
		buf_clear(&name);
		buf_addf(&name, "%s%s", path, suffixes[i]);
		is_there |= lstat(buf_cstr(&name), &status) == 0;
	}
	buf_fini(&name);
	return is_there;
}

/* The name of the first second from *began_ms on that nothing was kept under:
 * two may be done within one. */
static void
name_aside_anew(struct str path, int64_t *began_ms, struct buf *aside)
{
	name_aside(path, *began_ms, aside);
	while (is_any_there(buf_cstr(aside))) {
		*began_ms += 1000;
		buf_clear(aside);
		name_aside(path, *began_ms, aside);
	}
}

enum store_error
part_file_install(struct part_file *part,
    const struct part_exchange *exchange, struct buf *detail)
{
	struct buf ready = {0};
	const char *path = path_of(part);
	int64_t began_ms = exchange->now_ms;
	bool goes_on = find_begun(str_of(path), exchange->ready, &began_ms);
	enum store_error error = STORE_OK;

	must(!part->is_kept);
	buf_add_cstr(&ready, path);
	buf_add_cstr(&ready, exchange->ready);
	if (goes_on)
		name_aside(str_of(path), began_ms, exchange->aside);
	else
		name_aside_anew(str_of(path), &began_ms, exchange->aside);
	const char *aside = buf_cstr(exchange->aside);
	keep_owner(part, aside);
	if (mark(part, began_ms) != 0 || fsync(part->fd) != 0 ||
	    rename(part_file_path(part), buf_cstr(&ready)) != 0) {
		error = fail(buf_cstr(&ready), detail);
		buf_fini(&ready);
		return error;
	}
	part->is_kept = true;
	error = take_place(buf_cstr(&ready), path, aside, detail);
	/* What is as it was needs nobody to go on. */
	if (error != STORE_OK && !goes_on)
		(void)unlink(buf_cstr(&ready));
	buf_fini(&ready);
	return error;
}

enum store_error
part_file_finish(struct str path, const struct part_exchange *exchange,
    struct buf *detail)
{
	struct buf name = {0}, ready = {0};
	int64_t began_ms = 0;
	bool is_begun = find_begun(path, exchange->ready, &began_ms);

	must(is_begun);
	buf_add_str(&name, path);
	buf_addf(&ready, "%s%s", buf_cstr(&name), exchange->ready);
	name_aside(path, began_ms, exchange->aside);
	enum store_error error = take_place(buf_cstr(&ready), buf_cstr(&name),
	    buf_cstr(exchange->aside), detail);
	buf_fini(&name);
	buf_fini(&ready);
	return error;
}
