/* SPDX-License-Identifier: Apache-2.0 */
/* auditor.c: what callers and people were told, and the checks at rest. */
#include "auditor_priv.h"

#include "stated/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS (3600 * 1000LL)
/* Of keys that live for a day, of events that are remembered for 90. */
#define UNDER_MS (20 * HOUR_MS)
#define EVENT_MS (60 * 24 * HOUR_MS)
/* The clock may have been set back so far since. */
#define BACK_MS (24 * HOUR_MS)
#define ITEMS_MAX 1000

void
auditor_fail(
    struct auditor *auditor, const char *check, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	auditor->options.fail(auditor->options.arg, check, text);
	unreachable("who is told of a failure doesn't return");
}

void
auditor_reading(struct auditor *auditor, bool begins)
{
	auditor->options.reads(auditor->options.arg, begins);
}

struct count *
auditor_count(struct auditor *auditor, struct map *map, struct str name)
{
	struct count *count = map_find(map, name);

	if (count == NULL) {
		count = ARENA_NEW(auditor->arena, struct count);
		map_put(map, name, count);
	}
	return count;
}

struct auditor *
auditor_new(const struct auditor_options *options)
{
	struct auditor *auditor = calloc(1, sizeof(*auditor));

	must(auditor != NULL);
	auditor->options = *options;
	auditor->arena = arena_new();
	auditor->scratch = arena_new();
	auditor->lives = map_new();
	auditor->lives_of = map_new();
	auditor->ids = map_new();
	auditor->effects = map_new();
	auditor->latest = map_new();
	auditor->refs = map_new();
	auditor->keys = map_new();
	auditor->starts = map_new();
	auditor->unders = map_new();
	auditor->events = map_new();
	auditor->news = map_new();
	auditor->certified = map_new();
	auditor->versions = map_new();
	return auditor;
}

void
auditor_free(struct auditor **freed)
{
	struct auditor *auditor = *freed;
	size_t cursor = 0;
	struct str key;
	void *life;

	while (map_next(auditor->lives, &cursor, &key, &life))
		auditor_life_free(life);
	map_free(&auditor->lives);
	map_free(&auditor->lives_of);
	map_free(&auditor->ids);
	map_free(&auditor->effects);
	map_free(&auditor->latest);
	map_free(&auditor->refs);
	map_free(&auditor->keys);
	map_free(&auditor->starts);
	map_free(&auditor->unders);
	map_free(&auditor->events);
	map_free(&auditor->news);
	map_free(&auditor->certified);
	map_free(&auditor->versions);
	arena_free(&auditor->scratch);
	arena_free(&auditor->arena);
	free(auditor);
	*freed = NULL;
}

/* ---- what was durable is durable ---- */

struct seen {
	struct auditor *auditor;
	const struct life *life;
	bool is_there;
};

static bool
seen_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct seen *seen = arg;

	(void)number;
	seen->is_there = record->seq == seen->life->head.seq &&
			 digest_equal(record->hash, seen->life->head.hash);
	return false;
}

static void
check_is_there(struct auditor *auditor, struct life *life)
{
	struct seen seen = {.auditor = auditor, .life = life};

	if (life->head.seq == 0)
		return;
	must(store_each_record(auditor->store, life->number, life->head.seq,
		 seen_cb, &seen) == STORE_OK);
	CHECK(auditor, seen.is_there, "what was durable is gone",
	    "%llu (%.*s): its record %llu is not there any more",
	    (unsigned long long)life->number, STR_ARG(life->k),
	    (unsigned long long)life->head.seq);
}

void
auditor_open(struct auditor *auditor, struct store *store)
{
	size_t cursor = 0;
	struct str key;
	void *life;

	auditor->store = store;
	while (map_next(auditor->lives, &cursor, &key, &life))
		check_is_there(auditor, life);
	auditor_look_again(auditor);
}

void
auditor_tidy(struct auditor *auditor)
{
	arena_reset(auditor->scratch);
}

