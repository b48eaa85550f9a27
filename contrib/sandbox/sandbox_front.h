/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_front.h: the door for TLS.
 *
 * It shakes hands, or fails to as it is told (sandbox_fault.h), and hands what
 * it hears to the listener without TLS, as a load balancer in front of an
 * endpoint does.  What goes wrong with HTTP goes wrong behind it all the same.
 */
#ifndef SANDBOX_FRONT_H
#define SANDBOX_FRONT_H

#include "sandbox.h"

struct sandbox_front;

/* Listens at a port of the kernel's choice, for the socket that listens
 * without TLS.  NULL with errno. */
struct sandbox_front *sandbox_front_open(struct sandbox *sandbox,
    const char *host, int behind);
void sandbox_front_close(struct sandbox_front **front);
uint16_t sandbox_front_port(const struct sandbox_front *front);

/* GET /control/tls */
void sandbox_front_control(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
