/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_round.c: one load's run: an engine of its own, driven and measured.
 *
 * CPU is taken over the generator's window, with the instances that ended in
 * it.  What the engine counts itself, memory and disk are taken over all of
 * the run, with all of its instances.
 */
#include "bench_priv.h"

#include <unistd.h>

#define ALONE_MS_MIN 600
#define WARM_MS_MAX 1000

bool
round_begin(
    struct round *round, struct bench *bench, const struct load *load)
{
	struct engine_place place = {
	    .program = arena_cstr(bench->arena, bench->options->program),
	    .directory = bench->directory,
	    .store = bench->store,
	    .documents = load->documents,
	    .stub_port = bench->stub.port,
	    .key = bench->keys != NULL ? &bench->key : NULL,
	};

	*round = (struct round){
	    .bench = bench,
	    .load = load,
	    .unit = "instances",
	    .rate = bench->options->rate};
	if (!engine_child_start(&round->engine, &place, bench->detail))
		return false;
	round->written[0] = usage_written(round->engine.pid);
	if (metrics_read(&round->metrics[0], round->engine.port)) {
		round->start_us =
		    clock_monotonic_us() - round->engine.forked_us;
		round->memory_start = usage_memory(round->engine.pid);
		return true;
	}
	buf_add_cstr(bench->detail, "the engine tells no metrics");
	engine_child_stop(&round->engine);
	return false;
}

void
round_edge(void *arg, bool is_end)
{
	struct round *round = arg;

	usage_read(&round->engine_usage[is_end], round->engine.pid);
	usage_read(&round->stub_usage[is_end], round->bench->stub.pid);
	usage_read(&round->own_usage[is_end], getpid());
}

bool
round_drive(struct round *round, const struct load *load, int64_t ms,
    void (*edge)(void *arg, bool is_end))
{
	const struct bench_options *asked = round->bench->options;
	struct generator_options options = {
	    .base = round->bench->base,
	    .port = round->engine.port,
	    .callers = asked->callers,
	    .warm_ms = ms / 8 < WARM_MS_MAX ? ms / 8 : WARM_MS_MAX,
	    .ms = ms,
	    .rate = round->rate,
	    .first_ms = round->first_ms,
	    .script = &load->script,
	    .edge = edge,
	    .arg = round,
	};

	if (load->callers_max > 0 && options.callers > load->callers_max)
		options.callers = load->callers_max;
	if (generator_run(&options, &round->generated))
		return true;
	buf_add_cstr(round->bench->detail, "the engine can't be reached");
	return false;
}

void
round_end(struct round *round)
{
	pid_t pid = round->engine.pid;

	if (pid == 0)
		return;
	/* Where it is gone its counters stay at 0, and the answers tell. */
	if (!metrics_read(&round->metrics[1], round->engine.port))
		round->metrics[1] = round->metrics[0];
	round->written[1] = usage_written(pid);
	round->memory_peak = usage_memory_peak(pid);
	engine_child_stop(&round->engine);
	round->disk_bytes = engine_child_disk(round->bench->store) -
			    round->engine.bytes_at_start;
}

/* ---- the report ---- */

void
round_report_rate(const struct round *round, struct value_builder *report)
{
	const struct generated *generated = &round->generated;
	int64_t us = generated->counted_us;

	value_put_int(report, "window_us", us);
	value_put_int(report, "counted", (int64_t)generated->counted);
	value_put_int(report, "per_second_per_mille",
	    us > 0 ? (int64_t)(generated->counted * 1000000000ull /
			  (uint64_t)us)
		   : 0);
	if (generated->latency_us.count == 0)
		return;
	value_put(report, STR("latency_us"),
	    histogram_report(round->bench->arena, &generated->latency_us));
	value_put(report, STR("first_answer_us"),
	    histogram_report(round->bench->arena, &generated->first_us));
}

static void
put_instances(struct value_builder *report, struct arena *arena,
    const struct generated *generated)
{
	value_put_int(report, "begun", (int64_t)generated->begun);
	value_put_int(report, "ended", (int64_t)generated->ended);
	value_put_int(report, "failed", (int64_t)generated->failed);
	if (generated->failed > 0)
		value_put_str(report, "failure",
		    arena_str(arena, str_of(generated->failure)));
}

static int64_t
units_of(const struct round *round)
{
	return round->units > 0 ? round->units
				: (int64_t)round->generated.counted;
}