void
auditor_close(struct auditor *auditor)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	auditor->store = NULL;
	while (map_next(auditor->lives, &cursor, &key, &value)) {
		struct life *life = value;

		map_free(&life->intents);
		life->intents = map_new();
	}
}

/* ---- starts ---- */

static struct str
under_name(struct auditor *auditor, int64_t under)
{
	return arena_strf(auditor->scratch, "%lld", (long long)under);
}

bool
auditor_may_ask_under(struct auditor *auditor, int64_t number, struct str k)
{
	struct str name = under_name(auditor, number);
	struct under *under = map_find(auditor->unders, name);
	int64_t age_ms;

	if (under == NULL) {
		under = ARENA_NEW(auditor->arena, struct under);
		under->asked_ms = *auditor->options.now_ms;
		under->k = arena_str(auditor->arena, k);
		map_put(auditor->unders, name, under);
	}
	age_ms = *auditor->options.now_ms - under->asked_ms;
	return age_ms >= 0 && age_ms < UNDER_MS;
}

static void
check_under(struct auditor *auditor, const struct auditor_start *start)
{
	struct under *under =
	    map_find(auditor->unders, under_name(auditor, start->under));

	must(under != NULL);
	if (!under->is_acknowledged) {
		under->is_acknowledged = true;
		under->k = arena_str(auditor->arena, start->k);
		under->items = start->items;
		under->was_created = start->was_created;
		under->instance = start->instance;
		return;
	}
	CHECK(auditor,
	    under->instance == start->instance &&
		under->was_created == start->was_created &&
		under->items == start->items &&
		str_equal(under->k, start->k),
	    "Idempotency-Key forgotten",
	    "under the key I%lld %.*s was answered %llu (%s) first, then "
	    "%.*s %llu (%s)",
	    (long long)start->under, STR_ARG(under->k),
	    (unsigned long long)under->instance,
	    under->was_created ? "created" : "found", STR_ARG(start->k),
	    (unsigned long long)start->instance,
	    start->was_created ? "created" : "found");
}

void
auditor_start_acknowledged(
    struct auditor *auditor, const struct auditor_start *start)
{
	struct life *life = auditor_life(auditor, start->instance);
	struct start *known = map_find(auditor->starts, start->k);

	CHECK(auditor, life != NULL && life->began,
	    "acknowledged before durable",
	    "%.*s was acknowledged as %llu, which is not durable",
	    STR_ARG(start->k), (unsigned long long)start->instance);
	CHECK(auditor, str_equal(life->k, start->k), "another's instance",
	    "%.*s was acknowledged as %.*s", STR_ARG(start->k),
	    STR_ARG(life->k));
	CHECK(auditor,
	    !start->was_created || life->version >= start->version_min ||
		start->under != 0,
	    "an old version", "%.*s began on version %lld, and %lld had been "
	    "published", STR_ARG(start->k), (long long)life->version,
	    (long long)start->version_min);
	if (start->under != 0)
		check_under(auditor, start);
	if (known == NULL) {
		known = ARENA_NEW(auditor->arena, struct start);
		known->items = start->items;
		known->instance = start->instance;
		map_put(auditor->starts, start->k, known);
		return;
	}
	CHECK(auditor, known->instance == start->instance, "started twice",
	    "%.*s was given %llu, then %llu", STR_ARG(start->k),
	    (unsigned long long)known->instance,
	    (unsigned long long)start->instance);
	CHECK(auditor, known->items == start->items, "conflict overlooked",
	    "%.*s was found for another input", STR_ARG(start->k));
}

void
auditor_start_refused(struct auditor *auditor, struct str k, int64_t items,
    int64_t number, const char *how)
{
	const struct start *known = map_find(auditor->starts, k);
	const struct under *under =
	    number == 0 ? NULL
			: map_find(auditor->unders,
			      under_name(auditor, number));
	const struct life *life = map_find(auditor->lives_of, k);

	/* A key is known for ever; what it was started with may have gone. */
	if (life != NULL && life->kept_ms > 0)
		auditor_look(auditor);
	CHECK(auditor,
	    known == NULL || known->items != items || under != NULL ||
		(life != NULL && (life->is_purged || life->erased_ms != 0)),
	    "refused after all", "%.*s was acknowledged, and now refused: %s",
	    STR_ARG(k), how);
}

