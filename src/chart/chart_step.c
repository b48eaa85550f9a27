/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_step.c: the driver: one thing happens, and the instance goes on until
 * it waits.
 *
 * What happens first finds its place (a reply its call, a decision its task,
 * an event the list of those that have come); then the macrostep runs: the
 * strands, eventless transitions, internal events, and at last what waits
 * outside, deadlines and events in the order of their times.
 */
#include "chart_priv.h"

#include <stdarg.h>
#include <stdio.h>

void
chart_step_raise(struct run *run, struct signal signal)
{
	struct arena *arena = run->chart->arena;
	struct internal *raised = ARENA_NEW(arena, struct internal);

	raised->signal = signal;
	raised->signal.name = arena_str(arena, signal.name);
	LIST_APPEND(run->chart->internals, raised);
}

size_t
chart_step_raised(const struct chart *chart)
{
	size_t count = 0;

	for (const struct internal *raised = chart->internals; raised != NULL;
	     raised = raised->next)
		count++;
	return count;
}

void
chart_step_done(struct run *run, const struct def_state *state)
{
	chart_step_raise(
	    run, (struct signal){
		     .name = STR("done"),
		     .only = state->index,
		     .from = SIZE_MAX,
		     .entry = chart_config_find(run->chart, state)->entry,
		 });
}

void
chart_step_refuse(
    struct run *run, enum chart_refusal refusal, const char *format, ...)
{
	struct value_builder *record = chart_record_begin(run, AUDIT_REFUSED);
	char text[300];
	va_list args;

	va_start(args, format);
	str_vwrite(text, sizeof(text), format, args);
	va_end(args);
	run->effects->refusal = refusal;
	run->effects->refusal_detail =
	    arena_str(run->context->arena, str_of(text));
	value_put_str(record, "reason", chart_refusal_name(refusal));
	value_put_str(record, "detail", str_of(text));
	chart_record_end(run, record);
}

/* ---- what is raised ---- */

static bool
take_eventless(struct run *run)
{
	struct chosen chosen;

	if (!chart_select_eventless(run, &chosen))
		return false;
	chart_plan_take(run, &chosen, NULL, STR("always"), chosen.event);
	return true;
}

/* The first that is taken; what nobody takes is over, what a busy region may
 * want stays. */
static bool
take_internal(struct run *run)
{
	struct internal **link = &run->chart->internals;
	size_t waiting = chart_step_raised(run->chart);

	if (waiting > run->raised_most)
		run->raised_most = (unsigned)waiting;
	while (*link != NULL && run->given_up.at == NULL) {
		struct internal *raised = *link;
		struct chosen chosen;

		switch (
		    chart_select(run, &raised->signal, SELECT_FREE, &chosen)) {
		case SELECTED_LATER:
			link = &raised->next;
			break;
		case SELECTED_NONE:
			LIST_UNLINK(link);
			break;
		case SELECTED_NOW:
			LIST_UNLINK(link);
			chart_plan_take(run, &chosen, NULL, raised->signal.name,
			    raised->signal.event);
			return true;
		}
	}
	return false;
}

/* What is due and what has come go by their times. */
static bool
take_external(struct run *run)
{
	struct timer *timer = chart_time_find(run, TIMERS_ALL, NULL);
	struct chosen chosen;
	struct kept **link = chart_kept_find(
	    run, &run->chart->kept, SELECT_FREE, &chosen);

	if (link != NULL &&
	    (timer == NULL || (*link)->received_ms <= timer->due_ms))
		chart_kept_take(run, link, &chosen, NULL);
	else if (timer != NULL)
		chart_time_take(run, *timer, NULL);
	else
		return false;
	return true;
}

/* ---- interrupting ---- */

/* Another region's interrupting transition waits for that one's boundary; and
 * what is done for regions that stay as well, and can't be told apart from the
 * rest, is no region's to interrupt. */
static bool
interrupts_strand(const struct chart *chart, const struct chosen *chosen,
    const struct strand *strand)
{
	if (!chart_concern_may_cut_in(chart, chosen))
		return false;
	for (size_t i = 0; i < chosen->count; i++) {
		const struct def_transition *transition =
		    chart->definition->transitions[chosen->items[i].transition];

		if (transition->interrupt &&
		    chart_strand_reaches(chart, strand, transition->source))
			return true;
	}
	return false;
}

