/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_eval.c: tries an expression, or many.
 *
 * With --lines and --table each line of standard input is answered by one
 * line, at once, so that another program may drive it.
 */
#include "cli_explain.h"

#include "stated/clock.h"
#include "stated/decision.h"
#include "stated/feel.h"
#include "stated/library.h"

static const struct value *
lookup_cb(void *arg, struct str name)
{
	return value_get(arg, name);
}

static struct feel_env
env_of(struct arena *arena, const struct value *context)
{
	return (struct feel_env){
	    .arena = arena,
	    .lookup = lookup_cb,
	    .arg = (void *)(uintptr_t)context,
	    .now_ms = clock_now_ms(clock_system()),
	};
}

static const struct feel_names *
names_of(struct arena *arena, const struct value *context)
{
	struct feel_names *names = feel_names_new(arena);

	feel_names_add_value(names, context);
	return names;
}

/* ---- lines ---- */

static const struct value *
error_of(struct arena *arena, struct str message, size_t column)
{
	struct value_builder *error = value_build_context(arena);
	struct value_builder *answer = value_build_context(arena);

	value_put_str(error, "message", message);
	if (column > 0)
		value_put_int(error, "column", (int64_t)column);
	value_put(answer, STR("error"), value_built(error));
	return value_built(answer);
}

static const struct value *
error_of_feel(
    struct arena *arena, struct str text, const struct feel_error *error)
{
	struct str before = str_slice(text, 0, error->offset);

	return error_of(arena,
	    error->repair[0] != '\0'
		? arena_strf(arena, "%s: %s", error->message, error->repair)
		: str_of(error->message),
	    str_count_codepoints(before) + 1);
}

/* So much of a value is shown. */
#define SHOWN_BYTES_MAX 200

static const struct value *
error_of_value(struct arena *arena, const struct value_field *field)
{
	struct buf text = buf_in(arena);
	bool is_shown;

	json_write(field->value, JSON_PLAIN, &text);
	is_shown = text.bytes <= SHOWN_BYTES_MAX;
	return error_of(arena,
	    arena_strf(arena, "`%.*s` in `context` is no value in typed form"
			      "%s%.*s",
		STR_ARG(field->key), is_shown ? ": " : "",
		STR_ARG(is_shown ? buf_str(&text) : STR(""))), 0);
}

/* A plain object of values in the typed form; NULL with *error, which stays as
 * it is where there is no such object. */
static const struct value *
context_of(struct arena *arena, const struct value *line,
    const struct value **error)
{
	const struct value *typed = value_field_or_null(line, "context");
	struct value_builder *context = value_build_context(arena);

	if (typed->type == VALUE_NULL)
		return value_built(context);
	if (typed->type != VALUE_CONTEXT)
		return NULL;
	for (size_t i = 0; i < typed->as.context.count; i++) {
		const struct value_field *field = &typed->as.context.fields[i];
		const struct value *value = json_untype(arena, field->value);

		if (value == NULL) {
			*error = error_of_value(arena, field);
			return NULL;
		}
		value_put(context, field->key, value);
	}
	return value_built(context);
}

/* An answer is a value to be written typed, or (*error) one as it stands. */
typedef const struct value *answer_fn(struct arena *arena,
    const struct value *line, const struct value *context,
    const struct value **error);
struct mode {
	answer_fn *answer;
};

/* To the type that a line's `as` names. */
static const struct value *
convert(struct arena *arena, const struct value *line,
    const struct value *value, const struct value **error)
{
	const struct value *as = value_field_or_null(line, "as");
	struct str text = value_str(as);
	const struct feel_type *type;
	struct feel_error failure;

	if (value_is_null(as))
		return value;
	if (text.at == NULL) {
		*error = error_of(arena, STR("`as` has to be a string"), 0);
		return NULL;
	}
	type = feel_type_parse(arena, text, &failure);
	if (type != NULL)
		return feel_type_convert(type, value, arena);
	*error = error_of_feel(arena, text, &failure);
	return NULL;
}

static const struct value *
answer_expression(struct arena *arena, const struct value *line,
    const struct value *context, const struct value **error)
{
	struct str text = value_field_str(line, "expr");
	struct feel_env env = env_of(arena, context);
	struct feel_error failure;
	const struct value *value;
	const struct feel *feel;

	if (text.at == NULL) {
		*error = error_of(arena, STR("`expr` has to be a string"), 0);
		return NULL;
	}
	feel = feel_parse(arena, text, names_of(arena, context), &failure);
	if (feel == NULL) {
		*error = error_of_feel(arena, text, &failure);
		return NULL;
	}
	value = feel_eval(feel, &env);
	if (env.exhausted) {
		*error = error_of(arena, str_of(env.note), 0);
		return NULL;
	}
	return convert(arena, line, value, error);
}

