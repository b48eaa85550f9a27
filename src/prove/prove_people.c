/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_people.c: whoever is to be kept apart is kept apart.
 *
 * The engine refuses who may not act; what is looked for here is a rule that
 * can never refuse anybody, and one that holds in one order only.
 */
#include "prove_priv.h"

/* Points that all searches together may look at; beyond them nothing is
 * told. */
#define POINTS_MAX 5000000

struct people {
	struct proof *proof;
	bool *after;    /* by point: what comes after the task in question */
	uint32_t *todo;
	size_t spent;
};

/* ---- what comes after what ---- */

static void
mark_after(struct people *people, uint32_t from)
{
	const struct flow *flow = people->proof->flow;
	size_t count = 0;

	must(from < flow->point_count);
	memset(people->after, 0, flow->point_count * sizeof(bool));
	people->todo[count++] = from;
	while (count > 0) {
		uint32_t point = people->todo[--count];

		people->spent++;
		for (uint32_t i = flow->first_out[point];
		     i < flow->first_out[point + 1]; i++) {
			uint32_t to = flow->edges[flow->out[i]].to;

			if (people->after[to] || !flow->reached[to])
				continue;
			people->after[to] = true;
			people->todo[count++] = to;
		}
	}
}

/* Regions of one parallel state, so that either may come first. */
static bool
are_side_by_side(const struct def_state *a, const struct def_state *b)
{
	for (; a; a = a->parent)
		if (flow_is_region(a) && !def_state_contains(a, b) &&
		    def_state_contains(a->parent, b))
			return true;
	return false;
}

/* ---- exclude ---- */

static bool
excludes(const struct def_state *state, struct str name)
{
	for (size_t i = 0; i < state->task->exclude_count; i++)
		if (str_equal(state->task->exclude[i], name))
			return true;
	return false;
}

static void
tell_one_way(struct proof *proof, const struct def_state *strict,
    const struct def_state *lax)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_SEPARATE,
	    lax->task->span,
	    "whoever has decided `%.*s` can decide `%.*s` as well: only the "
	    "other order is excluded", STR_ARG(strict->name),
	    STR_ARG(lax->name));
	diag_path(proof->diags, flow_path_from_start(
	    proof->flow, flow_at(lax, AT_SETTLED)));
	diag_repair(proof->diags,
	    "the two can be decided in any order: add `exclude: [%.*s]`",
	    STR_ARG(strict->name));
}

static void
tell_never_before(struct proof *proof, const struct def_state *state,
    const struct def_state *excluded)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_SEPARATE,
	    state->task->span,
	    "`exclude` keeps nobody away: `%.*s` is never decided before "
	    "`%.*s`", STR_ARG(excluded->name), STR_ARG(state->name));
	diag_path(proof->diags, flow_path_from_start(
	    proof->flow, flow_at(state, AT_SETTLED)));
	diag_repair(proof->diags,
	    "exclude those who decide the later one from that one");
}

static void
prove_excluded(struct people *people, const struct def_state *state,
    const struct def_state *excluded)
{
	if (are_side_by_side(state, excluded)) {
		if (!excludes(excluded, state->name))
			tell_one_way(people->proof, state, excluded);
		return;
	}
	if (people->spent > POINTS_MAX)
		return;
	mark_after(people, flow_at(excluded, AT_REST));
	if (!people->after[flow_at(state, AT_SETTLED)])
		tell_never_before(people->proof, state, excluded);
}

static void
prove_excludes(struct people *people, const struct def_state *state)
{
	const struct definition *definition = people->proof->definition;

	for (size_t i = 0; i < state->task->exclude_count; i++) {
		const struct def_state *excluded = definition_find_state(
		    definition, state->task->exclude[i]);

		if (excluded && excluded->task)
			prove_excluded(people, state, excluded);
	}
}

/* ---- separate ---- */

static bool
has_task(const struct proof *proof)
{
	const struct definition *definition = proof->definition;

	for (size_t i = 0; i < definition->state_count; i++)
		if (definition->states[i]->task && flow_reaches(
		    proof->flow, definition->states[i], AT_SETTLED))
			return true;
	return false;
}

static void
prove_parts(struct proof *proof, unsigned parts)
{
	bool is_one = (parts & (parts - 1)) == 0;

	if (!is_one && (!(parts & PART_APPROVE) || has_task(proof)))
		return;
	diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_SEPARATE,
	    proof->definition->separate_span, is_one ?
	    "`separate` names one part only, and keeps nobody apart" :
	    "`separate` keeps nobody apart: nothing is approved here");
	diag_repair(proof->diags, is_one ?
	    "name two parts, such as [initiate, approve]" :
	    "add a `user-task`, or take `approve` out");
}

void
prove_people(struct proof *proof)
{
	const struct definition *definition = proof->definition;
	struct people people = {
	    .proof = proof,
	    .after =
		ARENA_ARRAY(proof->arena, proof->flow->point_count, bool),
	    .todo = ARENA_ARRAY(
		proof->arena, proof->flow->point_count + 1, uint32_t),
	};

	for (size_t i = 0; i < definition->separate_count; i++)
		prove_parts(proof, definition->separate[i]);
	for (size_t i = 0; i < definition->state_count; i++)
		if (definition->states[i]->task && flow_reaches(proof->flow,
		    definition->states[i], AT_SETTLED))
			prove_excludes(&people, definition->states[i]);
}
