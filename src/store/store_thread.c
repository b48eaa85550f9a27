/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_thread.c: the thread on which batches become durable.
 *
 *	            store_thread_give()           serve()
 *	   IDLE  ───────────────────────► BUSY ──────────► DONE
 *	     ▲                                              │
 *	     └─────────────── store_thread_take() ──────────┘
 *
 * IDLE: no batch; the thread sleeps at `given`.  BUSY: the batch, error and
 * detail are the thread's, and nobody else writes to them.  DONE: they are the
 * loop's again.  There is no lock: what is posted at `given` hands them over
 * one way, and what is written to the eventfd the other, so that each side
 * makes one system call for it and never wakes up to find a lock held.
 *
 * A small batch of a calm time is better committed by who has it at hand: two
 * wake-ups take about as long as the commit itself.  store_thread_stand_in()
 * does what serve() would, while the thread sleeps.
 */
#include "store_backend.h"

#include "stated/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct store_thread {
	pthread_t id;
	struct store_backend *backend;
	sem_t given; /* a batch, or the end */
	int fd;	     /* the eventfd: readable when DONE by the thread */
	_Atomic(bool) sleeps; /* and has nothing left to tend */
	bool is_idle;	      /* the loop's own, as is … */
	bool stood_in;	      /* … DONE, by the loop itself */
	const struct store_batch *batch; /* NULL: the end */
	enum store_error error;
	struct buf detail;
	int64_t took_us;
};

static void
signal_done(struct store_thread *thread)
{
	uint64_t one = 1;
	ssize_t written = write(thread->fd, &one, sizeof(one));

	must(written == sizeof(one));
}

static void
commit(struct store_thread *thread)
{
	int64_t began_us = clock_monotonic_us();

	buf_clear(&thread->detail);
	thread->error = thread->backend->ops->commit(
	    thread->backend, thread->batch, &thread->detail);
	thread->took_us = clock_monotonic_us() - began_us;
}

static void
serve(struct store_thread *thread)
{
	commit(thread);
	signal_done(thread);
	/* After the signal: callers get their replies meanwhile. */
	thread->backend->ops->tend(thread->backend);
}

static void
await_given(struct store_thread *thread)
{
	atomic_store(&thread->sleeps, true);
	while (sem_wait(&thread->given) != 0)
		must(errno == EINTR);
	/* Before the loop is told of anything that is done now. */
	atomic_store(&thread->sleeps, false);
}

/* A batch that was given is committed before the end is seen. */
static void *
run(void *arg)
{
	struct store_thread *thread = arg;

	for (await_given(thread); thread->batch != NULL; await_given(thread))
		serve(thread);
	return NULL;
}

/* Signals are the loop's business: the thread is born with all blocked. */
static bool
start(struct store_thread *thread)
{
	sigset_t all, before;

	sigfillset(&all);
	int failed = pthread_sigmask(SIG_SETMASK, &all, &before);
	must(failed == 0);
	int refused = pthread_create(&thread->id, NULL, run, thread);
	failed = pthread_sigmask(SIG_SETMASK, &before, NULL);
	must(failed == 0);
	/* For those who look at the process from outside. */
	if (refused == 0)
		(void)pthread_setname_np(thread->id, "store");
	return refused == 0;
}

struct store_thread *
store_thread_new(struct store_backend *backend)
{
	struct store_thread *thread = calloc(1, sizeof(*thread));

	must(thread != NULL);
	must(backend != NULL);
	thread->backend = backend;
	thread->is_idle = true;
	thread->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(sem_init(&thread->given, 0, 0) == 0);
	if (thread->fd >= 0 && start(thread))
		return thread;
	if (thread->fd >= 0)
		close(thread->fd);
	must(sem_destroy(&thread->given) == 0);
	free(thread);
	return NULL;
}

static void
give(struct store_thread *thread, const struct store_batch *batch)
{
	must(thread->is_idle);
	thread->batch = batch;
	thread->is_idle = false;
	must(sem_post(&thread->given) == 0);
}

/* Makes the eventfd unreadable until the next batch is done; false where none
 * is done. */
static bool
clear_signal(struct store_thread *thread)
{
	uint64_t count;
	ssize_t taken;

	if (thread->stood_in) {
		thread->stood_in = false;
		return true;
	}
	taken = read(thread->fd, &count, sizeof(count));
	if (taken < 0) {
		must(errno == EAGAIN);
		return false;
	}
	must(taken == sizeof(count) && count == 1);
	return true;
}

void
store_thread_free(struct store_thread **freed)
{
	struct store_thread *thread = *freed;

	if (thread == NULL)
		return;
	store_thread_wait(thread);
	/* Nobody asks any more how it ended. */
	thread->is_idle = thread->is_idle || clear_signal(thread);
	give(thread, NULL);
	int failed = pthread_join(thread->id, NULL);
	must(failed == 0);
	sem_destroy(&thread->given);
	close(thread->fd);
	buf_fini(&thread->detail);
	free(thread);
	*freed = NULL;
}

void
store_thread_give(struct store_thread *thread, const struct store_batch *batch)
{
	must(batch != NULL);
	give(thread, batch);
}

bool
store_thread_stand_in(
    struct store_thread *thread, const struct store_batch *batch)
{
	const struct store_backend_ops *ops = thread->backend->ops;

	must(thread->is_idle);
	must(batch != NULL);
	if (!atomic_load(&thread->sleeps) ||
	    ops->wants_tending(thread->backend))
		return false;
	thread->batch = batch;
	thread->is_idle = false;
	commit(thread);
	thread->stood_in = true;
	return true;
}

int64_t
store_thread_took_us(const struct store_thread *thread)
{
	must(thread->is_idle);
	return thread->took_us;
}

bool
store_thread_is_idle(struct store_thread *thread)
{
	return thread->is_idle;
}

void
store_thread_wait(struct store_thread *thread)
{
	struct pollfd watched = {.fd = thread->fd, .events = POLLIN};

	while (!thread->is_idle && !thread->stood_in &&
	       poll(&watched, 1, -1) != 1)
		must(errno == EINTR);
}

int
store_thread_fd(const struct store_thread *thread)
{
	return thread->fd;
}

bool
store_thread_take(struct store_thread *thread, enum store_error *error,
    struct buf *detail)
{
	if (!clear_signal(thread))
		return false;
	must(!thread->is_idle);
	thread->is_idle = true;
	*error = thread->error;
	if (detail != NULL)
		buf_add_str(detail, buf_str(&thread->detail));
	return true;
}
