/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_bench.c: what the engine does and costs on this machine.
 */
#include "cli_priv.h"

#include "stated/bench.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define SECONDS_DEFAULT STR("5")
#define SECONDS_MAX 3600
#define CALLERS_DEFAULT 64
#define CALLERS_MAX 10000
#define RATE_MAX 1000000
#define WAITING_MAX 1000000000

/* "2.5": to the millisecond. */
static bool
parse_ms(struct str text, int64_t *ms)
{
	struct number seconds, product;

	return number_parse(text, &seconds) == NUMBER_OK &&
	       number_multiply(seconds, number_of_int(1000), &product) ==
		   NUMBER_OK &&
	       number_round(product, 0, NUMBER_DOWN, &product) == NUMBER_OK &&
	       number_to_int(product, ms) && *ms > 0 &&
	       *ms <= SECONDS_MAX * 1000;
}

static bool
is_load(struct str name)
{
	const char *known;

	for (size_t i = 0; (known = bench_load_name(i)) != NULL; i++)
		if (str_equal(str_of(known), name))
			return true;
	return false;
}

static enum cli_status
read_numbers(struct cli *cli, struct bench_options *options)
{
	struct str seconds = cli_option_str(cli, "seconds");
	struct str callers = cli_option_str(cli, "callers");
	struct str rate = cli_option_str(cli, "rate");
	struct str waiting = cli_option_str(cli, "waiting");
	int64_t count = CALLERS_DEFAULT, waiting_count = 0;

	if (!parse_ms(
		seconds.at == NULL ? SECONDS_DEFAULT : seconds, &options->ms))
		return cli_usage(cli,
		    "--seconds takes a number above 0 and up to %d",
		    SECONDS_MAX);
	if (callers.at != NULL &&
	    !str_parse_int(callers, 1, CALLERS_MAX, &count))
		return cli_usage(
		    cli, "--callers takes a number from 1 to %d", CALLERS_MAX);
	if (rate.at != NULL &&
	    !str_parse_int(rate, 1, RATE_MAX, &options->rate))
		return cli_usage(
		    cli, "--rate takes a number from 1 to %d", RATE_MAX);
	if (waiting.at != NULL &&
	    !str_parse_int(waiting, 1, WAITING_MAX, &waiting_count))
		return cli_usage(
		    cli, "--waiting takes a number from 1 to %d", WAITING_MAX);
	options->callers = (size_t)count;
	options->waiting = (uint64_t)waiting_count;
	options->load = cli_option_str(cli, "load");
	if (options->load.at != NULL && !is_load(options->load))
		return cli_usage(cli,
		    "there is no load `%.*s`; `stated bench --help` lists them",
		    STR_ARG(options->load));
	return CLI_OK;
}

/* A path that holds wherever a child is started. */
static bool
make_absolute(struct cli *cli, struct str path, struct str *absolute)
{
	char here[PATH_MAX];

	*absolute = path;
	if (path.at == NULL || str_has_prefix(path, STR("/")))
		return true;
	if (getcwd(here, sizeof(here)) == NULL)
		return false;
	*absolute =
	    arena_strf(cli->arena, "%s/%.*s", here, STR_ARG(path));
	return true;
}

static enum cli_status
read_places(struct cli *cli, struct bench_options *options)
{
	struct str directory = cli_option_str(cli, "dir");
	struct str store = cli_option_str(cli, "store");
	const char *usual = getenv("TMPDIR");
	char program[PATH_MAX];
	ssize_t bytes = readlink("/proc/self/exe", program, sizeof(program));

	if (directory.at == NULL)
		directory =
		    usual != NULL && usual[0] != '\0' ? str_of(usual)
						      : STR("/tmp");
	options->encrypts = cli_option(cli, "encrypt") != NULL;
	if (options->encrypts && store.at != NULL)
		return cli_usage(cli,
		    "--encrypt doesn't go with --store: the key would be lost");
	if ((store.at != NULL || options->waiting > 0) &&
	    options->load.at == NULL)
		return cli_usage(cli,
		    "--store and --waiting are for one load: say which by "
		    "--load");
	if (bytes <= 0 || (size_t)bytes == sizeof(program) ||
	    !make_absolute(cli, directory, &options->directory) ||
	    !make_absolute(cli, store, &options->store))
		return cli_fail(cli, "the program can't find itself");
	if (store.at != NULL &&
	    access(arena_cstr(cli->arena, options->store), F_OK) == 0)
		return cli_fail(cli,
		    "%.*s is there: a load begins with no database",
		    STR_ARG(store));
	options->program = arena_str(
	    cli->arena, (struct str){program, (size_t)bytes});
	return CLI_OK;
}

static void
print(struct cli *cli, const struct value *report)
{
	struct buf text = {0};

	if (cli->is_json) {
		cli_value_print(cli, report);
		return;
	}
	bench_report_print(report, &text);
	fwrite(text.at, 1, text.bytes, cli->out);
	buf_fini(&text);
}

static enum cli_status
run(struct cli *cli)
{
	struct bench_options options = {0};
	enum cli_status status = read_numbers(cli, &options);
	const struct value *report;
	struct buf detail = {0};

	if (status == CLI_OK)
		status = read_places(cli, &options);
	if (status != CLI_OK)
		return status;
	report = bench_run(cli->arena, &options, &detail);
	if (report == NULL)
		status = cli_fail(cli, "%s", buf_cstr(&detail));
	else
		print(cli, report);
	if (report != NULL && !bench_report_is_clean(report))
		status = cli_fail(
		    cli, "not everything that was begun ended well");
	buf_fini(&detail);
	return status;
}

static void
more(FILE *out)
{
	const char *name;

	fprintf(out, "\nLoads:\n");
	for (size_t i = 0; (name = bench_load_name(i)) != NULL; i++)
		fprintf(out, "  %-14s %s\n", name, bench_load_summary(i));
}

static const struct cmd_option options[] = {
    {"load", "NAME", "only this load; all of them unless told"},
    {"seconds", "NUMBER", "how long each is measured, 5 unless told"},
    {"callers", "NUMBER", "requests under way at a time, 64 unless told"},
    {"rate", "NUMBER", "begin so many a second; as many as go unless told"},
    {"waiting", "NUMBER", "measure once more beside so many that wait"},
    {"dir", "DIR", "where databases are made; TMPDIR, or else /tmp"},
    {"store", "PATH", "make the database there, and keep it"},
    {"encrypt", NULL, "encrypt databases, to learn what that costs"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_bench = {
    .name = "bench",
    .arguments = "",
    .summary = "Measure what the engine does and costs on this machine",
    .details =
	"Starts an engine of its own and a stub of endpoints, drives them over "
	"loopback, and\ntells rates, latencies, CPU, memory and disk, beside "
	"what the same exchanges and rows\ncost by bare libraries in the same "
	"run. Databases are temporary.",
    .shares = CMD_FORMAT,
    .options = options,
    .run = run,
    .more = more,
};
