/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_check.c: tells what is wrong with definitions, and with an input. */
#include "cli_priv.h"

#include "stated/chart.h"
#include "stated/clock.h"
#include "stated/library.h"
#include "stated/prove.h"

/* ---- one input ---- */

/* The index'th workflow of the paths themselves: what helps them out is not
 * the user's question.  NULL at the end. */
static const struct definition *
workflow_at(const struct cli *cli, const struct library *library, size_t index)
{
	const struct definition *definition;

	for (size_t i = 0; (definition = library_workflow_at(library, i)); i++)
		if (cli_library_is_named(cli, definition->file) &&
		    index-- == 0)
			return definition;
	return NULL;
}

static size_t
count_names(const struct cli *cli, const struct library *library)
{
	const struct definition *first = workflow_at(cli, library, 0);
	const struct definition *definition;

	for (size_t i = 0; (definition = workflow_at(cli, library, i)); i++)
		if (!str_equal(definition->name, first->name))
			return 2;
	return first != NULL ? 1 : 0;
}

static enum cli_status
ask_which(struct cli *cli, const struct library *library)
{
	const struct definition *definition;

	cli_fail(cli, "there are several workflows: say which by --workflow");
	for (size_t i = 0; (definition = workflow_at(cli, library, i)); i++)
		fprintf(cli->err, "  %.*s %lld\n", STR_ARG(definition->name),
		    (long long)definition->version);
	return CLI_USAGE;
}

/* NULL with *status where there is not just one to choose. */
static const struct definition *
choose(struct cli *cli, const struct library *library, enum cli_status *status)
{
	struct str name = cli_option_str(cli, "workflow");
	const struct definition *first = workflow_at(cli, library, 0);
	const struct definition *definition;

	*status = CLI_OK;
	if (name.at == NULL && count_names(cli, library) > 1) {
		*status = ask_which(cli, library);
		return NULL;
	}
	if (name.at == NULL && first != NULL)
		name = first->name;
	definition = library_find_workflow(library, name, 0);
	if (definition == NULL)
		*status = name.at == NULL
			      ? cli_fail(cli, "there is no workflow to try "
					      "the input against")
			      : cli_fail(cli, "there is no workflow `%.*s`",
				    STR_ARG(name));
	return definition;
}

static void
add_error(
    struct schema_errors *errors, const char *keyword, const char *message)
{
	errors->items = arena_grow(errors->arena, errors->items, errors->count,
	    &errors->capacity, sizeof(*errors->items));
	errors->items[errors->count++] = (struct schema_error){
	    .pointer = STR(""),
	    .keyword = str_of(keyword),
	    .message = str_of(message),
	};
}

static void
try_input(struct cli *cli, const struct definition *definition,
    const struct value *input, struct schema_errors *errors)
{
	struct rng_seeded rng;
	struct chart_context context = {
	    .now_ms = clock_now_ms(clock_system()),
	    .arena = cli->arena,
	    .rng = &rng.rng,
	    .settings = value_built(value_build_context(cli->arena)),
	    .environment = STR("check"),
	};
	struct chart_handle key;

	rng_seeded_init(&rng, 1);
	if (definition->input != NULL &&
	    !schema_validate(definition->input, input, errors))
		return;
	if (!chart_business_key(definition, input, &context, &key))
		add_error(
		    errors, "business-key", "the input gives no business key");
}

static void
report_input(struct cli *cli, const struct definition *definition,
    const struct schema_errors *errors)
{
	cli_text_paint(cli->out, cli->colours_out,
	    errors->count > 0 ? COLOUR_RED : COLOUR_GREEN,
	    errors->count > 0 ? STR("invalid") : STR("valid"));
	fprintf(cli->out, " as input of %.*s %lld\n", STR_ARG(definition->name),
	    (long long)definition->version);
	for (size_t i = 0; i < errors->count; i++) {
		struct schema_error error = errors->items[i];

		fprintf(cli->out, "  %.*s: %.*s\n",
		    STR_ARG(error.pointer.bytes > 0
				? cli_text_clean(cli->arena, error.pointer)
				: STR("(the whole)")),
		    STR_ARG(cli_text_clean(cli->arena, error.message)));
	}
}

/* ---- documents ---- */

struct checked {
	struct library *library;
	struct diag_list *diags;
	struct diag_list *findings; /* what was proved of them */
	const struct definition *tried; /* NULL: no input was given */
	struct schema_errors errors;	/* of the input */
};

static size_t
count_level(const struct checked *checked, enum diag_level level)
{
	return diag_count(checked->diags, level) +
	       diag_count(checked->findings, level);
}

/* Proofs are about what loads, and findings about what was named: what only
 * helps it out is not the user's question. */
static void
prove(const struct cli *cli, const struct checked *checked)
{
	enum diag_level level =
	    cli_option(cli, "strict") != NULL ? DIAG_ERROR : DIAG_WARNING;
	struct diag_list *all;
	const struct diag *found;
	size_t count;

	if (diag_count(checked->diags, DIAG_ERROR) > 0)
		return;
	all = diag_list_new();
	prove_library(checked->library, all);
	found = diag_sorted(all, &count);
	for (size_t i = 0; i < count; i++)
		if (found[i].span.source != NULL &&
		    cli_library_is_named(cli, found[i].span.source->file))
			diag_copy(checked->findings, &found[i], level);
	diag_list_free(&all);
}

