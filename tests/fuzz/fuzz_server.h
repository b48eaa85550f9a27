/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_server.h: the whole server for fuzzers: loop, engine and SQLite file,
 * asked over a socket as everybody asks it, but in one thread and at a clock
 * that stands still.
 *
 * Every server begins with the same instances, and is thrown away for a new
 * one as soon as something was written: what an input does depends on the
 * input alone.  Endpoints answer every call at once.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include "stated/api.h"

struct fuzz_server;

#define FUZZ_SERVER_NOW_MS INT64_C(1764000000000)
/* What signs the webhooks of the connection "bank". */
#define FUZZ_SERVER_SECRET "hush"
/* One with every role, and one that may post events only. */
#define FUZZ_SERVER_ADMIN "admin-token"
#define FUZZ_SERVER_SENDER "sender-token"

/* The one server of the process, as new. */
struct fuzz_server *fuzz_server_get(bool auth_required);

/* One answer; what it points to is valid until the next question. */
struct fuzz_answer {
	int status; /* 0: none came */
	bool is_ours; /* and not evhttp's, which refused it unread */
	struct str type;
	struct str body;
};

/*
 * Sends the bytes on a connection of their own and waits until the server is
 * through with them.  Every answer is held against what all answers have in
 * common; the last one is given back.  "{1}" and so on stand for the
 * identifiers of the instances that are there.
 */
struct fuzz_answer fuzz_server_say(
    struct fuzz_server *server, struct str request);
/* The same for a head (request line and headers, without the empty line) and
 * a body, whose length is added where the head tells none.  The answer is held
 * against /openapi.json, too. */
struct fuzz_answer fuzz_server_ask(
    struct fuzz_server *server, struct str head, struct str body);

#endif
