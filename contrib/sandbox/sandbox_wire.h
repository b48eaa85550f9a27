/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_wire.h: puts replies on the wire, honestly or not.
 *
 * An honest reply goes out through libevent's HTTP server.  For the others the
 * connection is taken out of its hands and held here until its end.
 */
#ifndef SANDBOX_WIRE_H
#define SANDBOX_WIRE_H

#include "sandbox_fault.h"

struct evhttp_request;
struct sandbox_wire;

struct sandbox_wire *sandbox_wire_new(struct event_base *base);
/* Before the HTTP server is freed: closes what is held. */
void sandbox_wire_free(struct sandbox_wire **wire);
/* The reply's own content is only read. */
void sandbox_wire_send(struct sandbox_wire *wire,
    struct evhttp_request *request, const struct sandbox_reply *reply,
    const struct sandbox_fault *fault);

#endif
