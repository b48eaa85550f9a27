/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_schema.c: the tables, and the way from older tables to these.
 *
 * A migration that has been released is never changed; what is new becomes
 * the next one.  user_version is the number of the last one applied.
 *
 * The fewer rows and indexes a turn touches the faster it is: one row of
 * `instance` is rewritten and one of `history` appended.  `history` is a table
 * in order of commit with a narrow index beside it, because clustering it by
 * instance would make every turn write a page somewhere else.  Partial
 * indexes keep the many rows that are at rest out of the indexes of the few.
 */
#include "sqlite_priv.h"

#include <stdio.h>

#include "stated/number.h"
#include "stated/rng.h"

#define NUMBER_KEY "number_key" /* a function that migrations may call */

static const char *const migrations[] = {
	/* 1: the first */
	"CREATE TABLE meta ("
	"	name TEXT PRIMARY KEY,"
	"	value ANY NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('last_number', 0), ('probes', 0);"

	"CREATE TABLE instance ("
	"	number INTEGER PRIMARY KEY,"
	"	workflow TEXT NOT NULL,"
	"	version INTEGER NOT NULL,"
	"	definition BLOB NOT NULL,"
	"	business_key TEXT,"
	"	status TEXT NOT NULL,"
	"	state TEXT,"
	"	initiator TEXT,"
	"	priority TEXT,"
	"	labels TEXT,"
	"	started_ms INTEGER NOT NULL,"
	"	changed_ms INTEGER NOT NULL,"
	"	ended_ms INTEGER NOT NULL,"
	"	due_ms INTEGER NOT NULL,"
	"	busy INTEGER NOT NULL,"
	"	incidents INTEGER NOT NULL,"
	"	head_seq INTEGER NOT NULL,"
	"	head_hash BLOB NOT NULL,"
	"	snapshot BLOB"
	") STRICT;"
	"CREATE UNIQUE INDEX instance_key ON instance (business_key, workflow)"
	"	WHERE business_key IS NOT NULL;"
	"CREATE INDEX instance_status ON instance (status);"
	"CREATE INDEX instance_due ON instance (due_ms) WHERE due_ms > 0;"
	"CREATE INDEX instance_busy ON instance (busy) WHERE busy = 1;"
	"CREATE INDEX instance_incident ON instance (incidents)"
	"	WHERE incidents > 0;"

	"CREATE TABLE history ("
	"	id INTEGER PRIMARY KEY,"
	"	instance INTEGER NOT NULL,"
	"	first_seq INTEGER NOT NULL,"
	"	count INTEGER NOT NULL,"
	"	records TEXT NOT NULL," /* canonical JSON, a line each */
	"	hashes BLOB NOT NULL"   /* 32 bytes each */
	") STRICT;"
	"CREATE UNIQUE INDEX history_instance"
	"	ON history (instance, first_seq);"

	"CREATE TABLE subscription ("
	"	correlation TEXT NOT NULL,"
	"	instance INTEGER NOT NULL,"
	"	PRIMARY KEY (correlation, instance)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE item ("
	"	kind INTEGER NOT NULL,"
	"	instance INTEGER NOT NULL,"
	"	serial INTEGER NOT NULL,"
	"	open INTEGER NOT NULL,"
	"	created_ms INTEGER NOT NULL,"
	"	closed_ms INTEGER NOT NULL,"
	"	owner TEXT,"
	"	body TEXT"
	") STRICT;"
	"CREATE UNIQUE INDEX item_identity ON item (kind, instance, serial);"
	"CREATE INDEX item_open ON item (kind, instance, serial, owner)"
	"	WHERE open = 1;"

	"CREATE TABLE event ("
	"	id INTEGER PRIMARY KEY,"
	"	source TEXT NOT NULL,"
	"	event_id TEXT NOT NULL,"
	"	type TEXT,"
	"	subject TEXT,"
	"	workflow TEXT,"
	/* 0 matched, 1 held, 2 dead, 3 replayed */
	"	status INTEGER NOT NULL,"
	"	received_ms INTEGER NOT NULL,"
	"	expires_ms INTEGER NOT NULL,"
	"	body BLOB"
	") STRICT;"
	"CREATE UNIQUE INDEX event_identity ON event (source, event_id);"
	"CREATE INDEX event_matched ON event (received_ms) WHERE status = 0;"
	"CREATE INDEX event_held ON event (subject) WHERE status = 1;"
	"CREATE INDEX event_expiry ON event (expires_ms) WHERE status = 1;"
	"CREATE INDEX event_unmatched ON event (status) WHERE status > 0;"

	"CREATE TABLE idempotency ("
	"	id INTEGER PRIMARY KEY,"
	"	key TEXT NOT NULL,"
	"	request BLOB NOT NULL,"
	"	status INTEGER NOT NULL,"
	"	response TEXT,"
	"	location TEXT,"
	"	expires_ms INTEGER NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX idempotency_key ON idempotency (key);"
	"CREATE INDEX idempotency_expiry ON idempotency (expires_ms);"

	"CREATE TABLE definition ("
	"	digest BLOB PRIMARY KEY,"
	"	name TEXT NOT NULL,"
	"	version INTEGER NOT NULL,"
	"	source TEXT NOT NULL,"
	"	published_ms INTEGER NOT NULL,"
	"	published_by TEXT"
	") STRICT;",

	/* 2: instances are started by time */
	"CREATE TABLE schedule ("
	"	workflow TEXT NOT NULL,"
	"	position INTEGER NOT NULL,"
	"	rule TEXT NOT NULL,"
	"	decided_ms INTEGER NOT NULL,"
	"	planned_ms INTEGER NOT NULL,"
	"	instance INTEGER NOT NULL,"
	"	queued BLOB,"
	"	trouble TEXT,"
	"	PRIMARY KEY (workflow, position)"
	") STRICT, WITHOUT ROWID;",

	/* 3: long snapshots are stored in pieces (sqlite_piece.c) */
	"ALTER TABLE instance ADD COLUMN pieced INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE piece ("
	"	id INTEGER PRIMARY KEY,"
	"	instance INTEGER NOT NULL,"
	"	digest BLOB NOT NULL,"
	"	bytes BLOB NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX piece_digest ON piece (instance, digest);",

	/* 4: rows hold snapshots and turns in a packed form, and in place of
	 * a definition's digest the number of its dictionary.  What an older
	 * program wrote stays as it is until it is written again. */
	"CREATE TABLE dictionary ("
	"	id INTEGER PRIMARY KEY,"
	"	definition BLOB NOT NULL,"
	"	bytes BLOB NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX dictionary_definition"
	"	ON dictionary (definition);"
	"ALTER TABLE instance RENAME COLUMN pieced TO form;"
	/* Where there is one, `records` is empty and `hashes` the last one. */
	"ALTER TABLE history ADD COLUMN packed BLOB;",

	/* 5: operators pause connections; rows are only added */
	"CREATE TABLE switch ("
	"	id INTEGER PRIMARY KEY,"
	"	connection TEXT NOT NULL,"
	"	pauses INTEGER NOT NULL,"
	"	at_ms INTEGER NOT NULL,"
	"	actor TEXT,"
	"	reason TEXT"
	") STRICT;"
	/* and admins give tokens, the same way */
	"CREATE TABLE token ("
	"	id INTEGER PRIMARY KEY,"
	"	token TEXT NOT NULL,"
	"	revokes INTEGER NOT NULL,"
	"	at_ms INTEGER NOT NULL,"
	"	actor TEXT,"
	"	name TEXT,"
	"	sha256 BLOB,"
	"	rights TEXT,"
	"	expires_ms INTEGER NOT NULL"
	") STRICT;",

	/* 6: a Merkle tree over the rows of `history`, by id (sqlite_log.c).
	 * Of its nodes every eighth level is kept, and all can be had from
	 * the rows. */
	"CREATE TABLE tree ("
	"	level INTEGER NOT NULL,"
	"	position INTEGER NOT NULL,"
	"	hash BLOB NOT NULL,"
	"	PRIMARY KEY (level, position)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE checkpoint ("
	"	number INTEGER PRIMARY KEY,"
	"	size INTEGER NOT NULL,"
	"	at_ms INTEGER NOT NULL,"
	"	document TEXT NOT NULL"
	") STRICT;",
	/* 7: events on their way to those outside, until they are confirmed */
	"CREATE TABLE post ("
	"	id INTEGER PRIMARY KEY,"
	"	connection TEXT NOT NULL,"
	"	instance INTEGER NOT NULL,"
	"	at_ms INTEGER NOT NULL,"
	"	body BLOB NOT NULL"
	") STRICT;"
	"CREATE INDEX post_connection ON post (connection, id);"
	"CREATE INDEX post_instance ON post (instance);",

	/* 8: histories are kept for a time, unless they are held */
	"CREATE TABLE salt ("
	"	instance INTEGER PRIMARY KEY,"
	"	salt BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE retention ("
	"	until_ms INTEGER NOT NULL,"
	"	instance INTEGER NOT NULL,"
	/* of a purge under way: what is left of records */
	"	below INTEGER NOT NULL DEFAULT 9223372036854775807,"
	"	PRIMARY KEY (until_ms, instance)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE hold ("
	"	id INTEGER PRIMARY KEY,"
	"	hold TEXT NOT NULL,"
	"	releases INTEGER NOT NULL,"
	"	at_ms INTEGER NOT NULL,"
	"	actor TEXT,"
	"	reason TEXT,"
	"	scope TEXT,"
	"	label TEXT,"
	"	value TEXT"
	") STRICT;"
	/* What ended before has no retention yet, and free pages may hold
	 * what was in them. */
	"INSERT OR IGNORE INTO meta SELECT 'unswept', value FROM meta"
	"	WHERE name = 'last_number' AND value > 0;"
	"INSERT OR IGNORE INTO meta SELECT 'unwiped', 1 FROM meta"
	"	WHERE name = 'last_number' AND value > 0;",
	/* 9: what workflows lean on is kept, too; rows are only added */
	"CREATE TABLE document ("
	"	id INTEGER PRIMARY KEY,"
	"	kind TEXT NOT NULL,"
	"	name TEXT NOT NULL,"
	"	digest BLOB NOT NULL,"
	"	source TEXT NOT NULL,"
	"	since_ms INTEGER NOT NULL"
	") STRICT;",
	/* 10: equal numbers are one key, and events come under that.  Before,
	 * an instance was found by a number only as it is written.  Where that
	 * was a text, it finds the instance in vain. */
	"INSERT OR IGNORE INTO subscription"
	"	SELECT " NUMBER_KEY "(correlation), instance FROM subscription"
	"	WHERE " NUMBER_KEY "(correlation) IS NOT NULL;",
};
#define SCHEMA_VERSION ((int64_t)(sizeof(migrations) / sizeof(migrations[0])))
_Static_assert(EVENT_MATCHED == 0 && EVENT_HELD == 1 && EVENT_DEAD == 2 &&
    EVENT_REPLAYED == 3, "these numbers are in files");
