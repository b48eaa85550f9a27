/* SPDX-License-Identifier: Apache-2.0 */
/*
 * population.h: all instances of a period, and samples of them.
 *
 * What was open at the beginning of a period and what was started in it is
 * what ended in it and what is open at its end.  Numbers of instances have no
 * gaps, so that none can be missing from either side.
 *
 * Both go through the database as it was when they were opened, a page at a
 * time, so that an engine can do other things in between, and need the same
 * little memory for ten instances and for ten million.  docs/audit.md tells
 * how an auditor does the same by hand.
 */
#ifndef STATED_POPULATION_H
#define STATED_POPULATION_H

#include "stated/store.h"

struct population_options {
	struct str path;     /* of the database */
	struct store_keys *keys; /* NULL: it isn't encrypted */
	struct str workflow; /* absent: all */
	/* of one of these by their label `entity`; none: of any */
	const struct str *entities;
	size_t entity_count;
	int64_t from_ms;     /* 0: from the first instance on */
	int64_t to_ms;       /* excluded */
	/* Where in the input the control totals come from, with dots between
	 * names; absent: `amount` and `currency`. */
	struct str amount;
	struct str currency;
};

struct population;
MUST_USE enum store_error population_open(
    const struct population_options *options, struct population **population,
    struct buf *detail);
/* Looks at some more; *is_end tells that all have been seen. */
MUST_USE enum store_error population_step(
    struct population *population, bool *is_end);
void population_close(struct population **population);
uint64_t population_looked(const struct population *population);
/* When all have been seen: whether it adds up and no number is missing. */
bool population_is_sound(const struct population *population);
/* The figures, as GET /v1/population answers them. */
const struct value *population_report(
    const struct population *population, struct arena *arena);

/* ---- samples ---- */

#define SAMPLE_SIZE_MAX 100000
#define SAMPLE_SIZE_USUAL 25

struct sample_options {
	struct str path;
	struct store_keys *keys; /* NULL: it isn't encrypted */
	struct str workflow; /* absent: all */
	struct str status;
	/* of one of these by their label `entity`; none: of any */
	const struct str *entities;
	size_t entity_count;
	int64_t from_ms; /* started; 0: no bound */
	int64_t to_ms;   /* excluded */
	struct str seed;
	size_t size; /* 1 to SAMPLE_SIZE_MAX */
};

struct sample;
MUST_USE enum store_error sample_open(const struct sample_options *options,
    struct sample **sample, struct buf *detail);
/* Looks at some more, or tells of some that were drawn. */
MUST_USE enum store_error sample_step(struct sample *sample, bool *is_end);
void sample_close(struct sample **sample);
uint64_t sample_looked(const struct sample *sample);
/* When there is no more to look at: {seed, size, population, items}, as GET
 * /v1/sample answers it.  The items live as long as the sample. */
const struct value *sample_report(
    const struct sample *sample, struct arena *arena);

#endif
