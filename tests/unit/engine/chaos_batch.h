/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos_batch.h: orders that are run together: the second model of a workflow
 * with regions, loops and children.
 *
 * A batch runs several orders, two at once, in one region, and notes each of
 * its lines at the desk in another.  Batches share orders, which others start
 * as well.  Here stands what the desk was really told, by line.
 */
#ifndef CHAOS_BATCH_H
#define CHAOS_BATCH_H

#include "stated/store.h"

#define BATCHES 12
#define BATCH_LINES 5

/* The workflow's document, without the connection that it uses. */
extern const char batch_definition[];

struct batch {
	bool is_started;   /* acknowledged */
	uint64_t instance; /* as acknowledged; 0: not yet */
	int sent;	   /* requests that left the engine */
	int noted[BATCH_LINES];
	char keys[BATCH_LINES][40];
};

struct batches {
	struct batch items[BATCHES];
};

/* The number of the order that stands in a line (from 0) of a batch. */
int batch_order(int batch, int line, int orders);
/* The desk is told; a repetition under the same key is none. */
void batch_note(struct batches *batches, int batch, int line, const char *key);
/* What is wrong with a batch that has ended, as its instance is shown; NULL:
 * nothing. */
const char *batch_fault(const struct batches *batches, int batch, int orders,
    const struct value *view);

#endif
