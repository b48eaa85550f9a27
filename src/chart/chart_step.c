/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_step.c: the driver: one thing happens, and the instance goes on until
 * it waits.
 *
 * What happens first finds its place (a reply its call, a decision its task,
 * an event the list of those that have come); then the macrostep runs: the
 * plan, eventless transitions, internal events, and at last what waits
 * outside, deadlines and events in the order of their times.
 */
#include "chart_priv.h"

#include <stdarg.h>
#include <stdio.h>

static struct internal *
raise_event(
    struct run *run, struct str name, size_t state, const struct value *event)
{
	struct internal *raised = ARENA_NEW(run->chart->arena, struct internal);

	raised->name = arena_str(run->chart->arena, name);
	raised->state = state;
	raised->event = event;
	LIST_APPEND(run->chart->internals, raised);
	return raised;
}

void
chart_step_raise(
    struct run *run, struct str name, size_t state, const struct value *event)
{
	raise_event(run, name, state, event);
}

void
chart_step_raise_here(
    struct run *run, struct str name, const struct value *event)
{
	raise_event(run, name, SIZE_MAX, event)->entries = run->chart->entries;
}

void
chart_step_refuse(
    struct run *run, enum chart_refusal refusal, const char *format, ...)
{
	struct value_builder *record = chart_record_begin(run, AUDIT_REFUSED);
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	run->effects->refusal = refusal;
	run->effects->refusal_detail =
	    arena_str(run->context->arena, str_of(text));
	value_put_str(record, "reason", chart_refusal_name(refusal));
	value_put_str(record, "detail", str_of(text));
	chart_record_end(run, record);
}

/* ---- selection ---- */

static const struct def_transition *
select_in(struct run *run, const struct def_state *state, struct str name,
    bool interrupting)
{
	for (size_t i = 0; i < state->on.count; i++) {
		const struct def_transition *transition = state->on.items[i];

		if ((!interrupting || transition->interrupt) &&
		    def_event_matches(transition->event, name) &&
		    chart_env_holds(run, transition->guard))
			return transition;
	}
	return NULL;
}

const struct def_transition *
chart_step_select(
    struct run *run, struct str name, size_t only, bool interrupting)
{
	const struct def_state *state = chart_leaf(run->chart);
	const struct def_transition *transition = NULL;

	if (only != SIZE_MAX) {
		state = run->chart->definition->states[only];
		return chart_plan_is_active(run->chart, state)
			   ? select_in(run, state, name, interrupting)
			   : NULL;
	}
	for (; state != NULL && transition == NULL; state = state->parent)
		transition = select_in(run, state, name, interrupting);
	return transition;
}

static bool
take_eventless(struct run *run)
{
	struct chart *chart = run->chart;
	const struct def_state *state = chart_leaf(chart);

	for (; state != NULL; state = state->parent)
		for (size_t i = 0; i < state->always.count; i++) {
			const struct def_transition *transition =
			    state->always.items[i];

			if (!chart_env_holds(run, transition->guard))
				continue;
			chart->cause = STR("always");
			chart_plan_take(run, transition);
			return true;
		}
	return false;
}

/* The transition that takes it; NULL where none does, or its time is over. */
static const struct def_transition *
select_raised(struct run *run, const struct internal *raised, bool interrupting)
{
	if (raised->entries != 0 && raised->entries != run->chart->entries)
		return NULL;
	return chart_step_select(
	    run, raised->name, raised->state, interrupting);
}

static bool
take_internal(struct run *run)
{
	struct chart *chart = run->chart;
	struct internal *raised = chart->internals;
	const struct value *before = chart->event;
	const struct def_transition *transition;

	if (raised == NULL)
		return false;
	LIST_UNLINK(&chart->internals);
	chart->event = raised->event;
	transition = select_raised(run, raised, false);
	if (transition == NULL) {
		chart->event = before;
	} else {
		chart->cause = raised->name;
		chart_plan_take(run, transition);
	}
	return true;
}

/* ---- what waits outside ---- */

static void
record_event(struct run *run, enum audit_kind kind, const struct kept *kept,
    const char *reason)
{
	struct value_builder *record = chart_record_begin(run, kind);

	value_put_str(record, "type", kept->type);
	value_put_str(record, "subject", kept->subject);
	chart_record_value(
	    record, "event_id", value_get_cstr(kept->event, "id"));
	if (reason != NULL)
		value_put_str(record, "reason", str_of(reason));
	chart_record_end(run, record);
}

