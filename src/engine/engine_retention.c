/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_retention.c: histories that nobody has to keep any longer.
 *
 * When an instance ends, until when it is kept is fixed by the definition that
 * it ended on, and stored in the same commit.  Those whose time has come are
 * purged a few at a time, each few in one commit with a record of the journal
 * that says which they were, how long their chains were and what hash they
 * ended with: the certificate.  The next few are only looked for when that is
 * durable, and a moment later, so that nobody else has to wait.
 *
 * What is held is passed by, and looked at again when a hold is released or
 * the engine begins.  What an older program ended has no time stored yet: that
 * is made up for in the same way, from the newest instance down.
 */
#include "engine_priv.h"

#include "stated/json.h"

/* With one commit: so many instances, or so many records in all. */
#define PORTION_INSTANCES 64
#define PORTION_RECORDS 2000
#define PAUSE_MS 10
/* Until a log that somebody reads is tried to be emptied once more. */
#define SCRUB_PAUSE_MS 1000

/* ---- when an instance ends ---- */

void
retention_put(
    struct engine *engine, struct turn *turn, struct instance *instance)
{
	struct chart_context context = turn_context(engine, turn);
	int64_t until_ms = chart_retained_until(instance->chart, &context);

	if (until_ms == 0)
		return;
	store_put_retention(
	    store_batch(engine->store), instance->number, until_ms);
	if (turn->retained_ms == 0 || until_ms < turn->retained_ms)
		turn->retained_ms = until_ms;
}

/* The turn is durable. */
void
retention_note(struct engine *engine, const struct turn *turn)
{
	struct retention *retention = &engine->retention;

	if (turn->retained_ms == 0)
		return;
	if (turn->retained_ms <= retention->after_ms)
		retention_look_again(engine);
	else if (retention->next_ms == 0 ||
	    turn->retained_ms < retention->next_ms)
		retention->next_ms = turn->retained_ms;
}

void
retention_look_again(struct engine *engine)
{
	struct retention *retention = &engine->retention;

	retention->after_ms = 0;
	retention->after_number = 0;
	retention->next_ms = 1;
}

/* ---- finding ---- */

struct looking {
	struct store_instance *rows;
	struct due *due;
	struct arena *arena;
	size_t count;
};

static void
add_due_cb(uint64_t number, int64_t due_ms, void *arg)
{
	struct looking *looking = arg;

	must(looking->count <= PORTION_INSTANCES);
	looking->due[looking->count++] =
	    (struct due){.due_ms = due_ms, .number = number};
}

static bool
copy_row_cb(const struct store_instance *row, void *arg)
{
	struct looking *looking = arg;
	struct store_instance *copy = &looking->rows[looking->count++];

	*copy = *row;
	copy->workflow = arena_str(looking->arena, row->workflow);
	copy->business_key = arena_str(looking->arena, row->business_key);
	copy->status = arena_str(looking->arena, row->status);
	copy->labels = arena_str(looking->arena, row->labels);
	return true;
}

/* Without its snapshot; rows->number is 0 where there is none. */
static bool
find_row(struct engine *engine, struct turn *turn, uint64_t number,
    struct store_instance *row)
{
	struct looking looking = {.rows = row, .arena = turn->arena};
	struct store_instance_filter filter = {
	    .has_incident = -1,
	    .after = number - 1,
	    .limit = 1,
	    .looked_max = 1,
	};

	*row = (struct store_instance){.number = 0};
	return engine_found(engine, store_list_instances(engine->store,
		   &filter, copy_row_cb, &looking)) &&
	       row->number == number;
}

/* ---- purging ---- */

struct portion {
	struct engine *engine;
	struct turn *turn;
	struct store_purge purges[PORTION_INSTANCES];
	size_t count;
	uint64_t records;
	struct value_builder *instances; /* of the certificate */
	size_t certified;
	uint64_t certified_records;
	bool all_held; /* so far */
};

