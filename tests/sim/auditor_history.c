/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditor_history.c: histories, read as they grow, and what they say held
 * against each other: a record that was seen once is there for ever.
 */
#include "auditor_priv.h"

#include "stated/clock.h"

#include <stdlib.h>

#define DAY_MS (24 * 3600 * 1000LL)

struct reading {
	struct auditor *auditor;
	struct life *life;
	const struct value *record;
	int64_t time_ms;
};

static struct str
text_of(const struct reading *reading, const char *name)
{
	return value_field_str(reading->record, name);
}

static int64_t
int_of(const struct reading *reading, const char *name)
{
	struct buf text = {0};
	int64_t n = 0;

	json_write(value_field_or_null(reading->record, name), JSON_PLAIN,
	    &text);
	if (!str_parse_int(buf_str(&text), 0, INT64_MAX, &n))
		n = 0;
	buf_fini(&text);
	return n;
}

static int64_t
instant_of(const struct reading *reading, const char *name)
{
	int64_t instant_ms = 0;

	return clock_parse(text_of(reading, name), &instant_ms) ? instant_ms
								 : 0;
}

/* A text for as long as the play lasts. */
static struct str
keep(const struct reading *reading, const char *name)
{
	return arena_str(reading->auditor->arena, text_of(reading, name));
}

#define REQUIRE(reading, holds, check, format, ...)                            \
	CHECK((reading)->auditor, holds, check, "%.*s, record %llu: " format,  \
	    STR_ARG((reading)->life->k),                                       \
	    (unsigned long long)(reading)->life->head.seq, __VA_ARGS__)

/* ---- life and death ---- */

static void
read_started(struct reading *reading)
{
	REQUIRE(reading, !reading->life->began, "started twice", "%s",
	    "it has begun before");
	reading->life->began = true;
	map_put(reading->auditor->ids, text_of(reading, "instance"),
	    reading->life);
	reading->life->began_ms = reading->time_ms;
	reading->life->id = keep(reading, "instance");
	reading->life->workflow = keep(reading, "workflow");
	reading->life->business_key = keep(reading, "business_key");
	reading->life->version = int_of(reading, "version");
}

/* The version that it leaves is the one that it was on. */
static void
read_migrated(struct reading *reading)
{
	struct life *life = reading->life;

	REQUIRE(reading, life->version == int_of(reading, "from_version"),
	    "another version", "it leaves version %lld, and was on %lld",
	    (long long)int_of(reading, "from_version"),
	    (long long)life->version);
	life->version = int_of(reading, "to_version");
	life->moves++;
}

static void
read_erased(struct reading *reading)
{
	struct life *life = reading->life;

	REQUIRE(reading, life->ended_ms != 0, "erased too early", "%s",
	    "it has not ended");
	REQUIRE(reading, !auditor_is_held(reading->auditor, life, true),
	    "erased under a hold", "%s", "a hold is over it");
	life->erased_ms = reading->time_ms;
}

static bool
event_is_settled(struct life *life, struct str *id)
{
	size_t cursor = 0;
	void *count;

	while (map_next(life->events, &cursor, id, &count))
		if (((struct count *)count)->n < 2)
			return false;
	return true;
}

static void
read_ended(struct reading *reading)
{
	struct life *life = reading->life;
	struct str id = STR("");

	REQUIRE(reading, life->ended_ms == 0, "ended twice", "%s",
	    "it has ended before");
	life->ended_ms = reading->time_ms;
	life->status = arena_str(
	    reading->auditor->arena, text_of(reading, "outcome"));
	life->state =
	    arena_str(reading->auditor->arena, text_of(reading, "state"));
	REQUIRE(reading, event_is_settled(life, &id), "an event was dropped",
	    "it took the event %.*s, and tells nothing of it", STR_ARG(id));
}

/* ---- calls ---- */

/* Nothing leaves a state for the second time that has not entered it anew, or
 * been called back by an event. */
