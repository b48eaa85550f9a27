/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: the seam of durability: one contract, whatever the database.
 *
 * All writing goes through batches: the engine fills one in memory, submits
 * it, and a thread of the store makes it durable in one transaction (with a
 * full sync) while the loop fills the next.  At most one batch is under way.
 * A batch is done whole or not at all; where its commit fails, not at all, but
 * for STORE_UNSURE.
 *
 * Reading is on the loop's thread.  The find functions see what has been
 * added to batches (open or under way) as well as what is durable; lists and
 * exports see what is durable only.
 */
#ifndef STATED_STORE_H
#define STATED_STORE_H

#include "stated/audit.h"

struct store;
struct store_batch;
struct store_keys; /* store_keys.h */

enum store_error {
	STORE_OK,
	STORE_ABSENT,   /* no such row */
	STORE_LOCKED,   /* another process holds the database */
	STORE_FULL,     /* no space left */
	STORE_READONLY,
	STORE_CORRUPT,  /* damaged; never overwritten */
	STORE_NEWER,    /* written by a newer program */
	STORE_OLDER, /* and opened for reading only, so it can't be migrated */
	STORE_FOREIGN,  /* not a database of ours */
	STORE_SEALED,   /* encrypted, and its key was not given */
	STORE_UNSEALED, /* not encrypted, although keys were given */
	STORE_PARTED,   /* a part of it is here without the rest */
	STORE_TAKEN,    /* a file is there that must not be replaced */
	STORE_MOVED,    /* removed or replaced while it was open */
	STORE_UNSURE,   /* whether a batch was done: it may be, once opened */
	STORE_STARVED,  /* the system gives no more descriptors, or threads */
	STORE_STOPPED,  /* by who waited for it */
	STORE_IO,       /* anything else the disk does to us */
};
/* What to tell a person: the cause and what to do. */
struct str store_error_text(enum store_error error);

struct store_options {
	struct str path; /* of the SQLite file */
	bool read_only;  /* for auditors: no thread, no migration, no batch */
	bool create;     /* where there is none */
	/* read_only: also one that an older program wrote; only records and
	 * what proves them, definitions, documents and instances can be read
	 * then, and of the first programs' instances only lists (else
	 * STORE_OLDER) */
	bool older;
	/* Under which it is encrypted, and a new one will be; borrowed until
	 * it is closed.  NULL: not at all.  read_only: one that isn't
	 * encrypted is opened all the same. */
	struct store_keys *keys;
};
/* Whether a file that begins with these 16 bytes or more is a database. */
bool store_is_beginning(struct str bytes);
/* Opens, checks and migrates.  detail (may be NULL) gets a message. */
MUST_USE enum store_error store_open(struct store_options options,
    struct store **store, struct buf *detail);
/* Waits for the batch under way; what is in the open one is dropped. */
void store_close(struct store **store);
/* From here on all reading shows the database as it is now, however much is
 * written meanwhile, until thawed.  For auditors: only where read_only. */
MUST_USE enum store_error store_freeze(struct store *store);
void store_thaw(struct store *store);
/* Every turn of an instance has a place in the order in which turns were
 * committed: that of the last one. */
MUST_USE enum store_error store_history_last(
    struct store *store, uint64_t *place);
/* From here on store_each_record() tells what was committed up to that place,
 * as if nothing had come after it; 0: all.  Only where read_only. */
void store_bound_history(struct store *store, uint64_t place);

/* 16 random bytes made with the database: what makes numbers of instances
 * unique over all databases. */
struct store_identity {
	uint8_t bytes[16];
};
struct store_identity store_identity(const struct store *store);
/* The highest number given to an instance so far (durable). */
uint64_t store_last_number(const struct store *store);
/* The first number from `number` on that may have been given to an instance:
 * a restored database leaves some out (store_copy.h). */
MUST_USE enum store_error store_unskipped(
    struct store *store, uint64_t number, uint64_t *given);
/* When the database was last restored from a backup; 0: never. */
int64_t store_restored_ms(const struct store *store);
/* How old the database was that was opened: the number of its schema, 0
 * where it was made by opening it, and the present one. */
struct store_age {
	int64_t found;
	int64_t present;
};
struct store_age store_age(const struct store *store);

/* ---- rows ---- */