/* The caller is told of the event that it brought, and of no other. */
static void
set_fate(struct run *run, const struct kept *kept, struct str fate)
{
	if (kept == run->arrived)
		run->effects->event_fate = fate;
}

static bool
is_superseded(const struct def_event *by, struct str type)
{
	for (size_t i = 0; i < by->supersedes_count; i++)
		if (str_equal(by->supersedes[i], type))
			return true;
	return false;
}

static bool
has_passed(const struct chart *chart, struct str type, struct str subject)
{
	for (const struct passed *passed = chart->passed; passed;
	     passed = passed->next)
		if (str_equal(passed->type, type) &&
		    str_equal(passed->subject, subject))
			return true;
	return false;
}

/* What the event overtakes is set aside now, and when it comes later. */
static void
supersede(struct run *run, const struct kept *taken)
{
	struct chart *chart = run->chart;
	const struct def_event *by =
	    definition_find_event(chart->definition, taken->type);

	if (by == NULL)
		return;
	for (struct kept **link = &chart->kept; *link != NULL;) {
		struct kept *kept = *link;

		if (is_superseded(by, kept->type) &&
		    str_equal(kept->subject, taken->subject)) {
			record_event(
			    run, AUDIT_EVENT_IGNORED, kept, "superseded");
			set_fate(run, kept, STR("ignored"));
			LIST_UNLINK(link);
		} else {
			link = &kept->next;
		}
	}
	for (size_t i = 0; i < by->supersedes_count; i++) {
		struct passed *passed;

		if (has_passed(chart, by->supersedes[i], taken->subject))
			continue;
		passed = ARENA_NEW(chart->arena, struct passed);
		passed->type = by->supersedes[i];
		passed->subject = taken->subject;
		LIST_APPEND(chart->passed, passed);
	}
}

static void
take_kept(struct run *run, struct kept **link,
    const struct def_transition *transition)
{
	struct chart *chart = run->chart;
	struct kept *kept = *link;

	LIST_UNLINK(link);
	supersede(run, kept);
	chart->event = kept->event;
	chart->cause = kept->type;
	set_fate(run, kept, STR("taken"));
	chart_plan_take(run, transition);
}

/* The value that an instance waits for may have changed since an event came:
 * what was said of a former order doesn't hold for the present one. */
static bool
is_for_now(struct run *run, const struct kept *kept)
{
	const struct def_event *declared =
	    definition_find_event(run->chart->definition, kept->type);

	return declared != NULL &&
	       str_equal(chart_correlation_of(run, declared), kept->subject);
}

/* The first kept event that a state takes; NULL where none does. */
static struct kept **
find_kept(struct run *run, bool interrupting,
    const struct def_transition **transition)
{
	struct chart *chart = run->chart;
	const struct value *before = chart->event;

	for (struct kept **link = &chart->kept; *link != NULL;
	     link = &(*link)->next) {
		chart->event = (*link)->event;
		*transition = chart_step_select(
		    run, (*link)->type, SIZE_MAX, interrupting);
		chart->event = before;
		if (*transition != NULL && is_for_now(run, *link))
			return link;
	}
	return NULL;
}

/* ---- times ---- */

enum timer_choice {
	TIMERS_ALL,	     /* no steps are running */
	TIMERS_INTERRUPTING, /* at a boundary between steps */
	TIMERS_TELLING,	     /* while steps run: those that tell people */
};

static bool
is_chosen(const struct chart *chart, const struct timer *timer,
    enum timer_choice choice)
{
	const struct definition *definition = chart->definition;

	switch (choice) {
	case TIMERS_ALL:
		return true;
	case TIMERS_INTERRUPTING:
		return timer->kind == TIMER_AFTER &&
		       definition->transitions[timer->index]->interrupt;
	case TIMERS_TELLING:
		return timer->kind == TIMER_INCIDENT ||
		       timer->kind == TIMER_ESCALATION;
	}
	unreachable("every choice is listed");
}

static size_t
depth_of(const struct chart *chart, const struct timer *timer)
{
	return timer->kind == TIMER_AFTER
		   ? chart->definition->transitions[timer->index]->source->depth
		   : 0;
}

