/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_write.c: one batch, one transaction; on the store's thread.
 *
 * The first failure ends the batch: what was done so far is rolled back, and
 * SQLite's words are kept before the roll-back changes them.
 */
#include "sqlite_priv.h"

/* Rows removed by one cleaning, of each kind: a pause nobody notices.  Twice
 * as many as the batch adds go beside, or what expires would outgrow it. */
#define CLEANING_ROWS_MAX 100

#define INSTANCE_SET                                                           \
	"workflow = ?2, version = ?3, definition = ?4, business_key = ?5, "    \
	"status = ?6, state = ?7, initiator = ?8, priority = ?9, labels = ?10,"\
	" started_ms = ?11, changed_ms = ?12, ended_ms = ?13, due_ms = ?14, "  \
	"busy = ?15, incidents = ?16, head_seq = ?17, head_hash = ?18, "       \
	"snapshot = ?19, form = ?20"

/* The parameters of all four statements on instances have the same numbers:
 * see bind_instance(). */
const char *const sqlite_write_sql[WRITE_STATEMENT_COUNT] = {
	[WRITE_BEGIN] = "BEGIN IMMEDIATE",
	[WRITE_COMMIT] = "COMMIT",
	[WRITE_LAST_NUMBER] =
	    "UPDATE meta SET value = ?1 WHERE name = 'last_number'",
	[WRITE_PROBE] =
	    "UPDATE meta SET value = value + 1 WHERE name = 'probes'",
	[WRITE_INSTANCE_NEW] =
	    "INSERT INTO instance (" INSTANCE_COLUMNS ", snapshot, form)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    "	?14, ?15, ?16, ?17, ?18, ?19, ?20)",
	/* Most turns change no column that has an index.  Said this way,
	 * SQLite knows it and touches none. */
	[WRITE_INSTANCE_TURN] =
	    "UPDATE instance SET version = ?3, definition = ?4, state = ?7,"
	    "	initiator = ?8, priority = ?9, labels = ?10, started_ms = ?11,"
	    "	changed_ms = ?12, ended_ms = ?13, head_seq = ?17,"
	    "	head_hash = ?18, snapshot = ?19, form = ?20"
	    " WHERE number = ?1 AND workflow = ?2 AND business_key IS ?5"
	    "	AND status = ?6 AND due_ms = ?14 AND busy = ?15"
	    "	AND incidents = ?16 AND (form = 1) = (?20 = 1)",
	/* One that is known to be there, and to have no pieces. */
	[WRITE_INSTANCE_CHANGED] =
	    "UPDATE instance SET " INSTANCE_SET " WHERE number = ?1",
	[WRITE_INSTANCE_ALL] =
	    "INSERT INTO instance (" INSTANCE_COLUMNS ", snapshot, form)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    "	?14, ?15, ?16, ?17, ?18, ?19, ?20)"
	    " ON CONFLICT (number) DO UPDATE SET " INSTANCE_SET,
	[WRITE_HISTORY] =
	    "INSERT INTO history (instance, first_seq, count, records, hashes,"
	    "	packed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[WRITE_JOURNAL_HEAD] =
	    "INSERT INTO meta VALUES ('journal_head', ?1)"
	    " ON CONFLICT (name) DO UPDATE SET value = ?1",
	[WRITE_NODE] =
	    "INSERT INTO tree (level, position, hash) VALUES (?1, ?2, ?3)"
	    " ON CONFLICT DO NOTHING",
	[WRITE_CHECKPOINT] =
	    "INSERT INTO checkpoint (number, size, at_ms, document)"
	    " VALUES (?1, ?2, ?3, ?4)",
	[WRITE_READ_DICTIONARY] = "SELECT id, definition, bytes"
	    " FROM dictionary WHERE definition = ?1",
	[WRITE_READ_SOURCE] =
	    "SELECT source FROM definition WHERE digest = ?1",
	[WRITE_DICTIONARY] =
	    "INSERT INTO dictionary (definition, bytes) VALUES (?1, ?2)",
	[WRITE_SUBSCRIPTION] =
	    "INSERT INTO subscription (correlation, instance) VALUES (?1, ?2)"
	    " ON CONFLICT DO NOTHING",
	[WRITE_NO_SUBSCRIPTION] =
	    "DELETE FROM subscription WHERE correlation = ?1 AND instance = ?2",
	[WRITE_ITEM] =
	    "INSERT INTO item (kind, instance, serial, open, created_ms,"
	    "	closed_ms, owner, body)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	    " ON CONFLICT (kind, instance, serial) DO UPDATE SET open = ?4,"
	    "	created_ms = ?5, closed_ms = ?6, owner = ?7, body = ?8",
	[WRITE_EVENT] =
	    "INSERT INTO event (" EVENT_COLUMNS ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
	    " ON CONFLICT (source, event_id) DO UPDATE SET type = ?4,"
	    "	subject = ?5, workflow = ?6, status = ?7, received_ms = ?8,"
	    "	expires_ms = ?9, body = ?10",
	[WRITE_IDEMPOTENCY] =
	    "INSERT INTO idempotency (key, request, status, response,"
	    "	location, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT (key) DO UPDATE SET request = ?2, status = ?3,"
	    "	response = ?4, location = ?5, expires_ms = ?6",
	[WRITE_DEFINITION] =
	    "INSERT INTO definition (digest, name, version, source,"
	    "	published_ms, published_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT (digest) DO UPDATE SET name = ?2, version = ?3,"
	    "	source = ?4, published_ms = ?5, published_by = ?6",
	[WRITE_SCHEDULE] =
	    "INSERT INTO schedule (workflow, position, rule, decided_ms,"
	    "	planned_ms, instance, queued, trouble)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	    " ON CONFLICT (workflow, position) DO UPDATE SET rule = ?3,"
	    "	decided_ms = ?4, planned_ms = ?5, instance = ?6, queued = ?7,"
	    "	trouble = ?8",
	[WRITE_DOCUMENT] =
	    "INSERT INTO document (kind, name, digest, source, since_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[WRITE_SWITCH] =
	    "INSERT INTO switch (connection, pauses, at_ms, actor, reason)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[WRITE_TOKEN] =
	    "INSERT INTO token (token, revokes, at_ms, actor, name, sha256,"
	    "	rights, expires_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[WRITE_POST] =
	    "INSERT INTO post (id, connection, instance, at_ms, body)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[WRITE_NO_POST] = "DELETE FROM post WHERE id = ?1",
	[WRITE_HOLD] =
	    "INSERT INTO hold (hold, releases, at_ms, actor, reason, scope,"
	    "	label, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[WRITE_SALT] =
	    "INSERT INTO salt (instance, salt) VALUES (?1, ?2)"
	    " ON CONFLICT (instance) DO UPDATE SET salt = ?2",
	[WRITE_NO_SALT] = "DELETE FROM salt WHERE instance = ?1",
	[WRITE_RETENTION] =
	    "INSERT INTO retention (until_ms, instance) VALUES (?1, ?2)"
	    " ON CONFLICT DO NOTHING",
	[WRITE_RETENTION_STEP] =
	    "UPDATE retention SET below = ?3"
	    " WHERE until_ms = ?1 AND instance = ?2",
	[WRITE_NO_RETENTION] =
	    "DELETE FROM retention WHERE until_ms = ?1 AND instance = ?2",
	[WRITE_UNSWEPT] =
	    "INSERT INTO meta VALUES ('unswept', ?1)"
	    " ON CONFLICT (name) DO UPDATE SET value = ?1",
	[WRITE_UNSCRUBBED] =
	    "INSERT INTO meta VALUES ('unscrubbed', 1) ON CONFLICT DO NOTHING",
	[WRITE_SCRUBBED] = "DELETE FROM meta WHERE name = 'unscrubbed'",
	[WRITE_NO_ITEMS] =
	    "DELETE FROM item WHERE kind IN (0, 1, 2, 3) AND instance = ?1",
	/* What was done alone waits for another person still. */
	[WRITE_NO_ITEMS_BUT_OPEN] =
	    "DELETE FROM item WHERE kind IN (0, 1, 2, 3) AND instance = ?1"
	    "	AND (kind < 3 OR open = 0)",
	[WRITE_NO_EVENTS_FOR] =
	    "UPDATE event SET subject = NULL, body = NULL, status = 0,"
	    "	expires_ms = 0 WHERE type = ?1 AND subject = ?2",
	[WRITE_NO_EVENTS_FROM] =
	    "UPDATE event SET subject = NULL, body = NULL, status = 0,"
	    "	expires_ms = 0 WHERE source = ?1"
	    "	AND event_id >= ?2 AND event_id < ?2 || char(1114111)",
	/* A row that gets shorter leaves its page as it is; one that moves
	 * away has the page merged with those beside it.  So what is purged
	 * goes to where there are no numbers, and comes back. */
	[WRITE_PURGED] =
	    "UPDATE instance SET number = -number, state = status,"
	    "	status = '" STORE_PURGED "',"
	    "	initiator = NULL, labels = ?4,"
	    "	changed_ms = ?2, due_ms = 0, busy = 0, incidents = 0,"
	    "	snapshot = ?3, form = 0"
	    " WHERE number = ?1 AND status <> '" STORE_PURGED "'",
	/* From where the last portion stopped down to where this one stops. */
	[WRITE_READ_PORTION] =
	    "SELECT min(first_seq) FROM (SELECT first_seq FROM history"
	    "	WHERE instance = ?1 AND first_seq < (SELECT below"
	    "	    FROM retention WHERE until_ms = ?2 AND instance = ?1)"
	    "	ORDER BY first_seq DESC LIMIT ?3)",
	[WRITE_PURGED_BACK] =
	    "UPDATE instance SET number = -number WHERE number < 0",
	[WRITE_STUBS] =
	    "UPDATE history SET id = -id, records = '', packed = x''"
	    " WHERE instance = ?1 AND first_seq >= ?2 AND first_seq < (SELECT"
	    "	below FROM retention WHERE until_ms = ?3 AND instance = ?1)",
	[WRITE_STUBS_BACK] =
	    "UPDATE history SET id = -id WHERE id < 0",
	[WRITE_READ_PIECES] = "SELECT snapshot FROM instance"
	    " WHERE number = ?1 AND form = 1",
	[WRITE_PIECE] =
	    "INSERT INTO piece (instance, digest, bytes) VALUES (?1, ?2, ?3)"
	    " ON CONFLICT DO NOTHING",
	[WRITE_NO_PIECE] =
	    "DELETE FROM piece WHERE instance = ?1 AND digest = ?2",
	[WRITE_NO_PIECES] = "DELETE FROM piece WHERE instance = ?1",
	[WRITE_CLEAN_EVENTS] =
	    "DELETE FROM event WHERE id IN (SELECT id FROM event"
	    "	WHERE status = 0 AND received_ms < ?1"
	    "	ORDER BY received_ms LIMIT ?2)",
	[WRITE_CLEAN_IDEMPOTENCY] =
	    "DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency"
	    "	WHERE expires_ms < ?1"
	    "	ORDER BY expires_ms LIMIT ?2)",
};

