# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/feel/test_x
#	tests_unit_feel_test_x_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/feel/test_feel_vectors
tests_unit_feel_test_feel_vectors_SOURCES = \
	tests/unit/feel/feel_vector.c tests/unit/feel/feel_vector.h \
	tests/unit/feel/test_feel_vectors.c
tests_unit_feel_test_feel_vectors_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)

EXTRA_DIST += tests/cases/feel

check_PROGRAMS += tests/unit/feel/test_feel_cases
tests_unit_feel_test_feel_cases_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/feel/test_feel
tests_unit_feel_test_feel_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/feel/test_feel_lex
tests_unit_feel_test_feel_lex_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/src/feel
tests_unit_feel_test_feel_lex_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/feel/test_feel_regex
tests_unit_feel_test_feel_regex_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/src/feel
tests_unit_feel_test_feel_regex_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/feel/test_feel_shape
tests_unit_feel_test_feel_shape_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/feel/test_feel_trace
tests_unit_feel_test_feel_trace_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/feel/test_feel_budget
tests_unit_feel_test_feel_budget_SOURCES = \
	tests/unit/feel/feel_hostile.c tests/unit/feel/feel_hostile.h \
	tests/unit/feel/test_feel_budget.c
tests_unit_feel_test_feel_budget_LDADD = $(LIBS_FEEL) $(CMOCKA_LIBS)
