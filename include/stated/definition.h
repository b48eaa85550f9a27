/* SPDX-License-Identifier: Apache-2.0 */
/*
 * definition.h: a workflow as loaded: checked, immutable, all names resolved.
 *
 * The loader (library.h) builds these from YAML.  Everything lives in the
 * library's arena.  Arrays are in document order; `index` fields are
 * positions in the definition's own tables, so that a snapshot of an instance
 * can name a state, a transition or a step by a number that stays the same as
 * long as the definition's text does.
 */
#ifndef STATED_DEFINITION_H
#define STATED_DEFINITION_H

#include "stated/calendar.h"
#include "stated/digest.h"
#include "stated/message.h"
#include "stated/outcome.h"
#include "stated/schema.h"
#include "stated/template.h"

struct cron;
struct def_state;
struct def_step;
struct def_connection;
struct def_operation;
struct def_decision;
struct def_contact;

/* Enums whose names people read or write come from one list each. */
#define DEF_ENUM(constant, name) constant,

#define DEF_PRIORITIES(X)                                                      \
	X(PRIORITY_LOW, "low")                                                 \
	X(PRIORITY_NORMAL, "normal")                                           \
	X(PRIORITY_HIGH, "high")                                               \
	X(PRIORITY_CRITICAL, "critical")

enum def_priority { DEF_PRIORITIES(DEF_ENUM) };
struct str def_priority_name(enum def_priority priority);
MUST_USE bool def_priority_parse(struct str text, enum def_priority *out);

/* A span of time as written: fixed, in business days, or an expression that
 * gives a duration, or a date and time, or a string of one of these forms. */
enum def_span_kind { SPAN_NONE, SPAN_FIXED, SPAN_BUSINESS_DAYS, SPAN_FEEL };
struct def_span {
	enum def_span_kind kind;
	int64_t fixed_ms;      /* SPAN_FIXED */
	int64_t business_days; /* SPAN_BUSINESS_DAYS */
	const struct template *feel;
	struct str text; /* as written, for history and messages */
	struct diag_span span;
};
/*
 * "30s" "15m" "4h" "2d" "1w" "10y" (also "500ms"), ISO 8601, "3 business
 * days"; false else, and for what is negative or over a thousand years.  A
 * year counts 366 days and a month 31, so that what is kept for ten years is
 * never deleted too early.  *out is written whole: its `span` is left empty.
 */
MUST_USE bool def_span_parse(struct str text, struct def_span *out);
/* The same of months alone, before or after: false over a thousand years. */
MUST_USE bool def_span_of_months(int64_t months, int64_t *ms);

enum def_backoff { BACKOFF_CONSTANT, BACKOFF_LINEAR, BACKOFF_EXPONENTIAL };
struct def_retry {
	int64_t limit;    /* further attempts after the first; 0: none */
	int64_t delay_ms; /* before the first retry */
	enum def_backoff backoff;
	int64_t max_delay_ms; /* 0: no bound */
	int jitter_percent;   /* 0 to 100 */
};

/* name: = expression, in order. */
struct def_assign {
	struct str name;
	const struct template *value;
};
struct def_assigns {
	const struct def_assign *items;
	size_t count;
};

struct def_call;

/* What to ask when the outcome is unknown. */
struct def_verify {
	/* of its own: operation, with, timeout, retry */
	const struct def_call *call;
	struct def_span after;          /* settling delay; SPAN_NONE: at once */
	/* a no counts when it is the answer again, so much later; SPAN_NONE:
	 * the first one counts */
	struct def_span confirm;
	const struct template *happened;
	struct def_assigns output;
};

