/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_tax.h: a tax service in the manner of AvaTax, and a VAT check in
 * the manner of VIES.
 *
 * The tax is 10 % of every line.  A transaction without a type is an estimate
 * and not kept; a committed one can't be created again.  The VAT numbers 100
 * to 601 answer as the test service of VIES does, all others are valid.
 */
#ifndef SANDBOX_TAX_H
#define SANDBOX_TAX_H

#include "sandbox.h"

struct sandbox_tax;

struct sandbox_tax *sandbox_tax_new(struct sandbox_ledger *ledger);
void sandbox_tax_free(struct sandbox_tax **tax);
void sandbox_tax_reset(struct sandbox_tax *tax);
json_t *sandbox_tax_list(const struct sandbox_tax *tax);

void sandbox_tax_create(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_tax_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_tax_commit(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_tax_void(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_tax_check_vat(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
