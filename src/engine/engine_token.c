/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_token.c: what calls are shown with, fetched once for all of them.
 *
 * A token is renewed while it still holds, so that no call waits for it, and
 * by one exchange however many calls want it.  A call that is refused with 401
 * is sent once more with another one: the same request under the same intent,
 * with the same idempotency key, unless it was called off meanwhile.  Refused
 * again it has failed.
 */
#include "engine_priv.h"

#include <stdlib.h>

#define RENEW_MS_MIN (30 * 1000)
#define MARGIN_MS_MAX (5 * 1000)
#define RETRY_MS 1000
#define RETRY_MS_MAX (30 * 1000)

bool
token_is_at_hand(const struct line *line)
{
	const struct token *token = &line->token;

	return !connector_needs_token(line->connection) ||
	       (token->text != NULL &&
		   (token->until_ms == 0 ||
		       token->until_ms > engine_now_ms(line->engine)));
}

void
token_drop(struct line *line)
{
	struct token *token = &line->token;

	if (token->text != NULL)
		explicit_bzero(token->text, strlen(token->text));
	free(token->text);
	token->text = NULL;
	token->retry_ms = 0;
}

void
token_free(struct line *line)
{
	token_drop(line);
	arena_free(&line->token.arena);
}

/* Of a long life the last tenth, of a short one the last half: within that it
 * is renewed.  The last seconds are left out, for a call takes its time. */
static void
keep(struct line *line, const struct connector_token *given)
{
	struct token *token = &line->token;
	int64_t now_ms = engine_now_ms(line->engine);
	int64_t life_ms = given->expires_in_ms, early_ms = life_ms / 10;
	int64_t margin_ms = early_ms;

	token_drop(line);
	token->text = strndup(given->token.at, given->token.bytes);
	must(token->text != NULL);
	token->failures = 0;
	token->until_ms = 0;
	token->renew_ms = 0;
	if (life_ms == 0)
		return; /* it holds until it is refused */
	if (early_ms < RENEW_MS_MIN)
		early_ms = RENEW_MS_MIN;
	if (early_ms > life_ms / 2)
		early_ms = life_ms / 2;
	if (margin_ms > MARGIN_MS_MAX)
		margin_ms = MARGIN_MS_MAX;
	token->renew_ms = now_ms + life_ms - early_ms;
	token->until_ms = now_ms + life_ms - margin_ms;
}

bool
token_doubt_secrets(struct engine *engine)
{
	return engine->options.secret_refused != NULL &&
	       engine->options.secret_refused(engine->options.secret_arg);
}

/* ---- who waits for it ---- */

void
token_settle_refused(struct line *line, const struct outcome *failure)
{
	struct exchange *exchange;

	while ((exchange = line->token.refused) != NULL &&
	       (failure != NULL ||
		   throttle_may_repeat(
		       line->throttle, engine_now_ms(line->engine)))) {
		line->token.refused = exchange->refused_next;
		exchange->refused_next = NULL;
		exchange_end_waiting(exchange, failure);
	}
}

void
token_wait(struct exchange *exchange)
{
	struct line *line = exchange->line;
	struct exchange **link = &line->token.refused;

	while (*link != NULL)
		link = &(*link)->refused_next;
	exchange->refused_next = NULL;
	*link = exchange;
	if (token_is_at_hand(line))
		token_settle_refused(line, NULL);
	else
		token_want(line);
	if (line->token.refused != NULL)
		loop_wake(line->engine->loop); /* it may be due */
}

