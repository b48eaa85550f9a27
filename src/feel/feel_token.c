/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_token.c: what the grammar's rules are written with: accept, expect,
 * fail.
 *
 * Only the first failure of a text is kept: what follows it is guesswork.
 * Those who come from other languages are told what FEEL says instead.
 */
#include "feel_parser.h"

/* What a text of many names in scope of many others may cost: a thousand of
 * each are nothing. */
#define NAMES_TRIED_MAX 8000000
#define DOUBTS_MAX 100

#include <stdarg.h>
#include <stdio.h>

static const struct str operators[] = {
	STR_INIT("and"), STR_INIT("or"), STR_INIT("in"), STR_INIT("between"),
	STR_INIT("instance"), STR_INIT("then"), STR_INIT("else"),
	STR_INIT("return"), STR_INIT("satisfies"),
};

void
feel_token_move(struct feel_parser *p, size_t at)
{
	must(at <= p->text.bytes);
	p->end = at;
	p->at = feel_lex_space(p->text, at);
}

bool
feel_token_is_end(const struct feel_parser *p)
{
	return p->at == p->text.bytes;
}

bool
feel_token_is(const struct feel_parser *p, const char *sign)
{
	/* Most tokens are ruled out by their first character. */
	if (p->at == p->text.bytes || p->text.at[p->at] != sign[0])
		return false;
	return str_has_prefix(str_slice(p->text, p->at, SIZE_MAX),
	    str_of(sign));
}

bool
feel_token_accept(struct feel_parser *p, const char *sign)
{
	if (p->failed || !feel_token_is(p, sign))
		return false;
	feel_token_move(p, p->at + strlen(sign));
	return true;
}

bool
feel_token_is_word(const struct feel_parser *p, const char *word)
{
	return feel_token_is(p, word) &&
	    feel_lex_identifier(p->text, p->at) == p->at + strlen(word);
}

bool
feel_token_accept_word(struct feel_parser *p, const char *word)
{
	if (p->failed || !feel_token_is_word(p, word))
		return false;
	feel_token_move(p, p->at + strlen(word));
	return true;
}

struct feel_node *
feel_token_fail(struct feel_parser *p, size_t at, size_t bytes,
    const char *format, ...)
{
	va_list args;

	if (p->failed)
		return NULL;
	p->failed = true;
	p->error->offset = at;
	p->error->bytes = bytes > 0 ? bytes : 1;
	p->error->repair[0] = '\0';
	va_start(args, format);
	str_vwrite(
	    p->error->message, sizeof(p->error->message), format, args);
	va_end(args);
	return NULL;
}

bool
feel_token_enter(struct feel_parser *p)
{
	if (++p->nesting <= FEEL_NESTING_MAX)
		return true;
	feel_token_fail(p, p->at, 1, "nested deeper than %d",
	    FEEL_NESTING_MAX);
	return false;
}

void
feel_token_repair(struct feel_parser *p, const char *format, ...)
{
	va_list args;

	must(p->failed);
	va_start(args, format);
	str_vwrite(
	    p->error->repair, sizeof(p->error->repair), format, args);
	va_end(args);
}

bool
feel_token_is_slip(const struct feel_parser *p)
{
	return feel_habit_is_sign(str_slice(p->text, p->at, SIZE_MAX));
}

bool
feel_token_try_names(struct feel_parser *p, size_t count)
{
	p->names_tried += count;
	if (p->names_tried <= NAMES_TRIED_MAX)
		return true;
	feel_token_fail(p, p->at, 1, "too many names");
	return false;
}

struct feel_error *
feel_token_doubt(struct feel_parser *p, size_t at, size_t bytes)
{
	struct feel_error *doubt;

	if (p->doubt_count == DOUBTS_MAX)
		return NULL;
	p->doubts = arena_grow(p->arena, p->doubts, p->doubt_count,
	    &p->doubt_capacity, sizeof(*p->doubts));
	doubt = &p->doubts[p->doubt_count++];
	doubt->offset = at;
	doubt->bytes = bytes > 0 ? bytes : 1;
	return doubt;
}

