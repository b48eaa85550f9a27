/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_instance.c: the instances in memory, and how they become rows.
 *
 * The hot ones are kept, by last use; all others are rows only.  One that
 * holds changes which are not durable is never forgotten.
 */
#include "engine_priv.h"

#include "stated/json.h"

#include <stdlib.h>

static void
unlink_used(struct engine *engine, struct instance *instance)
{
	if (instance->newer != NULL)
		instance->newer->older = instance->older;
	else
		engine->newest = instance->older;
	if (instance->older != NULL)
		instance->older->newer = instance->newer;
	else
		engine->oldest = instance->newer;
}

static void
link_newest(struct engine *engine, struct instance *instance)
{
	instance->newer = NULL;
	instance->older = engine->newest;
	if (engine->newest != NULL)
		engine->newest->newer = instance;
	else
		engine->oldest = instance;
	engine->newest = instance;
}

/* It has grown, or shrunk, since it was counted last. */
static void
count_bytes(struct engine *engine, struct instance *instance)
{
	size_t bytes = chart_bytes(instance->chart);

	engine->instance_bytes += bytes - instance->bytes;
	instance->bytes = bytes;
}

static void
free_correlations(struct instance *instance)
{
	for (size_t i = 0; i < instance->correlation_count; i++)
		free((char *)(uintptr_t)instance->correlations[i].at);
	free(instance->correlations);
	instance->correlations = NULL;
	instance->correlation_count = 0;
}

static void
instance_free(struct instance *instance)
{
	free_correlations(instance);
	chart_free(&instance->chart);
	free(instance);
}

struct instance *
instance_add(struct engine *engine, struct chart *chart, uint64_t number)
{
	struct instance *instance = calloc(1, sizeof(*instance));

	must(instance != NULL);
	instance->number = number;
	instance->chart = chart;
	instance->library = engine->library;
	must(map_put(engine->instances, MAP_KEY_OF(&instance->number),
		 instance) == NULL);
	link_newest(engine, instance);
	count_bytes(engine, instance);
	return instance;
}

void
instance_drop(struct engine *engine, uint64_t number)
{
	struct instance *instance =
	    map_remove(engine->instances, MAP_KEY_OF(&number));

	if (instance == NULL)
		return;
	unlink_used(engine, instance);
	must(engine->instance_bytes >= instance->bytes);
	engine->instance_bytes -= instance->bytes;
	instance_free(instance);
}

bool
instance_is_dirty(const struct engine *engine, const struct instance *instance)
{
	return instance->turn > engine->durable_turn;
}

void
instance_forget_ended(struct engine *engine, const struct turn *turn)
{
	for (size_t i = 0; i < turn->touched_count; i++) {
		const uint64_t *number = &turn->touched[i].number;
		const struct instance *instance =
		    map_find(engine->instances, MAP_KEY_OF(number));

		if (instance != NULL &&
		    chart_status_is_end(chart_status(instance->chart)) &&
		    !instance_is_dirty(engine, instance))
			instance_drop(engine, instance->number);
	}
}

static bool
is_too_much(const struct engine *engine)
{
	const struct engine_limits *limits = &engine->options.limits;

	return map_count(engine->instances) > limits->cache_max ||
	       engine->instance_bytes > limits->cache_bytes_max;
}

/* The newest stays, however large: it is the likeliest to be asked for. */
void
instance_trim(struct engine *engine)
{
	struct instance *instance = engine->oldest;

	while (instance != NULL && instance->newer != NULL &&
	       is_too_much(engine)) {
		struct instance *newer = instance->newer;

		if (!instance_is_dirty(engine, instance))
			instance_drop(engine, instance->number);
		instance = newer;
	}
}

void
instance_free_all(struct engine *engine)
{
	while (engine->oldest != NULL)
		instance_drop(engine, engine->oldest->number);
	map_free(&engine->instances);
}

/* ---- loading ---- */

static struct str
heap_copy(struct str text)
{
	char *copy = malloc(text.bytes + 1);

	must(copy != NULL);
	if (text.bytes > 0)
		memcpy(copy, text.at, text.bytes);
	copy[text.bytes] = 0;
	return (struct str){copy, text.bytes};
}

