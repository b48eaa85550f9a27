/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_reperform.c: does again, offline, what history says was done. */
#include "cli_priv.h"

#include "stated/json.h"
#include "stated/reperform.h"

struct counts {
	uint64_t of[REPERFORM_COULD_NOT + 1];
	uint64_t records;
};

struct reperforming {
	struct cli *cli;
	struct arena *line; /* of one instance */
	struct counts counts;
	struct value_builder *items; /* as JSON; NULL: text */
};

/* ---- an instance ---- */

static const struct value *
read_record(struct arena *arena, struct str canonical)
{
	struct json_error error;
	const struct value *record = canonical.at != NULL
	    ? json_read_written(arena, canonical, &error)
	    : NULL;

	return record != NULL ? record : &value_null;
}

static const struct value *
finding_value(struct arena *arena, const struct reperform_finding *finding)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "instance", finding->instance);
	value_put_str(built, "workflow", finding->workflow);
	value_put_str(
	    built, "result", reperform_result_name(finding->result));
	value_put_int(built, "records", (int64_t)finding->records);
	value_put_int(built, "decisions", (int64_t)finding->decisions);
	value_put_int(built, "transitions", (int64_t)finding->transitions);
	if (finding->result == REPERFORM_AGREES)
		return value_built(built);
	if (finding->seq != 0)
		value_put_int(built, "seq", (int64_t)finding->seq);
	value_put_str(built, "explanation", finding->explanation);
	value_put(built, STR("recorded"),
	    read_record(arena, finding->recorded));
	value_put(built, STR("computed"),
	    read_record(arena, finding->computed));
	return value_copy(arena, value_built(built));
}

static struct str
clean(const struct reperforming *reperforming, struct str text)
{
	return cli_text_clean(reperforming->line, text);
}

static void
print_word(struct cli *cli, enum reperform_result result)
{
	switch (result) {
	case REPERFORM_AGREES:
		cli_text_paint(
		    cli->out, cli->colours_out, COLOUR_GREEN, STR("agrees   "));
		return;
	case REPERFORM_DIFFERS:
		cli_text_paint(
		    cli->out, cli->colours_out, COLOUR_RED, STR("DIFFERS  "));
		return;
	case REPERFORM_COULD_NOT:
		cli_text_paint(cli->out, cli->colours_out, COLOUR_YELLOW,
		    STR("could not"));
		return;
	}
	unreachable("every result is listed");
}

static void
print(const struct reperforming *reperforming,
    const struct reperform_finding *finding)
{
	struct cli *cli = reperforming->cli;

	print_word(cli, finding->result);
	fprintf(cli->out,
	    "  %.*s  %.*s: %llu records, %llu decisions, %llu transitions "
	    "agree\n",
	    STR_ARG(clean(reperforming, finding->instance)),
	    STR_ARG(clean(reperforming, finding->workflow)),
	    (unsigned long long)finding->records,
	    (unsigned long long)finding->decisions,
	    (unsigned long long)finding->transitions);
	if (finding->result == REPERFORM_AGREES)
		return;
	fprintf(cli->out, "           %.*s\n",
	    STR_ARG(clean(reperforming, finding->explanation)));
	if (finding->result != REPERFORM_DIFFERS)
		return;
	if (finding->recorded.at != NULL)
		fprintf(cli->out, "  recorded %.*s\n",
		    STR_ARG(clean(reperforming, finding->recorded)));
	if (finding->computed.at != NULL)
		fprintf(cli->out, "  computed %.*s\n",
		    STR_ARG(clean(reperforming, finding->computed)));
}

static void
tell_cb(const struct reperform_finding *finding, void *arg)
{
	struct reperforming *reperforming = arg;
	struct cli *cli = reperforming->cli;

	reperforming->counts.of[finding->result]++;
	reperforming->counts.records += finding->records;
	if (reperforming->items != NULL)
		value_append(reperforming->items,
		    finding_value(cli->arena, finding));
	else
		print(reperforming, finding);
	arena_reset(reperforming->line);
}

/* ---- all of them ---- */

static const struct value *
counts_value(const struct reperforming *reperforming)
{
	const struct counts *counts = &reperforming->counts;
	struct value_builder *built =
	    value_build_context(reperforming->cli->arena);

	value_put_int(
	    built, "agree", (int64_t)counts->of[REPERFORM_AGREES]);
	value_put_int(
	    built, "differ", (int64_t)counts->of[REPERFORM_DIFFERS]);
	value_put_int(
	    built, "could_not", (int64_t)counts->of[REPERFORM_COULD_NOT]);
	value_put_int(built, "records", (int64_t)counts->records);
	value_put(
	    built, STR("instances"), value_built(reperforming->items));
	return value_built(built);
}

