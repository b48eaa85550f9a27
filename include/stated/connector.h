/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector.h: what to send for an operation, and what an answer means.
 *
 * Two pure functions a protocol: arguments to request, response to outcome.
 * Nothing here touches a socket, a clock or a global.
 */
#ifndef STATED_CONNECTOR_H
#define STATED_CONNECTOR_H

#include "stated/definition.h"
#include "stated/message.h"
#include "stated/rng.h"
#include "stated/throttle.h"

struct connector_context {
	struct arena *arena; /* all results are made here */
	int64_t now_ms;
	const struct value *settings; /* the environment's; a context */
	template_secret_fn *secret;
	void *secret_arg;
	struct rng *rng; /* for numbers that JWTs are told apart by */
	struct str keys; /* that connector_keys_interpret() gave, of webhooks */
	struct str traceparent; /* W3C trace context; may be absent */
};

struct connector_call {
	const struct def_operation *operation;
	const struct value *args;   /* a context */
	struct str idempotency_key; /* may be absent for safe operations */
	int64_t timeout_ms; /* 0: the operation's, or the connection's */
	struct str token;           /* where connector_needs_token() */
};

/* false where the call can't be made (arguments fail the operation's input
 * schema, a secret is missing, …): *failure is a NOT_DONE outcome then. */
MUST_USE bool connector_prepare(const struct connector_call *call,
    const struct connector_context *context, struct message_request *request,
    struct outcome *failure);
/* After a 401: the same request by the credentials of now, in place of those
 * that it has.  false where they are the same. */
MUST_USE bool connector_renew(const struct connector_call *call,
    const struct connector_context *context, struct message_request *request);
/* What came back, for all that is done with it: cleaned by connector_mask(),
 * and MESSAGE_FORGED where the connection verifies answers and this one isn't
 * genuine. */
struct message_response connector_receive(const struct connector_call *call,
    const struct message_request *request,
    const struct message_response *response,
    const struct connector_context *context);
/* The answer without the secrets that it was asked with, for all that is done
 * with it; what stays as it was is borrowed. */
struct message_response connector_mask(struct arena *arena,
    const struct message_request *request,
    const struct message_response *response);
/* The outcome borrows from the call; of the response it copies. */
struct outcome connector_interpret(const struct connector_call *call,
    const struct message_response *response,
    const struct connector_context *context);
/* Whether it changes nothing at the endpoint, and may be done at will. */
bool connector_is_safe(const struct def_operation *operation);
/*
 * An operation that changes nothing and that every endpoint of the
 * connection's kind has an answer to, for those who want to know whether it
 * can be reached and lets us in.  Made in the arena.
 */
const struct def_operation *connector_greeting(
    const struct def_connection *connection, struct arena *arena);
/* Whether that answer is one of an endpoint that lets us in. */
bool connector_is_welcome(const struct outcome *outcome,
    const struct message_response *response);
/* What to look at when a call ended like that, for people; absent: nothing
 * that could be said in general. */
struct str connector_hint(const struct outcome *outcome);

/*
 * What an answer says about how much more the endpoint will take: Retry-After,
 * RateLimit and RateLimit-Policy, and the older fields beside them
 * (RateLimit-Remaining, X-RateLimit-Reset, …).  What can't be read is left
 * out.
 */
struct throttle_advice connector_advise(
    const struct message_response *response, int64_t now_ms);
/* What it says about the endpoint's health, whatever became of the call. */
enum throttle_result connector_health(const struct outcome *outcome,
    const struct message_response *response,
    const struct throttle_advice *advice);
/* Whether interpreting may read the call's arguments. */
bool connector_reads_arguments(const struct def_operation *operation);
/* The request as history shows it: method, url, headers, body (as text, or
 * its digest where it is large), secrets left out. */
const struct value *connector_describe_request(struct arena *arena,
    const struct message_request *request);
const struct value *connector_describe_response(struct arena *arena,
    const struct message_response *response);

