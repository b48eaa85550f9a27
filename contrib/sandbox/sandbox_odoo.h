/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_odoo.h: Odoo's external API, JSON-RPC as version 18 speaks it and
 * JSON-2 as version 19 does, over one set of records.
 *
 * Database demo, login admin (uid 2), password and API key admin.  Bytes are
 * as there: ", " and ": " between tokens, a None result without `result`,
 * errors inside of a 200.
 */
#ifndef SANDBOX_ODOO_H
#define SANDBOX_ODOO_H

#include "sandbox.h"

struct sandbox_odoo;

/* With posted vendor bills of the ids 1 to `bills`. */
struct sandbox_odoo *sandbox_odoo_new(struct sandbox_ledger *ledger,
    int64_t bills);
void sandbox_odoo_free(struct sandbox_odoo **odoo);
void sandbox_odoo_reset(struct sandbox_odoo *odoo);
/* {model: [record…]} of what callers made; reference "" for all. */
json_t *sandbox_odoo_list(const struct sandbox_odoo *odoo,
    const char *reference);

void sandbox_odoo_jsonrpc(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_odoo_json2(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
/* A 200 that carries a transient error, for a fault. */
void sandbox_odoo_error_inside(const struct sandbox_request *request,
    struct sandbox_reply *reply);

#endif
