/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_scope.c: names in scope, and which of them a text means.
 *
 * A name may hold spaces and signs, so "a-b" is a difference or one name,
 * depending on what is in scope; the longest name that is known wins.  Inside
 * a filter the fields of the item are in scope, and only evaluation knows
 * them: such a name becomes a DYNAMIC node.
 */
#include "feel_parser.h"

/* Names of surroundings beyond this many are left to the simple reading:
 * words up to a sign. */
#define KEYS_MAX 2000
#define KEYS_DEPTH_MAX 32

struct feel_names *
feel_names_new(struct arena *arena)
{
	struct feel_names *names = ARENA_NEW(arena, struct feel_names);

	names->arena = arena;
	return names;
}

struct feel_names *
feel_names_within(const struct feel_names *outer)
{
	struct feel_names *names = feel_names_new(outer->arena);

	names->outer = outer;
	names->is_open = outer->is_open;
	return names;
}

static void
add_key(struct feel_names *names, struct str key)
{
	if (names->key_count == KEYS_MAX ||
	    str_is_among(key, names->keys, names->key_count))
		return;
	names->keys = arena_grow(names->arena, names->keys, names->key_count,
	    &names->key_capacity, sizeof(*names->keys));
	names->keys[names->key_count++] = key;
}

void
feel_names_add(struct feel_names *names, struct str name)
{
	if (name.bytes == 0)
		return;
	name = feel_lex_normal_name(names->arena, name);
	names->names = arena_grow(names->arena, names->names, names->count,
	    &names->capacity, sizeof(*names->names));
	names->names[names->count++] = name;
	if (feel_lex_is_composite(name))
		add_key(names, name);
}

void
feel_names_open(struct feel_names *names)
{
	names->is_open = true;
}

static void
add_inner(struct feel_names *names, const struct value *value, unsigned depth)
{
	if (depth == 0)
		return;
	if (value->type == VALUE_LIST) {
		for (size_t i = 0; i < value->as.list.count; i++)
			add_inner(names, value->as.list.items[i], depth - 1);
		return;
	}
	if (value->type != VALUE_CONTEXT)
		return;
	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];

		if (field->key.bytes > 0 && feel_lex_is_composite(field->key))
			add_key(names,
			    feel_lex_normal_name(names->arena, field->key));
		add_inner(names, field->value, depth - 1);
	}
}

void
feel_names_add_value(struct feel_names *names, const struct value *context)
{
	if (context->type != VALUE_CONTEXT)
		return;
	for (size_t i = 0; i < context->as.context.count; i++)
		feel_names_add(names, context->as.context.fields[i].key);
	add_inner(names, context, KEYS_DEPTH_MAX);
}

/* ------------------------------------------------------------------ scopes */

static uint32_t
push(struct feel_parser *p, struct str name, uint32_t slot)
{
	p->scopes = arena_grow(p->arena, p->scopes, p->scope_count,
	    &p->scope_capacity, sizeof(*p->scopes));
	p->scopes[p->scope_count++] = (struct feel_scope){name, slot, false};
	return slot;
}

uint32_t
feel_scope_add(struct feel_parser *p, struct str name)
{
	must(name.at != NULL);
	if (++p->slot_count > p->slot_max)
		p->slot_max = p->slot_count;
	return push(p, name, p->slot_count - 1);
}

uint32_t
feel_scope_add_filter(struct feel_parser *p)
{
	uint32_t slot = feel_scope_add(p, STR("item"));

	return push(p, (struct str){NULL, 0}, slot);
}

void
feel_scope_cut(struct feel_parser *p, size_t count, uint32_t slots)
{
	must(count <= p->scope_count && slots <= p->slot_count);
	p->scope_count = count;
	p->slot_count = slots;
}

void
feel_scope_add_key(struct feel_parser *p, struct str key)
{
	if (key.bytes == 0 || !feel_lex_is_composite(key) ||
	    p->key_count == KEYS_MAX)
		return;
	p->keys = arena_grow(p->arena, p->keys, p->key_count, &p->key_capacity,
	    sizeof(*p->keys));
	p->keys[p->key_count++] = key;
}

