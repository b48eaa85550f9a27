/* SPDX-License-Identifier: Apache-2.0 */
/* flow_build.h: private to src/prove: what the builders of a flow share. */
#ifndef STATED_FLOW_BUILD_H
#define STATED_FLOW_BUILD_H

#include "prove_priv.h"

struct build {
	struct flow *flow;
	bool *wants_cut; /* by state: something may interrupt it */
	const struct str *raised;
	size_t raised_count;
	uint32_t never;  /* a point that nothing reaches */
};

struct entering {
	struct def_targets targets;
	bool is_undoing;
};

/* ---- flow_build.c: steps, leaving and entering ---- */

uint32_t flow_build_point(struct build *build, const struct def_state *state);
/* The exit steps of `state` and what is around it, up to `domain`. */
uint32_t flow_build_exits(struct build *build, uint32_t from,
    const struct def_state *state, const struct def_state *domain);
uint32_t flow_build_undo(struct build *build, uint32_t from,
    enum def_compensate compensate, const struct def_state *to);
void flow_build_taking(
    struct build *build, uint32_t from, const struct flow_move *move);
/* The move is taken while `leaf` is active, with what is around it up to the
 * move's domain. */
void flow_build_move(struct build *build, uint32_t from,
    const struct def_state *leaf, const struct flow_move *move, bool is_plain);
/* Of a parallel state all regions, of others the one that leads to the
 * targets. */
void flow_build_inside(struct build *build, uint32_t from,
    const struct def_state *around, const struct entering *entering);

/* ---- flow_wait.c: what comes while states wait ---- */

/* Notes which moves take what a step raises. */
void flow_wait_find_raised(struct build *build);
/* Whether the move can be taken between two steps. */
bool flow_wait_interrupts(const struct flow_move *move);
/* An event, a deadline or an escalation finds the state waiting. */
void flow_wait_build(struct build *build, const struct flow_move *move);
/* What the others did may have happened when a region leaves them all. */
void flow_wait_build_regions(
    struct build *build, const struct flow_move *move);
/* The same where a state around the regions takes what `leaf` brings. */
uint32_t flow_wait_build_meeting(struct build *build, uint32_t from,
    const struct def_state *leaf, const struct flow_move *move);
/* Before all that leads to moves, and after all steps are there. */
void flow_wait_build_gates(struct build *build);
void flow_wait_build_raising(struct build *build);

#endif
