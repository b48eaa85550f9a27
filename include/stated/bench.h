/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h: the reference loads, and what they cost on this machine.
 *
 * A run starts a stub of endpoints and an engine, child processes on loopback
 * with ports that the kernel picks, drives the engine by HTTP as any caller
 * would, and tells rates, latencies and costs.  The same exchanges and rows
 * are done once more by bare libraries in the same run: what a machine costs
 * by itself is the only figure that figures of different machines can be held
 * against.
 *
 * The report is data, from which text and JSON come.  All of it is integers:
 * microseconds, bytes, and thousandths of what is a ratio.
 */
#ifndef STATED_BENCH_H
#define STATED_BENCH_H

#include "stated/value.h"

struct bench_options {
	struct str load; /* absent: all, one after another */
	int64_t ms;	 /* that long each */
	size_t callers;	 /* requests under way at a time */
	int64_t rate;	 /* instances begun a second; 0: as many as go */
	/* 0, or so many that wait: the load is run without them, and once
	 * more beside them.  One load only. */
	uint64_t waiting;
	/* Where a directory is made for the databases and removed at the end;
	 * absolute. */
	struct str directory;
	/* The database is made there instead and stays; absent: it doesn't.
	 * Absolute, and one load only. */
	struct str store;
	/* Databases are encrypted, under a key that is made for them and lost
	 * at the end: not with `store`. */
	bool encrypts;
	struct str program; /* the path of `stated` itself */
};

/* The names of the loads and what they do; NULL after the last. */
const char *bench_load_name(size_t index);
const char *bench_load_summary(size_t index);

/*
 * NULL with *detail where a run can't be made: no such directory, the engine
 * does not start, a signal asked to stop.  Whatever happens, the children end
 * and the directory is removed.  To be called where there is one thread only.
 */
MUST_USE const struct value *bench_run(struct arena *arena,
    const struct bench_options *options, struct buf *detail);
/* Whether nothing went wrong in a load: no answer was an error, and as many
 * instances ended as were started. */
bool bench_report_is_clean(const struct value *report);
/* For people. */
void bench_report_print(const struct value *report, struct buf *out);

#endif
