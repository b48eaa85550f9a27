/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_wal.c: whether a log that SQLite takes for empty once held commits.
 *
 * SQLite reads a log up to the first thing in it that isn't whole, since that
 * is where a crash stopped the writing.  A young database is in its log alone:
 * with a byte wrong near the beginning of that it would be taken for a new
 * one, and a new one be made over it.
 *
 * A crash leaves less: the head is synced before the first commit is written,
 * and each commit before the next.  So a log in which nothing counts has a
 * head that is whole, and one commit at most.
 */
#include "sqlite_priv.h"

#include <stdlib.h>

#include "sealed.h"

#define MAGIC 0x377f0682U /* or one more: sums are of numbers big end first */
#define PAGE_BYTES_MAX 65536

static uint32_t
number_at(const uint8_t *at, bool is_big)
{
	return is_big ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
			    (uint32_t)at[2] << 8 | at[3]
		      : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 |
			    (uint32_t)at[1] << 8 | at[0];
}

static bool
is_head(const uint8_t head[LOG_HEAD_BYTES])
{
	uint32_t magic = number_at(head, true), sums[2] = {0, 0};
	bool is_big = magic == MAGIC + 1;

	if (magic != MAGIC && !is_big)
		return false;
	for (size_t at = 0; at < LOG_HEAD_SUMS_AT; at += 8) {
		sums[0] += number_at(head + at, is_big) + sums[1];
		sums[1] += number_at(head + at + 4, is_big) + sums[0];
	}
	return sums[0] == number_at(head + LOG_HEAD_SUMS_AT, true) &&
	       sums[1] == number_at(head + LOG_HEAD_SUMS_AT + 4, true);
}

static bool
is_commit(const uint8_t *frame, const uint8_t *head)
{
	return number_at(frame + LOG_FRAME_PAGES_AT, true) != 0 &&
	       log_has_frame(head, frame);
}

/* Read as SQLite does when it recovers one: frame by frame, with its page. */
static bool
has_two_commits(sqlite3_file *log, const uint8_t head[LOG_HEAD_BYTES])
{
	uint32_t page_bytes = number_at(head + LOG_HEAD_PAGE_BYTES_AT, true);
	sqlite3_int64 bytes = 0, at = LOG_HEAD_BYTES;
	size_t commits = 0;
	int code = log->pMethods->xFileSize(log, &bytes);

	if (page_bytes > PAGE_BYTES_MAX)
		return true;
	int frame_bytes = LOG_FRAME_BYTES + (int)page_bytes;
	uint8_t *frame = malloc((size_t)frame_bytes);
	must(frame != NULL);
	for (; code == SQLITE_OK && commits < 2 && at + frame_bytes <= bytes;
	     at += frame_bytes) {
		code = log->pMethods->xRead(log, frame, frame_bytes, at);
		commits += code == SQLITE_OK && is_commit(frame, head);
	}
	free(frame);
	return commits == 2;
}

bool
sqlite_wal_is_lost(const struct sqlite_conn *conn, off_t bytes)
{
	uint8_t head[LOG_HEAD_BYTES];
	sqlite3_file *log = NULL;
	off_t head_bytes = conn->cipher != NULL ? SEALED_LOG_HEAD_BYTES
						: LOG_HEAD_BYTES;

	sqlite3_file_control(
	    conn->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (log == NULL || log->pMethods == NULL || bytes <= head_bytes)
		return false;
	/* What can't be read may be anything. */
	if (log->pMethods->xRead(log, head, sizeof(head), 0) != SQLITE_OK ||
	    !is_head(head))
		return true;
	return has_two_commits(log, head);
}
