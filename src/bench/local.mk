# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_bench.a
libstated_bench_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(EVENT_CFLAGS) \
	$(SQLITE_CFLAGS)
libstated_bench_a_SOURCES = \
	src/bench/bench.c \
	src/bench/bench_child.c \
	src/bench/bench_clock.c \
	src/bench/bench_engine.c \
	src/bench/bench_fill.c \
	src/bench/bench_floor.c \
	src/bench/bench_floor_alone.c \
	src/bench/bench_floor_curl.c \
	src/bench/bench_floor_evhttp.c \
	src/bench/bench_floor_sqlite.c \
	src/bench/bench_generator.c \
	src/bench/bench_histogram.c \
	src/bench/bench_load.c \
	src/bench/bench_load_calls.c \
	src/bench/bench_load_events.c \
	src/bench/bench_load_export.c \
	src/bench/bench_load_tasks.c \
	src/bench/bench_load_timers.c \
	src/bench/bench_load_wake.c \
	src/bench/bench_metrics.c \
	src/bench/bench_priv.h \
	src/bench/bench_report.c \
	src/bench/bench_round.c \
	src/bench/bench_stub.c \
	src/bench/bench_usage.c \
	src/bench/bench_wire.c