/* Earlier ones first; of two deadlines at once that of the inner state. */
static bool
comes_before(
    const struct chart *chart, const struct timer *a, const struct timer *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	return depth_of(chart, a) > depth_of(chart, b);
}

static struct timer *
find_due(const struct run *run, enum timer_choice choice)
{
	const struct chart *chart = run->chart;
	struct timer *first = NULL;

	for (struct timer *timer = chart->timers; timer != NULL;
	     timer = timer->next)
		if (timer->due_ms <= run->context->now_ms &&
		    is_chosen(chart, timer, choice) &&
		    (first == NULL || comes_before(chart, timer, first)))
			first = timer;
	return first;
}

static void
take_deadline(struct run *run, struct timer timer)
{
	struct chart *chart = run->chart;
	const struct def_transition *transition;
	struct value_builder *record;

	chart_timer_remove(chart, timer.kind, timer.index, timer.detail);
	transition = chart->definition->transitions[timer.index];
	record = chart_record_begin(run, AUDIT_DEADLINE_REACHED);
	chart_record_state(run, record, "state", transition->source->index);
	value_put_str(record, "after", transition->after.text);
	chart_record_instant(run, record, "due", timer.due_ms);
	chart_record_end(run, record);
	if (!chart_env_holds(run, transition->guard))
		return;
	chart->event = NULL;
	chart->cause = arena_strf(
	    chart->arena, "after %.*s", STR_ARG(transition->after.text));
	chart_plan_take(run, transition);
}

static void
take_timer(struct run *run, struct timer timer)
{
	switch (timer.kind) {
	case TIMER_AFTER:
		take_deadline(run, timer);
		return;
	case TIMER_ESCALATION:
		chart_escalation_fire(run, timer);
		return;
	case TIMER_INCIDENT:
		chart_incident_age(run, timer);
		return;
	case TIMER_LEAVING:
		chart_escalation_leave(run, timer);
		return;
	}
	unreachable("every kind of timer is listed");
}

/* What is due and what has come go by their times. */
static bool
take_external(struct run *run, bool interrupting)
{
	const struct def_transition *transition = NULL;
	struct timer *timer =
	    find_due(run, interrupting ? TIMERS_INTERRUPTING : TIMERS_ALL);
	struct kept **link = find_kept(run, interrupting, &transition);

	if (link != NULL &&
	    (timer == NULL || (*link)->received_ms <= timer->due_ms))
		take_kept(run, link, transition);
	else if (timer != NULL)
		take_timer(run, *timer);
	else
		return false;
	return true;
}

static bool
interrupt_by_raised(struct run *run)
{
	struct chart *chart = run->chart;
	const struct value *before = chart->event;

	for (struct internal **link = &chart->internals; *link != NULL;
	     link = &(*link)->next) {
		struct internal *raised = *link;
		const struct def_transition *transition;

		chart->event = raised->event;
		transition = select_raised(run, raised, true);
		if (transition != NULL) {
			LIST_UNLINK(link);
			chart->cause = raised->name;
			chart_plan_take(run, transition);
			return true;
		}
		chart->event = before;
	}
	return false;
}

bool
chart_step_interrupt(struct run *run)
{
	struct chart *chart = run->chart;
	uint64_t before = chart->plan_serial;

	if (chart->leaf == SIZE_MAX || !chart_plan_is_busy(chart))
		return false;
	if (interrupt_by_raised(run))
		return true;
	/* A deadline whose guard fails passes without a new plan. */
	while (take_external(run, true))
		if (chart->plan_serial != before)
			return true;
	return false;
}

/* ---- the end ---- */

static void
close_all(struct run *run)
{
	struct chart *chart = run->chart;

	for (const struct def_state *state = chart_leaf(chart); state;
	     state = state->parent) {
		chart_escalation_disarm(run, state);
		chart_task_close(run, state->index);
	}
	chart_incident_close_all(run, "ended");
	for (struct kept *kept = chart->kept; kept != NULL; kept = kept->next) {
		record_event(run, AUDIT_EVENT_IGNORED, kept, "ended");
		set_fate(run, kept, STR("ignored"));
	}
	chart->kept = NULL;
	chart->timers = NULL;
	chart->internals = NULL;
	chart->undos = NULL;
}

