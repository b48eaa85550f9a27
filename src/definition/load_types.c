/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_types.c: what the schema of the input says of an expression's types.
 *
 * A condition that compares a number with a text is null for every input: it
 * is never met, and nobody is told at run time before the day on which it
 * should have been.  The schema knows it when the workflow is loaded.
 */
#include "load_priv.h"

#define BIT FEEL_TYPE_BIT
/* Schemas that hold at once for one place; more leave it open. */
#define SCHEMAS_MAX 16

static const struct {
	struct str name;
	unsigned types;
} kinds[] = {
	{STR_INIT("number"), BIT(VALUE_NUMBER)},
	{STR_INIT("integer"), BIT(VALUE_NUMBER)},
	{STR_INIT("string"), BIT(VALUE_STRING)},
	{STR_INIT("boolean"), BIT(VALUE_BOOLEAN)},
	{STR_INIT("array"), BIT(VALUE_LIST)},
	{STR_INIT("object"), BIT(VALUE_CONTEXT)},
	{STR_INIT("null"), 0},
};

/* ---- one schema ---- */

static unsigned
types_of_kind(const struct yaml_node *kind)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (kind->kind == NODE_TEXT &&
		    str_equal(kinds[i].name, kind->text))
			return kinds[i].types;
	}
	return FEEL_TYPES_ANY;
}

static unsigned
types_of_value(const struct yaml_node *node)
{
	struct number number;
	const char *error;
	bool boolean;

	if (node->kind != NODE_TEXT)
		return FEEL_TYPES_ANY;
	switch (yaml_scalar_read(node, &boolean, &number, &error)) {
	case SCALAR_NULL:
		return 0;
	case SCALAR_BOOLEAN:
		return BIT(VALUE_BOOLEAN);
	case SCALAR_NUMBER:
		return BIT(VALUE_NUMBER);
	case SCALAR_STRING:
		return BIT(VALUE_STRING);
	case SCALAR_BAD:
		return FEEL_TYPES_ANY;
	}
	unreachable("all kinds of scalars are above");
}

/* Over the items of a list, or the value alone. */
static unsigned
types_of_some(const struct yaml_node *node, bool are_kinds)
{
	unsigned types = 0;

	if (node->kind != NODE_LIST)
		return are_kinds ? types_of_kind(node) : types_of_value(node);
	for (size_t i = 0; i < node->count; i++)
		types |= are_kinds ? types_of_kind(node->items[i]) :
		    types_of_value(node->items[i]);
	return types;
}

/* ---- all that hold at a place ---- */

struct place {
	struct load *load;
	const struct yaml_node *schemas[SCHEMAS_MAX];
	size_t count;
	bool is_over;
};

static void
add_schema_cb(const struct yaml_node *schema, void *arg)
{
	struct place *place = arg;

	if (schema->kind != NODE_MAP)
		return;
	if (place->count == SCHEMAS_MAX) {
		place->is_over = true;
		return;
	}
	place->schemas[place->count++] = schema;
}

/* What `key` of each schema says of the name, or of any item. */
static struct place
go_to(const struct place *from, struct str name)
{
	struct place to = {.load = from->load, .is_over = from->is_over};
	bool is_item = str_equal(name, STR("[]"));

	for (size_t i = 0; i < from->count; i++) {
		const struct yaml_node *found = yaml_tree_find(
		    from->schemas[i], is_item ? "items" : "properties");

		if (!is_item && found != NULL && found->kind == NODE_MAP)
			found = yaml_tree_find(found,
			    arena_cstr(from->load->arena, name));
		if (found != NULL)
			load_schema_parts(
			    from->load, found, add_schema_cb, &to);
	}
	return to;
}

static unsigned
types_at(const struct place *place)
{
	unsigned types = FEEL_TYPES_ANY;

	if (place->is_over)
		return FEEL_TYPES_ANY;
	for (size_t i = 0; i < place->count; i++) {
		const struct yaml_node *schema = place->schemas[i];
		const struct yaml_node *kind = yaml_tree_find(schema, "type");
		const struct yaml_node *words = yaml_tree_find(schema, "enum");
		const struct yaml_node *word = yaml_tree_find(schema, "const");

		if (kind != NULL)
			types &= types_of_some(kind, true);
		else if (yaml_tree_find(schema, "properties") != NULL)
			types &= BIT(VALUE_CONTEXT);
		if (words != NULL && words->kind == NODE_LIST)
			types &= types_of_some(words, false);
		if (word != NULL)
			types &= types_of_value(word);
	}
	return types;
}

/* The next step of a path: "[]", or the name before a sign. */
static struct str
take_step(struct str *path)
{
	struct str step = *path;
	size_t end = 0;

	if (str_has_prefix(*path, STR("[]"))) {
		end = 2;
	} else {
		if (path->bytes > 0 && path->at[0] == '.')
			step = str_slice(*path, 1, SIZE_MAX);
		while (end < step.bytes && step.at[end] != '.' &&
		    step.at[end] != '[')
			end++;
	}
	*path = str_slice(step, end, SIZE_MAX);
	return str_slice(step, 0, end);
}