struct def_call {
	size_t index;                   /* in definition->calls */
	struct diag_span span;
	struct str target;              /* "bank.submit-payment" */
	const struct def_connection *connection;
	const struct def_operation *operation;
	const struct template *with;    /* a context; NULL: {} */
	int64_t timeout_ms;             /* 0: the operation's or connection's */
	struct def_retry retry;         /* the default where none is written */
	struct str window;              /* absent: any time; resolved below */
	const struct calendar_window *window_hours; /* NULL where absent */
	const struct template *idempotency_key; /* NULL: made by the engine */
	const struct def_verify *verify;        /* NULL: none */
	const struct def_call *compensate; /* NULL: none; its verify inside */
	struct str irreversible;                /* reason; absent: not said */
};

enum def_step_kind {
	STEP_CALL,
	STEP_SET,
	STEP_DECIDE,
	STEP_REQUIRE,
	STEP_RAISE,
	STEP_EMIT,
	STEP_WAIT,
	STEP_FAIL,
	STEP_FOR,
	STEP_RUN,
	STEP_NOTIFY,
	STEP_ATTEST,
};

struct def_steps {
	const struct def_step *const *items;
	size_t count;
};

struct def_step {
	/* in definition->steps; those within a `for` come after it */
	size_t index;
	const struct def_step *around; /* the `for` that it is in; NULL: none */
	enum def_step_kind kind;
	struct diag_span span;
	struct str id;                /* given, or made: "checking.entry.1" */
	bool is_named;                /* its id is given */
	const struct template *guard; /* `if`; NULL: always */
	struct def_assigns output;
	const struct def_call *call;  /* STEP_CALL */
	struct def_assigns set;       /* STEP_SET */
	const struct def_decision *decision; /* STEP_DECIDE */
	/* STEP_DECIDE and STEP_ATTEST (may be NULL), STEP_EMIT, STEP_RUN: the
	 * child's input */
	const struct template *with;
	const struct template *that;  /* STEP_REQUIRE: the condition */
	const struct template *code;  /* STEP_REQUIRE, STEP_FAIL; a string */
	/* the same, and STEP_NOTIFY, STEP_ATTEST; may be NULL but for ATTEST */
	const struct template *message;
	struct str event;             /* STEP_RAISE, STEP_EMIT */
	struct def_span wait;         /* STEP_WAIT: for so long */
	const struct template *until; /* STEP_WAIT: an instant; else NULL */
	/* STEP_FOR.  What an iteration assigns is its own: it makes up its
	 * entry in `results`, and no other iteration sees it. */
	struct str each;              /* the item's name */
	struct str at;                /* its position's, from 1; or absent */
	const struct template *in;    /* a list */
	struct def_steps body;        /* `do` */
	int64_t parallel;             /* iterations at once; 1 unless told */
	bool goes_on;                 /* on-error: continue */
	/* STEP_RUN: the newest version of that workflow when it runs */
	struct str workflow;
	const struct template *priority; /* may be NULL: the parent's */
	bool waits;                   /* for the child's end */
	/* STEP_NOTIFY */
	const struct def_contact *contact;
	struct str severity;          /* normal unless told */
};

enum def_compensate { COMPENSATE_NONE, COMPENSATE_ALL, COMPENSATE_TO };

/* States to enter together: of different regions, none within another. */
struct def_targets {
	const struct def_state *const *items;
	size_t count;
};

struct def_transition {
	size_t index;                 /* in definition->transitions */
	struct diag_span span;
	const struct def_state *source;
	struct str event;             /* of `on`; absent for always and after */
	struct def_span after;        /* of `after` */
	const struct template *guard; /* NULL: always */
	struct def_targets targets;   /* none: nothing is left */
	struct def_steps steps;       /* `do` */
	enum def_compensate compensate;
	const struct def_state *compensate_to; /* COMPENSATE_TO */
	bool interrupt;
	bool internal;
};
struct def_transitions {
	const struct def_transition *const *items;
	size_t count;
};

