/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_list.c: telling many rows, one at a time, on the loop's thread.
 *
 * Nothing is gathered: a row is valid during its callback, and memory does
 * not grow with the length of a list.
 */
#include "sqlite_priv.h"

enum store_error
sqlite_list_rows_of_events(struct sqlite_conn *conn, sqlite3_stmt *statement,
    store_event_fn *fn, void *arg)
{
	enum store_error error = STORE_OK;
	bool is_row = true;

	must(fn != NULL);
	while (error == STORE_OK && is_row) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (is_row) {
			struct store_event row =
			    sqlite_find_read_event(statement);
			fn(&row, arg);
		}
	}
	return error;
}

/* A limit as SQLite understands it. */
static int64_t
limit_of(size_t limit)
{
	return limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

/* ---------------------------------------------------- start-up and timers */

static enum store_error
tell_due(struct store_backend *backend, enum sqlite_read_statement read,
    const struct store_due_range *range, store_due_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = true;
	enum store_error error = sqlite_conn_take(conn, read, &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, range->until_ms);
	sqlite_bind_int(statement, 2, limit_of(range->limit));
	sqlite_bind_int(statement, 3, range->after_ms);
	sqlite_bind_int(statement, 4, (int64_t)range->after_number);
	while (error == STORE_OK && is_row) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (is_row)
			fn((uint64_t)sqlite3_column_int64(statement, 0),
			    sqlite3_column_int64(statement, 1), arg);
	}
	sqlite_conn_give(conn, read, statement);
	return error;
}

enum store_error
sqlite_list_due(struct store_backend *backend,
    const struct store_due_range *range, store_due_fn *fn, void *arg)
{
	return tell_due(backend, READ_DUE, range, fn, arg);
}

enum store_error
sqlite_list_retained(struct store_backend *backend,
    const struct store_due_range *range, store_due_fn *fn, void *arg)
{
	return tell_due(backend, READ_RETAINED, range, fn, arg);
}

enum store_error
sqlite_list_busy(struct store_backend *backend, uint64_t after, size_t limit,
    store_number_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = true;
	enum store_error error = sqlite_conn_take(conn, READ_BUSY, &statement);

	if (error != STORE_OK)
		return error;
	must(after <= INT64_MAX);
	sqlite_bind_int(statement, 1, (int64_t)after);
	sqlite_bind_int(statement, 2, limit_of(limit));
	while (error == STORE_OK && is_row) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (is_row)
			fn((uint64_t)sqlite3_column_int64(statement, 0), arg);
	}
	sqlite_conn_give(conn, READ_BUSY, statement);
	return error;
}

enum store_error
sqlite_list_expired_events(struct store_backend *backend, int64_t now_ms,
    size_t limit, store_event_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, READ_EXPIRED_EVENTS,
	    &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, now_ms);
	sqlite_bind_int(statement, 2, limit_of(limit));
	error = sqlite_list_rows_of_events(conn, statement, fn, arg);
	sqlite_conn_give(conn, READ_EXPIRED_EVENTS, statement);
	return error;
}

enum store_error
sqlite_list_next_expiry(struct store_backend *backend, int64_t *expires_ms)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row;
	enum store_error error = sqlite_conn_take(conn, READ_NEXT_EXPIRY,
	    &statement);

	if (error != STORE_OK)
		return error;
	error = sqlite_conn_step(conn, statement, &is_row);
	*expires_ms = INT64_MAX;
	if (is_row && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*expires_ms = sqlite3_column_int64(statement, 0);
	sqlite_conn_give(conn, READ_NEXT_EXPIRY, statement);
	return error;
}

/* ------------------------------------------------------------ whole tables */

/* What one row is told to. */
struct telling {
	union {
		store_definition_fn *definition;
		store_document_fn *document;
		store_schedule_fn *schedule;
		store_switch_fn *act;
		store_token_fn *token;
		store_post_count_fn *post_count;
		store_hold_fn *hold;
	} fn;
	void *arg;
};
/* false: the row is damaged. */
typedef bool tell_fn(sqlite3_stmt *statement, const struct telling *telling);

static enum store_error
tell_rows(struct store_backend *backend, enum sqlite_read_statement read,
    tell_fn *tell, const struct telling *telling)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = true;
	enum store_error error = sqlite_conn_take(conn, read, &statement);

	if (error != STORE_OK)
		return error;
	while (error == STORE_OK && is_row) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (is_row && !tell(statement, telling))
			error = STORE_CORRUPT;
	}
	sqlite_conn_give(conn, read, statement);
	return error;
}

