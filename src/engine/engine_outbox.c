/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_outbox.c: events on their way to those outside, by way of a broker.
 *
 *   emitted ──► row, in the same commit ──► read ──► WAITING ──► SENT
 *                                                       ▲          │
 *                                                       └──failed──┤
 *   row removed ◄── removal committed ◄── CONFIRMED ◄──confirmed───┘
 *
 * A letter is a row in memory.  Rows are read when they are durable, a window
 * of them at a time, so that a broker that is away for a day costs disk and no
 * memory.  What one instance has emitted goes out in that order, one after
 * another; those of different instances side by side.
 *
 * A row goes once the broker has confirmed it.  Whatever is in between, a
 * crash or a broken connection, has it published once more, under the same id.
 */
#include "engine_priv.h"

#include <stdlib.h>

#define WINDOW 256
#define PARALLEL_MAX 64
#define RETRY_MS 1000
#define RETRY_MS_MAX 30000
/* What waits for longer is told to operators. */
#define LATE_MS (5LL * 60 * 1000)

enum letter_state { LETTER_WAITING, LETTER_SENT, LETTER_CONFIRMED };

struct letter {
	struct letter *next; /* by id */
	struct letter *after; /* the next of the same instance */
	struct outbox *box;
	struct arena *arena; /* this itself lives there */
	enum letter_state state;
	bool is_first; /* of those of its instance that are not confirmed */
	uint64_t id;
	uint64_t instance;
	int64_t at_ms;
	int64_t since_ms; /* it waits; not after the present */
	struct str body;
	int failures;
	int64_t retry_ms; /* not before; 0: at once */
};

struct outbox {
	struct engine *engine;
	struct str name; /* of the connection */
	struct letter *first;
	struct letter **end;
	struct map *last_of; /* instance -> its last letter here */
	size_t count;
	size_t sent; /* of these */
	uint64_t read_id; /* all up to here have been read */
	bool has_more; /* there may be rows beyond */
	size_t depth;	/* rows */
	int failures; /* of the broker, in a row */
	int64_t retry_ms; /* the same, for all */
	bool is_told; /* that it is late */
	uint64_t published;
};

/* ---- life ---- */

static struct outbox *
box_of(struct engine *engine, struct str name)
{
	struct outbox *box = map_find(engine->outboxes, name);

	if (box != NULL)
		return box;
	box = calloc(1, sizeof(*box));
	must(box != NULL);
	box->engine = engine;
	box->name = arena_str(engine->arena, name);
	box->end = &box->first;
	box->last_of = map_new();
	map_put(engine->outboxes, box->name, box);
	return box;
}

static void
count_cb(struct str connection, size_t count, void *arg)
{
	struct engine *engine = arg;
	struct outbox *box = box_of(engine, connection);

	box->depth = count;
	box->has_more = true;
	engine->posts += count;
}

enum store_error
outbox_init(struct engine *engine)
{
	return store_count_posts(engine->store, count_cb, engine);
}

static void
letter_free(struct letter *letter)
{
	struct arena *arena = letter->arena;

	arena_free(&arena);
}

static void
box_free(struct outbox *box)
{
	struct letter *letter;

	while ((letter = box->first) != NULL) {
		box->first = letter->next;
		letter_free(letter);
	}
	map_free(&box->last_of);
	free(box);
}

void
outbox_fini(struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *box;

	while (map_next(engine->outboxes, &cursor, &name, &box))
		box_free(box);
	map_free(&engine->outboxes);
}

/* ---- events as rows ---- */

static void
pack(const struct chart_event *event, struct arena *arena, struct buf *out)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "type", event->type);
	value_put_str(built, "subject", event->subject);
	value_put_str(built, "id", event->id);
	value_put_str(built, "source", event->source);
	value_put(built, STR("data"), event->data ? event->data : &value_null);
	value_pack(value_built(built), out);
}

static bool
unpack(const struct letter *letter, struct arena *arena,
    struct connector_event *event)
{
	struct str body = letter->body;
	const struct value *value = value_unpack(arena, &body);
	char *time = arena_alloc(arena, CLOCK_TEXT_BYTES);

	if (value == NULL)
		return false;
	*event = (struct connector_event){
	    .type = value_field_str(value, "type"),
	    .subject = value_field_str(value, "subject"),
	    .id = value_field_str(value, "id"),
	    .source = value_field_str(value, "source"),
	    .time = clock_format(letter->at_ms, time),
	    .data = value_field_or_null(value, "data"),
	};
	return event->type.at != NULL && event->id.at != NULL;
}

