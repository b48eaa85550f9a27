/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_plan.c: configurations, and the plan that leads from one to the next.
 *
 * A transition becomes a list of items, done one after another: steps of the
 * exits (innermost first), steps of the transition, the switch, undoing where
 * it is asked for, steps of the entries (outermost first), settling.  The
 * switch changes the configuration at once, so that an instance is in a legal
 * configuration at every commit, whatever its steps wait for.
 */
#include "chart_priv.h"

const struct def_state *
chart_leaf(const struct chart *chart)
{
	return chart->leaf == SIZE_MAX ? NULL
				       : chart->definition->states[chart->leaf];
}

bool
chart_plan_is_active(const struct chart *chart, const struct def_state *state)
{
	const struct def_state *leaf = chart_leaf(chart);

	return leaf != NULL && def_state_contains(state, leaf);
}

static const struct def_state *
target_of(const struct def_transition *transition)
{
	return transition->targets.count > 0 ? transition->targets.items[0]
					     : NULL;
}

bool
chart_plan_is_busy(const struct chart *chart)
{
	return chart->plan_next < chart->plan_count || chart->held;
}

void
chart_plan_clear(struct chart *chart)
{
	chart->plan_serial++;
	chart->plan_count = 0;
	chart->plan_next = 0;
	chart->pc = 0;
	chart->wait_due_ms = 0;
	chart->held = false;
}

static void
plan_add(struct chart *chart, enum plan_kind kind, size_t index)
{
	must(chart->plan_count < PLAN_MAX);
	chart->plan[chart->plan_count++] =
	    (struct plan_item){.kind = kind, .index = index};
}

/* The innermost state that stays entered: NULL for the top.  The target is
 * entered anew even where it is around its source. */
static const struct def_state *
domain_of(const struct def_state *source, const struct def_state *target,
    bool internal)
{
	const struct def_state *domain;

	if (source == NULL)
		return NULL;
	if (internal && source->kind == STATE_COMPOUND && source != target &&
	    def_state_contains(source, target))
		return source;
	for (domain = source->parent; domain != NULL; domain = domain->parent)
		if (domain != target && def_state_contains(domain, target))
			break;
	return domain;
}

/* The atomic or final state that entering `target` ends in. */
static const struct def_state *
leaf_of(const struct def_state *target)
{
	while (target->kind == STATE_COMPOUND)
		target = target->initial.items[0];
	return target;
}

static void
plan_exits(struct chart *chart, const struct def_state *domain)
{
	const struct def_state *state;

	for (state = chart_leaf(chart); state != domain; state = state->parent)
		if (state->exit.count > 0)
			plan_add(chart, PLAN_EXIT, state->index);
}

static void
plan_entries(struct chart *chart, const struct def_state *state,
    const struct def_state *domain)
{
	if (state == domain)
		return;
	plan_entries(chart, state->parent, domain);
	if (state->entry.count > 0)
		plan_add(chart, PLAN_ENTRY, state->index);
}

static bool
compensates_on_entry(
    const struct def_state *leaf, const struct def_state *domain)
{
	for (; leaf != domain; leaf = leaf->parent)
		if (leaf->compensate != COMPENSATE_NONE)
			return true;
	return false;
}

/* What follows the switch.  Entry steps may break what held before them. */
static void
plan_arrival(struct chart *chart, const struct def_state *target,
    const struct def_state *domain, bool compensate)
{
	const struct def_state *leaf = leaf_of(target);
	bool checks = chart->definition->invariant_count > 0;
	size_t before;

	if (checks)
		plan_add(chart, PLAN_CHECK, 0);
	if (compensate || compensates_on_entry(leaf, domain))
		plan_add(chart, PLAN_COMPENSATE, 0);
	before = chart->plan_count;
	plan_entries(chart, leaf, domain);
	if (checks && chart->plan_count > before)
		plan_add(chart, PLAN_CHECK, 1);
	plan_add(chart, PLAN_SETTLE, leaf->index);
}

void
chart_plan_start(struct run *run)
{
	struct chart *chart = run->chart;

	must(chart->leaf == SIZE_MAX);
	chart_plan_clear(chart);
	plan_add(chart, PLAN_SWITCH, PLAN_START);
	plan_arrival(chart, chart->definition->initial.items[0], NULL, false);
}

