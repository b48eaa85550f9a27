/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_batch.c: filling a batch, and looking into one.
 *
 * Everything is copied into the batch's arena: the caller's turn ends before
 * the batch is durable.  A row that is put twice is replaced in place, so the
 * backend writes it once, however many turns of it are in the batch.
 */
#include "store_priv.h"

#include <stdlib.h>

/* An identity of two texts as one key of a map: the length of the first
 * keeps ("ab", "c") and ("a", "bc") apart. */
static struct str
pair_key(struct buf *buf, struct str first, struct str second)
{
	buf_add_varint(buf, first.bytes);
	buf_add_str(buf, first);
	buf_add_str(buf, second);
	return buf_str(buf);
}

/* ------------------------------------------------------------------- life */

#define BATCH_MAPS(X)                                                          \
	X(instances)                                                           \
	X(keys)                                                                \
	X(subscriptions)                                                       \
	X(items)                                                               \
	X(events)                                                              \
	X(event_ids)                                                           \
	X(subjects)                                                            \
	X(idempotency)                                                         \
	X(definitions)                                                         \
	X(schedules)                                                           \
	X(salts)                                                               \
	X(purges)

static void
make_maps(struct store_batch *batch)
{
#define X(name) batch->name = map_new();
	BATCH_MAPS(X)
#undef X
}

static void
free_maps(struct store_batch *batch)
{
#define X(name) map_free(&batch->name);
	BATCH_MAPS(X)
#undef X
}

struct store_batch *
store_batch_new(struct store *store)
{
	struct arena *arena = arena_new();
	struct store_batch *batch = calloc(1, sizeof(*batch));

	must(batch != NULL);
	batch->store = store;
	batch->arena = arena;
	make_maps(batch);
	return batch;
}

void
store_batch_free(struct store_batch **batch)
{
	must(batch != NULL);
	if (*batch == NULL)
		return;
	free_maps(*batch);
	arena_free(&(*batch)->arena);
	free(*batch);
	*batch = NULL;
}

/* The maps keep their memory. */
void
store_batch_clear(struct store_batch *batch)
{
	struct store_batch cleared = {
		.store = batch->store, .arena = batch->arena};

#define X(name) map_clear(cleared.name = batch->name);
	BATCH_MAPS(X)
#undef X
	arena_reset(batch->arena);
	*batch = cleared;
	must(store_batch_is_empty(batch));
}

bool
store_batch_is_empty(const struct store_batch *batch)
{
	return map_count(batch->instances) == 0 &&
	    map_count(batch->subscriptions) == 0 &&
	    map_count(batch->items) == 0 && map_count(batch->events) == 0 &&
	    map_count(batch->idempotency) == 0 &&
	    map_count(batch->definitions) == 0 &&
	    map_count(batch->schedules) == 0 && batch->switch_first == NULL &&
	    batch->token_first == NULL && batch->hold_first == NULL &&
	    batch->post_first == NULL && batch->document_first == NULL &&
	    map_count(batch->salts) == 0 && batch->retained == NULL &&
	    batch->erased == NULL && batch->forgotten == NULL &&
	    map_count(batch->purges) == 0 &&
	    !batch->has_unswept && !batch->has_scrubbing &&
	    batch->history_first == NULL && batch->journal_count == 0 &&
	    batch->nodes == NULL && batch->checkpoints == NULL &&
	    !batch->cleaning.is_wanted &&
	    !batch->has_probe;
}

struct arena *
store_batch_arena(struct store_batch *batch)
{
	return batch->arena;
}

/* -------------------------------------------------------------- instances */

struct store_instance
store_copy_instance(struct arena *arena, const struct store_instance *row)
{
	struct store_instance copied = *row;

	copied.workflow = arena_str(arena, row->workflow);
	copied.business_key = arena_str(arena, row->business_key);
	copied.status = arena_str(arena, row->status);
	copied.state = arena_str(arena, row->state);
	copied.initiator = arena_str(arena, row->initiator);
	copied.priority = arena_str(arena, row->priority);
	copied.labels = arena_str(arena, row->labels);
	copied.snapshot = arena_str(arena, row->snapshot);
	return copied;
}

