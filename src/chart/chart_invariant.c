/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_invariant.c: what must hold whenever a configuration is entered.
 *
 * An invariant whose variables are still to be set by the entry steps of its
 * state, of what is in it or around it, is looked at when those are through.
 * What another region may set meanwhile is no reason to wait: it has to hold
 * in that state, however short a time that is entered.
 */
#include "chart_priv.h"

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

struct pending {
	const struct chart *chart;
	const struct def_state *in; /* that it is looked at for; NULL: all */
	bool assigned;
};

/* It is in the state that the invariant is looked at for, or around it. */
static bool
concerns(const struct pending *pending, const struct def_state *state)
{
	return pending->in == NULL ||
	       def_state_contains(pending->in, state) ||
	       def_state_contains(state, pending->in);
}

/* What is within a parallel state whose regions are still to begin. */
static bool
regions_assign(const struct pending *pending, const struct def_state *parallel,
    struct str name)
{
	const struct chart *chart = pending->chart;

	for (size_t i = 0; i < chart->active_count; i++) {
		const struct def_state *state =
		    chart->definition->states[chart->active[i].state];

		if (state != parallel && def_state_contains(parallel, state) &&
		    concerns(pending, state) && entry_assigns(state, name))
			return true;
	}
	return false;
}

static bool
strand_assigns(const struct pending *pending, const struct strand *strand,
    struct str name)
{
	for (size_t i = strand->plan_next; i < strand->plan_count; i++) {
		const struct plan_item *item = &strand->plan[i];
		const struct def_state *state;

		if (item->kind != PLAN_ENTRY && item->kind != PLAN_FORK)
			continue;
		state = pending->chart->definition->states[item->index];
		if (item->kind == PLAN_ENTRY
			? concerns(pending, state) && entry_assigns(state, name)
			: regions_assign(pending, state, name))
			return true;
	}
	return false;
}

static void
pending_cb(struct str name, size_t offset, void *arg)
{
	struct pending *pending = arg;

	(void)offset;
	for (const struct strand *strand = pending->chart->strands; strand;
	     strand = strand->next)
		if (strand_assigns(pending, strand, name))
			pending->assigned = true;
}

/* Whether the entry steps still to come set what the invariant reads: then it
 * is for them to make it true. */
static bool
is_pending(const struct chart *chart, const struct def_invariant *invariant,
    const struct def_state *in)
{
	struct pending pending = {.chart = chart, .in = in};

	if (invariant->that->kind == TEMPLATE_FEEL)
		feel_each_free_name(
		    invariant->that->feel, pending_cb, &pending);
	return pending.assigned;
}

static bool
applies(const struct chart *chart, const struct def_invariant *invariant)
{
	if (invariant->in_count == 0)
		return !is_pending(chart, invariant, NULL);
	for (size_t i = 0; i < invariant->in_count; i++)
		if (chart_config_is_active(chart, invariant->in[i]) &&
		    !is_pending(chart, invariant, invariant->in[i]))
			return true;
	return false;
}

void
chart_invariant_find(struct run *run, struct buf *broken)
{
	struct chart *chart = run->chart;

	for (size_t i = 0; i < chart->definition->invariant_count; i++) {
		const struct def_invariant *invariant =
		    &chart->definition->invariants[i];

		if (applies(chart, invariant) &&
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
