/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_incident.c: where an instance stands still until a person settles it.
 *
 * Nothing is lost meanwhile: events are kept, escalations fire.  The owner is
 * told at once, and again whenever the incident grows older by its max-age.
 */
#include "chart_priv.h"

#include <stdarg.h>
#include <stdio.h>

static const struct str kind_names[] = {
    [INCIDENT_FAILED] = STR_INIT("step-failed"),
    [INCIDENT_UNKNOWN] = STR_INIT("outcome-unknown"),
    [INCIDENT_UNDO] = STR_INIT("compensation-failed"),
    [INCIDENT_INVARIANT] = STR_INIT("invariant-broken"),
    [INCIDENT_TASK] = STR_INIT("task-not-opened"),
    [INCIDENT_DEFINITION] = STR_INIT("definition-fault"),
};

struct str
chart_incident_kind_name(enum incident_kind kind)
{
	return kind_names[kind];
}

static struct str
owner_of(const struct chart *chart)
{
	const struct def_contact *owner = chart->definition->incident_owner;

	return owner ? owner->name : (struct str){NULL, 0};
}

/* Which item of a `for` it is about; NULL: of none. */
static const struct value *
item_of(const struct chart *chart, const struct incident *incident,
    struct arena *arena)
{
	return chart_record_item(
	    chart, chart_strand_find(chart, incident->strand), arena);
}

const struct value *
chart_incident_body(const struct chart *chart, const struct incident *incident,
    struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);
	const struct proposal *proposal =
	    chart_proposal_of(chart, incident->serial);
	const struct value *item = item_of(chart, incident, arena);

	value_put(built, STR("id"),
	    value_of_str(arena, arena_strf(arena, "%s.%llu", chart->id,
				    (unsigned long long)incident->serial)));
	value_put_str(built, "instance", str_of(chart->id));
	value_put_str(built, "workflow", chart->definition->name);
	value_put_str(built, "business_key", chart->business_key);
	value_put_str(built, "kind", chart_incident_kind_name(incident->kind));
	value_put_str(built, "state", chart_config_names(chart, arena));
	value_put_str(built, "step",
	    incident->step == SIZE_MAX
		? (struct str){NULL, 0}
		: chart->definition->steps[incident->step]->id);
	value_put(built, STR("item"),
	    item ? value_copy(arena, item) : &value_null);
	value_put_str(built, "message", incident->message);
	value_put(built, STR("error"),
	    incident->error ? value_copy(arena, incident->error) : &value_null);
	value_put_str(built, "owner", owner_of(chart));
	value_put_str(built, "runbook", chart->definition->runbook);
	value_put_instant(built, "created", incident->created_ms);
	if (proposal != NULL)
		value_put(built, STR("proposal"),
		    chart_proposal_body(chart, proposal, arena));
	return value_built(built);
}

static void
put_item(struct run *run, const struct incident *incident, bool open)
{
	struct chart_effect *effect = chart_effect_add(run, DO_PUT_ITEM);

	effect->item = CHART_INCIDENT;
	effect->serial = incident->serial;
	effect->open = open;
	effect->created_ms = incident->created_ms;
	effect->closed_ms = open ? 0 : run->context->now_ms;
	effect->owner = owner_of(run->chart);
	effect->body =
	    chart_incident_body(run->chart, incident, run->context->arena);
}

/* " at item 3", or nothing. */
static struct str
place_of(struct run *run, const struct incident *incident)
{
	struct arena *arena = run->context->arena;
	const struct value *item = item_of(run->chart, incident, arena);

	return item == NULL ? STR("")
			    : arena_strf(arena, " at item %.*s",
				  STR_ARG(chart_env_text_of(arena, item)));
}

static void
tell_owner(
    struct run *run, const struct incident *incident, struct str severity)
{
	struct chart *chart = run->chart;
	const struct def_contact *owner = chart->definition->incident_owner;
	struct str key =
	    chart->business_key.at ? chart->business_key : str_of(chart->id);

