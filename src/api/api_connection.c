/* SPDX-License-Identifier: Apache-2.0 */
/* api_connection.c: how connections stand, and what operators do to them. */
#include "api_priv.h"

/* Of one connection, the latest. */
#define SWITCHES_MAX 100

/* ---- looking ---- */

/* "50/s", "600/m", "100/10s". */
static struct str
rate_text(struct arena *arena, int64_t count, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{1000, "s"}, {60 * 1000, "m"}, {3600 * 1000, "h"}};

	if (count == 0)
		return (struct str){NULL, 0};
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (units[i].ms == ms)
			return arena_strf(arena, "%lld/%s", (long long)count,
			    units[i].unit);
	return arena_strf(arena, "%lld/%llds", (long long)count,
	    (long long)((ms + 999) / 1000));
}

static void
put_throttle(struct api_call *call, struct value_builder *built,
    const struct engine_connection *connection)
{
	const struct throttle_view *view = &connection->view;

	value_put_str(built, "state", str_of(throttle_state_name(view->state)));
	value_put(built, STR("paused"), value_of_boolean(view->is_paused));
	value_put_str(built, "waits_for",
	    view->bar == THROTTLE_BAR_NONE
		? (struct str){NULL, 0}
		: str_of(throttle_bar_name(view->bar)));
	value_put_int(built, "queued", (int64_t)connection->queued);
	value_put_int(built, "active", view->active);
	value_put_int(built, "places", view->places);
	value_put_int(
	    built, "concurrency", connection->connection->concurrency);
	value_put_str(built, "rate",
	    rate_text(call->arena, view->rate_count, view->rate_ms));
	value_put(built, STR("rate_learned"),
	    value_of_boolean(view->is_rate_learned));
	api_reply_instant(built, "oldest_at", connection->queued_since_ms);
	api_reply_instant(built, "open_until", view->open_until_ms);
	api_reply_instant(built, "wait_until", view->wait_until_ms);
}

static void
put_counts(struct value_builder *built,
    const struct engine_connection *connection)
{
	const uint64_t *outcomes = connection->outcomes;

	value_put_int(built, "sent", (int64_t)connection->sent);
	value_put_int(built, "retries", (int64_t)connection->repeated);
	value_put_int(built, "done", (int64_t)outcomes[OUTCOME_DONE]);
	value_put_int(built, "not_done", (int64_t)outcomes[OUTCOME_NOT_DONE]);
	value_put_int(built, "unknown", (int64_t)outcomes[OUTCOME_UNKNOWN]);
	value_put_int(built, "done_with_error",
	    (int64_t)outcomes[OUTCOME_DONE_WITH_ERROR]);
}

static void
put_events(struct value_builder *built,
    const struct engine_connection *connection)
{
	value_put_int(built, "to_publish", (int64_t)connection->posts);
	api_reply_instant(
	    built, "to_publish_since", connection->posts_since_ms);
	value_put_int(built, "published", (int64_t)connection->published);
	value_put_int(built, "queues", (int64_t)connection->queues);
	value_put_int(
	    built, "queues_consumed", (int64_t)connection->queues_consumed);
	value_put_int(built, "received", (int64_t)connection->received);
	value_put_int(built, "rejected", (int64_t)connection->rejected);
}

static struct value_builder *
build(struct api_call *call, const struct engine_connection *connection)
{
	struct value_builder *built = value_build_context(call->arena);

	value_put_str(built, "name", connection->connection->name);
	put_throttle(call, built, connection);
	api_reply_instant(built, "switched_at", connection->switched_ms);
	value_put_str(built, "switched_by", connection->switched_by);
	value_put_str(built, "reason", connection->reason);
	api_reply_instant(built, "error_at", connection->trouble_ms);
	value_put_str(built, "error",
	    connection->trouble_ms != 0 ? connection->trouble
					: (struct str){NULL, 0});
	put_counts(built, connection);
	put_events(built, connection);
	return built;
}

static void
list_cb(const struct engine_connection *connection, void *arg)
{
	struct api_page *page = arg;

	json_write(value_built(build(page->call, connection)), JSON_PLAIN,
	    api_page_item(page));
}

void
api_connection_list(struct api_call *call)
{
	struct api_page page;

	api_page_begin(&page, call, SIZE_MAX);
	engine_each_connection(call->api->options.engine,
	    (struct str){NULL, 0}, list_cb, &page);
	api_page_end(&page, "cursor", (struct str){NULL, 0});
}

