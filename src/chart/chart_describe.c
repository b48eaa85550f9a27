/* SPDX-License-Identifier: Apache-2.0 */
/* chart_describe.c: an instance as interfaces show it. */
#include "chart_priv.h"

/* What the instance has, as it is or copied. */
typedef const struct value *take_fn(
    struct arena *arena, const struct value *value);

static const struct value *
lend(struct arena *arena, const struct value *value)
{
	(void)arena;
	return value;
}

static const struct value *
describe_states(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	const struct active *leaf;
	size_t at = 0;

	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL)
		value_append(
		    list, value_of_str(arena,
			      chart->definition->states[leaf->state]->name));
	return value_built(list);
}

static const struct value *
describe_tasks(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct task *task = chart->tasks; task != NULL;
	     task = task->next)
		if (task->open)
			value_append(list, chart_task_body(chart, task, arena));
	return value_built(list);
}

static const struct value *
describe_incidents(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct incident *incident = chart->incidents; incident;
	     incident = incident->next)
		value_append(list, chart_incident_body(chart, incident, arena));
	return value_built(list);
}

static const struct value *
describe_proposals(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct proposal *proposal = chart->proposals;
	     proposal != NULL; proposal = proposal->next)
		value_append(list, chart_proposal_body(chart, proposal, arena));
	return value_built(list);
}

static const struct value *
describe_escalations(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct escalated *fired = chart->escalations; fired;
	     fired = fired->next)
		value_append(list, value_copy(arena, fired->body));
	return value_built(list);
}

static const struct value *
describe_wait(
    const struct chart *chart, const struct strand *strand, struct arena *arena)
{
	const struct def_step *step = chart_run_current(chart, strand);
	struct value_builder *built = value_build_context(arena);

	must(step != NULL);
	value_put_str(built, "kind", STR("wait"));
	value_put_str(built, "step", step->id);
	value_put_instant(built, "due", strand->wait_due_ms);
	return value_built(built);
}

/* The names of the states that it leads to, separated by blanks. */
static struct str
target_names(const struct def_targets *targets, struct arena *arena)
{
	struct str names = targets->items[0]->name;

	for (size_t i = 1; i < targets->count; i++)
		names = arena_strf(arena, "%.*s %.*s", STR_ARG(names),
		    STR_ARG(targets->items[i]->name));
	return names;
}

static void
put_deadline(struct value_builder *built,
    const struct def_transition *transition, struct arena *arena)
{
	value_put_str(built, "kind", STR("deadline"));
	value_put_str(built, "state", transition->source->name);
	if (transition->targets.count > 0)
		value_put_str(
		    built, "target", target_names(&transition->targets, arena));
}

static void
put_escalation(
    struct value_builder *built, const struct def_state *state, size_t level)
{
	value_put_str(built, "kind", STR("escalation"));
	value_put_str(built, "state", state->name);
	value_put_int(built, "level", (int64_t)level + 1);
	value_put_str(built, "to", state->escalations[level].to->name);
}

static const struct value *
describe_deadlines(const struct chart *chart, struct arena *arena)
{
	const struct definition *definition = chart->definition;
	struct value_builder *list = value_build_list(arena);

	for (const struct timer *timer = chart->timers; timer != NULL;
	     timer = timer->next) {
		struct value_builder *built = value_build_context(arena);

		if (timer->kind == TIMER_INCIDENT ||
		    timer->kind == TIMER_LEAVING)
			continue;
		if (timer->kind == TIMER_AFTER)
			put_deadline(built,
			    definition->transitions[timer->index], arena);
		else
			put_escalation(built, definition->states[timer->index],
			    (size_t)timer->detail);
		value_put_instant(built, "due", timer->due_ms);
		value_append(list, value_built(built));
	}
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (strand->wait_due_ms != 0)
			value_append(list, describe_wait(chart, strand, arena));
	return value_built(list);
}

static const struct value *
describe_calls(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct call *call = chart->calls; call != NULL;
	     call = call->next) {
		struct value_builder *built = value_build_context(arena);

		value_put_str(built, "operation", call->call->target);
		if (call->step != SIZE_MAX)
			value_put_str(built, "step",
			    chart->definition->steps[call->step]->id);
		value_put_str(
		    built, "state", chart_call_state_name(call->state));
		value_put_int(built, "attempt", call->attempt);
		value_put_instant(built, "due", call->due_ms);
		value_append(list, value_built(built));
	}
	return value_built(list);
}

