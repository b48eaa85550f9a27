/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.h: two versions of a workflow, told apart in its own terms.
 *
 * A process owner asks which states and transitions have changed, not which
 * lines have: the order of keys, comments and the way a thing is written make
 * no difference.  A state that was only given another name is told so, and
 * what leads to it is not told again.
 */
#ifndef STATED_DIFF_H
#define STATED_DIFF_H

#include "stated/definition.h"

enum diff_kind { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED, DIFF_RENAMED };
struct str diff_kind_name(enum diff_kind kind);

struct diff_change {
	enum diff_kind kind;
	struct str state;  /* the new name, or the removed state's; absent: of
			      the workflow as a whole */
	struct str item;   /* "on approved"; absent: the state itself */
	struct str aspect; /* "retry"; absent: the item itself */
	struct str before; /* absent where it was not there */
	struct str after;  /* absent where it is not there */
};

struct diff;

/* The definitions must live as long as the difference. */
struct diff *diff_new(
    const struct definition *before, const struct definition *after);
void diff_free(struct diff **diff);
/* What is about the whole first, then state by state in document order; NULL
 * at the end. */
const struct diff_change *diff_at(const struct diff *diff, size_t index);
/* No change at all; the versions' numbers don't count. */
bool diff_is_empty(const struct diff *diff);

#endif
