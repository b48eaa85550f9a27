/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_event.c: events from outside find their instances.
 *
 * (source, id) is an event's identity: what comes twice is told so and does
 * nothing.  What matches no instance is held until one waits for it, then
 * becomes a dead letter, which a person can replay.
 *
 * What somebody posts whose token is limited reaches nothing beyond its limits,
 * also where it is held and delivered later.  Nor may it take the identity of
 * anybody else's event, or find out that there is such a one: events that are
 * limited alike have identities of their own.
 */
#include "engine_priv.h"

#include "stated/json.h"

/* Held events that are buried at a time. */
#define EXPIRED_MAX 1000
/* How long after an event has come its sender may repeat it under the name that
 * an earlier version made of it. */
#define FORMER_MS (7LL * 24 * 3600 * 1000)

struct numbers {
	struct arena *arena;
	uint64_t *items;
	size_t count;
	size_t capacity;
};

static void
number_cb(uint64_t number, void *arg)
{
	struct numbers *numbers = arg;

	numbers->items = arena_grow(numbers->arena, numbers->items,
	    numbers->count, &numbers->capacity, sizeof(*numbers->items));
	numbers->items[numbers->count++] = number;
}

/* How many instances an event was for. */
struct delivery {
	size_t matched; /* they took or keep it */
	size_t ignored; /* they have no use for it, and say so */
	struct numbers refusers; /* they keep too many already */
};

static bool
is_refused(const struct chart_effects *effects)
{
	return str_equal(effects->event_fate, STR("refused"));
}

static void
count_fate(struct delivery *delivery, uint64_t number,
    const struct chart_effects *effects)
{
	if (is_refused(effects))
		number_cb(number, &delivery->refusers);
	else if (str_equal(effects->event_fate, STR("ignored")))
		delivery->ignored++;
	else
		delivery->matched++;
}

/* What its sender is told; absent: nobody has got it. */
static struct str
fate_of(const struct delivery *delivery)
{
	if (delivery->matched > 0)
		return STR("matched");
	return delivery->ignored > 0 ? STR("ignored") : (struct str){NULL, 0};
}

/* Whether it is one of those, or there are none and all are meant. */
static bool
is_meant(const struct numbers *only, uint64_t number)
{
	bool found = only->count == 0;

	for (size_t i = 0; i < only->count && !found; i++)
		found = only->items[i] == number;
	return found;
}

/* Gives the event to every instance that it is for; with `only`, where that
 * names any, to no others. */
static struct delivery
deliver(struct engine *engine, struct turn *turn,
    const struct chart_event *event, const struct numbers *only)
{
	struct chart_context context = turn_context(engine, turn);
	struct numbers numbers = {.arena = turn->arena};
	struct delivery delivery = {.refusers = {.arena = turn->arena}};

	if (event->subject.bytes == 0 ||
	    !engine_found(engine,
		store_each_subscriber(
		    engine->store, event->subject, number_cb, &numbers)))
		return delivery;
	turn_note_width(engine, numbers.count);
	for (size_t i = 0; i < numbers.count; i++) {
		struct chart_effects effects = {0};
		struct instance *instance;

		if (!is_meant(only, numbers.items[i]))
			continue;
		instance = instance_find(engine, numbers.items[i]);
		if (instance == NULL ||
		    !chart_takes(
			instance->chart, event->type, event->subject,
			&context) ||
		    !chart_is_within(instance->chart, event->actor.limits))
			continue;
		instance_step(engine, turn, instance, event, &effects);
		count_fate(&delivery, numbers.items[i], &effects);
	}
	return delivery;
}

/* Until when that one does. */
static int64_t
hold_of(const struct definition *definition, int64_t now_ms)
{
	const struct def_span *hold = &definition->hold;

	if (hold->kind == SPAN_FIXED)
		return now_ms + hold->fixed_ms;
	must(hold->kind == SPAN_BUSINESS_DAYS && definition->calendar != NULL);
	return calendar_add_business_days(
	    definition->calendar, now_ms, hold->business_days);
}

static bool
keeps(const struct definition *definition, struct str type)
{
	const struct def_event *event = definition_find_event(definition, type);

	return event != NULL && event->keep;
}

/* Until when to hold what nobody waits for: as the workflows that keep it say,
 * the longest of them.  0: none does. */
