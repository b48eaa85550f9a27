/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_run.c: the strands go on, one step after another.
 *
 * Between two steps is a boundary: there, and only there, an interrupting
 * transition is taken, and a strand that is told to stop ends.
 */
#include "chart_priv.h"

static const struct def_steps *
steps_of(const struct chart *chart, const struct strand *strand)
{
	const struct definition *definition = chart->definition;
	const struct plan_item *item;

	if (strand->loop_step != SIZE_MAX)
		return &definition->steps[strand->loop_step]->body;
	if (strand->plan_next >= strand->plan_count)
		return NULL;
	item = &strand->plan[strand->plan_next];
	switch (item->kind) {
	case PLAN_EXIT:
		return &definition->states[item->index]->exit;
	case PLAN_ENTRY:
		return &definition->states[item->index]->entry;
	case PLAN_DO:
		return &definition->transitions[item->index]->steps;
	default:
		return NULL;
	}
}

/* The step under way, or NULL. */
const struct def_step *
chart_run_current(const struct chart *chart, const struct strand *strand)
{
	const struct def_steps *steps = steps_of(chart, strand);

	return steps != NULL && strand->pc < steps->count
		   ? steps->items[strand->pc]
		   : NULL;
}

/* The state that the strand does steps of `exit` of; NULL: it does none. */
static struct active *
left_by(const struct chart *chart, const struct strand *strand)
{
	size_t state;

	if (strand->parent != 0 || !chart_strand_is_leaving(chart, strand))
		return NULL;
	state = strand->plan[strand->plan_next].index;
	return chart_config_find(chart, chart->definition->states[state]);
}

void
chart_run_give_up_leaving(
    const struct chart *chart, const struct strand *strand, bool all)
{
	struct active *active = left_by(chart, strand);
	uint64_t behind;

	if (active == NULL)
		return;
	behind = all ? chart->definition->states[active->state]->exit.count
		     : strand->pc + 1;
	if (active->exited < behind)
		active->exited = behind;
}

/* What another transition has done of it is not done once more. */
static void
skip_exited(const struct chart *chart, struct strand *strand)
{
	const struct active *active = left_by(chart, strand);

	if (active != NULL && strand->pc < active->exited)
		strand->pc = active->exited;
}

/* Behind the step; pc may then be behind the last one of its list. */
static void
advance_step(const struct chart *chart, struct strand *strand)
{
	struct active *active = left_by(chart, strand);

	strand->wait_due_ms = 0;
	strand->awaits = 0;
	strand->pc++;
	if (active != NULL)
		active->exited = strand->pc;
}

static void
advance_item(struct strand *strand)
{
	strand->wait_due_ms = 0;
	strand->awaits = 0;
	strand->pc = 0;
	if (strand->plan_next < strand->plan_count)
		strand->plan_next++;
}

void
chart_run_advance(const struct chart *chart, struct strand *strand)
{
	if (chart_run_current(chart, strand) != NULL)
		advance_step(chart, strand);
	else
		advance_item(strand);
}

const struct value *
chart_run_error(struct run *run, struct str code, struct str message,
    const struct def_step *step)
{
	struct value_builder *error = value_build_context(run->context->arena);

	value_put_str(error, "code", code);
	value_put_str(error, "message", message);
	if (step != NULL)
		value_put_str(error, "step", step->id);
	value_put_str(error, "outcome", STR("not-done"));
	return value_built(error);
}

void
chart_run_record(struct run *run, enum audit_kind kind,
    const struct def_step *step, const char *key, const struct value *value)
{
	struct value_builder *record = chart_record_begin(run, kind);

	chart_record_step(run, record, step->index);
	chart_record_value(record, key, value);
	chart_record_end(run, record);
}

void
chart_run_decided(struct run *run, const struct value *outcome)
{
	chart_strand_meet(run->chart, run->strand,
	    (struct met){.decision = chart_env_keep(run, outcome)});
}

/* ---- failing ---- */

/* Where the search for an `error` transition begins: the leaf that the steps
 * belong to, or what its regions are in. */
static const struct def_state *
place_of(const struct chart *chart, const struct strand *strand)
{
	const struct definition *definition = chart->definition;
	const struct plan_item *item;

	if (strand->plan_next >= strand->plan_count)
		return chart_config_trunk(chart, NULL);
	item = &strand->plan[strand->plan_next];
	if (item->kind == PLAN_ENTRY) /* what is within has yet to begin */
		return definition->states[item->index];
	return chart_config_trunk(chart,
	    item->kind == PLAN_DO ? definition->transitions[item->index]->source
				  : definition->states[item->index]);
}

/* The innermost that may; true where there is one. */
static bool
select_error(
    struct run *run, const struct strand *strand, struct chosen *chosen)
{
	const struct chart *chart = run->chart;
	const struct def_state *from = place_of(chart, strand);
	size_t found;

