/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_run.c: the steps of a plan, one after another.
 *
 * A step ends at once, or blocks: on a call, on a pause, on an incident.
 * Between two steps is a boundary: there, and only there, an interrupting
 * transition or an operator's cancel is taken.
 */
#include "chart_priv.h"

enum step_result { STEP_THROUGH, STEP_BLOCKED };

static bool
is_blocked(const struct chart *chart)
{
	return chart->ended || chart->held || chart->suspended ||
	       chart->step_call != 0 || chart->wait_due_ms != 0;
}

static const struct def_steps *
steps_of(const struct chart *chart, const struct plan_item *item)
{
	const struct definition *definition = chart->definition;

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
chart_run_current(const struct chart *chart)
{
	const struct def_steps *steps;

	if (chart->plan_next >= chart->plan_count)
		return NULL;
	steps = steps_of(chart, &chart->plan[chart->plan_next]);
	return steps != NULL && chart->pc < steps->count
		   ? steps->items[chart->pc]
		   : NULL;
}

void
chart_run_advance(struct chart *chart)
{
	chart->wait_due_ms = 0;
	chart->step_call = 0;
	if (chart_run_current(chart) != NULL) {
		chart->pc++;
		return;
	}
	if (chart->plan_next < chart->plan_count)
		chart->plan_next++;
	chart->pc = 0;
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

static void
record_step(struct run *run, enum audit_kind kind, const struct def_step *step,
    const char *key, const struct value *value)
{
	struct value_builder *record = chart_record_begin(run, kind);

	value_put_str(record, "step", step->id);
	chart_record_value(record, key, value);
	chart_record_end(run, record);
}

/* The `error` event; where nothing takes it, an incident. */
void
chart_run_fail(
    struct run *run, const struct def_step *step, const struct value *error)
{
	struct chart *chart = run->chart;
	const struct def_transition *transition;

	chart->step_call = 0;
	chart->wait_due_ms = 0;
	chart->error = chart_env_keep(run, error);
	record_step(run, AUDIT_STEP_FAILED, step, "error", error);
	if (chart->cancelling) { /* nobody wants it any more */
		chart_plan_cancelled(run);
		return;
	}
	transition = chart_step_select(run, STR("error"), SIZE_MAX, false);
	if (transition != NULL) {
		chart->cause = STR("error");
		chart->event = NULL;
		chart_plan_take(run, transition);
		return;
	}
	chart_incident_open(run, INCIDENT_FAILED, step->index, 0, chart->error,
	    "the step `%.*s` failed: %.*s", STR_ARG(step->id),
	    STR_ARG(value_str(value_field_or_null(error, "message"))));
}

static void
fail_with(struct run *run, const struct def_step *step, struct str code,
    struct str message)
{
	chart_run_fail(run, step, chart_run_error(run, code, message, step));
}

/* ---- one function a kind of step ---- */

static enum step_result
run_call(struct run *run, const struct def_step *step)
{
	struct call *call = chart_call_begin(run, FOR_STEP, step->call,
	    step->index, chart_env_eval(run, step->call->with));

	run->chart->step_call = call->serial;
	chart_call_start(run, call);
	return STEP_BLOCKED;
}

static enum step_result
run_set(struct run *run, const struct def_step *step)
{
	struct value_builder *told = value_build_context(run->context->arena);

	chart_env_assign(run, step->set, told);
	chart_env_assign(run, step->output, told);
	record_step(run, AUDIT_STEP_DONE, step, "assigned", value_built(told));
	return STEP_THROUGH;
}

static void
record_decided(struct run *run, const struct def_step *step,
    const struct decision_result *result, const struct value *assigned)
{
	struct arena *arena = run->context->arena;
	struct value_builder *record = chart_record_begin(run, AUDIT_DECIDED);
	struct value_builder *rules = value_build_list(arena);

	for (size_t i = 0; i < result->matched_count; i++)
		value_append(
		    rules, value_of_int(arena, (int64_t)result->matched[i]));
	value_put_str(record, "step", step->id);
	value_put_str(record, "decision", step->decision->name);
	chart_record_value(record, "inputs", result->inputs);
	value_put(record, STR("rules"), value_built(rules));
	chart_record_value(record, "outcome", result->outcome);
	chart_record_value(record, "assigned", assigned);
	chart_record_end(run, record);
}

static enum step_result
run_decide(struct run *run, const struct def_step *step)
{
	struct value_builder *told = value_build_context(run->context->arena);
	struct decision_result result = chart_env_decide(run, step);

	if (result.failure.at != NULL) {
		fail_with(run, step, STR("decision.failed"), result.failure);
		return STEP_BLOCKED;
	}
	run->chart->decision = chart_env_keep(run, result.outcome);
	chart_env_assign(run, step->output, told);
	record_decided(run, step, &result, value_built(told));
	return STEP_THROUGH;
}

/* What needs no more to be said than that it is done, and its output. */
static void
record_through(struct run *run, const struct def_step *step)
{
	struct value_builder *told = value_build_context(run->context->arena);

	chart_env_assign(run, step->output, told);
	record_step(run, AUDIT_STEP_DONE, step, "assigned",
	    step->output.count > 0 ? value_built(told) : NULL);
}

static enum step_result
run_require(struct run *run, const struct def_step *step)
{
	if (chart_env_holds(run, step->that)) {
		record_through(run, step);
		return STEP_THROUGH;
	}
	fail_with(run, step,
	    chart_env_text(run, step->code, STR("requirement.not-met")),
	    chart_env_text(
		run, step->message, STR("a requirement is not met")));
	return STEP_BLOCKED;
}

static enum step_result
run_fail(struct run *run, const struct def_step *step)
{
	fail_with(run, step, chart_env_text(run, step->code, STR("failed")),
	    chart_env_text(run, step->message, STR("the workflow failed")));
	return STEP_BLOCKED;
}

static enum step_result
run_raise(struct run *run, const struct def_step *step)
{
	record_through(run, step);
	chart_step_raise(run, step->event, SIZE_MAX, NULL);
	return STEP_THROUGH;
}

static enum step_result
run_emit(struct run *run, const struct def_step *step)
{
	struct chart *chart = run->chart;
	struct arena *arena = run->context->arena;
	const struct value *with = chart_env_eval(run, step->with);
	const struct value *subject = value_get_cstr(with, "subject");
	struct chart_effect *effect = chart_effect_add(run, DO_PUBLISH);
	struct value_builder *record;

	chart->serial_last++;
	effect->type = step->event;
	effect->subject =
	    subject ? chart_env_text_of(arena, subject) : chart->business_key;
	effect->id = arena_strf(arena, "%s/%llu", chart->id,
	    (unsigned long long)chart->serial_last);
	effect->data = value_get_cstr(with, "data");

	record = chart_record_begin(run, AUDIT_EVENT_EMITTED);
	value_put_str(record, "step", step->id);
	value_put_str(record, "type", effect->type);
	value_put_str(record, "subject", effect->subject);
	value_put_str(record, "event_id", effect->id);
	chart_record_value(record, "data", effect->data);
	chart_record_end(run, record);
	if (step->output.count > 0)
		record_through(run, step);
	return STEP_THROUGH;
}

static enum step_result
run_wait(struct run *run, const struct def_step *step)
{
	struct chart *chart = run->chart;
	int64_t due_ms;
	bool known = step->until != NULL
			 ? chart_env_instant(run, step->until, &due_ms)
			 : chart_env_due(
			       run, &step->wait, run->context->now_ms, &due_ms);
	struct value_builder *record;

	if (!known) {
		fail_with(run, step, STR("wait.no-time"),
		    STR("the expression gives no time to wait for"));
		return STEP_BLOCKED;
	}
	if (due_ms <= run->context->now_ms) {
		record_through(run, step);
		return STEP_THROUGH;
	}
	chart->wait_due_ms = due_ms;
	record = chart_record_begin(run, AUDIT_DEADLINE_SET);
	value_put_str(record, "step", step->id);
	chart_record_instant(run, record, "due", due_ms);
	chart_record_end(run, record);
	return STEP_BLOCKED;
}

/* The pause that a step made is over. */
void
chart_run_waited(struct run *run)
{
	struct chart *chart = run->chart;
	const struct def_step *step = chart_run_current(chart);
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_DEADLINE_REACHED);

	must(step != NULL && chart->wait_due_ms != 0);
	value_put_str(record, "step", step->id);
	chart_record_instant(run, record, "due", chart->wait_due_ms);
	chart_record_end(run, record);
	if (step->output.count > 0)
		record_through(run, step);
	chart_run_advance(chart);
}

typedef enum step_result run_fn(struct run *run, const struct def_step *step);
static run_fn *const kinds[] = {
    [STEP_CALL] = run_call,
    [STEP_SET] = run_set,
    [STEP_DECIDE] = run_decide,
    [STEP_REQUIRE] = run_require,
    [STEP_RAISE] = run_raise,
    [STEP_EMIT] = run_emit,
    [STEP_WAIT] = run_wait,
    [STEP_FAIL] = run_fail,
};

static void
run_step(struct run *run, const struct def_step *step)
{
	struct chart *chart = run->chart;

	if (!chart_env_holds(run, step->guard)) {
		record_step(run, AUDIT_STEP_SKIPPED, step, "assigned", NULL);
		chart_run_advance(chart);
		return;
	}
	if (kinds[step->kind](run, step) == STEP_THROUGH)
		chart_run_advance(chart);
}

/* What may cut in between two steps; true where it did. */
static bool
cross_boundary(struct run *run)
{
	struct chart *chart = run->chart;

	if (chart->cancelling) {
		chart_plan_cancelled(run);
		return true;
	}
	return chart_plan_is_at_boundary(chart) && chart_step_interrupt(run);
}

/*
 * Items other than steps are passed before they are performed, since they may
 * put another plan in place; one that blocks is come back to, but for the
 * switch, which has happened.
 */
static void
run_item(struct run *run, struct plan_item item)
{
	struct chart *chart = run->chart;
	bool returns = item.kind != PLAN_SWITCH && item.kind != PLAN_GOTO;

	chart->plan_next++;
	chart->pc = 0;
	if (!chart_plan_perform(run, &item) && returns && is_blocked(chart) &&
	    !chart->ended)
		chart->plan_next--;
}

void
chart_run_plan(struct run *run)
{
	struct chart *chart = run->chart;

	while (chart->plan_next < chart->plan_count && !is_blocked(chart)) {
		struct plan_item item = chart->plan[chart->plan_next];
		const struct def_step *step = chart_run_current(chart);

		if (chart_step_circles(run))
			return;
		if (cross_boundary(run))
			continue;
		if (step != NULL)
			run_step(run, step);
		else if (steps_of(chart, &item) != NULL)
			chart_run_advance(chart);
		else
			run_item(run, item);
	}
}

/* ---- ends of calls ---- */

static void
push_undo(struct run *run, const struct def_step *step)
{
	struct chart *chart = run->chart;
	const struct def_call *undo = step->call->compensate;
	struct undo *entry = ARENA_NEW(chart->arena, struct undo);

	entry->step = step->index;
	entry->args = chart_env_keep(run, chart_env_eval(run, undo->with));
	if (undo->verify != NULL)
		entry->verify_args = chart_env_keep(
		    run, chart_env_eval(run, undo->verify->call->with));
	entry->key = chart_call_key(run, FOR_UNDO, undo, step->index);
	entry->done_ms = run->context->now_ms;
	entry->next = chart->undos;
	chart->undos = entry;
}

static void
step_done(struct run *run, const struct def_step *step,
    const struct value *response, struct def_assigns output)
{
	struct value_builder *told = value_build_context(run->context->arena);

	run->response = response;
	chart_env_assign(run, output, told);
	run->response = NULL;
	if (output.count > 0)
		record_step(
		    run, AUDIT_STEP_DONE, step, "assigned", value_built(told));
	if (step->kind == STEP_CALL && step->call->compensate != NULL)
		push_undo(run, step);
}

/* What a person supplies counts as the step's result: outputs are taken from
 * it, and what it did can be undone. */
void
chart_run_supply(
    struct run *run, const struct def_step *step, const struct value *data)
{
	if (step->kind == STEP_DECIDE)
		run->chart->decision = chart_env_keep(run, data);
	step_done(run, step, data, step->output);
	chart_run_advance(run->chart);
}

/* The latest undo is through: by its call, or as a person says. */
void
chart_run_undone(struct run *run, size_t step, struct str by)
{
	struct chart *chart = run->chart;
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_COMPENSATED);

	chart_record_step(run, record, step);
	if (by.at != NULL)
		value_put_str(record, "by", by);
	chart_record_end(run, record);
	must(chart->undos != NULL && chart->undos->step == step);
	LIST_UNLINK(&chart->undos);
}

