/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h: the turn: drain, step, commit, release.
 *
 * One engine is one loop and one store.  Requests only append to a bounded
 * inbox; engine_turn() steps the instances, hands one batch to the store and,
 * when it is durable, lets out replies, calls and timers: never before.
 * All functions are called on the loop's thread.
 */
#ifndef STATED_ENGINE_H
#define STATED_ENGINE_H

#include "stated/chart.h"
#include "stated/clock.h"
#include "stated/connector.h"
#include "stated/http.h"
#include "stated/issuer.h"
#include "stated/library.h"
#include "stated/store.h"
#include "stated/throttle.h"

struct engine;
struct event_base;

struct engine_limits {
	size_t inbox_max;     /* requests waiting; 100000 where 0 */
	size_t cache_max;     /* instances in memory; 4000 where 0 */
	size_t cache_bytes_max; /* that they take; 32 MiB where 0 */
	size_t batch_max;     /* instances stepped a turn; 2000 where 0 */
	size_t window_max;    /* deadlines read at a time; 10000 where 0 */
	/* deadlines and recoveries a turn, so that other work need not wait
	 * for all of them; 128 where 0 */
	size_t bulk_max;
	/* Calls under way over all connections, as many as the network takes
	 * without making them wait; HTTP_CONNECTIONS_MAX where 0.  A
	 * connection may have as many as are left then, so that some always
	 * are, however many endpoints don't answer. */
	size_t calls_max;
	size_t mails_max; /* the same of mails; HTTP_MAILS_MAX where 0 */
	size_t files_max; /* the same of files; HTTP_FILES_MAX where 0 */
	/* Events that wait for a broker; from then on nothing new is started.
	 * 1000000 where 0 */
	size_t posts_max;
	int64_t probe_ms; /* until a store that failed is tried; 250 where 0 */
	/* After so many commits in a row that were small and quick, the next is
	 * made on the loop's own thread, without waking another; 0: never. */
	size_t calm_min;
};

struct engine_options {
	struct event_base *base;
	struct store *store;
	/* linked, without errors; owned by the caller */
	struct library *library;
	struct http_port *http; /* lives as long as the engine */
	const struct clock *clock;
	struct rng *rng;
	const struct value *settings; /* lives as long as the engine */
	struct str environment;
	/* Nothing is published that a proof has a finding about. */
	bool proofs_required;
	/* Nothing is published, but by the configuration's own files, until
	 * another person has confirmed it. */
	bool publishing_needs_two;
	template_secret_fn *secret;
	void *secret_arg;
	/* Told of each credential that was refused; true where another one
	 * may come, so that it is worth a repetition.  May be NULL. */
	bool (*secret_refused)(void *secret_arg);
	struct engine_limits limits;
};

/* Whether engine_new() will take the library with what the store has of
 * definitions; else *detail says why not.  The store may be one that an older
 * program wrote, open for reading; of the other options only what says whether
 * proofs are required counts. */
MUST_USE bool engine_can_serve(
    const struct engine_options *options, struct buf *detail);
/* Publishes the library's definitions (a changed text under an old version is
 * refused: NULL with *detail), loads the versions that instances run on (one
 * with open instances that can't be loaded is refused, too), and recovers:
 * calls without a recorded reply become unknown. */
MUST_USE struct engine *engine_new(
    const struct engine_options *options, struct buf *detail);
/* Stops taking work; what is under way is left for the next start. */
void engine_free(struct engine **engine);
/* Takes a reloaded library: new starts use it; the caller keeps the old one
 * until engine_free().  false with *detail where it can't be published, or
 * lacks what open instances need: then that of before stays. */
MUST_USE bool engine_reload(
    struct engine *engine, struct library *library, struct buf *detail);

/* ---- requests ---- */