	while (chart_select_error(run, from, chosen)) {
		if (chart_plan_may_replace(chart, strand, chosen))
			return true;
		found = chosen->items[0].transition;
		from = chart->definition->transitions[found]->source->parent;
	}
	return false;
}

/* The `error` event; where nothing takes it, an incident.  An iteration's is
 * for its `for` to say, and nobody else's. */
void
chart_run_fail(
    struct run *run, const struct def_step *step, const struct value *error)
{
	struct chart *chart = run->chart;
	struct strand *strand = run->strand;
	struct chosen chosen;

	strand->awaits = 0;
	strand->wait_due_ms = 0;
	chart_strand_meet(
	    chart, strand, (struct met){.error = chart_env_keep(run, error)});
	chart_run_record(run, AUDIT_STEP_FAILED, step, "error", error);
	if (strand->stopping) { /* nobody wants it any more */
		chart_loop_drop(run, strand);
		/* A child that was stopped has failed by that alone. */
		chart_run_give_up_leaving(
		    chart, strand, step->kind != STEP_RUN);
		chart_strand_give_up(run, strand);
		return;
	}
	if (strand->parent != 0) {
		chart_loop_failed(run, strand, strand->error);
		return;
	}
	if (select_error(run, strand, &chosen)) {
		chart_loop_drop(run, strand);
		chart_run_give_up_leaving(chart, strand, true);
		if (strand->taken_count > 1)
			chart_plan_part(run, strand, &chosen);
		chart_strand_end(run, strand);
		chart_plan_take(run, &chosen, strand, STR("error"), NULL);
		return;
	}
	chart_incident_open(run, INCIDENT_FAILED, step->index, 0, strand->error,
	    "the step `%.*s` failed: %.*s", STR_ARG(step->id),
	    STR_ARG(value_field_str(error, "message")));
}

static bool
fail_given_up(
    struct run *run, const struct def_step *step, enum outcome_kind outcome)
{
	struct arena *arena = run->context->arena;
	struct str why = run->given_up;
	const struct value *error;

	if (why.at == NULL)
		return false;
	run->given_up = (struct str){NULL, 0};
	error = chart_run_error(run, STR("expression.given-up"), why, step);
	chart_run_fail(run, step,
	    value_with(arena, error, STR("outcome"),
		value_of_str(arena, outcome_name(outcome))));
	return true;
}

bool
chart_run_fail_given_up(struct run *run, const struct def_step *step)
{
	return fail_given_up(run, step, OUTCOME_NOT_DONE);
}

/* The pause that a step made is over. */
void
chart_run_waited(struct run *run)
{
	struct strand *strand = run->strand;
	const struct def_step *step = chart_run_current(run->chart, strand);
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_DEADLINE_REACHED);

	must(step != NULL && strand->wait_due_ms != 0);
	chart_record_step(run, record, step->index);
	value_put_instant(record, "due", strand->wait_due_ms);
	chart_record_end(run, record);
	if (step->output.count > 0)
		chart_run_done(run, step, NULL, step->output);
	advance_step(run->chart, strand);
}

/* ---- going on ---- */

static void
run_step(struct run *run, const struct def_step *step)
{
	struct strand *strand = run->strand;
	bool holds = chart_env_holds(run, step->guard);

	if (chart_run_fail_given_up(run, step))
		return;
	if (!holds) {
		chart_run_record(
		    run, AUDIT_STEP_SKIPPED, step, "assigned", NULL);
		advance_step(run->chart, strand);
		return;
	}
	if (chart_kinds_run(run, step) == STEP_THROUGH &&
	    !chart_run_fail_given_up(run, step))
		advance_step(run->chart, strand);
}

/* What may cut in between two steps; true where it did. */
static bool
cross_boundary(struct run *run, struct strand *strand)
{
	if (!chart_strand_is_at_boundary(run->chart, strand))
		return false;
	if (strand->stopping)
		return chart_strand_stop(run, strand, STOP_LEFT);
	return chart_step_interrupt(run, strand);
}

static void
run_item(struct run *run, struct strand *strand)
{
	struct plan_item item = strand->plan[strand->plan_next];

	if (chart_plan_perform(run, strand, item) == ITEM_THROUGH)
		advance_item(strand);
}

/* Where several regions take an event, the next list is another one's. */
static void
end_steps(struct strand *strand)
{
	if (strand->taken_count > 1) {
		strand->error = NULL;
		strand->decision = NULL;
	}
	advance_item(strand);
}

