# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/scenario/test_x
#	tests_unit_scenario_test_x_LDADD = $(LIBS_SCENARIO) $(CMOCKA_LIBS)
