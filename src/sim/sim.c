/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.c: the instance goes on until it waits.
 *
 * A step lets out calls; those that have a scripted reply are answered at
 * once, one after another in the order in which they went out, and each
 * answer is a step of its own.  Then what has fallen due falls due.
 */
#include "stated/sim.h"

#include "sim_priv.h"

#include <stdlib.h>

/* So many steps within one act are a circle, not a plan. */
#define SIM_STEPS_MAX 100000

struct sim *
sim_new(const struct sim_options *options)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	must(sim != NULL);
	must(options->definition != NULL);
	sim->arena = arena_new();
	sim->turn = arena_new();
	sim->told = arena_new();
	sim->effects = value_build_list(sim->told);
	sim->seen = map_new();
	sim->definition = options->definition;
	sim->library = options->library;
	sim->settings = options->settings != NULL
			    ? value_copy(sim->arena, options->settings)
			    : value_built(value_build_context(sim->arena));
	sim->environment = options->environment.at != NULL
			       ? arena_str(sim->arena, options->environment)
			       : STR("simulation");
	sim->now_ms = options->now_ms != 0 ? options->now_ms : SIM_NOW_MS;
	rng_seeded_init(&sim->rng, options->seed);
	sim->took = options->took;
	sim->took_arg = options->took_arg;
	return sim;
}

void
sim_free(struct sim **sim)
{
	if (*sim == NULL)
		return;
	chart_free(&(*sim)->chart);
	map_free(&(*sim)->seen);
	arena_free(&(*sim)->told);
	arena_free(&(*sim)->turn);
	arena_free(&(*sim)->arena);
	free(*sim);
	*sim = NULL;
}

const struct definition *
sim_definition(const struct sim *sim)
{
	return sim->definition;
}

const struct chart *
sim_chart(const struct sim *sim)
{
	return sim->chart;
}

int64_t
sim_now_ms(const struct sim *sim)
{
	return sim->now_ms;
}

const struct value *
sim_history(const struct sim *sim, struct arena *arena)
{
	return value_copy(
	    arena, value_of_list(arena, sim->records, sim->record_count));
}

struct chart_context
sim_context(struct sim *sim)
{
	return (struct chart_context){
	    .now_ms = sim->now_ms,
	    .arena = sim->turn,
	    .rng = &sim->rng.rng,
	    .settings = sim->settings,
	    .environment = sim->environment,
	    .took = sim->took,
	    .took_arg = sim->took_arg,
	};
}

/* ---- steps ---- */

static void
keep_records(struct sim *sim, const struct chart_effects *effects)
{
	for (size_t i = 0; i < effects->record_count; i++) {
		sim->records =
		    arena_grow(sim->arena, sim->records, sim->record_count,
			&sim->record_capacity, sizeof(*sim->records));
		sim->records[sim->record_count++] =
		    value_copy(sim->arena, effects->records[i]);
	}
}

/* The intent is recorded as the engine does; then the call waits. */
static void
send_call(struct sim *sim, const struct chart_effect *effect,
    struct chart_effects *effects)
{
	struct chart_context context = sim_context(sim);
	struct sim_call **end = &sim->calls;
	struct sim_call *call;

	if (!chart_call_is_wanted(sim->chart, effect->serial, sim->now_ms))
		return;
	call = ARENA_NEW(sim->arena, struct sim_call);
	call->serial = effect->serial;
	call->call = effect->call;
	call->failure =
	    sim_outcome_of_args(sim->arena, effect->call, effect->args);
	if (call->failure == NULL)
		chart_call_sent(
		    sim->chart, effect->serial, &value_null, &context, effects);
	while (*end != NULL)
		end = &(*end)->next;
	*end = call;
}

static void
perform(struct sim *sim, const struct chart_effect *effect,
    struct chart_effects *effects)
{
	switch (effect->kind) {
	case DO_CALL:
		send_call(sim, effect, effects);
		break;
	case DO_RUN:
		sim_child_start(sim, effect, effects);
		break;
	case DO_CANCEL_RUN:
		sim_child_cancel(sim, effect);
		break;
	case DO_PUBLISH:
	case DO_PUT_ITEM:
	case DO_LOG:
	case DO_REPORT: /* nobody awaits this instance */
	case DO_FORGET:
		break;
	}
}