struct def_task {
	struct diag_span span;
	const struct template *title;
	const struct template *description; /* may be NULL */
	const struct template *role;        /* may be NULL: anyone */
	const struct template *approvals;   /* may be NULL: 1 */
	const struct str *exclude; /* "initiator", or a task's (state's) name */
	size_t exclude_count;
	const struct str *choices; /* approved, rejected where left out */
	size_t choice_count;
	const struct schema *form;          /* may be NULL */
	struct def_span due;
};

struct def_escalation {
	size_t index; /* within the state, from 0; its level is index + 1 */
	struct diag_span span;
	struct def_span after;    /* SPAN_NONE where `at` is given */
	const struct template *at;
	const struct def_contact *to;
	const struct template *message; /* may be NULL */
	struct str severity;      /* normal unless told */
	struct def_span every;    /* SPAN_NONE: once */
	const struct template *guard;
	const struct def_state *target; /* NULL: stays */
};

enum def_state_kind {
	STATE_ATOMIC,
	STATE_COMPOUND,
	STATE_PARALLEL, /* each child is a region */
	STATE_FINAL,
	STATE_HISTORY, /* a pseudo-state: never active itself */
};
enum def_ending { ENDING_SUCCESS, ENDING_FAILURE, ENDING_CANCELLED };
struct str def_ending_name(enum def_ending ending);

struct def_state {
	size_t index; /* in definition->states, document order: parents first */
	enum def_state_kind kind;
	struct diag_span span;
	struct str name;
	struct str title;               /* may be absent */
	struct str description;         /* may be absent */
	const struct def_state *parent; /* NULL at the top */
	size_t depth;                   /* 0 at the top */
	/* in document order, histories too; of COMPOUND and PARALLEL */
	const struct def_state *const *children;
	size_t child_count;
	/* COMPOUND: where entering it leads, at any depth within it, several
	 * where regions lie between; HISTORY: where it leads the first time;
	 * PARALLEL: regions begin by their own initial, but for those that
	 * are named here */
	struct def_targets initial;
	bool deep; /* HISTORY: whole configurations, not children only */
	struct def_transitions on; /* document order, all events together */
	struct def_transitions always;
	struct def_transitions after;
	struct def_steps entry;
	struct def_steps exit;
	const struct def_task *task;    /* NULL: none */
	const struct def_escalation *escalations;
	size_t escalation_count;
	enum def_ending outcome;        /* STATE_FINAL */
	struct def_assigns output;      /* STATE_FINAL */
	enum def_compensate compensate; /* undone when the state is entered */
	const struct def_state *compensate_to; /* COMPENSATE_TO */
	bool is_undone_to; /* some `compensate: to` names this state */
};

struct def_event {
	struct str type;
	struct diag_span span;
	/* NULL: the business key, or the identifier where there is none */
	const struct template *correlate;
	const struct str *supersedes;
	size_t supersedes_count;
	const struct schema *data; /* may be NULL */
	bool keep;
};

struct def_invariant {
	struct str name;
	struct diag_span span;
	const struct def_state *const *in; /* none: everywhere */
	size_t in_count;
	const struct template *that;
};

/* What becomes of a start by time while an earlier one still runs. */
enum def_overlap { OVERLAP_SKIP, OVERLAP_QUEUE, OVERLAP_ALLOW };
/* Which of the starts that fell into a downtime are made up for. */
enum def_catch_up { CATCH_UP_LAST, CATCH_UP_ALL, CATCH_UP_NONE };
struct def_schedule {
	struct diag_span span;
	struct str text; /* the cron expression, as written */
	const struct cron *cron;
	struct str timezone; /* IANA; the calendar's, else UTC, unless told */
	const struct calendar *calendar; /* its working days only; NULL: all */
	const struct template *input; /* of the instance; `at` is the instant */
	enum def_overlap overlap;
	enum def_catch_up catch_up;
};

/* Parts that `separate` may name, as bits. */
#define DEF_PARTS(X)                                                           \
	X(PART_INITIATE, "initiate", 1)                                        \
	X(PART_APPROVE, "approve", 2)                                          \
	X(PART_CORRECT, "correct", 4)                                          \
	X(PART_CONFIRM, "confirm", 8)
