/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_mailer.c: the threads on which mails and files are handed over.
 *
 *     http_mailer_send()        run()                  mailer_ready_cb()
 *   ───────────────────► waiting ───► under way ───► ended ───────────────►
 *
 * curl waits within one call for what a mail server says to the end of a
 * mail, and to QUIT.  A server may take its time for that, and the loop has
 * none; so a mail has a thread for as long as it takes, and so has a file,
 * which takes many words and answers.  A transfer that is waiting or ended is
 * in one of the lists, which the lock guards; one that is under way belongs
 * to its thread.
 */
#include "http_priv.h"

#include "stated/log.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS_MAX 8
#define TRY_AGAIN_MS 500
_Static_assert(THREADS_MAX >= HTTP_MAILS_MAX && THREADS_MAX >= HTTP_FILES_MAX,
    "what may be under way has a thread");

struct http_mailer {
	struct event_base *base;
	http_perform_fn *perform;
	http_mailed_fn *mailed;
	void *arg;
	int fd; /* readable: something has ended; -1: not open yet */
	struct event *ready;
	struct event *again; /* a thread is to be tried for */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct http_transfers waiting;
	struct http_transfers ended;
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
	size_t asleep;
	size_t waiting_count;
	atomic_bool is_stopping;
};

static void mailer_ready_cb(evutil_socket_t fd, short what, void *arg);

static void
lock(struct http_mailer *mailer)
{
	int failed = pthread_mutex_lock(&mailer->lock);
	must(failed == 0);
}

static void
unlock(struct http_mailer *mailer)
{
	int failed = pthread_mutex_unlock(&mailer->lock);
	must(failed == 0);
}

/* ------------------------------------------------------------ the threads */

/* Called and returns with the lock held. */
static void
serve(struct http_mailer *mailer)
{
	struct http_transfer *transfer = TAILQ_FIRST(&mailer->waiting);
	uint64_t one = 1;
	ssize_t written;

	TAILQ_REMOVE(&mailer->waiting, transfer, link);
	mailer->waiting_count--;
	unlock(mailer);
	mailer->perform(transfer, &mailer->is_stopping);
	lock(mailer);
	TAILQ_INSERT_TAIL(&mailer->ended, transfer, link);
	written = write(mailer->fd, &one, sizeof(one));
	must(written == sizeof(one));
}

static void *
run(void *arg)
{
	struct http_mailer *mailer = arg;

	lock(mailer);
	while (!mailer->is_stopping) {
		if (!TAILQ_EMPTY(&mailer->waiting)) {
			serve(mailer);
			continue;
		}
		mailer->asleep++;
		pthread_cond_wait(&mailer->changed, &mailer->lock);
		mailer->asleep--;
	}
	unlock(mailer);
	return NULL;
}

/* What threads tell by that something has ended.  0, or why not. */
static int
open_ready(struct http_mailer *mailer)
{
	if (mailer->fd >= 0)
		return 0;
	mailer->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailer->fd < 0)
		return errno;
	mailer->ready = event_new(mailer->base, mailer->fd,
	    EV_READ | EV_PERSIST, mailer_ready_cb, mailer);
	must(mailer->ready != NULL && event_add(mailer->ready, NULL) == 0);
	return 0;
}

/* Signals are the loop's business: a thread is born with all blocked. */
static int
create_thread(struct http_mailer *mailer)
{
	sigset_t all, before;
	int failed, refused;

	sigfillset(&all);
	failed = pthread_sigmask(SIG_SETMASK, &all, &before);
	must(failed == 0);
	refused = pthread_create(&mailer->threads[mailer->thread_count], NULL,
	    run, mailer);
	failed = pthread_sigmask(SIG_SETMASK, &before, NULL);
	must(failed == 0);
	return refused;
}

/* Where the system has none to give, those that there are do the work; where
 * there is not even one it is tried again. */
static void
start_thread(struct http_mailer *mailer)
{
	const struct timeval pause = {.tv_usec = TRY_AGAIN_MS * 1000};
	int refused = open_ready(mailer);

	if (refused == 0)
		refused = create_thread(mailer);
	if (refused == 0) {
		mailer->thread_count++;
		return;
	}
	log_warning("no thread for a mail or a file",
	    "%s: those that there are do the work", strerror(refused));
	if (mailer->thread_count == 0)
		evtimer_add(mailer->again, &pause);
}

/* --------------------------------------------------------------- the loop */

static void
mailer_ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_mailer *mailer = arg;
	struct http_transfer *transfer;
	uint64_t count;
	ssize_t got = read(fd, &count, sizeof(count));

	(void)what, (void)got;
	lock(mailer);
	while ((transfer = TAILQ_FIRST(&mailer->ended)) != NULL) {
		TAILQ_REMOVE(&mailer->ended, transfer, link);
		unlock(mailer);
		mailer->mailed(transfer, mailer->arg);
		lock(mailer);
	}
	unlock(mailer);
}

static void
mailer_again_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_mailer *mailer = arg;

	(void)fd, (void)what;
	lock(mailer);
	if (mailer->thread_count == 0)
		start_thread(mailer);
	unlock(mailer);
}

struct http_mailer *
http_mailer_new(struct event_base *base, http_perform_fn *perform,
    http_mailed_fn *mailed, void *arg)
{
	struct http_mailer *mailer = calloc(1, sizeof(*mailer));

	must(mailer != NULL && perform != NULL && mailed != NULL);
	mailer->base = base;
	mailer->perform = perform;
	mailer->mailed = mailed;
	mailer->arg = arg;
	mailer->fd = -1;
	mailer->again = evtimer_new(base, mailer_again_cb, mailer);
	must(mailer->again != NULL);
	pthread_mutex_init(&mailer->lock, NULL);
	pthread_cond_init(&mailer->changed, NULL);
	TAILQ_INIT(&mailer->waiting);
	TAILQ_INIT(&mailer->ended);
	return mailer;
}

void
http_mailer_send(struct http_mailer *mailer, struct http_transfer *transfer)
{
	lock(mailer);
	must(!mailer->is_stopping);
	TAILQ_INSERT_TAIL(&mailer->waiting, transfer, link);
	mailer->waiting_count++;
	if (mailer->waiting_count > mailer->asleep &&
	    mailer->thread_count < THREADS_MAX)
		start_thread(mailer);
	pthread_cond_signal(&mailer->changed);
	unlock(mailer);
}

static void
free_transfers(struct http_transfers *list)
{
	struct http_transfer *transfer;

	while ((transfer = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, transfer, link);
		http_transfer_free(&transfer);
	}
}

void
http_mailer_free(struct http_mailer **mailer_take)
{
	struct http_mailer *mailer = *mailer_take;

	if (mailer == NULL)
		return;
	lock(mailer);
	mailer->is_stopping = true;
	pthread_cond_broadcast(&mailer->changed);
	unlock(mailer);
	for (size_t i = 0; i < mailer->thread_count; i++) {
		int failed = pthread_join(mailer->threads[i], NULL);
		must(failed == 0);
	}
	free_transfers(&mailer->waiting);
	free_transfers(&mailer->ended);
	event_free(mailer->again);
	if (mailer->fd >= 0) {
		event_free(mailer->ready);
		close(mailer->fd);
	}
	pthread_cond_destroy(&mailer->changed);
	pthread_mutex_destroy(&mailer->lock);
	free(mailer);
	*mailer_take = NULL;
}
