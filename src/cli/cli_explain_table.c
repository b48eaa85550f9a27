/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_explain_table.c: which rules of a decision table hold, and why the
 * others don't.
 *
 * The cells of every rule are tried once more, for the table itself stops at
 * the first one that doesn't hold, and under `first` at the first rule.
 */
#include "cli_explain.h"

#include "stated/decision.h"

#define VALUE_BYTES_MAX 100

struct table {
	struct cli *cli;
	const struct def_decision *decision;
	const struct decision_result *result;
	struct feel_env env;
};

static const struct value *
input_of(const struct table *table, size_t index)
{
	return table->result->inputs->as.list.items[index];
}

/* Whether the cell holds, and a note of why nobody can tell; an empty cell
 * always does. */
static const struct value *
try_cell(const struct table *table, size_t rule, size_t input, struct str *note)
{
	const struct feel *cell = table->decision->rules[rule].when[input];
	struct feel_env env = table->env;
	const struct value *verdict;

	*note = (struct str){NULL, 0};
	if (cell == NULL)
		return &value_true;
	verdict = feel_test(cell, input_of(table, input), &env);
	if (env.note[0] != '\0')
		*note = arena_str(env.arena, str_of(env.note));
	return verdict;
}

static struct str
text_of_cell(const struct table *table, size_t rule, size_t input)
{
	const struct feel *cell = table->decision->rules[rule].when[input];

	return cell != NULL ? feel_source(cell) : STR("-");
}

static bool
holds(const struct table *table, size_t rule)
{
	for (size_t i = 0; i < table->result->matched_count; i++) {
		if (table->result->matched[i] == rule + 1)
			return true;
	}
	return false;
}

/* Under `first` nobody looks at the rules behind the one that holds. */
static bool
is_looked_at(const struct table *table, size_t rule)
{
	return table->decision->hit_policy != HIT_FIRST ||
	    table->result->matched_count == 0 ||
	    rule < table->result->matched[0];
}

/* -------------------------------------------------------------------- text */

/* Prints a cell that doesn't hold. */
static void
print_cell(const struct table *table, size_t rule, size_t input)
{
	struct arena *arena = table->cli->arena;
	struct str note;
	const struct value *verdict = try_cell(table, rule, input, &note);

	if (value_is_true(verdict))
		return;
	fprintf(table->cli->out, " `%.*s` of `%.*s` is %.*s",
	    STR_ARG(cli_text_clean(arena, text_of_cell(table, rule, input))),
	    STR_ARG(table->decision->inputs[input].label),
	    STR_ARG(feel_text(arena, verdict, VALUE_BYTES_MAX)));
	if (note.at != NULL)
		fprintf(table->cli->out, " (%.*s)",
		    STR_ARG(cli_text_clean(arena, note)));
}

static void
print_rule(const struct table *table, size_t rule)
{
	struct cli *cli = table->cli;

	fprintf(cli->out, "rule %zu  ", rule + 1);
	if (!is_looked_at(table, rule)) {
		cli_text_paint(cli->out, cli->colours_out, COLOUR_DIM,
		    STR("is not looked at\n"));
		return;
	}
	if (holds(table, rule)) {
		cli_text_paint(cli->out, cli->colours_out, COLOUR_GREEN,
		    STR("holds\n"));
		return;
	}
	fputs("does not hold:", cli->out);
	for (size_t i = 0; i < table->decision->input_count; i++)
		print_cell(table, rule, i);
	putc('\n', cli->out);
}

static void
print_text(const struct table *table)
{
	struct cli *cli = table->cli;
	struct str failure = table->result->failure;

	for (size_t i = 0; i < table->decision->input_count; i++)
		fprintf(cli->out, "%.*s  = %.*s\n",
		    STR_ARG(table->decision->inputs[i].label),
		    STR_ARG(cli_text_clean(cli->arena, feel_text(cli->arena,
			input_of(table, i), VALUE_BYTES_MAX))));
	for (size_t i = 0; i < table->decision->rule_count; i++)
		print_rule(table, i);
	fprintf(cli->out, "%.*s  = %.*s\n", STR_ARG(table->decision->name),
	    STR_ARG(cli_text_clean(cli->arena, feel_text(cli->arena,
		table->result->outcome, VALUE_BYTES_MAX))));
	if (failure.at != NULL)
		cli_text_paint(cli->out, cli->colours_out, COLOUR_RED,
		    arena_strf(cli->arena, "! %.*s\n", STR_ARG(failure)));
}

/* -------------------------------------------------------------------- JSON */

static void
add_cell(const struct table *table, size_t rule, size_t input, struct buf *out)
{
	struct str note;
	const struct value *verdict = try_cell(table, rule, input, &note);

	buf_add_cstr(out, input > 0 ? ",{\"text\":" : "{\"text\":");
	buf_add_json_string(out, text_of_cell(table, rule, input));
	buf_add_cstr(out, ",\"value\":");
	json_write(verdict, JSON_TYPED, out);
	if (note.at != NULL) {
		buf_add_cstr(out, ",\"diagnostics\":[{\"message\":");
		buf_add_json_string(out, note);
		buf_add_cstr(out, "}]");
	}
	buf_add_char(out, '}');
}

