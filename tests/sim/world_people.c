/* SPDX-License-Identifier: Apache-2.0 */
/* world_people.c: who asks the engine for something, and what he is told. */
#include "world_priv.h"

#include "stated/json.h"

#include <stdio.h>

#define ITEMS_MAX 200

/* What was asked for, until the engine answers. */
struct ask {
	struct world *world;
	enum { ASK_START, ASK_EVENT, ASK_ACT } kind;
	struct auditor_start start;
	struct auditor_event event;
	struct auditor_act act;
};

static void
note_start(
    struct world *world, struct ask *ask, const struct engine_reply *reply)
{
	if (reply->status == ENGINE_CREATED || reply->status == ENGINE_OK) {
		ask->start.was_created = reply->status == ENGINE_CREATED;
		ask->start.instance = reply->instance;
		auditor_start_acknowledged(world->auditor, &ask->start);
	} else if (reply->status == ENGINE_CONFLICT ||
		   reply->status == ENGINE_INVALID ||
		   reply->status == ENGINE_KEY_REUSED ||
		   reply->status == ENGINE_UNKNOWN_WORKFLOW) {
		auditor_start_refused(world->auditor, ask->start.k,
		    ask->start.items, ask->start.under, "another input");
	}
}

static void
reply_cb(const struct engine_reply *reply, void *arg)
{
	struct ask *ask = arg;
	struct world *world = ask->world;

	world_tell(world, "  reply %d %llu %.*s", (int)reply->status,
	    (unsigned long long)reply->instance, STR_ARG(reply->fate));
	switch (ask->kind) {
	case ASK_START:
		note_start(world, ask, reply);
		break;
	case ASK_EVENT:
		if (reply->status == ENGINE_ACCEPTED)
			auditor_event_acknowledged(
			    world->auditor, &ask->event, reply->fate);
		break;
	case ASK_ACT:
		if (reply->status == ENGINE_PROPOSED)
			ask->act.kind = "proposed";
		if (reply->status == ENGINE_OK ||
		    reply->status == ENGINE_PROPOSED)
			auditor_act_acknowledged(
			    world->auditor, reply->instance, &ask->act);
		break;
	}
}

static struct ask *
ask_new(struct world *world, int kind)
{
	struct ask *ask = ARENA_NEW(world->arena, struct ask);

	ask->world = world;
	ask->kind = (unsigned)kind;
	return ask;
}

struct str
world_k(struct world *world, const char *workflow, int64_t key)
{
	return arena_strf(world->arena, "%s:%lld", workflow, (long long)key);
}

/* ---- callers ---- */

static bool
is_sensitive(struct world *world, const char *workflow)
{
	const struct definition *definition =
	    library_find_workflow(world->library, str_of(workflow), 0);

	return definition != NULL && definition->sensitive_count > 0;
}

static const struct value *
input_of(struct world *world, struct str k, const struct happening *start)
{
	int64_t items = start->numbers[1];
	struct value_builder *input = value_build_context(world->arena);
	struct value_builder *list = value_build_list(world->arena);

	for (int64_t i = 1; i <= items; i++)
		value_append(list, value_of_int(world->arena, i));
	value_put_str(input, "k", k);
	value_put(input, STR("xs"), value_built(list));
	if (is_sensitive(world, start->word))
		value_put_str(
		    input, "s", auditor_secret(world->arena, k));
	return value_built(input);
}

/* Where nothing but its key tells a start from the next, it is asked for
 * once, or under one Idempotency-Key. */
static struct str
k_of_start(struct world *world, const struct happening *happening)
{
	const struct definition *definition = library_find_workflow(
	    world->library, str_of(happening->word), 0);

	if (definition == NULL || definition->business_key != NULL)
		return world_k(world, happening->word, happening->numbers[0]);
	if (happening->numbers[2] != 0)
		return world_k(
		    world, happening->word, 1000 + happening->numbers[2]);
	return world_k(world, happening->word, 2000 + ++world->people);
}

