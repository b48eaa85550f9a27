/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c: opening, closing and handing over batches.
 *
 * There are two batches for ever: the open one and the one under way.  When
 * one is submitted they change places.  The one under way stays readable
 * until store_finished() has told the engine what became of it, so there is
 * no moment at which a row is neither in a batch nor seen to be durable.
 */
#include "stated/store.h"

#include <errno.h>
#include <stdlib.h>

#include "store_backend.h"

enum store_error
store_error_of_errno(int code)
{
	switch (code) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return STORE_FULL;
	case EROFS:
	case EACCES:
	case EPERM:
		return STORE_READONLY;
	case EMFILE:
	case ENFILE:
		return STORE_STARVED;
	default:
		return STORE_IO;
	}
}

struct str
store_error_text(enum store_error error)
{
	static const struct str texts[] = {
		[STORE_OK] = STR_INIT("all is well"),
		[STORE_ABSENT] = STR_INIT("there is nothing of that name"),
		[STORE_LOCKED] = STR_INIT("another process holds the database; "
		    "stop it, or wait until it is done"),
		[STORE_FULL] = STR_INIT("no space is left for the database; "
		    "free some, work goes on by itself"),
		[STORE_READONLY] = STR_INIT("the database can't be written; "
		    "look at its permissions and how its disk is mounted"),
		[STORE_CORRUPT] = STR_INIT("the database is damaged; nothing "
		    "was written to it: keep the file, restore a backup"),
		[STORE_NEWER] = STR_INIT("the database was written by a newer "
		    "program; use that one"),
		[STORE_OLDER] = STR_INIT("the database was written by an older "
		    "program; open it once for writing to bring it up to date"),
		[STORE_FOREIGN] = STR_INIT("the file is not a database of "
		    "stated; it was left as it is"),
		[STORE_SEALED] = STR_INIT("the database is encrypted under a "
		    "key that was not given; nothing was changed: name it in "
		    "encryption.keys of the configuration"),
		[STORE_UNSEALED] = STR_INIT("the database is not encrypted, "
		    "although keys were given for it; nothing was changed: "
		    "stated rekey encrypts it"),
		[STORE_PARTED] = STR_INIT("a part of a database is here "
		    "without the rest; nothing was made in its place"),
		[STORE_TAKEN] = STR_INIT("there is a file of that name, and "
		    "it was left as it is"),
		[STORE_MOVED] = STR_INIT("the database was removed or replaced "
		    "while it was open; put the same file back and work goes "
		    "on, or stop, restore a backup, and start"),
		[STORE_UNSURE] = STR_INIT("the disk failed while it was "
		    "written, and nobody knows what will be there after a "
		    "crash: it may have been done; ask again under the same "
		    "business key or Idempotency-Key"),
		[STORE_STARVED] = STR_INIT("the system gives no more "
		    "descriptors or threads (LimitNOFILE, TasksMax; ulimit "
		    "-n, -u); try again in a moment"),
		[STORE_STOPPED] = STR_INIT("it was stopped before its end"),
		[STORE_IO] = STR_INIT("the disk or the file system failed; "
		    "the system's log tells more"),
	};

	must(error < sizeof(texts) / sizeof(texts[0]));
	return texts[error];
}

/* ------------------------------------------------------------------- life */

enum store_error
store_open(struct store_options options, struct store **opened,
    struct buf *detail)
{
	struct store_backend *backend = NULL;

	must(options.path.at != NULL);
	must(!(options.read_only && options.create));
	must(options.read_only || !options.older);
	*opened = NULL;
	enum store_error error = sqlite_open(options, &backend, detail);
	if (error != STORE_OK)
		return error;
	struct store *store = calloc(1, sizeof(*store));
	must(store != NULL);
	store->backend = backend;
	store->last_number = backend->last_number;
	store->last_event_id = backend->last_event_id;
	store->journal = backend->journal;
	store->last_post_id = backend->last_post_id;
	if (!options.read_only) {
		store->thread = store_thread_new(backend);
		if (store->thread == NULL) {
			backend->ops->close(backend);
			free(store);
			return STORE_STARVED;
		}
		store->open = store_batch_new(store);
		store->under_way = store_batch_new(store);
	}
	*opened = store;
	return STORE_OK;
}

void
store_close(struct store **closed)
{
	struct store *store = *closed;

	if (store == NULL)
		return;
	must(store->iterating == 0);
	store_thread_free(&store->thread);
	store_batch_free(&store->open);
	store_batch_free(&store->under_way);
	store->backend->ops->close(store->backend);
	free(store);
	*closed = NULL;
}

enum store_error
store_freeze(struct store *store)
{
	must(store->thread == NULL);
	must(store->iterating == 0);
	return store->backend->ops->freeze(store->backend);
}

