/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h: what the parts of the sandbox hand to each other.
 *
 * A handler turns a request into a reply and changes the state; it knows
 * nothing of sockets.  What happens on the wire, a reset or half a body, is
 * decided before and after it (sandbox_fault.h, sandbox_wire.h), so that
 * every fault works at every endpoint.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "stated/buf.h"

#include <jansson.h>

struct evkeyvalq;
struct event_base;

#define SANDBOX_PARAMS_MAX 4
#define SANDBOX_HEADERS_MAX 4

/* How the bank's webhooks of one order go wrong; a set of bits. */
enum sandbox_webhook_fault {
	SANDBOX_WEBHOOK_DUPLICATE = 1,
	SANDBOX_WEBHOOK_LATE = 2,
	SANDBOX_WEBHOOK_OUT_OF_ORDER = 4,
	SANDBOX_WEBHOOK_DROP = 8,
	SANDBOX_WEBHOOK_FORGED = 16,
	SANDBOX_WEBHOOK_REPEATED = 32,
};

struct sandbox_webhook_faults {
	unsigned bits; /* of enum sandbox_webhook_fault */
	int64_t late_ms;
};

struct sandbox_request {
	const char *method;
	const char *target; /* as it came */
	const char *path; /* the same, without the query */
	char *params[SANDBOX_PARAMS_MAX]; /* what stood for {…} in the route */
	const struct evkeyvalq *query;
	const struct evkeyvalq *headers;
	struct str body;
	struct sandbox_webhook_faults webhooks;
	int64_t stale_ms; /* what is newer is not shown; 0: all is */
};

struct sandbox_header {
	const char *name; /* a literal */
	char value[128];
};

struct sandbox_reply {
	int status;
	const char *content_type; /* NULL: no such header */
	struct sandbox_header headers[SANDBOX_HEADERS_MAX];
	size_t header_count;
	struct buf body;
};

struct sandbox {
	struct event_base *base;
	struct sandbox_ledger *ledger;
	struct sandbox_ledger *journal; /* of what came */
	struct sandbox_hook *hook;
	struct sandbox_fault_box *faults;
	struct sandbox_bank *bank;
	struct sandbox_odoo *odoo;
	struct sandbox_crm *crm;
	struct sandbox_company *companies;
	struct sandbox_tax *tax;
	struct sandbox_token *token;
	struct sandbox_chat *chat;
	struct sandbox_positions *positions;
	struct sandbox_card *card;
	struct sandbox_desk *desk;
	struct sandbox_mail *mail;
	struct sandbox_front *front;
	struct sandbox_calls *calls;
	struct sandbox_wire *wire;
	struct sandbox_late_list *late;
};

typedef void (*sandbox_handler_fn)(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