static bool
publishes(const struct def_connection *connection, struct str type)
{
	for (size_t i = 0; i < connection->publication_count; i++)
		if (def_publication_takes(&connection->publications[i], type))
			return true;
	return false;
}

static void
note_posting(struct turn *turn, struct str connection, uint64_t removed)
{
	struct posting *posting = ARENA_NEW(turn->arena, struct posting);

	posting->connection = connection;
	posting->removed = removed;
	*turn->postings_end = posting;
	turn->postings_end = &posting->next;
}

void
outbox_put(struct engine *engine, struct turn *turn, uint64_t instance,
    const struct chart_event *event)
{
	const struct def_connection *connection;

	for (size_t i = 0; (connection = library_connection_at(
				engine->library, i)) != NULL;
	     i++) {
		struct buf body = {0};

		if (!publishes(connection, event->type))
			continue;
		pack(event, turn->arena, &body);
		store_add_post(store_batch(engine->store),
		    &(struct store_post){
			.connection = connection->name,
			.instance = instance,
			.at_ms = event->received_ms,
			.body = buf_str(&body),
		    });
		buf_fini(&body);
		/* The library may be another when the turn is durable. */
		note_posting(turn,
		    arena_str(turn->arena, connection->name), 0);
	}
}

/* ---- rows as letters ---- */

static void
letter_cb(const struct store_post *row, void *arg)
{
	struct outbox *box = arg;
	struct arena *arena = arena_new_in(box->engine->arenas);
	struct letter *letter = ARENA_NEW(arena, struct letter);
	struct letter *before =
	    map_find(box->last_of, MAP_KEY_OF(&row->instance));

	must(row->id > box->read_id);
	letter->arena = arena;
	letter->box = box;
	letter->id = row->id;
	letter->instance = row->instance;
	letter->at_ms = letter->since_ms = row->at_ms;
	letter->body = arena_str(arena, row->body);
	letter->is_first = before == NULL || before->state == LETTER_CONFIRMED;
	if (before != NULL)
		before->after = letter;
	map_put(box->last_of, MAP_KEY_OF(&letter->instance), letter);
	*box->end = letter;
	box->end = &letter->next;
	box->count++;
	box->read_id = row->id;
}

static void
fill(struct outbox *box)
{
	size_t before = box->count, limit = WINDOW - before;
	enum store_error error;

	if (!box->has_more || before > WINDOW / 2)
		return;
	error = store_each_post(box->engine->store, box->name, box->read_id,
	    limit, letter_cb, box);
	box->has_more = error != STORE_OK || box->count - before == limit;
	if (error != STORE_OK)
		box->retry_ms = engine_now_ms(box->engine) + RETRY_MS;
}

static void
remove_letter(struct outbox *box, struct letter *letter)
{
	struct letter **link = &box->first;

	must(letter->state == LETTER_CONFIRMED);
	while (*link != letter)
		link = &(*link)->next;
	*link = letter->next;
	if (box->end == &letter->next)
		box->end = link;
	if (map_find(box->last_of, MAP_KEY_OF(&letter->instance)) == letter)
		map_remove(box->last_of, MAP_KEY_OF(&letter->instance));
	box->count--;
	letter_free(letter);
}

/* ---- publishing ---- */

static int64_t
delay_ms(int failures)
{
	int64_t delay = RETRY_MS;

	for (int i = 1; i < failures && delay < RETRY_MS_MAX; i++)
		delay *= 2;
	return delay < RETRY_MS_MAX ? delay : RETRY_MS_MAX;
}

/* Its place in the list of connections shows what is wrong. */
static void
note_trouble(struct outbox *box, const struct outcome *outcome)
{
	const struct def_connection *connection =
	    library_find_connection(box->engine->library, box->name);

	if (connection != NULL)
		line_note_trouble(
		    line_of(box->engine, connection), outcome);
}

