/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_doubt.c: what may stand there, and is hardly meant.
 *
 * The name after a point that nothing has gives null, a text that lacks its
 * "=" stays a text: the one moves no money, the other moves it to nobody.  So
 * each is worth a warning before it is live.
 */
#include "load_priv.h"

static const struct str event_members[] = {
	STR_INIT("type"), STR_INIT("subject"), STR_INIT("id"),
	STR_INIT("source"), STR_INIT("time"), STR_INIT("data"),
	STR_INIT("actor"),
};
static const struct str error_members[] = {
	STR_INIT("code"), STR_INIT("message"), STR_INIT("step"),
	STR_INIT("attempt"), STR_INIT("status"), STR_INIT("body"),
	STR_INIT("outcome"),
};
static const struct str instance_members[] = {
	STR_INIT("id"), STR_INIT("business_key"), STR_INIT("workflow"),
	STR_INIT("version"), STR_INIT("state"), STR_INIT("started_at"),
	STR_INIT("initiator"), STR_INIT("priority"), STR_INIT("environment"),
};

void
load_doubt(struct load *load, const struct yaml_node *node, size_t offset,
    const struct feel_error *doubt)
{
	if (load_is_full(load))
		return;
	diag_add(load->diags, DIAG_WARNING, LOAD_DOUBT, yaml_locate_span(
	    load->document->source, node, offset + doubt->offset,
	    doubt->bytes), "%s", doubt->message);
	if (doubt->repair[0])
		diag_repair(load->diags, "%s", doubt->repair);
}

/* ---- names after a point ---- */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

static size_t
word_bytes(struct str text)
{
	size_t bytes = 0;

	while (bytes < text.bytes && is_word(text.at[bytes]))
		bytes++;
	return bytes;
}

/* The properties' names; none where there are no properties. */
static const struct str *
members_of(const struct load *load, const struct yaml_node *properties,
    size_t *count)
{
	struct str *names;

	*count = properties ? properties->count : 0;
	names = load_candidates(load, count);
	for (size_t i = 0; i < *count; i++)
		names[i] = properties->pairs[i].key->text;
	return names;
}

static const struct str *
find_members(const struct load *load, struct str name, size_t *count)
{
	*count = 0;
	if (!load_scope_has_members(load->scope))
		return NULL;
	if (str_equal(name, STR("input")))
		return members_of(load, load_scope_input(load->scope), count);
	if (str_equal(name, STR("event"))) {
		*count = COUNT_OF(event_members);
		return event_members;
	}
	if (str_equal(name, STR("error"))) {
		*count = COUNT_OF(error_members);
		return error_members;
	}
	if (str_equal(name, STR("instance"))) {
		*count = COUNT_OF(instance_members);
		return instance_members;
	}
	return NULL;
}

/* A name may go on behind what is a word of it: "due-date". */
static bool
is_member(const struct str *members, size_t count, struct str word)
{
	for (size_t i = 0; i < count; i++)
		if (str_has_prefix(members[i], word) &&
		    (members[i].bytes == word.bytes ||
			!is_word(members[i].at[word.bytes])))
			return true;
	return false;
}

/* What is read of the name at that offset is one of the members. */
static void
check_member(struct load *load, const struct yaml_node *node, struct str name,
    size_t offset, const struct str *members, size_t count)
{
	size_t at = offset + name.bytes + 1;
	struct str word = str_slice(node->text, at, SIZE_MAX);

	if (at > node->text.bytes || node->text.at[at - 1] != '.')
		return;
	word.bytes = word_bytes(word);
	if (word.bytes == 0 || count == 0 || is_member(members, count, word))
		return;
	diag_add(load->diags, DIAG_WARNING, LOAD_DOUBT, yaml_locate_span(
	    load->document->source, node, at, word.bytes),
	    "`%.*s` has no `%.*s`", STR_ARG(name), STR_ARG(word));
	load_suggest(load, word, members, count);
}

/* Of a list, what its items are; NULL where that isn't the same for all. */
static const struct yaml_node *
item_of(const struct yaml_node *schema)
{
	const struct yaml_node *items;

	while (schema && schema->kind == NODE_MAP &&
	    (items = yaml_tree_find(schema, "items")) != NULL)
		schema = yaml_tree_find(schema, "properties") ||
		    yaml_tree_find(schema, "prefixItems") ? NULL : items;
	return schema && schema->kind == NODE_MAP ? schema : NULL;
}

/* The schema of the property that the text goes on with behind the path,
 * which then takes it in; NULL: none is known. */
static const struct yaml_node *
step_into(const struct yaml_node *schema, struct str text, struct str *path)
{
	const struct yaml_node *properties =
	    yaml_tree_find(schema, "properties");
	struct str word = str_slice(text, path->bytes + 1, SIZE_MAX);

	if (path->bytes >= text.bytes || text.at[path->bytes] != '.' ||
	    !properties || properties->kind != NODE_MAP)
		return NULL;
	word.bytes = word_bytes(word);
	*path = str_slice(text, 0, path->bytes + 1 + word.bytes);
	for (size_t i = 0; i < properties->count; i++)
		if (str_equal(properties->pairs[i].key->text, word))
			return item_of(properties->pairs[i].value);
	return NULL;
}