/* Starting a child may add effects: they are performed, too. */
void
sim_perform(struct sim *sim, const struct chart_event *event,
    struct chart_effects *effects)
{
	struct chart_context context = sim_context(sim);
	const struct value *before = sim_effect_timers(sim);

	sim->steps++;
	chart_step(sim->chart, event, &context, effects);
	for (size_t i = 0; i < effects->count; i++) {
		struct chart_effect effect = effects->items[i];

		perform(sim, &effect, effects);
	}
	sim_effect_tell(sim, effects, before);
	keep_records(sim, effects);
}

/* ---- replies ---- */

/* The next reply of the operation: what was told for once first, then the
 * latest of those that stand. */
static struct sim_reply **
find_reply(struct sim *sim, struct str operation)
{
	struct sim_reply **standing = NULL, **link = &sim->replies;

	for (; *link != NULL; link = &(*link)->next) {
		if (!str_equal((*link)->operation, operation))
			continue;
		if (!(*link)->always)
			return link;
		standing = link;
	}
	return standing;
}

static void
forget_call(struct sim *sim, const struct sim_call *call)
{
	struct sim_call **link = &sim->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
}

static void
reply_to(struct sim *sim, const struct sim_call *call, struct outcome outcome)
{
	struct chart_effects effects = {0};
	struct chart_event event = {
	    .kind = EV_REPLY_ARRIVED,
	    .serial = call->serial,
	    .outcome = &outcome,
	    .received_ms = sim->now_ms,
	};

	forget_call(sim, call);
	sim_perform(sim, &event, &effects);
}

/* The oldest call that can be answered, or child that can end; that may let
 * out others. */
static bool
answer_one(struct sim *sim)
{
	for (const struct sim_call *call = sim->calls; call != NULL;
	     call = call->next) {
		struct sim_reply **link;
		const struct value *reply;

		if (call->failure != NULL) {
			reply_to(sim, call, *call->failure);
			return true;
		}
		link = find_reply(sim, call->call->target);
		if (link == NULL)
			continue;
		reply = (*link)->reply;
		if (!(*link)->always)
			*link = (*link)->next;
		reply_to(sim, call, sim_outcome_of(
				    call->call->operation, reply));
		return true;
	}
	return sim_child_end(sim);
}

static bool
goes_round(const struct sim *sim, struct buf *why)
{
	if (sim->steps < SIM_STEPS_MAX)
		return false;
	buf_addf(why,
	    "over %d steps with no end in sight: "
	    "the definition goes round in a circle",
	    SIM_STEPS_MAX);
	return true;
}

bool
sim_answer(struct sim *sim, struct buf *why)
{
	while (answer_one(sim))
		if (goes_round(sim, why))
			return false;
	return true;
}

/* ---- time ---- */

static bool
fall_due(struct sim *sim, struct buf *why)
{
	struct chart_effects effects = {0};
	struct chart_event event = {
	    .kind = EV_TIME_PASSED, .received_ms = sim->now_ms};

	sim_perform(sim, &event, &effects);
	return sim_answer(sim, why) && !goes_round(sim, why);
}

bool
sim_pass(struct sim *sim, int64_t until_ms, struct buf *why)
{
	must(until_ms >= sim->now_ms);
	for (;;) {
		int64_t due_ms =
		    sim->chart != NULL ? chart_due_ms(sim->chart) : 0;

		if (due_ms == 0 || due_ms > until_ms) {
			sim->now_ms = until_ms;
			return true;
		}
		if (due_ms > sim->now_ms)
			sim->now_ms = due_ms;
		if (!fall_due(sim, why))
			return false;
	}
}

bool
sim_step(struct sim *sim, const struct chart_event *event, struct buf *why)
{
	struct chart_effects effects = {0};

	sim_perform(sim, event, &effects);
	if (effects.event_fate.at != NULL)
		sim->fate = arena_str(sim->told, effects.event_fate);
	if (effects.refusal != REFUSED_NOT) {
		buf_addf(why, "refused (%.*s): %.*s",
		    STR_ARG(chart_refusal_name(effects.refusal)),
		    STR_ARG(effects.refusal_detail));
		return false;
	}
	return sim_answer(sim, why) && sim_pass(sim, sim->now_ms, why);
}
