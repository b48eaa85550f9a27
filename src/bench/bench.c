/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c: a run: a directory, a stub, the floor, then one load after another.
 */
#include "bench_priv.h"
#include "stated/descriptor.h"
#include "stated/rng.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the directory ---- */

static bool
make_directory(struct bench *bench)
{
	const struct bench_options *options = bench->options;
	char *path = arena_alloc(bench->arena, options->directory.bytes + 32);

	(void)sprintf(path, "%.*s/stated-bench-XXXXXX",
	    STR_ARG(options->directory));
	if (mkdtemp(path) == NULL) {
		buf_addf(bench->detail, "%.*s: no directory can be made: %s",
		    STR_ARG(options->directory), strerror(errno));
		return false;
	}
	bench->directory = path;
	bench->store =
	    options->store.at != NULL
		? arena_cstr(bench->arena, options->store)
		: arena_cstr(bench->arena,
		      arena_strf(bench->arena, "%s/stated.db", path));
	return true;
}

/* Of use to nobody afterwards. */
static void
make_key(struct bench *bench)
{
	if (!bench->options->encrypts)
		return;
	rng_system()->fill(
	    rng_system(), bench->key.bytes, sizeof(bench->key.bytes));
	bench->keys = store_keys_new();
	must(store_keys_add(bench->keys, STR("bench"), &bench->key));
}

/* All that is in it is ours, and files. */
static void
remove_directory(struct bench *bench)
{
	DIR *found = bench->directory != NULL ? opendir(bench->directory)
					      : NULL;
	struct dirent *entry;

	while (found != NULL && (entry = readdir(found)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(found), entry->d_name, 0);
	if (found != NULL) {
		closedir(found);
		(void)rmdir(bench->directory);
	}
}

/* ---- the loop ---- */

static void
interrupt_cb(evutil_socket_t number, short what, void *arg)
{
	struct bench *bench = arg;

	(void)number;
	(void)what;
	bench->interrupted = true;
	event_base_loopbreak(bench->base);
}

void
bench_pause(struct bench *bench, int64_t ms)
{
	const struct timeval span = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	must(event_base_loopexit(bench->base, &span) == 0);
	event_base_dispatch(bench->base);
}

/* Timers to the microsecond: a caller that asks a millisecond late would be
 * all that there is to see at light load. */
static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	must(config != NULL);
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	base = event_base_new_with_config(config);
	event_config_free(config);
	must(base != NULL);
	return base;
}

/* ---- loads ---- */

/* NULL where it failed or was interrupted. */
static const struct value *
run_load(struct bench *bench, const struct load *load)
{
	const struct value *report = NULL;

	bench->floor = (struct floor){0};
	if (load->floor.turns > 0 && !bench->interrupted)
		floor_measure(&bench->floor, bench->base, bench->stub.port,
		    bench->options->ms);
	if (!bench->interrupted)
		report = load_run(bench, load);
	if (bench->interrupted)
		buf_add_cstr(bench->detail, "interrupted");
	return bench->interrupted ? NULL : report;
}

/* Without those that wait, and with them. */
static bool
run_both(struct bench *bench, const struct load *load,
    struct value_builder *list)
{
	const struct value *report = run_load(bench, load);

	if (report == NULL)
		return false;
	value_append(list, report);
	if (bench->options->waiting == 0 || load->sleepers)
		return true;
	engine_child_remove(bench->store);
	if (!fill_waiting(bench))
		return false;
	report = run_load(bench, load);
	if (report != NULL)
		value_append(list, report);
	return report != NULL;
}

static const struct value *
run_loads(struct bench *bench)
{
	struct value_builder *list = value_build_list(bench->arena);
	struct str only = bench->options->load;
	const struct load *load;

	for (size_t i = 0; (load = load_at(i)) != NULL; i++) {
		bool is_run;

		if (only.at != NULL && !str_equal(only, str_of(load->name)))
			continue;
		is_run = run_both(bench, load, list);
		if (bench->options->store.at == NULL)
			engine_child_remove(bench->store);
		if (!is_run)
			return NULL;
	}
	return value_built(list);
}

static const struct value *
report_run(struct bench *bench, const struct value *loads)
{
	struct value_builder *report = value_build_context(bench->arena);

	value_put_str(report, "version", STR(STATED_VERSION));
	value_put_int(report, "cores", sysconf(_SC_NPROCESSORS_ONLN));
	value_put_int(report, "callers", (int64_t)bench->options->callers);
	value_put_int(report, "ms", bench->options->ms);
	value_put(report, STR("loads"), loads);
	return value_built(report);
}

const struct value *
bench_run(struct arena *arena, const struct bench_options *options,
    struct buf *detail)
{
	struct bench bench = {
	    .arena = arena, .options = options, .detail = detail};
	static const int caught[] = {SIGINT, SIGTERM};
	struct event *signals[2];
	const struct value *loads = NULL;

	must(options->callers > 0 && options->ms > 0);
	/* A descriptor a caller, here and in the engine. */
	(void)descriptor_raise_limit();
	bench.base = new_base();
	make_key(&bench);
	if (make_directory(&bench)) {
		/* Before signals are caught: a child has its own way. */
		stub_start(&bench.stub);
		for (size_t i = 0; i < 2; i++) {
			signals[i] = evsignal_new(
			    bench.base, caught[i], interrupt_cb, &bench);
			must(signals[i] != NULL);
			must(event_add(signals[i], NULL) == 0);
		}
		loads = run_loads(&bench);
		for (size_t i = 0; i < 2; i++)
			event_free(signals[i]);
		stub_stop(&bench.stub);
	}
	remove_directory(&bench);
	store_keys_free(&bench.keys);
	event_base_free(bench.base);
	return loads == NULL ? NULL : report_run(&bench, loads);
}