	if (owner == NULL)
		return;
	chart_escalation_notify(
	    run, &(struct notice){.to = owner,
		     .message = arena_strf(run->context->arena,
			 "%.*s %.*s stands still%.*s: %.*s",
			 STR_ARG(chart->definition->name), STR_ARG(key),
			 STR_ARG(place_of(run, incident)),
			 STR_ARG(incident->message)),
		     .severity = severity,
		     .state = SIZE_MAX,
		     .level = SIZE_MAX,
		     .step = SIZE_MAX});
}

static void
arm_age(struct run *run, const struct incident *incident)
{
	const struct def_span *age = &run->chart->definition->incident_max_age;
	int64_t due_ms;

	if (age->kind != SPAN_NONE &&
	    chart_env_due(run, age, run->context->now_ms, &due_ms) &&
	    due_ms > run->context->now_ms)
		chart_timer_add(
		    run->chart, TIMER_INCIDENT, 0, incident->serial, due_ms);
}

struct incident *
chart_incident_open(struct run *run, enum incident_kind kind, size_t step,
    uint64_t call, const struct value *error, const char *format, ...)
{
	struct chart *chart = run->chart;
	struct incident *incident = ARENA_NEW(chart->arena, struct incident);
	struct value_builder *record;
	char text[400];
	va_list args;

	must(run->strand != NULL && !run->strand->gone);
	va_start(args, format);
	str_vwrite(text, sizeof(text), format, args);
	va_end(args);
	incident->serial = ++chart->serial_last;
	incident->kind = kind;
	incident->strand = run->strand->serial;
	incident->step = step;
	incident->call = call;
	incident->created_ms = run->context->now_ms;
	incident->message = arena_str(chart->arena, str_of(text));
	incident->error = error;
	LIST_APPEND(chart->incidents, incident);
	run->strand->held = true;
	put_item(run, incident, true);

	record = chart_record_begin(run, AUDIT_INCIDENT_OPENED);
	value_put_str(record, "incident", chart_incident_kind_name(kind));
	chart_record_step(run, record, step);
	value_put_str(record, "message", incident->message);
	chart_record_value(record, "error", error);
	chart_record_end(run, record);
	tell_owner(run, incident, STR("normal"));
	arm_age(run, incident);
	return incident;
}

static struct incident *
find_open(const struct chart *chart, uint64_t serial)
{
	struct incident *incident = chart->incidents;

	while (incident != NULL && incident->serial != serial)
		incident = incident->next;
	return incident;
}

void
chart_incident_renew(struct run *run, uint64_t serial)
{
	const struct incident *incident = find_open(run->chart, serial);

	if (incident != NULL)
		put_item(run, incident, true);
}

void
chart_incident_age(struct run *run, struct timer timer)
{
	struct incident *incident = find_open(run->chart, timer.detail);

	chart_timer_remove(
	    run->chart, TIMER_INCIDENT, timer.index, timer.detail);
	if (incident == NULL)
		return;
	incident->ages++;
	tell_owner(run, incident, STR("high"));
	arm_age(run, incident);
}

/* Whether it is held still. */
static void
release(struct chart *chart, uint64_t serial)
{
	struct strand *strand = chart_strand_find(chart, serial);
	const struct incident *incident = chart->incidents;

	while (incident != NULL && incident->strand != serial)
		incident = incident->next;
	if (strand != NULL)
		strand->held = incident != NULL;
}

/* With a step that has failed its list of `exit` is over, unless a person says
 * how it goes on. */
static void
end_leaving(const struct chart *chart, const struct incident *incident,
    const struct chart_event *event)
{
	const struct strand *strand =
	    chart_strand_find(chart, incident->strand);
	bool goes_on = event != NULL &&
		       event->settlement != SETTLE_CANCEL &&
		       event->settlement != SETTLE_COMPENSATE;

	if (incident->kind == INCIDENT_FAILED && strand != NULL && !goes_on)
		chart_run_give_up_leaving(chart, strand, true);
}

