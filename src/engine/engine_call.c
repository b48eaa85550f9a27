/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_call.c: calls on their way out.
 *
 * Each connection is a line (engine_line.c), where what finds no place waits
 * for its turn.  A call gets its place first, then its intent is recorded,
 * then that is committed, then it is sent: so a crash never leaves in doubt
 * what was only waiting.
 */
#include "engine_priv.h"

#include <stdlib.h>

/* ---- exchanges ---- */

/* Its call is the instance's again. */
static void
empty(struct exchange *exchange)
{
	struct arena *arena;

	if (exchange->outgoing == NULL)
		return;
	arena = exchange->outgoing->arena;
	exchange->outgoing = NULL;
	arena_free(&arena);
}

void
exchange_free(struct exchange **exchange)
{
	empty(*exchange);
	free(*exchange);
	*exchange = NULL;
}

/* The arguments are the effect's until the exchange keeps them. */
static void
fill(struct exchange *exchange, const struct chart_effect *effect)
{
	struct arena *arena = arena_new_in(exchange->line->engine->arenas);
	struct outgoing *outgoing = ARENA_NEW(arena, struct outgoing);

	must(exchange->outgoing == NULL);
	outgoing->arena = arena;
	outgoing->call.operation = effect->call->operation;
	outgoing->call.args = effect->args;
	outgoing->call.idempotency_key = arena_str(arena, effect->key);
	outgoing->call.timeout_ms = effect->timeout_ms;
	exchange->outgoing = outgoing;
}

static void
keep_arguments(struct outgoing *outgoing)
{
	outgoing->call.args =
	    value_copy(outgoing->arena, outgoing->call.args);
}

/* What is sent holds them; most replies are read without. */
static void
keep_arguments_if_read(struct outgoing *outgoing)
{
	static const struct value none = {.type = VALUE_CONTEXT};

	if (connector_reads_arguments(outgoing->call.operation))
		keep_arguments(outgoing);
	else
		outgoing->call.args = &none;
}

/* As its connection is now; false where the instance wants it no more. */
static bool
refill(struct exchange *exchange, const struct chart *chart)
{
	struct chart_effect effect;

	if (exchange->is_question) {
		exchange->outgoing->call.operation =
		    chart_call_asks_with(chart, exchange->serial);
		return true;
	}
	if (!chart_call_again(chart, exchange->serial, &effect))
		return false;
	empty(exchange);
	fill(exchange, &effect);
	return true;
}

static struct exchange *
exchange_new(struct engine *engine, struct turn *turn,
    const struct instance *instance, const struct chart_effect *effect)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	must(exchange != NULL);
	exchange->line = line_of(engine, effect->call->connection);
	exchange->number = instance->number;
	exchange->serial = effect->serial;
	exchange->turn = turn->serial;
	exchange->priority = effect->priority;
	exchange->deadline_ms = effect->deadline_ms;
	exchange->is_repetition = effect->attempt > 1;
	return exchange;
}

struct connector_context
engine_connector_context(struct engine *engine, struct arena *arena)
{
	return (struct connector_context){
	    .arena = arena,
	    .now_ms = engine_now_ms(engine),
	    .settings = engine->options.settings,
	    .secret = engine->options.secret,
	    .secret_arg = engine->options.secret_arg,
	    .rng = engine->options.rng,
	};
}

static struct outcome
outcome_copy(struct arena *arena, const struct outcome *outcome)
{
	struct outcome copy = *outcome;

	copy.code = arena_str(arena, outcome->code);
	copy.message = arena_str(arena, outcome->message);
	copy.reference = arena_str(arena, outcome->reference);
	if (outcome->response != NULL)
		copy.response = value_copy(arena, outcome->response);
	if (outcome->body != NULL)
		copy.body = value_copy(arena, outcome->body);
	return copy;
}

/* The end of an exchange, as a request to the instance, in the arena that the
 * outcome lives in.  response: NULL where there was none. */
static void
report(struct exchange *exchange, struct arena *arena_take,
    const struct outcome *outcome, const struct message_response *response)
{
	struct request *request = request_new_in(arena_take, REQUEST_REPLY);

	request->number = exchange->number;
	request->turn = exchange->turn;
	request->outcome = *outcome;
	request->event.kind = EV_REPLY_ARRIVED;
	request->event.serial = exchange->serial;
	request->event.outcome = &request->outcome;
	request->event.is_for_others = exchange->is_for_others;
	request->event.is_put_off = exchange->is_put_off;
	if (response != NULL)
		request->event.reply =
		    connector_describe_response(request->arena, response);
	engine_add(exchange->line->engine, request);
}

