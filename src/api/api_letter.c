/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_letter.c: events that found no instance: those still held, and those
 * held too long, which are dead letters until somebody replays them.
 */
#include "api_priv.h"

#include <stdio.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000

struct letters {
	struct api_page page;
	uint64_t last;
	size_t seen;
};

static const struct value *
letter_value(
    struct api_call *call, const struct store_event *row, struct str status)
{
	struct arena *arena = call->arena;
	struct value_builder *built = value_build_context(arena);
	struct str packed = row->body;
	const struct value *event =
	    packed.at ? value_unpack(arena, &packed) : NULL;

	value_put_str(built, "id",
	    arena_strf(arena, "%llu", (unsigned long long)row->id));
	value_put_str(built, "status", status);
	value_put_str(built, "source", row->source);
	value_put_str(built, "event_id", row->event_id);
	value_put_str(built, "type", row->type);
	value_put_str(built, "subject", row->subject);
	value_put_instant(built, "received_at", row->received_ms);
	value_put_instant(built, "expires_at", row->expires_ms);
	value_put(built, STR("data"),
	    event ? value_field_or_null(event, "data") : &value_null);
	return value_built(built);
}

static void
letter_cb(const struct store_event *row, void *arg)
{
	struct letters *letters = arg;
	struct api_call *call = letters->page.call;
	struct str status = row->status == EVENT_HELD	? STR("held")
			    : row->status == EVENT_DEAD ? STR("dead")
							: STR("replayed");

	if (letters->seen++ == letters->page.limit)
		return;
	letters->last = row->id;
	json_write(letter_value(call, row, status), JSON_PLAIN,
	    api_page_item(&letters->page));
}

static enum store_event_status
read_status(struct api_call *call)
{
	struct str status = api_query_text(call, "status");

	if (status.at == NULL || str_equal(status, STR("dead")))
		return EVENT_DEAD;
	if (str_equal(status, STR("replayed")))
		return EVENT_REPLAYED;
	if (!str_equal(status, STR("held")))
		api_query_fault(
		    call, "status", "must be dead, held or replayed");
	return EVENT_HELD;
}

void
api_letter_list(struct api_call *call)
{
	struct letters letters = {0};
	enum store_event_status status = read_status(call);
	size_t limit =
	    (size_t)api_query_int(call, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	uint64_t after =
	    (uint64_t)api_query_int(call, "cursor", 0, INT64_MAX, 0);
	enum store_error error;
	char next[24];

	if (!api_query_is_sound(call))
		return;
	api_page_begin(&letters.page, call, limit);
	error = store_list_events(engine_store(call->api->options.engine),
	    call->arena, status, after, limit + 1, letter_cb, &letters);
	if (error != STORE_OK) {
		buf_fini(&letters.page.out);
		api_problem_store(call, error);
		return;
	}
	snprintf(next, sizeof(next), "%llu", (unsigned long long)letters.last);
	api_page_end(&letters.page, "cursor",
	    letters.seen > limit ? str_of(next) : (struct str){NULL, 0});
}

/* ---- replaying ---- */

static void
replayed_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);
	struct value_builder *built = value_build_context(call->arena);

	api_problem_note(call, reply);
	if (call->request == NULL) {
		api_call_unref(call);
		return;
	}
	if (reply->status == ENGINE_PROPOSED) {
		api_proposal_reply(call, reply);
	} else if (reply->status == ENGINE_UNKNOWN_INSTANCE) {
		api_problem_with(
		    call, PROBLEM_UNKNOWN_ITEM, reply->detail, NULL);
	} else if (!api_problem_of_engine(call, reply)) {
		value_put_str(built, "id", call->params[0]);
		value_put_str(built, "status", reply->fate);
		api_reply_value(call, 200, value_built(built));
	}
	api_call_unref(call);
}

void
api_letter_replay(struct api_call *call)
{
	static const char *const members[] = {"break_glass?", NULL};
	const struct value *body = api_body_object(call, members);
	struct engine_replay act = {.actor = call->actor};
	int64_t id;

	if (body == NULL)
		return;
	act.break_glass = api_proposal_alone(call, body);
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY))
		return;
	if (!str_parse_int(call->params[0], 1, INT64_MAX, &id)) {
		api_problem_reply(call, PROBLEM_UNKNOWN_ITEM,
		    "There is no dead letter %.*s.", STR_ARG(call->params[0]));
		return;
	}
	act.event_id = (uint64_t)id;
	api_call_ref(call);
	engine_replay(call->api->options.engine, &act, replayed_cb, call);
}
