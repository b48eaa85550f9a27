/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_expression.c: values with expressions in them, parsed and checked.
 *
 * A text that begins with "=" is an expression, however it is quoted.  A
 * value without any becomes one literal, so that it is not built anew each
 * time that it is read.
 */
#include "load_priv.h"

bool
load_is_expression(const struct yaml_node *node)
{
	return yaml_scalar_is_string(node) && node->text.bytes > 0 &&
	    node->text.at[0] == '=';
}

const struct template *
load_literal(struct load *load, const struct value *value,
    struct diag_span span)
{
	struct template *template = ARENA_NEW(load->arena, struct template);

	template->kind = TEMPLATE_LITERAL;
	template->span = span;
	template->literal = value;
	return template;
}

/* ---- errors of expressions ---- */

/* What stands after a plain text that made YAML end it; 0 for none. */
static char
cut_by(const struct load *load, const struct yaml_node *node)
{
	struct str text = load->document->source->diag.text;
	size_t at = node->to;

	if (node->style != STYLE_PLAIN)
		return 0;
	while (at < text.bytes && (text.at[at] == ' ' || text.at[at] == '\t'))
		at++;
	if (at == text.bytes || !memchr("#,", text.at[at], 2))
		return 0;
	return text.at[at];
}

/* A quote or a bracket that is opened and not closed: there was more. */
static bool
is_open_ended(struct str text)
{
	bool is_quoted = false;
	int depth = 0;

	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.at[i];

		if (c == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted)
			depth += (memchr("([{", c, 3) != NULL) -
			    (memchr(")]}", c, 3) != NULL);
	}
	return is_quoted || depth > 0;
}

static void
report_cut(struct load *load, const struct yaml_node *node, char cut)
{
	load_error(load, LOAD_CUT, node->span,
	    cut == '#' ? "YAML takes what follows this expression from "
			 "` #` on for a comment"
		       : "YAML ends this expression before `,`");
	load_repair(load, load_is_expression(node) ?
	    "put the whole value in single quotes: '= ...'" :
	    "put the whole value in single quotes: '...'");
}

bool
load_report_cut(struct load *load, const struct yaml_node *node)
{
	char cut = cut_by(load, node);

	if (!cut || !is_open_ended(node->text))
		return false;
	report_cut(load, node, cut);
	return true;
}

static void
report_expression(struct load *load, const struct yaml_node *node,
    size_t offset, const struct feel_error *error)
{
	char cut = cut_by(load, node);
	struct str after = str_slice(node->text, offset + error->offset,
	    SIZE_MAX);

	if (load_is_full(load))
		return;
	/* The rest of the expression may lie behind what YAML cut off; an
	 * error well before the end is an error in its own right. */
	if (cut && (str_trim(after).bytes == 0 || is_open_ended(node->text))) {
		report_cut(load, node, cut);
		return;
	}
	load_error(load, LOAD_BAD_EXPRESSION, yaml_locate_span(
	    load->document->source, node, offset + error->offset, error->bytes),
	    "%s", error->message);
	if (error->repair[0])
		load_repair(load, "%s", error->repair);
}

/* ---- names ---- */

struct name_check {
	struct load *load;
	const struct yaml_node *node;
	size_t offset;
};

static void
check_name_cb(struct str name, size_t offset, void *arg)
{
	struct name_check *check = arg;
	struct load *load = check->load;
	const struct str *known;
	size_t count;

	if (load_is_full(load))
		return;
	if (load_scope_knows(load->scope, name)) {
		load_doubt_member(
		    load, check->node, name, check->offset + offset);
		return;
	}
	if (load_scope_gather(load->scope, name))
		return;
	known = load_scope_known(load->scope, &count);
	load_error(load, LOAD_UNKNOWN_NAME, yaml_locate_span(
	    load->document->source, check->node, check->offset + offset,
	    name.bytes), "nothing sets `%.*s`", STR_ARG(name));
	if (feel_value_meant(name) != NULL)
		load_repair(load, "did you mean `%s`?", feel_value_meant(name));
	else
		load_suggest(load, name, known, count);
}

/* The standard takes a call of a function that nobody has, and gives null for
 * it: at load time it is worth a word. */
static void
doubt_cb(const struct feel_error *doubt, void *arg)
{
	struct name_check *check = arg;

	load_doubt(check->load, check->node, check->offset, doubt);
}

static const struct feel *
finish(struct load *load, const struct yaml_node *node, size_t offset,
    const struct feel *feel, const struct feel_error *error)
{
	struct name_check check = {load, node, offset};

	if (feel == NULL) {
		report_expression(load, node, offset, error);
		return NULL;
	}
	feel_each_free_name(feel, check_name_cb, &check);
	feel_each_doubt(feel, doubt_cb, &check);
	load_doubt_active(load, node);
	load_types_check(load, node, offset, feel);
	return feel;
}