static void
add_key(struct store_batch *batch, const struct store_instance *row)
{
	struct store_key *key = ARENA_NEW(batch->arena, struct store_key);

	key->instance = row;
	key->next = map_find(batch->keys, row->business_key);
	map_put(batch->keys, row->business_key, key);
}

/* Takes the row with all that it points to. */
static void
put_instance(struct store_batch *batch, struct store_instance row)
{
	must(row.number > 0 && row.number <= INT64_MAX);
	must(row.workflow.at != NULL && row.status.at != NULL);
	struct store_batch_instance *there =
	    map_find(batch->instances, MAP_KEY_OF(&row.number));
	if (there != NULL) {
		must(str_equal(there->row.business_key, row.business_key));
		there->row = row;
		return;
	}
	there = ARENA_NEW(batch->arena, struct store_batch_instance);
	there->row = row;
	map_put(batch->instances, MAP_KEY_OF(&there->row.number), there);
	if (row.business_key.at != NULL)
		add_key(batch, &there->row);
	if (row.number > batch->number_max)
		batch->number_max = row.number;
}

void
store_put_instance(struct store_batch *batch, const struct store_instance *row)
{
	put_instance(batch, store_copy_instance(batch->arena, row));
}

void
store_put_instance_kept(
    struct store_batch *batch, const struct store_instance *row)
{
	struct store_instance kept = *row;

	kept.snapshot = (struct str){NULL, 0};
	kept = store_copy_instance(batch->arena, &kept);
	kept.snapshot = row->snapshot;
	put_instance(batch, kept);
}

const struct store_batch_instance *
store_batch_instance(const struct store_batch *batch, uint64_t number)
{
	return map_find(batch->instances, MAP_KEY_OF(&number));
}

bool
store_batch_key(const struct store_batch *batch, struct str workflow,
    struct str business_key, uint64_t *number)
{
	const struct store_key *key = map_find(batch->keys, business_key);

	for (; key != NULL; key = key->next) {
		if (workflow.at != NULL &&
		    !str_equal(key->instance->workflow, workflow))
			continue;
		*number = key->instance->number;
		return true;
	}
	return false;
}

/* ---------------------------------------------------------------- history */

void
store_add_history_kept(struct store_batch *batch, uint64_t instance,
    const struct audit_record *records, size_t count)
{
	struct store_history *turn;

	must(instance > 0);
	if (count == 0)
		return;
	must(records[0].seq > 0);
	for (size_t i = 0; i < count; i++) {
		must(records[i].seq == records[0].seq + i);
		must(records[i].canonical.bytes > 0);
	}
	turn = ARENA_NEW(batch->arena, struct store_history);
	turn->instance = instance;
	turn->first_seq = records[0].seq;
	turn->count = count;
	turn->records = records;
	if (batch->history_last != NULL)
		batch->history_last->next = turn;
	else
		batch->history_first = turn;
	batch->history_last = turn;
}

void
store_add_history(struct store_batch *batch, uint64_t instance,
    const struct audit_record *records, size_t count)
{
	struct audit_record *copies =
	    ARENA_ARRAY(batch->arena, count, struct audit_record);

	for (size_t i = 0; i < count; i++) {
		copies[i] = records[i];
		copies[i].canonical =
		    arena_str(batch->arena, records[i].canonical);
	}
	store_add_history_kept(batch, instance, copies, count);
}

/* ---------------------------------------------------------------- journal */

static bool
journal_end(const struct store_batch *batch, struct audit_head *head)
{
	const struct audit_record *last;

	if (batch->journal_count == 0)
		return false;
	last = &batch->journal[batch->journal_count - 1];
	*head = (struct audit_head){last->seq, last->hash};
	return true;
}

uint64_t
store_add_journal(struct store_batch *batch, const struct value *record)
{
	struct store *store = batch->store;
	struct audit_head head = store->journal;

	must(batch == store->open);
	if (!journal_end(batch, &head))
		(void)journal_end(store->under_way, &head);
	batch->journal = arena_grow(batch->arena, batch->journal,
	    batch->journal_count, &batch->journal_capacity,
	    sizeof(*batch->journal));
	batch->journal[batch->journal_count++] =
	    audit_seal(batch->arena, record, &head);
	return head.seq;
}

