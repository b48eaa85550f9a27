/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_open.c: opening a database file with care, and keeping its log short.
 *
 * Nothing is written to a file before it is known to be ours, or empty: the
 * checks come before the first pragma that would change it.  A damaged file
 * is refused, never repaired or replaced.
 */
#include "sqlite_priv.h"
#include "part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a database that is made.  A turn changes a row or two of some hundred
 * bytes in each of a few tables, and the log gets whole pages: with the usual
 * 4 KiB it grows by a third more (docs/decisions/0011-packed-rows.md). */
#define PAGE_BYTES "2048"
#define PAGE_BYTES_MIN 512 /* of any database */
/* The log is copied into the database each time it has grown by so many
 * pages (8 MiB), and commits wait meanwhile.  The longer it is the fewer
 * pages are copied twice, and the longer is the pause: 10 ms where rows lie
 * together, as those of new instances do, and up to 45 ms where each is on a
 * page of its own, as those of sleepers are which come due (measured: stated
 * bench). */
#define TEND_PAGES 4000
/* Readers that stay (an export) keep the log from being begun anew.  Above
 * this (64 MiB) we wait for a gap between them, a moment each time. */
#define WAL_PAGES_WANTED 32000
#define GAP_PATIENCE_MS 20

/* ------------------------------------------------------------- file checks */

/* Whose file it is, where that is why it can't be used. */
static void
tell_owner(const char *path, struct buf *detail)
{
	struct stat status;

	if (stat(path, &status) == 0)
		buf_addf(detail, " (it belongs to user %u, mode %03o; this is "
		    "user %u)", (unsigned)status.st_uid,
		    (unsigned)status.st_mode & 0777, (unsigned)geteuid());
}

static enum store_error
fail_file(const char *path, int code, struct buf *detail)
{
	if (detail != NULL) {
		buf_addf(detail, "%s: %s", path, strerrordesc_np(code));
		if (code == EACCES || code == EPERM)
			tell_owner(path, detail);
	}
	return code == ENOENT ? STORE_ABSENT : store_error_of_errno(code);
}

/* Makes an empty file that only its owner may read: it will hold business
 * data.  SQLite gives its log the same permissions. */
static enum store_error
create_file(const char *path, struct buf *detail)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return STORE_OK;
	if (fd < 0)
		return fail_file(path, errno, detail);
	close(fd);
	return STORE_OK;
}

/* Whether "<path><suffix>" has at least so many bytes; 0: is there. */
static bool
is_there(const char *path, const char *suffix, off_t bytes)
{
	struct buf name = {0};
	struct stat status;

	buf_addf(&name, "%s%s", path, suffix);
	bool is_found = stat(buf_cstr(&name), &status) == 0 &&
	    status.st_size >= bytes;
	buf_fini(&name);
	return is_found;
}

/* The first page of a new database may have been torn when the power went;
 * then there is the journal by which SQLite takes it back. */
static bool
is_torn_beginning(const char *path, const char *found, size_t bytes)
{
	static const char zeros[16];

	must(bytes == sizeof(zeros));
	return memcmp(found, zeros, bytes) == 0 &&
	       is_there(path, "-journal", 1);
}

bool
store_is_beginning(struct str bytes)
{
	static const char magic[16] = "SQLite format 3";

	return sealed_head_is_beginning(bytes) ||
	    (bytes.bytes >= sizeof(magic) &&
		memcmp(bytes.at, magic, sizeof(magic)) == 0);
}

/* A file with anything else in it than SQLite's format is none of ours.
 * Called before SQLite has it open: see sqlite_lock.c. */
