/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_call_reply.c: what is made of the replies to a call, and of none.
 *
 * A reply to an attempt ends the call, has it tried again or leaves it in
 * doubt; in doubt, verify is asked until an answer settles it, or a person
 * does.  The states are those of chart_call.c, where their table is, too.
 */
#include "chart_priv.h"

static struct def_retry
retry_of(const struct call *call)
{
	return call->call->retry;
}

/* ---- ends ---- */

static void
record_notified(
    struct run *run, const struct call *call, const struct value *error)
{
	struct value_builder *record = chart_record_begin(run, AUDIT_NOTIFIED);

	value_put_str(record, "to",
	    chart_escalation_contact(run->chart->definition, call)->name);
	value_put_str(record, "by", call->call->target);
	chart_call_record_key(record, call);
	value_put(record, STR("delivered"), value_of_boolean(error == NULL));
	chart_record_value(record, "error", error);
	chart_record_end(run, record);
}

static void
end_done(struct run *run, struct call *call, const struct value *response,
    struct def_assigns output)
{
	if (call->purpose == FOR_NOTICE)
		record_notified(run, call, NULL);
	chart_run_call_done(run, call, response, output);
}

static void
end_failed(struct run *run, struct call *call)
{
	if (call->purpose == FOR_NOTICE)
		record_notified(run, call, call->error);
	chart_run_call_failed(run, call, call->error);
}

/* Nobody can say whether it happened: a person has to.  `why` goes on with
 * that sentence. */
static void
stick(struct run *run, struct call *call, struct str why)
{
	const struct definition *definition = run->chart->definition;

	chart_call_move(call, CALL_STUCK);
	call->due_ms = 0;
	if (call->purpose == FOR_NOTICE) {
		end_failed(run, call); /* a notice is not worth a stop */
		return;
	}
	chart_incident_open(run, INCIDENT_UNKNOWN, call->step, call->serial,
	    call->error,
	    "nobody knows whether `%.*s` of step `%.*s` happened%.*s",
	    STR_ARG(call->call->target),
	    STR_ARG(definition->steps[call->step]->id), STR_ARG(why));
}

/* To ask at once instead might be too early, and its no a second order. */
static void
stick_without_time(struct run *run, struct call *call, const char *which,
    const struct def_span *span)
{
	run->given_up = (struct str){NULL, 0};
	stick(run, call,
	    arena_strf(run->context->arena,
		": `%s` of its `verify`, `%.*s`, gives no time to ask at",
		which, STR_ARG(span->text)));
}

/* ---- after an attempt ---- */

static void
again(struct run *run, struct call *call, int64_t delay_ms)
{
	chart_call_move(call, CALL_DELAYED);
	call->due_ms = run->context->now_ms + delay_ms;
	chart_call_record_waiting(run, call, "retry");
}

/* Where it is gone through again, the lot has been drawn.  what: it is waited
 * for, as records say. */
static int64_t
draw_delay(struct run *run, const char *what, const struct def_retry *retry,
    int64_t attempt)
{
	int64_t least_ms, most_ms;

	if (run->context->replay == NULL)
		return retry_delay_ms(retry, attempt, run->context->rng);
	retry_delay_range(retry, attempt, &least_ms, &most_ms);
	return chart_replay_delay(run, str_of(what), least_ms, most_ms);
}

static int64_t
delay_after(struct run *run, const struct call *call, int64_t asked_ms)
{
	struct def_retry retry = retry_of(call);
	int64_t delay_ms = draw_delay(run, "retry", &retry, call->tries);

	return delay_ms > asked_ms ? delay_ms : asked_ms;
}

/* Ask the verify operation, after its settling delay. */
static void
ask_later(struct run *run, struct call *call, int64_t due_ms)
{
	chart_call_move(call, CALL_ASKING_LATER);
	call->due_ms = due_ms;
	chart_call_record_waiting(run, call, "verify");
}

/* The outcome is unknown and the same key can't answer it. */
void
chart_call_in_doubt(struct run *run, struct call *call)
{
	const struct def_verify *verify = call->call->verify;
	int64_t due_ms;

	if (verify == NULL) {
		stick(run, call, STR(""));
		return;
	}
	call->asked = 0;
	call->denied = false;
	if (!chart_env_due(run, &verify->after, run->context->now_ms, &due_ms))
		stick_without_time(run, call, "after", &verify->after);
	else
		ask_later(run, call, due_ms);
}

static const struct outcome crashed = {
    .kind = OUTCOME_UNKNOWN,
    .code = STR_INIT("engine.crashed"),
    .message = STR_INIT("the engine stopped before the reply was recorded"),
};

/* Of what changes nothing the next answer counts as well as this one. */
static void
unknown(struct run *run, struct call *call, const struct outcome *outcome)
{
	bool is_safe = call->call->operation->safe;
	int64_t delay_ms = delay_after(run, call, outcome->retry_after_ms);

	call->unknown = !is_safe;
	if (chart_call_is_given_up(call))
		chart_call_in_doubt(run, call);
	else if (call->given_up)
		end_failed(run, call);
	else if (call->tries <= retry_of(call).limit &&
		 chart_call_key_lives_at(call, run->context->now_ms + delay_ms))
		again(run, call, delay_ms);
	else if (is_safe && str_equal(outcome->code, crashed.code))
		end_failed(run, call); /* there is no answer to settle */
	else
		chart_call_in_doubt(run, call);
}

