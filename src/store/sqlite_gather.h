/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_gather.h: the log's writes, put together; private to src/store.
 *
 * SQLite writes a commit as two pieces a page, one behind the other, and syncs
 * then.  A file system that stands below it keeps pieces as long as they make
 * one, and writes them by one call.
 */
#ifndef SQLITE_GATHER_H
#define SQLITE_GATHER_H

#include <stdbool.h>

struct sqlite_gather;
struct sqlite_gather *sqlite_gather_new(void);
/* No connection may be open any more. */
void sqlite_gather_free(struct sqlite_gather **gather);
/* For sqlite3_open_v2(), of connections that sync each commit only: what is
 * kept is nobody else's before it is synced. */
const char *sqlite_gather_vfs(const struct sqlite_gather *gather);

/* What is written to the log from here on is one commit. */
void sqlite_gather_begin(struct sqlite_gather *gather);
/* After it failed and was rolled back: nobody will find it in the log.  false
 * where that can't be made sure of either. */
bool sqlite_gather_take_back(struct sqlite_gather *gather);

#endif
