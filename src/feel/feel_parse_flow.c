/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_parse_flow.c: if, for, some, every and function definitions
 * (DMN 1.5, grammar rules 44-46, 53, 57).
 */
#include "feel_parser.h"

/* Rule 45: if expression = "if" expression "then" expression "else"
 * expression.  The word `if` has been read. */
struct feel_node *
feel_parse_if(struct feel_parser *p, size_t offset)
{
	struct feel_node *node = feel_node_new(p, FEEL_IF, offset);

	node->as.of.left = feel_parse_expression(p);
	if (p->failed || !feel_token_expect_word(p, "then", "of `if`"))
		return NULL;
	node->as.of.right = feel_parse_expression(p);
	if (p->failed || !feel_token_expect_word(p, "else", "of `if`"))
		return NULL;
	node->as.of.third = feel_parse_expression(p);
	feel_node_over(node, node->as.of.left);
	feel_node_over(node, node->as.of.right);
	feel_node_over(node, node->as.of.third);
	return feel_node_done(p, node);
}

/* A name with signs and any words, up to `in`; where there is no `in`, words
 * up to where it should stand. */
static bool
read_iterator(struct feel_parser *p, struct str *name)
{
	size_t end = feel_lex_iterator(p->text, p->at);

	if (end > 0)
		*name = feel_lex_normal_name(p->arena,
		    str_slice(p->text, p->at, end - p->at));
	else
		*name = feel_scope_read_new(p, &end);
	if (end == p->at) {
		feel_token_unexpected(p, "a name to iterate with");
		return false;
	}
	feel_token_move(p, end);
	return true;
}

/* name "in" expression [".." expression] */
static bool
parse_iterator(struct feel_parser *p, struct feel_node *loop,
    struct feel_iterator *iterator)
{
	struct str name;

	if (!read_iterator(p, &name) ||
	    !feel_token_expect_word(p, "in", "after the name"))
		return false;
	iterator->from = feel_parse_expression(p);
	if (feel_token_accept(p, ".."))
		iterator->to = feel_parse_expression(p);
	/* In scope from here on: the next iterator may use it. */
	iterator->slot = feel_scope_add(p, name);
	feel_node_over(loop, iterator->from);
	feel_node_over(loop, iterator->to);
	return !p->failed;
}

/* iterator { "," iterator } */
static bool
parse_iterators(struct feel_parser *p, struct feel_node *loop)
{
	struct feel_iterator *iterators = NULL;
	size_t capacity = 0;
	uint32_t count = 0;

	do {
		iterators = arena_grow(p->arena, iterators, count, &capacity,
		    sizeof(*iterators));
		if (!parse_iterator(p, loop, &iterators[count]))
			return false;
		count++;
	} while (feel_token_accept(p, ","));
	loop->as.loop.iterators = iterators;
	loop->as.loop.count = count;
	return true;
}

/* Rule 44: for expression = "for" name "in" iteration context { "," name
 * "in" iteration context } "return" expression */
struct feel_node *
feel_parse_for(struct feel_parser *p, size_t offset)
{
	struct feel_node *loop = feel_node_new(p, FEEL_FOR, offset);
	size_t scopes = p->scope_count;
	uint32_t slots = p->slot_count;
	size_t partial;

	if (!parse_iterators(p, loop) ||
	    !feel_token_expect_word(p, "return", "of `for`"))
		return NULL;
	partial = p->scope_count;
	loop->as.loop.partial_slot = feel_scope_add(p, STR("partial"));
	loop->as.loop.body = feel_parse_expression(p);
	loop->as.loop.uses_partial = p->scopes[partial].is_used;
	feel_scope_cut(p, scopes, slots);
	feel_node_over(loop, loop->as.loop.body);
	return feel_node_done(p, loop);
}

/* Rule 46: quantified expression = ("some" | "every") name "in" expression
 * { "," name "in" expression } "satisfies" expression */
struct feel_node *
feel_parse_quantified(struct feel_parser *p, enum feel_op op, size_t offset)
{
	struct feel_node *loop = feel_node_new(p, op, offset);
	size_t scopes = p->scope_count;
	uint32_t slots = p->slot_count;

	must(op == FEEL_SOME || op == FEEL_EVERY);
	if (!parse_iterators(p, loop) || !feel_token_expect_word(p,
	    "satisfies", op == FEEL_SOME ? "of `some`" : "of `every`"))
		return NULL;
	loop->as.loop.body = feel_parse_expression(p);
	feel_scope_cut(p, scopes, slots);
	feel_node_over(loop, loop->as.loop.body);
	return feel_node_done(p, loop);
}

/* Rule 58: formal parameter = parameter name [":" type] */
static bool
parse_param(struct feel_parser *p, struct feel_param *param)
{
	size_t end = feel_lex_key(p->text, p->at);
	struct str name;

	if (end > 0)
		name = feel_lex_normal_name(p->arena,
		    str_slice(p->text, p->at, end - p->at));
	else
		name = feel_scope_read_new(p, &end);
	if (end == p->at) {
		feel_token_unexpected(p, "a parameter's name");
		return false;
	}
	feel_token_move(p, end);
	param->name = name;
	param->type = NULL;
	if (feel_token_accept(p, ":"))
		param->type = feel_parse_type(p);
	return !p->failed;
}

/* "(" [formal parameter { "," formal parameter }] ")" */
static bool
parse_params(struct feel_parser *p, struct feel_lambda *lambda)
{
	struct feel_param *params = NULL;
	size_t capacity = 0;

	if (!feel_token_expect(p, "(", "after `function`"))
		return false;
	if (feel_token_accept(p, ")"))
		return true;
	do {
		params = arena_grow(p->arena, params, lambda->param_count,
		    &capacity, sizeof(*params));
		if (!parse_param(p, &params[lambda->param_count]))
			return false;
		lambda->param_count++;
	} while (feel_token_accept(p, ","));
	lambda->params = params;
	return feel_token_expect(p, ")", "after the parameters");
}

/* The body has its own frame: what is live now is copied into it, and the
 * parameters follow. */
static void
parse_body(struct feel_parser *p, struct feel_lambda *lambda)
{
	size_t scopes = p->scope_count;
	uint32_t slots = p->slot_count;
	uint32_t slot_max = p->slot_max;

	lambda->captured = p->slot_count;
	p->slot_max = p->slot_count;
	for (size_t i = 0; i < lambda->param_count; i++)
		(void)feel_scope_add(p, lambda->params[i].name);
	lambda->body = feel_parse_expression(p);
	lambda->slot_count = p->slot_max;
	feel_scope_cut(p, scopes, slots);
	p->slot_max = slot_max;
}

/* Rule 55: function definition = "function" "(" [formal parameter { ","
 * formal parameter }] ")" ["external"] expression */
struct feel_node *
feel_parse_function(struct feel_parser *p, size_t offset)
{
	struct feel_node *node = feel_node_new(p, FEEL_FUNCTION, offset);
	struct feel_lambda *lambda = ARENA_NEW(p->arena, struct feel_lambda);

	if (!parse_params(p, lambda))
		return NULL;
	if (feel_token_accept_word(p, "external")) {
		(void)feel_parse_expression(p);
		return feel_node_never(p, offset,
		    "functions of other languages are not called");
	}
	parse_body(p, lambda);
	node->as.lambda = lambda;
	feel_node_over(node, lambda->body);
	return feel_node_done(p, node);
}