void
world_start(struct world *world, const struct happening *happening)
{
	struct ask *ask = ask_new(world, ASK_START);
	struct str k = k_of_start(world, happening);
	struct engine_start start = {
	    .workflow = str_of(happening->word),
	    .input = input_of(world, k, happening),
	    .actor = {.name = STR("caller")},
	};
	int64_t under = happening->numbers[2];

	ask->start.k = k;
	ask->start.items = happening->numbers[1];
	ask->start.under = under;
	ask->start.version_min =
	    auditor_version(world->auditor, start.workflow);
	if (under != 0) {
		struct str request = arena_strf(world->arena, "%.*s %lld",
		    STR_ARG(k), (long long)happening->numbers[1]);

		if (!auditor_may_ask_under(world->auditor, under, k))
			return;
		start.idempotency_key =
		    arena_strf(world->arena, "I%lld", (long long)under);
		start.request_digest = digest_sha256(request);
	}
	engine_start(world->engine, &start, reply_cb, ask);
}

static void
send_event(struct world *world, const struct happening *happening,
    struct str subject)
{
	struct ask *ask = ask_new(world, ASK_EVENT);
	struct chart_event event = {
	    .type = str_of(happening->word),
	    .source = STR("/sim"),
	    .subject = subject,
	    .id = arena_strf(world->arena, "s%lld",
		(long long)happening->numbers[1]),
	};

	ask->event.type = arena_str(world->arena, event.type);
	ask->event.subject = subject;
	ask->event.id = happening->numbers[1];
	if (auditor_may_tell(world->auditor, &ask->event))
		engine_event(world->engine, &event, reply_cb, ask);
}

void
world_event(struct world *world, const struct happening *happening)
{
	send_event(world, happening,
	    world_k(world, happening->workflow, happening->numbers[0]));
}

void
world_news(struct world *world, const struct happening *happening)
{
	struct str k = world_k(world, happening->workflow, happening->numbers[0]);
	struct str ref = auditor_news(world->auditor, k);

	if (ref.at != NULL)
		send_event(world, happening, arena_str(world->arena, ref));
}

/* ---- items ---- */

struct item {
	uint64_t instance;
	uint64_t serial;
	struct str body;
};
struct items {
	struct world *world;
	struct item items[ITEMS_MAX];
	size_t count;
};

static bool
item_cb(const struct store_item *row, void *arg)
{
	struct items *items = arg;
	struct item *item = &items->items[items->count++];

	item->instance = row->instance;
	item->serial = row->serial;
	item->body = arena_str(items->world->arena, row->body);
	return items->count < ITEMS_MAX;
}

static void
list_items(
    struct world *world, enum store_item_kind kind, struct items *items)
{
	struct store_item_filter filter = {
	    .kind = kind, .open = 1, .limit = ITEMS_MAX};

	items->world = world;
	items->count = 0;
	world_reads_cb(world, true);
	must(store_list_items(world->store, &filter, item_cb, items) ==
	     STORE_OK);
	world_reads_cb(world, false);
}

void
world_act(struct world *world, uint64_t instance, struct chart_event *event,
    const char *record)
{
	struct ask *ask = ask_new(world, ASK_ACT);

	ask->act.kind = record;
	ask->act.actor = world_person(world);
	ask->act.undoes = event->compensate;
	event->actor.name = ask->act.actor;
	engine_act(world->engine, instance, event, reply_cb, ask);
}

static void
decide(struct world *world, const struct item *task, const char *choice)
{
	struct chart_event event = {
	    .kind = EV_TASK_DECIDED,
	    .serial = task->serial,
	    .choice = str_of(choice),
	};

	world_act(world, task->instance, &event, "task-decided");
}

void
world_decide(struct world *world, const struct happening *happening)
{
	struct items tasks;

	list_items(world, ITEM_TASK, &tasks);
	if (tasks.count > 0)
		decide(world,
		    &tasks.items[(size_t)happening->numbers[0] % tasks.count],
		    happening->word);
}

