/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_inbox.c: what has happened and is not looked at yet.
 *
 * Callbacks only append here.  What comes from outside is bounded and is
 * refused with a reason; what comes from inside is bounded by what went out.
 */
#include "engine_priv.h"

#include <stdlib.h>

void
inbox_init(struct inbox *inbox)
{
	inbox->first = NULL;
	inbox->end = &inbox->first;
	inbox->count = 0;
}

void
inbox_add(struct inbox *inbox, struct request *request)
{
	request->next = NULL;
	*inbox->end = request;
	inbox->end = &request->next;
	inbox->count++;
}

void
inbox_add_front(struct inbox *inbox, struct request *first)
{
	struct request *last = first;

	if (first == NULL)
		return;
	inbox->count++;
	while (last->next != NULL) {
		last = last->next;
		inbox->count++;
	}
	last->next = inbox->first;
	if (inbox->first == NULL)
		inbox->end = &last->next;
	inbox->first = first;
}

struct request *
inbox_take(struct inbox *inbox)
{
	struct request *request = inbox->first;

	if (request == NULL)
		return NULL;
	inbox->first = request->next;
	if (inbox->first == NULL)
		inbox->end = &inbox->first;
	inbox->count--;
	request->next = NULL;
	return request;
}

void
inbox_free_all(struct inbox *inbox)
{
	struct request *request;

	while ((request = inbox_take(inbox)) != NULL) {
		if (request->exchange != NULL)
			exchange_free(&request->exchange);
		request_free(&request);
	}
}

struct request *
request_new(enum request_kind kind)
{
	return request_new_in(arena_new(), kind);
}

struct request *
request_new_in(struct arena *arena_take, enum request_kind kind)
{
	struct request *request = ARENA_NEW(arena_take, struct request);

	request->kind = kind;
	request->arena = arena_take;
	return request;
}

void
request_free(struct request **request)
{
	struct arena *arena = (*request)->arena;

	*request = NULL;
	arena_free(&arena); /* the request itself lives there */
}

void
engine_add(struct engine *engine, struct request *request)
{
	inbox_add(&engine->inbox, request);
	loop_wake(engine->loop);
}

static void
answer(struct request *request, enum engine_status status, struct str detail,
    int64_t retry_after_ms)
{
	struct engine_reply reply = {
	    .status = status,
	    .detail = detail,
	    .retry_after_ms = retry_after_ms,
	};

	if (request->reply != NULL)
		request->reply(&reply, request->reply_arg);
	request_free(&request);
}

void
engine_submit(struct engine *engine, struct request *request)
{
	bool reads = request->kind == REQUEST_LOOK;

	if (engine->stopping && !reads)
		answer(request, ENGINE_STOPPING,
		    STR("the engine is stopping; try again in a moment"), 2000);
	else if (engine->stalled && !reads)
		answer(request, ENGINE_UNAVAILABLE,
		    buf_str(&engine->stall_detail), STALL_DELAY_MS_MAX);
	else if (request->kind == REQUEST_START &&
		 engine->posts >= engine->options.limits.posts_max)
		answer(request, ENGINE_OVERLOADED,
		    STR("too many events wait to be published: `stated "
			"connection list` says what is wrong with the broker"),
		    10000);
	else if (engine->inbox.count >= engine->options.limits.inbox_max)
		answer(request, ENGINE_OVERLOADED,
		    STR("too many requests are waiting; try again later"),
		    1000);
	else
		engine_add(engine, request);
}

/* ---- requests from outside ---- */

static struct str
copy(struct request *request, struct str text)
{
	return arena_str(request->arena, text);
}

static void
copy_actor(struct request *request, struct chart_actor *actor)
{
	struct str *roles =
	    ARENA_ARRAY(request->arena, actor->role_count, struct str);

	for (size_t i = 0; i < actor->role_count; i++)
		roles[i] = copy(request, actor->roles[i]);
	actor->name = copy(request, actor->name);
	actor->issuer = copy(request, actor->issuer);
	actor->roles = roles;
	actor->limits = limits_copy(actor->limits, request->arena);
	actor->mandates = NULL; /* the engine's to say */
	actor->mandate_count = 0;
}

static void
copy_event(struct request *request, const struct chart_event *event)
{
	struct chart_event *mine = &request->event;

	*mine = *event;
	copy_actor(request, &mine->actor);
	mine->comment = copy(request, event->comment);
	mine->type = copy(request, event->type);
	mine->subject = copy(request, event->subject);
	mine->id = copy(request, event->id);
	mine->former_id = copy(request, event->former_id);
	mine->source = copy(request, event->source);
	mine->time = copy(request, event->time);
	mine->choice = copy(request, event->choice);
	mine->break_glass = copy(request, event->break_glass);
	if (event->data != NULL)
		mine->data = value_copy(request->arena, event->data);
	must(event->outcome == NULL && event->reply == NULL);
}

static struct request *
outside(struct engine *engine, enum request_kind kind, uint64_t number,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    request_new_in(arena_new_in(engine->arenas), kind);

	request->number = number;
	request->reply = reply;
	request->reply_arg = arg;
	return request;
}

void
engine_start(struct engine *engine, const struct engine_start *start,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_START, 0, reply, arg);

	must(reply != NULL);
	must(start->input != NULL);
	request->start = *start;
	engine_submit(engine, request);
}

void
engine_event(struct engine *engine, const struct chart_event *event,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_EVENT, 0, reply, arg);

	copy_event(request, event);
	request->event.kind = EV_EVENT_RECEIVED;
	request->event.received_ms = engine_now_ms(engine);
	engine_submit(engine, request);
}

