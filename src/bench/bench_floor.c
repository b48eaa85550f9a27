/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor.c: what an instance would cost if an engine cost nothing: its
 * exchanges and its rows, by bare libraries.
 */
#include "bench_priv.h"

/* Half a second or less is enough for what costs microseconds. */
#define MEASURED_MS_MAX 500

static int64_t
mean(int64_t before, int64_t now)
{
	return before > 0 ? (before + now) / 2 : now;
}

void
floor_measure(struct floor *floor, struct event_base *base,
    uint16_t stub_port, int64_t load_ms)
{
	int64_t ms = load_ms / 8 + 1;

	if (ms > MEASURED_MS_MAX)
		ms = MEASURED_MS_MAX;
	floor->call_ns =
	    mean(floor->call_ns, floor_curl(base, stub_port, ms));
	floor->request_ns = mean(floor->request_ns, floor_evhttp(base, ms));
}

/* All of one kind; gives their CPU. */
static int64_t
put_part(struct value_builder *report, const char *count_key,
    const char *ns_key, unsigned count, int64_t ns)
{
	value_put_kept_int(report, str_of(count_key), count);
	value_put_kept_int(report, str_of(ns_key), ns * count);
	return ns * count;
}

int64_t
floor_report(struct value_builder *report, const struct floor *floor,
    const struct floor_parts *parts)
{
	int64_t ns = put_part(report, "requests", "requests_ns",
	    parts->requests, floor->request_ns);

	ns += put_part(
	    report, "calls", "calls_ns", parts->calls, floor->call_ns);
	ns += put_part(
	    report, "turns", "turns_ns", parts->turns, floor->turn_ns);
	value_put_int(report, "ns", ns);
	value_put_int(report, "alone_us", floor->alone_us);
	return ns;
}
