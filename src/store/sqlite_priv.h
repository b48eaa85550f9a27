/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_priv.h: shared by the files of the SQLite backend only.
 *
 * Two connections, so that neither thread waits for the other: `writer` is
 * the store thread's once opening is done, `reader` is the loop's.  In WAL
 * mode a reader sees the last commit, and blocks nobody.
 */
#ifndef SQLITE_PRIV_H
#define SQLITE_PRIV_H

#include <sqlite3.h>

#include "sqlite_cipher.h"
#include "sqlite_gather.h"
#include "store_backend.h"
#include "store_lean.h"
#include "store_pack.h"

/* "Sttd": at offset 68 of the file, see file(1). */
#define STATED_APPLICATION_ID 0x53747464
#define CONN_STATEMENTS_MAX 80

/* A connection and its prepared statements, made when first needed. */
struct sqlite_conn {
	sqlite3 *db;
	struct sqlite_cipher *cipher; /* set before opening; NULL: plain */
	const char *vfs; /* of a plain one; NULL: SQLite's default */
	const char *const *sql; /* by number of statement */
	sqlite3_stmt *statements[CONN_STATEMENTS_MAX];
	bool is_taken[CONN_STATEMENTS_MAX];
};

struct sqlite_store {
	struct store_backend backend; /* first: ops get a pointer to it */
	struct sqlite_conn reader;
	struct map *read_dictionaries; /* by id */
	int64_t schema;                /* of what is read */
	struct sqlite_told *told;      /* NULL: no turn was read in part */
	struct sqlite_cipher *cipher;  /* NULL: it is not encrypted */
	/* Where opened for writing: */
	struct sqlite_gather *gather;
	struct sqlite_conn writer;
	struct sqlite_lock *lock;
	struct sqlite_files *files;
	struct map *written_dictionaries; /* by definition */
	struct sqlite_recents *recents;
	struct store_packer *packer;
	struct buf lean; /* of the turn at hand */
	uint64_t written_number; /* meta.last_number as durable */
	int wal_pages;           /* in the log after the last commit */
	int wal_pages_tended;    /* at the last checkpoint */
};

static inline struct sqlite_store *
sqlite_store_of(struct store_backend *backend)
{
	return (struct sqlite_store *)(void *)backend;
}

/* ---- sqlite_conn.c ---- */

enum conn_access {
	CONN_WRITE,        /* the store thread's */
	CONN_READ,         /* the loop's */
	CONN_AUDIT,        /* beside an engine, or alone */
	CONN_AUDIT_FROZEN, /* alone, on a medium that can't be written */
	CONN_COPY, /* to a file that nobody else knows, synced at its end */
};

MUST_USE enum store_error sqlite_conn_open(struct sqlite_conn *conn,
    struct str path, enum conn_access access, const char *const *sql);
void sqlite_conn_close(struct sqlite_conn *conn);
/* Before a writer is closed: its log is copied and removed.  Where that can't
 * be done whole, or it isn't called, the log stays for who opens it next. */
void sqlite_conn_end_log(struct sqlite_conn *conn);
/* Copies a writer's log into the database; how readers are waited for is the
 * mode's (SQLITE_CHECKPOINT_…), and how long is told.  false: it could not be
 * done, or not all of it. */
bool sqlite_conn_checkpoint(
    struct sqlite_conn *conn, int mode, int patience_ms);
/* What a result code means, looking at the connection's last failure. */
enum store_error sqlite_conn_error(const struct sqlite_conn *conn, int code);
/* Adds SQLite's own words. */
void sqlite_conn_explain(const struct sqlite_conn *conn, struct buf *detail);
/* Statements that are not worth preparing: pragmas, migrations. */
MUST_USE enum store_error sqlite_conn_exec(
    struct sqlite_conn *conn, const char *sql);
MUST_USE enum store_error sqlite_conn_query_int(struct sqlite_conn *conn,
    const char *sql, int64_t *out);

/* A prepared statement, ready to be bound.  Taking one that is in use (a
 * callback that reads what is being read) prepares another. */
MUST_USE enum store_error sqlite_conn_take(
    struct sqlite_conn *conn, size_t number, sqlite3_stmt **statement);
void sqlite_conn_give(
    struct sqlite_conn *conn, size_t number, sqlite3_stmt *statement);
/* *is_row tells whether there is a row; on failure it is false. */
MUST_USE enum store_error sqlite_conn_step(struct sqlite_conn *conn,
    sqlite3_stmt *statement, bool *is_row);