static void
certify(struct portion *portion, const struct store_instance *row,
    int64_t until_ms)
{
	struct value_builder *built =
	    value_build_context(portion->turn->arena);
	char id[CHART_ID_BYTES], hex[DIGEST_HEX_BYTES];

	value_put_str(built, "instance",
	    engine_id_format(portion->engine, row->number, id));
	value_put_str(built, "workflow", row->workflow);
	value_put_int(built, "version", row->version);
	value_put_str(built, "status", row->status);
	value_put_instant(built, "started_at", row->started_ms);
	value_put_instant(built, "ended_at", row->ended_ms);
	value_put_instant(built, "kept_until", until_ms);
	value_put_int(built, "records", (int64_t)row->head.seq);
	value_put_str(built, "hash", digest_hex(row->head.hash, hex));
	value_append(portion->instances, value_built(built));
	portion->certified++;
	portion->certified_records += row->head.seq;
}

/* Whose it was: else who sees one entity only would count fewer instances of a
 * year that is over, and have no way to know it. */
static struct str
kept_labels(const struct engine *engine, struct arena *arena,
    const struct store_instance *row)
{
	struct value_builder *kept = value_build_context(arena);
	struct buf text = buf_in(arena);
	struct json_error error;
	const struct value *entity = row->labels.at != NULL
	    ? value_field_or_null(
		  json_read(arena, row->labels, &error), CHART_ENTITY)
	    : &value_null;
	struct str written;

	if (!value_text(arena, entity, &written) ||
	    !chart_label_is_plain(
		library_find_digest(engine->library, row->definition),
		STR(CHART_ENTITY), written))
		return (struct str){NULL, 0};
	value_put(kept, STR(CHART_ENTITY), entity);
	json_write(value_built(kept), JSON_PLAIN, &text);
	return buf_keep(&text);
}

static void
add_purge(struct portion *portion, const struct store_instance *row,
    int64_t until_ms)
{
	must(portion->count < PORTION_INSTANCES);
	portion->records += row->head.seq;
	portion->purges[portion->count++] = (struct store_purge){
	    .number = row->number,
	    .until_ms = until_ms,
	    .at_ms = engine_now_ms(portion->engine),
	    .labels = kept_labels(
		portion->engine, portion->turn->arena, row),
	};
}

/* Forgets it, where it is in memory; false where that holds what is not
 * durable yet. */
static bool
is_at_rest(struct engine *engine, uint64_t number)
{
	const struct instance *instance =
	    map_find(engine->instances, MAP_KEY_OF(&number));

	if (instance == NULL)
		return true;
	if (instance_is_dirty(engine, instance))
		return false;
	instance_drop(engine, number);
	return true;
}

/* false: no more goes into this portion. */
static bool
look_at(struct portion *portion, const struct due *due)
{
	struct engine *engine = portion->engine;
	struct retention *retention = &engine->retention;
	struct store_instance row;
	bool is_there = find_row(engine, portion->turn, due->number, &row);

	if (engine->unread != STORE_OK)
		return false;
	if (!is_there || row.ended_ms == 0 ||
	    (!str_equal(row.status, STR(STORE_PURGED)) &&
		engine_held_by(engine, &row) != NULL)) {
		if (portion->all_held) {
			retention->after_ms = due->due_ms;
			retention->after_number = due->number;
		}
		return true;
	}
	portion->all_held = false;
	if (!is_at_rest(engine, due->number))
		return false;
	if (!str_equal(row.status, STR(STORE_PURGED)))
		certify(portion, &row, due->due_ms);
	add_purge(portion, &row, due->due_ms);
	return portion->records < PORTION_RECORDS;
}

static uint64_t
add_certificate(struct portion *portion)
{
	struct value_builder *record = journal_begin(portion->engine,
	    portion->turn, JOURNAL_PURGED, (struct str){NULL, 0});

	value_put_str(record, "rule", STR("retention"));
	value_put_int(record, "count", (int64_t)portion->certified);
	value_put_int(
	    record, "records", (int64_t)portion->certified_records);
	value_put(
	    record, STR("instances"), value_built(portion->instances));
	return journal_add(portion->engine, record);
}