static void
check_leaving(struct reading *reading, const struct auditor_call *call)
{
	struct life *life = reading->life;
	struct str name = arena_strf(reading->auditor->scratch, "%.*s %lld",
	    STR_ARG(call->at), (long long)call->i);
	struct leaving *leaving = map_find(life->leavings, name);

	if (leaving == NULL) {
		leaving = ARENA_NEW(reading->auditor->arena, struct leaving);
		map_put(life->leavings, name, leaving);
	} else if (call->v <= leaving->nth) {
		return; /* also what is undone, or asked about */
	}
	REQUIRE(reading, leaving->nth == 0 || leaving->moves < life->moves,
	    "left twice", "%.*s is done again, and nothing was entered since",
	    STR_ARG(call->at));
	*leaving = (struct leaving){.nth = call->v, .moves = life->moves};
}

static void
read_call_sent(struct reading *reading)
{
	struct auditor *auditor = reading->auditor;
	struct str operation = text_of(reading, "operation"), name;
	struct auditor_call call = {.v = 0};
	struct count *intent;

	(void)str_split(operation, '.', &name);
	REQUIRE(reading, auditor_operation_parse(name, &call.operation),
	    "strange call", "%.*s", STR_ARG(operation));
	if (call.operation == OPERATION_PAGE)
		return;
	REQUIRE(reading,
	    auditor_body_parse(auditor->scratch,
		value_field_or_null(
		    value_field_or_null(reading->record, "request"), "body"),
		&call),
	    "strange call", "%.*s has no such body", STR_ARG(operation));
	if (str_find(call.at, STR("o")) != SIZE_MAX)
		check_leaving(reading, &call);
	intent = auditor_count(auditor, reading->life->intents,
	    auditor_call_name(auditor->scratch, &call));
	intent->n++;
	intent->at_ms = reading->time_ms;
	/* It is the step's latest from now on, even if it never leaves. */
	if (call.operation <= OPERATION_UNONCE)
		(void)auditor_effect_of(auditor, &call);
}

static void
push(struct reading *reading, struct effect *effect)
{
	struct life *life = reading->life;

	life->stack = arena_grow(reading->auditor->arena, life->stack,
	    life->depth, &life->capacity, sizeof(*life->stack));
	life->stack[life->depth++] = (struct done){.effect = effect};
}

/* What a step says to have done was done, for it. */
static void
read_ref(struct reading *reading, struct str ref)
{
	struct auditor *auditor = reading->auditor;
	struct effect *effect = map_find(auditor->refs, ref);
	struct str step = text_of(reading, "step");

	REQUIRE(reading, effect != NULL, "done, not done",
	    "%.*s is said to be done as %.*s", STR_ARG(step), STR_ARG(ref));
	REQUIRE(reading,
	    str_equal(effect->at, step) &&
		str_equal(effect->k, reading->life->k) &&
		effect->i == int_of(reading, "item"),
	    "another's answer", "%.*s was given %.*s, which is %.*s of %.*s",
	    STR_ARG(step), STR_ARG(ref), STR_ARG(effect->at),
	    STR_ARG(effect->k));
	effect->sides[DOING].known = SIDE_DONE; /* a person may have said so */
	if (str_has_suffix(step, STR("u")))
		push(reading, effect);
}

static void
read_news(struct reading *reading, struct str ref)
{
	reading->life->news = arena_str(reading->auditor->arena, ref);
	map_put(reading->auditor->news, ref, reading->life);
}

static void
settle_event(struct reading *reading, struct str id)
{
	struct count *count = map_find(reading->life->events, id);

	if (count != NULL)
		count->n = 2;
}

/* The results of a loop stand in the order of its items. */
static void
read_results(struct reading *reading, const struct value *results)
{
	if (results->type != VALUE_LIST)
		return;
	for (size_t i = 0; i < results->as.list.count; i++) {
		struct str ref = value_field_str(results->as.list.items[i], "r");
		const struct effect *effect =
		    map_find(reading->auditor->refs, ref);

		REQUIRE(reading,
		    effect == NULL || effect->i == (int64_t)i + 1,
		    "results out of order",
		    "item %zu of %.*s has the result of item %lld", i + 1,
		    STR_ARG(text_of(reading, "step")), (long long)effect->i);
	}
}

