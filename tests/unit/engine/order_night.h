/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_night.h: one order from its start to its end, in a bad night.
 *
 * A call that is tried again, an event, a call, two events for a broker and a
 * deadline; callers repeat what was not acknowledged.  The endpoint does what
 * it is asked for once for each key.  What was acknowledged and what really happened is in the night,
 * which may outlive engines, and processes where it is in shared memory.
 */
#ifndef ORDER_NIGHT_H
#define ORDER_NIGHT_H

#include "engine_house.h"

enum night_op { NIGHT_BOOK, NIGHT_SEND, NIGHT_OP_COUNT };

struct night {
	struct house *house;
	bool goes_on; /* what fails works again: to be waited for */
	enum engine_status status; /* of the last reply */
	uint64_t instance;
	bool is_started, is_event_taken; /* acknowledged */
	char state[32];
	int requests; /* that went out */
	char bodies[NIGHT_OP_COUNT][96]; /* with the key */
	int effects[NIGHT_OP_COUNT];
	int published[2]; /* how often the broker was given each event */
};

extern const char night_definitions[];

/* The network finds the night here. */
void night_set(struct night *night);
house_answer_fn night_answer_cb;

/* Asks for the start, whether it was acknowledged before or not. */
void night_start(struct night *night);
/* Goes on to the end; false where the store won't have it. */
bool night_work(struct night *night);
/* Until nothing is under way. */
void night_settle(struct night *night);
/* All happened, once, and is written down. */
void night_audit(struct night *night);

#endif