static void
print_count(struct cli *cli, size_t count, const char *what)
{
	fprintf(cli->out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

static void
report_text(struct cli *cli, const struct checked *checked)
{
	size_t errors = count_level(checked, DIAG_ERROR);
	size_t warnings = count_level(checked, DIAG_WARNING);
	size_t workflows = 0;

	cli_library_report(cli, checked->diags, cli->out);
	cli_library_report(cli, checked->findings, cli->out);
	while (workflow_at(cli, checked->library, workflows) != NULL)
		workflows++;
	print_count(cli, errors, "error");
	fputs(", ", cli->out);
	print_count(cli, warnings, "warning");
	fputs(" in ", cli->out);
	print_count(cli, workflows, "workflow");
	fputc('\n', cli->out);
	if (checked->tried != NULL)
		report_input(cli, checked->tried, &checked->errors);
}

static void
write_workflows(
    const struct cli *cli, const struct library *library, struct buf *out)
{
	const struct definition *definition;
	char hex[DIGEST_HEX_BYTES];

	for (size_t i = 0; (definition = workflow_at(cli, library, i)); i++) {
		buf_add_cstr(out, i > 0 ? ",\n{\"name\":" : "{\"name\":");
		buf_add_json_string(out, definition->name);
		buf_addf(out, ",\"version\":%lld,\"digest\":\"%.*s\",\"file\":",
		    (long long)definition->version,
		    STR_ARG(digest_hex(definition->digest, hex)));
		buf_add_json_string(out, definition->file);
		buf_add_char(out, '}');
	}
}

static void
write_errors(const struct checked *checked, struct buf *out)
{
	buf_addf(out, ",\n\"input\":{\"valid\":%s,\"errors\":[",
	    checked->errors.count == 0 ? "true" : "false");
	for (size_t i = 0; i < checked->errors.count; i++) {
		const struct schema_error *error = &checked->errors.items[i];

		buf_add_cstr(out, i > 0 ? ",\n{\"pointer\":" : "{\"pointer\":");
		buf_add_json_string(out, error->pointer);
		buf_add_cstr(out, ",\"keyword\":");
		buf_add_json_string(out, error->keyword);
		buf_add_cstr(out, ",\"message\":");
		buf_add_json_string(out, error->message);
		buf_add_char(out, '}');
	}
	buf_add_cstr(out, "]}");
}

static void
report_json(struct cli *cli, const struct checked *checked)
{
	struct buf out = {0};

	buf_addf(&out, "{\"errors\":%zu,\"warnings\":%zu,\n\"diagnostics\":",
	    count_level(checked, DIAG_ERROR),
	    count_level(checked, DIAG_WARNING));
	diag_format_json(checked->diags, &out);
	buf_add_cstr(&out, ",\n\"findings\":");
	diag_format_json(checked->findings, &out);
	buf_add_cstr(&out, ",\n\"workflows\":[");
	write_workflows(cli, checked->library, &out);
	buf_add_char(&out, ']');
	if (checked->tried != NULL)
		write_errors(checked, &out);
	fprintf(cli->out, "%s}\n", buf_cstr(&out));
	buf_fini(&out);
}

static enum cli_status
check(struct cli *cli, struct checked *checked)
{
	const char *text = cli_option(cli, "input");
	enum cli_status status = CLI_OK;
	const struct value *input;

	if (count_level(checked, DIAG_ERROR) > 0 ||
	    (cli_option(cli, "strict") != NULL &&
		count_level(checked, DIAG_WARNING) > 0))
		status = CLI_FAILED;
	if (text == NULL || diag_count(checked->diags, DIAG_ERROR) > 0)
		return status;
	input = cli_value_of(cli, "--input", text);
	if (input == NULL)
		return CLI_FAILED;
	checked->tried = choose(cli, checked->library, &status);
	if (checked->tried == NULL)
		return status;
	try_input(cli, checked->tried, input, &checked->errors);
	return checked->errors.count > 0 ? CLI_FAILED : status;
}

static enum cli_status
check_all(struct cli *cli)
{
	struct checked checked = {
	    .diags = diag_list_new(),
	    .findings = diag_list_new(),
	    .errors = {.arena = cli->arena}};
	enum cli_status status;

	checked.library = cli_library_load(
	    cli, cli->arguments, cli->argument_count, checked.diags);
	prove(cli, &checked);
	status = check(cli, &checked);
	if (status != CLI_USAGE) {
		if (cli->is_json)
			report_json(cli, &checked);
		else
			report_text(cli, &checked);
	}
	diag_list_free(&checked.diags);
	diag_list_free(&checked.findings);
	library_free(&checked.library);
	return status;
}

static enum cli_status
run(struct cli *cli)
{
	if (cli_option(cli, "workflow") != NULL &&
	    cli_option(cli, "input") == NULL)
		return cli_usage(cli, "--workflow says what --input is tried "
				      "against; all workflows are checked");
	return check_all(cli);
}

static const struct cmd_option options[] = {
    {"strict", NULL, "warnings and findings count as errors"},
    {"input", "JSON|@FILE|-", "try this against the workflow's input"},
    {"workflow", "NAME", "the workflow that the input is of, where there are several"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_check = {
    .name = "check",
    .arguments = "PATH...",
    .summary = "Tell what is wrong with definitions, or with an input",
    .details =
	"A PATH is a file or a folder.  A single file is read with what it "
	"leans on: the\ndocuments of the folder `workflows` around it, or of "
	"its own folder.",
    .least = 1,
    .most = SIZE_MAX,
    .shares = CMD_FORMAT,
    .options = options,
    .run = run,
};
