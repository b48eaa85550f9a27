/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_recent.c: what the store's thread knows of the latest instances.
 *
 * Of an instance that began a short time ago: what its first turn told, which
 * later rows lean on.  Of any that was written a short time ago: the columns
 * that have an index, so that a row which changes one of them is written by
 * the statement for it at once.
 *
 * Nothing depends on it: where it is forgotten rows are longer, or written by
 * one statement more.  But it must never be wrong, so all is forgotten when a
 * commit fails.
 */
#include "sqlite_priv.h"

#include <stdlib.h>

/* Instances are numbered in order, so those in use at one time seldom meet. */
#define RECENTS 2048
#define STATUS_BYTES_MAX 16

/* Columns of a row that have an index, and whether it has pieces. */
struct recent_columns {
	char status[STATUS_BYTES_MAX];
	size_t status_bytes; /* 0: nothing is known */
	int64_t due_ms;
	int64_t incidents;
	bool busy;
	bool pieced;
};

struct recent {
	uint64_t number; /* 0: none */
	struct str first; /* malloc'd; may be absent */
	struct recent_columns columns;
};

struct sqlite_recents {
	struct recent at[RECENTS];
};

struct sqlite_recents *
sqlite_recent_new(void)
{
	struct sqlite_recents *recents = calloc(1, sizeof(*recents));

	must(recents != NULL);
	return recents;
}

static void
empty(struct recent *recent)
{
	free((void *)(uintptr_t)recent->first.at);
	*recent = (struct recent){0};
}

void
sqlite_recent_forget_all(struct sqlite_recents *recents)
{
	for (size_t i = 0; i < RECENTS; i++)
		empty(&recents->at[i]);
}

void
sqlite_recent_free(struct sqlite_recents **recents)
{
	if (*recents == NULL)
		return;
	sqlite_recent_forget_all(*recents);
	free(*recents);
	*recents = NULL;
}

/* Its place, which may be another's. */
static struct recent *
place_of(struct sqlite_recents *recents, uint64_t number)
{
	must(number > 0);
	return &recents->at[number % RECENTS];
}

/* Its place, emptied of another. */
static struct recent *
take_place(struct sqlite_recents *recents, uint64_t number)
{
	struct recent *recent = place_of(recents, number);

	if (recent->number != number)
		empty(recent);
	recent->number = number;
	return recent;
}

void
sqlite_recent_forget(struct sqlite_recents *recents, uint64_t number)
{
	struct recent *recent = place_of(recents, number);

	if (recent->number == number)
		empty(recent);
}

/* ------------------------------------------------------------- first turns */

void
sqlite_recent_keep_first(struct sqlite_recents *recents, uint64_t number,
    struct str first)
{
	struct recent *recent = take_place(recents, number);
	char *copy = malloc(first.bytes);

	must(first.bytes > 0 && copy != NULL);
	memcpy(copy, first.at, first.bytes);
	free((void *)(uintptr_t)recent->first.at);
	recent->first = (struct str){copy, first.bytes};
}

struct str
sqlite_recent_first(struct sqlite_recents *recents, uint64_t number)
{
	const struct recent *recent = place_of(recents, number);

	return recent->number == number ? recent->first :
	    (struct str){NULL, 0};
}

/* ----------------------------------------------------------------- columns */

static bool
is_same(const struct recent_columns *columns, const struct store_instance *row,
    bool pieced)
{
	return row->status.bytes == columns->status_bytes &&
	    memcmp(row->status.at, columns->status, row->status.bytes) == 0 &&
	    row->due_ms == columns->due_ms &&
	    row->incidents == columns->incidents &&
	    row->busy == columns->busy && pieced == columns->pieced;
}

enum recent_change
sqlite_recent_change(struct sqlite_recents *recents,
    const struct store_instance *row, bool pieced)
{
	const struct recent *recent = place_of(recents, row->number);

	if (recent->number != row->number || recent->columns.status_bytes == 0)
		return RECENT_UNKNOWN;
	if (is_same(&recent->columns, row, pieced))
		return RECENT_SAME;
	return recent->columns.pieced ? RECENT_UNKNOWN : RECENT_CHANGED;
}

void
sqlite_recent_keep_columns(struct sqlite_recents *recents,
    const struct store_instance *row, bool pieced)
{
	struct recent *recent = take_place(recents, row->number);
	struct recent_columns columns = {
		.due_ms = row->due_ms,
		.incidents = row->incidents,
		.busy = row->busy,
		.pieced = pieced,
	};

	if (row->status.bytes <= STATUS_BYTES_MAX) {
		memcpy(columns.status, row->status.at, row->status.bytes);
		columns.status_bytes = row->status.bytes;
	}
	recent->columns = columns;
}