/* For statements without rows: steps, and makes it ready to be bound anew. */
MUST_USE enum store_error sqlite_conn_run(
    struct sqlite_conn *conn, sqlite3_stmt *statement);

/* Bound bytes are borrowed until the statement is stepped; absent is NULL. */
void sqlite_bind_int(sqlite3_stmt *statement, int at, int64_t n);
void sqlite_bind_text(sqlite3_stmt *statement, int at, struct str text);
void sqlite_bind_blob(sqlite3_stmt *statement, int at, struct str bytes);
void sqlite_bind_digest(
    sqlite3_stmt *statement, int at, const struct digest *digest);
/* Valid until the statement is stepped or given back; NULL is absent. */
struct str sqlite_column_str(sqlite3_stmt *statement, int at);
/* false where it hasn't the length of one: the file is damaged. */
MUST_USE bool sqlite_column_digest(
    sqlite3_stmt *statement, int at, struct digest *out);

/* ---- sqlite_lock.c ---- */

struct sqlite_lock;
/* Keeps a second engine off the database for as long as it is held. */
MUST_USE enum store_error sqlite_lock_open(
    struct str path, struct sqlite_lock **lock, struct buf *detail);
void sqlite_lock_close(struct sqlite_lock **lock);

/* ---- sqlite_files.c ---- */

/* Adds the name of the file that a path means: SQLite has its log beside the
 * file that a symbolic link leads to, and so must be all else. */
void sqlite_files_resolve(struct str path, struct buf *name);

struct sqlite_files;
/* Remembers which files these are. */
struct sqlite_files *sqlite_files_open(struct str path);
void sqlite_files_close(struct sqlite_files **files);
/* STORE_MOVED where others stand in their place, or none. */
MUST_USE enum store_error sqlite_files_check(
    const struct sqlite_files *files, struct buf *detail);

/* ---- sqlite_wal.c ---- */

/* Of a database in which nothing is, with a log of so many bytes of which
 * nothing counts: whether there were commits in it. */
bool sqlite_wal_is_lost(const struct sqlite_conn *conn, off_t bytes);

/* ---- sqlite_schema.c ---- */

/* What readers of older databases ask for, by the first schema that has it. */
enum schema_with {
	SCHEMA_WITH_PACKED = 4,
	SCHEMA_WITH_CHECKPOINTS = 6,
	SCHEMA_WITH_SALTS = 8,
	SCHEMA_WITH_DOCUMENTS = 9,
};
/* Whether this is a database of ours, and of what age: 0 where it has nothing
 * in it yet. */
enum schema_use {
	SCHEMA_WRITE,    /* what is older will be brought up to date */
	SCHEMA_READ,     /* only what is up to date */
	SCHEMA_READ_OLD, /* what is older, too */
};
MUST_USE enum store_error sqlite_schema_check(struct sqlite_conn *conn,
    enum schema_use use, struct store_age *age, struct buf *detail);
/* Brings it up to date, each step in a transaction of its own. */
MUST_USE enum store_error sqlite_schema_migrate(
    struct sqlite_conn *conn, struct buf *detail);

/* ---- sqlite_write.c ---- */

enum sqlite_write_statement {
	WRITE_BEGIN,
	WRITE_COMMIT,
	WRITE_LAST_NUMBER,
	WRITE_PROBE,
	WRITE_INSTANCE_NEW,
	WRITE_INSTANCE_TURN,
	WRITE_INSTANCE_CHANGED,
	WRITE_INSTANCE_ALL,
	WRITE_HISTORY,
	WRITE_JOURNAL_HEAD,
	WRITE_NODE,
	WRITE_CHECKPOINT,
	WRITE_READ_DICTIONARY,
	WRITE_READ_SOURCE,
	WRITE_DICTIONARY,
	WRITE_SUBSCRIPTION,
	WRITE_NO_SUBSCRIPTION,
	WRITE_ITEM,
	WRITE_EVENT,
	WRITE_IDEMPOTENCY,
	WRITE_DEFINITION,
	WRITE_SCHEDULE,
	WRITE_DOCUMENT,
	WRITE_SWITCH,
	WRITE_TOKEN,
	WRITE_POST,
	WRITE_NO_POST,
	WRITE_HOLD,
	WRITE_SALT,
	WRITE_NO_SALT,
	WRITE_RETENTION,
	WRITE_RETENTION_STEP,
	WRITE_NO_RETENTION,
	WRITE_UNSWEPT,
	WRITE_UNSCRUBBED,
	WRITE_SCRUBBED,
	WRITE_NO_ITEMS,
	WRITE_NO_ITEMS_BUT_OPEN,
	WRITE_NO_EVENTS_FOR,
	WRITE_NO_EVENTS_FROM,
	WRITE_PURGED,
	WRITE_PURGED_BACK,
	WRITE_READ_PORTION,
	WRITE_STUBS,
	WRITE_STUBS_BACK,
	WRITE_READ_PIECES,
	WRITE_PIECE,
	WRITE_NO_PIECE,
	WRITE_NO_PIECES,
	WRITE_CLEAN_EVENTS,
	WRITE_CLEAN_IDEMPOTENCY,
	WRITE_STATEMENT_COUNT
};
_Static_assert(WRITE_STATEMENT_COUNT <= CONN_STATEMENTS_MAX, "room for all");
extern const char *const sqlite_write_sql[WRITE_STATEMENT_COUNT];
/* Takes, binds with `bind`, runs and gives back one statement without rows. */
typedef void sqlite_bind_fn(sqlite3_stmt *statement, const void *row);
MUST_USE enum store_error sqlite_write_row(struct sqlite_store *store,
    enum sqlite_write_statement number, sqlite_bind_fn *bind, const void *row);
