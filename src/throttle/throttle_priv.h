/* SPDX-License-Identifier: Apache-2.0 */
/* throttle_priv.h: shared inside src/throttle only. */
#ifndef STATED_THROTTLE_PRIV_H
#define STATED_THROTTLE_PRIV_H

#include "stated/must.h"
#include "stated/throttle.h"

/* ---- throttle_rate.c: at most `count` in any stretch of `window_ms` ---- */

struct throttle_rate {
	int64_t count; /* 0: no bound */
	int64_t window_ms;
	int64_t group; /* calls that share an entry */
	int64_t *sent_ms; /* the last call of each group, in a ring */
	int64_t slots;
	int64_t sent;	 /* so far */
	int64_t pending; /* begun, and not sent yet */
};

/* count 0: no bound. */
void throttle_rate_set(
    struct throttle_rate *rate, int64_t count, int64_t window_ms);
/* None has been sent. */
void throttle_rate_forget(struct throttle_rate *rate);
void throttle_rate_fini(struct throttle_rate *rate);
bool throttle_rate_allows(const struct throttle_rate *rate, int64_t now_ms);
/* When it allows the next; 0: when one that is pending has been sent. */
int64_t throttle_rate_next_ms(const struct throttle_rate *rate);
void throttle_rate_begin(struct throttle_rate *rate);
void throttle_rate_give_back(struct throttle_rate *rate);
void throttle_rate_sent(struct throttle_rate *rate, int64_t now_ms);

#endif