static bool
tell_definition(sqlite3_stmt *statement, const struct telling *telling)
{
	struct store_definition row = {
		.name = sqlite_column_str(statement, 1),
		.version = sqlite3_column_int64(statement, 2),
		.source = sqlite_column_str(statement, 3),
		.published_ms = sqlite3_column_int64(statement, 4),
		.published_by = sqlite_column_str(statement, 5),
	};

	if (!sqlite_column_digest(statement, 0, &row.digest))
		return false;
	telling->fn.definition(&row, telling->arg);
	return true;
}

enum store_error
sqlite_list_definitions(struct store_backend *backend,
    store_definition_fn *fn, void *arg)
{
	return tell_rows(backend, READ_DEFINITIONS, tell_definition,
	    &(struct telling){.fn.definition = fn, .arg = arg});
}

static bool
tell_document(sqlite3_stmt *statement, const struct telling *telling)
{
	struct store_document row = {
		.kind = sqlite_column_str(statement, 0),
		.name = sqlite_column_str(statement, 1),
		.source = sqlite_column_str(statement, 3),
		.since_ms = sqlite3_column_int64(statement, 4),
	};

	if (!sqlite_column_digest(statement, 2, &row.digest))
		return false;
	telling->fn.document(&row, telling->arg);
	return true;
}

enum store_error
sqlite_list_documents(struct store_backend *backend, store_document_fn *fn,
    void *arg)
{
	if (sqlite_store_of(backend)->schema < SCHEMA_WITH_DOCUMENTS)
		return STORE_OK;
	return tell_rows(backend, READ_DOCUMENTS, tell_document,
	    &(struct telling){.fn.document = fn, .arg = arg});
}

static bool
tell_schedule(sqlite3_stmt *statement, const struct telling *telling)
{
	struct store_schedule row = {
		.workflow = sqlite_column_str(statement, 0),
		.position = sqlite3_column_int64(statement, 1),
		.rule = sqlite_column_str(statement, 2),
		.decided_ms = sqlite3_column_int64(statement, 3),
		.planned_ms = sqlite3_column_int64(statement, 4),
		.instance = (uint64_t)sqlite3_column_int64(statement, 5),
		.queued = sqlite_column_str(statement, 6),
		.trouble = sqlite_column_str(statement, 7),
	};

	telling->fn.schedule(&row, telling->arg);
	return true;
}

enum store_error
sqlite_list_schedules(struct store_backend *backend, store_schedule_fn *fn,
    void *arg)
{
	return tell_rows(backend, READ_SCHEDULES, tell_schedule,
	    &(struct telling){.fn.schedule = fn, .arg = arg});
}

static bool
tell_switch(sqlite3_stmt *statement, const struct telling *telling)
{
	struct store_switch row = {
		.connection = sqlite_column_str(statement, 0),
		.pauses = sqlite3_column_int64(statement, 1) != 0,
		.at_ms = sqlite3_column_int64(statement, 2),
		.actor = sqlite_column_str(statement, 3),
		.reason = sqlite_column_str(statement, 4),
	};

	telling->fn.act(&row, telling->arg);
	return true;
}

enum store_error
sqlite_list_switches(struct store_backend *backend, store_switch_fn *fn,
    void *arg)
{
	return tell_rows(backend, READ_SWITCHES, tell_switch,
	    &(struct telling){.fn.act = fn, .arg = arg});
}

static bool
tell_token(sqlite3_stmt *statement, const struct telling *telling)
{
	struct store_token row = {
		.id = sqlite_column_str(statement, 0),
		.revokes = sqlite3_column_int64(statement, 1) != 0,
		.at_ms = sqlite3_column_int64(statement, 2),
		.actor = sqlite_column_str(statement, 3),
		.name = sqlite_column_str(statement, 4),
		.grant = sqlite_column_str(statement, 6),
		.expires_ms = sqlite3_column_int64(statement, 7),
	};

	if (!row.revokes && !sqlite_column_digest(statement, 5, &row.sha256))
		return false;
	telling->fn.token(&row, telling->arg);
	return true;
}

enum store_error
sqlite_list_tokens(struct store_backend *backend, store_token_fn *fn, void *arg)
{
	return tell_rows(backend, READ_TOKENS, tell_token,
	    &(struct telling){.fn.token = fn, .arg = arg});
}

/* ------------------------------------------------------------------ outbox */

static bool
tell_post_count(sqlite3_stmt *statement, const struct telling *telling)
{
	telling->fn.post_count(sqlite_column_str(statement, 0),
	    (size_t)sqlite3_column_int64(statement, 1), telling->arg);
	return true;
}

static bool
tell_hold(sqlite3_stmt *statement, const struct telling *telling)
{
	struct store_hold row = {
		.id = sqlite_column_str(statement, 0),
		.releases = sqlite3_column_int64(statement, 1) != 0,
		.at_ms = sqlite3_column_int64(statement, 2),
		.actor = sqlite_column_str(statement, 3),
		.reason = sqlite_column_str(statement, 4),
		.scope = sqlite_column_str(statement, 5),
		.label = sqlite_column_str(statement, 6),
		.value = sqlite_column_str(statement, 7),
	};

	telling->fn.hold(&row, telling->arg);
	return true;
}

