/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_turn.c: the turn of the engine: drain, step, commit, release.
 *
 * Two turns exist at a time: one is being committed by the store's thread,
 * the other is being built on top of it.  The order of everything here is the
 * engine's promise: nothing leaves before the commit that it depends on, and
 * where a commit fails, everything stepped on top of it is forgotten and read
 * back.
 */
#include "engine_priv.h"

#include <stdlib.h>

/* Of what a turn does, at least one in so many came in bulk. */
#define BULK_SHARE 4
/* Events in answer to one that a step emitted beside many others. */
#define TALK_MAX 8
/* Kept for the next request, and small enough to stay in the caches. */
#define SCRATCH_BYTES_MAX ((size_t)256 * 1024)

/* ---- a turn ---- */

/* With the memory of one that is over, where there is one: a turn's is used
 * again while it is still warm. */
struct turn *
turn_new(struct engine *engine)
{
	struct turn *turn = engine->spare;
	struct arena *arena;

	engine->spare = NULL;
	if (turn == NULL) {
		turn = calloc(1, sizeof(*turn));
		must(turn != NULL);
		turn->arena = arena_new();
	}
	arena = turn->arena;
	*turn = (struct turn){.serial = ++engine->turn_last, .arena = arena};
	turn->replies_end = &turn->replies;
	turn->logs_end = &turn->logs;
	turn->ready_end = &turn->ready;
	turn->switches_end = &turn->switches;
	turn->grants_end = &turn->grants;
	turn->postings_end = &turn->postings;
	turn->holdings_end = &turn->holdings;
	inbox_init(&turn->done);
	return turn;
}

static void
free_requests(struct turn *turn)
{
	struct request *request;

	while ((request = inbox_take(&turn->done)) != NULL)
		request_free(&request);
}

void
turn_free(struct turn **turn)
{
	if (*turn == NULL)
		return;
	free_requests(*turn);
	arena_free(&(*turn)->arena);
	free(*turn);
	*turn = NULL;
}

/* It is over; its memory is kept for the next. */
static void
retire(struct engine *engine, struct turn *turn)
{
	turn_free(&engine->spare);
	free_requests(turn);
	arena_reset(turn->arena);
	engine->spare = turn;
}

struct chart_context
engine_chart_context(const struct engine *engine, struct arena *arena)
{
	return (struct chart_context){
	    .now_ms = engine_now_ms(engine),
	    .arena = arena,
	    .rng = engine->options.rng,
	    .settings = engine->options.settings,
	    .environment = engine->options.environment,
	};
}

struct chart_context
turn_context(struct engine *engine, struct turn *turn)
{
	return engine_chart_context(engine, turn->arena);
}

struct chart_context
turn_context_of(
    struct engine *engine, struct turn *turn, struct instance *instance)
{
	struct chart_context context = turn_context(engine, turn);

	if (instance->cause != engine->cause) {
		instance->cause = engine->cause;
		instance->microsteps = 0;
	}
	context.arena = engine->scratch;
	context.microsteps = &instance->microsteps;
	return context;
}

/* NULL where nobody waits for the reply. */
struct engine_reply *
turn_reply(
    struct turn *turn, const struct request *request, enum engine_status status)
{
	struct pending_reply *pending;

	if (request->reply == NULL)
		return NULL;
	pending = ARENA_NEW(turn->arena, struct pending_reply);
	pending->fn = request->reply;
	pending->arg = request->reply_arg;
	pending->reply.status = status;
	*turn->replies_end = pending;
	turn->replies_end = &pending->next;
	return &pending->reply;
}

void
turn_log(struct turn *turn, enum log_level level, struct str message)
{
	struct pending_log *pending =
	    ARENA_NEW(turn->arena, struct pending_log);

	pending->level = level;
	pending->message = arena_str(turn->arena, message);
	*turn->logs_end = pending;
	turn->logs_end = &pending->next;
}

void
turn_touch(struct turn *turn, struct instance *instance)
{
	must(instance->turn <= turn->serial);
	if (instance->turn == turn->serial)
		return;
	instance->turn = turn->serial;
	turn->touched = arena_grow(turn->arena, turn->touched,
	    turn->touched_count, &turn->touched_capacity,
	    sizeof(*turn->touched));
	turn->touched[turn->touched_count++] = (struct touched){
	    .number = instance->number, .instance = instance};
}