static bool
interrupt_by_raised(struct run *run, struct strand *strand)
{
	struct internal **link = &run->chart->internals;

	for (; *link != NULL; link = &(*link)->next) {
		struct internal *raised = *link;
		struct chosen chosen;

		if (chart_select(run, &raised->signal, SELECT_INTERRUPTING,
			&chosen) != SELECTED_NOW ||
		    !interrupts_strand(run->chart, &chosen, strand))
			continue;
		LIST_UNLINK(link);
		chart_plan_take(run, &chosen, strand, raised->signal.name,
		    raised->signal.event);
		return true;
	}
	return false;
}

/* One that interrupts another region only is in nobody's way here. */
static struct kept **
find_kept_for(struct run *run, struct strand *strand, struct chosen *chosen)
{
	struct kept **link = chart_kept_find(
	    run, &run->chart->kept, SELECT_INTERRUPTING, chosen);

	while (link != NULL && !interrupts_strand(run->chart, chosen, strand))
		link = chart_kept_find(
		    run, &(*link)->next, SELECT_INTERRUPTING, chosen);
	return link;
}

static bool
interrupt_by_external(struct run *run, struct strand *strand)
{
	struct timer *timer = chart_time_find(run, TIMERS_INTERRUPTING, strand);
	struct chosen chosen;
	struct kept **link = find_kept_for(run, strand, &chosen);

	if (link != NULL &&
	    (timer == NULL || (*link)->received_ms <= timer->due_ms))
		chart_kept_take(run, link, &chosen, strand);
	else if (timer != NULL)
		chart_time_take(run, *timer, strand);
	else
		return false;
	return true;
}

/* What is wrong is wrong for the instance as a whole: what stands for it holds
 * all that is done, so that nothing is asked anew before that is settled. */
static void
blame_definition(struct run *run, const char *why)
{
	run->strand = chart_strand_add(run->chart, NULL);
	chart_incident_open(
	    run, INCIDENT_DEFINITION, SIZE_MAX, 0, NULL, "%s", why);
	run->strand = NULL;
}

/* Stops an instance for which nobody can tell what comes next, since an
 * expression was given up that was to say so; true where it did. */
static bool
is_given_up(struct run *run)
{
	char why[400];

	if (run->given_up.at == NULL)
		return false;
	str_write(why, sizeof(why), "in state `%.*s` %.*s",
	    STR_ARG(chart_config_names(run->chart, run->context->arena)),
	    STR_ARG(run->given_up));
	run->given_up = (struct str){NULL, 0};
	blame_definition(run, why);
	return true;
}

/* A deadline whose guard fails passes without a microstep.  Where one is given
 * up, the strand goes on once a person has settled that. */
bool
chart_step_interrupt(struct run *run, struct strand *strand)
{
	uint64_t before = run->chart->taking;
	struct strand *root = chart_strand_root(run->chart, strand);
	bool interrupted;

	if (run->chart->active_count == 0 || run->given_up.at != NULL)
		return false;
	run->strand = NULL;
	interrupted = interrupt_by_raised(run, root);
	while (!interrupted && run->given_up.at == NULL &&
	       interrupt_by_external(run, root))
		interrupted = run->chart->taking != before;
	if (!interrupted)
		interrupted = is_given_up(run);
	run->strand = strand;
	return interrupted;
}

static bool
has_what_may_interrupt(const struct run *run)
{
	return run->chart->kept != NULL || run->chart->internals != NULL ||
	       chart_time_may_interrupt(run);
}

/* An event or a deadline may cut an idle wait short; what was left while its
 * call was under way ends where that would only be tried again. */
bool
chart_step_cut(struct run *run, struct strand *strand)
{
	if (!chart_strand_is_idle(run->chart, strand))
		return false;
	if (strand->stopping)
		return chart_strand_stop(run, strand, STOP_LEFT);
	return has_what_may_interrupt(run) && chart_step_interrupt(run, strand);
}

static bool
cut_idle_waits(struct run *run)
{
	bool any = false;

	for (struct strand *strand = run->chart->strands, *next; strand;
	     strand = next) {
		next = strand->next;
		if (!strand->gone && chart_step_cut(run, strand))
			any = true;
	}
	run->strand = NULL;
	return any;
}

