/* SPDX-License-Identifier: Apache-2.0 */
/* sim_report.c: where the instance stands, and what came of the last act. */
#include "sim_priv.h"


static void
put_list(struct value_builder *report, const char *key,
    const struct value *list, struct arena *arena)
{
	if (list->type == VALUE_LIST && list->as.list.count > 0)
		value_put(report, str_of(key), value_copy(arena, list));
}

static const struct value *
waiting_calls(const struct sim *sim, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct sim_call *call = sim->calls; call; call = call->next)
		value_append(list, value_copy_str(arena, call->call->target));
	return value_built(list);
}

static const struct value *
waiting_children(const struct sim *sim, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct sim_child *child = sim->children; child != NULL;
	     child = child->next)
		value_append(list, value_copy_str(arena, child->workflow));
	return value_built(list);
}

/* Replies may be told before the start. */
static const struct value *
report_nothing(const struct sim *sim, struct arena *arena)
{
	struct value_builder *report = value_build_context(arena);

	value_put(report, STR("states"), value_built(value_build_list(arena)));
	value_put(report, STR("status"), &value_null);
	value_put(report, STR("data"), value_built(value_build_context(arena)));
	value_put(report, STR("effects"), value_built(value_build_list(arena)));
	value_put_instant(report, "now", sim->now_ms);
	return value_built(report);
}

const struct value *
sim_report(struct sim *sim, struct arena *arena)
{
	struct value_builder *report = value_build_context(arena);
	const struct value *view;

	if (sim->chart == NULL)
		return report_nothing(sim, arena);
	view = chart_describe(sim->chart, arena);
	value_put(report, STR("states"),
	    value_copy(arena, value_field_or_null(view, "states")));
	value_put_str(
	    report, "status", value_field_str(view, "status"));
	value_put(
	    report, STR("data"), value_copy(arena, chart_data(sim->chart)));
	value_put(report, STR("effects"),
	    value_copy(arena, value_built(sim->effects)));
	value_put_instant(report, "now", sim->now_ms);
	if (sim->fate.at != NULL)
		value_put_str(report, "fate", sim->fate);
	put_list(report, "tasks", value_field_or_null(view, "tasks"), arena);
	put_list(
	    report, "incidents", value_field_or_null(view, "incidents"), arena);
	put_list(
	    report, "proposals", value_field_or_null(view, "proposals"), arena);
	put_list(report, "calls", waiting_calls(sim, arena), arena);
	put_list(report, "children", waiting_children(sim, arena), arena);
	sim->fate = (struct str){NULL, 0};
	arena_reset(sim->told);
	sim->effects = value_build_list(sim->told);
	return value_built(report);
}
