/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_hook.h: delivers the bank's webhooks until they are acknowledged.
 *
 *	            due                 2xx
 *	WAITING ──────────► READY ─► SENT ────► ACKNOWLEDGED
 *	   ▲                          │
 *	   └──── anything else, ◄─────┘
 *	         backing off
 *
 * None is lost while the receiver is down; as many as there are connections
 * are under way at once.  What is due first is sent first, but a webhook that
 * has to be repeated lets the later ones pass, as real senders do.
 */
#ifndef SANDBOX_HOOK_H
#define SANDBOX_HOOK_H

#include "sandbox.h"

struct sandbox_hook_options {
	struct event_base *base;
	struct sandbox_ledger *ledger;
	const char *url; /* NULL: webhooks wait until one is given */
	const char *secret;
	const char *id_stem; /* told apart in the ids of two runs */
	int64_t timeout_ms;
	int64_t retry_ms; /* first pause; doubles to retry_ms_max */
	int64_t retry_ms_max;
	int connections; /* how many under way at once */
};

struct sandbox_hook;

struct sandbox_hook *sandbox_hook_new(
    const struct sandbox_hook_options *options);
void sandbox_hook_free(struct sandbox_hook **hook);
/* Where to deliver from now on; false where it is no http:// URL. */
MUST_USE bool sandbox_hook_set_target(struct sandbox_hook *hook,
    const char *url, const char *secret);

/* How they are signed from now on, see sandbox_sign.h; false where there is no
 * such scheme. */
MUST_USE bool sandbox_hook_set_scheme(
    struct sandbox_hook *hook, const char *scheme);

/* A webhook about something; `subject` is its id and `reference` its name in
 * the caller's words, both only for the ledger. */
struct sandbox_hook_message {
	const char *type;
	const char *subject;
	const char *reference;
	json_t *data; /* borrowed; stands under data_name in the body */
	const char *data_name;
	struct sandbox_webhook_faults faults;
	int64_t delay_ms;
};
void sandbox_hook_send(struct sandbox_hook *hook,
    const struct sandbox_hook_message *message);

/* [{id, type, subject, reference, attempts, deliveries, acknowledged, …}];
 * reference "" for all. */
json_t *sandbox_hook_list(const struct sandbox_hook *hook,
    const char *reference);
/* Forgets all webhooks, and what is under way. */
void sandbox_hook_reset(struct sandbox_hook *hook);

#endif
