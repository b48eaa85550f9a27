/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision.c: which rules of a table hold, and what follows from them.
 *
 * Tables stop at the first doubt: an input that the table doesn't allow, two
 * rules where there may be one, an output that nobody listed give null and a
 * reason, because a wrong approval limit costs more than a missing one.
 */
#include "stated/decision.h"

#include <stdarg.h>
#include <stdio.h>

/* A rule that holds, with its outputs' values. */
struct hit {
	size_t rule;                       /* from 0 */
	const struct value *const *values; /* one per output */
};

struct run {
	const struct def_decision *decision;
	struct feel_env *env;
	const struct value **inputs;
	size_t *matched; /* from 1 */
	size_t matched_count;
	struct hit *hits;
	struct str failure; /* the first */
};

static void PRINTF_LIKE(2, 3)
fail(struct run *run, const char *format, ...)
{
	char text[256];
	va_list arguments;

	if (run->failure.at != NULL)
		return;
	va_start(arguments, format);
	str_vwrite(text, sizeof(text), format, arguments);
	va_end(arguments);
	run->failure = arena_str(run->env->arena, str_of(text));
}

static bool
has_failed(const struct run *run)
{
	return run->failure.at != NULL;
}

/* For who wants to know what is looked into (see feel_env): what is compared
 * here and not by an expression. */
static void
look(const struct run *run, const struct value *value)
{
	if (run->env->look != NULL)
		run->env->look(run->env->arg, (struct str){NULL, 0}, value);
}

/* ---- inputs ---- */

static void
eval_inputs(struct run *run)
{
	const struct def_decision *decision = run->decision;

	run->inputs = ARENA_ARRAY(run->env->arena, decision->input_count,
	    const struct value *);
	for (size_t i = 0; i < decision->input_count; i++) {
		const struct decision_input *input = &decision->inputs[i];

		run->inputs[i] = feel_eval(input->feel, run->env);
		if (input->allowed != NULL &&
		    !value_is_true(feel_test(input->allowed, run->inputs[i],
			run->env)))
			fail(run,
			    "input `%.*s` is not among its allowed values",
			    STR_ARG(input->label));
	}
}

/* ---- rules ---- */

static bool
rule_holds(const struct run *run, const struct decision_rule *rule)
{
	for (size_t i = 0; i < run->decision->input_count; i++) {
		if (rule->when[i] != NULL &&
		    !value_is_true(feel_test(rule->when[i], run->inputs[i],
			run->env)))
			return false;
	}
	return true;
}

static void
match_rules(struct run *run)
{
	const struct def_decision *decision = run->decision;

	run->matched = ARENA_ARRAY(run->env->arena, decision->rule_count,
	    size_t);
	for (size_t i = 0; i < decision->rule_count; i++) {
		if (!rule_holds(run, &decision->rules[i]))
			continue;
		run->matched[run->matched_count++] = i + 1;
		if (decision->hit_policy == HIT_FIRST)
			break;
	}
	must(run->matched_count <= decision->rule_count);
	if (decision->hit_policy == HIT_UNIQUE && run->matched_count > 1)
		fail(run, "rules %zu and %zu both match, and only one may",
		    run->matched[0], run->matched[1]);
}

/* ---- outputs ---- */

/* The place in the output's list of values, SIZE_MAX where it is not there. */
static size_t
rank_of(const struct decision_output *output, const struct value *value)
{
	must(output->values->type == VALUE_LIST);
	for (size_t i = 0; i < output->values->as.list.count; i++) {
		if (value_is_true(feel_equal(output->values->as.list.items[i],
			value)))
			return i;
	}
	return SIZE_MAX;
}

static bool
is_allowed(const struct run *run, const struct decision_output *output,
    const struct value *value)
{
	if (output->allowed != NULL)
		return value_is_true(
		    feel_test(output->allowed, value, run->env));
	if (output->values == NULL)
		return true;
	look(run, value);
	return rank_of(output, value) != SIZE_MAX;
}

static struct str
label_of(const struct decision_output *output)
{
	return output->name.at != NULL ? output->name : STR("the output");
}

