/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_scalar.c: what a text of YAML means under the core schema.
 *
 * Only a plain text can be anything but a string.  Numbers are decimals,
 * exact to 34 digits; one that does not fit is refused, never rounded.
 */
#include "yaml_priv.h"

#include "load_codes.h"

static bool
is_one_of(struct str text, const char *const *words)
{
	for (; *words; words++) {
		if (str_equal(text, str_of(*words)))
			return true;
	}
	return false;
}

static size_t
count_digits(struct str s, size_t from)
{
	size_t at = from;

	while (at < s.bytes && s.at[at] >= '0' && s.at[at] <= '9')
		at++;
	return at - from;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
looks_decimal(struct str s, size_t *bare_point)
{
	size_t at = s.bytes > 0 && (s.at[0] == '-' || s.at[0] == '+');
	size_t whole = count_digits(s, at);
	size_t part = 0;

	*bare_point = SIZE_MAX;
	at += whole;
	if (at < s.bytes && s.at[at] == '.') {
		part = count_digits(s, at + 1);
		if (part == 0)
			*bare_point = at;
		at += 1 + part;
	}
	if (whole == 0 && part == 0)
		return false;
	if (at < s.bytes && (s.at[at] == 'e' || s.at[at] == 'E')) {
		at++;
		if (at < s.bytes && (s.at[at] == '-' || s.at[at] == '+'))
			at++;
		whole = count_digits(s, at);
		if (whole == 0)
			return false;
		at += whole;
	}
	return at == s.bytes;
}

static const char *
number_problem(enum number_error error)
{
	switch (error) {
	case NUMBER_INEXACT:
		return "a number holds at most 34 digits";
	case NUMBER_RANGE:
		return "the number is out of range";
	case NUMBER_OK:
	case NUMBER_SYNTAX:
	case NUMBER_UNDEFINED:
		break;
	}
	return "not a number";
}

/* 0x1F and 0o17: integers of up to 60 bits, which is more than anyone has
 * written into a workflow. */
static bool
read_based(struct str s, struct number *out, const char **error)
{
	int shift = str_has_prefix(s, STR("0x")) ? 4 :
	    str_has_prefix(s, STR("0o")) ? 3 : 0;
	int64_t n = 0;

	if (shift == 0 || s.bytes < 3)
		return false;
	for (size_t i = 2; i < s.bytes; i++) {
		char c = s.at[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
		    (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ?
		    (c | 0x20) - 'a' + 10 : 99;

		if (digit >= 1 << shift)
			return false;
		if (n < INT64_C(1) << 56)
			n = n * (1 << shift) + digit;
		else
			*error = "the number is too large";
	}
	*out = number_of_int(n);
	return true;
}

static enum yaml_scalar
read_number(struct str text, struct number *number, const char **error)
{
	static const char *const not_finite[] = {
		".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
		"-.Inf", "-.INF", ".nan", ".NaN", ".NAN", NULL,
	};
	char copy[256];
	enum number_error failure;
	size_t bare_point;

	if (is_one_of(text, not_finite)) {
		*error = "a number has to be finite";
		return SCALAR_BAD;
	}
	if (read_based(text, number, error))
		return *error ? SCALAR_BAD : SCALAR_NUMBER;
	if (!looks_decimal(text, &bare_point))
		return SCALAR_STRING;
	if (bare_point != SIZE_MAX && text.bytes <= sizeof(copy)) {
		/* "12." is a number to YAML, but not to number_parse(). */
		memcpy(copy, text.at, bare_point);
		memcpy(copy + bare_point, text.at + bare_point + 1,
		    text.bytes - bare_point - 1);
		text = (struct str){copy, text.bytes - 1};
	}
	failure = number_parse(text, number);
	if (failure == NUMBER_OK)
		return SCALAR_NUMBER;
	*error = number_problem(failure);
	return SCALAR_BAD;
}

enum yaml_scalar
yaml_scalar_read(const struct yaml_node *text, bool *boolean,
    struct number *number, const char **error)
{
	static const char *const nulls[] = {
	    "", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};

	must(text->kind == NODE_TEXT);
	*error = NULL;
	if (text->style != STYLE_PLAIN)
		return SCALAR_STRING;
	if (is_one_of(text->text, nulls))
		return SCALAR_NULL;
	*boolean = is_one_of(text->text, trues);
	if (*boolean || is_one_of(text->text, falses))
		return SCALAR_BOOLEAN;
	return read_number(text->text, number, error);
}

bool
yaml_scalar_is_string(const struct yaml_node *node)
{
	bool boolean;
	struct number number;
	const char *error;

	return node->kind == NODE_TEXT &&
	    yaml_scalar_read(node, &boolean, &number, &error) == SCALAR_STRING;
}

static const struct value *
text_value(struct arena *arena, const struct yaml_node *node,
    struct diag_list *diags)
{
	bool boolean;
	struct number number;
	const char *error;

	switch (yaml_scalar_read(node, &boolean, &number, &error)) {
	case SCALAR_NULL:
		return &value_null;
	case SCALAR_BOOLEAN:
		return value_of_boolean(boolean);
	case SCALAR_NUMBER:
		return value_of_number(arena, number);
	case SCALAR_STRING:
		return value_of_str(arena, node->text);
	case SCALAR_BAD:
		diag_add(diags, DIAG_ERROR, LOAD_BAD_NUMBER, node->span,
		    "%s: %.*s", error, STR_ARG(yaml_short(node->text)));
		diag_repair(diags, "put it in quotes if it is a text");
		return &value_null;
	}
	unreachable("all scalars are handled");
}

const struct value *
yaml_scalar_value(struct arena *arena, const struct yaml_node *node,
    struct diag_list *diags)
{
	struct value_builder *builder;

	if (node->kind == NODE_TEXT)
		return text_value(arena, node, diags);
	if (node->kind == NODE_LIST) {
		builder = value_build_list(arena);
		for (size_t i = 0; i < node->count; i++) {
			value_append(builder, yaml_scalar_value(arena,
			    node->items[i], diags));
		}
		return value_built(builder);
	}
	builder = value_build_context(arena);
	for (size_t i = 0; i < node->count; i++) {
		value_put(builder, node->pairs[i].key->text,
		    yaml_scalar_value(arena, node->pairs[i].value, diags));
	}
	return value_built(builder);
}
