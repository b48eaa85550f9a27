/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_conn.c: a connection, its statements, and what its failures mean.
 *
 * A connection belongs to one thread at a time, so SQLite needs no mutex of
 * its own.  Failures are told apart by what a person would do about them, not
 * by SQLite's own list.
 */
#include "sqlite_priv.h"

#include <errno.h>

/* How long a writer waits for another process, and the loop for a reader's
 * lock, which others hold for moments only. */
#define WRITER_PATIENCE_MS 1000
#define READER_PATIENCE_MS 200

/* ----------------------------------------------------------------- errors */

static int
last_errno(sqlite3_file *file)
{
	int code = 0;

	/* A journal in memory has no such function. */
	if (file != NULL && file->pMethods != NULL &&
	    file->pMethods->xFileControl != NULL)
		file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO,
		    &code);
	return code;
}

/* What the system said.  SQLite doesn't pass on why a commit failed, but the
 * files themselves remember: the log is written first, then the database. */
static int
find_errno(sqlite3 *db)
{
	sqlite3_file *log = NULL, *main_file = NULL;
	int code = sqlite3_system_errno(db);

	if (code != 0)
		return code;
	sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	code = last_errno(log);
	if (code != 0)
		return code;
	sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER,
	    &main_file);
	return last_errno(main_file);
}

/* SQLite takes a read that the device fails for damage, but only what was read
 * can tell that. */
static bool
is_device_error(sqlite3 *db)
{
	int code = find_errno(db);

	return code == EIO || code == ENXIO || code == ERANGE;
}

enum store_error
sqlite_conn_error(const struct sqlite_conn *conn, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return STORE_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL: /* lost every race for a lock */
		return STORE_LOCKED;
	case SQLITE_FULL:
		return STORE_FULL;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return STORE_READONLY;
	case SQLITE_CORRUPT:
		return is_device_error(conn->db) ? STORE_IO : STORE_CORRUPT;
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return STORE_CORRUPT;
	case SQLITE_IOERR:
		/* Pages that the file should have are cut off. */
		if (code == SQLITE_IOERR_SHORT_READ)
			return STORE_CORRUPT;
		return store_error_of_errno(find_errno(conn->db));
	case SQLITE_CANTOPEN:
		return store_error_of_errno(find_errno(conn->db));
	case SQLITE_CIPHER_UNKNOWN:
		return STORE_SEALED;
	case SQLITE_INTERRUPT:
		return STORE_STOPPED;
	case SQLITE_NOMEM:
		out_of_memory();
	default:
		/* What only we can do wrong. */
		must((code & 0xff) != SQLITE_MISUSE);
		must((code & 0xff) != SQLITE_RANGE);
		/* A table that isn't there any more; a CONSTRAINT that our
		 * rows keep, but not an index that is damaged. */
		return STORE_CORRUPT;
	}
}

void
sqlite_conn_explain(const struct sqlite_conn *conn, struct buf *detail)
{
	int code = sqlite3_extended_errcode(conn->db);
	bool is_system = (code & 0xff) == SQLITE_IOERR ||
	    (code & 0xff) == SQLITE_CANTOPEN ||
	    ((code & 0xff) == SQLITE_CORRUPT && is_device_error(conn->db));

	must(conn->db != NULL);
	if (detail == NULL)
		return;
	/* Where we have refused something, SQLite knows no more. */
	if (conn->cipher != NULL &&
	    sqlite_cipher_explain(conn->cipher, detail))
		return;
	buf_addf(detail, "%s (SQLite %d", sqlite3_errmsg(conn->db), code);
	if (is_system && find_errno(conn->db) != 0)
		buf_addf(detail, ", %s",
		    strerrordesc_np(find_errno(conn->db)));
	buf_add_char(detail, ')');
}

/* ------------------------------------------------------------------- life */

/* A file: URI, in which a path may hold no '?', '#' or '%'. */
static void
add_uri(struct buf *uri, struct str path, enum conn_access access)
{
	buf_add_cstr(uri, "file:");
	for (size_t i = 0; i < path.bytes; i++) {
		char c = path.at[i];
		if (c == '?' || c == '#' || c == '%')
			buf_addf(uri, "%%%02x", (unsigned char)c);
		else
			buf_add_char(uri, c);
	}
	/* On a medium that can't be written there is no place for SQLite's
	 * own lock files, and nobody to lock out. */
	if (access == CONN_AUDIT_FROZEN)
		buf_add_cstr(uri, "?immutable=1");
}

