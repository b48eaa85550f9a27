/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_parser.h: shared by the parser's files inside src/feel only.
 *
 * The parser is recursive descent without a token list: `at` always stands
 * at the next token, white space and comments skipped.  What a run of letters
 * means depends on the names in scope, so that only the rule that needs a
 * name reads one.  The first failure sticks; every rule then returns NULL.
 */
#ifndef STATED_FEEL_PARSER_H
#define STATED_FEEL_PARSER_H

#include "feel_priv.h"

struct feel_names {
	struct arena *arena;
	struct str *names; /* of the outermost scope */
	size_t count;
	size_t capacity;
	struct str *keys; /* with spaces or signs, at any depth */
	size_t key_count;
	size_t key_capacity;
	const struct feel_names *outer; /* these are known as well; or NULL */
	bool is_open; /* there are others */
};

/* A variable in scope, or a filter, whose items' fields are in scope. */
struct feel_scope {
	struct str name; /* absent: a filter */
	uint32_t slot;
	bool is_used;
};

struct feel_parser {
	struct arena *arena;
	struct str text;
	size_t at;
	size_t end; /* of the last token */
	struct feel_error *error;
	bool failed;
	unsigned nesting;
	bool in_range; /* its end may be a "[" */
	bool keeps_parts; /* nothing is evaluated while parsing */
	const struct feel_names *names; /* may be NULL */

	struct feel_scope *scopes;
	size_t scope_count;
	size_t scope_capacity;
	uint32_t slot_count; /* live */
	uint32_t slot_max;   /* of the function being parsed */

	struct str *keys; /* with spaces or signs, of contexts in the text */
	size_t key_count;
	size_t key_capacity;

	struct feel_free_name *free_names;
	size_t free_count;
	size_t free_capacity;

	struct feel_error *doubts;
	size_t doubt_count;
	size_t doubt_capacity;

	size_t names_tried; /* where one was looked for */
	/* What is left for evaluating what is constant. */
	int64_t fold_steps;
	size_t fold_bytes;
};

/* feel_lex.c: characters and tokens. */
size_t feel_lex_space(struct str text, size_t at);
/* The end of what begins at `at`; `at` itself where nothing does. */
size_t feel_lex_identifier(struct str text, size_t at);
size_t feel_lex_number(struct str text, size_t at);
/* The end of a string literal with its quotes; SIZE_MAX where not closed. */
size_t feel_lex_string(struct str text, size_t at);
/* The characters that a literal stands for; false at a bad escape, with its
 * place and length. */
bool feel_lex_unescape(struct arena *arena, struct str literal,
    struct str *out, size_t *bad_at, size_t *bad_bytes);
bool feel_lex_is_keyword(struct str word);
/* A name as it is compared: white space runs become one space. */
struct str feel_lex_normal_name(struct arena *arena, struct str name);
/* Whether `name` stands at `at`; white space in it matches any white space.
 * The end, or 0. */
size_t feel_lex_match_name(struct str text, size_t at, struct str name);
/* Whether a name needs to be known to be read: it has spaces or signs. */
bool feel_lex_is_composite(struct str name);
/* The end of the name before a colon (of a key or a named argument), or 0. */
size_t feel_lex_key(struct str text, size_t at);
/* The end of the name before the word `in` (of an iteration), or 0. */
size_t feel_lex_iterator(struct str text, size_t at);

/* feel_token.c: what the rules are written with. */
bool feel_token_accept(struct feel_parser *p, const char *sign);
bool feel_token_accept_word(struct feel_parser *p, const char *word);
bool feel_token_is(const struct feel_parser *p, const char *sign);
bool feel_token_is_word(const struct feel_parser *p, const char *word);
/* Fails with "expected …" where the token does not follow. */
bool feel_token_expect(struct feel_parser *p, const char *sign,
    const char *after);
bool feel_token_expect_word(struct feel_parser *p, const char *word,
    const char *after);
bool feel_token_is_end(const struct feel_parser *p);
void feel_token_move(struct feel_parser *p, size_t at);
/* One level deeper: every rule that can come back to itself begins with this
 * and ends with p->nesting--.  False, and failed, where it is too deep. */
bool feel_token_enter(struct feel_parser *p);
/* Always NULL, so that a rule can return it. */
struct feel_node *feel_token_fail(struct feel_parser *p, size_t at,
    size_t bytes, const char *format, ...) PRINTF_LIKE(4, 5);