#define PARTS_ALL 15

#define DEF_PART_ENUM(constant, name, bit) constant = bit,
enum def_part { DEF_PARTS(DEF_PART_ENUM) };
struct str def_part_name(enum def_part part);

/* What begins the name of a role whose tasks are a part. */
#define DEF_APPROVER "approver:"

/* What no person may hold together in one instance. */
struct def_separate {
	struct diag_span span;
	unsigned parts; /* of enum def_part */
	/* tasks, by their states' names, and roles as "approver:ROLE" */
	const struct str *names;
	size_t name_count;
};

struct definition {
	struct str name;
	struct diag_span span; /* of its name */
	int64_t version;
	/* SHA-256 of its canonical form, whatever the order of its keys: see
	 * library_is_reordered() */
	struct digest digest;
	/* Documents that it names, "decision limits"; see library.h. */
	const struct str *leans;
	size_t lean_count;
	/* the document's YAML text, enough to load it again */
	struct str source;
	struct str file;
	struct str title;
	struct str description;
	const struct def_contact *owner;  /* may be NULL */
	const struct calendar *calendar;  /* may be NULL */
	const struct template *priority;  /* may be NULL: normal */
	struct def_span retention;
	struct def_span hold; /* of unmatched events; 7 days unless told */
	const struct def_separate *separate;
	size_t separate_count;
	/* A correction waits for another person to confirm it: one of them
	 * names `confirm`. */
	bool second_person;
	/* Who is told at once of what was done without the second person; no
	 * document's but the environment's: see library_set_alarm().  NULL:
	 * nobody may. */
	const struct def_contact *alarm;
	struct def_assigns labels;
	const struct str *sensitive;      /* dotted paths */
	size_t sensitive_count;
	const struct schema *input;       /* NULL: anything */
	/* the schema's document; NULL with input */
	const struct value *input_schema;
	const struct template *business_key; /* NULL: none */
	struct def_assigns data;
	const struct def_event *events;
	size_t event_count;
	const struct def_invariant *invariants;
	size_t invariant_count;
	/* `incident.owner`, else owner */
	const struct def_contact *incident_owner;
	struct def_span incident_max_age;
	struct str runbook;
	struct def_targets initial;
	const struct def_schedule *schedules;
	size_t schedule_count;
	const struct def_state *const *states;
	size_t state_count;
	const struct def_transition *const *transitions;
	size_t transition_count;
	const struct def_step *const *steps;
	size_t step_count;
	const struct def_call *const *calls;
	size_t call_count;
};

const struct def_state *definition_find_state(
    const struct definition *definition, struct str name);
const struct def_event *definition_find_event(
    const struct definition *definition, struct str type);
const struct def_step *definition_find_step(
    const struct definition *definition, struct str id);
/* Whether `outer` is `inner` or one of its ancestors. */
bool def_state_contains(
    const struct def_state *outer, const struct def_state *inner);
/* Whether the transition's event name takes that type: equal, by prefix
 * ("bank.*" takes bank.x, bank.x.y and, as in SCXML, bank itself), or all
 * ("*"). */
bool def_event_matches(struct str pattern, struct str type);

/* ---- connections ---- */

enum def_connection_kind {
	CONNECTION_HTTP,
	CONNECTION_ODOO,
	CONNECTION_SMTP,
	CONNECTION_SFTP,
	CONNECTION_AMQP,
};

/* The first rule that holds names an answer's error. */
struct def_error_rule {
	const struct template *guard;
	struct str code;
	const struct template *message; /* may be NULL */
	enum outcome_kind outcome;      /* not-done unless told */
	bool transient;
};