void
chart_step_end(struct run *run, enum def_ending ending)
{
	struct chart *chart = run->chart;
	const struct def_state *leaf = chart_leaf(chart);
	struct value_builder *output = value_build_context(run->context->arena);
	struct value_builder *record;

	for (size_t i = 0; leaf != NULL && leaf->kind == STATE_FINAL &&
			   i < leaf->output.count;
	     i++)
		value_put(output, leaf->output.items[i].name,
		    chart_env_eval(run, leaf->output.items[i].value));
	close_all(run);
	chart_plan_clear(chart);
	chart->ended = true;
	chart->ending = ending;
	chart->ended_ms = run->context->now_ms;
	if (leaf != NULL && leaf->kind == STATE_FINAL && leaf->output.count > 0)
		chart->output = chart_env_keep(run, value_built(output));

	record = chart_record_begin(run, AUDIT_ENDED);
	chart_record_state(run, record, "state", chart->leaf);
	value_put_str(record, "outcome", def_ending_name(ending));
	chart_record_value(record, "output", chart->output);
	chart_record_end(run, record);
}

/* ---- the macrostep ---- */

bool
chart_step_circles(struct run *run)
{
	if (run->chart->plan_serial - run->plan_first <= CHART_MICROSTEPS_MAX)
		return false;
	chart_incident_open(run, INCIDENT_DEFINITION, SIZE_MAX, 0, NULL,
	    "over %d transitions without an end in sight: the definition goes "
	    "round in a circle",
	    CHART_MICROSTEPS_MAX);
	return true;
}

static void
macrostep(struct run *run)
{
	struct chart *chart = run->chart;

	for (;;) {
		chart_run_plan(run);
		if (chart->ended || chart_plan_is_busy(chart) ||
		    chart->suspended)
			return;
		if (chart->cancelling) {
			chart_plan_cancelled(run);
			continue;
		}
		if (!take_eventless(run) && !take_internal(run) &&
		    !take_external(run, false))
			return;
	}
}

/* What came and was not taken: kept, or set aside; told once. */
static void
tell_kept(struct run *run)
{
	struct chart *chart = run->chart;

	if (chart->ended || chart_plan_is_busy(chart) || chart->suspended)
		return;
	for (struct kept **link = &chart->kept; *link != NULL;) {
		struct kept *kept = *link;
		const struct def_event *event =
		    definition_find_event(chart->definition, kept->type);

		if (event != NULL && !event->keep) {
			record_event(
			    run, AUDIT_EVENT_IGNORED, kept, "not expected now");
			set_fate(run, kept, STR("ignored"));
			LIST_UNLINK(link);
			continue;
		}
		if (!kept->told)
			record_event(run, AUDIT_EVENT_KEPT, kept, NULL);
		kept->told = true;
		link = &kept->next;
	}
}

/* ---- what happens ---- */

static void
on_started(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	struct value_builder *record;
	char hex[DIGEST_HEX_BYTES];

	(void)event;
	chart_begin(run);
	record = chart_record_begin(run, AUDIT_STARTED);
	value_put_str(record, "workflow", chart->definition->name);
	value_put_int(record, "version", chart->definition->version);
	value_put_str(
	    record, "definition", digest_hex(chart->definition->digest, hex));
	if (chart->business_key.at != NULL)
		value_put_str(record, "business_key", chart->business_key);
	if (chart->trace.at != NULL)
		value_put_str(record, "trace", chart->trace);
	chart_record_value(record, "input", chart->input);
	chart_record_end(run, record);
	chart->cause = (struct str){NULL, 0};
	chart_plan_start(run);
}

static const struct value *
event_value(struct run *run, const struct chart_event *event)
{
	struct value_builder *built = value_build_context(run->chart->arena);

	value_put_str(built, "type", event->type);
	value_put_str(built, "subject", event->subject);
	value_put_str(built, "id", event->id);
	value_put_str(built, "source", event->source);
	value_put_str(built, "time", event->time);
	value_put(built, STR("data"),
	    event->data != NULL ? chart_env_keep(run, event->data)
				: &value_null);
	value_put_str(built, "actor", event->actor.name);
	return value_built(built);
}

static void
record_received(struct run *run, const struct kept *kept)
{
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_EVENT_RECEIVED);

	value_put_str(record, "type", kept->type);
	value_put_str(record, "subject", kept->subject);
	chart_record_value(
	    record, "event_id", value_get_cstr(kept->event, "id"));
	chart_record_value(
	    record, "source", value_get_cstr(kept->event, "source"));
	chart_record_value(record, "data", value_get_cstr(kept->event, "data"));
	chart_record_end(run, record);
}