/* The node's text from `offset` on; NULL with an error. */
static const struct feel *
load_feel(struct load *load, const struct yaml_node *node, size_t offset)
{
	struct str text = str_slice(node->text, offset, SIZE_MAX);
	struct feel_error error = {0};

	if (str_trim(text).bytes == 0) {
		load_error(load, LOAD_BAD_EXPRESSION, node->span,
		    "an expression has to follow the `=`");
		load_repair(load, "write = \"=\" for the sign itself");
		return NULL;
	}
	return finish(load, node, offset, feel_parse(load->arena, text,
	    load_scope_names(load->scope), &error), &error);
}

const struct feel *
load_feel_tests(struct load *load, const struct yaml_node *node)
{
	struct feel_error error = {0};

	return finish(load, node, 0, feel_parse_unary_tests(load->arena,
	    node->text, load_scope_names(load->scope), &error), &error);
}

/* ---- templates ---- */

static const struct template *
load_text_template(struct load *load, const struct yaml_node *node)
{
	struct template *template;
	size_t offset = 1;

	if (!load_is_expression(node)) {
		load_doubt_text(load, node);
		return load_literal(load, yaml_scalar_value(load->arena, node,
		    load->diags), node->span);
	}
	while (offset < node->text.bytes && node->text.at[offset] == ' ')
		offset++;
	template = ARENA_NEW(load->arena, struct template);
	template->kind = TEMPLATE_FEEL;
	template->span = node->span;
	template->text = str_trim(str_slice(node->text, offset, SIZE_MAX));
	template->feel = load_feel(load, node, offset);
	return template->feel ? template :
	    load_literal(load, &value_null, node->span);
}

static const struct template *
load_list_template(struct load *load, const struct yaml_node *node)
{
	struct template *template = ARENA_NEW(load->arena, struct template);
	const struct template **items = ARENA_ARRAY(load->arena, node->count,
	    const struct template *);
	const struct value **values = ARENA_ARRAY(load->arena, node->count,
	    const struct value *);
	size_t literals = 0;

	for (size_t i = 0; i < node->count; i++) {
		items[i] = load_template(load, node->items[i]);
		values[i] = items[i]->literal;
		literals += items[i]->kind == TEMPLATE_LITERAL;
	}
	if (literals == node->count) {
		return load_literal(load, value_of_list(load->arena, values,
		    node->count), node->span);
	}
	template->kind = TEMPLATE_LIST;
	template->span = node->span;
	template->items = items;
	template->count = node->count;
	return template;
}

static bool
is_secret(const struct yaml_node *node)
{
	return node->count == 1 &&
	    str_equal(node->pairs[0].key->text, STR("secret")) &&
	    yaml_scalar_is_string(node->pairs[0].value) &&
	    !load_is_expression(node->pairs[0].value);
}

static const struct template *
load_secret(struct load *load, const struct yaml_node *node)
{
	struct template *template = ARENA_NEW(load->arena, struct template);

	template->kind = TEMPLATE_SECRET;
	template->span = node->span;
	template->secret = node->pairs[0].value->text;
	return template;
}

static const struct template *
load_map_template(struct load *load, const struct yaml_node *node)
{
	struct template *template = ARENA_NEW(load->arena, struct template);
	struct template_field *fields = ARENA_ARRAY(load->arena, node->count,
	    struct template_field);
	struct value_builder *values = value_build_context(load->arena);
	size_t literals = 0;

	for (size_t i = 0; i < node->count; i++) {
		fields[i].key = node->pairs[i].key->text;
		fields[i].value = load_template(load, node->pairs[i].value);
		if (fields[i].value->kind != TEMPLATE_LITERAL)
			continue;
		value_put(values, fields[i].key, fields[i].value->literal);
		literals++;
	}
	if (literals == node->count)
		return load_literal(load, value_built(values), node->span);
	template->kind = TEMPLATE_CONTEXT;
	template->span = node->span;
	template->fields = fields;
	template->count = node->count;
	return template;
}

const struct template *
load_template(struct load *load, const struct yaml_node *node)
{
	if (node->kind == NODE_TEXT)
		return load_text_template(load, node);
	if (node->kind == NODE_LIST)
		return load_list_template(load, node);
	if (!is_secret(node))
		return load_map_template(load, node);
	if (load_scope_has_secrets(load->scope))
		return load_secret(load, node);
	load_error(load, LOAD_NO_SECRET, node->span,
	    "a secret can be used in a connection only");
	load_repair(load, "let the connection send it");
	return load_literal(load, &value_null, node->span);
}

void
load_mapping(struct load *load, const struct yaml_node *node, void *into)
{
	const struct template **template = into;

	if (load->is_stored || load_is_expression(node) ||
	    load_is_kind(load, node, NODE_MAP, "with",
	    "a mapping of names to values"))
		*template = load_template(load, node);
}

void
load_refuse_secret(struct load *load, const struct template *template)
{
	if (!template)
		return;
	if (template->kind == TEMPLATE_SECRET) {
		load_error(load, LOAD_NO_SECRET, template->span,
		    "a secret would go into histories here");
		load_repair(load, "a secret is for what is sent");
	}
	for (size_t i = 0; template->kind == TEMPLATE_LIST &&
	    i < template->count; i++)
		load_refuse_secret(load, template->items[i]);
	for (size_t i = 0; template->kind == TEMPLATE_CONTEXT &&
	    i < template->count; i++)
		load_refuse_secret(load, template->fields[i].value);
}