static const struct value *
describe_children(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct child *child = chart->children; child != NULL;
	     child = child->next) {
		const struct def_step *step =
		    chart->definition->steps[child->step];
		struct value_builder *built = value_build_context(arena);

		/* None yet where it is still to be started. */
		value_put_str(built, "id", child->id);
		value_put_str(built, "workflow", step->workflow);
		value_put_str(built, "step", step->id);
		value_append(list, value_built(built));
	}
	return value_built(list);
}

static const struct value *
describe_awaiters(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);
	char id[CHART_ID_BYTES];

	for (const struct waiter *waiter = chart->waiters; waiter != NULL;
	     waiter = waiter->next)
		value_append(list,
		    value_copy_str(arena,
			chart_child_id(chart, waiter->awaiter.number, id)));
	return value_built(list);
}

static const struct value *
describe_loops(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next) {
		const struct loop *loop = strand->loop;
		struct value_builder *built;

		if (loop == NULL)
			continue;
		built = value_build_context(arena);
		value_put_str(
		    built, "step", chart_run_current(chart, strand)->id);
		value_put_int(built, "items", (int64_t)loop->count);
		value_put_int(built, "begun", (int64_t)loop->begun);
		value_append(list, value_built(built));
	}
	return value_built(list);
}

/* What few instances have is told only where it is there. */
static void
put_some(struct value_builder *built, const char *key, const struct value *list)
{
	if (list->as.list.count > 0)
		value_put(built, str_of(key), list);
}

static void
describe_progress(
    const struct chart *chart, struct arena *arena, struct value_builder *built)
{
	value_put(built, STR("tasks"), describe_tasks(chart, arena));
	value_put(built, STR("incidents"), describe_incidents(chart, arena));
	value_put(
	    built, STR("escalations"), describe_escalations(chart, arena));
	value_put(built, STR("deadlines"), describe_deadlines(chart, arena));
	value_put(built, STR("calls"), describe_calls(chart, arena));
	put_some(built, "children", describe_children(chart, arena));
	put_some(built, "loops", describe_loops(chart, arena));
	put_some(built, "proposals", describe_proposals(chart, arena));
	put_some(built, "awaited_by", describe_awaiters(chart, arena));
}

static const struct value *
describe(const struct chart *chart, struct arena *arena, take_fn *take)
{
	struct value_builder *built = value_build_context(arena);
	char hex[DIGEST_HEX_BYTES];

	value_put_str(built, "id", str_of(chart->id));
	value_put_str(built, "workflow", chart->definition->name);
	value_put_int(built, "version", chart->definition->version);
	value_put_str(
	    built, "definition", digest_hex(chart->definition->digest, hex));
	value_put_str(built, "business_key", chart->business_key);
	value_put_str(built, "status", chart_status_name(chart_status(chart)));
	value_put_str(built, "state", chart_state_names(chart, arena));
	value_put(built, STR("states"), describe_states(chart, arena));
	if (chart->ended)
		value_put_str(built, "outcome", def_ending_name(chart->ending));
	value_put_str(built, "priority", def_priority_name(chart->priority));
	value_put_str(built, "initiator", chart->initiator);
	value_put_instant(built, "started_at", chart->started_ms);
	value_put_instant(built, "ended_at", chart->ended_ms);
	value_put(built, STR("labels"), take(arena, chart_labels(chart)));
	value_put(built, STR("input"), take(arena, chart->input));
	value_put(built, STR("data"), take(arena, chart->data));
	if (chart->output != NULL)
		value_put(built, STR("output"), take(arena, chart->output));
	if (chart->error != NULL)
		value_put(built, STR("error"), take(arena, chart->error));
	describe_progress(chart, arena, built);
	return value_built(built);
}

const struct value *
chart_describe(const struct chart *chart, struct arena *arena)
{
	return describe(chart, arena, value_copy);
}

const struct value *
chart_describe_lent(const struct chart *chart, struct arena *arena)
{
	return describe(chart, arena, lend);
}
