/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h: the seam of time, and instants.
 *
 * An instant is a count of milliseconds since 1970-01-01T00:00:00Z, leap
 * seconds left out (POSIX).  0 is never a real instant of ours: fields use it
 * for "none".
 */
#ifndef STATED_CLOCK_H
#define STATED_CLOCK_H

#include "stated/buf.h"

struct clock {
	/* The present instant. */
	int64_t (*now_ms)(const struct clock *clock);
	/* How long to sleep really until the clock shows `until_ms`; 0 if
	 * past. */
	int64_t (*sleep_ms)(const struct clock *clock, int64_t until_ms);
};

static inline int64_t
clock_now_ms(const struct clock *clock)
{
	return clock->now_ms(clock);
}

static inline int64_t
clock_sleep_ms(const struct clock *clock, int64_t until_ms)
{
	return clock->sleep_ms(clock, until_ms);
}

/* The machine's clock. */
const struct clock *clock_system(void);

/* Passes as the machine's does, but can't be set, and passes while the machine
 * sleeps, too: for spans.  What it shows is no date. */
const struct clock *clock_steady(void);

/* Microseconds since some moment, whatever people do to the machine's clock.
 * No seam: for patience and for measuring, never for what a chart sees. */
int64_t clock_monotonic_us(void);

/* The machine's clock, passing `factor` times faster from the moment of
 * clock_scaled_init() on: for demos and training.  It begins with the present,
 * or with `not_before_ms` where that is later: what ran ahead of the machine
 * once goes on from there, and not back. */
struct clock_scaled {
	struct clock clock;
	int64_t origin_ms; /* by the machine */
	int64_t shown_ms;  /* by this clock at that moment */
	int64_t factor;
};
void clock_scaled_init(
    struct clock_scaled *scaled, int64_t factor, int64_t not_before_ms);

/* Stands still until it is set: for tests and simulation. */
struct clock_virtual {
	struct clock clock;
	int64_t now_ms;
};
void clock_virtual_init(struct clock_virtual *virtual_clock, int64_t now_ms);

/* RFC 3339 in UTC with milliseconds: 2026-11-22T09:30:00.000Z. */
#define CLOCK_TEXT_BYTES 32
struct str clock_format(int64_t instant_ms, char out[CLOCK_TEXT_BYTES]);
/* RFC 3339 with any offset; fractions finer than milliseconds are cut. */
MUST_USE bool clock_parse(struct str text, int64_t *instant_ms);

#endif
