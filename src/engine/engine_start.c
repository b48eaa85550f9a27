/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_start.c: how instances begin, whoever asks: a caller, an instance
 * that runs another, or the time.
 *
 * The rules are the same for all: the input fits the schema, and a business
 * key is given once.  The new instance's row is in the open batch before
 * anything of it is stepped, so that whoever else asks for the key within this
 * turn finds it.
 */
#include "engine_priv.h"

#include "stated/json.h"

static struct start_result
refuse(enum start_fate fate)
{
	return (struct start_result){.fate = fate};
}

static bool
is_purged(struct engine *engine, uint64_t number)
{
	struct arena *arena = arena_new();
	struct store_instance row;
	bool purged =
	    engine_found(engine,
		store_find_instance(engine->store, arena, number, &row)) &&
	    str_equal(row.status, STR(STORE_PURGED));

	arena_free(&arena);
	return purged;
}

/* What its input gives for a key. */
static bool
key_of(struct engine *engine, struct chart_context *context, uint64_t number,
    struct chart_handle *key)
{
	const struct instance *instance = instance_find(engine, number);

	return instance != NULL &&
	       chart_business_key(chart_definition(instance->chart),
		   chart_input(instance->chart), context, key);
}

/* It has that key because its input gives a text, and no number that is written
 * so. */
static bool
is_keyed_by_text(struct engine *engine, struct chart_context *context,
    uint64_t number, struct str text)
{
	struct chart_handle key;

	return key_of(engine, context, number, &key) &&
	       str_equal(key.text, text);
}

/* Of what was purged nothing tells any more how its key was given. */
bool
engine_has_number_key(
    struct engine *engine, uint64_t number, struct str written)
{
	struct arena *arena = arena_new_in(engine->arenas);
	struct chart_context context = engine_chart_context(engine, arena);
	const struct instance *instance = instance_find(engine, number);
	bool has = instance != NULL
	    ? chart_has_number_key(instance->chart, &context, written)
	    : is_purged(engine, number);

	arena_free(&arena);
	return has;
}

/* What was started before numbers had one text goes by what was written. */
static bool
find_key(struct engine *engine, struct chart_context *context,
    struct str workflow, const struct chart_handle *key, uint64_t *number)
{
	struct store *store = engine->store;

	if (!str_equal(key->written, key->text) &&
	    engine_found(engine,
		store_find_key(store, workflow, key->written, number)) &&
	    !is_keyed_by_text(engine, context, *number, key->written))
		return true;
	return engine_found(
	    engine, store_find_key(store, workflow, key->text, number));
}

/* One instance a key: the same input finds it, another is a conflict. */
static bool
find_same(struct engine *engine, struct chart_context *context,
    const struct start_wish *wish, const struct chart_handle *key,
    struct start_result *result)
{
	uint64_t number;

	if (key->text.at == NULL ||
	    !find_key(engine, context, wish->workflow, key, &number))
		return false;
	result->instance = instance_find(engine, number);
	if (result->instance == NULL)
		result->fate = is_purged(engine, number) ? START_PURGED
							 : START_UNREADABLE;
	else if (value_equal(chart_input(result->instance->chart), wish->input))
		result->fate = START_FOUND;
	else
		result->fate = START_CONFLICT;
	return true;
}

static struct instance *
make(struct engine *engine, struct turn *turn, const struct start_wish *wish,
    const struct definition *definition, struct str key)
{
	struct chart_start start = {
	    .definition = definition,
	    .identity = {.number = ++engine->number_last},
	    .input = wish->input,
	    .business_key = key,
	    .priority = wish->priority,
	    .trace = wish->trace,
	    .awaiter = wish->awaiter,
	    .initiator = wish->initiator,
	};
	struct instance *instance;

	memcpy(start.identity.store, engine->store_bytes,
	    sizeof(start.identity.store));
	publish_definition(engine, turn, definition);
	instance =
	    instance_add(engine, chart_new(&start), start.identity.number);
	instance_give_salt(engine, instance, definition);
	instance_save_new(engine, turn, instance);
	return instance;
}

