/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_decision.c: decision tables, as documents and within a step.
 *
 * A document doesn't belong to a workflow, so that the names which it reads
 * can't be checked here; they are gathered, and each `decide` step is checked
 * against them.  So it is with a table within a step that is given all it
 * reads by `with`; without that it reads the workflow's variables.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct def_decision, field)

struct load_decision {
	struct def_decision def; /* first: other modules hold this */
	const struct yaml_node *root;
	const struct str *reads;
	size_t read_count;
};

const struct str *
load_decision_reads(const struct def_decision *decision, size_t *count)
{
	const struct load_decision *whole =
	    (const struct load_decision *)decision;

	*count = whole->read_count;
	return whole->reads;
}

/* ---- hit policy ---- */

#define POLICY_WORD(constant, name, dmn_name) {name, constant},
#define AGGREGATION_WORD(constant, name, dmn_name)                             \
	{"collect " name, constant},

static const struct load_word policies[] = {HIT_POLICIES(POLICY_WORD)};
/* The first is none, which has no word. */
static const struct load_word aggregations[] = {
	HIT_AGGREGATIONS(AGGREGATION_WORD)
};
static const struct load_table plain_form = LOAD_WORDS(policies);
static const struct load_table aggregation_form = {
	.shape = SHAPE_WORDS, .words = aggregations + 1,
	.count = COUNT_OF(aggregations) - 1,
};
static const struct load_table policy_form =
    LOAD_EITHER(&plain_form, &aggregation_form);

static void
load_hit_policy(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_decision *decision = into;

	if (node->kind == NODE_TEXT &&
	    str_has_prefix(node->text, STR("collect "))) {
		decision->hit_policy = HIT_COLLECT;
		decision_set_aggregation(decision,
		    (enum hit_aggregation)load_choose(load, node,
			aggregations + 1,
			sizeof(aggregations) / sizeof(aggregations[0]) - 1,
			"hit-policy"),
		    load->arena);
		return;
	}
	decision->hit_policy = (enum hit_policy)LOAD_CHOOSE(load, node,
	    policies, "hit-policy");
}

/* ---- inputs ---- */

static void
load_input_expression(struct load *load, const struct yaml_node *node,
    void *into)
{
	struct decision_input *input = into;
	const struct template *template;

	if (!load_is_expression(node)) {
		struct str found = load_describe(load, node);

		load_error(load, LOAD_WRONG_KIND, node->span,
		    "an input of a decision is an expression after `=`, not "
		    "%.*s",
		    STR_ARG(found));
		return;
	}
	template = load_template(load, node);
	input->feel = template->feel;
	if (!input->label.at)
		input->label = template->text;
}

/* As in a cell, the number 7 is the test that only 7 passes. */
static void
load_allowed(struct load *load, const struct yaml_node *node, void *into)
{
	const struct feel **allowed = into;

	if (load_is_kind(load, node, NODE_TEXT, "allowed", "unary tests"))
		*allowed = load_feel_tests(load, node);
}

static const struct load_key input_keys[] = {
	{"label", KIND_TEXT, LOAD_MAY, offsetof(struct decision_input, label),
	    NULL,
	    NULL, "its name for people"},
	{"expression", KIND_OWN, LOAD_MUST, 0, load_input_expression,
	    &load_form_expression,
	    "what is looked at"},
	{"allowed", KIND_OWN, LOAD_MAY, offsetof(struct decision_input,
	    allowed),
	    load_allowed, &load_form_scalar, "unary tests that any value passes"},
};
static const struct load_table input_table =
    LOAD_TABLE("an input of a decision", input_keys);
static const struct load_table one_input_form =
    LOAD_EITHER(&load_form_expression, &input_table);
static const struct load_table inputs_form = LOAD_LIST(&one_input_form);

static void
load_inputs(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_decision *decision = into;
	struct decision_input *inputs = ARENA_ARRAY(load->arena, node->count,
	    struct decision_input);

	for (size_t i = 0; i < node->count; i++) {
		if (node->items[i]->kind == NODE_MAP)
			load_map(
			    load, node->items[i], &input_table, &inputs[i]);
		else
			load_input_expression(load, node->items[i], &inputs[i]);
	}
	decision->inputs = inputs;
	decision->input_count = node->count;
}

/* ---- outputs ---- */

static void
load_values(struct load *load, const struct yaml_node *node, void *into)
{
	struct decision_output *output = into;

	output->values = yaml_scalar_value(load->arena, node, load->diags);
}

