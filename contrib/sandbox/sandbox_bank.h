/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_bank.h: a bank that takes payments, in the manner of UK Open
 * Banking's domestic payments (v3.1).
 *
 * What a payment's creditor or reference contains decides how it goes:
 * INSUFFICIENT is refused at once; REJECT-LATER is accepted and rejected
 * afterwards; RETURN comes back after its settlement; SILENT sends no
 * webhooks.  All others are accepted, settle, and are matched on the
 * statement.
 */
#ifndef SANDBOX_BANK_H
#define SANDBOX_BANK_H

#include "sandbox.h"

enum sandbox_bank_delay {
	SANDBOX_DELAY_ACCEPTED,
	SANDBOX_DELAY_SETTLING,
	SANDBOX_DELAY_SETTLED,
	SANDBOX_DELAY_MATCHED,
	SANDBOX_DELAY_COUNT,
};

struct sandbox_bank_options {
	struct event_base *base;
	struct sandbox_hook *hook;
	struct sandbox_ledger *ledger;
	const char *id_stem;
	int64_t delay_ms[SANDBOX_DELAY_COUNT]; /* counted from the order */
	int64_t key_lifetime_ms;
	int64_t key_bytes_max;
};

struct sandbox_bank;

struct sandbox_bank *sandbox_bank_new(
    const struct sandbox_bank_options *options);
void sandbox_bank_free(struct sandbox_bank **bank);
void sandbox_bank_reset(struct sandbox_bank *bank);
/* Holds for what happens from now on; a negative delay changes nothing. */
void sandbox_bank_set_delays(struct sandbox_bank *bank,
    const int64_t delay_ms[SANDBOX_DELAY_COUNT]);
/* The orders really taken; reference "" for all. */
json_t *sandbox_bank_list(const struct sandbox_bank *bank,
    const char *reference);
/* What was booked, as the statement shows it. */
json_t *sandbox_bank_entries(const struct sandbox_bank *bank);

void sandbox_bank_submit(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_bank_find(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_bank_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_bank_cancel(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_bank_statement(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