void
engine_act(struct engine *engine, uint64_t instance,
    const struct chart_event *event, engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_ACT, instance, reply, arg);

	copy_event(request, event);
	engine_submit(engine, request);
}

void
engine_replay(struct engine *engine, const struct engine_replay *act,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_REPLAY, act->event_id, reply, arg);

	request->event.actor = act->actor;
	request->event.break_glass = copy(request, act->break_glass);
	copy_actor(request, &request->event.actor);
	engine_submit(engine, request);
}

void
engine_judge(struct engine *engine, const struct engine_verdict *verdict,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_JUDGE, 0, reply, arg);
	struct engine_verdict *mine = &request->verdict;

	*mine = *verdict;
	mine->comment = copy(request, verdict->comment);
	copy_actor(request, &mine->actor);
	engine_submit(engine, request);
}

void
engine_delegate(struct engine *engine, const struct engine_delegate *act,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_DELEGATE, 0, reply, arg);
	struct engine_delegate *mine = &request->delegate;

	*mine = *act;
	mine->role = copy(request, act->role);
	mine->from = copy(request, act->from);
	mine->to = copy(request, act->to);
	mine->workflow = copy(request, act->workflow);
	copy_actor(request, &mine->actor);
	engine_submit(engine, request);
}

void
engine_publish(struct engine *engine, const struct engine_publish *publish,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_PUBLISH, 0, reply, arg);
	struct engine_document *documents = ARENA_ARRAY(
	    request->arena, publish->count, struct engine_document);

	for (size_t i = 0; i < publish->count; i++) {
		documents[i].file = copy(request, publish->documents[i].file);
		documents[i].text = copy(request, publish->documents[i].text);
	}
	request->publish = *publish;
	request->publish.documents = documents;
	copy_actor(request, &request->publish.actor);
	engine_submit(engine, request);
}

void
engine_switch(struct engine *engine, const struct engine_switch *act,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_SWITCH, 0, reply, arg);
	struct engine_switch *mine = &request->act;

	*mine = *act;
	mine->connection = copy(request, act->connection);
	mine->reason = copy(request, act->reason);
	copy_actor(request, &mine->actor);
	engine_submit(engine, request);
}

void
engine_give(struct engine *engine, const struct engine_grant *act,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_GIVE, 0, reply, arg);
	struct engine_grant *mine = &request->grant;

	*mine = *act;
	mine->id = copy(request, act->id);
	mine->name = copy(request, act->name);
	mine->grant = copy(request, act->grant);
	copy_actor(request, &mine->actor);
	engine_submit(engine, request);
}

static void
copy_checkpoint(struct request *request, const struct engine_entry *entry)
{
	struct store_checkpoint *checkpoint;
	struct store_node *nodes;

	if (entry->checkpoint == NULL)
		return;
	checkpoint = ARENA_NEW(request->arena, struct store_checkpoint);
	*checkpoint = *entry->checkpoint;
	checkpoint->document = copy(request, checkpoint->document);
	request->entry.checkpoint = checkpoint;
	request->entry.node_count = entry->node_count;
	nodes = ARENA_ARRAY(
	    request->arena, entry->node_count, struct store_node);
	for (size_t i = 0; i < entry->node_count; i++)
		nodes[i] = entry->nodes[i];
	request->entry.nodes = nodes;
}

void
engine_hold(struct engine *engine, const struct engine_holding *act,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_HOLD, 0, reply, arg);
	struct engine_holding *mine = &request->holding;

	*mine = *act;
	mine->id = copy(request, act->id);
	mine->label = copy(request, act->label);
	mine->value = copy(request, act->value);
	mine->reason = copy(request, act->reason);
	copy_actor(request, &mine->actor);
	engine_submit(engine, request);
}

void
engine_disclose(struct engine *engine, uint64_t instance,
    const struct chart_actor *actor, engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_DISCLOSE, instance, reply, arg);

	request->event.actor = *actor;
	copy_actor(request, &request->event.actor);
	engine_submit(engine, request);
}

void
engine_journal(struct engine *engine, const struct engine_entry *entry,
    engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_JOURNAL, 0, reply, arg);
	struct engine_entry *mine = &request->entry;

	must(reply != NULL);
	mine->kind = entry->kind;
	mine->actor = copy(request, entry->actor);
	if (entry->fields != NULL)
		mine->fields = value_copy(request->arena, entry->fields);
	copy_checkpoint(request, entry);
	engine_submit(engine, request);
}

void
engine_migrate(struct engine *engine, uint64_t instance,
    const struct engine_migrate *migrate, engine_reply_fn *reply, void *arg)
{
	struct request *request =
	    outside(engine, REQUEST_MIGRATE, instance, reply, arg);
	struct engine_migrate *mine = &request->migrate;
	struct chart_rename *renames = ARENA_ARRAY(
	    request->arena, migrate->rename_count, struct chart_rename);

	*mine = *migrate;
	mine->workflow = copy(request, migrate->workflow);
	for (size_t i = 0; i < migrate->rename_count; i++) {
		renames[i].from = copy(request, migrate->renames[i].from);
		renames[i].to = copy(request, migrate->renames[i].to);
	}
	mine->renames = renames;
	mine->comment = copy(request, migrate->comment);
	copy_actor(request, &mine->actor);
	engine_submit(engine, request);
}

void
engine_look(
    struct engine *engine, uint64_t instance, engine_reply_fn *reply, void *arg)
{
	engine_submit(
	    engine, outside(engine, REQUEST_LOOK, instance, reply, arg));
}
