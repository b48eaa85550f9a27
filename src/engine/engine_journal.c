/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_journal.c: what happens to the installation, in a chain of its own.
 *
 * A record goes into the batch of what it tells of, so that neither is durable
 * without the other.  What comes from outside (an export is about to leave)
 * is a request like any other, and is answered once its record is durable.
 */
#include "engine_priv.h"

/* ---- records ---- */

struct value_builder *
engine_journal_begin(struct arena *arena, const struct store *store,
    enum journal_kind kind, int64_t at_ms, struct str actor)
{
	struct value_builder *record = value_build_context(arena);
	struct store_identity identity = store_identity(store);
	struct chart_identity journal = {.number = STORE_JOURNAL};
	char time[CLOCK_TEXT_BYTES], id[CHART_ID_BYTES];

	memcpy(journal.store, identity.bytes, sizeof(journal.store));
	value_put_str(record, "kind", audit_journal_name(kind));
	value_put_str(record, "time", clock_format(at_ms, time));
	value_put_str(record, "instance", chart_id_format(journal, id));
	if (actor.bytes > 0)
		value_put_str(record, "actor", actor);
	return record;
}

struct value_builder *
journal_begin(struct engine *engine, struct turn *turn, enum journal_kind kind,
    struct str actor)
{
	return engine_journal_begin(turn->arena, engine->store, kind,
	    engine_now_ms(engine), actor);
}

uint64_t
journal_add(struct engine *engine, struct value_builder *record)
{
	return store_add_journal(
	    store_batch(engine->store), value_built(record));
}

void
engine_journal_token(
    struct value_builder *record, const struct store_token *row)
{
	value_put_str(record, "token", row->id);
	if (row->revokes)
		return;
	value_put_str(record, "name", row->name);
	/* Roles and workflows, as the store has them: no secret. */
	value_put_str(record, "grant", row->grant);
	if (row->expires_ms != 0)
		value_put_instant(record, "expires_at", row->expires_ms);
}

/* ---- requests ---- */

void
journal_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_entry *entry = &request->entry;
	struct value_builder *record =
	    journal_begin(engine, turn, entry->kind, entry->actor);
	const struct value *fields = entry->fields;

	for (size_t i = 0; fields != NULL && i < fields->as.context.count; i++)
		value_put(record, fields->as.context.fields[i].key,
		    fields->as.context.fields[i].value);
	journal_add(engine, record);
	if (entry->checkpoint != NULL) {
		struct store_batch *batch = store_batch(engine->store);

		store_add_nodes(batch, entry->nodes, entry->node_count);
		store_add_checkpoint(batch, entry->checkpoint);
	}
	(void)turn_reply(turn, request, ENGINE_OK);
}

/* The engine's own: kept in the inbox until the store takes it. */
static void
add_own(struct engine *engine, enum journal_kind kind,
    void (*fill)(const struct engine *engine, struct value_builder *fields))
{
	struct request *request = request_new(REQUEST_JOURNAL);
	struct value_builder *fields = value_build_context(request->arena);

	if (fill != NULL)
		fill(engine, fields);
	request->entry = (struct engine_entry){
	    .kind = kind,
	    .fields = value_built(fields),
	};
	engine_add(engine, request);
}

/* ---- life ---- */

static void
fill_started(const struct engine *engine, struct value_builder *fields)
{
	struct store_age age = store_age(engine->store);
	int64_t restored_ms = store_restored_ms(engine->store);

	value_put_str(fields, "program", STR("stated " STATED_VERSION));
	value_put_str(fields, "environment", engine->options.environment);
	value_put_int(fields, "schema", age.present);
	if (age.found != age.present)
		value_put_int(fields, "schema_found", age.found);
	value_put_int(fields, "last_number",
	    (int64_t)store_last_number(engine->store));
	if (restored_ms != 0)
		value_put_instant(fields, "restored_at", restored_ms);
}

void
journal_started(struct engine *engine)
{
	add_own(engine, JOURNAL_ENGINE_STARTED, fill_started);
}

void
journal_stopping(struct engine *engine)
{
	if (engine->is_stop_told)
		return;
	engine->is_stop_told = true;
	refusal_tell(engine);
	add_own(engine, JOURNAL_ENGINE_STOPPED, NULL);
}