static void
plan_take(struct run *run, const struct def_transition *transition,
    bool compensate)
{
	struct chart *chart = run->chart;
	const struct def_state *target = target_of(transition);
	const struct def_state *domain = NULL;

	if (run->context->took != NULL)
		run->context->took(run->context->took_arg, transition);
	chart_plan_clear(chart);
	if (target != NULL) {
		domain =
		    domain_of(transition->source, target, transition->internal);
		plan_exits(chart, domain);
	}
	if (transition->steps.count > 0)
		plan_add(chart, PLAN_DO, transition->index);
	if (target != NULL) {
		plan_add(chart, PLAN_SWITCH, transition->index);
		plan_arrival(chart, target, domain, compensate);
		return;
	}
	if (transition->steps.count > 0 &&
	    chart->definition->invariant_count > 0)
		plan_add(chart, PLAN_CHECK, 1);
	if (compensate)
		plan_add(chart, PLAN_COMPENSATE, 0);
}

void
chart_plan_take(struct run *run, const struct def_transition *transition)
{
	plan_take(run, transition, transition->compensate != COMPENSATE_NONE);
}

void
chart_plan_goto(
    struct run *run, const struct def_state *source, size_t escalation)
{
	struct chart *chart = run->chart;
	const struct def_state *target = source->escalations[escalation].target;
	const struct def_state *domain = domain_of(source, target, false);

	chart_plan_clear(chart);
	plan_exits(chart, domain);
	plan_add(chart, PLAN_GOTO, source->index);
	chart->plan[chart->plan_count - 1].detail = escalation;
	plan_arrival(chart, target, domain, false);
}

/* Undoing has begun, or will as soon as the entered state is checked. */
static bool
owes_undoing(const struct chart *chart)
{
	bool owes = false;

	for (size_t i = chart->plan_next; i < chart->plan_count; i++) {
		if (chart->plan[i].kind == PLAN_SWITCH ||
		    chart->plan[i].kind == PLAN_GOTO)
			return false; /* not there yet */
		if (chart->plan[i].kind == PLAN_COMPENSATE)
			owes = true;
	}
	return owes;
}

/*
 * An operator's cancel finds its place: by the transition that takes it, or
 * to the end.  Undoing that has begun goes on, asked for or not: half of it
 * is worth nothing.
 */
void
chart_plan_cancelled(struct run *run)
{
	struct chart *chart = run->chart;
	bool compensate = chart->cancel_compensates || owes_undoing(chart);
	const struct def_transition *transition =
	    chart_step_select(run, STR("cancel"), SIZE_MAX, false);

	chart->cancelling = false;
	chart->event = NULL;
	chart->cause = STR("cancel");
	if (transition != NULL)
		plan_take(run, transition,
		    compensate || transition->compensate != COMPENSATE_NONE);
	else
		chart_plan_cancel(run, compensate);
}

/*
 * Whether an interrupting transition may be taken before the item under way.
 * A transition that has done no step yet is instantaneous, or the event that
 * it took would be lost; checks and undoing are not cut short.
 */
bool
chart_plan_is_at_boundary(const struct chart *chart)
{
	switch (chart->plan[chart->plan_next].kind) {
	case PLAN_EXIT:
	case PLAN_DO:
		return chart->plan_next > 0 || chart->pc > 0;
	case PLAN_SWITCH:
	case PLAN_GOTO:
		return chart->plan_next > 0;
	case PLAN_ENTRY:
	case PLAN_SETTLE:
		return true;
	case PLAN_CHECK:
	case PLAN_COMPENSATE:
	case PLAN_CANCEL:
		return false;
	}
	unreachable("every kind of item is listed");
}

/* Undo first where that is asked for, then end. */
void
chart_plan_cancel(struct run *run, bool compensate)
{
	struct chart *chart = run->chart;

	chart_plan_clear(chart);
	if (compensate)
		plan_add(chart, PLAN_COMPENSATE, 0);
	plan_add(chart, PLAN_CANCEL, 0);
}

/* ---- the switch ---- */

