/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_token.c: fetching what calls are shown with.
 *
 * Asking for a token changes nothing, so that no outcome is ever unknown
 * here: what failed on the way may be asked again.
 */
#include "connector_priv.h"

#define TIMEOUT_MS 30000

bool
connector_needs_token(const struct def_connection *connection)
{
	must(connection != NULL);
	return connection->auth.kind == AUTH_OAUTH2 ||
	    (connection->auth.kind == AUTH_ODOO &&
		connection->kind == CONNECTION_ODOO);
}

bool
connector_token_prepare(const struct def_connection *connection,
    const struct connector_context *context, struct message_request *request,
    struct outcome *failure)
{
	struct call_scope scope;
	bool is_ready;

	must(connector_needs_token(connection));
	call_scope_init(&scope, context, NULL);
	*request = (struct message_request){
		.timeout_ms = connection->timeout_ms > 0
		    ? connection->timeout_ms
		    : TIMEOUT_MS,
	};
	is_ready = connection->auth.kind == AUTH_ODOO
	    ? odoo_login_prepare(connection, &scope, request, failure)
	    : oauth2_prepare(connection, &scope, request, failure);
	if (call_scope_lacks_secret(&scope, failure))
		return false;
	if (is_ready)
		connector_mask_keep(&scope, request);
	return is_ready;
}

/* How long the endpoint asks us to leave it alone; one that means years is
 * asked again all the same, for all calls wait for it. */
static void
set_retry_after(struct outcome *failure, const struct reply *reply,
    const struct connector_context *context)
{
	struct str asked = reply_header(reply, STR("retry-after"));
	int64_t delay_ms;

	if (asked.at != NULL &&
	    retry_after_parse(asked, reply_header(reply, STR("date")),
		context->now_ms, &delay_ms))
		failure->retry_after_ms = delay_ms < THROTTLE_WAIT_MS_MAX
		    ? delay_ms
		    : THROTTLE_WAIT_MS_MAX;
}

bool
connector_token_interpret(const struct def_connection *connection,
    const struct message_response *response,
    const struct connector_context *context, struct connector_token *token,
    struct outcome *failure)
{
	struct reply reply;
	bool is_given;

	must(connector_needs_token(connection));
	if (response->failure != MESSAGE_OK) {
		*failure = verdict_of_failure(context->arena, response);
		failure->transient = response->failure != MESSAGE_CERTIFICATE;
		failure->kind = OUTCOME_NOT_DONE;
		failure->body = &value_null;
		return false;
	}
	reply = reply_read(context->arena, response, NULL);
	is_given = connection->auth.kind == AUTH_ODOO
	    ? odoo_login_interpret(&reply, context->arena, token, failure)
	    : oauth2_interpret(&reply, context->arena, token, failure);
	if (is_given)
		return true;
	if (failure->kind == OUTCOME_UNKNOWN)
		failure->transient = true;
	failure->kind = OUTCOME_NOT_DONE;
	set_retry_after(failure, &reply, context);
	failure->status = response->status;
	failure->body = &value_null; /* it may hold a token */
	return false;
}

bool
connector_token_receive(const struct connector_token_answer *answer,
    const struct connector_context *context, struct connector_token *token,
    struct outcome *failure)
{
	struct message_response masked;

	if (connector_token_interpret(answer->connection, answer->response,
		context, token, failure))
		return true;
	masked = connector_mask(
	    context->arena, answer->request, answer->response);
	return connector_token_interpret(
	    answer->connection, &masked, context, token, failure);
}