enum engine_status {
	ENGINE_CREATED,     /* a new instance */
	ENGINE_OK,
	ENGINE_ACCEPTED,    /* an event: see fate */
	ENGINE_PROPOSED,    /* it waits for another person: see proposal */
	ENGINE_UNKNOWN_WORKFLOW,
	ENGINE_UNKNOWN_INSTANCE,
	ENGINE_INVALID,     /* input fails the schema, or the key is missing */
	ENGINE_CONFLICT,    /* same business key, other input */
	ENGINE_CHANGED, /* another text under a version that is published */
	ENGINE_FAULTY,  /* documents have errors: view lists them */
	ENGINE_UNPROVED, /* proofs are required, and fail: view lists them */
	ENGINE_KEY_REUSED,  /* same Idempotency-Key, other request */
	ENGINE_REFUSED,     /* see refusal */
	ENGINE_OVERLOADED,  /* the inbox is full: later */
	/* the store can't write: later; nothing was done, unless detail says
	 * that it may have been (STORE_UNSURE) */
	ENGINE_UNAVAILABLE,
	ENGINE_STOPPING,
	ENGINE_UNKNOWN_CONNECTION,
	ENGINE_UNKNOWN_TOKEN,
	ENGINE_UNKNOWN_HOLD,
	ENGINE_FOREIGN, /* of another entity than those of engine_start */
};

/* Valid during the callback only. */
struct engine_reply {
	enum engine_status status;
	uint64_t instance;          /* where there is one */
	/* PROPOSED: its number among the instance's items; of no instance,
	 * among those of the installation, which are of number 0 */
	uint64_t proposal;
	/* chart_describe(), where there is one; of engine_publish() what it
	 * says */
	const struct value *view;
	struct schema_errors errors; /* ENGINE_INVALID, and REFUSED_FORM */
	enum chart_refusal refusal;
	/* of an event: matched, held, duplicate, ignored, dead */
	struct str fate;
	struct str detail; /* for people: what happened and what to do */
	int64_t retry_after_ms;     /* OVERLOADED, UNAVAILABLE */
};
/* Called once, after the commit that the reply depends on. */
typedef void engine_reply_fn(const struct engine_reply *reply, void *arg);

/* Texts and values live until the reply: they may be large, and who waits for
 * an answer has kept them anyway. */
struct engine_start {
	struct str workflow;
	int64_t version; /* 0: the newest */
	const struct value *input;
	struct str priority; /* absent: by definition */
	struct chart_actor actor;
	/* Only an instance of one of these (its label `entity`) is started, or
	 * told of; none: of any. */
	const struct str *entities;
	size_t entity_count;
	struct str trace;
	/* Kept with the reply in the same commit, so that a repetition gets the
	 * same answer; key absent: none. */
	struct str idempotency_key;
	struct digest request_digest;
	/* The reply may come without a view: whoever asks watches on. */
	bool watches;
};
void engine_start(struct engine *engine, const struct engine_start *start,
    engine_reply_fn *reply, void *arg);

/* Of all that follow, texts and values are copied.
 * A CloudEvent; the event's fields of struct chart_event are used. */
void engine_event(struct engine *engine, const struct chart_event *event,
    engine_reply_fn *reply, void *arg);
/* An act on an instance: decided, settled, acknowledged, cancelled, … */
void engine_act(struct engine *engine, uint64_t instance,
    const struct chart_event *event, engine_reply_fn *reply, void *arg);
struct engine_migrate {
	struct str workflow;
	int64_t from; /* an instance on another version is refused */
	int64_t to;
	const struct chart_rename *renames;
	size_t rename_count;
	bool dry_run; /* only look whether it would be done */
	struct chart_actor actor;
	struct str comment;
};
/* Moves an instance to another version (chart.h, EV_MIGRATED): OK, or REFUSED
 * with the reasons in detail. */
void engine_migrate(struct engine *engine, uint64_t instance,
    const struct engine_migrate *migrate, engine_reply_fn *reply, void *arg);

