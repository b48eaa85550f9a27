/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_outcome.c: every call's outcome can be found out.
 *
 * An answer can be lost, and then only the key, or a question, tells whether
 * it happened; a key that dies while it is still retried tells nothing.
 */
#include "prove_priv.h"

#define HOUR_MS (INT64_C(60) * 60 * 1000)

struct outcome_proof {
	struct proof *proof;
	const struct def_step **step_of; /* by call: of which step it is */
	bool *is_question;               /* by call: of a verify */
};

/* ---- P105 ---- */

static void
add_path(struct outcome_proof *self, const struct def_call *call)
{
	const struct flow *flow = self->proof->flow;
	const struct def_step *step = self->step_of[call->index];
	uint32_t point = step ? flow->first_of_step[step->index] : 0;

	if (point != 0)
		diag_path(self->proof->diags,
		    flow_path_from_start(flow, point));
}

static void
prove_settled(struct outcome_proof *self, const struct def_call *call)
{
	const struct def_operation *operation = call->operation;
	bool is_question = self->is_question[call->index];

	if (operation->safe || operation->idempotent ||
	    (call->verify && !is_question))
		return;
	diag_add(self->proof->diags, DIAG_WARNING, PROVE_IN_DOUBT, call->span,
	    is_question ?
	    "`%.*s` asks whether it happened, and may change something" :
	    "nobody can find out whether `%.*s` happened once its answer is "
	    "lost", STR_ARG(call->target));
	add_path(self, call);
	diag_repair(self->proof->diags, is_question ?
	    "say `safe: true` of the operation if it changes nothing" :
	    "add a `verify`, or say `idempotent` of the operation if the "
	    "endpoint honours a key");
}

/* ---- P106 ---- */

static struct str
span_text(struct arena *arena, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{24 * HOUR_MS, "d"}, {HOUR_MS, "h"}, {60000, "m"},
	    {1000, "s"}, {1, "ms"}};
	size_t i = 0;

	if (ms == INT64_MAX)
		return STR("centuries");
	while (i < COUNT_OF(units) - 1 && ms < units[i].ms)
		i++;
	if (i == COUNT_OF(units) - 1 || ms % units[i].ms < units[i + 1].ms)
		return arena_strf(arena, "%lld%s",
		    (long long)(ms / units[i].ms), units[i].unit);
	return arena_strf(arena, "%lld%s %lld%s",
	    (long long)(ms / units[i].ms), units[i].unit,
	    (long long)(ms % units[i].ms / units[i + 1].ms),
	    units[i + 1].unit);
}

static void
prove_key_lives(struct outcome_proof *self, const struct def_call *call)
{
	struct arena *arena = self->proof->arena;
	int64_t lives = call->operation->idempotent_lifetime_ms;
	int64_t closed = 0;
	int64_t span;

	if (call->operation->safe || lives == 0 || call->verify ||
	    call->retry.limit == 0)
		return;
	span = call_retries_last(call);
	if (span < lives)
		closed = call_window_closes(
		    self->proof->definition, call);
	if (call_add_ms(span, closed) < lives)
		return;
	diag_add(self->proof->diags, DIAG_WARNING, PROVE_KEY_DIES, call->span,
	    "the retries of `%.*s` can last %.*s%s, and its key lives %.*s",
	    STR_ARG(call->target),
	    STR_ARG(span_text(arena, call_add_ms(span, closed))),
	    closed > 0 ? " when the window is closed" : "",
	    STR_ARG(span_text(arena, lives)));
	add_path(self, call);
	diag_repair(self->proof->diags,
	    "add a `verify`, which is asked once the key is dead, or let the "
	    "retries end earlier");
}

/* ---- all ---- */

static void
note_calls(struct outcome_proof *self, const struct def_step *step,
    const struct def_call *call)
{
	if (!call || call->index == SIZE_MAX)
		return;
	self->step_of[call->index] = step;
	if (call->verify && call->verify->call->index != SIZE_MAX) {
		self->step_of[call->verify->call->index] = step;
		self->is_question[call->verify->call->index] = true;
	}
	note_calls(self, step, call->compensate);
}

void
prove_outcome(struct proof *proof)
{
	const struct definition *definition = proof->definition;
	struct outcome_proof self = {
	    .proof = proof,
	    .step_of = ARENA_ARRAY(proof->arena, definition->call_count,
		const struct def_step *),
	    .is_question =
		ARENA_ARRAY(proof->arena, definition->call_count, bool),
	};

	for (size_t i = 0; i < definition->step_count; i++)
		note_calls(&self, definition->steps[i],
		    definition->steps[i]->call);
	for (size_t i = 0; i < definition->call_count; i++) {
		prove_settled(&self, definition->calls[i]);
		prove_key_lives(&self, definition->calls[i]);
	}
}