void
chart_run_call_done(struct run *run, struct call *call,
    const struct value *response, struct def_assigns output)
{
	struct chart *chart = run->chart;

	must(call->serial == chart->step_call || call->purpose == FOR_NOTICE);
	if (call->purpose == FOR_STEP)
		step_done(run, chart->definition->steps[call->step], response,
		    output);
	else if (call->purpose == FOR_UNDO)
		chart_run_undone(run, call->step, call->call->target);
	chart_call_remove(chart, call);
	if (call->purpose == FOR_STEP)
		chart_run_advance(chart);
	else if (call->purpose == FOR_UNDO)
		chart->step_call = 0;
}

void
chart_run_call_failed(
    struct run *run, struct call *call, const struct value *error)
{
	struct chart *chart = run->chart;
	const struct def_step *step =
	    call->step == SIZE_MAX ? NULL
				   : chart->definition->steps[call->step];

	chart_call_remove(chart, call);
	if (call->purpose == FOR_STEP) {
		chart_run_fail(run, step, error);
	} else if (call->purpose == FOR_UNDO) {
		chart->step_call = 0;
		chart_incident_open(run, INCIDENT_UNDO, call->step, 0,
		    chart_env_keep(run, error),
		    "undoing step `%.*s` failed: %.*s", STR_ARG(step->id),
		    STR_ARG(value_str(value_field_or_null(error, "message"))));
	}
}

/* Starts the next undo; true where the stack is empty. */
bool
chart_run_undo(struct run *run)
{
	struct chart *chart = run->chart;
	struct undo *undo = chart->undos;
	const struct def_step *step;
	struct value_builder *record;
	struct call *call;

	if (undo == NULL)
		return true;
	step = chart->definition->steps[undo->step];
	record = chart_record_begin(run, AUDIT_COMPENSATING);
	value_put_str(record, "step", step->id);
	value_put_str(record, "by", step->call->compensate->target);
	chart_record_end(run, record);
	call = chart_call_begin(
	    run, FOR_UNDO, step->call->compensate, undo->step, undo->args);
	call->verify_args = undo->verify_args;
	call->key = undo->key;
	chart->step_call = call->serial;
	chart_call_start(run, call);
	return false;
}