_Static_assert(FORM_WHOLE == 0 && FORM_PIECES == 1 && FORM_PACKED == 2,
    "these numbers are in files");
_Static_assert(ITEM_TASK == 0 && ITEM_INCIDENT == 1 && ITEM_ESCALATION == 2 &&
    ITEM_PROPOSAL == 3 && ITEM_DELEGATION == 4,
    "these numbers are in files");

enum store_error
sqlite_schema_check(struct sqlite_conn *conn, enum schema_use use,
    struct store_age *age, struct buf *detail)
{
	int64_t application_id = 0, version = 0, tables = 0;
	enum store_error error;

	*age = (struct store_age){0, SCHEMA_VERSION};
	error = sqlite_conn_query_int(conn, "PRAGMA application_id",
	    &application_id);
	if (error == STORE_OK)
		error = sqlite_conn_query_int(conn, "PRAGMA user_version",
		    &version);
	if (error == STORE_OK)
		error = sqlite_conn_query_int(conn,
		    "SELECT count(*) FROM sqlite_schema", &tables);
	if (error != STORE_OK) {
		sqlite_conn_explain(conn, detail);
		return error;
	}
	if (application_id == 0 && version == 0 && tables == 0)
		return use == SCHEMA_WRITE ? STORE_OK : STORE_FOREIGN;
	if (application_id != STATED_APPLICATION_ID)
		return STORE_FOREIGN;
	/* A schema without a number was not made by us, but by a hand. */
	if (version < 1)
		return use == SCHEMA_WRITE ? STORE_CORRUPT : STORE_OLDER;
	age->found = version;
	if (version != SCHEMA_VERSION && detail != NULL)
		buf_addf(detail, "its schema is %lld, this program's is %lld",
		    (long long)version, (long long)SCHEMA_VERSION);
	if (version > SCHEMA_VERSION)
		return STORE_NEWER;
	if (version < SCHEMA_VERSION && use == SCHEMA_READ)
		return STORE_OLDER;
	if (detail != NULL)
		buf_clear(detail);
	return STORE_OK;
}

