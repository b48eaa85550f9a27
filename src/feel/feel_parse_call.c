/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_parse_call.c: function invocations (DMN 1.5, grammar rules 40-43).
 *
 * Which overload of a built-in function is meant, and which argument goes to
 * which of its parameters, is decided here, once.  Arguments that no overload
 * takes make the call null, as the standard says, not the text wrong.
 */
#include "feel_parser.h"

#include <stdio.h>

struct args {
	struct feel_arg *at;
	size_t count;
	size_t capacity;
};

/* Rule 42: name ":" expression; rule 41: expression */
static bool
parse_arg(struct feel_parser *p, struct feel_arg *arg)
{
	size_t end = feel_lex_key(p->text, p->at);

	arg->name = (struct str){NULL, 0};
	if (end > 0) {
		arg->name = feel_lex_normal_name(p->arena,
		    str_slice(p->text, p->at, end - p->at));
		feel_token_move(p, end);
		(void)feel_token_accept(p, ":");
	}
	arg->node = feel_parse_expression(p);
	return arg->node != NULL;
}

/* Either all arguments are named or none. */
static bool
check_naming(struct feel_parser *p, const struct args *args)
{
	const struct feel_arg *last = &args->at[args->count - 1];

	if ((last->name.at == NULL) == (args->at[0].name.at == NULL))
		return true;
	feel_token_fail(p, last->node->offset, last->node->bytes,
	    "arguments are either all named or none");
	return false;
}

/* "(" [parameter { "," parameter }] ")" */
static bool
parse_args(struct feel_parser *p, struct args *args)
{
	bool in_range = p->in_range;

	*args = (struct args){NULL, 0, 0};
	p->in_range = false;
	if (!feel_token_expect(p, "(", "before the arguments"))
		return false;
	if (!feel_token_is(p, ")")) {
		do {
			args->at = arena_grow(p->arena, args->at, args->count,
			    &args->capacity, sizeof(*args->at));
			if (!parse_arg(p, &args->at[args->count++]) ||
			    !check_naming(p, args))
				return false;
		} while (feel_token_accept(p, ","));
	}
	p->in_range = in_range;
	return feel_token_expect(p, ")", "after the arguments");
}

static void
over_args(struct feel_node *node, const struct args *args)
{
	for (size_t i = 0; i < args->count; i++)
		feel_node_over(node, args->at[i].node);
}

static struct feel_node *
make_call(struct feel_parser *p, struct feel_node *callee,
    const struct args *args)
{
	struct feel_node *node = feel_node_new(p, FEEL_CALL, callee->offset);

	node->as.call.callee = callee;
	node->as.call.args = args->at;
	node->as.call.count = args->count;
	feel_node_over(node, callee);
	over_args(node, args);
	return feel_node_done(p, node);
}

/* Data has no functions: "input.name.trim()" is another language. */
static void
doubt_method(struct feel_parser *p, const struct feel_node *callee)
{
	const struct feel_node *object = callee;
	struct feel_error *doubt;
	char repair[sizeof(doubt->repair)];

	while (object->op == FEEL_PATH)
		object = object->as.path.object;
	if (callee->op != FEEL_PATH || object->op != FEEL_FREE ||
	    !feel_habit_known(callee->as.path.name, repair, sizeof(repair)))
		return;
	doubt = feel_token_doubt(p, callee->offset, callee->bytes);
	if (doubt == NULL)
		return;
	str_write(doubt->message, sizeof(doubt->message), "`%.*s` is called as"
	    " a part of a value; a function takes the value as an argument",
	    STR_ARG(callee->as.path.name));
	str_write(doubt->repair, sizeof(doubt->repair), "%s", repair);
}

/* Rule 40: function invocation = expression parameters */
struct feel_node *
feel_parse_call(struct feel_parser *p, struct feel_node *callee)
{
	struct args args;

	doubt_method(p, callee);
	if (!parse_args(p, &args))
		return NULL;
	return make_call(p, callee, &args);
}

