/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load_timers.c: timers: instances that sleep until a deadline.
 *
 * They are started in a quarter of the time, and come due one by one in all of
 * it, when nothing is started any more: at a quarter of the rate of starting,
 * or lateness would tell of nothing but a queue.  The call that follows tells
 * the stub when it should have come: how late it is there includes the turn,
 * the sync and the call.
 */
#include "bench_priv.h"

#include <time.h>

/* Without any that fires. */
#define PATIENCE_MS 10000
#define LOOK_MS 20
#define SPREAD 4
/* For the last starts to ebb away. */
#define LEAD_MS 500

static const char documents[] =
    "workflow: timers\n"
    "version: 1\n"
    "input:\n"
    "  type: object\n"
    "  required: [due, due_ms]\n"
    "  properties: {due: {type: string}, due_ms: {type: integer}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {after: {'= date and time(input.due)': fired}}\n"
    "  fired:\n"
    "    entry:\n"
    "      - {call: stub.late, with: {due_ms: = input.due_ms}}\n"
    "    on: {done: completed, error: failed}\n"
    "  completed: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "connection: stub\n"
    "kind: http\n"
    "url: = settings.stub.url\n"
    "limits: {concurrency: 250}\n"
    "operations:\n"
    "  late:\n"
    "    request: {post: '= \"/late/\" + string(due_ms)', body: {}}\n"
    "    idempotent: true\n";

static void
ask(const struct operation *operation, struct buf *out)
{
	int64_t due_ms =
	    operation->first_ms + operation->age_us * SPREAD / 1000;
	time_t due_s = (time_t)(due_ms / 1000);
	char body[160], due[32];
	struct tm utc;
	int bytes;

	must(gmtime_r(&due_s, &utc) != NULL);
	must(strftime(due, sizeof(due), "%Y-%m-%dT%H:%M:%S", &utc) > 0);
	bytes = snprintf(body, sizeof(body),
	    "{\"input\":{\"due\":\"%s.%03dZ\",\"due_ms\":%lld}}", due,
	    (int)(due_ms % 1000), (long long)due_ms);
	must(bytes > 0 && (size_t)bytes < sizeof(body));
	wire_put_post(out, "/v1/workflows/timers/instances",
	    (struct str){body, (size_t)bytes});
}

int64_t
load_timers_wait(struct bench *bench, uint64_t wanted)
{
	const struct histogram *fired = &bench->stub.tally->lateness_us;
	int64_t patience_ms = bench->options->ms + PATIENCE_MS;
	uint64_t seen = 0;
	int64_t came_us;

	for (int64_t idle_ms = 0; fired->count < wanted &&
	     idle_ms < patience_ms && !bench->interrupted; idle_ms += LOOK_MS) {
		bench_pause(bench, LOOK_MS);
		if (fired->count != seen)
			idle_ms = 0;
		seen = fired->count;
	}
	came_us = clock_monotonic_us();
	/* One that fires twice would do so about now. */
	bench_pause(bench, LEAD_MS);
	return came_us;
}

static const struct value *
run(struct bench *bench, const struct load *load)
{
	struct round *round = ARENA_NEW(bench->arena, struct round);
	struct histogram *lateness = &bench->stub.tally->lateness_us;
	int64_t starting_ms = bench->options->ms / SPREAD + 1;
	struct value_builder *report;
	bool is_driven;

	*lateness = (struct histogram){0};
	if (!round_begin(round, bench, load))
		return NULL;
	/* Warming is an eighth of it. */
	round->first_ms = bench_clock_wall_us() / 1000 + starting_ms +
			  starting_ms / 8 + LEAD_MS;
	round_edge(round, false);
	is_driven = round_drive(round, load, starting_ms, NULL);
	if (is_driven)
		(void)load_timers_wait(bench, round->generated.ended);
	round_edge(round, true);
	round_end(round);
	if (!is_driven)
		return NULL;
	round->units = (int64_t)round->generated.ended;
	report = round_report(round);
	round_report_rate(round, report);
	value_put_int(report, "due", (int64_t)round->generated.ended);
	value_put_int(report, "fired", (int64_t)lateness->count);
	value_put(report, STR("lateness_us"),
	    histogram_report(bench->arena, lateness));
	return value_built(report);
}

const struct load load_timers = {
    .name = "timers",
    .summary = "start, a deadline some seconds later, a call, end",
    .documents = documents,
    .floor = {.requests = 1, .calls = 1, .turns = 3},
    .script = {.ask = ask, .hear = operation_hear_created},
    .run = run,
};
