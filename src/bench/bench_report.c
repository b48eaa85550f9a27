/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_report.c: a report in words.
 *
 * It reads what JSON shows, so that the two can't tell different stories.
 */
#include "bench_priv.h"

#include <inttypes.h>

static int64_t
number_of(const struct value *context, const char *key)
{
	return value_field_int(context, key);
}

static struct str
text_of(const struct value *context, const char *key)
{
	struct str text = value_field_str(context, key);

	return text.at == NULL ? STR("") : text;
}

/* Thousandths as "1.234". */
static void
put_per_mille(struct buf *out, int64_t n)
{
	buf_addf(out, "%" PRId64 ".%03" PRId64, n / 1000, n % 1000);
}

/* Hundredths: "1.23". */
static void
put_ratio(struct buf *out, int64_t per_mille)
{
	int64_t n = (per_mille + 5) / 10;

	buf_addf(out, "%" PRId64 ".%02" PRId64, n / 100, n % 100);
}

static void
put_heading(struct buf *out, const char *heading)
{
	buf_addf(out, "  %-11s", heading);
}

static void
put_instances(const struct value *load, struct buf *out)
{
	bool is_recovery = value_get_cstr(load, "recovered_us") != NULL;

	put_heading(out, "instances");
	buf_addf(out, "%" PRId64 " begun, %" PRId64 " ended, %" PRId64
		      " failed",
	    number_of(load, "begun"), number_of(load, "ended"),
	    number_of(load, "failed"));
	if (value_get_cstr(load, "fired") != NULL)
		buf_addf(out, ", %" PRId64 " of %" PRId64 " %s",
		    number_of(load, "fired"), number_of(load, "due"),
		    is_recovery ? "recovered" : "deadlines fired");
	if (is_recovery) {
		buf_add_cstr(out, " in ");
		put_per_mille(out, number_of(load, "recovered_us") / 1000);
		buf_add_cstr(out, " s");
	}
	if (number_of(load, "failed") > 0)
		buf_addf(out, "\n  failure    %.*s",
		    STR_ARG(text_of(load, "failure")));
	buf_add_char(out, '\n');
}

static void
put_rate(const struct value *load, struct buf *out)
{
	if (value_get_cstr(load, "counted") == NULL)
		return;
	put_heading(out, "rate");
	buf_addf(out, "%" PRId64 " instances/s (%" PRId64 " in ",
	    number_of(load, "per_second_per_mille") / 1000,
	    number_of(load, "counted"));
	put_per_mille(out, number_of(load, "window_us") / 1000);
	buf_add_cstr(out, " s)\n");
}

static void
put_export(const struct value *load, struct buf *out)
{
	const struct value *export = value_get_cstr(load, "export");

	if (export == NULL)
		return;
	put_heading(out, "rate");
	buf_addf(out, "%" PRId64 " records/s, ",
	    number_of(export, "records_per_second"));
	put_ratio(out, number_of(export, "bytes_per_second") / 1000);
	buf_addf(out, " MB/s (%" PRId64 " exports of %" PRId64 " instances)\n",
	    number_of(export, "exports"), number_of(load, "ended"));
}

static void
put_spread(const struct value *load, const char *key, const char *heading,
    struct buf *out)
{
	static const char *const quantiles[] = {"p50", "p95", "p99", "max"};
	const struct value *spread = value_get_cstr(load, key);

	if (spread == NULL)
		return;
	put_heading(out, heading);
	for (size_t i = 0; i < 4; i++) {
		buf_addf(out, "%s%s ", i > 0 ? "  " : "", quantiles[i]);
		put_per_mille(out, number_of(spread, quantiles[i]));
		buf_add_cstr(out, " ms");
	}
	buf_add_char(out, '\n');
}

/* CPU-seconds per 1,000 are milliseconds of one.  What takes less than ten
 * microseconds is told to the nanosecond. */
static void
put_cpu_ns(struct buf *out, int64_t ns, bool is_small)
{
	if (is_small)
		buf_addf(out, "%" PRId64 ".%06" PRId64, ns / 1000000,
		    ns % 1000000);
	else
		put_per_mille(out, ns / 1000);
}

static void
put_threads(const struct value *threads, bool is_small, struct buf *out)
{
	for (size_t i = 0; i < threads->as.list.count; i++) {
		const struct value *thread = threads->as.list.items[i];

		buf_addf(out, "%s%.*s ", i == 0 ? " (" : ", ",
		    STR_ARG(text_of(thread, "name")));
		put_cpu_ns(
		    out, number_of(thread, "cpu_ns_per_unit"), is_small);
	}
	buf_add_char(out, ')');
}

static void
put_cpu(const struct value *load, struct buf *out)
{
	static const char *const names[] = {"engine", "stub", "generator"};
	const struct value *cpu = value_get_cstr(load, "cpu");
	bool is_small = number_of(value_get_cstr(cpu, "engine"),
			    "cpu_ns_per_unit") < 10000;

	if (number_of(cpu, "units") == 0)
		return;
	put_heading(out, "CPU");
	for (size_t i = 0; i < 3; i++) {
		const struct value *process = value_get_cstr(cpu, names[i]);
		const struct value *threads =
		    value_get_cstr(process, "threads");

		buf_addf(out, "%s%s ", i > 0 ? ", " : "", names[i]);
		put_cpu_ns(
		    out, number_of(process, "cpu_ns_per_unit"), is_small);
		if (threads->as.list.count > 1)
			put_threads(threads, is_small, out);
	}
	buf_addf(out, " s per 1,000 %.*s\n", STR_ARG(text_of(cpu, "unit")));
}

