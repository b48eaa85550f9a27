/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_over.h: a file system (VFS) of SQLite's over another; private to
 * src/store.
 *
 * Whoever stands there puts these structures first into its own, opens files
 * its own way, and names in their methods what it does itself; all else goes
 * to what is below.
 */
#ifndef SQLITE_OVER_H
#define SQLITE_OVER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

struct sqlite_over {
	sqlite3_vfs vfs; /* first: SQLite has a pointer to it */
	sqlite3_vfs *below;
	size_t file_bytes; /* in front of the file below */
	char name[40];
};

/* What SQLite has open; what is below it comes after it in memory. */
struct over_file {
	sqlite3_file base; /* first: SQLite has a pointer to it */
	sqlite3_file *below;
};

/* Registers it, under a name of its own that begins with `kind`.  below: a
 * name, NULL: SQLite's default.  file_bytes: of the largest file structure
 * that `open` fills, with a struct over_file at its beginning. */
void sqlite_over_init(struct sqlite_over *over, const char *kind,
    const char *below, size_t file_bytes,
    int (*open)(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *opened,
	int flags, int *flags_got));
/* No connection may be open any more. */
void sqlite_over_fini(struct sqlite_over *over);

/* For the `open` above: fills the file with zeros, and opens the one below.
 * Where that fails nothing is left open. */
int sqlite_over_open(sqlite3_vfs *vfs, sqlite3_filename path,
    sqlite3_file *opened, int flags, int *flags_got,
    const sqlite3_io_methods *methods);

static inline struct over_file *
over_file_of(sqlite3_file *opened)
{
	return (struct over_file *)(void *)opened;
}

/* ---- methods that do nothing but hand down ---- */

int sqlite_over_close(sqlite3_file *opened);
int sqlite_over_read(
    sqlite3_file *opened, void *out, int bytes, sqlite3_int64 at);
int sqlite_over_write(
    sqlite3_file *opened, const void *in, int bytes, sqlite3_int64 at);
int sqlite_over_truncate(sqlite3_file *opened, sqlite3_int64 bytes);
int sqlite_over_sync(sqlite3_file *opened, int flags);
int sqlite_over_size(sqlite3_file *opened, sqlite3_int64 *bytes);
int sqlite_over_lock(sqlite3_file *opened, int kind);
int sqlite_over_unlock(sqlite3_file *opened, int kind);
int sqlite_over_is_reserved(sqlite3_file *opened, int *is_reserved);
int sqlite_over_control(sqlite3_file *opened, int number, void *arg);
int sqlite_over_sector(sqlite3_file *opened);
int sqlite_over_traits(sqlite3_file *opened);

/* Those that nobody here does otherwise. */
#define SQLITE_OVER_HANDED_DOWN                                                \
	.xLock = sqlite_over_lock, .xUnlock = sqlite_over_unlock,              \
	.xCheckReservedLock = sqlite_over_is_reserved,                         \
	.xSectorSize = sqlite_over_sector

#endif
