/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos_ledger.h: what really happened: the naive second model.
 *
 * The endpoints write down every effect that they had, in order; callers, what
 * was acknowledged to them.  It knows nothing of charts, turns or commits.
 */
#ifndef CHAOS_LEDGER_H
#define CHAOS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_ORDERS_MAX 1024
#define LEDGER_EVENTS_MAX 8

enum ledger_op { OP_BOOK, OP_PAY, OP_SEND, OP_COUNT };

/* One order: one business key, at most one instance. */
struct ledger_order {
	bool is_started;     /* acknowledged */
	uint64_t instance;   /* as acknowledged; 0: not yet */
	int done[OP_COUNT];
	int undone[OP_COUNT];
	int done_at[OP_COUNT];   /* instant of the last one, counted */
	int undone_at[OP_COUNT];
	char keys[OP_COUNT][2][40]; /* that the endpoint honours: do, undo */
	int sent;	     /* requests that left the engine */
	bool is_rejected[OP_COUNT]; /* refused for good */
	/* events: by number within the order */
	bool event_acknowledged[LEDGER_EVENTS_MAX];
	/* decisions */
	int decisions_acknowledged;
};

struct ledger {
	struct ledger_order orders[LEDGER_ORDERS_MAX];
	int count;
	int instant;
};

/* The endpoint does it, unless it has done it under that key (absent: no key
 * is honoured). */
void ledger_do(struct ledger *ledger, int order, enum ledger_op op,
    const char *key);
void ledger_undo(struct ledger *ledger, int order, enum ledger_op op,
    const char *key);
bool ledger_has(const struct ledger *ledger, int order, enum ledger_op op);
/* What is wrong with an order that ended; NULL: nothing. */
const char *ledger_fault(
    const struct ledger *ledger, int order, bool is_success);

#endif