static void
keep_correlations(
    struct instance *instance, const struct str *values, size_t count)
{
	struct str *copies = calloc(count + 1, sizeof(*copies));

	must(copies != NULL);
	for (size_t i = 0; i < count; i++)
		if (values[i].bytes > 0)
			copies[i] = heap_copy(values[i]);
	free_correlations(instance);
	instance->correlations = copies;
	instance->correlation_count = count;
}

/* ---- what an older program left to be read from history ---- */

struct past {
	struct arena *arena;
	const struct value **records;
	size_t count;
	size_t capacity;
	bool is_damaged;
};

/* Of long histories most is of other kinds, and not worth parsing. */
static bool
tells_of_states(struct str canonical)
{
	return str_find(canonical, STR("\"kind\":\"started\"")) != SIZE_MAX ||
	       str_find(canonical, STR("\"kind\":\"entered\"")) != SIZE_MAX ||
	       str_find(canonical, STR("\"kind\":\"migrated\"")) != SIZE_MAX;
}

static bool
past_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct past *past = arg;
	struct audit_head place;
	const struct value *read;

	(void)instance;
	if (record->canonical.bytes > 0 && !tells_of_states(record->canonical))
		return true;
	past->is_damaged = record->canonical.bytes == 0 ||
	    audit_verify_text(past->arena, record->canonical, record->hash,
		&place, &read) != AUDIT_SOUND;
	if (past->is_damaged)
		return false;
	past->records = arena_grow(past->arena, past->records, past->count,
	    &past->capacity, sizeof(*past->records));
	past->records[past->count++] = read;
	return true;
}

static const struct definition *
definition_cb(struct digest digest, void *arg)
{
	const struct engine *engine = arg;

	return library_find_digest(engine->library, digest);
}

static bool
tell_past(struct engine *engine, struct arena *arena, struct chart *chart,
    uint64_t number)
{
	struct past past = {.arena = arena};

	return engine_found(engine,
		   store_each_record(
		       engine->store, number, 1, past_cb, &past)) &&
	       !past.is_damaged &&
	       chart_tell_past(
		   chart, past.records, past.count, definition_cb, engine);
}

static struct chart *
load_chart(struct engine *engine, struct arena *arena,
    const struct store_instance *row)
{
	struct chart_identity identity = {.number = row->number};
	const struct definition *definition =
	    library_find_digest(engine->library, row->definition);
	struct chart *chart;
	struct str salt;

	if (str_equal(row->status, STR(STORE_PURGED)))
		return NULL;
	if (definition == NULL && row->ended_ms != 0)
		return NULL; /* nothing stands still by that */
	if (definition == NULL) {
		log_error("instance can't be loaded",
		    "number=%llu workflow=%.*s version=%lld: its definition is "
		    "missing",
		    (unsigned long long)row->number, STR_ARG(row->workflow),
		    (long long)row->version);
		return NULL;
	}
	memcpy(identity.store, engine->store_bytes, sizeof(identity.store));
	chart = chart_load(definition, identity, row->snapshot);
	if (chart == NULL) {
		log_error("instance can't be loaded",
		    "number=%llu: its snapshot is damaged",
		    (unsigned long long)row->number);
		return NULL;
	}
	if (chart_lacks_past(chart) &&
	    !tell_past(engine, arena, chart, row->number)) {
		log_error("instance can't be loaded",
		    "number=%llu: an older program left open which states it "
		    "has entered, and its history doesn't tell: it can't be "
		    "read, or a version that the instance has moved from can't "
		    "be loaded; put back what that needs",
		    (unsigned long long)row->number);
		chart_free(&chart);
		return NULL;
	}
	*chart_head(chart) = row->head;
	if (definition->sensitive_count > 0 &&
	    engine_found(engine, store_find_salt(engine->store, arena,
		row->number, &salt)))
		chart_set_salt(chart, salt);
	return chart;
}

void
instance_give_salt(struct engine *engine, struct instance *instance,
    const struct definition *definition)
{
	struct rng *rng = engine->options.rng;
	char salt[CHART_SALT_BYTES];
	struct str bytes = {salt, sizeof(salt)};

	/* One that has ended has all its digests, or was erased. */
	if (definition->sensitive_count == 0 ||
	    chart_ended_ms(instance->chart) != 0 ||
	    chart_salt(instance->chart).at != NULL)
		return;
	rng->fill(rng, salt, sizeof(salt));
	chart_set_salt(instance->chart, bytes);
	store_put_salt(store_batch(engine->store), instance->number, bytes);
}