struct store_instance {
	uint64_t number;
	struct str workflow;
	int64_t version;
	struct digest definition;
	struct str business_key; /* absent: none */
	struct str status;       /* running, waiting, … */
	struct str state;        /* names of active atomic states, by spaces */
	struct str initiator;
	struct str priority;
	struct str labels;       /* a JSON object, canonical; absent: none */
	int64_t started_ms;
	int64_t changed_ms;
	int64_t ended_ms; /* 0: not ended */
	int64_t due_ms;   /* the earliest deadline; 0: none */
	bool busy;        /* a call has been sent whose reply is not recorded */
	int64_t incidents; /* open ones */
	struct audit_head head;
	/* packed by chart; opaque here; absent where the row is damaged */
	struct str snapshot;
};

/* Whether one of its labels has one of these texts. */
bool store_has_label(const struct store_instance *row, struct str name,
    const struct str *texts, size_t count);
/* Whether it has that label, with that text or as an equal number ("1e2",
 * "100.0"). */
bool store_label_equals(const struct store_instance *row, struct str name,
    struct str text);

enum store_item_kind {
	ITEM_TASK,
	ITEM_INCIDENT,
	ITEM_ESCALATION,
	/* These may be of no instance but of the installation: of number 0. */
	ITEM_PROPOSAL,
	ITEM_DELEGATION,
};
/* What waits for a person: a task, an incident or an escalation. */
struct store_item {
	enum store_item_kind kind;
	uint64_t instance;
	uint64_t serial; /* within the instance */
	bool open;
	int64_t created_ms;
	int64_t closed_ms; /* 0: open */
	struct str owner;  /* role of a task, contact of the others */
	struct str body;   /* JSON object: all that an interface shows */
};

enum store_event_status {
	/* delivered to an instance, or set aside by its definition */
	EVENT_MATCHED,
	EVENT_HELD,    /* no instance yet */
	EVENT_DEAD,    /* held too long: a dead letter */
	EVENT_REPLAYED, /* a dead letter that was delivered again */
};
struct store_event {
	uint64_t id; /* given by the store when read; 0 in a new one */
	struct str source;   /* CloudEvents: (source, id) is its identity */
	struct str event_id;
	struct str type;
	struct str subject;
	struct str workflow; /* which it is held for; absent: any */
	enum store_event_status status;
	int64_t received_ms;
	int64_t expires_ms; /* EVENT_HELD: when it dies; else 0 */
	struct str body;    /* packed event; absent once matched */
};

struct store_idempotency {
	struct str key;        /* with its scope: who and which route */
	struct digest request; /* of the body */
	int status;
	struct str response;   /* JSON body */
	struct str location;   /* may be absent */
	int64_t expires_ms;
};

struct store_definition {
	struct digest digest;
	struct str name;
	int64_t version;
	struct str source;
	int64_t published_ms;
	struct str published_by;
};

/* A document that workflows lean on (a decision, a calendar, …), as the engine
 * read it: from since_ms on it is what goes by that kind and name. */
struct store_document {
	struct str kind; /* as its first key: "decision" */
	struct str name;
	struct digest digest; /* of what it says */
	struct str source;
	int64_t since_ms;
};

/* Where a schedule of a workflow stands. */
struct store_schedule {
	struct str workflow;
	int64_t position; /* among the workflow's schedules, from 0 */
	struct str rule;  /* what it said then; another text begins anew */
	/* planned instants up to this one have been decided: none of them is
	 * ever started again, whatever the clock does */
	int64_t decided_ms;
	int64_t planned_ms; /* of the last start; 0: none so far */
	uint64_t instance;  /* the last one started; 0: none */
	struct str queued;  /* instants that wait for its end; opaque here */
	struct str trouble; /* why the last start failed; absent: it did not */
};

/* An operator has paused a connection, or resumed it. */
struct store_switch {
	struct str connection;
	bool pauses;
	int64_t at_ms;
	struct str actor;  /* absent: nobody said who */
	struct str reason; /* absent: none was given */
};

/* An admin has given somebody a token, or taken it back.  The token's text is
 * its owner's alone. */
struct store_token {
	struct str id; /* by which it is known in lists */
	bool revokes;  /* only id, at_ms and actor count then */
	int64_t at_ms;
	struct str actor; /* absent: nobody said who */
	struct str name;  /* whom it makes of its owner */
	struct digest sha256;
	struct str grant; /* what it may do, as JSON; the store doesn't look */
	int64_t expires_ms; /* 0: never */
};

