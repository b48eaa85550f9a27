/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_type.c: which type a value conforms to (DMN 1.5, section 10.3.2.9),
 * and the implicit conversions of parameters (10.3.2.9.4).
 */
#include "feel_priv.h"

/* Looking at what is inside is paid for, where an evaluation asks. */
static bool
pay(struct feel_run *run, size_t steps)
{
	return run == NULL || feel_spend(run, steps);
}

/* null conforms to every type, though by itself it is an instance of none
 * but Null. */
static bool
takes(struct feel_run *run, const struct feel_type *type,
    const struct value *value)
{
	return value_is_null(value) || feel_type_has(run, type, value);
}

static bool
has_fields(struct feel_run *run, const struct feel_type *type,
    const struct value *value)
{
	if (!pay(run, type->field_count))
		return false;
	for (size_t i = 0; i < type->field_count; i++) {
		const struct value *field =
		    value_get(value, type->fields[i].name);

		if (field == NULL || !takes(run, type->fields[i].type, field))
			return false;
	}
	return true;
}

static bool
has_items(struct feel_run *run, const struct feel_type *type,
    const struct value *value)
{
	if (type->item == NULL)
		return true;
	if (!pay(run, value->as.list.count))
		return false;
	for (size_t i = 0; i < value->as.list.count; i++) {
		if (!takes(run, type->item, value->as.list.items[i]))
			return false;
	}
	return true;
}

static bool
has_end(struct feel_run *run, const struct feel_type *item,
    const struct value *end)
{
	return end == NULL || takes(run, item, end);
}

static bool
has_ends(struct feel_run *run, const struct feel_type *type,
    const struct value_range *range)
{
	return type->item == NULL || (has_end(run, type->item, range->low) &&
	    has_end(run, type->item, range->high));
}

/* --------------------------------------------------------------- functions */

static bool conforms(struct feel_run *run, const struct feel_type *type,
    const struct feel_type *wanted);

static const struct feel_type *
find_field(const struct feel_type *type, struct str name)
{
	for (size_t i = 0; i < type->field_count; i++) {
		if (str_equal(type->fields[i].name, name))
			return type->fields[i].type;
	}
	return NULL;
}

static bool
conforms_fields(struct feel_run *run, const struct feel_type *type,
    const struct feel_type *wanted)
{
	for (size_t i = 0; i < wanted->field_count; i++) {
		const struct feel_type *field =
		    find_field(type, wanted->fields[i].name);

		if (field == NULL || !pay(run, type->field_count) ||
		    !conforms(run, field, wanted->fields[i].type))
			return false;
	}
	return true;
}

/* What the wanted function is given, this one must take. */
static bool
conforms_params(struct feel_run *run, const struct feel_type *type,
    const struct feel_type *wanted)
{
	if (type->field_count != wanted->field_count)
		return false;
	for (size_t i = 0; i < wanted->field_count; i++) {
		if (!conforms(run, wanted->fields[i].type,
		    type->fields[i].type))
			return false;
	}
	return true;
}

static bool
is_any(const struct feel_type *type)
{
	return type == NULL || type->kind == FEEL_TYPE_ANY;
}

/* Whether every value of the type is one of the wanted type. */
static bool
conforms(struct feel_run *run, const struct feel_type *type,
    const struct feel_type *wanted)
{
	if (is_any(wanted))
		return true;
	if (!pay(run, 1))
		return false;
	if (is_any(type) || type->kind != wanted->kind)
		return false;
	switch (type->kind) {
	case FEEL_TYPE_SCALAR:
		return type->scalar == wanted->scalar;
	case FEEL_TYPE_CONTEXT:
		return conforms_fields(run, type, wanted);
	case FEEL_TYPE_FUNCTION:
		return conforms_params(run, type, wanted) &&
		    conforms(run, type->item, wanted->item);
	default:
		return conforms(run, type->item, wanted->item);
	}
}

static const struct feel_type *
type_of_slot(const struct feel_lambda *lambda, const struct feel_node *node)
{
	if (node->op != FEEL_SLOT || node->as.slot < lambda->captured ||
	    node->as.slot - lambda->captured >= lambda->param_count)
		return NULL;
	return lambda->params[node->as.slot - lambda->captured].type;
}

