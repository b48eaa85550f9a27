/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor_sqlite.c: the rows of instances by bare SQLite.
 *
 * As many instances as a batch has turns go on side by side, a turn a
 * transaction, for a turn may only begin when the one before it is durable.
 * The first inserts the instance's row, the others update it; each appends a
 * row of history.  600 and 200 bytes are what a durable engine hardly does
 * without; they stay the same from version to version, so that a ratio tells
 * of the engine and not of its floor.
 */
#include "bench_priv.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#define INSTANCE_BYTES 600
#define RECORD_BYTES 200

enum statement { BEGIN, INSERT, UPDATE, APPEND, COMMIT, STATEMENTS };
static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [INSERT] = "INSERT INTO instance VALUES (?, ?, ?)",
    [UPDATE] = "UPDATE instance SET turn = ?2, body = ?3 WHERE id = ?1",
    [APPEND] = "INSERT INTO history VALUES (NULL, ?, ?, ?)",
    [COMMIT] = "COMMIT",
};

struct bare_rows {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	char body[INSTANCE_BYTES];
};

static bool
open_bare(struct bare_rows *bare, const char *path)
{
	memset(bare->body, 'b', sizeof(bare->body));
	if (sqlite3_open(path, &bare->db) != SQLITE_OK ||
	    sqlite3_exec(bare->db,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		"CREATE TABLE instance (id INTEGER PRIMARY KEY, turn INTEGER,"
		" body BLOB);"
		"CREATE TABLE history (id INTEGER PRIMARY KEY,"
		" instance INTEGER, turn INTEGER, body BLOB);"
		"CREATE UNIQUE INDEX history_instance"
		" ON history (instance, turn);",
		NULL, NULL, NULL) != SQLITE_OK)
		return false;
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(bare->db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &bare->statements[i],
			NULL) != SQLITE_OK)
			return false;
	return true;
}

struct bare_rows *
bare_rows_open(const char *path)
{
	struct bare_rows *bare = calloc(1, sizeof(*bare));

	must(bare != NULL);
	if (!open_bare(bare, path))
		bare_rows_close(&bare);
	return bare;
}

void
bare_rows_close(struct bare_rows **bare)
{
	if (*bare == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize((*bare)->statements[i]);
	(void)sqlite3_close((*bare)->db);
	free(*bare);
	*bare = NULL;
}

static bool
step(struct bare_rows *bare, enum statement which)
{
	bool is_done = sqlite3_step(bare->statements[which]) == SQLITE_DONE;

	return sqlite3_reset(bare->statements[which]) == SQLITE_OK && is_done;
}

static bool
write_row(struct bare_rows *bare, enum statement which, sqlite3_int64 instance,
    unsigned turn, int bytes)
{
	sqlite3_stmt *statement = bare->statements[which];

	must((size_t)bytes <= sizeof(bare->body));
	(void)sqlite3_bind_int64(statement, 1, instance);
	(void)sqlite3_bind_int64(statement, 2, turn);
	(void)sqlite3_bind_blob(
	    statement, 3, bare->body, bytes, SQLITE_STATIC);
	return step(bare, which);
}

bool
bare_rows_write(struct bare_rows *bare, uint64_t first, size_t batch,
    unsigned turn)
{
	bool is_done = step(bare, BEGIN);

	for (size_t i = 0; i < batch && is_done; i++) {
		sqlite3_int64 instance = (sqlite3_int64)(first + i);

		is_done = write_row(bare, turn == 0 ? INSERT : UPDATE,
			      instance, turn, INSTANCE_BYTES) &&
			  write_row(bare, APPEND, instance, turn,
			      RECORD_BYTES);
	}
	return is_done && step(bare, COMMIT);
}

/* Instances for so long; gives the turns, 0 where something failed. */
static int64_t
write_for(struct bare_rows *bare, size_t batch, unsigned turns, int64_t ms)
{
	int64_t until_us = clock_monotonic_us() + ms * 1000;
	uint64_t next = 1;
	int64_t done = 0;

	do {
		for (unsigned turn = 0; turn < turns; turn++)
			if (!bare_rows_write(bare, next, batch, turn))
				return 0;
		done += (int64_t)batch * turns;
		next += batch;
	} while (clock_monotonic_us() < until_us);
	return done;
}

int64_t
floor_sqlite(const char *path, size_t batch, unsigned turns, int64_t ms)
{
	struct bare_rows *bare = bare_rows_open(path);
	int64_t cpu_us = bench_clock_cpu_us();
	int64_t done;

	must(batch > 0 && turns > 0);
	done = bare != NULL ? write_for(bare, batch, turns, ms) : 0;
	cpu_us = bench_clock_cpu_us() - cpu_us;
	bare_rows_close(&bare);
	engine_child_remove(path);
	return done > 0 ? cpu_us * 1000 / done : 0;
}