enum store_error
store_history_last(struct store *store, uint64_t *place)
{
	must(place != NULL);
	return store->backend->ops->history_last(store->backend, place);
}

void
store_bound_history(struct store *store, uint64_t place)
{
	must(store->thread == NULL);
	must(store->iterating == 0);
	store->backend->history_bound = place;
}

void
store_thaw(struct store *store)
{
	must(store->thread == NULL);
	must(store->iterating == 0);
	store->backend->ops->thaw(store->backend);
}

struct store_identity
store_identity(const struct store *store)
{
	must(store != NULL);
	return store->backend->identity;
}

uint64_t
store_last_number(const struct store *store)
{
	must(store != NULL);
	return store->last_number;
}

enum store_error
store_unskipped(struct store *store, uint64_t number, uint64_t *given)
{
	must(number > 0);
	return store->backend->ops->unskipped(store->backend, number, given);
}

int64_t
store_restored_ms(const struct store *store)
{
	must(store != NULL);
	return store->backend->restored_ms;
}

struct store_age
store_age(const struct store *store)
{
	must(store != NULL);
	return store->backend->age;
}

/* ---------------------------------------------------------------- batches */

struct store_batch *
store_batch(struct store *store)
{
	must(store->open != NULL);
	return store->open;
}

/* Ids are given when an event is put, so that events in batches are found by
 * id, and in order of arrival, before they are durable. */
static uint64_t
event_id_of(struct store *store, const struct store_event *row)
{
	const struct store_event *there =
	    store_batch_event(store->open, row->source, row->event_id);

	if (there == NULL)
		there = store_batch_event(store->under_way, row->source,
		    row->event_id);
	if (there != NULL)
		return there->id;
	if (row->id != 0)
		return row->id;
	must(store->last_event_id < INT64_MAX);
	return ++store->last_event_id;
}

void
store_put_event(struct store_batch *batch, const struct store_event *row)
{
	struct store_event event = *row;

	must(row->source.at != NULL && row->event_id.at != NULL);
	must(batch == batch->store->open);
	event.id = event_id_of(batch->store, row);
	must(row->id == 0 || row->id == event.id);
	store_batch_put_event(batch, &event);
}

static void
change_places(struct store *store)
{
	struct store_batch *submitted = store->open;

	must(submitted != NULL);
	/* A callback of a list reads at one moment of the database; what it
	 * commits and then finds would be of another. */
	must(store->iterating == 0);
	must(store_batch_is_empty(store->under_way));
	store->open = store->under_way;
	store->under_way = submitted;
}

void
store_submit(struct store *store)
{
	change_places(store);
	store_thread_give(store->thread, store->under_way);
}

bool
store_submit_here(struct store *store)
{
	change_places(store);
	if (store_thread_stand_in(store->thread, store->under_way))
		return true;
	store_thread_give(store->thread, store->under_way);
	return false;
}

int64_t
store_took_us(const struct store *store)
{
	must(store->thread != NULL);
	return store_thread_took_us(store->thread);
}

bool
store_is_committing(const struct store *store)
{
	must(store != NULL);
	return store->thread != NULL && !store_thread_is_idle(store->thread);
}

bool
store_needs_cleaning(struct store *store)
{
	must(!store_is_committing(store));
	return store->backend->needs_cleaning;
}

bool
store_is_scrubbed(struct store *store)
{
	must(!store_is_committing(store));
	return !store->backend->needs_scrubbing;
}

int
store_fd(const struct store *store)
{
	must(store->thread != NULL);
	return store_thread_fd(store->thread);
}

static void
note_durable(struct store *store)
{
	const struct store_batch *batch = store->under_way;

	if (batch->number_max > store->last_number)
		store->last_number = batch->number_max;
	if (batch->journal_count > 0) {
		const struct audit_record *last =
		    &batch->journal[batch->journal_count - 1];
		store->journal = (struct audit_head){last->seq, last->hash};
	}
}

bool
store_finished(struct store *store, enum store_error *error,
    struct buf *detail)
{
	must(store->thread != NULL);
	must(store->iterating == 0);
	if (!store_thread_take(store->thread, error, detail))
		return false;
	if (*error == STORE_OK) {
		note_durable(store);
	} else {
		store_batch_clear(store->open);
	}
	store_batch_clear(store->under_way);
	return true;
}

void
store_drop(struct store *store)
{
	must(store->thread != NULL);
	must(store->iterating == 0);
	/* What is open is built on what is under way, which may yet fail. */
	must(store_batch_is_empty(store->under_way));
	store_batch_clear(store->open);
}

enum store_error
store_commit_now(struct store *store, struct buf *detail)
{
	enum store_error error;

	must(!store_is_committing(store));
	store_submit(store);
	store_thread_wait(store->thread);
	bool is_finished = store_finished(store, &error, detail);
	must(is_finished);
	return error;
}