static const struct value *
answer_table(struct arena *arena, const struct value *line,
    const struct value *context, const struct value **error)
{
	const struct value *table = value_field_or_null(line, "table");
	struct feel_env env = env_of(arena, context);
	struct feel_error failure;
	const struct def_decision *decision;
	struct decision_result result;

	if (table->type != VALUE_CONTEXT) {
		*error = error_of(arena, STR("`table` has to be an object"), 0);
		return NULL;
	}
	decision =
	    decision_of_value(arena, table, names_of(arena, context), &failure);
	if (decision == NULL) {
		*error = error_of(arena, str_of(failure.message), 0);
		return NULL;
	}
	result = decision_eval(decision, &env);
	if (!env.exhausted)
		return result.outcome;
	*error = error_of(arena, result.failure, 0);
	return NULL;
}

static void
answer_line(struct arena *arena, struct str text, void *arg, struct buf *out)
{
	const struct mode *mode = arg;
	struct json_error malformed;
	const struct value *line = json_read(arena, text, &malformed);
	const struct value *context, *value, *error = NULL;

	if (line == NULL) {
		error = error_of(
		    arena, str_of(malformed.message), malformed.column);
	} else if (line->type != VALUE_CONTEXT ||
		   (context = context_of(arena, line, &error)) == NULL) {
		if (error == NULL)
			error = error_of(arena,
			    STR("a line is an object, its `context` an "
				"object of values in typed form"),
			    0);
	} else {
		value = mode->answer(arena, line, context, &error);
		if (error == NULL)
			json_write(value, JSON_TYPED, out);
	}
	if (error != NULL)
		json_write(error, JSON_PLAIN, out);
}

/* ---- one expression ---- */

static void
print(struct cli *cli, const struct value *value)
{
	struct buf json = {0}, out = {0};

	if (!cli->is_json) {
		cli_value_print(cli, value);
		return;
	}
	json_write(value, JSON_TYPED, &json);
	cli_text_add_json(buf_str(&json), &out);
	fprintf(cli->out, "%s\n", buf_cstr(&out));
	buf_fini(&json);
	buf_fini(&out);
}

/* Once more, as a whole, to see what became of each part. */
static const struct value *
trace_parts(struct cli_expression *expression, struct feel_env env)
{
	struct feel_error error;
	const struct feel *feel = feel_parse_parts(env.arena,
	    expression->source.text,
	    names_of(env.arena, expression->context), &error);

	must(feel != NULL);
	return feel_eval(feel, &env);
}

static enum cli_status
answer(struct cli *cli, struct cli_expression *expression)
{
	const struct value *context = expression->context;
	struct feel_env env = env_of(cli->arena, context);
	const struct value *value;
	struct feel_error error;
	const struct feel *feel;

	feel = feel_parse(cli->arena, expression->source.text,
	    names_of(cli->arena, context), &error);
	if (feel == NULL) {
		cli_explain_error(expression, &error);
		return CLI_FAILED;
	}
	if (cli_option(cli, "explain") != NULL) {
		env.trace = feel_trace_new(cli->arena);
		value = trace_parts(expression, env);
		cli_explain_print(expression, value, env.trace);
		return CLI_OK;
	}
	value = feel_eval(feel, &env);
	if (env.exhausted) {
		cli_fail(cli, "%s", env.note);
		return CLI_FAILED;
	}
	print(cli, value);
	if (env.note[0] != '\0') {
		env.trace = feel_trace_new(cli->arena);
		(void)trace_parts(expression, env);
		cli_explain_notes(expression, env.trace);
	}
	return CLI_OK;
}

/* What --data gives; else *status says what to end with. */
static const struct value *
data_of(struct cli *cli, enum cli_status *status)
{
	const char *data = cli_option(cli, "data");
	const struct value *context =
	    data != NULL ? cli_value_of(cli, "--data", data)
			 : value_built(value_build_context(cli->arena));

	*status = CLI_FAILED;
	if (context == NULL || context->type == VALUE_CONTEXT)
		return context;
	*status = cli_usage(cli, "--data takes an object");
	return NULL;
}

static enum cli_status
eval_one(struct cli *cli)
{
	struct cli_expression expression;
	enum cli_status status;
	struct str text = cli_argument(cli, 0);
	const struct value *context = data_of(cli, &status);

	if (context == NULL)
		return status;
	if (!str_is_utf8(text))
		return cli_usage(cli, "the expression is not UTF-8");
	expression = cli_explain_begin(cli, text, context);
	status = answer(cli, &expression);
	cli_explain_end(&expression);
	return status;
}

