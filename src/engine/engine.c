/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c: its life: begin and recover, reload, drain, end. */
#include "engine_priv.h"

#include <stdlib.h>

#define INBOX_MAX 100000
#define CACHE_MAX 4000
#define BATCH_MAX 2000
#define WINDOW_MAX 10000
#define CACHE_BYTES_MAX ((size_t)32 * 1024 * 1024)
#define BULK_MAX 128
#define POSTS_MAX 1000000
#define PROBE_MS 250
#define DRAIN_LOOK_MS 20
/* As which a longer time between two looks counts. */
#define DRAIN_GAP_US (1000 * 1000)
/* For a second the store may come back, while there is nothing else to wait
 * for. */
#define STUCK_LOOKS_MAX 50
/* Told one by one. */
#define LEFT_MAX 100

static void
set_defaults(struct engine_limits *limits)
{
	if (limits->inbox_max == 0)
		limits->inbox_max = INBOX_MAX;
	if (limits->cache_max == 0)
		limits->cache_max = CACHE_MAX;
	if (limits->cache_bytes_max == 0)
		limits->cache_bytes_max = CACHE_BYTES_MAX;
	if (limits->batch_max == 0)
		limits->batch_max = BATCH_MAX;
	if (limits->window_max == 0)
		limits->window_max = WINDOW_MAX;
	if (limits->bulk_max == 0)
		limits->bulk_max = BULK_MAX;
	if (limits->calls_max == 0)
		limits->calls_max = HTTP_CONNECTIONS_MAX;
	if (limits->mails_max == 0)
		limits->mails_max = HTTP_MAILS_MAX;
	if (limits->files_max == 0)
		limits->files_max = HTTP_FILES_MAX;
	if (limits->posts_max == 0)
		limits->posts_max = POSTS_MAX;
	if (limits->probe_ms == 0)
		limits->probe_ms = PROBE_MS;
}

static struct engine *
engine_alloc(const struct engine_options *options)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	struct store_identity identity = store_identity(options->store);

	must(engine != NULL);
	engine->options = *options;
	set_defaults(&engine->options.limits);
	engine->arena = arena_new();
	engine->arenas = arena_pool_new();
	engine->scratch = arena_new();
	engine->options.environment =
	    arena_str(engine->arena, options->environment);
	engine->store = options->store;
	memcpy(
	    engine->store_bytes, identity.bytes, sizeof(engine->store_bytes));
	inbox_init(&engine->inbox);
	inbox_init(&engine->emitted);
	engine->instances = map_new();
	keys_init(engine);
	line_init(engine);
	engine->switched = map_new();
	engine->outboxes = map_new();
	engine->token_arena = arena_new();
	engine->tokens = map_new();
	engine->tokens_by_id = map_new();
	engine->watches = map_new();
	engine->published = map_new();
	engine->documents = map_new();
	timer_init(engine);
	refusal_init(engine);
	engine->building = turn_new(engine);
	engine->number_last = store_last_number(options->store);
	engine->loop = loop_new(engine);
	return engine;
}

static enum store_error
recover(struct engine *engine)
{
	int64_t expiry_ms = INT64_MAX;
	enum store_error error = recover_init(engine);

	if (error == STORE_OK)
		error = store_next_expiry(engine->store, &expiry_ms);
	if (expiry_ms != INT64_MAX)
		engine->expiry_ms = expiry_ms;
	loop_wake(engine->loop);
	return error;
}

struct engine *
engine_new(const struct engine_options *options, struct buf *detail)
{
	struct engine *engine = engine_alloc(options);
	enum store_error error = STORE_OK;

	if (!publish_library(engine, options->library, detail))
		goto out;
	error = schedule_init(engine);
	if (error == STORE_OK)
		error = switch_init(engine);
	if (error == STORE_OK)
		error = grant_init(engine);
	if (error == STORE_OK)
		error = outbox_init(engine);
	if (error == STORE_OK)
		error = hold_init(engine);
	if (error == STORE_OK)
		error = retention_init(engine);
	if (error == STORE_OK)
		error = delegation_init(engine);
	if (error == STORE_OK)
		error = proposal_init(engine);
	if (error == STORE_OK &&
	    !store_batch_is_empty(store_batch(engine->store)))
		error = store_commit_now(engine->store, detail);
	/* That batch was no turn's: what it holds counts as stored. */
	if (error == STORE_OK) {
		engine->durable_turn = engine->building->serial;
		turn_free(&engine->building);
		engine->building = turn_new(engine);
		error = recover(engine);
	}
	if (error == STORE_OK) {
		journal_started(engine);
		intake_reload(engine);
		return engine;
	}
	buf_addf(detail, "%s%.*s", detail->bytes ? ": " : "",
	    STR_ARG(store_error_text(error)));
out:
	engine_free(&engine);
	return NULL;
}