enum store_error
sqlite_list_post_counts(struct store_backend *backend,
    store_post_count_fn *fn, void *arg)
{
	return tell_rows(backend, READ_POST_COUNTS, tell_post_count,
	    &(struct telling){.fn.post_count = fn, .arg = arg});
}

enum store_error
sqlite_list_posts(struct store_backend *backend, struct str connection,
    uint64_t after, size_t limit, store_post_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	sqlite3_stmt *statement;
	bool is_row = true;
	enum store_error error =
	    sqlite_conn_take(conn, READ_POSTS, &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_text(statement, 1, connection);
	sqlite_bind_int(statement, 2, (int64_t)after);
	sqlite_bind_int(statement, 3, (int64_t)limit);
	while (error == STORE_OK && is_row) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (is_row)
			fn(&(struct store_post){
			    .id = (uint64_t)sqlite3_column_int64(statement, 0),
			    .connection = connection,
			    .instance =
				(uint64_t)sqlite3_column_int64(statement, 1),
			    .at_ms = sqlite3_column_int64(statement, 2),
			    .body = sqlite_column_str(statement, 3),
			}, arg);
	}
	sqlite_conn_give(conn, READ_POSTS, statement);
	return error;
}

enum store_error
sqlite_list_holds(struct store_backend *backend, store_hold_fn *fn, void *arg)
{
	return tell_rows(backend, READ_HOLDS, tell_hold,
	    &(struct telling){.fn.hold = fn, .arg = arg});
}

/* -------------------------------------------------------------- instances */

/* The way to the rows that leaves the fewest to look at. */
static enum sqlite_read_statement
choose_path(const struct store_instance_filter *filter)
{
	bool down = filter->newest_first;

	if (filter->business_key.at != NULL)
		return down ? READ_INSTANCES_NEWEST_BY_KEY :
		    READ_INSTANCES_BY_KEY;
	if (filter->has_incident == 1)
		return down ? READ_INSTANCES_NEWEST_BY_INCIDENT :
		    READ_INSTANCES_BY_INCIDENT;
	if (filter->status.at != NULL)
		return down ? READ_INSTANCES_NEWEST_BY_STATUS :
		    READ_INSTANCES_BY_STATUS;
	return down ? READ_INSTANCES_NEWEST : READ_INSTANCES;
}

/* Where the list begins: a cursor of 0 means the end that it begins at. */
static int64_t
start_of(const struct store_instance_filter *filter)
{
	must(filter->after <= INT64_MAX);
	if (filter->newest_first && filter->after == 0)
		return INT64_MAX;
	return (int64_t)filter->after;
}

static void
bind_filter(sqlite3_stmt *statement, const struct store_instance_filter *filter)
{
	int64_t looked_max = -1;

	if (filter->looked_max > 0)
		looked_max = limit_of(filter->looked_max);
	sqlite_bind_int(statement, 1, start_of(filter));
	sqlite_bind_text(statement, 2, filter->workflow);
	sqlite_bind_text(statement, 3, filter->status);
	sqlite_bind_text(statement, 4, filter->state);
	sqlite_bind_int(statement, 5, filter->started_from_ms);
	sqlite_bind_int(statement, 6, filter->started_to_ms);
	sqlite_bind_int(statement, 7, filter->has_incident);
	sqlite_bind_text(statement, 8, filter->label);
	sqlite_bind_text(statement, 9, filter->label_value);
	sqlite_bind_int(statement, 10, looked_max);
	if (filter->business_key.at != NULL)
		sqlite_bind_text(statement, 11, filter->business_key);
	else if (filter->status.at != NULL && filter->has_incident != 1)
		sqlite_bind_text(statement, 11, filter->status);
}

/* How far a list of instances has come. */
struct walk {
	const struct store_instance_filter *filter;
	store_instance_fn *fn;
	void *arg;
	uint64_t last;   /* number of the last row looked at */
	size_t looked;
	size_t told;
	bool is_stopped; /* by the limit, or the callback */
};

static enum store_error
look_at_row(struct sqlite_store *store, struct walk *walk,
    sqlite3_stmt *statement)
{
	struct store_instance row;
	enum store_error error;
	int fits = sqlite3_column_int(statement, INSTANCE_COLUMN_COUNT);

	walk->looked++;
	walk->last = (uint64_t)sqlite3_column_int64(statement, 0);
	if (fits == 0)
		return STORE_OK;
	error = sqlite_find_read_instance(store, statement, &row);
	if (error != STORE_OK)
		return error;
	if (fits == INSTANCE_FITS_PERHAPS &&
	    !store_label_equals(&row, walk->filter->label,
		walk->filter->label_value))
		return STORE_OK;
	walk->told++;
	walk->is_stopped = !walk->fn(&row, walk->arg) ||
	    walk->told >= walk->filter->limit;
	return STORE_OK;
}

