/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_cipher_pages.c: a database's file, page by page.
 *
 * The head is written before the first page.  SQLite syncs a database before
 * it counts, so a file without a head, or with one of zeros, holds nothing.
 */
#include "sqlite_cipher.h"

#include <stdlib.h>

/* What SQLite reads before it has a lock, to learn the size of pages. */
#define PREVIEW_BYTES 100
#define PREVIEW_PAGE_BYTES_AT 16

static struct cipher_pages_file *
pages_of(sqlite3_file *opened)
{
	return (struct cipher_pages_file *)(void *)opened;
}

static sqlite3_int64
slot_bytes(const struct cipher_pages_file *file)
{
	return (sqlite3_int64)file->page_bytes + SEALED_PAGE_MORE;
}

static sqlite3_int64
place_of(const struct cipher_pages_file *file, sqlite3_int64 number)
{
	must(number > 0);
	return SEALED_HEAD_BYTES + (number - 1) * slot_bytes(file);
}

/* --------------------------------------------------------------------- head */

static void
forget_head(struct cipher_pages_file *file)
{
	sealed_pages_free(&file->pages);
	free(file->slot);
	free(file->plain);
	file->slot = file->plain = NULL;
}

static void
take_head(struct cipher_pages_file *file, const struct sealed_head *head)
{
	forget_head(file);
	file->page_bytes = sealed_head_page_bytes(head);
	file->pages =
	    sealed_pages_new(sqlite_cipher_keys(file->file.cipher), head);
	file->slot = malloc((size_t)slot_bytes(file));
	file->plain = malloc(file->page_bytes);
	must(file->slot != NULL && file->plain != NULL);
}

/* file->pages stays NULL where there is none. */
static int
load_head(struct cipher_pages_file *file)
{
	static const struct sealed_head zeros;
	sqlite3_file *below = file->file.over.below;
	struct sealed_head head;

	if (file->pages != NULL)
		return SQLITE_OK;
	int code = below->pMethods->xRead(
	    below, head.bytes, sizeof(head.bytes), 0);
	if (code == SQLITE_IOERR_SHORT_READ ||
	    (code == SQLITE_OK &&
		memcmp(&head, &zeros, sizeof(head)) == 0))
		return SQLITE_OK;
	if (code != SQLITE_OK)
		return code;
	if (!sealed_head_is(&head, SEALED_PAGES))
		return sqlite_cipher_refuse(&file->file, SQLITE_NOTADB,
		    "it does not begin as an encrypted database does");
	take_head(file, &head);
	return SQLITE_OK;
}

/* A file that was left torn before it held anything begins from nothing. */
static int
make_head(struct cipher_pages_file *file, int page_bytes)
{
	sqlite3_file *below = file->file.over.below;
	struct sealed_head head;
	int code = below->pMethods->xTruncate(below, 0);

	sealed_head_make(&head, SEALED_PAGES, (uint32_t)page_bytes, NULL);
	if (code == SQLITE_OK)
		code = below->pMethods->xWrite(
		    below, head.bytes, sizeof(head.bytes), 0);
	if (code == SQLITE_OK)
		take_head(file, &head);
	return code;
}

/* ------------------------------------------------------------------ reading */

/* SHORT_READ where it isn't there. */
static int
read_page(struct cipher_pages_file *file, sqlite3_int64 number, uint8_t *out)
{
	sqlite3_file *below = file->file.over.below;
	char what[40];
	int code = below->pMethods->xRead(below, file->slot,
	    (int)slot_bytes(file), place_of(file, number));

	if (code != SQLITE_OK)
		return code;
	switch (sealed_pages_open(
	    file->pages, (uint32_t)number, file->slot, out)) {
	case SEALED_OK:
		return SQLITE_OK;
	case SEALED_UNKNOWN:
		snprintf(what, sizeof(what), "page %lld", (long long)number);
		return sqlite_cipher_refuse_key(&file->file, what,
		    sealed_pages_id(file->pages, file->slot));
	case SEALED_BROKEN:
		break;
	}
	return sqlite_cipher_refuse(&file->file, SQLITE_CORRUPT,
	    "page %lld was changed, or does not belong there",
	    (long long)number);
}