/* ---------------------------------------------------------- subscriptions */

static void
set_subscription(struct store_batch *batch, struct str correlation,
    uint64_t instance, bool is_removed)
{
	struct store_subscription *first, *entry;

	must(correlation.at != NULL);
	must(instance > 0);
	first = map_find(batch->subscriptions, correlation);
	for (entry = first; entry != NULL; entry = entry->next) {
		if (entry->instance == instance) {
			entry->is_removed = is_removed;
			return;
		}
	}
	entry = ARENA_NEW(batch->arena, struct store_subscription);
	*entry = (struct store_subscription){
		.next = first,
		.correlation = arena_str(batch->arena, correlation),
		.instance = instance,
		.is_removed = is_removed,
	};
	map_put(batch->subscriptions, correlation, entry);
}

void
store_add_subscription(struct store_batch *batch, struct str correlation,
    uint64_t instance)
{
	set_subscription(batch, correlation, instance, false);
}

void
store_remove_subscription(struct store_batch *batch, struct str correlation,
    uint64_t instance)
{
	set_subscription(batch, correlation, instance, true);
}

const struct store_subscription *
store_batch_subscriptions(const struct store_batch *batch,
    struct str correlation)
{
	return map_find(batch->subscriptions, correlation);
}

/* ------------------------------------------------------------------ items */

void
store_put_item(struct store_batch *batch, const struct store_item *item)
{
	uint64_t key[3] = {item->kind, item->instance, item->serial};

	must(item->instance > 0 || item->kind >= ITEM_PROPOSAL);
	struct store_item *there = map_find(batch->items, MAP_KEY_OF(&key));
	if (there == NULL) {
		there = ARENA_NEW(batch->arena, struct store_item);
		map_put(batch->items, MAP_KEY_OF(&key), there);
	}
	*there = *item;
	there->owner = arena_str(batch->arena, item->owner);
	there->body = arena_str(batch->arena, item->body);
}

/* ----------------------------------------------------------------- events */

struct store_event
store_copy_event(struct arena *arena, const struct store_event *row)
{
	struct store_event copied = *row;

	copied.source = arena_str(arena, row->source);
	copied.event_id = arena_str(arena, row->event_id);
	copied.type = arena_str(arena, row->type);
	copied.subject = arena_str(arena, row->subject);
	copied.workflow = arena_str(arena, row->workflow);
	copied.body = arena_str(arena, row->body);
	return copied;
}

/* Lists a held event under its subject. */
static void
list_event(struct store_batch *batch, struct store_batch_event *event)
{
	struct store_subject *subject =
	    map_find(batch->subjects, event->row.subject);

	must(!event->is_listed);
	event->is_listed = true;
	if (subject == NULL) {
		subject = ARENA_NEW(batch->arena, struct store_subject);
		map_put(batch->subjects, event->row.subject, subject);
	}
	if (subject->last != NULL)
		subject->last->next = event;
	else
		subject->first = event;
	subject->last = event;
}

void
store_batch_put_event(struct store_batch *batch, const struct store_event *row)
{
	struct buf buf = {0};
	struct str key = pair_key(&buf, row->source, row->event_id);
	struct store_batch_event *event = map_find(batch->events, key);

	must(row->id > 0);
	if (event == NULL) {
		event = ARENA_NEW(batch->arena, struct store_batch_event);
		map_put(batch->events, key, event);
		map_put(batch->event_ids, MAP_KEY_OF(&row->id), event);
	} else {
		must(event->row.id == row->id);
		must(str_equal(event->row.subject, row->subject));
	}
	buf_fini(&buf);
	event->row = store_copy_event(batch->arena, row);
	if (row->status == EVENT_HELD && !event->is_listed)
		list_event(batch, event);
}

const struct store_event *
store_batch_event(const struct store_batch *batch, struct str source,
    struct str event_id)
{
	struct buf key = {0};
	const struct store_batch_event *event =
	    map_find(batch->events, pair_key(&key, source, event_id));

	buf_fini(&key);
	return event != NULL ? &event->row : NULL;
}

