/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_copy.h: taking a database away, and putting one back.
 *
 * A copy shows the database as it was when the copy was opened, however long
 * it takes and whatever an engine writes meanwhile.  It grows under the name
 * "<to>.part", is checked there, and gets its own name only when it is whole
 * and durable: store_copy_open, store_copy_begin, store_copy_step until it is
 * done, store_copy_check, store_copy_keep, store_copy_close.
 */
#ifndef STATED_STORE_COPY_H
#define STATED_STORE_COPY_H

#include "stated/store.h"

struct store_copy;

/* Opens `from` for reading, of whatever age it is.  It may be encrypted under
 * `keys` (NULL: none), which must live as long as the copy. */
MUST_USE enum store_error store_copy_open(struct str from,
    struct store_keys *keys, struct store_copy **copy, struct buf *detail);
void store_copy_close(struct store_copy **copy); /* removes "<to>.part" */

enum store_copy_kind {
	COPY_BACKUP, /* to keep; encrypted if `from` is */
	/*
	 * To be used by an engine in the place of `to`, which no engine may
	 * hold.  Numbers that were given after the backup may have gone out in
	 * keys and identifiers: they are left out, none is given twice.
	 * Encrypted if there are keys.
	 */
	COPY_RESTORE,
	/*
	 * In the place of `from`, which `to` is, and which no engine may hold:
	 * the same database, every page under the first of the keys.
	 */
	COPY_REKEY,
};
/* Numbers after a restore are made of the time: until May of 2109. */
#define STORE_COPY_MS_END ((int64_t)1 << 42)
struct store_copy_target {
	struct str to;
	enum store_copy_kind kind;
	bool replaces; /* what is there; else it is STORE_TAKEN */
	bool unseals;  /* COPY_REKEY: in plain */
	int64_t now_ms; /* COPY_RESTORE: after 0, before STORE_COPY_MS_END */
};
/* What `target` points to must live as long as the copy. */
MUST_USE enum store_error store_copy_begin(struct store_copy *copy,
    const struct store_copy_target *target, struct buf *detail);

struct store_copy_progress {
	uint64_t bytes; /* done */
	uint64_t bytes_all;
};
/* Copies a few MiB more; the copy is done when both figures are alike. */
MUST_USE enum store_error store_copy_step(struct store_copy *copy,
    struct store_copy_progress *progress, struct buf *detail);

/* Called now and then; false ends the check with STORE_STOPPED. */
typedef bool store_copy_watch_fn(void *arg);
/* Reads all pages of the copy and holds tables and indexes against each
 * other.  STORE_CORRUPT where they don't fit: then `from` doesn't either. */
MUST_USE enum store_error store_copy_check(struct store_copy *copy,
    store_copy_watch_fn *watch, void *arg, struct buf *detail);
/* Where it is until it is kept. */
struct str store_copy_part(const struct store_copy *copy);
/* Makes it durable and gives it its name.  Where it takes the place of
 * another, that one has the name `aside` then, which is empty where nothing
 * was there. */
MUST_USE enum store_error store_copy_keep(
    struct store_copy *copy, struct buf *aside, struct buf *detail);

/* A COPY_REKEY of `path` that was cut short while it was kept is kept to its
 * end; STORE_ABSENT where there is none such. */
MUST_USE enum store_error store_copy_finish(
    struct str path, struct buf *aside, struct buf *detail);

#endif
