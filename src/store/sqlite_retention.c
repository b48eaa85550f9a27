/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_retention.c: what is kept for a time, held, erased and purged.
 *
 * What is deleted leaves zeros behind (secure_delete), so the one other place
 * where something erased may be is the log: it is emptied after the commit.
 * A reader may keep it from being emptied; `meta` knows that until it is.
 *
 * A purged turn keeps its row, emptied, with the hash of its last record: so
 * trees over the rows of `history` stay as they are.  An instance may have a
 * million turns; some of them are emptied with each batch, from the last to
 * the first, since what is left may lean on the first (store_pack.h).
 */
#include "sqlite_priv.h"

/* Of one instance, with one batch. */
#define PORTION_TURNS 1000
/* Free pages of a database that an older program left: as many bytes at a
 * time as one value may have. */
#define WIPE_BYTES_MAX (256 * 1024 * 1024)
/* Readers that stay are waited for by trying again with the next batch. */
#define SCRUB_PATIENCE_MS 20

/* ----------------------------------------------------------------- writing */

static void
bind_hold(sqlite3_stmt *statement, const void *row)
{
	const struct store_hold *hold = row;

	sqlite_bind_text(statement, 1, hold->id);
	sqlite_bind_int(statement, 2, hold->releases);
	sqlite_bind_int(statement, 3, hold->at_ms);
	sqlite_bind_text(statement, 4, hold->actor);
	sqlite_bind_text(statement, 5, hold->reason);
	sqlite_bind_text(statement, 6, hold->scope);
	sqlite_bind_text(statement, 7, hold->label);
	sqlite_bind_text(statement, 8, hold->value);
}

static void
bind_salt(sqlite3_stmt *statement, const void *row)
{
	const struct store_batch_salt *salt = row;

	sqlite_bind_int(statement, 1, (int64_t)salt->number);
	if (salt->salt.at != NULL)
		sqlite_bind_blob(statement, 2, salt->salt);
}

static void
bind_number(sqlite3_stmt *statement, const void *row)
{
	const uint64_t *number = row;

	sqlite_bind_int(statement, 1, (int64_t)*number);
}

static void
bind_retention(sqlite3_stmt *statement, const void *row)
{
	const struct store_batch_end *end = row;

	sqlite_bind_int(statement, 1, end->until_ms);
	sqlite_bind_int(statement, 2, (int64_t)end->number);
}

static void
bind_purged(sqlite3_stmt *statement, const void *row)
{
	const struct store_purge *purge = row;

	sqlite_bind_int(statement, 1, (int64_t)purge->number);
	sqlite_bind_int(statement, 2, purge->at_ms);
	sqlite_bind_blob(statement, 3, purge->left);
	sqlite_bind_text(statement, 4, purge->labels);
}

struct portion {
	const struct store_purge *purge;
	int64_t from_seq; /* of the first turn; 0: there is none left */
};

static void
bind_stubs(sqlite3_stmt *statement, const void *row)
{
	const struct portion *portion = row;

	sqlite_bind_int(statement, 1, (int64_t)portion->purge->number);
	sqlite_bind_int(statement, 2, portion->from_seq);
	sqlite_bind_int(statement, 3, portion->purge->until_ms);
}

static void
bind_step(sqlite3_stmt *statement, const void *row)
{
	const struct portion *portion = row;

	sqlite_bind_int(statement, 1, portion->purge->until_ms);
	sqlite_bind_int(statement, 2, (int64_t)portion->purge->number);
	sqlite_bind_int(statement, 3, portion->from_seq);
}

static enum store_error
write_salts(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;
	size_t cursor = 0;
	void *row;

	while (error == STORE_OK &&
	    map_next(batch->salts, &cursor, NULL, &row)) {
		const struct store_batch_salt *salt = row;
		error = sqlite_write_row(store, salt->salt.at != NULL ?
		    WRITE_SALT : WRITE_NO_SALT, bind_salt, salt);
	}
	return error;
}

/* ----------------------------------------------------------------- purging */

