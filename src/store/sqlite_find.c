/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_find.c: finding single rows, on the loop's thread.
 *
 * Each function takes one prepared statement, gives it back before it
 * returns, and so ends its look at the database: the next one sees the next
 * commit.  All statements of the reader stand in the table below.
 */
#include "sqlite_priv.h"

#include <stdio.h>

/* Lists of instances: what a row must fulfil is a CASE, since its branches
 * are tried in turn and the dear ones last; a row that doesn't is counted
 * (looked_max) but not read further.  A label that is a number has digits that
 * SQLite doesn't keep: 2, it is to be looked at (INSTANCE_FITS_PERHAPS). */
#define INSTANCE_FITS                                                          \
	"CASE WHEN workflow <> ?2 THEN 0"                                      \
	" WHEN status <> ?3 THEN 0"                                            \
	" WHEN ?4 IS NOT NULL AND instr(' ' || coalesce(state, '') || ' ',"    \
	"	' ' || ?4 || ' ') = 0 THEN 0"                                  \
	" WHEN started_ms < ?5 THEN 0"                                         \
	" WHEN ?6 > 0 AND started_ms >= ?6 THEN 0"                             \
	" WHEN ?7 >= 0 AND (incidents > 0) <> ?7 THEN 0"                       \
	" WHEN ?8 IS NULL THEN 1"                                              \
	" ELSE coalesce((SELECT CASE type WHEN 'text' THEN value = ?9"         \
	"	WHEN 'true' THEN type = ?9 WHEN 'false' THEN type = ?9"        \
	"	WHEN 'integer' THEN 2 WHEN 'real' THEN 2 ELSE 0 END"           \
	"	FROM json_each(labels) WHERE key = ?8), 0) END"
#define INSTANCES(where, cursor, order)                                        \
	"SELECT " INSTANCE_COLUMNS ", " INSTANCE_FITS                   \
	" FROM instance WHERE " where " number " cursor " ?1"                  \
	" ORDER BY number " order " LIMIT ?10"
#define INSTANCES_UP(where) INSTANCES(where, ">", "ASC")
#define INSTANCES_DOWN(where) INSTANCES(where, "<", "DESC")

/* From the turn that holds ?2 on. */
#define RECORDS(packed)                                                        \
	"SELECT first_seq, records, hashes, " packed ", count FROM history"    \
	" WHERE instance = ?1 AND id <= ?3 AND first_seq >= coalesce((SELECT"  \
	"	max(first_seq) FROM history WHERE instance = ?1"               \
	"	AND first_seq <= ?2), 0) ORDER BY first_seq"

/* Of a row of `history`, the hash of its last record. */
#define TURNS                                                                  \
	"SELECT id, instance, first_seq + count - 1, substr(hashes, -32)"      \
	" FROM history WHERE "
#define CHECKPOINTS "SELECT number, size, at_ms, document FROM checkpoint"

#define ITEM_COLUMNS                                                           \
	"kind, instance, serial, open, created_ms, closed_ms, owner, body"