bool
turn_has_touched(const struct turn *turn, uint64_t number)
{
	for (size_t i = 0; i < turn->touched_count; i++)
		if (turn->touched[i].number == number)
			return true;
	return false;
}

bool
turn_is_durable(const struct engine *engine, uint64_t serial)
{
	return serial <= engine->durable_turn;
}

/* ---- drain and step ---- */

bool
engine_found(struct engine *engine, enum store_error error)
{
	if (error != STORE_OK && error != STORE_ABSENT)
		engine->unread = error;
	return error == STORE_OK;
}

/* What its steps have made is of no use any more. */
static void
perform_one(struct engine *engine, struct turn *turn, struct request *request)
{
	request_perform(engine, turn, request);
	inbox_add(&turn->done, request);
	if (arena_footprint(engine->scratch) > SCRATCH_BYTES_MAX) {
		arena_free(&engine->scratch);
		engine->scratch = arena_new();
	}
	arena_reset(engine->scratch);
}

/* How many events may answer others, before it looks as if that had no end:
 * more where one step has emitted many or one event has reached many, for each
 * of which there may be a talk. */
static size_t
answers_max(const struct engine *engine)
{
	return engine->options.limits.batch_max + TALK_MAX * engine->widest;
}

/* What instances publish is routed at once, in the same turn, so that it
 * stands or falls with what published it, however much it is: but what answers
 * such an event not without end.  What parents and children tell one another
 * has its bounds elsewhere (engine_child.c) and is never left out. */
static void
perform(struct engine *engine, struct turn *turn, struct request *request)
{
	struct request *emitted;
	size_t answers = 0;

	engine->cause++;
	engine->answering = false;
	engine->widest = 0;
	perform_one(engine, turn, request);
	while ((emitted = inbox_take(&engine->emitted)) != NULL) {
		bool is_event = emitted->kind == REQUEST_EVENT;

		engine->answering = is_event || emitted->answers;
		if (is_event)
			engine->cause++;
		if (is_event && emitted->answers)
			answers++;
		if (is_event && emitted->answers &&
		    answers > answers_max(engine)) {
			event_bury(engine, turn, emitted);
			inbox_add(&turn->done, emitted);
		} else {
			perform_one(engine, turn, emitted);
		}
	}
}

/* What comes in bulk has its share of a turn, beside a turn that is long
 * enough without it. */
static size_t
bulk_max(const struct engine *engine)
{
	const struct turn *turn = engine->building;
	size_t share = (turn->done.count - turn->bulk) / BULK_SHARE;

	return share > engine->options.limits.bulk_max
		   ? share
		   : engine->options.limits.bulk_max;
}

/* The two kinds by turns. */
static struct request *
take_bulk(struct engine *engine)
{
	bool is_recovery = engine->building->bulk % 2 == 0;
	struct request *request =
	    is_recovery ? recover_take(engine) : timer_take(engine);

	if (request == NULL)
		request =
		    is_recovery ? timer_take(engine) : recover_take(engine);
	return request;
}

/* Others first: a turn ends when what they have brought has been done and a
 * share of what comes in bulk, so that nobody waits for a million deadlines. */
static void
drain(struct engine *engine)
{
	struct turn *turn = engine->building;
	size_t batch_max = engine->options.limits.batch_max;
	struct request *request;

	while (engine->unread == STORE_OK && turn->stepped < batch_max &&
	       turn->done.count < batch_max &&
	       (request = inbox_take(&engine->inbox)) != NULL)
		perform(engine, turn, request);
	while (engine->unread == STORE_OK && turn->bulk < bulk_max(engine) &&
	       (request = take_bulk(engine)) != NULL) {
		turn->bulk++;
		perform(engine, turn, request);
	}
}

static bool
has_work(const struct engine *engine)
{
	return engine->inbox.count > 0 || timer_has_fired(engine) ||
	       !recover_is_over(engine);
}

/* ---- release ---- */

void
turn_free_retired(struct turn *turn)
{
	for (struct request *request = turn->done.first; request != NULL;
	     request = request->next) {
		struct exchange *exchange = request->exchange;

		if (exchange != NULL && exchange->state == EXCHANGE_RETIRED) {
			request->exchange = NULL;
			exchange_free(&exchange);
		}
	}
}

/* The turn is durable: now, and in this order, calls may go, people may be
 * told, and callers get their answers. */
