/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_log.c: the log of all turns, its tree and its checkpoints; what is
 * durable only.
 */
#include "store_backend.h"

enum store_error
store_find_journal(struct store *store, struct audit_head *head)
{
	must(head != NULL);
	return store->backend->ops->find_journal(store->backend, head);
}

enum store_error
store_find_log(struct store *store, struct store_log *log)
{
	must(log != NULL);
	return store->backend->ops->find_log(store->backend, log);
}

enum store_error
store_each_turn(struct store *store, uint64_t from, size_t limit,
    store_turn_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_turn(
	    store->backend, from, limit, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_each_turn_of(struct store *store, uint64_t instance, uint64_t from_seq,
    store_turn_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_turn_of(
	    store->backend, instance, from_seq, fn, arg);
	store->iterating--;
	return error;
}

enum store_error
store_find_node(struct store *store, unsigned level, uint64_t position,
    struct digest *hash)
{
	must(hash != NULL);
	return store->backend->ops->find_node(
	    store->backend, level, position, hash);
}

/* ------------------------------------------------------------ checkpoints */

enum store_error
store_each_checkpoint(struct store *store, uint64_t after, size_t limit,
    store_checkpoint_fn *fn, void *arg)
{
	must(fn != NULL);
	store->iterating++;
	enum store_error error = store->backend->ops->each_checkpoint(
	    store->backend, after, limit, fn, arg);
	store->iterating--;
	return error;
}

struct finding {
	struct arena *arena;
	uint64_t number;
	struct store_checkpoint *row;
	bool is_found;
};

static bool
found_cb(const struct store_checkpoint *row, void *arg)
{
	struct finding *finding = arg;

	finding->is_found =
	    finding->number == 0 || row->number == finding->number;
	*finding->row = *row;
	finding->row->document = arena_str(finding->arena, row->document);
	return false;
}

enum store_error
store_find_checkpoint(struct store *store, struct arena *arena,
    uint64_t number, struct store_checkpoint *row)
{
	struct finding finding = {
		.arena = arena, .number = number, .row = row};
	uint64_t after = number != 0 ? number - 1 : UINT64_MAX;

	*row = (struct store_checkpoint){0};
	enum store_error error =
	    store_each_checkpoint(store, after, 1, found_cb, &finding);
	if (error == STORE_OK && !finding.is_found)
		error = STORE_ABSENT;
	return error;
}
