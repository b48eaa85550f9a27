/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_context.c: functions of contexts (DMN 1.5, table 81).
 */
#include "feel_builtin.h"

/* A key, or a list of keys that lead inwards. */
const struct value *
feel_context_get(struct feel_call *call)
{
	const struct value *at = call->args[0];
	const struct value *key = call->args[1];
	const struct value *const *keys = &key;
	size_t count = 1;

	if (key->type == VALUE_LIST) {
		keys = key->as.list.items;
		count = key->as.list.count;
	}
	if (count == 0 || !feel_spend(call->run, count))
		return feel_builtin_null(call, "there is no key");
	for (size_t i = 0; i < count; i++) {
		if (keys[i]->type != VALUE_STRING ||
		    !feel_spend_bytes(call->run, keys[i]->as.string.bytes))
			return feel_builtin_null(call, "a key is no text");
		at = value_get(at, keys[i]->as.string);
		if (at == NULL)
			return feel_builtin_null(call,
			    "the context has no `%.*s`",
			    STR_ARG(keys[i]->as.string));
	}
	return at;
}

static const struct value *
make_entry(struct arena *arena, const struct value_field *field)
{
	struct value_builder *entry = value_build_context(arena);

	value_put(entry, STR("key"), value_of_str(arena, field->key));
	value_put(entry, STR("value"), field->value);
	return value_built(entry);
}

const struct value *
feel_context_entries(struct feel_call *call)
{
	const struct value *context = call->args[0];
	size_t count = context->as.context.count;
	struct feel_items out = {NULL, 0, 0};

	if (!feel_spend(call->run, 4 * count) ||
	    !feel_afford(call->run, 256 * count))
		return &value_null;
	for (size_t i = 0; i < count; i++)
		feel_items_add(call->run, &out, make_entry(call->run->arena,
		    &context->as.context.fields[i]));
	return feel_items_list(call->run, &out);
}

/* Whether it is {key: text, value: …} with a key that is not there yet. */
static bool
put_entry(struct value_builder *context, const struct value *entry)
{
	const struct value *key = value_get_cstr(entry, "key");
	const struct value *value = value_get_cstr(entry, "value");

	if (key == NULL || value == NULL || key->type != VALUE_STRING ||
	    value_has(context, key->as.string))
		return false;
	value_put(context, key->as.string, value);
	return true;
}

const struct value *
feel_context_make(struct feel_call *call)
{
	const struct value *entries = call->args[0];
	struct value_builder *context = value_build_context(call->run->arena);

	if (!feel_spend(call->run, 4 * entries->as.list.count) ||
	    !feel_afford(call->run, 64 * entries->as.list.count))
		return &value_null;
	for (size_t i = 0; i < entries->as.list.count; i++) {
		if (!put_entry(context, entries->as.list.items[i]))
			return feel_builtin_null(call,
			    "an entry is not {key, value}, or a key is twice");
	}
	return value_built(context);
}

/* ------------------------------------------------------------ put, merge */

/* The context with the value at the end of the keys. */
static const struct value *
put_at(struct feel_call *call, const struct value *context,
    const struct value *const *keys, size_t count, unsigned depth)
{
	const struct value *inner;

	if (count == 0 || depth == 0 || keys[0]->type != VALUE_STRING ||
	    context == NULL || context->type != VALUE_CONTEXT ||
	    !feel_spend(call->run, 1 + 4 * context->as.context.count) ||
	    !feel_afford(call->run, 64 * context->as.context.count))
		return NULL;
	inner = call->args[2];
	if (count > 1)
		inner = put_at(call, value_get(context, keys[0]->as.string),
		    keys + 1, count - 1, depth - 1);
	if (inner == NULL)
		return NULL;
	return value_with(call->run->arena, context, keys[0]->as.string,
	    inner);
}

const struct value *
feel_context_put(struct feel_call *call)
{
	const struct value *key = call->args[1];
	const struct value *const *keys = &key;
	const struct value *result;
	size_t count = 1;

	if (key->type == VALUE_LIST) {
		keys = key->as.list.items;
		count = key->as.list.count;
	}
	result = put_at(call, call->args[0], keys, count,
	    FEEL_VALUE_DEPTH_MAX);
	if (result == NULL)
		return feel_builtin_null(call,
		    "the keys do not lead to a context");
	return result;
}

const struct value *
feel_context_merge(struct feel_call *call)
{
	const struct value *list = call->args[0];
	struct value_builder *merged = value_build_context(call->run->arena);

	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *context = list->as.list.items[i];

		if (context->type != VALUE_CONTEXT)
			return feel_builtin_null(call, "an item is no context");
		if (!feel_spend(call->run, 1 + 4 * context->as.context.count) ||
		    !feel_afford(call->run, 64 * context->as.context.count))
			return &value_null;
		for (size_t j = 0; j < context->as.context.count; j++)
			value_put(merged, context->as.context.fields[j].key,
			    context->as.context.fields[j].value);
	}
	return value_built(merged);
}