static void
eval_hit(struct run *run, struct hit *hit, size_t rule)
{
	const struct def_decision *decision = run->decision;
	const struct value **values = ARENA_ARRAY(run->env->arena,
	    decision->output_count, const struct value *);

	for (size_t i = 0; i < decision->output_count; i++) {
		const struct decision_output *output = &decision->outputs[i];

		values[i] = template_eval(decision->rules[rule].then[i],
		    run->env, NULL, NULL);
		if (!is_allowed(run, output, values[i]))
			fail(run, "rule %zu gives %.*s a value that it is "
			    "not allowed to have", rule + 1,
			    STR_ARG(label_of(output)));
	}
	*hit = (struct hit){rule, values};
}

static void
eval_hits(struct run *run)
{
	run->hits = ARENA_ARRAY(run->env->arena, run->matched_count,
	    struct hit);
	for (size_t i = 0; i < run->matched_count; i++)
		eval_hit(run, &run->hits[i], run->matched[i] - 1);
}

/* One output: its value; several: a context by name. */
static const struct value *
outcome_of(const struct run *run, const struct value *const *values)
{
	const struct def_decision *decision = run->decision;
	struct value_builder *context = NULL;

	if (decision->output_count == 1)
		return values[0];
	context = value_build_context(run->env->arena);
	for (size_t i = 0; i < decision->output_count; i++)
		value_put(context, decision->outputs[i].name, values[i]);
	return value_built(context);
}

static const struct value *
outcomes_of(const struct run *run)
{
	struct value_builder *list = value_build_list(run->env->arena);

	for (size_t i = 0; i < run->matched_count; i++)
		value_append(list, outcome_of(run, run->hits[i].values));
	return value_built(list);
}

/* ---- hit policies ---- */

/* <0 where a comes before b: the first output decides, then the second, …;
 * an output without a list of values has no say. */
static int
compare_priority(const struct def_decision *decision, const struct hit *a,
    const struct hit *b)
{
	for (size_t i = 0; i < decision->output_count; i++) {
		const struct decision_output *output = &decision->outputs[i];
		size_t rank_a = 0;
		size_t rank_b = 0;

		if (output->values == NULL)
			continue;
		rank_a = rank_of(output, a->values[i]);
		rank_b = rank_of(output, b->values[i]);
		if (rank_a != rank_b)
			return rank_a < rank_b ? -1 : 1;
	}
	return 0;
}

/* By insertion: few rules match at once, and equals keep their order. */
static void
sort_by_priority(struct run *run)
{
	for (size_t i = 1; i < run->matched_count; i++) {
		struct hit hit = run->hits[i];
		size_t at = i;

		for (; at > 0 && compare_priority(run->decision, &hit,
			&run->hits[at - 1]) < 0; at--)
			run->hits[at] = run->hits[at - 1];
		run->hits[at] = hit;
	}
}

static const struct value *
first_outcome(const struct run *run)
{
	must(run->matched_count > 0);
	return outcome_of(run, run->hits[0].values);
}

static const struct value *
any_outcome(struct run *run)
{
	const struct value *first = first_outcome(run);

	for (size_t i = 1; i < run->matched_count; i++) {
		const struct value *other =
		    outcome_of(run, run->hits[i].values);

		if (value_is_true(feel_equal(first, other)))
			continue;
		look(run, first);
		look(run, other);
		fail(run, "rules %zu and %zu both match and differ",
		    run->matched[0], run->matched[i]);
	}
	return first;
}

/* What an aggregation reads, and from where it is asked. */
struct aggregation {
	const struct value *hits;
	const struct feel_env *around;
};

static const struct value *
lookup_hits_cb(void *arg, struct str name)
{
	const struct aggregation *aggregation = arg;

	return str_equal(name, STR("hits")) ? aggregation->hits : NULL;
}

/* Whoever wants to know what the table looks into knows his own arg only. */
static void
look_hits_cb(void *arg, struct str function, const struct value *value)
{
	const struct aggregation *aggregation = arg;

	aggregation->around->look(aggregation->around->arg, function, value);
}

/* DMN defines the aggregations as FEEL's functions of the same meaning. */
void
decision_set_aggregation(struct def_decision *decision,
    enum hit_aggregation aggregation, struct arena *arena)
{
	static const struct str texts[] = {
		[AGGREGATE_SUM] = STR_INIT("sum(hits)"),
		[AGGREGATE_MIN] = STR_INIT("min(hits)"),
		[AGGREGATE_MAX] = STR_INIT("max(hits)"),
		[AGGREGATE_COUNT] = STR_INIT("count(hits)"),
	};
	struct feel_names *names = feel_names_new(arena);
	struct feel_error error;