enum store_error
sqlite_write_row(struct sqlite_store *store, enum sqlite_write_statement number,
    sqlite_bind_fn *bind, const void *row)
{
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(&store->writer, number,
	    &statement);

	must(number < WRITE_STATEMENT_COUNT);
	if (error != STORE_OK)
		return error;
	if (bind != NULL)
		bind(statement, row);
	error = sqlite_conn_run(&store->writer, statement);
	sqlite_conn_give(&store->writer, number, statement);
	return error;
}

static void
bind_number(sqlite3_stmt *statement, const void *row)
{
	const uint64_t *number = row;

	sqlite_bind_int(statement, 1, (int64_t)*number);
}

/* -------------------------------------------------------------- instances */

/* What a row holds: the snapshot packed, or the list of its pieces. */
struct write_instance {
	const struct store_instance *row;
	struct str definition; /* number of its dictionary */
	struct str held;
	enum sqlite_form form;
	uint64_t sum; /* 0: none */
};

static void
bind_instance(sqlite3_stmt *statement, const void *row)
{
	const struct write_instance *write = row;
	const struct store_instance *instance = write->row;

	sqlite_bind_int(statement, 1, (int64_t)instance->number);
	sqlite_bind_text(statement, 2, instance->workflow);
	sqlite_bind_int(statement, 3, instance->version);
	sqlite_bind_blob(statement, 4, write->definition);
	sqlite_bind_text(statement, 5, instance->business_key);
	sqlite_bind_text(statement, 6, instance->status);
	sqlite_bind_text(statement, 7, instance->state);
	sqlite_bind_text(statement, 8, instance->initiator);
	sqlite_bind_text(statement, 9, instance->priority);
	sqlite_bind_text(statement, 10, instance->labels);
	sqlite_bind_int(statement, 11, instance->started_ms);
	sqlite_bind_int(statement, 12, instance->changed_ms);
	sqlite_bind_int(statement, 13, instance->ended_ms);
	sqlite_bind_int(statement, 14, instance->due_ms);
	sqlite_bind_int(statement, 15, instance->busy);
	sqlite_bind_int(statement, 16, instance->incidents);
	sqlite_bind_int(statement, 17, (int64_t)instance->head.seq);
	sqlite_bind_digest(statement, 18, &instance->head.hash);
	sqlite_bind_blob(statement, 19, write->held);
	sqlite_bind_int(statement, 20,
	    (int64_t)(write->sum << FORM_BITS | write->form));
}