static void
record_deadline(
    struct run *run, const struct def_transition *transition, int64_t due_ms)
{
	const struct calendar *calendar = run->chart->definition->calendar;
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_DEADLINE_SET);

	chart_record_state(run, record, "state", transition->source->index);
	value_put_str(record, "after", transition->after.text);
	chart_record_instant(run, record, "due", due_ms);
	if (transition->after.kind == SPAN_BUSINESS_DAYS) {
		value_put_str(record, "calendar", calendar->name);
		value_put_int(record, "calendar_version", calendar->version);
	}
	chart_record_end(run, record);
}

/* Deadlines are fixed when the state is entered. */
static void
arm_deadlines(struct run *run, const struct def_state *state)
{
	for (size_t i = 0; i < state->after.count; i++) {
		const struct def_transition *transition = state->after.items[i];
		int64_t due_ms;

		if (!chart_env_due(run, &transition->after,
			run->context->now_ms, &due_ms)) {
			chart_incident_open(run, INCIDENT_DEFINITION, SIZE_MAX,
			    0, NULL,
			    "the deadline `%.*s` of state `%.*s` gives no time "
			    "and is left out",
			    STR_ARG(transition->after.text),
			    STR_ARG(state->name));
			continue;
		}
		chart_timer_add(
		    run->chart, TIMER_AFTER, transition->index, 0, due_ms);
		record_deadline(run, transition, due_ms);
	}
}

static void
leave(struct run *run, const struct def_state *domain)
{
	const struct def_state *state = chart_leaf(run->chart);

	for (; state != domain; state = state->parent) {
		for (size_t i = 0; i < state->after.count; i++)
			chart_timer_remove(run->chart, TIMER_AFTER,
			    state->after.items[i]->index, 0);
		chart_escalation_disarm(run, state);
		if (state->task != NULL)
			chart_task_close(run, state->index);
	}
}

static void
enter(struct run *run, const struct def_state *state,
    const struct def_state *domain)
{
	if (state == domain)
		return;
	enter(run, state->parent, domain);
	arm_deadlines(run, state);
	chart_escalation_arm(run, state);
}

static void
record_entered(struct run *run, size_t from)
{
	struct chart *chart = run->chart;
	struct value_builder *record = chart_record_begin(run, AUDIT_ENTERED);

	chart_record_state(run, record, "from", from);
	chart_record_state(run, record, "to", chart->leaf);
	if (chart->cause.at != NULL)
		value_put_str(record, "event", chart->cause);
	if (chart->event != NULL)
		chart_record_value(
		    record, "event_id", value_get_cstr(chart->event, "id"));
	chart_record_end(run, record);
}

static void
switch_to(struct run *run, const struct def_state *target,
    const struct def_state *domain)
{
	struct chart *chart = run->chart;
	size_t from = chart->leaf;

	if (from != SIZE_MAX)
		leave(run, domain);
	chart->leaf = leaf_of(target)->index;
	chart->entries++;
	record_entered(run, from);
	enter(run, chart_leaf(chart), domain);
}

static void
perform_switch(struct run *run, const struct plan_item *item)
{
	const struct definition *definition = run->chart->definition;
	const struct def_transition *transition;

	if (item->index == PLAN_START) {
		switch_to(run, definition->initial.items[0], NULL);
		return;
	}
	transition = definition->transitions[item->index];
	switch_to(run, target_of(transition),
	    domain_of(transition->source, target_of(transition),
		transition->internal));
}

static void
perform_goto(struct run *run, const struct plan_item *item)
{
	const struct def_state *source =
	    run->chart->definition->states[item->index];
	const struct def_state *target =
	    source->escalations[item->detail].target;

	switch_to(run, target, domain_of(source, target, false));
}

/* ---- invariants ---- */

static bool
applies(const struct def_invariant *invariant, const struct chart *chart)
{
	if (invariant->in_count == 0)
		return true;
	for (size_t i = 0; i < invariant->in_count; i++)
		if (chart_plan_is_active(chart, invariant->in[i]))
			return true;
	return false;
}

static bool
assigns_name(struct def_assigns assigns, struct str name)
{
	for (size_t i = 0; i < assigns.count; i++)
		if (str_equal(assigns.items[i].name, name))
			return true;
	return false;
}

struct pending {
	struct chart *chart;
	bool assigned;
};

