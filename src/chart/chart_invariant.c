/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_invariant.c: what must hold whenever a configuration is entered.
 *
 * An invariant whose variables are still to be set by entry steps, in
 * whichever region, is looked at when those are through.
 */
#include "chart_priv.h"

static bool
applies(const struct def_invariant *invariant, const struct chart *chart)
{
	if (invariant->in_count == 0)
		return true;
	for (size_t i = 0; i < invariant->in_count; i++)
		if (chart_config_is_active(chart, invariant->in[i]))
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

static bool
entry_assigns(const struct def_state *state, struct str name)
{
	for (size_t i = 0; i < state->entry.count; i++)
		if (assigns_name(state->entry.items[i]->output, name) ||
		    assigns_name(state->entry.items[i]->set, name))
			return true;
	return false;
}

/* What is within a parallel state whose regions are still to begin. */
static bool
regions_assign(const struct chart *chart, const struct def_state *parallel,
    struct str name)
{
	for (size_t i = 0; i < chart->active_count; i++) {
		const struct def_state *state =
		    chart->definition->states[chart->active[i].state];

		if (state != parallel && def_state_contains(parallel, state) &&
		    entry_assigns(state, name))
			return true;
	}
	return false;
}

static bool
strand_assigns(
    const struct chart *chart, const struct strand *strand, struct str name)
{
	for (size_t i = strand->plan_next; i < strand->plan_count; i++) {
		const struct plan_item *item = &strand->plan[i];

		if (item->kind != PLAN_ENTRY && item->kind != PLAN_FORK)
			continue;
		if (item->kind == PLAN_ENTRY
			? entry_assigns(
			      chart->definition->states[item->index], name)
			: regions_assign(chart,
			      chart->definition->states[item->index], name))
			return true;
	}
	return false;
}

struct pending {
	const struct chart *chart;
	bool assigned;
};

static void
pending_cb(struct str name, size_t offset, void *arg)
{
	struct pending *pending = arg;

	(void)offset;
	for (const struct strand *strand = pending->chart->strands; strand;
	     strand = strand->next)
		if (strand_assigns(pending->chart, strand, name))
			pending->assigned = true;
}

/* Whether the entry steps still to come set what the invariant reads: then it
 * is for them to make it true. */
static bool
is_pending(struct chart *chart, const struct def_invariant *invariant)
{
	struct pending pending = {.chart = chart};

	if (invariant->that->kind == TEMPLATE_FEEL)
		feel_each_free_name(
		    invariant->that->feel, pending_cb, &pending);
	return pending.assigned;
}

void
chart_invariant_find(struct run *run, struct buf *broken)
{
	struct chart *chart = run->chart;

	for (size_t i = 0; i < chart->definition->invariant_count; i++) {
		const struct def_invariant *invariant =
		    &chart->definition->invariants[i];

		if (applies(invariant, chart) &&
		    !is_pending(chart, invariant) &&
		    !chart_env_holds(run, invariant->that))
			buf_addf(broken, "%s`%.*s`",
			    broken->bytes ? ", " : "",
			    STR_ARG(invariant->name));
	}
}

/* All that don't hold are one incident, so that settling it settles all. */
bool
chart_invariant_check(struct run *run)
{
	struct buf broken = {0};
	bool hold;

	chart_invariant_find(run, &broken);
	hold = broken.bytes == 0;
	if (!hold)
		chart_incident_open(run, INCIDENT_INVARIANT, SIZE_MAX, 0, NULL,
		    "in state `%.*s` an invariant does not hold: %s",
		    STR_ARG(chart_config_names(
			run->chart, run->context->arena)),
		    buf_cstr(&broken));
	buf_fini(&broken);
	return hold;
}
