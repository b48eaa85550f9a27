/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_ledger.h: what was really done, in a file that outlives a kill.
 *
 * A line is written whole, by one write() in append mode, before the caller
 * of the endpoint can know that the thing was done.
 */
#ifndef SANDBOX_LEDGER_H
#define SANDBOX_LEDGER_H

#include "sandbox.h"

struct sandbox_ledger;

/* path NULL: nothing is written.  NULL with errno where it can't be opened. */
MUST_USE struct sandbox_ledger *sandbox_ledger_open(const char *path);
void sandbox_ledger_close(struct sandbox_ledger **ledger);
/* Adds {"at":…,"done":what,…record…}. */
void sandbox_ledger_add_take(struct sandbox_ledger *ledger, const char *what,
    json_t *record);

#endif