#define DEF_METHODS(X)                                                         \
	X(METHOD_GET, "GET")                                                   \
	X(METHOD_HEAD, "HEAD")                                                 \
	X(METHOD_POST, "POST")                                                 \
	X(METHOD_PUT, "PUT")                                                   \
	X(METHOD_PATCH, "PATCH")                                               \
	X(METHOD_DELETE, "DELETE")

enum def_method { DEF_METHODS(DEF_ENUM) };
struct str def_method_name(enum def_method method);

/* How an answer in XML becomes a value. */
struct def_xml {
	const struct str *lists; /* elements that are lists, be it of one */
	size_t list_count;
};

struct def_operation {
	struct str name;
	struct str description; /* may be absent */
	struct diag_span span;
	const struct def_connection *connection;
	const struct schema *input; /* of the arguments; may be NULL */
	/* kind: http */
	enum def_method method;
	const struct template *path;
	const struct template *query;   /* a context; may be NULL */
	const struct template *headers; /* a context; may be NULL */
	const struct template *body;    /* may be NULL */
	const struct def_xml *xml; /* the answer is XML; NULL: it isn't */
	/* kind: odoo */
	const struct template *model;
	const struct template *odoo_method;
	const struct template *args;   /* a list; may be NULL */
	const struct template *kwargs; /* a context; may be NULL */
	/* kind: sftp, beside path, body and xml */
	enum message_file_verb file_verb;
	struct str content_type; /* of the body; absent: it is a text */
	/* kind: amqp, beside headers, body and content_type */
	const struct template *exchange; /* "" leads to the queue of that key */
	const struct template *routing_key;
	const struct template *message_id; /* NULL: the idempotency key */
	bool is_mandatory; /* what reaches no queue is an error */
	/* kind: smtp; each but the last two a text or a list of texts.  Of
	 * sftp: a file's new name */
	const struct template *to;
	const struct template *cc;       /* may be NULL */
	const struct template *reply_to; /* may be NULL */
	const struct template *subject;
	const struct template *text;
	/* all */
	bool safe;       /* changes nothing: may be repeated at will */
	bool idempotent; /* the same key does it once */
	int64_t idempotent_lifetime_ms; /* 0: for ever */
	int64_t timeout_ms;             /* 0: the connection's */
	/* NULL: 2xx (http), a reply without error (odoo), 250 (smtp) */
	const struct template *success;
	struct def_assigns output; /* none: the body itself is the response */
	const struct def_error_rule *errors;
	size_t error_count;
};

enum def_auth_kind {
	AUTH_NONE,
	AUTH_BASIC,
	AUTH_BEARER,
	AUTH_HEADER,
	AUTH_QUERY,
	AUTH_OAUTH2,
	AUTH_ODOO,
	AUTH_KEY,
	AUTH_EXTERNAL /* AMQP: the client's certificate (SASL EXTERNAL) */
};
enum def_oauth2_grant {
	GRANT_CLIENT, /* client credentials: RFC 6749, section 4.4 */
	GRANT_JWT,    /* a JWT of our own: RFC 7523, section 2.1 */
};
/* How the client proves itself to the token endpoint. */
enum def_oauth2_client {
	CLIENT_SECRET_BASIC,
	CLIENT_SECRET_POST,
	CLIENT_PRIVATE_KEY_JWT, /* RFC 7523, section 2.2 */
	CLIENT_TLS,             /* RFC 8705: its certificate; the id is told */
	CLIENT_NONE,            /* not at all */
};
struct def_oauth2 {
	enum def_oauth2_grant grant;
	enum def_oauth2_client by;
	const struct template *token_url;
	/* {secret: NAME} of "id:secret", {id, secret}, or the id alone; NULL:
	 * nobody, of GRANT_JWT only */
	const struct template *client;
	const struct template *scope;      /* may be NULL */
	const struct template *parameters; /* more of the form; may be NULL */
	/* what a JWT is signed with, and says; NULL: none is made */
	const struct template *key;
	const struct template *key_id;    /* may be NULL */
	uint32_t algorithms;              /* one bit; 0: the key's own */
	const struct template *issuer;    /* NULL: the client's id */
	const struct template *subject;   /* NULL: the issuer */
	const struct template *audience;  /* NULL: the token endpoint */
};
struct def_auth {
	enum def_auth_kind kind;
	bool is_external; /* as written, of AMQP */
	const struct template *user;     /* BASIC, ODOO (login), KEY */
	/* BASIC, BEARER (token), HEADER and QUERY (value), ODOO, KEY: the
	 * private key */
	const struct template *password;
	const struct template *passphrase; /* KEY; may be NULL */
	struct str header;               /* HEADER, QUERY: its name */
	const struct template *database; /* ODOO */
	struct def_oauth2 oauth2;
};