static enum store_error
write_by(struct sqlite_store *store, enum sqlite_write_statement number,
    const struct write_instance *write)
{
	return sqlite_write_row(store, number, bind_instance, write);
}

/* Of a row of which nothing is known. */
static enum store_error
write_unknown(struct sqlite_store *store, const struct write_instance *write)
{
	enum store_error error = write_by(store, WRITE_INSTANCE_TURN, write);

	if (error != STORE_OK || sqlite3_changes(store->writer.db) > 0)
		return error;
	/* It may have had pieces before. */
	if (write->form != FORM_PIECES)
		error = sqlite_write_row(store, WRITE_NO_PIECES, bind_number,
		    &write->row->number);
	if (error == STORE_OK)
		error = write_by(store, WRITE_INSTANCE_ALL, write);
	return error;
}

/* Of a row of which it is known what is to change. */
static enum store_error
write_known(struct sqlite_store *store, const struct write_instance *write)
{
	enum store_error error =
	    write_by(store, WRITE_INSTANCE_CHANGED, write);

	/* Unless somebody removed it behind our back. */
	if (error == STORE_OK && sqlite3_changes(store->writer.db) == 0)
		error = write_by(store, WRITE_INSTANCE_ALL, write);
	return error;
}

static enum store_error
write_held(struct sqlite_store *store, const struct write_instance *write)
{
	const struct store_instance *row = write->row;
	bool pieced = write->form == FORM_PIECES;
	enum store_error error;

	/* Numbers are given in order, so a higher one than any is new. */
	if (row->number > store->written_number)
		error = write_by(store, WRITE_INSTANCE_NEW, write);
	else if (sqlite_recent_change(store->recents, row, pieced) ==
	    RECENT_CHANGED)
		error = write_known(store, write);
	else
		error = write_unknown(store, write);
	if (row->ended_ms == 0)
		sqlite_recent_keep_columns(store->recents, row, pieced);
	else
		sqlite_recent_forget(store->recents, row->number);
	return error;
}

