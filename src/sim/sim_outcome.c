/* SPDX-License-Identifier: Apache-2.0 */
/* sim_outcome.c: what a scripted reply says about a call. */
#include "sim_priv.h"

/* The code of an error where the script gives none. */
static const struct str codes[] = {
    [OUTCOME_NOT_DONE] = STR_INIT("http.unavailable"),
    [OUTCOME_UNKNOWN] = STR_INIT("http.timeout"),
    [OUTCOME_DONE_WITH_ERROR] = STR_INIT("business.error"),
};

/* What goes wrong on the way, by one word. */
struct fault {
	struct str name;
	enum outcome_kind kind;
	bool transient;
	struct str code;
	struct str message;
};

static const struct fault faults[] = {
    {STR_INIT("timeout"), OUTCOME_UNKNOWN, false, STR_INIT("http.timeout"),
	STR_INIT("no whole answer came in time")},
    {STR_INIT("reset"), OUTCOME_UNKNOWN, false, STR_INIT("http.reset"),
	STR_INIT("the connection broke before the answer")},
    {STR_INIT("unreachable"), OUTCOME_NOT_DONE, true,
	STR_INIT("http.unreachable"), STR_INIT("the host takes no connection")},
};

static const struct fault *
fault_of(const struct value *reply)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (reply->type == VALUE_STRING &&
		    str_equal(faults[i].name, reply->as.string))
			return &faults[i];
	return NULL;
}

/* {"error": …} alone is an error; beside other keys it is data. */
static const struct value *
error_of(const struct value *reply)
{
	const struct value *error = value_get_cstr(reply, "error");

	if (error == NULL || reply->as.context.count != 1 ||
	    (error->type != VALUE_CONTEXT && error->type != VALUE_STRING))
		return NULL;
	return error;
}

static enum outcome_kind
kind_of(const struct value *error)
{
	struct str name = value_field_str(error, "outcome");

	if (str_equal(outcome_name(OUTCOME_UNKNOWN), name))
		return OUTCOME_UNKNOWN;
	if (str_equal(outcome_name(OUTCOME_DONE_WITH_ERROR), name))
		return OUTCOME_DONE_WITH_ERROR;
	return OUTCOME_NOT_DONE;
}

bool
sim_outcome_check(const struct value *reply, struct buf *why)
{
	const struct value *error = error_of(reply);
	struct str names[COUNT_OF(faults)], near;

	if (error != NULL)
		return sim_form_is_error(error, why);
	if (reply->type != VALUE_STRING || fault_of(reply) != NULL)
		return true;
	for (size_t i = 0; i < COUNT_OF(faults); i++)
		names[i] = faults[i].name;
	near = str_nearest(reply->as.string, names, COUNT_OF(faults));
	if (near.at == NULL)
		return true;
	buf_addf(why, "nothing goes wrong by `%.*s`, did you mean `%.*s`?",
	    STR_ARG(reply->as.string), STR_ARG(near));
	return false;
}

/* What would be unknown of a safe operation may be repeated. */
struct outcome
sim_outcome_of(const struct def_operation *operation, const struct value *reply)
{
	const struct value *error = error_of(reply);
	const struct fault *fault = fault_of(reply);
	bool is_safe = operation != NULL && operation->safe;
	struct outcome outcome = {.kind = OUTCOME_DONE, .response = reply};

	if (fault != NULL)
		return (struct outcome){
		    .kind = is_safe ? OUTCOME_NOT_DONE : fault->kind,
		    .transient = is_safe || fault->transient,
		    .code = fault->code,
		    .message = fault->message,
		    .body = &value_null,
		};
	if (error == NULL)
		return outcome;
	outcome = (struct outcome){
	    .kind = kind_of(error),
	    .code = error->type == VALUE_STRING
			? error->as.string
			: value_field_str(error, "code"),
	    .message = value_field_str(error, "message"),
	    .transient = value_is_true(value_field_or_null(error, "transient")),
	    .status = (int)value_field_int(error, "status"),
	    .body = value_field_or_null(error, "body"),
	};
	if (outcome.code.at == NULL)
		outcome.code = codes[outcome.kind];
	if (outcome.message.at == NULL)
		outcome.message = STR("a scripted error");
	return outcome;
}

const struct outcome *
sim_outcome_of_args(
    struct arena *arena, const struct def_call *call, const struct value *args)
{
	struct schema_errors errors = {.arena = arena};
	const struct def_operation *operation = call->operation;
	struct outcome *failure;

	if (operation == NULL || operation->input == NULL ||
	    schema_validate(operation->input, args, &errors))
		return NULL;
	must(errors.count > 0);
	failure = ARENA_NEW(arena, struct outcome);
	*failure = (struct outcome){
	    .kind = OUTCOME_NOT_DONE,
	    .code = STR("connector.arguments"),
	    .message = arena_strf(arena, "arguments of %.*s: %.*s: %.*s",
		STR_ARG(call->target), STR_ARG(errors.items[0].pointer),
		STR_ARG(errors.items[0].message)),
	    .body = &value_null,
	};
	return failure;
}
