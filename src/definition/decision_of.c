/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision_of.c: a decision table from a value, in DMN's own words.
 *
 * This is the form in which tables of other tools, and the conformance
 * suite's, come as JSON: {hitPolicy, aggregation, inputs: [{expr, allowed}],
 * outputs: [{name, values, default}], rules: [{when, then}]}.
 */
#include "stated/decision.h"

#include <stdio.h>

struct reader {
	struct arena *arena;
	const struct feel_names *names;
	struct feel_error *error;
};

#define HIT_DMN_NAME(constant, name, dmn_name) [constant] = STR_INIT(dmn_name),
static const struct str policy_names[] = {HIT_POLICIES(HIT_DMN_NAME)};
static const struct str aggregation_names[] = {HIT_AGGREGATIONS(HIT_DMN_NAME)};

/* What is wrong with the form rather than with an expression. */
static bool
refuse(const struct reader *reader, const char *message)
{
	*reader->error = (struct feel_error){.bytes = 1};
	snprintf(reader->error->message, sizeof(reader->error->message), "%s",
	    message);
	return false;
}

static size_t
count_of(const struct value *list)
{
	must(list->type == VALUE_LIST);
	return list->as.list.count;
}

static const struct value *
item_of(const struct value *list, size_t index)
{
	must(index < count_of(list));
	return list->as.list.items[index];
}

static const struct value *
find_list(const struct value *context, const char *key)
{
	const struct value *list = value_get_cstr(context, key);

	return list != NULL && list->type == VALUE_LIST ? list : NULL;
}

/* *index stays where the word is null; false where it is unknown. */
static bool
read_word(const struct value *word, const struct str *words, size_t count,
    size_t *index)
{
	if (value_is_null(word))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (!str_equal(value_str(word), words[i]))
			continue;
		*index = i;
		return true;
	}
	return false;
}

/* NULL in *out for null, "-" and a cell that was left empty. */
static bool
read_tests(const struct reader *reader, const struct value *text,
    const struct feel **out)
{
	*out = NULL;
	if (value_is_null(text))
		return true;
	if (text->type != VALUE_STRING)
		return refuse(reader, "unary tests are a string");
	if (str_trim(value_str(text)).bytes == 0 ||
	    str_equal(str_trim(value_str(text)), STR("-")))
		return true;
	*out = feel_parse_unary_tests(reader->arena, value_str(text),
	    reader->names, reader->error);
	return *out != NULL;
}

static bool
read_template(const struct reader *reader, const struct value *text,
    const struct template **out)
{
	struct template *template = ARENA_NEW(reader->arena, struct template);

	if (text->type != VALUE_STRING)
		return refuse(reader, "an output is a string of FEEL");
	template->kind = TEMPLATE_FEEL;
	template->text = value_str(text);
	if (str_trim(template->text).bytes == 0)
		template->text = STR("null");
	template->feel = feel_parse(reader->arena, template->text,
	    reader->names, reader->error);
	*out = template;
	return template->feel != NULL;
}

static bool
read_input(const struct reader *reader, const struct value *value,
    struct decision_input *out)
{
	out->label = value_field_str(value, "expr");
	if (out->label.at == NULL)
		return refuse(reader, "an input has `expr`, a string");
	out->feel = feel_parse(reader->arena, out->label, reader->names,
	    reader->error);
	return out->feel != NULL &&
	    read_tests(reader, value_field_or_null(value, "allowed"),
		&out->allowed);
}

/* "\"A\", \"B\"" is a list in order of priority; "< 5" is none: NULL. */
static const struct value *
values_of_tests(const struct reader *reader, struct str tests)
{
	struct str text = arena_strf(reader->arena, "[%.*s]", STR_ARG(tests));
	struct feel_env env = {.arena = reader->arena};
	struct feel_error error;
	const struct feel *feel =
	    feel_parse(reader->arena, text, reader->names, &error);
	const struct value *list = NULL;

	if (feel == NULL)
		return NULL;
	list = feel_eval(feel, &env);
	return list->type == VALUE_LIST ? list : NULL;
}

static bool
read_output(const struct reader *reader, const struct value *value,
    struct decision_output *out)
{
	const struct value *values = value_field_or_null(value, "values");
	const struct value *fallback = value_field_or_null(value, "default");

	out->name = value_field_str(value, "name");
	if (!read_tests(reader, values, &out->allowed))
		return false;
	if (out->allowed != NULL)
		out->values = values_of_tests(reader, value_str(values));
	return value_is_null(fallback) ||
	    read_template(reader, fallback, &out->fallback);
}