static bool
data_is_valid(struct run *run, const struct def_event *declared,
    const struct chart_event *event)
{
	struct schema_errors errors = {.arena = run->context->arena};

	return declared->data == NULL ||
	       schema_validate(declared->data,
		   event->data ? event->data : &value_null, &errors);
}

static void
on_event(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	const struct def_event *declared =
	    definition_find_event(chart->definition, event->type);
	struct kept *kept = ARENA_NEW(chart->arena, struct kept);

	must(declared != NULL);
	kept->type = declared->type;
	kept->subject = arena_str(chart->arena, event->subject);
	kept->received_ms = event->received_ms;
	kept->event = event_value(run, event);
	record_received(run, kept);
	run->effects->event_fate = STR("ignored");
	if (chart->ended) {
		record_event(run, AUDIT_EVENT_IGNORED, kept, "ended");
	} else if (!data_is_valid(run, declared, event)) {
		record_event(run, AUDIT_EVENT_IGNORED, kept,
		    "its data fails the schema");
	} else if (has_passed(chart, kept->type, kept->subject)) {
		record_event(run, AUDIT_EVENT_IGNORED, kept, "superseded");
	} else {
		run->arrived = kept;
		set_fate(run, kept, STR("kept"));
		LIST_APPEND(chart->kept, kept);
	}
}

static void
on_reply(struct run *run, const struct chart_event *event)
{
	struct call *call = chart_call_find(run->chart, event->serial);

	if (call != NULL &&
	    (call->state == CALL_QUEUED || call->state == CALL_SENT ||
		call->state == CALL_ASKING))
		chart_call_reply(run, call, event);
}

static bool
call_is_due(const struct call *call, int64_t now_ms)
{
	return call->due_ms != 0 && call->due_ms <= now_ms;
}

static void
pass_calls(struct run *run)
{
	struct call *call, *next;

	for (call = run->chart->calls; call != NULL; call = next) {
		next = call->next;
		if (call_is_due(call, run->context->now_ms) &&
		    (call->purpose == FOR_NOTICE || !run->chart->suspended))
			chart_call_due(run, call);
	}
}

/* Escalations and the age of incidents don't wait for steps; where none run,
 * they have their turn among all that is due. */
static void
pass_timers(struct run *run)
{
	struct timer *timer;

	while (chart_plan_is_busy(run->chart) &&
	       (timer = find_due(run, TIMERS_TELLING)) != NULL)
		take_timer(run, *timer);
}

static void
on_time(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;

	(void)event;
	pass_calls(run);
	if (chart->ended || chart->suspended)
		return;
	if (chart->wait_due_ms != 0 &&
	    chart->wait_due_ms <= run->context->now_ms && !chart->held)
		chart_run_waited(run);
	pass_timers(run);
}

static void
record_act(
    struct run *run, enum audit_kind kind, const struct chart_event *event)
{
	struct value_builder *record = chart_record_begin(run, kind);

	if (event->comment.at != NULL)
		value_put_str(record, "comment", event->comment);
	chart_record_end(run, record);
}

/* What surely is not happening, or what a person now gives up. */
static bool
may_drop(const struct call *call)
{
	return call->purpose == FOR_STEP &&
	       (chart_call_is_idle(call) || call->state == CALL_STUCK ||
		   (call->state == CALL_QUEUED && !call->unknown));
}

static void
on_cancelled(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	struct call *call = chart_call_find(chart, chart->step_call);

	if (!chart_task_may(run, &event->actor, PART_CORRECT))
		return;
	chart_task_took(run, &event->actor, PART_CORRECT);
	record_act(run, AUDIT_CANCELLED, event);
	chart->suspended = false;
	chart->cancelling = true;
	chart->cancel_compensates = event->compensate;
	if (call != NULL && !may_drop(call)) {
		chart_call_cancel(run, call);
		return; /* its outcome is waited for */
	}
	if (call != NULL)
		chart_call_remove(chart, call);
	chart->step_call = 0;
	chart_incident_close_all(run, "cancelled");
	chart_plan_cancelled(run);
}

