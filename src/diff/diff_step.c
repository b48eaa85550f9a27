/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_step.c: what steps say.
 *
 * A step is known by what it does ("call bank.submit-payment"), not by where
 * it stands, so that one that is put before it doesn't make it another.
 */
#include "diff_priv.h"

#include "stated/decision.h"

struct at {
	struct diff_facts *facts;
	struct str state;
	struct str item;
};

/* Absent texts say nothing. */
static void
say(const struct at *at, const char *aspect, struct str text)
{
	if (text.at != NULL)
		diff_fact_add(at->facts, (struct diff_fact){at->state, at->item,
					     str_of(aspect), text});
}

static void
say_template(
    const struct at *at, const char *aspect, const struct template *template)
{
	say(at, aspect, diff_text_of(at->facts->arena, template));
}

/* ---- calls ---- */

static struct str
retry_text(struct arena *arena, const struct def_retry *retry)
{
	static const char *const names[] = {
	    [BACKOFF_CONSTANT] = "constant",
	    [BACKOFF_LINEAR] = "linear",
	    [BACKOFF_EXPONENTIAL] = "exponential",
	};

	if (retry->limit == 0)
		return STR("none");
	return arena_strf(arena, "%lld, first after %.*s, %s, at most %.*s%s",
	    (long long)retry->limit,
	    STR_ARG(diff_text_ms(arena, retry->delay_ms)),
	    names[retry->backoff],
	    STR_ARG(retry->max_delay_ms > 0
			? diff_text_ms(arena, retry->max_delay_ms)
			: STR("unbounded")),
	    arena_cstr(arena,
		arena_strf(arena, ", jitter %d%%", retry->jitter_percent)));
}

static void say_call(const struct at *at, const struct def_call *call);

/* A call of a call: its aspects stand under its own name. */
static void
say_inner(const struct at *at, const char *role, const struct def_call *call)
{
	struct at inner = *at;

	inner.item =
	    arena_strf(at->facts->arena, "%.*s: %s", STR_ARG(at->item), role);
	say(&inner, "", call->target);
	say_call(&inner, call);
}

static void
say_verify(const struct at *at, const struct def_verify *verify)
{
	struct arena *arena = at->facts->arena;
	struct at inner = *at;

	say_inner(at, "verify", verify->call);
	inner.item = arena_strf(arena, "%.*s: verify", STR_ARG(at->item));
	say(&inner, "after", diff_text_span(arena, &verify->after));
	say(&inner, "confirm", diff_text_span(arena, &verify->confirm));
	say_template(&inner, "happened", verify->happened);
	say(&inner, "output", diff_text_assigns(arena, &verify->output));
}

static void
say_call(const struct at *at, const struct def_call *call)
{
	struct arena *arena = at->facts->arena;

	say_template(at, "with", call->with);
	if (call->timeout_ms > 0)
		say(at, "timeout", diff_text_ms(arena, call->timeout_ms));
	say(at, "retry", retry_text(arena, &call->retry));
	say(at, "window", call->window);
	say_template(at, "idempotency-key", call->idempotency_key);
	say(at, "irreversible", call->irreversible);
	if (call->verify != NULL)
		say_verify(at, call->verify);
	if (call->compensate != NULL)
		say_inner(at, "compensate", call->compensate);
}

/* ---- steps ---- */

static struct str
names_of(struct arena *arena, const struct def_assigns *assigns)
{
	struct str *names = ARENA_ARRAY(arena, assigns->count + 1, struct str);

	for (size_t i = 0; i < assigns->count; i++)
		names[i] = assigns->items[i].name;
	return diff_text_names(arena, names, assigns->count);
}

