/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_copy.c: taking a database away, and putting one back.
 *
 * The pages are copied by SQLite's backup interface under one reading
 * transaction: it sees one moment, an engine's commits don't make it begin
 * anew, and nobody waits for it.  The price is that the engine's log can't be
 * begun anew until the copy is done (decision 10).
 *
 * The copy is one file that needs no log, so that it can be read on a medium
 * that can't be written.
 */
#include "stated/store_copy.h"

#include "stated/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "part_file.h"
#include "sqlite_priv.h"

#define STEP_PAGES 1024
#define WATCH_OPERATIONS 200000
/* Where a file's header tells whether it has a log (SQLite's file format,
 * 1.3.3): versions for writing and for reading. */
#define HEADER_VERSIONS_AT 18
#define VERSION_PLAIN 1
#define VERSION_LOG 2

struct store_copy {
	struct store_backend *source;
	const struct store_copy_target *target;
	struct buf to; /* the file that target->to means */
	struct sqlite_lock *lock; /* of a restored database */
	struct part_file *part;
	struct store_keys *keys; /* NULL: none */
	struct sqlite_conn conn; /* to the part */
	sqlite3_backup *backup;
};

static sqlite3 *
source_db(const struct store_copy *copy)
{
	return sqlite_store_of(copy->source)->reader.db;
}

static void
close_source(struct store_copy *copy)
{
	if (copy->backup != NULL)
		(void)sqlite3_backup_finish(copy->backup);
	copy->backup = NULL;
	if (copy->source == NULL)
		return;
	copy->source->ops->thaw(copy->source);
	copy->source->ops->close(copy->source);
	copy->source = NULL;
}

static enum store_error
open_source(struct store_copy *copy, struct str from, struct buf *detail)
{
	struct store_options options = {.path = from, .read_only = true,
		.older = true, .keys = copy->keys};
	enum store_error error = sqlite_open(options, &copy->source, detail);

	if (error == STORE_OK)
		error = copy->source->ops->freeze(copy->source);
	return error;
}

enum store_error
store_copy_open(struct str from, struct store_keys *keys,
    struct store_copy **opened, struct buf *detail)
{
	struct store_copy *copy = calloc(1, sizeof(*copy));

	must(copy != NULL);
	copy->keys = keys;
	enum store_error error = open_source(copy, from, detail);
	if (error != STORE_OK) {
		store_copy_close(&copy);
		return error;
	}
	*opened = copy;
	return STORE_OK;
}

void
store_copy_close(struct store_copy **closed)
{
	struct store_copy *copy = *closed;

	if (copy == NULL)
		return;
	close_source(copy);
	sqlite_conn_close(&copy->conn);
	sqlite_cipher_free(&copy->conn.cipher);
	part_file_close(&copy->part);
	sqlite_lock_close(&copy->lock);
	buf_fini(&copy->to);
	free(copy);
	*closed = NULL;
}

/* --------------------------------------------------------------- beginning */

static bool
is_source(const struct store_copy *copy, const char *suffix)
{
	const char *from = sqlite3_db_filename(source_db(copy), "main");
	struct buf name = {0};

	must(from != NULL);
	buf_add_str(&name, buf_str(&copy->to));
	buf_add_cstr(&name, suffix);
	bool is_same = part_file_is_same(buf_str(&name), str_of(from));
	buf_fini(&name);
	return is_same;
}

/* What a copy makes, moves or removes beside its target may not be what it is
 * made of. */
static enum store_error
check_names(const struct store_copy *copy, struct buf *detail)
{
	static const char *const suffixes[] = {".part", RESTORING, REKEYING,
	    "-lock", "-wal", "-shm", "-journal"};

	if (copy->target->kind != COPY_REKEY && is_source(copy, "")) {
		if (detail != NULL)
			buf_add_cstr(detail, "it is the database itself");
		return STORE_TAKEN;
	}
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (!is_source(copy, suffixes[i]))
			continue;
		if (detail != NULL)
			buf_addf(detail, "what is to be copied has the name of "
			    "a part of it (%s); give one of them another name",
			    suffixes[i]);
		return STORE_TAKEN;
	}
	return STORE_OK;
}

/* A log that is there belongs to what is replaced, and would be taken for the
 * backup's. */
static enum store_error
check_logs(const struct store_copy *copy, struct buf *detail)
{
	static const char *const logs[] = {"-wal", "-journal"};
	enum store_error error = STORE_OK;
	struct buf name = {0};
	struct stat status;

	for (size_t i = 0; i < COUNT_OF(logs) && error == STORE_OK; i++) {
		buf_clear(&name);
		buf_add_str(&name, buf_str(&copy->to));
		buf_add_cstr(&name, logs[i]);
		if (lstat(buf_cstr(&name), &status) != 0)
			continue;
		error = STORE_TAKEN;
		if (detail != NULL)
			buf_addf(detail, "a database with a log (%s) has that "
			    "name; give the backup another",
			    buf_cstr(&name));
	}
	buf_fini(&name);
	return error;
}

