/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_cipher.c: the file system that seals, and what its files share.
 *
 * What it has no way to seal it doesn't let through: a temporary file, or a
 * journal with pages in it, would be business data in plain.  SQLite has no
 * need of either with the settings that connections have (sqlite_conn.c).
 */
#include "sqlite_cipher.h"

#include "stated/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A journal's first header: as much of it as a new database needs. */
#define JOURNAL_BYTES_MAX 512
/* Of one with a million pages as of one with a thousand. */
#define PAGES_LOOKED_AT 512

struct sqlite_cipher {
	struct sqlite_over over;
	struct store_keys *keys;
	pthread_mutex_t lock; /* of what follows: connections have threads */
	struct buf trouble;
};

static struct sqlite_cipher *
cipher_of(sqlite3_vfs *vfs)
{
	return (struct sqlite_cipher *)(void *)vfs;
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

/* ------------------------------------------------ what all files have alike */

int
sqlite_cipher_control(sqlite3_file *opened, int number, void *arg)
{
	/* Hints about sizes, which are others below, and no mapping. */
	if (number == SQLITE_FCNTL_SIZE_HINT ||
	    number == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	if (number == SQLITE_FCNTL_MMAP_SIZE)
		return SQLITE_NOTFOUND;
	return sqlite_over_control(opened, number, arg);
}

/* No promise about whole pages holds for sealed ones.  That a write leaves
 * what is beside it alone must hold: pieces share sectors with others. */
int
sqlite_cipher_traits(sqlite3_file *opened)
{
	int kept = SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN | SQLITE_IOCAP_IMMUTABLE;

	return (sqlite_over_traits(opened) & kept) |
	    SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ------------------------------------------------------------------ journal */

static int
journal_write(
    sqlite3_file *opened, const void *in, int bytes, sqlite3_int64 at)
{
	struct cipher_file *journal = cipher_file_of(opened);

	if (at + bytes > JOURNAL_BYTES_MAX)
		return sqlite_cipher_refuse(journal, SQLITE_IOERR_WRITE,
		    "a journal would hold pages in plain");
	return sqlite_over_write(opened, in, bytes, at);
}

static const sqlite3_io_methods journal = {
	.iVersion = 1,
	.xClose = sqlite_over_close,
	.xRead = sqlite_over_read,
	.xWrite = journal_write,
	.xTruncate = sqlite_over_truncate,
	.xSync = sqlite_over_sync,
	.xFileSize = sqlite_over_size,
	.xFileControl = sqlite_cipher_control,
	SQLITE_OVER_HANDED_DOWN,
	.xDeviceCharacteristics = sqlite_cipher_traits,
};

/* ----------------------------------------------------------------- the VFS */

#define FILE_BYTES_MAX                                                  \
	(sizeof(struct cipher_pages_file) > sizeof(struct cipher_log_file)     \
		? sizeof(struct cipher_pages_file)                             \
		: sizeof(struct cipher_log_file))

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
	const sqlite3_io_methods *methods = methods_of(flags);
	struct cipher_file plain = {
		.cipher = cipher_of(vfs),
		.path = path != NULL ? path : "a temporary file",
	};

	opened->pMethods = NULL;
	if (methods == NULL)
		return sqlite_cipher_refuse(&plain, SQLITE_CANTOPEN,
		    "it would be written in plain");
	int code = sqlite_over_open(
	    vfs, path, opened, flags, flags_got, methods);
	struct cipher_file *file = cipher_file_of(opened);
	file->cipher = plain.cipher;
	file->path = plain.path;
	return code;
}

struct sqlite_cipher *
sqlite_cipher_new(struct store_keys *keys, const char *below)
{
	struct sqlite_cipher *cipher = calloc(1, sizeof(*cipher));

	must(cipher != NULL);
	must(keys != NULL);
	cipher->keys = keys;
	pthread_mutex_init(&cipher->lock, NULL);
	sqlite_over_init(&cipher->over, "stated-cipher", below, FILE_BYTES_MAX,
	    open_cb);
	return cipher;
}

void
sqlite_cipher_free(struct sqlite_cipher **freed)
{
	struct sqlite_cipher *cipher = *freed;

	if (cipher == NULL)
		return;
	sqlite_over_fini(&cipher->over);
	pthread_mutex_destroy(&cipher->lock);
	buf_fini(&cipher->trouble);
	free(cipher);
	*freed = NULL;
}

const char *
sqlite_cipher_vfs(const struct sqlite_cipher *cipher)
{
	return cipher->over.name;
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