/* A node of the tree over all turns (audit_tree.h) that is complete. */
struct store_node {
	unsigned level;
	uint64_t position;
	struct digest hash;
};

struct store_checkpoint {
	uint64_t number; /* 1, 2, 3, … */
	uint64_t size;   /* turns */
	int64_t at_ms;
	struct str document; /* audit_checkpoint.h */
};

/* An event on its way to those outside, until a broker has confirmed it. */
struct store_post {
	uint64_t id; /* given when it is added, in that order */
	struct str connection; /* that publishes it */
	uint64_t instance; /* that emitted it: its events stay in order */
	int64_t at_ms;
	struct str body; /* packed event; opaque here */
};

/* Nothing of certain instances is purged: somebody has said so, or has taken
 * that back. */
struct store_hold {
	struct str id; /* by which it is known in lists */
	bool releases; /* only id, at_ms, actor and reason count then */
	int64_t at_ms;
	struct str actor;  /* absent: nobody said who */
	struct str reason;
	/* which ones: "instance", "key", "workflow" or "label", and its value;
	 * what both mean is not looked at here */
	struct str scope;
	struct str label; /* its name; absent where the scope is another */
	struct str value;
};

/* The status of an instance whose history was purged.  Its row has the status
 * that it ended with as its state, and in place of a snapshot what the purge
 * gave it. */
#define STORE_PURGED "purged"
struct store_purge {
	uint64_t number;
	int64_t until_ms; /* as store_put_retention() was told */
	int64_t at_ms;
	struct str left;   /* of the snapshot */
	struct str labels; /* that stay */
};

/* ---- writing ---- */

/* The open batch, made where there is none. */
struct store_batch *store_batch(struct store *store);
bool store_batch_is_empty(const struct store_batch *batch);

/* What is put is copied into it.  What is long and is made for the batch may
 * be made there, and is then put as it is: see store_…_kept(). */
struct arena *store_batch_arena(struct store_batch *batch);

/* Inserts or replaces by number; a new business key that is taken is a bug. */
void store_put_instance(
    struct store_batch *batch, const struct store_instance *row);
/* The same of a row whose snapshot is in the batch's arena. */
void store_put_instance_kept(
    struct store_batch *batch, const struct store_instance *row);
/* The records of one turn, in order. */
void store_add_history(struct store_batch *batch, uint64_t instance,
    const struct audit_record *records, size_t count);
/* The same of records that are, with their texts, in the batch's arena. */
void store_add_history_kept(struct store_batch *batch, uint64_t instance,
    const struct audit_record *records, size_t count);
/* The number of the journal, where instances have theirs. */
#define STORE_JOURNAL ((uint64_t)0)
/* Seals a record (audit.h) into the journal: it is durable together with all
 * else in the batch.  All of a batch become one row.  Gives its seq. */
uint64_t store_add_journal(
    struct store_batch *batch, const struct value *record);
void store_add_subscription(
    struct store_batch *batch, struct str correlation, uint64_t instance);
void store_remove_subscription(
    struct store_batch *batch, struct str correlation, uint64_t instance);
void store_put_item(struct store_batch *batch, const struct store_item *item);
/* By (source, event_id); an event that was found before keeps its id. */
void store_put_event(
    struct store_batch *batch, const struct store_event *event);
/* What is kept of events goes, by what they are for or by who emitted them; of
 * those that are put after it into the same batch, too.  What is left is that
 * they came: their identities, as of events that matched. */
struct store_forgotten {
	struct str type; /* absent: of any, by `source` and `id_prefix` */
	struct str subject;
	struct str source;
	struct str id_prefix;
};
void store_forget_events(
    struct store_batch *batch, const struct store_forgotten *which);
void store_put_idempotency(
    struct store_batch *batch, const struct store_idempotency *row);
void store_put_definition(
    struct store_batch *batch, const struct store_definition *row);
/* To those before: none is ever replaced. */
void store_add_document(
    struct store_batch *batch, const struct store_document *row);
/* By workflow and position. */
void store_put_schedule(
    struct store_batch *batch, const struct store_schedule *row);
