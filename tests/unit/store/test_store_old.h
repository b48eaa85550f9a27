/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_old.h: a database as an older program would have written it.
 *
 * All rows are read by the store and put back by hand in the form that schema
 * 3 had: digests of definitions, snapshots as they are, and the text and hash
 * of every record, in rows of as many records as before.  Include it after
 * cmocka.h and sqlite3.h.
 */
#ifndef TEST_STORE_OLD_H
#define TEST_STORE_OLD_H

#include "stated/store.h"

struct old_writer {
	sqlite3 *db;
	struct store *store;
	struct arena *arena;
	uint64_t number; /* of the instance at hand */
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

/* Joins the record to the row of its turn. */
static inline bool
old_record_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct old_writer *writer = arg;
	sqlite3_stmt *statement = old_prepare(writer->db,
	    "UPDATE history SET packed = NULL,"
	    "	records = records || ?3 || char(10),"
	    "	hashes = CAST(iif(packed IS NULL, hashes, x'') || ?4 AS BLOB)"
	    " WHERE instance = ?1 AND first_seq = (SELECT max(first_seq)"
	    "	FROM history WHERE instance = ?1 AND first_seq <= ?2)");

	sqlite3_bind_int64(statement, 1, (int64_t)instance);
	sqlite3_bind_int64(statement, 2, (int64_t)record->seq);
	sqlite3_bind_text(statement, 3, record->canonical.at,
	    (int)record->canonical.bytes, SQLITE_STATIC);
	sqlite3_bind_blob(statement, 4, record->hash.bytes, 32, SQLITE_STATIC);
	old_step(statement);
	return true;
}

static inline bool
old_instance_cb(const struct store_instance *listed, void *arg)
{
	struct old_writer *writer = arg;
	struct store_instance row;
	sqlite3_stmt *statement = old_prepare(writer->db,
	    "UPDATE instance SET definition = ?2, snapshot = ?3, form = 0"
	    " WHERE number = ?1");

	assert_int_equal(store_find_instance(writer->store, writer->arena,
	    listed->number, &row), STORE_OK);
	sqlite3_bind_int64(statement, 1, (int64_t)row.number);
	sqlite3_bind_blob(statement, 2, row.definition.bytes, 32,
	    SQLITE_STATIC);
	sqlite3_bind_blob(statement, 3, row.snapshot.at,
	    (int)row.snapshot.bytes, SQLITE_STATIC);
	old_step(statement);
	assert_int_equal(store_each_record(writer->store, row.number, 0,
	    old_record_cb, writer), STORE_OK);
	return true;
}

/* Leaves the rows of schema 3 in the tables of the present one. */
static inline void
old_write_as_before(const char *path)
{
	struct store_instance_filter all = {.has_incident = -1,
	    .limit = SIZE_MAX};
	struct old_writer writer = {.arena = arena_new()};

	assert_int_equal(store_open((struct store_options){
	    .path = str_of(path), .read_only = true}, &writer.store, NULL),
	    STORE_OK);
	assert_int_equal(store_freeze(writer.store), STORE_OK);
	assert_int_equal(sqlite3_open(path, &writer.db), SQLITE_OK);
	old_run(writer.db, "BEGIN");
	assert_int_equal(store_list_instances(writer.store, &all,
	    old_instance_cb, &writer), STORE_OK);
	old_run(writer.db, "COMMIT");
	store_close(&writer.store);
	old_run(writer.db, "DELETE FROM dictionary");
	assert_int_equal(sqlite3_close(writer.db), SQLITE_OK);
	arena_free(&writer.arena);
}

#endif
