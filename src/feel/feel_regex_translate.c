/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_regex_translate.c: XPath's regular expressions as PCRE2 reads them.
 *
 * The two agree on most; where they don't, this file says the same in
 * PCRE2's words: classes that subtract another ([A-Z-[OI]]), \i and \c,
 * blocks (\p{IsBasicLatin}), what "." leaves out.  What only one of the two
 * knows is refused: (?=…), possessive a++, \b.
 */
#include "feel_regex.h"

#include <stdio.h>

#define NESTING_MAX 50
#define GROUPS_MAX 200

struct translation {
	struct str in;
	size_t at;
	bool skips_space;
	bool is_dot_all;
	struct buf *out;
	unsigned nesting;
	unsigned group_count;
	bool has_opposite[2]; /* \I or \C in the class */
	bool is_closed[GROUPS_MAX + 1];
};

/* Sets of characters, written as the inside of a class. */
struct set {
	char letter;
	const char *inside;
};

static const struct set sets[] = {
	{'s', " \\t\\n\\r"},
	{'d', "\\p{Nd}"},
	{'w', "\\p{L}\\p{M}\\p{N}\\p{S}"},
	{'i', "\\p{L}\\p{Nl}_:"},
	{'c', "\\p{L}\\p{Nl}\\p{Nd}\\p{M}_:.\\-\\x{b7}"},
};

/* What is written inside a class for the set's opposite; \I and \C have no
 * such form and stand beside the class. */
static const struct set opposite_sets[] = {
	{'s', "\\x{0}-\\x{8}\\x{b}\\x{c}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}"},
	{'d', "\\P{Nd}"},
	{'w', "\\p{P}\\p{Z}\\p{C}"},
};

static bool translate_branches(struct translation *t);

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space(struct translation *t)
{
	while (t->skips_space && t->at < t->in.bytes &&
	    is_blank(t->in.at[t->at]))
		t->at++;
}

static char
peek(const struct translation *t)
{
	return t->at < t->in.bytes ? t->in.at[t->at] : '\0';
}

static bool
accept(struct translation *t, char c)
{
	if (t->at >= t->in.bytes || t->in.at[t->at] != c)
		return false;
	t->at++;
	return true;
}

static const char *
find_set(const struct set *from, size_t count, char letter)
{
	for (size_t i = 0; i < count; i++) {
		if (from[i].letter == letter)
			return from[i].inside;
	}
	return NULL;
}

/* One character, so that PCRE2 takes it for itself. */
static void
add_literal(struct translation *t, struct str character)
{
	if (character.bytes == 1 && (unsigned char)character.at[0] < 0x80) {
		buf_addf(t->out, "\\x{%x}", (unsigned)character.at[0]);
		return;
	}
	buf_add_str(t->out, character);
}

static struct str
take_character(struct translation *t)
{
	size_t from = t->at;

	must(t->at < t->in.bytes);
	(void)str_next_codepoint(t->in, &t->at);
	return str_slice(t->in, from, t->at - from);
}

/* ----------------------------------------------------------------- escapes */

static bool
is_category(struct str name)
{
	static const char *const categories[] = {
		"Lultmo", "Mnce", "Ndlo", "Pcdseifo", "Zslp", "Smcko", "Ccfon",
	};

	for (size_t i = 0; i < COUNT_OF(categories); i++) {
		if (name.bytes == 0 || name.at[0] != categories[i][0])
			continue;
		return name.bytes == 1 || (name.bytes == 2 &&
		    strchr(categories[i] + 1, name.at[1]) != NULL);
	}
	return false;
}

/* The name in braces; with flag x white space in it means nothing. */
static struct str
take_property(struct translation *t, char buffer[64])
{
	size_t count = 0;

	if (!accept(t, '{'))
		return (struct str){NULL, 0};
	while (t->at < t->in.bytes && t->in.at[t->at] != '}') {
		char c = t->in.at[t->at++];

		if (t->skips_space && is_blank(c))
			continue;
		if (count == 63 || c == '\0')
			return (struct str){NULL, 0};
		buffer[count++] = c;
	}
	if (!accept(t, '}'))
		return (struct str){NULL, 0};
	return (struct str){buffer, count};
}

/* \p{…} and \P{…} as the inside of a class. */
static bool
add_property(struct translation *t, char letter)
{
	char buffer[64];
	struct str name = take_property(t, buffer);
	uint32_t first;
	uint32_t last;

	if (is_category(name)) {
		buf_addf(t->out, "\\%c{%.*s}", letter, STR_ARG(name));
		return true;
	}
	if (!str_has_prefix(name, STR("Is")) || !feel_regex_find_block(
	    str_slice(name, 2, SIZE_MAX), &first, &last))
		return false;
	if (letter == 'p') {
		buf_addf(t->out, "\\x{%x}-\\x{%x}", first, last);
		return true;
	}
	if (first > 0)
		buf_addf(t->out, "\\x{0}-\\x{%x}", first - 1);
	buf_addf(t->out, "\\x{%x}-\\x{10ffff}", last + 1);
	return true;
}