static void
pending_cb(struct str name, size_t offset, void *arg)
{
	struct pending *pending = arg;
	struct chart *chart = pending->chart;

	(void)offset;
	for (size_t i = chart->plan_next; i < chart->plan_count; i++) {
		const struct def_steps *steps;

		if (chart->plan[i].kind != PLAN_ENTRY)
			continue;
		steps = &chart->definition->states[chart->plan[i].index]->entry;
		for (size_t j = 0; j < steps->count; j++)
			if (assigns_name(steps->items[j]->output, name) ||
			    assigns_name(steps->items[j]->set, name))
				pending->assigned = true;
	}
}

/* Whether the entry steps still to come set what the invariant reads: then it
 * is for them to make it true, and it is looked at when they are through. */
static bool
is_pending(struct chart *chart, const struct def_invariant *invariant)
{
	struct pending pending = {.chart = chart};

	if (invariant->that->kind == TEMPLATE_FEEL)
		feel_each_free_name(
		    invariant->that->feel, pending_cb, &pending);
	return pending.assigned;
}

/* All that don't hold are one incident, so that settling it settles all. */
static bool
check_invariants(struct run *run, bool through)
{
	struct chart *chart = run->chart;
	struct buf broken = {0};
	bool hold;

	for (size_t i = 0; i < chart->definition->invariant_count; i++) {
		const struct def_invariant *invariant =
		    &chart->definition->invariants[i];

		if (applies(invariant, chart) &&
		    (through || !is_pending(chart, invariant)) &&
		    !chart_env_holds(run, invariant->that))
			buf_addf(&broken, "%s`%.*s`", broken.bytes ? ", " : "",
			    STR_ARG(invariant->name));
	}
	hold = broken.bytes == 0;
	if (!hold)
		chart_incident_open(run, INCIDENT_INVARIANT, SIZE_MAX, 0, NULL,
		    "in state `%.*s` an invariant does not hold: %s",
		    STR_ARG(chart_leaf(chart)->name), buf_cstr(&broken));
	buf_fini(&broken);
	return hold;
}

/* ---- settling ---- */

static bool
settle(struct run *run, const struct def_state *leaf)
{
	struct chart *chart = run->chart;

	if (leaf->kind == STATE_FINAL && leaf->parent == NULL) {
		chart_step_end(run, leaf->outcome);
		return true;
	}
	if (leaf->kind == STATE_FINAL) {
		chart_step_raise(run, STR("done"), leaf->parent->index, NULL);
		return true;
	}
	if (!chart_task_open(run, leaf))
		return false;
	chart_step_raise(run, STR("done"), chart->leaf, NULL);
	return true;
}

/* Undoing gave a state the word `compensated`: if one takes it, the cancel
 * that asked for the undoing has found its place. */
static bool
cancel(struct run *run)
{
	struct chart *chart = run->chart;
	const struct def_transition *transition = NULL;

	for (struct internal *raised = chart->internals; raised;
	     raised = raised->next)
		if (str_equal(raised->name, STR("compensated")))
			transition = chart_step_select(
			    run, raised->name, SIZE_MAX, false);
	if (transition == NULL) {
		chart_step_end(run, ENDING_CANCELLED);
		return true;
	}
	chart->internals = NULL;
	chart->cause = STR("compensated");
	chart_plan_take(run, transition);
	return false;
}

bool
chart_plan_perform(struct run *run, const struct plan_item *item)
{
	struct chart *chart = run->chart;

	switch (item->kind) {
	case PLAN_SWITCH:
		perform_switch(run, item);
		return !chart->held;
	case PLAN_GOTO:
		perform_goto(run, item);
		return !chart->held;
	case PLAN_CHECK:
		return check_invariants(run, item->index == 1);
	case PLAN_COMPENSATE:
		if (!chart_run_undo(run))
			return false;
		chart_step_raise_here(run, STR("compensated"), NULL);
		return true;
	case PLAN_SETTLE:
		return settle(run, chart->definition->states[item->index]);
	case PLAN_CANCEL:
		return cancel(run);
	case PLAN_EXIT:
	case PLAN_DO:
	case PLAN_ENTRY:
		break;
	}
	unreachable("lists of steps are run by chart_run.c");
}