/* VALUE_NULL where it is not known without evaluating. */
static enum value_type
scalar_of(const struct feel_lambda *lambda, const struct feel_node *node)
{
	const struct feel_type *type = type_of_slot(lambda, node);
	enum value_type left;

	if (type != NULL)
		return type->kind == FEEL_TYPE_SCALAR ? type->scalar :
		    VALUE_NULL;
	switch (node->op) {
	case FEEL_CONSTANT:
		return node->as.constant->type;
	case FEEL_EQUAL:
	case FEEL_UNEQUAL:
	case FEEL_LESS:
	case FEEL_AT_MOST:
	case FEEL_GREATER:
	case FEEL_AT_LEAST:
	case FEEL_AND:
	case FEEL_OR:
		return VALUE_BOOLEAN;
	case FEEL_ADD:
	case FEEL_SUBTRACT:
	case FEEL_MULTIPLY:
	case FEEL_DIVIDE:
	case FEEL_POWER:
		left = scalar_of(lambda, node->as.of.left);
		return left == VALUE_NUMBER &&
		    scalar_of(lambda, node->as.of.right) == VALUE_NUMBER ?
		    left : VALUE_NULL;
	default:
		return VALUE_NULL;
	}
}

/* A function names no type of its result: only what its body surely gives
 * can contradict. */
static bool
may_give(struct feel_run *run, const struct feel_lambda *lambda,
    const struct feel_type *type)
{
	const struct feel_node *body = lambda->body;
	const struct feel_type *given = type_of_slot(lambda, body);
	enum value_type scalar;

	if (is_any(type))
		return true;
	if (!pay(run, body->bytes / 4))
		return false;
	if (body->op == FEEL_CONSTANT)
		return takes(run, type, body->as.constant);
	if (given != NULL)
		return conforms(run, given, type);
	scalar = scalar_of(lambda, body);
	return scalar == VALUE_NULL ||
	    (type->kind == FEEL_TYPE_SCALAR && type->scalar == scalar);
}

static bool
is_lambda(struct feel_run *run, const struct feel_type *type,
    const struct feel_lambda *lambda)
{
	if (lambda->param_count != type->field_count)
		return false;
	for (size_t i = 0; i < type->field_count; i++) {
		if (!conforms(run, type->fields[i].type,
		    lambda->params[i].type))
			return false;
	}
	return lambda->body == NULL ||
	    may_give(run, lambda, type->item);
}

static bool
is_function(struct feel_run *run, const struct feel_type *type,
    const struct value_function *function)
{
	if (function->lambda != NULL)
		return is_lambda(run, type, function->lambda);
	return feel_builtin_takes(function->builtin, type->field_count);
}

bool
feel_type_has(struct feel_run *run, const struct feel_type *type,
    const struct value *value)
{
	if (type->kind == FEEL_TYPE_SCALAR)
		return value->type == type->scalar;
	if (value_is_null(value))
		return false;
	switch (type->kind) {
	case FEEL_TYPE_ANY:
		return true;
	case FEEL_TYPE_LIST:
		return value->type == VALUE_LIST &&
		    has_items(run, type, value);
	case FEEL_TYPE_CONTEXT:
		return value->type == VALUE_CONTEXT &&
		    has_fields(run, type, value);
	case FEEL_TYPE_RANGE:
		return value->type == VALUE_RANGE &&
		    has_ends(run, type, value->as.range);
	case FEEL_TYPE_FUNCTION:
		return value->type == VALUE_FUNCTION &&
		    is_function(run, type, value->as.function);
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
feel_type_coerce(struct feel_run *run, struct arena *arena,
    const struct feel_type *type, const struct value *value)
{
	if (type == NULL || takes(run, type, value))
		return value;
	if (value->type == VALUE_LIST)
		return value->as.list.count == 1 &&
		    takes(run, type, value->as.list.items[0]) ?
		    value->as.list.items[0] : NULL;
	if (type->kind == FEEL_TYPE_LIST) {
		value = wrap(arena, value);
		return feel_type_has(run, type, value) ? value : NULL;
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
	converted = feel_type_coerce(NULL, arena, type, value);
	return converted != NULL ? converted : &value_null;
}

const struct value *
feel_type_instance(struct feel_run *run, const struct feel_node *node)
{
	const struct value *value =
	    feel_eval_node(run, node->as.instance.operand);

	feel_look(run, (struct str){NULL, 0}, value);
	return value_of_boolean(
	    feel_type_has(run, node->as.instance.type, value));
}
