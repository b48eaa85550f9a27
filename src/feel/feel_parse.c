/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_parse.c: expressions, from the loosest operator to the tightest
 * (DMN 1.5, grammar rules 1-4 and 38-51).
 *
 * One function a rule; the rule is its comment.  Every loop joins to the
 * left, the power too: 3 ** 4 ** 5 is (3 ** 4) ** 5.
 */
#include "feel_parser.h"

struct operator {
	const char *sign;
	enum feel_op op;
};

/* The first that fits is taken, so longer signs come first. */
static const struct operator comparisons[] = {
	{"!=", FEEL_UNEQUAL}, {"<=", FEEL_AT_MOST}, {">=", FEEL_AT_LEAST},
	{"<", FEEL_LESS}, {">", FEEL_GREATER}, {"=", FEEL_EQUAL}, {NULL, 0},
};

static const struct operator sums[] = {
	{"+", FEEL_ADD}, {"-", FEEL_SUBTRACT}, {NULL, 0},
};

static const struct operator products[] = {
	{"*", FEEL_MULTIPLY}, {"/", FEEL_DIVIDE}, {NULL, 0},
};

static const struct operator powers[] = {
	{"**", FEEL_POWER}, {NULL, 0},
};

typedef struct feel_node *rule_fn(struct feel_parser *p);

static const struct operator *
accept_operator(struct feel_parser *p, const struct operator *operators)
{
	for (; operators->sign != NULL; operators++) {
		if (feel_token_is(p, operators->sign))
			break;
	}
	/* "**" is no product; slips are told by who expects something. */
	if (operators->sign == NULL || feel_token_is_slip(p) ||
	    (operators->op == FEEL_MULTIPLY && feel_token_is(p, "**")))
		return NULL;
	(void)feel_token_accept(p, operators->sign);
	return operators;
}

/* operand { operator operand } */
static struct feel_node *
parse_chain(struct feel_parser *p, const struct operator *operators,
    rule_fn *operand)
{
	struct feel_node *left = operand(p);
	const struct operator *operator;

	while (left != NULL) {
		operator = accept_operator(p, operators);
		if (operator == NULL)
			break;
		left = feel_node_binary(p, operator->op, left, operand(p));
	}
	return left;
}

/* Rule 51: instance of = expression "instance" "of" type */
static struct feel_node *
parse_instance(struct feel_parser *p)
{
	struct feel_node *left = feel_parse_postfix(p);
	struct feel_node *node;

	while (left != NULL && feel_token_accept_word(p, "instance")) {
		if (!feel_token_expect_word(p, "of", "after `instance`"))
			return NULL;
		node = feel_node_new(p, FEEL_INSTANCE, left->offset);
		node->as.instance.operand = left;
		node->as.instance.type = feel_parse_type(p);
		feel_node_over(node, left);
		left = feel_node_done(p, node);
	}
	return left;
}

/* Rule 26: arithmetic negation = "-" expression.  It binds tighter than the
 * power: -3 ** 2 is 9. */
static struct feel_node *
parse_negation(struct feel_parser *p)
{
	size_t offset = p->at;
	struct feel_node *node;

	if (!feel_token_accept(p, "-"))
		return parse_instance(p);
	if (!feel_token_enter(p))
		return NULL;
	node = feel_node_new(p, FEEL_NEGATE, offset);
	node->as.of.left = parse_negation(p);
	p->nesting--;
	feel_node_over(node, node->as.of.left);
	return feel_node_done(p, node);
}

/* Rule 25: exponentiation = expression "**" expression */
static struct feel_node *
parse_power(struct feel_parser *p)
{
	return parse_chain(p, powers, parse_negation);
}

/* Rules 23, 24: multiplication, division */
static struct feel_node *
parse_product(struct feel_parser *p)
{
	return parse_chain(p, products, parse_power);
}

/* Rules 21, 22: addition, subtraction */
struct feel_node *
feel_parse_arithmetic(struct feel_parser *p)
{
	return parse_chain(p, sums, parse_product);
}

/* Rule 49b: expression "between" expression "and" expression */
static struct feel_node *
parse_between(struct feel_parser *p, struct feel_node *value)
{
	struct feel_node *node = feel_node_new(p, FEEL_BETWEEN, value->offset);

	node->as.of.left = value;
	node->as.of.right = feel_parse_arithmetic(p);
	if (node->as.of.right == NULL ||
	    !feel_token_expect_word(p, "and", "of `between`"))
		return NULL;
	node->as.of.third = feel_parse_arithmetic(p);
	feel_node_over(node, value);
	feel_node_over(node, node->as.of.right);
	feel_node_over(node, node->as.of.third);
	return feel_node_done(p, node);
}

/* Rule 49: comparison = expression ("=" | "!=" | "<" | "<=" | ">" | ">=")
 * expression | … "between" … | expression "in" positive unary test(s) */
static struct feel_node *
parse_comparison(struct feel_parser *p)
{
	struct feel_node *left = feel_parse_arithmetic(p);
	const struct operator *operator;

	while (left != NULL) {
		if (feel_token_accept_word(p, "between")) {
			left = parse_between(p, left);
		} else if (feel_token_accept_word(p, "in")) {
			left = feel_parse_in(p, left);
		} else {
			operator = accept_operator(p, comparisons);
			if (operator == NULL)
				break;
			left = feel_node_binary(p, operator->op, left,
			    feel_parse_arithmetic(p));
		}
	}
	return left;
}

/* Rule 48: conjunction = expression "and" expression */
static struct feel_node *
parse_conjunction(struct feel_parser *p)
{
	struct feel_node *left = parse_comparison(p);

	while (left != NULL && feel_token_accept_word(p, "and"))
		left = feel_node_binary(p, FEEL_AND, left, parse_comparison(p));
	return left;
}

/* Rule 47: disjunction = expression "or" expression */
static struct feel_node *
parse_disjunction(struct feel_parser *p)
{
	struct feel_node *left = parse_conjunction(p);

	while (left != NULL && feel_token_accept_word(p, "or"))
		left = feel_node_binary(p, FEEL_OR, left, parse_conjunction(p));
	return left;
}

/* Rules 1, 2: expression = boxed expression | textual expression */
struct feel_node *
feel_parse_expression(struct feel_parser *p)
{
	struct feel_node *node;

	if (p->failed)
		return NULL;
	if (feel_parse_is_simple_test(p))
		node = feel_parse_simple_test(p);
	else
		node = parse_disjunction(p);
	must(node != NULL || p->failed);
	return node;
}