enum store_error sqlite_write_commit(struct store_backend *backend,
    const struct store_batch *batch, struct buf *detail);

/* ---- sqlite_dictionary.c ---- */

struct sqlite_dictionary {
	uint64_t id;
	struct digest definition;
	struct str bytes;
};
/* On the store's thread, within a transaction: made where there is none.
 * Valid until the next call. */
MUST_USE enum store_error sqlite_dictionary_of(struct sqlite_store *store,
    const struct digest *definition, const struct sqlite_dictionary **found);
/* On the loop's thread; STORE_CORRUPT where there is none. */
MUST_USE enum store_error sqlite_dictionary_find(struct sqlite_store *store,
    uint64_t id, const struct sqlite_dictionary **found);
/* What was kept in memory. */
void sqlite_dictionary_forget(struct map **known);
/* A row names its definition by the number of its dictionary, in as few bytes
 * as it takes; older rows by its digest. */
struct str sqlite_dictionary_number(uint64_t id, char out[8]);
MUST_USE enum store_error sqlite_dictionary_definition(
    struct sqlite_store *store, struct str column,
    struct digest *definition);

/* ---- sqlite_history.c ---- */

/* What the first turn told, read on the loop's thread; empty where it can't
 * be had. */
MUST_USE enum store_error sqlite_history_read_first(
    struct sqlite_store *store, uint64_t instance, struct buf *first);
MUST_USE enum store_error sqlite_history_write(struct sqlite_store *store,
    const struct store_history *turn, const struct digest *definition);
enum store_error sqlite_history_tell(struct store_backend *backend,
    uint64_t instance, uint64_t from_seq, store_record_fn *fn, void *arg);
/* What is kept of a turn that was told in part. */
void sqlite_history_forget(struct sqlite_store *store);
/* Adds what a packed form holds to `out`; *is_whole is false where it is
 * damaged.  `first` may be empty. */
MUST_USE enum store_error sqlite_history_unpack(struct sqlite_store *store,
    struct str form, struct str first, struct buf *out, bool *is_whole);

/* ---- sqlite_recent.c ---- */

struct sqlite_recents;
struct sqlite_recents *sqlite_recent_new(void);
void sqlite_recent_free(struct sqlite_recents **recents);
void sqlite_recent_forget_all(struct sqlite_recents *recents);
void sqlite_recent_forget(struct sqlite_recents *recents, uint64_t number);
/* What the first turn told; absent where it isn't known. */
struct str sqlite_recent_first(
    struct sqlite_recents *recents, uint64_t number);
void sqlite_recent_keep_first(struct sqlite_recents *recents,
    uint64_t number, struct str first);
/* Whether a column that has an index is to change. */
enum recent_change { RECENT_UNKNOWN, RECENT_SAME, RECENT_CHANGED };
enum recent_change sqlite_recent_change(struct sqlite_recents *recents,
    const struct store_instance *row, bool pieced);
void sqlite_recent_keep_columns(struct sqlite_recents *recents,
    const struct store_instance *row, bool pieced);

/* ---- sqlite_piece.c ---- */

/* Whether a snapshot is so long that it is stored in pieces. */
bool sqlite_piece_is_wanted(struct str snapshot);
/* Stores the pieces that are new and removes those that are gone; *list gets
 * what the row holds in place of the snapshot. */
MUST_USE enum store_error sqlite_piece_write(struct sqlite_store *store,
    const struct store_instance *row, struct buf *list);
