/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_priv.h: shared inside src/store only.
 *
 * A batch is what it will leave behind: for every row that it touches the
 * last value it was given.  So the same structure is what the backend writes
 * and what the find functions look into before they ask the backend.  While
 * a batch is under way nobody changes it, and both threads may read it.
 */
#ifndef STORE_PRIV_H
#define STORE_PRIV_H

#include "stated/map.h"
#include "stated/store.h"

struct store_backend;
struct store_thread;

struct store {
	struct store_backend *backend;
	struct store_thread *thread;   /* NULL where read_only */
	struct store_batch *open;      /* NULL where read_only */
	struct store_batch *under_way; /* empty unless committing */
	uint64_t last_number;   /* durable */
	uint64_t last_event_id; /* given, durable or not */
	struct audit_head journal; /* durable */
	uint64_t last_post_id;  /* the same */
	size_t iterating;       /* callbacks of ours on the stack */
};

/* The records of one turn of one instance. */
struct store_history {
	struct store_history *next;
	uint64_t instance;
	uint64_t first_seq;
	size_t count;
	const struct audit_record *records;
};

struct store_batch_instance {
	struct store_instance row; /* first: it is found by it */
	/* The store's thread's alone: within the commit. */
	bool is_written;
};

struct store_subscription {
	struct store_subscription *next; /* of the same correlation */
	struct str correlation;
	uint64_t instance;
	bool is_removed;
};

/* An instance under its business key. */
struct store_key {
	struct store_key *next; /* of the same text */
	const struct store_instance *instance;
};

struct store_batch_event {
	struct store_event row;
	bool is_listed; /* in its subject's list: it was held at some time */
	struct store_batch_event *next;
};

/* The events of one subject that were held, in the order they were put. */
struct store_subject {
	struct store_batch_event *first;
	struct store_batch_event *last;
};

struct store_cleaning {
	bool is_wanted;
	int64_t now_ms;
	int64_t events_before_ms;
};

struct store_batch_switch {
	struct store_batch_switch *next;
	struct store_switch row;
};

struct store_batch_token {
	struct store_batch_token *next;
	struct store_token row;
};

struct store_batch_node {
	struct store_batch_node *next;
	struct store_node row;
};

struct store_batch_checkpoint {
	struct store_batch_checkpoint *next;
	struct store_checkpoint row;
};

/* What a batch does to the outbox, in order. */
struct store_batch_post {
	struct store_batch_post *next;
	bool is_removed; /* only the id counts then */
	struct store_post row;
};

struct store_batch_hold {
	struct store_batch_hold *next;
	struct store_hold row;
};

struct store_batch_salt {
	uint64_t number;
	struct str salt; /* absent: it goes */
};

/* What may be purged from then on, or is erased: then only its number
 * counts. */
struct store_batch_end {
	struct store_batch_end *next;
	uint64_t number;
	int64_t until_ms;
};

struct store_batch_forgotten {
	struct store_batch_forgotten *next;
	struct store_forgotten which;
};

struct store_batch_document {
	struct store_batch_document *next;
	struct store_document row;
};

struct store_batch {
	struct store *store;
	struct arena *arena;
	struct map *instances;     /* number -> store_batch_instance */
	struct map *keys;          /* business key -> store_key */
	struct map *subscriptions; /* correlation -> store_subscription */
	struct map *items;         /* (kind, instance, serial) -> store_item */
	struct map *events;        /* (source, event id) -> store_batch_event */
	struct map *event_ids;     /* id -> store_batch_event */
	struct map *subjects;      /* subject -> store_subject */
	struct map *idempotency;   /* key -> store_idempotency */
	struct map *definitions;   /* digest -> store_definition */
	struct map *schedules;     /* (workflow, position) -> store_schedule */
	struct map *salts;         /* number -> store_batch_salt */
	struct map *purges;        /* number -> store_purge */
	struct store_history *history_first;
	struct store_history *history_last;
	struct store_batch_switch *switch_first;
	struct store_batch_switch *switch_last;
	struct store_batch_token *token_first;
	struct store_batch_token *token_last;
	struct store_batch_node *nodes; /* in any order */
	struct store_batch_checkpoint *checkpoints;
	struct store_batch_hold *hold_first;
	struct store_batch_hold *hold_last;
	struct store_batch_end *retained; /* in no order, like these: */
	struct store_batch_end *erased;
	struct store_batch_forgotten *forgotten;
	bool has_scrubbing;
	bool has_unswept;
	uint64_t unswept;
	struct audit_record *journal; /* in the arena, texts too */
	size_t journal_count;
	size_t journal_capacity;
	struct store_batch_post *post_first;
	struct store_batch_post *post_last;
	struct store_batch_document *document_first;
	struct store_batch_document *document_last;
	struct store_cleaning cleaning;
	bool has_probe;
	uint64_t number_max; /* highest of `instances` */
};

