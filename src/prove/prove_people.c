/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_people.c: whoever is to be kept apart is kept apart.
 *
 * The engine refuses who may not act; what is looked for here is a rule that
 * can never refuse anybody, one that holds in one order only, and a task that
 * is passed by without anybody's decision.
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

/* ---- roles ---- */

/* The task's role, where it is written and not worked out; absent: it is not
 * known here, or anybody may. */
static struct str
role_of(const struct def_state *state)
{
	const struct template *role = state->task->role;

	return role && role->kind == TEMPLATE_LITERAL
		   ? value_str(role->literal)
		   : (struct str){NULL, 0};
}

static struct str
role_in(struct str name)
{
	return str_has_prefix(name, STR(DEF_APPROVER))
		   ? str_slice(name, sizeof(DEF_APPROVER) - 1, SIZE_MAX)
		   : (struct str){NULL, 0};
}

/* ---- exclude ---- */

/* Whether the set names the task, or its role if that is another one than
 * `but`. */
static bool
names_task(const struct def_separate *set, const struct def_state *state,
    struct str but)
{
	struct str own = role_of(state);

	for (size_t i = 0; i < set->name_count; i++) {
		struct str role = role_in(set->names[i]);

		if (str_equal(set->names[i], state->name) ||
		    (role.at && own.at && str_equal(role, own) &&
			!str_equal(role, but)))
			return true;
	}
	return false;
}

/* Whether `separate` keeps who has decided the one from the other. */
static bool
is_separate(const struct definition *definition, const struct def_state *one,
    const struct def_state *other)
{
	const struct str none = {NULL, 0};

	for (size_t i = 0; i < definition->separate_count; i++) {
		const struct def_separate *set = &definition->separate[i];

		if (names_task(set, other, none) &&
		    names_task(set, one, role_of(other)))
			return true;
	}
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
	if (flow_parallel_of(state, excluded)) {
		if (!str_is_among(state->name, excluded->task->exclude,
			excluded->task->exclude_count) &&
		    !is_separate(people->proof->definition, state, excluded))
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
is_decided(const struct proof *proof, const struct def_state *state)
{
	return state->task && flow_reaches(proof->flow, state, AT_SETTLED);
}

static bool
has_task(const struct proof *proof)
{
	const struct definition *definition = proof->definition;

	for (size_t i = 0; i < definition->state_count; i++)
		if (is_decided(proof, definition->states[i]))
			return true;
	return false;
}

/* Whether a task may be for that role. */
static bool
has_role(const struct proof *proof, struct str role)
{
	const struct definition *definition = proof->definition;

	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		if (is_decided(proof, state) && state->task->role &&
		    (role_of(state).at == NULL ||
			str_equal(role_of(state), role)))
			return true;
	}
	return false;
}

static void
tell_no_role(struct proof *proof, const struct def_separate *set,
    struct str name)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_SEPARATE, set->span,
	    "`separate` keeps nobody from `%.*s`: no task is for that role",
	    STR_ARG(name));
	diag_repair(proof->diags,
	    "name the role of a task, or take `%.*s` out", STR_ARG(name));
}

/* Whoever decides the task takes both, and what stands in one set would hold
 * in one order only. */
static void
tell_one_act(struct proof *proof, const struct def_separate *set,
    const struct def_state *state, struct str role)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_SEPARATE, set->span,
	    "whoever decides `%.*s` acts in the role `%.*s`: nobody can be "
	    "kept from one of the two", STR_ARG(state->name), STR_ARG(role));
	diag_repair(proof->diags, "name the other tasks of the role");
}

static void
tell_never_both(struct proof *proof, const struct def_separate *set,
    struct str a, struct str b)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_SEPARATE, set->span,
	    "`separate` keeps nobody apart: no path leads through `%.*s` and "
	    "`%.*s`", STR_ARG(a), STR_ARG(b));
	diag_repair(proof->diags, "name tasks of one path");
}

