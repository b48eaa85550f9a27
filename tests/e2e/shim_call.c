/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim_call.c: a call of the system that fails, once.
 *
 * Loaded before the C library (LD_PRELOAD) it lets a call fail as shim_call.h
 * says, which a test sets while the program runs; those of libraries, too.
 * What does not block may have to be tried again (EAGAIN), what blocks not.
 */
#include "shim_call.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NO_FD (-1)

static struct shim_call *shared;

__attribute__((constructor)) static void
read_wish(void)
{
	int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
	const char *path = getenv("STATED_TEST_CALL");
	int fd = path != NULL ? next(path, O_RDWR | O_CLOEXEC) : -1;
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	if (mapped != MAP_FAILED)
		shared = mapped;
}

static bool
is_of(mode_t mode)
{
	switch (shared->of) {
	case SHIM_SOCKET:
		return S_ISSOCK(mode);
	case SHIM_FILE:
		return S_ISREG(mode);
	case SHIM_PIPE:
		return S_ISFIFO(mode);
	default:
		return true;
	}
}

/* Where there is no descriptor yet, any will do. */
static bool
is_meant(int fd)
{
	struct stat status;
	int error = errno;
	bool is_meant;

	if (fd == NO_FD)
		return true;
	is_meant = fstat(fd, &status) == 0 && is_of(status.st_mode) &&
	    (shared->error != EAGAIN ||
		(fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	errno = error;
	return is_meant;
}

static bool
fails(const char *name, int fd)
{
	int64_t left;
	int error;

	if (shared == NULL || shared->left == 0 ||
	    strcmp(shared->name, name) != 0 || !is_meant(fd))
		return false;
	error = shared->error;
	left = shared->left;
	while (left > 0 &&
	    !atomic_compare_exchange_weak(&shared->left, &left, left - 1))
		continue;
	if (left != 1)
		return false;
	errno = error;
	return true;
}

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

#define CALL_OF_FD(type, name, parameters, arguments)                          \
	type name parameters                                                   \
	{                                                                      \
		if (fails(#name, fd))                                          \
			return -1;                                             \
		return REAL(name) arguments;                                   \
	}

CALL_OF_FD(int, accept, (int fd, struct sockaddr *at, socklen_t *bytes),
    (fd, at, bytes))
CALL_OF_FD(int, accept4,
    (int fd, struct sockaddr *at, socklen_t *bytes, int flags),
    (fd, at, bytes, flags))
CALL_OF_FD(int, connect,
    (int fd, const struct sockaddr *to, socklen_t bytes), (fd, to, bytes))
CALL_OF_FD(ssize_t, read, (int fd, void *to, size_t bytes), (fd, to, bytes))
CALL_OF_FD(ssize_t, readv, (int fd, const struct iovec *to, int count),
    (fd, to, count))
CALL_OF_FD(ssize_t, recv, (int fd, void *to, size_t bytes, int flags),
    (fd, to, bytes, flags))
CALL_OF_FD(ssize_t, write, (int fd, const void *from, size_t bytes),
    (fd, from, bytes))
CALL_OF_FD(ssize_t, writev, (int fd, const struct iovec *from, int count),
    (fd, from, count))
CALL_OF_FD(ssize_t, send,
    (int fd, const void *from, size_t bytes, int flags),
    (fd, from, bytes, flags))
CALL_OF_FD(ssize_t, pread64,
    (int fd, void *to, size_t bytes, off64_t at), (fd, to, bytes, at))
CALL_OF_FD(ssize_t, pwrite64,
    (int fd, const void *from, size_t bytes, off64_t at),
    (fd, from, bytes, at))
CALL_OF_FD(int, fsync, (int fd), (fd))
CALL_OF_FD(int, fdatasync, (int fd), (fd))
CALL_OF_FD(int, ftruncate64, (int fd, off64_t bytes), (fd, bytes))
CALL_OF_FD(int, epoll_ctl, (int fd, int what, int of, struct epoll_event *to),
    (fd, what, of, to))
CALL_OF_FD(int, epoll_wait,
    (int fd, struct epoll_event *to, int count, int timeout),
    (fd, to, count, timeout))

int
socket(int family, int type, int protocol)
{
	if (fails("socket", NO_FD))
		return -1;
	return REAL(socket)(family, type, protocol);
}

int
epoll_create1(int flags)
{
	if (fails("epoll_create1", NO_FD))
		return -1;
	return REAL(epoll_create1)(flags);
}

int
eventfd(unsigned count, int flags)
{
	if (fails("eventfd", NO_FD))
		return -1;
	return REAL(eventfd)(count, flags);
}

static int
open_mode(int flags, va_list args)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, int) : 0;
}

/* Both names are the same call to a test. */
#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		va_list args;                                                  \
		int mode;                                                      \
                                                                               \
		va_start(args, flags);                                         \
		mode = open_mode(flags, args);                                 \
		va_end(args);                                                  \
		if (fails("open", NO_FD))                                      \
			return -1;                                             \
		return REAL(name)(path, flags, mode);                          \
	}
OPEN(open)
OPEN(open64)

/* These tell by their result, and not by errno. */

int
posix_spawn(pid_t *child, const char *path,
    const posix_spawn_file_actions_t *files, const posix_spawnattr_t *how,
    char *const *arguments, char *const *environment)
{
	if (fails("posix_spawn", NO_FD))
		return shared->error;
	return REAL(posix_spawn)(
	    child, path, files, how, arguments, environment);
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *how,
    void *(*run)(void *), void *arg)
{
	if (fails("pthread_create", NO_FD))
		return shared->error;
	return REAL(pthread_create)(thread, how, run, arg);
}
