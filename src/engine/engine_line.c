/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_line.c: connections, each with its own way out.
 *
 * A line has a throttle and a queue of its own, so that what waits for a dead
 * endpoint stands in nobody else's way.  What all share are the places of the
 * network.  A line may take one only while it has fewer than are free: one
 * that is greedy gets half of them at most, two a third each, and some are
 * left however many there are.
 *
 * Nothing here is durable but what an operator has said: what is learned of an
 * endpoint is learned again.
 */
#include "engine_priv.h"

#include <stdlib.h>

_Static_assert(PRIORITY_CRITICAL + 1 == THROTTLE_CLASSES,
    "a priority is a class of the queue");
_Static_assert(OUTCOME_DONE_WITH_ERROR + 1 == ENGINE_OUTCOMES,
    "every outcome is counted");

/* ---- life ---- */

void
line_init(struct engine *engine)
{
	const struct engine_limits *limits = &engine->options.limits;

	engine->lines = map_new();
	engine->pools[POOL_CALLS].max = limits->calls_max;
	engine->pools[POOL_MAILS].max = limits->mails_max;
	engine->pools[POOL_FILES].max = limits->files_max;
}

/* Its limits may be others than before. */
static void
set_connection(struct line *line, const struct def_connection *connection)
{
	const struct throttle_limits limits = {
	    .concurrency = connection->concurrency,
	    .rate_count = connection->rate_count,
	    .rate_ms = connection->rate_ms,
	    .breaker_failures = connection->breaker_failures,
	    .breaker_within_ms = connection->breaker_within_ms,
	    .breaker_open_ms = connection->breaker_open_ms,
	};

	line->connection = connection;
	throttle_set_limits(line->throttle, &limits);
}

static struct pool *
pool_of(struct engine *engine, const struct def_connection *connection)
{
	if (connection->kind == CONNECTION_SMTP)
		return &engine->pools[POOL_MAILS];
	return &engine->pools[connection->kind == CONNECTION_SFTP ? POOL_FILES
								  : POOL_CALLS];
}

static struct line *
line_new(struct engine *engine, const struct def_connection *connection)
{
	struct line *line = calloc(1, sizeof(*line));

	must(line != NULL);
	line->name = arena_str(engine->arena, connection->name);
	line->engine = engine;
	line->pool = pool_of(engine, connection);
	line->throttle = throttle_new();
	line->queue = throttle_queue_new();
	if (switch_is_paused(engine, line->name))
		throttle_pause(line->throttle);
	map_put(engine->lines, line->name, line);
	return line;
}

struct line *
line_of(struct engine *engine, const struct def_connection *connection)
{
	struct line *line = map_find(engine->lines, connection->name);

	if (line == NULL)
		line = line_new(engine, connection);
	if (line->connection != connection) {
		set_connection(line, connection);
		token_drop(line); /* it may be for somebody else */
	}
	return line;
}

static void
line_free(struct line *line)
{
	struct exchange *exchange;

	while ((exchange = line_pop(line)) != NULL)
		exchange_free(&exchange);
	token_free(line);
	throttle_free(&line->throttle);
	throttle_queue_free(&line->queue);
	free(line);
}

void
line_free_all(struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *line;

	while (map_next(engine->lines, &cursor, &name, &line))
		line_free(line);
	map_free(&engine->lines);
}

void
line_switch(struct engine *engine, struct str name, bool pauses)
{
	struct line *line = map_find(engine->lines, name);

	if (line == NULL)
		return; /* it looks when it is made */
	if (pauses) {
		throttle_pause(line->throttle);
		return;
	}
	throttle_resume(line->throttle, engine_now_ms(engine));
	loop_wake(engine->loop);
}

/* ---- places ---- */

/* Nothing new is sent by an engine that stops: the next one does. */
bool
line_has_place(struct line *line)
{
	return !line->engine->stopping &&
	       line->active + line->pool->active < line->pool->max &&
	       throttle_may_begin(line->throttle, engine_now_ms(line->engine));
}

/* A turn that did not happen may take back what it had given, whatever has
 * come of the place. */
void
line_take_place(struct line *line, struct exchange *exchange)
{
	line->active++;
	line->pool->active++;
	line->engine->calls_active++;
	exchange->pass =
	    throttle_begin(line->throttle, engine_now_ms(line->engine));
	exchange->is_for_others =
	    exchange->pass.is_trial && line_queued(line) > 0;
}

static void
leave(struct line *line)
{
	must(line->active > 0 && line->pool->active > 0);
	must(line->engine->calls_active > 0);
	line->active--;
	line->pool->active--;
	line->engine->calls_active--;
}

void
line_give_place_back(struct exchange *exchange)
{
	struct line *line = exchange->line;

	leave(line);
	throttle_give_back(line->throttle, &exchange->pass);
	if (line->engine->calls_queued > 0)
		loop_wake(line->engine->loop);
}

void
line_note_sent(struct exchange *exchange)
{
	struct line *line = exchange->line;

	throttle_sent(
	    line->throttle, &exchange->pass, engine_now_ms(line->engine));
	line->sent++;
	if (exchange->is_repetition)
		line->repeated++;
}

/* ---- what comes back ---- */

void
line_note_trouble(struct line *line, const struct outcome *outcome)
{
	str_write(line->trouble, sizeof(line->trouble), "%.*s: %.*s",
	    STR_ARG(outcome->code), STR_ARG(outcome->message));
	line->trouble_ms = engine_now_ms(line->engine);
}

