/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h: history records and the chain that makes them provable.
 *
 * A record is a context: {kind, seq, time, instance, prev, …}.  It is
 * written in canonical form (RFC 8785, see json.h); its hash is the SHA-256
 * of those bytes.  `prev` is the hash of the instance's record before it, 64
 * zeros for the first.  seq counts from 1 without gaps.
 *
 * The caller gives `kind`, `instance` (the public identifier), `time` (a
 * string as clock_format() writes it) and whatever else the kind tells; seq
 * and prev are the chain's, and `hash` is kept for exports.
 */
#ifndef STATED_AUDIT_H
#define STATED_AUDIT_H

#include "stated/digest.h"
#include "stated/value.h"

/* Every kind of record: symbol, name, what it tells. */
#define AUDIT_KINDS(X)                                                         \
	X(STARTED, "started", "an instance began, with its input")             \
	X(ENTERED, "entered", "a transition was taken: from, to, event")       \
	X(STEP_DONE, "step-done", "a step ended, with what it assigned")       \
	X(STEP_SKIPPED, "step-skipped", "a step's condition did not hold")     \
	X(STEP_FAILED, "step-failed",                                          \
	    "a step failed for good, with its error")                          \
	X(CALL_SENT, "call-sent", "a request is about to go out: the intent")  \
	X(CALL_REPLIED, "call-replied", "an attempt ended, with its outcome")  \
	X(CALL_WAITING, "call-waiting", "a call waits: retry, window, verify") \
	X(DECIDED, "decided", "a decision table was evaluated")                \
	X(EVENT_RECEIVED, "event-received",                                    \
	    "an event for this instance came in")                              \
	X(EVENT_KEPT, "event-kept", "no state takes it yet; it is kept")       \
	X(EVENT_IGNORED, "event-ignored", "an event was set aside, and why")   \
	X(EVENT_EMITTED, "event-emitted", "an event was published")            \
	X(DEADLINE_SET, "deadline-set", "a deadline was fixed, and by what")   \
	X(DEADLINE_REACHED, "deadline-reached", "a deadline fell due")         \
	X(TASK_OPENED, "task-opened", "a person is asked")                     \
	X(TASK_DECIDED, "task-decided", "a person decided")                    \
	X(TASK_CLOSED, "task-closed", "the task is over")                      \
	X(REFUSED, "refused", "an act was refused, and why")                   \
	X(ESCALATED, "escalated", "an escalation fired: level, to whom")       \
	X(ESCALATION_ACKNOWLEDGED, "escalation-acknowledged",                  \
	    "somebody took it up")                                             \
	X(ESCALATION_CLOSED, "escalation-closed", "the state was left")        \
	X(NOTIFIED, "notified", "a contact was told, or could not be")         \
	X(INCIDENT_OPENED, "incident-opened", "the instance stands still")     \
	X(INCIDENT_RESOLVED, "incident-resolved", "a person settled it, how")  \
	X(COMPENSATING, "compensating", "undoing began, latest step first")    \
	X(COMPENSATED, "compensated", "one step was undone")                   \
	X(CHILD_STARTED, "child-started", "a child instance was started")      \
	X(CHILD_ENDED, "child-ended", "a child ended, with its outcome")       \
	X(CHILD_CANCELLED, "child-cancelled", "a child was told to end")       \
	X(CHILD_LEFT, "child-left",                                            \
	    "one that somebody else began is waited for no more")              \
	X(ATTESTED, "attested", "evidence was laid down")                      \
	X(SUSPENDED, "suspended", "an operator stopped it")                    \
	X(RESUMED, "resumed", "an operator let it go on")                      \
	X(MIGRATED, "migrated",                                                \
	    "it goes on on another version: from, to, map")                    \
	X(PROPOSED, "proposed",                                                \
	    "a correction waits for another person to confirm it")             \
	X(CONFIRMED, "confirmed", "that person did: it is done as of now")     \
	X(PROPOSAL_REJECTED, "proposal-rejected", "it will not be done")       \
	X(PROPOSAL_LAPSED, "proposal-lapsed",                                  \
	    "what it was about was settled otherwise")                         \
	X(GLASS_BROKEN, "glass-broken",                                        \
	    "a correction was done without the second person, and why")        \
	X(GLASS_ACKNOWLEDGED, "glass-acknowledged",                            \
	    "another person has looked at that")                               \
	X(CANCELLED, "cancelled", "an operator cancelled it")                  \
	X(ENDED, "ended", "the instance reached its end, with its outcome")    \
	X(ERASED, "erased",                                                    \
	    "what is sensitive was erased: which fields, and why")

enum audit_kind {
#define X(symbol, name, tells) AUDIT_##symbol,
	AUDIT_KINDS(X)
#undef X
	AUDIT_KIND_COUNT
};
struct str audit_kind_name(enum audit_kind kind);

