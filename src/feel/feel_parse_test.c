/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_parse_test.c: unary tests: the cells of decision tables and what may
 * follow `in` (DMN 1.5, grammar rules 7, 12-17, 49c).
 */
#include "feel_parser.h"

struct sign {
	const char *text;
	enum feel_op op;
};

/* Longer signs first. */
static const struct sign signs[] = {
	{"!=", FEEL_UNEQUAL}, {"<=", FEEL_AT_MOST}, {">=", FEEL_AT_LEAST},
	{"<", FEEL_LESS}, {">", FEEL_GREATER}, {"=", FEEL_EQUAL},
};

typedef struct feel_node *rule_fn(struct feel_parser *p);

static const struct sign *
find_sign(const struct feel_parser *p)
{
	if (feel_token_is_slip(p))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(signs); i++) {
		if (feel_token_is(p, signs[i].text))
			return &signs[i];
	}
	return NULL;
}

bool
feel_parse_is_simple_test(const struct feel_parser *p)
{
	return find_sign(p) != NULL;
}

/* Rule 7a as a value: a range that is open on one side; "= x" is the range
 * whose ends are one and the same node. */
struct feel_node *
feel_parse_simple_test(struct feel_parser *p)
{
	size_t offset = p->at;
	const struct sign *sign = find_sign(p);
	struct feel_node *node = feel_node_new(p, FEEL_RANGE, offset);
	struct feel_node *end;

	must(sign != NULL);
	feel_token_move(p, p->at + strlen(sign->text));
	end = feel_parse_arithmetic(p);
	if (end == NULL)
		return NULL;
	if (sign->op == FEEL_UNEQUAL)
		return feel_node_never(p, offset,
		    "`!=` without a left side is a test, not a value");
	if (sign->op != FEEL_GREATER && sign->op != FEEL_AT_LEAST)
		node->as.range.high = end;
	if (sign->op != FEEL_LESS && sign->op != FEEL_AT_MOST)
		node->as.range.low = end;
	node->as.range.high_closed = sign->op == FEEL_AT_MOST ||
	    sign->op == FEEL_EQUAL;
	node->as.range.low_closed = sign->op == FEEL_AT_LEAST ||
	    sign->op == FEEL_EQUAL;
	feel_node_over(node, end);
	return feel_node_done(p, node);
}

/* Rule 14: positive unary test = simple test | expression */
static struct feel_node *
parse_positive(struct feel_parser *p, rule_fn *expression)
{
	const struct sign *sign = find_sign(p);
	struct feel_node *node;

	if (sign == NULL)
		return expression(p);
	node = feel_node_new(p, FEEL_COMPARE_TEST, p->at);
	feel_token_move(p, p->at + strlen(sign->text));
	node->as.compare.op = sign->op;
	node->as.compare.operand = feel_parse_arithmetic(p);
	feel_node_over(node, node->as.compare.operand);
	return feel_node_done(p, node);
}

static struct feel_node *
make_tests(struct feel_parser *p, const struct feel_node **items, size_t count)
{
	struct feel_node *tests;

	must(count > 0);
	if (p->failed)
		return NULL;
	tests = feel_node_new(p, FEEL_TEST, items[0]->offset);
	for (size_t i = 0; i < count; i++)
		feel_node_over(tests, items[i]);
	tests->as.list.items = items;
	tests->as.list.count = count;
	return feel_node_done(p, tests);
}

static struct feel_node *
make_test(struct feel_parser *p, const struct feel_node *item)
{
	const struct feel_node **items;

	if (item == NULL)
		return NULL;
	items = ARENA_ARRAY(p->arena, 1, const struct feel_node *);
	items[0] = item;
	return make_tests(p, items, 1);
}

/* Rule 13: positive unary tests = positive unary test { "," positive unary
 * test }; the first has been read. */
static struct feel_node *
parse_positives(struct feel_parser *p, const struct feel_node *first)
{
	const struct feel_node **items = NULL;
	size_t capacity = 0;
	size_t count = 0;

	while (first != NULL) {
		items = arena_grow(p->arena, items, count, &capacity,
		    sizeof(struct feel_node *));
		items[count++] = first;
		if (!feel_token_accept(p, ","))
			return make_tests(p, items, count);
		first = parse_positive(p, feel_parse_expression);
	}
	return NULL;
}

static struct feel_node *
make_in(struct feel_parser *p, const struct feel_node *value,
    const struct feel_node *test)
{
	struct feel_node *node;

	if (test == NULL)
		return NULL;
	node = feel_node_new(p, FEEL_IN, value->offset);
	node->as.in.value = value;
	node->as.in.test = test;
	feel_node_over(node, value);
	feel_node_over(node, test);
	/* A `?` in the test is the value here, not the input around. */
	node->has_input = value->has_input;
	return feel_node_done(p, node);
}

/* expression "in" "(" positive unary tests ")"; a range may begin with the
 * same parenthesis. */
static struct feel_node *
parse_in_round(struct feel_parser *p, struct feel_node *value)
{
	size_t offset = p->at;
	bool in_range = p->in_range;
	struct feel_node *test;
	struct feel_node *first;

	p->in_range = false;
	feel_token_move(p, p->at + 1);
	first = parse_positive(p, feel_parse_expression);
	p->in_range = in_range;
	if (first == NULL)
		return NULL;
	if (feel_token_accept(p, "..")) {
		test = feel_parse_range_rest(p, offset, first, false);
		return make_in(p, value, make_test(p, test));
	}
	p->in_range = false;
	test = parse_positives(p, first);
	p->in_range = in_range;
	if (test == NULL || !feel_token_expect(p, ")", "after the tests"))
		return NULL;
	return make_in(p, value, test);
}

/* Rule 49c: expression "in" positive unary test */
struct feel_node *
feel_parse_in(struct feel_parser *p, struct feel_node *value)
{
	struct feel_node *node;

	if (!feel_token_enter(p))
		return NULL;
	if (feel_token_is(p, "("))
		node = parse_in_round(p, value);
	else
		node = make_in(p, value,
		    make_test(p, parse_positive(p, feel_parse_arithmetic)));
	p->nesting--;
	return node;
}

/* "not" "(" positive unary tests ")"; NULL without failure where something
 * follows, so that it was an expression. */
static struct feel_node *
parse_not(struct feel_parser *p)
{
	struct feel_node *node = feel_node_new(p, FEEL_NOT_TEST, p->at);
	size_t start = p->at;

	if (!feel_token_accept_word(p, "not"))
		return NULL;
	if (feel_token_accept(p, "(")) {
		node->as.of.left = parse_positives(p,
		    parse_positive(p, feel_parse_expression));
		if (p->failed ||
		    !feel_token_expect(p, ")", "after the tests"))
			return NULL;
		if (feel_token_is_end(p)) {
			feel_node_over(node, node->as.of.left);
			return feel_node_done(p, node);
		}
	}
	feel_token_move(p, start);
	return NULL;
}

/* Rule 17: unary tests = positive unary tests | "not" "(" positive unary
 * tests ")" | "-" */
struct feel_node *
feel_parse_tests(struct feel_parser *p)
{
	struct feel_node *node;

	if (feel_token_is(p, "-") &&
	    feel_lex_space(p->text, p->at + 1) == p->text.bytes) {
		node = feel_node_new(p, FEEL_ANY_TEST, p->at);
		feel_token_move(p, p->at + 1);
		return feel_node_done(p, node);
	}
	node = parse_not(p);
	if (node != NULL || p->failed)
		return node;
	return parse_positives(p, parse_positive(p, feel_parse_expression));
}