static enum store_error
find_portion(struct sqlite_store *store, struct portion *portion)
{
	struct sqlite_conn *conn = &store->writer;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error = sqlite_conn_take(conn, WRITE_READ_PORTION,
	    &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)portion->purge->number);
	sqlite_bind_int(statement, 2, portion->purge->until_ms);
	sqlite_bind_int(statement, 3, PORTION_TURNS);
	error = sqlite_conn_step(conn, statement, &is_row);
	if (is_row)
		portion->from_seq = sqlite3_column_int64(statement, 0);
	sqlite_conn_give(conn, WRITE_READ_PORTION, statement);
	return error;
}

static enum store_error
empty_turns(struct sqlite_store *store, const struct store_purge *purge)
{
	struct portion portion = {.purge = purge};
	enum store_error error = find_portion(store, &portion);

	if (error == STORE_OK && portion.from_seq > 0)
		error = sqlite_write_row(
		    store, WRITE_STUBS, bind_stubs, &portion);
	if (error != STORE_OK)
		return error;
	/* The first turn is the last to go. */
	return portion.from_seq > 1 ?
	    sqlite_write_row(store, WRITE_RETENTION_STEP, bind_step, &portion) :
	    sqlite_write_row(store, WRITE_NO_RETENTION, bind_retention,
		&(struct store_batch_end){NULL, purge->number,
		    purge->until_ms});
}

static enum store_error
purge(struct sqlite_store *store, const struct store_purge *purge)
{
	const uint64_t *number = &purge->number;
	enum store_error error = sqlite_write_row(
	    store, WRITE_NO_ITEMS, bind_number, number);

	sqlite_recent_forget(store->recents, *number);
	if (error == STORE_OK)
		error = sqlite_write_row(
		    store, WRITE_NO_PIECES, bind_number, number);
	if (error == STORE_OK)
		error = sqlite_write_row(
		    store, WRITE_PURGED, bind_purged, purge);
	if (error == STORE_OK)
		error = empty_turns(store, purge);
	return error;
}

static enum store_error
write_purges(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;
	size_t cursor = 0;
	void *row;

	if (map_count(batch->purges) == 0)
		return STORE_OK;
	while (error == STORE_OK &&
	    map_next(batch->purges, &cursor, NULL, &row))
		error = purge(store, row);
	if (error == STORE_OK)
		error = sqlite_write_row(store, WRITE_PURGED_BACK, NULL, NULL);
	if (error == STORE_OK)
		error = sqlite_write_row(store, WRITE_STUBS_BACK, NULL, NULL);
	/* Whoever comes to it next empties the log, if not this process. */
	if (error == STORE_OK)
		error = sqlite_write_row(store, WRITE_UNSCRUBBED, NULL, NULL);
	return error;
}

/* ----------------------------------------------------------------- erasing */

/* Takes the free pages and gives them back as zeros: what an older program
 * freed it left as it was. */
static enum store_error
wipe_free_pages(struct sqlite_store *store)
{
	struct sqlite_conn *conn = &store->writer;
	int64_t unwiped = 0, pages = 0, page_bytes = 0;
	char sql[160];
	enum store_error error = sqlite_conn_query_int(conn,
	    "SELECT count(*) FROM meta WHERE name = 'unwiped'", &unwiped);

	if (error != STORE_OK || unwiped == 0)
		return error;
	error = sqlite_conn_query_int(conn, "PRAGMA freelist_count", &pages);
	if (error == STORE_OK)
		error = sqlite_conn_query_int(
		    conn, "PRAGMA page_size", &page_bytes);
	if (error == STORE_OK)
		error = sqlite_conn_exec(
		    conn, "CREATE TABLE wipe (bytes BLOB) STRICT");
	for (int64_t left = pages * page_bytes; error == STORE_OK && left > 0;
	    left -= WIPE_BYTES_MAX) {
		str_write(sql, sizeof(sql),
		    "INSERT INTO wipe VALUES (zeroblob(%lld))", (long long)
		    (left < WIPE_BYTES_MAX ? left : WIPE_BYTES_MAX));
		error = sqlite_conn_exec(conn, sql);
	}
	if (error == STORE_OK)
		error = sqlite_conn_exec(conn, "DROP TABLE wipe;"
		    "DELETE FROM meta WHERE name = 'unwiped'");
	return error;
}

