/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_company.h: the CRM's customers, with versions.
 *
 * A company is known by the caller's own key.  Every answer carries the
 * company's version as ETag; with `If-Match` a change is made over that
 * version only (412).
 */
#ifndef SANDBOX_COMPANY_H
#define SANDBOX_COMPANY_H

#include "sandbox.h"

struct sandbox_company;

struct sandbox_company *sandbox_company_new(struct sandbox_ledger *ledger);
void sandbox_company_free(struct sandbox_company **companies);
void sandbox_company_reset(struct sandbox_company *companies);
/* A new list. */
json_t *sandbox_company_list(const struct sandbox_company *companies);

void sandbox_company_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
/* Creates or replaces. */
void sandbox_company_put(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
/* Changes the properties that are given. */
void sandbox_company_update(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
