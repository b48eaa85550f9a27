/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_effect.h: private to src/prove: what changes the world outside.
 */
#ifndef STATED_PROVE_EFFECT_H
#define STATED_PROVE_EFFECT_H

#include "prove_facts.h"

/* A step that changes something outside: a call that isn't safe, or a child
 * that would be started once more. */
struct effect {
	size_t index;
	const struct def_step *step;
	const struct effect *next_of_kind; /* they do the same; a ring */
	struct name_table reads; /* what makes it another one if it changes */
	struct name_table key_reads;
	bool varies;           /* with the item of the innermost `for` */
	bool can_be_undone;
	bool is_harmless;      /* done twice it is as done once */
	bool has_key;          /* one of its own that the endpoint honours */
	const struct template *key; /* NULL: its arguments are */
	size_t key_kind;       /* the same where it is written the same */
	int64_t key_lives_ms;  /* 0: for ever */
	/* A deadline of that state does it, which comes once until the state
	 * is entered again; NULL: else, or it can't be told. */
	const struct def_state *once_in;
};

struct effects {
	struct proof *proof;
	struct effect *items;
	size_t count;
	size_t *of_step; /* by step; SIZE_MAX: none */
};

/* effect.c */
struct effects effects_new(struct proof *proof);
void effects_free(struct effects *effects);
/* Whether an error that the move takes leaves it open that it was done. */
bool effect_may_be_done(const struct effect *effect,
    const struct flow *flow, const struct flow_move *move);
/* Whether the move takes any error of that step. */
bool effect_takes_error_of(const struct flow *flow,
    const struct flow_move *move, const struct def_step *step);

/* The innermost loop for whose items the call does something different each
 * time under the same key; NULL: none, or it can't be told. */
const struct def_step *effect_loop_of_one_key(
    const struct def_step *step, const struct def_call *call);

/* effect_age.c */
struct effect_ages;
/* longest_ms: the longest that any key lives. */
struct effect_ages *effect_ages_new(
    const struct flow *flow, int64_t longest_ms);
/* By point, the longest that it can be since the effect was done, up to the
 * life of its key; -1: it isn't done.  `keeps` tells by edge whether it is
 * done after it; both are good until the next effect. */
const int64_t *effect_ages_solve(struct effect_ages *ages,
    const struct effect *effect, const bool *keeps);
/* The same when the step, which begins there, makes its last attempt. */
int64_t effect_ages_at_attempt(const struct effect_ages *ages, uint32_t point,
    const struct def_step *step);
/* Whether the point after the edge is as old by this way as by any. */
bool effect_ages_is_longest(const struct effect_ages *ages, uint32_t edge);
/* Whether the key may die while the instance stands still on the edge. */
bool effect_ages_is_dying(const struct effect_ages *ages, uint32_t edge);

/* effect_beside.c */
/* Another that does the same in another region, so that neither is first;
 * NULL: none. */
const struct effect *effect_find_beside(
    const struct effects *effects, const struct effect *effect);

#endif
