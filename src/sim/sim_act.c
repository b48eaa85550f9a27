/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_act.c: acts as values: one table of what may be told.
 *
 * An act is a context with one key of the table.  What is wrong with it is
 * told before anything happens.
 */
#include "sim_priv.h"

#include "stated/clock.h"

enum act_form { TAKES_OBJECT, TAKES_SPAN };

struct act {
	struct str name;
	enum act_form form; /* of what stands after the key */
	bool needs_start;
	bool (*act)(struct sim *sim, const struct value *what,
	    const struct value *line, struct buf *why);
};

/* A name alone holds every role; with `roles`, just these.  Who names a
 * task's role means the role of its approver. */
static struct chart_actor
actor_of(struct sim *sim, const struct value *what)
{
	const struct value *actor = value_field_or_null(what, "actor");
	const struct value *roles = value_get_cstr(actor, "roles");
	struct chart_actor who = {.name = value_str(actor)};
	struct str *names;

	if (actor->type == VALUE_CONTEXT)
		who.name = value_field_str(actor, "name");
	if (roles == NULL || roles->type != VALUE_LIST)
		return who;
	names = ARENA_ARRAY(sim->turn, 2 * roles->as.list.count, struct str);
	for (size_t i = 0; i < roles->as.list.count; i++) {
		struct str role = value_str(roles->as.list.items[i]);

		names[who.role_count++] = role;
		names[who.role_count++] =
		    arena_strf(sim->turn, "approver:%.*s", STR_ARG(role));
	}
	who.roles = names;
	who.roles_checked = true;
	return who;
}

/* ---- start ---- */

static void
tell_errors(const struct schema_errors *errors, struct buf *why)
{
	buf_add_cstr(why, "the input is not valid");
	for (size_t i = 0; i < errors->count; i++) {
		struct schema_error error = errors->items[i];

		buf_addf(why, "%s%.*s%s%.*s", i > 0 ? "; " : ": ",
		    STR_ARG(error.pointer), error.pointer.bytes > 0 ? ": " : "",
		    STR_ARG(error.message));
	}
}

static bool
prepare_start(struct sim *sim, const struct value *input,
    struct chart_start *start, struct buf *why)
{
	struct chart_context context = sim_context(sim);
	struct schema_errors errors = {.arena = sim->turn};
	struct chart_handle key;

	if (sim->chart != NULL) {
		buf_add_cstr(why, "the instance has been started already");
		return false;
	}
	if (sim->definition->input != NULL &&
	    !schema_validate(sim->definition->input, input, &errors)) {
		tell_errors(&errors, why);
		return false;
	}
	if (!chart_business_key(sim->definition, input, &context, &key)) {
		buf_add_cstr(why, "the input gives no business key");
		return false;
	}
	start->business_key = key.text;
	return true;
}

static bool
act_start(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	struct chart_start start = {
	    .definition = sim->definition,
	    .identity = {.number = 1},
	    .input = what,
	    .priority = value_field_str(line, "priority"),
	};
	struct chart_event event = {.kind = EV_STARTED,
	    .actor = actor_of(sim, line),
	    .received_ms = sim->now_ms};

	if (!prepare_start(sim, what, &start, why))
		return false;
	sim->chart = chart_new(&start);
	return sim_step(sim, &event, why);
}

/* ---- events ---- */

static bool
is_expected(struct sim *sim, const struct chart_event *event, struct buf *why)
{
	struct chart_context context = sim_context(sim);

	if (definition_find_event(sim->definition, event->type) == NULL) {
		buf_addf(why,
		    "the workflow declares no event `%.*s` under `events`",
		    STR_ARG(event->type));
		return false;
	}
	if (chart_status_is_end(chart_status(sim->chart))) {
		buf_add_cstr(why, "the instance is over");
		return false;
	}
	if (event->subject.bytes == 0) {
		buf_addf(why,
		    "the instance doesn't wait for `%.*s` yet: what its "
		    "`correlate` gives is no text and no number",
		    STR_ARG(event->type));
		return false;
	}
	if (chart_takes(sim->chart, event->type, event->subject, &context))
		return true;
	buf_addf(why,
	    "the subject `%.*s` is not what this instance waits for: `%.*s` is "
	    "held, or meant for another one",
	    STR_ARG(event->subject), STR_ARG(event->type));
	return false;
}