/* What is left of a snapshot says where the certificate stands. */
static void
write_portion(struct portion *portion)
{
	struct engine *engine = portion->engine;
	struct str left = STR("{}");

	if (portion->certified > 0) {
		left = arena_strf(portion->turn->arena,
		    "{\"certificate\":%llu}",
		    (unsigned long long)add_certificate(portion));
		turn_log(portion->turn, LOG_INFO,
		    arena_strf(portion->turn->arena,
			"%zu histories with %llu records were purged: their "
			"retention is over", portion->certified,
			(unsigned long long)portion->certified_records));
	}
	for (size_t i = 0; i < portion->count; i++) {
		portion->purges[i].left = left;
		store_add_purge(
		    store_batch(engine->store), &portion->purges[i]);
	}
	engine->retention.turn = portion->turn->serial;
	engine->retention.has_purged = true;
}

static void
purge(struct engine *engine)
{
	struct retention *retention = &engine->retention;
	struct turn *turn = engine->building;
	struct due due[PORTION_INSTANCES + 1];
	struct looking looking = {.due = due};
	struct store_due_range range = {
	    .after_ms = retention->after_ms,
	    .after_number = retention->after_number,
	    .until_ms = INT64_MAX,
	    .limit = PORTION_INSTANCES + 1,
	};
	struct portion portion = {
	    .engine = engine,
	    .turn = turn,
	    .instances = value_build_list(turn->arena),
	    .all_held = true,
	};
	int64_t now_ms = engine_now_ms(engine);

	if (!engine_found(engine, store_each_retained(
		engine->store, &range, add_due_cb, &looking)))
		return;
	retention->next_ms = 0;
	for (size_t i = 0; i < looking.count; i++) {
		if (due[i].due_ms > now_ms || portion.count == 0) {
			retention->next_ms = due[i].due_ms;
			if (due[i].due_ms > now_ms)
				break;
		}
		if (i == PORTION_INSTANCES || !look_at(&portion, &due[i])) {
			retention->next_ms = now_ms;
			break;
		}
		/* All of it that is due has been looked at. */
		retention->next_ms = 0;
	}
	if (engine->unread != STORE_OK)
		return;
	if (portion.count > 0) {
		/* Some of it may be left, and is told of again. */
		retention->next_ms = now_ms;
		write_portion(&portion);
	} else if (retention->has_purged && retention->next_ms != now_ms) {
		store_add_scrubbing(store_batch(engine->store));
		retention->has_purged = false;
		retention->scrub_turn = turn->serial;
		retention_erased(engine);
	}
	if (retention->next_ms == now_ms)
		retention->next_ms = now_ms + PAUSE_MS;
}

/* ---- what older programs ended ---- */

static void
sweep_row(struct engine *engine, struct turn *turn,
    const struct store_instance *row)
{
	const struct definition *definition;
	struct instance *instance;

	if (row->ended_ms == 0 || str_equal(row->status, STR(STORE_PURGED)))
		return;
	definition = library_find_digest(engine->library, row->definition);
	if (definition == NULL || definition->retention.kind == SPAN_NONE)
		return;
	instance = instance_find(engine, row->number);
	if (instance == NULL)
		return;
	retention_put(engine, turn, instance);
	if (!instance_is_dirty(engine, instance))
		instance_drop(engine, row->number);
}

static void
sweep(struct engine *engine)
{
	struct retention *retention = &engine->retention;
	struct turn *turn = engine->building;
	struct store_instance rows[PORTION_INSTANCES];
	struct looking looking = {.rows = rows, .arena = turn->arena};
	uint64_t resume = 0;
	struct store_instance_filter filter = {
	    .has_incident = -1,
	    .newest_first = true,
	    .after = retention->unswept + 1,
	    .limit = PORTION_INSTANCES,
	    .looked_max = PORTION_INSTANCES,
	    .resume_after = &resume,
	};

	if (!engine_found(engine, store_list_instances(
		engine->store, &filter, copy_row_cb, &looking)))
		return;
	for (size_t i = 0; i < looking.count; i++)
		sweep_row(engine, turn, &rows[i]);
	if (engine->unread != STORE_OK)
		return;
	retention->unswept = resume > 0 ? resume - 1 : 0;
	store_put_unswept(store_batch(engine->store), retention->unswept);
	retention->turn = turn->serial;
	retention->sweep_ms = engine_now_ms(engine) + PAUSE_MS;
}

