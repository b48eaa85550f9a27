/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_call.c: calls of defined, built-in and the host's functions.
 *
 * A function takes along the slots that were live where it was defined; a
 * call gets a frame of its own that begins with them.  So a function stays
 * what it was even where the loop around it went on.
 */
#include "feel_priv.h"

/* What the least of the built-in functions costs, beside its arguments. */
#define CALL_STEPS 2

/* A copy of so many slots. */
static bool
afford_frame(struct feel_run *run, size_t slots)
{
	return feel_spend(run, slots / 8) &&
	    feel_afford(run, slots * sizeof(struct value *));
}

const struct value *
feel_call_define(struct feel_run *run, const struct feel_node *node)
{
	const struct feel_lambda *lambda = node->as.lambda;
	struct value_function *function;
	struct value *value;

	if (!afford_frame(run, lambda->captured))
		return &value_null;
	function = ARENA_NEW(run->arena, struct value_function);
	function->lambda = lambda;
	function->home = run->home;
	function->captured = ARENA_ARRAY(run->arena, lambda->captured,
	    const struct value *);
	if (lambda->captured > 0)
		memcpy(function->captured, run->slots,
		    lambda->captured * sizeof(*run->slots));
	value = ARENA_NEW(run->arena, struct value);
	value->type = VALUE_FUNCTION;
	value->as.function = function;
	return value;
}

/* ------------------------------------------------------- defined functions */

/* Evaluates the body in a frame.  A function of another expression counts its
 * free names by itself. */
static const struct value *
run_body(struct feel_run *run, const struct value_function *function,
    const struct value **slots)
{
	struct feel_run around = *run;
	const struct value *result;

	run->slots = slots;
	if (function->home != run->home) {
		run->home = function->home;
		run->free = ARENA_ARRAY(run->arena,
		    function->home->free_name_count, const struct value *);
	}
	result = feel_eval_node(run, function->lambda->body);
	run->slots = around.slots;
	run->home = around.home;
	run->free = around.free;
	return result;
}

/* Arguments are in the order of the parameters. */
static const struct value *
call_lambda(struct feel_run *run, const struct feel_node *node,
    const struct value_function *function, const struct value *const *args)
{
	const struct feel_lambda *lambda = function->lambda;
	const struct value **slots;

	if (!afford_frame(run, lambda->slot_count))
		return &value_null;
	slots = ARENA_ARRAY(run->arena, lambda->slot_count,
	    const struct value *);
	if (lambda->captured > 0)
		memcpy(slots, function->captured,
		    lambda->captured * sizeof(*slots));
	for (size_t i = 0; i < lambda->param_count; i++) {
		const struct feel_param *param = &lambda->params[i];
		const struct value *arg =
		    feel_type_coerce(run, run->arena, param->type, args[i]);

		if (arg == NULL)
			return feel_null(run, node,
			    "the argument for `%.*s` is of another type",
			    STR_ARG(param->name));
		slots[lambda->captured + i] = arg;
	}
	return run_body(run, function, slots);
}

/* ------------------------------------------------------ built-in functions */

static const struct value *
unwrap(const struct value *value)
{
	if (value->type == VALUE_LIST && value->as.list.count == 1)
		return value->as.list.items[0];
	return value;
}

static const struct value *
wrap(struct feel_run *run, const struct value *value)
{
	const struct value **items;

	items = ARENA_ARRAY(run->arena, 1, const struct value *);
	items[0] = value;
	return feel_list_take(run, items, 1);
}

static const struct value *
need_type(const struct value *value, enum value_type type)
{
	value = unwrap(value);
	return value->type == type ? value : NULL;
}

static const struct value *
need_date(struct feel_run *run, const struct value *value)
{
	value = unwrap(value);
	if (value->type == VALUE_DATE)
		return value;
	if (value->type == VALUE_DATE_TIME)
		return value_of_date(run->arena, value->as.date_time->date);
	return NULL;
}

/* The argument as the parameter takes it; NULL where it doesn't. */
static const struct value *
coerce_kind(struct feel_run *run, enum feel_kind kind,
    const struct value *value)
{
	switch (kind) {
	case FEEL_KIND_ANY:
		return value;
	case FEEL_KIND_NUMBER:
		return need_type(value, VALUE_NUMBER);
	case FEEL_KIND_STRING:
		return need_type(value, VALUE_STRING);
	case FEEL_KIND_BOOLEAN:
		return need_type(value, VALUE_BOOLEAN);
	case FEEL_KIND_CONTEXT:
		return need_type(value, VALUE_CONTEXT);
	case FEEL_KIND_FUNCTION:
		return need_type(value, VALUE_FUNCTION);
	case FEEL_KIND_DATE:
		return need_date(run, value);
	case FEEL_KIND_LIST:
		return value->type == VALUE_LIST ? value : wrap(run, value);
	}
	unreachable("all kinds are above");
}

