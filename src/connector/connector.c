/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector.c: both halves of a call, and what all protocols have in common.
 *
 * An answer is judged in this order: the exchange itself failed; an error
 * rule of the operation, then of the connection, holds; the protocol's own
 * rules.  Of a safe operation nothing is unknown, since it may be repeated,
 * unless a rule says so: then a person is meant to look.
 */
#include "connector_priv.h"

#define TIMEOUT_MS 30000
/* Who asks for more is asked again after this time. */
#define RETRY_AFTER_MS_MAX (24LL * 3600 * 1000)

struct protocol {
	bool (*prepare)(const struct connector_call *call,
	    struct call_scope *scope, struct message_request *request,
	    struct outcome *failure);
	struct outcome (*judge)(const struct connector_call *call,
	    struct call_scope *scope);
};

static const struct protocol protocols[] = {
	[CONNECTION_HTTP] = {rest_prepare, rest_judge},
	[CONNECTION_ODOO] = {odoo_prepare, odoo_judge},
	[CONNECTION_SMTP] = {smtp_prepare, smtp_judge},
	[CONNECTION_SFTP] = {sftp_prepare, sftp_judge},
	[CONNECTION_AMQP] = {amqp_prepare, amqp_judge},
};

static const struct protocol *
protocol_of(const struct connector_call *call)
{
	enum def_connection_kind kind = call->operation->connection->kind;

	must((size_t)kind < COUNT_OF(protocols));
	return &protocols[kind];
}

/* ---------------------------------------------------------------- prepare */

static int64_t
timeout_ms(const struct connector_call *call)
{
	const struct def_operation *operation = call->operation;

	if (call->timeout_ms > 0)
		return call->timeout_ms;
	if (operation->timeout_ms > 0)
		return operation->timeout_ms;
	if (operation->connection->timeout_ms > 0)
		return operation->connection->timeout_ms;
	return TIMEOUT_MS;
}

static bool
check_arguments(const struct connector_call *call,
    const struct connector_context *context, struct outcome *failure)
{
	const struct schema *schema = call->operation->input;
	struct schema_errors errors = {.arena = context->arena};

	if (schema == NULL || schema_validate(schema, call->args, &errors))
		return true;
	must(errors.count > 0);
	return verdict_refuse(failure, "connector.arguments", false,
	    arena_strf(context->arena, "arguments of %.*s: %.*s: %.*s",
		STR_ARG(call->operation->name),
		STR_ARG(errors.items[0].pointer),
		STR_ARG(errors.items[0].message)));
}

static void
assert_call(const struct connector_call *call)
{
	must(call->operation != NULL);
	must(call->operation->connection != NULL);
	must(call->args != NULL && call->args->type == VALUE_CONTEXT);
}

bool
connector_finish(struct call_scope *scope, struct message_request *request,
    bool is_ready, struct outcome *failure)
{
	/* A null in its place may look like another error. */
	if (scope->env.steps < 0)
		return verdict_refuse(failure, "connector.expression", false,
		    arena_str(scope->arena, str_of(scope->env.note)));
	if (call_scope_lacks_secret(scope, failure))
		return false;
	if (is_ready)
		connector_mask_keep(scope, request);
	return is_ready;
}

bool
connector_prepare(const struct connector_call *call,
    const struct connector_context *context, struct message_request *request,
    struct outcome *failure)
{
	struct call_scope scope;
	bool is_ready;

	assert_call(call);
	call_scope_init(&scope, context, call->args);
	scope.idempotency_key = call->idempotency_key;
	*request = (struct message_request){
		.timeout_ms = timeout_ms(call),
		.response_bytes_max = (size_t)
		    call->operation->connection->answer_bytes_max,
	};
	if (!check_arguments(call, context, failure))
		return false;
	is_ready = protocol_of(call)->prepare(call, &scope, request, failure);
	return connector_finish(&scope, request, is_ready, failure);
}

