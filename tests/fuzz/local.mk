# SPDX-License-Identifier: Apache-2.0
#
# Fuzzers.  With --enable-fuzzers (clang) each is a libFuzzer program to be
# run by hand; otherwise it replays its corpus as one of the tests.

if FUZZERS
fuzz_main =
fuzz_ldflags = $(FUZZER_LDFLAGS)
noinst_PROGRAMS += $(fuzzers)
else
fuzz_main = tests/fuzz/replay.c
fuzz_ldflags =
check_PROGRAMS += $(fuzzers)
endif
fuzzers = tests/fuzz/fuzz_feel tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_library tests/fuzz/fuzz_scenario tests/fuzz/fuzz_schema

tests_fuzz_fuzz_feel_SOURCES = tests/fuzz/fuzz_feel.c $(fuzz_main)
tests_fuzz_fuzz_feel_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_feel_LDADD = $(LIBS_FEEL)

tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(fuzz_main)
tests_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_json_LDADD = $(LIBS_VALUE)

tests_fuzz_fuzz_schema_SOURCES = tests/fuzz/fuzz_schema.c $(fuzz_main)
tests_fuzz_fuzz_schema_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_schema_LDADD = $(LIBS_VALUE)

tests_fuzz_fuzz_library_SOURCES = tests/fuzz/fuzz_library.c $(fuzz_main)
tests_fuzz_fuzz_library_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_library_LDADD = $(LIBS_PROVE)

tests_fuzz_fuzz_scenario_SOURCES = tests/fuzz/fuzz_scenario.c $(fuzz_main)
tests_fuzz_fuzz_scenario_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_scenario_LDADD = $(LIBS_SCENARIO)

EXTRA_DIST += tests/fuzz/corpus
