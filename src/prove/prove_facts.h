/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_facts.h: private to src/prove: what holds at points, and what
 * expressions read.
 */
#ifndef STATED_PROVE_FACTS_H
#define STATED_PROVE_FACTS_H

#include "prove_priv.h"

/* ---- facts.c ---- */

#define FACTS_WORD_BITS 64

struct facts {
	const struct flow *flow;
	size_t words; /* of each point */
	uint64_t *bits;
};
/* Changes the bits that hold before an edge into those that hold after it. */
typedef void facts_fn(
    void *arg, const struct flow_edge *edge, uint64_t *bits);

/* No bit holds anywhere; those that hold at the start may be added then. */
struct facts facts_new(const struct flow *flow, size_t bit_count);
/* What surely holds at a point on all paths, or what may hold on one. */
void facts_solve(
    struct facts *facts, bool is_sure, facts_fn *transfer, void *arg);
uint64_t *facts_at(const struct facts *facts, uint32_t point);
bool facts_has(const uint64_t *bits, size_t bit);
void facts_add(uint64_t *bits, size_t bit);
void facts_remove(uint64_t *bits, size_t bit);

/* ---- names.c ---- */

/* Every name that a template reads, with the expression that reads it. */
typedef void names_fn(
    const struct template *template, struct str name, void *arg);
void names_each(const struct template *template, names_fn *fn, void *arg);
bool names_has(const struct template *template, struct str name);
/* The same of what a decision table reads. */
typedef void names_of_feel_fn(struct str name, void *arg);
void names_each_of_decision(
    const struct def_decision *decision, names_of_feel_fn *fn, void *arg);
/* Whether the expression compares the name with null: it may be unset. */
bool names_asks_null(
    const struct template *template, struct str name, struct arena *arena);
/* Whether it reads what the path leads to, or something around that. */
bool names_reads_path(
    const struct template *template, struct str path, struct arena *arena);
/* Names that are surely not null where the condition holds: "a != null". */
void names_each_not_null(const struct template *guard, struct arena *arena,
    names_of_feel_fn *fn, void *arg);
/* What a step surely assigns once it is done, whatever way it is done. */
void names_each_assigned(
    const struct def_step *step, names_of_feel_fn *fn, void *arg);

/* Names by numbers, in the order in which they were first asked for. */
struct name_table {
	struct map *index;
	struct str *names;
	size_t count;
	size_t capacity;
	struct arena *arena;
};
struct name_table name_table_new(struct arena *arena);
void name_table_free(struct name_table *table);
size_t name_table_add(struct name_table *table, struct str name);
/* SIZE_MAX where it is not there. */
size_t name_table_find(const struct name_table *table, struct str name);

#endif