bool
feel_scope_is_around(const struct feel_parser *p, struct str name)
{
	for (const struct feel_names *names = p->names; names != NULL;
	     names = names->outer) {
		if (str_is_among(name, names->names, names->count))
			return true;
	}
	return false;
}

bool
feel_scope_is_local(const struct feel_parser *p, struct str name)
{
	for (size_t i = p->scope_count; i-- > 0;) {
		if (p->scopes[i].name.at != NULL &&
		    str_equal(p->scopes[i].name, name))
			return true;
	}
	return false;
}

static size_t
count_filters(const struct feel_parser *p)
{
	size_t count = 0;

	for (size_t i = 0; i < p->scope_count; i++)
		count += p->scopes[i].name.at == NULL;
	return count;
}

/* ----------------------------------------------------------------- reading */

struct match {
	struct str name;
	size_t end;
};

static void
match_one(const struct feel_parser *p, struct str name, struct match *best)
{
	size_t end = feel_lex_match_name(p->text, p->at, name);

	if (end > best->end)
		*best = (struct match){name, end};
}

static void
match_all(struct feel_parser *p, const struct str *names, size_t count,
    struct match *best)
{
	if (!feel_token_try_names(p, count))
		return;
	for (size_t i = 0; i < count; i++)
		match_one(p, names[i], best);
}

static void
match_scopes(struct feel_parser *p, struct match *best)
{
	if (!feel_token_try_names(p, p->scope_count))
		return;
	for (size_t i = 0; i < p->scope_count; i++) {
		if (p->scopes[i].name.at != NULL)
			match_one(p, p->scopes[i].name, best);
	}
	for (const struct feel_names *names = p->names; names != NULL;
	     names = names->outer)
		match_all(p, names->names, names->count, best);
}

static void
match_keys(struct feel_parser *p, struct match *best)
{
	match_all(p, p->keys, p->key_count, best);
	for (const struct feel_names *names = p->names; names != NULL;
	     names = names->outer)
		match_all(p, names->keys, names->key_count, best);
}

struct str
feel_scope_read_new(struct feel_parser *p, size_t *end)
{
	size_t at = p->at;
	size_t word_end;

	*end = p->at;
	for (;;) {
		word_end = feel_lex_identifier(p->text, at);
		if (word_end == at || feel_lex_is_keyword(
		    str_slice(p->text, at, word_end - at)))
			break;
		*end = word_end;
		at = feel_lex_space(p->text, word_end);
	}
	return feel_lex_normal_name(p->arena,
	    str_slice(p->text, p->at, *end - p->at));
}

/* Whether there may be names around that nobody has told. */
static bool
is_open(const struct feel_parser *p)
{
	return p->names == NULL || p->names->is_open;
}

static struct str
word_at(const struct feel_parser *p)
{
	size_t end = feel_lex_identifier(p->text, p->at);

	return str_slice(p->text, p->at, end - p->at);
}

/* Words that stand together; `not paid` is a slip and no name. */
static void
match_new(struct feel_parser *p, struct match *best)
{
	struct match new;

	if (str_equal(word_at(p), STR("not")))
		return;
	new.name = feel_scope_read_new(p, &new.end);
	if (new.end > p->at)
		*best = new;
}

/* Where the names in scope are known, an unknown one is a word: what follows
 * it is an error of its own, and not part of a longer name. */
struct str
feel_scope_read(struct feel_parser *p, size_t *end)
{
	const struct feel_builtin *builtin = NULL;
	struct match best = {{NULL, 0}, 0};
	size_t builtin_end;

	match_scopes(p, &best);
	if (count_filters(p) > 0)
		match_keys(p, &best);
	if (best.end == 0 && (is_open(p) || count_filters(p) > 0))
		match_new(p, &best);
	builtin_end = feel_builtin_match(p->text, p->at, &builtin);
	if (builtin_end > best.end)
		best = (struct match){builtin->name, builtin_end};
	if (best.end == 0) {
		best.name = word_at(p);
		best.end = p->at + best.name.bytes;
	}
	*end = best.end;
	return best.name;
}

/* Payloads have keys like `in` and `for`: behind a point a keyword is one. */
static struct str
read_key(struct feel_parser *p, size_t *end)
{
	struct str key = feel_scope_read_new(p, end);

	if (*end > p->at)
		return key;
	*end = feel_lex_identifier(p->text, p->at);
	return str_slice(p->text, p->at, *end - p->at);
}