/* ---- events ---- */

static struct str
event_name(struct auditor *auditor, int64_t id)
{
	return arena_strf(auditor->scratch, "s%lld", (long long)id);
}

/* An identity stands for one event: the first that it was used for. */
bool
auditor_may_tell(struct auditor *auditor, const struct auditor_event *event)
{
	struct str name = event_name(auditor, event->id);
	struct told_event *told = map_find(auditor->events, name);
	int64_t age_ms;

	if (told == NULL) {
		told = ARENA_NEW(auditor->arena, struct told_event);
		told->type = arena_str(auditor->arena, event->type);
		told->subject = arena_str(auditor->arena, event->subject);
		told->id = arena_str(auditor->arena, name);
		told->told_ms = *auditor->options.now_ms;
		map_put(auditor->events, name, told);
	}
	age_ms = *auditor->options.now_ms - told->told_ms;
	return age_ms >= 0 && age_ms < EVENT_MS &&
	       str_equal(told->type, event->type) &&
	       str_equal(told->subject, event->subject);
}

/* Whom an event is for, as far as that is durable. */
static struct life *
receiver_of(struct auditor *auditor, const struct told_event *told)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	if (!str_equal(told->type, STR("news")))
		return auditor_life_of(auditor, told->subject);
	while (map_next(auditor->lives, &cursor, &key, &value))
		auditor_read(auditor, value);
	return map_find(auditor->news, told->subject);
}

static bool
waits_for(const struct life *life, const struct told_event *told)
{
	return life != NULL && life->ended_ms == 0 &&
	       (!str_equal(told->type, STR("news")) ||
		   str_equal(life->news, told->subject));
}

static bool
has_received(const struct life *life, const struct told_event *told)
{
	return life != NULL && map_find(life->events, told->id) != NULL;
}

static enum store_error
find_event(struct auditor *auditor, const struct told_event *told,
    struct store_event *row)
{
	enum store_error error;

	auditor_reading(auditor, true);
	error = store_find_event(
	    auditor->store, auditor->scratch, STR("/sim"), told->id, row);
	auditor_reading(auditor, false);
	return error;
}

void
auditor_event_acknowledged(struct auditor *auditor,
    const struct auditor_event *event, struct str fate)
{
	struct told_event *told =
	    map_find(auditor->events, event_name(auditor, event->id));
	struct store_event row;

	must(told != NULL);
	CHECK(auditor, find_event(auditor, told, &row) == STORE_OK,
	    "an event was lost", "%.*s was acknowledged and is not there",
	    STR_ARG(told->id));
	told->is_acknowledged = true;
	if (str_equal(fate, STR("held")))
		told->held_until_ms = row.expires_ms;
	if (str_equal(fate, STR("matched")))
		CHECK(auditor, has_received(receiver_of(auditor, told), told),
		    "an event was lost",
		    "%.*s for %.*s is said to be matched, and was received "
		    "by nobody",
		    STR_ARG(told->id), STR_ARG(told->subject));
}

/* ---- acts ---- */

