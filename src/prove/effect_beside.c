/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effect_beside.c: the same in two regions, of which neither comes first.
 *
 * No path leads from the one to the other, so that the flow doesn't tell what
 * has changed in between.  Two count as the same here only where nothing that
 * they read changes while their regions are active, and both are done
 * whatever the data.
 */
#include "prove_effect.h"

/* NULL where nothing leads to it. */
static const struct def_state *
state_of(const struct effects *effects, const struct def_step *step)
{
	const struct flow *flow = effects->proof->flow;
	uint32_t point = flow->first_of_step[step->index];

	return point == 0 ? NULL : flow->points[point].state;
}

static bool
reads_any(const struct effect *effect, const struct def_assigns *assigns)
{
	for (size_t i = 0; i < assigns->count; i++)
		if (name_table_find(
		    &effect->reads, assigns->items[i].name) != SIZE_MAX)
			return true;
	return false;
}

static bool
is_changed_by(const struct effect *effect, const struct def_step *step)
{
	return reads_any(effect, &step->set) ||
	    reads_any(effect, &step->output) ||
	    (step->call && step->call->verify &&
		reads_any(effect, &step->call->verify->output));
}

/* Names that become another's without a step that assigns them. */
static bool
reads_passing(const struct effect *effect)
{
	static const struct str passing[] = {
	    STR_INIT("event"), STR_INIT("error"), STR_INIT("decision")};

	for (size_t i = 0; i < COUNT_OF(passing); i++)
		if (name_table_find(&effect->reads, passing[i]) != SIZE_MAX)
			return true;
	return false;
}

/* Whether it does the same whenever it is done in the parallel state. */
static bool
is_steady(const struct effects *effects, const struct effect *effect,
    const struct def_state *parallel)
{
	const struct definition *definition = effects->proof->definition;

	if (effect->varies || reads_passing(effect))
		return false;
	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_step *step = definition->steps[i];
		const struct def_state *state = state_of(effects, step);

		if (state && def_state_contains(parallel, state) &&
		    is_changed_by(effect, step))
			return false;
	}
	return true;
}

static bool
is_beside(const struct effects *effects, const struct effect *effect,
    const struct effect *other)
{
	const struct def_state *state = state_of(effects, effect->step);
	const struct def_state *another = state_of(effects, other->step);
	const struct def_state *parallel;

	if (!state || !another || !flow_guard_always(effect->step->guard) ||
	    !flow_guard_always(other->step->guard))
		return false;
	if (effect->has_key && other->has_key &&
	    effect->key_kind == other->key_kind)
		return false;
	parallel = flow_parallel_of(state, another);
	return parallel && is_steady(effects, effect, parallel);
}

const struct effect *
effect_find_beside(const struct effects *effects, const struct effect *effect)
{
	must(effect->next_of_kind);
	for (const struct effect *other = effect->next_of_kind;
	     other != effect; other = other->next_of_kind)
		/* The first of the two is not told as well. */
		if (other->index < effect->index &&
		    is_beside(effects, effect, other))
			return other;
	return NULL;
}
