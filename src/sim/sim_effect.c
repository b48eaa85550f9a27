/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_effect.c: what came of a step, as values that people and tests read.
 *
 * Timers are found by looking before and after: what is there and was not
 * there before has been set.
 */
#include "sim_priv.h"

static void
tell(struct sim *sim, const char *kind, const struct value *what)
{
	struct value_builder *effect = value_build_context(sim->told);

	value_put(effect, str_of(kind), value_copy(sim->told, what));
	value_append(sim->effects, value_built(effect));
}

/* By the channel's word, or by the operation that it calls. */
static void
tell_notice(
    struct sim *sim, struct sim_channel to, const struct chart_effect *effect)
{
	struct value_builder *notice = value_build_context(sim->turn);
	bool is_call = str_equal(to.channel->word, STR("call"));

	value_put_str(notice, "to", to.contact->name);
	value_put_str(
	    notice, "by", is_call ? effect->call->target : to.channel->word);
	value_put_str(notice, "message",
	    value_field_str(effect->args, "message"));
	value_put(notice, STR("args"), effect->args);
	tell(sim, "notice", value_built(notice));
}

static void
tell_call(struct sim *sim, const struct chart_effect *effect)
{
	struct sim_channel to =
	    sim_operation_channel(sim->definition, effect->call);
	struct value_builder *call;

	if (to.contact != NULL) {
		tell_notice(sim, to, effect);
		return;
	}
	call = value_build_context(sim->told);
	value_put_str(call, "call", effect->call->target);
	value_put(call, STR("args"), value_copy(sim->told, effect->args));
	value_put_str(call, "key", effect->key);
	value_put_int(call, "attempt", effect->attempt);
	value_append(sim->effects, value_built(call));
}

/* The log's notices stand in the records too, and only there with a name. */
static struct str
logged_to(const struct chart_effects *effects, size_t index)
{
	for (size_t i = 0; i < effects->record_count; i++) {
		const struct value *record = effects->records[i];

		if (str_equal(value_field_str(record, "kind"),
			STR("notified")) &&
		    str_equal(value_field_str(record, "by"),
			STR("log")) &&
		    index-- == 0)
			return value_field_str(record, "to");
	}
	return (struct str){NULL, 0};
}

static void
tell_log(struct sim *sim, const struct chart_effect *effect, struct str to)
{
	struct value_builder *notice = value_build_context(sim->turn);

	if (to.at != NULL)
		value_put_str(notice, "to", to);
	value_put_str(notice, "by", STR("log"));
	value_put_str(notice, "level", effect->level);
	value_put_str(notice, "message", effect->message);
	tell(sim, "notice", value_built(notice));
}

static void
tell_event(struct sim *sim, const struct chart_effect *effect)
{
	struct value_builder *event = value_build_context(sim->turn);

	value_put_str(event, "type", effect->type);
	value_put_str(event, "subject", effect->subject);
	value_put_str(event, "id", effect->id);
	value_put(event, STR("data"),
	    effect->data != NULL ? effect->data : &value_null);
	tell(sim, "event", value_built(event));
}

static void
tell_run(struct sim *sim, const struct chart_effect *effect)
{
	struct value_builder *run = value_build_context(sim->told);

	value_put_str(run, "run", effect->workflow);
	value_put(run, STR("input"),
	    effect->data != NULL ? value_copy(sim->told, effect->data)
				 : &value_null);
	value_put_str(run, "priority", def_priority_name(effect->priority));
	value_append(sim->effects, value_built(run));
}

static void
tell_cancel_run(struct sim *sim, const struct chart_effect *effect)
{
	struct value_builder *run = value_build_context(sim->told);

	value_put_str(
	    run, "cancel-run", sim_child_workflow(sim, effect->child));
	value_put(run, STR("compensate"), value_of_boolean(effect->compensate));
	value_append(sim->effects, value_built(run));
}

static void
tell_escalation(struct sim *sim, const struct chart_effect *effect)
{
	static const char *const keys[] = {
	    "to", "level", "severity", "state", "message", "fired"};
	struct value_builder *told = value_build_context(sim->turn);

	if (effect->item != CHART_ESCALATION || !effect->open ||
	    value_is_true(value_field_or_null(effect->body, "acknowledged")))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		value_put(told, str_of(keys[i]),
		    value_field_or_null(effect->body, keys[i]));
	tell(sim, "escalation", value_built(told));
}

/* ---- timers ---- */

static void
add_waiting_calls(struct value_builder *timers, const struct value *calls,
    struct arena *arena)
{
	static const char *const keys[] = {"operation", "state", "due"};

	for (size_t i = 0; i < calls->as.list.count; i++) {
		const struct value *call = calls->as.list.items[i];
		struct value_builder *timer = value_build_context(arena);

		if (value_get_cstr(call, "due") == NULL)
			continue;
		value_put_str(timer, "kind", STR("call"));
		for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++)
			value_put(timer, str_of(keys[j]),
			    value_field_or_null(call, keys[j]));
		value_append(timers, value_built(timer));
	}
}

const struct value *
sim_effect_timers(struct sim *sim)
{
	struct value_builder *timers = value_build_list(sim->turn);
	const struct value *view, *deadlines;

	if (sim->chart == NULL)
		return value_built(timers);
	view = chart_describe(sim->chart, sim->turn);
	deadlines = value_field_or_null(view, "deadlines");
	for (size_t i = 0; i < deadlines->as.list.count; i++)
		value_append(timers, deadlines->as.list.items[i]);
	add_waiting_calls(
	    timers, value_field_or_null(view, "calls"), sim->turn);
	return value_built(timers);
}

static bool
has_value(const struct value *list, const struct value *value)
{
	for (size_t i = 0; i < list->as.list.count; i++)
		if (value_equal(list->as.list.items[i], value))
			return true;
	return false;
}

static void
tell_timers(struct sim *sim, const struct value *before)
{
	const struct value *after = sim_effect_timers(sim);

	for (size_t i = 0; i < after->as.list.count; i++)
		if (!has_value(before, after->as.list.items[i]))
			tell(sim, "timer", after->as.list.items[i]);
}

void
sim_effect_tell(struct sim *sim, const struct chart_effects *effects,
    const struct value *before)
{
	size_t logs = 0;

	for (size_t i = 0; i < effects->count; i++) {
		const struct chart_effect *effect = &effects->items[i];

		switch (effect->kind) {
		case DO_CALL:
			tell_call(sim, effect);
			break;
		case DO_PUBLISH:
			tell_event(sim, effect);
			break;
		case DO_PUT_ITEM:
			tell_escalation(sim, effect);
			break;
		case DO_LOG:
			tell_log(sim, effect, logged_to(effects, logs++));
			break;
		case DO_RUN:
			tell_run(sim, effect);
			break;
		case DO_CANCEL_RUN:
			tell_cancel_run(sim, effect);
			break;
		case DO_REPORT:
		case DO_FORGET:
			break;
		}
	}
	tell_timers(sim, before);
}
