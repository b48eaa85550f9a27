/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_cipher.c: the file system that seals, and what its files share.
 *
 * What it has no way to seal it doesn't let through: a temporary file, or a
 * journal with pages in it, would be business data in plain.  SQLite has no
 * need of either with the settings that connections have (sqlite_conn.c).
 */
#include "sqlite_cipher.h"

#include "stated/clock.h"
#include "stated/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 40
/* A journal's first header: as much of it as a new database needs. */
#define JOURNAL_BYTES_MAX 512
/* Of one with a million pages as of one with a thousand. */
#define PAGES_LOOKED_AT 512
/* At the beginning of 1970. */
#define JULIAN_MS 210866760000000

struct sqlite_cipher {
	sqlite3_vfs vfs; /* first: SQLite has a pointer to it */
	sqlite3_vfs *below;
	struct store_keys *keys;
	char name[NAME_BYTES];
	pthread_mutex_t lock; /* of what follows: connections have threads */
	struct buf trouble;
};

static struct sqlite_cipher *
cipher_of(sqlite3_vfs *vfs)
{
	return (struct sqlite_cipher *)(void *)vfs;
}

static sqlite3_vfs *
below(sqlite3_vfs *vfs)
{
	return cipher_of(vfs)->below;
}

/* ----------------------------------------------------------------- refusals */

int
sqlite_cipher_refuse(
    const struct cipher_file *file, int code, const char *format, ...)
{
	struct sqlite_cipher *cipher = file->cipher;
	va_list arguments;

	va_start(arguments, format);
	pthread_mutex_lock(&cipher->lock);
	buf_clear(&cipher->trouble);
	buf_addf(&cipher->trouble, "%s: ", file->path);
	buf_addv(&cipher->trouble, format, arguments);
	pthread_mutex_unlock(&cipher->lock);
	va_end(arguments);
	return code;
}

static void
add_key(const char *what, const uint8_t id[SEALED_ID_BYTES],
    struct store_keys *keys, struct buf *out)
{
	char text[STORE_KEY_ID_BYTES];

	buf_addf(out, "%s is encrypted under the key %.*s", what,
	    STR_ARG(digest_format_hex(
		(struct str){(const char *)id, SEALED_ID_BYTES}, text)));
	buf_add_cstr(out, ", which is not among those given: ");
	store_keys_list(keys, out);
}

int
sqlite_cipher_refuse_key(const struct cipher_file *file, const char *what,
    const uint8_t id[SEALED_ID_BYTES])
{
	struct buf text = {0};

	add_key(what, id, file->cipher->keys, &text);
	int code = sqlite_cipher_refuse(
	    file, SQLITE_CIPHER_UNKNOWN, "%s", buf_cstr(&text));
	buf_fini(&text);
	return code;
}

bool
sqlite_cipher_explain(struct sqlite_cipher *cipher, struct buf *detail)
{
	pthread_mutex_lock(&cipher->lock);
	bool is_told = cipher->trouble.bytes > 0;
	buf_add_str(detail, buf_str(&cipher->trouble));
	buf_clear(&cipher->trouble);
	pthread_mutex_unlock(&cipher->lock);
	return is_told;
}

/* ------------------------------------------------- what all files hand down */

int
sqlite_cipher_sync(sqlite3_file *opened, int flags)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xSync(file, flags);
}

int
sqlite_cipher_lock(sqlite3_file *opened, int kind)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xLock(file, kind);
}

int
sqlite_cipher_unlock(sqlite3_file *opened, int kind)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xUnlock(file, kind);
}

int
sqlite_cipher_is_reserved(sqlite3_file *opened, int *is_reserved)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xCheckReservedLock(file, is_reserved);
}

int
sqlite_cipher_control(sqlite3_file *opened, int number, void *arg)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	/* Hints about sizes, which are others below, and no mapping. */
	if (number == SQLITE_FCNTL_SIZE_HINT ||
	    number == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	if (number == SQLITE_FCNTL_MMAP_SIZE)
		return SQLITE_NOTFOUND;
	return file->pMethods->xFileControl(file, number, arg);
}

int
sqlite_cipher_sector(sqlite3_file *opened)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xSectorSize(file);
}

/* No promise about whole pages holds for sealed ones.  That a write leaves
 * what is beside it alone must hold: pieces share sectors with others. */
int
sqlite_cipher_traits(sqlite3_file *opened)
{
	sqlite3_file *file = cipher_file_of(opened)->below;
	int kept = SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN | SQLITE_IOCAP_IMMUTABLE;

	return (file->pMethods->xDeviceCharacteristics(file) & kept) |
	    SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int
sqlite_cipher_close(sqlite3_file *opened)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xClose(file);
}