/* Whatever a function does with a text, it reads it. */
static bool
check_arg(struct feel_call *call, size_t index)
{
	const struct feel_builtin *builtin = call->builtin;
	const struct value *arg = call->args[index];

	if (arg != NULL && arg->type == VALUE_STRING &&
	    !feel_spend_bytes(call->run, arg->as.string.bytes))
		return false;
	if (arg == NULL ||
	    (value_is_null(arg) && (builtin->params[index].nullable ||
	    builtin->params[index].kind == FEEL_KIND_ANY)))
		return true;
	if (!value_is_null(arg)) {
		arg = coerce_kind(call->run, builtin->params[index].kind, arg);
		if (arg != NULL) {
			call->args[index] = arg;
			return true;
		}
	}
	(void)feel_null(call->run, call->node,
	    "`%.*s` of %.*s() cannot be a `%.*s`",
	    STR_ARG(builtin->params[index].name), STR_ARG(builtin->name),
	    STR_ARG(value_type_name(call->args[index]->type)));
	return false;
}

/* `args` has room for the parameters; what is beyond the last parameter of a
 * variadic function goes into its list. */
static const struct value *
call_builtin(struct feel_call *call, size_t count)
{
	const struct feel_builtin *builtin = call->builtin;
	size_t last = builtin->count - (builtin->count > 0);

	if (!feel_spend(call->run, CALL_STEPS + count))
		return &value_null;
	for (size_t i = 0; i < count; i++)
		feel_look(call->run, builtin->name, call->args[i]);
	if (builtin->variadic) {
		must(count > last);
		/* A copy: the list takes the place of its first item. */
		call->args[last] = value_of_list(call->run->arena,
		    call->args + last, count - last);
	}
	for (size_t i = 0; i < builtin->count; i++) {
		if ((!builtin->variadic || i < last) && !check_arg(call, i))
			return &value_null;
	}
	return builtin->fn(call);
}

const struct value *
feel_call_builtin(struct feel_run *run, const struct feel_node *node)
{
	const struct value *few[FEEL_PARAMS_MAX] = {NULL};
	const struct feel_builtin *builtin = node->as.builtin.builtin;
	size_t count = node->as.builtin.count;
	struct feel_call call = {
		.run = run,
		.node = node,
		.builtin = builtin,
		.args = few,
		.prepared = node->as.builtin.prepared,
	};

	must(builtin->count <= FEEL_PARAMS_MAX);
	if (builtin->variadic || count > FEEL_PARAMS_MAX) {
		/* One more, for the list takes the others' place. */
		call.args = feel_items_new(run, count + 1);
		if (call.args == NULL)
			return &value_null;
	}
	for (size_t i = 0; i < count; i++) {
		if (node->as.builtin.args[i] != NULL)
			call.args[i] =
			    feel_eval_node(run, node->as.builtin.args[i]);
	}
	return call_builtin(&call, count);
}

/* A built-in function that is called as a value: the overload that takes such
 * arguments, which are in the order of the call. */
static const struct value *
call_builtin_value(struct feel_run *run, const struct feel_node *node,
    const struct feel_builtin *first, const struct feel_arg *shape,
    const struct value *const *args, size_t count)
{
	struct feel_call call = {.run = run, .node = node};
	size_t order[FEEL_PARAMS_MAX];

	call.builtin = feel_builtin_choose(first, shape, count, order);
	if (call.builtin == NULL)
		return feel_null(run, node, "%.*s() takes other arguments",
		    STR_ARG(first->name));
	call.args = ARENA_ARRAY(run->arena, count + FEEL_PARAMS_MAX,
	    const struct value *);
	if (count > 0)
		memcpy(call.args, args, count * sizeof(*args));
	for (size_t i = 0; i < call.builtin->count; i++)
		call.args[i] = order[i] != SIZE_MAX ? args[order[i]] : NULL;
	return call_builtin(&call, count);
}

/* ------------------------------------------------------------------- calls */

const struct value *
feel_call_function(struct feel_run *run, const struct feel_node *node,
    const struct value *function, const struct value **args, size_t count)
{
	must(function->type == VALUE_FUNCTION);
	if (function->as.function->builtin != NULL)
		return call_builtin_value(run, node,
		    function->as.function->builtin,
		    ARENA_ARRAY(run->arena, count + 1, struct feel_arg), args,
		    count);
	if (function->as.function->lambda->param_count != count)
		return feel_null(run, node,
		    "the function takes another number of arguments: %zu",
		    function->as.function->lambda->param_count);
	return call_lambda(run, node, function->as.function, args);
}