struct engine_document {
	struct str file; /* what messages call it */
	struct str text; /* YAML, one document or several */
};
struct engine_publish {
	const struct engine_document *documents;
	size_t count;
	bool dry_run; /* only look whether it would be done */
	bool proposes; /* another person has to confirm it, in any case */
	struct chart_actor actor;
};
/*
 * Checks workflows against the library and publishes them, all or none: new
 * starts use them from then on, running instances stay where they are.
 * CREATED, or OK where nothing is new (or on a dry run), with the view {items:
 * [{name, version, digest, new, newest}], dry_run}; PROPOSED, with the proposal
 * as the view, where another person has to confirm it; else CHANGED, or FAULTY or
 * UNPROVED with a list of what is wrong.
 */
void engine_publish(struct engine *engine, const struct engine_publish *publish,
    engine_reply_fn *reply, void *arg);
/*
 * Delivers a dead letter (or a held event) again.  Where an instance that
 * takes it belongs to a workflow whose corrections want a second person, it is
 * PROPOSED instead, or done alone for the reason given.
 */
struct engine_replay {
	uint64_t event_id;
	struct chart_actor actor;
	struct str break_glass; /* see struct chart_event; may be absent */
};
void engine_replay(struct engine *engine, const struct engine_replay *act,
    engine_reply_fn *reply, void *arg);

/* What another person says to a proposal of the installation; for those of an
 * instance there are EV_PROPOSAL_CONFIRMED and its like. */
struct engine_verdict {
	uint64_t serial;
	bool confirms; /* else it is rejected */
	struct str comment;
	struct chart_actor actor;
};
/* OK with the proposal as the view, once that is durable; else why it can't
 * be done: REFUSED, or as engine_publish() and engine_replay() answer. */
void engine_judge(struct engine *engine, const struct engine_verdict *verdict,
    engine_reply_fn *reply, void *arg);

/* So long at the most. */
#define ENGINE_DELEGATION_MS_MAX (366LL * 86400 * 1000)
/* A person lets another one act in their role, or no longer. */
struct engine_delegate {
	uint64_t serial; /* of what is taken back */
	bool revokes;	 /* only serial and actor count then */
	struct str role; /* approver:ROLE */
	struct str from; /* whose it is */
	struct str to;
	struct str workflow; /* absent: of any */
	int64_t until_ms;
	struct chart_actor actor;
};
/* CREATED, or OK where it is taken back, with the delegation as the view; or
 * REFUSED.  In force once that is so. */
void engine_delegate(struct engine *engine, const struct engine_delegate *act,
    engine_reply_fn *reply, void *arg);

/* What follows the source of an event that a limited token has sent, in the
 * store: then comes a digest of the limits. */
#define ENGINE_LIMITED "#limited-"
/* {workflows: [...], entities: [...]}, without what limits nothing. */
const struct value *engine_limits_value(
    const struct chart_limits *limits, struct arena *arena);

struct engine_switch {
	struct str connection;
	bool pauses; /* else it resumes */
	struct chart_actor actor;
	struct str reason; /* may be absent */
};
/*
 * Pauses a connection: its calls wait, in their order, and instances go on
 * with all that needs none.  What is under way comes home.  Or resumes it,
 * which also ends whatever had been found out about it: an open breaker, a
 * time to wait.  Durable, with who did it, and in force once that is so.  OK,
 * or UNKNOWN_CONNECTION.
 */
void engine_switch(struct engine *engine, const struct engine_switch *act,
    engine_reply_fn *reply, void *arg);

/* A token that is given, or taken back. */
struct engine_grant {
	struct str id;
	bool revokes; /* only id and actor count then */
	struct str name;
	struct digest sha256; /* of the token's text */
	struct str grant;     /* what it may do, as JSON; not looked at here */
	int64_t expires_ms;   /* 0: never */
	struct chart_actor actor;
};
/* Durable, with who did it, and in force once that is so.  OK, or
 * UNKNOWN_TOKEN.  To take back what was taken back changes nothing. */