/* What it is subscribed to is what its rows say, and not what it would wait
 * for: one that has not begun has no rows yet, and what `correlate` reads may
 * be another setting now.  The next step subscribes to what is missing.  false
 * where the store can't tell. */
static bool
load_correlations(
    struct engine *engine, struct arena *arena, struct instance *instance)
{
	struct chart_context context = engine_chart_context(engine, arena);
	struct str *values;
	size_t count = chart_correlations(instance->chart, &context, &values);
	struct str *subscribed = ARENA_ARRAY(arena, count, struct str);

	for (size_t i = 0; i < count; i++)
		if (values[i].bytes > 0 &&
		    (str_is_among(values[i], subscribed, i) ||
			engine_found(engine,
			    store_find_subscription(engine->store, values[i],
				instance->number))))
			subscribed[i] = values[i];
	keep_correlations(instance, subscribed, count);
	return engine->unread == STORE_OK;
}

static struct instance *
load(struct engine *engine, uint64_t number)
{
	struct arena *arena = arena_new();
	struct instance *instance = NULL;
	struct store_instance row;
	struct chart *chart = NULL;

	if (engine_found(engine,
		store_find_instance(engine->store, arena, number, &row)))
		chart = load_chart(engine, arena, &row);
	if (chart != NULL)
		instance = instance_add(engine, chart, number);
	if (instance != NULL && !load_correlations(engine, arena, instance)) {
		instance_drop(engine, number);
		instance = NULL;
	}
	arena_free(&arena);
	return instance;
}

/* The connections that it calls may have been given anew since it was loaded,
 * and those of before are nobody's any more. */
static bool
is_stale(const struct engine *engine, const struct instance *instance)
{
	return instance->library != engine->library &&
	       !instance_is_dirty(engine, instance);
}

struct instance *
instance_find(struct engine *engine, uint64_t number)
{
	struct instance *instance =
	    map_find(engine->instances, MAP_KEY_OF(&number));

	if (instance != NULL && is_stale(engine, instance)) {
		instance_drop(engine, number);
		instance = NULL;
	}
	if (instance == NULL)
		return load(engine, number);
	unlink_used(engine, instance);
	link_newest(engine, instance);
	return instance;
}

/* ---- saving ---- */

/* Whether it is a value at all, and stands there for the first time: several
 * events may be matched by the same one. */
static bool
is_first(const struct str *values, size_t i)
{
	return values[i].bytes > 0 && !str_is_among(values[i], values, i);
}

static void
subscribe(struct engine *engine, const struct instance *instance,
    const struct str *values, size_t count)
{
	struct store_batch *batch = store_batch(engine->store);
	const struct str *before = instance->correlations;
	size_t before_count = instance->correlation_count;

	for (size_t i = 0; i < before_count; i++)
		if (is_first(before, i) &&
		    !str_is_among(before[i], values, count))
			store_remove_subscription(
			    batch, before[i], instance->number);
	for (size_t i = 0; i < count; i++)
		if (is_first(values, i) &&
		    !str_is_among(values[i], before, before_count))
			store_add_subscription(
			    batch, values[i], instance->number);
}

/* The rows of subscriptions follow the values that it waits for.  Where an
 * event has got a new one, what has been held for that is delivered: even if
 * another event has been matched by the same value for long. */
static void
save_correlations(
    struct engine *engine, struct turn *turn, struct instance *instance)
{
	struct chart_context context = turn_context(engine, turn);
	struct str *values, *changed;
	size_t count = chart_correlations(instance->chart, &context, &values);
	size_t changed_count = 0;

	changed = ARENA_ARRAY(turn->arena, count, struct str);
	for (size_t i = 0; i < count; i++)
		if (i >= instance->correlation_count ||
		    !str_equal(values[i], instance->correlations[i]))
			changed[changed_count++] =
			    arena_str(turn->arena, values[i]);
	if (changed_count == 0 && count == instance->correlation_count)
		return;
	subscribe(engine, instance, values, count);
	keep_correlations(instance, values, count);
	/* From here on it may be stepped, and the values be its past ones. */
	for (size_t i = 0; i < changed_count; i++)
		if (is_first(changed, i))
			event_deliver_held(engine, turn, instance, changed[i]);
}

