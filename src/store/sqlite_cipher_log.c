/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_cipher_log.c: a write-ahead log, frame by frame.
 *
 * SQLite writes a frame's header and its page one after the other, and goes
 * back to headers when a page was written twice in a transaction.  Each is a
 * piece of its own, so nothing that is durable is ever written again.
 *
 * Where SQLite recovers a log it reads header and page at once, and looks for
 * the first frame that doesn't hold: what was torn, what was never written,
 * and what is left of a log of before.  None of these opens, and SQLite is
 * given zeros for it, which is the end of the log.  A page alone is read where
 * it is known to be there: one that doesn't open then is damage, and told.
 */
#include "sqlite_cipher.h"

#include <endian.h>
#include <stdlib.h>

static struct cipher_log_file *
log_of(sqlite3_file *opened)
{
	return (struct cipher_log_file *)(void *)opened;
}

static sqlite3_int64
frame_bytes(const struct cipher_log_file *file)
{
	return LOG_FRAME_BYTES + (sqlite3_int64)file->page_bytes;
}

static sqlite3_int64
sealed_bytes(const struct cipher_log_file *file)
{
	return frame_bytes(file) + 2 * SEALED_LOG_MORE;
}

static sqlite3_int64
place_of(const struct cipher_log_file *file, sqlite3_int64 frame)
{
	must(frame >= 0);
	return SEALED_LOG_HEAD_BYTES + frame * sealed_bytes(file);
}

/* --------------------------------------------------------------------- head */

static void
forget_head(struct cipher_log_file *file)
{
	cipher_free(&file->cipher);
	free(file->sealed);
	free(file->plain);
	file->sealed = file->plain = NULL;
}

static void
take_head(struct cipher_log_file *file, const struct sealed_head *head,
    struct cipher *cipher)
{
	forget_head(file);
	file->head = *head;
	file->cipher = cipher;
	file->page_bytes = sealed_head_page_bytes(head);
	file->sealed = malloc((size_t)sealed_bytes(file));
	file->plain = malloc((size_t)frame_bytes(file));
	must(file->sealed != NULL && file->plain != NULL);
}

/* As it is on the disk now.  file->cipher is NULL afterwards where there is
 * none that opens: SQLite would not begin to read such a log either. */
static int
load_head(struct cipher_log_file *file)
{
	sqlite3_file *below = file->file.over.below;
	uint8_t bytes[SEALED_LOG_HEAD_BYTES];
	struct sealed_head head;
	int code = below->pMethods->xRead(below, bytes, sizeof(bytes), 0);

	if (code == SQLITE_OK) {
		memcpy(head.bytes, bytes, sizeof(head.bytes));
		if (file->cipher != NULL &&
		    memcmp(&head, &file->head, sizeof(head)) == 0)
			return SQLITE_OK;
	}
	forget_head(file);
	if (code == SQLITE_IOERR_SHORT_READ)
		return SQLITE_OK;
	if (code != SQLITE_OK || !sealed_head_is(&head, SEALED_LOG))
		return code;
	struct cipher *cipher = sealed_log_cipher(
	    sqlite_cipher_keys(file->file.cipher), &head);
	if (cipher == NULL)
		return sqlite_cipher_refuse_key(
		    &file->file, "the log", sealed_head_id(&head));
	if (sealed_log_open(cipher, SEALED_LOG_HEAD, 0,
		bytes + sizeof(head.bytes), file->plain_head,
		sizeof(file->plain_head)))
		take_head(file, &head, cipher);
	else
		cipher_free(&cipher);
	return SQLITE_OK;
}

static int
need_head(struct cipher_log_file *file)
{
	return file->cipher != NULL ? SQLITE_OK : load_head(file);
}

/* The log is begun anew, under the key that is for writing now. */
static int
write_head(struct cipher_log_file *file, const uint8_t *in)
{
	sqlite3_file *below = file->file.over.below;
	uint8_t bytes[SEALED_LOG_HEAD_BYTES] = {0};
	uint8_t id[SEALED_ID_BYTES];
	struct cipher_key key;
	struct sealed_head head;
	uint32_t page_bytes;

	memcpy(&page_bytes, in + LOG_HEAD_PAGE_BYTES_AT, sizeof(page_bytes));
	(void)store_keys_first(
	    sqlite_cipher_keys(file->file.cipher), id, &key);
	cipher_key_forget(&key);
	sealed_head_make(&head, SEALED_LOG, be32toh(page_bytes), id);
	take_head(file, &head,
	    sealed_log_cipher(sqlite_cipher_keys(file->file.cipher), &head));
	must(file->cipher != NULL);
	memcpy(file->plain_head, in, LOG_HEAD_BYTES);
	memcpy(bytes, head.bytes, sizeof(head.bytes));
	sealed_log_seal(file->cipher, SEALED_LOG_HEAD, 0,
	    (struct str){(const char *)in, LOG_HEAD_BYTES},
	    bytes + sizeof(head.bytes));
	return below->pMethods->xWrite(below, bytes, sizeof(bytes), 0);
}