static enum store_error
add_identity(struct sqlite_conn *conn)
{
	struct store_identity identity;
	struct rng *rng = rng_system();
	char hex[2 * sizeof(identity.bytes) + 1], sql[96];

	rng->fill(rng, identity.bytes, sizeof(identity.bytes));
	digest_format_hex((struct str){(const char *)identity.bytes,
	    sizeof(identity.bytes)}, hex);
	str_write(sql, sizeof(sql),
	    "INSERT INTO meta VALUES ('identity', x'%s');", hex);
	return sqlite_conn_exec(conn, sql);
}

/* Both are in the file's header and part of the transaction. */
static enum store_error
set_version(struct sqlite_conn *conn, int64_t version)
{
	char sql[96];
	int bytes = snprintf(sql, sizeof(sql), "PRAGMA application_id = %d;"
	    "PRAGMA user_version = %lld;", STATED_APPLICATION_ID,
	    (long long)version);

	must(bytes > 0 && (size_t)bytes < sizeof(sql));
	return sqlite_conn_exec(conn, sql);
}

static enum store_error
apply(struct sqlite_conn *conn, int64_t version, struct buf *detail)
{
	enum store_error error = sqlite_conn_exec(conn, "BEGIN IMMEDIATE");

	must(version >= 1 && version <= SCHEMA_VERSION);
	if (error == STORE_OK)
		error = sqlite_conn_exec(conn, migrations[version - 1]);
	if (error == STORE_OK && version == 1)
		error = add_identity(conn);
	if (error == STORE_OK)
		error = set_version(conn, version);
	if (error == STORE_OK)
		error = sqlite_conn_exec(conn, "COMMIT");
	if (error != STORE_OK) {
		sqlite_conn_explain(conn, detail);
		if (!sqlite3_get_autocommit(conn->db))
			(void)sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL,
			    NULL);
	}
	return error;
}

