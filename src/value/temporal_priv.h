/* SPDX-License-Identifier: Apache-2.0 */
/* temporal_priv.h: small steps of parsing, for dates, times and durations. */
#ifndef STATED_TEMPORAL_PRIV_H
#define STATED_TEMPORAL_PRIV_H

#include "stated/temporal.h"

#define TEMPORAL_DAY_SECONDS 86400
#define TEMPORAL_NANOSECONDS 1000000000

/* Each takes something from the front of *in; false where it isn't there. */
bool temporal_take_char(struct str *in, char c);
/* Two digits, as a number up to `max`. */
bool temporal_take_pair(struct str *in, int max, uint8_t *out);
/* One digit or more, as a number. */
bool temporal_take_number(struct str *in, int64_t *out);
/* "." and 1 to 9 digits, or nothing, which gives 0; false where malformed. */
bool temporal_take_fraction(struct str *in, uint32_t *nanoseconds);

/* As time_parse(), and 24:00:00, which sets *next_day and gives 00:00:00. */
bool temporal_take_time(struct str *in, struct time_of_day *out,
    bool *next_day);
/* ".5", or nothing for 0. */
void temporal_add_fraction(struct buf *out, uint32_t nanoseconds);
/* Division that rounds down; *rest is never negative. */
int64_t temporal_divide(int64_t a, int64_t b, int64_t *rest);

#endif
