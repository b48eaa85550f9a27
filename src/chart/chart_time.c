/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_time.c: what falls due: deadlines, escalations, pauses, calls.
 */
#include "chart_priv.h"

struct timer *
chart_timer_add(struct chart *chart, enum timer_kind kind, size_t index,
    uint64_t detail, int64_t due_ms)
{
	struct timer *timer = ARENA_NEW(chart->arena, struct timer);

	timer->kind = kind;
	timer->index = index;
	timer->detail = detail;
	timer->due_ms = due_ms;
	LIST_APPEND(chart->timers, timer);
	return timer;
}

void
chart_timer_remove(
    struct chart *chart, enum timer_kind kind, size_t index, uint64_t detail)
{
	for (struct timer **link = &chart->timers; *link != NULL;) {
		struct timer *timer = *link;

		if (timer->kind == kind && timer->index == index &&
		    timer->detail == detail)
			LIST_UNLINK(link);
		else
			link = &timer->next;
	}
}

/* ---- deadlines ---- */

/* Whether they stand in one list under `after`. */
static bool
is_of_one_key(
    const struct def_transition *a, const struct def_transition *b)
{
	return a->source == b->source &&
	       str_equal(a->after.text, b->after.text);
}

const struct def_transition *
chart_time_first_of_key(
    const struct def_state *state, const struct def_transition *like)
{
	for (size_t i = 0; i < state->after.count; i++)
		if (str_equal(
			state->after.items[i]->after.text, like->after.text))
			return state->after.items[i];
	return NULL;
}

/* Any of the key that the deadline stands for, or any that may do so now.  One
 * that was asked already is that one's alone which held then. */
static bool
some_interrupts(
    const struct chart *chart, const struct timer *timer, bool only_now)
{
	const struct def_transition *like;
	const struct def_transitions *after;

	if (timer->kind != TIMER_AFTER)
		return false;
	like = chart->definition->transitions[timer->index];
	after = &like->source->after;
	for (size_t i = 0; i < after->count; i++) {
		const struct def_transition *one = after->items[i];

		if (one->interrupt &&
		    (timer->since_ms != 0 ? one == like
					  : is_of_one_key(one, like)) &&
		    (!only_now || chart_select_may_cut_in(chart, one)))
			return true;
	}
	return false;
}

static bool
may_cut_in(const struct chart *chart, const struct timer *timer,
    const struct strand *strand)
{
	return timer->kind == TIMER_AFTER &&
	       chart_strand_reaches(chart, strand,
		   chart->definition->transitions[timer->index]->source) &&
	       some_interrupts(chart, timer, true);
}