static void
free_turn(struct turn **turn)
{
	struct exchange *exchange, *next;

	if (*turn == NULL)
		return;
	turn_free_retired(*turn);
	for (exchange = (*turn)->ready; exchange != NULL; exchange = next) {
		next = exchange->next;
		exchange_free(&exchange);
	}
	turn_free(turn);
}

void
engine_free(struct engine **engine_pointer)
{
	struct engine *engine = *engine_pointer;
	struct exchange *exchange;

	if (engine == NULL)
		return;
	*engine_pointer = NULL;
	loop_free(&engine->loop);
	free_turn(&engine->committing);
	turn_free(&engine->spare);
	free_turn(&engine->building);
	while ((exchange = engine->sent) != NULL) {
		engine->sent = exchange->next;
		exchange_free(&exchange);
	}
	inbox_free_all(&engine->inbox);
	inbox_free_all(&engine->emitted);
	watch_free_all(engine);
	instance_free_all(engine);
	try_free_all(engine);
	intake_fini(engine);
	outbox_fini(engine);
	line_free_all(engine);
	keys_fini(engine);
	switch_fini(engine);
	standing_fini(&engine->delegations);
	standing_fini(&engine->wishes);
	map_free(&engine->tokens);
	map_free(&engine->tokens_by_id);
	hold_fini(engine);
	arena_free(&engine->token_arena);
	timer_fini(engine);
	refusal_fini(engine);
	recover_fini(engine);
	publish_fini(engine);
	schedule_fini(engine);
	buf_fini(&engine->stall_detail);
	arena_free(&engine->scratch);
	arena_pool_free(&engine->arenas);
	arena_free(&engine->arena);
	free(engine);
}

bool
engine_reload(
    struct engine *engine, struct library *library, struct buf *detail)
{
	if (!publish_library(engine, library, detail))
		return false;
	schedule_reload(engine);
	line_reload(engine);
	intake_reload(engine);
	loop_wake(engine->loop);
	return true;
}

/* ---- stopping ---- */

/* What an endpoint has answered, and is not in the store yet. */
static bool
is_answer(const struct request *request)
{
	return request->kind == REQUEST_REPLY ||
	       request->kind == REQUEST_POSTED;
}

static bool
has_answers(const struct engine *engine)
{
	const struct request *request = engine->inbox.first;

	while (request != NULL && !is_answer(request))
		request = request->next;
	return request != NULL;
}

/* The store fails, and all that waits for it comes anew with the next start. */
static bool
is_stuck(struct engine *engine, bool is_exchanging)
{
	if (!engine->stalled || is_exchanging || has_answers(engine)) {
		engine->stuck_looks = 0;
		return false;
	}
	return ++engine->stuck_looks > STUCK_LOOKS_MAX;
}

/* By a clock that can't be set.  Looks are close together, unless the process
 * stood still: calls get that time in addition (http_client.c), and so does
 * who waits for them. */
static bool
is_patient(struct engine *engine)
{
	int64_t now_us = clock_monotonic_us();
	int64_t passed_us = now_us - engine->drain_looked_us;

	engine->drain_looked_us = now_us;
	engine->drain_left_us -=
	    passed_us < DRAIN_GAP_US ? passed_us : DRAIN_GAP_US;
	return engine->drain_left_us > 0;
}