static bool
read_rule(const struct reader *reader, const struct value *value,
    const struct def_decision *table, struct decision_rule *out)
{
	const struct value *when = find_list(value, "when");
	const struct value *then = find_list(value, "then");
	const struct feel **tests = ARENA_ARRAY(reader->arena,
	    table->input_count, const struct feel *);
	const struct template **outputs = ARENA_ARRAY(reader->arena,
	    table->output_count, const struct template *);

	if (when == NULL || count_of(when) != table->input_count)
		return refuse(reader, "a rule has one `when` per input");
	if (then == NULL || count_of(then) != table->output_count)
		return refuse(reader, "a rule has one `then` per output");
	for (size_t i = 0; i < table->input_count; i++) {
		if (!read_tests(reader, item_of(when, i), &tests[i]))
			return false;
	}
	for (size_t i = 0; i < table->output_count; i++) {
		if (!read_template(reader, item_of(then, i), &outputs[i]))
			return false;
	}
	*out = (struct decision_rule){.when = tests, .then = outputs};
	return true;
}

static bool
read_policy(const struct reader *reader, const struct value *value,
    struct def_decision *table)
{
	size_t policy = HIT_UNIQUE;
	size_t aggregation = AGGREGATE_NONE;

	if (!read_word(value_field_or_null(value, "hitPolicy"), policy_names,
		COUNT_OF(policy_names), &policy))
		return refuse(reader, "`hitPolicy` is none of DMN's");
	if (!read_word(value_field_or_null(value, "aggregation"),
		aggregation_names, COUNT_OF(aggregation_names), &aggregation))
		return refuse(reader, "`aggregation` is none of DMN's");
	if (aggregation != AGGREGATE_NONE && policy != HIT_COLLECT)
		return refuse(reader, "only COLLECT has an aggregation");
	table->hit_policy = (enum hit_policy)policy;
	decision_set_aggregation(
	    table, (enum hit_aggregation)aggregation, reader->arena);
	return true;
}

static bool
read_inputs(const struct reader *reader, const struct value *list,
    struct def_decision *table)
{
	struct decision_input *inputs = NULL;

	if (list == NULL)
		return refuse(reader, "a table has a list of `inputs`");
	table->input_count = count_of(list);
	inputs = ARENA_ARRAY(reader->arena, table->input_count,
	    struct decision_input);
	table->inputs = inputs;
	for (size_t i = 0; i < table->input_count; i++) {
		if (!read_input(reader, item_of(list, i), &inputs[i]))
			return false;
	}
	return true;
}

static bool
read_outputs(const struct reader *reader, const struct value *list,
    struct def_decision *table)
{
	struct decision_output *outputs = NULL;

	if (list == NULL || count_of(list) == 0)
		return refuse(reader, "a table has a list of `outputs`");
	table->output_count = count_of(list);
	outputs = ARENA_ARRAY(reader->arena, table->output_count,
	    struct decision_output);
	table->outputs = outputs;
	for (size_t i = 0; i < table->output_count; i++) {
		if (!read_output(reader, item_of(list, i), &outputs[i]))
			return false;
		if (outputs[i].name.at == NULL && table->output_count > 1)
			return refuse(
			    reader, "one of several outputs has no name");
	}
	return true;
}

static bool
read_rules(const struct reader *reader, const struct value *list,
    struct def_decision *table)
{
	struct decision_rule *rules = NULL;

	if (list == NULL)
		return refuse(reader, "a table has a list of `rules`");
	table->rule_count = count_of(list);
	rules = ARENA_ARRAY(reader->arena, table->rule_count,
	    struct decision_rule);
	table->rules = rules;
	for (size_t i = 0; i < table->rule_count; i++) {
		if (!read_rule(reader, item_of(list, i), table, &rules[i]))
			return false;
	}
	return true;
}

const struct def_decision *
decision_of_value(struct arena *arena, const struct value *table,
    const struct feel_names *names, struct feel_error *error)
{
	const struct reader reader = {arena, names, error};
	struct def_decision *decision = ARENA_NEW(arena, struct def_decision);

	must(error != NULL);
	decision->name = STR("table");
	if (!read_policy(&reader, table, decision) ||
	    !read_inputs(&reader, find_list(table, "inputs"), decision) ||
	    !read_outputs(&reader, find_list(table, "outputs"), decision) ||
	    !read_rules(&reader, find_list(table, "rules"), decision))
		return NULL;
	return decision;
}