/* ------------------------------------------------------------------ reading */

static int
read_zeros(void *out, int bytes, int code)
{
	memset(out, 0, (size_t)bytes);
	return code;
}

static int
read_head(struct cipher_log_file *file, uint8_t *out, int bytes,
    sqlite3_int64 at)
{
	int code = load_head(file);

	if (code != SQLITE_OK)
		return code;
	if (file->cipher == NULL)
		return read_zeros(out, bytes, SQLITE_OK);
	memcpy(out, file->plain_head + at, (size_t)bytes);
	return SQLITE_OK;
}

/* Header and page, as far as `from` to `to` lie in them, into file->plain;
 * SQLITE_CORRUPT where one of them doesn't open. */
static int
open_frame(struct cipher_log_file *file, sqlite3_int64 frame, int from, int to)
{
	sqlite3_file *below = file->file.over.below;
	int first = from < LOG_FRAME_BYTES
			? 0
			: LOG_FRAME_BYTES + SEALED_LOG_MORE;
	int last = to <= LOG_FRAME_BYTES ? LOG_FRAME_BYTES + SEALED_LOG_MORE
					 : (int)sealed_bytes(file);
	int code = below->pMethods->xRead(below, file->sealed + first,
	    last - first, place_of(file, frame) + first);

	if (code != SQLITE_OK)
		return code;
	if (from < LOG_FRAME_BYTES &&
	    !sealed_log_open(file->cipher, SEALED_FRAME, (uint64_t)frame,
		file->sealed, file->plain, LOG_FRAME_BYTES))
		return SQLITE_CORRUPT;
	if (to > LOG_FRAME_BYTES &&
	    !sealed_log_open(file->cipher, SEALED_FRAME_PAGE, (uint64_t)frame,
		file->sealed + LOG_FRAME_BYTES + SEALED_LOG_MORE,
		file->plain + LOG_FRAME_BYTES, file->page_bytes))
		return SQLITE_CORRUPT;
	return SQLITE_OK;
}

static int
read_frame(struct cipher_log_file *file, uint8_t *out, int bytes,
    sqlite3_int64 frame, int from)
{
	int to = from + bytes;
	bool is_recovery = from == 0 && bytes == (int)frame_bytes(file);
	int code = open_frame(file, frame, from, to);

	if (code == SQLITE_CORRUPT && !is_recovery) {
		/* Another connection may have begun the log anew. */
		code = load_head(file);
		if (code == SQLITE_OK && file->cipher == NULL)
			code = SQLITE_CORRUPT;
		else if (code == SQLITE_OK)
			code = open_frame(file, frame, from, to);
	}
	if (code == SQLITE_CORRUPT && is_recovery)
		return read_zeros(out, bytes, SQLITE_OK);
	if (code == SQLITE_CORRUPT)
		return sqlite_cipher_refuse(&file->file, code,
		    "frame %lld was changed, or does not belong there",
		    (long long)frame + 1);
	if (code == SQLITE_IOERR_SHORT_READ)
		return read_zeros(out, bytes, code);
	if (code == SQLITE_OK)
		memcpy(out, file->plain + from, (size_t)bytes);
	return code;
}

static int
log_read(sqlite3_file *opened, void *out, int bytes, sqlite3_int64 at)
{
	struct cipher_log_file *file = log_of(opened);
	sqlite3_int64 frame, from;
	int code;

	if (at < LOG_HEAD_BYTES) {
		must(at + bytes <= LOG_HEAD_BYTES);
		return read_head(file, out, bytes, at);
	}
	code = need_head(file);
	if (code != SQLITE_OK)
		return code;
	if (file->cipher == NULL)
		return read_zeros(out, bytes, SQLITE_IOERR_SHORT_READ);
	frame = (at - LOG_HEAD_BYTES) / frame_bytes(file);
	from = (at - LOG_HEAD_BYTES) % frame_bytes(file);
	if (from + bytes > frame_bytes(file))
		return sqlite_cipher_refuse(&file->file, SQLITE_IOERR_READ,
		    "%d bytes at %lld are not of one frame", bytes,
		    (long long)at);
	return read_frame(file, out, bytes, frame, (int)from);
}

/* ------------------------------------------------------------------ writing */

static int
refuse_write(const struct cipher_log_file *file, int bytes, sqlite3_int64 at)
{
	return sqlite_cipher_refuse(&file->file, SQLITE_IOERR_WRITE,
	    "%d bytes at %lld are no piece of a log", bytes, (long long)at);
}

