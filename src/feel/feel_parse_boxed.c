/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_parse_boxed.c: what begins with a bracket: lists, ranges, contexts,
 * parentheses (DMN 1.5, grammar rules 8-11, 54, 56, 59, 60).
 *
 * A range may be written with its open ends turned outward, ]1..10[, so that
 * "[" after an end point may close the range or begin a filter of it.  The
 * token that follows decides: no filter begins with it, or no range ends.
 */
#include "feel_parser.h"

#define ENTRIES_MAX 10000

static const char *const after_range_signs[] = {
	")", "]", "}", ",", ".", "=", "!=", "<", ">", "+", "*", "/",
};

static const char *const after_range_words[] = {
	"and", "or", "in", "then", "else", "return", "satisfies", "between",
	"instance",
};

bool
feel_parse_is_range_end(const struct feel_parser *p)
{
	struct feel_parser ahead = *p;

	if (!p->in_range)
		return false;
	ahead.at = feel_lex_space(p->text, p->at + 1);
	if (feel_token_is_end(&ahead))
		return true;
	for (size_t i = 0; i < COUNT_OF(after_range_signs); i++) {
		if (feel_token_is(&ahead, after_range_signs[i]))
			return true;
	}
	for (size_t i = 0; i < COUNT_OF(after_range_words); i++) {
		if (feel_token_is_word(&ahead, after_range_words[i]))
			return true;
	}
	return false;
}

/* Rule 10: interval = ( "(" | "]" | "[" ) endpoint ".." endpoint
 * ( ")" | "[" | "]" ) */
struct feel_node *
feel_parse_range_rest(struct feel_parser *p, size_t offset,
    struct feel_node *low, bool low_closed)
{
	struct feel_node *node = feel_node_new(p, FEEL_RANGE, offset);
	bool in_range = p->in_range;

	p->in_range = true;
	node->as.range.low = low;
	node->as.range.low_closed = low_closed;
	node->as.range.high = feel_parse_arithmetic(p);
	p->in_range = in_range;
	if (p->failed)
		return NULL;
	if (feel_token_accept(p, "]"))
		node->as.range.high_closed = true;
	else if (!feel_token_accept(p, ")") && !feel_token_accept(p, "["))
		return feel_token_unexpected(p, "`]` or `)` after the range");
	feel_node_over(node, low);
	feel_node_over(node, node->as.range.high);
	return feel_node_done(p, node);
}

/* "]" endpoint ".." … */
struct feel_node *
feel_parse_open_start(struct feel_parser *p)
{
	size_t offset = p->at;
	struct feel_node *low;

	feel_token_move(p, offset + 1);
	low = feel_parse_arithmetic(p);
	if (p->failed || !feel_token_expect(p, "..", "in the range"))
		return NULL;
	return feel_parse_range_rest(p, offset, low, false);
}

/* "(" expression ")" | "(" endpoint ".." … */
struct feel_node *
feel_parse_round(struct feel_parser *p)
{
	size_t offset = p->at;
	bool in_range = p->in_range;
	struct feel_node *node;

	p->in_range = false;
	feel_token_move(p, offset + 1);
	node = feel_parse_expression(p);
	p->in_range = in_range;
	if (p->failed)
		return NULL;
	if (feel_token_accept(p, ".."))
		return feel_parse_range_rest(p, offset, node, false);
	if (!feel_token_expect(p, ")", "to close the parenthesis"))
		return NULL;
	/* Whoever is shown the part is shown its parentheses. */
	node->offset = (uint32_t)offset;
	node->bytes = (uint32_t)(p->end - offset);
	return node;
}

/* The items after the first. */
static bool
parse_items(struct feel_parser *p, struct feel_node *list,
    const struct feel_node *item)
{
	const struct feel_node **items = NULL;
	size_t capacity = 0;
	size_t count = 0;

	for (;;) {
		items = arena_grow(p->arena, items, count, &capacity,
		    sizeof(struct feel_node *));
		items[count++] = item;
		feel_node_over(list, item);
		if (!feel_token_accept(p, ","))
			break;
		item = feel_parse_expression(p);
		if (item == NULL)
			return false;
	}
	list->as.list.items = items;
	list->as.list.count = count;
	return true;
}

/* Rule 54: list = "[" [expression { "," expression }] "]" */
struct feel_node *
feel_parse_square(struct feel_parser *p)
{
	struct feel_node *list = feel_node_new(p, FEEL_LIST, p->at);
	bool in_range = p->in_range;
	struct feel_node *first;
	bool is_whole;

	feel_token_move(p, p->at + 1);
	if (feel_token_accept(p, "]"))
		return feel_node_done(p, list);
	p->in_range = false;
	first = feel_parse_expression(p);
	if (first == NULL)
		return NULL;
	if (feel_token_accept(p, "..")) {
		p->in_range = in_range;
		return feel_parse_range_rest(p, list->offset, first, true);
	}
	is_whole = parse_items(p, list, first);
	p->in_range = in_range;
	if (!is_whole || !feel_token_expect(p, "]", "to close the list"))
		return NULL;
	return feel_node_done(p, list);
}

/* Rule 61: key = name | string literal */
static bool
parse_key(struct feel_parser *p, struct str *key)
{
	size_t end;

	if (feel_token_is(p, "\""))
		return feel_parse_string(p, key);
	end = feel_lex_key(p->text, p->at);
	if (end == 0) {
		(void)feel_scope_read_new(p, &end);
		if (end == p->at) {
			feel_token_unexpected(p, "a key");
		} else {
			feel_token_move(p, end);
			feel_token_unexpected(p, "`:` after the key");
		}
		return false;
	}
	*key = feel_lex_normal_name(p->arena,
	    str_slice(p->text, p->at, end - p->at));
	feel_token_move(p, end);
	return true;
}

static bool
has_key(const struct feel_entry *entries, size_t count, struct str key)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(entries[i].key, key))
			return true;
	}
	return false;
}

