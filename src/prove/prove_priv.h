/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_priv.h: shared inside src/prove only.
 *
 * All proofs about paths look at one graph, the flow: points between the
 * steps of a definition, and edges for what can happen between two points.
 * A state's region goes its way without regard to the others; where regions
 * meet (all are through, one of them leaves) they meet in the graph.
 */
#ifndef STATED_PROVE_PRIV_H
#define STATED_PROVE_PRIV_H

#include "stated/prove.h"

#include "prove_codes.h"

/* ---- flow.c ---- */

/* Every state has these points, whether it can get there or not. */
enum flow_place {
	AT_ENTRY,   /* entered: its entry steps are to run */
	AT_SETTLED, /* its entry steps are through; of states without states */
	AT_REST,    /* it waits */
	AT_LEAVING, /* all inside is left: its exit steps are to run */
	AT_LEFT,    /* its exit steps are through */
	AT_MIDST,   /* between two steps, where it can be interrupted */
	AT_CUT,     /* interrupted, and left */
	AT_DONE,    /* a final state inside is reached; of all regions */
	FLOW_PLACES,
};

enum flow_kind {
	POINT_START,
	POINT_STATE, /* one of the places above */
	POINT_STEP,  /* the step is to run */
	POINT_TAKE,  /* the move is taken: what it does is to run */
	POINT_BARE,
};

struct flow_point {
	enum flow_kind kind;
	enum flow_place place;         /* POINT_STATE */
	bool needs_all;                /* reached when all edges into it are */
	bool unites;                   /* ways that were all gone */
	const struct def_state *state; /* where it is; NULL of POINT_START */
	const struct def_step *step;
	const struct flow_move *move;
};

/* What lies along an edge. */
enum flow_act {
	ACT_NONE,
	ACT_STEP_DONE,
	ACT_STEP_SKIPPED,
	ACT_STEP_FAILED, /* move: the one that takes the error */
	ACT_MOVE,        /* the move is taken: its guard holds */
	ACT_UNDO,        /* all, or back to undo_to */
	ACT_EACH,        /* an iteration of the step begins */
	ACT_NEXT,        /* an iteration of the step follows another */
	ACT_ENTERED,     /* state */
};

/* Which proofs an edge is for. */
enum flow_use {
	USE_REACH = 1, /* what can come after what */
	USE_SURE = 2,  /* what surely holds at a point */
	USE_MAY = 4,   /* what may have happened before a point */
	USE_ALL = 7,
};

struct flow_edge {
	uint32_t from;
	uint32_t to;
	enum flow_act act;
	unsigned uses;
	const struct def_step *step;
	const struct flow_move *move;
	const struct def_state *state;
};

/* A transition, or an escalation that leads elsewhere. */
struct flow_move {
	size_t index;
	const struct def_state *source;
	const struct def_transition *transition; /* NULL: */
	const struct def_escalation *escalation;
	const struct template *guard;
	struct def_targets targets;
	const struct def_state *domain; /* what stays entered; NULL: nothing */
	uint32_t take;
	uint32_t gate;                  /* before take; 0: take itself */
	uint32_t raised;                /* what raises it leads here */
	bool is_taken;                  /* after flow_new() */
};

struct flow {
	const struct definition *definition;
	struct arena *arena;
	struct flow_point *points;
	size_t point_count;
	size_t point_capacity;
	struct flow_edge *edges;
	size_t edge_count;
	size_t edge_capacity;
	struct flow_move *moves;
	size_t move_count;
	/* moves of each state: moves_of[index] … moves_of[index + 1], those of
	 * its transitions `on`, `always`, `after`, then of its escalations */
	size_t *moves_of;
	bool *is_undoing; /* by state: undoing has gone before its entry */
	bool *is_raised;  /* by move: a step raises what it takes */
	/* Edges by point: out[first_out[p]] … out[first_out[p + 1]]. */
	uint32_t *first_out;
	uint32_t *out;
	uint32_t *first_in;
	uint32_t *in;
	bool *reached; /* by point */
	/* Points of a step that are reached, one after another; 0 at the
	 * end. */
	uint32_t *first_of_step; /* by step */
	uint32_t *next_of_step;  /* by point */
	struct search *search; /* scratch of flow_path.c */
};

struct flow *flow_new(const struct definition *definition, struct arena *arena);
uint32_t flow_at(const struct def_state *state, enum flow_place place);
bool flow_reaches(const struct flow *flow, const struct def_state *state,
    enum flow_place place);
/* A state itself, or one inside it, is entered on some path. */
bool flow_enters(const struct flow *flow, const struct def_state *state);
#define FLOW_START 0u

