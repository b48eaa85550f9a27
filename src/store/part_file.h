/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_file.h: a file that gets its name when it is whole; private to
 * src/store.
 */
#ifndef PART_FILE_H
#define PART_FILE_H

#include "stated/store.h"

/* "<path>.restoring" is a database that is about to take the place of
 * another: a moment between renames, unless that moment was the last. */
#define RESTORING ".restoring"

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
/* The same for a database; what is there is moved, with its logs, to
 * `aside`. */
MUST_USE enum store_error part_file_install(
    struct part_file *part, const char *aside, struct buf *detail);

#endif
