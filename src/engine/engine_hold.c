/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_hold.c: what must be neither purged nor erased, since somebody said
 * so: a legal hold.
 *
 * The store keeps all that was ever said.  A hold is in force from the turn
 * that it is set in, and is over once its release is durable: whoever was told
 * of a hold never finds purged afterwards what it holds.
 */
#include "engine_priv.h"

#include "stated/json.h"

static const struct str scope_names[] = {
#define X(symbol, name) [HOLD_##symbol] = STR_INIT(name),
    ENGINE_HOLD_SCOPES(X)
#undef X
};

struct str
engine_hold_scope_name(enum engine_hold_scope scope)
{
	return scope < HOLD_SCOPE_COUNT ? scope_names[scope] : STR("unknown");
}

static enum engine_hold_scope
scope_of(struct str name)
{
	enum engine_hold_scope scope = 0;

	while (scope < HOLD_SCOPE_COUNT &&
	       !str_equal(scope_names[scope], name))
		scope++;
	/* What a later program may know holds everything. */
	return scope;
}

/* ---- what was said ---- */

struct holds {
	struct arena *arena;
	struct engine_hold **items; /* in the order in which they were set */
	size_t count;
	size_t capacity;
};

static struct engine_hold *
find(const struct engine *engine, struct str id)
{
	const struct holds *holds = engine->holds;

	for (size_t i = 0; i < holds->count; i++)
		if (str_equal(holds->items[i]->id, id))
			return holds->items[i];
	return NULL;
}

/* Of a number, in whichever spelling it was said, what rows are known by. */
static struct str
key_of(struct arena *arena, struct str written)
{
	struct buf key = buf_in(arena);

	return chart_number_key(written, &key) ? buf_keep(&key)
					       : (struct str){NULL, 0};
}

static void
add(struct holds *holds, const struct store_hold *row)
{
	struct arena *arena = holds->arena;
	struct engine_hold *hold = ARENA_NEW(arena, struct engine_hold);

	*hold = (struct engine_hold){
	    .id = arena_str(arena, row->id),
	    .scope = scope_of(row->scope),
	    .label = arena_str(arena, row->label),
	    .value = arena_str(arena, row->value),
	    .set_ms = row->at_ms,
	    .set_by = arena_str(arena, row->actor),
	    .reason = arena_str(arena, row->reason),
	};
	if (hold->scope == HOLD_KEY)
		hold->number_key = key_of(arena, row->value);
	holds->items = arena_grow(arena, holds->items, holds->count,
	    &holds->capacity, sizeof(hold));
	holds->items[holds->count++] = hold;
}

static void
note(struct engine *engine, const struct store_hold *row)
{
	struct engine_hold *hold = find(engine, row->id);

	if (!row->releases) {
		if (hold == NULL)
			add(engine->holds, row);
		return;
	}
	if (hold == NULL || hold->released_ms != 0)
		return;
	hold->released_ms = row->at_ms;
	hold->released_by = arena_str(engine->holds->arena, row->actor);
	hold->release_reason = arena_str(engine->holds->arena, row->reason);
}

/* ---- life ---- */

static void
row_cb(const struct store_hold *row, void *arg)
{
	note(arg, row);
}

enum store_error
hold_init(struct engine *engine)
{
	struct arena *arena = arena_new();

	must(engine->holds == NULL);
	engine->holds = ARENA_NEW(arena, struct holds);
	engine->holds->arena = arena;
	return store_each_hold(engine->store, row_cb, engine);
}

void
hold_fini(struct engine *engine)
{
	struct arena *arena;

	if (engine->holds == NULL)
		return;
	arena = engine->holds->arena;
	engine->holds = NULL;
	arena_free(&arena);
}

/* What can't be read again stays: a hold too many does no harm. */
void
hold_revoke(struct engine *engine)
{
	struct holds *before = engine->holds;
	struct arena *arena = before->arena;

	engine->holds = NULL;
	if (hold_init(engine) == STORE_OK) {
		arena_free(&arena);
		return;
	}
	hold_fini(engine);
	engine->holds = before;
}

/* ---- setting and releasing ---- */

static struct store_hold
row_of(const struct engine *engine, const struct engine_holding *act)
{
	return (struct store_hold){
	    .id = act->id,
	    .releases = act->releases,
	    .at_ms = engine_now_ms(engine),
	    .actor = act->actor.name,
	    .reason = act->reason,
	    .scope = act->releases ? (struct str){NULL, 0}
				   : engine_hold_scope_name(act->scope),
	    .label = act->label,
	    .value = act->value,
	};
}

static void
tell_journal(struct engine *engine, struct turn *turn,
    const struct store_hold *row)
{
	struct value_builder *record = journal_begin(engine, turn,
	    row->releases ? JOURNAL_HOLD_RELEASED : JOURNAL_HOLD_SET,
	    row->actor);

	value_put_str(record, "hold", row->id);
	if (!row->releases) {
		value_put_str(record, "scope", row->scope);
		if (row->label.at != NULL)
			value_put_str(record, "label", row->label);
		value_put_str(record, "value", row->value);
	}
	value_put_str(record, "reason", row->reason);
	(void)journal_add(engine, record);
}

