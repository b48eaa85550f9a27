/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_progress.c: how far something is, for who waits at a terminal.
 *
 * Nothing is shown in the first second: what is over by then needs no words.
 */
#include "cli_priv.h"

#include <unistd.h>

#include "stated/clock.h"

#define QUIET_MS 1000
#define EVERY_MS 200
#define BAR_COLUMNS 24

void
cli_progress_begin(
    struct cli_progress *progress, struct cli *cli, const char *what)
{
	must(what != NULL);
	cli_progress_end(progress);
	progress->cli = cli;
	progress->what = what;
	progress->began_ms = clock_monotonic_us() / 1000;
	progress->shown_ms = progress->began_ms;
}

struct str
cli_progress_size(struct arena *arena, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;
	uint64_t tenths = bytes * 10 / 1024;

	if (bytes < 1000)
		return arena_strf(
		    arena, "%llu bytes", (unsigned long long)bytes);
	for (; tenths >= 10000 && unit < 3; unit++)
		tenths /= 1024;
	return arena_strf(arena, "%llu.%llu %s",
	    (unsigned long long)tenths / 10, (unsigned long long)tenths % 10,
	    units[unit]);
}

/* Since it began; 0 where nothing is to be shown now. */
static int64_t
time_to_show(struct cli_progress *progress)
{
	int64_t now_ms = clock_monotonic_us() / 1000;
	int64_t passed_ms = now_ms - progress->began_ms;

	must(progress->cli != NULL);
	if (passed_ms < QUIET_MS || now_ms - progress->shown_ms < EVERY_MS ||
	    !isatty(fileno(progress->cli->err)))
		return 0;
	progress->shown_ms = now_ms;
	progress->is_shown = true;
	return passed_ms;
}

static void
draw_bar(FILE *out, uint64_t done, uint64_t all)
{
	size_t filled = (size_t)(done * BAR_COLUMNS / all);

	fputc('[', out);
	for (size_t i = 0; i < BAR_COLUMNS; i++)
		fputc(i < filled ? '=' : ' ', out);
	fprintf(out, "] %3llu %%", (unsigned long long)(done * 100 / all));
}

void
cli_progress_bytes(
    struct cli_progress *progress, uint64_t done, uint64_t all)
{
	int64_t passed_ms = time_to_show(progress);
	struct arena *arena;
	uint64_t rate, left_s;
	FILE *out = progress->cli->err;

	if (passed_ms == 0 || all == 0)
		return;
	must(done <= all);
	arena = arena_new();
	rate = done * 1000 / (uint64_t)passed_ms;
	left_s = rate > 0 ? (all - done) / rate : 0;
	fprintf(out, "\r\033[K%s ", progress->what);
	draw_bar(out, done, all);
	fprintf(out, "  %.*s/s, %llu:%02llu left",
	    STR_ARG(cli_progress_size(arena, rate)),
	    (unsigned long long)left_s / 60, (unsigned long long)left_s % 60);
	fflush(out);
	arena_free(&arena);
}

void
cli_progress_count(
    struct cli_progress *progress, uint64_t done, const char *of_what)
{
	int64_t passed_ms = time_to_show(progress);
	FILE *out = progress->cli->err;

	if (passed_ms == 0)
		return;
	fprintf(out, "\r\033[K%s  %lld s", progress->what,
	    (long long)passed_ms / 1000);
	if (done > 0)
		fprintf(out, ", %llu %s, %llu/s", (unsigned long long)done,
		    of_what,
		    (unsigned long long)(done * 1000 / (uint64_t)passed_ms));
	fflush(out);
}

void
cli_progress_end(struct cli_progress *progress)
{
	if (progress->is_shown)
		fprintf(progress->cli->err, "\r\033[K");
	progress->is_shown = false;
}