/* A step that does not wait for its child is through by the child's start. */
static void
read_run_done(struct reading *reading, const struct value *assigned)
{
	struct life *life = reading->life;

	if (assigned->type != VALUE_CONTEXT)
		return;
	for (size_t i = 0; i < assigned->as.context.count; i++) {
		struct str id = value_str(assigned->as.context.fields[i].value);
		struct count *count =
		    id.at ? map_find(life->children, id) : NULL;

		if (count != NULL && count->n > 0 &&
		    !str_equal(id, life->child_ended) && --count->n == 0)
			life->children_open--;
	}
	life->child_ended = (struct str){NULL, 0};
}

static void
read_step_done(struct reading *reading)
{
	const struct value *assigned =
	    value_field_or_null(reading->record, "assigned");
	struct str step = text_of(reading, "step");
	struct str ref = {NULL, 0};

	settle_event(reading, value_field_str(assigned, "seen"));
	if (str_has_prefix(step, STR("l")) &&
	    str_find(step, STR(".")) == SIZE_MAX)
		read_results(reading,
		    value_field_or_null(assigned,
			arena_cstr(reading->auditor->scratch, step)));
	if (str_has_prefix(step, STR("x")))
		read_run_done(reading, assigned);
	if (!str_has_prefix(step, STR("c")) ||
	    assigned->type != VALUE_CONTEXT)
		return;
	for (size_t i = 0; i < assigned->as.context.count; i++) {
		const struct value_field *field =
		    &assigned->as.context.fields[i];

		if (str_equal(field->key, STR("news")))
			read_news(reading, value_str(field->value));
		else if (str_has_prefix(value_str(field->value), STR("R")))
			ref = value_str(field->value);
	}
	if (ref.at != NULL)
		read_ref(reading, ref);
}

/* A step that failed for sure was not done.  Where the engine was told that it
 * was, another entry's is meant, of which nothing was ever sent. */
static void
read_step_failed(struct reading *reading)
{
	struct str step = text_of(reading, "step");
	const struct value *error =
	    value_field_or_null(reading->record, "error");
	struct effect *effect;

	if (!str_has_prefix(step, STR("c")))
		return;
	effect = auditor_latest(reading->auditor, reading->life->k, step,
	    int_of(reading, "item"));
	if (effect == NULL || effect->sides[DOING].known == SIDE_DONE ||
	    !str_equal(value_field_str(error, "outcome"),
		STR("not-done")))
		return;
	REQUIRE(reading, effect->sides[DOING].times == 0, "not done, done",
	    "%.*s is said to have failed, and was done as %s", STR_ARG(step),
	    effect->ref);
}

/* ---- undoing ---- */

static void
read_compensating(struct reading *reading)
{
	struct life *life = reading->life;
	struct str step = text_of(reading, "step");
	struct done *top;

	REQUIRE(reading, life->depth > 0, "undone, not done",
	    "%.*s is to be undone, and nothing is left", STR_ARG(step));
	top = &life->stack[life->depth - 1];
	REQUIRE(reading,
	    str_equal(top->effect->at, step) &&
		top->effect->i == int_of(reading, "item"),
	    "undone out of order",
	    "%.*s (item %lld) is to be undone, but %.*s (item %lld) was done "
	    "after it",
	    STR_ARG(step), (long long)int_of(reading, "item"),
	    STR_ARG(top->effect->at), (long long)top->effect->i);
	top->undoing = true;
}

/* The latest that is being undone. */
static struct done *
find_undoing(struct life *life, struct str step, int64_t item)
{
	for (size_t i = life->depth; i > 0; i--)
		if (life->stack[i - 1].undoing &&
		    str_equal(life->stack[i - 1].effect->at, step) &&
		    life->stack[i - 1].effect->i == item)
			return &life->stack[i - 1];
	return NULL;
}

static void
read_compensated(struct reading *reading)
{
	struct life *life = reading->life;
	struct str step = text_of(reading, "step");
	struct done *done =
	    find_undoing(life, step, int_of(reading, "item"));

	REQUIRE(reading, done != NULL, "undone, not begun",
	    "%.*s is said to be undone", STR_ARG(step));
	REQUIRE(reading, done->effect->sides[UNDOING].times == 1,
	    "undone, not undone", "%.*s is said to be undone, and was not",
	    STR_ARG(step));
	done->effect->sides[UNDOING].known = SIDE_DONE;
	life->depth--;
	memmove(done, done + 1,
	    (size_t)(&life->stack[life->depth] - done) * sizeof(*done));
}

