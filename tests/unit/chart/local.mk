# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/chart/test_x
#	tests_unit_chart_test_x_LDADD = $(LIBS_CHART) $(CMOCKA_LIBS)