void engine_give(struct engine *engine, const struct engine_grant *act,
    engine_reply_fn *reply, void *arg);

/* A record of the journal (audit.h) that tells of nothing else that is done
 * here; such things write theirs themselves. */
struct engine_entry {
	enum journal_kind kind;
	struct str actor; /* absent: the engine itself */
	const struct value *fields; /* a context; NULL: none */
	/* What it tells of, where that is a checkpoint; else NULL. */
	const struct store_checkpoint *checkpoint;
	const struct store_node *nodes; /* stored with it */
	size_t node_count;
};
/* OK once it is durable. */
void engine_journal(struct engine *engine, const struct engine_entry *entry,
    engine_reply_fn *reply, void *arg);
/* For who has a store without an engine: a record with what all have, to
 * which its own fields are put; see store_add_journal(). */
struct value_builder *engine_journal_begin(struct arena *arena,
    const struct store *store, enum journal_kind kind, int64_t at_ms,
    struct str actor);

/* What such a record of a token tells. */
void engine_journal_token(
    struct value_builder *record, const struct store_token *row);

/* A caller who was refused.  What is absent is not known. */
struct engine_refusal {
	enum journal_kind kind; /* JOURNAL_ACCESS_REFUSED, _SIGN_IN_FAILED */
	struct str actor;
	struct str address; /* where a caller who is not known calls from */
	struct str route;   /* "GET /v1/instances/{id}" */
	struct str path;    /* what was asked for */
	struct str problem; /* "forbidden" */
};
/* Counts it, and tells the journal: the first one soon, those that follow
 * within a minute as a number. */
void engine_refused(
    struct engine *engine, const struct engine_refusal *refusal);

/* What a hold is over. */
#define ENGINE_HOLD_SCOPES(X)                                                  \
	X(INSTANCE, "instance") /* by identifier */                            \
	X(KEY, "key")           /* by business key, of any workflow */         \
	X(WORKFLOW, "workflow") /* all its versions */                         \
	X(LABEL, "label")       /* one of the workflow's labels */
enum engine_hold_scope {
#define X(symbol, name) HOLD_##symbol,
	ENGINE_HOLD_SCOPES(X)
#undef X
	HOLD_SCOPE_COUNT
};
struct str engine_hold_scope_name(enum engine_hold_scope scope);

/* A legal hold that is set, or released. */
struct engine_holding {
	struct str id;
	bool releases; /* only id, reason and actor count then */
	enum engine_hold_scope scope;
	struct str label; /* its name; absent but for HOLD_LABEL */
	struct str value;
	struct str reason;
	struct chart_actor actor;
};
/* Durable, with who did it and why.  From the reply on, nothing that the hold
 * is over is purged or erased.  OK, or UNKNOWN_HOLD; to release what was
 * released changes nothing. */
void engine_hold(struct engine *engine, const struct engine_holding *act,
    engine_reply_fn *reply, void *arg);

struct engine_trial {
	struct str connection;
	/* One that changes nothing; absent: a greeting, which all endpoints of
	 * the connection's kind understand. */
	struct str operation;
	const struct value *with; /* its arguments; NULL: {} */
};
/*
 * Tries a connection by one exchange of its own (and one for a token), beside
 * its limits and its breaker, and whether it is paused or not.  OK with the
 * view {connection, ok, did, status, code, message, took_ms}, the message for
 * people; REFUSED where the operation is none or changes something;
 * UNKNOWN_CONNECTION.
 */
void engine_try(struct engine *engine, const struct engine_trial *trial,
    engine_reply_fn *reply, void *arg);

/* Calls back once the instance is not running any more (durably): it ended,
 * or waits.  One that can't be loaded is looked at, as by engine_look().
 * Returns a handle for engine_unwatch(), 0 where there is nothing to wait for:
 * it has called back, or is going to without. */