MUST_USE enum store_error sqlite_piece_read(struct sqlite_conn *conn,
    uint64_t number, struct str list, struct arena *arena,
    struct str *snapshot);

/* ---- sqlite_retention.c ---- */

/* Within the transaction, after all rows were put. */
MUST_USE enum store_error sqlite_retention_write(
    struct sqlite_store *store, const struct store_batch *batch);
/* Empties the log where it may hold what was erased, unless somebody reads. */
void sqlite_retention_scrub(struct sqlite_store *store);
enum store_error sqlite_retention_unswept(
    struct store_backend *backend, uint64_t *number);
enum store_error sqlite_retention_find_salt(struct store_backend *backend,
    struct arena *arena, uint64_t number, struct str *salt);

/* ---- sqlite_find.c, sqlite_list.c: statements of the reader ---- */

enum sqlite_read_statement {
	READ_INSTANCE,
	READ_PIECE,
	READ_KEY,
	READ_KEY_ANY_WORKFLOW,
	READ_SUBSCRIBERS,
	READ_SUBSCRIPTION,
	READ_EVENT,
	READ_EVENT_ID,
	READ_HELD_EVENTS,
	READ_IDEMPOTENCY,
	READ_DUE,
	READ_BUSY,
	READ_EXPIRED_EVENTS,
	READ_NEXT_EXPIRY,
	READ_DEFINITIONS,
	READ_SCHEDULES,
	READ_DOCUMENTS,
	READ_SWITCHES,
	READ_TOKENS,
	READ_POSTS,
	READ_POST_COUNTS,
	READ_POST_OF,
	READ_HELD_FROM,
	READ_INSTANCES,
	READ_INSTANCES_BY_KEY,
	READ_INSTANCES_BY_STATUS,
	READ_INSTANCES_BY_INCIDENT,
	READ_INSTANCES_NEWEST,
	READ_INSTANCES_NEWEST_BY_KEY,
	READ_INSTANCES_NEWEST_BY_STATUS,
	READ_INSTANCES_NEWEST_BY_INCIDENT,
	READ_ITEMS,
	READ_ITEMS_OPEN,
	READ_ITEMS_OF_INSTANCE,
	READ_EVENTS_MATCHED,
	READ_EVENTS_OTHER,
	READ_RECORDS,
	READ_RECORDS_OLDER,
	READ_FIRST_TURN,
	READ_HASHES_BEFORE,
	READ_DICTIONARY,
	READ_JOURNAL_HEAD,
	READ_LOG,
	READ_TURNS,
	READ_TURNS_OF,
	READ_NODE,
	READ_CHECKPOINTS,
	READ_CHECKPOINTS_NEWEST,
	READ_SKIPPED,
	READ_RETAINED,
	READ_UNSWEPT,
	READ_SALT,
	READ_HOLDS,
	READ_STATEMENT_COUNT
};
_Static_assert(READ_STATEMENT_COUNT <= CONN_STATEMENTS_MAX, "room for all");
extern const char *const sqlite_read_sql[READ_STATEMENT_COUNT];

/* Columns of an instance but its snapshot, and of an event, in the order in
 * which they are read into rows. */
#define INSTANCE_COLUMNS                                                \
	"number, workflow, version, definition, business_key, status, state, " \
	"initiator, priority, labels, started_ms, changed_ms, ended_ms, "      \
	"due_ms, busy, incidents, head_seq, head_hash"
#define INSTANCE_COLUMN_COUNT 18
/* Lists tell after these whether the row fits: 0, 1, or this. */
#define INSTANCE_FITS_PERHAPS 2
#define EVENT_COLUMNS                                                   \
	"id, source, event_id, type, subject, workflow, status, received_ms, " \
	"expires_ms, body"
/* How a row has its snapshot.  What is packed has its sum in the bits above; 0
 * where an older program wrote it.  Pieces have their digests. */
enum sqlite_form { FORM_WHOLE, FORM_PIECES, FORM_PACKED };
#define FORM_BITS 2
_Static_assert(FORM_BITS + PACK_SUM_BITS < 48, "six bytes in a row");
MUST_USE enum store_error sqlite_find_read_instance(struct sqlite_store *store,
    sqlite3_stmt *statement, struct store_instance *row);
struct store_event sqlite_find_read_event(sqlite3_stmt *statement);

enum store_error sqlite_find_instance(struct store_backend *backend,
    struct arena *arena, uint64_t number, struct store_instance *row);
