/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_standing.c: items of the installation that the engine has in memory.
 *
 * Delegations and proposals: each stands from the turn that makes it until
 * its end is durable, or its time is over.  What a turn began or ended is
 * taken back where its commit fails.
 */
#include "engine_priv.h"

#include "stated/json.h"

static struct standing *
standing_new(struct standing_list *list, uint64_t serial, size_t bytes)
{
	struct arena *arena = arena_new();
	struct standing *item;

	must(bytes >= sizeof(*item));
	item = arena_alloc(arena, bytes);
	*item = (struct standing){
	    .next = list->first,
	    .arena = arena,
	    .serial = serial,
	    .until_ms = INT64_MAX,
	};
	list->first = item;
	if (serial > list->serial_last)
		list->serial_last = serial;
	return item;
}

void *
standing_read(struct standing_list *list, const struct store_item *row,
    size_t bytes)
{
	struct standing *item = standing_new(list, row->serial, bytes);

	item->created_ms = row->created_ms;
	return item;
}

void *
standing_make(struct engine *engine, struct turn *turn,
    struct standing_list *list, size_t bytes)
{
	struct standing *item =
	    standing_new(list, list->serial_last + 1, bytes);

	item->created_ms = engine_now_ms(engine);
	item->turn = turn->serial;
	return item;
}

/* Takes it off the list and frees it. */
static void
drop(struct standing **link)
{
	struct standing *item = *link;
	struct arena *arena = item->arena;

	*link = item->next;
	arena_free(&arena);
}

void
standing_fini(struct standing_list *list)
{
	while (list->first != NULL)
		drop(&list->first);
}

/* ---- rows ---- */

struct loading {
	struct engine *engine;
	struct standing_list *list;
	standing_read_fn *read;
};

static bool
row_cb(const struct store_item *row, void *arg)
{
	struct loading *loading = arg;
	struct arena *arena;
	struct json_error error;
	const struct value *body;

	if (row->instance != 0)
		return false; /* those of the installation come first */
	if (row->serial > loading->list->serial_last)
		loading->list->serial_last = row->serial;
	if (!row->open)
		return true;
	arena = arena_new();
	body = json_read_written(arena, row->body, &error);
	if (body != NULL)
		loading->read(loading->engine, row, body);
	arena_free(&arena);
	return true;
}

enum store_error
standing_load(struct engine *engine, struct standing_list *list,
    enum store_item_kind kind, standing_read_fn *read)
{
	return store_list_items(engine->store,
	    &(struct store_item_filter){
		.kind = kind, .open = -1, .limit = SIZE_MAX},
	    row_cb, &(struct loading){engine, list, read});
}

void
standing_put(struct engine *engine, struct turn *turn,
    const struct standing *item, struct store_item row,
    const struct value *body)
{
	struct buf text = buf_in(turn->arena);

	json_write(body, JSON_PLAIN, &text);
	row.serial = item->serial;
	row.open = item->ended == 0;
	row.created_ms = item->created_ms;
	row.closed_ms = row.open ? 0 : engine_now_ms(engine);
	row.body = buf_keep(&text);
	store_put_item(store_batch(engine->store), &row);
}

/* ---- how long they stand ---- */

void
standing_revoke(struct engine *engine, struct standing_list *list)
{
	struct standing **link = &list->first;

	while (*link != NULL) {
		if (!turn_is_durable(engine, (*link)->turn)) {
			drop(link);
			continue;
		}
		if (!turn_is_durable(engine, (*link)->ended))
			(*link)->ended = 0;
		link = &(*link)->next;
	}
}

bool
standing_is_open(const struct engine *engine, const struct standing *item)
{
	return item->ended == 0 && item->until_ms > engine_now_ms(engine);
}

size_t
standing_forget(struct engine *engine, struct standing_list *list)
{
	struct standing **link = &list->first;
	size_t count = 0;

	while (*link != NULL) {
		const struct standing *item = *link;

		if (!standing_is_open(engine, item) &&
		    turn_is_durable(engine, item->turn) &&
		    turn_is_durable(engine, item->ended)) {
			drop(link);
			continue;
		}
		count++;
		link = &(*link)->next;
	}
	return count;
}

void *
standing_find(const struct engine *engine, const struct standing_list *list,
    uint64_t serial)
{
	struct standing *item = list->first;

	while (item != NULL &&
	       (item->serial != serial || !standing_is_open(engine, item)))
		item = item->next;
	return item;
}
