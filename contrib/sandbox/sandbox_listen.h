/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_listen.h: sockets that take connections. */
#ifndef SANDBOX_LISTEN_H
#define SANDBOX_LISTEN_H

#include <stdint.h>

#include <event2/listener.h>

/* At a port of the kernel's choice; NULL with errno. */
struct evconnlistener *sandbox_listen(struct event_base *base,
    const char *host, evconnlistener_cb accept_cb, void *arg);
/* At which port a socket is bound. */
uint16_t sandbox_listen_port(evutil_socket_t fd);

#endif
