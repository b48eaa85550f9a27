/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_backend.h: what a database must be able to do to be a store; private
 * to src/store.
 *
 * commit() and tend() are called on the store's thread, all others on the
 * loop's; a backend needs no lock if it keeps apart what the two use.  While
 * the thread sleeps, commit() may be called on the loop's, too.  The
 * finding and listing functions see what is durable and nothing else: what is
 * in batches is laid over it above this seam.  Rows handed to callbacks are
 * valid during the call; callbacks may call back into the store.
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "store_priv.h"

struct store_backend {
	const struct store_backend_ops *ops;
	/* Filled in by opening. */
	struct store_identity identity;
	uint64_t last_number;
	uint64_t last_event_id;
	uint64_t last_post_id;
	struct store_age age;
	struct audit_head journal; /* when it was opened */
	int64_t restored_ms;
	/* The last cleaning left something; the loop's as long as no batch is
	 * under way. */
	bool needs_cleaning;
	/* The log may hold what was erased; the same. */
	bool needs_scrubbing;
	uint64_t history_bound; /* 0: none */
};

struct store_backend_ops {
	void (*close)(struct store_backend *backend);
	/* All of the batch durably, or nothing of it. */
	enum store_error (*commit)(struct store_backend *backend,
	    const struct store_batch *batch, struct buf *detail);
	/* Housekeeping that nobody waits for, after a commit. */
	void (*tend)(struct store_backend *backend);
	/* Whether there is any to be done; while the thread sleeps. */
	bool (*wants_tending)(struct store_backend *backend);

	enum store_error (*freeze)(struct store_backend *backend);
	enum store_error (*history_last)(
	    struct store_backend *backend, uint64_t *place);
	void (*thaw)(struct store_backend *backend);

	enum store_error (*unskipped)(struct store_backend *backend,
	    uint64_t number, uint64_t *given);
	enum store_error (*find_instance)(struct store_backend *backend,
	    struct arena *arena, uint64_t number, struct store_instance *row);
	enum store_error (*find_key)(struct store_backend *backend,
	    struct str workflow, struct str business_key, uint64_t *number);
	enum store_error (*each_subscriber)(struct store_backend *backend,
	    struct str correlation, store_number_fn *fn, void *arg);
	enum store_error (*find_subscription)(struct store_backend *backend,
	    struct str correlation, uint64_t instance);
	enum store_error (*find_event)(struct store_backend *backend,
	    struct arena *arena, struct str source, struct str event_id,
	    struct store_event *row);
	enum store_error (*find_event_id)(struct store_backend *backend,
	    struct arena *arena, uint64_t id, struct store_event *row);
	enum store_error (*each_held_event)(struct store_backend *backend,
	    struct str subject, store_event_fn *fn, void *arg);
	enum store_error (*find_idempotency)(struct store_backend *backend,
	    struct arena *arena, struct str key, struct store_idempotency *row);

	enum store_error (*each_due)(struct store_backend *backend,
	    const struct store_due_range *range, store_due_fn *fn, void *arg);
	enum store_error (*each_busy)(struct store_backend *backend,
	    uint64_t after, size_t limit, store_number_fn *fn, void *arg);
	enum store_error (*each_expired_event)(struct store_backend *backend,
	    int64_t now_ms, size_t limit, store_event_fn *fn, void *arg);
	enum store_error (*next_expiry)(struct store_backend *backend,
	    int64_t *expires_ms);
	enum store_error (*each_definition)(struct store_backend *backend,
	    store_definition_fn *fn, void *arg);
	enum store_error (*each_document)(struct store_backend *backend,
	    store_document_fn *fn, void *arg);
	enum store_error (*each_schedule)(struct store_backend *backend,
	    store_schedule_fn *fn, void *arg);
	enum store_error (*each_switch)(struct store_backend *backend,
	    store_switch_fn *fn, void *arg);
	enum store_error (*each_token)(struct store_backend *backend,
	    store_token_fn *fn, void *arg);
	enum store_error (*each_post)(struct store_backend *backend,
	    struct str connection, uint64_t after, size_t limit,
	    store_post_fn *fn, void *arg);
	enum store_error (*find_post_of)(
	    struct store_backend *backend, uint64_t instance);
	enum store_error (*find_held_from)(struct store_backend *backend,
	    struct str source, struct str id_prefix);
	enum store_error (*count_posts)(struct store_backend *backend,
	    store_post_count_fn *fn, void *arg);
	enum store_error (*each_hold)(struct store_backend *backend,
	    store_hold_fn *fn, void *arg);
	enum store_error (*each_retained)(struct store_backend *backend,
	    const struct store_due_range *range, store_due_fn *fn, void *arg);
	enum store_error (*find_unswept)(
	    struct store_backend *backend, uint64_t *number);
	enum store_error (*find_salt)(struct store_backend *backend,
	    struct arena *arena, uint64_t number, struct str *salt);
	enum store_error (*list_instances)(struct store_backend *backend,
	    const struct store_instance_filter *filter,
	    store_instance_fn *fn, void *arg);
	enum store_error (*list_items)(struct store_backend *backend,
	    const struct store_item_filter *filter, store_item_fn *fn,
	    void *arg);
	enum store_error (*list_events)(struct store_backend *backend,
	    enum store_event_status status, uint64_t after, size_t limit,
	    store_event_fn *fn, void *arg);
	enum store_error (*find_journal)(
	    struct store_backend *backend, struct audit_head *head);
	enum store_error (*find_log)(
	    struct store_backend *backend, struct store_log *log);
	enum store_error (*each_turn)(struct store_backend *backend,
	    uint64_t from, size_t limit, store_turn_fn *fn, void *arg);
	enum store_error (*each_turn_of)(struct store_backend *backend,
	    uint64_t instance, uint64_t from_seq, store_turn_fn *fn,
	    void *arg);
	enum store_error (*find_node)(struct store_backend *backend,
	    unsigned level, uint64_t position, struct digest *hash);
	enum store_error (*each_checkpoint)(struct store_backend *backend,
	    uint64_t after, size_t limit, store_checkpoint_fn *fn, void *arg);
	enum store_error (*each_record)(struct store_backend *backend,
	    uint64_t instance, uint64_t from_seq, store_record_fn *fn,
	    void *arg);
};

/* The backends there are (sqlite_open.c). */
MUST_USE enum store_error sqlite_open(struct store_options options,
    struct store_backend **backend, struct buf *detail);

#endif
