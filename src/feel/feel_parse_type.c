/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_parse_type.c: types as they are written after `instance of` and `:`
 * (DMN 1.5, grammar rule 52).
 */
#include "feel_parser.h"

struct named_type {
	struct str name;
	enum feel_type_kind kind;
	enum value_type scalar;
};

/* Longer names first where one begins the other. */
static const struct named_type named_types[] = {
	{STR_INIT("years and months duration"), FEEL_TYPE_SCALAR, VALUE_MONTHS},
	{STR_INIT("days and time duration"), FEEL_TYPE_SCALAR, VALUE_DURATION},
	{STR_INIT("date and time"), FEEL_TYPE_SCALAR, VALUE_DATE_TIME},
	{STR_INIT("boolean"), FEEL_TYPE_SCALAR, VALUE_BOOLEAN},
	{STR_INIT("number"), FEEL_TYPE_SCALAR, VALUE_NUMBER},
	{STR_INIT("string"), FEEL_TYPE_SCALAR, VALUE_STRING},
	{STR_INIT("date"), FEEL_TYPE_SCALAR, VALUE_DATE},
	{STR_INIT("time"), FEEL_TYPE_SCALAR, VALUE_TIME},
	{STR_INIT("Null"), FEEL_TYPE_SCALAR, VALUE_NULL},
	{STR_INIT("Any"), FEEL_TYPE_ANY, VALUE_NULL},
	{STR_INIT("list"), FEEL_TYPE_LIST, VALUE_LIST},
	{STR_INIT("range"), FEEL_TYPE_RANGE, VALUE_RANGE},
	{STR_INIT("context"), FEEL_TYPE_CONTEXT, VALUE_CONTEXT},
	{STR_INIT("function"), FEEL_TYPE_FUNCTION, VALUE_FUNCTION},
};

static const struct feel_type *
fail_type(struct feel_parser *p)
{
	struct str names[COUNT_OF(named_types)];
	size_t end = feel_lex_identifier(p->text, p->at);
	struct str found = str_slice(p->text, p->at, end - p->at);
	struct str near;

	if (p->failed)
		return NULL;
	if (found.bytes == 0) {
		feel_token_unexpected(p, "a type");
		return NULL;
	}
	for (size_t i = 0; i < COUNT_OF(names); i++)
		names[i] = named_types[i].name;
	near = str_nearest(found, names, COUNT_OF(names));
	feel_token_fail(p, p->at, found.bytes, "unknown type `%.*s`",
	    STR_ARG(found));
	if (near.at != NULL)
		feel_token_repair(p, "did you mean `%.*s`?", STR_ARG(near));
	return NULL;
}

static const struct named_type *
accept_type_name(struct feel_parser *p)
{
	size_t end;

	for (size_t i = 0; i < COUNT_OF(named_types); i++) {
		end = feel_lex_match_name(p->text, p->at, named_types[i].name);
		if (end > 0) {
			feel_token_move(p, end);
			return &named_types[i];
		}
	}
	return NULL;
}

/* "list" "<" type ">" | "range" "<" type ">"; the bare word takes any. */
static bool
parse_item_type(struct feel_parser *p, struct feel_type *type)
{
	if (!feel_token_accept(p, "<"))
		return true;
	type->item = feel_parse_type(p);
	return type->item != NULL &&
	    feel_token_expect(p, ">", "after the type");
}

/* name ":" of a context's field */
static bool
parse_field_name(struct feel_parser *p, struct str *name)
{
	size_t end = feel_lex_key(p->text, p->at);

	if (end == 0) {
		feel_token_unexpected(p, "a field's name and `:`");
		return false;
	}
	*name = feel_lex_normal_name(p->arena,
	    str_slice(p->text, p->at, end - p->at));
	feel_token_move(p, end);
	return feel_token_expect(p, ":", "after the field's name");
}

/* "<" [field { "," field }] ">", field = [name ":"] type */
static bool
parse_fields(struct feel_parser *p, struct feel_type *type, bool has_names)
{
	struct feel_type_field *fields = NULL;
	size_t capacity = 0;

	if (feel_token_accept(p, ">"))
		return true;
	do {
		fields = arena_grow(p->arena, fields, type->field_count,
		    &capacity, sizeof(*fields));
		if (has_names &&
		    !parse_field_name(p, &fields[type->field_count].name))
			return false;
		fields[type->field_count].type = feel_parse_type(p);
		type->field_count++;
	} while (feel_token_accept(p, ","));
	type->fields = fields;
	return feel_token_expect(p, ">", "after the types");
}

/* "function" "<" [type { "," type }] ">" "->" type */
static bool
parse_function_type(struct feel_parser *p, struct feel_type *type)
{
	if (!feel_token_expect(p, "<", "after `function`") ||
	    !parse_fields(p, type, false) ||
	    !feel_token_expect(p, "->", "before the result's type"))
		return false;
	type->item = feel_parse_type(p);
	return type->item != NULL;
}

static bool
parse_type_rest(struct feel_parser *p, struct feel_type *type)
{
	switch (type->kind) {
	case FEEL_TYPE_LIST:
	case FEEL_TYPE_RANGE:
		return parse_item_type(p, type);
	case FEEL_TYPE_CONTEXT:
		return !feel_token_accept(p, "<") ||
		    parse_fields(p, type, true);
	case FEEL_TYPE_FUNCTION:
		return parse_function_type(p, type);
	default:
		return true;
	}
}

/* Rule 52: type = qualified name | "range" "<" type ">" | "list" "<" type
 * ">" | "context" "<" name ":" type { "," name ":" type } ">" | "function"
 * "<" [type { "," type }] ">" "->" type */
const struct feel_type *
feel_parse_type(struct feel_parser *p)
{
	const struct named_type *named;
	struct feel_type *type;
	bool is_whole;

	if (p->failed)
		return NULL;
	if (!feel_token_enter(p))
		return NULL;
	named = accept_type_name(p);
	if (named == NULL)
		return fail_type(p);
	type = ARENA_NEW(p->arena, struct feel_type);
	type->kind = named->kind;
	type->scalar = named->scalar;
	is_whole = parse_type_rest(p, type);
	p->nesting--;
	return is_whole ? type : NULL;
}