static const struct value *
cpu_report(const struct round *round)
{
	struct arena *arena = round->bench->arena;
	struct value_builder *built = value_build_context(arena);
	int64_t units = units_of(round);

	value_put_str(built, "unit", str_of(round->unit));
	value_put_int(built, "units", units);
	value_put(built, STR("engine"),
	    usage_report(arena, &round->engine_usage[0],
		&round->engine_usage[1], units));
	value_put(built, STR("stub"),
	    usage_report(arena, &round->stub_usage[0], &round->stub_usage[1],
		units));
	value_put(built, STR("generator"),
	    usage_report(arena, &round->own_usage[0], &round->own_usage[1],
		units));
	return value_built(built);
}

static const struct value *
disk_report(const struct round *round)
{
	struct value_builder *built =
	    value_build_context(round->bench->arena);
	int64_t instances = (int64_t)round->generated.ended;
	int64_t written = round->written[1] - round->written[0];

	value_put_int(built, "bytes", round->disk_bytes);
	value_put_int(built, "written", written);
	if (instances > 0) {
		value_put_int(built, "bytes_per_instance",
		    round->disk_bytes / instances);
		value_put_int(
		    built, "written_per_instance", written / instances);
		value_put_int(built, "syncs_per_1000",
		    (round->metrics[1].commits - round->metrics[0].commits) *
			1000 / instances);
	}
	return value_built(built);
}

/* How many turns the engine committed at a time, as a whole number. */
static size_t
batch_of(const struct round *round)
{
	int64_t commits =
	    round->metrics[1].commits - round->metrics[0].commits;
	int64_t steps = round->metrics[1].steps - round->metrics[0].steps;

	return commits > 0 && steps > commits ? (size_t)(steps / commits) : 1;
}

/* A median wants some of them, on a machine that is busy, too. */
static int64_t
alone_ms(int64_t ms)
{
	return ms / 4 > ALONE_MS_MIN ? ms / 4 : ALONE_MS_MIN;
}

/* Latency is mostly waiting in line then. */
static bool
is_crowded(const struct round *round)
{
	const struct bench_options *asked = round->bench->options;

	return asked->rate == 0 && asked->callers > 1;
}

static const struct value *
floor_of(const struct round *round)
{
	struct bench *bench = round->bench;
	struct value_builder *built = value_build_context(bench->arena);
	const struct floor_parts *parts = &round->load->floor;
	struct floor_place place = {
	    .store = arena_cstr(bench->arena,
		arena_strf(bench->arena, "%s/floor.db", bench->directory)),
	    .stub_port = bench->stub.port};
	int64_t cpu_us =
	    round->engine_usage[1].cpu_us - round->engine_usage[0].cpu_us;
	int64_t floor_ns;

	floor_measure(&bench->floor, bench->base, bench->stub.port,
	    bench->options->ms);
	bench->floor.turn_ns = floor_sqlite(place.store, batch_of(round),
	    parts->turns, bench->options->ms / 8 + 1);
	bench->floor.alone_us = parts->requests == 0
	    ? 0 /* time begins it, and nobody waits for it */
	    : floor_alone(bench->base, &place, parts, round->rate,
		  alone_ms(bench->options->ms));
	floor_ns = floor_report(built, &bench->floor, parts);
	value_put_int(built, "batch", (int64_t)batch_of(round));
	if (!is_crowded(round) && bench->floor.alone_us > 0)
		value_put_int(built, "latency_per_mille",
		    (int64_t)histogram_quantile(
			&round->generated.latency_us, 500) *
			1000 / bench->floor.alone_us);
	if (floor_ns > 0 && units_of(round) > 0)
		value_put_int(built, "ratio_per_mille",
		    cpu_us * 1000000 / units_of(round) / floor_ns);
	return value_built(built);
}

struct value_builder *
round_report(const struct round *round)
{
	struct arena *arena = round->bench->arena;
	struct value_builder *report = value_build_context(arena);

	must(round->engine.pid == 0);
	value_put_str(report, "load", str_of(round->load->name));
	value_put_str(report, "summary", str_of(round->load->summary));
	put_instances(report, arena, &round->generated);
	value_put(report, STR("cpu"), cpu_report(round));
	value_put_int(report, "waiting", (int64_t)round->bench->waiting);
	value_put_int(report, "start_us", round->start_us);
	value_put_int(report, "store_bytes", round->engine.bytes_at_start);
	value_put_int(report, "memory_start_bytes", round->memory_start);
	value_put_int(report, "memory_peak_bytes", round->memory_peak);
	value_put(report, STR("disk"), disk_report(round));
	value_put(report, STR("batches"),
	    metrics_report(arena, &round->metrics[0], &round->metrics[1]));
	if (round->load->floor.turns > 0)
		value_put(report, STR("floor"), floor_of(round));
	return report;
}