static const struct load_key output_keys[] = {
	{"name", KIND_NAME, LOAD_MUST, offsetof(struct decision_output, name),
	    NULL,
	    NULL, "the output's name"},
	{"values", KIND_LIST, LOAD_MAY, 0, load_values, &load_form_values,
	    "all values that it can have, the highest priority first"},
	{"allowed", KIND_OWN, LOAD_MAY, offsetof(struct decision_output,
	    allowed),
	    load_allowed, &load_form_scalar, "unary tests that any value passes"},
	{"default", KIND_VALUE, LOAD_MAY,
	    offsetof(struct decision_output, fallback), NULL, NULL,
	    "its value where no rule matches"},
};
static const struct load_table output_table =
    LOAD_TABLE("an output of a decision", output_keys);
static const struct load_table one_output_form =
    LOAD_EITHER(&load_form_name, &output_table);
static const struct load_table outputs_form = LOAD_LIST(&one_output_form);

static void
load_outputs(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_decision *decision = into;
	struct decision_output *outputs = ARENA_ARRAY(load->arena, node->count,
	    struct decision_output);

	for (size_t i = 0; i < node->count; i++) {
		if (node->items[i]->kind == NODE_MAP)
			load_map(
			    load, node->items[i], &output_table, &outputs[i]);
		else
			outputs[i].name = load_name(load, node->items[i],
			    "an output of a decision");
		for (size_t k = 0; k < i; k++) {
			if (!str_equal(outputs[k].name, outputs[i].name))
				continue;
			load_error(load, LOAD_DUPLICATE_NAME,
			    node->items[i]->span,
			    "the output `%.*s` stands here twice",
			    STR_ARG(outputs[i].name));
		}
	}
	decision->outputs = outputs;
	decision->output_count = node->count;
}

/* ---- rules ---- */

/* NULL with an error of its own. */
static const struct yaml_node *
find_list(const struct yaml_node *root, const char *key)
{
	const struct yaml_node *list = yaml_tree_find(root, key);

	return list && list->kind == NODE_LIST ? list : NULL;
}

static const struct feel *
load_cell(struct load *load, const struct yaml_node *cell)
{
	if (!load_is_kind(load, cell, NODE_TEXT, "rules", "unary tests"))
		return NULL;
	if (str_equal(str_trim(cell->text), STR("-")))
		return NULL;
	if (load_is_expression(cell)) {
		load_error(load, LOAD_NO_EXPRESSION, cell->span,
		    "an input's cell is a unary test and takes no `=`");
		load_repair(load, "write < 1000, [1..10), \"EUR\", or -");
		return NULL;
	}
	return load_feel_tests(load, cell);
}

/* A comma in a cell without quotes makes two cells of it. */
static bool
has_cut_cell(struct load *load, const struct yaml_node *rule)
{
	bool has = false;

	for (size_t i = 0; i < rule->count; i++)
		has |= load_report_cut(load, rule->items[i]);
	return has;
}

static void
load_rule(struct load *load, const struct yaml_node *node, size_t inputs,
    size_t outputs, struct decision_rule *rule)
{
	const struct feel **when = ARENA_ARRAY(load->arena, inputs,
	    const struct feel *);
	const struct template **then = ARENA_ARRAY(load->arena, outputs,
	    const struct template *);

	rule->span = node->span;
	rule->when = when;
	rule->then = then;
	for (size_t i = 0; i < outputs; i++)
		then[i] = load_literal(load, &value_null, node->span);
	if (!load_is_kind(load, node, NODE_LIST, "rules",
	    "lists of cells, inputs first"))
		return;
	if (node->count != inputs + outputs) {
		if (node->count > inputs + outputs && has_cut_cell(load, node))
			return;
		load_error(load, LOAD_BAD_FORM, node->span,
		    "the rule has %zu cells where the table has %zu inputs and "
		    "%zu outputs",
		    node->count, inputs, outputs);
		return;
	}
	for (size_t i = 0; i < inputs; i++)
		when[i] = load_cell(load, node->items[i]);
	for (size_t i = 0; i < outputs; i++)
		then[i] = load_template(load, node->items[inputs + i]);
}