const char *const sqlite_read_sql[READ_STATEMENT_COUNT] = {
	[READ_INSTANCE] = "SELECT " INSTANCE_COLUMNS ", snapshot, form"
	    " FROM instance WHERE number = ?1",
	[READ_PIECE] = "SELECT bytes FROM piece"
	    " WHERE instance = ?1 AND digest = ?2",
	[READ_KEY] = "SELECT number FROM instance"
	    " WHERE business_key = ?1 AND workflow = ?2",
	[READ_KEY_ANY_WORKFLOW] = "SELECT number FROM instance"
	    " WHERE business_key = ?1 ORDER BY workflow LIMIT 1",
	[READ_SUBSCRIBERS] = "SELECT instance FROM subscription"
	    " WHERE correlation = ?1",
	[READ_SUBSCRIPTION] = "SELECT 1 FROM subscription"
	    " WHERE correlation = ?1 AND instance = ?2",
	[READ_EVENT] = "SELECT " EVENT_COLUMNS " FROM event"
	    " WHERE source = ?1 AND event_id = ?2",
	[READ_EVENT_ID] = "SELECT " EVENT_COLUMNS " FROM event"
	    " WHERE id = ?1",
	[READ_HELD_EVENTS] = "SELECT " EVENT_COLUMNS " FROM event"
	    " WHERE status = 1 AND subject IS ?1 ORDER BY id",
	[READ_IDEMPOTENCY] = "SELECT key, request, status, response, location,"
	    "	expires_ms FROM idempotency WHERE key = ?1",
	/* Of two lower bounds SQLite begins at the one that stands first; the
	 * other lets it use the index. */
	[READ_DUE] = "SELECT number, due_ms FROM instance"
	    " WHERE (due_ms, number) > (?3, ?4) AND due_ms > 0"
	    "	AND due_ms <= ?1 ORDER BY due_ms, number LIMIT ?2",
	[READ_BUSY] = "SELECT number FROM instance WHERE busy = 1"
	    "	AND number > ?1 ORDER BY number LIMIT ?2",
	[READ_EXPIRED_EVENTS] = "SELECT " EVENT_COLUMNS " FROM event"
	    " WHERE status = 1 AND expires_ms <= ?1"
	    " ORDER BY expires_ms, id LIMIT ?2",
	[READ_NEXT_EXPIRY] = "SELECT min(expires_ms) FROM event"
	    " WHERE status = 1",
	[READ_DEFINITIONS] = "SELECT digest, name, version, source,"
	    "	published_ms, published_by FROM definition"
	    " ORDER BY name, version",
	[READ_DOCUMENTS] = "SELECT kind, name, digest, source, since_ms"
	    " FROM document ORDER BY id",
	[READ_SCHEDULES] = "SELECT workflow, position, rule, decided_ms,"
	    "	planned_ms, instance, queued, trouble FROM schedule"
	    " ORDER BY workflow, position",
	[READ_SWITCHES] = "SELECT connection, pauses, at_ms, actor, reason"
	    " FROM switch ORDER BY id",
	[READ_TOKENS] = "SELECT token, revokes, at_ms, actor, name, sha256,"
	    "	rights, expires_ms FROM token ORDER BY id",
	[READ_POSTS] = "SELECT id, instance, at_ms, body FROM post"
	    " WHERE connection = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
	[READ_POST_OF] = "SELECT 1 FROM post WHERE instance = ?1 LIMIT 1",
	[READ_HELD_FROM] = "SELECT 1 FROM event WHERE source = ?1"
	    "	AND event_id >= ?2 AND event_id < ?2 || char(1114111)"
	    "	AND status = 1 LIMIT 1",
	[READ_POST_COUNTS] =
	    "SELECT connection, count(*) FROM post GROUP BY connection",
	[READ_INSTANCES] = INSTANCES_UP(""),
	[READ_INSTANCES_BY_KEY] = INSTANCES_UP("business_key = ?11 AND"),
	[READ_INSTANCES_BY_STATUS] = INSTANCES_UP("status = ?11 AND"),
	[READ_INSTANCES_BY_INCIDENT] = INSTANCES_UP("incidents > 0 AND"),
	[READ_INSTANCES_NEWEST] = INSTANCES_DOWN(""),
	[READ_INSTANCES_NEWEST_BY_KEY] =
	    INSTANCES_DOWN("business_key = ?11 AND"),
	[READ_INSTANCES_NEWEST_BY_STATUS] = INSTANCES_DOWN("status = ?11 AND"),
	[READ_INSTANCES_NEWEST_BY_INCIDENT] =
	    INSTANCES_DOWN("incidents > 0 AND"),
	[READ_ITEMS] = "SELECT " ITEM_COLUMNS " FROM item"
	    " WHERE kind = ?1 AND (instance, serial) > (?2, ?3)"
	    "	AND (?4 IS NULL OR owner = ?4) AND (?5 < 0 OR open = ?5)"
	    " ORDER BY instance, serial LIMIT ?6",
	[READ_ITEMS_OPEN] = "SELECT " ITEM_COLUMNS " FROM item"
	    " WHERE open = 1 AND kind = ?1 AND (instance, serial) > (?2, ?3)"
	    "	AND (?4 IS NULL OR owner = ?4) AND ?5 = 1"
	    " ORDER BY instance, serial LIMIT ?6",
	[READ_ITEMS_OF_INSTANCE] = "SELECT " ITEM_COLUMNS " FROM item"
	    " WHERE kind = ?1 AND instance = ?7"
	    "	AND (instance, serial) > (?2, ?3)"
	    "	AND (?4 IS NULL OR owner = ?4) AND (?5 < 0 OR open = ?5)"
	    " ORDER BY serial LIMIT ?6",
	[READ_EVENTS_MATCHED] = "SELECT " EVENT_COLUMNS " FROM event"
	    " WHERE status = 0 AND ?1 = 0 AND id > ?2 ORDER BY id LIMIT ?3",
	[READ_EVENTS_OTHER] = "SELECT " EVENT_COLUMNS " FROM event"
	    " WHERE status > 0 AND status = ?1 AND id > ?2"
	    " ORDER BY id LIMIT ?3",
	[READ_RECORDS] = RECORDS("packed"),
	[READ_RECORDS_OLDER] = RECORDS("NULL"),
	[READ_FIRST_TURN] = "SELECT packed FROM history"
	    " WHERE instance = ?1 AND first_seq = 1",
	[READ_HASHES_BEFORE] = "SELECT hashes FROM history"
	    " WHERE instance = ?1 AND first_seq < ?2"
	    " ORDER BY first_seq DESC LIMIT 1",
	[READ_DICTIONARY] = "SELECT id, definition, bytes FROM dictionary"
	    " WHERE id = ?1",
	[READ_JOURNAL_HEAD] = "SELECT value FROM meta"
	    " WHERE name = 'journal_head'",
	[READ_LOG] = "SELECT (SELECT coalesce(max(id), 0) FROM history),"
	    "	(SELECT value FROM meta WHERE name = 'journal_head'),"
	    "	(SELECT value FROM meta WHERE name = 'last_number'),"
	    "	(SELECT coalesce(sum(value - substr(name, 9) + 1), 0)"
	    "		FROM meta WHERE name LIKE 'skipped-%')",
	[READ_TURNS] = TURNS "id > ?1 ORDER BY id LIMIT ?2",
	[READ_TURNS_OF] = TURNS "instance = ?1"
	    "	AND first_seq >= coalesce((SELECT max(first_seq) FROM history"
	    "		WHERE instance = ?1 AND first_seq <= ?2), 0)"
	    " ORDER BY first_seq",
	[READ_NODE] =
	    "SELECT hash FROM tree WHERE level = ?1 AND position = ?2",
	[READ_CHECKPOINTS] = CHECKPOINTS
	    " WHERE number > ?1 ORDER BY number LIMIT ?2",
	[READ_CHECKPOINTS_NEWEST] = CHECKPOINTS
	    " WHERE number <= ?1 ORDER BY number DESC LIMIT ?2",
	[READ_RETAINED] = "SELECT instance, until_ms FROM retention"
	    " WHERE (until_ms, instance) > (?3, ?4) AND until_ms <= ?1"
	    " ORDER BY until_ms, instance LIMIT ?2",
	[READ_UNSWEPT] = "SELECT value FROM meta WHERE name = 'unswept'",
	[READ_SALT] = "SELECT salt FROM salt WHERE instance = ?1",
	[READ_HOLDS] = "SELECT hold, releases, at_ms, actor, reason, scope,"
	    "	label, value FROM hold ORDER BY id",
	[READ_SKIPPED] = "SELECT value FROM meta WHERE name = ?",
};

