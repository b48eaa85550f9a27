/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odoo_error.c: what Odoo's exceptions mean for the call that they ended.
 *
 * Odoo runs a call in one transaction and undoes it before it answers with an
 * error; so most errors are the business's word, some ask for another try,
 * and only those of the database's connection leave the commit in doubt.  The
 * class's name decides: texts are translated, and the HTTP status is 200.
 */
#include "connector_priv.h"

#define SESSION_EXPIRED 100

struct error_row {
	struct str name; /* of the class; a prefix where it ends in "." */
	enum outcome_kind kind;
	bool transient;
	const char *code;
};

static const struct error_row error_rows[] = {
	{STR_INIT("odoo.exceptions.UserError"), OUTCOME_DONE_WITH_ERROR, false,
	    "odoo.user-error"},
	{STR_INIT("odoo.exceptions.ValidationError"), OUTCOME_DONE_WITH_ERROR,
	    false, "odoo.validation-error"},
	{STR_INIT("odoo.exceptions.RedirectWarning"), OUTCOME_DONE_WITH_ERROR,
	    false, "odoo.redirect-warning"},
	{STR_INIT("odoo.exceptions.AccessError"), OUTCOME_DONE_WITH_ERROR,
	    false, "odoo.access-error"},
	{STR_INIT("odoo.exceptions.MissingError"), OUTCOME_DONE_WITH_ERROR,
	    false, "odoo.missing-error"},
	{STR_INIT("odoo.exceptions.AccessDenied"), OUTCOME_NOT_DONE, false,
	    "odoo.access-denied"},
	{STR_INIT("werkzeug.exceptions.Unauthorized"), OUTCOME_NOT_DONE, false,
	    "odoo.access-denied"},
	{STR_INIT("odoo.http.SessionExpiredException"), OUTCOME_NOT_DONE, true,
	    "odoo.session-expired"},
	{STR_INIT("werkzeug.exceptions.NotFound"), OUTCOME_NOT_DONE, false,
	    "odoo.not-found"},
	/* The upload stalled: the call was never read whole. */
	{STR_INIT("werkzeug.exceptions.ClientDisconnected"), OUTCOME_NOT_DONE,
	    true, "odoo.client-disconnected"},
	{STR_INIT("werkzeug.exceptions."), OUTCOME_NOT_DONE, false,
	    "odoo.bad-request"},

	/* Odoo itself has tried five times by now; each was rolled back. */
	{STR_INIT("odoo.exceptions.LockError"), OUTCOME_NOT_DONE, true,
	    "odoo.locked"},
	{STR_INIT("odoo.exceptions.ConcurrencyError"), OUTCOME_NOT_DONE, true,
	    "odoo.concurrency"},
	{STR_INIT("psycopg2.errors.SerializationFailure"), OUTCOME_NOT_DONE,
	    true, "odoo.concurrency"},
	{STR_INIT("psycopg2.errors.DeadlockDetected"), OUTCOME_NOT_DONE, true,
	    "odoo.concurrency"},
	{STR_INIT("psycopg2.errors.TransactionRollback"), OUTCOME_NOT_DONE,
	    true, "odoo.concurrency"},
	{STR_INIT("psycopg2.errors.LockNotAvailable"), OUTCOME_NOT_DONE, true,
	    "odoo.locked"},
	{STR_INIT("psycopg2.errors.QueryCanceled"), OUTCOME_NOT_DONE, true,
	    "odoo.concurrency"},
	/* Refused at the door: no transaction was begun. */
	{STR_INIT("psycopg2.errors.CannotConnectNow"), OUTCOME_NOT_DONE, true,
	    "odoo.database-unavailable"},
	{STR_INIT("psycopg2.errors.TooManyConnections"), OUTCOME_NOT_DONE,
	    true, "odoo.database-unavailable"},

	/* The connection broke, maybe at the commit. */
	{STR_INIT("psycopg2.errors.AdminShutdown"), OUTCOME_UNKNOWN, false,
	    "odoo.database-unavailable"},
	{STR_INIT("psycopg2.errors.CrashShutdown"), OUTCOME_UNKNOWN, false,
	    "odoo.database-unavailable"},
	{STR_INIT("psycopg2.errors.ConnectionFailure"), OUTCOME_UNKNOWN, false,
	    "odoo.database-unavailable"},
	{STR_INIT("psycopg2.errors.ConnectionException"), OUTCOME_UNKNOWN,
	    false, "odoo.database-unavailable"},
	/* The statement was refused: a number too large, a trigger's no. */
	{STR_INIT("psycopg2.errors."), OUTCOME_DONE_WITH_ERROR, false,
	    "odoo.database-error"},
	{STR_INIT("psycopg2.IntegrityError"), OUTCOME_DONE_WITH_ERROR, false,
	    "odoo.database-error"},
	{STR_INIT("psycopg2.DataError"), OUTCOME_DONE_WITH_ERROR, false,
	    "odoo.database-error"},
	{STR_INIT("psycopg2.ProgrammingError"), OUTCOME_DONE_WITH_ERROR, false,
	    "odoo.database-error"},
	/* OperationalError, InterfaceError, pool.PoolError, … */
	{STR_INIT("psycopg2."), OUTCOME_UNKNOWN, false,
	    "odoo.database-unavailable"},
};

static const struct error_row other_error = {
	.kind = OUTCOME_DONE_WITH_ERROR,
	.code = "odoo.error",
};

/*
 * The loser of two calls that change one record breaks, of all things, a rule
 * of the followers beside it, since the winner has just added the same one.
 * It was rolled back; tried again it meets the winner's work.  English, for
 * the calls ask for it.
 */
static const char lost_race_message[] =
    "a partner cannot follow twice the same object";
static const struct error_row lost_race = {
	.kind = OUTCOME_NOT_DONE,
	.transient = true,
	.code = "odoo.concurrency",
};

static const struct error_row *
find_row(struct str name)
{
	for (size_t i = 0; i < COUNT_OF(error_rows); i++) {
		const struct error_row *row = &error_rows[i];
		bool is_prefix = str_has_suffix(row->name, STR("."));
		if (is_prefix ? str_has_prefix(name, row->name)
			      : str_equal(name, row->name))
			return row;
	}
	return &other_error;
}

static bool
is_session_expired(const struct value *error)
{
	const struct value *code = value_field_or_null(error, "code");
	int64_t n;

	return value_to_int(code, &n) && n == SESSION_EXPIRED;
}

/* A RedirectWarning's message is all its arguments as Python prints them. */
static struct str
message_of(const struct value *error, const struct value *data)
{
	const struct value *arguments = value_field_or_null(data, "arguments");
	struct str message = value_field_str(data, "message");

	if (arguments->type == VALUE_LIST && arguments->as.list.count > 0 &&
	    arguments->as.list.items[0]->type == VALUE_STRING)
		return arguments->as.list.items[0]->as.string;
	if (message.bytes > 0)
		return message;
	return value_field_str(error, "message");
}

struct outcome
odoo_error(const struct value *error)
{
	const struct value *data = value_field_or_null(error, "data");
	const struct error_row *row;
	struct str message;

	/* JSON-2 answers with the data alone. */
	if (data->type != VALUE_CONTEXT)
		data = error;
	message = message_of(error, data);
	row = find_row(is_session_expired(error)
		? STR("odoo.http.SessionExpiredException")
		: value_field_str(data, "name"));
	if (str_find(message, str_of(lost_race_message)) != SIZE_MAX)
		row = &lost_race;
	return (struct outcome){
		.kind = row->kind,
		.transient = row->transient,
		.code = str_of(row->code),
		.message = message,
	};
}
