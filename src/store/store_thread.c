/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_thread.c: the thread on which batches become durable.
 *
 *	            store_thread_give()          serve()
 *	   IDLE  ───────────────────────► BUSY ─────────► DONE
 *	     ▲                                             │
 *	     └─────────────── store_thread_take() ─────────┘
 *
 * IDLE: no batch; the thread sleeps.  BUSY: the batch is the thread's, and
 * nobody writes to it.  DONE: error and detail tell how it ended, the eventfd
 * is readable, the batch is the loop's again.  The state and all below it are
 * read and written under the lock, but for the eventfd.
 */
#include "store_backend.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum thread_state { THREAD_IDLE, THREAD_BUSY, THREAD_DONE };

struct store_thread {
	pthread_t id;
	struct store_backend *backend;
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum thread_state state;
	bool is_stopping;
	const struct store_batch *batch;
	enum store_error error;
	struct buf detail;
};

static void
lock(struct store_thread *thread)
{
	int failed = pthread_mutex_lock(&thread->lock);
	must(failed == 0);
}

static void
unlock(struct store_thread *thread)
{
	int failed = pthread_mutex_unlock(&thread->lock);
	must(failed == 0);
}

/* All that sleep are woken: the loop and the thread never sleep for the same
 * state, and there are only two of them. */
static void
move(struct store_thread *thread, enum thread_state state)
{
	must(state == (thread->state + 1) % (THREAD_DONE + 1));
	thread->state = state;
	pthread_cond_broadcast(&thread->changed);
}

static void
signal_done(struct store_thread *thread)
{
	uint64_t one = 1;
	ssize_t written = write(thread->fd, &one, sizeof(one));

	must(written == sizeof(one));
}

/* Commits the batch at hand; called and returns with the lock held. */
static void
serve(struct store_thread *thread)
{
	must(thread->state == THREAD_BUSY);
	must(thread->batch != NULL);
	buf_clear(&thread->detail);
	unlock(thread);
	enum store_error error = thread->backend->ops->commit(thread->backend,
	    thread->batch, &thread->detail);
	lock(thread);
	thread->error = error;
	thread->batch = NULL;
	move(thread, THREAD_DONE);
	signal_done(thread);
	unlock(thread);
	/* After the signal: callers get their replies meanwhile. */
	thread->backend->ops->tend(thread->backend);
	lock(thread);
}

static void *
run(void *arg)
{
	struct store_thread *thread = arg;

	lock(thread);
	for (;;) {
		while (thread->state != THREAD_BUSY && !thread->is_stopping)
			pthread_cond_wait(&thread->changed, &thread->lock);
		/* A batch that was given is committed even when stopping. */
		if (thread->state != THREAD_BUSY)
			break;
		serve(thread);
	}
	unlock(thread);
	return NULL;
}

/* Signals are the loop's business: the thread is born with all blocked. */
static void
start(struct store_thread *thread)
{
	sigset_t all, before;

	sigfillset(&all);
	int failed = pthread_sigmask(SIG_SETMASK, &all, &before);
	must(failed == 0);
	failed = pthread_create(&thread->id, NULL, run, thread);
	must(failed == 0);
	/* For those who look at the process from outside. */
	(void)pthread_setname_np(thread->id, "store");
	failed = pthread_sigmask(SIG_SETMASK, &before, NULL);
	must(failed == 0);
}

struct store_thread *
store_thread_new(struct store_backend *backend)
{
	struct store_thread *thread = calloc(1, sizeof(*thread));

	must(thread != NULL);
	must(backend != NULL);
	thread->backend = backend;
	thread->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(thread->fd >= 0);
	pthread_mutex_init(&thread->lock, NULL);
	pthread_cond_init(&thread->changed, NULL);
	start(thread);
	return thread;
}

void
store_thread_free(struct store_thread **freed)
{
	struct store_thread *thread = *freed;

	if (thread == NULL)
		return;
	lock(thread);
	thread->is_stopping = true;
	pthread_cond_broadcast(&thread->changed);
	unlock(thread);
	int failed = pthread_join(thread->id, NULL);
	must(failed == 0);
	must(thread->state != THREAD_BUSY);
	pthread_cond_destroy(&thread->changed);
	pthread_mutex_destroy(&thread->lock);
	close(thread->fd);
	buf_fini(&thread->detail);
	free(thread);
	*freed = NULL;
}

void
store_thread_give(struct store_thread *thread, const struct store_batch *batch)
{
	must(batch != NULL);
	lock(thread);
	must(thread->state == THREAD_IDLE);
	thread->batch = batch;
	move(thread, THREAD_BUSY);
	unlock(thread);
}

bool
store_thread_is_idle(struct store_thread *thread)
{
	lock(thread);
	bool is_idle = thread->state == THREAD_IDLE;
	unlock(thread);
	return is_idle;
}

void
store_thread_wait(struct store_thread *thread)
{
	lock(thread);
	while (thread->state == THREAD_BUSY)
		pthread_cond_wait(&thread->changed, &thread->lock);
	unlock(thread);
}

int
store_thread_fd(const struct store_thread *thread)
{
	return thread->fd;
}

/* Makes the eventfd unreadable until the next batch is done. */
static void
clear_signal(struct store_thread *thread)
{
	uint64_t count;
	ssize_t taken = read(thread->fd, &count, sizeof(count));

	must(taken == sizeof(count) && count == 1);
}

bool
store_thread_take(struct store_thread *thread, enum store_error *error,
    struct buf *detail)
{
	lock(thread);
	bool is_done = thread->state == THREAD_DONE;
	if (is_done) {
		clear_signal(thread);
		*error = thread->error;
		if (detail != NULL)
			buf_add_str(detail, buf_str(&thread->detail));
		move(thread, THREAD_IDLE);
	}
	unlock(thread);
	return is_done;
}
