/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_gather.c: a file system that writes logs in large pieces.
 *
 * Frames of a log mean nothing to anybody before the commit that they belong
 * to is synced: SQLite tells others about them (in the memory that
 * connections share) after that, and believes none that it did not sync when
 * it recovers.  So it is the same to all whether they are in the file at once
 * or by the sync.  What else looks at the file finds all of it there.
 *
 * A piece that can't be written is forgotten.  SQLite hears of it from the
 * sync or the read that wanted it there, and takes the transaction back.
 *
 * Once all pieces are written a sync that fails comes too late: the frames are
 * in the file, with a mark that says that they are a commit, and whoever
 * recovers the log would believe it, although the transaction was taken back
 * and its failure told.  So they are cut off again.
 */
#include "sqlite_gather.h"

#include "sqlite_over.h"
#include "stated/buf.h"

#include <stdlib.h>

/* Some hundred turns.  SQLite's own file system takes less than 128 KiB at
 * once, and writes no more than that of a larger piece. */
#define PIECE_BYTES_MAX ((size_t)96 * 1024)

struct gather_file;
struct sqlite_gather {
	struct sqlite_over over;
	/* Of the commit at hand: the log that it is written to, NULL before
	 * its first frame; where that is; whether the last is in the file. */
	struct gather_file *log;
	sqlite3_int64 begin;
	bool is_whole;
};

struct gather_file {
	struct over_file over;
	struct sqlite_gather *gather;
	struct buf piece;
	sqlite3_int64 at; /* where in the file the piece begins */
};

static struct gather_file *
file_of(sqlite3_file *opened)
{
	return (struct gather_file *)(void *)opened;
}

static int
write_piece(sqlite3_file *opened)
{
	struct gather_file *file = file_of(opened);
	struct str piece = buf_str(&file->piece);

	if (piece.bytes == 0)
		return SQLITE_OK;
	buf_clear(&file->piece);
	return sqlite_over_write(opened, piece.at, (int)piece.bytes, file->at);
}

static bool
is_next(const struct gather_file *file, size_t bytes, sqlite3_int64 at)
{
	return file->at + (sqlite3_int64)file->piece.bytes == at &&
	    file->piece.bytes + bytes <= PIECE_BYTES_MAX;
}

/* A log's head, at 0, is of no commit.  SQLite writes frames anew within a
 * transaction, but none before its first. */
static void
note_frame(struct gather_file *file, sqlite3_int64 at)
{
	struct sqlite_gather *gather = file->gather;

	if (at == 0 || gather->log != NULL)
		return;
	gather->log = file;
	gather->begin = at;
}

static int
log_write(sqlite3_file *opened, const void *in, int bytes, sqlite3_int64 at)
{
	struct gather_file *file = file_of(opened);

	must(bytes >= 0);
	note_frame(file, at);
	if (!is_next(file, (size_t)bytes, at)) {
		int code = write_piece(opened);
		if (code != SQLITE_OK)
			return code;
		file->at = at;
	}
	buf_add(&file->piece, in, (size_t)bytes);
	return SQLITE_OK;
}

static int
log_read(sqlite3_file *opened, void *out, int bytes, sqlite3_int64 at)
{
	int code = write_piece(opened);

	return code == SQLITE_OK ? sqlite_over_read(opened, out, bytes, at)
				 : code;
}

static int
log_truncate(sqlite3_file *opened, sqlite3_int64 bytes)
{
	int code = write_piece(opened);

	return code == SQLITE_OK ? sqlite_over_truncate(opened, bytes) : code;
}

static int
log_sync(sqlite3_file *opened, int flags)
{
	struct gather_file *file = file_of(opened);
	int code = write_piece(opened);

	if (code == SQLITE_OK && file->gather->log == file)
		file->gather->is_whole = true;
	return code == SQLITE_OK ? sqlite_over_sync(opened, flags) : code;
}

static int
log_size(sqlite3_file *opened, sqlite3_int64 *bytes)
{
	int code = write_piece(opened);

	return code == SQLITE_OK ? sqlite_over_size(opened, bytes) : code;
}

static int
log_close(sqlite3_file *opened)
{
	struct gather_file *file = file_of(opened);
	int code = write_piece(opened);

	if (file->gather->log == file)
		file->gather->log = NULL;
	buf_fini(&file->piece);
	int closed = sqlite_over_close(opened);
	return code == SQLITE_OK ? closed : code;
}

static const sqlite3_io_methods log_methods = {
	.iVersion = 1,
	.xClose = log_close,
	.xRead = log_read,
	.xWrite = log_write,
	.xTruncate = log_truncate,
	.xSync = log_sync,
	.xFileSize = log_size,
	.xFileControl = sqlite_over_control,
	SQLITE_OVER_HANDED_DOWN,
	.xDeviceCharacteristics = sqlite_over_traits,
};

/* Any other file is the one below, as if nothing stood over it. */
static int
open_cb(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *opened,
    int flags, int *flags_got)
{
	sqlite3_vfs *below = ((struct sqlite_over *)(void *)vfs)->below;

	if ((flags & SQLITE_OPEN_WAL) == 0)
		return below->xOpen(below, path, opened, flags, flags_got);
	int code = sqlite_over_open(
	    vfs, path, opened, flags, flags_got, &log_methods);
	file_of(opened)->gather = (struct sqlite_gather *)(void *)vfs;
	return code;
}

struct sqlite_gather *
sqlite_gather_new(void)
{
	struct sqlite_gather *gather = calloc(1, sizeof(*gather));

	must(gather != NULL);
	sqlite_over_init(&gather->over, "stated-gather", NULL,
	    sizeof(struct gather_file), open_cb);
	return gather;
}

void
sqlite_gather_free(struct sqlite_gather **gather)
{
	if (*gather == NULL)
		return;
	sqlite_over_fini(&(*gather)->over);
	free(*gather);
	*gather = NULL;
}

void
sqlite_gather_begin(struct sqlite_gather *gather)
{
	gather->log = NULL;
	gather->is_whole = false;
}

bool
sqlite_gather_take_back(struct sqlite_gather *gather)
{
	sqlite3_file *log = (sqlite3_file *)(void *)gather->log;

	if (log == NULL || !gather->is_whole)
		return true;
	must(gather->log->piece.bytes == 0);
	return sqlite_over_truncate(log, gather->begin) == SQLITE_OK &&
	    sqlite_over_sync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

const char *
sqlite_gather_vfs(const struct sqlite_gather *gather)
{
	return gather->over.name;
}
