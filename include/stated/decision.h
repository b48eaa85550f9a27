/* SPDX-License-Identifier: Apache-2.0 */
/* decision.h: DMN decision tables (DMN 1.5, chapter 8). */
#ifndef STATED_DECISION_H
#define STATED_DECISION_H

#include "stated/diag.h"
#include "stated/digest.h"
#include "stated/feel.h"
#include "stated/template.h"

/* As written in a definition, and in DMN's XML. */
#define HIT_POLICIES(X)                                                        \
	X(HIT_UNIQUE, "unique", "UNIQUE")                                      \
	X(HIT_FIRST, "first", "FIRST")                                         \
	X(HIT_ANY, "any", "ANY")                                               \
	X(HIT_PRIORITY, "priority", "PRIORITY")                                \
	X(HIT_COLLECT, "collect", "COLLECT")                                   \
	X(HIT_RULE_ORDER, "rule-order", "RULE ORDER")                          \
	X(HIT_OUTPUT_ORDER, "output-order", "OUTPUT ORDER")

#define HIT_AGGREGATIONS(X)                                                    \
	X(AGGREGATE_NONE, "", "")                                              \
	X(AGGREGATE_SUM, "sum", "SUM")                                         \
	X(AGGREGATE_MIN, "min", "MIN")                                         \
	X(AGGREGATE_MAX, "max", "MAX")                                         \
	X(AGGREGATE_COUNT, "count", "COUNT")

#define HIT_ENUM(constant, name, dmn_name) constant,
enum hit_policy { HIT_POLICIES(HIT_ENUM) };
enum hit_aggregation { HIT_AGGREGATIONS(HIT_ENUM) };

struct decision_input {
	struct str label;            /* the expression's text */
	const struct feel *feel;
	const struct feel *allowed;  /* unary tests; may be NULL */
};
struct decision_output {
	struct str name; /* absent where the table has one unnamed output */
	/* list of allowed values by priority; may be NULL */
	const struct value *values;
	/* unary tests over the outcome; may be NULL */
	const struct feel *allowed;
	/* where no rule matches; may be NULL */
	const struct template *fallback;
};
struct decision_rule {
	struct diag_span span;
	const struct feel *const *when;     /* one per input; NULL: "-" */
	const struct template *const *then; /* one per output */
};
struct def_decision {
	struct str name; /* where it stands in a step, the step's id */
	bool is_inline;  /* it stands in a step */
	struct str description; /* may be absent */
	/* of what a document of its own says; zeros where it stands in a step */
	struct digest digest;
	struct diag_span span;
	enum hit_policy hit_policy;
	enum hit_aggregation aggregation;
	const struct feel *aggregate; /* of the list `hits`; NULL: just that */
	const struct decision_input *inputs;
	size_t input_count;
	const struct decision_output *outputs;
	size_t output_count;
	const struct decision_rule *rules;
	size_t rule_count;
};

void decision_set_aggregation(struct def_decision *decision,
    enum hit_aggregation aggregation, struct arena *arena);

struct decision_result {
	/* one output: its value; several: a context */
	const struct value *outcome;
	const struct value *inputs;  /* the inputs' values, a list */
	const size_t *matched; /* numbers of the rules that matched, from 1 */
	size_t matched_count;
	struct str failure; /* absent: fine; else why outcome is null */
};
/*
 * env gives the names; everything is made in env->arena.
 *
 * An input or an output that is not among its allowed values (null is none of
 * them unless listed), two rules under `unique`, and different outputs under
 * `any` are failures.  Where no rule matches the outcome is the outputs'
 * fallbacks whatever the hit policy, else null (0 for `collect count`).
 */
struct decision_result decision_eval(const struct def_decision *decision,
    struct feel_env *env);

/* A table as a value in the form of the conformance suite's JSON lines:
 * {hitPolicy, aggregation, inputs, outputs, rules}.  NULL with *error. */
MUST_USE const struct def_decision *decision_of_value(struct arena *arena,
    const struct value *table, const struct feel_names *names,
    struct feel_error *error);

#endif
