/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_old.h: a database as an older program would have written it.
 *
 * Of schemas before 4 all rows are read by the store and put back by hand in the form that schema
 * 3 had: digests of definitions, snapshots as they are, and the text and hash
 * of every record, in rows of as many records as before.  Later ones had
 * the rows of today, in fewer tables.  Include it after cmocka.h and
 * sqlite3.h.
 */
#ifndef TEST_STORE_OLD_H
#define TEST_STORE_OLD_H

#include "stated/store.h"

struct old_record {
	struct old_record *next;
	uint64_t instance;
	struct audit_record record;
};

struct old_instance {
	struct old_instance *next;
	struct store_instance row;
};

struct old_reader {
	struct store *store;
	struct arena *arena;
	struct old_instance *instances;
	struct old_record *records, **records_end;
};

static inline void
old_run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static inline sqlite3_stmt *
old_prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	return statement;
}

static inline void
old_step(sqlite3_stmt *statement)
{
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

static inline bool
old_record_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct old_reader *reader = arg;
	struct old_record *kept = ARENA_NEW(reader->arena, struct old_record);

	*kept = (struct old_record){NULL, instance, *record};
	kept->record.canonical = arena_str(reader->arena, record->canonical);
	*reader->records_end = kept;
	reader->records_end = &kept->next;
	return true;
}

static inline bool
old_instance_cb(const struct store_instance *listed, void *arg)
{
	struct old_reader *reader = arg;
	struct old_instance *kept =
	    ARENA_NEW(reader->arena, struct old_instance);

	assert_int_equal(store_find_instance(reader->store, reader->arena,
	    listed->number, &kept->row), STORE_OK);
	kept->next = reader->instances;
	reader->instances = kept;
	assert_int_equal(store_each_record(reader->store, listed->number, 0,
	    old_record_cb, reader), STORE_OK);
	return true;
}

static inline void
old_read(struct old_reader *reader, const char *path)
{
	struct store_instance_filter all = {.has_incident = -1,
	    .limit = SIZE_MAX};

	reader->records_end = &reader->records;
	assert_int_equal(store_open((struct store_options){
	    .path = str_of(path), .read_only = true}, &reader->store, NULL),
	    STORE_OK);
	assert_int_equal(store_list_instances(reader->store, &all,
	    old_instance_cb, reader), STORE_OK);
	store_close(&reader->store);
}

static inline void
old_write_instance(sqlite3 *db, const struct store_instance *row)
{
	sqlite3_stmt *statement = old_prepare(db,
	    "UPDATE instance SET definition = ?2, snapshot = ?3, form = 0"
	    " WHERE number = ?1");

	sqlite3_bind_int64(statement, 1, (int64_t)row->number);
	sqlite3_bind_blob(statement, 2, row->definition.bytes, 32,
	    SQLITE_STATIC);
	sqlite3_bind_blob(statement, 3, row->snapshot.at,
	    (int)row->snapshot.bytes, SQLITE_STATIC);
	old_step(statement);
}

/* Joins the record to the row of its turn. */
static inline void
old_write_record(sqlite3 *db, const struct old_record *kept)
{
	const struct audit_record *record = &kept->record;
	sqlite3_stmt *statement = old_prepare(db,
	    "UPDATE history SET packed = NULL,"
	    "	records = records || ?3 || char(10),"
	    "	hashes = CAST(iif(packed IS NULL, hashes, x'') || ?4 AS BLOB)"
	    " WHERE instance = ?1 AND first_seq = (SELECT max(first_seq)"
	    "	FROM history WHERE instance = ?1 AND first_seq <= ?2)");

	sqlite3_bind_int64(statement, 1, (int64_t)kept->instance);
	sqlite3_bind_int64(statement, 2, (int64_t)record->seq);
	sqlite3_bind_text(statement, 3, record->canonical.at,
	    (int)record->canonical.bytes, SQLITE_STATIC);
	sqlite3_bind_blob(statement, 4, record->hash.bytes, 32, SQLITE_STATIC);
	old_step(statement);
}

/* Leaves the rows of schema 3 in the tables of the present one. */
static inline void
old_write_as_before(const char *path)
{
	struct old_reader reader = {.arena = arena_new()};
	sqlite3 *db = NULL;

	old_read(&reader, path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	old_run(db, "BEGIN");
	for (const struct old_instance *kept = reader.instances; kept != NULL;
	     kept = kept->next)
		old_write_instance(db, &kept->row);
	for (const struct old_record *kept = reader.records; kept != NULL;
	     kept = kept->next)
		old_write_record(db, kept);
	old_run(db, "DELETE FROM dictionary");
	/* There was no journal, and rows have no gaps between them. */
	old_run(db, "DELETE FROM meta WHERE name = 'journal_head';"
	    "DELETE FROM history WHERE instance = 0;"
	    "CREATE TEMP TABLE place AS SELECT id, row_number() OVER"
	    "	(ORDER BY id) AS n FROM history;"
	    "UPDATE history SET id ="
	    "	-(SELECT n FROM place WHERE place.id = history.id);"
	    "UPDATE history SET id = -id;"
	    "DROP TABLE place");
	old_run(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	arena_free(&reader.arena);
}

/* How the tables of each earlier schema differed from those of the next;
 * who adds a migration adds the way back here. */
static const char *const old_back_to[] = {
	/* 1 */ "DROP TABLE schedule;",
	/* 2 */ "DROP TABLE piece; ALTER TABLE instance DROP COLUMN pieced;",
	/* 3 */ "DROP TABLE dictionary; ALTER TABLE history DROP COLUMN packed;"
		"ALTER TABLE instance RENAME COLUMN form TO pieced;",
	/* 4 */ "DROP TABLE switch; DROP TABLE token;",
	/* 5 */ "DROP TABLE tree; DROP TABLE checkpoint;",
	/* 6 */ "DROP TABLE post;",
	/* 7 */ "DROP TABLE salt; DROP TABLE retention; DROP TABLE hold;",
	/* 8 */ "DROP TABLE document;",
	/* 9: only rows are new */ "",
};
#define OLD_SCHEMAS (sizeof(old_back_to) / sizeof(old_back_to[0]))

/* Of any earlier schema, from 1 on; nobody has the database open. */
static inline void
old_write_schema(const char *path, size_t schema)
{
	sqlite3 *db = NULL;
	char sql[64];

	assert_in_range(schema, 1, OLD_SCHEMAS);
	if (schema < 4)
		old_write_as_before(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = OLD_SCHEMAS; i >= schema; i--)
		old_run(db, old_back_to[i - 1]);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu", schema);
	old_run(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#endif