/*
 * What has to be fetched once and shown with every call: an OAuth2 access
 * token (RFC 6749), or Odoo's user number,
 * which `authenticate` gives for a login.  The caller keeps it until it
 * expires, or a call ends with "http.401" or "odoo.session-expired".  The
 * exchange changes nothing, and neither side of it may enter history.
 */
bool connector_needs_token(const struct def_connection *connection);
MUST_USE bool connector_token_prepare(const struct def_connection *connection,
    const struct connector_context *context, struct message_request *request,
    struct outcome *failure);
struct connector_token {
	struct str token;
	int64_t expires_in_ms; /* 0: not said */
};
MUST_USE bool connector_token_interpret(const struct def_connection *connection,
    const struct message_response *response,
    const struct connector_context *context, struct connector_token *token,
    struct outcome *failure);
struct connector_token_answer {
	const struct def_connection *connection;
	const struct message_request *request;
	const struct message_response *response;
};
/* The same of an answer as it came: what is told of a refusal is without the
 * secrets that it was asked with; a token is whole, whatever it consists of. */
MUST_USE bool connector_token_receive(
    const struct connector_token_answer *answer,
    const struct connector_context *context, struct connector_token *token,
    struct outcome *failure);

/* The JWK set that `keys-url` of a connection's webhooks leads to. */
MUST_USE bool connector_keys_prepare(const struct def_connection *connection,
    const struct connector_context *context, struct message_request *request,
    struct outcome *failure);
MUST_USE bool connector_keys_interpret(struct arena *arena,
    const struct message_response *response, struct str *keys,
    struct outcome *failure);

/*
 * A provider's webhook: verified over the raw body, then mapped.  One delivery
 * may hold many messages (`webhooks.each`); of these, what can't be mapped is
 * left out, or the provider would repeat the others for ever.
 */
struct connector_event {
	struct str type;
	struct str subject; /* may be absent */
	struct str id;
	/* By which earlier versions knew it; may be absent. */
	struct str former_id;
	struct str source;  /* absent: whoever took it in */
	struct str time;    /* may be absent */
	const struct value *data;
};
struct connector_events {
	struct connector_event *items;
	size_t count;
	size_t malformed; /* messages of a list that were left out */
	bool is_list;
	struct str missing_secret; /* its name, where SECRETLESS */
};
enum webhook_result {
	WEBHOOK_ACCEPTED,  /* *events are filled in */
	WEBHOOK_IGNORED,   /* genuine, but no rule maps it */
	WEBHOOK_FORGED,    /* the signature is missing, wrong or too old */
	WEBHOOK_SECRETLESS, /* nobody knows: its secret can't be had */
	WEBHOOK_MALFORMED, /* genuine, but not understood */
};
enum webhook_result connector_webhook(const struct def_connection *connection,
    const struct message_header *headers, size_t header_count, struct str body,
    const struct connector_context *context, struct connector_events *events);

/*
 * Events by way of a broker (AMQP).  What an instance has emitted becomes a
 * message: *is_wanted is false where no rule of the connection takes it.
 * false with *failure where it can't be made.
 */
MUST_USE bool connector_publish(const struct def_connection *connection,
    const struct connector_event *event,
    const struct connector_context *context, struct message_request *request,
    bool *is_wanted, struct outcome *failure);
/* Why a broker did not take it, or does not let us consume. */
struct outcome connector_publish_outcome(
    struct arena *arena, const struct message_response *response);
/* Which broker to consume the queue from. */
MUST_USE bool connector_subscribe(const struct def_connection *connection,
    const struct def_subscription *subscription,
    const struct connector_context *context, struct message_request *request,
    struct str *queue, struct outcome *failure);
/* What a message of the queue is as an event; its properties are among its
 * headers: message_id, routing_key, content-type, … */
enum webhook_result connector_delivery(
    const struct def_subscription *subscription,
    const struct message_response *delivery,
    const struct connector_context *context, struct connector_event *event);

#endif