uint64_t engine_watch(struct engine *engine, uint64_t instance,
    engine_reply_fn *reply, void *arg);
void engine_unwatch(struct engine *engine, uint64_t instance, uint64_t watch);

/* ---- looking ---- */

/* The instance as it is once all that was done to it so far is durable:
 * goes through the inbox like everything else. */
void engine_look(struct engine *engine, uint64_t instance,
    engine_reply_fn *reply, void *arg);
/* The same with what is sensitive: the view has it in plain, and `sensitive`
 * (chart_disclose()).  Recorded, with who did it. */
void engine_disclose(struct engine *engine, uint64_t instance,
    const struct chart_actor *actor, engine_reply_fn *reply, void *arg);
/* What is left of an instance whose history was purged (STORE_PURGED), of its
 * row with the snapshot: {id, workflow, version, definition, business_key,
 * status, ended_as, started_at, ended_at, purged_at, labels: the entity, where
 * it had one, records, hash, certificate: the seq of the journal's record}. */
const struct value *engine_describe_purged(const struct engine *engine,
    struct arena *arena, const struct store_instance *row);
/* chart_has_number_key() of the instance, or that it was purged.  Not during a
 * callback of the store's. */
MUST_USE bool engine_has_number_key(
    struct engine *engine, uint64_t instance, struct str written);
struct store *engine_store(struct engine *engine);
const struct library *engine_library(const struct engine *engine);
/* The identifier as text and back. */
struct str engine_id_format(
    const struct engine *engine, uint64_t number, char out[CHART_ID_BYTES]);
MUST_USE bool engine_id_parse(
    const struct engine *engine, struct str text, uint64_t *number);
/* "INSTANCE.SERIAL", in the arena. */
struct str engine_item_id(const struct engine *engine, uint64_t number,
    uint64_t serial, struct arena *arena);

/* Where a schedule stands; valid during the callback. */
struct engine_schedule {
	const struct definition *definition;
	const struct def_schedule *schedule;
	int64_t position;   /* among the workflow's schedules, from 0 */
	int64_t next_ms;    /* the next planned instant; 0: none comes */
	int64_t planned_ms; /* of the last start; 0: none so far */
	uint64_t instance;  /* the last one started; 0: none */
	size_t queued;	    /* planned instants that wait for its end */
	struct str trouble; /* why the last start failed; empty: it did not */
};
typedef void engine_schedule_fn(
    const struct engine_schedule *schedule, void *arg);
void engine_each_schedule(
    const struct engine *engine, engine_schedule_fn *fn, void *arg);

/* A token that was ever given; it lives as long as the engine. */
struct engine_token {
	struct str id;
	struct str name;
	struct str grant;
	struct digest sha256;
	int64_t given_ms;
	struct str given_by; /* absent: nobody said */
	int64_t expires_ms;  /* 0: never */
	int64_t revoked_ms;  /* 0: it holds */
	struct str revoked_by;
};
/* By the digest of its text, also one that was taken back; or NULL. */
const struct engine_token *engine_find_token(
    const struct engine *engine, struct digest sha256);
typedef void engine_token_fn(const struct engine_token *token, void *arg);
/* In the order in which they were given. */
void engine_each_token(
    const struct engine *engine, engine_token_fn *fn, void *arg);

/* A hold that was ever set; it lives until the next turn. */
struct engine_hold {
	struct str id;
	enum engine_hold_scope scope;
	struct str label; /* absent but for HOLD_LABEL */
	struct str value;
	struct str number_key; /* of HOLD_KEY: value as a number's key */
	int64_t set_ms;
	struct str set_by; /* absent: nobody said */
	struct str reason;
	int64_t released_ms; /* 0: it holds */
	struct str released_by;
	struct str release_reason;
};
const struct engine_hold *engine_find_hold(
    const struct engine *engine, struct str id); /* NULL: there is none */