/* ---- signatures ---- */

enum def_signature_scheme {
	SIGNED_NONE,
	SIGNED_HMAC,
	SIGNED_STRIPE,
	SIGNED_GITHUB,
	SIGNED_STANDARD, /* Standard Webhooks */
	SIGNED_HUBSPOT,  /* version 3 */
	SIGNED_PAYPAL,
	SIGNED_JWS, /* RFC 7515: compact, or detached in a header */
	SIGNED_HTTP, /* RFC 9421; requests only */
};
enum def_signature_encoding {
	ENCODED_ANYHOW, /* when it is read; written as ENCODED_HEX */
	ENCODED_HEX,
	ENCODED_BASE64,
};
/* What an HMAC is over: these one after another. */
enum def_signed_part_kind {
	SIGNED_PART_TEXT, /* as it stands */
	SIGNED_PART_METHOD,
	SIGNED_PART_URL,
	SIGNED_PART_PATH, /* without the query */
	SIGNED_PART_QUERY, /* without the question mark */
	SIGNED_PART_TIMESTAMP,
	SIGNED_PART_BODY,
	SIGNED_PART_BODY_SHA256, /* in hex */
	SIGNED_PART_HEADER, /* the value of the header `text` */
};
struct def_signed_part {
	enum def_signed_part_kind kind;
	struct str text;
};
struct def_signature {
	enum def_signature_scheme scheme;
	/* a key, or a list of keys that hold at the same time; NULL: those at
	 * keys_url */
	const struct template *secret;
	const struct template *keys_url; /* JWS: a JWK set; may be NULL */
	struct str header; /* where it stands; JWS: absent is the body */
	/* SIGNED_HMAC */
	const struct def_signed_part *parts;
	size_t part_count;
	enum def_signature_encoding encoding;
	struct str prefix;           /* before it, in its header */
	struct str timestamp_header; /* absent: none */
	bool is_timestamp_ms;        /* milliseconds, and not seconds */
	int64_t tolerance_ms; /* of its time, in both directions; 0: any */
	const struct template *url;        /* HUBSPOT: as it is called */
	const struct template *webhook_id; /* PAYPAL: the subscription's */
	/* SIGNED_JWS */
	/* bits of enum signature_algorithm; 0: the key's */
	uint32_t algorithms;
	const struct template *issuer;   /* may be NULL */
	const struct template *audience; /* may be NULL */
	/* of a request: */
	const struct template *key_id; /* JWS, HTTP; may be NULL */
	bool is_plain;                 /* JWS: RFC 7797 */
	struct str trust_anchor; /* JWS: of Open Banking; may be absent */
	const struct str *components; /* HTTP: what is signed, in order */
	size_t component_count;
};

struct def_webhook_event {
	const struct template *guard;
	const struct template *type;
	const struct template *subject; /* may be NULL */
	/* may be NULL: the provider's, or a digest */
	const struct template *id;
	const struct template *data;    /* NULL: the body */
	const struct template *time;    /* may be NULL */
	const struct template *source;  /* AMQP; may be NULL: the queue */
};

