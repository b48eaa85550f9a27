/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_type.c: which type a value conforms to (DMN 1.5, section 10.3.2.9),
 * and the implicit conversions of parameters (10.3.2.9.4).
 */
#include "feel_priv.h"

/* null conforms to every type, though by itself it is an instance of none
 * but Null. */
static bool
takes(const struct feel_type *type, const struct value *value)
{
	return value_is_null(value) || feel_type_has(type, value);
}

static bool
has_fields(const struct feel_type *type, const struct value *value)
{
	for (size_t i = 0; i < type->field_count; i++) {
		const struct value *field =
		    value_get(value, type->fields[i].name);

		if (field == NULL || !takes(type->fields[i].type, field))
			return false;
	}
	return true;
}

static bool
has_items(const struct feel_type *type, const struct value *value)
{
	if (type->item == NULL)
		return true;
	for (size_t i = 0; i < value->as.list.count; i++) {
		if (!takes(type->item, value->as.list.items[i]))
			return false;
	}
	return true;
}

static bool
has_end(const struct feel_type *item, const struct value *end)
{
	return end == NULL || takes(item, end);
}

static bool
has_ends(const struct feel_type *type, const struct value_range *range)
{
	return type->item == NULL || (has_end(type->item, range->low) &&
	    has_end(type->item, range->high));
}

static bool
is_same(const struct feel_type *a, const struct feel_type *b)
{
	if (a == NULL || b == NULL || a->kind == FEEL_TYPE_ANY ||
	    b->kind == FEEL_TYPE_ANY)
		return true;
	return a->kind == b->kind &&
	    (a->kind != FEEL_TYPE_SCALAR || a->scalar == b->scalar);
}

/* The type of a body is known only where it is a constant. */
static bool
has_result(const struct feel_type *type, const struct feel_node *body)
{
	if (type == NULL || type->kind == FEEL_TYPE_ANY)
		return true;
	return body->op == FEEL_CONSTANT &&
	    feel_type_has(type, body->as.constant);
}

static bool
is_function(const struct feel_type *type, const struct value_function *function)
{
	const struct feel_lambda *lambda = function->lambda;

	if (lambda == NULL)
		return function->builtin->count == type->field_count;
	if (lambda->param_count != type->field_count)
		return false;
	for (size_t i = 0; i < type->field_count; i++) {
		if (!is_same(lambda->params[i].type, type->fields[i].type))
			return false;
	}
	return has_result(type->item, lambda->body);
}

bool
feel_type_has(const struct feel_type *type, const struct value *value)
{
	if (type->kind == FEEL_TYPE_SCALAR)
		return value->type == type->scalar;
	if (value_is_null(value))
		return false;
	switch (type->kind) {
	case FEEL_TYPE_ANY:
		return true;
	case FEEL_TYPE_LIST:
		return value->type == VALUE_LIST && has_items(type, value);
	case FEEL_TYPE_CONTEXT:
		return value->type == VALUE_CONTEXT && has_fields(type, value);
	case FEEL_TYPE_RANGE:
		return value->type == VALUE_RANGE &&
		    has_ends(type, value->as.range);
	case FEEL_TYPE_FUNCTION:
		return value->type == VALUE_FUNCTION &&
		    is_function(type, value->as.function);
	default:
		unreachable("scalars were answered above");
	}
}

static const struct value *
wrap(struct arena *arena, const struct value *item)
{
	return value_of_list(arena, &item, 1);
}

static const struct value *
midnight_of(struct arena *arena, struct date date)
{
	return value_of_date_time(arena, (struct date_time){
		.date = date, .time = {.offset_kind = OFFSET_SECONDS}});
}

const struct value *
feel_type_coerce(struct arena *arena, const struct feel_type *type,
    const struct value *value)
{
	if (type == NULL || takes(type, value))
		return value;
	if (value->type == VALUE_LIST)
		return value->as.list.count == 1 &&
		    takes(type, value->as.list.items[0]) ?
		    value->as.list.items[0] : NULL;
	if (type->kind == FEEL_TYPE_LIST) {
		value = wrap(arena, value);
		return feel_type_has(type, value) ? value : NULL;
	}
	if (value->type == VALUE_DATE && type->kind == FEEL_TYPE_SCALAR &&
	    type->scalar == VALUE_DATE_TIME)
		return midnight_of(arena, value->as.date);
	return NULL;
}

const struct value *
feel_type_convert(const struct feel_type *type, const struct value *value,
    struct arena *arena)
{
	const struct value *converted = NULL;

	must(type != NULL && value != NULL);
	converted = feel_type_coerce(arena, type, value);
	return converted != NULL ? converted : &value_null;
}

const struct value *
feel_type_instance(struct feel_run *run, const struct feel_node *node)
{
	const struct value *value =
	    feel_eval_node(run, node->as.instance.operand);

	return value_of_boolean(feel_type_has(node->as.instance.type, value));
}
