/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel.c: the contract: parse, evaluate, ask about an expression.
 */
#include "feel_parser.h"

#include <stdio.h>

/* Slots that need no allocation. */
#define FEW 16
/* What a text may spend on what is constant in it. */
#define FOLD_STEPS (FEEL_STEPS / 4)
#define FOLD_BYTES_MAX (FEEL_BYTES_MAX / 8)

/* ------------------------------------------------------------------- parse */

static bool
check_text(struct feel_parser *p)
{
	if (p->text.bytes > FEEL_TEXT_BYTES_MAX)
		feel_token_fail(p, 0, 1, "longer than %d bytes",
		    FEEL_TEXT_BYTES_MAX);
	else if (!str_is_utf8(p->text))
		feel_token_fail(p, 0, 1, "not UTF-8");
	return !p->failed;
}

static bool
begin(struct feel_parser *p, struct arena *arena, struct str text,
    struct feel_error *error)
{
	*p = (struct feel_parser){
		.arena = arena,
		.text = text.at != NULL ? text : STR(""),
		.error = error,
		.fold_steps = FOLD_STEPS,
		.fold_bytes = FOLD_BYTES_MAX,
	};
	*error = (struct feel_error){0};
	if (!check_text(p))
		return false;
	p->text = arena_str(arena, p->text);
	feel_token_move(p, 0);
	return true;
}

/* Whether all of the text was read. */
static bool
end(struct feel_parser *p, const char *expected)
{
	if (!p->failed && !feel_token_is_end(p))
		feel_token_unexpected(p, expected);
	return !p->failed;
}

typedef struct feel_node *rule_fn(struct feel_parser *p);

static struct feel_node *
parse_parts(struct feel_parser *p)
{
	p->keeps_parts = true;
	return feel_parse_expression(p);
}

static const struct feel *
parse(struct arena *arena, struct str text, const struct feel_names *names,
    struct feel_error *error, rule_fn *rule)
{
	struct feel_parser p;
	struct feel_node *root = NULL;
	struct feel *feel;

	if (!begin(&p, arena, text, error))
		return NULL;
	p.names = names;
	root = rule(&p);
	if (!end(&p, "an operator or the end"))
		return NULL;
	must(root != NULL && p.scope_count == 0);
	feel = ARENA_NEW(arena, struct feel);
	feel->text = p.text;
	feel->root = root;
	feel->slot_count = p.slot_max;
	feel->free_names = p.free_names;
	feel->free_name_count = p.free_count;
	feel->doubts = p.doubts;
	feel->doubt_count = p.doubt_count;
	return feel;
}

const struct feel *
feel_parse(struct arena *arena, struct str text,
    const struct feel_names *names, struct feel_error *error)
{
	return parse(arena, text, names, error, feel_parse_expression);
}

const struct feel *
feel_parse_parts(struct arena *arena, struct str text,
    const struct feel_names *names, struct feel_error *error)
{
	return parse(arena, text, names, error, parse_parts);
}

const struct feel *
feel_parse_unary_tests(struct arena *arena, struct str text,
    const struct feel_names *names, struct feel_error *error)
{
	return parse(arena, text, names, error, feel_parse_tests);
}

const struct feel_type *
feel_type_parse(struct arena *arena, struct str text, struct feel_error *error)
{
	const struct feel_type *type = NULL;
	struct feel_parser p;

	if (!begin(&p, arena, text, error))
		return NULL;
	type = feel_parse_type(&p);
	return end(&p, "the end") ? type : NULL;
}

/* --------------------------------------------------------------------- ask */

struct str
feel_source(const struct feel *feel)
{
	return feel->text;
}

void
feel_each_free_name(const struct feel *feel, feel_name_fn *fn, void *arg)
{
	for (size_t i = 0; i < feel->free_name_count; i++) {
		if (feel->free_names[i].is_sure)
			fn(feel->free_names[i].name,
			    feel->free_names[i].offset, arg);
	}
}

