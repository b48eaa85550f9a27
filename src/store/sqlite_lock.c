/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_lock.c: one engine a database.
 *
 * SQLite lets several processes write in turns; two engines would each step
 * the same instances from memory.  So a writer holds a lock (flock) on a file
 * of its own beside the database, "<path>-lock", for as long as it has it
 * open.  The kernel drops it when the process ends, however it ends; the file
 * is then only a leftover.
 *
 * That file can be removed by hand, and a database may have a second name (a
 * hard link), so the database itself is locked as well.  SQLite's own locks are
 * of the other kind (POSIX) and don't meet ours, but closing our descriptor
 * would drop them: it is closed when SQLite has the file open no more.
 */
#include "sqlite_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TRIES 100

struct sqlite_lock {
	int fd;
	int database; /* -1: there is none yet */
	struct buf path;
};

/* Whether the file that we have locked is still the one of that name: the
 * holder before us may have removed it after we opened it. */
static bool
is_current(struct sqlite_lock *lock)
{
	struct stat ours, named;

	return fstat(lock->fd, &ours) == 0 &&
	    stat(buf_cstr(&lock->path), &named) == 0 &&
	    ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

static enum store_error
fail(struct sqlite_lock *lock, struct buf *detail)
{
	int code = errno;

	if (detail != NULL)
		buf_addf(detail, "can't open or lock %s: %s",
		    buf_cstr(&lock->path), strerrordesc_np(code));
	return store_error_of_errno(code);
}

static enum store_error
tell_holder(struct sqlite_lock *lock, struct buf *detail)
{
	char pid[24] = "";

	must(lock->fd >= 0);
	if (pread(lock->fd, pid, sizeof(pid) - 1, 0) <= 0)
		(void)strcpy(pid, "unknown");
	if (detail != NULL)
		buf_addf(detail, "process %s holds %s", pid,
		    buf_cstr(&lock->path));
	return STORE_LOCKED;
}

/* Opens and locks once; STORE_ABSENT where it has to be tried again. */
static enum store_error
try_lock(struct sqlite_lock *lock, struct buf *detail)
{
	lock->fd = open(buf_cstr(&lock->path), O_RDWR | O_CREAT | O_CLOEXEC,
	    0600);
	if (lock->fd < 0)
		return fail(lock, detail);
	if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return tell_holder(lock, detail);
		return fail(lock, detail);
	}
	return is_current(lock) ? STORE_OK : STORE_ABSENT;
}

/* Locks what engines share even where they name it in two ways. */
static enum store_error
lock_database(struct sqlite_lock *lock, struct str path, struct buf *detail)
{
	struct buf name = {0};

	must(lock->database < 0);
	buf_add_str(&name, path);
	lock->database = open(buf_cstr(&name), O_RDONLY | O_CLOEXEC);
	buf_fini(&name);
	/* What is restored is put there under the other lock. */
	if (lock->database < 0)
		return errno == ENOENT ? STORE_OK : fail(lock, detail);
	if (flock(lock->database, LOCK_EX | LOCK_NB) == 0)
		return STORE_OK;
	if (errno != EWOULDBLOCK)
		return fail(lock, detail);
	if (detail != NULL)
		buf_addf(detail, "it has it by another name, "
		    "or %s was removed under it", buf_cstr(&lock->path));
	return STORE_LOCKED;
}

/* For people who wonder who it is; a failure to write it does no harm. */
static void
write_pid(struct sqlite_lock *lock)
{
	char pid[24];
	int bytes = snprintf(pid, sizeof(pid), "%ld", (long)getpid());

	must(bytes > 0);
	if (ftruncate(lock->fd, 0) == 0) {
		ssize_t written = pwrite(lock->fd, pid, (size_t)bytes, 0);
		(void)written;
	}
}

enum store_error
sqlite_lock_open(struct str path, struct sqlite_lock **opened,
    struct buf *detail)
{
	struct sqlite_lock *lock = calloc(1, sizeof(*lock));
	enum store_error error = STORE_ABSENT;

	must(lock != NULL);
	lock->fd = lock->database = -1;
	buf_add_str(&lock->path, path);
	buf_add_cstr(&lock->path, "-lock");
	for (int i = 0; i < LOCK_TRIES && error == STORE_ABSENT; i++) {
		if (lock->fd >= 0)
			close(lock->fd);
		error = try_lock(lock, detail);
	}
	if (error == STORE_OK) {
		error = lock_database(lock, path, detail);
		if (error != STORE_OK)
			sqlite_lock_close(&lock);
		else
			write_pid(lock);
		*opened = lock;
		return error;
	}
	if (lock->fd >= 0)
		close(lock->fd);
	buf_fini(&lock->path);
	free(lock);
	return error == STORE_ABSENT ? STORE_LOCKED : error;
}

void
sqlite_lock_close(struct sqlite_lock **closed)
{
	struct sqlite_lock *lock = *closed;

	if (lock == NULL)
		return;
	must(lock->fd >= 0);
	/* Removed while it is still locked: see is_current(). */
	(void)unlink(buf_cstr(&lock->path));
	close(lock->fd);
	if (lock->database >= 0)
		close(lock->database);
	buf_fini(&lock->path);
	free(lock);
	*closed = NULL;
}
