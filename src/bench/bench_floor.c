/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor.c: what an instance would cost if an engine cost nothing: its
 * exchanges and its rows, by bare libraries.
 */
#include "bench_priv.h"

int64_t
floor_report(struct value_builder *report, const struct floor *floor,
    const struct floor_parts *parts, int64_t sqlite_ns)
{
	int64_t requests_ns = floor->evhttp_ns * parts->requests;
	int64_t calls_ns = floor->curl_ns * parts->calls;
	int64_t rows_ns = sqlite_ns * parts->turns;

	value_put_int(report, "requests", parts->requests);
	value_put_int(report, "requests_ns", requests_ns);
	value_put_int(report, "calls", parts->calls);
	value_put_int(report, "calls_ns", calls_ns);
	value_put_int(report, "turns", parts->turns);
	value_put_int(report, "turns_ns", rows_ns);
	value_put_int(report, "ns", requests_ns + calls_ns + rows_ns);
	return requests_ns + calls_ns + rows_ns;
}