/* What rests for long is packed so that it can be read by itself when it
 * wakes up; what is written again soon, or never, so that it is short. */
static struct str
first_to_lean_on(const struct sqlite_store *store,
    const struct store_instance *row)
{
	if (row->busy || row->ended_ms != 0)
		return sqlite_recent_first(store->recents, row->number);
	return (struct str){NULL, 0};
}

static enum store_error
hold_snapshot(struct sqlite_store *store,
    const struct sqlite_dictionary *dictionary, struct buf *list,
    struct write_instance *write)
{
	const struct store_instance *row = write->row;

	if (sqlite_piece_is_wanted(row->snapshot)) {
		enum store_error error = sqlite_piece_write(store, row, list);
		write->held = buf_str(list);
		write->form = FORM_PIECES;
		return error;
	}
	struct pack_base base = {
		.dictionary_id = dictionary->id,
		.dictionary = dictionary->bytes,
		.first = first_to_lean_on(store, row),
		.is_last = true, /* of its turn */
	};
	write->held = row->snapshot;
	write->form = FORM_WHOLE;
	if (row->snapshot.bytes > 0) {
		write->held = store_pack(store->packer, &base, row->snapshot);
		write->form = FORM_PACKED;
		write->sum = store_pack_sum(row->snapshot);
	}
	return STORE_OK;
}