/* A frame's header says which log it is of: another connection may have begun
 * it, and then the key is another one. */
static bool
is_of_log(const struct cipher_log_file *file, const uint8_t *header)
{
	return file->cipher != NULL &&
	    log_has_frame(file->plain_head, header);
}

static int
write_piece(struct cipher_log_file *file, enum sealed_piece piece,
    sqlite3_int64 frame, struct str plain)
{
	sqlite3_file *below = file->file.over.below;
	sqlite3_int64 at = place_of(file, frame);

	if (piece == SEALED_FRAME_PAGE)
		at += LOG_FRAME_BYTES + SEALED_LOG_MORE;
	sealed_log_seal(
	    file->cipher, piece, (uint64_t)frame, plain, file->sealed);
	return below->pMethods->xWrite(below, file->sealed,
	    (int)(plain.bytes + SEALED_LOG_MORE), at);
}

static int
write_frame(struct cipher_log_file *file, const uint8_t *in, int bytes,
    sqlite3_int64 at)
{
	sqlite3_int64 frame = (at - LOG_HEAD_BYTES) / frame_bytes(file);
	sqlite3_int64 from = (at - LOG_HEAD_BYTES) % frame_bytes(file);
	struct str plain = {(const char *)in, (size_t)bytes};

	if (from == 0 && bytes == LOG_FRAME_BYTES)
		return write_piece(file, SEALED_FRAME, frame, plain);
	if (from == LOG_FRAME_BYTES && (uint32_t)bytes == file->page_bytes)
		return write_piece(file, SEALED_FRAME_PAGE, frame, plain);
	return refuse_write(file, bytes, at);
}

static int
log_write(sqlite3_file *opened, const void *in, int bytes, sqlite3_int64 at)
{
	struct cipher_log_file *file = log_of(opened);
	int code = SQLITE_OK;

	if (at == 0 && bytes == LOG_HEAD_BYTES)
		return write_head(file, in);
	if (at < LOG_HEAD_BYTES)
		return refuse_write(file, bytes, at);
	if (bytes == LOG_FRAME_BYTES && !is_of_log(file, in)) {
		code = load_head(file);
		if (code == SQLITE_OK && !is_of_log(file, in))
			return refuse_write(file, bytes, at);
	}
	if (code == SQLITE_OK)
		code = need_head(file);
	if (code != SQLITE_OK)
		return code;
	if (file->cipher == NULL)
		return refuse_write(file, bytes, at);
	return write_frame(file, in, bytes, at);
}

/* ----------------------------------------------------------------- the size */

static int
log_size(sqlite3_file *opened, sqlite3_int64 *bytes)
{
	struct cipher_log_file *file = log_of(opened);
	sqlite3_file *below = file->file.over.below;
	sqlite3_int64 all = 0, frames;
	int code = need_head(file);

	*bytes = 0;
	if (code == SQLITE_OK)
		code = below->pMethods->xFileSize(below, &all);
	if (code != SQLITE_OK || file->cipher == NULL ||
	    all < SEALED_LOG_HEAD_BYTES)
		return code;
	frames = (all - SEALED_LOG_HEAD_BYTES) / sealed_bytes(file);
	*bytes = LOG_HEAD_BYTES + frames * frame_bytes(file);
	return SQLITE_OK;
}

/* SQLite may cut within a frame; that one is kept then. */
static int
log_truncate(sqlite3_file *opened, sqlite3_int64 bytes)
{
	struct cipher_log_file *file = log_of(opened);
	sqlite3_file *below = file->file.over.below;
	sqlite3_int64 frames;
	int code = need_head(file);

	if (code != SQLITE_OK)
		return code;
	if (bytes < LOG_HEAD_BYTES || file->cipher == NULL) {
		forget_head(file);
		return below->pMethods->xTruncate(below, 0);
	}
	frames = (bytes - LOG_HEAD_BYTES + frame_bytes(file) - 1) /
	    frame_bytes(file);
	return below->pMethods->xTruncate(below, place_of(file, frames));
}

static int
log_close(sqlite3_file *opened)
{
	forget_head(log_of(opened));
	return sqlite_over_close(opened);
}

const sqlite3_io_methods sqlite_cipher_log = {
	.iVersion = 1,
	.xClose = log_close,
	.xRead = log_read,
	.xWrite = log_write,
	.xTruncate = log_truncate,
	.xSync = sqlite_over_sync,
	.xFileSize = log_size,
	.xFileControl = sqlite_cipher_control,
	SQLITE_OVER_HANDED_DOWN,
	.xDeviceCharacteristics = sqlite_cipher_traits,
};