/* The one doesn't go on with what the other began. */
static enum store_error
check_target(const struct store_copy *copy, struct buf *detail)
{
	const struct store_copy_target *target = copy->target;
	const char *other =
	    target->kind == COPY_REKEY ? RESTORING : REKEYING;

	must(target->kind != COPY_REKEY || is_source(copy, ""));
	if (target->kind != COPY_BACKUP &&
	    part_file_is_ready(buf_str(&copy->to), other, detail))
		return STORE_PARTED;
	if (!target->replaces && part_file_is_taken(buf_str(&copy->to)))
		return STORE_TAKEN;
	return target->kind == COPY_BACKUP ? check_logs(copy, detail)
					   : STORE_OK;
}

/* A backup is as its source is; what an engine will use, as it is told. */
static bool
seals(const struct store_copy *copy)
{
	if (copy->target->kind == COPY_BACKUP)
		return sqlite_store_of(copy->source)->cipher != NULL;
	return copy->keys != NULL && !copy->target->unseals;
}

static enum store_error
begin_backup(struct store_copy *copy, struct buf *detail)
{
	if (seals(copy))
		copy->conn.cipher = sqlite_cipher_new(copy->keys, NULL);
	enum store_error error = sqlite_conn_open(&copy->conn,
	    store_copy_part(copy), CONN_COPY, NULL);

	if (error == STORE_OK) {
		copy->backup = sqlite3_backup_init(copy->conn.db, "main",
		    source_db(copy), "main");
		if (copy->backup == NULL)
			error = sqlite_conn_error(&copy->conn,
			    sqlite3_errcode(copy->conn.db));
	}
	if (error != STORE_OK)
		sqlite_conn_explain(&copy->conn, detail);
	return error;
}

enum store_error
store_copy_begin(struct store_copy *copy,
    const struct store_copy_target *target, struct buf *detail)
{
	enum store_error error = STORE_OK;

	must(copy->target == NULL);
	must(target->to.bytes > 0);
	copy->target = target;
	if (target->kind == COPY_BACKUP)
		buf_add_str(&copy->to, target->to);
	else
		sqlite_files_resolve(target->to, &copy->to);
	struct str to = buf_str(&copy->to);
	error = check_names(copy, detail);
	if (error == STORE_OK && target->kind != COPY_BACKUP)
		error = sqlite_lock_open(to, &copy->lock, detail);
	/* Up to now an engine may have written to it, or another copy have
	 * taken its place. */
	if (error == STORE_OK && target->kind == COPY_REKEY) {
		close_source(copy);
		error = open_source(copy, to, detail);
	}
	if (error == STORE_OK)
		error = check_target(copy, detail);
	if (error == STORE_OK)
		error = part_file_open(to, &copy->part, detail);
	if (error == STORE_OK)
		error = begin_backup(copy, detail);
	return error;
}

struct str
store_copy_part(const struct store_copy *copy)
{
	must(copy->part != NULL);
	return str_of(part_file_path(copy->part));
}

/* ----------------------------------------------------------------- copying */

enum store_error
store_copy_step(struct store_copy *copy, struct store_copy_progress *progress,
    struct buf *detail)
{
	int64_t page_bytes = 0;
	int code = sqlite3_backup_step(copy->backup, STEP_PAGES);
	int left = sqlite3_backup_remaining(copy->backup);
	int all = sqlite3_backup_pagecount(copy->backup);
	enum store_error error = sqlite_conn_query_int(
	    &sqlite_store_of(copy->source)->reader, "PRAGMA page_size",
	    &page_bytes);

	must(left >= 0 && left <= all);
	must(code != SQLITE_DONE || left == 0);
	*progress = (struct store_copy_progress){
		.bytes = (uint64_t)(all - left) * (uint64_t)page_bytes,
		.bytes_all = (uint64_t)all * (uint64_t)page_bytes,
	};
	if (code != SQLITE_OK && code != SQLITE_DONE) {
		error = sqlite_conn_error(&copy->conn, code);
		if (detail != NULL)
			buf_addf(detail, "%s (SQLite %d)",
			    sqlite3_errstr(code), code);
	}
	return error;
}

/* ---------------------------------------------------------------- checking */

struct watching {
	store_copy_watch_fn *fn;
	void *arg;
};

static int
watch_cb(void *arg)
{
	const struct watching *watching = arg;

	return !watching->fn(watching->arg);
}