/* What stands at `at`, as an error message shows it. */
static struct str
found_here(const struct feel_parser *p)
{
	size_t end = feel_lex_identifier(p->text, p->at);

	if (end == p->at)
		end = feel_lex_number(p->text, p->at);
	if (end == p->at && p->at < p->text.bytes)
		(void)str_next_codepoint(p->text, &end);
	if (end - p->at > 60)
		end = p->at + 60;
	return str_slice(p->text, p->at, end - p->at);
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The word that the last token was, or ended in. */
static struct str
word_before(const struct feel_parser *p)
{
	size_t from = p->end;

	while (from > 0 && is_letter(p->text.at[from - 1]))
		from--;
	return str_slice(p->text, from, p->end - from);
}

static struct str
nearest_word(struct str found, const struct str *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (feel_habit_is_like(found, words[i]))
			return words[i];
	}
	return str_nearest(found, words, count);
}

/* What to write instead of what was found, where that can be said. */
static void
repair_found(struct feel_parser *p, struct str found, const struct str *words,
    size_t count)
{
	bool is_operator = words == operators;
	const char *habit = is_operator ? feel_habit_word(found) : NULL;
	struct str near = nearest_word(found, words, count);

	if (habit == NULL && is_operator)
		habit = feel_habit_before(word_before(p));
	if (habit == NULL && feel_habit_is_keyword(word_before(p)))
		habit = "keywords are written in lower case";
	if (habit != NULL)
		feel_token_repair(p, "%s", habit);
	else if (near.at != NULL && !str_equal(near, found))
		feel_token_repair(p, "did you mean `%.*s`?", STR_ARG(near));
}

/* 1,5 and 1 000 */
static bool
repair_digits(struct feel_parser *p)
{
	size_t at = p->at;
	bool is_behind = p->end > 0 &&
	    feel_lex_number(p->text, p->end - 1) == p->end;

	if (!is_behind)
		return false;
	if (feel_lex_number(p->text, at) > at)
		feel_token_repair(p, "digits stand together: `1000`");
	else if (p->text.at[at] == ',' &&
	    feel_lex_number(p->text, at + 1) > at + 1)
		feel_token_repair(p, "the decimal sign is a point: `1.5`");
	else
		return false;
	return true;
}

static void
fail_unexpected(struct feel_parser *p, const char *expected,
    const struct str *words, size_t count)
{
	const struct feel_habit *habit =
	    feel_habit_sign(str_slice(p->text, p->at, SIZE_MAX));
	struct str found = found_here(p);

	if (p->failed)
		return;
	if (found.bytes == 0) {
		feel_token_fail(p, p->at, 1, "expected %s, found the end",
		    expected);
		return;
	}
	if (habit != NULL) {
		feel_token_fail(p, p->at, habit->found.bytes,
		    "expected %s, found `%.*s`", expected,
		    STR_ARG(habit->found));
		feel_token_repair(p, "%s", habit->instead);
		return;
	}
	feel_token_fail(p, p->at, found.bytes, "expected %s, found `%.*s`",
	    expected, STR_ARG(found));
	if (words != operators || !repair_digits(p))
		repair_found(p, found, words, count);
}

struct feel_node *
feel_token_unexpected(struct feel_parser *p, const char *expected)
{
	fail_unexpected(p, expected, operators, COUNT_OF(operators));
	return NULL;
}

/* An end where a word has to follow: what it is for. */
static void
repair_end(struct feel_parser *p, struct str word)
{
	if (!feel_token_is_end(p) || p->error->repair[0] != '\0')
		return;
	if (str_equal(word, STR("else")))
		feel_token_repair(p, "an `if` always gives a value: `… else"
		    " null`");
}

static bool
expect(struct feel_parser *p, const char *token, const char *after,
    bool is_word)
{
	char expected[80];
	struct str word = str_of(token);

	(void)snprintf(expected, sizeof(expected), "`%s` %s", token, after);
	if (p->failed)
		return false;
	fail_unexpected(p, expected, &word, is_word ? 1 : 0);
	repair_end(p, word);
	return false;
}

bool
feel_token_expect(struct feel_parser *p, const char *sign, const char *after)
{
	return feel_token_accept(p, sign) || expect(p, sign, after, false);
}

bool
feel_token_expect_word(struct feel_parser *p, const char *word,
    const char *after)
{
	return feel_token_accept_word(p, word) || expect(p, word, after, true);
}