bool
start_reaches(const struct start_wish *wish, struct str entity)
{
	return wish->entity_count == 0 ||
	    str_is_among(entity, wish->entities, wish->entity_count);
}

/* Before anything of it is there: what was begun can't be taken back. */
static bool
is_of_wanted_entity(const struct definition *definition,
    const struct start_wish *wish, struct chart_context *context)
{
	return wish->entity_count == 0 ||
	       start_reaches(wish,
		   chart_label(definition, wish->input, context,
		       STR(CHART_ENTITY)));
}

struct start_result
start_prepare(
    struct engine *engine, struct turn *turn, const struct start_wish *wish)
{
	const struct definition *definition = library_find_workflow(
	    engine->library, wish->workflow, wish->version);
	struct chart_context context = turn_context(engine, turn);
	struct start_result result = {.errors = {.arena = turn->arena}};
	struct chart_handle key;

	if (definition == NULL)
		return refuse(START_UNKNOWN);
	if (definition->input != NULL &&
	    !schema_validate(definition->input, wish->input, &result.errors)) {
		result.fate = START_INVALID;
		return result;
	}
	if (!chart_business_key(definition, wish->input, &context, &key))
		return refuse(START_KEYLESS);
	if (!is_of_wanted_entity(definition, wish, &context))
		return refuse(START_FOREIGN);
	if (find_same(engine, &context, wish, &key, &result))
		return result;
	if (engine->unread != STORE_OK)
		return refuse(START_UNREAD);
	result.fate = START_CREATED;
	result.instance = make(engine, turn, wish, definition, key.text);
	return result;
}

void
start_begin(struct engine *engine, struct turn *turn, struct instance *instance,
    const struct chart_actor *actor, uint64_t parent)
{
	struct chart_event event = {
	    .kind = EV_STARTED,
	    .actor = *actor,
	    .awaiter = {.number = parent},
	};
	struct chart_effects effects = {0};

	must(!instance_has_begun(instance));
	instance_step(engine, turn, instance, &event, &effects);
}

const struct value *
start_plain(struct turn *turn, const struct value *input)
{
	struct buf text = {0};
	struct json_error error;
	const struct value *plain;

	json_write(input, JSON_PLAIN, &text);
	plain = json_read_written(turn->arena, buf_str(&text), &error);
	buf_fini(&text);
	return plain != NULL ? plain : input;
}

struct str
start_detail(const struct engine *engine, struct turn *turn,
    const struct start_wish *wish, const struct start_result *result)
{
	const struct schema_error *first = result->errors.items;
	char id[CHART_ID_BYTES];

	switch (result->fate) {
	case START_CREATED:
	case START_FOUND:
		return STR("there is an instance");
	case START_UNKNOWN:
		return arena_strf(turn->arena,
		    "there is no workflow `%.*s` here",
		    STR_ARG(wish->workflow));
	case START_INVALID:
		must(result->errors.count > 0);
		return arena_strf(turn->arena,
		    "the input does not fit the schema of `%.*s`: %.*s: %.*s",
		    STR_ARG(wish->workflow), STR_ARG(first->pointer),
		    STR_ARG(first->message));
	case START_KEYLESS:
		return arena_strf(turn->arena,
		    "the business-key of `%.*s` gives no text for this input",
		    STR_ARG(wish->workflow));
	case START_FOREIGN:
		return arena_strf(turn->arena,
		    "an instance of `%.*s` with this input is of another "
		    "entity than those that may be started",
		    STR_ARG(wish->workflow));
	case START_CONFLICT:
		return arena_strf(turn->arena,
		    "the business key `%.*s` of `%.*s` is taken by %.*s, which "
		    "has another input",
		    STR_ARG(chart_key(result->instance->chart)),
		    STR_ARG(wish->workflow),
		    STR_ARG(engine_id_format(
			engine, result->instance->number, id)));
	case START_UNREADABLE:
		return STR("an instance with this business key exists and "
			   "can't be read");
	case START_PURGED:
		return STR("an instance with this business key ended, and its "
			   "history was purged: a key is never used twice; "
			   "use another one for another business case");
	case START_UNREAD:
		return store_error_text(engine->unread);
	}
	unreachable("all fates are above");
}