/* ------------------------------------------------------------------ journal */

static int
journal_read(sqlite3_file *opened, void *out, int bytes, sqlite3_int64 at)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xRead(file, out, bytes, at);
}

static int
journal_write(
    sqlite3_file *opened, const void *in, int bytes, sqlite3_int64 at)
{
	struct cipher_file *journal = cipher_file_of(opened);

	if (at + bytes > JOURNAL_BYTES_MAX)
		return sqlite_cipher_refuse(journal, SQLITE_IOERR_WRITE,
		    "a journal would hold pages in plain");
	return journal->below->pMethods->xWrite(
	    journal->below, in, bytes, at);
}

static int
journal_truncate(sqlite3_file *opened, sqlite3_int64 bytes)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xTruncate(file, bytes);
}

static int
journal_size(sqlite3_file *opened, sqlite3_int64 *bytes)
{
	sqlite3_file *file = cipher_file_of(opened)->below;

	return file->pMethods->xFileSize(file, bytes);
}

static const sqlite3_io_methods journal = {
	.iVersion = 1,
	.xClose = sqlite_cipher_close,
	.xRead = journal_read,
	.xWrite = journal_write,
	.xTruncate = journal_truncate,
	.xFileSize = journal_size,
	SQLITE_CIPHER_HANDED_DOWN,
};

/* ----------------------------------------------------------------- the VFS */

#define FILE_BYTES_MAX                                                  \
	(sizeof(struct cipher_pages_file) > sizeof(struct cipher_log_file)     \
		? sizeof(struct cipher_pages_file)                             \
		: sizeof(struct cipher_log_file))
/* What is below begins there, aligned for anything. */
#define BELOW_AT                                                        \
	((FILE_BYTES_MAX + alignof(max_align_t) - 1) / alignof(max_align_t) *  \
	    alignof(max_align_t))

static const sqlite3_io_methods *
methods_of(int flags)
{
	if (flags & SQLITE_OPEN_MAIN_DB)
		return &sqlite_cipher_pages;
	if (flags & SQLITE_OPEN_WAL)
		return &sqlite_cipher_log;
	return flags & SQLITE_OPEN_MAIN_JOURNAL ? &journal : NULL;
}

static int
open_cb(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *opened,
    int flags, int *flags_got)
{
	struct cipher_file *file = cipher_file_of(opened);
	const sqlite3_io_methods *methods = methods_of(flags);

	memset(opened, 0, BELOW_AT);
	file->cipher = cipher_of(vfs);
	file->path = path != NULL ? path : "a temporary file";
	file->below = (sqlite3_file *)(void *)((char *)opened + BELOW_AT);
	if (methods == NULL)
		return sqlite_cipher_refuse(file, SQLITE_CANTOPEN,
		    "it would be written in plain");
	int code = below(vfs)->xOpen(
	    below(vfs), path, file->below, flags, flags_got);
	if (code == SQLITE_OK)
		opened->pMethods = methods;
	else if (file->below->pMethods != NULL)
		(void)file->below->pMethods->xClose(file->below);
	return code;
}

static int
delete_cb(sqlite3_vfs *vfs, const char *path, int syncs)
{
	return below(vfs)->xDelete(below(vfs), path, syncs);
}

static int
access_cb(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
	return below(vfs)->xAccess(below(vfs), path, flags, result);
}

static int
full_path_cb(sqlite3_vfs *vfs, const char *path, int bytes, char *out)
{
	return below(vfs)->xFullPathname(below(vfs), path, bytes, out);
}

static int
randomness_cb(sqlite3_vfs *vfs, int bytes, char *out)
{
	return below(vfs)->xRandomness(below(vfs), bytes, out);
}

static int
sleep_cb(sqlite3_vfs *vfs, int us)
{
	return below(vfs)->xSleep(below(vfs), us);
}

/* Since the Julian epoch. */
static int
time_cb(sqlite3_vfs *vfs, sqlite3_int64 *now_ms)
{
	(void)vfs;
	*now_ms = clock_now_ms(clock_system()) + JULIAN_MS;
	return SQLITE_OK;
}

static int
last_error_cb(sqlite3_vfs *vfs, int bytes, char *out)
{
	return below(vfs)->xGetLastError(below(vfs), bytes, out);
}

