/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: a server that does what a test tells it, byte by byte, on a port of
 * loopback that the kernel picks.  It runs on the test's own loop.
 */
#ifndef STATED_TEST_WIRE_H
#define STATED_TEST_WIRE_H

#include "stated/buf.h"

#include <event2/event.h>

struct wire;
struct wire_peer;

/* Called for each whole request; what it does is the answer. */
typedef void wire_fn(struct wire_peer *peer, struct wire *wire);

struct wire {
	struct event_base *base;
	struct evconnlistener *listener;
	const char *host;
	uint16_t port;
	wire_fn *answer;
	const char *text;        /* for wire_answer_text() */
	size_t connection_count; /* accepted */
	size_t open_count;
	size_t request_count;    /* whole ones */
	struct buf last;         /* the last request, whole */
	struct wire_peer *peers;
	struct ssl_ctx_st *tls; /* set after opening: it speaks TLS */
	bool says_goodbye; /* of TLS, before it hangs up */
};

void wire_open(struct wire *wire, struct event_base *base, wire_fn *answer);
/* On another address of this host: "::1". */
void wire_open_on(struct wire *wire, struct event_base *base, wire_fn *answer,
    const char *host);
void wire_close(struct wire *wire);
/* http, or https where the wire speaks TLS.  Valid until the next call. */
const char *wire_url(const struct wire *wire, const char *path);

void wire_say(struct wire_peer *peer, const char *text);
void wire_say_bytes(struct wire_peer *peer, struct str bytes);
/* Closes when what was said has gone out: a FIN. */
void wire_hang_up(struct wire_peer *peer);
/* Closes with a RST, at once. */
void wire_reset(struct wire_peer *peer);

/* Ready answers. */
void wire_answer_ok(struct wire_peer *peer, struct wire *wire);
void wire_answer_text(struct wire_peer *peer, struct wire *wire);
void wire_answer_text_and_hang_up(struct wire_peer *peer, struct wire *wire);
/* As a server that closes a kept connection just when it is used again. */
void wire_answer_first_then_hang_up(struct wire_peer *peer, struct wire *wire);
void wire_answer_nothing(struct wire_peer *peer, struct wire *wire);

#endif