/* The first fault that SQLite finds, if it finds one. */
static enum store_error
check_pages(struct sqlite_conn *conn, struct buf *detail)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(conn->db, "PRAGMA integrity_check(1)",
	    -1, &statement, NULL);
	enum store_error error = STORE_CORRUPT;

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	struct str said = code == SQLITE_ROW ?
	    sqlite_column_str(statement, 0) : (struct str){NULL, 0};
	if (str_equal(said, STR("ok")))
		error = STORE_OK;
	else if (said.at != NULL && detail != NULL)
		buf_add_str(detail, said);
	else if (said.at == NULL) {
		error = sqlite_conn_error(conn, code);
		sqlite_conn_explain(conn, detail);
	}
	sqlite3_finalize(statement);
	return error;
}

/* More than an engine gives in its life. */
#define NUMBERS_GAP ((int64_t)1 << 40)
/* What is left to chance: a second's worth of numbers, and twelve days'. */
#define NUMBERS_NEAR ((int64_t)1 << 30)
#define NUMBERS_FAR ((int64_t)1 << 50)
/* Identifiers have room for so many (audit_tree.h), and there must be some
 * above. */
#define NUMBERS_MAX (((int64_t)1 << 62) - NUMBERS_GAP - NUMBERS_FAR)

/*
 * Numbers go into idempotency keys and identifiers.  Those that were given
 * since the backup are not known, so the next one is the present instant in
 * units of a millisecond's 2^20th part: no database of this identity, be it
 * the lost one or another one restored from the same backup, can have given
 * as many.  Within a second chance decides, for others may be restored at the
 * same time.
 *
 * Where a clock was ahead of this one, the instant says nothing about what has
 * been given, and a number made of the backup alone would be the same each
 * time that it is restored: then chance has to tell them apart.
 */
static int64_t
choose_number(int64_t last, int64_t now_ms)
{
	struct rng *rng = rng_system();
	int64_t present =
	    (now_ms << 20) + (int64_t)rng_below(rng, NUMBERS_NEAR);

	if (present - last >= NUMBERS_GAP)
		return present;
	return last + NUMBERS_GAP + (int64_t)rng_below(rng, NUMBERS_FAR);
}

/* The last number of what is replaced, where that can be read: 0 is below all
 * others. */
static int64_t
replaced_number(const struct store_copy *copy)
{
	struct store_options options = {.path = buf_str(&copy->to),
		.read_only = true, .older = true, .keys = copy->keys};
	struct store_backend *replaced = NULL;
	int64_t last = 0;

	must(copy->source == NULL);
	if (sqlite_open(options, &replaced, NULL) != STORE_OK)
		return 0;
	if (replaced->last_number <= NUMBERS_MAX)
		last = (int64_t)replaced->last_number;
	replaced->ops->close(replaced);
	return last;
}

/* `replaced` has been given by what this takes the place of. */
static enum store_error
skip_numbers(struct sqlite_conn *conn, int64_t now_ms, int64_t replaced)
{
	char sql[256];
	int64_t last = 0;
	enum store_error error = sqlite_conn_query_int(conn,
	    "SELECT max((SELECT value FROM meta WHERE name = 'last_number'),"
	    "	(SELECT coalesce(max(number), 0) FROM instance),"
	    "	(SELECT coalesce(max(instance), 0) FROM history))", &last);

	must(now_ms > 0 && now_ms < STORE_COPY_MS_END);
	if (error == STORE_OK && last > NUMBERS_MAX)
		error = STORE_CORRUPT;
	if (error != STORE_OK)
		return error;
	int64_t skipped =
	    choose_number(replaced > last ? replaced : last, now_ms);
	must(skipped > last && skipped > replaced);
	int bytes = snprintf(sql, sizeof(sql), "BEGIN;"
	    "UPDATE meta SET value = %lld WHERE name = 'last_number';"
	    "INSERT OR REPLACE INTO meta VALUES ('" SKIPPED_NAME "', %lld),"
	    "	('restored_ms', %lld);"
	    "COMMIT", (long long)skipped, (unsigned long long)last + 1,
	    (long long)skipped, (long long)now_ms);
	must(bytes > 0 && (size_t)bytes < sizeof(sql));
	return sqlite_conn_exec(conn, sql);
}

static enum store_error
check_part(struct store_copy *copy, struct watching *watching,
    struct buf *detail)
{
	struct sqlite_conn *conn = &copy->conn;
	enum store_error error = sqlite_conn_open(conn, store_copy_part(copy),
	    CONN_COPY, NULL);

