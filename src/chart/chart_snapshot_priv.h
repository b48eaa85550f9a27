/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_snapshot_priv.h: reading and writing snapshots; private to src/chart.
 *
 * Each function writes what it is given when a snapshot is being saved, and
 * reads it when one is being loaded.
 */
#ifndef CHART_SNAPSHOT_PRIV_H
#define CHART_SNAPSHOT_PRIV_H

#include "chart_priv.h"

/* 7: states that stayed after all, or have yet to begin.  6: how far states have been left.
 * 5: keys that outlive their calls, what verify judges by, children that were
 * found, whether something stands that nobody can undo, what notices go by.
 * 4: proposals, delegations.  2: several regions.  1: one leaf, one plan. */
#define SNAPSHOT_VERSION 7

struct snapshot {
	struct buf *out; /* NULL when loading */
	struct str in;
	uint64_t version; /* always the present one when saving */
	bool damaged;
	struct arena *arena;
	const struct definition *definition;
};

void chart_snapshot_u64(struct snapshot *s, uint64_t *n);
void chart_snapshot_i64(struct snapshot *s, int64_t *n);
/* An index below `bound`, or SIZE_MAX for none. */
void chart_snapshot_index(struct snapshot *s, size_t *index, size_t bound);
void chart_snapshot_bool(struct snapshot *s, bool *flag);
/* A text, which is UTF-8; and what need not be one. */
void chart_snapshot_str(struct snapshot *s, struct str *text);
void chart_snapshot_bytes(struct snapshot *s, struct str *bytes);
void chart_snapshot_value(struct snapshot *s, const struct value **value);
/* How many follow: no more than there are bytes left. */
void chart_snapshot_count(struct snapshot *s, size_t *count);

/* Enums are bounded by their last constant. */
#define VISIT_ENUM(s, field, last)                   \
	do {                                         \
		uint64_t enum_n = (uint64_t)(field); \
		chart_snapshot_u64((s), &enum_n);    \
		if (enum_n > (uint64_t)(last)) {     \
			(s)->damaged = true;         \
			enum_n = 0;                  \
		}                                    \
		(field) = (__typeof__(field))enum_n; \
	} while (0)

/* A list: its length, then each item by `visit`. */
#define VISIT_LIST(s, head, visit)                                        \
	do {                                                              \
		size_t list_n = 0;                                        \
		__typeof__(head) list_item, *list_link = &(head);         \
		for (list_item = (head); list_item;                       \
		     list_item = list_item->next)                         \
			list_n++;                                         \
		chart_snapshot_count((s), &list_n);                       \
		for (size_t list_i = 0; list_i < list_n && !(s)->damaged; \
		     list_i++) {                                          \
			if ((s)->out == NULL)                             \
				*list_link = arena_alloc(                 \
				    (s)->arena, sizeof(**list_link));     \
			visit((s), *list_link);                           \
			list_link = &(*list_link)->next;                  \
		}                                                         \
	} while (0)

/* An array in the arena, with its count beside it. */
#define VISIT_ARRAY(s, items, count, visit)                                  \
	do {                                                                 \
		chart_snapshot_count((s), &(count));                         \
		if ((s)->out == NULL)                                        \
			(items) = arena_array(                               \
			    (s)->arena, (count), sizeof(*(items)));          \
		for (size_t array_i = 0; array_i < (count) && !(s)->damaged; \
		     array_i++)                                              \
			visit((s), &(items)[array_i]);                       \
	} while (0)

/* ---- chart_snapshot_strand.c: what is being done ---- */
void chart_snapshot_strand(struct snapshot *s, struct strand *strand);

/* ---- chart_snapshot_whole.c ---- */
/* Whether the parts belong together: what the others rely on. */
bool chart_snapshot_is_whole(const struct chart *chart);

/* ---- chart_snapshot_old.c: version 1 ---- */
/* The leaf and its plan, which become active states and a strand. */
void chart_snapshot_old_plan(struct snapshot *s, struct chart *chart);
/* A raised event. */
void chart_snapshot_old_signal(struct snapshot *s, struct signal *signal);
/* What version 1 left to be guessed, once all has been read. */
void chart_snapshot_old_settle(struct chart *chart);
/* What versions before 6 left to be guessed. */
void chart_snapshot_old_exits(struct chart *chart);
/* What versions before 5 left to be guessed, or read from history. */
void chart_snapshot_old_rest(struct snapshot *s, struct chart *chart);

#endif