/* \n \r \t and signs; the character's number or -1. */
static int
single_escape(char c)
{
	static const char letters[] = "nrt";
	static const char meant[] = "\n\r\t";
	const char *found = c != '\0' ? strchr(letters, c) : NULL;

	if (found != NULL)
		return meant[found - letters];
	if (c != '\0' && strchr("\\|.?*+(){}-[]^$", c) != NULL)
		return c;
	return -1;
}

/* An escape that stands for many, as the inside of a class; false where the
 * letter is none of these. */
static bool
add_set(struct translation *t, char letter, bool *is_set)
{
	const char *inside;

	*is_set = true;
	if (letter == 'p' || letter == 'P')
		return add_property(t, letter);
	if (letter == 'I' || letter == 'C') {
		t->has_opposite[letter == 'C'] = true;
		return true;
	}
	inside = find_set(sets, COUNT_OF(sets), letter);
	if (inside == NULL && letter >= 'A' && letter <= 'Z')
		inside = find_set(opposite_sets, COUNT_OF(opposite_sets),
		    (char)(letter | 32));
	*is_set = inside != NULL;
	if (inside != NULL)
		buf_add_cstr(t->out, inside);
	return inside != NULL;
}

/* A back reference: to a group that is closed already, by as many digits as
 * there are groups for. */
static bool
add_reference(struct translation *t, char digit)
{
	unsigned group = (unsigned)(digit - '0');

	while (peek(t) >= '0' && peek(t) <= '9' &&
	    group * 10 + (unsigned)(peek(t) - '0') <= t->group_count)
		group = group * 10 + (unsigned)(t->in.at[t->at++] - '0');
	if (group == 0 || group > t->group_count || !t->is_closed[group])
		return false;
	buf_addf(t->out, "\\g{%u}", group);
	return true;
}

/* "\" outside of classes; flag x takes white space out even behind it. */
static bool
translate_escape(struct translation *t)
{
	bool is_set;
	bool is_whole;
	char letter;
	int single;

	skip_space(t);
	letter = peek(t);
	single = single_escape(letter);
	if (letter == '\0')
		return false;
	t->at++;
	if (single >= 0) {
		buf_addf(t->out, "\\x{%x}", (unsigned)single);
		return true;
	}
	if (letter >= '0' && letter <= '9')
		return add_reference(t, letter);
	if (letter == 'I' || letter == 'C') {
		buf_addf(t->out, "[^%s]", find_set(sets, COUNT_OF(sets),
		    (char)(letter | 32)));
		return true;
	}
	buf_add_char(t->out, '[');
	is_whole = add_set(t, letter, &is_set);
	buf_add_char(t->out, ']');
	return is_whole && is_set;
}

/* ----------------------------------------------------------------- classes */

/* One character of a class; *is_set where it was an escape for many. */
static bool
translate_class_item(struct translation *t, bool *is_set)
{
	int single;
	char letter;

	*is_set = false;
	if (peek(t) == '[' || peek(t) == '\0')
		return false;
	if (!accept(t, '\\')) {
		add_literal(t, take_character(t));
		return true;
	}
	letter = peek(t);
	if (letter == '\0')
		return false;
	t->at++;
	single = single_escape(letter);
	if (single >= 0) {
		buf_addf(t->out, "\\x{%x}", (unsigned)single);
		return true;
	}
	return add_set(t, letter, is_set);
}

/* Whether "-" here begins a subtraction, or ends the class as itself. */
static bool
is_dash_at(const struct translation *t, char after)
{
	return peek(t) == '-' && t->at + 1 < t->in.bytes &&
	    t->in.at[t->at + 1] == after;
}

/* Characters and ranges up to "]" or "-[". */
static bool
translate_class_items(struct translation *t)
{
	bool is_set;

	if (peek(t) == ']')
		return false;
	while (peek(t) != ']' && !is_dash_at(t, '[')) {
		if (!translate_class_item(t, &is_set))
			return false;
		if (peek(t) != '-' || is_dash_at(t, '[') || is_dash_at(t, ']'))
			continue;
		if (is_set)
			return false;
		t->at++;
		buf_add_char(t->out, '-');
		if (!translate_class_item(t, &is_set) || is_set)
			return false;
	}
	return true;
}

static void
add_opposite(struct translation *t, char letter)
{
	buf_addf(t->out, "[^%s]", find_set(sets, COUNT_OF(sets), letter));
}

/* A class with its items, beside which \I and \C may stand: one of them, or
 * where it is negated none. */
static void
add_class(struct translation *t, struct str items, bool is_negated,
    const bool *has_opposite)
{
	static const char letters[] = "ic";

	for (size_t i = 0; i < 2; i++) {
		if (!has_opposite[i])
			continue;
		if (is_negated)
			buf_add_cstr(t->out, "(?!");
		add_opposite(t, letters[i]);
		buf_add_char(t->out, is_negated ? ')' : '|');
	}
	if (items.bytes == 0) {
		items = STR("\\x{0}-\\x{10ffff}");
		is_negated = !is_negated;
	}
	buf_addf(t->out, is_negated ? "[^%.*s]" : "[%.*s]", STR_ARG(items));
}