/* ---- time ---- */

static struct str
due_name(struct reading *reading)
{
	return arena_strf(reading->auditor->scratch, "%.*s|%.*s|%.*s",
	    STR_ARG(text_of(reading, "state")),
	    STR_ARG(text_of(reading, "after")),
	    STR_ARG(text_of(reading, "due")));
}

static void
check_due(struct reading *reading)
{
	REQUIRE(reading, reading->time_ms >= instant_of(reading, "due"),
	    "too early", "%.*s was due at %.*s only",
	    STR_ARG(text_of(reading, "kind")),
	    STR_ARG(text_of(reading, "due")));
}

static void
read_deadline_set(struct reading *reading)
{
	auditor_count(
	    reading->auditor, reading->life->dues, due_name(reading))
	    ->n++;
}

static void
fire_once(struct reading *reading, struct str name)
{
	struct count *count =
	    auditor_count(reading->auditor, reading->life->fired, name);

	REQUIRE(reading, count->n == 0, "fired twice", "%.*s",
	    STR_ARG(name));
	count->n++;
}

static void
read_deadline_reached(struct reading *reading)
{
	struct str step = text_of(reading, "step");
	struct count *set;

	check_due(reading);
	if (step.at != NULL) {
		fire_once(reading,
		    arena_strf(reading->auditor->scratch, "%.*s %.*s",
			STR_ARG(step), STR_ARG(text_of(reading, "due"))));
		return;
	}
	set = auditor_count(
	    reading->auditor, reading->life->dues, due_name(reading));
	REQUIRE(reading, set->n > 0, "fired twice",
	    "the deadline %.*s was not set, or has been reached before",
	    STR_ARG(due_name(reading)));
	set->n--;
}

static void
read_escalated(struct reading *reading)
{
	check_due(reading);
	fire_once(reading,
	    arena_strf(reading->auditor->scratch, "%.*s %lld %.*s",
		STR_ARG(text_of(reading, "state")),
		(long long)int_of(reading, "level"),
		STR_ARG(text_of(reading, "due"))));
}

/* ---- events ---- */

static void
read_event_received(struct reading *reading)
{
	struct str id = text_of(reading, "event_id");
	struct count *count =
	    auditor_count(reading->auditor, reading->life->events, id);

	REQUIRE(reading, count->n == 0, "an event came twice",
	    "the event %.*s was received before", STR_ARG(id));
	count->n = 1;
	reading->life->moves++;
}

static void
read_event_told(struct reading *reading)
{
	settle_event(reading, text_of(reading, "event_id"));
}

/* ---- children ---- */

static void
read_child_started(struct reading *reading)
{
	struct life *life = reading->life;
	struct str child = text_of(reading, "child");
	struct count *count =
	    auditor_count(reading->auditor, life->children, child);

	/* Run again after an end that nothing came of. */
	if (str_equal(life->child_ended, child))
		life->child_ended = (struct str){NULL, 0};
	if (count->n++ == 0)
		life->children_open++;
}

static void
read_child_ended(struct reading *reading)
{
	struct count *count;

	if (text_of(reading, "child").at == NULL)
		return; /* it could not be started */
	count = auditor_count(reading->auditor, reading->life->children,
	    text_of(reading, "child"));
	REQUIRE(reading, count->n > 0, "a child ended twice",
	    "%.*s ended more often than it was run",
	    STR_ARG(text_of(reading, "child")));
	reading->life->child_ended =
	    arena_str(reading->auditor->arena, text_of(reading, "child"));
	if (--count->n == 0)
		reading->life->children_open--;
}

/* It goes on without this one, which has only waited for it. */
static void
read_child_left(struct reading *reading)
{
	struct count *count = auditor_count(reading->auditor,
	    reading->life->children, text_of(reading, "child"));

	REQUIRE(reading, count->n > 0, "a child was left twice",
	    "%.*s was left more often than it was run",
	    STR_ARG(text_of(reading, "child")));
	if (--count->n == 0)
		reading->life->children_open--;
}

/* ---- incidents ---- */