static enum store_error
write_instance(struct sqlite_store *store, const struct store_instance *row)
{
	struct write_instance write = {.row = row};
	const struct sqlite_dictionary *dictionary;
	struct buf list = {0};
	char number[8];
	enum store_error error =
	    sqlite_dictionary_of(store, &row->definition, &dictionary);

	if (error != STORE_OK)
		return error;
	write.definition = sqlite_dictionary_number(dictionary->id, number);
	error = hold_snapshot(store, dictionary, &list, &write);
	if (error == STORE_OK)
		error = write_held(store, &write);
	buf_fini(&list);
	return error;
}

/* Those that no turn of this batch ends with. */
static enum store_error
write_instances(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;
	size_t cursor = 0;
	void *entry;

	while (error == STORE_OK &&
	    map_next(batch->instances, &cursor, NULL, &entry)) {
		const struct store_batch_instance *there = entry;
		if (!there->is_written)
			error = write_instance(store, &there->row);
	}
	/* Kept apart from the rows, so that one removed at the end is missed
	 * and its number never given again. */
	if (error == STORE_OK && batch->number_max > store->written_number)
		error = sqlite_write_row(store, WRITE_LAST_NUMBER, bind_number,
		    &batch->number_max);
	return error;
}

static enum store_error
write_turn(struct sqlite_store *store, const struct store_batch *batch,
    const struct store_history *turn)
{
	static const struct digest of_none;
	struct store_batch_instance *there =
	    map_find(batch->instances, MAP_KEY_OF(&turn->instance));
	enum store_error error = sqlite_history_write(store, turn,
	    there != NULL ? &there->row.definition : &of_none);

	if (error != STORE_OK || there == NULL ||
	    turn->first_seq + turn->count - 1 != there->row.head.seq)
		return error;
	/* Right behind its last turn: what both are packed against is at
	 * hand. */
	there->is_written = true;
	return write_instance(store, &there->row);
}

static enum store_error
write_turns(struct sqlite_store *store, const struct store_batch *batch)
{
	const struct store_history *turn;
	enum store_error error = STORE_OK;

	for (turn = batch->history_first; turn != NULL && error == STORE_OK;
	     turn = turn->next)
		error = write_turn(store, batch, turn);
	return error;
}

/* ---------------------------------------------------------------- journal */

static void
bind_journal_head(sqlite3_stmt *statement, const void *row)
{
	sqlite_bind_blob(statement, 1,
	    (struct str){row, JOURNAL_HEAD_BYTES});
}

/* The head is apart from the records, so that a tail cut off is missed. */
static enum store_error
write_journal(struct sqlite_store *store, const struct store_batch *batch)
{
	static const struct digest of_none;
	const struct store_history turn = {
		.instance = STORE_JOURNAL,
		.first_seq = batch->journal_count > 0 ? batch->journal->seq : 0,
		.count = batch->journal_count,
		.records = batch->journal,
	};
	uint8_t head[JOURNAL_HEAD_BYTES];

	if (turn.count == 0)
		return STORE_OK;
	const struct audit_record *last = &turn.records[turn.count - 1];
	for (size_t i = 0; i < 8; i++)
		head[i] = (uint8_t)(last->seq >> (56 - 8 * i));
	memcpy(head + 8, last->hash.bytes, sizeof(last->hash.bytes));
	enum store_error error = sqlite_history_write(store, &turn, &of_none);
	if (error == STORE_OK)
		error = sqlite_write_row(
		    store, WRITE_JOURNAL_HEAD, bind_journal_head,
		    head);
	return error;
}

/* ------------------------------------------------------------ other tables */

static void
bind_subscription(sqlite3_stmt *statement, const void *row)
{
	const struct store_subscription *entry = row;

	sqlite_bind_text(statement, 1, entry->correlation);
	sqlite_bind_int(statement, 2, (int64_t)entry->instance);
}

static enum store_error
write_subscriptions(struct sqlite_store *store,
    const struct store_batch *batch)
{
	enum store_error error = STORE_OK;
	size_t cursor = 0;
	void *first;

	while (error == STORE_OK &&
	    map_next(batch->subscriptions, &cursor, NULL, &first)) {
		const struct store_subscription *entry = first;
		for (; entry != NULL && error == STORE_OK; entry = entry->next)
			error = sqlite_write_row(store, entry->is_removed ?
			    WRITE_NO_SUBSCRIPTION : WRITE_SUBSCRIPTION,
			    bind_subscription, entry);
	}
	return error;
}