static void
log_state(struct line *line)
{
	enum throttle_state state =
	    throttle_look(line->throttle, engine_now_ms(line->engine)).state;

	if (state == line->told)
		return;
	line->told = state;
	if (state == THROTTLE_CLOSED)
		log_info("breaker closed", "connection=%.*s queued=%zu",
		    STR_ARG(line->name), line_queued(line));
	else
		log_warning("breaker open", "connection=%.*s queued=%zu %s",
		    STR_ARG(line->name), line_queued(line), line->trouble);
}

void
line_note_end(struct exchange *exchange, const struct outcome *outcome,
    const struct message_response *response)
{
	struct line *line = exchange->line;
	int64_t now_ms = engine_now_ms(line->engine);
	struct throttle_advice advice = connector_advise(response, now_ms);
	enum throttle_result result =
	    connector_health(outcome, response, &advice);

	leave(line);
	throttle_end(line->throttle, &exchange->pass, result, &advice, now_ms);
	line->outcomes[outcome->kind]++;
	if (result != THROTTLE_WELL)
		line_note_trouble(line, outcome);
	if (result != THROTTLE_WELL || line->told != THROTTLE_CLOSED)
		log_state(line);
}

/* ---- who waits ---- */

void
line_push(struct line *line, struct exchange *exchange)
{
	throttle_queue_add(line->queue, &exchange->ticket,
	    (unsigned)exchange->priority, exchange->deadline_ms,
	    engine_now_ms(line->engine));
	line->engine->calls_queued++;
}

static struct exchange *
exchange_of(struct throttle_ticket *ticket)
{
	void *whole = (char *)ticket - offsetof(struct exchange, ticket);

	return whole;
}

struct exchange *
line_pop(struct line *line)
{
	struct throttle_ticket *ticket = throttle_queue_take(line->queue);

	if (ticket == NULL)
		return NULL;
	line->engine->calls_queued--;
	return exchange_of(ticket);
}

static bool
drop_cb(struct throttle_ticket *ticket, void *arg)
{
	struct engine *engine = arg;
	struct exchange *exchange = exchange_of(ticket);

	if (turn_is_durable(engine, exchange->turn))
		return false;
	engine->calls_queued--;
	exchange_free(&exchange);
	return true;
}

void
line_revoke_all(struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *value;

	while (map_next(engine->lines, &cursor, &name, &value)) {
		struct line *line = value;

		throttle_queue_drop(line->queue, drop_cb, engine);
	}
}

/* ---- definitions given anew ---- */

/* Its instance looks whether it may still be sent. */
static bool
look_cb(struct throttle_ticket *ticket, void *arg)
{
	struct engine *engine = arg;

	timer_arm(
	    engine, exchange_of(ticket)->number, engine_now_ms(engine));
	return false;
}

/* Those that there is no place for are looked at before they are sent. */
static void
look_at_queues(struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *value;

	while (map_next(engine->lines, &cursor, &name, &value)) {
		struct line *line = value;

		throttle_queue_drop(line->queue, look_cb, engine);
	}
}

void
line_reload(struct engine *engine)
{
	const struct def_connection *connection;

	for (size_t i = 0; (connection = library_connection_at(
				engine->library, i)) != NULL;
	     i++)
		if (map_find(engine->lines, connection->name) != NULL)
			(void)line_of(engine, connection);
	look_at_queues(engine);
}

/* ---- looking ---- */

static void
tell_line(const struct line *line, struct engine_connection *connection)
{
	connection->view =
	    throttle_look(line->throttle, engine_now_ms(line->engine));
	connection->queued = line_queued(line);
	connection->queued_since_ms = throttle_queue_since_ms(line->queue);
	connection->trouble_ms = line->trouble_ms;
	connection->trouble = str_of(line->trouble);
	connection->sent = line->sent;
	connection->repeated = line->repeated;
	memcpy(connection->outcomes, line->outcomes, sizeof(line->outcomes));
}

/* Of one that has not been called yet: how it would begin. */
static void
tell_idle(const struct engine *engine, struct engine_connection *connection)
{
	const struct def_connection *def = connection->connection;
	bool is_paused = switch_is_paused(engine, def->name);

	connection->view = (struct throttle_view){
	    .bar = is_paused ? THROTTLE_BAR_PAUSE : THROTTLE_BAR_NONE,
	    .is_paused = is_paused,
	    .places = is_paused ? 0 : def->concurrency,
	    .rate_count = def->rate_count,
	    .rate_ms = def->rate_ms,
	};
}

void
engine_each_connection(struct engine *engine, struct str name,
    engine_connection_fn *fn, void *arg)
{
	const struct def_connection *def;

	for (size_t i = 0;
	     (def = library_connection_at(engine->library, i)) != NULL; i++) {
		struct engine_connection connection = {
		    .connection = def,
		    .now_ms = engine_now_ms(engine),
		};
		const struct line *line = map_find(engine->lines, def->name);

		if (name.at != NULL && !str_equal(name, def->name))
			continue;
		if (line != NULL)
			tell_line(line, &connection);
		else
			tell_idle(engine, &connection);
		switch_tell(engine, &connection);
		outbox_tell(engine, &connection);
		intake_tell(engine, &connection);
		fn(&connection, arg);
	}
}