/* To those before, as documents. */
void store_add_switch(
    struct store_batch *batch, const struct store_switch *row);
/* The same of tokens. */
void store_add_token(
    struct store_batch *batch, const struct store_token *row);
/* A node that is there already stays. */
void store_add_nodes(struct store_batch *batch, const struct store_node *nodes,
    size_t count);
void store_add_checkpoint(
    struct store_batch *batch, const struct store_checkpoint *row);
/* Gives it its id.  Nothing is found of it before it is durable. */
void store_add_post(struct store_batch *batch, const struct store_post *row);
void store_remove_post(struct store_batch *batch, uint64_t id);
void store_add_hold(struct store_batch *batch, const struct store_hold *row);
/* What digests of an instance's sensitive values are made with; absent: it
 * goes. */
void store_put_salt(
    struct store_batch *batch, uint64_t number, struct str salt);
/* From then on an instance that has ended may be purged. */
void store_put_retention(
    struct store_batch *batch, uint64_t number, int64_t until_ms);
/* Those above that number that ended have their retention put: see
 * store_find_unswept(). */
void store_put_unswept(struct store_batch *batch, uint64_t number);
/*
 * An instance's row, as it was put in this batch, is all that is left of what
 * was sensitive: its items and its salt go.  Nor does any of it stay behind in
 * the file's free pages, or, as soon as no reader needs it any more, in the
 * log: see store_is_scrubbed().
 */
void store_add_erasure(struct store_batch *batch, uint64_t number);
/* The same of what was purged with batches before: once for all of them. */
void store_add_scrubbing(struct store_batch *batch);
/*
 * An instance that has ended: of its row the number, workflow, version,
 * business key, times and head stay, of its records where they stood and the
 * hash of each turn's last one.  All else goes, a bounded number of rows with
 * a batch, the last records first.  It is to be added again for as long as
 * store_each_retained() tells of the instance; its row is changed once.
 */
void store_add_purge(
    struct store_batch *batch, const struct store_purge *purge);
/* Deletes idempotency keys that expired, and matched events older than
 * `events_before_ms`, a bounded number at a time. */
void store_add_cleaning(
    struct store_batch *batch, int64_t now_ms, int64_t events_before_ms);
/* Whether the last one left something to be cleaned; not while a batch is
 * under way. */
bool store_needs_cleaning(struct store *store);
/* A write that changes nothing of meaning: to learn whether writing works. */
void store_add_probe(struct store_batch *batch);

/* Hands the open batch to the store's thread.  Must not be called while one
 * is under way. */
void store_submit(struct store *store);
/* The same, and where nothing speaks against it the batch has ended when it
 * returns true: on this thread, sync and all.  store_fd() does not tell, and
 * store_finished() is to be called. */
MUST_USE bool store_submit_here(struct store *store);
/* Whether what was erased is gone from the log, too.  A batch tries it where
 * it is not; not while one is under way. */
bool store_is_scrubbed(struct store *store);
/* How long the last commit took, of those that store_finished() told of. */
int64_t store_took_us(const struct store *store);
bool store_is_committing(const struct store *store);
/* Becomes readable when the batch under way is done. */
int store_fd(const struct store *store);
/* true where a batch ended; *error tells how.  On failure the open batch is
 * dropped too: it was built on what did not happen. */
MUST_USE bool store_finished(
    struct store *store, enum store_error *error, struct buf *detail);
/* Forgets what is in the open batch; none is under way. */
void store_drop(struct store *store);
/* Submits and waits: for start-up and tests. */
MUST_USE enum store_error store_commit_now(
    struct store *store, struct buf *detail);

/* ---- finding: durable rows and those in batches ---- */

MUST_USE enum store_error store_find_instance(struct store *store,
    struct arena *arena, uint64_t number, struct store_instance *row);
/* workflow may be absent: any. */
MUST_USE enum store_error store_find_key(struct store *store,
    struct str workflow, struct str business_key, uint64_t *number);
/* OK where an event that the instance emitted is still to be published, else
 * ABSENT. */
MUST_USE enum store_error store_find_post_of(
    struct store *store, uint64_t instance);
/* The same of an event from that source that is held, whose id begins so. */
MUST_USE enum store_error store_find_held_from(
    struct store *store, struct str source, struct str id_prefix);