static void
bind_item(sqlite3_stmt *statement, const void *row)
{
	const struct store_item *item = row;

	sqlite_bind_int(statement, 1, item->kind);
	sqlite_bind_int(statement, 2, (int64_t)item->instance);
	sqlite_bind_int(statement, 3, (int64_t)item->serial);
	sqlite_bind_int(statement, 4, item->open);
	sqlite_bind_int(statement, 5, item->created_ms);
	sqlite_bind_int(statement, 6, item->closed_ms);
	sqlite_bind_text(statement, 7, item->owner);
	sqlite_bind_text(statement, 8, item->body);
}

static void
bind_event(sqlite3_stmt *statement, const void *row)
{
	const struct store_batch_event *entry = row;
	const struct store_event *event = &entry->row;

	sqlite_bind_int(statement, 1, (int64_t)event->id);
	sqlite_bind_text(statement, 2, event->source);
	sqlite_bind_text(statement, 3, event->event_id);
	sqlite_bind_text(statement, 4, event->type);
	sqlite_bind_text(statement, 5, event->subject);
	sqlite_bind_text(statement, 6, event->workflow);
	sqlite_bind_int(statement, 7, event->status);
	sqlite_bind_int(statement, 8, event->received_ms);
	sqlite_bind_int(statement, 9, event->expires_ms);
	sqlite_bind_blob(statement, 10, event->body);
}

static void
bind_idempotency(sqlite3_stmt *statement, const void *row)
{
	const struct store_idempotency *idempotency = row;

	sqlite_bind_text(statement, 1, idempotency->key);
	sqlite_bind_digest(statement, 2, &idempotency->request);
	sqlite_bind_int(statement, 3, idempotency->status);
	sqlite_bind_text(statement, 4, idempotency->response);
	sqlite_bind_text(statement, 5, idempotency->location);
	sqlite_bind_int(statement, 6, idempotency->expires_ms);
}

static void
bind_definition(sqlite3_stmt *statement, const void *row)
{
	const struct store_definition *definition = row;

	sqlite_bind_digest(statement, 1, &definition->digest);
	sqlite_bind_text(statement, 2, definition->name);
	sqlite_bind_int(statement, 3, definition->version);
	sqlite_bind_text(statement, 4, definition->source);
	sqlite_bind_int(statement, 5, definition->published_ms);
	sqlite_bind_text(statement, 6, definition->published_by);
}

static void
bind_schedule(sqlite3_stmt *statement, const void *row)
{
	const struct store_schedule *schedule = row;

	sqlite_bind_text(statement, 1, schedule->workflow);
	sqlite_bind_int(statement, 2, schedule->position);
	sqlite_bind_text(statement, 3, schedule->rule);
	sqlite_bind_int(statement, 4, schedule->decided_ms);
	sqlite_bind_int(statement, 5, schedule->planned_ms);
	sqlite_bind_int(statement, 6, (int64_t)schedule->instance);
	sqlite_bind_blob(statement, 7, schedule->queued);
	sqlite_bind_text(statement, 8, schedule->trouble);
}

static void
bind_document(sqlite3_stmt *statement, const void *row)
{
	const struct store_document *document = row;

	sqlite_bind_text(statement, 1, document->kind);
	sqlite_bind_text(statement, 2, document->name);
	sqlite_bind_digest(statement, 3, &document->digest);
	sqlite_bind_text(statement, 4, document->source);
	sqlite_bind_int(statement, 5, document->since_ms);
}

static enum store_error
write_documents(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;

	for (const struct store_batch_document *document =
	    batch->document_first;
	    error == STORE_OK && document != NULL; document = document->next)
		error = sqlite_write_row(
		    store, WRITE_DOCUMENT, bind_document, &document->row);
	return error;
}

static void
bind_switch(sqlite3_stmt *statement, const void *row)
{
	const struct store_switch *act = row;

	sqlite_bind_text(statement, 1, act->connection);
	sqlite_bind_int(statement, 2, act->pauses);
	sqlite_bind_int(statement, 3, act->at_ms);
	sqlite_bind_text(statement, 4, act->actor);
	sqlite_bind_text(statement, 5, act->reason);
}

