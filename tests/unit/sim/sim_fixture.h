/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_fixture.h: a simulation of the first workflow of some documents, and
 * what is done to it as lines of JSON.
 */
#ifndef SIM_FIXTURE_H
#define SIM_FIXTURE_H

#include "stated/sim.h"

struct fixture {
	struct library *library;
	struct sim *sim;
	struct arena *arena;
	struct buf why;
};

/* For cmocka; documents that can't be loaded fail the test. */
int sim_fixture_set_up(void **state, const char *documents);
int sim_fixture_tear_down(void **state);

void does(struct fixture *f, const char *json);
void refuses(struct fixture *f, const char *json, const char *because);
/* Plain JSON. */
const char *text_of(struct fixture *f, const struct value *value);

#endif