/* ---- the end ---- */

static void
close_all(struct run *run)
{
	struct chart *chart = run->chart;

	for (size_t i = chart->active_count; i-- > 0;) {
		const struct def_state *state =
		    chart->definition->states[chart->active[i].state];

		chart_escalation_disarm(run, state);
		chart_task_close(run, state->index);
	}
	chart_incident_close_all(run, 0, "ended");
	chart_kept_end(run);
	chart->timers = NULL;
	chart->internals = NULL;
	chart->keys = NULL;
	chart->undos = NULL;
	chart->marks = NULL;
	chart->memories = NULL;
}

/* The final state at the top that it has reached; NULL: none. */
static const struct def_state *
final_of(const struct chart *chart)
{
	const struct def_state *state = chart_config_child(chart, NULL);

	return state != NULL && state->kind == STATE_FINAL ? state : NULL;
}

static const struct value *
output_of(struct run *run, const struct def_state *final)
{
	struct value_builder *output = value_build_context(run->context->arena);

	if (final == NULL || final->output.count == 0)
		return NULL;
	for (size_t i = 0; i < final->output.count; i++)
		value_put(output, final->output.items[i].name,
		    chart_env_eval(run, final->output.items[i].value));
	return chart_env_keep(run, value_built(output));
}

void
chart_step_end(struct run *run, enum def_ending ending)
{
	struct chart *chart = run->chart;
	struct value_builder *record;

	chart->output = output_of(run, final_of(chart));
	close_all(run);
	chart_strand_end_all(run);
	chart->ended = true;
	chart->ending = ending;
	chart->ended_ms = run->context->now_ms;

	record = chart_record_begin(run, AUDIT_ENDED);
	value_put_str(
	    record, "state", chart_config_names(chart, run->context->arena));
	value_put_str(record, "outcome", def_ending_name(ending));
	chart_record_value(record, "output", chart->output);
	chart_record_end(run, record);
	chart_child_report(run);
}

/* ---- the macrostep ---- */

/* Of those that stood in the queue together an end is in sight. */
bool
chart_step_circles(const struct run *run)
{
	return run->microsteps > CHART_MICROSTEPS_MAX + run->raised_most;
}

/* Stops an instance that goes round in a circle; true where it did. */
static bool
circles(struct run *run)
{
	char why[120];

	if (!chart_step_circles(run))
		return false;
	str_write(why, sizeof(why),
	    "over %d transitions without an end in sight: the definition goes "
	    "round in a circle",
	    CHART_MICROSTEPS_MAX);
	blame_definition(run, why);
	return true;
}

/* The next transition, where one may be taken: eventless ones first. */
static bool
take_next(struct run *run)
{
	bool took = take_eventless(run);

	if (!took && run->given_up.at == NULL)
		took = take_internal(run);
	if (!took && run->given_up.at == NULL)
		took = take_external(run);
	return took;
}

static void
macrostep(struct run *run)
{
	struct chart *chart = run->chart;

	while (!circles(run)) {
		if (chart->cancelling && !chart->suspended) {
			if (!chart_cancel_try(run, STOP_CANCEL))
				return;
			(void)cut_idle_waits(run); /* by what came meanwhile */
			continue;
		}
		chart_run_strands(run);
		if (chart->ended || chart->suspended || circles(run))
			return;
		if (chart->cancelling || chart_begin_pending(run))
			continue;
		if (is_given_up(run))
			return;
		if (!chart_select_is_busy(chart) && take_next(run))
			continue;
		/* Waits have begun since. */
		if (is_given_up(run) || !cut_idle_waits(run))
			return;
	}
}

/* What was held has been told of: the count begins anew. */
static void
share_count(const struct run *run)
{
	if (run->context->microsteps != NULL)
		*run->context->microsteps =
		    chart_step_circles(run) ? 0 : run->microsteps;
}

/* Where it has passed the bound, as many were raised together as may be. */
static void
go_on_counting(struct run *run)
{
	const unsigned *shared = run->context->microsteps;

	if (shared == NULL)
		return;
	run->microsteps += *shared;
	if (*shared > CHART_MICROSTEPS_MAX)
		run->raised_most = CHART_RAISED_MAX;
}

