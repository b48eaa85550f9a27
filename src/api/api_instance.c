/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_instance.c: one instance: looking at it, and an operator's acts on it.
 *
 * It is named by its identifier or by its business key, so that whoever has
 * an invoice in hand need not look anything up.
 */
#include "api_priv.h"

#include "stated/chart.h"

/* ---- which one is meant ---- */

struct candidates {
	struct api_call *call;
	uint64_t *numbers;
	size_t count;
	size_t capacity;
	bool hides; /* one of them from the caller */
};

static void
add(struct candidates *candidates, uint64_t number)
{
	candidates->numbers =
	    arena_grow(candidates->call->arena, candidates->numbers,
		candidates->count, &candidates->capacity, sizeof(number));
	candidates->numbers[candidates->count++] = number;
}

static bool
candidate_cb(const struct store_instance *row, void *arg)
{
	struct candidates *candidates = arg;

	if (api_auth_reaches_row(candidates->call, row))
		add(candidates, row->number);
	else
		candidates->hides = true;
	return true;
}

/* A key that two workflows use names no instance by itself; those that the
 * caller may not see are not there. */
static enum store_error
gather(struct str workflow, struct str key, struct candidates *out)
{
	struct store *store = engine_store(out->call->api->options.engine);
	struct store_instance_filter filter = {
	    .business_key = key,
	    .has_incident = -1,
	    .limit = SIZE_MAX,
	};
	uint64_t number;
	enum store_error error = store_find_key(store, workflow, key, &number);

	if (error == STORE_OK && workflow.at == NULL)
		return store_list_instances(store, &filter, candidate_cb, out);
	if (error == STORE_OK)
		add(out, number);
	return error;
}

/* A key that was given as a number is kept in the one spelling that all equal
 * ones have; whoever gave it knows it as it was written there.  A text that
 * reads so is another key. */
static enum store_error
gather_numbers(
    struct str workflow, struct str written, struct candidates *out)
{
	struct candidates equal = {.call = out->call};
	struct buf key = buf_in(out->call->arena);
	enum store_error error;

	if (!chart_number_key(written, &key))
		return STORE_ABSENT;
	error = gather(workflow, buf_keep(&key), &equal);
	for (size_t i = 0; error == STORE_OK && i < equal.count; i++)
		if (engine_has_number_key(out->call->api->options.engine,
			equal.numbers[i], written))
			add(out, equal.numbers[i]);
	out->hides |= equal.hides;
	return error;
}

static enum store_error
look_up(struct str workflow, struct str key, struct candidates *out)
{
	enum store_error error = gather(workflow, key, out);

	if (error == STORE_ABSENT || (error == STORE_OK && out->count == 0))
		error = gather_numbers(workflow, key, out);
	return error == STORE_OK && out->count == 0 ? STORE_ABSENT : error;
}

enum store_error
api_instance_find_key(struct api_call *call, struct str workflow,
    struct str key, uint64_t *number)
{
	struct candidates candidates = {.call = call};
	enum store_error error = look_up(workflow, key, &candidates);

	must(workflow.at != NULL && candidates.count <= 1);
	if (error == STORE_OK)
		*number = candidates.numbers[0];
	return error;
}

static bool
find_key(struct api_call *call, struct str key, uint64_t *number)
{
	struct candidates candidates = {.call = call};
	enum store_error error =
	    look_up(api_query_text(call, "workflow"), key, &candidates);

	if (error == STORE_OK && candidates.count == 1) {
		*number = candidates.numbers[0];
		return true;
	}
	if (error == STORE_ABSENT && candidates.hides)
		api_problem_note_hidden(call);
	if (error == STORE_OK)
		api_problem_reply(call, PROBLEM_AMBIGUOUS,
		    "Several workflows have an instance with the key %.*s; %s.",
		    STR_ARG(key),
		    api_query_takes(call, "workflow")
			? "add ?workflow=NAME"
			: "name it by its identifier");
	else if (error == STORE_ABSENT)
		api_problem_reply(call, PROBLEM_UNKNOWN_INSTANCE,
		    "No instance has the identifier or business key %.*s.",
		    STR_ARG(key));
	else
		api_problem_store(call, error);
	return false;
}