static int
open_flags(enum conn_access access)
{
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;

	if (access == CONN_WRITE || access == CONN_READ || access == CONN_COPY)
		return flags | SQLITE_OPEN_READWRITE;
	return flags | SQLITE_OPEN_READONLY;
}

/* Settings that last as long as the connection.  A database may come from
 * anywhere: what its schema says is not trusted with functions. */
static enum store_error
set_up(struct sqlite_conn *conn, enum conn_access access)
{
	static const char for_writer[] =
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA wal_autocheckpoint = 0;"
	    "PRAGMA journal_size_limit = 67108864;"
	    "PRAGMA cache_size = -16384;"
	    "PRAGMA secure_delete = ON;"
	    "PRAGMA temp_store = MEMORY;";
	static const char for_reader[] =
	    "PRAGMA query_only = ON;"
	    "PRAGMA cache_size = -2048;"
	    "PRAGMA temp_store = MEMORY;";
	/* A copy counts for nothing before it is synced as a whole. */
	static const char for_copy[] =
	    "PRAGMA journal_mode = MEMORY;"
	    "PRAGMA synchronous = OFF;"
	    "PRAGMA cache_size = -8192;"
	    "PRAGMA temp_store = MEMORY;";
	bool is_writer = access == CONN_WRITE;

	/* See sqlite_conn_end_log(). */
	sqlite3_db_config(
	    conn->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_busy_timeout(conn->db,
	    is_writer ? WRITER_PATIENCE_MS : READER_PATIENCE_MS);
	if (access == CONN_COPY)
		return sqlite_conn_exec(conn, for_copy);
	return sqlite_conn_exec(conn, is_writer ? for_writer : for_reader);
}

enum store_error
sqlite_conn_open(struct sqlite_conn *conn, struct str path,
    enum conn_access access, const char *const *sql)
{
	struct buf uri = {0};

	must(conn->db == NULL);
	conn->sql = sql;
	add_uri(&uri, path, access);
	int code = sqlite3_open_v2(buf_cstr(&uri), &conn->db,
	    open_flags(access),
	    conn->cipher != NULL ? sqlite_cipher_vfs(conn->cipher) : conn->vfs);
	buf_fini(&uri);
	must(conn->db != NULL);
	if (code != SQLITE_OK)
		return sqlite_conn_error(conn, code);
	/* Where it may not write SQLite opens for reading without a word. */
	if (access == CONN_WRITE && sqlite3_db_readonly(conn->db, "main") == 1)
		return STORE_READONLY;
	return set_up(conn, access);
}

void
sqlite_conn_close(struct sqlite_conn *conn)
{
	if (conn->db == NULL)
		return;
	for (size_t i = 0; i < CONN_STATEMENTS_MAX; i++) {
		must(!conn->is_taken[i]);
		sqlite3_finalize(conn->statements[i]);
		conn->statements[i] = NULL;
	}
	int code = sqlite3_close(conn->db);
	must(code == SQLITE_OK);
	conn->db = NULL;
}

bool
sqlite_conn_checkpoint(struct sqlite_conn *conn, int mode, int patience_ms)
{
	sqlite3_busy_timeout(conn->db, patience_ms);
	int code = sqlite3_wal_checkpoint_v2(
	    conn->db, "main", mode, NULL, NULL);
	sqlite3_busy_timeout(conn->db, WRITER_PATIENCE_MS);
	return code == SQLITE_OK;
}

/* Whoever closes a database last copies its log and removes it, if SQLite is
 * left to itself: also who could not open it.  Where the index of the log is
 * to be had only for reading (no descriptor for a moment, a disk that failed)
 * it then takes the log for empty (3.40), and all in it is lost.  So SQLite is
 * kept from that, and may remove a log only when it is empty. */
void
sqlite_conn_end_log(struct sqlite_conn *conn)
{
	if (sqlite_conn_checkpoint(conn, SQLITE_CHECKPOINT_TRUNCATE, 0))
		sqlite3_db_config(
		    conn->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

/* ------------------------------------------------------------- statements */

enum store_error
sqlite_conn_exec(struct sqlite_conn *conn, const char *sql)
{
	must(conn->db != NULL);
	return sqlite_conn_error(conn,
	    sqlite3_exec(conn->db, sql, NULL, NULL, NULL));
}

enum store_error
sqlite_conn_query_int(struct sqlite_conn *conn, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(conn->db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	/* A query for one number that has no row: the table is not as it
	 * was made. */
	if (code == SQLITE_DONE)
		return STORE_CORRUPT;
	return sqlite_conn_error(conn, code);
}

enum store_error
sqlite_conn_take(struct sqlite_conn *conn, size_t number,
    sqlite3_stmt **statement)
{
	must(number < CONN_STATEMENTS_MAX);
	*statement = NULL;
	if (conn->statements[number] != NULL && !conn->is_taken[number]) {
		conn->is_taken[number] = true;
		*statement = conn->statements[number];
		return STORE_OK;
	}
	int code = sqlite3_prepare_v3(conn->db, conn->sql[number], -1,
	    SQLITE_PREPARE_PERSISTENT, statement, NULL);
	if (code != SQLITE_OK)
		return sqlite_conn_error(conn, code);
	if (conn->statements[number] == NULL) {
		conn->statements[number] = *statement;
		conn->is_taken[number] = true;
	}
	return STORE_OK;
}

void
sqlite_conn_give(struct sqlite_conn *conn, size_t number,
    sqlite3_stmt *statement)
{
	if (statement == NULL)
		return;
	if (statement != conn->statements[number]) {
		sqlite3_finalize(statement);
		return;
	}
	must(conn->is_taken[number]);
	/* The code is that of the last step, which was looked at then. */
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
	conn->is_taken[number] = false;
}

enum store_error
sqlite_conn_step(struct sqlite_conn *conn, sqlite3_stmt *statement,
    bool *is_row)
{
	int code = sqlite3_step(statement);

	must(statement != NULL);
	*is_row = code == SQLITE_ROW;
	return sqlite_conn_error(conn, code);
}

enum store_error
sqlite_conn_run(struct sqlite_conn *conn, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	must(code != SQLITE_ROW);
	enum store_error error = sqlite_conn_error(conn, code);
	/* The reason of a failure must stay for sqlite_conn_explain(). */
	if (error == STORE_OK)
		(void)sqlite3_reset(statement);
	return error;
}

/* ----------------------------------------------------- binding and columns */

void
sqlite_bind_int(sqlite3_stmt *statement, int at, int64_t n)
{
	int code = sqlite3_bind_int64(statement, at, n);
	must(code == SQLITE_OK);
}

void
sqlite_bind_text(sqlite3_stmt *statement, int at, struct str text)
{
	int code = sqlite3_bind_text64(statement, at, text.at, text.bytes,
	    SQLITE_STATIC, SQLITE_UTF8);
	must(code == SQLITE_OK);
}

void
sqlite_bind_blob(sqlite3_stmt *statement, int at, struct str bytes)
{
	int code = sqlite3_bind_blob64(statement, at, bytes.at, bytes.bytes,
	    SQLITE_STATIC);
	must(code == SQLITE_OK);
}

void
sqlite_bind_digest(sqlite3_stmt *statement, int at,
    const struct digest *digest)
{
	sqlite_bind_blob(statement, at, (struct str){
	    (const char *)digest->bytes, sizeof(digest->bytes)});
}

struct str
sqlite_column_str(sqlite3_stmt *statement, int at)
{
	if (sqlite3_column_type(statement, at) == SQLITE_NULL)
		return (struct str){NULL, 0};
	/* Gives the bytes of a text as they are, too. */
	const char *bytes = sqlite3_column_blob(statement, at);
	return (struct str){bytes != NULL ? bytes : "",
	    (size_t)sqlite3_column_bytes(statement, at)};
}

bool
sqlite_column_digest(sqlite3_stmt *statement, int at, struct digest *out)
{
	struct str bytes = sqlite_column_str(statement, at);

	if (bytes.bytes != sizeof(out->bytes))
		return false;
	memcpy(out->bytes, bytes.at, sizeof(out->bytes));
	return true;
}