static void
on_suspended(struct run *run, const struct chart_event *event)
{
	if (run->chart->suspended) {
		chart_step_refuse(
		    run, REFUSED_STATE, "the instance is suspended already");
		return;
	}
	run->chart->suspended = true;
	record_act(run, AUDIT_SUSPENDED, event);
	for (struct call *call = run->chart->calls; call != NULL;
	     call = call->next)
		chart_call_suspend(run, call);
}

static void
on_resumed(struct run *run, const struct chart_event *event)
{
	if (!run->chart->suspended) {
		chart_step_refuse(
		    run, REFUSED_STATE, "the instance is not suspended");
		return;
	}
	run->chart->suspended = false;
	record_act(run, AUDIT_RESUMED, event);
	run->actor = NULL; /* what fell due meanwhile is not the person's act */
	on_time(run, event);
}

/* Recovering one call may ask for others (an owner is told): those are new. */
static void
on_recovered(struct run *run, const struct chart_event *event)
{
	uint64_t last = run->chart->serial_last;
	struct call *call, *next;

	(void)event;
	for (call = run->chart->calls; call != NULL; call = next) {
		next = call->next;
		if (call->serial <= last)
			chart_call_recover(run, call);
	}
}

/* Nobody here waits for a child, nor asks who waits for this instance. */
static void
on_nothing(struct run *run, const struct chart_event *event)
{
	(void)run;
	(void)event;
}

typedef void happen_fn(struct run *run, const struct chart_event *event);
static const struct {
	happen_fn *happen;
	bool is_act; /* of a person: refused once the instance is over */
} happenings[] = {
    [EV_STARTED] = {on_started, false},
    [EV_EVENT_RECEIVED] = {on_event, false},
    [EV_REPLY_ARRIVED] = {on_reply, false},
    [EV_TIME_PASSED] = {on_time, false},
    [EV_TASK_DECIDED] = {chart_task_decide, true},
    [EV_INCIDENT_SETTLED] = {chart_incident_settle, true},
    [EV_ESCALATION_ACKNOWLEDGED] = {chart_escalation_acknowledge, true},
    [EV_CANCELLED] = {on_cancelled, true},
    [EV_SUSPENDED] = {on_suspended, true},
    [EV_RESUMED] = {on_resumed, true},
    [EV_RECOVERED] = {on_recovered, false},
    [EV_CHILD_ENDED] = {on_nothing, false},
    [EV_AWAITED] = {on_nothing, false},
};

/* A step is under way, and nothing of it is happening: it waits for a time. */
bool
chart_step_is_idle(const struct chart *chart)
{
	const struct call *call = chart_call_find(chart, chart->step_call);

	if (chart->held || chart->ended || chart->suspended)
		return false;
	return call != NULL
		   ? call->purpose == FOR_STEP && chart_call_is_idle(call)
		   : chart->wait_due_ms != 0;
}

/* A cancel, an event or a deadline may cut an idle wait short. */
static void
cut_idle_wait(struct run *run)
{
	struct chart *chart = run->chart;
	struct call *call = chart_call_find(chart, chart->step_call);

	if (!chart_step_is_idle(chart))
		return;
	if (chart->cancelling)
		chart_plan_cancelled(run);
	else if (!chart_step_interrupt(run))
		return;
	if (call != NULL)
		chart_call_remove(chart, call);
	chart->step_call = 0;
}

void
chart_step(struct chart *chart, const struct chart_event *event,
    struct chart_context *context, struct chart_effects *effects)
{
	struct run run = {
	    .chart = chart,
	    .context = context,
	    .effects = effects,
	    .actor = &event->actor,
	    .plan_first = chart->plan_serial,
	};

	must(chart->magic == CHART_MAGIC);
	must(event->kind == EV_STARTED ? chart->entries == 0
				       : chart->entries > 0);
	/* Effects and records of an earlier step may refer to what it holds. */
	if (effects->count == 0 && effects->record_count == 0 &&
	    chart_wants_compaction(chart))
		chart_compact(chart);
	if (chart->ended && happenings[event->kind].is_act) {
		chart_step_refuse(&run, REFUSED_ENDED, "the instance is over");
		return;
	}
	happenings[event->kind].happen(&run, event);
	run.actor = NULL;
	if (chart->ended)
		return;
	cut_idle_wait(&run);
	macrostep(&run);
	tell_kept(&run);
	must(!chart->ended || chart->plan_count == 0);
}