static struct str
phrase_of(struct arena *arena, const struct def_step *step)
{
	switch (step->kind) {
	case STEP_CALL:
		return arena_strf(
		    arena, "call %.*s", STR_ARG(step->call->target));
	case STEP_SET:
		return arena_strf(
		    arena, "set %.*s", STR_ARG(names_of(arena, &step->set)));
	case STEP_DECIDE:
		return arena_strf(
		    arena, "decide %.*s", STR_ARG(step->decision->name));
	case STEP_REQUIRE:
		return STR("require");
	case STEP_RAISE:
		return arena_strf(arena, "raise %.*s", STR_ARG(step->event));
	case STEP_EMIT:
		return arena_strf(arena, "emit %.*s", STR_ARG(step->event));
	case STEP_WAIT:
		return STR("wait");
	case STEP_FAIL:
		return STR("fail");
	case STEP_FOR:
		return arena_strf(arena, "for each %.*s", STR_ARG(step->each));
	case STEP_RUN:
		return arena_strf(arena, "run %.*s", STR_ARG(step->workflow));
	case STEP_NOTIFY:
		return arena_strf(
		    arena, "notify %.*s", STR_ARG(step->contact->name));
	case STEP_ATTEST:
		return STR("attest");
	}
	unreachable("every kind of step is above");
}

/* The step itself, in one line. */
static struct str
text_of(struct arena *arena, const struct def_step *step)
{
	switch (step->kind) {
	case STEP_SET:
		return diff_text_assigns(arena, &step->set);
	case STEP_REQUIRE:
		return diff_text_of(arena, step->that);
	case STEP_WAIT:
		return step->until != NULL
			   ? arena_strf(arena, "until %.*s",
				 STR_ARG(diff_text_of(arena, step->until)))
			   : diff_text_span(arena, &step->wait);
	case STEP_FAIL:
		return diff_text_of(arena, step->code);
	case STEP_FOR:
		return diff_text_of(arena, step->in);
	default:
		return STR("");
	}
}

static void
say_for(const struct at *at, const struct def_step *step)
{
	struct diff_facts *facts = at->facts;

	say(at, "at", step->at);
	say(at, "parallel",
	    arena_strf(facts->arena, "%lld", (long long)step->parallel));
	say(at, "on-error", step->goes_on ? STR("continue") : STR("stop"));
	diff_step_gather(facts, at->state, at->item, &step->body);
}

static void
say_step(const struct at *at, const struct def_step *step)
{
	struct arena *arena = at->facts->arena;

	say(at, "", text_of(arena, step));
	if (step->is_named)
		say(at, "id", step->id);
	say_template(at, "if", step->guard);
	say_template(at, "with", step->with);
	if (step->kind == STEP_REQUIRE)
		say_template(at, "code", step->code);
	say_template(at, "message", step->message);
	say(at, "output", diff_text_assigns(arena, &step->output));
	if (step->kind == STEP_CALL)
		say_call(at, step->call);
	else if (step->kind == STEP_FOR)
		say_for(at, step);
	else if (step->kind == STEP_RUN)
		say(at, "wait", step->waits ? STR("true") : STR("false"));
	else if (step->kind == STEP_NOTIFY)
		say(at, "severity", step->severity);
	say_template(at, "priority", step->priority);
}

/* How many before it do the same. */
static size_t
count_alike(struct arena *arena, const struct def_steps *steps, size_t index)
{
	struct str phrase = phrase_of(arena, steps->items[index]);
	size_t count = 0;

	for (size_t i = 0; i < index; i++)
		count += str_equal(phrase_of(arena, steps->items[i]), phrase);
	return count;
}

void
diff_step_gather(struct diff_facts *facts, struct str state, struct str where,
    const struct def_steps *steps)
{
	struct arena *arena = facts->arena;

	for (size_t i = 0; i < steps->count; i++) {
		size_t alike = count_alike(arena, steps, i);
		struct at at = {facts, state, {NULL, 0}};

		at.item = arena_strf(arena, "%.*s: %.*s", STR_ARG(where),
		    STR_ARG(phrase_of(arena, steps->items[i])));
		if (alike > 0)
			at.item = arena_strf(
			    arena, "%.*s (%zu)", STR_ARG(at.item), alike + 1);
		say_step(&at, steps->items[i]);
	}
}