static int64_t
hold_until_ms(const struct engine *engine, struct str type)
{
	const struct definition *definition;
	int64_t now_ms = engine_now_ms(engine);
	int64_t latest_ms = 0;

	for (size_t i = 0;
	     (definition = library_workflow_at(engine->library, i)); i++) {
		int64_t until_ms =
		    keeps(definition, type) ? hold_of(definition, now_ms) : 0;

		if (until_ms > latest_ms)
			latest_ms = until_ms;
	}
	return latest_ms;
}

/* Whether any workflow knows the type. */
static bool
is_declared(const struct engine *engine, struct str type)
{
	const struct definition *definition;

	for (size_t i = 0;
	     (definition = library_workflow_at(engine->library, i)); i++)
		if (definition_find_event(definition, type) != NULL)
			return true;
	return false;
}

/* ---- events as they are kept ---- */

#define LIMITED_HEX 32

/* By which the store knows it. */
static struct str
stored_source(const struct chart_event *event, struct arena *arena)
{
	struct buf text = buf_in(arena);
	char hex[DIGEST_HEX_BYTES];

	if (event->actor.limits == NULL)
		return event->source;
	json_write(engine_limits_value(event->actor.limits, arena),
	    JSON_CANONICAL, &text);
	return arena_strf(arena, "%.*s" ENGINE_LIMITED "%.*s",
	    STR_ARG(event->source), LIMITED_HEX,
	    digest_hex(digest_sha256(buf_keep(&text)), hex).at);
}

/* Of a dead letter that others than these have got. */
static const struct value *
numbers_value(const struct numbers *numbers, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (size_t i = 0; i < numbers->count; i++)
		value_append(
		    list, value_of_int(arena, (int64_t)numbers->items[i]));
	return value_built(list);
}

static void
read_numbers(const struct value *list, struct numbers *numbers)
{
	int64_t number;

	if (list == NULL || list->type != VALUE_LIST)
		return;
	for (size_t i = 0; i < list->as.list.count; i++)
		if (value_to_int(list->as.list.items[i], &number) && number > 0)
			number_cb((uint64_t)number, numbers);
}

static void
pack_event(const struct chart_event *event, const struct numbers *only,
    struct arena *arena, struct buf *out)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "time", event->time);
	value_put(built, STR("data"), event->data ? event->data : &value_null);
	value_put_str(built, "actor", event->actor.name);
	if (event->actor.limits != NULL) {
		value_put_str(built, "source", event->source);
		value_put(built, STR("limits"),
		    engine_limits_value(event->actor.limits, arena));
	}
	if (only->count > 0)
		value_put(built, STR("only"), numbers_value(only, arena));
	value_pack(value_built(built), out);
}

/* An event that nobody has got, or not everybody. */
struct letter {
	struct chart_event event;
	struct numbers only; /* whom it is for yet; none: everybody */
};

static bool
unpack_letter(
    const struct store_event *row, struct arena *arena, struct letter *letter)
{
	struct str body = row->body;
	const struct value *value = value_unpack(arena, &body);
	struct str source;

	if (value == NULL)
		return false;
	source = value_field_str(value, "source");
	letter->only = (struct numbers){.arena = arena};
	read_numbers(value_get_cstr(value, "only"), &letter->only);
	letter->event = (struct chart_event){
	    .kind = EV_EVENT_RECEIVED,
	    .type = row->type,
	    .subject = row->subject,
	    .id = row->event_id,
	    .source = source.at != NULL ? source : row->source,
	    .time = value_field_str(value, "time"),
	    .data = value_field_or_null(value, "data"),
	    .received_ms = row->received_ms,
	    .actor = {
		.name = value_field_str(value, "actor"),
		.limits = limits_read(
		    value_field_or_null(value, "limits"), arena),
	    },
	};
	return true;
}

static const struct numbers everybody = {.arena = NULL};

/* only: whom it is for yet. */
static void
put_event_for(struct engine *engine, struct turn *turn,
    const struct chart_event *event, const struct numbers *only,
    enum store_event_status status, int64_t expires_ms)
{
	struct buf body = {0};
	struct store_event row = {
	    .source = stored_source(event, turn->arena),
	    .event_id = event->id,
	    .type = event->type,
	    .subject = event->subject,
	    .status = status,
	    .received_ms = event->received_ms,
	    .expires_ms = expires_ms,
	};

	if (status == EVENT_HELD || status == EVENT_DEAD) {
		pack_event(event, only, turn->arena, &body);
		row.body = buf_str(&body);
	}
	store_put_event(store_batch(engine->store), &row);
	buf_fini(&body);
	if (status == EVENT_HELD)
		turn->expiries_changed = true;
}

