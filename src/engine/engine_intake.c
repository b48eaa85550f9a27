/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_intake.c: events from the queues of brokers.
 *
 * A message stays the broker's until what it was about is durable: only then
 * it is acknowledged.  So it may come twice, and is known then by its event's
 * (source, id), like any other.  What can't be read as an event is rejected,
 * which brings it to the queue's dead letters, where it has such: it would be
 * the same each time.  What the engine can't take for the moment is given back
 * after a while; the broker holds what is more than `prefetch` at hand.
 */
#include "engine_priv.h"

#include <stdlib.h>

#define RETRY_MS 30000
#define LATER_MS 1000

struct intake {
	struct intake *next;
	struct engine *engine;
	/* of the newest library; NULL: it has none any more */
	const struct def_connection *connection;
	const struct def_subscription *subscription;
	struct str name; /* of the connection */
	size_t index;	  /* of the subscription in it */
	struct str queue;
	struct digest key; /* message_broker_key() */
	int64_t prefetch;
	struct http_source *source; /* NULL: it isn't consumed */
	bool is_consumed;	    /* the broker has said so */
	int64_t retry_ms; /* when its request is made again; 0: not by itself */
	uint64_t received;
	uint64_t rejected;
	bool is_wanted; /* while the library is read */
};

/* A message on its way through a turn; lives in the delivery's arena. */
struct passage {
	struct intake *intake;
	struct http_delivery *delivery;
};

/* ---- messages ---- */

static void
replied_cb(const struct engine_reply *reply, void *arg)
{
	struct passage *passage = arg;
	int64_t delay_ms = reply->retry_after_ms > LATER_MS
			       ? reply->retry_after_ms
			       : LATER_MS;

	if (reply->status == ENGINE_ACCEPTED)
		http_delivery_settle(&passage->delivery, SETTLE_TAKEN, 0);
	else
		http_delivery_settle(
		    &passage->delivery, SETTLE_LATER, delay_ms);
}

static void
take_in(struct intake *intake, struct http_delivery *delivery,
    const struct connector_event *mapped)
{
	struct arena *arena = http_delivery_arena(delivery);
	struct passage *passage = ARENA_NEW(arena, struct passage);
	struct chart_event event = {
	    .kind = EV_EVENT_RECEIVED,
	    .type = mapped->type,
	    .subject = mapped->subject,
	    .id = mapped->id,
	    .source = mapped->source,
	    .time = mapped->time,
	    .data = mapped->data,
	};

	if (event.source.bytes == 0)
		event.source = arena_strf(arena, "/queues/%.*s/%.*s",
		    STR_ARG(intake->name), STR_ARG(intake->queue));
	event.actor.name = arena_strf(arena, "/queues/%.*s/%.*s",
	    STR_ARG(intake->name), STR_ARG(intake->queue));
	*passage = (struct passage){intake, delivery};
	intake->received++;
	engine_event(intake->engine, &event, replied_cb, passage);
}

static void
note_trouble(struct intake *intake, const char *code, struct str message)
{
	struct outcome outcome = {.code = str_of(code), .message = message};

	line_note_trouble(
	    line_of(intake->engine, intake->connection), &outcome);
}

static void
reject(struct intake *intake, struct http_delivery *delivery)
{
	intake->rejected++;
	log_warning("message not understood",
	    "connection=%.*s queue=%.*s: it was rejected, since no event can "
	    "be made of it",
	    STR_ARG(intake->name), STR_ARG(intake->queue));
	note_trouble(intake, "amqp.malformed",
	    STR("a message was rejected: no event can be made of it; compare "
		"it with `consumes`"));
	http_delivery_settle(&delivery, SETTLE_REFUSED, 0);
}

static void
delivered_cb(struct http_delivery *delivery,
    const struct message_response *message, void *arg)
{
	struct intake *intake = arg;
	struct connector_context context = engine_connector_context(
	    intake->engine, http_delivery_arena(delivery));
	struct connector_event event;

	switch (connector_delivery(
	    intake->subscription, message, &context, &event)) {
	case WEBHOOK_ACCEPTED:
		take_in(intake, delivery, &event);
		return;
	case WEBHOOK_IGNORED:
		intake->received++;
		http_delivery_settle(&delivery, SETTLE_TAKEN, 0);
		return;
	case WEBHOOK_FORGED:
	case WEBHOOK_SECRETLESS:
	case WEBHOOK_MALFORMED:
		reject(intake, delivery);
		return;
	}
}

/* ---- the queue ---- */

static void open_source(struct intake *intake);

static void
changed_cb(const struct message_response *state, void *arg)
{
	struct intake *intake = arg;
	struct arena *arena;
	struct outcome outcome;

	if (state->failure == MESSAGE_OK && state->status == 200) {
		intake->is_consumed = true;
		log_info("queue consumed", "connection=%.*s queue=%.*s",
		    STR_ARG(intake->name), STR_ARG(intake->queue));
		return;
	}
	arena = arena_new();
	outcome = connector_publish_outcome(arena, state);
	/* One that is too large is no end. */
	if (state->failure == MESSAGE_TOO_LARGE)
		intake->rejected++;
	else
		intake->is_consumed = false;
	log_warning("queue not consumed",
	    "connection=%.*s queue=%.*s %.*s: %.*s", STR_ARG(intake->name),
	    STR_ARG(intake->queue), STR_ARG(outcome.code),
	    STR_ARG(outcome.message));
	line_note_trouble(
	    line_of(intake->engine, intake->connection), &outcome);
	if (state->status == 401 && token_doubt_secrets(intake->engine))
		open_source(intake);
	arena_free(&arena);
}