	decision->aggregation = aggregation;
	if (aggregation == AGGREGATE_NONE)
		return;
	feel_names_add(names, STR("hits"));
	decision->aggregate =
	    feel_parse(arena, texts[aggregation], names, &error);
	must(decision->aggregate != NULL);
}

static const struct value *
collect(struct run *run)
{
	struct aggregation aggregation = {outcomes_of(run), run->env};
	struct feel_env env = *run->env;
	const struct value *result = NULL;

	if (run->decision->aggregate == NULL)
		return aggregation.hits;
	env.lookup = lookup_hits_cb;
	env.host = NULL;
	if (env.look != NULL)
		env.look = look_hits_cb;
	env.arg = &aggregation;
	result = feel_eval(run->decision->aggregate, &env);
	run->env->steps = env.steps;
	if (value_is_null(result))
		fail(run, "the outputs can't be put together: %s", env.note);
	return result;
}

static const struct value *
apply_policy(struct run *run)
{
	switch (run->decision->hit_policy) {
	case HIT_UNIQUE:
	case HIT_FIRST:
		return first_outcome(run);
	case HIT_ANY:
		return any_outcome(run);
	case HIT_PRIORITY:
		sort_by_priority(run);
		return first_outcome(run);
	case HIT_COLLECT:
		return collect(run);
	case HIT_RULE_ORDER:
		return outcomes_of(run);
	case HIT_OUTPUT_ORDER:
		sort_by_priority(run);
		return outcomes_of(run);
	}
	unreachable("every hit policy is listed");
}

/* ---- no rule ---- */

static bool
has_fallback(const struct def_decision *decision)
{
	for (size_t i = 0; i < decision->output_count; i++) {
		if (decision->outputs[i].fallback != NULL)
			return true;
	}
	return false;
}

static const struct value *
eval_fallback(const struct run *run)
{
	const struct def_decision *decision = run->decision;
	const struct value **values = NULL;

	if (!has_fallback(decision))
		return decision->aggregation == AGGREGATE_COUNT ?
		    value_of_int(run->env->arena, 0) : &value_null;
	values = ARENA_ARRAY(run->env->arena, decision->output_count,
	    const struct value *);
	for (size_t i = 0; i < decision->output_count; i++) {
		const struct template *fallback =
		    decision->outputs[i].fallback;

		values[i] = fallback == NULL ? &value_null :
		    template_eval(fallback, run->env, NULL, NULL);
	}
	return outcome_of(run, values);
}

static const struct value *
decide(struct run *run)
{
	const struct value *outcome = &value_null;

	eval_inputs(run);
	if (has_failed(run))
		return &value_null;
	match_rules(run);
	if (has_failed(run))
		return &value_null;
	if (run->matched_count == 0)
		return eval_fallback(run);
	eval_hits(run);
	if (has_failed(run))
		return &value_null;
	outcome = apply_policy(run);
	return has_failed(run) ? &value_null : outcome;
}

struct decision_result
decision_eval(const struct def_decision *decision, struct feel_env *env)
{
	struct run run = {.decision = decision, .env = env};
	const struct value *outcome = NULL;
	int64_t steps = env->steps;
	size_t bytes_max = env->bytes_max;

	must(decision->output_count > 0);
	must(decision->aggregation == AGGREGATE_NONE ||
	    decision->hit_policy == HIT_COLLECT);
	must((decision->aggregation == AGGREGATE_NONE) ==
	    (decision->aggregate == NULL));
	feel_env_share(env);
	outcome = decide(&run);
	env->exhausted = env->steps < 0;
	if (env->exhausted) {
		run.failure = arena_str(env->arena,
		    STR("the table takes too many steps or too much memory"));
		outcome = &value_null;
	}
	if (steps == 0) {
		env->steps = 0;
		env->bytes_max = bytes_max;
	}
	return (struct decision_result){
		.outcome = outcome,
		.inputs = value_of_list(env->arena, run.inputs,
		    decision->input_count),
		.matched = run.matched,
		.matched_count = run.matched_count,
		.failure = run.failure,
	};
}