static void
release(struct engine *engine, struct turn *turn)
{
	struct exchange *exchange, *next;

	turn_free_retired(turn);
	switch_apply(engine, turn);
	grant_apply(engine, turn);
	hold_apply(engine, turn);
	retention_note(engine, turn);
	timer_arm_touched(engine, turn);
	recover_note(engine, turn);
	schedule_note_touched(engine, turn);
	outbox_note(engine, turn);
	if (turn->expiries_changed)
		event_note_expiry(engine);
	for (exchange = turn->ready; exchange != NULL; exchange = next) {
		next = exchange->next;
		exchange_send(engine, exchange);
	}
	for (struct pending_log *log = turn->logs; log != NULL; log = log->next)
		log_write(log->level, "notice", "%.*s", STR_ARG(log->message));
	for (struct pending_reply *pending = turn->replies; pending != NULL;
	     pending = pending->next)
		pending->fn(&pending->reply, pending->arg);
	watch_fire(engine, turn);
	instance_forget_ended(engine, turn);
	retire(engine, turn);
}

/* What expires goes from time to time, a bounded number with a batch, and with
 * each batch as long as there is more: its space is for new rows. */
static void
clean(struct engine *engine)
{
	int64_t now_ms = engine_now_ms(engine);

	if (now_ms - engine->cleaned_ms < CLEANING_MS &&
	    !store_needs_cleaning(engine->store))
		return;
	engine->cleaned_ms = now_ms;
	store_add_cleaning(
	    store_batch(engine->store), now_ms, now_ms - EVENT_MEMORY_MS);
}

/* ---- commit ---- */

/* Of one step at most. */
static bool
is_small(const struct turn *turn)
{
	return turn->stepped <= 1;
}

/* In calm times a commit is over before another thread has woken up for it,
 * and there is nothing to be built meanwhile.  Where a disk is slow, or where
 * several want something at a time, the loop goes on beside the commit. */
static void
hand_over(struct engine *engine, const struct turn *turn)
{
	size_t calm_min = engine->options.limits.calm_min;

	if (calm_min == 0 || engine->calm < calm_min || !is_small(turn))
		store_submit(engine->store);
	else if (store_submit_here(engine->store))
		loop_committed(engine->loop);
}

static void
submit(struct engine *engine)
{
	struct turn *turn = engine->building;

	must(!engine->stalled && !engine->probing);
	if (engine->committing != NULL)
		return;
	if (!store_batch_is_empty(store_batch(engine->store)) ||
	    turn->touched_count > 0) {
		clean(engine);
		instance_seal(engine, turn);
		engine->committing = turn;
		engine->building = turn_new(engine);
		hand_over(engine, turn);
	} else if (turn->done.count > 0) {
		/* It wrote nothing, and what it saw is durable. */
		engine->building = turn_new(engine);
		engine->durable_turn = turn->serial;
		release(engine, turn);
	}
}

/* While the store can't write, only looking is possible; the rest waits.
 * Nothing is dirty: what was not durable has been forgotten. */
static void
look_only(struct engine *engine)
{
	struct turn *turn = engine->building;
	struct inbox waiting;
	struct request *request;

	inbox_init(&waiting);
	while ((request = inbox_take(&engine->inbox)) != NULL)
		if (request->kind == REQUEST_LOOK)
			perform(engine, turn, request);
		else
			inbox_add(&waiting, request);
	inbox_add_front(&engine->inbox, waiting.first);
	engine->unread = STORE_OK; /* those who asked have been told */
	if (turn->done.count > 0) {
		engine->building = turn_new(engine);
		release(engine, turn);
	}
}

static void
arm(struct engine *engine)
{
	int64_t wake_ms[] = {timer_next_ms(engine), line_next_ms(engine),
	    schedule_next_ms(engine), retention_next_ms(engine),
	    outbox_next_ms(engine), intake_next_ms(engine),
	    engine->expiry_ms, engine->refusals_until_ms};
	int64_t next_ms = 0;

	for (size_t i = 0; i < sizeof(wake_ms) / sizeof(*wake_ms); i++)
		if (wake_ms[i] != 0 && (next_ms == 0 || wake_ms[i] < next_ms))
			next_ms = wake_ms[i];
	/* What is due and was not taken just now waits for the commit, whose
	 * end is a turn: until then the loop would go round for nothing. */
	if (engine->committing != NULL && next_ms <= engine_now_ms(engine))
		next_ms = 0;
	loop_wake_at(engine->loop, next_ms);
}

/* ---- when a commit fails ---- */