static size_t
find_param(const struct feel_lambda *lambda, struct str name)
{
	for (size_t i = 0; i < lambda->param_count; i++) {
		if (str_equal(lambda->params[i].name, name))
			return i;
	}
	return SIZE_MAX;
}

/* Evaluates named arguments into the order of the parameters. */
static bool
place_named(struct feel_run *run, const struct feel_node *node,
    const struct feel_lambda *lambda, const struct value **args)
{
	for (size_t i = 0; i < node->as.call.count; i++) {
		const struct feel_arg *arg = &node->as.call.args[i];
		size_t index = find_param(lambda, arg->name);

		if (!feel_spend(run, lambda->param_count / 8))
			return false;
		if (index == SIZE_MAX || args[index] != NULL) {
			(void)feel_null(run, node,
			    "the function has no parameter `%.*s`",
			    STR_ARG(arg->name));
			return false;
		}
		args[index] = feel_eval_node(run, arg->node);
	}
	return true;
}

/* NULL where they can't be afforded. */
static const struct value **
eval_args(struct feel_run *run, const struct feel_node *node)
{
	size_t count = node->as.call.count;
	const struct value **args = feel_items_new(run, count);

	for (size_t i = 0; args != NULL && i < count; i++)
		args[i] = feel_eval_node(run, node->as.call.args[i].node);
	return args;
}

static const struct value *
call_named(struct feel_run *run, const struct feel_node *node,
    const struct value *function)
{
	const struct feel_lambda *lambda = function->as.function->lambda;
	const struct value **args;

	if (lambda == NULL) {
		args = eval_args(run, node);
		return args == NULL ? &value_null : call_builtin_value(run,
		    node, function->as.function->builtin, node->as.call.args,
		    args, node->as.call.count);
	}
	if (lambda->param_count != node->as.call.count)
		return feel_null(run, node,
		    "the function takes other arguments");
	args = feel_items_new(run, lambda->param_count);
	if (args == NULL || !place_named(run, node, lambda, args))
		return &value_null;
	return call_lambda(run, node, function->as.function, args);
}

const struct value *
feel_call_value(struct feel_run *run, const struct feel_node *node)
{
	const struct value *callee = feel_eval_node(run, node->as.call.callee);
	size_t count = node->as.call.count;
	const struct value **args;

	if (callee->type != VALUE_FUNCTION)
		return feel_null(run, node, "`%.*s` is no function",
		    STR_ARG(value_type_name(callee->type)));
	if (count > 0 && node->as.call.args[0].name.at != NULL)
		return call_named(run, node, callee);
	args = eval_args(run, node);
	if (args == NULL)
		return &value_null;
	return feel_call_function(run, node, callee, args, count);
}

static const struct value *
fail_unknown(struct feel_run *run, const struct feel_node *node)
{
	struct str name = node->as.host.name;
	char repair[120];

	/* Looking for a near name is dear. */
	if (!feel_is_told(run))
		return &value_null;
	if (!feel_habit_function(name, repair, sizeof(repair)))
		return feel_null(run, node, "there is no function `%.*s`",
		    STR_ARG(name));
	return feel_null(run, node, "there is no function `%.*s`: %s",
	    STR_ARG(name), repair);
}

/* The host's function, or one that is a value of the surroundings. */
static const struct value *
call_around(struct feel_run *run, const struct feel_node *node,
    const struct value **args)
{
	struct feel_env *env = run->env;
	const struct value *found = NULL;

	if (env->host != NULL)
		found = env->host(env->arg, node->as.host.name, args,
		    node->as.host.count);
	if (found != NULL)
		return found;
	if (env->lookup != NULL)
		found = env->lookup(env->arg, node->as.host.name);
	if (found == NULL || found->type != VALUE_FUNCTION)
		return fail_unknown(run, node);
	return feel_call_function(run, node, found, args,
	    node->as.host.count);
}

const struct value *
feel_call_host(struct feel_run *run, const struct feel_node *node)
{
	size_t count = node->as.host.count;
	const struct value **args;

	args = feel_items_new(run, count);
	if (args == NULL)
		return &value_null;
	for (size_t i = 0; i < count; i++)
		args[i] = feel_eval_node(run, node->as.host.args[i]);
	return call_around(run, node, args);
}