static void
give_up(struct line *line, const struct outcome *failure)
{
	struct token *token = &line->token;
	int64_t delay_ms = RETRY_MS;

	for (int i = 0; i < token->failures && delay_ms < RETRY_MS_MAX; i++)
		delay_ms *= 2;
	if (delay_ms > RETRY_MS_MAX)
		delay_ms = RETRY_MS_MAX;
	if (delay_ms < failure->retry_after_ms)
		delay_ms = failure->retry_after_ms;
	/* What is refused for good is mended by people, who want to see it. */
	token->failures = failure->transient ? token->failures + 1 : 0;
	token->delay_ms = delay_ms;
	token->retry_ms = engine_now_ms(line->engine) + delay_ms;
	log_warning("no token", "connection=%.*s code=%.*s %.*s",
	    STR_ARG(line->name), STR_ARG(failure->code),
	    STR_ARG(failure->message));
	line_note_trouble(line, failure);
	if (token_is_at_hand(line))
		return; /* nobody waits for this one */
	token_settle_refused(line, failure);
	exchange_fail_queue(line, failure);
}

/* Not to be asked for before; 0: at once. */
static int64_t
barred_until_ms(const struct line *line)
{
	const struct token *token = &line->token;
	bool is_ahead = engine_is_ahead(token->retry_ms, token->delay_ms,
	    engine_now_ms(line->engine));

	return is_ahead ? token->retry_ms : 0;
}

/* ---- the exchange ---- */

/* What the connection was before asked for it: it is shown to nobody. */
static bool
is_for_another(struct line *line)
{
	struct token *token = &line->token;

	if (token->asked == line->connection)
		return false;
	arena_free(&token->arena);
	line_check(line);
	return true;
}

static void
receive(struct line *line, const struct message_response *response)
{
	struct token *token = &line->token;
	struct connector_context context =
	    engine_connector_context(line->engine, token->arena);
	const struct connector_token_answer answer = {
	    .connection = line->connection,
	    .request = &token->request,
	    .response = response,
	};
	struct connector_token given;
	struct outcome failure;
	bool is_given;

	is_given =
	    connector_token_receive(&answer, &context, &given, &failure);
	if (is_given) {
		keep(line, &given);
		token_settle_refused(line, NULL);
	} else {
		if (!failure.transient)
			failure.transient = token_doubt_secrets(line->engine);
		give_up(line, &failure);
	}
	arena_free(&token->arena);
	if (is_given)
		line_check(line);
}

static void
token_cb(const struct message_response *response, void *arg)
{
	struct line *line = arg;

	line->token.is_fetching = false;
	if (!is_for_another(line))
		receive(line, response);
}

/* A token changes nothing at the endpoint: it may be asked for before any
 * commit. */
static void
fetch(struct line *line)
{
	struct token *token = &line->token;
	struct connector_context context;
	struct outcome failure;

	token->arena = arena_new();
	context = engine_connector_context(line->engine, token->arena);
	if (connector_token_prepare(
		line->connection, &context, &token->request, &failure)) {
		token->is_fetching = true;
		token->asked = line->connection;
		http_send(line->engine->options.http, &token->request,
		    token_cb, line);
		return;
	}
	give_up(line, &failure);
	arena_free(&token->arena);
}

void
token_want(struct line *line)
{
	struct token *token = &line->token;
	int64_t now_ms = engine_now_ms(line->engine);
	bool is_old = token->renew_ms != 0 && now_ms >= token->renew_ms;

	if (!connector_needs_token(line->connection) || token->is_fetching ||
	    (token_is_at_hand(line) && !is_old) || barred_until_ms(line) != 0)
		return;
	fetch(line);
}

int64_t
token_retry_ms(const struct line *line)
{
	return line->token.is_fetching || token_is_at_hand(line)
		   ? 0 /* its arrival is the reason to look again */
		   : barred_until_ms(line);
}

/* ---- 401 ---- */

bool
token_was_refused(struct exchange *exchange)
{
	struct line *line = exchange->line;
	struct token *token = &line->token;
	struct str shown = exchange->outgoing->call.token;

	/* One that has come meanwhile has not been refused. */
	if (token->text != NULL && str_equal(shown, str_of(token->text)))
		token_drop(line);
	if (exchange->renewal != RENEWAL_NONE ||
	    line->connection->auth.kind != AUTH_OAUTH2)
		return false;
	exchange->renewal = RENEWAL_WANTED;
	log_info("token refused", "connection=%.*s: another one is tried",
	    STR_ARG(line->name));
	token_wait(exchange);
	return true;
}
