/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_kinds.c: what each kind of step does.
 *
 * A step ends at once, or blocks: on a call, on a pause, on what it has
 * started.  One that fails may have put another strand in the place of its
 * own, which is then gone.
 */
#include "chart_priv.h"

static void
fail_with(struct run *run, const struct def_step *step, struct str code,
    struct str message)
{
	chart_run_fail(run, step, chart_run_error(run, code, message, step));
}

/* What needs no more to be said than that it is done, and its output. */
static void
record_through(struct run *run, const struct def_step *step)
{
	struct value_builder *told = value_build_context(run->context->arena);

	chart_env_assign(run, step->output, told);
	chart_run_record(run, AUDIT_STEP_DONE, step, "assigned",
	    step->output.count > 0 ? value_built(told) : NULL);
}

static enum step_result
run_call(struct run *run, const struct def_step *step)
{
	const struct value *with = chart_env_eval(run, step->call->with);
	struct call *call =
	    chart_call_begin(run, FOR_STEP, step->call, step->index, with);

	if (run->given_up.at != NULL) { /* the key, or what verify asks with */
		chart_call_remove(run->chart, call);
		(void)!chart_run_fail_given_up(run, step);
		return STEP_BLOCKED;
	}
	run->strand->awaits = call->serial;
	chart_call_start(run, call);
	return STEP_BLOCKED;
}

static enum step_result
run_set(struct run *run, const struct def_step *step)
{
	struct value_builder *told = value_build_context(run->context->arena);

	chart_env_assign(run, step->set, told);
	chart_env_assign(run, step->output, told);
	chart_run_record(
	    run, AUDIT_STEP_DONE, step, "assigned", value_built(told));
	return STEP_THROUGH;
}

static void
record_decided(struct run *run, const struct def_step *step,
    const struct decision_result *result, const struct value *assigned)
{
	struct arena *arena = run->context->arena;
	struct value_builder *record = chart_record_begin(run, AUDIT_DECIDED);
	struct value_builder *rules = value_build_list(arena);
	char hex[DIGEST_HEX_BYTES];

	for (size_t i = 0; i < result->matched_count; i++)
		value_append(
		    rules, value_of_int(arena, (int64_t)result->matched[i]));
	chart_record_step(run, record, step->index);
	value_put_str(record, "decision", step->decision->name);
	if (!step->decision->is_inline)
		value_put_str(record, "decision_digest",
		    digest_hex(step->decision->digest, hex));
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
	chart_run_decided(run, result.outcome);
	chart_env_assign(run, step->output, told);
	record_decided(run, step, &result, value_built(told));
	return STEP_THROUGH;
}

