/* SPDX-License-Identifier: Apache-2.0 */
/* diff_priv.h: what the files of src/diff share; nobody else includes it. */
#ifndef DIFF_PRIV_H
#define DIFF_PRIV_H

#include "stated/diff.h"

/*
 * One thing that a definition says, by what it is about.  A state and an item
 * are there where there is a fact about them with an empty aspect.
 */
struct diff_fact {
	struct str state;  /* empty: the whole */
	struct str item;   /* empty: the state itself */
	struct str aspect; /* empty: the item itself */
	struct str text;
};

struct diff_facts {
	struct arena *arena;
	const struct definition *definition;
	/* What a state is called here: its new name where it was renamed.
	 * By index; NULL: as it is. */
	const struct str *names;
	struct diff_fact *items;
	size_t count;
	size_t capacity;
};

/* ---- diff_fact.c: all that a definition says ---- */
/* How the item of a decision table begins; its aspects are in order. */
#define DIFF_DECISION "decision "
void diff_fact_gather(struct diff_facts *facts);
void diff_fact_add(struct diff_facts *facts, struct diff_fact fact);

/* ---- diff_step.c: what steps say ---- */
void diff_step_gather(struct diff_facts *facts, struct str state,
    struct str where, const struct def_steps *steps);

/* ---- diff_text.c: texts that are equal where the meaning is ---- */
/* Absent of NULL. */
struct str diff_text_of(struct arena *arena, const struct template *template);
/* The same where a text is another value than the number that it reads as:
 * texts stand in quotes. */
struct str diff_text_value(
    struct arena *arena, const struct template *template);
struct str diff_text_assigns(
    struct arena *arena, const struct def_assigns *assigns);
struct str diff_text_span(struct arena *arena, const struct def_span *span);
struct str diff_text_ms(struct arena *arena, int64_t ms);
struct str diff_text_names(
    struct arena *arena, const struct str *names, size_t count);

#endif
