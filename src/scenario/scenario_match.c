/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_match.c: what is, held against what was expected.
 *
 * Every difference is one line that names its place, so that a large context
 * in which one field is wrong is told by that field alone.
 */
#include "scenario_priv.h"

#define TEXT_COLUMNS_MAX 120
#define DIFFERENCES_MAX 12

struct str
scenario_match_text(struct arena *arena, const struct value *value)
{
	struct buf json = {0};
	struct str text;
	size_t at = 0;

	if (value == NULL)
		return STR("absent");
	json_write(value, JSON_PLAIN, &json);
	text = buf_str(&json);
	for (size_t n = 0; n < TEXT_COLUMNS_MAX && at < text.bytes; n++)
		(void)str_next_codepoint(text, &at);
	text = at < text.bytes ? arena_strf(arena, "%.*s…", (int)at, text.at)
			       : arena_str(arena, text);
	buf_fini(&json);
	return text;
}

void
scenario_match_tell(struct match *match, const char *format, ...)
{
	struct buf text = {0};
	va_list arguments;

	if (match->count > DIFFERENCES_MAX)
		return;
	va_start(arguments, format);
	buf_addv(&text, format, arguments);
	va_end(arguments);
	match->differences = arena_grow(match->arena, match->differences,
	    match->count, &match->capacity, sizeof(*match->differences));
	match->differences[match->count] =
	    match->count < DIFFERENCES_MAX
		? arena_str(match->arena, buf_str(&text))
		: STR("and more");
	match->count++;
	buf_fini(&text);
}

static bool
differ(struct match *match, struct str path, struct str expected,
    const struct value *actual)
{
	scenario_match_tell(match, "%.*s: expected %.*s, is %.*s",
	    STR_ARG(path.bytes > 0 ? path : STR("it")), STR_ARG(expected),
	    STR_ARG(scenario_match_text(match->arena, actual)));
	return false;
}

static struct str
below(struct match *match, struct str path, struct str key)
{
	return path.bytes == 0 ? key
			       : arena_strf(match->arena, "%.*s.%.*s",
				     STR_ARG(path), STR_ARG(key));
}

/* ---- one kind of template each ---- */

/* Dates and the like are written as texts. */
static bool
is_text_of(struct str text, const struct value *actual)
{
	struct buf json = {0};
	bool is_same;

	if (actual->type < VALUE_DATE || actual->type > VALUE_MONTHS)
		return false;
	json_write(actual, JSON_PLAIN, &json);
	is_same = json.bytes > 2 &&
		  str_equal(str_slice(buf_str(&json), 1, json.bytes - 2), text);
	buf_fini(&json);
	return is_same;
}

static bool
match_literal(struct match *match, struct str path,
    const struct template *expected, const struct value *actual)
{
	const struct value *literal = expected->literal;

	if (actual == NULL && value_is_null(literal))
		return true;
	if (actual != NULL && (value_equal(literal, actual) ||
				  (literal->type == VALUE_STRING &&
				      is_text_of(literal->as.string, actual))))
		return true;
	return differ(
	    match, path, scenario_match_text(match->arena, literal), actual);
}

static bool
match_expression(struct match *match, struct str path,
    const struct template *expected, const struct value *actual)
{
	const struct value *is = actual != NULL ? actual : &value_null;

	match->env->note[0] = '\0';
	if (value_is_true(feel_test(expected->feel, is, match->env)))
		return true;
	(void)differ(match, path,
	    arena_strf(match->arena, "=%.*s", STR_ARG(expected->text)), actual);
	if (match->env->note[0] != '\0')
		scenario_match_tell(match, "  (%s)", match->env->note);
	return false;
}

static bool
match_list(struct match *match, struct str path,
    const struct template *expected, const struct value *actual)
{
	bool is_same = true;

	if (actual == NULL || actual->type != VALUE_LIST)
		return differ(match, path, STR("a list"), actual);
	if (actual->as.list.count != expected->count)
		return differ(match, path,
		    arena_strf(match->arena, "%zu item%s", expected->count,
			expected->count == 1 ? "" : "s"),
		    actual);
	for (size_t i = 0; i < expected->count; i++)
		is_same &= scenario_match(match,
		    arena_strf(match->arena, "%.*s[%zu]", STR_ARG(path), i + 1),
		    expected->items[i], actual->as.list.items[i]);
	return is_same;
}

static bool
match_context(struct match *match, struct str path,
    const struct template *expected, const struct value *actual)
{
	bool is_same = true;

	if (actual == NULL || actual->type != VALUE_CONTEXT)
		return differ(match, path, STR("a mapping"), actual);
	for (size_t i = 0; i < expected->count; i++)
		is_same &= scenario_match(match,
		    below(match, path, expected->fields[i].key),
		    expected->fields[i].value,
		    value_get(actual, expected->fields[i].key));
	return is_same;
}

bool
scenario_match(struct match *match, struct str path,
    const struct template *expected, const struct value *actual)
{
	switch (expected->kind) {
	case TEMPLATE_LITERAL:
		return match_literal(match, path, expected, actual);
	case TEMPLATE_FEEL:
		return match_expression(match, path, expected, actual);
	case TEMPLATE_LIST:
		return match_list(match, path, expected, actual);
	case TEMPLATE_CONTEXT:
		return match_context(match, path, expected, actual);
	case TEMPLATE_SECRET:
		break;
	}
	unreachable("a scenario has no secrets");
}