void
auditor_act_acknowledged(struct auditor *auditor, uint64_t instance,
    const struct auditor_act *act)
{
	struct life *life = auditor_life(auditor, instance);
	struct count *count;

	CHECK(auditor, life != NULL, "acknowledged before durable",
	    "an act on %llu", (unsigned long long)instance);
	count = map_find(life->acts, arena_strf(auditor->scratch, "%s %.*s",
					 act->kind, STR_ARG(act->actor)));
	CHECK(auditor, count != NULL, "acknowledged before durable",
	    "%.*s: %s by %.*s was acknowledged", STR_ARG(life->k), act->kind,
	    STR_ARG(act->actor));
	CHECK(auditor,
	    count->n == 1 || strcmp(act->kind, "incident-resolved") == 0,
	    "an act came twice", "%.*s: %s by %.*s", STR_ARG(life->k),
	    act->kind, STR_ARG(act->actor));
	CHECK(auditor,
	    !act->undoes || strcmp(act->kind, "cancelled") != 0 ||
		map_find(life->acts, arena_strf(auditor->scratch,
					 "undoing %.*s",
					 STR_ARG(act->actor))) != NULL,
	    "not to be undone", "%.*s: history says that %.*s asked for less",
	    STR_ARG(life->k), STR_ARG(act->actor));
}

/* ---- people who look ---- */

uint64_t
auditor_find(struct auditor *auditor, struct str k)
{
	const struct life *life = auditor_life_of(auditor, k);

	return life == NULL ? 0 : life->number;
}

struct str
auditor_news(struct auditor *auditor, struct str k)
{
	size_t cursor = 0;
	struct str name;
	void *value;

	/* The endpoint knows it before the engine does. */
	while (map_next(auditor->effects, &cursor, &name, &value)) {
		const struct effect *effect = value;

		if (str_equal(effect->k, k) && effect->ref[0] != 0)
			return str_of(effect->ref);
	}
	return (struct str){NULL, 0};
}

static const struct opened *
find_opened(struct auditor *auditor, const struct auditor_incident *incident)
{
	const struct life *life = auditor_life(auditor, incident->instance);
	const struct opened *opened = life->opened;
	size_t rank = incident->rank;

	for (; opened != NULL; opened = opened->next)
		if (str_equal(opened->kind, incident->kind) &&
		    str_equal(opened->step, incident->step) && rank-- == 0)
			return opened;
	return NULL;
}

static struct side *
side_in_doubt(struct auditor *auditor, const struct auditor_incident *incident,
    struct effect **effect)
{
	const struct opened *opened = find_opened(auditor, incident);
	const struct life *life = auditor_life(auditor, incident->instance);
	bool is_undo = str_find(incident->message, STR("desk.un")) != SIZE_MAX;

	CHECK(auditor, opened != NULL, "an incident without a record",
	    "%.*s: %.*s at %.*s", STR_ARG(life->k), STR_ARG(incident->kind),
	    STR_ARG(incident->step));
	*effect = is_undo && opened->undoing
		      ? opened->undoing
		      : auditor_latest(auditor, life->k, incident->step,
			    opened->item);
	return *effect ? &(*effect)->sides[is_undo ? UNDOING : DOING] : NULL;
}

enum auditor_advice
auditor_advise(struct auditor *auditor,
    const struct auditor_incident *incident, struct str *ref)
{
	struct effect *effect;
	const struct side *side;

	if (str_equal(incident->kind, STR("compensation-failed")))
		return ADVICE_RETRY;
	if (str_equal(incident->kind, STR("step-failed")))
		return incident->step.bytes > 0 && (incident->step.at[0] == 'c')
			   ? ADVICE_RETRY
			   : ADVICE_SKIP;
	if (!str_equal(incident->kind, STR("outcome-unknown")))
		return ADVICE_SKIP;
	side = side_in_doubt(auditor, incident, &effect);
	if (side == NULL || side->times == 0)
		return ADVICE_RETRY;
	*ref = str_of(effect->ref);
	return ADVICE_SUPPLY;
}

void
auditor_let_repeat(
    struct auditor *auditor, const struct auditor_incident *incident)
{
	struct effect *effect;
	struct side *side;

	if (!str_equal(incident->kind, STR("outcome-unknown")))
		return;
	side = side_in_doubt(auditor, incident, &effect);
	if (side != NULL && side->times == 0)
		side->known = SIDE_CLEAR;
}

/* ---- at rest ---- */

/* In some workflows it counts only at its moment: where nobody waits for it
 * then, it is over, or held for others. */
