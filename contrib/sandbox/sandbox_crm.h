/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_crm.h: deals, in the manner of HubSpot.
 *
 * The property engine_key is unique: a POST with one that is there is refused
 * with 409, and ?idProperty=engine_key finds a deal by it.  A PUT on a key
 * creates or replaces; with `If-None-Match: *` it only creates (412).
 */
#ifndef SANDBOX_CRM_H
#define SANDBOX_CRM_H

#include "sandbox.h"

struct sandbox_crm;

struct sandbox_crm *sandbox_crm_new(struct sandbox_ledger *ledger);
void sandbox_crm_free(struct sandbox_crm **crm);
void sandbox_crm_reset(struct sandbox_crm *crm);
json_t *sandbox_crm_deals(const struct sandbox_crm *crm);

void sandbox_crm_create(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_crm_list(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_crm_put(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_crm_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_crm_update(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_crm_delete(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
