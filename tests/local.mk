# SPDX-License-Identifier: Apache-2.0
#
# All tests: programs named in the fragments of tests/unit, and the scripts
# below, which judge the tree as a whole.

TESTS = $(check_PROGRAMS) $(dist_check_SCRIPTS)
dist_check_SCRIPTS = \
	tests/bench.sh \
	tests/cli/cli.sh \
	tests/core.sh \
	tests/docs/walk.sh \
	tests/headers.sh \
	tests/layers.sh \
	tests/links.sh \
	tests/manual.sh \
	tests/scenarios.sh \
	tests/tidy.sh \
	tests/tour.sh \
	tests/unit/store/sealed.sh
EXTRA_DIST += tests/coverage.awk tests/layers.tsv tests/cli
library_cflags = $(BID_CFLAGS) $(CRYPTO_CFLAGS) $(CURL_CFLAGS) \
	$(EVENT_CFLAGS) $(GVC_CFLAGS) $(JANSSON_CFLAGS) $(PCRE2_CFLAGS) $(SQLITE_CFLAGS) \
	$(YAML_CFLAGS)
core_libs = $(XML_LIBS) $(YAML_LIBS) $(PCRE2_LIBS) $(BID_LIBS) $(MPFR_LIBS) \
	$(CRYPTO_LIBS) -lpthread -lm

TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = $(SHELL)
# Tests find their files by $srcdir and may write only in a directory of
# their own, made by mkdtemp.
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_srcdir)'; export srcdir; \
	builddir='$(abs_builddir)'; export builddir; \
	CC='$(CC)'; export CC; \
	library_cflags='$(library_cflags)'; export library_cflags; \
	core_cflags='$(STATED_CFLAGS) $(CFLAGS) $(STATED_LDFLAGS) $(LDFLAGS)'; \
	export core_cflags; \
	core_libs='$(core_libs)'; export core_libs; \
	simulate_objects='$(tests_sim_simulate_OBJECTS)'; \
	export simulate_objects; \
	simulate_libs='$(LIBS_SIMULATE)'; export simulate_libs; \
	LC_ALL=C; export LC_ALL;

include tests/fuzz/local.mk
include tests/bench/local.mk

include tests/sim/disk.mk
include tests/sim/local.mk
if HAVE_CMOCKA
include tests/unit/base/local.mk
include tests/unit/value/local.mk
include tests/unit/feel/local.mk
include tests/unit/calendar/local.mk
include tests/unit/definition/local.mk
include tests/unit/prove/local.mk
include tests/unit/draw/local.mk
include tests/unit/diff/local.mk
include tests/unit/chart/local.mk
include tests/unit/audit/local.mk
include tests/unit/reperform/local.mk
include tests/unit/throttle/local.mk
include tests/unit/store/local.mk
include tests/unit/http/local.mk
include tests/unit/connector/local.mk
include tests/unit/engine/local.mk
include tests/unit/api/local.mk
include tests/unit/export/local.mk
include tests/unit/sim/local.mk
include tests/unit/scenario/local.mk
include tests/unit/cli/local.mk
include tests/sandbox/local.mk
include tests/e2e/local.mk
endif

# The tests of what has threads, for a build with ThreadSanitizer.
thread_tests = $(filter tests/unit/base/test_log tests/unit/base/test_zone \
	tests/unit/store/% tests/unit/http/% tests/unit/engine/% \
	tests/unit/api/% tests/unit/sim/%, $(check_PROGRAMS))
check-threads:
	$(MAKE) $(AM_MAKEFLAGS) $(thread_tests)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(thread_tests)'
.PHONY: check-threads

# What the tests reach, a line a module, for a build with --enable-coverage.
GCOV = gcov
coverage:
	$(MAKE) $(AM_MAKEFLAGS) check
	find src -name '*.gcda' -exec $(GCOV) -n {} + | \
	    awk -f $(srcdir)/tests/coverage.awk
CLEANFILES += src/*/*.gcda src/*/*.gcno tests/*/*.gcda tests/*/*.gcno \
	tests/unit/*/*.gcda tests/unit/*/*.gcno contrib/*/*.gcda \
	contrib/*/*.gcno
.PHONY: coverage
