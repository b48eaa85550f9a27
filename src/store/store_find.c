/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_find.c: finding rows, durable or in a batch.
 *
 * The order of looking is the point: the open batch, the batch under way,
 * the database.  The batch under way may have become durable meanwhile; then
 * its rows and the database's are the same, and either answer is right.
 */
#include "store_backend.h"

#include <stdlib.h>

/* As the row will be once the batch is durable. */
static enum store_error
find_purged(struct store *store, struct arena *arena,
    const struct store_purge *purge, struct store_instance *row)
{
	enum store_error error = store->backend->ops->find_instance(
	    store->backend, arena, purge->number, row);

	if (error != STORE_OK || str_equal(row->status, STR(STORE_PURGED)))
		return error;
	row->state = row->status;
	row->status = STR(STORE_PURGED);
	row->initiator = (struct str){NULL, 0};
	row->labels = arena_str(arena, purge->labels);
	row->changed_ms = purge->at_ms;
	row->snapshot = arena_str(arena, purge->left);
	return STORE_OK;
}

enum store_error
store_find_instance(struct store *store, struct arena *arena, uint64_t number,
    struct store_instance *row)
{
	const struct store_batch *const batches[] = {
		store->open, store->under_way};

	must(arena != NULL);
	for (size_t i = 0; i < 2 && batches[i] != NULL; i++) {
		const struct store_batch_instance *there =
		    store_batch_instance(batches[i], number);
		const struct store_purge *purge =
		    store_batch_purge(batches[i], number);
		if (purge != NULL)
			return find_purged(store, arena, purge, row);
		if (there == NULL)
			continue;
		*row = store_copy_instance(arena, &there->row);
		return STORE_OK;
	}
	return store->backend->ops->find_instance(store->backend, arena,
	    number, row);
}

enum store_error
store_find_key(struct store *store, struct str workflow,
    struct str business_key, uint64_t *number)
{
	const struct store_batch *const batches[] = {
		store->open, store->under_way};

	must(business_key.at != NULL);
	for (size_t i = 0; i < 2 && batches[i] != NULL; i++)
		if (store_batch_key(batches[i], workflow, business_key, number))
			return STORE_OK;
	return store->backend->ops->find_key(store->backend, workflow,
	    business_key, number);
}

/* ----------------------------------------------------------------- outbox */

static bool
batch_has_post_of(const struct store_batch *batch, uint64_t instance)
{
	const struct store_batch_post *post = batch->post_first;

	while (post != NULL &&
	    (post->is_removed || post->row.instance != instance))
		post = post->next;
	return post != NULL;
}

enum store_error
store_find_post_of(struct store *store, uint64_t instance)
{
	if (batch_has_post_of(store->open, instance) ||
	    (store->under_way != NULL &&
		batch_has_post_of(store->under_way, instance)))
		return STORE_OK;
	return store->backend->ops->find_post_of(store->backend, instance);
}

/* ------------------------------------------------------------ subscribers */

/* Numbers are gathered first and told afterwards, since the callback may add
 * to the batch that is being read. */
struct subscribers {
	struct arena *arena;
	const struct store_subscription *open;
	const struct store_subscription *under_way;
	uint64_t *numbers;
	size_t count;
	size_t capacity;
};

static void
gather_number(struct subscribers *found, uint64_t number)
{
	found->numbers = arena_grow(found->arena, found->numbers, found->count,
	    &found->capacity, sizeof(found->numbers[0]));
	found->numbers[found->count++] = number;
}

/* What the batch says of that instance; NULL: nothing. */
static const struct store_subscription *
find_told(const struct store_subscription *entry, uint64_t instance)
{
	while (entry != NULL && entry->instance != instance)
		entry = entry->next;
	return entry;
}

static bool
is_told_by(const struct store_subscription *entry, uint64_t instance)
{
	return find_told(entry, instance) != NULL;
}

static void
durable_subscriber_cb(uint64_t number, void *arg)
{
	struct subscribers *found = arg;

	must(number > 0);
	if (!is_told_by(found->open, number) &&
	    !is_told_by(found->under_way, number))
		gather_number(found, number);
}

