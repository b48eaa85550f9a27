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
