/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_pattern.c: matches(), replace(), split() (DMN 1.5, table 74; their
 * meaning is that of XQuery and XPath Functions 3.1, section 5.6).
 */
#include "feel_builtin.h"

#include "feel_regex.h"

/* Compiled while parsing where pattern and flags are constant. */
static const void *
prepare(struct arena *arena, const struct feel_node *pattern,
    const struct feel_node *flags)
{
	struct str flag_text = STR("");

	if (pattern->op != FEEL_CONSTANT ||
	    pattern->as.constant->type != VALUE_STRING)
		return NULL;
	if (flags != NULL) {
		if (flags->op != FEEL_CONSTANT)
			return NULL;
		if (flags->as.constant->type == VALUE_STRING)
			flag_text = flags->as.constant->as.string;
		else if (!value_is_null(flags->as.constant))
			return NULL;
	}
	return feel_regex_new(arena, pattern->as.constant->as.string,
	    flag_text);
}

const void *
feel_pattern_prepare_matches(struct arena *arena,
    const struct feel_node *const *args, size_t count)
{
	must(count == 3);
	return prepare(arena, args[1], args[2]);
}

const void *
feel_pattern_prepare_replace(struct arena *arena,
    const struct feel_node *const *args, size_t count)
{
	must(count == 4);
	return prepare(arena, args[1], args[3]);
}

const void *
feel_pattern_prepare_split(struct arena *arena,
    const struct feel_node *const *args, size_t count)
{
	must(count == 2);
	return prepare(arena, args[1], NULL);
}

/* The pattern of a call, compiled now or while parsing. */
static const struct feel_regex *
get_regex(struct feel_call *call, size_t pattern, size_t flags)
{
	const struct feel_regex *regex = call->prepared;
	struct str flag_text = STR("");
	struct str text = feel_builtin_str(call, pattern);

	if (regex != NULL)
		return regex;
	if (flags > 0 && feel_builtin_has(call, flags))
		flag_text = feel_builtin_str(call, flags);
	if (feel_spend(call->run, 50 + 4 * text.bytes) &&
	    feel_afford(call->run, 64 * text.bytes))
		regex = feel_regex_new(call->run->arena, text, flag_text);
	if (regex == NULL)
		(void)feel_builtin_null(call,
		    "not a pattern, or unknown flags");
	return regex;
}

static const struct value *
give_up(struct feel_call *call)
{
	return feel_builtin_null(call, "the pattern takes too long to match");
}

const struct value *
feel_pattern_matches(struct feel_call *call)
{
	const struct feel_regex *regex = get_regex(call, 1, 2);
	struct feel_match match;

	if (regex == NULL)
		return &value_null;
	switch (feel_regex_find(call->run, regex, feel_builtin_str(call, 0), 0,
	    &match)) {
	case FEEL_FOUND:
		return &value_true;
	case FEEL_NOT_FOUND:
		return &value_false;
	default:
		return give_up(call);
	}
}

/* ----------------------------------------------------------------- replace */

/* Whether "$" is followed by a digit and "\" by one of the two everywhere. */
static bool
is_replacement(struct str s)
{
	for (size_t i = 0; i < s.bytes; i++) {
		char next = i + 1 < s.bytes ? s.at[i + 1] : '\0';

		if (s.at[i] == '\\') {
			if (next != '\\' && next != '$')
				return false;
			i++;
		} else if (s.at[i] == '$' && (next < '0' || next > '9')) {
			return false;
		}
	}
	return true;
}

/* The number of the group that "$" at `at` names: as many digits as there
 * are groups for.  *at moves to the last digit. */
static unsigned
take_group(struct str s, size_t *at, unsigned groups)
{
	unsigned group = (unsigned)(s.at[++*at] - '0');

	while (*at + 1 < s.bytes && s.at[*at + 1] >= '0' &&
	    s.at[*at + 1] <= '9') {
		unsigned longer = group * 10 + (unsigned)(s.at[*at + 1] - '0');

		if (longer > groups)
			break;
		group = longer;
		++*at;
	}
	return group;
}

