/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_account.h: what is on the bank's accounts, and treasury's record of
 * it.
 *
 * All of the bank's payments are paid from every account that is asked about;
 * it began with a million of each currency, or with nothing where its name
 * contains EMPTY.  A day has a statement, unless the account's name contains
 * LATE.
 */
#ifndef SANDBOX_ACCOUNT_H
#define SANDBOX_ACCOUNT_H

#include "sandbox.h"

void sandbox_account_balances(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_account_statements(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_account_transactions(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

/* The cash positions that were put here. */
struct sandbox_positions;
struct sandbox_positions *sandbox_positions_new(void);
void sandbox_positions_free(struct sandbox_positions **positions);
void sandbox_positions_reset(struct sandbox_positions *positions);
json_t *sandbox_positions_list(const struct sandbox_positions *positions);

void sandbox_positions_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_positions_put(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_positions_mark_stale(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