static void
print_counts(const struct reperforming *reperforming)
{
	const struct counts *counts = &reperforming->counts;

	if (reperforming->items != NULL) {
		cli_value_print(
		    reperforming->cli, counts_value(reperforming));
		return;
	}
	fprintf(reperforming->cli->out,
	    "%llu agree, %llu differ, %llu could not be done again; %llu "
	    "records agree\n",
	    (unsigned long long)counts->of[REPERFORM_AGREES],
	    (unsigned long long)counts->of[REPERFORM_DIFFERS],
	    (unsigned long long)counts->of[REPERFORM_COULD_NOT],
	    (unsigned long long)counts->records);
}

static bool
is_fine(const struct cli *cli, const struct counts *counts)
{
	return counts->of[REPERFORM_DIFFERS] == 0 &&
	       (counts->of[REPERFORM_COULD_NOT] == 0 ||
		   cli_option(cli, "strict") == NULL);
}

/* What `stated show ID --sensitive --format json` printed. */
static enum cli_status
read_disclosed(struct cli *cli, struct reperform_options *options)
{
	size_t count = 0;
	const struct value **disclosed;

	while (cli_option_at(cli, "sensitive", count) != NULL)
		count++;
	disclosed = ARENA_ARRAY(cli->arena, count, const struct value *);
	for (size_t i = 0; i < count; i++) {
		const char *text = cli_option_at(cli, "sensitive", i);

		disclosed[i] = cli_value_of(cli, "--sensitive", text);
		if (disclosed[i] == NULL)
			return CLI_FAILED;
		if (value_get_cstr(disclosed[i], "sensitive") == NULL)
			return cli_fail(cli,
			    "%s: this is not what `stated show ID --sensitive "
			    "--format json` prints",
			    text);
	}
	options->disclosed = disclosed;
	options->disclosed_count = count;
	return CLI_OK;
}

static enum cli_status
run(struct cli *cli)
{
	struct reperform_options options = {
	    .path = cli_argument(cli, 0),
	    .keys = cli->keys,
	    .instance = cli_option_str(cli, "instance"),
	    .workflow = cli_option_str(cli, "workflow"),
	};
	struct reperforming reperforming = {
	    .cli = cli, .line = arena_new()};
	struct buf detail = {0};
	enum cli_status status = CLI_OK;
	enum store_error error;

	if (cli->is_json)
		reperforming.items = value_build_list(cli->arena);
	status = read_disclosed(cli, &options);
	if (status != CLI_OK) {
		arena_free(&reperforming.line);
		return status;
	}
	error = reperform_file(&options, tell_cb, &reperforming, &detail);
	if (error == STORE_ABSENT && options.instance.at != NULL)
		status = cli_fail(cli,
		    "%s: no instance has the identifier or business key %.*s",
		    cli->arguments[0], STR_ARG(options.instance));
	else if (error == STORE_FOREIGN && detail.bytes > 0)
		status = cli_fail(cli, "%s: %.*s", cli->arguments[0],
		    STR_ARG(buf_str(&detail)));
	else if (error != STORE_OK)
		status = cli_export_fail(
		    cli, cli->arguments[0], error, &detail);
	else
		print_counts(&reperforming);
	if (status == CLI_OK && !is_fine(cli, &reperforming.counts))
		status = CLI_FAILED;
	buf_fini(&detail);
	arena_free(&reperforming.line);
	return status;
}

static const struct cmd_option cmd_options[] = {
    {"instance", "ID|KEY", "one instance"},
    {"workflow", "NAME", "instances of that workflow"},
    {"sensitive", "JSON|@FILE|-",
	"what `stated show ID --sensitive --format json` printed; may be given "
	"often", true},
    {"strict", NULL, "fail also where something could not be done again"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_reperform = {
    .name = "reperform",
    .arguments = "BUNDLE|DATABASE",
    .summary = "Decide again what was decided, and compare",
    .details =
	"Evaluates guards, decisions and transitions again, offline, from the "
	"recorded\ninputs, events, replies and people's decisions, with the "
	"definitions that are in\nthe bundle, and compares what comes of it "
	"with the records.  Names the first\ndifference of each instance; "
	"exits with 1 where there is one.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_DATABASE,
    .options = cmd_options,
    .run = run,
};
