/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_parse_primary.c: literals and names, and what may follow them: paths,
 * filters and invocations (DMN 1.5, grammar rules 20, 27, 33-37, 40, 52).
 */
#include "feel_parser.h"

/* Rule 37 */
static struct feel_node *
parse_number(struct feel_parser *p)
{
	size_t offset = p->at;
	size_t end = feel_lex_number(p->text, offset);
	struct number number;

	switch (number_parse(str_slice(p->text, offset, end - offset),
	    &number)) {
	case NUMBER_OK:
		break;
	case NUMBER_INEXACT:
		return feel_token_fail(p, offset, end - offset,
		    "a number has at most 34 digits");
	default:
		return feel_token_fail(p, offset, end - offset,
		    "not a number that can be kept");
	}
	feel_token_move(p, end);
	return feel_node_constant(p, value_of_number(p->arena, number), offset);
}

/* Rule 35 */
bool
feel_parse_string(struct feel_parser *p, struct str *out)
{
	size_t offset = p->at;
	size_t end = feel_lex_string(p->text, offset);
	size_t bad_at;
	size_t bad_bytes;

	if (end == SIZE_MAX) {
		feel_token_fail(p, offset, 1, "text without closing quote");
		return false;
	}
	if (!feel_lex_unescape(p->arena, str_slice(p->text, offset,
	    end - offset), out, &bad_at, &bad_bytes)) {
		feel_token_fail(p, offset + bad_at, bad_bytes,
		    "not a character: \\uXXXX and \\UXXXXXX take its"
		    " hexadecimal number");
		return false;
	}
	feel_token_move(p, end);
	return true;
}

static const struct value *
parse_temporal(struct arena *arena, struct str text)
{
	struct date date;
	struct time_of_day time;
	struct date_time date_time;
	struct duration duration;
	int64_t months;

	if (date_parse(text, &date))
		return value_of_date(arena, date);
	if (date_time_parse(text, &date_time))
		return value_of_date_time(arena, date_time);
	if (time_parse(text, &time))
		return value_of_time(arena, time);
	if (months_parse(text, &months))
		return value_of_months(arena, months);
	if (duration_parse(text, &duration))
		return value_of_duration(arena, duration);
	return NULL;
}

/* Rule 62: at literal = "@" string literal */
static struct feel_node *
parse_at(struct feel_parser *p)
{
	size_t offset = p->at;
	const struct value *value;
	struct str text;

	feel_token_move(p, offset + 1);
	if (!feel_token_is(p, "\""))
		return feel_token_unexpected(p, "text in quotes after `@`");
	if (!feel_parse_string(p, &text))
		return NULL;
	value = parse_temporal(p->arena, text);
	if (value == NULL)
		return feel_token_fail(p, offset, p->end - offset,
		    "not a date, time, date and time or duration");
	return feel_node_constant(p, value, offset);
}

static struct feel_node *
parse_input(struct feel_parser *p)
{
	struct feel_node *node = feel_node_new(p, FEEL_INPUT, p->at);

	feel_token_move(p, p->at + 1);
	node->has_input = true;
	return feel_node_done(p, node);
}

/* What a word alone begins; false where it is no such word. */
static bool
parse_keyword(struct feel_parser *p, struct feel_node **node)
{
	size_t offset = p->at;

	if (feel_token_accept_word(p, "if"))
		*node = feel_parse_if(p, offset);
	else if (feel_token_accept_word(p, "for"))
		*node = feel_parse_for(p, offset);
	else if (feel_token_accept_word(p, "some"))
		*node = feel_parse_quantified(p, FEEL_SOME, offset);
	else if (feel_token_accept_word(p, "every"))
		*node = feel_parse_quantified(p, FEEL_EVERY, offset);
	else if (feel_token_accept_word(p, "function"))
		*node = feel_parse_function(p, offset);
	else if (feel_token_accept_word(p, "true"))
		*node = feel_node_constant(p, &value_true, offset);
	else if (feel_token_accept_word(p, "false"))
		*node = feel_node_constant(p, &value_false, offset);
	else if (feel_token_accept_word(p, "null"))
		*node = feel_node_constant(p, &value_null, offset);
	else
		return false;
	return true;
}