static void
tell_stall(struct engine *engine, struct str why)
{
	buf_clear(&engine->stall_detail);
	buf_add_str(&engine->stall_detail, why);
}

/* For who was not in the batch that failed.  What they ask for may have been
 * asked for in it too, by the same caller. */
static struct str
text_for_others(enum store_error error)
{
	if (error != STORE_UNSURE)
		return store_error_text(error);
	return STR("the disk failed while what came before was written, which "
		   "may have been done; this was not taken: ask again under "
		   "the same business key or Idempotency-Key");
}

static void
refuse(struct engine *engine, struct request *request)
{
	struct engine_reply reply = {
	    .status = ENGINE_UNAVAILABLE,
	    .detail = buf_str(&engine->stall_detail),
	    .retry_after_ms = STALL_DELAY_MS_MAX,
	};

	if (request->reply != NULL)
		request->reply(&reply, request->reply_arg);
	request_free(&request);
}

/* Whether the request is to be done again once the store can write: what came
 * from inside is never lost, but for what only these turns brought about (it
 * will be brought about anew, perhaps under other numbers). */
static bool
comes_again(struct engine *engine, struct request *request)
{
	switch (request->kind) {
	case REQUEST_START:
	case REQUEST_EVENT:
	case REQUEST_ACT:
	case REQUEST_REPLAY:
	case REQUEST_SCHEDULE:
	case REQUEST_CHILD:
	case REQUEST_PUBLISH:
	case REQUEST_MIGRATE:
	case REQUEST_SWITCH:
	case REQUEST_GIVE:
	case REQUEST_HOLD:
	case REQUEST_DISCLOSE:
	case REQUEST_JUDGE:
	case REQUEST_DELEGATE:
	case REQUEST_RECOVER: /* recover_take() makes it anew */
		return false;
	case REQUEST_RELEASE:
		return exchange_take_back(engine, request);
	case REQUEST_JOURNAL:
		return request->reply == NULL;
	case REQUEST_REPLY:
		return turn_is_durable(engine, request->turn);
	case REQUEST_LOOK:
	case REQUEST_DUE:
	case REQUEST_EXPIRE:
	case REQUEST_POSTED:
		return true;
	}
	unreachable("all kinds of requests are above");
}

static void
undo_requests(
    struct engine *engine, struct inbox *requests, struct inbox *again)
{
	struct request *request;

	while ((request = inbox_take(requests)) != NULL)
		if (comes_again(engine, request))
			inbox_add(again, request);
		else
			refuse(engine, request);
}

/* What was stepped is read back when it is needed.  Its deadline stays armed
 * as it was, or fired in these turns and comes again with its request. */
static void
forget_instances(struct engine *engine, struct turn *turn)
{
	for (size_t i = 0; i < turn->touched_count; i++)
		instance_drop(engine, turn->touched[i].number);
}

static void
undo_turn(struct engine *engine, struct turn *turn, struct inbox *again)
{
	struct exchange *exchange, *next;

	forget_instances(engine, turn);
	for (exchange = turn->ready; exchange != NULL; exchange = next) {
		next = exchange->next;
		if (!exchange->released)
			exchange_drop(&exchange);
	}
	undo_requests(engine, &turn->done, again);
	turn_free(&turn);
}

/* A disk may work again.  What is damaged stays so: a probe that succeeds has
 * only not met it.  Where it stands in the way of all that is to be done, again
 * and again, nobody shall take the engine for one that works. */
static void
await_probe(struct engine *engine, enum store_error error)
{
	engine->damages = error == STORE_CORRUPT ? engine->damages + 1 : 0;
	if (engine->damages < DAMAGES_MAX)
		loop_probe_in(engine->loop, engine->stall_delay_ms);
	else
		log_error("the database is damaged",
		    "what is to be done next meets the damage each time: "
		    "nothing more is tried; stop, keep the file, restore a "
		    "backup");
}

