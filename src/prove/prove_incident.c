/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_incident.c: whoever stands still has somebody who looks after it.
 *
 * Any instance can come to an incident: an answer is lost, an invariant is
 * broken, an expression gives nothing.
 */
#include "prove_priv.h"

void
prove_incident(struct proof *proof)
{
	const struct definition *definition = proof->definition;
	bool has_owner = definition->incident_owner != NULL;
	bool has_age = definition->incident_max_age.kind != SPAN_NONE;

	if (has_owner && has_age)
		return;
	diag_add(proof->diags, DIAG_WARNING, PROVE_NO_OWNER, definition->span,
	    "incidents of `%.*s` have no %s", STR_ARG(definition->name),
	    has_owner ? "age limit" :
	    has_age ? "owner" : "owner and no age limit");
	diag_repair(proof->diags, has_owner ?
	    "add `incident: {max-age: 4h}`: older ones are told again" :
	    "add `incident: {owner: CONTACT, max-age: 4h}`");
}