void
exchange_fail_queue(struct line *line, const struct outcome *outcome)
{
	struct exchange *exchange;

	while ((exchange = line_pop(line)) != NULL) {
		struct arena *arena = arena_new();
		struct outcome own = outcome_copy(arena, outcome);

		exchange->is_for_others =
		    outcome->transient && line_queued(line) > 0;
		report(exchange, arena, &own, NULL);
		exchange_free(&exchange);
		if (outcome->transient)
			return;
	}
}

/* ---- the way out ---- */

/* Records the intent in this turn; the place is taken already. */
static bool
make_ready(struct engine *engine, struct turn *turn, struct instance *instance,
    struct exchange *exchange, struct chart_effects *effects,
    struct outcome *failure)
{
	struct outgoing *outgoing = exchange->outgoing;
	struct connector_context context =
	    engine_connector_context(engine, outgoing->arena);
	struct chart_context chart_context =
	    turn_context_of(engine, turn, instance);
	struct outcome refused;

	must(exchange->state == EXCHANGE_QUEUED);
	context.traceparent = chart_trace(instance->chart);
	if (connector_needs_token(exchange->line->connection))
		outgoing->call.token = arena_str(
		    outgoing->arena, str_of(exchange->line->token.text));
	if (!connector_prepare(
		&outgoing->call, &context, &outgoing->request, &refused)) {
		*failure = outcome_copy(turn->arena, &refused);
		return false;
	}
	chart_call_sent(instance->chart, exchange->serial,
	    connector_describe_request(
		chart_context.arena, &outgoing->request),
	    &chart_context, effects);
	/* A question may be asked again: only the exchange has it. */
	if (!exchange->is_question)
		keep_arguments_if_read(outgoing);
	exchange->state = EXCHANGE_READY;
	exchange->next = NULL;
	*turn->ready_end = exchange;
	turn->ready_end = &exchange->next;
	return true;
}

bool
exchange_offer(struct engine *engine, struct turn *turn,
    struct instance *instance, const struct chart_effect *effect,
    struct chart_effects *effects, struct outcome *failure)
{
	struct exchange *exchange =
	    exchange_new(engine, turn, instance, effect);
	struct line *line = exchange->line;
	struct chart_effect again;

	token_want(line);
	if (line_queued(line) == 0 && token_is_at_hand(line) &&
	    line_has_place(line)) {
		line_take_place(line, exchange);
		fill(exchange, effect);
		if (make_ready(
			engine, turn, instance, exchange, effects, failure))
			return true;
		line_give_place_back(exchange);
		exchange_free(&exchange);
		return false;
	}
	exchange->is_question = !chart_call_again(
	    instance->chart, exchange->serial, &again);
	if (exchange->is_question) {
		fill(exchange, effect);
		keep_arguments(exchange->outgoing);
	}
	line_push(line, exchange);
	return true;
}

/* It is freed once the turn is durable: until then the turn may have to be
 * done again. */
static void
retire(struct exchange *exchange)
{
	line_give_place_back(exchange);
	exchange->state = EXCHANGE_RETIRED;
}

/* It may not be sent any more: the instance goes on as its definitions of now
 * say. */
static void
turn_away(struct engine *engine, struct turn *turn, struct instance *instance,
    struct exchange *exchange)
{
	const struct chart_event event = {.kind = EV_TIME_PASSED};
	struct chart_effects effects = {0};

	retire(exchange);
	instance_step(engine, turn, instance, &event, &effects);
}

void
exchange_release(
    struct engine *engine, struct turn *turn, struct request *request)
{
	struct exchange *exchange = request->exchange;
	struct instance *instance = instance_find(engine, exchange->number);
	struct chart_effects effects = {0};
	struct outcome failure;
	struct chart_event event = {
	    .kind = EV_REPLY_ARRIVED,
	    .serial = exchange->serial,
	    .outcome = &failure,
	};