static void
put_event(struct engine *engine, struct turn *turn,
    const struct chart_event *event, enum store_event_status status,
    int64_t expires_ms)
{
	put_event_for(engine, turn, event, &everybody, status, expires_ms);
}

static struct str
owner_of(const struct engine *engine, struct str type)
{
	const struct definition *definition;

	for (size_t i = 0;
	     (definition = library_workflow_at(engine->library, i)); i++)
		if (definition_find_event(definition, type) != NULL &&
		    definition->incident_owner != NULL)
			return definition->incident_owner->name;
	return STR("nobody");
}

static void
log_dead(struct engine *engine, struct turn *turn,
    const struct store_event *row, const char *why)
{
	turn_log(turn, LOG_WARNING,
	    arena_strf(turn->arena,
		"dead letter: type=%.*s subject=%.*s id=%.*s owner=%.*s: %s",
		STR_ARG(row->type), STR_ARG(row->subject),
		STR_ARG(row->event_id), STR_ARG(owner_of(engine, row->type)),
		why));
}

/* The instance that it is for keeps too many already: a dead letter.  What
 * others have got is for those only that have not. */
static void
bury_refused(struct engine *engine, struct turn *turn,
    const struct chart_event *event, const struct numbers *only)
{
	struct store_event row = {
	    .type = event->type,
	    .subject = event->subject,
	    .event_id = event->id,
	};

	put_event_for(engine, turn, event, only, EVENT_DEAD, 0);
	log_dead(engine, turn, &row,
	    "its instance keeps too many events that no state takes");
}

static bool
was_taken(struct engine *engine, struct turn *turn, struct str source,
    struct str id, int64_t since_ms)
{
	struct store_event known;

	return engine_found(engine,
		   store_find_event(
		       engine->store, turn->arena, source, id, &known)) &&
	       known.received_ms >= since_ms;
}

/* Also under the name that an earlier version gave it, as long as it may be
 * sent again. */
static bool
is_duplicate(
    struct engine *engine, struct turn *turn, const struct chart_event *event)
{
	struct str source = stored_source(event, turn->arena);

	return was_taken(engine, turn, source, event->id, INT64_MIN) ||
	       (event->former_id.at != NULL &&
		   was_taken(engine, turn, source, event->former_id,
		       engine_now_ms(engine) - FORMER_MS));
}

static struct str
route(struct engine *engine, struct turn *turn, struct request *request)
{
	struct chart_event *event = &request->event;
	struct delivery delivery;
	struct str fate;
	int64_t until_ms;

	/* In which order a token lists its limits makes no other event of it;
	 * but those that are kept from before have the order of theirs. */
	if (event->actor.limits != NULL && is_duplicate(engine, turn, event))
		return STR("duplicate");
	event->actor.limits =
	    limits_sorted(event->actor.limits, request->arena);
	if (is_duplicate(engine, turn, event))
		return STR("duplicate");
	delivery = deliver(engine, turn, event, &everybody);
	fate = fate_of(&delivery);
	if (delivery.refusers.count > 0) {
		bury_refused(engine, turn, event,
		    fate.at != NULL ? &delivery.refusers : &everybody);
		return STR("dead");
	}
	if (fate.at != NULL) {
		put_event(engine, turn, event, EVENT_MATCHED, 0);
		return fate;
	}
	until_ms = hold_until_ms(engine, event->type);
	if (until_ms == 0 && is_declared(engine, event->type)) {
		put_event(engine, turn, event, EVENT_MATCHED, 0);
		return STR("ignored"); /* it counts only now */
	}
	if (until_ms == 0 && request->emitted)
		return STR("ignored"); /* for others than our instances */
	if (until_ms == 0)
		until_ms = engine_now_ms(engine) + HOLD_DEFAULT_MS;
	put_event(engine, turn, event, EVENT_HELD, until_ms);
	return STR("held");
}

void
event_route(struct engine *engine, struct turn *turn, struct request *request)
{
	struct str fate = route(engine, turn, request);
	struct engine_reply *reply = turn_reply(turn, request, ENGINE_ACCEPTED);

	if (reply != NULL)
		reply->fate = fate;
}

/* ---- held events ---- */

struct held {
	struct turn *turn;
	struct store_event *items;
	size_t count;
	size_t capacity;
};