/* Where what proves us stands in headers or in a certificate. */
static bool
is_renewed(const struct def_connection *connection)
{
	return connection->kind == CONNECTION_HTTP ||
	    (connection->kind == CONNECTION_ODOO &&
		connection->auth.kind != AUTH_ODOO);
}

bool
connector_renew(const struct connector_call *call,
    const struct connector_context *context, struct message_request *request)
{
	const struct def_connection *connection = call->operation->connection;
	struct call_scope scope;
	bool is_another;

	if (!is_renewed(connection))
		return false;
	call_scope_init(&scope, context, NULL);
	for (size_t i = 0; i < request->secret_count; i++)
		connector_mask_add(&scope, request->secrets[i]);
	is_another = rest_renew(&scope, connection, call->token, request);
	if (is_another)
		connector_mask_keep(&scope, request);
	return is_another;
}

/* -------------------------------------------------------------- interpret */

/* What is masked has to be what is read. */
static struct str
decoded(const struct connector_call *call, struct arena *arena,
    struct str body)
{
	struct str utf8 = {0};

	if (call->operation->xml != NULL && body.bytes > 0)
		utf8 = xml_decode(arena, body);
	return utf8.at != NULL ? utf8 : body;
}

struct message_response
connector_receive(const struct connector_call *call,
    const struct message_request *request,
    const struct message_response *response,
    const struct connector_context *context)
{
	const struct def_signature *signature =
	    &call->operation->connection->verify;
	struct message_response received = *response;
	struct call_scope scope;
	struct proof proof = {
		.signature = signature,
		.scope = &scope,
		.method = request->method,
		.url = request->url,
		.headers = response->headers,
		.header_count = response->header_count,
		.body = response->body,
	};

	call_scope_init(&scope, context, NULL);
	if (response->failure == MESSAGE_OK &&
	    signature->scheme != SIGNED_NONE && !proof_holds(&proof))
		received.failure = MESSAGE_FORGED;
	received.body = decoded(call, context->arena, response->body);
	return connector_mask(context->arena, request, &received);
}

struct outcome
connector_done(const struct connector_call *call, struct call_scope *scope,
    const struct value *whole)
{
	const struct def_assigns *output = &call->operation->output;
	const struct value *response = whole;

	if (output->count > 0)
		response = call_scope_assigns(scope, output);
	return (struct outcome){.kind = OUTCOME_DONE, .response = response};
}

static const struct def_error_rule *
find_rule(struct call_scope *scope, const struct def_error_rule *rules,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].guard == NULL ||
		    call_scope_is_true(scope, rules[i].guard))
			return &rules[i];
	return NULL;
}

static const struct value *
whole_of(const struct reply *reply)
{
	return reply->result != NULL ? reply->result : reply->body;
}

static struct outcome
apply_rule(const struct connector_call *call, struct call_scope *scope,
    const struct def_error_rule *rule)
{
	struct str message = reply_message(scope->reply);

	if (rule->outcome == OUTCOME_DONE)
		return connector_done(call, scope, whole_of(scope->reply));
	if (rule->message != NULL)
		(void)!call_scope_text(scope, rule->message, &message);
	return (struct outcome){
		.kind = rule->outcome,
		.transient = rule->transient,
		.code = rule->code,
		.message = message,
	};
}

bool
connector_is_safe(const struct def_operation *operation)
{
	bool is_http = operation->connection->kind == CONNECTION_HTTP;

	return operation->safe ||
	    (is_http && (operation->method == METHOD_GET ||
			    operation->method == METHOD_HEAD));
}

static struct outcome
repeat_if_safe(struct outcome outcome, const struct def_operation *operation)
{
	if (outcome.kind != OUTCOME_UNKNOWN || !connector_is_safe(operation))
		return outcome;
	outcome.kind = OUTCOME_NOT_DONE;
	outcome.transient = true;
	return outcome;
}