struct str
sim_subject(struct sim *sim, struct str type, struct arena *arena)
{
	struct chart_context context = sim_context(sim);
	struct str *subjects;
	size_t count;

	must(sim->chart != NULL);
	count = chart_correlations(sim->chart, &context, &subjects);
	for (size_t i = 0; i < count; i++)
		if (chart_takes(sim->chart, type, subjects[i], &context))
			return arena_str(arena, subjects[i]);
	return (struct str){NULL, 0};
}

/* As told: numbers, too, may be what an event is matched by.  Left out, the
 * one that this instance waits for. */
static struct str
subject_of(struct sim *sim, const struct value *what, struct str type)
{
	const struct value *subject = value_get_cstr(what, "subject");
	struct str text;

	if (subject == NULL)
		return sim_subject(sim, type, sim->turn);
	if (subject->type == VALUE_NUMBER &&
	    value_key_text(sim->turn, subject, &text))
		return text;
	return value_str(subject);
}

/* (source, id) is an event's identity: what comes twice does nothing. */
static bool
is_new(struct sim *sim, const struct chart_event *event)
{
	struct str identity = arena_strf(sim->turn, "%.*s\n%.*s",
	    STR_ARG(event->source), STR_ARG(event->id));

	return map_put(sim->seen, identity, sim) == NULL;
}

static bool
act_event(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	struct chart_event event = {
	    .kind = EV_EVENT_RECEIVED,
	    .actor = actor_of(sim, what),
	    .type = value_field_str(what, "type"),
	    .id = value_field_str(what, "id"),
	    .source = value_field_str(what, "source"),
	    .time = value_field_str(what, "time"),
	    .data = value_field_or_null(what, "data"),
	    .received_ms = sim->now_ms,
	};

	(void)line;
	if (event.type.bytes == 0) {
		buf_add_cstr(why, "an event needs a `type`");
		return false;
	}
	event.subject = subject_of(sim, what, event.type);
	if (event.source.at == NULL)
		event.source = STR("simulation");
	if (event.id.at == NULL)
		event.id = arena_strf(sim->turn, "event-%llu",
		    (unsigned long long)++sim->event_count);
	if (!is_expected(sim, &event, why))
		return false;
	if (!is_new(sim, &event)) {
		sim->fate = STR("duplicate");
		return true;
	}
	return sim_step(sim, &event, why);
}

/* ---- replies ---- */

/* More of one reply are told by `always`. */
#define TIMES_MAX 10000

static bool
is_called(struct sim *sim, struct str operation, struct buf *why)
{
	size_t count;
	const struct str *names =
	    sim_operations(sim->definition, sim->turn, &count);
	struct str near;

	if (str_is_among(operation, names, count))
		return true;
	buf_addf(why, "the workflow never calls `%.*s`", STR_ARG(operation));
	near = str_nearest(operation, names, count);
	if (near.at != NULL)
		buf_addf(why, ", did you mean `%.*s`?", STR_ARG(near));
	return false;
}

static void
queue_reply(struct sim *sim, struct str operation, const struct value *reply,
    bool always)
{
	struct sim_reply *queued = ARENA_NEW(sim->arena, struct sim_reply);
	struct sim_reply **end = &sim->replies;

	queued->operation = arena_str(sim->arena, operation);
	queued->reply = value_copy(sim->arena, reply);
	queued->always = always;
	while (*end != NULL)
		end = &(*end)->next;
	*end = queued;
}

/* How often the replies are given; false with *why. */
static bool
find_times(const struct value *line, int64_t *times, struct buf *why)
{
	const struct value *told = value_get_cstr(line, "times");

	*times = 1;
	if (told == NULL || (value_to_int(told, times) && *times >= 1 &&
				*times <= TIMES_MAX))
		return true;
	buf_addf(why, "`times` is a number from 1 to %d", TIMES_MAX);
	return false;
}

/* What was told may be waited for already. */
static bool
goes_on(struct sim *sim, struct buf *why)
{
	return sim->chart == NULL ||
	       (sim_answer(sim, why) && sim_pass(sim, sim->now_ms, why));
}

