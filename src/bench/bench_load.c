/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load.c: the table of loads, and how one is run.
 */
#include "bench_priv.h"

static const struct load *const loads[] = {
    &load_three_calls,
    &load_sign_and_wait,
    &load_fan_out,
    &load_timers,
    &load_wake,
    &load_sleep,
    &load_recover,
    &load_events,
    &load_export,
};
#define LOADS (sizeof(loads) / sizeof(loads[0]))

const char *
bench_load_name(size_t index)
{
	return index < LOADS ? loads[index]->name : NULL;
}

const char *
bench_load_summary(size_t index)
{
	return index < LOADS ? loads[index]->summary : NULL;
}

const struct load *
load_at(size_t index)
{
	return index < LOADS ? loads[index] : NULL;
}

static const struct value *
run_instances(struct bench *bench, const struct load *load)
{
	struct round *round = ARENA_NEW(bench->arena, struct round);
	struct value_builder *report;
	bool is_driven;

	if (!round_begin(round, bench, load))
		return NULL;
	is_driven = round_drive(round, load, bench->options->ms, round_edge);
	round_end(round);
	if (!is_driven)
		return NULL;
	report = round_report(round);
	round_report_rate(round, report);
	return value_built(report);
}

const struct value *
load_run(struct bench *bench, const struct load *load)
{
	return load->run != NULL ? load->run(bench, load)
				 : run_instances(bench, load);
}
