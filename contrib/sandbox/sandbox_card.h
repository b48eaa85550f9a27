/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_card.h: a processor of card payments, in the manner of Stripe: forms
 * in, JSON out, a key that is honoured.
 *
 * Each payment intent that is asked about is there, with 1000.00 received.
 * What its name contains decides: DISPUTED has a dispute, PENDING makes
 * refunds that arrive when they are asked about, FAILED such that fail.  Each
 * dispute is there, too; it is won where its name contains WON, once evidence
 * was submitted, and else lost.
 */
#ifndef SANDBOX_CARD_H
#define SANDBOX_CARD_H

#include "sandbox.h"

struct sandbox_card;

struct sandbox_card *sandbox_card_new(struct sandbox_ledger *ledger);
void sandbox_card_free(struct sandbox_card **card);
void sandbox_card_reset(struct sandbox_card *card);
/* The refunds really made. */
json_t *sandbox_card_list(const struct sandbox_card *card);

void sandbox_card_payment(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_card_refund(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_card_find_refunds(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_card_get_refund(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_card_get_dispute(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_card_submit_evidence(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_card_close_dispute(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