static void
save_history(struct engine *engine, struct instance *instance,
    const struct chart_effects *effects)
{
	struct store_batch *batch = store_batch(engine->store);
	struct arena *arena = store_batch_arena(batch);
	struct audit_record *records;

	if (effects->record_count == 0)
		return;
	records =
	    ARENA_ARRAY(arena, effects->record_count, struct audit_record);
	for (size_t i = 0; i < effects->record_count; i++)
		records[i] = audit_seal(arena, effects->records[i],
		    chart_head(instance->chart));
	store_add_history_kept(
	    batch, instance->number, records, effects->record_count);
}

static struct str
labels_text(struct turn *turn, struct chart *chart)
{
	struct buf text = buf_in(turn->arena);

	if (value_is_null(chart_labels(chart)))
		return (struct str){NULL, 0};
	/* Plain, not canonical: a label is looked up by its text. */
	json_write(chart_masked(chart, turn->arena, chart_labels(chart)),
	    JSON_PLAIN, &text);
	return buf_keep(&text);
}

/* One that was made and has not begun is due at once. */
int64_t
instance_due_ms(const struct engine *engine, const struct instance *instance)
{
	if (!instance_has_begun(instance))
		return engine_now_ms(engine);
	return chart_due_ms(instance->chart);
}

static struct store_instance
row_of(struct engine *engine, struct turn *turn, struct instance *instance)
{
	struct chart *chart = instance->chart;
	const struct definition *definition = chart_definition(chart);

	return (struct store_instance){
	    .number = instance->number,
	    .workflow = definition->name,
	    .version = definition->version,
	    .definition = definition->digest,
	    .business_key = chart_key(chart),
	    .status = chart_status_name(chart_status(chart)),
	    .state = chart_state_names(chart, turn->arena),
	    .initiator = chart_initiator(chart),
	    .priority = def_priority_name(chart_priority(chart)),
	    .labels = labels_text(turn, chart),
	    .started_ms = chart_started_ms(chart)
			      ? chart_started_ms(chart)
			      : engine_now_ms(engine),
	    .changed_ms = engine_now_ms(engine),
	    .ended_ms = chart_ended_ms(chart),
	    .due_ms = instance_due_ms(engine, instance),
	    .busy = chart_is_busy(chart),
	    .incidents = (int64_t)chart_incident_count(chart),
	    .head = *chart_head(instance->chart),
	};
}

/* A new one's, at once: its business key is taken from now on.  All others
 * become rows once a turn, when they are as they will be stored: until then
 * nobody reads them, since an instance with changes stays in memory. */
static void
save_row(struct engine *engine, struct turn *turn, struct instance *instance)
{
	struct store_instance row = row_of(engine, turn, instance);

	store_put_instance(store_batch(engine->store), &row);
}

static void
seal(struct engine *engine, struct turn *turn, struct instance *instance)
{
	struct store_instance row = row_of(engine, turn, instance);
	struct store_batch *batch = store_batch(engine->store);
	struct buf snapshot = buf_in(store_batch_arena(batch));

	count_bytes(engine, instance);
	chart_save(instance->chart, &snapshot);
	row.snapshot = buf_keep(&snapshot);
	store_put_instance_kept(batch, &row);
	if (row.ended_ms != 0)
		retention_put(engine, turn, instance);
}

void
instance_seal(struct engine *engine, struct turn *turn)
{
	for (size_t i = 0; i < turn->touched_count; i++) {
		struct instance *instance = turn->touched[i].instance;

		must(instance->turn == turn->serial);
		seal(engine, turn, instance);
	}
}

void
instance_save_new(
    struct engine *engine, struct turn *turn, struct instance *instance)
{
	must(!instance_has_begun(instance));
	turn_touch(turn, instance);
	save_row(engine, turn, instance);
}

void
instance_save(struct engine *engine, struct turn *turn,
    struct instance *instance, struct chart_effects *effects)
{
	bool is_new = chart_head(instance->chart)->seq == 0;