static bool
act_reply(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	bool always = value_is_true(value_field_or_null(line, "always"));
	int64_t times;

	if (!find_times(line, &times, why))
		return false;
	for (size_t i = 0; i < what->as.context.count; i++)
		if (!is_called(sim, what->as.context.fields[i].key, why) ||
		    !sim_outcome_check(what->as.context.fields[i].value, why))
			return false;
	for (int64_t n = 0; n < times; n++)
		for (size_t i = 0; i < what->as.context.count; i++)
			queue_reply(sim, what->as.context.fields[i].key,
			    what->as.context.fields[i].value, always);
	return goes_on(sim, why);
}

/* ---- children ---- */

static bool
is_run(const struct sim *sim, struct str workflow, struct buf *why)
{
	for (size_t i = 0; i < sim->definition->step_count; i++) {
		const struct def_step *step = sim->definition->steps[i];

		if (step->kind == STEP_RUN &&
		    str_equal(step->workflow, workflow))
			return true;
	}
	buf_addf(why, "the workflow never runs `%.*s`", STR_ARG(workflow));
	return false;
}

static bool
is_ending(const struct value *end, struct buf *why)
{
	struct str outcome = value_field_str(end, "outcome");

	if (end->type == VALUE_CONTEXT &&
	    (str_equal(outcome, def_ending_name(ENDING_SUCCESS)) ||
		str_equal(outcome, def_ending_name(ENDING_FAILURE)) ||
		str_equal(outcome, def_ending_name(ENDING_CANCELLED)) ||
		value_get_cstr(end, "refused") != NULL))
		return sim_form_is_child(end, why);
	buf_add_cstr(why, "a child ends with an `outcome`: success, failure or "
			  "cancelled; or it is `refused`, with the reason");
	return false;
}

static void
queue_ending(struct sim *sim, const struct value_field *field, bool always)
{
	struct sim_ending *queued = ARENA_NEW(sim->arena, struct sim_ending);
	struct sim_ending **end = &sim->endings;

	queued->workflow = arena_str(sim->arena, field->key);
	queued->end = value_copy(sim->arena, field->value);
	queued->always = always;
	while (*end != NULL)
		end = &(*end)->next;
	*end = queued;
}

static bool
act_child(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	bool always = value_is_true(value_field_or_null(line, "always"));
	int64_t times;

	if (!find_times(line, &times, why))
		return false;
	for (size_t i = 0; i < what->as.context.count; i++)
		if (!is_run(sim, what->as.context.fields[i].key, why) ||
		    !is_ending(what->as.context.fields[i].value, why))
			return false;
	for (int64_t n = 0; n < times; n++)
		for (size_t i = 0; i < what->as.context.count; i++)
			queue_ending(sim, &what->as.context.fields[i], always);
	return goes_on(sim, why);
}

/* ---- time ---- */

/* false with *why where the text is no duration, or can't be counted. */
static bool
find_end(struct sim *sim, struct str text, int64_t *until_ms, struct buf *why)
{
	const struct calendar *calendar = sim->definition->calendar;
	struct def_span span;

	if (!def_span_parse(text, &span)) {
		buf_addf(why,
		    "`%.*s` is no duration: write 31m, 4h, 2d, PT4H or "
		    "3 business days",
		    STR_ARG(text));
		return false;
	}
	if (span.kind == SPAN_BUSINESS_DAYS && calendar == NULL) {
		buf_add_cstr(why, "business days need the workflow's calendar");
		return false;
	}
	*until_ms = span.kind == SPAN_BUSINESS_DAYS
			? calendar_add_business_days(
			      calendar, sim->now_ms, span.business_days)
			: sim->now_ms + span.fixed_ms;
	return true;
}

/* RFC 3339, or as FEEL writes it: 2026-11-23T17:00:00@Europe/Berlin. */
static bool
parse_instant(struct str text, int64_t *ms)
{
	struct date_time date_time;

	return clock_parse(text, ms) ||
	       (str_find(text, STR("@")) != SIZE_MAX &&
		   date_time_parse(text, &date_time) &&
		   date_time_to_instant(&date_time, ms));
}

static bool
find_instant(
    struct sim *sim, struct str text, int64_t *until_ms, struct buf *why)
{
	char now[CLOCK_TEXT_BYTES];

