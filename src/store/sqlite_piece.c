/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_piece.c: large snapshots, of which a turn rewrites what it changed.
 *
 * An instance that loops over thousands of lines has a snapshot of megabytes
 * and a turn for each of them.  Such a snapshot is cut into pieces where its
 * content says so (a rolling sum of the bytes just before has a certain form),
 * so that what is inserted or removed moves the cuts near it and no others.
 * The row holds the pieces' digests in order; a piece is stored once for each
 * instance, under its digest.  What a turn writes is then as long as what it
 * changed, and not as the whole.
 */
#include "sqlite_priv.h"

#include <stdlib.h>

/* Shorter ones are cheaper whole: SQLite rewrites a few pages. */
#define PIECED_BYTES_MIN (32 * 1024)
/* A cut each 8 KiB on average, as if at random. */
#define PIECE_BYTES_MIN 2048
#define PIECE_BYTES_MAX (32 * 1024)
#define CUT_BITS 13
#define DIGEST_BYTES sizeof(struct digest)

bool
sqlite_piece_is_wanted(struct str snapshot)
{
	return snapshot.bytes > PIECED_BYTES_MIN;
}

/*
 * Shifting left forgets a byte after 64 more; the multiplier spreads each byte
 * over the word, of which the highest bits depend on all the last bytes.
 */
static size_t
next_cut(struct str bytes)
{
	uint64_t sum = 0;
	size_t most =
	    bytes.bytes < PIECE_BYTES_MAX ? bytes.bytes : PIECE_BYTES_MAX;

	for (size_t i = 0; i < most; i++) {
		sum = (sum << 1) +
		    ((unsigned char)bytes.at[i] + 1) * 0x9e3779b97f4a7c15u;
		if (i >= PIECE_BYTES_MIN && sum >> (64 - CUT_BITS) == 0)
			return i + 1;
	}
	return most;
}

/* ---------------------------------------------------------------- writing */

/* Digests of pieces; the values mean nothing. */
static struct map *
read_known(struct sqlite_store *store, uint64_t number,
    enum store_error *error)
{
	struct map *known = map_new();
	sqlite3_stmt *statement;
	bool is_row = false;

	*error = sqlite_conn_take(
	    &store->writer, WRITE_READ_PIECES, &statement);
	if (*error != STORE_OK)
		return known;
	sqlite_bind_int(statement, 1, (int64_t)number);
	*error = sqlite_conn_step(&store->writer, statement, &is_row);
	if (is_row) {
		struct str list = sqlite_column_str(statement, 0);

		for (size_t at = 0; at + DIGEST_BYTES <= list.bytes;
		     at += DIGEST_BYTES)
			map_put(known, str_slice(list, at, DIGEST_BYTES),
			    store);
	}
	sqlite_conn_give(&store->writer, WRITE_READ_PIECES, statement);
	return known;
}

static enum store_error
run_on_piece(struct sqlite_store *store, size_t which, uint64_t number,
    struct str digest, struct str bytes)
{
	sqlite3_stmt *statement;
	enum store_error error =
	    sqlite_conn_take(&store->writer, which, &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)number);
	sqlite_bind_blob(statement, 2, digest);
	if (bytes.at != NULL)
		sqlite_bind_blob(statement, 3, bytes);
	error = sqlite_conn_run(&store->writer, statement);
	sqlite_conn_give(&store->writer, which, statement);
	return error;
}

/* Adds the pieces that are new and takes those that stay out of `known`. */
static enum store_error
write_new(struct sqlite_store *store, const struct store_instance *row,
    struct map *known, struct map *kept, struct buf *list)
{
	enum store_error error = STORE_OK;
	struct str rest = row->snapshot;

	while (rest.bytes > 0 && error == STORE_OK) {
		struct str piece = str_slice(rest, 0, next_cut(rest));
		struct digest digest = digest_sha256(piece);
		struct str key = MAP_KEY_OF(&digest);

		must(piece.bytes > 0);
		buf_add_str(list, key);
		rest = str_slice(rest, piece.bytes, rest.bytes);
		if (map_put(kept, key, store) == NULL &&
		    map_remove(known, key) == NULL)
			error = run_on_piece(
			    store, WRITE_PIECE, row->number, key, piece);
	}
	return error;
}

enum store_error
sqlite_piece_write(struct sqlite_store *store,
    const struct store_instance *row, struct buf *list)
{
	enum store_error error;
	struct map *known = read_known(store, row->number, &error);
	struct map *kept = map_new();
	size_t cursor = 0;
	struct str key;
	void *value;

	must(sqlite_piece_is_wanted(row->snapshot));
	if (error == STORE_OK)
		error = write_new(store, row, known, kept, list);
	while (error == STORE_OK && map_next(known, &cursor, &key, &value))
		error = run_on_piece(store, WRITE_NO_PIECE, row->number, key,
		    (struct str){NULL, 0});
	map_free(&kept);
	map_free(&known);
	return error;
}

/* ---------------------------------------------------------------- reading */

/* *is_whole is false where the bytes are not those of the digest. */
static enum store_error
read_piece(struct sqlite_conn *conn, uint64_t number, struct str digest,
    struct buf *out, bool *is_whole)
{
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error =
	    sqlite_conn_take(conn, READ_PIECE, &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)number);
	sqlite_bind_blob(statement, 2, digest);
	error = sqlite_conn_step(conn, statement, &is_row);
	if (is_row) {
		struct str piece = sqlite_column_str(statement, 0);
		struct digest found = digest_sha256(piece);

		*is_whole = *is_whole && str_equal(digest, MAP_KEY_OF(&found));
		buf_add_str(out, piece);
	} else if (error == STORE_OK) {
		error = STORE_CORRUPT;
	}
	sqlite_conn_give(conn, READ_PIECE, statement);
	return error;
}

enum store_error
sqlite_piece_read(struct sqlite_conn *conn, uint64_t number, struct str list,
    struct arena *arena, struct str *snapshot)
{
	struct buf whole = {0};
	bool is_whole = true;
	enum store_error error = STORE_OK;

	if (list.bytes % DIGEST_BYTES != 0)
		return STORE_CORRUPT;
	for (size_t at = 0; at < list.bytes && error == STORE_OK;
	     at += DIGEST_BYTES)
		error = read_piece(conn, number,
		    str_slice(list, at, DIGEST_BYTES), &whole, &is_whole);
	/* As where one can't be unpacked: that instance's damage alone. */
	if (error == STORE_OK && is_whole)
		*snapshot = arena_str(arena, buf_str(&whole));
	buf_fini(&whole);
	return error;
}