/* "input.order.amount": what is read of the input's parts. */
static void
check_parts(struct load *load, const struct yaml_node *node, size_t offset)
{
	const struct yaml_node *schema = load_scope_schema(load->scope);
	struct str text = str_slice(node->text, offset, SIZE_MAX);
	struct str path = STR("input");

	while (schema && (schema = step_into(schema, text, &path)) != NULL) {
		size_t count = 0;
		const struct str *members = members_of(
		    load, load_scope_closed(schema), &count);

		check_member(load, node, path, offset, members, count);
	}
}

void
load_doubt_member(struct load *load, const struct yaml_node *node,
    struct str name, size_t offset)
{
	size_t count;
	const struct str *members = find_members(load, name, &count);

	check_member(load, node, name, offset, members, count);
	if (str_equal(name, STR("input")) &&
	    load_scope_has_members(load->scope))
		check_parts(load, node, offset);
}

struct reply {
	struct load *load;
	const struct yaml_node *node;
	struct str *members;
	size_t count;
	size_t offset; /* of the expression in the node's text */
};

static void
check_reply_cb(struct str name, size_t offset, void *arg)
{
	const struct reply *reply = arg;

	if (str_equal(name, STR("response")))
		check_member(reply->load, reply->node, name,
		    reply->offset + offset, reply->members, reply->count);
}

void
load_doubt_reply(struct load *load, const struct yaml_node *node,
    const struct template *template, const struct def_operation *operation)
{
	size_t count = operation ? operation->output.count : 0;
	struct reply reply = {.load = load, .node = node, .count = count};

	if (count == 0 || !template || template->kind != TEMPLATE_FEEL ||
	    !load_is_expression(node))
		return;
	reply.members = ARENA_ARRAY(load->arena, count, struct str);
	for (size_t i = 0; i < count; i++)
		reply.members[i] = operation->output.items[i].name;
	reply.offset = 1;
	while (node->text.at[reply.offset] == ' ')
		reply.offset++;
	feel_each_free_name(template->feel, check_reply_cb, &reply);
}

/* ---- states ---- */

static bool
has_state(const struct yaml_node *states, struct str name)
{
	for (size_t i = 0; states && states->kind == NODE_MAP &&
	     i < states->count; i++) {
		const struct yaml_pair *pair = &states->pairs[i];

		if (str_equal(pair->key->text, name) ||
		    has_state(yaml_tree_find(pair->value, "states"), name))
			return true;
	}
	return false;
}

/* The text that active( is given at that place; false: no text alone. */
static bool
state_at(struct str text, size_t at, struct str *name)
{
	static const struct str call = STR_INIT("active(\"");
	size_t end;

	if (!str_has_prefix(str_slice(text, at, SIZE_MAX), call) ||
	    (at > 0 && is_word(text.at[at - 1])))
		return false;
	*name = str_slice(text, at + call.bytes, SIZE_MAX);
	end = str_find(*name, STR("\")"));
	if (end == SIZE_MAX)
		return false;
	name->bytes = end;
	return true;
}

void
load_doubt_active(struct load *load, const struct yaml_node *node)
{
	const struct yaml_node *states =
	    yaml_tree_find(load->document->root, "states");
	bool is_quoted = false;
	struct str name;

	for (size_t i = 0; states && i < node->text.bytes; i++) {
		if (!is_quoted && state_at(node->text, i, &name) &&
		    !has_state(states, name) && !load_is_full(load)) {
			diag_add(load->diags, DIAG_WARNING, LOAD_DOUBT,
			    yaml_locate_span(load->document->source, node,
				(size_t)(name.at - node->text.at),
				name.bytes),
			    "no state `%.*s`: it is never active",
			    STR_ARG(name));
		}
		is_quoted ^= node->text.at[i] == '"';
	}
}

/* ---- texts ---- */

/* "input.amount": a name of the language, a point, and words. */
static bool
looks_like_path(struct str text)
{
	size_t count;
	const struct str *names = load_scope_builtins(&count);
	struct str first = text;

	first.bytes = word_bytes(text);
	for (size_t i = 0; i < text.bytes; i++)
		if (!is_word(text.at[i]) && text.at[i] != '.')
			return false;
	return str_is_among(first, names, count) &&
	    first.bytes + 1 < text.bytes;
}

void
load_doubt_text(struct load *load, const struct yaml_node *node)
{
	if (load_is_full(load) || node->style != STYLE_PLAIN ||
	    !load_scope_has_members(load->scope) ||
	    !looks_like_path(node->text))
		return;
	diag_add(load->diags, DIAG_WARNING, LOAD_LIKE_EXPRESSION, node->span,
	    "this is a text, and reads like an expression");
	diag_repair(load->diags,
	    "write `= %.*s`, or put the text in quotes", STR_ARG(node->text));
}

void
load_doubt_secret(struct load *load, const struct template *template)
{
	if (!template || template->kind != TEMPLATE_LITERAL ||
	    template->literal->type != VALUE_STRING)
		return;
	diag_add(load->diags, DIAG_WARNING, LOAD_WRITTEN_SECRET,
	    template->span, "a secret is written down here");
	diag_repair(load->diags,
	    "name it, `{secret: NAME}`, and keep it where the configuration "
	    "says");
}
