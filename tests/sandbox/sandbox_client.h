/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_client.h: a sandbox in a process of its own, a caller, and a
 * receiver of its webhooks.  Whatever can't go on fails the test.
 */
#ifndef SANDBOX_CLIENT_H
#define SANDBOX_CLIENT_H

#include "stated/str.h"

#include <sys/types.h>

struct client {
	pid_t pid;
	int output; /* the sandbox's standard output */
	char url[128];
	char directory[64]; /* removed at the end */
	char ledger[96];
};

/* Runs stated-sandbox with these arguments (ends with NULL) beside --seed,
 * --listen and --ledger. */
void client_start(struct client *client, const char *const *arguments);
/* Ends it by SIGTERM; it must leave with 0, so with nothing leaked. */
void client_stop(struct client *client);

struct answer {
	int status; /* 0: no whole answer came */
	int result; /* a CURLcode */
	bool was_reset; /* by an RST */
	bool timed_out;
	char *body; /* what came of it; never NULL */
	char *content_type;
	char *retry_after;
	char *echo; /* x-fapi-interaction-id */
};

struct call {
	const char *method;
	const char *path;
	const char *headers[4]; /* "name: value" */
	const char *body; /* NULL: none */
	long timeout_ms; /* 0: 5 s */
	const char *url; /* of the server; NULL: the sandbox's, without TLS */
	const char *ca; /* whom to trust, in PEM */
	const char *identity; /* certificate and key of ours, in PEM */
};

struct answer client_call(const struct client *client, const struct call *call);
void answer_fini(struct answer *answer);

/* Calls and checks the status; the body, until the next client_text(). */
const char *client_text(struct client *client, int status,
    const struct call *call);

/* One webhook as it came. */
struct delivery {
	char body[2048];
	char signature[80];
};

struct receiver {
	int fd;
	char url[64];
};

void receiver_open(struct receiver *receiver);
void receiver_close(struct receiver *receiver);
/* The next webhook within timeout_ms, answered with this status (0: the
 * connection is closed instead); false where none came. */
bool receiver_take(struct receiver *receiver, int status, int timeout_ms,
    struct delivery *delivery);

/* Whole contents, to be freed. */
char *read_file(const char *path);
bool text_has(const char *text, const char *part);
size_t count_of(const char *text, const char *part);

#endif