static enum store_error
write_switches(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;

	for (const struct store_batch_switch *act = batch->switch_first;
	    error == STORE_OK && act != NULL; act = act->next)
		error = sqlite_write_row(
		    store, WRITE_SWITCH, bind_switch, &act->row);
	return error;
}

static void
bind_token(sqlite3_stmt *statement, const void *row)
{
	const struct store_token *token = row;

	sqlite_bind_text(statement, 1, token->id);
	sqlite_bind_int(statement, 2, token->revokes);
	sqlite_bind_int(statement, 3, token->at_ms);
	sqlite_bind_text(statement, 4, token->actor);
	sqlite_bind_text(statement, 5, token->name);
	if (!token->revokes)
		sqlite_bind_digest(statement, 6, &token->sha256);
	sqlite_bind_text(statement, 7, token->grant);
	sqlite_bind_int(statement, 8, token->expires_ms);
}

static enum store_error
write_tokens(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;

	for (const struct store_batch_token *token = batch->token_first;
	    error == STORE_OK && token != NULL; token = token->next)
		error = sqlite_write_row(
		    store, WRITE_TOKEN, bind_token, &token->row);
	return error;
}

static void
bind_node(sqlite3_stmt *statement, const void *row)
{
	const struct store_node *node = row;

	sqlite_bind_int(statement, 1, (int64_t)node->level);
	sqlite_bind_int(statement, 2, (int64_t)node->position);
	sqlite_bind_digest(statement, 3, &node->hash);
}

static void
bind_checkpoint(sqlite3_stmt *statement, const void *row)
{
	const struct store_checkpoint *checkpoint = row;

	sqlite_bind_int(statement, 1, (int64_t)checkpoint->number);
	sqlite_bind_int(statement, 2, (int64_t)checkpoint->size);
	sqlite_bind_int(statement, 3, checkpoint->at_ms);
	sqlite_bind_text(statement, 4, checkpoint->document);
}

static enum store_error
write_checkpoints(struct sqlite_store *store, const struct store_batch *batch)
{
	const struct store_batch_node *node = batch->nodes;
	const struct store_batch_checkpoint *made = batch->checkpoints;
	enum store_error error = STORE_OK;

	for (; error == STORE_OK && node != NULL; node = node->next)
		error = sqlite_write_row(
		    store, WRITE_NODE, bind_node, &node->row);
	for (; error == STORE_OK && made != NULL; made = made->next)
		error = sqlite_write_row(
		    store, WRITE_CHECKPOINT, bind_checkpoint,
		    &made->row);
	return error;
}

static void
bind_post(sqlite3_stmt *statement, const void *row)
{
	const struct store_post *post = row;

	sqlite_bind_int(statement, 1, (int64_t)post->id);
	sqlite_bind_text(statement, 2, post->connection);
	sqlite_bind_int(statement, 3, (int64_t)post->instance);
	sqlite_bind_int(statement, 4, post->at_ms);
	sqlite_bind_blob(statement, 5, post->body);
}

static enum store_error
write_posts(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;

	for (const struct store_batch_post *post = batch->post_first;
	    error == STORE_OK && post != NULL; post = post->next)
		error = post->is_removed
		    ? sqlite_write_row(store, WRITE_NO_POST, bind_number,
			  &post->row.id)
		    : sqlite_write_row(store, WRITE_POST, bind_post, &post->row);
	return error;
}

/* Every row of a map by the same statement. */
static enum store_error
write_map(struct sqlite_store *store, const struct map *rows,
    enum sqlite_write_statement number, sqlite_bind_fn *bind)
{
	enum store_error error = STORE_OK;
	size_t cursor = 0;
	void *row;

	must(bind != NULL);
	while (error == STORE_OK && map_next(rows, &cursor, NULL, &row))
		error = sqlite_write_row(store, number, bind, row);
	return error;
}

struct write_cleaning {
	int64_t before_ms;
	size_t limit;
};

static void
bind_cleaning(sqlite3_stmt *statement, const void *row)
{
	const struct write_cleaning *cleaning = row;

	sqlite_bind_int(statement, 1, cleaning->before_ms);
	sqlite_bind_int(statement, 2, (int64_t)cleaning->limit);
}

