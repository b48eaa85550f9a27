/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_log.c: the turns of all instances in the order of their commits, the
 * nodes of the tree over them, and checkpoints.
 *
 * A turn is a row of `history`, its place in the log is its id less one: ids
 * are given one after another, no row is ever removed, and a commit that
 * failed gives its ids back.  Where one is missing all the same somebody has
 * removed it, and whoever reads the log sees it.
 */
#include "sqlite_priv.h"

/* ---------------------------------------------------------------- journal */

static bool
read_head(struct str bytes, struct audit_head *head)
{
	if (bytes.bytes != JOURNAL_HEAD_BYTES)
		return false;
	head->seq = 0;
	for (size_t i = 0; i < 8; i++)
		head->seq = head->seq << 8 | (uint8_t)bytes.at[i];
	memcpy(head->hash.bytes, bytes.at + 8, sizeof(head->hash.bytes));
	return head->seq <= INT64_MAX;
}

enum store_error
sqlite_log_find_journal(struct store_backend *backend, struct audit_head *head)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error =
	    sqlite_conn_take(conn, READ_JOURNAL_HEAD, &statement);

	*head = (struct audit_head){0};
	if (error != STORE_OK)
		return error;
	error = sqlite_conn_step(conn, statement, &is_row);
	if (is_row && !read_head(sqlite_column_str(statement, 0), head))
		error = STORE_CORRUPT;
	sqlite_conn_give(conn, READ_JOURNAL_HEAD, statement);
	return error;
}

/* ------------------------------------------------------------------ turns */

enum store_error
sqlite_log_find(struct store_backend *backend, struct store_log *log)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error = sqlite_conn_take(conn, READ_LOG, &statement);

	*log = (struct store_log){0};
	if (error != STORE_OK)
		return error;
	error = sqlite_conn_step(conn, statement, &is_row);
	if (is_row) {
		struct str head = sqlite_column_str(statement, 1);
		int64_t size = sqlite3_column_int64(statement, 0);
		int64_t last = sqlite3_column_int64(statement, 2);
		int64_t skipped = sqlite3_column_int64(statement, 3);

		log->size = (uint64_t)size;
		log->instances = (uint64_t)(last - skipped);
		if (size < 0 || skipped < 0 || last < skipped ||
		    (head.at != NULL && !read_head(head, &log->journal)))
			error = STORE_CORRUPT;
	}
	sqlite_conn_give(conn, READ_LOG, statement);
	return error;
}

/* The statement's rows, bound; the caller gives it back. */
static enum store_error
tell_turns(struct sqlite_conn *conn, sqlite3_stmt *statement,
    store_turn_fn *fn, void *arg)
{
	bool is_row = true;
	enum store_error error = STORE_OK;

	while (error == STORE_OK && is_row) {
		struct store_turn turn;

		error = sqlite_conn_step(conn, statement, &is_row);
		if (!is_row)
			break;
		turn = (struct store_turn){
			.index = (uint64_t)sqlite3_column_int64(statement, 0) -
			    1,
			.instance =
			    (uint64_t)sqlite3_column_int64(statement, 1),
			.seq = (uint64_t)sqlite3_column_int64(statement, 2),
		};
		if (turn.index >= INT64_MAX || turn.instance >> 62 != 0 ||
		    !sqlite_column_digest(statement, 3, &turn.hash))
			return STORE_CORRUPT;
		if (!fn(&turn, arg))
			break;
	}
	return error;
}

enum store_error
sqlite_log_turns(struct store_backend *backend, uint64_t from, size_t limit,
    store_turn_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, READ_TURNS, &statement);

	must(from <= INT64_MAX && limit <= INT64_MAX);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)from);
	sqlite_bind_int(statement, 2, (int64_t)limit);
	error = tell_turns(conn, statement, fn, arg);
	sqlite_conn_give(conn, READ_TURNS, statement);
	return error;
}

enum store_error
sqlite_log_turns_of(struct store_backend *backend, uint64_t instance,
    uint64_t from_seq, store_turn_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error =
	    sqlite_conn_take(conn, READ_TURNS_OF, &statement);

	must(from_seq <= INT64_MAX);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)instance);
	sqlite_bind_int(statement, 2, (int64_t)from_seq);
	error = tell_turns(conn, statement, fn, arg);
	sqlite_conn_give(conn, READ_TURNS_OF, statement);
	return error;
}

/* ------------------------------------------------- nodes and checkpoints */

enum store_error
sqlite_log_node(struct store_backend *backend, unsigned level,
    uint64_t position, struct digest *hash)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error = sqlite_conn_take(conn, READ_NODE, &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)level);
	sqlite_bind_int(statement, 2, (int64_t)position);
	error = sqlite_conn_step(conn, statement, &is_row);
	if (error == STORE_OK && !is_row)
		error = STORE_ABSENT;
	else if (is_row && !sqlite_column_digest(statement, 0, hash))
		error = STORE_CORRUPT;
	sqlite_conn_give(conn, READ_NODE, statement);
	return error;
}

enum store_error
sqlite_log_checkpoints(struct store_backend *backend, uint64_t after,
    size_t limit, store_checkpoint_fn *fn, void *arg)
{
	struct sqlite_store *store = sqlite_store_of(backend);
	struct sqlite_conn *conn = &store->reader;
	size_t which =
	    after > INT64_MAX ? READ_CHECKPOINTS_NEWEST : READ_CHECKPOINTS;
	sqlite3_stmt *statement;
	bool is_row = true;

	if (store->schema < SCHEMA_WITH_CHECKPOINTS)
		return STORE_OK;
	enum store_error error = sqlite_conn_take(conn, which, &statement);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1,
	    after > INT64_MAX ? INT64_MAX : (int64_t)after);
	sqlite_bind_int(statement, 2,
	    limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
	while (error == STORE_OK && is_row) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (!is_row)
			break;
		const struct store_checkpoint row = {
			.number =
			    (uint64_t)sqlite3_column_int64(statement, 0),
			.size = (uint64_t)sqlite3_column_int64(statement, 1),
			.at_ms = sqlite3_column_int64(statement, 2),
			.document = sqlite_column_str(statement, 3),
		};
		if (!fn(&row, arg))
			break;
	}
	sqlite_conn_give(conn, which, statement);
	return error;
}