/* ---- one ---- */

struct one {
	struct api_call *call;
	struct value_builder *built; /* NULL: there is none */
	/* the latest, in a ring */
	const struct value *switches[SWITCHES_MAX];
	size_t count;
};

static void
one_cb(const struct engine_connection *connection, void *arg)
{
	struct one *one = arg;

	one->built = build(one->call, connection);
}

static void
switch_cb(const struct store_switch *row, void *arg)
{
	struct one *one = arg;
	struct value_builder *built;

	if (!str_equal(row->connection, one->call->params[0]))
		return;
	built = value_build_context(one->call->arena);
	value_put_str(
	    built, "act", row->pauses ? STR("pause") : STR("resume"));
	api_reply_instant(built, "at", row->at_ms);
	value_put_str(
	    built, "by", arena_str(one->call->arena, row->actor));
	value_put_str(
	    built, "reason", arena_str(one->call->arena, row->reason));
	one->switches[one->count++ % SWITCHES_MAX] = value_built(built);
}

static const struct value *
switches_of(struct one *one)
{
	struct value_builder *list = value_build_list(one->call->arena);
	size_t shown = one->count < SWITCHES_MAX ? one->count : SWITCHES_MAX;

	for (size_t i = 1; i <= shown; i++)
		value_append(
		    list, one->switches[(one->count - i) % SWITCHES_MAX]);
	return value_built(list);
}

static void
reply_one(struct api_call *call)
{
	struct engine *engine = call->api->options.engine;
	struct one one = {.call = call};
	enum store_error error;

	engine_each_connection(engine, call->params[0], one_cb, &one);
	if (one.built == NULL) {
		api_problem_reply(call, PROBLEM_UNKNOWN_CONNECTION,
		    "No connection is called %.*s.", STR_ARG(call->params[0]));
		return;
	}
	error = store_each_switch(engine_store(engine), switch_cb, &one);
	if (error != STORE_OK) {
		api_problem_store(call, error);
		return;
	}
	value_put(one.built, STR("switches"), switches_of(&one));
	api_reply_value(call, 200, value_built(one.built));
}

void
api_connection_get(struct api_call *call)
{
	reply_one(call);
}

/* ---- pausing ---- */

static void
switched_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	if (call->request != NULL && !api_problem_of_engine(call, reply))
		reply_one(call);
	api_call_unref(call);
}

static void
switch_to(struct api_call *call, bool pauses)
{
	static const char *const members[] = {"reason?", NULL};
	const struct value *body = api_body_object(call, members);
	struct engine_switch act = {
	    .connection = call->params[0],
	    .pauses = pauses,
	    .actor = call->actor,
	};

	if (body == NULL)
		return;
	act.reason = api_body_text(call, body, "reason");
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY))
		return;
	api_call_ref(call);
	engine_switch(call->api->options.engine, &act, switched_cb, call);
}

void
api_connection_pause(struct api_call *call)
{
	switch_to(call, true);
}

void
api_connection_resume(struct api_call *call)
{
	switch_to(call, false);
}

/* ---- trying ---- */

static void
reply_tried(struct api_call *call, const struct engine_reply *reply)
{
	if (reply->status == ENGINE_REFUSED) {
		api_body_fault(call, STR("/operation"), "safe",
		    arena_cstr(call->arena, reply->detail));
		(void)!api_body_is_sound(call, PROBLEM_INVALID_BODY);
	} else if (!api_problem_of_engine(call, reply)) {
		api_reply_value(call, 200, reply->view);
	}
}

static void
tried_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	if (call->request != NULL)
		reply_tried(call, reply);
	api_call_unref(call);
}

void
api_connection_test(struct api_call *call)
{
	static const char *const members[] = {"operation?", "with", NULL};
	const struct value *body = api_body_object(call, members);
	struct engine_trial trial = {.connection = call->params[0]};

	if (body == NULL)
		return;
	trial.operation = api_body_text(call, body, "operation");
	trial.with = value_get_cstr(body, "with");
	if (trial.with != NULL && trial.with->type != VALUE_CONTEXT)
		api_body_fault(call, STR("/with"), "type", "is no object");
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY))
		return;
	api_call_ref(call);
	engine_try(call->api->options.engine, &trial, tried_cb, call);
}