static const struct value *
error_of(
    struct run *run, const struct call *call, const struct outcome *outcome)
{
	struct value_builder *error = value_build_context(run->context->arena);

	value_put_str(error, "code", outcome->code);
	value_put_str(error, "message", outcome->message);
	if (call->step != SIZE_MAX)
		value_put_str(error, "step",
		    run->chart->definition->steps[call->step]->id);
	value_put_int(error, "attempt", call->attempt);
	if (outcome->status != 0)
		value_put_int(error, "status", outcome->status);
	if (outcome->body != NULL)
		value_put(error, STR("body"), outcome->body);
	value_put_str(error, "outcome", outcome_name(outcome->kind));
	return chart_env_keep(run, value_built(error));
}

/* Whether what came of it can be read from the reply as history shows it:
 * large bodies are there by their digests only. */
static bool
reply_tells_all(const struct value *reply)
{
	const struct value *body = value_get_cstr(reply, "body");

	return reply != NULL &&
	       (body == NULL || body->type != VALUE_CONTEXT);
}

/* What the reply doesn't tell of the outcome, and the instance goes on by. */
static void
record_outcome(struct value_builder *record, const struct chart_event *event)
{
	const struct outcome *outcome = event->outcome;

	if (outcome->transient && outcome->kind == OUTCOME_NOT_DONE)
		value_put(record, STR("transient"), &value_true);
	if (outcome->retry_after_ms > 0)
		value_put_int(
		    record, "retry_after_ms", outcome->retry_after_ms);
	if (event->is_for_others)
		value_put(record, STR("for_others"), &value_true);
	if (event->is_put_off)
		value_put(record, STR("put_off"), &value_true);
	if (reply_tells_all(event->reply))
		return;
	if (outcome->kind == OUTCOME_DONE) {
		chart_record_value(record, "response", outcome->response);
		return;
	}
	if (outcome->status != 0)
		value_put_int(record, "status", outcome->status);
	chart_record_value(record, "body", outcome->body);
}

static void
record_replied(
    struct run *run, const struct call *call, const struct chart_event *event)
{
	const struct outcome *outcome = event->outcome;
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_CALL_REPLIED);

	chart_record_step(run, record, call->step);
	value_put_str(record, "operation",
	    chart_call_is_asking(call) ? call->call->verify->call->target
				       : call->call->target);
	value_put_int(record, "attempt",
	    chart_call_is_asking(call) ? call->asked : call->attempt);
	chart_call_record_key(record, call);
	value_put_str(record, "outcome", outcome_name(outcome->kind));
	if (outcome->kind != OUTCOME_DONE) {
		value_put_str(record, "code", outcome->code);
		value_put_str(record, "message", outcome->message);
	}
	if (outcome->reference.at != NULL)
		value_put_str(record, "reference", outcome->reference);
	record_outcome(record, event);
	chart_record_value(record, "reply", event->reply);
	chart_record_end(run, record);
}

/* Only a step's call has variables to set. */
static struct def_assigns
output_of(const struct run *run, const struct call *call)
{
	if (call->purpose != FOR_STEP)
		return (struct def_assigns){0};
	return run->chart->definition->steps[call->step]->output;
}

/* A reply to an attempt of the call itself. */
static void
replied(struct run *run, struct call *call, const struct outcome *outcome)
{
	if (outcome->kind == OUTCOME_DONE) {
		end_done(run, call, outcome->response, output_of(run, call));
		return;
	}
	call->error = error_of(run, call, outcome);
	if (outcome->kind == OUTCOME_UNKNOWN || call->unknown)
		unknown(run, call, outcome);
	else if (outcome->kind == OUTCOME_NOT_DONE && outcome->transient &&
		 call->tries <= retry_of(call).limit)
		again(
		    run, call, delay_after(run, call, outcome->retry_after_ms));
	else
		end_failed(run, call);
}

/* ---- verification ---- */

void
chart_call_ask(struct run *run, struct call *call)
{
	const struct def_call *verify = call->call->verify->call;
	const struct value *args = call->question.args;

	if (args == NULL) /* it began before these were kept */
		args = chart_env_eval(run, verify->with);
	if (args->type != VALUE_CONTEXT)
		args = value_built(value_build_context(run->context->arena));
	chart_call_move(call, CALL_ASKING);
	call->due_ms = 0;
	call->asked++;
	chart_call_emit_question(run, call, verify, args);
}