/*
 * The journal is the chain of what happens to the installation and not to one
 * instance.  Its records have the same form, `instance` being the identifier
 * of number 0, which no instance has.  Symbol, name, what it tells.
 */
#define JOURNAL_KINDS(X)                                                       \
	X(ENGINE_STARTED, "engine-started",                                    \
	    "an engine began: version, schema, last number, restored_at")      \
	X(ENGINE_STOPPED, "engine-stopped", "it ended in order")               \
	X(DEFINITION_PUBLISHED, "definition-published",                        \
	    "a version of a workflow: name, version, digest")                  \
	X(TOKEN_GIVEN, "token-given", "token, name, grant, expires_at")        \
	X(TOKEN_REVOKED, "token-revoked", "a token was taken back")            \
	X(CONNECTION_PAUSED, "connection-paused", "its calls wait: reason")    \
	X(CONNECTION_RESUMED, "connection-resumed", "its calls go: reason")    \
	X(EVENT_REPLAYED, "event-replayed",                                    \
	    "a dead letter was delivered again: source, event, type")          \
	X(DELEGATION_GIVEN, "delegation-given",                                \
	    "a person may act in another's role: role, from, to, until")       \
	X(DELEGATION_REVOKED, "delegation-revoked", "and may no longer")       \
	X(PROPOSAL_MADE, "proposal-made",                                      \
	    "what waits for another person to confirm it: act")                \
	X(PROPOSAL_CONFIRMED, "proposal-confirmed", "act, proposed_by")        \
	X(PROPOSAL_REJECTED, "proposal-rejected", "act, proposed_by")          \
	X(EXPORT_BEGUN, "export-begun",                                        \
	    "histories are about to leave: format, filter")                    \
	X(CHECKPOINT_MADE, "checkpoint-made", "size and root of the tree")     \
	X(HOLD_SET, "hold-set",                                                \
	    "nothing of certain instances is purged or erased: reason")        \
	X(HOLD_RELEASED, "hold-released", "a hold was taken back: reason")     \
	X(ERASED, "erased",                                                    \
	    "what is sensitive in an instance is gone: fields, reason")        \
	X(DISCLOSED, "disclosed",                                              \
	    "what is sensitive in an instance was shown")                      \
	X(PURGED, "purged",                                                    \
	    "a certificate: which histories are gone, by which rule")          \
	X(ACCESS_REFUSED, "access-refused",                                    \
	    "a caller who is known may not: route, problem, count, path")      \
	X(SIGN_IN_FAILED, "sign-in-failed",                                    \
	    "a caller who is not known: address, route, problem, count")

enum journal_kind {
#define X(symbol, name, tells) JOURNAL_##symbol,
	JOURNAL_KINDS(X)
#undef X
	JOURNAL_KIND_COUNT
};
struct str audit_journal_name(enum journal_kind kind);

/* Where an instance's chain stands. */
struct audit_head {
	uint64_t seq;       /* of the last record; 0: none yet */
	struct digest hash; /* of the last record; zeros: none yet */
};

/* A record sealed into its chain. */
struct audit_record {
	uint64_t seq;
	struct digest prev; /* as the text has it; zeros where not known */
	struct digest hash;
	struct str canonical; /* the bytes that were hashed; in the arena */
	/* Its text was purged, as were those of the records before it from
	 * this seq on, of which not even hashes are left; 0: it was not. */
	uint64_t purged_from;
};

/* Adds seq and prev to the fields of `record` (a context without them),
 * writes it canonically, hashes it and moves the head on. */
struct audit_record audit_seal(struct arena *arena, const struct value *record,
    struct audit_head *head);

/* Verifying a chain record by record. */
enum audit_fault {
	AUDIT_SOUND,
	AUDIT_MALFORMED, /* not JSON, or not canonical */
	AUDIT_CHANGED,   /* its bytes don't give its hash */
	AUDIT_MISSING,   /* seq jumps ahead */
	AUDIT_REORDERED, /* seq goes back or repeats */
	AUDIT_UNLINKED,  /* prev is not the hash of the record before */
	AUDIT_CUT,       /* the chain ends before the head that is known */
};
struct str audit_fault_name(enum audit_fault fault);
/* What a record's text says, the values with their types; place->hash is its
 * `prev`.  SOUND, CHANGED or MALFORMED; *record is NULL where it can't be
 * read. */
enum audit_fault audit_verify_text(struct arena *arena, struct str canonical,
    struct digest hash, struct audit_head *place, const struct value **record);
/* The same record's place: checks it against the chain so far and moves the
 * head on. */
enum audit_fault audit_verify_place(struct audit_head *head,
    const struct audit_head *place, struct digest hash);
/* Both. */
enum audit_fault audit_verify_next(
    struct audit_head *head, struct str canonical, struct digest hash);

#endif
