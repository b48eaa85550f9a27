/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_migrate_priv.h: what moving an instance to another version is made
 * of; private to src/chart.
 */
#ifndef CHART_MIGRATE_PRIV_H
#define CHART_MIGRATE_PRIV_H

#include "chart_priv.h"

/* A state that stays active; `before` is NULL where it only becomes so, as a
 * group around one that does. */
struct moved_state {
	const struct def_state *before;
	const struct def_state *after;
};

/*
 * A move under way.  run->chart is a copy of the instance: where a reason is
 * found, nothing has happened.
 */
struct move {
	struct run *run;
	const struct definition *from;
	const struct definition *to;
	const struct chart_migration *migration;
	size_t *states; /* old index → new index; SIZE_MAX: none */
	struct moved_state *active; /* in the new document's order */
	size_t active_count;
	struct buf reasons; /* why not, parted by "; " */
};

void chart_migrate_reason(struct move *move, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* The state of that old index in the new version; NULL: none. */
const struct def_state *chart_migrate_state(
    const struct move *move, size_t old);

/* ---- chart_migrate_part.c: what hangs on states and steps ---- */
/* Escalations that go are closed while the old version still says to whom
 * they went. */
void chart_migrate_escalations(struct move *move);
void chart_migrate_tasks(struct move *move);
void chart_migrate_undos(struct move *move);
void chart_migrate_memories(struct move *move);
void chart_migrate_timers(struct move *move);
/* What is new in the states, from now on: deadlines, escalations, tasks. */
void chart_migrate_arm(struct move *move);

#endif