static void
ask_again(struct run *run, struct call *call, int64_t asked_ms)
{
	const struct def_retry *retry = &call->call->verify->call->retry;
	int64_t delay_ms;

	if (call->asked > retry->limit) {
		stick(run, call, STR(""));
		return;
	}
	delay_ms = draw_delay(run, "verify", retry, call->asked);
	ask_later(run, call,
	    run->context->now_ms + (delay_ms > asked_ms ? delay_ms : asked_ms));
}

/*
 * Whether the no has to be said once more: what was lost on its way may still
 * be done, and a replica may lag behind what was.
 */
static bool
wants_confirmation(const struct call *call)
{
	return !call->denied && call->call->verify->confirm.kind != SPAN_NONE;
}

static void
confirm(struct run *run, struct call *call)
{
	const struct def_span *span = &call->call->verify->confirm;
	int64_t due_ms;

	if (!chart_env_due(run, span, run->context->now_ms, &due_ms)) {
		stick_without_time(run, call, "confirm", span);
		return;
	}
	call->denied = true;
	ask_later(run, call, due_ms);
}

/* It surely did not happen. */
static void
not_done(struct run *run, struct call *call)
{
	struct arena *arena = run->chart->arena;

	call->unknown = false;
	call->error = value_with(arena, call->error, STR("outcome"),
	    value_of_str(arena, outcome_name(OUTCOME_NOT_DONE)));
	if (call->tries <= retry_of(call).limit)
		again(run, call, delay_after(run, call, 0));
	else
		end_failed(run, call);
}

/* A reply to the question whether it happened. */
static void
answered(struct run *run, struct call *call, const struct outcome *outcome)
{
	const struct def_verify *verify = call->call->verify;
	const struct value *happened = &value_null;

	if (outcome->kind == OUTCOME_DONE) {
		run->response = outcome->response;
		run->scope = call->question.scope;
		happened = chart_env_eval(run, verify->happened);
		run->scope = NULL;
		run->response = NULL;
	}
	if (value_is_true(happened)) {
		end_done(run, call, outcome->response,
		    verify->output.count > 0 ? verify->output
					     : output_of(run, call));
	} else if (happened->type != VALUE_BOOLEAN) {
		ask_again(run, call, outcome->retry_after_ms);
	} else if (wants_confirmation(call)) {
		confirm(run, call);
	} else {
		not_done(run, call);
	}
}

/* The first one stays: it has been tried. */
static void
uncount(struct call *call)
{
	int64_t *count =
	    chart_call_is_asking(call) ? &call->asked : &call->tries;

	if (*count > 1)
		--*count;
}

/* Of what was given up one wants to know still whether it happened. */
static bool
may_go_anew(const struct call *call)
{
	return chart_call_is_asking(call) || !call->given_up;
}

/* It has done nothing, and would have gone out anew if the instance had not
 * been suspended: it does when that goes on, and that attempt was none. */
static void
put_off(struct run *run, struct call *call)
{
	if (chart_call_is_asking(call)) {
		chart_call_move(call, CALL_ASKING_LATER);
		call->asked--;
	} else {
		chart_call_move(call, CALL_DELAYED);
		call->tries--;
	}
	call->due_ms = run->context->now_ms;
}

void
chart_call_reply(
    struct run *run, struct call *call, const struct chart_event *event)
{
	must(event->outcome != NULL);
	run->strand = chart_call_strand(run->chart, call);
	record_replied(run, call, event);
	if (event->is_put_off && may_go_anew(call)) {
		put_off(run, call);
		return;
	}
	if (event->is_for_others)
		uncount(call);
	switch (call->state) {
	case CALL_QUEUED:
	case CALL_SENT:
		replied(run, call, event->outcome);
		return;
	case CALL_ASKING:
	case CALL_ASKED:
		answered(run, call, event->outcome);
		return;
	default:
		unreachable("replies come only to what was asked");
	}
}

/*
 * The engine begins anew.  What was queued was not sent; what was sent has an
 * unknown outcome; a question is asked once more, as soon as it may be.
 */
void
chart_call_recover(struct run *run, struct call *call)
{
	struct chart_event event = {
	    .kind = EV_REPLY_ARRIVED, .outcome = &crashed};

	run->strand = chart_call_strand(run->chart, call);
	switch (call->state) {
	case CALL_QUEUED: /* its key or its window may be over by now */
		chart_call_move(call, CALL_DELAYED);
		call->attempt--;
		call->tries--;
		break;
	case CALL_SENT:
		chart_call_reply(run, call, &event);
		return;
	case CALL_ASKING:
	case CALL_ASKED:
		chart_call_move(call, CALL_ASKING_LATER);
		call->asked--;
		break;
	default:
		return;
	}
	call->due_ms = run->context->now_ms;
	if (!chart_call_is_suspended(run->chart, call))
		chart_call_due(run, call);
}

bool
chart_call_may_go_again(
    const struct chart *chart, uint64_t serial, int64_t now_ms)
{
	const struct call *call = chart_call_find(chart, serial);

	if (call == NULL || chart_call_is_suspended(chart, call))
		return false;
	return chart_call_is_asking(call) ||
	       (may_go_anew(call) &&
		   !chart_call_is_too_late(chart, call, now_ms));
}