static void
bind_forgotten(sqlite3_stmt *statement, const void *row)
{
	const struct store_forgotten *which = row;
	bool is_for = which->type.at != NULL;

	sqlite_bind_text(statement, 1, is_for ? which->type : which->source);
	sqlite_bind_text(
	    statement, 2, is_for ? which->subject : which->id_prefix);
}

static enum store_error
write_forgotten(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;

	for (const struct store_batch_forgotten *there = batch->forgotten;
	    error == STORE_OK && there != NULL; there = there->next)
		error = sqlite_write_row(store,
		    there->which.type.at != NULL ? WRITE_NO_EVENTS_FOR
						 : WRITE_NO_EVENTS_FROM,
		    bind_forgotten, &there->which);
	return error;
}

static enum store_error
write_erasures(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = write_forgotten(store, batch);

	for (const struct store_batch_end *end = batch->erased;
	    error == STORE_OK && end != NULL; end = end->next) {
		sqlite_recent_forget(store->recents, end->number);
		error = sqlite_write_row(store, WRITE_NO_ITEMS_BUT_OPEN,
		    bind_number, &end->number);
	}
	if (error == STORE_OK && batch->erased != NULL)
		error = wipe_free_pages(store);
	return error;
}

enum store_error
sqlite_retention_write(struct sqlite_store *store,
    const struct store_batch *batch)
{
	enum store_error error = write_salts(store, batch);

	for (const struct store_batch_hold *hold = batch->hold_first;
	    error == STORE_OK && hold != NULL; hold = hold->next)
		error = sqlite_write_row(
		    store, WRITE_HOLD, bind_hold, &hold->row);
	for (const struct store_batch_end *end = batch->retained;
	    error == STORE_OK && end != NULL; end = end->next)
		error = sqlite_write_row(
		    store, WRITE_RETENTION, bind_retention, end);
	if (error == STORE_OK && batch->has_unswept)
		error = sqlite_write_row(
		    store, WRITE_UNSWEPT, bind_number, &batch->unswept);
	if (error == STORE_OK)
		error = write_erasures(store, batch);
	if (error == STORE_OK)
		error = write_purges(store, batch);
	if (error == STORE_OK && batch->has_scrubbing)
		error = sqlite_write_row(store, WRITE_UNSCRUBBED, NULL, NULL);
	if (error == STORE_OK && batch->has_scrubbing)
		store->backend.needs_scrubbing = true;
	return error;
}

void
sqlite_retention_scrub(struct sqlite_store *store)
{
	if (!store->backend.needs_scrubbing ||
	    !sqlite_conn_checkpoint(&store->writer, SQLITE_CHECKPOINT_TRUNCATE,
		SCRUB_PATIENCE_MS))
		return;
	/* If that can't be noted it is done once more. */
	if (sqlite_write_row(store, WRITE_SCRUBBED, NULL, NULL) == STORE_OK)
		store->backend.needs_scrubbing = false;
}

/* ----------------------------------------------------------------- reading */

enum store_error
sqlite_retention_unswept(struct store_backend *backend, uint64_t *number)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error =
	    sqlite_conn_take(conn, READ_UNSWEPT, &statement);

	*number = 0;
	if (error != STORE_OK)
		return error;
	error = sqlite_conn_step(conn, statement, &is_row);
	if (is_row)
		*number = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite_conn_give(conn, READ_UNSWEPT, statement);
	return error;
}

enum store_error
sqlite_retention_find_salt(struct store_backend *backend, struct arena *arena,
    uint64_t number, struct str *salt)
{
	struct sqlite_store *store = sqlite_store_of(backend);
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error;

	if (store->schema < SCHEMA_WITH_SALTS)
		return STORE_ABSENT;
	error = sqlite_conn_take(&store->reader, READ_SALT, &statement);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)number);
	error = sqlite_conn_step(&store->reader, statement, &is_row);
	if (is_row)
		*salt = arena_str(arena, sqlite_column_str(statement, 0));
	else if (error == STORE_OK)
		error = STORE_ABSENT;
	sqlite_conn_give(&store->reader, READ_SALT, statement);
	return error;
}