	if (!parse_instant(text, until_ms)) {
		buf_addf(why,
		    "`%.*s` is no instant: write "
		    "2026-11-23T17:00:00+01:00",
		    STR_ARG(text));
		return false;
	}
	if (*until_ms >= sim->now_ms)
		return true;
	buf_addf(why, "`%.*s` is past: it is %.*s", STR_ARG(text),
	    STR_ARG(clock_format(sim->now_ms, now)));
	return false;
}

static bool
act_advance(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	int64_t until_ms;

	(void)line;
	if (what->type == VALUE_CONTEXT)
		return find_instant(sim, value_field_str(what, "to"),
			   &until_ms, why) &&
		       sim_pass(sim, until_ms, why);
	return find_end(sim, value_str(what), &until_ms, why) &&
	       sim_pass(sim, until_ms, why);
}

/* ---- people ---- */

/* Whether the item is the one that `what` means, where it says so. */
static bool
is_meant(const struct value *item, const struct value *what)
{
	static const char *const keys[] = {"state", "step"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct str wanted = value_field_str(what, keys[i]);

		if (wanted.at != NULL &&
		    !str_equal(wanted, value_field_str(item, keys[i])))
			return false;
	}
	return !value_is_true(value_field_or_null(item, "acknowledged"));
}

/* "UUID.7" gives 7; the last of them that is meant, 0 where none is. */
static uint64_t
last_serial(struct sim *sim, const char *items, const struct value *what)
{
	const struct value *view = chart_describe(sim->chart, sim->turn);
	const struct value *list = value_field_or_null(view, items);
	uint64_t serial = 0;

	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];
		struct str rest;
		int64_t n;

		(void)str_split(value_field_str(item, "id"), '.', &rest);
		if (is_meant(item, what) &&
		    str_parse_int(rest, 1, INT64_MAX, &n))
			serial = (uint64_t)n;
	}
	return serial;
}

static bool
act_decide(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	struct chart_event event = {
	    .kind = EV_TASK_DECIDED,
	    .actor = actor_of(sim, what),
	    .comment = value_field_str(what, "comment"),
	    .data = value_get_cstr(what, "data"),
	    .choice = value_field_str(what, "choice"),
	    .serial = last_serial(sim, "tasks", what),
	    .received_ms = sim->now_ms,
	};

	(void)line;
	if (event.choice.bytes == 0) {
		buf_add_cstr(why, "a decision needs a `choice`");
		return false;
	}
	return sim_step(sim, &event, why);
}

static bool
act_settle(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	struct chart_event event = {
	    .kind = EV_INCIDENT_SETTLED,
	    .actor = actor_of(sim, what),
	    .comment = value_field_str(what, "comment"),
	    .data = value_get_cstr(what, "data"),
	    .serial = last_serial(sim, "incidents", what),
	    .received_ms = sim->now_ms,
	};

	(void)line;
	if (!chart_settlement_parse(
		value_field_str(what, "how"), &event.settlement)) {
		buf_add_cstr(why, "`how` is retry, supply, skip, compensate or "
				  "cancel");
		return false;
	}
	return sim_step(sim, &event, why);
}

static bool
act_on_instance(struct sim *sim, const struct value *what,
    enum chart_event_kind kind, uint64_t serial, struct buf *why)
{
	struct chart_event event = {
	    .kind = kind,
	    .actor = actor_of(sim, what),
	    .comment = value_field_str(what, "comment"),
	    .serial = serial,
	    .compensate =
		value_is_true(value_field_or_null(what, "compensate")),
	    .received_ms = sim->now_ms,
	};

	return sim_step(sim, &event, why);
}

static bool
act_acknowledge(struct sim *sim, const struct value *what,
    const struct value *line, struct buf *why)
{
	(void)line;
	return act_on_instance(sim, what, EV_ESCALATION_ACKNOWLEDGED,
	    last_serial(sim, "escalations", what), why);
}

static bool
act_confirm(struct sim *sim, const struct value *what,
    const struct value *line, struct buf *why)
{
	(void)line;
	return act_on_instance(sim, what, EV_PROPOSAL_CONFIRMED,
	    last_serial(sim, "proposals", what), why);
}