static struct auditor_incident
read_incident(struct world *world, const struct item *item)
{
	struct json_error error;
	const struct value *body =
	    json_read(world->arena, item->body, &error);

	must(body != NULL);
	return (struct auditor_incident){
	    .instance = item->instance,
	    .kind = value_field_str(body, "kind"),
	    .step = value_field_str(body, "step"),
	    .message = value_field_str(body, "message"),
	};
}

static struct auditor_incident
incident_of(struct world *world, const struct items *items, size_t at)
{
	struct auditor_incident incident =
	    read_incident(world, &items->items[at]);

	for (size_t i = 0; i < at; i++) {
		struct auditor_incident other;

		if (items->items[i].instance != items->items[at].instance)
			continue;
		other = read_incident(world, &items->items[i]);
		if (str_equal(other.kind, incident.kind) &&
		    str_equal(other.step, incident.step))
			incident.rank++;
	}
	return incident;
}

/* An honest person looks at what really happened; with little luck, he ends
 * it. */
static enum chart_settlement
settlement_of(struct world *world, const struct auditor_incident *incident,
    int64_t luck, struct str *ref)
{
	if (luck < 4)
		return SETTLE_COMPENSATE;
	if (luck < 6)
		return SETTLE_CANCEL;
	switch (auditor_advise(world->auditor, incident, ref)) {
	case ADVICE_RETRY:
		return luck < 12 &&
			       str_equal(incident->kind, STR("step-failed"))
			   ? SETTLE_SKIP
			   : SETTLE_RETRY;
	case ADVICE_SUPPLY:
		return SETTLE_SUPPLY;
	case ADVICE_SKIP:
		return SETTLE_SKIP;
	}
	unreachable("every advice is listed");
}

static void
settle(struct world *world, const struct items *items, size_t at, int64_t luck)
{
	struct auditor_incident incident = incident_of(world, items, at);
	struct value_builder *data = value_build_context(world->arena);
	struct str ref = {NULL, 0};
	struct chart_event event = {
	    .kind = EV_INCIDENT_SETTLED,
	    .serial = items->items[at].serial,
	    .settlement = settlement_of(world, &incident, luck, &ref),
	};

	if (event.settlement == SETTLE_RETRY)
		auditor_let_repeat(world->auditor, &incident);
	value_put_str(data, "ref", ref);
	event.data = value_built(data);
	world_act(world, items->items[at].instance, &event, "incident-resolved");
}

/* ---- the second person ---- */

static void
replay_reply_cb(const struct engine_reply *reply, void *arg)
{
	world_tell(arg, "  replayed %d %.*s", (int)reply->status,
	    STR_ARG(reply->fate));
}

static const struct value *
body_of(struct world *world, const struct item *item)
{
	struct json_error error;
	const struct value *body =
	    json_read(world->arena, item->body, &error);

	must(body != NULL);
	return body;
}

/* "UUID.7" gives 7; 0 where there is none. */
static uint64_t
serial_in(const struct value *body, const char *key)
{
	struct str digits;
	int64_t serial;

	(void)str_split(
	    value_field_str(body, key), '.', &digits);
	return str_parse_int(digits, 1, INT64_MAX, &serial) ? (uint64_t)serial
							    : 0;
}

/* Whether the advice is what it was when it was proposed: an endpoint may have
 * come round to it meanwhile. */