static void
held_cb(const struct store_event *row, void *arg)
{
	struct held *held = arg;
	struct arena *arena = held->turn->arena;
	struct store_event *mine;

	held->items = arena_grow(arena, held->items, held->count,
	    &held->capacity, sizeof(*held->items));
	mine = &held->items[held->count++];
	*mine = *row;
	mine->source = arena_str(arena, row->source);
	mine->event_id = arena_str(arena, row->event_id);
	mine->type = arena_str(arena, row->type);
	mine->subject = arena_str(arena, row->subject);
	mine->body = arena_str(arena, row->body);
}

static bool
is_held(struct engine *engine, struct turn *turn, const struct store_event *row)
{
	struct store_event now;

	return engine_found(engine,
		   store_find_event(engine->store, turn->arena, row->source,
		       row->event_id, &now)) &&
	       now.status == EVENT_HELD;
}

void
event_deliver_held(struct engine *engine, struct turn *turn,
    struct instance *instance, struct str correlation)
{
	struct chart_context context = turn_context(engine, turn);
	struct held held = {.turn = turn};
	struct str subject = arena_str(turn->arena, correlation);

	if (!engine_found(engine,
		store_each_held_event(
		    engine->store, turn->arena, subject, held_cb, &held)))
		return;
	for (size_t i = 0; i < held.count; i++) {
		struct chart_effects effects = {0};
		struct letter letter; /* for everybody: nobody has got it */
		const struct chart_event *event = &letter.event;

		if (!keeps(chart_definition(instance->chart),
			held.items[i].type) || /* it is too late for it */
		    !chart_takes(instance->chart, held.items[i].type, subject,
			&context) ||
		    !is_held(engine, turn, &held.items[i]) ||
		    !unpack_letter(&held.items[i], turn->arena, &letter) ||
		    !chart_is_within(instance->chart, event->actor.limits))
			continue;
		/* First told to be matched: delivering may come back here, and
		 * then the rest of the list may have been delivered, too. */
		put_event(engine, turn, event, EVENT_MATCHED, 0);
		engine->cause++; /* each has come by itself */
		instance_step(engine, turn, instance, event, &effects);
		if (is_refused(&effects))
			bury_refused(engine, turn, event, &everybody);
	}
}

/* ---- dead letters ---- */

struct expired {
	struct engine *engine;
	size_t count;
};

static void
expired_cb(const struct store_event *row, void *arg)
{
	struct expired *expired = arg;
	struct request *request = request_new(REQUEST_EXPIRE);
	struct store_event *mine = &request->expired;

	*mine = *row;
	mine->source = arena_str(request->arena, row->source);
	mine->event_id = arena_str(request->arena, row->event_id);
	engine_add(expired->engine, request);
	expired->count++;
}

/* Until those that are queued here are durably dead, there is nothing else to
 * look for; then the turn's release finds the next. */
void
event_check_expiry(struct engine *engine)
{
	struct expired expired = {.engine = engine};
	struct arena *arena;

	if (engine->expiry_ms == 0 || engine->expiry_ms > engine_now_ms(engine))
		return;
	arena = arena_new();
	engine->expiry_ms = 0;
	if (!engine_found(engine,
		store_each_expired_event(engine->store, arena,
		    engine_now_ms(engine), EXPIRED_MAX, expired_cb, &expired)))
		engine->expiry_ms = engine_now_ms(engine);
	else if (expired.count == 0)
		event_note_expiry(engine);
	arena_free(&arena);
}

void
event_note_expiry(struct engine *engine)
{
	int64_t next_ms;

	if (store_next_expiry(engine->store, &next_ms) != STORE_OK)
		engine->expiry_ms = engine_now_ms(engine) + 1000;
	else
		engine->expiry_ms = next_ms == INT64_MAX ? 0 : next_ms;
}

void
event_expire(struct engine *engine, struct turn *turn, struct request *request)
{
	struct store_event row;

	turn->expiries_changed = true;
	if (!engine_found(engine,
		store_find_event(engine->store, turn->arena,
		    request->expired.source, request->expired.event_id,
		    &row)) ||
	    row.status != EVENT_HELD)
		return; /* an instance has come for it meanwhile */
	row.status = EVENT_DEAD;
	row.expires_ms = 0;
	store_put_event(store_batch(engine->store), &row);
	log_dead(engine, turn, &row, "no instance came to wait for it");
}