/* Calls fn for every instance that waits for that correlation value. */
typedef void store_number_fn(uint64_t number, void *arg);
MUST_USE enum store_error store_each_subscriber(struct store *store,
    struct str correlation, store_number_fn *fn, void *arg);
/* OK where that instance is one of them, else ABSENT. */
MUST_USE enum store_error store_find_subscription(
    struct store *store, struct str correlation, uint64_t instance);
MUST_USE enum store_error store_find_event(struct store *store,
    struct arena *arena, struct str source, struct str event_id,
    struct store_event *row);
MUST_USE enum store_error store_find_event_id(struct store *store,
    struct arena *arena, uint64_t id, struct store_event *row);
typedef void store_event_fn(const struct store_event *row, void *arg);
/* In order of arrival. */
MUST_USE enum store_error store_each_held_event(struct store *store,
    struct arena *arena, struct str subject, store_event_fn *fn, void *arg);
MUST_USE enum store_error store_find_idempotency(struct store *store,
    struct arena *arena, struct str key, struct store_idempotency *row);

/* STORE_ABSENT where it has none. */
MUST_USE enum store_error store_find_salt(struct store *store,
    struct arena *arena, uint64_t number, struct str *salt);

/* ---- lists: durable rows ---- */

/* For start-up and timers: number and due instant. */
typedef void store_due_fn(uint64_t number, int64_t due_ms, void *arg);
/* Instances that are due by then, earliest first, then by number; a list that
 * was cut short goes on after (after_ms, after_number); 0: from the first. */
struct store_due_range {
	int64_t after_ms;
	uint64_t after_number;
	int64_t until_ms;
	size_t limit;
};
MUST_USE enum store_error store_each_due(struct store *store,
    const struct store_due_range *range, store_due_fn *fn, void *arg);
/* Instances whose history may be purged by then, earliest first, by the same
 * rules; also those of which a purge has left something yet. */
MUST_USE enum store_error store_each_retained(struct store *store,
    const struct store_due_range *range, store_due_fn *fn, void *arg);
/* The highest number of an instance that may have ended without its retention
 * having been put, since an older program ended it; 0: none is left. */
MUST_USE enum store_error store_find_unswept(
    struct store *store, uint64_t *number);
/* Busy instances with numbers above `after`, in order of number. */
MUST_USE enum store_error store_each_busy(struct store *store, uint64_t after,
    size_t limit, store_number_fn *fn, void *arg);
/* Held events that expired by then. */
MUST_USE enum store_error store_each_expired_event(struct store *store,
    struct arena *arena, int64_t now_ms, size_t limit, store_event_fn *fn,
    void *arg);
/* INT64_MAX where nothing is held. */
MUST_USE enum store_error store_next_expiry(
    struct store *store, int64_t *expires_ms);
typedef void store_definition_fn(const struct store_definition *row, void *arg);
MUST_USE enum store_error store_each_definition(
    struct store *store, store_definition_fn *fn, void *arg);

/* All that there ever were, in the order in which they came. */
typedef void store_document_fn(const struct store_document *row, void *arg);
MUST_USE enum store_error store_each_document(
    struct store *store, store_document_fn *fn, void *arg);

typedef void store_schedule_fn(const struct store_schedule *row, void *arg);
MUST_USE enum store_error store_each_schedule(
    struct store *store, store_schedule_fn *fn, void *arg);

/* Of all connections, in the order in which it was done. */
typedef void store_switch_fn(const struct store_switch *row, void *arg);
MUST_USE enum store_error store_each_switch(
    struct store *store, store_switch_fn *fn, void *arg);

/* All that were ever given and taken back, in that order. */
typedef void store_token_fn(const struct store_token *row, void *arg);
MUST_USE enum store_error store_each_token(
    struct store *store, store_token_fn *fn, void *arg);

/* What a connection has to publish, in order, from after that id on. */
typedef void store_post_fn(const struct store_post *row, void *arg);
MUST_USE enum store_error store_each_post(struct store *store,
    struct str connection, uint64_t after, size_t limit, store_post_fn *fn,
    void *arg);
/* How much there is of each connection that has any. */
typedef void store_post_count_fn(
    struct str connection, size_t count, void *arg);
MUST_USE enum store_error store_count_posts(
    struct store *store, store_post_count_fn *fn, void *arg);