static bool
is_still_advised(struct world *world, const struct item *proposal,
    const struct value *body)
{
	struct str act = value_field_str(body, "act");
	uint64_t serial = serial_in(body, "incident");
	struct auditor_incident incident;
	struct items items;
	struct str ref = {NULL, 0};
	enum auditor_advice advice;
	size_t at = 0;

	if (str_equal(act, STR("cancel")) || str_equal(act, STR("compensate")))
		return true;
	list_items(world, ITEM_INCIDENT, &items);
	while (at < items.count &&
	       (items.items[at].instance != proposal->instance ||
		   items.items[at].serial != serial))
		at++;
	if (at == items.count)
		return false;
	incident = incident_of(world, &items, at);
	advice = auditor_advise(world->auditor, &incident, &ref);
	if (str_equal(act, STR("retry")) && advice == ADVICE_RETRY) {
		auditor_let_repeat(world->auditor, &incident);
		return true;
	}
	if (str_equal(act, STR("supply")))
		return advice == ADVICE_SUPPLY &&
		       str_equal(ref,
			   value_field_str(
			       value_field_or_null(body, "result"), "ref"));
	return str_equal(act, STR("skip")) &&
	       (advice == ADVICE_SKIP ||
		   str_equal(incident.kind, STR("step-failed")));
}

/* An event that was to be delivered again, to whoever waits for it. */
static void
judge_replay(struct world *world, const struct item *proposal)
{
	struct engine_verdict verdict = {
	    .serial = proposal->serial,
	    .actor = {.name = world_person(world)},
	};

	verdict.confirms = world->people % 3 != 0;
	engine_judge(world->engine, &verdict, replay_reply_cb, world);
}

/* Another person looks at it, too. */
static void
judge(struct world *world, const struct item *proposal)
{
	const struct value *body = body_of(world, proposal);
	bool is_cancel = value_get_cstr(body, "incident") == NULL;
	bool confirms = is_still_advised(world, proposal, body);
	struct chart_event event = {
	    .kind = confirms ? EV_PROPOSAL_CONFIRMED : EV_PROPOSAL_REJECTED,
	    .serial = proposal->serial,
	    .compensate = value_is_true(
		value_field_or_null(body, "compensate")),
	};

	world_act(world, proposal->instance, &event,
	    !confirms	? "proposal-rejected"
	    : is_cancel ? "cancelled"
			: "incident-resolved");
}

/* true where there was something to be judged. */
static bool
judge_one(struct world *world, int64_t which)
{
	struct items proposals;
	const struct item *proposal;

	list_items(world, ITEM_PROPOSAL, &proposals);
	if (proposals.count == 0)
		return false;
	proposal = &proposals.items[(size_t)which % proposals.count];
	if (proposal->instance == 0)
		judge_replay(world, proposal);
	else
		judge(world, proposal);
	return true;
}

void
world_settle(struct world *world, const struct happening *happening)
{
	struct items incidents;

	if (happening->numbers[1] % 2 == 0 &&
	    judge_one(world, happening->numbers[0]))
		return;
	list_items(world, ITEM_INCIDENT, &incidents);
	if (incidents.count > 0)
		settle(world, &incidents,
		    (size_t)happening->numbers[0] % incidents.count,
		    happening->numbers[1]);
}

static void
acknowledge(struct world *world, const struct item *item)
{
	struct chart_event event = {
	    .kind = EV_ESCALATION_ACKNOWLEDGED,
	    .serial = item->serial,
	};

	world_act(world, item->instance, &event, "escalation-acknowledged");
}

void
world_acknowledge(struct world *world, const struct happening *happening)
{
	struct items items;

	list_items(world, ITEM_ESCALATION, &items);
	if (items.count > 0)
		acknowledge(world,
		    &items.items[(size_t)happening->numbers[0] % items.count]);
}

/* ---- operators ---- */

static const char *
operation_of(enum happening_kind kind, struct chart_event *event)
{
	switch (kind) {
	case HAPPENING_CANCEL:
		event->kind = EV_CANCELLED;
		return "cancelled";
	case HAPPENING_SUSPEND:
		event->kind = EV_SUSPENDED;
		return "suspended";
	default:
		event->kind = EV_RESUMED;
		return "resumed";
	}
}