static void
tell_resume(const struct walk *walk)
{
	size_t looked_max = walk->filter->looked_max;
	bool is_cut = looked_max > 0 && walk->looked >= looked_max;

	if (walk->filter->resume_after != NULL)
		*walk->filter->resume_after =
		    walk->is_stopped || is_cut ? walk->last : 0;
}

enum store_error
sqlite_list_instances(struct store_backend *backend,
    const struct store_instance_filter *filter, store_instance_fn *fn,
    void *arg)
{
	struct sqlite_store *store = sqlite_store_of(backend);
	struct sqlite_conn *conn = &store->reader;
	struct walk walk = {.filter = filter, .fn = fn, .arg = arg};
	enum sqlite_read_statement path = choose_path(filter);
	sqlite3_stmt *statement;
	bool is_row = true;

	must(filter->limit > 0);
	enum store_error error = sqlite_conn_take(conn, path, &statement);
	if (error != STORE_OK)
		return error;
	bind_filter(statement, filter);
	while (error == STORE_OK && is_row && !walk.is_stopped) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (is_row)
			error = look_at_row(store, &walk, statement);
	}
	sqlite_conn_give(conn, path, statement);
	tell_resume(&walk);
	return error;
}

/* ------------------------------------------------------------ items, events */

static enum sqlite_read_statement
choose_items(const struct store_item_filter *filter)
{
	if (filter->instance != 0)
		return READ_ITEMS_OF_INSTANCE;
	return filter->open == 1 ? READ_ITEMS_OPEN : READ_ITEMS;
}

static void
bind_item_filter(sqlite3_stmt *statement,
    const struct store_item_filter *filter)
{
	sqlite_bind_int(statement, 1, filter->kind);
	sqlite_bind_int(statement, 2, (int64_t)filter->after_instance);
	sqlite_bind_int(statement, 3, (int64_t)filter->after_serial);
	sqlite_bind_text(statement, 4, filter->owner);
	sqlite_bind_int(statement, 5, filter->open);
	sqlite_bind_int(statement, 6, limit_of(filter->limit));
	if (filter->instance != 0)
		sqlite_bind_int(statement, 7, (int64_t)filter->instance);
}

static struct store_item
read_item(sqlite3_stmt *statement)
{
	return (struct store_item){
		.kind = (enum store_item_kind)sqlite3_column_int(statement, 0),
		.instance = (uint64_t)sqlite3_column_int64(statement, 1),
		.serial = (uint64_t)sqlite3_column_int64(statement, 2),
		.open = sqlite3_column_int(statement, 3) != 0,
		.created_ms = sqlite3_column_int64(statement, 4),
		.closed_ms = sqlite3_column_int64(statement, 5),
		.owner = sqlite_column_str(statement, 6),
		.body = sqlite_column_str(statement, 7),
	};
}

enum store_error
sqlite_list_items(struct store_backend *backend,
    const struct store_item_filter *filter, store_item_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	enum sqlite_read_statement path = choose_items(filter);
	sqlite3_stmt *statement;
	bool is_row = true;

	must(filter->limit > 0);
	enum store_error error = sqlite_conn_take(conn, path, &statement);
	if (error != STORE_OK)
		return error;
	bind_item_filter(statement, filter);
	while (error == STORE_OK && is_row) {
		error = sqlite_conn_step(conn, statement, &is_row);
		if (!is_row)
			break;
		struct store_item row = read_item(statement);
		if (!fn(&row, arg))
			break;
	}
	sqlite_conn_give(conn, path, statement);
	return error;
}

enum store_error
sqlite_list_events(struct store_backend *backend,
    enum store_event_status status, uint64_t after, size_t limit,
    store_event_fn *fn, void *arg)
{
	struct sqlite_conn *conn = &sqlite_store_of(backend)->reader;
	enum sqlite_read_statement path = status == EVENT_MATCHED ?
	    READ_EVENTS_MATCHED : READ_EVENTS_OTHER;
	sqlite3_stmt *statement;

	must(limit > 0);
	enum store_error error = sqlite_conn_take(conn, path, &statement);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, status);
	sqlite_bind_int(statement, 2, (int64_t)after);
	sqlite_bind_int(statement, 3, limit_of(limit));
	error = sqlite_list_rows_of_events(conn, statement, fn, arg);
	sqlite_conn_give(conn, path, statement);
	return error;
}
