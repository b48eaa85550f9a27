/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_escalation.c: who is told when a state lasts too long.
 *
 * Escalations count from the entry of their state and fire whatever its steps
 * wait for.  Where one has a target, the way there waits, like a deadline,
 * until the steps are through.
 */
#include "chart_priv.h"

static struct escalated *
find_open(const struct chart *chart, size_t state, size_t level)
{
	for (struct escalated *fired = chart->escalations; fired;
	     fired = fired->next)
		if (fired->state == state && fired->level == level)
			return fired;
	return NULL;
}

bool
chart_escalation_arm_level(
    struct run *run, const struct def_state *state, size_t level)
{
	const struct def_escalation *escalation = &state->escalations[level];
	int64_t due_ms;
	bool known = escalation->at != NULL
			 ? chart_env_instant(run, escalation->at, &due_ms)
			 : chart_env_due(run, &escalation->after,
			       run->context->now_ms, &due_ms);

	if (known)
		chart_timer_add(run->chart, TIMER_ESCALATION, state->index,
		    level, due_ms)
		    ->since_ms = run->context->now_ms;
	return known;
}

void
chart_escalation_arm(struct run *run, const struct def_state *state)
{
	for (size_t i = 0; i < state->escalation_count; i++)
		if (!chart_escalation_arm_level(run, state, i))
			chart_incident_open(run, INCIDENT_DEFINITION, SIZE_MAX,
			    0, NULL,
			    "escalation %zu of state `%.*s` gives no time and "
			    "is left out",
			    i + 1, STR_ARG(state->name));
}

static void
put_item(struct run *run, const struct escalated *fired, bool open)
{
	const struct def_escalation *escalation =
	    &run->chart->definition->states[fired->state]
		 ->escalations[fired->level];
	struct chart_effect *effect = chart_effect_add(run, DO_PUT_ITEM);

	effect->item = CHART_ESCALATION;
	effect->serial = fired->serial;
	effect->open = open;
	effect->created_ms = fired->created_ms;
	effect->closed_ms = open ? 0 : run->context->now_ms;
	effect->owner = escalation->to->name;
	effect->body = fired->body;
}

static const struct value *
body_of(struct run *run, const struct escalated *fired,
    const struct def_escalation *escalation, struct str message)
{
	struct chart *chart = run->chart;
	struct arena *arena = chart->arena;
	struct value_builder *built = value_build_context(arena);

	value_put(built, STR("id"),
	    value_of_str(arena, arena_strf(arena, "%s.%llu", chart->id,
				    (unsigned long long)fired->serial)));
	value_put_str(built, "instance", str_of(chart->id));
	value_put_str(built, "workflow", chart->definition->name);
	value_put_str(built, "business_key", chart->business_key);
	value_put_str(
	    built, "state", chart->definition->states[fired->state]->name);
	value_put_int(built, "level", (int64_t)fired->level + 1);
	value_put_str(built, "to", escalation->to->name);
	value_put_str(built, "severity", escalation->severity);
	value_put_str(built, "message", message);
	value_put_int(built, "fired", fired->fired);
	value_put(
	    built, STR("acknowledged"), value_of_boolean(fired->acknowledged));
	value_put_instant(built, "created", fired->created_ms);
	return value_built(built);
}

void
chart_escalation_close(struct run *run, const struct escalated *fired)
{
	struct value_builder *record;

	put_item(run, fired, false);
	record = chart_record_begin(run, AUDIT_ESCALATION_CLOSED);
	chart_record_state(run, record, "state", fired->state);
	value_put_int(record, "level", (int64_t)fired->level + 1);
	chart_record_end(run, record);
}

void
chart_escalation_renew(struct run *run)
{
	for (struct escalated *fired = run->chart->escalations; fired;
	     fired = fired->next)
		put_item(run, fired, true);
}

void
chart_escalation_disarm(struct run *run, const struct def_state *state)
{
	struct chart *chart = run->chart;

	for (size_t i = 0; i < state->escalation_count; i++) {
		chart_timer_remove(chart, TIMER_ESCALATION, state->index, i);
		chart_timer_remove(chart, TIMER_LEAVING, state->index, i);
	}
	for (struct escalated **link = &chart->escalations; *link != NULL;) {
		struct escalated *fired = *link;

		if (fired->state != state->index) {
			link = &fired->next;
			continue;
		}
		chart_escalation_close(run, fired);
		LIST_UNLINK(link);
	}
}

