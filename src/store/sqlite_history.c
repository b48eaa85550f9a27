/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_history.c: a turn's records as one row, and back.
 *
 * A row holds the hash of its last record, and its records without what their
 * place tells (store_lean.h), packed against the dictionary of the definition
 * and against what the instance's first turn told (store_pack.h): what an
 * instance was given is in most of what it sends.  Only the latest instances'
 * first turns are at hand (sqlite_recent.c); a turn of any other is packed
 * without.
 *
 * On reading, the hash of each record is taken from its text, but for the
 * last of a row, which has the one that is stored: so a row that was changed
 * tells a record that doesn't give its hash.  A row of which nothing can be
 * read tells one record without a text.  To find out is for the verifier, who
 * sees all.
 *
 * Who reads some records at a time, and stops in the midst of a turn, comes
 * back for the next ones: the turn is kept unpacked, and where it was read to,
 * until the next reading.  Else a turn of a hundred thousand records would be
 * unpacked and hashed from its beginning each time.
 */
#include "sqlite_priv.h"

#include <stdlib.h>

/* ----------------------------------------------------------------- writing */

/* The columns of a row. */
struct turn_row {
	const struct store_history *turn;
	struct str records;
	struct str hashes;
	struct str packed; /* absent: records holds the texts */
};

static void
bind_turn(sqlite3_stmt *statement, const struct turn_row *row)
{
	sqlite_bind_int(statement, 1, (int64_t)row->turn->instance);
	sqlite_bind_int(statement, 2, (int64_t)row->turn->first_seq);
	sqlite_bind_int(statement, 3, (int64_t)row->turn->count);
	sqlite_bind_text(statement, 4, row->records);
	sqlite_bind_blob(statement, 5, row->hashes);
	sqlite_bind_blob(statement, 6, row->packed);
}

static enum store_error
insert_turn(struct sqlite_store *store, const struct turn_row *row)
{
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(&store->writer,
	    WRITE_HISTORY, &statement);

	if (error != STORE_OK)
		return error;
	bind_turn(statement, row);
	error = sqlite_conn_run(&store->writer, statement);
	sqlite_conn_give(&store->writer, WRITE_HISTORY, statement);
	return error;
}

/* As older programs did: texts, each ended by a newline, which canonical JSON
 * never holds, and all hashes. */
static enum store_error
write_whole(struct sqlite_store *store, const struct store_history *turn)
{
	struct buf texts = {0}, hashes = {0};

	for (size_t i = 0; i < turn->count; i++) {
		const struct audit_record *record = &turn->records[i];
		buf_add_str(&texts, record->canonical);
		buf_add_char(&texts, '\n');
		buf_add(&hashes, record->hash.bytes,
		    sizeof(record->hash.bytes));
	}
	struct turn_row row = {turn, buf_str(&texts), buf_str(&hashes),
		{NULL, 0}};
	enum store_error error = insert_turn(store, &row);
	buf_fini(&texts);
	buf_fini(&hashes);
	return error;
}

/* What its turns may lean on; those of the journal have nothing in common. */
static struct str
first_of(struct sqlite_store *store, const struct store_history *turn)
{
	if (turn->instance == STORE_JOURNAL)
		return (struct str){NULL, 0};
	/* One of that number may have been in a batch that never was. */
	if (turn->first_seq == 1)
		sqlite_recent_forget(store->recents, turn->instance);
	return sqlite_recent_first(store->recents, turn->instance);
}

static enum store_error
write_packed(struct sqlite_store *store, const struct store_history *turn,
    const struct digest *definition, struct str lean)
{
	const struct audit_record *last = &turn->records[turn->count - 1];
	const struct sqlite_dictionary *dictionary;
	enum store_error error =
	    sqlite_dictionary_of(store, definition, &dictionary);

	if (error != STORE_OK)
		return error;
	struct pack_base base = {
		.dictionary_id = dictionary->id,
		.dictionary = dictionary->bytes,
		.first = first_of(store, turn),
	};
	struct turn_row row = {turn, STR(""), MAP_KEY_OF(&last->hash),
		store_pack(store->packer, &base, lean)};
	error = insert_turn(store, &row);
	if (turn->first_seq == 1 && turn->instance != STORE_JOURNAL)
		sqlite_recent_keep_first(store->recents, turn->instance,
		    store_pack_first(lean));
	return error;
}