static bool
can_both(struct people *people, const struct def_state *a,
    const struct def_state *b)
{
	if (flow_parallel_of(a, b) || people->spent > POINTS_MAX)
		return true;
	mark_after(people, flow_at(a, AT_REST));
	if (people->after[flow_at(b, AT_SETTLED)])
		return true;
	mark_after(people, flow_at(b, AT_REST));
	return people->after[flow_at(a, AT_SETTLED)];
}

static void
prove_pair(struct people *people, const struct def_separate *set,
    struct str a, struct str b)
{
	struct proof *proof = people->proof;
	const struct def_state *first =
	    definition_find_state(proof->definition, a);
	const struct def_state *second =
	    definition_find_state(proof->definition, b);
	struct str role = first ? role_in(b) : role_in(a);
	const struct def_state *task = first ? first : second;

	if (task && role.at && str_equal(role_of(task), role))
		tell_one_act(proof, set, task, role);
	else if (first && second && is_decided(proof, first) &&
	    is_decided(proof, second) && !can_both(people, first, second))
		tell_never_both(proof, set, a, b);
}

static void
prove_names(struct people *people, const struct def_separate *set)
{
	for (size_t i = 0; i < set->name_count; i++) {
		struct str role = role_in(set->names[i]);

		if (role.at && !has_role(people->proof, role))
			tell_no_role(people->proof, set, set->names[i]);
		for (size_t k = 0; k < i; k++)
			prove_pair(people, set, set->names[k], set->names[i]);
	}
}

static size_t
count_of(const struct def_separate *set)
{
	size_t count = set->name_count;

	for (unsigned parts = set->parts; parts != 0; parts &= parts - 1)
		count++;
	return count;
}

static void
prove_set(struct people *people, const struct def_separate *set)
{
	struct proof *proof = people->proof;
	bool is_one = count_of(set) < 2;

	prove_names(people, set);
	if (!is_one && (!(set->parts & PART_APPROVE) || has_task(proof)))
		return;
	diag_add(proof->diags, DIAG_WARNING, PROVE_NOT_SEPARATE,
	    set->span, is_one ?
	    "`separate` names one part only, and keeps nobody apart" :
	    "`separate` keeps nobody apart: nothing is approved here");
	diag_repair(proof->diags, is_one ?
	    "name two parts, such as [initiate, approve]" :
	    "add a `user-task`, or take `approve` out");
}

/* ---- tasks that are passed by ---- */

static void
tell_from_outside(struct proof *proof, const struct def_state *state,
    struct str choice)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_PASSED_BY,
	    state->task->span,
	    "`%.*s` may come from outside as well: whoever sends events "
	    "decides `%.*s` without being asked", STR_ARG(choice),
	    STR_ARG(state->name));
	diag_path(proof->diags, flow_path_from_start(
	    proof->flow, flow_at(state, AT_SETTLED)));
	diag_repair(proof->diags,
	    "give the event, or the choice, another name");
}

static void
tell_at_once(struct proof *proof, const struct def_state *state,
    const struct def_transition *transition)
{
	diag_add(proof->diags, DIAG_WARNING, PROVE_PASSED_BY,
	    transition->span,
	    "`%.*s` is left before anybody can decide its task",
	    STR_ARG(state->name));
	diag_path(proof->diags, flow_path_from_start(
	    proof->flow, flow_at(state, AT_SETTLED)));
	diag_repair(proof->diags,
	    "leave it by the task's choices, or take the task out");
}

static void
prove_asked(struct proof *proof, const struct def_state *state)
{
	const struct def_task *task = state->task;
	/* When the entry is through, whatever the instance's data. */
	const struct flow_move *exit = flow_sure_exit(proof->flow, state);

	if (exit)
		tell_at_once(proof, state, exit->transition);
	for (size_t i = 0; i < task->choice_count; i++)
		if (definition_find_event(
		    proof->definition, task->choices[i]))
			tell_from_outside(proof, state, task->choices[i]);
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
		prove_set(&people, &definition->separate[i]);
	for (size_t i = 0; i < definition->state_count; i++) {
		if (!is_decided(proof, definition->states[i]))
			continue;
		prove_excludes(&people, definition->states[i]);
		prove_asked(proof, definition->states[i]);
	}
}