/* ---- telling a contact ---- */

static const struct value *
notice_args(
    struct run *run, const struct def_call *call, const struct notice *notice)
{
	struct chart *chart = run->chart;
	struct value_builder *built = value_build_context(run->context->arena);
	const struct value *with = chart_env_eval(run, call->with);

	value_put_str(built, "message", notice->message);
	value_put_str(built, "severity", notice->severity);
	value_put_str(built, "instance", str_of(chart->id));
	value_put_str(built, "workflow", chart->definition->name);
	value_put_str(built, "business_key", chart->business_key);
	if (notice->state == SIZE_MAX) /* of a step, or an incident */
		value_put_str(built, "state",
		    chart_config_names(chart, run->context->arena));
	else
		chart_record_state(run, built, "state", notice->state);
	if (with->type == VALUE_CONTEXT)
		for (size_t i = 0; i < with->as.context.count; i++)
			value_put(built, with->as.context.fields[i].key,
			    with->as.context.fields[i].value);
	return value_built(built);
}

static void
notify_by_call(struct run *run, const struct def_channel *channel, size_t index,
    const struct notice *notice)
{
	struct call *call = chart_call_begin(run, FOR_NOTICE, channel->call,
	    notice->step, notice_args(run, channel->call, notice));

	call->contact_state = notice->state;
	call->contact_level = notice->level;
	call->contact_channel = index;
	call->target = channel->call->target;
	chart_call_start(run, call);
}

static void
notify_by_log(struct run *run, const struct def_channel *channel,
    const struct notice *notice)
{
	struct chart_effect *effect = chart_effect_add(run, DO_LOG);
	struct value_builder *record = chart_record_begin(run, AUDIT_NOTIFIED);

	effect->level = channel->level;
	effect->message = chart_record_mask(run, notice->message);
	value_put_str(record, "to", notice->to->name);
	value_put_str(record, "by", STR("log"));
	value_put(record, STR("delivered"), &value_true);
	chart_record_end(run, record);
}

static void
cannot_notify(struct run *run, const struct def_contact *contact,
    const struct def_channel *channel)
{
	struct value_builder *record = chart_record_begin(run, AUDIT_NOTIFIED);

	value_put_str(record, "to", contact->name);
	value_put_str(record, "by", channel->word);
	value_put(record, STR("delivered"), &value_false);
	value_put_str(record, "reason", STR("no connection delivers it"));
	chart_record_end(run, record);
}

const struct def_contact *
chart_escalation_contact(
    const struct definition *definition, const struct call *notice)
{
	const struct def_state *state;

	must(notice->purpose == FOR_NOTICE);
	if (notice->step != SIZE_MAX)
		return definition->steps[notice->step]->contact;
	if (notice->contact_state == SIZE_MAX)
		return notice->contact_level == NOTICE_ALARM
			   ? definition->alarm
			   : definition->incident_owner;
	state = definition->states[notice->contact_state];
	return notice->contact_level < state->escalation_count
		   ? state->escalations[notice->contact_level].to
		   : NULL;
}

static void
notify_by(struct run *run, size_t index, const struct notice *notice)
{
	const struct def_channel *channel = &notice->to->channels[index];

	switch (channel->kind) {
	case CHANNEL_CALL:
		notify_by_call(run, channel, index, notice);
		return;
	case CHANNEL_LOG:
		notify_by_log(run, channel, notice);
		return;
	case CHANNEL_NONE:
		cannot_notify(run, notice->to, channel);
		return;
	}
	unreachable("every kind of channel is listed");
}

void
chart_escalation_notify(struct run *run, const struct notice *notice)
{
	for (size_t i = 0; i < notice->to->channel_count; i++)
		notify_by(run, i, notice);
}

/* ---- when a channel is gone ---- */

static bool
was_sent(const struct call *call)
{
	return call->unknown || call->state == CALL_SENT;
}