/* ---- what was erased ---- */

static void
scrub(struct engine *engine)
{
	struct retention *retention = &engine->retention;
	int64_t now_ms = engine_now_ms(engine);

	if (engine->committing != NULL)
		return;
	if (store_is_scrubbed(engine->store)) {
		retention->scrub_ms = 0;
	} else if (retention->scrub_ms <= now_ms) {
		store_add_probe(store_batch(engine->store));
		retention->scrub_ms = now_ms + SCRUB_PAUSE_MS;
	}
}

void
retention_erased(struct engine *engine)
{
	engine->retention.scrub_ms = engine_now_ms(engine) + SCRUB_PAUSE_MS;
}

/* ---- from turn to turn ---- */

enum store_error
retention_init(struct engine *engine)
{
	struct retention *retention = &engine->retention;

	*retention = (struct retention){.next_ms = 1};
	if (!store_is_scrubbed(engine->store))
		retention->scrub_ms = 1;
	return store_find_unswept(engine->store, &retention->unswept);
}

/* Turns did not happen. */
void
retention_revoke(struct engine *engine)
{
	enum store_error error = store_find_unswept(
	    engine->store, &engine->retention.unswept);

	/* Then it is found out once more when the engine begins. */
	if (error != STORE_OK)
		engine->retention.unswept = 0;
	if (!turn_is_durable(engine, engine->retention.scrub_turn))
		engine->retention.has_purged = true;
	engine->retention.turn = 0;
	retention_look_again(engine);
}

void
retention_check(struct engine *engine)
{
	const struct retention *retention = &engine->retention;
	int64_t now_ms = engine_now_ms(engine);

	if (retention->scrub_ms != 0)
		scrub(engine);
	if (engine->stopping || !turn_is_durable(engine, retention->turn))
		return;
	if (retention->unswept > 0 && retention->sweep_ms <= now_ms)
		sweep(engine);
	else if (retention->next_ms != 0 && retention->next_ms <= now_ms)
		purge(engine);
}

int64_t
retention_next_ms(const struct engine *engine)
{
	const struct retention *retention = &engine->retention;
	int64_t next_ms = retention->scrub_ms;

	if (engine->stopping || !turn_is_durable(engine, retention->turn))
		return next_ms;
	if (retention->unswept > 0 &&
	    (next_ms == 0 || retention->sweep_ms < next_ms))
		next_ms = retention->sweep_ms;
	if (retention->next_ms != 0 &&
	    (next_ms == 0 || retention->next_ms < next_ms))
		next_ms = retention->next_ms;
	return next_ms;
}

/* ---- looking ---- */

const struct value *
engine_describe_purged(const struct engine *engine, struct arena *arena,
    const struct store_instance *row)
{
	struct value_builder *built = value_build_context(arena);
	struct json_error error;
	const struct value *left = json_read(arena, row->snapshot, &error);
	const struct value *labels = row->labels.at != NULL
	    ? json_read(arena, row->labels, &error) : NULL;
	char id[CHART_ID_BYTES], hex[DIGEST_HEX_BYTES];

	value_put_str(built, "id", engine_id_format(engine, row->number, id));
	value_put_str(built, "workflow", row->workflow);
	value_put_int(built, "version", row->version);
	value_put_str(built, "definition", digest_hex(row->definition, hex));
	value_put_str(built, "business_key", row->business_key);
	value_put_str(built, "status", STR(STORE_PURGED));
	value_put_str(built, "ended_as", row->state);
	value_put_instant(built, "started_at", row->started_ms);
	value_put_instant(built, "ended_at", row->ended_ms);
	value_put_instant(built, "purged_at", row->changed_ms);
	if (labels != NULL)
		value_put(built, STR("labels"), labels);
	value_put_int(built, "records", (int64_t)row->head.seq);
	value_put_str(built, "hash", digest_hex(row->head.hash, hex));
	if (left != NULL && left->type == VALUE_CONTEXT)
		value_put(built, STR("certificate"),
		    value_field_or_null(left, "certificate"));
	return value_built(built);
}