/* With the flag q the replacement is as literal as the pattern (F&O 3.1,
 * section 5.6.4). */
static void
add_replacement(const struct feel_regex *regex, struct str s,
    const struct feel_match *match, struct buf *out)
{
	unsigned groups = feel_regex_group_count(regex);

	if (feel_regex_is_literal(regex)) {
		buf_add_str(out, s);
		return;
	}
	for (size_t i = 0; i < s.bytes; i++) {
		unsigned group;

		if (s.at[i] == '\\') {
			must(i + 1 < s.bytes); /* is_replacement() */
			buf_add_char(out, s.at[++i]);
		} else if (s.at[i] == '$') {
			group = take_group(s, &i, groups);
			if (group <= groups && group < FEEL_REGEX_GROUPS)
				buf_add_str(out, match->groups[group]);
		} else {
			buf_add_char(out, s.at[i]);
		}
	}
}

static enum feel_found
replace_all(struct feel_call *call, const struct feel_regex *regex,
    struct buf *out)
{
	struct str input = feel_builtin_str(call, 0);
	struct str replacement = feel_builtin_str(call, 2);
	enum feel_found found;
	struct feel_match match;
	size_t at = 0;

	for (;;) {
		if (!feel_spend(call->run, 1 + replacement.bytes / 16))
			return FEEL_GAVE_UP;
		found = feel_regex_find(call->run, regex, input, at, &match);
		if (found != FEEL_FOUND)
			break;
		/* A match of nothing could be anywhere, for ever. */
		if (match.to == match.from)
			return FEEL_GAVE_UP;
		buf_add_str(out, str_slice(input, at, match.from - at));
		add_replacement(regex, replacement, &match, out);
		at = match.to;
		if (buf_is_over(out))
			return FEEL_GAVE_UP;
	}
	buf_add_str(out, str_slice(input, at, SIZE_MAX));
	return found;
}

const struct value *
feel_pattern_replace(struct feel_call *call)
{
	const struct feel_regex *regex = get_regex(call, 1, 3);
	const struct value *result;
	struct feel_match match;
	struct buf out;

	if (regex == NULL)
		return &value_null;
	if (feel_regex_find(call->run, regex, STR(""), 0, &match) !=
	    FEEL_NOT_FOUND)
		return feel_builtin_null(call, "the pattern matches nothing");
	if (!feel_regex_is_literal(regex) &&
	    !is_replacement(feel_builtin_str(call, 2)))
		return feel_builtin_null(call,
		    "`$` needs a digit behind it, or `\\` before it");
	buf_init(&out, feel_text_bytes_max(call->run));
	if (replace_all(call, regex, &out) == FEEL_NOT_FOUND ||
	    buf_is_over(&out)) {
		result = feel_text_take(call->run, &out);
		return result != NULL ? result : &value_null;
	}
	buf_fini(&out);
	return give_up(call);
}

/* ------------------------------------------------------------------- split */

const struct value *
feel_pattern_split(struct feel_call *call)
{
	const struct feel_regex *regex = get_regex(call, 1, 0);
	struct str input = feel_builtin_str(call, 0);
	struct feel_items items = {NULL, 0, 0};
	struct feel_match match;
	enum feel_found found;
	size_t at = 0;

	if (regex == NULL)
		return &value_null;
	if (feel_regex_find(call->run, regex, STR(""), 0, &match) !=
	    FEEL_NOT_FOUND)
		return feel_builtin_null(call, "the delimiter matches nothing");
	for (;;) {
		found = feel_regex_find(call->run, regex, input, at, &match);
		if (found != FEEL_FOUND || match.to == match.from ||
		    !feel_spend(call->run, 1))
			break;
		feel_items_add(call->run, &items, value_of_str(
		    call->run->arena, str_slice(input, at, match.from - at)));
		at = match.to;
	}
	if (found != FEEL_NOT_FOUND)
		return give_up(call);
	feel_items_add(call->run, &items, value_of_str(call->run->arena,
	    str_slice(input, at, SIZE_MAX)));
	return feel_items_list(call->run, &items);
}
