/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove.h: what must not happen to any instance, proved before one is started.
 *
 * The loader refuses what has no meaning; a proof looks at what a definition
 * means, over all its paths, and tells what an instance could come to: stand
 * still with nobody told, pay twice, end with half of the work left behind.
 * Guards are taken as free unless they are constant, so that a proof errs on
 * the side of doubt, and a finding shows the path that it is about.
 *
 * Only definitions that loaded without an error can be proved.
 */
#ifndef STATED_PROVE_H
#define STATED_PROVE_H

#include "stated/decision.h"
#include "stated/definition.h"
#include "stated/library.h"

/* A proof: a code that keeps its meaning for ever, and what a finding of it
 * says.  docs/checks has a page for each, named after its code. */
struct prove_code {
	const char *code;    /* "P101" */
	const char *meaning; /* what is wrong where it is found */
};
/* In order of their codes; NULL at the end. */
const struct prove_code *prove_code_at(size_t index);

/*
 * Adds the findings about a workflow, as warnings; each has its path and a
 * repair.  The library may be NULL: what is only known from other workflows
 * is then taken to be in order.  The arena is scratch and keeps nothing that
 * the findings need.
 */
void prove_definition(const struct definition *definition,
    const struct library *library, struct arena *arena,
    struct diag_list *diags);
/* The same of a decision table; the library says which workflows use it, and
 * so what its inputs can be. */
void prove_decision(const struct def_decision *decision,
    const struct library *library, struct arena *arena,
    struct diag_list *diags);
/* The same of a connection: of what its operations ask the endpoint. */
void prove_connection(const struct def_connection *connection,
    struct arena *arena, struct diag_list *diags);
/* All workflows, decisions and connections of a library. */
void prove_library(const struct library *library, struct diag_list *diags);

/*
 * For `proofs: required`: whether a workflow, the tables that it decides by and
 * the connections that it calls have no finding.  Where they have, diags gets
 * them, as errors.
 */
MUST_USE bool prove_is_proved(const struct definition *definition,
    const struct library *library, struct diag_list *diags);

#endif