/* added: rows of that kind in the batch. */
static enum store_error
clean(struct sqlite_store *store, enum sqlite_write_statement number,
    int64_t before_ms, size_t added)
{
	struct write_cleaning cleaning = {
		.before_ms = before_ms,
		.limit = CLEANING_ROWS_MAX + 2 * added,
	};
	enum store_error error =
	    sqlite_write_row(store, number, bind_cleaning, &cleaning);

	if (error == STORE_OK &&
	    (size_t)sqlite3_changes(store->writer.db) == cleaning.limit)
		store->backend.needs_cleaning = true;
	return error;
}

static enum store_error
write_chores(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error = STORE_OK;

	if (batch->has_probe)
		error = sqlite_write_row(store, WRITE_PROBE, NULL, NULL);
	if (!batch->cleaning.is_wanted || error != STORE_OK)
		return error;
	store->backend.needs_cleaning = false;
	error = clean(store, WRITE_CLEAN_EVENTS,
	    batch->cleaning.events_before_ms, map_count(batch->events));
	if (error == STORE_OK)
		error = clean(store, WRITE_CLEAN_IDEMPOTENCY,
		    batch->cleaning.now_ms, map_count(batch->idempotency));
	return error;
}

/* ------------------------------------------------------------- transaction */

static enum store_error
write_all(struct sqlite_store *store, const struct store_batch *batch)
{
	enum store_error error =
	    sqlite_write_row(store, WRITE_BEGIN, NULL, NULL);

	if (error == STORE_OK)
		error = write_turns(store, batch);
	if (error == STORE_OK)
		error = write_journal(store, batch);
	if (error == STORE_OK)
		error = write_instances(store, batch);
	if (error == STORE_OK)
		error = write_subscriptions(store, batch);
	if (error == STORE_OK)
		error = write_map(store, batch->items, WRITE_ITEM, bind_item);
	if (error == STORE_OK)
		error =
		    write_map(store, batch->events, WRITE_EVENT, bind_event);
	if (error == STORE_OK)
		error = write_map(store, batch->idempotency, WRITE_IDEMPOTENCY,
		    bind_idempotency);
	if (error == STORE_OK)
		error = write_map(store, batch->definitions, WRITE_DEFINITION,
		    bind_definition);
	if (error == STORE_OK)
		error = write_map(store, batch->schedules, WRITE_SCHEDULE,
		    bind_schedule);
	if (error == STORE_OK)
		error = write_documents(store, batch);
	if (error == STORE_OK)
		error = write_switches(store, batch);
	if (error == STORE_OK)
		error = write_tokens(store, batch);
	if (error == STORE_OK)
		error = write_checkpoints(store, batch);
	if (error == STORE_OK)
		error = write_posts(store, batch);
	if (error == STORE_OK)
		error = sqlite_retention_write(store, batch);
	if (error == STORE_OK)
		error = write_chores(store, batch);
	if (error == STORE_OK)
		error = sqlite_write_row(store, WRITE_COMMIT, NULL, NULL);
	return error;
}

/* The numbers that it gave to dictionaries and instances will be given to
 * others: what was kept by them is of no use any more. */
static void
forget_failed(struct sqlite_store *store)
{
	sqlite_dictionary_forget(&store->written_dictionaries);
	store_packer_forget(store->packer);
	sqlite_recent_forget_all(store->recents);
}

enum store_error
sqlite_write_commit(struct store_backend *backend,
    const struct store_batch *batch, struct buf *detail)
{
	struct sqlite_store *store = sqlite_store_of(backend);

	must(sqlite3_get_autocommit(store->writer.db));
	if (store_batch_is_empty(batch))
		return STORE_OK;
	enum store_error error = sqlite_files_check(store->files, detail);
	if (error != STORE_OK)
		return error;
	sqlite_gather_begin(store->gather);
	error = write_all(store, batch);
	if (error == STORE_OK) {
		must(sqlite3_get_autocommit(store->writer.db));
		if (batch->number_max > store->written_number)
			store->written_number = batch->number_max;
		sqlite_retention_scrub(store);
		return STORE_OK;
	}
	sqlite_conn_explain(&store->writer, detail);
	forget_failed(store);
	/* Some failures have rolled it back already. */
	if (!sqlite3_get_autocommit(store->writer.db))
		(void)sqlite3_exec(store->writer.db, "ROLLBACK", NULL, NULL,
		    NULL);
	return sqlite_gather_take_back(store->gather) ? error : STORE_UNSURE;
}