void
event_bury(struct engine *engine, struct turn *turn, struct request *request)
{
	const struct chart_event *event = &request->event;
	struct store_event row = {
	    .type = event->type,
	    .subject = event->subject,
	    .event_id = event->id,
	};

	if (!is_declared(engine, event->type))
		return; /* for others than our instances */
	put_event(engine, turn, event, EVENT_DEAD, 0);
	log_dead(engine, turn, &row,
	    "instances answer each other without end; mend the workflows, "
	    "then replay it");
}

/* Its number leads to its identity, and that to what has become of it by now:
 * where it was delivered in a turn that is not durable yet, the number does not
 * tell. */
static bool
find_undelivered(struct engine *engine, struct turn *turn, uint64_t number,
    struct store_event *row)
{
	struct store_event named;

	return engine_found(engine,
		   store_find_event_id(
		       engine->store, turn->arena, number, &named)) &&
	       engine_found(engine,
		   store_find_event(engine->store, turn->arena, named.source,
		       named.event_id, row)) &&
	       (row->status == EVENT_HELD || row->status == EVENT_DEAD);
}

static void
tell_journal(struct engine *engine, struct turn *turn,
    const struct chart_event *event)
{
	struct value_builder *record = journal_begin(
	    engine, turn, JOURNAL_EVENT_REPLAYED, event->actor.name);

	value_put_str(record, "source", event->source);
	value_put_str(record, "event", event->id);
	value_put_str(record, "type", event->type);
	journal_add(engine, record);
}

/* What stands against delivering it again: the first instance that it is for
 * and whose workflow has something to say. */
struct bar {
	bool wants_second;
	struct str subject; /* then: without what is sensitive in it */
	enum chart_refusal refusal; /* REFUSED_NOT: nothing */
	const char *detail;
};

static struct bar
bar_of(const struct chart *chart, const struct chart_event *event)
{
	struct bar bar = {.wants_second = true};
	bool is_confirmed = event->proposed_by.at != NULL;
	struct str proposer =
	    is_confirmed ? event->proposed_by : event->actor.name;

	if (!chart_allows(chart, proposer, PART_CORRECT) ||
	    (is_confirmed &&
		!chart_allows(chart, event->actor.name, PART_CONFIRM))) {
		bar.refusal = REFUSED_EXCLUDED;
		bar.detail = "this person has another part in an instance "
			     "that the event is for: another person must "
			     "deliver it";
	} else if (event->break_glass.bytes > 0 &&
		   chart_definition(chart)->alarm == NULL) {
		bar.refusal = REFUSED_STATE;
		bar.detail = "nobody may do this alone here: the configuration "
			     "has no `break-glass.contact` that is told of it";
	} else if (event->break_glass.bytes > 0 &&
		   !chart_actor_has(&event->actor, STR("operator"))) {
		bar.refusal = REFUSED_ROLE;
		bar.detail = "to do this alone takes the role `operator`";
	}
	return bar;
}

static struct str
masked_subject(
    struct chart *chart, struct turn *turn, const struct chart_event *event)
{
	return value_str(chart_masked(chart, turn->arena,
	    value_of_str(turn->arena, event->subject)));
}

static struct bar
find_bar(
    struct engine *engine, struct turn *turn, const struct letter *letter)
{
	const struct chart_event *event = &letter->event;
	struct chart_context context = turn_context(engine, turn);
	struct numbers numbers = {.arena = turn->arena};
	struct bar bar = {.wants_second = false};

	if (event->subject.bytes == 0 ||
	    !engine_found(engine,
		store_each_subscriber(
		    engine->store, event->subject, number_cb, &numbers)))
		return bar;
	for (size_t i = 0; i < numbers.count && bar.refusal == REFUSED_NOT;
	     i++) {
		const struct instance *instance;

		if (!is_meant(&letter->only, numbers.items[i]))
			continue;
		instance = instance_find(engine, numbers.items[i]);
		if (instance == NULL ||
		    !chart_wants_second(instance->chart) ||
		    !chart_is_within(instance->chart, event->actor.limits) ||
		    !chart_takes(instance->chart, event->type, event->subject,
			&context))
			continue;
		bar = bar_of(instance->chart, event);
		bar.subject = masked_subject(instance->chart, turn, event);
	}
	return bar;
}

static void
refuse_replay(struct turn *turn, const struct request *request,
    enum chart_refusal refusal, const char *detail)
{
	struct engine_reply *reply = turn_reply(turn, request, ENGINE_REFUSED);