void feel_token_repair(struct feel_parser *p, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* Whether an operator of another language begins here ("=="). */
bool feel_token_is_slip(const struct feel_parser *p);
/* Counts names that are looked at to find one; false, and failed, where a
 * text takes too many. */
bool feel_token_try_names(struct feel_parser *p, size_t count);
/* Adds a doubt: see feel_each_doubt(); NULL where there are many already. */
struct feel_error *feel_token_doubt(struct feel_parser *p, size_t at,
    size_t bytes);
/* "expected WHAT, found …", with a repair for common slips. */
struct feel_node *feel_token_unexpected(struct feel_parser *p,
    const char *expected);

/* feel_habit.c: what is written so in other languages. */
struct feel_habit {
	struct str found;
	const char *instead;
};
/* The sign that `rest` begins with; NULL where it is none. */
const struct feel_habit *feel_habit_sign(struct str rest);
/* Whether it begins like an operator of FEEL and is none. */
bool feel_habit_is_sign(struct str rest);
/* What to write for a word where an operator has to stand, and for a word in
 * front of that place; or NULL. */
const char *feel_habit_word(struct str word);
const char *feel_habit_before(struct str word);
/* Whether it is a keyword but for its capitals. */
bool feel_habit_is_keyword(struct str word);
/* Whether two names differ in case and gaps only. */
bool feel_habit_is_like(struct str a, struct str b);

/* feel_scope.c: names. */
uint32_t feel_scope_add(struct feel_parser *p, struct str name);
uint32_t feel_scope_add_filter(struct feel_parser *p);
/* Back to `count` scopes; the slots of those left are free again. */
void feel_scope_cut(struct feel_parser *p, size_t count, uint32_t slots);
void feel_scope_add_key(struct feel_parser *p, struct str key);
/* The name at `at` by the longest match; *end gets its end. */
struct str feel_scope_read(struct feel_parser *p, size_t *end);
/* The same for a path's step: any key known anywhere. */
struct str feel_scope_read_step(struct feel_parser *p, size_t *end);
/* A variable's new name: words up to a keyword. */
struct str feel_scope_read_new(struct feel_parser *p, size_t *end);
/* The node that reads a name; NULL where only a built-in has it. */
struct feel_node *feel_scope_resolve(struct feel_parser *p, struct str name,
    size_t offset, size_t bytes);
/* Whether the surroundings have the name, as far as they are known. */
bool feel_scope_is_around(const struct feel_parser *p, struct str name);
bool feel_scope_is_local(const struct feel_parser *p, struct str name);

/* feel_node.c: making nodes. */
struct feel_node *feel_node_new(struct feel_parser *p, enum feel_op op,
    size_t offset);
/* Says that `child` is below the node; NULL is none. */
void feel_node_over(struct feel_node *node, const struct feel_node *child);
/* Ends the node at the last token and evaluates what is constant in it. */
struct feel_node *feel_node_done(struct feel_parser *p, struct feel_node *node);
struct feel_node *feel_node_constant(struct feel_parser *p,
    const struct value *value, size_t offset);
/* Its value always is null, and `why` says why. */
struct feel_node *feel_node_never(struct feel_parser *p, size_t offset,
    const char *why);
struct feel_node *feel_node_binary(struct feel_parser *p, enum feel_op op,
    const struct feel_node *left, const struct feel_node *right);

/* The grammar: feel_parse.c … */
struct feel_node *feel_parse_expression(struct feel_parser *p);
struct feel_node *feel_parse_arithmetic(struct feel_parser *p);
/* … feel_parse_flow.c, each from behind its first word … */
struct feel_node *feel_parse_if(struct feel_parser *p, size_t offset);
struct feel_node *feel_parse_for(struct feel_parser *p, size_t offset);
struct feel_node *feel_parse_quantified(struct feel_parser *p, enum feel_op op,
    size_t offset);
struct feel_node *feel_parse_function(struct feel_parser *p, size_t offset);
/* … feel_parse_primary.c: literals, names, paths, filters … */
struct feel_node *feel_parse_postfix(struct feel_parser *p);
bool feel_parse_string(struct feel_parser *p, struct str *out);
/* … feel_parse_boxed.c: what begins with a bracket … */
struct feel_node *feel_parse_square(struct feel_parser *p);
struct feel_node *feel_parse_round(struct feel_parser *p);
struct feel_node *feel_parse_open_start(struct feel_parser *p);
struct feel_node *feel_parse_context(struct feel_parser *p);
/* The rest of a range, from behind its "..". */
struct feel_node *feel_parse_range_rest(struct feel_parser *p, size_t offset,
    struct feel_node *low, bool low_closed);
/* Whether "[" here closes a range and begins no filter. */
bool feel_parse_is_range_end(const struct feel_parser *p);
/* … feel_parse_call.c: invocations … */
struct feel_node *feel_parse_call(struct feel_parser *p,
    struct feel_node *callee);
struct feel_node *feel_parse_call_named(struct feel_parser *p,
    struct str name, size_t offset);
/* … feel_parse_test.c: unary tests … */
struct feel_node *feel_parse_tests(struct feel_parser *p);
struct feel_node *feel_parse_in(struct feel_parser *p, struct feel_node *value);
struct feel_node *feel_parse_simple_test(struct feel_parser *p);
bool feel_parse_is_simple_test(const struct feel_parser *p);
/* … feel_parse_type.c: types. */
const struct feel_type *feel_parse_type(struct feel_parser *p);

#endif
