/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim_kill.c: kill -9 at a certain point.
 *
 * Loaded before the C library (LD_PRELOAD) it ends the program just before,
 * just after or in the midst of what STATED_TEST_KILL names, the n-th time:
 * "log-sync-after 3".  Nothing in the program knows of it.
 *
 *	log-write     to the write-ahead log (also: log-write-half)
 *	log-sync      of the log: what it holds is durable
 *	log-remove
 *	database-write, database-sync    while the log is copied into it
 *	reply         bytes to a caller
 *	call          bytes of a call to an endpoint
 *	answer        bytes of what an endpoint answers
 */
#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS_MAX 4096

enum fd_kind { FD_OTHER, FD_CALLER, FD_ENDPOINT };

static _Atomic enum fd_kind kinds[FDS_MAX];

/* ---- the point ---- */

static bool
is_wanted(const char *what, const char *when)
{
	static atomic_int count;
	const char *point = getenv("STATED_TEST_KILL");
	char name[64];
	int nth;

	if (point == NULL || sscanf(point, "%63s %d", name, &nth) != 2)
		return false;
	size_t bytes = strlen(what);
	return strncmp(name, what, bytes) == 0 && name[bytes] == '-' &&
	    strcmp(name + bytes + 1, when) == 0 &&
	    atomic_fetch_add(&count, 1) + 1 == nth;
}

static void
pass(const char *what, const char *when)
{
	if (what != NULL && is_wanted(what, when))
		kill(getpid(), SIGKILL);
}

/* ---- files ---- */

static bool
ends_with(const char *text, const char *end)
{
	size_t bytes = strlen(text), wanted = strlen(end);

	return bytes >= wanted && strcmp(text + bytes - wanted, end) == 0;
}

/* NULL: no file of a database. */
static const char *
name_file(int fd, const char *log, const char *database)
{
	char link[32], path[1024];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t bytes = readlink(link, path, sizeof(path) - 1);
	if (bytes < 0)
		return NULL;
	path[bytes] = '\0';
	if (ends_with(path, "-wal"))
		return log;
	return ends_with(path, ".db") ? database : NULL;
}

ssize_t
pwrite64(int fd, const void *from, size_t bytes, off64_t at)
{
	ssize_t (*next)(int, const void *, size_t, off64_t) =
	    dlsym(RTLD_NEXT, "pwrite64");
	const char *what = name_file(fd, "log-write", "database-write");

	pass(what, "before");
	if (what != NULL && is_wanted(what, "half")) {
		next(fd, from, bytes / 2, at);
		kill(getpid(), SIGKILL);
	}
	ssize_t written = next(fd, from, bytes, at);
	pass(what, "after");
	return written;
}

int
fdatasync(int fd)
{
	int (*next)(int) = dlsym(RTLD_NEXT, "fdatasync");
	const char *what = name_file(fd, "log-sync", "database-sync");

	pass(what, "before");
	int failed = next(fd);
	pass(what, "after");
	return failed;
}

int
unlink(const char *path)
{
	int (*next)(const char *) = dlsym(RTLD_NEXT, "unlink");
	const char *what = ends_with(path, "-wal") ? "log-remove" : NULL;

	pass(what, "before");
	int failed = next(path);
	pass(what, "after");
	return failed;
}

/* ---- sockets ---- */

static void
note(int fd, enum fd_kind kind)
{
	if (fd >= 0 && fd < FDS_MAX)
		kinds[fd] = kind;
}

static const char *
name_socket(int fd, const char *caller, const char *endpoint)
{
	enum fd_kind kind = fd >= 0 && fd < FDS_MAX ? kinds[fd] : FD_OTHER;

	if (kind == FD_CALLER)
		return caller;
	return kind == FD_ENDPOINT ? endpoint : NULL;
}

int
accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags)
{
	int (*next)(int, struct sockaddr *, socklen_t *, int) =
	    dlsym(RTLD_NEXT, "accept4");
	int accepted = next(fd, address, bytes, flags);

	note(accepted, FD_CALLER);
	return accepted;
}

int
connect(int fd, const struct sockaddr *address, socklen_t bytes)
{
	int (*next)(int, const struct sockaddr *, socklen_t) =
	    dlsym(RTLD_NEXT, "connect");

	note(fd, address->sa_family == AF_INET ? FD_ENDPOINT : FD_OTHER);
	return next(fd, address, bytes);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	ssize_t (*next)(int, const struct iovec *, int) =
	    dlsym(RTLD_NEXT, "writev");
	const char *what = name_socket(fd, "reply", NULL);

	pass(what, "before");
	ssize_t written = next(fd, parts, count);
	pass(what, "after");
	return written;
}

ssize_t
send(int fd, const void *from, size_t bytes, int flags)
{
	ssize_t (*next)(int, const void *, size_t, int) =
	    dlsym(RTLD_NEXT, "send");
	const char *what = name_socket(fd, NULL, "call");

	pass(what, "before");
	ssize_t sent = next(fd, from, bytes, flags);
	pass(what, "after");
	return sent;
}

ssize_t
recv(int fd, void *to, size_t bytes, int flags)
{
	ssize_t (*next)(int, void *, size_t, int) = dlsym(RTLD_NEXT, "recv");
	const char *what = name_socket(fd, NULL, "answer");
	ssize_t received = next(fd, to, bytes, flags);

	if (received > 0)
		pass(what, "after");
	return received;
}