typedef void engine_hold_fn(const struct engine_hold *hold, void *arg);
/* In the order in which they were set. */
void engine_each_hold(
    const struct engine *engine, engine_hold_fn *fn, void *arg);
/* The first that holds this instance; NULL: none does.  The row need not have
 * a snapshot. */
const struct engine_hold *engine_held_by(
    const struct engine *engine, const struct store_instance *row);

#define ENGINE_OUTCOMES 4 /* of enum outcome_kind */

/* How a connection stands; valid during the callback. */
struct engine_connection {
	const struct def_connection *connection;
	struct throttle_view view;
	size_t queued;
	int64_t queued_since_ms; /* the one who has waited longest; 0: none */
	/* the last time that an operator paused or resumed it; 0: never */
	int64_t switched_ms;
	struct str switched_by; /* absent: nobody said */
	struct str reason;	/* absent: none was given */
	/* the last failure, or refusal, of the endpoint; 0: none */
	int64_t trouble_ms;
	struct str trouble;
	/* since the engine began */
	uint64_t sent;
	uint64_t repeated; /* of the sent: not a call's first attempt */
	uint64_t outcomes[ENGINE_OUTCOMES];
	/* of a broker: emitted events that it has not confirmed, and since
	 * when the oldest that is known waits (0: none) */
	size_t posts;
	int64_t posts_since_ms;
	int64_t now_ms; /* as the engine's clock has it */
	uint64_t published; /* since the engine began */
	size_t queues;	     /* that are to be consumed */
	size_t queues_consumed;
	uint64_t received; /* messages, since the engine began */
	uint64_t rejected;
};
typedef void engine_connection_fn(
    const struct engine_connection *connection, void *arg);
/* Those of the library; name absent: all. */
void engine_each_connection(struct engine *engine, struct str name,
    engine_connection_fn *fn, void *arg);

/* Batches by how much was stepped in them: at most 1, 2, 4, … instances; the
 * last class has all that are larger. */
#define ENGINE_BATCH_CLASSES 16

struct engine_health {
	bool writable;       /* the last commit succeeded */
	enum store_error failure; /* why not; STORE_OK where it did */
	bool accepting;      /* not stopping, inbox not full */
	struct str detail;   /* why not */
	size_t inbox;
	size_t cached;
	size_t calls_active;
	size_t calls_queued;
	size_t deadlines; /* in memory: the next ones */
	uint64_t turns;
	uint64_t commits;
	uint64_t stepped;
	uint64_t batches[ENGINE_BATCH_CLASSES]; /* of the commits */
	uint64_t scheduled;	    /* instances started by time */
	uint64_t schedule_failures; /* starts by time that failed */
};
struct engine_health engine_health(const struct engine *engine);
/* Stops intake; done() once nothing is under way or the time is over.  A store
 * that fails is waited for only while there are answers for it, or may be. */
void engine_drain(struct engine *engine, int64_t patience_ms,
    void (*done)(void *arg), void *arg);
/* Logs the calls that are under way, whose answers nobody will hear, and how
 * many answers were heard that the store doesn't have. */
void engine_tell_left(const struct engine *engine);

/*
 * The public keys that a connection's webhooks are verified by, of one whose
 * `verify` has a `keys-url`.  Absent where they can't be had for the moment.
 * is_doubted: something was not signed by those of before.  fn may be called
 * at once.
 */
typedef void engine_keys_fn(struct str keys, void *arg);
void engine_keys(struct engine *engine,
    const struct def_connection *connection, bool is_doubted,
    engine_keys_fn *fn, void *arg);
/* The same of an OpenID provider, which is asked where they are.  Where there
 * are some and they are not doubted, nobody waits: old ones are renewed
 * beside.  The issuer lives as long as the engine. */
void engine_issuer_keys(struct engine *engine, const struct issuer *issuer,
    bool is_doubted, engine_keys_fn *fn, void *arg);

#endif