static bool
is_momentary(const struct told_event *told)
{
	return str_equal(told->type, STR("e4"));
}

static void
check_event(struct auditor *auditor, struct told_event *told)
{
	struct life *life = receiver_of(auditor, told);
	bool is_received = has_received(life, told);
	bool is_old =
	    *auditor->options.now_ms - told->told_ms >= EVENT_MS;
	struct store_event row;
	bool is_there = find_event(auditor, told, &row) == STORE_OK;

	CHECK(auditor, is_there || is_old || !told->is_acknowledged,
	    "an event was lost", "%.*s was acknowledged and is not there",
	    STR_ARG(told->id));
	if (!is_there)
		return;
	/* It goes with what it was for, come or not. */
	if (row.subject.at == NULL) {
		CHECK(auditor, life != NULL && life->erased_ms != 0,
		    "an event was lost", "%.*s for %.*s is empty, and nobody "
		    "asked for that", STR_ARG(told->id),
		    STR_ARG(told->subject));
		CHECK(auditor, is_received ||
			life->erased_ms + BACK_MS >= told->held_until_ms,
		    "an event was lost", "%.*s for %.*s is empty, and another "
		    "could have taken it yet", STR_ARG(told->id),
		    STR_ARG(told->subject));
		return;
	}
	if (row.status == EVENT_MATCHED || row.status == EVENT_REPLAYED)
		CHECK(auditor, is_received || is_momentary(told),
		    "an event was lost",
		    "%.*s for %.*s has been delivered, and was received by "
		    "nobody",
		    STR_ARG(told->id), STR_ARG(told->subject));
	else
		CHECK(auditor, !is_received, "an event will come twice",
		    "%.*s for %.*s was received, and is kept as if not",
		    STR_ARG(told->id), STR_ARG(told->subject));
	CHECK(auditor, row.status != EVENT_HELD || !waits_for(life, told) ||
		is_momentary(told),
	    "a held event was not delivered",
	    "%.*s is held, and %.*s waits for it", STR_ARG(told->id),
	    STR_ARG(life->k));
}

static void
due_cb(uint64_t number, int64_t due_ms, void *arg)
{
	struct auditor *auditor = arg;
	const struct life *life = map_find(auditor->lives, MAP_KEY_OF(&number));

	FAIL(auditor, "not fired", "%.*s was due %lld ms ago, and nothing came",
	    STR_ARG(life ? life->k : STR("?")),
	    (long long)(*auditor->options.now_ms - due_ms));
}

struct owned {
	bool is_owned;
};

static bool
owned_cb(const struct store_item *item, void *arg)
{
	(void)item;
	((struct owned *)arg)->is_owned = true;
	return false;
}

static bool
has_item(struct auditor *auditor, uint64_t number)
{
	static const enum store_item_kind kinds[] = {
	    ITEM_TASK, ITEM_INCIDENT, ITEM_ESCALATION};
	struct owned owned = {false};

	for (size_t i = 0; i < 3 && !owned.is_owned; i++) {
		struct store_item_filter filter = {.kind = kinds[i],
		    .open = 1,
		    .instance = number,
		    .limit = 1};

		must(store_list_items(auditor->store, &filter, owned_cb,
			 &owned) == STORE_OK);
	}
	return owned.is_owned;
}

/* It has ended, or something will come, or somebody has it.  One that waits for
 * a call has another name: nothing but an answer lets it go on. */
static void
check_owner(struct auditor *auditor, const struct life *life,
    const struct store_instance *row)
{
	CHECK(auditor,
	    row->ended_ms != 0 || row->due_ms != 0 ||
		life->children_open > 0 ||
		(row->busy && auditor->has_calls_waiting) ||
		str_equal(row->status, STR("suspended")) ||
		has_item(auditor, life->number),
	    row->busy ? "nothing is under way" : "nobody has it",
	    "%.*s is %.*s in %.*s, nothing is due and nobody was asked",
	    STR_ARG(life->k), STR_ARG(row->status), STR_ARG(row->state));
}