enum store_error
sqlite_history_write(struct sqlite_store *store,
    const struct store_history *turn, const struct digest *definition)
{
	struct buf *lean = &store->lean;

	must(turn->count > 0);
	buf_clear(lean);
	if (!store_lean_add(lean, turn->records, turn->count) ||
	    lean->bytes > PACK_BYTES_MAX) {
		buf_fini(lean);
		return write_whole(store, turn);
	}
	return write_packed(store, turn, definition, buf_str(lean));
}

/* ----------------------------------------------------------------- reading */

struct reading {
	struct sqlite_store *store;
	uint64_t instance;
	uint64_t from_seq;
	store_record_fn *fn;
	void *arg;
	bool has_prev;
	struct digest prev;    /* hash of the record before the row */
	struct buf first;      /* empty: not read yet */
	bool is_stopped;
};

/* A turn that is being told, and how far. */
struct sqlite_told {
	uint64_t instance;
	struct digest last; /* the hash of its last record */
	struct buf text;    /* lean */
	struct store_lean lean;
};

/* Of a row at hand. */
struct turn_columns {
	uint64_t first_seq;
	struct str records;
	struct str hashes;
	struct str packed;
	uint64_t count;
};

static struct turn_columns
read_columns(sqlite3_stmt *statement)
{
	return (struct turn_columns){
		.first_seq = (uint64_t)sqlite3_column_int64(statement, 0),
		.records = sqlite_column_str(statement, 1),
		.hashes = sqlite_column_str(statement, 2),
		.packed = sqlite_column_str(statement, 3),
		.count = (uint64_t)sqlite3_column_int64(statement, 4),
	};
}

static void
tell(struct reading *reading, const struct audit_record *record)
{
	if (record->seq >= reading->from_seq && !reading->is_stopped)
		reading->is_stopped =
		    !reading->fn(reading->instance, record, reading->arg);
}

static void
tell_unreadable(struct reading *reading, uint64_t seq)
{
	struct audit_record record = {.canonical = STR("")};

	record.seq = seq > reading->from_seq ? seq : reading->from_seq;
	tell(reading, &record);
}

static struct digest
take_hash(struct str *hashes)
{
	struct digest hash = {{0}};
	struct str bytes = str_slice(*hashes, 0, sizeof(hash));

	if (bytes.bytes == sizeof(hash))
		memcpy(hash.bytes, bytes.at, sizeof(hash));
	*hashes = str_slice(*hashes, sizeof(hash), hashes->bytes);
	return hash;
}

/* What older programs wrote.  Where somebody changed the row so that it holds
 * more or fewer texts than hashes, the odd ones are told with an empty text or
 * a hash of zeros. */
static void
tell_whole(struct reading *reading, const struct turn_columns *row)
{
	struct str texts = row->records, hashes = row->hashes;
	struct digest prev = reading->prev;

	for (uint64_t seq = row->first_seq;
	     (texts.bytes > 0 || hashes.bytes > 0) && !reading->is_stopped;
	     seq++) {
		struct audit_record record = {.seq = seq, .prev = prev};
		record.canonical = str_split(texts, '\n', &texts);
		record.hash = take_hash(&hashes);
		prev = record.hash;
		tell(reading, &record);
	}
}

enum store_error
sqlite_history_unpack(struct sqlite_store *store, struct str form,
    struct str first, struct buf *out, bool *is_whole)
{
	const struct sqlite_dictionary *dictionary;
	struct pack_head head;
	enum store_error error;

	*is_whole = store_pack_read_head(form, &head) &&
	    (!head.leans || first.bytes > 0);
	if (!*is_whole)
		return STORE_OK;
	error = sqlite_dictionary_find(store, head.dictionary_id, &dictionary);
	if (error == STORE_CORRUPT)
		*is_whole = false;
	if (error != STORE_OK)
		return error == STORE_CORRUPT ? STORE_OK : error;
	if (!head.leans)
		first = (struct str){NULL, 0};
	*is_whole = store_unpack(&head, dictionary->bytes, first, out);
	return STORE_OK;
}