	if (error != STORE_OK) {
		sqlite_conn_explain(conn, detail);
		return error;
	}
	sqlite3_progress_handler(conn->db, WATCH_OPERATIONS, watch_cb,
	    watching);
	error = check_pages(conn, detail);
	if (error != STORE_OK || copy->target->kind != COPY_RESTORE)
		return error;
	error = skip_numbers(
	    conn, copy->target->now_ms, replaced_number(copy));
	if (error != STORE_OK)
		sqlite_conn_explain(conn, detail);
	return error;
}

/* A file's header tells whether it has a log.  SQLite would change that by its
 * own means, but not without a journal; the copy is nobody's yet. */
static enum store_error
write_versions(struct store_copy *copy, char version, struct buf *detail)
{
	sqlite3_file *file = NULL;
	int64_t page_bytes = 0;
	enum store_error error = sqlite_conn_query_int(
	    &copy->conn, "PRAGMA page_size", &page_bytes);

	if (error != STORE_OK) {
		sqlite_conn_explain(&copy->conn, detail);
		return error;
	}
	int code = sqlite3_file_control(
	    copy->conn.db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	must(code == SQLITE_OK && file->pMethods != NULL);
	char *page = malloc((size_t)page_bytes);
	must(page != NULL);
	code = file->pMethods->xRead(file, page, (int)page_bytes, 0);
	page[HEADER_VERSIONS_AT] = page[HEADER_VERSIONS_AT + 1] = version;
	if (code == SQLITE_OK)
		code = file->pMethods->xWrite(
		    file, page, (int)page_bytes, 0);
	free(page);
	if (code != SQLITE_OK && detail != NULL)
		buf_addf(detail, "%s (SQLite %d)", sqlite3_errstr(code), code);
	return sqlite_conn_error(&copy->conn, code);
}

enum store_error
store_copy_check(struct store_copy *copy, store_copy_watch_fn *watch,
    void *arg, struct buf *detail)
{
	struct watching watching = {watch, arg};

	must(copy->backup != NULL);
	close_source(copy);
	enum store_error error = write_versions(copy, VERSION_PLAIN, detail);
	sqlite_conn_close(&copy->conn);
	if (error == STORE_OK)
		error = check_part(copy, &watching, detail);
	sqlite_conn_close(&copy->conn);
	return error;
}

/* ----------------------------------------------------------------- keeping */

/* An engine would switch to a log by way of a journal, and what is encrypted
 * has none (sqlite_cipher.c): so it is switched while it is still a part. */
static enum store_error
prepare_log(struct store_copy *copy, struct buf *detail)
{
	enum store_error error = sqlite_conn_open(
	    &copy->conn, store_copy_part(copy), CONN_COPY, NULL);

	if (error != STORE_OK)
		sqlite_conn_explain(&copy->conn, detail);
	else
		error = write_versions(copy, VERSION_LOG, detail);
	sqlite_conn_close(&copy->conn);
	return error;
}

enum store_error
store_copy_keep(struct store_copy *copy, struct buf *aside,
    struct buf *detail)
{
	const struct store_copy_target *target = copy->target;
	const struct part_exchange exchange = {
		.ready = target->kind == COPY_REKEY ? REKEYING : RESTORING,
		.now_ms = target->now_ms,
		.aside = aside,
	};
	bool is_taken = part_file_is_taken(buf_str(&copy->to));

	must(copy->conn.db == NULL);
	must(aside->bytes == 0);
	if (target->kind == COPY_BACKUP)
		return part_file_keep(copy->part, target->replaces, detail);
	if (is_taken && !target->replaces)
		return STORE_TAKEN;
	enum store_error error = STORE_OK;
	if (copy->conn.cipher != NULL)
		error = prepare_log(copy, detail);
	if (error == STORE_OK)
		error = part_file_install(copy->part, &exchange, detail);
	if (!is_taken)
		buf_clear(aside);
	return error;
}

enum store_error
store_copy_finish(struct str path, struct buf *aside, struct buf *detail)
{
	const struct part_exchange exchange = {
		.ready = REKEYING, .aside = aside};
	struct buf to = {0};
	struct sqlite_lock *lock = NULL;
	enum store_error error = STORE_ABSENT;

	must(path.bytes > 0);
	sqlite_files_resolve(path, &to);
	if (part_file_is_begun(buf_str(&to), REKEYING))
		error = sqlite_lock_open(buf_str(&to), &lock, detail);
	/* Somebody else may have done it by now. */
	if (error == STORE_OK && !part_file_is_begun(buf_str(&to), REKEYING))
		error = STORE_ABSENT;
	if (error == STORE_OK)
		error = part_file_finish(buf_str(&to), &exchange, detail);
	sqlite_lock_close(&lock);
	buf_fini(&to);
	return error;
}