static void
add_rule(const struct table *table, size_t rule, struct buf *out)
{
	buf_addf(out, "%s{\"rule\":%zu,\"holds\":%s,\"cells\":[",
	    rule > 0 ? "," : "", rule + 1,
	    !is_looked_at(table, rule) ? "null" :
	    holds(table, rule) ? "true" : "false");
	for (size_t i = 0; i < table->decision->input_count; i++)
		add_cell(table, rule, i, out);
	buf_add_cstr(out, "]}");
}

static void
print_json(const struct table *table)
{
	const struct def_decision *decision = table->decision;
	struct buf out = {0};

	buf_add_cstr(&out, "{\"value\":");
	json_write(table->result->outcome, JSON_TYPED, &out);
	if (table->result->failure.at != NULL) {
		buf_add_cstr(&out, ",\"failure\":");
		buf_add_json_string(&out, table->result->failure);
	}
	buf_add_cstr(&out, ",\"inputs\":[");
	for (size_t i = 0; i < decision->input_count; i++) {
		buf_add_cstr(&out, i > 0 ? ",{\"text\":" : "{\"text\":");
		buf_add_json_string(&out, decision->inputs[i].label);
		buf_add_cstr(&out, ",\"value\":");
		json_write(input_of(table, i), JSON_TYPED, &out);
		buf_add_char(&out, '}');
	}
	buf_add_cstr(&out, "],\"rules\":[");
	for (size_t i = 0; i < decision->rule_count; i++)
		add_rule(table, i, &out);
	buf_add_cstr(&out, "]}");
	fprintf(table->cli->out, "%s\n", buf_cstr(&out));
	buf_fini(&out);
}

/* ------------------------------------------------------------------- notes */

/* Everything is evaluated once more, with one budget for all of it. */
struct noting {
	const struct table *table;
	const struct value *context; /* what names are looked up in */
	struct feel_env env;
	size_t told; /* expressions */
};

/* `tested` is what unary tests are asked about; else NULL. */
static const struct value *
note_feel(struct noting *noting, const struct feel *feel,
    const struct value *tested, struct str where)
{
	struct feel_env *env = &noting->env;
	struct cli_expression expression;
	const struct value *value;

	if (env->exhausted)
		return &value_null;
	env->trace = feel_trace_new(env->arena);
	value = tested != NULL ? feel_test(feel, tested, env) :
	    feel_eval(feel, env);
	if (env->note[0] == '\0' || noting->told == CLI_NOTES_MAX)
		return value;
	noting->told++;
	expression = cli_explain_begin(
	    noting->table->cli, feel_source(feel), noting->context);
	expression.source.file = where;
	cli_explain_notes(&expression, env->trace);
	cli_explain_end(&expression);
	return value;
}

static void
note_template(
    struct noting *noting, const struct template *template, struct str where)
{
	if (template->kind == TEMPLATE_FEEL)
		(void)note_feel(noting, template->feel, NULL, where);
	for (size_t i = 0; i < template->count; i++)
		note_template(noting, template->kind == TEMPLATE_LIST ?
		    template->items[i] : template->fields[i].value, where);
}

static struct str
output_name(const struct table *table, size_t output)
{
	return table->decision->outputs[output].name;
}

/* The rest of a rule is not asked where one cell doesn't hold. */
static void
note_rule(struct noting *noting, size_t rule)
{
	const struct table *table = noting->table;
	const struct decision_rule *written = &table->decision->rules[rule];
	struct arena *arena = noting->env.arena;

	for (size_t i = 0; i < table->decision->input_count; i++)
		if (written->when[i] != NULL &&
		    !value_is_true(note_feel(noting, written->when[i],
			input_of(table, i),
			arena_strf(arena, "rule %zu, input %zu", rule + 1,
			    i + 1))))
			return;
	for (size_t i = 0; i < table->decision->output_count; i++)
		note_template(noting, written->then[i],
		    arena_strf(arena, "rule %zu, output `%.*s`", rule + 1,
			STR_ARG(output_name(table, i))));
}

static void
note_fallbacks(struct noting *noting)
{
	const struct table *table = noting->table;

	for (size_t i = 0; i < table->decision->output_count; i++)
		if (table->decision->outputs[i].fallback != NULL)
			note_template(noting,
			    table->decision->outputs[i].fallback,
			    arena_strf(noting->env.arena,
				"default of `%.*s`",
				STR_ARG(output_name(table, i))));
}

void
cli_explain_table_notes(struct cli *cli, const struct def_decision *decision,
    const struct decision_result *result, struct feel_env env,
    const struct value *context)
{
	const struct table table = {cli, decision, result, env};
	struct noting noting = {
		.table = &table, .context = context, .env = env};
	bool has_matched = result->matched_count > 0;

	feel_env_share(&noting.env);
	for (size_t i = 0; i < decision->input_count; i++)
		(void)note_feel(&noting, decision->inputs[i].feel, NULL,
		    arena_strf(env.arena, "input %zu", i + 1));
	/* With an input that it doesn't allow, a table goes no further. */
	if (result->failure.at != NULL && !has_matched)
		return;
	for (size_t i = 0; i < decision->rule_count; i++)
		if (is_looked_at(&table, i))
			note_rule(&noting, i);
	if (!has_matched)
		note_fallbacks(&noting);
}

/* ------------------------------------------------------------------- whole */

void
cli_explain_table(struct cli *cli, const struct def_decision *decision,
    const struct decision_result *result, struct feel_env env)
{
	const struct table table = {cli, decision, result, env};

	must(result->inputs->as.list.count == decision->input_count);
	if (cli->is_json)
		print_json(&table);
	else
		print_text(&table);
}