/* Who may not see it must not even learn that it exists. */
static bool
is_reachable(struct api_call *call, struct str text, uint64_t number)
{
	bool reaches;
	enum store_error error =
	    api_auth_asks_number(call, number, &reaches);

	if (error == STORE_OK && reaches)
		return true;
	if (error != STORE_OK)
		api_problem_store(call, error);
	else
		api_problem_reply(call, PROBLEM_UNKNOWN_INSTANCE,
		    "No instance has the identifier or business key %.*s.",
		    STR_ARG(text));
	return false;
}

bool
api_instance_find(struct api_call *call, struct str text, uint64_t *number)
{
	if (!engine_id_parse(call->api->options.engine, text, number) &&
	    !find_key(call, text, number))
		return false;
	if (*number == STORE_JOURNAL) {
		api_problem_reply(call, PROBLEM_UNKNOWN_INSTANCE,
		    "%.*s is the journal, which is read at /v1/journal.",
		    STR_ARG(text));
		return false;
	}
	return is_reachable(call, text, *number);
}

bool
api_instance_find_item(
    struct api_call *call, uint64_t *number, uint64_t *serial)
{
	struct str text = call->params[0];
	struct str digits;
	struct str id = str_split(text, '.', &digits);
	int64_t n;

	if (!engine_id_parse(call->api->options.engine, id, number) ||
	    !str_parse_int(digits, 1, INT64_MAX, &n)) {
		api_problem_reply(call, PROBLEM_UNKNOWN_ITEM,
		    "Identifiers look like INSTANCE.NUMBER, as lists show "
		    "them; %.*s does not.",
		    STR_ARG(text));
		return false;
	}
	*serial = (uint64_t)n;
	return is_reachable(call, text, *number);
}

/* ---- looking and acting ---- */

static void
view_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	if (call->request != NULL && !api_problem_of_engine(call, reply)) {
		if (reply->status == ENGINE_PROPOSED)
			api_proposal_reply(call, reply);
		else
			api_reply_value(call, 200, reply->view);
	}
	api_call_unref(call);
}

void
api_instance_get(struct api_call *call)
{
	uint64_t number;

	if (!api_instance_find(call, call->params[0], &number))
		return;
	api_call_ref(call);
	engine_look(call->api->options.engine, number, view_cb, call);
}

void
api_instance_act(
    struct api_call *call, uint64_t number, struct chart_event *event)
{
	event->actor = call->actor;
	event->received_ms = api_now_ms(call);
	api_call_ref(call);
	engine_act(call->api->options.engine, number, event, view_cb, call);
}

static void
act(struct api_call *call, enum chart_event_kind kind,
    const char *const *members)
{
	const struct value *body = api_body_object(call, members);
	struct chart_event event = {.kind = kind};
	uint64_t number;

	if (body == NULL)
		return;
	event.comment = api_body_text(call, body, "comment");
	if (kind == EV_CANCELLED) {
		event.compensate = api_body_flag(call, body, "compensate");
		event.break_glass = api_proposal_alone(call, body);
	}
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY) ||
	    !api_instance_find(call, call->params[0], &number))
		return;
	api_instance_act(call, number, &event);
}

void
api_instance_cancel(struct api_call *call)
{
	static const char *const members[] = {
	    "comment?", "compensate", "break_glass?", NULL};

	act(call, EV_CANCELLED, members);
}

static const char *const comment_only[] = {"comment", NULL};

void
api_instance_suspend(struct api_call *call)
{
	act(call, EV_SUSPENDED, comment_only);
}

void
api_instance_resume(struct api_call *call)
{
	act(call, EV_RESUMED, comment_only);
}