	if (instance == NULL ||
	    !chart_call_is_wanted(instance->chart, exchange->serial,
		engine_now_ms(engine))) {
		retire(exchange);
	} else if (!chart_call_may_be_sent(instance->chart, exchange->serial,
		       engine_now_ms(engine))) {
		turn_away(engine, turn, instance, exchange);
	} else if (!token_is_at_hand(exchange->line)) {
		request->exchange = NULL;
		line_give_place_back(exchange);
		line_push(exchange->line, exchange);
		token_want(exchange->line);
	} else if (!refill(exchange, instance->chart)) {
		retire(exchange);
	} else if (make_ready(
		       engine, turn, instance, exchange, &effects, &failure)) {
		exchange->released = true;
		instance_save(engine, turn, instance, &effects);
	} else {
		retire(exchange);
		instance_step(engine, turn, instance, &event, &effects);
	}
}

/* ---- what came back ---- */

static void
unlink_sent(struct exchange *exchange)
{
	if (exchange->previous != NULL)
		exchange->previous->next = exchange->next;
	else
		exchange->line->engine->sent = exchange->next;
	if (exchange->next != NULL)
		exchange->next->previous = exchange->previous;
}

/* What came of it is the instance's to know; response: NULL where it is about
 * something else. */
static void
end(struct exchange *exchange, const struct outcome *outcome,
    const struct message_response *response)
{
	struct outgoing *outgoing = exchange->outgoing;
	struct line *line = exchange->line;

	exchange->outgoing = NULL; /* the report has it from here on */
	report(exchange, outgoing->arena, outcome, response);
	unlink_sent(exchange);
	exchange_free(&exchange);
	line_check(line);
}

/* Only who surely did nothing may be asked once more: a 401 that was cut, is
 * not signed as it has to be, or that a rule calls in doubt proves nothing. */
static bool
is_refused(const struct outcome *outcome,
    const struct message_response *response)
{
	if (response->failure != MESSAGE_OK ||
	    outcome->kind != OUTCOME_NOT_DONE)
		return false;
	return outcome->status == 401 ||
	       str_equal(outcome->code, STR("odoo.session-expired"));
}

static void exchange_cb(const struct message_response *response, void *arg);

/* The same request by what proves us now; false where nothing has changed. */
static bool
renew(struct exchange *exchange)
{
	struct outgoing *outgoing = exchange->outgoing;
	struct line *line = exchange->line;
	struct connector_context context =
	    engine_connector_context(line->engine, outgoing->arena);

	if (line->token.text != NULL)
		outgoing->call.token =
		    arena_str(outgoing->arena, str_of(line->token.text));
	if (!connector_renew(&outgoing->call, &context, &outgoing->request))
		return false;
	exchange->renewal = RENEWAL_MADE;
	return true;
}

/* It has its place still; the rate counts it once more. */
static void
send_again(struct exchange *exchange)
{
	struct line *line = exchange->line;

	must(exchange->state == EXCHANGE_SENT);
	throttle_repeated(line->throttle, engine_now_ms(line->engine));
	http_send(line->engine->options.http, &exchange->outgoing->request,
	    exchange_cb, exchange);
}

/* Meanwhile it may have been cancelled, or its instance suspended, or its key
 * may have died. */
static bool
is_still_wanted(const struct exchange *exchange)
{
	const struct instance *instance =
	    instance_find(exchange->line->engine, exchange->number);

	return instance != NULL &&
	       chart_call_may_go_again(instance->chart, exchange->serial,
		   engine_now_ms(exchange->line->engine));
}

/* Whether it goes on in spite of a 401. */
static bool
goes_on(struct exchange *exchange)
{
	if (connector_needs_token(exchange->line->connection))
		return token_was_refused(exchange);
	if (exchange->renewal != RENEWAL_NONE || !renew(exchange))
		return false;
	token_wait(exchange);
	return true;
}

void
exchange_end_waiting(
    struct exchange *exchange, const struct outcome *failure)
{
	static const struct outcome refused = {
	    .kind = OUTCOME_NOT_DONE,
	    .code = STR_INIT("http.401"),
	    .message = STR_INIT("the endpoint answered 401"),
	    .status = 401,
	    .body = &value_null,
	};
	bool is_wanted = failure == NULL && is_still_wanted(exchange);
	struct outcome own;

	if (is_wanted &&
	    (exchange->renewal == RENEWAL_MADE || renew(exchange))) {
		send_again(exchange);
		return;
	}
	own = outcome_copy(exchange->outgoing->arena,
	    failure != NULL ? failure : &refused);
	/* Another one was not tried: it is when the instance goes on. */
	if (failure == NULL && !is_wanted)
		own.transient = exchange->is_put_off = true;
	line_note_end(exchange, &own, &(struct message_response){
	    .status = own.status});
	end(exchange, &own, NULL);
}