/* Where the last parameter takes many, they come one by one. */
static size_t
count_slots(const struct feel_builtin *builtin, const struct args *args)
{
	must(!builtin->variadic || args->count > 0);
	if (builtin->variadic && args->at[0].name.at == NULL &&
	    args->count > builtin->count)
		return args->count;
	return builtin->count;
}

static struct feel_node *
make_builtin(struct feel_parser *p, const struct feel_builtin *builtin,
    const struct args *args, const size_t *order, size_t offset)
{
	struct feel_node *node = feel_node_new(p, FEEL_CALL_BUILTIN, offset);
	size_t count = count_slots(builtin, args);
	const struct feel_node **nodes;

	nodes = ARENA_ARRAY(p->arena, count, const struct feel_node *);
	for (size_t i = 0; i < count; i++) {
		size_t from = i < FEEL_PARAMS_MAX && i < builtin->count ?
		    order[i] : i;

		if (from != SIZE_MAX)
			nodes[i] = args->at[from].node;
	}
	node->as.builtin.builtin = builtin;
	node->as.builtin.args = nodes;
	node->as.builtin.count = count;
	over_args(node, args);
	if (builtin->prepare != NULL)
		node->as.builtin.prepared =
		    builtin->prepare(p->arena, nodes, count);
	return feel_node_done(p, node);
}

/* The host may have functions, and says so by their names. */
static void
doubt_function(struct feel_parser *p, struct str name, size_t offset)
{
	struct feel_error *doubt;

	if (p->names == NULL || feel_scope_is_around(p, name))
		return;
	doubt = feel_token_doubt(p, offset, name.bytes);
	if (doubt == NULL)
		return;
	str_write(doubt->message, sizeof(doubt->message),
	    "there is no function `%.*s`", STR_ARG(name));
	(void)feel_habit_function(name, doubt->repair, sizeof(doubt->repair));
}

static struct feel_node *
make_host(struct feel_parser *p, struct str name, const struct args *args,
    size_t offset)
{
	struct feel_node *node = feel_node_new(p, FEEL_CALL_HOST, offset);
	const struct feel_node **nodes;

	nodes = ARENA_ARRAY(p->arena, args->count, const struct feel_node *);
	for (size_t i = 0; i < args->count; i++)
		nodes[i] = args->at[i].node;
	node->as.host.name = arena_str(p->arena, name);
	node->as.host.args = nodes;
	node->as.host.count = args->count;
	over_args(node, args);
	doubt_function(p, name, offset);
	return feel_node_done(p, node);
}

static struct feel_node *
make_refused(struct feel_parser *p, const struct feel_builtin *first,
    size_t offset)
{
	struct feel_error *doubt = feel_token_doubt(p, offset,
	    first->name.bytes);
	struct str signature;

	if (doubt == NULL)
		return feel_node_never(p, offset,
		    "the function does not take these arguments");
	signature = feel_builtin_signature(p->arena, first);
	str_write(doubt->message, sizeof(doubt->message),
	    "%.*s() does not take these arguments", STR_ARG(first->name));
	str_write(doubt->repair, sizeof(doubt->repair), "it is %.*s",
	    STR_ARG(signature));
	return feel_node_never(p, offset, arena_cstr(p->arena,
	    arena_strf(p->arena, "%s: %s", doubt->message, doubt->repair)));
}

/* A call by name: of a function in scope, a built-in one, or the host's. */
struct feel_node *
feel_parse_call_named(struct feel_parser *p, struct str name, size_t offset)
{
	const struct feel_builtin *first = feel_builtin_find(name);
	const struct feel_builtin *chosen;
	size_t order[FEEL_PARAMS_MAX];
	struct args args;

	if (feel_scope_is_local(p, name)) {
		struct feel_node *callee = feel_node_done(p,
		    feel_scope_resolve(p, name, offset, p->end - offset));

		return callee == NULL ? NULL : feel_parse_call(p, callee);
	}
	if (!parse_args(p, &args))
		return NULL;
	if (first == NULL)
		return make_host(p, name, &args, offset);
	chosen = feel_builtin_choose(first, args.at, args.count, order);
	if (chosen == NULL)
		return make_refused(p, first, offset);
	return make_builtin(p, chosen, &args, order, offset);
}