void
feel_each_doubt(const struct feel *feel, feel_doubt_fn *fn, void *arg)
{
	for (size_t i = 0; i < feel->doubt_count; i++)
		fn(&feel->doubts[i], arg);
}

const struct value *
feel_constant(const struct feel *feel)
{
	return feel->root->op == FEEL_CONSTANT ? feel->root->as.constant :
	    NULL;
}

/* ---------------------------------------------------------------- evaluate */

/* Whether a value is small and shallow enough to be walked: what iteration
 * shares can be exponentially large when written out. */
static bool
is_walkable(struct feel_run *run, const struct value *value, unsigned depth)
{
	if (value->type == VALUE_STRING)
		return feel_spend_bytes(run, value->as.string.bytes / 4);
	if (value->type != VALUE_LIST && value->type != VALUE_CONTEXT)
		return true;
	if (depth == 0)
		return false;
	if (value->type == VALUE_LIST) {
		if (!feel_spend(run, value->as.list.count))
			return false;
		for (size_t i = 0; i < value->as.list.count; i++) {
			if (!is_walkable(run, value->as.list.items[i],
			    depth - 1))
				return false;
		}
		return true;
	}
	if (!feel_spend(run, value->as.context.count))
		return false;
	for (size_t i = 0; i < value->as.context.count; i++) {
		if (!is_walkable(run, value->as.context.fields[i].value,
		    depth - 1))
			return false;
	}
	return true;
}

/* What goes out will be walked by others, who have no budget. */
static const struct value *
check_result(struct feel_run *run, const struct value *value)
{
	if (run->env->exhausted)
		return &value_null;
	if (is_walkable(run, value, FEEL_VALUE_DEPTH_MAX))
		return value;
	return feel_null(run, NULL, "the result is nested too deep");
}

void
feel_env_share(struct feel_env *env)
{
	if (env->steps == 0)
		env->steps = FEEL_STEPS;
	if (env->bytes_max == 0)
		env->bytes_max = arena_footprint(env->arena) + FEEL_BYTES_MAX;
}

static const struct value *
evaluate(const struct feel *feel, const struct value *input,
    struct feel_env *env)
{
	const struct value *few_slots[FEW] = {NULL};
	const struct value *few_free[FEW] = {NULL};
	struct feel_run run = {
		.evaluators = env->trace != NULL ? feel_trace_evaluators :
		    feel_evaluators,
		.env = env,
		.arena = env->arena,
		.steps = env->steps != 0 ? env->steps : FEEL_STEPS,
		.bytes_max = env->bytes_max != 0 ? env->bytes_max :
		    arena_footprint(env->arena) + FEEL_BYTES_MAX,
		.slots = few_slots,
		.free = few_free,
		.home = feel,
		.input = input,
	};
	const struct value *value;

	/* What comes too late leaves the note of what used the budget up. */
	env->exhausted = env->steps < 0;
	if (env->exhausted)
		return &value_null;
	env->note[0] = '\0';
	env->note_offset = 0;
	env->note_bytes = 1;
	if (env->trace != NULL)
		feel_trace_begin(env->trace, feel);
	if (feel->slot_count > FEW)
		run.slots = ARENA_ARRAY(env->arena, feel->slot_count,
		    const struct value *);
	if (feel->free_name_count > FEW)
		run.free = ARENA_ARRAY(env->arena, feel->free_name_count,
		    const struct value *);
	value = check_result(&run, feel_eval_node(&run, feel->root));
	if (env->steps != 0)
		env->steps = run.steps > 0 ? run.steps : -1;
	must(run.depth == 0);
	return value;
}

const struct value *
feel_eval(const struct feel *feel, struct feel_env *env)
{
	must(feel != NULL && env->arena != NULL);
	return evaluate(feel, NULL, env);
}

const struct value *
feel_test(const struct feel *tests, const struct value *input,
    struct feel_env *env)
{
	const struct value *verdict;

	must(tests != NULL && input != NULL && env->arena != NULL);
	verdict = evaluate(tests, input, env);
	return verdict->type == VALUE_BOOLEAN ? verdict : &value_null;
}