static enum store_error
check_magic(const char *path, struct buf *detail)
{
	char found[16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail_file(path, errno, detail);
	ssize_t bytes = pread(fd, found, sizeof(found), 0);
	int code = errno;
	close(fd);
	if (bytes < 0)
		return fail_file(path, code, detail);
	if (bytes == 0)
		return STORE_OK;
	if (bytes != sizeof(found))
		return STORE_FOREIGN;
	if (store_is_beginning((struct str){found, sizeof(found)}) ||
	    is_torn_beginning(path, found, sizeof(found)))
		return STORE_OK;
	return STORE_FOREIGN;
}

/* A log holds commits that were acknowledged, and SQLite removes it, even for
 * reading, where its database is empty.  Who is killed while making a database
 * leaves a journal, beside a file that is empty.  No database is smaller than
 * SQLite's smallest page. */
static enum store_error
look_at_logs(const char *path, struct buf *detail)
{
	static const struct {
		const char *suffix;
		off_t bytes; /* that its database has at least */
	} logs[] = {{"-wal", PAGE_BYTES_MIN}, {"-journal", 0}};

	for (size_t i = 0; i < 2; i++) {
		if (is_there(path, "", logs[i].bytes) ||
		    !is_there(path, logs[i].suffix, 1))
			continue;
		if (detail != NULL)
			buf_addf(detail, "%s%s is there without its database%s: "
			    "put that back, or restore a backup", path,
			    logs[i].suffix,
			    is_there(path, "", 0) ? ", which was cut short" : "");
		return STORE_PARTED;
	}
	return STORE_OK;
}

/* A restore or rekey that was cut short has the database under another name: a
 * new one must not hide it. */
static enum store_error
look_at_parts(const char *path, struct buf *detail)
{
	if (part_file_is_ready(str_of(path), RESTORING, detail) ||
	    part_file_is_ready(str_of(path), REKEYING, detail))
		return STORE_PARTED;
	return look_at_logs(path, detail);
}

static enum store_error
look_at_file(const char *path, bool create, struct buf *detail)
{
	enum store_error error = check_magic(path, detail);

	must(path[0] != '\0');
	if (error == STORE_ABSENT && create) {
		if (detail != NULL)
			buf_clear(detail);
		error = create_file(path, detail);
	}
	return error;
}

/* Whether the file is encrypted decides how it is read; whether keys were
 * given, how a new one is made.  An engine that was told to encrypt doesn't
 * go on in plain. */
static enum store_error
choose_cipher(struct sqlite_store *store, struct store_options options,
    const char *path, struct buf *detail)
{
	enum cipher_form form;
	enum store_error error =
	    sqlite_cipher_look(path, options.keys, &form, detail);

	if (error != STORE_OK)
		return error;
	if (form == CIPHER_FORM_PLAIN && options.keys != NULL &&
	    !options.read_only)
		return STORE_UNSEALED;
	if (form == CIPHER_FORM_PLAIN || options.keys == NULL)
		return STORE_OK;
	store->cipher = sqlite_cipher_new(options.keys, store->writer.vfs);
	store->reader.cipher = store->writer.cipher = store->cipher;
	return STORE_OK;
}

/* ----------------------------------------------------------------- opening */

static int
wal_cb(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_store *store = arg;

	(void)name;
	must(db == store->writer.db);
	store->wal_pages = pages;
	return SQLITE_OK;
}

/* Switches a new database to the log, and checks that an old one has it:
 * where the file system can't share memory SQLite says so by not switching. */
static enum store_error
set_wal(struct sqlite_conn *conn, struct buf *detail)
{
	sqlite3_stmt *statement = NULL;
	bool is_wal = false;
	int code = sqlite3_prepare_v2(conn->db, "PRAGMA journal_mode = WAL", -1,
	    &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		is_wal = str_equal(sqlite_column_str(statement, 0), STR("wal"));
		/* It tells what it is about to do, and then does it. */
		code = sqlite3_step(statement);
	}
	if (code != SQLITE_DONE)
		sqlite_conn_explain(conn, detail);
	sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return sqlite_conn_error(conn, code);
	if (!is_wal && detail != NULL)
		buf_add_cstr(detail, "this file system has no write-ahead log");
	return is_wal ? STORE_OK : STORE_IO;
}

/* SQLite says no more than that it could only be opened for reading. */
static void
explain_readonly(struct str path, struct buf *detail)
{
	struct buf name = {0};

	if (detail == NULL)
		return;
	buf_add_str(&name, path);
	buf_addf(detail, "%s can be read, but not written",
	    buf_cstr(&name));
	tell_owner(buf_cstr(&name), detail);
	buf_fini(&name);
}

/* An encrypted backup has no log, and can't be switched to one without a
 * journal in plain.  It isn't what an engine should work on anyway: numbers
 * would be given twice (decision 10). */
static enum store_error
check_log(struct sqlite_conn *conn, struct buf *detail)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(conn->db, "PRAGMA journal_mode", -1,
	    &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	bool is_wal = code == SQLITE_ROW &&
	    str_equal(sqlite_column_str(statement, 0), STR("wal"));
	sqlite3_finalize(statement);
	if (code != SQLITE_ROW)
		return sqlite_conn_error(conn, code);
	if (!is_wal && detail != NULL)
		buf_add_cstr(detail, "it is a backup: `stated restore` makes a "
		    "database of it");
	return is_wal ? STORE_OK : STORE_READONLY;
}

/* Where its log, or what goes with that, can't be opened for writing SQLite
 * opens it for reading, without a word, for as long as the connection lives:
 * this engine would never write.  Other troubles may pass. */
static enum store_error
check_writable(struct sqlite_conn *conn, struct buf *detail)
{
	enum store_error error =
	    sqlite_conn_exec(conn, "BEGIN IMMEDIATE; COMMIT");

	if (error != STORE_READONLY)
		return STORE_OK;
	if (detail != NULL)
		buf_add_cstr(detail, "its log (-wal, -shm) could be opened for "
		    "reading, but not for writing");
	return error;
}

/* What seems to be new may be one whose log can't be read. */
static enum store_error
check_new(struct sqlite_conn *conn, struct str path, struct buf *detail)
{
	struct buf name = {0};
	struct stat status;
	bool is_lost;

	buf_add_str(&name, path);
	buf_add_cstr(&name, "-wal");
	is_lost = stat(buf_cstr(&name), &status) == 0 &&
	    sqlite_wal_is_lost(conn, status.st_size);
	if (is_lost && detail != NULL) {
		buf_clear(detail);
		buf_addf(detail, "%s, which has all that is in it, was "
		    "changed near its beginning", buf_cstr(&name));
	}
	buf_fini(&name);
	return is_lost ? STORE_CORRUPT : STORE_OK;
}

static enum store_error
open_writer(struct sqlite_store *store, struct store_options options,
    struct buf *detail)
{
	struct sqlite_conn *writer = &store->writer;
	struct store_age *age = &store->backend.age;
	enum store_error error = sqlite_conn_open(writer, options.path,
	    CONN_WRITE, sqlite_write_sql);

	must(detail == NULL || !buf_is_over(detail));
	if (error == STORE_READONLY)
		explain_readonly(options.path, detail);
	else if (error != STORE_OK)
		sqlite_conn_explain(writer, detail);
	if (error != STORE_OK)
		return error;
	error = sqlite_schema_check(writer, SCHEMA_WRITE, age, detail);
	if (error == STORE_OK && age->found == 0 && !options.create)
		error = STORE_FOREIGN;
	if (error == STORE_OK && age->found == 0)
		error = check_new(writer, options.path, detail);
	if (error == STORE_OK && age->found != 0 && writer->cipher != NULL)
		error = check_log(writer, detail);
	/* Which can be chosen only before there is anything in it. */
	if (error == STORE_OK && age->found == 0)
		error = sqlite_conn_exec(writer,
		    "PRAGMA page_size = " PAGE_BYTES);
	if (error == STORE_OK)
		error = set_wal(writer, detail);
	if (error == STORE_OK)
		error = sqlite_schema_migrate(writer, detail);
	if (error == STORE_OK)
		error = check_writable(writer, detail);
	sqlite3_wal_hook(writer->db, wal_cb, store);
	return error;
}

static enum store_error
open_reader(struct sqlite_store *store, struct store_options options,
    enum conn_access access, struct store_age *age, struct buf *detail)
{
	enum schema_use use = options.older ? SCHEMA_READ_OLD : SCHEMA_READ;
	enum store_error error = sqlite_conn_open(&store->reader, options.path,
	    access, sqlite_read_sql);

	if (error != STORE_OK) {
		sqlite_conn_explain(&store->reader, detail);
		return error;
	}
	error = sqlite_schema_check(&store->reader, use, age, detail);
	if (error != STORE_FOREIGN || age->found != 0 ||
	    check_new(&store->reader, options.path, detail) == STORE_OK)
		return error;
	/* An engine may have made it meanwhile. */
	error = sqlite_schema_check(&store->reader, use, age, NULL);
	return error == STORE_FOREIGN ? STORE_CORRUPT : error;
}

/* For auditors.  A database on a medium that can't be written is first tried
 * as one that others may be writing, which it is not. */
static enum store_error
open_for_audit(struct sqlite_store *store, struct store_options options,
    const char *path, struct buf *detail)
{
	struct buf first = {0};
	struct store_age *age = &store->backend.age;
	enum store_error error = open_reader(store, options, CONN_AUDIT, age,
	    &first);

	/* What is in a log would be left out: better to fail. */
	bool has_log = is_there(path, "-wal", 1);

	if ((error == STORE_READONLY || error == STORE_IO) && !has_log) {
		sqlite_conn_close(&store->reader);
		error = open_reader(store, options, CONN_AUDIT_FROZEN, age,
		    detail);
	} else if (detail != NULL) {
		buf_add_str(detail, buf_str(&first));
	}
	buf_fini(&first);
	/* What SQLite missed is the index of the log, which it couldn't make.
	 */
	if (error == STORE_IO && has_log && !is_there(path, "-shm", 0)) {
		if (detail != NULL)
			buf_addf(detail, "; it has a log (%s-wal), which can't "
			    "be read where nothing can be written: copy both "
			    "to where it can", path);
		return STORE_READONLY;
	}
	return error;
}

static enum store_error
read_identity(struct sqlite_store *store)
{
	struct store_identity *identity = &store->backend.identity;
	sqlite3_stmt *statement = NULL;
	bool is_found = false;
	int code = sqlite3_prepare_v2(store->reader.db,
	    "SELECT value FROM meta WHERE name = 'identity'", -1, &statement,
	    NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		struct str bytes = sqlite_column_str(statement, 0);
		is_found = bytes.bytes == sizeof(identity->bytes);
		if (is_found)
			memcpy(identity->bytes, bytes.at, bytes.bytes);
	}
	sqlite3_finalize(statement);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return sqlite_conn_error(&store->reader, code);
	return is_found ? STORE_OK : STORE_CORRUPT;
}

/* The facts that the store keeps in memory. */
static enum store_error
read_facts(struct sqlite_store *store, struct buf *detail)
{
	int64_t number = 0, event_id = 0, restored_ms = 0,
	    unscrubbed = 0;
	enum store_error error = read_identity(store);

	if (error == STORE_OK)
		error = sqlite_conn_query_int(&store->reader,
		    "SELECT coalesce(max((SELECT value FROM meta"
		    "	WHERE name = 'last_number'),"
		    "	(SELECT coalesce(max(number), 0) FROM instance),"
		    "	(SELECT coalesce(max(instance), 0) FROM history)), -1)",
		    &number); /* -1: the number isn't there */
	if (error == STORE_OK)
		error = sqlite_conn_query_int(&store->reader,
		    "SELECT coalesce(max(id), 0) FROM event", &event_id);
	if (error == STORE_OK)
		error = sqlite_conn_query_int(&store->reader,
		    "SELECT coalesce((SELECT value FROM meta"
		    "	WHERE name = 'restored_ms'), 0)", &restored_ms);
	if (error == STORE_OK)
		error = sqlite_log_find_journal(&store->backend,
		    &store->backend.journal);
	if (error == STORE_OK)
		error = sqlite_conn_query_int(&store->reader,
		    "SELECT count(*) FROM meta WHERE name = 'unscrubbed'",
		    &unscrubbed);
	if (error == STORE_OK && (number < 0 || event_id < 0))
		error = STORE_CORRUPT;
	if (error != STORE_OK) {
		sqlite_conn_explain(&store->reader, detail);
		return error;
	}
	store->backend.restored_ms = restored_ms;
	store->backend.needs_scrubbing = unscrubbed > 0;
	store->backend.last_number = (uint64_t)number;
	store->backend.last_event_id = (uint64_t)event_id;
	store->written_number = (uint64_t)number;
	return STORE_OK;
}

/* Only who writes needs it, and an older file has none. */
static enum store_error
read_last_post(struct sqlite_store *store)
{
	int64_t id = 0;
	enum store_error error = sqlite_conn_query_int(&store->reader,
	    "SELECT coalesce(max(id), 0) FROM post", &id);

	if (error == STORE_OK && id < 0)
		error = STORE_CORRUPT;
	store->backend.last_post_id = (uint64_t)id;
	return error;
}

static enum store_error
open_for_writing(struct sqlite_store *store, struct store_options options,
    const char *path, struct buf *detail)
{
	enum store_error error = look_at_parts(path, detail);
	struct store_age opened = {0};

	must(!options.read_only);
	store->recents = sqlite_recent_new();
	store->packer = store_packer_new();
	store->gather = sqlite_gather_new();
	store->writer.vfs = sqlite_gather_vfs(store->gather);
	if (error == STORE_OK)
		error = look_at_file(path, options.create, detail);
	if (error == STORE_OK)
		error = sqlite_lock_open(options.path, &store->lock, detail);
	if (error == STORE_OK)
		error = choose_cipher(store, options, path, detail);
	if (error == STORE_OK)
		error = open_writer(store, options, detail);
	if (error == STORE_OK)
		error = open_reader(store, options, CONN_READ, &opened,
		    detail);
	store->schema = opened.found;
	if (error == STORE_OK)
		error = read_last_post(store);
	if (error == STORE_OK)
		store->files = sqlite_files_open(options.path);
	return error;
}

static enum store_error
open_for_reading(struct sqlite_store *store, struct store_options options,
    const char *path, struct buf *detail)
{
	enum store_error error = look_at_logs(path, detail);

	must(options.read_only);
	if (error == STORE_OK)
		error = look_at_file(path, false, detail);
	if (error == STORE_OK)
		error = choose_cipher(store, options, path, detail);
	if (error == STORE_OK)
		error = open_for_audit(store, options, path, detail);
	store->schema = store->backend.age.found;
	return error;
}

/* Not where opening it failed, nor where its names are another's by now. */
static void
end_log(struct sqlite_store *store)
{
	if (store->files != NULL &&
	    sqlite_files_check(store->files, NULL) == STORE_OK)
		sqlite_conn_end_log(&store->writer);
}

/* The reader goes first: it would keep the log from being removed. */
static void
close_cb(struct store_backend *backend)
{
	struct sqlite_store *store = sqlite_store_of(backend);

	must(&store->backend == backend);
	sqlite_conn_close(&store->reader);
	end_log(store);
	sqlite_conn_close(&store->writer);
	sqlite_cipher_free(&store->cipher);
	sqlite_gather_free(&store->gather);
	sqlite_files_close(&store->files);
	sqlite_lock_close(&store->lock);
	sqlite_history_forget(store);
	sqlite_dictionary_forget(&store->read_dictionaries);
	sqlite_dictionary_forget(&store->written_dictionaries);
	sqlite_recent_free(&store->recents);
	store_packer_free(&store->packer);
	buf_fini(&store->lean);
	free(store);
}

/* ------------------------------------------------- freezing, housekeeping */

static enum store_error
freeze_cb(struct store_backend *backend)
{
	struct sqlite_store *store = sqlite_store_of(backend);
	int64_t count;
	enum store_error error = sqlite_conn_exec(&store->reader, "BEGIN");

	/* The moment is that of the first reading, not of BEGIN. */
	if (error == STORE_OK)
		error = sqlite_conn_query_int(&store->reader,
		    "SELECT count(*) FROM meta", &count);
	return error;
}

static enum store_error
history_last_cb(struct store_backend *backend, uint64_t *place)
{
	struct sqlite_store *store = sqlite_store_of(backend);
	int64_t last = 0;
	enum store_error error = sqlite_conn_query_int(&store->reader,
	    "SELECT coalesce(max(id), 0) FROM history", &last);

	*place = (uint64_t)last;
	return error;
}

static void
thaw_cb(struct store_backend *backend)
{
	struct sqlite_store *store = sqlite_store_of(backend);

	must(store->writer.db == NULL);
	if (!sqlite3_get_autocommit(store->reader.db))
		(void)sqlite3_exec(store->reader.db, "ROLLBACK", NULL, NULL,
		    NULL);
}

/* Copies the log into the database.  A failure is no news: the log stays as
 * it is, and the next commit tells whether writing works. */
static void
checkpoint(struct sqlite_store *store)
{
	bool is_long = store->wal_pages >= WAL_PAGES_WANTED;

	(void)sqlite_conn_checkpoint(&store->writer, is_long ?
	    SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
	    GAP_PATIENCE_MS);
}

static bool
wants_tending_cb(struct store_backend *backend)
{
	struct sqlite_store *store = sqlite_store_of(backend);

	/* Fewer than there were: the log was begun anew. */
	if (store->wal_pages < store->wal_pages_tended)
		store->wal_pages_tended = 0;
	return store->wal_pages - store->wal_pages_tended >= TEND_PAGES;
}

static void
tend_cb(struct store_backend *backend)
{
	struct sqlite_store *store = sqlite_store_of(backend);

	if (!wants_tending_cb(backend))
		return;
	store->wal_pages_tended = store->wal_pages;
	checkpoint(store);
}

static const struct store_backend_ops ops = {
	.close = close_cb,
	.commit = sqlite_write_commit,
	.tend = tend_cb,
	.wants_tending = wants_tending_cb,
	.freeze = freeze_cb,
	.history_last = history_last_cb,
	.thaw = thaw_cb,
	.unskipped = sqlite_find_unskipped,
	.find_journal = sqlite_log_find_journal,
	.find_log = sqlite_log_find,
	.each_turn = sqlite_log_turns,
	.each_turn_of = sqlite_log_turns_of,
	.find_node = sqlite_log_node,
	.each_checkpoint = sqlite_log_checkpoints,
	.find_instance = sqlite_find_instance,
	.find_key = sqlite_find_key,
	.each_subscriber = sqlite_find_subscribers,
	.find_subscription = sqlite_find_subscription,
	.find_event = sqlite_find_event,
	.find_event_id = sqlite_find_event_id,
	.each_held_event = sqlite_find_held_events,
	.find_idempotency = sqlite_find_idempotency,
	.each_due = sqlite_list_due,
	.each_busy = sqlite_list_busy,
	.each_expired_event = sqlite_list_expired_events,
	.next_expiry = sqlite_list_next_expiry,
	.each_definition = sqlite_list_definitions,
	.each_document = sqlite_list_documents,
	.each_schedule = sqlite_list_schedules,
	.each_switch = sqlite_list_switches,
	.each_token = sqlite_list_tokens,
	.each_post = sqlite_list_posts,
	.find_post_of = sqlite_find_post_of,
	.find_held_from = sqlite_find_held_from,
	.count_posts = sqlite_list_post_counts,
	.each_hold = sqlite_list_holds,
	.each_retained = sqlite_list_retained,
	.find_unswept = sqlite_retention_unswept,
	.find_salt = sqlite_retention_find_salt,
	.list_instances = sqlite_list_instances,
	.list_items = sqlite_list_items,
	.list_events = sqlite_list_events,
	.each_record = sqlite_history_tell,
};

/* SQLite would count its memory, under a lock that all its threads take each
 * time that it takes or gives back any; nobody asks for the sum.  Refused where
 * another user of SQLite in the process was there before us. */
static void
configure_cb(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum store_error
sqlite_open(struct store_options options, struct store_backend **backend,
    struct buf *detail)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sqlite_store *store = calloc(1, sizeof(*store));
	struct buf resolved = {0};

	must(store != NULL);
	must(pthread_once(&once, configure_cb) == 0);
	store->backend.ops = &ops;
	sqlite_files_resolve(options.path, &resolved);
	const char *path = buf_cstr(&resolved);
	options.path = str_of(path);
	enum store_error error = options.read_only ?
	    open_for_reading(store, options, path, detail) :
	    open_for_writing(store, options, path, detail);
	buf_fini(&resolved);
	if (error == STORE_OK)
		error = read_facts(store, detail);
	if (error != STORE_OK) {
		close_cb(&store->backend);
		return error;
	}
	*backend = &store->backend;
	return STORE_OK;
}
