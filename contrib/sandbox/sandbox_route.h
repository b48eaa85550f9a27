/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_route.h: which endpoint answers a method and a path. */
#ifndef SANDBOX_ROUTE_H
#define SANDBOX_ROUTE_H

#include "sandbox.h"

struct sandbox_route {
	const char *method; /* "*" for any */
	const char *pattern; /* {…} stands for one segment */
	sandbox_handler_fn handler;
};

/* The route, with its parameters copied into request->params; NULL where
 * there is none, and then *status is 404 or 405. */
const struct sandbox_route *sandbox_route_find(struct sandbox_request *request,
    int *status);
void sandbox_route_free_params(struct sandbox_request *request);

/* How often each route was called; made by the server, read by the ledger. */
struct sandbox_calls *sandbox_calls_new(void);
void sandbox_calls_free(struct sandbox_calls **calls);
void sandbox_calls_reset(struct sandbox_calls *calls);
void sandbox_calls_add(struct sandbox_calls *calls,
    const struct sandbox_route *route);
/* {"POST /bank/domestic-payments": 3, …}, without what was never called. */
json_t *sandbox_calls_json(const struct sandbox_calls *calls);

#endif
