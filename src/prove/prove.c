/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove.c: the contract: all proofs over a definition, one after another.
 */
#include "prove_priv.h"

static const struct prove_code codes[] = {
#define PROVE_CODE_ROW(name, code, meaning) {code, meaning},
	PROVE_CODES(PROVE_CODE_ROW)
#undef PROVE_CODE_ROW
};

static proof_fn *const proofs[] = {
	prove_reach,
	prove_wait,
	prove_outcome,
	prove_incident,
	prove_event,
	prove_circle,
	prove_people,
	prove_child,
	prove_variable,
	prove_effect,
	prove_odoo,
};

const struct prove_code *
prove_code_at(size_t index)
{
	return index < COUNT_OF(codes) ? &codes[index] : NULL;
}

void
prove_definition(const struct definition *definition,
    const struct library *library, struct arena *arena, struct diag_list *diags)
{
	struct proof proof = {
	    .definition = definition,
	    .library = library,
	    .flow = flow_new(definition, arena),
	    .arena = arena,
	    .diags = diags,
	};

	must(definition->state_count > 0);
	for (size_t i = 0; i < COUNT_OF(proofs); i++)
		proofs[i](&proof);
}

/* The tables that stand in its steps, which no library lists. */
static void
prove_inline(const struct definition *definition,
    const struct library *library, struct arena *arena, struct diag_list *diags)
{
	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_decision *decision =
		    definition->steps[i]->decision;

		if (decision && decision->is_inline)
			prove_decision(decision, library, arena, diags);
	}
}

void
prove_library(const struct library *library, struct diag_list *diags)
{
	const struct definition *definition;
	const struct def_decision *decision;
	const struct def_connection *connection;
	struct arena *arena = arena_new();

	for (size_t i = 0; (definition = library_workflow_at(library, i));
	     i++) {
		prove_definition(definition, library, arena, diags);
		prove_inline(definition, library, arena, diags);
		arena_reset(arena);
	}
	for (size_t i = 0; (decision = library_decision_at(library, i)); i++) {
		prove_decision(decision, library, arena, diags);
		arena_reset(arena);
	}
	for (size_t i = 0; (connection = library_connection_at(library, i));
	     i++) {
		prove_connection(connection, arena, diags);
		arena_reset(arena);
	}
	arena_free(&arena);
}

/* Every table that the workflow decides by, once. */
static void
prove_decisions(const struct definition *definition,
    const struct library *library, struct arena *arena, struct diag_list *diags)
{
	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_decision *decision =
		    definition->steps[i]->decision;
		size_t first = 0;

		while (definition->steps[first]->decision != decision)
			first++;
		if (decision && first == i)
			prove_decision(decision, library, arena, diags);
	}
}

/* Every connection that the workflow calls, once. */
static void
prove_connections(const struct definition *definition, struct arena *arena,
    struct diag_list *diags)
{
	for (size_t i = 0; i < definition->call_count; i++) {
		const struct def_connection *connection =
		    definition->calls[i]->connection;
		size_t first = 0;

		while (definition->calls[first]->connection != connection)
			first++;
		if (first == i)
			prove_connection(connection, arena, diags);
	}
}

bool
prove_is_proved(const struct definition *definition,
    const struct library *library, struct diag_list *diags)
{
	struct arena *arena = arena_new();
	struct diag_list *findings = diag_list_new();
	const struct diag *sorted;
	size_t count;

	prove_definition(definition, library, arena, findings);
	prove_decisions(definition, library, arena, findings);
	prove_connections(definition, arena, findings);
	sorted = diag_sorted(findings, &count);
	for (size_t i = 0; i < count; i++)
		diag_copy(diags, &sorted[i], DIAG_ERROR);
	diag_list_free(&findings);
	arena_free(&arena);
	return count == 0;
}