static void
listen_to(struct intake *intake, const struct message_request *request,
    struct str queue)
{
	struct engine *engine = intake->engine;
	const struct http_listener listener = {
	    .queue = queue,
	    .prefetch = intake->subscription->prefetch,
	    .delivered = delivered_cb,
	    .changed = changed_cb,
	    .arg = intake,
	};
	struct digest key = message_broker_key(request);

	if (intake->source != NULL && str_equal(intake->queue, queue) &&
	    intake->prefetch == listener.prefetch &&
	    memcmp(&key, &intake->key, sizeof(key)) == 0)
		return;
	http_source_close(&intake->source);
	intake->is_consumed = false;
	intake->key = key;
	intake->prefetch = listener.prefetch;
	if (!str_equal(intake->queue, queue))
		intake->queue = arena_str(engine->arena, queue);
	intake->source = engine->options.http->listen(
	    engine->options.http, request, &listener);
}

/* By the settings and secrets of now; one that is open stays so where these
 * are the same. */
static void
open_source(struct intake *intake)
{
	struct engine *engine = intake->engine;
	struct arena *arena = arena_new();
	struct connector_context context =
	    engine_connector_context(engine, arena);
	struct message_request request;
	struct outcome failure;
	struct str queue;

	intake->retry_ms = 0;
	if (connector_subscribe(intake->connection, intake->subscription,
		&context, &request, &queue, &failure)) {
		listen_to(intake, &request, queue);
	} else {
		http_source_close(&intake->source);
		intake->is_consumed = false;
		line_note_trouble(
		    line_of(engine, intake->connection), &failure);
		intake->retry_ms = engine_now_ms(engine) + RETRY_MS;
	}
	arena_free(&arena);
}

static void
open_or_close(struct intake *intake)
{
	struct engine *engine = intake->engine;

	if (intake->connection != NULL && !engine->stopping &&
	    engine->options.http->listen != NULL &&
	    !switch_is_paused(engine, intake->name)) {
		open_source(intake);
		return;
	}
	http_source_close(&intake->source);
	intake->is_consumed = false;
	intake->retry_ms = 0;
}

/* ---- all of them ---- */

static struct intake *
intake_of(struct engine *engine, struct str name, size_t index)
{
	struct intake *intake;

	for (intake = engine->intakes; intake != NULL; intake = intake->next)
		if (intake->index == index && str_equal(intake->name, name))
			return intake;
	intake = calloc(1, sizeof(*intake));
	must(intake != NULL);
	intake->engine = engine;
	intake->name = arena_str(engine->arena, name);
	intake->index = index;
	intake->next = engine->intakes;
	engine->intakes = intake;
	return intake;
}

static void
read_connection(struct engine *engine, const struct def_connection *connection)
{
	for (size_t i = 0; i < connection->subscription_count; i++) {
		struct intake *intake =
		    intake_of(engine, connection->name, i);

		intake->connection = connection;
		intake->subscription = &connection->subscriptions[i];
		intake->is_wanted = true;
	}
}

void
intake_reload(struct engine *engine)
{
	const struct def_connection *connection;
	struct intake *intake;

	for (intake = engine->intakes; intake != NULL; intake = intake->next)
		intake->is_wanted = false;
	for (size_t i = 0; (connection = library_connection_at(
				engine->library, i)) != NULL;
	     i++)
		read_connection(engine, connection);
	for (intake = engine->intakes; intake != NULL; intake = intake->next) {
		if (!intake->is_wanted)
			intake->connection = NULL;
		open_or_close(intake);
	}
}

void
intake_switch(struct engine *engine, struct str name)
{
	struct intake *intake;

	for (intake = engine->intakes; intake != NULL; intake = intake->next)
		if (str_equal(intake->name, name))
			open_or_close(intake);
}

void
intake_stop(struct engine *engine)
{
	struct intake *intake;

	for (intake = engine->intakes; intake != NULL; intake = intake->next)
		open_or_close(intake);
}

void
intake_check_all(struct engine *engine)
{
	int64_t now_ms = engine_now_ms(engine);
	struct intake *intake;

	for (intake = engine->intakes; intake != NULL; intake = intake->next)
		if (intake->retry_ms != 0 &&
		    !engine_is_ahead(intake->retry_ms, RETRY_MS, now_ms))
			open_or_close(intake);
}

int64_t
intake_next_ms(const struct engine *engine)
{
	const struct intake *intake;
	int64_t next_ms = 0;

	for (intake = engine->intakes; intake != NULL; intake = intake->next)
		if (intake->retry_ms != 0 &&
		    (next_ms == 0 || intake->retry_ms < next_ms))
			next_ms = intake->retry_ms;
	return next_ms;
}

void
intake_fini(struct engine *engine)
{
	struct intake *intake;

	while ((intake = engine->intakes) != NULL) {
		engine->intakes = intake->next;
		http_source_close(&intake->source);
		free(intake);
	}
}

/* ---- looking ---- */

void
intake_tell(const struct engine *engine, struct engine_connection *connection)
{
	const struct intake *intake;

	for (intake = engine->intakes; intake != NULL; intake = intake->next)
		if (intake->connection != NULL &&
		    str_equal(
			intake->name, connection->connection->name)) {
			connection->queues++;
			connection->queues_consumed += intake->is_consumed;
			connection->received += intake->received;
			connection->rejected += intake->rejected;
		}
}
