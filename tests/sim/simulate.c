/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate.c: the simulator's program.
 *
 *	simulate                     what make check runs: STATED_SEEDS seeds,
 *	                             some of them twice
 *	simulate --seed 17           one
 *	simulate --seeds 1-1000      many
 *	simulate --minutes 60        as many as there are in so long
 *	simulate --script FILE       what was written by --shrink, or by hand
 *	simulate --seed 17 --print   what it stands for, as a script
 *	simulate --seed 17 --shrink  what is left of it that fails still
 *
 * --trace tells all that happens.  A seed that fails is printed with what did
 * not hold; the status is then 1.
 *
 * Plays are children's: one that ends by an assertion or never takes no other
 * along.
 */
#include "random_script.h"
#include "shrink.h"
#include "stated/clock.h"
#include "world.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEEDS 60       /* of make check */
#define SEEDS_TWICE 12 /* of these */
#define PATIENCE_S 120 /* for one play */
#define SCRIPT_MAX (16 << 20)
#define YEAR_MS (365LL * 24 * 3600 * 1000)

/* What children tell their parent. */
static struct shared {
	uint64_t seed; /* under way */
	uint64_t plays;
	struct world_result last;
	struct world_result sum; /* of numbers */
} *shared;

struct options {
	uint64_t first;
	uint64_t last;
	int64_t minutes;
	const char *script;
	bool shrinks;
	bool prints;
	bool traces;
};

static int64_t
now_s(void)
{
	return clock_monotonic_us() / 1000000;
}

/* ---- in a child ---- */

static void
failed_cb(void)
{
	fflush(stdout);
	_exit(1);
}

static void
play(const struct script *script, bool traces)
{
	struct world_result *sum = &shared->sum, *last = &shared->last;

	alarm(PATIENCE_S);
	world_play(script, traces, failed_cb, last);
	alarm(0);
	shared->plays++;
	sum->instances += last->instances;
	sum->lived_ms += last->lived_ms;
	sum->commits += last->commits;
	sum->crashes += last->crashes;
	sum->calls += last->calls;
	sum->is_invalid |= last->is_invalid;
}

static void
play_seed(uint64_t seed, bool traces)
{
	struct script script;

	shared->seed = seed;
	script_init(&script);
	random_script_make(seed, &script);
	play(&script, traces);
	script_fini(&script);
}

static void
play_seeds(const struct options *options, int64_t until_s)
{
	for (uint64_t seed = options->first; seed <= options->last; seed++) {
		play_seed(seed, options->traces);
		if (until_s != 0 && now_s() >= until_s)
			return;
	}
}

/* ---- children ---- */

/* Its log would tell of each failure that was wanted. */
static void
be_quiet(void)
{
	if (freopen("/dev/null", "w", stderr) == NULL)
		_exit(3);
}

/* The child's status; in the child, -1. */
static int
in_child(bool is_quiet)
{
	pid_t child;
	int status;

	fflush(stdout);
	shared->last = (struct world_result){.instances = 0};
	child = fork();
	must(child >= 0);
	if (child == 0) {
		if (is_quiet)
			be_quiet();
		return -1;
	}
	while (waitpid(child, &status, 0) < 0)
		must(errno == EINTR);
	return status;
}

static _Noreturn void
end_child(void)
{
	fflush(stdout);
	_exit(0);
}