/* One step, or one item; or what comes when there is none. */
static void
go_on(struct run *run, struct strand *strand)
{
	const struct def_step *step;

	if (strand->loop != NULL) {
		chart_loop_go(run, strand);
		return;
	}
	if (strand->parent == 0 && strand->plan_next >= strand->plan_count) {
		chart_strand_end(run, strand);
		return;
	}
	if (cross_boundary(run, strand))
		return;
	skip_exited(run->chart, strand);
	step = chart_run_current(run->chart, strand);
	if (step != NULL)
		run_step(run, step);
	else if (strand->parent != 0)
		chart_loop_through(run, strand);
	else if (steps_of(run->chart, strand) != NULL)
		end_steps(strand);
	else
		run_item(run, strand);
}

/* May go on in this step: the instance has not ended, nor gone round. */
static bool
may_go_on(const struct run *run)
{
	return !run->chart->ended && !run->chart->suspended &&
	       !run->chart->cancelling && !chart_step_circles(run);
}

/* true where it could do something. */
static bool
run_strand(struct run *run, struct strand *strand)
{
	bool could = false;

	run->strand = strand;
	while (!strand->gone && may_go_on(run) &&
	       !chart_strand_is_blocked(run->chart, strand)) {
		go_on(run, strand);
		(void)chart_begin_pending(run);
		run->strand = strand;
		could = true;
	}
	run->strand = NULL;
	return could;
}

/* Whenever one has gone on, those before it may: they come first. */
void
chart_run_strands(struct run *run)
{
	struct strand *strand = run->chart->strands;

	while (strand != NULL && may_go_on(run))
		strand = run_strand(run, strand) ? run->chart->strands
						 : strand->next;
}

/* ---- ends of calls ---- */

bool
chart_run_leaves(const struct def_step *step)
{
	return step->kind == STEP_RUN ||
	       (step->kind == STEP_CALL && !step->call->operation->safe &&
		   step->call->compensate == NULL);
}

void
chart_run_done(struct run *run, const struct def_step *step,
    const struct value *response, struct def_assigns output)
{
	struct value_builder *told = value_build_context(run->context->arena);

	run->response = response;
	chart_env_assign(run, output, told);
	run->response = NULL;
	if (output.count > 0)
		chart_run_record(
		    run, AUDIT_STEP_DONE, step, "assigned", value_built(told));
	if (step->kind == STEP_CALL && step->call->compensate != NULL)
		chart_undo_push(run, step);
	if (chart_run_leaves(step))
		run->chart->stands = true;
}

/* What a person supplies counts as the step's result: outputs are taken from
 * it, and what it did can be undone. */
void
chart_run_supply(
    struct run *run, const struct def_step *step, const struct value *data)
{
	if (step->kind == STEP_DECIDE)
		chart_run_decided(run, data);
	if (step->kind == STEP_FOR)
		run->results = data;
	chart_run_done(run, step, data, step->output);
	run->results = NULL;
	chart_run_advance(run->chart, run->strand);
}

void
chart_run_call_done(struct run *run, struct call *call,
    const struct value *response, struct def_assigns output)
{
	struct chart *chart = run->chart;
	struct strand *strand = chart_strand_awaiting(chart, call->serial);
	struct strand *before = run->strand;

	must(strand != NULL || call->purpose == FOR_NOTICE);
	run->strand = strand;
	if (call->purpose == FOR_STEP)
		chart_run_done(run, chart->definition->steps[call->step],
		    response, output);
	else if (call->purpose == FOR_UNDO)
		chart_undo_done(run, call->undo, call->call->target);
	/* A key that was made for it alone never comes again. */
	if (run->given_up.at == NULL && call->call->idempotency_key == NULL)
		call->first_sent_ms = 0;
	chart_call_remove(chart, call);
	/* What its output can't be reckoned of has been done all the same. */
	if (call->purpose == FOR_STEP &&
	    !fail_given_up(run, chart->definition->steps[call->step],
		OUTCOME_DONE_WITH_ERROR))
		chart_run_advance(chart, strand);
	else if (call->purpose == FOR_UNDO)
		strand->awaits = 0;
	run->strand = before;
}

void
chart_run_call_failed(
    struct run *run, struct call *call, const struct value *error)
{
	struct chart *chart = run->chart;
	const struct def_step *step =
	    call->step == SIZE_MAX ? NULL
				   : chart->definition->steps[call->step];
	struct strand *before = run->strand;

	run->strand = chart_strand_awaiting(chart, call->serial);
	chart_call_remove(chart, call);
	if (call->purpose == FOR_STEP) {
		chart_run_fail(run, step, error);
	} else if (call->purpose == FOR_UNDO) {
		run->strand->awaits = 0;
		chart_incident_open(run, INCIDENT_UNDO, call->step, 0,
		    chart_env_keep(run, error),
		    "undoing step `%.*s` failed: %.*s", STR_ARG(step->id),
		    STR_ARG(value_field_str(error, "message")))
		    ->undo = call->undo;
	}
	run->strand = before;
}