	save_history(engine, instance, effects);
	if (is_new)
		save_row(engine, turn, instance);
	turn_touch(turn, instance);
	turn->stepped++;
	engine->stepped++;
}

/* ---- stepping ---- */

static void
put_item(struct engine *engine, struct turn *turn,
    struct instance *instance, const struct chart_effect *effect)
{
	static const enum store_item_kind kinds[] = {
	    [CHART_TASK] = ITEM_TASK,
	    [CHART_INCIDENT] = ITEM_INCIDENT,
	    [CHART_ESCALATION] = ITEM_ESCALATION,
	    [CHART_PROPOSAL] = ITEM_PROPOSAL,
	};
	struct buf body = buf_in(turn->arena);
	struct store_item item = {
	    .kind = kinds[effect->item],
	    .instance = instance->number,
	    .serial = effect->serial,
	    .open = effect->open,
	    .created_ms = effect->created_ms,
	    .closed_ms = effect->closed_ms,
	    .owner = effect->owner,
	};

	/* Items are listed without their instances. */
	json_write(
	    chart_masked_item(instance->chart, turn->arena, effect->body),
	    JSON_PLAIN, &body);
	item.body = buf_keep(&body);
	store_put_item(store_batch(engine->store), &item);
}

static enum log_level
level_of(struct str name)
{
	if (str_equal(name, STR("error")))
		return LOG_ERROR;
	return str_equal(name, STR("info")) ? LOG_INFO : LOG_WARNING;
}

/* A call that can't even be made comes back as its reply, in this same turn.
 * So does a child that can't be run; what it leads to may have withdrawn a
 * call that stands behind it in the list. */
static void
offer_call(struct engine *engine, struct turn *turn, struct instance *instance,
    struct chart_effect effect, struct chart_effects *effects)
{
	struct chart_context context = turn_context_of(engine, turn, instance);
	struct outcome failure;
	struct chart_event event = {
	    .kind = EV_REPLY_ARRIVED,
	    .serial = effect.serial,
	    .outcome = &failure,
	};

	if (!chart_call_is_wanted(
		instance->chart, effect.serial, engine_now_ms(engine)))
		return;
	if (!exchange_offer(engine, turn, instance, &effect, effects, &failure))
		chart_step(instance->chart, &event, &context, effects);
}

static void
perform_effects(struct engine *engine, struct turn *turn,
    struct instance *instance, struct chart_effects *effects)
{
	size_t published = 0;

	/* The list grows while it is gone through. */
	for (size_t i = 0; i < effects->count; i++) {
		struct chart_effect effect = effects->items[i];

		switch (effect.kind) {
		case DO_CALL:
			offer_call(engine, turn, instance, effect, effects);
			break;
		case DO_PUBLISH:
			event_publish(engine, turn, instance, &effect);
			turn_note_width(engine, ++published);
			break;
		case DO_PUT_ITEM:
			put_item(engine, turn, instance, &effect);
			break;
		case DO_LOG:
			turn_log(turn, level_of(effect.level), effect.message);
			break;
		case DO_RUN:
			child_run(engine, turn, instance, &effect, effects);
			break;
		case DO_CANCEL_RUN:
			child_cancel(engine, instance, &effect);
			break;
		case DO_REPORT:
			child_report(engine, &effect);
			break;
		case DO_FORGET:
			store_forget_events(store_batch(engine->store),
			    &(struct store_forgotten){
				.type = effect.type,
				.subject = effect.subject,
			    });
			break;
		}
	}
}

void
instance_step(struct engine *engine, struct turn *turn,
    struct instance *instance, const struct chart_event *event,
    struct chart_effects *effects)
{
	recover_ahead(engine, turn, instance);
	struct chart_context context = turn_context_of(engine, turn, instance);

	turn_touch(turn, instance);
	chart_step(instance->chart, event, &context, effects);
	perform_effects(engine, turn, instance, effects);
	instance_save(engine, turn, instance, effects);
	save_correlations(engine, turn, instance);
}

bool
instance_begin_if_new(
    struct engine *engine, struct turn *turn, struct instance *instance)
{
	const struct chart_actor nobody = {.name = {NULL, 0}};

	if (instance_has_begun(instance))
		return false;
	start_begin(engine, turn, instance, &nobody, 0);
	return true;
}