static int
read_pages(struct cipher_pages_file *file, uint8_t *out, int bytes,
    sqlite3_int64 at)
{
	while (bytes > 0) {
		int from = (int)(at % file->page_bytes);
		int taken = (int)file->page_bytes - from;
		bool is_whole = from == 0 && bytes >= taken;
		int code = read_page(file, at / file->page_bytes + 1,
		    is_whole ? out : file->plain);

		if (taken > bytes)
			taken = bytes;
		/* SQLite counts on the rest being zero. */
		if (code == SQLITE_IOERR_SHORT_READ)
			memset(out, 0, (size_t)bytes);
		if (code != SQLITE_OK)
			return code;
		if (!is_whole)
			memcpy(out, file->plain + from, (size_t)taken);
		out += taken;
		at += taken;
		bytes -= taken;
	}
	return SQLITE_OK;
}

/* Without a lock, the first page may be half written for a moment, or for
 * good where a database was torn while it was made, which SQLite is about to
 * find out.  It needs no more than the size of pages. */
static int
read_preview(struct cipher_pages_file *file, uint8_t *out)
{
	int code = read_pages(file, out, PREVIEW_BYTES, 0);

	if (code != SQLITE_CORRUPT)
		return code;
	memset(out, 0, PREVIEW_BYTES);
	/* 65536 is written as 1. */
	out[PREVIEW_PAGE_BYTES_AT] = (uint8_t)(file->page_bytes >> 8);
	out[PREVIEW_PAGE_BYTES_AT + 1] = (uint8_t)(file->page_bytes >> 16);
	return SQLITE_OK;
}

static int
pages_read(sqlite3_file *opened, void *out, int bytes, sqlite3_int64 at)
{
	struct cipher_pages_file *file = pages_of(opened);
	int code = load_head(file);

	if (code != SQLITE_OK)
		return code;
	if (file->pages == NULL) {
		memset(out, 0, (size_t)bytes);
		return SQLITE_IOERR_SHORT_READ;
	}
	if (at == 0 && bytes == PREVIEW_BYTES)
		return read_preview(file, out);
	return read_pages(file, out, bytes, at);
}

/* ------------------------------------------------------------------ writing */

static int
write_page(struct cipher_pages_file *file, sqlite3_int64 number,
    const uint8_t *plain)
{
	sqlite3_file *below = file->file.over.below;

	sealed_pages_seal(file->pages, (uint32_t)number, plain, file->slot);
	return below->pMethods->xWrite(below, file->slot,
	    (int)slot_bytes(file), place_of(file, number));
}

static int
count_pages(const struct cipher_pages_file *file, sqlite3_int64 *count)
{
	sqlite3_file *below = file->file.over.below;
	sqlite3_int64 bytes = 0;
	int code = below->pMethods->xFileSize(below, &bytes);

	*count = bytes <= SEALED_HEAD_BYTES
		     ? 0
		     : (bytes - SEALED_HEAD_BYTES) / slot_bytes(file);
	return code;
}

/*
 * SQLite leaves out pages that hold nothing (free ones), and takes what it
 * finds there for zeros.  A slot of zeros would not be authentic, and must
 * not be taken for a page: so zeros are sealed there, durably before the
 * file grows beyond them.
 */
static int
fill_gap(struct cipher_pages_file *file, sqlite3_int64 number)
{
	sqlite3_file *below = file->file.over.below;
	sqlite3_int64 count;
	int code = count_pages(file, &count);

	if (code != SQLITE_OK || number <= count + 1)
		return code;
	memset(file->plain, 0, file->page_bytes);
	for (sqlite3_int64 n = count + 1; n < number && code == SQLITE_OK;
	     n++)
		code = write_page(file, n, file->plain);
	if (code == SQLITE_OK)
		code = below->pMethods->xSync(below, SQLITE_SYNC_NORMAL);
	return code;
}