struct str
feel_scope_read_step(struct feel_parser *p, size_t *end)
{
	struct match best = {{NULL, 0}, 0};

	match_keys(p, &best);
	if (best.end == 0)
		return read_key(p, end);
	*end = best.end;
	return best.name;
}

/* --------------------------------------------------------------- resolving */

static struct feel_node *
make_free(struct feel_parser *p, struct str name, size_t offset, size_t bytes,
    bool is_sure)
{
	struct feel_node *node = feel_node_new(p, FEEL_FREE, offset);
	size_t i = 0;

	while (i < p->free_count && !str_equal(p->free_names[i].name, name))
		i++;
	(void)feel_token_try_names(p, i);
	if (i == p->free_count) {
		p->free_names = arena_grow(p->arena, p->free_names,
		    p->free_count, &p->free_capacity, sizeof(*p->free_names));
		p->free_names[p->free_count++] = (struct feel_free_name){
			arena_str(p->arena, name), offset, is_sure};
	}
	p->free_names[i].is_sure |= is_sure;
	node->bytes = (uint32_t)bytes;
	node->as.free.name = p->free_names[i].name;
	node->as.free.index = (uint32_t)i;
	return node;
}

/* Where a name is looked for: the filters that surround its use, inside the
 * variable that has the name, if one has. */
struct search {
	uint32_t *filters;
	uint32_t filter_count;
	struct feel_scope *found;
};

static struct search
search_scopes(struct feel_parser *p, struct str name)
{
	struct search search = {NULL, 0, NULL};

	(void)feel_token_try_names(p, p->scope_count);
	search.filters = ARENA_ARRAY(p->arena, count_filters(p), uint32_t);
	for (size_t i = p->scope_count; i-- > 0;) {
		struct feel_scope *scope = &p->scopes[i];

		if (scope->name.at == NULL) {
			search.filters[search.filter_count++] = scope->slot;
			scope->is_used = true;
		} else if (str_equal(scope->name, name)) {
			scope->is_used = true;
			search.found = scope;
			break;
		}
	}
	return search;
}

/* The built-in function as a value, or NULL. */
static const struct value *
make_builtin(struct feel_parser *p, struct str name)
{
	const struct feel_builtin *builtin = feel_builtin_find(name);
	struct value_function *function;
	struct value *value;

	if (builtin == NULL)
		return NULL;
	function = ARENA_NEW(p->arena, struct value_function);
	function->builtin = builtin;
	value = ARENA_NEW(p->arena, struct value);
	value->type = VALUE_FUNCTION;
	value->as.function = function;
	return value;
}

static struct feel_node *
make_found(struct feel_parser *p, const struct search *search, struct str name,
    size_t offset, size_t bytes)
{
	const struct value *builtin = NULL;
	struct feel_node *node;
	bool is_around;

	if (search->found != NULL) {
		node = feel_node_new(p, FEEL_SLOT, offset);
		node->as.slot = search->found->slot;
		return node;
	}
	is_around = feel_scope_is_around(p, name);
	if (!is_around)
		builtin = make_builtin(p, name);
	if (builtin != NULL && !is_open(p))
		return feel_node_constant(p, builtin, offset);
	node = make_free(p, name, offset, bytes,
	    search->filter_count == 0 || is_around);
	node->as.free.otherwise = builtin;
	return node;
}

struct feel_node *
feel_scope_resolve(struct feel_parser *p, struct str name, size_t offset,
    size_t bytes)
{
	struct search search = search_scopes(p, name);
	struct feel_node *found = make_found(p, &search, name, offset, bytes);
	struct feel_node *node;

	if (search.filter_count == 0)
		return found;
	node = feel_node_new(p, FEEL_DYNAMIC, offset);
	node->bytes = (uint32_t)bytes;
	feel_node_over(node, found);
	node->as.dynamic.name = arena_str(p->arena, name);
	node->as.dynamic.slots = search.filters;
	node->as.dynamic.slot_count = search.filter_count;
	node->as.dynamic.otherwise = found;
	return node;
}