/* All that were ever set and released, in that order. */
typedef void store_hold_fn(const struct store_hold *row, void *arg);
MUST_USE enum store_error store_each_hold(
    struct store *store, store_hold_fn *fn, void *arg);

struct store_instance_filter {
	struct str workflow;     /* absent fields don't restrict */
	struct str status;
	struct str state;
	struct str business_key;
	struct str label;        /* "entity" */
	struct str label_value;  /* "DE01" */
	int64_t started_from_ms; /* 0: no bound */
	int64_t started_to_ms;
	int has_incident;        /* -1: no matter; 0, 1 */
	uint64_t after;          /* cursor: numbers above this one */
	size_t limit;
	/* then `after` means numbers below, 0: from the top */
	bool newest_first;
	size_t looked_max; /* rows looked at, fitting or not; 0: no bound */
	uint64_t *resume_after; /* NULL, or gets the cursor that goes on from
				   where the list stopped; 0: nothing is left */
};
/* Rows come without their snapshots. */
/* false stops */
typedef bool store_instance_fn(const struct store_instance *row, void *arg);
MUST_USE enum store_error store_list_instances(struct store *store,
    const struct store_instance_filter *filter, store_instance_fn *fn,
    void *arg);

struct store_item_filter {
	enum store_item_kind kind;
	int open;           /* -1: no matter */
	uint64_t instance;  /* 0: all */
	struct str owner;   /* absent: all */
	uint64_t after_instance; /* cursor: (instance, serial) above */
	uint64_t after_serial;
	size_t limit;
};
typedef bool store_item_fn(const struct store_item *row, void *arg);
MUST_USE enum store_error store_list_items(struct store *store,
    const struct store_item_filter *filter, store_item_fn *fn, void *arg);
MUST_USE enum store_error store_list_events(struct store *store,
    struct arena *arena, enum store_event_status status, uint64_t after,
    size_t limit, store_event_fn *fn, void *arg);

/* Where the journal ends, as the database knows it: durably. */
MUST_USE enum store_error store_find_journal(
    struct store *store, struct audit_head *head);
/* One instance's records, or the journal's, in order, from `from_seq` on.
 * Where a row is damaged, a record is told that doesn't give its hash, or has
 * no text.  Of a turn that was purged its last record is told, without one. */
typedef bool store_record_fn(
    uint64_t instance, const struct audit_record *record, void *arg);
MUST_USE enum store_error store_each_record(struct store *store,
    uint64_t instance, uint64_t from_seq, store_record_fn *fn, void *arg);

/* ---- the log: turns in the order of their commits; durable rows ---- */

/* A turn, and by its last record all of its instance up to there. */
struct store_turn {
	uint64_t index; /* in the log, from 0 */
	uint64_t instance;
	uint64_t seq; /* of the turn's last record */
	struct digest hash;
};
/* At one moment: */
struct store_log {
	uint64_t size; /* turns */
	uint64_t instances; /* how many numbers have been given */
	struct audit_head journal;
};
MUST_USE enum store_error store_find_log(
    struct store *store, struct store_log *log);
/* false stops */
typedef bool store_turn_fn(const struct store_turn *turn, void *arg);
/* At most `limit` from that one on.  STORE_CORRUPT at a row that can't be a
 * turn; one that is missing is seen by its index. */
MUST_USE enum store_error store_each_turn(struct store *store, uint64_t from,
    size_t limit, store_turn_fn *fn, void *arg);
/* Those of one instance, in order, from the one on that has the record. */
MUST_USE enum store_error store_each_turn_of(struct store *store,
    uint64_t instance, uint64_t from_seq, store_turn_fn *fn, void *arg);
/* STORE_ABSENT where it was not added. */
MUST_USE enum store_error store_find_node(struct store *store, unsigned level,
    uint64_t position, struct digest *hash);
/* number 0: the newest. */
MUST_USE enum store_error store_find_checkpoint(struct store *store,
    struct arena *arena, uint64_t number, struct store_checkpoint *row);
typedef bool store_checkpoint_fn(
    const struct store_checkpoint *row, void *arg);
/* In order of their numbers, those above `after`; UINT64_MAX: the newest
 * first. */
MUST_USE enum store_error store_each_checkpoint(struct store *store,
    uint64_t after, size_t limit, store_checkpoint_fn *fn, void *arg);

#endif