enum store_error
sqlite_history_read_first(struct sqlite_store *store, uint64_t instance,
    struct buf *first)
{
	struct sqlite_conn *conn = &store->reader;
	sqlite3_stmt *statement;
	bool is_row = false, is_whole = false;
	enum store_error error = sqlite_conn_take(conn, READ_FIRST_TURN,
	    &statement);

	must(first->bytes == 0);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)instance);
	error = sqlite_conn_step(conn, statement, &is_row);
	if (is_row)
		error = sqlite_history_unpack(store,
		    sqlite_column_str(statement, 0), (struct str){NULL, 0},
		    first, &is_whole);
	sqlite_conn_give(conn, READ_FIRST_TURN, statement);
	if (!is_whole)
		buf_clear(first);
	first->bytes = store_pack_first(buf_str(first)).bytes;
	return error;
}

static bool
leans(struct str form)
{
	struct pack_head head;

	return store_pack_read_head(form, &head) && head.leans;
}

void
sqlite_history_forget(struct sqlite_store *store)
{
	struct sqlite_told *told = store->told;

	store->told = NULL;
	if (told == NULL)
		return;
	store_lean_fini(&told->lean);
	buf_fini(&told->text);
	free(told);
}

static struct digest
last_hash(const struct turn_columns *row)
{
	struct str hashes = row->hashes;

	return take_hash(&hashes);
}

/* The turn, where the reading before was stopped at this place in it. */
static struct sqlite_told *
take_told(struct reading *reading, const struct turn_columns *row)
{
	struct sqlite_told *told = reading->store->told;

	if (told == NULL || told->instance != reading->instance ||
	    told->lean.seq != reading->from_seq ||
	    reading->from_seq < row->first_seq ||
	    reading->from_seq - row->first_seq >= row->count ||
	    !digest_equal(told->last, last_hash(row)))
		return NULL;
	reading->store->told = NULL;
	return told;
}

/* Unpacks the row. */
static enum store_error
begin_turn(struct reading *reading, const struct turn_columns *row,
    struct sqlite_told *told, bool *is_whole)
{
	enum store_error error = STORE_OK;

	if (leans(row->packed) && reading->first.bytes == 0)
		error = sqlite_history_read_first(reading->store,
		    reading->instance, &reading->first);
	*is_whole = false;
	if (error == STORE_OK)
		error = sqlite_history_unpack(reading->store, row->packed,
		    buf_str(&reading->first), &told->text, is_whole);
	told->instance = reading->instance;
	told->last = last_hash(row);
	return error;
}

static void
tell_text(struct reading *reading, const struct turn_columns *row,
    struct sqlite_told *told)
{
	struct store_lean *lean = &told->lean;
	struct audit_record record;
	struct str hashes = row->hashes;

	while (!reading->is_stopped && store_lean_next(lean, &record)) {
		if (lean->rest.bytes == 0)
			record.hash = take_hash(&hashes);
		tell(reading, &record);
	}
	if (lean->rest.bytes > 0)
		tell_unreadable(reading, lean->seq);
}

/* Kept where there is more of it to tell. */
static void
leave_turn(struct reading *reading, struct sqlite_told *told)
{
	sqlite_history_forget(reading->store);
	reading->store->told = told;
	if (!reading->is_stopped || told->lean.rest.bytes == 0)
		sqlite_history_forget(reading->store);
}

static enum store_error
tell_packed(struct reading *reading, const struct turn_columns *row)
{
	struct sqlite_told *told = take_told(reading, row);
	bool is_whole = true;
	enum store_error error = STORE_OK;

	if (told == NULL) {
		told = calloc(1, sizeof(*told));
		must(told != NULL);
		error = begin_turn(reading, row, told, &is_whole);
		/* Nobody wrote it in both ways. */
		is_whole = is_whole && row->records.bytes == 0 &&
		    store_lean_init(&told->lean, buf_str(&told->text),
			row->first_seq, reading->prev);
	}
	if (error == STORE_OK && is_whole)
		tell_text(reading, row, told);
	else if (error == STORE_OK)
		tell_unreadable(reading, row->first_seq);
	leave_turn(reading, told);
	return error;
}