void
engine_check_drained(struct engine *engine)
{
	bool is_exchanging =
	    engine->calls_active > 0 || !outbox_is_quiet(engine);
	bool quiet = engine->committing == NULL && engine->inbox.count == 0 &&
		     !engine->stalled && !is_exchanging;

	if (engine->drained == NULL)
		return;
	if (quiet && !engine->is_stop_told) {
		journal_stopping(engine);
		quiet = false;
	}
	if (!quiet && !is_stuck(engine, is_exchanging) && is_patient(engine)) {
		loop_drain_in(engine->loop, DRAIN_LOOK_MS);
		return;
	}
	void (*done)(void *) = engine->drained;
	engine->drained = NULL;
	done(engine->drained_arg);
}

void
engine_drain(struct engine *engine, int64_t patience_ms,
    void (*done)(void *arg), void *arg)
{
	engine->stopping = true;
	intake_stop(engine);
	engine->drained = done;
	engine->drained_arg = arg;
	engine->drain_left_us = patience_ms * 1000;
	engine->drain_looked_us = clock_monotonic_us();
	loop_drain_in(engine->loop, 0);
}

static void
tell_call(const struct engine *engine, const struct exchange *exchange)
{
	const struct def_operation *operation =
	    exchange->outgoing->call.operation;
	char id[CHART_ID_BYTES];

	log_warning("a call is left under way",
	    "instance=%.*s operation=%.*s.%.*s: what comes of it is unknown, "
	    "and the next start goes on as its step says",
	    STR_ARG(engine_id_format(engine, exchange->number, id)),
	    STR_ARG(exchange->line->name), STR_ARG(operation->name));
}

static void
tell_answers(const struct engine *engine)
{
	size_t count = 0;

	for (const struct request *request = engine->inbox.first;
	     request != NULL; request = request->next)
		count += is_answer(request);
	if (count > 0)
		log_warning("answers are not recorded",
		    "%zu came while the store failed: the next start takes "
		    "what came of their calls for unknown, and goes on as "
		    "their steps say",
		    count);
}

void
engine_tell_left(const struct engine *engine)
{
	const struct exchange *exchange = engine->sent;
	size_t count = 0;

	for (; exchange != NULL; exchange = exchange->next)
		if (++count <= LEFT_MAX)
			tell_call(engine, exchange);
	if (count > LEFT_MAX)
		log_warning("a call is left under way",
		    "and %zu more: `stated incident list` tells after the next "
		    "start what a person has to look at",
		    count - LEFT_MAX);
	tell_answers(engine);
}

/* ---- looking ---- */

struct store *
engine_store(struct engine *engine)
{
	return engine->store;
}

const struct library *
engine_library(const struct engine *engine)
{
	return engine->library;
}

struct str
engine_id_format(
    const struct engine *engine, uint64_t number, char out[CHART_ID_BYTES])
{
	struct chart_identity identity = {.number = number};

	memcpy(identity.store, engine->store_bytes, sizeof(identity.store));
	return chart_id_format(identity, out);
}

struct str
engine_item_id(const struct engine *engine, uint64_t number, uint64_t serial,
    struct arena *arena)
{
	char id[CHART_ID_BYTES];

	return arena_strf(arena, "%.*s.%llu",
	    STR_ARG(engine_id_format(engine, number, id)),
	    (unsigned long long)serial);
}

bool
engine_id_parse(const struct engine *engine, struct str text, uint64_t *number)
{
	return chart_id_parse(text, engine->store_bytes, number);
}

struct engine_health
engine_health(const struct engine *engine)
{
	struct engine_health health = {
	    .writable = !engine->stalled,
	    .failure = engine->stalled ? engine->stall_error : STORE_OK,
	    .accepting = !engine->stalled && !engine->stopping &&
			 engine->inbox.count < engine->options.limits.inbox_max,
	    .inbox = engine->inbox.count,
	    .cached = map_count(engine->instances),
	    .calls_active = engine->calls_active,
	    .calls_queued = engine->calls_queued,
	    .deadlines = engine->timers.count,
	    .turns = engine->turn_last,
	    .commits = engine->commits,
	    .stepped = engine->stepped,
	};

	memcpy(health.batches, engine->batches, sizeof(health.batches));
	schedule_count(engine, &health.scheduled, &health.schedule_failures);

	if (engine->stalled)
		health.detail = buf_str(&engine->stall_detail);
	else if (engine->stopping)
		health.detail = STR("the engine is stopping");
	else if (!health.accepting)
		health.detail = STR("too many requests are waiting");
	return health;
}
