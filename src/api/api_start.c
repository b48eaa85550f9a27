/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_start.c: starting an instance, and waiting for it if asked to.
 *
 * A business key is started once for ever; an Idempotency-Key is scoped to
 * caller and workflow, and gets the answer that it got before.
 */
#include "api_priv.h"

#define WAIT_MS_MAX (5LL * 60 * 1000)
#define KEY_BYTES_MAX 255

struct start {
	int64_t wait_ms;
	int status;	 /* of the answer, once it is known */
	uint64_t number; /* of the instance */
};

/* ---- the request ---- */

static bool
is_key(struct str key)
{
	if (key.bytes == 0 || key.bytes > KEY_BYTES_MAX)
		return false;
	for (size_t i = 0; i < key.bytes; i++)
		if (key.at[i] < 0x21 || key.at[i] > 0x7e)
			return false;
	return true;
}

/* By what it means, not by how it is spaced. */
static struct digest
digest_of(const struct value *body)
{
	struct buf text = {0};
	struct digest digest;

	json_write(body, JSON_CANONICAL, &text);
	digest = digest_sha256(buf_str(&text));
	buf_fini(&text);
	return digest;
}

/* Of three parts, of which only the last may have blanks: what the path names
 * need not be a workflow. */
static struct str
stored_key(struct api_call *call, struct str workflow, struct str key)
{
	struct buf text = buf_in(call->arena);

	buf_add_cstr(&text, "start ");
	message_encode(workflow, &text);
	buf_addf(&text, " %.*s %.*s", STR_ARG(key),
	    STR_ARG(call->actor.name));
	return buf_keep(&text);
}

/* The draft has it in quotes; most write it without. */
static bool
read_key(struct api_call *call, const struct value *body,
    struct engine_start *start)
{
	struct str key = api_call_header(call, "Idempotency-Key");

	if (key.at == NULL)
		return true;
	if (key.bytes >= 2 && key.at[0] == '"' && key.at[key.bytes - 1] == '"')
		key = str_slice(key, 1, key.bytes - 2);
	if (!is_key(key)) {
		api_problem_reply(call, PROBLEM_BAD_REQUEST,
		    "Idempotency-Key must be 1 to %d visible ASCII characters.",
		    KEY_BYTES_MAX);
		return false;
	}
	start->idempotency_key = stored_key(call, start->workflow, key);
	start->request_digest = digest_of(body);
	return true;
}

static int64_t
read_version(struct api_call *call, const struct value *body)
{
	const struct value *value = value_field_or_null(body, "version");
	int64_t version = 0;

	if (value->type != VALUE_NULL &&
	    (!value_to_int(value, &version) || version < 1))
		api_body_fault(call, STR("/version"), "type",
		    "must be a whole number of at least 1");
	return version;
}

static struct str
read_priority(struct api_call *call, const struct value *body)
{
	struct str text = api_body_text(call, body, "priority");
	enum def_priority priority;

	if (text.at != NULL && !def_priority_parse(text, &priority))
		api_body_fault(call, STR("/priority"), "enum",
		    "must be low, normal, high or critical");
	return text;
}

static bool
read_start(struct api_call *call, struct engine_start *start)
{
	static const char *const members[] = {
	    "input?", "priority?", "version?", NULL};
	const struct value *body = api_body_object(call, members);

	if (body == NULL)
		return false;
	*start = (struct engine_start){
	    .workflow = call->params[0],
	    .version = read_version(call, body),
	    .input = value_get_cstr(body, "input"),
	    .priority = read_priority(call, body),
	    .actor = call->actor,
	    .trace = call->trace,
	};
	start->entities = api_auth_entities(call, &start->entity_count);
	if (start->input == NULL)
		api_body_fault(call, STR("/input"), "required", "is missing");
	return api_body_is_sound(call, PROBLEM_INVALID_BODY) &&
	       read_key(call, body, start);
}

/* ---- the answer ---- */

static void
reply_with_view(struct api_call *call, const struct engine_reply *reply)
{
	const struct start *state = call->state;
	struct str id = value_field_str(reply->view, "id");

	/* A reply that is repeated may be one to another token. */
	if (!api_auth_reaches_view(call, reply->view)) {
		api_problem_reply(call, PROBLEM_FORBIDDEN,
		    "The token is limited to other entities.");
		return;
	}
	api_reply_header(call, "Location",
	    arena_strf(call->arena, "/v1/instances/%.*s", STR_ARG(id)));
	api_reply_value(call, state->status, reply->view);
}

static void
view_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	call->watch = 0; /* a watch calls back once */
	if (call->request != NULL && !api_problem_of_engine(call, reply))
		reply_with_view(call, reply);
	api_call_unref(call);
}

/* The time is over: the instance as it is now. */
static void
give_up(struct api_call *call)
{
	struct engine *engine = call->api->options.engine;
	const struct start *state = call->state;

	if (call->watch != 0)
		engine_unwatch(engine, call->watched, call->watch);
	call->watch = 0;
	/* The watch's reference passes to the look. */
	engine_look(engine, state->number, view_cb, call);
}

static void
wait_for(struct api_call *call)
{
	const struct start *state = call->state;
	uint64_t watch;

	api_call_ref(call); /* the watch's */
	watch = engine_watch(
	    call->api->options.engine, state->number, view_cb, call);
	if (watch == 0)
		return; /* it has called back, or will soon */
	call->watch = watch;
	call->watched = state->number;
	api_call_wait(call, call->api->draining ? 0 : state->wait_ms, give_up);
}

static void
started_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);
	struct start *state = call->state;

	if (call->request == NULL || api_problem_of_engine(call, reply)) {
		api_call_unref(call);
		return;
	}
	state->status = reply->status == ENGINE_CREATED ? 201 : 200;
	state->number = reply->instance;
	if (state->wait_ms > 0)
		wait_for(call);
	else
		reply_with_view(call, reply);
	api_call_unref(call);
}

void
api_start_post(struct api_call *call)
{
	struct start *state = ARENA_NEW(call->arena, struct start);
	struct engine_start start;

	state->wait_ms = api_query_span(call, "wait", WAIT_MS_MAX);
	if (!api_query_is_sound(call))
		return;
	if (!api_auth_reaches(call, call->params[0])) {
		api_problem_reply(call, PROBLEM_FORBIDDEN,
		    "The token is limited to other workflows than %.*s.",
		    STR_ARG(call->params[0]));
		return;
	}
	if (!read_start(call, &start))
		return;
	start.watches = state->wait_ms > 0;
	if (start.watches)
		api_call_mind_hangup(call);
	call->state = state;
	api_call_ref(call);
	engine_start(call->api->options.engine, &start, started_cb, call);
}