/* is_own: it is the letter that can't go, others may. */
static void
put_off(struct letter *letter, const struct outcome *outcome, bool is_own)
{
	struct outbox *box = letter->box;
	int64_t now_ms = engine_now_ms(box->engine);

	letter->state = LETTER_WAITING;
	letter->failures++;
	if (is_own) {
		letter->retry_ms = now_ms + delay_ms(letter->failures);
	} else {
		if (box->retry_ms <= now_ms)
			box->failures++;
		box->retry_ms = now_ms + delay_ms(box->failures);
	}
	if (letter->failures == 1)
		log_warning("event not published",
		    "connection=%.*s %.*s: %.*s", STR_ARG(box->name),
		    STR_ARG(outcome->code), STR_ARG(outcome->message));
	note_trouble(box, outcome);
	loop_wake(box->engine->loop);
}

/* The next of its instance may go.  Its row goes with a commit. */
static void
confirm(struct letter *letter)
{
	struct request *request = request_new(REQUEST_POSTED);

	letter->state = LETTER_CONFIRMED;
	if (letter->after != NULL)
		letter->after->is_first = true;
	request->number = letter->id;
	request->event.type = arena_str(request->arena, letter->box->name);
	engine_add(letter->box->engine, request);
}

/* What the broker says of this message only: neither its own trouble, nor
 * that it does not know us. */
static bool
is_about_letter(const struct message_response *response)
{
	return response->failure == MESSAGE_OK && response->status != 401 &&
	       response->status != 320 && response->status < 500;
}

static void
published_cb(const struct message_response *response, void *arg)
{
	struct letter *letter = arg;
	struct outbox *box = letter->box;
	struct arena *arena;
	struct outcome outcome;

	must(letter->state == LETTER_SENT);
	box->sent--;
	if (response->failure == MESSAGE_OK && response->status == 200) {
		box->failures = 0;
		box->published++;
		confirm(letter);
		return;
	}
	arena = arena_new();
	outcome = connector_publish_outcome(arena, response);
	if (response->status == 401)
		(void)token_doubt_secrets(box->engine);
	put_off(letter, &outcome, is_about_letter(response));
	arena_free(&arena);
}

static void
post(struct letter *letter, const struct def_connection *connection)
{
	struct outbox *box = letter->box;
	struct arena *arena = arena_new_in(box->engine->arenas);
	struct connector_context context =
	    engine_connector_context(box->engine, arena);
	struct connector_event event;
	struct message_request request;
	struct outcome failure = {
	    .kind = OUTCOME_NOT_DONE,
	    .code = STR_INIT("connector.damaged"),
	    .message = STR_INIT("the stored event can't be read"),
	};
	bool is_wanted;

	if (!unpack(letter, arena, &event) ||
	    !connector_publish(connection, &event, &context, &request,
		&is_wanted, &failure)) {
		put_off(letter, &failure, true);
	} else if (!is_wanted) {
		confirm(letter);
	} else {
		letter->state = LETTER_SENT;
		box->sent++;
		http_send(box->engine->options.http, &request, published_cb,
		    letter);
	}
	arena_free(&arena);
}

/* Where there is no such connection any more, its events wait for it. */
static const struct def_connection *
find_connection(const struct outbox *box)
{
	const struct engine *engine = box->engine;
	const struct def_connection *connection;

	if (engine->stopping || engine->stalled ||
	    switch_is_paused(engine, box->name) ||
	    box->retry_ms > engine_now_ms(engine))
		return NULL;
	connection = library_find_connection(engine->library, box->name);
	return connection != NULL && connection->publication_count > 0
		   ? connection
		   : NULL;
}

static bool
may_go(const struct letter *letter, int64_t now_ms)
{
	return letter->state == LETTER_WAITING && letter->is_first &&
	       letter->retry_ms <= now_ms;
}

static void
tell_if_late(struct outbox *box)
{
	const struct letter *first = box->first;
	int64_t now_ms = engine_now_ms(box->engine);
	bool is_late = first != NULL && now_ms - first->since_ms > LATE_MS;

	/* That the clock was set back publishes nothing. */
	if (box->is_told && first != NULL && first->at_ms > now_ms)
		return;
	if (is_late == box->is_told)
		return;
	box->is_told = is_late;
	if (is_late)
		log_error("events wait to be published",
		    "connection=%.*s events=%zu for more than %lld minutes: "
		    "`stated connection list` says what is wrong",
		    STR_ARG(box->name), box->depth,
		    (long long)(LATE_MS / 60000));
	else
		log_info("events are published again",
		    "connection=%.*s events=%zu", STR_ARG(box->name),
		    box->depth);
}