/* Which of the events that instances emit a broker gets (AMQP). */
struct def_publication {
	const struct str *events; /* names, or by prefix: "bank.*" */
	size_t event_count;
	const struct template *guard;       /* NULL: all of these */
	const struct template *exchange;
	const struct template *routing_key; /* NULL: the event's type */
	bool is_structured; /* CloudEvents' structured mode, else binary */
};

/* A queue that events come from (AMQP). */
struct def_subscription {
	const struct template *queue;
	int64_t prefetch; /* messages at hand at a time; 100 unless told */
	/* none: its messages are CloudEvents themselves */
	const struct def_webhook_event *events;
	size_t event_count;
};

/* The host that calls go through. */
struct def_proxy {
	const struct template *url; /* null is none */
	const struct template *user;     /* may be NULL */
	const struct template *password; /* may be NULL */
	const struct template *ca;       /* its own; may be NULL */
	const struct str *except; /* hosts that are asked directly */
	size_t except_count;
};

struct def_connection {
	struct str name;
	struct str description; /* may be absent */
	struct str file;
	struct diag_span span;
	enum def_connection_kind kind;
	const struct template *url;
	const struct template *from; /* SMTP: who mails are from */
	const struct template *host_key; /* SFTP: a text or a list of texts */
	struct def_auth auth;
	bool is_tls_required; /* SMTP: no STARTTLS, no mail */
	bool is_idempotent;   /* SMTP: a mail that comes twice is no harm */
	/* PEM of the certificate, and of its key unless that stands in
	 * client_key; may be NULL */
	const struct template *client_certificate;
	const struct template *client_key; /* may be NULL */
	/* PEM, or a file's absolute path; may be NULL */
	const struct template *ca;
	const struct def_proxy *proxy; /* NULL: none */
	int64_t concurrency;   /* calls at once; 64 unless told */
	int64_t rate_count;    /* per rate_ms; 0: no bound */
	int64_t rate_ms;
	int64_t answer_bytes_max; /* 0: what the network takes */
	int64_t breaker_failures; /* 0: none */
	int64_t breaker_within_ms;
	int64_t breaker_open_ms;
	int64_t timeout_ms;    /* 30 s unless told */
	const struct template *headers; /* for all operations; may be NULL */
	const struct def_operation *const *operations;
	size_t operation_count;
	/* SMTP: a notice as a mail, made of what a contact's call is given
	 * and of `to`; not among the operations */
	const struct def_operation *notice;
	const struct def_error_rule *errors; /* after an operation's own */
	size_t error_count;
	struct def_signature sign;   /* HTTP: requests */
	struct def_signature verify; /* HTTP: answers */
	struct def_signature webhook_signature;
	/* the messages that one delivery has; NULL: it is one */
	const struct template *webhook_each;
	const struct def_webhook_event *webhook_events;
	size_t webhook_event_count;
	int64_t heartbeat_ms; /* AMQP: 30 s unless told; 0: none */
	const struct def_publication *publications; /* AMQP */
	size_t publication_count;
	const struct def_subscription *subscriptions; /* AMQP */
	size_t subscription_count;
};
/* Whether it is about events of that type. */
bool def_publication_takes(
    const struct def_publication *publication, struct str type);
const struct def_operation *def_connection_find(
    const struct def_connection *connection, struct str operation);

/* ---- contacts ---- */

enum def_channel_kind {
	CHANNEL_LOG,
	CHANNEL_CALL, /* `call`, and `email` and `webhook`, made into calls */
	CHANNEL_NONE, /* leads nowhere, of which the loader has warned */
};
struct def_channel {
	enum def_channel_kind kind;
	struct str word;             /* as written: log, call, email, webhook */
	struct str level;            /* CHANNEL_LOG: info, warning, error */
	const struct def_call *call; /* CHANNEL_CALL; index is SIZE_MAX */
};
struct def_contact {
	struct str name;
	struct str description; /* may be absent */
	struct diag_span span;
	const struct def_channel *channels;
	size_t channel_count;
};

#endif