static struct outcome
judge_answer(const struct connector_call *call, struct call_scope *scope)
{
	const struct def_operation *operation = call->operation;
	const struct def_connection *connection = operation->connection;
	const struct def_error_rule *rule =
	    find_rule(scope, operation->errors, operation->error_count);

	if (rule == NULL)
		rule = find_rule(scope, connection->errors,
		    connection->error_count);
	if (rule != NULL)
		return apply_rule(call, scope, rule);
	return repeat_if_safe(protocol_of(call)->judge(call, scope), operation);
}

/* A rule that was given up might have said the opposite. */
static struct outcome
judge_within_budget(const struct connector_call *call, struct call_scope *scope)
{
	struct outcome outcome = judge_answer(call, scope);

	if (scope->env.steps > 0)
		return outcome;
	return verdict_unknown("connector.expression",
	    arena_str(scope->arena, str_of(scope->env.note)));
}

/* How long the endpoint asks us to wait. */
static void
set_retry_after(struct outcome *outcome, const struct call_scope *scope)
{
	struct str asked = reply_header(scope->reply, STR("retry-after"));
	struct str date = reply_header(scope->reply, STR("date"));

	if (asked.at != NULL &&
	    !retry_after_parse(asked, date, scope->context->now_ms,
		&outcome->retry_after_ms))
		outcome->retry_after_ms = 0;
	if (outcome->retry_after_ms > RETRY_AFTER_MS_MAX)
		outcome->retry_after_ms = RETRY_AFTER_MS_MAX;
}

bool
connector_reads_arguments(const struct def_operation *operation)
{
	const struct def_connection *connection = operation->connection;

	/* A mail's id comes from its sender, which an argument may give, and
	 * how many Odoo has created is told by what it was given. */
	return connection->kind == CONNECTION_SMTP ||
	    connection->kind == CONNECTION_ODOO ||
	    operation->output.count > 0 || operation->success != NULL ||
	    operation->error_count > 0 || connection->error_count > 0;
}

/* An exchange's failure under its protocol's name. */
static struct str
own_code(struct arena *arena, const struct def_connection *connection,
    struct str code)
{
	static const char *const names[] = {
		[CONNECTION_SMTP] = "smtp",
		[CONNECTION_SFTP] = "sftp",
		[CONNECTION_AMQP] = "amqp",
	};
	const char *name = names[connection->kind];
	struct str head = STR("http.");

	if (name == NULL || !str_has_prefix(code, head))
		return code;
	return arena_strf(arena, "%s.%.*s", name,
	    STR_ARG(str_slice(code, head.bytes, SIZE_MAX)));
}

struct outcome
connector_publish_outcome(
    struct arena *arena, const struct message_response *response)
{
	static const struct def_connection broker = {.kind = CONNECTION_AMQP};
	struct outcome outcome = response->failure == MESSAGE_OK
	    ? amqp_refusal(arena, response)
	    : verdict_of_failure(arena, response);

	outcome.code = own_code(arena, &broker, outcome.code);
	outcome.message = arena_str(arena, outcome.message);
	return outcome;
}

struct outcome
connector_interpret(const struct connector_call *call,
    const struct message_response *response,
    const struct connector_context *context)
{
	const struct def_connection *connection = call->operation->connection;
	struct call_scope scope;
	struct reply reply = {.response = response, .body = &value_null};
	struct outcome outcome;

	assert_call(call);
	call_scope_init(&scope, context, call->args);
	scope.idempotency_key = call->idempotency_key;
	scope.reply = &reply;
	if (response->failure == MESSAGE_OK) {
		reply = reply_read(context->arena, response,
		    call->operation->xml);
		if (connection->kind == CONNECTION_ODOO)
			odoo_read(call, &scope);
		outcome = judge_within_budget(call, &scope);
	} else {
		outcome = repeat_if_safe(
		    verdict_of_failure(context->arena, response),
		    call->operation);
	}
	outcome.code = own_code(context->arena, connection, outcome.code);
	if (outcome.kind != OUTCOME_DONE)
		set_retry_after(&outcome, &scope);
	outcome.status = response->status;
	outcome.body = reply.body;
	outcome.reference =
	    arena_str(context->arena, reply_reference(response));
	return outcome;
}
