/* SPDX-License-Identifier: Apache-2.0 */
/* sim_priv.h: private to src/sim: the simulation of one instance. */
#ifndef STATED_SIM_PRIV_H
#define STATED_SIM_PRIV_H

#include "stated/map.h"
#include "stated/sim.h"

/* A reply that waits for its call. */
struct sim_reply {
	struct sim_reply *next;
	struct str operation;
	const struct value *reply;
	bool always; /* for every call that nothing else answers */
};

/* A call that has gone out and waits for its reply. */
struct sim_call {
	struct sim_call *next;
	uint64_t serial;
	const struct def_call *call;
	const struct outcome *failure; /* it can't be sent; NULL: it can */
};

/* How a child ends that has not begun, or not ended yet. */
struct sim_ending {
	struct sim_ending *next;
	struct str workflow;
	const struct value *end;
	bool always;
};

/* A child that the instance waits for. */
struct sim_child {
	struct sim_child *next;
	uint64_t serial;
	uint64_t number;
	struct str workflow;
	struct str id;
	struct str refusal; /* it can't be started; absent: it runs */
	bool is_cancelled;
};

struct sim {
	struct arena *arena; /* lives as long as the simulation */
	struct arena *turn;  /* of the act under way */
	struct arena *told;  /* effects that were not asked for yet */
	struct value_builder *effects;
	const struct value **records;
	size_t record_count;
	size_t record_capacity;
	const struct definition *definition;
	const struct library *library; /* may be NULL */
	const struct value *settings;
	struct str environment;
	struct rng_seeded rng;
	void (*took)(void *arg, const struct def_transition *transition);
	void *took_arg;
	int64_t now_ms;
	struct chart *chart; /* NULL before the start */
	struct sim_reply *replies;
	struct sim_call *calls;
	struct sim_ending *endings;
	struct sim_child *children;
	uint64_t child_count; /* so many have been started */
	struct map
	    *seen; /* identities of events, to know one that comes twice */
	uint64_t event_count;
	size_t steps;	 /* of the act under way */
	struct str fate; /* of the last event; absent: the last act was none */
};

/* ---- sim.c: the instance goes on ---- */

struct chart_context sim_context(struct sim *sim);
/* One thing happens, and what comes of it at once. */
void sim_perform(struct sim *sim, const struct chart_event *event,
    struct chart_effects *effects);
/* One thing happens; then what is scripted is answered and what is due falls
 * due, until the instance waits.  false where the act was refused. */
MUST_USE bool sim_step(
    struct sim *sim, const struct chart_event *event, struct buf *why);
/* Time passes up to that instant; deadlines fall due in order. */
MUST_USE bool sim_pass(struct sim *sim, int64_t until_ms, struct buf *why);
/* Answers the calls for which there are replies. */
MUST_USE bool sim_answer(struct sim *sim, struct buf *why);

/* ---- sim_child.c: children, which run in the script only ---- */

void sim_child_start(struct sim *sim, const struct chart_effect *effect,
    struct chart_effects *effects);
void sim_child_cancel(struct sim *sim, const struct chart_effect *effect);
/* The oldest child whose end is known ends; false where there is none. */
MUST_USE bool sim_child_end(struct sim *sim);
/* The workflow of a child; absent where there is none of that number. */
struct str sim_child_workflow(const struct sim *sim, uint64_t number);

/* ---- sim_effect.c: what came of it, as values ---- */

/* Deadlines and calls that wait for a time. */
const struct value *sim_effect_timers(struct sim *sim);
/* before: the timers as they were. */
void sim_effect_tell(struct sim *sim, const struct chart_effects *effects,
    const struct value *before);

/* ---- sim_form.c: false with *why where a member says nothing ---- */

/* The line has a member of that name. */
MUST_USE bool sim_form_is_act(
    struct str name, const struct value *line, struct buf *why);
MUST_USE bool sim_form_is_error(const struct value *error, struct buf *why);
MUST_USE bool sim_form_is_child(const struct value *end, struct buf *why);

/* ---- sim_operation.c ---- */

struct sim_channel {
	const struct def_contact *contact; /* NULL: the call is no notice */
	const struct def_channel *channel;
};
/* What the call is a channel of. */
struct sim_channel sim_operation_channel(
    const struct definition *definition, const struct def_call *call);

/* ---- sim_outcome.c ---- */

/* false with *why: it would be taken for another than was meant. */
MUST_USE bool sim_outcome_check(const struct value *reply, struct buf *why);
/* A scripted reply as the outcome of a call of the operation. */
struct outcome sim_outcome_of(
    const struct def_operation *operation, const struct value *reply);
/* What comes of arguments that fail the operation's schema: the engine would
 * not send them either.  NULL where they pass. */
const struct outcome *sim_outcome_of_args(
    struct arena *arena, const struct def_call *call, const struct value *args);

#endif