const struct store_event *
store_batch_event_id(const struct store_batch *batch, uint64_t id)
{
	const struct store_batch_event *event =
	    map_find(batch->event_ids, MAP_KEY_OF(&id));

	return event != NULL ? &event->row : NULL;
}

const struct store_batch_event *
store_batch_held(const struct store_batch *batch, struct str subject)
{
	const struct store_subject *list = map_find(batch->subjects, subject);

	return list != NULL ? list->first : NULL;
}

static bool
is_forgotten(const struct store_forgotten *which, const struct store_event *row)
{
	if (which->type.at != NULL)
		return str_equal(which->type, row->type) &&
		    str_equal(which->subject, row->subject);
	return str_equal(which->source, row->source) &&
	    str_has_prefix(row->event_id, which->id_prefix);
}

void
store_forget_events(
    struct store_batch *batch, const struct store_forgotten *which)
{
	struct store_batch_forgotten *there =
	    ARENA_NEW(batch->arena, struct store_batch_forgotten);

	must(which->type.at != NULL ? which->subject.bytes > 0 :
	    which->source.bytes > 0 && which->id_prefix.bytes > 0);
	*there = (struct store_batch_forgotten){
		.next = batch->forgotten,
		.which = {
			.type = arena_str(batch->arena, which->type),
			.subject = arena_str(batch->arena, which->subject),
			.source = arena_str(batch->arena, which->source),
			.id_prefix = arena_str(batch->arena, which->id_prefix),
		},
	};
	batch->forgotten = there;
}

bool
store_batch_forgets(
    const struct store_batch *batch, const struct store_event *row)
{
	const struct store_batch_forgotten *there = batch->forgotten;

	while (there != NULL && !is_forgotten(&there->which, row))
		there = there->next;
	return there != NULL;
}

bool
store_batch_has_held_from(const struct store_batch *batch, struct str source,
    struct str id_prefix)
{
	const struct store_forgotten from = {
		.source = source, .id_prefix = id_prefix};
	size_t cursor = 0;
	void *row;

	while (map_next(batch->events, &cursor, NULL, &row)) {
		const struct store_batch_event *event = row;

		if (event->row.status == EVENT_HELD &&
		    is_forgotten(&from, &event->row))
			return true;
	}
	return false;
}

/* ------------------------------------------- idempotency keys, definitions */

struct store_idempotency
store_copy_idempotency(struct arena *arena, const struct store_idempotency *row)
{
	struct store_idempotency copied = *row;

	copied.key = arena_str(arena, row->key);
	copied.response = arena_str(arena, row->response);
	copied.location = arena_str(arena, row->location);
	return copied;
}

void
store_put_idempotency(struct store_batch *batch,
    const struct store_idempotency *row)
{
	struct store_idempotency *there =
	    map_find(batch->idempotency, row->key);

	must(row->key.at != NULL);
	if (there == NULL) {
		there = ARENA_NEW(batch->arena, struct store_idempotency);
		map_put(batch->idempotency, row->key, there);
	}
	*there = store_copy_idempotency(batch->arena, row);
}

const struct store_idempotency *
store_batch_idempotency(const struct store_batch *batch, struct str key)
{
	return map_find(batch->idempotency, key);
}

void
store_put_definition(struct store_batch *batch,
    const struct store_definition *row)
{
	struct store_definition *there =
	    map_find(batch->definitions, MAP_KEY_OF(&row->digest));

	must(row->name.at != NULL && row->source.at != NULL);
	if (there == NULL) {
		there = ARENA_NEW(batch->arena, struct store_definition);
		map_put(batch->definitions, MAP_KEY_OF(&row->digest), there);
	}
	*there = *row;
	there->name = arena_str(batch->arena, row->name);
	there->source = arena_str(batch->arena, row->source);
	there->published_by = arena_str(batch->arena, row->published_by);
}

/* -------------------------------------------------------------- documents */

