/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h: one workflow on which the tests play scenarios.
 *
 * An order is reserved at a shop, paid by an event, decided by a person, and
 * undone where it is stopped; a desk is told when it takes long.
 */
#ifndef STATED_TEST_STAGE_H
#define STATED_TEST_STAGE_H

#include "stated/scenario.h"

struct stage {
	struct arena *arena;
	struct library *library;
	struct diag_list *diags;
	struct scenario_coverage *coverage;
};

/* For cmocka's set-up and tear-down. */
int stage_set_up(void **state);
int stage_tear_down(void **state);

/* The file of that text; NULL with diags. */
const struct scenario_file *stage_read(struct stage *stage, const char *text);
/* The text is refused with a message that has this in it. */
void stage_refuses(struct stage *stage, const char *text, const char *message);
/* Plays the steps, which are lines of a list at the margin, after a start
 * with key A by alice. */
struct scenario_outcome stage_play(struct stage *stage, const char *steps);
void stage_passes(struct stage *stage, const char *steps);
/* It fails with that message, and a difference that has `part` in it (NULL:
 * there is none). */
void stage_fails(struct stage *stage, const char *steps, const char *message,
    const char *part);

#endif
