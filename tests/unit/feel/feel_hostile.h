/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_hostile.h: expressions that are made to cost too much, for the tests
 * and the benchmark.
 */
#ifndef FEEL_HOSTILE_H
#define FEEL_HOSTILE_H

#include "stated/feel.h"

/* The text is head, `times` times `again`, middle, `times` times `back`,
 * tail; a "#" in `again` is the number of the repetition.  NULL is nothing. */
struct feel_hostile {
	const char *name;
	const char *head;
	const char *again;
	unsigned times;
	const char *middle;
	const char *back;
	const char *tail;
	bool is_cheap; /* has an answer within the budget */
};

extern const struct feel_hostile feel_hostile_cases[];
extern const size_t feel_hostile_count;

struct str feel_hostile_text(
    const struct feel_hostile *hostile, struct arena *arena);
/* What they read: x is 7; s and t are texts of 100,000 bytes and more, which
 * differ in their last byte; l has 20,000 numbers; c has 1,000 contexts. */
const struct value *feel_hostile_context(struct arena *arena);

#endif