void
store_add_document(struct store_batch *batch, const struct store_document *row)
{
	struct store_batch_document *last =
	    ARENA_NEW(batch->arena, struct store_batch_document);

	must(row->kind.at != NULL && row->name.at != NULL);
	must(row->source.at != NULL && row->since_ms > 0);
	last->row = *row;
	last->row.kind = arena_str(batch->arena, row->kind);
	last->row.name = arena_str(batch->arena, row->name);
	last->row.source = arena_str(batch->arena, row->source);
	if (batch->document_last == NULL)
		batch->document_first = last;
	else
		batch->document_last->next = last;
	batch->document_last = last;
}

/* -------------------------------------------------------------- schedules */

void
store_put_schedule(struct store_batch *batch, const struct store_schedule *row)
{
	struct buf buf = {0};

	must(row->workflow.at != NULL && row->rule.at != NULL);
	must(row->position >= 0);
	buf_add_varint(&buf, (uint64_t)row->position);
	buf_add_str(&buf, row->workflow);
	struct store_schedule *there =
	    map_find(batch->schedules, buf_str(&buf));
	if (there == NULL) {
		there = ARENA_NEW(batch->arena, struct store_schedule);
		map_put(batch->schedules, buf_str(&buf), there);
	}
	buf_fini(&buf);
	*there = *row;
	there->workflow = arena_str(batch->arena, row->workflow);
	there->rule = arena_str(batch->arena, row->rule);
	there->queued = arena_str(batch->arena, row->queued);
	there->trouble = arena_str(batch->arena, row->trouble);
}

/* --------------------------------------------------------------- switches */

void
store_add_switch(struct store_batch *batch, const struct store_switch *row)
{
	struct store_batch_switch *last =
	    ARENA_NEW(batch->arena, struct store_batch_switch);

	must(row->connection.at != NULL && row->at_ms > 0);
	last->row = *row;
	last->row.connection = arena_str(batch->arena, row->connection);
	last->row.actor = arena_str(batch->arena, row->actor);
	last->row.reason = arena_str(batch->arena, row->reason);
	if (batch->switch_last == NULL)
		batch->switch_first = last;
	else
		batch->switch_last->next = last;
	batch->switch_last = last;
}

/* ----------------------------------------------------------------- tokens */

void
store_add_token(struct store_batch *batch, const struct store_token *row)
{
	struct store_batch_token *last =
	    ARENA_NEW(batch->arena, struct store_batch_token);

	must(row->id.at != NULL && row->at_ms > 0);
	last->row = *row;
	last->row.id = arena_str(batch->arena, row->id);
	last->row.actor = arena_str(batch->arena, row->actor);
	last->row.name = arena_str(batch->arena, row->name);
	last->row.grant = arena_str(batch->arena, row->grant);
	if (batch->token_last == NULL)
		batch->token_first = last;
	else
		batch->token_last->next = last;
	batch->token_last = last;
}

/* ------------------------------------------------------------ checkpoints */

void
store_add_nodes(struct store_batch *batch, const struct store_node *nodes,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct store_batch_node *node =
		    ARENA_NEW(batch->arena, struct store_batch_node);

		*node = (struct store_batch_node){batch->nodes, nodes[i]};
		batch->nodes = node;
	}
}

void
store_add_checkpoint(
    struct store_batch *batch, const struct store_checkpoint *row)
{
	struct store_batch_checkpoint *added =
	    ARENA_NEW(batch->arena, struct store_batch_checkpoint);

	must(row->number > 0 && row->document.bytes > 0);
	*added = (struct store_batch_checkpoint){batch->checkpoints, *row};
	added->row.document = arena_str(batch->arena, row->document);
	batch->checkpoints = added;
}

/* ------------------------------------------------------------------ outbox */

static void
add_post(struct store_batch *batch, struct store_batch_post *last)
{
	if (batch->post_last == NULL)
		batch->post_first = last;
	else
		batch->post_last->next = last;
	batch->post_last = last;
}

void
store_add_post(struct store_batch *batch, const struct store_post *row)
{
	struct store_batch_post *last =
	    ARENA_NEW(batch->arena, struct store_batch_post);

	must(row->id == 0 && row->at_ms > 0);
	must(row->connection.at != NULL && row->body.at != NULL);
	last->row = *row;
	last->row.id = ++batch->store->last_post_id;
	last->row.connection = arena_str(batch->arena, row->connection);
	last->row.body = arena_str(batch->arena, row->body);
	add_post(batch, last);
}