/* [items-[class]] is (?:(?![class])[items]): the part that is taken away is
 * looked for first, so it is written last into a buffer of its own. */
static bool
translate_class(struct translation *t)
{
	bool is_negated = accept(t, '^');
	bool has_opposite[2];
	struct buf items;
	struct buf *out = t->out;
	bool is_group;
	bool is_whole;

	if (++t->nesting > NESTING_MAX)
		return false;
	buf_init(&items, out->bytes_max);
	t->out = &items;
	memset(t->has_opposite, 0, sizeof(t->has_opposite));
	is_whole = translate_class_items(t);
	memcpy(has_opposite, t->has_opposite, sizeof(has_opposite));
	t->out = out;
	is_group = is_dash_at(t, '[') || has_opposite[0] || has_opposite[1];
	if (is_group)
		buf_add_cstr(out, "(?:");
	if (is_whole && is_dash_at(t, '[')) {
		t->at += 2;
		buf_add_cstr(out, "(?!");
		is_whole = translate_class(t);
		buf_add_char(out, ')');
	}
	add_class(t, buf_str(&items), is_negated, has_opposite);
	if (is_group)
		buf_add_char(out, ')');
	is_whole = is_whole && accept(t, ']') && !buf_is_over(&items);
	buf_fini(&items);
	t->nesting--;
	return is_whole;
}

/* --------------------------------------------------------- groups, repeats */

static bool
translate_group(struct translation *t)
{
	unsigned group = 0;

	if (++t->nesting > NESTING_MAX)
		return false;
	skip_space(t);
	if (accept(t, '?')) {
		skip_space(t);
		if (!accept(t, ':'))
			return false;
		buf_add_cstr(t->out, "(?:");
	} else {
		if (t->group_count == GROUPS_MAX)
			return false;
		group = ++t->group_count;
		buf_add_char(t->out, '(');
	}
	if (!translate_branches(t) || !accept(t, ')'))
		return false;
	buf_add_char(t->out, ')');
	if (group > 0)
		t->is_closed[group] = true;
	t->nesting--;
	return true;
}

static bool
take_count(struct translation *t, unsigned *count)
{
	size_t from;

	skip_space(t);
	from = t->at;
	*count = 0;
	while (peek(t) >= '0' && peek(t) <= '9') {
		*count = *count * 10 + (unsigned)(t->in.at[t->at++] - '0');
		if (*count > 65535)
			return false;
	}
	skip_space(t);
	return t->at > from;
}

/* {n} {n,} {n,m} */
static bool
translate_counts(struct translation *t)
{
	unsigned least;
	unsigned most;

	if (!take_count(t, &least))
		return false;
	buf_addf(t->out, "{%u", least);
	if (accept(t, ',')) {
		buf_add_char(t->out, ',');
		skip_space(t);
		if (peek(t) != '}') {
			if (!take_count(t, &most) || most < least)
				return false;
			buf_addf(t->out, "%u", most);
		}
	}
	buf_add_char(t->out, '}');
	return accept(t, '}');
}

static bool
is_quantifier(char c)
{
	return c == '?' || c == '*' || c == '+' || c == '{';
}

/* quantifier = ([?*+] | counts) "?"? */
static bool
translate_quantifier(struct translation *t)
{
	skip_space(t);
	if (!is_quantifier(peek(t)))
		return true;
	if (accept(t, '{')) {
		if (!translate_counts(t))
			return false;
	} else {
		buf_add_char(t->out, t->in.at[t->at++]);
	}
	skip_space(t);
	if (accept(t, '?'))
		buf_add_char(t->out, '?');
	skip_space(t);
	return !is_quantifier(peek(t));
}

static bool
translate_atom(struct translation *t)
{
	char c = peek(t);

	if (is_quantifier(c) || c == '}' || c == ']')
		return false;
	switch (c) {
	case '(':
		t->at++;
		return translate_group(t);
	case '[':
		t->at++;
		return translate_class(t);
	case '\\':
		t->at++;
		return translate_escape(t);
	case '.':
		/* Without flag s no end of a line, of which PCRE2 by itself
		 * leaves out one. */
		t->at++;
		buf_add_cstr(t->out, t->is_dot_all ? "." : "[^\\n\\r]");
		return true;
	case '^':
	case '$':
		t->at++;
		buf_add_char(t->out, c);
		return true;
	default:
		add_literal(t, take_character(t));
		return true;
	}
}

/* branch { "|" branch }, branch = { atom [quantifier] } */
static bool
translate_branches(struct translation *t)
{
	for (;;) {
		skip_space(t);
		if (t->at == t->in.bytes || peek(t) == ')')
			return true;
		if (accept(t, '|')) {
			buf_add_char(t->out, '|');
			continue;
		}
		if (!translate_atom(t) || !translate_quantifier(t) ||
		    buf_is_over(t->out))
			return false;
	}
}

bool
feel_regex_translate(struct str pattern, bool skips_space, bool is_dot_all,
    struct buf *out)
{
	struct translation t = {
		.in = pattern,
		.skips_space = skips_space,
		.is_dot_all = is_dot_all,
		.out = out,
	};

	return translate_branches(&t) && t.at == pattern.bytes;
}
