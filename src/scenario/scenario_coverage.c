/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_coverage.c: which states were entered and which transitions taken.
 *
 * Transitions are counted as the interpreter takes them; states by the
 * records of history, for an instance passes through some without resting in
 * them.
 */
#include "scenario_priv.h"

#include <stdlib.h>

struct scenario_coverage {
	const struct definition *definition;
	size_t *states;
	size_t *transitions;
};

struct scenario_coverage *
scenario_coverage_new(const struct definition *definition)
{
	struct scenario_coverage *coverage = calloc(1, sizeof(*coverage));

	must(coverage != NULL);
	coverage->definition = definition;
	coverage->states = calloc(definition->state_count + 1, sizeof(size_t));
	coverage->transitions =
	    calloc(definition->transition_count + 1, sizeof(size_t));
	must(coverage->states != NULL && coverage->transitions != NULL);
	return coverage;
}

void
scenario_coverage_free(struct scenario_coverage **coverage)
{
	if (*coverage == NULL)
		return;
	free((*coverage)->states);
	free((*coverage)->transitions);
	free(*coverage);
	*coverage = NULL;
}

const struct definition *
scenario_coverage_definition(const struct scenario_coverage *coverage)
{
	return coverage->definition;
}

size_t
scenario_coverage_state(const struct scenario_coverage *coverage, size_t index)
{
	must(index < coverage->definition->state_count);
	if (coverage->definition->states[index]->kind == STATE_HISTORY)
		return 1;
	return coverage->states[index];
}

size_t
scenario_coverage_transition(
    const struct scenario_coverage *coverage, size_t index)
{
	must(index < coverage->definition->transition_count);
	return coverage->transitions[index];
}

void
scenario_coverage_took(void *arg, const struct def_transition *transition)
{
	struct scenario_coverage *coverage = arg;

	must(
	    coverage->definition->transitions[transition->index] == transition);
	coverage->transitions[transition->index]++;
}

/* With all that is around it. */
static void
enter(struct scenario_coverage *coverage, struct str name)
{
	const struct def_state *state =
	    definition_find_state(coverage->definition, name);

	for (; state != NULL; state = state->parent)
		coverage->states[state->index]++;
}

/* One name, several in a text, or a list of them. */
static void
enter_all(struct scenario_coverage *coverage, const struct value *to)
{
	struct str rest = value_str(to);

	while (rest.at != NULL)
		enter(coverage, str_split(rest, ' ', &rest));
	if (to->type == VALUE_LIST)
		for (size_t i = 0; i < to->as.list.count; i++)
			enter(coverage, value_str(to->as.list.items[i]));
}

void
scenario_coverage_add(
    struct scenario_coverage *coverage, const struct value *records)
{
	for (size_t i = 0; i < records->as.list.count; i++) {
		const struct value *record = records->as.list.items[i];

		if (str_equal(value_field_str(record, "kind"),
			audit_kind_name(AUDIT_ENTERED)))
			enter_all(coverage, value_field_or_null(record, "to"));
	}
}
