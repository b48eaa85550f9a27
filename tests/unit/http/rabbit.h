/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rabbit.h: a RabbitMQ beside a test, with a folder, ports, a node's name and
 * a port mapper (epmd) of its own, so that others on the machine are nothing
 * to it; and a client, to see what it has.
 */
#ifndef STATED_TEST_RABBIT_H
#define STATED_TEST_RABBIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum rabbit_port {
	RABBIT_PORT,
	RABBIT_TLS,
	RABBIT_NODES, /* among nodes */
	RABBIT_NAMES, /* of epmd */
	RABBIT_PORTS
};

struct rabbit {
	char folder[64];
	pid_t names;
	pid_t broker; /* 0: none runs */
	int reserves[RABBIT_PORTS];
	char ports[RABBIT_PORTS][8];
};

/* Whether it is installed.  A test that can't be without it is skipped. */
bool rabbit_is_there(void);
/* certificate: of the server, PEM with its key, whose signer is also who
 * signs clients; NULL: no TLS.  Waits until it answers. */
void rabbit_open(struct rabbit *rabbit, const char *certificate);
void rabbit_close(struct rabbit *rabbit);
/* Stands still from when this returns on, until SIGCONT. */
void rabbit_halt(struct rabbit *rabbit);
/* SIGKILL. */
void rabbit_kill(struct rabbit *rabbit);
/* The same broker again, with what it had kept. */
void rabbit_start(struct rabbit *rabbit);

/* ---- a client ---- */

/* A durable queue; dead: where rejected messages go, or NULL. */
void rabbit_declare(
    struct rabbit *rabbit, const char *queue, const char *dead);
void rabbit_remove(struct rabbit *rabbit, const char *queue);
/* Messages waiting. */
size_t rabbit_count(struct rabbit *rabbit, const char *queue);

struct rabbit_message {
	char id[256];
	char type[256];	 /* of the content */
	char event[256]; /* header cloudEvents_type */
	char subject[256];
	char text[1024];
};
/* Puts messages on a queue; returns when all are confirmed. */
typedef bool rabbit_next_fn(
    struct rabbit_message *message, size_t index, void *arg);
void rabbit_send(struct rabbit *rabbit, const char *queue,
    rabbit_next_fn *next, void *arg);
/* Takes all that are there. */
typedef void rabbit_take_fn(const struct rabbit_message *message, void *arg);
size_t rabbit_take(struct rabbit *rabbit, const char *queue,
    rabbit_take_fn *take, void *arg);

#endif