static void
load_rules(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_decision *decision = into;
	const struct yaml_node *root = ((struct load_decision *)into)->root;
	const struct yaml_node *inputs = find_list(root, "inputs");
	const struct yaml_node *outputs = find_list(root, "outputs");
	struct decision_rule *rules = ARENA_ARRAY(load->arena, node->count,
	    struct decision_rule);

	if (!inputs || !outputs)
		return; /* nobody knows which cells are whose */
	for (size_t i = 0; i < node->count; i++)
		load_rule(load, node->items[i], inputs->count, outputs->count,
		    &rules[i]);
	decision->rules = rules;
	decision->rule_count = node->count;
}

static const struct load_table rules_form = LOAD_LIST(&load_form_values);

/* ---- the table of keys ---- */

#define ROWS_OF_TABLE                                                          \
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,      \
	    "what is decided"},                                                \
	{"hit-policy", KIND_OWN, LOAD_MAY, 0, load_hit_policy, &policy_form,   \
	    "which rules count where several match; unique unless told"},      \
	{"inputs", KIND_LIST, LOAD_MUST, 0, load_inputs, &inputs_form,         \
	    "expressions that are looked at"},                                 \
	{"outputs", KIND_LIST, LOAD_MUST, 0, load_outputs, &outputs_form,      \
	    "names of what is decided"},                                       \
	{"rules", KIND_LIST, LOAD_MUST, 0, load_rules, &rules_form,            \
	    "lists of cells: a unary test per input, a value per output"}

static const struct load_key decision_keys[] = {
	{"decision", KIND_NAME, LOAD_MUST, IN(name), NULL, NULL,
	    "the name under which `decide` refers to it"},
	ROWS_OF_TABLE,
};
const struct load_table load_decision_table =
    LOAD_TABLE("a decision", decision_keys);
static const struct load_key inline_keys[] = {ROWS_OF_TABLE};
const struct load_table load_decision_inline_table =
    LOAD_TABLE("a decision table", inline_keys);

static void
check_policy(struct load *load, const struct yaml_node *root,
    const struct def_decision *decision)
{
	bool needs_values = decision->hit_policy == HIT_PRIORITY ||
	    decision->hit_policy == HIT_OUTPUT_ORDER;
	bool has_values = false;

	for (size_t i = 0; i < decision->output_count; i++)
		has_values = has_values || decision->outputs[i].values;
	if (needs_values && !has_values) {
		load_error(load, LOAD_MISSING_KEY,
		    load_key_span(root, "outputs"),
		    "this hit policy needs the outputs' values by priority");
		load_repair(
		    load, "write {name: …, values: [highest, …, lowest]}");
	}
	if (decision->aggregation == AGGREGATE_NONE ||
	    decision->aggregation == AGGREGATE_COUNT ||
	    decision->output_count <= 1)
		return;
	load_error(load, LOAD_EXCLUSIVE, load_key_span(root, "hit-policy"),
	    "a table with several outputs can't be summed up in one number");
}

static struct load_decision *
begin(struct load *load, const struct yaml_node *root)
{
	struct load_decision *whole =
	    ARENA_NEW(load->arena, struct load_decision);

	whole->def.span = root->span;
	whole->root = root;
	return whole;
}

/* Gathers the names that it reads, but those that are given, instead of
 * checking them. */
static void
load_gathering(struct load *load, const struct load_table *table,
    const struct yaml_node *given, struct load_decision *whole)
{
	struct load_scope *around = load->scope;

	load->scope = load_scope_new(load->arena);
	for (size_t i = 0; given && given->kind == NODE_MAP &&
	     i < given->count; i++)
		load_scope_add(load->scope, given->pairs[i].key->text);
	load_scope_open(load->scope);
	load_map(load, whole->root, table, &whole->def);
	whole->reads = load_scope_gathered(load->scope, &whole->read_count);
	load_scope_free(&load->scope);
	load->scope = around;
}

struct def_decision *
load_decision(struct load *load)
{
	struct load_decision *whole = begin(load, load->document->root);

	load_gathering(load, &load_decision_table, NULL, whole);
	check_policy(load, whole->root, &whole->def);
	return &whole->def;
}

struct def_decision *
load_decision_inline(struct load *load, const struct yaml_node *node,
    struct str name, const struct yaml_node *given)
{
	struct load_decision *whole = begin(load, node);

	must(node->kind == NODE_MAP);
	whole->def.is_inline = true;
	whole->def.name = name;
	if (given)
		load_gathering(load, &load_decision_inline_table, given,
		    whole);
	else
		load_map(load, node, &load_decision_inline_table, &whole->def);
	check_policy(load, node, &whole->def);
	return &whole->def;
}
