/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_file.h: a file that gets its name when it is whole; private to
 * src/store.
 */
#ifndef PART_FILE_H
#define PART_FILE_H

#include "stated/store.h"

/* "<path>.restoring" is a database that is about to take the place of
 * another: a moment between renames, unless that moment was the last.  The
 * other is a database written anew, and holds all that the old one did. */
#define RESTORING ".restoring"
#define REKEYING ".rekeying"

struct part_file;

/* Makes an empty "<path>.part" that belongs to its owner only, in the place
 * of one that was left behind.  STORE_LOCKED: somebody else is writing it. */
MUST_USE enum store_error part_file_open(
    struct str path, struct part_file **part, struct buf *detail);
/* Removes it unless it was kept. */
void part_file_close(struct part_file **part);
const char *part_file_path(const struct part_file *part);

/* Whether the name, or a log that would belong to it, is taken. */
MUST_USE bool part_file_is_taken(struct str path);
/* Whether both are one file. */
MUST_USE bool part_file_is_same(struct str a, struct str b);

/* Makes it durable under its name; STORE_TAKEN where there is such a file and
 * it is not to be replaced. */
MUST_USE enum store_error part_file_keep(
    struct part_file *part, bool replaces, struct buf *detail);
/* A database takes the place of another, in which it stands as "<path><ready>"
 * meanwhile: what is there is moved, with its logs, to a name that tells
 * `now_ms`, or where this goes on with what was cut short the instant of
 * before; *aside gets it. */
struct part_exchange {
	const char *ready; /* RESTORING or REKEYING */
	int64_t now_ms;
	struct buf *aside;
};
MUST_USE enum store_error part_file_install(struct part_file *part,
    const struct part_exchange *exchange, struct buf *detail);
/* Whether one was cut short; detail gets what to do about it. */
MUST_USE bool part_file_is_ready(
    struct str path, const char *ready, struct buf *detail);
/* Whether it was when what was there had begun to be moved. */
MUST_USE bool part_file_is_begun(struct str path, const char *ready);
/* Then: goes on with what is ready. */
MUST_USE enum store_error part_file_finish(struct str path,
    const struct part_exchange *exchange, struct buf *detail);

#endif