/* ---------------------------------------------------------- rows to structs */

enum store_error
sqlite_find_read_instance(struct sqlite_store *store, sqlite3_stmt *statement,
    struct store_instance *row)
{
	must(sqlite3_column_count(statement) > INSTANCE_COLUMN_COUNT);
	*row = (struct store_instance){
		.number = (uint64_t)sqlite3_column_int64(statement, 0),
		.workflow = sqlite_column_str(statement, 1),
		.version = sqlite3_column_int64(statement, 2),
		.business_key = sqlite_column_str(statement, 4),
		.status = sqlite_column_str(statement, 5),
		.state = sqlite_column_str(statement, 6),
		.initiator = sqlite_column_str(statement, 7),
		.priority = sqlite_column_str(statement, 8),
		.labels = sqlite_column_str(statement, 9),
		.started_ms = sqlite3_column_int64(statement, 10),
		.changed_ms = sqlite3_column_int64(statement, 11),
		.ended_ms = sqlite3_column_int64(statement, 12),
		.due_ms = sqlite3_column_int64(statement, 13),
		.busy = sqlite3_column_int64(statement, 14) != 0,
		.incidents = sqlite3_column_int64(statement, 15),
		.head.seq = (uint64_t)sqlite3_column_int64(statement, 16),
	};
	if (!sqlite_column_digest(statement, 17, &row->head.hash))
		return STORE_CORRUPT;
	return sqlite_dictionary_definition(store,
	    sqlite_column_str(statement, 3), &row->definition);
}

