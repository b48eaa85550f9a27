/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amqp_priv.h: shared inside src/http only: what speaks to brokers.
 *
 * librabbitmq waits within its calls, so each connection has a thread.  The
 * thread's side and the loop's meet in lists that a worker's lock guards;
 * each wakes the other through a descriptor.
 */
#ifndef STATED_AMQP_PRIV_H
#define STATED_AMQP_PRIV_H

#include "stated/http.h"

#include <amqp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

struct event_base;

/* ---- http_worker.c: a thread, and the two ways of waking ---- */

struct http_worker {
	pthread_t thread;
	pthread_mutex_t lock;
	int wake_fd; /* the loop's word to the thread */
	int tell_fd; /* the thread's word to the loop */
	struct event *told;
	void (*run)(void *arg);	    /* the thread; ends where is_stopping */
	void (*told_cb)(void *arg); /* on the loop */
	void *arg;
	bool has_begun; /* the loop's */
	atomic_bool is_stopping;
	bool has_ended;	/* the lock's */
	int socket; /* that the thread may be stuck in; the lock's; -1: none */
};
void http_worker_init(struct http_worker *worker);
/* Starts the thread, unless it runs.  false where the system gives none, or no
 * descriptors: then it may be tried again. */
bool http_worker_begin(struct http_worker *worker, struct event_base *base);
void http_worker_lock(struct http_worker *worker);
void http_worker_unlock(struct http_worker *worker);
/* From either side. */
void http_worker_wake(struct http_worker *worker);
void http_worker_tell(struct http_worker *worker);
/* On the thread: until the loop has something, or `fd` (-1: none) has, or the
 * time is over (-1: never). */
void http_worker_wait(struct http_worker *worker, int fd, int64_t timeout_ms);
/* On the thread. */
void http_worker_set_socket(struct http_worker *worker, int fd);
/* Whatever it waits for in its socket comes to an end. */
void http_worker_cut(struct http_worker *worker);
/* Asks it to end; told_cb() finds has_ended. */
void http_worker_stop(struct http_worker *worker);
bool http_worker_has_ended(struct http_worker *worker);
/* Waits for that. */
void http_worker_fini(struct http_worker *worker);

/* ---- http_amqp.c: a connection to a broker, on a thread ---- */

/* Copies, and what became of it. */
struct http_amqp {
	struct message_broker broker;
	struct str client_certificate;
	struct str ca;
	struct http_worker *worker;
	amqp_connection_state_t state; /* NULL: none */
	/* of the last failure */
	enum message_failure failure; /* MESSAGE_OK: see status */
	int status;
	struct buf detail;
};
/* Texts are copied into the arena. */
void http_amqp_init(struct http_amqp *amqp, struct arena *arena,
    const struct message_request *request, struct http_worker *worker);
void http_amqp_fini(struct http_amqp *amqp); /* its secrets are wiped */
/* false with the failure. */
MUST_USE bool http_amqp_open(struct http_amqp *amqp, int64_t timeout_ms);
/* Says good-bye where the connection is well. */
void http_amqp_close(struct http_amqp *amqp, bool is_well);
/* Whether that went well; else the failure is noted, and *is_broken says
 * whether the connection is of no more use. */
MUST_USE bool http_amqp_is_ok(
    struct http_amqp *amqp, amqp_rpc_reply_t reply, bool *is_broken);
/* The next frame that is there: 1, or 0, or -1 with the failure. */
int http_amqp_next(struct http_amqp *amqp, amqp_frame_t *frame);
/* The connection broke at a library's call that gave that status. */
void http_amqp_note(struct http_amqp *amqp, int status);
/* The broker has closed the connection, or a channel. */
void http_amqp_note_close(
    struct http_amqp *amqp, const amqp_method_t *method);
int http_amqp_fd(const struct http_amqp *amqp);
/* What it has to be waited for at most, so that heartbeats go out. */
int64_t http_amqp_beat_ms(const struct http_amqp *amqp);

static inline amqp_bytes_t
http_amqp_bytes(struct str text)
{
	return (amqp_bytes_t){text.bytes, (void *)(uintptr_t)text.at};
}

static inline struct str
http_amqp_str(amqp_bytes_t bytes)
{
	return (struct str){bytes.bytes, bytes.len};
}

/* ---- http_publisher.c: messages to one broker ---- */

struct http_publisher;
struct http_publisher *http_publisher_new(
    struct event_base *base, const struct message_request *request);
/* Whether it is that broker, shown the same credentials. */
bool http_publisher_is_for(const struct http_publisher *publisher,
    const struct message_request *request);
void http_publisher_send(struct http_publisher *publisher,
    const struct message_request *request, http_done_fn *done, void *arg);
size_t http_publisher_active(const struct http_publisher *publisher);
/* When it was used last, by the monotonic clock. */
int64_t http_publisher_used_us(const struct http_publisher *publisher);
/* Asks its thread to end. */
void http_publisher_stop(struct http_publisher *publisher);
bool http_publisher_has_ended(struct http_publisher *publisher);
/* What is under way is dropped without callbacks. */
void http_publisher_free(struct http_publisher **publisher);

/* ---- http_source.c: messages from a queue ---- */

struct http_source *http_source_new(struct event_base *base,
    const struct message_request *request,
    const struct http_listener *listener);
/* Where the system had no thread for it, or no descriptors. */
void http_source_begin(struct http_source *source, struct event_base *base);
void http_source_stop(struct http_source *source);
/* It was closed, its thread is over, and nobody holds a message of it. */
bool http_source_is_over(struct http_source *source);
void http_source_free(struct http_source **source);

/* ---- http_broker.c: all of these of one client ---- */

struct http_broker;
struct http_broker *http_broker_new(struct event_base *base);
void http_broker_free(struct http_broker **broker);
void http_broker_send(struct http_broker *broker,
    const struct message_request *request, http_done_fn *done, void *arg);
struct http_source *http_broker_listen(struct http_broker *broker,
    const struct message_request *request,
    const struct http_listener *listener);
size_t http_broker_active(const struct http_broker *broker);

#endif