static void
exchange_cb(const struct message_response *response, void *arg)
{
	struct exchange *exchange = arg;
	struct outgoing *outgoing = exchange->outgoing;
	struct connector_context context =
	    engine_connector_context(exchange->line->engine, outgoing->arena);
	struct message_response received;
	struct outcome outcome;

	must(exchange->state == EXCHANGE_SENT);
	received = connector_receive(
	    &outgoing->call, &outgoing->request, response, &context);
	outcome = connector_interpret(&outgoing->call, &received, &context);
	if (is_refused(&outcome, &received)) {
		if (goes_on(exchange))
			return;
		outcome.transient &= exchange->renewal == RENEWAL_NONE;
		outcome.transient |=
		    token_doubt_secrets(exchange->line->engine);
	}
	line_note_end(exchange, &outcome, &received);
	end(exchange, &outcome, &received);
}

static void
link_sent(struct exchange *exchange)
{
	struct engine *engine = exchange->line->engine;

	exchange->previous = NULL;
	exchange->next = engine->sent;
	if (engine->sent != NULL)
		engine->sent->previous = exchange;
	engine->sent = exchange;
}

void
exchange_send(struct engine *engine, struct exchange *exchange)
{
	must(exchange->state == EXCHANGE_READY);
	must(exchange->turn <= engine->durable_turn);
	exchange->state = EXCHANGE_SENT;
	link_sent(exchange);
	line_note_sent(exchange);
	http_send(engine->options.http, &exchange->outgoing->request,
	    exchange_cb, exchange);
}

/* ---- queues ---- */

void
line_check(struct line *line)
{
	if (line_queued(line) > 0 || line->token.refused != NULL)
		token_want(line);
	if (!token_is_at_hand(line))
		return;
	/* Those that waited for the rate, or whose connection has been given
	 * anew, and needs none now. */
	token_settle_refused(line, NULL);
	while (line_queued(line) > 0 && line_has_place(line)) {
		struct request *request = request_new(REQUEST_RELEASE);

		request->exchange = line_pop(line);
		line_take_place(line, request->exchange);
		engine_add(line->engine, request);
	}
	throttle_set_backlog(line->throttle, line_queued(line) > 0);
}

void
line_check_all(struct engine *engine)
{
	size_t cursor = 0;
	struct str name;
	void *line;

	while (map_next(engine->lines, &cursor, &name, &line))
		line_check(line);
}

static int64_t
line_wants_ms(const struct line *line)
{
	int64_t now_ms = engine_now_ms(line->engine);
	int64_t next_ms = 0, again_ms = 0;

	if (line_queued(line) == 0 && line->token.refused == NULL)
		return 0;
	if (!token_is_at_hand(line))
		return token_retry_ms(line);
	if (line_queued(line) > 0)
		next_ms = throttle_next_ms(line->throttle, now_ms);
	if (line->token.refused != NULL)
		again_ms = throttle_repeat_ms(line->throttle, now_ms);
	return next_ms == 0 || (again_ms != 0 && again_ms < next_ms)
		   ? again_ms
		   : next_ms;
}

int64_t
line_next_ms(const struct engine *engine)
{
	int64_t next_ms = 0;
	size_t cursor = 0;
	struct str name;
	void *line;

	while (map_next(engine->lines, &cursor, &name, &line)) {
		int64_t wants_ms = line_wants_ms(line);

		if (wants_ms != 0 && (next_ms == 0 || wants_ms < next_ms))
			next_ms = wants_ms;
	}
	return next_ms;
}

/* ---- turns that did not happen ---- */

bool
exchange_take_back(struct engine *engine, struct request *request)
{
	struct exchange *exchange = request->exchange;

	if (exchange == NULL)
		return false; /* it stands in its queue again */
	must(exchange->state != EXCHANGE_SENT);
	if (exchange->state == EXCHANGE_RETIRED)
		line_take_place(exchange->line, exchange);
	exchange->state = EXCHANGE_QUEUED;
	exchange->released = false;
	if (turn_is_durable(engine, exchange->turn))
		return true;
	request->exchange = NULL;
	exchange_drop(&exchange);
	return false;
}

void
exchange_drop(struct exchange **exchange)
{
	line_give_place_back(*exchange);
	exchange_free(exchange);
}