uint32_t flow_point_add(struct flow *flow, struct flow_point point);
struct flow_edge *flow_edge_add(
    struct flow *flow, uint32_t from, uint32_t to, enum flow_act act);

/* ---- flow_build.c: fills points and edges ---- */
void flow_build(struct flow *flow);
/* Ways back by histories, once it is known what is reached. */
void flow_build_histories(struct flow *flow);

/* ---- flow_guard.c: what is said without looking at an instance ---- */
bool flow_guard_never(const struct template *guard);
bool flow_guard_always(const struct template *guard);
bool flow_is_region(const struct def_state *state);
/* The parallel state in whose regions the two are, so that either may come
 * first; NULL: there is none. */
const struct def_state *flow_parallel_of(
    const struct def_state *a, const struct def_state *b);
/* The state without states that entering it leads to first. */
const struct def_state *flow_first_leaf(const struct def_state *state);
bool flow_step_can_fail(const struct def_step *step);
/* Whether the move takes events of that name. */
bool flow_move_takes(const struct flow_move *move, struct str event);
bool flow_move_leaves(const struct flow_move *move);
/* Where an always, or what is done at once, surely leads away before the
 * state waits; NULL: it waits. */
const struct flow_move *flow_sure_exit(
    const struct flow *flow, const struct def_state *state);
/* Whether the move, taken in `leaf`, leaves other regions as well: it waits
 * until their steps are through. */
bool flow_move_crosses(
    const struct flow_move *move, const struct def_state *leaf);
/* Whether steps of the state, or of one inside it, may take their time. */
bool flow_may_be_busy(const struct flow *flow, const struct def_state *state);

/* ---- call_time.c: how long a call can take ---- */

/* As far as INT64_MAX, which is for ever; so with all of them. */
int64_t call_add_ms(int64_t a, int64_t b);
int64_t call_span_ms(const struct def_span *span);
/* From the first attempt to the last one, at worst. */
int64_t call_retries_last(const struct def_call *call);
/* The same with what its `verify` asks in between, and after the last, too. */
int64_t call_attempts_last(const struct def_call *call);
int64_t call_lasts(const struct def_call *call);
/* How long the window stays closed at the longest, within a year. */
int64_t call_window_closes(
    const struct definition *definition, const struct def_call *call);

/* ---- flow_path.c: paths for people ---- */

struct search *flow_path_search_new(struct arena *arena, size_t point_count);

typedef bool flow_edge_fn(
    const struct flow *flow, const struct flow_edge *edge, void *arg);
typedef bool flow_goal_fn(const struct flow *flow, uint32_t point, void *arg);
/* The way between two points, edge by edge. */
struct flow_way {
	const uint32_t *edges;
	size_t count;
	uint32_t from;
	uint32_t to;
	bool found;
};
/* The shortest way over reached points to the first one that is a goal; allow
 * may be NULL. */
struct flow_way flow_path_find(const struct flow *flow, uint32_t from,
    unsigned uses, flow_edge_fn *allow, flow_goal_fn *goal, void *arg);
struct flow_way flow_path_to(const struct flow *flow, uint32_t from,
    uint32_t to, unsigned uses);
/* Of every point whether a goal is reached from it, over reached points. */
const bool *flow_leading_to(
    const struct flow *flow, flow_goal_fn *goal, void *arg);
/* "checking -> submitting -(error)-> failed"; several ways one after
 * another.  The absent string where one of them was not found. */
struct str flow_path_text(const struct flow *flow, const struct flow_way *ways,
    size_t count);
/* From the start to the point. */
struct str flow_path_from_start(const struct flow *flow, uint32_t to);

/* ---- the proofs ---- */

struct proof {
	const struct definition *definition;
	const struct library *library; /* may be NULL */
	const struct flow *flow;
	struct arena *arena;
	struct diag_list *diags;
};
typedef void proof_fn(struct proof *proof);

/* prove_reach.c: P101, P102 */
proof_fn prove_reach;
/* prove_wait.c: P103, P117, P119 */
proof_fn prove_wait;
/* prove_outcome.c: P105, P106 */
proof_fn prove_outcome;
/* prove_incident.c: P108 */
proof_fn prove_incident;
/* prove_event.c: P110, P114, P115 */
proof_fn prove_event;
/* prove_circle.c: P116 */
proof_fn prove_circle;
/* prove_child.c: P120 */
proof_fn prove_child;
/* prove_odoo.c: P121 */
proof_fn prove_odoo;
/* prove_people.c: P113 */
proof_fn prove_people;
/* prove_variable.c: P109 */
proof_fn prove_variable;
/* prove_effect.c: P104, P107, P123 */
proof_fn prove_effect;

#endif