/* Purged: packed, to nothing. */
static bool
is_stub(const struct turn_columns *row)
{
	return row->packed.at != NULL && row->packed.bytes == 0 &&
	    row->records.bytes == 0 && row->first_seq > 0 &&
	    row->first_seq <= INT64_MAX && row->count > 0 &&
	    row->count <= INT64_MAX - row->first_seq;
}

static void
tell_stub(struct reading *reading, const struct turn_columns *row)
{
	struct str hashes = row->hashes;
	struct audit_record record = {
		.seq = row->first_seq + row->count - 1,
		.canonical = STR(""),
		.purged_from = row->first_seq,
	};

	/* An older program's row has all of them. */
	if (hashes.bytes > sizeof(record.hash))
		hashes = str_slice(hashes, hashes.bytes - sizeof(record.hash),
		    sizeof(record.hash));
	record.hash = take_hash(&hashes);
	tell(reading, &record);
}

/* A packed row is linked to the hash that the row before ends with. */
static void
set_prev(struct reading *reading, struct str hashes)
{
	size_t bytes = sizeof(reading->prev);

	reading->prev = (struct digest){{0}};
	if (hashes.bytes >= bytes)
		memcpy(reading->prev.bytes, hashes.at + hashes.bytes - bytes,
		    bytes);
	reading->has_prev = true;
}

static enum store_error
read_prev(struct reading *reading, uint64_t first_seq)
{
	struct sqlite_conn *conn = &reading->store->reader;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error = sqlite_conn_take(conn, READ_HASHES_BEFORE,
	    &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)reading->instance);
	sqlite_bind_int(statement, 2, (int64_t)first_seq);
	error = sqlite_conn_step(conn, statement, &is_row);
	set_prev(reading, is_row ? sqlite_column_str(statement, 0) : STR(""));
	sqlite_conn_give(conn, READ_HASHES_BEFORE, statement);
	return error;
}

static enum store_error
tell_turn(struct reading *reading, sqlite3_stmt *statement)
{
	struct turn_columns row = read_columns(statement);
	enum store_error error = STORE_OK;

	must(reading->fn != NULL);
	if (is_stub(&row)) {
		tell_stub(reading, &row);
	} else if (row.packed.at == NULL) {
		tell_whole(reading, &row);
	} else {
		if (!reading->has_prev && row.first_seq > 1)
			error = read_prev(reading, row.first_seq);
		if (error == STORE_OK)
			error = tell_packed(reading, &row);
	}
	set_prev(reading, row.hashes);
	return error;
}

static enum store_error
tell_turns(struct reading *reading)
{
	struct sqlite_conn *conn = &reading->store->reader;
	size_t which = reading->store->schema < SCHEMA_WITH_PACKED ?
	    READ_RECORDS_OLDER : READ_RECORDS;
	sqlite3_stmt *statement;
	bool is_row = true;
	uint64_t place = reading->store->backend.history_bound;
	int64_t bound = place != 0 ? (int64_t)place : INT64_MAX;
	enum store_error error = sqlite_conn_take(conn, which, &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)reading->instance);
	sqlite_bind_int(statement, 2, (int64_t)reading->from_seq);
	sqlite_bind_int(statement, 3, bound);
	while (error == STORE_OK && is_row && !reading->is_stopped) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (is_row)
			error = tell_turn(reading, statement);
	}
	sqlite_conn_give(conn, which, statement);
	return error;
}

enum store_error
sqlite_history_tell(struct store_backend *backend, uint64_t instance,
    uint64_t from_seq, store_record_fn *fn, void *arg)
{
	struct reading reading = {
		.store = sqlite_store_of(backend),
		.instance = instance,
		.from_seq = from_seq,
		.fn = fn,
		.arg = arg,
	};

	must(from_seq <= INT64_MAX);
	enum store_error error = tell_turns(&reading);
	buf_fini(&reading.first);
	return error;
}
