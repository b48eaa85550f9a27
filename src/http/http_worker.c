/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_worker.c: a thread of its own for what waits within a library.
 *
 * A system that has no descriptors left, or no threads, is no reason to end:
 * the worker begins later.
 */
#include "amqp_priv.h"

#include <event2/event.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

void
http_worker_lock(struct http_worker *worker)
{
	int failed = pthread_mutex_lock(&worker->lock);
	must(failed == 0);
}

void
http_worker_unlock(struct http_worker *worker)
{
	int failed = pthread_mutex_unlock(&worker->lock);
	must(failed == 0);
}

static void
count_up(int fd)
{
	uint64_t one = 1;
	ssize_t written = write(fd, &one, sizeof(one));

	must(written == sizeof(one));
}

static void
clear(int fd)
{
	uint64_t count;
	ssize_t got = read(fd, &count, sizeof(count));

	(void)got; /* nothing to be cleared */
}

void
http_worker_wake(struct http_worker *worker)
{
	if (worker->has_begun)
		count_up(worker->wake_fd);
}

void
http_worker_tell(struct http_worker *worker)
{
	count_up(worker->tell_fd);
}

void
http_worker_wait(struct http_worker *worker, int fd, int64_t timeout_ms)
{
	struct pollfd fds[] = {
		{.fd = worker->wake_fd, .events = POLLIN},
		{.fd = fd, .events = POLLIN},
	};

	if (timeout_ms > INT_MAX)
		timeout_ms = INT_MAX;
	(void)poll(fds, 2, (int)timeout_ms);
	clear(worker->wake_fd);
}

static void *
run(void *arg)
{
	struct http_worker *worker = arg;

	worker->run(worker->arg);
	http_worker_lock(worker);
	worker->has_ended = true;
	http_worker_tell(worker);
	http_worker_unlock(worker);
	return NULL;
}

static void
worker_told_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_worker *worker = arg;

	(void)what;
	clear(fd);
	worker->told_cb(worker->arg);
}

/* Signals are the loop's business: a thread is born with all blocked. */
static bool
start_thread(struct http_worker *worker)
{
	sigset_t all, before;
	int failed, refused;

	sigfillset(&all);
	failed = pthread_sigmask(SIG_SETMASK, &all, &before);
	must(failed == 0);
	refused = pthread_create(&worker->thread, NULL, run, worker);
	failed = pthread_sigmask(SIG_SETMASK, &before, NULL);
	must(failed == 0);
	return refused == 0;
}

void
http_worker_init(struct http_worker *worker)
{
	must(worker->run != NULL && worker->told_cb != NULL);
	worker->wake_fd = worker->tell_fd = -1;
	worker->socket = -1;
	pthread_mutex_init(&worker->lock, NULL);
}

static void
close_all(struct http_worker *worker)
{
	if (worker->told != NULL)
		event_free(worker->told);
	if (worker->wake_fd >= 0)
		close(worker->wake_fd);
	if (worker->tell_fd >= 0)
		close(worker->tell_fd);
	worker->told = NULL;
	worker->wake_fd = worker->tell_fd = -1;
}

static bool
open_all(struct http_worker *worker, struct event_base *base)
{
	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->tell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->wake_fd < 0 || worker->tell_fd < 0)
		return false;
	worker->told = event_new(base, worker->tell_fd, EV_READ | EV_PERSIST,
	    worker_told_cb, worker);
	return worker->told != NULL && event_add(worker->told, NULL) == 0;
}

bool
http_worker_begin(struct http_worker *worker, struct event_base *base)
{
	if (worker->has_begun)
		return true;
	worker->has_begun =
	    open_all(worker, base) && start_thread(worker);
	if (!worker->has_begun)
		close_all(worker);
	return worker->has_begun;
}

void
http_worker_set_socket(struct http_worker *worker, int fd)
{
	http_worker_lock(worker);
	worker->socket = fd;
	http_worker_unlock(worker);
}

/* Under the lock: no other file has got that number meanwhile. */
void
http_worker_cut(struct http_worker *worker)
{
	http_worker_lock(worker);
	if (worker->socket >= 0)
		(void)shutdown(worker->socket, SHUT_RDWR);
	http_worker_unlock(worker);
}

void
http_worker_stop(struct http_worker *worker)
{
	atomic_store(&worker->is_stopping, true);
	http_worker_wake(worker);
}

bool
http_worker_has_ended(struct http_worker *worker)
{
	bool has_ended;

	if (!worker->has_begun)
		return atomic_load(&worker->is_stopping);
	http_worker_lock(worker);
	has_ended = worker->has_ended;
	http_worker_unlock(worker);
	return has_ended;
}

void
http_worker_fini(struct http_worker *worker)
{
	int failed;

	http_worker_stop(worker);
	if (worker->has_begun) {
		failed = pthread_join(worker->thread, NULL);
		must(failed == 0);
	}
	close_all(worker);
	pthread_mutex_destroy(&worker->lock);
}
