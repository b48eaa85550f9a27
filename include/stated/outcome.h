/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.h: what is known about a call after an attempt. */
#ifndef STATED_OUTCOME_H
#define STATED_OUTCOME_H

#include "stated/value.h"

/* The point on which money depends (language.md, "When a step fails"). */
enum outcome_kind {
	OUTCOME_DONE,
	OUTCOME_NOT_DONE,        /* it surely did not happen */
	OUTCOME_UNKNOWN,         /* sent, and no trustworthy answer */
	OUTCOME_DONE_WITH_ERROR, /* answered with a business error */
};
struct str outcome_name(enum outcome_kind kind); /* "not-done", … */

struct outcome {
	enum outcome_kind kind;
	const struct value *response; /* OUTCOME_DONE: the operation's output */
	/* otherwise */
	struct str code;    /* "http.timeout", "bank.insufficient-funds", … */
	struct str message;
	bool transient;     /* NOT_DONE: a repetition may succeed */
	int64_t retry_after_ms; /* what the endpoint asked for; 0: nothing */
	int status;         /* 0: none */
	const struct value *body; /* parsed, or a string, or null */
	/* the endpoint's own id of the exchange, if it gave one */
	struct str reference;
};

#endif