struct store_batch *store_batch_new(struct store *store);
void store_batch_free(struct store_batch **batch);
/* Empties it for the next use. */
void store_batch_clear(struct store_batch *batch);
/* event->id is given. */
void store_batch_put_event(
    struct store_batch *batch, const struct store_event *event);

const struct store_batch_instance *store_batch_instance(
    const struct store_batch *batch, uint64_t number);
/* Whether the batch has an instance with that key; workflow may be absent. */
bool store_batch_key(const struct store_batch *batch, struct str workflow,
    struct str business_key, uint64_t *number);
const struct store_subscription *store_batch_subscriptions(
    const struct store_batch *batch, struct str correlation);
const struct store_event *store_batch_event(const struct store_batch *batch,
    struct str source, struct str event_id);
const struct store_event *store_batch_event_id(const struct store_batch *batch,
    uint64_t id);
/* Whether what is kept of the event is forgotten in the batch. */
bool store_batch_forgets(
    const struct store_batch *batch, const struct store_event *row);
bool store_batch_has_held_from(const struct store_batch *batch,
    struct str source, struct str id_prefix);
const struct store_batch_event *store_batch_held(
    const struct store_batch *batch, struct str subject);
const struct store_batch_salt *store_batch_salt(
    const struct store_batch *batch, uint64_t number);
const struct store_purge *store_batch_purge(
    const struct store_batch *batch, uint64_t number);
const struct store_idempotency *store_batch_idempotency(
    const struct store_batch *batch, struct str key);

/* ---- the thread that commits (store_thread.c) ---- */

/* NULL where the system has no thread, or descriptor, to give. */
MUST_USE struct store_thread *store_thread_new(struct store_backend *backend);
/* Waits for the batch under way. */
void store_thread_free(struct store_thread **thread);
/* Only while idle; the batch must stay as it is until store_thread_take(). */
void store_thread_give(
    struct store_thread *thread, const struct store_batch *batch);
/* Commits the batch within this call, in the thread's place:
 * store_thread_take() has the result, and the eventfd stays as it is.  false,
 * and nothing is done, where the thread is awake, or has to be woken since the
 * database wants to be tended. */
MUST_USE bool store_thread_stand_in(
    struct store_thread *thread, const struct store_batch *batch);
/* How long the commit took that was taken last. */
int64_t store_thread_took_us(const struct store_thread *thread);
bool store_thread_is_idle(struct store_thread *thread);
void store_thread_wait(struct store_thread *thread);
int store_thread_fd(const struct store_thread *thread);
/* Takes the result back and becomes idle; false where there is none yet.
 * detail may be NULL. */
MUST_USE bool store_thread_take(struct store_thread *thread,
    enum store_error *error, struct buf *detail);

/* Deep copies into an arena. */
struct store_instance store_copy_instance(struct arena *arena,
    const struct store_instance *row);
struct store_event store_copy_event(struct arena *arena,
    const struct store_event *row);
struct store_idempotency store_copy_idempotency(struct arena *arena,
    const struct store_idempotency *row);

/* ---- store.c ---- */
/* What a failed system call on a file of ours means. */
enum store_error store_error_of_errno(int code);

#endif