static void
record_lost(struct run *run, const struct call *lost, const struct notice *as)
{
	struct value_builder *record = chart_record_begin(run, AUDIT_NOTIFIED);

	if (as->to != NULL)
		value_put_str(record, "to", as->to->name);
	if (lost->target.at != NULL)
		value_put_str(record, "by", lost->target);
	value_put(record, STR("delivered"), &value_false);
	value_put_str(record, "reason",
	    was_sent(lost)
		? STR("the contact is told by other means since it was sent, "
		      "and what came of it is not known")
		: STR("the contact is told by other means now"));
	chart_record_end(run, record);
}

/* The same words to the same people, by that channel. */
static bool
is_under_way(
    const struct chart *chart, const struct notice *notice, size_t channel)
{
	for (const struct call *call = chart->calls; call != NULL;
	     call = call->next)
		if (call->purpose == FOR_NOTICE && call->step == notice->step &&
		    call->contact_state == notice->state &&
		    call->contact_level == notice->level &&
		    call->contact_channel == channel &&
		    str_equal(value_field_str(call->args, "message"),
			notice->message))
			return true;
	return false;
}

/* Nobody knows by which of its channels of now it was told before: rather
 * twice than not at all. */
static void
tell_lost(struct run *run, const struct call *lost)
{
	const struct notice notice = {
	    .to = chart_escalation_contact(run->chart->definition, lost),
	    .message = value_field_str(lost->args, "message"),
	    .severity = value_field_str(lost->args, "severity"),
	    .state = lost->contact_state,
	    .level = lost->contact_level,
	    .step = lost->step,
	};

	record_lost(run, lost, &notice);
	if (notice.to == NULL || was_sent(lost))
		return;
	for (size_t i = 0; i < notice.to->channel_count; i++)
		if (!is_under_way(run->chart, &notice, i))
			notify_by(run, i, &notice);
}

void
chart_escalation_tell_lost(struct run *run)
{
	const struct chart_actor *actor = run->actor;
	const struct call *lost = run->chart->lost;

	run->chart->lost = NULL;
	run->actor = NULL; /* it is nobody's act */
	for (; lost != NULL; lost = lost->next)
		tell_lost(run, lost);
	run->actor = actor;
}

/* ---- firing ---- */

static struct str
message_of(struct run *run, const struct def_escalation *escalation,
    const struct def_state *state)
{
	struct chart *chart = run->chart;
	struct arena *arena = run->context->arena;
	struct str key =
	    chart->business_key.at ? chart->business_key : str_of(chart->id);
	struct str since = {NULL, 0};

	if (escalation->at == NULL)
		since = arena_strf(
		    arena, " for %.*s", STR_ARG(escalation->after.text));
	return chart_env_text(run, escalation->message,
	    arena_strf(arena, "%.*s %.*s has been in state %.*s%.*s",
		STR_ARG(chart->definition->name), STR_ARG(key),
		STR_ARG(state->name), STR_ARG(since)));
}

static void
record_fired(struct run *run, const struct escalated *fired,
    const struct def_escalation *escalation, struct str message,
    struct timer timer)
{
	struct value_builder *record = chart_record_begin(run, AUDIT_ESCALATED);
	int64_t age_ms = run->context->now_ms - timer.since_ms;

	chart_record_state(run, record, "state", fired->state);
	value_put_int(record, "level", (int64_t)fired->level + 1);
	value_put_str(record, "to", escalation->to->name);
	value_put_str(record, "severity", escalation->severity);
	value_put_str(record, "message", message);
	value_put_int(record, "fired", fired->fired);
	value_put_instant(record, "due", timer.due_ms);
	value_put_int(record, "age_seconds", age_ms / 1000);
	chart_record_end(run, record);
}

/* Counting on from the due instant keeps the rhythm; after a long stop the
 * firings that were missed are one. */
static void
arm_again(struct run *run, struct timer timer)
{
	const struct def_span *every =
	    &run->chart->definition->states[timer.index]
		 ->escalations[timer.detail]
		 .every;
	int64_t from_ms = timer.due_ms, due_ms;

	if (every->kind == SPAN_NONE ||
	    !chart_env_due(run, every, from_ms, &due_ms) || due_ms <= from_ms)
		return;
	if (due_ms <= run->context->now_ms &&
	    (!chart_env_due(run, every, run->context->now_ms, &due_ms) ||
		due_ms <= run->context->now_ms))
		return;
	chart_timer_add(
	    run->chart, TIMER_ESCALATION, timer.index, timer.detail, due_ms)
	    ->since_ms = timer.since_ms;
}

