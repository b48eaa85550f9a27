/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_server.h: the listener, and the way of a request through faults. */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "sandbox.h"

struct sandbox_server;

/* Listens at once; port 0 lets the kernel choose.  NULL with errno. */
MUST_USE struct sandbox_server *sandbox_server_open(struct sandbox *sandbox,
    const char *host, uint16_t port);
/* The socket that listens. */
int sandbox_server_fd(const struct sandbox_server *server);
void sandbox_server_close(struct sandbox_server **server);

#endif
