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

static struct message_response
response_of(struct arena *arena, const struct value *reply)
{
	const struct value *headers = value_get_cstr(reply, "headers");
	size_t count = headers != NULL && headers->type == VALUE_CONTEXT
			   ? headers->as.context.count
			   : 0;
	struct message_header *list =
	    ARENA_ARRAY(arena, count, struct message_header);

	for (size_t i = 0; i < count; i++)
		list[i] = (struct message_header){
		    .name = headers->as.context.fields[i].key,
		    .value = value_str(headers->as.context.fields[i].value)};
	return (struct message_response){
	    .failure = failure_of(value_field_str(reply, "failure")),
	    .status = (int)value_field_int(reply, "status"),
	    .headers = list,
	    .header_count = count,
	    .body = value_field_str(reply, "body"),
	    .detail = value_field_str(reply, "detail"),
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
take_from_record(const struct value *record, struct outcome *outcome)
{
	const struct value *body = value_get_cstr(record, "body");

	*outcome = (struct outcome){
	    .kind = kind_of(value_field_str(record, "outcome")),
	    .response = value_field_or_null(record, "response"),
	    .code = value_field_str(record, "code"),
	    .message = value_field_str(record, "message"),
	    .status = (int)value_field_int(record, "status"),
	    .body = body,
	    .reference = value_field_str(record, "reference"),
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
    const struct asked_call *call, struct outcome *outcome)
{
	const struct value *reply = value_get_cstr(record, "reply");
	struct connector_context context = {
	    .arena = replay->turn,
	    .now_ms = replay_time(record),
	    .settings = replay->settings,
	};

	if (call == NULL || !tells_all(reply)) {
		take_from_record(record, outcome);
	} else {
		struct connector_call interpreted = {
		    .operation = call->operation,
		    .args = call->args,
		    .idempotency_key = call->key,
		};
		struct message_response response =
		    response_of(replay->turn, reply);

		*outcome =
		    connector_interpret(&interpreted, &response, &context);
		if (replay->seam.has_digests &&
		    str_find(response.body, STR("sha256:")) != SIZE_MAX)
			replay->disturbed = (struct unknown){
			    .expression = call->operation->name};
	}
	add_what_engine_knew(record, outcome, call == NULL || !tells_all(reply));
}