static int
pages_write(
    sqlite3_file *opened, const void *in, int bytes, sqlite3_int64 at)
{
	struct cipher_pages_file *file = pages_of(opened);
	int code = load_head(file);

	if (code == SQLITE_OK && file->pages == NULL)
		code = make_head(file, bytes);
	if (code != SQLITE_OK)
		return code;
	if ((uint32_t)bytes != file->page_bytes || at % bytes != 0)
		return sqlite_cipher_refuse(&file->file, SQLITE_IOERR_WRITE,
		    "%d bytes at %lld are no page", bytes, (long long)at);
	code = fill_gap(file, at / bytes + 1);
	if (code == SQLITE_OK)
		code = write_page(file, at / bytes + 1, in);
	return code;
}

/* ---------------------------------------------------------------- the size */

static int
pages_truncate(sqlite3_file *opened, sqlite3_int64 bytes)
{
	struct cipher_pages_file *file = pages_of(opened);
	sqlite3_file *below = file->file.over.below;
	int code = load_head(file);

	if (code != SQLITE_OK)
		return code;
	if (bytes == 0) {
		forget_head(file);
		return below->pMethods->xTruncate(below, 0);
	}
	if (file->pages == NULL || bytes % file->page_bytes != 0)
		return sqlite_cipher_refuse(&file->file,
		    SQLITE_IOERR_TRUNCATE, "it can't be cut within a page");
	return below->pMethods->xTruncate(
	    below, place_of(file, bytes / file->page_bytes + 1));
}

/* What is cut within its first page isn't empty: SQLite would remove the log of
 * that. */
static int
pages_size(sqlite3_file *opened, sqlite3_int64 *bytes)
{
	struct cipher_pages_file *file = pages_of(opened);
	int code = load_head(file);
	sqlite3_int64 sealed = 0, count = 0;

	if (code == SQLITE_OK && file->pages != NULL)
		code = count_pages(file, &count);
	if (code == SQLITE_OK && file->pages != NULL && count == 0)
		code = sqlite_over_size(opened, &sealed);
	if (sealed > SEALED_HEAD_BYTES)
		count = 1;
	*bytes = count * file->page_bytes;
	return code;
}

static int
pages_close(sqlite3_file *opened)
{
	forget_head(pages_of(opened));
	return sqlite_over_close(opened);
}

/* ------------------------------------------- memory that connections share */

/* It holds numbers of pages and frames, and nothing of what is in them. */

static int
pages_map(sqlite3_file *opened, int region, int bytes, int extends,
    void volatile **at)
{
	sqlite3_file *below = over_file_of(opened)->below;

	if (below->pMethods->iVersion < 2 || below->pMethods->xShmMap == NULL)
		return SQLITE_IOERR_SHMMAP;
	return below->pMethods->xShmMap(below, region, bytes, extends, at);
}

static int
pages_map_lock(sqlite3_file *opened, int first, int count, int flags)
{
	sqlite3_file *below = over_file_of(opened)->below;

	return below->pMethods->xShmLock(below, first, count, flags);
}

static void
pages_map_barrier(sqlite3_file *opened)
{
	sqlite3_file *below = over_file_of(opened)->below;

	below->pMethods->xShmBarrier(below);
}

static int
pages_unmap(sqlite3_file *opened, int removes)
{
	sqlite3_file *below = over_file_of(opened)->below;

	if (below->pMethods->iVersion < 2 || below->pMethods->xShmMap == NULL)
		return SQLITE_OK;
	return below->pMethods->xShmUnmap(below, removes);
}

const sqlite3_io_methods sqlite_cipher_pages = {
	.iVersion = 2,
	.xClose = pages_close,
	.xRead = pages_read,
	.xWrite = pages_write,
	.xTruncate = pages_truncate,
	.xSync = sqlite_over_sync,
	.xFileSize = pages_size,
	.xFileControl = sqlite_cipher_control,
	SQLITE_OVER_HANDED_DOWN,
	.xDeviceCharacteristics = sqlite_cipher_traits,
	.xShmMap = pages_map,
	.xShmLock = pages_map_lock,
	.xShmBarrier = pages_map_barrier,
	.xShmUnmap = pages_unmap,
};