/* Where it can be sent such an event at all. */
static bool
hears(struct auditor *auditor, const struct life *life, struct str type,
    struct str subject)
{
	return !auditor->options.has_event(auditor->options.arg,
		   life->workflow, life->version, type) ||
	       store_find_subscription(
		   auditor->store, subject, life->number) == STORE_OK;
}

/* What is sent to it finds it, whether anything is or not. */
static void
check_hearing(struct auditor *auditor, const struct life *life)
{
	if (!life->began || life->ended_ms != 0)
		return;
	CHECK(auditor, hears(auditor, life, STR("e1"), life->k),
	    "an event would be lost",
	    "what is sent to %.*s would not find it", STR_ARG(life->k));
	CHECK(auditor,
	    life->news.at == NULL ||
		hears(auditor, life, STR("news"), life->news),
	    "an event would be lost", "news %.*s would not find %.*s",
	    STR_ARG(life->news), STR_ARG(life->k));
}

/* A child's end is told to its parent in the same commit. */
static void
check_children(struct auditor *auditor, const struct life *life)
{
	size_t cursor = 0;
	struct str id;
	void *value;

	if (life->ended_ms != 0)
		return;
	while (map_next(life->children, &cursor, &id, &value)) {
		const struct life *child = map_find(auditor->ids, id);

		CHECK(auditor,
		    ((struct count *)value)->n == 0 || child == NULL ||
			child->ended_ms == 0,
		    "a child's end was lost",
		    "%.*s has ended, and %.*s waits for it", STR_ARG(child->k),
		    STR_ARG(life->k));
	}
}

/* By its end; a person may have settled that it stays. */
static bool
owes_undoing(const struct life *life)
{
	if (str_equal(life->status, STR("failure")))
		return str_equal(life->state, STR("undone"));
	return str_equal(life->status, STR("cancelled")) &&
	       life->is_to_be_undone && !life->is_given_up;
}

static void
check_life(struct auditor *auditor, struct life *life)
{
	struct store_instance row;

	auditor_read(auditor, life);
	must(store_find_instance(auditor->store, auditor->scratch,
		 life->number, &row) == STORE_OK);
	CHECK(auditor,
	    row.head.seq == life->head.seq &&
		digest_equal(row.head.hash, life->head.hash),
	    "history is not whole",
	    "%.*s: its history has %llu records, its head says %llu",
	    STR_ARG(life->k), (unsigned long long)life->head.seq,
	    (unsigned long long)row.head.seq);
	CHECK(auditor, row.version == life->version, "another version",
	    "%.*s is on version %lld, and history says %lld",
	    STR_ARG(life->k), (long long)row.version,
	    (long long)life->version);
	CHECK(auditor, (row.ended_ms != 0) == (life->ended_ms != 0),
	    "history is not whole", "%.*s: history does not tell of its end",
	    STR_ARG(life->k));
	CHECK(auditor,
	    life->ended_ms == 0 || life->depth == 0 || !owes_undoing(life),
	    "not undone", "%.*s ended, and %s was not undone",
	    STR_ARG(life->k), life->stack[life->depth - 1].effect->ref);
	check_owner(auditor, life, &row);
	check_hearing(auditor, life);
}

static void
check_starts(struct auditor *auditor)
{
	size_t cursor = 0;
	struct str k;
	void *value;

	while (map_next(auditor->starts, &cursor, &k, &value)) {
		const struct start *start = value;
		const struct life *life = map_find(auditor->lives_of, k);

		CHECK(auditor, life && life->number == start->instance,
		    "a start was lost", "%.*s was acknowledged as %llu",
		    STR_ARG(k), (unsigned long long)start->instance);
	}
}