void
chart_escalation_fire(struct run *run, struct timer timer)
{
	struct chart *chart = run->chart;
	const struct def_state *state = chart->definition->states[timer.index];
	size_t level = (size_t)timer.detail;
	const struct def_escalation *escalation = &state->escalations[level];
	struct escalated *fired = find_open(chart, state->index, level);
	struct str message;
	bool holds;

	chart_timer_remove(chart, TIMER_ESCALATION, timer.index, timer.detail);
	run->guarded = state;
	holds = chart_env_holds(run, escalation->guard);
	run->guarded = NULL;
	if (!holds) {
		arm_again(run, timer);
		return;
	}
	if (fired == NULL) {
		fired = ARENA_NEW(chart->arena, struct escalated);
		fired->serial = ++chart->serial_last;
		fired->state = state->index;
		fired->level = level;
		fired->created_ms = run->context->now_ms;
		LIST_APPEND(chart->escalations, fired);
	}
	fired->fired++;
	run->guarded = state;
	message = message_of(run, escalation, state);
	run->guarded = NULL;
	fired->body = body_of(run, fired, escalation, message);
	record_fired(run, fired, escalation, message, timer);
	put_item(run, fired, true);
	chart_escalation_notify(run, &(struct notice){.to = escalation->to,
					 .message = message,
					 .severity = escalation->severity,
					 .state = state->index,
					 .level = level,
					 .step = SIZE_MAX});
	arm_again(run, timer);
	if (escalation->target == NULL)
		return;
	timer.kind = TIMER_LEAVING;
	if (chart_select_timer_is_open(chart, &timer)) {
		chart_escalation_leave(run, timer);
		return;
	}
	chart_timer_remove(chart, TIMER_LEAVING, timer.index, timer.detail);
	chart_timer_add(
	    chart, TIMER_LEAVING, timer.index, timer.detail, timer.due_ms);
}

void
chart_escalation_leave(struct run *run, struct timer timer)
{
	struct chart *chart = run->chart;
	const struct def_state *state = chart->definition->states[timer.index];
	struct chosen chosen = {0};

	must(state->escalations[timer.detail].target != NULL);
	chart_timer_remove(chart, TIMER_LEAVING, timer.index, timer.detail);
	chart_select_escalation(run, state, (size_t)timer.detail, &chosen);
	chart_plan_take(run, &chosen, NULL, STR("escalated"), NULL);
}

/* Somebody took it up: no repetition, and nobody above is told. */
void
chart_escalation_acknowledge(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	const struct def_state *state;
	struct escalated *fired = chart->escalations;
	struct value_builder *record;

	while (fired != NULL && fired->serial != event->serial)
		fired = fired->next;
	if (fired == NULL) {
		chart_step_refuse(
		    run, REFUSED_ABSENT, "there is no such open escalation");
		return;
	}
	if (fired->acknowledged) {
		chart_step_refuse(
		    run, REFUSED_ABSENT, "it has been acknowledged already");
		return;
	}
	state = chart->definition->states[fired->state];
	for (size_t i = fired->level; i < state->escalation_count; i++)
		chart_timer_remove(chart, TIMER_ESCALATION, state->index, i);
	fired->acknowledged = true;
	fired->body = value_with(
	    chart->arena, fired->body, STR("acknowledged"), &value_true);
	if (event->actor.name.at != NULL)
		fired->body = value_with(chart->arena, fired->body,
		    STR("acknowledged_by"),
		    value_copy_str(chart->arena, event->actor.name));
	put_item(run, fired, true);
	record = chart_record_begin(run, AUDIT_ESCALATION_ACKNOWLEDGED);
	chart_record_state(run, record, "state", fired->state);
	value_put_int(record, "level", (int64_t)fired->level + 1);
	if (event->comment.at != NULL)
		value_put_str(record, "comment", event->comment);
	chart_record_end(run, record);
}
