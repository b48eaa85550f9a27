/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos_gate.h: decides when a batch becomes durable, and whether.
 *
 * It stands in every SQLite connection that is opened after gate_install().
 * The store's thread stops at it before its first change, so that a test may
 * let things happen while a commit is under way and decide on its end
 * afterwards: with the same seed, always in the same order.
 */
#ifndef CHAOS_GATE_H
#define CHAOS_GATE_H

#include <stdbool.h>

void gate_install(void);
/* Nothing is stopped: for opening and closing. */
void gate_open(void);
/* The next batch stops. */
void gate_hold(void);
/* The batch that stands at the gate fails after so many small steps. */
void gate_fail(int steps);
/* Reading (on the loop's thread) fails, or not. */
void gate_fail_reading(bool fails);

#endif