void
auditor_check_rest(struct auditor *auditor, bool has_calls_waiting)
{
	struct store_due_range range = {
	    .until_ms = *auditor->options.now_ms, .limit = 1};
	size_t cursor = 0;
	struct str key;
	void *value;

	auditor->has_calls_waiting = has_calls_waiting;
	auditor_look(auditor);
	auditor_reading(auditor, true);
	check_starts(auditor);
	while (map_next(auditor->lives, &cursor, &key, &value))
		check_life(auditor, value);
	for (cursor = 0; map_next(auditor->lives, &cursor, &key, &value);)
		check_children(auditor, value);
	for (cursor = 0; map_next(auditor->events, &cursor, &key, &value);)
		check_event(auditor, value);
	must(store_each_due(auditor->store, &range, due_cb, auditor) ==
	     STORE_OK);
	auditor_reading(auditor, false);
}

/* ---- what is started by time ---- */

/* Months since the year 0, of "sweep:2025-12-01T00:00:00Z"; -1: of another. */
static int64_t
month_of(struct str k)
{
	int64_t year, month;

	if (!str_has_prefix(k, STR("sweep:")) ||
	    !str_parse_int(str_slice(k, 6, 4), 0, 9999, &year) ||
	    !str_parse_int(str_slice(k, 11, 2), 1, 12, &month))
		return -1;
	return year * 12 + month - 1;
}

static int64_t
month_of_now(struct auditor *auditor)
{
	char text[CLOCK_TEXT_BYTES];

	return month_of(arena_strf(auditor->scratch, "sweep:%.*s",
	    STR_ARG(clock_format(*auditor->options.now_ms, text))));
}

/* None is left out up to now: that none came twice their names tell. */
static void
check_months(struct auditor *auditor)
{
	size_t cursor = 0;
	int64_t first = INT64_MAX, last = -1, count = 0;
	struct str k;
	void *life;

	while (map_next(auditor->lives_of, &cursor, &k, &life)) {
		int64_t month = month_of(k);

		if (month < 0)
			continue;
		count++;
		first = month < first ? month : first;
		last = month > last ? month : last;
	}
	CHECK(auditor,
	    count == 0 || (count == last - first + 1 &&
			      last >= month_of_now(auditor)),
	    "not started by time",
	    "%lld sweeps from month %lld to %lld, and now it is %lld",
	    (long long)count, (long long)first, (long long)last,
	    (long long)month_of_now(auditor));
}

/* ---- the end ---- */

static void
check_effect(struct auditor *auditor, const struct effect *effect)
{
	CHECK(auditor,
	    effect->sides[UNDOING].times <= effect->sides[DOING].times,
	    "undone, not done", "%.*s of %.*s", STR_ARG(effect->at),
	    STR_ARG(effect->k));
}

void
auditor_check_end(struct auditor *auditor)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	auditor_check_rest(auditor, false);
	while (map_next(auditor->lives, &cursor, &key, &value)) {
		const struct life *life = value;

		CHECK(auditor, life->ended_ms != 0, "it reaches no end",
		    "%.*s", STR_ARG(life->k));
	}
	for (cursor = 0; map_next(auditor->effects, &cursor, &key, &value);)
		check_effect(auditor, value);
	check_months(auditor);
}

int64_t
auditor_lived_ms(const struct auditor *auditor)
{
	size_t cursor = 0;
	struct str key;
	void *value;
	int64_t sum_ms = 0;

	while (map_next(auditor->lives, &cursor, &key, &value)) {
		const struct life *life = value;

		if (life->ended_ms > life->began_ms)
			sum_ms += life->ended_ms - life->began_ms;
	}
	return sum_ms;
}

size_t
auditor_instances(const struct auditor *auditor)
{
	return map_count(auditor->lives);
}

void
auditor_add_heads(struct auditor *auditor, struct buf *out)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	while (map_next(auditor->lives, &cursor, &key, &value)) {
		const struct life *life = value;
		char hex[DIGEST_HEX_BYTES];

		buf_addf(out, "%.*s %llu %.*s\n", STR_ARG(life->k),
		    (unsigned long long)life->head.seq,
		    STR_ARG(digest_hex(life->head.hash, hex)));
	}
}