struct store_event
sqlite_find_read_event(sqlite3_stmt *statement)
{
	must(sqlite3_column_count(statement) == 10);
	return (struct store_event){
		.id = (uint64_t)sqlite3_column_int64(statement, 0),
		.source = sqlite_column_str(statement, 1),
		.event_id = sqlite_column_str(statement, 2),
		.type = sqlite_column_str(statement, 3),
		.subject = sqlite_column_str(statement, 4),
		.workflow = sqlite_column_str(statement, 5),
		.status = (enum store_event_status)sqlite3_column_int(statement,
		    6),
		.received_ms = sqlite3_column_int64(statement, 7),
		.expires_ms = sqlite3_column_int64(statement, 8),
		.body = sqlite_column_str(statement, 9),
	};
}

/* ---------------------------------------------------------------- finding */

/* Steps to the only row; STORE_ABSENT where there is none. */
static enum store_error
step_to_row(struct sqlite_conn *conn, sqlite3_stmt *statement)
{
	bool is_row;
	enum store_error error = sqlite_conn_step(conn, statement, &is_row);

	if (error == STORE_OK && !is_row)
		return STORE_ABSENT;
	return error;
}

/* Damage of one row is that instance's alone: it comes without a snapshot. */
static enum store_error
unpack_snapshot(struct sqlite_store *store, struct arena *arena,
    struct str form, uint64_t sum, struct store_instance *row)
{
	struct buf first = {0}, snapshot = {0};
	struct pack_head head;
	bool is_whole = false;
	enum store_error error = STORE_OK;

	if (store_pack_read_head(form, &head) && head.leans)
		error = sqlite_history_read_first(store, row->number, &first);
	if (error == STORE_OK)
		error = sqlite_history_unpack(store, form, buf_str(&first),
		    &snapshot, &is_whole);
	if (is_whole && sum != 0)
		is_whole = store_pack_sum(buf_str(&snapshot)) == sum;
	if (error == STORE_OK && is_whole)
		row->snapshot = arena_str(arena, buf_str(&snapshot));
	buf_fini(&first);
	buf_fini(&snapshot);
	return error;
}

/* The row's statement stays where it is meanwhile, so that all that it is put
 * together from is of the same moment. */
static enum store_error
take_snapshot(struct sqlite_store *store, sqlite3_stmt *statement,
    struct arena *arena, struct store_instance *row)
{
	struct str held = sqlite_column_str(statement, INSTANCE_COLUMN_COUNT);
	uint64_t form = (uint64_t)sqlite3_column_int64(
	    statement, INSTANCE_COLUMN_COUNT + 1);

