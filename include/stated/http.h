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
 * as it takes, of which there are few.
 */
#ifndef STATED_HTTP_H
#define STATED_HTTP_H

#include "stated/message.h"

/* The response and what it points to are valid during the call only. */
typedef void http_done_fn(const struct message_response *response, void *arg);

struct http_port {
	/* Copies what it needs of the request.  Exactly one done() follows. */
	void (*send)(struct http_port *port,
	    const struct message_request *request, http_done_fn *done,
	    void *arg);
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

/* For command-line clients: one exchange, blocking.  The response lives in
 * the arena. */
struct message_response http_exchange(struct arena *arena,
    const struct message_request *request);

#endif