static void
close_one(struct run *run, struct incident *incident, const char *how,
    const struct chart_event *event)
{
	struct chart *chart = run->chart;
	struct incident **link = &chart->incidents;
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_INCIDENT_RESOLVED);

	value_put_str(
	    record, "incident", chart_incident_kind_name(incident->kind));
	/* Where all are closed at once, each is of another item. */
	chart_record_step_of(run, record, incident->step,
	    chart_strand_find(chart, incident->strand));
	value_put_str(record, "how", str_of(how));
	if (event != NULL && event->comment.at != NULL)
		value_put_str(record, "comment", event->comment);
	if (event != NULL)
		chart_record_value(record, "supplied", event->data);
	chart_record_end(run, record);
	put_item(run, incident, false);
	chart_timer_remove(chart, TIMER_INCIDENT, 0, incident->serial);
	while (*link != incident)
		link = &(*link)->next;
	LIST_UNLINK(link);
	end_leaving(chart, incident, event);
	release(chart, incident->strand);
}

void
chart_incident_close_all(struct run *run, uint64_t strand, const char *how)
{
	for (struct incident *incident = run->chart->incidents, *next;
	     incident != NULL; incident = next) {
		next = incident->next;
		if (strand == 0 || incident->strand == strand)
			close_one(run, incident, how, NULL);
	}
}

void
chart_incident_move(struct chart *chart, uint64_t from, struct strand *strand)
{
	for (struct incident *incident = chart->incidents; incident;
	     incident = incident->next)
		if (incident->strand == from)
			incident->strand = strand->serial;
	release(chart, strand->serial);
}

/* ---- settling ---- */

static const struct {
	struct str name;
} settlements[] = {
    [SETTLE_RETRY] = {STR_INIT("retry")},
    [SETTLE_SUPPLY] = {STR_INIT("supply")},
    [SETTLE_SKIP] = {STR_INIT("skip")},
    [SETTLE_COMPENSATE] = {STR_INIT("compensate")},
    [SETTLE_CANCEL] = {STR_INIT("cancel")},
};

struct str
chart_incident_settlement_name(enum chart_settlement settlement)
{
	return settlements[settlement].name;
}

bool
chart_settlement_parse(struct str text, enum chart_settlement *out)
{
	for (size_t i = 0; i < sizeof(settlements) / sizeof(*settlements); i++)
		if (str_equal(settlements[i].name, text)) {
			*out = (enum chart_settlement)i;
			return true;
		}
	return false;
}

static bool
is_of_undo(const struct incident *incident, const struct call *call)
{
	return incident->kind == INCIDENT_UNDO ||
	       (call != NULL && call->purpose == FOR_UNDO);
}

/* A call that was stuck, or a step that failed, once more. */
static void
retry(struct run *run, struct call *call)
{
	if (call != NULL)
		chart_call_retry(run, call);
	else if (run->strand->loop != NULL)
		chart_loop_retry(run, run->strand);
}

/* The result that a person vouches for. */
static void
supply(struct run *run, const struct incident *incident, struct call *call,
    const struct value *data)
{
	struct chart *chart = run->chart;
	const struct def_step *step = chart_run_current(chart, run->strand);

	if (call != NULL) {
		chart_run_call_done(run, call, data,
		    call->purpose == FOR_STEP
			? chart->definition->steps[call->step]->output
			: (struct def_assigns){0});
	} else if (incident->kind == INCIDENT_UNDO) {
		chart_undo_done(run, incident->undo, (struct str){NULL, 0});
	} else if (step != NULL) {
		chart_loop_drop(run, run->strand);
		chart_run_supply(run, step, data);
	}
}

/* What was to be undone stands. */
static void
skip_undo(
    struct run *run, const struct incident *incident, const struct call *call)
{
	run->chart->stands = true;
	chart_undo_drop(run, call != NULL ? call->undo : incident->undo);
	run->strand->awaits = 0;
}