/* ---- expressions ---- */

/* Whose types are judged. */
struct types_check {
	struct load *load;
	const struct yaml_node *node;
	size_t offset; /* of the expression in the node's text */
};

static unsigned
types_of_path_cb(struct str path, void *arg)
{
	const struct types_check *check = arg;
	struct load *load = check->load;

	const struct yaml_node *schema = load_scope_schema(load->scope);
	struct place place = {.load = load};

	if (!str_equal(take_step(&path), STR("input")) || schema == NULL)
		return FEEL_TYPES_ANY;
	load_schema_parts(load, schema, add_schema_cb, &place);
	while (path.bytes > 0)
		place = go_to(&place, take_step(&path));
	return types_at(&place);
}

static void
tell_cb(const struct feel_error *doubt, void *arg)
{
	const struct types_check *check = arg;

	load_doubt(check->load, check->node, check->offset, doubt);
}

void
load_types_check(struct load *load, const struct yaml_node *node,
    size_t offset, const struct feel *feel)
{
	struct types_check check = {load, node, offset};

	if (!load_is_full(load))
		(void)feel_infer(feel, &(struct feel_inference){
		    .arena = load->arena, .types = types_of_path_cb,
		    .tell = tell_cb, .arg = &check});
}

void
load_types_check_condition(struct load *load, const struct yaml_node *node,
    const struct feel *feel)
{
	struct types_check check = {.load = load, .node = node};
	unsigned types = feel_infer(feel, &(struct feel_inference){
	    .arena = load->arena, .types = types_of_path_cb, .arg = &check});

	if (load_is_full(load) || types == 0 ||
	    (types & BIT(VALUE_BOOLEAN)) != 0)
		return;
	diag_add(load->diags, DIAG_WARNING, LOAD_DOUBT, node->span,
	    "a condition is true or false, and this never is");
	diag_repair(load->diags, "compare it: `= … = …`, `= … != null`");
}

/* ---- decision tables ---- */

struct table_check {
	struct types_check around; /* the step's */
	const struct template *with; /* what the table is given; or NULL */
	const struct def_decision *decision;
	struct diag_span span;
	size_t rule;
	struct str input; /* the column's */
};

static const struct template *
find_given(const struct template *with, struct str name)
{
	for (size_t i = 0; with->kind == TEMPLATE_CONTEXT && i < with->count;
	     i++)
		if (str_equal(with->fields[i].key, name))
			return with->fields[i].value;
	return NULL;
}

static unsigned
types_of_given_cb(struct str path, void *arg)
{
	struct table_check *check = arg;
	const struct template *given;

	if (check->with == NULL)
		return types_of_path_cb(path, &check->around);
	given = find_given(check->with, path);
	if (given != NULL && given->kind == TEMPLATE_LITERAL &&
	    !value_is_null(given->literal))
		return BIT(given->literal->type);
	if (given == NULL || given->kind != TEMPLATE_FEEL)
		return FEEL_TYPES_ANY;
	return feel_infer(given->feel, &(struct feel_inference){
	    .arena = check->around.load->arena, .types = types_of_path_cb,
	    .arg = &check->around});
}

static void
tell_rule_cb(const struct feel_error *doubt, void *arg)
{
	const struct table_check *check = arg;
	struct diag_list *diags = check->around.load->diags;

	if (load_is_full(check->around.load))
		return;
	diag_add(diags, DIAG_WARNING, LOAD_DOUBT, check->span,
	    "rule %zu of `%.*s`, `%.*s`: %s", check->rule,
	    STR_ARG(check->decision->name), STR_ARG(check->input),
	    doubt->message);
	if (doubt->repair[0])
		diag_repair(diags, "%s", doubt->repair);
}

static void
check_column(struct table_check *check, size_t input)
{
	const struct def_decision *decision = check->decision;
	struct feel_inference inference = {
		.arena = check->around.load->arena,
		.types = types_of_given_cb, .arg = check};

	if (decision->inputs[input].feel == NULL)
		return;
	inference.input = feel_infer(decision->inputs[input].feel, &inference);
	inference.tell = tell_rule_cb;
	check->input = decision->inputs[input].label;
	for (size_t i = 0; i < decision->rule_count; i++) {
		const struct feel *cell = decision->rules[i].when ?
		    decision->rules[i].when[input] : NULL;

		check->rule = i + 1;
		if (cell != NULL)
			(void)feel_infer(cell, &inference);
	}
}

void
load_types_check_table(struct load *load, struct diag_span span,
    const struct def_decision *decision, const struct template *with)
{
	struct table_check check = {
		.around = {.load = load}, .with = with,
		.decision = decision, .span = span};

	for (size_t i = 0; i < decision->input_count; i++)
		check_column(&check, i);
}
