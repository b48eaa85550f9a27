/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_scope.c: which names an expression may read.
 *
 * The parser of expressions is told all names; whether a name that it found
 * is one of them is checked afterwards, so that a slip of the pen is a load
 * error with the nearest name, not a null at midnight.
 */
#include "load_priv.h"

/* Of those around a scope so many are compared with a name that nobody has. */
#define NAMES_SHOWN 1000

struct load_scope {
	struct arena *arena;
	const struct load_scope *outer; /* whose names are known as well */
	struct feel_names *names;
	struct map *index; /* the names that are known */
	struct str *known;
	size_t known_count;
	size_t known_capacity;
	struct str *gathered;
	size_t gathered_count;
	size_t gathered_capacity;
	const struct yaml_node *schema; /* of the input; NULL: none */
	const struct yaml_node *input; /* its properties; NULL: unknown */
	bool has_members;
	bool is_open;
	bool has_secrets;
};

static const struct str builtins[] = {
	STR_INIT("input"), STR_INIT("event"), STR_INIT("response"),
	STR_INIT("error"), STR_INIT("decision"), STR_INIT("results"),
	STR_INIT("instance"), STR_INIT("settings"),
};

const struct str *
load_scope_builtins(size_t *count)
{
	*count = sizeof(builtins) / sizeof(builtins[0]);
	return builtins;
}

struct load_scope *
load_scope_new(struct arena *arena)
{
	struct load_scope *scope = ARENA_NEW(arena, struct load_scope);

	scope->arena = arena;
	scope->names = feel_names_new(arena);
	feel_names_add(scope->names, STR("active")); /* the host's function */
	scope->index = map_new();
	return scope;
}

void
load_scope_free(struct load_scope **scope)
{
	map_free(&(*scope)->index);
	*scope = NULL;
}

bool
load_scope_knows(const struct load_scope *scope, struct str name)
{
	return map_find(scope->index, name) != NULL ||
	    (scope->outer && load_scope_knows(scope->outer, name));
}

void
load_scope_add(struct load_scope *scope, struct str name)
{
	if (load_scope_knows(scope, name))
		return;
	feel_names_add(scope->names, name);
	scope->known = arena_grow(scope->arena, scope->known,
	    scope->known_count, &scope->known_capacity, sizeof(struct str));
	scope->known[scope->known_count++] = name;
	(void)map_put(scope->index, name, scope);
}

static void
add_properties(struct value_builder *keys, const struct yaml_node *node,
    bool are_names)
{
	if (node->kind == NODE_LIST) {
		for (size_t i = 0; i < node->count; i++)
			add_properties(keys, node->items[i], false);
		return;
	}
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		struct str key = node->pairs[i].key->text;

		if (are_names)
			value_put(keys, key, &value_null);
		add_properties(keys, node->pairs[i].value,
		    !are_names && str_equal(key, STR("properties")));
	}
}

void
load_scope_add_schema(struct load_scope *scope, const struct yaml_node *schema)
{
	struct value_builder *keys = value_build_context(scope->arena);
	struct value_builder *outer = value_build_context(scope->arena);

	add_properties(keys, schema, false);
	value_put(outer, STR("input"), value_built(keys));
	feel_names_add_value(scope->names, value_built(outer));
}

/* What closes a schema counts only beside keywords that add nothing. */
static bool
is_closed(const struct yaml_node *schema)
{
	static const char *const others[] = {
		"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if",
		"dependentSchemas", "patternProperties",
	};
	const struct yaml_node *closed =
	    yaml_tree_find(schema, "unevaluatedProperties");

	if (!closed)
		closed = yaml_tree_find(schema, "additionalProperties");
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (yaml_tree_find(schema, others[i]))
			return false;
	return closed && closed->kind == NODE_TEXT &&
	    closed->style == STYLE_PLAIN &&
	    str_equal(closed->text, STR("false"));
}

const struct yaml_node *
load_scope_closed(const struct yaml_node *schema)
{
	const struct yaml_node *properties =
	    yaml_tree_find(schema, "properties");

	return properties && properties->kind == NODE_MAP && is_closed(schema) ?
	    properties : NULL;
}

