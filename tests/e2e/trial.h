/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h: an engine whose machine fails, as a shim lets it, while payments
 * are started; what it acknowledged is done by the next one, once.
 */
#ifndef STATED_TEST_TRIAL_H
#define STATED_TEST_TRIAL_H

#include "house.h"

#define TRIAL_PAYMENTS_MAX 8192
#define TRIAL_LIFE_MS 20000 /* an engine that does nothing for so long hangs */

struct trial {
	struct house *house;
	void *shared; /* memory of the shim's, too */
	size_t shared_bytes;
	char what[128]; /* fails now; for trial_fail() */
	int payments; /* that were tried to be started */
	bool is_started[TRIAL_PAYMENTS_MAX]; /* acknowledged */
};

/* A house with a database; no engine runs, and each that is started from now
 * on has the shim.  The shim's variable names a file of so many bytes, all 0 at
 * first. */
void trial_open(struct trial *trial, const char *shim, const char *variable,
    size_t bytes);
/* Asks the engine once to start another one, whatever comes of it. */
void trial_start_payment(struct trial *trial);
/* false: it has ended.  One that is neither ready nor dead fails the test. */
bool trial_await_ready(struct trial *trial);
/* Fails the test; tells what the engine said last, and what was tried. */
void trial_fail(const struct trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An engine without the shim does the rest: all that was acknowledged, and
 * nothing twice. */
void trial_close(struct trial *trial);
/* STATED_FAULTS=all: many more moments than usual. */
bool trial_is_long(void);

#endif