static void
stall(struct engine *engine, enum store_error error, const struct buf *detail)
{
	struct turn *committing = engine->committing,
		    *building = engine->building;
	struct inbox again;

	inbox_init(&again);
	engine->unread = STORE_OK;
	tell_stall(engine, store_error_text(error));
	/* Where reading failed there are no words of the system. */
	log_error("the store fails", "%.*s%s%.*s%s: no new work is taken",
	    STR_ARG(store_error_text(error)), detail->bytes > 0 ? " (" : "",
	    STR_ARG(buf_str(detail)), detail->bytes > 0 ? ")" : "");
	engine->stalled = true;
	engine->stall_error = error;
	engine->calm = 0;
	engine->stall_delay_ms = engine->options.limits.probe_ms;
	engine->committing = NULL;
	engine->building = turn_new(engine);
	engine->number_last = store_last_number(engine->store);
	line_revoke_all(engine);
	publish_revoke(engine);
	standing_revoke(engine, &engine->delegations);
	standing_revoke(engine, &engine->wishes);
	schedule_revoke(engine);
	recover_revoke(engine);
	hold_revoke(engine);
	retention_revoke(engine);
	if (committing != NULL)
		undo_turn(engine, committing, &again);
	tell_stall(engine, text_for_others(error));
	undo_turn(engine, building, &again);
	/* Those not looked at yet, too: callers shall not wait for a disk. */
	undo_requests(engine, &engine->inbox, &again);
	inbox_add_front(&engine->inbox, again.first);
	watch_fire(engine, NULL);
	loop_wake(engine->loop);
	await_probe(engine, error);
}

/* The turn being built can't be gone on with.  It is given up when the one
 * under it is done, however that ends. */
static void
give_up(struct engine *engine)
{
	const struct buf detail = {0};

	if (engine->committing != NULL)
		return;
	store_drop(engine->store);
	stall(engine, engine->unread, &detail);
}

/* ---- the turn ---- */

static void
take_turn(struct engine *engine)
{
	timer_fire(engine);
	schedule_check(engine);
	event_check_expiry(engine);
	line_check_all(engine);
	refusal_check(engine);
	outbox_check_all(engine);
	intake_check_all(engine);
	retention_check(engine);
	drain(engine);
	if (engine->unread != STORE_OK) {
		give_up(engine);
		return;
	}
	submit(engine);
	instance_trim(engine);
	if (has_work(engine) && engine->committing == NULL)
		loop_wake(engine->loop);
	arm(engine);
}

void
engine_turn(struct engine *engine)
{
	if (engine->stalled) {
		look_only(engine);
		return;
	}
	engine->turn_ms = engine_now_ms(engine);
	take_turn(engine);
	engine->turn_ms = 0;
}

/* ---- probing ---- */

void
engine_probe(struct engine *engine)
{
	if (!engine->stalled || engine->probing)
		return;
	engine->probing = true;
	store_add_probe(store_batch(engine->store));
	store_submit(engine->store);
}

static void
probed(struct engine *engine, enum store_error error)
{
	engine->probing = false;
	if (error == STORE_OK) {
		engine->stalled = false;
		engine->unread = STORE_OK;
		log_info("the store works again", "work goes on");
		loop_wake(engine->loop);
		return;
	}
	publish_revoke(engine); /* a library may have been loaded anew */
	tell_stall(engine, text_for_others(error));
	engine->stall_delay_ms *= 2;
	if (engine->stall_delay_ms > STALL_DELAY_MS_MAX)
		engine->stall_delay_ms = STALL_DELAY_MS_MAX;
	engine->stall_error = error;
	loop_probe_in(engine->loop, engine->stall_delay_ms);
}

static void
note_calm(struct engine *engine, const struct turn *turn)
{
	bool is_calm = is_small(turn) && engine->building->done.count == 0 &&
		       store_took_us(engine->store) <= CALM_US_MAX;

	engine->calm = is_calm ? engine->calm + 1 : 0;
}

static void
count_commit(struct engine *engine, const struct turn *turn)
{
	unsigned class = 0;

	while (class + 1 < ENGINE_BATCH_CLASSES &&
	       turn->stepped > (size_t)1 << class)
		class++;
	engine->batches[class]++;
	engine->commits++;
}

void
engine_committed(struct engine *engine)
{
	struct buf detail = {0};
	enum store_error error;
	struct turn *turn = engine->committing;

	if (!store_finished(engine->store, &error, &detail)) {
		buf_fini(&detail);
		return;
	}
	if (engine->probing) {
		probed(engine, error);
	} else if (error != STORE_OK) {
		stall(engine, error, &detail);
	} else {
		must(turn != NULL);
		engine->committing = NULL;
		engine->damages = 0;
		engine->durable_turn = turn->serial;
		count_commit(engine, turn);
		note_calm(engine, turn);
		release(engine, turn);
		engine_turn(engine); /* what was built meanwhile goes next */
	}
	buf_fini(&detail);
}
