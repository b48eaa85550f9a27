/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_table.h: private to src/prove: decision tables as boxes.
 *
 * An input is an axis, cut into regions; a rule is a box, one set of regions
 * for each axis; a gap is a region of each axis that no box holds together.
 */
#ifndef STATED_PROVE_TABLE_H
#define STATED_PROVE_TABLE_H

#include "prove_priv.h"

struct axis {
	struct arena *arena;
	/* what cuts it */
	const struct value **constants;
	size_t constant_count;
	size_t constant_capacity;
	/* what an allowed value has to be; any may be NULL */
	const struct schema *schema;
	const struct feel *allowed;
	const struct value *step; /* values are its multiples */
	bool is_there; /* what it asks for can't be absent, and so null */
	/* one value for each region */
	const struct value **regions;
	size_t region_count;
	size_t region_capacity;
	size_t null_at;   /* the region of null, plus 1; 0: there is none */
	bool expects_null; /* it is said to be one of the values */
	bool is_anything; /* no cell asks for it: one region is all */
};

/* Takes the tests' constants; false where they ask for more than how the
 * input compares with them.  NULL asks for nothing. */
bool axis_add_tests(struct axis *axis, const struct feel *tests);
/* The schema that all values of the input pass. */
void axis_add_schema(struct axis *axis, const struct value *schema);
/* Whether something that was added names null. */
bool axis_has_null(const struct axis *axis);
void axis_cut(struct axis *axis);

#endif