static void
add_to_turn(struct turn *turn, const struct store_hold *row)
{
	struct holding *holding = ARENA_NEW(turn->arena, struct holding);

	holding->row = *row;
	holding->row.id = arena_str(turn->arena, row->id);
	holding->row.actor = arena_str(turn->arena, row->actor);
	holding->row.reason = arena_str(turn->arena, row->reason);
	*turn->holdings_end = holding;
	turn->holdings_end = &holding->next;
}

void
hold_perform(struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_holding *act = &request->holding;
	struct store_hold row = row_of(engine, act);
	struct engine_reply *reply;

	if (act->releases && find(engine, act->id) == NULL) {
		reply = turn_reply(turn, request, ENGINE_UNKNOWN_HOLD);
		if (reply != NULL)
			reply->detail = STR("there is no hold of that id");
		return;
	}
	store_add_hold(store_batch(engine->store), &row);
	tell_journal(engine, turn, &row);
	if (row.releases)
		add_to_turn(turn, &row);
	else
		note(engine, &row);
	(void)turn_reply(turn, request, ENGINE_OK);
}

void
hold_apply(struct engine *engine, const struct turn *turn)
{
	for (const struct holding *holding = turn->holdings; holding != NULL;
	     holding = holding->next) {
		note(engine, &holding->row);
		/* What was passed by since it was held is looked at again. */
		retention_look_again(engine);
	}
}

/* ---- looking ---- */

static bool
is_masked(struct arena *arena, const struct store_instance *row,
    struct str label)
{
	struct json_error error;
	const struct value *labels = row->labels.at != NULL
	    ? json_read(arena, row->labels, &error) : NULL;
	const struct value *shown =
	    labels != NULL ? value_get(labels, label) : NULL;

	return shown != NULL && shown->type == VALUE_STRING &&
	       chart_mask_is_in(shown->as.string);
}

/* Rows show labels without what is sensitive.  false: what they were can't be
 * read. */
static bool
read_own_labels(const struct engine *engine, struct arena *arena,
    uint64_t number, struct store_instance *row)
{
	struct chart_identity identity = {.number = number};
	const struct definition *definition;
	struct buf text = buf_in(arena);
	struct chart *chart;

	if (store_find_instance(engine->store, arena, number, row) != STORE_OK)
		return false;
	definition = library_find_digest(engine->library, row->definition);
	if (definition == NULL || row->snapshot.at == NULL)
		return false;
	memcpy(identity.store, engine->store_bytes, sizeof(identity.store));
	chart = chart_load(definition, identity, row->snapshot);
	if (chart == NULL)
		return false;
	json_write(chart_labels(chart), JSON_PLAIN, &text);
	chart_free(&chart);
	row->labels = buf_keep(&text);
	return true;
}

/* Where nobody can tell any more, since the instance was erased, it may well
 * be that label. */
static bool
may_have_label(const struct engine *engine, const struct engine_hold *hold,
    const struct store_instance *row)
{
	struct arena *arena = arena_new();
	struct store_instance own;
	bool may = store_label_equals(row, hold->label, hold->value);

	if (!may && is_masked(arena, row, hold->label))
		may = !read_own_labels(engine, arena, row->number, &own) ||
		    is_masked(arena, &own, hold->label) ||
		    store_label_equals(&own, hold->label, hold->value);
	arena_free(&arena);
	return may;
}

static bool
holds_row(const struct engine *engine, const struct engine_hold *hold,
    const struct store_instance *row)
{
	char id[CHART_ID_BYTES];

	switch (hold->scope) {
	case HOLD_INSTANCE:
		return str_equal(
		    engine_id_format(engine, row->number, id), hold->value);
	case HOLD_KEY:
		/* Also over a text that is written as the number: what was
		 * erased or purged for want of a hold doesn't come back. */
		return str_equal(row->business_key, hold->value) ||
		       (hold->number_key.at != NULL &&
			   str_equal(row->business_key, hold->number_key));
	case HOLD_WORKFLOW:
		return str_equal(row->workflow, hold->value);
	case HOLD_LABEL:
		return may_have_label(engine, hold, row);
	case HOLD_SCOPE_COUNT:
		return true;
	}
	unreachable("all scopes are above");
}

const struct engine_hold *
engine_held_by(
    const struct engine *engine, const struct store_instance *row)
{
	const struct holds *holds = engine->holds;

	for (size_t i = 0; i < holds->count; i++)
		if (holds->items[i]->released_ms == 0 &&
		    holds_row(engine, holds->items[i], row))
			return holds->items[i];
	return NULL;
}

const struct engine_hold *
engine_find_hold(const struct engine *engine, struct str id)
{
	return find(engine, id);
}

void
engine_each_hold(const struct engine *engine, engine_hold_fn *fn, void *arg)
{
	for (size_t i = 0; i < engine->holds->count; i++)
		fn(engine->holds->items[i], arg);
}
