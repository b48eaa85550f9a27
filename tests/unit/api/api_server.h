/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_server.h: a whole server for tests: engine, SQLite file, loop on a
 * thread of its own, a port of loopback that the kernel picks.  The test asks
 * it from outside, and every answer is held against /openapi.json.
 */
#ifndef STATED_TEST_API_SERVER_H
#define STATED_TEST_API_SERVER_H

#include "stated/api.h"

#include <pthread.h>
#include <stdatomic.h>

struct api_server {
	struct api_options options; /* may be changed before it is opened */
	size_t queue_max;	    /* of the engine; 0: as it is by itself */
	struct event_base *base;
	struct store *store;
	struct library *library;
	struct engine *engine;
	struct http_client *client;
	struct api *api;
	struct event *command;
	int pipe[2];
	pthread_t thread;
	bool is_at_rest; /* its thread has ended */
	struct arena *arena; /* of the test's side: answers live here */
	uint16_t port;
	char directory[64];
	char path[96];
	atomic_int reloads;
	bool is_reloaded; /* the last one has done it */
	const char *token; /* sent with every request; NULL: none */
	const char *actor;
	struct api_contract *contract; /* NULL: not known yet */
};

struct api_server *api_server_new(void);
void api_server_open(struct api_server *server);
/* It listens still, and nobody answers: what it has is the caller's thread's. */
void api_server_rest(struct api_server *server);
void api_server_free(struct api_server **server);
/* Around a test, for cmocka: *state is a server that is open. */
int api_server_set_up(void **state);
int api_server_tear_down(void **state);
/* Makes the loop's thread drain the api. */
void api_server_drain(struct api_server *server);
/* Makes the loop's thread forget all tokens. */
void api_server_revoke(struct api_server *server);
/* Makes the loop's thread read its certificate again; whether it could. */
bool api_server_reload_tls(struct api_server *server);
/* Makes the loop's thread drain the engine. */
void api_server_drain_engine(struct api_server *server);

struct answer {
	int status;
	struct str body;
	const struct value *json; /* value_null where it is none */
	const struct message_header *headers;
	size_t header_count;
};

/* Headers as "Name: value" lines, parted by \n; may be NULL. */
struct answer api_server_ask(struct api_server *server, const char *method,
    const char *target, const char *headers, const char *body);
struct answer api_server_get(struct api_server *server, const char *target);
struct answer api_server_post(
    struct api_server *server, const char *target, const char *body);
struct str answer_header(const struct answer *answer, const char *name);
/* A member by its path, "items.0.id"; value_null where there is none. */
const struct value *answer_member(
    const struct answer *answer, const char *path);
struct str answer_text(const struct answer *answer, const char *path);
/* Fails the test where the status is another, showing the answer. */
void answer_must_be(const struct answer *answer, int status);
/* Also checks `type`. */
void answer_must_be_problem(
    const struct answer *answer, int status, const char *name);

/* The bytes of a connection of one's own, until the server closes it or is
 * silent for a second. */
struct str api_server_say(struct api_server *server, const char *text);
int api_server_connect(struct api_server *server);

/* Starts a payment and gives its identifier. */
struct str api_server_start(struct api_server *server, const char *reference);
/* Asks until the member has that text, for some seconds. */
struct answer api_server_await(struct api_server *server, const char *target,
    const char *path, const char *text);

#endif