	if ((form & ((1u << FORM_BITS) - 1)) == FORM_PACKED)
		return unpack_snapshot(
		    store, arena, held, form >> FORM_BITS, row);
	switch (form) {
	case FORM_WHOLE:
		row->snapshot = arena_str(arena, held);
		return STORE_OK;
	case FORM_PIECES:
		return sqlite_piece_read(&store->reader, row->number, held,
		    arena, &row->snapshot);
	default:
		return STORE_CORRUPT;
	}
}

static enum store_error
take_instance(struct sqlite_store *store, sqlite3_stmt *statement,
    struct arena *arena, struct store_instance *row)
{
	enum store_error error =
	    sqlite_find_read_instance(store, statement, row);

	if (error != STORE_OK)
		return error;
	*row = store_copy_instance(arena, row);
	return take_snapshot(store, statement, arena, row);
}

enum store_error
sqlite_find_instance(struct store_backend *backend, struct arena *arena,
    uint64_t number, struct store_instance *row)
{
	struct sqlite_store *store = sqlite_store_of(backend);
	struct sqlite_conn *conn = &store->reader;
	sqlite3_stmt *statement;
	enum store_error error = STORE_OLDER;

	if (store->schema >= SCHEMA_WITH_PACKED)
		error = sqlite_conn_take(conn, READ_INSTANCE, &statement);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)number);
	error = step_to_row(conn, statement);
	if (error == STORE_OK)
		error = take_instance(store, statement, arena, row);
	must(error != STORE_OK || row->number == number);
	sqlite_conn_give(conn, READ_INSTANCE, statement);
	return error;
}

enum store_error
sqlite_find_post_of(struct store_backend *backend, uint64_t instance)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error =
	    sqlite_conn_take(conn, READ_POST_OF, &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)instance);
	error = step_to_row(conn, statement);
	sqlite_conn_give(conn, READ_POST_OF, statement);
	return error;
}

enum store_error
sqlite_find_held_from(struct store_backend *backend, struct str source,
    struct str id_prefix)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error =
	    sqlite_conn_take(conn, READ_HELD_FROM, &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_text(statement, 1, source);
	sqlite_bind_text(statement, 2, id_prefix);
	error = step_to_row(conn, statement);
	sqlite_conn_give(conn, READ_HELD_FROM, statement);
	return error;
}

enum store_error
sqlite_find_key(struct store_backend *backend, struct str workflow,
    struct str business_key, uint64_t *number)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	enum sqlite_read_statement which =
	    workflow.at != NULL ? READ_KEY : READ_KEY_ANY_WORKFLOW;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, which, &statement);

	must(business_key.at != NULL);
	if (error != STORE_OK)
		return error;
	sqlite_bind_text(statement, 1, business_key);
	if (workflow.at != NULL)
		sqlite_bind_text(statement, 2, workflow);
	error = step_to_row(conn, statement);
	if (error == STORE_OK)
		*number = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite_conn_give(conn, which, statement);
	return error;
}

enum store_error
sqlite_find_subscribers(struct store_backend *backend, struct str correlation,
    store_number_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = true;
	enum store_error error = sqlite_conn_take(conn, READ_SUBSCRIBERS,
	    &statement);

	must(fn != NULL);
	if (error != STORE_OK)
		return error;
	sqlite_bind_text(statement, 1, correlation);
	while (error == STORE_OK && is_row) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (is_row)
			fn((uint64_t)sqlite3_column_int64(statement, 0), arg);
	}
	sqlite_conn_give(conn, READ_SUBSCRIBERS, statement);
	return error;
}

enum store_error
sqlite_find_subscription(struct store_backend *backend,
    struct str correlation, uint64_t instance)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, READ_SUBSCRIPTION,
	    &statement);

	must(instance > 0);
	if (error != STORE_OK)
		return error;
	sqlite_bind_text(statement, 1, correlation);
	sqlite_bind_int(statement, 2, (int64_t)instance);
	error = step_to_row(conn, statement);
	sqlite_conn_give(conn, READ_SUBSCRIPTION, statement);
	return error;
}