static bool
act_reject(struct sim *sim, const struct value *what,
    const struct value *line, struct buf *why)
{
	(void)line;
	return act_on_instance(sim, what, EV_PROPOSAL_REJECTED,
	    last_serial(sim, "proposals", what), why);
}

static bool
act_cancel(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	(void)line;
	return act_on_instance(sim, what, EV_CANCELLED, 0, why);
}

static bool
act_suspend(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	(void)line;
	return act_on_instance(sim, what, EV_SUSPENDED, 0, why);
}

static bool
act_resume(struct sim *sim, const struct value *what, const struct value *line,
    struct buf *why)
{
	(void)line;
	return act_on_instance(sim, what, EV_RESUMED, 0, why);
}

/* ---- the table ---- */

static const struct act acts[] = {
    {STR_INIT("start"), TAKES_OBJECT, false, act_start},
    {STR_INIT("event"), TAKES_OBJECT, true, act_event},
    {STR_INIT("reply"), TAKES_OBJECT, false, act_reply},
    {STR_INIT("child"), TAKES_OBJECT, false, act_child},
    {STR_INIT("advance"), TAKES_SPAN, false, act_advance},
    {STR_INIT("decide"), TAKES_OBJECT, true, act_decide},
    {STR_INIT("settle"), TAKES_OBJECT, true, act_settle},
    {STR_INIT("acknowledge"), TAKES_OBJECT, true, act_acknowledge},
    {STR_INIT("confirm"), TAKES_OBJECT, true, act_confirm},
    {STR_INIT("reject"), TAKES_OBJECT, true, act_reject},
    {STR_INIT("cancel"), TAKES_OBJECT, true, act_cancel},
    {STR_INIT("suspend"), TAKES_OBJECT, true, act_suspend},
    {STR_INIT("resume"), TAKES_OBJECT, true, act_resume},
};

#define ACT_COUNT (sizeof(acts) / sizeof(acts[0]))

static void
tell_unknown(const struct value *line, struct buf *why)
{
	struct str names[ACT_COUNT], near = {NULL, 0};

	for (size_t i = 0; i < ACT_COUNT; i++)
		names[i] = acts[i].name;
	if (line->type == VALUE_CONTEXT && line->as.context.count > 0)
		near = str_nearest(
		    line->as.context.fields[0].key, names, ACT_COUNT);
	if (near.at != NULL)
		buf_addf(why, "unknown act `%.*s`, did you mean `%.*s`?",
		    STR_ARG(line->as.context.fields[0].key), STR_ARG(near));
	else
		buf_add_cstr(why, "a line is an object with one of start, "
				  "event, reply, child, advance, decide, "
				  "settle, acknowledge, confirm, reject, "
				  "cancel, suspend, resume");
}

/* The one act that the line names; NULL with *why. */
static const struct act *
find_act(const struct value *line, struct buf *why)
{
	const struct act *found = NULL;

	for (size_t i = 0; i < ACT_COUNT; i++) {
		if (value_get(line, acts[i].name) == NULL)
			continue;
		if (found != NULL) {
			buf_addf(why, "one act a line: `%.*s` or `%.*s`",
			    STR_ARG(found->name), STR_ARG(acts[i].name));
			return NULL;
		}
		found = &acts[i];
	}
	if (found == NULL)
		tell_unknown(line, why);
	return found;
}

bool
sim_act(struct sim *sim, const struct value *line, struct buf *why)
{
	const struct act *act = find_act(line, why);
	const struct value *what;

	if (act == NULL)
		return false;
	what = value_get(line, act->name);
	if (what->type != VALUE_CONTEXT &&
	    (act->form != TAKES_SPAN || what->type != VALUE_STRING)) {
		buf_addf(why, "`%.*s` takes %s", STR_ARG(act->name),
		    act->form == TAKES_SPAN
			? "a duration, or an object with `to`"
			: "an object");
		return false;
	}
	if (!sim_form_is_act(act->name, line, why))
		return false;
	if (act->needs_start && sim->chart == NULL) {
		buf_add_cstr(why, "start the instance first: {\"start\": {…}}");
		return false;
	}
	arena_reset(sim->turn);
	sim->steps = 0;
	sim->fate = (struct str){NULL, 0};
	return act->act(sim, what, line, why);
}