static void
read_incident_opened(struct reading *reading)
{
	struct auditor *auditor = reading->auditor;
	struct life *life = reading->life;
	struct opened *opened = ARENA_NEW(auditor->arena, struct opened);
	struct opened **link = &life->opened;

	opened->kind = arena_str(auditor->arena, text_of(reading, "incident"));
	opened->step = arena_str(auditor->arena, text_of(reading, "step"));
	opened->message =
	    arena_str(auditor->arena, text_of(reading, "message"));
	opened->item = int_of(reading, "item");
	for (size_t i = life->depth; i > 0 && opened->undoing == NULL; i--)
		if (life->stack[i - 1].undoing &&
		    str_equal(life->stack[i - 1].effect->at, opened->step))
			opened->undoing = life->stack[i - 1].effect;
	while (*link != NULL)
		link = &(*link)->next;
	*link = opened;
}

static void
read_incident_resolved(struct reading *reading)
{
	struct opened **link = &reading->life->opened;

	if (str_equal(text_of(reading, "how"), STR("cancel")))
		reading->life->is_given_up = true;
	if (str_equal(text_of(reading, "how"), STR("compensate")))
		reading->life->is_to_be_undone = true;
	while (*link != NULL &&
	       !(str_equal((*link)->kind, text_of(reading, "incident")) &&
		   str_equal((*link)->step, text_of(reading, "step")) &&
		   (*link)->item == int_of(reading, "item")))
		link = &(*link)->next;
	if (*link != NULL)
		*link = (*link)->next;
}

static void
note_act(struct reading *reading, struct str kind)
{
	struct str actor = text_of(reading, "actor");

	if (actor.at != NULL)
		auditor_count(reading->auditor, reading->life->acts,
		    arena_strf(reading->auditor->scratch, "%.*s %.*s",
			STR_ARG(kind), STR_ARG(actor)))
		    ->n++;
}

static void
read_cancelled(struct reading *reading)
{
	reading->life->is_to_be_undone =
	    value_is_true(value_field_or_null(reading->record, "compensate"));
	if (reading->life->is_to_be_undone)
		note_act(reading, STR("undoing"));
}

/* A cancel that a transition took has undone what it had to, and the instance
 * lives on. */
static void
read_entered(struct reading *reading)
{
	reading->life->moves++;
	if (str_equal(text_of(reading, "event"), STR("cancel")))
		reading->life->is_to_be_undone = false;
	read_event_told(reading);
}

/* ---- records ---- */

static const struct {
	struct str kind;
	void (*read)(struct reading *reading);
} kinds[] = {
    {STR_INIT("started"), read_started},
    {STR_INIT("ended"), read_ended},
    {STR_INIT("migrated"), read_migrated},
    {STR_INIT("erased"), read_erased},
    {STR_INIT("call-sent"), read_call_sent},
    {STR_INIT("step-done"), read_step_done},
    {STR_INIT("step-failed"), read_step_failed},
    {STR_INIT("compensating"), read_compensating},
    {STR_INIT("compensated"), read_compensated},
    {STR_INIT("deadline-set"), read_deadline_set},
    {STR_INIT("deadline-reached"), read_deadline_reached},
    {STR_INIT("escalated"), read_escalated},
    {STR_INIT("event-received"), read_event_received},
    {STR_INIT("event-ignored"), read_event_told},
    {STR_INIT("entered"), read_entered},
    {STR_INIT("cancelled"), read_cancelled},
    {STR_INIT("child-started"), read_child_started},
    {STR_INIT("child-ended"), read_child_ended},
    {STR_INIT("child-left"), read_child_left},
    {STR_INIT("incident-opened"), read_incident_opened},
    {STR_INIT("incident-resolved"), read_incident_resolved},
};

