/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.c: what is known about a call whose definition says nothing of the
 * answer that came: tables of failures and of statuses.
 *
 * The rule behind both: not-done only where the request can't have been acted
 * upon; everything else that isn't plain success is unknown.
 */
#include "connector_priv.h"

struct failure_row {
	enum message_failure failure;
	enum outcome_kind kind;
	bool transient;
	const char *code;
	struct str message;
};

static const struct failure_row failure_rows[] = {
	{MESSAGE_UNRESOLVED, OUTCOME_NOT_DONE, true, "http.unresolved",
	    STR_INIT("the host's name has no address")},
	{MESSAGE_UNREACHABLE, OUTCOME_NOT_DONE, true, "http.unreachable",
	    STR_INIT("the host takes no connection")},
	{MESSAGE_TLS, OUTCOME_NOT_DONE, true, "http.tls",
	    STR_INIT("the TLS handshake failed")},
	/* No repetition mends a certificate, and it may be an attack. */
	{MESSAGE_CERTIFICATE, OUTCOME_NOT_DONE, false, "http.certificate",
	    STR_INIT("a certificate was not accepted")},
	{MESSAGE_UNSENT, OUTCOME_NOT_DONE, true, "http.unsent",
	    STR_INIT("the request did not leave")},
	{MESSAGE_TIMEOUT, OUTCOME_UNKNOWN, false, "http.timeout",
	    STR_INIT("no whole answer came in time")},
	{MESSAGE_RESET, OUTCOME_UNKNOWN, false, "http.reset",
	    STR_INIT("the connection broke before the answer")},
	{MESSAGE_TRUNCATED, OUTCOME_UNKNOWN, false, "http.truncated",
	    STR_INIT("the answer ended early")},
	{MESSAGE_TOO_LARGE, OUTCOME_UNKNOWN, false, "http.too-large",
	    STR_INIT("the answer is too large")},
	{MESSAGE_GARBLED, OUTCOME_UNKNOWN, false, "http.garbled",
	    STR_INIT("the answer breaks its protocol")},
	{MESSAGE_FORGED, OUTCOME_UNKNOWN, false, "http.forged",
	    STR_INIT("the answer is not signed as it has to be")},
	{MESSAGE_CRASHED, OUTCOME_UNKNOWN, false, "http.crashed",
	    STR_INIT("the engine stopped before it recorded an answer")},
};

enum status_condition {
	WHEN_ALWAYS,
	WHEN_TOKEN,       /* the connection fetches tokens: a new one may do */
	WHEN_KEYED,       /* the endpoint honours the idempotency key */
	WHEN_RETRY_AFTER, /* the endpoint says when to come again */
};

struct status_row {
	int first;
	int last;
	enum status_condition when;
	enum outcome_kind kind;
	bool transient;
};

/* The first row that holds. */
static const struct status_row status_rows[] = {
	/* Redirects are not followed: nothing was done where we asked. */
	{300, 399, WHEN_ALWAYS, OUTCOME_NOT_DONE, false},
	{401, 401, WHEN_TOKEN, OUTCOME_NOT_DONE, true},
	/* RFC 9110 section 15.5.9: no complete request was received. */
	{408, 408, WHEN_ALWAYS, OUTCOME_NOT_DONE, true},
	/*
	 * With a key, 409 may mean that an earlier attempt under the same key
	 * is still at work (draft-ietf-httpapi-idempotency-key-header): this
	 * attempt did nothing, yet the thing may happen.
	 */
	{409, 409, WHEN_KEYED, OUTCOME_UNKNOWN, false},
	/* 421 misdirected, 423 locked, 425 too early, 429 too many. */
	{421, 421, WHEN_ALWAYS, OUTCOME_NOT_DONE, true},
	{423, 423, WHEN_ALWAYS, OUTCOME_NOT_DONE, true},
	{425, 425, WHEN_ALWAYS, OUTCOME_NOT_DONE, true},
	{429, 429, WHEN_ALWAYS, OUTCOME_NOT_DONE, true},
	{400, 499, WHEN_ALWAYS, OUTCOME_NOT_DONE, false},
	/* Who names a time to come again has turned us away at the door; a
	 * bare 503 may be a gateway's word about a server gone half-way. */
	{503, 503, WHEN_RETRY_AFTER, OUTCOME_NOT_DONE, true},
	{0, 999, WHEN_ALWAYS, OUTCOME_UNKNOWN, false},
};