static void
gather_batches(struct subscribers *found)
{
	const struct store_subscription *entry;

	for (entry = found->under_way; entry != NULL; entry = entry->next)
		if (!entry->is_removed &&
		    !is_told_by(found->open, entry->instance))
			gather_number(found, entry->instance);
	for (entry = found->open; entry != NULL; entry = entry->next)
		if (!entry->is_removed)
			gather_number(found, entry->instance);
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

enum store_error
store_each_subscriber(struct store *store, struct str correlation,
    store_number_fn *fn, void *arg)
{
	struct subscribers found = {.arena = arena_new()};

	must(correlation.at != NULL);
	if (store->open != NULL) {
		found.open =
		    store_batch_subscriptions(store->open, correlation);
		found.under_way =
		    store_batch_subscriptions(store->under_way, correlation);
	}
	enum store_error error = store->backend->ops->each_subscriber(
	    store->backend, correlation, durable_subscriber_cb, &found);
	if (error == STORE_OK) {
		gather_batches(&found);
		if (found.count > 1)
			qsort(found.numbers, found.count,
			    sizeof(found.numbers[0]), by_number);
		for (size_t i = 0; i < found.count; i++)
			fn(found.numbers[i], arg);
	}
	arena_free(&found.arena);
	return error;
}

enum store_error
store_find_subscription(
    struct store *store, struct str correlation, uint64_t instance)
{
	const struct store_subscription *told = NULL;

	must(correlation.at != NULL);
	if (store->open != NULL) {
		told = find_told(
		    store_batch_subscriptions(store->open, correlation),
		    instance);
		if (told == NULL)
			told = find_told(store_batch_subscriptions(
			    store->under_way, correlation), instance);
	}
	if (told != NULL)
		return told->is_removed ? STORE_ABSENT : STORE_OK;
	return store->backend->ops->find_subscription(
	    store->backend, correlation, instance);
}

/* ----------------------------------------------------------------- events */

/* As it will be when the batches are durable.  Those before the one that it
 * was found in don't concern it; batch absent: it is durable. */
static void
forget(const struct store *store, const struct store_batch *batch,
    struct store_event *row)
{
	bool is_forgotten =
	    (store->open != NULL && store_batch_forgets(store->open, row)) ||
	    (batch != store->open && store->under_way != NULL &&
		store_batch_forgets(store->under_way, row));

	if (!is_forgotten)
		return;
	row->subject = (struct str){NULL, 0};
	row->body = (struct str){NULL, 0};
	row->status = EVENT_MATCHED;
	row->expires_ms = 0;
}

enum store_error
store_find_event(struct store *store, struct arena *arena, struct str source,
    struct str event_id, struct store_event *row)
{
	const struct store_batch *const batches[] = {
		store->open, store->under_way};

	must(source.at != NULL && event_id.at != NULL);
	for (size_t i = 0; i < 2 && batches[i] != NULL; i++) {
		const struct store_event *there =
		    store_batch_event(batches[i], source, event_id);
		if (there == NULL)
			continue;
		*row = store_copy_event(arena, there);
		forget(store, batches[i], row);
		return STORE_OK;
	}
	enum store_error error = store->backend->ops->find_event(
	    store->backend, arena, source, event_id, row);
	if (error == STORE_OK)
		forget(store, NULL, row);
	return error;
}

enum store_error
store_find_event_id(struct store *store, struct arena *arena, uint64_t id,
    struct store_event *row)
{
	const struct store_batch *const batches[] = {
		store->open, store->under_way};

	must(id > 0);
	for (size_t i = 0; i < 2 && batches[i] != NULL; i++) {
		const struct store_event *there =
		    store_batch_event_id(batches[i], id);
		if (there == NULL)
			continue;
		*row = store_copy_event(arena, there);
		forget(store, batches[i], row);
		return STORE_OK;
	}
	enum store_error error = store->backend->ops->find_event_id(
	    store->backend, arena, id, row);
	if (error == STORE_OK)
		forget(store, NULL, row);
	return error;
}

enum store_error
store_find_held_from(
    struct store *store, struct str source, struct str id_prefix)
{
	must(source.bytes > 0 && id_prefix.bytes > 0);
	if ((store->open != NULL &&
		store_batch_has_held_from(store->open, source, id_prefix)) ||
	    (store->under_way != NULL &&
		store_batch_has_held_from(
		    store->under_way, source, id_prefix)))
		return STORE_OK;
	return store->backend->ops->find_held_from(
	    store->backend, source, id_prefix);
}

/* Held events, gathered before they are told, as subscribers are. */
struct held_events {
	const struct store *store;
	struct arena *arena;
	const struct store_batch *open;
	const struct store_batch *under_way;
	struct store_event *rows;
	size_t count;
	size_t capacity;
};

static void
gather_event(struct held_events *found, const struct store_batch *batch,
    const struct store_event *row)
{
	struct store_event now = *row;

	forget(found->store, batch, &now);
	if (now.status != EVENT_HELD)
		return;
	found->rows = arena_grow(found->arena, found->rows, found->count,
	    &found->capacity, sizeof(found->rows[0]));
	found->rows[found->count++] = store_copy_event(found->arena, row);
}

static bool
has_event(const struct store_batch *batch, uint64_t id)
{
	return batch != NULL && store_batch_event_id(batch, id) != NULL;
}

static void
durable_event_cb(const struct store_event *row, void *arg)
{
	struct held_events *found = arg;

	must(row->status == EVENT_HELD);
	if (!has_event(found->open, row->id) &&
	    !has_event(found->under_way, row->id))
		gather_event(found, NULL, row);
}

/* The batch's held events; `above` is the batch that was filled later. */
static void
gather_held(struct held_events *found, const struct store_batch *batch,
    const struct store_batch *above, struct str subject)
{
	const struct store_batch_event *event;

	if (batch == NULL)
		return;
	for (event = store_batch_held(batch, subject); event != NULL;
	     event = event->next)
		if (event->row.status == EVENT_HELD &&
		    !has_event(above, event->row.id))
			gather_event(found, batch, &event->row);
}

static int
by_arrival(const void *a, const void *b)
{
	const struct store_event *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

enum store_error
store_each_held_event(struct store *store, struct arena *arena,
    struct str subject, store_event_fn *fn, void *arg)
{
	struct held_events found = {
		.store = store,
		.arena = arena,
		.open = store->open,
		.under_way = store->under_way,
	};

	must(arena != NULL);
	enum store_error error = store->backend->ops->each_held_event(
	    store->backend, subject, durable_event_cb, &found);
	if (error != STORE_OK)
		return error;
	gather_held(&found, found.under_way, found.open, subject);
	gather_held(&found, found.open, NULL, subject);
	if (found.count > 1)
		qsort(found.rows, found.count, sizeof(found.rows[0]),
		    by_arrival);
	for (size_t i = 0; i < found.count; i++)
		fn(&found.rows[i], arg);
	return STORE_OK;
}

enum store_error
store_find_idempotency(struct store *store, struct arena *arena,
    struct str key, struct store_idempotency *row)
{
	const struct store_batch *const batches[] = {
		store->open, store->under_way};

	must(key.at != NULL);
	for (size_t i = 0; i < 2 && batches[i] != NULL; i++) {
		const struct store_idempotency *there =
		    store_batch_idempotency(batches[i], key);
		if (there == NULL)
			continue;
		*row = store_copy_idempotency(arena, there);
		return STORE_OK;
	}
	return store->backend->ops->find_idempotency(store->backend, arena,
	    key, row);
}

/* ------------------------------------------------------------------ salts */

enum store_error
store_find_salt(struct store *store, struct arena *arena, uint64_t number,
    struct str *salt)
{
	const struct store_batch *const batches[] = {
		store->open, store->under_way};

	must(number > 0);
	for (size_t i = 0; i < 2 && batches[i] != NULL; i++) {
		const struct store_batch_salt *there =
		    store_batch_salt(batches[i], number);
		if (there == NULL)
			continue;
		*salt = arena_str(arena, there->salt);
		return salt->at != NULL ? STORE_OK : STORE_ABSENT;
	}
	return store->backend->ops->find_salt(store->backend, arena, number,
	    salt);
}
