/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_cipher.h: SQLite's files, sealed on their way to the disk; private
 * to src/store.
 *
 * A file system (VFS) of its own that stands over SQLite's default one.  What
 * is above it sees files as ever; what is below gets what sealed.h describes.
 * Only three kinds of files pass: a database, its log, and the journal that
 * SQLite writes while a database is made, as long as that holds no content.
 */
#ifndef SQLITE_CIPHER_H
#define SQLITE_CIPHER_H

#include <pthread.h>
#include <sqlite3.h>

#include "sealed.h"
#include "store_priv.h"

struct sqlite_cipher;
/* The keys are borrowed, and there is at least one. */
struct sqlite_cipher *sqlite_cipher_new(struct store_keys *keys);
/* No connection may be open any more. */
void sqlite_cipher_free(struct sqlite_cipher **cipher);
/* For sqlite3_open_v2(). */
const char *sqlite_cipher_vfs(const struct sqlite_cipher *cipher);
/* Adds why it refused something since it was asked last; false: it did not. */
bool sqlite_cipher_explain(struct sqlite_cipher *cipher, struct buf *detail);

/* What SQLite has no code for is told by one that it never gives here. */
#define SQLITE_CIPHER_UNKNOWN SQLITE_AUTH

enum cipher_form {
	CIPHER_FORM_NONE, /* there is nothing in it yet */
	CIPHER_FORM_PLAIN,
	CIPHER_FORM_SEALED
};
/* Looks at the file itself, before SQLite has it open.  STORE_SEALED where
 * its first page, or one of some hundred others, is under a key that isn't
 * among these (NULL: none). */
MUST_USE enum store_error sqlite_cipher_look(const char *path,
    struct store_keys *keys, enum cipher_form *form, struct buf *detail);

/* ---- between the files of the cipher ---- */

/* What SQLite has open; what is below it comes after it in memory. */
struct cipher_file {
	sqlite3_file base; /* first: SQLite has a pointer to it */
	struct sqlite_cipher *cipher;
	sqlite3_file *below;
	const char *path;
};
struct cipher_pages_file {
	struct cipher_file file;
	struct sealed_pages *pages; /* NULL: it has no head yet */
	uint32_t page_bytes;
	uint8_t *slot;	/* one, sealed */
	uint8_t *plain; /* one page */
};
struct cipher_log_file {
	struct cipher_file file;
	struct cipher *cipher; /* NULL: it has no head yet */
	struct sealed_head head;
	uint8_t plain_head[LOG_HEAD_BYTES];
	uint32_t page_bytes;
	uint8_t *sealed; /* a frame with its page */
	uint8_t *plain;
};

static inline struct cipher_file *
cipher_file_of(sqlite3_file *opened)
{
	return (struct cipher_file *)(void *)opened;
}

/* ---- sqlite_cipher.c ---- */

struct store_keys *sqlite_cipher_keys(const struct sqlite_cipher *cipher);
/* Keeps the reason for sqlite_cipher_explain(); gives the code. */
int sqlite_cipher_refuse(const struct cipher_file *file, int code,
    const char *format, ...) PRINTF_LIKE(3, 4);
/* "x is encrypted under the key ID, which is not among those given: …" */
int sqlite_cipher_refuse_key(const struct cipher_file *file,
    const char *what, const uint8_t id[SEALED_ID_BYTES]);
int sqlite_cipher_close(sqlite3_file *opened);
int sqlite_cipher_sync(sqlite3_file *opened, int flags);
int sqlite_cipher_lock(sqlite3_file *opened, int kind);
int sqlite_cipher_unlock(sqlite3_file *opened, int kind);
int sqlite_cipher_is_reserved(sqlite3_file *opened, int *is_reserved);
int sqlite_cipher_control(sqlite3_file *opened, int number, void *arg);
int sqlite_cipher_sector(sqlite3_file *opened);
int sqlite_cipher_traits(sqlite3_file *opened);
/* What the methods of all kinds of files have in common. */
#define SQLITE_CIPHER_HANDED_DOWN                                              \
	.xSync = sqlite_cipher_sync, .xLock = sqlite_cipher_lock,              \
	.xUnlock = sqlite_cipher_unlock,                                       \
	.xCheckReservedLock = sqlite_cipher_is_reserved,                       \
	.xFileControl = sqlite_cipher_control,                                 \
	.xSectorSize = sqlite_cipher_sector,                                   \
	.xDeviceCharacteristics = sqlite_cipher_traits

/* ---- sqlite_cipher_pages.c, sqlite_cipher_log.c ---- */

extern const sqlite3_io_methods sqlite_cipher_pages, sqlite_cipher_log;

#endif