/* Rule 20: qualified name, its first name; or a keyword, or a call. */
static struct feel_node *
parse_word(struct feel_parser *p)
{
	size_t offset = p->at;
	size_t word_end = feel_lex_identifier(p->text, offset);
	struct str word = str_slice(p->text, offset, word_end - offset);
	struct feel_node *node;
	struct str name;
	size_t end;

	name = feel_scope_read(p, &end);
	if (end <= word_end) {
		if (str_equal(word, STR("?")))
			return parse_input(p);
		/* `instance` is an operator only after an operand; here it is
		 * what workflows call the instance itself. */
		if (str_equal(word, STR("instance"))) {
			name = word;
			end = word_end;
		} else if (feel_lex_is_keyword(word)) {
			if (parse_keyword(p, &node))
				return node;
			return feel_token_unexpected(p, "a value");
		}
	}
	must(end > offset);
	feel_token_move(p, end);
	if (feel_token_is(p, "("))
		return feel_parse_call_named(p, name, offset);
	return feel_node_done(p,
	    feel_scope_resolve(p, name, offset, end - offset));
}

/* Rules 33, 34: literals; names; what is in brackets */
static struct feel_node *
parse_primary(struct feel_parser *p)
{
	char c = '\0';

	if (p->failed)
		return NULL;
	if (!feel_token_is_end(p))
		c = p->text.at[p->at];
	switch (c) {
	case '"': {
		size_t offset = p->at;
		struct str text;

		if (!feel_parse_string(p, &text))
			return NULL;
		return feel_node_constant(p, value_of_str(p->arena, text),
		    offset);
	}
	case '@':
		return parse_at(p);
	case '(':
		return feel_parse_round(p);
	case '[':
		return feel_parse_square(p);
	case ']':
		return feel_parse_open_start(p);
	case '{':
		return feel_parse_context(p);
	default:
		break;
	}
	if (feel_lex_number(p->text, p->at) > p->at)
		return parse_number(p);
	if (feel_lex_identifier(p->text, p->at) > p->at)
		return parse_word(p);
	return feel_token_unexpected(p, "a value");
}

/* Rule 43: path expression = expression "." name */
static struct feel_node *
parse_step(struct feel_parser *p, struct feel_node *object)
{
	struct feel_node *node = feel_node_new(p, FEEL_PATH, object->offset);
	size_t end;
	struct str name = feel_scope_read_step(p, &end);

	if (end == p->at)
		return feel_token_unexpected(p, "a name after `.`");
	feel_token_move(p, end);
	node->as.path.object = object;
	node->as.path.name = arena_str(p->arena, name);
	feel_node_over(node, object);
	return feel_node_done(p, node);
}

/* Rule 52: filter expression = expression "[" expression "]" */
static struct feel_node *
parse_filter(struct feel_parser *p, struct feel_node *list)
{
	struct feel_node *node = feel_node_new(p, FEEL_FILTER, list->offset);
	size_t scopes = p->scope_count;
	uint32_t slots = p->slot_count;
	bool in_range = p->in_range;

	p->in_range = false;
	node->as.filter.list = list;
	node->as.filter.slot = feel_scope_add_filter(p);
	node->as.filter.condition = feel_parse_expression(p);
	node->as.filter.uses_item = p->scopes[scopes].is_used ||
	    p->scopes[scopes + 1].is_used;
	feel_scope_cut(p, scopes, slots);
	p->in_range = in_range;
	if (!feel_token_expect(p, "]", "after the filter"))
		return NULL;
	feel_node_over(node, list);
	feel_node_over(node, node->as.filter.condition);
	return feel_node_done(p, node);
}

/* primary { "." name | "[" expression "]" | "(" arguments ")" }.  What
 * nests does so through here, but for `in` and types. */
struct feel_node *
feel_parse_postfix(struct feel_parser *p)
{
	struct feel_node *node;

	if (!feel_token_enter(p))
		return NULL;
	node = parse_primary(p);

	while (node != NULL) {
		if (feel_token_is(p, "[") && !feel_parse_is_range_end(p)) {
			feel_token_move(p, p->at + 1);
			node = parse_filter(p, node);
		} else if (feel_token_is(p, "(")) {
			node = feel_parse_call(p, node);
		} else if (feel_token_is(p, ".") && !feel_token_is(p, "..")) {
			feel_token_move(p, p->at + 1);
			node = parse_step(p, node);
		} else {
			break;
		}
	}
	p->nesting--;
	return node;
}
