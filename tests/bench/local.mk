# SPDX-License-Identifier: Apache-2.0
#
# Programs that measure.  They are no tests: they are built when asked for,
# make tests/bench/bench_store, and say what they found.

EXTRA_PROGRAMS += tests/bench/bench_store
tests_bench_bench_store_SOURCES = tests/bench/bench_store.c
tests_bench_bench_store_LDADD = $(LIBS_STORE)

EXTRA_PROGRAMS += tests/bench/bench_prove
tests_bench_bench_prove_SOURCES = tests/bench/bench_prove.c
tests_bench_bench_prove_LDADD = $(LIBS_PROVE)

EXTRA_PROGRAMS += tests/bench/bench_hostile
tests_bench_bench_hostile_SOURCES = tests/bench/bench_hostile.c \
	tests/unit/feel/feel_hostile.c tests/unit/feel/feel_hostile.h
tests_bench_bench_hostile_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/tests/unit/feel
tests_bench_bench_hostile_LDADD = $(LIBS_FEEL)

EXTRA_PROGRAMS += tests/bench/bench_expressions
tests_bench_bench_expressions_SOURCES = tests/bench/bench_expressions.c
tests_bench_bench_expressions_LDADD = $(LIBS_DEFINITION)

EXTRA_PROGRAMS += tests/bench/bench_outage
tests_bench_bench_outage_SOURCES = tests/bench/bench_outage.c $(E2E_HOUSE)
tests_bench_bench_outage_CPPFLAGS = $(E2E_CPPFLAGS) -I$(top_srcdir)/tests/e2e
tests_bench_bench_outage_LDADD = $(E2E_LIBS) -lm
EXTRA_tests_bench_bench_outage_DEPENDENCIES = $(E2E_NEEDS)

EXTRA_DIST += \
	tests/bench/export.sh \
	tests/bench/expressions.jsonl \
	tests/bench/expressions.mjs \
	tests/bench/expressions.sh \
	tests/bench/outage.yaml \
	tests/bench/soak.sh \
	tests/bench/three_calls.lua \
	tests/bench/three_calls.sh \
	tests/bench/verify.sh \
	tests/bench/three_calls.yaml