void
chart_step_go_on(struct run *run)
{
	go_on_counting(run);
	run->actor = NULL;
	run->proposed_by = (struct str){NULL, 0};
	run->strand = NULL;
	if (run->chart->ended)
		return;
	if (!run->chart->cancelling)
		(void)cut_idle_waits(run);
	macrostep(run);
	share_count(run);
	chart_kept_tell(run);
	chart_proposal_sweep(run);
	must(!run->chart->ended || run->chart->strands == NULL);
}

/* ---- what happens ---- */

/* The instance that has started this one; 0: none has. */
static uint64_t
parent_of(const struct chart *chart, const struct chart_event *event)
{
	if (event->awaiter.number != 0)
		return event->awaiter.number;
	return chart->waiters ? chart->waiters->awaiter.number : 0;
}

static void
on_started(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	uint64_t parent = parent_of(chart, event);
	struct value_builder *record;
	char hex[DIGEST_HEX_BYTES], id[CHART_ID_BYTES];

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
	if (parent != 0)
		value_put_str(
		    record, "parent", chart_child_id(chart, parent, id));
	/* What expressions may read and nothing else tells. */
	if (run->actor->name.at == NULL && chart->initiator.at != NULL)
		value_put_str(record, "initiator", chart->initiator);
	if (chart->priority_given)
		value_put_str(
		    record, "priority", def_priority_name(chart->priority));
	if (run->context->environment.at != NULL)
		value_put_str(
		    record, "environment", run->context->environment);
	chart_record_value(record, "input", chart->input);
	chart_record_end(run, record);
	chart_plan_start(run);
}

static void
on_reply(struct run *run, const struct chart_event *event)
{
	struct call *call = chart_call_find(run->chart, event->serial);

	if (call != NULL &&
	    (call->state == CALL_QUEUED || call->state == CALL_SENT ||
		chart_call_is_asking(call)))
		chart_call_reply(run, call, event);
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
	chart_time_passed(run, event);
}

static void
on_recovered(struct run *run, const struct chart_event *event)
{
	(void)event;
	chart_call_each(run, NULL, chart_call_recover);
}

typedef void happen_fn(struct run *run, const struct chart_event *event);
static const struct {
	happen_fn *happen;
	bool is_act; /* of a person: refused once the instance is over */
} happenings[] = {
    [EV_STARTED] = {on_started, false},
    [EV_EVENT_RECEIVED] = {chart_kept_receive, false},
    [EV_REPLY_ARRIVED] = {on_reply, false},
    [EV_TIME_PASSED] = {chart_time_passed, false},
    [EV_TASK_DECIDED] = {chart_task_decide, true},
    [EV_INCIDENT_SETTLED] = {chart_incident_settle, true},
    [EV_ESCALATION_ACKNOWLEDGED] = {chart_escalation_acknowledge, true},
    [EV_CANCELLED] = {chart_cancel_asked, true},
    [EV_SUSPENDED] = {on_suspended, true},
    [EV_RESUMED] = {on_resumed, true},
    [EV_MIGRATED] = {chart_migrate_asked, true},
    [EV_RECOVERED] = {on_recovered, false},
    [EV_CHILD_ENDED] = {chart_child_ended, false},
    [EV_AWAITED] = {chart_child_awaited, false},
    [EV_ERASED] = {chart_erase, false},
    [EV_PROPOSAL_CONFIRMED] = {chart_proposal_confirm, true},
    [EV_PROPOSAL_REJECTED] = {chart_proposal_reject, true},
    /* what was done alone may have been the end */
    [EV_GLASS_ACKNOWLEDGED] = {chart_proposal_acknowledge, false},
};

void
chart_step(struct chart *chart, const struct chart_event *event,
    struct chart_context *context, struct chart_effects *effects)
{
	struct run run = {
	    .chart = chart,
	    .context = context,
	    .effects = effects,
	    .effects_first = effects->count,
	    .actor = &event->actor,
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
	if (chart->lost != NULL)
		chart_escalation_tell_lost(&run);
	happenings[event->kind].happen(&run, event);
	chart_step_go_on(&run);
}