/* The text that all equal numbers have; null where it is no number, or that
 * text already. */
static void
number_key(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *at = (const char *)sqlite3_value_text(values[0]);
	struct str text = {at, (size_t)sqlite3_value_bytes(values[0])};
	struct buf key = {0};
	struct number number;

	must(count == 1);
	if (at == NULL || number_parse_json(text, &number) != NUMBER_OK)
		return;
	number_format_key(number, &key);
	if (!str_equal(buf_str(&key), text))
		sqlite3_result_text(context, buf_str(&key).at, (int)key.bytes,
		    SQLITE_TRANSIENT);
	buf_fini(&key);
}

static enum store_error
add_functions(struct sqlite_conn *conn)
{
	return sqlite_conn_error(conn,
	    sqlite3_create_function_v2(conn->db, NUMBER_KEY, 1,
		SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
		number_key, NULL, NULL, NULL));
}

enum store_error
sqlite_schema_migrate(struct sqlite_conn *conn, struct buf *detail)
{
	int64_t version = 0;
	enum store_error error = sqlite_conn_query_int(conn,
	    "PRAGMA user_version", &version);

	must(version <= SCHEMA_VERSION);
	if (error == STORE_OK && version < SCHEMA_VERSION)
		error = add_functions(conn);
	while (error == STORE_OK && version < SCHEMA_VERSION)
		error = apply(conn, ++version, detail);
	return error;
}