	if (reply == NULL)
		return;
	reply->refusal = refusal;
	reply->detail = str_of(detail);
}

/* The event as it is delivered now; false where there is none: answered. */
static bool
read_letter(struct engine *engine, struct turn *turn,
    const struct request *request, struct letter *letter)
{
	struct chart_event *event = &letter->event;
	const struct chart_limits *limits;
	struct store_event row;
	struct engine_reply *reply;

	if (!find_undelivered(engine, turn, request->number, &row) ||
	    !unpack_letter(&row, turn->arena, letter)) {
		reply = turn_reply(turn, request, ENGINE_UNKNOWN_INSTANCE);
		if (reply != NULL)
			reply->detail = STR("there is no such dead letter");
		return false;
	}
	event->received_ms = engine_now_ms(engine);
	limits = event->actor.limits;
	event->actor = request->event.actor;
	event->actor.limits = limits; /* its own are the sender's */
	event->break_glass = request->event.break_glass;
	event->proposed_by = request->event.proposed_by;
	return true;
}

bool
event_is_undelivered(struct engine *engine, struct turn *turn, uint64_t number)
{
	struct store_event row;

	return find_undelivered(engine, turn, number, &row);
}

/* What became of it; absent where nobody takes it, which is answered. */
static struct str
replay(struct engine *engine, struct turn *turn,
    const struct request *request, const struct letter *letter)
{
	const struct chart_event *event = &letter->event;
	struct delivery delivery = deliver(engine, turn, event, &letter->only);
	struct str fate = fate_of(&delivery);

	if (fate.at != NULL) {
		if (delivery.refusers.count > 0)
			bury_refused(engine, turn, event, &delivery.refusers);
		else
			put_event(engine, turn, event, EVENT_REPLAYED, 0);
		tell_journal(engine, turn, event);
	} else {
		refuse_replay(turn, request, REFUSED_STATE,
		    "no instance waits for it: start or correct the instance "
		    "first, then replay again");
	}
	return fate;
}

void
event_replay(struct engine *engine, struct turn *turn, struct request *request)
{
	struct letter letter;
	struct engine_reply *reply;
	struct str fate;
	struct bar bar;

	if (!read_letter(engine, turn, request, &letter))
		return;
	bar = find_bar(engine, turn, &letter);
	if (bar.refusal != REFUSED_NOT) {
		refuse_replay(turn, request, bar.refusal, bar.detail);
	} else if (bar.wants_second && letter.event.break_glass.bytes == 0) {
		proposal_replay(
		    engine, turn, request, &letter.event, bar.subject);
	} else if ((fate = replay(engine, turn, request, &letter)).at != NULL) {
		reply = turn_reply(turn, request, ENGINE_ACCEPTED);
		if (reply != NULL)
			reply->fate = fate;
	}
}

bool
event_replay_confirmed(
    struct engine *engine, struct turn *turn, struct request *request)
{
	struct letter letter;
	struct bar bar;

	if (!read_letter(engine, turn, request, &letter))
		return false;
	bar = find_bar(engine, turn, &letter);
	if (bar.refusal != REFUSED_NOT) {
		refuse_replay(turn, request, bar.refusal, bar.detail);
		return false;
	}
	return replay(engine, turn, request, &letter).at != NULL;
}

/* ---- events that instances publish ---- */

struct str
event_source_of(const struct instance *instance, struct arena *arena)
{
	return arena_strf(arena, "/workflows/%.*s",
	    STR_ARG(chart_definition(instance->chart)->name));
}

void
event_publish(struct engine *engine, struct turn *turn,
    const struct instance *instance, const struct chart_effect *effect)
{
	struct request *request = request_new(REQUEST_EVENT);
	struct chart_event *event = &request->event;

	request->emitted = true;
	request->answers = engine->answering;
	event->kind = EV_EVENT_RECEIVED;
	event->type = arena_str(request->arena, effect->type);
	event->subject = effect->subject.at
			     ? arena_str(request->arena, effect->subject)
			     : STR("");
	event->id = arena_str(request->arena, effect->id);
	event->source = event_source_of(instance, request->arena);
	if (effect->data != NULL)
		event->data = value_copy(request->arena, effect->data);
	event->received_ms = engine_now_ms(engine);
	outbox_put(engine, turn, instance->number, event);
	/* At once and in this turn: it stands or falls with what emitted it. */
	inbox_add(&engine->emitted, request);
}