enum store_error sqlite_find_key(struct store_backend *backend,
    struct str workflow, struct str business_key, uint64_t *number);
enum store_error sqlite_find_subscribers(struct store_backend *backend,
    struct str correlation, store_number_fn *fn, void *arg);
enum store_error sqlite_find_subscription(struct store_backend *backend,
    struct str correlation, uint64_t instance);
enum store_error sqlite_find_event(struct store_backend *backend,
    struct arena *arena, struct str source, struct str event_id,
    struct store_event *row);
enum store_error sqlite_find_event_id(struct store_backend *backend,
    struct arena *arena, uint64_t id, struct store_event *row);
enum store_error sqlite_find_held_events(struct store_backend *backend,
    struct str subject, store_event_fn *fn, void *arg);
enum store_error sqlite_find_idempotency(struct store_backend *backend,
    struct arena *arena, struct str key, struct store_idempotency *row);

#define SKIPPED_NAME "skipped-%llu"
#define SKIPPED_NAME_BYTES 32
enum store_error sqlite_find_unskipped(struct store_backend *backend,
    uint64_t number, uint64_t *given);

/* ---- sqlite_log.c ---- */

/* Where the journal ends stands in `meta`, beside what it is checked against:
 * seq, eight bytes from the highest, and the hash. */
#define JOURNAL_HEAD_BYTES 40
enum store_error sqlite_log_find_journal(
    struct store_backend *backend, struct audit_head *head);
enum store_error sqlite_log_find(
    struct store_backend *backend, struct store_log *log);
enum store_error sqlite_log_turns(struct store_backend *backend,
    uint64_t from, size_t limit, store_turn_fn *fn, void *arg);
enum store_error sqlite_log_turns_of(struct store_backend *backend,
    uint64_t instance, uint64_t from_seq, store_turn_fn *fn, void *arg);
enum store_error sqlite_log_node(struct store_backend *backend,
    unsigned level, uint64_t position, struct digest *hash);
enum store_error sqlite_log_checkpoints(struct store_backend *backend,
    uint64_t after, size_t limit, store_checkpoint_fn *fn, void *arg);

/* All rows of a bound statement on events. */
enum store_error sqlite_list_rows_of_events(struct sqlite_conn *conn,
    sqlite3_stmt *statement, store_event_fn *fn, void *arg);
enum store_error sqlite_list_due(struct store_backend *backend,
    const struct store_due_range *range, store_due_fn *fn, void *arg);
enum store_error sqlite_list_retained(struct store_backend *backend,
    const struct store_due_range *range, store_due_fn *fn, void *arg);
enum store_error sqlite_list_holds(struct store_backend *backend,
    store_hold_fn *fn, void *arg);
enum store_error sqlite_list_busy(struct store_backend *backend,
    uint64_t after, size_t limit, store_number_fn *fn, void *arg);
enum store_error sqlite_list_expired_events(struct store_backend *backend,
    int64_t now_ms, size_t limit, store_event_fn *fn, void *arg);
enum store_error sqlite_list_next_expiry(struct store_backend *backend,
    int64_t *expires_ms);
enum store_error sqlite_list_definitions(struct store_backend *backend,
    store_definition_fn *fn, void *arg);
enum store_error sqlite_list_documents(struct store_backend *backend,
    store_document_fn *fn, void *arg);
enum store_error sqlite_list_schedules(struct store_backend *backend,
    store_schedule_fn *fn, void *arg);
enum store_error sqlite_list_switches(struct store_backend *backend,
    store_switch_fn *fn, void *arg);
enum store_error sqlite_list_tokens(struct store_backend *backend,
    store_token_fn *fn, void *arg);
enum store_error sqlite_find_post_of(
    struct store_backend *backend, uint64_t instance);
enum store_error sqlite_find_held_from(struct store_backend *backend,
    struct str source, struct str id_prefix);
enum store_error sqlite_list_posts(struct store_backend *backend,
    struct str connection, uint64_t after, size_t limit, store_post_fn *fn,
    void *arg);
enum store_error sqlite_list_post_counts(struct store_backend *backend,
    store_post_count_fn *fn, void *arg);
enum store_error sqlite_list_instances(struct store_backend *backend,
    const struct store_instance_filter *filter, store_instance_fn *fn,
    void *arg);
enum store_error sqlite_list_items(struct store_backend *backend,
    const struct store_item_filter *filter, store_item_fn *fn, void *arg);
enum store_error sqlite_list_events(struct store_backend *backend,
    enum store_event_status status, uint64_t after, size_t limit,
    store_event_fn *fn, void *arg);
#endif
