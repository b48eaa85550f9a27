/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_population.c: what was open, started and ended in a period. */
#include "cli_priv.h"

#include "stated/clock.h"
#include "stated/population.h"

/* ---- where the figures come from ---- */

static enum store_error
count(struct cli *cli, struct population *population)
{
	struct cli_progress progress = {0};
	enum store_error error = STORE_OK;
	bool is_end = false;

	cli_progress_begin(&progress, cli, "counting");
	while (error == STORE_OK && !is_end) {
		error = population_step(population, &is_end);
		cli_progress_count(
		    &progress, population_looked(population), "instances");
	}
	cli_progress_end(&progress);
	return error;
}

static enum cli_status
read_options(struct cli *cli, struct population_options *options)
{
	*options = (struct population_options){
	    .path = cli_option_str(cli, "database"),
	    .keys = cli->keys,
	    .workflow = cli_option_str(cli, "workflow"),
	    /* excluded, and this millisecond has begun */
	    .to_ms = clock_now_ms(clock_system()) + 1,
	    .amount = cli_option_str(cli, "amount"),
	    .currency = cli_option_str(cli, "currency"),
	};
	return cli_export_period(cli, cli_option_str(cli, "to"),
		   &options->from_ms, &options->to_ms)
	    ? CLI_OK
	    : CLI_USAGE;
}

static enum cli_status
read_database(struct cli *cli, const struct value **report)
{
	struct population_options options;
	struct population *population = NULL;
	struct buf detail = {0};
	enum cli_status status = read_options(cli, &options);
	enum store_error error;

	if (status != CLI_OK)
		return status;
	error = population_open(&options, &population, &detail);
	if (error == STORE_OK)
		error = count(cli, population);
	if (error == STORE_OK)
		*report = population_report(population, cli->arena);
	else
		status = cli_export_fail(
		    cli, options.path.at, error, &detail);
	population_close(&population);
	buf_fini(&detail);
	return status;
}

/* ---- telling them ---- */

static long long
whole_at(const struct value *from, const char *key)
{
	return (long long)value_field_int(from, key);
}

static struct str
text_at(struct cli *cli, const struct value *from, const char *key)
{
	const struct value *value = value_get_cstr(from, key);

	return value != NULL ? cli_text_of(cli->arena, value) : STR("");
}

static void
print_totals(struct cli *cli, const struct value *amounts)
{
	static const char *const headings[] = {"CURRENCY", "CARRIED",
	    "STARTED", "ENDED", "OPEN", NULL};
	static const char *const sides[] = {
	    "carried", "started", "ended", "open"};
	const struct value *totals = value_get_cstr(amounts, "totals");
	struct cli_table *table = cli_table_new(cli->arena, headings);

	if (totals == NULL || totals->type != VALUE_LIST ||
	    totals->as.list.count == 0)
		return;
	for (size_t i = 0; i < totals->as.list.count; i++) {
		const struct value *total = totals->as.list.items[i];
		cli_table_add(table, text_at(cli, total, "currency"));
		for (size_t j = 0; j < 4; j++)
			cli_table_add(table, text_at(cli,
			    value_get_cstr(total, sides[j]), "sum"));
	}
	fputc('\n', cli->out);
	cli_table_print(table, cli->out, cli->colours_out);
	if (value_is_true(value_field_or_null(amounts, "rounded")))
		fprintf(cli->out, "sums of over 34 digits are rounded\n");
}

static void
print(struct cli *cli, const struct value *report)
{
	const struct value *numbers = value_get_cstr(report, "numbers");
	const struct value *ended_as = value_get_cstr(report, "ended_as");

	fprintf(cli->out, "from %.*s to %.*s\n\n",
	    STR_ARG(text_at(cli, report, "from")),
	    STR_ARG(text_at(cli, report, "to")));
	fprintf(cli->out, "%12lld  carried over\n%12lld  started\n",
	    whole_at(report, "carried"), whole_at(report, "started"));
	fprintf(cli->out, "%12lld  ended  %.*s\n%12lld  open at the end\n",
	    whole_at(report, "ended"),
	    STR_ARG(cli_text_of(cli->arena, ended_as)),
	    whole_at(report, "open"));
	fprintf(cli->out, "carried over and started %s ended and open\n",
	    value_is_true(value_field_or_null(report, "adds_up"))
		? "are" : "ARE NOT");
	fprintf(cli->out, "\nnumbers 1 to %lld: %lld present, %lld left out by "
	    "a restore, %lld missing\n", whole_at(numbers, "last"),
	    whole_at(numbers, "present"), whole_at(numbers, "left_out"),
	    whole_at(numbers, "missing"));
	if (whole_at(report, "purged") > 0)
		fprintf(cli->out, "%lld of them were purged since: they count, "
		    "but their amounts are gone\n",
		    whole_at(report, "purged"));
	print_totals(cli, value_get_cstr(report, "amounts"));
}

static bool
is_sound(const struct value *report)
{
	return value_is_true(value_field_or_null(report, "adds_up")) &&
	    whole_at(value_get_cstr(report, "numbers"), "missing") == 0;
}

static enum cli_status
run(struct cli *cli)
{
	static const char *const queries[] = {
	    "from", "to", "workflow", "amount", "currency", NULL};
	const struct value *report = NULL;
	enum cli_status status = cli_option(cli, "database") != NULL
		? read_database(cli, &report)
		: cli_client_report(cli, "/v1/population", queries, &report);

	if (status != CLI_OK)
		return status;
	if (cli->is_json)
		cli_value_print(cli, report);
	else
		print(cli, report);
	return is_sound(report) ? CLI_OK : CLI_FAILED;
}

static const struct cmd_option options[] = {
    {"from", "INSTANT", "the period's beginning; that of all time unless told"},
    {"to", "INSTANT", "its end, excluded; now unless told"},
    {"workflow", "NAME", "instances of that workflow"},
    {"amount", "PATH", "of the input, to be summed up; amount unless told"},
    {"currency", "PATH", "of the input, to sum up by; currency unless told"},
    {"database", "FILE", "read a database instead of asking an engine"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_population = {
    .name = "population",
    .arguments = "",
    .summary = "Count what was open, started and ended in a period",
    .details =
	"Exit status 1 where it doesn't add up, or where instances are missing "
	"from the\nnumbering.",
    .shares = CMD_FORMAT | CMD_CLIENT | CMD_DATABASE,
    .options = options,
    .run = run,
};
