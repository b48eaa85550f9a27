/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_problem.c: errors as RFC 9457 has them.
 *
 * `type` is for programs and never changes; `title` says what is wrong,
 * `detail` what to do about it.
 */
#include "api_priv.h"

#include <stdio.h>

static const struct {
	int status;
	const char *name;
	const char *title;
} problems[] = {
#define X(symbol, status, name, title, when) \
	[PROBLEM_##symbol] = {status, name, title},
    API_PROBLEMS(X)
#undef X
};

int
api_problem_status(enum api_problem problem)
{
	must(problem < API_PROBLEM_COUNT);
	return problems[problem].status;
}

const char *
api_problem_title(enum api_problem problem)
{
	must(problem < API_PROBLEM_COUNT);
	return problems[problem].title;
}

void
api_problem_format(enum api_problem problem, struct str detail,
    struct str request_id, struct buf *out)
{
	must(problem < API_PROBLEM_COUNT);
	buf_addf(out,
	    "{\"type\":\"" API_PROBLEM_PREFIX "%s\",\"title\":\"%s\","
	    "\"status\":%d,\"detail\":",
	    problems[problem].name, problems[problem].title,
	    problems[problem].status);
	buf_add_json_string(out, detail);
	buf_add_cstr(out, ",\"request_id\":");
	buf_add_json_string(out, request_id);
	buf_add_cstr(out, "}\n");
}

static void
put_all(struct value_builder *built, const struct value *more)
{
	if (more == NULL)
		return;
	must(more->type == VALUE_CONTEXT);
	for (size_t i = 0; i < more->as.context.count; i++)
		value_put(built, more->as.context.fields[i].key,
		    more->as.context.fields[i].value);
}

static void
note(struct api_call *call, enum journal_kind kind, enum api_problem problem)
{
	struct engine_refusal refusal = {
	    .kind = kind,
	    .path = call->path,
	    .problem = str_of(problems[problem].name),
	};

	if (kind == JOURNAL_ACCESS_REFUSED)
		refusal.actor = call->actor.name;
	else
		refusal.address = api_call_address(call);
	if (call->route != NULL)
		refusal.route = arena_strf(call->arena, "%s %s",
		    call->route->method, call->route->pattern);
	engine_refused(call->api->options.engine, &refusal);
}

/* Who may not, and who is not known, stands in the journal; what a person may
 * not do in an instance is in its own history. */
static void
tell_journal(struct api_call *call, enum api_problem problem)
{
	if (problem == PROBLEM_FORBIDDEN)
		note(call, JOURNAL_ACCESS_REFUSED, problem);
	else if (problem == PROBLEM_UNKNOWN_CALLER ||
		 problem == PROBLEM_FORGED || problem == PROBLEM_SHUT_OUT)
		note(call, JOURNAL_SIGN_IN_FAILED, problem);
}

/* RFC 6750, section 3: without a token nothing is said to be wrong with it. */
static struct str
challenge_of(const struct api_call *call)
{
	return api_call_header(call, "Authorization").at != NULL
	    ? STR("Bearer realm=\"stated\", error=\"invalid_token\"")
	    : STR("Bearer realm=\"stated\"");
}

void
api_problem_with(struct api_call *call, enum api_problem problem,
    struct str detail, const struct value *more)
{
	struct arena *arena = call->arena;
	struct value_builder *built = value_build_context(arena);
	int status = api_problem_status(problem);
	struct buf out = {0};

	value_put_str(built, "type",
	    arena_strf(arena, API_PROBLEM_PREFIX "%s", problems[problem].name));
	value_put_str(built, "title", str_of(problems[problem].title));
	value_put_int(built, "status", status);
	if (detail.bytes > 0)
		value_put_str(built, "detail", detail);
	value_put_str(built, "instance", call->path);
	value_put_str(built, "request_id", call->request_id);
	put_all(built, more);
	json_write(value_built(built), JSON_PLAIN, &out);
	buf_add_char(&out, '\n');
	tell_journal(call, problem);
	if (status == 401)
		api_reply_header(call, "WWW-Authenticate", challenge_of(call));
	api_reply_bytes(
	    call, status, "application/problem+json", buf_str(&out));
	buf_fini(&out);
}

void
api_problem_reply(
    struct api_call *call, enum api_problem problem, const char *format, ...)
{
	char detail[600];
	va_list args;

	va_start(args, format);
	str_vwrite(detail, sizeof(detail), format, args);
	va_end(args);
	api_problem_with(call, problem, str_of(detail), NULL);
}

void
api_problem_errors(struct api_call *call, enum api_problem problem,
    const struct schema_errors *errors, struct str detail)
{
	struct arena *arena = call->arena;
	struct value_builder *list = value_build_list(arena);
	struct value_builder *more = value_build_context(arena);

	for (size_t i = 0; i < errors->count; i++) {
		struct value_builder *one = value_build_context(arena);

		value_put_str(one, "pointer", errors->items[i].pointer);
		value_put_str(one, "keyword", errors->items[i].keyword);
		value_put_str(one, "message", errors->items[i].message);
		value_append(list, value_built(one));
	}
	value_put(more, STR("errors"), value_built(list));
	api_problem_with(call, problem, detail, value_built(more));
}

void
api_problem_store(struct api_call *call, enum store_error error)
{
	struct str text = store_error_text(error);

	must(error != STORE_OK);
	log_error("store", "reading for a request failed: %.*s", STR_ARG(text));
	if (error == STORE_STARVED) {
		api_reply_header(call, "Retry-After", STR("1"));
		api_problem_reply(call, PROBLEM_UNAVAILABLE, "%.*s",
		    STR_ARG(text));
		return;
	}
	api_problem_reply(call, PROBLEM_INTERNAL, "%.*s", STR_ARG(text));
}

/* ---- what the engine says ---- */

static enum api_problem
problem_of_refusal(enum chart_refusal refusal)
{
	switch (refusal) {
	case REFUSED_ENDED:
		return PROBLEM_ENDED;
	case REFUSED_ABSENT:
		return PROBLEM_CLOSED;
	case REFUSED_ROLE:
		return PROBLEM_ROLE_REQUIRED;
	case REFUSED_EXCLUDED:
		return PROBLEM_FOUR_EYES;
	case REFUSED_TWICE:
		return PROBLEM_DECIDED;
	case REFUSED_CHOICE:
		return PROBLEM_INVALID_CHOICE;
	case REFUSED_FORM:
		return PROBLEM_INVALID_FORM;
	case REFUSED_STATE:
	case REFUSED_STRANDED:
		return PROBLEM_WRONG_STATE;
	case REFUSED_NOT:
		break;
	}
	unreachable("a refusal has a reason");
}

void
api_problem_note(struct api_call *call, const struct engine_reply *reply)
{
	if (reply->status != ENGINE_REFUSED || reply->instance != 0)
		return;
	if (reply->refusal == REFUSED_ROLE ||
	    reply->refusal == REFUSED_EXCLUDED ||
	    reply->refusal == REFUSED_STATE)
		note(call, JOURNAL_ACCESS_REFUSED,
		    problem_of_refusal(reply->refusal));
}

void
api_problem_note_hidden(struct api_call *call)
{
	note(call, JOURNAL_ACCESS_REFUSED, PROBLEM_FORBIDDEN);
}

void
api_problem_refuse_role(struct api_call *call, const char *detail)
{
	note(call, JOURNAL_ACCESS_REFUSED, PROBLEM_ROLE_REQUIRED);
	api_problem_reply(call, PROBLEM_ROLE_REQUIRED, "%s", detail);
}

static void
reply_later(struct api_call *call, enum api_problem problem,
    const struct engine_reply *reply)
{
	int64_t seconds = (reply->retry_after_ms + 999) / 1000;
	char text[24];

	snprintf(
	    text, sizeof(text), "%lld", (long long)(seconds > 0 ? seconds : 1));
	api_reply_header(call, "Retry-After", str_of(text));
	api_problem_with(call, problem, reply->detail, NULL);
}

/* The instance that is in the way can be looked at. */
static void
reply_exists(struct api_call *call, const struct engine_reply *reply)
{
	struct str id = value_str(
	    reply->view ? value_field_or_null(reply->view, "id") : NULL);

	if (id.at == NULL) {
		api_problem_with(call, PROBLEM_EXISTS, reply->detail, NULL);
		return;
	}
	api_reply_header(call, "Location",
	    arena_strf(call->arena, "/v1/instances/%.*s", STR_ARG(id)));
	api_problem_reply(call, PROBLEM_EXISTS,
	    "The instance %.*s has this business key and another input. "
	    "Compare it (see Location) and use another key for another "
	    "business case.",
	    STR_ARG(id));
}

static void
reply_invalid(struct api_call *call, const struct engine_reply *reply)
{
	api_problem_errors(call, PROBLEM_INVALID_INPUT, &reply->errors,
	    reply->detail.bytes
		? reply->detail
		: STR("Correct what `errors` names and send it again."));
}

static void
reply_refused(struct api_call *call, const struct engine_reply *reply)
{
	enum api_problem problem = problem_of_refusal(reply->refusal);

	if (reply->errors.count > 0)
		api_problem_errors(
		    call, problem, &reply->errors, reply->detail);
	else
		api_problem_with(call, problem, reply->detail, NULL);
}

bool
api_problem_of_engine(struct api_call *call, const struct engine_reply *reply)
{
	switch (reply->status) {
	case ENGINE_CREATED:
	case ENGINE_OK:
	case ENGINE_ACCEPTED:
	case ENGINE_PROPOSED:
		return false;
	case ENGINE_UNKNOWN_WORKFLOW:
		api_problem_with(
		    call, PROBLEM_UNKNOWN_WORKFLOW, reply->detail, NULL);
		return true;
	case ENGINE_UNKNOWN_INSTANCE:
		api_problem_with(
		    call, PROBLEM_UNKNOWN_INSTANCE, reply->detail, NULL);
		return true;
	case ENGINE_UNKNOWN_TOKEN:
		api_problem_with(
		    call, PROBLEM_UNKNOWN_TOKEN, reply->detail, NULL);
		return true;
	case ENGINE_UNKNOWN_HOLD:
		api_problem_with(
		    call, PROBLEM_UNKNOWN_HOLD, reply->detail, NULL);
		return true;
	case ENGINE_UNKNOWN_CONNECTION:
		api_problem_with(
		    call, PROBLEM_UNKNOWN_CONNECTION, reply->detail, NULL);
		return true;
	case ENGINE_INVALID:
		reply_invalid(call, reply);
		return true;
	case ENGINE_FOREIGN:
		api_problem_with(call, PROBLEM_FORBIDDEN, reply->detail, NULL);
		return true;
	case ENGINE_CONFLICT:
		reply_exists(call, reply);
		return true;
	case ENGINE_CHANGED:
		api_problem_with(call, PROBLEM_CHANGED, reply->detail, NULL);
		return true;
	case ENGINE_FAULTY:
	case ENGINE_UNPROVED:
		unreachable("answered where documents are published");
	case ENGINE_KEY_REUSED:
		api_problem_with(call, PROBLEM_KEY_REUSED, reply->detail, NULL);
		return true;
	case ENGINE_REFUSED:
		reply_refused(call, reply);
		return true;
	case ENGINE_OVERLOADED:
		reply_later(call, PROBLEM_BUSY, reply);
		return true;
	case ENGINE_UNAVAILABLE:
	case ENGINE_STOPPING:
		reply_later(call, PROBLEM_UNAVAILABLE, reply);
		return true;
	}
	unreachable("every status of the engine is above");
}
