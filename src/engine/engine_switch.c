/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_switch.c: connections that operators pause and resume.
 *
 * The store keeps all that was ever said, with who said it and why; the last
 * word about a connection is in force.  It is so once it is durable: a pause
 * that a caller has been told of holds, whatever becomes of this process.
 */
#include "engine_priv.h"

#include <stdlib.h>

#define NAME_BYTES 128
#define REASON_BYTES 512

struct switched {
	bool is_paused;
	int64_t at_ms;
	char actor[NAME_BYTES];	   /* empty: nobody said */
	char reason[REASON_BYTES]; /* empty: none was given */
};

static struct switched *
switched_of(struct engine *engine, struct str connection)
{
	struct switched *switched = map_find(engine->switched, connection);

	if (switched != NULL)
		return switched;
	switched = calloc(1, sizeof(*switched));
	must(switched != NULL);
	map_put(engine->switched, connection, switched);
	return switched;
}

static void
note(struct engine *engine, const struct store_switch *row)
{
	struct switched *switched = switched_of(engine, row->connection);

	switched->is_paused = row->pauses;
	switched->at_ms = row->at_ms;
	/* Cut where they are long: the store has all of them. */
	str_write(switched->actor, NAME_BYTES, "%.*s", STR_ARG(row->actor));
	str_write(switched->reason, REASON_BYTES, "%.*s",
	    STR_ARG(row->reason));
}

/* ---- life ---- */

static void
row_cb(const struct store_switch *row, void *arg)
{
	note(arg, row);
}

enum store_error
switch_init(struct engine *engine)
{
	return store_each_switch(engine->store, row_cb, engine);
}

void
switch_fini(struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *switched;

	while (map_next(engine->switched, &cursor, &name, &switched))
		free(switched);
	map_free(&engine->switched);
}

/* ---- switching ---- */

static struct store_switch
row_of(const struct engine *engine, const struct engine_switch *act)
{
	return (struct store_switch){
	    .connection = act->connection,
	    .pauses = act->pauses,
	    .at_ms = engine_now_ms(engine),
	    .actor = act->actor.name,
	    .reason = act->reason,
	};
}

static void
add_to_turn(struct turn *turn, const struct store_switch *row)
{
	struct switching *switching = ARENA_NEW(turn->arena, struct switching);

	switching->row = *row;
	switching->row.connection = arena_str(turn->arena, row->connection);
	switching->row.actor = arena_str(turn->arena, row->actor);
	switching->row.reason = arena_str(turn->arena, row->reason);
	*turn->switches_end = switching;
	turn->switches_end = &switching->next;
}

static void
tell_journal(struct engine *engine, struct turn *turn,
    const struct store_switch *row)
{
	struct value_builder *record = journal_begin(engine, turn,
	    row->pauses ? JOURNAL_CONNECTION_PAUSED
			: JOURNAL_CONNECTION_RESUMED,
	    row->actor);

	value_put_str(record, "connection", row->connection);
	if (row->reason.bytes > 0)
		value_put_str(record, "reason", row->reason);
	journal_add(engine, record);
}

void
switch_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_switch *act = &request->act;
	struct store_switch row = row_of(engine, act);
	struct engine_reply *reply;

	if (library_find_connection(engine->library, act->connection) ==
	    NULL) {
		reply = turn_reply(turn, request, ENGINE_UNKNOWN_CONNECTION);
		if (reply != NULL)
			reply->detail =
			    STR("there is no connection of that name");
		return;
	}
	store_add_switch(store_batch(engine->store), &row);
	tell_journal(engine, turn, &row);
	add_to_turn(turn, &row);
	(void)turn_reply(turn, request, ENGINE_OK);
}

void
switch_apply(struct engine *engine, const struct turn *turn)
{
	for (const struct switching *switching = turn->switches;
	     switching != NULL; switching = switching->next) {
		const struct store_switch *row = &switching->row;

		note(engine, row);
		line_switch(engine, row->connection, row->pauses);
		log_info(row->pauses ? "connection paused"
				     : "connection resumed",
		    "connection=%.*s by=%.*s reason=%.*s",
		    STR_ARG(row->connection), STR_ARG(row->actor),
		    STR_ARG(row->reason));
	}
}

/* ---- looking ---- */

bool
switch_is_paused(const struct engine *engine, struct str connection)
{
	const struct switched *switched =
	    map_find(engine->switched, connection);

	return switched != NULL && switched->is_paused;
}

void
switch_tell(const struct engine *engine, struct engine_connection *connection)
{
	const struct switched *switched =
	    map_find(engine->switched, connection->connection->name);

	if (switched == NULL)
		return;
	connection->switched_ms = switched->at_ms;
	if (switched->actor[0] != '\0')
		connection->switched_by = str_of(switched->actor);
	if (switched->reason[0] != '\0')
		connection->reason = str_of(switched->reason);
}
