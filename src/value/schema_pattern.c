/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_pattern.c: regular expressions, as ECMA-262 has them, on PCRE2.
 *
 * JSON Schema's expressions are those of JavaScript with its "u" flag.  What
 * PCRE2 writes alike but means otherwise is translated; what only PCRE2 has
 * is refused, so that a schema means the same everywhere.  A match may take
 * only so many steps: an expression like (a+)+$ must not stop the engine.
 */
#include "stated/schema.h"

#include <stdio.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "schema_priv.h"

#define MATCH_STEPS_MAX 1000000
#define MATCH_DEPTH_MAX 100000
#define MATCH_HEAP_KIB_MAX 65536
#define EXPRESSION_BYTES_MAX 4096

/* What \s is beyond ASCII, for use inside brackets. */
#define MORE_SPACES                                                            \
	"\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f"           \
	"\\u3000\\ufeff"

struct schema_pattern {
	pcre2_code *code;
};

/* ---------------------------------------------------------- translating */

struct translator {
	struct str in;
	size_t at;
	bool in_class;
	struct buf out;
	const char *problem;
};

static char
peek(const struct translator *translator, size_t ahead)
{
	size_t at = translator->at + ahead;
	return at < translator->in.bytes ? translator->in.at[at] : '\0';
}

static void
copy(struct translator *translator, size_t bytes)
{
	buf_add_str(&translator->out,
	    str_slice(translator->in, translator->at, bytes));
	translator->at += bytes;
}

static void
replace(struct translator *translator, size_t bytes, const char *text)
{
	buf_add_cstr(&translator->out, text);
	translator->at += bytes;
}

static void
translate_escape(struct translator *translator)
{
	static const char taken[] = "dDwWbBfnrtcxukpP123456789"
				    "^$\\.*+?()[]{}|/-";
	char c = peek(translator, 1);
	char next = peek(translator, 2);
	if (c == 'v')
		replace(translator, 2, "\\x0b");
	else if (c == 's')
		replace(translator, 2,
		    translator->in_class ? "\\s" MORE_SPACES
					 : "[\\s" MORE_SPACES "]");
	else if (c == 'S' && !translator->in_class)
		replace(translator, 2, "[^\\s" MORE_SPACES "]");
	else if (c == '0' && !(next >= '0' && next <= '9'))
		replace(translator, 2, "\\x00");
	else if (c == 'S' || (c && strchr(taken, c)))
		copy(translator, 2);
	else
		translator->problem = "an escape that ECMA-262 doesn't have";
}

/* "(" and what may follow it. */
static void
translate_group(struct translator *translator)
{
	static const char *const kinds[] = {"?:", "?=", "?!", "?<"};
	struct str rest = str_slice(translator->in, translator->at + 1, 2);
	bool special = peek(translator, 1) == '?' || peek(translator, 1) == '*';
	for (size_t i = 0; special && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(rest, str_of(kinds[i])))
			special = false;
	if (special)
		translator->problem = "a group that ECMA-262 doesn't have";
	copy(translator, 1);
}

/* After a quantifier PCRE2 takes "+" for a possessive one. */
static void
translate_quantifier(struct translator *translator)
{
	if (peek(translator, 1) == '+')
		translator->problem = "a quantifier after a quantifier";
	copy(translator, 1);
}

static void
translate_in_class(struct translator *translator)
{
	switch (peek(translator, 0)) {
	case '[': /* might begin [:alpha:] */
		replace(translator, 1, "\\[");
		return;
	case ']':
		translator->in_class = false;
		copy(translator, 1);
		return;
	default:
		copy(translator, 1);
	}
}

static void
translate_next(struct translator *translator)
{
	if (peek(translator, 0) == '\\') {
		translate_escape(translator);
		return;
	}
	if (translator->in_class) {
		translate_in_class(translator);
		return;
	}
	switch (peek(translator, 0)) {
	case '[':
		translator->in_class = true;
		copy(translator, peek(translator, 1) == '^' ? 2 : 1);
		return;
	case '(':
		translate_group(translator);
		return;
	case '*':
	case '+':
	case '?':
	case '}':
		translate_quantifier(translator);
		return;
	default:
		copy(translator, 1);
	}
}

/* Leaves PCRE2's expression in `out`; false with the problem. */
static bool
translate(struct translator *translator)
{
	while (translator->at < translator->in.bytes && !translator->problem)
		translate_next(translator);
	return !translator->problem;
}

/* ------------------------------------------------------------ compiling */

static void *
allocate(size_t bytes, void *arena)
{
	return arena_alloc(arena, bytes);
}

/* The arena frees all at once. */
static void
release(void *at, void *arena)
{
	(void)at;
	(void)arena;
}

static pcre2_code *
compile(struct arena *arena, struct str expression, char *message)
{
	pcre2_general_context *general =
	    pcre2_general_context_create(allocate, release, arena);
	must(general);
	pcre2_compile_context *context = pcre2_compile_context_create(general);
	must(context);
	/* "." leaves out line ends only. */
	must(pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF) == 0);
	must(pcre2_set_compile_extra_options(context,
		 PCRE2_EXTRA_ALT_BSUX) == 0);
	int code;
	PCRE2_SIZE offset;
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)expression.at,
	    expression.bytes,
	    PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS |
		PCRE2_MATCH_UNSET_BACKREF | PCRE2_DOLLAR_ENDONLY |
		PCRE2_NEVER_BACKSLASH_C,
	    &code, &offset, context);
	if (compiled)
		return compiled;
	PCRE2_UCHAR why[120];
	(void)pcre2_get_error_message(code, why, sizeof(why));
	(void)snprintf(message, SCHEMA_PATTERN_MESSAGE_BYTES,
	    "malformed expression: %s", (const char *)why);
	return NULL;
}

const struct schema_pattern *
schema_pattern_new(struct arena *arena, struct str expression,
    char message[SCHEMA_PATTERN_MESSAGE_BYTES])
{
	must(arena);
	if (expression.bytes > EXPRESSION_BYTES_MAX) {
		(void)snprintf(message, SCHEMA_PATTERN_MESSAGE_BYTES,
		    "longer than %d bytes", EXPRESSION_BYTES_MAX);
		return NULL;
	}
	struct schema_pattern *pattern = NULL;
	struct translator translator = {.in = expression};
	buf_add_cstr(&translator.out, "");
	if (translate(&translator)) {
		struct str text = arena_str(arena, buf_str(&translator.out));
		pcre2_code *code = compile(arena, text, message);
		if (code) {
			pattern = ARENA_NEW(arena, struct schema_pattern);
			pattern->code = code;
		}
	} else {
		(void)snprintf(message, SCHEMA_PATTERN_MESSAGE_BYTES,
		    "malformed expression: %s", translator.problem);
	}
	buf_fini(&translator.out);
	return pattern;
}

int
schema_pattern_match(const struct schema_pattern *pattern, struct str text)
{
	must(pattern && pattern->code);
	must(text.at);
	/* Not from the arena of the code, which other threads may share. */
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	must(data && context);
	must(pcre2_set_match_limit(context, MATCH_STEPS_MAX) == 0);
	must(pcre2_set_depth_limit(context, MATCH_DEPTH_MAX) == 0);
	must(pcre2_set_heap_limit(context, MATCH_HEAP_KIB_MAX) == 0);
	int result = pcre2_match(pattern->code, (PCRE2_SPTR)text.at, text.bytes,
	    0, 0, data, context);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	if (result == PCRE2_ERROR_NOMATCH)
		return 0;
	return result < 0 ? -1 : 1;
}
