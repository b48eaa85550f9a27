# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/chart/test_x
#	tests_unit_chart_test_x_LDADD = $(LIBS_CHART) $(CMOCKA_LIBS)

# Plays tests/cases/chart.
check_PROGRAMS += tests/unit/chart/chart_case
tests_unit_chart_chart_case_SOURCES = \
	tests/unit/chart/case.h \
	tests/unit/chart/case_check.c \
	tests/unit/chart/case_child.c \
	tests/unit/chart/case_play.c \
	tests/unit/chart/case_trace.c \
	tests/unit/chart/chart_case.c
tests_unit_chart_chart_case_LDADD = $(LIBS_CHART)
EXTRA_DIST += tests/cases/chart

check_PROGRAMS += tests/unit/chart/test_chart
tests_unit_chart_test_chart_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_chart_test_chart_LDADD = $(LIBS_CHART) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/chart/test_chart_migrate
tests_unit_chart_test_chart_migrate_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_chart_test_chart_migrate_LDADD = $(LIBS_CHART) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/chart/test_chart_erase
tests_unit_chart_test_chart_erase_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_chart_test_chart_erase_LDADD = $(LIBS_CHART) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/chart/test_chart_loop
tests_unit_chart_test_chart_loop_LDADD = $(LIBS_CHART) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/chart/test_chart_mask
tests_unit_chart_test_chart_mask_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_chart_test_chart_mask_LDADD = $(LIBS_CHART) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/chart/chart_random
tests_unit_chart_chart_random_SOURCES = \
	tests/unit/chart/case.h \
	tests/unit/chart/case_check.c \
	tests/unit/chart/case_child.c \
	tests/unit/chart/case_play.c \
	tests/unit/chart/case_trace.c \
	tests/unit/chart/chart_random.c
tests_unit_chart_chart_random_LDADD = $(LIBS_CHART)

# Against the algorithm of the recommendation.
check_PROGRAMS += tests/unit/chart/chart_model
tests_unit_chart_chart_model_SOURCES = \
	tests/unit/chart/chart_model.c \
	tests/unit/chart/scxml_model.c \
	tests/unit/chart/scxml_model.h
tests_unit_chart_chart_model_LDADD = $(LIBS_CHART)
