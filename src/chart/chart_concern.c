/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_concern.c: what leaving some states means for what is being done.
 *
 * A strand may do something for several regions at once: an event that each
 * of them takes, or the steps of a state around them.  Where only some of them
 * are left the others' part is theirs still; without it they would stand still
 * for good.
 */
#include "chart_priv.h"

static bool
some_leave(const struct chosen *chosen)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->items[i].leaves)
			return true;
	return false;
}

/* Beside those that leave, one that stays takes nothing. */
static bool
is_left(const struct chart *chart, const struct chosen *chosen,
    const struct def_state *leaf)
{
	bool only_leaving = some_leave(chosen);

	for (size_t i = 0; i < chosen->count; i++)
		if ((chosen->items[i].leaves || !only_leaving) &&
		    chart_scope_covers(chart, chosen->items[i].scope, leaf))
			return true;
	return chosen->count == 0;
}

static enum concern
concern_of(const struct chart *chart, const struct chosen *chosen, size_t scope)
{
	const struct active *leaf;
	bool some = false, others = false;
	size_t at = 0;

	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *state =
		    chart->definition->states[leaf->state];

		if (!chart_scope_covers(chart, scope, state))
			continue;
		if (is_left(chart, chosen, state))
			some = true;
		else
			others = true;
	}
	if (!some)
		return CONCERNS_NOTHING;
	return others ? CONCERNS_PART : CONCERNS_ALL;
}

bool
chart_concern_leaves_source(const struct chart *chart,
    const struct chosen *chosen, const struct taken *staying)
{
	const struct def_state *source =
	    chart->definition->states[staying->scope];

	must(!staying->leaves);
	for (size_t i = 0; i < chosen->count; i++) {
		const struct taken *taken = &chosen->items[i];

		if (taken->leaves && taken->scope != staying->scope &&
		    chart_scope_covers(chart, taken->scope, source))
			return true;
	}
	return chosen->count == 0;
}

/* What stays is its source's, whichever regions in there are left. */
static enum concern
concern_of_taken(const struct chart *chart, const struct chosen *chosen,
    const struct taken *taken)
{
	if (taken->leaves)
		return concern_of(chart, chosen, taken->scope);
	return chart_concern_leaves_source(chart, chosen, taken)
		   ? CONCERNS_ALL
		   : CONCERNS_NOTHING;
}

enum concern
chart_concern(const struct chart *chart, const struct chosen *chosen,
    const struct strand *strand)
{
	enum concern first, next;

	if (strand->parent != 0)
		return CONCERNS_NOTHING; /* the one above it is asked */
	if (strand->taken_count == 0)
		return concern_of(chart, chosen, strand->scope);
	first = concern_of_taken(chart, chosen, &strand->taken[0]);
	for (size_t i = 1; i < strand->taken_count; i++) {
		next = concern_of_taken(chart, chosen, &strand->taken[i]);
		if (next != first)
			return CONCERNS_PART;
	}
	return first;
}

static bool
is_divisible(const struct chart *chart,
    const struct chosen *chosen, const struct strand *strand)
{
	if (strand->plan_next == strand->plan_count)
		return true; /* it is through */
	switch (strand->plan[strand->plan_next].kind) {
	case PLAN_CHECK:
	case PLAN_COMPENSATE:
		return false; /* done for all of them */
	default:
		break;
	}
	for (size_t i = 0; i < strand->taken_count; i++)
		if (concern_of_taken(chart, chosen, &strand->taken[i]) ==
		    CONCERNS_PART)
			return false;
	return strand->taken_count > 0;
}

/* Whether entry steps are ahead of a state that they lead on from within. */
static bool
would_lose_entry_steps(const struct chart *chart, const struct chosen *chosen,
    const struct strand *strand)
{
	for (size_t i = strand->plan_next; i < strand->plan_count; i++) {
		const struct plan_item *item = &strand->plan[i];

		if (item->kind == PLAN_ENTRY &&
		    !chart_config_is_left(chart, chosen->items, chosen->count,
			chart->definition->states[item->index]))
			return true;
	}
	return false;
}

bool
chart_concern_strands(const struct chart *chart, const struct chosen *chosen,
    const struct taken *taken)
{
	const struct active *leaf;
	size_t at = 0, count = 0, left = 0;

	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *state =
		    chart->definition->states[leaf->state];

		if (!taken->leaves ||
		    !chart_scope_covers(chart, taken->scope, state))
			continue;
		count++;
		if (chart_config_is_left(
			chart, chosen->items, chosen->count, state))
			left++;
	}
	return count > 1 && left < count;
}

bool
chart_concern_may_cut_in(const struct chart *chart, const struct chosen *chosen)
{
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next) {
		enum concern concern = chart_concern(chart, chosen, strand);

		if (concern == CONCERNS_PART &&
		    !is_divisible(chart, chosen, strand))
			return false;
		if (concern == CONCERNS_ALL && some_leave(chosen) &&
		    would_lose_entry_steps(chart, chosen, strand))
			return false;
	}
	return true;
}

static void
divide(struct run *run, const struct chosen *chosen, struct strand *strand)
{
	struct chart *chart = run->chart;
	bool *stays =
	    ARENA_ARRAY(run->context->arena, strand->taken_count, bool);

	for (size_t i = 0; i < strand->taken_count; i++)
		stays[i] = concern_of_taken(chart, chosen,
			       &strand->taken[i]) == CONCERNS_NOTHING;
	chart_plan_divide(run, strand, stays);
}

void
chart_concern_spare(struct run *run, const struct chosen *chosen)
{
	const struct chart *chart = run->chart;

	for (struct strand *strand = chart->strands, *next; strand;
	     strand = next) {
		next = strand->next;
		if (chart_concern(chart, chosen, strand) == CONCERNS_PART &&
		    strand->plan_next < strand->plan_count &&
		    is_divisible(chart, chosen, strand))
			divide(run, chosen, strand);
	}
}