static enum step_result
run_require(struct run *run, const struct def_step *step)
{
	bool holds = chart_env_holds(run, step->that);

	if (chart_run_fail_given_up(run, step))
		return STEP_BLOCKED;
	if (holds) {
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
	struct str code = chart_env_text(run, step->code, STR("failed"));
	struct str message =
	    chart_env_text(run, step->message, STR("the workflow failed"));

	if (!chart_run_fail_given_up(run, step))
		fail_with(run, step, code, message);
	return STEP_BLOCKED;
}

/* Raised events that wait for busy regions have a bound: a circle that raises
 * more and more of them, held up and let go on again and again, would make
 * every step slower than the one before. */
static enum step_result
run_raise(struct run *run, const struct def_step *step)
{
	if (chart_step_raised(run->chart) >= CHART_RAISED_MAX) {
		fail_with(run, step, STR("raise.too-many"),
		    STR("too many raised events wait: the definition raises "
			"what nobody takes"));
		return STEP_BLOCKED;
	}
	record_through(run, step);
	chart_step_raise(
	    run, (struct signal){
		     .name = step->event, .only = SIZE_MAX, .from = SIZE_MAX});
	return STEP_THROUGH;
}

static enum step_result
run_emit(struct run *run, const struct def_step *step)
{
	struct chart *chart = run->chart;
	struct arena *arena = run->context->arena;
	const struct value *with = chart_env_eval(run, step->with);
	const struct value *subject = value_get_cstr(with, "subject");
	struct chart_effect *effect;
	struct value_builder *record;

	if (chart_run_fail_given_up(run, step))
		return STEP_BLOCKED;
	effect = chart_effect_add(run, DO_PUBLISH);
	chart->serial_last++;
	effect->type = step->event;
	effect->subject = chart->business_key;
	if (subject != NULL && !value_key_text(arena, subject, &effect->subject))
		effect->subject = chart_env_text_of(arena, subject);
	effect->id = arena_strf(arena, "%s/%llu", chart->id,
	    (unsigned long long)chart->serial_last);
	effect->data = value_get_cstr(with, "data");

	record = chart_record_begin(run, AUDIT_EVENT_EMITTED);
	chart_record_step(run, record, step->index);
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
	int64_t due_ms;
	bool known = step->until != NULL
			 ? chart_env_instant(run, step->until, &due_ms)
			 : chart_env_due(
			       run, &step->wait, run->context->now_ms, &due_ms);
	struct value_builder *record;

	if (chart_run_fail_given_up(run, step))
		return STEP_BLOCKED;
	if (!known) {
		fail_with(run, step, STR("wait.no-time"),
		    STR("the expression gives no time to wait for"));
		return STEP_BLOCKED;
	}
	if (due_ms <= run->context->now_ms) {
		record_through(run, step);
		return STEP_THROUGH;
	}
	run->strand->wait_due_ms = due_ms;
	record = chart_record_begin(run, AUDIT_DEADLINE_SET);
	chart_record_step(run, record, step->index);
	value_put_instant(record, "due", due_ms);
	chart_record_calendar(run, record);
	chart_record_end(run, record);
	return STEP_BLOCKED;
}

static enum step_result
run_notify(struct run *run, const struct def_step *step)
{
	struct arena *arena = run->context->arena;
	struct chart *chart = run->chart;
	struct str key =
	    chart->business_key.at ? chart->business_key : str_of(chart->id);
	struct notice notice = {
	    .to = step->contact,
	    .message = chart_env_text(run, step->message,
		arena_strf(arena, "%.*s %.*s", STR_ARG(chart->definition->name),
		    STR_ARG(key))),
	    .severity = step->severity,
	    .state = SIZE_MAX,
	    .level = SIZE_MAX,
	    .step = step->index,
	};

	chart_escalation_notify(run, &notice);
	record_through(run, step);
	return STEP_THROUGH;
}

static enum step_result
run_attest(struct run *run, const struct def_step *step)
{
	struct value_builder *record = chart_record_begin(run, AUDIT_ATTESTED);

	chart_record_step(run, record, step->index);
	value_put_str(record, "text",
	    chart_env_text(run, step->message, (struct str){NULL, 0}));
	chart_record_value(record, "evidence", chart_env_eval(run, step->with));
	chart_record_end(run, record);
	if (step->output.count > 0)
		record_through(run, step);
	return STEP_THROUGH;
}

typedef enum step_result kind_fn(struct run *run, const struct def_step *step);
static kind_fn *const kinds[] = {
    [STEP_CALL] = run_call,
    [STEP_SET] = run_set,
    [STEP_DECIDE] = run_decide,
    [STEP_REQUIRE] = run_require,
    [STEP_RAISE] = run_raise,
    [STEP_EMIT] = run_emit,
    [STEP_WAIT] = run_wait,
    [STEP_FAIL] = run_fail,
    [STEP_FOR] = chart_loop_begin,
    [STEP_RUN] = chart_child_begin,
    [STEP_NOTIFY] = run_notify,
    [STEP_ATTEST] = run_attest,
};

enum step_result
chart_kinds_run(struct run *run, const struct def_step *step)
{
	return kinds[step->kind](run, step);
}