void
world_operate(struct world *world, const struct happening *happening)
{
	struct chart_event event = {.compensate = happening->numbers[1] != 0};
	const char *record = operation_of(happening->kind, &event);
	uint64_t instance = auditor_find(world->auditor,
	    world_k(world, happening->word, happening->numbers[0]));

	if (instance != 0)
		world_act(world, instance, &event, record);
}

void
world_migrate(struct world *world, const struct happening *happening)
{
	uint64_t instance = auditor_find(world->auditor,
	    world_k(world, happening->word, happening->numbers[0]));
	struct ask *ask;

	if (instance == 0)
		return;
	ask = ask_new(world, ASK_ACT);
	ask->act.kind = "migrated";
	ask->act.actor = world_person(world);
	engine_migrate(world->engine, instance,
	    &(struct engine_migrate){
		.workflow = str_of(happening->word),
		.from = auditor_version_of(world->auditor, instance),
		.to = happening->numbers[1],
		.actor = {.name = ask->act.actor},
	    },
	    reply_cb, ask);
}

static void
dead_cb(const struct store_event *row, void *arg)
{
	*(uint64_t *)arg = row->id;
}

void
world_replay(struct world *world, const struct happening *happening)
{
	uint64_t id = 0;
	struct chart_actor actor = {.name = world_person(world)};

	world_reads_cb(world, true);
	must(store_list_events(world->store, world->arena,
		 happening->numbers[0] == 0 ? EVENT_HELD : EVENT_DEAD, 0,
		 (size_t)happening->numbers[0] + 1, dead_cb, &id) == STORE_OK);
	world_reads_cb(world, false);
	if (id != 0)
		engine_replay(world->engine,
		    &(struct engine_replay){.event_id = id, .actor = actor},
		    replay_reply_cb, world);
}

/* ---- everybody ---- */

struct open_ones {
	struct world *world;
	size_t count;
	bool cancels;
};

static bool
open_cb(const struct store_instance *row, void *arg)
{
	struct open_ones *ones = arg;
	struct chart_event event = {
	    .kind = EV_RESUMED,
	    .compensate = row->number % 2 == 0,
	};

	if (row->ended_ms != 0)
		return true;
	ones->count++;
	if (str_equal(row->status, STR("suspended"))) {
		world_act(ones->world, row->number, &event, "resumed");
	} else if (ones->cancels) {
		event.kind = EV_CANCELLED;
		world_act(ones->world, row->number, &event, "cancelled");
	}
	return true;
}

static size_t
go_through_open(struct world *world, bool cancels)
{
	struct store_instance_filter filter = {
	    .has_incident = -1, .limit = 100000};
	struct open_ones ones = {.world = world, .cancels = cancels};

	must(store_list_instances(
		 world->store, &filter, open_cb, &ones) == STORE_OK);
	return ones.count;
}

size_t
world_count_open(struct world *world)
{
	return go_through_open(world, false);
}

void
world_cancel_all(struct world *world)
{
	(void)go_through_open(world, true);
}

size_t
world_do_all(struct world *world)
{
	struct rng *luck = &world->luck.rng;
	struct items items;
	size_t count;

	list_items(world, ITEM_TASK, &items);
	count = items.count;
	for (size_t i = 0; i < items.count; i++)
		decide(world, &items.items[i],
		    rng_below(luck, 10) < 8 ? "approved" : "rejected");
	list_items(world, ITEM_INCIDENT, &items);
	count += items.count;
	for (size_t i = 0; i < items.count; i++)
		settle(world, &items, i, (int64_t)rng_below(luck, 100));
	list_items(world, ITEM_PROPOSAL, &items);
	count += items.count;
	for (size_t i = 0; i < items.count; i++)
		if (items.items[i].instance == 0)
			judge_replay(world, &items.items[i]);
		else
			judge(world, &items.items[i]);
	list_items(world, ITEM_ESCALATION, &items);
	for (size_t i = 0; i < items.count; i++)
		if (rng_below(luck, 2) == 0)
			acknowledge(world, &items.items[i]);
	return count;
}
