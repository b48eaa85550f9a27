/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h: the seam of the network, and its client: curl's multi interface on
 * libevent.
 *
 * Redirects are not followed, no proxy is used but the one a request names,
 * and connections are kept and reused.  Callbacks run on the loop's thread,
 * never from inside http_send().
 *
 * A request with an envelope is a mail (SMTP), and one may be about a file
 * (SFTP).  Each of these has a connection of its own, and a thread for as long
 * as it takes, of which there are few.  Messages for a broker (AMQP) share a
 * connection, which has a thread; so has each queue that is consumed.
 */
#ifndef STATED_HTTP_H
#define STATED_HTTP_H

#include "stated/message.h"

/* The response and what it points to are valid during the call only. */
typedef void http_done_fn(const struct message_response *response, void *arg);

/* A message that the broker has given us and will give to somebody again
 * unless it is settled. */
struct http_delivery;
enum http_settlement {
	SETTLE_TAKEN,   /* the broker forgets it */
	SETTLE_REFUSED, /* it is no good: to the dead letters, if there are any */
	SETTLE_LATER,   /* it comes again, at the earliest after the delay */
};
void http_delivery_settle(struct http_delivery **delivery,
    enum http_settlement settlement, int64_t delay_ms);
/* It lives until the delivery is settled. */
struct arena *http_delivery_arena(struct http_delivery *delivery);

struct http_listener {
	struct str queue;
	int64_t prefetch; /* so many are not settled at a time; at most 65535 */
	/* The message's properties and headers, and its body, which are valid
	 * until it is settled. */
	void (*delivered)(struct http_delivery *delivery,
	    const struct message_response *message, void *arg);
	/* 200: the queue is consumed; anything else tells why it is not, or
	 * (MESSAGE_TOO_LARGE) which message was not taken.  It is tried again
	 * by itself, after a while. */
	void (*changed)(const struct message_response *state, void *arg);
	void *arg;
};
struct http_source;
/* Nothing is delivered any more.  What is not settled comes again, to whoever
 * consumes the queue then. */
void http_source_close(struct http_source **source);

struct http_port {
	/* Copies what it needs of the request.  Exactly one done() follows. */
	void (*send)(struct http_port *port,
	    const struct message_request *request, http_done_fn *done,
	    void *arg);
	/* Consumes a queue of the request's broker until it is closed.  NULL
	 * where there is no network for it. */
	struct http_source *(*listen)(struct http_port *port,
	    const struct message_request *request,
	    const struct http_listener *listener);
};

static inline void
http_send(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	port->send(port, request, done, arg);
}

struct event_base;
struct http_client;

/* What is more than that waits within the client, first come, first served. */
#define HTTP_CONNECTIONS_MAX 1024
#define HTTP_MAILS_MAX 8 /* a thread each */
#define HTTP_FILES_MAX 8 /* the same */

struct http_client_options {
	/* kept over all hosts; 0: HTTP_CONNECTIONS_MAX */
	size_t connections_max;
	size_t connections_per_host_max; /* 0: 256 */
};
struct http_client *http_client_new(struct event_base *base,
    struct http_client_options options);
/* Exchanges under way are dropped without their callbacks. */
void http_client_free(struct http_client **client);
struct http_port *http_client_port(struct http_client *client);
size_t http_client_active(const struct http_client *client);

/* Who takes an answer's body as it comes.  What is no success (2xx) comes as
 * ever, in one piece. */
struct http_sink {
	/* The answer's head; it and what it points to are valid during the
	 * call.  It comes before the first piece, and without any where the
	 * body is empty.  false: nothing is wanted. */
	bool (*begin)(const struct message_response *head, void *arg);
	/* The next piece; false: no more is wanted. */
	bool (*take)(struct str bytes, void *arg);
	void *arg;
};

/* For command-line clients: one exchange, blocking.  The response lives in
 * the arena. */
struct message_response http_exchange(struct arena *arena,
    const struct message_request *request);
/* The same for an answer of any length: the body of a success goes to the
 * sink, and the request's timeout is for silence between two pieces.  One that
 * the sink doesn't want any more is MESSAGE_TRUNCATED. */
struct message_response http_exchange_into(struct arena *arena,
    const struct message_request *request, const struct http_sink *sink);

#endif