/* The leaf whose task could not be opened. */
static size_t
leaf_of(const struct strand *strand)
{
	return strand->plan[strand->plan_next].index;
}

static bool
leaves_task_out(
    const struct incident *incident, enum chart_settlement settlement)
{
	return incident->kind == INCIDENT_TASK && settlement == SETTLE_SKIP;
}

static void
skip_task(struct run *run)
{
	struct strand *strand = run->strand;
	size_t leaf = leaf_of(strand);

	chart_run_advance(run->chart, strand);
	chart_step_done(run, run->chart->definition->states[leaf]);
}

/* Goes on as if the step, the undo, the check or the task had not been asked
 * for. */
static void
skip(struct run *run, const struct incident *incident, struct call *call)
{
	if (call != NULL)
		chart_call_forget(run->chart, call);
	if (is_of_undo(incident, call)) {
		skip_undo(run, incident, call);
	} else if (incident->kind == INCIDENT_TASK) {
		skip_task(run);
	} else if (incident->kind != INCIDENT_DEFINITION) {
		/* a deadline without a time is left out already */
		chart_loop_drop(run, run->strand);
		chart_run_advance(run->chart, run->strand);
	}
}

/* Nobody knows whether the undo that it is about happened. */
static bool
is_undo_in_doubt(const struct chart *chart, const struct incident *incident)
{
	const struct call *call = chart_call_find(chart, incident->call);

	return call != NULL && call->purpose == FOR_UNDO;
}

/* A person has to say whether the call happened before the instance ends: an
 * undo, and where all is undone whatever else may have happened. */
static bool
outlasts(const struct chart *chart, const struct incident *incident,
    bool compensate)
{
	return is_undo_in_doubt(chart, incident) ||
	       (compensate && incident->kind == INCIDENT_UNKNOWN);
}

/* Those that end with the instance; the cancel waits for the others. */
static void
close_given_up(struct run *run, const char *how, bool compensate)
{
	for (struct incident *incident = run->chart->incidents, *next;
	     incident != NULL; incident = next) {
		next = incident->next;
		if (!outlasts(run->chart, incident, compensate))
			close_one(run, incident, how, NULL);
	}
}

/* The instance is over for the person; an undo that failed is not begun
 * again. */
static void
give_up(struct run *run, const struct incident *incident, struct call *call,
    bool compensate)
{
	struct chart *chart = run->chart;
	bool is_undo = is_of_undo(incident, call);

	/* One that isn't about the call stops it as a cancel does. */
	if (call != NULL) {
		chart_call_forget(chart, call);
		chart_run_give_up_leaving(chart, run->strand, false);
		run->strand->awaits = 0;
	}
	if (is_undo && !compensate)
		chart_strand_end(run, run->strand);
	run->strand = NULL;
	/* What a cancel under way is to do it does all the same; and what was
	 * given up may not go on in a region that stays. */
	chart->cancel_compensates =
	    compensate || (chart->cancelling && chart->cancel_compensates);
	chart->cancel_ends = compensate || is_undo ||
			     (chart->cancelling && chart->cancel_ends) ||
			     !chart_cancel_stops_all(run);
	chart->cancelling = true;
	(void)!chart_cancel_try(run, compensate ? STOP_SURE : STOP_NOW);
}

/* Undoing all would send some undo once more. */
static bool
undo_is_in_doubt(const struct chart *chart)
{
	const struct incident *incident = chart->incidents;

	while (incident != NULL && !is_undo_in_doubt(chart, incident))
		incident = incident->next;
	return incident != NULL;
}