/* Rule 60: context entry = key ":" expression.  A function may call itself,
 * so its name is in scope before it; others see only what came before. */
static bool
parse_entry(struct feel_parser *p, struct feel_entry *entries, size_t count)
{
	struct feel_entry *entry = &entries[count];
	size_t offset = p->at;
	bool is_function;

	if (!parse_key(p, &entry->key) || !feel_token_try_names(p, count))
		return false;
	if (has_key(entries, count, entry->key)) {
		feel_token_fail(p, offset, p->end - offset,
		    "the key `%.*s` is there twice", STR_ARG(entry->key));
		return false;
	}
	if (!feel_token_expect(p, ":", "after the key"))
		return false;
	is_function = feel_token_is_word(p, "function");
	if (is_function)
		entry->slot = feel_scope_add(p, entry->key);
	feel_scope_add_key(p, entry->key);
	entry->node = feel_parse_expression(p);
	if (!is_function)
		entry->slot = feel_scope_add(p, entry->key);
	return !p->failed;
}

static bool
parse_entries(struct feel_parser *p, struct feel_node *context)
{
	struct feel_entry *entries = NULL;
	size_t capacity = 0;
	size_t count = 0;

	do {
		if (count == ENTRIES_MAX) {
			feel_token_fail(p, p->at, 1,
			    "a context has at most %d entries", ENTRIES_MAX);
			return false;
		}
		entries = arena_grow(p->arena, entries, count, &capacity,
		    sizeof(*entries));
		if (!parse_entry(p, entries, count))
			return false;
		feel_node_over(context, entries[count].node);
		count++;
	} while (feel_token_accept(p, ","));
	context->as.context.entries = entries;
	context->as.context.count = count;
	return true;
}

/* Rule 59: context = "{" [context entry { "," context entry }] "}" */
struct feel_node *
feel_parse_context(struct feel_parser *p)
{
	struct feel_node *context = feel_node_new(p, FEEL_CONTEXT, p->at);
	size_t scopes = p->scope_count;
	uint32_t slots = p->slot_count;
	bool in_range = p->in_range;

	feel_token_move(p, p->at + 1);
	if (feel_token_accept(p, "}"))
		return feel_node_done(p, context);
	p->in_range = false;
	if (!parse_entries(p, context))
		return NULL;
	p->in_range = in_range;
	feel_scope_cut(p, scopes, slots);
	if (!feel_token_expect(p, "}", "to close the context"))
		return NULL;
	return feel_node_done(p, context);
}
