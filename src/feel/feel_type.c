/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_type.c: which type a value conforms to (DMN 1.5, section 10.3.2.9),
 * and the implicit conversions of parameters (10.3.2.9.4).
 */
#include "feel_priv.h"

static bool
has_fields(const struct feel_type *type, const struct value *value)
{
	for (size_t i = 0; i < type->field_count; i++) {
		const struct value *field =
		    value_get(value, type->fields[i].name);

		if (field == NULL || (!value_is_null(field) &&
		    !feel_type_has(type->fields[i].type, field)))
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
		if (type->item->kind != FEEL_TYPE_ANY &&
		    !feel_type_has(type->item, value->as.list.items[i]))
			return false;
	}
	return true;
}

static bool
has_end(const struct feel_type *item, const struct value *end)
{
	return end == NULL || value_is_null(end) || feel_type_has(item, end);
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

/* null conforms to every type; one item and the list of it are taken for one
 * another. */
const struct value *
feel_type_coerce(struct feel_run *run, const struct feel_type *type,
    const struct value *value)
{
	const struct value **items;
	const struct value *inner;

	if (type == NULL || value_is_null(value) || feel_type_has(type, value))
		return value;
	if (value->type == VALUE_LIST) {
		if (value->as.list.count != 1)
			return NULL;
		inner = value->as.list.items[0];
		return type->kind != FEEL_TYPE_LIST &&
		    feel_type_has(type, inner) ? inner : NULL;
	}
	if (type->kind != FEEL_TYPE_LIST ||
	    (type->item != NULL && !feel_type_has(type->item, value)))
		return NULL;
	items = ARENA_ARRAY(run->arena, 1, const struct value *);
	items[0] = value;
	return feel_list_take(run, items, 1);
}

const struct value *
feel_type_instance(struct feel_run *run, const struct feel_node *node)
{
	const struct value *value =
	    feel_eval_node(run, node->as.instance.operand);

	return value_of_boolean(feel_type_has(node->as.instance.type, value));
}