/* Where the clock was set back, too. */
static void
note_time(struct outbox *box, int64_t now_ms)
{
	if (!engine_is_ahead(box->retry_ms, RETRY_MS_MAX, now_ms))
		box->retry_ms = 0;
	for (struct letter *letter = box->first; letter != NULL;
	     letter = letter->next) {
		if (!engine_is_ahead(letter->retry_ms, RETRY_MS_MAX, now_ms))
			letter->retry_ms = 0;
		if (letter->at_ms <= now_ms)
			letter->since_ms = letter->at_ms;
		else if (letter->since_ms > now_ms)
			letter->since_ms = now_ms;
	}
}

static void
check(struct outbox *box)
{
	int64_t now_ms = engine_now_ms(box->engine);
	const struct def_connection *connection;
	struct letter *letter;

	note_time(box, now_ms);
	connection = find_connection(box);
	if (connection != NULL)
		fill(box);
	tell_if_late(box);
	for (letter = box->first; letter != NULL && connection != NULL &&
				  box->sent < PARALLEL_MAX;
	     letter = letter->next) {
		if (box->retry_ms > now_ms)
			return;
		if (may_go(letter, now_ms))
			post(letter, connection);
	}
}

void
outbox_check_all(struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *box;

	while (map_next(engine->outboxes, &cursor, &name, &box))
		check(box);
}

static int64_t
sooner(int64_t a_ms, int64_t b_ms)
{
	if (a_ms == 0 || b_ms == 0)
		return a_ms != 0 ? a_ms : b_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

/* When it can do something by itself; 0: not before something happens. */
static int64_t
next_ms(const struct outbox *box)
{
	int64_t next = 0;

	for (const struct letter *letter = box->first; letter != NULL;
	     letter = letter->next)
		if (letter->state == LETTER_WAITING && letter->is_first &&
		    letter->retry_ms != 0)
			next = sooner(next, letter->retry_ms);
	if (box->retry_ms > engine_now_ms(box->engine))
		next = box->retry_ms;
	if (next == 0 && box->first != NULL && !box->is_told)
		next = box->first->since_ms + LATE_MS + 1;
	return next;
}

int64_t
outbox_next_ms(const struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *value;
	int64_t next = 0;

	if (engine->stopping)
		return 0;
	while (map_next(engine->outboxes, &cursor, &name, &value)) {
		const struct outbox *box = value;

		if (!switch_is_paused(engine, box->name))
			next = sooner(next, next_ms(box));
	}
	return next;
}

bool
outbox_is_quiet(const struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *value;

	while (map_next(engine->outboxes, &cursor, &name, &value)) {
		const struct outbox *box = value;

		if (box->sent > 0)
			return false;
	}
	return true;
}

/* ---- what became of rows ---- */

void
outbox_remove(
    struct engine *engine, struct turn *turn, struct request *request)
{
	store_remove_post(store_batch(engine->store), request->number);
	note_posting(turn, request->event.type, request->number);
}

static void
note_removed(struct outbox *box, uint64_t id)
{
	struct letter *letter = box->first;

	while (letter != NULL && letter->id != id)
		letter = letter->next;
	must(letter != NULL && box->depth > 0 && box->engine->posts > 0);
	box->depth--;
	box->engine->posts--;
	remove_letter(box, letter);
}

void
outbox_note(struct engine *engine, const struct turn *turn)
{
	for (const struct posting *posting = turn->postings; posting != NULL;
	     posting = posting->next) {
		struct outbox *box = box_of(engine, posting->connection);

		if (posting->removed != 0) {
			note_removed(box, posting->removed);
			continue;
		}
		box->depth++;
		engine->posts++;
		box->has_more = true;
	}
	if (turn->postings != NULL)
		outbox_check_all(engine);
}

void
outbox_switch(struct engine *engine, struct str name)
{
	struct outbox *box = map_find(engine->outboxes, name);

	if (box == NULL)
		return;
	box->retry_ms = 0;
	box->failures = 0;
	for (struct letter *letter = box->first; letter != NULL;
	     letter = letter->next)
		letter->retry_ms = 0;
	loop_wake(engine->loop);
}

/* ---- looking ---- */

void
outbox_tell(const struct engine *engine, struct engine_connection *connection)
{
	const struct outbox *box =
	    map_find(engine->outboxes, connection->connection->name);

	if (box == NULL)
		return;
	connection->posts = box->depth;
	connection->posts_since_ms =
	    box->first != NULL ? box->first->since_ms : 0;
	connection->published = box->published;
}