/* ----------------------------------------------------------------- events */

/* Runs the bound statement for one event and gives it back. */
static enum store_error
take_event(struct sqlite_conn *conn, enum sqlite_read_statement which,
    sqlite3_stmt *statement, struct arena *arena, struct store_event *row)
{
	enum store_error error = step_to_row(conn, statement);

	if (error == STORE_OK) {
		struct store_event found = sqlite_find_read_event(statement);
		must(found.id > 0);
		*row = store_copy_event(arena, &found);
	}
	sqlite_conn_give(conn, which, statement);
	return error;
}

enum store_error
sqlite_find_event(struct store_backend *backend, struct arena *arena,
    struct str source, struct str event_id, struct store_event *row)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, READ_EVENT, &statement);

	must(source.at != NULL && event_id.at != NULL);
	if (error != STORE_OK)
		return error;
	sqlite_bind_text(statement, 1, source);
	sqlite_bind_text(statement, 2, event_id);
	return take_event(conn, READ_EVENT, statement, arena, row);
}

enum store_error
sqlite_find_event_id(struct store_backend *backend, struct arena *arena,
    uint64_t id, struct store_event *row)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, READ_EVENT_ID,
	    &statement);

	must(id > 0);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)id);
	return take_event(conn, READ_EVENT_ID, statement, arena, row);
}

enum store_error
sqlite_find_held_events(struct store_backend *backend, struct str subject,
    store_event_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, READ_HELD_EVENTS,
	    &statement);

	must(fn != NULL);
	if (error != STORE_OK)
		return error;
	sqlite_bind_text(statement, 1, subject);
	error = sqlite_list_rows_of_events(conn, statement, fn, arg);
	sqlite_conn_give(conn, READ_HELD_EVENTS, statement);
	return error;
}

enum store_error
sqlite_find_idempotency(struct store_backend *backend, struct arena *arena,
    struct str key, struct store_idempotency *row)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, READ_IDEMPOTENCY,
	    &statement);

	must(key.at != NULL);
	if (error != STORE_OK)
		return error;
	sqlite_bind_text(statement, 1, key);
	error = step_to_row(conn, statement);
	if (error == STORE_OK) {
		*row = (struct store_idempotency){
			.key = sqlite_column_str(statement, 0),
			.status = sqlite3_column_int(statement, 2),
			.response = sqlite_column_str(statement, 3),
			.location = sqlite_column_str(statement, 4),
			.expires_ms = sqlite3_column_int64(statement, 5),
		};
		if (!sqlite_column_digest(statement, 1, &row->request))
			error = STORE_CORRUPT;
		*row = store_copy_idempotency(arena, row);
	}
	sqlite_conn_give(conn, READ_IDEMPOTENCY, statement);
	return error;
}

/* Those that a restore leaves out stand in one row: 'skipped-<first>', and
 * the last of them (sqlite_copy.c). */
enum store_error
sqlite_find_unskipped(struct store_backend *backend, uint64_t number,
    uint64_t *given)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	char name[SKIPPED_NAME_BYTES];
	enum store_error error = sqlite_conn_take(conn, READ_SKIPPED,
	    &statement);

	*given = number;
	while (error == STORE_OK) {
		(void)snprintf(name, sizeof(name), SKIPPED_NAME,
		    (unsigned long long)*given);
		sqlite_bind_text(statement, 1, str_of(name));
		error = step_to_row(conn, statement);
		int64_t last = error == STORE_OK ?
		    sqlite3_column_int64(statement, 0) : 0;
		if (error == STORE_OK && last < (int64_t)*given)
			error = STORE_CORRUPT;
		if (error == STORE_OK)
			*given = (uint64_t)last + 1;
		(void)sqlite3_reset(statement);
	}
	sqlite_conn_give(conn, READ_SKIPPED, statement);
	return error == STORE_ABSENT ? STORE_OK : error;
}
