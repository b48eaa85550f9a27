/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_reply.c: what an answer means, made out once more.
 *
 * Where history has the whole answer, the connection's own rules are applied
 * to it: whether it was a success, what error it was, what it gave.  Where it
 * has the digest only (large bodies) or none (nothing was sent), the record
 * tells the outcome itself.
 */
#include "reperform_priv.h"

#include "stated/connector.h"

static bool
tells_all(const struct value *reply)
{
	const struct value *body = value_get_cstr(reply, "body");

	return reply != NULL &&
	       (body == NULL || body->type != VALUE_CONTEXT);
}

static enum message_failure
failure_of(struct str name)
{
	if (name.at == NULL)
		return MESSAGE_OK;
	for (enum message_failure i = MESSAGE_OK; i <= MESSAGE_CRASHED; i++)
		if (str_equal(message_failure_name(i), name))
			return i;
	return MESSAGE_GARBLED;
}

struct headers {
	struct arena *arena;
	struct message_header *items;
	size_t count;
	size_t capacity;
};

static void
add_header(
    struct headers *headers, struct str name, const struct value *value)
{
	headers->items = arena_grow(headers->arena, headers->items,
	    headers->count, &headers->capacity, sizeof(*headers->items));
	headers->items[headers->count++] =
	    (struct message_header){.name = name, .value = value_str(value)};
}

/* One that came several times is a list. */
static struct headers
headers_of(struct arena *arena, const struct value *told)
{
	struct headers headers = {.arena = arena};
	size_t count = told != NULL && told->type == VALUE_CONTEXT
			   ? told->as.context.count
			   : 0;

	for (size_t i = 0; i < count; i++) {
		const struct value_field *field = &told->as.context.fields[i];

		if (field->value->type != VALUE_LIST)
			add_header(&headers, field->key, field->value);
		else
			for (size_t k = 0; k < field->value->as.list.count;
			     k++)
				add_header(&headers, field->key,
				    field->value->as.list.items[k]);
	}
	return headers;
}

static struct message_response
response_of(struct replay *replay, const struct value *reply)
{
	struct headers headers =
	    headers_of(replay->turn, value_get_cstr(reply, "headers"));

	return (struct message_response){
	    .failure = failure_of(value_field_str(reply, "failure")),
	    .status = (int)value_field_int(reply, "status"),
	    .headers = headers.items,
	    .header_count = headers.count,
	    .body = replay_text(replay, reply, "body"),
	    .detail = replay_text(replay, reply, "detail"),
	    .elapsed_ms = value_field_int(reply, "elapsed_ms"),
	};
}

static enum outcome_kind
kind_of(struct str name)
{
	static const enum outcome_kind kinds[] = {OUTCOME_DONE,
	    OUTCOME_NOT_DONE, OUTCOME_UNKNOWN, OUTCOME_DONE_WITH_ERROR};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_equal(outcome_name(kinds[i]), name))
			return kinds[i];
	return OUTCOME_UNKNOWN;
}

static void
take_from_record(struct replay *replay, const struct value *record,
    struct outcome *outcome)
{
	*outcome = (struct outcome){
	    .kind = kind_of(value_field_str(record, "outcome")),
	    .response = value_field_or_null(record, "response"),
	    .code = value_field_str(record, "code"),
	    .message = replay_text(replay, record, "message"),
	    .status = (int)value_field_int(record, "status"),
	    /* One that is null is not written. */
	    .body = value_field_or_null(record, "body"),
	    .reference = replay_text(replay, record, "reference"),
	};
}

/* Beside the answer: whether the credentials that were refused were new, and
 * how much of the time that the endpoint asked for had passed. */
static void
add_what_engine_knew(
    const struct value *record, struct outcome *outcome, bool is_all_told)
{
	int64_t retry_after_ms = value_field_int(record, "retry_after_ms");

	if (is_all_told || outcome->status == 401 ||
	    str_equal(outcome->code, STR("odoo.session-expired")))
		outcome->transient =
		    value_is_true(value_field_or_null(record, "transient"));
	if (is_all_told || (retry_after_ms > 0 && outcome->retry_after_ms > 0))
		outcome->retry_after_ms = retry_after_ms;
}

void
replay_outcome(struct replay *replay, const struct value *record,
    const struct asked_call *call, bool is_asked_again,
    struct outcome *outcome)
{
	const struct value *reply = value_get_cstr(record, "reply");
	const struct def_operation *operation = NULL;
	struct connector_context context = {
	    .arena = replay->turn,
	    .now_ms = replay_time(record),
	    .settings = replay->settings,
	};

	if (call != NULL && tells_all(reply))
		operation = replay_operation(replay, call,
		    is_asked_again ? replay_time(record) : call->at_ms);
	if (operation == NULL) {
		take_from_record(replay, record, outcome);
	} else {
		struct connector_call interpreted = {
		    .operation = operation,
		    .args = call->args,
		    .idempotency_key = call->key,
		};
		struct message_response response =
		    response_of(replay, reply);

		*outcome =
		    connector_interpret(&interpreted, &response, &context);
		if (replay->seam.has_digests &&
		    str_find(response.body, STR("sha256:")) != SIZE_MAX)
			replay->disturbed = (struct unknown){
			    .expression = operation->name};
	}
	add_what_engine_knew(record, outcome, operation == NULL);
}