/* ---- one table ---- */

/* The table of that name, or the only one; NULL with a message. */
static const struct def_decision *
choose_table(struct cli *cli, const struct library *library)
{
	struct str name = cli_argument(cli, 0);
	const struct def_decision *table =
	    name.at != NULL ? library_find_decision(library, name)
			    : library_decision_at(library, 0);

	if (table != NULL && name.at == NULL &&
	    library_decision_at(library, 1) != NULL) {
		cli_fail(cli, "there are several tables: name one");
		return NULL;
	}
	if (table == NULL)
		cli_fail(cli, "there is no decision table%s%.*s",
		    name.at != NULL ? " " : "", STR_ARG(name));
	return table;
}

static enum cli_status
ask_table(struct cli *cli, const struct def_decision *table,
    const struct value *context)
{
	const struct feel_env env = env_of(cli->arena, context);
	struct feel_env used = env;
	struct decision_result result = decision_eval(table, &used);

	if (cli_option(cli, "explain") != NULL) {
		cli_explain_table(cli, table, &result, env);
		return result.failure.at == NULL ? CLI_OK : CLI_FAILED;
	}
	print(cli, result.outcome);
	cli_explain_table_notes(cli, table, &result, env, context);
	if (result.failure.at == NULL)
		return CLI_OK;
	return cli_fail(cli, "%.*s", STR_ARG(result.failure));
}

static enum cli_status
eval_table(struct cli *cli, const char *path)
{
	struct diag_list *diags = diag_list_new();
	struct library *library = cli_library_load(cli, &path, 1, diags);
	const struct def_decision *table = NULL;
	enum cli_status status;
	const struct value *context = data_of(cli, &status);

	cli_library_report(cli, diags, cli->err);
	if (context != NULL && diag_count(diags, DIAG_ERROR) == 0)
		table = choose_table(cli, library);
	if (table != NULL)
		status = ask_table(cli, table, context);
	library_free(&library);
	diag_list_free(&diags);
	return status;
}

static enum cli_status
run(struct cli *cli)
{
	const char *decision = cli_option(cli, "decision");
	bool is_lines = cli_option(cli, "lines") != NULL;
	bool is_table = cli_option(cli, "table") != NULL;

	if (is_lines && is_table)
		return cli_usage(cli, "--lines or --table, not both");
	if ((is_lines || is_table) &&
	    (decision != NULL || cli_option(cli, "explain") != NULL))
		return cli_usage(cli, "--%s takes one expression or table",
		    decision != NULL ? "decision" : "explain");
	if ((is_lines || is_table) && cli->argument_count > 0)
		return cli_usage(cli, "expressions come from standard input "
				      "here, not as an argument");
	if ((is_lines || is_table) && cli_option(cli, "data") != NULL)
		return cli_usage(cli, "--data is for one expression: each line "
				      "has its own `context`");
	if (is_lines)
		return cli_value_lines(cli, answer_line,
		    &(struct mode){answer_expression});
	if (is_table)
		return cli_value_lines(cli, answer_line,
		    &(struct mode){answer_table});
	if (decision != NULL)
		return eval_table(cli, decision);
	if (cli->argument_count == 0)
		return cli_usage(cli, "an expression is missing");
	return eval_one(cli);
}

static const struct cmd_option options[] = {
    {"data", "JSON|@FILE", "the names that the expression may read"},
    {"decision", "FILE", "ask the table of that file; EXPR is its name"},
    {"explain", NULL, "show the value of every part"},
    {"lines", NULL, "answer lines of {\"expr\", \"context\", \"as\"}"},
    {"table", NULL, "answer lines of {\"table\", \"context\"}"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_eval = {
    .name = "eval",
    .arguments = "EXPR",
    .summary = "Evaluate a FEEL expression",
    .details =
	"Text is printed as JSON for people; --format json keeps the types "
	"apart\n"
	"({\"n\": \"1.10\"}, {\"d\": \"2026-11-22\"}).  --explain shows "
	"each part's value\n"
	"under its place.  With --lines or --table every line of standard "
	"input is\n"
	"answered by one line in that typed form, or by {\"error\": …}: "
	"where it cannot\n"
	"be read, or takes too long or too much memory.  `as` names the "
	"type, as\n"
	"list<number>, to which a value is converted; one that does not "
	"conform is\n"
	"null.  docs/expressions.md tells the language by example.",
    .most = 1,
    .shares = CMD_FORMAT,
    .options = options,
    .run = run,
};
