/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scxml_model.h: the algorithm of SCXML, appendix D, as it is written there.
 *
 * A second interpreter, slow and plain, of what the first must do where steps
 * take no time: sets are arrays of flags, and every set is computed anew from
 * the pseudo-code.  It knows two kinds of steps: `attest`, whose texts it
 * collects, and `raise`.
 */
#ifndef SCXML_MODEL_H
#define SCXML_MODEL_H

#include "stated/buf.h"
#include "stated/definition.h"

#define MODEL_STATES_MAX 64
#define MODEL_EVENTS_MAX 4096
#define MODEL_STEPS_MAX 200 /* microsteps of one macrostep */

struct model_event {
	struct str name;
	const struct def_state *only; /* of `done`; NULL: any state's */
	unsigned entry;		      /* the only state's, then */
};

struct model {
	const struct definition *definition;
	struct arena *arena;
	struct buf log; /* texts, a blank after each */
	bool active[MODEL_STATES_MAX];
	unsigned entries[MODEL_STATES_MAX]; /* when it was entered */
	unsigned microsteps;
	bool has_history[MODEL_STATES_MAX];
	bool history[MODEL_STATES_MAX][MODEL_STATES_MAX];
	struct model_event queue[MODEL_EVENTS_MAX];
	size_t first;
	size_t last;
	bool ended;
	bool circles; /* it went round: nothing is said of it */
};

void model_start(struct model *model);
void model_event(struct model *model, struct str name);
/* The active leaves' names, separated by blanks. */
struct str model_names(const struct model *model);

#endif