struct outcome
verdict_of_failure(struct arena *arena, const struct message_response *response)
{
	for (size_t i = 0; i < COUNT_OF(failure_rows); i++) {
		const struct failure_row *row = &failure_rows[i];
		if (row->failure != response->failure)
			continue;
		return (struct outcome){
			.kind = row->kind,
			.transient = row->transient,
			.code = str_of(row->code),
			.message = response->detail.bytes > 0
			    ? arena_strf(arena, "%.*s: %.*s",
				  STR_ARG(row->message),
				  STR_ARG(response->detail))
			    : row->message,
		};
	}
	unreachable("every failure has a row");
}

static bool
holds(enum status_condition when, const struct def_operation *operation,
    bool has_retry_after)
{
	switch (when) {
	case WHEN_ALWAYS:
		return true;
	case WHEN_TOKEN:
		return connector_needs_token(operation->connection);
	case WHEN_KEYED:
		return operation->idempotent;
	case WHEN_RETRY_AFTER:
		return has_retry_after;
	}
	unreachable("every condition is listed");
}

static const struct status_row *
find_row(int status, const struct def_operation *operation,
    bool has_retry_after)
{
	for (size_t i = 0; i < COUNT_OF(status_rows); i++) {
		const struct status_row *row = &status_rows[i];
		if (status >= row->first && status <= row->last &&
		    holds(row->when, operation, has_retry_after))
			return row;
	}
	return &status_rows[COUNT_OF(status_rows) - 1];
}

struct outcome
verdict_of_status(struct arena *arena, const struct def_operation *operation,
    const struct reply *reply, int64_t now_ms)
{
	int status = reply->response->status;
	struct str asked = reply_header(reply, STR("retry-after"));
	struct str message = reply_message(reply);
	int64_t delay_ms = 0;
	bool has_retry_after = asked.at != NULL &&
	    retry_after_parse(asked, reply_header(reply, STR("date")), now_ms,
		&delay_ms);
	const struct status_row *row =
	    find_row(status, operation, has_retry_after);

	return (struct outcome){
		.kind = row->kind,
		.transient = row->transient,
		.code = arena_strf(arena, "http.%d", status),
		.message = message.bytes > 0
		    ? arena_strf(arena, "the endpoint answered %d: %.*s",
			  status, STR_ARG(message))
		    : arena_strf(arena, "the endpoint answered %d", status),
	};
}

struct outcome
verdict_of_refusal(const struct verdict_refusal *rows, size_t count,
    int status, struct str code, struct str message)
{
	struct outcome outcome = {
		.kind = OUTCOME_NOT_DONE,
		.code = code,
		.message = message,
	};

	for (size_t i = 0; i < count; i++)
		if (rows[i].status == status) {
			outcome.code = str_of(rows[i].code);
			outcome.transient = rows[i].transient;
		}
	return outcome;
}

bool
verdict_refuse(struct outcome *outcome, const char *code, bool transient,
    struct str message)
{
	must(outcome != NULL);
	*outcome = (struct outcome){
		.kind = OUTCOME_NOT_DONE,
		.transient = transient,
		.code = str_of(code),
		.message = message,
		.body = &value_null,
	};
	return false;
}

struct outcome
verdict_unknown(const char *code, struct str message)
{
	return (struct outcome){
		.kind = OUTCOME_UNKNOWN,
		.code = str_of(code),
		.message = message,
	};
}

struct outcome
verdict_unsuccessful(const char *code)
{
	return (struct outcome){
		.kind = OUTCOME_DONE_WITH_ERROR,
		.code = str_of(code),
		.message = STR("the answer doesn't show success"),
	};
}