/* Whether the incident can be settled so now, whoever asks. */
static bool
can_settle(struct run *run, const struct incident *incident,
    enum chart_settlement settlement)
{
	if (settlement == SETTLE_SUPPLY &&
	    (incident->kind == INCIDENT_INVARIANT ||
		incident->kind == INCIDENT_TASK ||
		incident->kind == INCIDENT_DEFINITION)) {
		chart_step_refuse(run, REFUSED_CHOICE,
		    "no step failed here that a result could be supplied for");
		return false;
	}
	if (settlement == SETTLE_COMPENSATE && undo_is_in_doubt(run->chart)) {
		chart_step_refuse(run, REFUSED_CHOICE,
		    "nobody knows whether an undo happened: say so first, by "
		    "`supply` (it did), `retry` (it did not) or `skip`");
		return false;
	}
	if (run->chart->suspended) {
		chart_step_refuse(run, REFUSED_STATE,
		    "the instance is suspended: resume it first");
		return false;
	}
	return true;
}

/* Who leaves a task out stands in for all who would have decided it. */
static bool
may_leave_out(
    struct run *run, const struct incident *incident, struct str person)
{
	struct strand *strand =
	    chart_strand_find(run->chart, incident->strand);
	struct objection objection;

	must(incident->kind == INCIDENT_TASK && strand != NULL);
	objection = chart_task_judge_left_out(run, strand,
	    run->chart->definition->states[leaf_of(strand)], person);
	if (objection.refusal == REFUSED_NOT)
		return true;
	chart_step_refuse(
	    run, objection.refusal, "%.*s", STR_ARG(objection.detail));
	return false;
}

static void
leave_out(struct run *run, struct str person)
{
	chart_task_left_out(run, run->strand,
	    run->chart->definition->states[leaf_of(run->strand)], person);
}

/* Two leave a task out together, each as if alone. */
bool
chart_incident_may_confirm(
    struct run *run, const struct proposal *proposal, struct str person)
{
	const struct incident *incident =
	    find_open(run->chart, proposal->incident);

	if (incident == NULL) {
		chart_step_refuse(
		    run, REFUSED_ABSENT, "there is no such open incident");
		return false;
	}
	return can_settle(run, incident, proposal->settlement) &&
	       (!leaves_task_out(incident, proposal->settlement) ||
		   may_leave_out(run, incident, person));
}

static bool
may_correct(struct run *run, const struct incident *incident,
    const struct chart_event *event)
{
	if (!chart_duty_may(run, &event->actor, PART_CORRECT) ||
	    (leaves_task_out(incident, event->settlement) &&
		!may_leave_out(run, incident, event->actor.name)))
		return false;
	if (!chart_proposal_pass(run, incident, event))
		return false;
	chart_duty_take(run, &event->actor, PART_CORRECT);
	return true;
}

void
chart_incident_perform(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	struct incident *incident = find_open(chart, event->serial);
	struct str how = settlements[event->settlement].name;
	struct call *call;
	bool compensate;

	must(incident != NULL);
	call = chart_call_find(chart, incident->call);
	run->strand = chart_strand_find(chart, incident->strand);
	must(run->strand != NULL);
	if (leaves_task_out(incident, event->settlement)) {
		leave_out(run, event->actor.name);
		leave_out(run, run->proposed_by);
	}
	close_one(run, incident, how.at, event);
	switch (event->settlement) {
	case SETTLE_RETRY:
		retry(run, call);
		return;
	case SETTLE_SUPPLY:
		supply(run, incident, call,
		    event->data ? event->data : &value_null);
		return;
	case SETTLE_SKIP:
		skip(run, incident, call);
		return;
	case SETTLE_COMPENSATE:
	case SETTLE_CANCEL:
		compensate = event->settlement == SETTLE_COMPENSATE;
		close_given_up(run, how.at, compensate);
		give_up(run, incident, call, compensate);
		return;
	}
}

void
chart_incident_settle(struct run *run, const struct chart_event *event)
{
	const struct incident *incident =
	    find_open(run->chart, event->serial);

	if (incident == NULL)
		chart_step_refuse(
		    run, REFUSED_ABSENT, "there is no such open incident");
	else if (can_settle(run, incident, event->settlement) &&
		 may_correct(run, incident, event))
		chart_incident_perform(run, event);
}