void
load_scope_set_input(struct load_scope *scope, const struct yaml_node *schema)
{
	scope->has_members = true;
	scope->schema = schema;
	if (schema)
		scope->input = load_scope_closed(schema);
}

bool
load_scope_has_members(const struct load_scope *scope)
{
	while (scope && !scope->has_members)
		scope = scope->outer;
	return scope != NULL;
}

const struct yaml_node *
load_scope_schema(const struct load_scope *scope)
{
	while (scope && !scope->schema)
		scope = scope->outer;
	return scope ? scope->schema : NULL;
}

const struct yaml_node *
load_scope_input(const struct load_scope *scope)
{
	while (scope && !scope->input)
		scope = scope->outer;
	return scope ? scope->input : NULL;
}

struct load_scope *
load_scope_within(const struct load_scope *outer)
{
	struct load_scope *scope = ARENA_NEW(outer->arena, struct load_scope);

	must(!outer->is_open);
	scope->arena = outer->arena;
	scope->outer = outer;
	scope->names = feel_names_within(outer->names);
	scope->index = map_new();
	return scope;
}

void
load_scope_open(struct load_scope *scope)
{
	scope->is_open = true;
	feel_names_open(scope->names);
}

void
load_scope_allow_secrets(struct load_scope *scope)
{
	scope->has_secrets = true;
}

bool
load_scope_has_secrets(const struct load_scope *scope)
{
	return scope->has_secrets;
}

const struct feel_names *
load_scope_names(const struct load_scope *scope)
{
	return scope->names;
}

bool
load_scope_gather(struct load_scope *scope, struct str name)
{
	if (!scope->is_open)
		return false;
	if (str_is_among(name, scope->gathered, scope->gathered_count))
		return true;
	scope->gathered = arena_grow(scope->arena, scope->gathered,
	    scope->gathered_count, &scope->gathered_capacity,
	    sizeof(struct str));
	scope->gathered[scope->gathered_count++] =
	    arena_str(scope->arena, name);
	return true;
}

/* The innermost first. */
const struct str *
load_scope_known(const struct load_scope *scope, size_t *count)
{
	const struct str *outer;
	size_t outer_count;
	struct str *all;

	*count = scope->known_count;
	if (!scope->outer)
		return scope->known;
	outer = load_scope_known(scope->outer, &outer_count);
	if (outer_count > NAMES_SHOWN)
		outer_count = NAMES_SHOWN;
	all = ARENA_ARRAY(scope->arena, *count + outer_count, struct str);
	for (size_t i = 0; i < *count; i++)
		all[i] = scope->known[i];
	for (size_t i = 0; i < outer_count; i++)
		all[(*count)++] = outer[i];
	return all;
}

const struct str *
load_scope_gathered(const struct load_scope *scope, size_t *count)
{
	*count = scope->gathered_count;
	return scope->gathered;
}

/* Below these nothing is a step: what stands there is data. */
static bool
is_data(struct str key)
{
	return str_equal(key, STR("with")) || str_equal(key, STR("form")) ||
	    str_equal(key, STR("data")) || str_equal(key, STR("input"));
}

static bool
is_loop_body(const struct yaml_node *step, struct str key)
{
	return str_equal(key, STR("do")) && yaml_tree_find(step, "for") != NULL;
}

void
load_scope_add_targets(struct load_scope *scope, const struct yaml_node *node)
{
	if (node->kind == NODE_LIST) {
		for (size_t i = 0; i < node->count; i++)
			load_scope_add_targets(scope, node->items[i]);
		return;
	}
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		struct str key = node->pairs[i].key->text;
		const struct yaml_node *value = node->pairs[i].value;

		if (value->kind == NODE_MAP && (str_equal(key, STR("set")) ||
		    str_equal(key, STR("output")))) {
			for (size_t k = 0; k < value->count; k++)
				load_scope_add(
				    scope, value->pairs[k].key->text);
		} else if (!is_data(key) && !is_loop_body(node, key)) {
			load_scope_add_targets(scope, value);
		}
	}
}