static bool
record_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct reading *reading = arg;
	struct auditor *auditor = reading->auditor;
	struct json_error error;
	enum audit_fault fault;
	struct str kind;

	CHECK(auditor, record->purged_from == 0, "purged too early",
	    "%llu (%.*s) was purged, and its record %llu has never been seen",
	    (unsigned long long)number, STR_ARG(reading->life->k),
	    (unsigned long long)record->seq);
	fault = audit_verify_next(
	    &reading->life->head, record->canonical, record->hash);
	CHECK(auditor, fault == AUDIT_SOUND, "history is not whole",
	    "%llu (%.*s), record %llu: %.*s", (unsigned long long)number,
	    STR_ARG(reading->life->k), (unsigned long long)record->seq,
	    STR_ARG(audit_fault_name(fault)));
	reading->record =
	    json_read_typed(auditor->scratch, record->canonical, &error);
	must(reading->record != NULL);
	reading->time_ms = instant_of(reading, "time");
	kind = text_of(reading, "kind");
	REQUIRE(reading, reading->life->began || record->seq == 1,
	    "history is not whole", "it does not begin with %s", "its start");
	REQUIRE(reading,
	    str_find(record->canonical,
		auditor_secret(auditor->scratch, reading->life->k)) ==
		SIZE_MAX,
	    "told what is sensitive", "%.*s", STR_ARG(kind));
	auditor->options.sees(
	    auditor->options.arg, reading->life->k, record->canonical);
	note_act(reading, kind);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(kinds[i].kind, kind))
			kinds[i].read(reading);
	return true;
}

void
auditor_read(struct auditor *auditor, struct life *life)
{
	struct reading reading = {.auditor = auditor, .life = life};
	enum store_error error;

	auditor_reading(auditor, true);
	error = store_each_record(auditor->store, life->number,
	    life->head.seq + 1, record_cb, &reading);
	must(error == STORE_OK);
	auditor_reading(auditor, false);
}

/* ---- lives ---- */

static struct life *
life_new(struct auditor *auditor, uint64_t number)
{
	struct life *life = ARENA_NEW(auditor->arena, struct life);

	life->number = number;
	life->intents = map_new();
	life->events = map_new();
	life->dues = map_new();
	life->fired = map_new();
	life->acts = map_new();
	life->children = map_new();
	life->leavings = map_new();
	map_put(auditor->lives, MAP_KEY_OF(&life->number), life);
	return life;
}

void
auditor_life_free(struct life *life)
{
	map_free(&life->intents);
	map_free(&life->events);
	map_free(&life->dues);
	map_free(&life->fired);
	map_free(&life->acts);
	map_free(&life->children);
	map_free(&life->leavings);
}

/* One that was made and has not begun has no name yet. */
static void
give_name(struct auditor *auditor, struct life *life, struct str labels)
{
	struct json_error error;
	const struct value *value = json_read(auditor->scratch, labels, &error);
	int64_t days;

	if (value == NULL)
		return;
	life->k = arena_str(
	    auditor->arena, value_field_str(value, "k"));
	if (str_parse_int(value_field_str(value, "kept"), 1,
		10000, &days))
		life->kept_ms = days * DAY_MS;
	CHECK(auditor, map_put(auditor->lives_of, life->k, life) == NULL,
	    "started twice", "%.*s has two instances", STR_ARG(life->k));
	auditor->nameless--;
}

static void
meet(struct auditor *auditor, uint64_t number)
{
	struct life *life = map_find(auditor->lives, MAP_KEY_OF(&number));
	struct store_instance row;
	enum store_error error;

	if (life != NULL && life->k.at != NULL)
		return;
	auditor_reading(auditor, true);
	error = store_find_instance(
	    auditor->store, auditor->scratch, number, &row);
	auditor_reading(auditor, false);
	if (error != STORE_OK)
		return; /* a number that nobody was given */
	if (life == NULL) {
		life = life_new(auditor, number);
		auditor->nameless++;
	}
	give_name(auditor, life, row.labels);
}

void
auditor_meet(struct auditor *auditor)
{
	uint64_t last = store_last_number(auditor->store);

	for (uint64_t i = 1; auditor->nameless > 0 && i <= last; i++)
		meet(auditor, i);
	while (auditor->number_last < last)
		meet(auditor, ++auditor->number_last);
}

struct life *
auditor_life(struct auditor *auditor, uint64_t number)
{
	struct life *life;

	auditor_meet(auditor);
	life = map_find(auditor->lives, MAP_KEY_OF(&number));
	if (life != NULL)
		auditor_read(auditor, life);
	return life;
}

struct life *
auditor_life_of(struct auditor *auditor, struct str k)
{
	struct life *life;

	auditor_meet(auditor);
	life = map_find(auditor->lives_of, k);
	if (life != NULL)
		auditor_read(auditor, life);
	return life;
}