static void
put_start(const struct value *load, struct buf *out)
{
	put_heading(out, "start-up");
	put_per_mille(out, number_of(load, "start_us"));
	buf_addf(out, " ms until it answered; %" PRId64 " instances in ",
	    number_of(load, "waiting"));
	put_ratio(out, number_of(load, "store_bytes") * 1000 / (1 << 20));
	buf_add_cstr(out, " MiB\n");
}

static void
put_disk(const struct value *load, struct buf *out)
{
	const struct value *disk = value_get_cstr(load, "disk");
	const struct value *batches = value_get_cstr(load, "batches");

	put_heading(out, "memory");
	put_ratio(
	    out, number_of(load, "memory_peak_bytes") * 1000 / (1 << 20));
	buf_add_cstr(out, " MiB at most, ");
	put_ratio(
	    out, number_of(load, "memory_start_bytes") * 1000 / (1 << 20));
	buf_add_cstr(out, " MiB at the start\n");
	put_heading(out, "disk");
	buf_addf(out,
	    "%" PRId64 " bytes an instance kept, %" PRId64 " written\n",
	    number_of(disk, "bytes_per_instance"),
	    number_of(disk, "written_per_instance"));
	put_heading(out, "syncs");
	put_per_mille(out, number_of(disk, "syncs_per_1000"));
	buf_addf(out, " an instance; batches of ");
	put_ratio(out, number_of(batches, "mean_per_mille"));
	buf_addf(out,
	    " turns (half up to %" PRId64 ", 95 %% up to %" PRId64
	    ", all up to %" PRId64 ")\n",
	    number_of(batches, "p50"), number_of(batches, "p95"),
	    number_of(batches, "p100"));
}

static void
put_alone(const struct value *floor, struct buf *out)
{
	if (number_of(floor, "alone_us") == 0)
		return;
	buf_add_char(out, '\n');
	put_heading(out, "alone");
	put_per_mille(out, number_of(floor, "alone_us"));
	buf_add_cstr(out, " ms by bare libraries");
	if (number_of(floor, "latency_per_mille") == 0)
		return;
	buf_add_cstr(out, ": latency/alone ");
	put_ratio(out, number_of(floor, "latency_per_mille"));
}

static void
put_floor(const struct value *load, struct buf *out)
{
	const struct value *floor = value_get_cstr(load, "floor");
	static const struct {
		const char *count, *ns, *name;
	} parts[] = {
	    {"requests", "requests_ns", "evhttp"},
	    {"calls", "calls_ns", "curl"},
	    {"turns", "turns_ns", "SQLite"},
	};

	if (floor == NULL)
		return;
	put_heading(out, "floor");
	put_per_mille(out, number_of(floor, "ns"));
	buf_add_cstr(out, " us an instance");
	for (size_t i = 0; i < 3; i++) {
		if (number_of(floor, parts[i].count) == 0)
			continue;
		buf_addf(out, "%s %" PRId64 " %s ", i == 0 ? " =" : " +",
		    number_of(floor, parts[i].count), parts[i].name);
		put_per_mille(out, number_of(floor, parts[i].ns));
	}
	buf_add_cstr(out, "\n  engine/floor ");
	put_ratio(out, number_of(floor, "ratio_per_mille"));
	put_alone(floor, out);
	buf_add_char(out, '\n');
}

static void
put_load(const struct value *load, struct buf *out)
{
	buf_addf(out, "%.*s: %.*s\n", STR_ARG(text_of(load, "load")),
	    STR_ARG(text_of(load, "summary")));
	put_instances(load, out);
	put_rate(load, out);
	put_export(load, out);
	put_spread(load, "latency_us", "latency", out);
	if (number_of(value_get_cstr(load, "floor"), "requests") > 1)
		put_spread(load, "first_answer_us", "started", out);
	put_spread(load, "quiet_us", "quiet", out);
	put_spread(load, "lateness_us", "lateness", out);
	put_cpu(load, out);
	put_start(load, out);
	put_disk(load, out);
	put_floor(load, out);
}

void
bench_report_print(const struct value *report, struct buf *out)
{
	const struct value *loads = value_get_cstr(report, "loads");

	buf_addf(out,
	    "stated %.*s, %" PRId64 " cores, %" PRId64 " callers, ",
	    STR_ARG(text_of(report, "version")), number_of(report, "cores"),
	    number_of(report, "callers"));
	put_per_mille(out, number_of(report, "ms"));
	buf_add_cstr(out, " s each\n");
	for (size_t i = 0; i < loads->as.list.count; i++) {
		buf_add_char(out, '\n');
		put_load(loads->as.list.items[i], out);
	}
}

/* Each deadline, and none of them twice. */
static bool
has_fired_once(const struct value *load)
{
	return value_get_cstr(load, "fired") == NULL ||
	       number_of(load, "fired") == number_of(load, "due");
}

bool
bench_report_is_clean(const struct value *report)
{
	const struct value *loads = value_get_cstr(report, "loads");

	for (size_t i = 0; i < loads->as.list.count; i++) {
		const struct value *load = loads->as.list.items[i];

		if (number_of(load, "failed") > 0 ||
		    number_of(load, "begun") != number_of(load, "ended") ||
		    !has_fired_once(load))
			return false;
	}
	return true;
}
