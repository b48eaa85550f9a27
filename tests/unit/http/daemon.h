/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.h: a real server beside a test: started as a child, stopped by its
 * id, on a port of loopback that the kernel picked.
 */
#ifndef STATED_TEST_DAEMON_H
#define STATED_TEST_DAEMON_H

#include "stated/must.h"

#include <stdint.h>
#include <sys/types.h>

/* Fails the test where there is no such program, and names the package. */
void daemon_need(const char *program, const char *package);
/* The child that the arguments start; what it prints goes nowhere. */
pid_t daemon_start(const char *const *arguments);
/* The port that it listens on; fails the test where it ends before it does. */
uint16_t daemon_port(pid_t child);
void daemon_stop(pid_t child);

#endif
