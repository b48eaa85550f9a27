/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_fault.h: what goes wrong, when, and how often.
 *
 * Faults come from rules (POST /control/faults), from the header
 * x-sandbox-fault of the request itself, and by chance (POST
 * /control/chaos).  A fault has a shape on the wire and says whether the work
 * is done before it: the two questions on which a caller's outcome depends.
 */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include "sandbox.h"

enum sandbox_fault_shape {
	SANDBOX_FAULT_NONE, /* an honest answer */
	SANDBOX_FAULT_TIMEOUT, /* no answer until the caller gives up */
	SANDBOX_FAULT_DELAY, /* the answer, late */
	SANDBOX_FAULT_RESET, /* RST */
	SANDBOX_FAULT_STATUS, /* a status with a page of HTML */
	SANDBOX_FAULT_DRIP, /* the answer, byte by byte */
	SANDBOX_FAULT_TRUNCATED, /* half the body, and that half's length */
	SANDBOX_FAULT_SHORT, /* half the body, and the length of the whole */
	SANDBOX_FAULT_HTML, /* 200 and a page of HTML */
	SANDBOX_FAULT_ERROR_INSIDE, /* 200 and an error in the body */
	SANDBOX_FAULT_EMPTY, /* 200 and nothing */
	SANDBOX_FAULT_CHUNKED, /* half the body in chunks, and no last one */
	SANDBOX_FAULT_INTERIM, /* 100 and 103, then the answer */
	SANDBOX_FAULT_FLOOD, /* more headers than anybody takes */
	SANDBOX_FAULT_HUGE, /* 20 MiB of body */
	SANDBOX_FAULT_DEEP, /* a body of lists within lists */
	SANDBOX_FAULT_ODD, /* the body with something in it that JSON forbids */
	SANDBOX_FAULT_ALTERED, /* another amount than the one that was asked */
	SANDBOX_FAULT_CLOCK, /* the answer, dated by a clock that is off */
	SANDBOX_FAULT_LATE, /* RST, and the work is done only after it */
	SANDBOX_FAULT_STALE, /* as if what is new were not there yet */
	SANDBOX_FAULT_ENDLESS, /* a body that ends with the connection */
	SANDBOX_FAULT_BOMB, /* a small body that unpacks to a huge one */
	SANDBOX_FAULT_CURRENCY, /* another currency than was asked */
};

/* What goes wrong with a handshake of TLS, or with what it protects. */
enum sandbox_front_fault {
	SANDBOX_FRONT_NONE,
	SANDBOX_FRONT_REFUSED, /* an alert, instead of an answer */
	SANDBOX_FRONT_CLOSED, /* FIN, instead of an answer */
	SANDBOX_FRONT_RESET, /* RST */
	SANDBOX_FRONT_SLOW, /* the answer, late */
	SANDBOX_FRONT_OLD, /* nothing newer than TLS 1.1 */
	SANDBOX_FRONT_EXPIRED, /* a certificate that isn't valid any more */
	SANDBOX_FRONT_EARLY, /* one that isn't valid yet */
	SANDBOX_FRONT_OTHER_NAME, /* somebody else's */
	SANDBOX_FRONT_SELF_SIGNED,
	SANDBOX_FRONT_UNKNOWN_AUTHORITY,
	SANDBOX_FRONT_CLIENT_WANTED, /* and has to be the authority's */
	SANDBOX_FRONT_CLIENT_REFUSED, /* whatever is shown */
	SANDBOX_FRONT_CUT, /* an answer without its last byte and a goodbye */
};

struct sandbox_fault {
	const char *name; /* without when; NULL: none */
	enum sandbox_fault_shape shape;
	enum sandbox_front_fault front;
	bool commits; /* the work is done all the same */
	int status; /* of SANDBOX_FAULT_STATUS and _EMPTY */
	int64_t duration_ms; /* how long; 0: as the shape has it */
	bool has_retry_after;
	char retry_after[64];
	/* of SANDBOX_FAULT_ERROR_INSIDE; "": the endpoint's.  Of _ODD what
	 * comes first; of a redirection its target. */
	char body[512];
};

struct sandbox_fault_box;

struct sandbox_fault_box *sandbox_fault_new(uint64_t seed);
void sandbox_fault_free(struct sandbox_fault_box **box);
/* Rules, chances and counts are forgotten. */
void sandbox_fault_reset(struct sandbox_fault_box *box);

/*
 * What goes wrong with this request, which counts as one hit of every rule
 * that fits.  Faults of webhooks are put into request->webhooks.  Returns
 * false with *unknown naming a fault that there is not.
 */
MUST_USE bool sandbox_fault_pick(struct sandbox_fault_box *box,
    struct sandbox_request *request, struct sandbox_fault *fault,
    const char **unknown);

/* What goes wrong with a handshake that asks for this server, "" where it
 * names none. */
void sandbox_fault_pick_front(struct sandbox_fault_box *box,
    const char *server, struct sandbox_fault *fault);

/* Control: rules, and chance.  false with *why where they make no sense. */
MUST_USE bool sandbox_fault_add(struct sandbox_fault_box *box,
    const json_t *rule, const char **why);
MUST_USE bool sandbox_fault_set_chaos(struct sandbox_fault_box *box,
    const json_t *chaos, const char **why);
json_t *sandbox_fault_list(const struct sandbox_fault_box *box);
/* The names there are. */
json_t *sandbox_fault_names(void);

#endif