/* Fills in what a child could not tell. */
static void
explain(int status)
{
	struct world_result *result = &shared->last;

	if (result->check[0] != 0)
		return;
	(void)snprintf(result->check, sizeof(result->check), "%s",
	    WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
		? "it never ends"
		: "the program died");
	(void)snprintf(result->text, sizeof(result->text),
	    WIFSIGNALED(status) ? "by signal %d" : "with status %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void
tell_failure(const struct options *options)
{
	if (options->script != NULL)
		printf("%s: ", options->script);
	else
		printf("seed %" PRIu64 ": ", shared->seed);
	printf("%s: %s\n", shared->last.check, shared->last.text);
	if (options->script == NULL)
		printf("again: simulate --seed %" PRIu64 " --trace\n"
		       "short: simulate --seed %" PRIu64 " --shrink\n",
		    shared->seed, shared->seed);
}

static void
tell_sum(int64_t seconds)
{
	const struct world_result *sum = &shared->sum;
	int64_t years = sum->lived_ms / YEAR_MS;

	printf("%" PRIu64 " plays in %" PRId64 " s: %" PRId64
	       " instances lived %" PRId64 " years, %" PRId64
	       " commits, %" PRId64 " crashes, %" PRId64 " calls; %" PRId64
	       " years an hour\n",
	    shared->plays, seconds, sum->instances, years, sum->commits,
	    sum->crashes, sum->calls,
	    years * 3600 / (seconds > 0 ? seconds : 1));
}

static bool
judge(const struct options *options, int status)
{
	if (status == 0 && !shared->sum.is_invalid)
		return true;
	if (status == 0)
		printf("a script's definitions can't be loaded\n");
	else {
		explain(status);
		tell_failure(options);
	}
	return false;
}

static bool
run_seeds(const struct options *options)
{
	int64_t began_s = now_s();
	int status = in_child(!options->traces);

	if (status == -1) {
		play_seeds(options,
		    options->minutes != 0 ? began_s + options->minutes * 60
					  : 0);
		end_child();
	}
	tell_sum(now_s() - began_s);
	return judge(options, status);
}

/* ---- one script ---- */

static bool
read_script(const char *path, struct script *script)
{
	FILE *file = fopen(path, "r");
	struct buf text = {0};
	size_t line = 0;
	bool is_read = file != NULL && buf_add_file(&text, file, SCRIPT_MAX) &&
		       script_parse(script, buf_str(&text), &line);

	if (!is_read)
		fprintf(stderr, "%s, line %zu: no script\n", path, line);
	if (file != NULL)
		(void)fclose(file);
	buf_fini(&text);
	return is_read;
}

static bool
make_script(const struct options *options, struct script *script)
{
	script_init(script);
	if (options->script != NULL)
		return read_script(options->script, script);
	random_script_make(options->first, script);
	shared->seed = options->first;
	return true;
}

static void
print_script(const struct script *script)
{
	struct buf text = {0};

	script_format(script, &text);
	printf("%s", buf_cstr(&text));
	buf_fini(&text);
}

static bool
run_script(const struct options *options, const struct script *script)
{
	int status = in_child(!options->traces);
	char hex[DIGEST_HEX_BYTES];

	if (status == -1) {
		play(script, options->traces);
		end_child();
	}
	if (!judge(options, status))
		return false;
	printf("%.*s\n", STR_ARG(digest_hex(shared->last.digest, hex)));
	return true;
}

/* ---- shrinking ---- */

static bool
fails_so(const struct script *script, void *arg)
{
	const char *check = arg;
	int status = in_child(true);

	if (status == -1) {
		play(script, false);
		end_child();
	}
	if (status == 0)
		return false;
	explain(status);
	return strcmp(shared->last.check, check) == 0;
}

static bool
run_shrink(const struct options *options, struct script *script)
{
	char check[sizeof(shared->last.check)];

	if (run_script(options, script))
		return true;
	memcpy(check, shared->last.check, sizeof(check));
	shrink(script, fails_so, check);
	(void)fails_so(script, check);
	printf("# %s: %s\n", shared->last.check, shared->last.text);
	print_script(script);
	return false;
}

static bool
run_one(const struct options *options)
{
	struct script script;
	bool is_well = make_script(options, &script);

	if (is_well && options->prints)
		print_script(&script);
	else if (is_well)
		is_well = options->shrinks ? run_shrink(options, &script)
					   : run_script(options, &script);
	script_fini(&script);
	return is_well;
}

/* ---- make check ---- */

/* A script that was written and read is the same one. */
static void
play_as_text(uint64_t seed)
{
	struct script script, again;
	struct buf text = {0};
	size_t line;

	script_init(&script);
	script_init(&again);
	random_script_make(seed, &script);
	script_format(&script, &text);
	must(script_parse(&again, buf_str(&text), &line));
	play(&again, false);
	buf_fini(&text);
	script_fini(&script);
	script_fini(&again);
}

static bool
is_repeated(uint64_t seed)
{
	struct digest digests[2];

	for (int i = 0; i < 2; i++) {
		int status = in_child(true);

		if (status == -1) {
			shared->seed = seed;
			if (i == 0)
				play_seed(seed, false);
			else
				play_as_text(seed);
			end_child();
		}
		digests[i] = shared->last.digest;
	}
	if (digest_equal(digests[0], digests[1]))
		return true;
	printf("seed %" PRIu64 " is not the same twice\n", seed);
	return false;
}

static bool
run_check(void)
{
	const char *text = getenv("STATED_SEEDS");
	struct options options = {
	    .first = 1,
	    .last = text != NULL ? strtoull(text, NULL, 10) : SEEDS,
	};
	bool is_well = run_seeds(&options);

	for (uint64_t seed = 1; is_well && seed <= SEEDS_TWICE; seed++)
		is_well = is_repeated(seed);
	return is_well;
}

/* ---- options ---- */

static int
usage(void)
{
	fprintf(stderr, "usage: simulate [--seed N | --seeds A-B] "
			"[--minutes N] [--script FILE]\n"
			"                [--shrink | --print] [--trace]\n");
	return 2;
}

static bool
parse_seeds(const char *text, struct options *options)
{
	struct str last, first = str_split(str_of(text), '-', &last);
	int64_t a, b;

	if (!str_parse_int(first, 0, INT64_MAX, &a))
		return false;
	if (last.bytes == 0)
		b = a;
	else if (!str_parse_int(last, a, INT64_MAX, &b))
		return false;
	options->first = (uint64_t)a;
	options->last = (uint64_t)b;
	return true;
}

static bool
parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
	    {"seed", required_argument, NULL, 's'},
	    {"seeds", required_argument, NULL, 's'},
	    {"minutes", required_argument, NULL, 'm'},
	    {"script", required_argument, NULL, 'f'},
	    {"shrink", no_argument, NULL, 'k'},
	    {"print", no_argument, NULL, 'p'},
	    {"trace", no_argument, NULL, 't'},
	    {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (option) {
		case 's':
			if (!parse_seeds(optarg, options))
				return false;
			break;
		case 'm':
			if (!str_parse_int(str_of(optarg), 1, 1000000,
				&options->minutes))
				return false;
			break;
		case 'f':
			options->script = optarg;
			break;
		case 'k':
			options->shrinks = true;
			break;
		case 'p':
			options->prints = true;
			break;
		case 't':
			options->traces = true;
			break;
		default:
			return false;
		}
	return optind == argc;
}

static bool
run(int argc, const struct options *options)
{
	if (argc == 1)
		return run_check();
	if (options->script != NULL || options->shrinks || options->prints ||
	    options->first == options->last)
		return run_one(options);
	return run_seeds(options);
}

int
main(int argc, char **argv)
{
	struct options options = {.first = 1, .last = UINT64_MAX};
	bool is_well;

	if (!parse(argc, argv, &options))
		return usage();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	world_init();
	is_well = run(argc, &options);
	world_fini();
	(void)munmap(shared, sizeof(*shared));
	return is_well ? 0 : 1;
}