struct sqlite_cipher *
sqlite_cipher_new(struct store_keys *keys)
{
	struct sqlite_cipher *cipher = calloc(1, sizeof(*cipher));

	must(cipher != NULL);
	must(keys != NULL);
	cipher->below = sqlite3_vfs_find(NULL);
	must(cipher->below != NULL);
	cipher->keys = keys;
	pthread_mutex_init(&cipher->lock, NULL);
	/* One for each database: each has keys of its own. */
	snprintf(cipher->name, sizeof(cipher->name), "stated-cipher-%p",
	    (void *)cipher);
	cipher->vfs = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)BELOW_AT + cipher->below->szOsFile,
		.mxPathname = cipher->below->mxPathname,
		.zName = cipher->name,
		.xOpen = open_cb,
		.xDelete = delete_cb,
		.xAccess = access_cb,
		.xFullPathname = full_path_cb,
		.xRandomness = randomness_cb,
		.xSleep = sleep_cb,
		.xGetLastError = last_error_cb,
		.xCurrentTimeInt64 = time_cb,
	};
	int code = sqlite3_vfs_register(&cipher->vfs, 0);
	must(code == SQLITE_OK);
	return cipher;
}

void
sqlite_cipher_free(struct sqlite_cipher **freed)
{
	struct sqlite_cipher *cipher = *freed;

	if (cipher == NULL)
		return;
	int code = sqlite3_vfs_unregister(&cipher->vfs);
	must(code == SQLITE_OK);
	pthread_mutex_destroy(&cipher->lock);
	buf_fini(&cipher->trouble);
	free(cipher);
	*freed = NULL;
}

const char *
sqlite_cipher_vfs(const struct sqlite_cipher *cipher)
{
	return cipher->name;
}

struct store_keys *
sqlite_cipher_keys(const struct sqlite_cipher *cipher)
{
	return cipher->keys;
}

/* ------------------------------------------------------------ looking at it */

/* Whether a page's key was given, or it has none: a page that is cut short or
 * was never written is damage, of which SQLite will hear. */
static bool
is_known(int fd, off_t at, struct store_keys *keys,
    uint8_t id[SEALED_ID_BYTES])
{
	struct cipher_key key;

	if (pread(fd, id, SEALED_ID_BYTES, at) != SEALED_ID_BYTES ||
	    sealed_head_is_no_id(id))
		return true;
	if (!store_keys_find(keys, id, &key))
		return false;
	cipher_key_forget(&key);
	return true;
}

/* Of the first page, which every database has, and of some of the others: a
 * key that was taken away too soon is better missed now than later. */
static enum store_error
look_at_keys(int fd, const struct sealed_head *head, struct store_keys *keys,
    struct buf *detail)
{
	off_t slot = (off_t)sealed_head_page_bytes(head) + SEALED_PAGE_MORE;
	off_t first = SEALED_HEAD_BYTES + (off_t)sealed_head_page_bytes(head);
	uint8_t id[SEALED_ID_BYTES];
	char what[40];
	struct stat status;

	if (fstat(fd, &status) != 0)
		return store_error_of_errno(errno);
	off_t pages = (status.st_size - SEALED_HEAD_BYTES) / slot;
	off_t step = pages / PAGES_LOOKED_AT + 1;
	for (off_t n = 0; n < pages; n += step) {
		off_t at = first + n * slot;

		/* Twice: an engine may be writing it at this moment. */
		if (is_known(fd, at, keys, id) || is_known(fd, at, keys, id))
			continue;
		snprintf(what, sizeof(what), "page %lld", (long long)n + 1);
		if (detail != NULL)
			add_key(what, id, keys, detail);
		return STORE_SEALED;
	}
	return STORE_OK;
}

enum store_error
sqlite_cipher_look(const char *path, struct store_keys *keys,
    enum cipher_form *form, struct buf *detail)
{
	static const struct sealed_head zeros;
	struct sealed_head head = {0};
	enum store_error error = STORE_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*form = CIPHER_FORM_NONE;
	if (fd < 0)
		return store_error_of_errno(errno);
	ssize_t bytes = pread(fd, head.bytes, sizeof(head.bytes), 0);
	bool is_ours = sealed_head_is_beginning(
	    (struct str){(const char *)head.bytes, sizeof(head.bytes)});
	if (bytes < 0) {
		error = store_error_of_errno(errno);
	} else if (!is_ours) {
		if (memcmp(&head, &zeros, sizeof(zeros)) != 0)
			*form = CIPHER_FORM_PLAIN;
	} else if (bytes == sizeof(head.bytes)) {
		*form = CIPHER_FORM_SEALED;
		if (keys == NULL)
			error = STORE_SEALED;
		else if (sealed_head_is(&head, SEALED_PAGES))
			error = look_at_keys(fd, &head, keys, detail);
		else
			error = STORE_CORRUPT;
	}
	close(fd);
	return error;
}
