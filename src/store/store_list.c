/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_list.c: lists of what is durable, straight from the backend.
 *
 * `iterating` counts the lists that are being told: while one is, no batch
 * may be submitted or finished, since the database is read as it was when
 * the list began.
 */
#include "store_backend.h"

#include "stated/json.h"

enum store_error
store_each_due(struct store *store, const struct store_due_range *range,
    store_due_fn *fn, void *arg)
{
	must(fn != NULL);
	must(range->after_ms >= 0);
	store->iterating++;
	enum store_error error = store->backend->ops->each_due(store->backend,
	    range, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_busy(struct store *store, uint64_t after, size_t limit,
    store_number_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_busy(store->backend,
	    after, limit, fn, arg);
	store->iterating--;
	return error;
}

/* Hands events on as copies in the caller's arena. */
struct event_copier {
	struct arena *arena;
	store_event_fn *fn;
	void *arg;
};

static void
copy_event_cb(const struct store_event *row, void *arg)
{
	struct event_copier *copier = arg;
	struct store_event copied = store_copy_event(copier->arena, row);

	must(copied.id > 0);
	copier->fn(&copied, copier->arg);
}

enum store_error
store_each_expired_event(struct store *store, struct arena *arena,
    int64_t now_ms, size_t limit, store_event_fn *fn, void *arg)
{
	struct event_copier copier = {arena, fn, arg};

	must(arena != NULL && fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_expired_event(
	    store->backend, now_ms, limit, copy_event_cb, &copier);
	store->iterating--;
	return error;
}

enum store_error
store_next_expiry(struct store *store, int64_t *expires_ms)
{
	must(expires_ms != NULL);
	return store->backend->ops->next_expiry(store->backend, expires_ms);
}

enum store_error
store_each_definition(struct store *store, store_definition_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_definition(
	    store->backend, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_document(struct store *store, store_document_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_document(
	    store->backend, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_schedule(struct store *store, store_schedule_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_schedule(
	    store->backend, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_switch(struct store *store, store_switch_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_switch(
	    store->backend, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_token(struct store *store, store_token_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error =
	    store->backend->ops->each_token(store->backend, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_post(struct store *store, struct str connection, uint64_t after,
    size_t limit, store_post_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_post(
	    store->backend, connection, after, limit, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_count_posts(struct store *store, store_post_count_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error =
	    store->backend->ops->count_posts(store->backend, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_hold(struct store *store, store_hold_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error =
	    store->backend->ops->each_hold(store->backend, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_retained(struct store *store, const struct store_due_range *range,
    store_due_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_retained(
	    store->backend, range, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_find_unswept(struct store *store, uint64_t *number)
{
	must(number != NULL);
	return store->backend->ops->find_unswept(store->backend, number);
}

enum store_error
store_list_instances(struct store *store,
    const struct store_instance_filter *filter, store_instance_fn *fn,
    void *arg)
{
	must(fn != NULL);
	must((filter->label.at == NULL) == (filter->label_value.at == NULL));
	store->iterating++;
	enum store_error error = store->backend->ops->list_instances(
	    store->backend, filter, fn, arg);
	store->iterating--;
	return error;
}

static const struct value *
find_label(struct arena *arena, const struct store_instance *row,
    struct str name)
{
	struct json_error error;
	const struct value *labels =
	    row->labels.at ? json_read(arena, row->labels, &error) : NULL;

	return labels != NULL ? value_get(labels, name) : NULL;
}

bool
store_has_label(const struct store_instance *row, struct str name,
    const struct str *texts, size_t count)
{
	struct arena *arena = arena_new();
	const struct value *label = find_label(arena, row, name);
	struct str text;
	bool has = false;

	if (label != NULL && value_text(arena, label, &text))
		has = str_is_among(text, texts, count);
	arena_free(&arena);
	return has;
}

static bool
is_written(struct arena *arena, const struct value *value, struct str text)
{
	struct number number;
	struct str own;

	if (value->type == VALUE_NUMBER)
		return number_parse(text, &number) == NUMBER_OK &&
		    number_compare(value->as.number, number) == 0;
	return value_text(arena, value, &own) && str_equal(own, text);
}

bool
store_label_equals(const struct store_instance *row, struct str name,
    struct str text)
{
	struct arena *arena = arena_new();
	const struct value *label = find_label(arena, row, name);
	bool does = label != NULL && is_written(arena, label, text);

	arena_free(&arena);
	return does;
}

enum store_error
store_list_items(struct store *store, const struct store_item_filter *filter,
    store_item_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->list_items(
	    store->backend, filter, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_list_events(struct store *store, struct arena *arena,
    enum store_event_status status, uint64_t after, size_t limit,
    store_event_fn *fn, void *arg)
{
	struct event_copier copier = {arena, fn, arg};

	must(arena != NULL && fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->list_events(
	    store->backend, status, after, limit, copy_event_cb, &copier);
	store->iterating--;
	return error;
}

enum store_error
store_each_record(struct store *store, uint64_t instance, uint64_t from_seq,
    store_record_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_record(
	    store->backend, instance, from_seq, fn, arg);
	store->iterating--;
	return error;
}