static bool
some_idle_strand_is_cut(const struct chart *chart, const struct timer *timer)
{
	for (struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (!strand->stopping && chart_strand_is_idle(chart, strand) &&
		    may_cut_in(chart, timer, chart_strand_root(chart, strand)))
			return true;
	return false;
}

/* Whether the timer can do anything now; one that can't must not wake us. */
static bool
timer_counts(const struct chart *chart, const struct timer *timer)
{
	if (timer->kind == TIMER_ESCALATION || timer->kind == TIMER_INCIDENT)
		return true;
	if (chart->cancelling)
		return false;
	return chart_select_timer_is_open(chart, timer) ||
	       some_idle_strand_is_cut(chart, timer);
}

static void
least(int64_t *due_ms, int64_t other_ms)
{
	if (other_ms != 0 && (*due_ms == 0 || other_ms < *due_ms))
		*due_ms = other_ms;
}

int64_t
chart_due_ms(const struct chart *chart)
{
	int64_t due_ms = 0;

	for (const struct call *call = chart->calls; call != NULL;
	     call = call->next)
		if (!chart_call_is_suspended(chart, call) &&
		    !chart_call_stands_still(chart, call))
			least(&due_ms, call->due_ms);
	if (chart->lost != NULL)
		least(&due_ms, chart->started_ms); /* at once */
	if (chart->ended || chart->suspended)
		return due_ms;
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (!chart_strand_is_held(chart, strand))
			least(&due_ms, strand->wait_due_ms);
	for (const struct timer *timer = chart->timers; timer != NULL;
	     timer = timer->next)
		if (timer_counts(chart, timer))
			least(&due_ms, timer->due_ms);
	return due_ms;
}

bool
chart_is_due(const struct chart *chart, int64_t now_ms)
{
	int64_t due_ms = chart_due_ms(chart);

	if (due_ms != 0 && due_ms <= now_ms)
		return true;
	for (const struct call *call = chart->calls; call != NULL;
	     call = call->next)
		if (chart_call_is_barred(chart, call, now_ms))
			return true;
	return false;
}

/* ---- the first that is due ---- */

static bool
is_chosen(const struct chart *chart, const struct timer *timer,
    enum timer_choice choice, const struct strand *strand)
{
	switch (choice) {
	case TIMERS_ALL:
		return timer->kind == TIMER_INCIDENT ||
		       timer->kind == TIMER_ESCALATION ||
		       chart_select_timer_is_open(chart, timer);
	case TIMERS_INTERRUPTING:
		return may_cut_in(chart, timer, strand);
	case TIMERS_TELLING:
		return timer->kind == TIMER_INCIDENT ||
		       timer->kind == TIMER_ESCALATION;
	}
	unreachable("every choice is listed");
}

bool
chart_time_may_interrupt(const struct run *run)
{
	for (const struct timer *timer = run->chart->timers; timer != NULL;
	     timer = timer->next)
		if (timer->due_ms <= run->context->now_ms &&
		    some_interrupts(run->chart, timer, false))
			return true;
	return false;
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

struct timer *
chart_time_find(const struct run *run, enum timer_choice choice,
    const struct strand *strand)
{
	const struct chart *chart = run->chart;
	struct timer *first = NULL;

	for (struct timer *timer = chart->timers; timer != NULL;
	     timer = timer->next)
		if (timer->due_ms <= run->context->now_ms &&
		    (first == NULL || comes_before(chart, timer, first)) &&
		    is_chosen(chart, timer, choice, strand))
			first = timer;
	return first;
}

/* As if it had been the state's own transition for an event. */
static const struct def_transition *
first_that_holds(struct run *run, const struct def_transition *like)
{
	const struct def_transitions *after = &like->source->after;
	const struct signal signal = {.event = NULL};
	const struct def_transition *found = NULL;

	run->guarded = like->source;
	run->signal = &signal;
	for (size_t i = 0; i < after->count && found == NULL &&
			   run->given_up.at == NULL;
	     i++)
		if (is_of_one_key(after->items[i], like) &&
		    chart_env_holds(run, after->items[i]->guard))
			found = after->items[i];
	run->signal = NULL;
	run->guarded = NULL;
	return run->given_up.at == NULL ? found : NULL;
}

static void
record_reached(struct run *run, const struct def_transition *transition,
    int64_t due_ms)
{
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_DEADLINE_REACHED);

	chart_record_state(run, record, "state", transition->source->index);
	value_put_str(record, "after", transition->after.text);
	value_put_instant(record, "due", due_ms);
	chart_record_end(run, record);
}

/* An instance of former times has a timer for each of them. */
static void
remove_all(struct chart *chart, const struct def_transition *like)
{
	const struct def_transitions *after = &like->source->after;

	for (size_t i = 0; i < after->count; i++)
		if (is_of_one_key(after->items[i], like))
			chart_timer_remove(
			    chart, TIMER_AFTER, after->items[i]->index, 0);
}

static bool
may_take(const struct chart *chart, const struct def_transition *transition,
    const struct strand *instead)
{
	const struct timer timer = {
	    .kind = TIMER_AFTER, .index = transition->index};

	return instead != NULL
		   ? transition->interrupt &&
			 chart_select_may_cut_in(chart, transition)
		   : chart_select_timer_is_open(chart, &timer);
}

/* The first of the key that doesn't interrupt; NULL: all do. */
static const struct def_transition *
first_that_waits(const struct def_transition *like)
{
	const struct def_transitions *after = &like->source->after;

	for (size_t i = 0; i < after->count; i++)
		if (is_of_one_key(after->items[i], like) &&
		    !after->items[i]->interrupt)
			return after->items[i];
	return NULL;
}

/*
 * The first whose `if` holds is taken; where that has to wait, or, at a
 * boundary, those that do have not been asked yet, all are asked anew once it
 * could be.  Nothing comes of it where an `if` is given up: it is asked again.
 */
static void
take_deadline(struct run *run, struct timer timer, struct strand *instead)
{
	struct chart *chart = run->chart;
	const struct def_transition *transition =
	    chart->definition->transitions[timer.index];
	const struct def_transition *found;
	struct chosen chosen = {0};

	if (timer.since_ms == 0)
		record_reached(run, transition, timer.due_ms);
	found = first_that_holds(run, transition);
	if (run->given_up.at != NULL)
		return;
	remove_all(chart, transition);
	if (found == NULL && instead != NULL)
		found = first_that_waits(transition);
	if (found == NULL)
		return;
	if (!may_take(chart, found, instead)) {
		chart_timer_add(
		    chart, TIMER_AFTER, found->index, 0, timer.due_ms)
		    ->since_ms = run->context->now_ms;
		return;
	}
	chart_select_this(run, found, &chosen);
	chart_plan_take(run, &chosen, instead,
	    arena_strf(chart->arena, "after %.*s", STR_ARG(found->after.text)),
	    NULL);
}

void
chart_time_take(struct run *run, struct timer timer, struct strand *instead)
{
	switch (timer.kind) {
	case TIMER_AFTER:
		take_deadline(run, timer, instead);
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

/* ---- time passes ---- */

static bool
call_is_due(
    const struct chart *chart, const struct call *call, int64_t now_ms)
{
	return (call->due_ms != 0 && call->due_ms <= now_ms) ||
	       chart_call_is_barred(chart, call, now_ms);
}

static bool
may_pass(const struct run *run, const struct call *call)
{
	return call_is_due(run->chart, call, run->context->now_ms) &&
	       !chart_call_is_suspended(run->chart, call);
}

/* Each of those that are due now once, unless one before it has ended it. */
static void
pass_calls(struct run *run)
{
	chart_call_each(run, may_pass, chart_call_due);
}

static void
pass_waits(struct run *run)
{
	for (struct strand *strand = run->chart->strands, *next; strand;
	     strand = next) {
		next = strand->next;
		if (strand->wait_due_ms == 0 ||
		    strand->wait_due_ms > run->context->now_ms ||
		    chart_strand_is_held(run->chart, strand))
			continue;
		run->strand = strand;
		chart_run_waited(run);
		run->strand = NULL;
	}
}

static bool
takes_nothing(const struct chart *chart)
{
	return chart->cancelling || chart_select_is_busy(chart);
}

/* Escalations and the age of incidents don't wait for steps; where a region
 * is free, they have their turn among all that is due. */
static void
pass_timers(struct run *run)
{
	struct timer *timer;

	while (takes_nothing(run->chart) &&
	       (timer = chart_time_find(run, TIMERS_TELLING, NULL)) != NULL)
		chart_time_take(run, *timer, NULL);
}

void
chart_time_passed(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;

	(void)event;
	pass_calls(run);
	if (chart->ended || chart->suspended)
		return;
	pass_waits(run);
	pass_timers(run);
}