void
store_remove_post(struct store_batch *batch, uint64_t id)
{
	struct store_batch_post *last =
	    ARENA_NEW(batch->arena, struct store_batch_post);

	must(id > 0);
	last->is_removed = true;
	last->row.id = id;
	add_post(batch, last);
}

/* ------------------------------------------------------------------- holds */

void
store_add_hold(struct store_batch *batch, const struct store_hold *row)
{
	struct store_batch_hold *last =
	    ARENA_NEW(batch->arena, struct store_batch_hold);

	must(row->id.at != NULL && row->at_ms > 0);
	must(row->releases || (row->scope.at != NULL && row->value.at != NULL));
	last->row = *row;
	last->row.id = arena_str(batch->arena, row->id);
	last->row.actor = arena_str(batch->arena, row->actor);
	last->row.reason = arena_str(batch->arena, row->reason);
	last->row.scope = arena_str(batch->arena, row->scope);
	last->row.label = arena_str(batch->arena, row->label);
	last->row.value = arena_str(batch->arena, row->value);
	if (batch->hold_last == NULL)
		batch->hold_first = last;
	else
		batch->hold_last->next = last;
	batch->hold_last = last;
}

/* ------------------------------------------------------- what is to be gone */

void
store_put_salt(struct store_batch *batch, uint64_t number, struct str salt)
{
	struct store_batch_salt *there =
	    map_find(batch->salts, MAP_KEY_OF(&number));

	must(number > 0);
	if (there == NULL) {
		there = ARENA_NEW(batch->arena, struct store_batch_salt);
		there->number = number;
		map_put(batch->salts, MAP_KEY_OF(&there->number), there);
	}
	there->salt = arena_str(batch->arena, salt);
}

const struct store_batch_salt *
store_batch_salt(const struct store_batch *batch, uint64_t number)
{
	return map_find(batch->salts, MAP_KEY_OF(&number));
}

static void
add_end(struct store_batch *batch, struct store_batch_end **list,
    uint64_t number, int64_t until_ms)
{
	struct store_batch_end *end =
	    ARENA_NEW(batch->arena, struct store_batch_end);

	must(number > 0);
	*end = (struct store_batch_end){*list, number, until_ms};
	*list = end;
}

void
store_put_retention(
    struct store_batch *batch, uint64_t number, int64_t until_ms)
{
	must(until_ms > 0);
	add_end(batch, &batch->retained, number, until_ms);
}

void
store_put_unswept(struct store_batch *batch, uint64_t number)
{
	batch->has_unswept = true;
	batch->unswept = number;
}

void
store_add_erasure(struct store_batch *batch, uint64_t number)
{
	store_put_salt(batch, number, (struct str){NULL, 0});
	add_end(batch, &batch->erased, number, 0);
	store_add_scrubbing(batch);
}

void
store_add_scrubbing(struct store_batch *batch)
{
	batch->has_scrubbing = true;
}

void
store_add_purge(struct store_batch *batch, const struct store_purge *purge)
{
	struct store_purge *there =
	    ARENA_NEW(batch->arena, struct store_purge);

	must(purge->at_ms > 0 && purge->left.at != NULL);
	must(store_batch_instance(batch, purge->number) == NULL);
	store_put_salt(batch, purge->number, (struct str){NULL, 0});
	*there = *purge;
	there->left = arena_str(batch->arena, purge->left);
	there->labels = arena_str(batch->arena, purge->labels);
	must(map_put(batch->purges, MAP_KEY_OF(&there->number), there) == NULL);
}

const struct store_purge *
store_batch_purge(const struct store_batch *batch, uint64_t number)
{
	return map_find(batch->purges, MAP_KEY_OF(&number));
}

/* ------------------------------------------------------------------ chores */

void
store_add_cleaning(struct store_batch *batch, int64_t now_ms,
    int64_t events_before_ms)
{
	must(now_ms > 0);
	batch->cleaning = (struct store_cleaning){
		.is_wanted = true,
		.now_ms = now_ms,
		.events_before_ms = events_before_ms,
	};
}

void
store_add_probe(struct store_batch *batch)
{
	batch->has_probe = true;
}
