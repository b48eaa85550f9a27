/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_try.c: whether a connection works, tried by one exchange.
 *
 * It changes nothing, neither here nor there, so it needs no turn and no
 * place: an operator wants to know exactly when calls don't go.
 */
#include "engine_priv.h"

#include <stdlib.h>

/* Who tries is waiting, and an endpoint that takes longer is in trouble. */
#define TIMEOUT_MS 10000

struct trial {
	struct trial *next;
	struct trial **link;
	struct engine *engine;
	engine_reply_fn *reply;
	void *reply_arg;
	struct arena *arena; /* this itself lives there */
	bool is_greeting;
	struct connector_call call;
	struct message_request request; /* of the exchange under way */
	struct str did;
	int64_t begun_us;
};

/* ---- answers ---- */

static void
answer(engine_reply_fn *reply, void *arg, enum engine_status status,
    struct str detail)
{
	const struct engine_reply refusal = {
	    .status = status, .detail = detail};

	reply(&refusal, arg);
}

static void
trial_free(struct trial *trial)
{
	struct arena *arena = trial->arena;

	*trial->link = trial->next;
	if (trial->next != NULL)
		trial->next->link = trial->link;
	arena_free(&arena);
}

/* What to say to a person about it. */
static struct str
words_of(const struct trial *trial, const struct outcome *outcome, bool is_ok)
{
	struct str hint = connector_hint(outcome);

	if (is_ok)
		return trial->is_greeting
			   ? STR("it is there and lets us in")
			   : STR("the operation was done");
	if (hint.at == NULL)
		return outcome->message;
	return arena_strf(trial->arena, "%.*s; %.*s",
	    STR_ARG(outcome->message), STR_ARG(hint));
}

static void
finish(struct trial *trial, const struct outcome *outcome, bool is_ok)
{
	struct value_builder *view = value_build_context(trial->arena);
	struct engine_reply reply = {.status = ENGINE_OK};

	value_put_str(view, "connection",
	    trial->call.operation->connection->name);
	value_put(view, STR("ok"), value_of_boolean(is_ok));
	value_put_str(view, "did", trial->did);
	value_put(view, STR("status"),
	    outcome->status == 0
		? &value_null
		: value_of_int(trial->arena, outcome->status));
	value_put_str(view, "code",
	    is_ok ? (struct str){NULL, 0} : outcome->code);
	value_put_str(view, "message", words_of(trial, outcome, is_ok));
	value_put_int(view, "took_ms",
	    (clock_monotonic_us() - trial->begun_us) / 1000);
	reply.view = value_built(view);
	trial->reply(&reply, trial->reply_arg);
	trial_free(trial);
}

/* ---- the exchange ---- */

static void
exchanged_cb(const struct message_response *response, void *arg)
{
	struct trial *trial = arg;
	struct connector_context context =
	    engine_connector_context(trial->engine, trial->arena);
	/* Nobody signs what a greeting is answered with. */
	struct message_response received = trial->is_greeting
	    ? connector_mask(trial->arena, &trial->request, response)
	    : connector_receive(
		  &trial->call, &trial->request, response, &context);
	struct outcome outcome =
	    connector_interpret(&trial->call, &received, &context);
	bool is_ok = trial->is_greeting
			 ? connector_is_welcome(&outcome, &received)
			 : outcome.kind == OUTCOME_DONE;

	finish(trial, &outcome, is_ok);
}

static struct str
shown(struct arena *arena, const struct message_request *request)
{
	struct str url = request->url_shown.at != NULL ? request->url_shown
						       : request->url;

	return arena_strf(
	    arena, "%.*s %.*s", STR_ARG(request->method), STR_ARG(url));
}

static void
ask(struct trial *trial)
{
	struct connector_context context =
	    engine_connector_context(trial->engine, trial->arena);
	struct message_request *request = &trial->request;
	struct outcome failure;

	if (!connector_prepare(&trial->call, &context, request, &failure)) {
		finish(trial, &failure, false);
		return;
	}
	trial->did = shown(trial->arena, request);
	http_send(trial->engine->options.http, request, exchanged_cb, trial);
}

static void
token_cb(const struct message_response *response, void *arg)
{
	struct trial *trial = arg;
	struct connector_context context =
	    engine_connector_context(trial->engine, trial->arena);
	const struct connector_token_answer answer = {
	    .connection = trial->call.operation->connection,
	    .request = &trial->request,
	    .response = response,
	};
	struct connector_token token;
	struct outcome failure;

	if (!connector_token_receive(&answer, &context, &token, &failure)) {
		failure.status = response->status;
		finish(trial, &failure, false);
		return;
	}
	trial->call.token = arena_str(trial->arena, token.token);
	ask(trial);
}

static void
ask_for_token(struct trial *trial)
{
	struct connector_context context =
	    engine_connector_context(trial->engine, trial->arena);
	struct message_request *request = &trial->request;
	struct outcome failure;

	if (!connector_token_prepare(trial->call.operation->connection,
		&context, request, &failure)) {
		finish(trial, &failure, false);
		return;
	}
	request->timeout_ms = TIMEOUT_MS;
	trial->did = shown(trial->arena, request);
	http_send(trial->engine->options.http, request, token_cb, trial);
}

/* ---- trials ---- */

static struct trial *
trial_new(struct engine *engine, const struct def_connection *connection,
    const struct def_operation *operation, const struct value *with)
{
	struct arena *arena = arena_new();
	struct trial *trial = ARENA_NEW(arena, struct trial);

	trial->arena = arena;
	trial->engine = engine;
	trial->is_greeting = operation == NULL;
	trial->call = (struct connector_call){
	    .operation = operation != NULL
			     ? operation
			     : connector_greeting(connection, arena),
	    .args = with != NULL ? value_copy(arena, with)
				 : value_built(value_build_context(arena)),
	    .idempotency_key = STR("trial"),
	    .timeout_ms = TIMEOUT_MS,
	};
	trial->begun_us = clock_monotonic_us();
	trial->next = engine->trials;
	trial->link = &engine->trials;
	if (trial->next != NULL)
		trial->next->link = &trial->next;
	engine->trials = trial;
	return trial;
}

void
engine_try(struct engine *engine, const struct engine_trial *wish,
    engine_reply_fn *reply, void *arg)
{
	const struct def_connection *connection =
	    library_find_connection(engine->library, wish->connection);
	const struct def_operation *operation = NULL;
	struct trial *trial;

	if (connection == NULL) {
		answer(reply, arg, ENGINE_UNKNOWN_CONNECTION,
		    STR("there is no connection of that name"));
		return;
	}
	if (wish->operation.at != NULL) {
		operation = def_connection_find(connection, wish->operation);
		if (operation == NULL || !connector_is_safe(operation)) {
			answer(reply, arg, ENGINE_REFUSED,
			    operation == NULL
				? STR("the connection has no such operation")
				: STR("the operation may change something: "
				      "only a safe one is tried"));
			return;
		}
	}
	trial = trial_new(engine, connection, operation, wish->with);
	trial->reply = reply;
	trial->reply_arg = arg;
	if (connector_needs_token(connection))
		ask_for_token(trial);
	else
		ask(trial);
}

/* The network has forgotten them; nobody is told. */
void
try_free_all(struct engine *engine)
{
	while (engine->trials != NULL)
		trial_free(engine->trials);
}
